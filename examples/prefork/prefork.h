/* prefork: a small web server of one master and several workers.
 *
 *   client ---TCP, pipe---> master ---IPC pipe---> worker 1
 *                                            +---> worker 2 ...
 *
 * The master accepts connections and reads the request. Then it hands the connection itself over
 * to a worker, which answers on it. The two talk in lines:
 *
 *   ready             to the master, once: the worker can be given something
 *   take ID REQUEST   to the worker; the connection comes with the line
 *   end               to the worker: no GET /wait waits from now on
 *   done ID           to the master: answered, or the client is gone
 *
 * Until the "done" the master keeps its own copy of the connection. When a worker dies, what it had
 * in its hands goes to another one, so that every request is answered, and seldom one twice: when a
 * worker died between its answer and the "done". The client sees only the first.
 *
 * Workers are replaced by new ones without a break (crew.c), and so is the master itself: it starts
 * its successor and gives it what it listens on (upgrade.c, heir.c).
 *
 * It can be a service, too (service.h): started, stopped and paused by the system. */
#ifndef PREFORK_H_
#define PREFORK_H_

#include "../relay/endpoint.h"
#include "../relay/listener.h"

struct serve_options {
  struct endpoint endpoint;
  struct endpoint control; /* its scheme is NULL when there is none */
  unsigned long workers;
  unsigned long max;    /* requests, then it ends; 0: no limit */
  uint64_t patience_ms; /* with a successor */
  const char* pipe;     /* NULL: TCP alone */
  const char* allow;    /* whom the pipe is for (door.h) */
  const char* ready_file;
  const char* log;     /* NULL: stderr */
  const char* program; /* to start workers with, and a successor, */
  char** arguments;    /* which gets these, its own command line behind the role */
};

struct load_options {
  struct endpoint endpoint;
  struct endpoint control;
  unsigned long clients; /* at once */
  unsigned long requests;
  unsigned long kills;
};

/* Each runs to its end and returns an exit code. */
int serve(const struct serve_options* options);
int inherit(const struct serve_options* options); /* of a successor */
int work(const char* number);                     /* of the worker */
int load(const struct load_options* options);
int give_order(const struct endpoint* control,
               const char* order); /* of whoever has a server upgraded */

#endif /* PREFORK_H_ */
