/* One worker: its process, what it says, and its end. Which workers there are is crew.c's. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "../relay/report.h"
#include "master.h"

/* ---- The end of it ----------------------------------------------------------------------- */

/* Its callbacks have all run: nothing of it is on its way to the worker any more. */
static void on_channel_closed(uv_handle_t* handle) {
  crew_has_lost(handle->loop->data, handle->data);
}

/* A process that has ended is closing, and its number may be another's. */
static void kill_process(struct worker* worker) {
  if (!uv_is_closing((uv_handle_t*) &worker->process))
    uv_process_kill(&worker->process, SIGKILL);
}

/* It may live, and only have closed its channel. */
void worker_lose(struct worker* worker) {
  if (!worker->open)
    return;
  worker->open = 0;
  kill_process(worker);
  uv_close((uv_handle_t*) &worker->channel, on_channel_closed);
}

/* It ends when its channel does. */
void worker_dismiss(struct worker* worker) {
  worker->open = 0;
  uv_close((uv_handle_t*) &worker->channel, on_channel_closed);
}

void worker_kill(struct worker* worker) {
  worker->killed = 1;
  kill_process(worker);
}

/* ---- What it says ------------------------------------------------------------------------ */

static void on_done(struct worker* worker, unsigned long id) {
  struct guest* guest = worker->hands.first;
  while (guest != NULL && guest->id != id)
    guest = guest->next;
  if (guest == NULL) {
    report_error(0, "worker %lu speaks of a connection %lu that it was not given", worker->number,
                 id);
    worker_lose(worker);
    return;
  }
  worker->served++;
  guest_let_go(guest);
  crew_has_served(worker->channel.loop->data, worker);
}

static void on_line(struct worker* worker, const char* line) {
  if (strcmp(line, "ready") == 0 && !worker->ready) {
    worker->ready = 1;
    report(REPORT_NORMAL, "worker %lu: ready", worker->number);
    crew_is_ready(worker->channel.loop->data, worker);
  } else {
    on_done(worker, strtoul(line + strcspn(line, " "), NULL, 10));
  }
}

static void on_channel_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  struct worker* worker = handle->data;
  (void) suggested_size;
  *buf = lines_room(&worker->lines);
}

static void on_channel_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  struct worker* worker = stream->data;
  char line[LINE_BYTES];
  int result = 0;
  (void) buf;
  if (nread < 0) {
    worker_lose(worker);
    return;
  }
  lines_came(&worker->lines, (size_t) nread);
  while (worker->open && (result = lines_next(&worker->lines, line)) > 0)
    on_line(worker, line);
  if (result < 0)
    worker_lose(worker);
}

static void on_errors_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  struct worker* worker = handle->data;
  (void) suggested_size;
  *buf = lines_room(&worker->error_lines);
}

/* Its last words come, too, after it has ended. */
static void on_errors_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  struct worker* worker = stream->data;
  char line[LINE_BYTES];
  int result = 0;
  (void) buf;
  if (nread > 0)
    lines_came(&worker->error_lines, (size_t) nread);
  while ((result = lines_next(&worker->error_lines, line)) > 0)
    report_error(0, "%s", line);
  if (nread < 0 || result < 0)
    uv_close((uv_handle_t*) stream, NULL);
}

/* ---- Its start --------------------------------------------------------------------------- */

static void on_process_exit(uv_process_t* process, int64_t exit_status, int term_signal) {
  struct worker* worker = process->data;
  if (exit_status != 0 || term_signal != 0)
    report(REPORT_NORMAL, "worker %lu ended with exit code %d, signal %d", worker->number,
           (int) exit_status, term_signal);
  /* Its channel ends by itself, after the last that it said. */
  uv_close((uv_handle_t*) process, NULL);
}

static int spawn(struct worker* worker, const char* program, uv_loop_t* loop) {
  char role[] = "work";
  char number[24];
  char name[] = "prefork";
  char* args[4] = {name, role, number, NULL};
  uv_stdio_container_t stdio[3];
  uv_process_options_t options;
  int err;

  snprintf(number, sizeof(number), "%lu", worker->number);
  memset(&options, 0, sizeof(options));
  stdio[0].flags = (uv_stdio_flags) (UV_CREATE_PIPE | UV_READABLE_PIPE | UV_WRITABLE_PIPE);
  stdio[0].data.stream = (uv_stream_t*) &worker->channel;
  stdio[1].flags = UV_IGNORE;
  stdio[2].flags = (uv_stdio_flags) (UV_CREATE_PIPE | UV_WRITABLE_PIPE);
  stdio[2].data.stream = (uv_stream_t*) &worker->errors;
  options.file = program;
  options.args = args;
  options.stdio = stdio;
  options.stdio_count = 3;
  options.exit_cb = on_process_exit;
  err = uv_spawn(loop, &worker->process, &options);
  worker->process.data = worker;
  return err;
}

static void on_told(uv_write_t* req, int status) {
  (void) req;
  (void) status; /* a worker that is gone has ended its channel */
}

/* Once: the request is the only one for that. */
void worker_tell_the_end(struct worker* worker) {
  static char end[] = "end\n";
  uv_buf_t buf = uv_buf_init(end, sizeof(end) - 1);
  if (worker->told)
    return;
  worker->told = 1;
  if (uv_write(&worker->write, (uv_stream_t*) &worker->channel, &buf, 1, on_told) < 0)
    worker_lose(worker);
}

int worker_start(struct master* master, struct worker* replaces) {
  struct worker* worker = calloc(1, sizeof(*worker));
  int err;
  if (worker == NULL)
    return UV_ENOMEM;
  worker->number = ++master->workers_started;
  worker->replaces = replaces;
  worker->next = master->workers;
  master->workers = worker;
  uv_pipe_init(&master->loop, &worker->channel, 1);
  uv_pipe_init(&master->loop, &worker->errors, 0);
  worker->channel.data = worker;
  worker->errors.data = worker;
  err = spawn(worker, master->options->program, &master->loop);
  if (err == 0)
    err = uv_read_start((uv_stream_t*) &worker->errors, on_errors_alloc, on_errors_read);
  if (err == 0)
    err = uv_read_start((uv_stream_t*) &worker->channel, on_channel_alloc, on_channel_read);
  if (err < 0) {
    uv_close((uv_handle_t*) &worker->channel, NULL);
    uv_close((uv_handle_t*) &worker->errors, NULL);
    uv_close((uv_handle_t*) &worker->process, NULL);
    return err;
  }
  worker->open = 1;
  report(REPORT_NORMAL, "worker %lu is process %d", worker->number, worker->process.pid);
  if (master->draining)
    worker_tell_the_end(worker);
  return 0;
}
