/* Pipe handles: arguments, and the handles that arrive over an IPC pipe until they are
 * claimed (rules I1-I3). Names and descriptors are the port's. */
#include <string.h>

#include "core/base/alloc.h"
#include "core/stream/stream.h"

enum {
  INSTANCES = 4 /* Windows: server instances kept ready, unless the program says otherwise */
};

/* The handles of an IPC pipe that wait for uv_accept: a queue in an array that grows. */
struct uv__arrivals {
  unsigned head;
  unsigned count;
  unsigned room;
  struct uv__desc descs[1]; /* `room` of them, from `head` on, without wrapping around */
};

static uv_stream_t* stream_of(uv_pipe_t* handle) {
  return (uv_stream_t*) handle;
}

static int has_descriptor(const uv_pipe_t* handle) {
  return handle->stream.phase != UV__FRESH && handle->stream.phase != UV__CLOSING;
}

int uv_pipe_init(uv_loop_t* loop, uv_pipe_t* handle, int ipc) {
  uv__stream_init(loop, stream_of(handle), UV_NAMED_PIPE, ipc ? &uv__ipc_ops : &uv__pipe_ops);
  handle->arrivals = NULL;
  handle->instances = INSTANCES;
  handle->ipc = ipc != 0;
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
  if (name == NULL || length == 0 || (flags & ~(unsigned) UV_PIPE_NO_TRUNCATE) != 0)
    return UV_EINVAL;
  /* Only an abstract name, which begins with a NUL, may contain one. */
  if (name[0] != '\0' && memchr(name, '\0', length) != NULL)
    return UV_EINVAL;
  out->text = name;
  out->length = length;
  out->cut = !(flags & UV_PIPE_NO_TRUNCATE);
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
  r = io->ops->bind(io, &where, 0);
  if (r == 0)
    handle->stream.phase = UV__OPEN;
  return r;
}

int uv_pipe_bind(uv_pipe_t* handle, const char* name) {
  return uv_pipe_bind2(handle, name, name == NULL ? 0 : strlen(name), 0);
}

int uv_pipe_connect2(uv_connect_t* req,
                     uv_pipe_t* handle,
                     const char* name,
                     size_t namelen,
                     unsigned int flags,
                     uv_connect_cb cb) {
  struct uv__pipe_name where;
  int r = parse_name(name, namelen, flags, &where);

  if (r < 0)
    return r;
  if (req == NULL)
    return UV_EINVAL;
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
  if (end == UV__REMOTE && handle->stream.phase != UV__CONNECTED)
    return UV_ENOTCONN;
  length = *size - 1 > 0xFFFF ? 0xFFFF : (int) (*size - 1);
  r = io->ops->name(io, end, buffer, &length);
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

/* ---- Handles that arrive ---- */

/* Room for all that one read may bring. It is made before the read, so that no handle arrives
 * that there is no memory for. */
static int make_room(uv_pipe_t* handle) {
  struct uv__arrivals* old = handle->arrivals;
  struct uv__arrivals* new;
  unsigned room;

  if (old != NULL && old->head + old->count + UV__PASSED_MOST <= old->room)
    return 0;
  if (old != NULL && old->head >= old->count + UV__PASSED_MOST) {
    memcpy(old->descs, old->descs + old->head, old->count * sizeof(old->descs[0]));
    old->head = 0;
    return 0;
  }
  room = 2 * ((old == NULL ? 0 : old->count) + UV__PASSED_MOST);
  new = uv__malloc(sizeof(*new) + room * sizeof(new->descs[0]));
  if (new == NULL)
    return UV_ENOBUFS;
  new->head = 0;
  new->count = 0;
  new->room = room;
  if (old != NULL) {
    new->count = old->count;
    memcpy(new->descs, old->descs + old->head, old->count * sizeof(old->descs[0]));
  }
  uv__free(old);
  handle->arrivals = new;
  return 0;
}

ssize_t uv__pipe_read(uv_pipe_t* handle, const uv_buf_t* buf) {
  struct uv__io* io = &handle->stream.io;
  struct uv__passed passed;
  struct uv__arrivals* arrivals;
  ssize_t n;
  int r;

  if (!handle->ipc)
    return io->ops->read_now(io, buf->base, buf->len, NULL);
  r = make_room(handle);
  if (r < 0)
    return r;
  passed.count = 0;
  n = io->ops->read_now(io, buf->base, buf->len, &passed);
  arrivals = handle->arrivals;
  memcpy(arrivals->descs + arrivals->head + arrivals->count, passed.descs,
         passed.count * sizeof(passed.descs[0]));
  arrivals->count += passed.count;
  return n;
}

struct uv__desc* uv__pipe_arrived(uv_pipe_t* handle) {
  struct uv__arrivals* arrivals = handle->arrivals;
  return arrivals == NULL || arrivals->count == 0 ? NULL : &arrivals->descs[arrivals->head];
}

void uv__pipe_claimed(uv_pipe_t* handle) {
  handle->arrivals->head++;
  handle->arrivals->count--;
  if (handle->arrivals->count == 0)
    handle->arrivals->head = 0;
}

void uv__pipe_drop(uv_pipe_t* handle) {
  struct uv__desc* desc;

  while ((desc = uv__pipe_arrived(handle)) != NULL) {
    uv__port_discard(desc);
    uv__pipe_claimed(handle);
  }
  uv__free(handle->arrivals);
  handle->arrivals = NULL;
}

int uv_pipe_pending_count(uv_pipe_t* handle) {
  return handle->arrivals == NULL ? 0 : (int) handle->arrivals->count;
}

uv_handle_type uv_pipe_pending_type(uv_pipe_t* handle) {
  const struct uv__desc* desc = uv__pipe_arrived(handle);

  if (desc == NULL)
    return UV_UNKNOWN_HANDLE;
  return desc->kind == UV__DESC_TCP ? UV_TCP : UV_NAMED_PIPE;
}
