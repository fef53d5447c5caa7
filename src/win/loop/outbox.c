/* What a helper writes: bytes that were copied, so that a write of which the system takes nothing
 * for long does not hold the program's. Because they are copies, a close does not take them back:
 * the helper delivers them, and is left behind when that takes too long. */
#include "win/loop/helper.h"

int uv__outbox_is_empty(const struct uv__outbox* box) {
  return box->at == box->size;
}

/* Room for what a write brings. */
static DWORD room_for(const struct uv__outbox* box, enum uv__write_mode mode, int last) {
  DWORD most = UV__OUTBOX_QUEUE;

  if (last)
    most = UV__OUTBOX_ROOM;
  else if (mode == UV__TRY)
    most = uv__outbox_is_empty(box) ? UV__OUTBOX_TRY : 0;
  return most > box->size ? most - box->size : 0;
}

/* Copies what fits, after the first `skip` bytes. */
static DWORD append(
    struct uv__outbox* box, DWORD room, const uv_buf_t* bufs, unsigned nbufs, DWORD skip) {
  unsigned at = 0;
  size_t offset = skip;

  while (at < nbufs && offset >= bufs[at].len)
    offset -= bufs[at++].len;
  return uv__bufs_copy(box->bytes + box->size, room, bufs, nbufs, &at, &offset);
}

/* An error of bytes that were written before, or 0. */
static int take_error(struct uv__outbox* box) {
  int error = box->error;

  if (error != UV_EPIPE)
    box->error = 0;
  return error;
}

/* Under the lock. `*added`: bytes that are new to the helper. */
static ssize_t take(struct uv__outbox* box,
                    struct uv__io* io,
                    const uv_buf_t* bufs,
                    unsigned nbufs,
                    enum uv__write_mode mode,
                    DWORD* added) {
  int last = mode == UV__TRY && (io->busy & UV__CLOSED);
  DWORD skip = last ? box->owed : 0; /* These lead the buffers, and are here already. */
  DWORD room = room_for(box, mode, last);

  if (box->error < 0)
    return io->busy & UV__WRITE ? UV_EAGAIN : take_error(box); /* In flight, it is its own. */
  if (room == 0 && skip == 0) {
    box->waited = mode == UV__QUEUE;
    return mode == UV__QUEUE ? UV__PENDING : UV_EAGAIN;
  }
  *added = append(box, room, bufs, nbufs, skip);
  box->size += *added;
  box->owed = mode == UV__QUEUE ? *added : 0;
  return mode == UV__QUEUE ? UV__PENDING : (ssize_t) (skip + *added);
}

ssize_t uv__outbox_write(struct uv__outbox* box,
                         struct uv__helper* helper,
                         struct uv__io* io,
                         const uv_buf_t* bufs,
                         unsigned nbufs,
                         enum uv__write_mode mode) {
  DWORD added = 0;
  ssize_t n;
  int r;

  AcquireSRWLockExclusive(&helper->lock);
  n = take(box, io, bufs, nbufs, mode, &added);
  ReleaseSRWLockExclusive(&helper->lock);
  if (added == 0)
    return n;
  r = uv__helper_ask(helper);
  if (r == 0)
    return n;
  /* There is no thread, which so has seen nothing of it. */
  box->size -= added;
  box->owed = 0;
  return r;
}

int uv__outbox_deliver(
    struct uv__outbox* box,
    struct uv__helper* helper,
    int (*put)(struct uv__helper* helper, const char* bytes, DWORD size, DWORD* taken)) {
  int any;

  AcquireSRWLockExclusive(&helper->lock);
  any = !uv__outbox_is_empty(box);
  while (!uv__outbox_is_empty(box)) {
    DWORD taken = 0;
    DWORD at = box->at;
    DWORD size = box->size - at;
    int error;

    ReleaseSRWLockExclusive(&helper->lock);
    error = put(helper, box->bytes + at, size, &taken);
    AcquireSRWLockExclusive(&helper->lock);
    box->at += taken;
    if (error < 0) {
      box->error = error;
      box->at = box->size;
    }
  }
  box->at = box->size = 0;
  ReleaseSRWLockExclusive(&helper->lock);
  return any;
}

void uv__outbox_complete(struct uv__outbox* box, struct uv__helper* helper, struct uv__io* io) {
  int ring;

  AcquireSRWLockExclusive(&helper->lock);
  ring = uv__outbox_is_empty(box) && (box->owed > 0 || box->waited) && (io->busy & UV__WRITE);
  if (ring) {
    io->tail.sent = box->error < 0 ? take_error(box) : (int) box->owed;
    box->owed = 0;
    box->waited = 0;
  }
  ReleaseSRWLockExclusive(&helper->lock);
  if (ring)
    uv__ring(io, UV__WRITE);
}

void uv__outbox_end(struct uv__outbox* box, struct uv__helper* helper, struct uv__io* io) {
  if (!(io->busy & UV__WRITE) || (io->rung & UV__WRITE))
    return;
  AcquireSRWLockExclusive(&helper->lock);
  /* The helper has them, and delivers them. */
  io->tail.sent = box->owed > 0 && box->error == 0 ? (int) box->owed : UV_ECANCELED;
  box->owed = 0;
  ReleaseSRWLockExclusive(&helper->lock);
}
