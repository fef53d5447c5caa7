/* The child's own preparations, from the fork to exec.
 *
 * Between the two only async-signal-safe functions may be called, because the child of a program
 * with threads has but one of them, and any lock may be held by another; and nothing may be left
 * behind in memory, which may be the parent's. So whatever needs memory is made before (plan.c). Each step answers 0, or the errno with which it failed. */
#include "unix/process/process.h"

#include <fcntl.h>
#include <grp.h>
#include <paths.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__linux__)
#  include <sys/syscall.h>
#endif

#if !defined(NSIG)
#  define NSIG 65
#endif

extern char** environ;

#if defined(__linux__)

/* The system's own calls, since the child may share its parent's memory: the library's keep books of
 * handlers (sanitizers), and see to it that all threads of a process change their user, which are
 * the parent's. */

#  if defined(SYS_setuid32)
#    define SET_USER SYS_setuid32
#    define SET_GROUP SYS_setgid32
#    define SET_GROUPS SYS_setgroups32
#  else
#    define SET_USER SYS_setuid
#    define SET_GROUP SYS_setgid
#    define SET_GROUPS SYS_setgroups
#  endif

/* The system's structure all zeros says: SIG_DFL, no flags, nothing blocked. */
static void default_action(int signum) {
  static const unsigned long zeros[32];

  (void) syscall(SYS_rt_sigaction, signum, zeros, NULL, (size_t) NSIG / 8);
}

static int set_user(uid_t uid) {
  return (int) syscall(SET_USER, uid);
}

static int set_group(gid_t gid) {
  return (int) syscall(SET_GROUP, gid);
}

static int drop_groups(void) {
  return (int) syscall(SET_GROUPS, 0, NULL);
}

#else

static void default_action(int signum) {
  struct sigaction action;

  memset(&action, 0, sizeof(action));
  action.sa_handler = SIG_DFL;
  (void) sigaction(signum, &action, NULL);
}

static int set_user(uid_t uid) {
  return setuid(uid);
}

static int set_group(gid_t gid) {
  return setgid(gid);
}

static int drop_groups(void) {
  return setgroups(0, NULL);
}

#endif

/* Handlers are code that the new program does not have; what is ignored would stay ignored. */
static void reset_signals(void) {
  sigset_t none;
  int i;

  for (i = 1; i < NSIG; i++)
    default_action(i); /* Some cannot be changed. */
  sigemptyset(&none);
  (void) sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Moves a descriptor out of the range that the child's take, if it is in there. */
static int move_up(const struct uv__plan* plan, int* fd) {
  int moved;

  if (*fd < 0 || *fd >= plan->count)
    return 0;
  moved = fcntl(*fd, F_DUPFD_CLOEXEC, plan->count);
  if (moved < 0)
    return errno;
  *fd = moved;
  return 0;
}

/* An ordinary program does not expect its standard input or output to say "not now". A pipe's or
 * terminal's other holders keep their ways if it can be opened anew; a connection of this library
 * does not mind, since it says with each call that it does not want to wait. What listens or may
 * yet, or connect, would: for those calls there is no such flag. */
static void make_blocking(int fd) {
  int flags = fcntl(fd, F_GETFL);
  int type = 0;
  struct stat st;
  int own = -1;

  if (flags < 0 || !(flags & O_NONBLOCK))
    return;
  if (uv__sock_get_int(fd, SOL_SOCKET, SO_TYPE, &type) == 0 && type == SOCK_STREAM &&
      uv__sock_is_connected(fd) == 0)
    return;
  if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode))
    own = uv__reopen_pipe(fd, flags & O_ACCMODE);
#if defined(__linux__) /* See plan.c for the others. */
  else if (isatty(fd))
    own = uv__reopen_terminal(fd, flags & O_ACCMODE);
#endif
  if (own >= 0) {
    (void) dup2(own, fd);
    (void) close(own);
  }
  uv__file_block(fd);
}

static int use_null(int target) {
  int fd = open("/dev/null", target == STDIN_FILENO ? O_RDONLY : O_RDWR);

  if (fd < 0)
    return errno;
  if (fd == target)
    return 0;
  if (dup2(fd, target) < 0)
    return errno;
  (void) close(fd);
  return 0;
}

static int use_fd(const struct uv__plan* plan, int source, int target) {
  if (source == target ? fcntl(target, F_SETFD, 0) != 0 : dup2(source, target) < 0)
    return errno;
  if (target <= STDERR_FILENO && plan->made[target] < 0)
    make_blocking(target);
  return 0;
}

/* First everything that another one will be put over is moved out of the way; after that the
 * order does not matter. */
static int arrange_fds(struct uv__plan* plan) {
  int error = move_up(plan, &plan->report);
  int i;

  for (i = 0; i < plan->count && error == 0; i++)
    if (plan->sources[i] != i)
      error = move_up(plan, &plan->sources[i]);
  for (i = 0; i < plan->count && error == 0; i++) {
    if (plan->sources[i] >= 0)
      error = use_fd(plan, plan->sources[i], i);
    else if (i <= STDERR_FILENO)
      error = use_null(i);
    else
      (void) close(i);
  }
  return error;
}

static int change_user(const struct uv__plan* plan) {
  const uv_process_options_t* options = plan->options;

  /* The groups of root would stay with a user that is not. Nobody else has the right to drop
   * his, nor a need. */
  if ((options->flags & (UV_PROCESS_SETUID | UV_PROCESS_SETGID)) && geteuid() == 0 &&
      drop_groups() != 0)
    return errno;
  if ((options->flags & UV_PROCESS_SETGID) && set_group(options->gid) != 0)
    return errno;
  if ((options->flags & UV_PROCESS_SETUID) && set_user(options->uid) != 0)
    return errno;
  return 0;
}

/* Only now: what the program's fork handlers changed in it, where there was a fork, holds. */
static void find_environment(struct uv__plan* plan) {
  static const char name[] = "PATH=";
  static char* nothing;
  char** at;

  plan->env = plan->options->env != NULL ? plan->options->env : environ;
  if (plan->env == NULL)
    plan->env = &nothing; /* After a clearenv. */
  plan->path = _PATH_DEFPATH;
  for (at = plan->env; *at != NULL; at++) {
    if (strncmp(*at, name, sizeof(name) - 1) == 0) {
      plan->path = *at + sizeof(name) - 1;
      return;
    }
  }
}

static int run_file(const struct uv__plan* plan, const char* file) {
  (void) execve(file, plan->options->args, plan->env);
  if (errno == ENOEXEC) {
    plan->shell_args[1] = (char*) file;
    (void) execve(_PATH_BSHELL, plan->shell_args, plan->env);
  }
  return errno;
}

/* As execvp looks for a program, but in the PATH that the child will have. */
static int search(const struct uv__plan* plan) {
  const char* name = plan->options->file;
  size_t name_length = strlen(name);
  const char* at = plan->path;
  int denied = 0;

  for (;;) {
    char file[PATH_MAX];
    const char* end = strchr(at, ':');
    size_t length = end == NULL ? strlen(at) : (size_t) (end - at);
    int error;

    if (length + name_length + 2 <= sizeof(file)) {
      memcpy(file, at, length);
      if (length > 0)
        file[length++] = '/'; /* An empty entry is the current directory. */
      memcpy(file + length, name, name_length + 1);
      error = run_file(plan, file);
      if (error == EACCES)
        denied = 1; /* Perhaps there is another one further on. */
      else if (error != ENOENT && error != ENOTDIR)
        return error;
    }
    if (end == NULL)
      return denied ? EACCES : ENOENT;
    at = end + 1;
  }
}

int uv__exec_become(struct uv__plan* plan) {
  const uv_process_options_t* options = plan->options;
  int error;

  reset_signals();
  if (plan->has_terminal || (options->flags & UV_PROCESS_DETACHED))
    (void) setsid();
  error = arrange_fds(plan);
  if (error == 0 && plan->has_terminal && ioctl(STDIN_FILENO, TIOCSCTTY, 0) != 0)
    return errno;
  if (error != 0)
    return error;
  if (options->cwd != NULL && chdir(options->cwd) != 0)
    return errno;
  error = change_user(plan);
  if (error != 0)
    return error;
  find_environment(plan);
  if (options->file[0] == '\0')
    return ENOENT;
  if (strchr(options->file, '/') == NULL)
    return search(plan);
  return run_file(plan, options->file);
}
