/* Step 4 of docs/GUIDE.md: an echo server that ends when it is told to, and leaves nothing behind.
 * guide_graceful [PORT] */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include "../relay/report.h"
#include "client.h"

#define PATIENCE_MS 3000

static uv_tcp_t server;
static uv_timer_t patience;
static uv_signal_t signals[2];

static void on_connection(uv_stream_t* listener, int status) {
  int err = status;
  if (err == 0)
    err = client_take(listener, UV_TCP);
  if (err < 0)
    report_error(err, "cannot accept");
}

static void on_no_clients(void) {
  uv_close((uv_handle_t*) &patience, NULL);
}

static void on_impatience(uv_timer_t* timer) {
  (void) timer;
  report_error(0, "%u clients did not take their echo", clients_count());
  clients_drop();
}

static void on_signal(uv_signal_t* handle, int signum) {
  (void) handle;
  printf("signal %d: ending\n", signum);
  fflush(stdout);
  uv_close((uv_handle_t*) &signals[0], NULL); /* the next one ends the program at once */
  uv_close((uv_handle_t*) &signals[1], NULL);
  uv_close((uv_handle_t*) &server, NULL);
  clients_on_none = on_no_clients;
  clients_finish();
  if (clients_count() == 0)
    on_no_clients();
  else
    uv_timer_start(&patience, on_impatience, PATIENCE_MS, 0);
}

static int watch_signals(uv_loop_t* loop) {
  static const int signums[2] = {SIGINT, SIGTERM};
  int i, err = 0;
  for (i = 0; i < 2 && err == 0; i++) {
    err = uv_signal_init(loop, &signals[i]);
    if (err == 0)
      err = uv_signal_start(&signals[i], on_signal, signums[i]);
  }
  return err;
}

static int start(uv_loop_t* loop, int port) {
  struct sockaddr_in addr;
  int len = sizeof(addr);
  int err = uv_ip4_addr("127.0.0.1", port, &addr);
  if (err == 0)
    err = uv_tcp_init(loop, &server);
  if (err == 0)
    err = uv_tcp_bind(&server, (const struct sockaddr*) &addr, 0);
  if (err == 0)
    err = uv_listen((uv_stream_t*) &server, 128, on_connection);
  if (err == 0)
    err = uv_tcp_getsockname(&server, (struct sockaddr*) &addr, &len);
  if (err == 0)
    err = uv_timer_init(loop, &patience);
  if (err == 0)
    err = watch_signals(loop);
  if (err == 0)
    printf("listening on 127.0.0.1:%d\n", ntohs(addr.sin_port));
  fflush(stdout);
  return err;
}

int main(int argc, char** argv) {
  uv_loop_t* loop = uv_default_loop();
  int err;
  report_setup("guide_graceful", REPORT_NORMAL);
  err = loop == NULL ? UV_ENOMEM : start(loop, argc > 1 ? atoi(argv[1]) : 7000);
  if (err < 0) {
    report_error(err, "cannot start");
    return 1;
  }
  uv_run(loop, UV_RUN_DEFAULT);
  err = uv_loop_close(loop);
  if (err < 0)
    uv_print_all_handles(loop, stderr); /* what was forgotten */
  else
    printf("nothing is left\n");
  return err < 0;
}
