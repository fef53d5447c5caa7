/* What a program that was built against an installed uvstream can expect: the headers are found,
 * they and the library are of one version, and a loop with a timer runs. */
#include <stdio.h>
#include <string.h>
#include <uv.h>
#include <uvstream.h>

static int runs;

static void on_timer(uv_timer_t* timer) {
  runs++;
  uv_close((uv_handle_t*) timer, NULL);
}

int main(void) {
  uv_loop_t loop;
  uv_timer_t timer;
  int err = uv_loop_init(&loop);
  if (err == 0)
    err = uv_timer_init(&loop, &timer);
  if (err == 0)
    err = uv_timer_start(&timer, on_timer, 1, 0);
  if (err == 0)
    err = uv_run(&loop, UV_RUN_DEFAULT);
  if (err == 0)
    err = uv_loop_close(&loop);
  if (err != 0) {
    fprintf(stderr, "consumer: %s\n", uv_strerror(err));
    return 1;
  }
  if (runs != 1 || uv_version() != UV_VERSION_HEX || uv_loop_size() != sizeof(loop) ||
      uvs_connect(NULL, NULL, NULL, NULL, 0, NULL) != UV_EINVAL) {
    fprintf(stderr, "consumer: header and library are not of one version\n");
    return 1;
  }
  printf("consumer: uvstream %s, libuv %s\n", UVSTREAM_VERSION_STRING, uv_version_string());
  return 0;
}
