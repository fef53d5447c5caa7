/* The client's side of a named pipe of this machine, until it is connected: waiting for an instance. How
 * it is opened is in client.c, and a pipe of another machine in remote.c. */
#include "win/pipe/pipe.h"

#include <string.h>

#include "core/base/alloc.h"

enum {
  LONGEST_WAIT_MS = 30000, /* for an instance */
  SLICE_MS = 500           /* of that, until it is seen whether there still is the name */
};

/* A name of which no instance is free: what all who wait for it in a loop share. On loop->tail.instances
 * until its last client closes. */
struct instance {
  struct uv__op op;
  HANDLE root; /* of the file system of pipes, for one wait; NULL: not opened yet */
  int in_kernel;
  int tried;              /* to open that */
  struct uv__retry retry; /* when there is no wait in the kernel */
  uv_loop_t* loop;
  struct uv__queue waiting; /* struct waiting, oldest first */
  struct uv__io* closes;    /* it has given up, and waits for the packet */
  struct instance* next;
  struct uv__pipe_wide name;
};

/* tail.more while no instance is free. */
struct waiting {
  struct uv__attempt attempt;
  struct uv__queue link;
  struct instance* instance;
  struct uv__io* io;
  const struct uv__pipe_kind* kind;
  uint64_t until;
};

/* One attempt: what `connect` of the port returns for a connection, UV_EBUSY when no instance is
 * free, or another error. */
static int try_connect(struct uv__io* io,
                       const struct uv__pipe_wide* name,
                       const struct uv__pipe_kind* kind) {
  struct uv__client client;
  int r = uv__pipe_client_open(name, kind, &client);

  return r < 0 ? r : uv__pipe_client_adopt(io, name, kind, &client);
}

/* ---- Waiting for an instance ---- */

static void finish(struct waiting* waiting, int r) {
  struct uv__io* io = waiting->io;

  uv__queue_remove(&waiting->link);
  uv__free(waiting);
  io->tail.error = (short) r;
  uv__ring(io, UV__CONNECT);
}

/* Connects as many as there are instances for, oldest first; the rest waits on. How many were
 * answered. */
static unsigned serve(struct instance* instance) {
  unsigned count = 0;

  while (!uv__queue_empty(&instance->waiting)) {
    struct waiting* waiting = uv__container_of(instance->waiting.next, struct waiting, link);
    int r;

    waiting->io->tail.more = NULL;
    r = try_connect(waiting->io, &instance->name, waiting->kind);
    if (r == UV_EBUSY && uv__port_now(instance->loop) >= waiting->until)
      r = UV_ETIMEDOUT;
    if (r == UV_EBUSY) {
      waiting->io->tail.more = waiting;
      break;
    }
    finish(waiting, r);
    count++;
  }
  return count;
}

static void unlink_instance(struct instance* instance) {
  void** first = &instance->loop->tail.instances;
  struct instance* before = *first;

  if (before == instance) {
    *first = instance->next;
    return;
  }
  while (before != NULL && before->next != instance)
    before = before->next;
  if (before != NULL)
    before->next = instance->next;
}

static void drop(struct instance* instance) {
  unlink_instance(instance);
  uv__retry_end(instance->loop, &instance->retry);
  if (instance->root != NULL)
    CloseHandle(instance->root);
  uv__expect_release(instance->loop, 1);
  uv__free(instance);
}

/* Once only: where it is refused it will be again. */
static int open_root(struct instance* instance) {
  if (instance->tried)
    return 0;
  instance->tried = 1;
  if (!uv__npfs_open(&instance->root)) {
    instance->root = NULL;
    return 0;
  }
  if (uv__attach_handle(instance->loop, instance->root) == 0)
    return 1;
  CloseHandle(instance->root);
  instance->root = NULL;
  return 0;
}

/* Waits in the kernel, for a while, since that does not say when the name goes. 0: it cannot. */
static int wait_in_kernel(struct instance* instance) {
  uint64_t now = uv__port_now(instance->loop);
  struct waiting* first = uv__container_of(instance->waiting.next, struct waiting, link);
  uint64_t left_ms = first->until > now ? first->until - now : 1;

  if (instance->root == NULL && !open_root(instance))
    return 0;
  memset(&instance->op.overlapped, 0, sizeof(instance->op.overlapped));
  instance->in_kernel =
      uv__npfs_wait(instance->root, instance->name.text,
                    left_ms < SLICE_MS ? (DWORD) left_ms : SLICE_MS, &instance->op.overlapped);
  if (instance->in_kernel)
    uv__expect(instance->loop, &instance->op);
  return instance->in_kernel;
}

#if !defined(NDEBUG)
static int is_valid(const struct instance* instance) {
  if (instance->closes != NULL)
    return instance->in_kernel && uv__queue_empty(&instance->waiting);
  return !uv__queue_empty(&instance->waiting) &&
         !(instance->in_kernel && instance->retry.at != NULL);
}
#endif

/* A wait that brought nobody an instance, because others were faster or the name is gone, is not begun
 * again at once. */
static void go_on(struct instance* instance, int pause) {
  if (uv__queue_empty(&instance->waiting))
    drop(instance);
  else if ((pause || !wait_in_kernel(instance)) && instance->retry.at == NULL)
    uv__retry_begin(instance->loop, &instance->retry);
}

static void again(struct uv__retry* retry) {
  struct instance* instance = uv__container_of(retry, struct instance, retry);

  (void) serve(instance);
  if (uv__queue_empty(&instance->waiting) || wait_in_kernel(instance))
    uv__retry_end(instance->loop, retry);
  if (uv__queue_empty(&instance->waiting))
    drop(instance);
}

static void complete(struct uv__op* op) {
  struct instance* instance = uv__container_of(op, struct instance, op);
  struct uv__io* closes = instance->closes;

  assert(instance->in_kernel && op->complete == complete && is_valid(instance));
  instance->in_kernel = 0;
  if (closes != NULL) {
    drop(instance);
    uv__ring(closes, UV__CLOSED);
    return;
  }
  go_on(instance, serve(instance) == 0);
}

/* What all wait on who want the same name; made when there is none. */
static struct instance* find_instance(uv_loop_t* loop, const struct uv__pipe_wide* name) {
  struct instance* instance = loop->tail.instances;

  while (instance != NULL && wcscmp(instance->name.text, name->text) != 0)
    instance = instance->next;
  if (instance != NULL)
    return instance;
  instance = uv__calloc(1, sizeof(*instance));
  if (instance == NULL || uv__expect_reserve(loop, 1) < 0) {
    uv__free(instance);
    return NULL;
  }
  instance->op.complete = complete;
  instance->retry.again = again;
  instance->loop = loop;
  instance->name = *name;
  uv__queue_init(&instance->waiting);
  instance->next = loop->tail.instances;
  loop->tail.instances = instance;
  return instance;
}

static int is_waited_for(const uv_loop_t* loop, const struct uv__pipe_wide* name) {
  const struct instance* instance = loop->tail.instances;

  while (instance != NULL && wcscmp(instance->name.text, name->text) != 0)
    instance = instance->next;
  return instance != NULL;
}

/* Nobody waits for it any more. */
static int stop_waiting(struct uv__io* io) {
  struct waiting* waiting = io->tail.more;
  struct instance* instance = waiting->instance;

  io->tail.more = NULL;
  uv__queue_remove(&waiting->link);
  uv__free(waiting);
  if (!uv__queue_empty(&instance->waiting))
    return 0;
  if (!instance->in_kernel) {
    drop(instance);
    return 0;
  }
  unlink_instance(instance); /* Nobody joins it any more. */
  instance->closes = io;
  assert(is_valid(instance));
  CancelIoEx(instance->root, &instance->op.overlapped);
  return UV__PENDING;
}

/* WaitNamedPipe blocks its thread and cannot be cancelled. The control code that it is made of does
 * neither. One wait serves all that want a name, so that each costs a few opens, however many they
 * are; and who comes later waits behind them. */
int uv__pipe_connect_start(struct uv__io* io,
                           const struct uv__pipe_wide* wide,
                           const struct uv__pipe_kind* kind) {
  struct instance* instance;
  struct waiting* waiting;
  int r;

  if (wide->remote)
    return uv__pipe_remote_start(io, wide, kind);
  r = is_waited_for(io->loop, wide) ? UV_EBUSY : try_connect(io, wide, kind);
  if (r != UV_EBUSY)
    return r;
  waiting = uv__malloc(sizeof(*waiting));
  instance = waiting == NULL ? NULL : find_instance(io->loop, wide);
  if (instance == NULL) {
    uv__free(waiting);
    return UV_ENOMEM;
  }
  waiting->attempt.end = stop_waiting;
  waiting->instance = instance;
  waiting->io = io;
  waiting->kind = kind;
  waiting->until = uv__port_now(io->loop) + LONGEST_WAIT_MS;
  uv__queue_insert_tail(&instance->waiting, &waiting->link);
  io->tail.more = waiting;
  if (!instance->in_kernel && instance->retry.at == NULL)
    go_on(instance, 0);
  assert(is_valid(instance));
  return UV__PENDING;
}

int uv__pipe_connect_end(struct uv__io* io) {
  const struct uv__attempt* attempt = io->tail.more;

  return attempt == NULL ? 0 : attempt->end(io);
}
