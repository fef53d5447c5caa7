/* The two kinds of stream that a benchmark can run over. A program says "tcp" or "pipe" once,
 * in an argument, and these functions know the difference. */
#ifndef BENCH_STREAM_H_
#define BENCH_STREAM_H_

#include "bench.h"

enum kind {
  TCP,
  PIPE
};

union any_stream {
  uv_handle_t handle;
  uv_stream_t stream;
  uv_tcp_t tcp;
  uv_pipe_t pipe;
};

/* Where a server listens. */
struct place {
  enum kind kind;
  struct sockaddr_in addr;         /* of TCP, */
  char name[BENCH_PIPE_NAME_SIZE]; /* of a pipe */
};

/* The kind that the n-th argument names. */
enum kind kind_argument(int argc, char** argv, int n);

void stream_init(uv_loop_t* loop, union any_stream* stream, enum kind kind);

/* Init, and listen at a port of the loopback that the system picks, or at a name of this
 * process. */
struct place stream_listen(uv_loop_t* loop,
                           union any_stream* server,
                           enum kind kind,
                           uv_connection_cb cb);

/* Init, and take the connection that `listener` has; without delay of small messages. */
void stream_accept(uv_stream_t* listener, union any_stream* stream);

/* Init, and connect. */
void stream_connect(uv_loop_t* loop,
                    uv_connect_t* req,
                    union any_stream* stream,
                    const struct place* place,
                    uv_connect_cb cb);

/* Of TCP: send small messages at once. */
void stream_nodelay(union any_stream* stream);

#endif /* BENCH_STREAM_H_ */
