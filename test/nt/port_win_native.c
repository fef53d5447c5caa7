/* What only the model can do to src/win at its port: memory that is short, an AppContainer, names that
 * somebody takes in the last moment. */
#include <string.h>

#include "win/npfs/npfs.h"
#include "win/pipe/pipe.h"

#include "driver.h"
#include "holder.h"
#include "import.h"
#include "nt.h"
#include "winternl.h"

/* ---- Memory ---- */

static int is_pipe(const struct kind* k) {
  return k->desc == UV__DESC_PIPE;
}

/* A megabyte is too much for the kernel to copy; half of a half of it is not. Nothing of it is lost and
 * the program hears nothing. */
TEST(win_write_that_lacks_memory_is_halved) {
  EACH_KIND(k) {
    struct stream *a, *b;

    if (!is_pipe(k))
      continue;
    make_pair(k, &a, &b);
    nt_pool_most = 100000;
    CHECK_EQ(write_pattern(a, 0, 3 << 20, b), 0);
    hear_until(b, 3 << 20);
    stream_end(a);
    stream_end(b);
  }
}

/* So is what a helper writes to an end that is not overlapped, also behind a close, where nobody would hear
 * that it is lost. */
TEST(win_sync_write_that_lacks_memory_is_halved) {
  enum {
    SIZE = 50000,
    ROUNDS = 3
  };
  static char bytes[SIZE];

  EACH_KIND(k) {
    uv_buf_t buf = uv_buf_init(bytes, SIZE);
    struct stream *a, *b;
    HANDLE in, out;
    char byte;
    int i;

    if (k->ops != &uv__pipe_ops)
      continue;
    CHECK(CreatePipe(&in, &out, NULL, 0));
    a = holder_give(k, out);
    b = holder_give(k, in);
    nt_pool_most = 5000;
    for (i = 1; i <= ROUNDS; i++) {
      pattern_fill(bytes, SIZE, (size_t) (i - 1) * SIZE);
      CHECK_EQ(write_start(a, &buf, 1, UV__QUEUE), UV__PENDING);
      if (i == ROUNDS)
        stream_end(a);
      hear_until(b, (size_t) i * SIZE);
      if (i < ROUNDS)
        CHECK_EQ(collect(a, UV__WRITE, UV__PENDING), SIZE);
    }
    CHECK_EQ(read_some(b, &byte, 1), UV_EOF);
    stream_end(b);
  }
}

/* A page that finds none: there is nothing left to halve, and the core makes it again (rule A4). */
TEST(win_write_of_a_page_that_lacks_memory_is_to_be_made_again) {
  EACH_KIND(k) {
    static char bytes[8192];
    uv_buf_t buf = uv_buf_init(bytes, sizeof bytes);
    struct stream *a, *b;

    if (k->ops != &uv__pipe_ops)
      continue;
    make_pair(k, &a, &b);
    settle();
    nt_pool_most = 1000;
    CHECK_EQ(a->io.ops->write(&a->io, &buf, 1, UV__QUEUE, NULL), UV_EAGAIN);
    nt_pool_most = SIZE_MAX;
    CHECK_EQ(write_byte(a, 'x'), 0);
    CHECK_EQ(read_byte(b), 'x');
    stream_end(a);
    stream_end(b);
  }
}

/* It can also turn out when the write has waited; then it is made again. */
TEST(win_write_that_lacks_memory_later_is_made_again) {
  EACH_KIND(k) {
    enum {
      SIZE = 3 << 20
    };
    static char bytes[SIZE];
    uv_buf_t buf = uv_buf_init(bytes, SIZE);
    struct stream *a, *b;
    ssize_t r;

    if (k->ops != &uv__pipe_ops)
      continue;
    make_pair(k, &a, &b);
    pattern_fill(bytes, SIZE, 0);
    nt_plan("pipe", NT_WRITE, 1, (NTSTATUS) 0xC000009A); /* STATUS_INSUFFICIENT_RESOURCES */
    r = write_start(a, &buf, 1, UV__QUEUE);
    CHECK_EQ(r, UV__PENDING);
    r = collect(a, UV__WRITE, r);
    CHECK(r >= 0);
    CHECK_EQ(write_pattern(a, (size_t) r, SIZE - (size_t) r, b), 0);
    hear_until(b, SIZE);
    stream_end(a);
    stream_end(b);
  }
}

/* ---- Pairs with a name ---- */

static void pass_a_byte(HANDLE from, HANDLE to) {
  char byte = 0;
  DWORD size;

  CHECK(WriteFile(from, "x", 1, &size, NULL));
  CHECK(ReadFile(to, &byte, 1, &size, NULL));
  CHECK_EQ(byte, 'x');
}

static void check_pair(void) {
  HANDLE ends[2];

  CHECK_EQ(uv__pair_make(UV_READABLE_PIPE, UV_WRITABLE_PIPE, ends), 0);
  pass_a_byte(ends[1], ends[0]);
  CHECK(CloseHandle(ends[0]));
  CHECK(CloseHandle(ends[1]));
}

/* There most names are refused, and where pairs without a name are too, one of those is used that are
 * not. */
TEST(win_pair_in_an_app_container) {
  EACH_KIND(k) {
    if (k->ops != &uv__pipe_ops)
      continue;
    nt_app_container = 1;
    check_pair();
    nt_app_container = 2;
    check_pair();
    nt_app_container = 0;
  }
}

IMPORTED(CreateNamedPipeW)
static HANDLE(WINAPI* create_pipe)(
    LPCWSTR, DWORD, DWORD, DWORD, DWORD, DWORD, DWORD, LPSECURITY_ATTRIBUTES);
static HANDLE squatted;

/* Somebody who knows the name has made it before. */
static HANDLE WINAPI create_second(LPCWSTR name,
                                   DWORD open,
                                   DWORD mode,
                                   DWORD most,
                                   DWORD out,
                                   DWORD in,
                                   DWORD timeout_ms,
                                   LPSECURITY_ATTRIBUTES security) {
  (void) most;
  if (squatted == NULL)
    squatted = create_pipe(name, open & ~(DWORD) FILE_FLAG_FIRST_PIPE_INSTANCE, mode,
                           PIPE_UNLIMITED_INSTANCES, out, in, timeout_ms, NULL);
  return create_pipe(name, open, mode, PIPE_UNLIMITED_INSTANCES, out, in, timeout_ms, security);
}

TEST(win_pair_with_a_name_that_is_taken) {
  create_pipe =
      (HANDLE(WINAPI*)(LPCWSTR, DWORD, DWORD, DWORD, DWORD, DWORD, DWORD, LPSECURITY_ATTRIBUTES))
          import_replace(IMPORT(CreateNamedPipeW), (import_function) create_second);
  EACH_KIND(k) {
    if (k->ops != &uv__pipe_ops)
      continue;
    squatted = NULL;
    nt_app_container = 2;
    check_pair();
    CHECK(squatted != NULL && squatted != INVALID_HANDLE_VALUE);
    CHECK(CloseHandle(squatted));
    nt_app_container = 0;
  }
}

/* ---- Instances ---- */

struct caller {
  WCHAR name[512];
  HANDLE handle;
};

static DWORD WINAPI call(void* data) {
  struct caller* caller = data;

  do
    caller->handle = CreateFileW(caller->name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                                 FILE_FLAG_OVERLAPPED, NULL);
  while (caller->handle == INVALID_HANDLE_VALUE);
  return 0;
}

/* A wait for a client that failed is told as that, whoever comes to the next instance meanwhile. */
TEST(win_wait_for_a_client_that_failed_is_no_connection) {
  EACH_KIND(k) {
    struct stream* listener;
    struct caller caller;
    struct uv__desc desc;
    struct place place;
    int instances = 1;
    HANDLE thread, gone;
    size_t i;

    if (!is_pipe(k))
      continue;
    listener = stream_open(k, NULL);
    k->nobody(k, &place);
    CHECK_EQ(listener->io.ops->bind(&listener->io, &place.at, 0), 0);
    CHECK_EQ(listener->io.ops->option(&listener->io, UV__INSTANCES, &instances), 0);
    nt_plan("pipe", NT_CONTROL, 1, (NTSTATUS) 0xC000009A); /* STATUS_INSUFFICIENT_RESOURCES */
    CHECK_EQ(listener->io.ops->listen(&listener->io, 1), 0);
    CHECK_EQ(accept_start(listener, &desc), UV_EAGAIN);
    await(listener, UV__ACCEPT);
    for (i = 0; i < place.at.name.length; i++)
      caller.name[i] = (WCHAR) place.text[i];
    caller.name[i] = 0;
    CHECK_EQ(call(&caller), 0); /* The one that failed listens still. */
    gone = caller.handle;
    thread = CreateThread(NULL, 0, call, &caller, 0, NULL);
    CHECK(thread != NULL);
    CHECK_EQ(accept_start(listener, &desc), UV_ENOMEM);
    stream_end(accept_stream(listener));
    CHECK_EQ(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
    CHECK(CloseHandle(thread));
    CHECK(CloseHandle(caller.handle));
    CHECK(CloseHandle(gone));
    stream_end(listener);
  }
}

/* Helper threads call too, with nothing that orders them and this. */
static _Atomic unsigned counted;
static const char* _Atomic counted_call;

static void count_call(const char* name) {
  if (strcmp(name, counted_call) == 0)
    counted++;
}

static unsigned calls_during(const char* name, int ms) {
  counted = 0;
  counted_call = name;
  nt_watch = count_call;
  (void) polls_during(ms);
  nt_watch = NULL;
  return counted;
}

/* A server with one instance, which the first of its clients has. */
static void make_queue(const struct kind* k,
                       struct stream** listener,
                       struct stream** first,
                       struct stream** second) {
  struct place place;
  int instances = 1;

  *listener = stream_open(k, NULL);
  k->nobody(k, &place);
  CHECK_EQ((*listener)->io.ops->bind(&(*listener)->io, &place.at, 0), 0);
  CHECK_EQ((*listener)->io.ops->option(&(*listener)->io, UV__INSTANCES, &instances), 0);
  CHECK_EQ((*listener)->io.ops->listen(&(*listener)->io, 1), 0);
  *first = stream_open(k, NULL);
  *second = stream_open(k, NULL);
  CHECK_EQ(start(*first, UV__CONNECT, &place.at), 0);
  CHECK_EQ(start(*second, UV__CONNECT, &place.at), UV__PENDING);
}

/* The kernel waits, and not the loop, by asking. (It refuses now and then.) */
TEST(win_client_that_waits_asks_now_and_then) {
  EACH_KIND(k) {
    struct stream *first, *second, *listener;

    if (k->ops != &uv__pipe_ops)
      continue;
    nt_pipes_have_folder = 1;
    make_queue(k, &listener, &first, &second);
    CHECK(calls_during("CreateFileW", 3000) <= 60);
    stream_end(first);
    stream_end(second);
    stream_end(listener);
  }
}

/* Who waits for an instance that never comes is told after half a minute. */
TEST(win_client_that_waits_too_long_is_told) {
  EACH_KIND(k) {
    struct stream *first, *second, *listener;
    int i;

    if (k->ops != &uv__pipe_ops)
      continue;
    make_queue(k, &listener, &first, &second);
    for (i = 0; i < 40 && rings(second, UV__CONNECT) == 0; i++)
      (void) polls_during(1000);
    CHECK_EQ(collect(second, UV__CONNECT, UV__PENDING), UV_ETIMEDOUT);
    stream_end(first);
    stream_end(second);
    stream_end(listener);
  }
}

/* ---- What is asked again and again ---- */

/* An end that does not wait is asked now and then, and not all the time. */
TEST(win_sync_end_that_does_not_wait_is_asked_now_and_then) {
  EACH_KIND(k) {
    HANDLE self = GetCurrentProcess();
    DWORD mode = PIPE_READMODE_BYTE | PIPE_NOWAIT;
    HANDLE in, out, theirs;
    struct stream* s;
    unsigned i;

    if (k->ops != &uv__pipe_ops)
      continue;
    CHECK(CreatePipe(&in, &out, NULL, 0));
    CHECK(SetNamedPipeHandleState(in, &mode, NULL, NULL));
    CHECK(DuplicateHandle(self, in, self, &theirs, 0, FALSE, DUPLICATE_SAME_ACCESS));
    s = holder_give(k, in);
    arm_dry(s);
    i = calls_during("ReadFile", 500);
    CHECK(i > 0 && i <= 100);
    stream_end(s);
    CHECK(CloseHandle(theirs));
    CHECK(CloseHandle(out));
  }
}

/* ---- Order ---- */

/* An accept that finds a client at once is over before those whose packets wait: nobody is overtaken. */
TEST(win_client_that_waited_for_an_accept_overtakes_nobody) {
  EACH_KIND(k) {
    enum {
      CLIENTS = 12 /* more than there are accepts at a time */
    };
    struct stream *listener, *first, *accepted;
    SOCKET clients[CLIENTS];
    struct sockaddr_in addr;
    int len = sizeof(addr);
    int may_block;
    char i;

    if (k->desc != UV__DESC_TCP)
      continue;
    listener = make_listener(k);
    CHECK_EQ(listener->io.ops->name(&listener->io, UV__LOCAL, &addr, &len), 0);
    first = make_client(listener);
    accepted = accept_stream(listener); /* So that there is a slot to be filled. */
    may_block = nt_may_block(1);
    for (i = 0; i < CLIENTS; i++) {
      SOCKET sock = socket(AF_INET, SOCK_STREAM, 0);

      CHECK(sock != INVALID_SOCKET);
      CHECK_EQ(connect(sock, (struct sockaddr*) &addr, sizeof(addr)), 0);
      CHECK_EQ(send(sock, &i, 1, 0), 1);
      clients[(int) i] = sock;
    }
    (void) nt_may_block(may_block);
    for (i = 0; i < CLIENTS; i++) {
      struct stream* s = accept_stream(listener);

      CHECK_EQ(read_byte(s), i);
      stream_end(s);
      CHECK_EQ(closesocket(clients[(int) i]), 0);
    }
    stream_end(first);
    stream_end(accepted);
    stream_end(listener);
  }
}

/* ---- An idle loop ---- */

static _Atomic int looks;

static void count_look(const char* call) {
  looks += strcmp(call, "GetQueuedCompletionStatusEx") == 0;
}

static DWORD WINAPI wake_later(void* arg) {
  (void) arg;
  Sleep(10000);
  uv__port_wake(loop);
  return 0;
}

/* Wakes cannot be missed for lack of memory where a packet is in reserve: nobody looks for them. */
TEST(win_idle_loop_sleeps_until_it_is_woken) {
  EACH_KIND(k) {
    HANDLE thread = CreateThread(NULL, 0, wake_later, NULL, 0, NULL);

    (void) k;
    CHECK(thread != NULL);
    looks = 0;
    nt_watch = count_look;
    turn(-1);
    nt_watch = NULL;
    CHECK_EQ(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
    CHECK(loop->tail.reserve != NULL ? looks <= 2 : looks >= 9);
    CloseHandle(thread);
  }
}

/* One is on its way at a time, and the next goes when that has come. */
TEST(win_wakes_use_one_packet_again_and_again) {
  EACH_KIND(k) {
    int i;

    (void) k;
    for (i = 0; i < 5; i++) {
      uv__port_wake(loop);
      uv__port_wake(loop);
      turn(-1);
    }
  }
}
