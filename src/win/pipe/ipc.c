/* Pipes that carry handles: an overlapped pipe with the frames of core/ipc_frame.h on it. How a
 * handle gets to another process is in ipc_pass.c.
 *
 * Reading asks the pipe for no more than the codec takes next, so that payload goes straight
 * into the program's memory and nothing is held back between two reads. A write is one frame, of
 * which head and buffers are written one behind the other, each from where it is. */
#include "win/internal.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/ipc_frame.h"

enum {
  FRAME_BUFS = 16,     /* of one frame */
  FRAME_MAX = 1 << 20, /* bytes of its payload */
  TRY_MAX = 2048       /* the same for UV__TRY: goes out in one piece, or not at all */
};

/* What waits for the first header of the peer, which says who it is. */
enum {
  WAITS_PASS = 1, /* a write with a pipe handle */
  WAITS_END = 2   /* a shutdown that was answered already */
};

/* uv__pipe.above */
struct ipc {
  struct uv__ipc_decoder decoder;
  struct uv__ipc_peer peer;
  struct uv__desc held; /* arrived; its first byte has not */
  int error;            /* of the incoming side, for the next read */
  unsigned waits;

  /* The frame that goes out. */
  HANDLE pass;         /* a duplicate of the pipe handle that waits, */
  unsigned pass_state; /* and the state of that pipe */
  uint32_t flags;
  unsigned char head[UV__IPC_HEAD_MOST];
  size_t head_size; /* 0: it has gone */
  size_t done;      /* bytes of the head, or of bufs[at] */
  uv_buf_t bufs[FRAME_BUFS];
  unsigned nbufs;
  unsigned at;
  int payload; /* bytes in bufs */
};

static struct ipc* ipc_of(const struct uv__io* io) {
  return uv__pipe_of(io)->above;
}

static int is_connected(const struct uv__io* io) {
  return io->tail.u.handle != INVALID_HANDLE_VALUE;
}

/* ---- Beginning ---- */

void* uv__ipc_new(void) {
  struct ipc* ipc = uv__calloc(1, sizeof(*ipc));

  if (ipc != NULL) {
    uv__ipc_frame_init(&ipc->decoder);
    ipc->held.kind = UV__DESC_NONE;
  }
  return ipc;
}

static void drop(struct ipc* ipc) {
  if (ipc->held.kind != UV__DESC_NONE)
    uv__port_discard(&ipc->held);
  if (ipc->pass != NULL)
    CloseHandle(ipc->pass);
  ipc->pass = NULL;
  uv__ipc_pass_part(&ipc->peer);
}

void uv__ipc_free(void* above) {
  drop(above);
  uv__free(above);
}

/* The first frame: no bytes, from one of us. The pipe is empty and takes it at once; if the peer is
 * gone already, reading and writing will tell. */
static void greet(struct uv__io* io, DWORD peer, int writable) {
  unsigned char head[UV__IPC_HEADER_SIZE];
  size_t size = uv__ipc_frame_head(head, 0, 0);

  uv__ipc_pass_meet(&ipc_of(io)->peer, io->tail.u.handle, peer);
  if (writable)
    (void) uv__pipe_write_first(io, head, (DWORD) size);
}

static int ipc_open(struct uv__io* io, int domain, const struct uv__desc* desc, unsigned* opened) {
  int r = uv__pipe_open(io, domain, desc, opened);

  if (r == 0 && is_connected(io)) /* Else it was passed and is to listen. */
    greet(io, desc->peer, (*opened & UV__OPENED_WRITABLE) != 0);
  return r;
}

static int ipc_connect(struct uv__io* io, const void* addr) {
  int r = uv__pipe_connect(io, addr);

  if (r >= 0)
    greet(io, 0, r != UV__OPENED_READABLE);
  return r;
}

static ssize_t ipc_done(struct uv__io* io, enum uv__lane lane) {
  ssize_t r = uv__pipe_done(io, lane);

  if (lane == UV__CONNECT && r >= 0 && !(io->tail.state & UV__WIN_CLOSING))
    greet(io, 0, r != UV__OPENED_READABLE);
  return r;
}

/* ---- The frame that goes out ---- */

/* The part that comes next; 0 when the frame is complete. */
static int next_part(struct ipc* ipc, uv_buf_t* part) {
  if (ipc->head_size > 0 && ipc->done == ipc->head_size)
    ipc->head_size = ipc->done = 0;
  while (ipc->head_size == 0 && ipc->at < ipc->nbufs && ipc->done == ipc->bufs[ipc->at].len) {
    ipc->at++;
    ipc->done = 0;
  }
  if (ipc->head_size > 0)
    *part = uv_buf_init((char*) ipc->head, (unsigned) ipc->head_size);
  else if (ipc->at < ipc->nbufs)
    *part = ipc->bufs[ipc->at];
  else
    return 0;
  part->base += ipc->done;
  part->len -= (ULONG) ipc->done;
  return 1;
}

static void complete_out(struct uv__op* op);

/* Writes part after part: the bytes of the payload, UV__PENDING when the pipe is full, or an
 * error. Only a peer that is gone is one in practice, so that a frame that was cut off is never
 * followed by another. */
static ssize_t write_parts(struct uv__io* io) {
  struct ipc* ipc = ipc_of(io);
  uv_buf_t part;

  while (next_part(ipc, &part)) {
    BOOL ok;
    DWORD error;

    ok = WriteFile(io->tail.u.handle, part.base, part.len, NULL,
                   uv__win_prepare(io, &io->tail.out, UV__WIN_OUT, complete_out));
    error = ok ? 0 : GetLastError();
    if (error == ERROR_IO_PENDING || (ok && (io->tail.state & UV__WIN_FOREIGN))) {
      uv__win_set(io, UV__WIN_OUT);
      io->tail.sent = UV_ECANCELED; /* Unless it completes. */
      return UV__PENDING;
    }
    if (!ok)
      return uv__pipe_write_error(error);
    ipc->done += part.len;
  }
  return ipc->payload;
}

/* Takes as many of the buffers as make a frame. */
static void load(struct ipc* ipc, const uv_buf_t* bufs, unsigned nbufs) {
  ipc->nbufs = 0;
  ipc->payload = 0;
  while (ipc->nbufs < nbufs && ipc->nbufs < FRAME_BUFS && ipc->payload < FRAME_MAX) {
    uv_buf_t buf = bufs[ipc->nbufs];

    if (buf.len > (ULONG) (FRAME_MAX - ipc->payload))
      buf.len = (ULONG) (FRAME_MAX - ipc->payload);
    ipc->payload += (int) buf.len;
    ipc->bufs[ipc->nbufs++] = buf;
  }
}

/* Sends what was loaded; the block of a handle is in its place already. */
static ssize_t send_frame(struct uv__io* io, uint32_t flags) {
  struct ipc* ipc = ipc_of(io);

  ipc->head_size = uv__ipc_frame_head(ipc->head, flags, (uint32_t) ipc->payload);
  ipc->done = 0;
  ipc->at = 0;
  return write_parts(io);
}

static ssize_t send_end(struct uv__io* io) {
  load(ipc_of(io), NULL, 0);
  return send_frame(io, UV__IPC_EOF);
}

/* A frame that was pending has gone, or will not go. */
static void finish(struct uv__io* io, ssize_t r) {
  io->tail.sent = (int) r;
  if (io->busy & UV__WRITE)
    uv__ring(io, UV__WRITE);
  else if (io->busy & UV__SHUTDOWN)
    uv__ring(io, UV__SHUTDOWN);
}

static void complete_out(struct uv__op* op) {
  struct uv__io* io = uv__win_io_of_out(op);
  struct ipc* ipc = ipc_of(io);
  DWORD error = 0;
  DWORD bytes = 0;
  uv_buf_t part;
  ssize_t r;

  if (!GetOverlappedResult(io->tail.u.handle, &op->overlapped, &bytes, FALSE))
    error = GetLastError();
  uv__win_clear(io, UV__WIN_OUT);
  ipc->done += bytes;
  if (io->tail.state & UV__WIN_CLOSING) {
    if (error == 0 && !next_part(ipc, &part))
      io->tail.sent = ipc->payload;
    uv__pipe_settle(io);
    return;
  }
  r = error == 0 ? write_parts(io) : uv__pipe_write_error(error);
  if (r != UV__PENDING)
    finish(io, r);
}

/* ---- Who the peer is ---- */

static int knows_peer(const struct ipc* ipc) {
  return ipc->decoder.peer != UV__IPC_UNKNOWN || ipc->error < 0;
}

/* The first header has come, or the peer has gone without one. */
static void met(struct uv__io* io) {
  struct ipc* ipc = ipc_of(io);
  unsigned waits = ipc->waits;
  HANDLE pass = ipc->pass;
  ssize_t r = 0;

  ipc->waits = 0;
  ipc->pass = NULL;
  if (waits & WAITS_PASS) {
    if (ipc->decoder.peer == UV__IPC_OURS)
      r = uv__ipc_pass_pipe(&ipc->peer, pass, ipc->pass_state, ipc->head + UV__IPC_HEADER_SIZE);
    else
      r = ipc->decoder.peer == UV__IPC_FOREIGN ? UV_ENOTSUP : UV_EPIPE;
    CloseHandle(pass);
    if (r == 0)
      r = send_frame(io, ipc->flags);
    if (r != UV__PENDING)
      finish(io, r);
  } else if ((waits & WAITS_END) && ipc->decoder.peer == UV__IPC_OURS) {
    (void) send_end(io); /* The shutdown was answered, and nothing comes behind it. */
  }
}

/* What the bytes that are no payload amount to: 0, or an error. */
static int take_block(struct uv__io* io, const char* bytes, size_t len) {
  struct ipc* ipc = ipc_of(io);
  int connection;
  size_t used;

  switch (uv__ipc_frame_feed(&ipc->decoder, bytes, len, &used)) {
  case UV__IPC_GOT_SOCKET:
    connection = (ipc->decoder.flags & UV__IPC_CONNECTION) != 0;
    return uv__ipc_pass_take_socket(io->loop, ipc->decoder.block, connection, &ipc->held);
  case UV__IPC_GOT_PIPE:
    connection = (ipc->decoder.flags & UV__IPC_CONNECTION) != 0;
    return uv__ipc_pass_take_pipe(io->loop, ipc->decoder.block, connection, &ipc->held);
  case UV__IPC_GOT_EOF:
    return UV_EOF;
  case UV__IPC_BAD:
    return UV_ECONNABORTED;
  default:
    return 0;
  }
}

/* What is no payload: a header or a block, as far as it is there. 0, UV_EAGAIN, or an error, which
 * is kept: there is no way back into step. */
static int step(struct uv__io* io) {
  struct ipc* ipc = ipc_of(io);
  char bytes[UV__IPC_SOCKET_SIZE];
  size_t wants = uv__ipc_frame_wants(&ipc->decoder);
  ssize_t n = uv__pipe_read_now(io, bytes, wants, NULL);

  if (n == UV_EAGAIN)
    return UV_EAGAIN;
  if (n > 0)
    n = take_block(io, bytes, (size_t) n);
  else if (n == UV_EOF && !uv__ipc_frame_between(&ipc->decoder))
    n = UV_ECONNABORTED; /* Cut off within a frame. */
  if (n < 0)
    ipc->error = (int) n;
  return (int) n;
}

/* Asks for the first header only, whether anybody reads or not: 1 when it is known who the peer
 * is, or that it says nothing any more; 0 when there will be a call of uv__ipc_arrived. */
static int seek(struct uv__io* io) {
  struct ipc* ipc = ipc_of(io);

  while (!knows_peer(ipc)) {
    int r = uv__pipe_read_arm(io);

    if (r == UV__PENDING)
      return 0;
    if (r < 0)
      ipc->error = r;
    else
      (void) step(io);
  }
  return 1;
}

/* ---- READ ---- */

/* A descriptor without payload, or the end: read_now needs no bytes for these. */
static int is_due(const struct ipc* ipc) {
  return ipc->error < 0 ||
         (ipc->held.kind != UV__DESC_NONE && !uv__ipc_frame_in_payload(&ipc->decoder));
}

/* Reads over what the program does not see, so that it is not bothered with it. */
static int advance(struct uv__io* io) {
  struct ipc* ipc = ipc_of(io);

  while (!is_due(ipc)) {
    int r = uv__pipe_read_arm(io);

    if (r == UV__PENDING)
      return UV__PENDING;
    if (r < 0)
      ipc->error = r;
    else if (uv__ipc_frame_in_payload(&ipc->decoder))
      return UV__READY;
    else
      (void) step(io);
  }
  return UV__READY;
}

static void meet(struct uv__io* io) {
  if (ipc_of(io)->waits != 0 && knows_peer(ipc_of(io)))
    met(io);
}

void uv__ipc_arrived(struct uv__io* io) {
  if (ipc_of(io)->waits != 0)
    (void) seek(io);
  if ((io->busy & UV__READ) && advance(io) == UV__READY)
    uv__ring(io, UV__READ);
  meet(io);
}

static int ipc_read_arm(struct uv__io* io) {
  int r;

  if (!is_connected(io))
    return UV_ENOTCONN;
  r = advance(io);
  meet(io);
  return r;
}

/* Payload, straight to where it belongs, with the descriptor that came with it. */
static ssize_t read_payload(struct uv__io* io, char* base, size_t len, struct uv__passed* passed) {
  struct ipc* ipc = ipc_of(io);
  size_t wants = uv__ipc_frame_wants(&ipc->decoder);
  ssize_t n = uv__pipe_read_now(io, base, len < wants ? len : wants, NULL);
  size_t used;

  if (n == UV_EAGAIN)
    return n;
  if (n <= 0) {
    ipc->error = n == UV_EOF ? UV_ECONNABORTED : (int) n;
    return ipc->error;
  }
  (void) uv__ipc_frame_feed(&ipc->decoder, base, (size_t) n, &used);
  if (ipc->held.kind != UV__DESC_NONE)
    passed->descs[passed->count++] = ipc->held;
  ipc->held.kind = UV__DESC_NONE;
  return n;
}

static ssize_t ipc_read_now(struct uv__io* io, char* base, size_t len, struct uv__passed* passed) {
  struct ipc* ipc = ipc_of(io);
  ssize_t n = 0;

  while (n == 0 && !is_due(ipc) && !uv__ipc_frame_in_payload(&ipc->decoder))
    n = step(io);
  meet(io);
  if (n == UV_EAGAIN)
    return n;
  if (ipc->error < 0)
    return ipc->error;
  if (uv__ipc_frame_in_payload(&ipc->decoder))
    return read_payload(io, base, len, passed);
  passed->descs[passed->count++] = ipc->held;
  ipc->held.kind = UV__DESC_NONE;
  return 0;
}

/* ---- WRITE ---- */

/* Gives the peer what is to be passed and writes the block of the head: 0, UV__PENDING when the
 * peer has not said yet whether it understands it, or an error. */
static int pack(struct uv__io* io, struct uv__io* pass, enum uv__write_mode mode) {
  struct ipc* ipc = ipc_of(io);
  unsigned char* block = ipc->head + UV__IPC_HEADER_SIZE;
  HANDLE self = GetCurrentProcess();
  uv_os_fd_t handle;
  int r;

  if (pass->ops == &uv__tcp_ops)
    return uv__ipc_pass_socket(&ipc->peer, pass, block, &ipc->flags);
  r = pass->ops->fileno(pass, &handle);
  if (r < 0)
    return r;
  ipc->flags = UV__IPC_PIPE | (pass->tail.state & UV__WIN_BOUND ? 0 : UV__IPC_CONNECTION);
  if (seek(io)) {
    if (ipc->decoder.peer == UV__IPC_OURS)
      return uv__ipc_pass_pipe(&ipc->peer, handle, pass->tail.state, block);
    return ipc->decoder.peer == UV__IPC_FOREIGN ? UV_ENOTSUP : UV_EPIPE;
  }
  if (mode == UV__TRY)
    return UV_EAGAIN;
  /* The program may close its handle meanwhile. */
  if (!DuplicateHandle(self, handle, self, &ipc->pass, 0, FALSE, DUPLICATE_SAME_ACCESS)) {
    ipc->pass = NULL;
    return uv__error_translate(GetLastError());
  }
  ipc->pass_state = pass->tail.state;
  ipc->waits |= WAITS_PASS;
  io->tail.sent = UV_ECANCELED; /* Unless the peer says something before the close. */
  return UV__PENDING;
}

/* One frame, from copies that the pipe takes whole, or not at all. */
static ssize_t try_frame(struct uv__io* io, const uv_buf_t* bufs, unsigned nbufs, uint32_t flags) {
  struct ipc* ipc = ipc_of(io);
  uv_buf_t parts[1 + FRAME_BUFS];
  unsigned count = 0;
  ULONG size = 0;
  size_t head;
  ssize_t n;

  while (count < nbufs && count < FRAME_BUFS && size < TRY_MAX) {
    uv_buf_t* part = &parts[1 + count];
    *part = bufs[count++];
    if (part->len > TRY_MAX - size)
      part->len = TRY_MAX - size;
    size += part->len;
  }
  head = uv__ipc_frame_head(ipc->head, flags, size);
  parts[0] = uv_buf_init((char*) ipc->head, (unsigned) head);
  n = uv__spare_write(uv__pipe_of(io)->spare, io->tail.u.handle, parts, 1 + count);
  return n < 0 ? n : (ssize_t) size;
}

static ssize_t try_write(struct uv__io* io,
                         const uv_buf_t* bufs,
                         unsigned nbufs,
                         struct uv__io* pass) {
  struct ipc* ipc = ipc_of(io);
  ssize_t r = 0;

  /* Behind what is under way; and what is passed cannot be taken back. */
  if ((io->tail.state & UV__WIN_OUT) || (io->busy & UV__WRITE))
    return UV_EAGAIN;
  ipc->flags = 0;
  if (pass != NULL)
    r = uv__spare_write(uv__pipe_of(io)->spare, io->tail.u.handle, NULL, 0);
  if (r == 0 && pass != NULL)
    r = pack(io, pass, UV__TRY);
  return r < 0 ? r : try_frame(io, bufs, nbufs, ipc->flags);
}

static ssize_t ipc_write(struct uv__io* io,
                         const uv_buf_t* bufs,
                         unsigned nbufs,
                         enum uv__write_mode mode,
                         struct uv__io* pass) {
  struct ipc* ipc;
  int r = 0;

  if (!is_connected(io))
    return UV_EPIPE;
  if (mode == UV__TRY)
    return try_write(io, bufs, nbufs, pass);
  ipc = ipc_of(io);
  ipc->flags = 0;
  load(ipc, bufs, nbufs);
  if (pass != NULL)
    r = pack(io, pass, mode);
  return r != 0 ? r : send_frame(io, ipc->flags);
}

/* ---- The end ---- */

/* The end of one direction is a frame of ours. Another peer learns it from the close. */
static int ipc_shutdown(struct uv__io* io) {
  ssize_t r;

  if (!is_connected(io) || uv__pipe_of(io)->write_only)
    return uv__pipe_shutdown(io);
  if (!seek(io)) {
    ipc_of(io)->waits |= WAITS_END; /* It may be one of ours that has said nothing yet. */
    return 0;
  }
  if (ipc_of(io)->decoder.peer != UV__IPC_OURS)
    return 0;
  r = send_end(io);
  return r == UV__PENDING ? UV__PENDING : 0; /* A peer that is gone needs none. */
}

static int ipc_close(struct uv__io* io) {
  if (is_connected(io))
    drop(ipc_of(io));
  return uv__pipe_close(io);
}

const struct uv__ops uv__ipc_ops = {
    .init = uv__pipe_init,
    .open = ipc_open,
    .bind = uv__pipe_bind,
    .name = uv__pipe_name,
    .option = uv__pipe_option,
    .fileno = uv__pipe_fileno,
    .read_arm = ipc_read_arm,
    .read_disarm = uv__pipe_read_disarm,
    .read_now = ipc_read_now,
    .write = ipc_write,
    .connect = ipc_connect,
    .shutdown = ipc_shutdown,
    .listen = uv__pipe_listen,
    .accept_now = uv__pipe_accept_now,
    .done = ipc_done,
    .close = ipc_close,
};
