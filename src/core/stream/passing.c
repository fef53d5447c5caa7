/* Who has handles to pass: a list of the loop, so that the close of a handle looks at no other streams (I4).
 * Only over a pipe do handles pass. */
#include "core/stream/stream.h"

void uv__passers_count(uv_pipe_t* pipe, int by) {
  if (pipe->holds == 0)
    uv__queue_insert_tail(&pipe->loop->passers, &pipe->passer);
  pipe->holds += by;
  if (pipe->holds == 0)
    uv__queue_remove(&pipe->passer);
}
