/* See parts.h. */
#include "parts.h"

#include <string.h>

#include "every.h"
#include "harness.h"

union part server, client, peer;
uv_connect_t connect_req;
char text[BYTES];
char heard[BYTES];
size_t heard_bytes;
int accepted;
int answered;

static uv_write_t write_reqs[WRITES], answer_req;
static uv_shutdown_t shutdown_reqs[2];
static size_t answer_bytes;
static char input[256];

void forget(void) {
  int i;

  memset(&server, 0xa5, sizeof(server));
  memset(&client, 0xa5, sizeof(client));
  memset(&peer, 0xa5, sizeof(peer));
  memset(heard, 0, sizeof(heard));
  for (i = 0; i < BYTES; i++)
    text[i] = (char) ('!' + i);
  heard_bytes = 0;
  answer_bytes = 0;
  accepted = 0;
  answered = 0;
}

void close_quietly(uv_handle_t* handle) {
  if (!uv_is_closing(handle))
    uv_close(handle, NULL);
}

void on_alloc(uv_handle_t* handle, size_t size, uv_buf_t* buf) {
  (void) handle;
  (void) size;
  *buf = uv_buf_init(input, sizeof(input));
}

void take(uv_stream_t* listener, union part* into) {
  int r = uv_accept(listener, &into->stream);
  int i;

  for (i = 0; r != 0 && i < fault_times; i++) {
    check_fault(r);
    r = uv_accept(listener, &into->stream);
  }
  CHECK_EQ(r, 0);
  accepted++;
}

int has_connection(int status) {
  if (status != 0)
    check_fault(status);
  return status == 0;
}

int write_pieces(uv_write_t* req, uv_stream_t* to, char* base, uv_write_cb cb) {
  uv_buf_t bufs[PIECES];
  int i;

  for (i = 0; i < PIECES; i++)
    bufs[i] = uv_buf_init(base + i, 1);
  return uv_write(req, to, bufs, PIECES, cb);
}

static void on_written(uv_write_t* req, int status) {
  (void) req;
  (void) got_callback(status);
}

/* The end of a stream, or an error, which nobody else has been told; 0 when it goes on. */
static int has_ended(uv_stream_t* stream, ssize_t nread) {
  if (nread >= 0 || nread == UV_ENOBUFS) /* No room for handles that may come: it goes on (R3). */
    return 0;
  if (nread != UV_EOF && !scene_failed)
    (void) went_on((int) nread);
  if (scene_failed)
    close_quietly((uv_handle_t*) stream);
  return 1;
}

/* ---- The client ---- */

static void on_answer(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  if (nread > 0) {
    CHECK(answer_bytes + (size_t) nread <= PIECES);
    CHECK(memcmp(buf->base, text + answer_bytes, (size_t) nread) == 0);
    answer_bytes += (size_t) nread;
  } else if (has_ended(stream, nread)) {
    answered = answer_bytes == PIECES;
    close_quietly((uv_handle_t*) stream);
  }
}

static void on_shut(uv_shutdown_t* req, int status) {
  (void) req;
  (void) got_callback(status);
}

static int say_all(uv_stream_t* stream) {
  int i;

  for (i = 0; i < WRITES; i++)
    if (!owes_callback(write_pieces(&write_reqs[i], stream, text + i * PIECES, on_written)))
      return 0;
  return 1;
}

void talk(uv_connect_t* req, int status) {
  if (!got_callback(status) || scene_failed)
    return;
  if (say_all(req->handle) && owes_callback(uv_shutdown(&shutdown_reqs[0], req->handle, on_shut)))
    (void) went_on(uv_read_start(req->handle, on_alloc, on_answer));
}

static void on_told(uv_shutdown_t* req, int status) {
  if (got_callback(status) && !scene_failed)
    close_quietly((uv_handle_t*) req->handle);
}

void tell_part(union part* who) {
  if (say_all(&who->stream))
    (void) owes_callback(uv_shutdown(&shutdown_reqs[0], &who->stream, on_told));
}

/* ---- The peer ---- */

static int hears(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  if (nread > 0) {
    CHECK(heard_bytes + (size_t) nread <= BYTES);
    memcpy(heard + heard_bytes, buf->base, (size_t) nread);
    heard_bytes += (size_t) nread;
  }
  if (!has_ended(stream, nread) || scene_failed)
    return 0;
  CHECK_EQ(heard_bytes, BYTES);
  CHECK(memcmp(heard, text, BYTES) == 0);
  return 1;
}

static void on_talk(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  if (hears(stream, nread, buf) &&
      owes_callback(write_pieces(&answer_req, stream, heard, on_written)))
    (void) owes_callback(uv_shutdown(&shutdown_reqs[1], stream, on_told));
}

void listen_to(union part* who) {
  (void) went_on(uv_read_start(&who->stream, on_alloc, on_talk));
}

static void on_tale(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  if (hears(stream, nread, buf))
    close_quietly((uv_handle_t*) stream);
}

void overhear(union part* who) {
  (void) went_on(uv_read_start(&who->stream, on_alloc, on_tale));
}

void scenario_adopt(int (*init)(union part* who), int (*open)(union part* who, uv_os_sock_t sock)) {
  uv_os_sock_t pair[2];
  union part* parts[2] = {&client, &peer};
  int i;

  forget();
  if (!scene_begin())
    return;
  if (went_on(uv_socketpair(SOCK_STREAM, 0, pair, 0, 0))) {
    for (i = 0; i < 2; i++) {
      int r;

      CHECK_EQ(init(parts[i]), 0);
      r = open(parts[i], pair[i]);
      if (r != 0) {
        check_fault(r);
        r = open(parts[i], pair[i]);
      }
      CHECK_EQ(r, 0);
    }
    overhear(&peer);
    if (!scene_failed)
      tell_part(&client);
  }
  scene_end();
  CHECK(scene_failed || heard_bytes == BYTES);
}
