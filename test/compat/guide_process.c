/* Programs about children, their standard streams, handles passed to them, signals and terminals;
 * see guide.h. A child is this executable again, in the part that `child` names. */
#include "guide_program.h"

#ifdef __cplusplus
#  define LANGUAGE "cxx"
#else
#  define LANGUAGE "c"
#endif

static uv_loop_t* loop;
static const char* this_program;

static void small_alloc(uv_handle_t* handle, size_t suggested, uv_buf_t* buf) {
  static char memory[256];

  (void) handle;
  (void) suggested;
  *buf = uv_buf_init(memory, sizeof(memory));
}

static void end(void) {
  EXPECT(uv_run(loop, UV_RUN_DEFAULT) == 0);
  EXPECT(uv_loop_close(loop) == 0);
}

/* ---- Starting this executable again ------------------------------------------------------ */

static uv_process_t process;
static int exited;
static int64_t exit_status;
static int exit_signal;

static void on_exit_of_child(uv_process_t* handle, int64_t status, int signum) {
  exited++;
  exit_status = status;
  exit_signal = signum;
  uv_close((uv_handle_t*) handle, NULL);
}

static int start_child(const char* part, uv_stdio_container_t* stdio, int count) {
  static char path[1024], test[100], language[] = LANGUAGE, name[50];
  char* args[5];
  size_t size = sizeof(path);
  uv_process_options_t options;
  int r;

  EXPECT(uv_exepath(path, &size) == 0);
  snprintf(test, sizeof(test), "guide_%s", this_program);
  snprintf(name, sizeof(name), "%s", part);
  args[0] = path;
  args[1] = test;
  args[2] = language;
  args[3] = name;
  args[4] = NULL;
  memset(&options, 0, sizeof(options));
  options.file = path;
  options.args = args;
  options.exit_cb = on_exit_of_child;
  options.stdio = stdio;
  options.stdio_count = count;
  exited = 0;
  r = uv_spawn(loop, &process, &options);
  EXPECT(r == 0);
  if (r == 0) {
    EXPECT(uv_process_get_pid(&process) == process.pid && process.pid > 0);
    EXPECT(uv_is_active((uv_handle_t*) &process));
  }
  return r;
}

/* ---- A child that answers on its standard output ------------------------------------------- */

static uv_pipe_t to_child, from_child;
static uv_write_t write_req;
static uv_shutdown_t shutdown_req;
static char answer[256];
static size_t answer_len;
static int answer_ended;

static void upper_case(void) {
  char line[64];

  while (fgets(line, sizeof(line), stdin) != NULL) {
    char* c;
    for (c = line; *c != '\0'; c++)
      if (*c >= 'a' && *c <= 'z')
        *c = (char) (*c - 'a' + 'A');
    fputs(line, stdout);
  }
  fflush(stdout);
}

static void answer_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  if (nread > 0) {
    size_t n = (size_t) nread;

    if (n > sizeof(answer) - 1 - answer_len)
      n = sizeof(answer) - 1 - answer_len;
    memcpy(answer + answer_len, buf->base, n);
    answer_len += n;
  } else if (nread < 0) {
    EXPECT(nread == UV_EOF);
    answer_ended++;
    uv_close((uv_handle_t*) stream, NULL);
  }
}

static void question_ended(uv_shutdown_t* req, int status) {
  EXPECT(status == 0);
  uv_close((uv_handle_t*) req->handle, NULL);
}

static void child_with_pipes(void) {
  static char question[] = "hello\nworld\n";
  uv_stdio_container_t stdio[3];
  uv_buf_t buf = uv_buf_init(question, sizeof(question) - 1);

  loop = uv_default_loop();
  answer_len = 0;
  answer_ended = 0;
  memset(answer, 0, sizeof(answer));
  uv_pipe_init(loop, &to_child, 0);
  uv_pipe_init(loop, &from_child, 0);
  stdio[0].flags = (uv_stdio_flags) (UV_CREATE_PIPE | UV_READABLE_PIPE);
  stdio[0].data.stream = (uv_stream_t*) &to_child;
  stdio[1].flags = (uv_stdio_flags) (UV_CREATE_PIPE | UV_WRITABLE_PIPE);
  stdio[1].data.stream = (uv_stream_t*) &from_child;
  stdio[2].flags = UV_INHERIT_FD;
  stdio[2].data.fd = 2;
  if (start_child("upper_case", stdio, 3) != 0)
    return;
  EXPECT(uv_is_writable((uv_stream_t*) &to_child) && uv_is_readable((uv_stream_t*) &from_child));
  EXPECT(uv_read_start((uv_stream_t*) &from_child, small_alloc, answer_read) == 0);
  EXPECT(uv_write(&write_req, (uv_stream_t*) &to_child, &buf, 1, NULL) == 0);
  EXPECT(uv_shutdown(&shutdown_req, (uv_stream_t*) &to_child, question_ended) == 0);
  end();
  EXPECT(exited == 1 && exit_status == 0 && exit_signal == 0);
  EXPECT(answer_ended == 1);
  EXPECT(strncmp(answer, "HELLO", 5) == 0 && strstr(answer, "WORLD") != NULL);
}

static void no_such_program(void) {
  static char name[] = "no-such-program-anywhere";
  char* args[2];
  uv_process_options_t options;

  loop = uv_default_loop();
  args[0] = name;
  args[1] = NULL;
  memset(&options, 0, sizeof(options));
  options.file = name;
  options.args = args;
  options.exit_cb = on_exit_of_child;
  exited = 0;
  EXPECT(uv_spawn(loop, &process, &options) == UV_ENOENT);
  EXPECT(!uv_is_active((uv_handle_t*) &process));
  uv_close((uv_handle_t*) &process, NULL);
  end();
  EXPECT(exited == 0);
}

static void killed_child(void) {
  uv_stdio_container_t stdio[1];

  loop = uv_default_loop();
  uv_pipe_init(loop, &to_child, 0);
  stdio[0].flags = (uv_stdio_flags) (UV_CREATE_PIPE | UV_READABLE_PIPE);
  stdio[0].data.stream = (uv_stream_t*) &to_child;
  if (start_child("upper_case", stdio, 1) != 0)
    return;
  EXPECT(uv_process_kill(&process, 0) == 0);
  EXPECT(uv_kill(process.pid, 0) == 0);
  EXPECT(uv_process_kill(&process, SIGTERM) == 0);
  uv_close((uv_handle_t*) &to_child, NULL);
  end();
  EXPECT(exited == 1 && exit_signal == SIGTERM);
}

/* ---- A listener handed to a child --------------------------------------------------------- */

static uv_pipe_t channel;
static uv_tcp_t listener, connection, client;
static uv_connect_t connect_req;
static struct sockaddr_in address;
static int greeted;

static void worker_done(uv_write_t* req, int status) {
  EXPECT(status == 0);
  uv_close((uv_handle_t*) req->handle, NULL);
  uv_close((uv_handle_t*) &listener, NULL);
  uv_close((uv_handle_t*) &channel, NULL);
}

static void worker_serves(uv_stream_t* stream, int status) {
  static char text[] = "hi";
  uv_buf_t buf = uv_buf_init(text, 2);

  EXPECT(status == 0);
  uv_tcp_init(loop, &connection);
  EXPECT(uv_accept(stream, (uv_stream_t*) &connection) == 0);
  EXPECT(uv_write(&write_req, (uv_stream_t*) &connection, &buf, 1, worker_done) == 0);
}

static void worker_told(uv_write_t* req, int status) {
  (void) req;
  EXPECT(status == 0);
}

static void worker_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  static uv_write_t ready_req;
  static char text[] = "r";
  uv_buf_t ready = uv_buf_init(text, 1);

  (void) buf;
  if (nread == 0)
    return;
  EXPECT(nread == 1);
  EXPECT(uv_pipe_pending_count((uv_pipe_t*) stream) == 1);
  EXPECT(uv_pipe_pending_type((uv_pipe_t*) stream) == UV_TCP);
  uv_tcp_init(loop, &listener);
  EXPECT(uv_accept(stream, (uv_stream_t*) &listener) == 0);
  EXPECT(uv_pipe_pending_count((uv_pipe_t*) stream) == 0);
  EXPECT(uv_listen((uv_stream_t*) &listener, 8, worker_serves) == 0);
  uv_read_stop(stream);
  EXPECT(uv_write(&ready_req, stream, &ready, 1, worker_told) == 0);
}

static void worker(void) {
  loop = uv_default_loop();
  EXPECT(uv_pipe_init(loop, &channel, 1) == 0);
  EXPECT(uv_pipe_open(&channel, 0) == 0);
  EXPECT(channel.ipc == 1);
  EXPECT(uv_read_start((uv_stream_t*) &channel, small_alloc, worker_read) == 0);
  end();
}

static void greeting_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  if (nread > 0)
    greeted = nread == 2 && memcmp(buf->base, "hi", 2) == 0;
  if (nread < 0)
    uv_close((uv_handle_t*) stream, NULL);
}

static void client_connected(uv_connect_t* req, int status) {
  EXPECT(status == 0);
  EXPECT(uv_read_start(req->handle, small_alloc, greeting_read) == 0);
}

static void worker_is_ready(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  if (nread == 1) {
    uv_tcp_init(loop, &client);
    EXPECT(uv_tcp_connect(&connect_req, &client, (const struct sockaddr*) &address,
                          client_connected) == 0);
  } else if (nread < 0) {
    uv_close((uv_handle_t*) stream, NULL);
  }
}

static void listener_sent(uv_write_t* req, int status) {
  (void) req;
  EXPECT(status == 0);
  uv_close((uv_handle_t*) &listener, NULL);
}

static void unexpected(uv_stream_t* stream, int status) {
  (void) stream;
  EXPECT(status == 0 && "the parent has closed its listener");
}

static void listener_for_a_child(void) {
  static char text[] = "s";
  uv_buf_t buf = uv_buf_init(text, 1);
  uv_stdio_container_t stdio[3];
  int len = sizeof(address);

  loop = uv_default_loop();
  greeted = 0;
  uv_pipe_init(loop, &channel, 1);
  stdio[0].flags =
      (uv_stdio_flags) (UV_CREATE_PIPE | UV_READABLE_PIPE | UV_WRITABLE_PIPE | UV_OVERLAPPED_PIPE);
  stdio[0].data.stream = (uv_stream_t*) &channel;
  stdio[1].flags = UV_IGNORE;
  stdio[2].flags = UV_INHERIT_FD;
  stdio[2].data.fd = 2;
  if (start_child("worker", stdio, 3) != 0)
    return;
  uv_ip4_addr("127.0.0.1", 0, &address);
  uv_tcp_init(loop, &listener);
  EXPECT(uv_tcp_bind(&listener, (const struct sockaddr*) &address, 0) == 0);
  EXPECT(uv_tcp_getsockname(&listener, (struct sockaddr*) &address, &len) == 0);
  EXPECT(uv_listen((uv_stream_t*) &listener, 8, unexpected) == 0);
  EXPECT(uv_write2(&write_req, (uv_stream_t*) &channel, &buf, 1, (uv_stream_t*) &listener,
                   listener_sent) == 0);
  EXPECT(uv_read_start((uv_stream_t*) &channel, small_alloc, worker_is_ready) == 0);
  end();
  EXPECT(greeted == 1);
  EXPECT(exited == 1 && exit_status == 0);
}

/* ---- Signals, terminals, the process ------------------------------------------------------ */

static int signals;

static void on_signal(uv_signal_t* handle, int signum) {
  EXPECT(signum != 0);
  signals++;
  uv_signal_stop(handle);
}

static void watched_signals(void) {
  uv_signal_t first, second;

  loop = uv_default_loop();
  signals = 0;
  uv_signal_init(loop, &first);
  uv_signal_init(loop, &second);
  EXPECT(uv_signal_start(&first, on_signal, 0) == UV_EINVAL);
  EXPECT(!uv_is_active((uv_handle_t*) &first));
  EXPECT(uv_signal_start(&first, on_signal, SIGINT) == 0);
  EXPECT(uv_is_active((uv_handle_t*) &first) && first.signum == SIGINT);
  EXPECT(uv_signal_stop(&first) == 0);
  EXPECT(first.signum == 0);
#ifndef _WIN32
  EXPECT(uv_signal_start(&first, on_signal, SIGUSR2) == 0);
  EXPECT(uv_signal_start_oneshot(&second, on_signal, SIGUSR2) == 0);
  EXPECT(uv_kill(uv_os_getpid(), SIGUSR2) == 0);
  EXPECT(uv_run(loop, UV_RUN_DEFAULT) == 0);
  EXPECT(signals == 2);
#endif
  uv_close((uv_handle_t*) &first, NULL);
  uv_close((uv_handle_t*) &second, NULL);
  end();
}

/* What a program does that would use colours if it could. */
static void maybe_a_terminal(void) {
  uv_tty_t tty;
  int width = 0;
  int height = 0;

  loop = uv_default_loop();
  if (uv_guess_handle(1) == UV_TTY) {
    EXPECT(uv_tty_init(loop, &tty, 1, 0) == 0);
    if (uv_tty_get_winsize(&tty, &width, &height) == 0)
      EXPECT(width >= 0 && height >= 0);
    EXPECT(uv_tty_set_mode(&tty, UV_TTY_MODE_NORMAL) == 0);
    EXPECT(uv_tty_set_mode(&tty, 0) == 0); /* from before the modes had names */
    uv_close((uv_handle_t*) &tty, NULL);
  }
  EXPECT(uv_tty_reset_mode() == 0);
  EXPECT(uv_guess_handle(-1) == UV_UNKNOWN_HANDLE);
  end();
}

static void about_the_process(void) {
  char text[1024];
  char one[2];
  size_t size = sizeof(text);
  uv_rusage_t usage;
  uv_timeval64_t now;
  double uptime = 0;
  size_t memory = 0;

  EXPECT(uv_os_getpid() > 0 && uv_os_getppid() >= 0);
  EXPECT(uv_os_setenv("UVSTREAM_GUIDE", "value") == 0);
  EXPECT(uv_os_getenv("UVSTREAM_GUIDE", text, &size) == 0);
  EXPECT(size == 5 && strcmp(text, "value") == 0);
  size = 3;
  EXPECT(uv_os_getenv("UVSTREAM_GUIDE", text, &size) == UV_ENOBUFS && size == 6);
  EXPECT(uv_os_unsetenv("UVSTREAM_GUIDE") == 0);
  size = sizeof(text);
  EXPECT(uv_os_getenv("UVSTREAM_GUIDE", text, &size) == UV_ENOENT);
  size = sizeof(text);
  EXPECT(uv_cwd(text, &size) == 0 && uv_chdir(text) == 0);
  size = sizeof(text);
  EXPECT(uv_os_tmpdir(text, &size) == 0);
  size = sizeof(text);
  EXPECT(uv_os_gethostname(text, &size) == 0 && size == strlen(text));
  size = sizeof(one);
  EXPECT(uv_exepath(one, &size) == 0 && size == 1 && one[1] == '\0');
  EXPECT(uv_getrusage(&usage) == 0);
  EXPECT(uv_gettimeofday(&now) == 0 && now.tv_sec > 0);
  EXPECT(uv_uptime(&uptime) == 0 && uptime > 0);
  EXPECT(uv_resident_set_memory(&memory) == 0 && memory > 0);
}

GUIDE(guide_process) {
  static const struct program programs[] = {
      {"child_with_pipes", child_with_pipes},   {"no_such_program", no_such_program},
      {"killed_child", killed_child},           {"listener_for_a_child", listener_for_a_child},
      {"watched_signals", watched_signals},     {"maybe_a_terminal", maybe_a_terminal},
      {"about_the_process", about_the_process},
  };
  static const struct program parts[] = {
      {"upper_case", upper_case},
      {"worker", worker},
  };

  this_program = program;
  if (child != NULL)
    return run_program(parts, sizeof(parts) / sizeof(parts[0]), child);
  return run_program(programs, sizeof(programs) / sizeof(programs[0]), program);
}
