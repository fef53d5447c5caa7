/* A pseudo console and its end. To close one takes until all of its programs have gone and, before Windows
 * 11 24H2, until somebody has read what it has to say; so that a thread does it, which waits for the end of
 * the first of the programs, or of the stream. What the console still says then comes before the end of
 * the pipe. */
#include "win/pty/pseudo.h"

#include "core/base/alloc.h"

/* As wincon.h has them, which not every set of headers does. */
typedef HRESULT(WINAPI* create_fn)(COORD, HANDLE, HANDLE, DWORD, void**);
typedef HRESULT(WINAPI* resize_fn)(void*, COORD);
typedef void(WINAPI* close_fn)(void*);

struct uv__pseudo {
  struct uv__helper helper; /* its thread closes the console */
  struct uv__io* io;
  void* native;   /* the HPCON; NULL: there is none yet, or none any more. Under the lock */
  HANDLE process; /* the first program, or NULL */
  HANDLE over;    /* an event: the stream has gone */
  create_fn create;
  resize_fn resize;
  close_fn close;
};

/* An error code of Windows in the clothes of COM, or one of these. */
static int translate(HRESULT result) {
  const unsigned long code = (unsigned long) result;

  if (code == 0x80004001) /* E_NOTIMPL: Wine */
    return UV_ENOTSUP;
  return uv__error_translate((code & 0xffff0000) == 0x80070000 ? code & 0xffff : ERROR_GEN_FAILURE);
}

/* ---- Its end ---- */

/* Not under the lock: it takes its time. */
static void close_native(struct uv__pseudo* console) {
  void* native;

  AcquireSRWLockExclusive(&console->helper.lock);
  native = console->native;
  console->native = NULL;
  ReleaseSRWLockExclusive(&console->helper.lock);
  if (native != NULL)
    console->close(native);
}

/* On the thread. */
static unsigned work(struct uv__helper* helper) {
  struct uv__pseudo* console = (struct uv__pseudo*) helper;
  HANDLE ends[2];

  ends[0] = console->over;
  ends[1] = console->process;
  (void) WaitForMultipleObjects(2, ends, FALSE, INFINITE);
  close_native(console);
  return 0;
}

static void release(struct uv__helper* helper) {
  struct uv__pseudo* console = (struct uv__pseudo*) helper;

  if (console->process != NULL)
    CloseHandle(console->process);
  if (console->over != NULL)
    CloseHandle(console->over);
  uv__free(console);
}

/* On the loop: it is closed, or does not get closed for so long that nobody waits for it. */
static void closed(struct uv__helper* helper) {
  struct uv__io* io = ((struct uv__pseudo*) helper)->io;

  uv__helper_disown(helper);
  uv__ring(io, UV__CLOSED);
}

int uv__pseudo_close(struct uv__pseudo* console) {
  int r;

  if (console->helper.thread == NULL)
    close_native(console); /* Nobody is on it: what it says goes nowhere, and it ends at once. */
  else
    SetEvent(console->over);
  r = uv__helper_close(&console->helper);
  if (r == 0)
    uv__helper_disown(&console->helper);
  return r;
}

/* ---- Its start ---- */

int uv__pseudo_new(struct uv__io* io, struct uv__pseudo** made) {
  static const WCHAR library[] = L"kernel32.dll";
  struct uv__pseudo* console = uv__calloc(1, sizeof(*console));

  if (console == NULL)
    return UV_ENOMEM;
  uv__helper_init(&console->helper, io->loop, NULL);
  console->helper.work = work;
  console->helper.closed = closed;
  console->helper.release = release;
  console->io = io;
  console->create = (create_fn) uv__import(library, "CreatePseudoConsole");
  console->resize = (resize_fn) uv__import(library, "ResizePseudoConsole");
  console->close = (close_fn) uv__import(library, "ClosePseudoConsole");
  if (console->create == NULL || console->resize == NULL || console->close == NULL) {
    uv__helper_disown(&console->helper);
    return UV_ENOTSUP;
  }
  *made = console;
  return 0;
}

int uv__pseudo_make(struct uv__pseudo* console, COORD size, HANDLE keys, HANDLE screen) {
  HRESULT result = console->create(size, keys, screen, 0, &console->native);

  if (result >= 0)
    return 0;
  console->native = NULL;
  return translate(result);
}

void* uv__pseudo_native(const struct uv__pseudo* console) {
  return console->native;
}

int uv__pseudo_watch(struct uv__pseudo* console, HANDLE process) {
  HANDLE self = GetCurrentProcess();

  console->over = CreateEventW(NULL, TRUE, FALSE, NULL);
  if (console->over == NULL)
    return uv__error_translate(GetLastError());
  if (!DuplicateHandle(self, process, self, &console->process, SYNCHRONIZE, FALSE, 0)) {
    console->process = NULL;
    return uv__error_translate(GetLastError());
  }
  return uv__helper_ask(&console->helper);
}

void uv__pseudo_forget(struct uv__pseudo* console) {
  if (console->helper.thread == NULL)
    return;
  SetEvent(console->over);
  while (!uv__helper_is_idle(&console->helper))
    (void) SwitchToThread();
}

int uv__pseudo_resize(struct uv__pseudo* console, COORD size) {
  HRESULT result = 0;

  AcquireSRWLockExclusive(&console->helper.lock);
  if (console->native != NULL)
    result = console->resize(console->native, size);
  ReleaseSRWLockExclusive(&console->helper.lock);
  return result < 0 ? translate(result) : 0;
}
