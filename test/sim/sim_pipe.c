/* What the pipes of the simulated system do otherwise than its sockets: they are found by name, and have
 * no descriptor before they are bound or connect. */
#include "sim_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "p" and a number; 0 for what is no name. */
static int number_of(const void* addr) {
  const struct uv__pipe_name* name = addr;
  char text[16];

  if (name->length < 2 || name->length >= sizeof(text) || name->text[0] != 'p')
    return 0;
  memcpy(text, name->text, name->length);
  text[name->length] = '\0';
  return atoi(text + 1);
}

/* It gets a descriptor, which the core has not opened. */
static void create(struct uv__io* io) {
  if (io->tail.fd >= 0)
    return;
  io->tail.fd = sim_socket_new(UV__DESC_PIPE, HELD_BY_IO);
  sim_enter(io);
}

static void destroy(struct uv__io* io) {
  sim_leave(io);
  sim_fd_close(io->tail.fd, 0);
  io->tail.fd = -1;
}

int sim_pipe_bind(struct uv__io* io, const void* addr, unsigned flags) {
  int number = number_of(addr);
  int r;

  (void) flags;
  if (io->tail.magic != SIM_OPEN || io->tail.fd >= 0)
    sim_fail("bind of a pipe that has a descriptor, or is none");
  if (number == 0)
    return sim_refuse(io, UV_EINVAL);
  create(io);
  r = sim_bind_to(io, number);
  if (r < 0)
    destroy(io);
  return r;
}

int sim_pipe_connect(struct uv__io* io, const void* addr) {
  int number = number_of(addr);

  if (io->tail.magic != SIM_OPEN)
    sim_fail("connect of a pipe that is none");
  if (number == 0)
    return sim_refuse(io, UV_EINVAL);
  create(io);
  return sim_start_connect(io, number);
}

int sim_pipe_name(struct uv__io* io, enum uv__end end, void* addr, int* len) {
  const struct sim_socket* sock;
  char text[16];
  int port;
  int length;

  if (io->tail.magic != SIM_OPEN)
    sim_fail("name of a pipe that is closed, or is none");
  if (io->tail.fd < 0)
    return UV_EBADF;
  sock = sim_socket_of(io);
  if (end == UV__REMOTE && sock->peer < 0)
    return UV_ENOTCONN;
  port = end == UV__LOCAL ? sock->port : sim_sockets[sock->peer].port;
  length = port == 0 ? 0 : snprintf(text, sizeof(text), "p%d", port);
  if (length > *len) {
    *len = length;
    return UV_ENOBUFS;
  }
  memcpy(addr, text, (size_t) length);
  *len = length;
  return 0;
}

int uv__port_pipe_desc(uv_file file, struct uv__desc* desc) {
  if (!sim_fd_is_open(file))
    return UV_EBADF;
  desc->fd = file;
  desc->kind = UV__DESC_PIPE;
  return 0;
}

int uv_pipe(uv_file fds[2], int read_flags, int write_flags) {
  (void) read_flags;
  (void) write_flags;
  if (sim_chance(sim_trouble.open_error))
    return UV_EMFILE;
  sim_kind_pair(UV__DESC_PIPE, HELD_BY_CORE, fds);
  return 0;
}

void sim_pipe_pair(int fds[2]) {
  sim_kind_pair(UV__DESC_PIPE, HELD_BY_TEST, fds);
}
