/* A unit of systemd, or a process that nobody manages: signals are the orders, an environment
 * variable says where to tell how things stand, another that a socket was handed over. The
 * protocols are a few lines each, and need no library: sd_notify(3), sd_listen_fds(3). */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../relay/report.h"
#include "service.h"

#define FIRST_HANDED_FD 3
#define MORE_TIME "EXTEND_TIMEOUT_USEC=10000000\n"

const struct service_signal service_signals[SERVICE_MOST_SIGNALS + 1] = {{SIGTERM, ORDER_STOP},
                                                                         {SIGINT, ORDER_STOP},
                                                                         {SIGHUP, ORDER_RENEW},
                                                                         {SIGUSR2, ORDER_UPGRADE},
                                                                         {0, ORDER_STOP}};

static struct {
  struct sockaddr_un address;
  socklen_t length; /* 0: nobody wants to know */
  char path[sizeof(((struct sockaddr_un*) 0)->sun_path)];
  int stopping;
} manager;

/* The workers must not take the variables for theirs, so they go. */
int service_open(uv_loop_t* loop) {
  const char* path = getenv("NOTIFY_SOCKET");
  size_t length = path == NULL ? 0 : strlen(path);
  (void) loop; /* every order is a signal here */
  if (length == 0)
    return 0;
  if (length >= sizeof(manager.address.sun_path))
    return UV_ENAMETOOLONG;
  manager.address.sun_family = AF_UNIX;
  memcpy(manager.address.sun_path, path, length);
  memcpy(manager.path, path, length);
  if (path[0] == '@') /* a name outside of the file system, which begins with a NUL */
    manager.address.sun_path[0] = '\0';
  manager.length = (socklen_t) (offsetof(struct sockaddr_un, sun_path) + length);
  return uv_os_unsetenv("NOTIFY_SOCKET");
}

void service_close(void) {}

/* A manager that cannot be reached changes nothing for the clients: the server goes on. */
static void notify(const char* text) {
  int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  ssize_t sent = -1;
  if (fd >= 0) {
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    sent = sendto(fd, text, strlen(text), 0, (const struct sockaddr*) &manager.address,
                  manager.length);
    close(fd);
  }
  if (sent < 0)
    report_error(0, "cannot tell the service manager: %s", text);
}

/* The manager tells by the time whether a READY belongs to this or to an earlier reload. It is the clock
 * that uv_hrtime has, too. */
static void tell_reloading(void) {
  char text[96];
  snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%llu\nSTATUS=Replaces its workers\n",
           (unsigned long long) (uv_hrtime() / 1000));
  notify(text);
}

void service_tell(enum standing standing) {
  if (manager.length == 0)
    return;
  switch (standing) {
  case STANDING_RELOADING:
    tell_reloading();
    break;
  case STANDING_RUNNING:
    notify("READY=1\nSTATUS=Answering\n");
    break;
  case STANDING_PAUSED:
    notify("STATUS=Paused: lets nobody in\n");
    break;
  case STANDING_STOPPING:
    notify(manager.stopping ? MORE_TIME : "STOPPING=1\nSTATUS=Answers what has come\n" MORE_TIME);
    manager.stopping = 1;
    break;
  }
}

int service_is_this_process(void) {
  return 0; /* it can be another one: see service_hand_over */
}

void service_lend(void) {
  if (manager.length > 0)
    uv_os_setenv("NOTIFY_SOCKET", manager.path);
}

void service_take_back(void) {
  uv_os_unsetenv("NOTIFY_SOCKET");
}

/* In one message, so that nothing comes between: the manager listens to the main process alone. */
void service_hand_over(int process) {
  char text[96];
  if (manager.length == 0)
    return;
  snprintf(text, sizeof(text), "MAINPID=%d\nREADY=1\nSTATUS=Answering\n", process);
  notify(text);
  manager.length = 0;
}

/* The process id is there because variables are inherited: they may be for our parent. */
const char* service_endpoint(void) {
  static char text[24];
  const char* pid = getenv("LISTEN_PID");
  const char* count = getenv("LISTEN_FDS");
  if (pid == NULL || count == NULL || strtol(pid, NULL, 10) != (long) getpid() ||
      strtol(count, NULL, 10) < 1)
    return NULL;
  uv_os_unsetenv("LISTEN_PID");
  uv_os_unsetenv("LISTEN_FDS");
  uv_os_unsetenv("LISTEN_FDNAMES");
  if (fcntl(FIRST_HANDED_FD, F_SETFD, FD_CLOEXEC) != 0)
    return NULL;
  snprintf(text, sizeof(text), "fd-listen:%d", FIRST_HANDED_FD);
  return text;
}

static int refuse(void) {
  report_error(0, "that is for Windows; here a service is a unit file, such as prefork.service");
  return 2;
}

int service_options(int argc, char** argv) {
  (void) argc;
  (void) argv;
  return 3;
}

int service_install(int argc, char** argv) {
  (void) argc;
  (void) argv;
  return refuse();
}

int service_uninstall(const char* name) {
  (void) name;
  return refuse();
}

int service_run(int argc, char** argv, int (*run)(int argc, char** argv)) {
  (void) argc;
  (void) argv;
  (void) run;
  return refuse();
}
