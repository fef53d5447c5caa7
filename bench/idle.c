/* Memory: what the library takes from the heap for connections that wait for a message, and
 * the sizes of the structures that the user provides.
 *
 * usage: bench_idle count|heap CONNECTIONS
 *   count  asks the library's allocator (uv_replace_allocator): bytes asked for
 *   heap   asks malloc itself, and so sees what went past that allocator too
 * Prints heap_per_handle (bytes; each connection is two handles, one per end), messages (0:
 * nothing is timed) and sizeof_* lines. */
#include <string.h>

#include "stream.h"

static union any_stream server;
static union any_stream* handles; /* both ends of every connection */
static uv_connect_t* connects;
static long handles_used;
static long handles_wanted;
static double live_bytes;

/* ---- An allocator that counts: each block is preceded by its size -------------------- */

/* A multiple of what malloc aligns to. */
#define HEADER 16

static void* count_malloc(size_t size) {
  char* block = malloc(HEADER + size);

  if (block == NULL)
    return NULL;
  memcpy(block, &size, sizeof(size));
  live_bytes += (double) size;
  return block + HEADER;
}

static void count_free(void* ptr) {
  size_t size;

  if (ptr == NULL)
    return;
  memcpy(&size, (char*) ptr - HEADER, sizeof(size));
  live_bytes -= (double) size;
  free((char*) ptr - HEADER);
}

static void* count_calloc(size_t count, size_t size) {
  void* ptr = count_malloc(count * size);

  if (ptr != NULL)
    memset(ptr, 0, count * size);
  return ptr;
}

static void* count_realloc(void* ptr, size_t size) {
  void* fresh = count_malloc(size);
  size_t old = 0;

  if (fresh == NULL || ptr == NULL)
    return fresh;
  memcpy(&old, (char*) ptr - HEADER, sizeof(old));
  memcpy(fresh, ptr, old < size ? old : size);
  count_free(ptr);
  return fresh;
}

/* ---- Idle connections ------------------------------------------------------------------ */

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) buf;
  check((int) nread, "read");
}

static void use_handle(uv_stream_t* stream) {
  check(uv_read_start(stream, small_room, on_read), "uv_read_start");
  if (++handles_used == handles_wanted)
    uv_stop(stream->loop);
}

static void on_connected(uv_connect_t* req, int status) {
  check(status, "connect");
  use_handle(req->handle);
}

static void on_connection(uv_stream_t* listener, int status) {
  static long accepted;
  union any_stream* handle = &handles[handles_wanted / 2 + accepted++];

  check(status, "connection");
  stream_accept(listener, handle);
  use_handle(&handle->stream);
}

static void connect_all(uv_loop_t* loop, const struct place* place) {
  long i;

  for (i = 0; i < handles_wanted / 2; i++)
    stream_connect(loop, &connects[i], &handles[i], place, on_connected);
  uv_run(loop, UV_RUN_DEFAULT);
}

static void close_handle(uv_handle_t* handle, void* arg) {
  (void) arg;
  if (!uv_is_closing(handle))
    uv_close(handle, NULL);
}

int main(int argc, char** argv) {
  uv_loop_t loop;
  struct place place;
  double before;
  double after;
  int count = argc > 1 && strcmp(argv[1], "count") == 0;

  handles_wanted = 2 * argument(argc, argv, 2, 100);
  handles = allocate((size_t) handles_wanted * sizeof(*handles));
  connects = allocate((size_t) handles_wanted * sizeof(*connects));
  if (count)
    check(uv_replace_allocator(count_malloc, count_realloc, count_calloc, count_free),
          "uv_replace_allocator");
  check(uv_loop_init(&loop), "uv_loop_init");
  place = stream_listen(&loop, &server, TCP, on_connection);

  before = count ? live_bytes : (double) bench_heap_bytes();
  connect_all(&loop, &place);
  after = count ? live_bytes : (double) bench_heap_bytes();

  uv_walk(&loop, close_handle, NULL);
  uv_run(&loop, UV_RUN_DEFAULT);
  check(uv_loop_close(&loop), "uv_loop_close");
  free(handles);
  free(connects);
  result("heap_per_handle", (after - before) / (double) handles_wanted);
  result("sizeof_uv_loop_t", (double) sizeof(uv_loop_t));
  result("sizeof_uv_tcp_t", (double) sizeof(uv_tcp_t));
  result("sizeof_uv_pipe_t", (double) sizeof(uv_pipe_t));
  result("sizeof_uv_timer_t", (double) sizeof(uv_timer_t));
  result("sizeof_uv_async_t", (double) sizeof(uv_async_t));
  result("sizeof_uv_write_t", (double) sizeof(uv_write_t));
  result("sizeof_uv_connect_t", (double) sizeof(uv_connect_t));
  result("sizeof_uv_shutdown_t", (double) sizeof(uv_shutdown_t));
  return 0;
}
