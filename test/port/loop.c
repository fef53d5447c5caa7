/* The operations of a loop: polling, waking, the clock; and law 4, no allocation. */
#include "driver.h"
#include "memory.h"
#include "native.h"
#include "thread.h"

TEST(now_never_goes_back) {
  EACH_KIND(k) {
    uint64_t last = uv__port_now(loop);
    int i;

    (void) k;
    for (i = 0; i < 1000; i++) {
      uint64_t now;

      if (i % 100 == 0)
        uv__port_poll(loop, 1);
      now = uv__port_now(loop);
      CHECK(now >= last);
      last = now;
    }
  }
}

TEST(poll_zero_only_looks) {
  EACH_KIND(k) {
    int i;

    (void) k;
    /* That it returns is the test: there is nothing it could be waiting for. */
    for (i = 0; i < 100; i++)
      turn(0);
    CHECK(uv__queue_empty(&loop->ready));
  }
}

/* Poll may return early; a loop that slept for 1 ms of 20 and then found nothing due would
 * still burn the processor. So early returns are allowed now and then, not as a habit. */
TEST(poll_sleeps_as_long_as_it_was_told) {
  EACH_KIND(k) {
    static const int waits_ms[] = {1, 2, 3, 5, 10, 20};
    int i, early = 0;

    (void) k;
    for (i = 0; i < 18; i++) {
      uint64_t begin = uv__port_now(loop);
      int wait_ms = waits_ms[i % 6];

      turn(wait_ms);
      if (uv__port_now(loop) - begin + 1 < (uint64_t) wait_ms)
        early++;
    }
    CHECK(early <= 4);
    CHECK(polls_during(30) <= 6);
  }
}

TEST(poll_returns_for_news) {
  EACH_KIND(k) {
    struct stream *a, *b;

    make_pair(k, &a, &b);
    arm_dry(a);
    CHECK_EQ(write_byte(b, 'n'), 0);
    while (rings(a, UV__READ) == 0)
      turn(-1);
    stream_end(a);
    stream_end(b);
  }
}

TEST(wake_before_poll) {
  EACH_KIND(k) {
    (void) k;
    uv__port_wake(loop);
    turn(-1);
    CHECK(uv__queue_empty(&loop->ready));
  }
}

TEST(wake_coalesces_and_is_used_up) {
  EACH_KIND(k) {
    int i;

    (void) k;
    /* More than a pipe or a completion port should have to hold. */
    for (i = 0; i < 100000; i++)
      uv__port_wake(loop);
    turn(-1);
    CHECK(polls_during(40) <= 20);
  }
}

TEST(wake_does_not_ring_anybody) {
  EACH_KIND(k) {
    struct stream *a, *b;

    make_pair(k, &a, &b);
    arm_dry(a);
    settle();
    uv__port_wake(loop);
    turn(-1);
    CHECK_EQ(rings(a, UV__READ), 0);
    stream_end(a);
    stream_end(b);
  }
}

static volatile long woken;

static void wake_fifty_times(void* arg) {
  long i;

  for (i = 0; i < 50; i++) {
    while (test_load(&woken) < i)
      test_thread_yield();
    uv__port_wake((uv_loop_t*) arg);
  }
}

/* Each of these polls would wait for ever if a wake-up got lost. */
TEST(wake_from_another_thread) {
  EACH_KIND(k) {
    struct test_thread* thread;
    int i;

    (void) k;
    if (!native_threads)
      SKIP("a simulated loop belongs to one thread");
    test_add(&woken, -test_load(&woken));
    thread = test_thread_start(wake_fifty_times, loop);
    for (i = 0; i < 50; i++) {
      turn(-1);
      test_add(&woken, 1);
    }
    test_thread_join(thread);
  }
}

TEST(two_loops_do_not_meet) {
  EACH_KIND(k) {
    uv_loop_t* first = loop;
    uv_loop_t second = {0};
    struct stream *a, *b;

    make_pair(k, &a, &b);
    arm_dry(a);
    uv__queue_init(&second.ready);
    CHECK_EQ(uv__port_start(&second), 0);
    uv__port_wake(&second);
    CHECK_EQ(write_byte(b, '1'), 0);
    loop = &second;
    turn(-1);
    CHECK(uv__queue_empty(&second.ready));
    loop = first;
    await(a, UV__READ);
    uv__port_stop(&second);
    stream_end(a);
    stream_end(b);
  }
}

/* Law 4. */
TEST(law4_no_allocation_on_the_data_path) {
  EACH_KIND(k) {
    struct stream* listener = make_listener(k);
    struct stream *a, *b;
    struct stream* waiting;
    struct uv__desc desc;
    uv_buf_t one = uv_buf_init("t", 1);
    char byte = 0;
    long calls;
    int i;

    CHECK_EQ(accept_start(listener, &desc), UV_EAGAIN);
    a = make_client(listener);
    b = accept_stream(listener);
    settle();
    waiting = make_client(listener);
    while (write_start(a, &one, 1, UV__TRY) == UV_EAGAIN) /* The first try may make room. */
      turn(1);
    CHECK_EQ(read_byte(b), 't');

    calls = memory_calls();
    for (i = 0; i < 100; i++) {
      (void) arm(b);
      CHECK_EQ(write_byte(a, 'a'), 0);
      disarm(b);
      CHECK_EQ(read_byte(b), 'a');
      b->rings[0] = 0;
    }
    (void) write_full(a);
    while (read_now(b, &byte, 1) == UV_EAGAIN)
      turn(1);
    CHECK_EQ(collect(b, UV__SHUTDOWN, start(b, UV__SHUTDOWN, NULL)), 0);
    uv__port_wake(loop);
    turn(-1);
    while (accept_start(listener, &desc) == UV_EAGAIN)
      await(listener, UV__ACCEPT);
    uv__port_discard(&desc);
    stream_end(a);
    stream_end(b);
    stream_end(waiting);
    stream_end(listener);
    CHECK_EQ(memory_calls(), calls);
  }
}

/* The allocation half of rule E1, seen from the port: what fails leaves nothing behind. */
TEST(allocation_failures_leave_nothing_behind) {
  EACH_KIND(k) {
    long n;

    for (n = 1;; n++) {
      uv_loop_t other = {0};
      long calls = memory_calls();
      int r;

      CHECK(n < 100);
      uv__queue_init(&other.ready);
      memory_fail_nth(n);
      r = uv__port_start(&other);
      memory_fail_nth(0);
      if (r == 0) {
        uv__port_stop(&other);
        CHECK(memory_calls() - calls < n);
        break;
      }
      CHECK_EQ(r, UV_ENOMEM);
    }
    for (n = 1;; n++) {
      struct stream* s = stream_new(k);
      int r;

      CHECK(n < 100);
      memory_fail_nth(n);
      r = k->open(s);
      memory_fail_nth(0);
      CHECK(r == 0 || r == UV_ENOMEM);
      stream_end(s);
      if (r == 0)
        break;
    }
  }
}
