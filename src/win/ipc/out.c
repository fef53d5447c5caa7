/* The frame that goes out of an IPC pipe: head and buffers are written one behind the other, each
 * from where it is; but a small one is put together and written as one, unless a handle goes with it. */
#include "win/ipc/ipc.h"

#include <string.h>

enum {
  FRAME_MAX = 1 << 20 /* bytes of the payload of one frame */
};

/* What comes before the payload. */
static unsigned char* head_of(struct uv__ipc* ipc) {
  return ipc->batch != NULL ? ipc->batch->heads : ipc->head;
}

#if !defined(NDEBUG)
int uv__ipc_out_valid(const struct uv__ipc* ipc) {
  size_t room = ipc->batch != NULL ? ipc->batch->room : sizeof(ipc->head);

  if (ipc->head_size > room || ipc->nbufs > UV__IPC_FRAME_BUFS || ipc->at > ipc->nbufs)
    return 0;
  if (ipc->head_size > 0)
    return ipc->done <= ipc->head_size && ipc->at == 0;
  return ipc->at == ipc->nbufs || ipc->done <= ipc->bufs[ipc->at].len;
}
#endif

void uv__ipc_out_revoke(struct uv__ipc* ipc) {
  if (ipc->given != NULL)
    uv__ipc_pass_revoke(&ipc->peer, ipc->given);
  ipc->given = NULL;
  uv__ipc_several_revoke(ipc);
}

/* Not even the end can be said behind it: the peer learns of that from the close. */
void uv__ipc_out_fail(struct uv__ipc* ipc) {
  uv__ipc_out_revoke(ipc);
  ipc->cut = 1;
}

/* The part that comes next; 0 when the frame is complete. With its head has gone what the peer needs
 * to find what it was given; as long as the head has not, no part of it was read to its end. */
static int next_part(struct uv__ipc* ipc, uv_buf_t* part) {
  if (ipc->head_size > 0 && ipc->done == ipc->head_size) {
    ipc->head_size = ipc->done = 0;
    ipc->given = NULL;
    uv__ipc_several_sent(ipc);
  }
  while (ipc->head_size == 0 && ipc->at < ipc->nbufs && ipc->done == ipc->bufs[ipc->at].len) {
    ipc->at++;
    ipc->done = 0;
  }
  if (ipc->head_size > 0)
    *part = uv_buf_init((char*) head_of(ipc), (unsigned) ipc->head_size);
  else if (ipc->at < ipc->nbufs)
    *part = ipc->bufs[ipc->at];
  else
    return 0;
  part->base += ipc->done;
  part->len -= (ULONG) ipc->done;
  return 1;
}

static void complete_out(struct uv__op* op);
static void write_again(struct uv__retry* retry);

/* Writes part after part: the bytes of the payload, UV__PENDING when the pipe is full, or an
 * error. A shortage is none, but waited out, so that a frame is never cut off and followed by
 * another: what is left as an error is a peer that is gone. */
static ssize_t write_parts(struct uv__io* io) {
  struct uv__ipc* ipc = uv__ipc_of(io);
  uv_buf_t part;
  int r = uv__pipe_end_ready(io);

  while (next_part(ipc, &part)) {
    ssize_t n = r < 0 ? r : uv__pipe_put(io, part.base, part.len, complete_out);

    if (n == 0 || n == UV_ENOMEM) {
      uv__pipe_put_later(io, write_again);
      return UV__PENDING;
    }
    if (n == UV__PENDING)
      io->tail.sent = UV_ECANCELED; /* Unless it completes. */
    else if (n < 0)
      uv__ipc_out_fail(ipc);
    if (n < 0)
      return n;
    ipc->done += (size_t) n;
  }
  assert(uv__ipc_out_valid(ipc) && ipc->at == ipc->nbufs);
  return ipc->payload;
}

void uv__ipc_out_load(struct uv__ipc* ipc, const uv_buf_t* bufs, unsigned nbufs) {
  ipc->nbufs = 0;
  ipc->payload = 0;
  while (ipc->nbufs < nbufs && ipc->nbufs < UV__IPC_FRAME_BUFS && ipc->payload < FRAME_MAX) {
    uv_buf_t buf = bufs[ipc->nbufs];

    if (buf.len > (ULONG) (FRAME_MAX - ipc->payload))
      buf.len = (ULONG) (FRAME_MAX - ipc->payload);
    ipc->payload += (int) buf.len;
    ipc->bufs[ipc->nbufs++] = buf;
  }
}

/* The payload becomes a part of the head, if it has room there. */
static void join(struct uv__ipc* ipc) {
  unsigned i;

  if ((size_t) ipc->payload > sizeof(ipc->head) - ipc->head_size)
    return;
  for (i = 0; i < ipc->nbufs; i++) {
    memcpy(ipc->head + ipc->head_size, ipc->bufs[i].base, ipc->bufs[i].len);
    ipc->head_size += ipc->bufs[i].len;
  }
  ipc->nbufs = 0;
}

ssize_t uv__ipc_out_send(struct uv__io* io, uint32_t flags) {
  struct uv__ipc* ipc = uv__ipc_of(io);
  size_t before = ipc->batch != NULL ? ipc->batch->before : 0;

  ipc->head_size =
      before + uv__ipc_frame_head(head_of(ipc) + before, flags, (uint32_t) ipc->payload);
  ipc->done = 0;
  ipc->at = 0;
  /* Of a frame with a handle it must be known whether the head has gone, when the rest has not. */
  if (!(flags & (UV__IPC_SOCKET | UV__IPC_PIPE)))
    join(ipc);
  return write_parts(io);
}

ssize_t uv__ipc_out_send_end(struct uv__io* io) {
  uv__ipc_out_load(uv__ipc_of(io), NULL, 0);
  return uv__ipc_out_send(io, UV__IPC_EOF);
}

void uv__ipc_out_finish(struct uv__io* io, ssize_t r) {
  if (r < 0)
    uv__ipc_out_revoke(uv__ipc_of(io));
  io->tail.sent = (int) r;
  if (io->busy & UV__WRITE)
    uv__ring(io, UV__WRITE);
  else if (io->busy & UV__SHUTDOWN)
    uv__ring(io, UV__SHUTDOWN);
}

static void go_on(struct uv__io* io) {
  ssize_t r = write_parts(io);

  if (r != UV__PENDING)
    uv__ipc_out_finish(io, r);
}

static void write_again(struct uv__retry* retry) {
  struct uv__pipe* pipe = uv__container_of(retry, struct uv__pipe, more_room);

  uv__retry_end(pipe->io->loop, retry);
  go_on(pipe->io);
}

static void complete_out(struct uv__op* op) {
  struct uv__io* io = uv__win_io_of_out(op);
  struct uv__ipc* ipc = uv__ipc_of(io);
  DWORD bytes = 0;
  DWORD error = uv__pipe_end_result(io, op, &bytes);
  int again = uv__pipe_room_told(&ipc->pipe.room, error, bytes);
  uv_buf_t part;

  assert(uv__win_io_valid(io) && uv__win_op_valid(io, op, UV__WIN_OUT, complete_out));
  assert(uv__ipc_out_valid(ipc));
  uv__win_clear(io, UV__WIN_OUT);
  if (error == 0)
    ipc->done += bytes;
  if (io->tail.state & UV__WIN_CLOSING) {
    if (error == 0 && !next_part(ipc, &part))
      io->tail.sent = ipc->payload;
    uv__pipe_end_settle(io);
  } else if (error != 0 && !again && !uv__native_is_short(error)) {
    uv__ipc_out_fail(ipc);
    uv__ipc_out_finish(io, uv__native_write_error(error));
  } else if (bytes == 0 && !again) {
    uv__pipe_put_later(io, write_again); /* For want of memory. */
  } else {
    go_on(io);
  }
}
