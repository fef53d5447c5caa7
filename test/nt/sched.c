/* The seed, the clock, and who has the baton. Threads as objects of Windows are in thread.c; what
 * they wait for is in wait.c and lock.c. */
#include "proc.h"

#include <stdio.h>
#include <string.h>

#include "host.h"

struct nt_later {
  uint64_t at;
  uint64_t serial;
  void (*fn)(void* arg);
  void* arg;
  struct nt_later* next; /* sorted by time, then by age */
};

struct nt_trouble nt_trouble;
int nt_verbose;
const char* nt_note;
void (*nt_watch)(const char* call);
struct nt_sched nt_sched;

static uint64_t seed;
static uint64_t random_state;
static uint64_t step;
static uint64_t now;
static uint64_t serial;
static struct nt_later* laters;
static const char* last_call = "";

/* ---- The seed ---- */

/* SplitMix64, by Sebastiano Vigna, in the public domain. */
static uint64_t next_random(void) {
  uint64_t z = (random_state += 0x9e3779b97f4a7c15);

  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

unsigned nt_below(unsigned bound) {
  return bound < 2 ? 0 : (unsigned) (next_random() % bound);
}

int nt_chance(unsigned percent) {
  return percent != 0 && nt_below(100) < percent;
}

void nt_seed(uint64_t to) {
  seed = to;
  random_state = to;
  step = 0;
  /* Far from 0, where differences would hide, and off any tick. */
  now = 1000000 * NT_MS + nt_below(156250);
  nt_trouble.preempt = nt_chance(50) ? 2 : 20;
  nt_trouble.late = nt_below(4) * 25;
  nt_trouble.slow = nt_chance(50) ? 2 : 15;
  nt_trouble.shorter = nt_below(4) * 15;
  nt_trouble.spurious = nt_below(3) * 10;
  nt_trouble.reuse = (unsigned) ((to + to / 7 + 1) % 3) * 50; /* Three seeds in a row have all. */
  if (host_env("NT_VERBOSE") != NULL)
    nt_verbose = 1;
}

/* ---- Faults ---- */

static void say(const char* format, va_list args) {
  char line[512];

  vsnprintf(line, sizeof(line), format, args);
  host_print(line);
}

void nt_fault(const char* format, ...) {
  char head[160];
  va_list args;

  snprintf(head, sizeof(head), "nt: seed %llu, step %llu, in %s: ", (unsigned long long) seed,
           (unsigned long long) step, last_call);
  host_print(head);
  va_start(args, format);
  say(format, args);
  va_end(args);
  host_print("\n");
  if (nt_note != NULL)
    host_print(nt_note);
  host_backtrace();
  host_exit(1);
}

void nt_trace(const char* format, ...) {
  char head[80];
  va_list args;

  if (!nt_verbose)
    return;
  snprintf(head, sizeof(head), "nt %llu.%04llu #%llu t%u: ", (unsigned long long) (now / NT_MS),
           (unsigned long long) (now % NT_MS), (unsigned long long) step,
           nt_sched.current == NULL ? 0 : nt_sched.current->id);
  host_print(head);
  va_start(args, format);
  say(format, args);
  va_end(args);
  host_print("\n");
}

void nt_absent(const char* name) {
  last_call = name;
  nt_fault("%s: this call is declared but not modelled", name);
}

/* ---- The clock ---- */

uint64_t nt_now(void) {
  return now;
}

uint64_t nt_due(DWORD timeout_ms) {
  const uint64_t tick = 156250;
  uint64_t from = now / tick * tick;
  uint64_t end = from + timeout_ms * NT_MS;

  if (timeout_ms == INFINITE)
    return NT_NEVER;
  if (timeout_ms == 0)
    return now;
  end = (end + tick - 1) / tick * tick;
  return end > now ? end : now + 1;
}

uint64_t nt_latency(void) {
  if (nt_chance(nt_trouble.slow))
    return NT_MS * nt_below(40) + nt_below(10000);
  return nt_below(30 * NT_US);
}

struct nt_later* nt_later(uint64_t delay, void (*fn)(void* arg), void* arg) {
  struct nt_later* later = nt_alloc(sizeof(*later));
  struct nt_later** at = &laters;

  later->at = now + delay;
  later->serial = ++serial;
  later->fn = fn;
  later->arg = arg;
  while (*at != NULL && (*at)->at <= later->at)
    at = &(*at)->next;
  later->next = *at;
  *at = later;
  return later;
}

void nt_later_not(struct nt_later* later) {
  struct nt_later** at = &laters;

  while (*at != later)
    at = &(*at)->next;
  *at = later->next;
  nt_free(later);
}

static void run_laters(void) {
  while (laters != NULL && laters->at <= now) {
    struct nt_later first = *laters;
    struct nt_later* gone = laters;

    laters = first.next;
    nt_free(gone);
    first.fn(first.arg);
  }
}

/* ---- The baton ---- */

static int is_able(struct nt_thread* thread) {
  if (thread->state == NT_THREAD_RUNS)
    return 1;
  if (thread->state != NT_THREAD_WAITS)
    return 0;
  if (thread->interrupted && thread->alertable)
    return 1;
  return thread->ready(thread->arg) || now >= thread->until;
}

/* Somebody who can go on, chosen by the seed; NULL: nobody. */
static struct nt_thread* choose(void) {
  struct nt_thread* thread;
  unsigned count = 0;
  unsigned nth;

  for (thread = nt_sched.threads; thread != NULL; thread = thread->next)
    count += (unsigned) (thread->able = is_able(thread));
  if (count == 0)
    return NULL;
  nth = nt_below(count);
  for (thread = nt_sched.threads; thread != NULL; thread = thread->next)
    if (thread->able && nth-- == 0)
      return thread;
  return NULL;
}

static void deadlock(void) {
  struct nt_thread* thread;

  for (thread = nt_sched.threads; thread != NULL; thread = thread->next) {
    char line[120];
    snprintf(line, sizeof(line), "nt: thread %u%s waits in %s\n", thread->id,
             thread->daemon ? " (of the pool)" : "", thread->call);
    host_print(line);
  }
  nt_fault("every thread waits, and nothing is to come");
}

/* Moves the clock to what comes first when nobody can go on. */
static void advance(void) {
  struct nt_thread* thread;
  uint64_t next = laters != NULL ? laters->at : NT_NEVER;

  for (thread = nt_sched.threads; thread != NULL; thread = thread->next)
    if (thread->state == NT_THREAD_WAITS && thread->until < next)
      next = thread->until;
  if (next == NT_NEVER)
    deadlock();
  if (next > now)
    now = next;
  run_laters();
}

void nt_switch(void) {
  struct nt_thread* self = nt_sched.current;
  struct nt_thread* next;

  run_laters();
  while ((next = choose()) == NULL)
    advance();
  if (next == self)
    return;
  nt_sched.current = next;
  host_gate_open(&next->gate);
  if (self->state != NT_THREAD_ENDED || self->killed)
    host_gate_wait(&self->gate);
}

/* Whoever acts as another one goes back first; what is between would be done with the rights of a client. */
static int is_for_clients(const char* call) {
  return strncmp(call, "nt_", 3) == 0 || strcmp(call, "OpenThreadToken") == 0 ||
         strcmp(call, "RevertToSelf") == 0 || strcmp(call, "SetThreadToken") == 0;
}

/* "GetLastError", remarks: some functions set it to 0 when they succeed. Which do is not said of most. */
static int keeps_error(const char* call) {
  return strstr(call, "SRWLock") != NULL || strstr(call, "CriticalSection") != NULL ||
         strstr(call, "Condition") != NULL;
}

static void let_another_go_on(void) {
  const char* call = last_call;

  if (nt_sched.threads->next != NULL && nt_chance(nt_trouble.preempt)) {
    nt_switch();
    last_call = call;
  }
}

void nt_enter(const char* call) {
  struct nt_thread* self = host_self();

  if (self == NULL)
    self = nt_thread_adopt();
  self->call = call;
  last_call = call;
  if (self->is_client && !is_for_clients(call))
    nt_fault("%s by a thread that acts as the client of a pipe", call);
  if (!keeps_error(call))
    self->error = 0;
  step++;
  self->process->calls++;
  now += 1 + nt_below(20);
  if (nt_verbose)
    nt_trace("%s", call);
  if (nt_watch != NULL)
    nt_watch(call);
  if (laters != NULL && laters->at <= now)
    run_laters();
  if (self->killed)
    nt_switch();
  let_another_go_on();
}

/* Between two calls threads see of each other what is atomic, and so may go on at it. It is none of the system's
 * calls: no time passes, and no error is forgotten. */
void nt_atomic(void) {
  struct nt_thread* self = host_self();

  if (self != NULL && self == nt_sched.current && !self->killed)
    let_another_go_on();
}

static int wait_here(int (*ready)(void* arg), void* arg, uint64_t until, int alertable) {
  struct nt_thread* self = nt_sched.current;
  const char* call = last_call;
  int r;

  /* What is there is not waited for, as a rule. */
  if (!ready(arg) && now < until) {
    self->ready = ready;
    self->arg = arg;
    self->until = until;
    self->alertable = alertable;
    self->state = NT_THREAD_WAITS;
    nt_switch();
    self->state = NT_THREAD_RUNS;
    last_call = call;
  }
  r = ready(arg);
  if (!r && alertable && self->interrupted)
    r = -1;
  return r;
}

int nt_wait(int (*ready)(void* arg), void* arg, uint64_t until) {
  return wait_here(ready, arg, until, 0);
}

int nt_wait_alertable(int (*ready)(void* arg), void* arg, uint64_t until) {
  return wait_here(ready, arg, until, 1);
}

static void forbid_lock(int (*ready)(void* arg), void* arg, uint64_t until, const char* what) {
  const struct nt_thread* self = nt_sched.current;

  if (self->locks > 0 && !self->may_block && !ready(arg) && until > now)
    nt_fault("this waits for %s with a lock held", what);
}

int nt_wait_for_packet(int (*ready)(void* arg), void* arg, uint64_t until) {
  forbid_lock(ready, arg, until, "a packet");
  return wait_here(ready, arg, until, 0);
}

enum {
  STILL_MS = 5000
};

/* Another thread may be held up by a peer in its turn. */
int nt_wait_without_lock(int (*ready)(void* arg), void* arg, uint64_t until, const char* what) {
  const struct nt_thread* self = nt_sched.current;
  uint64_t began = now;
  int r;

  forbid_lock(ready, arg, until, what);
  r = wait_here(ready, arg, until, 0);
  if (self->is_loops && !self->may_block && now - began > STILL_MS * NT_MS)
    nt_fault("the loop's thread stood still for %llu ms, and waited for %s",
             (unsigned long long) ((now - began) / NT_MS), what);
  return r;
}

int nt_wait_for_peer(int (*ready)(void* arg), void* arg, uint64_t until, const char* what) {
  struct nt_thread* self = nt_sched.current;

  if (self->is_loops && !self->may_block && !ready(arg) && until > now)
    nt_fault("this would make the loop's thread wait for %s", what);
  return nt_wait_without_lock(ready, arg, until, what);
}

int nt_may_block(int on) {
  struct nt_thread* self;
  int was;

  nt_enter("nt_may_block");
  self = nt_self();
  was = self->may_block;
  self->may_block = on;
  return was;
}

/* What is over has been told to whoever waited for it, and he has gone on as far as he can. */
static int is_settled(void* arg) {
  struct nt_thread* thread;

  if (laters != NULL || !nt_pool_is_idle())
    return 0;
  for (thread = nt_sched.threads; thread != NULL; thread = thread->next)
    if (thread != arg && is_able(thread))
      return 0;
  return 1;
}

void nt_settle(void) {
  wait_here(is_settled, nt_sched.current, NT_NEVER, 0);
}

struct nt_thread* nt_self(void) {
  return nt_sched.current;
}

struct nt_process* nt_here(void) {
  return nt_sched.current->process;
}

BOOL nt_error(DWORD error) {
  nt_sched.current->error = error;
  return FALSE;
}
