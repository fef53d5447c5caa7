/* Connecting to a TCP server by its name, over whichever of its addresses answers. */
#ifndef RELAY_DIAL_H_
#define RELAY_DIAL_H_

#include <stddef.h>

#include "uv.h"

/* libuv has no such call: programs that are built with it try the first address. */
#ifndef RELAY_WITH_LIBUV
#  include "uvstream.h"
#endif

struct dial {
  uv_tcp_t tcp;
#ifndef RELAY_WITH_LIBUV
  uvs_connect_t by_name;
  uv_connect_t* req;
  uv_connect_cb cb;
#endif
};

/* Connect `tcp`, which is initialised; no host is this one. 0 or a UV_E* code, and then `cb` does not
 * come. */
int dial_start(
    struct dial* dial, const char* host, const char* service, uv_connect_t* req, uv_connect_cb cb);

/* HOST:PORT. 0 or a UV_E* code. */
int dial_address_text(const struct sockaddr_storage* address, char* text, size_t size);

#endif /* RELAY_DIAL_H_ */
