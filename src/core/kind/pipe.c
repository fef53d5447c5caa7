/* Pipe handles: arguments. Names and descriptors are the port's, and the handles that arrive over
 * an IPC pipe are core/stream/arrival.c's. */
#include <string.h>

#include "core/stream/stream.h"

enum {
  INSTANCES = 4 /* Windows: server instances kept ready, unless the program says otherwise */
};

static uv_stream_t* stream_of(uv_pipe_t* handle) {
  return (uv_stream_t*) handle;
}

static int has_descriptor(const uv_pipe_t* handle) {
  return handle->stream.phase != UV__FRESH && handle->stream.phase < UV__DROPPED;
}

int uv_pipe_init(uv_loop_t* loop, uv_pipe_t* handle, int ipc) {
  uv__stream_init(loop, stream_of(handle), UV_NAMED_PIPE, ipc ? &uv__ipc_ops : &uv__pipe_ops);
  handle->arrivals = NULL;
  handle->instances = INSTANCES;
  handle->ipc = ipc != 0;
  if (ipc)
    handle->flags |= UV__STREAM_PASSES;
  return 0;
}

int uv_pipe_open(uv_pipe_t* handle, uv_file file) {
  struct uv__desc desc;
  int r;

  if (uv__handle_is_closing(handle))
    return UV_EINVAL;
  if (handle->stream.phase != UV__FRESH)
    return UV_EBUSY;
  r = uv__port_pipe_desc(file, &desc);
  if (r < 0)
    return r;
  return uv__stream_open(stream_of(handle), AF_UNSPEC, &desc);
}

/* ---- Names ---- */

/* A name as the port takes it; `flags` are those of the two *2 functions. */
static int parse_name(const char* name, size_t length, unsigned flags, struct uv__pipe_name* out) {
  if (name == NULL || (flags & ~(unsigned) UV_PIPE_NO_TRUNCATE) != 0)
    return UV_EINVAL;
  if (length == 0)
    name = ""; /* Nothing of it may be looked at. */
  /* Only an abstract name, which begins with a NUL, may contain one. */
  if (length > 0 && name[0] != '\0' && memchr(name, '\0', length) != NULL)
    return UV_EINVAL;
  out->text = name;
  out->length = length;
  out->cut = !(flags & UV_PIPE_NO_TRUNCATE);
  out->access = NULL;
  return 0;
}

int uv_pipe_bind2(uv_pipe_t* handle, const char* name, size_t namelen, unsigned int flags) {
  struct uv__io* io = &handle->stream.io;
  struct uv__pipe_name where;
  int r = parse_name(name, namelen, flags, &where);

  if (r < 0)
    return r;
  if (handle->stream.phase != UV__FRESH)
    return UV_EINVAL;
  r = io->ops->bind(io, &where, 0); /* Of length 0: where the system chooses names (Linux). */
  if (r == 0)
    handle->stream.phase = UV__OPEN;
  return r;
}

int uv_pipe_bind(uv_pipe_t* handle, const char* name) {
  if (name == NULL || *name == '\0')
    return UV_EINVAL;
  return uv_pipe_bind2(handle, name, strlen(name), 0);
}

int uv_pipe_connect2(uv_connect_t* req,
                     uv_pipe_t* handle,
                     const char* name,
                     size_t namelen,
                     unsigned int flags,
                     uv_connect_cb cb) {
  struct uv__pipe_name where;
  int r = req == NULL || namelen == 0 ? UV_EINVAL : parse_name(name, namelen, flags, &where);

  if (r < 0)
    return r;
  r = uv__connect_gate(stream_of(handle));
  if (r < 0)
    return r;
  return uv__connect_start(req, stream_of(handle), &where, cb);
}

void uv_pipe_connect(uv_connect_t* req, uv_pipe_t* handle, const char* name, uv_connect_cb cb) {
  int r = uv_pipe_connect2(req, handle, name, name == NULL ? 0 : strlen(name), 0, cb);

  if (r < 0)
    uv__connect_refuse(req, stream_of(handle), r, cb);
}

static int name(const uv_pipe_t* handle, enum uv__end end, char* buffer, size_t* size) {
  struct uv__io* io = (struct uv__io*) &handle->stream.io;
  int length;
  int r;

  if (buffer == NULL || size == NULL || *size == 0)
    return UV_EINVAL;
  if (!has_descriptor(handle))
    return UV_EBADF;
  /* The system may have the peer before its callback. */
  if (end == UV__REMOTE && handle->stream.phase != UV__CONNECTED &&
      (handle->stream.phase != UV__CONNECTING || handle->stream.delayed_error < 0))
    return UV_ENOTCONN;
  length = *size - 1 > 0xFFFF ? 0xFFFF : (int) (*size - 1);
  r = io->ops->name(io, end, buffer, &length);
  if (r == UV_EBADF && handle->stream.phase == UV__CONNECTING)
    r = UV_ENOTCONN; /* It has no descriptor yet (Windows). */
  if (r == UV_ENOBUFS)
    *size = (size_t) length + 1;
  if (r < 0)
    return r;
  buffer[length] = '\0';
  *size = (size_t) length;
  return 0;
}

int uv_pipe_getsockname(const uv_pipe_t* handle, char* buffer, size_t* size) {
  return name(handle, UV__LOCAL, buffer, size);
}

int uv_pipe_getpeername(const uv_pipe_t* handle, char* buffer, size_t* size) {
  return name(handle, UV__REMOTE, buffer, size);
}

void uv_pipe_pending_instances(uv_pipe_t* handle, int count) {
  struct uv__io* io = &handle->stream.io;

  if (count < 1 || uv__handle_is_closing(handle))
    return;
  handle->instances = count;
  (void) io->ops->option(io, UV__INSTANCES, &handle->instances);
}

int uv_pipe_chmod(uv_pipe_t* handle, int flags) {
  struct uv__io* io;

  if (handle == NULL || !has_descriptor(handle))
    return UV_EBADF;
  if (flags == 0 || (flags & ~(UV_READABLE | UV_WRITABLE)) != 0)
    return UV_EINVAL;
  io = &handle->stream.io;
  return io->ops->option(io, UV__CHMOD, &flags);
}

/* ---- Handles that arrived ---- */

int uv_pipe_pending_count(uv_pipe_t* handle) {
  return (int) uv__arrival_count(handle);
}

uv_handle_type uv_pipe_pending_type(uv_pipe_t* handle) {
  const struct uv__desc* desc = uv__arrival_oldest(handle);

  if (desc == NULL)
    return UV_UNKNOWN_HANDLE;
  return desc->kind == UV__DESC_TCP ? UV_TCP : UV_NAMED_PIPE;
}
