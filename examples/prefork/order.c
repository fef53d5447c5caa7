/* prefork upgrade: gives a running server an order over its control endpoint, and shows the answer. */
#include <string.h>

#include "../relay/report.h"
#include "lines.h"
#include "prefork.h"

static struct {
  const struct endpoint* endpoint;
  union any_stream stream;
  uv_connect_t connect;
  uv_write_t write;
  struct lines lines;
  char order[32];
  int done;
  int code;
} talk;

static void finish(int err, const char* what) {
  if (talk.done)
    return;
  talk.done = 1;
  if (what != NULL) {
    report_error(err, "cannot %s %s", what, talk.endpoint->text);
    talk.code = 1;
  }
  endpoint_close(talk.endpoint, &talk.stream, NULL);
}

static void on_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  (void) handle;
  (void) suggested_size;
  *buf = lines_room(&talk.lines);
}

/* One line is the answer; "no" is how one begins that is none to be glad of. */
static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  char line[LINE_BYTES];
  (void) stream;
  (void) buf;
  if (nread < 0) {
    finish((int) nread, "get an answer of");
    return;
  }
  lines_came(&talk.lines, (size_t) nread);
  if (lines_next(&talk.lines, line) <= 0)
    return;
  talk.code = strncmp(line, "no ", 3) == 0;
  printf("%s\n", line);
  finish(0, NULL);
}

static void on_written(uv_write_t* req, int status) {
  (void) req;
  if (status < 0)
    finish(status, "write to");
}

static void on_connect(uv_connect_t* req, int status) {
  uv_buf_t buf = uv_buf_init(talk.order, (unsigned int) strlen(talk.order));
  if (status == 0)
    status = uv_read_start(req->handle, on_alloc, on_read);
  if (status == 0)
    status = uv_write(&talk.write, endpoint_out(talk.endpoint, &talk.stream), &buf, 1, on_written);
  if (status < 0)
    finish(status, "connect to");
}

int give_order(const struct endpoint* control, const char* order) {
  uv_loop_t* loop = uv_default_loop();
  int err;
  talk.endpoint = control;
  snprintf(talk.order, sizeof(talk.order), "%s\n", order);
  err = loop == NULL ? UV_ENOMEM
                     : endpoint_dial(control, loop, &talk.stream, &talk.connect, on_connect);
  if (err < 0) {
    report_error(err, "cannot connect to %s", control->text);
    return 1; /* what is open is the system's to close */
  }
  uv_run(loop, UV_RUN_DEFAULT);
  return talk.code;
}
