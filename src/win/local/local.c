/* Unix-domain sockets as pipes (Windows 10 1803): making, binding, connecting and accepting them, and the
 * table of a pipe without frames, which decides by the name what it becomes. What is done with a
 * connection is what TCP does (tcp/). There is no passing of handles over these sockets in Windows. */
#include "win/local/local.h"

#include <string.h>

#include "uvstream.h"
#include "win/pipe/pipe.h"

static const DWORD get_peer_pid = 0x58000100; /* SIO_AF_UNIX_GETPEERPID */

static const struct uv__ops local_ops;

/* Makes a socket the io's, which is as init left it. On failure it is so again, and the socket the
 * caller's. */
static int adopt(struct uv__io* io, SOCKET sock, unsigned state) {
  unsigned short own;
  int r = uv__sock_look(sock, &own);

  if (r < 0)
    return r;
  io->tail.u.socket = sock;
  r = uv__loop_link(io);
  if (r == 0) {
    r = uv__sock_unblock(sock);
    if (r < 0)
      uv__loop_unlink(io);
  }
  if (r < 0) {
    io->tail.u.handle = INVALID_HANDLE_VALUE;
    return r;
  }
  io->tail.sent = 0; /* Instances, of which there are none. */
  uv__win_set(io, UV__WIN_SOCKET | state | (own & UV__WIN_IFS));
  io->ops = &local_ops;
  return 0;
}

static int start(struct uv__io* io) {
  SOCKET sock;
  int r = uv__local_make(&sock);

  if (r < 0)
    return r;
  r = adopt(io, sock, 0);
  if (r < 0)
    closesocket(sock);
  return r;
}

/* Takes back what `start` and more did: a pipe may be bound again, to whatever name. */
static void undo(struct uv__io* io) {
  uv__tcp_pool_free(io);
  uv__loop_unlink(io);
  closesocket(io->tail.u.socket);
  uv__pipe_init(io);
  io->ops = &uv__pipe_ops;
}

/* ---- Names ---- */

static int local_name(struct uv__io* io, enum uv__end end, void* text, int* len) {
  struct uv__local_addr addr;
  int size = sizeof(addr);
  size_t length;
  int r;

  memset(&addr, 0, sizeof(addr));
  r = end == UV__REMOTE ? getpeername(io->tail.u.socket, (struct sockaddr*) &addr, &size)
                        : getsockname(io->tail.u.socket, (struct sockaddr*) &addr, &size);
  if (r != 0 && end == UV__REMOTE)
    return uv__error_translate((DWORD) WSAGetLastError());
  for (length = 0; length < sizeof(addr.path) && addr.path[length] != '\0'; length++)
    continue;
  if ((int) length > *len) {
    *len = (int) length;
    return UV_ENOBUFS;
  }
  memcpy(text, addr.path, length);
  *len = (int) length;
  return 0;
}

/* ---- Binding and listening ---- */

static int bind_socket(struct uv__io* io, const struct uv__local_addr* addr) {
  struct uv__tcp_pool* pool;
  int r = uv__tcp_pool_make(io, &uv__local_family);

  if (r < 0)
    return r;
  pool = uv__tcp_pool_of(io);
  if (bind(io->tail.u.socket, (const struct sockaddr*) addr, sizeof(*addr)) != 0) {
    r = uv__error_translate((DWORD) WSAGetLastError());
    /* As on Unix: a folder that is not there is one that may not be written to. */
    return r == UV_ENOENT || r == UV_ENETDOWN ? UV_EACCES : r;
  }
  r = uv__local_file_open(addr->path, &pool->file);
  if (r < 0)
    pool->file = NULL;
  return r;
}

static int local_bind(struct uv__io* io, const struct uv__local_addr* addr) {
  int r = start(io);

  if (r < 0)
    return r;
  r = bind_socket(io, addr);
  if (r < 0) {
    undo(io);
    return r;
  }
  uv__win_set(io, UV__WIN_BOUND);
  return 0;
}

static int bound_already(struct uv__io* io, const void* addr, unsigned flags) {
  (void) io;
  (void) addr;
  (void) flags;
  return UV_EINVAL;
}

static int local_listen(struct uv__io* io, int backlog) {
  return uv__tcp_accept_listen(io, backlog);
}

static int local_accept_now(struct uv__io* io, struct uv__desc* desc) {
  int r = uv__tcp_accept_now(io, desc);

  if (r < 0)
    return r;
  desc->kind = UV__DESC_PIPE;
  desc->accepted = UV__DESC_LOCAL;
  desc->peer = 0;
  return 0;
}

/* ---- Connecting ---- */

static int local_connect(struct uv__io* io, const struct uv__local_addr* addr) {
  int r;

  if (!uv__local_file_exists(addr->path))
    return UV_ENOENT; /* Winsock knows no other word than that it was refused. */
  r = start(io);
  if (r < 0)
    return r;
  r = uv__local_connect(io, addr);
  if (r < 0 && r != UV__PENDING)
    undo(io);
  return r;
}

/* ---- The rest ---- */

static int who_is_there(struct uv__io* io, struct uvs_peer_s* peer) {
  ULONG pid = 0;
  DWORD bytes;

  if (WSAIoctl(io->tail.u.socket, get_peer_pid, NULL, 0, &pid, sizeof(pid), &bytes, NULL, NULL) !=
      0)
    return uv__error_translate((DWORD) WSAGetLastError());
  peer->pid = (int) pid;
  peer->known |= UVS_PEER_PROCESS;
  return 0;
}

static int local_option(struct uv__io* io, enum uv__option option, void* value) {
  switch (option) {
  case UV__PEER:
    return who_is_there(io, value);
  case UV__SNDBUF:
  case UV__RCVBUF:
    return uv__tcp_option(io, option, value);
  case UV__INSTANCES:
  case UV__ACCEPTS:
    return 0;
  default:
    return UV_ENOTSUP;
  }
}

/* The name is free from then on. */
static int local_close(struct uv__io* io) {
  struct uv__tcp_pool* pool = uv__tcp_pool_of(io);

  if (pool != NULL && pool->file != NULL) {
    uv__local_file_remove(pool->file);
    pool->file = NULL;
  }
  return uv__tcp_close(io);
}

static int connect_again(struct uv__io* io, const void* addr);

static const struct uv__ops local_ops = {
    .init = uv__pipe_init,
    .bind = bound_already,
    .name = local_name,
    .option = local_option,
    .fileno = uv__tcp_fileno,
    .read_arm = uv__tcp_read_arm,
    .read_disarm = uv__tcp_read_disarm,
    .read_now = uv__tcp_read_now,
    .write = uv__tcp_write,
    .connect = connect_again,
    .shutdown = uv__tcp_shutdown,
    .listen = local_listen,
    .accept_now = local_accept_now,
    .done = uv__tcp_done,
    .close = local_close,
    .beyond = UV__WIN_BEYOND_LOCAL,
};

/* ---- The table of a pipe: by its name ---- */

static int pipe_open(struct uv__io* io, int domain, const struct uv__desc* desc, unsigned* opened) {
  (void) domain;
  if (desc->accepted != UV__DESC_LOCAL)
    return uv__pipe_open(io, desc, NULL, opened);
  *opened = UV__OPENED_READABLE | UV__OPENED_WRITABLE;
  return adopt(io, (SOCKET) desc->handle, UV__WIN_BOUND | UV__WIN_CONNECTED);
}

static int pipe_bind(struct uv__io* io, const void* name, unsigned flags) {
  struct uv__local_addr addr;
  int r;

  (void) flags;
  if (!uv__name_is_path(name) || io->tail.u.handle != INVALID_HANDLE_VALUE)
    return uv__pipe_bind(io, name, NULL);
  if (((const struct uv__pipe_name*) name)->access != NULL)
    return UV_ENOTSUP; /* Who may connect is what the folder says. */
  r = uv__local_read_name(name, &addr);
  return r < 0 ? r : local_bind(io, &addr);
}

static int pipe_connect(struct uv__io* io, const void* name) {
  struct uv__local_addr addr;
  int r;

  if (!uv__name_is_path(name))
    return uv__pipe_connect(io, name, NULL);
  r = uv__local_read_name(name, &addr);
  if (r < 0)
    return r;
  if (io->tail.state & UV__WIN_BOUND)
    uv__pipe_server_free(io); /* A client has no name of its own here. */
  return local_connect(io, &addr);
}

/* Of a socket that has a name: a client has none here. What is no name undoes nothing. */
static int connect_again(struct uv__io* io, const void* name) {
  struct uv__tcp_pool* pool = uv__tcp_pool_of(io);
  struct uv__local_addr addr;
  struct uv__pipe_wide wide;
  int r = uv__name_is_path(name) ? uv__local_read_name(name, &addr) : uv__name_parse(name, &wide);

  if (r < 0)
    return r;
  if (pool != NULL && pool->file != NULL)
    uv__local_file_remove(pool->file);
  undo(io);
  return pipe_connect(io, name);
}

const struct uv__ops uv__pipe_ops = {
    .init = uv__pipe_init,
    .open = pipe_open,
    .bind = pipe_bind,
    .name = uv__pipe_name,
    .option = uv__pipe_option,
    .fileno = uv__pipe_fileno,
    .read_arm = uv__pipe_read_arm,
    .read_disarm = uv__pipe_read_disarm,
    .read_now = uv__pipe_read_now,
    .write = uv__pipe_end_write,
    .connect = pipe_connect,
    .shutdown = uv__pipe_read_shutdown,
    .listen = uv__pipe_listen,
    .accept_now = uv__pipe_accept_take,
    .done = uv__pipe_done,
    .close = uv__pipe_close,
    .beyond = UV__WIN_BEYOND_PIPE,
};
