/* Step 6 of docs/GUIDE.md: the server of step 5 as a service. guide_service serve PORT [LOG], and as a
 * unit of systemd: guide_service serve systemd. To make a service of Windows, guide_service
 * --install NAME PORT [LOG]; to remove it, --uninstall NAME. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "../prefork/service.h"
#include "../relay/report.h"
#include "crew.h"

static uv_tcp_t server;

static void obey(enum order order, void* arg) {
  (void) arg;
  if (order == ORDER_STOP) {
    report(REPORT_NORMAL, "answers what has come, and ends");
    service_tell(STANDING_STOPPING);
    service_deafen();
    crew_close();
  }
}

/* The socket that the service manager has opened, or one of our own. */
static int open_server(uv_loop_t* loop, const char* where) {
  struct sockaddr_in addr;
  char* end;
  long port = strtol(where, &end, 10);
  int err = uv_tcp_init(loop, &server);
  if (err == 0 && strcmp(where, "systemd") == 0) {
    const char* handed = service_endpoint(); /* "fd-listen:3" */
    return handed == NULL ? UV_ENOENT : uv_tcp_open(&server, atoi(strchr(handed, ':') + 1));
  }
  if (end == where || *end != '\0' || port < 0 || port > 65535)
    return UV_EINVAL; /* it would be another port */
  if (err == 0)
    err = uv_ip4_addr("127.0.0.1", (int) port, &addr);
  if (err == 0)
    err = uv_tcp_bind(&server, (const struct sockaddr*) &addr, 0);
  return err;
}

/* The third argument of the program, and the second one of a worker; without one it is stderr, of
 * which systemd keeps a log by itself. */
static int open_log(const char* path) {
  int err = path == NULL ? 0 : report_into(path);
  if (err < 0)
    report_error(err, "cannot write %s", path);
  return err;
}

static int run(int argc, char** argv) {
  uv_loop_t* loop = uv_default_loop();
  char* log = argc > 3 ? argv[3] : NULL;
  struct sockaddr_in addr;
  int len = sizeof(addr);
  int err = open_log(log);
  if (err == 0)
    err = argc < 3 ? UV_EINVAL : loop == NULL ? UV_ENOMEM : open_server(loop, argv[2]);
  if (err == 0)
    err = crew_open(&server, log);
  if (err == 0)
    err = service_hear(loop, obey, NULL);
  if (err == 0)
    err = uv_tcp_getsockname(&server, (struct sockaddr*) &addr, &len);
  if (err < 0) {
    report_error(err, "cannot start");
    return 1;
  }
  report(REPORT_NORMAL, "listening on 127.0.0.1:%d", ntohs(addr.sin_port));
  service_tell(STANDING_RUNNING);
  uv_run(loop, UV_RUN_DEFAULT);
  return uv_loop_close(loop) < 0;
}

int main(int argc, char** argv) {
  const char* role;
  argv = uv_setup_args(argc, argv); /* UTF-8 on Windows, too */
  role = argc > 1 ? argv[1] : "";
  report_setup("guide_service", REPORT_NORMAL);
  if (strcmp(role, "worker") == 0)
    return open_log(argv[2]) < 0 ? 1 : crew_work();
  if ((argc == 4 || argc == 5) && strcmp(role, "--install") == 0)
    return service_install(argc, argv);
  if (argc == 3 && strcmp(role, "--uninstall") == 0)
    return service_uninstall(argv[2]);
  if ((argc == 4 || argc == 5) && strcmp(role, "--service") == 0)
    return service_run(argc, argv, run);
  if ((argc == 3 || argc == 4) && strcmp(role, "serve") == 0)
    return run(argc, argv);
  fprintf(stderr, "usage: guide_service serve PORT|systemd [LOG]\n"
                  "       guide_service --install NAME PORT [LOG]    make a service of Windows\n"
                  "       guide_service --uninstall NAME             and remove it\n");
  return 2;
}
