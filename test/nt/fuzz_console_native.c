/* Fuzzes the terminal of src/win over the model: records that somebody types, while readers of lines and
 * of keys come and go. Each seven bytes of the input are a thing that is done and a record. Nobody hangs,
 * nothing is left behind, and the console's mode is what it was. */
#include <fcntl.h>
#include <io.h>
#include <string.h>

#include "fuzz.h"
#include "nt.h"
#include "uv.h"

enum {
  STEP = 7, /* bytes of the input */
  MOST = 64 /* steps: a person types no faster */
};

static uv_loop_t loop;
static uv_tty_t tty;
static int is_open;
static HANDLE keyboard;

static void on_alloc(uv_handle_t* handle, size_t suggested, uv_buf_t* buf) {
  static char bytes[512];

  (void) handle;
  (void) suggested;
  *buf = uv_buf_init(bytes, sizeof(bytes));
}

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) buf;
  MUST(nread >= 0 || nread == UV_EOF);
}

static void open_tty(void) {
  int fd = _open("CONIN$", _O_RDWR);

  MUST(fd >= 0);
  MUST(uv_tty_init(&loop, &tty, fd, 1) == 0);
  MUST(_close(fd) == 0);
  is_open = 1;
}

static void close_tty(void) {
  uv_close((uv_handle_t*) &tty, NULL);
  MUST(uv_run(&loop, UV_RUN_DEFAULT) == 0);
  is_open = 0;
}

static void type(const uint8_t* data) {
  static const WORD kinds[] = {
      KEY_EVENT,  KEY_EVENT,   KEY_EVENT, MOUSE_EVENT, WINDOW_BUFFER_SIZE_EVENT,
      MENU_EVENT, FOCUS_EVENT, KEY_EVENT};
  INPUT_RECORD record;
  DWORD written;

  memset(&record, 0, sizeof(record));
  record.EventType = kinds[data[0] & 7];
  record.Event.KeyEvent.bKeyDown = (data[0] & 8) != 0;
  record.Event.KeyEvent.wRepeatCount = (WORD) (data[0] >> 4);
  record.Event.KeyEvent.wVirtualKeyCode = data[1];
  record.Event.KeyEvent.uChar.UnicodeChar = (WCHAR) (data[2] | data[3] << 8);
  record.Event.KeyEvent.dwControlKeyState = data[4] | (DWORD) (data[5] & 1) << 8;
  MUST(WriteConsoleInputW(keyboard, &record, 1, &written));
}

static void act(unsigned what) {
  switch (what % 8) {
  case 0:
    (void) uv_read_start((uv_stream_t*) &tty, on_alloc, on_read);
    break;
  case 1:
    (void) uv_read_stop((uv_stream_t*) &tty);
    break;
  case 2:
    MUST(uv_tty_set_mode(&tty, UV_TTY_MODE_RAW) == 0);
    break;
  case 3:
    MUST(uv_tty_set_mode(&tty, UV_TTY_MODE_NORMAL) == 0);
    break;
  case 4:
    MUST(uv_tty_set_mode(&tty, UV_TTY_MODE_RAW_VT) == 0);
    break;
  case 5:
    close_tty();
    open_tty();
    break;
  default:
    (void) uv_run(&loop, UV_RUN_NOWAIT);
  }
}

/* What the library makes once and keeps is there before the first run. */
static void begin_once(void) {
  static int begun;

  if (begun)
    return;
  begun = 1;
  MUST(AllocConsole());
  MUST(uv_loop_init(&loop) == 0);
  open_tty();
  close_tty();
  MUST(uv_loop_close(&loop) == 0);
  MUST(FreeConsole());
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  uint64_t seed = 1;
  DWORD before;
  DWORD after;
  size_t i;

  for (i = 0; i < size && i < 8; i++)
    seed = seed * 257 + data[i];
  begin_once();
  nt_begin(seed);
  MUST(AllocConsole());
  keyboard = CreateFileA("CONIN$", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
                         NULL, OPEN_EXISTING, 0, NULL);
  MUST(keyboard != INVALID_HANDLE_VALUE);
  MUST(GetConsoleMode(keyboard, &before));
  MUST(uv_loop_init(&loop) == 0);
  open_tty();
  for (i = 0; i < MOST && size >= STEP; i++, data += STEP, size -= STEP) {
    type(data + 1);
    act(data[0]);
  }
  close_tty();
  MUST(uv_loop_close(&loop) == 0);
  MUST(GetConsoleMode(keyboard, &after));
  MUST(after == before);
  MUST(CloseHandle(keyboard));
  MUST(FreeConsole());
  uv_library_shutdown();
  nt_end();
  return 0;
}
