/* What the library makes of the hard sides of a kqueue, which the model in support/kqueue shows on
 * purpose, and a system only now and then. That the sides are there is tested too: a model that has
 * become kind proves nothing. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/event.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"
#include "model.h"
#include "net.h"
#include "uv.h"

static int kq = -1;

static int change(int fd, short filter, unsigned short flags) {
  struct kevent event;

  if (kq < 0)
    kq = kqueue();
  CHECK(kq >= 0);
  EV_SET(&event, fd, filter, flags, 0, 0, NULL);
  return kevent(kq, &event, 1, NULL, 0, NULL) == 0 ? 0 : errno;
}

TEST(model_refuses_what_some_systems_refuse) {
  int fd = open("/dev/null", O_RDWR);
  int fds[2];

  CHECK_EQ(change(fd, EVFILT_READ, EV_ADD | EV_CLEAR), ENODEV);
  CHECK_EQ(pipe(fds), 0);
  CHECK_EQ(close(fds[0]), 0);
  CHECK_EQ(change(fds[1], EVFILT_WRITE, EV_ADD | EV_CLEAR), EPIPE);
  CHECK_EQ(change(fds[1], -3, EV_ADD), EINVAL); /* A filter that it does not have. */
}

/* The own shutdown is an end of the filter for writing, and not of that for reading. */
TEST(model_tells_of_the_own_shutdown) {
  struct timespec now = {0, 0};
  struct kevent event;
  int fds[2];

  CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  CHECK_EQ(change(fds[0], EVFILT_READ, EV_ADD | EV_CLEAR), 0);
  CHECK_EQ(change(fds[0], EVFILT_WRITE, EV_ADD | EV_CLEAR), 0);
  CHECK_EQ(shutdown(fds[0], SHUT_WR), 0);
  CHECK_EQ(kevent(kq, NULL, 0, &event, 1, &now), 1);
  CHECK_EQ(event.filter, EVFILT_WRITE);
  CHECK(event.flags & EV_EOF);
  CHECK_EQ(kevent(kq, NULL, 0, &event, 1, &now), 0);
}

/* What a TCP peer has acknowledged is an edge each time. A loop that has nothing to write is not woken
 * by it, for as long as the connection lives, because it had to wait for room once. */
TEST(what_a_peer_has_taken_wakes_no_loop) {
  enum {
    MESSAGES = 50
  };
  uv_buf_t buf = uv_buf_init(NULL, 1);
  struct net_sink sink = {0};
  uv_tcp_t client;
  uv_tcp_t server;
  int sent = 0;
  long before;
  int i;

  net_small_pair(&client, &server);
  net_drain((uv_stream_t*) &server, &sink);
  net_send((uv_stream_t*) &client, NET_BLOCK, 0, &sent);
  net_until(&sent, 1);
  net_until_bytes(&sink, NET_BLOCK);
  net_turns(10);
  before = kqueue_events();
  for (i = 0; i < MESSAGES; i++) {
    char byte = pattern_at(NET_BLOCK + (uint64_t) i);

    buf.base = &byte;
    CHECK_EQ(uv_try_write((uv_stream_t*) &client, &buf, 1), 1);
    net_until_bytes(&sink, NET_BLOCK + (uint64_t) i + 1);
    net_turns(1);
  }
  CHECK(kqueue_events() - before < MESSAGES + MESSAGES / 4); /* the reader's, one for each */
  net_end();
}
