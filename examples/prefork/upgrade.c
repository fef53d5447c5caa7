/* How a master is succeeded, from its side. It starts the program anew, as `prefork heir`, with a pipe as
 * standard input over which go the handles of all it listens on. The two talk in lines:
 *
 *   tcp, pipe, control   to the successor; the listener comes with the line, or one of two
 *   all                  to the successor: that was all there is
 *   ready                to the master: its workers are ready, and it has what it needs
 *   instance TEXT        to the successor: of the pipe, where it waits for a client already (door.h)
 *   go                   to the successor: accept from now on. So does the end of the pipe
 *
 * Until "ready" nothing has changed for the clients: when the successor fails or takes too long it is
 * ended, and the master goes on. After "go" the master has only to answer what it has accepted. In between
 * nobody accepts, for a moment, and who comes waits in the line that both listeners are ends of.
 *
 * Windows accepts connections of TCP before it is asked for one. With uv_tcp_simultaneous_accepts off
 * that is one, behind those that were accepted before, which the master has to take before it closes its
 * listener. So it knocks at its own door, and where there are two, at both: they are told of in the order in
 * which they came, and when it meets itself there is nobody in between. Whether somebody else is the last
 * cannot be known. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "../relay/report.h"
#include "door.h"
#include "hold.h"
#include "master.h"

enum stage {
  STAGE_NONE,
  STAGE_WAITING, /* for "ready" */
  STAGE_LAST,    /* for who knocks at each stream of the listener */
  STAGE_LEFT     /* "go" is said */
};

struct message {
  uv_write_t write;
  char text[48];
};

static struct {
  enum stage stage;
  unsigned handles; /* that are not closed yet */
  int spawned;
  uv_process_t process;
  uv_pipe_t channel;
  uv_timer_t patience;
  struct lines lines;
} upgrade;

static void on_written(uv_write_t* req, int status) {
  (void) status; /* a successor that is gone has ended its channel */
  free(req->data);
}

/* `handle` may be NULL. */
static int send_line(const char* text, uv_stream_t* handle) {
  struct message* message = malloc(sizeof(*message));
  uv_buf_t buf;
  int err;
  if (message == NULL)
    return UV_ENOMEM;
  snprintf(message->text, sizeof(message->text), "%s\n", text);
  buf = uv_buf_init(message->text, (unsigned int) strlen(message->text));
  message->write.data = message;
  err = uv_write2(&message->write, (uv_stream_t*) &upgrade.channel, &buf, 1, handle, on_written);
  if (err < 0)
    free(message);
  return err;
}

static int send_text(const char* text) {
  return send_line(text, NULL);
}

/* ---- It fails ------------------------------------------------------------------------------ */

static void on_closed(uv_handle_t* handle) {
  (void) handle;
  upgrade.handles--;
}

static void close_all(void) {
  int i;
  upgrade.stage = STAGE_NONE;
  for (i = 0; i < LISTENER_STREAMS; i++)
    knock_end(i);
  uv_close((uv_handle_t*) &upgrade.channel, on_closed);
  uv_close((uv_handle_t*) &upgrade.patience, on_closed);
  if (!uv_is_closing((uv_handle_t*) &upgrade.process))
    uv_close((uv_handle_t*) &upgrade.process, on_closed);
}

static void accept_ahead(struct master* master, int enable) {
  int i;
  for (i = 0; i < LISTENER_STREAMS; i++)
    if (master->listener.open[i])
      uv_tcp_simultaneous_accepts(&master->listener.streams[i].tcp, enable);
}

static void give_up(struct master* master, int err, const char* why) {
  char text[256];
  if (upgrade.spawned && !uv_is_closing((uv_handle_t*) &upgrade.process))
    uv_process_kill(&upgrade.process, SIGKILL);
  close_all();
  accept_ahead(master, 1);
  report_error(err, "there is no successor: %s", why);
  snprintf(text, sizeof(text), "no upgrade: %s%s%s\n", why, err < 0 ? ": " : "",
           err < 0 ? uv_strerror(err) : "");
  control_tell_upgrade(text);
  if (!master->draining)
    service_tell(STANDING_RUNNING);
}

/* It is under way, and the listener is still ours. */
static int can_fail(void) {
  return upgrade.stage != STAGE_NONE && upgrade.stage != STAGE_LEFT;
}

void upgrade_cancel(struct master* master) {
  if (can_fail())
    give_up(master, 0, "the server is to stop");
}

int upgrade_is_under_way(void) {
  return upgrade.stage != STAGE_NONE;
}

/* ---- It succeeds --------------------------------------------------------------------------- */

/* The listener is closed, and nobody is lost with it. Whoever is told so may come again at once, and has to
 * find the successor. */
static void leave(struct master* master) {
  char text[64];
  int err;
  control_close(master);
  door_leave(upgrade.process.pid, send_text);
  service_hand_over(upgrade.process.pid);
  err = send_line("go", NULL);
  if (err < 0)
    report_error(err, "cannot tell the successor"); /* who goes on when the channel ends */
  report(REPORT_NORMAL, "process %d takes over", upgrade.process.pid);
  snprintf(text, sizeof(text), "process %d has taken over\n", upgrade.process.pid);
  control_tell_upgrade(text);
  master_leave(master);
}

static void on_go(uv_shutdown_t* req, int status) {
  (void) req;
  (void) status;
  close_all();
}

static void close_stream(struct master* master, int index) {
  static uv_shutdown_t shutdown;
  knock_end(index);
  listener_close_one(&master->listener, index);
  if (listener_is_open(&master->listener))
    return;
  upgrade.stage = STAGE_LEFT;
  uv_timer_stop(&upgrade.patience);
  master->succeeded = 1;
  leave(master);
  if (uv_shutdown(&shutdown, (uv_stream_t*) &upgrade.channel, on_go) < 0)
    close_all();
}

void upgrade_looks(struct master* master, const uv_stream_t* stream, const uv_tcp_t* client) {
  int index = listener_index(&master->listener, stream);
  if (upgrade.stage == STAGE_LAST && knock_is(index, client))
    close_stream(master, index);
}

static void close_unless_it_knocks(struct master* master, int index) {
  if (!door_accepts_ahead || knock_start(master, index) < 0)
    close_stream(master, index);
}

void upgrade_was_refused(struct master* master, int index) {
  if (upgrade.stage == STAGE_LAST && master->listener.open[index])
    close_unless_it_knocks(master, index);
}

static void for_each_stream(struct master* master,
                            void (*close)(struct master* master, int index)) {
  int i;
  for (i = 0; i < LISTENER_STREAMS; i++)
    if (master->listener.open[i])
      close(master, i);
}

static void on_impatience(uv_timer_t* timer) {
  if (upgrade.stage == STAGE_LAST) /* All that were accepted have been told of long ago. */
    for_each_stream(timer->loop->data, close_stream);
  else
    give_up(timer->loop->data, 0, "it was not ready in time");
}

static void on_ready(struct master* master) {
  upgrade.stage = STAGE_LAST;
  uv_timer_start(&upgrade.patience, on_impatience, master->options->patience_ms, 0);
  for_each_stream(master, close_unless_it_knocks);
}

static void on_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  (void) handle;
  (void) suggested_size;
  *buf = lines_room(&upgrade.lines);
}

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  struct master* master = stream->loop->data;
  char line[LINE_BYTES];
  int result = 0;
  (void) buf;
  if (nread > 0)
    lines_came(&upgrade.lines, (size_t) nread);
  while (upgrade.stage == STAGE_WAITING && (result = lines_next(&upgrade.lines, line)) > 0)
    if (strcmp(line, "ready") == 0)
      on_ready(master);
  if ((nread < 0 || result < 0) && can_fail())
    give_up(master, nread == UV_EOF ? 0 : (int) nread, "it has ended");
}

/* ---- The start of it ----------------------------------------------------------------------- */

/* The channel says that it has ended; this is for the log. */
static void on_exit_of_successor(uv_process_t* process, int64_t exit_status, int term_signal) {
  report(REPORT_NORMAL, "process %d ended with exit code %d, signal %d", process->pid,
         (int) exit_status, term_signal);
  uv_close((uv_handle_t*) process, on_closed);
}

/* It is to outlive us, and says what it says where we do. */
static int spawn(struct master* master) {
  uv_stdio_container_t stdio[3];
  uv_process_options_t options;
  int err;
  memset(&options, 0, sizeof(options));
  stdio[0].flags = (uv_stdio_flags) (UV_CREATE_PIPE | UV_READABLE_PIPE | UV_WRITABLE_PIPE);
  stdio[0].data.stream = (uv_stream_t*) &upgrade.channel;
  stdio[1].flags = UV_IGNORE;
  stdio[2].flags = uv_guess_handle(2) == UV_UNKNOWN_HANDLE ? UV_IGNORE : UV_INHERIT_FD;
  stdio[2].data.fd = 2;
  options.file = master->options->program;
  options.args = master->options->arguments;
  options.stdio = stdio;
  options.stdio_count = 3;
  options.exit_cb = on_exit_of_successor;
  options.flags = UV_PROCESS_DETACHED;
  service_lend();
  err = uv_spawn(&master->loop, &upgrade.process, &options);
  service_take_back();
  return err;
}

static int give(struct master* master) {
  int err = 0;
  int i;
  accept_ahead(master, 0); /* uv_tcp_simultaneous_accepts, of each stream that listens */
  for (i = 0; i < LISTENER_STREAMS && err == 0; i++)
    if (master->listener.open[i])
      err = send_line("tcp", &master->listener.streams[i].stream);
  if (err == 0 && door_handle() != NULL)
    err = send_line("pipe", door_handle());
  for (i = 0; err == 0 && control_handle(i) != NULL; i++)
    err = send_line("control", control_handle(i));
  return err == 0 ? send_line("all", NULL) : err;
}

static void refuse(const char* why) {
  char text[128];
  report(REPORT_NORMAL, "no upgrade: %s", why);
  snprintf(text, sizeof(text), "no upgrade: %s\n", why);
  control_tell_upgrade(text);
}

static void begin(struct master* master) {
  int err;
  memset(&upgrade, 0, sizeof(upgrade));
  upgrade.stage = STAGE_WAITING;
  service_tell(STANDING_RELOADING);
  uv_pipe_init(&master->loop, &upgrade.channel, 1);
  uv_timer_init(&master->loop, &upgrade.patience);
  upgrade.handles = 3; /* and the process, also when it does not start */
  err = spawn(master);
  upgrade.spawned = err == 0;
  if (err == 0)
    err = uv_timer_start(&upgrade.patience, on_impatience, master->options->patience_ms, 0);
  if (err == 0)
    err = uv_read_start((uv_stream_t*) &upgrade.channel, on_alloc, on_read);
  hold("held-before-it-gives");
  if (err == 0)
    err = give(master);
  hold("held-behind-it");
  master->keeps_name = 1; /* nobody else removes it any more, come what may */
  if (err < 0)
    give_up(master, err, "it cannot be started");
  else
    report(REPORT_NORMAL, "process %d is to take over", upgrade.process.pid);
}

/* A service of Windows is its process, so there it is the workers who are replaced. */
void upgrade_start(struct master* master) {
  if (master->draining)
    refuse("it ends");
  else if (master->paused)
    refuse("it is paused");
  else if (upgrade.handles > 0 || !knocks_are_closed())
    refuse("another one is under way");
  else if (service_is_this_process()) {
    crew_renew(master);
    control_tell_upgrade("the service stays this process; its workers are being replaced\n");
  } else
    begin(master);
}
