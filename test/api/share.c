/* A thread's and a process's share of the processors: names, priorities, and where threads run. */
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "pipes.h"
#include "uv.h"

enum {
  ROOM = 4096 /* for a mask of any system */
};

/* ---- Names ---- */

/* A Unix that the library does not know by name is not asked. */
static void need_names(void) {
  if (uv_thread_setname("test") == UV_ENOSYS)
    SKIP("this system has no way to name a thread");
}

struct named {
  uv_sem_t ready;
  uv_sem_t done;
  int r;
};

static void take_a_name(void* arg) {
  struct named* named = arg;

  named->r = uv_thread_setname("worker");
  uv_sem_post(&named->ready);
  uv_sem_wait(&named->done);
}

TEST(thread_name_of_another) {
  char name[64];
  struct named named;
  uv_thread_t thread;

  need_names();
  test_needs_proc();
  CHECK_EQ(uv_sem_init(&named.ready, 0), 0);
  CHECK_EQ(uv_sem_init(&named.done, 0), 0);
  CHECK_EQ(uv_thread_create(&thread, take_a_name, &named), 0);
  uv_sem_wait(&named.ready);
  CHECK_EQ(named.r, 0);
  CHECK_EQ(uv_thread_getname(&thread, name, sizeof(name)), 0);
  CHECK_STR(name, "worker");
  uv_sem_post(&named.done);
  CHECK_EQ(uv_thread_join(&thread), 0);
  uv_sem_destroy(&named.ready);
  uv_sem_destroy(&named.done);
}

TEST(thread_name_can_change) {
  uv_thread_t self = uv_thread_self();
  char name[64];

  need_names();
  CHECK_EQ(uv_thread_setname("first"), 0);
  CHECK_EQ(uv_thread_setname("second"), 0);
  CHECK_EQ(uv_thread_getname(&self, name, sizeof(name)), 0);
  CHECK_STR(name, "second");
  CHECK_EQ(uv_thread_setname(""), 0);
  CHECK_EQ(uv_thread_getname(&self, name, sizeof(name)), 0);
  CHECK_STR(name, "");
}

TEST(thread_name_is_cut_where_it_does_not_fit) {
  static const char whole[] = "0123456789abcdefghijklmnopqrstuvwxyz";
  uv_thread_t self = uv_thread_self();
  char name[64];
  size_t len;

  need_names();
  CHECK_EQ(uv_thread_setname(whole), 0);
  CHECK_EQ(uv_thread_getname(&self, name, sizeof(name)), 0);
  len = strlen(name);
  CHECK(len >= 15);
  CHECK(strncmp(name, whole, len) == 0);
  memset(name, 'x', sizeof(name));
  CHECK_EQ(uv_thread_getname(&self, name, 5), 0);
  CHECK_STR(name, "0123");
  CHECK_EQ(name[5], 'x');
  CHECK_EQ(uv_thread_getname(&self, name, 1), 0);
  CHECK_STR(name, "");
}

TEST(thread_name_is_cut_between_characters) {
  static const char whole[] = "a\303\251\303\251\303\251\303\251\303\251\303\251\303\251";
  char text[2 * sizeof(whole)] = "";
  uv_thread_t self = uv_thread_self();
  char name[64];
  size_t len;

  need_names();
  strcat(text, whole);     /* Of fifteen bytes, which Linux has, the last one begins a character, */
  strcat(text, whole + 1); /* and there are systems with more. */
  CHECK_EQ(uv_thread_setname(text + 1), 0);
  CHECK_EQ(uv_thread_getname(&self, name, sizeof(name)), 0);
  len = strlen(name);
  CHECK_EQ(len % 2, 0);
  CHECK(len >= 14 && strncmp(name, text + 1, len) == 0);
  CHECK_EQ(uv_thread_getname(&self, name, 6), 0);
  CHECK_STR(name, "\303\251\303\251");
}

TEST(thread_name_misuse) {
  uv_thread_t self = uv_thread_self();
  char name[4] = "old";

  CHECK_EQ(uv_thread_setname(NULL), UV_EINVAL);
  CHECK_EQ(uv_thread_getname(&self, NULL, 4), UV_EINVAL);
  CHECK_EQ(uv_thread_getname(&self, name, 0), UV_EINVAL);
  CHECK_STR(name, "old");
}

/* ---- Priorities of threads ---- */

static void get_lower(void* arg) {
  int before = -99;
  int after = -99;

  (void) arg;
  CHECK_EQ(uv_thread_getpriority(uv_thread_self(), &before), 0);
  CHECK_EQ(uv_thread_setpriority(uv_thread_self(), UV_THREAD_PRIORITY_LOWEST), 0);
  CHECK_EQ(uv_thread_getpriority(uv_thread_self(), &after), 0);
#if defined(_WIN32)
  CHECK_EQ(before, UV_THREAD_PRIORITY_NORMAL);
  CHECK_EQ(after, UV_THREAD_PRIORITY_LOWEST);
#elif defined(__linux__)
  CHECK_EQ(after, 4); /* a nice value */
#endif
}

TEST(thread_priority_can_get_lower) {
  uv_thread_t thread;
  int before;
  int after;

  CHECK_EQ(uv_thread_getpriority(uv_thread_self(), &before), 0);
  CHECK_EQ(uv_thread_create(&thread, get_lower, NULL), 0);
  CHECK_EQ(uv_thread_join(&thread), 0);
  /* It is that of the thread alone. */
  CHECK_EQ(uv_thread_getpriority(uv_thread_self(), &after), 0);
  CHECK_EQ(before, after);
}

static void wait_for_main(void* arg) {
  uv_sem_wait(arg);
}

TEST(thread_priority_of_another) {
  uv_thread_t thread;
  int priority = -99;
  uv_sem_t done;

  CHECK_EQ(uv_sem_init(&done, 0), 0);
  CHECK_EQ(uv_thread_create(&thread, wait_for_main, &done), 0);
  CHECK_EQ(uv_thread_setpriority(thread, UV_THREAD_PRIORITY_BELOW_NORMAL), 0);
  CHECK_EQ(uv_thread_getpriority(thread, &priority), 0);
#if defined(_WIN32)
  CHECK_EQ(priority, UV_THREAD_PRIORITY_BELOW_NORMAL);
#elif defined(__linux__)
  CHECK_EQ(priority, 0);
#endif
  uv_sem_post(&done);
  CHECK_EQ(uv_thread_join(&thread), 0);
  uv_sem_destroy(&done);
}

TEST(thread_priority_misuse) {
  CHECK_EQ(uv_thread_setpriority(uv_thread_self(), 3), UV_EINVAL);
  CHECK_EQ(uv_thread_setpriority(uv_thread_self(), -3), UV_EINVAL);
  CHECK_EQ(uv_thread_getpriority(uv_thread_self(), NULL), UV_EINVAL);
}

/* ---- Priorities of processes ---- */

TEST(priority_of_this_process) {
  int priority = -99;

  CHECK_EQ(uv_os_getpriority(0, &priority), 0);
  CHECK(priority >= UV_PRIORITY_HIGHEST && priority <= UV_PRIORITY_LOW);
  if (priority > UV_PRIORITY_BELOW_NORMAL)
    SKIP("this process was started with a low priority");
  CHECK_EQ(uv_os_setpriority(0, UV_PRIORITY_BELOW_NORMAL), 0);
  CHECK_EQ(uv_os_getpriority(uv_os_getpid(), &priority), 0);
  CHECK_EQ(priority, UV_PRIORITY_BELOW_NORMAL);
  CHECK_EQ(uv_os_setpriority(uv_os_getpid(), UV_PRIORITY_BELOW_NORMAL + 3), 0);
  CHECK_EQ(uv_os_getpriority(0, &priority), 0);
#ifdef _WIN32
  CHECK_EQ(priority, UV_PRIORITY_BELOW_NORMAL); /* its class */
#else
  CHECK_EQ(priority, UV_PRIORITY_BELOW_NORMAL + 3);
#endif
  CHECK_EQ(uv_os_setpriority(0, UV_PRIORITY_LOW), 0);
  CHECK_EQ(uv_os_getpriority(0, &priority), 0);
  CHECK_EQ(priority, UV_PRIORITY_LOW);
}

TEST(priority_misuse) {
  int priority = -99;

  CHECK_EQ(uv_os_getpriority(0, NULL), UV_EINVAL);
  CHECK_EQ(uv_os_setpriority(0, UV_PRIORITY_HIGHEST - 1), UV_EINVAL);
  CHECK_EQ(uv_os_setpriority(0, UV_PRIORITY_LOW + 1), UV_EINVAL);
  CHECK_EQ(uv_os_getpriority(0x7ffffff0, &priority), UV_ESRCH);
  CHECK_EQ(uv_os_setpriority(0x7ffffff0, UV_PRIORITY_LOW), UV_ESRCH);
  CHECK_EQ(uv_os_getpriority(-1, &priority), UV_ESRCH);
  CHECK_EQ(priority, -99);
}

/* ---- Processors ---- */

static char mask[ROOM];
static char old[ROOM];

static int last_of(const char* processors, int size) {
  int last = -1;
  int i;

  for (i = 0; i < size; i++) {
    CHECK(processors[i] == 0 || processors[i] == 1);
    if (processors[i])
      last = i;
  }
  return last;
}

TEST(thread_affinity_ties_to_a_processor) {
  uv_thread_t self = uv_thread_self();
  int size = uv_cpumask_size();
  int last;

  if (size == UV_ENOTSUP)
    SKIP("threads cannot be tied to processors here");
  CHECK(size > 0 && size <= ROOM);
  CHECK_EQ(uv_thread_getaffinity(&self, mask, sizeof(mask)), 0);
  last = last_of(mask, size);
  CHECK(last >= 0);
  memcpy(old, mask, sizeof(old));
  memset(mask, 0, sizeof(mask));
  mask[last] = 1;
  CHECK_EQ(uv_thread_setaffinity(&self, mask, NULL, (size_t) size), 0);
  CHECK_EQ(uv_thread_getcpu(), last);
  /* What was, comes back, also into the mask that is set. */
  CHECK_EQ(uv_thread_setaffinity(&self, old, old, (size_t) size), 0);
  CHECK_EQ(last_of(old, size), last);
  old[last] = 0;
  CHECK_EQ(last_of(old, size), -1);
}

TEST(thread_affinity_of_another) {
  int size = uv_cpumask_size();
  uv_thread_t thread;
  uv_sem_t done;
  int last;

  if (size == UV_ENOTSUP)
    SKIP("threads cannot be tied to processors here");
  CHECK_EQ(uv_sem_init(&done, 0), 0);
  CHECK_EQ(uv_thread_create(&thread, wait_for_main, &done), 0);
  CHECK_EQ(uv_thread_getaffinity(&thread, mask, sizeof(mask)), 0);
  last = last_of(mask, size);
  memset(mask, 0, sizeof(mask));
  mask[last] = 1;
  CHECK_EQ(uv_thread_setaffinity(&thread, mask, NULL, sizeof(mask)), 0);
  memset(old, 7, sizeof(old));
  CHECK_EQ(uv_thread_getaffinity(&thread, old, sizeof(old)), 0);
  CHECK(memcmp(mask, old, (size_t) size) == 0);
  CHECK_EQ(old[size], 7);
  uv_sem_post(&done);
  CHECK_EQ(uv_thread_join(&thread), 0);
  uv_sem_destroy(&done);
}

TEST(thread_affinity_misuse) {
  uv_thread_t self = uv_thread_self();
  int size = uv_cpumask_size();

  if (size == UV_ENOTSUP)
    SKIP("threads cannot be tied to processors here");
  memset(mask, 0, sizeof(mask));
  memset(old, 7, sizeof(old));
  CHECK_EQ(uv_thread_setaffinity(&self, mask, old, (size_t) size), UV_EINVAL); /* none at all */
  mask[0] = 1;
  CHECK_EQ(uv_thread_setaffinity(&self, mask, old, (size_t) size - 1), UV_EINVAL);
  CHECK_EQ(uv_thread_getaffinity(&self, old, (size_t) size - 1), UV_EINVAL);
  CHECK_EQ(old[0], 7);
}

TEST(thread_getcpu_is_one_of_the_processors) {
  int cpu = uv_thread_getcpu();

  if (cpu == UV_ENOTSUP)
    SKIP("the system does not tell");
  CHECK(cpu >= 0 && cpu < uv_cpumask_size());
}

/* ---- What a thread used ---- */

static int64_t used_us(const uv_rusage_t* used) {
  return ((int64_t) used->ru_utime.tv_sec + used->ru_stime.tv_sec) * 1000000 +
         used->ru_utime.tv_usec + used->ru_stime.tv_usec;
}

static void use_little(void* arg) {
  CHECK_EQ(uv_getrusage_thread(arg), 0);
}

TEST(getrusage_of_a_thread) {
  uv_rusage_t mine;
  uv_rusage_t others;
  uv_rusage_t all;
  uv_thread_t thread;
  int r = uv_getrusage_thread(&mine);

  CHECK_EQ(uv_getrusage_thread(NULL), UV_EINVAL);
  if (r == UV_ENOTSUP)
    SKIP("the system does not tell");
  /* More than a thread needs that only starts, and than the coarsest tick. */
  do
    CHECK_EQ(uv_getrusage_thread(&mine), 0);
  while (used_us(&mine) < 200000);
  CHECK_EQ(uv_thread_create(&thread, use_little, &others), 0);
  CHECK_EQ(uv_thread_join(&thread), 0);
  CHECK_EQ(uv_getrusage(&all), 0);
  CHECK(used_us(&others) < used_us(&mine));
  /* Wine counts the threads of a 32-bit process from earlier on than the process, by two ticks. */
  CHECK(used_us(&all) + 50000 >= used_us(&mine));
}
