/* Facts about the lock of a synchronous file object, and about what does not care for it. */
#include "facts.h"

#include <string.h>

#include <winternl.h>

enum {
  SOON_MS = 200,
  ANSWER_MS = 1000, /* Whoever need not wait has answered by then, on a loaded machine too. */
  TRIES = 50,
  QUOTA = 512,
  MODE = 16, /* FileModeInformation */
  BASIC = 0, /* ObjectBasicInformation */
  BASIC_SIZE = 56
};

typedef LONG(NTAPI* query_file_fn)(HANDLE, void* status, void* info, ULONG size, int what);
typedef LONG(NTAPI* query_object_fn)(HANDLE, int what, void* info, ULONG size, ULONG* length);

#define BOTH (PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED)
#define CLIENT (GENERIC_READ | GENERIC_WRITE | FILE_WRITE_ATTRIBUTES)

static HANDLE locked;

/* ---- Who has the lock ---- */

static DWORD WINAPI read_one(void* arg) {
  char byte;
  DWORD bytes;

  (void) arg;
  return ReadFile(locked, &byte, 1, &bytes, NULL) ? 0 : GetLastError();
}

/* A pipe from whose client's end, which is synchronous, a thread reads. */
struct scene {
  struct ends ends;
  HANDLE reader;
};

static int begin(struct scene* scene) {
  if (!facts_pipe(&scene->ends, BOTH, PIPE_TYPE_BYTE | PIPE_READMODE_BYTE, CLIENT, 0, QUOTA))
    return 0;
  locked = scene->ends.client;
  scene->reader = CreateThread(NULL, 0, read_one, NULL, 0, NULL);
  Sleep(SOON_MS); /* Nothing tells that a thread waits in a read. */
  return 1;
}

/* Lets the reader have something; what its read ended with. */
static DWORD end(struct scene* scene) {
  OVERLAPPED overlapped;
  DWORD bytes;
  DWORD error = 0;

  memset(&overlapped, 0, sizeof(overlapped));
  overlapped.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
  if (WriteFile(scene->ends.server, "xx", 2, NULL, &overlapped) ||
      GetLastError() == ERROR_IO_PENDING)
    (void) GetOverlappedResult(scene->ends.server, &overlapped, &bytes, TRUE);
  CloseHandle(overlapped.hEvent);
  (void) WaitForSingleObject(scene->reader, INFINITE);
  (void) GetExitCodeThread(scene->reader, &error);
  CloseHandle(scene->reader);
  return error;
}

/* ---- Who asks ---- */

static DWORD WINAPI ask_info(void* arg) {
  DWORD flags;

  (void) arg;
  return (DWORD) GetNamedPipeInfo(locked, &flags, NULL, NULL, NULL);
}

static DWORD WINAPI ask_state(void* arg) {
  DWORD state;

  (void) arg;
  return (DWORD) GetNamedPipeHandleStateW(locked, &state, NULL, NULL, NULL, NULL, 0);
}

static DWORD WINAPI ask_what_is_there(void* arg) {
  DWORD total;

  (void) arg;
  return (DWORD) PeekNamedPipe(locked, NULL, 0, NULL, &total, NULL);
}

static DWORD WINAPI ask_mode(void* arg) {
  query_file_fn ask = (query_file_fn) facts_import("NtQueryInformationFile");
  ULONG_PTR status[2];
  ULONG mode;

  (void) arg;
  return (DWORD) ask(locked, status, &mode, sizeof(mode), MODE);
}

static DWORD WINAPI ask_type(void* arg) {
  (void) arg;
  return GetFileType(locked);
}

static DWORD WINAPI ask_flags(void* arg) {
  DWORD flags;

  (void) arg;
  return (DWORD) GetHandleInformation(locked, &flags);
}

static DWORD WINAPI ask_count(void* arg) {
  query_object_fn ask = (query_object_fn) facts_import("NtQueryObject");
  ULONG words[BASIC_SIZE / sizeof(ULONG)];

  (void) arg;
  return (DWORD) ask(locked, BASIC, words, sizeof(words), NULL);
}

/* Asks while a thread reads from it: whether the question waits for the read; -1: untried. */
static int waits(LPTHREAD_START_ROUTINE question) {
  struct scene scene;
  HANDLE asker;
  DWORD wait;

  if (!begin(&scene))
    return -1;
  asker = CreateThread(NULL, 0, question, NULL, 0, NULL);
  wait = WaitForSingleObject(asker, ANSWER_MS);
  (void) end(&scene);
  (void) WaitForSingleObject(asker, INFINITE);
  CloseHandle(asker);
  facts_close(&scene.ends);
  return wait == WAIT_TIMEOUT;
}

static int has_to_wait(LPTHREAD_START_ROUTINE question) {
  int r = waits(question);

  return r == 0 ? facts_note("answered at once", 0) : r;
}

static int has_not_to_wait(LPTHREAD_START_ROUTINE question) {
  int r = waits(question);

  return r == 1 ? facts_note("it waits", 0) : r == 0 ? 1 : -1;
}

static int questions_wait_for_the_lock(void) {
  return has_to_wait(ask_info);
}

static int state_waits_for_the_lock(void) {
  return has_to_wait(ask_state);
}

static int look_waits_for_the_lock(void) {
  return has_to_wait(ask_what_is_there);
}

static int mode_waits_for_the_lock(void) {
  return facts_import("NtQueryInformationFile") == NULL ? -1 : has_to_wait(ask_mode);
}

static int type_does_not_wait_for_the_lock(void) {
  return has_not_to_wait(ask_type);
}

static int flags_do_not_wait_for_the_lock(void) {
  return has_not_to_wait(ask_flags);
}

static int count_does_not_wait_for_the_lock(void) {
  return facts_import("NtQueryObject") == NULL ? -1 : has_not_to_wait(ask_count);
}

/* ---- Calling back ---- */

static int blocked_read_can_be_called_back(void) {
  struct scene scene;
  DWORD error;
  BOOL ok = FALSE;
  int i;

  if (!begin(&scene))
    return -1;
  for (i = 0; i < TRIES && !ok; i++) {
    ok = CancelSynchronousIo(scene.reader);
    (void) WaitForSingleObject(scene.reader, SOON_MS);
  }
  error = end(&scene);
  facts_close(&scene.ends);
  return ok && error == ERROR_OPERATION_ABORTED ? 1 : facts_note("error", error);
}

static DWORD WINAPI wait_for_event(void* arg) {
  return WaitForSingleObject((HANDLE) arg, INFINITE);
}

static int idle_thread_has_nothing_to_cancel(void) {
  HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
  HANDLE thread = CreateThread(NULL, 0, wait_for_event, event, 0, NULL);
  DWORD error = CancelSynchronousIo(thread) ? 0 : GetLastError();

  (void) SetEvent(event);
  (void) WaitForSingleObject(thread, INFINITE);
  CloseHandle(thread);
  CloseHandle(event);
  return error == ERROR_NOT_FOUND ? 1 : facts_note("error", error);
}

const struct fact facts_of_locks[] = {
    {"questions_wait_for_the_lock", questions_wait_for_the_lock,
     "GetNamedPipeInfo of a synchronous file object waits for a read on it",
     "Synchronous and Asynchronous I/O; libuv#1273"},
    {"state_waits_for_the_lock", state_waits_for_the_lock, "GetNamedPipeHandleState does",
     "Synchronous and Asynchronous I/O"},
    {"look_waits_for_the_lock", look_waits_for_the_lock, "PeekNamedPipe does", "cpython#78961"},
    {"mode_waits_for_the_lock", mode_waits_for_the_lock,
     "the question for FileModeInformation does, whether it is synchronous at all", "bun#40295"},
    {"type_does_not_wait_for_the_lock", type_does_not_wait_for_the_lock, "GetFileType does not",
     "docs/WINDOWS.md, Pipes that are not overlapped"},
    {"flags_do_not_wait_for_the_lock", flags_do_not_wait_for_the_lock,
     "GetHandleInformation does not", "ReactOS, GetHandleInformation"},
    {"count_does_not_wait_for_the_lock", count_does_not_wait_for_the_lock, "NtQueryObject does not",
     "docs/WINDOWS.md, Pipes that are not overlapped"},
    {"blocked_read_can_be_called_back", blocked_read_can_be_called_back,
     "CancelSynchronousIo ends a blocked read: ERROR_OPERATION_ABORTED", "CancelSynchronousIo"},
    {"idle_thread_has_nothing_to_cancel", idle_thread_has_nothing_to_cancel,
     "of a thread that is in no read or write it is ERROR_NOT_FOUND", "CancelSynchronousIo"},
    {NULL, NULL, NULL, NULL},
};
