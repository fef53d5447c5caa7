/* The server's side of a named pipe: instances that wait in the kernel for a client, and the clients
 * that came, oldest first.
 *
 * A few lines longer than others: whoever touches a slot is to be found here.
 *
 * An instance is made ready for each one that is handed out, so that as many as the program
 * asked for are free, and the name stays ours while anybody is connected. */
#include "win/pipe/pipe.h"

#include <string.h>

#include "core/base/alloc.h"

enum {
  INSTANCES = 4, /* unless the program says otherwise */
  MOST_INSTANCES = 1024
};

struct slot {
  struct uv__op op;
  struct uv__io* io;
  struct slot* next;
  HANDLE handle; /* INVALID_HANDLE_VALUE: an instance is still to be made */
  int error;     /* of a finished one */
};

/* io->tail.more of a bound pipe. */
struct server {
  struct uv__pipe_wide name;
  struct uv__pipe_access access;
  int bytes;    /* IPC pipes have frames of their own, and peers that expect bytes */
  HANDLE first; /* made by bind, until there are slots */
  int on_port;  /* `first` is */
  struct slot* slots;
  unsigned count; /* of them */
  struct slot* idle;
  struct slot* oldest; /* finished, in order of completion */
  struct slot* newest;
  unsigned posted; /* in the kernel */
};

/* All instances of a name share one label. Only the first one may change it: the flag of
 * CreateNamedPipe for the first instance has the value of the right to do that. */
static int change_label(struct server* server) {
  int r = UV_EACCES;
  unsigned i;

  if (server->first != INVALID_HANDLE_VALUE)
    r = uv__pipe_access_change(server->first, &server->access, LABEL_SECURITY_INFORMATION);
  for (i = 0; r != 0 && i < server->count; i++)
    if (server->slots[i].handle != INVALID_HANDLE_VALUE)
      r = uv__pipe_access_change(server->slots[i].handle, &server->access,
                                 LABEL_SECURITY_INFORMATION);
  return r;
}

int uv__pipe_server_chmod(struct uv__io* io, int flags) {
  struct server* server = io->tail.more;
  DWORD level = server->access.level;
  unsigned i;
  int r = uv__pipe_access_make(&server->access, flags); /* Also for the instances to come. */

  if (r == 0 && server->access.level != level) {
    r = change_label(server);
    if (r < 0)
      server->access.level = level;
  }
  /* On Windows all instances of a name share one list, too, and one change would do. */
  if (r == 0 && server->first != INVALID_HANDLE_VALUE)
    r = uv__pipe_access_change(server->first, &server->access, DACL_SECURITY_INFORMATION);
  for (i = 0; r == 0 && i < server->count; i++)
    if (server->slots[i].handle != INVALID_HANDLE_VALUE)
      r = uv__pipe_access_change(server->slots[i].handle, &server->access,
                                 DACL_SECURITY_INFORMATION);
  return r;
}

/* ---- Instances ---- */

/* A new instance of the name. */
static int make_instance(struct server* server, DWORD first, HANDLE* handle) {
  DWORD mode = server->bytes ? PIPE_TYPE_BYTE | PIPE_READMODE_BYTE
                             : PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE;
  SECURITY_ATTRIBUTES security;

  security.nLength = sizeof(security);
  security.lpSecurityDescriptor = &server->access.descriptor;
  security.bInheritHandle = FALSE;
  *handle = CreateNamedPipeW(
      server->name.text, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | WRITE_DAC | first,
      mode | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS, PIPE_UNLIMITED_INSTANCES, UV__PIPE_QUOTA_OUT,
      UV__PIPE_QUOTA_IN, 0, &security);
  if (*handle == INVALID_HANDLE_VALUE) {
    DWORD error = GetLastError();

    /* The name is somebody's: a pipe of another kind, of another user, or all instances. */
    if (error == ERROR_ACCESS_DENIED || error == ERROR_PIPE_BUSY)
      return UV_EADDRINUSE;
    return error == ERROR_INVALID_NAME ? UV_EINVAL : uv__error_translate(error);
  }
  return 0;
}

static void drop_instance(HANDLE* handle) {
  if (*handle != INVALID_HANDLE_VALUE) {
    uv__own_drop(*handle, NULL);
    CloseHandle(*handle);
  }
  *handle = INVALID_HANDLE_VALUE;
}

/* The instance of bind is put on the port by listen: until then it may be passed to another
 * process, which then puts it on its own. */
static int bind_name(
    struct uv__io* io, const struct uv__pipe_wide* name, int bytes, DWORD first, HANDLE instance) {
  struct server* server = uv__calloc(1, sizeof(*server));
  int r;

  if (server == NULL)
    return UV_ENOMEM;
  server->name = *name;
  server->bytes = bytes;
  server->first = instance;
  server->on_port = instance != INVALID_HANDLE_VALUE;
  r = uv__pipe_access_make(&server->access, 0);
  if (r == 0 && !server->on_port)
    r = make_instance(server, first, &server->first);
  if (r == 0) {
    r = uv__own_add(server->first, NULL);
    if (r < 0 && !server->on_port)
      drop_instance(&server->first);
  }
  if (r < 0) {
    uv__free(server);
    return r;
  }
  io->tail.more = server;
  uv__win_set(io, UV__WIN_BOUND | (name->dot ? UV__WIN_DOT : 0));
  return 0;
}

int uv__pipe_server_bind(struct uv__io* io, const struct uv__pipe_wide* name, int bytes) {
  return bind_name(io, name, bytes, FILE_FLAG_FIRST_PIPE_INSTANCE, INVALID_HANDLE_VALUE);
}

int uv__pipe_server_join(struct uv__io* io,
                         const struct uv__pipe_wide* name,
                         int bytes,
                         HANDLE instance) {
  int r = uv__pipe_attach(io->loop, instance);

  if (r == 0)
    return bind_name(io, name, bytes, 0, instance);
  if (r != UV_EINVAL)
    return r;
  /* Whoever passed it listens: it serves that one. It keeps the name alive until here. */
  r = bind_name(io, name, bytes, 0, INVALID_HANDLE_VALUE);
  if (r == 0)
    drop_instance(&instance);
  return r;
}

HANDLE uv__pipe_server_handle(const struct uv__io* io) {
  const struct server* server = io->tail.more;
  unsigned i;

  for (i = 0; i < server->count; i++)
    if (server->slots[i].handle != INVALID_HANDLE_VALUE)
      return server->slots[i].handle;
  return server->first;
}

/* ---- Slots ---- */

int uv__pipe_server_valid(const struct uv__io* io) {
  const struct server* server = io->tail.more;
  const struct slot* slot;
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

static void finish(struct server* server, struct slot* slot, int error) {
  slot->error = error;
  slot->next = NULL;
  if (server->oldest == NULL)
    server->oldest = slot;
  else
    server->newest->next = slot;
  server->newest = slot;
}

static void put_idle(struct server* server, struct slot* slot) {
  slot->next = server->idle;
  server->idle = slot;
}

void uv__pipe_server_free(struct uv__io* io) {
  struct server* server = io->tail.more;
  unsigned i;

  assert(server->posted == 0);
  for (i = 0; i < server->count; i++)
    drop_instance(&server->slots[i].handle);
  drop_instance(&server->first);
  uv__expect_release(io->loop, server->count);
  uv__free(server->slots);
  uv__free(server);
  io->tail.more = NULL;
  uv__win_clear(io, UV__WIN_BOUND | UV__WIN_DOT);
}

static void complete(struct uv__op* op) {
  struct slot* slot = uv__container_of(op, struct slot, op);
  struct uv__io* io = slot->io;
  struct server* server = io->tail.more;
  DWORD bytes;
  int r;

  assert(uv__pipe_server_valid(io) && server->posted > 0 && op->complete == complete);
  server->posted--;
  if (io->tail.state & UV__WIN_CLOSING) {
    if (server->posted == 0) {
      uv__pipe_server_free(io);
      uv__ring(io, UV__CLOSED);
    }
    return;
  }
  r = GetOverlappedResult(slot->handle, &op->overlapped, &bytes, FALSE)
          ? 0
          : uv__error_translate(GetLastError());
  if (r == UV_ECANCELED) /* Not by us: it waits again when asked for. */
    put_idle(server, slot);
  else
    finish(server, slot, r);
  uv__ring(io, UV__ACCEPT);
}

/* Has a slot wait for a client. An error means a shortage: nothing was begun. */
static int post(struct uv__io* io, struct server* server, struct slot* slot) {
  DWORD error;
  int r = 0;

  if (slot->handle == INVALID_HANDLE_VALUE) {
    r = make_instance(server, 0, &slot->handle);
    if (r == 0) {
      uv__own_note(slot->handle);
      r = uv__pipe_attach(io->loop, slot->handle);
    }
    if (r < 0) {
      drop_instance(&slot->handle);
      return r;
    }
  }
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
  default:
    drop_instance(&slot->handle);
    return uv__error_translate(error);
  }
}

/* Has all idle slots wait, and says what it was that stopped it. */
static int refill(struct uv__io* io, struct server* server) {
  while (server->idle != NULL) {
    struct slot* slot = server->idle;
    int r;

    server->idle = slot->next;
    r = post(io, server, slot);
    if (r < 0) {
      put_idle(server, slot);
      return r;
    }
  }
  return 0;
}

static int make_slots(struct uv__io* io, struct server* server) {
  unsigned count = io->tail.sent > 0 ? (unsigned) io->tail.sent : INSTANCES;
  unsigned i;
  int r = server->on_port ? 0 : uv__pipe_attach(io->loop, server->first);

  if (r < 0)
    return r;
  server->on_port = 1;
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

int uv__pipe_server_listen(struct uv__io* io) {
  struct server* server = io->tail.more;
  int r;

  if (server->slots != NULL)
    return 0; /* There is no backlog to change. */
  r = make_slots(io, server);
  if (r < 0)
    return r;
  /* Whatever stops this is told by accept_now, where it can be waited out. */
  if (refill(io, server) < 0 || server->oldest != NULL)
    uv__ring(io, UV__ACCEPT);
  assert(uv__pipe_server_valid(io));
  return 0;
}

/* No slot could be posted: what accept_now may say for that. */
static int shortage(int error) {
  return error == UV_EMFILE || error == UV_ENOMEM ? error : UV_ENOBUFS;
}

int uv__pipe_server_accept(struct uv__io* io, struct uv__desc* desc) {
  struct server* server = io->tail.more;
  struct slot* slot;
  HANDLE handle;
  int error;
  int r = 0;

  if (server->oldest == NULL)
    r = refill(io, server);
  slot = server->oldest;
  if (slot == NULL)
    return r < 0 && server->posted == 0 ? shortage(r) : UV_EAGAIN;
  server->oldest = slot->next;
  handle = slot->handle;
  error = slot->error; /* The slot may be used again below, and have a client at once. */
  slot->handle = INVALID_HANDLE_VALUE;
  put_idle(server, slot);
  (void) refill(io, server); /* Else when the last connection was taken. */
  assert(uv__pipe_server_valid(io));
  if (error < 0) {
    drop_instance(&handle);
    return error;
  }
  desc->handle = handle;
  desc->kind = UV__DESC_PIPE;
  desc->accepted = io->tail.state & UV__WIN_DOT ? UV__PIPE_ACCEPTED_DOT : UV__PIPE_ACCEPTED;
  desc->peer = 0;
  return 0;
}

/* ---- The end ---- */

int uv__pipe_server_close(struct uv__io* io) {
  struct server* server = io->tail.more;
  unsigned i;

  /* The handles go in the call, so that no client gets in and the name is free (rule L4); what was
   * pending is joined by its packets. By OVERLAPPED, because an instance may be shared. */
  for (i = 0; i < server->count; i++) {
    struct slot* slot = &server->slots[i];

    if (server->posted > 0 && slot->handle != INVALID_HANDLE_VALUE)
      CancelIoEx(slot->handle, &slot->op.overlapped);
    drop_instance(&slot->handle);
  }
  if (server->posted > 0)
    return UV__PENDING;
  uv__pipe_server_free(io);
  return 0;
}
