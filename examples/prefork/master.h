/* What the two halves of the master share: connections and workers in master.c, the control
 * endpoint in control.c. */
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
  uv_write_t write;
  struct guests hands;
  struct lines lines;
  unsigned long number;
  unsigned long served;
  int open; /* its channel */
  int killed;
};

struct master {
  const struct serve_options* options;
  uv_loop_t loop;
  union any_stream listener;
  int listening;
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

/* Let nobody in any more, answer all that came, then end. */
void master_stop(struct master* master);

/* The worker with most in its hands; NULL when there is none. */
struct worker* master_busiest(struct master* master);

void master_kill(struct worker* worker);

/* Lines about every worker, for people. */
void master_describe(const struct master* master, char* text, size_t size);

/* The control endpoint, if there is to be one, and its name. */
int control_start(struct master* master, char* name, size_t size);

/* To be called once all is answered: tell who asked for it, and close. */
void control_end(struct master* master);

#endif /* PREFORK_MASTER_H_ */
