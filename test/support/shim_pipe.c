/* The shim's pipes: the first instance of a name, and writes that find no room. */
#include <string.h>

#include "shim_internal.h"

/* ---- FILE_FLAG_FIRST_PIPE_INSTANCE ---- */

/* A wait for an instance knows whether there is the name at all; it does not take one. Another
 * process may make it in between; nothing here tests that. */
static int is_taken(DWORD open, BOOL found) {
  if ((open & FILE_FLAG_FIRST_PIPE_INSTANCE) == 0)
    return 0;
  return found || GetLastError() == ERROR_SEM_TIMEOUT;
}

static HANDLE refuse(void) {
  SetLastError(ERROR_ACCESS_DENIED);
  return INVALID_HANDLE_VALUE;
}

HANDLE WINAPI __wrap_CreateNamedPipeA(const char* name,
                                      DWORD open,
                                      DWORD mode,
                                      DWORD instances,
                                      DWORD out,
                                      DWORD in,
                                      DWORD timeout,
                                      SECURITY_ATTRIBUTES* security) {
  HANDLE h;

  shim_tally(SHIM_CreateNamedPipeA);
  if (shim_has(SHIM_FIRST_INSTANCE) && is_taken(open, WaitNamedPipeA(name, 1)))
    return refuse();
  h = REAL(CreateNamedPipeA)(name, open, mode, instances, out, in, timeout, security);
  shim_lock_opened(h);
  return h;
}

HANDLE WINAPI __wrap_CreateNamedPipeW(const WCHAR* name,
                                      DWORD open,
                                      DWORD mode,
                                      DWORD instances,
                                      DWORD out,
                                      DWORD in,
                                      DWORD timeout,
                                      SECURITY_ATTRIBUTES* security) {
  HANDLE h;

  shim_tally(SHIM_CreateNamedPipeW);
  if (shim_has(SHIM_FIRST_INSTANCE) && is_taken(open, WaitNamedPipeW(name, 1)))
    return refuse();
  h = REAL(CreateNamedPipeW)(name, open, mode, instances, out, in, timeout, security);
  shim_lock_opened(h);
  return h;
}

/* ---- Writes ---- */

enum {
  LARGE = 1 << 20,       /* What a write must have to find no pool ... */
  EVERY = 2,             /* ... and how often it does. */
  PIPE_INFORMATION = 23, /* FilePipeInformation */
  MOST_TAKEN = 4096      /* of a write that may not wait */
};

static volatile LONG large_writes;

static int does_not_wait(HANDLE h) {
  IO_STATUS_BLOCK status;
  ULONG info[2] = {0, 0}; /* The mode of reading, and how calls end. */

  return REAL(NtQueryInformationFile)(h, &status, info, sizeof(info),
                                      (FILE_INFORMATION_CLASS) PIPE_INFORMATION) >= 0 &&
         info[1] == PIPE_NOWAIT;
}

/* Wine takes all or nothing: what fits is found by halves. */
static BOOL write_halves(HANDLE h, const void* data, DWORD size, DWORD* taken, OVERLAPPED* o) {
  DWORD part = size < MOST_TAKEN ? size : MOST_TAKEN;
  BOOL done;

  do {
    done = REAL(WriteFile)(h, data, part, taken, o);
    part /= 2;
  } while (done && *taken == 0 && part > 0);
  return done;
}

/* An operation that ends by an event sets it once, however many halves there were. Its low bit keeps
 * packets back. */
static BOOL write_with_event(HANDLE h, const void* data, DWORD size, DWORD* taken, OVERLAPPED* o) {
  HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
  OVERLAPPED own;
  DWORD error;
  BOOL done;

  memset(&own, 0, sizeof(own));
  own.hEvent = (HANDLE) ((ULONG_PTR) event | 1);
  done = write_halves(h, data, size, taken, &own) ||
         (GetLastError() == ERROR_IO_PENDING && GetOverlappedResult(h, &own, taken, TRUE));
  error = done ? 0 : GetLastError();
  CloseHandle(event);
  if (done) {
    o->Internal = own.Internal;
    o->InternalHigh = *taken;
    SetEvent((HANDLE) ((ULONG_PTR) o->hEvent & ~(ULONG_PTR) 1));
  }
  SetLastError(error);
  return done;
}

static BOOL write_part(HANDLE h, const void* data, DWORD size, DWORD* written, OVERLAPPED* o) {
  DWORD taken = 0;
  BOOL done = o != NULL && ((ULONG_PTR) o->hEvent & 1) ? write_with_event(h, data, size, &taken, o)
                                                       : write_halves(h, data, size, &taken, o);

  if (written != NULL)
    *written = taken;
  return done;
}

BOOL WINAPI
__wrap_WriteFile(HANDLE h, const void* data, DWORD size, DWORD* written, OVERLAPPED* overlapped) {
  HANDLE lock = shim_lock_enter(h, "WriteFile");
  BOOL done;

  shim_tally(SHIM_WriteFile);
  if (!shim_has(SHIM_NOSYS) || REAL(GetFileType)(h) != FILE_TYPE_PIPE) {
    done = REAL(WriteFile)(h, data, size, written, overlapped);
  } else if (size >= LARGE && InterlockedIncrement(&large_writes) % EVERY == 1) {
    SetLastError(ERROR_NO_SYSTEM_RESOURCES);
    done = FALSE;
  } else if (size > 0 && does_not_wait(h)) {
    done = write_part(h, data, size, written, overlapped);
  } else {
    done = REAL(WriteFile)(h, data, size, written, overlapped);
  }
  shim_lock_leave(lock);
  return done;
}
