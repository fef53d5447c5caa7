/* What uv_try_write wrote to a pipe and the reader has yet to make room for.
 *
 * A pipe has no call that takes what fits and no more. So bytes to try are copied here and
 * written from here: when the write does not succeed at once, they are on their way
 * nevertheless, behind all that was written before, and the next try waits until they have
 * gone. They belong to nobody who might close or free anything: a stream that closes
 * meanwhile leaves its handle with them, and the system's pool closes that when the last of
 * them was taken, whether the loop still exists or not. */
#include "win/pipe/pipe.h"

#include <string.h>

#include "core/base/alloc.h"

enum {
  SPARE_SIZE = 4096
};

struct uv__spare {
  OVERLAPPED overlapped;
  HANDLE event; /* of the write; made by the first try */
  /* When its stream has closed. */
  HANDLE handle;
  PTP_WAIT wait; /* for the event */
  uv_loop_t* loop;
  int taken; /* by the loop's end, from the pool */
  struct uv__queue link;
  char bytes[SPARE_SIZE];
};

struct uv__spare* uv__spare_new(void) {
  struct uv__spare* spare = uv__malloc(sizeof(*spare));

  if (spare != NULL)
    memset(spare, 0, offsetof(struct uv__spare, bytes));
  return spare;
}

static int under_way(const struct uv__spare* spare) {
  return !HasOverlappedIoCompleted(&spare->overlapped);
}

ssize_t uv__spare_write(struct uv__spare* spare,
                        HANDLE handle,
                        const uv_buf_t* bufs,
                        unsigned nbufs) {
  unsigned at = 0;
  size_t offset = 0;
  ssize_t total = 0;

  if (under_way(spare))
    return UV_EAGAIN;
  if (spare->event == NULL)
    spare->event = CreateEventW(NULL, TRUE, FALSE, NULL);
  if (spare->event == NULL)
    return UV_EAGAIN; /* A plain write needs no event. */
  while (at < nbufs && total < INT_MAX - SPARE_SIZE) {
    DWORD size = uv__bufs_copy(spare->bytes, SPARE_SIZE, bufs, nbufs, &at, &offset);

    memset(&spare->overlapped, 0, sizeof(spare->overlapped));
    /* The low bit keeps the packet away from the port, which may be gone by then. */
    spare->overlapped.hEvent = (HANDLE) ((ULONG_PTR) spare->event | 1);
    if (!WriteFile(handle, spare->bytes, size, NULL, &spare->overlapped)) {
      DWORD error = GetLastError();

      if (error == ERROR_IO_PENDING)
        return total + (ssize_t) size;
      spare->overlapped.Internal = 0; /* Nothing is under way. */
      return total > 0 ? total : uv__pipe_write_error(error);
    }
    total += (ssize_t) size;
  }
  return total;
}

static void release(struct uv__spare* spare) {
  if (spare->handle != INVALID_HANDLE_VALUE)
    CloseHandle(spare->handle);
  if (spare->event != NULL)
    CloseHandle(spare->event);
  uv__free(spare);
}

/* ---- Without a stream ---- */

/* Those that the pool waits for, of all loops. */
static SRWLOCK lock = SRWLOCK_INIT;
static struct uv__queue left = {&left, &left};

static void CALLBACK gone(PTP_CALLBACK_INSTANCE instance,
                          void* data,
                          PTP_WAIT wait,
                          TP_WAIT_RESULT result) {
  struct uv__spare* spare = data;
  int ours;

  (void) instance;
  (void) result;
  AcquireSRWLockExclusive(&lock);
  ours = !spare->taken;
  if (ours) {
    uv__queue_remove(&spare->link);
    release(spare); /* Under the lock: whoever finds the list empty finds all freed. */
  }
  ReleaseSRWLockExclusive(&lock);
  if (ours)
    CloseThreadpoolWait(wait);
}

void uv__spare_end(struct uv__spare* spare, HANDLE handle, uv_loop_t* loop) {
  DWORD bytes;

  spare->handle = handle;
  if (!under_way(spare)) {
    release(spare);
    return;
  }
  spare->wait = CreateThreadpoolWait(gone, spare, NULL);
  if (spare->wait != NULL) {
    spare->loop = loop;
    AcquireSRWLockExclusive(&lock);
    uv__queue_insert_tail(&left, &spare->link);
    SetThreadpoolWait(spare->wait, spare->event, NULL);
    ReleaseSRWLockExclusive(&lock);
    return;
  }
  /* Nobody can wait for it: what is left is lost. Cancelling does not depend on the reader. */
  CancelIoEx(handle, &spare->overlapped);
  GetOverlappedResult(handle, &spare->overlapped, &bytes, TRUE);
  release(spare);
}

/* One of the loop whose bytes have gone, taken from the pool; or NULL. */
static struct uv__spare* take_finished(uv_loop_t* loop) {
  struct uv__queue* link;
  struct uv__spare* found = NULL;

  AcquireSRWLockExclusive(&lock);
  for (link = left.next; link != &left && found == NULL; link = link->next) {
    struct uv__spare* spare = uv__container_of(link, struct uv__spare, link);
    if (spare->loop == loop && !under_way(spare))
      found = spare;
  }
  if (found != NULL) {
    uv__queue_remove(&found->link);
    found->taken = 1;
  }
  ReleaseSRWLockExclusive(&lock);
  return found;
}

/* The pool gets to what is over when it likes; but a loop that ends leaves no memory behind but
 * what a reader holds up. */
void uv__spare_stop(uv_loop_t* loop) {
  struct uv__spare* spare;

  while ((spare = take_finished(loop)) != NULL) {
    SetThreadpoolWait(spare->wait, NULL, NULL);
    WaitForThreadpoolWaitCallbacks(spare->wait, TRUE);
    CloseThreadpoolWait(spare->wait);
    release(spare);
  }
}
