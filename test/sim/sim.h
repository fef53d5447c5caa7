/* A system under a seed, which tells an observer (the model) what it really did. There are two: the
 * simulated one, an implementation of core/port.h that checks the caller's side of every law of the
 * port; and src/win over the model of NT (test/nt/sim_native.c), which is watched through its
 * operations. */
#ifndef SIM_H_
#define SIM_H_

#include "core/port.h"
#include "marks.h"

#if defined(__GNUC__)
#  define SIM_FORMAT __attribute__((format(printf, 1, 2)))
#else
#  define SIM_FORMAT
#endif

/* What the simulator reports, at the moment it happens. */
struct sim_observer {
  /* With the first of the bytes that are taken next goes a descriptor. */
  void (*passed)(struct uv__io* io, int fd);
  /* And arrives, with the bytes of the read whose answer is next. */
  void (*arrived)(struct uv__io* io, int fd);
  /* The system took `n` bytes of a write. */
  void (*taken)(struct uv__io* io, const char* bytes, size_t n);
  /* A write is in flight now. */
  void (*in_flight)(struct uv__io* io);
  /* The core was told what became of a write: a count or an error. */
  void (*told)(struct uv__io* io, ssize_t result);
  /* What is in flight was taken back, and nothing of it has gone. */
  void (*recalled)(struct uv__io* io);
  /* Who reads from a file is told that it has nothing more: UV_EOF or an error. */
  void (*file_ended)(uv_file file, int result);
  /* read_now answered, or read_arm failed (then `armed` is 1). */
  void (*read)(struct uv__io* io, ssize_t result, int armed);
  /* Whether this is where a request of the program wants its next bytes (and no buffer of alloc_cb). */
  int (*may_read)(struct uv__io* io, const char* base, size_t len);
  /* The core was told of the peer's end, to be told on by a hang-up. */
  void (*hung_up)(struct uv__io* io, int result);
  /* The outgoing side is being closed; its result, when there is one. */
  void (*shutdown)(struct uv__io* io);
  void (*shutdown_done)(struct uv__io* io, int result);
  /* accept_now answered; `fd` is the connection when `result` is 0. */
  void (*accepted)(struct uv__io* io, int result, int fd);
  /* open or join answered; `fd` is the socket when `result` is 0. */
  void (*opened)(struct uv__io* io, int result, int fd);
  /* A connect has its result. */
  void (*connected)(struct uv__io* io, int result);
  /* The same of one of several attempts, as the core is told. */
  void (*dialed)(struct uv__io* io, int result);
  /* bind, listen or leave failed, or there is no thread (then there is no io). */
  void (*refused)(struct uv__io* io, int err);
  /* An option failed. */
  void (*option_failed)(struct uv__io* io, int err);
  /* How a child ended, as the core is told. */
  void (*exited)(struct uv__io* io, int64_t status, int signum);
  /* The loop is about to wait, at most so long. */
  void (*waits)(const uv_loop_t* loop, int timeout_ms);
  /* Bytes come from a sender that is no stream of the program: of a write that its close cut short, or
   * of a child; the name of the sender's end. */
  void (*turned_up)(int serial, const char* bytes, size_t n);
  /* On a thread of the pool: what a name stands for, of a family or AF_UNSPEC: how many addresses, or an
   * error; that an address has a name, that there are bytes by chance: 0 or an error. */
  int (*asked_for_name)(const char* node, int family, struct sockaddr_storage* to, int most);
  int (*asked_for_address)(const struct sockaddr* addr);
  int (*asked_for_bytes)(const void* buf);
  /* It waits: what a signal handler may do, happens here. */
  void (*waiting)(void);
};

/* How much trouble there is, in percent of the occasions if not said otherwise. */
struct sim_trouble {
  unsigned reset;        /* a connection is reset; per 10000 ticks */
  unsigned write_error;  /* a write fails and the connection lives */
  unsigned open_error;   /* no socket is to be had */
  unsigned accept_error; /* a connection is gone before it is accepted */
  unsigned refuse;       /* a connect fails */
  unsigned control;      /* bind, listen or an option fails */
  unsigned spurious;     /* a lane rings for nothing */
  unsigned late;         /* a lane that could ring keeps quiet */
};

extern struct sim_trouble sim_trouble;
extern int sim_verbose;
extern int sim_alloc_fail; /* the next allocation fails; cleared by it */

/* 1: of a write that a close cut short the system may have sent more than it says. */
extern const int sim_counts_lost;
/* What else than TCP, timers, hooks and asyncs there is: a set of these. */
enum {
  SIM_HAS_PIPES = 1, /* with names, and with handles that pass */
  SIM_HAS_PROCESSES = 2,
  SIM_HAS_SIGNALS = 4,
  SIM_HAS_LOOPS = 8,   /* more than one */
  SIM_HAS_THREADS = 16 /* and so work, lookups and connects to names */
};
extern const unsigned sim_has;

/* A run begins, and ends with every io closed, every socket given back and nothing
 * allocated. The observer stays the caller's. */
void sim_begin(uint64_t seed, const struct sim_observer* observer);
void sim_end(void);

/* The numbers of the seed. */
unsigned sim_below(unsigned bound);
int sim_chance(unsigned percent);

/* A broken rule: prints what, seed and step, and ends the process with status 1. */
_Noreturn void sim_fail(const char* format, ...) SIM_FORMAT;
/* A line of the trace, where sim_verbose is set. */
void sim_trace(const char* format, ...) SIM_FORMAT;
/* A number of all that a run did so far: the same whoever looks, and whatever ran before it. */
uint64_t sim_digest(void);

/* From here on nothing fails, and all that was sent arrives. */
void sim_calm(void);
/* 1: no listener gets a descriptor, until 0. */
void sim_starve(int on);

/* The buffer that alloc_cb gave, which the next read_now must use; NULL: none. */
void sim_offer(char* base, size_t len);

/* Whether the program's own thread runs. How often it has let others run; that they may. */
int sim_on_main(void);
unsigned long sim_others_ran(void);
void sim_pause(void);

enum {
  SIM_SILENT = 77 /* the last byte of an address where nobody ever answers */
};

/* The allocator for uv_replace_allocator. */
void* sim_malloc(size_t size);
void* sim_calloc(size_t count, size_t size);
void* sim_realloc(void* ptr, size_t size);
void sim_free(void* ptr);

/* A file with these bytes, which stay the caller's; who reads behind them is told `error`, UV_EOF where it just
 * ends. Below 0: there is none to be had any more. */
uv_file sim_file_open(const char* bytes, size_t size, int error);
void sim_file_close(uv_file file);

/* Two connected sockets of the caller's. */
void sim_pair(int fds[2]);
/* The same of pipes. */
void sim_pipe_pair(int fds[2]);
/* Gives back a socket of the caller's. */
void sim_discard(int fd);
/* The names of both ends of a connection, small numbers that are used once per run. */
void sim_serials(int fd, int* own, int* peer);
/* What a descriptor leads to: a number that is its own in a run, its kind, whether it is bound and
 * connected. */
int sim_identity(int fd);
int sim_is_tcp(int fd);
int sim_is_bound(int fd);
int sim_is_connected(int fd);
/* Somebody raises a signal. */
void sim_raise(int signum);
/* The socket of a stream. */
int sim_fd(const struct uv__io* io);
/* Whether the system has still to ring: CLOSED of an io that is closed, EVENT of one whose signal was
 * raised. Also checks that a close keeps to the time that this system needs for one. */
int sim_owes(const struct uv__io* io);
/* Whether a wake-up is noted, so that the next wait will not last. */
int sim_is_woken(const uv_loop_t* loop);
/* Has an assertion of the library fail the run, by name. */
void sim_catch_asserts(void);

/* sim_base.c, for the systems. */
void sim_base_begin(uint64_t seed);
void sim_base_end(void);
/* The system's clock, for the trace. */
uint64_t sim_clock_ms(void);

#endif /* SIM_H_ */
