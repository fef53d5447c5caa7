/* Whether a handle is overlapped. The system tells, but every question about a synchronous file
 * object, this one included, waits for the call that somebody makes on it, in whatever process, which
 * may be a read that lasts for ever. Only what kind of file it is, what may be done with the handle
 * and how many handles there are is answered at once. So a thread asks, and the loop does not wait for
 * it for long: of an overlapped file object the answer is there at once. Should the thread be late for
 * another reason, nothing is wrong with taking the handle for a synchronous one (blocking.c). */
#include "win/pipe/pipe.h"

#include "core/base/alloc.h"

enum {
  FILE_MODE_INFORMATION = 16,
  SYNCHRONOUS = 0x10 | 0x20 /* FILE_SYNCHRONOUS_IO_ALERT, FILE_SYNCHRONOUS_IO_NONALERT */
};

typedef LONG(NTAPI* query_file_fn)(HANDLE, void* status, void* info, ULONG size, int class_);

struct question {
  volatile LONG owners; /* who asks, and the thread */
  query_file_fn query;
  HANDLE handle; /* a duplicate: who asks may close its own meanwhile */
  int answer;
};

static int query(query_file_fn fn, HANDLE handle) {
  ULONG_PTR status[2];
  ULONG mode;

  if (fn(handle, status, &mode, sizeof(mode), FILE_MODE_INFORMATION) < 0)
    return UV_EBADF;
  return !(mode & SYNCHRONOUS);
}

static void disown(struct question* question) {
  if (InterlockedDecrement(&question->owners) == 0)
    uv__free(question);
}

static DWORD WINAPI run(void* data) {
  struct question* question = data;

  question->answer = query(question->query, question->handle);
  CloseHandle(question->handle);
  disown(question);
  return 0;
}

static struct question* make(query_file_fn fn, HANDLE handle) {
  HANDLE self = GetCurrentProcess();
  struct question* question = uv__calloc(1, sizeof(*question));

  if (question == NULL)
    return NULL;
  question->owners = 2;
  question->query = fn;
  if (DuplicateHandle(self, handle, self, &question->handle, 0, FALSE, DUPLICATE_SAME_ACCESS))
    return question;
  uv__free(question);
  return NULL;
}

static int ask(query_file_fn fn, HANDLE handle, DWORD patience_ms) {
  struct question* question = make(fn, handle);
  HANDLE thread;
  int answer = 0;

  if (question == NULL)
    return UV_ENOMEM;
  thread =
      CreateThread(NULL, UV__HELPER_STACK, run, question, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
  if (thread == NULL) {
    answer = uv__error_translate(GetLastError());
    CloseHandle(question->handle);
    question->owners = 1;
  } else {
    if (WaitForSingleObject(thread, patience_ms) == WAIT_OBJECT_0)
      answer = question->answer;
    CloseHandle(thread);
  }
  disown(question);
  return answer;
}

int uv__pipe_is_overlapped(HANDLE handle, ULONG handles, DWORD patience_ms) {
  union {
    uv__function function;
    query_file_fn query;
  } entry;

  entry.function = uv__wide_import(L"ntdll.dll", "NtQueryInformationFile");
  if (entry.function == NULL)
    return UV_ENOSYS;
  /* Nobody else has it, and here it has not been used yet. */
  return handles == 1 ? query(entry.query, handle) : ask(entry.query, handle, patience_ms);
}
