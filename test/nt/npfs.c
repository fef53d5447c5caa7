/* Names of pipes, their instances, and the states these go through. */
#include "npfs.h"

#include <string.h>

static struct np_name* names;

/* ---- Names ---- */

/* "Pipe Names": not case-sensitive, up to 256 characters with the prefix, any but a backslash; yet
 * NPFS takes backslashes for a part of the name. */
enum {
  LONGEST = 256
};

struct np_name* np_name_find(const WCHAR* text, size_t units) {
  struct np_name* name;

  for (name = names; name != NULL; name = name->next)
    if (wcslen(name->text) == units && _wcsnicmp(name->text, text, units) == 0)
      return name;
  return NULL;
}

int np_is_available(const struct np_name* name) {
  const struct np_pipe* pipe;

  for (pipe = name->pipes; pipe != NULL; pipe = pipe->next)
    if (pipe->state == NP_LISTENING)
      return 1;
  return 0;
}

/* It is nobody's when its last instance goes; who still has an end of one may ask for it. */
static void name_unref(struct np_name* name) {
  if (--name->uses > 0)
    return;
  nt_free(name->text);
  nt_free(name);
}

static void drop_instance(struct np_name* name) {
  struct np_name** at = &names;

  if (--name->instances > 0)
    return;
  while (*at != name)
    at = &(*at)->next;
  *at = name->next;
}

/* ---- The device ---- */

static void cancel_connect(struct nt_irp* irp) {
  struct nt_irp** at = &((struct np_end*) irp->file)->pipe->connects;

  while (*at != irp)
    at = &(*at)->queue;
  *at = irp->queue;
  nt_irp_complete(irp, ST_CANCELLED, 0);
}

/* "ConnectNamedPipe": a client that came first is an error, one that has left as well. */
static void connect_pipe(struct np_end* end, struct nt_irp* irp) {
  struct np_pipe* pipe = end->pipe;

  if (pipe->state == NP_DISCONNECTED) {
    pipe->state = NP_LISTENING;
    np_wake(pipe->name);
  }
  if (pipe->state == NP_CONNECTED) {
    nt_irp_complete(irp, ST_PIPE_CONNECTED, 0);
  } else if (pipe->state == NP_CLOSING) {
    nt_irp_complete(irp, ST_PIPE_CLOSING, 0);
  } else if (end->no_wait) {
    nt_irp_complete(irp, ST_PIPE_LISTENING, 0);
  } else {
    irp->prompt =
        2; /* Clients are told in the order of their coming, though by several instances. */
    irp->queue = pipe->connects;
    pipe->connects = irp;
    nt_irp_pend(irp, cancel_connect);
  }
}

static void start(struct nt_irp* irp) {
  struct np_end* end = (struct np_end*) irp->file;

  irp->prompt = 1;
  if (irp->what == NT_READ)
    np_read(end, irp);
  else if (irp->what == NT_WRITE)
    np_write(end, irp);
  else if (irp->what == NT_FLUSH)
    np_flush(end, irp);
  else if (irp->code == NP_CONNECT && end->side == NP_SERVER)
    connect_pipe(end, irp);
  else
    nt_irp_complete(irp, ST_INVALID_DEVICE_REQUEST, 0);
}

static void end_connects(struct np_pipe* pipe, NTSTATUS status) {
  while (pipe->connects != NULL) {
    struct nt_irp* irp = pipe->connects;
    pipe->connects = irp->queue;
    nt_irp_complete(irp, status, 0);
  }
}

static void pipe_gone(struct np_pipe* pipe) {
  struct np_pipe** at = &pipe->name->pipes;

  while (*at != NULL && *at != pipe)
    at = &(*at)->next;
  if (*at == NULL)
    return; /* One that leads nowhere. */
  *at = pipe->next;
  drop_instance(pipe->name);
}

/* What the end that closes was to read goes, and with it the writes of the other; what it wrote
 * stays for the other to read, but for a write that is still pending, of which nobody says. */
static void cleanup(struct nt_file* file) {
  struct np_end* end = (struct np_end*) file;
  struct np_pipe* pipe = end->pipe;
  int other = 1 - end->side;

  end_connects(pipe, ST_PIPE_BROKEN);
  if (pipe->state == NP_CONNECTED || pipe->state == NP_CLOSING) {
    pipe->state = NP_CLOSING;
    np_queue_end(&pipe->queue[end->side], ST_PIPE_BROKEN, ST_PIPE_BROKEN, 0);
    np_queue_end(&pipe->queue[other], ST_PIPE_BROKEN, ST_PIPE_BROKEN, pipe->end[other] != NULL);
  } else {
    pipe->state = NP_DISCONNECTED;
  }
  pipe->end[end->side] = NULL;
  if (pipe->end[other] == NULL)
    pipe_gone(pipe);
}

static void destroy(struct nt_file* file) {
  struct np_pipe* pipe = ((struct np_end*) file)->pipe;

  if (--pipe->refs > 0)
    return;
  name_unref(pipe->name);
  nt_free(pipe);
}

const struct nt_device np_device = {
    .name = "pipe", .type = FILE_TYPE_PIPE, .start = start, .cleanup = cleanup, .destroy = destroy};

struct np_end* np_find(HANDLE handle, ACCESS_MASK access) {
  struct nt_file* file = nt_find(handle, &nt_file_class, access);

  if (file != NULL && file->device != &np_device) {
    nt_error(ERROR_INVALID_FUNCTION);
    file = NULL;
  }
  return (struct np_end*) file;
}

/* [MS-FSCC] 2.4.33; the states are numbered from 1 on in the order of enum np_state. */
LONG np_query_local(HANDLE handle, void* info, ULONG size) {
  struct np_end* end = np_find(handle, FILE_READ_ATTRIBUTES);
  ULONG words[10];

  if (end == NULL)
    return ST_ACCESS_DENIED;
  if (size < sizeof(words))
    return (LONG) 0xc0000004; /* STATUS_INFO_LENGTH_MISMATCH */
  memset(words, 0, sizeof(words));
  words[8] = (ULONG) end->pipe->state + 1;
  words[9] = (ULONG) end->side;
  memcpy(info, words, sizeof(words));
  return ST_SUCCESS;
}

/* ---- Ends ---- */

static struct np_end* make_end(struct np_pipe* pipe, int side, int synchronous) {
  struct np_end* end = nt_file_new(&np_device, sizeof(*end), synchronous);

  end->pipe = pipe;
  end->side = side;
  pipe->refs++;
  pipe->end[side] = end;
  pipe->process[side] = nt_process_id(nt_here());
  return end;
}

static struct np_name* make_name(
    const WCHAR* text, DWORD open, DWORD mode, DWORD most, DWORD out, DWORD in) {
  struct np_name* name = nt_alloc(sizeof(*name));
  struct np_name** at = &names;

  name->text = nt_alloc((wcslen(text) + 1) * sizeof(WCHAR));
  wcscpy(name->text, text);
  name->access = open & PIPE_ACCESS_DUPLEX;
  name->messages = (mode & PIPE_TYPE_MESSAGE) != 0;
  name->is_local = (mode & PIPE_REJECT_REMOTE_CLIENTS) != 0;
  name->most = most;
  name->out = out;
  name->in = in;
  while (*at != NULL)
    at = &(*at)->next;
  *at = name;
  return name;
}

static BOOL may_create(const struct np_name* name, DWORD open, DWORD mode) {
  if ((open & FILE_FLAG_FIRST_PIPE_INSTANCE) || name->access != (open & PIPE_ACCESS_DUPLEX) ||
      name->messages != ((mode & PIPE_TYPE_MESSAGE) != 0))
    return nt_error(ERROR_ACCESS_DENIED);
  if (name->most != PIPE_UNLIMITED_INSTANCES && name->instances >= name->most)
    return nt_error(ERROR_PIPE_BUSY);
  return TRUE;
}

/* A client can come from here on, before anybody calls ConnectNamedPipe. Without a name nothing else
 * is the same pipe. */
struct np_end* np_create(
    const WCHAR* text, DWORD open, DWORD mode, DWORD most, DWORD out, DWORD in) {
  size_t length = wcslen(text);
  struct np_name* name = length == 0 ? NULL : np_name_find(text, length);
  struct np_pipe* pipe;
  struct np_pipe** at;
  struct np_end* end;

  if (length == 1 || length > LONGEST || most == 0 || most > PIPE_UNLIMITED_INSTANCES ||
      ((mode & PIPE_READMODE_MESSAGE) && !(mode & PIPE_TYPE_MESSAGE))) {
    nt_error(length == 1 || length > LONGEST ? ERROR_INVALID_NAME : ERROR_INVALID_PARAMETER);
    return NULL;
  }
  if (name == NULL)
    name = make_name(text, open, mode, most, out, in);
  else if (!may_create(name, open, mode))
    return NULL;
  name->instances++;
  name->uses++;
  pipe = nt_alloc(sizeof(*pipe));
  pipe->name = name;
  pipe->state = NP_LISTENING;
  pipe->queue[NP_CLIENT].quota = out;
  pipe->queue[NP_SERVER].quota = in;
  at = &name->pipes;
  while (*at != NULL)
    at = &(*at)->next;
  *at = pipe;
  end = make_end(pipe, NP_SERVER, !(open & FILE_FLAG_OVERLAPPED));
  end->by_message = (mode & PIPE_READMODE_MESSAGE) != 0;
  end->no_wait = (mode & PIPE_NOWAIT) != 0;
  np_wake(name);
  return end;
}

/* Which of the instances that listen gets the client is not said. */
static struct np_pipe* find_listening(const struct np_name* name) {
  struct np_pipe* pipe;
  struct np_pipe* found = NULL;
  unsigned count = 0;

  for (pipe = name->pipes; pipe != NULL; pipe = pipe->next)
    if (pipe->state == NP_LISTENING && nt_below(++count) == 0)
      found = pipe;
  return found;
}

/* The client begins in byte mode, waiting, whatever the server chose. */
struct np_end* np_open(struct np_name* name, ACCESS_MASK access, int synchronous) {
  struct np_pipe* pipe;
  struct np_end* end;

  if (((access & FILE_READ_DATA) && name->access == PIPE_ACCESS_INBOUND) ||
      ((access & FILE_WRITE_DATA) && name->access == PIPE_ACCESS_OUTBOUND)) {
    nt_error(ERROR_ACCESS_DENIED);
    return NULL;
  }
  pipe = find_listening(name);
  if (pipe == NULL) {
    nt_error(ERROR_PIPE_BUSY);
    return NULL;
  }
  end = make_end(pipe, NP_CLIENT, synchronous);
  pipe->state = NP_CONNECTED;
  end_connects(pipe, ST_SUCCESS);
  return end;
}

/* The client's end stays, of a pipe that leads nowhere; the instance is free for another. */
static void cut_off(struct np_pipe* pipe) {
  struct np_pipe* nowhere = nt_alloc(sizeof(*nowhere));

  nowhere->name = pipe->name;
  nowhere->name->uses++;
  nowhere->state = NP_DISCONNECTED;
  nowhere->refs = 1;
  nowhere->process[NP_CLIENT] = pipe->process[NP_CLIENT];
  nowhere->process[NP_SERVER] = pipe->process[NP_SERVER];
  nowhere->end[NP_CLIENT] = pipe->end[NP_CLIENT];
  nowhere->end[NP_CLIENT]->pipe = nowhere;
  pipe->end[NP_CLIENT] = NULL;
  pipe->process[NP_CLIENT] = 0;
  pipe->refs--;
}

/* What is unread is lost, on both sides; the client has to close its end nevertheless. */
NTSTATUS np_disconnect(struct np_end* end) {
  struct np_pipe* pipe = end->pipe;

  if (pipe->state == NP_DISCONNECTED)
    return ST_PIPE_DISCONNECTED;
  if (pipe->state == NP_LISTENING)
    return ST_PIPE_LISTENING;
  np_queue_end(&pipe->queue[0], ST_PIPE_DISCONNECTED, ST_PIPE_DISCONNECTED, 0);
  np_queue_end(&pipe->queue[1], ST_PIPE_DISCONNECTED, ST_PIPE_DISCONNECTED, 0);
  pipe->state = NP_DISCONNECTED;
  if (pipe->end[NP_CLIENT] != NULL)
    cut_off(pipe);
  return ST_SUCCESS;
}
