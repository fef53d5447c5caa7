/* Many clients of a prefork server: counts which worker answered, and what was lost. */
#include <stdlib.h>
#include <string.h>

#include "../relay/report.h"
#include "lines.h"
#include "prefork.h"

#define MOST_TOLD 5 /* of the answers that are lost; the last line has their number */
#define SILENCE_MS 60000
#define MOST_WORKERS 64 /* told apart; the rest are counted together */

struct client {
  union any_stream stream;
  uv_connect_t connect;
  uv_write_t write;
  size_t length;
  char answer[4096];
};

static struct {
  const struct load_options* options;
  uv_loop_t loop;
  uv_timer_t timer; /* without a reference: it keeps nothing going */
  struct client* clients;
  unsigned long asked;
  unsigned long answered;
  unsigned long lost;
  unsigned long busy; /* clients */
  unsigned long killed;
  unsigned long by_worker[MOST_WORKERS];
  unsigned long seen; /* at the last tick of the timer */
  uint64_t started_ns;
  int failed;
} all;

/* ---- The control endpoint ---------------------------------------------------------------- */

static struct {
  union any_stream stream;
  uv_connect_t connect;
  uv_write_t write;
  struct lines lines;
  int open;
  int ended; /* the server said its last word */
} control;

static void control_failed(int err, const char* what) {
  if (!control.open)
    return;
  report_error(err, "cannot %s %s", what, all.options->control.text);
  all.failed = 1;
  control.open = 0;
  endpoint_close(&all.options->control, &control.stream, NULL);
}

static void on_commanded(uv_write_t* req, int status) {
  free(req);
  if (status < 0)
    control_failed(status, "write to");
}

static void command(const char* line) {
  uv_write_t* req;
  uv_buf_t buf = uv_buf_init((char*) line, (unsigned int) strlen(line)); /* of a constant */
  int err;
  if (!control.open)
    return;
  req = malloc(sizeof(*req));
  err = req == NULL ? UV_ENOMEM
                    : uv_write(req, endpoint_out(&all.options->control, &control.stream), &buf, 1,
                               on_commanded);
  if (err < 0) {
    free(req);
    control_failed(err, "write to");
  }
}

static void on_control_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  (void) handle;
  (void) suggested_size;
  *buf = lines_room(&control.lines);
}

static void on_control_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  char line[LINE_BYTES];
  (void) buf;
  (void) stream;
  if (nread == UV_EOF && all.busy == 0) {
    control.ended = 1;
    control.open = 0;
    endpoint_close(&all.options->control, &control.stream, NULL);
    return;
  }
  if (nread < 0) {
    control_failed((int) nread, "read from");
    return;
  }
  lines_came(&control.lines, (size_t) nread);
  while (lines_next(&control.lines, line) > 0)
    if (all.busy > 0) /* its last words it shows itself */
      report(REPORT_NORMAL, "the server says: %s", line);
}

static void start_clients(void);

static void on_control_connect(uv_connect_t* req, int status) {
  if (status == 0)
    status = uv_read_start(req->handle, on_control_alloc, on_control_read);
  if (status < 0)
    control_failed(status, "connect to");
  else
    start_clients();
}

static void start_control(void) {
  int err;
  control.open = 1;
  err = endpoint_dial(&all.options->control, &all.loop, &control.stream, &control.connect,
                      on_control_connect);
  if (err < 0)
    control_failed(err, "connect to");
}

/* ---- Clients ----------------------------------------------------------------------------- */

static void ask(struct client* client);

/* Kills are spread over the run; the first comes after a part of it. */
static void kill_when_due(void) {
  unsigned long parts = all.options->kills + 1;
  if (all.killed == all.options->kills ||
      all.answered + all.lost < (all.killed + 1) * all.options->requests / parts)
    return;
  all.killed++;
  command("kill\n");
}

static void on_client_closed(uv_handle_t* handle) {
  struct client* client = handle->data;
  if (all.asked < all.options->requests) {
    ask(client);
    return;
  }
  if (--all.busy == 0)
    command("stop\n");
}

/* The number of the worker; -1 when the answer is not a whole one. */
static long read_answer(struct client* client) {
  const char* length;
  const char* body;
  client->answer[client->length] = '\0';
  length = strstr(client->answer, "Content-Length: ");
  body = strstr(client->answer, "\r\n\r\n");
  if (strncmp(client->answer, "HTTP/1.0 200 OK\r\n", 17) != 0 || length == NULL || body == NULL)
    return -1;
  body += 4;
  /* More is possible: a second answer, of which prefork.h tells. */
  if (strlen(body) < strtoul(length + 16, NULL, 10) || strncmp(body, "worker ", 7) != 0)
    return -1;
  return strtol(body + 7, NULL, 10);
}

static void finish(struct client* client, int err) {
  long worker = err < 0 ? -1 : read_answer(client);
  if (uv_is_closing(&client->stream.handle))
    return;
  if (worker < 0) {
    all.lost++;
    if (all.lost <= MOST_TOLD)
      report_error(err, "an answer is lost (%zu bytes came)", client->length);
  } else {
    all.answered++;
    all.by_worker[worker < MOST_WORKERS ? worker : 0]++;
  }
  kill_when_due();
  endpoint_close(&all.options->endpoint, &client->stream, on_client_closed);
}

static void on_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  struct client* client = handle->data;
  (void) suggested_size;
  *buf = uv_buf_init(client->answer + client->length,
                     (unsigned int) (sizeof(client->answer) - 1 - client->length));
}

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  struct client* client = stream->data;
  (void) buf;
  if (nread >= 0)
    client->length += (size_t) nread;
  else
    finish(client, nread == UV_EOF ? 0 : (int) nread);
}

static void on_written(uv_write_t* req, int status) {
  if (status < 0)
    finish(req->data, status);
}

/* Nobody has ever answered there: one line says it, for all who would have asked. */
static void nobody(struct client* client, int err) {
  if (!all.failed && !uv_is_closing(&client->stream.handle))
    report_error(err, "cannot connect to %s", all.options->endpoint.text);
  all.failed = 1;
  all.asked = all.options->requests;
  if (!uv_is_closing(&client->stream.handle))
    endpoint_close(&all.options->endpoint, &client->stream, on_client_closed);
}

static void on_connect(uv_connect_t* req, int status) {
  static char request[] = "GET /hello HTTP/1.0\r\nHost: prefork\r\n\r\n";
  struct client* client = req->data;
  uv_stream_t* out = endpoint_out(&all.options->endpoint, &client->stream);
  uv_buf_t buf = uv_buf_init(request, sizeof(request) - 1);
  client->write.data = client;
  if (status < 0 && all.answered == 0) {
    nobody(client, status);
    return;
  }
  if (status == 0)
    status = uv_read_start(&client->stream.stream, on_alloc, on_read);
  if (status == 0)
    status = uv_write(&client->write, out, &buf, 1, on_written);
  if (status < 0)
    finish(client, status);
}

static void ask(struct client* client) {
  int err;
  all.asked++;
  client->length = 0;
  client->connect.data = client;
  err = endpoint_dial(&all.options->endpoint, &all.loop, &client->stream, &client->connect,
                      on_connect);
  client->stream.handle.data = client;
  if (err < 0 && all.answered == 0)
    nobody(client, err);
  else if (err < 0)
    finish(client, err);
}

static void start_clients(void) {
  unsigned long i;
  all.started_ns = uv_hrtime();
  for (i = 0; i < all.options->clients && all.asked < all.options->requests; i++) {
    all.busy++;
    ask(&all.clients[i]);
  }
}

/* ---- The run ----------------------------------------------------------------------------- */

/* A server that is stuck is not waited for. */
static void on_timer(uv_timer_t* timer) {
  (void) timer;
  if (all.seen != all.answered + all.lost) {
    all.seen = all.answered + all.lost;
    return;
  }
  report_error(UV_ETIMEDOUT, "no answer for %d s", SILENCE_MS / 1000);
  all.failed = 1;
  uv_stop(&all.loop);
}

static void report_all(void) {
  double seconds = (double) (uv_hrtime() - all.started_ns) / 1e9;
  unsigned long i;
  for (i = 0; i < MOST_WORKERS; i++)
    if (all.by_worker[i] > 0)
      report(REPORT_NORMAL, "worker %lu%s gave %lu answers", i, i == 0 ? " and the rest" : "",
             all.by_worker[i]);
  report(REPORT_NORMAL, "%lu of %lu answers in %.3f s, %lu workers killed, %lu lost", all.answered,
         all.options->requests, seconds, all.killed, all.lost);
}

int load(const struct load_options* options) {
  int err = uv_loop_init(&all.loop);
  all.options = options;
  all.clients = calloc(options->clients, sizeof(*all.clients));
  if (err < 0 || all.clients == NULL) {
    report_error(err < 0 ? err : UV_ENOMEM, "cannot start");
    return 1;
  }
  uv_timer_init(&all.loop, &all.timer);
  uv_timer_start(&all.timer, on_timer, SILENCE_MS, SILENCE_MS);
  uv_unref((uv_handle_t*) &all.timer);
  if (options->control.scheme != NULL)
    start_control();
  else
    start_clients();
  uv_run(&all.loop, UV_RUN_DEFAULT);
  if (all.answered + all.lost > 0)
    report_all();
  if (all.failed || all.answered < options->requests)
    return 1; /* what is open is the system's to close */
  uv_close((uv_handle_t*) &all.timer, NULL);
  uv_run(&all.loop, UV_RUN_DEFAULT);
  free(all.clients);
  err = uv_loop_close(&all.loop);
  if (err < 0)
    report_error(err, "something was left open");
  return err < 0;
}
