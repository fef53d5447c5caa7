/* The door of Unix: a socket in the file system. Its mode and its group are set between bind and listen:
 * until then nobody is let in, whatever they are. */
#ifndef _GNU_SOURCE
#  define _GNU_SOURCE /* struct ucred of Linux */
#endif
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "door.h"
#include "hold.h"

#define BACKLOG 128

const int door_accepts_ahead = 0;

const char door_help[] = "                      (600), MODE:GROUP, or GROUP alone (660)";

static struct {
  uv_pipe_t listener;
  int open;
  door_cb cb;
  void* arg;
  char name[sizeof(((struct sockaddr_un*) 0)->sun_path)];
  struct stat file; /* that we made: another one is not ours to remove */
} door;

/* ---- Whom it is for ------------------------------------------------------------------------ */

struct access {
  mode_t mode;
  gid_t group; /* (gid_t) -1: as it comes */
};

static int parse(const char* allow, struct access* access) {
  char* end;
  unsigned long mode;
  const struct group* group;
  access->mode = 0600;
  access->group = (gid_t) -1;
  if (allow == NULL)
    return 0;
  mode = strtoul(allow, &end, 8);
  if (end != allow && (*end == '\0' || *end == ':')) {
    access->mode = (mode_t) mode;
    allow = end + (*end == ':');
    if (mode == 0 || mode > 0777)
      return -1;
    if (*end == '\0')
      return 0;
  } else {
    access->mode = 0660;
  }
  group = getgrnam(allow);
  if (group == NULL)
    return -1;
  access->group = group->gr_gid;
  return 0;
}

int door_check(const char* allow, char* why, size_t size) {
  struct access access;
  int result = parse(allow, &access);
  if (result < 0)
    snprintf(why, size, "'%s' is no mode such as 660, no group, and not both as 660:GROUP", allow);
  return result;
}

/* ---- The name ------------------------------------------------------------------------------ */

/* Of a server that was killed the socket is left. Nobody answers there, so it may go. No other file
 * answers either, and is somebody's; and a server that is busy must not keep us waiting. */
static int is_stale(const struct sockaddr_un* address) {
  struct stat found;
  int fd, stale;
  if (lstat(address->sun_path, &found) != 0 || !S_ISSOCK(found.st_mode))
    return 0;
  fd = socket(AF_UNIX, SOCK_STREAM, 0);
  stale = fd >= 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0 &&
          connect(fd, (const struct sockaddr*) address, sizeof(*address)) != 0 &&
          errno == ECONNREFUSED;
  if (fd >= 0)
    close(fd);
  return stale;
}

static int bind_name(int fd, const struct sockaddr_un* address) {
  if (bind(fd, (const struct sockaddr*) address, sizeof(*address)) == 0)
    return 0;
  if (errno != EADDRINUSE)
    return uv_translate_sys_error(errno);
  if (!is_stale(address))
    return UV_EADDRINUSE;
  unlink(address->sun_path);
  return bind(fd, (const struct sockaddr*) address, sizeof(*address)) == 0
             ? 0
             : uv_translate_sys_error(errno);
}

static int make(int fd, const char* name, const struct access* access) {
  struct sockaddr_un address;
  int err;
  memset(&address, 0, sizeof(address));
  address.sun_family = AF_UNIX;
  if (strlen(name) >= sizeof(address.sun_path))
    return UV_ENAMETOOLONG;
  strcpy(address.sun_path, name);
  err = bind_name(fd, &address);
  if (err < 0)
    return err;
  strcpy(door.name, name);
  if (stat(name, &door.file) == 0 && chmod(name, access->mode) == 0 &&
      (access->group == (gid_t) -1 || chown(name, (uid_t) -1, access->group) == 0))
    return 0;
  err = uv_translate_sys_error(errno);
  unlink(name);
  return err;
}

static int init(uv_loop_t* loop) {
  int err = uv_pipe_init(loop, &door.listener, 0);
  door.open = err == 0;
  return err;
}

int door_open(uv_loop_t* loop, const char* name, const char* allow) {
  struct access access;
  int err = init(loop);
  int fd;
  if (err < 0)
    return err;
  if (parse(allow, &access) < 0)
    return UV_EINVAL;
  fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0)
    return uv_translate_sys_error(errno);
  err = make(fd, name, &access);
  if (err == 0)
    err = uv_pipe_open(&door.listener, fd);
  if (err < 0)
    close(fd);
  return err;
}

int door_join(uv_loop_t* loop, const char* name, const char* allow, uv_stream_t* channel) {
  int err;
  (void) allow; /* the file is there, and is as it was made */
  if (channel == NULL)
    return door.open ? 0 : UV_EPROTO;
  err = init(loop);
  if (err == 0)
    err = uv_accept(channel, (uv_stream_t*) &door.listener);
  if (err < 0)
    return err;
  snprintf(door.name, sizeof(door.name), "%s", name);
  return stat(name, &door.file) == 0 ? 0 : uv_translate_sys_error(errno);
}

/* ---- Clients ------------------------------------------------------------------------------- */

static void on_connection(uv_stream_t* server, int status) {
  (void) server;
  if (status == 0) /* else it lacks something, and goes on by itself */
    door.cb(door.arg);
}

int door_listen(door_cb cb, void* arg) {
  door.cb = cb;
  door.arg = arg;
  return uv_listen((uv_stream_t*) &door.listener, BACKLOG, on_connection);
}

int door_accept(uv_pipe_t* client) {
  int err = uv_pipe_init(door.listener.loop, client, 0);
  return err == 0 ? uv_accept((uv_stream_t*) &door.listener, (uv_stream_t*) client) : err;
}

uv_stream_t* door_handle(void) {
  return door.open ? (uv_stream_t*) &door.listener : NULL;
}

void door_close(int keep) {
  struct stat now;
  if (!door.open)
    return;
  door.open = 0;
  if (!keep && door.name[0] != '\0' && stat(door.name, &now) == 0 &&
      now.st_ino == door.file.st_ino && now.st_dev == door.file.st_dev)
    unlink(door.name);
  uv_close((uv_handle_t*) &door.listener, NULL);
}

void door_leave(int pid, int (*say)(const char* line)) {
  (void) pid;
  (void) say; /* it has the listener itself, whose line goes on */
  hold("held-at-the-door");
  door_close(1);
}

int door_take(const char* text) {
  (void) text;
  return UV_EPROTO;
}

void door_remove_name(const char* name) {
  struct stat found;
  if (stat(name, &found) == 0 && S_ISSOCK(found.st_mode))
    unlink(name);
}

/* ---- Who it is ----------------------------------------------------------------------------- */

/* The kernel knows who connected, and says so. -1: it does not know the process. */
static int credentials(int fd, uid_t* user, long* process) {
#if defined(SO_PEERCRED) && !defined(__OpenBSD__) /* which has another struct for it */
  struct ucred peer;
  socklen_t size = sizeof(peer);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
    return -1;
  *user = peer.uid;
  *process = (long) peer.pid;
  return 0;
#else
  gid_t group;
  *process = -1;
#  ifdef LOCAL_PEERPID
  {
    pid_t peer;
    socklen_t size = sizeof(peer);
    if (getsockopt(fd, 0, LOCAL_PEERPID, &peer, &size) == 0) /* 0: SOL_LOCAL */
      *process = (long) peer;
  }
#  endif
  return getpeereid(fd, user, &group);
#endif
}

void door_client(const uv_pipe_t* client, char* text, size_t size) {
  uv_os_fd_t fd;
  uid_t user;
  long process;
  const struct passwd* known;
  if (uv_fileno((const uv_handle_t*) client, &fd) != 0 || credentials(fd, &user, &process) != 0) {
    snprintf(text, size, "nobody knows who");
    return;
  }
  known = getpwuid(user);
  if (known != NULL)
    snprintf(text, size, "user %s, process %ld", known->pw_name, process);
  else
    snprintf(text, size, "user %lu, process %ld", (unsigned long) user, process);
}
