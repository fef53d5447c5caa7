/* Connecting to a name (X1): which addresses are tried, when and in which order, what the request ends
 * with, and that of the others nothing is left. What the handle is meanwhile is like any other
 * connect. */
#include "core/dial/dial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

enum {
  MOST_PLACES = 6,
  MOST_DIALS = 256, /* in a run */
  DELAY_MS = 250,
  NOWHERE = 7900, /* a port of nobody */
  MOST_LATE = 2   /* waits of the loop after the limit */
};

struct place {
  int family;
  int port;
  int is_silent;
};

struct model_dial {
  uvs_connect_t req;
  struct model_handle* handle;
  int number;
  uint64_t deadline; /* UINT64_MAX: none */
  int late;
  int is_single; /* one after the other */
  int looks;     /* by a name; it has been answered, with this error */
  int answered;
  int answer;
  unsigned long asked_at;
  int cancelled;
  struct place places[MOST_PLACES];
  int place_count;
  struct {
    const struct uv__io* io;
    uint64_t at;
    int result; /* UV__PENDING: not known */
  } tries[MOST_PLACES];
  int tried;
  int failed_since; /* the last one began */
  int last_error;
  int winner; /* -1: none */
};

static int next_number;
static int may_linger[MODEL_LOOPS];
static unsigned char must_not_look[MOST_DIALS];

void model_dials_begin(void) {
  next_number = 0;
  memset(may_linger, 0, sizeof(may_linger));
  memset(must_not_look, 0, sizeof(must_not_look));
}

/* Connects that are over keep their loop going as long as a lookup runs for nobody, and attempts have to
 * close. Not for ever: that is seen when all is closed. */
int model_dials_linger(const uv_loop_t* loop) {
  int* may = &may_linger[loop - model.loops];

  *may = *may && uv_loop_alive(loop);
  return *may;
}

/* ---- Where it can go ---- */

/* The families take turns, beginning with the one of the first. */
static void arrange(struct model_dial* d) {
  struct place given[MOST_PLACES];
  int used[MOST_PLACES] = {0};
  int family;
  int i;
  int k;

  memcpy(given, d->places, sizeof(given));
  family = given[0].family;
  for (k = 0; k < d->place_count; k++) {
    for (i = 0; i < d->place_count && (used[i] || given[i].family != family); i++)
      continue;
    if (i == d->place_count) /* None left of this one. */
      for (i = 0; used[i]; i++)
        continue;
    used[i] = 1;
    d->places[k] = given[i];
    family = given[i].family == AF_INET ? AF_INET6 : AF_INET;
  }
}

static void add(struct model_dial* d, int family, int wanted, int port, int is_silent) {
  struct place* place = &d->places[d->place_count];

  if (wanted != AF_UNSPEC && wanted != family)
    return;
  place->family = family;
  place->port = port;
  place->is_silent = is_silent;
  d->place_count++;
}

static void write_address(const struct place* place, struct sockaddr_storage* to) {
  struct sockaddr_in* ip4 = (struct sockaddr_in*) to;
  struct sockaddr_in6* ip6 = (struct sockaddr_in6*) to;

  if (place->family == AF_INET6) {
    ip6->sin6_family = AF_INET6;
    ip6->sin6_port = htons((unsigned short) place->port);
    ip6->sin6_addr.s6_addr[15] = place->is_silent ? SIM_SILENT : 1;
  } else {
    ip4->sin_family = AF_INET;
    ip4->sin_port = htons((unsigned short) place->port);
    ip4->sin_addr.s_addr = htonl(0x7f000000 + (place->is_silent ? SIM_SILENT : 1));
  }
}

static struct model_dial* dial_of(int number) {
  int i;

  for (i = 0; i < model.count; i++)
    if (model.handles[i].dial != NULL && model.handles[i].dial->number == number)
      return model.handles[i].dial;
  return NULL;
}

/* On a thread of the pool. The request may be over. */
int model_dial_look_up(int number, int family, struct sockaddr_storage* to, int most) {
  struct model_dial* d = dial_of(number);
  int i;

  if (must_not_look[number])
    sim_fail("X1: a lookup begins that waited when its connect was taken back");
  if (d == NULL)
    return UV_EAI_NONAME;
  d->answered = 1;
  d->answer = sim_chance(10) ? UV_EAI_NONAME : 0;
  if (d->answer < 0)
    return d->answer;
  for (i = (int) sim_below((unsigned) most + 1); i > 0; i--)
    add(d, sim_chance(50) ? AF_INET : AF_INET6, family,
        sim_chance(60) ? 7000 + (int) sim_below(3) : NOWHERE, sim_chance(25));
  for (i = 0; i < d->place_count; i++)
    write_address(&d->places[i], &to[i]);
  if (d->place_count == 0)
    d->answer = UV_EAI_NODATA;
  else
    arrange(d);
  return i;
}

/* ---- The attempts ---- */

int model_dial_is_one(const struct uv__io* io) {
  return io != NULL && io->role == UV__ROLE_INNER;
}

static struct uv__attempt* attempt_of(const struct uv__io* io) {
  struct uv__inner* inner = uv__container_of(io, struct uv__inner, io);

  return uv__container_of(inner, struct uv__attempt, inner);
}

static struct model_dial* dial_of_io(const struct uv__io* io) {
  struct model_handle* h = model_handle_of(attempt_of(io)->race->stream);

  if (h->dial == NULL)
    sim_fail("X1: an attempt of handle %d, which does not connect", h->number);
  return h->dial;
}

static void settle(struct model_dial* d, int at, int result) {
  d->tries[at].result = result;
  if (result == 0) {
    d->winner = at;
    sim_mark(at > 0 ? MARK_DIAL_LATER_WINS : MARK_DIAL_FIRST_WINS);
    return;
  }
  d->failed_since = 1;
  d->last_error = result;
}

static void check_place(const struct model_dial* d, const struct uv__io* io) {
  const union uv__address* address = &attempt_of(io)->address;
  const struct place* place = &d->places[d->tried];
  struct sockaddr_storage want;

  if (d->tried == d->place_count)
    sim_fail("X1: handle %d tries more addresses than there are", d->handle->number);
  memset(&want, 0, sizeof(want));
  write_address(place, &want);
  if (memcmp(address, &want,
             place->family == AF_INET ? sizeof(address->ip4) : sizeof(address->ip6)) != 0)
    sim_fail("X1: attempt %d of handle %d goes to another address", d->tried, d->handle->number);
}

void model_dial_opened(const struct uv__io* io, int result) {
  struct model_dial* d = dial_of_io(io);
  uint64_t now = uv_now(d->handle->loop);

  if (d->winner >= 0 || d->cancelled || d->handle->closing || d->handle->state == STATE_DROPPED)
    sim_fail("X1: handle %d tries again, and it is decided", d->handle->number);
  check_place(d, io);
  if (d->tried > 0 && !d->failed_since &&
      (d->is_single || now < d->tries[d->tried - 1].at + DELAY_MS))
    sim_fail("X1: attempt %d of handle %d comes too early", d->tried, d->handle->number);
  d->tries[d->tried].io = io;
  d->tries[d->tried].at = now;
  d->tries[d->tried].result = UV__PENDING;
  d->failed_since = 0;
  d->late = 0;
  d->tried++;
  if (result < 0)
    settle(d, d->tried - 1, result);
}

void model_dial_refused(const struct uv__io* io, int err) {
  struct model_dial* d = dial_of_io(io);

  settle(d, d->tried - 1, err);
}

void model_dialed(struct uv__io* io, int result) {
  struct model_dial* d = dial_of_io(io);
  int i = 0;

  while (i < d->tried && d->tries[i].io != io)
    i++;
  if (i == d->tried || d->tries[i].result != UV__PENDING || d->winner >= 0)
    sim_fail("X1: handle %d collects an attempt that is over", d->handle->number);
  settle(d, i, result);
}

/* ---- The end ---- */

static int all_failed(const struct model_dial* d) {
  int i;

  for (i = 0; i < d->tried; i++)
    if (d->tries[i].result == UV__PENDING || d->tries[i].result == 0)
      return 0;
  return d->tried == d->place_count && d->place_count > 0;
}

/* Whether it can have been decided already, as far as is seen from here. */
static int is_decided(const struct model_dial* d) {
  return d->handle->bind_error != 0 || d->handle->state == STATE_DROPPED || d->cancelled ||
         d->winner >= 0 || all_failed(d) || (d->answered && d->answer < 0) ||
         uv_now(d->handle->loop) >= d->deadline;
}

static void check_status(const struct model_dial* d, int status) {
  const struct model_handle* h = d->handle;
  int good;

  if (h->closing && status == UV_ECANCELED)
    return;
  if (h->state == STATE_DROPPED)
    good = status == UV_ETIMEDOUT; /* By a limit of the stream's (X2). */
  else if (d->cancelled)
    good = status == UV_ECANCELED;
  else if (h->bind_error != 0)
    good = status == h->bind_error;
  else if (d->winner >= 0)
    good = status == 0 || (status == UV_ENOMEM && sim_trouble.open_error > 0); /* As it moves. */
  else if (d->answered && d->answer < 0 && status == d->answer)
    good = 1;
  else if (all_failed(d) && status == d->last_error)
    good = 1;
  else
    good = status == UV_ETIMEDOUT && uv_now(h->loop) >= d->deadline;
  if (!good)
    sim_fail("X1: handle %d connects to a name with %d for no reason", h->number, status);
}

/* What the program can ask in the callback, and that the others are gone. */
static void check_tries(const struct model_dial* d, int status) {
  int moved = status == 0 ? d->winner : -1;
  int said;
  int i;

  if (uvs_connect_attempts(&d->req) != (unsigned) d->tried)
    sim_fail("X1: handle %d tells of %u attempts, not %d", d->handle->number,
             uvs_connect_attempts(&d->req), d->tried);
  for (i = 0; i < d->tried; i++) {
    int result = d->tries[i].result;

    if (i != moved && sim_fd(d->tries[i].io) >= 0)
      sim_fail("X1: attempt %d of handle %d still has its socket", i, d->handle->number);
    if (uvs_connect_attempt(&d->req, (unsigned) i, NULL, &said) != 0)
      sim_fail("X1: attempt %d cannot be asked", i);
    if (result == UV__PENDING ? said != UV_ECANCELED && said != UV_ETIMEDOUT
                              : said != result && (result != 0 || status == 0))
      sim_fail("X1: attempt %d of handle %d ended with %d, and says %d", i, d->handle->number,
               result, said);
  }
}

static void mark_end(const struct model_dial* d, int status) {
  if (status == UV_ETIMEDOUT && !all_failed(d) && d->handle->state != STATE_DROPPED)
    sim_mark(d->tried > 0 ? MARK_DIAL_LIMIT : MARK_DIAL_LIMIT_LOOKUP);
  if (all_failed(d) && d->tried > 1)
    sim_mark(MARK_DIAL_ALL_FAIL);
}

static void on_end(uvs_connect_t* req, int status) {
  struct model_dial* d = req->data;
  struct model_handle* h = model_enter_connect(req->handle);
  int had_race = h->bind_error == 0 && h->state != STATE_DROPPED;

  sim_trace("  status %d, by name", status);
  if (h->dial != d || h->connect != &req->connect)
    sim_fail("L2: handle %d ends a connect that it has not", h->number);
  if (req->type != UV_CONNECT || req->handle != &h->uv->tcp)
    sim_fail("a connect to a name lost its public fields");
  check_status(d, status);
  check_tries(d, status);
  mark_end(d, status);
  h->dial = NULL;
  may_linger[h->loop - model.loops] |= d->looks || d->tried > 0;
  model_end_connect(h, status);
  if (!h->closing && status == 0)
    model_meet_peer(h, sim_fd(&h->uv->stream.stream.io));
  if (!h->closing && status < 0 && had_race)
    h->state = STATE_FRESH;
  model.progress++;
  memset(d, 0xdb, sizeof(*d));
  free(d);
  program_in_callback(h);
}

/* The limit, and the time of the next attempt, are kept. */
void model_dial_waits(struct model_handle* h) {
  struct model_dial* d = h->dial;
  uint64_t now = uv_now(h->loop);
  int is_due;

  if (d == NULL || h->closing || h->state == STATE_DROPPED || d->cancelled || d->winner >= 0)
    return;
  is_due = now >= d->deadline;
  if (d->tried > 0 && d->tried < d->place_count)
    is_due |= d->failed_since || (!d->is_single && now >= d->tries[d->tried - 1].at + DELAY_MS);
  if (is_due && ++d->late > MOST_LATE)
    sim_fail("X1: what handle %d is to do next is late", h->number);
}

/* ---- The calls ---- */

/* What is asked for, into `node`, or NULL. What the answer must be where nothing else stands in the way. */
static int choose(struct model_dial* d, int family, int port, char* node, size_t size) {
  int kind = (int) sim_below(10);

  d->looks = kind < 6;
  if (d->looks) {
    snprintf(node, size, "d%d", d->number);
  } else if (kind < 8) {
    snprintf(node, size, "LocalHost%s", sim_chance(50) ? "." : "");
    add(d, AF_INET6, family, port, 0);
    add(d, AF_INET, family, port, 0);
  } else {
    int is_silent = sim_chance(30);
    int is_ip6 = sim_chance(40);

    snprintf(node, size, is_ip6 ? "::%x" : "127.0.0.%u", is_silent ? (unsigned) SIM_SILENT : 1u);
    add(d, is_ip6 ? AF_INET6 : AF_INET, family, port, is_silent);
  }
  return d->looks || d->place_count > 0 ? 0 : UV_EAI_ADDRFAMILY;
}

static struct model_dial* make(struct model_handle* h) {
  struct model_dial* d = model_memory(sizeof(*d));

  memset(d, 0, sizeof(*d));
  memset(&d->req, 0xa7, sizeof(d->req));
  d->req.data = d;
  d->handle = h;
  d->number = next_number++;
  d->winner = -1;
  d->deadline = UINT64_MAX;
  d->asked_at = sim_others_ran();
  return d;
}

void model_dial(struct model_handle* h, int port) {
  uint64_t limit = sim_chance(50) ? 0 : 1 + sim_below(sim_chance(50) ? 20 : 2000);
  int family = h->state == STATE_OPEN ? AF_INET : AF_UNSPEC;
  int want = model_connect_answer(h);
  struct model_dial* former = h->dial;
  struct model_dial* d;
  char service[16];
  char node[32];
  int no_memory;
  int r;

  if (next_number == MOST_DIALS)
    return;
  if (want == 0 && h->uv->stream.stream.passing > 0) {
    sim_mark(MARK_DIAL_PASSING);
    want = UV_EBUSY;
  }
  d = make(h);
  d->is_single = h->state == STATE_OPEN && (h->uv->tcp.flags & UV__TCP_PORT) != 0;
  r = choose(d, family, port, node, sizeof(node));
  if (want == 0 && h->bind_error == 0)
    want = r;
  no_memory = want == 0 && h->bind_error == 0 && sim_chance(3);
  snprintf(service, sizeof(service), "%d", port);
  if (want == 0)
    h->dial = d; /* The first attempts begin within the call. */
  if (limit > 0)
    d->deadline = uv_now(h->loop) + limit;
  model_enter_call();
  sim_alloc_fail = no_memory;
  r = uvs_connect(&d->req, &h->uv->tcp, node, service, limit, on_end);
  sim_alloc_fail = 0;
  if (no_memory)
    want = UV_ENOMEM;
  if (want == 0 && r == UV_EAGAIN && d->looks)
    want = model_port_error(); /* There is no thread to ask with. */
  model_check(h, "connect to a name", r, want);
  if (r == 0) {
    h->state = STATE_CONNECTING;
    h->read_fails = 0;
    model_ask_anew(h);
    h->connect = &d->req.connect;
    model_limit_begin(h, UVS_DEADLINE_CONNECT);
  } else {
    h->dial = former;
    free(d);
  }
  model_leave_call(h);
}

void model_dial_cancel(struct model_handle* h) {
  struct model_dial* d = h->dial;
  int r;

  if (d == NULL)
    return;
  model_enter_call();
  r = uvs_connect_cancel(&d->req);
  sim_trace("cancel of the connect of handle %d: %d", h->number, r);
  if (r == 0 ? d->cancelled || h->closing : r != UV_EBUSY || (!is_decided(d) && !h->closing))
    sim_fail("X1: cancel of the connect of handle %d is %d", h->number, r);
  if (r == 0) {
    sim_mark(d->tried > 0 ? MARK_DIAL_CANCEL : MARK_DIAL_CANCEL_LOOKUP);
    d->cancelled = 1;
    if (d->looks && !d->answered && sim_others_ran() == d->asked_at)
      must_not_look[d->number] = 1;
  }
  model_leave_call(h);
}
