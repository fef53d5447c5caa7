/* Who is at the other end of a Unix-domain socket: what the system noted when it was connected, or, for
 * a client, when the server began to listen. Nobody is asked, and nobody can lie. */
#if !defined(_GNU_SOURCE)
#  define _GNU_SOURCE /* struct ucred of Linux */
#endif
#include "unix/pipe/pipe.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "uvstream.h"

#if defined(__linux__)

static int ask(int fd, uvs_peer_t* peer, uid_t* uid) {
  struct ucred cred;
  socklen_t size = sizeof(cred);

  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) != 0)
    return UV__ERR(errno);
  if (cred.uid == (uid_t) -1) /* Nobody was noted. */
    return UV_ENOTSUP;
  *uid = cred.uid;
  peer->group = cred.gid;
  peer->known |= UVS_PEER_GROUP;
  if (cred.pid > 0) { /* 0: of another namespace. */
    peer->pid = cred.pid;
    peer->known |= UVS_PEER_PROCESS;
  }
  return 0;
}

#elif defined(__APPLE__) || defined(__FreeBSD__) || defined(__NetBSD__) || defined(__OpenBSD__) || \
    defined(__DragonFly__)

static int ask(int fd, uvs_peer_t* peer, uid_t* uid) {
  gid_t gid;

  if (getpeereid(fd, uid, &gid) != 0)
    return UV__ERR(errno);
  peer->group = gid;
  peer->known |= UVS_PEER_GROUP;
#  if defined(LOCAL_PEERPID)
  {
    pid_t pid;
    socklen_t size = sizeof(pid);

    if (getsockopt(fd, 0 /* SOL_LOCAL */, LOCAL_PEERPID, &pid, &size) == 0) {
      peer->pid = pid;
      peer->known |= UVS_PEER_PROCESS;
    }
  }
#  endif
  return 0;
}

#else

static int ask(int fd, uvs_peer_t* peer, uid_t* uid) {
  (void) fd;
  (void) peer;
  (void) uid;
  return UV_ENOTSUP;
}

#endif

int uv__pipe_peer(struct uv__io* io, uvs_peer_t* peer) {
  uid_t uid = 0;
  int r = ask(io->tail.fd, peer, &uid);

  if (r < 0)
    return r;
  (void) snprintf(peer->user, sizeof(peer->user), "%lu", (unsigned long) uid);
  peer->is_trusted = uid == geteuid() || uid == 0;
  peer->known |= UVS_PEER_USER;
  return 0;
}
