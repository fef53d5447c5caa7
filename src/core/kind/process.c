/* Child processes: arguments, and the streams that become their stdio. Starting, signalling and watching are
 * the port's; the one event of a child, its end, is in child.c. */
#include "core/kind/kind.h"

#include <signal.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/stream/stream.h"

enum {
  FEWEST_STDIO = 3, /* descriptors 0-2 always exist in a child */
  MOST_STDIO = 255, /* what the descriptor table of a Windows child can hold */
  ALL_FLAGS = UV_PROCESS_SETUID | UV_PROCESS_SETGID | UV_PROCESS_WINDOWS_VERBATIM_ARGUMENTS |
              UV_PROCESS_DETACHED | UV_PROCESS_WINDOWS_HIDE | UV_PROCESS_WINDOWS_HIDE_CONSOLE |
              UV_PROCESS_WINDOWS_HIDE_GUI | UV_PROCESS_WINDOWS_FILE_PATH_EXACT_NAME
};

/* One row for the port from one container of the program. */
static int describe(const uv_stdio_container_t* container, struct uv__child_stdio* row) {
  uv_stream_t* stream = container->data.stream;

  switch ((int) container->flags & (UV_CREATE_PIPE | UV_INHERIT_FD | UV_INHERIT_STREAM)) {
  case UV_IGNORE:
    row->how = UV__CHILD_NONE;
    return 0;
  case UV_CREATE_PIPE:
    if (stream == NULL || stream->type != UV_NAMED_PIPE || stream->stream.phase != UV__FRESH)
      return UV_EINVAL;
    row->how = UV__CHILD_PIPE;
    row->flags = (unsigned) container->flags;
    row->ipc = ((uv_pipe_t*) stream)->ipc;
    return 0;
  case UV_INHERIT_FD:
    if (container->data.fd < 0)
      return UV_EINVAL;
    row->how = UV__CHILD_FD;
    row->fd = container->data.fd;
    return 0;
  case UV_INHERIT_STREAM:
    if (stream == NULL)
      return UV_EINVAL;
    row->how = UV__CHILD_HANDLE;
    row->kind = stream->type == UV_TCP   ? UV__DESC_TCP
                : stream->type == UV_TTY ? UV__DESC_TTY
                                         : UV__DESC_PIPE;
    row->io = uv__stream_io(stream);
    return uv_fileno((uv_handle_t*) stream, &row->handle);
  default:
    return UV_EINVAL;
  }
}

static int describe_all(const uv_process_options_t* options, struct uv__child_stdio* rows) {
  int i;

  for (i = 0; i < options->stdio_count; i++) {
    int r = describe(&options->stdio[i], &rows[i]);
    int before;

    for (before = 0; r == 0 && rows[i].how == UV__CHILD_PIPE && before < i; before++)
      if (rows[before].how == UV__CHILD_PIPE &&
          options->stdio[before].data.stream == options->stdio[i].data.stream)
        r = UV_EINVAL; /* One stream has one other end. */
    if (r < 0)
      return r;
  }
  return 0;
}

/* Gives the created pipes to their handles. The child runs already: when there is no memory
 * for one, the child is ended, as the program will be told that there is none. */
static int adopt(uv_process_t* handle,
                 const uv_process_options_t* options,
                 struct uv__child_stdio* rows) {
  int result = 0;
  int i;

  for (i = 0; i < options->stdio_count; i++) {
    int r;

    if (rows[i].how != UV__CHILD_PIPE)
      continue;
    r = result == 0 ? uv__stream_open(options->stdio[i].data.stream, AF_UNSPEC, &rows[i].parent)
                    : result;
    if (r < 0) {
      uv__port_discard(&rows[i].parent);
      result = r;
    }
  }
  if (result < 0)
    (void) uv__port_child_kill(&handle->io, SIGTERM);
  return result;
}

/* A pipe whose other end is gone already. */
static void open_dead_end(uv_stream_t* stream, unsigned flags) {
  int ours = (flags & UV_READABLE_PIPE) && !(flags & UV_WRITABLE_PIPE);
  struct uv__desc descs[2];
  uv_file fds[2];
  int i;

  if (uv_pipe(fds, UV_NONBLOCK_PIPE, UV_NONBLOCK_PIPE) < 0)
    return;
  for (i = 0; i < 2; i++)
    if (uv__port_pipe_desc(fds[i], &descs[i]) < 0)
      return; /* Not of what was made just now. */
  if (uv__stream_open(stream, AF_UNSPEC, &descs[ours]) < 0)
    uv__port_discard(&descs[ours]);
  uv__port_discard(&descs[!ours]);
}

/* There is no child. What was to be connected to it is connected all the same, and ends at once:
 * programs read from it, and write to it, without a look at the result. */
static void orphan(const uv_process_options_t* options, const struct uv__child_stdio* rows) {
  int i;

  for (i = 0; i < options->stdio_count; i++)
    if (rows[i].how == UV__CHILD_PIPE) /* Then its stream was found to be a fresh one. */
      open_dead_end(options->stdio[i].data.stream, rows[i].flags);
}

int uv__process_check(const uv_process_options_t* options) {
  if (options == NULL || options->file == NULL || options->args == NULL)
    return UV_EINVAL;
  if ((options->flags & ~(unsigned) ALL_FLAGS) != 0)
    return UV_EINVAL;
  if (options->stdio_count < 0 || options->stdio_count > MOST_STDIO)
    return UV_EINVAL;
  return options->stdio_count > 0 && options->stdio == NULL ? UV_EINVAL : 0;
}

void uv__process_init(uv_loop_t* loop, uv_process_t* handle) {
  uv__handle_init(loop, (uv_handle_t*) handle, UV_PROCESS);
  handle->exit_cb = NULL;
  handle->pid = 0;
  handle->term_signal = 0;
  handle->exit_status = 0;
  handle->pty = NULL;
  memset(&handle->io, 0, sizeof(handle->io));
  handle->io.loop = loop;
  handle->io.role = UV__ROLE_PROCESS;
  uv__queue_init(&handle->io.link);
}

int uv__process_start(uv_process_t* handle,
                      const uv_process_options_t* options,
                      struct uv__child_stdio* rows,
                      int count) {
  int r = uv__port_spawn(&handle->io, options, rows, count, &handle->pid);

  if (r == 0) {
    handle->io.busy |= UV__EVENT;
    uv__trace(&handle->io, UV__TRACE_START, UV__EVENT, UV__PENDING);
  }
  return r;
}

void uv__process_begin(uv_process_t* handle, const uv_process_options_t* options) {
  handle->exit_cb = options->exit_cb;
  uv__handle_start((uv_handle_t*) handle);
}

int uv_spawn(uv_loop_t* loop, uv_process_t* handle, const uv_process_options_t* options) {
  struct uv__child_stdio* rows;
  int is_described;
  int count;
  int r;

  uv__process_init(loop, handle);
  r = uv__process_check(options);
  if (r < 0)
    return r;
  count = options->stdio_count < FEWEST_STDIO ? FEWEST_STDIO : options->stdio_count;
  rows = uv__calloc((size_t) count, sizeof(*rows));
  if (rows == NULL)
    return UV_ENOMEM;
  r = describe_all(options, rows);
  is_described = r == 0;
  if (r == 0)
    r = uv__process_start(handle, options, rows, count);
  if (r == 0)
    r = adopt(handle, options, rows);
  else if (is_described)
    orphan(options, rows);
  uv__free(rows);
  if (r == 0)
    uv__process_begin(handle, options);
  return r;
}

int uv_process_kill(uv_process_t* handle, int signum) {
  if (uv__handle_is_closing(handle) || !(handle->io.busy & UV__EVENT))
    return UV_ESRCH;
  return uv__port_child_kill(&handle->io, signum);
}

uv_pid_t uv_process_get_pid(const uv_process_t* handle) {
  return (uv_pid_t) handle->pid;
}
