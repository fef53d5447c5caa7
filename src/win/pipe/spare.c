/* What uv_try_write wrote to a pipe and the reader has yet to make room for.
 *
 * A pipe has no call that takes what fits and no more. So bytes to try are copied here and
 * written from here: when the write does not succeed at once, they are on their way
 * nevertheless, behind all that was written before, and the next try waits until they have
 * gone. They belong to nobody who might close or free anything: a stream that closes
 * meanwhile leaves its handle with them, and the system's pool closes that when the last of
 * them was taken, whether the loop still exists or not. But the system ends with a thread what that has
 * begun and no port will tell of: who tried last has to be there. The first try makes the room for them; a pipe
 * that never tries has none.
 *
 * On an end that somebody made PIPE_NOWAIT (put.c) a write is never on its way: it has taken less.
 * Of bytes that belong together, a frame or a greeting, the rest is then owed: it goes before all
 * that is written later, and is tried every few milliseconds. So is a greeting that the system has
 * no memory for. */
#include "win/pipe/pipe.h"

#include <string.h>

#include "core/base/alloc.h"

enum {
  SPARE_SIZE = 4096,
  PIECES = 512,                /* of that size that are dropped at once */
  MOST_LOOKS = 60,             /* that find something to drop */
  CANCELLED = (int) 0xC0000120 /* STATUS_CANCELLED */
};

struct uv__spare {
  OVERLAPPED overlapped;
  HANDLE event;   /* of the write; made by the first try */
  HANDLE dropped; /* of a read of what comes when its stream has closed */
  unsigned looks; /* that found something */
  HANDLE handle;  /* of the rest that is owed, or when its stream has closed */
  /* The rest that is owed: bytes[at] to bytes[size]. */
  DWORD at;
  DWORD size;
  struct uv__retry retry; /* of that */
  struct uv__late late;   /* when its stream has closed */
  uv_loop_t* loop;
  unsigned char flies;   /* a write that did not succeed at once, whose end was not looked at */
  unsigned char is_left; /* without a stream: the handle is nobody else's to name */
  char bytes[SPARE_SIZE];
};

int uv__spare_make(struct uv__pipe* pipe) {
  if (pipe->spare != NULL)
    return 0;
  pipe->spare = uv__malloc(sizeof(*pipe->spare));
  if (pipe->spare == NULL)
    return UV_ENOMEM;
  memset(pipe->spare, 0, offsetof(struct uv__spare, bytes));
  return 0;
}

static int under_way(const struct uv__spare* spare) {
  return !uv__late_is_over(&spare->overlapped);
}

/* What was on its way and was cancelled by somebody else, who has the pipe too, is lost, or a part of
 * it is: an error of the next write, once. (Of a peer that is gone that one has an error of its own.) */
static DWORD take_loss(struct uv__pipe* pipe) {
  struct uv__spare* spare = pipe->spare;

  if (spare != NULL && spare->flies && !under_way(spare)) {
    spare->flies = 0;
    pipe->lost = pipe->lost || (int) spare->overlapped.Internal == CANCELLED;
  }
  if (!pipe->lost)
    return 0;
  pipe->lost = 0;
  return ERROR_OPERATION_ABORTED;
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
    spare->flies = 1;
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

/* 0: it can be written from; or UV_EAGAIN, or what has become of the last write. */
static int make_free(struct uv__pipe* pipe) {
  DWORD error = take_loss(pipe);
  int r = error != 0 ? uv__native_write_error(error) : uv__spare_make(pipe);
  struct uv__spare* spare = pipe->spare;

  if (r < 0)
    return r;
  if (under_way(spare) || spare->at < spare->size)
    return UV_EAGAIN;
  return has_event(spare) ? 0 : UV_EAGAIN; /* A plain write needs none. */
}

ssize_t uv__spare_write(struct uv__pipe* pipe,
                        HANDLE handle,
                        const uv_buf_t* bufs,
                        unsigned nbufs) {
  struct uv__spare* spare;
  unsigned at = 0;
  size_t offset = 0;
  ssize_t total = make_free(pipe);

  if (total < 0)
    return total;
  spare = pipe->spare;
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

static DWORD push(struct uv__spare* spare, HANDLE handle) {
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

DWORD uv__spare_push(struct uv__pipe* pipe, HANDLE handle) {
  DWORD error = take_loss(pipe);

  return error != 0 || pipe->spare == NULL ? error : push(pipe->spare, handle);
}

/* An error comes again with whatever is written next, or else nobody misses them. */
static void again(struct uv__retry* retry) {
  struct uv__spare* spare = uv__container_of(retry, struct uv__spare, retry);

  if (push(spare, spare->handle) != ERROR_MORE_DATA)
    uv__retry_end(spare->loop, retry);
}

static void owe(struct uv__spare* spare, HANDLE handle, uv_loop_t* loop) {
  spare->handle = handle;
  spare->loop = loop;
  spare->retry.again = again;
  uv__retry_begin(loop, &spare->retry);
}

void uv__spare_write_first(
    struct uv__pipe* pipe, HANDLE handle, uv_loop_t* loop, const void* bytes, DWORD size) {
  struct uv__spare* spare = pipe->spare;

  assert(spare != NULL && spare->size == 0 && size <= SPARE_SIZE);
  memcpy(spare->bytes, bytes, size);
  spare->size = size;
  if (push(spare, handle) == ERROR_MORE_DATA)
    owe(spare, handle, loop);
}

int uv__spare_owes(const struct uv__spare* spare) {
  return spare != NULL && spare->retry.at != NULL;
}

ssize_t uv__spare_write_whole(
    struct uv__pipe* pipe, HANDLE handle, uv_loop_t* loop, const uv_buf_t* bufs, unsigned nbufs) {
  struct uv__spare* spare;
  unsigned from = 0;
  size_t offset = 0;
  DWORD error;
  int r = make_free(pipe);

  if (r < 0)
    return r;
  spare = pipe->spare;
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
  if (spare->dropped != NULL)
    CloseHandle(spare->dropped);
  if (spare->is_left)
    uv__own_drop(spare->handle, NULL);
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

/* Nobody reads here any more. A peer that makes one call after the other, and writes, would never come to
 * what is left for it; and two ends that are left would wait for each other. So what comes is dropped, as a
 * socket does it that was closed: unless somebody else has the end, whose it is. Who goes on in that way
 * does not want it. */
static void look(struct uv__late* late) {
  struct uv__spare* spare = uv__container_of(late, struct uv__spare, late);
  DWORD total = 0;
  DWORD bytes;
  char piece[SPARE_SIZE];
  int pieces;

  if (spare->dropped == NULL)
    spare->dropped = CreateEventW(NULL, TRUE, FALSE, NULL);
  if (spare->dropped == NULL || uv__object_is_shared(spare->handle) ||
      !PeekNamedPipe(spare->handle, NULL, 0, NULL, &total, NULL) || total == 0)
    return;
  if (++spare->looks == MOST_LOOKS)
    CancelIoEx(spare->handle, &spare->overlapped);
  for (pieces = 0; pieces < PIECES; pieces++) {
    if (!PeekNamedPipe(spare->handle, NULL, 0, NULL, &total, NULL) || total == 0)
      return;
    (void) uv__native_read_at_once(spare->handle, spare->dropped, piece,
                                   total < sizeof(piece) ? total : sizeof(piece), &bytes);
  }
}

void uv__spare_end(struct uv__spare* spare, HANDLE handle, uv_loop_t* loop) {
  DWORD bytes;

  if (spare == NULL) {
    CloseHandle(handle);
    return;
  }
  if (loop != NULL)
    uv__retry_end(loop, &spare->retry);
  if (spare->at < spare->size && uv__native_set_wait(handle))
    (void) push(spare, handle); /* Now it takes the rest, or has it on its way. */
  spare->handle = handle;
  if (!under_way(spare)) {
    release(spare);
    return;
  }
  spare->is_left = 1;
  uv__own_note(handle);
  spare->late.release = release_late;
  spare->late.look = look;
  spare->late.overlapped = &spare->overlapped;
  if (uv__late_leave(&spare->late, loop, spare->event) == 0)
    return;
  /* Nobody can wait for it: what is left is lost. Cancelling does not depend on the reader. */
  CancelIoEx(handle, &spare->overlapped);
  GetOverlappedResult(handle, &spare->overlapped, &bytes, TRUE);
  release(spare);
}
