/* What a person sees of a loop: its handles, one line each. */
#include <inttypes.h>
#include <stdio.h>

#include "core/base/trace.h"
#include "core/stream/stream.h"

static const char* name_phase(const uv_stream_t* stream) {
  static const char* const names[] = {
      [UV__FRESH] = "fresh",         [UV__OPEN] = "open",           [UV__CONNECTING] = "connecting",
      [UV__CONNECTED] = "connected", [UV__LISTENING] = "listening", [UV__DROPPED] = "dropped",
      [UV__CLOSING] = "closing",
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
  char begun[UV__TRACE_LANES_SIZE];
  char rung[UV__TRACE_LANES_SIZE];

  snprintf(line, size, " %s%s; begun %s, rung %s; queue %u (%" PRIu64 " bytes), done %u",
           name_phase(stream), stream->flags & UV__STREAM_READING ? ", reading" : "",
           uv__trace_lanes(io->busy, begun), uv__trace_lanes(io->rung, rung),
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
