/* The simulated system's threads and locks. One thread runs at a time, and where it meets a lock or
 * works the seed may let another one go on; so a schedule of threads is repeated like one of ios.
 * sim_runner.c makes them take turns. There are no forks. */
#include "sim_internal.h"

#include <string.h>

enum {
  SWITCHES = 30, /* percent of the occasions */
  TICK_SWITCHES = 60
};

/* The first is the program's, which runs the loops. */
static struct thread {
  uv_thread_cb entry;
  void* arg;
  int exists;
  int is_over;
  const uv_mutex_t* wants; /* until it is free */
  const uv_cond_t* sleeps; /* until somebody signals it */
  const struct thread* joins;
} threads[SIM_THREADS];

static int current;
static int others;
static unsigned long others_ran;

/* ---- Whose turn it is ---- */

static int can_run(const struct thread* thread) {
  return thread->exists && !thread->is_over && (thread->wants == NULL || *thread->wants == 0) &&
         thread->sleeps == NULL && (thread->joins == NULL || thread->joins->is_over);
}

static int choose(void) {
  int able[SIM_THREADS];
  unsigned count = 0;
  int i;

  for (i = 0; i < SIM_THREADS; i++)
    if (can_run(&threads[i]))
      able[count++] = i;
  if (count == 0)
    sim_fail("all threads wait for each other");
  return count == 1 ? able[0] : able[sim_below(count)];
}

static void take_turns(void) {
  int from = current;
  int to = choose();

  if (to == from)
    return;
  others_ran += from == 0;
  current = to;
  sim_runner_switch(from, to);
}

static void maybe_switch(unsigned percent) {
  if (others > 0 && sim_chance(percent))
    take_turns();
}

void sim_pause(void) {
  if (others > 0)
    take_turns();
}

void sim_tick_threads(void) {
  maybe_switch(TICK_SWITCHES);
}

int sim_on_main(void) {
  return current == 0;
}

unsigned long sim_others_ran(void) {
  return others_ran;
}

/* ---- Threads ---- */

static void run(int number) {
  struct thread* thread = &threads[number];

  thread->entry(thread->arg);
  thread->is_over = 1;
  current = choose();
  sim_runner_leave(current);
}

int uv_thread_create_ex(uv_thread_t* tid,
                        const uv_thread_options_t* params,
                        uv_thread_cb entry,
                        void* arg) {
  int number = 1;

  (void) params;
  while (number < SIM_THREADS && threads[number].exists)
    number++;
  if (number == SIM_THREADS || sim_chance(sim_trouble.open_error)) {
    sim_mark(MARK_NO_THREAD);
    sim_seen->refused(NULL, UV_EAGAIN);
    return UV_EAGAIN;
  }
  memset(&threads[number], 0, sizeof(threads[number]));
  threads[number].entry = entry;
  threads[number].arg = arg;
  threads[number].exists = 1;
  others++;
  *tid = number;
  sim_runner_start(number, run);
  return 0;
}

int uv_thread_join(uv_thread_t* tid) {
  struct thread* thread = &threads[*tid];

  if (*tid <= 0 || *tid >= SIM_THREADS || !thread->exists)
    sim_fail("join of what is no thread");
  threads[current].joins = thread;
  take_turns();
  threads[current].joins = NULL;
  sim_runner_join(*tid);
  thread->exists = 0;
  others--;
  return 0;
}

void uv_sleep(unsigned int msec) {
  (void) msec;
  if (others == 0)
    sim_fail("the only thread waits for another");
  sim_pause();
}

/* ---- Locks: whose each is, from 1 on ---- */

int uv_mutex_init(uv_mutex_t* mutex) {
  *mutex = 0;
  return 0;
}

void uv_mutex_destroy(uv_mutex_t* mutex) {
  if (*mutex != 0)
    sim_fail("a mutex is destroyed while it is locked");
}

static void lock(uv_mutex_t* mutex) {
  if (*mutex == current + 1)
    sim_fail("a mutex is locked twice");
  if (*mutex != 0) {
    sim_mark(MARK_LOCK_IS_HELD);
    threads[current].wants = mutex;
    take_turns();
    threads[current].wants = NULL;
  }
  *mutex = current + 1;
}

static void unlock(uv_mutex_t* mutex) {
  if (*mutex != current + 1)
    sim_fail("a mutex is unlocked by who has not locked it");
  *mutex = 0;
}

void uv_mutex_lock(uv_mutex_t* mutex) {
  maybe_switch(SWITCHES);
  lock(mutex);
  maybe_switch(SWITCHES); /* With the lock. */
}

void uv_mutex_unlock(uv_mutex_t* mutex) {
  unlock(mutex);
  maybe_switch(SWITCHES);
}

int uv_cond_init(uv_cond_t* cond) {
  *cond = 0;
  return 0;
}

void uv_cond_destroy(uv_cond_t* cond) {
  (void) cond;
}

/* Wakes one of those that sleep, or all. */
static void wake(const uv_cond_t* cond, int all) {
  struct thread* asleep[SIM_THREADS];
  unsigned count = 0;
  int i;

  for (i = 0; i < SIM_THREADS; i++)
    if (threads[i].exists && threads[i].sleeps == cond)
      asleep[count++] = &threads[i];
  if (count == 0)
    return;
  if (!all) {
    asleep[0] = asleep[sim_below(count)];
    count = 1;
  }
  while (count-- > 0)
    asleep[count]->sleeps = NULL;
}

void uv_cond_signal(uv_cond_t* cond) {
  wake(cond, 0);
}

void uv_cond_broadcast(uv_cond_t* cond) {
  wake(cond, 1);
}

void uv_cond_wait(uv_cond_t* cond, uv_mutex_t* mutex) {
  unlock(mutex);
  if (!sim_chance(5)) /* Else it wakes for nothing. */
    threads[current].sleeps = cond;
  take_turns();
  lock(mutex);
}

void uv_once(uv_once_t* guard, void (*callback)(void)) {
  if (*guard == 0)
    callback();
  *guard = 1;
}

uint64_t uv_hrtime(void) {
  return uv__port_now(NULL) * 1000000;
}

/* ---- Forks ---- */

int uv__port_at_fork(void (*before)(void), void (*in_parent)(void), void (*in_child)(void)) {
  (void) before;
  (void) in_parent;
  (void) in_child;
  return 0;
}

int uv__port_fork(uv_loop_t* loop) {
  (void) loop;
  return UV_ENOSYS;
}

int uv__port_fork_io(struct uv__io* io) {
  (void) io;
  return UV_ENOSYS;
}

int uv__port_block_signal(uv_loop_t* loop, int signum) {
  (void) loop;
  (void) signum;
  return UV_ENOSYS;
}

/* ---- A run ---- */

void sim_threads_begin(void) {
  threads[0].exists = 1;
  current = 0;
  others_ran = 0;
}

void sim_threads_end(void) {
  if (others > 0)
    sim_fail("%d threads were never joined", others);
}
