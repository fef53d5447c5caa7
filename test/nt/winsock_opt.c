/* Options and controls of sockets. */
#include "afd.h"

#include <mstcpip.h>
#include <string.h>

BOOL WINAPI nt_transmit_file(SOCKET handle,
                             HANDLE file,
                             DWORD size,
                             DWORD per_send,
                             LPOVERLAPPED overlapped,
                             LPTRANSMIT_FILE_BUFFERS buffers,
                             DWORD flags);

static int wsa_error(int error) {
  nt_error((DWORD) error);
  return error == 0 ? 0 : SOCKET_ERROR;
}

static void describe(const struct afd_sock* sock, WSAPROTOCOL_INFOW* info) {
  memset(info, 0, sizeof(*info));
  info->dwServiceFlags1 = nt_sockets_are_ifs ? XP1_IFS_HANDLES | 0x66 : 0x66;
  info->iVersion = 2;
  info->iAddressFamily = sock->family;
  info->iMaxSockAddr = sock->family == AF_INET ? (int) sizeof(struct sockaddr_in)
                                               : (int) sizeof(struct sockaddr_in6);
  info->iMinSockAddr = info->iMaxSockAddr;
  info->iSocketType = SOCK_STREAM;
  info->iProtocol = sock->family == AF_UNIX ? 0 : IPPROTO_TCP;
  info->ProtocolChain.ChainLen = nt_sockets_are_ifs ? 1 : 2;
}

/* Where an option that is an int is kept; NULL: there is none such. */
static int* place(struct afd_sock* sock, int level, int name) {
  if (level == SOL_SOCKET) {
    switch (name) {
    case SO_EXCLUSIVEADDRUSE:
      return &sock->exclusive;
    case SO_REUSEADDR:
      return &sock->reuse;
    case SO_KEEPALIVE:
      return &sock->keep_alive;
    case SO_SNDBUF:
      return &sock->send_room;
    case SO_RCVBUF:
      return &sock->receive_room;
    }
  } else if (level == IPPROTO_TCP) {
    switch (name) {
    case TCP_NODELAY:
      return &sock->no_delay;
    case TCP_KEEPIDLE:
      return &sock->keep[0];
    case TCP_KEEPINTVL:
      return &sock->keep[1];
    case TCP_KEEPCNT:
      return &sock->keep[2];
    }
  } else if (level == IPPROTO_IPV6 && name == IPV6_V6ONLY && sock->family == AF_INET6) {
    return &sock->v6only;
  }
  return NULL;
}

/* "SO_UPDATE_ACCEPT_CONTEXT": the value is the listener, which must still be there. */
static int accept_context(struct afd_sock* sock, const char* value, int len) {
  SOCKET listener;

  if (len != sizeof(listener))
    return WSAEFAULT;
  memcpy(&listener, value, sizeof(listener));
  if (afd_find(listener) == NULL)
    return WSAENOTSOCK;
  if (sock->conn == NULL || sock->conn->told[sock->side])
    return WSAENOTCONN; /* The client has reset it meanwhile. */
  sock->inherits_names = 1;
  sock->lacks = NULL;
  return 0;
}

static int connect_context(struct afd_sock* sock) {
  if (sock->conn == NULL)
    return WSAENOTCONN;
  sock->inherits_names = 1;
  sock->lacks = NULL;
  return 0;
}

static int set_option(struct afd_sock* sock, int level, int name, const char* value, int len) {
  int* at = place(sock, level, name);
  struct linger linger;

  if (at != NULL) {
    afd_want_context(sock, "setsockopt");
    if (len < (int) sizeof(*at))
      return WSAEFAULT;
    if ((name == SO_EXCLUSIVEADDRUSE || name == SO_REUSEADDR) && level == SOL_SOCKET &&
        sock->state != AFD_OPEN)
      return WSAEINVAL;
    memcpy(at, value, sizeof(*at));
    return 0;
  }
  if (level != SOL_SOCKET)
    return WSAENOPROTOOPT;
  switch (name) {
  case SO_UPDATE_ACCEPT_CONTEXT:
    return accept_context(sock, value, len);
  case SO_UPDATE_CONNECT_CONTEXT:
    return connect_context(sock);
  case SO_LINGER:
    afd_want_context(sock, "setsockopt");
    if (len < (int) sizeof(linger))
      return WSAEFAULT;
    memcpy(&linger, value, sizeof(linger));
    sock->linger_on = linger.l_onoff;
    sock->linger_sec = linger.l_linger;
    return 0;
  case SO_REUSE_UNICASTPORT:
    return 0;
  default:
    return WSAENOPROTOOPT;
  }
}

int WSAAPI setsockopt(SOCKET handle, int level, int name, const char* value, int len) {
  struct afd_sock* sock;

  nt_enter("setsockopt");
  sock = afd_find(handle);
  return sock == NULL ? SOCKET_ERROR : wsa_error(set_option(sock, level, name, value, len));
}

static int give(char* value, int* len, const void* from, int size) {
  if (*len < size)
    return wsa_error(WSAEFAULT);
  memcpy(value, from, (size_t) size);
  *len = size;
  return 0;
}

int WSAAPI getsockopt(SOCKET handle, int level, int name, char* value, int* len) {
  struct afd_sock* sock;
  WSAPROTOCOL_INFOW info;
  struct linger linger;
  int* at;
  int number = 0;

  nt_enter("getsockopt");
  sock = afd_find(handle);
  if (sock == NULL)
    return SOCKET_ERROR;
  at = place(sock, level, name);
  if (at != NULL || (level == SOL_SOCKET && name == SO_LINGER))
    afd_want_context(sock, "getsockopt");
  if (at != NULL)
    return give(value, len, at, sizeof(*at));
  if (level != SOL_SOCKET)
    return wsa_error(WSAENOPROTOOPT);
  switch (name) {
  case SO_PROTOCOL_INFOW:
    describe(sock, &info);
    return give(value, len, &info, sizeof(info));
  case SO_TYPE:
    number = SOCK_STREAM;
    break;
  case SO_ACCEPTCONN:
    number = sock->state == AFD_LISTENS;
    break;
  case SO_ERROR: /* Of a connect that nobody waited for, once. */
    if (sock->state == AFD_BOUND && ST_IS_ERROR(sock->outcome))
      number = nt_status_wsa(sock->outcome);
    sock->outcome = ST_SUCCESS;
    break;
  case SO_LINGER:
    linger.l_onoff = (u_short) sock->linger_on;
    linger.l_linger = (u_short) sock->linger_sec;
    return give(value, len, &linger, sizeof(linger));
  default:
    return wsa_error(WSAENOPROTOOPT);
  }
  return give(value, len, &number, sizeof(number));
}

int WSAAPI ioctlsocket(SOCKET handle, long code, u_long* value) {
  struct afd_sock* sock;

  nt_enter("ioctlsocket");
  sock = afd_find(handle);
  if (sock == NULL)
    return SOCKET_ERROR;
  if ((DWORD) code == FIONBIO)
    sock->nonblocking = *value != 0;
  else if ((DWORD) code == FIONREAD)
    *value = sock->conn == NULL ? 0 : (u_long) sock->conn->way[1 - sock->side].arrived;
  else
    return wsa_error(WSAEINVAL);
  return 0;
}

int WSAAPI WSAIoctl(SOCKET handle,
                    DWORD code,
                    LPVOID in,
                    DWORD in_size,
                    LPVOID out,
                    DWORD out_size,
                    LPDWORD bytes,
                    LPWSAOVERLAPPED overlapped,
                    LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
  static const GUID accept_id = WSAID_ACCEPTEX;
  static const GUID connect_id = WSAID_CONNECTEX;
  static const GUID transmit_id = WSAID_TRANSMITFILE;
  LPFN_ACCEPTEX accept_fn = nt_accept_ex;
  LPFN_CONNECTEX connect_fn = nt_connect_ex;
  LPFN_TRANSMITFILE transmit_fn = nt_transmit_file;
  TCP_INITIAL_RTO_PARAMETERS rto;
  struct tcp_keepalive vals;
  struct afd_sock* sock;

  nt_enter("WSAIoctl");
  if (overlapped != NULL || routine != NULL)
    nt_absent("WSAIoctl with an OVERLAPPED");
  sock = afd_find(handle);
  if (sock == NULL)
    return SOCKET_ERROR;
  switch (code) {
  case SIO_GET_EXTENSION_FUNCTION_POINTER:
    if (in_size != sizeof(GUID) || out_size != sizeof(void*))
      return wsa_error(WSAEFAULT);
    if (memcmp(in, &accept_id, sizeof(GUID)) == 0)
      memcpy(out, &accept_fn, sizeof(accept_fn));
    else if (memcmp(in, &connect_id, sizeof(GUID)) == 0)
      memcpy(out, &connect_fn, sizeof(connect_fn));
    else if (memcmp(in, &transmit_id, sizeof(GUID)) == 0)
      memcpy(out, &transmit_fn, sizeof(transmit_fn));
    else
      return wsa_error(WSAEINVAL);
    *bytes = sizeof(void*);
    return 0;
  case SIO_KEEPALIVE_VALS:
    if (in_size < sizeof(vals))
      return wsa_error(WSAEFAULT);
    memcpy(&vals, in, sizeof(vals));
    sock->keep_alive = vals.onoff != 0;
    *bytes = 0;
    return 0;
  case SIO_TCP_INITIAL_RTO:
    if (in_size < sizeof(rto))
      return wsa_error(WSAEFAULT);
    memcpy(&rto, in, sizeof(rto));
    sock->once = rto.MaxSynRetransmissions == TCP_INITIAL_RTO_NO_SYN_RETRANSMISSIONS;
    *bytes = 0;
    return 0;
  case 0xd8000027: /* SIO_TCP_INFO; of TCP_INFO_v0 the state is first */
    if (in_size != sizeof(DWORD) || *(DWORD*) in != 0 || out_size != 88)
      return wsa_error(WSAEINVAL);
    memset(out, 0, out_size);
    *(DWORD*) out = sock->state == AFD_CONNECTS    ? 2
                    : sock->state == AFD_CONNECTED ? 4
                    : sock->state == AFD_LISTENS   ? 1
                                                   : 0;
    *bytes = out_size;
    return 0;
  case 0x58000100: /* SIO_AF_UNIX_GETPEERPID */
    if (sock->family != AF_UNIX || out_size < sizeof(ULONG))
      return wsa_error(WSAEOPNOTSUPP);
    if (sock->conn == NULL || !sock->inherits_names)
      return wsa_error(WSAENOTCONN);
    *(ULONG*) out = sock->conn->pids[1 - sock->side];
    *bytes = sizeof(ULONG);
    return 0;
  case SIO_LOOPBACK_FAST_PATH:
    *bytes = 0;
    return 0;
  default:
    return wsa_error(WSAEOPNOTSUPP);
  }
}
