/* The signals of the simulated system: whoever raises one is not the loop, which hears of it later. */
#include "sim_internal.h"

#include <string.h>

enum {
  MOST_WATCHERS = 128,
  MOST_SIGNALS = 64
};

static struct watcher {
  struct uv__io* io; /* NULL: none */
  unsigned* caught;
  int signum;
  int owes; /* a ring */
} watchers[MOST_WATCHERS];

static struct watcher* watcher_of(const struct uv__io* io) {
  int i;

  for (i = 0; i < MOST_WATCHERS; i++)
    if (watchers[i].io == io)
      return &watchers[i];
  return NULL;
}

int uv__port_signal_start(struct uv__io* io, struct uv__queue* link, unsigned* caught, int signum) {
  struct watcher* watcher = watcher_of(NULL);

  (void) link;
  if (watcher_of(io) != NULL)
    sim_fail("a signal is watched for twice by one handle");
  if (watcher == NULL)
    sim_fail("the simulator has no room for another signal");
  if (signum < 1 || signum >= MOST_SIGNALS)
    return sim_refuse(io, UV_EINVAL);
  if (sim_chance(sim_trouble.control))
    return sim_refuse(io, UV_EINVAL);
  watcher->io = io;
  watcher->caught = caught;
  watcher->signum = signum;
  watcher->owes = 0;
  return 0;
}

unsigned uv__port_signal_take(struct uv__io* io, unsigned* caught) {
  const struct watcher* watcher = watcher_of(io);
  unsigned n = *caught;

  if (watcher == NULL || watcher->caught != caught)
    sim_fail("a signal is taken that nobody watches for");
  *caught = 0;
  return n;
}

void uv__port_signal_stop(struct uv__io* io, struct uv__queue* link, int signum) {
  struct watcher* watcher = watcher_of(io);

  (void) link;
  if (watcher == NULL || watcher->signum != signum)
    sim_fail("the end of a watch that never began");
  if (watcher->owes)
    sim_mark(MARK_SIGNAL_CROSSES_STOP);
  watcher->io = NULL;
}

void sim_raise(int signum) {
  int i;

  sim_trace("  signal %d", signum);
  for (i = 0; i < MOST_WATCHERS; i++)
    if (watchers[i].io != NULL && watchers[i].signum == signum) {
      (*watchers[i].caught)++;
      watchers[i].owes = 1;
    }
}

int sim_owes_signal(const struct uv__io* io) {
  const struct watcher* watcher = watcher_of(io);

  return watcher != NULL && watcher->owes;
}

unsigned sim_tick_signals(uv_loop_t* loop) {
  unsigned rings = 0;
  int i;

  for (i = 0; i < MOST_WATCHERS; i++) {
    struct watcher* watcher = &watchers[i];

    if (watcher->io == NULL || watcher->io->loop != loop || !watcher->owes ||
        sim_chance(sim_trouble.late))
      continue;
    watcher->owes = 0;
    rings++;
    uv__ring(watcher->io, UV__EVENT);
  }
  return rings;
}

void sim_signals_begin(void) {
  memset(watchers, 0, sizeof(watchers));
}

void sim_signals_end(void) {
  int i;

  for (i = 0; i < MOST_WATCHERS; i++)
    if (watchers[i].io != NULL)
      sim_fail("signal %d is still watched for", watchers[i].signum);
}
