/* What the scenarios have in common: two connected streams, what is said between them, and a
 * conversation that uses every operation of a stream. A kind of stream has its own way to connect
 * (tcp.c, pipe.c); from there on they are alike. */
#ifndef FAULT_PARTS_H_
#define FAULT_PARTS_H_

#include "uv.h"

enum {
  PIECES = 9, /* more buffers than a request has room for */
  WRITES = 4,
  BYTES = WRITES * PIECES
};

union part {
  uv_handle_t handle;
  uv_stream_t stream;
  uv_tcp_t tcp;
  uv_pipe_t pipe;
};

/* The listener, who connects to it, and who is accepted. */
extern union part server, client, peer;
extern uv_connect_t connect_req;

extern char text[BYTES];   /* what is said */
extern char heard[BYTES];  /* and what the peer heard of it */
extern size_t heard_bytes; /* so far */
extern int accepted;       /* connections and passed handles */
extern int answered;       /* the client heard the whole answer */

/* A scenario begins: nothing is left of the one before. */
void forget(void);
void close_quietly(uv_handle_t* handle);
void on_alloc(uv_handle_t* handle, size_t size, uv_buf_t* buf);

/* uv_accept, which may lack something fault_times and succeeds then, as nothing was lost. */
void take(uv_stream_t* listener, union part* into);
/* For a connection callback: whether there is a connection. What was lacking is reported, and the
 * connection still comes (rule A4). */
int has_connection(int status);

/* One byte per buffer, so that every write needs memory. */
int write_pieces(uv_write_t* req, uv_stream_t* to, char* base, uv_write_cb cb);

/* The client says `text` and shuts down; the peer hears all, answers with the first piece of it,
 * and shuts down; both close. `talk` is a connect callback; `listen_to` follows an accept. */
void talk(uv_connect_t* req, int status);
void listen_to(union part* who);

/* The half of it that goes one way: the client says `text` and closes, the peer hears all. */
void tell_part(union part* who);
void overhear(union part* who);
/* That half, through a pair of sockets which two handles of the kind take over; they are still
 * ours, and good, when a first attempt fails. */
void scenario_adopt(int (*init)(union part* who), int (*open)(union part* who, uv_os_sock_t sock));

#endif /* FAULT_PARTS_H_ */
