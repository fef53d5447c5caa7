/* Terminals on Unix, each test with a pseudo-terminal of its own: input, modes, and what others
 * who share the terminal see of it. Jobs, sizes and ends of programs are in tty_job.c. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#if defined(__linux__)
#  include <sched.h>
#  include <sys/syscall.h>
#endif

#include "harness.h"
#include "memory.h"
#include "net.h"
#include "pipes.h"
#include "pty.h"
#include "thread.h"
#include "uv.h"
#include "uvstream.h"

static struct pty pty;
static uv_tty_t tty;

static void open_tty(void) {
  CHECK_EQ(uv_tty_init(net_loop(), &tty, pty.slave, 1), 0);
}

static void begin(void) {
  pty_open(&pty);
  open_tty();
}

static void end(void) {
  net_end();
  pty_close(&pty);
}

/* ---- Reading ---- */

static char got[8192];
static int got_bytes;
static int got_end; /* 0, or the error that ended reading */

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  CHECK_EQ(got_end, 0);
  if (nread > 0) {
    CHECK((size_t) got_bytes + (size_t) nread <= sizeof got);
    memcpy(got + got_bytes, buf->base, (size_t) nread);
    got_bytes += (int) nread;
  } else if (nread < 0) {
    got_end = (int) nread;
  }
}

static void start_reading(void) {
  got_bytes = 0;
  CHECK_EQ(uv_read_start((uv_stream_t*) &tty, net_alloc, on_read), 0);
}

static void type(const char* keys) {
  pty_type(&pty, keys, strlen(keys));
}

/* Exactly this arrives. */
static void await(const char* text) {
  net_until(&got_bytes, (int) strlen(text));
  net_turns(2);
  CHECK_EQ(got_bytes, strlen(text));
  CHECK(memcmp(got, text, (size_t) got_bytes) == 0);
  got_bytes = 0;
}

static void await_end(int status) {
  while (got_end == 0) {
    CHECK(uv_run(net_loop(), UV_RUN_ONCE) != 0 || got_end != 0);
  }
  CHECK_EQ(got_end, status);
}

static void set_mode(uv_tty_t* handle, uv_tty_mode_t mode) {
  CHECK_EQ(uv_tty_set_mode(handle, mode), 0);
}

TEST(y1_normal_mode_gives_lines) {
  begin();
  start_reading();
  type("ab");
  net_turns(5);
  CHECK_EQ(got_bytes, 0);
  type("c\x7f\r"); /* erases the c; the terminal makes a line end of the return key */
  await("ab\n");
  type("one\rtwo\r\r");
  await("one\ntwo\n\n");
  type("\x04"); /* Ctrl-D */
  await_end(UV_EOF);
  end();
}

TEST(r4_end_of_a_terminal_is_not_final) {
  int i;

  begin();
  for (i = 0; i < 2; i++) {
    start_reading();
    type("\x04"); /* Ctrl-D */
    await_end(UV_EOF);
    got_end = 0;
    CHECK_EQ(uv_is_readable((uv_stream_t*) &tty), 1);
    CHECK_EQ(uv_is_active((uv_handle_t*) &tty), 0);
    type("on\r"); /* While nobody reads. */
  }
  start_reading();
  await("on\n");
  type("and on\r");
  await("and on\n");
  end();
}

TEST(y1_raw_mode_gives_keys) {
  begin();
  set_mode(&tty, UV_TTY_MODE_RAW);
  start_reading();
  type("x");
  await("x");
  type("\x03\x04\x11\x13\x16\x1a\x1c\r\n\x7f\x1b[A\xff");
  await("\x03\x04\x11\x13\x16\x1a\x1c\r\n\x7f\x1b[A\xff");
  end();
}

TEST(y1_mode_change_while_reading) {
  begin();
  start_reading();
  type("ab");
  net_turns(5);
  CHECK_EQ(got_bytes, 0);
  set_mode(&tty, UV_TTY_MODE_RAW); /* what was typed before is there now */
  await("ab");
  type("c");
  await("c");
  set_mode(&tty, UV_TTY_MODE_NORMAL);
  type("d\r");
  await("d\n");
  end();
}

TEST(r4_hang_up_is_the_end) {
  uv_buf_t buf = uv_buf_init((char*) "x", 1);

  begin();
  start_reading();
  CHECK_EQ(close(pty.master), 0);
  await_end(UV_EOF);
  CHECK_EQ(uv_try_write((uv_stream_t*) &tty, &buf, 1), UV_EPIPE);
  CHECK(uv_tty_set_mode(&tty, UV_TTY_MODE_RAW) < 0);
  net_end();
  CHECK_EQ(close(pty.slave), 0);
}

/* A master is a terminal that cannot be opened twice. */
TEST(y6_master_is_shared_and_restored) {
  pty_open(&pty);
  CHECK_EQ(uv_tty_init(net_loop(), &tty, pty.master, 1), 0);
  start_reading();
  CHECK_EQ(write(pty.slave, "hello\n", 6), 6);
  await("hello\r\n");
  CHECK_EQ(close(pty.slave), 0);
  await_end(UV_EOF); /* EIO, in the words of the system */
  net_end();
  CHECK_EQ(fcntl(pty.master, F_GETFL) & O_NONBLOCK, 0);
  CHECK_EQ(close(pty.master), 0);
}

/* It is not the stream's alone to give up. */
TEST(x2_terminal_has_a_limit_for_silence_alone) {
  uv_stream_t* stream = (uv_stream_t*) &tty;
  uvs_deadline_t deadline;

  begin();
  CHECK_EQ(uvs_deadline_start(&deadline, stream, UVS_DEADLINE_WRITE, 1), UV_ENOTSUP);
  CHECK_EQ(uvs_deadline_start(&deadline, stream, UVS_DEADLINE_SHUTDOWN, 1), UV_ENOTSUP);
  CHECK_EQ(uvs_deadline_start(&deadline, stream, UVS_DEADLINE_READ, 30), 0);
  start_reading();
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0); /* Until nobody reads. */
  CHECK_EQ(got_end, UV_ETIMEDOUT);
  got_end = 0;
  start_reading();
  type("x\n");
  net_until(&got_bytes, 2);
  end();
}

/* Somebody else who has the same open file may change what it says. */
TEST(y6_shared_terminal_does_not_block_when_it_could) {
  int flags;

  pty_open(&pty);
  flags = fcntl(pty.master, F_GETFL);
  CHECK_EQ(uv_tty_init(net_loop(), &tty, pty.master, 1), 0);
  CHECK_EQ(fcntl(pty.master, F_SETFL, flags), 0);
  start_reading();
  CHECK_EQ(write(pty.slave, "x", 1), 1);
  await("x");
  end();
}

static uv_write_t long_write;
static int long_done;

static void note_long(uv_write_t* req, int status) {
  (void) req;
  CHECK_EQ(status, 0);
  long_done++;
}

/* Nor one that came non-blocking, and in both directions. */
TEST(y6_shared_terminal_that_came_nonblocking) {
  static char block[200000];
  uv_buf_t buf = uv_buf_init(block, sizeof block);
  struct termios raw;
  char typed[4096];
  uint64_t at = 0;
  int flags;

  pty_open(&pty);
  raw = pty_mode(&pty);
  cfmakeraw(&raw);
  CHECK_EQ(tcsetattr(pty.slave, TCSANOW, &raw), 0);
  CHECK_EQ(fcntl(pty.slave, F_SETFL, O_NONBLOCK), 0);
  flags = fcntl(pty.master, F_GETFL);
  CHECK_EQ(fcntl(pty.master, F_SETFL, flags | O_NONBLOCK), 0);
  CHECK_EQ(uv_tty_init(net_loop(), &tty, pty.master, 1), 0);
  CHECK_EQ(fcntl(pty.master, F_SETFL, flags & ~O_NONBLOCK), 0);
  start_reading();
  net_turns(3);
  CHECK_EQ(write(pty.slave, "x", 1), 1);
  await("x");
  net_turns(3); /* There is no more to read, */
  pattern_fill(block, sizeof block, 0);
  CHECK_EQ(uv_write(&long_write, (uv_stream_t*) &tty, &buf, 1, note_long), 0);
  net_turns(3); /* and no room for all of this. */
  CHECK_EQ(long_done, 0);
  while (at < sizeof block) {
    ssize_t n = read(pty.slave, typed, sizeof typed);

    if (n > 0) {
      pattern_check(typed, (size_t) n, at);
      at += (uint64_t) n;
    }
    uv_run(net_loop(), UV_RUN_NOWAIT);
  }
  net_until(&long_done, 1);
  end();
}

static struct {
  uv_thread_t thread;
  volatile long id;
  int bytes;
} rival;

#if defined(__linux__)

/* One that is in no hurry to come back from its read, if that may be asked for. */
static void read_one_line(void* arg) {
  struct sched_param none = {0};
  char line[16];

  (void) arg;
  (void) syscall(SYS_sched_setscheduler, 0, SCHED_IDLE, &none); /* musl has no function */
  (void) test_add(&rival.id, syscall(SYS_gettid));
  rival.bytes = (int) read(pty.slave, line, sizeof line);
}

static int is_asleep(long thread) {
  char name[64];
  char text[256];
  const char* state;
  FILE* file;

  (void) snprintf(name, sizeof name, "/proc/self/task/%ld/stat", thread);
  file = fopen(name, "r");
  if (file == NULL)
    return 0;
  state = fgets(text, sizeof text, file) == NULL ? NULL : strrchr(text, ')');
  (void) fclose(file);
  return state != NULL && state[2] == 'S';
}

static void stay_on_one_processor(void) {
  cpu_set_t one;

  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  (void) sched_setaffinity(0, sizeof one, &one);
}

#else

static void read_one_line(void* arg) {
  (void) arg;
}

static int is_asleep(long thread) {
  (void) thread;
  return 1;
}

static void stay_on_one_processor(void) {
  SKIP("a read waits for that of another there");
}

#endif

/* While somebody else is in a read there is only EAGAIN for us, and nothing tells of the line that he leaves. */
TEST(y6_line_that_another_reader_leaves) {
  int i;

  test_needs_proc();
  stay_on_one_processor();
  for (i = 0; i < 3; i++) {
    begin();
    rival.id = 0;
    CHECK_EQ(uv_thread_create(&rival.thread, read_one_line, NULL), 0);
    while (test_load(&rival.id) == 0 || !is_asleep(test_load(&rival.id))) /* in its read */
      test_thread_yield();
    start_reading();
    net_turns(1);
    type("a\nb\n");
    net_until(&got_bytes, 2);
    net_close((uv_handle_t*) &tty);
    CHECK_EQ(uv_thread_join(&rival.thread), 0);
    CHECK_EQ(rival.bytes, 2);
    end();
  }
}

/* ---- Modes ---- */

TEST(y1_modes) {
  struct termios found, raw, now;

  begin();
  found = pty_mode(&pty);
  set_mode(&tty, UV_TTY_MODE_RAW);
  raw = now = pty_mode(&pty);
  CHECK_EQ(now.c_lflag & (ICANON | ECHO | ISIG | IEXTEN), 0);
  CHECK_EQ(now.c_iflag & (ICRNL | IXON), 0);
  CHECK_EQ(now.c_oflag, found.c_oflag);
  set_mode(&tty, UV_TTY_MODE_IO);
  CHECK_EQ(pty_mode(&pty).c_oflag & OPOST, 0);
  set_mode(&tty, UV_TTY_MODE_RAW_VT);
  now = pty_mode(&pty);
  CHECK(pty_same_mode(&now, &raw));
  set_mode(&tty, UV_TTY_MODE_NORMAL);
  now = pty_mode(&pty);
  CHECK(pty_same_mode(&now, &found));
  CHECK_EQ(uv_tty_set_mode(&tty, (uv_tty_mode_t) 4), UV_EINVAL);
  CHECK_EQ(uv_tty_set_mode(&tty, (uv_tty_mode_t) -1), UV_EINVAL);
  net_close((uv_handle_t*) &tty);
  CHECK_EQ(uv_tty_set_mode(&tty, UV_TTY_MODE_RAW), UV_EINVAL);
  end();
}

TEST(y2_only_own_bits_change) {
  struct termios found, now;

  pty_open(&pty);
  found = pty_mode(&pty);
  found.c_lflag |= TOSTOP; /* not ours */
  found.c_lflag &= ~(tcflag_t) ECHO;
  found.c_iflag &= ~(tcflag_t) ICRNL;
  found.c_cc[VINTR] = 7;
  CHECK_EQ(tcsetattr(pty.slave, TCSANOW, &found), 0);
  open_tty();
  set_mode(&tty, UV_TTY_MODE_RAW);
  now = pty_mode(&pty);
  CHECK(now.c_lflag & TOSTOP);
  CHECK_EQ(now.c_cc[VINTR], 7);
  now.c_lflag &= ~(tcflag_t) TOSTOP; /* somebody changes that meanwhile */
  now.c_cc[VINTR] = 8;
  CHECK_EQ(tcsetattr(pty.slave, TCSANOW, &now), 0);
  net_close((uv_handle_t*) &tty);
  found.c_lflag &= ~(tcflag_t) TOSTOP;
  found.c_cc[VINTR] = 8;
  now = pty_mode(&pty);
  CHECK(pty_same_mode(&now, &found));
  end();
}

TEST(y2_last_handle_restores) {
  struct termios found, now;
  uv_tty_t second, third;

  begin();
  found = pty_mode(&pty);
  CHECK_EQ(uv_tty_init(net_loop(), &second, pty.slave, 0), 0);
  CHECK_EQ(uv_tty_init(net_loop(), &third, pty.slave, 0), 0);
  set_mode(&tty, UV_TTY_MODE_RAW);
  set_mode(&second, UV_TTY_MODE_IO);
  net_close((uv_handle_t*) &third); /* has changed nothing */
  net_close((uv_handle_t*) &tty);
  CHECK_EQ(pty_mode(&pty).c_lflag & ICANON, 0);
  net_close((uv_handle_t*) &second);
  now = pty_mode(&pty);
  CHECK(pty_same_mode(&now, &found));
  end();
}

/* It is the mode of the process that set it. */
TEST(y2_handle_that_a_forked_child_closes_leaves_the_mode) {
  struct termios now, raw;
  pid_t pid;

  begin();
  set_mode(&tty, UV_TTY_MODE_RAW);
  raw = pty_mode(&pty);
  pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    CHECK_EQ(uv_loop_fork(net_loop()), 0);
    net_close((uv_handle_t*) &tty);
    _exit(0);
  }
  CHECK_EQ(pty_join(pid), 0);
  now = pty_mode(&pty);
  CHECK(pty_same_mode(&now, &raw));
  net_close((uv_handle_t*) &tty);
  now = pty_mode(&pty);
  CHECK(!pty_same_mode(&now, &raw));
  end();
}

TEST(y1_reset_mode) {
  struct termios found, now;
  struct pty other;
  uv_tty_t second;

  CHECK_EQ(uv_tty_reset_mode(), 0);
  begin();
  pty_open(&other);
  CHECK_EQ(uv_tty_init(net_loop(), &second, other.slave, 0), 0);
  found = pty_mode(&pty);
  set_mode(&tty, UV_TTY_MODE_RAW);
  set_mode(&second, UV_TTY_MODE_IO);
  CHECK_EQ(uv_tty_reset_mode(), 0);
  now = pty_mode(&pty);
  CHECK(pty_same_mode(&now, &found));
  now = pty_mode(&other);
  CHECK(pty_same_mode(&now, &found));
  set_mode(&tty, UV_TTY_MODE_RAW); /* and on it goes */
  CHECK_EQ(pty_mode(&pty).c_lflag & ICANON, 0);
  end();
  now = pty_mode(&other);
  CHECK(pty_same_mode(&now, &found));
  pty_close(&other);
}

/* ---- Sharing ---- */

TEST(y6_nonblocking_does_not_leak) {
  uv_os_fd_t fd;

  test_needs_proc();
  begin();
  CHECK_EQ(fcntl(pty.slave, F_GETFL) & O_NONBLOCK, 0);
  CHECK_EQ(uv_fileno((uv_handle_t*) &tty, &fd), 0);
  CHECK(fd != pty.slave);
  CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
  net_close((uv_handle_t*) &tty);
  CHECK_EQ(fcntl(pty.slave, F_GETFL) & O_NONBLOCK, 0); /* still open, still the caller's */
  CHECK_EQ(uv_fileno((uv_handle_t*) &tty, &fd), UV_EBADF);
  end();
}

TEST(y6_child_that_gets_the_terminal) {
  uv_process_options_t options;
  uv_stdio_container_t stdio[1];
  uv_process_t child;
  struct test_exit child_end;
  char* args[8];
  uv_os_fd_t fd;

  if (harness_arg(0) != NULL) {
    CHECK_EQ(isatty(0), 1);
    CHECK_EQ(fcntl(0, F_GETFL) & O_NONBLOCK, 0);
    return;
  }
  test_needs_proc();
  begin();
  test_child(&options, args, "y6_child_that_gets_the_terminal", "child");
  stdio[0].flags = UV_INHERIT_STREAM;
  stdio[0].data.stream = (uv_stream_t*) &tty;
  options.stdio = stdio;
  options.stdio_count = 1;
  test_spawn(&child, &options, &child_end);
  test_await_child(&child_end);
  CHECK_EQ(uv_fileno((uv_handle_t*) &tty, &fd), 0);
  CHECK_EQ(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK); /* ours is as it was */
  end();
}

TEST(y1_access_follows_the_descriptor) {
  uv_buf_t buf = uv_buf_init((char*) "x", 1);
  uv_tty_t out;
  int in_fd, out_fd;

  pty_open(&pty);
  in_fd = open(pty.name, O_RDONLY | O_NOCTTY);
  out_fd = open(pty.name, O_WRONLY | O_NOCTTY);
  CHECK(in_fd >= 0 && out_fd >= 0);
  CHECK_EQ(uv_tty_init(net_loop(), &tty, in_fd, 0), 0);
  CHECK_EQ(uv_tty_init(net_loop(), &out, out_fd, 1), 0);
  CHECK_EQ(uv_is_readable((uv_stream_t*) &tty), 1);
  CHECK_EQ(uv_is_writable((uv_stream_t*) &tty), 0);
  CHECK_EQ(uv_is_readable((uv_stream_t*) &out), 0);
  CHECK_EQ(uv_try_write((uv_stream_t*) &out, &buf, 1), 1);
  CHECK_EQ(uv_read_start((uv_stream_t*) &out, net_alloc, on_read), UV_ENOTCONN);
  CHECK_EQ(close(in_fd), 0);
  CHECK_EQ(close(out_fd), 0);
  pty_expect(&pty, "x");
  type("y\r");
  start_reading();
  await("y\n");
  end();
}

/* ---- What is no terminal, and what else there is ---- */

TEST(y1_init_refuses_what_is_no_terminal) {
  int fd = open("/dev/null", O_RDWR);

  CHECK(fd >= 0);
  CHECK_EQ(uv_tty_init(net_loop(), &tty, fd, 1), UV_EINVAL);
  CHECK_EQ(close(fd), 0);
  CHECK_EQ(uv_tty_init(net_loop(), &tty, fd, 1), UV_EINVAL);
  CHECK_EQ(uv_tty_init(net_loop(), &tty, -1, 1), UV_EINVAL);
  net_end();
}

TEST(e1_init_without_memory) {
  int fds, n, r;

  pty_open(&pty);
  net_loop();
  fds = test_fd_count();
  for (n = 1;; n++) {
    memory_fail_nth(n);
    r = uv_tty_init(net_loop(), &tty, pty.slave, 1);
    memory_fail_nth(0);
    if (r == 0) {
      break;
    }
    CHECK_EQ(r, UV_ENOMEM);
    CHECK_EQ(test_fd_count(), fds);
  }
  CHECK(n > 1);
  end();
}

TEST(y6_master_is_as_it_was_after_an_init_without_memory) {
  int n, r;

  pty_open(&pty);
  net_loop();
  for (n = 1;; n++) {
    memory_fail_nth(n);
    r = uv_tty_init(net_loop(), &tty, pty.master, 1);
    memory_fail_nth(0);
    if (r == 0) {
      break;
    }
    CHECK_EQ(r, UV_ENOMEM);
    CHECK_EQ(fcntl(pty.master, F_GETFL) & O_NONBLOCK, 0);
  }
  CHECK(n > 1);
  end();
}

static void guess(int fd, uv_handle_type type) {
  CHECK(fd >= 0);
  CHECK_EQ(uv_guess_handle(fd), type);
  CHECK_EQ(close(fd), 0);
}

TEST(y1_guess_handle) {
  char file[] = "/tmp/uvstream-test-XXXXXX";
  int pair[2];

  test_needs_folder();
  pty_open(&pty);
  CHECK_EQ(uv_guess_handle(pty.slave), UV_TTY);
  CHECK_EQ(uv_guess_handle(pty.master), UV_TTY);
  pty_close(&pty);
  CHECK_EQ(uv_guess_handle(pty.slave), UV_UNKNOWN_HANDLE); /* closed */
  CHECK_EQ(uv_guess_handle(-1), UV_UNKNOWN_HANDLE);
  guess(mkstemp(file), UV_FILE);
  CHECK_EQ(unlink(file), 0);
  guess(open("/dev/null", O_RDONLY), UV_FILE);
  guess(open("/", O_RDONLY), UV_UNKNOWN_HANDLE);
  CHECK_EQ(pipe(pair), 0);
  guess(pair[0], UV_NAMED_PIPE);
  guess(pair[1], UV_NAMED_PIPE);
  CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  guess(pair[0], UV_NAMED_PIPE);
  guess(pair[1], UV_NAMED_PIPE);
  guess(socket(AF_UNIX, SOCK_DGRAM, 0), UV_UNKNOWN_HANDLE);
  guess(socket(AF_INET, SOCK_STREAM, 0), UV_TCP);
  guess(socket(AF_INET, SOCK_DGRAM, 0), UV_UDP);
  if (net_has_ipv6()) {
    guess(socket(AF_INET6, SOCK_STREAM, 0), UV_TCP);
    guess(socket(AF_INET6, SOCK_DGRAM, 0), UV_UDP);
  }
  net_end();
}

TEST(y1_winsize_and_vterm_state) {
  uv_tty_vtermstate_t state = UV_TTY_UNSUPPORTED;
  int width = -1, height = -1;

  begin();
  pty_resize(&pty, 123, 45);
  CHECK_EQ(uv_tty_get_winsize(&tty, &width, &height), 0);
  CHECK_EQ(width, 123);
  CHECK_EQ(height, 45);
  CHECK_EQ(uv_tty_get_winsize(&tty, NULL, &height), UV_EINVAL);
  uv_tty_set_vterm_state(UV_TTY_SUPPORTED);
  CHECK_EQ(uv_tty_get_vterm_state(&state), UV_ENOTSUP);
  CHECK_EQ(state, UV_TTY_UNSUPPORTED);
  end();
}

TEST(e3_what_a_terminal_cannot_do) {
  int size = 0;

  begin();
  CHECK_EQ(uv_send_buffer_size((uv_handle_t*) &tty, &size), UV_ENOTSUP);
  CHECK_EQ(uv_recv_buffer_size((uv_handle_t*) &tty, &size), UV_ENOTSUP);
  CHECK_EQ(uv_listen((uv_stream_t*) &tty, 1, (uv_connection_cb) abort), UV_EINVAL);
  end();
}

/* ---- Writing ---- */

struct screen {
  size_t length;
  char* bytes;
};

static void see_all(void* arg) {
  struct screen* screen = arg;

  pty_see(&pty, screen->bytes, screen->length);
}

static void count_shutdown(uv_shutdown_t* req, int status) {
  CHECK_EQ(status, 0);
  ++*(int*) req->data;
}

TEST(w1_large_write_and_shutdown) {
  struct screen screen = {400000, malloc(400000)};
  struct test_thread* thread;
  uv_shutdown_t shutdown;
  int written = 0, shut = 0;

  CHECK(screen.bytes != NULL);
  begin();
  set_mode(&tty, UV_TTY_MODE_IO);
  net_send((uv_stream_t*) &tty, 300000, 0, &written);
  net_send((uv_stream_t*) &tty, 100000, 300000, &written);
  shutdown.data = &shut;
  CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) &tty, count_shutdown), 0);
  net_turns(3);
  CHECK_EQ(written, 0); /* nobody reads, and the loop does not stand still */
  CHECK(((uv_stream_t*) &tty)->write_queue_size > 0);
  thread = test_thread_start(see_all, &screen);
  net_until(&shut, 1);
  CHECK(written > 0);
  CHECK_EQ(((uv_stream_t*) &tty)->write_queue_size, 0);
  test_thread_join(thread);
  pattern_check(screen.bytes, screen.length, 0);
  free(screen.bytes);
  end();
}

TEST(w7_try_write_until_the_screen_stands_still) {
  static char many[4096];
  uv_buf_t buf = uv_buf_init(many, sizeof many);
  size_t taken = 0;
  int sent = 0;
  int written = 0;
  ssize_t n;
  char sink;

  begin();
  set_mode(&tty, UV_TTY_MODE_IO);
  do { /* The system may move on what it took, and then has room once more. */
    while ((n = uv_try_write((uv_stream_t*) &tty, &buf, 1)) > 0) {
      taken += (size_t) n;
    }
    CHECK_EQ(n, UV_EAGAIN);
    net_send((uv_stream_t*) &tty, 1, 0, &written);
    sent++;
  } while (((uv_stream_t*) &tty)->write_queue_size == 0);
  CHECK_EQ(uv_try_write((uv_stream_t*) &tty, &buf, 1), UV_EAGAIN);
  for (taken += (size_t) sent - 1; taken > 0; taken--) {
    pty_see(&pty, &sink, 1);
  }
  net_until(&written, sent);
  pty_see(&pty, &sink, 1);
  CHECK_EQ(sink, pattern_at(0));
  end();
}

/* ---- UTF-8 ---- */

static size_t encode(unsigned scalar, char* to) {
  if (scalar < 0x80) {
    to[0] = (char) scalar;
    return 1;
  }
  if (scalar < 0x800) {
    to[0] = (char) (0xc0 | scalar >> 6);
    to[1] = (char) (0x80 | (scalar & 0x3f));
    return 2;
  }
  if (scalar < 0x10000) {
    to[0] = (char) (0xe0 | scalar >> 12);
    to[1] = (char) (0x80 | (scalar >> 6 & 0x3f));
    to[2] = (char) (0x80 | (scalar & 0x3f));
    return 3;
  }
  to[0] = (char) (0xf0 | scalar >> 18);
  to[1] = (char) (0x80 | (scalar >> 12 & 0x3f));
  to[2] = (char) (0x80 | (scalar >> 6 & 0x3f));
  to[3] = (char) (0x80 | (scalar & 0x3f));
  return 4;
}

TEST(y4_utf8_split_anywhere) {
  static const unsigned scalars[] = {0x41,   0x7f,   0x80,   0xe9,   0x7ff,   0x800,   0x20ac,
                                     0xd7ff, 0xe000, 0xfffd, 0xffff, 0x10000, 0x1f600, 0x10ffff};
  size_t i, split, length;
  char text[5] = "";
  char seen[4];
  uv_buf_t buf;

  begin();
  set_mode(&tty, UV_TTY_MODE_RAW);
  start_reading();
  for (i = 0; i < sizeof scalars / sizeof scalars[0]; i++) {
    length = encode(scalars[i], text);
    text[length] = '\0';
    for (split = 0; split <= length; split++) {
      pty_type(&pty, text, split);
      net_until(&got_bytes, (int) split);
      pty_type(&pty, text + split, length - split);
      await(text);
      buf = uv_buf_init(text, (unsigned) split);
      CHECK(split == 0 || uv_try_write((uv_stream_t*) &tty, &buf, 1) == (int) split);
      buf = uv_buf_init(text + split, (unsigned) (length - split));
      CHECK(split == length || uv_try_write((uv_stream_t*) &tty, &buf, 1) == (int) buf.len);
      pty_see(&pty, seen, length);
      CHECK(memcmp(seen, text, length) == 0);
    }
  }
  end();
}

enum {
  SCALARS = 0x110000 - 0x800,
  ALL_BYTES = 0x80 + 0x780 * 2 + (0x10000 - 0x800 - 0x800) * 3 + 0x100000 * 4
};

static char* all_scalars(void) {
  char* all = malloc(ALL_BYTES);
  size_t at = 0;
  unsigned scalar;

  CHECK(all != NULL);
  for (scalar = 0; scalar < 0x110000; scalar++) {
    if (scalar < 0xd800 || scalar > 0xdfff) {
      at += encode(scalar, all + at);
    }
  }
  CHECK_EQ(at, ALL_BYTES);
  return all;
}

static const char* expected;
static size_t matched;
static int matched_all;

static void match(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  if (nread == 0) {
    return;
  }
  CHECK(nread > 0 && matched + (size_t) nread <= ALL_BYTES);
  CHECK(memcmp(expected + matched, buf->base, (size_t) nread) == 0);
  matched += (size_t) nread;
  matched_all = matched == ALL_BYTES;
}

static void type_all(void* arg) {
  pty_type(&pty, arg, ALL_BYTES);
}

static void count_write(uv_write_t* req, int status) {
  CHECK_EQ(status, 0);
  ++*(int*) req->data;
}

TEST(y4_every_scalar_both_ways) {
  struct screen screen = {ALL_BYTES, malloc(ALL_BYTES)};
  char* all = all_scalars();
  uv_buf_t buf = uv_buf_init(all, ALL_BYTES);
  struct test_thread* typist;
  struct test_thread* watcher;
  uv_write_t req;
  int written = 0;

  CHECK(screen.bytes != NULL);
  begin();
  set_mode(&tty, UV_TTY_MODE_IO);
  expected = all;
  CHECK_EQ(uv_read_start((uv_stream_t*) &tty, net_alloc, match), 0);
  req.data = &written;
  CHECK_EQ(uv_write(&req, (uv_stream_t*) &tty, &buf, 1, count_write), 0);
  typist = test_thread_start(type_all, all);
  watcher = test_thread_start(see_all, &screen);
  net_until(&matched_all, 1);
  net_until(&written, 1);
  test_thread_join(typist);
  test_thread_join(watcher);
  CHECK(memcmp(screen.bytes, all, ALL_BYTES) == 0);
  free(screen.bytes);
  free(all);
  end();
}
