/* What tests of moving streams share (rule X6): a stream that is taken out of the test's loop. */
#ifndef MOVING_H_
#define MOVING_H_

#include "net.h"
#include "pipes.h"
#include "uv.h"
#include "uvstream.h"

/* The ways two streams come to be connected. */
enum moving_way {
  MOVING_TCP,
  MOVING_PIPE,
  MOVING_IPC,
  MOVING_WAYS
};

union moving_stream {
  uv_stream_t stream;
  uv_tcp_t tcp;
  uv_pipe_t pipe;
};

void moving_pair(enum moving_way way, union moving_stream* a, union moving_stream* b);
void moving_init(enum moving_way way, uv_loop_t* loop, union moving_stream* fresh);
/* uvs_detach, which has to succeed, and turns until it is over. Forgets the handle. */
void moving_take(union moving_stream* from, uvs_moving_t* moving);
/* Both, and into another handle of the same loop. */
void moving_over(enum moving_way way, union moving_stream* from, union moving_stream* to);

#endif /* MOVING_H_ */
