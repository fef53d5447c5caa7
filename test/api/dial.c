/* Connecting to a name: which addresses are tried, in which order, and how it ends (rule X1). What the
 * handle is meanwhile and afterwards is in dial_handle.c. Numbers and localhost only: nothing here asks
 * the network. */
#include <string.h>

#include "dial.h"
#include "harness.h"
#include "memory.h"
#include "net.h"
#include "uv.h"
#include "uvstream.h"

static struct dial_end end;

/* ---- Addresses ---- */

TEST(x1_number_is_connected_to) {
  struct dial_place place;
  uvs_connect_t req;
  uv_tcp_t client;

  dial_place_make(&place, DIAL_REFUSES, DIAL_LISTENS);
  dial_begin(&req, &client, "127.0.0.1", place.port, 0, &end);
  CHECK_EQ(req.type, UV_CONNECT);
  CHECK(req.handle == &client);
  CHECK_EQ(end.calls, 0);
  net_until(&end.calls, 1);
  CHECK_EQ(end.status, 0);
  CHECK_EQ(end.attempts, 1);
  CHECK_EQ(end.statuses[0], 0);
  CHECK_STR(end.names[0], "127.0.0.1");
  CHECK_EQ(dial_peer_port(&client), place.number);
  net_end();
}

TEST(x1_localhost_is_both_loopbacks) {
  static const char* const names[] = {"localhost", "LocalHost.", NULL};
  struct dial_place place;
  size_t i;

  if (!net_has_ipv6())
    SKIP("there is no IPv6");
  dial_place_make(&place, DIAL_REFUSES, DIAL_LISTENS);
  for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    uvs_connect_t req;
    uv_tcp_t client;

    dial_begin(&req, &client, names[i], place.port, 0, &end);
    net_until(&end.calls, 1);
    CHECK_EQ(end.status, 0);
    CHECK_EQ(end.attempts, 2);
    CHECK_STR(end.names[0], "::1");
    CHECK_EQ(end.statuses[0], UV_ECONNREFUSED);
    CHECK_STR(end.names[1], "127.0.0.1");
    CHECK_EQ(end.statuses[1], 0);
    CHECK_EQ(dial_peer_port(&client), place.number);
    net_close((uv_handle_t*) &client);
  }
  net_end();
}

TEST(x1_no_more_are_tried_than_needed) {
  struct dial_place place;
  uvs_connect_t req;
  uv_tcp_t client;

  if (!net_has_ipv6())
    SKIP("there is no IPv6");
  dial_place_make(&place, DIAL_LISTENS, DIAL_LISTENS);
  dial_begin(&req, &client, "localhost", place.port, 0, &end);
  net_until(&end.calls, 1);
  CHECK_EQ(end.status, 0);
  /* A machine that is slow enough begins the other one, too, which does not win. */
  CHECK(end.attempts == 1 || (end.attempts == 2 && end.statuses[0] + end.statuses[1] < 0));
  net_end();
}

/* One that does not answer, with a listener behind it that has no room; or one that refuses then, as
 * Windows does. */
TEST(x1_one_that_hangs_costs_a_quarter_of_a_second) {
  struct dial_place place;
  uvs_connect_t req;
  uv_tcp_t client;
  uint64_t begin;

  if (!net_has_ipv6())
    SKIP("there is no IPv6");
  dial_place_make(&place, DIAL_IS_FULL, DIAL_LISTENS);
  uv_update_time(net_loop());
  begin = uv_now(net_loop());
  dial_begin(&req, &client, "localhost", place.port, 0, &end);
  net_until(&end.calls, 1);
  CHECK_EQ(end.status, 0);
  CHECK_EQ(end.attempts, 2);
  CHECK_EQ(end.statuses[1], 0);
  if (end.statuses[0] == UV_ECANCELED)
    CHECK(uv_now(net_loop()) - begin >= 250);
  else
    CHECK_EQ(end.statuses[0], UV_ECONNREFUSED);
  dial_place_end(&place);
  net_end();
}

TEST(x1_error_is_that_of_the_last_to_fail) {
  struct dial_place place;
  uvs_connect_t req;
  uv_tcp_t client;

  if (!net_has_ipv6())
    SKIP("there is no IPv6");
  dial_place_make(&place, DIAL_REFUSES, DIAL_REFUSES);
  dial_begin(&req, &client, "localhost", place.port, 0, &end);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(end.calls, 1);
  CHECK_EQ(end.status, UV_ECONNREFUSED);
  CHECK_EQ(end.attempts, 2);
  CHECK_EQ(end.statuses[0], UV_ECONNREFUSED);
  CHECK_EQ(end.statuses[1], UV_ECONNREFUSED);
  net_end();
}

TEST(x1_zone_of_an_ipv6_address) {
  struct dial_place place;
  struct sockaddr_in6 addr;
  uvs_connect_t req;
  uv_tcp_t client;
  char node[64] = "::1%";
  size_t size = sizeof(node) - 4;

  if (!net_has_ipv6())
    SKIP("there is no IPv6");
  if (uv_if_indextoiid(1, node + 4, &size) != 0 || uv_ip6_addr(node, 1, &addr) != 0)
    SKIP("there is no first interface");
  dial_place_make(&place, DIAL_LISTENS, DIAL_REFUSES);
  dial_begin(&req, &client, node, place.port, 0, &end);
  CHECK_EQ(uv_loop_alive(net_loop()), 1);
  net_until(&end.calls, 1);
  CHECK_EQ(end.attempts,
           1); /* It was a number: whether it is the loopback's is the system's matter. */
  CHECK_EQ(end.zones[0], addr.sin6_scope_id);
  net_end();
}

/* ---- Lookups ---- */

TEST(x1_service_has_a_name) {
  uvs_connect_t req;
  uv_tcp_t client;

  dial_begin(&req, &client, "127.0.0.1", "http", 0, &end);
  net_until(&end.calls, 1);
  if (end.status == UV_EAI_SERVICE || end.status == UV_EAI_NONAME)
    SKIP("the system knows no services");
  CHECK(end.status == 0 || end.status == UV_ECONNREFUSED);
  CHECK_EQ(end.attempts, 1);
  CHECK_EQ(end.ports[0], 80);
  net_end();
}

/* The shape of a number that only the system's lookup knows. */
TEST(x1_name_is_looked_up) {
  struct dial_place place;
  uvs_connect_t req;
  uv_tcp_t client;
  char node[] = "127.1";

  dial_place_make(&place, DIAL_REFUSES, DIAL_LISTENS);
  dial_begin(&req, &client, node, place.port, 0, &end);
  memset(node, 'x', sizeof(node) - 1);
  net_until(&end.calls, 1);
  if (end.status == UV_EAI_NONAME)
    SKIP("the system does not know this shape of a number");
  CHECK_EQ(end.status, 0);
  CHECK_STR(end.names[0], "127.0.0.1");
  net_end();
}

TEST(x1_name_that_nobody_has) {
  uvs_connect_t req;
  uv_tcp_t client;

  dial_begin(&req, &client, "127.0.0.1", "no service has such a name", 0, &end);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(end.calls, 1);
  CHECK(end.status == UV_EAI_SERVICE || end.status == UV_EAI_NONAME);
  CHECK_EQ(end.attempts, 0);
  net_end();
}

/* ---- The end ---- */

TEST(x1_limit_ends_all) {
  struct dial_place place;
  uvs_connect_t req;
  uv_tcp_t client;

  dial_place_make(&place, DIAL_REFUSES, DIAL_IS_FULL);
  dial_begin(&req, &client, "127.0.0.1", place.port, 20, &end);
  net_until(&end.calls, 1);
  CHECK(end.status == UV_ETIMEDOUT || end.status == UV_ECONNREFUSED);
  CHECK_EQ(end.attempts, 1);
  CHECK_EQ(end.statuses[0], end.status);
  dial_place_end(&place);
  net_end();
}

TEST(x1_limit_is_for_the_lookup_too) {
  uvs_connect_t req;
  uv_tcp_t client;
  struct dial_jam jam;

  dial_jam_begin(&jam);
  dial_begin(&req, &client, "127.0.0.1", "http", 1, &end);
  net_until(&end.calls, 1);
  CHECK_EQ(end.status, UV_ETIMEDOUT);
  CHECK_EQ(end.attempts, 0);
  dial_jam_end(&jam);
  net_end();
}

TEST(x1_cancel_comes_in_the_next_turn) {
  struct dial_place place;
  uvs_connect_t req;
  uv_tcp_t client;

  dial_place_make(&place, DIAL_REFUSES, DIAL_LISTENS);
  dial_begin(&req, &client, "127.0.0.1", place.port, 0, &end);
  CHECK_EQ(uvs_connect_cancel(&req), 0);
  CHECK_EQ(uvs_connect_cancel(&req), UV_EBUSY);
  CHECK_EQ(end.calls, 0);
  uv_run(net_loop(), UV_RUN_NOWAIT);
  CHECK_EQ(end.calls, 1);
  CHECK_EQ(end.status, UV_ECANCELED);
  CHECK_EQ(end.attempts, 1);
  CHECK_EQ(end.statuses[0], UV_ECANCELED);
  net_end();
}

TEST(x1_cancel_does_not_wait_for_a_lookup) {
  uvs_connect_t req;
  uv_tcp_t client;
  struct dial_jam jam;

  dial_jam_begin(&jam);
  dial_begin(&req, &client, "127.0.0.1", "http", 0, &end);
  CHECK_EQ(uvs_connect_cancel(&req), 0);
  uv_run(net_loop(), UV_RUN_NOWAIT);
  CHECK_EQ(end.calls, 1);
  CHECK_EQ(end.status, UV_ECANCELED);
  dial_jam_end(&jam);
  net_end();
}

static void cancel_and_free(uvs_connect_t* req, int status) {
  CHECK_EQ(uvs_connect_cancel(req), UV_EBUSY);
  CHECK_EQ(uvs_connect_attempt(req, uvs_connect_attempts(req), NULL, NULL), UV_EINVAL);
  CHECK_EQ(uvs_connect_attempt(req, 0, NULL, NULL), 0);
  end.status = status;
  end.calls++;
  memset(req, 0xee, sizeof(*req));
}

TEST(x1_request_is_the_callers_from_its_callback_on) {
  struct dial_place place;
  uvs_connect_t req;
  uv_tcp_t client;

  dial_place_make(&place, DIAL_REFUSES, DIAL_LISTENS);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uvs_connect(&req, &client, "127.0.0.1", place.port, 0, cancel_and_free), 0);
  net_until(&end.calls, 1);
  CHECK_EQ(end.status, 0);
  net_end();
}

/* ---- Refused ---- */

TEST(x1_refused) {
  static const char* const no_ports[] = {"", "0", "65536", "99999999999999999999"};
  struct dial_place place;
  uvs_connect_t req;
  uv_tcp_t client;
  uv_pipe_t pipe;
  size_t i;

  dial_place_make(&place, DIAL_REFUSES, DIAL_LISTENS);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &pipe, 0), 0);
  CHECK_EQ(uvs_connect(NULL, &client, "127.0.0.1", "1", 0, dial_note), UV_EINVAL);
  CHECK_EQ(uvs_connect(&req, NULL, "127.0.0.1", "1", 0, dial_note), UV_EINVAL);
  CHECK_EQ(uvs_connect(&req, (uv_tcp_t*) &pipe, "127.0.0.1", "1", 0, dial_note), UV_EINVAL);
  CHECK_EQ(uvs_connect(&req, &client, "127.0.0.1", NULL, 0, dial_note), UV_EINVAL);
  CHECK_EQ(uvs_connect(&req, &client, "", "1", 0, dial_note), UV_EINVAL);
  CHECK_EQ(uvs_connect(&req, &client, "\xff", "1", 0, dial_note), UV_EINVAL);
  for (i = 0; i < sizeof(no_ports) / sizeof(no_ports[0]); i++)
    CHECK_EQ(uvs_connect(&req, &client, "127.0.0.1", no_ports[i], 0, dial_note), UV_EINVAL);
  CHECK_EQ(uv_is_active((uv_handle_t*) &client), 0);
  dial_begin(&req, NULL, "127.0.0.1", place.port, 0, &end);
  CHECK_EQ(uvs_connect(&req, req.handle, "127.0.0.1", place.port, 0, dial_note), UV_EALREADY);
  net_until(&end.calls, 1);
  CHECK_EQ(uvs_connect(&req, req.handle, "127.0.0.1", place.port, 0, dial_note), UV_EISCONN);
  uv_close((uv_handle_t*) &client, NULL);
  CHECK_EQ(uvs_connect(&req, &client, "127.0.0.1", place.port, 0, dial_note), UV_EINVAL);
  net_end();
}

TEST(e1_connect_to_a_name_without_memory) {
  static const char* const services[] = {NULL, "http"};
  struct dial_place place;
  size_t i;

  dial_place_make(&place, DIAL_REFUSES, DIAL_REFUSES);
  for (i = 0; i < 2; i++) {
    int is_over = 0;
    long n;

    for (n = 1; !is_over; n++) {
      uvs_connect_t req;
      uv_tcp_t client;
      int r;

      end.calls = 0;
      end.status = 0;
      CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
      req.data = &end;
      memory_fail_nth(n);
      r = uvs_connect(&req, &client, "127.0.0.1", i == 0 ? place.port : services[i], 0, dial_note);
      if (r == 0)
        net_until(&end.calls, 1);
      memory_fail_nth(0);
      is_over = r == 0 && end.status != UV_ENOMEM && end.status != UV_EAI_MEMORY;
      CHECK(r == 0 || r == UV_ENOMEM);
      CHECK_EQ(end.calls, r == 0);
      net_close((uv_handle_t*) &client);
    }
    CHECK(n > 3);
  }
  net_end();
}
