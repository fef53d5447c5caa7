/* Sequences on the console of Windows: those that keys become, which the console makes when it is asked to
 * and the library otherwise, and those that are written, for which each screen has a mode. Each test is in
 * a child with a console of its own. */
#include <fcntl.h>
#include <io.h>
#include <string.h>

#include "console.h"
#include "import.h"
#include "net.h"
#include "uv.h"

enum {
  CTRL = LEFT_CTRL_PRESSED,
  ALT = LEFT_ALT_PRESSED,
  SHIFT = SHIFT_PRESSED
};

static uv_tty_t tty;
static uv_tty_t other;
static HANDLE keyboard;
static HANDLE screen;
static char got[8192];
static int got_length;

static void begin(void) {
  keyboard = console_open("CONIN$");
  screen = console_open("CONOUT$");
}

static void finish(void) {
  net_end();
  CloseHandle(keyboard);
  CloseHandle(screen);
}

static void open_handle(uv_tty_t* to, HANDLE handle) {
  int fd = _open_osfhandle((intptr_t) handle, _O_RDWR);

  CHECK(fd >= 0);
  CHECK_EQ(uv_tty_init(net_loop(), to, fd, 0), 0);
  CHECK_EQ(_close(fd), 0);
}

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  CHECK(nread >= 0);
  CHECK(got_length + nread < (ssize_t) sizeof got);
  memcpy(got + got_length, buf->base, (size_t) nread);
  got_length += (int) nread;
  if (stream->data != NULL) /* One byte was enough. */
    CHECK_EQ(uv_read_stop(stream), 0);
}

static void on_alloc_one(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  static char byte;

  (void) suggested_size;
  handle->data = &byte;
  *buf = uv_buf_init(&byte, 1);
}

static void expect(const char* bytes, int count) {
  net_until(&got_length, count);
  CHECK_EQ(got_length, count);
  CHECK(memcmp(got, bytes, (size_t) count) == 0);
  got_length = 0;
}

static void start(uv_tty_t* who) {
  CHECK_EQ(uv_read_start((uv_stream_t*) who, net_alloc, on_read), 0);
}

static void until_taken(void) {
  while (console_waiting(keyboard) > 0)
    net_turns(1);
}

/* ---- Keys ---- */

/* As xterm has them, whoever makes them. */
static const struct {
  WORD code;
  WCHAR unit;
  DWORD control;
  const char* bytes;
  int count;
} keys[] = {
    {'A', 'a', 0, "a", 1},
    {VK_RETURN, '\r', 0, "\r", 1},
    {VK_ESCAPE, 0x1B, 0, "\x1B", 1},
    {VK_TAB, '\t', 0, "\t", 1},
    {VK_TAB, '\t', SHIFT, "\x1B[Z", 3},
    {VK_BACK, 8, 0, "\x7F", 1},
    {VK_BACK, 0x7F, CTRL, "\x08", 1},
    {VK_BACK, 8, ALT, "\x1B\x7F", 2},
    {VK_UP, 0, ENHANCED_KEY, "\x1B[A", 3},
    {VK_LEFT, 0, ENHANCED_KEY | CTRL, "\x1B[1;5D", 6},
    {VK_HOME, 0, ENHANCED_KEY | SHIFT | ALT, "\x1B[1;4H", 6},
    {VK_DELETE, 0, ENHANCED_KEY, "\x1B[3~", 4},
    {VK_NEXT, 0, ENHANCED_KEY | SHIFT | CTRL, "\x1B[6;6~", 6},
    {VK_F1, 0, 0, "\x1BOP", 3},
    {VK_F1, 0, SHIFT, "\x1B[1;2P", 6},
    {VK_F1 + 4, 0, 0, "\x1B[15~", 5},
    {VK_F12, 0, CTRL | ALT | SHIFT, "\x1B[24;8~", 7},
    {'C', 3, CTRL, "\x03", 1},
    {VK_SPACE, ' ', CTRL, "\0", 1},
    {'2', 0, CTRL, "\0", 1},
    {'6', 0, CTRL, "\x1E", 1},
    {'B', 'b', ALT,
     "\x1B"
     "b",
     2},
    {'E', 0x20AC, RIGHT_ALT_PRESSED | CTRL, "\xE2\x82\xAC", 3},
    {'Q', '@', RIGHT_ALT_PRESSED | CTRL, "@", 1},
    {VK_SHIFT, 0, SHIFT, "", 0},
};

static void press_keys(int mode) {
  size_t i;

  CHECK_EQ(uv_tty_set_mode(&tty, (uv_tty_mode_t) mode), 0);
  for (i = 0; i < sizeof keys / sizeof keys[0]; i++) {
    console_press(keyboard, keys[i].code, keys[i].unit, 1, keys[i].control);
    expect(keys[i].bytes, keys[i].count);
  }
  console_press(keyboard, 0, 0xD83D, 1, 0);
  console_press(keyboard, 0, 0xDE00, 1, 0);
  expect("\xF0\x9F\x98\x80", 4);
}

TEST(y4_tty_win_sequences_of_the_console_are_ours) {
  if (!console_child("y4_tty_win_sequences_of_the_console_are_ours"))
    return;
  begin();
  open_handle(&tty, console_open("CONIN$"));
  start(&tty);
  press_keys(UV_TTY_MODE_RAW);
  press_keys(UV_TTY_MODE_RAW_VT);
  press_keys(UV_TTY_MODE_RAW);
  finish();
}

/* Alt and digits of the number pad, with its lock and without, make a character when Alt goes up. */
TEST(y4_tty_win_alt_code_is_one_character) {
  INPUT_RECORD record;
  DWORD written;

  if (!console_child("y4_tty_win_alt_code_is_one_character"))
    return;
  begin();
  open_handle(&tty, console_open("CONIN$"));
  CHECK_EQ(uv_tty_set_mode(&tty, UV_TTY_MODE_RAW), 0);
  start(&tty);
  console_press(keyboard, VK_NUMPAD0 + 1, '1', 1, ALT);
  console_press(keyboard, VK_END, 0, 1, ALT);
  console_press(keyboard, VK_NUMPAD9, '9', 1, ALT | CTRL); /* no digit of one */
  memset(&record, 0, sizeof record);
  record.EventType = KEY_EVENT;
  record.Event.KeyEvent.wRepeatCount = 1;
  record.Event.KeyEvent.wVirtualKeyCode = VK_MENU;
  record.Event.KeyEvent.uChar.UnicodeChar = 0xE4;
  CHECK(WriteConsoleInputW(keyboard, &record, 1, &written));
  expect("\x1B"
         "9\xC3\xA4",
         4);
  finish();
}

/* ---- What goes back while the console makes sequences ---- */

/* Each record would become another one, or several: keys that count would be one, and the marks of what is
 * put back would not be found. */
TEST(y3_tty_win_rest_goes_back_as_it_was_typed) {
  if (!console_child("y3_tty_win_rest_goes_back_as_it_was_typed"))
    return;
  begin();
  open_handle(&tty, console_open("CONIN$"));
  open_handle(&other, console_open("CONIN$"));
  CHECK_EQ(uv_read_start((uv_stream_t*) &tty, on_alloc_one, on_read), 0);
  console_type(keyboard, "line\r");
  net_until(&got_length, 1);
  console_press(keyboard, VK_UP, 0, 3, ENHANCED_KEY);
  expect("l", 1);
  CHECK_EQ(uv_tty_set_mode(&other, UV_TTY_MODE_RAW_VT), 0);
  net_close((uv_handle_t*) &tty);
  start(&other);
  expect("ine\r\x1B[A\x1B[A\x1B[A", 13);
  net_turns(10);
  CHECK_EQ(got_length, 0);
  finish();
}

/* Somebody left it on. A stop loses no line, and brings none a second time. */
TEST(y3_tty_win_lines_while_sequences_were_found_on) {
  int i;
  int k;

  if (!console_child("y3_tty_win_lines_while_sequences_were_found_on"))
    return;
  begin();
  CHECK(SetConsoleMode(keyboard, console_mode(keyboard) | ENABLE_VIRTUAL_TERMINAL_INPUT));
  open_handle(&tty, console_open("CONIN$"));
  for (i = 0; i < 200; i++) {
    start(&tty);
    console_type(keyboard, "a");
    if (i % 2 == 0)
      until_taken();
    console_type(keyboard, i % 3 == 0 ? "b\r" : "b");
    for (k = 0; k < i % 8; k++) /* The reader gets on, here or there. */
      (void) console_waiting(keyboard);
    CHECK_EQ(uv_read_stop((uv_stream_t*) &tty), 0);
    if (i % 3 != 0)
      console_type(keyboard, "\r");
    start(&tty);
    expect("ab\r\n", 4);
    CHECK_EQ(uv_read_stop((uv_stream_t*) &tty), 0);
  }
  net_turns(10);
  CHECK_EQ(got_length, 0);
  CHECK(console_mode(keyboard) & ENABLE_VIRTUAL_TERMINAL_INPUT);
  finish();
}

/* ---- A console that knows no sequences ---- */

IMPORTED(SetConsoleMode)

typedef BOOL(WINAPI* set_fn)(HANDLE handle, DWORD mode);
static set_fn set_mode;
static int refusals;

/* Of the two directions the same bit is another mode, so that it is asked which one this is. */
static BOOL WINAPI set_old_mode(HANDLE handle, DWORD mode) {
  DWORD count;
  DWORD vt = GetNumberOfConsoleInputEvents(handle, &count) ? ENABLE_VIRTUAL_TERMINAL_INPUT
                                                           : ENABLE_VIRTUAL_TERMINAL_PROCESSING;

  if (!(mode & vt))
    return set_mode(handle, mode);
  refusals++;
  SetLastError(ERROR_INVALID_PARAMETER);
  return FALSE;
}

TEST(y4_tty_win_console_that_makes_no_sequences) {
  uv_tty_vtermstate_t state;

  if (!console_child("y4_tty_win_console_that_makes_no_sequences"))
    return;
  set_mode = (set_fn) import_replace(IMPORT(SetConsoleMode), (import_function) set_old_mode);
  begin();
  CHECK(set_mode(screen, console_mode(screen) & ~(DWORD) ENABLE_VIRTUAL_TERMINAL_PROCESSING));
  CHECK_EQ(uv_tty_get_vterm_state(&state), 0);
  CHECK_EQ(state, UV_TTY_UNSUPPORTED);
  open_handle(&tty, console_open("CONIN$"));
  refusals = 0;
  start(&tty);
  press_keys(UV_TTY_MODE_RAW_VT);
  CHECK(refusals > 0);
  open_handle(&other, console_open("CONOUT$")); /* one to write to, all the same */
  CHECK_EQ(uv_tty_set_mode(&other, UV_TTY_MODE_RAW), 0);
  CHECK_EQ(uv_tty_set_mode(&other, UV_TTY_MODE_IO), UV_ENOTSUP);
  CHECK_EQ(console_mode(screen) & ENABLE_VIRTUAL_TERMINAL_PROCESSING, 0);
  finish();
}

/* ---- Screens ---- */

static void on_write(uv_write_t* req, int status) {
  CHECK_EQ(status, 0);
  *(int*) req->data = 1;
}

static void write_text(uv_tty_t* to, const char* text) {
  uv_buf_t buf = uv_buf_init((char*) text, (unsigned) strlen(text));
  uv_write_t req;
  int wrote = 0;

  req.data = &wrote;
  CHECK_EQ(uv_write(&req, (uv_stream_t*) to, &buf, 1, on_write), 0);
  net_until(&wrote, 1);
}

TEST(y2_tty_win_screens_have_modes_of_their_own) {
  COORD origin = {0, 0};
  uv_tty_vtermstate_t state;
  HANDLE second;
  DWORD modes[2];
  int size[2];

  if (!console_child("y2_tty_win_screens_have_modes_of_their_own"))
    return;
  begin();
  second =
      CreateConsoleScreenBuffer(GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
                                NULL, CONSOLE_TEXTMODE_BUFFER, NULL);
  CHECK(second != INVALID_HANDLE_VALUE);
  modes[0] = console_mode(screen) & ~(DWORD) ENABLE_VIRTUAL_TERMINAL_PROCESSING;
  modes[1] = console_mode(second) & ~(DWORD) ENABLE_VIRTUAL_TERMINAL_PROCESSING;
  CHECK(SetConsoleMode(screen, modes[0]));
  CHECK(SetConsoleMode(second, modes[1]));
  CHECK(SetConsoleCursorPosition(screen, origin));
  CHECK(WriteConsoleW(screen, L"first", 5, NULL, NULL));
  open_handle(&tty, second);
  second = console_open("CONOUT$"); /* shows the first */
  CloseHandle(second);
  CHECK_EQ(uv_fileno((uv_handle_t*) &tty, (uv_os_fd_t*) &second), 0);
  CHECK_EQ(console_mode(second), modes[1] | ENABLE_VIRTUAL_TERMINAL_PROCESSING);
  CHECK_EQ(console_mode(screen), modes[0]);
  write_text(&tty, "second");
  console_expect(screen, 0, L"first ");
  console_expect(second, 0, L"second");
  CHECK(SetConsoleActiveScreenBuffer(second));
  CHECK_EQ(uv_tty_get_winsize(&tty, &size[0], &size[1]), 0);
  CHECK_EQ(uv_tty_get_vterm_state(&state), 0);
  CHECK_EQ(state, UV_TTY_SUPPORTED);
  CHECK_EQ(uv_tty_reset_mode(), 0);
  CHECK_EQ(console_mode(second), modes[1]);
  CHECK(SetConsoleActiveScreenBuffer(screen));
  net_close((uv_handle_t*) &tty);
  CHECK_EQ(console_mode(screen), modes[0]);
  finish();
}

/* A program that writes no sequences says so, and the mode stays as it is. */
TEST(y2_tty_win_sequences_that_nobody_writes) {
  uv_tty_vtermstate_t state;
  DWORD before;

  if (!console_child("y2_tty_win_sequences_that_nobody_writes"))
    return;
  begin();
  before = console_mode(screen) & ~(DWORD) ENABLE_VIRTUAL_TERMINAL_PROCESSING;
  CHECK(SetConsoleMode(screen, before));
  CHECK_EQ(uv_tty_get_vterm_state(NULL), UV_EINVAL);
  uv_tty_set_vterm_state(UV_TTY_UNSUPPORTED);
  CHECK_EQ(uv_tty_get_vterm_state(&state), 0);
  CHECK_EQ(state, UV_TTY_UNSUPPORTED);
  open_handle(&tty, console_open("CONOUT$"));
  CHECK_EQ(console_mode(screen), before);
  net_close((uv_handle_t*) &tty);
  CHECK_EQ(console_mode(screen), before);
  uv_tty_set_vterm_state(UV_TTY_SUPPORTED);
  open_handle(&tty, console_open("CONOUT$"));
  CHECK_EQ(console_mode(screen), before | ENABLE_VIRTUAL_TERMINAL_PROCESSING);
  finish();
}
