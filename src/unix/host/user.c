/* The system's database of users and groups, and the folder of the user. */
#include "unix/base/base.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"

/* ---- Rows ---- */

union row {
  struct passwd user;
  struct group group;
};

/* One of the two calls that fetch a row by its number: an errno, and whether there is one. */
typedef int (*fetch_fn)(
    unsigned long number, union row* row, char* memory, size_t room, int* found);

static int fetch_user(unsigned long number, union row* row, char* memory, size_t room, int* found) {
  struct passwd* at = NULL;
  int error = getpwuid_r((uid_t) number, &row->user, memory, room, &at);

  *found = at != NULL;
  return error;
}

static int fetch_group(
    unsigned long number, union row* row, char* memory, size_t room, int* found) {
  struct group* at = NULL;
  int error = getgrgid_r((gid_t) number, &row->group, memory, room, &at);

  *found = at != NULL;
  return error;
}

/* The row points into *memory, whose size only trying tells, and which is the caller's to free. */
static int look_up(fetch_fn fetch, unsigned long number, union row* row, char** memory) {
  size_t room = 512;
  int found = 0;
  int error;

  *memory = NULL;
  do {
    char* more = uv__realloc(*memory, room *= 2);
    if (more == NULL) {
      uv__free(*memory);
      return UV_ENOMEM;
    }
    *memory = more;
    do
      error = fetch(number, row, *memory, room, &found);
    while (error == EINTR);
  } while (error == ERANGE);
  if (error == 0 && found)
    return 0;
  uv__free(*memory);
  /* Not all systems agree that a number without a row is no error (getpwuid_r(3)). */
  return error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM
             ? UV_ENOENT
             : UV__ERR(error);
}

/* Some systems leave fields out. */
static const char* text_of(const char* field) {
  return field == NULL ? "" : field;
}

/* Copies a text to *at, and moves that behind it. */
static char* put(char** at, const char* text) {
  size_t size = strlen(text) + 1;
  char* copy = memcpy(*at, text, size);

  *at += size;
  return copy;
}

/* ---- Users ---- */

static int give_user(uv_passwd_t* pwd, uid_t uid) {
  union row row;
  char* memory;
  char* at;
  int r;

  if (pwd == NULL)
    return UV_EINVAL;
  r = look_up(fetch_user, uid, &row, &memory);
  if (r < 0)
    return r;
  at = uv__malloc(strlen(text_of(row.user.pw_name)) + strlen(text_of(row.user.pw_dir)) +
                  strlen(text_of(row.user.pw_shell)) + 3);
  if (at != NULL) {
    pwd->username = put(&at, text_of(row.user.pw_name)); /* first: it is what is freed */
    pwd->homedir = put(&at, text_of(row.user.pw_dir));
    pwd->shell = put(&at, text_of(row.user.pw_shell));
    pwd->uid = row.user.pw_uid;
    pwd->gid = row.user.pw_gid;
  } else {
    r = UV_ENOMEM;
  }
  uv__free(memory);
  return r;
}

int uv_os_get_passwd(uv_passwd_t* pwd) {
  return give_user(pwd, geteuid());
}

int uv_os_get_passwd2(uv_passwd_t* pwd, uv_uid_t uid) {
  return give_user(pwd, uid);
}

int uv_os_homedir(char* buffer, size_t* size) {
  const char* home;
  union row row;
  char* memory;
  int r;

  if (buffer == NULL || size == NULL || *size == 0)
    return UV_EINVAL;
  home = getenv("HOME");
  if (home != NULL)
    return uv__text_give(home, strlen(home), buffer, size);
  r = look_up(fetch_user, geteuid(), &row, &memory);
  if (r < 0)
    return r;
  home = text_of(row.user.pw_dir);
  r = uv__text_give(home, strlen(home), buffer, size);
  uv__free(memory);
  return r;
}

/* ---- Groups ---- */

/* One block: the table of members, its NULL, then the texts. */
static int copy_group(uv_group_t* grp, const struct group* from) {
  size_t size = strlen(text_of(from->gr_name)) + 1 + sizeof(char*);
  size_t count = 0;
  char** members;
  char* at;
  size_t i;

  for (; from->gr_mem != NULL && from->gr_mem[count] != NULL; count++)
    size += strlen(from->gr_mem[count]) + 1 + sizeof(char*);
  members = uv__malloc(size);
  if (members == NULL)
    return UV_ENOMEM;
  at = (char*) (members + count + 1);
  for (i = 0; i < count; i++)
    members[i] = put(&at, from->gr_mem[i]);
  members[count] = NULL;
  grp->groupname = put(&at, text_of(from->gr_name));
  grp->gid = from->gr_gid;
  grp->members = members;
  return 0;
}

int uv_os_get_group(uv_group_t* grp, uv_uid_t gid) {
  union row row;
  char* memory;
  int r;

  if (grp == NULL)
    return UV_EINVAL;
  r = look_up(fetch_group, gid, &row, &memory);
  if (r < 0)
    return r;
  r = copy_group(grp, &row.group);
  uv__free(memory);
  return r;
}
