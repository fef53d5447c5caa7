/* Connecting to a name, as the program sees it. Until it is decided the handle is connecting, like any
 * other, over operations of its own, which have no socket and ask the race; so that reading, writing,
 * shutting down and closing meanwhile are no matter of this file. */
#include <string.h>

#include "core/dial/dial.h"

/* ---- What a handle does whose connection is being made ---- */

static struct uv__race* race_of(const struct uv__io* io) {
  const uv_stream_t* stream = uv__container_of(io, uv_stream_t, stream.io);

  return uv__container_of(stream->stream.u.connect_req, uvs_connect_t, connect)->race;
}

static int name_of_none(struct uv__io* io, enum uv__end end, void* addr, int* len) {
  (void) io;
  (void) end;
  (void) addr;
  (void) len;
  return UV_EBADF;
}

/* Wishes are noted by who asks, and granted to the connection. */
static int note_option(struct uv__io* io, enum uv__option option, void* value) {
  (void) io;
  (void) value;
  return option == UV__NODELAY || option == UV__KEEPALIVE || option == UV__ACCEPTS ? 0 : UV_EBADF;
}

static int no_descriptor(const struct uv__io* io, uv_os_fd_t* fd) {
  (void) io;
  (void) fd;
  return UV_EBADF;
}

/* What is asked for when there is nothing to wait for any more. */
struct order {
  struct uv__race* race;
  uint64_t timeout_ms;
};

static int begin(struct uv__io* io, const void* where) {
  const struct order* order = where;

  (void) io;
  uv__race_begin(order->race, order->timeout_ms);
  return UV__PENDING;
}

static ssize_t collect(struct uv__io* io, enum uv__lane lane) {
  uv_stream_t* stream = uv__container_of(io, uv_stream_t, stream.io);
  struct uv__race* race = race_of(io);
  int r = race->status;

  (void) lane;
  io->ops = &uv__tcp_ops;
  io->ops->init(io);
  if (r == 0)
    r = uv__race_hand_over(race);
  if (r == 0)
    uv__socket_grant((uv_tcp_t*) stream);
  return r;
}

static int close_all(struct uv__io* io) {
  uv__race_stop(race_of(io), UV_ECANCELED);
  return 0;
}

static const struct uv__ops dial_ops = {
    .name = name_of_none,
    .option = note_option,
    .fileno = no_descriptor,
    .connect = begin,
    .done = collect,
    .close = close_all,
};

/* ---- The request ---- */

static void on_end(uv_connect_t* connect, int status) {
  uvs_connect_t* req = uv__container_of(connect, uvs_connect_t, connect);
  struct uv__race* race = req->race;

  /* Not so one whose bind had failed: that has a socket. */
  if (race != NULL && status < 0 && connect->handle->stream.phase == UV__OPEN)
    connect->handle->stream.phase = UV__FRESH;
  if (req->cb != NULL)
    req->cb(req, status); /* The request may be gone. */
  if (race != NULL)
    uv__race_release(race);
}

/* What a socket that is there says: the family, and the address that it was bound to. */
static int look_at_former(const uv_tcp_t* handle, union uv__address* local, int* is_bound) {
  struct uv__io* io = (struct uv__io*) &handle->stream.io;
  int len = sizeof(*local);
  int r;

  local->any.sa_family = AF_UNSPEC;
  *is_bound = 0;
  if (handle->stream.phase == UV__FRESH)
    return 0;
  r = io->ops->name(io, UV__LOCAL, local, &len);
  if (r == 0)
    *is_bound = local->ip4.sin_port != 0; /* At the same place in both. */
  return r;
}

/* A race for what was read, with its lookup under way where there is one. */
static int make_race(struct uv__race** made, uv_tcp_t* handle, const struct uv__target* target) {
  struct uv__race* race = uv__race_make((uv_stream_t*) handle);
  int r;

  if (race == NULL)
    return UV_ENOMEM;
  if (target->count > 0)
    r = uv__race_fill_known(race, target);
  else
    r = uv__race_look_up(race, target);
  if (r < 0)
    uv__race_release(race);
  else
    *made = race;
  return r;
}

static int start(uvs_connect_t* req, const char* node, const char* service, uint64_t timeout_ms) {
  uv_tcp_t* handle = req->handle;
  uv_stream_t* stream = (uv_stream_t*) handle;
  union uv__address local;
  struct uv__target target;
  struct order order;
  int is_bound;
  int r = look_at_former(handle, &local, &is_bound);

  if (r == 0)
    r = uv__target_parse(&target, node, service, local.any.sa_family);
  if (r == 0)
    r = make_race(&order.race, handle, &target);
  if (r < 0)
    return r;
  if (is_bound) {
    order.race->is_single = (handle->flags & UV__TCP_PORT) != 0;
    if (!order.race->is_single)
      local.ip4.sin_port = 0;
    order.race->local = local;
  }
  if (stream->stream.phase != UV__FRESH)
    uv__race_take_former(order.race);
  order.timeout_ms = timeout_ms;
  req->race = order.race;
  stream->stream.io.ops = &dial_ops;
  return uv__connect_start(&req->connect, stream, &order, on_end);
}

int uvs_connect(uvs_connect_t* req,
                uv_tcp_t* handle,
                const char* node,
                const char* service,
                uint64_t timeout_ms,
                uvs_connect_cb cb) {
  uv_stream_t* stream = (uv_stream_t*) handle;
  int r;

  if (req == NULL || handle == NULL || handle->type != UV_TCP || service == NULL ||
      *service == '\0')
    return UV_EINVAL;
  r = uv__connect_gate(stream);
  if (r == 0 && ((handle->flags & UV__TCP_GIVEN) || stream->stream.passing > 0))
    r = UV_EBUSY; /* Its socket is somebody else's, too: who gave it, or waits for it (I4). */
  if (r < 0)
    return r;
  req->type = UV_CONNECT;
  req->cb = cb;
  req->handle = handle;
  req->race = NULL;
  if (stream->stream.delayed_error < 0) /* A bind that failed is reported instead of trying (A5). */
    return uv__connect_start(&req->connect, stream, NULL, on_end);
  return start(req, node, service, timeout_ms);
}

int uvs_connect_cancel(uvs_connect_t* req) {
  if (req->race == NULL || req->race->status != UV__PENDING)
    return UV_EBUSY;
  uv__race_decide(req->race, UV_ECANCELED);
  return 0;
}

unsigned int uvs_connect_attempts(const uvs_connect_t* req) {
  return req->race == NULL ? 0 : req->race->begun;
}

int uvs_connect_attempt(const uvs_connect_t* req,
                        unsigned int index,
                        struct sockaddr_storage* addr,
                        int* status) {
  const struct uv__attempt* attempt;

  if (index >= uvs_connect_attempts(req))
    return UV_EINVAL;
  attempt = &req->race->attempts[index];
  if (addr != NULL) {
    memset(addr, 0, sizeof(*addr));
    memcpy(addr, &attempt->address, sizeof(attempt->address));
  }
  if (status != NULL)
    *status = attempt->status;
  return 0;
}
