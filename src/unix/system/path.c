/* Places in the file system that a process has: its program, and where temporary files go. Its current
 * folder is cwd.c's, that of its user host/user.c's. */
#include "unix/base/base.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"

#ifndef PATH_MAX
#  define PATH_MAX 4096 /* the Hurd has no limit; longer ones are an error here */
#endif

/* ---- The program ---- */

#if defined(__linux__) || defined(__CYGWIN__)

static int find_program(char* path) {
  ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - 1);

  if (len < 0)
    return UV__ERR(errno);
  path[len] = '\0';
  return 0;
}

#elif defined(__APPLE__)

#  include <mach-o/dyld.h>

static int find_program(char* path) {
  char given[PATH_MAX];
  uint32_t size = sizeof(given);

  if (_NSGetExecutablePath(given, &size) != 0)
    return UV_ENAMETOOLONG;
  return realpath(given, path) != NULL ? 0 : UV__ERR(errno);
}

#elif defined(__FreeBSD__) || defined(__DragonFly__) || defined(__NetBSD__)

#  include <sys/sysctl.h>

static int find_program(char* path) {
#  if defined(__NetBSD__)
  int name[] = {CTL_KERN, KERN_PROC_ARGS, -1, KERN_PROC_PATHNAME};
#  else
  int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PATHNAME, -1};
#  endif
  size_t size = PATH_MAX;

  return sysctl(name, 4, path, &size, NULL, 0) == 0 ? 0 : UV__ERR(errno);
}

#else

/* OpenBSD and others do not tell, and looking for argv[0] along PATH could find another file. */
static int find_program(char* path) {
  (void) path;
  return UV_ENOSYS;
}

#endif

int uv_exepath(char* buffer, size_t* size) {
  char path[PATH_MAX];
  size_t len;
  int r;

  if (buffer == NULL || size == NULL || *size == 0)
    return UV_EINVAL;
  r = find_program(path);
  if (r < 0)
    return r;
  len = strlen(path);
  if (len >= *size)
    len = *size - 1;
  return uv__text_give(path, len, buffer, size);
}

/* ---- Temporary files ---- */

int uv_os_tmpdir(char* buffer, size_t* size) {
  static const char* const names[] = {"TMPDIR", "TMP", "TEMP", "TEMPDIR"};
  const char* path = NULL;
  size_t len;
  size_t i;

  if (buffer == NULL || size == NULL || *size == 0)
    return UV_EINVAL;
  for (i = 0; path == NULL && i < sizeof(names) / sizeof(names[0]); i++)
    path = getenv(names[i]);
  if (path == NULL) {
#if defined(__ANDROID__)
    path = "/data/local/tmp";
#else
    path = "/tmp";
#endif
  }
  len = strlen(path);
  while (len > 1 && path[len - 1] == '/')
    len--;
  return uv__text_give(path, len, buffer, size);
}
