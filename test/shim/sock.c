/* Sockets of a provider that is no IFS, and contexts. */
#include "harness.h"
#include "shim.h"

#include <winsock2.h>

#include <ws2tcpip.h>

#include <mswsock.h>
#include <windows.h>

#include <string.h>

static struct sockaddr_in address;

static SOCKET new_socket(void) {
  SOCKET sock = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
  struct sockaddr_in any;

  CHECK(sock != INVALID_SOCKET);
  memset(&any, 0, sizeof(any));
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK_EQ(bind(sock, (struct sockaddr*) &any, sizeof(any)), 0);
  return sock;
}

static SOCKET new_listener(void) {
  SOCKET sock;
  WSADATA data;
  int size = sizeof(address);

  CHECK_EQ(WSAStartup(MAKEWORD(2, 2), &data), 0);
  sock = new_socket();
  CHECK_EQ(listen(sock, 5), 0);
  CHECK_EQ(getsockname(sock, (struct sockaddr*) &address, &size), 0);
  return sock;
}

static void extension(SOCKET sock, GUID id, void* function) {
  DWORD got;

  CHECK_EQ(WSAIoctl(sock, SIO_GET_EXTENSION_FUNCTION_POINTER, &id, sizeof(id), function,
                    sizeof(void (*)(void)), &got, NULL, NULL),
           0);
}

/* Two connected sockets, neither of which has its context. */
static void pair(SOCKET* accepted, SOCKET* connected, SOCKET* listener) {
  static char names[2 * (sizeof(struct sockaddr_in) + 16)];
  LPFN_ACCEPTEX accept_ex;
  LPFN_CONNECTEX connect_ex;
  OVERLAPPED accepting, connecting;
  DWORD got, flags;

  *listener = new_listener();
  extension(*listener, (GUID) WSAID_ACCEPTEX, &accept_ex);
  extension(*listener, (GUID) WSAID_CONNECTEX, &connect_ex);
  *accepted = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
  *connected = new_socket();
  memset(&accepting, 0, sizeof(accepting));
  memset(&connecting, 0, sizeof(connecting));
  accepting.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
  connecting.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
  CHECK(accept_ex(*listener, *accepted, names, 0, sizeof(names) / 2, sizeof(names) / 2, &got,
                  &accepting) ||
        WSAGetLastError() == WSA_IO_PENDING);
  CHECK(connect_ex(*connected, (struct sockaddr*) &address, sizeof(address), NULL, 0, &got,
                   &connecting) ||
        WSAGetLastError() == WSA_IO_PENDING);
  CHECK(WSAGetOverlappedResult(*connected, &connecting, &got, TRUE, &flags));
  CHECK(WSAGetOverlappedResult(*listener, &accepting, &got, TRUE, &flags));
}

static void expect_unknown(SOCKET sock) {
  struct sockaddr_in name;
  int size = sizeof(name);

  CHECK_EQ(getpeername(sock, (struct sockaddr*) &name, &size), SOCKET_ERROR);
  CHECK_EQ(WSAGetLastError(), WSAENOTCONN);
  CHECK_EQ(getsockname(sock, (struct sockaddr*) &name, &size), SOCKET_ERROR);
  CHECK_EQ(WSAGetLastError(), WSAENOTCONN);
  CHECK_EQ(shutdown(sock, SD_SEND), SOCKET_ERROR);
  CHECK_EQ(WSAGetLastError(), WSAENOTCONN);
}

static void expect_known(SOCKET sock) {
  struct sockaddr_in name;
  int size = sizeof(name);

  CHECK_EQ(getpeername(sock, (struct sockaddr*) &name, &size), 0);
  CHECK_EQ(getsockname(sock, (struct sockaddr*) &name, &size), 0);
  CHECK_EQ(shutdown(sock, SD_SEND), 0);
}

TEST(context_is_needed_after_accept) {
  SOCKET accepted, connected, listener;

  CHECK(shim_use("context"));
  pair(&accepted, &connected, &listener);
  expect_unknown(accepted);
  CHECK_EQ(setsockopt(accepted, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, (char*) &listener,
                      sizeof(listener)),
           0);
  expect_known(accepted);
}

TEST(context_is_needed_after_connect) {
  SOCKET accepted, connected, listener;

  CHECK(shim_use("context"));
  pair(&accepted, &connected, &listener);
  expect_unknown(connected);
  CHECK_EQ(setsockopt(connected, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0), 0);
  expect_known(connected);
}

TEST(lsp_is_no_ifs) {
  WSAPROTOCOL_INFOW info;
  int size = sizeof(info);

  CHECK(shim_use("lsp"));
  CHECK_EQ(getsockopt(new_listener(), SOL_SOCKET, SO_PROTOCOL_INFOW, (char*) &info, &size), 0);
  CHECK_EQ(info.dwServiceFlags1 & XP1_IFS_HANDLES, 0);
}

/* A socket on a port, asked to skip packets of immediate success. */
static HANDLE attach(SOCKET sock) {
  HANDLE port = CreateIoCompletionPort((HANDLE) sock, NULL, 1, 1);

  CHECK(port != NULL);
  CHECK(SetFileCompletionNotificationModes((HANDLE) sock, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS));
  return port;
}

static ULONG packets_of_a_send(const char* behaviours) {
  SOCKET accepted, connected, listener;
  OVERLAPPED sending;
  OVERLAPPED_ENTRY entries[4];
  WSABUF buf = {1, "x"};
  HANDLE port;
  ULONG count = 0;
  DWORD sent;

  CHECK(shim_use(""));
  CHECK(shim_use(behaviours));
  pair(&accepted, &connected, &listener);
  port = attach(connected);
  memset(&sending, 0, sizeof(sending));
  CHECK_EQ(WSASend(connected, &buf, 1, &sent, 0, &sending, NULL), 0);
  if (!GetQueuedCompletionStatusEx(port, entries, 4, &count, 0, FALSE))
    return 0;
  return count;
}

TEST(lsp_posts_a_packet_for_an_immediate_success) {
  CHECK_EQ(packets_of_a_send("lsp"), 1);
}

TEST(lsp_is_off_by_itself) {
  CHECK_EQ(packets_of_a_send(""), 0);
}

TEST(lsp_finds_nothing_to_cancel_until_the_socket_is_closed) {
  SOCKET accepted, connected, listener;
  OVERLAPPED reading;
  OVERLAPPED_ENTRY entries[4];
  char c;
  WSABUF buf = {1, &c};
  HANDLE port;
  ULONG count;
  DWORD got, flags = 0;

  CHECK(shim_use("lsp"));
  pair(&accepted, &connected, &listener);
  port = attach(connected);
  memset(&reading, 0, sizeof(reading));
  CHECK_EQ(WSARecv(connected, &buf, 1, &got, &flags, &reading, NULL), SOCKET_ERROR);
  CHECK_EQ(WSAGetLastError(), WSA_IO_PENDING);
  CHECK(!CancelIoEx((HANDLE) connected, &reading));
  CHECK_EQ(GetLastError(), ERROR_NOT_FOUND);
  CHECK(!GetQueuedCompletionStatusEx(port, entries, 4, &count, 0, FALSE));
  CHECK_EQ(closesocket(connected), 0);
  CHECK(GetQueuedCompletionStatusEx(port, entries, 4, &count, INFINITE, FALSE));
  CHECK_EQ(count, 1);
  CHECK(entries[0].lpOverlapped == &reading);
}

/* Two descriptors of one socket are independent. */
TEST(lsp_ends_with_a_descriptor_what_was_begun_with_it) {
  SOCKET accepted, connected, listener, other;
  WSAPROTOCOL_INFOW info;
  OVERLAPPED reading[2];
  OVERLAPPED_ENTRY entries[4];
  char bytes[2];
  WSABUF bufs[2] = {{1, &bytes[0]}, {1, &bytes[1]}};
  HANDLE port;
  ULONG count;
  DWORD got, flags = 0;

  CHECK(shim_use("lsp"));
  pair(&accepted, &connected, &listener);
  port = attach(connected);
  CHECK_EQ(WSADuplicateSocketW(connected, GetCurrentProcessId(), &info), 0);
  other = WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &info, 0,
                     WSA_FLAG_OVERLAPPED);
  CHECK(other != INVALID_SOCKET);
  memset(reading, 0, sizeof(reading));
  CHECK_EQ(WSARecv(connected, &bufs[0], 1, &got, &flags, &reading[0], NULL), SOCKET_ERROR);
  CHECK_EQ(WSARecv(other, &bufs[1], 1, &got, &flags, &reading[1], NULL), SOCKET_ERROR);
  CHECK_EQ(closesocket(connected), 0);
  CHECK(GetQueuedCompletionStatusEx(port, entries, 4, &count, INFINITE, FALSE));
  CHECK_EQ(count, 1);
  CHECK(entries[0].lpOverlapped == &reading[0]);
  CHECK(!GetQueuedCompletionStatusEx(port, entries, 4, &count, 0, FALSE));
  CHECK_EQ(closesocket(other), 0);
  CHECK(GetQueuedCompletionStatusEx(port, entries, 4, &count, INFINITE, FALSE));
  CHECK(entries[0].lpOverlapped == &reading[1]);
}
