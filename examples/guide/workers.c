/* Step 5 of docs/GUIDE.md: an echo server of several processes. guide_workers [PORT] */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "../relay/report.h"
#include "crew.h"

static uv_tcp_t server;
static uv_signal_t signals[2];

static void on_signal(uv_signal_t* handle, int signum) {
  (void) handle;
  (void) signum;
  uv_close((uv_handle_t*) &signals[0], NULL);
  uv_close((uv_handle_t*) &signals[1], NULL);
  crew_close();
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
    err = crew_open(&server, NULL);
  if (err == 0)
    err = uv_tcp_getsockname(&server, (struct sockaddr*) &addr, &len);
  if (err == 0)
    err = uv_signal_init(loop, &signals[0]);
  if (err == 0)
    err = uv_signal_start(&signals[0], on_signal, SIGINT);
  if (err == 0)
    err = uv_signal_init(loop, &signals[1]);
  if (err == 0)
    err = uv_signal_start(&signals[1], on_signal, SIGTERM);
  if (err == 0)
    printf("listening on 127.0.0.1:%d\n", ntohs(addr.sin_port));
  fflush(stdout);
  return err;
}

int main(int argc, char** argv) {
  uv_loop_t* loop = uv_default_loop();
  int err;
  report_setup("guide_workers", REPORT_NORMAL);
  if (argc > 1 && strcmp(argv[1], "worker") == 0)
    return crew_work();
  err = loop == NULL ? UV_ENOMEM : start(loop, argc > 1 ? atoi(argv[1]) : 7000);
  if (err < 0) {
    report_error(err, "cannot start");
    return 1;
  }
  uv_run(loop, UV_RUN_DEFAULT);
  return uv_loop_close(loop) < 0;
}
