/* Threads for tests; see thread.h. */
#include "thread.h"

#include <stdlib.h>

#include "harness.h"

#ifdef _WIN32
#  include <process.h>
#  include <windows.h>
#else
#  include <poll.h>
#  include <pthread.h>
#  include <sched.h>
#endif

struct test_thread {
  void (*fn)(void* arg);
  void* arg;
#ifdef _WIN32
  HANDLE id;
#else
  pthread_t id;
#endif
};

#ifdef _WIN32

static unsigned __stdcall enter(void* arg) {
  struct test_thread* thread = arg;

  thread->fn(thread->arg);
  return 0;
}

static int create(struct test_thread* thread) {
  thread->id = (HANDLE) _beginthreadex(NULL, 0, enter, thread, 0, NULL);
  return thread->id != NULL;
}

static void join(struct test_thread* thread) {
  CHECK(WaitForSingleObject(thread->id, INFINITE) == WAIT_OBJECT_0);
  CHECK(CloseHandle(thread->id));
}

void test_thread_yield(void) {
  SwitchToThread();
}

void test_thread_sleep(int ms) {
  Sleep((DWORD) ms);
}

long test_load(const volatile long* number) {
  return InterlockedCompareExchange((volatile long*) number, 0, 0);
}

long test_add(volatile long* number, long by) {
  return InterlockedExchangeAdd(number, by) + by;
}

#else

static void* enter(void* arg) {
  struct test_thread* thread = arg;

  thread->fn(thread->arg);
  return NULL;
}

static int create(struct test_thread* thread) {
  return pthread_create(&thread->id, NULL, enter, thread) == 0;
}

static void join(struct test_thread* thread) {
  CHECK(pthread_join(thread->id, NULL) == 0);
}

void test_thread_yield(void) {
  sched_yield();
}

void test_thread_sleep(int ms) {
  (void) poll(NULL, 0, ms);
}

long test_load(const volatile long* number) {
  return __atomic_load_n(number, __ATOMIC_SEQ_CST);
}

long test_add(volatile long* number, long by) {
  return __atomic_add_fetch(number, by, __ATOMIC_SEQ_CST);
}

#endif

struct test_thread* test_thread_start(void (*fn)(void* arg), void* arg) {
  struct test_thread* thread = malloc(sizeof *thread);

  CHECK(thread != NULL);
  thread->fn = fn;
  thread->arg = arg;
  CHECK(create(thread));
  return thread;
}

void test_thread_join(struct test_thread* thread) {
  join(thread);
  free(thread);
}

#ifdef _WIN32

struct wait {
  HANDLE handle;
  DWORD timeout_ms;
  DWORD result;
};

static void wait_here(void* arg) {
  struct wait* wait = arg;

  wait->result = WaitForSingleObject(wait->handle, wait->timeout_ms);
}

unsigned long test_thread_wait(void* handle, unsigned long timeout_ms) {
  struct wait wait = {handle, timeout_ms, WAIT_FAILED};

  test_thread_join(test_thread_start(wait_here, &wait));
  return wait.result;
}

#endif
