/* The pipes' room: Unix-domain sockets by name, IPC pipes, and what is no socket (fifos, the ends
 * of a pipe(2)). To those above it offers the tables of port.h and one thing more: to try again
 * those connects that found a listener's queue full. It knows neither children nor terminals. */
#ifndef UV__UNIX_PIPE_H_
#define UV__UNIX_PIPE_H_

#include <sys/socket.h>
#include <sys/un.h>

#include "unix/fd/fd.h"

/* ---- For whoever stands above: connect.c ---- */

/* The pipes of a loop whose connect found the listener's queue full. */
struct uv__stalls {
  struct uv__looker looker;
  struct uv__queue queue; /* of struct uv__pipe_names, oldest first */
  struct uv__io timer;    /* our own: ends the wait when they are to be tried again */
  uint64_t retry_at;      /* ms */
  unsigned wait_ms;
};

void uv__pipe_start(struct uv__stalls* stalls, uv_loop_t* loop);
/* Let go of what is open for it: when the loop ends, and in a forked child, which shares it. */
void uv__pipe_stop(uv_loop_t* loop);
/* In a forked child, after uv__poller_renew: go on. */
int uv__pipe_renew(uv_loop_t* loop);

/* ---- Within the room ---- */

/* tail.u.more of a pipe that is a socket: what it has to remember of names. NULL for most. */
struct uv__pipe_names {
  struct uv__queue link; /* in stalls->queue, while it waits for room in a listener's queue */
  struct uv__io* io;
  int owner;                 /* the process that bound it, and removes the file; 0: nobody does */
  struct sockaddr_un target; /* where that is */
  socklen_t target_len;
  dev_t dev; /* the socket file that bind made, */
  ino_t ino;
  char file[]; /* and its path, which does not depend on the current directory; or "" */
};

/* name.c */
static inline int uv__pipe_is_abstract(const char* text) {
  return text[0] == '\0';
}
/* A fresh block with room for a path; NULL: no memory. */
struct uv__pipe_names* uv__pipe_new_names(struct uv__io* io, size_t path_size);
int uv__pipe_to_address(const struct uv__pipe_name* name, struct sockaddr_un* addr, socklen_t* len);
int uv__pipe_name(struct uv__io* io, enum uv__end end, void* to, int* len);

/* bind.c */
int uv__pipe_bind(struct uv__io* io, const void* where, unsigned flags);
/* access.c: whether the folder of a file lets nobody put another one in its place, and who may connect to
 * it, as uvs_pipe_bind has it. */
struct uvs_access_s;
int uv__access_check(const char* file);
int uv__access_give(const char* file, const struct uvs_access_s* access);
/* UV__CHMOD */
int uv__pipe_chmod(struct uv__io* io, int flags);
/* Remove the socket file, if it is ours. */
void uv__pipe_unlink(const struct uv__pipe_names* names);
/* It was passed on: whoever listens on now, nobody removes the file. */
void uv__pipe_disown(struct uv__io* io);

/* open.c */
int uv__pipe_open(struct uv__io* io, int domain, const struct uv__desc* desc, unsigned* opened);

/* connect.c */
int uv__pipe_connect(struct uv__io* io, const void* where);

/* peer.c: UV__PEER */
struct uvs_peer_s;
int uv__pipe_peer(struct uv__io* io, struct uvs_peer_s* peer);

/* plain.c: adopt what is no socket: a fifo, one end of a pipe(2), a terminal. Replaces io->ops. */
int uv__plain_open(struct uv__io* io, int fd, unsigned* opened);
/* What is the same of all that is no socket: no name, nothing to set. */
int uv__plain_name(struct uv__io* io, enum uv__end end, void* to, int* len);
int uv__plain_option(struct uv__io* io, enum uv__option option, void* value);

/* Of uv__port_beyond: pipe.c, and plain.c. */
int uv__pipe_join(struct uv__io* io);
ssize_t uv__plain_send_file(struct uv__io* io, uv_file file, uint64_t offset, size_t len);
int uv__plain_leave(struct uv__io* io);
int uv__plain_join(struct uv__io* io);

/* disk.c: adopt what is always ready, as a file is. Replaces io->ops. */
int uv__disk_open(struct uv__io* io, int fd, unsigned* opened);

/* scm.c: reading and writing of IPC pipes; */
ssize_t uv__scm_read_now(struct uv__io* io, char* base, size_t len, struct uv__passed* passed);
ssize_t uv__scm_write(struct uv__io* io,
                      const uv_buf_t* bufs,
                      unsigned nbufs,
                      enum uv__write_mode mode,
                      struct uv__io* const* pass);
/* and reading of others. Descriptors that come unasked for cut it short of what is there. Where the poller
 * tells of the rest that does no harm; elsewhere it takes recvmsg, at a tenth more, to know. */
ssize_t uv__scm_read_cut(struct uv__io* io, char* base, size_t len);

#endif /* UV__UNIX_PIPE_H_ */
