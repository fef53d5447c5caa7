/* The Windows console, each test in a child with one of its own. What a console shows by itself,
 * the colours of VT sequences for example, is not looked at: Wine's shows none. */
#include <fcntl.h>
#include <io.h>
#include <signal.h>
#include <string.h>

#include "console.h"
#include "harness.h"
#include "net.h"
#include "uv.h"

enum {
  TIMES = 200
};

static uv_tty_t tty;
static HANDLE keyboard;
static HANDLE screen;
static char got[1024];
static int got_length;
static int wrote;

/* The console, and `tty` for one direction of it; the descriptor is given back at once, which
 * shows that it is not needed. */
static void begin(int output) {
  int fd;

  keyboard = console_open("CONIN$");
  screen = console_open("CONOUT$");
  fd = console_open_file(output ? "CONOUT$" : "CONIN$");
  CHECK_EQ(uv_guess_handle(fd), UV_TTY);
  CHECK_EQ(uv_tty_init(net_loop(), &tty, fd, 0), 0);
  CHECK_EQ(_close(fd), 0);
  CHECK_EQ(uv_is_readable((uv_stream_t*) &tty), !output);
  CHECK_EQ(uv_is_writable((uv_stream_t*) &tty), output);
}

static void finish(void) {
  if (!uv_is_closing((uv_handle_t*) &tty))
    uv_close((uv_handle_t*) &tty, NULL);
  net_end();
  CloseHandle(keyboard);
  CloseHandle(screen);
}

static void type(WORD code, WCHAR unit, WORD repeat, DWORD control) {
  console_press(keyboard, code, unit, repeat, control);
}

static void type_line(const char* text) {
  console_type(keyboard, text);
  console_type(keyboard, "\r");
}

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  CHECK(nread >= 0);
  CHECK(got_length + nread < (ssize_t) sizeof got);
  memcpy(got + got_length, buf->base, (size_t) nread);
  got_length += (int) nread;
  got[got_length] = '\0';
}

/* Waits for exactly that. */
static void expect(const char* text) {
  net_until(&got_length, (int) strlen(text));
  CHECK_STR(got, text);
  got_length = 0;
  got[0] = '\0';
}

static void start(void) {
  CHECK_EQ(uv_read_start((uv_stream_t*) &tty, net_alloc, on_read), 0);
}

TEST(y4_tty_win_raw_keys) {
  if (!console_child("y4_tty_win_raw_keys"))
    return;
  begin(0);
  CHECK_EQ(uv_tty_set_mode(&tty, UV_TTY_MODE_RAW), 0);
  start();
  type('A', 'a', 1, 0);
  expect("a");
  type(VK_UP, 0, 1, ENHANCED_KEY);
  type('X', 'x', 3, 0);
  type(0, 0xD83D, 1, 0);
  type(0, 0xDE00, 1, 0);
  type('E', 0x20AC, 1, RIGHT_ALT_PRESSED | LEFT_CTRL_PRESSED);
  type('B', 'b', 1, LEFT_ALT_PRESSED);
  type(VK_RETURN, '\r', 1, 0);
  expect("\x1B[Axxx\xF0\x9F\x98\x80\xE2\x82\xAC\x1B"
         "b\r");
  finish();
}

TEST(y1_tty_win_lines) {
  if (!console_child("y1_tty_win_lines"))
    return;
  begin(0);
  start();
  type_line("hello");
  expect("hello\r\n");
  type_line("again");
  expect("again\r\n");
  finish();
}

TEST(y3_tty_win_mode_changes_while_reading) {
  DWORD before;
  int i;

  if (!console_child("y3_tty_win_mode_changes_while_reading"))
    return;
  begin(0);
  before = console_mode(keyboard);
  start();
  CHECK_EQ(uv_tty_set_mode(&tty, UV_TTY_MODE_IO), UV_ENOTSUP);
  for (i = 0; i < 20; i++) {
    CHECK_EQ(uv_tty_set_mode(&tty, UV_TTY_MODE_RAW), 0);
    type('K', 'k', 1, 0);
    expect("k");
    CHECK_EQ(uv_tty_set_mode(&tty, UV_TTY_MODE_NORMAL), 0);
    type_line("line");
    expect("line\r\n");
  }
  CHECK_EQ(uv_tty_set_mode(&tty, UV_TTY_MODE_RAW), 0);
  type('K', 'k', 1, 0);
  expect("k");
  CHECK(console_mode(keyboard) != before);
  CHECK_EQ(uv_tty_reset_mode(), 0);
  CHECK_EQ(console_mode(keyboard), before);
  finish();
  CHECK_EQ(got_length, 0);
}

/* Both modes, again and again; the next reader finds nothing that nobody typed, and all that
 * somebody did. */
TEST(y3_tty_win_close_while_reading) {
  DWORD before;
  int i;

  if (!console_child("y3_tty_win_close_while_reading"))
    return;
  begin(0);
  before = console_mode(keyboard);
  for (i = 0; i < TIMES; i++) {
    CHECK_EQ(uv_tty_set_mode(&tty, i % 2 ? UV_TTY_MODE_RAW : UV_TTY_MODE_NORMAL), 0);
    start();
    if (i % 3 == 0)
      (void) uv_run(net_loop(), UV_RUN_NOWAIT);
    uv_close((uv_handle_t*) &tty, NULL);
    CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
    CHECK_EQ(console_waiting(keyboard), 0);
    CHECK_EQ(console_mode(keyboard), before);
    CloseHandle(keyboard);
    CloseHandle(screen);
    begin(0);
  }
  start();
  type_line("whole");
  expect("whole\r\n");
  finish();
}

TEST(y3_tty_win_stopped_reader_takes_no_keys_in_raw_mode) {
  if (!console_child("y3_tty_win_stopped_reader_takes_no_keys_in_raw_mode"))
    return;
  begin(0);
  CHECK_EQ(uv_tty_set_mode(&tty, UV_TTY_MODE_RAW), 0);
  start();
  (void) uv_run(net_loop(), UV_RUN_NOWAIT);
  CHECK_EQ(uv_read_stop((uv_stream_t*) &tty), 0);
  type('S', 's', 1, 0);
  (void) uv_run(net_loop(), UV_RUN_NOWAIT);
  CHECK_EQ(console_waiting(keyboard), 2);
  start();
  expect("s");
  finish();
}

/* Of a line that is not finished nothing is lost. */
TEST(y3_tty_win_half_a_line_is_the_next_readers) {
  int i;

  if (!console_child("y3_tty_win_half_a_line_is_the_next_readers"))
    return;
  begin(0);
  start();
  for (i = 0; i < 2; i++) {
    type('A', 'a', 1, 0);
    type('B', 'b', 1, 0);
    do { /* The console has taken it into its line. */
      (void) uv_run(net_loop(), UV_RUN_NOWAIT);
    } while (console_waiting(keyboard) > 0);
    if (i == 0) {
      CHECK_EQ(uv_tty_set_mode(&tty, UV_TTY_MODE_RAW), 0);
      expect("ab");
      CHECK_EQ(uv_tty_set_mode(&tty, UV_TTY_MODE_NORMAL), 0);
    }
  }
  uv_close((uv_handle_t*) &tty, NULL);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(got_length, 0);
  CloseHandle(keyboard);
  CloseHandle(screen);
  begin(0);
  start();
  type_line("c");
  expect("abc\r\n");
  finish();
}

static void on_write(uv_write_t* req, int status) {
  (void) req;
  CHECK_EQ(status, 0);
  wrote++;
}

static void write_bytes(const char* bytes, size_t length) {
  static uv_write_t req;
  uv_buf_t buf = uv_buf_init((char*) bytes, (unsigned) length);
  int before = wrote;

  CHECK_EQ(uv_write(&req, (uv_stream_t*) &tty, &buf, 1, on_write), 0);
  net_until(&wrote, before + 1);
}

/* Every byte in a write of its own. */
TEST(y4_tty_win_output_split_everywhere) {
  static const char text[] = "h\xC3\xA4\xE2\x82\xACs\xFFz";
  COORD origin = {0, 0};
  size_t i;

  if (!console_child("y4_tty_win_output_split_everywhere"))
    return;
  begin(1);
  CHECK(SetConsoleCursorPosition(screen, origin));
  for (i = 0; i < sizeof text - 1; i++)
    write_bytes(text + i, 1);
  console_expect(screen, 0, L"h\x00E4\x20ACs\xFFFDz");
  finish();
}

TEST(w6_tty_win_try_write_and_much) {
  static char much[200000];
  uv_buf_t buf = uv_buf_init((char*) "try", 3);
  COORD origin = {0, 0};
  size_t i;

  if (!console_child("w6_tty_win_try_write_and_much"))
    return;
  begin(1);
  for (i = 0; i < sizeof much; i++)
    much[i] = i % 50 == 49 ? '\n' : 'm';
  write_bytes(much, sizeof much);
  CHECK(SetConsoleCursorPosition(screen, origin));
  CHECK_EQ(uv_try_write((uv_stream_t*) &tty, &buf, 1), 3);
  write_bytes("!", 1);
  console_expect(screen, 0, L"try!");
  finish();
}

/* Whether that stands on the screen from the first column of the row on. */
static int shows(int row, const WCHAR* text) {
  WCHAR seen[32];
  COORD from = {0, (SHORT) row};
  DWORD length = (DWORD) wcslen(text);
  DWORD count;

  CHECK(length < sizeof seen / sizeof seen[0]);
  CHECK(ReadConsoleOutputCharacterW(screen, seen, length, from, &count));
  return count == length && memcmp(seen, text, length * sizeof *text) == 0;
}

/* The first line is with the helper when the others are written, in the same turn. A console that is
 * slow has them later than the close. */
TEST(l5_tty_win_lines_before_a_close_arrive) {
  static char lines[][8] = {"one\n", "two\n", "three\n", "four\n", "five\n"};
  static const WCHAR* const seen[] = {L"one", L"two", L"three", L"four", L"five"};
  COORD origin = {0, 0};
  uv_write_t reqs[5];
  int i;

  if (!console_child("l5_tty_win_lines_before_a_close_arrive"))
    return;
  begin(1);
  CHECK(SetConsoleCursorPosition(screen, origin));
  for (i = 0; i < 5; i++) {
    uv_buf_t buf = uv_buf_init(lines[i], (unsigned) strlen(lines[i]));
    CHECK_EQ(uv_write(&reqs[i], (uv_stream_t*) &tty, &buf, 1, on_write), 0);
  }
  uv_close((uv_handle_t*) &tty, NULL);
  memset(lines, 'x', sizeof lines); /* They are copied. */
  CHECK_EQ(wrote, 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(wrote, 5);
  for (i = 0; i < 5; i++)
    while (!shows(i, seen[i]))
      net_turns(1);
  finish();
}

TEST(y2_tty_win_output_mode_is_put_back) {
  uv_tty_vtermstate_t state;
  DWORD before;

  if (!console_child("y2_tty_win_output_mode_is_put_back"))
    return;
  screen = console_open("CONOUT$");
  before = console_mode(screen);
  CHECK_EQ(uv_tty_get_vterm_state(&state), 0);
  CHECK_EQ(console_mode(screen), before);
  CloseHandle(screen);
  begin(1);
  CHECK_EQ((console_mode(screen) & ENABLE_VIRTUAL_TERMINAL_PROCESSING) != 0,
           state == UV_TTY_SUPPORTED);
  uv_close((uv_handle_t*) &tty, NULL);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(console_mode(screen), before);
  finish();
}

static int resizes;

static void on_resize(uv_signal_t* handle, int signum) {
  CHECK_EQ(signum, SIGWINCH);
  CHECK_EQ(uv_signal_stop(handle), 0);
  resizes++;
}

TEST(y5_tty_win_resize) {
  static uv_signal_t watcher;
  SMALL_RECT window = {0, 0, 39, 11};
  int width;
  int height;

  if (!console_child("y5_tty_win_resize"))
    return;
  begin(1);
  CHECK_EQ(uv_tty_get_winsize(&tty, &width, &height), 0);
  CHECK(width != 40 || height != 12);
  CHECK_EQ(uv_signal_init(net_loop(), &watcher), 0);
  CHECK_EQ(uv_signal_start(&watcher, on_resize, SIGWINCH), 0);
  CHECK(SetConsoleWindowInfo(screen, TRUE, &window));
  net_until(&resizes, 1);
  CHECK_EQ(uv_tty_get_winsize(&tty, &width, &height), 0);
  CHECK_EQ(width, 40);
  CHECK_EQ(height, 12);
  finish();
}

static int times;

static void on_time(uv_timer_t* timer) {
  (void) timer;
  times++;
}

/* A look at the size that is under way when nobody watches any more is none of the next one's. */
TEST(y5_tty_win_resize_watched_off_and_on) {
  static uv_signal_t watcher;
  static uv_timer_t timer;
  SMALL_RECT window = {0, 0, 39, 11};
  int i;

  if (!console_child("y5_tty_win_resize_watched_off_and_on"))
    return;
  begin(1);
  CHECK_EQ(uv_signal_init(net_loop(), &watcher), 0);
  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  for (i = 1; i <= 24; i++) { /* The first look comes after 100 ms. */
    CHECK_EQ(uv_signal_start(&watcher, on_resize, SIGWINCH), 0);
    window.Right = (SHORT) (39 + i);
    CHECK(SetConsoleWindowInfo(screen, TRUE, &window));
    CHECK_EQ(uv_timer_start(&timer, on_time, 86 + (uint64_t) i, 0), 0);
    net_until(&times, i);
    CHECK_EQ(uv_signal_stop(&watcher), 0);
  }
  resizes = 0;
  CHECK_EQ(uv_signal_start(&watcher, on_resize, SIGWINCH), 0);
  window.Right = 75;
  CHECK(SetConsoleWindowInfo(screen, TRUE, &window));
  net_until(&resizes, 1);
  finish();
}

TEST(y1_tty_win_is_no_terminal) {
  CHECK_EQ(uv_guess_handle(-1), UV_UNKNOWN_HANDLE);
  CHECK_EQ(uv_guess_handle(1000), UV_UNKNOWN_HANDLE);
  CHECK_EQ(uv_tty_init(net_loop(), &tty, 1000, 0), UV_EINVAL);
  {
    int fd = _open("NUL", _O_RDWR);
    CHECK(fd >= 0);
    CHECK_EQ(uv_guess_handle(fd), UV_FILE);
    CHECK_EQ(uv_tty_init(net_loop(), &tty, fd, 0), UV_EINVAL);
    CHECK_EQ(_close(fd), 0);
  }
  CHECK_EQ(uv_tty_reset_mode(), 0);
  net_end();
}
