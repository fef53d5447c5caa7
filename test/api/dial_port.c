/* Connecting to a name with a handle that was bound to a port (rule X1). */
#include "dial.h"
#include "harness.h"
#include "net.h"
#include "uv.h"
#include "uvstream.h"

/* The port is free once its holder is closed. */
static struct sockaddr_in bind_to_a_port(uv_tcp_t* client) {
  static uv_tcp_t holder;
  struct sockaddr_in local = net_closed_port(&holder);

  net_close((uv_handle_t*) &holder);
  CHECK_EQ(uv_tcp_init(net_loop(), client), 0);
  CHECK_EQ(uv_tcp_bind(client, (struct sockaddr*) &local, 0), 0);
  return local;
}

static void dial(uv_tcp_t* client, const struct dial_place* place) {
  static uvs_connect_t req;
  static struct dial_end end;

  req.data = &end;
  CHECK_EQ(uvs_connect(&req, client, "127.0.0.1", place->port, 0, dial_note), 0);
  net_until(&end.calls, 1);
  CHECK_EQ(end.status, 0);
}

TEST(x1_port_of_the_handle_is_that_of_the_connection) {
  struct sockaddr_in local;
  struct dial_place place;
  uv_tcp_t client;

  dial_place_make(&place, DIAL_REFUSES, DIAL_LISTENS);
  local = bind_to_a_port(&client);
  dial(&client, &place);
  CHECK_EQ(net_bound_to(&client).sin_port, local.sin_port);
  net_end();
}

static int refused;

static void note_refused(uv_connect_t* req, int status) {
  (void) req;
  CHECK_EQ(status, UV_ECONNREFUSED);
  refused++;
}

TEST(x1_port_is_kept_after_a_connect_that_failed) {
  struct sockaddr_in nowhere;
  struct sockaddr_in local;
  struct dial_place place;
  uv_connect_t req;
  uv_tcp_t nobody;
  uv_tcp_t client;

  dial_place_make(&place, DIAL_REFUSES, DIAL_LISTENS);
  nowhere = net_closed_port(&nobody);
  local = bind_to_a_port(&client);
  CHECK_EQ(uv_tcp_connect(&req, &client, (struct sockaddr*) &nowhere, note_refused), 0);
  net_until(&refused, 1);
  dial(&client, &place);
  CHECK_EQ(net_bound_to(&client).sin_port, local.sin_port);
  net_end();
}
