/* What only Windows can forget or run out of, seen through the calls that src/win
 * keeps in variables for this purpose. */
#include <signal.h>
#include <string.h>

#include "win/loop/loop.h"
#include "win/system/system.h"
#include "win/tcp/tcp.h"

#include "driver.h"

static struct uv__sock_calls real;

/* How often each of the two options was set, and the last time on what. */
static struct {
  int calls;
  SOCKET sock;
  SOCKET listener;
} accept_context, connect_context;

static int WSAAPI spy_set_option(SOCKET s, int level, int name, const char* value, int len) {
  if (level == SOL_SOCKET && name == SO_UPDATE_ACCEPT_CONTEXT) {
    CHECK_EQ(len, sizeof(SOCKET));
    accept_context.calls++;
    accept_context.sock = s;
    accept_context.listener = *(const SOCKET*) (const void*) value;
  }
  if (level == SOL_SOCKET && name == SO_UPDATE_CONNECT_CONTEXT) {
    connect_context.calls++;
    connect_context.sock = s;
  }
  return real.set_option(s, level, name, value, len);
}

static SOCKET socket_of(const struct stream* s) {
  uv_os_fd_t fd;

  CHECK_EQ(s->io.ops->fileno(&s->io, &fd), 0);
  return (SOCKET) fd;
}

/* Without this shutdown and getpeername fail on Windows, though not on Wine. */
TEST(win_accepted_socket_gets_its_context) {
  EACH_KIND(k) {
    struct stream* listener;
    int i;

    if (k->desc != UV__DESC_TCP)
      continue;
    listener = make_listener(k);
    real = uv__sock_calls;
    accept_context.calls = 0;
    uv__sock_calls.set_option = spy_set_option;
    for (i = 0; i < 12; i++) {
      struct stream* client = make_client(listener);
      struct stream* s = accept_stream(listener);

      CHECK_EQ(accept_context.calls, i + 1);
      CHECK_EQ(accept_context.sock, socket_of(s));
      CHECK_EQ(accept_context.listener, socket_of(listener));
      stream_end(client);
      stream_end(s);
    }
    uv__sock_calls = real;
    stream_end(listener);
  }
}

TEST(win_connected_socket_gets_its_context) {
  EACH_KIND(k) {
    struct stream* listener;
    struct stream* client;

    if (k->desc != UV__DESC_TCP)
      continue;
    listener = make_listener(k);
    real = uv__sock_calls;
    connect_context.calls = 0;
    uv__sock_calls.set_option = spy_set_option;
    client = make_client(listener);
    CHECK_EQ(connect_context.calls, 1);
    CHECK_EQ(connect_context.sock, socket_of(client));
    uv__sock_calls = real;
    stream_end(client);
    stream_end(listener);
  }
}

static BOOL WINAPI no_post(HANDLE port, DWORD bytes, ULONG_PTR key, LPOVERLAPPED overlapped) {
  (void) port;
  (void) bytes;
  (void) key;
  (void) overlapped;
  SetLastError(ERROR_NO_SYSTEM_RESOURCES);
  return FALSE;
}

/* Rule L7: a wake-up cannot be lost for lack of kernel memory. */
TEST(win_wake_without_memory_for_a_packet) {
  EACH_KIND(k) {
    (void) k;
    uv__loop_post_packet = no_post;
    uv__port_wake(loop);
    turn(-1);
    uv__port_wake(loop);
    uv__loop_post_packet = PostQueuedCompletionStatus;
    uv__port_wake(loop);
    turn(-1);
    CHECK(polls_during(40) <= 20);
  }
}

static void not_now(struct uv__retry* retry) {
  (void) retry;
}

/* Rule X10: what nobody tells of limits a wait for the port elsewhere. */
TEST(win_waits_elsewhere_have_a_limit) {
  EACH_KIND(k) {
    struct uv__retry retry = {not_now, NULL, NULL};
    int has_reserve = loop->tail.reserve != NULL;

    (void) k;
    CHECK_EQ(uv__port_limit(loop, -1), has_reserve ? -1 : 1000);
    CHECK_EQ(uv__port_limit(loop, 5000), has_reserve ? 5000 : 1000);
    CHECK_EQ(uv__port_limit(loop, 20), 20);
    uv__retry_begin(loop, &retry);
    CHECK(uv__port_limit(loop, -1) <= 10);
    CHECK(uv__port_limit(loop, 1) <= 1);
    uv__retry_end(loop, &retry);
    uv__loop_post_packet = no_post;
    uv__port_wake(loop);
    uv__loop_post_packet = PostQueuedCompletionStatus;
    CHECK_EQ(uv__port_limit(loop, -1), has_reserve ? -1 : 0);
    turn(-1);
    CHECK_EQ(uv__port_limit(loop, -1), has_reserve ? -1 : 1000);
  }
}

static void note_end(uv_process_t* process, int64_t status, int term_signal) {
  CHECK_EQ(status, 0);
  CHECK_EQ(term_signal, 0);
  ++*(int*) process->data;
}

/* Nor can what another thread found out: here that a child has ended. */
TEST(win_child_ends_without_memory_for_a_packet) {
  uv_process_options_t options;
  uv_process_t child;
  uv_loop_t own;
  char* args[] = {(char*) harness_self(), "--list", NULL};
  int ended = 0;

  memset(&options, 0, sizeof options);
  options.file = harness_self();
  options.args = args;
  options.exit_cb = note_end;
  CHECK_EQ(uv_loop_init(&own), 0);
  uv__loop_post_packet = no_post;
  child.data = &ended;
  CHECK_EQ(uv_spawn(&own, &child, &options), 0);
  CHECK_EQ(uv_run(&own, UV_RUN_DEFAULT), 0);
  CHECK_EQ(ended, 1);
  uv__loop_post_packet = PostQueuedCompletionStatus;
  uv_close((uv_handle_t*) &child, NULL);
  CHECK_EQ(uv_run(&own, UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_loop_close(&own), 0);
}

static int posts_to_fail;

static BOOL PASCAL short_accept(SOCKET listener,
                                SOCKET s,
                                PVOID buffer,
                                DWORD received,
                                DWORD local,
                                DWORD remote,
                                LPDWORD bytes,
                                LPOVERLAPPED overlapped) {
  if (posts_to_fail > 0) {
    posts_to_fail--;
    WSASetLastError(WSAENOBUFS);
    return FALSE;
  }
  return real.accept(listener, s, buffer, received, local, remote, bytes, overlapped);
}

static SOCKET WSAAPI
no_socket(int af, int type, int protocol, LPWSAPROTOCOL_INFOW info, GROUP group, DWORD flags) {
  (void) af;
  (void) type;
  (void) protocol;
  (void) info;
  (void) group;
  (void) flags;
  WSASetLastError(WSAEMFILE);
  return INVALID_SOCKET;
}

/* While sockets or memory are short a listener says so or waits, and afterwards it goes on,
 * because the core asks again (rule A4). */
static void starve_and_recover(const struct kind* k, int without_sockets) {
  struct stream* listener = make_listener(k);
  struct stream* client[12];
  struct uv__desc desc;
  int i, accepted = 0, shortages = 0;

  for (i = 0; i < 12; i++)
    client[i] = make_client(listener);
  real = uv__sock_calls;
  posts_to_fail = 40;
  uv__sock_calls.accept = short_accept;
  if (without_sockets)
    uv__sock_calls.socket = no_socket;
  while (accepted < 12) {
    int r = accept_start(listener, &desc);

    if (r == UV_EAGAIN) {
      await(listener, UV__ACCEPT);
    } else if (r == 0) {
      accepted++;
      uv__port_discard(&desc);
    } else {
      CHECK(r == UV_EMFILE || r == UV_ENOBUFS || r == UV_ENOMEM);
      if (++shortages == 5)
        uv__sock_calls = real;
      CHECK(shortages < 1000);
    }
  }
  uv__sock_calls = real;
  CHECK(shortages > 0);
  for (i = 0; i < 12; i++)
    stream_end(client[i]);
  stream_end(listener);
}

TEST(win_accept_recovers_from_lack_of_memory) {
  EACH_KIND(k) {
    if (k->desc == UV__DESC_TCP)
      starve_and_recover(k, 0);
  }
}

TEST(win_accept_recovers_from_lack_of_sockets) {
  EACH_KIND(k) {
    if (k->desc == UV__DESC_TCP)
      starve_and_recover(k, 1);
  }
}

/* ---- What is over, and the loop has not heard of it ---- */

/* The last try of a stream, with a write still owed that the system has meanwhile ended: there is room
 * again, but what is in flight leads the buffers, and would go twice. */
TEST(win_last_try_does_not_repeat_a_write_that_is_over) {
  static char bytes[1 << 20];

  EACH_KIND(k) {
    uv_buf_t buf = uv_buf_init(bytes, sizeof bytes);
    struct stream *a, *b;
    size_t before;
    char byte;

    make_pair(k, &a, &b);
    before = write_full(a);
    for (;;) { /* Wine's sockets may find room again. */
      ssize_t r;

      pattern_fill(bytes, sizeof bytes, before);
      r = write_start(a, &buf, 1, UV__QUEUE);
      if (r == UV__PENDING)
        break;
      CHECK(r > 0);
      before += (size_t) r;
    }
    while (!uv__late_is_over(&a->io.tail.out.overlapped))
      hear(b);
    CHECK_EQ(rings(a, UV__WRITE), 0);
    a->io.busy |= UV__CLOSED; /* as the core has it */
    CHECK_EQ(a->io.ops->write(&a->io, &buf, 1, UV__TRY, NULL), UV_EAGAIN);
    stream_close(a);
    if (k->ops != &uv__ipc_ops) { /* Of a frame only the first operation is over. */
      ssize_t went = a->io.ops->done(&a->io, UV__WRITE);

      CHECK(went > 0);
      hear_until(b, before + (size_t) went);
      CHECK_EQ(read_some(b, &byte, 1), UV_EOF);
    }
    stream_free(a);
    stream_end(b);
  }
}

/* ---- Events of the console ---- */

/* What the system does on a thread of its own. */
struct event {
  DWORD what;
  int signum;
  volatile long returned;
};

static struct event* underway;
static int heard;

static DWORD WINAPI send_event(void* data) {
  struct event* event = data;

  CHECK_EQ(uv__signal_event(event->what), 1);
  InterlockedExchange(&event->returned, 1);
  return 0;
}

/* Of the last events the process is the program's only until the handler returns. */
static void note_event(uv_signal_t* watcher, int signum) {
  CHECK_EQ(signum, underway->signum);
  if (underway->what != CTRL_C_EVENT && underway->what != CTRL_BREAK_EVENT) {
    CHECK_EQ(underway->returned, 0);
  }
  heard++;
  uv_close((uv_handle_t*) watcher, NULL);
}

/* Wine sends none of these but Ctrl+C. */
TEST(win_events_of_the_console_are_signals) {
  static struct event events[] = {{CTRL_C_EVENT, SIGINT, 0},
                                  {CTRL_BREAK_EVENT, SIGBREAK, 0},
                                  {CTRL_CLOSE_EVENT, SIGHUP, 0},
                                  {CTRL_SHUTDOWN_EVENT, SIGTERM, 0}};
  size_t i;

  for (i = 0; i < sizeof events / sizeof events[0]; i++) {
    uv_signal_t watcher;
    uv_loop_t own;
    HANDLE thread;

    CHECK_EQ(uv__signal_event(events[i].what), 0); /* Nobody watches: it is handed on. */
    CHECK_EQ(uv_loop_init(&own), 0);
    CHECK_EQ(uv_signal_init(&own, &watcher), 0);
    CHECK_EQ(uv_signal_start(&watcher, note_event, events[i].signum), 0);
    underway = &events[i];
    thread = CreateThread(NULL, 0, send_event, &events[i], 0, NULL);
    CHECK(thread != NULL);
    CHECK_EQ(uv_run(&own, UV_RUN_DEFAULT), 0);
    CHECK_EQ(heard, i + 1);
    CHECK_EQ(uv_loop_close(&own), 0);
    if (i < 2) { /* The others come back when nobody waits for them any more. */
      CHECK_EQ(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
      CHECK_EQ(events[i].returned, 1);
    }
    CHECK(CloseHandle(thread));
  }
}
