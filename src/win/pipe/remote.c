/* Connecting to a pipe of another machine. Each call for it waits for the network, as long as that likes,
 * so that a helper makes them. A close does not wait for it: who comes back to a stream that is gone
 * closes what was opened. */
#include "win/pipe/pipe.h"

#include "core/base/alloc.h"
#include "win/loop/helper.h"

enum {
  LONGEST_WAIT_MS = 30000, /* for an instance */
  SLICE_MS = 500           /* of that, until it is seen whether anybody still wants one */
};

/* tail.more until the helper is back. */
struct remote {
  struct uv__helper helper;
  struct uv__attempt attempt;
  struct uv__io* io;
  const struct uv__pipe_kind* kind;
  struct uv__pipe_wide name;
  /* The helper's; the loop's when it has told. */
  struct uv__client client;
  int is_open;
  int result;
};

static struct remote* remote_of(const struct uv__io* io) {
  return uv__container_of(io->tail.more, struct remote, attempt);
}

/* ---- On the helper ---- */

static int is_wanted(struct uv__helper* helper) {
  int wanted;

  AcquireSRWLockExclusive(&helper->lock);
  wanted = !helper->recalled && !helper->closing;
  ReleaseSRWLockExclusive(&helper->lock);
  return wanted;
}

/* Opens the name, and waits for an instance where all are in use, as uv__pipe_connect_start does. */
static unsigned work(struct uv__helper* helper) {
  struct remote* remote = (struct remote*) helper;
  uint64_t until = uv_hrtime() + LONGEST_WAIT_MS * (uint64_t) 1000000;

  for (;;) {
    remote->result = uv__pipe_client_open(&remote->name, remote->kind, &remote->client);
    remote->is_open = remote->result == 0;
    if (remote->result != UV_EBUSY || !is_wanted(helper))
      return UV__HELPER_TELL;
    if (uv_hrtime() >= until) {
      remote->result = UV_ETIMEDOUT;
      return UV__HELPER_TELL;
    }
    if (!WaitNamedPipeW(remote->name.text, SLICE_MS) && GetLastError() != ERROR_SEM_TIMEOUT)
      uv__helper_pause(helper); /* The next attempt tells what it is. */
  }
}

/* Whatever it does is of no use any more. */
static int cancel(struct uv__helper* helper) {
  CancelSynchronousIo(helper->thread);
  return 1;
}

static void release(struct uv__helper* helper) {
  struct remote* remote = (struct remote*) helper;

  if (remote->is_open)
    CloseHandle(remote->client.handle);
  uv__free(remote);
}

/* ---- On the loop ---- */

/* The name is kept, since to ask the system for it could be to ask the other machine. */
static int adopt(struct remote* remote) {
  struct uv__pipe_wide* name = uv__malloc(sizeof(*name));
  struct uv__io* io = remote->io;
  int r;

  if (name == NULL)
    return UV_ENOMEM;
  *name = remote->name;
  remote->is_open = 0;
  r = uv__pipe_client_adopt(io, name, remote->kind, &remote->client);
  if (r < 0)
    uv__free(name);
  else
    uv__pipe_of(io)->remote = name;
  return r;
}

/* It has told, and has nothing more to do. */
static void complete(struct uv__helper* helper) {
  struct remote* remote = (struct remote*) helper;
  struct uv__io* io = remote->io;
  int r = remote->result;

  io->tail.more = NULL;
  if (remote->is_open)
    r = adopt(remote);
  (void) uv__helper_close(helper);
  uv__helper_disown(helper);
  io->tail.error = (short) r;
  uv__ring(io, UV__CONNECT);
}

static void closed(struct uv__helper* helper) {
  struct uv__io* io = ((struct remote*) helper)->io;

  uv__helper_disown(helper);
  uv__ring(io, UV__CLOSED);
}

/* 0: it has told already, or has not begun. */
static int give_up(struct uv__io* io) {
  struct uv__helper* helper = &remote_of(io)->helper;
  int r;

  io->tail.more = NULL;
  uv__helper_recall(helper);
  r = uv__helper_close(helper);
  if (r == 0)
    uv__helper_disown(helper);
  return r;
}

int uv__pipe_remote_start(struct uv__io* io,
                          const struct uv__pipe_wide* name,
                          const struct uv__pipe_kind* kind) {
  struct remote* remote = uv__calloc(1, sizeof(*remote));
  int r;

  if (remote == NULL)
    return UV_ENOMEM;
  uv__helper_init(&remote->helper, io->loop, NULL);
  remote->helper.work = work;
  remote->helper.cancel = cancel;
  remote->helper.complete = complete;
  remote->helper.closed = closed;
  remote->helper.release = release;
  remote->helper.patience_ms = 0;
  remote->attempt.end = give_up;
  remote->io = io;
  remote->kind = kind;
  remote->name = *name;
  r = uv__helper_ask(&remote->helper);
  if (r < 0) {
    uv__helper_disown(&remote->helper);
    return r;
  }
  io->tail.more = &remote->attempt;
  return UV__PENDING;
}
