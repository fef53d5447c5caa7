/* Sockets that others had, too, when we were given ours. Their mode is everybody's: who has such a one
 * may rely on calls that wait. So it stays as it is found, and as a plain call would wait for the peer
 * here, none is made: each is overlapped, with an event whose low bit keeps the packet from whoever's
 * port there is.
 *
 * A receive of nothing that waits is taken back before the call returns. A send cannot be: nobody knows
 * how much of it has gone. So a try sends from a copy, and what does not go at once is on its way all the
 * same, behind what was sent before and also after a close, as with pipes (spare.c of that room): as long as
 * there is the thread that made the call. */
#include "win/tcp/tcp.h"

#include <string.h>

#include "core/base/alloc.h"

enum {
  TRY_SIZE = 16384 /* bytes of one send of a try */
};

struct uv__tcp_shared {
  struct uv__late late; /* when no stream has it any more */
  HANDLE received;      /* the event of a receive */
  HANDLE sent;          /* of a send of a try, */
  OVERLAPPED operation; /* which is over, or on its way */
  SOCKET socket;        /* ours to close by then; else INVALID_SOCKET */
  char bytes[TRY_SIZE];
};

static void aim(OVERLAPPED* overlapped, HANDLE event) {
  memset(overlapped, 0, sizeof(*overlapped));
  overlapped->hEvent = (HANDLE) ((ULONG_PTR) event | 1);
}

/* Whatever made the event signalled before. */
static void await(const OVERLAPPED* overlapped, HANDLE event) {
  while (!uv__late_is_over(overlapped))
    WaitForSingleObject(event, INFINITE);
}

static void release(struct uv__tcp_shared* shared) {
  if (shared->received != NULL)
    CloseHandle(shared->received);
  if (shared->sent != NULL)
    CloseHandle(shared->sent);
  if (shared->socket != INVALID_SOCKET) {
    uv__own_drop((HANDLE) shared->socket, NULL);
    closesocket(shared->socket);
  }
  uv__free(shared);
}

/* Where that of an io is, if it has one. */
static void** place(struct uv__io* io) {
  if (io->tail.state & UV__WIN_FOREIGN)
    return &((struct uv__foreign_pair*) io->tail.more)->block;
  return &io->tail.more;
}

/* Made by the first who needs it. */
static int obtain(struct uv__io* io, struct uv__tcp_shared** shared) {
  void** block = place(io);

  if (*block == NULL) {
    struct uv__tcp_shared* made = uv__calloc(1, sizeof(*made));

    if (made == NULL)
      return UV_ENOMEM;
    made->socket = INVALID_SOCKET;
    made->received = CreateEventW(NULL, FALSE, FALSE, NULL);
    made->sent = made->received == NULL ? NULL : CreateEventW(NULL, FALSE, FALSE, NULL);
    if (made->sent == NULL) {
      int r = uv__error_translate(GetLastError());
      release(made);
      return r;
    }
    *block = made;
  }
  *shared = *block;
  return 0;
}

/* The count, or an error: UV_EAGAIN when it would have waited. */
static ssize_t receive(SOCKET sock, WSABUF* buf, HANDLE event) {
  struct uv__op op;
  DWORD flags = 0;
  DWORD got = 0;
  ssize_t r;

  aim(&op.overlapped, event);
  if (WSARecv(sock, buf, 1, &got, &flags, &op.overlapped, NULL) == 0)
    return (ssize_t) got;
  if (WSAGetLastError() != WSA_IO_PENDING)
    return uv__error_translate((DWORD) WSAGetLastError());
  CancelIoEx((HANDLE) sock, &op.overlapped);
  await(&op.overlapped, event);
  r = uv__sock_result(sock, &op);
  return r == UV_ECANCELED ? UV_EAGAIN : r;
}

/* Where nothing is there a receive of nothing asks whether that is the end: no receive that may hold
 * bytes is taken back, unless somebody else was faster. */
ssize_t uv__tcp_shared_read(struct uv__io* io, WSABUF* buf) {
  SOCKET sock = io->tail.u.socket;
  struct uv__tcp_shared* shared;
  WSABUF nothing = {0, NULL};
  u_long there = 0;
  ssize_t r = obtain(io, &shared);

  if (r == 0 && ioctlsocket(sock, (long) FIONREAD, &there) != 0)
    r = uv__error_translate((DWORD) WSAGetLastError());
  if (r == 0 && there == 0)
    r = receive(sock, &nothing, shared->received);
  return r < 0 ? r : receive(sock, buf, shared->received);
}

ssize_t uv__tcp_shared_try(struct uv__io* io, const uv_buf_t* bufs, unsigned nbufs) {
  struct uv__tcp_shared* shared;
  unsigned at = 0;
  size_t offset = 0;
  ssize_t total = 0;
  int r = obtain(io, &shared);

  if (r < 0)
    return r;
  while (uv__late_is_over(&shared->operation)) {
    WSABUF buf;
    DWORD sent = 0;

    buf.buf = shared->bytes;
    buf.len = uv__bufs_copy(shared->bytes, TRY_SIZE, bufs, nbufs, &at, &offset);
    if (buf.len == 0)
      return total;
    aim(&shared->operation, shared->sent);
    if (WSASend(io->tail.u.socket, &buf, 1, &sent, 0, &shared->operation, NULL) != 0) {
      int error = WSAGetLastError();

      if (error == WSA_IO_PENDING)
        return total + (ssize_t) buf.len;
      shared->operation.Internal = 0; /* Nothing is under way. */
      return total > 0 ? total : uv__error_translate((DWORD) error);
    }
    total += (ssize_t) sent;
    if (sent < buf.len)
      return total;
  }
  return total > 0 ? total : UV_EAGAIN;
}

/* ---- The end ---- */

static struct uv__tcp_shared* shared_of(const struct uv__io* io) {
  return io->tail.state & UV__WIN_CONNECTED ? *place((struct uv__io*) io) : NULL;
}

int uv__tcp_shared_is_idle(const struct uv__io* io) {
  const struct uv__tcp_shared* shared = shared_of(io);

  return shared == NULL || uv__late_is_over(&shared->operation);
}

static void release_late(struct uv__late* late) {
  release(uv__container_of(late, struct uv__tcp_shared, late));
}

/* To end a send that is on its way would be to lose what a try has taken. */
int uv__tcp_shared_end(struct uv__io* io, int keeps_sending) {
  struct uv__tcp_shared* shared = shared_of(io);

  if (shared == NULL)
    return 0;
  *place(io) = NULL;
  if (!uv__late_is_over(&shared->operation)) {
    shared->late.release = release_late;
    shared->late.overlapped = &shared->operation;
    shared->socket = io->tail.u.socket;
    uv__own_note((HANDLE) shared->socket); /* Nobody else's to name. */
    if (keeps_sending && uv__late_leave(&shared->late, io->loop, shared->sent) == 0)
      return 1;
    uv__own_drop((HANDLE) shared->socket, NULL);
    shared->socket = INVALID_SOCKET;
    CancelIoEx((HANDLE) io->tail.u.socket, &shared->operation);
    await(&shared->operation, shared->sent);
  }
  release(shared);
  return 0;
}
