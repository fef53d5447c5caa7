/* Cancelling on file objects that somebody else has, too: his cancellation is none of ours, and ours none
 * of his. */
#include <string.h>

#include "win/loop/loop.h"
#include "win/tcp/tcp.h"

#include "driver.h"
#include "holder.h"
#include "native.h"

enum {
  STILL_PENDING = 0x103 /* STATUS_PENDING */
};

/* The other holder is of this process, so that his cancellation without an OVERLAPPED is of ours. */
TEST(win_cancellation_of_another_holder_is_no_end) {
  EACH_KIND(k) {
    struct stream *a, *b;
    HANDLE theirs;

    make_pair(k, &a, &b);
    arm_dry(b);
    theirs = holder_duplicate(k, holder_handle(b));
    (void) CancelIoEx(theirs, NULL);
    settle();
    if (rings(b, UV__READ) > 0) { /* Or it was begun again behind the scenes. */
      char byte;

      await(b, UV__READ);
      CHECK_EQ(read_now(b, &byte, 1), UV_EAGAIN);
      arm_dry(b);
    }
    CHECK_EQ(write_byte(a, 'x'), 0);
    await(b, UV__READ);
    CHECK_EQ(read_byte(b), 'x');
    holder_close(k, theirs);
    stream_end(a);
    stream_end(b);
  }
}

TEST(win_cancellation_of_another_holder_does_not_end_a_listener) {
  EACH_KIND(k) {
    struct stream* listener = make_listener(k);
    HANDLE theirs = holder_duplicate(k, holder_handle(listener));
    struct stream *client, *accepted;
    struct uv__desc desc;

    if (CancelIoEx(theirs, NULL)) {
      await(listener, UV__ACCEPT);
      CHECK_EQ(accept_start(listener, &desc), UV_EAGAIN);
    }
    client = make_client(listener);
    accepted = accept_stream(listener);
    holder_pass_byte(client, accepted);
    holder_close(k, theirs);
    stream_end(client);
    stream_end(accepted);
    stream_end(listener);
  }
}

static OVERLAPPED operation;

TEST(win_close_cancels_nothing_of_another_holder) {
  EACH_KIND(k) {
    struct stream *a, *b;
    HANDLE theirs, event;
    OVERLAPPED* overlapped = &operation;
    size_t before;

    make_pair(k, &a, &b);
    arm_dry(b);
    theirs = holder_duplicate(k, holder_handle(b));
    event = holder_begin_read(k, theirs, overlapped);
    stream_end(b);
    CHECK_EQ(overlapped->Internal, STILL_PENDING);
    before = uv__expect_strays(loop);
    stream_end(a);
    holder_await_stray(before);
    CHECK_EQ(WaitForSingleObject(event, 0), WAIT_OBJECT_0);
    CHECK((uint32_t) overlapped->Internal != 0xC0000120u); /* STATUS_CANCELLED */
    holder_close(k, theirs);
    CHECK(CloseHandle(event));
  }
}

/* Nor does the close of a listener: another holder's accept goes on, and he has the next client. */
TEST(win_close_cancels_no_accept_of_another_holder) {
  EACH_KIND(k) {
    static char addresses[2 * (sizeof(struct sockaddr_storage) + 16)];
    const DWORD room = sizeof addresses / 2;
    OVERLAPPED* overlapped = &operation;
    struct stream* listener;
    HANDLE theirs, event;
    SOCKET accepted;
    DWORD received;

    if (k->desc != UV__DESC_TCP)
      continue;
    listener = make_listener(k);
    settle();
    theirs = holder_duplicate(k, holder_handle(listener));
    event = CreateEventW(NULL, TRUE, FALSE, NULL);
    accepted = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    CHECK(event != NULL && accepted != INVALID_SOCKET);
    memset(overlapped, 0, sizeof *overlapped);
    overlapped->hEvent = (HANDLE) ((ULONG_PTR) event | 1); /* The port is gone when it is over. */
    CHECK(!uv__sock_calls.accept((SOCKET) theirs, accepted, addresses, 0, room, room, &received,
                                 overlapped));
    CHECK_EQ(WSAGetLastError(), WSA_IO_PENDING);
    stream_end(listener);
    CHECK_EQ(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
    CHECK_EQ(overlapped->Internal, STILL_PENDING);
    holder_close(k, theirs); /* Of which a layered provider hears, too. */
    CHECK_EQ(WaitForSingleObject(event, INFINITE), WAIT_OBJECT_0);
    CHECK_EQ(closesocket(accepted), 0);
    CHECK(CloseHandle(event));
  }
}

/* Reads what is there: the last byte of it, and how many. The error, or 0. */
static int hear_out(struct stream* s, char* last, size_t* heard) {
  static char bytes[65536];
  ssize_t n = read_some(s, bytes, sizeof bytes);

  while (n > 0) {
    *last = bytes[n - 1];
    *heard += (size_t) n;
    n = read_now(s, bytes, sizeof bytes);
  }
  return n == UV_EAGAIN ? 0 : (int) n;
}

/* What went of a write that somebody cancelled nobody knows: it fails, and no more than that. The stream
 * reads on, and what is written next arrives. */
TEST(win_cancelled_write_of_another_holder_ends_no_stream) {
  static char block[4 << 20];

  EACH_KIND(k) {
    struct stream *a, *b;
    uv_buf_t one = uv_buf_init((char*) "n", 1);
    size_t told = 0, heard = 0;
    ssize_t r, next;
    HANDLE theirs;
    char last = 'w';
    int is_known;

    if (k->ops == &uv__ipc_ops)
      continue; /* The rest of a frame is not a frame. */
    make_pair(k, &a, &b);
    if (holder_is_layered(k, holder_handle(a))) {
      stream_end(a);
      stream_end(b);
      continue; /* It cancels nothing. */
    }
    memset(block, 'w', sizeof block);
    do {
      uv_buf_t buf = uv_buf_init(block, sizeof block);
      r = write_start(a, &buf, 1, UV__QUEUE);
      told += r > 0 ? (size_t) r : 0;
    } while (r > 0);
    CHECK_EQ(r, UV__PENDING);
    theirs = holder_duplicate(k, holder_handle(a));
    (void) CancelIoEx(theirs, NULL);
    r = collect(a, UV__WRITE, r);
    CHECK(r == UV_ECANCELED || r >= 0); /* Or it was over. */
    is_known = r >= 0;
    told += is_known ? (size_t) r : 0;
    CHECK_EQ(write_byte(b, 'r'), 0);
    CHECK_EQ(read_byte(a), 'r');
    next = write_start(a, &one, 1, UV__QUEUE);
    do
      CHECK_EQ(hear_out(b, &last, &heard), 0);
    while (last == 'w');
    CHECK(is_known ? heard == told + 1 : heard > told);
    CHECK_EQ(collect(a, UV__WRITE, next), 1);
    CHECK_EQ(last, 'n');
    holder_close(k, theirs);
    stream_end(a);
    stream_end(b);
  }
}

static int is_pipe(const struct kind* k) {
  return k->ops == &uv__pipe_ops || k->ops == &uv__ipc_ops;
}

/* What a try took and could not go at once nobody waits for: that it will not go is told to the next
 * write, and to a shutdown. */
TEST(win_cancelled_try_of_another_holder_is_told) {
  EACH_KIND(k) {
    int round;

    for (round = 0; is_pipe(k) && round < 3; round++) {
      uv_buf_t one = uv_buf_init((char*) "n", 1);
      struct stream *a, *b;
      HANDLE theirs;
      ssize_t r;

      make_pair(k, &a, &b);
      CHECK(write_full(a) > 0);
      theirs = holder_duplicate(k, holder_handle(a));
      if (CancelIoEx(theirs, NULL)) {
        settle();
        if (native_rounds > 1) /* There it may be a while until what was cancelled is over. */
          (void) polls_during(100);
        if (round == 0)
          r = collect(a, UV__WRITE, write_start(a, &one, 1, UV__QUEUE));
        else if (round == 1)
          r = write_start(a, &one, 1, UV__TRY);
        else
          r = collect(a, UV__SHUTDOWN, start(a, UV__SHUTDOWN, NULL));
        CHECK(r == UV_ECANCELED || (round == 2 && r == 0 && k->ops == &uv__ipc_ops));
        if (round < 2 && k->ops == &uv__ipc_ops) /* The rest of a frame is not a frame. */
          CHECK_EQ(write_start(a, &one, 1, UV__QUEUE), UV_EPIPE);
      }
      holder_close(k, theirs);
      stream_end(a);
      stream_end(b);
    }
  }
}

/* Nor does what is written next begin with bytes of which the peer may have some. */
TEST(win_cancelled_rest_of_a_write_is_told) {
  static char block[1 << 20];

  EACH_KIND(k) {
    uv_buf_t bufs[2] = {uv_buf_init((char*) "f", 1), uv_buf_init(block, sizeof block)};
    struct stream *a, *b;
    HANDLE theirs;
    ssize_t r;

    if (!is_pipe(k))
      continue;
    make_pair(k, &a, &b);
    r = write_start(a, bufs, 2, UV__QUEUE);
    CHECK_EQ(r, UV__PENDING);
    settle();
    theirs = holder_duplicate(k, holder_handle(a));
    CHECK(CancelIoEx(theirs, NULL));
    r = collect(a, UV__WRITE, r);
    if (k->ops == &uv__ipc_ops) {
      CHECK_EQ(r, UV_ECANCELED);
      CHECK_EQ(write_start(a, bufs, 1, UV__QUEUE), UV_EPIPE);
      CHECK_EQ(collect(a, UV__SHUTDOWN, start(a, UV__SHUTDOWN, NULL)), 0);
    } else {
      CHECK_EQ(r, 1);
      CHECK_EQ(collect(a, UV__WRITE, write_start(a, bufs + 1, 1, UV__QUEUE)), UV_ECANCELED);
    }
    holder_close(k, theirs);
    stream_end(a);
    stream_end(b);
  }
}
