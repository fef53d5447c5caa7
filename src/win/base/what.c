/* What is behind a handle that came from elsewhere. Such a one may be a pipe that is not overlapped and
 * that somebody reads at this moment, in whatever process: then every question to its file waits for
 * that read. So only the object manager is asked here; or a thread that need not be waited for. */
#include "win/base/base.h"

#include "core/base/alloc.h"

enum {
  PATIENCE_MS = 50 /* with a question; a socket answers at once */
};

int uv__handle_is_console(HANDLE handle) {
  DWORD mode;
  DWORD none;

  if (GetFileType(handle) != FILE_TYPE_CHAR)
    return 0;
  /* The mode is for who may read, and no other device refuses the question for that reason. Wine says
   * the same of all of them, so that it is asked by writing nothing. */
  return GetConsoleMode(handle, &mode) || GetLastError() == ERROR_ACCESS_DENIED ||
         WriteConsoleW(handle, L"", 0, &none, NULL);
}

/* ---- Sockets, which the system calls pipes ---- */

struct question {
  HANDLE handle;
  HANDLE answered; /* an event */
  volatile LONG state;
  int type;
};

enum {
  ASKED,
  ANSWERED, /* The event follows at once, and then nothing. */
  LEFT      /* Nobody waits: it is the thread's. */
};

static void forget(struct question* question) {
  CloseHandle(question->answered);
  uv__free(question);
}

static DWORD WINAPI answer(void* data) {
  struct question* question = data;
  WSADATA started;
  int size = sizeof(question->type);

  /* The library may not have been used yet. */
  if (WSAStartup(MAKEWORD(2, 2), &started) == 0) {
    if (getsockopt((SOCKET) question->handle, SOL_SOCKET, SO_TYPE, (char*) &question->type,
                   &size) != 0)
      question->type = 0;
    WSACleanup();
  }
  if (InterlockedExchange(&question->state, ANSWERED) == LEFT)
    forget(question);
  else
    SetEvent(question->answered);
  return 0;
}

static int wait_for_answer(struct question* question) {
  int type;

  if (WaitForSingleObject(question->answered, PATIENCE_MS) != WAIT_OBJECT_0) {
    if (InterlockedExchange(&question->state, LEFT) == ASKED)
      return 0;
    WaitForSingleObject(question->answered, INFINITE);
  }
  type = question->type;
  forget(question);
  return type;
}

/* A socket can be read and written. Most pipes that programs are given can do one of the two. */
static int goes_both_ways(HANDLE handle) {
  const ACCESS_MASK both = FILE_READ_DATA | FILE_WRITE_DATA;
  ACCESS_MASK access;
  ULONG handles;

  return uv__object_look(handle, &access, &handles) < 0 || (access & both) == both;
}

int uv__handle_socket_type(HANDLE handle) {
  struct question* question;
  HANDLE thread;

  if (GetFileType(handle) != FILE_TYPE_PIPE || !goes_both_ways(handle))
    return 0;
  question = uv__calloc(1, sizeof(*question));
  if (question == NULL)
    return 0;
  question->handle = handle;
  question->answered = CreateEventW(NULL, TRUE, FALSE, NULL);
  thread = question->answered == NULL ? NULL : CreateThread(NULL, 0, answer, question, 0, NULL);
  if (thread == NULL) {
    if (question->answered != NULL)
      CloseHandle(question->answered);
    uv__free(question);
    return 0;
  }
  CloseHandle(thread);
  return wait_for_answer(question);
}
