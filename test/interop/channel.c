/* Node's side of an IPC channel, as Node speaks it: a JSON text a line. A handle travels with a
 * line {"cmd":"NODE_HANDLE","type":"net.Server" or "net.Socket","msg":...}, which is answered
 * with NODE_HANDLE_ACK, or _NACK when no handle came with it; the sender keeps its own copy until
 * then. Texts are compared and not parsed: JSON.stringify puts them the same way every time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer.h"

#define ACK "{\"cmd\":\"NODE_HANDLE_ACK\"}\n"
#define NACK "{\"cmd\":\"NODE_HANDLE_NACK\"}\n"

#define NOTIFY_CLOSE "{\"cmd\":\"NODE_SOCKET_NOTIFY_CLOSE\","

static uv_pipe_t* channel;
static uv_tcp_t* server;   /* of Node's making, which we serve */
static uv_stream_t* given; /* on its way to Node, until the ACK */

static char* text; /* what came and is no whole line yet */
static size_t used;
static size_t room;

static void say(const char* line) {
  peer_write((uv_stream_t*) channel, line, strlen(line));
}

static uv_tcp_t* new_tcp(void) {
  uv_tcp_t* tcp = malloc(sizeof(*tcp));
  if (tcp == NULL)
    peer_fail(UV_ENOMEM, "a socket");
  peer_check(uv_tcp_init(channel->loop, tcp), "a socket");
  return tcp;
}

static void on_freed(uv_handle_t* handle) {
  free(handle);
}

/* ---- What Node gives --------------------------------------------------------------------- */

static void on_connection(uv_stream_t* listener, int status) {
  uv_tcp_t* tcp = new_tcp();
  peer_check(status, "a connection of Node's server");
  peer_check(uv_accept(listener, (uv_stream_t*) tcp), "accept from Node's server");
  peer_echo((uv_stream_t*) tcp, "uv:");
}

static void take_handle(const char* line) {
  uv_tcp_t* tcp;
  if (uv_pipe_pending_count(channel) == 0) {
    say(NACK);
    return;
  }
  if (uv_pipe_pending_type(channel) != UV_TCP)
    peer_fail(0, "the type of a handle");
  tcp = new_tcp();
  peer_check(uv_accept((uv_stream_t*) channel, (uv_stream_t*) tcp), "take a handle");
  say(ACK);
  if (strstr(line, "\"type\":\"net.Server\"") != NULL) {
    server = tcp;
    peer_check(uv_listen((uv_stream_t*) server, 128, on_connection), "listen on Node's server");
    say("\"serving\"\n");
  } else {
    peer_echo((uv_stream_t*) tcp, "uv:");
  }
}

static void on_server_closed(uv_handle_t* handle) {
  free(handle);
  say("\"closed\"\n");
}

/* A Node server that gave connections away asks, when it closes, whether they are all closed. Here
 * they are: peer.js closes it when it has seen the end of each. */
static void say_all_closed(const char* key) {
  char line[256];
  if (snprintf(line, sizeof(line), "{\"cmd\":\"NODE_SOCKET_ALL_CLOSED\",%.*s\n",
               (int) strcspn(key, "\n"), key) >= (int) sizeof(line))
    peer_fail(0, "the key of a server");
  say(line);
}

/* ---- What Node gets ---------------------------------------------------------------------- */

static void on_given(uv_write_t* req, int status) {
  peer_check(status, "give a handle");
  free(req);
}

static void give(uv_stream_t* stream, char* line) {
  uv_write_t* req = malloc(sizeof(*req));
  uv_buf_t buf = uv_buf_init(line, (unsigned int) strlen(line));
  if (req == NULL || given != NULL)
    peer_fail(0, "a second handle before the first was acknowledged");
  given = stream;
  peer_check(uv_write2(req, (uv_stream_t*) channel, &buf, 1, stream, on_given), "give a handle");
}

static void on_stolen(uv_stream_t* listener, int status) {
  (void) listener;
  (void) status; /* left for Node, which shares the listener, or gets it alone in a moment */
}

static void give_server(void) {
  static char line[] = "{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Server\",\"msg\":\"server\"}\n";
  struct sockaddr_in address;
  uv_tcp_t* tcp = new_tcp();
  uv_ip4_addr("127.0.0.1", 0, &address);
  peer_check(uv_tcp_bind(tcp, (const struct sockaddr*) &address, 0), "bind");
  peer_check(uv_listen((uv_stream_t*) tcp, 128, on_stolen), "listen");
  give((uv_stream_t*) tcp, line);
}

static void on_connect(uv_connect_t* req, int status) {
  static char line[] = "{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":\"socket\"}\n";
  peer_check(status, "connect to Node");
  give(req->handle, line);
  free(req);
}

static void give_socket(int port) {
  struct sockaddr_in address;
  uv_connect_t* req = malloc(sizeof(*req));
  if (req == NULL)
    peer_fail(UV_ENOMEM, "connect to Node");
  uv_ip4_addr("127.0.0.1", port, &address);
  peer_check(uv_tcp_connect(req, new_tcp(), (const struct sockaddr*) &address, on_connect),
             "connect to Node");
}

/* ---- Lines ------------------------------------------------------------------------------- */

static int begins_with(const char* line, const char* start) {
  return strncmp(line, start, strlen(start)) == 0;
}

static void obey(const char* line, size_t length) {
  if (begins_with(line, "{\"cmd\":\"NODE_HANDLE\",")) {
    take_handle(line);
  } else if (begins_with(line, "{\"cmd\":\"NODE_HANDLE_ACK\"}")) {
    if (given == NULL)
      peer_fail(0, "an ACK for nothing");
    uv_close((uv_handle_t*) given, on_freed);
    given = NULL;
  } else if (begins_with(line, NOTIFY_CLOSE)) {
    say_all_closed(line + strlen(NOTIFY_CLOSE));
  } else if (begins_with(line, "\"echo:")) {
    peer_write((uv_stream_t*) channel, line, length);
  } else if (begins_with(line, "\"close-server\"")) {
    uv_close((uv_handle_t*) server, on_server_closed);
  } else if (begins_with(line, "\"give-server\"")) {
    give_server();
  } else if (begins_with(line, "\"give-socket:")) {
    give_socket(atoi(line + strlen("\"give-socket:")));
  } else {
    fprintf(stderr, "uvinterop: Node says %.*s\n", (int) length, line);
    exit(1);
  }
}

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  size_t at = 0;
  char* end;
  if (nread == UV_EOF) {
    uv_close((uv_handle_t*) stream, NULL);
    free(text);
    if (used > 0)
      peer_fail(0, "half a line at the end of the channel");
    return;
  }
  peer_check((int) nread, "read from the channel");
  if (used + (size_t) nread >= room) { /* one more for the terminator that strncmp wants */
    room = 2 * (used + (size_t) nread) + 1;
    text = realloc(text, room);
    if (text == NULL)
      peer_fail(UV_ENOMEM, "read from the channel");
  }
  memcpy(text + used, buf->base, (size_t) nread);
  used += (size_t) nread;
  text[used] = '\0';
  while ((end = memchr(text + at, '\n', used - at)) != NULL) {
    size_t length = (size_t) (end - text) + 1 - at;
    obey(text + at, length);
    at += length;
  }
  used -= at;
  memmove(text, text + at, used);
}

void channel_start(uv_pipe_t* pipe) {
  channel = pipe;
  peer_check(uv_read_start((uv_stream_t*) channel, peer_alloc, on_read), "read from the channel");
}
