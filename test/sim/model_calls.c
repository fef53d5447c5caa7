/* The calls that all handles have, and reading: each one made with random arguments, its answer predicted
 * from the model. */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void model_check(const struct model_handle* h, const char* call, int got, int want) {
  sim_trace("%s handle %d: %d", call, h->number, got);
  if (got != want)
    sim_fail("%s of handle %d (state %d%s) is %d, not %d", call, h->number, (int) h->state,
             h->closing ? ", closing" : "", got, want);
}

/* What a call answers that the port had to agree to. */
int model_port_or(int answer) {
  return model_port_error() != 0 ? model_port_error() : answer;
}

void* model_memory(size_t size) {
  void* ptr = malloc(size > 0 ? size : 1);

  if (ptr == NULL)
    sim_fail("the test itself is out of memory");
  memset(ptr, 0xa7, size); /* The library must not count on zeros. */
  return ptr;
}

/* ---- Life ---- */

static int init(struct model_handle* h) {
  switch (h->kind) {
  case KIND_TCP:
    return sim_chance(80) ? uv_tcp_init(h->loop, &h->uv->tcp)
                          : uv_tcp_init_ex(h->loop, &h->uv->tcp, AF_INET);
  case KIND_PIPE:
    return uv_pipe_init(h->loop, &h->uv->pipe, 0);
  case KIND_IPC:
    return uv_pipe_init(h->loop, &h->uv->pipe, 1);
  case KIND_SIGNAL:
    return uv_signal_init(h->loop, &h->uv->signal);
  case KIND_PROCESS:
    return 0; /* uv_spawn does that. */
  case KIND_TIMER:
    return uv_timer_init(h->loop, &h->uv->timer);
  case KIND_IDLE:
    return uv_idle_init(h->loop, &h->uv->idle);
  case KIND_PREPARE:
    return uv_prepare_init(h->loop, &h->uv->prepare);
  case KIND_CHECK:
    return uv_check_init(h->loop, &h->uv->check);
  default:
    h->active = 1;
    return uv_async_init(h->loop, &h->uv->async, model_on_async);
  }
}

struct model_handle* model_new(enum model_kind kind, uv_loop_t* loop) {
  struct model_handle* h;
  int r;

  if (model.count == MODEL_HANDLES)
    return NULL;
  h = &model.handles[model.count];
  memset(h, 0, sizeof(*h));
  h->kind = kind;
  h->loop = loop;
  h->number = model.count;
  h->referenced = 1;
  h->stingy = sim_chance(20);
  h->unclaimed = -1;
  h->out = -1;
  h->in = -1;
  h->uv = model_memory(sizeof(*h->uv));
  h->uv->handle.data = h;
  model_enter_call();
  r = init(h);
  model.in_call = 0;
  sim_trace("init handle %d, kind %d: %d", h->number, (int) kind, r);
  if (r != model_port_or(0))
    sim_fail("init of a handle is %d", r);
  if (r < 0) {
    /* Nothing is left of it: the memory goes without a close (L2). */
    free(h->uv);
    h->uv = NULL;
    return NULL;
  }
  if (kind == KIND_TCP) {
    uv_os_fd_t fd;
    if (uv_fileno(&h->uv->handle, &fd) == 0)
      h->state = STATE_OPEN;
  }
  model.count++;
  return h;
}

/* Which of the rare states a close is about to meet. */
static void mark_close(const struct model_handle* h) {
  const struct uv__io* io = &h->uv->stream.stream.io;
  unsigned going = io->busy & ~(unsigned) io->rung;

  if (h->state == STATE_FRESH)
    sim_mark(MARK_CLOSE_FRESH);
  if (h->state == STATE_OPEN)
    sim_mark(MARK_CLOSE_OPEN);
  if (h->dial != NULL)
    sim_mark(MARK_CLOSE_DIALING);
  if (going & UV__CONNECT)
    sim_mark(MARK_CLOSE_CONNECTING);
  if (going & UV__READ)
    sim_mark(MARK_CLOSE_READ);
  if (going & UV__WRITE)
    sim_mark(MARK_CLOSE_WRITE);
  if ((going & UV__READ) && (going & UV__WRITE))
    sim_mark(MARK_CLOSE_READ_WRITE);
  if (going & UV__SHUTDOWN)
    sim_mark(MARK_CLOSE_SHUTDOWN);
  if (going & UV__ACCEPT)
    sim_mark(MARK_CLOSE_ACCEPT);
  if (io->rung & UV__CONNECT)
    sim_mark(MARK_CLOSE_CONNECT_RUNG);
  if (io->rung & UV__READ)
    sim_mark(MARK_CLOSE_READ_RUNG);
  if (io->rung & UV__WRITE)
    sim_mark(MARK_CLOSE_WRITE_RUNG);
  if (io->rung & UV__SHUTDOWN)
    sim_mark(MARK_CLOSE_SHUTDOWN_RUNG);
  if (io->rung & UV__ACCEPT)
    sim_mark(MARK_CLOSE_ACCEPT_RUNG);
  if (h->unclaimed >= 0)
    sim_mark(MARK_CLOSE_UNCLAIMED);
  if (h->writes != NULL && !model_has_queue(h))
    sim_mark(MARK_CLOSE_CALLBACKS_OWED);
  if (h->pending_count > 0)
    sim_mark(MARK_CLOSE_PENDING);
  if (model_first_waiting(h) != NULL && model_first_waiting(h)->file != NULL)
    sim_mark(going & UV__WRITE ? MARK_CLOSE_FILE_IN_FLIGHT : MARK_CLOSE_FILE);
}

/* And in which callback. */
static void mark_close_inside(const struct model_handle* h) {
  static const struct {
    const char* name;
    enum sim_mark mark;
  } rows[] = {
      {"alloc_cb", MARK_CLOSE_IN_ALLOC_CB},       {"read_cb", MARK_CLOSE_IN_READ_CB},
      {"write_cb", MARK_CLOSE_IN_WRITE_CB},       {"connect_cb", MARK_CLOSE_IN_CONNECT_CB},
      {"shutdown_cb", MARK_CLOSE_IN_SHUTDOWN_CB}, {"connection_cb", MARK_CLOSE_IN_CONNECTION_CB},
      {"close_cb", MARK_CLOSE_IN_CLOSE_CB},       {"timer_cb", MARK_CLOSE_IN_TIMER_CB},
      {"idle_cb", MARK_CLOSE_IN_IDLE_CB},         {"prepare_cb", MARK_CLOSE_IN_PREPARE_CB},
      {"check_cb", MARK_CLOSE_IN_CHECK_CB},       {"async_cb", MARK_CLOSE_IN_ASYNC_CB},
      {"signal_cb", MARK_CLOSE_IN_SIGNAL_CB},     {"exit_cb", MARK_CLOSE_IN_EXIT_CB},
  };
  size_t i;

  if (model.inside == NULL || (h != model.inside_of && !model.inside_of->closed))
    return;
  for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
    if (strcmp(rows[i].name, model.inside) == 0)
      sim_mark(rows[i].mark);
}

/* What is in flight and has lost its handle stands before the others, or a file. */
static int stands_in_the_way(const struct model_handle* h) {
  const struct model_write* w = model_first_waiting(h);

  return w != NULL && (w->file != NULL || (w->forsaken && !w->passed));
}

/* What a close that resets the connection must answer. */
static int reset_answer(const struct model_handle* h) {
  if (h->closing || h->state == STATE_FRESH)
    return UV_EBADF;
  if (h->shutdown != NULL)
    return UV_EINVAL;
  if (h->state == STATE_DROPPED)
    return 0; /* Whoever dropped it has reset it; its dial may not have been told yet. */
  return h->dial != NULL && h->bind_error == 0 ? UV_EBADF : 0; /* It has no socket of its own. */
}

/* It changes nothing. */
static void refuse_reset(struct model_handle* h) {
  model_enter_call();
  model_check(h, "close_reset", uv_tcp_close_reset(&h->uv->tcp, model_on_close), reset_answer(h));
  model_leave_call(h);
}

static void mark_all(const struct model_handle* h) {
  mark_close_inside(h);
  if (model_is_stream(h))
    mark_close(h);
  else
    model_mark_close(h);
}

void model_close(struct model_handle* h, int reset) {
  int is_stuck = stands_in_the_way(h);

  if (h->closed || h->leaving)
    return;
  reset = reset && h->kind == KIND_TCP;
  if (reset && reset_answer(h) != 0) {
    refuse_reset(h);
    return;
  }
  model_enter_call();
  h->in_close = !h->closing;
  if (!h->closing) {
    mark_all(h);
    model_forsake(h);
  }
  if (reset) {
    model_check(h, "close_reset", uv_tcp_close_reset(&h->uv->tcp, model_on_close), 0);
  } else {
    sim_trace("close handle %d", h->number);
    uv_close(&h->uv->handle, model_on_close);
  }
  if (h->in_close && h->state == STATE_CONNECTED && h->queued > 0 && !h->tried && !is_stuck)
    sim_fail("L5: handle %d closes without a try to write what is queued", h->number);
  h->in_close = 0;
  h->closing = 1;
  h->reading = 0;
  h->read_fails = 0;
  h->active = 0;
  h->stopped_in_alloc = 1;
  h->signum = 0;
  h->raised = 0;
  model_leave_call(h);
}

void model_reference(struct model_handle* h, int on) {
  model_enter_call();
  sim_trace("%s handle %d", on ? "ref" : "unref", h->number);
  if (on)
    uv_ref(&h->uv->handle);
  else
    uv_unref(&h->uv->handle);
  h->referenced = on;
  if (!uv_has_ref(&h->uv->handle) != !on)
    sim_fail("uv_has_ref of handle %d is wrong", h->number);
  model_leave_call(h);
}

/* ---- Reading ---- */

void model_read_start(struct model_handle* h) {
  int want = 0;
  int r;

  if (h->closing)
    want = UV_EINVAL;
  else if (h->reading)
    want = UV_EALREADY;
  else if (h->state != STATE_CONNECTING && !h->readable)
    want = UV_ENOTCONN;
  if (want == 0 && h->uv->stream.stream.io.busy & UV__READ)
    sim_mark(MARK_RESTART_BEFORE_RING);
  model_enter_call();
  r = uv_read_start(&h->uv->stream, model_on_alloc, model_on_read);
  model_check(h, "read_start", r, want);
  if (r == 0) {
    h->reading = 1;
    model_limit_begin(h, UVS_DEADLINE_READ);
  }
  model_leave_call(h);
}

void model_read_stop(struct model_handle* h) {
  if (h->reading && (h->uv->stream.stream.io.rung & UV__READ))
    sim_mark(MARK_STOP_AFTER_RING);
  model_enter_call();
  model_check(h, "read_stop", uv_read_stop(&h->uv->stream), 0);
  h->reading = 0;
  h->read_fails = 0;
  h->read_owes = 0;
  h->stopped_in_alloc = 1;
  model_leave_call(h);
}

/* ---- The rest ---- */

static void ask_name(struct model_handle* h) {
  char name[32];
  size_t size = sizeof(name);

  model_enter_call();
  model_check(h, "getsockname", uv_pipe_getsockname(&h->uv->pipe, name, &size),
              h->closing || h->state == STATE_FRESH || h->state == STATE_DROPPED ? UV_EBADF : 0);
  model_leave_call(h);
}

void model_options(struct model_handle* h) {
  int want = h->closing ? UV_EINVAL : 0;
  struct sockaddr_in name;
  int len = (int) sizeof(name);
  int r;

  if (model_is_pipe(h)) {
    ask_name(h);
    return;
  }
  model_enter_call();
  switch (sim_below(3)) {
  case 0:
    r = uv_tcp_nodelay(&h->uv->tcp, sim_chance(50));
    break;
  case 1:
    r = uv_tcp_keepalive(&h->uv->tcp, sim_chance(50), 60);
    break;
  default:
    r = uv_tcp_simultaneous_accepts(&h->uv->tcp, sim_chance(50));
  }
  model_check(h, "an option", r, model_option_error() != 0 ? model_option_error() : want);
  want = h->closing || h->state == STATE_FRESH || h->state == STATE_DROPPED ||
                 (h->dial != NULL && h->bind_error == 0)
             ? UV_EBADF
         : h->state == STATE_OPEN ? h->bind_error
                                  : 0; /* A5 */
  r = uv_tcp_getsockname(&h->uv->tcp, (struct sockaddr*) &name, &len);
  if (h->state == STATE_CONNECTING && !h->closing && r < 0 &&
      (r == h->bind_error || (h->connect_known && r == h->connect_result)))
    want = r; /* Of a bind or a connect that failed at once: the callback will tell. */
  model_check(h, "getsockname", r, want);
  model_leave_call(h);
}

/* Calls that are wrong whatever the state is (W5, R1, E3). */
void model_wrong_arguments(struct model_handle* h) {
  uv_stream_t* stream = &h->uv->stream;
  uv_buf_t buf = uv_buf_init(NULL, 0);
  uv_write_t write;
  uv_req_t other;

  model_enter_call();
  model_check(h, "write of no buffers", uv_write(&write, stream, &buf, 0, NULL), UV_EINVAL);
  model_check(h, "write of NULL", uv_write(&write, stream, NULL, 1, NULL), UV_EINVAL);
  model_check(h, "try_write of NULL", uv_try_write(stream, NULL, 1), UV_EINVAL);
  model_check(h, "read_start without alloc_cb", uv_read_start(stream, NULL, model_on_read),
              UV_EINVAL);
  model_check(h, "read_start without read_cb", uv_read_start(stream, model_on_alloc, NULL),
              UV_EINVAL);
  model_check(h, "detach into nothing", uvs_detach(stream, NULL, NULL), UV_EINVAL);
  model_check(h, "attach of nothing", uvs_attach(stream, NULL), UV_EINVAL);
  other.type = UV_SHUTDOWN;
  model_check(h, "cancel of a shutdown", uv_cancel(&other), UV_EINVAL);
  if (h->kind == KIND_TCP && uv_tcp_keepalive(&h->uv->tcp, 1, 0) != UV_EINVAL)
    sim_fail("keepalive after 0 seconds");
  model_check(h, "loop_close", uv_loop_close(h->loop), UV_EBUSY);
  model_leave_call(h);
}
