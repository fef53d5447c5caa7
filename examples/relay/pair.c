/* Joins two endpoints and takes them apart again.
 *
 * An end is passed on as what it was: the end of a stream as a shutdown (the pumps do that, and
 * the other direction goes on), a failure as a reset, so that no one takes half a file for
 * a whole one. */
#include "pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

#define LATE_MS 2000

/* What a person types for the end of standard input, or to go. */
#ifdef _WIN32
#  define END_KEY "Ctrl-C"
#else
#  define END_KEY "Ctrl-D"
#endif

static void complain(const struct pair* pair, int err, const char* what, const char* name) {
  if (pair->number == 0)
    report_error(err, "cannot %s %s", what, name);
  else
    report_error(err, "connection %lu: cannot %s %s", pair->number, what, name);
}

/* ---- The end ----------------------------------------------------------------------------- */

static void count_closed(struct pair* pair) {
  if (--pair->open_handles > 0)
    return;
  pump_release(&pair->pumps[0]);
  pump_release(&pair->pumps[1]);
  pair->ended(pair);
}

/* A stream's data is the pump that reads it. */
static void on_stream_closed(uv_handle_t* handle) {
  struct pump* pump = handle->data;
  struct pair* pair = pump->owner;
  int index = pump == &pair->pumps[1];
  if (endpoint_failed(&pair->ends[index], &pair->sides[index].stream))
    pair->failed = 1;
  count_closed(pair);
}

static void on_timer_closed(uv_handle_t* handle) {
  count_closed(handle->data);
}

/* `close`: endpoint_close, or one of its kin. */
static void end_by(struct pair* pair,
                   int failed,
                   void (*close)(const struct endpoint*, union any_stream*, uv_close_cb)) {
  int i;
  if (pair->ending)
    return;
  pair->ending = 1;
  pair->failed = failed;
  for (i = 0; i < 2; i++)
    pump_stop(&pair->pumps[i]);
  for (i = 0; i < 2; i++)
    if (pair->sides[i].state != SIDE_ABSENT)
      close(&pair->ends[i], &pair->sides[i].stream, on_stream_closed);
  uv_close((uv_handle_t*) &pair->timer, on_timer_closed);
}

static void end(struct pair* pair, int failed) {
  end_by(pair, failed, failed ? endpoint_abort : endpoint_close);
}

void pair_fail(struct pair* pair) {
  end(pair, 1);
}

static uint64_t later_of(uint64_t a, uint64_t b) {
  return a > b ? a : b;
}

/* Says which of the things a pair waits for did not come. */
static void complain_of_silence(const struct pair* pair, uint64_t quiet_ms) {
  char what[48];
  char names[2 * ENDPOINT_NAME + 8];
  int i;
  for (i = 0; i < 2; i++)
    if (endpoint_listens(&pair->ends[i]) && pair->sides[i].state == SIDE_ABSENT) {
      complain(pair, UV_ETIMEDOUT, "get a client for", pair->sides[i].name);
      return;
    }
  for (i = 0; i < 2; i++)
    if (pair->sides[i].state == SIDE_DIALING) {
      complain(pair, UV_ETIMEDOUT, "connect to", pair->sides[i].name);
      return;
    }
  snprintf(what, sizeof(what), "go on after %.1f s of silence between", (double) quiet_ms / 1000);
  snprintf(names, sizeof(names), "%s and %s", pair->sides[0].name, pair->sides[1].name);
  complain(pair, UV_ETIMEDOUT, what, names);
}

/* The timer is not restarted for every piece that moves; when it runs out it looks how long
 * ago the last one was, and waits for the rest. */
static void on_timer(uv_timer_t* timer) {
  struct pair* pair = timer->data;
  uint64_t last =
      later_of(pair->quiet_ms, later_of(pair->pumps[0].active_ms, pair->pumps[1].active_ms));
  uint64_t quiet_ms = uv_now(pair->loop) - last;

  if (quiet_ms < pair->timeout_ms) {
    uv_timer_start(timer, on_timer, pair->timeout_ms - quiet_ms, 0);
    return;
  }
  complain_of_silence(pair, quiet_ms);
  end(pair, 1);
}

/* ---- The end of one way only ----------------------------------------------------------------- */

/* Bytes go from side `from` to the other one. */
static int flows(const struct pair* pair, int from) {
  return pair->ends[from].gives && pair->ends[!from].takes && (from == 0 || !pair->one_way);
}

/* Nobody wants what comes from side `from`. */
static int is_dropped(const struct pair* pair, int from) {
  return pair->ends[from].gives && !flows(pair, from);
}

static void on_late(uv_timer_t* timer) {
  end(timer->data, 0);
}

/* All has been passed on, and the other side has been told so. Its end says that it has got it; whoever
 * keeps his side open has got it as well, and is not waited for long. */
static void pass_over(struct pair* pair, int from) {
  if (!is_dropped(pair, !from))
    end(pair, 0);
  else
    uv_timer_start(&pair->timer, on_late, LATE_MS, 0);
}

/* ---- Moving ------------------------------------------------------------------------------ */

static void on_pump_done(struct pump* pump, int status, const char* what) {
  struct pair* pair = pump->owner;
  int from = pump == &pair->pumps[1];

  if (status < 0) {
    int reading = strcmp(what, "read from") == 0;
    complain(pair, status, what, pair->sides[reading ? from : !from].name);
    end(pair, 1);
    return;
  }
  if (pair->number == 0)
    report(REPORT_VERBOSE, "%s ended its side", pair->sides[from].name);
  if (pump->left)
    end_by(pair, 0, endpoint_leave);
  else if (pair->pumps[!from].phase == PUMP_DONE || endpoint_ends_at_once(&pair->ends[from]))
    end(pair, 0);
  else if (is_dropped(pair, from))
    return; /* what it got is what counts */
  else if (!flows(pair, !from))
    pass_over(pair, from);
  else if (pair->number == 0 && endpoint_is_typed(&pair->ends[!from], &pair->sides[!from].stream))
    report(REPORT_NORMAL, "%s has ended; " END_KEY " ends this side", pair->sides[from].name);
}

/* Each direction that there is. */
static int start_pump(struct pair* pair, int from) {
  struct pump* pump = &pair->pumps[from];
  uv_stream_t* stream = &pair->sides[from].stream.stream;
  int err;

  if (is_dropped(pair, from))
    return pump_drop(pump, stream, on_pump_done);
  if (!flows(pair, from))
    return 0;
  err = pump_start(pump, stream, endpoint_out(&pair->ends[!from], &pair->sides[!from].stream),
                   on_pump_done);
  pump->escape = endpoint_escape(&pair->ends[from]);
  pump->last = endpoint_last_words(&pair->ends[!from]);
  return err;
}

/* A program that nothing goes to would wait for ever for the end of it. */
static void end_input(struct pair* pair, int to) {
  uv_stream_t* out = endpoint_out(&pair->ends[to], &pair->sides[to].stream);
  if (endpoint_is_program(&pair->ends[to]) && !flows(pair, !to))
    (void) uv_shutdown(&pair->pumps[!to].shutdown, out, NULL); /* fails for one that has gone */
}

static void join(struct pair* pair) {
  int i;
  if (pair->number != 0)
    report(REPORT_VERBOSE, "connection %lu: %s <-> %s", pair->number, pair->sides[0].name,
           pair->sides[1].name);
  else
    report(REPORT_VERBOSE, "joined %s and %s", pair->sides[0].name, pair->sides[1].name);
  pair->joined_ns = uv_hrtime();
  pair->quiet_ms = uv_now(pair->loop);
  for (i = 0; i < 2; i++)
    end_input(pair, i);
  for (i = 0; i < 2; i++) {
    int err = start_pump(pair, i);
    if (err < 0) {
      complain(pair, err, "read from", pair->sides[i].name);
      end(pair, 1);
      return;
    }
  }
}

static void on_connect(uv_connect_t* req, int status) {
  struct pair* pair = req->data;
  int index = req == &pair->sides[1].connect;
  struct side* side = &pair->sides[index];

  if (pair->ending)
    return; /* UV_ECANCELED, from the close */
  if (status < 0) {
    complain(pair, status, "connect to", side->name);
    end(pair, 1);
    return;
  }
  side->state = SIDE_OPEN;
  pair_proceed(pair);
}

static void dial(struct pair* pair, int index) {
  struct side* side = &pair->sides[index];
  int err;
  side->state = SIDE_DIALING;
  side->connect.data = pair;
  pair->open_handles++;
  err = endpoint_dial(&pair->ends[index], pair->loop, &side->stream, &side->connect, on_connect);
  side->stream.handle.data = &pair->pumps[index];
  if (err < 0) {
    complain(pair, err, "connect to", side->name);
    end(pair, 1);
  }
}

void pair_proceed(struct pair* pair) {
  int i;
  for (i = 0; i < 2; i++)
    if (endpoint_listens(&pair->ends[i]) && pair->sides[i].state != SIDE_OPEN)
      return; /* no reason yet to bother the other one */
  for (i = 0; i < 2 && !pair->ending; i++)
    if (pair->sides[i].state == SIDE_ABSENT)
      dial(pair, i);
  if (!pair->ending && pair->sides[0].state == SIDE_OPEN && pair->sides[1].state == SIDE_OPEN)
    join(pair);
}

void pair_accept(struct pair* pair, int index, union any_stream* server) {
  struct side* side = &pair->sides[index];
  int err;
  pair->open_handles++;
  err = endpoint_accept(&pair->ends[index], server, &side->stream);
  side->stream.handle.data = &pair->pumps[index];
  side->state = SIDE_OPEN;
  pair->quiet_ms = uv_now(pair->loop);
  if (err < 0) {
    complain(pair, err, "accept from", side->name);
    end(pair, 1);
    return;
  }
  endpoint_peer_name(&pair->ends[index], &side->stream, side->name, sizeof(side->name));
  pair_proceed(pair);
}

/* ---- Making, reporting ------------------------------------------------------------------- */

struct pair* pair_new(uv_loop_t* loop,
                      const struct endpoint* ends,
                      int one_way,
                      unsigned long number,
                      uint64_t timeout_ms,
                      void (*ended)(struct pair* pair),
                      void* owner) {
  struct pair* pair = calloc(1, sizeof(*pair));
  int i;
  if (pair == NULL)
    return NULL;
  pair->owner = owner;
  pair->loop = loop;
  pair->ends = ends;
  pair->one_way = one_way;
  pair->number = number;
  pair->timeout_ms = timeout_ms;
  pair->ended = ended;
  pair->quiet_ms = uv_now(loop);
  for (i = 0; i < 2; i++) {
    pair->pumps[i].owner = pair;
    snprintf(pair->sides[i].name, sizeof(pair->sides[i].name), "%s", ends[i].text);
  }
  uv_timer_init(loop, &pair->timer); /* cannot fail */
  pair->timer.data = pair;
  pair->open_handles = 1;
  if (timeout_ms > 0)
    uv_timer_start(&pair->timer, on_timer, timeout_ms, 0);
  return pair;
}

int64_t pair_size(const struct pair* pair) {
  return pair->sides[0].state == SIDE_OPEN ? endpoint_size(&pair->ends[0], &pair->sides[0].stream)
                                           : -1;
}

void pair_report(const struct pair* pair) {
  uint64_t elapsed_ns = pair->joined_ns == 0 ? 0 : uv_hrtime() - pair->joined_ns;
  int i;
  if (pair->joined_ns == 0)
    return;
  for (i = 0; i < 2; i++) {
    if (!flows(pair, i))
      continue;
    report_moved(pair->sides[i].name, pair->sides[!i].name, pair->pumps[i].bytes, elapsed_ns);
    if (pair->pumps[i].pauses > 0)
      report(REPORT_VERBOSE, "%s was the slower one: waited for it %u times", pair->sides[!i].name,
             pair->pumps[i].pauses);
  }
}

void pair_free(struct pair* pair) {
  free(pair);
}
