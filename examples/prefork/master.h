/* What the parts of the master share: its connections are in guest.c, its workers in crew.c, what
 * it is told on the control endpoint in control.c, and when it begins and ends in master.c. */
#ifndef PREFORK_MASTER_H_
#define PREFORK_MASTER_H_

#include "lines.h"
#include "prefork.h"

struct guest;

/* Guests in the order in which they came. */
struct guests {
  struct guest* first;
  struct guest* last;
  unsigned long count;
};

/* A connection, from its accept until it is answered. It is in one list at a time. */
struct guest {
  uv_tcp_t tcp; /* first, so that the handle is the guest */
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
  unsigned long number;
  unsigned long served;
  int open;     /* its channel */
  int retiring; /* gets no more connections, and ends when it has none */
  int told;     /* that the end is near */
  int killed;
};

struct master {
  const struct serve_options* options;
  uv_loop_t loop;
  union any_stream listener;
  int listening;
  int paused;
  int at_the_door;     /* a connection waits to be accepted, which it is not while paused */
  uv_timer_t patience; /* ticks while the end is near */
  unsigned ticks;
  struct worker* workers; /* the newest first */
  struct guests reading;
  struct guests waiting;
  unsigned long workers_started;
  unsigned long connections;
  unsigned long served;
  unsigned long handed_again;
  unsigned long refused;
  unsigned long useless; /* workers in a row that died without an answer */
  int kill_next;         /* the worker that gets the next connection */
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

/* Stop because there are no workers any more, who could answer. */
void master_give_up(struct master* master, int err);

/* To be called when a guest has gone: it may have been the last that was waited for. */
void master_finish_if_drained(struct master* master);

/* ---- guest.c ----------------------------------------------------------------------------- */

void guests_append(struct guests* list, struct guest* guest);
void guests_detach(struct guest* guest);

/* The connection callback of the listener. */
void guest_comes(uv_stream_t* server, int status);

/* Close and forget, one or all of a list. */
void guest_let_go(struct guest* guest);
void guests_let_go(struct guests* list);

/* The same with a last word, "503 Service Unavailable". */
void guest_refuse(struct master* master, struct guest* guest, const char* status);

/* The write that passes it on to a worker is over. */
void guest_is_handed(struct guest* guest);

/* ---- crew.c ------------------------------------------------------------------------------ */

/* As many workers as there are to be; none any more once all is answered. */
void crew_start(struct master* master);

/* Give to workers who waits for one. */
void crew_dispatch(struct master* master);

/* Replace every worker: a new program file is used from then on, and no connection is lost. */
void crew_renew(struct master* master);

/* No guest waits any more; nothing is left to do. */
void crew_tell_the_end(struct master* master);
void crew_dismiss(struct master* master);

/* 1 when something is in the hands of a worker. */
int crew_is_busy(const struct master* master);

/* The worker with most in its hands; NULL when there is none. */
struct worker* crew_busiest(struct master* master);

void crew_kill(struct worker* worker);

/* Lines about every worker, for people. */
void crew_describe(const struct master* master, char* text, size_t size);

void crew_free(struct master* master);

/* ---- control.c --------------------------------------------------------------------------- */

/* The control endpoint, if there is to be one, and its name. */
int control_start(struct master* master, char* name, size_t size);

/* To be called once all is answered: tell who asked for it, and close. */
void control_end(struct master* master);

#endif /* PREFORK_MASTER_H_ */
