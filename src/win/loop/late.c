/* Operations that outlive their streams: bytes that a try has taken, and that wait for a peer. They
 * belong to nobody who might close or free anything. The system's pool waits for them and lets go of
 * them, whether the loop still exists or not. (The system ends them with the thread that began them,
 * as no port tells of them.) */
#include "win/loop/loop.h"

enum {
  LOOK_TICKS = 5000000 /* between two looks at what is not over: half a second */
};

/* Those that the pool waits for, of all loops. */
static SRWLOCK lock = SRWLOCK_INIT;
static struct uv__queue left = {&left, &left};

int uv__late_is_over(const OVERLAPPED* overlapped) {
  return HasOverlappedIoCompleted(overlapped);
}

static void wait_for(struct uv__late* late) {
  FILETIME until; /* less than 0: from now on */

  until.dwLowDateTime = (DWORD) -LOOK_TICKS;
  until.dwHighDateTime = (DWORD) -1;
  SetThreadpoolWait(late->wait, late->event, late->look != NULL ? &until : NULL);
}

static void CALLBACK gone(PTP_CALLBACK_INSTANCE instance,
                          void* data,
                          PTP_WAIT wait,
                          TP_WAIT_RESULT result) {
  struct uv__late* late = data;
  int ours;

  (void) instance;
  (void) result;
  AcquireSRWLockExclusive(&lock);
  ours = !late->taken;
  if (ours && late->look != NULL && !uv__late_is_over(late->overlapped)) {
    late->look(late);
    wait_for(late);
    ours = 0;
  }
  if (ours) {
    uv__queue_remove(&late->link);
    late->release(late); /* Under the lock: whoever finds the list empty finds all freed. */
  }
  ReleaseSRWLockExclusive(&lock);
  if (ours)
    CloseThreadpoolWait(wait);
}

int uv__late_leave(struct uv__late* late, uv_loop_t* loop, HANDLE event) {
  late->wait = CreateThreadpoolWait(gone, late, NULL);
  if (late->wait == NULL)
    return uv__error_translate(GetLastError());
  late->loop = loop;
  late->event = event;
  late->taken = 0;
  AcquireSRWLockExclusive(&lock);
  uv__queue_insert_tail(&left, &late->link);
  wait_for(late);
  ReleaseSRWLockExclusive(&lock);
  return 0;
}

/* One of the loop that is over, taken from the pool; or NULL. */
static struct uv__late* take_finished(uv_loop_t* loop) {
  struct uv__queue* link;
  struct uv__late* found = NULL;

  AcquireSRWLockExclusive(&lock);
  for (link = left.next; link != &left && found == NULL; link = link->next) {
    struct uv__late* late = uv__container_of(link, struct uv__late, link);
    if (late->loop == loop && uv__late_is_over(late->overlapped))
      found = late;
  }
  if (found != NULL) {
    uv__queue_remove(&found->link);
    found->taken = 1;
  }
  ReleaseSRWLockExclusive(&lock);
  return found;
}

void uv__late_stop(uv_loop_t* loop) {
  struct uv__late* late;

  while ((late = take_finished(loop)) != NULL) {
    SetThreadpoolWait(late->wait, NULL, NULL);
    WaitForThreadpoolWaitCallbacks(late->wait, TRUE);
    CloseThreadpoolWait(late->wait);
    late->release(late);
  }
}
