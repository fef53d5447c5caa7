/* There are no processes, terminals and signals in the simulated system: nothing of that can be
 * started, so that nothing else can be asked for. */
#include "sim_internal.h"

int uv__port_spawn(struct uv__io* io,
                   const uv_process_options_t* options,
                   struct uv__child_stdio* stdio,
                   int stdio_count,
                   int* pid) {
  (void) io;
  (void) options;
  (void) stdio;
  (void) stdio_count;
  (void) pid;
  return UV_ENOTSUP;
}

void uv__port_child_status(struct uv__io* io, int64_t* exit_status, int* term_signal) {
  (void) io;
  (void) exit_status;
  (void) term_signal;
  sim_fail("the status of a child that never was");
}

int uv__port_child_kill(struct uv__io* io, int signum) {
  (void) io;
  (void) signum;
  sim_fail("a signal to a child that never was");
  return UV_ESRCH;
}

int uv__port_child_close(struct uv__io* io) {
  (void) io;
  return 0;
}

int uv_pipe(uv_file fds[2], int read_flags, int write_flags) {
  (void) fds;
  (void) read_flags;
  (void) write_flags;
  return UV_ENOTSUP;
}

int uv__port_tty_desc(uv_file file, struct uv__desc* desc) {
  (void) file;
  (void) desc;
  return UV_EINVAL;
}

int uv__port_signal_start(struct uv__io* io,
                          struct uv__queue* watcher,
                          unsigned* caught,
                          int signum) {
  (void) io;
  (void) watcher;
  (void) caught;
  (void) signum;
  return UV_EINVAL;
}

unsigned uv__port_signal_take(struct uv__io* io, unsigned* caught) {
  (void) io;
  (void) caught;
  sim_fail("a signal that nobody could watch for");
  return 0;
}

void uv__port_signal_stop(struct uv__io* io, struct uv__queue* watcher, int signum) {
  (void) io;
  (void) watcher;
  (void) signum;
  sim_fail("the end of a watch that never began");
}

/* Nor has it an environment. */
int uv_os_getenv(const char* name, char* buffer, size_t* size) {
  return name == NULL || buffer == NULL || size == NULL ? UV_EINVAL : UV_ENOENT;
}
