/* ttyinfo: what a program gets to know of its terminal. Shows the size, each change of it, and the
 * bytes that each key sends. q or Ctrl-D leaves.
 *
 *   ttyinfo [normal|raw|raw-vt|io]     the mode; raw unless said otherwise */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/options.h"
#include "relay/report.h"
#include "uv.h"

static const char* const mode_names[] = {"normal", "raw", "io", "raw-vt"}; /* as uv_tty_mode_t */

static uv_tty_t in;
static uv_tty_t out;
static uv_signal_t resized;

struct said {
  uv_write_t req;
  char text[256];
};

static void on_said(uv_write_t* req, int status) {
  (void) status;
  free(req);
}

static int fail(const char* what, int err) {
  report_error(err, "cannot %s", what);
  return 1;
}

static void say(const char* text) {
  struct said* said = malloc(sizeof(*said));
  uv_buf_t buf;
  if (said == NULL)
    return;
  snprintf(said->text, sizeof(said->text), "%s", text);
  buf = uv_buf_init(said->text, (unsigned) strlen(said->text));
  if (uv_write(&said->req, (uv_stream_t*) &out, &buf, 1, on_said) < 0)
    free(said);
}

static void say_size(const char* what) {
  char line[128];
  int columns = 0, rows = 0;
  int err = uv_tty_get_winsize(&out, &columns, &rows);
  if (err < 0)
    snprintf(line, sizeof(line), "%s: unknown (%s)\r\n", what, uv_err_name(err));
  else
    snprintf(line, sizeof(line), "%s: %d columns, %d rows\r\n", what, columns, rows);
  say(line);
}

static void leave(void) {
  uv_close((uv_handle_t*) &in, NULL); /* puts the mode back */
  uv_close((uv_handle_t*) &out, NULL);
  uv_close((uv_handle_t*) &resized, NULL);
}

static void on_resize(uv_signal_t* watcher, int signum) {
  (void) watcher;
  (void) signum;
  say_size("resized");
}

/* How many bytes the character that begins with `first` has; 1 for what begins none. */
static size_t character_bytes(unsigned char first) {
  if (first >= 0xf0 && first < 0xf8)
    return 4;
  if (first >= 0xe0 && first < 0xf0)
    return 3;
  return first >= 0xc0 && first < 0xe0 ? 2 : 1;
}

/* "1b 5b 41  ^[ [ A": the bytes, and the characters as far as they can be shown. */
static void say_key(const unsigned char* bytes, size_t length) {
  char line[256] = "";
  size_t used = 0;
  size_t i, k;
  for (i = 0; i < length; i++)
    used += (size_t) snprintf(line + used, sizeof(line) - used, "%02x ", bytes[i]);
  for (i = 0; i < length; i += k) {
    k = character_bytes(bytes[i]);
    if (bytes[i] < 0x20)
      used += (size_t) snprintf(line + used, sizeof(line) - used, " ^%c", bytes[i] + '@');
    else if (bytes[i] == 0x7f)
      used += (size_t) snprintf(line + used, sizeof(line) - used, " ^?");
    else if ((bytes[i] < 0x80 || k > 1) && i + k <= length)
      used += (size_t) snprintf(line + used, sizeof(line) - used, " %.*s", (int) k,
                                (const char*) bytes + i);
    else
      used += (size_t) snprintf(line + used, sizeof(line) - used, " ?");
  }
  snprintf(line + used, sizeof(line) - used, "\r\n");
  say(line);
}

/* An escape sequence and a character of several bytes are one key; several that came together
 * are told apart by where the next one begins. */
static size_t key_bytes(const unsigned char* bytes, size_t length) {
  size_t count = character_bytes(bytes[0]);
  if (bytes[0] == 0x1b)
    for (count = 1; count < length && bytes[count] != 0x1b && count < 16; count++)
      continue;
  return count < length ? count : length;
}

/* One key is at most a few bytes, and pasted text is told in pieces. */
static void on_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  static char bytes[4096];
  (void) handle;
  (void) suggested_size;
  *buf = uv_buf_init(bytes, sizeof(bytes));
}

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  const unsigned char* at = (const unsigned char*) buf->base;
  size_t left = nread > 0 ? (size_t) nread : 0;
  (void) stream;
  while (left > 0) {
    size_t count = key_bytes(at, left);
    if (count == 1 && (*at == 'q' || *at == 4)) {
      leave();
      return;
    }
    say_key(at, count);
    at += count;
    left -= count;
  }
  if (nread < 0) {
    if (nread != UV_EOF)
      fail("read", (int) nread);
    leave();
  }
}

static int print_usage(FILE* where) {
  fprintf(
      where,
      "Usage: ttyinfo [normal|raw|raw-vt|io]\n"
      "       ttyinfo --help, ttyinfo --version\n"
      "\n"
      "Shows the size of the terminal, each change of it, and the bytes that each key sends, in\n"
      "the mode that is named (raw). q or Ctrl-D leaves.\n");
  return 2;
}

static int run(uv_loop_t* loop, uv_tty_mode_t mode) {
  char line[128];
  int err = uv_tty_init(loop, &in, 0, 1);
  if (err == 0)
    err = uv_tty_init(loop, &out, 1, 0);
  if (err < 0)
    return fail("open the terminal", err);
  err = uv_tty_set_mode(&in, mode);
  if (err < 0)
    return fail("change the mode", err);
  uv_signal_init(loop, &resized);
  err = uv_signal_start(&resized, on_resize, SIGWINCH);
  if (err < 0)
    return fail("watch the size", err);
  uv_unref((uv_handle_t*) &resized);
  err = uv_read_start((uv_stream_t*) &in, on_alloc, on_read);
  if (err < 0)
    return fail("read", err);

  snprintf(line, sizeof(line), "mode: %s; q or Ctrl-D leaves\r\n", mode_names[mode]);
  say(line);
  say_size("size");
  uv_run(loop, UV_RUN_DEFAULT);
  return uv_loop_close(loop) == 0 ? 0 : 1;
}

int main(int argc, char** argv) {
  const struct option none = {.name = NULL};
  const char* name = "raw";
  struct operands operands = {.all = &name, .most = 1};
  int mode = 0;
  int code;

  argv = uv_setup_args(argc, argv);
  report_setup("ttyinfo", REPORT_NORMAL);
  code = options_take(&none, argc, argv, &operands, print_usage);
  if (code >= 0)
    return code;
  while (mode < 4 && strcmp(name, mode_names[mode]) != 0)
    mode++;
  if (mode == 4)
    return options_refuse(name, "there is no such mode");
  if (uv_guess_handle(0) != UV_TTY || uv_guess_handle(1) != UV_TTY) {
    report_error(0, "standard input and output must be a terminal");
    return 1;
  }
  return run(uv_default_loop(), (uv_tty_mode_t) mode);
}
