/* Asyncs: waking the loop from other threads and from signal handlers (rule L7).
 *
 * Senders and the loop share two words. `sent` of the handle has a bit that says that its callback
 * is owed, and the number of senders that are inside: between the step that set the bit and their
 * last look at the handle or the loop. `sent` of the loop is a stack of the handles whose bit was
 * set, so that nobody looks at those that were not sent. The loop takes it as a whole, which
 * needs no more than an exchange.
 *
 * A sender sets the bit, goes in and leaves by three steps of its own, never waits, and may be a
 * signal handler that interrupts any of the others, the loop's own thread included. Whoever set the
 * bit has the handle's link to itself until the handle is on the stack; the loop has it from
 * there until it clears the bit. */
#include "core/base/atomic.h"
#include "core/handle/handle.h"
#include "core/loop/loop.h"

/* uv_async_t.sent. */
enum {
  OWED = 1,  /* the callback is owed, or the handle closes: nobody goes in */
  INSIDE = 2 /* one sender; they are counted above the bit */
};

enum {
  SPINS = 100,  /* looks at a sender that is inside, until it is given time */
  YIELDS = 1000 /* times it is given what is left of ours, until we sleep for it */
};

/* Goes in, when nobody's send is owed.
 *
 * The exchange is made even when one is, where a load could tell that nothing is left to do. A load
 * could also be done before the stores that came before it are seen: it finds the bit just not
 * cleared yet, and the callback for which it was cleared does not find what the sender has put
 * there for it; nobody would tell it again. With the exchange, either `uv__async_run` clears the
 * bit before it, and the loop is woken, or after it, and the callback sees all that the sender
 * wrote. A fence before the load would do as well, and costs the same. */
static int enter(uv_async_t* handle) {
  int seen = uv__atomic_load(&handle->sent);

  for (;;) {
    int next = seen & OWED ? seen : (seen | OWED) + INSIDE;
    int was = uv__atomic_compare(&handle->sent, seen, next);

    if (was == seen)
      return !(seen & OWED);
    seen = was;
  }
}

static void push(uv_loop_t* loop, struct uv__queue* link) {
  void* seen = NULL;

  for (;;) {
    void* was;

    link->next = seen;
    was = uv__atomic_compare_ptr(&loop->sent, seen, link);
    if (was == seen)
      return;
    seen = was;
  }
}

/* As soon as the bit is set the callback can run, close the handle, and end the loop. What keeps
 * both here until the last step is that uv__async_close waits for it. */
int uv_async_send(uv_async_t* handle) {
  if (!enter(handle))
    return 0;
  push(handle->loop, &handle->queue);
  uv__loop_wake(handle->loop);
  (void) uv__atomic_add(&handle->sent, -INSIDE);
  return 0;
}

/* Moves what was taken to loop->asyncs, oldest first, where only the loop's thread goes. */
static void collect(uv_loop_t* loop, struct uv__queue* link) {
  struct uv__queue* place = loop->asyncs.prev;

  while (link != NULL) {
    struct uv__queue* older = link->next;

    uv__queue_insert_head(place, link);
    link = older;
  }
}

static void* take_sent(uv_loop_t* loop) {
  return uv__atomic_exchange_ptr(&loop->sent, NULL);
}

/* The handle is in no list. */
static void run(uv_loop_t* loop, uv_async_t* handle) {
  (void) uv__atomic_and(&handle->sent, ~OWED); /* A send during the callback runs it again. */
  loop->events++;
  if (handle->async_cb != NULL)
    handle->async_cb(handle);
}

void uv__async_run(uv_loop_t* loop) {
  struct uv__queue* sent = take_sent(loop);
  struct uv__queue batch;

  if (sent != NULL && sent->next == NULL && uv__queue_empty(&loop->asyncs)) { /* as nearly always */
    uv__queue_init(sent);
    run(loop, uv__container_of(sent, uv_async_t, queue));
    return;
  }
  collect(loop, sent);
  uv__queue_move(&loop->asyncs, &batch);
  while (!uv__queue_empty(&batch)) {
    struct uv__queue* link = uv__queue_head(&batch);

    uv__queue_remove(link);
    run(loop, uv__container_of(link, uv_async_t, queue));
  }
}

/* A sender that is inside needs a few steps more, unless its thread does not run. */
static void wait_for_senders(uv_async_t* handle) {
  int looks;

  for (looks = 0; uv__atomic_load(&handle->sent) != OWED; looks++)
    if (looks >= SPINS)
      uv_sleep(looks < SPINS + YIELDS ? 0 : 1);
}

int uv__async_close(uv_handle_t* handle) {
  uv_async_t* async = (uv_async_t*) handle;
  int was_owed = uv__atomic_or(&async->sent, OWED) & OWED; /* From here on nobody goes in. */

  wait_for_senders(async);
  if (was_owed) {
    collect(handle->loop, take_sent(handle->loop));
    uv__queue_remove(&async->queue);
  }
  uv__handle_stop(handle);
  return 0;
}

int uv_async_init(uv_loop_t* loop, uv_async_t* handle, uv_async_cb async_cb) {
  uv__handle_init(loop, (uv_handle_t*) handle, UV_ASYNC);
  handle->async_cb = async_cb;
  handle->sent = 0;
  uv__queue_init(&handle->queue);
  uv__handle_start((uv_handle_t*) handle);
  return 0;
}

/* The child of a fork has only the thread that forked: a sender that was inside in another one
 * never leaves, may not have put its handle on the stack and not have woken the loop. A link on
 * no list of the loop's own has itself before it, also while it is on the stack. */
void uv__async_fork(uv_loop_t* loop) {
  struct uv__queue* link;

  (void) uv__atomic_exchange_ptr(&loop->sent, NULL);
  for (link = loop->handles.next; link != &loop->handles; link = link->next) {
    uv_handle_t* handle = uv__container_of(link, uv_handle_t, handle.link);
    uv_async_t* async = (uv_async_t*) handle;

    if (handle->type != UV_ASYNC || !(uv__atomic_and(&async->sent, OWED) & OWED) ||
        uv__handle_is_closing(handle))
      continue;
    if (async->queue.prev == &async->queue)
      uv__queue_insert_tail(&loop->asyncs, &async->queue);
    uv__loop_wake(loop);
  }
}
