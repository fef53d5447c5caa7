/* ferry: carries a file over a stream.
 *
 *   ferry make FILE BYTES               a file of pseudo-random bytes, to have something to send
 *   ferry recv FILE ENDPOINT            wait for a sender and store what it sends
 *   ferry send FILE ENDPOINT            send; ends well only if the receiver got the same bytes
 *
 * The sender says how many bytes will come, in decimal digits and a line end, before them. What the
 * receiver stores is FILE.part until they are all there: who breaks off in the middle, or is
 * interrupted, leaves nothing that looks whole. The receiver answers the end of the stream with
 * "COUNT HASH" (FNV-1a, 64 bits), which the sender compares with its own: an orderly end alone would
 * not say that everything arrived.
 * The file is read and written with the C library, on the loop's thread: a disk makes nobody
 * wait long, and the example is about streams. Endpoints are those of relay. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/draft.h"
#include "relay/endpoint.h"
#include "relay/file.h"
#include "relay/interrupt.h"
#include "relay/listener.h"
#include "relay/options.h"
#include "relay/progress.h"
#include "relay/ready.h"
#include "relay/report.h"

#define PIECES 4 /* of the file on their way at once: the sender's back-pressure */
#define PIECE_BYTES (64 * 1024)
#define RECEIPT_BYTES 64
#define LENGTH_BYTES 24 /* of the line that tells how long the file is */

struct piece {
  uv_write_t req;
  size_t length;
  char bytes[PIECE_BYTES];
};

struct ferry {
  uv_loop_t loop;
  struct endpoint endpoint;
  struct listener listener;
  union any_stream stream;
  uv_timer_t timer;
  uv_connect_t connect;
  uv_shutdown_t shutdown;
  FILE* file;
  const char* path;
  struct draft draft; /* of the file that is received */
  struct piece pieces[PIECES];
  unsigned writes; /* on their way */
  int at_end;      /* of the file */
  uint64_t whole;  /* bytes that it has; the receiver knows once has_whole is set */
  int has_whole;
  uv_write_t announcement;
  char length[LENGTH_BYTES];
  size_t length_bytes; /* of it, that are there */
  struct progress progress;
  uint64_t bytes;
  uint64_t hash;
  uint64_t started_ns;
  uint64_t moved_before; /* bytes, when the timer last looked */
  char receipt[RECEIPT_BYTES];
  size_t receipt_length;
  int stream_open;
  int ended;
  int failed;
};

static struct ferry ferry; /* one file, one run */

static uint64_t hash_bytes(uint64_t hash, const char* bytes, size_t length) {
  size_t i;
  for (i = 0; i < length; i++)
    hash = (hash ^ (unsigned char) bytes[i]) * UINT64_C(0x100000001b3);
  return hash;
}

static uv_stream_t* out(void) {
  return endpoint_out(&ferry.endpoint, &ferry.stream);
}

static void end(int failed) {
  if (ferry.ended)
    return;
  ferry.ended = 1;
  ferry.failed = failed;
  uv_close((uv_handle_t*) &ferry.timer, NULL);
  interrupt_end();
  progress_end(&ferry.progress);
  listener_close(&ferry.listener);
  if (!ferry.stream_open)
    return;
  if (failed)
    endpoint_abort(&ferry.endpoint, &ferry.stream, NULL);
  else
    endpoint_close(&ferry.endpoint, &ferry.stream, NULL);
}

static void fail(int err, const char* what) {
  if (ferry.ended)
    return;
  report_error(err, "cannot %s %s", what, ferry.endpoint.text);
  end(1);
}

static void fail_file(const char* what) {
  report_error(file_error(), "cannot %s %s", what, ferry.path);
  end(1);
}

static void on_interrupt(void* data, const char* name) {
  (void) data;
  report_error(0, "interrupted by %s", name);
  end(1);
}

static void look(void* data, uint64_t* there, uint64_t* back, int64_t* whole) {
  (void) data;
  *there = ferry.bytes;
  *back = 0;
  *whole = ferry.has_whole ? (int64_t) ferry.whole : -1;
}

/* A peer that is stuck must not keep a script waiting for ever. */
static void on_timer(uv_timer_t* timer) {
  (void) timer;
  if (ferry.bytes == ferry.moved_before)
    fail(UV_ETIMEDOUT, "go on with");
  ferry.moved_before = ferry.bytes;
}

static void receipt_text(char* text) {
  snprintf(text, RECEIPT_BYTES, "%" PRIu64 " %016" PRIx64 "\n", ferry.bytes, ferry.hash);
}

static void report_done(const char* what) {
  report_rate(what, ferry.path, ferry.bytes, uv_hrtime() - ferry.started_ns);
  report(REPORT_NORMAL, "hash %016" PRIx64, ferry.hash);
}

/* ---- send -------------------------------------------------------------------------------- */

static void send_more(struct piece* piece);

static void on_piece_written(uv_write_t* req, int status) {
  struct piece* piece = req->data;
  ferry.writes--;
  if (status < 0) {
    fail(status, "write to");
    return;
  }
  ferry.bytes += piece->length;
  send_more(piece);
}

static void on_shutdown(uv_shutdown_t* req, int status) {
  (void) req;
  if (status < 0)
    fail(status, "end the stream to");
}

/* Fill a piece that is free and send it; the end of the file ends the stream. */
static void send_more(struct piece* piece) {
  uv_buf_t buf;
  int err;
  if (ferry.at_end || ferry.ended)
    return;
  piece->length = fread(piece->bytes, 1, PIECE_BYTES, ferry.file);
  if (piece->length < PIECE_BYTES) {
    if (ferror(ferry.file)) {
      fail_file("read");
      return;
    }
    ferry.at_end = 1;
  }
  ferry.hash = hash_bytes(ferry.hash, piece->bytes, piece->length);
  if (piece->length > 0) {
    buf = uv_buf_init(piece->bytes, (unsigned int) piece->length);
    piece->req.data = piece;
    err = uv_write(&piece->req, out(), &buf, 1, on_piece_written);
    if (err < 0) {
      fail(err, "write to");
      return;
    }
    ferry.writes++;
  }
  if (ferry.at_end) {
    err = uv_shutdown(&ferry.shutdown, out(), on_shutdown);
    if (err < 0)
      fail(err, "end the stream to");
  }
}

static void on_receipt_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  (void) handle;
  (void) suggested_size;
  /* One byte stays free for the terminator; a receipt that fills the rest is none. */
  *buf = uv_buf_init(ferry.receipt + ferry.receipt_length,
                     (unsigned int) (RECEIPT_BYTES - 1 - ferry.receipt_length));
}

static void on_receipt(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  char expected[RECEIPT_BYTES];
  (void) stream;
  (void) buf;
  if (nread >= 0) {
    ferry.receipt_length += (size_t) nread;
    return;
  }
  if (nread != UV_EOF) {
    fail((int) nread, "read the receipt from");
    return;
  }
  receipt_text(expected);
  if (strcmp(ferry.receipt, expected) != 0) {
    report_error(0, "the receipt is '%.*s'; sent was '%.*s'", (int) strcspn(ferry.receipt, "\n"),
                 ferry.receipt, (int) strcspn(expected, "\n"), expected);
    end(1);
    return;
  }
  report_done("sent");
  end(0);
}

static void on_announced(uv_write_t* req, int status) {
  (void) req;
  if (status < 0)
    fail(status, "write to");
}

static int announce(void) {
  uv_buf_t buf;
  snprintf(ferry.length, sizeof(ferry.length), "%" PRIu64 "\n", ferry.whole);
  buf = uv_buf_init(ferry.length, (unsigned int) strlen(ferry.length));
  return uv_write(&ferry.announcement, out(), &buf, 1, on_announced);
}

static void on_connect(uv_connect_t* req, int status) {
  int i, err;
  (void) req;
  if (status < 0) {
    fail(status, "connect to");
    return;
  }
  ferry.started_ns = uv_hrtime();
  err = uv_read_start(&ferry.stream.stream, on_receipt_alloc, on_receipt);
  if (err < 0)
    fail(err, "read from");
  err = ferry.ended ? 0 : announce();
  if (err < 0)
    fail(err, "write to");
  for (i = 0; i < PIECES; i++)
    send_more(&ferry.pieces[i]);
}

static void start_sending(void) {
  int64_t whole = file_left(ferry.file);
  int err;
  if (whole < 0) {
    report_error(0, "how long %s is cannot be told; only files are carried", ferry.path);
    end(1);
    return;
  }
  ferry.whole = (uint64_t) whole;
  ferry.has_whole = 1;
  ferry.stream_open = 1;
  err = endpoint_dial(&ferry.endpoint, &ferry.loop, &ferry.stream, &ferry.connect, on_connect);
  if (err < 0)
    fail(err, "connect to");
}

/* ---- recv -------------------------------------------------------------------------------- */

static void on_receipt_sent(uv_write_t* req, int status) {
  (void) req;
  if (status < 0)
    fail(status, "write to");
}

static void on_receiver_shutdown(uv_shutdown_t* req, int status) {
  (void) req;
  if (status < 0 && status != UV_ENOTCONN) {
    fail(status, "end the stream to");
    return;
  }
  report_done("received");
  end(0);
}

/* The file gets its name before the sender hears that it is there. */
static int keep_file(void) {
  ferry.file = NULL;
  return draft_keep(&ferry.draft);
}

static void answer(void) {
  uv_buf_t buf;
  int err;
  if (!ferry.has_whole || ferry.bytes < ferry.whole) {
    report_error(0, "the sender broke off after %" PRIu64 " of %" PRIu64 " bytes", ferry.bytes,
                 ferry.whole);
    end(1);
    return;
  }
  err = keep_file();
  if (err < 0) {
    report_error(err, "cannot write %s", ferry.path);
    end(1);
    return;
  }
  receipt_text(ferry.receipt);
  buf = uv_buf_init(ferry.receipt, (unsigned int) strlen(ferry.receipt));
  err = uv_write(&ferry.pieces[0].req, out(), &buf, 1, on_receipt_sent);
  if (err == 0)
    err = uv_shutdown(&ferry.shutdown, out(), on_receiver_shutdown);
  if (err < 0)
    fail(err, "write to");
}

static void on_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  (void) handle;
  (void) suggested_size;
  *buf = uv_buf_init(ferry.pieces[0].bytes, PIECE_BYTES);
}

/* Takes from the head of what came until it knows how long the file is; returns how many bytes that
 * were, or -1 when it is no sender of ours. */
static ssize_t read_length(const char* bytes, size_t count) {
  size_t i;
  for (i = 0; i < count && !ferry.has_whole; i++) {
    if (bytes[i] == '\n' && ferry.length_bytes > 0) {
      ferry.has_whole = 1;
    } else if (bytes[i] < '0' || bytes[i] > '9' || ferry.length_bytes == LENGTH_BYTES - 5) {
      return -1; /* 19 digits: no sum of them overflows */
    } else {
      ferry.whole = ferry.whole * 10 + (uint64_t) (bytes[i] - '0');
      ferry.length_bytes++;
    }
  }
  return (ssize_t) i;
}

static void store(const char* bytes, size_t count) {
  ssize_t used = read_length(bytes, count);
  if (used < 0 || count - (size_t) used > ferry.whole - ferry.bytes) {
    report_error(0, "%s", used < 0 ? "this is no ferry" : "more bytes come than were announced");
    end(1);
    return;
  }
  bytes += used;
  count -= (size_t) used;
  if (fwrite(bytes, 1, count, ferry.file) != count) {
    fail_file("write");
    return;
  }
  ferry.hash = hash_bytes(ferry.hash, bytes, count);
  ferry.bytes += count;
}

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  if (nread == UV_EOF)
    answer();
  else if (nread < 0)
    fail((int) nread, "read from");
  else
    store(buf->base, (size_t) nread);
}

static void on_connection(uv_stream_t* server, int status) {
  ferry.started_ns = uv_hrtime();
  if (status == 0) {
    ferry.stream_open = 1;
    status = endpoint_accept(&ferry.endpoint, (union any_stream*) server, &ferry.stream);
  }
  if (status == 0)
    status = uv_read_start(&ferry.stream.stream, on_alloc, on_read);
  if (status < 0)
    fail(status, "accept from");
  listener_close(&ferry.listener); /* one sender */
}

static void start_receiving(const char* ready_file) {
  char name[ENDPOINT_NAME + 1];
  int err;
  err = listener_open(&ferry.listener, &ferry.endpoint, &ferry.loop, NULL, on_connection);
  if (err == 0)
    err = listener_announce(&ferry.listener, name, ENDPOINT_NAME);
  if (err < 0) {
    fail(err, "listen on");
    return;
  }
  if (ready_file == NULL)
    return;
  err = ready_write(ready_file, strcat(name, "\n"));
  if (err < 0) {
    report_error(err, "cannot write %s", ready_file);
    end(1);
  }
}

/* ---- make, and the rest ------------------------------------------------------------------ */

/* xorshift64*: not secret, only without a pattern that a mistake could hide in. */
static uint64_t fill_random(uint64_t state, char* bytes, size_t length) {
  size_t i;
  for (i = 0; i < length; i += sizeof(state)) {
    uint64_t value;
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    value = state * UINT64_C(2685821657736338717);
    memcpy(bytes + i, &value, sizeof(value));
  }
  return state;
}

static int make(const char* path, const char* size) {
  static char bytes[PIECE_BYTES];
  char* end;
  uint64_t left = strtoull(size, &end, 10);
  uint64_t state = UINT64_C(88172645463325252);
  FILE* file;
  int ok;
  if (size[0] < '0' || size[0] > '9' || *end != '\0')
    return options_refuse(size, "that is no number of bytes");
  file = file_open(path, "wb");
  ok = file != NULL;
  while (ok && left > 0) {
    size_t length = left < PIECE_BYTES ? (size_t) left : PIECE_BYTES;
    state = fill_random(state, bytes, sizeof(bytes));
    ok = fwrite(bytes, 1, length, file) == length;
    left -= length;
  }
  if (file != NULL)
    ok = fclose(file) == 0 && ok;
  if (!ok)
    report_error(file_error(), "cannot write %s", path);
  return ok ? 0 : 1;
}

static int carry(int sending, const char* ready_file, uint64_t timeout_ms) {
  int err = 0;
  if (sending) {
    ferry.file = file_open(ferry.path, "rb");
    err = ferry.file == NULL ? file_error() : 0;
  } else {
    err = draft_open(&ferry.draft, ferry.path);
    ferry.file = ferry.draft.file;
  }
  if (err < 0) {
    report_error(err, "cannot open %s", ferry.path);
    return 1;
  }
  ferry.hash = UINT64_C(0xcbf29ce484222325);
  err = uv_loop_init(&ferry.loop);
  if (err < 0) {
    report_error(err, "cannot start");
    fclose(ferry.file);
    return 1;
  }
  uv_timer_init(&ferry.loop, &ferry.timer);
  uv_timer_start(&ferry.timer, on_timer, timeout_ms, timeout_ms);
  progress_start(&ferry.progress, &ferry.loop, 1, look, NULL);
  err = interrupt_watch(&ferry.loop, on_interrupt, NULL, &ferry.progress);
  if (err < 0)
    fail(err, "watch for signals beside");
  else if (sending)
    start_sending();
  else
    start_receiving(ready_file);
  uv_run(&ferry.loop, UV_RUN_DEFAULT);
  err = uv_loop_close(&ferry.loop);
  if (err < 0)
    report_error(err, "something was left open");
  if (ferry.file != NULL && sending)
    fclose(ferry.file);
  else if (ferry.file != NULL)
    draft_leave(&ferry.draft);
  return ferry.failed || err < 0;
}

static int print_usage(FILE* out) {
  fprintf(
      out,
      "Usage: ferry make FILE BYTES\n"
      "       ferry recv FILE ENDPOINT [--timeout SECONDS] [--ready-file FILE]\n"
      "       ferry send FILE ENDPOINT [--timeout SECONDS]\n"
      "       ferry --help, ferry --version\n"
      "\n"
      "Carries a file from `send` to `recv`, which keeps nothing that is not whole. `make` makes\n"
      "one to have something to send.\n"
      "\n"
      "  --timeout SECONDS  give up when nothing moves for that long (60)\n"
      "  --ready-file FILE  write the address that is listened on to FILE\n"
      "\n"
      "Endpoints:\n");
  endpoint_list(out);
  return 2;
}

/* Returns an exit code, or -1 to go on. */
static int parse_endpoint(const char* text, int sending) {
  char why[256];
  if (endpoint_parse(&ferry.endpoint, text, why, sizeof(why)) != 0)
    return options_refuse(text, "%s", why);
  if (!ferry.endpoint.gives || !ferry.endpoint.takes || endpoint_is_single(&ferry.endpoint))
    return options_refuse(text, "the receipt needs a stream of both directions");
  if (endpoint_listens(&ferry.endpoint) == sending)
    return options_refuse(text, sending ? "send connects" : "recv listens");
  return -1;
}

int main(int argc, char** argv) {
  const char* words[3] = {"", "", ""}; /* what to do, with which file, and where, or how much */
  struct operands operands = {.all = words, .most = 3};
  const char* ready_file = NULL;
  uint64_t timeout_ms = 60000;
  const struct option table[] = {{.name = "--timeout", .ms = &timeout_ms},
                                 {.name = "--ready-file", .text = &ready_file},
                                 {.name = NULL}};
  int sending, code;

  argv = uv_setup_args(argc, argv);
  report_setup("ferry", REPORT_NORMAL);
  code = options_take(table, argc, argv, &operands, print_usage);
  if (code >= 0)
    return code;
  sending = strcmp(words[0], "send") == 0;
  if (operands.count == 3 && strcmp(words[0], "make") == 0)
    return make(words[1], words[2]);
  if (operands.count != 3 || (!sending && strcmp(words[0], "recv") != 0))
    return print_usage(stderr);
  if (sending && ready_file != NULL)
    return options_refuse("--ready-file", "it is for recv");
  ferry.path = words[1];
  code = parse_endpoint(words[2], sending);
  if (code >= 0)
    return code;
#ifdef SIGPIPE
  signal(SIGPIPE, SIG_IGN); /* a report that nobody reads ends no transfer */
#endif
  return carry(sending, ready_file, timeout_ms);
}
