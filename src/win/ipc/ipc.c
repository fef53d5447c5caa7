/* Pipes that carry handles: writing, shutting down, and the table of operations. An overlapped pipe
 * has the frames of core/base/ipc_frame.h on it, which come in by in.c and go out by out.c. How a
 * handle gets to another process is in pass.c. */
#include "win/ipc/ipc.h"

enum {
  TRY_MAX = 2048 /* bytes of the payload of UV__TRY: goes out in one piece, or not at all */
};

static int is_connected(const struct uv__io* io) {
  return io->tail.u.handle != INVALID_HANDLE_VALUE;
}

/* ---- Beginning ---- */

/* Handles of ours. */
static void drop(struct uv__ipc* ipc) {
  if (ipc->held.kind != UV__DESC_NONE)
    uv__port_discard(&ipc->held);
  uv__ipc_several_drop(ipc);
  if (ipc->pass != NULL) {
    uv__own_drop(ipc->pass, NULL);
    CloseHandle(ipc->pass);
  }
  ipc->pass = NULL;
}

/* And those of the peer, when it is known how far the last frame has come. */
static void drop_all(struct uv__pipe* pipe) {
  struct uv__ipc* ipc = (struct uv__ipc*) pipe;

  drop(ipc);
  uv__ipc_out_revoke(ipc);
  uv__ipc_pass_part(&ipc->peer);
}

static const struct uv__pipe_kind kind = {sizeof(struct uv__ipc), uv__ipc_in_arrived, drop_all,
                                          NULL};

/* The first frame: no bytes, from one of us. */
static void greet(struct uv__io* io, DWORD peer, int writable) {
  unsigned char head[UV__IPC_HEADER_SIZE];
  size_t size = uv__ipc_frame_head(head, 0, 0);

  uv__ipc_frame_init(&uv__ipc_of(io)->decoder);
  uv__ipc_of(io)->peer.id = peer;
  (void) uv__ipc_pass_meet(&uv__ipc_of(io)->peer, io->tail.u.handle);
  if (writable)
    uv__pipe_end_write_first(io, head, (DWORD) size);
}

static int ipc_open(struct uv__io* io, int domain, const struct uv__desc* desc, unsigned* opened) {
  int r = uv__pipe_open(io, desc, &kind, opened);

  (void) domain;
  if (r == 0 && is_connected(io)) /* Else it was passed and is to listen. */
    greet(io, desc->peer, (*opened & UV__OPENED_WRITABLE) != 0);
  return r;
}

static int ipc_bind(struct uv__io* io, const void* addr, unsigned flags) {
  (void) flags;
  if (uv__name_is_path(addr))
    return UV_ENOTSUP; /* Windows passes no handles over a socket. */
  return uv__pipe_bind(io, addr, &kind);
}

static int ipc_connect(struct uv__io* io, const void* addr) {
  int r = uv__name_is_path(addr) ? UV_ENOTSUP : uv__pipe_connect(io, addr, &kind);

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

/* ---- READ ---- */

static int ipc_read_arm(struct uv__io* io) {
  return is_connected(io) ? uv__ipc_in_arm(io) : UV_ENOTCONN;
}

/* ---- WRITE ---- */

/* Nothing is given of several before it is known that the peer understands it: then they begin anew. */
static int pack_several(struct uv__io* io, struct uv__io* const* pass) {
  struct uv__ipc* ipc = uv__ipc_of(io);

  if (!uv__ipc_in_seek(io)) {
    ipc->waits |= UV__IPC_WAITS_KIN;
    io->tail.sent = UV_ECANCELED;
    return UV__PENDING;
  }
  return ipc->decoder.peer == UV__IPC_OURS ? uv__ipc_several_give(ipc, pass) : uv__ipc_in_loss(ipc);
}

static int pack_pipe(struct uv__io* io, struct uv__io* pass, enum uv__write_mode mode) {
  struct uv__ipc* ipc = uv__ipc_of(io);
  HANDLE self = GetCurrentProcess();
  unsigned state;
  HANDLE handle;
  int r = uv__ipc_pass_ready(pass, &handle, &state, &ipc->flags);

  if (r < 0)
    return r;
  if (uv__ipc_in_seek(io)) {
    if (ipc->decoder.peer == UV__IPC_OURS)
      return uv__ipc_pass_pipe(&ipc->peer, handle, state, ipc->head + UV__IPC_HEADER_SIZE,
                               &ipc->given);
    return uv__ipc_in_loss(ipc);
  }
  if (mode == UV__TRY)
    return UV_EAGAIN;
  /* The program may close its handle meanwhile. */
  if (!DuplicateHandle(self, handle, self, &ipc->pass, 0, FALSE, DUPLICATE_SAME_ACCESS)) {
    ipc->pass = NULL;
    return uv__error_translate(GetLastError());
  }
  uv__own_note(ipc->pass);
  ipc->pass_state = state;
  ipc->waits |= UV__IPC_WAITS_PASS;
  io->tail.sent = UV_ECANCELED; /* Unless the peer says something before the close. */
  return UV__PENDING;
}

/* Gives the peer what is to be passed and writes the block of the head: 0, UV__PENDING when the
 * peer has not said yet whether it understands it, or an error. */
static int pack(struct uv__io* io, struct uv__io* const* pass, enum uv__write_mode mode) {
  struct uv__ipc* ipc = uv__ipc_of(io);
  int r = uv__ipc_pass_meet(&ipc->peer, io->tail.u.handle);

  if (r < 0)
    return r;
  if (pass[1] != NULL)
    return pack_several(io, pass);
  if ((*pass)->tail.state & UV__WIN_SOCKET)
    return uv__ipc_pass(&ipc->peer, *pass, ipc->head + UV__IPC_HEADER_SIZE, &ipc->flags,
                        &ipc->given);
  return pack_pipe(io, *pass, mode);
}

/* One frame, from copies that are taken whole, or not at all. */
static ssize_t try_frame(struct uv__io* io, const uv_buf_t* bufs, unsigned nbufs, uint32_t flags) {
  struct uv__ipc* ipc = uv__ipc_of(io);
  uv_buf_t parts[1 + UV__IPC_FRAME_BUFS];
  unsigned count = 0;
  ULONG size = 0;
  size_t head;
  ssize_t n;

  while (count < nbufs && count < UV__IPC_FRAME_BUFS && size < TRY_MAX) {
    uv_buf_t* part = &parts[1 + count];
    *part = bufs[count++];
    if (part->len > TRY_MAX - size)
      part->len = TRY_MAX - size;
    size += part->len;
  }
  head = uv__ipc_frame_head(ipc->head, flags, size);
  parts[0] = uv_buf_init((char*) ipc->head, (unsigned) head);
  n = uv__spare_write_whole(&ipc->pipe, io->tail.u.handle, io->loop, parts, 1 + count);
  if (n == UV_EAGAIN || n == UV_ENOMEM)
    uv__ipc_out_revoke(ipc);
  else if (n < 0)
    uv__ipc_out_fail(ipc);
  if (n < 0)
    return n;
  ipc->given = NULL; /* It is on its way. */
  return (ssize_t) size;
}

static ssize_t try_write(struct uv__io* io,
                         const uv_buf_t* bufs,
                         unsigned nbufs,
                         struct uv__io* const* pass) {
  struct uv__ipc* ipc = uv__ipc_of(io);
  ssize_t r = 0;

  /* Behind what is under way; and who has nothing to write with is given nothing. */
  if ((io->tail.state & UV__WIN_OUT) || (io->busy & UV__WRITE))
    return UV_EAGAIN;
  if (pass != NULL && pass[1] != NULL)
    return UV_EAGAIN; /* Their heads are no small frame. */
  ipc->flags = 0;
  if (pass != NULL)
    r = uv__spare_write(uv__pipe_of(io), io->tail.u.handle, NULL, 0);
  if (r < 0 && r != UV_EAGAIN)
    uv__ipc_out_fail(ipc);
  if (r == 0 && pass != NULL)
    r = pack(io, pass, UV__TRY);
  return r < 0 ? r : try_frame(io, bufs, nbufs, ipc->flags);
}

static ssize_t ipc_write(struct uv__io* io,
                         const uv_buf_t* bufs,
                         unsigned nbufs,
                         enum uv__write_mode mode,
                         struct uv__io* const* pass) {
  struct uv__ipc* ipc;
  int r = 0;

  if (!is_connected(io) || uv__ipc_of(io)->cut)
    return UV_EPIPE;
  if (mode == UV__TRY)
    return try_write(io, bufs, nbufs, pass);
  ipc = uv__ipc_of(io);
  ipc->flags = 0;
  uv__ipc_out_load(ipc, bufs, nbufs);
  r = uv__pipe_end_ready(io); /* Before anything is given. */
  if (r == 0 && pass != NULL)
    r = pack(io, pass, mode);
  return r != 0 ? r : uv__ipc_out_send(io, ipc->flags);
}

/* ---- The end ---- */

/* The end of one direction is a frame of ours. Another peer learns it from the close. */
static int ipc_shutdown(struct uv__io* io) {
  ssize_t r;

  if (!is_connected(io) || uv__pipe_of(io)->write_only)
    return uv__pipe_read_shutdown(io);
  if (!uv__ipc_in_seek(io)) {
    uv__ipc_of(io)->waits |=
        UV__IPC_WAITS_END; /* It may be one of ours that has said nothing yet. */
    return 0;
  }
  if (uv__ipc_of(io)->decoder.peer != UV__IPC_OURS || uv__ipc_of(io)->cut)
    return 0;
  r = uv__ipc_out_send_end(io);
  return r == UV__PENDING ? UV__PENDING : 0; /* A peer that is gone needs none. */
}

/* Frames that were read ahead, and the handle of one whose bytes have not come, lie in the block; so does
 * that the end is still to be said, to a peer that may never tell who it is. */
int uv__ipc_leave(struct uv__io* io) {
  const struct uv__ipc* ipc = uv__ipc_of(io);

  if (is_connected(io) &&
      ((ipc->waits & ~(unsigned) UV__IPC_WAITS_END) != 0 || ipc->take_again.at != NULL))
    return UV_EBUSY;
  return uv__pipe_end_leave(io);
}

int uv__ipc_join(struct uv__io* io) {
  int r = uv__pipe_end_join(io);

  if (r == 0 && uv__ipc_of(io)->waits != 0)
    uv__ipc_in_arrived(io);
  return r;
}

/* One that is in no loop has not its event. */
static int ipc_close(struct uv__io* io) {
  HANDLE event = NULL;

  if (is_connected(io)) {
    if (io->loop == NULL)
      uv__pipe_of(io)->event = event = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (io->loop != NULL || event != NULL)
      uv__ipc_in_drain(io);
    drop(uv__ipc_of(io));
    if (event != NULL)
      CloseHandle(event);
  }
  return uv__pipe_close(io);
}

const struct uv__ops uv__ipc_ops = {
    .init = uv__pipe_init,
    .open = ipc_open,
    .bind = ipc_bind,
    .name = uv__pipe_name,
    .option = uv__pipe_option,
    .fileno = uv__pipe_fileno,
    .read_arm = ipc_read_arm,
    .read_disarm = uv__pipe_read_disarm,
    .read_now = uv__ipc_in_read,
    .write = ipc_write,
    .connect = ipc_connect,
    .shutdown = ipc_shutdown,
    .listen = uv__pipe_listen,
    .accept_now = uv__pipe_accept_take,
    .done = ipc_done,
    .close = ipc_close,
    .beyond = UV__WIN_BEYOND_IPC,
};
