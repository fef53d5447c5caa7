/* The workers: how many there are, who is replaced by whom, and what becomes of them at the end. */
#include <stdlib.h>
#include <string.h>

#include "../relay/report.h"
#include "master.h"

#define MOST_USELESS 5 /* workers that die at once, before it is given up */
#define MOST_HANDED 3  /* workers that one request may cost */

/* ---- As many as there are to be ---------------------------------------------------------- */

/* Who only waits to replace another one does not count. */
static unsigned long count(const struct master* master, int only_ready) {
  const struct worker* worker = master->workers;
  unsigned long found = 0;
  for (; worker != NULL; worker = worker->next)
    found += worker->open && !worker->retiring && worker->replaces == NULL &&
             (worker->ready || !only_ready);
  return found;
}

unsigned long crew_ready(const struct master* master) {
  return count(master, 1);
}

void crew_start(struct master* master) {
  unsigned long open = count(master, 0);
  int err = 0;
  if (master->draining && master->waiting.count + master->reading.count == 0)
    return;
  for (; err == 0 && open < master->options->workers; open++)
    err = master->useless < MOST_USELESS ? worker_start(master, NULL) : UV_ECONNABORTED;
  if (err < 0 && count(master, 0) == 0)
    master_give_up(master, err);
}

/* ---- Replacing them ---------------------------------------------------------------------- */

/* One that was to replace another one is ready, or will never be. */
static void end_replacing(struct master* master) {
  if (--master->replacing > 0 || master->draining)
    return;
  if (master->renew_again)
    crew_renew(master);
  else
    service_tell(master->paused ? STANDING_PAUSED : STANDING_RUNNING);
}

/* The old one answers what it has, those that wait for GET /go at once: it would reach a new one. */
static void retire(struct worker* worker) {
  worker->retiring = 1;
  if (worker->hands.count == 0)
    worker_dismiss(worker);
  else
    worker_tell_the_end(worker);
}

/* The new ones come before the old ones in the list, so that the walk meets only those. */
void crew_renew(struct master* master) {
  struct worker* worker = master->workers;
  int err = 0;
  if (master->draining)
    return;
  master->renew_again = master->replacing > 0;
  if (master->renew_again)
    return;
  service_tell(STANDING_RELOADING);
  master->replacing++;
  for (; err == 0 && worker != NULL; worker = worker->next) {
    if (!worker->open || worker->retiring)
      continue;
    err = worker_start(master, worker);
    if (err < 0)
      report_error(err, "cannot replace worker %lu", worker->number);
    else
      master->replacing++;
  }
  end_replacing(master);
}

void crew_is_ready(struct master* master, struct worker* worker) {
  struct worker* old = worker->replaces;
  worker->replaces = NULL;
  if (old != NULL) {
    if (old->open)
      retire(old);
    end_replacing(master);
  }
  crew_dispatch(master);
  if (crew_ready(master) >= master->options->workers)
    master->on_crew_ready(master);
}

/* ---- What becomes of one ----------------------------------------------------------------- */

void crew_has_served(struct master* master, struct worker* worker) {
  master->served++;
  if (worker->retiring && worker->open && worker->hands.count == 0)
    worker_dismiss(worker);
  if (master->served == master->options->max)
    master_stop(master);
  master_finish_if_drained(master);
}

/* What it had in its hands waits for another one, unless that has cost too many already. */
static void give_back(struct master* master, struct worker* worker) {
  struct guest* guest;
  while ((guest = worker->hands.first) != NULL) {
    guests_detach(guest);
    guests_append(&master->waiting, guest);
    if (++guest->handed == MOST_HANDED)
      guest_refuse(master, guest, "503 Service Unavailable");
    else
      master->handed_again++;
  }
}

/* Whoever was to replace it takes its place now, ready or not. */
static void forget(struct master* master, struct worker* worker) {
  struct worker* other = master->workers;
  for (; other != NULL; other = other->next)
    if (other->replaces == worker) {
      other->replaces = NULL;
      end_replacing(master);
    }
}

void crew_has_lost(struct master* master, struct worker* worker) {
  int was_replacing = worker->replaces != NULL;
  if (master->drained)
    return;
  report(REPORT_NORMAL, "worker %lu is gone after %lu answers; %lu connections go to others",
         worker->number, worker->served, worker->hands.count);
  if (was_replacing)
    report_error(0, "worker %lu goes on: the one that was to replace it was never ready",
                 worker->replaces->number);
  else if (worker->served > 0 || worker->killed || worker->retiring)
    master->useless = 0;
  else
    master->useless++;
  worker->replaces = NULL;
  give_back(master, worker);
  if (was_replacing)
    end_replacing(master);
  forget(master, worker);
  crew_start(master);
  crew_dispatch(master);
  master_finish_if_drained(master);
}

/* ---- What others want to know, and do ---------------------------------------------------- */

void crew_describe(const struct master* master, char* text, size_t size) {
  const struct worker* worker = master->workers;
  int somebody_waits = master->at_the_door[0] || master->at_the_door[1] || master->at_the_pipe;
  size_t used = (size_t) snprintf(
      text, size, "%lu connections, %lu answers, %lu handed over again, %lu refused%s\n",
      master->connections, master->served, master->handed_again, master->refused,
      !master->paused  ? ""
      : somebody_waits ? ", paused, and somebody waits"
                       : ", paused");
  for (; worker != NULL && used < size; worker = worker->next)
    used += (size_t) snprintf(
        text + used, size - used, "worker %lu (process %d): %lu answers, %lu in hand%s\n",
        worker->number, worker->process.pid, worker->served, worker->hands.count,
        worker->killed             ? ", was killed"
        : worker->open             ? (worker->retiring ? ", is replaced" : "")
        : worker->hands.count == 0 ? ", has ended"
                                   : ", is ending");
}

int crew_is_busy(const struct master* master) {
  const struct worker* worker = master->workers;
  while (worker != NULL && worker->hands.count == 0)
    worker = worker->next;
  return worker != NULL;
}

struct worker* crew_busiest(struct master* master) {
  struct worker* best = NULL;
  struct worker* worker = master->workers;
  for (; worker != NULL; worker = worker->next)
    if (worker->open && !worker->killed &&
        (best == NULL || worker->hands.count > best->hands.count))
      best = worker;
  return best;
}

/* ---- The end ----------------------------------------------------------------------------- */

void crew_tell_the_end(struct master* master) {
  struct worker* worker = master->workers;
  for (; worker != NULL; worker = worker->next)
    if (worker->open)
      worker_tell_the_end(worker);
}

void crew_dismiss(struct master* master) {
  struct worker* worker = master->workers;
  for (; worker != NULL; worker = worker->next)
    if (worker->open)
      worker_dismiss(worker);
}

void crew_free(struct master* master) {
  while (master->workers != NULL) {
    struct worker* worker = master->workers;
    master->workers = worker->next;
    free(worker);
  }
}
