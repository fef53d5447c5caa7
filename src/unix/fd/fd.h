/* What every kind of stream does with its descriptor: moving bytes, what a ring meant, closing; and
 * what TCP and Unix-domain sockets have in common. It knows the loop and its poller, and neither
 * names nor what is special to a kind. */
#ifndef UV__UNIX_FD_H_
#define UV__UNIX_FD_H_

#include <assert.h>
#include <signal.h>

#include "unix/loop/loop.h"

/* uv__desc.known: what need not be asked of a connected descriptor that we made ourselves. It
 * is non-blocking and not inherited; its peer may be gone already, so that asking the system
 * whether it is connected would give the wrong answer. */
enum {
  UV__KNOWN_MADE = 1,
  UV__KNOWN_TCP = 2,
  UV__KNOWN_INPUT = 4,  /* of a child's stdio: only to be read from, */
  UV__KNOWN_OUTPUT = 8, /* only to be written to */
  UV__KNOWN_PASSED = 16 /* it came over an IPC pipe */
};

/* ---- fd.c: the operations that are the same for every kind of descriptor ---- */

/* Make `fd` the io's, which has none. UV_EEXIST when it is another's of the loop; UV_ENOMEM. */
int uv__fd_attach(struct uv__io* io, int fd, unsigned int state);
/* The reverse: the poller and the loop forget the descriptor, the caller has it. */
void uv__fd_detach(struct uv__io* io);
void uv__fd_init(struct uv__io* io);
int uv__fd_fileno(const struct uv__io* io, uv_os_fd_t* fd);
int uv__fd_read_arm(struct uv__io* io);
int uv__fd_read_disarm(struct uv__io* io);
int uv__fd_hangup_arm(struct uv__io* io);
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
                     struct uv__io* const* pass);
int uv__fd_write_stop(struct uv__io* io);
ssize_t uv__fd_done(struct uv__io* io, enum uv__lane lane);
int uv__fd_close(struct uv__io* io);

#if !defined(NDEBUG)
/* What is true of a tail between any two operations: its state, its lanes and the poller agree. */
int uv__fd_valid(const struct uv__io* io);
#endif

/* The end of an operation: its result, when what it leaves behind is in order. */
static inline ssize_t uv__fd_end(const struct uv__io* io, ssize_t result) {
  assert(uv__fd_valid(io));
  (void) io;
  return result;
}

/* ---- move.c: `leave` and `join`; and for who has claimed another descriptor than the one that is polled ---- */

int uv__fd_leave(struct uv__io* io);
int uv__fd_join(struct uv__io* io);
int uv__fd_leave_as(struct uv__io* io, int claimed);
int uv__fd_join_as(struct uv__io* io, int claimed);

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
/* Whether it can be read from and written to; or an error. */
int uv__sock_is_connected(int fd);
/* Before a call that has no flag against waiting: who else has a socket that was given may have
 * made it block. */
void uv__sock_unblock(struct uv__io* io);
/* What a connect means: `r` and errno are the system's answer. */
int uv__sock_was_connected(struct uv__io* io, int r);
int uv__sock_shutdown(struct uv__io* io);
int uv__sock_listen(struct uv__io* io, int backlog);
/* The kind and what is known of an accepted connection are the caller's to set. */
int uv__sock_accept_now(struct uv__io* io, struct uv__desc* desc);

/* ---- mute.c ---- */

/* What is done around a call that raises a signal beside its error: `signum`, unless it is 0, is held back,
 * and taken away where `raised` says that there may be one. */
struct uv__mute {
  sigset_t held, before, pending;
  int signum;
};
void uv__mute_begin(struct uv__mute* mute, int signum);
void uv__mute_end(struct uv__mute* mute, int raised);
/* writev so */
ssize_t uv__mute_write(int fd, const uv_buf_t* bufs, unsigned nbufs, int signum);

/* ---- file.c: send_file, of a socket and of what is a pipe(2) or not ---- */

ssize_t uv__sock_send_file(struct uv__io* io, uv_file file, uint64_t offset, size_t len);
ssize_t uv__fd_move_file(struct uv__io* io, uv_file file, uint64_t offset, size_t len, int is_pipe);

/* ---- pair.c ---- */

/* A pair of Unix-domain stream sockets, not inherited; flags as in uv_socketpair. */
int uv__pair_sockets(int fds[2], int flags0, int flags1);

#endif /* UV__UNIX_FD_H_ */
