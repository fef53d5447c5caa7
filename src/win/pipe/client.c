/* How the client's end of a named pipe comes to be: opening the name, what the server made of it, and the
 * greeting. When that is done, and what is done where it cannot be, is in connect.c and remote.c.
 *
 * The greeting. A pipe of messages can carry the end of one direction: an empty message
 * (docs/WINDOWS.md). Who reads such a pipe byte by byte may be confused by one, so it is
 * sent only to whoever is known to understand it. A client knows the servers of this library by
 * the shape of their pipes, and says that it is one of ours with its first message, which the
 * server takes out of the stream. */
#include "win/pipe/pipe.h"

/* Opens the name in both directions, or in the one that it has. The server may learn who we
 * are, but not act in our name. */
static DWORD open_name(const WCHAR* name, HANDLE* handle, unsigned* opened) {
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
  return error;
}

/* What the server made: stores what belongs into tail.state; 1 for a server of this library that
 * wants to be greeted. A kind with frames of its own reads any pipe byte by byte, as it is. Only a
 * shortage is an error: whatever else is wrong, reading and writing will tell. */
static int look(HANDLE handle, const struct uv__pipe_kind* kind, unsigned* state) {
  DWORD mode = PIPE_READMODE_MESSAGE;
  DWORD flags;
  DWORD out;
  DWORD in;

  *state = 0;
  if (kind != NULL)
    return 0;
  if (!GetNamedPipeInfo(handle, &flags, &out, &in, NULL))
    return uv__native_is_short(GetLastError()) ? UV_ENOMEM : 0;
  if (!(flags & PIPE_TYPE_MESSAGE))
    return 0;
  /* Other servers that make pipes of messages keep to the same convention. */
  if (!SetNamedPipeHandleState(handle, &mode, NULL, NULL))
    return uv__native_is_short(GetLastError()) ? UV_ENOMEM : 0;
  *state = UV__WIN_MESSAGES | UV__WIN_ALLY;
  return out == UV__PIPE_QUOTA_OUT && in == UV__PIPE_QUOTA_IN;
}

int uv__pipe_client_open(const struct uv__pipe_wide* name,
                         const struct uv__pipe_kind* kind,
                         struct uv__client* client) {
  DWORD error = open_name(name->text, &client->handle, &client->opened);
  int r;

  if (error != 0)
    return error == ERROR_ACCESS_DENIED ? UV_EACCES : uv__error_translate(error);
  r = look(client->handle, kind, &client->state);
  client->is_ours = r > 0;
  if (r < 0)
    CloseHandle(client->handle);
  return r < 0 ? r : 0;
}

/* Says who we are. A server of ours has room for that, so that it goes at once, as a rule; else it is owed.
 * A peer that is gone needs none. */
static int greet(struct uv__io* io) {
  DWORD size = sizeof(uv__pipe_greeting);
  DWORD written;
  DWORD error = uv__native_write_at_once(io->tail.u.handle, io->loop->tail.event, uv__pipe_greeting,
                                         size, &written);
  int r;

  if (written == size ||
      !(error == 0 || error == ERROR_OPERATION_ABORTED || uv__native_is_short(error)))
    return 0;
  r = uv__spare_make(uv__pipe_of(io));
  if (r == 0)
    uv__pipe_end_write_first(io, uv__pipe_greeting + written, size - written);
  return r;
}

int uv__pipe_client_adopt(struct uv__io* io,
                          const struct uv__pipe_wide* name,
                          const struct uv__pipe_kind* kind,
                          struct uv__client* client) {
  unsigned state = client->state | (name->dot ? UV__WIN_DOT : 0);
  unsigned opened = client->opened;
  int r = uv__pipe_end_adopt(io, client->handle, state, opened, kind);

  if (r < 0) {
    CloseHandle(client->handle);
    return r;
  }
  uv__pipe_of(io)->ours = client->is_ours != 0;
  if (client->is_ours && (opened & UV__OPENED_WRITABLE))
    r = greet(io);
  if (r < 0) {
    uv__pipe_end_undo(io);
    return r;
  }
  return opened == (UV__OPENED_READABLE | UV__OPENED_WRITABLE) ? 0 : (int) opened;
}
