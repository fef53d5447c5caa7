/* What the model says of programs that break a rule: each function here breaks one, and CTest looks
 * for the words (CMakeLists.txt). A check that nobody proves may have stopped looking. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mswsock.h"
#include "nt.h"

#define CHECK(cond) ((cond) ? (void) 0 : unexpected(__LINE__, #cond))
#define CHECK_EQ(a, b) CHECK((a) == (b))

static void unexpected(int line, const char* what) {
  printf("line %d: not so: %s\n", line, what);
  exit(3);
}

static HANDLE port;

/* A pipe, both ends overlapped, the first on the port. */
static void make_pipe(HANDLE ends[2]) {
  ends[0] = CreateNamedPipeW(L"\\\\.\\pipe\\checks", PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                             PIPE_TYPE_BYTE, 1, 100, 100, 0, NULL);
  CHECK(ends[0] != INVALID_HANDLE_VALUE);
  ends[1] = CreateFileW(L"\\\\.\\pipe\\checks", GENERIC_READ | GENERIC_WRITE, 0, NULL,
                        OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
  CHECK(ends[1] != INVALID_HANDLE_VALUE);
  port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
  CHECK(CreateIoCompletionPort(ends[0], port, 0, 0) == port);
}

static void begin_read(HANDLE end, OVERLAPPED* overlapped, char* to, DWORD size) {
  memset(overlapped, 0, sizeof(*overlapped));
  CHECK(!ReadFile(end, to, size, NULL, overlapped));
  CHECK_EQ(GetLastError(), ERROR_IO_PENDING);
}

static void end_with(HANDLE end) {
  DWORD put = 0;
  OVERLAPPED overlapped;

  memset(&overlapped, 0, sizeof(overlapped));
  CHECK(WriteFile(end, "x", 1, &put, &overlapped));
}

static void overlapped_used_again(void) {
  static OVERLAPPED overlapped;
  HANDLE ends[2];

  make_pipe(ends);
  begin_read(ends[0], &overlapped, NULL, 0);
  (void) ReadFile(ends[0], NULL, 0, NULL, &overlapped);
}

static void overlapped_freed(void) {
  OVERLAPPED* overlapped = malloc(sizeof(*overlapped));
  HANDLE ends[2];

  make_pipe(ends);
  begin_read(ends[0], overlapped, NULL, 0);
  free(overlapped);
  end_with(ends[1]);
  Sleep(100);
}

/* It is the kernel's until its packet was dequeued, also when all is over. */
static void overlapped_freed_before_its_packet(void) {
  OVERLAPPED* overlapped = malloc(sizeof(*overlapped));
  OVERLAPPED_ENTRY entry;
  ULONG count;
  HANDLE ends[2];

  make_pipe(ends);
  begin_read(ends[0], overlapped, NULL, 0);
  end_with(ends[1]);
  Sleep(100);
  CHECK(HasOverlappedIoCompleted(overlapped));
  free(overlapped);
  (void) GetQueuedCompletionStatusEx(port, &entry, 1, &count, 0, FALSE);
}

static void overlapped_written(void) {
  static OVERLAPPED overlapped;
  HANDLE ends[2];

  make_pipe(ends);
  begin_read(ends[0], &overlapped, NULL, 0);
  overlapped.Internal = 0;
  end_with(ends[1]);
  Sleep(100);
}

static void buffer_looked_at(void) {
  static OVERLAPPED overlapped;
  char* buffer = calloc(1, 64);
  HANDLE ends[2];

  make_pipe(ends);
  begin_read(ends[0], &overlapped, buffer, 64);
  printf("%c\n", buffer[8]);
}

static void written_bytes_changed(void) {
  static OVERLAPPED overlapped;
  static char bytes[1000];
  char got[600];
  HANDLE ends[2];
  DWORD n = 0;
  OVERLAPPED read;

  make_pipe(ends);
  CHECK(!WriteFile(ends[0], bytes, sizeof(bytes), NULL, &overlapped));
  CHECK_EQ(GetLastError(), ERROR_IO_PENDING);
  bytes[sizeof(bytes) - 2] = 1; /* Each byte counts. */
  memset(&read, 0, sizeof(read));
  CHECK(ReadFile(ends[1], got, sizeof(got), &n, &read));
  CHECK(ReadFile(ends[1], got, sizeof(got), &n, &read));
  Sleep(100);
}

static void event_changed(void) {
  static OVERLAPPED overlapped;
  OVERLAPPED* volatile given =
      &overlapped; /* Of a variable by name the compiler knows that it is there. */
  HANDLE ends[2];

  make_pipe(ends);
  begin_read(ends[0], &overlapped, NULL, 0);
  given->hEvent = port;
}

static void read_memory_freed(void) {
  static OVERLAPPED overlapped;
  char* memory = malloc(1000);
  HANDLE ends[2];
  DWORD n = 0;
  OVERLAPPED write;

  CHECK(memory != NULL);
  make_pipe(ends);
  begin_read(ends[0], &overlapped, memory, 1000);
  free(memory);
  memset(&write, 0, sizeof(write));
  (void) WriteFile(ends[1], "x", 1, &n, &write);
  Sleep(100);
}

static void operation_not_joined(void) {
  static OVERLAPPED overlapped;
  HANDLE ends[2];

  make_pipe(ends);
  begin_read(ends[0], &overlapped, NULL, 0);
  end_with(ends[1]);
  nt_end();
}

static void port_closed_over_a_packet(void) {
  static OVERLAPPED overlapped;
  HANDLE ends[2];

  make_pipe(ends);
  begin_read(ends[0], &overlapped, NULL, 0);
  end_with(ends[1]);
  Sleep(100);
  CloseHandle(ends[0]);
  CloseHandle(ends[1]);
  CloseHandle(port);
}

static void handle_used_after_close(void) {
  HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);

  CloseHandle(event);
  SetEvent(event);
}

static void handle_closed_twice(void) {
  HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);

  CloseHandle(event);
  CloseHandle(event);
}

static void handle_not_closed(void) {
  CHECK(CreateEventW(NULL, TRUE, FALSE, NULL) != NULL);
  nt_end();
}

static void loop_waits_for_a_peer(void) {
  OVERLAPPED_ENTRY entry;
  ULONG count;
  HANDLE read, write;
  DWORD got;
  char byte;

  port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
  (void) GetQueuedCompletionStatusEx(port, &entry, 1, &count, 0, FALSE);
  CHECK(CreatePipe(&read, &write, NULL, 0));
  (void) ReadFile(read, &byte, 1, &got, NULL);
}

static void lock_held_while_waiting_for_a_peer(void) {
  static SRWLOCK lock = SRWLOCK_INIT;
  HANDLE read, write;
  DWORD got;
  char byte;

  CHECK(CreatePipe(&read, &write, NULL, 0));
  AcquireSRWLockExclusive(&lock);
  (void) ReadFile(read, &byte, 1, &got, NULL);
}

static void lock_held_while_waiting_for_a_packet(void) {
  static SRWLOCK lock = SRWLOCK_INIT;
  OVERLAPPED_ENTRY entry;
  HANDLE ends[2];
  ULONG count;

  make_pipe(ends);
  AcquireSRWLockShared(&lock);
  (void) GetQueuedCompletionStatusEx(port, &entry, 1, &count, 10, FALSE);
}

static DWORD WINAPI read_for_somebody(void* end) {
  DWORD got;
  char byte;

  (void) ReadFile(end, &byte, 1, &got, NULL);
  return 0;
}

static DWORD WINAPI write_late(void* end) {
  DWORD put;

  Sleep(60000);
  (void) WriteFile(end, "x", 1, &put, NULL);
  return 0;
}

/* It does not read itself. */
static void loop_waits_for_who_waits_for_a_peer(void) {
  OVERLAPPED_ENTRY entry;
  HANDLE read, write, reader, writer;
  HANDLE ends[2];
  ULONG count;

  make_pipe(ends);
  CHECK(!GetQueuedCompletionStatusEx(port, &entry, 1, &count, 0, FALSE));
  CHECK(CreatePipe(&read, &write, NULL, 0));
  reader = CreateThread(NULL, 0, read_for_somebody, read, 0, NULL);
  writer = CreateThread(NULL, 0, write_late, write, 0, NULL);
  CHECK(reader != NULL && writer != NULL);
  (void) WaitForSingleObject(reader, INFINITE);
}

static void lock_taken_twice(void) {
  static SRWLOCK lock = SRWLOCK_INIT;

  AcquireSRWLockExclusive(&lock);
  AcquireSRWLockExclusive(&lock);
}

static void nobody_can_go_on(void) {
  HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);

  WaitForSingleObject(event, INFINITE);
}

static void CALLBACK never(void* context, BOOLEAN timed_out) {
  (void) context;
  (void) timed_out;
}

static void object_closed_under_a_registered_wait(void) {
  HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
  HANDLE wait;

  CHECK(RegisterWaitForSingleObject(&wait, event, never, NULL, INFINITE, WT_EXECUTEDEFAULT));
  CloseHandle(event);
  UnregisterWaitEx(wait, INVALID_HANDLE_VALUE);
}

/* ---- Contexts that were not set ---- */

/* A connection, both ends as ConnectEx and AcceptEx leave them. */
static void connect_half(SOCKET ends[2]) {
  static OVERLAPPED connects, accepts;
  static char addresses[2 * (sizeof(struct sockaddr_in) + 16)];
  GUID connect_id = WSAID_CONNECTEX, accept_id = WSAID_ACCEPTEX;
  LPFN_CONNECTEX connect_ex;
  LPFN_ACCEPTEX accept_ex;
  struct sockaddr_in to, any;
  int len = sizeof(to);
  SOCKET listener;
  WSADATA data;
  DWORD bytes;

  CHECK_EQ(WSAStartup(MAKEWORD(2, 2), &data), 0);
  listener = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
  ends[0] = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
  ends[1] = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
  memset(&any, 0, sizeof(any));
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK_EQ(bind(listener, (struct sockaddr*) &any, sizeof(any)), 0);
  CHECK_EQ(bind(ends[0], (struct sockaddr*) &any, sizeof(any)), 0);
  CHECK_EQ(listen(listener, 1), 0);
  CHECK_EQ(getsockname(listener, (struct sockaddr*) &to, &len), 0);
  CHECK_EQ(WSAIoctl(listener, SIO_GET_EXTENSION_FUNCTION_POINTER, &connect_id, sizeof(connect_id),
                    &connect_ex, sizeof(connect_ex), &bytes, NULL, NULL),
           0);
  CHECK_EQ(WSAIoctl(listener, SIO_GET_EXTENSION_FUNCTION_POINTER, &accept_id, sizeof(accept_id),
                    &accept_ex, sizeof(accept_ex), &bytes, NULL, NULL),
           0);
  CHECK(!accept_ex(listener, ends[1], addresses, 0, sizeof(any) + 16, sizeof(any) + 16, &bytes,
                   &accepts));
  CHECK_EQ(WSAGetLastError(), WSA_IO_PENDING);
  CHECK(!connect_ex(ends[0], (struct sockaddr*) &to, sizeof(to), NULL, 0, NULL, &connects));
  CHECK_EQ(WSAGetLastError(), WSA_IO_PENDING);
  Sleep(1000);
  CHECK(HasOverlappedIoCompleted(&connects));
  CHECK(HasOverlappedIoCompleted(&accepts));
}

static void shutdown_without_context(void) {
  SOCKET ends[2];

  connect_half(ends);
  (void) shutdown(ends[0], SD_SEND);
}

static void peer_without_context(void) {
  struct sockaddr_in name;
  int len = sizeof(name);
  SOCKET ends[2];

  connect_half(ends);
  (void) getpeername(ends[1], (struct sockaddr*) &name, &len);
}

static void name_without_context(void) {
  struct sockaddr_in name;
  int len = sizeof(name);
  SOCKET ends[2];

  connect_half(ends);
  (void) getsockname(ends[1], (struct sockaddr*) &name, &len);
}

static void option_set_without_context(void) {
  int on = 1;
  SOCKET ends[2];

  connect_half(ends);
  (void) setsockopt(ends[0], SOL_SOCKET, SO_KEEPALIVE, (char*) &on, sizeof(on));
}

static void option_asked_without_context(void) {
  int on = 0;
  int len = sizeof(on);
  SOCKET ends[2];

  connect_half(ends);
  (void) getsockopt(ends[1], SOL_SOCKET, SO_KEEPALIVE, (char*) &on, &len);
}

static void attribute_list_not_deleted(void) {
  SIZE_T size = 0;
  LPPROC_THREAD_ATTRIBUTE_LIST list;

  (void) InitializeProcThreadAttributeList(NULL, 1, 0, &size);
  list = malloc(size);
  CHECK(list != NULL && InitializeProcThreadAttributeList(list, 1, 0, &size));
  nt_end();
}

static void call_that_is_not_modelled(void) {
  (void) AttachConsole(ATTACH_PARENT_PROCESS);
}

static const struct {
  const char* name;
  void (*run)(void);
} checks[] = {
    {"overlapped_used_again", overlapped_used_again},
    {"overlapped_freed", overlapped_freed},
    {"overlapped_freed_before_its_packet", overlapped_freed_before_its_packet},
    {"overlapped_written", overlapped_written},
    {"buffer_looked_at", buffer_looked_at},
    {"written_bytes_changed", written_bytes_changed},
    {"event_changed", event_changed},
    {"read_memory_freed", read_memory_freed},
    {"operation_not_joined", operation_not_joined},
    {"port_closed_over_a_packet", port_closed_over_a_packet},
    {"handle_used_after_close", handle_used_after_close},
    {"handle_closed_twice", handle_closed_twice},
    {"handle_not_closed", handle_not_closed},
    {"loop_waits_for_a_peer", loop_waits_for_a_peer},
    {"lock_held_while_waiting_for_a_peer", lock_held_while_waiting_for_a_peer},
    {"lock_held_while_waiting_for_a_packet", lock_held_while_waiting_for_a_packet},
    {"loop_waits_for_who_waits_for_a_peer", loop_waits_for_who_waits_for_a_peer},
    {"lock_taken_twice", lock_taken_twice},
    {"nobody_can_go_on", nobody_can_go_on},
    {"object_closed_under_a_registered_wait", object_closed_under_a_registered_wait},
    {"shutdown_without_context", shutdown_without_context},
    {"peer_without_context", peer_without_context},
    {"name_without_context", name_without_context},
    {"option_set_without_context", option_set_without_context},
    {"option_asked_without_context", option_asked_without_context},
    {"attribute_list_not_deleted", attribute_list_not_deleted},
    {"call_that_is_not_modelled", call_that_is_not_modelled},
};

/* Exit status 0 when nothing was said: CTest looks for the words. */
int main(int argc, char** argv) {
  size_t i;

  for (i = 0; argc == 2 && i < sizeof(checks) / sizeof(checks[0]); i++) {
    if (strcmp(checks[i].name, argv[1]) == 0) {
      nt_begin(1);
      checks[i].run();
      return 0;
    }
  }
  return 2;
}
