/* Threads of the host that run one at a time: each is woken when it is its turn, and goes on until it
 * says whose turn is next. Who that is, is sim_thread.c's to say. */
#include "sim_internal.h"

#if defined(_WIN32)
#  include <process.h>
#  include <windows.h>
#else
#  include <pthread.h>
#endif

static int turn; /* guarded by the lock */
static void (*entry)(int number);

#if defined(_WIN32)

static SRWLOCK lock = SRWLOCK_INIT;
static CONDITION_VARIABLE turns[SIM_THREADS]; /* Zero is what one is that nobody waits for. */
static HANDLE handles[SIM_THREADS];

static void hand_over(int to) {
  AcquireSRWLockExclusive(&lock);
  turn = to;
  WakeConditionVariable(&turns[to]);
  ReleaseSRWLockExclusive(&lock);
}

static void wait_for_turn(int number) {
  AcquireSRWLockExclusive(&lock);
  while (turn != number)
    SleepConditionVariableSRW(&turns[number], &lock, INFINITE, 0);
  ReleaseSRWLockExclusive(&lock);
}

static unsigned __stdcall serve(void* arg) {
  int number = (int) (intptr_t) arg;

  wait_for_turn(number);
  entry(number);
  return 0;
}

static int start(int number) {
  handles[number] = (HANDLE) _beginthreadex(NULL, 0, serve, (void*) (intptr_t) number, 0, NULL);
  return handles[number] != NULL;
}

void sim_runner_join(int number) {
  WaitForSingleObject(handles[number], INFINITE);
  CloseHandle(handles[number]);
}

#else

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turns[SIM_THREADS];
static pthread_t handles[SIM_THREADS];

static void hand_over(int to) {
  pthread_mutex_lock(&lock);
  turn = to;
  pthread_cond_signal(&turns[to]);
  pthread_mutex_unlock(&lock);
}

static void wait_for_turn(int number) {
  pthread_mutex_lock(&lock);
  while (turn != number)
    pthread_cond_wait(&turns[number], &lock);
  pthread_mutex_unlock(&lock);
}

static void* serve(void* arg) {
  int number = (int) (intptr_t) arg;

  wait_for_turn(number);
  entry(number);
  return NULL;
}

static int start(int number) {
  static int is_ready;
  int i;

  for (i = 0; !is_ready && i < SIM_THREADS; i++)
    pthread_cond_init(&turns[i], NULL);
  is_ready = 1;
  return pthread_create(&handles[number], NULL, serve, (void*) (intptr_t) number) == 0;
}

void sim_runner_join(int number) {
  pthread_join(handles[number], NULL);
}

#endif

void sim_runner_start(int number, void (*run)(int number)) {
  entry = run;
  if (!start(number))
    sim_fail("the test itself gets no thread");
}

void sim_runner_switch(int from, int to) {
  hand_over(to);
  wait_for_turn(from);
}

void sim_runner_leave(int to) {
  hand_over(to);
}
