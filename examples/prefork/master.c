/* The master: accepts, reads the request, hands over, keeps what is not answered. */
#include "master.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "../relay/ready.h"
#include "../relay/report.h"

#define MOST_USELESS 5 /* workers that die at once, before it is given up */
#define MOST_HANDED 3  /* workers that one request may cost */

static void start_workers(struct master* master);

/* ---- Lists of guests --------------------------------------------------------------------- */

static void append(struct guests* list, struct guest* guest) {
  guest->list = list;
  guest->next = NULL;
  if (list->first == NULL)
    list->first = guest;
  else
    list->last->next = guest;
  list->last = guest;
  list->count++;
}

/* Cheap for those near the front, which is where answers come from. */
static void detach(struct guest* guest) {
  struct guests* list = guest->list;
  struct guest* before = NULL;
  struct guest** at = &list->first;
  for (; *at != guest; at = &(*at)->next)
    before = *at;
  *at = guest->next;
  if (list->last == guest)
    list->last = before;
  list->count--;
  guest->list = NULL;
}

/* ---- The end of a guest ------------------------------------------------------------------ */

static void finish_if_drained(struct master* master);

static void on_guest_closed(uv_handle_t* handle) {
  free(handle);
}

/* The copy that a write is passing on stays open until that write's callback. */
static void let_go(struct guest* guest) {
  detach(guest);
  if (!guest->writing)
    uv_close((uv_handle_t*) &guest->tcp, on_guest_closed);
}

static void refuse(struct master* master, struct guest* guest, const char* status) {
  uv_buf_t buf = uv_buf_init(guest->message, 0);
  uv_stream_t* stream = (uv_stream_t*) &guest->tcp;
  buf.len = (unsigned int) snprintf(guest->message, sizeof(guest->message),
                                    "HTTP/1.0 %s\r\nContent-Length: 0\r\n\r\n", status);
  uv_try_write(stream, &buf, 1); /* the buffers of a connection that was never written to take it */
  master->refused++;
  let_go(guest);
}

/* ---- Handing over ------------------------------------------------------------------------ */

static void lose(struct worker* worker);

static struct worker* least_busy(struct master* master) {
  struct worker* best = NULL;
  struct worker* worker = master->workers;
  for (; worker != NULL; worker = worker->next)
    if (worker->open && (best == NULL || worker->hands.count < best->hands.count))
      best = worker;
  return best;
}

static void on_handed(uv_write_t* req, int status) {
  struct guest* guest = req->data;
  guest->writing = 0;
  if (guest->list == NULL)
    uv_close((uv_handle_t*) &guest->tcp, on_guest_closed);
  if (status < 0)
    lose(
        req->handle->data); /* whatever it was: the end of the channel gives the guest to another */
}

static void hand_over(struct guest* guest, struct worker* worker) {
  uv_buf_t buf = uv_buf_init(guest->message, 0);
  buf.len = (unsigned int) snprintf(guest->message, sizeof(guest->message), "take %lu %s\n",
                                    guest->id, guest->request);
  detach(guest);
  append(&worker->hands, guest);
  guest->write.data = guest;
  guest->writing = 1;
  if (uv_write2(&guest->write, (uv_stream_t*) &worker->channel, &buf, 1, (uv_stream_t*) &guest->tcp,
                on_handed) < 0) {
    guest->writing = 0;
    lose(worker);
  }
}

static void dispatch(struct master* master) {
  struct worker* worker;
  while (master->waiting.first != NULL && (worker = least_busy(master)) != NULL) {
    hand_over(master->waiting.first, worker);
    if (master->kill_next)
      master_kill(worker);
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
  master->useless = worker->served > 0 || worker->killed ? 0 : master->useless + 1;
  while ((guest = worker->hands.first) != NULL) {
    detach(guest);
    append(&master->waiting, guest);
    if (++guest->handed == MOST_HANDED)
      refuse(master, guest, "503 Service Unavailable");
    else
      master->handed_again++;
  }
  start_workers(master);
  dispatch(master);
  finish_if_drained(master);
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
  let_go(guest);
  if (master->served == master->options->max)
    master_stop(master);
  finish_if_drained(master);
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
  int i, err;

  snprintf(number, sizeof(number), "%lu", worker->number);
  memset(&options, 0, sizeof(options));
  stdio[0].flags = (uv_stdio_flags) (UV_CREATE_PIPE | UV_READABLE_PIPE | UV_WRITABLE_PIPE);
  stdio[0].data.stream = (uv_stream_t*) &worker->channel;
  for (i = 1; i < 3; i++) {
    stdio[i].flags = UV_INHERIT_FD;
    stdio[i].data.fd = i;
  }
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

static void tell_the_end(struct worker* worker) {
  static char end[] = "end\n";
  uv_buf_t buf = uv_buf_init(end, sizeof(end) - 1);
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
  worker->channel.data = worker;
  err = spawn(worker, master->options->program, &master->loop);
  if (err == 0)
    err = uv_read_start((uv_stream_t*) &worker->channel, on_channel_alloc, on_channel_read);
  if (err < 0) {
    uv_close((uv_handle_t*) &worker->channel, NULL);
    uv_close((uv_handle_t*) &worker->process, NULL);
    return err;
  }
  worker->open = 1;
  report(REPORT_NORMAL, "worker %lu is process %d", worker->number, worker->process.pid);
  if (master->draining)
    tell_the_end(worker);
  return 0;
}

static void give_up(struct master* master, int err) {
  report_error(err, "cannot start workers with %s", master->options->program);
  master->failed = 1;
  master_stop(master);
  while (master->waiting.first != NULL)
    refuse(master, master->waiting.first, "503 Service Unavailable");
}

/* As many as there are to be; none any more once all is answered. */
static void start_workers(struct master* master) {
  struct worker* worker;
  unsigned long open = 0;
  int err = 0;
  if (master->draining && master->waiting.first == NULL)
    return;
  for (worker = master->workers; worker != NULL; worker = worker->next)
    open += worker->open != 0;
  for (; err == 0 && open < master->options->workers; open++)
    err = master->useless < MOST_USELESS ? start_worker(master) : UV_ECONNABORTED;
  if (err < 0 && least_busy(master) == NULL)
    give_up(master, err);
}

/* ---- Guests come ------------------------------------------------------------------------- */

static void on_guest_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  struct guest* guest = (struct guest*) handle;
  (void) suggested_size;
  *buf = lines_room(&guest->lines);
}

/* A request is whole at its first empty line; of its lines the first is of interest. */
static void on_guest_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  struct guest* guest = (struct guest*) stream;
  struct master* master = stream->loop->data;
  char line[LINE_BYTES];
  int result = 0;
  (void) buf;
  if (nread < 0) {
    let_go(guest);
    finish_if_drained(master);
    return;
  }
  lines_came(&guest->lines, (size_t) nread);
  while ((result = lines_next(&guest->lines, line)) > 0 && line[0] != '\0')
    if (guest->request[0] == '\0')
      strcpy(guest->request, line);
  if (result < 0) {
    refuse(master, guest, "400 Bad Request");
  } else if (result > 0 && guest->request[0] != '\0') {
    uv_read_stop(stream);
    detach(guest);
    append(&master->waiting, guest);
    dispatch(master);
  }
}

static void on_connection(uv_stream_t* server, int status) {
  struct master* master = server->loop->data;
  struct guest* guest;
  int err = status;
  if (err < 0) {
    report_error(err, "cannot accept a client");
    return;
  }
  guest = calloc(1, sizeof(*guest));
  if (guest == NULL) {
    report_error(UV_ENOMEM, "cannot accept a client"); /* nor any other: it stays in line */
    master->failed = 1;
    master_stop(master);
    return;
  }
  uv_tcp_init(server->loop, &guest->tcp);
  guest->id = ++master->connections;
  append(&master->reading, guest);
  err = uv_accept(server, (uv_stream_t*) &guest->tcp);
  if (err == 0)
    err = uv_read_start((uv_stream_t*) &guest->tcp, on_guest_alloc, on_guest_read);
  if (err < 0) {
    report_error(err, "cannot accept a client");
    let_go(guest);
  }
}

/* ---- The end ----------------------------------------------------------------------------- */

void master_describe(const struct master* master, char* text, size_t size) {
  const struct worker* worker = master->workers;
  size_t used = (size_t) snprintf(
      text, size, "%lu connections, %lu answers, %lu handed over again, %lu refused\n",
      master->connections, master->served, master->handed_again, master->refused);
  for (; worker != NULL && used < size; worker = worker->next)
    used += (size_t) snprintf(
        text + used, size - used, "worker %lu (process %d): %lu answers, %lu in hand%s\n",
        worker->number, worker->process.pid, worker->served, worker->hands.count,
        worker->killed             ? ", was killed"
        : worker->open             ? ""
        : worker->hands.count == 0 ? ", has ended"
                                   : ", is ending");
}

struct worker* master_busiest(struct master* master) {
  struct worker* best = NULL;
  struct worker* worker = master->workers;
  for (; worker != NULL; worker = worker->next)
    if (worker->open && !worker->killed &&
        (best == NULL || worker->hands.count > best->hands.count))
      best = worker;
  return best;
}

/* The rest follows when its channel ends. */
void master_kill(struct worker* worker) {
  worker->killed = 1;
  kill_process(worker);
}

static void finish_if_drained(struct master* master) {
  struct worker* worker;
  if (!master->draining || master->drained || master->waiting.count > 0 ||
      master->reading.count > 0)
    return;
  for (worker = master->workers; worker != NULL; worker = worker->next)
    if (worker->hands.count > 0)
      return;
  master->drained = 1;
  control_end(master);
  for (worker = master->workers; worker != NULL; worker = worker->next)
    if (worker->open) {
      worker->open = 0;
      uv_close((uv_handle_t*) &worker->channel, on_channel_closed); /* it ends by that */
    }
}

void master_stop(struct master* master) {
  struct worker* worker;
  struct guest* guest;
  struct guest* next;
  if (master->draining)
    return;
  master->draining = 1;
  if (master->listening)
    uv_close(&master->listener.handle, NULL);
  /* Those that have not asked for anything yet are not waited for. */
  for (guest = master->reading.first; guest != NULL; guest = next) {
    next = guest->next;
    let_go(guest);
  }
  for (worker = master->workers; worker != NULL; worker = worker->next)
    if (worker->open)
      tell_the_end(worker);
  finish_if_drained(master);
}

static int start(struct master* master) {
  const struct serve_options* options = master->options;
  char name[ENDPOINT_NAME];
  char control[ENDPOINT_NAME] = "";
  char both[2 * ENDPOINT_NAME + 2];
  int err;
  master->listening = 1;
  err = endpoint_listen(&options->endpoint, &master->loop, &master->listener, on_connection);
  if (err == 0)
    err = endpoint_local_name(&options->endpoint, &master->listener, name, sizeof(name));
  if (err < 0) {
    report_error(err, "cannot listen on %s", options->endpoint.text);
    return err;
  }
  err = control_start(master, control, sizeof(control));
  if (err < 0) {
    report_error(err, "cannot listen on %s", options->control.text);
    return err;
  }
  report(REPORT_NORMAL, "listening on %s%s%s", name, *control ? ", controlled on " : "", control);
  if (options->ready_file == NULL)
    return 0;
  snprintf(both, sizeof(both), "%s\n%s\n", name, control);
  err = ready_write(options->ready_file, both);
  if (err < 0)
    report_error(err, "cannot write %s", options->ready_file);
  return err;
}

static void free_workers(struct master* master) {
  while (master->workers != NULL) {
    struct worker* worker = master->workers;
    master->workers = worker->next;
    free(worker);
  }
}

int serve(const struct serve_options* options) {
  static struct master master;
  char text[4096];
  int err = uv_loop_init(&master.loop);
  if (err < 0) {
    report_error(err, "cannot start");
    return 1;
  }
  master.options = options;
  master.loop.data = &master;
  start_workers(&master);
  if (!master.draining && start(&master) < 0) {
    master.failed = 1;
    master_stop(&master);
  }
  uv_run(&master.loop, UV_RUN_DEFAULT);
  master_describe(&master, text, sizeof(text));
  fputs(text, stderr);
  free_workers(&master);
  err = uv_loop_close(&master.loop);
  if (err < 0)
    report_error(err, "something was left open");
  return master.failed || err < 0;
}
