/* What a person sees of a loop: its handles, one line each, and the trace (trace.h). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/trace.h"
#include "core/stream/stream.h"

enum {
  LANES_SIZE = 64 /* room for the names of all lanes */
};

/* The names of a set of lanes with a '+' between them; "-" when there is none. Returns buf. */
static const char* name_lanes(unsigned lanes, char buf[LANES_SIZE]) {
  static const char* const names[] = {"read",     "write", "connect", "accept",
                                      "shutdown", "close", "event"};
  size_t length = 0;
  unsigned i;

  for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
    if (lanes & 1u << i)
      length += (size_t) snprintf(buf + length, LANES_SIZE - length, "%s%s", length > 0 ? "+" : "",
                                  names[i]);
  return length > 0 ? buf : "-";
}

/* ---- Handles ---- */

static const char* name_phase(const uv_stream_t* stream) {
  static const char* const names[] = {
      [UV__FRESH] = "fresh",         [UV__OPEN] = "open",           [UV__CONNECTING] = "connecting",
      [UV__CONNECTED] = "connected", [UV__LISTENING] = "listening", [UV__CLOSING] = "closing",
  };

  if (stream->stream.phase != UV__CONNECTED || !(stream->flags & UV__STREAM_SHUT))
    return names[stream->stream.phase];
  return stream->stream.shutdown_req != NULL ? "shutting" : "shut";
}

static unsigned count(const struct uv__queue* queue) {
  const struct uv__queue* link;
  unsigned n = 0;

  for (link = queue->next; link != queue; link = link->next)
    n++;
  return n;
}

static void describe_stream(const uv_stream_t* stream, char* line, size_t size) {
  const struct uv__io* io = &stream->stream.io;
  char begun[LANES_SIZE];
  char rung[LANES_SIZE];

  snprintf(line, size, " %s%s; begun %s, rung %s; queue %u (%" PRIu64 " bytes), done %u",
           name_phase(stream), stream->flags & UV__STREAM_READING ? ", reading" : "",
           name_lanes(io->busy, begun), name_lanes(io->rung, rung),
           count(&stream->stream.write_queue), (uint64_t) stream->write_queue_size,
           count(&stream->stream.write_done));
}

static void print(uv_loop_t* loop, int only_active, FILE* stream) {
  const struct uv__queue* link;

  if (loop == NULL)
    loop = uv_default_loop();
  if (loop == NULL || stream == NULL)
    return;
  for (link = loop->handles.next; link != &loop->handles; link = link->next) {
    const uv_handle_t* handle = uv__container_of(link, uv_handle_t, handle.link);
    const char* name = uv_handle_type_name(handle->type);
    char rest[256] = "";

    if (only_active && !uv_is_active(handle))
      continue;
    if (uv__handle_is_stream(handle))
      describe_stream((const uv_stream_t*) handle, rest, sizeof(rest));
    else if (uv__handle_is_closing(handle))
      snprintf(rest, sizeof(rest), " closing");
    fprintf(stream, "[%c%c%c] %-8s 0x%" PRIxPTR "%s\n", uv_has_ref(handle) ? 'R' : '-',
            uv_is_active(handle) ? 'A' : '-',
            '-', /* No handle of the library's own is in this list. */
            name != NULL ? name : "?", (uintptr_t) handle, rest);
  }
}

void uv_print_all_handles(uv_loop_t* loop, FILE* stream) {
  print(loop, 0, stream);
}

void uv_print_active_handles(uv_loop_t* loop, FILE* stream) {
  print(loop, 1, stream);
}

/* ---- Trace ---- */

#if defined(UVSTREAM_TRACE)

static FILE* trace_file;
static uv_once_t trace_once = UV_ONCE_INIT;

/* The file stays open: nobody knows which line is the last. */
static void open_trace(void) {
  const char* path = getenv("UVSTREAM_TRACE");

  if (path != NULL && path[0] != '\0')
    trace_file = fopen(path, "a");
}

/* The handle's address is the one that uv_print_all_handles shows. Computed, not looked into: a
 * driver of the port has ios that are in no handle. */
static uintptr_t owner_of(const struct uv__io* io) {
  static const size_t places[] = {
      [UV__ROLE_STREAM] = offsetof(uv_stream_t, stream.io),
      [UV__ROLE_PROCESS] = offsetof(uv_process_t, io),
      [UV__ROLE_SIGNAL] = offsetof(uv_signal_t, io),
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
  };
  static const char* const events[] = {
      [UV__TRACE_START] = "start",
      [UV__TRACE_RING] = "ring",
      [UV__TRACE_TURN] = "turn",
      [UV__TRACE_COLLECT] = "collect",
  };
  char names[LANES_SIZE];
  char text[80] = "";

  uv_once(&trace_once, open_trace);
  if (trace_file == NULL)
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
  fprintf(trace_file, "%" PRIu64 " %s 0x%" PRIxPTR " %s %s%s\n", io->loop->time, owners[io->role],
          (uintptr_t) owner_of(io), events[event], name_lanes(lanes, names), text);
  fflush(trace_file);
}

#endif
