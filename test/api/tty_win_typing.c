/* Readers of the Windows console that come and go while somebody types, and several at once: each
 * key reaches one of them, once, in order. Each test is in a child with a console of its own. */
#include <io.h>
#include <string.h>

#include "console.h"
#include "harness.h"
#include "net.h"
#include "thread.h"
#include "uv.h"

enum {
  ROUNDS = 300,
  LINE = 50,     /* keys, with the Enter */
  PER_ROUND = 6, /* keys */
  TYPED = ROUNDS * PER_ROUND,
  NUMBERED = 300 /* lines, or keys, for two readers */
};

/* A handle for the console, and what it has read. */
struct reader {
  uv_tty_t tty;
  int may_read;
  size_t room; /* of a buffer; with 1 the first byte ends reading */
  char got[256];
  int length;
  void (*check)(struct reader* reader, const char* bytes, size_t count);
};

static HANDLE keyboard;
static HANDLE screen;
static struct reader one;
static struct reader two;

static void open_reader(struct reader* reader) {
  int fd = console_open_file("CONIN$");

  memset(reader, 0, sizeof *reader);
  reader->room = 4096;
  CHECK_EQ(uv_tty_init(net_loop(), &reader->tty, fd, 1), 0);
  CHECK_EQ(_close(fd), 0);
}

static void begin(void) {
  keyboard = console_open("CONIN$");
  screen = console_open("CONOUT$");
  open_reader(&one);
  open_reader(&two);
}

static void finish(void) {
  net_end();
  CloseHandle(keyboard);
  CloseHandle(screen);
}

static void on_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  static char bytes[4096];
  (void) suggested_size;
  *buf = uv_buf_init(bytes, (unsigned) ((struct reader*) handle)->room);
}

static void stop(struct reader* reader) {
  CHECK_EQ(uv_read_stop((uv_stream_t*) &reader->tty), 0);
  reader->may_read = 0;
}

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  struct reader* reader = (struct reader*) stream;

  CHECK(nread >= 0);
  CHECK_EQ(reader->may_read, 1);
  if (nread == 0)
    return;
  if (reader->check != NULL) {
    reader->check(reader, buf->base, (size_t) nread);
    return;
  }
  CHECK(reader->length + nread < (ssize_t) sizeof reader->got);
  memcpy(reader->got + reader->length, buf->base, (size_t) nread);
  reader->length += (int) nread;
  reader->got[reader->length] = '\0';
  if (reader->room == 1)
    stop(reader);
}

static void start(struct reader* reader) {
  reader->may_read = 1;
  CHECK_EQ(uv_read_start((uv_stream_t*) &reader->tty, on_alloc, on_read), 0);
}

static void close_reader(struct reader* reader) {
  reader->may_read = 0;
  net_close((uv_handle_t*) &reader->tty);
}

static void set_mode(struct reader* reader, uv_tty_mode_t mode) {
  CHECK_EQ(uv_tty_set_mode(&reader->tty, mode), 0);
}

static void expect(struct reader* reader, const char* text) {
  net_until(&reader->length, (int) strlen(text));
  CHECK_STR(reader->got, text);
  reader->length = 0;
  reader->got[0] = '\0';
}

/* A reader has taken everything, into its line or for good. */
static void until_taken(void) {
  while (console_waiting(keyboard) > 0)
    net_turns(1);
}

/* ---- Stop, start, close, and a person who types on ---- */

static uv_tty_mode_t typed_mode;
static HANDLE tickets; /* one for each key that may be typed */
static SRWLOCK hands;  /* whoever has them can keep the typist from typing */
static size_t read_keys;
static int enters; /* bytes of a line's end that came already */

/* The character of the key at `at`. */
static char key(size_t at) {
  return at % LINE == LINE - 1 ? '\r' : (char) ('a' + at % 26);
}

static void type_on(void* arg) {
  HANDLE own = console_open("CONIN$");
  size_t at;

  (void) arg;
  for (at = 0; at < TYPED; at++) {
    char text[2] = {key(at), '\0'};

    CHECK_EQ(WaitForSingleObject(tickets, INFINITE), WAIT_OBJECT_0);
    AcquireSRWLockExclusive(&hands);
    console_type(own, text);
    ReleaseSRWLockExclusive(&hands);
  }
  CloseHandle(own);
}

/* A line ends with two bytes, the Enter key is one. */
static void check_keys(struct reader* reader, const char* bytes, size_t count) {
  size_t i;

  (void) reader;
  for (i = 0; i < count; i++) {
    if (enters == 1) {
      CHECK_EQ(bytes[i], '\n');
      enters = 0;
      read_keys++;
    } else {
      CHECK_EQ(bytes[i], key(read_keys));
      if (bytes[i] == '\r' && typed_mode == UV_TTY_MODE_NORMAL)
        enters = 1;
      else
        read_keys++;
    }
  }
}

static void reopen(struct reader* reader) {
  open_reader(reader);
  reader->check = check_keys;
  set_mode(reader, typed_mode);
}

/* Of the closes every other one is with nobody at the keyboard: no key is needed for it. */
static void stop_and_close(uv_tty_mode_t mode) {
  struct test_thread* typist;
  int prompt = 0;
  int i;

  typed_mode = mode;
  begin();
  close_reader(&two);
  one.check = check_keys;
  set_mode(&one, mode);
  tickets = CreateSemaphoreW(NULL, 0, TYPED, NULL);
  CHECK(tickets != NULL);
  typist = test_thread_start(type_on, NULL);
  for (i = 0; i < ROUNDS; i++) {
    CHECK(ReleaseSemaphore(tickets, PER_ROUND, NULL));
    start(&one);
    net_turns(i % 3);
    if (i % 2 == 0) {
      stop(&one);
      net_turns(i % 5);
    } else {
      uint64_t began;
      int is_held = i % 4 == 1;

      if (is_held)
        AcquireSRWLockExclusive(&hands);
      began = uv_hrtime();
      close_reader(&one);
      /* One that needs a key waits for longer, and there is none. */
      if (is_held && uv_hrtime() - began < 35 * 1000 * 1000)
        prompt++;
      if (is_held)
        ReleaseSRWLockExclusive(&hands);
      reopen(&one);
    }
  }
  CHECK(prompt > 0); /* A busy machine makes some late. */
  start(&one);
  while (read_keys < TYPED)
    CHECK(uv_run(net_loop(), UV_RUN_ONCE) != 0);
  test_thread_join(typist);
  until_taken(); /* What is left are keys that go up. */
  net_turns(3);
  CHECK_EQ(read_keys, TYPED);
  CloseHandle(tickets);
  finish();
}

TEST(y3_tty_win_stop_and_close_while_typing_raw) {
  if (console_child("y3_tty_win_stop_and_close_while_typing_raw"))
    stop_and_close(UV_TTY_MODE_RAW);
}

TEST(y3_tty_win_stop_and_close_while_typing_lines) {
  if (console_child("y3_tty_win_stop_and_close_while_typing_lines"))
    stop_and_close(UV_TTY_MODE_NORMAL);
}

/* ---- One after the other ---- */

/* Shown once, as it was typed. */
TEST(y3_tty_win_stopped_half_a_line_is_the_next_readers) {
  COORD origin = {0, 0};

  if (!console_child("y3_tty_win_stopped_half_a_line_is_the_next_readers"))
    return;
  begin();
  CHECK(SetConsoleCursorPosition(screen, origin));
  start(&one);
  console_type(keyboard, "ab");
  until_taken();
  stop(&one);
  start(&two);
  console_type(keyboard, "c\r");
  expect(&two, "abc\r\n");
  console_expect(screen, 0, L"abc ");
  console_expect(screen, 1, L"  ");
  start(&one); /* and back */
  stop(&two);
  console_type(keyboard, "d\r");
  expect(&one, "d\r\n");
  console_expect(screen, 1, L"d ");
  finish();
}

/* What did not fit into the buffer of the last read. */
TEST(y3_tty_win_unread_rest_is_the_next_readers) {
  if (!console_child("y3_tty_win_unread_rest_is_the_next_readers"))
    return;
  begin();
  one.room = 1;
  start(&one);
  console_type(keyboard, "line\r");
  net_until(&one.length, 1);
  close_reader(&one);
  start(&two);
  expect(&two, "ine\r\n");
  stop(&two);

  open_reader(&one);
  one.room = 1;
  set_mode(&one, UV_TTY_MODE_RAW);
  console_type(keyboard, "keys");
  start(&one);
  net_until(&one.length, 1);
  CHECK_STR(one.got, "k");
  start(&two);
  expect(&two, "eys");
  finish();
}

/* ---- Two at once ---- */

static int seen[NUMBERED];
static int seen_all;
static int seen_by_two;

/* "007\r\n", whole. */
static void check_line(struct reader* reader, const char* bytes, size_t count) {
  int number;

  CHECK_EQ(count, 5);
  CHECK(memcmp(bytes + 3, "\r\n", 2) == 0);
  number = (bytes[0] - '0') * 100 + (bytes[1] - '0') * 10 + bytes[2] - '0';
  CHECK(number >= 0 && number < NUMBERED);
  CHECK_EQ(seen[number], 0);
  seen[number] = 1;
  seen_all++;
  seen_by_two += reader == &two;
}

static void type_lines(int first, int end) {
  char text[5] = "000\r";

  for (; first < end; first++) {
    text[0] = (char) ('0' + first / 100);
    text[1] = (char) ('0' + first / 10 % 10);
    text[2] = (char) ('0' + first % 10);
    console_type(keyboard, text);
  }
}

/* Each takes its turn; one that leaves ends nobody's line but its own. */
TEST(y3_tty_win_two_readers_of_lines) {
  int i;

  if (!console_child("y3_tty_win_two_readers_of_lines"))
    return;
  begin();
  one.check = two.check = check_line;
  start(&one);
  start(&two);
  for (i = 0; i < NUMBERED / 2; i += 10) {
    type_lines(i, i + 10);
    net_until(&seen_all, i + 10);
    stop(&one);
    start(&one);
  }
  CHECK(seen_by_two > 0);
  CHECK(seen_by_two < seen_all);
  type_lines(i, i + 1);
  close_reader(&one);
  type_lines(i + 1, NUMBERED);
  net_until(&seen_all, NUMBERED);
  finish();
}

static size_t keys_all;
static int keys_done;

/* Both run in the one loop, so that the keys come in order. */
static void check_key(struct reader* reader, const char* bytes, size_t count) {
  size_t i;

  (void) reader;
  for (i = 0; i < count; i++)
    CHECK_EQ(bytes[i], 'a' + (char) (keys_all++ % 26));
  keys_done = keys_all == NUMBERED;
}

TEST(y3_tty_win_two_readers_of_keys) {
  int i;

  if (!console_child("y3_tty_win_two_readers_of_keys"))
    return;
  begin();
  one.check = two.check = check_key;
  one.room = two.room = 3;
  set_mode(&one, UV_TTY_MODE_RAW); /* it is the console's, so that `two` has it as well */
  start(&one);
  start(&two);
  for (i = 0; i < NUMBERED; i++) {
    char text[2] = {(char) ('a' + i % 26), '\0'};
    console_type(keyboard, text);
    if (i == NUMBERED / 2)
      close_reader(&two);
  }
  net_until(&keys_done, 1);
  finish();
}

/* The last one to set it decides; the last one to leave that has set it puts it back. */
TEST(y2_tty_win_mode_is_shared) {
  DWORD before;

  if (!console_child("y2_tty_win_mode_is_shared"))
    return;
  begin();
  before = console_mode(keyboard);
  start(&two);
  console_type(keyboard, "a");
  until_taken();
  set_mode(&one, UV_TTY_MODE_RAW);
  expect(&two, "a");
  console_type(keyboard, "b");
  expect(&two, "b");
  CHECK(console_mode(keyboard) != before);
  set_mode(&two, UV_TTY_MODE_RAW);
  close_reader(&one);
  CHECK(console_mode(keyboard) != before);
  console_type(keyboard, "c");
  expect(&two, "c");
  open_reader(&one);
  close_reader(&two);
  CHECK_EQ(console_mode(keyboard), before);
  start(&one);
  console_type(keyboard, "line\r");
  expect(&one, "line\r\n");
  finish();
}

TEST(y2_tty_win_output_mode_is_shared) {
  uv_tty_t outs[2];
  DWORD before;
  int i;

  if (!console_child("y2_tty_win_output_mode_is_shared"))
    return;
  begin();
  before = console_mode(screen);
  for (i = 0; i < 2; i++) {
    int fd = console_open_file("CONOUT$");
    CHECK_EQ(uv_tty_init(net_loop(), &outs[i], fd, 0), 0);
    CHECK_EQ(_close(fd), 0);
  }
  CHECK(console_mode(screen) & ENABLE_VIRTUAL_TERMINAL_PROCESSING);
  net_close((uv_handle_t*) &outs[0]);
  CHECK(console_mode(screen) & ENABLE_VIRTUAL_TERMINAL_PROCESSING);
  net_close((uv_handle_t*) &outs[1]);
  CHECK_EQ(console_mode(screen), before);
  finish();
}
