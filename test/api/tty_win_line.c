/* Lines of the Windows console that are longer than what is at hand: than the screen has rows left, than the
 * console, or a buffer, takes; and what is in its queue and is no key. Each test is in a child with a
 * console of its own. */
#include <fcntl.h>
#include <io.h>
#include <string.h>

#include "console.h"
#include "harness.h"
#include "net.h"
#include "uv.h"

enum {
  LONG_LINE = 5000 /* keys; the library asks for 4096 at a time */
};

static uv_tty_t tty;
static HANDLE keyboard;
static HANDLE screen;
static char got[2 * LONG_LINE];
static int got_length;

static void open_tty(void) {
  int fd = console_open_file("CONIN$");

  CHECK_EQ(uv_tty_init(net_loop(), &tty, fd, 0), 0);
  CHECK_EQ(_close(fd), 0);
}

static void begin(void) {
  keyboard = console_open("CONIN$");
  screen = console_open("CONOUT$");
  open_tty();
}

static void finish(void) {
  net_end();
  CloseHandle(keyboard);
  CloseHandle(screen);
}

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  CHECK(nread >= 0);
  CHECK(got_length + nread < (ssize_t) sizeof got);
  memcpy(got + got_length, buf->base, (size_t) nread);
  got_length += (int) nread;
  got[got_length] = '\0';
}

static void expect(const char* text) {
  net_until(&got_length, (int) strlen(text));
  CHECK_STR(got, text);
  got_length = 0;
  got[0] = '\0';
}

static void start(void) {
  CHECK_EQ(uv_read_start((uv_stream_t*) &tty, net_alloc, on_read), 0);
}

static void stop(void) {
  CHECK_EQ(uv_read_stop((uv_stream_t*) &tty), 0);
}

static void until_taken(void) {
  while (console_waiting(keyboard) > 0)
    net_turns(1);
}

/* ---- The end of the screen ---- */

static CONSOLE_SCREEN_BUFFER_INFO look(void) {
  CONSOLE_SCREEN_BUFFER_INFO info;

  CHECK(GetConsoleScreenBufferInfo(screen, &info));
  return info;
}

static void put_cursor(int column, int row) {
  COORD at;

  at.X = (SHORT) column;
  at.Y = (SHORT) row;
  CHECK(SetConsoleCursorPosition(screen, at));
}

/* Until the reader has come back and put the cursor where the line began. */
static void until_cursor(int column, int row) {
  CONSOLE_SCREEN_BUFFER_INFO info;

  do {
    net_turns(1);
    info = look();
  } while (info.dwCursorPosition.X != column || info.dwCursorPosition.Y != row);
}

/* The Enter that ends the call moves the screen. Who reads next shows what was typed once more, in its
 * place, which is a row higher then. */
TEST(y3_tty_win_half_a_line_in_the_last_row) {
  int last;

  if (!console_child("y3_tty_win_half_a_line_in_the_last_row"))
    return;
  begin();
  last = look().dwSize.Y - 1;
  put_cursor(0, last);
  start();
  console_type(keyboard, "ab");
  until_taken();
  stop();
  until_cursor(0, last - 1);
  start();
  console_type(keyboard, "c\r");
  expect("abc\r\n");
  console_expect(screen, last - 1, L"abc ");
  console_expect(screen, last, L"    ");
  finish();
}

/* Showing it has moved the screen already: by as much as it is too long. */
TEST(y3_tty_win_half_a_line_moves_the_screen) {
  CONSOLE_SCREEN_BUFFER_INFO info;
  char line[512];
  int columns;
  int count;
  int i;

  if (!console_child("y3_tty_win_half_a_line_moves_the_screen"))
    return;
  begin();
  info = look();
  columns = info.dwSize.X;
  count = columns + 20; /* Its last row is the third. */
  CHECK(count + 4 < (int) sizeof line);
  for (i = 0; i < count; i++)
    line[i] = (char) ('a' + i % 26);
  line[count] = '\0';
  put_cursor(columns - 10, info.dwSize.Y - 1);
  start();
  console_type(keyboard, line);
  until_taken();
  stop();
  until_cursor(columns - 10, info.dwSize.Y - 4);
  start();
  console_type(keyboard, "\r");
  memcpy(line + count, "\r\n", 3);
  expect(line);
  finish();
}

/* A character can be two columns wide. The line began no further back than where its call did. */
TEST(y3_tty_win_half_a_line_of_wide_characters) {
  if (!console_child("y3_tty_win_half_a_line_of_wide_characters"))
    return;
  begin();
  put_cursor(4, 2);
  start();
  console_press(keyboard, 0, 0x4E2D, 1, 0);
  console_press(keyboard, 0, 0x6587, 1, 0);
  until_taken();
  stop();
  until_cursor(4, 2);
  start();
  console_type(keyboard, "c\r");
  expect("\xE4\xB8\xAD\xE6\x96\x87"
         "c\r\n");
  finish();
}

/* ---- More than one call takes ---- */

/* Newer consoles take lines of any length and hand them out in pieces, older ones no more than the call has
 * room for. Either way nothing is missing in the middle, and the next line is the next one. */
TEST(y3_tty_win_line_of_many_calls) {
  INPUT_RECORD records[100];
  DWORD written;
  int i;
  int end;

  if (!console_child("y3_tty_win_line_of_many_calls"))
    return;
  begin();
  start();
  memset(records, 0, sizeof records);
  for (i = 0; i < LONG_LINE; i++) {
    INPUT_RECORD* record = &records[i % 100];
    record->EventType = KEY_EVENT;
    record->Event.KeyEvent.bKeyDown = TRUE;
    record->Event.KeyEvent.wRepeatCount = 1;
    record->Event.KeyEvent.uChar.UnicodeChar = (WCHAR) ('a' + i % 26);
    if (i % 100 == 99)
      CHECK(WriteConsoleInputW(keyboard, records, 100, &written));
  }
  console_type(keyboard, "\r");
  while (strchr(got, '\n') == NULL)
    net_turns(1);
  end = (int) (strchr(got, '\r') - got);
  CHECK_EQ(got_length, end + 2);
  CHECK(end > 4000 && end <= LONG_LINE);
  for (i = 0; i < end; i++)
    CHECK_EQ(got[i], 'a' + i % 26);
  got_length = 0;
  console_type(keyboard, "next\r");
  expect("next\r\n");
  finish();
}

/* ---- What is no key ---- */

static void type_records(WORD what) {
  INPUT_RECORD records[70]; /* more than are looked at at once */
  DWORD written;
  int i;

  memset(records, 0, sizeof records);
  for (i = 0; i < 70; i++)
    records[i].EventType = what;
  CHECK(WriteConsoleInputW(keyboard, records, 70, &written));
}

/* The mouse, the focus, a menu: they come to all who read, and mean nothing to this one. */
TEST(y4_tty_win_only_keys_are_text) {
  static const WORD kinds[] = {MOUSE_EVENT, FOCUS_EVENT, MENU_EVENT, WINDOW_BUFFER_SIZE_EVENT};
  size_t i;

  if (!console_child("y4_tty_win_only_keys_are_text"))
    return;
  begin();
  for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    CHECK_EQ(uv_tty_set_mode(&tty, UV_TTY_MODE_RAW), 0);
    type_records(kinds[i]);
    start();
    type_records(kinds[i]);
    until_taken();
    console_type(keyboard, "k");
    type_records(kinds[i]);
    expect("k");
    until_taken();
    CHECK_EQ(uv_tty_set_mode(&tty, UV_TTY_MODE_NORMAL), 0);
    type_records(kinds[i]);
    until_taken();
    console_type(keyboard, "li");
    type_records(kinds[i]);
    console_type(keyboard, "ne\r");
    expect("line\r\n");
    stop();
  }
  net_turns(10);
  CHECK_EQ(got_length, 0);
  finish();
}

/* Keys that are there when a reader of keys begins, more than its buffer takes: each comes once. */
TEST(y3_tty_win_keys_that_were_typed_before) {
  int i;

  if (!console_child("y3_tty_win_keys_that_were_typed_before"))
    return;
  begin();
  CHECK_EQ(uv_tty_set_mode(&tty, UV_TTY_MODE_RAW), 0);
  for (i = 0; i < 200; i++)
    console_press(keyboard, 'A', (WCHAR) ('a' + i % 26), 1, 0);
  console_press(keyboard, 'X', 'x', 1000, 0);
  start();
  net_until(&got_length, 1200);
  CHECK_EQ(got_length, 1200);
  for (i = 0; i < 200; i++)
    CHECK_EQ(got[i], 'a' + i % 26);
  for (; i < 1200; i++)
    CHECK_EQ(got[i], 'x');
  finish();
}
