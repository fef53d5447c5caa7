/* Sockets that wait for clients in the kernel. */
#include "afd.h"

#include <string.h>

/* "AcceptEx": the accepting socket must be neither bound nor connected; each address has 16 bytes more than
 * the longest of its protocol, and their memory is the kernel's until the end. */
BOOL WINAPI nt_accept_ex(SOCKET handle,
                         SOCKET to,
                         PVOID memory,
                         DWORD receive,
                         DWORD local,
                         DWORD remote,
                         LPDWORD bytes,
                         LPOVERLAPPED overlapped) {
  struct afd_sock* listener;
  struct afd_sock* sock;
  struct nt_part part = {memory, local + remote};
  struct nt_irp* irp;
  size_t least;

  nt_enter("AcceptEx");
  if (receive != 0)
    nt_absent("AcceptEx that receives");
  listener = afd_find(handle);
  sock = afd_find(to);
  if (listener == NULL || sock == NULL)
    return FALSE;
  least = listener->family == AF_UNIX    ? sizeof(struct sockaddr_of_unix)
          : listener->family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                         : sizeof(struct sockaddr_in);
  if (sock->family != listener->family || listener->state != AFD_LISTENS ||
      sock->state != AFD_OPEN || sock->conn != NULL || local < least + 16 || remote < least + 16)
    return nt_error(WSAEINVAL);
  memset(memory, 0xee, local + remote); /* In a form that only GetAcceptExSockaddrs knows. */
  if (bytes != NULL)
    *bytes = 0;
  irp = nt_irp_begin(&listener->file, NT_CONTROL, overlapped);
  irp->code = AFD_ACCEPT;
  irp->device = sock;
  nt_irp_memory(irp, &part, 1);
  return afd_run(irp);
}
