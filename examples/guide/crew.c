/* One master, several workers, and an IPC pipe to each of them. */
#include "crew.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "../relay/report.h"
#include "client.h"

#define WORKERS 3

struct worker {
  uv_process_t process;
  uv_pipe_t channel;
  unsigned taken; /* connections */
  int open;       /* handles, of these two */
};

/* A connection on its way through the master. */
struct passing {
  uv_tcp_t tcp;
  uv_write_t write;
};

static struct worker workers[WORKERS];
static unsigned next_worker;
static uv_tcp_t* listener;
static int closing;
static char program[4096];
static char* log_of_workers; /* NULL, which ends their arguments: they have stderr */

static int start_worker(uv_loop_t* loop, struct worker* worker);

/* ---- The master: connections ------------------------------------------------------------- */

static void on_passing_closed(uv_handle_t* handle) {
  free(handle);
}

/* The worker has its own now, or will never have it. Ours can go. */
static void on_passed(uv_write_t* req, int status) {
  struct passing* passing = req->data;
  if (status < 0)
    report_error(status, "a connection is lost with its worker");
  uv_close((uv_handle_t*) &passing->tcp, on_passing_closed);
}

static struct worker* choose_worker(void) {
  unsigned tries;
  for (tries = 0; tries < WORKERS; tries++) {
    struct worker* worker = &workers[next_worker++ % WORKERS];
    if (worker->open == 2)
      return worker;
  }
  return NULL;
}

static int pass_on(struct passing* passing) {
  static char byte[] = "c"; /* a handle travels with at least one byte */
  uv_buf_t buf = uv_buf_init(byte, 1);
  struct worker* worker = choose_worker();
  if (worker == NULL)
    return UV_ECONNABORTED;
  worker->taken++;
  passing->write.data = passing;
  return uv_write2(&passing->write, (uv_stream_t*) &worker->channel, &buf, 1,
                   (uv_stream_t*) &passing->tcp, on_passed);
}

static int take_in(uv_stream_t* server) {
  struct passing* passing = malloc(sizeof(*passing));
  int err;
  if (passing == NULL)
    return UV_ENOMEM;
  uv_tcp_init(server->loop, &passing->tcp);
  err = uv_accept(server, (uv_stream_t*) &passing->tcp);
  if (err == 0)
    err = pass_on(passing);
  if (err < 0)
    uv_close((uv_handle_t*) &passing->tcp, on_passing_closed);
  return err;
}

static void on_connection(uv_stream_t* server, int status) {
  int err = status;
  if (err == 0)
    err = take_in(server);
  if (err < 0)
    report_error(err, "cannot pass a connection on");
}

/* ---- The master: workers ----------------------------------------------------------------- */

/* Both handles are ours again: the place can be taken by a new worker. One that has not done
 * anything for us would only be followed by others like it. */
static void on_worker_closed(uv_handle_t* handle) {
  struct worker* worker = handle->data;
  int err;
  if (--worker->open > 0 || closing || worker->taken == 0)
    return;
  err = start_worker(handle->loop, worker);
  if (err < 0)
    report_error(err, "cannot replace a worker");
}

static void on_exit_of_worker(uv_process_t* process, int64_t exit_status, int term_signal) {
  struct worker* worker = process->data;
  if (exit_status != 0 || term_signal != 0)
    report_error(0, "process %d ended: code %d, signal %d", process->pid, (int) exit_status,
                 term_signal);
  uv_close((uv_handle_t*) process, on_worker_closed);
  if (!uv_is_closing((uv_handle_t*) &worker->channel))
    uv_close((uv_handle_t*) &worker->channel, on_worker_closed);
}

static int start_worker(uv_loop_t* loop, struct worker* worker) {
  static char role[] = "worker";
  char* args[] = {program, role, log_of_workers, NULL};
  uv_stdio_container_t stdio[3];
  uv_process_options_t options;
  int err;

  worker->open = 2;
  worker->taken = 0;
  err = uv_pipe_init(loop, &worker->channel, 1);
  worker->channel.data = worker;
  stdio[0].flags = (uv_stdio_flags) (UV_CREATE_PIPE | UV_READABLE_PIPE | UV_WRITABLE_PIPE);
  stdio[0].data.stream = (uv_stream_t*) &worker->channel;
  stdio[1].flags = UV_IGNORE;
  stdio[2].flags = UV_INHERIT_FD;
  stdio[2].data.fd = 2;
  memset(&options, 0, sizeof(options));
  options.file = program;
  options.args = args;
  options.stdio = stdio;
  options.stdio_count = 3;
  options.exit_cb = on_exit_of_worker;
  if (err == 0)
    err = uv_spawn(loop, &worker->process, &options);
  worker->process.data = worker;
  if (err < 0) { /* also a process that did not start has a handle to close */
    uv_close((uv_handle_t*) &worker->process, on_worker_closed);
    uv_close((uv_handle_t*) &worker->channel, on_worker_closed);
    return err;
  }
  report(REPORT_NORMAL, "process %d is a worker", worker->process.pid);
  return 0;
}

int crew_open(uv_tcp_t* server, char* log) {
  size_t size = sizeof(program);
  int i, err = uv_exepath(program, &size);
  log_of_workers = log;
  for (i = 0; i < WORKERS && err == 0; i++)
    err = start_worker(server->loop, &workers[i]);
  if (err == 0)
    err = uv_listen((uv_stream_t*) server, 128, on_connection);
  listener = server;
  return err;
}

/* What was written to a worker before is still read by it: the end of the pipe comes after. */
static void on_told(uv_shutdown_t* req, int status) {
  struct worker* worker = req->handle->data;
  (void) status;
  free(req);
  if (!uv_is_closing((uv_handle_t*) &worker->channel))
    uv_close((uv_handle_t*) &worker->channel, on_worker_closed);
}

void crew_close(void) {
  int i;
  closing = 1;
  uv_close((uv_handle_t*) listener, NULL);
  for (i = 0; i < WORKERS; i++) {
    uv_shutdown_t* req = malloc(sizeof(*req));
    uv_stream_t* channel = (uv_stream_t*) &workers[i].channel;
    if (workers[i].open < 2 || req == NULL || uv_shutdown(req, channel, on_told) < 0)
      free(req);
  }
}

/* ---- A worker ---------------------------------------------------------------------------- */

static void on_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  static char bytes[256];
  (void) handle;
  (void) suggested_size;
  *buf = uv_buf_init(bytes, sizeof(bytes));
}

/* The bytes mean nothing. What has come with them waits in the pipe to be accepted. */
static void on_channel(uv_stream_t* channel, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  while (uv_pipe_pending_count((uv_pipe_t*) channel) > 0) {
    int err = client_take(channel, uv_pipe_pending_type((uv_pipe_t*) channel));
    if (err < 0) {
      report_error(err, "cannot take a connection");
      break;
    }
  }
  if (nread < 0) { /* no more will come */
    uv_close((uv_handle_t*) channel, NULL);
    clients_finish();
  }
}

int crew_work(void) {
  static uv_pipe_t channel;
  uv_loop_t* loop = uv_default_loop();
  int err = loop == NULL ? UV_ENOMEM : uv_pipe_init(loop, &channel, 1);
  signal(SIGINT, SIG_IGN); /* Ctrl-C reaches all processes of a terminal; the master tells us */
  if (err == 0)
    err = uv_pipe_open(&channel, 0);
  if (err == 0)
    err = uv_read_start((uv_stream_t*) &channel, on_alloc, on_channel);
  if (err < 0) {
    report_error(err, "worker: cannot open the channel");
    return 1;
  }
  uv_run(loop, UV_RUN_DEFAULT);
  return uv_loop_close(loop) < 0;
}
