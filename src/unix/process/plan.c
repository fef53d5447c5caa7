/* What is made before a child is: all the memory that it will need, and the ends of its pipes. */
#include "unix/process/process.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"

/* One block for all that the child needs to have in memory. */
int uv__plan_make(struct uv__plan* plan, const uv_process_options_t* options, int count) {
  size_t nargs = 0;
  size_t i;

  while (options->args[nargs] != NULL)
    nargs++;
  /* The shell, the script, the arguments but for the first, and NULL. */
  plan->shell_args = uv__malloc((nargs + 3) * sizeof(char*) + 2 * (size_t) count * sizeof(int));
  if (plan->shell_args == NULL)
    return UV_ENOMEM;
  plan->shell_args[0] = (char*) "sh";
  for (i = 1; i <= nargs; i++)
    plan->shell_args[i + 1] = options->args[i];
  plan->shell_args[nargs == 0 ? 2 : nargs + 1] = NULL;
  plan->sources = (int*) (plan->shell_args + nargs + 3);
  plan->made = plan->sources + count;
  for (i = 0; i < (size_t) count; i++)
    plan->sources[i] = plan->made[i] = -1;
  plan->options = options;
  plan->count = count;
  plan->report = -1;
  plan->has_terminal = 0;
  plan->error = 0;
  return 0;
}

/* The child's end blocks, as programs expect of theirs; UV_NONBLOCK_PIPE is for Windows. */
static int make_pipe(struct uv__child_stdio* row, int* made) {
  unsigned both = UV_READABLE_PIPE | UV_WRITABLE_PIPE;
  int fds[2];
  int r = uv__pair_sockets(fds, UV_NONBLOCK_PIPE, 0);

  if (r < 0)
    return r;
  *made = fds[1];
  row->parent.fd = fds[0];
  row->parent.kind = UV__DESC_PIPE;
  row->parent.known = UV__KNOWN_MADE;
  if ((row->flags & both) == UV_WRITABLE_PIPE)
    row->parent.known |= UV__KNOWN_INPUT;
  if ((row->flags & both) == UV_READABLE_PIPE)
    row->parent.known |= UV__KNOWN_OUTPUT;
  return 0;
}

/* A number that is not open would be given to one of the descriptors made here, and the child
 * would have that. */
static int take_given(struct uv__plan* plan, const struct uv__child_stdio* rows) {
  int i;

  for (i = 0; i < plan->count; i++) {
    if (rows[i].how == UV__CHILD_FD)
      plan->sources[i] = rows[i].fd;
    else if (rows[i].how == UV__CHILD_HANDLE)
      plan->sources[i] = rows[i].handle;
    if (plan->sources[i] >= 0 && fcntl(plan->sources[i], F_GETFD) < 0)
      return UV__ERR(errno);
  }
  return 0;
}

#if !defined(__linux__)

/* An own one for the child of a terminal that does not wait (see make_blocking in exec.c): what opens it anew
 * has to ask for its name, which is not to be done in the child. */
static void reopen_terminal(struct uv__plan* plan, int i) {
  int flags = fcntl(plan->sources[i], F_GETFL);
  int own;

  if (flags < 0 || !(flags & O_NONBLOCK) || !isatty(plan->sources[i]))
    return;
  own = uv__reopen_terminal(plan->sources[i], flags & O_ACCMODE);
  if (own < 0)
    return;
  uv__file_block(own);
  plan->sources[i] = plan->made[i] = own;
}

#endif

int uv__plan_stdio(struct uv__plan* plan, struct uv__child_stdio* rows) {
  int r = take_given(plan, rows);
  int i;

#if !defined(__linux__)
  for (i = 0; i <= STDERR_FILENO && r == 0; i++)
    reopen_terminal(plan, i);
#endif

  if (r == 0 && rows[0].how == UV__CHILD_PTY) {
    struct uv__io* master = rows[0].master;

    plan->has_terminal = 1;
    r = master->ops->option(master, UV__PTY_GIVE, &plan->sources[0]);
    plan->sources[1] = plan->sources[2] = plan->sources[0];
  }
  for (i = 0; i < plan->count && r == 0; i++) {
    if (rows[i].how != UV__CHILD_PIPE)
      continue;
    r = make_pipe(&rows[i], &plan->made[i]);
    plan->sources[i] = plan->made[i];
  }
  return r;
}

/* The child has its ends now, or never will. `keep`: the parent's ends are the core's. */
void uv__plan_end(struct uv__plan* plan, struct uv__child_stdio* rows, int keep) {
  int i;

  for (i = 0; i < plan->count; i++) {
    if (plan->made[i] < 0)
      continue;
    uv__file_discard(plan->made[i]);
    if (!keep && rows[i].how == UV__CHILD_PIPE)
      uv__port_discard(&rows[i].parent);
  }
  uv__free(plan->shell_args);
}
