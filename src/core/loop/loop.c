/* The life of a loop, its time, and how it is woken. What happens in a turn is core/run's. */
#include "core/loop/loop.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/atomic.h"

enum {
  RETRY_AFTER_MS = 10 /* how long those wait who lack what nobody tells of */
};

static uv_loop_t default_loop;
static int default_loop_exists;

int uv_loop_init(uv_loop_t* loop) {
  void* data = loop->data;
  int r;

  memset(loop, 0, sizeof(*loop));
  loop->data = data;
  /* Until the loop runs, its user may wait on uv_backend_fd: wake-ups must be heard. */
  loop->asleep = 1;
  uv__queue_init(&loop->handles);
  uv__queue_init(&loop->ready);
  uv__queue_init(&loop->later);
  uv__queue_init(&loop->starved);
  uv__queue_init(&loop->refused);
  uv__queue_init(&loop->idle);
  uv__queue_init(&loop->prepare);
  uv__queue_init(&loop->check);
  uv__queue_init(&loop->asyncs);
  uv__queue_init(&loop->work_done);
  r = uv__port_start(loop);
  if (r < 0)
    return r;
  uv_update_time(loop);
  assert(uv__loop_valid(loop));
  return 0;
}

int uv_loop_close(uv_loop_t* loop) {
  if (loop->active_reqs.count > 0 || !uv__queue_empty(&loop->handles))
    return UV_EBUSY;
  uv__port_stop(loop);
  uv__meter_free(loop);
  if (loop == &default_loop)
    default_loop_exists = 0;
  return 0;
}

uv_loop_t* uv_loop_new(void) {
  uv_loop_t* loop = uv__calloc(1, sizeof(*loop));

  if (loop == NULL)
    return NULL;
  if (uv_loop_init(loop) < 0) {
    uv__free(loop);
    return NULL;
  }
  return loop;
}

void uv_loop_delete(uv_loop_t* loop) {
  int is_default = loop == &default_loop;

  if (uv_loop_close(loop) == 0 && !is_default)
    uv__free(loop);
}

uv_loop_t* uv_default_loop(void) {
  if (!default_loop_exists) {
    if (uv_loop_init(&default_loop) < 0)
      return NULL;
    default_loop_exists = 1;
  }
  return &default_loop;
}

/* All wait as long, so that whoever was first is not told later than he should be. */
void uv__loop_starve(struct uv__io* io) {
  uv_loop_t* loop = io->loop;

  if (io->waiting == UV__WAITS_NOT) {
    io->waiting = UV__WAITS_STARVED;
    uv__queue_insert_tail(&loop->starved, &io->link);
  }
  if (loop->retry_at == 0)
    loop->retry_at = loop->time + RETRY_AFTER_MS;
}

void uv__loop_retry(uv_loop_t* loop) {
  loop->retry_at = 0;
  while (!uv__queue_empty(&loop->starved))
    uv__loop_again(uv__container_of(uv__queue_head(&loop->starved), struct uv__io, link));
}

void uv__loop_close_default(void) {
  if (default_loop_exists)
    (void) uv_loop_close(&default_loop); /* One still in use stays: its owner holds it. */
}

size_t uv_loop_size(void) {
  return sizeof(uv_loop_t);
}

void* uv_loop_get_data(const uv_loop_t* loop) {
  return loop->data;
}

void uv_loop_set_data(uv_loop_t* loop, void* data) {
  loop->data = data;
}

void uv_stop(uv_loop_t* loop) {
  loop->stop_flag = 1;
}

uint64_t uv_now(const uv_loop_t* loop) {
  return loop->time;
}

void uv_update_time(uv_loop_t* loop) {
  loop->time = uv__port_now(loop);
}

int uv_backend_fd(const uv_loop_t* loop) {
  return uv__port_backend_fd(loop);
}

void uv__loop_closing(uv_loop_t* loop, uv_handle_t* handle) {
  handle->handle.next_closing = loop->closing;
  loop->closing = handle;
}

/* `asleep` is what makes this call the system, which is skipped while the loop is on its feet:
 * it looks at wake_pending before it lies down. */
void uv__loop_wake(uv_loop_t* loop) {
  if (uv__atomic_exchange(&loop->wake_pending, 1) != 0)
    return;
  if (uv__atomic_load(&loop->asleep))
    uv__port_wake(loop);
}

#if !defined(NDEBUG)

/* What can be seen of a list in a few steps: an assertion must not take longer than what it is
 * in. */
enum {
  LOOKED_AT = 256
};

/* Who waits for a turn knows it, once, and in its own loop. */
static int waiters_valid(const uv_loop_t* loop, const struct uv__queue* list, enum uv__waits how) {
  const struct uv__queue* link;
  int looked = 0;

  for (link = list->next; link != list && looked++ < LOOKED_AT; link = link->next) {
    const struct uv__io* io = uv__container_of(link, struct uv__io, link);

    if (io->loop != loop || io->waiting != how || link->next->prev != link)
      return 0;
  }
  return 1;
}

int uv__loop_valid(const uv_loop_t* loop) {
  const uv_handle_t* handle;
  int looked = 0;

  if (loop->active_reqs.count > INT_MAX || loop->active_handles > INT_MAX)
    return 0; /* Something was counted off twice. */
  if ((loop->timers.root == NULL) != (loop->timers.count == 0))
    return 0;
  if (!waiters_valid(loop, &loop->ready, UV__WAITS_READY) ||
      !waiters_valid(loop, &loop->later, UV__WAITS_LATER))
    return 0;
  for (handle = loop->closing; handle != NULL && looked++ < LOOKED_AT;
       handle = handle->handle.next_closing)
    if (handle->loop != loop)
      return 0;
  return 1;
}

#endif
