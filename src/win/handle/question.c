/* A question to a handle that came from elsewhere. Such a one may be a pipe that is not overlapped and
 * that somebody reads at this moment, in whatever process: then every question to its file object
 * waits for that read, which may last for ever. So a thread asks, and nobody waits for it for long. */
#include "core/base/alloc.h"
#include "win/handle/handle.h"

struct question {
  volatile LONG owners; /* who asks, and the thread */
  HANDLE handle;
  int duplicate; /* it is one: the thread's */
  int (*ask)(HANDLE handle);
  int answer;
};

static void disown(struct question* question) {
  if (InterlockedDecrement(&question->owners) > 0)
    return;
  if (question->duplicate)
    CloseHandle(question->handle);
  uv__free(question);
}

static DWORD WINAPI run(void* data) {
  struct question* question = data;

  question->answer = question->ask(question->handle);
  disown(question);
  return 0;
}

static int make(HANDLE handle, int duplicate, struct question** made) {
  HANDLE self = GetCurrentProcess();
  struct question* question = uv__calloc(1, sizeof(*question));

  if (question == NULL)
    return UV_ENOMEM;
  if (duplicate && !DuplicateHandle(self, handle, self, &handle, 0, FALSE, DUPLICATE_SAME_ACCESS)) {
    DWORD error = GetLastError();

    uv__free(question);
    return uv__error_translate(error);
  }
  question->handle = handle;
  question->duplicate = duplicate;
  question->owners = 2;
  *made = question;
  return 0;
}

int uv__question_ask(
    HANDLE handle, int duplicate, int (*ask)(HANDLE handle), DWORD patience_ms, int otherwise) {
  struct question* question = NULL;
  HANDLE thread;
  int answer = otherwise;
  int r = make(handle, duplicate, &question);

  if (r < 0)
    return r;
  question->ask = ask;
  thread =
      CreateThread(NULL, UV__HELPER_STACK, run, question, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
  if (thread == NULL) {
    answer = uv__error_translate(GetLastError());
    question->owners = 1;
  } else {
    if (WaitForSingleObject(thread, patience_ms) == WAIT_OBJECT_0)
      answer = question->answer;
    CloseHandle(thread);
  }
  disown(question);
  return answer;
}
