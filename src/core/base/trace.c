/* The names of lanes, and the trace of what happens on them (trace.h). What else a person sees of a
 * loop is core/run/print.c's. */
#include "core/base/trace.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/atomic.h"
#include "core/port.h"

const char* uv__trace_lanes(unsigned lanes, char buf[UV__TRACE_LANES_SIZE]) {
  static const char* const names[] = {"read",     "write", "connect", "accept",
                                      "shutdown", "close", "event",   "hangup"};
  size_t length = 0;
  unsigned i;

  for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
    if (lanes & 1u << i)
      length += (size_t) snprintf(buf + length, UV__TRACE_LANES_SIZE - length, "%s%s",
                                  length > 0 ? "+" : "", names[i]);
  return length > 0 ? buf : "-";
}

#if defined(UVSTREAM_TRACE)

static FILE* trace_file;
static int begun;  /* atomic: somebody opens it */
static int opened; /* atomic: it is, or will never be */

/* The file stays open: nobody knows which line is the last. Threads that come while the first one
 * opens it wait on their feet, as nothing below here knows how to sleep. */
static FILE* open_trace(void) {
  if (uv__atomic_load(&opened))
    return trace_file;
  if (uv__atomic_exchange(&begun, 1) == 0) {
    const char* path = getenv("UVSTREAM_TRACE");

    if (path != NULL && path[0] != '\0')
      trace_file = fopen(path, "a");
    uv__atomic_store(&opened, 1);
  }
  while (!uv__atomic_load(&opened))
    continue;
  return trace_file;
}

/* The handle's address is the one that uv_print_all_handles shows. Computed, not looked into: a
 * driver of the port has ios that are in no handle. */
static uintptr_t owner_of(const struct uv__io* io) {
  static const size_t places[] = {
      [UV__ROLE_STREAM] = offsetof(uv_stream_t, stream.io),
      [UV__ROLE_PROCESS] = offsetof(uv_process_t, io),
      [UV__ROLE_SIGNAL] = offsetof(uv_signal_t, io),
      [UV__ROLE_INNER] = 0,
  };

  return (uintptr_t) io - places[io->role];
}

void uv__trace(const struct uv__io* io,
               enum uv__trace_event event,
               unsigned lanes,
               int64_t result) {
  static const char* const owners[] = {
      [UV__ROLE_STREAM] = "stream",
      [UV__ROLE_PROCESS] = "process",
      [UV__ROLE_SIGNAL] = "signal",
      [UV__ROLE_INNER] = "inner",
  };
  static const char* const events[] = {
      [UV__TRACE_START] = "start",
      [UV__TRACE_RING] = "ring",
      [UV__TRACE_TURN] = "turn",
      [UV__TRACE_COLLECT] = "collect",
  };
  char names[UV__TRACE_LANES_SIZE];
  char text[80] = "";
  FILE* file = open_trace();

  if (file == NULL)
    return;
  if (event == UV__TRACE_START || event == UV__TRACE_COLLECT) {
    if (result == UV__PENDING)
      snprintf(text, sizeof(text), " pending");
    else if (result < 0)
      snprintf(text, sizeof(text), " %s", uv_err_name((int) result));
    else
      snprintf(text, sizeof(text), " %" PRId64, result);
  }
  /* One call, so that lines of several threads do not mix; written out before anything crashes. */
  fprintf(file, "%" PRIu64 " %s 0x%" PRIxPTR " %s %s%s\n", io->loop->time, owners[io->role],
          (uintptr_t) owner_of(io), events[event], uv__trace_lanes(lanes, names), text);
  fflush(file);
}

#endif
