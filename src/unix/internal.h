/* What the files of the Unix backend share: the bits of uv__io_tail.state, the loop's block,
 * and the functions that a poller is. Kind files (fd, tcp) use only what is declared
 * here and know nothing of each other's insides.
 *
 * Readiness is remembered, not asked for. A poller reports what changed; the bit
 * UV__FD_READABLE keeps it until a read finds nothing more. Arming a lane is therefore a bit
 * in memory and no system call: the pollers either report edges by themselves (epoll,
 * kqueue) or look at the armed lanes each time they wait (poll). */
#ifndef UV__UNIX_INTERNAL_H_
#define UV__UNIX_INTERNAL_H_

/* accept4 and EPOLLRDHUP are hidden without it. */
#ifndef _GNU_SOURCE
#  define _GNU_SOURCE
#endif

#include <errno.h>
#include <sys/types.h>

#include "core/port.h"
#include "uv.h"

/* uv__io_tail.state: the lanes that wait for an event, under their names of enum uv__lane
 * (READ, WRITE, CONNECT, ACCEPT), and these. */
enum {
  UV__FD_READABLE = 0x0100, /* a read may find something */
  UV__FD_FULL = 0x0200,     /* the system took less than it was given, and no room was seen since */
  UV__FD_ENDED = 0x0400,    /* the peer sent its last byte, or the connection failed */
  UV__FD_URGENT = 0x0800,   /* reads may stop short of what is there (urgent data) */
  UV__FD_TCP = 0x1000,      /* a TCP socket, in contrast to another stream socket */
  UV__FD_POLLED = 0x2000,   /* the poller knows the descriptor */
  UV__FD_OUT = 0x4000,      /* and reports when there is room to write */
  UV__FD_DEAD = 0x8000,     /* a listener that will never accept again */
  UV__FD_LOCAL = 0x10000,   /* a Unix-domain socket */
  UV__FD_RESTORE = 0x20000  /* was blocking when it was adopted, and shall be again */
};

/* uv__desc.known: what need not be asked of a connected descriptor that we made ourselves. It
 * is non-blocking and not inherited; its peer may be gone already, so that asking the system
 * whether it is connected would give the wrong answer. */
enum {
  UV__KNOWN_MADE = 1,
  UV__KNOWN_TCP = 2,
  UV__KNOWN_INPUT = 4, /* of a child's stdio: only to be read from, */
  UV__KNOWN_OUTPUT = 8 /* only to be written to */
};

/* What a poller saw on a descriptor. */
enum {
  UV__SAW_IN = 1,    /* data, a connection, an end or an error: reading gets somewhere */
  UV__SAW_OUT = 2,   /* room, or an error: writing gets somewhere */
  UV__SAW_ENDED = 4, /* see UV__FD_ENDED */
  UV__SAW_URGENT = 8 /* see UV__FD_URGENT */
};

/* How long a connect that finds the listener's queue full waits before it tries again: of that
 * the system tells nothing. */
enum {
  UV__RETRY_MS = 2
};

struct pollfd;

/* loop->tail.poller. */
struct uv__poller {
  uv_loop_t* loop;
  unsigned char* claimed; /* a bit for each descriptor that an io of this loop holds */
  size_t claimed_bytes;
  /* The table of poll(2); the other pollers keep theirs in the system. Row 0 is the wake
   * descriptor, row n belongs to the io whose tail.slot is n. */
  struct pollfd* fds;
  struct uv__io** ios;
  unsigned int rows;
  unsigned int capacity;
  struct uv__queue stalled;  /* pipes whose connect found the listener's queue full (pipe.c) */
  uint64_t retry_at;         /* ms: and when to try those again */
  struct uv__queue children; /* that run, or whose end nobody has heard of yet (child.c) */
  struct uv__queue ended;    /* and those that only wait to be forgotten */
  uv_signal_t sigchld;       /* our own watcher: its io, link and counter, and no more */
  int ask_children;          /* which of them ended */
  int signals;               /* atomic: some came for this loop since the last look */
};

/* ---- loop.c ---- */

/* Note that an io of this loop holds `fd`. UV_EEXIST when one does already; UV_ENOMEM. */
int uv__loop_claim(uv_loop_t* loop, int fd);
void uv__loop_unclaim(uv_loop_t* loop, int fd);
/* Take note of what was seen and ring the armed lanes that it concerns. Non-zero when the
 * poller need no longer report room to write. */
int uv__loop_event(struct uv__io* io, unsigned int saw);
/* Empty the wake descriptor, for pollers that report it as long as it is not. */
void uv__loop_drain_wake(uv_loop_t* loop);

static inline struct uv__poller* uv__loop_poller(const uv_loop_t* loop) {
  return (struct uv__poller*) loop->tail.poller;
}
/* ---- text.c ---- */

/* Hand out `len` bytes of text, terminated, as uv.h says: UV_ENOBUFS and the size needed when
 * that is more than *size, which else becomes the length. */
int uv__text_give(const char* text, size_t len, char* buffer, size_t* size);

/* ---- epoll.c, kqueue.c or poll.c: exactly one of them is compiled ---- */

/* Whether the descriptor of a child (pidfd) can be watched for its end, where there is one. */
extern const int uv__poller_takes_children;
/* Begin to watch loop->tail.wake_rd; sets loop->tail.backend_fd. */
int uv__poller_start(uv_loop_t* loop);
/* Also after a start that failed. */
void uv__poller_stop(uv_loop_t* loop);
/* In a forked child: begin anew with an empty poller, without touching what the parent sees. */
int uv__poller_fork(uv_loop_t* loop);
/* Watch the descriptor of `io` from now on, for room to write too if `out` is not 0. Sets
 * UV__FD_POLLED and, where room is now reported, UV__FD_OUT. */
int uv__poller_add(struct uv__io* io, int out);
/* Report room to write, too. What is there already is reported. Sets UV__FD_OUT. */
int uv__poller_add_out(struct uv__io* io);
/* Forget the descriptor, which is still open. */
void uv__poller_remove(struct uv__io* io);
/* Wait once and hand what happened to uv__loop_event. UV_EINTR: a signal came first. */
int uv__poller_wait(uv_loop_t* loop, int timeout_ms);

/* ---- fd.c: the operations that are the same for every kind of descriptor ---- */

/* Make a descriptor non-blocking and not inherited. */
int uv__fd_prepare(int fd);
/* The first half of that: 0, or 1 when it was blocking before. */
int uv__fd_unblock(int fd);
/* Its reverse. May be called in a forked child. */
void uv__fd_block(int fd);
/* Close it in what this process becomes by an exec. */
int uv__fd_hide(int fd);
/* Another descriptor of the same pipe or fifo, with flags of its own (not inherited, not
 * blocking, and `access` is its O_ACCMODE). UV_ENOTSUP where the system has no such thing. May
 * be called in a forked child. */
int uv__fd_reopen(int fd, int access);
/* Make `fd` the io's, which has none. UV_EEXIST when it is another's of the loop; UV_ENOMEM. */
int uv__fd_attach(struct uv__io* io, int fd, unsigned int state);
/* The reverse: the poller and the loop forget the descriptor, the caller has it. */
void uv__fd_detach(struct uv__io* io);
/* Close without looking back: after EINTR the number may be somebody else's already. */
void uv__fd_discard(int fd);
void uv__fd_init(struct uv__io* io);
int uv__fd_fileno(const struct uv__io* io, uv_os_fd_t* fd);
int uv__fd_read_arm(struct uv__io* io);
int uv__fd_read_disarm(struct uv__io* io);
/* What a read of `len` bytes means: `n` and errno are the system's answer, `is_dry` says that a
 * short one is known to have found all there was. */
ssize_t uv__fd_was_read(struct uv__io* io, ssize_t n, size_t len, int is_dry);
ssize_t uv__fd_read_now(struct uv__io* io, char* base, size_t len, struct uv__passed* passed);
/* As many buffers as one call takes. */
unsigned uv__fd_most_bufs(unsigned nbufs);
/* A write that would only find that there is still no room: UV__PENDING, an error, or 0 when
 * it is worth a call. */
int uv__fd_write_waits(struct uv__io* io, enum uv__write_mode mode);
/* What a write means: `n` and errno are the system's answer. */
ssize_t uv__fd_was_written(
    struct uv__io* io, const uv_buf_t* bufs, unsigned nbufs, enum uv__write_mode mode, ssize_t n);
ssize_t uv__fd_write(struct uv__io* io,
                     const uv_buf_t* bufs,
                     unsigned nbufs,
                     enum uv__write_mode mode,
                     struct uv__io* pass);
ssize_t uv__fd_done(struct uv__io* io, enum uv__lane lane);
int uv__fd_close(struct uv__io* io);

/* ---- sock.c: what TCP and Unix-domain sockets have in common ---- */

/* What the flags of each sendmsg are. */
#if defined(MSG_NOSIGNAL)
#  define UV__SEND_FLAGS (MSG_DONTWAIT | MSG_NOSIGNAL)
#else
#  define UV__SEND_FLAGS MSG_DONTWAIT /* macOS once had SO_NOSIGPIPE only (uv__sock_mute). */
#endif

int uv__sock_set_int(int fd, int level, int name, int value);
int uv__sock_get_int(int fd, int level, int name, int* value);
/* UV__SNDBUF and UV__RCVBUF: 0 asks. */
int uv__sock_buffer_size(int fd, enum uv__option option, int* value);
/* Do once what every socket needs that will be written to. */
int uv__sock_mute(int fd);
/* A new socket, non-blocking and not inherited, as the io's. The poller does not know it yet: it
 * would report a socket that is not connected as dead. */
int uv__sock_create(struct uv__io* io, int domain, unsigned int state);
int uv__sock_is_connected(int fd);
/* What a connect means: `r` and errno are the system's answer. */
int uv__sock_was_connected(struct uv__io* io, int r);
int uv__sock_shutdown(struct uv__io* io);
int uv__sock_listen(struct uv__io* io, int backlog);
/* The kind and what is known of an accepted connection are the caller's to set. */
int uv__sock_accept_now(struct uv__io* io, struct uv__desc* desc);
/* A pair of Unix-domain stream sockets, not inherited; flags as in uv_socketpair. */
int uv__sock_pair(int fds[2], int flags0, int flags1);

/* ---- pipe.c, scm.c, plain.c ---- */

/* Try the connects again that found a full queue. */
void uv__pipe_retry(uv_loop_t* loop);
/* Adopt what is no socket: a fifo, one end of a pipe(2), a terminal. Replaces io->ops. */
int uv__plain_open(struct uv__io* io, int fd, unsigned* opened);
/* Reading and writing of IPC pipes. */
ssize_t uv__scm_read_now(struct uv__io* io, char* base, size_t len, struct uv__passed* passed);
ssize_t uv__scm_write(struct uv__io* io,
                      const uv_buf_t* bufs,
                      unsigned nbufs,
                      enum uv__write_mode mode,
                      struct uv__io* pass);

/* ---- signal.c ---- */

/* After each wait of the poller: ring the watchers whose signals came. */
void uv__signal_look(uv_loop_t* loop);

/* ---- tty.c ---- */

/* Another descriptor of the same terminal, not inherited, not blocking, and `access` is its
 * O_ACCMODE. UV_ENOTSUP for a pseudo-terminal's master, which cannot be opened twice. */
int uv__tty_reopen(int fd, int access);

/* ---- child.c: waiting for the end of children ---- */

struct uv__child;

/* Memory for a child that is about to be started, and what that needs; NULL: none. */
struct uv__child* uv__child_new(uv_loop_t* loop);
void uv__child_free(struct uv__child* child);
/* It runs. From now on it is waited for, also when `owner` loses interest; `owner` rings
 * UV__EVENT. Cannot fail. */
void uv__child_watch(struct uv__child* child, int pid, struct uv__io* owner);
/* An event on child->io, of which only the poller and uv__loop_event know. */
void uv__child_event(struct uv__io* io);
/* After each wait of the poller. */
void uv__child_look(uv_loop_t* loop);
/* The loop ends: nobody waits any more for the children that nobody has an interest in. */
void uv__child_stop(uv_loop_t* loop);

#endif /* UV__UNIX_INTERNAL_H_ */
