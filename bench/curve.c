/* What an operation costs while N others of its kind are there.
 *
 * usage: bench_curve timers|restarts|connections|watchers|pending|closes OTHERS OPERATIONS
 *   timers       a timer that is due at once, among others that wait
 *   restarts     one of the waiting timers gets another time
 *   connections  a byte through one pipe, while the readers of the others wait
 *   watchers     a send to one uv_async_t and its callback, among others
 *   pending      a byte for each of the readers at once; an operation is one of them
 *   closes       a timer's close and its callback, all in one turn; an operation is one of them
 * Prints messages (operations), cpu_ns and wall_ns. */
#include <string.h>

#include "bench.h"

static uv_loop_t loop;
static long others;
static long operations;
static long left; /* of what this turn or this run waits for */

static void close_handle(uv_handle_t* handle, void* arg) {
  (void) arg;
  if (!uv_is_closing(handle))
    uv_close(handle, NULL);
}

static void end_loop(void) {
  uv_walk(&loop, close_handle, NULL);
  uv_run(&loop, UV_RUN_DEFAULT);
  check(uv_loop_close(&loop), "uv_loop_close");
}

/* ---- Timers ------------------------------------------------------------------------------ */

static void on_never(uv_timer_t* timer) {
  (void) timer;
  check(UV_ETIMEDOUT, "a timer that is not due");
}

static uv_timer_t* make_timers(void) {
  uv_timer_t* timers = allocate((size_t) others * sizeof(*timers));
  long i;

  for (i = 0; i < others; i++) {
    check(uv_timer_init(&loop, &timers[i]), "uv_timer_init");
    check(uv_timer_start(&timers[i], on_never, far_time(), 0), "uv_timer_start");
  }
  return timers;
}

static void on_due(uv_timer_t* timer) {
  if (--left > 0)
    check(uv_timer_start(timer, on_due, 0, 0), "uv_timer_start");
  else
    uv_stop(&loop);
}

static void run_timers(void) {
  uv_timer_t* timers = make_timers();
  struct measure measure;
  uv_timer_t due;

  check(uv_timer_init(&loop, &due), "uv_timer_init");
  left = operations;
  measure = measure_begin();
  check(uv_timer_start(&due, on_due, 0, 0), "uv_timer_start");
  uv_run(&loop, UV_RUN_DEFAULT);
  measure_end(&measure, operations);
  end_loop();
  free(timers);
}

static void run_restarts(void) {
  uv_timer_t* timers = make_timers();
  struct measure measure = measure_begin();
  long i;

  for (i = 0; i < operations; i++) {
    uv_timer_t* timer = &timers[next_number() % (uint64_t) others];

    check(uv_timer_start(timer, on_never, far_time(), 0), "uv_timer_start");
  }
  measure_end(&measure, operations);
  end_loop();
  free(timers);
}

static void on_timer_closed(uv_handle_t* handle) {
  (void) handle;
  left--;
}

/* As many rounds as make about so many operations. */
static void run_closes(void) {
  struct measure total = {0, 0};
  long done = 0;

  while (done < operations) {
    uv_timer_t* timers = make_timers();
    struct measure measure;
    long i;

    left = others;
    measure = measure_begin();
    for (i = 0; i < others; i++)
      uv_close((uv_handle_t*) &timers[i], on_timer_closed);
    while (left > 0)
      uv_run(&loop, UV_RUN_NOWAIT);
    total.cpu_ns += bench_cpu_ns() - measure.cpu_ns;
    total.wall_ns += uv_hrtime() - measure.wall_ns;
    done += others;
    free(timers);
  }
  result("cpu_ns", (double) total.cpu_ns);
  result("wall_ns", (double) total.wall_ns);
  result("messages", (double) done);
  end_loop();
}

/* ---- Pipes ------------------------------------------------------------------------------- */

struct pipe_ends {
  uv_pipe_t reader;
  uv_file writer;
};

static void on_byte(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) buf;
  check((int) nread, "read");
  if (nread > 0)
    left--;
}

static struct pipe_ends* make_pipes(long count) {
  struct pipe_ends* pipes = allocate((size_t) count * sizeof(*pipes));
  long i;

  for (i = 0; i < count; i++) {
    uv_file fds[2];

    check(uv_pipe(fds, UV_NONBLOCK_PIPE, 0), "uv_pipe");
    pipes[i].writer = fds[1];
    check(uv_pipe_init(&loop, &pipes[i].reader, 0), "uv_pipe_init");
    check(uv_pipe_open(&pipes[i].reader, fds[0]), "uv_pipe_open");
    check(uv_read_start((uv_stream_t*) &pipes[i].reader, small_room, on_byte), "uv_read_start");
  }
  uv_run(&loop, UV_RUN_NOWAIT);
  return pipes;
}

static void end_pipes(struct pipe_ends* pipes, long count) {
  long i;

  end_loop();
  for (i = 0; i < count; i++)
    bench_close(pipes[i].writer);
  free(pipes);
}

static void run_connections(void) {
  struct pipe_ends* pipes = make_pipes(others + 1);
  struct pipe_ends* busy = &pipes[others / 2];
  struct measure measure = measure_begin();
  long i;

  for (i = 0; i < operations; i++) {
    left = 1;
    check(bench_write_byte(busy->writer) < 0 ? UV_EIO : 0, "write");
    while (left > 0)
      uv_run(&loop, UV_RUN_ONCE);
  }
  measure_end(&measure, operations);
  end_pipes(pipes, others + 1);
}

static void run_pending(void) {
  struct pipe_ends* pipes = make_pipes(others);
  struct measure measure = measure_begin();
  long done;
  long i;

  for (done = 0; done < operations; done += others) {
    left = others;
    for (i = 0; i < others; i++)
      check(bench_write_byte(pipes[i].writer) < 0 ? UV_EIO : 0, "write");
    while (left > 0)
      uv_run(&loop, UV_RUN_ONCE);
  }
  measure_end(&measure, done);
  end_pipes(pipes, others);
}

/* ---- Asyncs ------------------------------------------------------------------------------ */

static void on_sent(uv_async_t* async) {
  (void) async;
  left--;
}

static void run_watchers(void) {
  uv_async_t* asyncs = allocate((size_t) others * sizeof(*asyncs));
  struct measure measure;
  long i;

  for (i = 0; i < others; i++)
    check(uv_async_init(&loop, &asyncs[i], on_sent), "uv_async_init");
  measure = measure_begin();
  for (i = 0; i < operations; i++) {
    left = 1;
    check(uv_async_send(&asyncs[next_number() % (uint64_t) others]), "uv_async_send");
    while (left > 0)
      uv_run(&loop, UV_RUN_ONCE);
  }
  measure_end(&measure, operations);
  end_loop();
  free(asyncs);
}

static const struct {
  const char* name;
  void (*run)(void);
} kinds[] = {
    {"timers", run_timers},     {"restarts", run_restarts}, {"connections", run_connections},
    {"watchers", run_watchers}, {"pending", run_pending},   {"closes", run_closes},
};

int main(int argc, char** argv) {
  size_t i;

  others = argument(argc, argv, 2, 1000);
  operations = argument(argc, argv, 3, 1000);
  check(uv_loop_init(&loop), "uv_loop_init");
  for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
    if (argc > 1 && strcmp(argv[1], kinds[i].name) == 0) {
      kinds[i].run();
      return 0;
    }
  }
  check(UV_EINVAL, "kind of curve");
}
