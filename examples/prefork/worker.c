/* A worker: takes connections from the IPC pipe that is its standard input, answers each, and says
 * so. It ends when the pipe does. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "../relay/report.h"
#include "lines.h"
#include "prefork.h"

struct answer {
  union any_stream client; /* first, so that the handle is the answer */
  uv_write_t write;
  uv_shutdown_t shutdown;
  struct answer* next; /* of those that wait */
  unsigned long id;
  char text[2 * LINE_BYTES];
};

static uv_loop_t loop;
static uv_pipe_t channel;
static struct lines lines;
static const char* name;
static struct answer* waiting; /* for GET /go */
static int draining;           /* nobody waits any more */
static int failed;

static void fail(int err, const char* what) {
  report_error(err, "cannot %s", what);
  failed = 1;
  if (!uv_is_closing((uv_handle_t*) &channel))
    uv_close((uv_handle_t*) &channel, NULL);
}

static void on_told(uv_write_t* req, int status) {
  (void) status; /* a master that is gone ends the channel */
  free(req->data);
}

/* Only now a master that replaces its workers lets go of the one before. */
static int say_ready(void) {
  static char ready[] = "ready\n";
  static uv_write_t write;
  uv_buf_t buf = uv_buf_init(ready, sizeof(ready) - 1);
  write.data = NULL;
  return uv_write(&write, (uv_stream_t*) &channel, &buf, 1, on_told);
}

/* Only now, when the connection is closed here, may the master let go of it. */
static void on_client_closed(uv_handle_t* handle) {
  struct answer* answer = (struct answer*) handle;
  uv_buf_t buf = uv_buf_init(answer->text, 0);
  buf.len = (unsigned int) snprintf(answer->text, sizeof(answer->text), "done %lu\n", answer->id);
  answer->write.data = answer;
  if (uv_write(&answer->write, (uv_stream_t*) &channel, &buf, 1, on_told) < 0)
    free(answer);
}

static void on_shutdown(uv_shutdown_t* req, int status) {
  (void) status; /* a client that is gone needs no end any more */
  uv_close((uv_handle_t*) req->handle, on_client_closed);
}

static void on_answered(uv_write_t* req, int status) {
  struct answer* answer = req->data;
  /* The end has to be said: closing alone would end nothing, as the master has a copy. */
  if (status < 0 || uv_shutdown(&answer->shutdown, req->handle, on_shutdown) < 0)
    uv_close(&answer->client.handle, on_client_closed);
}

static void send_answer(struct answer* answer, const char* request) {
  char body[LINE_BYTES + 64];
  uv_buf_t buf = uv_buf_init(answer->text, 0);
  int length = snprintf(body, sizeof(body), "worker %s got: %s\n", name, request);
  buf.len = (unsigned int) snprintf(answer->text, sizeof(answer->text),
                                    "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n"
                                    "Content-Length: %d\r\nConnection: close\r\n\r\n%s",
                                    length, body);
  answer->write.data = answer;
  if (uv_write(&answer->write, &answer->client.stream, &buf, 1, on_answered) < 0)
    uv_close(&answer->client.handle, on_client_closed);
}

static void answer_those_that_wait(void) {
  while (waiting != NULL) {
    struct answer* answer = waiting;
    waiting = answer->next;
    send_answer(answer, "GET /wait");
  }
}

static void take(unsigned long id, const char* request) {
  struct answer* answer = calloc(1, sizeof(*answer));
  int err;
  if (answer == NULL) {
    fail(UV_ENOMEM, "take a connection");
    return;
  }
  answer->id = id;
  if (uv_pipe_pending_type(&channel) == UV_NAMED_PIPE)
    err = uv_pipe_init(&loop, &answer->client.pipe, 0);
  else
    err = uv_tcp_init(&loop, &answer->client.tcp);
  if (err == 0)
    err = uv_accept((uv_stream_t*) &channel, &answer->client.stream);
  if (err < 0) {
    fail(err, "take a connection");
    uv_close(&answer->client.handle, on_client_closed);
    return;
  }
  if (strncmp(request, "GET /wait", 9) == 0 && !draining) {
    answer->next = waiting;
    waiting = answer;
    return;
  }
  if (strncmp(request, "GET /go", 7) == 0)
    answer_those_that_wait();
  send_answer(answer, request);
}

static void on_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  (void) handle;
  (void) suggested_size;
  *buf = lines_room(&lines);
}

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  char line[LINE_BYTES];
  int result = 0;
  (void) buf;
  if (nread < 0) { /* the master has no more, or is no more */
    uv_close((uv_handle_t*) stream, NULL);
    answer_those_that_wait();
    return;
  }
  lines_came(&lines, (size_t) nread);
  while (!uv_is_closing((uv_handle_t*) stream) && (result = lines_next(&lines, line)) > 0) {
    char* request = line;
    if (strcmp(line, "end") == 0) {
      draining = 1;
      answer_those_that_wait();
    } else if (strncmp(line, "take ", 5) == 0) {
      unsigned long id = strtoul(line + 5, &request, 10);
      take(id, request + strspn(request, " "));
    } else {
      result = -1;
      break;
    }
  }
  if (result < 0)
    fail(UV_EPROTO, "understand the master");
}

int work(const char* number) {
  static char title[32];
  int err = uv_loop_init(&loop);
  name = number;
  snprintf(title, sizeof(title), "worker %s", number);
  report_setup(title, REPORT_NORMAL);
  /* Ctrl-C reaches all that run in a terminal; it is the master who says when a worker ends. */
  signal(SIGINT, SIG_IGN);
  if (err < 0) {
    report_error(err, "cannot start");
    return 1;
  }
  uv_pipe_init(&loop, &channel, 1);
  err = uv_pipe_open(&channel, 0);
  if (err == 0)
    err = uv_read_start((uv_stream_t*) &channel, on_alloc, on_read);
  if (err == 0)
    err = say_ready();
  if (err < 0)
    fail(err, "open its channel, standard input; the master starts workers");
  uv_run(&loop, UV_RUN_DEFAULT);
  err = uv_loop_close(&loop);
  if (err < 0)
    report_error(err, "something was left open");
  return failed || err < 0;
}
