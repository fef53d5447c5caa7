/* What can be asked about a loop's work, and the options of a loop. */
#include <stdarg.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/loop/loop.h"

/* How long a loop has waited. Other threads may read it, and 64 bits are not read at once
 * everywhere, hence the lock; a loop without a meter pays nothing. */
struct uv__meter {
  uv_mutex_t mutex;
  uint64_t waited_ns;
  uint64_t since_ns; /* of a wait that goes on; 0: none does */
};

static int add_meter(uv_loop_t* loop) {
  struct uv__meter* meter;
  int r;

  if (loop->meter != NULL)
    return 0;
  meter = uv__malloc(sizeof(*meter));
  if (meter == NULL)
    return UV_ENOMEM;
  r = uv_mutex_init(&meter->mutex);
  if (r < 0) {
    uv__free(meter);
    return r;
  }
  meter->waited_ns = 0;
  meter->since_ns = 0;
  loop->meter = meter;
  return 0;
}

void uv__meter_free(uv_loop_t* loop) {
  if (loop->meter == NULL)
    return;
  uv_mutex_destroy(&loop->meter->mutex);
  uv__free(loop->meter);
  loop->meter = NULL;
}

/* Another thread of the parent may have been inside. */
void uv__meter_fork(uv_loop_t* loop) {
  if (loop->meter != NULL)
    (void) uv_mutex_init(&loop->meter->mutex);
}

void uv__meter_wait_begins(uv_loop_t* loop) {
  uv_mutex_lock(&loop->meter->mutex);
  loop->meter->since_ns = uv_hrtime();
  uv_mutex_unlock(&loop->meter->mutex);
}

void uv__meter_wait_ends(uv_loop_t* loop) {
  struct uv__meter* meter = loop->meter;

  uv_mutex_lock(&meter->mutex);
  meter->waited_ns += uv_hrtime() - meter->since_ns;
  meter->since_ns = 0;
  uv_mutex_unlock(&meter->mutex);
}

uint64_t uv_metrics_idle_time(uv_loop_t* loop) {
  struct uv__meter* meter = loop->meter;
  uint64_t ns;

  if (meter == NULL)
    return 0;
  uv_mutex_lock(&meter->mutex);
  ns = meter->waited_ns;
  if (meter->since_ns != 0)
    ns += uv_hrtime() - meter->since_ns;
  uv_mutex_unlock(&meter->mutex);
  return ns;
}

int uv_metrics_info(uv_loop_t* loop, uv_metrics_t* metrics) {
  if (metrics == NULL)
    return UV_EINVAL;
  memset(metrics, 0, sizeof(*metrics));
  metrics->loop_count = loop->turns;
  metrics->events = loop->events;
  metrics->events_waiting = loop->events_waiting;
  return 0;
}

int uv_loop_configure(uv_loop_t* loop, uv_loop_option option, ...) {
  va_list args;
  int signum;

  switch (option) {
  case UV_METRICS_IDLE_TIME:
    return add_meter(loop);
  case UV_LOOP_BLOCK_SIGNAL:
    va_start(args, option);
    signum = va_arg(args, int);
    va_end(args);
    return uv__port_block_signal(loop, signum);
  default:
    return UV_ENOSYS;
  }
}
