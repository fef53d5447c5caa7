/* The server's side of a named pipe: instances that wait in the kernel for a client, and the clients
 * that came, oldest first.
 *
 * An instance is made ready for each one that is handed out, so that as many as the program
 * asked for are free. The last one is not handed out before there is another, nor given up because
 * it cannot wait just now: with it would go the name, to whoever takes it. */
#include "win/pipe/pipe.h"

#include <string.h>

#include "core/base/alloc.h"

enum {
  INSTANCES = 4, /* unless the program says otherwise */
  MOST_INSTANCES = 1024
};

#if !defined(NDEBUG)
int uv__pipe_accept_valid(const struct uv__io* io) {
  const struct uv__pipe_server* server = io->tail.more;
  const struct uv__pipe_slot* slot;
  unsigned idle = 0;
  unsigned finished = 0;

  for (slot = server->idle; slot != NULL && idle <= server->count; slot = slot->next)
    idle++;
  for (slot = server->oldest; slot != NULL && finished <= server->count; slot = slot->next)
    if (finished++ == 0 && server->newest->next != NULL)
      return 0;
  if (io->tail.state & UV__WIN_CLOSING) /* Slots are counted out, and go nowhere. */
    return idle + finished + server->posted <= server->count;
  return idle + finished + server->posted == server->count;
}
#endif

static void finish(struct uv__pipe_server* server, struct uv__pipe_slot* slot, int error) {
  slot->error = error;
  slot->next = NULL;
  if (server->oldest == NULL)
    server->oldest = slot;
  else
    server->newest->next = slot;
  server->newest = slot;
}

static void put_idle(struct uv__pipe_server* server, struct uv__pipe_slot* slot) {
  slot->next = server->idle;
  server->idle = slot;
}

static void complete(struct uv__op* op) {
  struct uv__pipe_slot* slot = uv__container_of(op, struct uv__pipe_slot, op);
  struct uv__io* io = slot->io;
  struct uv__pipe_server* server = io->tail.more;
  DWORD bytes;
  int r = 0;

  assert(uv__pipe_accept_valid(io) && server->posted > 0 && op->complete == complete);
  server->posted--;
  if (io->tail.state & UV__WIN_CLOSING) {
    if (server->posted == 0) {
      uv__pipe_server_free(io);
      uv__ring(io, UV__CLOSED);
    }
    return;
  }
  if (op->overlapped.Internal != 0 && /* Else it is known to have succeeded. */
      !GetOverlappedResult(slot->handle, &op->overlapped, &bytes, FALSE))
    r = uv__error_translate(GetLastError());
  if (r == UV_ECANCELED) /* Not by us: it waits again when asked for. */
    put_idle(server, slot);
  else
    finish(server, slot, r);
  uv__ring(io, UV__ACCEPT);
}

/* An instance on the port, with nobody connected to it. */
static int make_ready(struct uv__io* io, struct uv__pipe_server* server, HANDLE* handle) {
  int r = uv__pipe_server_make(server, 0, handle);

  if (r < 0)
    return r;
  uv__own_note(*handle);
  r = uv__native_attach(io->loop, *handle);
  if (r < 0)
    uv__pipe_server_drop(handle);
  return r;
}

/* Has a slot wait for a client. An error means a shortage: nothing was begun. */
static int post(struct uv__io* io, struct uv__pipe_server* server, struct uv__pipe_slot* slot) {
  DWORD error;
  int r = slot->handle == INVALID_HANDLE_VALUE ? make_ready(io, server, &slot->handle) : 0;

  if (r < 0)
    return r;
  memset(&slot->op.overlapped, 0, sizeof(slot->op.overlapped));
  slot->op.complete = complete;
  error =
      ConnectNamedPipe(slot->handle, &slot->op.overlapped) ? ERROR_PIPE_CONNECTED : GetLastError();
  switch (error) {
  case ERROR_IO_PENDING:
    server->posted++;
    uv__expect(io->loop, &slot->op);
    return 0;
  case ERROR_PIPE_CONNECTED: /* A client was faster. */
  case ERROR_NO_DATA:        /* It has left again; what it wrote can still be read. */
    if (server->posted == 0) {
      finish(server, slot, 0);
    } else { /* Clients that came before may have their packets in the port. */
      slot->op.overlapped.Internal = 0;
      server->posted++;
      uv__loop_post(io->loop, &slot->op);
    }
    return 0;
  default: /* It is kept: see above. */
    return uv__error_translate(error);
  }
}

/* Has all idle slots wait, and says what it was that stopped some of them. */
static int refill_once(struct uv__io* io, struct uv__pipe_server* server) {
  struct uv__pipe_slot* slot = server->idle;
  int result = 0;

  server->idle = NULL;
  while (slot != NULL) {
    struct uv__pipe_slot* next = slot->next;
    int r = slot->handle == INVALID_HANDLE_VALUE && result < 0 ? result : post(io, server, slot);

    if (r < 0) {
      put_idle(server, slot);
      result = r;
    }
    slot = next;
  }
  return result;
}

static int has_idle_instance(const struct uv__pipe_server* server) {
  const struct uv__pipe_slot* slot = server->idle;

  while (slot != NULL && slot->handle == INVALID_HANDLE_VALUE)
    slot = slot->next;
  return slot != NULL;
}

static void refill_again(struct uv__retry* retry) {
  struct uv__pipe_server* server = uv__container_of(retry, struct uv__pipe_server, retry);
  struct uv__io* io = server->slots[0].io;

  (void) refill_once(io, server);
  if (!has_idle_instance(server))
    uv__retry_end(io->loop, retry);
  if (server->oldest != NULL)
    uv__ring(io, UV__ACCEPT);
  assert(uv__pipe_accept_valid(io));
}

/* A client connects to whatever instance there is, and of one that does not wait nobody hears. */
static int refill(struct uv__io* io, struct uv__pipe_server* server) {
  int r = refill_once(io, server);

  if (has_idle_instance(server) && server->retry.at == NULL) {
    server->retry.again = refill_again;
    uv__retry_begin(io->loop, &server->retry);
  }
  return r;
}

static int make_slots(struct uv__io* io, struct uv__pipe_server* server) {
  unsigned count = io->tail.sent > 0 ? (unsigned) io->tail.sent : INSTANCES;
  unsigned i;
  int r = server->on_port ? 0 : uv__attach_handle(io->loop, server->first);

  if (r < 0)
    return r;
  server->on_port = 1;
  r = uv__native_set_modes(server->first);
  if (r < 0)
    return r;
  if (count > MOST_INSTANCES)
    count = MOST_INSTANCES;
  server->slots = uv__calloc(count, sizeof(*server->slots));
  if (server->slots == NULL || uv__expect_reserve(io->loop, count) < 0) {
    uv__free(server->slots);
    server->slots = NULL;
    return UV_ENOMEM;
  }
  server->count = count;
  for (i = count; i-- > 0;) {
    server->slots[i].io = io;
    server->slots[i].handle = INVALID_HANDLE_VALUE;
    put_idle(server, &server->slots[i]);
  }
  server->slots[0].handle = server->first;
  server->first = INVALID_HANDLE_VALUE;
  return 0;
}

int uv__pipe_accept_listen(struct uv__io* io) {
  struct uv__pipe_server* server = io->tail.more;
  int r;

  if (server->slots != NULL)
    return 0; /* There is no backlog to change. */
  r = make_slots(io, server);
  if (r < 0)
    return r;
  /* Whatever stops this is told by accept_now, where it can be waited out. */
  if (refill(io, server) < 0 || server->oldest != NULL)
    uv__ring(io, UV__ACCEPT);
  assert(uv__pipe_accept_valid(io));
  return 0;
}

/* No slot could be posted: what accept_now may say for that. */
static int shortage(int error) {
  return error == UV_EMFILE || error == UV_ENOMEM ? error : UV_ENOBUFS;
}

/* Whether the name stays ours without the instance of this slot. */
static int is_spare(const struct uv__pipe_server* server, const struct uv__pipe_slot* slot) {
  unsigned i;

  for (i = 0; i < server->count; i++)
    if (&server->slots[i] != slot && server->slots[i].handle != INVALID_HANDLE_VALUE)
      return 1;
  return 0;
}

int uv__pipe_accept_take(struct uv__io* io, struct uv__desc* desc) {
  struct uv__pipe_server* server = io->tail.more;
  struct uv__pipe_slot* slot;
  HANDLE handle;
  HANDLE next;
  int error;
  int r = 0;

  if (server->oldest == NULL)
    r = refill(io, server);
  slot = server->oldest;
  if (slot == NULL)
    return r < 0 && server->posted == 0 ? shortage(r) : UV_EAGAIN;
  r = make_ready(io, server, &next);
  if (r == UV_ENOMEM && !is_spare(server, slot))
    return r;
  server->oldest = slot->next;
  handle = slot->handle;
  error = slot->error; /* The slot may be used again below, and have a client at once. */
  slot->handle = r < 0 ? INVALID_HANDLE_VALUE : next;
  put_idle(server, slot);
  (void) refill(io, server); /* Else when the last connection was taken. */
  assert(uv__pipe_accept_valid(io));
  if (error < 0) {
    uv__pipe_server_drop(&handle);
    return error;
  }
  desc->handle = handle;
  desc->kind = UV__DESC_PIPE;
  if (server->bytes)
    desc->accepted =
        io->tail.state & UV__WIN_DOT ? UV__PIPE_ACCEPTED_BYTES_DOT : UV__PIPE_ACCEPTED_BYTES;
  else
    desc->accepted = io->tail.state & UV__WIN_DOT ? UV__PIPE_ACCEPTED_DOT : UV__PIPE_ACCEPTED;
  desc->peer = 0;
  return 0;
}
