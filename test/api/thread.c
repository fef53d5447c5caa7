/* Threads and what they wait for. Nothing here waits for a clock: that something is blocked is seen
 * by what it has not yet done when others have finished. */
#include <string.h>

#include "harness.h"
#include "thread.h"
#include "uv.h"

enum {
  THREADS = 4,
  ROUNDS = 2000
};

/* ---- Threads ---- */

struct visit {
  uv_thread_t seen_as;
  int ran;
};

static void visit(void* arg) {
  struct visit* v = arg;

  v->seen_as = uv_thread_self();
  v->ran++;
}

TEST(thread_runs_and_is_joined) {
  struct visit v = {.ran = 0};
  uv_thread_t thread;

  CHECK_EQ(uv_thread_create(&thread, visit, &v), 0);
  CHECK_EQ(uv_thread_join(&thread), 0);
  CHECK_EQ(v.ran, 1);
}

struct identity {
  uv_sem_t looked;
  uv_sem_t go;
  uv_thread_t main;
  uv_thread_t self;
};

static void compare(void* arg) {
  struct identity* id = arg;
  uv_thread_t again = uv_thread_self();

  id->self = uv_thread_self();
  CHECK(uv_thread_equal(&id->self, &again));
  CHECK(!uv_thread_equal(&id->self, &id->main));
  uv_sem_post(&id->looked);
  uv_sem_wait(&id->go); /* alive while the others compare */
}

TEST(thread_self_is_what_create_gave) {
  struct identity ids[2];
  uv_thread_t threads[2];
  uv_thread_t again = uv_thread_self();
  int i;

  for (i = 0; i < 2; i++) {
    CHECK_EQ(uv_sem_init(&ids[i].looked, 0), 0);
    CHECK_EQ(uv_sem_init(&ids[i].go, 0), 0);
    ids[i].main = uv_thread_self();
    CHECK(uv_thread_equal(&ids[i].main, &again));
    CHECK_EQ(uv_thread_create(&threads[i], compare, &ids[i]), 0);
  }
  for (i = 0; i < 2; i++)
    uv_sem_wait(&ids[i].looked);
  CHECK(uv_thread_equal(&threads[0], &ids[0].self));
  CHECK(uv_thread_equal(&threads[1], &ids[1].self));
  CHECK(!uv_thread_equal(&threads[0], &ids[1].self));
  CHECK(!uv_thread_equal(&ids[0].self, &ids[1].self));
  for (i = 0; i < 2; i++) {
    uv_sem_post(&ids[i].go);
    CHECK_EQ(uv_thread_join(&threads[i]), 0);
    uv_sem_destroy(&ids[i].looked);
    uv_sem_destroy(&ids[i].go);
  }
}

static void self_on_a_foreign_thread(void* arg) {
  uv_thread_t mine = uv_thread_self();
  uv_thread_t again = uv_thread_self();

  CHECK(uv_thread_equal(&mine, &again));
  CHECK(!uv_thread_equal(&mine, arg));
}

TEST(thread_self_on_a_thread_of_somebody_else) {
  uv_thread_t main = uv_thread_self();

  test_thread_join(test_thread_start(self_on_a_foreign_thread, &main));
}

/* A quarter of it is used, which a much smaller stack than was asked for would not survive. Some
 * of the rest goes to thread-local variables, of which a sanitizer has many. */
static void use_stack(void* arg) {
  volatile char big[512 * 1024];
  size_t i;

  for (i = 0; i < sizeof(big); i += 512)
    big[i] = (char) i;
  *(int*) arg = 1 + big[512];
}

TEST(thread_stack_size) {
  static const size_t sizes[] = {0, 2 << 20, (2 << 20) + 1, 16 << 20};
  uv_thread_options_t options;
  uv_thread_t thread;
  size_t i;

  for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
    int ran = 0;

    options.flags = UV_THREAD_HAS_STACK_SIZE;
    options.stack_size = sizes[i];
    CHECK_EQ(uv_thread_create_ex(&thread, &options, use_stack, &ran), 0);
    CHECK_EQ(uv_thread_join(&thread), 0);
    CHECK_EQ(ran, 1);
  }
}

TEST(thread_stack_size_that_is_too_small_is_made_possible) {
  struct visit v = {.ran = 0};
  uv_thread_options_t options = {UV_THREAD_HAS_STACK_SIZE, 1};
  uv_thread_t thread;

  CHECK_EQ(uv_thread_create_ex(&thread, &options, visit, &v), 0);
  CHECK_EQ(uv_thread_join(&thread), 0);
  CHECK_EQ(v.ran, 1);
}

TEST(thread_stack_size_without_its_flag_does_not_count) {
  struct visit v = {.ran = 0};
  uv_thread_options_t options = {UV_THREAD_NO_FLAGS, (size_t) -1};
  uv_thread_t thread;

  CHECK_EQ(uv_thread_create_ex(&thread, &options, visit, &v), 0);
  CHECK_EQ(uv_thread_join(&thread), 0);
  CHECK_EQ(v.ran, 1);
}

TEST(thread_stack_size_that_cannot_be) {
  struct visit v = {.ran = 0};
  uv_thread_options_t options = {UV_THREAD_HAS_STACK_SIZE, (size_t) -1};
  uv_thread_t thread;

  CHECK_EQ(uv_thread_create_ex(&thread, &options, visit, &v), UV_EINVAL);
  CHECK_EQ(v.ran, 0);
}

static void post(void* arg) {
  uv_sem_post(arg);
}

TEST(thread_detached) {
  static uv_sem_t over; /* static: the thread may still be leaving it when the test ends */
  uv_thread_t thread;

  CHECK_EQ(uv_sem_init(&over, 0), 0);
  CHECK_EQ(uv_thread_create(&thread, post, &over), 0);
  CHECK_EQ(uv_thread_detach(&thread), 0);
  uv_sem_wait(&over);
}

TEST(available_parallelism_is_at_least_one) {
  CHECK(uv_available_parallelism() >= 1);
  CHECK(uv_available_parallelism() < 100000);
}

/* Runs fn(arg) on THREADS threads to their ends. */
static void on_threads(uv_thread_cb fn, void* arg) {
  uv_thread_t threads[THREADS];
  int i;

  for (i = 0; i < THREADS; i++)
    CHECK_EQ(uv_thread_create(&threads[i], fn, arg), 0);
  for (i = 0; i < THREADS; i++)
    CHECK_EQ(uv_thread_join(&threads[i]), 0);
}

/* ---- Mutexes ---- */

struct counter {
  uv_mutex_t mutex;
  uv_rwlock_t rwlock;
  uv_sem_t sem;
  int number; /* not atomic: only the lock makes the sum right */
  int other;
};

static void count_under_mutex(void* arg) {
  struct counter* c = arg;
  int i;

  for (i = 0; i < ROUNDS; i++) {
    uv_mutex_lock(&c->mutex);
    c->number++;
    uv_mutex_unlock(&c->mutex);
  }
}

TEST(mutex_excludes) {
  struct counter c = {.number = 0};

  CHECK_EQ(uv_mutex_init(&c.mutex), 0);
  on_threads(count_under_mutex, &c);
  CHECK_EQ(c.number, THREADS * ROUNDS);
  uv_mutex_destroy(&c.mutex);
}

static void find_locked(void* arg) {
  CHECK_EQ(uv_mutex_trylock(arg), UV_EBUSY);
}

static void find_free(void* arg) {
  CHECK_EQ(uv_mutex_trylock(arg), 0);
  uv_mutex_unlock(arg);
}

static void elsewhere(uv_thread_cb fn, void* arg) {
  uv_thread_t thread;

  CHECK_EQ(uv_thread_create(&thread, fn, arg), 0);
  CHECK_EQ(uv_thread_join(&thread), 0);
}

TEST(mutex_trylock) {
  uv_mutex_t mutex;

  CHECK_EQ(uv_mutex_init(&mutex), 0);
  CHECK_EQ(uv_mutex_trylock(&mutex), 0);
  CHECK_EQ(uv_mutex_trylock(&mutex), UV_EBUSY); /* on the same thread too */
  elsewhere(find_locked, &mutex);
  uv_mutex_unlock(&mutex);
  elsewhere(find_free, &mutex);
  uv_mutex_destroy(&mutex);
}

TEST(mutex_recursive) {
  uv_mutex_t mutex;

  CHECK_EQ(uv_mutex_init_recursive(&mutex), 0);
  uv_mutex_lock(&mutex);
  uv_mutex_lock(&mutex);
  CHECK_EQ(uv_mutex_trylock(&mutex), 0);
  uv_mutex_unlock(&mutex);
  uv_mutex_unlock(&mutex);
  elsewhere(find_locked, &mutex); /* one lock is left */
  uv_mutex_unlock(&mutex);
  elsewhere(find_free, &mutex);
  uv_mutex_destroy(&mutex);
}

/* ---- Locks for readers and writers ---- */

static void count_under_rwlock(void* arg) {
  struct counter* c = arg;
  int i;

  for (i = 0; i < ROUNDS; i++) {
    uv_rwlock_wrlock(&c->rwlock);
    c->number++;
    c->other++;
    uv_rwlock_wrunlock(&c->rwlock);
    uv_rwlock_rdlock(&c->rwlock);
    CHECK_EQ(c->number, c->other);
    uv_rwlock_rdunlock(&c->rwlock);
  }
}

TEST(rwlock_excludes) {
  struct counter c = {.number = 0};

  CHECK_EQ(uv_rwlock_init(&c.rwlock), 0);
  on_threads(count_under_rwlock, &c);
  CHECK_EQ(c.number, THREADS * ROUNDS);
  uv_rwlock_destroy(&c.rwlock);
}

static void find_read_locked(void* arg) {
  CHECK_EQ(uv_rwlock_trywrlock(arg), UV_EBUSY);
  CHECK_EQ(uv_rwlock_tryrdlock(arg), 0); /* a second reader */
  uv_rwlock_rdunlock(arg);
}

static void find_write_locked(void* arg) {
  CHECK_EQ(uv_rwlock_trywrlock(arg), UV_EBUSY);
  CHECK_EQ(uv_rwlock_tryrdlock(arg), UV_EBUSY);
}

TEST(rwlock_try) {
  uv_rwlock_t rwlock;

  CHECK_EQ(uv_rwlock_init(&rwlock), 0);
  CHECK_EQ(uv_rwlock_tryrdlock(&rwlock), 0);
  elsewhere(find_read_locked, &rwlock);
  uv_rwlock_rdunlock(&rwlock);
  CHECK_EQ(uv_rwlock_trywrlock(&rwlock), 0);
  elsewhere(find_write_locked, &rwlock);
  uv_rwlock_wrunlock(&rwlock);
  CHECK_EQ(uv_rwlock_trywrlock(&rwlock), 0);
  uv_rwlock_wrunlock(&rwlock);
  uv_rwlock_destroy(&rwlock);
}

/* ---- Semaphores ---- */

TEST(sem_trywait_counts) {
  uv_sem_t sem;

  CHECK_EQ(uv_sem_init(&sem, 2), 0);
  CHECK_EQ(uv_sem_trywait(&sem), 0);
  uv_sem_wait(&sem);
  CHECK_EQ(uv_sem_trywait(&sem), UV_EAGAIN);
  uv_sem_post(&sem);
  CHECK_EQ(uv_sem_trywait(&sem), 0);
  CHECK_EQ(uv_sem_trywait(&sem), UV_EAGAIN);
  uv_sem_destroy(&sem);
}

struct exchange {
  uv_sem_t full;
  uv_sem_t empty;
  int slot;
};

static void produce(void* arg) {
  struct exchange* x = arg;
  int i;

  for (i = 1; i <= ROUNDS; i++) {
    uv_sem_wait(&x->empty);
    x->slot = i;
    uv_sem_post(&x->full);
  }
}

TEST(sem_hands_over) {
  struct exchange x;
  uv_thread_t thread;
  int i;

  CHECK_EQ(uv_sem_init(&x.full, 0), 0);
  CHECK_EQ(uv_sem_init(&x.empty, 1), 0);
  CHECK_EQ(uv_thread_create(&thread, produce, &x), 0);
  for (i = 1; i <= ROUNDS; i++) {
    uv_sem_wait(&x.full);
    CHECK_EQ(x.slot, i);
    uv_sem_post(&x.empty);
  }
  CHECK_EQ(uv_thread_join(&thread), 0);
  uv_sem_destroy(&x.full);
  uv_sem_destroy(&x.empty);
}

/* ---- Conditions ---- */

struct door {
  uv_mutex_t mutex;
  uv_cond_t changed;
  uv_cond_t arrived;
  int open;
  int waiting;
  int through;
};

static void door_init(struct door* door) {
  memset(door, 0, sizeof(*door));
  CHECK_EQ(uv_mutex_init(&door->mutex), 0);
  CHECK_EQ(uv_cond_init(&door->changed), 0);
  CHECK_EQ(uv_cond_init(&door->arrived), 0);
}

static void door_destroy(struct door* door) {
  uv_cond_destroy(&door->arrived);
  uv_cond_destroy(&door->changed);
  uv_mutex_destroy(&door->mutex);
}

static void go_through(void* arg) {
  struct door* door = arg;

  uv_mutex_lock(&door->mutex);
  door->waiting++;
  uv_cond_signal(&door->arrived);
  while (door->open == 0)
    uv_cond_wait(&door->changed, &door->mutex);
  door->open--;
  door->through++;
  uv_cond_signal(&door->arrived);
  uv_mutex_unlock(&door->mutex);
}

/* Starts THREADS waiters and lets them through with `open`, called with the lock held. */
static void check_door(void (*open)(struct door* door)) {
  struct door door;
  uv_thread_t threads[THREADS];
  int i;

  door_init(&door);
  for (i = 0; i < THREADS; i++)
    CHECK_EQ(uv_thread_create(&threads[i], go_through, &door), 0);
  uv_mutex_lock(&door.mutex);
  while (door.waiting < THREADS)
    uv_cond_wait(&door.arrived, &door.mutex);
  CHECK_EQ(door.through, 0);
  open(&door);
  uv_mutex_unlock(&door.mutex);
  for (i = 0; i < THREADS; i++)
    CHECK_EQ(uv_thread_join(&threads[i]), 0);
  CHECK_EQ(door.through, THREADS);
  door_destroy(&door);
}

static void open_for_all(struct door* door) {
  door->open = THREADS;
  uv_cond_broadcast(&door->changed);
}

TEST(cond_broadcast_wakes_all) {
  check_door(open_for_all);
}

static void open_one_by_one(struct door* door) {
  int i;

  for (i = 1; i <= THREADS; i++) {
    door->open = 1;
    uv_cond_signal(&door->changed);
    while (door->through < i)
      uv_cond_wait(&door->arrived, &door->mutex);
    CHECK_EQ(door->through, i);
  }
}

TEST(cond_signal_wakes_one) {
  check_door(open_one_by_one);
}

TEST(cond_wait_with_a_recursive_mutex) {
  struct door door;
  uv_thread_t thread;

  door_init(&door);
  uv_mutex_destroy(&door.mutex);
  CHECK_EQ(uv_mutex_init_recursive(&door.mutex), 0);
  door.open = 1;
  CHECK_EQ(uv_thread_create(&thread, go_through, &door), 0);
  uv_mutex_lock(&door.mutex);
  while (door.through == 0)
    uv_cond_wait(&door.arrived, &door.mutex);
  uv_mutex_unlock(&door.mutex);
  CHECK_EQ(uv_thread_join(&thread), 0);
  door_destroy(&door);
}

/* What nobody signals times out, and not before its time. */
static void check_timeout(uv_mutex_t* mutex, uint64_t timeout_ns) {
  uv_cond_t cond;
  uint64_t began;
  int r;

  CHECK_EQ(uv_cond_init(&cond), 0);
  uv_mutex_lock(mutex);
  began = uv_hrtime();
  do
    r = uv_cond_timedwait(&cond, mutex, timeout_ns);
  while (r == 0); /* It may wake up for nothing. */
  CHECK_EQ(r, UV_ETIMEDOUT);
  CHECK(uv_hrtime() - began >= timeout_ns);
  elsewhere(find_locked, mutex); /* It is ours again. */
  uv_mutex_unlock(mutex);
  uv_cond_destroy(&cond);
}

TEST(cond_timedwait_times_out) {
  static const uint64_t timeouts_ns[] = {0, 1, 999999, 20 * 1000 * 1000};
  uv_mutex_t mutex;
  size_t i;

  CHECK_EQ(uv_mutex_init(&mutex), 0);
  for (i = 0; i < sizeof(timeouts_ns) / sizeof(timeouts_ns[0]); i++)
    check_timeout(&mutex, timeouts_ns[i]);
  uv_mutex_destroy(&mutex);
  CHECK_EQ(uv_mutex_init_recursive(&mutex), 0);
  check_timeout(&mutex, 1000 * 1000);
  uv_mutex_destroy(&mutex);
}

TEST(cond_timedwait_is_signalled) {
  static const uint64_t timeouts_ns[] = {UINT64_MAX, 3600 * (uint64_t) 1000000000};
  size_t i;

  for (i = 0; i < sizeof(timeouts_ns) / sizeof(timeouts_ns[0]); i++) {
    struct door door;
    uv_thread_t thread;

    door_init(&door);
    door.open = 1;
    CHECK_EQ(uv_thread_create(&thread, go_through, &door), 0);
    uv_mutex_lock(&door.mutex);
    while (door.through == 0)
      CHECK_EQ(uv_cond_timedwait(&door.arrived, &door.mutex, timeouts_ns[i]), 0);
    uv_mutex_unlock(&door.mutex);
    CHECK_EQ(uv_thread_join(&thread), 0);
    door_destroy(&door);
  }
}

/* ---- Barriers ---- */

struct meeting {
  uv_barrier_t barrier;
  volatile long arrived[ROUNDS];
  volatile long told;
};

static void meet(void* arg) {
  struct meeting* m = arg;
  int i;

  for (i = 0; i < ROUNDS / 10; i++) {
    int r;

    test_add(&m->arrived[i], 1);
    r = uv_barrier_wait(&m->barrier);
    CHECK(r >= 0);
    CHECK_EQ(test_load(&m->arrived[i]), THREADS); /* nobody left before all had come */
    if (r > 0)
      test_add(&m->told, 1);
  }
}

TEST(barrier_lets_all_go_at_once_and_tells_one) {
  static struct meeting m;

  CHECK_EQ(uv_barrier_init(&m.barrier, THREADS), 0);
  on_threads(meet, &m);
  CHECK_EQ(m.told, ROUNDS / 10);
  uv_barrier_destroy(&m.barrier);
}

static void meet_and_destroy(void* arg) {
  if (uv_barrier_wait(arg) > 0) {
    uv_barrier_destroy(arg);
    memset(arg, 0x5a, sizeof(uv_barrier_t)); /* would upset whoever still looks at it */
  }
}

TEST(barrier_may_be_destroyed_by_the_one_that_is_told) {
  uv_barrier_t barrier;
  int i;

  for (i = 0; i < 50; i++) {
    CHECK_EQ(uv_barrier_init(&barrier, THREADS), 0);
    on_threads(meet_and_destroy, &barrier);
  }
}

static void only_meet(void* arg) {
  (void) uv_barrier_wait(arg);
}

/* Or by any other whose wait is over. */
TEST(barrier_may_be_destroyed_while_others_leave) {
  uv_barrier_t barrier;
  uv_thread_t threads[THREADS - 1];
  int round;
  int i;

  for (round = 0; round < 50; round++) {
    CHECK_EQ(uv_barrier_init(&barrier, THREADS), 0);
    for (i = 0; i < THREADS - 1; i++)
      CHECK_EQ(uv_thread_create(&threads[i], only_meet, &barrier), 0);
    CHECK(uv_barrier_wait(&barrier) >= 0);
    uv_barrier_destroy(&barrier);
    memset(&barrier, 0x5a, sizeof barrier);
    for (i = 0; i < THREADS - 1; i++)
      CHECK_EQ(uv_thread_join(&threads[i]), 0);
  }
}

TEST(barrier_of_one_and_of_none) {
  uv_barrier_t barrier;

  CHECK_EQ(uv_barrier_init(&barrier, 0), UV_EINVAL);
  CHECK_EQ(uv_barrier_init(&barrier, 1), 0);
  CHECK(uv_barrier_wait(&barrier) > 0);
  CHECK(uv_barrier_wait(&barrier) > 0);
  uv_barrier_destroy(&barrier);
}

/* ---- Once, keys ---- */

static uv_once_t once = UV_ONCE_INIT;
static int once_runs;
static int once_done;

static void run_once(void) {
  once_runs++;
  test_thread_yield();
  once_done = 1;
}

static void call_once(void* arg) {
  (void) arg;
  uv_once(&once, run_once);
  CHECK_EQ(once_done, 1); /* not before it has run */
}

TEST(once_runs_once) {
  on_threads(call_once, NULL);
  CHECK_EQ(once_runs, 1);
  uv_once(&once, run_once);
  CHECK_EQ(once_runs, 1);
}

static void use_key(void* arg) {
  int mine;

  CHECK(uv_key_get(arg) == NULL);
  uv_key_set(arg, &mine);
  test_thread_yield();
  CHECK(uv_key_get(arg) == &mine);
  uv_key_set(arg, NULL);
  CHECK(uv_key_get(arg) == NULL);
}

TEST(key_is_each_threads_own) {
  uv_key_t key;
  int ours;

  CHECK_EQ(uv_key_create(&key), 0);
  CHECK(uv_key_get(&key) == NULL);
  uv_key_set(&key, &ours);
  on_threads(use_key, &key);
  CHECK(uv_key_get(&key) == &ours);
  uv_key_delete(&key);
}
