/* Facts about named pipes. */
#include "facts.h"

#include <string.h>

enum {
  BYTES = PIPE_TYPE_BYTE | PIPE_READMODE_BYTE,
  MESSAGES = PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE,
  QUOTA = 512,
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

/* One that begins when there is an empty message already: whether it leaves that to the next read. */
static int read_of_nothing_leaves_an_empty_message(void) {
  struct ends ends;
  OVERLAPPED first;
  OVERLAPPED second;
  HANDLE event;
  char byte;
  DWORD error;
  DWORD left;
  int waited;
  int pending;

  if (!facts_pipe(&ends, BOTH, MESSAGES, CLIENT, 0, QUOTA))
    return -1;
  (void) say(ends.client, "", 0);
  waited = begin_read(ends.server, &byte, 0, &first, &event, &error);
  end_read(ends.server, &first, event, waited);
  pending = begin_read(ends.server, &byte, 1, &second, &event, &left);
  end_read(ends.server, &second, event, pending);
  facts_close(&ends);
  if (waited || error != 0)
    return facts_note("it does not end at once, error", error);
  return pending ? facts_note("the message is gone", 0) : left == 0 ? 1 : facts_note("error", left);
}

static int empty_message_is_a_read_of_no_bytes(void) {
  struct ends ends;
  OVERLAPPED overlapped;
  HANDLE event;
  char byte;
  DWORD bytes = 1;
  DWORD error;
  BOOL ok;

  if (!facts_pipe(&ends, BOTH, MESSAGES, CLIENT, 0, QUOTA))
    return -1;
  (void) begin_read(ends.server, &byte, 1, &overlapped, &event, &error);
  (void) say(ends.client, "", 0);
  if (WaitForSingleObject(event, LONG_MS) != WAIT_OBJECT_0)
    (void) CancelIoEx(ends.server, &overlapped);
  ok = GetOverlappedResult(ends.server, &overlapped, &bytes, TRUE);
  CloseHandle(event);
  facts_close(&ends);
  return ok && bytes == 0 ? 1 : facts_note(ok ? "bytes" : "it fails", bytes);
}

/* Of bytes, and of a pipe of them: it is what an idle stream waits with. */
static int read_of_nothing_waits_for_bytes(void) {
  struct ends ends;
  OVERLAPPED overlapped;
  HANDLE event;
  char byte;
  DWORD error;
  DWORD ended;
  DWORD left;
  int pending;

  if (!facts_pipe(&ends, BOTH, BYTES, CLIENT, 0, QUOTA))
    return -1;
  pending = begin_read(ends.server, &byte, 0, &overlapped, &event, &error);
  (void) say(ends.client, "xy", 2);
  ended = WaitForSingleObject(event, LONG_MS);
  left = waiting(ends.server);
  end_read(ends.server, &overlapped, event, pending && ended != WAIT_OBJECT_0);
  facts_close(&ends);
  if (!pending || ended != WAIT_OBJECT_0)
    return facts_note(pending ? "it goes on" : "it does not wait, error", error);
  return left == 2 ? 1 : facts_note("bytes left", left);
}

static int cancelled_read_takes_nothing(void) {
  struct ends ends;
  OVERLAPPED overlapped;
  HANDLE event;
  char byte;
  DWORD bytes;
  DWORD error;
  DWORD left;
  BOOL ok;

  if (!facts_pipe(&ends, BOTH, BYTES, CLIENT, 0, QUOTA))
    return -1;
  (void) begin_read(ends.server, &byte, 1, &overlapped, &event, &error);
  (void) CancelIoEx(ends.server, &overlapped);
  ok = GetOverlappedResult(ends.server, &overlapped, &bytes, TRUE);
  error = ok ? 0 : GetLastError();
  CloseHandle(event);
  (void) say(ends.client, "xy", 2);
  left = waiting(ends.server);
  facts_close(&ends);
  if (error != ERROR_OPERATION_ABORTED)
    return facts_note("error", error);
  return left == 2 ? 1 : facts_note("bytes left", left);
}

/* A write that waits, of which the reader takes a part; then it is cancelled. What it counts, and what
 * the reader finds afterwards; -1: it does not wait. */
static int cancel_write(DWORD* count, DWORD* rest) {
  static char flood[4 * QUOTA];
  struct ends ends;
  OVERLAPPED overlapped;
  HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
  char some[QUOTA + QUOTA / 2];
  DWORD bytes = 0;
  BOOL ok;

  *count = 1;
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
    return -1;
  }
  (void) ReadFile(ends.client, some, sizeof(some), &bytes, NULL);
  (void) CancelIoEx(ends.server, &overlapped);
  ok = GetOverlappedResult(ends.server, &overlapped, count, TRUE);
  *rest = waiting(ends.client);
  CloseHandle(event);
  facts_close(&ends);
  return !ok;
}

static int cancelled_write_counts_nothing(void) {
  DWORD count;
  DWORD rest;
  int failed = cancel_write(&count, &rest);

  return failed < 0 ? -1 : failed && count == 0 ? 1 : facts_note("count", count);
}

static int cancelled_write_takes_its_rest_along(void) {
  DWORD count;
  DWORD rest;
  int failed = cancel_write(&count, &rest);

  return failed < 0 ? -1 : failed && rest == 0 ? 1 : facts_note("bytes left", rest);
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

static int disconnecting_takes_what_is_unread(void) {
  struct ends ends;
  char byte;
  DWORD bytes = 0;
  DWORD error;

  if (!facts_pipe(&ends, PIPE_ACCESS_DUPLEX, BYTES, CLIENT, 0, QUOTA))
    return -1;
  (void) say(ends.server, "x", 1);
  (void) DisconnectNamedPipe(ends.server);
  error = ReadFile(ends.client, &byte, 1, &bytes, NULL) ? 0 : GetLastError();
  facts_close(&ends);
  return error == ERROR_PIPE_NOT_CONNECTED ? 1 : facts_note("error", error);
}

static DWORD WINAPI flush(void* handle) {
  return FlushFileBuffers((HANDLE) handle) ? 0 : GetLastError();
}

/* The client's close ends it in any case. */
static int flush_waits_for_the_reader(void) {
  struct ends ends;
  HANDLE thread;
  char byte;
  DWORD bytes;
  DWORD error = 0;
  DWORD before;
  DWORD after;

  if (!facts_pipe(&ends, PIPE_ACCESS_DUPLEX, BYTES, CLIENT, 0, QUOTA))
    return -1;
  (void) say(ends.server, "x", 1);
  thread = CreateThread(NULL, 0, flush, ends.server, 0, NULL);
  before = WaitForSingleObject(thread, SOON_MS);
  (void) ReadFile(ends.client, &byte, 1, &bytes, NULL);
  after = WaitForSingleObject(thread, LONG_MS);
  CloseHandle(ends.client);
  ends.client = INVALID_HANDLE_VALUE;
  (void) WaitForSingleObject(thread, INFINITE);
  (void) GetExitCodeThread(thread, &error);
  CloseHandle(thread);
  facts_close(&ends);
  if (before != WAIT_TIMEOUT || after != WAIT_OBJECT_0)
    return facts_note(before != WAIT_TIMEOUT ? "it does not wait" : "it goes on", 0);
  return error == 0 ? 1 : facts_note("error", error);
}

/* A read of two bytes of a message of three, which is there, or comes when the read waits. */
static int read_part_of_message(int waits) {
  struct ends ends;
  OVERLAPPED overlapped;
  HANDLE event;
  char two[2];
  DWORD bytes = 0;
  DWORD begun;
  DWORD error;

  if (!facts_pipe(&ends, BOTH, MESSAGES, CLIENT, 0, QUOTA))
    return -1;
  if (!waits)
    (void) say(ends.client, "xyz", 3);
  (void) begin_read(ends.server, two, sizeof(two), &overlapped, &event, &begun);
  if (waits)
    (void) say(ends.client, "xyz", 3);
  if (begun == ERROR_IO_PENDING && WaitForSingleObject(event, LONG_MS) != WAIT_OBJECT_0)
    (void) CancelIoEx(ends.server, &overlapped);
  error = GetOverlappedResult(ends.server, &overlapped, &bytes, TRUE) ? 0 : GetLastError();
  CloseHandle(event);
  facts_close(&ends);
  if (begun != (waits ? ERROR_IO_PENDING : ERROR_MORE_DATA))
    return facts_note("the call says", begun);
  if (error != ERROR_MORE_DATA)
    return facts_note("error", error);
  return bytes == 2 ? 1 : facts_note("bytes", bytes);
}

static int part_of_a_message_is_counted(void) {
  return read_part_of_message(0);
}

static int part_of_a_message_to_come_is_counted(void) {
  return read_part_of_message(1);
}

const struct fact facts_of_pipes[] = {
    {"read_of_nothing_takes_nothing", read_of_nothing_takes_nothing,
     "a read of nothing that meets a message ends at once and leaves it", "ReactOS, npfs"},
    {"empty_message_ends_a_read_of_nothing", empty_message_ends_a_read_of_nothing,
     "one that waits is ended by an empty message, which is gone then", "ReactOS, npfs"},
    {"read_of_nothing_leaves_an_empty_message", read_of_nothing_leaves_an_empty_message,
     "one that finds an empty message ends at once and leaves it", "ReactOS, npfs"},
    {"empty_message_is_a_read_of_no_bytes", empty_message_is_a_read_of_no_bytes,
     "a read of some bytes is ended by an empty message, with success and none", "ReadFile"},
    {"read_of_nothing_waits_for_bytes", read_of_nothing_waits_for_bytes,
     "of a pipe of bytes it waits for some, and leaves them", "docs/WINDOWS.md, Pipes"},
    {"cancelled_read_takes_nothing", cancelled_read_takes_nothing,
     "a read that is cancelled is ERROR_OPERATION_ABORTED, and what comes is the next one's",
     "CancelIoEx"},
    {"cancelled_write_counts_nothing", cancelled_write_counts_nothing,
     "a cancelled write of which a reader took a part counts 0", "ReactOS, npfs"},
    {"cancelled_write_takes_its_rest_along", cancelled_write_takes_its_rest_along,
     "and what its reader had not taken yet is gone", "ReactOS, npfs"},
    {"bytes_outlive_their_writer", bytes_outlive_their_writer,
     "what was written is read after the writer's close, and then comes ERROR_BROKEN_PIPE",
     "ReadFile"},
    {"write_without_a_reader_is_no_data", write_without_a_reader_is_no_data,
     "a write after the reader's close is ERROR_NO_DATA", "WriteFile"},
    {"disconnecting_takes_what_is_unread", disconnecting_takes_what_is_unread,
     "DisconnectNamedPipe drops what was not read: ERROR_PIPE_NOT_CONNECTED",
     "DisconnectNamedPipe"},
    {"flush_waits_for_the_reader", flush_waits_for_the_reader,
     "FlushFileBuffers waits until the reader has all, and succeeds then", "FlushFileBuffers"},
    {"part_of_a_message_is_counted", part_of_a_message_is_counted,
     "a read of a part of a message is ERROR_MORE_DATA, and its OVERLAPPED has the count, whatever "
     "the call says",
     "GetOverlappedResult"},
    {"part_of_a_message_to_come_is_counted", part_of_a_message_to_come_is_counted,
     "so it is when the read has waited for the message", "GetOverlappedResult"},
    {NULL, NULL, NULL, NULL},
};
