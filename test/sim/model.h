/* The model: what the contract says a program must see, kept beside the real handles. Every
 * call of the public API goes through a model_ function, which predicts its answer; every
 * callback and every report of the simulator is compared with what must come next. */
#ifndef MODEL_H_
#define MODEL_H_

#include "sim.h"
#include "uvstream.h"

enum model_kind {
  KIND_TCP,
  KIND_PIPE,
  KIND_IPC,
  KIND_TIMER, /* the last that is a stream is before this one */
  KIND_IDLE,
  KIND_PREPARE,
  KIND_CHECK,
  KIND_ASYNC,
  KIND_SIGNAL,
  KIND_PROCESS
};

enum {
  MODEL_PENDING = 128,
  MODEL_TOGETHER = 4, /* handles that one write passes */
  MODEL_LOOPS = 2
};

enum model_state {
  STATE_FRESH, /* no descriptor */
  STATE_OPEN,
  STATE_CONNECTING,
  STATE_CONNECTED,
  STATE_LISTENING,
  STATE_DROPPED /* a limit of time was over */
};

/* A write that was accepted. */
struct model_write {
  uv_write_t req;
  struct model_handle* handle;
  struct model_write* next;
  char* bytes;
  size_t size;
  size_t left; /* not yet taken by the system */
  int error;   /* what the system said, 0: nothing bad */
  int cancelled;
  int started; /* was queued while something was in flight: maybe it too */
  int lost;    /* error of the call that it was in, although all of it had arrived; or 0 */
  struct model_handle* sends[MODEL_TOGETHER]; /* what it passes */
  int send_ids[MODEL_TOGETHER];               /* what that led to */
  unsigned send_count;
  int passed;
  int flies;    /* is the first of a write in flight */
  int forsaken; /* one of `sends` was closed while it was */
  int outside;  /* no callback of its stream made it */
  uint64_t turn;
  struct model_file* file; /* that it sends; NULL: it is an ordinary one */
};

/* A read that waits for bytes. */
struct model_ask {
  uvs_read_t req;
  struct model_handle* handle;
  struct model_ask* next;
  uv_buf_t bufs[3];
  char* bytes;
  size_t size;
  size_t min;
  size_t taken;
  int cancelled;
  ssize_t ended; /* with this; 0: not yet */
};

/* A handle that arrived and was not claimed. */
struct model_arrival {
  int fd;
  int id;
  int is_tcp;
};

struct model_handle {
  union uv_any_handle* uv;
  uv_loop_t* loop;
  enum model_kind kind;
  int number; /* for the trace */
  int referenced;
  int closing;
  int leaving; /* for another loop: it closes by itself */
  int closed;
  int close_turns; /* since nothing but the core held up its close */
  /* streams */
  enum model_state state;
  int reading;
  int readable;
  int writable;
  int cut;  /* something was told that the connection is gone: an end that comes later is none */
  int shut; /* uv_shutdown was accepted */
  int blocking;
  int bind_error;
  int read_fails; /* the connect failed, which read_cb will hear */
  int reads_in_turn;
  int stopped_in_alloc;
  int stingy; /* gives small buffers */
  uv_connect_t* connect;
  struct model_dial* dial; /* it connects to a name */
  int connect_result;      /* known once connect_known */
  int connect_known;
  uv_shutdown_t* shutdown;
  int shutdown_result;
  int shutdown_known;
  struct model_write* writes; /* oldest first */
  size_t queued;              /* what write_queue_size must be */
  struct model_write*
      telling;  /* a file, of which bytes were taken that the core has not been told of */
  int in_close; /* uv_close has been called and not returned */
  int tried;    /* and has asked the system to take what is queued */
  int out;      /* wires, by the serial of the sender; -1: none */
  int in;
  uvs_hangup_t* hangup;   /* that waits */
  struct model_ask* asks; /* reads that wait, oldest first */
  struct model_limit {
    uvs_deadline_t* uv;
    uint64_t ms;
    uint64_t since;     /* what it limits began, or got on */
    int late;           /* turns of its loop since it was over */
  } limits[4];          /* by uvs_deadline_kind */
  uint64_t silent_turn; /* of the loop, in which silence ended reading, and one more */
  ssize_t read_owes;    /* what ended them, for read_cb to hear, too; 0: nothing */
  int unclaimed;        /* listener: the connection that uv_accept will give; -1: none */
  int starved;
  struct model_arrival pending[MODEL_PENDING];
  int pending_count;
  /* processes and signals */
  int refused; /* the spawn failed */
  int exit_known;
  int exited;
  int64_t exit_status;
  int exit_signal;
  int signum; /* 0: none */
  int oneshot;
  unsigned raised;
  /* timers, hooks and asyncs */
  int active;
  uint64_t due;
  uint64_t repeat;
  int late; /* turns in which it should have run */
  int sent;
  int runs_in_turn;
};

enum {
  MODEL_HANDLES = 96
};

struct model {
  uv_loop_t loops[MODEL_LOOPS];
  uv_tcp_t strangers[MODEL_LOOPS]; /* of each, which must not get connections of the other */
  uv_loop_t* running;
  struct model_handle handles[MODEL_HANDLES];
  int count;
  int in_call;                            /* no callback may run */
  const char* callback;                   /* the one that runs, or ran last */
  const char* inside;                     /* the one that makes calls now; NULL: none does */
  struct model_handle* inside_of;         /* and whose it is */
  void (*script)(struct model_handle* h); /* what callbacks do instead of random calls */
  int budget;                             /* calls that callbacks may still make */
  int draining;                           /* the end: everything is read, shut down and accepted */
  unsigned turns;                         /* that the loop made */
  unsigned activity;                      /* counts what happens */
  unsigned progress;                      /* counts what shows that a program gets on */
  int one_turn;                           /* hooks run at most once now */
  int polls_left; /* of a uv_run that does not end by itself; then uv_stop */
};

extern struct model model;
extern const struct sim_observer model_observer;

/* Both loops begin, and end with nothing left. */
void model_begin(void);
void model_end(void);
/* What must hold between two turns; `ran`: there was one. */
void model_check_turn(uv_loop_t* loop, int ran);

static inline int model_is_stream(const struct model_handle* h) {
  return h->kind < KIND_TIMER;
}

static inline int model_is_pipe(const struct model_handle* h) {
  return h->kind == KIND_PIPE || h->kind == KIND_IPC;
}

/* A callback of the program runs: make random calls (program.c). `alloc` when it is the
 * one that fetches a buffer. NULL: it is no handle's. */
void program_in_callback(struct model_handle* h);
void program_connection(struct model_handle* server);

/* One predicted call each. All legal and illegal states are welcome. In model_calls.c: */
struct model_handle* model_new(enum model_kind kind, uv_loop_t* loop);
void model_read_start(struct model_handle* h);
void model_read_stop(struct model_handle* h);
void model_options(struct model_handle* h);
void model_wrong_arguments(struct model_handle* h);
void model_close(struct model_handle* h, int reset);
void model_reference(struct model_handle* h, int on);

/* model_connect.c */
void model_open(struct model_handle* h);
void model_bind(struct model_handle* h, int port);
void model_connect(struct model_handle* h, int port);
void model_listen(struct model_handle* h);
void model_accept(struct model_handle* server, struct model_handle* client);

/* model_write.c; what is to be passed, or NULL */
void model_write(struct model_handle* h, struct model_handle* send);
void model_write_several(struct model_handle* h,
                         struct model_handle* const* handles,
                         unsigned count);
void model_try_write(struct model_handle* h, struct model_handle* send);
void model_cancel(struct model_handle* h);
void model_shutdown(struct model_handle* h);
void model_set_blocking(struct model_handle* h, int on);
struct model_write* model_write_new(struct model_handle* h, size_t size);
void model_append(struct model_handle* h, struct model_write* w);
int model_write_answer(const struct model_handle* h);
/* The first that waits for the system to take something of it, or to say that there is no more; or NULL. */
struct model_write* model_first_waiting(const struct model_handle* h);
int model_has_queue(const struct model_handle* h);
/* `send` is about to close. */
void model_forsake(struct model_handle* send);

/* model_start.c: what is no stream */
void model_start(struct model_handle* h);
void model_stop(struct model_handle* h);
void model_send(struct model_handle* h);
void model_raise(int signum);
void model_spawn(uv_loop_t* loop);
void model_kill(struct model_handle* h);
void model_mark_close(const struct model_handle* h);

/* model_work.c: what the pool does. One more of any kind; a cancel of any that is under way. */
void model_works_begin(void);
void model_work(uv_loop_t* loop);
void model_work_cancel(void);
/* A loop with work cannot be closed. */
void model_work_keeps(uv_loop_t* loop);
/* How much has not called back, of a loop or (NULL) of both; what of that was cancelled. */
int model_works_left(const uv_loop_t* loop);
int model_works_cancelled(const uv_loop_t* loop);
int model_asked_for_name(const char* node, int family, struct sockaddr_storage* to, int most);
int model_asked_for_address(const struct sockaddr* addr);
int model_asked_for_bytes(const void* buf);

/* model_dial.c: connecting to a name */
void model_dials_begin(void);
void model_dial(struct model_handle* h, int port);
void model_dial_cancel(struct model_handle* h);
void model_dial_waits(struct model_handle* h);
/* Whether something of one that is over may keep the loop going. */
int model_dials_linger(const uv_loop_t* loop);
int model_dial_look_up(int number, int family, struct sockaddr_storage* to, int most);
/* Whether an io is an attempt; what became of it. */
int model_dial_is_one(const struct uv__io* io);
void model_dial_opened(const struct uv__io* io, int result);
void model_dial_refused(const struct uv__io* io, int err);
void model_dialed(struct uv__io* io, int result);
/* What a connect of this handle must answer. */
int model_connect_answer(const struct model_handle* h);

/* Callbacks (model_callbacks.c). */
void model_enter_callback(const char* name); /* of no handle */
struct model_handle* model_enter_connect(const void* uv);
/* A write is over, with a status that may be: that it is its turn, and what follows. */
void model_end_write(struct model_handle* h, struct model_write* w, int status);
/* It is closed, and its memory the program's. */
void model_end_handle(struct model_handle* h);
/* A connect is over: the request is the caller's to free. */
void model_end_connect(struct model_handle* h, int status);
void model_on_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf);
void model_on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf);
void model_on_write(uv_write_t* req, int status);
void model_on_connect(uv_connect_t* req, int status);
void model_on_shutdown(uv_shutdown_t* req, int status);
void model_on_connection(uv_stream_t* server, int status);
void model_on_close(uv_handle_t* handle);
void model_on_timer(uv_timer_t* handle);
void model_on_idle(uv_idle_t* handle);
void model_on_prepare(uv_prepare_t* handle);
void model_on_check(uv_check_t* handle);
void model_on_async(uv_async_t* handle);
void model_on_signal(uv_signal_t* handle, int signum);
void model_on_exit(uv_process_t* handle, int64_t exit_status, int term_signal);

/* model_beyond.c: what uvstream.h adds */
/* Between its ring and its turn there is little time: whoever has rung may be stopped there. */
void model_hangup_late(void);
void model_hangup(struct model_handle* h);
void model_hung_up(struct uv__io* io, int result);
void model_ask(struct model_handle* h);
void model_ask_cancel(struct model_handle* h);

/* model_file.c: files (X8) */
void model_send_file(struct model_handle* h);
/* Of a piece that is in flight. */
void model_file_late(void);
void model_file_cancel(struct model_handle* h, struct model_write* w);
void model_file_ended(uv_file file, int result);
/* Of a piece that went at once, or could not. 1: it was none of a file. */
int model_file_told(struct model_handle* h, ssize_t result);
/* Nothing more of it will go. */
int model_file_is_over(const struct model_write* w);
/* A stream waits for the turn in which its file fails, with all behind it. */
int model_file_fails(const struct model_handle* h);
void model_file_free(struct model_write* w);

/* model_move.c: to another loop (X6). What has left, or is about to. */
void model_moves_begin(void);
int model_movings(void);
void model_detach(struct model_handle* h);
/* Of what is there for a short time only. */
void model_detach_late(void);
/* One of what moves goes to this handle, or to a new one, or NULL, or nowhere. */
void model_attach(struct model_handle* h);
struct model_handle* model_attach_new(uv_loop_t* loop);
void model_drop_moving(void);

/* model_limit.c: limits of time (X2) */
void model_limit(struct model_handle* h);
void model_limit_off(struct model_handle* h);
void model_limit_begin(struct model_handle* h, uvs_deadline_kind kind);
void model_limit_connected(struct model_handle* h);
/* After a turn: what is over must have ended. */
void model_limit_turned(struct model_handle* h);
/* What ends its reading by UV_ETIMEDOUT must be one: of silence, or of all. */
void model_limit_read(struct model_handle* h);
/* Whether a limit has dropped its connection meanwhile. */
void model_limit_look(struct model_handle* h);
/* It gets another connection. In the callback of a connect that failed those that this has ended, and
 * that have not heard of it, wait for the new one. */
void model_ask_anew(struct model_handle* h);
/* The oldest that waits for bytes, or NULL. */
struct model_ask* model_asking(const struct model_handle* h);
/* What the system answered to it. */
void model_asked(struct model_handle* h, ssize_t result);
/* Whether a read may go here. */
int model_may_read(struct uv__io* io, const char* base, size_t len);

/* Shared by these files. */
void model_check_valid(void); /* the core's own view of itself */
void model_check_size(const struct model_handle* h);
void model_check_pending(const struct model_handle* h);
void model_check(const struct model_handle* h, const char* call, int got, int want);
void* model_memory(size_t size);
struct model_handle* model_handle_of(const void* uv);
/* The memory of a handle that is closed: nobody may look at it any more. */
void model_bury(union uv_any_handle* uv);

/* What must come next (model_system.c). */
enum expectation {
  EXPECT_ANY,
  EXPECT_READ,
  EXPECT_CONNECTION,
  EXPECT_HANGUP,
  EXPECT_REQUEST
};

/* What the next callback must be. */
struct expected {
  enum expectation what;
  struct model_handle* handle;
  ssize_t status;
};

/* The buffer that is out. */
struct buffer {
  struct model_handle* handle;
  char* base;
  size_t len;
};

extern struct expected model_expected;
/* A callback begins: it must be due. */
struct model_handle* model_enter(const void* uv, const char* name, enum expectation what);
extern struct buffer model_buffer;
void model_system_begin(void);
struct model_handle* model_handle_of_io(const struct uv__io* io);

/* model_wire.c: what the system says of bytes and passed handles */
void model_wire_begin(void);
void model_wire_end(void);
void model_wire_turned_up(int serial, const char* bytes, size_t n);
void model_wire_passed(struct uv__io* io, int fd);
void model_wire_arrived(struct uv__io* io, int fd);
void model_wire_taken(struct uv__io* io, const char* bytes, size_t n);
extern unsigned model_finished; /* requests, by the bytes that the core has not been told of yet */
int model_waits(const struct model_write* w);
int model_is_trying(void);
/* What the program is told where the port says that, and what that says of the stream. */
ssize_t model_noted(struct model_handle* h, ssize_t result);
/* It has a peer, behind `fd`. */
void model_meet_peer(struct model_handle* h, int fd);
/* `n` bytes arrived. */
void model_receive(struct model_handle* h, const char* bytes, size_t n);
int model_has_received_all(const struct model_handle* h);
/* Whether the system has bytes for it. */
int model_is_unread(const struct model_handle* h);
void model_expect(struct model_handle* h, enum expectation what, ssize_t status);
/* What the port refused in the current call, 0: nothing. That an option failed counts only
 * where the program asked for it now; a wish for a later socket may fail in silence. */
int model_port_error(void);
int model_port_or(int answer); /* or what the call answers then */
int model_option_error(void);
void model_enter_call(void);
void model_leave_call(struct model_handle* h);
/* `pass`: what goes with the first byte, 0: nothing. */
void model_try_begin(struct model_handle* h, const char* bytes, size_t size, int pass);
size_t model_try_end(void);

#endif /* MODEL_H_ */
