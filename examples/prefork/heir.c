/* How a master begins that succeeds another one; what the two say to each other stands in upgrade.c. It
 * starts its workers and waits until they are ready, which is what a new program can fail at, before it
 * says that it can take over. */
#include <string.h>

#include "../relay/report.h"
#include "door.h"
#include "master.h"

static struct {
  struct master master;
  uv_pipe_t channel;
  uv_write_t write;
  struct lines lines;
  int has_all;
  int is_ready; /* and has said so */
  int may_go;
  int goes;
} heir;

static void fail(int err, const char* what) {
  struct master* master = &heir.master;
  if (master->draining)
    return;
  report_error(err, "cannot succeed: %s", what);
  master->failed = 1;
  master->succeeded = 1; /* what it was given is still the other one's */
  if (!uv_is_closing((uv_handle_t*) &heir.channel))
    uv_close((uv_handle_t*) &heir.channel, NULL);
  master_stop(master);
}

static void go(void) {
  struct master* master = &heir.master;
  int err;
  if (!heir.may_go || !heir.is_ready || heir.goes || master->draining)
    return;
  heir.goes = 1;
  err = listener_listen(&master->listener, guest_comes);
  if (err == 0 && master->options->pipe != NULL)
    err = door_listen(guest_comes_by_pipe, master);
  if (err == 0)
    err = control_listen(master);
  if (err < 0)
    fail(err, "it cannot listen");
  else if (master_announce(master, "takes over, listening on") < 0)
    master->failed = 1; /* but it serves */
  if (!uv_is_closing((uv_handle_t*) &heir.channel))
    uv_close((uv_handle_t*) &heir.channel, NULL);
}

/* ---- What comes from the predecessor -------------------------------------------------------- */

static int take(const char* line) {
  struct master* master = &heir.master;
  uv_stream_t* channel = (uv_stream_t*) &heir.channel;
  if (strcmp(line, "tcp") == 0)
    return listener_join(&master->listener, &master->options->endpoint, channel, master);
  if (strcmp(line, "pipe") == 0 && master->options->pipe != NULL)
    return door_join(&master->loop, master->options->pipe, master->options->allow, channel);
  if (strcmp(line, "control") == 0 && master->options->control.scheme != NULL)
    return control_join(master, channel);
  if (strncmp(line, "instance ", 9) == 0 && heir.is_ready && master->options->pipe != NULL)
    return door_take(line + 9);
  return UV_EPROTO;
}

static void on_line(const char* line) {
  int err = 0;
  if (strcmp(line, "all") == 0) {
    heir.has_all = 1;
    if (!listener_is_open(&heir.master.listener))
      err = UV_EPROTO;
    else
      crew_start(&heir.master);
  } else if (strcmp(line, "go") == 0) {
    heir.may_go = 1;
    go();
  } else {
    err = take(line);
  }
  if (err < 0)
    fail(err, "what it was given is no use");
}

static void on_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  (void) handle;
  (void) suggested_size;
  *buf = lines_room(&heir.lines);
}

/* A predecessor that dies when it has given all is succeeded all the same. */
static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  char line[LINE_BYTES];
  int result = 0;
  (void) buf;
  if (nread > 0)
    lines_came(&heir.lines, (size_t) nread);
  while (!uv_is_closing((uv_handle_t*) stream) && (result = lines_next(&heir.lines, line)) > 0)
    on_line(line);
  if (uv_is_closing((uv_handle_t*) stream) || (nread >= 0 && result >= 0))
    return;
  uv_read_stop(stream);
  if (!heir.has_all || result < 0) {
    fail(nread < 0 ? (int) nread : UV_EPROTO, "not all has come");
    return;
  }
  heir.may_go = 1;
  go();
}

/* ---- The beginning -------------------------------------------------------------------------- */

static void on_said(uv_write_t* req, int status) {
  (void) req;
  (void) status; /* the end of the channel says it, too */
}

static void on_crew_ready(struct master* master) {
  static char ready[] = "ready\n";
  uv_buf_t buf = uv_buf_init(ready, sizeof(ready) - 1);
  int err = 0;
  if (heir.is_ready || master->draining)
    return;
  if (master->options->pipe != NULL)
    err = door_join(&master->loop, master->options->pipe, master->options->allow, NULL);
  heir.is_ready = 1;
  if (err == 0 && !uv_is_closing((uv_handle_t*) &heir.channel))
    uv_write(&heir.write, (uv_stream_t*) &heir.channel, &buf, 1, on_said);
  if (err < 0) {
    fail(err, "it cannot make the pipe");
    return;
  }
  report(REPORT_NORMAL, "is ready to take over");
  go();
}

int inherit(const struct serve_options* options) {
  struct master* master = &heir.master;
  int err;
  if (master_init(master, options) < 0)
    return 1;
  master->keeps_name = 1;
  master->on_crew_ready = on_crew_ready;
  uv_pipe_init(&master->loop, &heir.channel, 1);
  err = uv_pipe_open(&heir.channel, 0);
  if (err == 0)
    err = uv_read_start((uv_stream_t*) &heir.channel, on_alloc, on_read);
  if (err == 0)
    err = service_hear(&master->loop, master_obey, master);
  if (err < 0)
    fail(err, "only a server starts one, and upgrade has it do so");
  return master_run(master);
}
