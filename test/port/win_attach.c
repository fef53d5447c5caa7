/* Which file objects are on the loop's port: ours from their first operation on, those that somebody
 * else holds too only when he has gone, and none that is passed on, where the system can take it off.
 * What comes out of the port that is not ours is in win_share.c. */
#include <string.h>

#include "win/handle/handle.h"
#include "win/loop/loop.h"
#include "win/tcp/tcp.h"

#include "driver.h"
#include "holder.h"

/* Whether a file object is on a port; then it is on one afterwards. */
static int is_on_a_port(HANDLE handle) {
  HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
  int was;

  CHECK(port != NULL);
  was = CreateIoCompletionPort(handle, port, 0, 0) == NULL;
  if (was)
    CHECK_EQ(GetLastError(), ERROR_INVALID_PARAMETER);
  CHECK(CloseHandle(port));
  return was;
}

TEST(win_file_object_without_an_operation_is_on_no_port) {
  EACH_KIND(k) {
    struct stream *virgin, *other;

    holder_make_virgin(k, &virgin, &other);
    CHECK(!is_on_a_port(holder_handle(virgin)));
    stream_end(virgin);
    stream_end(other);
  }
}

TEST(win_file_object_is_on_the_port_from_its_first_operation_on) {
  EACH_KIND(k) {
    struct stream *virgin, *other;

    holder_make_virgin(k, &virgin, &other);
    arm_dry(virgin);
    CHECK(is_on_a_port(holder_handle(virgin)));
    CHECK_EQ(write_byte(other, 'x'), 0);
    await(virgin, UV__READ);
    CHECK_EQ(read_byte(virgin), 'x');
    stream_end(virgin);
    stream_end(other);
  }
}

/* What comes from elsewhere, and is still somebody else's as well. */
TEST(win_shared_file_object_stays_off_the_port) {
  EACH_KIND(k) {
    struct stream *virgin, *other, *s;

    holder_make_virgin(k, &virgin, &other);
    s = holder_open(k, holder_handle(virgin));
    arm_dry(s);
    CHECK_EQ(write_byte(other, 'x'), 0);
    await(s, UV__READ);
    CHECK_EQ(read_byte(s), 'x');
    holder_pass_byte(other, s);
    holder_pass_byte(s, other);
    CHECK(!is_on_a_port(holder_handle(virgin)));
    stream_end(s);
    stream_end(virgin);
    stream_end(other);
  }
}

/* Whoever passes something on closes his own soon after. */
TEST(win_file_object_goes_on_the_port_when_the_others_have_gone) {
  EACH_KIND(k) {
    struct stream *virgin, *other, *s;
    int looks;

    holder_make_virgin(k, &virgin, &other);
    s = holder_open(k, holder_handle(virgin));
    arm_dry(s);
    stream_end(virgin);
    while (uv__object_is_shared(holder_handle(s)))
      turn(1); /* A greeting that was on its way keeps its handle for a moment. */
    /* It looks when nothing is under way, and not for ever. */
    for (looks = 0; looks < 4 && !(s->io.tail.state & UV__WIN_ATTACHED); looks++) {
      CHECK_EQ(write_byte(other, 'x'), 0);
      await(s, UV__READ);
      CHECK_EQ(read_byte(s), 'x');
      arm_dry(s);
    }
    CHECK(is_on_a_port(holder_handle(s)));
    CHECK_EQ(write_byte(other, 'y'), 0);
    await(s, UV__READ);
    CHECK_EQ(read_byte(s), 'y');
    holder_pass_byte(s, other);
    stream_end(s);
    stream_end(other);
  }
}

/* What is passed on leaves the port where the system can do that, and goes on in any case. */
TEST(win_file_object_that_is_passed_on_leaves_the_port) {
  EACH_KIND(k) {
    struct stream *a, *b;
    HANDLE theirs;
    int left;

    make_pair(k, &a, &b);
    arm_dry(b);
    CHECK_EQ(write_byte(a, 'x'), 0);
    await(b, UV__READ);
    CHECK_EQ(read_byte(b), 'x');
    if (k->desc == UV__DESC_TCP)
      uv__tcp_detach(&b->io);
    else
      uv__attach_undo(&b->io);
    left = !(b->io.tail.state & UV__WIN_ATTACHED);
    CHECK(native_files_leave_ports() < 0 || left == native_files_leave_ports());
    theirs = holder_duplicate(k, holder_handle(b));
    arm_dry(b);
    CHECK_EQ(write_byte(a, 'y'), 0);
    await(b, UV__READ);
    CHECK_EQ(read_byte(b), 'y');
    holder_pass_byte(a, b);
    holder_pass_byte(b, a);
    CHECK_EQ(is_on_a_port(theirs), !left);
    stream_end(a);
    stream_end(b);
    holder_close(k, theirs);
  }
}

/* Nor are its modes changed: whoever has it on a port of his own hears of all that he does with it. */
TEST(win_shared_file_object_keeps_its_packets) {
  EACH_KIND(k) {
    HANDLE self = GetCurrentProcess();
    struct stream *a, *b;
    OVERLAPPED_ENTRY told;
    OVERLAPPED overlapped;
    HANDLE mine, theirs, port;
    ULONG count;

    if (k->ops != &uv__pipe_ops)
      continue;
    holder_make_virgin(k, &b, &a);
    CHECK(DuplicateHandle(self, holder_handle(b), self, &mine, 0, FALSE, DUPLICATE_SAME_ACCESS));
    CHECK(DuplicateHandle(self, holder_handle(b), self, &theirs, 0, FALSE, DUPLICATE_SAME_ACCESS));
    stream_end(b);
    port = CreateIoCompletionPort(theirs, NULL, 7, 1);
    CHECK(port != NULL);
    b = holder_give(k, mine);
    arm_dry(b);
    memset(&overlapped, 0, sizeof overlapped);
    CHECK(WriteFile(theirs, "y", 1, NULL, &overlapped));
    CHECK_EQ(read_byte(a), 'y');
    CHECK(GetQueuedCompletionStatusEx(port, &told, 1, &count, 0, FALSE));
    CHECK_EQ(count, 1);
    CHECK(told.lpOverlapped == &overlapped && told.lpCompletionKey == 7);
    CHECK_EQ(write_byte(a, 'x'), 0);
    await(b, UV__READ);
    CHECK_EQ(read_byte(b), 'x');
    stream_end(b);
    stream_end(a);
    CHECK(CloseHandle(theirs));
    CHECK(CloseHandle(port));
  }
}

/* What the system takes at once counts at once, so that the next write goes there as well (rule W3). */
TEST(win_shared_file_object_takes_one_write_after_the_other) {
  EACH_KIND(k) {
    struct stream *virgin, *other, *s;
    uv_buf_t buf = uv_buf_init((char*) "x", 1);
    int i;

    if (k->desc == UV__DESC_TCP && !native_sends_end_at_once())
      continue;
    holder_make_virgin(k, &virgin, &other);
    s = holder_open(k, holder_handle(virgin));
    arm_dry(s);
    for (i = 0; i < 3; i++)
      CHECK_EQ(write_start(s, &buf, 1, UV__QUEUE), 1);
    CHECK(s->io.tail.state & UV__WIN_FOREIGN);
    for (i = 0; i < 3; i++)
      CHECK_EQ(read_byte(other), 'x');
    stream_end(s);
    stream_end(virgin);
    stream_end(other);
  }
}

/* Of a write that waits behind such ones it is told when it is over, and not what was to be told of them. */
TEST(win_shared_pipe_tells_of_what_waits_alone) {
  static char block[4096];

  EACH_KIND(k) {
    struct stream *virgin, *other, *s;
    uv_buf_t buf = uv_buf_init(block, sizeof block);
    size_t told = 0;
    ssize_t r;

    if (k->desc == UV__DESC_TCP)
      continue;
    holder_make_virgin(k, &virgin, &other);
    s = holder_open(k, holder_handle(virgin));
    do {
      pattern_fill(block, sizeof block, told);
      r = write_start(s, &buf, 1, UV__QUEUE);
      told += r > 0 ? (size_t) r : 0;
    } while (r > 0);
    CHECK_EQ(r, UV__PENDING);
    settle();
    CHECK_EQ(rings(s, UV__WRITE), 0);
    r = collect_heard(s, r, other);
    CHECK(r > 0);
    hear_until(other, told + (size_t) r);
    stream_end(s);
    stream_end(virgin);
    stream_end(other);
  }
}

static int marked;

static void note_marked(struct uv__op* op) {
  (void) op;
  marked++;
}

/* An operation in the place of one that the system has, and has ended or not. */
static struct uv__foreign_pair* begin_marked(struct uv__io* io, int is_over) {
  struct uv__foreign_pair* pair;

  memset(io, 0, sizeof *io);
  io->loop = loop;
  io->tail.in.complete = note_marked;
  io->tail.in.overlapped.Internal = is_over ? 0 : STATUS_PENDING;
  marked = 0;
  CHECK_EQ(uv__foreign_begin(io, &pair), 0);
  uv__foreign_began(&pair->in);
  return pair;
}

/* The system need not wait for us to have seen that it is pending; the pool has looked by then. */
TEST(win_operation_that_is_over_before_it_is_marked_is_told) {
  EACH_KIND(k) {
    struct uv__io io;
    struct uv__foreign_pair* pair = begin_marked(&io, 1);

    while (marked == 0)
      turn(1);
    uv__foreign_end(pair);
    CHECK_EQ(marked, 1);
  }
}

/* The pool may have been told of the one before, and get to that when the next one is pending. */
TEST(win_event_is_not_the_end_of_an_operation) {
  EACH_KIND(k) {
    struct uv__io io;
    struct uv__foreign_pair* pair = begin_marked(&io, 0);

    CHECK(SetEvent(pair->in.event));
    (void) polls_during(5);
    turn(0);
    uv__foreign_end(pair);
    turn(0);
    CHECK_EQ(marked, 0);
  }
}

/* Whether the system can take a file object off its port. */
static int can_leave(const struct kind* k) {
  struct stream *a, *b;
  int left;

  make_pair(k, &a, &b);
  arm_dry(b);
  CHECK_EQ(write_byte(a, 'x'), 0);
  await(b, UV__READ);
  CHECK_EQ(read_byte(b), 'x');
  uv__tcp_detach(&b->io);
  left = !(b->io.tail.state & UV__WIN_ATTACHED);
  stream_end(a);
  stream_end(b);
  return left;
}

/* Its accepts come back first, and are begun again with events. */
TEST(win_listener_that_is_passed_on_leaves_the_port) {
  EACH_KIND(k) {
    struct stream* listener;
    HANDLE theirs;
    int i, left;

    if (k->desc != UV__DESC_TCP)
      continue;
    listener = make_listener(k);
    uv__tcp_detach(&listener->io);
    theirs = holder_duplicate(k, holder_handle(listener));
    for (i = 0; i < 3; i++) {
      struct stream* client = make_client(listener);
      struct stream* accepted = accept_stream(listener);

      holder_pass_byte(client, accepted);
      holder_pass_byte(accepted, client);
      stream_end(client);
      stream_end(accepted);
    }
    left = !(listener->io.tail.state & UV__WIN_ATTACHED);
    CHECK_EQ(left, can_leave(k) && !holder_is_layered(k, theirs));
    CHECK_EQ(is_on_a_port(theirs), !left);
    holder_close(k,
                 theirs); /* First: a layered provider gives back what is pending with the last. */
    stream_end(listener);
  }
}
