/* What uv_try_write wrote to a pipe and the reader has yet to make room for.
 *
 * A pipe has no call that takes what fits and no more. So bytes to try are copied here and
 * written from here: when the write does not succeed at once, they are on their way
 * nevertheless, behind all that was written before, and the next try waits until they have
 * gone. They belong to nobody who might close or free anything: a stream that closes
 * meanwhile leaves its handle with them, and the system's pool closes that when the last of
 * them was taken, whether the loop still exists or not.
 *
 * On an end that somebody made PIPE_NOWAIT (put.c) a write is never on its way: it has taken less.
 * Of bytes that belong together, a frame or a greeting, the rest is then owed: it goes before all
 * that is written later, and is tried every few milliseconds. So is a greeting that the system has
 * no memory for. */
#include "win/pipe/pipe.h"

#include <string.h>

#include "core/base/alloc.h"

enum {
  SPARE_SIZE = 4096
};

struct uv__spare {
  OVERLAPPED overlapped;
  HANDLE event;  /* of the write; made by the first try */
  HANDLE handle; /* of the rest that is owed, or when its stream has closed */
  /* The rest that is owed: bytes[at] to bytes[size]. */
  DWORD at;
  DWORD size;
  struct uv__retry retry; /* of that */
  struct uv__late late;   /* when its stream has closed */
  uv_loop_t* loop;
  char bytes[SPARE_SIZE];
};

struct uv__spare* uv__spare_new(void) {
  struct uv__spare* spare = uv__malloc(sizeof(*spare));

  if (spare != NULL)
    memset(spare, 0, offsetof(struct uv__spare, bytes));
  return spare;
}

static int under_way(const struct uv__spare* spare) {
  return !uv__late_is_over(&spare->overlapped);
}

/* One write of bytes[at] to bytes[size]; what it took, or what is on its way, is no longer there. The
 * error, or 0. */
static DWORD write_some(struct uv__spare* spare, HANDLE handle) {
  DWORD error = 0;

  memset(&spare->overlapped, 0, sizeof(spare->overlapped));
  /* The low bit keeps the packet away from the port, which may be gone by then. */
  spare->overlapped.hEvent = (HANDLE) ((ULONG_PTR) spare->event | 1);
  if (WriteFile(handle, spare->bytes + spare->at, spare->size - spare->at, NULL,
                &spare->overlapped)) {
    spare->at += (DWORD) spare->overlapped.InternalHigh;
    return 0;
  }
  error = GetLastError();
  if (error == ERROR_IO_PENDING) {
    spare->at = spare->size;
    return 0;
  }
  spare->overlapped.Internal = 0; /* Nothing is under way. */
  return error;
}

static int has_event(struct uv__spare* spare) {
  if (spare->event == NULL)
    spare->event = CreateEventW(NULL, TRUE, FALSE, NULL);
  return spare->event != NULL;
}

static int is_free(struct uv__spare* spare) {
  if (under_way(spare) || spare->at < spare->size)
    return 0;
  return has_event(spare); /* A plain write needs none. */
}

ssize_t uv__spare_write(struct uv__spare* spare,
                        HANDLE handle,
                        const uv_buf_t* bufs,
                        unsigned nbufs) {
  unsigned at = 0;
  size_t offset = 0;
  ssize_t total = 0;

  if (!is_free(spare))
    return UV_EAGAIN;
  while (at < nbufs && total < INT_MAX - SPARE_SIZE) {
    DWORD error;

    spare->at = 0;
    spare->size = uv__bufs_copy(spare->bytes, SPARE_SIZE, bufs, nbufs, &at, &offset);
    error = write_some(spare, handle);
    total += (ssize_t) spare->at;
    if (spare->at == spare->size && !under_way(spare))
      continue;
    spare->at = spare->size = 0; /* What was not taken is still the caller's. */
    if (total > 0)
      break;
    return error != 0 ? uv__native_write_error(error) : UV_EAGAIN;
  }
  return total;
}

/* ---- What belongs together ---- */

DWORD uv__spare_push(struct uv__spare* spare, HANDLE handle) {
  DWORD error;

  if (spare->at == spare->size)
    return 0;
  if (!has_event(spare))
    return ERROR_MORE_DATA;
  error = write_some(spare, handle);
  if (uv__native_is_short(error))
    return ERROR_MORE_DATA;
  if (error != 0)
    spare->at = spare->size; /* They are lost, as the stream is. */
  return error == 0 && spare->at < spare->size ? ERROR_MORE_DATA : error;
}

/* An error comes again with whatever is written next, or else nobody misses them. */
static void again(struct uv__retry* retry) {
  struct uv__spare* spare = uv__container_of(retry, struct uv__spare, retry);

  if (uv__spare_push(spare, spare->handle) != ERROR_MORE_DATA)
    uv__retry_end(spare->loop, retry);
}

static void owe(struct uv__spare* spare, HANDLE handle, uv_loop_t* loop) {
  spare->handle = handle;
  spare->loop = loop;
  spare->retry.again = again;
  uv__retry_begin(loop, &spare->retry);
}

void uv__spare_write_first(
    struct uv__spare* spare, HANDLE handle, uv_loop_t* loop, const void* bytes, DWORD size) {
  assert(spare->size == 0 && size <= SPARE_SIZE);
  memcpy(spare->bytes, bytes, size);
  spare->size = size;
  if (uv__spare_push(spare, handle) == ERROR_MORE_DATA)
    owe(spare, handle, loop);
}

ssize_t uv__spare_write_whole(
    struct uv__spare* spare, HANDLE handle, uv_loop_t* loop, const uv_buf_t* bufs, unsigned nbufs) {
  unsigned from = 0;
  size_t offset = 0;
  DWORD error;

  if (!is_free(spare))
    return UV_EAGAIN;
  uv__retry_end(loop, &spare->retry); /* The rest of another one went by uv__spare_push. */
  spare->at = 0;
  spare->size = uv__bufs_copy(spare->bytes, SPARE_SIZE, bufs, nbufs, &from, &offset);
  error = write_some(spare, handle);
  if (spare->at == 0 && spare->size > 0) {
    spare->at = spare->size = 0;
    return error != 0 ? uv__native_write_error(error) : UV_EAGAIN;
  }
  if (spare->at < spare->size)
    owe(spare, handle, loop);
  return (ssize_t) spare->size;
}

static void release(struct uv__spare* spare) {
  if (spare->handle != INVALID_HANDLE_VALUE)
    CloseHandle(spare->handle);
  if (spare->event != NULL)
    CloseHandle(spare->event);
  uv__free(spare);
}

/* ---- Without a stream ---- */

static void release_late(struct uv__late* late) {
  release(uv__container_of(late, struct uv__spare, late));
}

void uv__spare_end(struct uv__spare* spare, HANDLE handle, uv_loop_t* loop) {
  DWORD bytes;

  if (loop != NULL)
    uv__retry_end(loop, &spare->retry);
  if (spare->at < spare->size && uv__native_set_wait(handle))
    (void) uv__spare_push(spare, handle); /* Now it takes the rest, or has it on its way. */
  spare->handle = handle;
  if (!under_way(spare)) {
    release(spare);
    return;
  }
  spare->late.release = release_late;
  spare->late.overlapped = &spare->overlapped;
  if (uv__late_leave(&spare->late, loop, spare->event) == 0)
    return;
  /* Nobody can wait for it: what is left is lost. Cancelling does not depend on the reader. */
  CancelIoEx(handle, &spare->overlapped);
  GetOverlappedResult(handle, &spare->overlapped, &bytes, TRUE);
  release(spare);
}
