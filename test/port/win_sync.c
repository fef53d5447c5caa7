/* Pipes that are not overlapped, below the core: nothing on the loop's thread waits for the lock of
 * their file object, which the model of NT has (test/nt) and Wine has not, and copies of bytes in
 * flight outlive a close. */
#include <string.h>

#include "win/plain/plain.h"

#include "driver.h"
#include "holder.h"
#include "native.h"

#define EACH_ROUND(k) EACH_KIND(k) if (k->ops == &uv__pipe_ops)

/* The ends of a pipe that goes one way. */
static void make_ends(HANDLE* in, HANDLE* out) {
  CHECK(CreatePipe(in, out, NULL, 0));
}

/* The ends of one that goes both ways, the first overlapped and the other not. */
static void make_ends_of(HANDLE ends[2], DWORD type) {
  char text[100];
  WCHAR wide[100];
  size_t length = native_pipe_name(text, sizeof(text));
  size_t i;

  for (i = 0; i < length; i++)
    wide[i] = (WCHAR) text[i];
  wide[length] = 0;
  ends[0] = CreateNamedPipeW(wide, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, type, 1, 4096, 4096,
                             0, NULL);
  CHECK(ends[0] != INVALID_HANDLE_VALUE);
  ends[1] = CreateFileW(wide, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
  CHECK(ends[1] != INVALID_HANDLE_VALUE);
}

static void make_two_way(HANDLE ends[2]) {
  make_ends_of(ends, PIPE_TYPE_BYTE);
}

static HANDLE duplicate(HANDLE handle) {
  HANDLE self = GetCurrentProcess();
  HANDLE made;

  CHECK(DuplicateHandle(self, handle, self, &made, 0, FALSE, DUPLICATE_SAME_ACCESS));
  return made;
}

static HANDLE run(LPTHREAD_START_ROUTINE work, HANDLE handle) {
  HANDLE thread = CreateThread(NULL, 0, work, handle, 0, NULL);

  CHECK(thread != NULL);
  return thread;
}

/* The loop goes on while it waits. */
static void join(HANDLE thread) {
  uint64_t begin = uv__port_now(loop);

  while (WaitForSingleObject(thread, 0) != WAIT_OBJECT_0) {
    turn(1);
    CHECK(uv__port_now(loop) - begin < 30000);
  }
  CHECK(CloseHandle(thread));
}

/* More than the pipe holds, with the other end reading meanwhile. */
static void move(struct stream* from, struct stream* to, size_t size) {
  static char bytes[50000];
  size_t at;

  for (at = 0; at < size; at += sizeof(bytes)) {
    uv_buf_t buf = uv_buf_init(bytes, sizeof(bytes));
    ssize_t r;

    pattern_fill(bytes, sizeof(bytes), at);
    r = write_start(from, &buf, 1, UV__QUEUE);
    memset(bytes, 0xee, sizeof(bytes)); /* They are copied. */
    hear_until(to, at + sizeof(bytes));
    CHECK_EQ(collect(from, UV__WRITE, r), sizeof(bytes));
  }
}

TEST(win_sync_bytes_and_end) {
  EACH_ROUND(k) {
    HANDLE in, out;
    struct stream *a, *b;
    char byte;

    make_ends(&in, &out);
    a = holder_give(k, out);
    b = holder_give(k, in);
    arm_dry(b);
    move(a, b, 300000);
    CHECK_EQ(collect(a, UV__SHUTDOWN, start(a, UV__SHUTDOWN, NULL)), 0);
    CHECK_EQ(read_some(b, &byte, 1), UV_EOF);
    stream_end(a);
    stream_end(b);
  }
}

static DWORD WINAPI read_one(void* handle) {
  DWORD size = 0;
  char byte;

  CHECK(ReadFile(handle, &byte, 1, &size, NULL));
  CHECK_EQ(size, 1);
  CHECK_EQ(byte, '1');
  CHECK(CloseHandle(handle));
  return 0;
}

/* What can be found out without waiting is found out, and the rest does not matter. */
TEST(win_sync_open_while_somebody_reads) {
  EACH_ROUND(k) {
    HANDLE in, out;
    HANDLE thread;
    struct stream *a, *b;
    char text[512];
    int length = sizeof(text);
    DWORD size;

    make_ends(&in, &out);
    thread = run(read_one, duplicate(in));
    turn(20);
    b = holder_give(k, in);
    CHECK_EQ(b->io.ops->name(&b->io, UV__LOCAL, text, &length), 0); /* Nor may it be asked. */
    CHECK_EQ(length, 0);
    CHECK(WriteFile(out, "1", 1, &size, NULL));
    join(thread);
    a = holder_give(k, out);
    CHECK_EQ(write_byte(a, '2'), 0);
    CHECK_EQ(read_byte(b), '2');
    stream_end(a);
    stream_end(b);
  }
}

/* Its calls are right for an overlapped handle too: that is what it has when the answer was late. */
TEST(win_sync_overlapped_end_that_is_taken_for_one) {
  EACH_ROUND(k) {
    HANDLE ends[2];
    struct stream *a, *b;
    int i;

    make_two_way(ends);
    b = holder_give(k, ends[1]);
    a = stream_new(k);
    CHECK_EQ(uv__plain_open(&a->io, ends[0], UV__OPENED_READABLE | UV__OPENED_WRITABLE, 0), 0);
    for (i = 0; i < 3; i++) {
      arm_dry(a);
      turn(1);
      CHECK_EQ(write_byte(a, 'q'), 0); /* while it waits to read */
      CHECK_EQ(read_byte(b), 'q');
      disarm(a);
      CHECK_EQ(write_byte(b, 'r'), 0);
      CHECK_EQ(read_byte(a), 'r');
    }
    move(a, b, 100000);
    arm_dry(a);
    stream_end(a);
    stream_end(b);
  }
}

/* Both ends wait to read, and both write. */
TEST(win_sync_two_way) {
  EACH_ROUND(k) {
    HANDLE ends[2];
    struct stream *a, *b;
    int i;

    make_two_way(ends);
    a = holder_give(k, ends[0]);
    b = holder_give(k, ends[1]);
    for (i = 0; i < 3; i++) {
      arm_dry(b);
      if (i % 2)
        turn(1);
      CHECK_EQ(write_byte(b, 'q'), 0);
      CHECK_EQ(read_byte(a), 'q');
      CHECK_EQ(write_byte(a, 'r'), 0);
      CHECK_EQ(read_byte(b), 'r');
    }
    move(b, a, 100000);
    stream_end(a);
    stream_end(b);
  }
}

static DWORD WINAPI ask(void* handle) {
  DWORD total;

  CHECK(PeekNamedPipe(handle, NULL, 0, NULL, &total, NULL));
  CHECK_EQ(total, 0);
  CHECK(CloseHandle(handle));
  return 0;
}

/* Law 5: nothing is lost to it either. */
TEST(win_sync_disarmed_lets_others_through) {
  EACH_ROUND(k) {
    HANDLE in, out, other;
    struct stream *a, *b;
    int i;

    make_ends(&in, &out);
    other = duplicate(in);
    a = holder_give(k, out);
    b = holder_give(k, in);
    for (i = 0; i < 5; i++) {
      arm_dry(b);
      if (i % 2)
        turn(1);
      disarm(b);
      join(run(ask, duplicate(other)));
      if (i % 2) {
        arm_dry(b);
        CHECK_EQ(write_byte(a, (char) i), 0);
        disarm(b);
        if (rings(b, UV__READ) > 0)
          await(b, UV__READ); /* before it was disarmed */
        CHECK_EQ(read_byte(b), i);
      }
    }
    CHECK(CloseHandle(other));
    stream_end(a);
    stream_end(b);
  }
}

static DWORD WINAPI write_one(void* handle) {
  DWORD size;

  CHECK(WriteFile(handle, "w", 1, &size, NULL));
  CHECK_EQ(size, 1);
  CHECK(CloseHandle(handle));
  return 0;
}

/* Also when the call could not be taken back at once, since it waited for somebody else's: when that is
 * over it does not take its place. */
TEST(win_sync_disarmed_behind_another_reader_lets_others_through) {
  EACH_ROUND(k) {
    HANDLE ends[2], other, thread;
    struct stream* s;
    char byte = 0;
    DWORD size;

    make_two_way(ends);
    other = duplicate(ends[1]);
    s = holder_give(k, ends[1]);
    thread = run(read_one, duplicate(other));
    turn(20);
    CHECK_EQ(arm(s), UV__PENDING);
    turn(20);
    disarm(s);
    CHECK(WriteFile(ends[0], "1", 1, &size, NULL));
    join(thread);
    turn(200);
    join(run(write_one, duplicate(other)));
    CHECK(ReadFile(ends[0], &byte, 1, &size, NULL));
    CHECK_EQ(byte, 'w');
    stream_end(s);
    CHECK(CloseHandle(other));
    CHECK(CloseHandle(ends[0]));
  }
}

TEST(win_sync_end_that_does_not_wait) {
  EACH_ROUND(k) {
    HANDLE in, out;
    DWORD mode = PIPE_READMODE_BYTE | PIPE_NOWAIT;
    struct stream *a, *b;
    char byte;

    make_ends(&in, &out);
    CHECK(SetNamedPipeHandleState(in, &mode, NULL, NULL));
    CHECK(SetNamedPipeHandleState(out, &mode, NULL, NULL));
    a = holder_give(k, out);
    b = holder_give(k, in);
    arm_dry(b);
    turn(50);
    CHECK_EQ(rings(b, UV__READ), 0);
    move(a, b, 100000);
    stream_end(a);
    CHECK_EQ(read_some(b, &byte, 1), UV_EOF);
    stream_end(b);
  }
}

static DWORD mode_of(HANDLE end) {
  DWORD mode;

  CHECK(GetNamedPipeHandleStateW(end, &mode, NULL, NULL, NULL, NULL, 0));
  return mode & PIPE_NOWAIT;
}

/* Nor is an end that somebody else has, too, made to wait: his calls would. */
TEST(win_sync_end_of_others_that_does_not_wait_stays_so) {
  EACH_ROUND(k) {
    HANDLE in, out, theirs[2];
    DWORD mode = PIPE_READMODE_BYTE | PIPE_NOWAIT;
    struct stream *a, *b;
    char byte;

    make_ends(&in, &out);
    CHECK(SetNamedPipeHandleState(in, &mode, NULL, NULL));
    CHECK(SetNamedPipeHandleState(out, &mode, NULL, NULL));
    theirs[0] = duplicate(in);
    theirs[1] = duplicate(out);
    a = holder_give(k, out);
    b = holder_give(k, in);
    arm_dry(b);
    turn(50);
    CHECK_EQ(rings(b, UV__READ), 0);
    move(a, b, 100000);
    CHECK_EQ(mode_of(theirs[0]), PIPE_NOWAIT);
    CHECK_EQ(mode_of(theirs[1]), PIPE_NOWAIT);
    stream_end(a);
    CHECK(CloseHandle(theirs[1]));
    CHECK_EQ(read_some(b, &byte, 1), UV_EOF);
    stream_end(b);
    CHECK(CloseHandle(theirs[0]));
  }
}

/* One of messages takes a write whole or not at all, also when it never fits: it is offered less. */
TEST(win_sync_end_of_messages_that_does_not_wait) {
  EACH_ROUND(k) {
    DWORD mode = PIPE_READMODE_BYTE | PIPE_NOWAIT;
    HANDLE ends[2], theirs;
    struct stream *a, *b;

    make_ends_of(ends, PIPE_TYPE_MESSAGE);
    CHECK(SetNamedPipeHandleState(ends[1], &mode, NULL, NULL));
    theirs = duplicate(ends[1]);
    b = holder_give(k, ends[0]);
    a = holder_give(k, ends[1]);
    move(a, b, 100000);
    stream_end(a);
    CHECK(CloseHandle(theirs));
    stream_end(b);
  }
}

/* What is in flight is a copy; the last write appends the rest to it. */
TEST(win_sync_last_write_takes_what_is_in_flight) {
  EACH_ROUND(k) {
    enum {
      FIRST = 20000,
      REST = 30000
    };
    static char bytes[FIRST + REST];
    uv_buf_t bufs[2];
    HANDLE in, out;
    struct stream *a, *b;
    char byte;

    pattern_fill(bytes, sizeof(bytes), 0);
    make_ends(&in, &out);
    a = holder_give(k, out);
    bufs[0] = uv_buf_init(bytes, FIRST);
    bufs[1] = uv_buf_init(bytes + FIRST, REST);
    CHECK_EQ(write_start(a, bufs, 1, UV__QUEUE), UV__PENDING);
    a->io.busy |= UV__CLOSED; /* as the core has it */
    CHECK_EQ(a->io.ops->write(&a->io, bufs, 2, UV__TRY, NULL), FIRST + REST);
    a->io.busy &= (unsigned char) ~UV__WRITE;
    memset(bytes, 0xee, sizeof(bytes));
    stream_end(a);
    b = holder_give(k, in);
    hear_until(b, FIRST + REST);
    CHECK_EQ(read_some(b, &byte, 1), UV_EOF);
    stream_end(b);
    settle();
  }
}

/* Without one they are delivered all the same, and counted. */
TEST(win_sync_close_delivers_what_is_in_flight) {
  EACH_ROUND(k) {
    static char bytes[50000];
    uv_buf_t buf = uv_buf_init(bytes, sizeof(bytes));
    HANDLE in, out;
    struct stream *a, *b;
    char byte;

    pattern_fill(bytes, sizeof(bytes), 0);
    make_ends(&in, &out);
    a = holder_give(k, out);
    CHECK_EQ(write_start(a, &buf, 1, UV__QUEUE), UV__PENDING);
    stream_close(a);
    CHECK_EQ(a->io.ops->done(&a->io, UV__WRITE), sizeof(bytes));
    stream_free(a);
    b = holder_give(k, in);
    hear_until(b, sizeof(bytes));
    CHECK_EQ(read_some(b, &byte, 1), UV_EOF);
    stream_end(b);
    settle();
  }
}

/* A write that somebody else of this process cancels is not made again: its reader may have a part of
 * it, which nobody counts. */
TEST(win_sync_cancelled_write_of_another_holder) {
  EACH_ROUND(k) {
    static char bytes[60000];
    uv_buf_t buf = uv_buf_init(bytes, sizeof(bytes));
    HANDLE in, out, theirs;
    struct stream *a, *b;
    ssize_t r;

    pattern_fill(bytes, sizeof(bytes), 0);
    make_ends(&in, &out);
    theirs = duplicate(out);
    a = holder_give(k, out);
    r = write_start(a, &buf, 1, UV__QUEUE);
    CHECK_EQ(r, UV__PENDING);
    while (rings(a, UV__WRITE) ==
           0) { /* It may not have begun; and Wine does not always heed it. */
      (void) CancelIoEx(theirs, NULL);
      turn(1);
    }
    CHECK_EQ(collect(a, UV__WRITE, r), UV_ECANCELED);
    b = holder_give(k, in);
    r = write_start(a, &buf, 1, UV__QUEUE);
    hear_until(b, sizeof(bytes));
    CHECK_EQ(collect(a, UV__WRITE, r), sizeof(bytes));
    CHECK(CloseHandle(theirs));
    stream_end(a);
    stream_end(b);
  }
}
