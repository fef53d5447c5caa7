/* Connecting a TCP socket. */
#include "win/tcp/tcp.h"

#include <string.h>

/* Headers older than Windows 10 lack these. */
enum {
  REUSE_UNICASTPORT = 0x3007, /* SO_REUSE_UNICASTPORT */
  UNSPECIFIED_RTT = 0xffff,   /* TCP_INITIAL_RTO_UNSPECIFIED_RTT */
  NO_SYN_AGAIN = 0xfe         /* TCP_INITIAL_RTO_NO_SYN_RETRANSMISSIONS */
};
static const DWORD initial_rto = 0x98000011; /* SIO_TCP_INITIAL_RTO */
struct rto {                                 /* TCP_INITIAL_RTO_PARAMETERS */
  USHORT rtt;
  UCHAR max_syn_again;
};

/* A socket connected by ConnectEx is half a socket (no shutdown, no peer name) until told. */
static int connected(struct uv__io* io) {
  if (uv__sock_calls.set_option(io->tail.u.socket, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL,
                                0) != 0)
    return uv__error_translate((DWORD) WSAGetLastError());
  uv__win_clear(io, UV__WIN_ONE_ACCEPT | UV__WIN_MISSED);
  uv__win_set(io, UV__WIN_CONNECTED);
  return 0;
}

static void complete_connect(struct uv__op* op) {
  struct uv__io* io = uv__win_io_of_in(op);
  int ok = op->overlapped.Internal == 0;

  assert(uv__win_io_valid(io) && uv__win_op_valid(io, op, UV__WIN_IN, complete_connect));
  if (io->tail.state & UV__WIN_CLOSING)
    io->tail.error = (short) (ok ? 0 : UV_ECANCELED);
  else
    io->tail.error = (short) (ok ? connected(io) : uv__sock_result(io->tail.u.socket, op));
  if (uv__tcp_finished(io, UV__WIN_IN))
    uv__ring(io, UV__CONNECT);
}

/* ConnectEx wants a bound socket. */
static int bind_any(struct uv__io* io) {
  struct sockaddr_in6 any; /* All zero it is the wildcard of either family. */
  int ipv6 = (io->tail.state & UV__WIN_IPV6) != 0;

  memset(&any, 0, sizeof(any));
  any.sin6_family = ipv6 ? AF_INET6 : AF_INET;
  /* Both best effort. An IPv6 socket then reaches mapped IPv4 addresses as on Unix; and an
   * explicit bind takes ports from the same pool as an implicit one, which lets go of them by
   * destination (Windows 10 and newer). */
  if (ipv6)
    uv__sock_set(io->tail.u.socket, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  uv__sock_set(io->tail.u.socket, SOL_SOCKET, REUSE_UNICASTPORT, 1);
  if (bind(io->tail.u.socket, (struct sockaddr*) &any,
           ipv6 ? (int) sizeof(struct sockaddr_in6) : (int) sizeof(struct sockaddr_in)) != 0)
    return uv__error_translate((DWORD) WSAGetLastError());
  uv__win_set(io, UV__WIN_BOUND);
  return 0;
}

/* Copies an address; the unspecified one means the loopback (rule T3). Returns its size. */
static int destination(struct sockaddr_storage* to, const struct sockaddr* addr) {
  memset(to, 0, sizeof(*to));
  if (addr->sa_family == AF_INET6) {
    struct sockaddr_in6* in6 = (struct sockaddr_in6*) to;
    memcpy(in6, addr, sizeof(*in6));
    if (IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr))
      in6->sin6_addr.s6_addr[15] = 1;
    return (int) sizeof(*in6);
  } else {
    struct sockaddr_in* in4 = (struct sockaddr_in*) to;
    memcpy(in4, addr, sizeof(*in4));
    if (in4->sin_addr.s_addr == htonl(INADDR_ANY))
      in4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return (int) sizeof(*in4);
  }
}

static int is_loopback(const struct sockaddr_storage* to) {
  const struct sockaddr_in6* in6 = (const struct sockaddr_in6*) to;
  const unsigned char* ip = (const unsigned char*) &((const struct sockaddr_in*) to)->sin_addr;

  if (to->ss_family == AF_INET)
    return ip[0] == 127;
  if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
    return in6->sin6_addr.s6_addr[12] == 127;
  return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

/* Windows takes a refusal for a mishap and asks twice more, which costs two seconds. Within the
 * machine nothing is lost on the way. Best effort: since Windows 10 1709. */
static void ask_once(SOCKET sock) {
  struct rto rto;
  DWORD bytes;

  rto.rtt = UNSPECIFIED_RTT;
  rto.max_syn_again = NO_SYN_AGAIN;
  (void) WSAIoctl(sock, initial_rto, &rto, sizeof(rto), NULL, 0, &bytes, NULL, NULL);
}

int uv__tcp_connect_to(struct uv__io* io,
                       LPFN_CONNECTEX connect,
                       const struct sockaddr* to,
                       int len) {
  BOOL ok;
  int r = uv__tcp_attach(io); /* Connecting takes its time. */

  if (r < 0)
    return r;
  (void) uv__win_prepare(io, &io->tail.in, UV__WIN_IN, complete_connect);
  ok = connect(io->tail.u.socket, to, len, NULL, 0, NULL, &io->tail.in.overlapped);
  r = uv__tcp_begun(io, ok, UV__WIN_IN);
  return r == UV__READY ? connected(io) : r;
}

int uv__tcp_connect(struct uv__io* io, const void* addr) {
  struct sockaddr_storage to;
  int len = destination(&to, addr);
  int r = io->tail.state & UV__WIN_BOUND ? 0 : bind_any(io);

  if (r == 0)
    r = uv__tcp_attach(io);
  if (r < 0)
    return r;
  if (is_loopback(&to))
    ask_once(io->tail.u.socket);
  return uv__tcp_connect_to(io, uv__sock_calls.connect, (struct sockaddr*) &to, len);
}
