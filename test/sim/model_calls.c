/* The calls: each one made with random arguments, its answer predicted from the model. */
#include "model.h"

#include <stdlib.h>
#include <string.h>

enum {
  MOST_BUFFERS = 600 /* more than the core gathers into one call */
};

static void check(const struct model_handle* h, const char* call, int got, int want) {
  sim_trace("%s handle %d: %d", call, h->number, got);
  if (got != want)
    sim_fail("%s of handle %d (state %d%s) is %d, not %d", call, h->number, (int) h->state,
             h->closing ? ", closing" : "", got, want);
}

/* What a call answers that the port had to agree to. */
static int port_or(int answer) {
  return model_port_error() != 0 ? model_port_error() : answer;
}

static void* memory(size_t size) {
  void* ptr = malloc(size > 0 ? size : 1);

  if (ptr == NULL)
    sim_fail("the test itself is out of memory");
  memset(ptr, 0xa7, size); /* The library must not count on zeros. */
  return ptr;
}

static struct sockaddr_in address(int port) {
  struct sockaddr_in addr;

  memset(&addr, 0, sizeof(addr));
  addr.sin_family = AF_INET;
  addr.sin_port = htons((unsigned short) port);
  addr.sin_addr.s_addr = htonl(0x7f000001);
  return addr;
}

/* ---- Life ---- */

static int init(struct model_handle* h) {
  switch (h->kind) {
  case KIND_TCP:
    return sim_chance(80) ? uv_tcp_init(&model.loop, &h->uv->tcp)
                          : uv_tcp_init_ex(&model.loop, &h->uv->tcp, AF_INET);
  case KIND_TIMER:
    return uv_timer_init(&model.loop, &h->uv->timer);
  case KIND_IDLE:
    return uv_idle_init(&model.loop, &h->uv->idle);
  case KIND_PREPARE:
    return uv_prepare_init(&model.loop, &h->uv->prepare);
  case KIND_CHECK:
    return uv_check_init(&model.loop, &h->uv->check);
  default:
    h->active = 1;
    return uv_async_init(&model.loop, &h->uv->async, model_on_async);
  }
}

struct model_handle* model_new(enum model_kind kind) {
  struct model_handle* h;
  int r;

  if (model.count == MODEL_HANDLES)
    return NULL;
  h = &model.handles[model.count];
  memset(h, 0, sizeof(*h));
  h->kind = kind;
  h->number = model.count;
  h->referenced = 1;
  h->stingy = sim_chance(20);
  h->unclaimed = -1;
  h->out = -1;
  h->in = -1;
  h->uv = memory(sizeof(*h->uv));
  h->uv->handle.data = h;
  model_enter_call();
  r = init(h);
  model.in_call = 0;
  sim_trace("init handle %d, kind %d: %d", h->number, (int) kind, r);
  if (r != port_or(0))
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
  if (h->writes != NULL && h->queued == 0)
    sim_mark(MARK_CLOSE_CALLBACKS_OWED);
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
  };
  size_t i;

  if (model.inside == NULL || (h != model.inside_of && !model.inside_of->closed))
    return;
  for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
    if (strcmp(rows[i].name, model.inside) == 0)
      sim_mark(rows[i].mark);
}

void model_close(struct model_handle* h, int reset) {
  int r = 0;

  if (h->closed)
    return;
  model_enter_call();
  h->in_close = !h->closing;
  if (!h->closing) {
    mark_close_inside(h);
    if (h->kind == KIND_TCP)
      mark_close(h);
  }
  if (reset && h->kind == KIND_TCP) {
    int want = h->closing || h->state == STATE_FRESH ? UV_EBADF
               : h->shutdown != NULL                 ? UV_EINVAL
                                                     : 0;
    r = uv_tcp_close_reset(&h->uv->tcp, model_on_close);
    check(h, "close_reset", r, want);
  } else {
    sim_trace("close handle %d", h->number);
    uv_close(&h->uv->handle, model_on_close);
  }
  if (h->in_close && r == 0 && h->state == STATE_CONNECTED && h->queued > 0 && !h->tried)
    sim_fail("L5: handle %d closes without a try to write what is queued", h->number);
  h->in_close = 0;
  if (r == 0) {
    h->closing = 1;
    h->reading = 0;
    h->read_fails = 0;
    h->active = 0;
    h->stopped_in_alloc = 1;
  }
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

/* ---- Timers, hooks, asyncs ---- */

void model_start(struct model_handle* h) {
  int want = h->closing ? UV_EINVAL : 0;
  int r = 0;

  model_enter_call();
  switch (h->kind) {
  case KIND_TIMER: {
    uint64_t timeout = sim_below(4) * sim_below(20);
    uint64_t repeat = sim_chance(30) ? 1 + sim_below(30) : 0;
    r = uv_timer_start(&h->uv->timer, model_on_timer, timeout, repeat);
    if (r == 0) {
      h->due = uv_now(&model.loop) + timeout;
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
  default:
    want = 0;
  }
  check(h, "start", r, want);
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
  default:
    break;
  }
  check(h, "stop", r, 0);
  if (h->kind != KIND_ASYNC)
    h->active = 0;
  model_leave_call(h);
}

void model_send(struct model_handle* h) {
  if (h->closing)
    return; /* Forbidden: the one call that must not come after uv_close (L7). */
  model_enter_call();
  h->sent = 1;
  check(h, "async_send", uv_async_send(&h->uv->async), 0);
  model_leave_call(h);
}

/* ---- Getting a connection ---- */

/* Both ends of a ready-made connection are adopted, or neither. */
void model_open(struct model_handle* h) {
  int fds[2];
  int want = h->closing ? UV_EINVAL : h->state != STATE_FRESH ? UV_EBUSY : 0;
  int i;

  sim_pair(fds);
  for (i = 0; i < 2; i++) {
    int r;

    if (i == 1) {
      h = model_new(KIND_TCP);
      if (h == NULL) {
        sim_discard(fds[1]);
        return;
      }
      want = h->state != STATE_FRESH ? UV_EBUSY : 0;
    }
    model_enter_call();
    r = uv_tcp_open(&h->uv->tcp, fds[i]);
    check(h, "open", r, want != 0 ? want : port_or(0));
    if (r == 0) {
      h->state = STATE_CONNECTED;
      h->readable = 1;
      h->writable = 1;
    } else {
      sim_discard(fds[i]);
    }
    model_leave_call(h);
  }
}

void model_bind(struct model_handle* h, int port) {
  struct sockaddr_in addr = address(port);
  int want = h->closing || (h->state != STATE_FRESH && h->state != STATE_OPEN) ? UV_EINVAL : 0;
  uv_os_fd_t fd;
  int r;

  model_enter_call();
  r = uv_tcp_bind(&h->uv->tcp, (const struct sockaddr*) &addr, 0);
  if (want == 0)
    want = model_port_error() == UV_EADDRINUSE ? 0 : model_port_error();
  check(h, "bind", r, want);
  if (!h->closing && h->state == STATE_FRESH && uv_fileno(&h->uv->handle, &fd) == 0)
    h->state = STATE_OPEN; /* Also where only the bind failed. */
  if (r == 0)
    h->bind_error = model_port_error();
  model_leave_call(h);
}

static int connect_answer(const struct model_handle* h) {
  if (h->closing || h->state == STATE_LISTENING)
    return UV_EINVAL;
  if (h->state == STATE_CONNECTING)
    return UV_EALREADY;
  return h->state == STATE_CONNECTED ? UV_EISCONN : 0;
}

void model_connect(struct model_handle* h, int port) {
  struct sockaddr_in addr = address(port);
  uv_connect_t* req = memory(sizeof(*req));
  int want = connect_answer(h);
  int known = h->connect_known;
  int r;

  if (want == 0 && h->state == STATE_OPEN && h == model.inside_of && model.inside != NULL &&
      strcmp(model.inside, "connect_cb") == 0)
    sim_mark(MARK_CONNECT_AGAIN);
  model_enter_call();
  h->connect_known = 0;
  r = uv_tcp_connect(req, &h->uv->tcp, (const struct sockaddr*) &addr, model_on_connect);
  check(h, "connect", r, want != 0 ? want : port_or(0));
  if (r == 0) {
    h->state = STATE_CONNECTING;
    h->read_fails = 0;
    h->connect = req;
    if (h->bind_error != 0) { /* A5 */
      sim_mark(MARK_BIND_ERROR_CONNECT);
      h->connect_known = 1;
      h->connect_result = h->bind_error;
    }
  } else {
    h->connect_known = known;
    free(req);
  }
  model_leave_call(h);
}

void model_listen(struct model_handle* h) {
  int want = 0;
  uv_os_fd_t fd;
  int r;

  if (h->closing || h->state == STATE_CONNECTED || h->state == STATE_CONNECTING)
    want = UV_EINVAL;
  else
    want = h->bind_error;
  if (want == UV_EADDRINUSE)
    sim_mark(MARK_BIND_ERROR_LISTEN);
  if (want == 0 && h->state == STATE_LISTENING)
    sim_mark(MARK_LISTEN_AGAIN);
  model_enter_call();
  r = uv_listen(&h->uv->stream, sim_chance(30) ? 100 : (int) sim_below(6), model_on_connection);
  check(h, "listen", r, want != 0 ? want : port_or(0));
  if (!h->closing && h->state == STATE_FRESH && uv_fileno(&h->uv->handle, &fd) == 0)
    h->state = STATE_OPEN;
  if (r == 0)
    h->state = STATE_LISTENING;
  model_leave_call(h);
}

void model_accept(struct model_handle* server, struct model_handle* client) {
  int listens = server->state == STATE_LISTENING && !server->closing;
  int fits = client->kind == KIND_TCP && client->state == STATE_FRESH && !client->closing;
  int used = client->kind == KIND_TCP && !client->closing ? UV_EBUSY : UV_EINVAL;
  int want = !listens ? UV_EINVAL : server->unclaimed < 0 ? UV_EAGAIN : fits ? 0 : used;
  int out;
  int in;
  int r;

  model_enter_call();
  r = uv_accept(&server->uv->stream, (uv_stream_t*) &model.stranger);
  if (r != (listens && server->unclaimed < 0 ? UV_EAGAIN : UV_EINVAL))
    sim_fail("A3: accept onto another loop is %d", r);
  r = uv_accept(&server->uv->stream, &client->uv->stream);
  check(server, "accept", r, want != 0 ? want : port_or(0));
  if (r == 0) {
    sim_serials(server->unclaimed, &out, &in);
    if (client->out != out || client->in != in)
      sim_fail("A2: handle %d is given another connection", client->number);
    client->state = STATE_CONNECTED;
    client->readable = 1;
    client->writable = 1;
    server->unclaimed = -1;
  }
  model_leave_call(server);
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
  check(h, "read_start", r, want);
  if (r == 0)
    h->reading = 1;
  model_leave_call(h);
}

void model_read_stop(struct model_handle* h) {
  if (h->reading && (h->uv->stream.stream.io.rung & UV__READ))
    sim_mark(MARK_STOP_AFTER_RING);
  model_enter_call();
  check(h, "read_stop", uv_read_stop(&h->uv->stream), 0);
  h->reading = 0;
  h->read_fails = 0;
  h->stopped_in_alloc = 1;
  model_leave_call(h);
}

/* ---- Writing ---- */

static int write_answer(const struct model_handle* h) {
  if (h->closing || h->state == STATE_FRESH)
    return UV_EBADF;
  if (h->state == STATE_CONNECTING)
    return h->shut ? UV_EPIPE : 0;
  return h->writable ? 0 : UV_EPIPE;
}

static size_t random_size(void) {
  switch (sim_below(4)) {
  case 0:
    return sim_below(10);
  case 1:
    return sim_below(100);
  default:
    return sim_below(sim_chance(10) ? 20000 : 1500);
  }
}

static void fill(char* bytes, size_t size) {
  uint64_t x = sim_below(1u << 30);
  size_t i;

  for (i = 0; i < size; i++) {
    x = x * 6364136223846793005u + 1442695040888963407u;
    bytes[i] = (char) (x >> 56);
  }
}

/* Cuts `size` bytes into buffers, some of them empty; returns their number, at least 1. */
static unsigned cut(char* bytes, size_t size, uv_buf_t* bufs) {
  unsigned most = sim_chance(60)   ? 1
                  : sim_chance(80) ? 1 + sim_below(16)
                                   : 1 + sim_below(MOST_BUFFERS);
  unsigned step = (unsigned) (size / most) * 2 + 1;
  unsigned count = 0;

  while (count + 1 < most) {
    unsigned n = sim_chance(15) ? 0 : sim_below(step + 1);
    if (n > size)
      n = (unsigned) size;
    bufs[count++] = uv_buf_init(n == 0 && sim_chance(50) ? NULL : bytes, n);
    bytes += n;
    size -= n;
  }
  bufs[count++] = uv_buf_init(bytes, (unsigned) size);
  return count;
}

static void append(struct model_handle* h, struct model_write* w) {
  struct model_write** last = &h->writes;

  while (*last != NULL)
    last = &(*last)->next;
  *last = w;
}

static void unappend(struct model_handle* h, struct model_write* w) {
  struct model_write** last = &h->writes;

  while (*last != w)
    last = &(*last)->next;
  *last = NULL;
}

void model_write(struct model_handle* h) {
  uv_buf_t bufs[MOST_BUFFERS];
  struct model_write* w = memory(sizeof(*w));
  int want = write_answer(h);
  int out_of_memory = sim_chance(10) && model.budget > 0;
  unsigned nbufs;
  int r;

  w->handle = h;
  w->next = NULL;
  w->size = random_size();
  w->left = w->size;
  w->error = 0;
  w->cancelled = 0;
  w->started = 0;
  w->outside = model.inside == NULL || model.inside_of != h;
  w->turn = model.loop.turns;
  w->bytes = memory(w->size);
  w->req.data = w;
  fill(w->bytes, w->size);
  nbufs = cut(w->bytes, w->size, bufs);

  model_enter_call();
  /* Before the call: a part of it may be taken inside. */
  append(h, w);
  h->queued += w->size;
  sim_alloc_fail = out_of_memory;
  r = uv_write(&w->req, &h->uv->stream, bufs, nbufs, model_on_write);
  if (want == 0 && out_of_memory && !sim_alloc_fail) {
    want = UV_ENOMEM;
    sim_mark(MARK_WRITE_NO_MEMORY);
  }
  sim_alloc_fail = 0;
  memset(bufs, 0xdb, sizeof(bufs)); /* The array may go at once (W2). */
  check(h, "write", r, want);
  sim_trace("  %u bytes in %u buffers", (unsigned) w->size, nbufs);
  if (r < 0) {
    unappend(h, w);
    h->queued -= w->size;
    free(w->bytes);
    free(w);
  } else if (h->blocking && h->state == STATE_CONNECTED && h->queued > 0) {
    sim_fail("W8: a blocking write of handle %d returns before it is done", h->number);
  }
  model_leave_call(h);
}

/* Whether a write waits that the system has not taken wholly, as the core knows it. */
static int has_queue(const struct model_handle* h) {
  return h->queued > 0;
}

/* In blocking mode it is as a write that is over when the call returns. */
static void try_all(struct model_handle* h, char* bytes, size_t size, uv_buf_t* bufs, unsigned n) {
  struct model_write* w = calloc(1, sizeof(*w));
  size_t taken;
  int r;

  if (w == NULL)
    sim_fail("the test itself is out of memory");
  w->bytes = bytes;
  w->size = size;
  w->left = size;
  model_enter_call();
  append(h, w);
  h->queued += size;
  r = uv_try_write(&h->uv->stream, bufs, n);
  taken = size - w->left;
  sim_trace("try_write handle %d, all of %u bytes: %d", h->number, (unsigned) size, r);
  if (h->queued > 0 || (w->error == 0 && w->left > 0))
    sim_fail("W8: a blocking try of handle %d returns before it is done", h->number);
  if (r != (taken > 0 ? (int) taken : w->error))
    sim_fail("W8: a blocking try of handle %d is %d", h->number, r);
  unappend(h, w);
  free(w);
  model_leave_call(h);
}

void model_try_write(struct model_handle* h) {
  uv_buf_t bufs[MOST_BUFFERS];
  size_t size = random_size();
  char* bytes = memory(size);
  int want = write_answer(h);
  size_t taken;
  unsigned nbufs;
  int r;

  fill(bytes, size);
  nbufs = cut(bytes, size, bufs);
  if (want == 0 && h->blocking && h->state == STATE_CONNECTED) {
    try_all(h, bytes, size, bufs, nbufs);
    free(bytes);
    return;
  }
  model_enter_call();
  model_try_begin(h, bytes, size);
  r = uv_try_write(&h->uv->stream, bufs, nbufs);
  taken = model_try_end();
  sim_trace("try_write handle %d, %u bytes: %d", h->number, (unsigned) size, r);
  if (want < 0 ? r != want : r > 0 ? (size_t) r != taken : taken > 0)
    sim_fail("W5, W7: try_write of handle %d is %d, not %d", h->number, r, want);
  if (r >= 0 && (has_queue(h) || h->state == STATE_CONNECTING))
    sim_fail("W7: try_write of handle %d overtakes what is queued", h->number);
  if (r == UV_EAGAIN && has_queue(h))
    sim_mark(MARK_TRY_BEHIND_QUEUE);
  if (r == 0 && size > 0)
    sim_fail("W7: try_write of handle %d is 0", h->number);
  free(bytes);
  model_leave_call(h);
}

static int waits(const struct model_write* w) {
  return w != NULL && w->left > 0 && !w->cancelled && w->error == 0;
}

void model_cancel(struct model_handle* h) {
  struct model_write* w = h->writes;
  struct model_write* before = NULL;
  unsigned skip = sim_below(4);
  int r;

  while (skip-- > 0 && w != NULL && w->next != NULL) {
    before = w;
    w = w->next;
  }
  if (w == NULL)
    return;
  model_enter_call();
  r = uv_cancel((uv_req_t*) &w->req);
  sim_trace("cancel handle %d, %u of %u left: %d", h->number, (unsigned) w->left,
            (unsigned) w->size, r);
  if (r == 0) {
    if ((w->size > 0 && w->left == 0) || w->cancelled || w->error != 0)
      sim_fail("W11: a write of handle %d is cancelled, and was over", h->number);
    if (w->size > 0 && waits(before) && waits(w->next))
      sim_mark(MARK_CANCEL_BETWEEN);
    w->cancelled = 1;
    h->queued -= w->left;
  } else if (r != UV_EBUSY || (waits(w) && !w->started && !h->closing)) {
    sim_fail("W11: cancel of a write of handle %d is %d", h->number, r);
  } else if (w->started && w->left == w->size && waits(w)) {
    sim_mark(MARK_CANCEL_IN_FLIGHT);
  }
  model_leave_call(h);
}

void model_shutdown(struct model_handle* h) {
  uv_shutdown_t* req = memory(sizeof(*req));
  int can = !h->closing && !h->shut && h->shutdown == NULL &&
            (h->state == STATE_CONNECTING || h->writable);
  int r;

  model_enter_call();
  r = uv_shutdown(req, &h->uv->stream, model_on_shutdown);
  check(h, "shutdown", r, can ? 0 : UV_ENOTCONN);
  if (r == 0) {
    if (h->queued > 0)
      sim_mark(MARK_SHUTDOWN_WAITS_FOR_QUEUE);
    h->shutdown = req;
    h->shutdown_known = 0;
    h->shut = 1;
    h->writable = 0;
  } else {
    free(req);
  }
  model_leave_call(h);
}

void model_set_blocking(struct model_handle* h, int on) {
  int r;

  model_enter_call();
  r = uv_stream_set_blocking(&h->uv->stream, on);
  check(h, "set_blocking", r, h->closing ? UV_EINVAL : 0);
  if (r == 0)
    h->blocking = on;
  model_leave_call(h);
}

/* ---- The rest ---- */

void model_options(struct model_handle* h) {
  int want = h->closing ? UV_EINVAL : 0;
  struct sockaddr_in name;
  int len = (int) sizeof(name);
  int r;

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
  check(h, "an option", r, model_option_error() != 0 ? model_option_error() : want);
  want = h->closing || h->state == STATE_FRESH ? UV_EBADF
         : h->state == STATE_OPEN              ? h->bind_error
                                               : 0; /* A5 */
  r = uv_tcp_getsockname(&h->uv->tcp, (struct sockaddr*) &name, &len);
  if (h->state == STATE_CONNECTING && !h->closing && r < 0 &&
      (r == h->bind_error || (h->connect_known && r == h->connect_result)))
    want = r; /* Of a bind or a connect that failed at once: the callback will tell. */
  check(h, "getsockname", r, want);
  model_leave_call(h);
}

/* Calls that are wrong whatever the state is (W5, R1, E3). */
void model_wrong_arguments(struct model_handle* h) {
  uv_stream_t* stream = &h->uv->stream;
  uv_buf_t buf = uv_buf_init(NULL, 0);
  uv_write_t write;
  uv_req_t other;

  model_enter_call();
  check(h, "write of no buffers", uv_write(&write, stream, &buf, 0, NULL), UV_EINVAL);
  check(h, "write of NULL", uv_write(&write, stream, NULL, 1, NULL), UV_EINVAL);
  check(h, "try_write of NULL", uv_try_write(stream, NULL, 1), UV_EINVAL);
  check(h, "read_start without alloc_cb", uv_read_start(stream, NULL, model_on_read), UV_EINVAL);
  check(h, "read_start without read_cb", uv_read_start(stream, model_on_alloc, NULL), UV_EINVAL);
  other.type = UV_SHUTDOWN;
  check(h, "cancel of a shutdown", uv_cancel(&other), UV_EINVAL);
  if (uv_tcp_keepalive(&h->uv->tcp, 1, 0) != UV_EINVAL)
    sim_fail("keepalive after 0 seconds");
  check(h, "loop_close", uv_loop_close(&model.loop), UV_EBUSY);
  model_leave_call(h);
}
