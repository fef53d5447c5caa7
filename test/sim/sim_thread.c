/* The simulated system's threads, of which there is one: locks are free, more threads cannot be
 * had, and work is refused. Likewise there are no forks, no signals and no names. */
#include "sim.h"

int uv_thread_create_ex(uv_thread_t* tid,
                        const uv_thread_options_t* params,
                        uv_thread_cb entry,
                        void* arg) {
  (void) tid;
  (void) params;
  (void) entry;
  (void) arg;
  return UV_EAGAIN;
}

int uv_thread_join(uv_thread_t* tid) {
  (void) tid;
  return UV_EINVAL;
}

void uv_sleep(unsigned int msec) {
  (void) msec;
  sim_fail("the only thread waits for another");
}

int uv_mutex_init(uv_mutex_t* mutex) {
  *mutex = 0;
  return 0;
}

void uv_mutex_destroy(uv_mutex_t* mutex) {
  if (*mutex != 0)
    sim_fail("a mutex is destroyed while it is locked");
}

void uv_mutex_lock(uv_mutex_t* mutex) {
  if ((*mutex)++ != 0)
    sim_fail("a mutex is locked twice");
}

void uv_mutex_unlock(uv_mutex_t* mutex) {
  if (--*mutex != 0)
    sim_fail("a mutex is unlocked that is not locked");
}

int uv_cond_init(uv_cond_t* cond) {
  *cond = 0;
  return 0;
}

void uv_cond_destroy(uv_cond_t* cond) {
  (void) cond;
}

void uv_cond_signal(uv_cond_t* cond) {
  (void) cond;
}

void uv_cond_broadcast(uv_cond_t* cond) {
  (void) cond;
}

void uv_cond_wait(uv_cond_t* cond, uv_mutex_t* mutex) {
  (void) cond;
  (void) mutex;
  sim_fail("the only thread waits for another");
}

void uv_once(uv_once_t* guard, void (*callback)(void)) {
  if (*guard == 0)
    callback();
  *guard = 1;
}

uint64_t uv_hrtime(void) {
  return uv__port_now(NULL) * 1000000;
}

int uv__port_at_fork(void (*before)(void), void (*in_parent)(void), void (*in_child)(void)) {
  (void) before;
  (void) in_parent;
  (void) in_child;
  return 0;
}

int uv__port_fork(uv_loop_t* loop) {
  (void) loop;
  return UV_ENOSYS;
}

int uv__port_fork_io(struct uv__io* io) {
  (void) io;
  return UV_ENOSYS;
}

int uv__port_block_signal(uv_loop_t* loop, int signum) {
  (void) loop;
  (void) signum;
  return UV_ENOSYS;
}

int uv__port_getaddrinfo(const char* node,
                         const char* service,
                         const struct addrinfo* hints,
                         struct addrinfo** result) {
  (void) node;
  (void) service;
  (void) hints;
  (void) result;
  return UV_EAI_FAIL;
}

void uv_freeaddrinfo(struct addrinfo* ai) {
  (void) ai; /* There never is one. */
}

int uv__port_getnameinfo(const struct sockaddr* addr,
                         int flags,
                         char* host,
                         size_t host_size,
                         char* service,
                         size_t service_size) {
  (void) addr;
  (void) flags;
  (void) host;
  (void) host_size;
  (void) service;
  (void) service_size;
  return UV_EAI_FAIL;
}
