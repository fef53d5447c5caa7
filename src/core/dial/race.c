/* The attempts to reach one of several addresses, as RFC 8305 has them, and what is left of them when
 * it is decided. What the handle is meanwhile, and the program's request, are dial.c's. */
#include <assert.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/dial/dial.h"
#include "core/loop/threadpool.h"

enum {
  DELAY_MS = 250 /* the "Connection Attempt Delay" that RFC 8305 recommends */
};

/* ---- Life ---- */

/* The timer is not the program's to see, in uv_walk for one: so it is in no list and has no close. */
struct uv__race* uv__race_make(uv_stream_t* stream) {
  struct uv__race* race = uv__calloc(1, sizeof(*race));

  if (race == NULL)
    return NULL;
  race->stream = stream;
  race->refs = 1;
  race->status = UV__PENDING;
  race->local.any.sa_family = AF_UNSPEC;
  race->deadline = UINT64_MAX;
  (void) uv_timer_init(stream->loop, &race->timer);
  uv_unref((uv_handle_t*) &race->timer);
  uv__handle_leave((uv_handle_t*) &race->timer);
  return race;
}

void uv__race_release(struct uv__race* race) {
  assert(race->refs > 0);
  if (--race->refs > 0)
    return;
  uv__free(race->attempts);
  uv__free(race);
}

/* ---- One attempt ---- */

/* Its socket goes now. What the kernel still has of it comes back by a ring. */
static void leave(struct uv__attempt* attempt) {
  struct uv__io* io = &attempt->inner.io;
  int r;

  io->busy |= UV__CLOSED;
  r = io->ops->close(io);
  uv__trace(io, UV__TRACE_START, UV__CLOSED, r);
  if (r == UV__PENDING) {
    attempt->race->refs++;
    uv__loop_hold(io->loop);
    return;
  }
  io->busy = 0;
  uv__queue_remove(&io->link);
  io->waiting = UV__WAITS_NOT;
}

static void fail(struct uv__attempt* attempt, int error) {
  attempt->status = error;
  attempt->race->error = error;
  leave(attempt);
}

static void left(struct uv__attempt* attempt) {
  uv__loop_release(attempt->inner.io.loop);
  uv__race_release(attempt->race);
}

static void prepare(struct uv__attempt* attempt,
                    struct uv__race* race,
                    void (*turn)(struct uv__inner* inner, unsigned rung)) {
  struct uv__io* io = &attempt->inner.io;

  attempt->race = race;
  attempt->inner.turn = turn;
  io->ops = &uv__tcp_ops;
  io->loop = race->stream->loop;
  io->role = UV__ROLE_INNER;
  uv__queue_init(&io->link);
  io->ops->init(io);
}

static int begin(struct uv__attempt* attempt) {
  static const struct uv__desc none;
  const union uv__address* local = &attempt->race->local;
  struct uv__io* io = &attempt->inner.io;
  unsigned opened;
  int r = io->ops->open(io, attempt->address.any.sa_family, &none, &opened);

  if (r == 0 && local->any.sa_family != AF_UNSPEC)
    r = io->ops->bind(io, local, 0);
  if (r == 0)
    r = io->ops->connect(io, &attempt->address);
  uv__trace(io, UV__TRACE_START, UV__CONNECT, r);
  return r;
}

/* ---- The decision ---- */

static void win(struct uv__attempt* attempt) {
  attempt->status = 0;
  attempt->race->winner = attempt;
  uv__race_decide(attempt->race, 0);
}

void uv__race_stop(struct uv__race* race, int status) {
  unsigned i;

  if (race->status == UV__PENDING) {
    race->status = status;
    (void) uv_timer_stop(&race->timer);
    for (i = 0; i < race->begun; i++) {
      struct uv__attempt* attempt = &race->attempts[i];

      if (attempt->status != UV__PENDING)
        continue;
      attempt->status = status == UV_ETIMEDOUT ? UV_ETIMEDOUT : UV_ECANCELED;
      leave(attempt);
    }
    if (race->is_looking) /* One that runs goes on, and finds nobody. */
      (void) uv__work_cancel(&race->lookup.work);
  } else if (race->winner != NULL && status < 0) { /* It was too fast for who ends it. */
    race->status = status;
    fail(race->winner, status);
    race->winner = NULL;
  }
}

void uv__race_decide(struct uv__race* race, int status) {
  assert(race->status == UV__PENDING);
  uv__race_stop(race, status);
  uv__ring(&race->stream->stream.io, UV__CONNECT);
}

int uv__race_hand_over(struct uv__race* race) {
  struct uv__attempt* winner = race->winner;
  struct uv__io* io = &race->stream->stream.io;
  int r = uv__port_beyond(io)->move(io, &winner->inner.io);

  race->winner = NULL;
  if (r < 0)
    fail(winner, r);
  return r;
}

/* ---- The order of things ---- */

static void proceed(struct uv__race* race);

static void take_turn(struct uv__inner* inner, unsigned rung) {
  struct uv__attempt* attempt = uv__container_of(inner, struct uv__attempt, inner);
  struct uv__race* race = attempt->race;
  int r;

  if (rung & UV__CLOSED) {
    left(attempt);
    return;
  }
  if (attempt->status != UV__PENDING || !(rung & UV__CONNECT))
    return; /* It came while the attempt was being ended. */
  r = (int) inner->io.ops->done(&inner->io, UV__CONNECT);
  uv__trace(&inner->io, UV__TRACE_COLLECT, UV__CONNECT, r);
  race->flying--;
  if (r == 0) {
    win(attempt);
  } else {
    fail(attempt, r);
    proceed(race);
  }
}

static void on_time(uv_timer_t* timer) {
  struct uv__race* race = uv__container_of(timer, struct uv__race, timer);

  if (timer->loop->time >= race->deadline)
    uv__race_decide(race, UV_ETIMEDOUT);
  else
    proceed(race);
}

/* For the next attempt, or the end of all. */
static void set_timer(struct uv__race* race) {
  uint64_t now = race->stream->loop->time;
  uint64_t next = race->deadline;

  if (race->begun < race->count && !race->is_single && next > now + DELAY_MS)
    next = now + DELAY_MS;
  if (next == UINT64_MAX)
    (void) uv_timer_stop(&race->timer);
  else
    (void) uv_timer_start(&race->timer, on_time, next > now ? next - now : 0, 0);
}

/* Begins the next attempt, and the one behind it where that fails at once. */
static void proceed(struct uv__race* race) {
  while (race->begun < race->count) {
    struct uv__attempt* attempt = &race->attempts[race->begun++];
    int r;

    attempt->status = UV__PENDING;
    r = begin(attempt);
    if (r == UV__PENDING) {
      attempt->inner.io.busy |= UV__CONNECT;
      race->flying++;
      break;
    }
    if (r == 0) {
      win(attempt);
      return;
    }
    fail(attempt, r);
  }
  if (race->flying == 0)
    uv__race_decide(race, race->error); /* Of all of them. */
  else
    set_timer(race);
}

void uv__race_begin(struct uv__race* race, uint64_t timeout_ms) {
  uint64_t now = race->stream->loop->time;

  if (timeout_ms > 0 && timeout_ms < UINT64_MAX - now)
    race->deadline = now + timeout_ms;
  if (race->count > 0)
    proceed(race);
  else
    set_timer(race);
}

/* ---- Addresses ---- */

static int make_attempts(struct uv__race* race, unsigned count) {
  unsigned i;

  race->attempts = uv__calloc(count, sizeof(*race->attempts));
  if (race->attempts == NULL)
    return UV_ENOMEM;
  race->count = count;
  for (i = 0; i < count; i++)
    prepare(&race->attempts[i], race, take_turn);
  return 0;
}

int uv__race_fill_known(struct uv__race* race, const struct uv__target* target) {
  unsigned i;
  int r = make_attempts(race, target->count);

  for (i = 0; i < race->count; i++)
    race->attempts[i].address = target->known[i];
  return r;
}

static int fill_found(struct uv__race* race, const struct addrinfo* found) {
  unsigned count = uv__target_count(found);
  union uv__address* order;
  unsigned i;
  int r;

  if (count == 0)
    return UV_EAI_NODATA;
  order = uv__calloc(count, sizeof(*order));
  r = order == NULL ? UV_ENOMEM : make_attempts(race, count);
  if (r == 0)
    uv__target_order(found, order);
  for (i = 0; i < race->count; i++)
    race->attempts[i].address = order[i];
  uv__free(order);
  return r;
}

static void on_found(uv_getaddrinfo_t* lookup, int status, struct addrinfo* found) {
  struct uv__race* race = uv__container_of(lookup, struct uv__race, lookup);

  race->is_looking = 0;
  if (race->status == UV__PENDING) {
    if (status == 0)
      status = fill_found(race, found);
    if (status == 0)
      proceed(race);
    else
      uv__race_decide(race, status);
  }
  uv_freeaddrinfo(found);
  uv__race_release(race);
}

int uv__race_look_up(struct uv__race* race, const struct uv__target* target) {
  int r = uv_getaddrinfo(race->stream->loop, &race->lookup, on_found, target->node, target->service,
                         &target->hints);

  if (r == 0) {
    race->is_looking = 1;
    race->refs++;
  }
  return r;
}

/* ---- The socket that the handle had ---- */

static void take_former_turn(struct uv__inner* inner, unsigned rung) {
  if (rung & UV__CLOSED)
    left(uv__container_of(inner, struct uv__attempt, inner));
}

void uv__race_take_former(struct uv__race* race) {
  struct uv__io* io = &race->stream->stream.io;

  prepare(&race->former, race, take_former_turn);
  if (uv__port_beyond(io)->move(&race->former.inner.io, io) < 0)
    (void) io->ops->close(io); /* Which is over at once where a move can fail. */
  leave(&race->former);
}
