/* The echo server whose CPU time bench/run compares: what a careful user writes. Blocks that
 * hold a write request and its bytes come from a free list, each message is read into a
 * block and written from there with one uv_write.
 *
 * usage: bench_echo CONNECTIONS
 * Prints "port N", serves that many connections and ends when the last one is closed. What
 * it costs is measured from outside (load.c), so that nothing here serves the measurement. */
#include "bench.h"

/* Larger than any message of bench/run: a read that fills its buffer makes either library
 * read once more. */
#define BLOCK_SIZE 16384

struct block {
  uv_write_t req;
  struct block* next;
  char bytes[BLOCK_SIZE];
};

static struct block* free_blocks;
static uv_tcp_t server;
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
    if (nread < 0 && !uv_is_closing((uv_handle_t*) stream))
      uv_close((uv_handle_t*) stream, on_closed);
    return;
  }
  out = uv_buf_init(block->bytes, (unsigned int) nread);
  check(uv_write(&block->req, stream, &out, 1, on_written), "uv_write");
}

static void on_connection(uv_stream_t* listener, int status) {
  uv_tcp_t* client = allocate(sizeof(*client));

  check(status, "connection");
  check(uv_tcp_init(listener->loop, client), "uv_tcp_init");
  check(uv_accept(listener, (uv_stream_t*) client), "uv_accept");
  check(uv_tcp_nodelay(client, 1), "uv_tcp_nodelay");
  check(uv_read_start((uv_stream_t*) client, on_alloc, on_read), "uv_read_start");
  if (--connections_left == 0)
    uv_close((uv_handle_t*) listener, NULL);
}

int main(int argc, char** argv) {
  uv_loop_t loop;
  struct sockaddr_in addr;

  connections_left = argument(argc, argv, 1, 1);
  check(uv_loop_init(&loop), "uv_loop_init");
  check(uv_tcp_init(&loop, &server), "uv_tcp_init");
  addr = listen_somewhere(&server, on_connection);
  printf("port %d\n", ntohs(addr.sin_port));
  fflush(stdout);

  uv_run(&loop, UV_RUN_DEFAULT);
  check(uv_loop_close(&loop), "uv_loop_close");
  while (free_blocks != NULL) {
    struct block* block = block_take();

    free(block);
  }
  return 0;
}
