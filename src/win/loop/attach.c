/* How a file object gets on the loop's port, and off it.
 *
 * It goes there when its first overlapped operation is about to begin, and not before: what is
 * accepted and passed on has never been on a port, and is as new for whoever gets it. What others
 * have, too, stays off: their packets would come to us, and its modes are theirs. Such a one is
 * served by events (foreign.c). */
#include "win/loop/loop.h"

typedef LONG(NTAPI* set_file_fn)(HANDLE, void* status, void* info, ULONG size, int class_);

enum {
  FILE_REPLACE_COMPLETION_INFORMATION = 61
};

int uv__attach_handle(uv_loop_t* loop, HANDLE handle) {
  if (CreateIoCompletionPort(handle, loop->tail.iocp, UV__LOOP_KEY_FILE, 0) == NULL)
    return uv__error_translate(GetLastError());
  return 0;
}

int uv__attach(struct uv__io* io, struct uv__foreign_pair** pair) {
  return uv__attach_as(
      io, (io->tail.state & UV__WIN_OUTSIDE) && uv__object_is_shared(io->tail.u.handle), pair);
}

int uv__attach_as(struct uv__io* io, int shared, struct uv__foreign_pair** pair) {
  int r = shared ? UV_EINVAL : uv__attach_handle(io->loop, io->tail.u.handle);

  assert(!(io->tail.state & (UV__WIN_ATTACHED | UV__WIN_FOREIGN)));
  if (r == 0)
    uv__win_set(io, UV__WIN_ATTACHED);
  if (r != UV_EINVAL)
    return r;
  /* Shared; or on a port already, the system does not say on which, and then it stays there. */
  r = uv__foreign_begin(io, pair);
  if (r < 0)
    return r;
  if (!shared)
    (*pair)->looks = 0;
  uv__win_set(io, UV__WIN_FOREIGN);
  return 0;
}

/* Whether the file object is on no port any more. */
static int take_off(HANDLE handle) {
  set_file_fn set = (set_file_fn) uv__import(L"ntdll.dll", "NtSetInformationFile");
  ULONG_PTR status[2];
  struct {
    HANDLE port;
    void* key;
  } none = {NULL, NULL};

  return set != NULL &&
         set(handle, status, &none, sizeof(none), FILE_REPLACE_COMPLETION_INFORMATION) >= 0;
}

/* A system that cannot (before 8.1, Wine) leaves it where it is: what others do with it is dropped
 * when it comes out. */
void uv__attach_undo(struct uv__io* io) {
  uv__win_set(io, UV__WIN_OUTSIDE);
  if (!(io->tail.state & UV__WIN_ATTACHED) || (io->tail.state & (UV__WIN_IN | UV__WIN_OUT)) ||
      uv__win_watch_flies(io))
    return;
  if (take_off(io->tail.u.handle))
    uv__win_clear(io, UV__WIN_ATTACHED);
}

/* Where it stays on our port, that is to the next loop a port that it does not know: see uv__attach_as. */
void uv__attach_leave(struct uv__io* io) {
  assert(!(io->tail.state & (UV__WIN_IN | UV__WIN_OUT | UV__WIN_FOREIGN)));
  if (io->tail.state & UV__WIN_ATTACHED)
    (void) take_off(io->tail.u.handle);
  uv__win_clear(io, UV__WIN_ATTACHED);
  uv__loop_unlink(io);
  uv__own_note(io->tail.u.handle);
}
