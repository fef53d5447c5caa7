/* One watcher for each signal there is here; a program has one loop that listens. */
#include "interrupt.h"

#include <signal.h>
#include <stddef.h>

struct watched {
  int signum;
  const char* name;
  int asks;
  int open;
  uv_signal_t handle;
};

static struct watched watched[] = {
    {.signum = SIGINT, .name = "SIGINT"},
    {.signum = SIGTERM, .name = "SIGTERM"},
#ifdef SIGHUP
    {.signum = SIGHUP, .name = "SIGHUP"},
#endif
#ifdef SIGBREAK
    {.signum = SIGBREAK, .name = "SIGBREAK"},
#endif
#ifdef SIGUSR1
    {.signum = SIGUSR1, .name = "SIGUSR1", .asks = 1},
#endif
#ifdef SIGINFO
    {.signum = SIGINFO, .name = "SIGINFO", .asks = 1},
#endif
};

#define WATCHED (sizeof(watched) / sizeof(watched[0]))

static void (*on_interrupt)(void* data, const char* name);
static void* their_data;
static struct progress* their_progress;

static void stop_watching(void) {
  size_t i;
  for (i = 0; i < WATCHED; i++)
    if (watched[i].open && !watched[i].asks)
      uv_signal_stop(&watched[i].handle);
}

static void on_signal(uv_signal_t* handle, int signum) {
  const struct watched* which = handle->data;
  (void) signum;
  if (which->asks) {
    progress_say(their_progress);
    return;
  }
  stop_watching();
  on_interrupt(their_data, which->name);
}

#ifdef _WIN32
/* Nobody's parent ignores anything for him there. */
static int is_ignored(int signum) {
  (void) signum;
  return 0;
}
#else
static int is_ignored(int signum) {
  struct sigaction now;
  return sigaction(signum, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}
#endif

static int watch(uv_loop_t* loop, struct watched* one) {
  int err = uv_signal_init(loop, &one->handle);
  if (err < 0)
    return err;
  one->open = 1;
  one->handle.data = one;
  uv_unref((uv_handle_t*) &one->handle);
  return uv_signal_start(&one->handle, on_signal, one->signum);
}

int interrupt_watch(uv_loop_t* loop,
                    void (*interrupted)(void* data, const char* name),
                    void* data,
                    struct progress* progress) {
  size_t i;
  int err = 0;
  on_interrupt = interrupted;
  their_data = data;
  their_progress = progress;
  for (i = 0; i < WATCHED && err == 0; i++)
    if (!is_ignored(watched[i].signum))
      err = watch(loop, &watched[i]);
  return err;
}

void interrupt_end(void) {
  size_t i;
  for (i = 0; i < WATCHED; i++)
    if (watched[i].open)
      uv_close((uv_handle_t*) &watched[i].handle, NULL);
}
