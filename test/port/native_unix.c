/* See native.h. */
#include "native.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"

const unsigned native_rounds = 1;
const int native_threads = 1;
const int native_addresses = 1;
const int native_pipes = 1;
const size_t native_flood = 16 << 20;

static int deaf = -1;

int native_hears_behind_bytes(enum uv__desc_kind kind) {
  (void) kind;
  return 1;
}

int native_hears_half_an_end(enum uv__desc_kind kind) {
  (void) kind;
  return 1;
}

void native_begin(unsigned round) {
  (void) round;
}

void native_end(void) {}

int native_free_port(void) {
  return 0;
}

size_t native_pipe_name(char* to, size_t size) {
  static int count;
  int length;

  if (access("/tmp", W_OK) != 0)
    SKIP("TCP alone has been tested: there is no folder for the names of pipes");
  length = snprintf(to, size, "/tmp/uvstream-port-%ld-%d", (long) getpid(), ++count);

  CHECK(length > 0 && (size_t) length < size);
  return (size_t) length;
}

int native_names_are_exclusive(void) {
  return 1;
}

void native_offer(char* base, size_t len) {
  (void) base;
  (void) len;
}

struct uv__desc native_desc_bad(void) {
  int fds[2] = {-1, -1};

  /* A number that was a descriptor a moment ago: nothing else opens one meanwhile. */
  if (pipe(fds) == 0) {
    close(fds[0]);
    close(fds[1]);
  }
  return uv__port_desc(fds[1]);
}

int native_deaf_listen(struct sockaddr_storage* addr) {
  struct sockaddr_in in;
  socklen_t len = sizeof(*addr);

  memset(&in, 0, sizeof(in));
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  deaf = socket(AF_INET, SOCK_STREAM, 0);
  if (deaf == -1)
    return -1;
  if (bind(deaf, (struct sockaddr*) &in, sizeof(in)) == 0 && listen(deaf, 0) == 0 &&
      getsockname(deaf, (struct sockaddr*) addr, &len) == 0)
    return 0;
  native_deaf_close();
  return -1;
}

void native_deaf_close(void) {
  close(deaf);
  deaf = -1;
}
