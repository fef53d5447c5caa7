/* A thread that makes one blocking call after another for a stream. It is asked under its lock,
 * works without it, and tells the loop by a packet. One that the system does not let go of is left
 * behind at close, with its block, in which nothing is the program's. */
#include "win/loop/helper.h"

enum {
  PATIENCE_MS = 40, /* with one that does not come back, at close (rule L5) */
  LATE_MS = 1000,   /* with one that has not begun and has bytes to write */
  PAUSE_MS = 10,    /* between two attempts of a call that should have waited */
  RECALLS = 3,      /* at once; then a thread goes on with it */
  RECALL_MS = 64    /* at most between two of these */
};

static void disown(struct uv__helper* helper) {
  if (InterlockedDecrement(&helper->owners) > 0)
    return;
  if (helper->thread != NULL)
    CloseHandle(helper->thread);
  helper->release(helper);
}

static HANDLE start(struct uv__helper* helper, LPTHREAD_START_ROUTINE routine) {
  return CreateThread(NULL, UV__HELPER_STACK, routine, helper, STACK_SIZE_PARAM_IS_A_RESERVATION,
                      NULL);
}

/* Under the lock. The loop is there as long as the helper is not alone. */
static void tell_loop(struct uv__helper* helper) {
  if (helper->alone || helper->packet)
    return;
  helper->packet = 1;
  uv__loop_post(helper->loop, &helper->op);
}

/* Under the lock: it is back, and who recalled it knows nothing of it when this returns. */
static void part_from_caller(struct uv__helper* helper) {
  HANDLE caller = helper->caller;

  if (caller == NULL)
    return;
  helper->caller = NULL;
  ReleaseSRWLockExclusive(&helper->lock);
  WakeConditionVariable(&helper->back);
  WaitForSingleObject(caller, INFINITE);
  CloseHandle(caller);
  AcquireSRWLockExclusive(&helper->lock);
}

static DWORD WINAPI run(void* data) {
  struct uv__helper* helper = data;

  AcquireSRWLockExclusive(&helper->lock);
  for (;;) {
    unsigned outcome;

    while (!helper->asked && !helper->closing)
      SleepConditionVariableSRW(&helper->news, &helper->lock, INFINITE, 0);
    if (!helper->asked)
      break;
    helper->asked = 0;
    helper->working = 1;
    ReleaseSRWLockExclusive(&helper->lock);
    outcome = helper->work(helper);
    AcquireSRWLockExclusive(&helper->lock);
    helper->working = 0;
    helper->recalled = 0;
    part_from_caller(helper);
    if (outcome & UV__HELPER_AGAIN)
      helper->asked = 1;
    if ((outcome & UV__HELPER_TELL) && !helper->closing)
      tell_loop(helper);
  }
  helper->gone = 1;
  tell_loop(helper);
  ReleaseSRWLockExclusive(&helper->lock);
  disown(helper);
  return 0;
}

/* Its thread is at its last instructions, or alone; or somebody ended it, and it has let go of nothing. */
static void part(struct uv__helper* helper) {
  uv__retry_end(helper->loop, &helper->retry);
  if (helper->thread != NULL && !helper->alone)
    WaitForSingleObject(helper->thread, INFINITE);
  if (uv__helper_is_over(helper) && !helper->gone)
    disown(helper);
}

static void finish(struct uv__helper* helper) {
  part(helper);
  helper->closed(helper);
}

/* Whether it still is to come back from a call. Under the lock. */
static int call_back(struct uv__helper* helper) {
  helper->recalled = helper->recalled && helper->cancel(helper);
  return helper->recalled;
}

/* The loop need not run, nor the stream be there, until it is back. The helper, which is, waits for
 * this thread. */
static DWORD WINAPI call_back_again(void* data) {
  struct uv__helper* helper = data;
  DWORD pause_ms = 1;

  AcquireSRWLockExclusive(&helper->lock);
  while (call_back(helper)) {
    (void) SleepConditionVariableSRW(&helper->back, &helper->lock, pause_ms, 0);
    if (pause_ms < RECALL_MS)
      pause_ms *= 2;
  }
  ReleaseSRWLockExclusive(&helper->lock);
  return 0;
}

/* A thread with bytes to write that a busy machine lets wait. Under the lock. */
static int is_late(const struct uv__helper* helper) {
  return helper->asked && !helper->working && helper->box != NULL &&
         !uv__outbox_is_empty(helper->box) && !uv__helper_is_over(helper);
}

static void give_up(struct uv__retry* retry) {
  struct uv__helper* helper = uv__container_of(retry, struct uv__helper, retry);
  uint64_t now = uv__port_now(helper->loop);
  int left;

  AcquireSRWLockExclusive(&helper->lock);
  if (now < helper->latest && is_late(helper))
    helper->until = now + helper->patience_ms;
  left = now >= helper->until && !helper->packet;
  if (left)
    helper->alone = 1;
  ReleaseSRWLockExclusive(&helper->lock);
  if (left)
    finish(helper);
}

static void complete(struct uv__op* op) {
  struct uv__helper* helper = uv__container_of(op, struct uv__helper, op);
  int gone;

  AcquireSRWLockExclusive(&helper->lock);
  assert(helper->packet);
  helper->packet = 0;
  gone = helper->gone;
  ReleaseSRWLockExclusive(&helper->lock);
  if (!helper->closing)
    helper->complete(helper);
  else if (gone)
    finish(helper);
}

void uv__helper_init(struct uv__helper* helper, uv_loop_t* loop, struct uv__outbox* box) {
  InitializeSRWLock(&helper->lock);
  InitializeConditionVariable(&helper->news);
  InitializeConditionVariable(&helper->back);
  helper->op.complete = complete;
  helper->retry.again = give_up;
  helper->loop = loop;
  helper->box = box;
  helper->owners = 1;
  helper->patience_ms = PATIENCE_MS;
}

int uv__helper_is_over(const struct uv__helper* helper) {
  return helper->thread != NULL && WaitForSingleObject(helper->thread, 0) == WAIT_OBJECT_0;
}

int uv__helper_is_idle(struct uv__helper* helper) {
  int r;

  AcquireSRWLockExclusive(&helper->lock);
  r = !helper->asked && !helper->working && !helper->packet;
  ReleaseSRWLockExclusive(&helper->lock);
  return r;
}

/* The first time it needs a thread. */
int uv__helper_ask(struct uv__helper* helper) {
  if (helper->thread == NULL) {
    InterlockedIncrement(&helper->owners);
    helper->thread = start(helper, run);
  }
  if (helper->thread == NULL) {
    InterlockedDecrement(&helper->owners);
    return uv__error_translate(GetLastError());
  }
  AcquireSRWLockExclusive(&helper->lock);
  helper->asked = 1;
  ReleaseSRWLockExclusive(&helper->lock);
  WakeConditionVariable(&helper->news);
  return 0;
}

/* Between asking and the call of the system is a moment in which there is nothing to cancel yet,
 * and a call that waits for others who have the file object cannot be cancelled at all; hence again
 * and again, until it comes back. Without memory for a thread it comes back by itself, or never. */
void uv__helper_recall(struct uv__helper* helper) {
  int waits = 1;
  int i;

  for (i = 0; waits && i < RECALLS; i++) {
    if (i > 0)
      (void) SwitchToThread();
    AcquireSRWLockExclusive(&helper->lock);
    if (i == 0)
      helper->recalled = helper->working;
    waits = call_back(helper) && helper->caller == NULL;
    if (waits && i == RECALLS - 1)
      helper->caller = start(helper, call_back_again);
    ReleaseSRWLockExclusive(&helper->lock);
    WakeConditionVariable(&helper->news);
  }
}

void uv__helper_pause(struct uv__helper* helper) {
  AcquireSRWLockExclusive(&helper->lock);
  if (!helper->recalled)
    (void) SleepConditionVariableSRW(&helper->news, &helper->lock, PAUSE_MS, 0);
  ReleaseSRWLockExclusive(&helper->lock);
}

int uv__helper_close(struct uv__helper* helper) {
  uint64_t now;
  int wait;

  AcquireSRWLockExclusive(&helper->lock);
  helper->closing = 1;
  wait = helper->packet || helper->asked || helper->working;
  if (!wait) /* It ends by itself, now. */
    helper->packet = 1;
  ReleaseSRWLockExclusive(&helper->lock);
  WakeConditionVariable(&helper->news);
  if (!wait) {
    part(helper);
    return 0;
  }
  now = uv__port_now(helper->loop);
  helper->until = now + helper->patience_ms;
  helper->latest = now + LATE_MS;
  uv__retry_begin(helper->loop, &helper->retry);
  return UV__PENDING;
}

void uv__helper_disown(struct uv__helper* helper) {
  disown(helper);
}
