/* The limit: an echo server on epoll with no library, written for speed and for nothing else.
 * One static buffer, one recv and one send per message, edge-triggered.
 *
 * usage: bench_raw_epoll tcp|pipe CONNECTIONS [level] [file]
 * "level" waits level-triggered; "file" uses read and write in place of recv and send. Both
 * show what a library pays for these choices. Prints "at PLACE", as load.c takes it, and, at the
 * end, how many events one wait brought ("events_per_wait"). */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define EVENTS 1024

static int epoll_fd;
static int listener;
static long accepts_left;
static long open_left;
static unsigned trigger = EPOLLET;
static int file_calls;
static int is_tcp;
static char bytes[65536];

static void fail(const char* what) {
  perror(what);
  exit(1);
}

static void watch(int fd) {
  struct epoll_event event = {.events = EPOLLIN | trigger, .data = {.fd = fd}};

  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
    fail("epoll_ctl");
}

static void drop(int fd) {
  close(fd);
  open_left--;
}

static void accept_all(void) {
  int on = 1;

  while (accepts_left > 0) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0 && errno == EAGAIN)
      return;
    if (fd < 0)
      fail("accept4");
    if (is_tcp)
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    watch(fd);
    accepts_left--;
  }
  close(listener);
}

/* A short write would need a queue; a peer with one message in flight cannot cause one. */
static void echo(int fd) {
  ssize_t n = file_calls ? read(fd, bytes, sizeof(bytes)) : recv(fd, bytes, sizeof(bytes), 0);
  ssize_t sent;

  if (n < 0 && errno == EAGAIN)
    return;
  if (n <= 0) {
    drop(fd);
    return;
  }
  sent = file_calls ? write(fd, bytes, (size_t) n) : send(fd, bytes, (size_t) n, MSG_NOSIGNAL);
  if (sent != n)
    fail("send");
}

static void serve(void) {
  static struct epoll_event events[EVENTS];
  double waits = 0;
  double seen = 0;

  while (open_left > 0) {
    int n = epoll_wait(epoll_fd, events, EVENTS, -1);
    int i;

    if (n < 0 && errno != EINTR)
      fail("epoll_wait");
    for (i = 0; i < n; i++) {
      if (events[i].data.fd == listener)
        accept_all();
      else
        echo(events[i].data.fd);
    }
    waits++;
    seen += n > 0 ? n : 0;
  }
  printf("events_per_wait %.3f\n", seen / waits);
}

static void listen_tcp(void) {
  struct sockaddr_in addr = {.sin_family = AF_INET};
  socklen_t len = sizeof(addr);

  addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listener < 0 || bind(listener, (struct sockaddr*) &addr, sizeof(addr)) != 0 ||
      listen(listener, 1024) != 0 || getsockname(listener, (struct sockaddr*) &addr, &len) != 0)
    fail("listen");
  printf("at %d\n", ntohs(addr.sin_port));
}

/* At an abstract name that the system picks, which is what it does when it gets none. */
static void listen_pipe(void) {
  struct sockaddr_un addr = {.sun_family = AF_UNIX};
  socklen_t len = sizeof(addr);

  listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listener < 0 || bind(listener, (struct sockaddr*) &addr, sizeof(addr.sun_family)) != 0 ||
      listen(listener, 1024) != 0 || getsockname(listener, (struct sockaddr*) &addr, &len) != 0)
    fail("listen");
  printf("at @%.*s\n", (int) (len - offsetof(struct sockaddr_un, sun_path) - 1), addr.sun_path + 1);
}

int main(int argc, char** argv) {
  int i;

  if (argc < 3)
    return 2;
  is_tcp = strcmp(argv[1], "tcp") == 0;
  accepts_left = strtol(argv[2], NULL, 10);
  open_left = accepts_left;
  for (i = 3; i < argc; i++) {
    if (strcmp(argv[i], "level") == 0)
      trigger = 0;
    else if (strcmp(argv[i], "file") == 0)
      file_calls = 1;
    else
      return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd < 0)
    fail("epoll_create1");
  if (is_tcp)
    listen_tcp();
  else
    listen_pipe();
  fflush(stdout);
  watch(listener);
  serve();
  return 0;
}
