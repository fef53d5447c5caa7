/* Facts about connections that do not come about: refusals, and backlogs. */
#include "facts.h"

#include <string.h>

#include <mstcpip.h>

enum {
  LONG_MS = 3000,
  AT_ONCE_MS = 700, /* A refusal that was asked for again takes longer. */
  MORE = 230        /* clients, more than the 200 that a backlog has without a hint */
};

#define REFUSED 0xc0000236 /* STATUS_CONNECTION_REFUSED */

#ifndef SIO_TCP_INITIAL_RTO
#  define SIO_TCP_INITIAL_RTO 0x98000011u
#endif
#ifndef SOMAXCONN_HINT
#  define SOMAXCONN_HINT(n) (-(n))
#endif

/* TCP_INITIAL_RTO_PARAMETERS, of which not every header knows. */
struct initial_rto {
  USHORT rtt;
  UCHAR retransmissions;
};

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

static int port_0_is_not_available(void) {
  SOCKET sock = make();
  struct sockaddr_in addr;
  int error;

  memset(&addr, 0, sizeof(addr));
  addr.sin_family = AF_INET;
  addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  error = connect(sock, (struct sockaddr*) &addr, (int) sizeof(addr)) == 0 ? 0 : WSAGetLastError();
  closesocket(sock);
  return error == WSAEADDRNOTAVAIL ? 1 : facts_note("error", (unsigned long) error);
}

static int ask_once(SOCKET sock) {
  struct initial_rto rto = {0xffff, 0xfe}; /* unspecified; without another SYN */
  DWORD bytes;

  return WSAIoctl(sock, SIO_TCP_INITIAL_RTO, &rto, sizeof(rto), NULL, 0, &bytes, NULL, NULL) == 0;
}

/* How long a refusal takes, in ms; -1: there is none, -2: it cannot be asked for once. */
static long refused_after(int once) {
  SOCKET nobody = make();
  SOCKET sock = make();
  struct sockaddr_in addr;
  ULONGLONG began;
  long ms = -1;

  if (!bind_any(nobody, &addr) || (once && !ask_once(sock))) {
    ms = once ? -2 : -1;
  } else {
    began = GetTickCount64();
    if (connect(sock, (struct sockaddr*) &addr, (int) sizeof(addr)) != 0 &&
        WSAGetLastError() == WSAECONNREFUSED)
      ms = (long) (GetTickCount64() - began);
  }
  closesocket(sock);
  closesocket(nobody);
  return ms;
}

static int refusal_is_asked_for_again(void) {
  long ms = refused_after(0);

  return ms < 0 ? -1 : ms > AT_ONCE_MS ? 1 : facts_note("it takes no time", 0);
}

static int refusal_can_be_had_at_once(void) {
  long ms = refused_after(1);

  if (ms == -2)
    return facts_note("the option is refused", 0);
  return ms < 0 ? -1 : ms <= AT_ONCE_MS ? 1 : facts_note("ms", (unsigned long) ms);
}

static LPFN_CONNECTEX connect_ex_of(SOCKET sock) {
  GUID id = WSAID_CONNECTEX;
  LPFN_CONNECTEX fn = NULL;
  DWORD bytes;

  (void) WSAIoctl(sock, SIO_GET_EXTENSION_FUNCTION_POINTER, &id, sizeof(id), &fn, sizeof(fn),
                  &bytes, NULL, NULL);
  return fn;
}

/* How many of `count` clients at once are connected to a listener that accepts none; the rest is refused,
 * or taken back when nothing happens any more. `*refused` says whether one was refused. */
static int clients_of(int backlog, int count, int* refused) {
  static OVERLAPPED overlapped[MORE];
  static SOCKET clients[MORE];
  SOCKET listener = make();
  HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
  LPFN_CONNECTEX connect_ex = connect_ex_of(listener);
  struct sockaddr_in to;
  struct sockaddr_in own;
  int made = 0;
  int left;
  OVERLAPPED* told;
  int i;

  *refused = 0;
  if (bind_any(listener, &to) && listen(listener, backlog) == 0 && connect_ex != NULL) {
    memset(overlapped, 0, sizeof(overlapped));
    for (i = 0; i < count; i++) {
      clients[i] = make();
      (void) bind_any(clients[i], &own);
      (void) ask_once(clients[i]);
      (void) CreateIoCompletionPort((HANDLE) clients[i], port, 0, 0);
      (void) connect_ex(clients[i], (struct sockaddr*) &to, (int) sizeof(to), NULL, 0, NULL,
                        &overlapped[i]);
    }
    for (left = count; left > 0 && (told = facts_packet(port, LONG_MS)) != NULL; left--) {
      made += told->Internal == 0;
      *refused |= (ULONG) told->Internal == REFUSED;
    }
    for (i = 0; i < count && left > 0; i++)
      (void) CancelIoEx((HANDLE) clients[i], &overlapped[i]);
    while (left > 0 && facts_packet(port, LONG_MS) != NULL)
      left--;
    for (i = 0; i < count; i++)
      closesocket(clients[i]);
  }
  closesocket(listener);
  CloseHandle(port);
  return made;
}

static int full_backlog_refuses(void) {
  int refused;
  int made = clients_of(1, 8, &refused);

  return made > 0 && refused ? 1 : facts_note("nobody is refused; connected", (unsigned long) made);
}

static int backlog_beyond_200_is_200(void) {
  int refused;
  int made = clients_of(MORE, MORE, &refused);

  return made == 0 ? -1 : made < MORE ? 1 : facts_note("clients", (unsigned long) made);
}

static int hint_makes_it_longer(void) {
  int refused;
  int made = clients_of(SOMAXCONN_HINT(MORE), MORE, &refused);

  return made == 0 ? -1 : made == MORE ? 1 : facts_note("clients", (unsigned long) made);
}

const struct fact facts_of_refusals[] = {
    {"port_0_is_not_available", port_0_is_not_available, "connect to port 0 is WSAEADDRNOTAVAIL",
     "connect"},
    {"refusal_is_asked_for_again", refusal_is_asked_for_again,
     "a refused connect to the loopback takes a second or two", "libuv#2896; curl#22494"},
    {"refusal_can_be_had_at_once", refusal_can_be_had_at_once,
     "but none with SIO_TCP_INITIAL_RTO (10 1709)", "TCP_INITIAL_RTO_PARAMETERS"},
    {"full_backlog_refuses", full_backlog_refuses, "a full backlog refuses", "listen"},
    {"backlog_beyond_200_is_200", backlog_beyond_200_is_200, "a backlog above 200 is 200",
     "openjdk/jdk#25819"},
    {"hint_makes_it_longer", hint_makes_it_longer, "unless it is SOMAXCONN_HINT", "listen"},
    {NULL, NULL, NULL, NULL},
};
