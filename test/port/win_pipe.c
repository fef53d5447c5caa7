/* What others do to a pipe that is ours too, which only Windows lets them: its ends made such that
 * calls on them never wait, bytes taken from under us, empty messages, rights held back; and what
 * needs more than one client at a time. */
#include <string.h>

#include "win/pipe/pipe.h"

#include "driver.h"
#include "holder.h"
#include "native.h"

static HANDLE handle_of(const struct stream* s) {
  uv_os_fd_t fd;

  CHECK_EQ(s->io.ops->fileno(&s->io, &fd), 0);
  return fd;
}

static int is_pipe(const struct kind* k) {
  return k->desc == UV__DESC_PIPE;
}

/* As Cygwin's programs do with what they share with others. */
static void make_impatient(HANDLE handle) {
  DWORD mode;

  CHECK(GetNamedPipeHandleStateW(handle, &mode, NULL, NULL, NULL, NULL, 0));
  mode |= PIPE_NOWAIT;
  CHECK(SetNamedPipeHandleState(handle, &mode, NULL, NULL));
}

static void make_impatient_pair(const struct kind* k, struct stream** a, struct stream** b) {
  make_pair(k, a, b);
  make_impatient(handle_of(*a));
  make_impatient(handle_of(*b));
}

enum {
  NAME_ROOM = 512
};

static void widen(const char* name, size_t length, WCHAR wide[NAME_ROOM]) {
  size_t i;

  for (i = 0; i < length; i++)
    wide[i] = (WCHAR) name[i];
  wide[length] = 0;
}

static HANDLE call(const WCHAR* name) {
  return CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                     FILE_FLAG_OVERLAPPED, NULL);
}

/* A pipe of that type; `client` is what the stream gets. */
static HANDLE make_raw(DWORD type, DWORD access, HANDLE* client) {
  WCHAR name[NAME_ROOM];
  char text[NAME_ROOM];
  HANDLE server;

  widen(text, native_pipe_name(text, sizeof(text)), name);
  server = CreateNamedPipeW(name, PIPE_ACCESS_DUPLEX, type | PIPE_WAIT, 1, 65536, 65536, 0, NULL);
  CHECK(server != INVALID_HANDLE_VALUE);
  *client = CreateFileW(name, access, 0, NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
  CHECK(*client != INVALID_HANDLE_VALUE);
  return server;
}

/* ---- Ends that do not wait ---- */

/* A write that takes a part or nothing succeeds, and so does one that had no room at all. */
TEST(win_writes_to_an_impatient_end_are_whole) {
  EACH_KIND(k) {
    struct stream *a, *b;

    if (!is_pipe(k))
      continue;
    make_impatient_pair(k, &a, &b);
    CHECK_EQ(write_pattern(a, 0, 1000000, b), 0);
    hear_until(b, 1000000);
    stream_end(a);
    CHECK_EQ(read_to_end(b), UV_EOF);
    stream_end(b);
  }
}

/* Also where the system says that it has taken them: nobody may be asked again and again. */
TEST(win_write_to_a_full_impatient_end_does_not_spin) {
  EACH_KIND(k) {
    static char block[500000];
    struct stream *a, *b;
    uv_buf_t buf = uv_buf_init(block, sizeof(block));
    ssize_t r;

    if (!is_pipe(k))
      continue;
    make_impatient_pair(k, &a, &b);
    pattern_fill(block, sizeof(block), 0);
    do {
      r = write_start(a, &buf, 1, UV__QUEUE);
      if (r > 0) {
        buf.base += r;
        buf.len -= (ULONG) r;
      }
    } while (r > 0);
    CHECK_EQ(r, UV__PENDING);
    CHECK(polls_during(60) <= 50);
    CHECK_EQ(a->io.ops->write(&a->io, &buf, 1, UV__TRY, NULL), UV_EAGAIN);
    stream_close(a);
    CHECK(a->io.ops->done(&a->io, UV__WRITE) == UV_ECANCELED ||
          a->io.ops->done(&a->io, UV__WRITE) >= 0);
    stream_free(a);
    stream_end(b);
  }
}

/* Nor one that others hold, too, whose operations end by events: who starts a write again that took
 * nothing is soon not told before a while has passed. */
TEST(win_write_to_a_full_end_of_others_does_not_spin) {
  EACH_KIND(k) {
    static char block[500000];
    HANDLE self = GetCurrentProcess();
    HANDLE client, server, theirs;
    uv_buf_t buf = uv_buf_init(block, sizeof(block));
    struct stream* s;
    unsigned told = 0;
    uint64_t until;
    ssize_t r;

    if (k->ops != &uv__pipe_ops)
      continue;
    server = make_raw(PIPE_TYPE_BYTE, GENERIC_READ | GENERIC_WRITE, &client);
    make_impatient(client);
    CHECK(DuplicateHandle(self, client, self, &theirs, 0, FALSE, DUPLICATE_SAME_ACCESS));
    s = holder_give(k, client);
    until = uv__port_now(loop) + 100;
    do {
      r = write_start(s, &buf, 1, UV__QUEUE);
      while (r == UV__PENDING && rings(s, UV__WRITE) == 0 && uv__port_now(loop) < until)
        turn(1);
      if (r == UV__PENDING && rings(s, UV__WRITE) == 0)
        break;
      r = collect(s, UV__WRITE, r);
      CHECK(r >= 0);
      told++;
    } while (uv__port_now(loop) < until);
    CHECK(told <= 100);
    stream_close(s);
    stream_free(s);
    CHECK(CloseHandle(theirs));
    CHECK(CloseHandle(server));
  }
}

/* What a try says was taken arrives, in order and whole: a frame is more than its payload. */
TEST(win_tries_to_an_impatient_end_arrive) {
  EACH_KIND(k) {
    struct stream *a, *b;
    size_t total;

    if (!is_pipe(k))
      continue;
    make_impatient_pair(k, &a, &b);
    total = write_full(a);
    CHECK(total > 0);
    hear_until(b, total);
    CHECK_EQ(write_pattern(a, total, 100000, b), 0);
    hear_until(b, total + 100000);
    stream_end(a);
    stream_end(b);
  }
}

/* What it owes its peer, the rest of a frame, nobody would write in another loop. */
TEST(win_end_that_owes_its_peer_does_not_leave) {
  EACH_KIND(k) {
    struct stream *a, *b;
    size_t total;

    if (!is_pipe(k))
      continue;
    make_impatient_pair(k, &a, &b);
    total = write_full(a);
    if (uv__spare_owes(uv__pipe_of(&a->io)->spare))
      CHECK_EQ(uv__port_beyond(&a->io)->leave(&a->io), UV_EBUSY);
    hear_until(b, total);
    CHECK_EQ(write_pattern(a, total, 1000, b), 0);
    hear_until(b, total + 1000);
    stream_end(a);
    stream_end(b);
  }
}

/* Nothing to read is no end, as long as the peer lives. */
TEST(win_empty_impatient_end_is_no_end) {
  EACH_KIND(k) {
    struct stream *a, *b;

    if (!is_pipe(k))
      continue;
    make_impatient_pair(k, &a, &b);
    arm_dry(b);
    CHECK(polls_during(60) <= 50);
    CHECK_EQ(rings(b, UV__READ), 0);
    CHECK_EQ(write_byte(a, 'x'), 0);
    CHECK_EQ(read_byte(b), 'x');
    arm_dry(b);
    stream_end(a);
    CHECK_EQ(read_to_end(b), UV_EOF);
    stream_end(b);
  }
}

/* An end that is opened so waits from then on. */
TEST(win_open_makes_an_end_patient) {
  EACH_KIND(k) {
    HANDLE client, server;
    struct stream* s;
    DWORD mode = 0;

    if (!is_pipe(k))
      continue;
    server = make_raw(PIPE_TYPE_BYTE, GENERIC_READ | GENERIC_WRITE, &client);
    make_impatient(client);
    s = holder_give(k, client);
    CHECK(GetNamedPipeHandleStateW(client, &mode, NULL, NULL, NULL, NULL, 0));
    CHECK_EQ(mode & PIPE_NOWAIT, 0);
    arm_dry(s);
    stream_end(s);
    CHECK(CloseHandle(server));
  }
}

/* One that others hold, too, stays as they want it: a call of theirs that suddenly waited would hang
 * them. */
TEST(win_shared_end_that_does_not_wait_stays_so) {
  EACH_KIND(k) {
    HANDLE self = GetCurrentProcess();
    HANDLE client, server, theirs;
    struct stream* s;
    DWORD mode = 0;

    if (!is_pipe(k))
      continue;
    server = make_raw(PIPE_TYPE_BYTE, GENERIC_READ | GENERIC_WRITE, &client);
    make_impatient(client);
    CHECK(DuplicateHandle(self, client, self, &theirs, 0, FALSE, DUPLICATE_SAME_ACCESS));
    s = holder_give(k, client);
    arm_dry(s);
    CHECK(GetNamedPipeHandleStateW(theirs, &mode, NULL, NULL, NULL, NULL, 0));
    CHECK_EQ(mode & PIPE_NOWAIT, PIPE_NOWAIT);
    stream_end(s);
    CHECK(CloseHandle(theirs));
    CHECK(CloseHandle(server));
  }
}

/* ---- Messages ---- */

/* Who may not change the mode of an end, or has frames of its own, reads messages byte by byte. An
 * empty one lies there until somebody reads more than nothing. */
TEST(win_empty_message_read_as_bytes_does_not_spin) {
  EACH_KIND(k) {
    int ipc = k->ops == &uv__ipc_ops;
    HANDLE client, server;
    struct stream* s;
    DWORD written, mode;
    char byte;

    if (!is_pipe(k))
      continue;
    server =
        make_raw(PIPE_TYPE_MESSAGE, ipc ? GENERIC_READ | GENERIC_WRITE : GENERIC_READ, &client);
    s = holder_give(k, client);
    CHECK(GetNamedPipeHandleStateW(client, &mode, NULL, NULL, NULL, NULL, 0));
    if (mode & PIPE_READMODE_MESSAGE) { /* Wine lets everybody change it. */
      stream_end(s);
      CHECK(CloseHandle(server));
      continue;
    }
    CHECK(WriteFile(server, "", 0, &written, NULL));
    arm_dry(s);
    CHECK(WriteFile(server, "", 0, &written, NULL));
    CHECK(polls_during(30) <= 20);
    if (s->io.busy & UV__READ) {
      CHECK(CloseHandle(server));
      await(s, UV__READ);
    } else {
      await(s, UV__READ);
      CHECK_EQ(read_now(s, &byte, 1), UV_EAGAIN);
      arm_dry(s);
      CHECK(CloseHandle(server));
    }
    CHECK_EQ(read_to_end(s), UV_EOF);
    stream_end(s);
  }
}

/* ---- Rights ---- */

/* It cannot be asked what it is, and is a pipe nevertheless. */
TEST(win_end_that_may_only_be_written_to) {
  EACH_KIND(k) {
    HANDLE self = GetCurrentProcess();
    HANDLE client, server, end;
    struct stream* s;
    char byte = 0;
    DWORD got;

    if (k->ops != &uv__pipe_ops)
      continue;
    server = make_raw(PIPE_TYPE_BYTE, GENERIC_WRITE, &client);
    CHECK(DuplicateHandle(self, client, self, &end, FILE_WRITE_DATA | SYNCHRONIZE, FALSE, 0));
    CHECK(CloseHandle(client));
    s = holder_give(k, end);
    CHECK_EQ(write_byte(s, 'x'), 0);
    CHECK(ReadFile(server, &byte, 1, &got, NULL));
    CHECK_EQ(byte, 'x');
    stream_end(s);
    CHECK(CloseHandle(server));
  }
}

/* ---- Others, at the same time ---- */

struct thief {
  HANDLE handle;
  HANDLE event;
  volatile LONG stop;
};

/* Reads whatever is there from an end that is ours too. */
static DWORD WINAPI steal(void* data) {
  struct thief* thief = data;
  char bytes[64];

  while (InterlockedCompareExchange(&thief->stop, 0, 0) == 0) {
    OVERLAPPED overlapped;
    DWORD got;

    memset(&overlapped, 0, sizeof(overlapped));
    overlapped.hEvent = (HANDLE) ((ULONG_PTR) thief->event | 1);
    if (!ReadFile(thief->handle, bytes, sizeof(bytes), NULL, &overlapped) &&
        GetLastError() == ERROR_IO_PENDING) {
      CancelIoEx(thief->handle, &overlapped);
      GetOverlappedResult(thief->handle, &overlapped, &got, TRUE);
    }
  }
  return 0;
}

static void say(HANDLE to, const void* bytes, DWORD size) {
  OVERLAPPED overlapped;
  DWORD put;

  memset(&overlapped, 0, sizeof(overlapped));
  overlapped.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
  CHECK(WriteFile(to, bytes, size, NULL, &overlapped) || GetLastError() == ERROR_IO_PENDING);
  CHECK(GetOverlappedResult(to, &overlapped, &put, TRUE));
  CHECK(CloseHandle(overlapped.hEvent));
}

enum {
  MESSAGES = 60
};

struct speaker {
  HANDLE to;
  HANDLE go; /* a message for each */
};

static DWORD WINAPI speak(void* data) {
  struct speaker* speaker = data;
  int i;

  for (i = 0; i < MESSAGES; i++) {
    CHECK_EQ(WaitForSingleObject(speaker->go, INFINITE), WAIT_OBJECT_0);
    say(speaker->to, "0123456789abcdef", 16);
  }
  return 0;
}

/* What comes between a look and the read of nothing ends that with a warning, which is not over
 * before its packet came. */
TEST(win_message_comes_just_before_the_wait) {
  EACH_KIND(k) {
    struct speaker speaker;
    HANDLE client, thread;
    struct stream* s;
    int i;

    if (k->ops != &uv__pipe_ops)
      continue;
    speaker.to = make_raw(PIPE_TYPE_MESSAGE, GENERIC_READ | GENERIC_WRITE, &client);
    speaker.go = CreateEventW(NULL, FALSE, FALSE, NULL);
    s = holder_give(k, client);
    thread = CreateThread(NULL, 0, speak, &speaker, 0, NULL);
    CHECK(thread != NULL);
    for (i = 0; i < MESSAGES * 16; i++) {
      if (i % 16 == 0)
        CHECK(SetEvent(speaker.go));
      CHECK_EQ(read_byte(s), "0123456789abcdef"[i % 16]);
    }
    CHECK_EQ(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
    CHECK(CloseHandle(thread));
    CHECK(CloseHandle(speaker.go));
    CHECK(CloseHandle(speaker.to));
    stream_end(s);
  }
}

/* A client that greets when it is accepted already, and says more, while the other thread takes from
 * our end what it can. */
static void listen_with_a_thief(struct stream* listener, const WCHAR* name) {
  HANDLE self = GetCurrentProcess();
  HANDLE client = call(name);
  struct stream* s = accept_stream(listener);
  struct thief thief;
  HANDLE thread;
  int i;

  memset(&thief, 0, sizeof(thief));
  thief.event = CreateEventW(NULL, TRUE, FALSE, NULL);
  CHECK(DuplicateHandle(self, handle_of(s), self, &thief.handle, 0, FALSE, DUPLICATE_SAME_ACCESS));
  thread = CreateThread(NULL, 0, steal, &thief, 0, NULL);
  CHECK(thread != NULL);
  for (i = 0; i < 20; i++) {
    char bytes[8];

    say(client, i == 0 ? uv__pipe_greeting : "0123456789abcdef", sizeof(uv__pipe_greeting));
    if (!(s->io.busy & UV__READ) && arm(s) == UV__READY)
      (void) s->io.ops->read_now(&s->io, bytes, sizeof(bytes), NULL);
    turn(0);
  }
  InterlockedExchange(&thief.stop, 1);
  CHECK_EQ(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
  CHECK(CloseHandle(thread));
  CHECK(CloseHandle(thief.handle));
  CHECK(CloseHandle(thief.event));
  CHECK(CloseHandle(client));
  stream_end(s);
}

/* Between a look and the read somebody else can be faster. What is read into lies on a stack. */
TEST(win_bytes_are_taken_by_somebody_else) {
  EACH_KIND(k) {
    WCHAR name[NAME_ROOM];
    struct stream* listener;
    struct place place;
    int i;

    if (k->ops != &uv__pipe_ops)
      continue;
    listener = make_listener(k);
    k->place(listener, UV__LOCAL, &place);
    widen(place.text, place.at.name.length, name);
    for (i = 0; i < 5; i++)
      listen_with_a_thief(listener, name);
    stream_end(listener);
  }
}

/* ---- Instances ---- */

static struct stream* listen_with_one(const struct kind* k, struct place* place) {
  struct stream* s = stream_open(k, NULL);
  int instances = 1;

  k->nobody(k, place);
  CHECK_EQ(s->io.ops->bind(&s->io, &place->at, 0), 0);
  CHECK_EQ(s->io.ops->option(&s->io, UV__INSTANCES, &instances), 0);
  CHECK_EQ(s->io.ops->listen(&s->io, 1), 0);
  return s;
}

/* Each gets its instance in the order in which they came. */
TEST(win_clients_wait_for_an_instance) {
  EACH_KIND(k) {
    enum {
      COUNT = 6
    };
    struct stream* client[COUNT];
    struct stream* listener;
    struct place place;
    int i;

    if (!is_pipe(k))
      continue;
    listener = listen_with_one(k, &place);
    for (i = 0; i < COUNT; i++) {
      client[i] = stream_open(k, NULL);
      CHECK_EQ(start(client[i], UV__CONNECT, &place.at), i == 0 ? 0 : UV__PENDING);
    }
    for (i = 0; i < COUNT; i++) {
      struct stream* s = accept_stream(listener);

      if (i + 1 < COUNT)
        CHECK_EQ(collect(client[i + 1], UV__CONNECT, UV__PENDING), 0);
      CHECK_EQ(write_byte(client[i], (char) i), 0);
      CHECK_EQ(read_byte(s), i);
      stream_end(s);
      stream_end(client[i]);
    }
    stream_end(listener);
  }
}

/* Who gives up goes at once, but for the last, who waits for the system to let go. */
TEST(win_clients_that_wait_close) {
  EACH_KIND(k) {
    struct stream* client[3];
    struct stream* late;
    struct stream* listener;
    struct place place;
    int i;

    if (!is_pipe(k))
      continue;
    listener = listen_with_one(k, &place);
    for (i = 0; i < 3; i++) {
      client[i] = stream_open(k, NULL);
      CHECK_EQ(start(client[i], UV__CONNECT, &place.at), i == 0 ? 0 : UV__PENDING);
    }
    settle();
    stream_end(client[2]);
    stream_end(client[1]);
    late = stream_open(k, NULL);
    CHECK_EQ(start(late, UV__CONNECT, &place.at), UV__PENDING);
    stream_end(client[0]);
    stream_end(accept_stream(listener));
    CHECK_EQ(collect(late, UV__CONNECT, UV__PENDING), 0);
    stream_end(late);
    stream_end(listener);
  }
}

/* The system does not say so to whoever waits. */
TEST(win_clients_wait_for_a_name_that_goes) {
  EACH_KIND(k) {
    struct stream* client[3];
    uint64_t began;
    struct stream* listener;
    struct place place;
    int i;

    if (!is_pipe(k))
      continue;
    listener = listen_with_one(k, &place);
    for (i = 0; i < 3; i++) {
      client[i] = stream_open(k, NULL);
      CHECK_EQ(start(client[i], UV__CONNECT, &place.at), i == 0 ? 0 : UV__PENDING);
    }
    settle();
    stream_end(client[0]);
    stream_end(listener);
    began = uv__port_now(loop);
    for (i = 1; i < 3; i++) {
      CHECK_EQ(collect(client[i], UV__CONNECT, UV__PENDING), UV_ENOENT);
      /* Well before the time is over for which they wait; where the clock is only the model's. */
      CHECK(native_rounds == 1 || uv__port_now(loop) - began < 5000);
      stream_end(client[i]);
    }
  }
}

/* An instance that is free is for who waits already, also before he has heard of it. */
TEST(win_clients_are_served_in_the_order_of_their_coming) {
  EACH_KIND(k) {
    struct stream *client[3], *accepted[3];
    struct stream* listener;
    struct place place;
    int i;

    if (!is_pipe(k))
      continue;
    listener = listen_with_one(k, &place);
    for (i = 0; i < 2; i++) {
      client[i] = stream_open(k, NULL);
      CHECK_EQ(start(client[i], UV__CONNECT, &place.at), i == 0 ? 0 : UV__PENDING);
    }
    settle();
    accepted[0] = accept_stream(listener); /* Now there is another one. */
    client[2] = stream_open(k, NULL);
    if (rings(client[1], UV__CONNECT) == 0)
      CHECK_EQ(start(client[2], UV__CONNECT, &place.at), UV__PENDING);
    else /* It was told while the first was accepted. */
      (void) start(client[2], UV__CONNECT, &place.at);
    CHECK_EQ(collect(client[1], UV__CONNECT, UV__PENDING), 0);
    accepted[1] = accept_stream(listener);
    holder_pass_byte(client[1], accepted[1]);
    CHECK_EQ(collect(client[2], UV__CONNECT, UV__PENDING), 0);
    accepted[2] = accept_stream(listener);
    holder_pass_byte(client[2], accepted[2]);
    for (i = 0; i < 3; i++) {
      stream_end(client[i]);
      stream_end(accepted[i]);
    }
    stream_end(listener);
  }
}

struct caller {
  WCHAR name[NAME_ROOM];
  HANDLE handle;
  volatile LONG tries;
};

static DWORD WINAPI call_until_heard(void* data) {
  struct caller* caller = data;

  do {
    caller->handle = call(caller->name);
    InterlockedIncrement(&caller->tries);
  } while (caller->handle == INVALID_HANDLE_VALUE);
  return 0;
}

/* What became of an instance is not that of the next one in its place, whose client may come at once. */
TEST(win_instance_that_failed_is_no_connection) {
  EACH_KIND(k) {
    struct stream* listener;
    struct caller caller;
    struct uv__desc desc;
    struct place place;
    HANDLE thread, gone;

    if (!is_pipe(k))
      continue;
    listener = listen_with_one(k, &place);
    CHECK_EQ(accept_start(listener, &desc), UV_EAGAIN);
    CHECK(CancelIoEx(handle_of(listener), NULL));
    await(listener, UV__ACCEPT);
    memset(&caller, 0, sizeof(caller));
    widen(place.text, place.at.name.length, caller.name);
    gone = call(caller.name); /* It listens still. */
    CHECK(gone != INVALID_HANDLE_VALUE);
    thread = CreateThread(NULL, 0, call_until_heard, &caller, 0, NULL);
    CHECK(thread != NULL);
    while (InterlockedCompareExchange(&caller.tries, 0, 0) == 0)
      turn(1);
    if (accept_start(listener, &desc) ==
        0) /* It was given to the kernel again, and has that client. */
      uv__port_discard(&desc);
    CHECK_EQ(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
    stream_end(accept_stream(listener));
    CHECK(CloseHandle(thread));
    CHECK(CloseHandle(caller.handle));
    CHECK(CloseHandle(gone));
    stream_end(listener);
  }
}

/* ---- Pairs ---- */

static void pass_a_byte(HANDLE from, HANDLE to) {
  OVERLAPPED put, got;
  DWORD count = 0;
  char byte = 0;

  memset(&put, 0, sizeof(put));
  memset(&got, 0, sizeof(got));
  put.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
  got.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
  CHECK(WriteFile(from, "x", 1, NULL, &put) || GetLastError() == ERROR_IO_PENDING);
  CHECK(ReadFile(to, &byte, 1, NULL, &got) || GetLastError() == ERROR_IO_PENDING);
  CHECK(GetOverlappedResult(to, &got, &count, TRUE));
  CHECK_EQ(count, 1);
  CHECK_EQ(byte, 'x');
  CHECK(CloseHandle(put.hEvent));
  CHECK(CloseHandle(got.hEvent));
}

/* Whatever the system let us make, nobody is told a name, and each end can do what it is for. */
TEST(win_pair_without_a_name) {
  static const unsigned ways[][2] = {
      {UV_READABLE_PIPE | UV_OVERLAPPED_PIPE, UV_WRITABLE_PIPE | UV_OVERLAPPED_PIPE},
      {UV_WRITABLE_PIPE | UV_OVERLAPPED_PIPE, UV_READABLE_PIPE},
      {UV_READABLE_PIPE | UV_WRITABLE_PIPE, UV_READABLE_PIPE | UV_WRITABLE_PIPE}};

  EACH_KIND(k) {
    unsigned i;
    int end;

    if (k->ops != &uv__pipe_ops)
      continue;
    for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
      HANDLE ends[2];

      CHECK_EQ(uv__pair_make(ways[i][0], ways[i][1], ends), 0);
      for (end = 0; end < 2; end++) {
        char text[512];
        int length = sizeof(text);
        unsigned opened;
        ULONG handles;

        CHECK_EQ(uv__name_query(ends[end], 0, text, &length), 0);
        CHECK_EQ(length, 0);
        CHECK_EQ(uv__native_access(ends[end], &opened, &handles), 0);
        CHECK_EQ(handles, 1);
        CHECK_EQ(uv__native_is_overlapped(ends[end], handles, UV__NATIVE_SURE_MS),
                 (ways[i][end] & UV_OVERLAPPED_PIPE) != 0);
        CHECK_EQ((opened & UV__OPENED_READABLE) != 0, (ways[i][end] & UV_READABLE_PIPE) != 0);
        CHECK_EQ((opened & UV__OPENED_WRITABLE) != 0, (ways[i][end] & UV_WRITABLE_PIPE) != 0);
        if (ways[i][end] & UV_WRITABLE_PIPE)
          pass_a_byte(ends[end], ends[1 - end]);
      }
      CHECK(CloseHandle(ends[0]));
      CHECK(CloseHandle(ends[1]));
    }
  }
}

/* Each instance that waits for clients is ours, as nobody else can have given it (rule I6); not only the
 * one that has the name since the bind. */
TEST(win_instances_that_wait_for_clients_are_ours) {
  EACH_KIND(k) {
    const struct uv__pipe_server* server;
    struct stream* listener;
    unsigned i, waiting = 0;

    if (k->desc != UV__DESC_PIPE)
      continue;
    listener = make_listener(k);
    settle();
    server = listener->io.tail.more;
    for (i = 0; i < server->count; i++) {
      if (server->slots[i].handle == INVALID_HANDLE_VALUE)
        continue;
      waiting++;
      CHECK(uv__own_has(server->slots[i].handle, NULL));
    }
    CHECK(waiting > 1);
    stream_end(listener);
  }
}
