/* Starts a child with two pipes or on a terminal, and takes it apart again. Arguments are split at blanks; what stands
 * in "..." stays together, and "" in there is one quote. There is no shell and nothing else is
 * special, so that a command is read the same way on every system, also one with '\\' in its paths. */
#include "exec.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "report.h"
#ifndef RELAY_WITH_LIBUV
#  include "uvstream.h"
#endif

#define COMMAND_BYTES 1024
#define MOST_WORDS 64 /* the program and its arguments */
#define PATIENCE_MS 2000

/* Puts the word at `at` into `out`, without its quotes. Returns what follows, or NULL when a quote is
 * missing. */
static const char* take_word(const char* at, char** out) {
  int quoted = 0;
  for (; *at != '\0' && (quoted || *at != ' '); at++) {
    if (*at != '"')
      *(*out)++ = *at;
    else if (quoted && at[1] == '"')
      *(*out)++ = *++at;
    else
      quoted = !quoted;
  }
  *(*out)++ = '\0';
  return quoted ? NULL : at;
}

/* The words of `command`, in `room` for as many bytes; the array ends with NULL. Returns how many there
 * are, -1 when they are too many, or -2 when a quote is missing. */
static int split(const char* command, char* room, char** words) {
  int count = 0;
  const char* at = command;
  for (at += strspn(at, " "); *at != '\0'; at += strspn(at, " ")) {
    if (count == MOST_WORDS)
      return -1;
    words[count++] = room;
    at = take_word(at, &room);
    if (at == NULL)
      return -2;
  }
  words[count] = NULL;
  return count;
}

int exec_check(const char* command, char* why, size_t size) {
  char copy[COMMAND_BYTES];
  char* words[MOST_WORDS + 1];
  int count = strlen(command) < COMMAND_BYTES ? split(command, copy, words) : -1;
  if (count == 0)
    snprintf(why, size, "the command is missing; write PROGRAM ARGUMENT... behind the colon");
  else if (count == -2)
    snprintf(why, size, "a quote is missing");
  else if (count < 0)
    snprintf(why, size, "the command is longer than %d bytes or %d words", COMMAND_BYTES - 1,
             MOST_WORDS);
  return count > 0 ? 0 : -1;
}

int exec_init(uv_loop_t* loop, struct exec* exec) {
  memset(exec, 0, sizeof(*exec));
  uv_timer_init(loop, &exec->timer);
  exec->timer.data = exec;
  uv_pipe_init(loop, &exec->in, 0);
  exec->in.data = exec;
  exec->open_handles = 3; /* the process comes with the start */
  return uv_pipe_init(loop, &exec->out, 0);
}

/* ---- The start --------------------------------------------------------------------------- */

static void finish_connect(struct exec* exec, int status) {
  uv_connect_t* req = exec->connect;
  exec->connect = NULL;
  exec->connect_cb(req, status);
}

static void on_started(uv_timer_t* timer) {
  finish_connect(timer->data, 0);
}

static void on_closed(uv_handle_t* handle);
static void on_timer_closed(uv_handle_t* handle);

static void on_process_exit(uv_process_t* process, int64_t exit_status, int term_signal) {
  struct exec* exec = process->data;
  exec->running = 0;
  exec->failed = !exec->killed && (exit_status != 0 || term_signal != 0);
  if (exec->failed && term_signal != 0)
    report_error(0, "'%s' was ended by signal %d", exec->command, term_signal);
  else if (exec->failed)
    report_error(0, "'%s' ended with exit code %" PRId64, exec->command, exit_status);
  uv_close((uv_handle_t*) process, on_closed);
  if (exec->closing)
    uv_close((uv_handle_t*) &exec->timer, on_timer_closed);
}

static void describe_pipe(uv_stdio_container_t* container, uv_pipe_t* pipe, int direction) {
  container->flags = (uv_stdio_flags) (UV_CREATE_PIPE | direction);
  container->data.stream = (uv_stream_t*) pipe;
}

static int spawn(struct exec* exec, uv_process_options_t* options) {
  uv_stdio_container_t stdio[3];

  describe_pipe(&stdio[0], &exec->in, UV_READABLE_PIPE);
  describe_pipe(&stdio[1], &exec->out, UV_WRITABLE_PIPE);
  stdio[2].flags = UV_INHERIT_FD;
  stdio[2].data.fd = 2;
  options->stdio = stdio;
  options->stdio_count = 3;
  options->flags = UV_PROCESS_WINDOWS_HIDE;
  return uv_spawn(exec->out.loop, &exec->process, options);
}

#ifndef RELAY_WITH_LIBUV

static void on_resized(struct window* window) {
  struct exec* exec = window->data;
  uvs_pty_resize(&exec->out, window->columns, window->rows); /* of a child that may have gone */
}

static int spawn_on_terminal(struct exec* exec, uv_process_options_t* options) {
  window_open(&exec->window, exec->out.loop, exec, on_resized);
  exec->on_terminal = 1;
  exec->open_handles++;
  return uvs_pty_spawn(exec->out.loop, &exec->process, &exec->out, options, exec->window.columns,
                       exec->window.rows);
}

#endif

static int start(struct exec* exec,
                 const char* command,
                 int (*spawn_it)(struct exec* exec, uv_process_options_t* options),
                 uv_connect_t* req,
                 uv_connect_cb cb) {
  char copy[COMMAND_BYTES];
  char* words[MOST_WORDS + 1];
  uv_process_options_t options;
  int err;

  split(command, copy, words);
  memset(&options, 0, sizeof(options));
  options.file = words[0];
  options.args = words;
  options.exit_cb = on_process_exit;

  exec->command = command;
  exec->open_handles++;
  err = spawn_it(exec, &options);
  exec->process.data = exec;
  if (err < 0) {
    uv_close((uv_handle_t*) &exec->process, on_closed);
    return err;
  }
  exec->running = 1;
  exec->connect = req;
  exec->connect_cb = cb;
  req->handle = (uv_stream_t*) &exec->out;
  return uv_timer_start(&exec->timer, on_started, 0, 0);
}

int exec_start(struct exec* exec, const char* command, uv_connect_t* req, uv_connect_cb cb) {
  return start(exec, command, spawn, req, cb);
}

#ifndef RELAY_WITH_LIBUV

int exec_start_on_terminal(struct exec* exec,
                           const char* command,
                           uv_connect_t* req,
                           uv_connect_cb cb) {
  return start(exec, command, spawn_on_terminal, req, cb);
}

#endif

/* ---- The end ----------------------------------------------------------------------------- */

static void count_closed(struct exec* exec) {
  if (--exec->open_handles == 0 && exec->close_cb != NULL)
    exec->close_cb((uv_handle_t*) &exec->out);
}

/* Also of the process, which may be gone long before the streams are closed. */
static void on_closed(uv_handle_t* handle) {
  count_closed(handle->data);
}

static void on_timer_closed(uv_handle_t* handle) {
  struct exec* exec = handle->data;
  if (exec->connect != NULL)
    finish_connect(exec, UV_ECANCELED);
  count_closed(exec);
}

static void on_out_closed(uv_handle_t* handle) {
  count_closed((struct exec*) handle);
}

static void on_window_closed(struct window* window) {
  count_closed(window->data);
}

static void on_impatience(uv_timer_t* timer) {
  struct exec* exec = timer->data;
  uv_process_kill(&exec->process, SIGKILL);
}

void exec_close(struct exec* exec, int kill, uv_close_cb cb) {
  exec->close_cb = cb;
  exec->closing = 1;
  if (exec->running && (kill || exec->connect != NULL)) {
    exec->killed = 1;
    uv_process_kill(&exec->process, SIGTERM);
    uv_timer_start(&exec->timer, on_impatience, PATIENCE_MS, 0);
  }
  if (!exec->running)
    uv_close((uv_handle_t*) &exec->timer, on_timer_closed);
  if (exec->on_terminal)
    window_close(&exec->window, on_window_closed);
  uv_close((uv_handle_t*) &exec->in, on_closed);
  uv_close((uv_handle_t*) &exec->out, on_out_closed);
}
