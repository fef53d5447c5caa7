/* Another holder of a file object; see holder.h. */
#include "holder.h"

#include <string.h>

#include "win/tcp/tcp.h"

HANDLE holder_handle(const struct stream* s) {
  uv_os_fd_t fd;

  CHECK_EQ(s->io.ops->fileno(&s->io, &fd), 0);
  return fd;
}

/* Winsock wants to know its sockets, and does not know a handle that it did not duplicate. */
HANDLE holder_duplicate(const struct kind* kind, HANDLE handle) {
  HANDLE self = GetCurrentProcess();
  WSAPROTOCOL_INFOW info;
  HANDLE made;

  if (kind->desc == UV__DESC_TCP) {
    CHECK_EQ(WSADuplicateSocketW((SOCKET) handle, GetCurrentProcessId(), &info), 0);
    made = (HANDLE) WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &info, 0,
                               WSA_FLAG_OVERLAPPED);
    CHECK(made != INVALID_HANDLE_VALUE);
  } else {
    CHECK(DuplicateHandle(self, handle, self, &made, 0, FALSE, DUPLICATE_SAME_ACCESS));
  }
  return made;
}

struct stream* holder_give(const struct kind* kind, HANDLE handle) {
  struct uv__desc desc;

  memset(&desc, 0, sizeof desc);
  desc.kind = (short) kind->desc;
  desc.handle = handle;
  return stream_open(kind, &desc);
}

struct stream* holder_open_once(const struct kind* kind, HANDLE theirs) {
  return holder_give(kind, holder_duplicate(kind, theirs));
}

struct stream* holder_open(const struct kind* kind, HANDLE theirs) {
  struct stream* s = holder_open_once(kind, theirs);

  while (s->io.ops != kind->ops) {
    stream_end(s);
    s = holder_open_once(kind, theirs);
  }
  return s;
}

void holder_close(const struct kind* kind, HANDLE handle) {
  if (kind->desc == UV__DESC_TCP)
    CHECK_EQ(closesocket((SOCKET) handle), 0);
  else
    CHECK(CloseHandle(handle));
}

int holder_is_layered(const struct kind* kind, HANDLE handle) {
  unsigned short state;

  if (kind->desc != UV__DESC_TCP)
    return 0;
  CHECK_EQ(uv__sock_look((SOCKET) handle, &state), 0);
  return !(state & UV__WIN_IFS);
}

void holder_pass_byte(struct stream* from, struct stream* to) {
  CHECK_EQ(write_byte(from, 'x'), 0);
  CHECK_EQ(read_byte(to), 'x');
}

/* A connection of which one end has had no operation: an accepted socket, and a client's end of a
 * pipe, since a server's has waited for its client. */
void holder_make_virgin(const struct kind* k, struct stream** virgin, struct stream** other) {
  struct stream* listener = make_listener(k);
  struct stream* client = make_client(listener);
  struct stream* accepted = accept_stream(listener);

  *virgin = k->desc == UV__DESC_TCP ? accepted : client;
  *other = k->desc == UV__DESC_TCP ? client : accepted;
  stream_end(listener);
}

void holder_await_stray(size_t before) {
  while (uv__expect_strays(loop) == before)
    turn(100);
}

HANDLE holder_begin_read(const struct kind* kind, HANDLE handle, OVERLAPPED* overlapped) {
  HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
  WSABUF nothing = {0, NULL};
  char nothing_there;
  DWORD flags = 0;

  CHECK(event != NULL);
  memset(overlapped, 0, sizeof *overlapped);
  overlapped->hEvent = event;
  if (kind->desc == UV__DESC_TCP) {
    CHECK_EQ(WSARecv((SOCKET) handle, &nothing, 1, NULL, &flags, overlapped, NULL), SOCKET_ERROR);
    CHECK_EQ(WSAGetLastError(), WSA_IO_PENDING);
  } else {
    CHECK(!ReadFile(handle, &nothing_there, 0, NULL, overlapped));
    CHECK_EQ(GetLastError(), ERROR_IO_PENDING);
  }
  return event;
}
