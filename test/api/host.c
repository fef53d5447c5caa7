/* What a program asks about its machine, its users and the libraries it can load. */
#undef WIN32_LEAN_AND_MEAN /* names_that_programs_find_by_uv_h_alone */
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "pipes.h"
#include "uv.h"

#ifndef _WIN32
#  include <grp.h>
#  include <sys/resource.h>
#  include <unistd.h>
#endif

/* ---- Processors ---- */

/* A Unix that the library does not know by name is not asked. */
static void list_processors(uv_cpu_info_t** infos, int* count) {
  int r;

  test_needs_proc();
  r = uv_cpu_info(infos, count);
  if (r == UV_ENOSYS)
    SKIP("this system has no way to tell what processors there are");
  CHECK_EQ(r, 0);
}

TEST(cpu_info_lists_the_processors) {
  uv_cpu_info_t* infos = NULL;
  int count = 0;
  int i;

  list_processors(&infos, &count);
  CHECK(count >= 1);
  CHECK(count >= (int) uv_available_parallelism());
  for (i = 0; i < count; i++) {
    CHECK(infos[i].model != NULL && infos[i].model[0] != '\0');
    CHECK(strchr(infos[i].model, '\n') == NULL);
    CHECK(infos[i].speed >= 0 && infos[i].speed < 100000);
    CHECK(infos[i].cpu_times.user + infos[i].cpu_times.sys + infos[i].cpu_times.idle > 0);
  }
  uv_free_cpu_info(infos, count);
}

/* In milliseconds: together the processors cannot have done more than there was time for. */
TEST(cpu_info_times_are_within_the_time_that_the_system_is_up) {
  uv_cpu_info_t* infos;
  double uptime;
  int count;
  int i;

  list_processors(&infos, &count);
  CHECK_EQ(uv_uptime(&uptime), 0);
  for (i = 0; i < count; i++) {
    const struct uv_cpu_times_s* times = &infos[i].cpu_times;
    /* A second, and a hundredth, for the ways in which the two are counted. */
    CHECK((double) (times->user + times->nice + times->sys) <= uptime * 1010 + 1000);
  }
  uv_free_cpu_info(infos, count);
}

TEST(cpu_info_misuse) {
  uv_cpu_info_t* infos = NULL;
  int count = 7;

  CHECK_EQ(uv_cpu_info(NULL, &count), UV_EINVAL);
  CHECK_EQ(uv_cpu_info(&infos, NULL), UV_EINVAL);
  CHECK_EQ(count, 7);
  CHECK(infos == NULL);
  uv_free_cpu_info(NULL, 0);
}

TEST(loadavg_counts) {
  double avg[3] = {-1, -1, -1};
  int i;

  uv_loadavg(avg);
  for (i = 0; i < 3; i++) {
    CHECK(avg[i] >= 0 && avg[i] < 1e6);
#ifdef _WIN32
    CHECK(avg[i] == 0);
#endif
  }
}

/* ---- Memory ---- */

TEST(memory_of_the_machine) {
  uint64_t total = uv_get_total_memory();
  uint64_t free_now = uv_get_free_memory();
  size_t rss;

  test_needs_proc();
  if (uv_resident_set_memory(&rss) == UV_ENOSYS)
    SKIP("this system has no way to tell what a process has");
  CHECK_EQ(uv_resident_set_memory(&rss), 0);
  CHECK(total > rss);
  CHECK(free_now > 0 && free_now < total);
  CHECK(uv_get_available_memory() < total);
}

TEST(memory_is_constrained_by_a_resource_limit) {
  uint64_t before = uv_get_constrained_memory();
#ifdef _WIN32
  CHECK(before == 0);
  SKIP("Windows has no such limits");
#else
  uint64_t limited;
  uint64_t available;
  struct rlimit was;
  struct rlimit limit;
  struct rlimit found;

  test_needs_proc();
  CHECK_EQ(getrlimit(RLIMIT_DATA, &was), 0);
  limit = was;
  limit.rlim_cur = (rlim_t) (uv_get_total_memory() / 2);
  if (was.rlim_cur != RLIM_INFINITY || (before != 0 && before < limit.rlim_cur))
    SKIP("another limit is in force");
  CHECK_EQ(setrlimit(RLIMIT_DATA, &limit), 0);
  CHECK_EQ(getrlimit(RLIMIT_DATA, &found), 0);
  if (found.rlim_cur != limit.rlim_cur)
    SKIP("setrlimit succeeds and sets nothing: qemu keeps RLIMIT_DATA to itself");
  limited = uv_get_constrained_memory();
  available = uv_get_available_memory();
  CHECK_EQ(setrlimit(RLIMIT_DATA, &was), 0);
  CHECK_EQ(limited, limit.rlim_cur);
  CHECK(available < limit.rlim_cur);
  CHECK(uv_get_constrained_memory() == before);
#endif
}

/* ---- Users and groups ---- */

TEST(passwd_of_this_user) {
  uv_passwd_t pwd;

  CHECK_EQ(uv_os_get_passwd(NULL), UV_EINVAL);
  CHECK_EQ(uv_os_get_passwd(&pwd), 0);
  CHECK(pwd.username[0] != '\0');
#ifdef _WIN32
  {
    char profile[4096];
    size_t size = sizeof(profile);

    CHECK_EQ(pwd.uid, (unsigned long) -1);
    CHECK_EQ(pwd.gid, (unsigned long) -1);
    CHECK(pwd.shell == NULL);
    CHECK_EQ(uv_os_getenv("USERPROFILE", profile, &size), 0);
    CHECK_STR(pwd.homedir, profile);
  }
#else
  {
    struct passwd* row = getpwuid(geteuid());

    CHECK(row != NULL);
    CHECK_STR(pwd.username, row->pw_name);
    CHECK_STR(pwd.homedir, row->pw_dir);
    CHECK_STR(pwd.shell, row->pw_shell);
    CHECK_EQ(pwd.uid, row->pw_uid);
    CHECK_EQ(pwd.gid, row->pw_gid);
  }
#endif
  uv_os_free_passwd(&pwd);
  CHECK(pwd.username == NULL && pwd.homedir == NULL && pwd.shell == NULL);
  uv_os_free_passwd(&pwd); /* as programs do that clean up twice */
  uv_os_free_passwd(NULL);
}

TEST(passwd_by_number) {
  uv_passwd_t pwd;

  CHECK_EQ(uv_os_get_passwd2(NULL, 0), UV_EINVAL);
#ifdef _WIN32
  CHECK_EQ(uv_os_get_passwd2(&pwd, 0), UV_ENOTSUP);
#else
  CHECK_EQ(uv_os_get_passwd2(&pwd, 0), 0);
  CHECK_STR(pwd.username, "root");
  CHECK_EQ(pwd.uid, 0);
  uv_os_free_passwd(&pwd);
  pwd.username = NULL;
  CHECK_EQ(uv_os_get_passwd2(&pwd, 0x7ffffff0), UV_ENOENT);
  CHECK(pwd.username == NULL);
#endif
}

#ifndef _WIN32
/* All members of a group, in order. */
static void check_group(const uv_group_t* grp, const struct group* row) {
  size_t i;

  CHECK_STR(grp->groupname, row->gr_name);
  CHECK_EQ(grp->gid, row->gr_gid);
  for (i = 0; row->gr_mem[i] != NULL; i++)
    CHECK_STR(grp->members[i], row->gr_mem[i]);
  CHECK(grp->members[i] == NULL);
}
#endif

TEST(group_by_number) {
  uv_group_t grp;

  CHECK_EQ(uv_os_get_group(NULL, 0), UV_EINVAL);
#ifdef _WIN32
  CHECK_EQ(uv_os_get_group(&grp, 0), UV_ENOTSUP);
#else
  {
    struct group* row;

    setgrent();
    while ((row = getgrent()) != NULL) {
      CHECK_EQ(uv_os_get_group(&grp, row->gr_gid), 0);
      check_group(&grp, row);
      uv_os_free_group(&grp);
      CHECK(grp.groupname == NULL && grp.members == NULL);
    }
    endgrent();
  }
  CHECK_EQ(uv_os_get_group(&grp, 0x7ffffff0), UV_ENOENT);
#endif
  uv_os_free_group(NULL);
}

/* ---- Shared libraries ---- */

#ifdef _WIN32
#  define LIBRARY "kernel32.dll"
#  define FUNCTION "lstrlenA"
typedef int(WINAPI* length_fn)(const char* text);
#else
#  ifdef __APPLE__
#    define LIBRARY "libSystem.dylib"
#  elif defined(__GLIBC__)
#    define LIBRARY "libc.so.6"
#  else
#    define LIBRARY "libc.so"
#  endif
#  define FUNCTION "strlen"
typedef size_t (*length_fn)(const char* text);
#endif

TEST(dlopen_finds_a_function) {
  uv_lib_t lib;
  void* found = NULL;
  length_fn length;

  CHECK_EQ(uv_dlopen(LIBRARY, &lib), 0);
  CHECK_STR(uv_dlerror(&lib), "no error");
  CHECK_EQ(uv_dlsym(&lib, FUNCTION, &found), 0);
  memcpy(&length, &found, sizeof(length));
  CHECK_EQ(length("seven b"), 7);
  CHECK_STR(uv_dlerror(&lib), "no error");
  uv_dlclose(&lib);
}

TEST(dlopen_says_why_not) {
  uv_lib_t lib;

  CHECK_EQ(uv_dlopen("there is no such library", &lib), -1);
  CHECK(strlen(uv_dlerror(&lib)) > 3);
  CHECK(strcmp(uv_dlerror(&lib), "no error") != 0);
  CHECK(strchr(uv_dlerror(&lib), '\n') == NULL);
  uv_dlclose(&lib);
  CHECK_STR(uv_dlerror(&lib), "no error");
}

TEST(dlsym_says_why_not) {
  void* found = &found;
  uv_lib_t lib;

  CHECK_EQ(uv_dlopen(LIBRARY, &lib), 0);
  CHECK_EQ(uv_dlsym(&lib, "there_is_no_such_function", &found), -1);
  CHECK(found == &found);
  CHECK(strcmp(uv_dlerror(&lib), "no error") != 0);
  /* The library can be used on. */
  CHECK_EQ(uv_dlsym(&lib, FUNCTION, &found), 0);
  CHECK(found != &found && found != NULL);
  uv_dlclose(&lib);
}

TEST(dlopen_of_the_program_itself) {
  uv_lib_t lib;

  CHECK_EQ(uv_dlopen(NULL, &lib), 0);
  uv_dlclose(&lib);
}

TEST(dlopen_of_a_name_that_is_no_text) {
  uv_lib_t lib;

  CHECK_EQ(uv_dlopen("\xff\xfe", &lib), -1);
  CHECK(strcmp(uv_dlerror(&lib), "no error") != 0);
  uv_dlclose(&lib);
}

/* ---- What uv.h brings along ---- */

TEST(names_that_programs_find_by_uv_h_alone) {
#ifdef _WIN32
  /* All of windows.h, unless the program asks for less. */
  NOTIFYICONDATAW icon;
  IUnknown* object = NULL;

  memset(&icon, 0, sizeof(icon));
  CHECK(icon.cbSize == 0 && object == NULL);
  CHECK_EQ(SIGABRT_COMPAT, 6);
  CHECK_EQ(SIGHUP, 1);
  CHECK_EQ(SIGQUIT, 3);
  CHECK_EQ(SIGKILL, 9);
  CHECK_EQ(SIGWINCH, 28);
  CHECK_EQ(NSIG, SIGWINCH + 1);
#else
  DIR* folder = opendir("/");
  sem_t semaphore;

  CHECK(folder != NULL);
  CHECK(readdir(folder) != NULL);
  CHECK_EQ(closedir(folder), 0);
  CHECK_EQ(sem_init(&semaphore, 0, 1), 0);
  CHECK_EQ(sem_trywait(&semaphore), 0);
  CHECK_EQ(sem_destroy(&semaphore), 0);
  CHECK(getpwuid(0) != NULL);
  CHECK(isfinite(HUGE_VAL) == 0);
#endif
}
