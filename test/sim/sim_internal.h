/* What sim.c (sockets, clock, schedule) and sim_tcp.c (the operations) share. */
#ifndef SIM_INTERNAL_H_
#define SIM_INTERNAL_H_

#include "sim.h"

enum {
  SIM_OPEN = 0x51a0be11,
  SIM_CLOSING = 0x51c1051e,
  SIM_CLOSED = 0x51dead00,
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
  SIM_COPIES = 64       /* has copies of the bytes in flight, and delivers them whatever comes */
};

enum sim_state {
  SOCK_UNUSED,
  SOCK_FRESH,
  SOCK_LISTENING,
  SOCK_CONNECTED
};

/* Who has to give a socket back. */
enum sim_holder {
  HELD_BY_IO,
  HELD_BY_CORE,  /* out of accept_now, not yet opened */
  HELD_BY_QUEUE, /* waits to be accepted */
  HELD_BY_TEST
};

enum {
  SIM_SOCKETS = 512,
  SIM_BACKLOG = 32
};

struct sim_socket {
  enum sim_state state;
  enum sim_holder holder;
  int port;   /* 0: not bound */
  int peer;   /* -1: none, or gone */
  int serial; /* of this end of this connection, and of the other; never used again */
  int peer_serial;
  /* what is on its way here */
  char* in;
  size_t in_len;
  size_t in_seen; /* how much of it has arrived */
  size_t in_size;
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

struct sim_pin {
  unsigned nbufs;
  uint64_t sum;
  uv_buf_t bufs[1];
};

extern struct sim_socket sim_sockets[SIM_SOCKETS];
extern const struct sim_observer* sim_seen;
extern int sim_starved;

struct sim_socket* sim_socket_of(struct uv__io* io);
int sim_socket_new(enum sim_holder holder);
/* Ends a socket; its peer sees EOF, or a reset. */
void sim_socket_close(int fd, int reset);
void sim_socket_reset(struct sim_socket* sock);
void sim_socket_pair(int a, int b);
size_t sim_room(const struct sim_socket* sock);
int sim_readable(const struct sim_socket* sock);
/* The error of a dead connection, 0 for one that lives. */
int sim_dead(struct sim_socket* sock);
/* Takes a prefix of up to `limit` bytes of the buffers, and tells the observer. */
size_t sim_take(struct uv__io* io, const uv_buf_t* bufs, unsigned nbufs, size_t limit);
/* The same of a last write, where copies are made: those in flight, which lead the buffers, and up to
 * `more` of the rest, whether the peer has room or not. */
size_t sim_take_over(struct uv__io* io, const uv_buf_t* bufs, unsigned nbufs, size_t more);
int sim_port_free(int port);
/* Tries to reach a listener; 0 or an error. */
int sim_connect_now(struct uv__io* io);

void sim_enter(struct uv__io* io); /* a new io */
void sim_leave(struct uv__io* io); /* is closed */
void sim_arm(struct uv__io* io, enum uv__lane lane);
void sim_ring(struct uv__io* io, enum uv__lane lane);
/* Rings a lane if it has a result; 1 when it rang. */
int sim_try_ring(struct uv__io* io, enum uv__lane lane);
void sim_pin_bytes(struct uv__io* io, const uv_buf_t* bufs, unsigned nbufs);
void sim_unpin(struct uv__io* io);
/* Decides what lanes that a close cuts short really did; the bytes of a write are the caller's
 * again after the first of the two only. */
void sim_cut(struct uv__io* io, unsigned lanes);
void sim_decide(struct uv__io* io, unsigned lanes);
/* The close is over. */
void sim_gone(struct uv__io* io);
/* Its socket is. */
void sim_hang_up(struct uv__io* io);

#endif /* SIM_INTERNAL_H_ */
