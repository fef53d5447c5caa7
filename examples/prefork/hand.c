/* Connections go to workers: to the one that has least in its hands. */
#include "../relay/report.h"
#include "master.h"

static struct worker* least_busy(struct master* master) {
  struct worker* best = NULL;
  struct worker* worker = master->workers;
  for (; worker != NULL; worker = worker->next)
    if (worker->open && worker->ready && !worker->retiring &&
        (best == NULL || worker->hands.count < best->hands.count))
      best = worker;
  return best;
}

/* When the channel has ended, its callbacks give the guest to another worker. Other errors are the
 * guest's own: its connection cannot be passed, as nobody is at the other end any more. */
static void fail_to_hand(struct guest* guest, struct worker* worker, int err) {
  struct master* master = guest->stream.handle.loop->data;
  if (err == UV_EPIPE || err == UV_ECONNRESET || err == UV_ECANCELED) {
    worker_lose(worker);
    return;
  }
  report_error(err, "cannot hand over a connection");
  master->refused++;
  guest_let_go(guest);
}

static void on_handed(uv_write_t* req, int status) {
  struct guest* guest = req->data;
  struct master* master = guest->stream.handle.loop->data;
  guest_is_handed(guest);
  if (status < 0 && guest->list != NULL) {
    fail_to_hand(guest, req->handle->data, status);
    master_finish_if_drained(master);
  }
}

static void hand_over(struct guest* guest, struct worker* worker) {
  uv_buf_t buf = uv_buf_init(guest->message, 0);
  int err;
  buf.len = (unsigned int) snprintf(guest->message, sizeof(guest->message), "take %lu %s\n",
                                    guest->id, guest->request);
  guests_detach(guest);
  guests_append(&worker->hands, guest);
  guest->write.data = guest;
  guest->writing = 1;
  err = uv_write2(&guest->write, (uv_stream_t*) &worker->channel, &buf, 1, &guest->stream.stream,
                  on_handed);
  if (err < 0) {
    guest_is_handed(guest);
    fail_to_hand(guest, worker, err);
  }
}

void crew_dispatch(struct master* master) {
  struct worker* worker;
  while (master->waiting.first != NULL && (worker = least_busy(master)) != NULL) {
    hand_over(master->waiting.first, worker);
    if (master->kill_next)
      worker_kill(worker);
    master->kill_next = 0;
  }
}
