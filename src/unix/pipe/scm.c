/* IPC pipes: descriptors that travel with bytes (SCM_RIGHTS). Those of a write go out with its first
 * byte, in one message, and come in with the read of that byte; a read does not go beyond the bytes
 * of one message with descriptors. */
#include "unix/pipe/pipe.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#if defined(MSG_CMSG_CLOEXEC)
#  define RECEIVE_FLAGS (MSG_DONTWAIT | MSG_CMSG_CLOEXEC)
#else
#  define RECEIVE_FLAGS MSG_DONTWAIT
#endif

/* Room for one control message, aligned as such; and when receiving for what else may come, where
 * whoever made the socket asked the system for it: who the sender is. */
union rights {
  struct cmsghdr header;
  char room[CMSG_SPACE(sizeof(int) * UV__PASSED_MOST)];
};

union received {
  struct cmsghdr header;
  char room[CMSG_SPACE(sizeof(int) * UV__PASSED_MOST) + 512];
};

/* A descriptor of the sender's process (SO_PASSPIDFD), which older headers do not name. */
#if defined(__linux__)
#  define COMES_AS_PIDFD 0x04
#endif

/* ---- Reading ---- */

/* What a descriptor that came is; UV__DESC_NONE when no handle can have it. */
static short kind_of(int fd) {
  struct sockaddr_storage addr;
  socklen_t len = sizeof(addr);
  struct stat st;
  int type;

  if (fstat(fd, &st) != 0)
    return UV__DESC_NONE;
  if (S_ISFIFO(st.st_mode))
    return UV__DESC_PIPE;
  if (!S_ISSOCK(st.st_mode) || uv__sock_get_int(fd, SOL_SOCKET, SO_TYPE, &type) < 0 ||
      type != SOCK_STREAM || getsockname(fd, (struct sockaddr*) &addr, &len) != 0)
    return UV__DESC_NONE;
  if (addr.ss_family == AF_UNIX)
    return UV__DESC_PIPE;
  return addr.ss_family == AF_INET || addr.ss_family == AF_INET6 ? UV__DESC_TCP : UV__DESC_NONE;
}

static void drop(struct uv__passed* passed) {
  while (passed->count > 0)
    uv__port_discard(&passed->descs[--passed->count]);
}

static int brings_descriptors(const struct cmsghdr* header) {
  if (header->cmsg_level != SOL_SOCKET)
    return 0;
#if defined(COMES_AS_PIDFD)
  if (header->cmsg_type == COMES_AS_PIDFD)
    return 1;
#endif
  return header->cmsg_type == SCM_RIGHTS;
}

/* All descriptors of the message into *passed, whatever they are, and closes those that nobody sent
 * or that are too many; of the latter the result is how many there were. */
static unsigned collect(struct msghdr* msg, struct uv__passed* passed) {
  struct cmsghdr* header;
  unsigned too_many = 0;

  for (header = CMSG_FIRSTHDR(msg); header != NULL; header = CMSG_NXTHDR(msg, header)) {
    const unsigned char* at = CMSG_DATA(header);
    const unsigned char* end = (const unsigned char*) header + header->cmsg_len;

    if (!brings_descriptors(header))
      continue;
    for (; at + sizeof(int) <= end; at += sizeof(int)) {
      struct uv__desc* desc = &passed->descs[passed->count];
      int fd;

      memcpy(&fd, at, sizeof(int));
      if (header->cmsg_type != SCM_RIGHTS) {
        if (fd >= 0) /* It is the error, where there was no room for a descriptor. */
          uv__file_discard(fd);
      } else if (passed->count == UV__PASSED_MOST) {
        uv__file_discard(fd);
        too_many++;
      } else {
        desc->fd = fd;
        desc->kind = UV__DESC_PIPE;
        desc->known = UV__KNOWN_PASSED;
        passed->count++;
      }
    }
  }
  return too_many;
}

/* Finds out what came. A message that was cut short, or brings what no handle can have, breaks
 * the promise that the two ends made to each other; which descriptors belong to what would be
 * a guess from then on (I6). */
static int sort_out(const struct msghdr* msg, unsigned too_many, struct uv__passed* passed) {
  unsigned i;

  if (too_many > 0)
    return UV_ECONNABORTED;
  /* Linux cuts for lack of room in the message and for lack of room in this process. */
  if (msg->msg_flags & MSG_CTRUNC)
    return passed->count < UV__PASSED_MOST ? UV_EMFILE : UV_ECONNABORTED;
  for (i = 0; i < passed->count; i++) {
    struct uv__desc* desc = &passed->descs[i];
#if !defined(MSG_CMSG_CLOEXEC)
    (void) uv__file_hide(desc->fd);
#endif
    if ((desc->kind = kind_of(desc->fd)) == UV__DESC_NONE)
      return UV_ECONNABORTED;
  }
  return 0;
}

ssize_t uv__scm_read_now(struct uv__io* io, char* base, size_t len, struct uv__passed* passed) {
  struct iovec vec = {base, len};
  union received received;
  struct msghdr msg;
  unsigned too_many;
  ssize_t n;
  int r;

  memset(&msg, 0, sizeof(msg));
  msg.msg_iov = &vec;
  msg.msg_iovlen = 1;
  msg.msg_control = &received;
  msg.msg_controllen = sizeof(received);
  do
    n = recvmsg(io->tail.fd, &msg, RECEIVE_FLAGS);
  while (n < 0 && errno == EINTR);

  passed->count = 0;
  if (n < 0)
    return uv__fd_was_read(io, n, len, 0);
  too_many = collect(&msg, passed);
  r = sort_out(&msg, too_many, passed);
  if (r < 0) {
    drop(passed);
    return r;
  }
  if (n == 0 && passed->count > 0)
    return 0;
  /* A read stops short where what comes beside the bytes changes: descriptors, or the sender. */
  return uv__fd_was_read(io, n, len, (io->tail.state & UV__FD_LOCAL) && msg.msg_controllen == 0);
}

ssize_t uv__scm_read_cut(struct uv__io* io, char* base, size_t len) {
  struct iovec vec = {base, len};
  struct msghdr msg;
  ssize_t n;

  if (uv__poller_retells(io))
    return uv__fd_read_now(io, base, len, NULL);
  memset(&msg, 0, sizeof(msg));
  msg.msg_iov = &vec;
  msg.msg_iovlen = 1;
  do
    n = recvmsg(io->tail.fd, &msg, MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
  return uv__fd_was_read(io, n, len,
                         (io->tail.state & UV__FD_LOCAL) && !(msg.msg_flags & MSG_CTRUNC));
}

/* ---- Writing ---- */

static ssize_t send_with(
    int to, const uv_buf_t* bufs, unsigned nbufs, const int* fds, unsigned count) {
  size_t size = count * sizeof(fds[0]);
  union rights rights;
  struct msghdr msg;
  ssize_t n;

  memset(&rights, 0, sizeof(rights));
  memset(&msg, 0, sizeof(msg));
  msg.msg_iov = (struct iovec*) bufs;
  msg.msg_iovlen = uv__fd_most_bufs(nbufs);
  msg.msg_control = &rights;
  msg.msg_controllen = (unsigned) CMSG_SPACE(size); /* Of another type on each system. */
  rights.header.cmsg_level = SOL_SOCKET;
  rights.header.cmsg_type = SCM_RIGHTS;
  rights.header.cmsg_len = (unsigned) CMSG_LEN(size);
  memcpy(CMSG_DATA(&rights.header), fds, size);
  do
    n = sendmsg(to, &msg, UV__SEND_FLAGS);
  while (n < 0 && errno == EINTR);
#if defined(ETOOMANYREFS)
  if (n < 0 && errno == ETOOMANYREFS)
    errno =
        ENOBUFS; /* Too many descriptors of this user are under way, until others receive some. */
#endif
  return n;
}

ssize_t uv__scm_write(struct uv__io* io,
                      const uv_buf_t* bufs,
                      unsigned nbufs,
                      enum uv__write_mode mode,
                      struct uv__io* const* pass) {
  uv_os_fd_t fds[UV__PASSED_MOST];
  unsigned count;
  ssize_t n;
  int r = 0;

  if (pass == NULL)
    return uv__fd_write(io, bufs, nbufs, mode, NULL);
  for (count = 0; r == 0 && pass[count] != NULL; count++)
    r = pass[count]->ops->fileno(pass[count], &fds[count]);
  if (r == 0)
    r = uv__fd_write_waits(io, mode);
  if (r != 0)
    return r;
  n = send_with(io->tail.fd, bufs, nbufs, fds, count);
  while (n > 0 && count > 0)
    uv__pipe_disown(pass[--count]);
  return uv__fd_was_written(io, bufs, nbufs, mode, n);
}
