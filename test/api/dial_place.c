/* What dial.h declares. */
#include "dial.h"

#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "net.h"

/* ---- A port on both loopbacks ---- */

/* Nobody is claimed: a connection is one when the system says so. */
static void ignore_connection(uv_stream_t* server, int status) {
  (void) server;
  (void) status;
}

static uv_loop_t* loop_of(struct dial_place* place, enum dial_what what) {
  return what == DIAL_IS_FULL ? &place->still : net_loop();
}

static int bind_to(uv_tcp_t* handle, const char* ip, int port) {
  struct sockaddr_in6 six;
  struct sockaddr_in four;

  if (uv_ip4_addr(ip, port, &four) == 0)
    return uv_tcp_bind(handle, (struct sockaddr*) &four, 0);
  CHECK_EQ(uv_ip6_addr(ip, port, &six), 0);
  return uv_tcp_bind(handle, (struct sockaddr*) &six, UV_TCP_IPV6ONLY);
}

static void ignore_connect(uv_connect_t* req, int status) {
  (void) req;
  (void) status;
}

/* Its room is taken by clients that stay. */
static void fill(struct dial_place* place, const char* ip) {
  struct sockaddr_storage addr;
  int i;

  if (uv_ip4_addr(ip, place->number, (struct sockaddr_in*) &addr) != 0)
    CHECK_EQ(uv_ip6_addr(ip, place->number, (struct sockaddr_in6*) &addr), 0);
  for (i = 0; i < DIAL_FILLERS; i++) {
    CHECK_EQ(uv_tcp_init(net_loop(), &place->fillers[i]), 0);
    CHECK_EQ(uv_tcp_connect(&place->filling[i], &place->fillers[i], (struct sockaddr*) &addr,
                            ignore_connect),
             0);
  }
  net_turns(5);
}

static void put(struct dial_place* place, uv_tcp_t* handle, enum dial_what what, const char* ip) {
  if (what == DIAL_REFUSES)
    return;
  CHECK_EQ(uv_tcp_simultaneous_accepts(handle, 0), 0);
  CHECK_EQ(uv_listen((uv_stream_t*) handle, what == DIAL_IS_FULL ? 1 : 128, ignore_connection), 0);
  if (what == DIAL_IS_FULL)
    fill(place, ip);
  else
    uv_unref((uv_handle_t*) handle);
}

/* The system chooses at 127.0.0.1; at the other address the port may be somebody's. */
void dial_place_make(struct dial_place* place, enum dial_what six, enum dial_what four) {
  int has_ipv6 = net_has_ipv6();
  int is_whole = 0;

  CHECK_EQ(uv_loop_init(&place->still), 0);
  while (!is_whole) {
    struct sockaddr_in6 probe;
    int len = sizeof(probe);
    int r = 0;

    CHECK_EQ(uv_tcp_init(loop_of(place, four), &place->four), 0);
    CHECK_EQ(bind_to(&place->four, "127.0.0.1", 0), 0);
    place->number = ntohs(net_bound_to(&place->four).sin_port);
    if (has_ipv6) {
      CHECK_EQ(uv_tcp_init(loop_of(place, six), &place->six), 0);
      r = bind_to(&place->six, "::1", place->number);
      if (r == 0) /* Where a conflict is told late. */
        r = uv_tcp_getsockname(&place->six, (struct sockaddr*) &probe, &len);
    }
    is_whole = r == 0;
    if (!is_whole) {
      uv_close((uv_handle_t*) &place->four, NULL);
      uv_close((uv_handle_t*) &place->six, NULL);
      net_turns(3);
      uv_run(&place->still, UV_RUN_NOWAIT);
    }
  }
  snprintf(place->port, sizeof(place->port), "%d", place->number);
  if (has_ipv6)
    put(place, &place->six, six, "::1");
  put(place, &place->four, four, "127.0.0.1");
  if (six != DIAL_IS_FULL && four != DIAL_IS_FULL)
    CHECK_EQ(uv_loop_close(&place->still), 0);
}

void dial_place_end(struct dial_place* place) {
  int i;

  for (i = 0; i < DIAL_FILLERS; i++)
    if (!uv_is_closing((uv_handle_t*) &place->fillers[i]))
      uv_close((uv_handle_t*) &place->fillers[i], NULL);
  if (place->six.loop == &place->still)
    uv_close((uv_handle_t*) &place->six, NULL);
  if (place->four.loop == &place->still)
    uv_close((uv_handle_t*) &place->four, NULL);
  CHECK_EQ(uv_run(&place->still, UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_loop_close(&place->still), 0);
}

/* ---- What a callback was told ---- */

void dial_note(uvs_connect_t* req, int status) {
  struct dial_end* end = req->data;
  unsigned i;

  CHECK_EQ(req->type, UV_CONNECT);
  end->calls++;
  end->status = status;
  end->attempts = uvs_connect_attempts(req);
  CHECK(end->attempts <= sizeof(end->statuses) / sizeof(end->statuses[0]));
  for (i = 0; i < end->attempts; i++) {
    struct sockaddr_storage addr;

    CHECK_EQ(uvs_connect_attempt(req, i, &addr, &end->statuses[i]), 0);
    CHECK_EQ(uv_ip_name((struct sockaddr*) &addr, end->names[i], sizeof(end->names[i])), 0);
    end->ports[i] = ntohs(((struct sockaddr_in*) &addr)->sin_port);
    end->zones[i] =
        addr.ss_family == AF_INET6 ? (unsigned) ((struct sockaddr_in6*) &addr)->sin6_scope_id : 0;
  }
  if (status == 0) {
    CHECK(end->attempts > 0);
    CHECK_EQ(uv_is_readable((uv_stream_t*) req->handle), 1);
  }
}

void dial_begin(uvs_connect_t* req,
                uv_tcp_t* client,
                const char* node,
                const char* service,
                uint64_t timeout_ms,
                struct dial_end* end) {
  static uv_tcp_t own;

  if (client == NULL)
    client = &own;
  memset(end, 0, sizeof(*end));
  req->data = end;
  CHECK_EQ(uv_tcp_init(net_loop(), client), 0);
  CHECK_EQ(uvs_connect(req, client, node, service, timeout_ms, dial_note), 0);
}

int dial_peer_port(const uv_tcp_t* handle) {
  struct sockaddr_storage addr;
  int len = sizeof(addr);

  CHECK_EQ(uv_tcp_getpeername(handle, (struct sockaddr*) &addr, &len), 0);
  return ntohs(((struct sockaddr_in*) &addr)->sin_port);
}

/* ---- A pool without a free thread ---- */

static void wait_in_pool(uv_work_t* work) {
  struct dial_jam* jam = work->data;

  uv_sem_wait(&jam->sem);
}

static void count_work(uv_work_t* work, int status) {
  struct dial_jam* jam = work->data;

  CHECK_EQ(status, 0);
  jam->done++;
}

void dial_jam_begin(struct dial_jam* jam) {
  size_t i;

  jam->done = 0;
  CHECK_EQ(uv_sem_init(&jam->sem, 0), 0);
  for (i = 0; i < sizeof(jam->works) / sizeof(jam->works[0]); i++) {
    jam->works[i].data = jam;
    CHECK_EQ(uv_queue_work(net_loop(), &jam->works[i], wait_in_pool, count_work), 0);
  }
}

void dial_jam_end(struct dial_jam* jam) {
  int count = (int) (sizeof(jam->works) / sizeof(jam->works[0]));
  int i;

  for (i = 0; i < count; i++)
    uv_sem_post(&jam->sem);
  net_until(&jam->done, count);
  uv_sem_destroy(&jam->sem);
}
