/* inside_epoll [PORT]: the guest (guest.h) in a loop of epoll, beside a clock that ticks. Linux alone. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "guest.h"
#include "uv.h"

#define TICK_NS 20000000

static int add(int epoll, int fd) {
  struct epoll_event event;
  memset(&event, 0, sizeof(event));
  event.events = EPOLLIN;
  event.data.fd = fd;
  return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static int make_clock(void) {
  struct itimerspec every = {{0, TICK_NS}, {0, TICK_NS}};
  int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  return fd >= 0 && timerfd_settime(fd, 0, &every, NULL) == 0 ? fd : -1;
}

/* Something of the host's own. */
static void tick(int clock) {
  static uint64_t ticks;
  uint64_t passed;
  if (read(clock, &passed, sizeof(passed)) != sizeof(passed))
    return;
  ticks += passed;
  guest_report((unsigned) ticks);
}

/* The guest gets a turn after each wait: also when its time has come and nothing was told. */
static void run(int epoll, int clock) {
  struct epoll_event events[8];
  int n, i, due;
  do {
    int timeout_ms = guest_timeout();
    n = epoll_wait(epoll, events, 8, timeout_ms);
    due = n == 0 || timeout_ms == 0;
    for (i = 0; i < n; i++)
      if (events[i].data.fd == clock)
        tick(clock);
      else
        due = 1;
  } while ((n >= 0 || errno == EINTR) && (!due || guest_turn()));
}

int main(int argc, char** argv) {
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  int clock = make_clock();
  int err = guest_open(argc > 1 ? atoi(argv[1]) : 7000);
  if (err < 0) {
    fprintf(stderr, "inside_epoll: %s\n", uv_strerror(err));
    return 1;
  }
  if (epoll < 0 || clock < 0 || add(epoll, clock) != 0 || add(epoll, guest_descriptor()) != 0) {
    perror("inside_epoll");
    return 1;
  }
  run(epoll, clock);
  close(clock);
  close(epoll);
  return 0;
}
