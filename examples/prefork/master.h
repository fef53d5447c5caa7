/* What the parts of the master share: its connections are in guest.c, how they are handed over in hand.c,
 * one worker in hire.c and all of them in crew.c, what it is told on the control endpoint in control.c, how
 * it is succeeded in upgrade.c and knock.c and how it succeeds in heir.c, and when it begins and ends in
 * master.c. */
#ifndef PREFORK_MASTER_H_
#define PREFORK_MASTER_H_

#include "lines.h"
#include "prefork.h"
#include "service.h"

struct guest;

/* Guests in the order in which they came. */
struct guests {
  struct guest* first;
  struct guest* last;
  unsigned long count;
};

/* A connection, from its accept until it is answered. It is in one list at a time. */
struct guest {
  union any_stream stream; /* first, so that the handle is the guest */
  uv_write_t write;
  struct guest* next;
  struct guests* list; /* reading, waiting, in the hands of a worker; NULL: closing */
  unsigned long id;
  int writing;
  unsigned handed; /* how often to a worker that then died */
  struct lines lines;
  char request[LINE_BYTES]; /* its first line */
  char message[LINE_BYTES + 32];
};

/* A worker process; kept until the end, for the report. */
struct worker {
  struct worker* next;
  uv_process_t process;
  uv_pipe_t channel;
  uv_pipe_t errors; /* what it says on stderr */
  uv_write_t write;
  struct guests hands;
  struct lines lines;
  struct lines error_lines;
  struct worker* replaces; /* that one, once it is ready; NULL: none, or it was */
  unsigned long number;
  unsigned long served;
  int open;     /* its channel */
  int ready;    /* it said so */
  int retiring; /* gets no more connections, and ends when it has none */
  int told;     /* that the end is near */
  int killed;
};

struct master {
  const struct serve_options* options;
  uv_loop_t loop;
  struct listener listener;
  int paused;
  /* Connections wait to be accepted, which they are not while paused: of TCP, and of the pipe. */
  int at_the_door[LISTENER_STREAMS];
  int at_the_pipe;
  uv_timer_t patience; /* ticks while the end is near */
  unsigned ticks;
  unsigned grace;         /* ticks for those that have come and not asked */
  int succeeded;          /* what it listened on is its successor's */
  int keeps_name;         /* of a listener that came from another process nobody removes the name */
  struct worker* workers; /* the newest first */
  void (*on_crew_ready)(struct master* master); /* as many are as are to be, now or again */
  int announced;
  struct guests reading;
  struct guests waiting;
  unsigned long workers_started;
  unsigned long connections;
  unsigned long served;
  unsigned long handed_again;
  unsigned long refused;
  unsigned long useless;   /* workers in a row that died without being ready or an answer */
  unsigned long replacing; /* workers that are to replace others, and are not ready yet */
  int renew_again;         /* when those are */
  int kill_next;           /* the worker that gets the next connection */
  int draining;
  int drained;
  int failed;
};

/* ---- master.c ---------------------------------------------------------------------------- */

/* Let nobody in any more, answer all that came, then end. */
void master_stop(struct master* master);

/* Let nobody in, until told to go on; who comes meanwhile stays in the line of the system. */
void master_pause(struct master* master);
void master_continue(struct master* master);

/* A successor has what it listened on: end as after master_stop, but with more patience. */
void master_leave(struct master* master);

/* Stop because there are no workers any more, who could answer. */
void master_give_up(struct master* master, int err);

/* What begins and ends both a first master and one that succeeds another. */
int master_init(struct master* master, const struct serve_options* options);
int master_run(struct master* master);

/* It listens now: say where, to everybody who wants to know. 0 or a UV_E* code, which was reported. */
int master_announce(struct master* master, const char* how);

/* The callback of service_hear. */
void master_obey(enum order order, void* arg);

/* To be called when a guest has gone: it may have been the last that was waited for. */
void master_finish_if_drained(struct master* master);

/* ---- guest.c ----------------------------------------------------------------------------- */

void guests_append(struct guests* list, struct guest* guest);
void guests_detach(struct guest* guest);

/* The connection callback of the listener, and of the door. The first is also for those in its line. */
void guest_comes(uv_stream_t* server, int status);
void guest_comes_by_pipe(void* master);

/* Close and forget, one or all of a list. */
void guest_let_go(struct guest* guest);
void guests_let_go(struct guests* list);

/* The same with a last word, "503 Service Unavailable". */
void guest_refuse(struct master* master, struct guest* guest, const char* status);

/* The write that passes it on to a worker is over. */
void guest_is_handed(struct guest* guest);

/* ---- hand.c ------------------------------------------------------------------------------ */

/* Give to workers who waits for one. */
void crew_dispatch(struct master* master);

/* ---- hire.c ------------------------------------------------------------------------------ */

/* Start a process, which is `replaces`' successor if that is not NULL. */
int worker_start(struct master* master, struct worker* replaces);

/* Its channel is of no use any more; what it did not answer others will. */
void worker_lose(struct worker* worker);

/* It has nothing to do any more, and ends. */
void worker_dismiss(struct worker* worker);

/* No GET /wait waits from now on. */
void worker_tell_the_end(struct worker* worker);

/* The rest follows when its channel ends. */
void worker_kill(struct worker* worker);

/* ---- crew.c ------------------------------------------------------------------------------ */

/* As many workers as there are to be; none any more once all is answered. */
void crew_start(struct master* master);

/* Replace every worker, once another one is ready in its place: a new program file is used from then
 * on, and no connection is lost. */
void crew_renew(struct master* master);

/* What happened to one: it can be given something; it has answered; it is gone, and all that it had in
 * its hands is back. */
void crew_is_ready(struct master* master, struct worker* worker);
void crew_has_served(struct master* master, struct worker* worker);
void crew_has_lost(struct master* master, struct worker* worker);

/* How many are ready, of those that are to stay. */
unsigned long crew_ready(const struct master* master);

/* No guest waits any more; nothing is left to do. */
void crew_tell_the_end(struct master* master);
void crew_dismiss(struct master* master);

/* 1 when something is in the hands of a worker. */
int crew_is_busy(const struct master* master);

/* The worker with most in its hands; NULL when there is none. */
struct worker* crew_busiest(struct master* master);

/* Lines about every worker, for people. */
void crew_describe(const struct master* master, char* text, size_t size);

void crew_free(struct master* master);

/* ---- control.c --------------------------------------------------------------------------- */

/* The control endpoint, if there is to be one: made, or taken from the channel of a predecessor, where it
 * is the next to be accepted; then opened. */
int control_open(struct master* master);
int control_join(struct master* master, uv_stream_t* channel);
int control_listen(struct master* master);

/* What it is called; "" when there is none. */
int control_name(const struct master* master, char* name, size_t size);

/* What a successor has to be given, from 0 on; NULL: no more. */
uv_stream_t* control_handle(int index);

/* Tell who asked for an upgrade what came of it. */
void control_tell_upgrade(const char* text);

/* Let nobody in any more. */
void control_close(struct master* master);

/* To be called once all is answered: tell who asked for it, and close. */
void control_end(struct master* master);

/* ---- upgrade.c --------------------------------------------------------------------------- */

/* Start a successor, and give it what this master listens on. What came of it is told by
 * control_tell_upgrade; when nothing, this master goes on as if nothing had been. */
void upgrade_start(struct master* master);

/* The end is near: no successor is wanted any more. */
void upgrade_cancel(struct master* master);

/* Until its successor has taken over, or has failed. */
int upgrade_is_under_way(void);

/* A client was accepted from that stream of the listener. If the system has not accepted anybody after it,
 * this closes the stream. */
void upgrade_looks(struct master* master, const uv_stream_t* stream, const uv_tcp_t* client);

/* Who knocked at that stream was turned away. */
void upgrade_was_refused(struct master* master, int index);

/* ---- knock.c ----------------------------------------------------------------------------- */

/* Connect to that stream of the listener. 0, or a UV_E* code, and then nothing was begun. */
int knock_start(struct master* master, int index);

/* 1: it is this client who knocks there. */
int knock_is(int index, const uv_tcp_t* client);

/* It need not be met any more, if it is on its way. */
void knock_end(int index);

/* The last ones leave nothing behind. */
int knocks_are_closed(void);

#endif /* PREFORK_MASTER_H_ */
