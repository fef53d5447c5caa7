/* Programs about the loop: timers, hooks, references, threads, work, names; see guide.h. */
#include "guide_program.h"

#define TIMERS 1000

static uv_loop_t* loop;

static void close_one(uv_handle_t* handle, void* arg) {
  (void) arg;
  if (!uv_is_closing(handle))
    uv_close(handle, NULL);
}

static void leave_loop(void) {
  uv_walk(loop, close_one, NULL);
  EXPECT(uv_run(loop, UV_RUN_DEFAULT) == 0);
  EXPECT(uv_loop_close(loop) == 0);
}

/* ---- Timers --------------------------------------------------------------------------- */

static int ran;
static uint64_t last_due;

static void on_timer(uv_timer_t* timer) {
  uint64_t due = *(uint64_t*) timer->data;

  EXPECT(uv_now(timer->loop) >= due);
  EXPECT(due >= last_due);
  last_due = due;
  ran++;
}

static void thousand_timers(void) {
  static uv_timer_t timers[TIMERS];
  static uint64_t due[TIMERS];
  int i;

  loop = uv_default_loop();
  ran = 0;
  last_due = 0;
  for (i = 0; i < TIMERS; i++) {
    uint64_t timeout = (uint64_t) ((i * 7919) % 50);

    uv_timer_init(loop, &timers[i]);
    due[i] = uv_now(loop) + timeout;
    timers[i].data = &due[i];
    EXPECT(uv_timer_start(&timers[i], on_timer, timeout, 0) == 0);
    EXPECT(uv_timer_get_due_in(&timers[i]) == timeout);
  }
  EXPECT(uv_loop_alive(loop));
  EXPECT(uv_run(loop, UV_RUN_DEFAULT) == 0);
  EXPECT(ran == TIMERS);
  leave_loop();
}

static void on_repeat(uv_timer_t* timer) {
  if (++ran == 3) {
    uv_timer_stop(timer);
    EXPECT(!uv_is_active((uv_handle_t*) timer));
    EXPECT(uv_timer_again(timer) == 0);
    EXPECT(uv_is_active((uv_handle_t*) timer));
  }
  if (ran == 5)
    uv_close((uv_handle_t*) timer, NULL);
}

static void repeating_timer(void) {
  uv_timer_t timer;

  loop = uv_default_loop();
  ran = 0;
  uv_timer_init(loop, &timer);
  EXPECT(uv_timer_again(&timer) == UV_EINVAL);
  EXPECT(uv_timer_start(&timer, NULL, 1, 0) == UV_EINVAL);
  EXPECT(uv_timer_start(&timer, on_repeat, 1, 1) == 0);
  EXPECT(uv_timer_get_repeat(&timer) == 1);
  uv_timer_set_repeat(&timer, 2);
  EXPECT(uv_timer_get_repeat(&timer) == 2);
  EXPECT(uv_run(loop, UV_RUN_DEFAULT) == 0);
  EXPECT(ran == 5);
  leave_loop();
}

/* ---- The order of callbacks ------------------------------------------------------------- */

static char order[64];

static void note(char what) {
  size_t len = strlen(order);

  if (len + 1 < sizeof(order)) {
    order[len] = what;
    order[len + 1] = '\0';
  }
}

static void on_idle(uv_idle_t* idle) {
  note('i');
  uv_idle_stop(idle);
}

static void on_prepare(uv_prepare_t* prepare) {
  (void) prepare;
  note('p');
}

static void on_check(uv_check_t* check) {
  (void) check;
  note('k');
}

static void on_async(uv_async_t* async) {
  note('a');
  uv_close((uv_handle_t*) async, NULL);
}

static void on_close(uv_handle_t* handle) {
  note(*(const char*) handle->data);
}

static void order_in_a_turn(void) {
  uv_idle_t idle;
  uv_prepare_t prepare[2];
  uv_check_t check;
  uv_async_t async;

  loop = uv_default_loop();
  order[0] = '\0';
  uv_idle_init(loop, &idle);
  uv_prepare_init(loop, &prepare[0]);
  uv_prepare_init(loop, &prepare[1]);
  uv_check_init(loop, &check);
  EXPECT(uv_async_init(loop, &async, on_async) == 0);
  EXPECT(uv_idle_start(&idle, on_idle) == 0);
  EXPECT(uv_prepare_start(&prepare[0], on_prepare) == 0);
  EXPECT(uv_check_start(&check, on_check) == 0);
  EXPECT(uv_async_send(&async) == 0);
  EXPECT(uv_async_send(&async) == 0);
  EXPECT(order[0] == '\0'); /* Nothing runs inside the calls. */
  EXPECT(uv_run(loop, UV_RUN_NOWAIT) != 0);
  EXPECT(strcmp(order, "ipak") == 0);
  leave_loop();
}

static void on_second_prepare(uv_prepare_t* prepare) {
  (void) prepare;
  note('q');
}

/* The last that was started runs first, and the last that was closed is the first to say so. */
static void last_comes_first(void) {
  static char names[] = "123";
  uv_prepare_t prepare[2];
  uv_timer_t timers[3];
  int i;

  loop = uv_default_loop();
  order[0] = '\0';
  uv_prepare_init(loop, &prepare[0]);
  uv_prepare_init(loop, &prepare[1]);
  uv_prepare_start(&prepare[0], on_prepare);
  uv_prepare_start(&prepare[1], on_second_prepare);
  uv_run(loop, UV_RUN_NOWAIT);
  EXPECT(strcmp(order, "qp") == 0);
  uv_prepare_stop(&prepare[0]);
  uv_prepare_stop(&prepare[1]);
  order[0] = '\0';
  for (i = 0; i < 3; i++) {
    uv_timer_init(loop, &timers[i]);
    timers[i].data = &names[i];
    uv_close((uv_handle_t*) &timers[i], on_close);
    EXPECT(uv_is_closing((uv_handle_t*) &timers[i]));
  }
  EXPECT(order[0] == '\0');
  uv_run(loop, UV_RUN_NOWAIT);
  EXPECT(strcmp(order, "321") == 0);
  leave_loop();
}

/* ---- References ------------------------------------------------------------------------- */

static int walked;

static void count_handle(uv_handle_t* handle, void* arg) {
  EXPECT(arg == (void*) &walked);
  EXPECT(uv_handle_get_loop(handle) == loop);
  EXPECT(uv_handle_type_name(uv_handle_get_type(handle)) != NULL);
  walked++;
}

static void check_references(uv_handle_t* handle) {
  uv_unref(handle);
  uv_unref(handle);
  EXPECT(!uv_has_ref(handle));
  uv_ref(handle);
  uv_ref(handle);
  EXPECT(uv_has_ref(handle));
  uv_unref(handle);
}

static void references_of_everything(void) {
  static union uv_any_handle handles[8];
  int i;

  loop = uv_default_loop();
  uv_timer_init(loop, &handles[0].timer);
  uv_idle_init(loop, &handles[1].idle);
  uv_prepare_init(loop, &handles[2].prepare);
  uv_check_init(loop, &handles[3].check);
  uv_async_init(loop, &handles[4].async, on_async);
  uv_signal_init(loop, &handles[5].signal);
  uv_tcp_init(loop, &handles[6].tcp);
  uv_pipe_init(loop, &handles[7].pipe, 0);
  EXPECT(uv_timer_start(&handles[0].timer, on_timer, 100000, 0) == 0);
  EXPECT(uv_idle_start(&handles[1].idle, on_idle) == 0);
  EXPECT(uv_prepare_start(&handles[2].prepare, on_prepare) == 0);
  EXPECT(uv_check_start(&handles[3].check, on_check) == 0);
  for (i = 0; i < 8; i++) {
    EXPECT(uv_has_ref(&handles[i].handle));
    EXPECT(uv_is_active(&handles[i].handle) == (i < 5));
    check_references(&handles[i].handle);
  }
  EXPECT(!uv_loop_alive(loop));
  EXPECT(uv_run(loop, UV_RUN_DEFAULT) == 0);
  uv_ref(&handles[0].handle);
  EXPECT(uv_loop_alive(loop));
  uv_unref(&handles[0].handle);
  walked = 0;
  uv_walk(loop, count_handle, &walked);
  EXPECT(walked == 8);
  EXPECT(uv_loop_close(loop) == UV_EBUSY);
  leave_loop();
}

static void on_stopper(uv_timer_t* timer) {
  ran++;
  uv_stop(timer->loop);
}

static void stop_and_modes(void) {
  uv_timer_t timer;
  uv_loop_t own;

  loop = &own;
  ran = 0;
  EXPECT(uv_loop_init(loop) == 0);
  EXPECT(uv_run(loop, UV_RUN_DEFAULT) == 0);
  EXPECT(uv_run(loop, UV_RUN_ONCE) == 0);
  EXPECT(uv_run(loop, UV_RUN_NOWAIT) == 0);
  EXPECT(uv_backend_timeout(loop) == 0);
  uv_timer_init(loop, &timer);
  EXPECT(uv_timer_start(&timer, on_stopper, 1, 1) == 0);
  EXPECT(uv_run(loop, UV_RUN_DEFAULT) != 0);
  EXPECT(ran == 1);
  uv_stop(loop);
  EXPECT(uv_backend_timeout(loop) == 0);
  EXPECT(uv_run(loop, UV_RUN_DEFAULT) != 0);
  EXPECT(uv_loop_close(loop) == UV_EBUSY);
  uv_timer_stop(&timer);
  EXPECT(!uv_loop_alive(loop));
  uv_loop_set_data(loop, &timer);
  EXPECT(uv_loop_get_data(loop) == &timer && loop->data == &timer);
  uv_update_time(loop);
  EXPECT(uv_hrtime() > 0);
  leave_loop();
}

/* ---- Names and numbers ------------------------------------------------------------------ */

static void maps_and_versions(void) {
  int kinds = 0;

#define XX(upper, lower)                                        \
  EXPECT(strcmp(uv_handle_type_name(UV_##upper), #lower) == 0); \
  kinds++;
  UV_HANDLE_TYPE_MAP(XX)
#undef XX
  EXPECT(kinds == UV_FILE - 1 && UV_FILE + 1 == UV_HANDLE_TYPE_MAX);
  kinds = 0;
#define XX(upper, lower)                                     \
  EXPECT(strcmp(uv_req_type_name(UV_##upper), #lower) == 0); \
  kinds++;
  UV_REQ_TYPE_MAP(XX)
#undef XX
  EXPECT(kinds > 8);
#define XX(code, text)                                \
  EXPECT(UV_##code < 0);                              \
  EXPECT(strcmp(uv_err_name(UV_##code), #code) == 0); \
  EXPECT(strcmp(uv_strerror(UV_##code), text) == 0);
  UV_ERRNO_MAP(XX)
#undef XX
  EXPECT(strcmp(uv_err_name(UV_EFTYPE), "EFTYPE") == 0);
  EXPECT(uv_version() == (unsigned) UV_VERSION_HEX);
  EXPECT(uv_version() >> 16 == UV_VERSION_MAJOR && UV_VERSION_MAJOR == 1);
  EXPECT(strncmp(uv_version_string(), "1.", 2) == 0);
  EXPECT(UV_VERSION_MINOR >= 44 && UV_VERSION_PATCH >= 0 && UV_VERSION_IS_RELEASE);
  EXPECT(strcmp(UV_VERSION_SUFFIX, "") == 0);
  EXPECT(uv_handle_size(UV_TCP) == sizeof(uv_tcp_t));
  EXPECT(uv_handle_size(UV_NAMED_PIPE) == sizeof(uv_pipe_t));
  EXPECT(uv_handle_size(UV_TTY) == sizeof(uv_tty_t));
  EXPECT(uv_req_size(UV_WRITE) == sizeof(uv_write_t));
  EXPECT(uv_req_size(UV_CONNECT) == sizeof(uv_connect_t));
  EXPECT(uv_loop_size() == sizeof(uv_loop_t));
  EXPECT(uv_translate_sys_error(0) == 0);
}

/* Names that come with uv.h although they are the system's. */
static void names_of_the_system(void) {
  struct sockaddr_in addr;
  struct sockaddr_storage any;
  uv_buf_t buf = uv_buf_init(NULL, 0);

  EXPECT(uv_ip4_addr("127.0.0.1", 1234, &addr) == 0);
  EXPECT(ntohs(addr.sin_port) == 1234);
  EXPECT(addr.sin_addr.s_addr == htonl(0x7f000001));
  memset(&any, 0, sizeof(any));
  EXPECT(any.ss_family == AF_UNSPEC);
  EXPECT(SIGINT != SIGTERM && SIGHUP != SIGKILL);
  EXPECT((O_RDWR | O_CREAT | O_APPEND) != O_RDONLY);
  EXPECT(S_IFMT != S_IFDIR);
  EXPECT(buf.base == NULL && buf.len == 0);
  EXPECT((ssize_t) -1 < 0);
}

static void text_of_addresses(void) {
  struct sockaddr_in6 addr6;
  struct sockaddr_in addr;
  char text[64];

  EXPECT(uv_ip4_addr("1.2.3.4", 80, &addr) == 0);
  EXPECT(uv_ip4_name(&addr, text, sizeof(text)) == 0 && strcmp(text, "1.2.3.4") == 0);
  EXPECT(uv_ip_name((const struct sockaddr*) &addr, text, sizeof(text)) == 0);
  EXPECT(uv_ip4_name(&addr, text, 4) == UV_ENOSPC);
  EXPECT(uv_ip4_addr("1.2.3.400", 80, &addr) == UV_EINVAL);
  EXPECT(uv_ip6_addr("::ffff:1.2.3.4", 80, &addr6) == 0);
  EXPECT(uv_ip6_name(&addr6, text, sizeof(text)) == 0 && strcmp(text, "::ffff:1.2.3.4") == 0);
  EXPECT(uv_ip6_addr("1::2::3", 80, &addr6) == UV_EINVAL);
  EXPECT(uv_inet_pton(AF_INET6, "fe80::1", &addr6.sin6_addr) == 0);
  EXPECT(uv_inet_ntop(AF_INET6, &addr6.sin6_addr, text, sizeof(text)) == 0);
  EXPECT(strcmp(text, "fe80::1") == 0);
  EXPECT(uv_inet_ntop(-1, &addr, text, sizeof(text)) == UV_EAFNOSUPPORT);
}

/* ---- Threads ---------------------------------------------------------------------------- */

static uv_barrier_t barrier;
static uv_mutex_t mutex;
static uv_cond_t cond;
static uv_sem_t semaphore;
static uv_key_t key;
static uv_once_t once = UV_ONCE_INIT;
static int once_ran, counted, arrived_last;

static void run_once(void) {
  once_ran++;
}

static void work_in_thread(void* arg) {
  uv_thread_t self = uv_thread_self();

  uv_once(&once, run_once);
  EXPECT(uv_key_get(&key) == NULL);
  uv_key_set(&key, arg);
  EXPECT(uv_thread_equal(&self, &self));
  if (uv_barrier_wait(&barrier) > 0) {
    uv_mutex_lock(&mutex);
    arrived_last++;
    uv_mutex_unlock(&mutex);
  }
  EXPECT(uv_key_get(&key) == arg);
  uv_mutex_lock(&mutex);
  counted++;
  uv_cond_signal(&cond);
  uv_mutex_unlock(&mutex);
  uv_sem_post(&semaphore);
}

static void threads(void) {
  uv_thread_t ids[3];
  uv_thread_t self = uv_thread_self();
  int i;

  counted = 0;
  arrived_last = 0;
  EXPECT(uv_barrier_init(&barrier, 3) == 0);
  EXPECT(uv_mutex_init(&mutex) == 0);
  EXPECT(uv_cond_init(&cond) == 0);
  EXPECT(uv_sem_init(&semaphore, 0) == 0);
  EXPECT(uv_key_create(&key) == 0);
  EXPECT(uv_sem_trywait(&semaphore) == UV_EAGAIN);
  for (i = 0; i < 3; i++) {
    EXPECT(uv_thread_create(&ids[i], work_in_thread, &ids[i]) == 0);
    EXPECT(!uv_thread_equal(&ids[i], &self));
  }
  uv_mutex_lock(&mutex);
  while (counted < 3)
    uv_cond_wait(&cond, &mutex);
  EXPECT(uv_cond_timedwait(&cond, &mutex, 1000000) == UV_ETIMEDOUT);
  uv_mutex_unlock(&mutex);
  for (i = 0; i < 3; i++) {
    uv_sem_wait(&semaphore);
    EXPECT(uv_thread_join(&ids[i]) == 0);
  }
  EXPECT(arrived_last == 1);
  EXPECT(once_ran == 1);
  uv_key_delete(&key);
  uv_sem_destroy(&semaphore);
  uv_cond_destroy(&cond);
  uv_mutex_destroy(&mutex);
  uv_barrier_destroy(&barrier);
}

/* ---- The pool --------------------------------------------------------------------------- */

static int worked, after;

static void work(uv_work_t* req) {
  (void) req;
  worked = 1;
}

static void after_work(uv_work_t* req, int status) {
  EXPECT(status == 0 && worked == 1);
  EXPECT(req->type == UV_WORK && req->loop == loop);
  after++;
}

static void on_addresses(uv_getaddrinfo_t* req, int status, struct addrinfo* res) {
  (void) req;
  EXPECT(status == 0 && res != NULL && res->ai_family == AF_INET);
  uv_freeaddrinfo(res);
  after++;
}

static void on_name(uv_getnameinfo_t* req, int status, const char* host, const char* service) {
  (void) req;
  EXPECT(status == 0);
  EXPECT(strcmp(host, "127.0.0.1") == 0 && strcmp(service, "80") == 0);
  after++;
}

static void on_random(uv_random_t* req, int status, void* buf, size_t len) {
  (void) req;
  EXPECT(status == 0 && buf != NULL && len == 16);
  after++;
}

static void pool(void) {
  uv_work_t req;
  uv_getaddrinfo_t lookup;
  uv_getnameinfo_t reverse;
  uv_random_t random;
  struct addrinfo hints;
  struct sockaddr_in addr;
  char bytes[16];

  loop = uv_default_loop();
  worked = 0;
  after = 0;
  memset(&hints, 0, sizeof(hints));
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST;
  uv_ip4_addr("127.0.0.1", 80, &addr);
  EXPECT(uv_queue_work(loop, &req, work, after_work) == 0);
  EXPECT(uv_getaddrinfo(loop, &lookup, on_addresses, "127.0.0.1", "80", &hints) == 0);
  EXPECT(uv_getnameinfo(loop, &reverse, on_name, (const struct sockaddr*) &addr,
                        NI_NUMERICHOST | NI_NUMERICSERV) == 0);
  EXPECT(uv_random(loop, &random, bytes, sizeof(bytes), 0, on_random) == 0);
  EXPECT(after == 0);
  EXPECT(uv_run(loop, UV_RUN_DEFAULT) == 0);
  EXPECT(after == 4);
  EXPECT(uv_getaddrinfo(loop, &lookup, on_addresses, NULL, NULL, NULL) == UV_EINVAL);
  EXPECT(uv_getaddrinfo(loop, &lookup, on_addresses, "", NULL, NULL) == UV_EINVAL);
  EXPECT(uv_getaddrinfo(loop, NULL, on_addresses, "127.0.0.1", NULL, NULL) == UV_EINVAL);
  EXPECT(uv_getnameinfo(loop, NULL, on_name, (const struct sockaddr*) &addr, 0) == UV_EINVAL);
  EXPECT(uv_getaddrinfo(loop, &lookup, NULL, "127.0.0.1", NULL, &hints) == 0);
  uv_freeaddrinfo(lookup.addrinfo);
  leave_loop();
}

GUIDE(guide_loop) {
  static const struct program programs[] = {
      {"thousand_timers", thousand_timers},
      {"repeating_timer", repeating_timer},
      {"order_in_a_turn", order_in_a_turn},
      {"last_comes_first", last_comes_first},
      {"references_of_everything", references_of_everything},
      {"stop_and_modes", stop_and_modes},
      {"maps_and_versions", maps_and_versions},
      {"names_of_the_system", names_of_the_system},
      {"text_of_addresses", text_of_addresses},
      {"threads", threads},
      {"pool", pool},
  };

  (void) child;
  return run_program(programs, sizeof(programs) / sizeof(programs[0]), program);
}
