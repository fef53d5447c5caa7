/* What src/unix/loop/kqueue.c takes for granted of a kqueue, without the library: on macOS and the
 * BSDs these tests ask the system, on Linux the model in support/kqueue. Where the systems differ
 * nothing is asked here. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/event.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

enum {
  READ_SIDE,
  WRITE_SIDE
};

static int kq = -1;
static int fds[2];

static int change(int fd, short filter, unsigned short flags) {
  struct kevent event;

  EV_SET(&event, fd, filter, flags, 0, 0, fds);
  return kevent(kq, &event, 1, NULL, 0, NULL) == 0 ? 0 : errno;
}

/* As many as there are within two seconds, or `most`; 0 asks without waiting. */
static int take(struct kevent* events, int most, int seconds) {
  struct timespec timeout = {seconds, 0};
  int n = kevent(kq, NULL, 0, events, most, &timeout);

  CHECK(n >= 0);
  return n;
}

static void nothing_comes(void) {
  struct kevent event;

  CHECK_EQ(take(&event, 1, 0), 0);
}

/* Exactly this event, once. */
static struct kevent comes(int fd, short filter) {
  struct kevent event;

  CHECK_EQ(take(&event, 1, 60), 1);
  CHECK_EQ(event.ident, fd);
  CHECK_EQ(event.filter, filter);
  CHECK(event.udata == fds);
  CHECK((event.flags & EV_EOF) || event.filter == EVFILT_WRITE || event.data > 0);
  return event;
}

static void begin_sockets(void) {
  kq = kqueue();
  CHECK(kq >= 0);
  CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
}

static void begin_pipe(void) {
  kq = kqueue();
  CHECK(kq >= 0);
  CHECK_EQ(pipe(fds), 0);
}

static void put(int fd, const char* text) {
  CHECK_EQ(write(fd, text, strlen(text)), strlen(text));
}

TEST(kq_tells_of_each_arrival_once) {
  begin_sockets();
  CHECK_EQ(change(fds[0], EVFILT_READ, EV_ADD | EV_CLEAR), 0);
  nothing_comes();
  put(fds[1], "a");
  (void) comes(fds[0], EVFILT_READ);
  nothing_comes();
  put(fds[1], "b"); /* What came before has not been read. */
  (void) comes(fds[0], EVFILT_READ);
  nothing_comes();
}

TEST(kq_tells_of_what_was_there_before) {
  begin_sockets();
  put(fds[1], "a");
  CHECK_EQ(change(fds[0], EVFILT_READ, EV_ADD | EV_CLEAR), 0);
  (void) comes(fds[0], EVFILT_READ);
  CHECK_EQ(change(fds[0], EVFILT_WRITE, EV_ADD | EV_CLEAR), 0);
  (void) comes(fds[0], EVFILT_WRITE);
}

TEST(kq_reading_and_writing_are_two_events) {
  struct kevent event;
  int seen = 0;

  begin_sockets();
  CHECK_EQ(change(fds[0], EVFILT_READ, EV_ADD | EV_CLEAR), 0);
  CHECK_EQ(change(fds[0], EVFILT_WRITE, EV_ADD | EV_CLEAR), 0);
  put(fds[1], "a");
  while (seen != 3) {
    CHECK_EQ(take(&event, 1, 60), 1);
    seen |= event.filter == EVFILT_READ ? 1 : 2;
  }
}

TEST(kq_room_after_there_was_none_is_told) {
  static char block[65536];
  ssize_t n;

  begin_sockets();
  CHECK_EQ(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
  CHECK_EQ(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
  while (write(fds[0], block, sizeof(block)) > 0)
    continue;
  CHECK_EQ(change(fds[0], EVFILT_WRITE, EV_ADD | EV_CLEAR), 0);
  nothing_comes();
  do
    n = read(fds[1], block, sizeof(block));
  while (n > 0);
  (void) comes(fds[0], EVFILT_WRITE);
}

TEST(kq_the_end_comes_with_what_is_left) {
  char text[8];

  begin_sockets();
  CHECK_EQ(change(fds[0], EVFILT_READ, EV_ADD | EV_CLEAR), 0);
  put(fds[1], "abc");
  CHECK_EQ(close(fds[1]), 0);
  while (!(comes(fds[0], EVFILT_READ).flags & EV_EOF))
    continue;
  CHECK_EQ(read(fds[0], text, sizeof(text)), 3);
  CHECK_EQ(read(fds[0], text, sizeof(text)), 0);
}

TEST(kq_the_end_of_a_pipe) {
  begin_pipe();
  CHECK_EQ(change(fds[READ_SIDE], EVFILT_READ, EV_ADD | EV_CLEAR), 0);
  CHECK_EQ(close(fds[WRITE_SIDE]), 0);
  CHECK(comes(fds[READ_SIDE], EVFILT_READ).flags & EV_EOF);
}

TEST(kq_who_writes_hears_that_nobody_reads) {
  static char block[65536];

  begin_pipe();
  CHECK_EQ(fcntl(fds[WRITE_SIDE], F_SETFL, O_NONBLOCK), 0);
  while (write(fds[WRITE_SIDE], block, sizeof(block)) > 0)
    continue;
  CHECK_EQ(change(fds[WRITE_SIDE], EVFILT_WRITE, EV_ADD | EV_CLEAR), 0);
  nothing_comes();
  CHECK_EQ(close(fds[READ_SIDE]), 0);
  CHECK(comes(fds[WRITE_SIDE], EVFILT_WRITE).flags & EV_EOF);
}

TEST(kq_what_is_forgotten_is_silent) {
  begin_sockets();
  CHECK_EQ(change(fds[0], EVFILT_READ, EV_DELETE), ENOENT);
  CHECK_EQ(change(fds[0], EVFILT_READ, EV_ADD | EV_CLEAR), 0);
  put(fds[1], "a");
  CHECK_EQ(change(fds[0], EVFILT_READ, EV_DELETE), 0);
  nothing_comes();
  CHECK_EQ(change(fds[0], EVFILT_READ, EV_DELETE), ENOENT);
}

/* Filters belong to the number: the connection lives on under another one. */
TEST(kq_closing_forgets) {
  int other;

  begin_sockets();
  other = dup(fds[0]);
  CHECK(other >= 0);
  CHECK_EQ(change(fds[0], EVFILT_READ, EV_ADD | EV_CLEAR), 0);
  CHECK_EQ(close(fds[0]), 0);
  put(fds[1], "a");
  nothing_comes();
  CHECK_EQ(change(fds[0], EVFILT_READ, EV_ADD | EV_CLEAR), EBADF);
  CHECK_EQ(dup2(other, fds[0]), fds[0]);
  nothing_comes();
  CHECK_EQ(change(fds[0], EVFILT_READ, EV_DELETE), ENOENT);
}

TEST(kq_what_cannot_be_watched_is_refused) {
  int fd = open("/dev/null", O_RDWR);
  int error;

  begin_sockets();
  CHECK(fd >= 0);
  CHECK_EQ(change(1000, EVFILT_READ, EV_ADD), EBADF);
  error = change(fd, EVFILT_READ, EV_ADD | EV_CLEAR);
  CHECK(error == 0 || error == EINVAL || error == ENODEV || error == EOPNOTSUPP);
}

/* A change alone does not wait, whatever the time-out says. */
TEST(kq_a_change_does_not_wait) {
  struct timespec hour = {3600, 0};
  struct kevent event;

  begin_sockets();
  EV_SET(&event, fds[0], EVFILT_READ, EV_ADD | EV_CLEAR, 0, 0, fds);
  CHECK_EQ(kevent(kq, &event, 1, NULL, 0, &hour), 0);
  CHECK_EQ(kevent(kq, &event, 1, NULL, 0, NULL), 0);
}

TEST(kq_is_not_there_in_a_forked_child) {
  int status;
  pid_t pid;

  begin_sockets();
  CHECK_EQ(change(fds[0], EVFILT_READ, EV_ADD | EV_CLEAR), 0);
  pid = fork();
  CHECK(pid >= 0);
  if (pid == 0)
    _exit(change(fds[1], EVFILT_READ, EV_ADD | EV_CLEAR) == EBADF ? 0 : 1);
  CHECK_EQ(waitpid(pid, &status, 0), pid);
  CHECK_EQ(status, 0);
  put(fds[1], "a");
  (void) comes(fds[0], EVFILT_READ);
}

/* Which is how a loop is a part of another one. */
TEST(kq_can_be_waited_for) {
  struct pollfd row;

  begin_sockets();
  row.fd = kq;
  row.events = POLLIN;
  CHECK_EQ(change(fds[0], EVFILT_READ, EV_ADD | EV_CLEAR), 0);
  CHECK_EQ(poll(&row, 1, 0), 0);
  put(fds[1], "a");
  CHECK_EQ(poll(&row, 1, 60000), 1);
  (void) comes(fds[0], EVFILT_READ);
}
