/* Pipes that are Unix-domain sockets: names, the socket file's life, adopting, connecting.
 * Fifos, pipe(2) ends and terminals become plain.c's when they are opened; what is special to
 * passing descriptors is in scm.c; the rest is what all sockets share (sock.c, fd.c). */
#include "unix/internal.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/alloc.h"

/* tail.u.more: what a pipe has to remember of names. NULL for most. */
struct names {
  struct uv__queue link; /* in poller->stalled, while it waits for room in a queue */
  struct uv__io* io;
  struct sockaddr_un target; /* where that is */
  socklen_t target_len;
  dev_t dev; /* the socket file that bind made, */
  ino_t ino;
  char file[]; /* and its path, which does not depend on the current directory; or "" */
};

/* ---- Names ---- */

static struct names* new_names(struct uv__io* io, size_t path_size) {
  struct names* names = uv__calloc(1, sizeof(*names) + path_size);

  if (names != NULL) {
    uv__queue_init(&names->link);
    names->io = io;
  }
  return names;
}

static int is_abstract(const char* text) {
  return text[0] == '\0';
}

static int to_address(const struct uv__pipe_name* name, struct sockaddr_un* addr, socklen_t* len) {
  size_t length = name->length;
  size_t most = sizeof(addr->sun_path) - 1; /* A path ends with a NUL, */

  if (is_abstract(name->text)) {
#if defined(__linux__)
    most = sizeof(addr->sun_path); /* an abstract name with its length. */
#else
    return UV_EINVAL;
#endif
  }
  if (length > most && !name->cut)
    return UV_ENAMETOOLONG;
  if (length > most)
    length = most;
  memset(addr, 0, sizeof(*addr));
  addr->sun_family = AF_UNIX;
  memcpy(addr->sun_path, name->text, length);
  *len = (socklen_t) (offsetof(struct sockaddr_un, sun_path) + length);
  if (!is_abstract(name->text))
    ++*len;
  return 0;
}

static int pipe_name(struct uv__io* io, enum uv__end end, void* to, int* len) {
  struct {
    struct sockaddr_un addr;
    char more; /* Linux ends a path that fills the whole structure with a NUL beyond it. */
  } found;
  socklen_t size = sizeof(found);
  size_t length = 0;
  int r;

  memset(&found, 0, sizeof(found));
  r = end == UV__LOCAL ? getsockname(io->tail.fd, (struct sockaddr*) &found, &size)
                       : getpeername(io->tail.fd, (struct sockaddr*) &found, &size);
  if (r != 0)
    return UV__ERR(errno);
  if (found.addr.sun_family == AF_UNIX && size > offsetof(struct sockaddr_un, sun_path)) {
    length = size - offsetof(struct sockaddr_un, sun_path);
    if (length > sizeof(found.addr.sun_path))
      length = sizeof(found.addr.sun_path);
  }
#if defined(__linux__)
  if (!is_abstract(found.addr.sun_path))
#endif
    length = strnlen(found.addr.sun_path, length);
  r = length > (size_t) *len ? UV_ENOBUFS : 0;
  if (r == 0)
    memcpy(to, found.addr.sun_path, length);
  *len = (int) length;
  return r;
}

/* ---- The socket file ---- */

/* A relative path is remembered with the directory it was relative to: whoever changes that
 * later must not make us remove a file of the same name elsewhere, or forget ours. */
static int remember_file(struct uv__io* io, const char* path, struct names** out) {
  char here[PATH_MAX] = "";
  size_t here_length;
  size_t length = strlen(path);
  struct names* names;

  if (path[0] != '/') {
    if (getcwd(here, sizeof(here) - 1) == NULL)
      return UV__ERR(errno);
    here_length = strlen(here);
    if (here_length == 0 || here[here_length - 1] != '/')
      here[here_length] = '/';
  }
  here_length = strlen(here);
  names = new_names(io, here_length + length + 1);
  if (names == NULL)
    return UV_ENOMEM;
  memcpy(names->file, here, here_length);
  memcpy(names->file + here_length, path, length);
  *out = names;
  return 0;
}

/* Whether the file that bind made is still there, and not another of its name. Its number
 * cannot have been given to another, because the socket keeps it as long as it is open. */
static int is_ours(const struct names* names) {
  struct stat st;

  return names->file[0] != '\0' && lstat(names->file, &st) == 0 && S_ISSOCK(st.st_mode) &&
         st.st_dev == names->dev && st.st_ino == names->ino;
}

/* The mode of the new file is what the umask says: to change that even for a moment would
 * change it for all threads. A file that is there already, also one that a dead server left
 * behind, is somebody else's and UV_EADDRINUSE. */
static int pipe_bind(struct uv__io* io, const void* where, unsigned flags) {
  struct names* names = NULL;
  struct sockaddr_un addr;
  struct stat st;
  socklen_t len;
  int r = to_address(where, &addr, &len);

  (void) flags;
  if (r == 0 && !is_abstract(addr.sun_path))
    r = remember_file(io, addr.sun_path, &names);
  if (r < 0)
    return r;
  r = uv__sock_create(io, AF_UNIX, UV__FD_LOCAL);
  if (r == 0 && bind(io->tail.fd, (struct sockaddr*) &addr, len) != 0) {
    /* Programs know this one by the name that Windows has for it, on every system. */
    r = errno == ENOENT ? UV_EACCES : UV__ERR(errno);
    (void) uv__fd_close(io); /* A pipe that is not bound has no descriptor, as before. */
  }
  if (r < 0 || (names != NULL && lstat(names->file, &st) != 0)) {
    uv__free(names); /* If there is no file any more, none is ours. */
    return r;
  }
  if (names != NULL) {
    names->dev = st.st_dev;
    names->ino = st.st_ino;
  }
  io->tail.u.more = names;
  return 0;
}

/* Which bits of a file's mode let everybody read and write. */
static mode_t mode_of(int flags) {
  mode_t mode = 0;

  if (flags & UV_READABLE)
    mode |= S_IRUSR | S_IRGRP | S_IROTH;
  if (flags & UV_WRITABLE)
    mode |= S_IWUSR | S_IWGRP | S_IWOTH;
  return mode;
}

/* The path of the socket file: ours, or that of a socket that somebody else bound. */
static int find_file(struct uv__io* io, char path[PATH_MAX]) {
  const struct names* names = io->tail.u.more;
  int len = PATH_MAX - 1;
  int r;

  if (names != NULL && names->file[0] != '\0') {
    if (!is_ours(names) || strlen(names->file) >= PATH_MAX)
      return UV_ENOENT;
    strcpy(path, names->file);
    return 0;
  }
  r = pipe_name(io, UV__LOCAL, path, &len);
  if (r < 0)
    return r;
  if (len == 0)
    return UV_EBADF;
  path[len] = '\0';
  return 0;
}

static int change_mode(struct uv__io* io, int flags) {
  char path[PATH_MAX];
  struct stat st;
  int r = find_file(io, path);

  if (r < 0)
    return r;
  if (is_abstract(path))
    return 0; /* No file keeps anybody out. */
  if (lstat(path, &st) != 0)
    return UV__ERR(errno);
  if (!S_ISSOCK(st.st_mode))
    return UV_ENOENT;
  if (chmod(path, (st.st_mode | mode_of(flags)) & 07777) != 0)
    return UV__ERR(errno);
  return 0;
}

static int pipe_option(struct uv__io* io, enum uv__option option, void* value) {
  switch (option) {
  case UV__INSTANCES:
    return 0;
  case UV__CHMOD:
    return change_mode(io, *(int*) value);
  case UV__SNDBUF:
  case UV__RCVBUF:
    return uv__sock_buffer_size(io->tail.fd, option, value);
  case UV__NODELAY:
  case UV__KEEPALIVE:
  case UV__ACCEPTS:
  case UV__RESET: /* Of TCP, */
  case UV__TTY_MODE:
  case UV__TTY_SIZE: /* of terminals. */
    break;
  }
  return UV_EINVAL;
}

/* ---- Opening ---- */

int uv__port_pipe_desc(uv_file file, struct uv__desc* desc) {
  if (fcntl(file, F_GETFD) < 0)
    return UV__ERR(errno);
  desc->fd = file;
  desc->kind = UV__DESC_PIPE;
  desc->known = 0;
  return 0;
}

/* What we made ourselves: accepted, or for a child. */
static int adopt_made(struct uv__io* io, const struct uv__desc* desc, unsigned* opened) {
  int r = uv__fd_attach(io, desc->fd, UV__FD_LOCAL);

  if (r == 0)
    r = uv__sock_mute(desc->fd);
  if (r == 0)
    r = uv__poller_add(io, 0);
  if (r < 0) {
    if (io->tail.fd >= 0)
      uv__fd_detach(io);
    return r;
  }
  *opened = UV__OPENED_READABLE | UV__OPENED_WRITABLE;
  if (desc->known & UV__KNOWN_INPUT)
    *opened = UV__OPENED_READABLE;
  if (desc->known & UV__KNOWN_OUTPUT)
    *opened = UV__OPENED_WRITABLE;
  return 0;
}

/* Whether the open file must be made non-blocking. Each read and write of a connection says
 * so itself (but for writes on macOS, where that does not help), so that nobody who shares it
 * is disturbed; connecting and accepting cannot. */
static int must_unblock(int is_connected) {
#if defined(__APPLE__)
  (void) is_connected;
  return 1;
#else
  return !is_connected;
#endif
}

static int adopt_socket(struct uv__io* io, int fd, unsigned* opened) {
  struct sockaddr_storage addr;
  socklen_t len = sizeof(addr);
  int is_connected;
  int type;
  int r = uv__sock_get_int(fd, SOL_SOCKET, SO_TYPE, &type);

  if (r < 0)
    return r;
  if (type != SOCK_STREAM)
    return UV_ENOTSUP;
  if (getsockname(fd, (struct sockaddr*) &addr, &len) != 0)
    return UV__ERR(errno);
  is_connected = uv__sock_is_connected(fd);
  r = uv__fd_attach(io, fd, addr.ss_family == AF_UNIX ? UV__FD_LOCAL : 0);
  if (r < 0)
    return r;
  if (must_unblock(is_connected))
    r = uv__fd_unblock(fd);
  if (r == 1)
    io->tail.state |= UV__FD_RESTORE;
  if (r >= 0)
    r = uv__sock_mute(fd);
  if (r == 0 && is_connected)
    r = uv__poller_add(io, 0);
  if (r < 0) {
    uv__fd_detach(io);
    return r;
  }
  *opened = is_connected ? UV__OPENED_READABLE | UV__OPENED_WRITABLE : UV__OPENED_FRESH;
  return 0;
}

static int pipe_open(struct uv__io* io, int domain, const struct uv__desc* desc, unsigned* opened) {
  struct stat st;
  int r;

  (void) domain;
  if (desc->known & UV__KNOWN_MADE)
    return adopt_made(io, desc, opened);
  if (fstat(desc->fd, &st) != 0)
    return UV__ERR(errno);
  if (S_ISSOCK(st.st_mode))
    r = adopt_socket(io, desc->fd, opened);
  else if (S_ISFIFO(st.st_mode) || (S_ISCHR(st.st_mode) && isatty(desc->fd)))
    r = uv__plain_open(io, desc->fd, opened);
  else
    r = UV_ENOTSUP;
  /* Standard input and output are what any child expects to find, also one that is started
   * without this library. */
  if (r == 0 && desc->fd > STDERR_FILENO)
    (void) uv__fd_hide(desc->fd);
  return r;
}

/* ---- Connecting ---- */

static int connect_to(struct uv__io* io, const struct sockaddr_un* addr, socklen_t len) {
  return uv__sock_was_connected(io, connect(io->tail.fd, (const struct sockaddr*) addr, len));
}

/* Linux says EAGAIN when the listener's queue is full, and nothing when there is room again. */
static int stall(struct uv__io* io, const struct sockaddr_un* addr, socklen_t len) {
  struct uv__poller* poller = io->loop->tail.poller;
  struct names* names = io->tail.u.more;

  if (names == NULL)
    names = new_names(io, 1);
  if (names == NULL)
    return UV_ENOMEM;
  io->tail.u.more = names;
  io->tail.error = UV_ECANCELED;
  names->target = *addr;
  names->target_len = len;
  uv__queue_insert_tail(&poller->stalled, &names->link);
  return UV__PENDING;
}

void uv__pipe_retry(uv_loop_t* loop) {
  struct uv__poller* poller = loop->tail.poller;
  uint64_t now = uv__port_now(loop);
  struct uv__queue batch;

  if (now < poller->retry_at)
    return;
  poller->retry_at = now + UV__RETRY_MS;
  uv__queue_move(&poller->stalled, &batch);
  while (!uv__queue_empty(&batch)) {
    struct names* names = uv__container_of(uv__queue_head(&batch), struct names, link);
    int r = connect_to(names->io, &names->target, names->target_len);

    uv__queue_remove(&names->link);
    if (r == UV_EAGAIN) {
      uv__queue_insert_tail(&poller->stalled, &names->link);
    } else if (r != UV__PENDING) {
      names->io->tail.error = r;
      uv__ring(names->io, UV__CONNECT);
    }
  }
}

static int pipe_connect(struct uv__io* io, const void* where) {
  struct sockaddr_un addr;
  socklen_t len;
  int r = to_address(where, &addr, &len);

  if (r == 0 && io->tail.fd < 0)
    r = uv__sock_create(io, AF_UNIX, UV__FD_LOCAL);
  if (r == 0)
    r = connect_to(io, &addr, len);
  return r == UV_EAGAIN ? stall(io, &addr, len) : r;
}

/* ---- Moving bytes, accepting, closing ---- */

/* recvmsg, because it tells when a read stopped short at descriptors that came unasked for. */
static ssize_t pipe_read_now(struct uv__io* io, char* base, size_t len, struct uv__passed* passed) {
  struct iovec vec = {base, len};
  struct msghdr msg;
  ssize_t n;

  (void) passed;
  memset(&msg, 0, sizeof(msg));
  msg.msg_iov = &vec;
  msg.msg_iovlen = 1;
  do
    n = recvmsg(io->tail.fd, &msg, MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
  return uv__fd_was_read(io, n, len,
                         (io->tail.state & UV__FD_LOCAL) && !(msg.msg_flags & MSG_CTRUNC));
}

static int pipe_accept_now(struct uv__io* io, struct uv__desc* desc) {
  int r = uv__sock_accept_now(io, desc);

  if (r < 0)
    return r;
  desc->kind = UV__DESC_PIPE;
  desc->known = UV__KNOWN_MADE;
  return 0;
}

static int pipe_close(struct uv__io* io) {
  struct names* names = io->tail.u.more;

  if (names != NULL) {
    uv__queue_remove(&names->link);
    if (is_ours(names))
      (void) unlink(names->file);
  }
  io->tail.u.more = NULL;
  uv__free(names);
  return uv__fd_close(io);
}

const struct uv__ops uv__pipe_ops = {
    .init = uv__fd_init,
    .open = pipe_open,
    .bind = pipe_bind,
    .name = pipe_name,
    .option = pipe_option,
    .fileno = uv__fd_fileno,
    .read_arm = uv__fd_read_arm,
    .read_disarm = uv__fd_read_disarm,
    .read_now = pipe_read_now,
    .write = uv__fd_write,
    .connect = pipe_connect,
    .shutdown = uv__sock_shutdown,
    .listen = uv__sock_listen,
    .accept_now = pipe_accept_now,
    .done = uv__fd_done,
    .close = pipe_close,
};

const struct uv__ops uv__ipc_ops = {
    .init = uv__fd_init,
    .open = pipe_open,
    .bind = pipe_bind,
    .name = pipe_name,
    .option = pipe_option,
    .fileno = uv__fd_fileno,
    .read_arm = uv__fd_read_arm,
    .read_disarm = uv__fd_read_disarm,
    .read_now = uv__scm_read_now,
    .write = uv__scm_write,
    .connect = pipe_connect,
    .shutdown = uv__sock_shutdown,
    .listen = uv__sock_listen,
    .accept_now = pipe_accept_now,
    .done = uv__fd_done,
    .close = pipe_close,
};
