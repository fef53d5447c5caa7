/* Standard input and output as one stream, whatever they are: a terminal, pipes, sockets, files; or one
 * of the two; or a file that has a name, as a stream that goes one way.
 * And the terminal by itself, in raw mode, for talking to another machine's programs. */
#ifndef RELAY_STANDARD_H_
#define RELAY_STANDARD_H_

#include <stdint.h>

#include "draft.h"
#include "uv.h"

/* Ctrl-], which nobody needs much: typed on a raw terminal it ends the connection. */
#define STDIO_ESCAPE 0x1d

union stdio_end {
  uv_handle_t handle;
  uv_stream_t stream;
  uv_tty_t tty;
  uv_pipe_t pipe;
  uv_tcp_t tcp;
};

/* A file is no stream. Its bytes go through a pipe, and this is at the other end of that. */
struct stdio_carrier;

struct stdio {
  union stdio_end in; /* first, so that it is the stream to read; its data is the caller's */
  union stdio_end out;
  struct stdio_carrier* from_file; /* NULL unless standard input is a file */
  struct stdio_carrier* to_file;
  uv_timer_t started; /* brings the connect callback */
  uv_connect_t* connect;
  uv_connect_cb connect_cb;
  uv_close_cb close_cb;
  unsigned open_handles;
  const char* path;   /* of a file, or NULL */
  struct draft draft; /* of one that is written */
  int reads;
  int writes;
  int64_t size; /* of a file that is read; -1: nobody knows */
  int error;    /* why the handles could not even be made */
  int failed;   /* a file could not be read or written */
  int aborted;
};

/* Always to be closed afterwards. */
int stdio_init(uv_loop_t* loop, struct stdio* stdio, int reads, int writes);

/* The same with the file `path`, which is read or written. What is written has another name, PATH.part,
 * until it is whole. */
int stdio_init_file(uv_loop_t* loop, struct stdio* stdio, const char* path, int writes);

/* Open both; `raw`: they must be a terminal, which is switched to raw mode. Refused (<0): `cb`
 * does not come. */
int stdio_start(struct stdio* stdio, int raw, uv_connect_t* req, uv_connect_cb cb);

/* As stdio_close, when what was written so far is not all. */
void stdio_abort(struct stdio* stdio, uv_close_cb cb);

/* `cb` gets the handle `in` once all is closed and a file has got its last byte. A terminal is put
 * back as it was. */
void stdio_close(struct stdio* stdio, uv_close_cb cb);

#endif /* RELAY_STANDARD_H_ */
