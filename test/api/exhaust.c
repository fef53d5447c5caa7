/* Running out of descriptors while accepting (rule A4): told once, nothing lost, no spin,
 * and the listener recovers by itself. */
#include "harness.h"
#include "net.h"
#include "uv.h"

#ifndef _WIN32
#  include <fcntl.h>
#  include <sys/resource.h>
#  include <unistd.h>
#endif

enum {
  CLIENTS = 6,
  LIMIT = 64
};

#ifndef _WIN32

static uv_tcp_t clients[CLIENTS];
static uv_tcp_t accepted[CLIENTS];
static uv_connect_t reqs[CLIENTS];
static int connected;
static int shortages;
static int other_errors;
static int claimed;

static void count_connect(uv_connect_t* req, int status) {
  (void) req;
  CHECK_EQ(status, 0);
  connected++;
}

static void claim(uv_stream_t* server, int status) {
  if (status == UV_EMFILE) {
    shortages++;
    return;
  }
  if (status != 0) {
    other_errors++;
    return;
  }
  CHECK(claimed < CLIENTS);
  CHECK_EQ(uv_tcp_init(server->loop, &accepted[claimed]), 0);
  CHECK_EQ(uv_accept(server, (uv_stream_t*) &accepted[claimed]), 0);
  claimed++;
}

static void lower_the_limit(void) {
  struct rlimit limit;

  CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = LIMIT;
  CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void count_async(uv_async_t* async) {
  *(int*) async->data += 1;
}

static int loop_turns;

static void count_turn(uv_prepare_t* prepare) {
  (void) prepare;
  loop_turns++;
}

static int timer_ran;

static void note_timer(uv_timer_t* timer) {
  (void) timer;
  timer_ran++;
}

static void wait_for_timer(uint64_t ms) {
  uv_timer_t timer;

  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, note_timer, ms, 0), 0);
  net_until(&timer_ran, 1);
  net_close((uv_handle_t*) &timer);
}

/* Take all descriptors that are left but `spare`. */
static int hoard(int* hoarded, int spare) {
  int count = 0;
  int fd;

  while ((fd = open("/dev/null", O_RDONLY)) != -1) {
    CHECK(count < LIMIT);
    hoarded[count++] = fd;
  }
  while (spare-- > 0) {
    CHECK(count > 0);
    close(hoarded[--count]);
  }
  return count;
}

static void give_back(int* hoarded, int* count, int how_many) {
  while (how_many-- > 0 && *count > 0) {
    close(hoarded[--*count]);
  }
}

/* As many connects as there are clients, each with a descriptor of its own. */
static void exhaust(uv_tcp_t* server, int* hoarded, int* count) {
  struct sockaddr_in addr;
  int i;

  lower_the_limit();
  addr = net_listen(server, 32, claim);
  net_turns(2);
  *count = hoard(hoarded, CLIENTS);
  for (i = 0; i < CLIENTS; i++) {
    CHECK_EQ(uv_tcp_init(net_loop(), &clients[i]), 0);
    CHECK_EQ(uv_tcp_connect(&reqs[i], &clients[i], (struct sockaddr*) &addr, count_connect), 0);
  }
  net_until(&connected, CLIENTS);
  net_until(&shortages, 1);
}

static int ticks;

static void tick(uv_timer_t* timer) {
  if (++ticks == 10) {
    uv_close((uv_handle_t*) timer, NULL);
  }
}

/* The turns that the loop takes while ten timers of 5 ms run out. */
static int turns_meanwhile(void) {
  uv_timer_t timer;
  int turns = 0;

  ticks = 0;
  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, tick, 5, 5), 0);
  while (ticks < 10) {
    uv_run(net_loop(), UV_RUN_ONCE);
    turns++;
  }
  net_turns(1); /* the timer's close callback */
  return turns;
}

#endif

TEST(a4_exhausted_descriptors_are_told_once_and_nothing_is_lost) {
#ifdef _WIN32
  SKIP("the limit of descriptors cannot be lowered");
#else
  int hoarded[LIMIT];
  uv_tcp_t server;
  int count;

  exhaust(&server, hoarded, &count);
  CHECK_EQ(claimed, 0);
  /* Ten times 5 ms: the listener tries a few times, and neither spins nor repeats itself. */
  CHECK(turns_meanwhile() < 200);
  CHECK_EQ(shortages, 1);
  CHECK_EQ(claimed, 0);

  give_back(hoarded, &count, CLIENTS); /* nobody tells the loop */
  net_until(&claimed, CLIENTS);
  CHECK_EQ(shortages, 1);
  CHECK_EQ(other_errors, 0);
  give_back(hoarded, &count, LIMIT);
  net_end();
#endif
}

TEST(a4_one_descriptor_at_a_time_serves_all) {
#ifdef _WIN32
  SKIP("the limit of descriptors cannot be lowered");
#else
  int hoarded[LIMIT];
  uv_tcp_t server;
  int count;
  int i;

  exhaust(&server, hoarded, &count);
  for (i = 0; i < CLIENTS; i++) {
    give_back(hoarded, &count, 1);
    net_until(&claimed, i + 1);
  }
  CHECK(shortages <= CLIENTS); /* once per episode */
  CHECK_EQ(other_errors, 0);
  give_back(hoarded, &count, LIMIT);
  net_end();
#endif
}

TEST(a4_closing_a_stream_gives_the_listener_its_descriptor) {
#ifdef _WIN32
  SKIP("the limit of descriptors cannot be lowered");
#else
  int hoarded[LIMIT];
  uv_tcp_t server;
  int count;
  int i;

  exhaust(&server, hoarded, &count);
  /* Each closed client frees one descriptor, which one waiting connection takes. */
  for (i = 0; i < CLIENTS; i++) {
    uv_close((uv_handle_t*) &clients[i], NULL);
    net_until(&claimed, i + 1);
  }
  CHECK_EQ(other_errors, 0);
  give_back(hoarded, &count, LIMIT);
  net_end();
#endif
}

TEST(a4_listener_closes_while_it_lacks_descriptors) {
#ifdef _WIN32
  SKIP("the limit of descriptors cannot be lowered");
#else
  int hoarded[LIMIT];
  uv_tcp_t server;
  int count;

  exhaust(&server, hoarded, &count);
  net_closed = 0;
  net_close((uv_handle_t*) &server);
  give_back(hoarded, &count, LIMIT);
  net_turns(3);
  CHECK_EQ(claimed, 0);
  net_end();
#endif
}

TEST(e3_no_descriptor_for_a_new_handle_is_an_error) {
#ifdef _WIN32
  SKIP("the limit of descriptors cannot be lowered");
#else
  struct sockaddr_in any = net_address(0);
  int hoarded[LIMIT];
  uv_loop_t loop;
  uv_tcp_t tcp;
  int count;

  lower_the_limit();
  net_turns(1);
  count = hoard(hoarded, 0);
  CHECK_EQ(uv_tcp_init_ex(net_loop(), &tcp, AF_INET), UV_EMFILE);
  CHECK_EQ(uv_tcp_init(net_loop(), &tcp), 0);
  CHECK_EQ(uv_tcp_bind(&tcp, (struct sockaddr*) &any, 0), UV_EMFILE);
  CHECK_EQ(uv_loop_init(&loop), UV_EMFILE);
  CHECK(uv_loop_new() == NULL);
  give_back(hoarded, &count, LIMIT);
  CHECK_EQ(uv_tcp_bind(&tcp, (struct sockaddr*) &any, 0), 0); /* the handle is as it was */
  net_end();
#endif
}

/* No poller minds that the limit was lowered below what is open already: the loop waits, does not spin,
 * and is told. */
TEST(e1_limit_below_what_is_open) {
#ifdef _WIN32
  SKIP("there is no such limit");
#else
  enum {
    PAIRS = 20
  };
  struct net_sink sinks[PAIRS] = {{0}};
  struct rlimit limit;
  uv_prepare_t turns;
  uv_tcp_t writers[PAIRS];
  uv_tcp_t readers[PAIRS];
  uv_async_t async;
  int woken = 0;
  int i;

  for (i = 0; i < PAIRS; i++) {
    net_pair(&writers[i], &readers[i]);
    net_drain((uv_stream_t*) &readers[i], &sinks[i]);
  }
  CHECK_EQ(uv_async_init(net_loop(), &async, count_async), 0);
  async.data = &woken;
  net_turns(3);
  CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = 8;
  CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  for (i = 0; i < PAIRS; i++) {
    int sent = 0;

    net_send((uv_stream_t*) &writers[i], 100000, 0, &sent);
    net_until_bytes(&sinks[i], 100000);
    net_until(&sent, 1);
  }
  CHECK_EQ(uv_async_send(&async), 0);
  net_until(&woken, 1);
  /* Half a second in which nothing happens has no turn for each moment of it. */
  CHECK_EQ(uv_prepare_init(net_loop(), &turns), 0);
  CHECK_EQ(uv_prepare_start(&turns, count_turn), 0);
  wait_for_timer(500);
  CHECK(loop_turns < 100);
  net_end();
#endif
}
