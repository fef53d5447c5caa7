/* The handles that arrive over an IPC pipe, until they are claimed by uv_accept (rules I1-I3) or
 * the pipe is closed. Who reads and who accepts stands above. */
#include <string.h>

#include "core/base/alloc.h"
#include "core/stream/stream.h"

/* A queue in an array that grows. */
struct uv__arrivals {
  unsigned head;
  unsigned count;
  unsigned room;
  struct uv__desc descs[1]; /* `room` of them, from `head` on, without wrapping around */
};

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

ssize_t uv__arrival_read(uv_pipe_t* handle, char* base, size_t len) {
  struct uv__io* io = &handle->stream.io;
  struct uv__passed passed;
  struct uv__arrivals* arrivals;
  ssize_t n;
  int r = make_room(handle);

  if (r < 0)
    return r;
  passed.count = 0;
  n = io->ops->read_now(io, base, len, &passed);
  arrivals = handle->arrivals;
  memcpy(arrivals->descs + arrivals->head + arrivals->count, passed.descs,
         passed.count * sizeof(passed.descs[0]));
  arrivals->count += passed.count;
  return n;
}

unsigned uv__arrival_count(const uv_pipe_t* handle) {
  return handle->arrivals == NULL ? 0 : handle->arrivals->count;
}

struct uv__desc* uv__arrival_oldest(uv_pipe_t* handle) {
  struct uv__arrivals* arrivals = handle->arrivals;

  return uv__arrival_count(handle) == 0 ? NULL : &arrivals->descs[arrivals->head];
}

void uv__arrival_claimed(uv_pipe_t* handle) {
  handle->arrivals->head++;
  handle->arrivals->count--;
  if (handle->arrivals->count == 0)
    handle->arrivals->head = 0;
}

void uv__arrival_discard(struct uv__arrivals* arrivals) {
  if (arrivals == NULL)
    return;
  for (; arrivals->count > 0; arrivals->count--)
    uv__port_discard(&arrivals->descs[arrivals->head++]);
  uv__free(arrivals);
}

void uv__arrival_drop(uv_pipe_t* handle) {
  uv__arrival_discard(handle->arrivals);
  handle->arrivals = NULL;
}
