/* Every stream call in every state of a TCP handle and of a pipe: what it returns, and the status
 * of the callback that follows. There is one table for all systems. docs/CONTRACT.md shows it
 * (tools/contract_table.py writes that part), and the same program, built with libuv, proves
 * where that one does something else.
 *
 * A cell is a value, "5" or "EINVAL", and " > " with a status where a callback follows. After a
 * '|' comes what libuv does on Linux where that is different: the same, "ends" for a call
 * that ends the process, or nothing where the loop never ends again; with "<53" behind it where that
 * was so before libuv 1.53. "" is not asked: there is no such state, or the system decides. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "net.h"
#include "pipes.h"
#include "raw.h"
#include "uv.h"

#ifdef COMPAT_LIBUV
#  include <signal.h>
#  include <sys/wait.h>
#  include <unistd.h>
#endif

enum kind {
  TCP,
  PIPE
};

enum state {
  FRESH,      /* after init */
  BOUND,      /* after bind */
  LISTENING,  /* after uv_listen */
  CONNECTING, /* between connect and its callback, which says 0 */
  REFUSED,    /* after the callback of a connect that failed */
  CONNECTED,
  SHUT,  /* after our uv_shutdown and its callback */
  ENDED, /* after the peer's end was read */
  RESET, /* after the peer's reset was read */
  CLOSING,
  STATES
};

struct row {
  const char* call;
  enum kind kind;
  const char* cells[STATES];
};

/* clang-format off */
static const struct row table[] = {
/* call, kind                      fresh          bound          listening      connecting        refused        connected      shut           ended          reset          closing */
{"uv_listen", TCP,                {"0",           "0",           "0",           "EINVAL",         "",            "EINVAL",      "EINVAL",      "EINVAL",      "EINVAL",      "EINVAL"}},
{"uv_listen", PIPE,               {"EINVAL",      "0",           "0",           "EINVAL",         "EINVAL",      "EINVAL",      "EINVAL",      "EINVAL",      "",            "EINVAL"}},
{"uv_accept from it", TCP,        {"EINVAL|EAGAIN", "EINVAL|EAGAIN", "EAGAIN",  "EINVAL|EAGAIN",  "EINVAL|EAGAIN", "EINVAL|EAGAIN", "EINVAL|EAGAIN", "EINVAL|EAGAIN", "EINVAL|EAGAIN", "EINVAL|EAGAIN"}},
{"uv_accept from it", PIPE,       {"EINVAL|EAGAIN", "EINVAL|EAGAIN", "EAGAIN",  "EINVAL|EAGAIN",  "EINVAL|EAGAIN", "EAGAIN",    "EAGAIN",      "EAGAIN",      "",            "EINVAL|EAGAIN"}},
{"uv_accept into it", TCP,        {"0",           "EBUSY", "EBUSY", "EBUSY", "EBUSY", "EBUSY", "EBUSY", "EBUSY", "EBUSY", "EINVAL|0"}},
{"uv_accept into it", PIPE,       {"0",           "EBUSY", "EBUSY", "EBUSY", "EBUSY", "EBUSY", "EBUSY", "EBUSY", "",         "EINVAL|0"}},
{"uv_read_start", TCP,            {"ENOTCONN",    "ENOTCONN",    "ENOTCONN",    "0",              "ENOTCONN|0 > EOF", "0",       "0",           "ENOTCONN|0 > EOF", "ENOTCONN", "EINVAL"}},
{"uv_read_start", PIPE,           {"ENOTCONN",    "ENOTCONN",    "ENOTCONN",    "0",              "ENOTCONN",    "0",           "0",           "ENOTCONN|0 > EOF", "",       "EINVAL"}},
{"uv_read_start without a callback", TCP, {"EINVAL", "EINVAL",   "EINVAL",      "EINVAL",         "EINVAL",      "EINVAL",      "EINVAL",      "EINVAL",      "EINVAL",      "EINVAL"}},
{"uv_read_stop", TCP,             {"0",           "0",           "0",           "0",              "0",           "0",           "0",           "0",           "0",           "0"}},
{"uv_read_stop", PIPE,            {"0",           "0",           "0",           "0",              "0",           "0",           "0",           "0",           "",            "0"}},
{"uv_write", TCP,                 {"EBADF",       "EPIPE",       "EPIPE",       "0 > 0",          "EPIPE|ends",  "0 > 0",       "EPIPE",       "0 > 0",       "EPIPE",       "EBADF"}},
{"uv_write", PIPE,                {"EBADF",       "EPIPE",       "EPIPE",       "0 > 0",          "EPIPE",       "0 > 0",       "EPIPE",       "0 > 0",       "",            "EBADF"}},
{"uv_write of no buffers", TCP,   {"EINVAL|ends<53", "EINVAL|ends<53", "EINVAL|ends<53", "EINVAL|ends<53",    "EINVAL|ends<53", "EINVAL|ends<53", "EINVAL|ends<53", "EINVAL|ends<53", "EINVAL|ends<53", "EINVAL|ends<53"}},
{"uv_write2 of a handle", PIPE,   {"EBADF",       "EPIPE",       "EPIPE",       "EINVAL",         "EPIPE",       "EINVAL",      "EPIPE",       "EINVAL",      "",            "EBADF"}},
{"uv_try_write", TCP,             {"EBADF",       "EPIPE",       "EPIPE",       "EAGAIN",         "EPIPE|ends",  "5",           "EPIPE",       "5",           "EPIPE",       "EBADF"}},
{"uv_try_write", PIPE,            {"EBADF",       "EPIPE",       "EPIPE",       "EAGAIN",         "EPIPE",       "5",           "EPIPE",       "5",           "",            "EBADF"}},
{"uv_shutdown", TCP,              {"ENOTCONN",    "ENOTCONN",    "ENOTCONN",    "0 > 0|0 > ECANCELED", "ENOTCONN|0 > ENOTCONN", "0 > 0", "ENOTCONN",    "0 > 0", "ENOTCONN",    "ENOTCONN"}},
{"uv_shutdown", PIPE,             {"ENOTCONN",    "ENOTCONN",    "ENOTCONN",    "0 > 0|0 > ECANCELED", "ENOTCONN", "0 > 0",     "ENOTCONN",    "0 > 0",       "",            "ENOTCONN"}},
{"connect", TCP,                  {"0 > 0",       "0 > 0",       "EINVAL|EISCONN", "EALREADY",    "",            "EISCONN|0 > 0", "EISCONN",   "EISCONN|0 > 0", "EISCONN|ECONNABORTED", "EINVAL|ends"}},
{"connect", PIPE,                 {"0 > 0",       "0 > 0",       "0 > EINVAL|ends", "0 > EALREADY|", "0 > 0",  "0 > EISCONN", "0 > EISCONN", "0 > EISCONN", "",            "0 > EINVAL|ends"}},
{"bind", TCP,                     {"0",           "EINVAL",      "EINVAL",      "EINVAL",         "",            "EINVAL",      "EINVAL",      "EINVAL",      "EINVAL|0",    "EINVAL"}},
{"bind", PIPE,                    {"0",           "EINVAL",      "EINVAL",      "EINVAL",         "EINVAL",      "EINVAL",      "EINVAL",      "EINVAL",      "",            "EINVAL"}},
{"open", TCP,                     {"0",           "EBUSY",       "EBUSY",       "EBUSY",          "EBUSY",       "EBUSY",       "EBUSY",       "EBUSY",       "EBUSY",       "EINVAL|0"}},
{"open", PIPE,                    {"0",           "EBUSY",       "EBUSY",       "EBUSY",          "EBUSY",       "EBUSY",       "EBUSY",       "EBUSY",       "",            "EINVAL|0"}},
{"uv_stream_set_blocking", TCP,   {"0|EBADF",     "0",           "0",           "0",              "0",           "0",           "0",           "0",           "0",           "EINVAL|EBADF"}},
{"uv_stream_set_blocking", PIPE,  {"0|EBADF",     "0",           "0",           "0",              "0",           "0",           "0",           "0",           "",            "EINVAL|EBADF"}},
{"uv_tcp_nodelay", TCP,           {"0",           "0",           "0",           "0",              "0",           "0",           "0",           "0",           "",            "EINVAL|0"}},
{"uv_tcp_keepalive", TCP,         {"0",           "0",           "0",           "0",              "0",           "0",           "0",           "0",           "",            "EINVAL|0"}},
{"uv_tcp_keepalive of 0 s", TCP,  {"EINVAL|0",    "EINVAL",      "EINVAL",      "EINVAL",         "EINVAL",      "EINVAL",      "EINVAL",      "EINVAL",      "EINVAL",      "EINVAL|0"}},
{"uv_tcp_simultaneous_accepts", TCP, {"0",        "0",           "0",           "0",              "0",           "0",           "0",           "0",           "0",           "EINVAL|0"}},
{"uv_pipe_pending_count", PIPE,   {"0",           "0",           "0",           "0",              "0",           "0",           "0",           "0",           "",            "0"}},
{"uv_close", TCP,                 {"0 > 0",       "0 > 0",       "0 > 0",       "0 > 0",          "0 > 0",       "0 > 0",       "0 > 0",       "0 > 0",       "0 > 0",       "0|ends"}},
{"uv_close", PIPE,                {"0 > 0",       "0 > 0",       "0 > 0",       "0 > 0",          "0 > 0",       "0 > 0",       "0 > 0",       "0 > 0",       "",            "0|ends"}},
{"uv_tcp_close_reset", TCP,       {"EBADF",       "0 > 0",       "0 > 0",       "0 > 0",          "0 > 0",       "0 > 0",       "0 > 0",       "0 > 0",       "",            "EBADF"}},
{"uv_is_readable", TCP,           {"0",           "0",           "0",           "0|1",            "0|1",         "1",           "1",           "0|1",         "0",           "0"}},
{"uv_is_readable", PIPE,          {"0",           "0",           "0",           "0|1",            "0",           "1",           "1",           "0|1",         "",            "0"}},
{"uv_is_writable", TCP,           {"0",           "0",           "0",           "0|1",            "0|1",         "1",           "0",           "1",           "0",           "0"}},
{"uv_is_writable", PIPE,          {"0",           "0",           "0",           "0|1",            "0",           "1",           "0",           "1",           "",            "0"}},
{"uv_is_active", TCP,             {"0",           "0",           "1",           "1|0",            "0",           "0",           "0",           "0",           "0",           "0"}},
{"uv_is_active", PIPE,            {"0",           "0",           "1",           "1|0",            "0",           "0",           "0",           "0",           "",            "0"}},
{"uv_is_closing", TCP,            {"0",           "0",           "0",           "0",              "0",           "0",           "0",           "0",           "0",           "1"}},
{"uv_has_ref", TCP,               {"1",           "1",           "1",           "1",              "1",           "1",           "1",           "1",           "1",           "1"}},
{"uv_fileno", TCP,                {"EBADF",       "0",           "0",           "0",              "0",           "0",           "0",           "0",           "0",           "EBADF"}},
{"uv_fileno", PIPE,               {"EBADF",       "0",           "0",           "0",              "",            "0",           "0",           "0",           "",            "EBADF"}},
{"getsockname", TCP,              {"EBADF",       "0",           "0",           "0",              "",            "0",           "0",           "0",           "",            "EBADF"}},
{"getsockname", PIPE,             {"EBADF",       "0",           "0",           "0",              "",            "0",           "0",           "0",           "",            "EBADF"}},
{"getpeername", TCP,              {"EBADF",       "ENOTCONN",    "ENOTCONN",    "",               "ENOTCONN",    "0",           "0",           "0",           "",            "EBADF"}},
{"getpeername", PIPE,             {"EBADF",       "ENOTCONN",    "ENOTCONN",    "",               "",            "0",           "0",           "0",           "",            "EBADF"}},
{"uv_send_buffer_size", TCP,      {"EBADF",       "0",           "0",           "0",              "0",           "0",           "0",           "0",           "",            "EBADF"}},
{"uv_loop_alive", TCP,            {"0",           "0",           "1",           "",               "0",           "0",           "0",           "0",           "0",           "1"}},
{"uv_loop_alive", PIPE,           {"0",           "0",           "1",           "",               "0",           "0",           "0",           "0",           "",            "1"}},
};
/* clang-format on */

static const char* const state_names[STATES] = {"fresh",   "bound",     "listening", "connecting",
                                                "refused", "connected", "shut",      "ended",
                                                "reset",   "closing"};

union stream {
  uv_handle_t handle;
  uv_stream_t stream;
  uv_tcp_t tcp;
  uv_pipe_t pipe;
};

static enum kind kind;
static union stream subject;
static union stream peer;
static union stream server;
static union stream other;
static struct sockaddr_in address;
static char name[TEST_PIPE_NAME];

/* ---- Callbacks: one at most is under observation ---------------------------------------- */

static int watched;
static int callbacks;
static int last_status;

static void saw(int status) {
  if (watched) {
    callbacks++;
    last_status = status;
  }
}

static void on_connect(uv_connect_t* req, int status) {
  (void) req;
  saw(status);
}

static void on_write(uv_write_t* req, int status) {
  (void) req;
  saw(status);
}

static void on_shutdown(uv_shutdown_t* req, int status) {
  (void) req;
  saw(status);
}

static void on_close(uv_handle_t* handle) {
  (void) handle;
  saw(0);
}

static void on_connection(uv_stream_t* stream, int status) {
  (void) stream;
  saw(status);
}

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) buf;
  saw((int) nread);
}

/* Those of what comes before. */

static int prepared;
static int prepared_end; /* UV_EOF or an error */

static void ignore_connection(uv_stream_t* stream, int status) {
  (void) stream;
  CHECK_EQ(status, 0);
}

static void prepared_connect(uv_connect_t* req, int status) {
  (void) req;
  (void) status;
  prepared++;
}

static void prepared_shutdown(uv_shutdown_t* req, int status) {
  (void) req;
  CHECK_EQ(status, 0);
  prepared++;
}

static void prepared_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) buf;
  if (nread != 0) {
    CHECK_EQ(nread, prepared_end);
    prepared++;
  }
}

/* ---- One for both kinds ------------------------------------------------------------------ */

static void init(union stream* it) {
  if (kind == TCP) {
    CHECK_EQ(uv_tcp_init(net_loop(), &it->tcp), 0);
  } else {
    CHECK_EQ(uv_pipe_init(net_loop(), &it->pipe, 0), 0);
  }
}

static int bind_to_new(union stream* it) {
  address = net_address(0);
  if (kind == TCP) {
    return uv_tcp_bind(&it->tcp, (const struct sockaddr*) &address, 0);
  }
  return uv_pipe_bind(&it->pipe, test_pipe_name(name, sizeof(name)));
}

/* Where others can connect to. */
static void listen_with(union stream* it, uv_connection_cb cb) {
  init(it);
  CHECK_EQ(bind_to_new(it), 0);
  CHECK_EQ(uv_listen(&it->stream, 8, cb), 0);
  if (kind == TCP) {
    address = net_bound_to(&it->tcp);
  }
}

static int connect_to_it(uv_connect_t* req, union stream* it, uv_connect_cb cb) {
  if (kind == TCP) {
    return uv_tcp_connect(req, &it->tcp, (const struct sockaddr*) &address, cb);
  }
  uv_pipe_connect(req, &it->pipe, name, cb);
  return 0;
}

static void make_pair(void) {
  if (kind == TCP) {
    net_pair(&subject.tcp, &peer.tcp);
  } else {
    test_pipe_pair(&subject.pipe, &peer.pipe, 0);
  }
}

static void read_to_end(int end) {
  prepared_end = end;
  CHECK_EQ(uv_read_start(&subject.stream, net_alloc, prepared_read), 0);
}

static void enter(enum state state) {
  static uv_shutdown_t shutdown;
  static uv_connect_t connect;

  prepared = 0;
  switch (state) {
  case FRESH:
    init(&subject);
    break;
  case BOUND:
    init(&subject);
    CHECK_EQ(bind_to_new(&subject), 0);
    break;
  case LISTENING:
    listen_with(&subject, ignore_connection);
    break;
  case CONNECTING:
    listen_with(&server, ignore_connection);
    init(&subject);
    CHECK_EQ(connect_to_it(&connect, &subject, prepared_connect), 0);
    break;
  case REFUSED:
    if (kind == TCP) {
      address = net_closed_port(&server.tcp);
    } else {
      test_pipe_name(name, sizeof(name));
    }
    init(&subject);
    CHECK_EQ(connect_to_it(&connect, &subject, prepared_connect), 0);
    net_until(&prepared, 1);
    break;
  case CONNECTED:
    make_pair();
    break;
  case SHUT:
    make_pair();
    CHECK_EQ(uv_shutdown(&shutdown, &subject.stream, prepared_shutdown), 0);
    net_until(&prepared, 1);
    break;
  case ENDED: /* A peer that closed both ways might be forgotten: it shuts its outgoing side. */
    make_pair();
    read_to_end(UV_EOF);
    CHECK_EQ(uv_shutdown(&shutdown, &peer.stream, prepared_shutdown), 0);
    net_until(&prepared, 2);
    break;
  case RESET:
    make_pair();
    read_to_end(UV_ECONNRESET);
    net_turns(3); /* Systems differ in what they tell of a reset that no read waits for. */
    CHECK_EQ(uv_tcp_close_reset(&peer.tcp, NULL), 0);
    net_until(&prepared, 1);
    break;
  case CLOSING:
    make_pair();
    uv_close(&subject.handle, NULL);
    break;
  case STATES:
    FAIL("not a state");
  }
}

/* ---- The calls --------------------------------------------------------------------------- */

static uv_buf_t hello(void) {
  static char text[] = "hello";

  return uv_buf_init(text, 5);
}

static int call_listen(void) {
  return uv_listen(&subject.stream, 8, on_connection);
}

static int call_accept_from(void) {
  init(&other);
  return uv_accept(&subject.stream, &other.stream);
}

static int waiting;

static void count_waiting(uv_stream_t* stream, int status) {
  (void) stream;
  CHECK_EQ(status, 0);
  waiting++;
}

static int call_accept_into(void) {
  static union stream client;
  static uv_connect_t req;

  waiting = 0;
  listen_with(&other, count_waiting);
  init(&client);
  CHECK_EQ(connect_to_it(&req, &client, NULL), 0);
  net_until(&waiting, 1);
  return uv_accept(&other.stream, &subject.stream);
}

static int call_read_start(void) {
  return uv_read_start(&subject.stream, net_alloc, on_read);
}

static int call_read_start_without(void) {
  return uv_read_start(&subject.stream, net_alloc, NULL);
}

static int call_read_stop(void) {
  return uv_read_stop(&subject.stream);
}

static uv_write_t write_req;

static int call_write(void) {
  uv_buf_t buf = hello();

  return uv_write(&write_req, &subject.stream, &buf, 1, on_write);
}

static int call_write_nothing(void) {
  uv_buf_t buf = hello();

  return uv_write(&write_req, &subject.stream, &buf, 0, on_write);
}

static int call_write_handle(void) {
  uv_buf_t buf = hello();

  init(&other);
  CHECK_EQ(bind_to_new(&other), 0);
  return uv_write2(&write_req, &subject.stream, &buf, 1, &other.stream, on_write);
}

static int call_try_write(void) {
  uv_buf_t buf = hello();

  return uv_try_write(&subject.stream, &buf, 1);
}

static int call_shutdown(void) {
  static uv_shutdown_t req;

  return uv_shutdown(&req, &subject.stream, on_shutdown);
}

static int call_connect(void) {
  static uv_connect_t req;

  listen_with(&other, ignore_connection);
  return connect_to_it(&req, &subject, on_connect);
}

static int call_bind(void) {
  return bind_to_new(&subject);
}

static int open_socket(void) {
  uv_os_sock_t pair[2];
  int r;

  CHECK_EQ(uv_socketpair(SOCK_STREAM, 0, pair, 0, 0), 0);
  r = uv_tcp_open(&subject.tcp, pair[0]);
  if (r < 0) {
    raw_close(pair[0]); /* Refused, it is still ours. */
  }
  raw_close(pair[1]);
  return r;
}

static int open_pipe(void) {
  uv_file pair[2];
  int r;

  CHECK_EQ(uv_pipe(pair, UV_NONBLOCK_PIPE, UV_NONBLOCK_PIPE), 0);
  r = uv_pipe_open(&subject.pipe, pair[0]);
  if (r < 0) {
    test_fd_close(pair[0]);
  }
  test_fd_close(pair[1]);
  return r;
}

static int call_open(void) {
  return kind == TCP ? open_socket() : open_pipe();
}

static int call_set_blocking(void) {
  return uv_stream_set_blocking(&subject.stream, 1);
}

static int call_nodelay(void) {
  return uv_tcp_nodelay(&subject.tcp, 1);
}

static int call_keepalive(void) {
  return uv_tcp_keepalive(&subject.tcp, 1, 60);
}

static int call_keepalive_0(void) {
  return uv_tcp_keepalive(&subject.tcp, 1, 0);
}

static int call_accepts(void) {
  return uv_tcp_simultaneous_accepts(&subject.tcp, 0);
}

static int call_pending(void) {
  return uv_pipe_pending_count(&subject.pipe);
}

static int call_close(void) {
  uv_close(&subject.handle, on_close);
  return 0;
}

static int call_close_reset(void) {
  return uv_tcp_close_reset(&subject.tcp, on_close);
}

static int call_is_readable(void) {
  return uv_is_readable(&subject.stream);
}

static int call_is_writable(void) {
  return uv_is_writable(&subject.stream);
}

static int call_is_active(void) {
  return uv_is_active(&subject.handle);
}

static int call_is_closing(void) {
  return uv_is_closing(&subject.handle);
}

static int call_has_ref(void) {
  return uv_has_ref(&subject.handle);
}

static int call_fileno(void) {
  uv_os_fd_t fd;

  return uv_fileno(&subject.handle, &fd);
}

static int call_getsockname(void) {
  struct sockaddr_storage addr;
  int len = sizeof(addr);
  char text[TEST_PIPE_NAME];
  size_t size = sizeof(text);

  return kind == TCP ? uv_tcp_getsockname(&subject.tcp, (struct sockaddr*) &addr, &len)
                     : uv_pipe_getsockname(&subject.pipe, text, &size);
}

static int call_getpeername(void) {
  struct sockaddr_storage addr;
  int len = sizeof(addr);
  char text[TEST_PIPE_NAME];
  size_t size = sizeof(text);

  return kind == TCP ? uv_tcp_getpeername(&subject.tcp, (struct sockaddr*) &addr, &len)
                     : uv_pipe_getpeername(&subject.pipe, text, &size);
}

static int call_send_buffer_size(void) {
  int value = 0;

  return uv_send_buffer_size(&subject.handle, &value);
}

static int call_loop_alive(void) {
  return uv_loop_alive(net_loop());
}

/* ---- Cells ------------------------------------------------------------------------------- */

enum {
  QUIET = 1 /* no callback follows; else its status */
};

struct outcome {
  int result;
  int status;
};

static int number_of(const char* text, size_t len) {
#define NAME(code, message)                                   \
  if (strlen(#code) == len && strncmp(#code, text, len) == 0) \
    return UV_##code;
  UV_ERRNO_MAP(NAME)
#undef NAME
  CHECK(len > 0 && text[0] >= '0' && text[0] <= '9');
  return atoi(text);
}

/* "0 > EOF" and what follows it up to the end or a '|'. */
static struct outcome outcome_of(const char* cell) {
  struct outcome outcome;
  size_t len = strcspn(cell, " |");

  outcome.result = number_of(cell, len);
  outcome.status = QUIET;
  if (strncmp(cell + len, " > ", 3) == 0) {
    outcome.status = number_of(cell + len + 3, strcspn(cell + len + 3, "|"));
  }
  return outcome;
}

/* Names the place, because the check that fails is the same for all of them. */
static void check_number(const char* what, int got, int wanted, const char* call, int state) {
  char text[200];

  if (got != wanted) {
    snprintf(text, sizeof(text), "%s, %s, %s: %s is %d, not %d", call, kind == TCP ? "TCP" : "pipe",
             state_names[state], what, got, wanted);
    FAIL(text);
  }
}

/* The call on a new handle in that state. Then the loop is run to its end, so that the callback
 * that follows is the only one that ever does. */
static void check_cell(const struct row* row, int (*call)(void), int state, const char* cell) {
  struct outcome want = outcome_of(cell);

  kind = row->kind;
  callbacks = 0;
  watched = 0;
  enter((enum state) state);
  watched = 1;
  check_number("result", call(), want.result, row->call, state);
  check_number("number of callbacks inside the call", callbacks, 0, row->call, state);
  net_turns(3);
  if (want.status != QUIET && want.status != UV_ECANCELED) {
    net_until(&callbacks, 1);
  } else {
    check_number("number of callbacks", callbacks, 0, row->call, state);
  }
  net_end();
  check_number("number of callbacks", callbacks, want.status == QUIET ? 0 : 1, row->call, state);
  if (want.status != QUIET) {
    check_number("status", last_status, want.status, row->call, state);
  }
}

#ifdef COMPAT_LIBUV

/* What this libuv does. */
static void copy_theirs(char* to, size_t size, const char* cell) {
  const char* bar = strchr(cell, '|');
  const char* before = strchr(cell, '<');
  unsigned minor = uv_version() >> 8 & 0xff;

  if (bar != NULL && (before == NULL || minor < (unsigned) atoi(before + 1)))
    cell = bar + 1;
  CHECK(snprintf(to, size, "%.*s", (int) strcspn(cell, "|<"), cell) < (int) size);
}

/* In a child, because some cells end the process. */
static void run_cell(const struct row* row, int (*call)(void), int state) {
  char cell[32];
  int status = 0;
  pid_t child;

  copy_theirs(cell, sizeof(cell), row->cells[state]);
  kind = row->kind;
  if (*cell == '\0') {
    return;
  }
  fflush(stdout);
  child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    alarm(20);
    if (strcmp(cell, "ends") != 0) {
      check_cell(row, call, state, cell);
    } else if (freopen("/dev/null", "w", stderr) != NULL) { /* What it has to say is expected. */
      check_cell(row, call, state, "0");
    }
    _Exit(0);
  }
  CHECK(waitpid(child, &status, 0) == child);
  if (strcmp(cell, "ends") == 0) {
    check_number("what is left of it", WIFSIGNALED(status) && WTERMSIG(status) != SIGALRM, 1,
                 row->call, state);
  } else {
    check_number("exit code", WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0, row->call, state);
  }
}

static void check_version(void) {
#  ifdef __linux__
  unsigned level = uv_version() >> 8;
  int is_known = level == ((1 << 8) | 44) || level == ((1 << 8) | 50) || level == ((1 << 8) | 53);
#  else
  int is_known = 0;
#  endif

  if (!is_known) {
    SKIP("what libuv does is written down for its versions 1.44, 1.50 and 1.53 on Linux");
  }
}

#else

static void run_cell(const struct row* row, int (*call)(void), int state) {
  check_cell(row, call, state, row->cells[state]);
}

static void check_version(void) {}

#endif

static void check(const char* title, int (*call)(void)) {
  size_t i;
  int found = 0;

  check_version();
  for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
    int state;

    if (strcmp(table[i].call, title) != 0) {
      continue;
    }
    for (state = FRESH; state < STATES; state++) {
      if (table[i].cells[state][0] != '\0') {
        run_cell(&table[i], call, state);
        found++;
      }
    }
  }
  CHECK(found > 0);
}

TEST(table_listen) {
  check("uv_listen", call_listen);
}

TEST(table_accept_from) {
  check("uv_accept from it", call_accept_from);
}

TEST(table_accept_into) {
  check("uv_accept into it", call_accept_into);
}

TEST(table_read_start) {
  check("uv_read_start", call_read_start);
}

TEST(table_read_start_without_a_callback) {
  check("uv_read_start without a callback", call_read_start_without);
}

TEST(table_read_stop) {
  check("uv_read_stop", call_read_stop);
}

TEST(table_write) {
  check("uv_write", call_write);
}

TEST(table_write_of_no_buffers) {
  check("uv_write of no buffers", call_write_nothing);
}

TEST(table_write2_of_a_handle) {
  check("uv_write2 of a handle", call_write_handle);
}

TEST(table_try_write) {
  check("uv_try_write", call_try_write);
}

TEST(table_shutdown) {
  check("uv_shutdown", call_shutdown);
}

TEST(table_connect) {
  check("connect", call_connect);
}

TEST(table_bind) {
  check("bind", call_bind);
}

TEST(table_open) {
  check("open", call_open);
}

TEST(table_set_blocking) {
  check("uv_stream_set_blocking", call_set_blocking);
}

TEST(table_nodelay) {
  check("uv_tcp_nodelay", call_nodelay);
}

TEST(table_keepalive) {
  check("uv_tcp_keepalive", call_keepalive);
}

TEST(table_keepalive_of_0_s) {
  check("uv_tcp_keepalive of 0 s", call_keepalive_0);
}

TEST(table_simultaneous_accepts) {
  check("uv_tcp_simultaneous_accepts", call_accepts);
}

TEST(table_pending_count) {
  check("uv_pipe_pending_count", call_pending);
}

TEST(table_close) {
  check("uv_close", call_close);
}

TEST(table_close_reset) {
  check("uv_tcp_close_reset", call_close_reset);
}

TEST(table_is_readable) {
  check("uv_is_readable", call_is_readable);
}

TEST(table_is_writable) {
  check("uv_is_writable", call_is_writable);
}

TEST(table_is_active) {
  check("uv_is_active", call_is_active);
}

TEST(table_is_closing) {
  check("uv_is_closing", call_is_closing);
}

TEST(table_has_ref) {
  check("uv_has_ref", call_has_ref);
}

TEST(table_fileno) {
  check("uv_fileno", call_fileno);
}

TEST(table_getsockname) {
  check("getsockname", call_getsockname);
}

TEST(table_getpeername) {
  check("getpeername", call_getpeername);
}

TEST(table_send_buffer_size) {
  check("uv_send_buffer_size", call_send_buffer_size);
}

TEST(table_loop_alive) {
  check("uv_loop_alive", call_loop_alive);
}
