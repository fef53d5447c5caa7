/* What the functions that are one call or two make of its answers: each error is told as what it is, what
 * is handed out stays as it was, and where there is another way it is taken. */
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "every.h"
#include "harness.h"
#include "memory.h"
#include "pty.h"

/* What is handed out goes here, and is 0x5a before. */
static union {
  char text[512];
  size_t number;
  int code;
  double seconds;
  uv_rusage_t rusage;
  uv_utsname_t host;
  uv_timeval64_t time;
  uv_timespec64_t instant;
} out;

static size_t out_size;

static void clear_out(void) {
  memset(&out, 0x5a, sizeof out);
  out_size = sizeof out;
}

static int is_untouched(void) {
  const char* bytes = (const char*) &out;
  size_t i;

  for (i = 0; i < sizeof out; i++)
    if (bytes[i] != 0x5a)
      return 0;
  return out_size == sizeof out;
}

struct answer {
  enum call call;
  int errors[FAULT_ROW];
  int result;
};

/* An answer in each row; of those that fail nothing is handed out. */
static void check_answers(int (*ask)(void), const struct answer* answers, size_t count) {
  size_t i;

  clear_out();
  CHECK_EQ(ask(), 0);
  for (i = 0; i < count; i++) {
    long live = memory_live();
    int r;

    clear_out();
    calls_fail_row(answers[i].call, answers[i].errors);
    r = ask();
    CHECK(calls_made() > 0);
    calls_fail_nth(answers[i].call, 0, 0);
    CHECK_EQ(r, answers[i].result);
    CHECK(r == 0 || is_untouched());
    CHECK_EQ(memory_live(), live);
  }
}

#define ANSWERS(ask, answers) check_answers(ask, answers, sizeof(answers) / sizeof((answers)[0]))

/* ---- The process and its host ---- */

static int ask_memory(void) {
  return uv_resident_set_memory(&out.number);
}

static int ask_rusage(void) {
  return uv_getrusage(&out.rusage);
}

static int ask_host_name(void) {
  return uv_os_gethostname(out.text, &out_size);
}

static int ask_uname(void) {
  return uv_os_uname(&out.host);
}

static int ask_time(void) {
  return uv_gettimeofday(&out.time);
}

static int ask_clock(void) {
  return uv_clock_gettime(UV_CLOCK_REALTIME, &out.instant);
}

static int ask_uptime(void) {
  return uv_uptime(&out.seconds);
}

TEST(e2_answers_about_the_process_and_its_host) {
  static const struct answer memory[] = {
      {CALL_open, {EMFILE}, UV_EMFILE}, {CALL_open, {ENOENT}, UV_ENOENT},
      {CALL_read, {EINTR, EINTR}, 0},   {CALL_read, {EINTR, EIO}, UV_EIO},
      {CALL_read, {FAULT_SHORT}, 0}, /* the rest comes with the next */
  };
  static const struct answer rusage[] = {{CALL_getrusage, {EPERM}, UV_EPERM}};
  static const struct answer host_name[] = {{CALL_gethostname, {EPERM}, UV_EPERM}};
  static const struct answer host[] = {{CALL_uname, {EPERM}, UV_EPERM}};
  static const struct answer time[] = {{CALL_gettimeofday, {EPERM}, UV_EPERM}};
  static const struct answer clock[] = {{CALL_clock_gettime, {EINVAL}, UV_EINVAL}};

  ANSWERS(ask_memory, memory);
  ANSWERS(ask_rusage, rusage);
  ANSWERS(ask_host_name, host_name);
  ANSWERS(ask_uname, host);
  ANSWERS(ask_time, time);
  ANSWERS(ask_clock, clock);
  ANSWERS(ask_uptime, clock);
}

/* A sandbox may hide what processors there are: there is one at least. */
TEST(e1_processors_that_nobody_counts) {
  unsigned here = uv_available_parallelism();

  CHECK(here >= 1);
  calls_fail_nth(CALL_sched_getaffinity, 1, EINVAL);
  CHECK(uv_available_parallelism() >= here);
  calls_fail_all(CALL_sched_getaffinity, EINVAL);
  calls_fail_all(CALL_sysconf, EINVAL);
  CHECK_EQ(uv_available_parallelism(), 1);
  calls_fail_all(CALL_sched_getaffinity, 0);
  calls_fail_all(CALL_sysconf, 0);
}

/* A signal only makes a sleep go on. */
TEST(e1_sleep_that_a_signal_ends) {
  static const int interrupted[FAULT_ROW] = {EINTR, EINTR};

  calls_fail_row(CALL_nanosleep, interrupted);
  uv_sleep(1);
  CHECK_EQ(calls_made(), 3);
  calls_fail_nth(CALL_nanosleep, 1, EINVAL);
  uv_sleep(1);
  CHECK_EQ(calls_made(), 1);
  calls_fail_nth(CALL_nanosleep, 0, 0);
}

/* ---- Paths ---- */

static int ask_program(void) {
  return uv_exepath(out.text, &out_size);
}

static int ask_folder(void) {
  return uv_cwd(out.text, &out_size);
}

static int ask_home(void) {
  return uv_os_homedir(out.text, &out_size);
}

TEST(e2_answers_about_paths) {
  static const struct answer program[] = {{CALL_readlink, {ENOENT}, UV_ENOENT}};
  static const struct answer folder[] = {
      {CALL_getcwd, {ENOENT}, UV_ENOENT},
      {CALL_getcwd, {ERANGE}, 0},
      {CALL_getcwd, {ERANGE, ERANGE, ERANGE}, 0},
      {CALL_getcwd, {ERANGE, ERANGE, ENOENT}, UV_ENOENT},
  };
  static const struct answer home[] = {
      {CALL_getpwuid_r, {EINTR}, 0},
      {CALL_getpwuid_r, {ERANGE, EINTR, ERANGE}, 0},
      {CALL_getpwuid_r, {EIO}, UV_EIO},
      {CALL_getpwuid_r, {FAULT_NOBODY}, UV_ENOENT},
  };

  ANSWERS(ask_program, program);
  ANSWERS(ask_folder, folder);
  CHECK_EQ(unsetenv("HOME"), 0);
  ANSWERS(ask_home, home);
}

static void home_without_memory(void) {
  clear_out();
  scene_failed = ask_home() != 0;
}

TEST(e1_home_of_the_user) {
  CHECK_EQ(unsetenv("HOME"), 0);
  for_every_allocation(home_without_memory);
}

/* ---- Random bytes ---- */

static int ask_random(void) {
  return uv_random(NULL, NULL, out.text, 100, 0, NULL);
}

TEST(e2_answers_about_random_bytes) {
  static const struct answer call[] = {
      {CALL_getrandom, {EINTR, EINTR}, 0},
      {CALL_getrandom, {EIO}, UV_EIO},
      {CALL_getrandom, {ENOSYS}, 0}, /* from a device */
      {CALL_getrandom, {EPERM}, 0},
  };
  static const struct answer device[] = {
      {CALL_open, {EMFILE}, UV_EMFILE},
      {CALL_read, {EINTR, 0}, 0},
      {CALL_read, {EINTR, EIO}, UV_EIO},
      {CALL_read, {FAULT_SHORT}, 0},
  };

  ANSWERS(ask_random, call);
  calls_fail_all(CALL_getrandom, ENOSYS);
  ANSWERS(ask_random, device);
  calls_fail_nth(CALL_read, 2, FAULT_SHORT); /* the rest is read, too */
  CHECK_EQ(ask_random(), 0);
  CHECK_EQ(calls_made(), 3);
  calls_fail_all(CALL_getrandom, 0);
}

/* ---- Interfaces ---- */

static int ask_interface_name(void) {
  return uv_if_indextoname(1, out.text, &out_size);
}

static int ask_interfaces(void) {
  uv_interface_address_t* all = NULL;
  int count = -1;
  int r = uv_interface_addresses(&all, &count);

  CHECK(r == 0 || (all == NULL && count == -1));
  if (r == 0)
    uv_free_interface_addresses(all, count);
  return r;
}

TEST(e2_answers_about_interfaces) {
  static const struct answer name[] = {{CALL_if_indextoname, {ENXIO}, UV_ENXIO}};
  static const struct answer all[] = {{CALL_getifaddrs, {ENOMEM}, UV_ENOMEM}};

  clear_out();
  if (ask_interface_name() == 0)
    ANSWERS(ask_interface_name, name);
  ANSWERS(ask_interfaces, all);
}

/* ---- Names ---- */

static int ask_address(void) {
  uv_getaddrinfo_t req;
  int r;

  r = uv_getaddrinfo(scene, &req, NULL, "127.0.0.1", NULL, NULL);
  if (r == 0)
    uv_freeaddrinfo(req.addrinfo);
  return r;
}

static int ask_name(void) {
  uv_getnameinfo_t req;
  struct sockaddr_in addr;

  CHECK_EQ(uv_ip4_addr("127.0.0.1", 80, &addr), 0);
  return uv_getnameinfo(scene, &req, NULL, (const struct sockaddr*) &addr,
                        NI_NUMERICHOST | NI_NUMERICSERV);
}

TEST(e2_answers_of_the_resolver) {
  static const struct answer address[] = {
      {CALL_getaddrinfo, {EAI_AGAIN}, UV_EAI_AGAIN},
      {CALL_getaddrinfo, {EAI_BADFLAGS}, UV_EAI_BADFLAGS},
      {CALL_getaddrinfo, {EAI_FAIL}, UV_EAI_FAIL},
      {CALL_getaddrinfo, {EAI_FAMILY}, UV_EAI_FAMILY},
      {CALL_getaddrinfo, {EAI_MEMORY}, UV_EAI_MEMORY},
      {CALL_getaddrinfo, {EAI_NONAME}, UV_EAI_NONAME},
      {CALL_getaddrinfo, {EAI_SERVICE}, UV_EAI_SERVICE},
      {CALL_getaddrinfo, {EAI_SOCKTYPE}, UV_EAI_SOCKTYPE},
      {CALL_getaddrinfo, {EAI_ADDRFAMILY}, UV_EAI_ADDRFAMILY},
      {CALL_getaddrinfo, {EAI_NODATA}, UV_EAI_NODATA},
      {CALL_getaddrinfo, {EAI_SYSTEM}, UV_EAI_FAIL}, /* and errno says nothing */
      {CALL_getaddrinfo, {12345}, UV_EAI_FAIL},
  };
  static const struct answer name[] = {
      {CALL_getnameinfo, {EAI_OVERFLOW}, UV_EAI_OVERFLOW},
      {CALL_getnameinfo, {EAI_NONAME}, UV_EAI_NONAME},
  };

  CHECK(scene_begin());
  ANSWERS(ask_address, address);
  ANSWERS(ask_name, name);
  scene_end();
}

/* ---- Threads and what they wait for ---- */

static int make_mutex(void) {
  uv_mutex_t mutex;
  int r = uv_mutex_init(&mutex);

  if (r == 0)
    uv_mutex_destroy(&mutex);
  return r;
}

static int make_recursive(void) {
  uv_mutex_t mutex;
  int r = uv_mutex_init_recursive(&mutex);

  if (r == 0)
    uv_mutex_destroy(&mutex);
  return r;
}

static int make_rwlock(void) {
  uv_rwlock_t lock;
  int r = uv_rwlock_init(&lock);

  if (r == 0)
    uv_rwlock_destroy(&lock);
  return r;
}

static int make_cond(void) {
  uv_cond_t cond;
  int r = uv_cond_init(&cond);

  if (r == 0)
    uv_cond_destroy(&cond);
  return r;
}

static int make_sem(void) {
  uv_sem_t sem;
  int r = uv_sem_init(&sem, 1);

  if (r == 0)
    uv_sem_destroy(&sem);
  return r;
}

static int make_barrier(void) {
  uv_barrier_t barrier;
  int r = uv_barrier_init(&barrier, 1);

  if (r == 0) {
    CHECK(uv_barrier_wait(&barrier) > 0);
    uv_barrier_destroy(&barrier);
  }
  return r;
}

static void do_nothing(void* arg) {
  (void) arg;
}

static int make_thread(void) {
  uv_thread_t thread;
  int r = uv_thread_create(&thread, do_nothing, NULL);

  return r == 0 ? uv_thread_join(&thread) : r;
}

TEST(e2_answers_about_threads) {
  static const struct answer mutex[] = {{CALL_pthread_mutex_init, {ENOMEM}, UV_ENOMEM}};
  static const struct answer recursive[] = {
      {CALL_pthread_mutexattr_init, {ENOMEM}, UV_ENOMEM},
      {CALL_pthread_mutex_init, {EAGAIN}, UV_EAGAIN},
  };
  static const struct answer rwlock[] = {{CALL_pthread_rwlock_init, {EAGAIN}, UV_EAGAIN}};
  static const struct answer cond[] = {
      {CALL_pthread_condattr_init, {ENOMEM}, UV_ENOMEM},
      {CALL_pthread_cond_init, {EAGAIN}, UV_EAGAIN},
  };
  static const struct answer pair[] = {
      {CALL_pthread_mutex_init, {ENOMEM}, UV_ENOMEM},
      {CALL_pthread_cond_init, {EAGAIN}, UV_EAGAIN},
  };
  static const struct answer thread[] = {
      {CALL_pthread_attr_init, {ENOMEM}, UV_ENOMEM},
      {CALL_pthread_create, {EAGAIN}, UV_EAGAIN},
  };

  ANSWERS(make_mutex, mutex);
  ANSWERS(make_recursive, recursive);
  ANSWERS(make_rwlock, rwlock);
  ANSWERS(make_cond, cond);
  ANSWERS(make_sem, pair);
  ANSWERS(make_barrier, pair);
  ANSWERS(make_thread, thread);
}

static void rwlock_without_memory(void) {
  scene_failed = make_rwlock() != 0;
}

TEST(e1_lock_for_readers_and_writers) {
  for_every_allocation(rwlock_without_memory);
}

static int measure_idle(void) {
  uv_loop_t loop;
  int r;

  CHECK_EQ(uv_loop_init(&loop), 0);
  r = uv_loop_configure(&loop, UV_METRICS_IDLE_TIME);
  CHECK_EQ(uv_loop_close(&loop), 0);
  return r;
}

TEST(e2_answers_to_a_meter) {
  static const struct answer meter[] = {{CALL_pthread_mutex_init, {ENOMEM}, UV_ENOMEM}};

  ANSWERS(measure_idle, meter);
}

/* The first to need the pool is told why there is none. Each needs a process of its own. */
static void work(uv_work_t* req) {
  (void) req;
}

static void refuse_pool(enum call call, long n, int error) {
  uv_work_t req;
  uv_loop_t loop;

  CHECK_EQ(uv_loop_init(&loop), 0);
  calls_fail_nth(call, n, error);
  CHECK_EQ(uv_queue_work(&loop, &req, work, NULL), uv_translate_sys_error(error));
  CHECK_EQ(calls_made(), n);
  calls_fail_nth(call, 0, 0);
  CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_loop_close(&loop), 0);
}

TEST(e1_pool_without_its_lock) {
  refuse_pool(CALL_pthread_mutex_init, 1, ENOMEM);
}

TEST(e1_pool_without_its_condition) {
  refuse_pool(CALL_pthread_cond_init, 1, EAGAIN);
}

/* No loop is made that would not survive a fork. */
TEST(e1_loop_that_cannot_hear_of_forks) {
  uv_loop_t loop;

  calls_fail_nth(CALL_pthread_atfork, 1, ENOMEM);
  CHECK_EQ(uv_loop_init(&loop), UV_ENOMEM);
  CHECK_EQ(calls_made(), 1);
  calls_fail_nth(CALL_pthread_atfork, 0, 0);
  CHECK_EQ(uv_loop_init(&loop), UV_ENOMEM); /* once and for all */
}

/* ---- Signals ---- */

static void on_signal(uv_signal_t* watcher, int signum) {
  (void) watcher;
  (void) signum;
}

static int watch_signal(void) {
  uv_signal_t watcher;
  int r;

  CHECK_EQ(uv_signal_init(scene, &watcher), 0);
  r = uv_signal_start(&watcher, on_signal, SIGUSR1);
  CHECK_EQ(uv_is_active((uv_handle_t*) &watcher), r == 0);
  uv_close((uv_handle_t*) &watcher, NULL);
  CHECK_EQ(uv_run(scene, UV_RUN_DEFAULT), 0);
  return r;
}

TEST(e2_answers_about_signals) {
  static const struct answer watch[] = {
      {CALL_sigaction, {EINVAL}, UV_EINVAL},
  };

  CHECK(scene_begin());
  ANSWERS(watch_signal, watch);
  calls_fail_nth(CALL_sigaction, 2, EPERM);
  CHECK_EQ(watch_signal(), UV_EPERM);
  calls_fail_nth(CALL_sigaction, 0, 0);
  scene_end();
}

/* ---- Terminals ---- */

static struct pty pty;
static uv_tty_t tty;

static int set_raw(void) {
  return uv_tty_set_mode(&tty, UV_TTY_MODE_RAW);
}

static int reset(void) {
  CHECK_EQ(set_raw(), 0);
  return uv_tty_reset_mode();
}

static int ask_size(void) {
  int width = -1;
  int height = -1;
  int r = uv_tty_get_winsize(&tty, &width, &height);

  CHECK(r == 0 || (width == -1 && height == -1));
  return r;
}

TEST(e2_answers_of_a_terminal) {
  static const struct answer mode[] = {
      {CALL_tcgetattr, {EIO}, UV_EIO},
      {CALL_tcsetattr, {EINTR, EINTR}, 0},
      {CALL_tcsetattr, {EINTR, EIO}, UV_EIO},
  };
  static const struct answer size[] = {
      {CALL_ioctl, {EINTR, EINTR}, 0},
      {CALL_ioctl, {EIO}, UV_EIO},
  };

  pty_open(&pty);
  pty_resize(&pty, 80, 25);
  CHECK(scene_begin());
  CHECK_EQ(uv_tty_init(scene, &tty, pty.slave, 0), 0);
  ANSWERS(set_raw, mode);
  ANSWERS(ask_size, size);
  calls_fail_nth(CALL_tcgetattr, 2, EIO);
  CHECK_EQ(reset(), UV_EIO);
  calls_fail_nth(CALL_tcsetattr, 2, EIO);
  CHECK_EQ(reset(), UV_EIO);
  calls_fail_nth(CALL_tcsetattr, 0, 0);
  scene_end();
  pty_close(&pty);
}

/* Each call with which a terminal is opened. */
static void open_terminal(void) {
  int r;

  if (!scene_begin())
    return;
  r = uv_tty_init(scene, &tty, pty.slave, 0);
  scene_failed = r != 0;
  if (r != 0)
    check_fault(r);
  else
    uv_close((uv_handle_t*) &tty, NULL);
  scene_end();
}

TEST(e1_open_of_a_terminal) {
  static const enum call calls[] = {CALL_fcntl, CALL_open, CALL_fstat, CALL_ioctl, CALL_epoll_ctl};
  size_t i;
  long n;

  pty_open(&pty);
  for_every_allocation(open_terminal);
  for (i = 0; i < sizeof calls / sizeof calls[0]; i++) {
    fault_error = UV_EMFILE;
    fault_also = UV_EINVAL; /* what cannot be told to be a terminal is none */
    for (n = 1; n < 50; n++) {
      calls_fail_nth(calls[i], n, EMFILE);
      open_terminal();
      if (calls_made() < n)
        break;
    }
    CHECK(n < 50);
    calls_fail_nth(calls[i], 0, 0);
  }
  pty_close(&pty);
}
