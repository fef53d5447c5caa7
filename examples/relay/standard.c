/* Opens what standard input and output are, and files by their names. A file with a name is sent by the
 * library; others are read, and all are written, with the C library, a piece at a time, between the turns
 * of the loop; a disk does not keep anybody waiting for long. */
#include "standard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _WIN32
#  include <fcntl.h>
#  include <io.h>
#endif

#include "file.h"
#include "report.h"
#if !defined(RELAY_WITH_LIBUV)
#  include "uvstream.h"
#endif

#define PIECE_BYTES (64 * 1024)

struct stdio_carrier {
  uv_pipe_t pipe;
  struct stdio* owner;
  FILE* file;
  uv_write_t req;
#if !defined(RELAY_WITH_LIBUV)
  uvs_send_file_t file_req;
#endif
  int named; /* the file is ours to close */
  int bad;   /* it could not be written */
  char bytes[PIECE_BYTES];
};

static void count_closed(struct stdio* stdio) {
  if (--stdio->open_handles == 0 && stdio->close_cb != NULL)
    stdio->close_cb(&stdio->in.handle);
}

static void on_closed(uv_handle_t* handle) {
  count_closed(handle->data);
}

static void on_in_closed(uv_handle_t* handle) {
  count_closed((struct stdio*) handle);
}

/* ---- Files ------------------------------------------------------------------------------- */

/* What is whole gets its name, which is the last that happens to it. */
static void close_file(struct stdio_carrier* carrier) {
  struct stdio* stdio = carrier->owner;
  int err;

  if (!stdio->writes) {
    fclose(carrier->file);
  } else if (stdio->aborted || carrier->bad) {
    draft_leave(&stdio->draft);
  } else {
    err = draft_keep(&stdio->draft);
    if (err < 0) {
      stdio->failed = 1;
      report_error(err, "cannot write %s", stdio->path);
    }
  }
}

static void on_carrier_closed(uv_handle_t* handle) {
  struct stdio_carrier* carrier = (struct stdio_carrier*) handle;
  struct stdio* stdio = carrier->owner;
  if (carrier->named)
    close_file(carrier);
  free(carrier);
  count_closed(stdio);
}

static void end_carrier(struct stdio_carrier* carrier) {
  struct stdio* stdio = carrier->owner;
  if (carrier == stdio->from_file)
    stdio->from_file = NULL;
  else
    stdio->to_file = NULL;
  uv_close((uv_handle_t*) &carrier->pipe, on_carrier_closed);
}

static void fail(struct stdio_carrier* carrier, const char* what) {
  const char* path = carrier->owner->path;
  int error = file_error();
  carrier->owner->failed = 1;
  carrier->bad = 1;
  if (path != NULL)
    report_error(error, "cannot %s %s", what, path);
  else
    report_error(error, "cannot %s standard %s", what, *what == 'r' ? "input" : "output");
}

static void carry_in(struct stdio_carrier* carrier);

static void on_carried_in(uv_write_t* req, int status) {
  struct stdio_carrier* carrier = req->data;
  if (status == 0)
    carry_in(carrier);
  else if (!uv_is_closing((uv_handle_t*) &carrier->pipe))
    end_carrier(carrier); /* nobody wants more */
}

/* The end of the file is the end of the pipe. */
static void carry_in(struct stdio_carrier* carrier) {
  size_t length = fread(carrier->bytes, 1, sizeof(carrier->bytes), carrier->file);
  uv_buf_t buf = uv_buf_init(carrier->bytes, (unsigned) length);
  if (ferror(carrier->file))
    fail(carrier, "read");
  carrier->req.data = carrier;
  if (length == 0 ||
      uv_write(&carrier->req, (uv_stream_t*) &carrier->pipe, &buf, 1, on_carried_in) < 0)
    end_carrier(carrier);
}

#if !defined(RELAY_WITH_LIBUV)

static void on_sent(uvs_send_file_t* req, int status) {
  struct stdio_carrier* carrier = req->data;
  struct stdio* stdio = carrier->owner;

  /* The first three mean that nobody wants more. */
  if (status < 0 && status != UV_EPIPE && status != UV_ECONNRESET && status != UV_ECANCELED) {
    stdio->failed = 1;
    report_error(status, "cannot read %s", stdio->path);
  }
  if (!uv_is_closing((uv_handle_t*) &carrier->pipe))
    end_carrier(carrier);
}

/* All of the file, whose end is that of the pipe. */
static int send_file(struct stdio_carrier* carrier) {
#  ifdef _WIN32
  uv_file fd = _fileno(carrier->file);
#  else
  uv_file fd = fileno(carrier->file);
#  endif

  carrier->file_req.data = carrier;
  return uvs_send_file(&carrier->file_req, (uv_stream_t*) &carrier->pipe, fd, 0, UVS_TO_END, NULL,
                       on_sent);
}

#endif

static int begin_in(struct stdio_carrier* carrier) {
#if !defined(RELAY_WITH_LIBUV)
  if (carrier->named && carrier->owner->size >= 0)
    return send_file(carrier);
#endif
  carry_in(carrier);
  return 0;
}

static void on_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  struct stdio_carrier* carrier = (struct stdio_carrier*) handle;
  (void) suggested_size;
  *buf = uv_buf_init(carrier->bytes, sizeof(carrier->bytes));
}

static void on_carried_out(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  struct stdio_carrier* carrier = (struct stdio_carrier*) stream;
  int written = nread <= 0 || fwrite(buf->base, 1, (size_t) nread, carrier->file) == (size_t) nread;
  if (nread < 0 && fflush(carrier->file) != 0)
    written = 0;
  if (!written)
    fail(carrier, "write");
  if (nread < 0 || !written)
    end_carrier(carrier);
}

/* A pipe with the stream that was asked for at one end, and a carrier at the other. */
static int carry(struct stdio* stdio, FILE* file, uv_pipe_t* stream, int reading) {
  struct stdio_carrier* carrier = malloc(sizeof(*carrier));
  uv_file fds[2];
  int err = carrier == NULL ? UV_ENOMEM : uv_pipe(fds, 0, 0);
  if (err < 0) {
    free(carrier);
    if (stdio->path != NULL)
      fclose(file); /* a draft, too, which has nothing in it */
    return err;
  }
#ifdef _WIN32
  _setmode(_fileno(file), _O_BINARY);
#endif
  carrier->owner = stdio;
  carrier->file = file;
  carrier->named = stdio->path != NULL;
  carrier->bad = 0;
  if (reading)
    stdio->size = file_left(file);
  *(reading ? &stdio->from_file : &stdio->to_file) = carrier;
  stdio->open_handles++;
  uv_pipe_init(stdio->in.handle.loop, &carrier->pipe, 0);
  err = uv_pipe_open(stream, fds[!reading]);
  if (err == 0)
    err = uv_pipe_open(&carrier->pipe, fds[reading]);
  if (err == 0 && reading)
    err = begin_in(carrier);
  else if (err == 0)
    err = uv_read_start((uv_stream_t*) &carrier->pipe, on_alloc, on_carried_out);
  return err;
}

/* ---- The two ends ------------------------------------------------------------------------ */

/* Makes the handle that suits the descriptor. Whatever happens there is a handle to be closed
 * afterwards; an error is kept for the start. */
static void init_end(struct stdio* stdio, uv_loop_t* loop, union stdio_end* end, int fd) {
  int wanted = stdio->path == NULL && (fd == 0 ? stdio->reads : stdio->writes);
  uv_handle_type type = wanted ? uv_guess_handle(fd) : UV_FILE;
  int err = 0;

  if (type == UV_TTY)
    err = uv_tty_init(loop, &end->tty, fd, fd == 0);
  else if (type == UV_TCP)
    err = uv_tcp_init(loop, &end->tcp);
  else if (type != UV_NAMED_PIPE && type != UV_FILE)
    err = UV_EBADF;
  if (err < 0 || type == UV_NAMED_PIPE || type == UV_FILE)
    uv_pipe_init(loop, &end->pipe, 0);
  if (stdio->error == 0)
    stdio->error = err;
}

static int init(uv_loop_t* loop, struct stdio* stdio, const char* path, int reads, int writes) {
  memset(stdio, 0, sizeof(*stdio));
  stdio->path = path;
  stdio->reads = reads;
  stdio->writes = writes;
  stdio->size = -1;
  uv_timer_init(loop, &stdio->started);
  stdio->started.data = stdio;
  init_end(stdio, loop, &stdio->in, 0);
  init_end(stdio, loop, &stdio->out, 1);
  stdio->out.handle.data = stdio;
  stdio->open_handles = 3;
  return 0;
}

int stdio_init(uv_loop_t* loop, struct stdio* stdio, int reads, int writes) {
  return init(loop, stdio, NULL, reads, writes);
}

int stdio_init_file(uv_loop_t* loop, struct stdio* stdio, const char* path, int writes) {
  return init(loop, stdio, path, !writes, writes);
}

static int open_named(struct stdio* stdio) {
  FILE* file;
  int err = 0;

  if (stdio->writes) {
    err = draft_open(&stdio->draft, stdio->path);
    return err < 0 ? err : carry(stdio, stdio->draft.file, &stdio->out.pipe, 0);
  }
  file = file_open(stdio->path, "rb");
  return file == NULL ? file_error() : carry(stdio, file, &stdio->in.pipe, 1);
}

static int open_end(struct stdio* stdio, union stdio_end* end, int fd) {
  uv_handle_type type = uv_guess_handle(fd);

  if (type == UV_TTY)
    return 0;
  if (type == UV_TCP)
    return uv_tcp_open(&end->tcp, (uv_os_sock_t) fd);
  if (type == UV_NAMED_PIPE)
    return uv_pipe_open(&end->pipe, fd);
  return carry(stdio, fd == 0 ? stdin : stdout, &end->pipe, fd == 0);
}

static int make_raw(struct stdio* stdio) {
  if (stdio->in.handle.type != UV_TTY || stdio->out.handle.type != UV_TTY)
    return UV_ENOTTY;
  report(REPORT_NORMAL, "Ctrl-] leaves");
  return uv_tty_set_mode(&stdio->in.tty, UV_TTY_MODE_RAW);
}

static void finish_connect(struct stdio* stdio, int status) {
  uv_connect_t* req = stdio->connect;
  stdio->connect = NULL;
  stdio->connect_cb(req, status);
}

static void on_started(uv_timer_t* timer) {
  finish_connect(timer->data, 0);
}

int stdio_start(struct stdio* stdio, int raw, uv_connect_t* req, uv_connect_cb cb) {
  int err = stdio->error;

  if (err == 0 && stdio->path != NULL)
    err = open_named(stdio);
  else if (err == 0 && stdio->reads)
    err = open_end(stdio, &stdio->in, 0);
  if (err == 0 && stdio->path == NULL && stdio->writes)
    err = open_end(stdio, &stdio->out, 1);
  if (err == 0 && raw)
    err = make_raw(stdio);
  if (err < 0)
    return err;
  stdio->connect = req;
  stdio->connect_cb = cb;
  req->handle = &stdio->in.stream;
  return uv_timer_start(&stdio->started, on_started, 0, 0);
}

static void on_timer_closed(uv_handle_t* handle) {
  struct stdio* stdio = handle->data;
  if (stdio->connect != NULL)
    finish_connect(stdio, UV_ECANCELED);
  count_closed(stdio);
}

void stdio_abort(struct stdio* stdio, uv_close_cb cb) {
  stdio->aborted = 1;
  stdio_close(stdio, cb);
}

/* The carrier of standard output lives until it has seen the end of what was written. */
void stdio_close(struct stdio* stdio, uv_close_cb cb) {
  stdio->close_cb = cb;
  if (stdio->from_file != NULL)
    end_carrier(stdio->from_file);
  uv_close((uv_handle_t*) &stdio->started, on_timer_closed);
  uv_close(&stdio->in.handle, on_in_closed);
  uv_close(&stdio->out.handle, on_closed);
}
