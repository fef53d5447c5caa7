/* The work queue: threads that run what would hold up a loop, and the way back to the loop.
 * There is one pool for the process. A thread starts when there is work and nobody idle. */
#include "core/loop/threadpool.h"

#include <stdlib.h>

#include "core/base/alloc.h"
#include "core/base/atomic.h"
#include "core/base/queue.h"
#include "core/loop/loop.h"

enum {
  DEFAULT_THREADS = 4,
  MOST_THREADS = 1024
};

/* uv__work.state. */
enum state {
  WAITING, /* in one of the two queues */
  RUNNING,
  ENDED /* in loop->work_done, or called back */
};

/* Everything in here is guarded by the mutex, and so are the fields of queued work and each
 * loop's work_done. */
static struct {
  uv_mutex_t mutex;
  uv_cond_t work_came;
  struct uv__queue fast; /* of struct uv__work, oldest first */
  struct uv__queue slow;
  struct uv__queue running;
  struct uv__queue lost; /* of the parent, after a fork */
  uint64_t next_ticket;
  uv_thread_t* threads;
  unsigned int most; /* room in `threads` */
  unsigned int started;
  unsigned int idle;   /* wait for work_came */
  unsigned int queued; /* length of fast and slow */
  unsigned int slow_running;
  int stopping;
} pool;

static uv_once_t pool_once = UV_ONCE_INIT;
static int pool_error;  /* why there can be no pool at all */
static int pool_exists; /* atomic */

static struct uv__work* head(const struct uv__queue* q) {
  return uv__queue_empty(q) ? NULL : uv__container_of(uv__queue_head(q), struct uv__work, link);
}

/* ---- Forking ---- */

/* The child has none of the threads. Holding the lock over the fork means that everything else in
 * here is whole. */
static void before_fork(void) {
  uv_mutex_lock(&pool.mutex);
}

static void after_fork_in_parent(void) {
  uv_mutex_unlock(&pool.mutex);
}

static void append(struct uv__queue* to, struct uv__queue* from) {
  while (!uv__queue_empty(from)) {
    struct uv__queue* link = uv__queue_head(from);
    uv__queue_remove(link);
    uv__queue_insert_tail(to, link);
  }
}

static void after_fork_in_child(void) {
  /* What runs is run by nobody here, what waits is the parent's to do. Nothing of it is looked
   * at: the loop it belongs to may never be used in the child (uv__work_fork). */
  append(&pool.lost, &pool.running);
  append(&pool.lost, &pool.fast);
  append(&pool.lost, &pool.slow);
  pool.started = 0;
  pool.idle = 0;
  pool.queued = 0;
  pool.slow_running = 0;
  /* Made anew and not destroyed, which would wait for waiters that do not exist. */
  (void) uv_cond_init(&pool.work_came);
  uv_mutex_unlock(&pool.mutex);
}

/* ---- Life ---- */

static void make_pool(void) {
  uv__queue_init(&pool.fast);
  uv__queue_init(&pool.slow);
  uv__queue_init(&pool.running);
  uv__queue_init(&pool.lost);
  pool_error = uv_mutex_init(&pool.mutex);
  if (pool_error < 0)
    return;
  pool_error = uv_cond_init(&pool.work_came);
  if (pool_error == 0) {
    pool_error = uv__port_at_fork(before_fork, after_fork_in_parent, after_fork_in_child);
    uv__atomic_store(&pool_exists, pool_error == 0);
    if (pool_error == 0)
      return;
    uv_cond_destroy(&pool.work_came);
  }
  uv_mutex_destroy(&pool.mutex);
}

/* Of the environment that uv_os_setenv changes: the C library's may be another one. 0: without memory
 * nobody knows. */
static unsigned int wanted_threads(void) {
  char text[32];
  size_t size = sizeof(text);
  int r = uv_os_getenv("UV_THREADPOOL_SIZE", text, &size);
  long number = r == 0 ? strtol(text, NULL, 10) : DEFAULT_THREADS;

  if (r == UV_ENOMEM)
    return 0;
  if (number < 1)
    return 1;
  return number > MOST_THREADS ? MOST_THREADS : (unsigned int) number;
}

/* ---- What a thread does ---- */

static int slow_may_run(void) {
  return pool.slow_running < (pool.most + 1) / 2;
}

/* The oldest work that may start now, as running; NULL when there is none. */
static struct uv__work* take(void) {
  struct uv__work* work = head(&pool.fast);
  struct uv__work* slow = slow_may_run() ? head(&pool.slow) : NULL;

  if (slow != NULL && (work == NULL || slow->ticket < work->ticket))
    work = slow;
  if (work == NULL)
    return NULL;
  uv__queue_remove(&work->link);
  uv__queue_insert_tail(&pool.running, &work->link);
  work->state = RUNNING;
  pool.queued--;
  pool.slow_running += work->slow;
  return work;
}

/* The loop is woken under the lock, under which it also collects: it can be gone as soon as it
 * has done so. */
static void end(struct uv__work* work, int status) {
  uv__queue_remove(&work->link);
  work->state = ENDED;
  work->status = status;
  uv__queue_insert_tail(&work->loop->work_done, &work->link);
  uv__atomic_store(&work->loop->work_pending, 1);
  uv__loop_wake(work->loop);
}

static void serve(void* arg) {
  (void) arg;
  uv_mutex_lock(&pool.mutex);
  for (;;) {
    struct uv__work* work = take();

    if (work != NULL) {
      uv_mutex_unlock(&pool.mutex);
      work->work(work);
      uv_mutex_lock(&pool.mutex);
      pool.slow_running -= work->slow;
      end(work, 0);
      continue;
    }
    /* Slow work that may not start is left to the threads that run such work. */
    if (pool.stopping)
      break;
    pool.idle++;
    uv_cond_wait(&pool.work_came, &pool.mutex);
    pool.idle--;
  }
  uv_mutex_unlock(&pool.mutex);
}

/* One more thread, when there are too few for what is queued. An error when there is none. */
static int provide_thread(void) {
  int r;

  if (pool.threads == NULL) {
    pool.most = wanted_threads();
    if (pool.most == 0)
      return UV_ENOMEM;
    pool.threads = uv__malloc(pool.most * sizeof(*pool.threads));
    if (pool.threads == NULL)
      return UV_ENOMEM;
  }
  if (pool.started == pool.most || pool.idle > pool.queued)
    return 0;
  r = uv_thread_create(&pool.threads[pool.started], serve, NULL);
  if (r == 0)
    pool.started++;
  return pool.started > 0 ? 0 : r;
}

void uv__work_shutdown(void) {
  unsigned int i;

  if (!uv__atomic_load(&pool_exists))
    return;
  uv_mutex_lock(&pool.mutex);
  pool.stopping = 1;
  uv_cond_broadcast(&pool.work_came);
  uv_mutex_unlock(&pool.mutex);
  for (i = 0; i < pool.started; i++)
    (void) uv_thread_join(&pool.threads[i]);
  uv__free(pool.threads);
  pool.threads = NULL;
  pool.started = 0;
  pool.stopping = 0;
}

/* ---- What a loop does ---- */

int uv__work_submit(uv_loop_t* loop,
                    struct uv__work* work,
                    enum uv__work_kind kind,
                    void (*run)(struct uv__work* work),
                    void (*done)(struct uv__work* work, int status)) {
  int r;

  uv_once(&pool_once, make_pool);
  if (pool_error < 0)
    return pool_error;
  work->loop = loop;
  work->work = run;
  work->done = done;
  work->slow = kind == UV__WORK_SLOW;
  work->state = ENDED;
  uv_mutex_lock(&pool.mutex);
  r = provide_thread();
  if (r == 0) {
    work->state = WAITING;
    work->ticket = pool.next_ticket++;
    pool.queued++;
    uv__queue_insert_tail(work->slow ? &pool.slow : &pool.fast, &work->link);
    uv_cond_signal(&pool.work_came);
    uv__loop_hold(loop);
  }
  uv_mutex_unlock(&pool.mutex);
  return r;
}

int uv__work_cancel(struct uv__work* work) {
  int r = UV_EBUSY;

  uv_mutex_lock(&pool.mutex);
  if (work->state == WAITING) {
    pool.queued--;
    end(work, UV_ECANCELED);
    r = 0;
  }
  uv_mutex_unlock(&pool.mutex);
  return r;
}

void uv__work_finish(uv_loop_t* loop) {
  struct uv__queue batch;

  if (uv__atomic_exchange(&loop->work_pending, 0) == 0)
    return;
  uv_mutex_lock(&pool.mutex);
  uv__queue_move(&loop->work_done, &batch);
  uv_mutex_unlock(&pool.mutex);
  while (!uv__queue_empty(&batch)) {
    struct uv__queue* link = uv__queue_head(&batch);
    struct uv__work* work = uv__container_of(link, struct uv__work, link);

    uv__queue_remove(link);
    uv__loop_release(loop);
    loop->events++;
    work->done(work, work->status); /* The memory may be gone after this. */
  }
}

void uv__work_fork(uv_loop_t* loop) {
  struct uv__queue others;

  if (!uv__atomic_load(&pool_exists))
    return;
  uv__queue_init(&others);
  uv_mutex_lock(&pool.mutex);
  while (!uv__queue_empty(&pool.lost)) {
    struct uv__work* work = head(&pool.lost);

    if (work->loop == loop) {
      end(work, UV_ECANCELED);
    } else {
      uv__queue_remove(&work->link);
      uv__queue_insert_tail(&others, &work->link);
    }
  }
  append(&pool.lost, &others);
  uv_mutex_unlock(&pool.mutex);
}

/* ---- uv_queue_work ---- */

static void run_work(struct uv__work* work) {
  uv_work_t* req = uv__container_of(work, uv_work_t, work);

  req->work_cb(req);
}

static void work_done(struct uv__work* work, int status) {
  uv_work_t* req = uv__container_of(work, uv_work_t, work);

  if (req->after_work_cb != NULL)
    req->after_work_cb(req, status);
}

int uv_queue_work(uv_loop_t* loop,
                  uv_work_t* req,
                  uv_work_cb work_cb,
                  uv_after_work_cb after_work_cb) {
  if (work_cb == NULL)
    return UV_EINVAL;
  req->type = UV_WORK;
  req->loop = loop;
  req->work_cb = work_cb;
  req->after_work_cb = after_work_cb;
  return uv__work_submit(loop, &req->work, UV__WORK_CPU, run_work, work_done);
}
