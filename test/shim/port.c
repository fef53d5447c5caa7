/* Packets that are not ours, ticks, and the ledger. */
#include "harness.h"
#include "shim.h"

#include <windows.h>

#include <stdlib.h>
#include <string.h>

enum {
  PACKETS = 1000,
  BATCH = 16
};

static HANDLE new_port(void) {
  HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);

  CHECK(port != NULL);
  return port;
}

/* Fetches PACKETS packets of ours; how many of others came with them. */
static int fetch(HANDLE port, ULONG_PTR key) {
  static OVERLAPPED ours[PACKETS];
  OVERLAPPED_ENTRY entries[BATCH];
  int fetched = 0, foreign = 0;
  ULONG i, count;

  for (i = 0; i < PACKETS; i++)
    CHECK(PostQueuedCompletionStatus(port, 7, 42, &ours[i]));
  while (fetched < PACKETS) {
    CHECK(GetQueuedCompletionStatusEx(port, entries, BATCH, &count, INFINITE, FALSE));
    CHECK(count > 0 && count <= BATCH);
    for (i = 0; i < count; i++) {
      if (entries[i].lpOverlapped == &ours[fetched]) {
        CHECK_EQ(entries[i].lpCompletionKey, 42);
        CHECK_EQ(entries[i].dwNumberOfBytesTransferred, 7);
        fetched++;
      } else {
        foreign += key == 0 || entries[i].lpCompletionKey == key;
      }
    }
  }
  return foreign;
}

TEST(foreign_packets_are_one_in_a_hundred) {
  CHECK(shim_use("foreign"));
  CHECK_EQ(fetch(new_port(), 0), PACKETS / 100);
}

/* They come of file objects, and never with a key of what was posted. */
TEST(foreign_packets_have_the_key_of_a_file_object) {
  HANDLE port = new_port();
  HANDLE pipe = CreateNamedPipeA("\\\\.\\pipe\\uvstream-shim-key",
                                 PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, 0, 1, 0, 0, 0, NULL);

  CHECK(shim_use("foreign"));
  CHECK(CreateIoCompletionPort(pipe, port, 43, 0) == port);
  CHECK_EQ(fetch(port, 43), PACKETS / 100);
  CHECK(CloseHandle(pipe));
}

TEST(foreign_packets_are_off_by_themselves) {
  CHECK(shim_use(""));
  CHECK_EQ(fetch(new_port(), 0), 0);
}

/* How long `timeout_ms` last, in microseconds. */
static int64_t wait_us(DWORD timeout_ms) {
  HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
  LARGE_INTEGER begun, ended, second;

  QueryPerformanceFrequency(&second);
  QueryPerformanceCounter(&begun);
  CHECK_EQ(WaitForSingleObject(event, timeout_ms), WAIT_TIMEOUT);
  QueryPerformanceCounter(&ended);
  CloseHandle(event);
  return (ended.QuadPart - begun.QuadPart) * 1000000 / second.QuadPart;
}

TEST(ticks_end_waits_early_and_late) {
  int early = 0, late = 0, i;

  CHECK(shim_use("ticks"));
  for (i = 0; i < 100 && (early < 2 || late < 2); i++) {
    int64_t us = wait_us(20);
    CHECK(us >= 14000); /* one tick: 15 ms are asked of a clock of Wine's */
    early += us < 20000;
    late += us >= 31000;
  }
  CHECK(early >= 2 && late >= 2);
}

TEST(ticks_leave_a_look_and_an_endless_wait_alone) {
  HANDLE event = CreateEventW(NULL, TRUE, TRUE, NULL);

  CHECK(shim_use("ticks"));
  CHECK_EQ(WaitForSingleObject(event, INFINITE), WAIT_OBJECT_0);
  CHECK_EQ(WaitForSingleObject(event, 0), WAIT_OBJECT_0);
}

TEST(ledger_counts_between_two_points) {
  HANDLE port = new_port();
  OVERLAPPED_ENTRY entry;
  OVERLAPPED ours;
  ULONG count;
  int i;

  CHECK(PostQueuedCompletionStatus(port, 0, 0, &ours));
  shim_count_begin();
  for (i = 0; i < 3; i++)
    CHECK(PostQueuedCompletionStatus(port, 0, 0, &ours));
  CHECK(GetQueuedCompletionStatusEx(port, &entry, 1, &count, INFINITE, FALSE));
  shim_count_end();
  CHECK(PostQueuedCompletionStatus(port, 0, 0, &ours));
  CHECK_EQ(shim_count("PostQueuedCompletionStatus"), 3);
  CHECK_EQ(shim_count("GetQueuedCompletionStatusEx"), 1);
  CHECK_EQ(shim_count(NULL), 4);
}

TEST(lookups_find_the_shim) {
  typedef BOOL(WINAPI * post_function)(HANDLE, DWORD, ULONG_PTR, OVERLAPPED*);
  HMODULE kernel = GetModuleHandleA("kernel32.dll");
  post_function post =
      (post_function) (void (*)(void)) GetProcAddress(kernel, "PostQueuedCompletionStatus");
  HANDLE port = new_port();

  CHECK(post != NULL);
  shim_count_begin();
  CHECK(post(port, 0, 0, NULL));
  shim_count_end();
  CHECK_EQ(shim_count("PostQueuedCompletionStatus"), 1);
}
