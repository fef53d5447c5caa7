/* What test/port needs of the system, where that is the model: see native.h there. Each round is a
 * seed of its own; NT_SEED in the environment makes every round that one. */
#include "native.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "holder.h"
#include "provider_native.h"

const unsigned native_rounds = 20;
const int native_threads = 1;
const int native_addresses = 1;
const int native_pipes = 1;
const size_t native_flood = 3 << 20;

static SOCKET deaf = INVALID_SOCKET;
static char note[64];

int native_hears_behind_bytes(enum uv__desc_kind kind) {
  (void) kind;
  return 1;
}

/* In a pipe that is a message, behind the others. */
int native_hears_half_an_end(enum uv__desc_kind kind) {
  return kind == UV__DESC_TCP;
}

void native_begin(unsigned round) {
  const char* one = getenv("NT_SEED");
  const char* from = getenv("NT_FROM");
  uint64_t seed =
      one != NULL ? strtoull(one, NULL, 0) : (from != NULL ? strtoull(from, NULL, 0) : 1) + round;

  snprintf(note, sizeof(note), "nt: under NT_SEED=%llu\n", (unsigned long long) seed);
  nt_note = note;
  nt_begin(seed);
  let_sockets_be_ifs(getenv("NT_LAYERED") == NULL && seed % 4 != 3);
}

void native_end(void) {
  nt_end();
}

int native_files_leave_ports(void) {
  return nt_files_can_leave;
}

int native_sends_end_at_once(void) {
  return nt_trouble.late == 0;
}

int native_free_port(void) {
  return 0;
}

size_t native_pipe_name(char* to, size_t size) {
  static int count;
  int length = snprintf(to, size, "\\\\.\\pipe\\uvstream-port-%d", ++count);

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

/* A value that never was a handle: the model takes the use of one that was closed for a fault. */
struct uv__desc native_desc_bad(void) {
  return uv__port_desc((SOCKET) 0x7fff0000);
}

int native_deaf_listen(struct sockaddr_storage* addr) {
  struct sockaddr_in in;
  int len = (int) sizeof(*addr);

  memset(&in, 0, sizeof(in));
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  deaf = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(deaf != INVALID_SOCKET);
  CHECK_EQ(bind(deaf, (struct sockaddr*) &in, (int) sizeof(in)), 0);
  CHECK_EQ(listen(deaf, 1), 0);
  CHECK_EQ(getsockname(deaf, (struct sockaddr*) addr, &len), 0);
  return 0;
}

void native_deaf_close(void) {
  closesocket(deaf);
  deaf = INVALID_SOCKET;
}
