/* What programs that watch or trouble connections may ask for beyond Winsock. */
#include "afd.h"

int nt_sock_end_of(SOCKET handle, unsigned* conn, int* side) {
  const struct afd_sock* sock = nt_peek((HANDLE) handle, &nt_file_class, NULL);

  if (sock == NULL || sock->file.device != &afd_device || sock->conn == NULL)
    return 0;
  *conn = sock->conn->serial;
  *side = sock->side;
  return 1;
}

void nt_sock_reset(SOCKET handle) {
  const struct afd_sock* sock;

  nt_enter("nt_sock_reset");
  sock = afd_find(handle);
  if (sock != NULL && sock->conn != NULL)
    afd_reset(sock->conn);
}

void nt_sock_make_room(SOCKET handle) {
  const struct afd_sock* sock;
  int side;

  nt_enter("nt_sock_make_room");
  sock = afd_find(handle);
  if (sock == NULL || sock->conn == NULL)
    return;
  for (side = 0; side < 2; side++) {
    if (sock->conn->end[side] != NULL)
      sock->conn->end[side]->receive_room += 4096;
    else
      sock->conn->more_room += 4096;
    afd_move(sock->conn, 1 - side);
  }
}
