/* The client's side of a named pipe, until it is connected: opening the name, waiting for an
 * instance, and the greeting.
 *
 * The greeting. A pipe of messages can carry the end of one direction: an empty message
 * (docs/WINDOWS.md). Who reads such a pipe byte by byte may be confused by one, so it is
 * sent only to whoever is known to understand it. A client knows the servers of this library by
 * the shape of their pipes, and says that it is one of ours with its first message, which the
 * server takes out of the stream. */
#include "win/pipe/pipe.h"

#include <string.h>

#include "core/base/alloc.h"

enum {
  LONGEST_WAIT_MS = 30000 /* for an instance */
};

/* tail.more while no instance is free. */
struct waiting {
  struct uv__retry retry;
  struct uv__io* io;
  const struct uv__pipe_kind* kind;
  uint64_t until;
  struct uv__pipe_wide name;
};

/* Opens the name in both directions, or in the one that it has. The server may learn who we
 * are, but not act in our name. */
static int open_name(const WCHAR* name, HANDLE* handle, unsigned* opened) {
  static const struct {
    DWORD access;
    unsigned opened;
  } ways[] = {
      {GENERIC_READ | GENERIC_WRITE, UV__OPENED_READABLE | UV__OPENED_WRITABLE},
      {GENERIC_READ | FILE_WRITE_ATTRIBUTES, UV__OPENED_READABLE},
      {GENERIC_WRITE | FILE_READ_ATTRIBUTES, UV__OPENED_WRITABLE},
  };
  DWORD error = 0;
  unsigned i;

  for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
    *handle =
        CreateFileW(name, ways[i].access, 0, NULL, OPEN_EXISTING,
                    FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
    if (*handle != INVALID_HANDLE_VALUE) {
      *opened = ways[i].opened;
      return 0;
    }
    error = GetLastError();
    if (error != ERROR_ACCESS_DENIED)
      break;
  }
  return error == ERROR_ACCESS_DENIED ? UV_EACCES : uv__error_translate(error);
}

/* What the server made: stores what belongs into tail.state; 1 for a server of this library that
 * wants to be greeted. A kind with frames of its own reads any pipe byte by byte, as it is. */
static int look(HANDLE handle, const struct uv__pipe_kind* kind, unsigned* state) {
  DWORD mode = PIPE_READMODE_MESSAGE;
  DWORD flags;
  DWORD out;
  DWORD in;

  *state = 0;
  if (kind != NULL || !GetNamedPipeInfo(handle, &flags, &out, &in, NULL) ||
      !(flags & PIPE_TYPE_MESSAGE))
    return 0;
  /* Other servers that make pipes of messages keep to the same convention. */
  if (!SetNamedPipeHandleState(handle, &mode, NULL, NULL))
    return 0;
  *state = UV__WIN_MESSAGES | UV__WIN_ALLY;
  return out == UV__PIPE_QUOTA_OUT && in == UV__PIPE_QUOTA_IN;
}

/* One attempt: what `connect` of the port returns for a connection, UV_EBUSY when no instance is
 * free, or another error. */
static int try_connect(struct uv__io* io,
                       const struct uv__pipe_wide* name,
                       const struct uv__pipe_kind* kind) {
  HANDLE handle;
  unsigned opened = 0;
  unsigned state;
  int ours;
  int r = open_name(name->text, &handle, &opened);

  if (r < 0)
    return r;
  ours = look(handle, kind, &state);
  if (name->dot)
    state |= UV__WIN_DOT;
  r = uv__pipe_end_adopt(io, handle, state, opened, kind);
  if (r < 0) {
    CloseHandle(handle);
    return r;
  }
  /* If the server is gone already, reading and writing will tell. */
  if (ours && (opened & UV__OPENED_WRITABLE))
    (void) uv__pipe_end_write_first(io, uv__pipe_greeting, sizeof(uv__pipe_greeting));
  return opened == (UV__OPENED_READABLE | UV__OPENED_WRITABLE) ? 0 : (int) opened;
}

static void again(struct uv__retry* retry) {
  struct waiting* waiting = uv__container_of(retry, struct waiting, retry);
  struct uv__io* io = waiting->io;
  int r;

  io->tail.more = NULL;
  r = try_connect(io, &waiting->name, waiting->kind);
  if (r == UV_EBUSY && uv__port_now(io->loop) >= waiting->until)
    r = UV_ETIMEDOUT;
  if (r == UV_EBUSY) {
    io->tail.more = waiting;
    return;
  }
  uv__retry_end(io->loop, retry);
  uv__free(waiting);
  io->tail.error = (short) r;
  uv__ring(io, UV__CONNECT);
}

/* The one call of Windows that waits for an instance blocks its thread and cannot be
 * cancelled. Asking again every few milliseconds needs no thread, and stops at once. */
int uv__pipe_connect_start(struct uv__io* io,
                           const struct uv__pipe_wide* name,
                           const struct uv__pipe_kind* kind) {
  struct waiting* waiting;
  int r = try_connect(io, name, kind);

  if (r != UV_EBUSY)
    return r;
  waiting = uv__malloc(sizeof(*waiting));
  if (waiting == NULL)
    return UV_ENOMEM;
  waiting->retry.again = again;
  waiting->io = io;
  waiting->kind = kind;
  waiting->until = uv__port_now(io->loop) + LONGEST_WAIT_MS;
  waiting->name = *name;
  io->tail.more = waiting;
  uv__retry_begin(io->loop, &waiting->retry);
  return UV__PENDING;
}

void uv__pipe_connect_end(struct uv__io* io) {
  struct waiting* waiting = io->tail.more;

  if (waiting == NULL)
    return;
  uv__retry_end(io->loop, &waiting->retry);
  uv__free(waiting);
  io->tail.more = NULL;
}
