/* Who may connect to a socket file. Nobody can before it listens, so that what is done between its bind
 * and that is done before the first client. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unix/pipe/pipe.h"
#include "uvstream.h"

/* Whoever may remove the file can put one of his own in its place, whatever its mode says: in a folder
 * of somebody else, or in one that is open to others and keeps files to their owners (the sticky bit) not.
 * A folder that is not there is for bind to say. */
int uv__access_check(const char* file) {
  char folder[PATH_MAX + 2]; /* What is put behind it may be too much for the system. */
  const char* name = strrchr(file, '/');
  size_t length = (size_t) (name - file);
  struct stat st;

  memcpy(folder, file, length);
  memcpy(folder + length, "/.", 3);
  if (lstat(folder, &st) != 0)
    return errno == ENOENT || errno == ENOTDIR ? 0 : UV__ERR(errno);
  if (st.st_uid != geteuid() && st.st_uid != 0)
    return UV_EPERM;
  return (st.st_mode & (S_IWGRP | S_IWOTH)) && !(st.st_mode & S_ISVTX) ? UV_EPERM : 0;
}

/* The group first: what the umask left to the one it came with is not for that one. */
int uv__access_give(const char* file, const struct uvs_access_s* access) {
  if (chmod(file, 0600) != 0 ||
      (access->has_group && lchown(file, (uid_t) -1, (gid_t) access->group) != 0) ||
      chmod(file, access->mode == 0 ? 0600 : (mode_t) access->mode) != 0)
    return UV__ERR(errno);
  return 0;
}
