/* The frames that come in on an IPC pipe, and what their first header says of who the peer is.
 *
 * A small frame comes with one read: what is asked for is more than its header, and what came besides
 * is kept for the steps and reads that follow. Of a larger one the payload goes straight into the
 * program's memory. Where others have the pipe, too, the bytes behind a frame may be theirs: there no
 * more is asked for than the codec takes next, and nothing is held back between two reads. */
#include "win/ipc/ipc.h"

#include <string.h>

enum {
  STEPS = 64,   /* of one call; a peer that sends nothing but headers does not keep the loop */
  PIECE = 4096, /* of payload that nobody reads */
  DRAIN_MOST = 0x80000, /* more than a pipe holds */
  SHORTAGES_MOST = 16   /* that a close sits out */
};

/* ---- Bytes ---- */

/* As many of the next bytes as there are, as uv__pipe_read_now has them. */
static ssize_t pull(struct uv__io* io, char* base, size_t len) {
  struct uv__ipc* ipc = uv__ipc_of(io);

  if (ipc->kept == 0) {
    ssize_t n;

    if (len >= sizeof(ipc->ahead) || !(io->tail.state & UV__WIN_ATTACHED))
      return uv__pipe_read_now(io, base, len, NULL);
    n = uv__pipe_read_now(io, ipc->ahead, sizeof(ipc->ahead), NULL);
    if (n <= 0)
      return n;
    ipc->kept = (unsigned) n;
    ipc->kept_at = 0;
  }
  if (len > ipc->kept)
    len = ipc->kept;
  memcpy(base, ipc->ahead + ipc->kept_at, len);
  ipc->kept_at += (unsigned) len;
  ipc->kept -= (unsigned) len;
  return (ssize_t) len;
}

/* ---- Who the peer is ---- */

static int knows_peer(const struct uv__ipc* ipc) {
  return ipc->decoder.peer != UV__IPC_UNKNOWN || ipc->error < 0;
}

/* Another peer understands no pipes. Who could not be read from is not known, for that reason. */
int uv__ipc_in_loss(const struct uv__ipc* ipc) {
  if (ipc->decoder.peer == UV__IPC_FOREIGN)
    return UV_ENOTSUP;
  return ipc->error < 0 && ipc->error != UV_EOF ? ipc->error : UV_EPIPE;
}

/* The first header has come, or the peer has gone without one. */
static void met(struct uv__io* io) {
  struct uv__ipc* ipc = uv__ipc_of(io);
  unsigned waits = ipc->waits;
  HANDLE pass = ipc->pass;
  ssize_t r = 0;

  ipc->waits = 0;
  ipc->pass = NULL;
  if (waits & UV__IPC_WAITS_PASS) {
    if (ipc->decoder.peer == UV__IPC_OURS)
      r = uv__ipc_pass_pipe(&ipc->peer, pass, ipc->pass_state, ipc->head + UV__IPC_HEADER_SIZE,
                            &ipc->given);
    else
      r = uv__ipc_in_loss(ipc);
    uv__own_drop(pass, NULL);
    CloseHandle(pass);
    if (r == 0)
      r = uv__ipc_out_send(io, ipc->flags);
    if (r != UV__PENDING)
      uv__ipc_out_finish(io, r);
  } else if (waits & UV__IPC_WAITS_KIN) {
    uv__ipc_out_finish(io, 0);
  } else if ((waits & UV__IPC_WAITS_END) && ipc->decoder.peer == UV__IPC_OURS) {
    (void) uv__ipc_out_send_end(io); /* The shutdown was answered, and nothing comes behind it. */
  }
}

/* What came is there until it was taken: nothing is read behind it. */
static int take(struct uv__ipc* ipc) {
  const struct uv__ipc_decoder* decoder = &ipc->decoder;
  int r = ipc->group != NULL || (decoder->flags & UV__IPC_LINKED)
              ? uv__ipc_several_take(ipc)
              : uv__ipc_pass_take(decoder->flags, decoder->block, &ipc->held);

  ipc->untaken = r == UV_ENOBUFS;
  return r;
}

/* What the bytes that are no payload amount to: 0, or an error. */
static int take_block(struct uv__ipc* ipc, const char* bytes, size_t len) {
  size_t used;
  enum uv__ipc_event event = uv__ipc_frame_feed(&ipc->decoder, bytes, len, &used);

  switch (event) {
  case UV__IPC_GOT_SOCKET:
  case UV__IPC_GOT_PIPE:
    return take(ipc);
  case UV__IPC_GOT_EOF:
    return UV_EOF;
  case UV__IPC_BAD:
    return UV_ECONNABORTED;
  default:
    return 0;
  }
}

/* What is no payload: a header or a block, as far as it is there. 0, UV_EAGAIN, UV_ENOBUFS when there
 * is no room for what came, or an error, which is kept: there is no way back into step. */
static int step(struct uv__io* io) {
  struct uv__ipc* ipc = uv__ipc_of(io);
  char bytes[UV__IPC_SOCKET_SIZE];
  ssize_t n;

  if (ipc->untaken) {
    n = take(ipc);
  } else {
    n = pull(io, bytes, uv__ipc_frame_wants(&ipc->decoder));
    if (n > 0)
      n = take_block(ipc, bytes, (size_t) n);
    else if (n == UV_EOF && !uv__ipc_frame_between(&ipc->decoder))
      n = UV_ECONNABORTED; /* Cut off within a frame. */
  }
  if (n < 0 && n != UV_EAGAIN && n != UV_ENOBUFS)
    ipc->error = (int) n;
  return (int) n;
}

/* UV__READY when a step can be made, UV__PENDING when uv__ipc_in_arrived will be called: by the
 * peer's next bytes, or, after too many steps, in the next turn. An error is kept. */
static int may_step(struct uv__io* io, int* steps) {
  int r = uv__ipc_of(io)->kept > 0 ? UV__READY : uv__pipe_read_arm(io);

  if (r == UV__READY && ++*steps > STEPS)
    r = uv__pipe_read_yield(io);
  if (r < 0 && r != UV__PENDING)
    uv__ipc_of(io)->error = r;
  return r;
}

int uv__ipc_in_seek(struct uv__io* io) {
  struct uv__ipc* ipc = uv__ipc_of(io);
  int steps = 0;

  while (!knows_peer(ipc)) {
    int r = may_step(io, &steps);

    if (r == UV__PENDING)
      return 0;
    if (r == UV__READY)
      (void) step(io);
  }
  return 1;
}

/* ---- READ ---- */

/* A descriptor without payload, or the end: read_now needs no bytes for these. */
static int is_due(const struct uv__ipc* ipc) {
  int came = ipc->held.kind != UV__DESC_NONE || uv__ipc_several_came(ipc);

  return ipc->error < 0 || (came && !uv__ipc_frame_in_payload(&ipc->decoder));
}

static void hand_out(struct uv__ipc* ipc, struct uv__passed* passed) {
  uv__ipc_several_hand_out(ipc, passed);
  if (ipc->held.kind != UV__DESC_NONE)
    passed->descs[passed->count++] = ipc->held;
  ipc->held.kind = UV__DESC_NONE;
}

/* Reads over what the program does not see, so that it is not bothered with it. */
static int advance(struct uv__io* io) {
  struct uv__ipc* ipc = uv__ipc_of(io);
  int steps = 0;

  if (ipc->take_again.at != NULL)
    return UV__PENDING;
  while (!is_due(ipc)) {
    int r;

    if (ipc->untaken)
      return UV__READY; /* To say so. */
    r = may_step(io, &steps);

    if (r == UV__PENDING)
      return UV__PENDING;
    if (r == UV__READY && uv__ipc_frame_in_payload(&ipc->decoder))
      return UV__READY;
    if (r == UV__READY)
      (void) step(io);
  }
  return UV__READY;
}

static void meet(struct uv__io* io) {
  if (uv__ipc_of(io)->waits != 0 && knows_peer(uv__ipc_of(io)))
    met(io);
}

void uv__ipc_in_arrived(struct uv__io* io) {
  if (uv__ipc_of(io)->waits != 0)
    (void) uv__ipc_in_seek(io);
  if ((io->busy & UV__READ) && advance(io) == UV__READY)
    uv__ring(io, UV__READ);
  meet(io);
}

int uv__ipc_in_arm(struct uv__io* io) {
  int r = advance(io);

  meet(io);
  return r;
}

/* There was no room for a handle, and the program knows: it hears of it when there is. */
static void take_again(struct uv__retry* retry) {
  struct uv__ipc* ipc = uv__container_of(retry, struct uv__ipc, take_again);
  struct uv__io* io = ipc->pipe.io;

  if (step(io) == UV_ENOBUFS)
    return;
  uv__retry_end(io->loop, retry);
  if ((io->busy & UV__READ) && advance(io) == UV__READY)
    uv__ring(io, UV__READ);
}

static ssize_t lacks_room(struct uv__io* io) {
  struct uv__ipc* ipc = uv__ipc_of(io);

  ipc->take_again.again = take_again;
  if (ipc->take_again.at == NULL)
    uv__retry_begin(io->loop, &ipc->take_again);
  return UV_ENOBUFS;
}

/* What was kept of a frame, and what is there of its rest. */
static ssize_t pull_payload(struct uv__io* io, char* base, size_t len) {
  struct uv__ipc* ipc = uv__ipc_of(io);
  int held = ipc->kept > 0;
  ssize_t n = pull(io, base, len);
  ssize_t rest;

  if (!held || (size_t) n == len)
    return n;
  rest = pull(io, base + n, len - (size_t) n);
  if (rest > 0)
    return n + rest;
  if (rest < 0 && rest != UV_EAGAIN) /* For the next read. */
    ipc->error = rest == UV_EOF ? UV_ECONNABORTED : (int) rest;
  return n;
}

/* Payload, to where it belongs, with the descriptor that came with it. */
static ssize_t read_payload(struct uv__io* io, char* base, size_t len, struct uv__passed* passed) {
  struct uv__ipc* ipc = uv__ipc_of(io);
  size_t wants = uv__ipc_frame_wants(&ipc->decoder);
  ssize_t n = pull_payload(io, base, len < wants ? len : wants);
  size_t used;

  if (n == UV_EAGAIN)
    return n;
  if (n <= 0) {
    ipc->error = n == UV_EOF ? UV_ECONNABORTED : (int) n;
    return ipc->error;
  }
  (void) uv__ipc_frame_feed(&ipc->decoder, base, (size_t) n, &used);
  hand_out(ipc, passed);
  return n;
}

ssize_t uv__ipc_in_read(struct uv__io* io, char* base, size_t len, struct uv__passed* passed) {
  struct uv__ipc* ipc = uv__ipc_of(io);
  ssize_t n = 0;
  int steps;

  for (steps = 0;
       n == 0 && !is_due(ipc) && (ipc->untaken || !uv__ipc_frame_in_payload(&ipc->decoder));
       steps++)
    n = steps < STEPS ? step(io) : UV_EAGAIN;
  meet(io);
  if (n == UV_ENOBUFS)
    return lacks_room(io);
  if (n == UV_EAGAIN)
    return n;
  if (ipc->error < 0)
    return ipc->error;
  if (uv__ipc_frame_in_payload(&ipc->decoder))
    return read_payload(io, base, len, passed);
  hand_out(ipc, passed);
  return 0;
}

/* ---- The end ---- */

/* Goes on over a frame or a part of it: how many bytes it was, 0 when no more is there. */
static ssize_t drain_some(struct uv__io* io) {
  struct uv__ipc* ipc = uv__ipc_of(io);
  char bytes[PIECE];
  size_t wants = uv__ipc_frame_wants(&ipc->decoder);
  ssize_t n;

  if (ipc->untaken && take(ipc) == UV_ENOBUFS)
    return UV_ENOMEM;
  if (ipc->held.kind != UV__DESC_NONE)
    uv__port_discard(&ipc->held);
  if (uv__ipc_several_came(ipc))
    uv__ipc_several_drop(ipc);
  n = wants == 0 ? 0 : pull(io, bytes, wants < PIECE ? wants : PIECE);
  if (n > 0)
    (void) take_block(ipc, bytes, (size_t) n);
  return n;
}

/* What the peer gave is in this process, and nobody else would close it (rule I3), so that a system that is
 * short of memory is asked a few times. What comes later is lost to the process until that ends. Bytes of
 * a file object that others have, too, are theirs, but for those that were read already. */
void uv__ipc_in_drain(struct uv__io* io) {
  struct uv__ipc* ipc = uv__ipc_of(io);
  size_t size = 0;
  int shortages = 0;
  int ours = !ipc->pipe.write_only && !uv__object_is_shared(io->tail.u.handle);
  ssize_t n = 1;

  uv__retry_end(io->loop, &ipc->take_again);
  io->tail.error = 0;
  while ((ours || ipc->kept > 0) && (n > 0 || n == UV_ENOMEM) && size < DRAIN_MOST &&
         shortages < SHORTAGES_MOST) {
    n = drain_some(io);
    if (n > 0)
      size += (size_t) n;
    else if (n == UV_ENOMEM)
      shortages++;
  }
}
