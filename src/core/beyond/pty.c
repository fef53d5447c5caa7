/* A child on a terminal that this process makes (rule X9): one stream both ways, and the child's exit
 * after the end of what came over it. Terminals are the port's, children core/kind's. */
#include <limits.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/beyond/beyond.h"
#include "core/kind/kind.h"

static const struct uv__desc no_desc = {0};

enum {
  STDIO = 3
};

/* The child of a terminal. */
struct person {
  struct uv__pty pty;     /* of the process: whoever that is has this block */
  struct uv__extra extra; /* on the terminal, until that has gone */
  uv_process_t* process;
};

static uv_stream_t* stream_of(uv_pipe_t* handle) {
  return (uv_stream_t*) handle;
}

static struct person* person_of(struct uv__pty* pty) {
  return uv__container_of(pty, struct person, pty);
}

/* ---- What the process asks ---- */

/* The terminal, of which something may be left to read; or NULL. */
static uv_stream_t* unread(struct uv__pty* pty) {
  uv_stream_t* terminal = person_of(pty)->extra.stream;

  return terminal != NULL && uv_is_readable(terminal) ? terminal : NULL;
}

static int holds(struct uv__pty* pty) {
  return unread(pty) != NULL;
}

static void say(struct uv__pty* pty, enum uv__option what) {
  uv_stream_t* terminal = unread(pty);

  if (terminal != NULL)
    (void) terminal->stream.io.ops->option(&terminal->stream.io, what, NULL);
}

/* What it started may have the terminal for ever. */
static void ended(struct uv__pty* pty) {
  say(pty, UV__PTY_OVER);
}

static void closed(struct uv__pty* pty) {
  struct person* person = person_of(pty);

  say(pty, UV__PTY_LEAVE);
  if (person->extra.stream != NULL)
    uv__extra_take(&person->extra);
  uv__free(person);
}

/* ---- What the terminal tells ---- */

/* Its end was told, or it is closed: the child's may be. */
static void wake(struct uv__extra* extra) {
  uv__loop_again(&uv__container_of(extra, struct person, extra)->process->io);
}

static void finish(struct uv__extra* extra, int status) {
  (void) status;
  uv__extra_take(extra);
  wake(extra);
}

static const struct uv__extra_ops person_ops = {
    .kind = UV__EXTRA_CHILD, .tell = wake, .finish = finish};

/* ---- Calls ---- */

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

/* It has a terminal, and a session of its own, in any case. */
static int check(const uv_process_options_t* options) {
  int r = uv__process_check(options);

  return r == 0 && (options->stdio_count > 0 || (options->flags & UV_PROCESS_DETACHED)) ? UV_EINVAL
                                                                                        : r;
}

static int start(uv_process_t* process, const uv_process_options_t* options, uv_pipe_t* terminal) {
  struct uv__child_stdio rows[STDIO];
  int i;

  memset(rows, 0, sizeof(rows));
  for (i = 0; i < STDIO; i++) {
    rows[i].how = UV__CHILD_PTY;
    rows[i].master = &terminal->stream.io;
  }
  return uv__process_start(process, options, rows, STDIO);
}

/* From a success on the block is the process's. */
static void bring(uv_process_t* process, uv_pipe_t* terminal, struct person* person) {
  person->pty.holds = holds;
  person->pty.ended = ended;
  person->pty.closed = closed;
  person->process = process;
  process->pty = &person->pty;
  uv__extra_put(stream_of(terminal), &person->extra, &person_ops);
}

int uvs_pty_spawn(uv_loop_t* loop,
                  uv_process_t* process,
                  uv_pipe_t* terminal,
                  const uv_process_options_t* options,
                  int columns,
                  int rows) {
  struct person* person;
  int r = is_fresh(loop, terminal) && is_size(columns, rows) ? check(options) : UV_EINVAL;

  uv__process_init(loop, process);
  if (r < 0)
    return r;
  person = uv__calloc(1, sizeof(*person));
  if (person == NULL)
    return UV_ENOMEM;
  r = make(terminal);
  if (r == 0) {
    r = set_size(terminal, columns, rows);
    if (r == 0)
      r = start(process, options, terminal);
    if (r < 0)
      unmake(terminal);
  }
  if (r < 0) {
    uv__free(person);
    return r;
  }
  bring(process, terminal, person);
  uv__process_begin(process, options);
  return 0;
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
