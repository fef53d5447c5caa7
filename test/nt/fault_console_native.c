/* Rule E1 for the console: a terminal that reads lines, keys and sequences, writes, asks for the size and
 * hears of its changes, while each call to the console fails once. Then the console is as it was found, and
 * what somebody typed is still there. */
#include <fcntl.h>
#include <io.h>
#include <signal.h>
#include <string.h>

#include "every.h"
#include "faults_native.h"
#include "harness.h"
#include "parts.h"

enum {
  MOMENT_MS = 50 /* after which somebody waits for the console, or it has taken what was typed */
};

static HANDLE keyboard;
static HANDLE screen;
static DWORD modes[2]; /* as they were found */
static uv_tty_t in;
static uv_tty_t out;
static uv_signal_t resized;
static uv_timer_t timer;
static uv_write_t req;
static char got[16];
static size_t got_bytes;
static int stage;

/* ---- The test's own calls, of which one may be the one that fails ---- */

#define INSIST(call)                  \
  do {                                \
    int tries;                        \
    for (tries = 0; !(call); tries++) \
      CHECK(tries < fault_times);     \
  } while (0)

static HANDLE open_end(const WCHAR* name) {
  HANDLE handle;

  INSIST((handle = CreateFileW(name, GENERIC_READ | GENERIC_WRITE,
                               FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL)) !=
         INVALID_HANDLE_VALUE);
  return handle;
}

static DWORD mode_of(HANDLE handle) {
  DWORD mode;

  INSIST(GetConsoleMode(handle, &mode));
  return mode;
}

static void press(WORD code, WCHAR unit) {
  INPUT_RECORD record;
  DWORD count;

  memset(&record, 0, sizeof(record));
  record.EventType = KEY_EVENT;
  record.Event.KeyEvent.bKeyDown = TRUE;
  record.Event.KeyEvent.wRepeatCount = 1;
  record.Event.KeyEvent.wVirtualKeyCode = code;
  record.Event.KeyEvent.uChar.UnicodeChar = unit;
  INSIST(WriteConsoleInputW(keyboard, &record, 1, &count));
}

static void type(const char* said) {
  for (; *said != 0; said++)
    press((WORD) *said, (WCHAR) *said);
}

/* What somebody typed and nobody has read. */
static void check_left(const char* said) {
  INPUT_RECORD records[32];
  DWORD count = 0;
  DWORD i;

  INSIST(PeekConsoleInputW(keyboard, records, 32, &count));
  for (i = 0; i < count; i++) {
    const KEY_EVENT_RECORD* key = &records[i].Event.KeyEvent;

    if (key->bKeyDown && key->uChar.UnicodeChar != 0)
      CHECK_EQ(key->uChar.UnicodeChar, *said++);
  }
  CHECK_EQ(*said, 0);
}

/* ---- The conversation ---- */

static int open_tty(uv_tty_t* tty, const WCHAR* name) {
  HANDLE handle = open_end(name);
  int done;
  int fd;

  INSIST((fd = _open_osfhandle((intptr_t) handle, _O_RDWR)) >= 0);
  done = went_on(uv_tty_init(scene, tty, fd, 0));
  CHECK_EQ(_close(fd), 0);
  return done;
}

/* What comes is exactly this, and then it is the next one's turn. */
static int has_come(const char* said) {
  size_t size = strlen(said);

  CHECK(got_bytes <= size && memcmp(got, said, got_bytes) == 0);
  if (got_bytes < size)
    return 0;
  got_bytes = 0;
  stage++;
  return 1;
}

static void end_of_conversation(uv_timer_t* handle) {
  stage = 4;
  (void) uv_read_stop((uv_stream_t*) &in);
  close_quietly((uv_handle_t*) &in);
  close_quietly((uv_handle_t*) &out);
  close_quietly((uv_handle_t*) &resized);
  close_quietly((uv_handle_t*) handle);
}

static void type_later(uv_timer_t* handle) {
  if (stage == 1)
    type("k");
  else
    press(VK_UP, 0);
  (void) handle;
}

static void after_a_moment(uv_timer_cb what) {
  CHECK_EQ(uv_timer_start(&timer, what, MOMENT_MS, 0), 0);
}

static void go_on(void) {
  if (stage == 0 && has_come("ab\r\n") && went_on(uv_tty_set_mode(&in, UV_TTY_MODE_RAW))) {
    after_a_moment(type_later);
  } else if (stage == 1 && has_come("k") && went_on(uv_tty_set_mode(&in, UV_TTY_MODE_RAW_VT))) {
    after_a_moment(type_later);
  } else if (stage == 2 && has_come("\x1B[A") &&
             went_on(uv_tty_set_mode(&in, UV_TTY_MODE_NORMAL))) {
    type("half");
    after_a_moment(end_of_conversation);
  }
}

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  if (scene_failed)
    return;
  if (nread < 0) {
    (void) went_on((int) nread);
    close_quietly((uv_handle_t*) stream);
    return;
  }
  CHECK(got_bytes + (size_t) nread <= sizeof(got));
  memcpy(got + got_bytes, buf->base, (size_t) nread);
  got_bytes += (size_t) nread;
  if (nread > 0)
    go_on();
}

static void on_written(uv_write_t* written, int status) {
  (void) written;
  (void) got_callback(status);
}

static void on_resized(uv_signal_t* handle, int signum) {
  (void) handle;
  (void) signum;
  FAIL("nobody changes the size of the window");
}

static void converse(void) {
  uv_buf_t buf = uv_buf_init((char*) "seen", 4);
  int width;
  int height;

  CHECK_EQ(uv_timer_init(scene, &timer), 0);
  if (!went_on(uv_signal_init(scene, &resized)) ||
      !went_on(uv_signal_start(&resized, on_resized, SIGWINCH)) || !open_tty(&in, L"CONIN$") ||
      !open_tty(&out, L"CONOUT$") || !went_on(uv_tty_get_winsize(&out, &width, &height)))
    return;
  CHECK_EQ(width, 80);
  CHECK_EQ(height, 25);
  if (owes_callback(uv_write(&req, (uv_stream_t*) &out, &buf, 1, on_written)) &&
      went_on(uv_read_start((uv_stream_t*) &in, on_alloc, on_read)))
    type("ab\r");
}

static void scenario_console(void) {
  forget();
  stage = 0;
  got_bytes = 0;
  CHECK(AllocConsole());
  keyboard = open_end(L"CONIN$");
  screen = open_end(L"CONOUT$");
  modes[0] = mode_of(keyboard);
  modes[1] = mode_of(screen);
  if (scene_begin()) {
    converse();
    scene_end();
  }
  if (!scene_failed) {
    CHECK_EQ(stage, 4);
    check_left("half");
  }
  /* Who cannot be told its mode keeps the one it has. */
  if (!faults_are_of(CALL_SetConsoleMode) && !faults_are_of(CALL_GetConsoleMode)) {
    CHECK_EQ(mode_of(keyboard), modes[0]);
    CHECK_EQ(mode_of(screen), modes[1]);
  }
  CHECK(CloseHandle(keyboard) && CloseHandle(screen) && FreeConsole());
}

/* What the library makes once and keeps is there before the first run. */
static void warm_up(void) {
  nt_end();
  scenario_console();
  CHECK_EQ(scene_failed, 0);
  nt_begin(1);
}

TEST(e1_windows_in_a_console_conversation) {
  warm_up();
  FAIL_CALLS_OF(scenario_console, CALL_GetConsoleMode, CALL_SetConsoleMode,
                CALL_GetConsoleScreenBufferInfo, CALL_GetNumberOfConsoleInputEvents,
                CALL_PeekConsoleInputW, CALL_ReadConsoleInputW, CALL_ReadConsoleW,
                CALL_SetConsoleCursorPosition, CALL_WriteConsoleInputW, CALL_WriteConsoleW,
                CALL_CreateTimerQueueTimer, CALL_CreateThread, CALL_DuplicateHandle,
                CALL_RegisterWaitForSingleObject);
}

TEST(e1_shortage_in_a_console_conversation) {
  warm_up();
  fault_native_shortage_in(scenario_console);
}

TEST(e1_allocations_of_a_console) {
  warm_up();
  for_every_allocation(scenario_console);
}
