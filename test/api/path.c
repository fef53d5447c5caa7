/* The paths of a process. */
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "memory.h"
#include "pipes.h"
#include "uv.h"

#ifdef _WIN32
#  include <direct.h>
#  define make_folder(path) _mkdir(path)
#  define remove_folder(path) _rmdir(path)
#  define SLASH "\\"
#else
#  include <sys/stat.h>
#  include <unistd.h>
#  define make_folder(path) mkdir(path, 0700)
#  define remove_folder(path) rmdir(path)
#  define SLASH "/"
#endif

enum {
  ROOM = 4096
};

typedef int (*get_path)(char* buffer, size_t* size);

/* What holds for every function that hands out a path. */
static void check_path(get_path get, char path[ROOM]) {
  size_t size = ROOM;
  size_t len;
  char one[2] = "x";

  CHECK_EQ(get(NULL, &size), UV_EINVAL);
  CHECK_EQ(get(path, NULL), UV_EINVAL);
  size = 0;
  CHECK_EQ(get(path, &size), UV_EINVAL);
  size = ROOM;
  CHECK_EQ(get(path, &size), 0);
  len = strlen(path);
  CHECK(len > 1);
  CHECK_EQ(size, len);
  CHECK(len == 3 || path[len - 1] != SLASH[0]);

  if (get == uv_exepath) {
    size = 1;
    CHECK_EQ(get(one, &size), 0);
    CHECK_EQ(size, 0);
    CHECK_STR(one, "");
    size = 2;
    CHECK_EQ(get(one, &size), 0);
    CHECK_EQ(size, 1);
    CHECK_EQ(one[0], path[0]);
    CHECK_EQ(one[1], '\0');
    return; /* It is cut, where the others say how much they need. */
  }
  size = 1;
  CHECK_EQ(get(one, &size), UV_ENOBUFS);
  CHECK_EQ(size, len + 1);
  CHECK_STR(one, "x");
  size = len;
  CHECK_EQ(get(path, &size), UV_ENOBUFS);
  CHECK_EQ(size, len + 1);
  CHECK_EQ(get(path, &size), 0); /* exactly the size that was asked for */
  CHECK_EQ(size, len);
}

static int is_absolute(const char* path) {
#ifdef _WIN32
  return path[0] == '\\' || path[1] == ':';
#else
  return path[0] == '/';
#endif
}

TEST(path_of_the_program) {
  char path[ROOM];
  size_t size = ROOM;

  test_needs_proc();
  if (uv_exepath(path, &size) == UV_ENOSYS) {
    SKIP("this system does not tell");
  }
  check_path(uv_exepath, path);
  CHECK(is_absolute(path));
  CHECK(strstr(path, "uvtest_api") != NULL);
}

TEST(path_current_folder_and_changing_it) {
  char before[ROOM];
  char path[ROOM];
  size_t size = ROOM;

  check_path(uv_cwd, before);
  CHECK(is_absolute(before));
  check_path(uv_os_tmpdir, path);
  CHECK_EQ(uv_chdir(path), 0);
  CHECK_EQ(uv_cwd(path, &size), 0);
  CHECK_EQ(uv_chdir(before), 0);
  size = ROOM;
  CHECK_EQ(uv_cwd(path, &size), 0);
  CHECK_STR(path, before);
}

TEST(path_chdir_to_what_is_no_folder) {
  char before[ROOM];
  char after[ROOM];
  char program[ROOM];
  size_t size = ROOM;
  int r;

  CHECK_EQ(uv_cwd(before, &size), 0);
  CHECK_EQ(uv_chdir(NULL), UV_EINVAL);
  CHECK_EQ(uv_chdir("no-such-folder-here"), UV_ENOENT);
  size = ROOM;
  if (uv_exepath(program, &size) == 0) {
    r = uv_chdir(program);
    CHECK(r == UV_ENOTDIR || r == UV_ENOENT); /* Windows knows the first, some versions */
  }
  size = ROOM;
  CHECK_EQ(uv_cwd(after, &size), 0);
  CHECK_STR(after, before);
}

/* The name of a folder is not ASCII; a relative path counts from the current folder. */
TEST(path_relative_and_not_ascii) {
  char home[ROOM];
  char path[ROOM];
  size_t size = ROOM;
  int made;

  test_needs_folder();
  CHECK_EQ(uv_os_tmpdir(path, &size), 0);
  CHECK_EQ(uv_chdir(path), 0);
  size = ROOM;
  CHECK_EQ(uv_cwd(home, &size), 0);
#ifdef _WIN32
  made = _wmkdir(L"uvstream \x00e9\x20ac");
#else
  made = mkdir("uvstream \xc3\xa9\xe2\x82\xac", 0700);
#endif
  (void) made; /* May be left over from a run that was cut short. */
  CHECK_EQ(uv_chdir("uvstream \xc3\xa9\xe2\x82\xac"), 0);
  size = ROOM;
  CHECK_EQ(uv_cwd(path, &size), 0);
  CHECK(strncmp(path, home, strlen(home)) == 0);
  CHECK_STR(path + strlen(home) + (home[strlen(home) - 1] != SLASH[0]),
            "uvstream \xc3\xa9\xe2\x82\xac");
  CHECK_EQ(uv_chdir(".."), 0);
  size = ROOM;
  CHECK_EQ(uv_cwd(path, &size), 0);
  CHECK_STR(path, home);
#ifdef _WIN32
  CHECK_EQ(_wrmdir(L"uvstream \x00e9\x20ac"), 0);
#else
  CHECK_EQ(rmdir("uvstream \xc3\xa9\xe2\x82\xac"), 0);
#endif
}

/* The socket file of a pipe is found again by its whole path. */
static void check_bind(size_t length) {
#ifdef _WIN32
  (void) length;
#else
  uv_loop_t loop;
  uv_pipe_t pipe;
  int r;

  CHECK_EQ(uv_loop_init(&loop), 0);
  CHECK_EQ(uv_pipe_init(&loop, &pipe, 0), 0);
  r = uv_pipe_bind(&pipe, "near");
  CHECK_EQ(r, length + 5 < PATH_MAX ? 0 : UV_ENAMETOOLONG);
  uv_close((uv_handle_t*) &pipe, NULL);
  CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_loop_close(&loop), 0);
  CHECK(access("near", F_OK) != 0);
#endif
}

/* Deeper than any fixed buffer: the size is right, and so is the path. */
TEST(path_current_folder_is_long) {
  enum {
#ifdef _WIN32
    DEPTH = 3 /* A Wine ends a process whose folder was ever some 450 characters away. */
#else
    DEPTH = 60
#endif
  };
  static const char name[] = "a-folder-with-quite-a-long-name-of-a-hundred-letters-or-so-"
                             "that-is-repeated-until-no-usual-buffer-holds-it";
  char start[ROOM];
  size_t size = ROOM;
  size_t want;
  char* path;
  int depth;

  test_needs_folder();
  CHECK_EQ(uv_os_tmpdir(start, &size), 0);
  CHECK_EQ(uv_chdir(start), 0);
  size = ROOM;
  CHECK_EQ(uv_cwd(start, &size), 0);
  want = size;
  for (depth = 0; depth < DEPTH; depth++) {
    (void) make_folder(name); /* May be left over from a run that was cut short. */
    if (uv_chdir(name) != 0) {
      CHECK_EQ(remove_folder(name), 0);
      break; /* Windows: 260 characters unless a program says that it can do more. */
    }
    want += sizeof(name);
  }
  CHECK(depth >= 1);
  path = malloc(want + 1);
  CHECK(path != NULL);
  size = 2;
  CHECK_EQ(uv_cwd(path, &size), UV_ENOBUFS);
  CHECK_EQ(size, want + 1);
  CHECK_EQ(uv_cwd(path, &size), 0);
  CHECK_EQ(size, want);
  CHECK_EQ(strlen(path), want);
  CHECK_STR(path + want - (sizeof(name) - 1), name);
  free(path);
  check_bind(want);
  if (want > ROOM) {
    memory_fail_nth(1);
    size = ROOM;
    CHECK_EQ(uv_cwd(start, &size), UV_ENOMEM);
    memory_fail_nth(0);
  }
  for (; depth > 0; depth--) {
    CHECK_EQ(uv_chdir(".."), 0);
    CHECK_EQ(remove_folder(name), 0);
  }
}

TEST(path_of_temporary_files) {
  char path[ROOM];
  char cut[8];
  size_t size = sizeof(cut);

  check_path(uv_os_tmpdir, path);
  CHECK(is_absolute(path));
#ifndef _WIN32
  CHECK_EQ(uv_os_setenv("TEMPDIR", "/fourth"), 0);
  CHECK_EQ(uv_os_setenv("TEMP", "/third"), 0);
  CHECK_EQ(uv_os_setenv("TMP", "/second"), 0);
  CHECK_EQ(uv_os_setenv("TMPDIR", "/first///"), 0);
  CHECK_EQ(uv_os_tmpdir(cut, &size), 0);
  CHECK_STR(cut, "/first");
  CHECK_EQ(uv_os_unsetenv("TMPDIR"), 0);
  size = ROOM;
  CHECK_EQ(uv_os_tmpdir(path, &size), 0);
  CHECK_STR(path, "/second");
  CHECK_EQ(uv_os_unsetenv("TMP"), 0);
  size = ROOM;
  CHECK_EQ(uv_os_tmpdir(path, &size), 0);
  CHECK_STR(path, "/third");
  CHECK_EQ(uv_os_unsetenv("TEMP"), 0);
  size = ROOM;
  CHECK_EQ(uv_os_tmpdir(path, &size), 0);
  CHECK_STR(path, "/fourth");
  CHECK_EQ(uv_os_unsetenv("TEMPDIR"), 0);
  size = ROOM;
  CHECK_EQ(uv_os_tmpdir(path, &size), 0);
  CHECK(is_absolute(path));
  CHECK_EQ(uv_os_setenv("TMPDIR", "//"), 0); /* a root keeps its slash */
  size = ROOM;
  CHECK_EQ(uv_os_tmpdir(path, &size), 0);
  CHECK_STR(path, "/");
#else
  CHECK_EQ(uv_os_tmpdir(cut, &size), UV_ENOBUFS);
#endif
}

#ifdef _WIN32
#  define HOME_VARIABLE "USERPROFILE"
#else
#  define HOME_VARIABLE "HOME"
#endif

TEST(path_of_the_user) {
  char path[ROOM];
  size_t size = ROOM;
  int r;

  CHECK_EQ(uv_os_setenv(HOME_VARIABLE, SLASH "some" SLASH "where"), 0);
  check_path(uv_os_homedir, path);
  CHECK_STR(path, SLASH "some" SLASH "where");
  CHECK_EQ(uv_os_unsetenv(HOME_VARIABLE), 0);
  r = uv_os_homedir(path, &size);
  if (r == UV_ENOENT) {
    SKIP("this user is in no database");
  }
  CHECK_EQ(r, 0);
  CHECK_EQ(size, strlen(path));
  CHECK(is_absolute(path));
  CHECK(strcmp(path, SLASH "some" SLASH "where") != 0);
  size = 1;
  CHECK_EQ(uv_os_homedir(path, &size), UV_ENOBUFS);
  CHECK_EQ(size, strlen(path) + 1);
  memory_fail_all(1);
  CHECK_EQ(uv_os_homedir(path, &size), UV_ENOMEM);
  memory_fail_all(0);
}
