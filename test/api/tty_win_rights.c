/* Consoles of Windows as programs may come by them: a handle that may only be read or only be written, a
 * mode that somebody else has chosen, output that is suspended. Each test is in a child with a console
 * of its own. */
#include <fcntl.h>
#include <io.h>
#include <string.h>

#include "console.h"
#include "import.h"
#include "net.h"
#include "uv.h"

static uv_tty_t tty;
static HANDLE keyboard;
static HANDLE screen;
static char got[256];
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

static void open_tty(const char* name, DWORD access) {
  HANDLE handle =
      CreateFileA(name, access, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
  int fd = _open_osfhandle((intptr_t) handle, 0);

  CHECK(fd >= 0);
  CHECK_EQ(uv_guess_handle(fd), UV_TTY);
  CHECK_EQ(uv_tty_init(net_loop(), &tty, fd, 0), 0);
  CHECK_EQ(_close(fd), 0);
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
}

static void start(void) {
  CHECK_EQ(uv_read_start((uv_stream_t*) &tty, net_alloc, on_read), 0);
}

/* The console has taken all into its line. */
static void until_taken(void) {
  while (console_waiting(keyboard) > 0)
    net_turns(1);
}

/* ---- Rights ---- */

TEST(y3_tty_win_that_may_only_be_read) {
  DWORD before;

  if (!console_child("y3_tty_win_that_may_only_be_read"))
    return;
  begin();
  before = console_mode(keyboard);
  open_tty("CONIN$", GENERIC_READ);
  start();
  console_type(keyboard, "ab");
  until_taken();
  CHECK_EQ(uv_tty_set_mode(&tty, UV_TTY_MODE_RAW), 0);
  expect("ab");
  CHECK_EQ(console_mode(keyboard) & ENABLE_LINE_INPUT, 0);
  CHECK_EQ(uv_tty_set_mode(&tty, UV_TTY_MODE_NORMAL), 0);
  console_type(keyboard, "cd");
  until_taken();
  CHECK_EQ(uv_read_stop((uv_stream_t*) &tty), 0);
  net_close((uv_handle_t*) &tty);
  CHECK_EQ(console_mode(keyboard), before);
  open_tty("CONIN$", GENERIC_READ);
  start();
  console_type(keyboard, "e\r");
  expect("cde\r\n");
  finish();
}

static void on_write(uv_write_t* req, int status) {
  CHECK_EQ(status, 0);
  *(int*) req->data = 1;
}

/* As freopen("CONOUT$", "w") has it. */
TEST(y1_tty_win_that_may_only_be_written) {
  uv_buf_t buf = uv_buf_init((char*) "seen", 4);
  COORD origin = {0, 0};
  uv_write_t req;
  int wrote = 0;
  int width;
  int height;
  DWORD before;

  if (!console_child("y1_tty_win_that_may_only_be_written"))
    return;
  begin();
  before = console_mode(screen);
  CHECK(SetConsoleCursorPosition(screen, origin));
  open_tty("CONOUT$", GENERIC_WRITE);
  CHECK_EQ(uv_is_writable((uv_stream_t*) &tty), 1);
  CHECK_EQ(uv_is_readable((uv_stream_t*) &tty), 0);
  CHECK(console_mode(screen) & ENABLE_VIRTUAL_TERMINAL_PROCESSING);
  CHECK_EQ(uv_tty_get_winsize(&tty, &width, &height), 0);
  req.data = &wrote;
  CHECK_EQ(uv_write(&req, (uv_stream_t*) &tty, &buf, 1, on_write), 0);
  net_until(&wrote, 1);
  console_expect(screen, 0, L"seen");
  net_close((uv_handle_t*) &tty);
  CHECK_EQ(console_mode(screen), before);
  finish();
}

/* ---- Modes ---- */

/* Lines and sequences for keys do not go together. */
TEST(y2_tty_win_normal_mode_has_no_vt_input) {
  DWORD before;

  if (!console_child("y2_tty_win_normal_mode_has_no_vt_input"))
    return;
  begin();
  CHECK(SetConsoleMode(keyboard, console_mode(keyboard) | ENABLE_VIRTUAL_TERMINAL_INPUT));
  before = console_mode(keyboard);
  CHECK(before & ENABLE_VIRTUAL_TERMINAL_INPUT);
  open_tty("CONIN$", GENERIC_READ | GENERIC_WRITE);
  CHECK_EQ(uv_tty_set_mode(&tty, UV_TTY_MODE_RAW), 0);
  CHECK_EQ(uv_tty_set_mode(&tty, UV_TTY_MODE_NORMAL), 0);
  CHECK_EQ(console_mode(keyboard) & ENABLE_VIRTUAL_TERMINAL_INPUT, 0);
  CHECK(console_mode(keyboard) & ENABLE_LINE_INPUT);
  net_close((uv_handle_t*) &tty);
  CHECK_EQ(console_mode(keyboard), before);
  finish();
}

/* ---- What the library types ---- */

IMPORTED(WriteConsoleInputW)

typedef BOOL(WINAPI* type_fn)(HANDLE h, const INPUT_RECORD* records, DWORD count, DWORD* written);
static type_fn type;
static volatile LONG calls;
static volatile LONG suspends; /* before each call, as somebody who holds Ctrl+S does */

static BOOL WINAPI type_suspended(HANDLE h,
                                  const INPUT_RECORD* records,
                                  DWORD count,
                                  DWORD* written) {
  INPUT_RECORD left[8192];
  DWORD kept = 0;
  DWORD i;
  BOOL done;
  LONG is_suspended = InterlockedCompareExchange(&suspends, 0, 0);

  InterlockedIncrement(&calls);
  CHECK(count <= sizeof left / sizeof left[0]);
  for (i = 0; i < count; i++) {
    const KEY_EVENT_RECORD* key = &records[i].Event.KeyEvent;
    int resumes = is_suspended && records[i].EventType == KEY_EVENT && key->bKeyDown &&
                  key->wVirtualKeyCode != VK_SHIFT && key->wVirtualKeyCode != VK_CONTROL &&
                  key->wVirtualKeyCode != VK_MENU;

    if (resumes) /* and is lost */
      is_suspended = 0;
    else
      left[kept++] = records[i];
  }
  done = kept == 0 || type(h, left, kept, written);
  *written = count;
  return done;
}

static void replace_typing(void) {
  type = (type_fn) import_replace(IMPORT(WriteConsoleInputW), (import_function) type_suspended);
}

static void type_by_hand(const char* text) {
  InterlockedExchange(&suspends, 0);
  console_type(keyboard, text);
  InterlockedExchange(&suspends, 1);
}

/* A key that goes down while output is suspended resumes it, and nothing else. Neither our Enter nor
 * what goes back into the console may be that key. */
TEST(y3_tty_win_stop_while_output_is_suspended) {
  int i;

  if (!console_child("y3_tty_win_stop_while_output_is_suspended"))
    return;
  replace_typing();
  begin();
  open_tty("CONIN$", GENERIC_READ | GENERIC_WRITE);
  for (i = 0; i < 20; i++) {
    start();
    type_by_hand("ab");
    until_taken();
    CHECK_EQ(uv_read_stop((uv_stream_t*) &tty), 0);
    if (i % 2 == 0) {
      net_close((uv_handle_t*) &tty);
      open_tty("CONIN$", GENERIC_READ | GENERIC_WRITE);
    }
    start();
    type_by_hand("c\r");
    expect("abc\r\n");
    CHECK_EQ(uv_read_stop((uv_stream_t*) &tty), 0);
  }
  finish();
}

static volatile LONG is_typed_between;

/* Somebody is faster than what goes back into the console. */
static BOOL WINAPI type_between(HANDLE h,
                                const INPUT_RECORD* records,
                                DWORD count,
                                DWORD* written) {
  if (count > 2 && InterlockedExchange(&is_typed_between, 1) == 0)
    console_type(keyboard, "c");
  return type(h, records, count, written);
}

TEST(y3_tty_win_key_typed_while_others_go_back_is_behind_them) {
  if (!console_child("y3_tty_win_key_typed_while_others_go_back_is_behind_them"))
    return;
  type = (type_fn) import_replace(IMPORT(WriteConsoleInputW), (import_function) type_between);
  begin();
  open_tty("CONIN$", GENERIC_READ | GENERIC_WRITE);
  start();
  console_type(keyboard, "ab");
  until_taken();
  CHECK_EQ(uv_read_stop((uv_stream_t*) &tty), 0);
  while (!InterlockedCompareExchange(&is_typed_between, 0, 0)) /* The stop ends on a thread. */
    net_turns(1);
  start();
  console_type(keyboard, "d\r");
  expect("abcd\r\n");
  finish();
}

/* A prompt at which nobody has typed is left without a key. */
TEST(y3_tty_win_idle_reader_types_nothing) {
  int i;

  if (!console_child("y3_tty_win_idle_reader_types_nothing"))
    return;
  replace_typing();
  begin();
  open_tty("CONIN$", GENERIC_READ | GENERIC_WRITE);
  for (i = 0; i < 50; i++) {
    start();
    net_turns(i % 3);
    CHECK_EQ(uv_read_stop((uv_stream_t*) &tty), 0);
    net_turns(i % 2);
    if (i % 5 == 0) {
      start();
      net_close((uv_handle_t*) &tty);
      open_tty("CONIN$", GENERIC_READ | GENERIC_WRITE);
    }
  }
  CHECK_EQ(calls, 0);
  start();
  console_type(keyboard, "line\r");
  expect("line\r\n");
  CHECK_EQ(calls, 5); /* Ours. */
  finish();
}

/* The Enter of a line goes up when the line has been read; that begins no other one. Nor does a key that
 * only changes what others mean. */
TEST(y3_tty_win_key_that_begins_no_line_is_none) {
  int typed;
  int i;

  if (!console_child("y3_tty_win_key_that_begins_no_line_is_none"))
    return;
  replace_typing();
  begin();
  open_tty("CONIN$", GENERIC_READ | GENERIC_WRITE);
  for (i = 0; i < 20; i++) {
    start();
    console_type(keyboard, "line\r");
    expect("line\r\n");
    console_press(keyboard, VK_SHIFT, 0, 1, SHIFT_PRESSED);
    until_taken();
    typed = (int) calls;
    CHECK_EQ(uv_read_stop((uv_stream_t*) &tty), 0);
    CHECK_EQ(calls, typed);
    if (i % 5 == 0) {
      net_close((uv_handle_t*) &tty);
      CHECK_EQ(calls, typed);
      open_tty("CONIN$", GENERIC_READ | GENERIC_WRITE);
    }
  }
  finish();
}
