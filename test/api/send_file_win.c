/* Files through streams (rule X8), of which Windows finds out late that a part cannot be read: somebody has
 * locked it. */
#include <windows.h>

#include <io.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "net.h"
#include "pipes.h"
#include "uvstream.h"

enum {
  WHOLE = 200000,
  LOCKED = 10000 /* from here on: what comes before has room in the system */
};

static char path[600];
static uv_file file;
static uv_file locker;

static int is_done;
static int end_status;
static int behind; /* writes that are over */
static int is_shut;

/* Wine reads what is locked. */
static void make_file(void) {
  if (test_is_wine())
    SKIP("no lock keeps a reader away");
  file = test_fd_make(path, sizeof path, "locked");
  test_fd_write(file, net_block(), WHOLE);
  locker = test_fd_open(path, 0);
  CHECK(LockFile((HANDLE) _get_osfhandle(locker), LOCKED, 0, WHOLE - LOCKED, 0));
}

static void end_file(void) {
  test_fd_close(file);
  CHECK_EQ(remove(path), 0);
  net_end();
}

static void on_file(uvs_send_file_t* req, int status) {
  CHECK_EQ(is_done, 0);
  CHECK_EQ(behind, 0);
  CHECK(req->sent <= LOCKED);
  end_status = status;
  is_done = 1;
}

static void on_behind(uv_write_t* req, int status) {
  (void) req;
  CHECK_EQ(is_done, 1);
  CHECK_EQ(status, end_status);
  behind++;
}

static void on_shut(uv_shutdown_t* req, int status) {
  (void) req;
  CHECK_EQ(status, 0);
  is_shut = 1;
}

/* Of what went behind it the peer sees nothing; the stream itself is as it was. */
static void check_gap(uv_tcp_t* client, uv_tcp_t* server) {
  struct net_sink sink = {0};
  uv_shutdown_t shutdown;
  uvs_send_file_t req;

  net_until(&is_done, 1);
  CHECK(end_status < 0 && end_status != UV_EOF && end_status != UV_ECANCELED);
  net_until(&behind, 1);
  test_fd_close(locker);
  net_drain((uv_stream_t*) server, &sink);
  CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) client, on_shut), 0);
  CHECK_EQ(uvs_send_file(&req, (uv_stream_t*) client, file, 0, 1, NULL, NULL), UV_EPIPE);
  net_until(&sink.ended, 1);
  CHECK_EQ(sink.status, UV_EOF);
  CHECK(sink.bytes <= LOCKED);
  net_until(&is_shut, 1);
}

/* In blocking mode the call waits for the error, and its callback comes later. */
TEST(x8_nothing_goes_over_the_gap_of_a_file_that_fails_later) {
  uv_buf_t buf = uv_buf_init((char*) "x", 1);
  uv_tcp_t client, server;
  uvs_send_file_t req;
  uv_write_t write;

  make_file();
  net_pair(&client, &server);
  CHECK_EQ(uv_stream_set_blocking((uv_stream_t*) &client, 1), 0);
  CHECK_EQ(uvs_send_file(&req, (uv_stream_t*) &client, file, 0, WHOLE, NULL, on_file), 0);
  CHECK_EQ(is_done, 0);
  CHECK_EQ(uv_try_write((uv_stream_t*) &client, &buf, 1), UV_EAGAIN);
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &client, &buf, 1, on_behind), 0);
  CHECK_EQ(uvs_send_file_cancel(&req), UV_EBUSY); /* It has failed, and ends so. */
  check_gap(&client, &server);
  end_file();
}

TEST(x8_file_that_fails_later_takes_what_waits_along) {
  uv_buf_t buf = uv_buf_init((char*) "x", 1);
  uv_tcp_t client, server;
  uvs_send_file_t req;
  uv_write_t write;

  make_file();
  net_pair(&client, &server);
  CHECK_EQ(uvs_send_file(&req, (uv_stream_t*) &client, file, 0, WHOLE, NULL, on_file), 0);
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &client, &buf, 1, on_behind), 0);
  check_gap(&client, &server);
  end_file();
}
