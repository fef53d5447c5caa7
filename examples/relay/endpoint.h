/* Endpoints: the grammar SCHEME:REST of the command line, and how to open what it names.
 *
 * What a scheme can do is one row of the table in endpoint.c. A new kind of stream is a new row
 * and a member of the two unions below; nothing else in the program looks at the kind. */
#ifndef RELAY_ENDPOINT_H_
#define RELAY_ENDPOINT_H_

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "dial.h"
#include "exec.h"
#include "standard.h"
#include "uv.h"

/* Room for the name of one end of a connection, "tcp:[fe80::1%eth0]:65535", "pipe:NAME". */
#define ENDPOINT_NAME 288

/* A stream of any kind that an endpoint can open. `stream` is read from; what to write to, and how
 * to close it, the endpoint knows. */
union any_stream {
  uv_handle_t handle;
  uv_stream_t stream;
  uv_tcp_t tcp;
  struct dial dial; /* a uv_tcp_t, and how it connects */
  uv_pipe_t pipe;
  struct exec exec;
  struct stdio stdio;
};

union tcp_address {
  struct sockaddr any;
  struct sockaddr_in in4;
  struct sockaddr_in6 in6;
};

struct endpoint {
  const struct scheme* scheme;
  const char* text;          /* as it was written */
  const char* rest;          /* of it, behind the scheme */
  union tcp_address address; /* to listen on */
  union tcp_address also;    /* of the other family, or of none */
  char host[256];            /* to connect to; none: this one */
  char service[12];          /* a number */
  int gives;                 /* bytes come from it */
  int takes;                 /* bytes go to it */
};

/* Understand `text`, which must outlive the endpoint. 0; or the reason in `why` and -1, or 1 when all is
 * right with it but for a name that cannot be looked up (now). */
int endpoint_parse(struct endpoint* endpoint, const char* text, char* why, size_t size);

/* A file is read as the first of two endpoints, and written as the second. */
void endpoint_place(struct endpoint* endpoint, int index);

/* 1 when others connect to it, 0 when it is opened by connecting. */
int endpoint_listens(const struct endpoint* endpoint);

/* One line for each kind of endpoint there is. */
void endpoint_list(FILE* out);

/* The next three initialise `stream`, also when they fail: it has to be closed in any case.
 * They return 0 or a UV_E* code. */

/* Made, and to be listened on (listener.h). */
int endpoint_bind(const struct endpoint* endpoint, uv_loop_t* loop, union any_stream* stream);

/* To be called from the connection callback of `server`. */
int endpoint_accept(const struct endpoint* endpoint,
                    union any_stream* server,
                    union any_stream* stream);

/* Refused (<0): `cb` does not come. */
int endpoint_dial(const struct endpoint* endpoint,
                  uv_loop_t* loop,
                  union any_stream* stream,
                  uv_connect_t* req,
                  uv_connect_cb cb);

/* 1 when there is only one of it, so that not each of several clients can have one. */
int endpoint_is_single(const struct endpoint* endpoint);

/* 1 when both would read, or both would write, what there is once. */
int endpoint_conflicts(const struct endpoint* one, const struct endpoint* other);

/* The byte that ends the connection when it is read from this endpoint; 0: none does. */
char endpoint_escape(const struct endpoint* endpoint);

/* What says the end to whoever is there, as a stream of that kind ends neither way alone; NULL: the end. */
const char* endpoint_last_words(const struct endpoint* endpoint);

/* 1 where the end of what comes from it is the end of all. */
int endpoint_ends_at_once(const struct endpoint* endpoint);

/* The stream to write to: `stream` itself, or what belongs to it. */
uv_stream_t* endpoint_out(const struct endpoint* endpoint, union any_stream* stream);

/* The address a listener has, as HOST:PORT (a port of 0 has become a real one) or as the name of a
 * pipe. */
int endpoint_local_name(const struct endpoint* endpoint,
                        const union any_stream* stream,
                        char* name,
                        size_t size);

/* How many bytes it will give; -1 where nobody knows. */
int64_t endpoint_size(const struct endpoint* endpoint, const union any_stream* stream);

/* 1 where it is a program of ours, which reads what it takes to its end. */
int endpoint_is_program(const struct endpoint* endpoint);

/* 1 where somebody types what it gives. */
int endpoint_is_typed(const struct endpoint* endpoint, const union any_stream* stream);

/* A name for a connection, which says who is at the other end if that can still be told. */
void endpoint_peer_name(const struct endpoint* endpoint,
                        const union any_stream* stream,
                        char* name,
                        size_t size);

/* Close; `cb` (may be NULL) gets `stream`. */
void endpoint_close(const struct endpoint* endpoint, union any_stream* stream, uv_close_cb cb);

/* 1 when something went wrong that only the close has shown: a child that failed. */
int endpoint_failed(const struct endpoint* endpoint, const union any_stream* stream);

/* Close because whoever sits here has left: what is at the other end, if it is a program, is ended too. */
void endpoint_leave(const struct endpoint* endpoint, union any_stream* stream, uv_close_cb cb);

/* Close in a way that the peer cannot take for an orderly end, if the kind has one; a file does not get
 * its name then. */
void endpoint_abort(const struct endpoint* endpoint, union any_stream* stream, uv_close_cb cb);

#endif /* RELAY_ENDPOINT_H_ */
