/* Wake-ups by uv_async_send.
 *
 * usage: bench_async self|flood|pingpong COUNT
 *   self      each callback sends to its own handle: one thread, the least noise
 *   flood     a thread sends without waiting; sends merge into fewer callbacks
 *   pingpong  two loops on two threads wake each other in turn
 * Prints messages (sends), callbacks, cpu_ns (of the whole process) and wall_ns. */
#include <string.h>

#include "bench.h"

static uv_async_t here;  /* on the loop of main */
static uv_async_t there; /* pingpong: on the loop of the thread */
static uv_async_t done;  /* flood: the thread sent its last */
static uv_loop_t thread_loop;
static long sends_left;
static double callbacks;

static void on_self(uv_async_t* async) {
  callbacks++;
  if (sends_left-- > 0)
    uv_async_send(async);
  else
    uv_close((uv_handle_t*) async, NULL);
}

static void start_self(struct bench_thread* thread) {
  (void) thread;
  check(uv_async_init(here.loop, &here, on_self), "uv_async_init");
  sends_left--;
  uv_async_send(&here);
}

static void on_flood(uv_async_t* async) {
  (void) async;
  callbacks++;
}

static void on_done(uv_async_t* async) {
  uv_close((uv_handle_t*) async, NULL);
  uv_close((uv_handle_t*) &here, NULL);
}

static void flood(void* arg) {
  (void) arg;
  while (sends_left-- > 0)
    uv_async_send(&here);
  uv_async_send(&done);
}

static void start_flood(struct bench_thread* thread) {
  check(uv_async_init(here.loop, &here, on_flood), "uv_async_init");
  check(uv_async_init(here.loop, &done, on_done), "uv_async_init");
  check(bench_thread_start(thread, flood, NULL), "thread");
}

/* The two loops run strictly in turn, so that the counters need no lock. Whoever sees the
 * end closes its own handle and wakes the other one a last time. */
static void on_ball(uv_async_t* async) {
  uv_async_t* other = async == &here ? &there : &here;

  callbacks++;
  if (sends_left-- > 0) {
    uv_async_send(other);
    return;
  }
  if (sends_left == -1)
    uv_async_send(other);
  uv_close((uv_handle_t*) async, NULL);
}

static void run_thread_loop(void* arg) {
  (void) arg;
  uv_run(&thread_loop, UV_RUN_DEFAULT);
}

static void start_pingpong(struct bench_thread* thread) {
  check(uv_loop_init(&thread_loop), "uv_loop_init");
  check(uv_async_init(here.loop, &here, on_ball), "uv_async_init");
  check(uv_async_init(&thread_loop, &there, on_ball), "uv_async_init");
  check(bench_thread_start(thread, run_thread_loop, NULL), "thread");
  sends_left--;
  uv_async_send(&there);
}

int main(int argc, char** argv) {
  uv_loop_t loop;
  struct bench_thread thread = {0};
  struct measure measure;
  const char* mode = argc > 1 ? argv[1] : "";
  long sends = argument(argc, argv, 2, 1000);

  sends_left = sends;
  check(uv_loop_init(&loop), "uv_loop_init");
  here.loop = &loop;
  measure = measure_begin();
  if (strcmp(mode, "self") == 0)
    start_self(&thread);
  else if (strcmp(mode, "flood") == 0)
    start_flood(&thread);
  else if (strcmp(mode, "pingpong") == 0)
    start_pingpong(&thread);
  else
    check(UV_EINVAL, "mode");
  uv_run(&loop, UV_RUN_DEFAULT);
  if (thread.entry != NULL)
    bench_thread_join(&thread);
  measure_end(&measure, sends);
  result("callbacks", callbacks);
  if (strcmp(mode, "pingpong") == 0)
    check(uv_loop_close(&thread_loop), "uv_loop_close");
  check(uv_loop_close(&loop), "uv_loop_close");
  return 0;
}
