/* swarm: many connections at once, from both sides.
 *
 *   swarm serve ENDPOINT COUNT         echo what COUNT clients send, then end
 *   swarm check ENDPOINT COUNT BYTES   COUNT clients at once, each of which sends BYTES of its own and
 *                                      checks that they come back
 *
 * Every client keeps its connection open until all of them have seen a first echo: a server or
 * relay that serves one after the other never gets there. Endpoints are those of relay. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "relay/endpoint.h"
#include "relay/listener.h"
#include "relay/options.h"
#include "relay/pump.h"
#include "relay/ready.h"
#include "relay/report.h"

#define CHUNK_BYTES 4096

static struct endpoint endpoint;
static uv_loop_t loop;
static uv_timer_t timer; /* without a reference: it keeps nothing going */
static unsigned long count;
static unsigned long failures;

static void fail(int err, const char* what) {
  failures++;
  report_error(err, "cannot %s %s", what, endpoint.text);
}

/* ---- serve: a pump from a stream to itself is an echo ------------------------------------ */

struct guest {
  union any_stream stream; /* first, so that the handle is the guest */
  struct pump pump;
};

static struct listener listener;
static unsigned long accepted;

static void on_guest_closed(uv_handle_t* handle) {
  struct guest* guest = (struct guest*) handle;
  pump_release(&guest->pump);
  free(guest);
}

static void on_echoed(struct pump* pump, int status, const char* what) {
  if (status < 0)
    fail(status, what);
  uv_close((uv_handle_t*) pump->from, on_guest_closed);
}

static void on_connection(uv_stream_t* server, int status) {
  struct guest* guest = status == 0 ? calloc(1, sizeof(*guest)) : NULL;
  int err;
  if (status < 0) {
    fail(status, "accept from");
    return;
  }
  if (guest == NULL) {
    fail(UV_ENOMEM, "accept from");
    listener_close(&listener);
    return;
  }
  err = endpoint_accept(&endpoint, (union any_stream*) server, &guest->stream);
  if (err == 0)
    err = pump_start(&guest->pump, &guest->stream.stream, &guest->stream.stream, on_echoed);
  if (err < 0) {
    fail(err, "accept from");
    uv_close(&guest->stream.handle, on_guest_closed);
  }
  if (++accepted == count)
    listener_close(&listener);
}

static void start_serving(const char* ready_file) {
  char name[ENDPOINT_NAME + 1];
  int err;
  err = listener_open(&listener, &endpoint, &loop, NULL, on_connection);
  if (err == 0)
    err = listener_announce(&listener, name, ENDPOINT_NAME);
  if (err == 0 && ready_file != NULL)
    err = ready_write(ready_file, strcat(name, "\n"));
  if (err < 0) {
    fail(err, "listen on");
    listener_close(&listener);
  }
}

/* ---- check ------------------------------------------------------------------------------- */

struct client {
  union any_stream stream;
  uv_connect_t connect;
  uv_write_t write;
  uv_shutdown_t shutdown;
  unsigned number;
  size_t sent; /* handed to uv_write */
  size_t back; /* came back and was right */
  int open;
  int right; /* everything came back, and then the end */
  char out[CHUNK_BYTES];
  char in[CHUNK_BYTES];
};

static struct client* clients;
static size_t bytes_each;
static unsigned long greeted; /* clients that saw a first echo, or failed */

/* The byte at a place in a client's stream: different for each client, so that a mix-up of
 * connections shows, and not periodic in any power of two. */
static char byte_at(const struct client* client, size_t place) {
  uint64_t x = (uint64_t) place / 7 + ((uint64_t) client->number << 40);
  x = (x ^ (x >> 31)) * UINT64_C(0x9e3779b97f4a7c15);
  return (char) ((x >> 32) + place);
}

static uv_stream_t* out(struct client* client) {
  return endpoint_out(&endpoint, &client->stream);
}

static void close_client(struct client* client) {
  if (client->open)
    endpoint_close(&endpoint, &client->stream, NULL);
  client->open = 0;
}

static void end_all_that_are_sent(void);

static void client_failed(struct client* client, int err, const char* what) {
  if (!client->open)
    return;
  fail(err, what);
  close_client(client);
  if (client->back == 0) {
    greeted++; /* the others do not wait for this one */
    end_all_that_are_sent();
  }
}

static void on_shutdown(uv_shutdown_t* req, int status) {
  if (status < 0)
    client_failed(req->data, status, "end the stream to");
}

static void end_if_sent(struct client* client) {
  int err;
  if (!client->open || client->sent < bytes_each || client->shutdown.data != NULL)
    return;
  client->shutdown.data = client;
  err = uv_shutdown(&client->shutdown, out(client), on_shutdown);
  if (err < 0)
    client_failed(client, err, "end the stream to");
}

static void end_all_that_are_sent(void) {
  unsigned long i;
  if (greeted == count)
    for (i = 0; i < count; i++)
      end_if_sent(&clients[i]);
}

static void send_chunk(struct client* client);

static void on_written(uv_write_t* req, int status) {
  if (status < 0)
    client_failed(req->data, status, "write to");
  else
    send_chunk(req->data);
}

static void send_chunk(struct client* client) {
  size_t left = bytes_each - client->sent;
  size_t length = left < CHUNK_BYTES ? left : CHUNK_BYTES;
  uv_buf_t buf = uv_buf_init(client->out, (unsigned int) length);
  size_t i;
  int err;
  if (length == 0) {
    if (greeted == count)
      end_if_sent(client);
    return;
  }
  for (i = 0; i < length; i++)
    client->out[i] = byte_at(client, client->sent + i);
  client->sent += length;
  client->write.data = client;
  err = uv_write(&client->write, out(client), &buf, 1, on_written);
  if (err < 0)
    client_failed(client, err, "write to");
}

static void on_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  struct client* client = handle->data;
  (void) suggested_size;
  *buf = uv_buf_init(client->in, CHUNK_BYTES);
}

static void check_echo(struct client* client, const char* bytes, size_t length) {
  int first = client->back == 0;
  size_t i;
  for (i = 0; i < length; i++)
    if (client->back + i >= bytes_each || bytes[i] != byte_at(client, client->back + i)) {
      client_failed(client, UV_EPROTO, "trust an echo that differs from");
      return;
    }
  client->back += length;
  if (first) {
    greeted++;
    end_all_that_are_sent();
  }
}

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  struct client* client = stream->data;
  if (nread > 0) {
    check_echo(client, buf->base, (size_t) nread);
  } else if (nread == UV_EOF && client->back == bytes_each) {
    client->right = 1;
    close_client(client);
  } else if (nread < 0) {
    client_failed(client, (int) nread, "read the whole echo from");
  }
}

static void on_connect(uv_connect_t* req, int status) {
  struct client* client = req->data;
  if (status == 0)
    status = uv_read_start(req->handle, on_alloc, on_read);
  if (status < 0)
    client_failed(client, status, "connect to");
  else
    send_chunk(client);
}

static void start_checking(size_t bytes) {
  unsigned long i;
  bytes_each = bytes;
  clients = calloc(count, sizeof(*clients));
  if (clients == NULL) {
    fail(UV_ENOMEM, "start clients of");
    return;
  }
  for (i = 0; i < count; i++) {
    struct client* client = &clients[i];
    int err;
    client->number = (unsigned) i;
    client->connect.data = client;
    client->open = 1;
    err = endpoint_dial(&endpoint, &loop, &client->stream, &client->connect, on_connect);
    client->stream.handle.data = client;
    if (err < 0)
      client_failed(client, err, "connect to");
  }
}

static void report_checked(uint64_t elapsed_ns) {
  unsigned long i, right = 0;
  for (i = 0; clients != NULL && i < count; i++)
    right += clients[i].right != 0;
  report(REPORT_NORMAL, "%lu of %lu connections echoed right", right, count);
  report_rate("echoed by", endpoint.text, (uint64_t) right * bytes_each, elapsed_ns);
  if (right < count && failures == 0)
    failures = count - right;
}

/* ---- The program ------------------------------------------------------------------------- */

static void close_guest(uv_handle_t* handle, void* arg) {
  struct guest* guest = (struct guest*) handle;
  (void) arg;
  if (handle == (uv_handle_t*) &timer || uv_is_closing(handle))
    return;
  pump_stop(&guest->pump);
  uv_close(handle, on_guest_closed);
}

/* Nobody waits for ever for a peer that is stuck. */
static void on_timer(uv_timer_t* handle) {
  unsigned long i;
  (void) handle;
  fail(UV_ETIMEDOUT, "go on with");
  if (clients != NULL) {
    for (i = 0; i < count; i++)
      close_client(&clients[i]);
  } else {
    listener_close(&listener); /* so that only guests are left */
    uv_walk(&loop, close_guest, NULL);
  }
}

static int print_usage(FILE* out) {
  fprintf(out, "Usage: swarm serve ENDPOINT COUNT [--timeout SECONDS] [--ready-file FILE]\n"
               "       swarm check ENDPOINT COUNT BYTES [--timeout SECONDS]\n"
               "       swarm --help, swarm --version\n"
               "\n"
               "`serve` echoes what COUNT clients send, and ends. `check` is COUNT clients at "
               "once, each of\n"
               "which sends BYTES of its own and checks that they come back.\n"
               "\n"
               "  --timeout SECONDS  give up when it is not done by then (60)\n"
               "  --ready-file FILE  write the address that is listened on to FILE\n"
               "\n"
               "Endpoints:\n");
  endpoint_list(out);
  return 2;
}

static int run(int serving, unsigned long long bytes, const char* ready_file, uint64_t timeout_ms) {
  uint64_t started_ns = uv_hrtime();
  int err = uv_loop_init(&loop);
  if (err < 0) {
    report_error(err, "cannot start");
    return 1;
  }
  uv_timer_init(&loop, &timer);
  uv_timer_start(&timer, on_timer, timeout_ms, 0);
  uv_unref((uv_handle_t*) &timer);
  if (serving)
    start_serving(ready_file);
  else
    start_checking((size_t) bytes);
  uv_run(&loop, UV_RUN_DEFAULT);
  uv_close((uv_handle_t*) &timer, NULL);
  uv_run(&loop, UV_RUN_DEFAULT);
  if (!serving)
    report_checked(uv_hrtime() - started_ns);
  free(clients);
  pump_free_memory();
  err = uv_loop_close(&loop);
  if (err < 0)
    report_error(err, "something was left open");
  return failures > 0 || err < 0;
}

int main(int argc, char** argv) {
  const char* words[4] = {"", "", "", ""}; /* what to do, where, how many, and how much */
  struct operands operands = {.all = words, .most = 4};
  const char* ready_file = NULL;
  uint64_t timeout_ms = 60000;
  const struct option table[] = {{.name = "--timeout", .ms = &timeout_ms},
                                 {.name = "--ready-file", .text = &ready_file},
                                 {.name = NULL}};
  char why[256];
  unsigned long long bytes;
  int serving, code;

  argv = uv_setup_args(argc, argv);
  report_setup("swarm", REPORT_NORMAL);
  code = options_take(table, argc, argv, &operands, print_usage);
  if (code >= 0)
    return code;
  serving = strcmp(words[0], "serve") == 0;
  count = strtoul(words[2], NULL, 10);
  bytes = strtoull(words[3], NULL, 10);
  if ((!serving && strcmp(words[0], "check") != 0) || operands.count != (serving ? 3 : 4) ||
      count == 0 || (!serving && bytes == 0))
    return print_usage(stderr);
  if (!serving && ready_file != NULL)
    return options_refuse("--ready-file", "it is for serve");
  if (endpoint_parse(&endpoint, words[1], why, sizeof(why)) != 0)
    return options_refuse(words[1], "%s", why);
  if (endpoint_listens(&endpoint) != serving)
    return options_refuse(words[1], serving ? "serve listens" : "check connects");
#ifdef SIGPIPE
  signal(SIGPIPE, SIG_IGN);
#endif
  return run(serving, bytes, ready_file, timeout_ms);
}
