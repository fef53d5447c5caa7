/* See native.h. */
#include "native.h"

#include <string.h>

const unsigned native_rounds = 1;
const int native_threads = 1;
const int native_addresses = 1;
const size_t native_flood = 16 << 20;

static SOCKET deaf = INVALID_SOCKET;

void native_begin(unsigned round) {
  (void) round;
}

void native_end(void) {}

int native_free_port(void) {
  return 0;
}

void native_offer(char* base, size_t len) {
  (void) base;
  (void) len;
}

struct uv__desc native_desc_bad(void) {
  SOCKET s = socket(AF_INET, SOCK_STREAM, 0);

  /* A value that was a socket a moment ago: nothing else opens one meanwhile. */
  closesocket(s);
  return uv__port_desc(s);
}

int native_deaf_listen(struct sockaddr_storage* addr) {
  struct sockaddr_in in;
  int len = (int) sizeof(*addr);

  memset(&in, 0, sizeof(in));
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  deaf = socket(AF_INET, SOCK_STREAM, 0);
  if (deaf == INVALID_SOCKET)
    return -1;
  if (bind(deaf, (struct sockaddr*) &in, (int) sizeof(in)) == 0 && listen(deaf, 1) == 0 &&
      getsockname(deaf, (struct sockaddr*) addr, &len) == 0)
    return 0;
  native_deaf_close();
  return -1;
}

void native_deaf_close(void) {
  closesocket(deaf);
  deaf = INVALID_SOCKET;
}
