/* Pipes and children for tests; see pipes.h. */
#include "pipes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "net.h"

#ifdef _WIN32
#  include <fcntl.h>
#  include <io.h>
#  include <process.h>
#  include <sys/stat.h>
#else
#  include <fcntl.h>
#  include <sys/resource.h>
#  include <unistd.h>
#endif

/* ---- Surroundings ---- */

#ifndef _WIN32

static const char* folder(void) {
  const char* path = getenv("TMPDIR");

  return path == NULL ? "/tmp" : path;
}

#endif

void test_needs_folder(void) {
#ifndef _WIN32
  if (access(folder(), W_OK) != 0)
    SKIP("there is no folder for temporary files that can be written to");
#endif
}

int test_has_proc(void) {
#ifdef __linux__
  return access("/proc/self/fd", F_OK) == 0;
#else
  return 1;
#endif
}

void test_needs_proc(void) {
  if (!test_has_proc())
    SKIP("there is no /proc, by which Linux would tell or open it");
}

void test_needs_fds(int count) {
#ifdef _WIN32
  (void) count;
#else
  struct rlimit limit;

  CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  if (limit.rlim_max < (rlim_t) count + 40)
    SKIP("a process may not have as many descriptors here");
#endif
}

/* ---- Names ---- */

static int names; /* that this process has made */

static int print_name(char* buf, size_t size, int number) {
#ifdef _WIN32
  return snprintf(buf, size, "\\\\.\\pipe\\uvstream-test-%ld-%d", (long) _getpid(), number);
#else
  return snprintf(buf, size, "%s/uvstream-test-%ld-%d", folder(), (long) getpid(), number);
#endif
}

#ifndef _WIN32

/* What a call that was made to fail has left, such as an unlink. */
static void remove_names(void) {
  char name[TEST_PIPE_NAME];

  for (; names > 0; names--) {
    int length = print_name(name, sizeof name, names);

    if (length > 0 && (size_t) length < sizeof name)
      (void) unlink(name);
  }
}

#endif

const char* test_pipe_name(char* buf, size_t size) {
  int length = print_name(buf, size, names + 1);

#ifndef _WIN32
  test_needs_folder();
  if (names == 0)
    CHECK_EQ(atexit(remove_names), 0);
  (void) unlink(buf); /* What a killed test left that had this process id. */
#endif
  names++;
  CHECK(length > 0 && (size_t) length < size);
  return buf;
}

/* ---- Connections ---- */

void test_pipe_listen(uv_pipe_t* server, const char* name, int backlog, uv_connection_cb cb) {
  CHECK_EQ(uv_pipe_init(net_loop(), server, 0), 0);
  CHECK_EQ(uv_pipe_bind(server, name), 0);
  CHECK_EQ(uv_listen((uv_stream_t*) server, backlog, cb), 0);
}

/* A pair in the making: the listener's `data` points here. */
struct pairing {
  uv_pipe_t* server;
  int ipc;
  int done; /* 2: both ends are there */
};

static void pair_accepted(uv_stream_t* listener, int status) {
  struct pairing* p = listener->data;

  CHECK_EQ(status, 0);
  CHECK_EQ(uv_pipe_init(listener->loop, p->server, p->ipc), 0);
  CHECK_EQ(uv_accept(listener, (uv_stream_t*) p->server), 0);
  p->done++;
}

static void pair_connected(uv_connect_t* req, int status) {
  struct pairing* p = req->data;

  CHECK_EQ(status, 0);
  p->done++;
}

void test_pipe_pair(uv_pipe_t* client, uv_pipe_t* server, int ipc) {
  struct pairing p = {server, ipc, 0};
  char name[TEST_PIPE_NAME];
  uv_connect_t req;
  uv_pipe_t listener;

  CHECK_EQ(uv_pipe_init(net_loop(), &listener, ipc), 0);
  CHECK_EQ(uv_pipe_bind(&listener, test_pipe_name(name, sizeof name)), 0);
  CHECK_EQ(uv_listen((uv_stream_t*) &listener, 1, pair_accepted), 0);
  listener.data = &p;
  req.data = &p;
  CHECK_EQ(uv_pipe_init(net_loop(), client, ipc), 0);
  uv_pipe_connect(&req, client, name, pair_connected);
  net_until(&p.done, 2);
  net_close((uv_handle_t*) &listener);
}

void test_pipe_ends(int flags, uv_pipe_t* from, uv_pipe_t* to) {
  uv_file fds[2];

  CHECK_EQ(uv_pipe(fds, flags, flags), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), to, 0), 0);
  CHECK_EQ(uv_pipe_open(to, fds[0]), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), from, 0), 0);
  CHECK_EQ(uv_pipe_open(from, fds[1]), 0);
}

void test_pipe_way(enum test_way way, uv_pipe_t* from, uv_pipe_t* to) {
  if (way == TEST_ENDS)
    test_pipe_ends(0, from, to);
  else
    test_pipe_pair(from, to, way == TEST_IPC);
}

/* ---- Descriptors without the library ---- */

size_t test_fd_read(uv_file fd, char* to, size_t len) {
#ifdef _WIN32
  int n = _read(fd, to, (unsigned) len);
#else
  ssize_t n = read(fd, to, len);
#endif
  CHECK(n >= 0);
  return (size_t) n;
}

void test_fd_write(uv_file fd, const char* from, size_t len) {
  while (len > 0) {
#ifdef _WIN32
    int n = _write(fd, from, (unsigned) len);
#else
    ssize_t n = write(fd, from, len);
#endif
    CHECK(n > 0);
    from += n;
    len -= (size_t) n;
  }
}

void test_fd_close(uv_file fd) {
#ifdef _WIN32
  CHECK_EQ(_close(fd), 0);
#else
  CHECK_EQ(close(fd), 0);
#endif
}

uv_file test_fd_make(char* path, size_t size, const char* what) {
  char place[512];
  size_t length = sizeof place;
  uv_file fd;

  test_needs_folder();
  CHECK_EQ(uv_os_tmpdir(place, &length), 0);
  snprintf(path, size, "%s/uvstream-%s-%ld", place, what, (long) uv_os_getpid());
#ifdef _WIN32
  fd = _open(path, _O_RDWR | _O_CREAT | _O_TRUNC | _O_BINARY, _S_IREAD | _S_IWRITE);
#else
  fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
#endif
  CHECK(fd >= 0);
  return fd;
}

uv_file test_fd_open(const char* path, int writes) {
#ifdef _WIN32
  uv_file fd = _open(path, (writes ? _O_WRONLY : _O_RDONLY) | _O_BINARY);
#else
  uv_file fd = open(path, writes ? O_WRONLY : O_RDONLY);
#endif

  CHECK(fd >= 0);
  return fd;
}

uv_file test_fd_folder(void) {
  char place[512];
  size_t length = sizeof place;
  uv_file fd;

  test_needs_folder();
  CHECK_EQ(uv_os_tmpdir(place, &length), 0);
#ifdef _WIN32
  fd = _open_osfhandle((intptr_t) CreateFileA(place, GENERIC_READ,
                                              FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                                              OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL),
                       _O_RDONLY);
#else
  fd = open(place, O_RDONLY);
#endif
  CHECK(fd >= 0);
  return fd;
}

int test_fd_count(void) {
  int count = 0;
#ifndef _WIN32
  struct rlimit limit;
  int fd;

  CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  for (fd = 0; (rlim_t) fd < limit.rlim_max && fd < 65536; fd++) {
    if (fcntl(fd, F_GETFD) != -1) {
      count++;
    }
  }
#endif
  return count;
}

int test_handle_count(void) {
#ifdef _WIN32
  DWORD count;

  CHECK(GetProcessHandleCount(GetCurrentProcess(), &count));
  return (int) count;
#else
  return test_fd_count();
#endif
}

void test_fd_most(void) {
#ifndef _WIN32
  struct rlimit limit;

  CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = limit.rlim_max < 65536 ? limit.rlim_max : 65536;
  CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
#endif
}

int test_is_wine(void) {
#ifdef _WIN32
  HMODULE ntdll = GetModuleHandleA("ntdll.dll");

  return ntdll != NULL && GetProcAddress(ntdll, "wine_get_version") != NULL;
#else
  return 0;
#endif
}

void test_find_console(void) {
#ifdef _WIN32
  int fd;

  if (GetStdHandle(STD_OUTPUT_HANDLE) != NULL && !test_is_wine())
    return;
  for (fd = 0; fd < 3; fd++) {
    HANDLE handle = CreateFileA(fd == 0 ? "CONIN$" : "CONOUT$", GENERIC_READ | GENERIC_WRITE,
                                FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    int made = _open_osfhandle((intptr_t) handle, _O_BINARY);

    if (made < 0 || (made != fd && _dup2(made, fd) < 0))
      exit(90 + fd);
  }
#endif
}

/* ---- Children ---- */

static void note_exit(uv_process_t* process, int64_t status, int signal) {
  struct test_exit* end = process->data;

  CHECK_EQ(end->done, 0);
  end->done = 1;
  end->status = status;
  end->signal = signal;
}

void test_child(uv_process_options_t* options,
                char* args[8],
                const char* test_name,
                const char* role) {
  memset(options, 0, sizeof *options);
  args[0] = (char*) harness_self();
  args[1] = (char*) test_name;
  args[2] = (char*) role;
  args[3] = NULL;
  options->file = harness_self();
  options->args = args;
  options->exit_cb = note_exit;
}

void test_spawn(uv_process_t* process, const uv_process_options_t* options, struct test_exit* end) {
  memset(end, 0, sizeof *end);
  process->data = end;
  CHECK_EQ(uv_spawn(net_loop(), process, options), 0);
  CHECK(uv_process_get_pid(process) > 0);
}

void test_await_child(const struct test_exit* end) {
  net_until(&end->done, 1);
  CHECK_EQ(end->signal, 0);
  CHECK_EQ(end->status, 0);
}
