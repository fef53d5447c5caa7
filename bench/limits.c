/* What a limit of time costs (uvs_deadline_t) among N that wait, and a timer in its place: one of a thousand
 * gets another time. So many are limits of streams, or timers; the others are timers in any case, as for
 * all of them there are no descriptors: the loop has one order for both.
 *
 * usage: bench_limits limits|timers OTHERS OPERATIONS
 * Prints messages (operations), cpu_ns and wall_ns. */
#include <string.h>

#include "bench.h"
#include "uvstream.h"

enum {
  MOVED = 1000
};

struct silent {
  uv_pipe_t reader;
  uvs_deadline_t limit;
  uv_file writer;
};

static uv_loop_t loop;

static void on_never(uv_timer_t* timer) {
  (void) timer;
  check(UV_ETIMEDOUT, "a timer that is not due");
}

static void set_timer(uv_timer_t* timer) {
  check(uv_timer_start(timer, on_never, far_time(), 0), "uv_timer_start");
}

static uv_timer_t* make_timers(long count) {
  uv_timer_t* timers = allocate((size_t) (count + 1) * sizeof(*timers));
  long i;

  for (i = 0; i < count; i++) {
    check(uv_timer_init(&loop, &timers[i]), "uv_timer_init");
    set_timer(&timers[i]);
  }
  return timers;
}

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) buf;
  check(nread == 0 ? 0 : UV_EIO, "a pipe in which nothing comes");
}

static void set_limit(struct silent* silent) {
  check(uvs_deadline_start(&silent->limit, (uv_stream_t*) &silent->reader, UVS_DEADLINE_READ,
                           far_time()),
        "uvs_deadline_start");
}

static struct silent* make_limits(long count) {
  struct silent* silents = allocate((size_t) (count + 1) * sizeof(*silents));
  long i;

  for (i = 0; i < count; i++) {
    uv_stream_t* stream = (uv_stream_t*) &silents[i].reader;
    uv_file fds[2];

    check(uv_pipe(fds, UV_NONBLOCK_PIPE, 0), "uv_pipe");
    silents[i].writer = fds[1];
    check(uv_pipe_init(&loop, &silents[i].reader, 0), "uv_pipe_init");
    check(uv_pipe_open(&silents[i].reader, fds[0]), "uv_pipe_open");
    check(uv_read_start(stream, small_room, on_read), "uv_read_start");
    set_limit(&silents[i]);
  }
  return silents;
}

static void close_handle(uv_handle_t* handle, void* arg) {
  (void) arg;
  uv_close(handle, NULL);
}

int main(int argc, char** argv) {
  long others = argument(argc, argv, 2, 1000);
  long operations = argument(argc, argv, 3, 1000);
  long moved = others < MOVED ? others : MOVED;
  int limits = argc > 1 && strcmp(argv[1], "limits") == 0;
  long streams = limits ? moved : 0;
  struct silent* silents;
  struct measure measure;
  uv_timer_t* timers;
  long i;

  check(uv_loop_init(&loop), "uv_loop_init");
  timers = make_timers(others - streams);
  silents = make_limits(streams);
  measure = measure_begin();
  for (i = 0; i < operations; i++) {
    uint64_t one = next_number() % (uint64_t) moved;

    if (limits)
      set_limit(&silents[one]);
    else
      set_timer(&timers[one]);
  }
  measure_end(&measure, operations);

  uv_walk(&loop, close_handle, NULL);
  uv_run(&loop, UV_RUN_DEFAULT);
  check(uv_loop_close(&loop), "uv_loop_close");
  for (i = 0; i < streams; i++)
    bench_close(silents[i].writer);
  free(silents);
  free(timers);
  return 0;
}
