/* How a handle becomes an overlapped pipe: what it is, which port it is on, and the block that a
 * connected pipe has. What is then done with it is in pipe.c. */
#include "win/internal.h"

#include <string.h>

#include "core/base/alloc.h"

int uv__pipe_attach(uv_loop_t* loop, HANDLE handle) {
  if (CreateIoCompletionPort(handle, loop->tail.iocp, 0, 0) == NULL) {
    DWORD error = GetLastError();
    /* On a port already; the system does not say on which. */
    if (error == ERROR_INVALID_PARAMETER && uv__loop_has(loop, handle))
      return UV_EEXIST;
    return uv__error_translate(error);
  }
  if (!SetFileCompletionNotificationModes(handle, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS |
                                                      FILE_SKIP_SET_EVENT_ON_HANDLE))
    return uv__error_translate(GetLastError());
  return 0;
}

void uv__pipe_free_block(struct uv__pipe* pipe) {
  if (pipe->foreign != NULL)
    uv__foreign_end(pipe->foreign);
  if (pipe->spare != NULL)
    uv__spare_end(pipe->spare, INVALID_HANDLE_VALUE, NULL);
  if (pipe->above != NULL)
    uv__ipc_free(pipe->above);
  uv__free(pipe);
}

int uv__pipe_adopt(struct uv__io* io, HANDLE handle, unsigned state, unsigned opened) {
  struct uv__pipe* pipe = uv__calloc(1, sizeof(*pipe));

  if (pipe == NULL)
    return UV_ENOMEM;
  pipe->spare = uv__spare_new();
  if (io->ops == &uv__ipc_ops)
    pipe->above = uv__ipc_new();
  if (pipe->spare == NULL || (io->ops == &uv__ipc_ops && pipe->above == NULL)) {
    uv__pipe_free_block(pipe);
    return UV_ENOMEM;
  }
  if (state & UV__WIN_FOREIGN) {
    int r = uv__foreign_begin(io, &pipe->foreign);
    if (r < 0) {
      uv__pipe_free_block(pipe);
      return r;
    }
  }
  pipe->write_only = !(opened & UV__OPENED_READABLE);
  io->tail.more = pipe;
  io->tail.u.handle = handle;
  uv__win_clear(io, UV__WIN_MESSAGES | UV__WIN_ALLY | UV__WIN_GREET | UV__WIN_DATA | UV__WIN_LOOK |
                        UV__WIN_ENDED | UV__WIN_SERVER | UV__WIN_DOT);
  uv__win_set(io, state);
  uv__loop_link(io);
  return 0;
}

HANDLE uv__pipe_abandon(struct uv__io* io) {
  HANDLE handle = io->tail.u.handle;

  uv__loop_unlink(io);
  uv__pipe_free_block(io->tail.more);
  uv__pipe_init(io);
  return handle;
}

/* What the pipe behind a handle is: stores what belongs into tail.state. A kind with frames of
 * its own reads a pipe of messages byte by byte. */
static int look(struct uv__io* io, HANDLE handle, unsigned ending, unsigned* state) {
  int plain = io->ops == &uv__pipe_ops;
  DWORD mode = plain ? PIPE_READMODE_MESSAGE : PIPE_READMODE_BYTE;
  DWORD flags;

  if (!GetNamedPipeInfo(handle, &flags, NULL, NULL, NULL))
    return UV_ENOTSUP; /* A socket, for which the system has the same type, or no pipe at all. */
  *state = 0;
  if (flags & PIPE_SERVER_END)
    *state |= UV__WIN_SERVER;
  if (!(flags & PIPE_TYPE_MESSAGE) || !SetNamedPipeHandleState(handle, &mode, NULL, NULL) || !plain)
    return 0;
  *state |= UV__WIN_MESSAGES | ending;
  return 0;
}

static int open_accepted(struct uv__io* io, const struct uv__desc* desc, unsigned* opened) {
  unsigned state;
  int r = look(io, desc->handle, UV__WIN_GREET, &state);

  *opened = UV__OPENED_READABLE | UV__OPENED_WRITABLE;
  if (desc->accepted == UV__PIPE_ACCEPTED_DOT)
    state |= UV__WIN_DOT;
  if (r == 0)
    r = uv__pipe_adopt(io, desc->handle, state, *opened);
  if (r == 0 && (state & UV__WIN_GREET))
    (void) uv__pipe_meet(io); /* It is there already, as a rule. */
  return r;
}

/* Of a pipe that comes from elsewhere only the usual convention can be assumed: UV__WIN_ALLY. */
static int open_handle(struct uv__io* io, HANDLE handle, unsigned ending, unsigned* opened) {
  unsigned state;
  DWORD flags;
  int overlapped;
  int r;

  if (!GetHandleInformation(handle, &flags))
    return UV_EBADF;
  if (GetFileType(handle) != FILE_TYPE_PIPE)
    return UV_ENOTSUP;
  r = uv__pipe_access(handle, opened);
  if (r < 0)
    return r;
  if (*opened == 0)
    return UV_EINVAL;
  overlapped = uv__pipe_is_overlapped(handle);
  if (overlapped < 0)
    return overlapped;
  if (!overlapped)
    return io->ops == &uv__pipe_ops ? uv__pipe_sync_open(io, handle, *opened) : UV_EINVAL;
  r = look(io, handle, ending, &state);
  if (r < 0)
    return r;
  r = uv__pipe_attach(io->loop, handle);
  if (r == UV_EINVAL) {
    state |= UV__WIN_FOREIGN;
    r = 0;
  }
  if (r == 0)
    r = uv__pipe_adopt(io, handle, state, *opened);
  if (r == 0)
    SetHandleInformation(handle, HANDLE_FLAG_INHERIT, 0);
  return r;
}

/* A descriptor of the C run-time library is closed together with its handle; so the handle is
 * duplicated and the descriptor given back, except for the standard ones, whose numbers must
 * not fall to the next file that somebody opens. */
static int open_crt(struct uv__io* io, int fd, HANDLE theirs, unsigned* opened) {
  HANDLE process = GetCurrentProcess();
  HANDLE ours;
  int r;

  if (!DuplicateHandle(process, theirs, process, &ours, 0, FALSE, DUPLICATE_SAME_ACCESS))
    return uv__error_translate(GetLastError());
  r = open_handle(io, ours, UV__WIN_ALLY, opened);
  if (r < 0)
    CloseHandle(ours);
  else if (fd > 2)
    uv__fd_give_back(fd);
  return r;
}

/* An instance of somebody's name, which came over an IPC pipe: the name is to be shared. */
static int open_shared(struct uv__io* io, HANDLE instance, unsigned* opened) {
  char text[3 * UV__PIPE_NAME_MAX];
  struct uv__pipe_name name;
  struct uv__pipe_wide wide;
  int length = sizeof(text);
  int r = uv__pipe_query_name(instance, 0, text, &length);

  if (r < 0)
    return r;
  name.text = text;
  name.length = (size_t) length;
  name.cut = 0;
  r = uv__pipe_parse(&name, &wide);
  if (r == 0)
    r = uv__pipe_server_join(io, &wide, instance);
  *opened = UV__OPENED_FRESH;
  return r;
}

int uv__pipe_open(struct uv__io* io, int domain, const struct uv__desc* desc, unsigned* opened) {
  (void) domain;
  if (desc->accepted < 0)
    return open_crt(io, -1 - desc->accepted, desc->handle, opened);
  switch (desc->accepted) {
  case UV__PIPE_ACCEPTED:
  case UV__PIPE_ACCEPTED_DOT:
    return open_accepted(io, desc, opened);
  case UV__PIPE_SHARED:
    return open_shared(io, desc->handle, opened);
  case UV__PIPE_GREETING:
    return open_handle(io, desc->handle, UV__WIN_GREET, opened);
  case UV__PIPE_PLAIN:
    return open_handle(io, desc->handle, 0, opened);
  default:
    return open_handle(io, desc->handle, UV__WIN_ALLY, opened);
  }
}

int uv__port_pipe_desc(uv_file file, struct uv__desc* desc) {
  HANDLE handle = uv_get_osfhandle(file);

  if (handle == INVALID_HANDLE_VALUE || file >= SHRT_MAX)
    return UV_EBADF;
  desc->handle = handle;
  desc->kind = UV__DESC_PIPE;
  desc->accepted = (short) (-1 - file);
  desc->peer = 0;
  return 0;
}
