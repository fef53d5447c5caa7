/* See native.h. */
#include "native.h"

#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "holder.h"

const unsigned native_rounds = 1;
const int native_threads = 1;
const int native_addresses = 1;
const int native_pipes = 1;
const size_t native_flood = 16 << 20;

static SOCKET deaf = INVALID_SOCKET;

static int is_wine(void) {
  HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");

  return ntdll != NULL && GetProcAddress(ntdll, "wine_get_version") != NULL;
}

/* Wine tells of a FIN when all has been read; and an end of one direction is a message in a pipe. */
int native_hears_behind_bytes(enum uv__desc_kind kind) {
  return kind == UV__DESC_PIPE || !is_wine();
}

int native_hears_half_an_end(enum uv__desc_kind kind) {
  return kind == UV__DESC_TCP;
}

void native_begin(unsigned round) {
  (void) round;
}

void native_end(void) {}

int native_files_leave_ports(void) {
  return -1;
}

int native_sends_end_at_once(void) {
  return 0;
}

int native_free_port(void) {
  return 0;
}

size_t native_pipe_name(char* to, size_t size) {
  static int count;
  int length =
      snprintf(to, size, "\\\\.\\pipe\\uvstream-port-%lu-%d", GetCurrentProcessId(), ++count);

  CHECK(length > 0 && (size_t) length < size);
  return (size_t) length;
}

int native_names_are_exclusive(void) {
  const DWORD mode = PIPE_ACCESS_DUPLEX | FILE_FLAG_FIRST_PIPE_INSTANCE;
  HANDLE pipes[2];
  char name[100];
  int exclusive;
  int i;

  name[native_pipe_name(name, sizeof(name))] = '\0';
  for (i = 0; i < 2; i++)
    pipes[i] = CreateNamedPipeA(name, mode, PIPE_TYPE_BYTE, 2, 0, 0, 0, NULL);
  CHECK(pipes[0] != INVALID_HANDLE_VALUE);
  exclusive = pipes[1] == INVALID_HANDLE_VALUE;
  if (!exclusive)
    CloseHandle(pipes[1]);
  CloseHandle(pipes[0]);
  return exclusive;
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
