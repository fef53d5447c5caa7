/* What is no stream: timers, hooks, asyncs, signals and processes. Each call predicted. */
#include "model.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* ---- Signals ---- */

/* What went on before goes on where the new one is refused, if the system has it. */
static void start_signal(struct model_handle* h) {
  int signum = sim_chance(5) ? 99 : 1 + (int) sim_below(4);
  int oneshot = sim_chance(30);
  int same = h->signum == signum;
  int r;

  model_enter_call();
  r = oneshot ? uv_signal_start_oneshot(&h->uv->signal, model_on_signal, signum)
              : uv_signal_start(&h->uv->signal, model_on_signal, signum);
  model_check(h, "signal_start", r,
              h->closing                ? UV_EINVAL
              : model_port_error() != 0 ? model_port_error()
                                        : 0);
  if (r == 0)
    h->oneshot = oneshot;
  if (!h->closing && !(r == 0 && same))
    h->raised = 0;
  if (!h->closing)
    h->signum = h->uv->signal.signum;
  h->active = h->signum != 0;
  if (r == 0 && h->signum != signum)
    sim_fail("signal handle %d watches for another signal", h->number);
  model_leave_call(h);
}

void model_start(struct model_handle* h) {
  int want = h->closing ? UV_EINVAL : 0;
  int r = 0;

  model_enter_call();
  switch (h->kind) {
  case KIND_TIMER: {
    uint64_t timeout = sim_below(4) * sim_below(sim_chance(10) ? 5000 : 20);
    uint64_t repeat = sim_chance(30) ? 1 + sim_below(30) : 0;
    if (!h->closing && h->active && h->repeat > 0 && sim_chance(20)) {
      r = uv_timer_again(&h->uv->timer);
      timeout = h->repeat;
      repeat = h->repeat;
    } else {
      r = uv_timer_start(&h->uv->timer, model_on_timer, timeout, repeat);
    }
    if (r == 0) {
      h->due = uv_now(h->loop) + timeout;
      h->repeat = repeat;
    }
    break;
  }
  case KIND_IDLE:
    r = uv_idle_start(&h->uv->idle, model_on_idle);
    break;
  case KIND_PREPARE:
    r = uv_prepare_start(&h->uv->prepare, model_on_prepare);
    break;
  case KIND_CHECK:
    r = uv_check_start(&h->uv->check, model_on_check);
    break;
  case KIND_SIGNAL:
    model_leave_call(h);
    start_signal(h);
    return;
  default:
    want = 0;
  }
  model_check(h, "start", r, want);
  if (r == 0 && h->kind != KIND_ASYNC)
    h->active = 1;
  model_leave_call(h);
}

void model_stop(struct model_handle* h) {
  int r = 0;

  model_enter_call();
  switch (h->kind) {
  case KIND_TIMER:
    r = uv_timer_stop(&h->uv->timer);
    break;
  case KIND_IDLE:
    r = uv_idle_stop(&h->uv->idle);
    break;
  case KIND_PREPARE:
    r = uv_prepare_stop(&h->uv->prepare);
    break;
  case KIND_CHECK:
    r = uv_check_stop(&h->uv->check);
    break;
  case KIND_SIGNAL:
    if (h->raised > 0)
      sim_mark(h->uv->signal.io.rung != 0 ? MARK_STOP_SIGNAL_RUNG : MARK_STOP_SIGNAL);
    r = uv_signal_stop(&h->uv->signal);
    h->signum = 0;
    h->raised = 0;
    break;
  default:
    break;
  }
  model_check(h, "stop", r, 0);
  if (h->kind != KIND_ASYNC && h->kind != KIND_PROCESS)
    h->active = 0;
  model_leave_call(h);
}

void model_send(struct model_handle* h) {
  if (h->closing)
    return; /* Forbidden: the one call that must not come after uv_close (L7). */
  model_enter_call();
  h->sent = 1;
  model_check(h, "async_send", uv_async_send(&h->uv->async), 0);
  model_leave_call(h);
}

void model_raise(int signum) {
  int i;

  if (signum == 0)
    return; /* Of a watcher that watches for none. */
  sim_raise(signum);
  for (i = 0; i < model.count; i++)
    if (model.handles[i].kind == KIND_SIGNAL && model.handles[i].signum == signum)
      model.handles[i].raised++;
}

/* ---- Processes ---- */

enum {
  MOST_STDIO = 5
};

/* A stream that a child can inherit: one with a descriptor. */
static struct model_handle* any_open(const uv_loop_t* loop) {
  struct model_handle* h;
  int tries;

  for (tries = 0; tries < 8; tries++) {
    h = &model.handles[sim_below((unsigned) model.count)];
    if (model_is_stream(h) && h->loop == loop && !h->closing &&
        sim_fd(&h->uv->stream.stream.io) >= 0 && h->state != STATE_FRESH)
      return h;
  }
  return NULL;
}

/* One row, and the pipe that it creates, or NULL. */
static struct model_handle* choose(uv_stdio_container_t* row, uv_loop_t* loop) {
  struct model_handle* h = NULL;

  row->flags = UV_IGNORE;
  if (sim_chance(60)) {
    h = model_new(sim_chance(50) ? KIND_IPC : KIND_PIPE, loop);
    if (h == NULL)
      return NULL;
    row->flags = UV_CREATE_PIPE | UV_READABLE_PIPE | UV_WRITABLE_PIPE;
    row->data.stream = &h->uv->stream;
    return h;
  }
  h = sim_chance(50) ? any_open(loop) : NULL;
  if (h != NULL) {
    sim_mark(MARK_INHERITED);
    row->flags = UV_INHERIT_STREAM;
    row->data.stream = &h->uv->stream;
  }
  return NULL;
}

/* What was to be connected is, also where there is no child (its end comes at once). */
static void created(struct model_handle* h) {
  uv_os_fd_t fd;

  if (uv_fileno(&h->uv->handle, &fd) != 0) {
    if (sim_trouble.open_error == 0)
      sim_fail("pipe %d was to be made for a child, and was not", h->number);
    return;
  }
  h->state = STATE_CONNECTED;
  h->readable = 1;
  h->writable = 1;
}

void model_spawn(uv_loop_t* loop) {
  char* args[] = {(char*) "child", NULL};
  struct model_handle* pipes[MOST_STDIO] = {NULL};
  uv_stdio_container_t rows[MOST_STDIO];
  uv_process_options_t options;
  struct model_handle* h;
  int want;
  int r;
  int i;

  memset(&options, 0, sizeof(options));
  options.file = "child";
  options.args = args;
  options.exit_cb = model_on_exit;
  options.stdio_count = (int) sim_below(MOST_STDIO + 1);
  options.stdio = rows;
  for (i = 0; i < options.stdio_count; i++)
    pipes[i] = choose(&rows[i], loop);
  h = model_new(KIND_PROCESS, loop);
  if (h == NULL)
    return;
  model_enter_call();
  r = uv_spawn(loop, &h->uv->process, &options);
  want = model_port_error();
  if (r != want)
    sim_fail("spawn of handle %d is %d, not %d", h->number, r, want);
  sim_trace("spawn handle %d: %d", h->number, r);
  h->active = r == 0;
  h->refused = r < 0;
  for (i = 0; i < options.stdio_count; i++)
    if (pipes[i] != NULL)
      created(pipes[i]);
  sim_mark(r == 0 ? MARK_SPAWNED : MARK_SPAWN_FAILS);
  model_leave_call(h);
}

void model_kill(struct model_handle* h) {
  int r;

  model_enter_call();
  r = uv_process_kill(&h->uv->process, sim_chance(20) ? 0 : SIGTERM);
  sim_trace("kill handle %d: %d", h->number, r);
  if (r != UV_ESRCH && (r != 0 || h->closing || h->exit_known))
    sim_fail("kill of handle %d is %d", h->number, r);
  model_leave_call(h);
}

void model_mark_close(const struct model_handle* h) {
  if (h->kind == KIND_SIGNAL && h->raised > 0)
    sim_mark(h->uv->signal.io.rung != 0 ? MARK_CLOSE_SIGNAL_RUNG : MARK_CLOSE_SIGNAL);
}
