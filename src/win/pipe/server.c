/* A name that is ours, and its instances: binding, who may use it, and the end. How instances wait for
 * clients, and the clients that came, are in accept.c. */
#include "win/pipe/pipe.h"

#include "core/base/alloc.h"

/* ---- Instances ---- */

/* A new instance of the name. */
int uv__pipe_server_make(struct uv__pipe_server* server, DWORD first, HANDLE* handle) {
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

void uv__pipe_server_drop(HANDLE* handle) {
  if (*handle != INVALID_HANDLE_VALUE) {
    uv__own_drop(*handle, NULL);
    CloseHandle(*handle);
  }
  *handle = INVALID_HANDLE_VALUE;
}

/* The instance of bind is put on the port by listen: until then it may be passed to another
 * process, which then puts it on its own. */
static int bind_name(struct uv__io* io,
                     const struct uv__pipe_wide* name,
                     int bytes,
                     DWORD first,
                     HANDLE instance,
                     const struct uvs_access_s* access) {
  struct uv__pipe_server* server = uv__calloc(1, sizeof(*server));
  int r;

  if (server == NULL)
    return UV_ENOMEM;
  server->name = *name;
  server->bytes = bytes;
  server->first = instance;
  server->on_port = instance != INVALID_HANDLE_VALUE;
  r = access == NULL ? uv__access_make(&server->access, 0)
                     : uv__access_list(&server->access, access);
  if (r == 0 && !server->on_port)
    r = uv__pipe_server_make(server, first, &server->first);
  if (r == 0) {
    r = uv__own_add(server->first, NULL);
    if (r < 0 && !server->on_port)
      uv__pipe_server_drop(&server->first);
  }
  if (r < 0) {
    uv__free(server);
    return r;
  }
  io->tail.more = server;
  uv__win_set(io, UV__WIN_BOUND | (name->dot ? UV__WIN_DOT : 0));
  return 0;
}

int uv__pipe_server_bind(struct uv__io* io,
                         const struct uv__pipe_wide* name,
                         int bytes,
                         const struct uvs_access_s* access) {
  return bind_name(io, name, bytes, FILE_FLAG_FIRST_PIPE_INSTANCE, INVALID_HANDLE_VALUE, access);
}

int uv__pipe_server_join(struct uv__io* io,
                         const struct uv__pipe_wide* name,
                         int bytes,
                         HANDLE instance) {
  int r = uv__native_attach(io->loop, instance);

  if (r == 0)
    return bind_name(io, name, bytes, 0, instance, NULL);
  if (r != UV_EINVAL)
    return r;
  /* Whoever passed it listens: it serves that one. It keeps the name alive until here. */
  r = bind_name(io, name, bytes, 0, INVALID_HANDLE_VALUE, NULL);
  if (r == 0)
    uv__pipe_server_drop(&instance);
  return r;
}

HANDLE uv__pipe_server_handle(const struct uv__io* io) {
  const struct uv__pipe_server* server = io->tail.more;
  unsigned i;

  for (i = 0; i < server->count; i++)
    if (server->slots[i].handle != INVALID_HANDLE_VALUE)
      return server->slots[i].handle;
  return server->first;
}

/* ---- Who may use it ---- */

/* All instances of a name share one label. Only the first one may change it: the flag of
 * CreateNamedPipe for the first instance has the value of the right to do that. */
static int change_label(struct uv__pipe_server* server) {
  int r = UV_EPERM;
  unsigned i;

  if (server->first != INVALID_HANDLE_VALUE)
    r = uv__access_change(server->first, &server->access, LABEL_SECURITY_INFORMATION);
  for (i = 0; r != 0 && i < server->count; i++)
    if (server->slots[i].handle != INVALID_HANDLE_VALUE)
      r = uv__access_change(server->slots[i].handle, &server->access, LABEL_SECURITY_INFORMATION);
  return r;
}

/* What cannot be changed stays as it is, for the instances to come, too. */
int uv__pipe_server_chmod(struct uv__io* io, int flags) {
  struct uv__pipe_server* server = io->tail.more;
  struct uv__access before = server->access; /* Leads to itself in its own place only. */
  unsigned i;
  int r = uv__access_make(&server->access, flags);

  if (r == 0 && server->access.level != before.level)
    r = change_label(server);
  /* On Windows all instances of a name share one list, too, and one change would do. */
  if (r == 0 && server->first != INVALID_HANDLE_VALUE)
    r = uv__access_change(server->first, &server->access, DACL_SECURITY_INFORMATION);
  for (i = 0; r == 0 && i < server->count; i++)
    if (server->slots[i].handle != INVALID_HANDLE_VALUE)
      r = uv__access_change(server->slots[i].handle, &server->access, DACL_SECURITY_INFORMATION);
  if (r < 0)
    server->access = before;
  return r;
}

/* ---- The end ---- */

void uv__pipe_server_free(struct uv__io* io) {
  struct uv__pipe_server* server = io->tail.more;
  unsigned i;

  assert(server->posted == 0);
  uv__retry_end(io->loop, &server->retry);
  for (i = 0; i < server->count; i++)
    uv__pipe_server_drop(&server->slots[i].handle);
  uv__pipe_server_drop(&server->first);
  uv__expect_release(io->loop, server->count);
  uv__free(server->slots);
  uv__free(server);
  io->tail.more = NULL;
  uv__win_clear(io, UV__WIN_BOUND | UV__WIN_DOT);
}

int uv__pipe_server_close(struct uv__io* io) {
  struct uv__pipe_server* server = io->tail.more;
  unsigned i;

  uv__retry_end(io->loop, &server->retry);
  /* The handles go in the call, so that no client gets in and the name is free (rule L4); what was
   * pending is joined by its packets. By OVERLAPPED, because an instance may be shared. */
  for (i = 0; i < server->count; i++) {
    struct uv__pipe_slot* slot = &server->slots[i];

    if (server->posted > 0 && slot->handle != INVALID_HANDLE_VALUE)
      CancelIoEx(slot->handle, &slot->op.overlapped);
    uv__pipe_server_drop(&slot->handle);
  }
  if (server->posted > 0)
    return UV__PENDING;
  uv__pipe_server_free(io);
  return 0;
}
