/* The children of the simulated system: they hold what they were given, read and write it as they
 * like, and end some time. There are no terminals. */
#include "sim_internal.h"

#include <signal.h>
#include <string.h>

enum {
  MOST_CHILDREN = 64,
  MOST_FDS = 8,
  ENDS_LATE = 40 /* looks */
};

/* uv__io_tail.child is its number and 1. */
static struct child {
  int exists;
  struct uv__io* io; /* NULL: nobody is interested any more */
  int runs;
  int patience; /* looks until it ends */
  int rung;
  int closing;
  int64_t status;
  int signal;
  int fds[MOST_FDS];
  int fd_count;
} children[MOST_CHILDREN];

static struct child* child_of(const struct uv__io* io) {
  int number = io->tail.child;

  if (io->tail.magic != SIM_OPEN || number < 1 || number > MOST_CHILDREN ||
      children[number - 1].io != io)
    sim_fail("a child that never was, or that nobody waits for");
  return &children[number - 1];
}

static struct child* child_new(void) {
  int i;

  for (i = 0; i < MOST_CHILDREN && children[i].exists; i++)
    continue;
  if (i == MOST_CHILDREN)
    return NULL;
  memset(&children[i], 0, sizeof(children[i]));
  children[i].exists = 1;
  return &children[i];
}

static void give(struct child* child, struct uv__child_stdio* row) {
  int pair[2];

  if (row->how == UV__CHILD_PIPE) {
    sim_kind_pair(UV__DESC_PIPE, HELD_BY_CORE, pair);
    sim_hold(pair[1], HELD_BY_CHILD);
    row->parent.fd = pair[0];
    row->parent.kind = UV__DESC_PIPE;
    child->fds[child->fd_count++] = pair[1];
  } else if (row->how == UV__CHILD_HANDLE) {
    child->fds[child->fd_count++] = sim_dup(row->handle, HELD_BY_CHILD);
  }
}

static void let_go(struct child* child) {
  while (child->fd_count > 0)
    sim_fd_close(child->fds[--child->fd_count], 0);
}

int uv__port_spawn(struct uv__io* io,
                   const uv_process_options_t* options,
                   struct uv__child_stdio* stdio,
                   int stdio_count,
                   int* pid) {
  struct child* child;
  int i;

  if (options->file == NULL || stdio_count < 3 || io->ops != NULL)
    sim_fail("a spawn of nothing, of too few rows, or for what is no fresh io");
  child = sim_chance(10 + sim_trouble.open_error) ? NULL : child_new();
  memset(&io->tail, 0, sizeof(io->tail));
  io->tail.magic = SIM_OPEN;
  io->tail.fd = -1;
  sim_trace("  spawn, %d rows: %s", stdio_count, child == NULL ? "no" : "yes");
  if (child == NULL)
    return sim_refuse(io, sim_chance(50) ? UV_ENOENT : UV_EAGAIN);
  child->io = io;
  child->runs = 1;
  child->patience = 1 + (int) sim_below(ENDS_LATE);
  child->status = sim_below(4);
  io->tail.child = (int) (child - children) + 1;
  io->tail.style = sim_below(32);
  for (i = 0; i < stdio_count; i++)
    give(child, &stdio[i]);
  *pid = 1000 + io->tail.child;
  return 0;
}

void uv__port_child_status(struct uv__io* io, int64_t* exit_status, int* term_signal) {
  const struct child* child = child_of(io);

  if (!child->rung)
    sim_fail("the status of a child that has not ended");
  *exit_status = child->signal != 0 ? 0 : child->status;
  *term_signal = child->signal;
  sim_seen->exited(io, *exit_status, *term_signal);
}

int uv__port_child_kill(struct uv__io* io, int signum) {
  struct child* child = child_of(io);

  if (!child->runs)
    return UV_ESRCH; /* It ended, and nobody knows yet. */
  if (signum == 0)
    return 0;
  child->signal = signum;
  child->patience = (int) sim_below(4);
  return 0;
}

static void forget(struct child* child) {
  child->io->tail.magic = SIM_CLOSED;
  child->io = NULL;
  child->exists = child->runs;
}

/* Also where the spawn failed. */
int uv__port_child_close(struct uv__io* io) {
  struct child* child;

  if (io->tail.child == 0) {
    if (io->tail.magic != 0 && io->tail.magic != SIM_OPEN)
      sim_fail("close of a process that is closed");
    return 0;
  }
  child = child_of(io);
  if (child->runs)
    sim_mark(MARK_CLOSE_RUNNING_CHILD);
  else
    sim_mark(io->rung & UV__EVENT ? MARK_CLOSE_EXIT_RUNG
             : child->rung        ? MARK_CLOSE_EXITED
                                  : MARK_CLOSE_EXIT_CROSSING);
  if (io->tail.style & SIM_CLOSES_LATE) {
    child->closing = 1;
    return UV__PENDING;
  }
  forget(child);
  return 0;
}

/* It reads, writes, and drops what it is passed. */
static void work(struct child* child) {
  struct sim_socket* sock;
  char bytes[64];
  size_t n;
  size_t i;
  struct sim_passing passed;
  int fd;

  if (child->fd_count == 0 || sim_is_calm)
    return;
  fd = child->fds[sim_below((unsigned) child->fd_count)];
  sock = sim_socket_at(fd);
  if (sock->kind != UV__DESC_PIPE || sock->shared || sock->state != SOCK_CONNECTED)
    return; /* What it inherited is not all its own. */
  if (sim_chance(50) && sock->in_seen > 0 && !sock->reset) {
    (void) sim_receive(sock, bytes, sizeof(bytes), &passed);
    while (passed.count > 0)
      sim_fd_close(passed.fds[--passed.count], 0);
  }
  if (sim_chance(30)) {
    n = sim_below(sizeof(bytes));
    for (i = 0; i < n; i++)
      bytes[i] = (char) sim_below(256);
    (void) sim_send(fd, bytes, n);
  }
}

static unsigned tick_child(struct child* child, const uv_loop_t* loop) {
  if (child->runs && (child->patience > 0 && !sim_is_calm)) {
    child->patience--;
    work(child);
  } else if (child->runs) {
    child->runs = 0;
    let_go(child);
    child->exists = child->io != NULL;
  }
  if (child->io == NULL || child->io->loop != loop || sim_chance(sim_trouble.late))
    return 0;
  if (!child->runs && !child->rung && !child->closing) {
    child->rung = 1;
    sim_trace("  child %d ended", (int) (child - children));
    uv__ring(child->io, UV__EVENT);
    return 1;
  }
  if (child->closing) {
    struct uv__io* io = child->io;
    forget(child);
    uv__ring(io, UV__CLOSED);
    return 1;
  }
  return 0;
}

unsigned sim_tick_children(uv_loop_t* loop) {
  unsigned rings = 0;
  int i;

  for (i = 0; i < MOST_CHILDREN; i++)
    if (children[i].exists)
      rings += tick_child(&children[i], loop);
  return rings;
}

void sim_children_begin(void) {
  memset(children, 0, sizeof(children));
}

void sim_children_end(void) {
  int i;

  for (i = 0; i < MOST_CHILDREN; i++) {
    if (!children[i].exists)
      continue;
    if (children[i].io != NULL)
      sim_fail("a process was never closed");
    let_go(&children[i]);
  }
}

int uv__port_tty_desc(uv_file file, struct uv__desc* desc) {
  (void) file;
  (void) desc;
  return UV_EINVAL;
}
