/* The threading functions that can be made of others: semaphores and barriers of a mutex and a
 * condition. Some systems have neither (macOS has no barrier and no semaphore without a name), and
 * made once they are alike everywhere. The rest is the system's (thread.c). */
#include "uv.h"

int uv_thread_create(uv_thread_t* tid, uv_thread_cb entry, void* arg) {
  uv_thread_options_t params;

  params.flags = UV_THREAD_NO_FLAGS;
  params.stack_size = 0;
  return uv_thread_create_ex(tid, &params, entry, arg);
}

static int init_pair(uv_mutex_t* mutex, uv_cond_t* cond) {
  int r = uv_mutex_init(mutex);

  if (r < 0)
    return r;
  r = uv_cond_init(cond);
  if (r < 0)
    uv_mutex_destroy(mutex);
  return r;
}

/* ---- Semaphores ---- */

int uv_sem_init(uv_sem_t* sem, unsigned int value) {
  sem->value = value;
  return init_pair(&sem->mutex, &sem->cond);
}

void uv_sem_destroy(uv_sem_t* sem) {
  uv_cond_destroy(&sem->cond);
  uv_mutex_destroy(&sem->mutex);
}

/* Signalled under the lock: who is woken may destroy the semaphore, and cannot before the lock
 * is free. */
void uv_sem_post(uv_sem_t* sem) {
  uv_mutex_lock(&sem->mutex);
  sem->value++;
  uv_cond_signal(&sem->cond);
  uv_mutex_unlock(&sem->mutex);
}

void uv_sem_wait(uv_sem_t* sem) {
  uv_mutex_lock(&sem->mutex);
  while (sem->value == 0)
    uv_cond_wait(&sem->cond, &sem->mutex);
  sem->value--;
  uv_mutex_unlock(&sem->mutex);
}

int uv_sem_trywait(uv_sem_t* sem) {
  int r = UV_EAGAIN;

  uv_mutex_lock(&sem->mutex);
  if (sem->value > 0) {
    sem->value--;
    r = 0;
  }
  uv_mutex_unlock(&sem->mutex);
  return r;
}

/* ---- Barriers ---- */

int uv_barrier_init(uv_barrier_t* barrier, unsigned int count) {
  if (barrier == NULL || count == 0)
    return UV_EINVAL;
  barrier->threshold = count;
  barrier->in = 0;
  barrier->out = 0;
  return init_pair(&barrier->mutex, &barrier->cond);
}

/* By any of those for whom wait returned: the others are on their way out. */
void uv_barrier_destroy(uv_barrier_t* barrier) {
  uv_mutex_lock(&barrier->mutex);
  while (barrier->out > 0)
    uv_cond_wait(&barrier->cond, &barrier->mutex);
  uv_mutex_unlock(&barrier->mutex);
  uv_cond_destroy(&barrier->cond);
  uv_mutex_destroy(&barrier->mutex);
}

/* The last to leave is the one that is told. Who comes for the next round while this one is being left
 * waits at the door. */
int uv_barrier_wait(uv_barrier_t* barrier) {
  int is_last;

  uv_mutex_lock(&barrier->mutex);
  while (barrier->out > 0)
    uv_cond_wait(&barrier->cond, &barrier->mutex);
  barrier->in++;
  if (barrier->in == barrier->threshold) {
    barrier->in = 0;
    barrier->out = barrier->threshold;
    uv_cond_broadcast(&barrier->cond);
  } else {
    while (barrier->out == 0)
      uv_cond_wait(&barrier->cond, &barrier->mutex);
  }
  barrier->out--;
  is_last = barrier->out == 0;
  if (is_last)
    uv_cond_broadcast(&barrier->cond);
  uv_mutex_unlock(&barrier->mutex);
  return is_last;
}
