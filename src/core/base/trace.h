/* A trace of what happens on the lanes of every io, compiled in on request (CMake's UVSTREAM_TRACE)
 * and nothing at all otherwise. It is written to the file that the environment variable
 * UVSTREAM_TRACE names when the process starts to trace, and nowhere without one. */
#ifndef UV__TRACE_H_
#define UV__TRACE_H_

#include "uv.h"

/* Who owns an io, and so takes its turn, and where the handle lies around it. */
enum uv__role {
  UV__ROLE_STREAM,
  UV__ROLE_PROCESS,
  UV__ROLE_SIGNAL,
  UV__ROLE_INNER /* nobody that the program knows (struct uv__inner of core/loop/loop.h) */
};

enum {
  UV__TRACE_LANES_SIZE = 64 /* room for the names of all lanes */
};

/* The names of a set of lanes with a '+' between them; "-" when there is none. Returns buf. */
const char* uv__trace_lanes(unsigned lanes, char buf[UV__TRACE_LANES_SIZE]);

enum uv__trace_event {
  UV__TRACE_START,   /* of an operation: its result, or that it is pending */
  UV__TRACE_RING,    /* a pending operation has a result */
  UV__TRACE_TURN,    /* the io takes its turn, with these lanes rung */
  UV__TRACE_COLLECT, /* what became of an operation */
};

#if defined(UVSTREAM_TRACE)
/* `lanes` is a set of enum uv__lane; `result` means something with a start and a collect. */
void uv__trace(const struct uv__io* io, enum uv__trace_event event, unsigned lanes, int64_t result);
#else
#  define uv__trace(io, event, lanes, result) ((void) 0)
#endif

#endif /* UV__TRACE_H_ */
