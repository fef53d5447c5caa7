/* One direction of a connection.
 *
 * Back-pressure: what was read and not yet taken by the other side is bounded. At the high
 * mark reading stops, the kernel's buffers fill up, and the sender is slowed down by its own
 * TCP; below the low mark reading goes on. The gap between the marks keeps the pump from
 * switching at every single write.
 *
 * Memory: bytes are read into a piece and written out of the same piece, never copied. A
 * piece is taken when the library asks for a buffer and goes back to a list that all pumps
 * share when its write is done, so that a quiet connection holds none. */
#include "pump.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_BYTES (64 * 1024)
#define HIGH_BYTES (256 * 1024) /* in the write queue of `to` */
#define LOW_BYTES (64 * 1024)
#define HIGH_WRITES 8 /* pieces of one pump; small reads fill a piece too */
#define LOW_WRITES 4
#define FREE_PIECES 32 /* kept for later */

struct piece {
  uv_write_t req;
  struct pump* pump;
  struct piece* next;
  size_t length;
  char bytes[PIECE_BYTES];
};

/* A loop has one thread and this program one loop, so a plain list will do. */
static struct piece* free_pieces;
static unsigned free_count;

static struct piece* take_piece(void) {
  struct piece* piece = free_pieces;
  if (piece == NULL)
    return malloc(sizeof(*piece));
  free_pieces = piece->next;
  free_count--;
  return piece;
}

static void give_piece(struct piece* piece) {
  if (free_count >= FREE_PIECES) {
    free(piece);
    return;
  }
  piece->next = free_pieces;
  free_pieces = piece;
  free_count++;
}

static void drop_read_piece(struct pump* pump) {
  if (pump->piece != NULL)
    give_piece(pump->piece);
  pump->piece = NULL;
}

static void finish(struct pump* pump, int status, const char* what) {
  pump_stop(pump);
  pump->done(pump, status, what);
}

static void pause_reading(struct pump* pump) {
  uv_read_stop(pump->from);
  pump->phase = PUMP_PAUSED;
  pump->pauses++;
}

static void on_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  struct pump* pump = handle->data;
  (void) suggested_size;
  if (pump->piece == NULL)
    pump->piece = take_piece();
  if (pump->piece == NULL)
    *buf = uv_buf_init(NULL, 0); /* read_cb gets UV_ENOBUFS, and no byte is lost */
  else
    *buf = uv_buf_init(pump->piece->bytes, PIECE_BYTES);
}

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf);

static void resume_reading(struct pump* pump) {
  int err = uv_read_start(pump->from, on_alloc, on_read);
  if (err < 0)
    finish(pump, err, "read from");
  else
    pump->phase = PUMP_FLOWING;
}

static void on_write(uv_write_t* req, int status) {
  struct piece* piece = req->data;
  struct pump* pump = piece->pump;
  size_t length = piece->length;

  pump->writes--;
  give_piece(piece);
  if (pump->phase == PUMP_DONE)
    return; /* stopped; its writes come back cancelled */
  if (status < 0) {
    finish(pump, status, "write to");
    return;
  }
  pump->bytes += length;
  pump->active_ms = uv_now(pump->to->loop);
  if (pump->left) {
    if (pump->writes == 0)
      finish(pump, 0, "leave");
    return;
  }
  /* With the last write the queue is empty too, so a paused pump is always woken up. */
  if (pump->phase == PUMP_PAUSED && pump->writes <= LOW_WRITES &&
      pump->to->write_queue_size <= LOW_BYTES)
    resume_reading(pump);
}

static void pass_bytes(struct pump* pump, size_t length) {
  struct piece* piece = pump->piece;
  uv_buf_t buf = uv_buf_init(piece->bytes, (unsigned int) length);
  int err;

  piece->pump = pump;
  piece->length = length;
  piece->req.data = piece;
  err = uv_write(&piece->req, pump->to, &buf, 1, on_write);
  if (err < 0) {
    finish(pump, err, "write to");
    return;
  }
  pump->piece = NULL; /* the write's, until its callback */
  pump->writes++;
  pump->active_ms = uv_now(pump->from->loop);
  if (pump->left)
    return; /* a second escape is listened for */
  if (pump->writes >= HIGH_WRITES || pump->to->write_queue_size >= HIGH_BYTES)
    pause_reading(pump);
}

static void on_shutdown(uv_shutdown_t* req, int status) {
  struct pump* pump = req->data;
  if (pump->phase == PUMP_DONE)
    return;
  /* The bytes before it were written. A peer that is gone by now needs no end any more. */
  if (status == UV_ENOTCONN)
    status = 0;
  finish(pump, status, "end the stream to");
}

/* Of a write whose failure the shutdown behind it has, too. */
static void say_goodbye(struct pump* pump) {
  uv_buf_t buf = uv_buf_init((char*) pump->last, (unsigned int) strlen(pump->last));
  uv_write(&pump->goodbye, pump->to, &buf, 1, NULL);
}

static void pass_end(struct pump* pump) {
  int err;
  if (pump->to == NULL) {
    finish(pump, 0, "read from");
    return;
  }
  pump->phase = PUMP_DRAINING;
  if (pump->last != NULL)
    say_goodbye(pump);
  pump->shutdown.data = pump;
  err = uv_shutdown(&pump->shutdown, pump->to, on_shutdown); /* waits for the writes */
  if (err < 0)
    finish(pump, err, "end the stream to");
}

/* The first escape passes on what was read before it, the second does not wait for that: a peer that
 * takes nothing any more must not keep anybody. */
static void read_escape(struct pump* pump, size_t length_before) {
  int again = pump->left;
  pump->left = 1;
  if (length_before > 0 && !again)
    pass_bytes(pump, length_before);
  else
    drop_read_piece(pump);
  if (pump->phase != PUMP_DONE && (again || pump->writes == 0))
    finish(pump, 0, "leave");
}

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  struct pump* pump = stream->data;
  const char* escape = NULL;

  if (pump->phase == PUMP_FLOWING && nread > 0 && pump->escape != 0)
    escape = memchr(buf->base, pump->escape, (size_t) nread);
  if (escape != NULL) {
    read_escape(pump, (size_t) (escape - buf->base));
    return;
  }
  if (pump->left && nread > 0) {
    drop_read_piece(pump);
    return;
  }
  if (pump->phase == PUMP_FLOWING && nread > 0) {
    if (pump->to != NULL)
      pass_bytes(pump, (size_t) nread);
    return; /* what is dropped leaves its piece for the next one */
  }
  drop_read_piece(pump);
  if (pump->phase != PUMP_FLOWING || nread == 0)
    return;
  if (nread == UV_EOF)
    pass_end(pump);
  else if (nread == UV_ENOBUFS && pump->writes > 0)
    pause_reading(pump); /* the pieces that are on their way will come back */
  else
    finish(pump, (int) nread, "read from");
}

int pump_start(struct pump* pump,
               uv_stream_t* from,
               uv_stream_t* to,
               void (*done)(struct pump* pump, int status, const char* what)) {
  int err;
  pump->from = from;
  pump->to = to;
  pump->done = done;
  pump->writes = 0;
  pump->pauses = 0;
  pump->escape = 0;
  pump->last = NULL;
  pump->left = 0;
  pump->bytes = 0;
  pump->active_ms = uv_now(from->loop);
  pump->piece = NULL;
  from->data = pump;
  err = uv_read_start(from, on_alloc, on_read);
  pump->phase = err == 0 ? PUMP_FLOWING : PUMP_DONE;
  return err;
}

int pump_drop(struct pump* pump,
              uv_stream_t* from,
              void (*done)(struct pump* pump, int status, const char* what)) {
  return pump_start(pump, from, NULL, done);
}

void pump_stop(struct pump* pump) {
  if (pump->phase == PUMP_FLOWING)
    uv_read_stop(pump->from);
  if (pump->phase != PUMP_IDLE)
    pump->phase = PUMP_DONE;
}

void pump_release(struct pump* pump) {
  if (pump->phase != PUMP_IDLE)
    drop_read_piece(pump);
  pump->phase = PUMP_IDLE;
}

void pump_free_memory(void) {
  while (free_pieces != NULL) {
    struct piece* piece = free_pieces;
    free_pieces = piece->next;
    free(piece);
  }
  free_count = 0;
}
