/* A child on a terminal that this process makes (rule X9): one stream both ways, and the child's exit
 * after the end of what came over it. Terminals are the port's, children core/kind's. */
#include <limits.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/beyond/beyond.h"
#include "core/kind/kind.h"

static const struct uv__desc no_desc = {0};

static uv_stream_t* stream_of(uv_pipe_t* handle) {
  return (uv_stream_t*) handle;
}

/* Its end was told, or it is closed: the child's may be. */
static void wake(struct uv__extra* extra) {
  uv__loop_again(&uv__container_of(extra, struct uv__pty, extra)->process->io);
}

static void finish(struct uv__extra* extra, int status) {
  (void) status;
  uv__extra_take(extra);
  wake(extra);
}

static const struct uv__extra_ops child_ops = {
    .kind = UV__EXTRA_CHILD, .tell = wake, .finish = finish};

static int is_size(int columns, int rows) {
  return columns > 0 && columns <= SHRT_MAX && rows > 0 && rows <= SHRT_MAX;
}

static int set_size(uv_pipe_t* terminal, int columns, int rows) {
  struct uv__io* io = uv__stream_io(stream_of(terminal));
  int size[2];

  size[0] = columns;
  size[1] = rows;
  return io->ops->option(io, UV__PTY_SIZE, size);
}

/* A fresh pipe becomes a terminal, and is a pipe again. */
static int make(uv_pipe_t* terminal) {
  struct uv__io* io = uv__stream_io(stream_of(terminal));
  const struct uv__ops* pipe_ops = io->ops;
  int r;

  io->ops = &uv__pty_ops;
  io->ops->init(io);
  r = uv__stream_open(stream_of(terminal), AF_UNSPEC, &no_desc);
  if (r < 0) {
    io->ops = pipe_ops;
    io->ops->init(io);
  }
  return r;
}

/* Nothing was begun on it, so that its close is not either. */
static void unmake(uv_pipe_t* terminal) {
  struct uv__io* io = uv__stream_io(stream_of(terminal));

  (void) io->ops->close(io);
  terminal->flags &= ~(unsigned) (UV__STREAM_READABLE | UV__STREAM_WRITABLE | UV__STREAM_STAYS |
                                  UV__STREAM_ENDLESS);
  terminal->stream.phase = UV__FRESH;
  io->ops = &uv__pipe_ops;
  io->ops->init(io);
}

static int is_fresh(const uv_loop_t* loop, const uv_pipe_t* terminal) {
  return terminal != NULL && terminal->type == UV_NAMED_PIPE && terminal->loop == loop &&
         terminal->stream.phase == UV__FRESH && !terminal->ipc;
}

int uvs_pty_spawn(uv_loop_t* loop,
                  uv_process_t* process,
                  uv_pipe_t* terminal,
                  const uv_process_options_t* options,
                  int columns,
                  int rows) {
  struct uv__pty* pty = NULL;
  int is_made = 0;
  int r = is_fresh(loop, terminal) && is_size(columns, rows) ? 0 : UV_EINVAL;

  if (r == 0) {
    pty = uv__calloc(1, sizeof(*pty));
    r = pty == NULL ? UV_ENOMEM : make(terminal);
    is_made = r == 0;
  }
  if (r == 0)
    r = set_size(terminal, columns, rows);
  /* The handle is to be closed in any case, as that of uv_spawn is. */
  r = r < 0 ? uv__process_fail(loop, process, r)
            : uv__process_spawn_on(loop, process, options, &terminal->stream.io, pty);
  if (r == 0) {
    uv__extra_put(stream_of(terminal), &pty->extra, &child_ops);
    return 0;
  }
  if (is_made)
    unmake(terminal);
  uv__free(pty);
  return r;
}

int uvs_pty_resize(uv_pipe_t* terminal, int columns, int rows) {
  if (terminal == NULL || terminal->type != UV_NAMED_PIPE || !is_size(columns, rows))
    return UV_EINVAL;
  if (terminal->stream.phase != UV__CONNECTED || !uv_is_readable(stream_of(terminal)))
    return UV_ENOTCONN;
  if (terminal->stream.io.ops != &uv__pty_ops)
    return UV_EINVAL;
  return set_size(terminal, columns, rows);
}
