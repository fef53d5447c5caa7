/* shell: lends a shell on a terminal to one client, over a pipe that nobody but its owner can open.
 *
 *   shell PIPE [COLUMNSxROWS] [COMMAND ARGUMENT...]
 *
 * Without COMMAND it is what $SHELL names (Windows: %ComSpec%). Whoever wants to use it needs a terminal in
 * raw mode and nothing else: `relay tty pipe:PIPE`. The pipe takes one connection, of the user who started
 * this program (uvs_pipe_bind); then it is gone. The command ends when its client goes, and this program
 * with the command, whose exit code it has. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "uv.h"
#include "uvstream.h"

enum {
  ROOM = 65536,
  MOST_WORDS = 64
};

/* One way: bytes are read when those before them have been written. */
struct way {
  uv_stream_t* from;
  uv_stream_t* to;
  uv_write_t write;
  char bytes[ROOM];
};

static uv_loop_t* loop;
static uv_pipe_t listener;
static uv_pipe_t client;
static uv_pipe_t terminal;
static uv_process_t child;
static struct way ways[2];
static uv_shutdown_t farewell;
static uv_process_options_t options;
static char* words[MOST_WORDS + 1];
static int columns = 80;
static int rows = 25;
static int exit_code = 1;

static int complain(const char* what, int err) {
  fprintf(stderr, "shell: cannot %s: %s\n", what, uv_strerror(err));
  return 1;
}

static void close_once(uv_handle_t* handle) {
  if (!uv_is_closing(handle))
    uv_close(handle, NULL);
}

/* ---- Bytes ---- */

static void on_alloc(uv_handle_t* handle, size_t size, uv_buf_t* buf) {
  struct way* way = handle->data;
  (void) size;
  *buf = uv_buf_init(way->bytes, ROOM);
}

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf);

/* Nothing more can be done for the client: its terminal goes, which the command hears of. */
static void hang_up(void) {
  close_once((uv_handle_t*) &client);
  close_once((uv_handle_t*) &terminal);
}

static void on_written(uv_write_t* req, int status) {
  struct way* way = req->data;
  if (uv_is_closing((uv_handle_t*) way->from))
    return;
  if (status < 0 || uv_read_start(way->from, on_alloc, on_read) < 0)
    hang_up();
}

static void on_said_farewell(uv_shutdown_t* req, int status) {
  (void) req;
  (void) status;
  hang_up();
}

/* The end of the command is told to the client when it has got all that was on the terminal. */
static void end(const struct way* way) {
  if (way->to != (uv_stream_t*) &client || uv_shutdown(&farewell, way->to, on_said_farewell) < 0)
    hang_up();
}

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  struct way* way = stream->data;
  uv_buf_t out;

  if (nread == 0)
    return;
  if (nread < 0) {
    end(way);
    return;
  }
  uv_read_stop(stream);
  out = uv_buf_init(buf->base, (unsigned int) nread);
  way->write.data = way;
  if (uv_write(&way->write, way->to, &out, 1, on_written) < 0)
    hang_up();
}

static int join(struct way* way, uv_pipe_t* from, uv_pipe_t* to) {
  way->from = (uv_stream_t*) from;
  way->to = (uv_stream_t*) to;
  from->data = way;
  return uv_read_start(way->from, on_alloc, on_read);
}

/* ---- The command and its client ---- */

static void on_child_exit(uv_process_t* process, int64_t status, int signum) {
  exit_code = signum != 0 ? 128 + signum : (int) status;
  uv_close((uv_handle_t*) process, NULL);
  if (uv_is_closing((uv_handle_t*) &terminal))
    close_once((uv_handle_t*) &client);
}

static int lend(void) {
  int err = uv_pipe_init(loop, &terminal, 0);

  if (err == 0)
    err = uvs_pty_spawn(loop, &child, &terminal, &options, columns, rows);
  if (err < 0) {
    uv_close((uv_handle_t*) &child, NULL);
    uv_close((uv_handle_t*) &terminal, NULL);
    return complain(words[0], err);
  }
  if (join(&ways[0], &terminal, &client) < 0 || join(&ways[1], &client, &terminal) < 0)
    hang_up();
  return 0;
}

static void on_connection(uv_stream_t* server, int status) {
  int err = status;

  if (err == 0)
    err = uv_pipe_init(loop, &client, 0);
  if (err == 0)
    err = uv_accept(server, (uv_stream_t*) &client);
  close_once((uv_handle_t*) server); /* One client is all. */
  if (err < 0)
    complain("take a client", err);
  else if (lend() != 0)
    close_once((uv_handle_t*) &client);
}

/* ---- Arguments ---- */

static char* usual_shell(void) {
  static char path[1024];
  size_t size = sizeof(path);
#ifdef _WIN32
  const char* name = "ComSpec";
  const char* otherwise = "cmd.exe";
#else
  const char* name = "SHELL";
  const char* otherwise = "/bin/sh";
#endif
  if (uv_os_getenv(name, path, &size) != 0)
    snprintf(path, sizeof(path), "%s", otherwise);
  return path;
}

/* 0 where it is none. */
static int take_size(const char* text) {
  int wide;
  int high;
  char more;

  if (sscanf(text, "%dx%d%c", &wide, &high, &more) != 2)
    return 0;
  columns = wide;
  rows = high;
  return 1;
}

static void take_command(char** argv, int count) {
  int i;

  for (i = 0; i < count && i < MOST_WORDS; i++)
    words[i] = argv[i];
  if (count == 0)
    words[0] = usual_shell();
  options.file = words[0];
  options.args = words;
  options.exit_cb = on_child_exit;
}

int main(int argc, char** argv) {
  int has_size = argc > 2 && take_size(argv[2]);
  int first = 2 + has_size;
  int err;

  if (argc < 2) {
    fprintf(stderr, "usage: shell PIPE [COLUMNSxROWS] [COMMAND ARGUMENT...]\n");
    return 2;
  }
  argv = uv_setup_args(argc, argv);
  loop = uv_default_loop();
  take_command(argv + first, argc > first ? argc - first : 0);
  uv_pipe_init(loop, &listener, 0);
  err = uvs_pipe_bind(&listener, argv[1], NULL);
  if (err == 0)
    err = uv_listen((uv_stream_t*) &listener, 1, on_connection);
  if (err < 0) {
    close_once((uv_handle_t*) &listener);
    complain("listen on the pipe", err);
  } else {
    printf("ready\n");
    fflush(stdout);
  }
  uv_run(loop, UV_RUN_DEFAULT);
  uv_loop_close(loop);
  return exit_code;
}
