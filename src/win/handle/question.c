/* A question to a handle that came from elsewhere. Such a one may be a pipe that is not overlapped and
 * that somebody reads at this moment, in whatever process: then every question to its file object
 * waits for that read, which may last for ever. So a thread asks, and nobody waits for it for long. */
#include "core/base/alloc.h"
#include "win/handle/handle.h"

enum {
  BEGIN_MS = 2000 /* a thread may take to begin: on a busy machine, or while a DLL is loaded */
};

enum phase {
  NEW,
  ASKING,
  ANSWERED
};

struct question {
  volatile LONG owners; /* who asks, and the thread */
  volatile LONG phase;  /* enum phase */
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

  InterlockedExchange(&question->phase, ASKING);
  question->answer = question->ask(question->handle);
  InterlockedExchange(&question->phase, ANSWERED);
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

/* The patience is with the question, and begins when that has begun: a thread that is late, to begin or to
 * end, says nothing about the handle. */
static int is_answered(struct question* question, HANDLE thread, DWORD patience_ms) {
  DWORD waited = 0;
  LONG before;
  LONG now;

  do {
    before = InterlockedCompareExchange(&question->phase, NEW, NEW);
    (void) WaitForSingleObject(thread, patience_ms);
    now = InterlockedCompareExchange(&question->phase, NEW, NEW);
    waited += patience_ms;
  } while (now != ANSWERED && before == NEW && waited < BEGIN_MS);
  return now == ANSWERED;
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
    if (is_answered(question, thread, patience_ms))
      answer = question->answer;
    CloseHandle(thread);
  }
  disown(question);
  return answer;
}
