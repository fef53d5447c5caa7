/* A thread that makes one blocking call after another for a stream. It is asked under its lock,
 * works without it, and tells the loop by a packet. One that the system does not let go of is left
 * behind at close, with its block, in which nothing is the program's. */
#include "win/loop/helper.h"

enum {
  PATIENCE_MS = 40 /* with one that does not come back, at close (rule L4) */
};

static void disown(struct uv__helper* helper) {
  if (InterlockedDecrement(&helper->owners) == 0)
    helper->release(helper);
}

/* Under the lock. The loop is there as long as the helper is not alone. */
static void tell_loop(struct uv__helper* helper) {
  if (helper->alone || helper->packet)
    return;
  helper->packet = 1;
  uv__loop_post(helper->loop, &helper->op);
}

static DWORD WINAPI run(void* data) {
  struct uv__helper* helper = data;

  AcquireSRWLockExclusive(&helper->lock);
  for (;;) {
    while (helper->state != UV__HELPER_ASKED && !helper->closing)
      SleepConditionVariableSRW(&helper->asked, &helper->lock, INFINITE, 0);
    if (helper->state != UV__HELPER_ASKED)
      break;
    helper->state = UV__HELPER_WORKING;
    ReleaseSRWLockExclusive(&helper->lock);
    helper->work(helper);
    AcquireSRWLockExclusive(&helper->lock);
    helper->state = UV__HELPER_DONE;
    if (!helper->closing)
      tell_loop(helper);
  }
  helper->state = UV__HELPER_GONE;
  tell_loop(helper);
  ReleaseSRWLockExclusive(&helper->lock);
  disown(helper);
  return 0;
}

/* Its thread is at its last instructions, or alone. */
static void part(struct uv__helper* helper) {
  uv__retry_end(helper->loop, &helper->retry);
  if (helper->thread != NULL) {
    if (!helper->alone)
      WaitForSingleObject(helper->thread, INFINITE);
    CloseHandle(helper->thread);
    helper->thread = NULL;
  }
}

static void finish(struct uv__helper* helper) {
  part(helper);
  helper->closed(helper);
}

static void give_up(struct uv__retry* retry) {
  struct uv__helper* helper = uv__container_of(retry, struct uv__helper, retry);
  int left;

  if (uv__port_now(helper->loop) < helper->until)
    return;
  AcquireSRWLockExclusive(&helper->lock);
  left = !helper->packet;
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
  gone = helper->state == UV__HELPER_GONE;
  if (helper->state == UV__HELPER_DONE)
    helper->state = UV__HELPER_IDLE;
  ReleaseSRWLockExclusive(&helper->lock);
  if (!helper->closing)
    helper->complete(helper);
  else if (gone)
    finish(helper);
}

void uv__helper_init(struct uv__helper* helper, uv_loop_t* loop) {
  InitializeSRWLock(&helper->lock);
  InitializeConditionVariable(&helper->asked);
  helper->op.complete = complete;
  helper->retry.again = give_up;
  helper->loop = loop;
  helper->owners = 1;
}

int uv__helper_is_idle(struct uv__helper* helper) {
  int r;

  AcquireSRWLockExclusive(&helper->lock);
  r = helper->state == UV__HELPER_IDLE;
  ReleaseSRWLockExclusive(&helper->lock);
  return r;
}

/* The first time it needs a thread. */
int uv__helper_ask(struct uv__helper* helper) {
  if (helper->thread == NULL) {
    InterlockedIncrement(&helper->owners);
    helper->thread =
        CreateThread(NULL, UV__HELPER_STACK, run, helper, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    if (helper->thread == NULL) {
      InterlockedDecrement(&helper->owners);
      return uv__error_translate(GetLastError());
    }
  }
  AcquireSRWLockExclusive(&helper->lock);
  helper->state = UV__HELPER_ASKED;
  ReleaseSRWLockExclusive(&helper->lock);
  WakeConditionVariable(&helper->asked);
  return 0;
}

int uv__helper_close(struct uv__helper* helper) {
  int wait;

  AcquireSRWLockExclusive(&helper->lock);
  helper->closing = 1;
  wait = helper->packet || helper->state == UV__HELPER_ASKED || helper->state == UV__HELPER_WORKING;
  if (!wait) /* It ends by itself, now. */
    helper->packet = 1;
  ReleaseSRWLockExclusive(&helper->lock);
  WakeConditionVariable(&helper->asked);
  if (!wait) {
    part(helper);
    return 0;
  }
  helper->until = uv__port_now(helper->loop) + PATIENCE_MS;
  uv__retry_begin(helper->loop, &helper->retry);
  return UV__PENDING;
}

void uv__helper_disown(struct uv__helper* helper) {
  disown(helper);
}
