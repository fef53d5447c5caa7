/* The first instance of a name, and writes that find no room. */
#include "harness.h"
#include "shim.h"

#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char name[64];

static HANDLE new_instance(DWORD more, DWORD mode) {
  snprintf(name, sizeof(name), "\\\\.\\pipe\\uvtest-shim-%lu", GetCurrentProcessId());
  return CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX | more, PIPE_TYPE_BYTE | mode, 8, 4096, 4096, 0,
                          NULL);
}

static HANDLE new_client(DWORD more) {
  return CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, more, NULL);
}

TEST(first_instance_is_refused_where_the_name_is_taken) {
  HANDLE first, second;

  CHECK(shim_use("first_instance"));
  first = new_instance(FILE_FLAG_FIRST_PIPE_INSTANCE, 0);
  CHECK(first != INVALID_HANDLE_VALUE);
  CHECK(new_instance(FILE_FLAG_FIRST_PIPE_INSTANCE, 0) == INVALID_HANDLE_VALUE);
  CHECK_EQ(GetLastError(), ERROR_ACCESS_DENIED);
  second = new_instance(0, 0);
  CHECK(second != INVALID_HANDLE_VALUE);
  CHECK(CloseHandle(first) && CloseHandle(second));
  CHECK(new_instance(FILE_FLAG_FIRST_PIPE_INSTANCE, 0) != INVALID_HANDLE_VALUE);
}

TEST(first_instance_is_refused_while_all_instances_are_busy) {
  HANDLE first, client;

  CHECK(shim_use("first_instance"));
  first = new_instance(FILE_FLAG_FIRST_PIPE_INSTANCE, 0);
  client = new_client(0);
  CHECK(first != INVALID_HANDLE_VALUE && client != INVALID_HANDLE_VALUE);
  CHECK(new_instance(FILE_FLAG_FIRST_PIPE_INSTANCE, 0) == INVALID_HANDLE_VALUE);
  CHECK_EQ(GetLastError(), ERROR_ACCESS_DENIED);
}

TEST(nosys_fails_a_large_write_now_and_then) {
  static char bytes[1 << 20];
  HANDLE server, client;
  OVERLAPPED writing;
  int failed = 0, i;

  CHECK(shim_use("nosys"));
  server = new_instance(FILE_FLAG_OVERLAPPED, 0);
  client = new_client(0);
  CHECK(client != INVALID_HANDLE_VALUE);
  for (i = 0; i < 2; i++) {
    memset(&writing, 0, sizeof(writing));
    CHECK(!WriteFile(server, bytes, sizeof(bytes), NULL, &writing));
    failed += GetLastError() == ERROR_NO_SYSTEM_RESOURCES;
    CHECK(GetLastError() == ERROR_NO_SYSTEM_RESOURCES || GetLastError() == ERROR_IO_PENDING);
  }
  CHECK_EQ(failed, 1);
  memset(&writing, 0, sizeof(writing));
  CHECK(!WriteFile(server, bytes, sizeof(bytes) / 2, NULL, &writing));
  CHECK_EQ(GetLastError(), ERROR_IO_PENDING);
}

TEST(nosys_takes_a_part_where_nothing_may_wait) {
  static char bytes[10000];
  HANDLE server, client;
  DWORD written = 0, waiting = 0;

  CHECK(shim_use("nosys"));
  server = new_instance(0, PIPE_NOWAIT);
  client = new_client(0);
  CHECK(client != INVALID_HANDLE_VALUE);
  CHECK(WriteFile(server, bytes, sizeof(bytes), &written, NULL));
  CHECK(written > 0 && written < sizeof(bytes));
  CHECK(PeekNamedPipe(client, NULL, 0, NULL, &waiting, NULL));
  CHECK_EQ(waiting, written);
}
