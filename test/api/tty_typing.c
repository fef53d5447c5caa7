/* Readers of a terminal that come and go while somebody types, and two at once: each byte reaches
 * one of them, once, in order. On Unix; tty_win_typing.c is its like. */
#include <termios.h>

#include "harness.h"
#include "net.h"
#include "pty.h"
#include "thread.h"
#include "uv.h"

static struct pty pty;
static uv_tty_t tty;

static void open_tty(uv_tty_t* handle, uv_tty_mode_t mode) {
  CHECK_EQ(uv_tty_init(net_loop(), handle, pty.slave, 1), 0);
  CHECK_EQ(uv_tty_set_mode(handle, mode), 0);
}

static void begin(uv_tty_mode_t mode) {
  struct termios quiet;

  pty_open(&pty);
  quiet = pty_mode(&pty);
  quiet.c_lflag &= ~(tcflag_t) ECHO; /* nobody looks at the screen */
  CHECK_EQ(tcsetattr(pty.slave, TCSANOW, &quiet), 0);
  open_tty(&tty, mode);
}

static void end(void) {
  net_end();
  pty_close(&pty);
}

/* ---- Stop, start, close, and a person who types on ---- */

enum {
  ROUNDS = 1000,
  TYPED = 200000,
  LINE = 50
};

static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
static volatile long typed_all;
static size_t read_bytes;
static int may_read;

/* The byte at `at` of what is typed: lines of letters. */
static char key(size_t at) {
  return at % LINE == LINE - 1 ? '\n' : letters[at % 26];
}

static void type_on(void* arg) {
  size_t at;
  char keys[LINE];

  (void) arg;
  for (at = 0; at < TYPED; at++) {
    keys[at % LINE] = key(at);
    if (at % LINE == LINE - 1) {
      pty_type(&pty, keys, 7);
      test_thread_yield();
      pty_type(&pty, keys + 7, LINE - 7);
    }
  }
  test_add(&typed_all, 1);
}

static void check_keys(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  ssize_t i;

  (void) stream;
  CHECK(nread >= 0);
  CHECK_EQ(may_read, 1); /* R5 */
  for (i = 0; i < nread; i++) {
    CHECK_EQ(buf->base[i], key(read_bytes));
    read_bytes++;
  }
}

static void read_keys(void) {
  CHECK_EQ(uv_read_start((uv_stream_t*) &tty, net_alloc, check_keys), 0);
  may_read = 1;
}

static void stop_and_close(uv_tty_mode_t mode) {
  struct test_thread* typist;
  int i;

  begin(mode);
  typist = test_thread_start(type_on, NULL);
  for (i = 0; i < ROUNDS; i++) {
    read_keys();
    net_turns(i % 3);
    if (i % 2 == 0) {
      CHECK_EQ(uv_read_stop((uv_stream_t*) &tty), 0);
      may_read = 0;
      net_turns(1);
    } else {
      uv_close((uv_handle_t*) &tty, net_count_close);
      may_read = 0;
      net_turns(1); /* which waits for nothing, least of all for a key */
      CHECK_EQ(net_closed, (i + 1) / 2);
      open_tty(&tty, mode);
    }
  }
  read_keys();
  while (read_bytes < TYPED) {
    CHECK(uv_run(net_loop(), UV_RUN_ONCE) != 0);
  }
  test_thread_join(typist);
  CHECK_EQ(read_bytes, TYPED);
  end();
}

TEST(y3_stop_and_close_while_typing_raw) {
  stop_and_close(UV_TTY_MODE_RAW);
}

TEST(y3_stop_and_close_while_typing_lines) {
  stop_and_close(UV_TTY_MODE_NORMAL);
}

/* ---- Two at once ---- */

static uv_tty_t second;

static void alloc_little(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  static char bytes[LINE];

  (void) handle;
  (void) suggested_size;
  *buf = uv_buf_init(bytes, sizeof bytes);
}

/* Both are in one loop, so that what they get comes in order; each byte comes once, to whichever of
 * them comes first, which may be the same one for long. The mode is the terminal's: who sets it
 * last sets it for both. */
static void share(uv_tty_mode_t mode) {
  struct test_thread* typist;

  begin(UV_TTY_MODE_NORMAL);
  open_tty(&second, mode);
  may_read = 1;
  CHECK_EQ(uv_read_start((uv_stream_t*) &tty, alloc_little, check_keys), 0);
  CHECK_EQ(uv_read_start((uv_stream_t*) &second, alloc_little, check_keys), 0);
  typist = test_thread_start(type_on, NULL);
  while (read_bytes < TYPED / 2) {
    CHECK(uv_run(net_loop(), UV_RUN_ONCE) != 0);
  }
  net_close((uv_handle_t*) &tty);
  while (read_bytes < TYPED) {
    CHECK(uv_run(net_loop(), UV_RUN_ONCE) != 0);
  }
  test_thread_join(typist);
  CHECK_EQ(read_bytes, TYPED);
  end();
}

TEST(y3_two_readers_of_lines) {
  share(UV_TTY_MODE_NORMAL);
}

TEST(y3_two_readers_of_keys) {
  share(UV_TTY_MODE_RAW);
}
