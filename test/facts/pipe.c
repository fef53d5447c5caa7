/* Facts about named pipes. */
#include "facts.h"

#include <string.h>

enum {
  BYTES = PIPE_TYPE_BYTE | PIPE_READMODE_BYTE,
  MESSAGES = PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE,
  QUOTA = 512,
  FLOOD = 1 << 20,
  SOON_MS = 200,
  LONG_MS = 5000
};

#define BOTH (PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED)
#define CLIENT (GENERIC_READ | GENERIC_WRITE | FILE_WRITE_ATTRIBUTES)

/* A read that may wait; its event apart, since the OVERLAPPED is the kernel's then. */
static int begin_read(
    HANDLE handle, void* to, DWORD size, OVERLAPPED* overlapped, HANDLE* event, DWORD* error) {
  memset(overlapped, 0, sizeof(*overlapped));
  *event = overlapped->hEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
  *error = ReadFile(handle, to, size, NULL, overlapped) ? 0 : GetLastError();
  return *error == ERROR_IO_PENDING;
}

/* Takes it back, if it is pending still. */
static void end_read(HANDLE handle, OVERLAPPED* overlapped, HANDLE event, int pending) {
  DWORD bytes;

  if (pending) {
    (void) CancelIoEx(handle, overlapped);
    (void) GetOverlappedResult(handle, overlapped, &bytes, TRUE);
  }
  CloseHandle(event);
}

static int say(HANDLE handle, const void* bytes, DWORD size) {
  DWORD done = 0;

  return WriteFile(handle, bytes, size, &done, NULL) && done == size;
}

static DWORD waiting(HANDLE handle) {
  DWORD total = 0;

  (void) PeekNamedPipe(handle, NULL, 0, NULL, &total, NULL);
  return total;
}

static int read_of_nothing_takes_nothing(void) {
  struct ends ends;
  OVERLAPPED overlapped;
  HANDLE event;
  char byte;
  DWORD error;
  DWORD left;
  int pending;

  if (!facts_pipe(&ends, BOTH, MESSAGES, CLIENT, 0, QUOTA))
    return -1;
  (void) say(ends.client, "xy", 2);
  pending = begin_read(ends.server, &byte, 0, &overlapped, &event, &error);
  left = waiting(ends.server);
  end_read(ends.server, &overlapped, event, pending);
  facts_close(&ends);
  if (pending || left != 2)
    return facts_note(pending ? "it waits" : "bytes left", left);
  return error == 0 || error == ERROR_MORE_DATA ? 1 : facts_note("error", error);
}

static int empty_message_ends_a_read_of_nothing(void) {
  struct ends ends;
  OVERLAPPED first;
  OVERLAPPED second;
  HANDLE event;
  char byte;
  DWORD error;
  DWORD ended;
  int pending;

  if (!facts_pipe(&ends, BOTH, MESSAGES, CLIENT, 0, QUOTA))
    return -1;
  pending = begin_read(ends.server, &byte, 0, &first, &event, &error);
  (void) say(ends.client, "", 0);
  ended = WaitForSingleObject(event, LONG_MS);
  end_read(ends.server, &first, event, pending && ended != WAIT_OBJECT_0);
  pending = begin_read(ends.server, &byte, 1, &second, &event, &error);
  end_read(ends.server, &second, event, pending);
  facts_close(&ends);
  if (ended != WAIT_OBJECT_0)
    return facts_note("wait", ended);
  return pending ? 1 : facts_note("the message is there still; error", error);
}

static int set_nowait(HANDLE handle) {
  DWORD mode = PIPE_READMODE_BYTE | PIPE_NOWAIT;

  return SetNamedPipeHandleState(handle, &mode, NULL, NULL);
}

static int empty_read_without_waiting_is_no_data(void) {
  struct ends ends;
  char byte;
  DWORD bytes;
  DWORD error;

  if (!facts_pipe(&ends, PIPE_ACCESS_DUPLEX, BYTES, CLIENT, 0, QUOTA))
    return -1;
  if (!set_nowait(ends.client)) {
    facts_close(&ends);
    return -1;
  }
  error = ReadFile(ends.client, &byte, 1, &bytes, NULL) ? 0 : GetLastError();
  facts_close(&ends);
  return error == ERROR_NO_DATA ? 1 : facts_note("error", error);
}

static int flood_without_waiting_succeeds_short(void) {
  static char flood[FLOOD];
  struct ends ends;
  DWORD bytes = 0;
  BOOL ok;

  if (!facts_pipe(&ends, PIPE_ACCESS_DUPLEX, BYTES, CLIENT, 0, QUOTA))
    return -1;
  if (!set_nowait(ends.client)) {
    facts_close(&ends);
    return -1;
  }
  ok = WriteFile(ends.client, flood, FLOOD, &bytes, NULL);
  facts_close(&ends);
  if (!ok)
    return facts_note("it fails", 0);
  return bytes < FLOOD ? 1 : facts_note("bytes", bytes);
}

static int nowait_is_of_the_end(void) {
  HANDLE self = GetCurrentProcess();
  struct ends ends;
  HANDLE other = NULL;
  DWORD state = 0;

  if (!facts_pipe(&ends, PIPE_ACCESS_DUPLEX, BYTES, CLIENT, 0, QUOTA))
    return -1;
  (void) DuplicateHandle(self, ends.client, self, &other, 0, FALSE, DUPLICATE_SAME_ACCESS);
  if (!set_nowait(other)) {
    CloseHandle(other);
    facts_close(&ends);
    return -1;
  }
  CloseHandle(other);
  (void) GetNamedPipeHandleStateW(ends.client, &state, NULL, NULL, NULL, NULL, 0);
  facts_close(&ends);
  return state & PIPE_NOWAIT ? 1 : facts_note("state", state);
}

static int cancelled_write_counts_nothing(void) {
  static char flood[4 * QUOTA];
  struct ends ends;
  OVERLAPPED overlapped;
  HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
  char some[QUOTA + QUOTA / 2];
  DWORD bytes = 0;
  DWORD count = 1;
  BOOL ok;

  memset(&overlapped, 0, sizeof(overlapped));
  overlapped.hEvent = event;
  if (!facts_pipe(&ends, BOTH, BYTES, CLIENT, 0, QUOTA)) {
    CloseHandle(event);
    return -1;
  }
  if (WriteFile(ends.server, flood, sizeof(flood), NULL, &overlapped) ||
      GetLastError() != ERROR_IO_PENDING) {
    CloseHandle(event);
    facts_close(&ends);
    return facts_note("it does not wait", 0);
  }
  (void) ReadFile(ends.client, some, sizeof(some), &bytes, NULL);
  (void) CancelIoEx(ends.server, &overlapped);
  ok = GetOverlappedResult(ends.server, &overlapped, &count, TRUE);
  CloseHandle(event);
  facts_close(&ends);
  return !ok && count == 0 ? 1 : facts_note("count", count);
}

static int who_only_writes_may_not_ask(void) {
  struct ends ends;
  DWORD flags;
  DWORD error;

  if (!facts_pipe(&ends, PIPE_ACCESS_OUTBOUND, BYTES, GENERIC_READ, 0, QUOTA))
    return -1;
  error = GetNamedPipeInfo(ends.server, &flags, NULL, NULL, NULL) ? 0 : GetLastError();
  facts_close(&ends);
  return error == ERROR_ACCESS_DENIED ? 1 : facts_note("error", error);
}

static int first_instance_is_the_first(void) {
  const char* name = facts_name();
  HANDLE first = CreateNamedPipeA(name, BOTH, BYTES, 2, QUOTA, QUOTA, 0, NULL);
  HANDLE second =
      CreateNamedPipeA(name, BOTH | FILE_FLAG_FIRST_PIPE_INSTANCE, BYTES, 2, QUOTA, QUOTA, 0, NULL);
  DWORD error = GetLastError();

  if (second != INVALID_HANDLE_VALUE)
    CloseHandle(second);
  CloseHandle(first);
  if (second != INVALID_HANDLE_VALUE)
    return facts_note("it is made", 0);
  return error == ERROR_ACCESS_DENIED ? 1 : facts_note("error", error);
}

static int name_without_a_free_instance_is_busy(void) {
  const char* name = facts_name();
  HANDLE server = CreateNamedPipeA(name, BOTH, BYTES, 1, QUOTA, QUOTA, 0, NULL);
  HANDLE first = CreateFileA(name, CLIENT, 0, NULL, OPEN_EXISTING, 0, NULL);
  HANDLE second = CreateFileA(name, CLIENT, 0, NULL, OPEN_EXISTING, 0, NULL);
  DWORD error = GetLastError();

  if (second != INVALID_HANDLE_VALUE)
    CloseHandle(second);
  CloseHandle(first);
  CloseHandle(server);
  return error == ERROR_PIPE_BUSY ? 1 : facts_note("error", error);
}

static int bytes_outlive_their_writer(void) {
  struct ends ends;
  char byte = 0;
  DWORD bytes = 0;
  DWORD error;
  BOOL ok;

  if (!facts_pipe(&ends, PIPE_ACCESS_DUPLEX, BYTES, CLIENT, 0, QUOTA))
    return -1;
  (void) say(ends.server, "x", 1);
  CloseHandle(ends.server);
  ends.server = INVALID_HANDLE_VALUE;
  ok = ReadFile(ends.client, &byte, 1, &bytes, NULL);
  error = ReadFile(ends.client, &byte, 1, &bytes, NULL) ? 0 : GetLastError();
  facts_close(&ends);
  return ok && error == ERROR_BROKEN_PIPE ? 1 : facts_note("error", error);
}

static int write_without_a_reader_is_no_data(void) {
  struct ends ends;
  DWORD bytes;
  DWORD error;

  if (!facts_pipe(&ends, PIPE_ACCESS_DUPLEX, BYTES, CLIENT, 0, QUOTA))
    return -1;
  CloseHandle(ends.client);
  ends.client = INVALID_HANDLE_VALUE;
  error = WriteFile(ends.server, "x", 1, &bytes, NULL) ? 0 : GetLastError();
  facts_close(&ends);
  return error == ERROR_NO_DATA ? 1 : facts_note("error", error);
}

/* ---- The lock of a synchronous file object ---- */

static HANDLE locked;

static DWORD WINAPI read_one(void* arg) {
  char byte;
  DWORD bytes;

  (void) arg;
  return (DWORD) ReadFile(locked, &byte, 1, &bytes, NULL);
}

static DWORD WINAPI ask_info(void* arg) {
  DWORD flags;

  (void) arg;
  return (DWORD) GetNamedPipeInfo(locked, &flags, NULL, NULL, NULL);
}

static DWORD WINAPI ask_type(void* arg) {
  (void) arg;
  return GetFileType(locked);
}

/* Asks while a thread reads from it: whether the question waits for the read; -1: untried. */
static int waits_for_the_lock(LPTHREAD_START_ROUTINE question) {
  struct ends ends;
  HANDLE reader;
  HANDLE asker;
  DWORD wait;

  if (!facts_pipe(&ends, BOTH, BYTES, CLIENT, 0, QUOTA))
    return -1;
  locked = ends.client;
  reader = CreateThread(NULL, 0, read_one, NULL, 0, NULL);
  Sleep(SOON_MS); /* Nothing tells that a thread waits in a read. */
  asker = CreateThread(NULL, 0, question, NULL, 0, NULL);
  wait = WaitForSingleObject(asker, SOON_MS);
  {
    OVERLAPPED overlapped;
    DWORD bytes;
    memset(&overlapped, 0, sizeof(overlapped));
    overlapped.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
    (void) WriteFile(ends.server, "x", 1, NULL, &overlapped);
    (void) GetOverlappedResult(ends.server, &overlapped, &bytes, TRUE);
    CloseHandle(overlapped.hEvent);
  }
  (void) WaitForSingleObject(reader, INFINITE);
  (void) WaitForSingleObject(asker, INFINITE);
  CloseHandle(reader);
  CloseHandle(asker);
  facts_close(&ends);
  return wait == WAIT_TIMEOUT;
}

static int questions_wait_for_the_lock(void) {
  int r = waits_for_the_lock(ask_info);

  return r == 0 ? facts_note("answered at once", 0) : r;
}

static int type_does_not_wait_for_the_lock(void) {
  int r = waits_for_the_lock(ask_type);

  return r == 1 ? facts_note("it waits", 0) : r == 0 ? 1 : -1;
}

const struct fact facts_of_pipes[] = {
    {"read_of_nothing_takes_nothing", read_of_nothing_takes_nothing,
     "a read of nothing that meets a message ends at once and leaves it", "ReactOS, npfs"},
    {"empty_message_ends_a_read_of_nothing", empty_message_ends_a_read_of_nothing,
     "one that waits is ended by an empty message, which is gone then", "ReactOS, npfs"},
    {"empty_read_without_waiting_is_no_data", empty_read_without_waiting_is_no_data,
     "with PIPE_NOWAIT a read of an empty pipe is ERROR_NO_DATA", "libuv#4467"},
    {"flood_without_waiting_succeeds_short", flood_without_waiting_succeeds_short,
     "and a write that does not fit succeeds, having taken less", "msys2-runtime#72"},
    {"nowait_is_of_the_end", nowait_is_of_the_end, "whoever holds the end has its PIPE_NOWAIT",
     "nt.md, pipes"},
    {"cancelled_write_counts_nothing", cancelled_write_counts_nothing,
     "a cancelled write of which a reader took a part counts 0", "ReactOS, npfs"},
    {"who_only_writes_may_not_ask", who_only_writes_may_not_ask,
     "the server of PIPE_ACCESS_OUTBOUND may not ask GetNamedPipeInfo: ERROR_ACCESS_DENIED",
     "CreateNamedPipe"},
    {"first_instance_is_the_first", first_instance_is_the_first,
     "FILE_FLAG_FIRST_PIPE_INSTANCE of a name that is there is ERROR_ACCESS_DENIED",
     "CreateNamedPipe"},
    {"name_without_a_free_instance_is_busy", name_without_a_free_instance_is_busy,
     "opening a name of which no instance is free is ERROR_PIPE_BUSY", "CreateFile"},
    {"bytes_outlive_their_writer", bytes_outlive_their_writer,
     "what was written is read after the writer's close, and then comes ERROR_BROKEN_PIPE",
     "ReadFile"},
    {"write_without_a_reader_is_no_data", write_without_a_reader_is_no_data,
     "a write after the reader's close is ERROR_NO_DATA", "WriteFile"},
    {"questions_wait_for_the_lock", questions_wait_for_the_lock,
     "GetNamedPipeInfo of a synchronous file object waits for a read on it",
     "Synchronous and Asynchronous I/O; libuv#1273"},
    {"type_does_not_wait_for_the_lock", type_does_not_wait_for_the_lock, "GetFileType does not",
     "nt.md, completion ports"},
    {NULL, NULL, NULL, NULL},
};
