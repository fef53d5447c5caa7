/* The current folder of the process. Its path may be longer than PATH_MAX, which is what the system
 * itself can say in one piece: a C library that says no more (musl) leaves it to us to walk from the
 * folder to the root, and to look for each one's name in the next. */
#include "unix/base/base.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/alloc.h"

#ifndef PATH_MAX
#  define PATH_MAX 4096 /* the Hurd has no limit */
#endif

/* ---- Walking ---- */

/* A path that is written from its end. */
struct path {
  char* memory;
  size_t room;
  size_t len; /* at the end of the memory */
};

static int prepend(struct path* path, const char* name) {
  size_t len = strlen(name);

  if (path->len + len + 1 > path->room) {
    size_t room = 2 * path->room + len + PATH_MAX;
    char* memory = uv__malloc(room);

    if (memory == NULL)
      return UV_ENOMEM;
    if (path->len > 0)
      memcpy(memory + room - path->len, path->memory + path->room - path->len, path->len);
    uv__free(path->memory);
    path->memory = memory;
    path->room = room;
  }
  path->len += len + 1;
  path->memory[path->room - path->len] = '/';
  memcpy(path->memory + path->room - path->len + 1, name, len);
  return 0;
}

static int is_same(const struct stat* a, const struct stat* b) {
  return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

/* Writes the name that `child` has in the folder, which is read from its beginning and closed. */
static int prepend_name_in(struct path* path, int folder, const struct stat* child) {
  DIR* dir = fdopendir(folder);
  struct dirent* entry;
  struct stat st;
  int r = UV_ENOENT; /* It was removed. */

  if (dir == NULL) {
    r = UV__ERR(errno);
    uv__file_discard(folder);
    return r;
  }
  while (r == UV_ENOENT && (entry = readdir(dir)) != NULL)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
        fstatat(folder, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && is_same(&st, child))
      r = prepend(path, entry->d_name);
  (void) closedir(dir);
  return r;
}

static int open_folder(int from, const char* name) {
  int fd = openat(from, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  return fd < 0 ? UV__ERR(errno) : fd;
}

/* From the folder `fd`, which it closes, up to the root. */
static int walk(struct path* path, int fd) {
  struct stat root;
  struct stat here;
  int r = 0;

  if (stat("/", &root) != 0 || fstat(fd, &here) != 0)
    r = UV__ERR(errno);
  while (r == 0 && !is_same(&here, &root)) {
    int above = open_folder(fd, "..");
    int list = above < 0 ? above : open_folder(above, ".");

    r = list < 0 ? list : prepend_name_in(path, list, &here);
    uv__file_discard(fd);
    fd = above;
    if (r == 0 && fstat(fd, &here) != 0)
      r = UV__ERR(errno);
  }
  if (fd >= 0)
    uv__file_discard(fd);
  return r;
}

static int give_walked(char* buffer, size_t* size) {
  struct path path = {NULL, 0, 0};
  int fd = open_folder(AT_FDCWD, ".");
  int r = fd < 0 ? fd : walk(&path, fd);

  if (r == 0)
    r = uv__text_give(path.memory + path.room - path.len, path.len, buffer, size);
  uv__free(path.memory);
  return r;
}

/* ---- Asking ---- */

static int give_long(char* buffer, size_t* size) {
  size_t room = PATH_MAX;
  char* path = NULL;
  int r;

  do {
    char* more = uv__realloc(path, room *= 2);
    if (more == NULL) {
      uv__free(path);
      return UV_ENOMEM;
    }
    path = more;
    r = getcwd(path, room) != NULL ? 0 : UV__ERR(errno);
  } while (r == UV_ERANGE);
  if (r == 0)
    r = uv__text_give(path, strlen(path), buffer, size);
  uv__free(path);
  return r;
}

int uv_cwd(char* buffer, size_t* size) {
  char path[PATH_MAX];
  int r = 0;

  if (buffer == NULL || size == NULL || *size == 0)
    return UV_EINVAL;
  if (getcwd(path, sizeof(path)) != NULL)
    return uv__text_give(path, strlen(path), buffer, size);
  r = UV__ERR(errno);
  if (r == UV_ERANGE)
    r = give_long(buffer, size);
  return r == UV_ENAMETOOLONG ? give_walked(buffer, size) : r;
}

int uv_chdir(const char* dir) {
  if (dir == NULL)
    return UV_EINVAL;
  return chdir(dir) == 0 ? 0 : UV__ERR(errno);
}
