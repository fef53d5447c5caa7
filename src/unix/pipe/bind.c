/* The socket file of a pipe: made by bind, whose path and number are remembered, changed in its
 * mode, and removed when its pipe is closed. */
#include "unix/pipe/pipe.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"

/* A relative path is remembered with the directory it was relative to: whoever changes that
 * later must not make us remove a file of the same name elsewhere, or forget ours. What is longer than
 * the system takes a path could be bound, and never be removed. */
static int remember_file(struct uv__io* io, const char* path, struct uv__pipe_names** out) {
  char here[PATH_MAX] = "";
  size_t here_length;
  size_t length = strlen(path);
  struct uv__pipe_names* names;

  if (path[0] != '/') {
    if (getcwd(here, sizeof(here) - 1) == NULL)
      return errno == ERANGE ? UV_ENAMETOOLONG : UV__ERR(errno);
    here_length = strlen(here);
    if (here_length == 0 || here[here_length - 1] != '/')
      here[here_length] = '/';
  }
  here_length = strlen(here);
  if (here_length + length >= PATH_MAX)
    return UV_ENAMETOOLONG;
  names = uv__pipe_new_names(io, here_length + length + 1);
  if (names == NULL)
    return UV_ENOMEM;
  memcpy(names->file, here, here_length);
  memcpy(names->file + here_length, path, length);
  *out = names;
  return 0;
}

/* Whether the file that bind made is still there, and not another of its name. Its number
 * cannot have been given to another, because the socket keeps it as long as it is open. */
static int is_ours(const struct uv__pipe_names* names) {
  struct stat st;

  return names->file[0] != '\0' && lstat(names->file, &st) == 0 && S_ISSOCK(st.st_mode) &&
         st.st_dev == names->dev && st.st_ino == names->ino;
}

/* The mode of the new file is what the umask says: to change that even for a moment would
 * change it for all threads. A file that is there already, also one that a dead server left
 * behind, is somebody else's and UV_EADDRINUSE. */
int uv__pipe_bind(struct uv__io* io, const void* where, unsigned flags) {
  const struct uvs_access_s* access = ((const struct uv__pipe_name*) where)->access;
  struct uv__pipe_names* names = NULL;
  struct sockaddr_un addr;
  struct stat st;
  socklen_t len;
  int r = uv__pipe_to_address(where, &addr, &len);

  (void) flags;
  if (r == 0 && !uv__pipe_is_abstract(addr.sun_path))
    r = remember_file(io, addr.sun_path, &names);
  if (r == 0 && access != NULL)
    r = uv__access_check(names->file);
  if (r < 0) {
    uv__free(names);
    return r;
  }
  r = uv__sock_create(io, AF_UNIX, UV__FD_LOCAL);
  if (r == 0 && bind(io->tail.fd, (struct sockaddr*) &addr, len) != 0) {
    /* Programs know this one by the name that Windows has for it, on every system. */
    r = errno == ENOENT ? UV_EACCES : UV__ERR(errno);
    (void) uv__fd_close(io); /* A pipe that is not bound has no descriptor, as before. */
  } else if (r == 0 && access != NULL) {
    r = uv__access_give(names->file, access);
    if (r < 0) {
      (void) unlink(names->file);
      (void) uv__fd_close(io);
    }
  }
  if (r < 0 || (names != NULL && lstat(names->file, &st) != 0)) {
    uv__free(names); /* If there is no file any more, none is ours. */
    return r;
  }
  if (names != NULL) {
    names->owner = (int) getpid();
    names->dev = st.st_dev;
    names->ino = st.st_ino;
  }
  io->tail.u.more = names;
  return (int) uv__fd_end(io, 0);
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
  const struct uv__pipe_names* names = io->tail.u.more;
  int len = PATH_MAX - 1;
  int r;

  if (names != NULL && names->file[0] != '\0') {
    if (!is_ours(names) || strlen(names->file) >= PATH_MAX)
      return UV_ENOENT;
    strcpy(path, names->file);
    return 0;
  }
  r = uv__pipe_name(io, UV__LOCAL, path, &len);
  if (r < 0)
    return r;
  if (len == 0)
    return UV_EBADF;
  path[len] = '\0';
  return 0;
}

int uv__pipe_chmod(struct uv__io* io, int flags) {
  char path[PATH_MAX];
  struct stat st;
  int r = find_file(io, path);

  if (r < 0)
    return r;
  if (uv__pipe_is_abstract(path))
    return 0; /* No file keeps anybody out. */
  if (lstat(path, &st) != 0)
    return UV__ERR(errno);
  if (!S_ISSOCK(st.st_mode))
    return UV_ENOENT;
  if (chmod(path, (st.st_mode | mode_of(flags)) & 07777) != 0)
    return UV__ERR(errno);
  return 0;
}

/* A forked child that closes its copy leaves the file to the process that bound it; but to one that
 * is no more, having put itself in the background, nothing can be left. */
static int is_owner(const struct uv__pipe_names* names) {
  return names->owner == (int) getpid() ||
         (names->owner != 0 && kill(names->owner, 0) != 0 && errno == ESRCH);
}

void uv__pipe_unlink(const struct uv__pipe_names* names) {
  if (is_ours(names) && is_owner(names))
    (void) unlink(names->file);
}

/* Who still has connections to accept there, and who ever will, cannot be known from here. */
void uv__pipe_disown(struct uv__io* io) {
  struct uv__pipe_names* names = io->tail.state & UV__FD_LOCAL ? io->tail.u.more : NULL;

  if (names != NULL)
    names->owner = 0;
}
