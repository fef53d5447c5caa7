/* What the tests of connecting to a name have in common: a port that is the same on both loopbacks, and
 * what a callback was told. */
#ifndef TEST_DIAL_H_
#define TEST_DIAL_H_

#include "uv.h"
#include "uvstream.h"

enum dial_what {
  DIAL_REFUSES, /* it is nobody else's, and nobody listens */
  DIAL_LISTENS,
  DIAL_IS_FULL /* a listener that takes nobody, and has no room; what that does is the system's matter */
};

enum {
  DIAL_FILLERS = 24
};

struct dial_place {
  uv_loop_t still; /* of the listeners that take nobody: it never runs */
  uv_tcp_t six;
  uv_tcp_t four;
  uv_tcp_t fillers[DIAL_FILLERS];
  uv_connect_t filling[DIAL_FILLERS];
  int number;
  char port[8];
};

/* Takes a port at [::1], where there is IPv6, and at 127.0.0.1. */
void dial_place_make(struct dial_place* place, enum dial_what six, enum dial_what four);
/* For a place where one is full; the others end with the loop. */
void dial_place_end(struct dial_place* place);

/* What came in a callback. */
struct dial_end {
  int calls;
  int status;
  unsigned attempts;
  int statuses[8];
  int ports[8];
  unsigned zones[8];
  char names[8][64];
};

/* Begins with a fresh handle, `client` or, where that is NULL, one of its own; the end goes to `end`. */
void dial_begin(uvs_connect_t* req,
                uv_tcp_t* client,
                const char* node,
                const char* service,
                uint64_t timeout_ms,
                struct dial_end* end);
/* The callback, for a request whose data is a struct dial_end. */
void dial_note(uvs_connect_t* req, int status);
int dial_peer_port(const uv_tcp_t* handle);

/* Keeps all threads of the pool busy, so that no lookup begins. */
struct dial_jam {
  uv_sem_t sem;
  uv_work_t works[16];
  int done;
};
void dial_jam_begin(struct dial_jam* jam);
void dial_jam_end(struct dial_jam* jam);

#endif /* TEST_DIAL_H_ */
