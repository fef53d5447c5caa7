/* Pseudo-terminals; see pty.h. */
#include "pty.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

void pty_open(struct pty* pty) {
  const char* name;

  pty->master = posix_openpt(O_RDWR | O_NOCTTY);
  if (pty->master < 0) {
    SKIP("no pseudo-terminals here");
  }
  CHECK_EQ(fcntl(pty->master, F_SETFD, FD_CLOEXEC), 0);
  CHECK_EQ(grantpt(pty->master), 0);
  CHECK_EQ(unlockpt(pty->master), 0);
  name = ptsname(pty->master);
  CHECK(name != NULL && strlen(name) < sizeof pty->name);
  strcpy(pty->name, name);
  pty->slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
  CHECK(pty->slave >= 0);
}

void pty_close(struct pty* pty) {
  CHECK_EQ(close(pty->master), 0);
  CHECK_EQ(close(pty->slave), 0);
}

void pty_type(const struct pty* pty, const char* keys, size_t len) {
  while (len > 0) {
    ssize_t n = write(pty->master, keys, len);
    CHECK(n > 0);
    keys += n;
    len -= (size_t) n;
  }
}

void pty_see(const struct pty* pty, char* to, size_t len) {
  while (len > 0) {
    ssize_t n = read(pty->master, to, len);
    CHECK(n > 0);
    to += n;
    len -= (size_t) n;
  }
}

void pty_expect(const struct pty* pty, const char* text) {
  char seen[256] = "";

  CHECK(strlen(text) < sizeof seen);
  pty_see(pty, seen, strlen(text));
  CHECK_STR(seen, text);
}

void pty_resize(const struct pty* pty, int columns, int rows) {
  struct winsize window = {0};

  window.ws_col = (unsigned short) columns;
  window.ws_row = (unsigned short) rows;
  CHECK_EQ(ioctl(pty->master, TIOCSWINSZ, &window), 0);
}

struct termios pty_mode(const struct pty* pty) {
  struct termios mode;

  memset(&mode, 0, sizeof mode);
  CHECK_EQ(tcgetattr(pty->slave, &mode), 0);
  return mode;
}

int pty_same_mode(const struct termios* a, const struct termios* b) {
  return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_cflag == b->c_cflag &&
         a->c_lflag == b->c_lflag && memcmp(a->c_cc, b->c_cc, sizeof a->c_cc) == 0;
}

pid_t pty_start(const struct pty* pty, const char* test, const char* role) {
  pid_t pid = fork();

  CHECK(pid >= 0);
  if (pid == 0) {
    int fd;

    CHECK(setsid() > 0);
    fd = open(pty->name, O_RDWR);
    CHECK(fd >= 0);
    CHECK_EQ(ioctl(fd, TIOCSCTTY, 0), 0);
    CHECK_EQ(dup2(fd, 0), 0);
    CHECK_EQ(dup2(fd, 1), 1);
    if (fd > 2) {
      CHECK_EQ(close(fd), 0);
    }
    execl(harness_self(), harness_self(), test, role, (char*) NULL);
    FAIL("this program cannot be started again");
  }
  return pid;
}

int pty_join(pid_t pid) {
  int status;

  CHECK_EQ(waitpid(pid, &status, 0), pid);
  return status;
}
