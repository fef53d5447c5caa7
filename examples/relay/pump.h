/* A pump moves bytes one way: all that `from` delivers goes to `to`, in order, until the end,
 * which it passes on. Two of them make a connection (pair.c); one whose two streams are the
 * same is an echo. */
#ifndef RELAY_PUMP_H_
#define RELAY_PUMP_H_

#include <stdint.h>

#include "uv.h"

enum pump_phase {
  PUMP_IDLE,     /* not started */
  PUMP_FLOWING,  /* reads */
  PUMP_PAUSED,   /* does not read: the other side is slower */
  PUMP_DRAINING, /* saw the end; the last bytes and the end itself are on their way out */
  PUMP_DONE      /* passed the end on, failed, or was stopped */
};

struct pump {
  void* owner; /* the caller's */
  uv_stream_t* from;
  uv_stream_t* to; /* NULL: dropped */
  enum pump_phase phase;
  unsigned writes;     /* on their way */
  unsigned pauses;     /* how often `to` was too slow */
  char escape;         /* after the start: the byte that ends all; 0: none */
  const char* last;    /* after the start: what `to` gets before the end; NULL: nothing */
  int left;            /* it was read; what came before it is still passed on */
  uint64_t bytes;      /* that `to` took */
  uint64_t active_ms;  /* when bytes last moved, in loop time */
  struct piece* piece; /* memory for the next read, once it was asked for */
  uv_write_t goodbye;
  uv_shutdown_t shutdown;
  void (*done)(struct pump* pump, int status, const char* what);
};

/* Begin. `from->data` becomes the pump's. `done` is called once, from a callback, unless
 * pump_stop comes first: with 0 when everything has been passed on, with a UV_E* code and what was
 * being done ("read from", "write to") otherwise. Returns 0 or a UV_E* code. */
int pump_start(struct pump* pump,
               uv_stream_t* from,
               uv_stream_t* to,
               void (*done)(struct pump* pump, int status, const char* what));

/* The same without anybody to take the bytes: they are dropped, and the end is all that is heard. A peer
 * whose bytes nobody reads would be reset when its connection is closed, and lose what was sent to it. */
int pump_drop(struct pump* pump,
              uv_stream_t* from,
              void (*done)(struct pump* pump, int status, const char* what));

/* No further read, no `done`. To be called before the streams are closed; the pump is the
 * caller's again when both have been. */
void pump_stop(struct pump* pump);

/* To be called once the streams of a stopped or finished pump are closed. */
void pump_release(struct pump* pump);

/* Give the memory back that pumps of the past left for those to come. */
void pump_free_memory(void);

#endif /* RELAY_PUMP_H_ */
