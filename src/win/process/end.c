/* A child process that runs: waiting for its end, and no longer waiting. Every program has this linked, so
 * that nothing of how children are started is here. */
#include "win/process/process.h"

#include "core/base/alloc.h"

/* Takes back the wait. This waits for its callback if that runs at this moment; all that it does
 * is post, so that it is over at once. */
static void join(struct uv__child* child) {
  if (child->wait != NULL)
    UnregisterWaitEx(child->wait, INVALID_HANDLE_VALUE);
  child->wait = NULL;
}

static void release(struct uv__child* child) {
  join(child);
  child->io->tail.more = NULL;
  CloseHandle(child->process);
  uv__free(child);
}

/* On the loop's thread. */
static void complete(struct uv__op* op) {
  struct uv__child* child = uv__container_of(op, struct uv__child, op);
  struct uv__io* io = child->io;

  if (child->closing) {
    release(child);
    uv__ring(io, UV__CLOSED);
    return;
  }
  child->exit_code = (DWORD) -1; /* Where the system does not say it. */
  (void) GetExitCodeProcess(child->process, &child->exit_code);
  uv__ring(io, UV__EVENT);
}

/* On a thread of the system's pool. */
static void CALLBACK ended(void* context, BOOLEAN timed_out) {
  struct uv__child* child = context;

  (void) timed_out;
  InterlockedExchange(&child->posted, 1);
  uv__loop_post(child->io->loop, &child->op);
}

int uv__process_watch(struct uv__child* child) {
  child->op.complete = complete;
  if (!RegisterWaitForSingleObject(&child->wait, child->process, ended, child, INFINITE,
                                   WT_EXECUTEINWAITTHREAD | WT_EXECUTEONLYONCE)) {
    child->wait = NULL;
    return uv__error_translate(GetLastError());
  }
  return 0;
}

void uv__port_child_status(struct uv__io* io, int64_t* exit_status, int* term_signal) {
  const struct uv__child* child = io->tail.more;

  *exit_status = (int64_t) child->exit_code;
  *term_signal = child->term_signal;
}

int uv__port_child_close(struct uv__io* io) {
  struct uv__child* child = io->tail.more;

  if (child == NULL)
    return 0;
  join(child); /* From here on the callback either has run or never will. */
  if (child->posted && (io->busy & UV__EVENT) && !(io->rung & UV__EVENT)) {
    child->closing = 1;
    return UV__PENDING; /* Its packet leads into the child's memory. */
  }
  release(child);
  return 0;
}
