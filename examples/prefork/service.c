/* Orders that come as signals, and their way to whoever obeys. */
#include "service.h"

static struct {
  order_cb obey;
  void* arg;
  uv_signal_t signals[SERVICE_MOST_SIGNALS];
  unsigned count; /* of those that are initialised */
} service;

void service_order(enum order order) {
  service.obey(order, service.arg);
}

static void on_signal(uv_signal_t* handle, int signum) {
  const struct service_signal* known = handle->data;
  (void) signum;
  service_order(known->order);
}

int service_hear(uv_loop_t* loop, order_cb cb, void* arg) {
  const struct service_signal* known = service_signals;
  int err;
  service.obey = cb;
  service.arg = arg;
  err = service_open(loop);
  for (; err == 0 && known->signum != 0; known++) {
    uv_signal_t* handle = &service.signals[service.count];
    err = uv_signal_init(loop, handle);
    if (err < 0)
      return err;
    service.count++;
    handle->data = (void*) known;
    err = uv_signal_start(handle, on_signal, known->signum);
  }
  return err;
}

void service_deafen(void) {
  service_close();
  while (service.count > 0)
    uv_close((uv_handle_t*) &service.signals[--service.count], NULL);
}
