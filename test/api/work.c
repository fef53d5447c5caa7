/* The work queue: work runs elsewhere, ends here, once, and can be taken back (rules L1 to L3). */
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "memory.h"
#include "net.h"
#include "thread.h"
#include "uv.h"

enum {
  POOL = 4,
  MANY = 500
};

static uv_thread_t main_thread;
static int done;

static void run_elsewhere(uv_work_t* req) {
  uv_thread_t self = uv_thread_self();

  CHECK(!uv_thread_equal(&self, &main_thread));
  test_add(req->data, 1);
}

static void after(uv_work_t* req, int status) {
  uv_thread_t self = uv_thread_self();

  CHECK(uv_thread_equal(&self, &main_thread));
  CHECK_EQ(status, 0);
  CHECK_EQ(test_load(req->data), 1);
  done++;
}

TEST(work_runs_on_another_thread_and_ends_on_ours) {
  volatile long ran = 0;
  uv_work_t work;

  main_thread = uv_thread_self();
  work.data = (void*) &ran;
  CHECK_EQ(uv_loop_alive(net_loop()), 0);
  CHECK_EQ(uv_queue_work(net_loop(), &work, run_elsewhere, after), 0);
  CHECK_EQ(work.type, UV_WORK);
  CHECK(work.loop == net_loop());
  CHECK(work.work_cb == run_elsewhere);
  CHECK(work.after_work_cb == after);
  CHECK_EQ(uv_loop_alive(net_loop()), 1);
  CHECK_EQ(uv_loop_close(net_loop()), UV_EBUSY);
  CHECK_EQ(done, 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(done, 1);
  CHECK_EQ(uv_loop_alive(net_loop()), 0);
  net_end();
}

/* As much as any thread has, also where the C library gives a thread little of itself. */
static void use_stack(uv_work_t* req) {
  volatile char big[512 * 1024];
  size_t i;

  for (i = 0; i < sizeof(big); i += 512)
    big[i] = (char) i;
  test_add(req->data, 1 + big[512]);
}

TEST(work_has_room_on_its_stack) {
  volatile long ran = 0;
  uv_work_t work;

  main_thread = uv_thread_self();
  work.data = (void*) &ran;
  CHECK_EQ(uv_queue_work(net_loop(), &work, use_stack, after), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(done, 1);
  net_end();
}

TEST(work_without_an_end) {
  volatile long ran = 0;
  uv_work_t work;

  main_thread = uv_thread_self();
  work.data = (void*) &ran;
  CHECK_EQ(uv_queue_work(net_loop(), &work, run_elsewhere, NULL), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(ran, 1);
  net_end();
}

TEST(work_without_work_is_refused) {
  uv_work_t work;

  CHECK_EQ(uv_queue_work(net_loop(), &work, NULL, after), UV_EINVAL);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(done, 0);
  net_end();
}

TEST(l2_each_of_many_works_ends_once) {
  static uv_work_t works[MANY];
  static volatile long ran[MANY];
  int i;

  main_thread = uv_thread_self();
  for (i = 0; i < MANY; i++) {
    works[i].data = (void*) &ran[i];
    CHECK_EQ(uv_queue_work(net_loop(), &works[i], run_elsewhere, after), 0);
  }
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(done, MANY);
  net_end();
}

static void queue_next(uv_work_t* req, int status) {
  CHECK_EQ(status, 0);
  if (++done < 20) {
    *(volatile long*) req->data = 0;
    CHECK_EQ(uv_queue_work(req->loop, req, run_elsewhere, queue_next), 0);
  }
}

TEST(work_may_be_queued_again_from_its_end) {
  volatile long ran = 0;
  uv_work_t work;

  main_thread = uv_thread_self();
  work.data = (void*) &ran;
  CHECK_EQ(uv_queue_work(net_loop(), &work, run_elsewhere, queue_next), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(done, 20);
  net_end();
}

static void count_handle(uv_handle_t* handle, void* arg) {
  (void) handle;
  ++*(int*) arg;
}

static void check_hidden(uv_work_t* req, int status) {
  int handles = 0;

  (void) status;
  done++;
  uv_walk(req->loop, count_handle, &handles);
  CHECK_EQ(handles, 0);
  CHECK_EQ(uv_loop_alive(req->loop), 0); /* It is over as far as the loop is concerned. */
}

TEST(work_brings_no_handle) {
  volatile long ran = 0;
  uv_loop_t loop;
  uv_work_t work;
  int handles = 0;

  main_thread = uv_thread_self();
  CHECK_EQ(uv_loop_init(&loop), 0);
  work.data = (void*) &ran;
  CHECK_EQ(uv_queue_work(&loop, &work, run_elsewhere, check_hidden), 0);
  uv_walk(&loop, count_handle, &handles);
  CHECK_EQ(handles, 0);
  CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
  CHECK_EQ(done, 1);
  CHECK_EQ(uv_loop_close(&loop), 0);
}

/* A loop that is closed and gone as soon as it can be: nobody may look at it then. */
TEST(l3_loop_may_go_right_after_its_work) {
  int i;

  main_thread = uv_thread_self();
  for (i = 0; i < 200; i++) {
    volatile long ran = 0;
    uv_loop_t* loop = uv_loop_new();
    uv_work_t work;

    CHECK(loop != NULL);
    work.data = (void*) &ran;
    CHECK_EQ(uv_queue_work(loop, &work, run_elsewhere, after), 0);
    while (uv_run(loop, UV_RUN_NOWAIT) != 0)
      test_thread_yield();
    CHECK_EQ(done, i + 1);
    uv_loop_delete(loop);
  }
}

static void run_loop_with_work(void* arg) {
  volatile long ran = 0;
  uv_loop_t loop;
  uv_work_t work;
  int i;

  (void) arg;
  CHECK_EQ(uv_loop_init(&loop), 0);
  for (i = 0; i < 50; i++) {
    ran = 0;
    work.data = (void*) &ran;
    CHECK_EQ(uv_queue_work(&loop, &work, run_elsewhere, NULL), 0);
    CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
    CHECK_EQ(ran, 1);
  }
  CHECK_EQ(uv_loop_close(&loop), 0);
}

TEST(work_of_several_loops) {
  uv_thread_t threads[3];
  int i;

  main_thread = uv_thread_self();
  for (i = 0; i < 3; i++)
    CHECK_EQ(uv_thread_create(&threads[i], run_loop_with_work, NULL), 0);
  for (i = 0; i < 3; i++)
    CHECK_EQ(uv_thread_join(&threads[i]), 0);
}

/* ---- Full pools and cancelling ---- */

static uv_sem_t inside; /* posted by each that occupies a thread */
static uv_sem_t leave;

static void occupy(uv_work_t* req) {
  (void) req;
  uv_sem_post(&inside);
  uv_sem_wait(&leave);
}

static void count_done(uv_work_t* req, int status) {
  (void) req;
  CHECK_EQ(status, 0);
  done++;
}

/* Takes all threads of the pool until release_pool. */
static void fill_pool(uv_work_t* works, int size) {
  int i;

  CHECK_EQ(uv_sem_init(&inside, 0), 0);
  CHECK_EQ(uv_sem_init(&leave, 0), 0);
  for (i = 0; i < size; i++)
    CHECK_EQ(uv_queue_work(net_loop(), &works[i], occupy, count_done), 0);
  for (i = 0; i < size; i++)
    uv_sem_wait(&inside);
}

static void release_pool(int size) {
  int i;

  for (i = 0; i < size; i++)
    uv_sem_post(&leave);
}

static void empty_pool(void) {
  uv_sem_destroy(&inside);
  uv_sem_destroy(&leave);
}

static void never(uv_work_t* req) {
  (void) req;
  FAIL("work that was taken back ran");
}

static void note_status(uv_work_t* req, int status) {
  *(int*) req->data = status;
}

TEST(pool_has_four_threads) {
  uv_work_t works[POOL + 1];
  volatile long ran = 0;

  main_thread = uv_thread_self();
  fill_pool(works, POOL); /* hangs when there are fewer */
  works[POOL].data = (void*) &ran;
  CHECK_EQ(uv_queue_work(net_loop(), &works[POOL], run_elsewhere, count_done), 0);
  net_turns(20);
  CHECK_EQ(test_load(&ran), 0); /* and it would run when there were more */
  release_pool(POOL);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(done, POOL + 1);
  empty_pool();
  net_end();
}

static void check_pool_size(const char* text, int size) {
  uv_work_t works[16];
  uv_work_t extra;
  int status = 1;

  done = 0;
  CHECK_EQ(uv_os_setenv("UV_THREADPOOL_SIZE", text), 0);
  fill_pool(works, size);
  extra.data = &status;
  CHECK_EQ(uv_queue_work(net_loop(), &extra, never, note_status), 0);
  CHECK_EQ(uv_cancel((uv_req_t*) &extra), 0);
  release_pool(size);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(done, size);
  CHECK_EQ(status, UV_ECANCELED);
  empty_pool();
  net_end();
  uv_library_shutdown(); /* The next use starts a pool of another size. */
}

TEST(pool_size_is_that_of_the_environment) {
  check_pool_size("1", 1);
  check_pool_size("7", 7);
  check_pool_size("0", 1);
  check_pool_size("-3", 1);
  check_pool_size("nonsense", 1);
}

TEST(cancel_work_that_waits) {
  uv_work_t works[POOL];
  uv_work_t queued[3];
  int statuses[3] = {1, 1, 1};
  int i;

  fill_pool(works, POOL);
  for (i = 0; i < 3; i++) {
    queued[i].data = &statuses[i];
    CHECK_EQ(uv_queue_work(net_loop(), &queued[i], never, note_status), 0);
  }
  for (i = 0; i < 3; i++) {
    CHECK_EQ(uv_cancel((uv_req_t*) &queued[i]), 0);
    CHECK_EQ(statuses[i], 1);                              /* not from inside the call */
    CHECK_EQ(uv_cancel((uv_req_t*) &queued[i]), UV_EBUSY); /* once is enough */
  }
  /* The callbacks need no thread of the pool to become free. */
  while (statuses[2] == 1)
    CHECK(uv_run(net_loop(), UV_RUN_ONCE) != 0);
  for (i = 0; i < 3; i++)
    CHECK_EQ(statuses[i], UV_ECANCELED);
  CHECK_EQ(done, 0);
  release_pool(POOL);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(done, POOL);
  empty_pool();
  net_end();
}

TEST(cancel_work_that_runs_or_is_over) {
  uv_work_t works[POOL];
  int i;

  fill_pool(works, POOL);
  for (i = 0; i < POOL; i++)
    CHECK_EQ(uv_cancel((uv_req_t*) &works[i]), UV_EBUSY);
  release_pool(POOL);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(done, POOL);
  for (i = 0; i < POOL; i++)
    CHECK_EQ(uv_cancel((uv_req_t*) &works[i]), UV_EBUSY);
  empty_pool();
  net_end();
}

static uv_work_t victim;

static void cancel_victim(uv_work_t* req, int status) {
  (void) req;
  CHECK_EQ(status, 0);
  if (done++ == 0)
    CHECK_EQ(uv_cancel((uv_req_t*) &victim), 0);
}

/* The thread that finished its work is kept inside the next, so that the victim waits still. */
TEST(cancel_from_the_end_of_other_work) {
  uv_work_t works[POOL];
  uv_work_t next;
  int status = 1;

  fill_pool(works, POOL);
  works[0].after_work_cb = works[1].after_work_cb = cancel_victim;
  works[2].after_work_cb = works[3].after_work_cb = cancel_victim;
  CHECK_EQ(uv_queue_work(net_loop(), &next, occupy, count_done), 0);
  victim.data = &status;
  CHECK_EQ(uv_queue_work(net_loop(), &victim, never, note_status), 0);
  release_pool(1);
  while (status == 1)
    CHECK(uv_run(net_loop(), UV_RUN_ONCE) != 0);
  CHECK_EQ(status, UV_ECANCELED);
  release_pool(POOL);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(done, POOL + 1);
  empty_pool();
  net_end();
}

static int named;
static int last_named;

static void count_name(uv_getnameinfo_t* req, int status, const char* host, const char* service) {
  (void) req;
  (void) host;
  (void) service;
  CHECK(status == 0 || status == UV_EAI_CANCELED);
  last_named = status;
  named++;
}

static int found;

static void note_cancelled(uv_getaddrinfo_t* req, int status, struct addrinfo* res) {
  CHECK_EQ(status, UV_EAI_CANCELED);
  CHECK_EQ(req->retcode, UV_EAI_CANCELED);
  CHECK(res == NULL);
  found++;
}

TEST(cancel_lookups) {
  struct sockaddr_in addr = net_address(80);
  uv_getaddrinfo_t unused;
  uv_getaddrinfo_t other;
  uv_getnameinfo_t lookup;
  uv_work_t works[POOL];

  fill_pool(works, POOL);
  CHECK_EQ(uv_getnameinfo(net_loop(), &lookup, count_name, (struct sockaddr*) &addr,
                          NI_NUMERICHOST | NI_NUMERICSERV),
           0);
  CHECK_EQ(uv_getaddrinfo(net_loop(), &other, note_cancelled, "localhost", NULL, NULL), 0);
  CHECK_EQ(uv_cancel((uv_req_t*) &lookup), 0);
  CHECK_EQ(uv_cancel((uv_req_t*) &other), 0);
  while (named == 0 || found == 0)
    CHECK(uv_run(net_loop(), UV_RUN_ONCE) != 0);
  CHECK_EQ(last_named, UV_EAI_CANCELED);
  CHECK_EQ(uv_getnameinfo(net_loop(), &lookup, count_name, (struct sockaddr*) &addr,
                          NI_NUMERICHOST | NI_NUMERICSERV),
           0);
  release_pool(POOL);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(named, 2);
  CHECK_EQ(done, POOL);
  CHECK_EQ(uv_getaddrinfo(net_loop(), &unused, NULL, NULL, NULL, NULL), UV_EINVAL);
  empty_pool();
  net_end();
}

/* ---- Running out ---- */

TEST(e1_work_without_memory_for_a_pool) {
  volatile long ran = 0;
  uv_work_t work;
  long n;

  main_thread = uv_thread_self();
  (void) net_loop();
  work.data = (void*) &ran;
  for (n = 1;; n++) { /* the pool, then what a thread begins with */
    int r;

    memory_fail_nth(n);
    r = uv_queue_work(net_loop(), &work, run_elsewhere, after);
    memory_fail_nth(0);
    if (r == 0)
      break;
    CHECK_EQ(r, UV_ENOMEM);
    CHECK_EQ(uv_cancel((uv_req_t*) &work), UV_EBUSY); /* It is nowhere. */
    CHECK_EQ(uv_loop_alive(net_loop()), 0);
  }
  CHECK(n > 1);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(done, 1);
  net_end();
}

/* With one thread there, others are a luxury. */
TEST(e1_work_goes_on_with_the_threads_there_are) {
  static uv_work_t works[20];
  static volatile long ran[20];
  int i;

  main_thread = uv_thread_self();
  for (i = 0; i < 20; i++) {
    works[i].data = (void*) &ran[i];
    memory_fail_all(i > 0);
    CHECK_EQ(uv_queue_work(net_loop(), &works[i], run_elsewhere, after), 0);
    memory_fail_all(0);
  }
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(done, 20);
  net_end();
}

TEST(pool_ends_with_the_library_and_starts_again) {
  volatile long ran = 0;
  uv_work_t work;
  int i;

  main_thread = uv_thread_self();
  uv_library_shutdown(); /* There was none. */
  for (i = 1; i <= 3; i++) {
    ran = 0;
    work.data = (void*) &ran;
    CHECK_EQ(uv_queue_work(net_loop(), &work, run_elsewhere, after), 0);
    CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
    CHECK_EQ(done, i);
    net_end();
    CHECK(memory_live() > 0);
    uv_library_shutdown();
    CHECK_EQ(memory_live(), 0);
  }
}

struct brief {
  uv_loop_t loop;
  uv_work_t work;
  uv_idle_t idle;
};

static void do_nothing(uv_work_t* req) {
  (void) req;
}

static void go_round(uv_idle_t* idle) {
  (void) idle;
}

static void end_brief(uv_work_t* req, int status) {
  struct brief* brief = req->data;

  CHECK_EQ(status, 0);
  uv_close((uv_handle_t*) &brief->idle, NULL);
}

/* The thread of the pool may still be on its way out when the loop, and its memory, are gone. */
TEST(work_may_be_the_last_of_its_loop) {
  int round;

  for (round = 0; round < 300; round++) {
    struct brief* brief = malloc(sizeof *brief);

    CHECK(brief != NULL);
    CHECK_EQ(uv_loop_init(&brief->loop), 0);
    CHECK_EQ(uv_idle_init(&brief->loop, &brief->idle), 0);
    CHECK_EQ(uv_idle_start(&brief->idle, go_round), 0);
    brief->work.data = brief;
    CHECK_EQ(uv_queue_work(&brief->loop, &brief->work, do_nothing, end_brief), 0);
    CHECK_EQ(uv_run(&brief->loop, UV_RUN_DEFAULT), 0);
    CHECK_EQ(uv_loop_close(&brief->loop), 0);
    memset(brief, 0xdd, sizeof *brief);
    free(brief);
  }
  net_end();
}
