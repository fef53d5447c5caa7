/* Clients of a named pipe that wait for an instance, of more than one name and with more than one of them
 * at a time; and an end that somebody else holds, too: how it says that nothing more comes, and whether it is
 * overlapped. */
#include <string.h>

#include "win/pipe/pipe.h"

#include "driver.h"
#include "holder.h"
#include "import.h"
#include "native.h"

IMPORTED(CreateThread)
IMPORTED(WaitForSingleObject)
IMPORTED(WriteFile)

enum {
  NAMES = 3,
  NAME_ROOM = 512
};

static int is_pipe(const struct kind* k) {
  return k->desc == UV__DESC_PIPE;
}

static struct stream* listen_with_one(const struct kind* k, struct place* place) {
  struct stream* s = stream_open(k, NULL);
  int instances = 1;

  k->nobody(k, place);
  CHECK_EQ(s->io.ops->bind(&s->io, &place->at, 0), 0);
  CHECK_EQ(s->io.ops->option(&s->io, UV__INSTANCES, &instances), 0);
  CHECK_EQ(s->io.ops->listen(&s->io, 1), 0);
  return s;
}

static struct stream* call(const struct kind* k, const struct place* place, int answer) {
  struct stream* s = stream_open(k, NULL);

  CHECK_EQ(start(s, UV__CONNECT, &place->at), answer);
  return s;
}

/* Each name has its own queue; whoever gives up first, in whatever order they came. */
static void wait_for_names(const struct kind* k, int first_to_go) {
  struct stream* listener[NAMES];
  struct stream* has[NAMES];
  struct stream* waits[NAMES];
  struct place place[NAMES];
  int i;

  for (i = 0; i < NAMES; i++) {
    listener[i] = listen_with_one(k, &place[i]);
    has[i] = call(k, &place[i], 0);
  }
  for (i = 0; i < NAMES; i++)
    waits[i] = call(k, &place[i], UV__PENDING);
  settle();
  stream_end(waits[first_to_go]);
  for (i = 0; i < NAMES; i++) {
    stream_end(accept_stream(listener[i]));
    stream_end(has[i]);
    if (i != first_to_go) {
      CHECK_EQ(collect(waits[i], UV__CONNECT, UV__PENDING), 0);
      CHECK_EQ(write_byte(waits[i], (char) i), 0);
      has[i] = accept_stream(listener[i]);
      CHECK_EQ(read_byte(has[i]), i);
      stream_end(has[i]);
      stream_end(waits[i]);
    }
    stream_end(listener[i]);
  }
}

TEST(win_clients_wait_for_names_of_their_own) {
  EACH_KIND(k) {
    int i;

    for (i = 0; i < NAMES && is_pipe(k); i++)
      wait_for_names(k, i);
  }
}

/* The name goes, and all that wait for it hear so. One of them is closed when it has its answer, which
 * nobody has asked for yet. */
TEST(win_clients_that_wait_in_vain_close) {
  EACH_KIND(k) {
    struct stream* listener;
    struct stream* client[4];
    struct place place;
    int i;

    if (!is_pipe(k))
      continue;
    listener = listen_with_one(k, &place);
    for (i = 0; i < 4; i++)
      client[i] = call(k, &place, i == 0 ? 0 : UV__PENDING);
    settle();
    stream_end(client[0]);
    stream_end(listener);
    while (rings(client[3], UV__CONNECT) == 0)
      turn(10);
    stream_end(client[3]);
    for (i = 1; i < 3; i++) {
      CHECK_EQ(collect(client[i], UV__CONNECT, UV__PENDING), UV_ENOENT);
      stream_end(client[i]);
    }
  }
}

/* ---- The end of what is shared ---- */

static HANDLE make_message_pipe(HANDLE* client) {
  DWORD mode = PIPE_READMODE_MESSAGE;
  char text[NAME_ROOM];
  WCHAR name[NAME_ROOM];
  size_t length = native_pipe_name(text, sizeof(text));
  HANDLE server;
  size_t i;

  for (i = 0; i < length; i++)
    name[i] = (WCHAR) text[i];
  name[length] = 0;
  server = CreateNamedPipeW(name, PIPE_ACCESS_DUPLEX,
                            PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE | PIPE_WAIT, 1, 65536, 65536,
                            0, NULL);
  CHECK(server != INVALID_HANDLE_VALUE);
  *client = CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                        FILE_FLAG_OVERLAPPED, NULL);
  CHECK(*client != INVALID_HANDLE_VALUE);
  CHECK(SetNamedPipeHandleState(*client, &mode, NULL, NULL));
  return server;
}

/* Somebody else holds the file object, so that its operations end by an event and not at once: also the
 * empty message. It comes behind what was written, and the other direction goes on. */
TEST(win_end_of_a_shared_pipe_is_said) {
  EACH_KIND(k) {
    struct stream* s;
    HANDLE server;
    HANDLE client;
    DWORD count;
    char byte = 0;

    if (k->ops != &uv__pipe_ops)
      continue;
    server = make_message_pipe(&client);
    s = holder_open(k, client);
    CHECK_EQ(write_byte(s, 'x'), 0);
    CHECK_EQ(collect(s, UV__SHUTDOWN, start(s, UV__SHUTDOWN, NULL)), 0);
    CHECK(ReadFile(server, &byte, 1, &count, NULL));
    CHECK_EQ(count, 1);
    CHECK_EQ(byte, 'x');
    CHECK(ReadFile(server, &byte, 1, &count, NULL));
    CHECK_EQ(count, 0);
    CHECK(WriteFile(server, "y", 1, &count, NULL));
    CHECK_EQ(read_byte(s), 'y');
    stream_end(s);
    CHECK(CloseHandle(client));
    CHECK(CloseHandle(server));
  }
}

typedef BOOL(WINAPI* write_fn)(HANDLE, const void*, DWORD, DWORD*, OVERLAPPED*);

static write_fn write_really;
static int cancelled;

/* In place of the first empty message something that waits, and is cancelled. */
static BOOL WINAPI
write_cancelled(HANDLE handle, const void* bytes, DWORD size, DWORD* put, OVERLAPPED* overlapped) {
  static char byte;

  if (size > 0 || overlapped == NULL || cancelled++ > 0)
    return write_really(handle, bytes, size, put, overlapped);
  CHECK(!ReadFile(handle, &byte, 1, NULL, overlapped));
  CHECK_EQ(GetLastError(), ERROR_IO_PENDING);
  CHECK(CancelIoEx(handle, overlapped));
  SetLastError(ERROR_IO_PENDING);
  return FALSE;
}

/* Nothing can have been taken of nothing, whoever cancelled it. */
TEST(win_end_that_somebody_cancelled_is_said_again) {
  write_really = (write_fn) import_replace(IMPORT(WriteFile), (import_function) write_cancelled);
  EACH_KIND(k) {
    struct stream* s;
    HANDLE server;
    HANDLE client;
    DWORD count;
    char byte;

    if (k->ops != &uv__pipe_ops)
      continue;
    server = make_message_pipe(&client);
    s = holder_open(k, client);
    cancelled = 0;
    CHECK_EQ(collect(s, UV__SHUTDOWN, start(s, UV__SHUTDOWN, NULL)), 0);
    CHECK_EQ(cancelled, 2);
    CHECK(ReadFile(server, &byte, 1, &count, NULL));
    CHECK_EQ(count, 0);
    stream_end(s);
    CHECK(CloseHandle(client));
    CHECK(CloseHandle(server));
  }
}

/* It has gone, or is on its way, when the stream closes. */
TEST(win_close_while_the_end_of_a_shared_pipe_is_said) {
  EACH_KIND(k) {
    struct stream* s;
    HANDLE server;
    HANDLE client;
    int r;

    if (k->ops != &uv__pipe_ops)
      continue;
    server = make_message_pipe(&client);
    s = holder_open(k, client);
    r = start(s, UV__SHUTDOWN, NULL);
    CHECK(r == 0 || r == UV__PENDING);
    stream_end(s);
    CHECK(CloseHandle(client));
    CHECK(CloseHandle(server));
  }
}

/* ---- A question that is late ---- */

typedef HANDLE(WINAPI* create_fn)(
    SECURITY_ATTRIBUTES*, SIZE_T, LPTHREAD_START_ROUTINE, void*, DWORD, DWORD*);
typedef DWORD(WINAPI* wait_fn)(HANDLE, DWORD);

static HANDLE late_thread;
static HANDLE late_go;
static LPTHREAD_START_ROUTINE late_work;
static create_fn create_really;
static wait_fn wait_really;

static DWORD WINAPI work_late(void* data) {
  CHECK_EQ(wait_really(late_go, INFINITE), WAIT_OBJECT_0);
  return late_work(data);
}

static HANDLE WINAPI create_late(SECURITY_ATTRIBUTES* security,
                                 SIZE_T stack,
                                 LPTHREAD_START_ROUTINE work,
                                 void* data,
                                 DWORD flags,
                                 DWORD* id) {
  late_work = work;
  late_thread = create_really(security, stack, work_late, data, flags, id);
  return late_thread;
}

/* The first one that waits for it has waited in vain. */
static DWORD WINAPI wait_in_vain(HANDLE handle, DWORD ms) {
  if (handle != late_thread)
    return wait_really(handle, ms);
  late_thread = NULL;
  CHECK(SetEvent(late_go));
  return WAIT_TIMEOUT;
}

/* Whether a pipe that somebody else has, too, is overlapped is asked on a thread. That this had no time to
 * begin does not make it one that is not. */
TEST(win_question_on_a_thread_that_begins_late) {
  EACH_KIND(k) {
    struct stream *virgin, *other, *s;

    if (k->ops != &uv__pipe_ops)
      continue;
    holder_make_virgin(k, &virgin, &other);
    late_go = CreateEventW(NULL, FALSE, FALSE, NULL);
    CHECK(late_go != NULL);
    wait_really =
        (wait_fn) import_replace(IMPORT(WaitForSingleObject), (import_function) wait_in_vain);
    create_really = (create_fn) import_replace(IMPORT(CreateThread), (import_function) create_late);
    s = holder_open_once(k, holder_handle(virgin));
    import_replace(IMPORT(CreateThread), (import_function) create_really);
    import_replace(IMPORT(WaitForSingleObject), (import_function) wait_really);
    CHECK(s->io.ops == k->ops);
    holder_pass_byte(s, other);
    CHECK(CloseHandle(late_go));
    stream_end(s);
    stream_end(virgin);
    stream_end(other);
  }
}
