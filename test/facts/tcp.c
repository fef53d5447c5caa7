/* Facts about connections: what waits for them, who has them, how they end, and their options. */
#include "facts.h"

#include <stdint.h>
#include <string.h>

enum {
  SOON_MS = 200,
  LONG_MS = 3000,
  POLL_CODE = 0x12024, /* IOCTL_AFD_POLL */
  DISCONNECT = 8,      /* AFD_POLL_DISCONNECT */
  ESTABLISHED = 4,     /* TCPSTATE_ESTABLISHED */
  BULK = 1 << 20,
  BULKS = 64,
  BUFFERS = 1100
};

/* AFD_POLL_INFO, for one handle. */
struct poll {
  LARGE_INTEGER timeout;
  ULONG count;
  ULONG exclusive;
  HANDLE handle;
  ULONG events;
  LONG status;
};

#define CANCELLED 0xc0000120 /* STATUS_CANCELLED: ERROR_OPERATION_ABORTED */

#define INFO_CODE 0xd8000027 /* SIO_TCP_INFO */

#ifndef TCP_KEEPIDLE
#  define TCP_KEEPIDLE 3
#endif
static SOCKET make(int family) {
  return WSASocketW(family, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
}

static int bind_any(SOCKET sock, struct sockaddr_in* addr) {
  int len = (int) sizeof(*addr);

  memset(addr, 0, sizeof(*addr));
  addr->sin_family = AF_INET;
  addr->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return bind(sock, (struct sockaddr*) addr, len) == 0 &&
         getsockname(sock, (struct sockaddr*) addr, &len) == 0;
}

/* Two ends of a connection; the listener is gone. */
static int connected(SOCKET ends[2]) {
  SOCKET listener = make(AF_INET);
  struct sockaddr_in addr;

  ends[0] = make(AF_INET);
  ends[1] = INVALID_SOCKET;
  if (bind_any(listener, &addr) && listen(listener, 1) == 0 &&
      connect(ends[0], (struct sockaddr*) &addr, (int) sizeof(addr)) == 0)
    ends[1] = accept(listener, NULL, NULL);
  closesocket(listener);
  if (ends[1] != INVALID_SOCKET)
    return 1;
  closesocket(ends[0]);
  return 0;
}

static void close_both(SOCKET ends[2]) {
  closesocket(ends[0]);
  closesocket(ends[1]);
}

/* A receive of `size` bytes that may wait; 1: it does. */
static int begin_receive(SOCKET sock, char* to, ULONG size, OVERLAPPED* overlapped) {
  WSABUF buf;
  DWORD flags = 0;

  buf.buf = to;
  buf.len = size;
  return WSARecv(sock, &buf, 1, NULL, &flags, overlapped, NULL) != 0 &&
         WSAGetLastError() == WSA_IO_PENDING;
}

/* ---- Reading ---- */

static int provider_has_handles_of_the_system(void) {
  SOCKET sock = make(AF_INET);
  WSAPROTOCOL_INFOW info;
  int len = (int) sizeof(info);
  int r = getsockopt(sock, SOL_SOCKET, SO_PROTOCOL_INFOW, (char*) &info, &len);

  closesocket(sock);
  if (r != 0)
    return -1;
  return info.dwServiceFlags1 & XP1_IFS_HANDLES ? 1 : facts_note("flags", info.dwServiceFlags1);
}

/* Beside it a plain call can be made, which does not wait on a socket that is non-blocking. */
static int receive_of_nothing_takes_nothing(void) {
  SOCKET ends[2];
  OVERLAPPED overlapped;
  char byte = 0;
  u_long on = 1;
  DWORD bytes = 1;
  DWORD flags;
  int would_block;
  int waits;
  int got;
  BOOL ok;

  if (!connected(ends))
    return -1;
  memset(&overlapped, 0, sizeof(overlapped));
  overlapped.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
  (void) ioctlsocket(ends[1], (long) FIONBIO, &on);
  waits = begin_receive(ends[1], NULL, 0, &overlapped);
  would_block = recv(ends[1], &byte, 1, 0) < 0 && WSAGetLastError() == WSAEWOULDBLOCK;
  (void) send(ends[0], "x", 1, 0);
  ok = WSAGetOverlappedResult(ends[1], &overlapped, &bytes, TRUE, &flags);
  got = recv(ends[1], &byte, 1, 0);
  CloseHandle(overlapped.hEvent);
  close_both(ends);
  if (!waits || !would_block)
    return facts_note(waits ? "the plain call takes" : "it does not wait", 0);
  return ok && bytes == 0 && got == 1 && byte == 'x' ? 1 : facts_note("bytes", bytes);
}

static SOCKET duplicate(SOCKET sock) {
  WSAPROTOCOL_INFOW info;

  if (WSADuplicateSocketW(sock, GetCurrentProcessId(), &info) != 0)
    return INVALID_SOCKET;
  return WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &info, 0,
                    WSA_FLAG_OVERLAPPED);
}

/* Why the library asks with a receive of nothing: who stops reading before the packet was looked at, and
 * gives the socket away, has bytes that nobody else will get, and that can be put back nowhere. A cancel finds
 * nothing to take back. */
static int receive_of_bytes_takes_them_from_others(void) {
  SOCKET ends[2];
  SOCKET other;
  OVERLAPPED overlapped;
  HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
  char first = 0;
  char second = 0;
  u_long on = 1;
  DWORD bytes = 0;
  DWORD flags;
  int nothing;
  int waits;
  BOOL cancelled;
  BOOL ok;

  if (!connected(ends)) {
    CloseHandle(event);
    return -1;
  }
  memset(&overlapped, 0, sizeof(overlapped));
  overlapped.hEvent = event;
  (void) ioctlsocket(ends[1], (long) FIONBIO, &on);
  waits = begin_receive(ends[1], &first, 1, &overlapped);
  other = duplicate(ends[1]);
  (void) send(ends[0], "x", 1, 0);
  (void) WaitForSingleObject(event, LONG_MS);
  cancelled = CancelIoEx((HANDLE) ends[1], &overlapped);
  nothing = recv(other, &second, 1, 0) < 0 && WSAGetLastError() == WSAEWOULDBLOCK;
  ok = WSAGetOverlappedResult(ends[1], &overlapped, &bytes, TRUE, &flags);
  CloseHandle(event);
  closesocket(other);
  close_both(ends);
  if (!waits || !nothing)
    return facts_note(waits ? "the other one has it" : "it does not wait", 0);
  return !cancelled && ok && bytes == 1 && first == 'x' ? 1 : facts_note("bytes", bytes);
}

static DWORD WINAPI receive_one(void* arg) {
  char byte;

  return recv(*(SOCKET*) arg, &byte, 1, 0) < 0 ? (DWORD) WSAGetLastError() : 0;
}

static int nonblocking_is_of_the_socket(void) {
  SOCKET ends[2];
  SOCKET other;
  HANDLE thread;
  u_long on = 1;
  DWORD error = 0;

  if (!connected(ends))
    return -1;
  other = duplicate(ends[1]);
  if (other == INVALID_SOCKET) {
    close_both(ends);
    return -1;
  }
  (void) ioctlsocket(other, (long) FIONBIO, &on);
  thread = CreateThread(NULL, 0, receive_one, &ends[1], 0, NULL);
  (void) WaitForSingleObject(thread, LONG_MS);
  (void) send(ends[0], "x", 1, 0);
  (void) WaitForSingleObject(thread, INFINITE);
  (void) GetExitCodeThread(thread, &error);
  CloseHandle(thread);
  closesocket(other);
  close_both(ends);
  return error == WSAEWOULDBLOCK ? 1 : facts_note("error", error);
}

static int duplicate_has_the_port(void) {
  SOCKET ends[2];
  SOCKET other;
  HANDLE ports[2];
  HANDLE again;
  DWORD error;

  if (!connected(ends))
    return -1;
  ports[0] = CreateIoCompletionPort((HANDLE) ends[1], NULL, 0, 1);
  ports[1] = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
  other = duplicate(ends[1]);
  again = CreateIoCompletionPort((HANDLE) other, ports[1], 0, 0);
  error = again == NULL ? GetLastError() : 0;
  closesocket(other);
  close_both(ends);
  CloseHandle(ports[0]);
  CloseHandle(ports[1]);
  return error == ERROR_INVALID_PARAMETER ? 1 : facts_note("error", error);
}

/* ---- Ends ---- */

/* The status of the next packet; -1: there is none. */
static LONGLONG next_packet(HANDLE port, DWORD timeout_ms) {
  OVERLAPPED* overlapped = facts_packet(port, timeout_ms);

  return overlapped == NULL ? -1 : (LONGLONG) (ULONG) overlapped->Internal;
}

static int close_aborts_a_receive(void) {
  static OVERLAPPED overlapped; /* static: it may never come back */
  static char byte;
  SOCKET ends[2];
  HANDLE port;
  LONGLONG status;

  if (!connected(ends))
    return -1;
  memset(&overlapped, 0, sizeof(overlapped));
  port = CreateIoCompletionPort((HANDLE) ends[1], NULL, 0, 1);
  (void) begin_receive(ends[1], &byte, 1, &overlapped);
  closesocket(ends[1]);
  status = next_packet(port, LONG_MS);
  closesocket(ends[0]);
  CloseHandle(port);
  if (status < 0)
    return facts_note("no packet", 0);
  return status == CANCELLED ? 1 : facts_note("status", (unsigned long) status);
}

/* Sends until one waits; its packet has to come, whatever it says. */
static int close_ends_a_send(void) {
  static OVERLAPPED overlapped[BULKS];
  static char bulk[BULK];
  SOCKET ends[2];
  HANDLE port;
  WSABUF buf;
  int sent;
  int left;

  if (!connected(ends))
    return -1;
  memset(overlapped, 0, sizeof(overlapped));
  port = CreateIoCompletionPort((HANDLE) ends[0], NULL, 0, 1);
  buf.buf = bulk;
  buf.len = BULK;
  for (sent = 0; sent < BULKS; sent++)
    if (WSASend(ends[0], &buf, 1, NULL, 0, &overlapped[sent], NULL) != 0)
      break;
  left = sent + (sent < BULKS);
  closesocket(ends[0]);
  while (left > 0 && next_packet(port, LONG_MS) >= 0)
    left--;
  closesocket(ends[1]);
  CloseHandle(port);
  return sent == BULKS ? -1
         : left == 0   ? 1
                       : facts_note("packets that do not come", (unsigned long) left);
}

static int reset_is_told_when_nothing_waits(void) {
  struct linger now = {1, 0};
  SOCKET ends[2];
  char byte;
  int error;

  if (!connected(ends))
    return -1;
  (void) setsockopt(ends[0], SOL_SOCKET, SO_LINGER, (char*) &now, (int) sizeof(now));
  closesocket(ends[0]);
  Sleep(SOON_MS); /* Nothing tells that it has come. */
  error = recv(ends[1], &byte, 1, 0) < 0 ? WSAGetLastError() : 0;
  closesocket(ends[1]);
  return error == WSAECONNRESET || error == WSAECONNABORTED
             ? 1
             : facts_note("error", (unsigned long) error);
}

static int nothing_is_sent_after_the_end(void) {
  SOCKET ends[2];
  int error;

  if (!connected(ends))
    return -1;
  (void) shutdown(ends[0], SD_SEND);
  error = send(ends[0], "x", 1, 0) < 0 ? WSAGetLastError() : 0;
  close_both(ends);
  return error == WSAESHUTDOWN ? 1 : facts_note("error", (unsigned long) error);
}

static int many_buffers_are_one_send(void) {
  static WSABUF bufs[BUFFERS];
  static char byte = 'x';
  SOCKET ends[2];
  OVERLAPPED overlapped;
  DWORD bytes = 0;
  DWORD flags;
  int error;
  int i;

  if (!connected(ends))
    return -1;
  for (i = 0; i < BUFFERS; i++) {
    bufs[i].buf = &byte;
    bufs[i].len = 1;
  }
  memset(&overlapped, 0, sizeof(overlapped));
  overlapped.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
  error = WSASend(ends[0], bufs, BUFFERS, NULL, 0, &overlapped, NULL) == 0 ? 0 : WSAGetLastError();
  if (error == WSA_IO_PENDING || error == 0)
    error =
        WSAGetOverlappedResult(ends[0], &overlapped, &bytes, TRUE, &flags) ? 0 : WSAGetLastError();
  CloseHandle(overlapped.hEvent);
  close_both(ends);
  if (error != 0)
    return facts_note("error", (unsigned long) error);
  return bytes == BUFFERS ? 1 : facts_note("bytes", bytes);
}

/* A poll waits for it, while bytes are there that nobody has read. */
static int end_is_told_over_unread_bytes(void) {
  facts_control_fn control = (facts_control_fn) facts_import("NtDeviceIoControlFile");
  SOCKET ends[2];
  OVERLAPPED overlapped;
  struct poll poll;
  HANDLE port;
  LONG status;
  int waits;
  int told;

  if (control == NULL || !connected(ends))
    return -1;
  port = CreateIoCompletionPort((HANDLE) ends[1], NULL, 0, 1);
  memset(&overlapped, 0, sizeof(overlapped));
  memset(&poll, 0, sizeof(poll));
  poll.timeout.QuadPart = INT64_MAX;
  poll.count = 1;
  poll.handle = (HANDLE) ends[1];
  poll.events = DISCONNECT;
  (void) send(ends[0], "x", 1, 0);
  status = control((HANDLE) ends[1], NULL, NULL, &overlapped, &overlapped, POLL_CODE, &poll,
                   sizeof(poll), &poll, sizeof(poll));
  if (status < 0) {
    close_both(ends);
    CloseHandle(port);
    return facts_note("status", (unsigned long) status);
  }
  waits = facts_packet(port, SOON_MS) == NULL;
  (void) shutdown(ends[0], SD_SEND);
  told = !waits || facts_packet(port, LONG_MS) == &overlapped;
  if (!told && CancelIoEx((HANDLE) ends[1], &overlapped))
    (void) facts_packet(port, LONG_MS);
  close_both(ends);
  CloseHandle(port);
  if (!waits || !told)
    return facts_note(waits ? "no packet" : "it does not wait", 0);
  return poll.events & DISCONNECT ? 1 : facts_note("events", poll.events);
}

/* ---- Options ---- */

static int state_of_a_connection_is_told(void) {
  SOCKET ends[2];
  DWORD version = 0;
  DWORD info[22] = {0}; /* TCP_INFO_v0, of which the state is first */
  DWORD bytes;
  int error;

  if (!connected(ends))
    return -1;
  error = WSAIoctl(ends[0], INFO_CODE, &version, sizeof(version), info, sizeof(info), &bytes, NULL,
                   NULL) == 0
              ? 0
              : WSAGetLastError();
  close_both(ends);
  if (error != 0)
    return facts_note("error", (unsigned long) error);
  return info[0] == ESTABLISHED ? 1 : facts_note("state", info[0]);
}

static int idle_time_is_an_option(void) {
  SOCKET sock = make(AF_INET);
  DWORD seconds = 60;
  int error =
      setsockopt(sock, IPPROTO_TCP, TCP_KEEPIDLE, (char*) &seconds, (int) sizeof(seconds)) == 0
          ? 0
          : WSAGetLastError();

  closesocket(sock);
  return error == 0 ? 1 : facts_note("error", (unsigned long) error);
}

static int ipv6_is_alone_by_default(void) {
  SOCKET sock = make(AF_INET6);
  DWORD alone = 0;
  int len = (int) sizeof(alone);
  int r;

  if (sock == INVALID_SOCKET)
    return -1;
  r = getsockopt(sock, IPPROTO_IPV6, IPV6_V6ONLY, (char*) &alone, &len);
  closesocket(sock);
  return r == 0 && alone ? 1 : facts_note("option", alone);
}

const struct fact facts_of_connections[] = {
    {"provider_has_handles_of_the_system", provider_has_handles_of_the_system,
     "the provider of TCP is one with XP1_IFS_HANDLES", "WSAPROTOCOL_INFO"},
    {"receive_of_nothing_takes_nothing", receive_of_nothing_takes_nothing,
     "a receive of nothing waits for bytes and leaves them; a plain one beside it is "
     "WSAEWOULDBLOCK",
     "docs/WINDOWS.md, TCP"},
    {"receive_of_bytes_takes_them_from_others", receive_of_bytes_takes_them_from_others,
     "one of bytes has them before its packet is looked at: others who have the socket get none, "
     "and a cancel finds nothing",
     "WSARecv"},
    {"nonblocking_is_of_the_socket", nonblocking_is_of_the_socket,
     "FIONBIO by one who has the socket is everybody's", "WSADuplicateSocket"},
    {"duplicate_has_the_port", duplicate_has_the_port,
     "so is its completion port: another is ERROR_INVALID_PARAMETER",
     "docs/WINDOWS.md, Whose file object it is"},
    {"close_aborts_a_receive", close_aborts_a_receive,
     "closesocket ends a receive: ERROR_OPERATION_ABORTED", "closesocket"},
    {"close_ends_a_send", close_ends_a_send, "and a send: its packet comes", "closesocket"},
    {"reset_is_told_when_nothing_waits", reset_is_told_when_nothing_waits,
     "a reset that nothing waited for is told by the next call", "recv"},
    {"nothing_is_sent_after_the_end", nothing_is_sent_after_the_end,
     "send after shutdown is WSAESHUTDOWN", "send"},
    {"many_buffers_are_one_send", many_buffers_are_one_send,
     "more than 1,024 buffers are taken by one send", "WSASend"},
    {"end_is_told_over_unread_bytes", end_is_told_over_unread_bytes,
     "IOCTL_AFD_POLL on a socket waits for the peer's end, and tells it whatever is unread",
     "docs/WINDOWS.md, TCP"},
    {"state_of_a_connection_is_told", state_of_a_connection_is_told,
     "SIO_TCP_INFO tells the state of a connection (10 1703)", "TCP_INFO_v0"},
    {"idle_time_is_an_option", idle_time_is_an_option, "TCP_KEEPIDLE is known (10 1709)",
     "IPPROTO_TCP socket options"},
    {"ipv6_is_alone_by_default", ipv6_is_alone_by_default, "IPV6_V6ONLY is on at first",
     "IPPROTO_IPV6 socket options"},
    {NULL, NULL, NULL, NULL},
};
