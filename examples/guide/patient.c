/* "Clients that take their time" of docs/GUIDE.md: a server of messages, each four bytes of length and as
 * many as they say, which it sends back. guide_patient [PORT [MS]]: who lets it wait for MS is let go. */
#include <stdio.h>
#include <stdlib.h>
#include <uvstream.h>

enum {
  LONGEST = 65536
};

struct client {
  uv_tcp_t tcp;
  uvs_deadline_t silent, stuck;
  uvs_hangup_t hangup;
  uvs_read_t read;
  uv_write_t write;
  uv_buf_t head, message[2];
  unsigned char length[4];
  char body[LONGEST];
};

static uint64_t patience_ms = 10000;

static void on_closed(uv_handle_t* handle) {
  free(handle);
}

static void let_go(uv_stream_t* stream, int why) {
  if (uv_is_closing((uv_handle_t*) stream))
    return;
  printf("let go: %s\n", uv_strerror(why));
  fflush(stdout);
  uv_close((uv_handle_t*) stream, on_closed);
}

static void on_head(uvs_read_t* req, int status);

static void next(struct client* client) {
  client->head = uv_buf_init((char*) client->length, 4);
  uvs_read(&client->read, (uv_stream_t*) &client->tcp, &client->head, 1, 4, on_head);
}

static void on_written(uv_write_t* req, int status) {
  if (status < 0)
    let_go(req->handle, status);
  else
    next((struct client*) req->handle);
}

static void on_body(uvs_read_t* req, int status) {
  struct client* client = (struct client*) req->handle;
  if (status < 0)
    let_go(req->handle, status);
  else
    uv_write(&client->write, req->handle, client->message, 2, on_written);
}

static void on_head(uvs_read_t* req, int status) {
  struct client* client = (struct client*) req->handle;
  const unsigned char* l = client->length;
  unsigned int size = (unsigned int) l[0] << 24 | l[1] << 16 | l[2] << 8 | l[3];
  if (status == 0 && (size == 0 || size > LONGEST))
    status = UV_EMSGSIZE;
  if (status < 0) {
    let_go(req->handle, status);
    return;
  }
  client->message[0] = client->head;
  client->message[1] = uv_buf_init(client->body, size);
  uvs_read(&client->read, req->handle, &client->message[1], 1, size, on_body);
}

static void on_hangup(uvs_hangup_t* hangup, int status) {
  if (status != UV_EOF) /* Who has said all may still want the answer. */
    let_go(hangup->stream, status);
}

static void on_connection(uv_stream_t* server, int status) {
  struct client* client = status < 0 ? NULL : malloc(sizeof(*client));
  uv_stream_t* stream = (uv_stream_t*) client;
  if (client == NULL)
    return;
  uv_tcp_init(server->loop, &client->tcp);
  if (uv_accept(server, stream) < 0) {
    uv_close((uv_handle_t*) client, on_closed);
    return;
  }
  uvs_deadline_start(&client->silent, stream, UVS_DEADLINE_READ, patience_ms);
  uvs_deadline_start(&client->stuck, stream, UVS_DEADLINE_WRITE, patience_ms);
  uvs_hangup_start(&client->hangup, stream, on_hangup);
  next(client);
}

int main(int argc, char** argv) {
  uv_loop_t* loop = uv_default_loop();
  uv_tcp_t server;
  struct sockaddr_in addr;
  int len = sizeof(addr);
  int err;
  if (argc > 2)
    patience_ms = (uint64_t) atoi(argv[2]);
  uv_ip4_addr("127.0.0.1", argc > 1 ? atoi(argv[1]) : 7000, &addr);
  uv_tcp_init(loop, &server);
  uv_tcp_bind(&server, (const struct sockaddr*) &addr, 0);
  err = uv_listen((uv_stream_t*) &server, 128, on_connection);
  if (err < 0) {
    fprintf(stderr, "cannot listen: %s\n", uv_strerror(err));
    return 1;
  }
  uv_tcp_getsockname(&server, (struct sockaddr*) &addr, &len);
  printf("listening on 127.0.0.1:%d\n", ntohs(addr.sin_port));
  fflush(stdout);
  return uv_run(loop, UV_RUN_DEFAULT);
}
