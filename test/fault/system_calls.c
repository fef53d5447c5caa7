/* Rule E1, the half of it that is about the system: every call of every scenario fails once with
 * every error that it may have. What a system does every day, a call cut short or interrupted or
 * that has to wait, nobody notices; what it lacks is told by its code. Nothing is lost, nothing
 * hangs, no descriptor and no memory stays behind. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>

#include "calls.h"
#include "every.h"
#include "harness.h"
#include "memory.h"
#include "parts.h"
#include "scenarios.h"

enum {
  MOST_CALLS = 2000,
  MOST_FDS = 256
};

struct fault {
  enum call call;
  int error;
};

/* Nobody notices these. Files that the system does not move, or whose calls a filter refuses, are copied. */
static const struct fault everyday[] = {
    {CALL_accept4, EINTR},        {CALL_accept4, EAGAIN},     {CALL_connect, EINTR},
    {CALL_recv, EINTR},           {CALL_recv, EAGAIN},        {CALL_recv, FAULT_SHORT},
    {CALL_recvmsg, EINTR},        {CALL_recvmsg, EAGAIN},     {CALL_recvmsg, FAULT_SHORT},
    {CALL_read, EINTR},           {CALL_send, EINTR},         {CALL_send, EAGAIN},
    {CALL_send, FAULT_SHORT},     {CALL_sendmsg, EINTR},      {CALL_sendmsg, EAGAIN},
    {CALL_sendmsg, FAULT_SHORT},  {CALL_write, EINTR},        {CALL_writev, EINTR},
    {CALL_writev, EAGAIN},        {CALL_writev, FAULT_SHORT}, {CALL_epoll_wait, EINTR},
    {CALL_poll, EINTR},           {CALL_accept, EINTR},       {CALL_accept, EAGAIN},
    {CALL_kevent, EINTR},         {CALL_kevent_wait, EINTR},  {CALL_sendmsg, ENOBUFS},
    {CALL_send, ENOBUFS},         {CALL_waitpid, EINTR},      {CALL_pread, EINTR},
    {CALL_pread, FAULT_SHORT},    {CALL_sendfile, EINTR},     {CALL_sendfile, EAGAIN},
    {CALL_sendfile, FAULT_SHORT}, {CALL_splice, EINTR},       {CALL_splice, EAGAIN},
    {CALL_splice, FAULT_SHORT},   {CALL_sendfile, EINVAL},    {CALL_sendfile, ENOSYS},
    {CALL_splice, EINVAL},        {CALL_splice, EPERM},
};

/* These are told. */
static const struct fault lacking[] = {
    {CALL_accept4, EMFILE},
    {CALL_accept4, ENFILE},
    {CALL_accept4, ENOBUFS},
    {CALL_accept4, ENOMEM},
    {CALL_accept4, ECONNABORTED},
    {CALL_connect, ENOMEM},
    {CALL_connect, ENETUNREACH},
    {CALL_recv, ENOMEM},
    {CALL_recv, ECONNRESET},
    {CALL_recvmsg, ENOMEM},
    {CALL_recvmsg, ECONNRESET},
    {CALL_read, EIO},
    {CALL_send, ENOMEM},
    {CALL_sendmsg, ENOMEM},
    {CALL_writev, ENOMEM},
    {CALL_writev, EIO},
    {CALL_socket, EMFILE},
    {CALL_socket, ENFILE},
    {CALL_socket, ENOBUFS},
    {CALL_socketpair, EMFILE},
    {CALL_socketpair, ENFILE},
    {CALL_pipe2, EMFILE},
    {CALL_pipe2, ENFILE},
    {CALL_eventfd, EMFILE},
    {CALL_eventfd, ENOMEM},
    {CALL_epoll_create1, EMFILE},
    {CALL_epoll_create1, ENOMEM},
    {CALL_epoll_ctl, ENOMEM},
    {CALL_epoll_ctl, ENOSPC},
    {CALL_fork, EAGAIN},
    {CALL_fork, ENOMEM},
    {CALL_clone, EAGAIN},
    {CALL_clone, ENOMEM},
    {CALL_accept, EMFILE},
    {CALL_accept, ENFILE},
    {CALL_accept, ENOBUFS},
    {CALL_accept, ENOMEM},
    {CALL_accept, ECONNABORTED},
    {CALL_pipe, EMFILE},
    {CALL_pipe, ENFILE},
    {CALL_kqueue, EMFILE},
    {CALL_kqueue, ENOMEM},
    {CALL_kevent, ENOMEM},
    {CALL_pread, EIO},
    {CALL_sendfile, EIO},
    {CALL_sendfile, ENOMEM},
    {CALL_splice, EIO},
    {CALL_splice, ENOMEM},
#if !defined(UVTEST_KQUEUE) && \
    !HARNESS_TSAN /* Where a child is a copy it makes some of these, uncounted. */
    {CALL_fcntl, EPERM},
    {CALL_fstat, EPERM},
    {CALL_open, EMFILE},
    {CALL_dup2, EMFILE},
    {CALL_listen, EPERM},
    {CALL_shutdown, EPERM},
    {CALL_getsockname, ENOBUFS},
    {CALL_getpeername, ENOBUFS},
    {CALL_getsockopt, ENOBUFS},
    {CALL_setsockopt, ENOBUFS},
    {CALL_timerfd_create, EMFILE},
    {CALL_chmod, EPERM},
    {CALL_lchown, EPERM},
#endif
};

static int open_fds(void) {
  int count = 0;
  int fd;

  for (fd = 0; fd < MOST_FDS; fd++)
    count += fcntl(fd, F_GETFD) != -1;
  return count;
}

/* The n-th call fails, for every n. How often the call was made; 0: never. */
static long fail_each(const struct fault* fault, int is_told, void (*scenario)(void)) {
  long n;

  fault_also =
      UV_ECONNABORTED; /* What comes with bytes and cannot be looked at ends the stream (I6). */
  fault_error = is_told ? uv_translate_sys_error(fault->error) : 0;
  for (n = 1; n < MOST_CALLS; n++) {
    long live = memory_live();
    int fds = open_fds();
    long made;

    calls_fail_nth(fault->call, n, fault->error);
    scenario();
    made = calls_made();
    calls_fail_nth(fault->call, 0, 0);
    CHECK_EQ(memory_live(), live);
    CHECK_EQ(open_fds(), fds);
    if (made < n) {
      CHECK(!scene_failed);
      return made;
    }
    CHECK(is_told || !scene_failed);
  }
  FAIL("a scenario with more calls than anybody wrote");
}

/* A set of calls: those which the scenario made. */
static_assert(CALL_setsockopt < 64, "a set of calls has a bit for each that is in a list here");

static uint64_t fail_all(const struct fault* faults,
                         size_t count,
                         int is_told,
                         void (*scenario)(void)) {
  uint64_t met = 0;
  size_t i;

  for (i = 0; i < count; i++)
    if (fail_each(&faults[i], is_told, scenario) > 0)
      met |= UINT64_C(1) << faults[i].call;
  return met;
}

#define SET(call) (UINT64_C(1) << CALL_##call)

/* What a system has in place of what Linux has. */
#if defined(UVTEST_KQUEUE)
#  define ACCEPTING SET(accept)
#  define READING SET(recvmsg) /* of a pipe, */
#else
#  define ACCEPTING SET(accept4)
#  define READING SET(recv) /* where the poller tells of what is left */
#endif

/* What each loop needs. poll(2) has no calls but to wait. */
static uint64_t loop_calls(void) {
#if defined(UVTEST_KQUEUE)
  return SET(pipe2) | SET(kqueue) | SET(kevent) | SET(kevent_wait);
#else
  uv_loop_t loop;
  uint64_t calls = SET(eventfd);

  CHECK_EQ(uv_loop_init(&loop), 0);
  if (uv_backend_fd(&loop) >= 0)
    calls |= SET(epoll_create1) | SET(epoll_ctl) | SET(epoll_wait);
  CHECK_EQ(uv_loop_close(&loop), 0);
  return calls;
#endif
}

/* `expected` are the calls that the scenario has to make, or it would prove nothing. */
static void fail_calls_of(void (*scenario)(void), uint64_t expected) {
  uint64_t met = fail_all(everyday, sizeof(everyday) / sizeof(everyday[0]), 0, scenario);

  met |= fail_all(lacking, sizeof(lacking) / sizeof(lacking[0]), 1, scenario);
  expected |= loop_calls();
  CHECK_EQ(met & expected, expected);
}

TEST(e1_calls_of_a_tcp_conversation) {
  fail_calls_of(scenario_tcp_talk,
                SET(socket) | ACCEPTING | SET(connect) | SET(recv) | SET(sendmsg));
}

TEST(e1_calls_of_a_connect_to_a_name) {
  fail_calls_of(scenario_tcp_dial,
                SET(socket) | ACCEPTING | SET(connect) | SET(recv) | SET(sendmsg));
}

TEST(e1_calls_of_what_is_beyond) {
  fail_calls_of(scenario_tcp_beyond,
                SET(socket) | ACCEPTING | SET(connect) | SET(recv) | SET(sendmsg));
}

TEST(e1_calls_of_a_stream_that_moves) {
  fail_calls_of(scenario_tcp_move,
                SET(socket) | ACCEPTING | SET(connect) | SET(recv) | SET(sendmsg));
}

#if defined(UVTEST_KQUEUE)
#  define MOVED_BY(call) SET(pread)
#else
#  define MOVED_BY(call) SET(call)
#endif

TEST(e1_calls_of_a_file_over_tcp) {
  scene_make_file();
  fail_calls_of(scenario_tcp_file, SET(recv) | MOVED_BY(sendfile));
  scene_remove_file();
}

TEST(e1_calls_of_a_file_over_a_pipe) {
  scene_make_file();
  fail_calls_of(scenario_pipe_file, MOVED_BY(splice));
  scene_remove_file();
}

TEST(e1_calls_of_a_file_that_is_copied) {
  scene_make_file();
  calls_fail_all(CALL_sendfile, EINVAL);
  fail_calls_of(scenario_tcp_file, SET(recv) | SET(pread) | SET(send));
  scene_remove_file();
}

TEST(e1_calls_of_adopted_sockets) {
  fail_calls_of(scenario_tcp_adopt, SET(socketpair) | SET(recv) | SET(sendmsg));
}

TEST(e1_calls_of_a_pipe_conversation) {
  fail_calls_of(scenario_pipe_talk,
                SET(socket) | ACCEPTING | SET(connect) | READING | SET(sendmsg));
}

TEST(e1_calls_of_a_pipe_for_few) {
  fail_calls_of(scenario_pipe_for_few, SET(socket) | ACCEPTING | SET(connect));
}

TEST(e1_calls_of_an_ipc_conversation) {
  fail_calls_of(scenario_ipc_talk,
                SET(socket) | ACCEPTING | SET(connect) | SET(recvmsg) | SET(sendmsg));
}

TEST(e1_calls_of_pipe_ends) {
  fail_calls_of(scenario_pipe_ends, SET(pipe2) | SET(read) | SET(writev));
}

/* The same with sockets that come from elsewhere; only here a pipe can be one. */
static int init_pipe(union part* who) {
  return uv_pipe_init(scene, &who->pipe, 0);
}

static int open_pipe(union part* who, uv_os_sock_t sock) {
  return uv_pipe_open(&who->pipe, sock);
}

static void adopt_sockets(void) {
  scenario_adopt(init_pipe, open_pipe);
}

TEST(e1_calls_of_pipes_that_are_sockets) {
  fail_calls_of(adopt_sockets, SET(socketpair) | READING | SET(sendmsg));
}

TEST(e1_calls_of_passing_a_socket) {
  fail_calls_of(scenario_pass_tcp, SET(socket) | SET(recvmsg) | SET(sendmsg));
}

TEST(e1_calls_of_passing_a_socket_by_a_try) {
  fail_calls_of(scenario_try_tcp, SET(socket) | SET(recvmsg) | SET(sendmsg));
}

TEST(e1_calls_of_passing_a_pipe) {
  fail_calls_of(scenario_pass_pipe, SET(socket) | SET(recvmsg) | SET(sendmsg));
}

TEST(e1_calls_of_passing_both) {
  fail_calls_of(scenario_pass_both, SET(socket) | SET(recvmsg) | SET(sendmsg));
}

/* A user has a limit of descriptors that are under way, and others will receive theirs. */
TEST(e1_descriptors_under_way_are_too_many) {
  static const struct fault too_many = {CALL_sendmsg, ETOOMANYREFS};

  CHECK_EQ(fail_each(&too_many, 0, scenario_pass_tcp), 1);
  CHECK_EQ(fail_each(&too_many, 0, scenario_pass_pipe), 1);
  CHECK_EQ(fail_each(&too_many, 0, scenario_pass_both), 1);
}

/* A child is a copy where it cannot share our memory until it has become its program. */
#if HARNESS_TSAN || defined(UVTEST_KQUEUE)
#  define SPAWNING (SET(fork) | SET(pipe2) | SET(read))
#else
#  define SPAWNING SET(clone)
#endif

TEST(e1_calls_of_a_child) {
  fail_calls_of(scenario_spawn, SPAWNING | SET(socketpair));
}

TEST(e1_calls_of_a_child_with_a_channel) {
  fail_calls_of(scenario_spawn_ipc, SPAWNING | SET(socketpair) | SET(sendmsg));
}

/* A pipe whose listener has no room waits for it, where a system says that this is so. */
TEST(e1_connect_to_a_full_queue) {
#if defined(UVTEST_KQUEUE)
  SKIP("a queue that is full refuses");
#else
  static const struct fault full = {CALL_connect, EAGAIN};

  CHECK_EQ(fail_each(&full, 0, scenario_pipe_talk), 1);
#endif
}
