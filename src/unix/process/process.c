/* Starting children: fork, the child's own preparations up to exec, and how the parent learns
 * that they failed. Waiting for its end is child.c's.
 *
 * Between fork and exec only async-signal-safe functions may be called, because the child of
 * a program with threads has but one of them, and any lock may be held by another. So whatever
 * needs memory is made before. */
#include "unix/internal.h"

#include <fcntl.h>
#include <grp.h>
#include <paths.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__linux__)
#  include <sys/syscall.h>
#endif

#include "core/base/alloc.h"

#if !defined(NSIG)
#  define NSIG 65
#endif

extern char** environ;

enum {
  MOST_FDS = 1 << 20 /* to go through one by one, where there is no better way */
};

/* What the child needs to know. */
struct plan {
  const uv_process_options_t* options;
  const char* path;  /* where to look for the program */
  char** shell_args; /* for a script without a first line that names its interpreter */
  char** env;
  int* sources; /* for each descriptor of the child the parent's, or -1 */
  int* made;    /* the child's ends of created pipes, or -1 */
  int count;
  int report; /* the child's end of the pipe that tells of a failure */
};

/* ---- In the child ---- */

static _Noreturn void give_up(const struct plan* plan, int error) {
  ssize_t n;

  do
    n = write(plan->report, &error, sizeof(error));
  while (n < 0 && errno == EINTR);
  _exit(127); /* Of the forked child, which nothing of the program's may outlive. */
}

/* Handlers are code that the new program does not have; what is ignored would stay ignored. */
static void reset_signals(void) {
  struct sigaction action;
  sigset_t none;
  int i;

  memset(&action, 0, sizeof(action));
  action.sa_handler = SIG_DFL;
  for (i = 1; i < NSIG; i++)
    (void) sigaction(i, &action, NULL); /* Some cannot be changed. */
  sigemptyset(&none);
  (void) sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Moves a descriptor out of the range that the child's take. */
static int move_up(const struct plan* plan, int fd) {
  int moved = fcntl(fd, F_DUPFD_CLOEXEC, plan->count);

  if (moved < 0)
    give_up(plan, errno);
  return moved;
}

/* An ordinary program does not expect its standard input or output to say "not now". A pipe's
 * or terminal's other holders keep their ways if it can be opened anew; a connection of this library does
 * not mind, since it says with each call that it does not want to wait; a listener would. */
static void make_blocking(int fd) {
  int flags = fcntl(fd, F_GETFL);
  int listens = 0;
  struct stat st;
  int own = -1;

  if (flags < 0 || !(flags & O_NONBLOCK))
    return;
  if (uv__sock_get_int(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens) == 0 && listens)
    return;
  if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode))
    own = uv__fd_reopen(fd, flags & O_ACCMODE);
  else if (isatty(fd))
    own = uv__tty_reopen(fd, flags & O_ACCMODE);
  if (own >= 0) {
    (void) dup2(own, fd);
    (void) close(own);
  }
  uv__fd_block(fd);
}

static void use_null(const struct plan* plan, int target) {
  int fd = open("/dev/null", target == STDIN_FILENO ? O_RDONLY : O_RDWR);

  if (fd < 0)
    give_up(plan, errno);
  if (fd == target)
    return;
  if (dup2(fd, target) < 0)
    give_up(plan, errno);
  (void) close(fd);
}

static void use_fd(const struct plan* plan, int source, int target) {
  if (source == target ? fcntl(target, F_SETFD, 0) != 0 : dup2(source, target) < 0)
    give_up(plan, errno);
  if (target <= STDERR_FILENO && plan->made[target] < 0)
    make_blocking(target);
}

/* First everything that another one will be put over is moved out of the way; after that the
 * order does not matter. */
static void arrange_fds(struct plan* plan) {
  int i;

  if (plan->report < plan->count)
    plan->report = move_up(plan, plan->report);
  for (i = 0; i < plan->count; i++)
    if (plan->sources[i] >= 0 && plan->sources[i] < plan->count && plan->sources[i] != i)
      plan->sources[i] = move_up(plan, plan->sources[i]);
  for (i = 0; i < plan->count; i++) {
    if (plan->sources[i] >= 0)
      use_fd(plan, plan->sources[i], i);
    else if (i <= STDERR_FILENO)
      use_null(plan, i);
    else
      (void) close(i);
  }
}

/* Marks all descriptors from `first` on as closed by exec. */
static void hide_from(int first) {
  struct rlimit limit;
  int most = MOST_FDS;
  int fd;

#if defined(__linux__) && defined(SYS_close_range)
  if (syscall(SYS_close_range, first, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */) == 0)
    return;
#endif
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < (rlim_t) most)
    most = (int) limit.rlim_cur;
  for (fd = first; fd < most; fd++)
    (void) uv__fd_hide(fd);
}

static void change_user(const struct plan* plan) {
  const uv_process_options_t* options = plan->options;

  /* The groups of root would stay with a user that is not. Nobody else has the right to drop
   * his, nor a need. */
  if ((options->flags & (UV_PROCESS_SETUID | UV_PROCESS_SETGID)) && geteuid() == 0 &&
      setgroups(0, NULL) != 0)
    give_up(plan, errno);
  if ((options->flags & UV_PROCESS_SETGID) && setgid(options->gid) != 0)
    give_up(plan, errno);
  if ((options->flags & UV_PROCESS_SETUID) && setuid(options->uid) != 0)
    give_up(plan, errno);
}

/* Returns when that failed, with errno. */
static void run_file(const struct plan* plan, const char* file) {
  (void) execve(file, plan->options->args, plan->env);
  if (errno != ENOEXEC)
    return;
  plan->shell_args[1] = (char*) file;
  (void) execve(_PATH_BSHELL, plan->shell_args, plan->env);
}

/* As execvp looks for a program, but in the PATH that the child will have. */
static int search(const struct plan* plan) {
  const char* name = plan->options->file;
  size_t name_length = strlen(name);
  const char* at = plan->path;
  int denied = 0;

  for (;;) {
    char file[PATH_MAX];
    const char* end = strchr(at, ':');
    size_t length = end == NULL ? strlen(at) : (size_t) (end - at);

    if (length + name_length + 2 <= sizeof(file)) {
      memcpy(file, at, length);
      if (length > 0)
        file[length++] = '/'; /* An empty entry is the current directory. */
      memcpy(file + length, name, name_length + 1);
      run_file(plan, file);
      if (errno == EACCES)
        denied = 1; /* Perhaps there is another one further on. */
      else if (errno != ENOENT && errno != ENOTDIR)
        return errno;
    }
    if (end == NULL)
      return denied ? EACCES : ENOENT;
    at = end + 1;
  }
}

static _Noreturn void become(struct plan* plan) {
  const uv_process_options_t* options = plan->options;

  reset_signals();
  if (options->flags & UV_PROCESS_DETACHED)
    (void) setsid();
  arrange_fds(plan);
  hide_from(plan->count);
  if (options->cwd != NULL && chdir(options->cwd) != 0)
    give_up(plan, errno);
  change_user(plan);
  if (options->file[0] == '\0')
    give_up(plan, ENOENT);
  if (strchr(options->file, '/') == NULL)
    give_up(plan, search(plan));
  run_file(plan, options->file);
  give_up(plan, errno);
}

/* ---- In the parent: the plan ---- */

static const char* path_of(char** env) {
  static const char name[] = "PATH=";

  for (; *env != NULL; env++)
    if (strncmp(*env, name, sizeof(name) - 1) == 0)
      return *env + sizeof(name) - 1;
  return _PATH_DEFPATH;
}

/* One block for all that the child needs to have in memory. */
static int make_plan(struct plan* plan, const uv_process_options_t* options, int count) {
  size_t nargs = 0;
  size_t i;

  while (options->args[nargs] != NULL)
    nargs++;
  /* The shell, the script, the arguments but for the first, and NULL. */
  plan->shell_args = uv__malloc((nargs + 3) * sizeof(char*) + 2 * (size_t) count * sizeof(int));
  if (plan->shell_args == NULL)
    return UV_ENOMEM;
  plan->shell_args[0] = (char*) "sh";
  for (i = 1; i <= nargs; i++)
    plan->shell_args[i + 1] = options->args[i];
  plan->shell_args[nargs == 0 ? 2 : nargs + 1] = NULL;
  plan->sources = (int*) (plan->shell_args + nargs + 3);
  plan->made = plan->sources + count;
  for (i = 0; i < (size_t) count; i++)
    plan->sources[i] = plan->made[i] = -1;
  plan->options = options;
  plan->env = options->env != NULL ? options->env : environ;
  plan->path = path_of(plan->env);
  plan->count = count;
  plan->report = -1;
  return 0;
}

static int make_pipe(struct uv__child_stdio* row, int* made) {
  unsigned both = UV_READABLE_PIPE | UV_WRITABLE_PIPE;
  int fds[2];
  int r = uv__sock_pair(fds, UV_NONBLOCK_PIPE, (int) (row->flags & UV_NONBLOCK_PIPE));

  if (r < 0)
    return r;
  *made = fds[1];
  row->parent.fd = fds[0];
  row->parent.kind = UV__DESC_PIPE;
  row->parent.known = UV__KNOWN_MADE;
  if ((row->flags & both) == UV_WRITABLE_PIPE)
    row->parent.known |= UV__KNOWN_INPUT;
  if ((row->flags & both) == UV_READABLE_PIPE)
    row->parent.known |= UV__KNOWN_OUTPUT;
  return 0;
}

static int make_stdio(struct plan* plan, struct uv__child_stdio* rows) {
  int r = 0;
  int i;

  for (i = 0; i < plan->count && r == 0; i++) {
    switch (rows[i].how) {
    case UV__CHILD_NONE:
      break;
    case UV__CHILD_PIPE:
      r = make_pipe(&rows[i], &plan->made[i]);
      plan->sources[i] = plan->made[i];
      break;
    case UV__CHILD_FD:
      plan->sources[i] = rows[i].fd;
      break;
    case UV__CHILD_HANDLE:
      plan->sources[i] = rows[i].handle;
      break;
    }
  }
  return r;
}

/* The child has its ends now, or never will. `keep`: the parent's ends are the core's. */
static void end_plan(struct plan* plan, struct uv__child_stdio* rows, int keep) {
  int i;

  for (i = 0; i < plan->count; i++) {
    if (plan->made[i] < 0)
      continue;
    uv__fd_discard(plan->made[i]);
    if (!keep)
      uv__port_discard(&rows[i].parent);
  }
  uv__free(plan->shell_args);
}

/* ---- In the parent: the fork ---- */

/* Signals wait meanwhile: in the child, a handler of the program's would run in a process that
 * is not the one it knows. */
static int fork_child(struct plan* plan) {
  sigset_t all;
  sigset_t mask;
  int error;
  int pid;

  sigfillset(&all);
  if (pthread_sigmask(SIG_SETMASK, &all, &mask) != 0)
    return UV_EINVAL;
  pid = fork();
  error = errno;
  if (pid == 0)
    become(plan);
  (void) pthread_sigmask(SIG_SETMASK, &mask, NULL);
  return pid > 0 ? pid : UV__ERR(error);
}

/* 0 once the new program runs, or why it does not; then the child is gone, too. */
static int hear_report(int fd, int pid) {
  int error = 0;
  ssize_t n;

  do
    n = read(fd, &error, sizeof(error));
  while (n < 0 && errno == EINTR);
  if (n == 0)
    return 0; /* The exec closed it. */
  /* It ends by itself, unless the report got lost: then it may run, and nobody would know it. */
  (void) kill(pid, SIGKILL);
  while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
    continue;
  return n == (ssize_t) sizeof(error) ? UV__ERR(error) : UV_EIO;
}

static int start(struct plan* plan, int* pid) {
  int report[2];
  int r = uv_pipe(report, 0, 0);

  if (r < 0)
    return r;
  plan->report = report[1];
  r = fork_child(plan);
  uv__fd_discard(report[1]);
  if (r > 0) {
    *pid = r;
    r = hear_report(report[0], *pid);
  }
  uv__fd_discard(report[0]);
  return r;
}

int uv__port_spawn(struct uv__io* io,
                   const uv_process_options_t* options,
                   struct uv__child_stdio* stdio,
                   int stdio_count,
                   int* pid) {
  struct uv__child* child = uv__child_new(io->loop);
  struct plan plan;
  int r;

  if (child == NULL)
    return UV_ENOMEM;
  r = make_plan(&plan, options, stdio_count);
  if (r == 0) {
    int started = 0;

    r = make_stdio(&plan, stdio);
    if (r == 0)
      r = start(&plan, &started);
    end_plan(&plan, stdio, r == 0);
    if (r == 0) {
      *pid = started;
      uv__child_watch(child, started, io);
      return 0;
    }
  }
  uv__child_free(child);
  return r;
}

void uv_disable_stdio_inheritance(void) {
  hide_from(0);
}
