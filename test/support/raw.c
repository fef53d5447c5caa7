/* Sockets without the library; see raw.h. */
#include "raw.h"

#include <stdlib.h>

#include "harness.h"
#include "net.h"
#include "thread.h"

#ifndef _WIN32
#  include <fcntl.h>
#  include <unistd.h>
#endif

enum {
  SMALL_BUFFER = 32 * 1024,
  CHUNK = 64 * 1024
};

size_t raw_receive(uv_os_sock_t sock, char* to, size_t len) {
#ifdef _WIN32
  int n = recv(sock, to, (int) len, 0);
#else
  ssize_t n = recv(sock, to, len, 0);
#endif
  CHECK(n >= 0);
  return (size_t) n;
}

void raw_send(uv_os_sock_t sock, const char* from, size_t len) {
  while (len > 0) {
#ifdef _WIN32
    int n = send(sock, from, (int) len, 0);
#else
    ssize_t n = send(sock, from, len, 0);
#endif
    CHECK(n > 0);
    from += n;
    len -= (size_t) n;
  }
}

void raw_close(uv_os_sock_t sock) {
#ifdef _WIN32
  CHECK_EQ(closesocket(sock), 0);
#else
  CHECK_EQ(close(sock), 0);
#endif
}

void raw_shrink(uv_os_sock_t sock) {
  int size = SMALL_BUFFER;

  CHECK_EQ(setsockopt(sock, SOL_SOCKET, SO_SNDBUF, (const char*) &size, sizeof size), 0);
  CHECK_EQ(setsockopt(sock, SOL_SOCKET, SO_RCVBUF, (const char*) &size, sizeof size), 0);
}

int raw_is_blocking(uv_os_sock_t sock) {
#ifdef _WIN32
  (void) sock;
  return 0;
#else
  int flags = fcntl(sock, F_GETFL);

  CHECK(flags != -1);
  return (flags & O_NONBLOCK) == 0;
#endif
}

int raw_option(uv_os_sock_t sock, int level, int name) {
  int value = 0;
  socklen_t len = sizeof value;

  CHECK_EQ(getsockopt(sock, level, name, (char*) &value, &len), 0);
  return value;
}

struct raw_drain {
  struct test_thread* thread;
  uv_os_sock_t sock;
  uint64_t bytes;
};

static void drain(void* arg) {
  struct raw_drain* d = arg;
  char* memory = malloc(CHUNK);
  size_t n;

  CHECK(memory != NULL);
  while ((n = raw_receive(d->sock, memory, CHUNK)) > 0) {
    pattern_check(memory, n, d->bytes);
    d->bytes += n;
  }
  free(memory);
}

struct raw_drain* raw_drain_start(uv_os_sock_t sock) {
  struct raw_drain* d = malloc(sizeof *d);

  CHECK(d != NULL);
  d->sock = sock;
  d->bytes = 0;
  d->thread = test_thread_start(drain, d);
  return d;
}

uint64_t raw_drain_join(struct raw_drain* d) {
  uint64_t bytes;

  test_thread_join(d->thread);
  bytes = d->bytes;
  raw_close(d->sock);
  free(d);
  return bytes;
}
