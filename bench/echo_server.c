/* The echo server whose CPU time bench/run compares: what a careful user writes. Blocks that
 * hold a write request and its bytes come from a free list, each message is read into a
 * block and written from there with one uv_write.
 *
 * usage: bench_echo_server tcp|pipe CONNECTIONS
 * Prints "at PORT" or "at NAME", serves that many connections and ends when the last one is closed. What
 * it costs is measured from outside (load.c), so that nothing here serves the measurement. */
#include "stream.h"

/* Larger than any message of bench/run: a read that fills its buffer makes either library
 * read once more. */
#define BLOCK_SIZE 16384

struct block {
  uv_write_t req;
  struct block* next;
  char bytes[BLOCK_SIZE];
};

struct client {
  union any_stream stream;
  uv_shutdown_t shutdown;
};

static struct block* free_blocks;
static union any_stream server;
static long connections_left;

static struct block* block_take(void) {
  struct block* block = free_blocks;

  if (block == NULL) {
    block = malloc(sizeof(*block)); /* Not cleared: a page no message touched costs nothing. */
    check(block == NULL ? UV_ENOMEM : 0, "malloc");
    return block;
  }
  free_blocks = block->next;
  return block;
}

static void block_give(struct block* block) {
  block->next = free_blocks;
  free_blocks = block;
}

static void on_closed(uv_handle_t* handle) {
  free(handle);
}

static void on_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  struct block* block = block_take();

  (void) handle;
  (void) suggested_size;
  *buf = uv_buf_init(block->bytes, BLOCK_SIZE);
}

static void on_shutdown(uv_shutdown_t* req, int status) {
  (void) status;
  if (!uv_is_closing((uv_handle_t*) req->handle))
    uv_close((uv_handle_t*) req->handle, on_closed);
}

/* A client that has sent its last may still be waiting for echoes. */
static void finish(uv_stream_t* stream, int why) {
  struct client* client = (struct client*) stream;

  if (uv_is_closing((uv_handle_t*) stream))
    return;
  if (why != UV_EOF || uv_shutdown(&client->shutdown, stream, on_shutdown) != 0)
    uv_close((uv_handle_t*) stream, on_closed);
}

static void on_written(uv_write_t* req, int status) {
  if (status < 0 && !uv_is_closing((uv_handle_t*) req->handle))
    uv_close((uv_handle_t*) req->handle, on_closed);
  block_give((struct block*) req);
}

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  struct block* block = (struct block*) (buf->base - offsetof(struct block, bytes));
  uv_buf_t out;

  if (nread <= 0) {
    block_give(block);
    if (nread < 0)
      finish(stream, (int) nread);
    return;
  }
  out = uv_buf_init(block->bytes, (unsigned int) nread);
  check(uv_write(&block->req, stream, &out, 1, on_written), "uv_write");
}

static void on_connection(uv_stream_t* listener, int status) {
  struct client* client = allocate(sizeof(*client));

  check(status, "connection");
  stream_accept(listener, &client->stream);
  check(uv_read_start(&client->stream.stream, on_alloc, on_read), "uv_read_start");
  if (--connections_left == 0)
    uv_close((uv_handle_t*) listener, NULL);
}

int main(int argc, char** argv) {
  uv_loop_t loop;
  struct place place;
  enum kind kind = kind_argument(argc, argv, 1);

  connections_left = argument(argc, argv, 2, 1);
  check(uv_loop_init(&loop), "uv_loop_init");
  place = stream_listen(&loop, &server, kind, on_connection);
  if (kind == TCP)
    printf("at %d\n", ntohs(place.addr.sin_port));
  else
    printf("at %s\n", place.name);
  fflush(stdout);

  uv_run(&loop, UV_RUN_DEFAULT);
  check(uv_loop_close(&loop), "uv_loop_close");
  while (free_blocks != NULL) {
    struct block* block = block_take();

    free(block);
  }
  return 0;
}
