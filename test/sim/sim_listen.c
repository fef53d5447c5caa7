/* The listeners of the simulated system. */
#include <string.h>

#include "sim_internal.h"

int sim_listen(struct uv__io* io, int backlog) {
  struct sim_socket* sock = sim_check_socket(io, "listen");

  if (sock->state != SOCK_FRESH && sock->state != SOCK_LISTENING && !sock->shared)
    sim_fail("listen on a connection");
  if (sim_chance(sim_trouble.control))
    return sim_refuse(io, UV_ENOBUFS);
  if (sock->state == SOCK_CONNECTED)
    return sim_refuse(io, UV_EINVAL);
  if (sock->port == 0)
    sock->port = 30000 + io->tail.fd;
  sock->state = SOCK_LISTENING;
  sock->backlog = backlog > 0 ? backlog : 1;
  return 0;
}

/* The oldest connection leaves the queue. */
static int next_connection(struct sim_socket* sock) {
  int fd = sock->queue[0];

  sock->queued--;
  sock->queue_seen--;
  memmove(sock->queue, sock->queue + 1, (size_t) sock->queued * sizeof(sock->queue[0]));
  return fd;
}

static int accept_error(void) {
  static const int errors[] = {UV_EMFILE, UV_ENFILE, UV_ENOBUFS, UV_ENOMEM};
  return errors[sim_below(4)];
}

int sim_accept_now(struct uv__io* io, struct uv__desc* desc) {
  struct sim_socket* sock = sim_check_socket(io, "accept_now");
  int fd = -1;
  int r;

  if (sock->state != SOCK_LISTENING)
    sim_fail("accept_now on a socket that does not listen");
  sim_check_lane(io, UV__ACCEPT, "accept_now");
  if (desc->kind != UV__DESC_NONE)
    sim_fail("accept_now over a connection that nobody claimed");
  io->tail.due &= ~(unsigned) UV__ACCEPT;
  if (sock->queue_seen == 0 || sim_chance(10)) {
    r = UV_EAGAIN;
  } else if (sim_starved) {
    r = accept_error();
  } else if (sim_chance(sim_trouble.accept_error)) {
    sim_fd_close(next_connection(sock), 1);
    r = UV_ECONNABORTED;
  } else {
    fd = next_connection(sock);
    sim_hold(fd, HELD_BY_CORE);
    desc->fd = fd;
    desc->kind = (int) sock->kind;
    r = 0;
  }
  sim_trace("  accept_now fd %d: %d, fd %d", io->tail.fd, r, fd);
  sim_seen->accepted(io, r, fd);
  if (r == UV_EAGAIN)
    sim_arm(io, UV__ACCEPT);
  return r;
}
