/* Sockets whose calls wait, as others who have them want it: what a stream on such a one does to them,
 * and whether it waits itself. */
#include <string.h>

#include "win/tcp/tcp.h"

#include "driver.h"
#include "holder.h"
#include "native.h"

enum {
  MUCH = 1 << 20
};

struct plain {
  HANDLE handle;
  int size;
  int written;
};

/* A connection that somebody else has, too, and relies on; a stream on it, and its other end. */
static HANDLE make_plain(const struct kind* k, struct stream** s, struct stream** other) {
  struct stream* virgin;
  struct uv__desc desc;
  u_long plain = 0;
  HANDLE theirs;

  holder_make_virgin(k, &virgin, other);
  theirs = holder_duplicate(k, holder_handle(virgin));
  CHECK_EQ(ioctlsocket((SOCKET) theirs, (long) FIONBIO, &plain), 0);
  memset(&desc, 0, sizeof desc);
  desc.handle = holder_duplicate(k, theirs);
  desc.kind = (short) k->desc;
  stream_end(virgin);
  *s = stream_open(k, &desc);
  return theirs;
}

static DWORD WINAPI send_plainly(void* data) {
  static const char bytes[8 * MUCH];
  struct plain* plain = data;

  plain->written = send((SOCKET) plain->handle, bytes, plain->size, 0);
  return 0;
}

/* More than there is room for on the way. */
static int size_of_a_long_send(void) {
  return native_rounds > 1 ? MUCH / 2 : 8 * MUCH;
}

/* A plain send of his takes all, however long that lasts; a non-blocking one would take a part. */
TEST(win_shared_socket_keeps_its_mode) {
  static char bytes[65536];

  EACH_KIND(k) {
    struct stream *s, *other;
    struct plain plain = {NULL, size_of_a_long_send(), 0};
    int total = 0;
    HANDLE thread;

    if (k->desc != UV__DESC_TCP)
      continue;
    plain.handle = make_plain(k, &s, &other);
    if (!holder_is_layered(k, plain.handle)) {
      arm_dry(s);
      holder_pass_byte(s, other);
      thread = CreateThread(NULL, 0, send_plainly, &plain, 0, NULL);
      CHECK(thread != NULL);
      while (total < plain.size) {
        ssize_t n = read_some(other, bytes, sizeof bytes);

        CHECK(n > 0);
        total += (int) n;
      }
      CHECK_EQ(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
      CHECK(CloseHandle(thread));
      CHECK_EQ(plain.written, plain.size);
    }
    stream_end(other);
    stream_end(s);
    holder_close(k, plain.handle);
  }
}

/* Nor does the stream wait where the mode would have it: a hang is the failure. */
TEST(win_shared_socket_neither_reads_nor_tries_waiting) {
  EACH_KIND(k) {
    struct stream *s, *other;
    HANDLE theirs;
    char byte;
    size_t full;

    if (k->desc != UV__DESC_TCP)
      continue;
    theirs = make_plain(k, &s, &other);
    CHECK_EQ(read_now(s, &byte, 1), UV_EAGAIN);
    holder_pass_byte(other, s);
    CHECK_EQ(read_now(s, &byte, 1), UV_EAGAIN);
    full = write_full(s);
    CHECK(full > 0);
    hear_until(other, full);
    CHECK_EQ(write_pattern(s, full, (size_t) size_of_a_long_send(), other), 0);
    hear_until(other, full + (size_t) size_of_a_long_send());
    holder_pass_byte(other, s);
    stream_end(s);
    holder_close(k, theirs);
    CHECK_EQ(read_some(other, &byte, 1), UV_EOF);
    stream_end(other);
  }
}

/* One that is passed on while it is in use, and made to wait by who has got it: he is there still, or has
 * gone. */
static void pass_on(const struct kind* k, int is_armed, int is_gone) {
  struct stream *s, *other;
  u_long plain = 0;
  HANDLE theirs;
  size_t full;
  char byte;

  make_pair(k, &s, &other);
  if (is_armed)
    arm_dry(s);
  uv__tcp_detach(&s->io);
  theirs = holder_duplicate(k, holder_handle(s));
  CHECK_EQ(ioctlsocket((SOCKET) theirs, (long) FIONBIO, &plain), 0);
  if (is_gone)
    holder_close(k, theirs);
  if (!is_armed)
    CHECK_EQ(read_now(s, &byte, 1), UV_EAGAIN);
  full = write_full(s);
  CHECK(full > 0);
  hear_until(other, full);
  CHECK_EQ(write_byte(other, 'x'), 0);
  if (is_armed)
    await(s, UV__READ);
  CHECK_EQ(read_byte(s), 'x');
  CHECK_EQ(write_pattern(s, full, (size_t) size_of_a_long_send(), other), 0);
  hear_until(other, full + (size_t) size_of_a_long_send());
  holder_pass_byte(other, s);
  stream_end(s);
  if (!is_gone)
    holder_close(k, theirs);
  CHECK_EQ(read_some(other, &byte, 1), UV_EOF);
  stream_end(other);
}

TEST(win_socket_that_was_passed_on_does_not_wait) {
  EACH_KIND(k) {
    struct stream *s, *other;
    int round;

    if (k->desc != UV__DESC_TCP)
      continue;
    make_pair(k, &s, &other);
    for (round = 0; round < 4 && !holder_is_layered(k, holder_handle(s)); round++)
      pass_on(k, round % 2, round / 2);
    stream_end(s);
    stream_end(other);
  }
}

/* A close takes out what was not read, and does not wait for more. */
TEST(win_socket_that_was_passed_on_closes_at_once) {
  EACH_KIND(k) {
    struct stream *s, *other;
    u_long plain = 0;
    HANDLE theirs;
    char byte;

    if (k->desc != UV__DESC_TCP)
      continue;
    make_pair(k, &s, &other);
    uv__tcp_detach(&s->io);
    theirs = holder_duplicate(k, holder_handle(s));
    if (!holder_is_layered(k, theirs))
      CHECK_EQ(ioctlsocket((SOCKET) theirs, (long) FIONBIO, &plain), 0);
    holder_close(k, theirs);
    stream_end(s);
    CHECK_EQ(read_some(other, &byte, 1), UV_EOF);
    stream_end(other);
  }
}

/* What a try has taken arrives, also when nobody of the two has the socket any more. */
TEST(win_shared_socket_delivers_what_a_try_took_before_its_close) {
  EACH_KIND(k) {
    struct stream *s, *other;
    HANDLE theirs;
    size_t full;
    char byte;

    if (k->desc != UV__DESC_TCP)
      continue;
    theirs = make_plain(k, &s, &other);
    full = write_full(s);
    holder_close(k, theirs);
    stream_end(s);
    hear_until(other, full);
    CHECK_EQ(read_some(other, &byte, 1), UV_EOF);
    stream_end(other);
  }
}

/* When the others have gone the mode is the stream's. */
TEST(win_socket_that_nobody_shares_any_more_gets_our_mode) {
  EACH_KIND(k) {
    struct stream *s, *other;
    HANDLE theirs;

    if (k->desc != UV__DESC_TCP)
      continue;
    theirs = make_plain(k, &s, &other);
    holder_pass_byte(other, s);
    holder_pass_byte(s, other);
    holder_close(k, theirs);
    holder_pass_byte(other, s);
    holder_pass_byte(s, other);
    CHECK(!(s->io.tail.state & UV__WIN_PLAIN));
    stream_end(s);
    stream_end(other);
  }
}
