/* What the parts of the simulated system share: sim_socket.c (sockets and descriptors), sim.c (ios,
 * clock, schedule), sim_tcp.c and sim_pipe.c (the operations), sim_process.c, sim_signal.c. */
#ifndef SIM_INTERNAL_H_
#define SIM_INTERNAL_H_

#include "sim.h"

enum {
  SIM_OPEN = 0x51a0be11,
  SIM_CLOSING = 0x51c1051e,
  SIM_CLOSED = 0x51dead00,
  SIM_LEAVING = 0x511ea5e0, /* for another loop */
  SIM_LEFT = 0x51100bed,
  SIM_LOOP = 0x5100b00b
};

/* How one io answers, chosen when it is made. */
enum sim_style {
  SIM_COMPLETES = 1,    /* writes: PENDING keeps the bytes and takes them later; else readiness */
  SIM_RINGS_INSIDE = 2, /* may ring from inside the start */
  SIM_CLOSES_LATE = 4,  /* close is PENDING */
  SIM_DISARM_LATE = 8,  /* a disarmed read rings all the same */
  SIM_EAGER = 16,       /* answers now whenever it can */
  SIM_STINGY = 32,      /* takes a few bytes at a time */
  SIM_MUTE = 128,       /* does not tell of the peer's end, and wants to be asked */
  SIM_COPIES = 64       /* has copies of the bytes in flight, and delivers them whatever comes */
};

enum sim_state {
  SOCK_UNUSED,
  SOCK_FRESH,
  SOCK_LISTENING,
  SOCK_CONNECTED
};

/* Who has to give a descriptor back. */
enum sim_holder {
  HELD_BY_IO,
  HELD_BY_CORE,  /* out of accept_now or a read, not yet opened */
  HELD_BY_WRITE, /* goes with a write in flight */
  HELD_BY_QUEUE, /* waits to be accepted, or is under way with bytes */
  HELD_BY_CHILD,
  HELD_BY_TEST
};

enum {
  SIM_SOCKETS = 512,
  SIM_FDS = 1024,
  SIM_BACKLOG = 32,
  SIM_PASSED = 512, /* under way to one socket */
  SIM_TOGETHER = 8, /* with one write */
  SIM_THREADS = 6
};

struct sim_socket {
  enum sim_state state;
  enum uv__desc_kind kind;
  int id; /* never used again in a run */
  int refs;
  int shared; /* another descriptor leads here, or did */
  int reached;
  int port;   /* 0: not bound */
  int peer;   /* -1: none, or gone */
  int serial; /* of this end of this connection, and of the other; never used again */
  int peer_serial;
  /* what is on its way here */
  char* in;
  size_t in_len;
  size_t in_seen;  /* how much of it has arrived */
  size_t in_taken; /* how much was read before it */
  size_t in_size;
  struct {
    int fd;
    size_t at; /* it comes with the byte that so many were sent before */
  } passed[SIM_PASSED];
  unsigned passed_count;
  int fin;      /* the peer sends no more */
  int fin_seen; /* and that has arrived */
  int reset;    /* the connection was reset; writers are told once, then EPIPE */
  int reset_told;
  int shut; /* our side sends no more */
  /* a listener */
  int backlog;
  int queue[SIM_BACKLOG];
  int queued;
  int queue_seen;
};

/* Descriptors that go with the first byte, or have come with it. */
struct sim_passing {
  unsigned count;
  int fds[SIM_TOGETHER];
};

struct sim_pin {
  char* owned;             /* memory that goes with it; NULL: none */
  struct sim_passing pass; /* what has not gone */
  unsigned nbufs;
  uint64_t sum;
  uv_buf_t bufs[1];
};

extern const struct sim_observer* sim_seen;
extern int sim_starved;
extern int sim_is_calm;

/* sim_socket.c */
extern struct sim_socket sim_sockets[SIM_SOCKETS];
void sim_sockets_begin(void);
void sim_sockets_end(void);
void sim_tick_network(void);
int sim_fd_is_open(int fd);
struct sim_socket* sim_socket_at(int fd);
struct sim_socket* sim_socket_of(struct uv__io* io);
enum sim_holder sim_holder_of(int fd);
void sim_hold(int fd, enum sim_holder holder);
int sim_socket_new(enum uv__desc_kind kind, enum sim_holder holder);
int sim_dup(int fd, enum sim_holder holder);
void sim_kind_pair(enum uv__desc_kind kind, enum sim_holder holder, int pair[2]);
/* Gives a descriptor back. With the last one of a socket its peer sees EOF, or a reset. */
void sim_fd_close(int fd, int reset);
void sim_socket_reset(struct sim_socket* sock);
void sim_socket_pair(int a, int b);
size_t sim_room(const struct sim_socket* sock);
size_t sim_room_or(const struct sim_socket* sock, size_t limit);
void sim_enlarge(struct sim_socket* sock, size_t size);
int sim_readable(const struct sim_socket* sock);
/* What is known of the peer's end, whatever is to be read before: 0, UV_EOF or an error. */
int sim_hangup(const struct sim_socket* sock);
/* The error of a dead connection, 0 for one that lives. */
int sim_dead(struct sim_socket* sock);
/* Its side sends no more. */
void sim_fin(struct sim_socket* sock);
/* Takes a prefix of `limit` bytes of the buffers, with the first of them what is to pass, of which nothing
 * is left then, and tells the observer. */
size_t sim_take(struct uv__io* io,
                const uv_buf_t* bufs,
                unsigned nbufs,
                size_t limit,
                struct sim_passing* pass);
/* Bytes of somebody else's than the core's, from and to what a descriptor leads to. */
size_t sim_send(int fd, const char* bytes, size_t size);
/* What is there, up to the byte that brings the next descriptors; *passed is what came with the first one. */
size_t sim_receive(struct sim_socket* sock, char* base, size_t len, struct sim_passing* passed);
int sim_port_free(enum uv__desc_kind kind, int port);
/* Tries to reach a listener; 0 or an error. */
int sim_connect_now(struct uv__io* io);

/* The same of a last write, where copies are made: those in flight, which lead the buffers, and up to
 * `more` of the rest, whether the peer has room or not. */
size_t sim_take_over(struct uv__io* io, const uv_buf_t* bufs, unsigned nbufs, size_t more);

/* sim_file.c */
void sim_files_begin(void);
ssize_t sim_send_file(struct uv__io* io, uv_file file, uint64_t offset, size_t len);

/* sim_process.c and sim_signal.c */
void sim_children_begin(void);
void sim_children_end(void);
unsigned sim_tick_children(uv_loop_t* loop); /* rings */
void sim_signals_begin(void);
void sim_signals_end(void);
unsigned sim_tick_signals(uv_loop_t* loop);
int sim_owes_signal(const struct uv__io* io);

/* sim_thread.c and sim_lookup.c */
void sim_threads_begin(void);
void sim_threads_end(void);
void sim_tick_threads(void);
void sim_lookups_end(void);

/* sim_runner.c: threads of the host, by numbers from 1 on; the one that runs first is 0. It makes one that
 * will call run(number) in its turn. */
void sim_runner_start(int number, void (*run)(int number));
/* Another one goes on, and this one waits for its next turn; or it has none, and ends. */
void sim_runner_switch(int from, int to);
void sim_runner_leave(int to);
void sim_runner_join(int number);

/* sim_pipe.c: what pipes do otherwise than sockets */
int sim_pipe_bind(struct uv__io* io, const void* addr, unsigned flags);
int sim_pipe_name(struct uv__io* io, enum uv__end end, void* addr, int* len);
int sim_pipe_connect(struct uv__io* io, const void* addr);

/* sim_tcp.c */
int sim_start_connect(struct uv__io* io, int port);
int sim_refuse(struct uv__io* io, int err);
int sim_bind_to(struct uv__io* io, int port);
/* That the core may ask for it now: an io that has a descriptor; a lane that is free. */
struct sim_socket* sim_check_socket(struct uv__io* io, const char* op);
void sim_check_lane(const struct uv__io* io, enum uv__lane lane, const char* op);

/* sim_listen.c */
int sim_listen(struct uv__io* io, int backlog);
int sim_accept_now(struct uv__io* io, struct uv__desc* desc);

void sim_enter(struct uv__io* io); /* a new io */
void sim_leave(struct uv__io* io); /* is closed */
void sim_arm(struct uv__io* io, enum uv__lane lane);
void sim_ring(struct uv__io* io, enum uv__lane lane);
/* Rings a lane if it has a result; 1 when it rang. */
int sim_try_ring(struct uv__io* io, enum uv__lane lane);
void sim_pin_bytes(struct uv__io* io,
                   const uv_buf_t* bufs,
                   unsigned nbufs,
                   const struct sim_passing* pass);
void sim_unpin(struct uv__io* io);
/* Decides what lanes that a close cuts short really did; the bytes of a write are the caller's
 * again after the first of the two only. */
void sim_cut(struct uv__io* io, unsigned lanes);
void sim_decide(struct uv__io* io, unsigned lanes);
/* The close is over. */
void sim_gone(struct uv__io* io);
/* It is in no loop any more, but has its descriptor. */
void sim_left(struct uv__io* io);
/* Its socket is. */
void sim_hang_up(struct uv__io* io);

#endif /* SIM_INTERNAL_H_ */
