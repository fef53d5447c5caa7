/* Connecting pipes, also to a listener whose queue is full. */
#include "unix/pipe/pipe.h"

#include <string.h>
#include <sys/socket.h>

/* How long a connect that finds the listener's queue full waits before it tries again: of that
 * the system tells nothing. */
enum {
  RETRY_MS = 2
};

#if !defined(NDEBUG)
/* Who is in the list has a socket, and no connect of it is with the system. */
static int stalls_valid(const struct uv__stalls* stalls) {
  const struct uv__queue* link;

  for (link = stalls->queue.next; link != &stalls->queue; link = link->next) {
    const struct uv__pipe_names* names = uv__container_of(link, const struct uv__pipe_names, link);
    const struct uv__io_tail* tail = &names->io->tail;

    if (tail->u.more != names || tail->fd < 0 || (tail->state & UV__CONNECT))
      return 0;
  }
  return 1;
}
#endif

static int connect_to(struct uv__io* io, const struct sockaddr_un* addr, socklen_t len) {
  return uv__sock_was_connected(io, connect(io->tail.fd, (const struct sockaddr*) addr, len));
}

/* Linux says EAGAIN when the listener's queue is full, and nothing when there is room again. */
static int stall(struct uv__io* io, const struct sockaddr_un* addr, socklen_t len) {
  struct uv__stalls* stalls = uv__loop_poller(io->loop)->stalls;
  struct uv__pipe_names* names = io->tail.u.more;

  if (names == NULL)
    names = uv__pipe_new_names(io, 1);
  if (names == NULL)
    return UV_ENOMEM;
  io->tail.u.more = names;
  io->tail.error = UV_ECANCELED;
  names->target = *addr;
  names->target_len = len;
  uv__queue_insert_tail(&stalls->queue, &names->link);
  assert(stalls_valid(stalls));
  return (int) uv__fd_end(io, UV__PENDING);
}

void uv__pipe_look(uv_loop_t* loop) {
  struct uv__stalls* stalls = uv__loop_poller(loop)->stalls;
  struct uv__queue batch;
  uint64_t now;

  if (uv__queue_empty(&stalls->queue))
    return;
  now = uv__port_now(loop);
  if (now < stalls->retry_at)
    return;
  stalls->retry_at = now + RETRY_MS;
  uv__queue_move(&stalls->queue, &batch);
  while (!uv__queue_empty(&batch)) {
    struct uv__pipe_names* names =
        uv__container_of(uv__queue_head(&batch), struct uv__pipe_names, link);
    int r = connect_to(names->io, &names->target, names->target_len);

    uv__queue_remove(&names->link);
    if (r == UV_EAGAIN) {
      uv__queue_insert_tail(&stalls->queue, &names->link);
    } else if (r != UV__PENDING) {
      names->io->tail.error = r;
      uv__ring(names->io, UV__CONNECT);
    }
  }
  assert(stalls_valid(stalls));
}

void uv__pipe_start(struct uv__stalls* stalls) {
  uv__queue_init(&stalls->queue);
}

int uv__pipe_timeout(const uv_loop_t* loop, int timeout_ms) {
  if (uv__queue_empty(&uv__loop_poller(loop)->stalls->queue))
    return timeout_ms;
  return timeout_ms < 0 || timeout_ms > RETRY_MS ? RETRY_MS : timeout_ms;
}

int uv__pipe_connect(struct uv__io* io, const void* where) {
  struct sockaddr_un addr;
  socklen_t len;
  int r = uv__pipe_to_address(where, &addr, &len);

  if (r == 0 && io->tail.fd < 0)
    r = uv__sock_create(io, AF_UNIX, UV__FD_LOCAL);
  if (r == 0)
    r = connect_to(io, &addr, len);
  return r == UV_EAGAIN ? stall(io, &addr, len) : r;
}
