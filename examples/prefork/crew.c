/* The workers: started, given connections, listened to, replaced when they die. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "../relay/report.h"
#include "master.h"

#define MOST_USELESS 5 /* workers that die at once, before it is given up */
#define MOST_HANDED 3  /* workers that one request may cost */

/* ---- Handing over ------------------------------------------------------------------------ */

static void lose(struct worker* worker);

static struct worker* least_busy(struct master* master) {
  struct worker* best = NULL;
  struct worker* worker = master->workers;
  for (; worker != NULL; worker = worker->next)
    if (worker->open && !worker->retiring &&
        (best == NULL || worker->hands.count < best->hands.count))
      best = worker;
  return best;
}

/* When the channel has ended, its callbacks give the guest to another worker. Other errors are the
 * guest's own: its connection cannot be passed, as nobody is at the other end any more. */
static void fail_to_hand(struct guest* guest, struct worker* worker, int err) {
  struct master* master = guest->tcp.loop->data;
  if (err == UV_EPIPE || err == UV_ECONNRESET || err == UV_ECANCELED) {
    lose(worker);
    return;
  }
  report_error(err, "cannot hand over a connection");
  master->refused++;
  guest_let_go(guest);
}

static void on_handed(uv_write_t* req, int status) {
  struct guest* guest = req->data;
  struct master* master = guest->tcp.loop->data;
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
  err = uv_write2(&guest->write, (uv_stream_t*) &worker->channel, &buf, 1,
                  (uv_stream_t*) &guest->tcp, on_handed);
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
      crew_kill(worker);
    master->kill_next = 0;
  }
}

/* Its callbacks have all run: nothing of it is on its way to the worker any more. */
static void on_channel_closed(uv_handle_t* handle) {
  struct worker* worker = handle->data;
  struct master* master = handle->loop->data;
  struct guest* guest;
  if (master->drained)
    return;
  report(REPORT_NORMAL, "worker %lu is gone after %lu answers; %lu connections go to others",
         worker->number, worker->served, worker->hands.count);
  if (worker->served > 0 || worker->killed || worker->retiring)
    master->useless = 0;
  else
    master->useless++;
  while ((guest = worker->hands.first) != NULL) {
    guests_detach(guest);
    guests_append(&master->waiting, guest);
    if (++guest->handed == MOST_HANDED)
      guest_refuse(master, guest, "503 Service Unavailable");
    else
      master->handed_again++;
  }
  crew_start(master);
  crew_dispatch(master);
  master_finish_if_drained(master);
}

/* A process that has ended is closing, and its number may be another's. */
static void kill_process(struct worker* worker) {
  if (!uv_is_closing((uv_handle_t*) &worker->process))
    uv_process_kill(&worker->process, SIGKILL);
}

static void lose(struct worker* worker) {
  if (!worker->open)
    return;
  worker->open = 0;
  /* It may live, and only have closed its channel; what it did not answer others will. */
  kill_process(worker);
  uv_close((uv_handle_t*) &worker->channel, on_channel_closed);
}

/* It ends when its channel does. */
static void dismiss(struct worker* worker) {
  worker->open = 0;
  uv_close((uv_handle_t*) &worker->channel, on_channel_closed);
}

/* ---- What a worker says ------------------------------------------------------------------ */

static void on_done(struct master* master, struct worker* worker, unsigned long id) {
  struct guest* guest = worker->hands.first;
  while (guest != NULL && guest->id != id)
    guest = guest->next;
  if (guest == NULL) {
    report_error(0, "worker %lu speaks of a connection %lu that it was not given", worker->number,
                 id);
    lose(worker);
    return;
  }
  worker->served++;
  master->served++;
  guest_let_go(guest);
  if (worker->retiring && worker->hands.count == 0)
    dismiss(worker);
  if (master->served == master->options->max)
    master_stop(master);
  master_finish_if_drained(master);
}

static void on_channel_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  struct worker* worker = handle->data;
  (void) suggested_size;
  *buf = lines_room(&worker->lines);
}

static void on_channel_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  struct worker* worker = stream->data;
  char line[LINE_BYTES];
  int result = 0;
  (void) buf;
  if (nread < 0) {
    lose(worker);
    return;
  }
  lines_came(&worker->lines, (size_t) nread);
  while (worker->open && (result = lines_next(&worker->lines, line)) > 0)
    on_done(stream->loop->data, worker, strtoul(line + strcspn(line, " "), NULL, 10));
  if (result < 0)
    lose(worker);
}

static void on_errors_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  struct worker* worker = handle->data;
  (void) suggested_size;
  *buf = lines_room(&worker->error_lines);
}

/* Its last words come, too, after it has ended. */
static void on_errors_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  struct worker* worker = stream->data;
  char line[LINE_BYTES];
  int result = 0;
  (void) buf;
  if (nread > 0)
    lines_came(&worker->error_lines, (size_t) nread);
  while ((result = lines_next(&worker->error_lines, line)) > 0)
    report_error(0, "%s", line);
  if (nread < 0 || result < 0)
    uv_close((uv_handle_t*) stream, NULL);
}

/* ---- Starting workers -------------------------------------------------------------------- */

static void on_process_exit(uv_process_t* process, int64_t exit_status, int term_signal) {
  struct worker* worker = process->data;
  if (exit_status != 0 || term_signal != 0)
    report(REPORT_NORMAL, "worker %lu ended with exit code %d, signal %d", worker->number,
           (int) exit_status, term_signal);
  /* Its channel ends by itself, after the last that it said. */
  uv_close((uv_handle_t*) process, NULL);
}

static int spawn(struct worker* worker, const char* program, uv_loop_t* loop) {
  char role[] = "work";
  char number[24];
  char name[] = "prefork";
  char* args[4] = {name, role, number, NULL};
  uv_stdio_container_t stdio[3];
  uv_process_options_t options;
  int err;

  snprintf(number, sizeof(number), "%lu", worker->number);
  memset(&options, 0, sizeof(options));
  stdio[0].flags = (uv_stdio_flags) (UV_CREATE_PIPE | UV_READABLE_PIPE | UV_WRITABLE_PIPE);
  stdio[0].data.stream = (uv_stream_t*) &worker->channel;
  stdio[1].flags = UV_IGNORE;
  stdio[2].flags = (uv_stdio_flags) (UV_CREATE_PIPE | UV_WRITABLE_PIPE);
  stdio[2].data.stream = (uv_stream_t*) &worker->errors;
  options.file = program;
  options.args = args;
  options.stdio = stdio;
  options.stdio_count = 3;
  options.exit_cb = on_process_exit;
  err = uv_spawn(loop, &worker->process, &options);
  worker->process.data = worker;
  return err;
}

static void on_told(uv_write_t* req, int status) {
  (void) req;
  (void) status; /* a worker that is gone has ended its channel */
}

/* Once: the request is the only one for that. */
static void tell_the_end(struct worker* worker) {
  static char end[] = "end\n";
  uv_buf_t buf = uv_buf_init(end, sizeof(end) - 1);
  if (worker->told)
    return;
  worker->told = 1;
  if (uv_write(&worker->write, (uv_stream_t*) &worker->channel, &buf, 1, on_told) < 0)
    lose(worker);
}

static int start_worker(struct master* master) {
  struct worker* worker = calloc(1, sizeof(*worker));
  int err;
  if (worker == NULL)
    return UV_ENOMEM;
  worker->number = ++master->workers_started;
  worker->next = master->workers;
  master->workers = worker;
  uv_pipe_init(&master->loop, &worker->channel, 1);
  uv_pipe_init(&master->loop, &worker->errors, 0);
  worker->channel.data = worker;
  worker->errors.data = worker;
  err = spawn(worker, master->options->program, &master->loop);
  if (err == 0)
    err = uv_read_start((uv_stream_t*) &worker->errors, on_errors_alloc, on_errors_read);
  if (err == 0)
    err = uv_read_start((uv_stream_t*) &worker->channel, on_channel_alloc, on_channel_read);
  if (err < 0) {
    uv_close((uv_handle_t*) &worker->channel, NULL);
    uv_close((uv_handle_t*) &worker->errors, NULL);
    uv_close((uv_handle_t*) &worker->process, NULL);
    return err;
  }
  worker->open = 1;
  report(REPORT_NORMAL, "worker %lu is process %d", worker->number, worker->process.pid);
  if (master->draining)
    tell_the_end(worker);
  return 0;
}

/* As many as there are to be; none any more once all is answered. */
void crew_start(struct master* master) {
  struct worker* worker;
  unsigned long open = 0;
  int err = 0;
  if (master->draining && master->waiting.count + master->reading.count == 0)
    return;
  for (worker = master->workers; worker != NULL; worker = worker->next)
    open += worker->open && !worker->retiring;
  for (; err == 0 && open < master->options->workers; open++)
    err = master->useless < MOST_USELESS ? start_worker(master) : UV_ECONNABORTED;
  if (err < 0 && least_busy(master) == NULL)
    master_give_up(master, err);
}

/* The old answer what they have, those that wait for GET /go at once: it would reach a new one. The
 * new ones come before them in the list, so that the walk meets only old ones. */
void crew_renew(struct master* master) {
  struct worker* worker = master->workers;
  if (master->draining)
    return;
  for (; worker != NULL; worker = worker->next) {
    int err;
    if (!worker->open || worker->retiring)
      continue;
    err = start_worker(master);
    if (err < 0) {
      report_error(err, "cannot replace worker %lu", worker->number);
      return;
    }
    worker->retiring = 1;
    if (worker->hands.count == 0)
      dismiss(worker);
    else
      tell_the_end(worker);
  }
}

/* ---- What others want to know, and do ---------------------------------------------------- */

void crew_describe(const struct master* master, char* text, size_t size) {
  const struct worker* worker = master->workers;
  size_t used = (size_t) snprintf(
      text, size, "%lu connections, %lu answers, %lu handed over again, %lu refused%s\n",
      master->connections, master->served, master->handed_again, master->refused,
      master->paused ? ", paused" : "");
  for (; worker != NULL && used < size; worker = worker->next)
    used += (size_t) snprintf(
        text + used, size - used, "worker %lu (process %d): %lu answers, %lu in hand%s\n",
        worker->number, worker->process.pid, worker->served, worker->hands.count,
        worker->killed             ? ", was killed"
        : worker->open             ? (worker->retiring ? ", is replaced" : "")
        : worker->hands.count == 0 ? ", has ended"
                                   : ", is ending");
}

int crew_is_busy(const struct master* master) {
  const struct worker* worker = master->workers;
  while (worker != NULL && worker->hands.count == 0)
    worker = worker->next;
  return worker != NULL;
}

struct worker* crew_busiest(struct master* master) {
  struct worker* best = NULL;
  struct worker* worker = master->workers;
  for (; worker != NULL; worker = worker->next)
    if (worker->open && !worker->killed &&
        (best == NULL || worker->hands.count > best->hands.count))
      best = worker;
  return best;
}

/* The rest follows when its channel ends. */
void crew_kill(struct worker* worker) {
  worker->killed = 1;
  kill_process(worker);
}

/* ---- The end ----------------------------------------------------------------------------- */

void crew_tell_the_end(struct master* master) {
  struct worker* worker = master->workers;
  for (; worker != NULL; worker = worker->next)
    if (worker->open)
      tell_the_end(worker);
}

void crew_dismiss(struct master* master) {
  struct worker* worker = master->workers;
  for (; worker != NULL; worker = worker->next)
    if (worker->open)
      dismiss(worker);
}

void crew_free(struct master* master) {
  while (master->workers != NULL) {
    struct worker* worker = master->workers;
    master->workers = worker->next;
    free(worker);
  }
}
