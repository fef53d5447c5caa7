/* The clients of step 2, which may now be pipes as well, and which are kept in a list. */
#include "client.h"

#include <stdlib.h>

#include "../relay/report.h"

struct client {
  union {
    uv_handle_t handle;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
  } any; /* first, so that a pointer to the handle is a pointer to the client */
  uv_write_t write;
  uv_shutdown_t shutdown;
  struct client* next;
  int writing;
  int ending;
  char bytes[65536];
};

static struct client* clients;
static unsigned count;

void (*clients_on_none)(void);

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf);

/* ---- The end of a client ----------------------------------------------------------------- */

static void on_closed(uv_handle_t* handle) {
  struct client** at = &clients;
  while (&(*at)->any.handle != handle)
    at = &(*at)->next;
  *at = (*at)->next;
  free(handle);
  if (--count == 0 && clients_on_none != NULL)
    clients_on_none();
}

/* May be called again while it closes: a write and a shutdown end by a close, too. */
static void drop(uv_stream_t* stream, int err, const char* what) {
  if (uv_is_closing((uv_handle_t*) stream))
    return;
  if (err < 0)
    report_error(err, "cannot %s a client", what);
  uv_close((uv_handle_t*) stream, on_closed);
}

static void on_shutdown(uv_shutdown_t* req, int status) {
  drop(req->handle, status, "say goodbye to");
}

/* All that it is to get has been written. */
static void say_goodbye(struct client* client) {
  int err;
  uv_read_stop(&client->any.stream);
  client->ending = 1;
  err = uv_shutdown(&client->shutdown, &client->any.stream, on_shutdown);
  if (err < 0)
    drop(&client->any.stream, err, "say goodbye to");
}

/* ---- Its life ---------------------------------------------------------------------------- */

static void on_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  struct client* client = (struct client*) handle;
  (void) suggested_size;
  *buf = uv_buf_init(client->bytes, sizeof(client->bytes));
}

static void on_written(uv_write_t* req, int status) {
  struct client* client = (struct client*) req->handle;
  int err = status;
  client->writing = 0;
  if (err == 0 && client->ending) {
    say_goodbye(client);
    return;
  }
  if (err == 0)
    err = uv_read_start(req->handle, on_alloc, on_read);
  if (err < 0)
    drop(req->handle, err, "answer");
}

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  struct client* client = (struct client*) stream;
  uv_buf_t out;
  int err;
  if (nread == 0)
    return;
  if (nread == UV_EOF) {
    say_goodbye(client);
    return;
  }
  if (nread < 0) {
    drop(stream, (int) nread, "read from");
    return;
  }
  uv_read_stop(stream);
  out = uv_buf_init(buf->base, (unsigned int) nread);
  err = uv_write(&client->write, stream, &out, 1, on_written);
  if (err < 0)
    drop(stream, err, "answer");
  else
    client->writing = 1;
}

int client_take(uv_stream_t* from, uv_handle_type kind) {
  struct client* client = calloc(1, sizeof(*client));
  int err;
  if (client == NULL)
    return UV_ENOMEM;
  if (kind == UV_TCP)
    err = uv_tcp_init(from->loop, &client->any.tcp);
  else
    err = uv_pipe_init(from->loop, &client->any.pipe, 0);
  if (err < 0) {
    free(client);
    return err;
  }
  client->next = clients;
  clients = client;
  count++;
  err = uv_accept(from, &client->any.stream);
  if (err == 0)
    err = uv_read_start(&client->any.stream, on_alloc, on_read);
  if (err < 0)
    uv_close(&client->any.handle, on_closed);
  return err;
}

/* ---- All of them ------------------------------------------------------------------------- */

/* Whoever is being answered says goodbye when that is done, in on_written. */
void clients_finish(void) {
  struct client* client;
  for (client = clients; client != NULL; client = client->next) {
    if (!client->writing && !client->ending)
      say_goodbye(client);
    client->ending = 1;
  }
}

void clients_drop(void) {
  struct client* client;
  for (client = clients; client != NULL; client = client->next)
    drop(&client->any.stream, 0, NULL);
}

unsigned clients_count(void) {
  return count;
}
