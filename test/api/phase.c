/* Every stream call in every phase of a TCP handle: what it returns and which callback
 * follows. The rows are those of the last section of docs/CONTRACT.md, and the same on every
 * system. */
#include "harness.h"
#include "net.h"
#include "raw.h"
#include "uv.h"

enum phase {
  FRESH,      /* after uv_tcp_init */
  BOUND,      /* after uv_tcp_bind */
  LISTENING,  /* after uv_listen */
  CONNECTING, /* after uv_tcp_connect */
  CONNECTED,
  SHUT,  /* after our uv_shutdown and its callback */
  ENDED, /* after the peer's EOF was read */
  CLOSING,
  PHASES
};

enum {
  QUIET = 1,   /* no callback follows; else its status */
  ANYTHING = 2 /* as return value: depends on what the system did so far; not called */
};

struct outcome {
  int result;
  int status;
};

static uv_tcp_t subject;
static uv_tcp_t peer;
static uv_tcp_t server;
static int callbacks;
static int last_status;

/* ---- Callbacks: one at most is under observation ---- */

static void saw(int status) {
  callbacks++;
  last_status = status;
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

static int prepared;

static void ignore_connection(uv_stream_t* stream, int status) {
  (void) stream;
  CHECK_EQ(status, 0);
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
    CHECK_EQ(nread, UV_EOF);
    prepared++;
  }
}

/* ---- The phases ---- */

static void enter(enum phase phase) {
  static uv_shutdown_t shutdown;
  static uv_connect_t connect;
  struct sockaddr_in addr = net_address(0);

  prepared = 0;
  switch (phase) {
  case FRESH:
    CHECK_EQ(uv_tcp_init(net_loop(), &subject), 0);
    break;
  case BOUND:
    CHECK_EQ(uv_tcp_init(net_loop(), &subject), 0);
    CHECK_EQ(uv_tcp_bind(&subject, (struct sockaddr*) &addr, 0), 0);
    break;
  case LISTENING:
    net_listen(&subject, 8, ignore_connection);
    break;
  case CONNECTING:
    addr = net_listen(&server, 8, ignore_connection);
    CHECK_EQ(uv_tcp_init(net_loop(), &subject), 0);
    CHECK_EQ(uv_tcp_connect(&connect, &subject, (struct sockaddr*) &addr, NULL), 0);
    break;
  case CONNECTED:
    net_pair(&subject, &peer);
    break;
  case SHUT:
    net_pair(&subject, &peer);
    CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) &subject, prepared_shutdown), 0);
    net_until(&prepared, 1);
    break;
  case ENDED:
    net_pair(&subject, &peer);
    CHECK_EQ(uv_read_start((uv_stream_t*) &subject, net_alloc, prepared_read), 0);
    CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) &peer, prepared_shutdown), 0);
    net_until(&prepared, 2);
    break;
  case CLOSING:
    net_pair(&subject, &peer);
    uv_close((uv_handle_t*) &subject, NULL);
    break;
  case PHASES:
    FAIL("not a phase");
  }
}

/* One row: the call on a new handle of each phase. Then the loop is run to its end, so that
 * the callback that follows is the only one that ever does. */
static void check_row(int (*call)(void), const struct outcome* expected) {
  int phase;

  for (phase = FRESH; phase < PHASES; phase++) {
    const struct outcome* cell = &expected[phase];

    if (cell->result == ANYTHING) {
      continue;
    }
    enter((enum phase) phase);
    callbacks = 0;
    if (call() != cell->result) {
      static const char* const names[PHASES] = {"fresh",     "bound", "listening", "connecting",
                                                "connected", "shut",  "ended",     "closing"};

      FAIL(names[phase]); /* the phase in which the result was another */
    }
    CHECK_EQ(callbacks, 0);
    if (cell->status != QUIET) {
      net_until(&callbacks, 1);
      CHECK_EQ(last_status, cell->status);
    } else {
      net_turns(3);
      CHECK_EQ(callbacks, 0);
    }
    net_end();
    CHECK_EQ(callbacks, cell->status == QUIET ? 0 : 1);
  }
}

/* ---- The calls ---- */

static int call_listen(void) {
  return uv_listen((uv_stream_t*) &subject, 8, on_connection);
}

TEST(phase_listen) {
  static const struct outcome row[PHASES] = {
      {0, QUIET},         {0, QUIET},         {0, QUIET},         {UV_EINVAL, QUIET},
      {UV_EINVAL, QUIET}, {UV_EINVAL, QUIET}, {UV_EINVAL, QUIET}, {UV_EINVAL, QUIET}};
  check_row(call_listen, row);
}

static int call_accept(void) {
  static uv_tcp_t client;

  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  return uv_accept((uv_stream_t*) &subject, (uv_stream_t*) &client);
}

TEST(phase_accept_from) {
  static const struct outcome row[PHASES] = {
      {UV_EINVAL, QUIET}, {UV_EINVAL, QUIET}, {UV_EAGAIN, QUIET}, {UV_EINVAL, QUIET},
      {UV_EINVAL, QUIET}, {UV_EINVAL, QUIET}, {UV_EINVAL, QUIET}, {UV_EINVAL, QUIET}};
  check_row(call_accept, row);
}

static int waiting;

static void count_waiting(uv_stream_t* stream, int status) {
  (void) stream;
  CHECK_EQ(status, 0);
  waiting++;
}

static int call_accept_into(void) {
  static uv_tcp_t listener;
  static uv_tcp_t client;
  static uv_connect_t req;
  struct sockaddr_in addr;

  waiting = 0;
  addr = net_listen(&listener, 8, count_waiting);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uv_tcp_connect(&req, &client, (struct sockaddr*) &addr, NULL), 0);
  net_until(&waiting, 1);
  return uv_accept((uv_stream_t*) &listener, (uv_stream_t*) &subject);
}

TEST(phase_accept_into) {
  static const struct outcome row[PHASES] = {
      {0, QUIET},         {UV_EINVAL, QUIET}, {UV_EINVAL, QUIET}, {UV_EINVAL, QUIET},
      {UV_EINVAL, QUIET}, {UV_EINVAL, QUIET}, {UV_EINVAL, QUIET}, {UV_EINVAL, QUIET}};
  check_row(call_accept_into, row);
}

static int call_read_start(void) {
  return uv_read_start((uv_stream_t*) &subject, net_alloc, on_read);
}

TEST(phase_read_start) {
  static const struct outcome row[PHASES] = {
      {UV_ENOTCONN, QUIET}, {UV_ENOTCONN, QUIET}, {UV_ENOTCONN, QUIET}, {0, QUIET},
      {0, QUIET},           {0, QUIET},           {UV_ENOTCONN, QUIET}, {UV_EINVAL, QUIET}};
  check_row(call_read_start, row);
}

static int call_read_stop(void) {
  return uv_read_stop((uv_stream_t*) &subject);
}

TEST(phase_read_stop) {
  static const struct outcome row[PHASES] = {{0, QUIET}, {0, QUIET}, {0, QUIET}, {0, QUIET},
                                             {0, QUIET}, {0, QUIET}, {0, QUIET}, {0, QUIET}};
  check_row(call_read_stop, row);
}

static int call_write(void) {
  static uv_write_t req;
  uv_buf_t buf = uv_buf_init("hello", 5);

  return uv_write(&req, (uv_stream_t*) &subject, &buf, 1, on_write);
}

TEST(phase_write) {
  static const struct outcome row[PHASES] = {{UV_EBADF, QUIET},
                                             {UV_EPIPE, QUIET},
                                             {UV_EPIPE, QUIET},
                                             {0, 0},
                                             {0, 0},
                                             {UV_EPIPE, QUIET},
                                             {0, 0},
                                             {UV_EBADF, QUIET}};
  check_row(call_write, row);
}

static int call_try_write(void) {
  uv_buf_t buf = uv_buf_init("hello", 5);

  return uv_try_write((uv_stream_t*) &subject, &buf, 1);
}

TEST(phase_try_write) {
  static const struct outcome row[PHASES] = {
      {UV_EBADF, QUIET}, {UV_EPIPE, QUIET}, {UV_EPIPE, QUIET}, {UV_EAGAIN, QUIET},
      {5, QUIET},        {UV_EPIPE, QUIET}, {5, QUIET},        {UV_EBADF, QUIET}};
  check_row(call_try_write, row);
}

static int call_shutdown(void) {
  static uv_shutdown_t req;

  return uv_shutdown(&req, (uv_stream_t*) &subject, on_shutdown);
}

TEST(phase_shutdown) {
  static const struct outcome row[PHASES] = {{UV_ENOTCONN, QUIET},
                                             {UV_ENOTCONN, QUIET},
                                             {UV_ENOTCONN, QUIET},
                                             {0, 0},
                                             {0, 0},
                                             {UV_ENOTCONN, QUIET},
                                             {0, 0},
                                             {UV_ENOTCONN, QUIET}};
  check_row(call_shutdown, row);
}

static int call_connect(void) {
  static uv_tcp_t listener;
  static uv_connect_t req;
  struct sockaddr_in addr = net_listen(&listener, 8, ignore_connection);

  return uv_tcp_connect(&req, &subject, (struct sockaddr*) &addr, on_connect);
}

TEST(phase_connect) {
  static const struct outcome row[PHASES] = {{0, 0},
                                             {0, 0},
                                             {UV_EINVAL, QUIET},
                                             {UV_EALREADY, QUIET},
                                             {UV_EISCONN, QUIET},
                                             {UV_EISCONN, QUIET},
                                             {UV_EISCONN, QUIET},
                                             {UV_EINVAL, QUIET}};
  check_row(call_connect, row);
}

static int call_bind(void) {
  struct sockaddr_in any = net_address(0);

  return uv_tcp_bind(&subject, (struct sockaddr*) &any, 0);
}

TEST(phase_bind) {
  static const struct outcome row[PHASES] = {
      {0, QUIET},         {UV_EINVAL, QUIET}, {UV_EINVAL, QUIET}, {UV_EINVAL, QUIET},
      {UV_EINVAL, QUIET}, {UV_EINVAL, QUIET}, {UV_EINVAL, QUIET}, {UV_EINVAL, QUIET}};
  check_row(call_bind, row);
}

static int call_open(void) {
  uv_os_sock_t pair[2];
  int r;

  CHECK_EQ(uv_socketpair(SOCK_STREAM, 0, pair, 0, 0), 0);
  r = uv_tcp_open(&subject, pair[0]);
  if (r < 0) {
    raw_close(pair[0]); /* refused, it is still ours */
  }
  raw_close(pair[1]);
  return r;
}

TEST(phase_open) {
  static const struct outcome row[PHASES] = {
      {0, QUIET},        {UV_EBUSY, QUIET}, {UV_EBUSY, QUIET}, {UV_EBUSY, QUIET},
      {UV_EBUSY, QUIET}, {UV_EBUSY, QUIET}, {UV_EBUSY, QUIET}, {UV_EINVAL, QUIET}};
  check_row(call_open, row);
}

static int call_set_blocking(void) {
  return uv_stream_set_blocking((uv_stream_t*) &subject, 1);
}

TEST(phase_set_blocking) {
  static const struct outcome row[PHASES] = {{0, QUIET}, {0, QUIET},        {0, QUIET},
                                             {0, QUIET}, {0, QUIET},        {0, QUIET},
                                             {0, QUIET}, {UV_EINVAL, QUIET}};
  check_row(call_set_blocking, row);
}

static int call_nodelay(void) {
  return uv_tcp_nodelay(&subject, 1);
}

TEST(phase_nodelay) {
  static const struct outcome row[PHASES] = {{0, QUIET}, {0, QUIET},        {0, QUIET},
                                             {0, QUIET}, {0, QUIET},        {0, QUIET},
                                             {0, QUIET}, {UV_EINVAL, QUIET}};
  check_row(call_nodelay, row);
}

static int call_close(void) {
  uv_close((uv_handle_t*) &subject, on_close);
  return 0;
}

TEST(phase_close) {
  static const struct outcome row[PHASES] = {{0, 0}, {0, 0}, {0, 0}, {0, 0},
                                             {0, 0}, {0, 0}, {0, 0}, {0, QUIET}};
  check_row(call_close, row);
}

static int call_close_reset(void) {
  return uv_tcp_close_reset(&subject, on_close);
}

TEST(phase_close_reset) {
  static const struct outcome row[PHASES] = {
      {UV_EBADF, QUIET}, {0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}, {UV_EBADF, QUIET}};
  check_row(call_close_reset, row);
}

/* ---- Questions: the value, never a callback ---- */

static void check_values(int (*call)(void), const int* values) {
  struct outcome row[PHASES];
  int phase;

  for (phase = FRESH; phase < PHASES; phase++) {
    row[phase].result = values[phase];
    row[phase].status = QUIET;
  }
  check_row(call, row);
}

static int call_is_readable(void) {
  return uv_is_readable((uv_stream_t*) &subject);
}

TEST(phase_is_readable) {
  static const int values[PHASES] = {0, 0, 0, 0, 1, 1, 0, 0};

  check_values(call_is_readable, values);
}

static int call_is_writable(void) {
  return uv_is_writable((uv_stream_t*) &subject);
}

TEST(phase_is_writable) {
  static const int values[PHASES] = {0, 0, 0, 0, 1, 0, 1, 0};

  check_values(call_is_writable, values);
}

static int call_is_active(void) {
  return uv_is_active((uv_handle_t*) &subject);
}

TEST(phase_is_active) {
  static const int values[PHASES] = {0, 0, 1, 1, 0, 0, 0, 0};

  check_values(call_is_active, values);
}

static int call_fileno(void) {
  uv_os_fd_t fd;

  return uv_fileno((uv_handle_t*) &subject, &fd);
}

TEST(phase_fileno) {
  static const int values[PHASES] = {UV_EBADF, 0, 0, 0, 0, 0, 0, UV_EBADF};

  check_values(call_fileno, values);
}

static int call_getsockname(void) {
  struct sockaddr_storage name;
  int len = sizeof name;

  return uv_tcp_getsockname(&subject, (struct sockaddr*) &name, &len);
}

TEST(phase_getsockname) {
  static const int values[PHASES] = {UV_EBADF, 0, 0, 0, 0, 0, 0, UV_EBADF};

  check_values(call_getsockname, values);
}

static int call_getpeername(void) {
  struct sockaddr_storage name;
  int len = sizeof name;

  return uv_tcp_getpeername(&subject, (struct sockaddr*) &name, &len);
}

/* While connecting the system may already have a peer or not. After an end too: a peer
 * that closed both ways may be forgotten, so the peer here only shut its outgoing side. */
TEST(phase_getpeername) {
  static const int values[PHASES] = {UV_EBADF, UV_ENOTCONN, UV_ENOTCONN, ANYTHING,
                                     0,        0,           0,           UV_EBADF};

  check_values(call_getpeername, values);
}

static int call_send_buffer_size(void) {
  int value = 0;

  return uv_send_buffer_size((uv_handle_t*) &subject, &value);
}

TEST(phase_buffer_size) {
  static const int values[PHASES] = {UV_EBADF, 0, 0, 0, 0, 0, 0, UV_EBADF};

  check_values(call_send_buffer_size, values);
}
