/* Pipes on top: what a descriptor is when it is opened, and the operations of what was found. What
 * these do is in the files below; one that is not overlapped leaves for plain/ here. */
#include "win/pipe/pipe.h"

#include <string.h>

#include "win/plain/plain.h"

/* ---- Descriptor ---- */

void uv__pipe_init(struct uv__io* io) {
  memset(&io->tail, 0, sizeof(io->tail));
  io->tail.u.handle = INVALID_HANDLE_VALUE;
}

int uv__pipe_fileno(const struct uv__io* io, uv_os_fd_t* fd) {
  HANDLE handle = io->tail.state & UV__WIN_BOUND ? uv__pipe_server_handle(io) : io->tail.u.handle;

  if (handle == INVALID_HANDLE_VALUE)
    return UV_EBADF;
  *fd = handle;
  return 0;
}

/* A client has no name of its own, as on Unix. */
int uv__pipe_name(struct uv__io* io, enum uv__end end, void* addr, int* len) {
  int at_server = (io->tail.state & (UV__WIN_SERVER | UV__WIN_BOUND)) != 0;
  uv_os_fd_t handle;
  int r = uv__pipe_fileno(io, &handle);

  if (r < 0)
    return r;
  if ((end == UV__LOCAL) != at_server) {
    *len = 0;
    return 0;
  }
  if (!at_server && uv__pipe_of(io)->remote != NULL) /* Nobody is asked over the network. */
    return uv__name_give(uv__pipe_of(io)->remote, addr, len);
  return uv__name_query(handle, (io->tail.state & UV__WIN_DOT) != 0, addr, len);
}

int uv__pipe_option(struct uv__io* io, enum uv__option option, void* value) {
  switch (option) {
  case UV__INSTANCES:
    if (io->tail.u.handle == INVALID_HANDLE_VALUE) /* For the coming listen. */
      io->tail.sent = *(int*) value;
    return 0;
  case UV__CHMOD:
    return io->tail.state & UV__WIN_BOUND ? uv__pipe_server_chmod(io, *(int*) value) : UV_EBADF;
  case UV__ACCEPTS:
    return 0;
  case UV__PEER:
    if (uv__pipe_of(io)->remote != NULL)
      return UV_ENOTSUP; /* Nobody is asked over the network. */
    return uv__peer_ask(io->tail.u.handle, (io->tail.state & UV__WIN_SERVER) != 0, value);
  case UV__SNDBUF:
  case UV__RCVBUF:
    return UV_EINVAL; /* The sizes of a pipe are given when it is created. */
  default:
    return UV_ENOTSUP;
  }
}

int uv__pipe_bind(struct uv__io* io, const void* addr, const struct uv__pipe_kind* kind) {
  const struct uvs_access_s* access = ((const struct uv__pipe_name*) addr)->access;
  struct uv__pipe_wide name;
  int r = uv__name_parse(addr, &name);

  if (r == 0 && name.remote)
    r = UV_EINVAL; /* Pipes are made on the own machine. */
  return r < 0 ? r : uv__pipe_server_bind(io, &name, kind != NULL, access);
}

int uv__pipe_listen(struct uv__io* io, int backlog) {
  (void) backlog;
  return io->tail.state & UV__WIN_BOUND ? uv__pipe_accept_listen(io) : UV_EINVAL;
}

int uv__pipe_connect(struct uv__io* io, const void* addr, const struct uv__pipe_kind* kind) {
  struct uv__pipe_wide name;
  int r = uv__name_parse(addr, &name);

  if (r < 0)
    return r;
  if (io->tail.state & UV__WIN_BOUND)
    uv__pipe_server_free(io); /* A client has no name of its own here. */
  return uv__pipe_connect_start(io, &name, kind);
}

ssize_t uv__pipe_done(struct uv__io* io, enum uv__lane lane) {
  ssize_t r = 0;

  if (lane == UV__WRITE) {
    r = io->tail.sent;
    io->tail.sent = 0;
  } else if (lane == UV__CONNECT) {
    r = io->tail.error;
    io->tail.error = 0;
  }
  return r;
}

int uv__pipe_close(struct uv__io* io) {
  assert(!(io->tail.state & UV__WIN_CLOSING));
  uv__win_set(io, UV__WIN_CLOSING);
  if (io->tail.state & UV__WIN_BOUND)
    return uv__pipe_server_close(io);
  if (io->tail.u.handle == INVALID_HANDLE_VALUE && (io->busy & UV__CONNECT) &&
      uv__pipe_connect_end(io) == UV__PENDING)
    return UV__PENDING;
  return uv__pipe_end_close(io);
}

/* ---- Opening ---- */

/* What the pipe behind a handle is: stores what belongs into tail.state. A kind with frames of
 * its own reads a pipe of messages byte by byte. */
static int look(HANDLE handle, const struct uv__pipe_kind* kind, unsigned ending, unsigned* state) {
  int bare = kind == NULL;
  DWORD mode = bare ? PIPE_READMODE_MESSAGE : PIPE_READMODE_BYTE;
  DWORD flags;

  int r = uv__native_info(handle, &flags);

  if (r < 0)
    return r; /* A socket, for which the system has the same type, or no pipe at all. */
  *state = 0;
  if (flags & PIPE_SERVER_END)
    *state |= UV__WIN_SERVER;
  if (!(flags & PIPE_TYPE_MESSAGE))
    return 0;
  if (!SetNamedPipeHandleState(handle, &mode, NULL, NULL))
    return uv__native_is_short(GetLastError()) ? UV_ENOMEM : 0;
  if (bare)
    *state |= UV__WIN_MESSAGES | ending;
  return 0;
}

static int open_accepted(struct uv__io* io,
                         const struct uv__desc* desc,
                         const struct uv__pipe_kind* kind,
                         unsigned* opened) {
  int by_messages = desc->accepted == UV__PIPE_ACCEPTED || desc->accepted == UV__PIPE_ACCEPTED_DOT;
  unsigned state = UV__WIN_SERVER;
  int r = 0;

  /* It was made by us, to be read message by message. */
  if (by_messages && kind != NULL)
    r = look(desc->handle, kind, UV__WIN_GREET, &state);
  else if (by_messages)
    state |= UV__WIN_MESSAGES | UV__WIN_GREET;
  *opened = UV__OPENED_READABLE | UV__OPENED_WRITABLE;
  state |= UV__WIN_ATTACHED;
  if (desc->accepted == UV__PIPE_ACCEPTED_DOT || desc->accepted == UV__PIPE_ACCEPTED_BYTES_DOT)
    state |= UV__WIN_DOT;
  if (r == 0)
    r = uv__pipe_end_adopt(io, desc->handle, state, *opened, kind);
  if (r == 0 && (state & UV__WIN_GREET))
    (void) uv__pipe_read_meet(io); /* It is there already, as a rule; else a read will tell. */
  return r;
}

/* What a pipe handle takes: pipes; and files and devices, but for a console, which is a terminal's. */
static int is_stream(HANDLE handle) {
  DWORD type = GetFileType(handle);

  return type == FILE_TYPE_PIPE || type == FILE_TYPE_DISK ||
         (type == FILE_TYPE_CHAR && !uv__handle_is_console(handle));
}

/* Of a pipe that comes from elsewhere only the usual convention can be assumed: UV__WIN_ALLY. */
static int open_handle(struct uv__io* io,
                       HANDLE handle,
                       const struct uv__pipe_kind* kind,
                       unsigned ending,
                       unsigned* opened) {
  unsigned state;
  ULONG handles;
  DWORD flags;
  int overlapped;
  int r;

  if (!GetHandleInformation(handle, &flags))
    return UV_EBADF;
  if (uv__own_has(handle, io->loop))
    return UV_EEXIST;
  if (!is_stream(handle))
    return UV_ENOTSUP;
  r = uv__native_access(handle, opened, &handles);
  if (r < 0)
    return r;
  if (*opened == 0)
    return UV_EINVAL;
  if (GetFileType(handle) != FILE_TYPE_PIPE) {
    r = kind == NULL ? uv__plain_open(io, handle, *opened, 1) : UV_EINVAL;
    *opened |= UV__OPENED_STAYS; /* Who is given one over an IPC pipe takes it for a fraud. */
    return r;
  }
  /* A kind is refused a pipe that is not, so that it must be sure. */
  overlapped = uv__native_is_overlapped(handle, handles,
                                        kind == NULL ? UV__NATIVE_GUESS_MS : UV__NATIVE_SURE_MS);
  if (overlapped < 0)
    return overlapped;
  if (!overlapped)
    return kind == NULL ? uv__plain_open(io, handle, *opened, 0) : UV_EINVAL;
  r = look(handle, kind, ending, &state);
  if (r < 0)
    return r;
  /* Cygwin's programs make the ends that they share with their children PIPE_NOWAIT (put.c). Who
   * may not change that, or shares it, can do without. */
  if (!uv__object_is_shared(handle))
    (void) uv__native_set_wait(handle);
  r = uv__pipe_end_adopt(io, handle, state | UV__WIN_OUTSIDE, *opened, kind);
  if (r == 0)
    SetHandleInformation(handle, HANDLE_FLAG_INHERIT, 0);
  return r;
}

/* A descriptor of the C run-time library is closed together with its handle; so the handle is
 * duplicated and the descriptor given back, except for the standard ones, whose numbers must
 * not fall to the next file that somebody opens. */
static int open_crt(
    struct uv__io* io, int fd, HANDLE theirs, const struct uv__pipe_kind* kind, unsigned* opened) {
  HANDLE process = GetCurrentProcess();
  HANDLE ours;
  int r;

  if (!DuplicateHandle(process, theirs, process, &ours, 0, FALSE, DUPLICATE_SAME_ACCESS))
    return uv__error_translate(GetLastError());
  r = open_handle(io, ours, kind, UV__WIN_ALLY, opened);
  if (r < 0)
    CloseHandle(ours);
  else if (fd > 2)
    uv__fd_give_back(fd);
  return r;
}

/* An instance of somebody's name, which came over an IPC pipe: the name is to be shared. */
static int open_shared(struct uv__io* io, HANDLE instance, int bytes, unsigned* opened) {
  char text[3 * UV__PIPE_NAME_MAX];
  struct uv__pipe_name name;
  struct uv__pipe_wide wide;
  int length = sizeof(text);
  int r = uv__name_query(instance, 0, text, &length);

  if (r < 0)
    return r;
  name.text = text;
  name.length = (size_t) length;
  name.cut = 0;
  name.access = NULL;
  r = uv__name_parse(&name, &wide);
  if (r == 0)
    r = uv__pipe_server_join(io, &wide, bytes, instance);
  *opened = UV__OPENED_FRESH;
  return r;
}

int uv__pipe_open(struct uv__io* io,
                  const struct uv__desc* desc,
                  const struct uv__pipe_kind* kind,
                  unsigned* opened) {
  if (desc->accepted < 0)
    return open_crt(io, -1 - desc->accepted, desc->handle, kind, opened);
  switch (desc->accepted) {
  case UV__PIPE_ACCEPTED:
  case UV__PIPE_ACCEPTED_DOT:
  case UV__PIPE_ACCEPTED_BYTES:
  case UV__PIPE_ACCEPTED_BYTES_DOT:
    return open_accepted(io, desc, kind, opened);
  case UV__DESC_LOCAL: /* For a kind, which has frames: nothing is passed over a socket. */
    return UV_EINVAL;
  case UV__PIPE_SHARED:
    return open_shared(io, desc->handle, kind != NULL, opened);
  case UV__PIPE_GREETING:
    return open_handle(io, desc->handle, kind, UV__WIN_GREET, opened);
  case UV__PIPE_PLAIN:
    return open_handle(io, desc->handle, kind, 0, opened);
  case UV__PIPE_ENDED:
    return open_handle(io, desc->handle, kind, UV__WIN_ALLY | UV__WIN_ENDED, opened);
  default:
    return open_handle(io, desc->handle, kind, UV__WIN_ALLY, opened);
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
