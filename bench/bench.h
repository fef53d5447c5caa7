/* What every benchmark that uses uv.h shares: ending on an error, and the form of results,
 * which bench/run reads: one "name value" per line on the standard output.
 *
 * These sources are compiled against this library and against libuv. They use nothing that
 * only one of the two has. */
#ifndef BENCH_H_
#define BENCH_H_

#include <stdio.h>
#include <stdlib.h>

#include "os.h"
#include "uv.h"

/* A benchmark that met an error has no result: say where and end. */
static inline void check(int result, const char* what) {
  if (result >= 0)
    return;
  fprintf(stderr, "%s: %s\n", what, uv_strerror(result));
  exit(1);
}

static inline void* allocate(size_t size) {
  void* memory = calloc(1, size);

  check(memory == NULL ? UV_ENOMEM : 0, "calloc");
  return memory;
}

static inline void result(const char* name, double value) {
  printf("%s %.3f\n", name, value);
}

/* The n-th argument as a number that is at least 1; `otherwise` when it is not there. */
static inline long argument(int argc, char** argv, int n, long otherwise) {
  long value = n < argc ? strtol(argv[n], NULL, 10) : otherwise;

  check(value < 1 ? UV_EINVAL : 0, "argument");
  return value;
}

/* Bind to a port of the loopback that the system picks, and listen; returns the address. */
static inline struct sockaddr_in listen_somewhere(uv_tcp_t* server, uv_connection_cb cb) {
  struct sockaddr_in addr;
  int len = sizeof(addr);

  check(uv_ip4_addr("127.0.0.1", 0, &addr), "uv_ip4_addr");
  check(uv_tcp_bind(server, (const struct sockaddr*) &addr, 0), "uv_tcp_bind");
  check(uv_listen((uv_stream_t*) server, 1024, cb), "uv_listen");
  check(uv_tcp_getsockname(server, (struct sockaddr*) &addr, &len), "uv_tcp_getsockname");
  return addr;
}

#endif /* BENCH_H_ */
