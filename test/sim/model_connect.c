/* How a stream gets its connection: opened, bound, connecting, listening, accepted or passed. Each call
 * predicted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

static struct sockaddr_in address(int port) {
  struct sockaddr_in addr;

  memset(&addr, 0, sizeof(addr));
  addr.sin_family = AF_INET;
  addr.sin_port = htons((unsigned short) port);
  addr.sin_addr.s_addr = htonl(0x7f000001);
  return addr;
}

/* Both ends of a ready-made connection are adopted, or neither. */
void model_open(struct model_handle* h) {
  enum model_kind kind = h->kind;
  uv_loop_t* loop = sim_chance(70) ? h->loop : &model.loops[sim_below(MODEL_LOOPS)];
  int fds[2];
  int want = h->closing ? UV_EINVAL : h->state != STATE_FRESH ? UV_EBUSY : 0;
  int i;

  if (kind == KIND_TCP)
    sim_pair(fds);
  else
    sim_pipe_pair(fds);
  for (i = 0; i < 2; i++) {
    int r;

    if (i == 1) {
      h = model_new(kind, (sim_has & SIM_HAS_LOOPS) ? loop : h->loop);
      if (h == NULL) {
        sim_discard(fds[1]);
        return;
      }
      want = h->state != STATE_FRESH ? UV_EBUSY : 0;
    }
    model_enter_call();
    r = kind == KIND_TCP ? uv_tcp_open(&h->uv->tcp, fds[i]) : uv_pipe_open(&h->uv->pipe, fds[i]);
    model_check(h, "open", r, want != 0 ? want : model_port_or(0));
    if (r == 0) {
      h->state = STATE_CONNECTED;
      h->read_fails = 0; /* A reading that waited for a connection has this one. */
      model_ask_anew(h);
      model_limit_connected(h);
      h->readable = 1;
      h->writable = 1;
    } else {
      sim_discard(fds[i]);
    }
    model_leave_call(h);
  }
}

static void bind_pipe(struct model_handle* h, int port) {
  int want = h->closing || h->state != STATE_FRESH ? UV_EINVAL : 0;
  char name[16];
  int r;

  snprintf(name, sizeof(name), "p%d", port);
  model_enter_call();
  r = uv_pipe_bind(&h->uv->pipe, name);
  model_check(h, "bind", r, want != 0 ? want : model_port_or(0));
  if (r == 0)
    h->state = STATE_OPEN;
  model_leave_call(h);
}

void model_bind(struct model_handle* h, int port) {
  struct sockaddr_in addr = address(port);
  int want = h->closing || (h->state != STATE_FRESH && h->state != STATE_OPEN) ? UV_EINVAL : 0;
  int r;

  if (model_is_pipe(h)) {
    bind_pipe(h, port);
    return;
  }
  model_enter_call();
  r = uv_tcp_bind(&h->uv->tcp, (const struct sockaddr*) &addr, 0);
  if (want == 0)
    want = model_port_error() == UV_EADDRINUSE ? 0 : model_port_error();
  model_check(h, "bind", r, want);
  if (r == 0) {
    h->state = STATE_OPEN;
    h->bind_error = model_port_error();
  }
  model_leave_call(h);
}

int model_connect_answer(const struct model_handle* h) {
  if (h->closing || h->state == STATE_LISTENING || h->state == STATE_DROPPED)
    return UV_EINVAL;
  if (h->state == STATE_CONNECTING)
    return UV_EALREADY;
  return h->state == STATE_CONNECTED ? UV_EISCONN : 0;
}

void model_connect(struct model_handle* h, int port) {
  struct sockaddr_in addr = address(port);
  uv_connect_t* req = model_memory(sizeof(*req));
  int want = model_connect_answer(h);
  int known = h->connect_known;
  char name[16];
  int r;

  if (want == 0 && h->state == STATE_OPEN && h == model.inside_of && model.inside != NULL &&
      strcmp(model.inside, "connect_cb") == 0)
    sim_mark(MARK_CONNECT_AGAIN);
  model_enter_call();
  h->connect_known = 0;
  if (h->kind == KIND_TCP)
    r = uv_tcp_connect(req, &h->uv->tcp, (const struct sockaddr*) &addr, model_on_connect);
  else
    r = uv_pipe_connect2(req, &h->uv->pipe, name,
                         (size_t) snprintf(name, sizeof(name), "p%d", port), 0, model_on_connect);
  model_check(h, "connect", r, want != 0 ? want : model_port_or(0));
  if (r == 0) {
    h->state = STATE_CONNECTING;
    h->read_fails = 0;
    model_ask_anew(h);
    h->connect = req;
    model_limit_begin(h, UVS_DEADLINE_CONNECT);
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

static int has_limits(const struct model_handle* h) {
  return h->limits[0].uv != NULL || h->limits[1].uv != NULL || h->limits[2].uv != NULL ||
         h->limits[3].uv != NULL;
}

void model_listen(struct model_handle* h) {
  int want = 0;
  uv_os_fd_t fd;
  int r;

  if (h->closing || h->state == STATE_CONNECTED || h->state == STATE_CONNECTING ||
      h->state == STATE_DROPPED)
    want = UV_EINVAL;
  else if (h->asks != NULL || has_limits(h))
    want = UV_EBUSY; /* Reads whose connect failed have yet to hear of it; or it is not meant to. */
  else if (model_is_pipe(h) && h->state == STATE_FRESH)
    want = UV_EINVAL;
  else
    want = h->bind_error;
  if (want == UV_EADDRINUSE)
    sim_mark(MARK_BIND_ERROR_LISTEN);
  if (want == 0 && h->state == STATE_LISTENING)
    sim_mark(MARK_LISTEN_AGAIN);
  model_enter_call();
  r = uv_listen(&h->uv->stream, sim_chance(30) ? 100 : (int) sim_below(6), model_on_connection);
  model_check(h, "listen", r, want != 0 ? want : model_port_or(0));
  if (!h->closing && h->state == STATE_FRESH && uv_fileno(&h->uv->handle, &fd) == 0)
    h->state = STATE_OPEN;
  if (r == 0)
    h->state = STATE_LISTENING;
  model_leave_call(h);
}

/* The state of a stream that got what waited for it, which may have been made by somebody else. */
static void take_over(struct model_handle* client, int fd) {
  if (sim_is_connected(fd)) {
    client->state = STATE_CONNECTED;
    client->read_fails = 0;
    model_ask_anew(client);
    model_limit_connected(client);
    client->readable = 1;
    client->writable = 1;
    return;
  }
  client->state = STATE_OPEN;
  if (client->kind == KIND_TCP && !sim_is_bound(fd))
    client->bind_error = UV_EADDRINUSE; /* It came with that (I2). */
  sim_mark(client->bind_error != 0 ? MARK_ARRIVED_MISSED : MARK_ARRIVED_SERVER);
}

static void claim_pending(struct model_handle* server, struct model_handle* client) {
  int id = server->pending[0].id;
  int fd = server->pending[0].fd;

  server->pending_count--;
  memmove(server->pending, server->pending + 1,
          (size_t) server->pending_count * sizeof(server->pending[0]));
  if (sim_identity(sim_fd(&client->uv->stream.stream.io)) != id)
    sim_fail("I3: handle %d is given another handle than came first", client->number);
  take_over(client, fd);
}

/* What uv_accept must say. */
static int accept_answer(const struct model_handle* server, const struct model_handle* client) {
  int passes = model_is_pipe(server) && server->state == STATE_CONNECTED && !server->closing;
  int waits = passes ? server->pending_count > 0 : server->unclaimed >= 0;
  int is_tcp = passes && waits ? server->pending[0].is_tcp : server->kind == KIND_TCP;

  if (server->closing || (!passes && server->state != STATE_LISTENING))
    return UV_EINVAL;
  if (!waits)
    return UV_EAGAIN;
  if (client->loop != server->loop || client->closing || !model_is_stream(client) ||
      (client->kind == KIND_TCP) != is_tcp)
    return UV_EINVAL;
  return client->state != STATE_FRESH ? UV_EBUSY : 0;
}

void model_accept(struct model_handle* server, struct model_handle* client) {
  uv_tcp_t* stranger = &model.strangers[server->loop == &model.loops[0]];
  int want = accept_answer(server, client);
  int out;
  int in;
  int r;

  model_enter_call();
  r = uv_accept(&server->uv->stream, (uv_stream_t*) stranger);
  if (r != (want == UV_EAGAIN ? UV_EAGAIN : UV_EINVAL))
    sim_fail("A3: accept onto another loop is %d", r);
  r = uv_accept(&server->uv->stream, &client->uv->stream);
  model_check(server, "accept", r, want != 0 ? want : model_port_or(0));
  if (r == 0 && server->state == STATE_CONNECTED) {
    claim_pending(server, client);
  } else if (r == 0) {
    sim_serials(server->unclaimed, &out, &in);
    if (client->out != out || client->in != in)
      sim_fail("A2: handle %d is given another connection", client->number);
    take_over(client, server->unclaimed);
    server->unclaimed = -1;
  }
  model_leave_call(server);
}
