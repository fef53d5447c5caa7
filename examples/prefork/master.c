/* The master: opens its doors and closes them, obeys orders, and comes to an end. */
#include "master.h"

#include <string.h>

#include "../relay/ready.h"
#include "../relay/report.h"
#include "door.h"

#define TICK_MS 500
#define GRACE_TICKS 4  /* for those that have come and not asked, at the end, */
#define LEAVE_TICKS 60 /* and when a successor serves all others */
#define MOST_TICKS 120 /* of patience that the service manager is asked for */

void master_pause(struct master* master) {
  if (master->draining || master->paused || upgrade_is_under_way())
    return;
  master->paused = 1;
  report(REPORT_NORMAL, "paused");
  service_tell(STANDING_PAUSED);
}

static void open_the_door(struct master* master) {
  int i;
  master->paused = 0;
  for (i = 0; i < LISTENER_STREAMS; i++) {
    if (master->at_the_door[i])
      guest_comes(&master->listener.streams[i].stream, 0);
    master->at_the_door[i] = 0;
  }
  if (master->at_the_pipe)
    guest_comes_by_pipe(master);
  master->at_the_pipe = 0;
}

void master_continue(struct master* master) {
  if (master->draining || !master->paused)
    return;
  open_the_door(master);
  report(REPORT_NORMAL, "goes on");
  service_tell(STANDING_RUNNING);
}

/* ---- The end ----------------------------------------------------------------------------- */

void master_give_up(struct master* master, int err) {
  report_error(err, "cannot start workers with %s", master->options->program);
  master->failed = 1;
  master_stop(master);
  guests_let_go(&master->reading);
  while (master->waiting.first != NULL)
    guest_refuse(master, master->waiting.first, "503 Service Unavailable");
}

void master_finish_if_drained(struct master* master) {
  if (!master->draining || master->drained || master->waiting.count > 0 ||
      master->reading.count > 0 || crew_is_busy(master))
    return;
  master->drained = 1;
  control_end(master);
  service_deafen();
  uv_close((uv_handle_t*) &master->patience, NULL);
  crew_dismiss(master);
}

/* Whoever came and still has not asked for anything is waited for no longer. */
static void on_tick(uv_timer_t* timer) {
  struct master* master = timer->loop->data;
  if (++master->ticks >= master->grace)
    guests_let_go(&master->reading);
  if (master->ticks <= MOST_TICKS) /* then it may lose its own patience */
    service_tell(STANDING_STOPPING);
  master_finish_if_drained(master);
}

static void drain(struct master* master, unsigned grace) {
  master->draining = 1;
  master->grace = grace;
  service_tell(STANDING_STOPPING);
  listener_close(&master->listener);
  door_close(master->succeeded);
  uv_timer_start(&master->patience, on_tick, TICK_MS, TICK_MS);
  crew_tell_the_end(master);
  master_finish_if_drained(master);
}

void master_stop(struct master* master) {
  if (master->draining)
    return;
  upgrade_cancel(master);
  if (master->paused)
    open_the_door(master); /* for those who stand in it */
  report(REPORT_NORMAL, "stops");
  drain(master, GRACE_TICKS);
}

void master_leave(struct master* master) {
  if (master->draining)
    return;
  report(REPORT_NORMAL, "answers what it has, and ends");
  drain(master, LEAVE_TICKS);
}

void master_obey(enum order order, void* arg) {
  switch (order) {
  case ORDER_STOP:
    master_stop(arg);
    break;
  case ORDER_PAUSE:
    master_pause(arg);
    break;
  case ORDER_CONTINUE:
    master_continue(arg);
    break;
  case ORDER_RENEW:
    crew_renew(arg);
    break;
  case ORDER_UPGRADE:
    upgrade_start(arg);
    break;
  }
}

/* ---- The beginning ----------------------------------------------------------------------- */

static int complain(int err, const char* where) {
  if (err < 0)
    report_error(err, "cannot listen on %s", where);
  return err;
}

static int open_all(struct master* master) {
  const struct serve_options* options = master->options;
  int err = complain(
      listener_open(&master->listener, &options->endpoint, &master->loop, master, guest_comes),
      options->endpoint.text);
  if (err == 0 && options->pipe != NULL)
    err = complain(door_open(&master->loop, options->pipe, options->allow), options->pipe);
  if (err == 0 && options->pipe != NULL)
    err = complain(door_listen(guest_comes_by_pipe, master), options->pipe);
  if (err == 0)
    err = complain(control_open(master), options->control.text);
  return err;
}

int master_announce(struct master* master, const char* how) {
  const struct serve_options* options = master->options;
  char name[ENDPOINT_NAME];
  char control[ENDPOINT_NAME];
  char both[2 * ENDPOINT_NAME + 2];
  char other[ENDPOINT_NAME] = "";
  int err = listener_name(&master->listener, 0, name, sizeof(name));
  if (err == 0 && master->listener.open[1])
    err = listener_name(&master->listener, 1, other, sizeof(other));
  if (err == 0)
    err = control_name(master, control, sizeof(control));
  if (err < 0)
    return complain(err, options->endpoint.text);
  report(REPORT_NORMAL, "%s %s%s%s%s%s%s%s", how, name, *other ? ", " : "", other,
         options->pipe == NULL ? "" : " and the pipe ", options->pipe == NULL ? "" : options->pipe,
         *control ? ", controlled on " : "", control);
  service_tell(master->paused ? STANDING_PAUSED : STANDING_RUNNING);
  if (options->ready_file == NULL)
    return 0;
  snprintf(both, sizeof(both), "%s\n%s\n", name, control);
  err = ready_write(options->ready_file, both);
  if (err < 0)
    report_error(err, "cannot write %s", options->ready_file);
  return err;
}

static void on_crew_ready(struct master* master) {
  if (master->announced || master->draining)
    return;
  master->announced = 1;
  if (master_announce(master, "listening on") < 0) {
    master->failed = 1;
    master_stop(master);
  }
}

/* Who comes before there are workers waits for one; but an address that cannot be had is no reason to
 * start any. */
static int start(struct master* master) {
  int err = open_all(master);
  if (err == 0) {
    err = service_hear(&master->loop, master_obey, master);
    if (err < 0)
      report_error(err, "cannot be told to end");
  }
  if (err < 0)
    return err;
  master->on_crew_ready = on_crew_ready;
  crew_start(master);
  return 0;
}

static void report_all(const struct master* master) {
  char text[4096];
  char* line = text;
  char* end;
  crew_describe(master, text, sizeof(text));
  for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
    *end = '\0';
    report(REPORT_NORMAL, "%s", line);
  }
}

int master_init(struct master* master, const struct serve_options* options) {
  int err = uv_loop_init(&master->loop);
  if (err < 0) {
    report_error(err, "cannot start");
    return err;
  }
  master->options = options;
  master->loop.data = master;
  return uv_timer_init(&master->loop, &master->patience);
}

int master_run(struct master* master) {
  int err;
  uv_run(&master->loop, UV_RUN_DEFAULT);
  report_all(master);
  crew_free(master);
  err = uv_loop_close(&master->loop);
  if (err < 0)
    report_error(err, "something was left open");
  return master->failed || err < 0;
}

int serve(const struct serve_options* options) {
  static struct master master;
  if (master_init(&master, options) < 0)
    return 1;
  if (start(&master) < 0) {
    master.failed = 1;
    master_stop(&master);
  }
  return master_run(&master);
}
