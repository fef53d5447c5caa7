/* Facts about completion ports and file objects. */
#include "facts.h"

#include <string.h>

enum {
  BYTES = PIPE_TYPE_BYTE | PIPE_READMODE_BYTE,
  MESSAGES = PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE,
  SOON_MS = 100,
  LONG_MS = 5000,
  RESERVE_FOR_PORTS = 1,
  REPLACE_PORT = 61 /* FileReplaceCompletionInformation */
};

#define BOTH_OVERLAPPED (PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED)
#define CLIENT (GENERIC_READ | GENERIC_WRITE)

/* A pipe whose server's end is on a port. */
struct scene {
  struct ends ends;
  HANDLE port;
};

static int begin(struct scene* scene, DWORD type, UCHAR modes) {
  if (!facts_pipe(&scene->ends, BOTH_OVERLAPPED, type, CLIENT, FILE_FLAG_OVERLAPPED, 4096))
    return 0;
  scene->port = CreateIoCompletionPort(scene->ends.server, NULL, 1, 1);
  if (scene->port != NULL && SetFileCompletionNotificationModes(scene->ends.server, modes))
    return 1;
  facts_close(&scene->ends);
  return 0;
}

static void end(struct scene* scene) {
  facts_close(&scene->ends);
  CloseHandle(scene->port);
}

static HANDLE duplicate(HANDLE handle) {
  HANDLE self = GetCurrentProcess();
  HANDLE made = NULL;

  (void) DuplicateHandle(self, handle, self, &made, 0, FALSE, DUPLICATE_SAME_ACCESS);
  return made;
}

/* Writes from the client, at once. */
static int say(HANDLE handle, const void* bytes, DWORD size) {
  OVERLAPPED overlapped;
  DWORD done = 0;

  memset(&overlapped, 0, sizeof(overlapped));
  return (WriteFile(handle, bytes, size, NULL, &overlapped) ||
          GetLastError() == ERROR_IO_PENDING) &&
         GetOverlappedResult(handle, &overlapped, &done, TRUE) && done == size;
}

static int is_of_the_file_object(int close_ours) {
  struct scene scene;
  OVERLAPPED overlapped;
  OVERLAPPED* got;
  char byte;
  HANDLE other;

  if (!begin(&scene, BYTES, 0))
    return -1;
  other = duplicate(scene.ends.server);
  if (close_ours) {
    CloseHandle(scene.ends.server);
    scene.ends.server = INVALID_HANDLE_VALUE;
  }
  memset(&overlapped, 0, sizeof(overlapped));
  (void) ReadFile(other, &byte, 1, NULL, &overlapped);
  (void) say(scene.ends.client, "x", 1);
  got = facts_packet(scene.port, LONG_MS);
  CloseHandle(other);
  end(&scene);
  return got == &overlapped ? 1 : facts_note("no packet", 0);
}

static int port_is_of_the_file_object(void) {
  return is_of_the_file_object(0);
}

static int port_outlives_the_handle(void) {
  return is_of_the_file_object(1);
}

static int second_port_is_refused(void) {
  struct scene scene;
  HANDLE other = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
  DWORD error;

  if (!begin(&scene, BYTES, 0))
    return -1;
  error = CreateIoCompletionPort(scene.ends.server, other, 0, 0) == NULL ? GetLastError() : 0;
  end(&scene);
  CloseHandle(other);
  return error == ERROR_INVALID_PARAMETER ? 1 : facts_note("error", error);
}

static int port_for_a_synchronous_file_is_refused(void) {
  struct ends ends;
  HANDLE port;
  DWORD error;

  if (!facts_pipe(&ends, PIPE_ACCESS_DUPLEX, BYTES, CLIENT, FILE_FLAG_OVERLAPPED, 4096))
    return -1;
  port = CreateIoCompletionPort(ends.server, NULL, 0, 1);
  error = port == NULL ? GetLastError() : 0;
  if (port != NULL)
    CloseHandle(port);
  facts_close(&ends);
  return error == ERROR_INVALID_PARAMETER ? 1 : facts_note("error", error);
}

/* A read that ends at once, of a message of two bytes: `size` 2: with success, 1: with a warning. */
static int packet_of_a_prompt_read(DWORD size, UCHAR modes, ULONG_PTR bit) {
  struct scene scene;
  OVERLAPPED overlapped;
  char bytes[2];
  HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
  int packet;
  int prompt;

  if (!begin(&scene, MESSAGES, modes))
    return -1;
  (void) say(scene.ends.client, "xy", 2);
  memset(&overlapped, 0, sizeof(overlapped));
  if (bit)
    overlapped.hEvent = (HANDLE) ((ULONG_PTR) event | bit);
  prompt = ReadFile(scene.ends.server, bytes, size, NULL, &overlapped) ||
           GetLastError() == ERROR_MORE_DATA;
  packet = facts_packet(scene.port, prompt ? SOON_MS : LONG_MS) != NULL;
  end(&scene);
  CloseHandle(event);
  return packet;
}

static int skipped_success_posts_no_packet(void) {
  int packet = packet_of_a_prompt_read(2, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS, 0);

  return packet < 0 ? -1 : !packet ? 1 : facts_note("packets", 1);
}

static int success_posts_a_packet(void) {
  int packet = packet_of_a_prompt_read(2, 0, 0);

  return packet < 0 ? -1 : packet ? 1 : facts_note("packets", 0);
}

static int warning_posts_a_packet(void) {
  int packet = packet_of_a_prompt_read(1, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS, 0);

  return packet < 0 ? -1 : packet ? 1 : facts_note("packets", 0);
}

static int low_bit_keeps_the_packet(void) {
  int packet = packet_of_a_prompt_read(2, 0, 1);

  return packet < 0 ? -1 : !packet ? 1 : facts_note("packets", 1);
}

static int skipped_event_stays_unset(void) {
  struct scene scene;
  OVERLAPPED overlapped;
  char byte;
  DWORD wait;

  if (!begin(&scene, BYTES, FILE_SKIP_SET_EVENT_ON_HANDLE))
    return -1;
  memset(&overlapped, 0, sizeof(overlapped));
  (void) ReadFile(scene.ends.server, &byte, 1, NULL, &overlapped);
  (void) say(scene.ends.client, "x", 1);
  (void) facts_packet(scene.port, LONG_MS);
  wait = WaitForSingleObject(scene.ends.server, 0);
  end(&scene);
  return wait == WAIT_TIMEOUT ? 1 : facts_note("wait", wait);
}

static int port_can_be_waited_for(void) {
  HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
  OVERLAPPED overlapped;
  DWORD before = WaitForSingleObject(port, 0);
  DWORD after;
  int there;

  (void) PostQueuedCompletionStatus(port, 0, 0, &overlapped);
  after = WaitForSingleObject(port, 0);
  there = facts_packet(port, 0) == &overlapped;
  CloseHandle(port);
  if (before == WAIT_TIMEOUT && after == WAIT_OBJECT_0 && there)
    return 1;
  return facts_note(there ? "wait" : "the packet was consumed; wait", after);
}

/* ---- Threads that wait ---- */

/* Takes the next packet: 0, or why there is none. */
static DWORD WINAPI take_one(void* port) {
  OVERLAPPED_ENTRY entry;
  ULONG count;

  return GetQueuedCompletionStatusEx((HANDLE) port, &entry, 1, &count, LONG_MS, FALSE)
             ? 0
             : GetLastError();
}

static DWORD WINAPI wait_for_signal(void* port) {
  return WaitForSingleObject((HANDLE) port, 5 * SOON_MS);
}

/* A thread that waits. */
static HANDLE begin_thread(LPTHREAD_START_ROUTINE what, HANDLE port) {
  HANDLE thread = CreateThread(NULL, 0, what, port, 0, NULL);

  Sleep(SOON_MS); /* Nothing tells that it does. */
  return thread;
}

/* What it ended with. */
static DWORD end_thread(HANDLE thread) {
  DWORD code = 0;

  (void) WaitForSingleObject(thread, INFINITE);
  (void) GetExitCodeThread(thread, &code);
  CloseHandle(thread);
  return code;
}

static int packet_goes_to_who_takes_it(void) {
  HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
  HANDLE taker = begin_thread(take_one, port);
  HANDLE watcher = begin_thread(wait_for_signal, port);
  OVERLAPPED overlapped;
  DWORD taken;
  DWORD signalled;

  (void) PostQueuedCompletionStatus(port, 0, 0, &overlapped);
  signalled = end_thread(watcher);
  taken = end_thread(taker);
  CloseHandle(port);
  if (taken != 0)
    return facts_note("it is not taken, error", taken);
  return signalled == WAIT_TIMEOUT ? 1 : facts_note("wait", signalled);
}

static int closed_port_ends_its_waits(void) {
  HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
  HANDLE taker = begin_thread(take_one, port);
  DWORD error;

  CloseHandle(port);
  error = end_thread(taker);
  return error == ERROR_ABANDONED_WAIT_0 ? 1 : facts_note("error", error);
}

/* A read that a thread begins, which does not stay for its end. */
struct errand {
  HANDLE file;
  OVERLAPPED overlapped;
  char byte;
};

static DWORD WINAPI begin_and_go(void* arg) {
  struct errand* errand = arg;

  return ReadFile(errand->file, &errand->byte, 1, NULL, &errand->overlapped) ? 0 : GetLastError();
}

static int operation_outlives_its_thread(void) {
  struct scene scene;
  struct errand errand;
  OVERLAPPED* early;
  OVERLAPPED* got;

  if (!begin(&scene, BYTES, 0))
    return -1;
  memset(&errand, 0, sizeof(errand));
  errand.file = scene.ends.server;
  (void) end_thread(CreateThread(NULL, 0, begin_and_go, &errand, 0, NULL));
  early = facts_packet(scene.port, SOON_MS);
  (void) say(scene.ends.client, "x", 1);
  got = early != NULL ? NULL : facts_packet(scene.port, LONG_MS);
  end(&scene);
  if (early != NULL)
    return facts_note("it goes with its thread", 0);
  return got == &errand.overlapped && errand.byte == 'x' ? 1 : facts_note("no packet", 0);
}

/* ---- Packets with memory of their own ---- */

typedef LONG(NTAPI* reserve_fn)(HANDLE* made, void* attributes, int type);
typedef LONG(NTAPI* post_fn)(HANDLE, HANDLE, void* key, void* overlapped, LONG, ULONG_PTR);

/* Posts with one reserve object twice: 1: the packet of the first came. The second, before it is taken,
 * or after, ended with `status`. */
static int post_twice(int take_between, LONG* status) {
  reserve_fn make = (reserve_fn) facts_import("NtAllocateReserveObject");
  post_fn post = (post_fn) facts_import("NtSetIoCompletionEx");
  HANDLE reserve;
  HANDLE port;
  OVERLAPPED first;
  OVERLAPPED second;
  int came;

  if (make == NULL || post == NULL || make(&reserve, NULL, RESERVE_FOR_PORTS) < 0)
    return -1;
  port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
  came = post(port, reserve, NULL, &first, 0, 0) >= 0;
  if (take_between)
    came &= facts_packet(port, LONG_MS) == &first;
  *status = post(port, reserve, NULL, &second, 0, 0);
  if (!take_between)
    came &= facts_packet(port, LONG_MS) == &first;
  else if (*status >= 0)
    came &= facts_packet(port, LONG_MS) == &second;
  CloseHandle(port);
  CloseHandle(reserve);
  return came;
}

static int reserve_posts_a_packet(void) {
  LONG status;
  int came = post_twice(1, &status);

  if (came < 0)
    return -1;
  return came && status >= 0 ? 1 : facts_note("status", (unsigned long) status);
}

static int reserve_is_of_one_packet(void) {
  LONG status;
  int came = post_twice(0, &status);

  if (came < 0)
    return -1;
  return came && status < 0 ? 1 : facts_note("status", (unsigned long) status);
}

/* ---- Cancelling ---- */

static int cancel_reaches_what_a_duplicate_began(void) {
  struct scene scene;
  OVERLAPPED overlapped;
  char byte;
  HANDLE other;
  BOOL ok;
  int joined;

  if (!begin(&scene, BYTES, 0))
    return -1;
  other = duplicate(scene.ends.server);
  memset(&overlapped, 0, sizeof(overlapped));
  (void) ReadFile(other, &byte, 1, NULL, &overlapped);
  ok = CancelIoEx(scene.ends.server, NULL);
  joined = facts_packet(scene.port, LONG_MS) == &overlapped;
  CloseHandle(other);
  end(&scene);
  return ok && joined ? 1 : facts_note("cancelled", (unsigned long) ok);
}

typedef LONG(NTAPI* set_file_fn)(HANDLE, void* status, void* info, ULONG size, int what);
typedef LONG(NTAPI* query_object_fn)(HANDLE, int what, void* info, ULONG size, ULONG* length);

static int port_can_be_left(void) {
  set_file_fn set = (set_file_fn) facts_import("NtSetInformationFile");
  struct scene scene;
  HANDLE other;
  ULONG_PTR status[2];
  LONG left;
  int taken = 0;
  struct {
    HANDLE port;
    void* key;
  } none = {NULL, NULL};

  if (set == NULL || !begin(&scene, BYTES, 0))
    return -1;
  left = set(scene.ends.server, status, &none, sizeof(none), REPLACE_PORT);
  other = CreateIoCompletionPort(scene.ends.server, NULL, 0, 1);
  if (other != NULL) {
    taken = 1;
    CloseHandle(other);
  }
  end(&scene);
  if (left < 0)
    return facts_note("status", (unsigned long) left);
  return taken ? 1 : facts_note("another port is refused", 0);
}

static ULONG count_handles(HANDLE handle) {
  query_object_fn ask = (query_object_fn) facts_import("NtQueryObject");
  ULONG words[14] = {0};

  return ask != NULL && ask(handle, 0, words, sizeof(words), NULL) >= 0 ? words[2] : 0;
}

static int handles_are_counted(void) {
  struct scene scene;
  HANDLE other;
  ULONG one;
  ULONG two;

  if (!begin(&scene, BYTES, 0))
    return -1;
  one = count_handles(scene.ends.server);
  other = duplicate(scene.ends.server);
  two = count_handles(scene.ends.server);
  CloseHandle(other);
  end(&scene);
  if (one == 0)
    return -1;
  return one == 1 && two == 2 ? 1 : facts_note("handles", two);
}

static int cancel_finds_nothing_of_what_is_over(void) {
  struct scene scene;
  OVERLAPPED overlapped;
  char byte;
  DWORD error;

  if (!begin(&scene, BYTES, 0))
    return -1;
  memset(&overlapped, 0, sizeof(overlapped));
  (void) ReadFile(scene.ends.server, &byte, 1, NULL, &overlapped);
  (void) say(scene.ends.client, "x", 1);
  (void) facts_packet(scene.port, LONG_MS);
  error = CancelIoEx(scene.ends.server, &overlapped) ? 0 : GetLastError();
  end(&scene);
  return error == ERROR_NOT_FOUND ? 1 : facts_note("error", error);
}

const struct fact facts_of_ports[] = {
    {"port_is_of_the_file_object", port_is_of_the_file_object,
     "an operation by any handle of a file object is told by the port that one of them was put on",
     "CreateIoCompletionPort"},
    {"port_outlives_the_handle", port_outlives_the_handle,
     "also when the handle that was put on it is closed", "bun#42819"},
    {"second_port_is_refused", second_port_is_refused,
     "a file object has one port: ERROR_INVALID_PARAMETER", "CreateIoCompletionPort"},
    {"port_for_a_synchronous_file_is_refused", port_for_a_synchronous_file_is_refused,
     "a synchronous one has none: ERROR_INVALID_PARAMETER", "CreateIoCompletionPort"},
    {"port_can_be_left", port_can_be_left,
     "FileReplaceCompletionInformation takes a file object off its port (8.1)",
     "FILE_COMPLETION_INFORMATION"},
    {"handles_are_counted", handles_are_counted,
     "NtQueryObject tells how many handles lead to the file object", "NtQueryObject"},
    {"success_posts_a_packet", success_posts_a_packet,
     "what succeeds at once is told by a packet too", "I/O Completion Ports"},
    {"skipped_success_posts_no_packet", skipped_success_posts_no_packet,
     "but with FILE_SKIP_COMPLETION_PORT_ON_SUCCESS it is not",
     "SetFileCompletionNotificationModes"},
    {"warning_posts_a_packet", warning_posts_a_packet,
     "a read that ends at once with ERROR_MORE_DATA posts one all the same",
     "ReactOS, IopCompleteRequest"},
    {"low_bit_keeps_the_packet", low_bit_keeps_the_packet,
     "the low bit of hEvent keeps the packet from the port", "GetQueuedCompletionStatus"},
    {"skipped_event_stays_unset", skipped_event_stays_unset,
     "with FILE_SKIP_SET_EVENT_ON_HANDLE the file object's event is never set", "golang/go#80979"},
    {"port_can_be_waited_for", port_can_be_waited_for,
     "a port with a packet is signalled, and waiting consumes none", "docs/WINDOWS.md, The port"},
    {"packet_goes_to_who_takes_it", packet_goes_to_who_takes_it,
     "but not while a thread is inside of GetQueuedCompletionStatus, which has the packet",
     "Wine, ntdll/tests/sync.c"},
    {"closed_port_ends_its_waits", closed_port_ends_its_waits,
     "a port that is closed ends such a wait: ERROR_ABANDONED_WAIT_0", "GetQueuedCompletionStatus"},
    {"operation_outlives_its_thread", operation_outlives_its_thread,
     "what a thread has begun on a file object with a port goes on when the thread has ended",
     "ExitThread"},
    {"reserve_posts_a_packet", reserve_posts_a_packet,
     "a reserve object has the memory of a packet, one after the other (7)", "msquic#5906"},
    {"reserve_is_of_one_packet", reserve_is_of_one_packet,
     "while that is in a port, another is refused", "no page says so"},
    {"cancel_reaches_what_a_duplicate_began", cancel_reaches_what_a_duplicate_began,
     "CancelIoEx without OVERLAPPED cancels what this process began by any handle", "CancelIoEx"},
    {"cancel_finds_nothing_of_what_is_over", cancel_finds_nothing_of_what_is_over,
     "of an operation that is over it is ERROR_NOT_FOUND", "CancelIoEx"},
    {NULL, NULL, NULL, NULL},
};
