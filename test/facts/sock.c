/* Facts about sockets. */
#include "facts.h"

#include <string.h>

enum {
  SOON_MS = 5000
};

static LPFN_CONNECTEX connect_ex;
static LPFN_ACCEPTEX accept_ex;

static SOCKET make(void) {
  return WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
}

static int bind_any(SOCKET sock, struct sockaddr_in* addr) {
  int len = (int) sizeof(*addr);

  memset(addr, 0, sizeof(*addr));
  addr->sin_family = AF_INET;
  addr->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return bind(sock, (struct sockaddr*) addr, len) == 0 &&
         getsockname(sock, (struct sockaddr*) addr, &len) == 0;
}

static int load(SOCKET sock) {
  GUID connect_id = WSAID_CONNECTEX;
  GUID accept_id = WSAID_ACCEPTEX;
  DWORD bytes;

  return WSAIoctl(sock, SIO_GET_EXTENSION_FUNCTION_POINTER, &connect_id, sizeof(connect_id),
                  &connect_ex, sizeof(connect_ex), &bytes, NULL, NULL) == 0 &&
         WSAIoctl(sock, SIO_GET_EXTENSION_FUNCTION_POINTER, &accept_id, sizeof(accept_id),
                  &accept_ex, sizeof(accept_ex), &bytes, NULL, NULL) == 0;
}

/* A connection by ConnectEx and AcceptEx, of which nobody was told. */
struct scene {
  SOCKET listener;
  SOCKET client;
  SOCKET server;
  HANDLE events[2];
  OVERLAPPED connects;
  OVERLAPPED accepts;
  char addresses[2 * (sizeof(struct sockaddr_in) + 16)];
};

static int is_done(SOCKET sock, OVERLAPPED* overlapped, HANDLE event, BOOL ok) {
  DWORD bytes;
  DWORD flags;

  if (!ok && WSAGetLastError() != WSA_IO_PENDING)
    return 0;
  return WaitForSingleObject(event, SOON_MS) == WAIT_OBJECT_0 &&
         WSAGetOverlappedResult(sock, overlapped, &bytes, FALSE, &flags);
}

static int begin(struct scene* scene) {
  struct sockaddr_in to;
  struct sockaddr_in own;
  DWORD bytes;
  BOOL accepts;
  BOOL connects;
  int r;

  memset(scene, 0, sizeof(*scene));
  scene->listener = make();
  scene->client = make();
  scene->server = make();
  scene->connects.hEvent = scene->events[0] = CreateEventA(NULL, TRUE, FALSE, NULL);
  scene->accepts.hEvent = scene->events[1] = CreateEventA(NULL, TRUE, FALSE, NULL);
  if (!bind_any(scene->listener, &to) || listen(scene->listener, 1) != 0 ||
      !bind_any(scene->client, &own) || !load(scene->listener))
    return 0;
  accepts = accept_ex(scene->listener, scene->server, scene->addresses, 0,
                      sizeof(struct sockaddr_in) + 16, sizeof(struct sockaddr_in) + 16, &bytes,
                      &scene->accepts);
  if (!accepts && WSAGetLastError() != WSA_IO_PENDING)
    return 0;
  connects = connect_ex(scene->client, (struct sockaddr*) &to, (int) sizeof(to), NULL, 0, NULL,
                        &scene->connects);
  r = is_done(scene->client, &scene->connects, scene->events[0], connects);
  WSASetLastError(WSA_IO_PENDING);
  return is_done(scene->listener, &scene->accepts, scene->events[1], accepts) && r;
}

static void end(struct scene* scene) {
  closesocket(scene->client);
  closesocket(scene->server);
  closesocket(scene->listener);
  CloseHandle(scene->events[0]);
  CloseHandle(scene->events[1]);
}

static int connected_socket_has_no_shutdown(void) {
  struct scene scene;
  int before;
  int after;

  if (!begin(&scene)) {
    end(&scene);
    return -1;
  }
  before = shutdown(scene.client, SD_SEND) == 0 ? 0 : WSAGetLastError();
  (void) setsockopt(scene.client, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0);
  after = shutdown(scene.client, SD_SEND) == 0 ? 0 : WSAGetLastError();
  end(&scene);
  if (after != 0)
    return facts_note("after it was told, error", (unsigned long) after);
  return before == WSAENOTCONN ? 1 : facts_note("error", (unsigned long) before);
}

static int accepted_socket_has_no_peer(void) {
  struct scene scene;
  struct sockaddr_in name;
  int len = (int) sizeof(name);
  int before;
  int after;

  if (!begin(&scene)) {
    end(&scene);
    return -1;
  }
  before = getpeername(scene.server, (struct sockaddr*) &name, &len) == 0 ? 0 : WSAGetLastError();
  (void) setsockopt(scene.server, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, (char*) &scene.listener,
                    sizeof(scene.listener));
  len = (int) sizeof(name);
  after = getpeername(scene.server, (struct sockaddr*) &name, &len) == 0 ? 0 : WSAGetLastError();
  end(&scene);
  if (after != 0)
    return facts_note("after it was told, error", (unsigned long) after);
  return before == WSAENOTCONN ? 1 : facts_note("error", (unsigned long) before);
}

static int unbound_socket_has_no_name(void) {
  SOCKET sock = make();
  struct sockaddr_in name;
  int len = (int) sizeof(name);
  int error = getsockname(sock, (struct sockaddr*) &name, &len) == 0 ? 0 : WSAGetLastError();

  closesocket(sock);
  return error == WSAEINVAL ? 1 : facts_note("error", (unsigned long) error);
}

static int connect_ex_wants_a_bound_socket(void) {
  SOCKET sock = make();
  struct sockaddr_in to;
  OVERLAPPED overlapped;
  int error;

  if (!load(sock)) {
    closesocket(sock);
    return -1;
  }
  memset(&to, 0, sizeof(to));
  to.sin_family = AF_INET;
  to.sin_port = htons(9);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  memset(&overlapped, 0, sizeof(overlapped));
  error = connect_ex(sock, (struct sockaddr*) &to, (int) sizeof(to), NULL, 0, NULL, &overlapped)
              ? 0
              : WSAGetLastError();
  if (error == WSA_IO_PENDING) {
    DWORD bytes;
    DWORD flags;
    (void) CancelIoEx((HANDLE) sock, &overlapped);
    (void) WSAGetOverlappedResult(sock, &overlapped, &bytes, TRUE, &flags);
  }
  closesocket(sock);
  return error == WSAEINVAL ? 1 : facts_note("error", (unsigned long) error);
}

static int exclusive_address_is_nobody_elses(void) {
  SOCKET first = make();
  SOCKET second = make();
  struct sockaddr_in addr;
  int on = 1;
  int error;

  (void) setsockopt(first, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (char*) &on, sizeof(on));
  if (!bind_any(first, &addr)) {
    closesocket(first);
    closesocket(second);
    return -1;
  }
  (void) setsockopt(second, SOL_SOCKET, SO_REUSEADDR, (char*) &on, sizeof(on));
  error = bind(second, (struct sockaddr*) &addr, (int) sizeof(addr)) == 0 ? 0 : WSAGetLastError();
  closesocket(first);
  closesocket(second);
  return error == WSAEACCES ? 1 : facts_note("error", (unsigned long) error);
}

/* Whether a plain bind to a port of the loopback, of which a socket has that address, or all, ends with this.
 * Nobody listens: a firewall would ask somebody. */
static int bind_beside_is(u_long address, int exclusive, int expected) {
  SOCKET first = make();
  SOCKET second = make();
  struct sockaddr_in addr;
  int len = (int) sizeof(addr);
  int error = -1;

  (void) setsockopt(first, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (char*) &exclusive, sizeof(exclusive));
  memset(&addr, 0, sizeof(addr));
  addr.sin_family = AF_INET;
  addr.sin_addr.s_addr = htonl(address);
  if (bind(first, (struct sockaddr*) &addr, len) == 0 &&
      getsockname(first, (struct sockaddr*) &addr, &len) == 0) {
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    error = bind(second, (struct sockaddr*) &addr, (int) sizeof(addr)) == 0 ? 0 : WSAGetLastError();
  }
  closesocket(first);
  closesocket(second);
  if (error < 0)
    return -1;
  return error == expected ? 1 : facts_note("error", (unsigned long) error);
}

static int address_of_another_is_in_use(void) {
  return bind_beside_is(INADDR_LOOPBACK, 0, WSAEADDRINUSE);
}

static int exclusive_address_is_in_use(void) {
  return bind_beside_is(INADDR_LOOPBACK, 1, WSAEADDRINUSE);
}

static int all_addresses_deny_each(void) {
  return bind_beside_is(INADDR_ANY, 1, WSAEACCES);
}

/* Which of the two it is, and by which error, is up to who notices first. */
static int reset_before_it_is_accepted_is_told(void) {
  struct scene scene;
  struct linger none = {1, 0};
  struct sockaddr_in to;
  char byte;
  DWORD bytes;
  DWORD flags;
  BOOL ok;
  int waits;
  int told;

  memset(&scene, 0, sizeof(scene));
  scene.listener = make();
  scene.client = make();
  scene.server = make();
  scene.accepts.hEvent = scene.events[1] = CreateEventA(NULL, TRUE, FALSE, NULL);
  scene.events[0] = CreateEventA(NULL, TRUE, FALSE, NULL);
  if (!bind_any(scene.listener, &to) || listen(scene.listener, 1) != 0 || !load(scene.listener) ||
      connect(scene.client, (struct sockaddr*) &to, (int) sizeof(to)) != 0) {
    end(&scene);
    return -1;
  }
  (void) setsockopt(scene.client, SOL_SOCKET, SO_LINGER, (char*) &none, sizeof(none));
  closesocket(scene.client);
  scene.client = make(); /* for the end */
  ok = accept_ex(scene.listener, scene.server, scene.addresses, 0, sizeof(struct sockaddr_in) + 16,
                 sizeof(struct sockaddr_in) + 16, &bytes, &scene.accepts);
  if (!ok && WSAGetLastError() == WSA_IO_PENDING) {
    waits = WaitForSingleObject(scene.events[1], SOON_MS) != WAIT_OBJECT_0;
    if (waits)
      (void) CancelIoEx((HANDLE) scene.listener, &scene.accepts);
    ok = WSAGetOverlappedResult(scene.listener, &scene.accepts, &bytes, TRUE, &flags);
  } else {
    waits = 0;
  }
  told = !ok;
  if (ok) {
    (void) setsockopt(scene.server, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, (char*) &scene.listener,
                      sizeof(scene.listener));
    told = recv(scene.server, &byte, 1, 0) < 0;
  }
  end(&scene);
  if (waits)
    return facts_note("it waits for another", 0);
  return told ? 1 : facts_note("it is accepted, and ends", 0);
}

const struct fact facts_of_sockets[] = {
    {"connected_socket_has_no_shutdown", connected_socket_has_no_shutdown,
     "what ConnectEx connected has no shutdown before SO_UPDATE_CONNECT_CONTEXT: WSAENOTCONN",
     "LPFN_CONNECTEX"},
    {"accepted_socket_has_no_peer", accepted_socket_has_no_peer,
     "what AcceptEx accepted has no peer's name before SO_UPDATE_ACCEPT_CONTEXT: WSAENOTCONN",
     "AcceptEx"},
    {"unbound_socket_has_no_name", unbound_socket_has_no_name,
     "a socket that is not bound has no name: WSAEINVAL", "getsockname"},
    {"connect_ex_wants_a_bound_socket", connect_ex_wants_a_bound_socket,
     "ConnectEx of one is WSAEINVAL", "LPFN_CONNECTEX"},
    {"exclusive_address_is_nobody_elses", exclusive_address_is_nobody_elses,
     "SO_REUSEADDR does not get an address that is exclusively somebody's: WSAEACCES",
     "Using SO_REUSEADDR and SO_EXCLUSIVEADDRUSE"},
    {"address_of_another_is_in_use", address_of_another_is_in_use,
     "binding to an address that another socket has is WSAEADDRINUSE", "bind"},
    {"exclusive_address_is_in_use", exclusive_address_is_in_use,
     "so it is when that has it exclusively", "Using SO_REUSEADDR and SO_EXCLUSIVEADDRUSE"},
    {"all_addresses_deny_each", all_addresses_deny_each,
     "to one of those that another has all and exclusively it is WSAEACCES",
     "Using SO_REUSEADDR and SO_EXCLUSIVEADDRUSE"},
    {"reset_before_it_is_accepted_is_told", reset_before_it_is_accepted_is_told,
     "a connection that was reset before AcceptEx took it ends that with an error, or is accepted "
     "and tells",
     "AcceptEx"},
    {NULL, NULL, NULL, NULL},
};
