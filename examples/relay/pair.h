/* A pair: two open endpoints, joined by a pump each way, from the first connection to the last
 * close callback. */
#ifndef RELAY_PAIR_H_
#define RELAY_PAIR_H_

#include "endpoint.h"
#include "pump.h"

enum side_state {
  SIDE_ABSENT, /* nobody has connected, or the other side is not there yet */
  SIDE_DIALING,
  SIDE_OPEN
};

struct side {
  union any_stream stream;
  uv_connect_t connect;
  enum side_state state;
  char name[ENDPOINT_NAME]; /* for reports */
};

struct pair {
  void* owner; /* the caller's */
  uv_loop_t* loop;
  const struct endpoint* ends; /* two; the caller's, and they outlive the pair */
  unsigned long number;        /* of the connection, when there can be several; or 0 */
  struct side sides[2];
  struct pump pumps[2]; /* [0] from side 0 to side 1, [1] back */
  uv_timer_t timer;
  uint64_t timeout_ms; /* 0: none */
  uint64_t quiet_ms;   /* since when nothing happened, as far as the pumps do not know */
  uint64_t joined_ns;
  int one_way; /* from the first endpoint to the second */
  int ending;
  int failed;
  unsigned open_handles;
  void (*ended)(struct pair* pair);
  struct pair** link; /* for the owner: what points to it, and the next one, of a list */
  struct pair* next;
};

/* A pair without any side; NULL without memory. `ended` is called once, always from a
 * callback, when all is closed; pair_free is then due. A `timeout_ms` other than 0 ends it when
 * nothing happens for that long. */
struct pair* pair_new(uv_loop_t* loop,
                      const struct endpoint* ends,
                      int one_way,
                      unsigned long number,
                      uint64_t timeout_ms,
                      void (*ended)(struct pair* pair),
                      void* owner);

/* Take the connection that waits at `server` as side `index`. A failure is reported and ends
 * the pair. */
void pair_accept(struct pair* pair, int index, union any_stream* server);

/* Go on: dial what is to be dialled once every listening side has its client, and start the
 * pumps once both sides are open. */
void pair_proceed(struct pair* pair);

/* End it now, as failed; it tells nobody why. */
void pair_fail(struct pair* pair);

/* How many bytes will go there in all; -1 where nobody knows. */
int64_t pair_size(const struct pair* pair);

/* What the pair moved, on stderr. */
void pair_report(const struct pair* pair);

void pair_free(struct pair* pair);

#endif /* RELAY_PAIR_H_ */
