/* What of the pool cannot be seen from outside: which work is given to a thread, and which has to
 * wait, when a thread is free. */
#include "core/loop/threadpool.h"

#include <stdlib.h>

#include "core/port.h"
#include "harness.h"
#include "thread.h"

enum {
  SLOW = 6,
  MAY_RUN = 2 /* of the 4 threads */
};

struct job {
  struct uv__work work;
  uv_sem_t* leave;
};

static uv_sem_t inside;
static volatile long running;
static int done;

static void wait_to_leave(struct uv__work* work) {
  struct job* job = uv__container_of(work, struct job, work);

  CHECK(test_add(&running, 1) <= MAY_RUN);
  uv_sem_post(&inside);
  uv_sem_wait(job->leave);
  test_add(&running, -1);
}

static void nothing(struct uv__work* work) {
  (void) work;
}

static void count(struct uv__work* work, int status) {
  (void) work;
  CHECK_EQ(status, 0);
  done++;
}

static void run_until(uv_loop_t* loop, int goal) {
  while (done < goal)
    CHECK(uv_run(loop, UV_RUN_ONCE) != 0 || done == goal);
}

TEST(pool_slow_work_takes_half_of_the_threads) {
  static struct job slow[SLOW];
  static struct job fast[20];
  uv_sem_t leave;
  uv_loop_t loop;
  int i;

  CHECK_EQ(uv_loop_init(&loop), 0);
  CHECK_EQ(uv_sem_init(&inside, 0), 0);
  CHECK_EQ(uv_sem_init(&leave, 0), 0);
  for (i = 0; i < SLOW; i++) {
    slow[i].leave = &leave;
    CHECK_EQ(uv__work_submit(&loop, &slow[i].work, UV__WORK_SLOW, wait_to_leave, count), 0);
  }
  for (i = 0; i < MAY_RUN; i++)
    uv_sem_wait(&inside);
  /* Other work gets past what waits. */
  for (i = 0; i < 20; i++)
    CHECK_EQ(uv__work_submit(&loop, &fast[i].work, UV__WORK_CPU, nothing, count), 0);
  run_until(&loop, 20);
  CHECK_EQ(uv__work_cancel(&slow[0].work), UV_EBUSY);
  CHECK_EQ(uv__work_cancel(&slow[1].work), UV_EBUSY);
  /* Everything gets its turn. */
  for (i = 0; i < SLOW; i++)
    uv_sem_post(&leave);
  CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
  CHECK_EQ(done, 20 + SLOW);
  CHECK_EQ(uv_loop_close(&loop), 0);
  uv_library_shutdown();
  uv_sem_destroy(&inside);
  uv_sem_destroy(&leave);
}

static struct job* order[8];
static int ordered;

static void note_order(struct uv__work* work, int status) {
  CHECK_EQ(status, 0);
  order[ordered++] = uv__container_of(work, struct job, work);
  done++;
}

/* With one thread, so that ends come in the order of beginnings. */
TEST(pool_oldest_work_first_of_either_kind) {
  static struct job jobs[8];
  static struct job blocker;
  uv_sem_t leave;
  uv_loop_t loop;
  int i;

#ifdef _WIN32
  CHECK_EQ(_putenv_s("UV_THREADPOOL_SIZE", "1"), 0);
#else
  CHECK_EQ(setenv("UV_THREADPOOL_SIZE", "1", 1), 0);
#endif
  CHECK_EQ(uv_loop_init(&loop), 0);
  CHECK_EQ(uv_sem_init(&inside, 0), 0);
  CHECK_EQ(uv_sem_init(&leave, 0), 0);
  blocker.leave = &leave;
  CHECK_EQ(uv__work_submit(&loop, &blocker.work, UV__WORK_CPU, wait_to_leave, count), 0);
  uv_sem_wait(&inside);
  for (i = 0; i < 8; i++)
    CHECK_EQ(uv__work_submit(&loop, &jobs[i].work, i % 3 == 0 ? UV__WORK_SLOW : UV__WORK_CPU,
                             nothing, note_order),
             0);
  uv_sem_post(&leave);
  CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
  CHECK_EQ(done, 9);
  for (i = 0; i < 8; i++)
    CHECK(order[i] == &jobs[i]);
  CHECK_EQ(uv_loop_close(&loop), 0);
  uv_library_shutdown();
  uv_sem_destroy(&inside);
  uv_sem_destroy(&leave);
}
