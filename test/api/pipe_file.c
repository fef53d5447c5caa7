/* Files and devices that are opened as a pipe, as a program's standard input and output may be
 * (rule P4). */
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "net.h"
#include "pipes.h"
#include "uv.h"
#include "uvstream.h"

#ifdef _WIN32
#  include <fcntl.h>
#  include <io.h>
#  include <process.h>
#  include <sys/stat.h>
#  define O_RDONLY _O_RDONLY
#  define O_WRONLY _O_WRONLY
#  define O_RDWR _O_RDWR
#  define O_CREAT _O_CREAT
#  define O_TRUNC _O_TRUNC
#  define O_APPEND _O_APPEND
#  define DEVICE "NUL"
#else
#  include <fcntl.h>
#  include <signal.h>
#  include <sys/resource.h>
#  include <unistd.h>
#  define DEVICE "/dev/null"
#endif

static uv_file open_path(const char* path, int how) {
#ifdef _WIN32
  uv_file fd = _open(path, how | _O_BINARY, _S_IREAD | _S_IWRITE);
#else
  uv_file fd = open(path, how, 0600);
#endif
  CHECK(fd >= 0);
  return fd;
}

/* A file of this test's own, in the folder for temporary files. */
static char file[600];

static void begin_file(void) {
  char folder[512];
  size_t size = sizeof folder;

  test_needs_folder();
  CHECK_EQ(uv_os_tmpdir(folder, &size), 0);
  snprintf(file, sizeof file, "%s/uvstream-file-%ld", folder, (long) uv_os_getpid());
}

static void open_pipe(uv_pipe_t* pipe, uv_file fd) {
  CHECK_EQ(uv_pipe_init(net_loop(), pipe, 0), 0);
  CHECK_EQ(uv_pipe_open(pipe, fd), 0);
}

static void note_shutdown(uv_shutdown_t* req, int status) {
  CHECK_EQ(status, 0);
  *(int*) req->data += 1;
}

#ifndef _WIN32
static int writes;
static int write_status;

static void note_write(uv_write_t* req, int status) {
  (void) req;
  write_status = status;
  writes++;
}
#endif

TEST(p4_file_is_written_and_read_to_its_end) {
  enum {
    SIZE = 300000
  };
  struct net_sink sink = {0};
  uv_buf_t buf = uv_buf_init((char*) "x", 1);
  uv_shutdown_t shutdown;
  uv_pipe_t pipe;
  int sent = 0;
  int shut = 0;

  begin_file();
  open_pipe(&pipe, open_path(file, O_WRONLY | O_CREAT | O_TRUNC));
  CHECK_EQ(uv_is_writable((uv_stream_t*) &pipe), 1);
  CHECK_EQ(uv_is_readable((uv_stream_t*) &pipe), 0);
  net_send((uv_stream_t*) &pipe, SIZE, 0, &sent);
  net_send((uv_stream_t*) &pipe, SIZE, SIZE, &sent);
  shutdown.data = &shut;
  CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) &pipe, note_shutdown), 0);
  net_until(&shut, 1);
  CHECK_EQ(sent, 2);
  CHECK_EQ(pipe.write_queue_size, 0);
  CHECK_EQ(uv_try_write((uv_stream_t*) &pipe, &buf, 1), UV_EPIPE);
  net_close((uv_handle_t*) &pipe);

  open_pipe(&pipe, open_path(file, O_RDONLY));
  CHECK_EQ(uv_is_writable((uv_stream_t*) &pipe), 0);
  CHECK_EQ(uv_is_readable((uv_stream_t*) &pipe), 1);
  net_drain((uv_stream_t*) &pipe, &sink);
  net_until(&sink.ended, 1);
  CHECK_EQ(sink.status, UV_EOF);
  CHECK_EQ(sink.bytes, 2 * SIZE);
  net_close((uv_handle_t*) &pipe);
  CHECK_EQ(remove(file), 0);
  net_end();
}

static void on_hangup(uvs_hangup_t* hangup, int status) {
  (void) hangup;
  (void) status;
}

static int requests;

static void on_request(uvs_read_t* req, int status) {
  *(int*) req->data = status;
  requests++;
}

/* Behind a file there is nobody who could go; but it can be read by requests, and has an end. */
TEST(x5_files_have_no_hangup_but_are_read_by_requests) {
  char rooms[2][6];
  uv_buf_t bufs[2];
  uvs_hangup_t hangup;
  uvs_read_t reqs[2];
  int statuses[2];
  uv_pipe_t pipe;
  uv_file fd;
  int i;

  begin_file();
  fd = open_path(file, O_RDWR | O_CREAT | O_TRUNC);
  test_fd_write(fd, "from a file", 11);
  test_fd_close(fd);
  open_pipe(&pipe, open_path(file, O_RDONLY));
  CHECK_EQ(uvs_hangup_start(&hangup, (uv_stream_t*) &pipe, on_hangup), UV_ENOTSUP);
  for (i = 0; i < 2; i++) {
    bufs[i] = uv_buf_init(rooms[i], 6);
    reqs[i].data = &statuses[i];
    CHECK_EQ(uvs_read(&reqs[i], (uv_stream_t*) &pipe, &bufs[i], 1, 6, on_request), 0);
  }
  net_until(&requests, 2);
  CHECK_EQ(statuses[0], 0);
  CHECK_EQ(statuses[1], UV_EOF);
  CHECK_EQ(reqs[1].nread, 5);
  CHECK(memcmp(rooms[0], "from a", 6) == 0);
  CHECK(memcmp(rooms[1], " file", 5) == 0);
  net_close((uv_handle_t*) &pipe);
  CHECK_EQ(remove(file), 0);
  net_end();
}

/* The system raises a signal beside the error, which would end the process. */
TEST(p4_file_at_the_limit_of_its_size) {
#ifdef _WIN32
  SKIP("a process has no such limit");
#else
  char text[600] = "";
  uv_buf_t buf = uv_buf_init(text, sizeof text);
  struct rlimit limit;
  struct rlimit before;
  uv_write_t req;
  uv_pipe_t pipe;
  sigset_t pending;

  begin_file();
  CHECK_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  limit = before;
  limit.rlim_cur = 1000;
  open_pipe(&pipe, open_path(file, O_WRONLY | O_CREAT | O_TRUNC));
  CHECK_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  CHECK_EQ(uv_try_write((uv_stream_t*) &pipe, &buf, 1), 600);
  CHECK_EQ(uv_try_write((uv_stream_t*) &pipe, &buf, 1), 400);
  CHECK_EQ(uv_try_write((uv_stream_t*) &pipe, &buf, 1), UV_EFBIG);
  CHECK_EQ(sigpending(&pending), 0);
  CHECK_EQ(sigismember(&pending, SIGXFSZ), 0);
  CHECK_EQ(uv_write(&req, (uv_stream_t*) &pipe, &buf, 1, note_write), 0);
  net_until(&writes, 1);
  CHECK_EQ(write_status, UV_EFBIG);
  CHECK_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  net_close((uv_handle_t*) &pipe);
  CHECK_EQ(remove(file), 0);
  net_end();
#endif
}

/* Whoever redirects several programs into one file lets each write behind the others. */
/* A close waits for a busy machine no longer than for a reader (L5). */
static void end_pipe(uv_pipe_t* pipe) {
  uv_shutdown_t shutdown;
  int shut = 0;

  shutdown.data = &shut;
  CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) pipe, note_shutdown), 0);
  net_until(&shut, 1);
  net_close((uv_handle_t*) pipe);
}

TEST(p4_file_keeps_its_place) {
  char text[16] = "";
  uv_buf_t buf = uv_buf_init((char*) "two ", 4);
  uv_pipe_t pipe;
  uv_file fd;

  begin_file();
  fd = open_path(file, O_RDWR | O_CREAT | O_TRUNC);
  test_fd_write(fd, "one ", 4);
  open_pipe(&pipe, fd);
  CHECK_EQ(uv_try_write((uv_stream_t*) &pipe, &buf, 1), 4);
  end_pipe(&pipe);
  fd = open_path(file, O_WRONLY | O_APPEND);
#ifdef _WIN32 /* To append is a matter of the C run-time library there; a shell goes to the end. */
  CHECK_EQ(_lseek(fd, 0, SEEK_END), 8);
#endif
  open_pipe(&pipe, fd);
  buf = uv_buf_init((char*) "three", 5);
  CHECK_EQ(uv_try_write((uv_stream_t*) &pipe, &buf, 1), 5);
  end_pipe(&pipe);
  fd = open_path(file, O_RDONLY);
  CHECK_EQ(test_fd_read(fd, text, sizeof text), 13);
  CHECK_STR(text, "one two three");
  test_fd_close(fd);
  CHECK_EQ(remove(file), 0);
  net_end();
}

static int reads;

static void stop_after_one(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  CHECK(nread > 0);
  reads++;
  CHECK_EQ(uv_read_stop(stream), 0);
}

/* Stopping and closing are as with any stream. */
TEST(p4_file_is_stopped_and_closed_in_between) {
  uv_pipe_t pipe;
  int sent = 0;

  begin_file();
  open_pipe(&pipe, open_path(file, O_WRONLY | O_CREAT | O_TRUNC));
  net_send((uv_stream_t*) &pipe, 1000000, 0, &sent);
  net_until(&sent, 1);
  net_close((uv_handle_t*) &pipe);
  open_pipe(&pipe, open_path(file, O_RDONLY));
  CHECK_EQ(uv_read_start((uv_stream_t*) &pipe, net_alloc, stop_after_one), 0);
  net_until(&reads, 1);
  net_turns(3);
  CHECK_EQ(reads, 1);
  CHECK_EQ(uv_read_start((uv_stream_t*) &pipe, net_alloc, stop_after_one), 0);
  net_until(&reads, 2);
  CHECK_EQ(uv_read_start((uv_stream_t*) &pipe, net_alloc, stop_after_one), 0);
  net_close((uv_handle_t*) &pipe);
  CHECK_EQ(remove(file), 0);
  net_end();
}

TEST(p4_device_that_is_always_ready) {
  struct net_sink sink = {0};
  uv_buf_t buf = uv_buf_init(net_block(), 100000);
  char name[TEST_PIPE_NAME];
  size_t size = sizeof name;
  uv_pipe_t pipe;
  int sent = 0;
  int value = 0;

  open_pipe(&pipe, open_path(DEVICE, O_RDWR));
  net_send((uv_stream_t*) &pipe, 100000, 0, &sent);
  net_until(&sent, 1);
  CHECK(uv_try_write((uv_stream_t*) &pipe, &buf, 1) > 0);
  net_drain((uv_stream_t*) &pipe, &sink);
  net_until(&sink.ended, 1);
  CHECK_EQ(sink.status, UV_EOF);
  CHECK_EQ(sink.bytes, 0);
  CHECK_EQ(uv_is_readable((uv_stream_t*) &pipe), 0); /* That was the last of it. */
  CHECK_EQ(uv_pipe_getsockname(&pipe, name, &size), 0);
  CHECK_EQ(size, 0);
  CHECK(uv_send_buffer_size((uv_handle_t*) &pipe, &value) < 0);
  CHECK(uv_pipe_chmod(&pipe, UV_READABLE) < 0);
  uv_pipe_pending_instances(&pipe, 2);
  net_end();
}

/* Over an IPC pipe that is none nothing is passed. */
TEST(p4_file_carries_no_handles) {
#ifdef _WIN32
  SKIP("what is no pipe is refused there where handles are to be carried");
#else
  uv_buf_t buf = uv_buf_init((char*) "x", 1);
  uv_pipe_t pipe;
  uv_tcp_t a;
  uv_tcp_t b;

  net_pair(&a, &b);
  CHECK_EQ(uv_pipe_init(net_loop(), &pipe, 1), 0);
  CHECK_EQ(uv_pipe_open(&pipe, open_path(DEVICE, O_WRONLY)), 0);
  CHECK(uv_try_write2((uv_stream_t*) &pipe, &buf, 1, (uv_stream_t*) &a) < 0);
  CHECK_EQ(uv_try_write((uv_stream_t*) &pipe, &buf, 1), 1);
  net_end();
#endif
}

/* What cannot be read or written at all. */
TEST(p4_what_is_no_stream) {
#ifdef _WIN32
  SKIP("the C run-time library has no descriptors of folders");
#else
  uv_pipe_t pipe;
  uv_file fd = open_path("/", O_RDONLY);

  CHECK_EQ(uv_pipe_init(net_loop(), &pipe, 0), 0);
  CHECK_EQ(uv_pipe_open(&pipe, fd), UV_ENOTSUP);
  CHECK_EQ(fcntl(fd, F_GETFD), 0); /* still ours, and as it was */
  test_fd_close(fd);
  fd = socket(AF_INET, SOCK_DGRAM, 0);
  CHECK(fd != -1);
  CHECK_EQ(uv_pipe_open(&pipe, fd), UV_ENOTSUP);
  test_fd_close(fd);
  net_end();
#endif
}
