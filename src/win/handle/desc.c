/* Handles outside a stream, on their way from one to the next; or from a descriptor of the C run-time library,
 * which then goes with its handle. */
#include "win/handle/handle.h"

struct uv__desc uv__port_desc(uv_os_sock_t sock) {
  struct uv__desc desc;

  desc.handle = (HANDLE) sock;
  desc.kind = UV__DESC_TCP;
  desc.accepted = 0;
  desc.peer = 0;
  return desc;
}

void uv__port_discard(struct uv__desc* desc) {
  if (desc->kind == UV__DESC_TCP || desc->kind == UV__DESC_PIPE)
    uv__own_drop(desc->handle, NULL);
  if (desc->kind == UV__DESC_TCP || desc->accepted == UV__DESC_LOCAL)
    closesocket((SOCKET) desc->handle);
  else if (desc->kind == UV__DESC_PIPE && desc->accepted < 0)
    uv__fd_give_back(-1 - desc->accepted);
  else if (desc->kind == UV__DESC_PIPE)
    CloseHandle(desc->handle);
  desc->handle = INVALID_HANDLE_VALUE;
  desc->kind = UV__DESC_NONE;
}
