/* Calls that wait, made by a helper on a handle that may be synchronous. Whether it is cannot always
 * be found out (npfs/native.c), so that each call is one that is right for an overlapped handle too: it
 * has an OVERLAPPED, which a synchronous one does not need, and whose event only it uses. A file would be
 * read and written where that says, and not where it stands: its calls have none. */
#include "win/plain/plain.h"

#include <string.h>

enum {
  PAGE = 4096 /* a write of no more that finds no memory has failed */
};

int uv__blocking_begin(struct uv__blocking* calls, struct uv__helper* helper, HANDLE handle) {
  calls->event = CreateEventW(NULL, TRUE, FALSE, NULL);
  if (calls->event == NULL)
    return uv__error_translate(GetLastError());
  calls->helper = helper;
  calls->handle = handle;
  return 0;
}

void uv__blocking_end(struct uv__blocking* calls) {
  if (calls->handle != INVALID_HANDLE_VALUE)
    CloseHandle(calls->handle);
  CloseHandle(calls->event);
}

void uv__blocking_cancel(struct uv__blocking* calls) {
  CancelSynchronousIo(calls->helper->thread);
  if (calls->pending)
    CancelIoEx(calls->handle, &calls->overlapped);
}

static OVERLAPPED* prepare(struct uv__blocking* calls) {
  if (calls->is_file)
    return NULL;
  memset(&calls->overlapped, 0, sizeof(calls->overlapped));
  /* The low bit keeps a packet from the port of whoever has the file object on one. */
  calls->overlapped.hEvent = (HANDLE) ((ULONG_PTR) calls->event | 1);
  return &calls->overlapped;
}

static void set_pending(struct uv__blocking* calls, unsigned char pending) {
  AcquireSRWLockExclusive(&calls->helper->lock);
  calls->pending = pending;
  ReleaseSRWLockExclusive(&calls->helper->lock);
}

/* The error of the call that was made, or 0. */
static DWORD result(struct uv__blocking* calls, BOOL ok, DWORD* size) {
  DWORD error = ok ? 0 : GetLastError();

  if (error == ERROR_IO_PENDING) {
    set_pending(calls, 1);
    ok = GetOverlappedResult(calls->handle, &calls->overlapped, size, TRUE);
    error = ok ? 0 : GetLastError();
    set_pending(calls, 0);
  }
  /* A message that has more bytes: the call itself need not say how many there were. */
  if (error == ERROR_MORE_DATA && !calls->is_file)
    *size = (DWORD) calls->overlapped.InternalHigh;
  return error;
}

static DWORD read_call(struct uv__blocking* calls, char* base, DWORD len, DWORD* size) {
  BOOL ok;

  *size = 0;
  ok = ReadFile(calls->handle, base, len, size, prepare(calls));
  return result(calls, ok, size);
}

/* Whether there is a pipe at all, and not at its end: then how much there is to read. */
static int look(struct uv__blocking* calls, DWORD* total) {
  *total = 0;
  return PeekNamedPipe(calls->handle, NULL, 0, NULL, total, NULL);
}

/* A call that should have waited did not: somebody made this end non-blocking, for all who have
 * it. When that is nobody else now it is made to wait again; where others may count on it, or do not
 * heed it, the call is made again soon. */
static void have_it_wait(struct uv__blocking* calls) {
  DWORD mode;

  if (!uv__object_is_shared(calls->handle) &&
      GetNamedPipeHandleStateW(calls->handle, &mode, NULL, NULL, NULL, NULL, 0) &&
      (mode & PIPE_NOWAIT)) {
    mode &= ~(DWORD) PIPE_NOWAIT;
    if (SetNamedPipeHandleState(calls->handle, &mode, NULL, NULL))
      return;
  }
  uv__helper_pause(calls->helper);
}

int uv__blocking_read(struct uv__blocking* calls,
                      int (*is_wanted)(struct uv__helper* helper),
                      char* base,
                      DWORD len,
                      DWORD* size) {
  /* A read of nothing takes nothing from others who have the pipe. */
  DWORD error = read_call(calls, base, calls->is_file ? len : 0, size);
  DWORD total;
  int is_pipe = !calls->is_file;

  if (is_pipe && (error == 0 || error == ERROR_MORE_DATA)) {
    if (!is_wanted(calls->helper))
      return 0;
    /* Nothing there: somebody was faster, or wrote nothing, which a real read steps over. It may
     * wait; what it then takes is kept. */
    is_pipe = look(calls, &total);
    error = read_call(calls, base, total > 0 && total < len ? total : len, size);
  }
  switch (error) {
  case 0:
  case ERROR_MORE_DATA:
    /* What is no pipe of Windows', such as one of the system below Wine, ends with nothing. */
    return *size == 0 && !is_pipe ? UV_EOF : 0;
  case ERROR_OPERATION_ABORTED:
    return 0; /* By us, or by somebody else who has it, which is no end either. */
  case ERROR_NO_DATA:
    if (!look(calls, &total))
      return UV_EOF;
    have_it_wait(calls); /* It is empty. */
    return 0;
  default:
    return uv__native_read_error(error);
  }
}

static DWORD write_call(struct uv__blocking* calls, const char* base, DWORD len, DWORD* size) {
  BOOL ok;

  *size = 0;
  ok = WriteFile(calls->handle, base, len, size, prepare(calls));
  return result(calls, ok, size);
}

/* An end that does not wait may take all or nothing, and the kernel lack memory for so much (pipe/put.c):
 * then less is offered. */
static int is_too_much(DWORD error, DWORD taken, DWORD offered) {
  return error == 0 ? taken == 0 && offered > 1 : uv__native_is_short(error) && offered > PAGE;
}

int uv__blocking_write(struct uv__blocking* calls, const char* base, DWORD len, DWORD* size) {
  DWORD offered = len;
  DWORD error = write_call(calls, base, len, size);

  while (!calls->is_file && is_too_much(error, *size, offered)) {
    offered /= 2;
    error = write_call(calls, base, offered, size);
  }
  /* Also where somebody else has cancelled it: what its reader had by then is not counted, so that to
   * write it again could double it. */
  if (error != 0)
    return uv__native_write_error(error);
  if (*size < offered && !calls->is_file)
    have_it_wait(calls);
  return 0;
}
