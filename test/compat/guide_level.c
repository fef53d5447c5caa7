/* Programs that use what libuv got between its versions 1.44 and 1.53; see guide.h. With an older one
 * they do nothing. */
#include "guide_program.h"

#if UV_VERSION_HEX >= (1 << 16 | 53 << 8)

/* ---- The machine, its users, libraries --------------------------------------------------- */

static void machine(void) {
  uv_cpu_info_t* infos;
  uv_rusage_t used;
  int count;
  int i;

  EXPECT(uv_cpu_info(&infos, &count) == 0);
  EXPECT(count >= 1 && count >= (int) uv_available_parallelism());
  for (i = 0; i < count; i++)
    EXPECT(strlen(infos[i].model) > 0 && infos[i].cpu_times.idle > 0);
  uv_free_cpu_info(infos, count);
  EXPECT(uv_get_total_memory() > uv_get_free_memory());
  EXPECT(uv_get_free_memory() > 0);
  EXPECT(uv_get_available_memory() > 0);
  EXPECT(uv_get_constrained_memory() == 0 || uv_get_constrained_memory() > 1 << 20);
  EXPECT(uv_getrusage_thread(&used) == 0);
}

static void users(void) {
  uv_passwd_t user;
  uv_group_t group;

  EXPECT(uv_os_get_passwd(NULL) == UV_EINVAL);
  EXPECT(uv_os_get_group(NULL, 0) == UV_EINVAL);
  EXPECT(uv_os_get_passwd(&user) == 0);
  EXPECT(strlen(user.username) > 0 && strlen(user.homedir) > 0);
  uv_os_free_passwd(&user);
  EXPECT(user.username == NULL);
  uv_os_free_passwd(&user);
#  ifdef _WIN32
  EXPECT(uv_os_get_passwd2(&user, 0) == UV_ENOTSUP);
  EXPECT(uv_os_get_group(&group, 0) == UV_ENOTSUP);
#  else
  EXPECT(uv_os_get_passwd2(&user, 0) == 0);
  EXPECT(strcmp(user.username, "root") == 0 && user.uid == 0);
  uv_os_free_passwd(&user);
  EXPECT(uv_os_get_passwd2(&user, 0x7ffffff0) == UV_ENOENT);
  EXPECT(uv_os_get_group(&group, 0) == 0);
  EXPECT(group.gid == 0 && strlen(group.groupname) > 0);
  uv_os_free_group(&group);
  EXPECT(group.members == NULL);
  EXPECT(uv_os_get_group(&group, 0x7ffffff0) == UV_ENOENT);
#  endif
}

static void libraries(void) {
  uv_lib_t lib;
  void* found = NULL;

  EXPECT(uv_dlopen("there is no such library", &lib) == -1);
  EXPECT(strcmp(uv_dlerror(&lib), "no error") != 0);
  uv_dlclose(&lib);
#  ifdef _WIN32
  EXPECT(uv_dlopen("kernel32.dll", &lib) == 0);
  EXPECT(uv_dlsym(&lib, "GetTickCount", &found) == 0 && found != NULL);
#  else
  EXPECT(uv_dlopen(NULL, &lib) == 0);
  EXPECT(uv_dlsym(&lib, "strlen", &found) == 0 && found != NULL);
#  endif
  EXPECT(strcmp(uv_dlerror(&lib), "no error") == 0);
  EXPECT(uv_dlsym(&lib, "there_is_no_such_function", &found) == -1);
  EXPECT(strcmp(uv_dlerror(&lib), "no error") != 0);
  uv_dlclose(&lib);
}

/* ---- Names, priorities, processors ------------------------------------------------------- */

static void shares(void) {
  static char mask[2048];
  static char old[2048];
  uv_thread_t self = uv_thread_self();
  char name[64];
  int size = uv_cpumask_size();
  int priority = -99;
  int i = 0;

  EXPECT(uv_thread_setname("guide") == 0);
  EXPECT(uv_thread_getname(&self, name, sizeof(name)) == 0 && strcmp(name, "guide") == 0);
  EXPECT(uv_thread_getname(&self, name, 3) == 0 && strcmp(name, "gu") == 0);
  EXPECT(uv_thread_getname(&self, name, 0) == UV_EINVAL);
  EXPECT(uv_thread_setpriority(self, 3) == UV_EINVAL);
  EXPECT(uv_thread_getpriority(self, NULL) == UV_EINVAL);
  EXPECT(uv_thread_setpriority(self, UV_THREAD_PRIORITY_LOWEST) == 0);
  EXPECT(uv_thread_getpriority(self, &priority) == 0);
#  ifdef __linux__
  EXPECT(priority == 4);
#  endif
  EXPECT(uv_os_setpriority(0, UV_PRIORITY_LOW + 1) == UV_EINVAL);
  EXPECT(uv_os_getpriority(0, NULL) == UV_EINVAL);
  EXPECT(uv_os_setpriority(0, UV_PRIORITY_LOW) == 0);
  EXPECT(uv_os_getpriority(uv_os_getpid(), &priority) == 0 && priority == UV_PRIORITY_LOW);
  EXPECT(uv_os_getpriority(0x7ffffff0, &priority) == UV_ESRCH);

  if (size == UV_ENOTSUP)
    return;
  EXPECT(size > 0 && size <= (int) sizeof(mask));
  EXPECT(uv_thread_getaffinity(&self, mask, (size_t) size - 1) == UV_EINVAL);
  EXPECT(uv_thread_getaffinity(&self, mask, sizeof(mask)) == 0);
  while (i < size - 1 && mask[i] == 0)
    i++;
  memset(mask, 0, sizeof(mask));
  EXPECT(uv_thread_setaffinity(&self, mask, NULL, sizeof(mask)) == UV_EINVAL);
  mask[i] = 1;
  EXPECT(uv_thread_setaffinity(&self, mask, old, sizeof(mask)) == 0 && old[i] == 1);
  EXPECT(uv_thread_getcpu() == i);
  EXPECT(uv_thread_setaffinity(&self, old, NULL, sizeof(old)) == 0);
}

/* ---- A write that is taken back ---------------------------------------------------------- */

#  define BLOCK ((size_t) 8 << 20)

static char* block;
static size_t heard;
static size_t went;
static int first_status;
static int second_status;

static void on_first(uv_write_t* req, int status) {
  first_status = status;
  went = uv_write_nwritten(req);
}

static void on_second(uv_write_t* req, int status) {
  second_status = status;
  EXPECT(uv_write_nwritten(req) == 1000);
  EXPECT(first_status != 1); /* it comes behind the first */
  uv_close((uv_handle_t*) req->handle, NULL);
}

static void on_alloc(uv_handle_t* handle, size_t hint, uv_buf_t* buf) {
  static char room[65536];

  (void) handle;
  (void) hint;
  *buf = uv_buf_init(room, sizeof(room));
}

/* What was taken back leaves no hole: the second write goes on in the pattern of the first. */
static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  ssize_t i;

  for (i = 0; i < nread; i++)
    EXPECT(buf->base[i] == (char) ((heard + (size_t) i) % 251));
  if (nread > 0)
    heard += (size_t) nread;
  else if (nread < 0)
    uv_close((uv_handle_t*) stream, NULL);
}

static void taken_back(void) {
  uv_os_sock_t pair[2];
  uv_tcp_t ends[2];
  uv_write_t first;
  uv_write_t second;
  uv_loop_t loop;
  uv_buf_t buf;
  size_t sent;
  size_t i;
  int r;

  block = (char*) malloc(BLOCK);
  EXPECT(block != NULL);
  for (i = 0; i < BLOCK; i++)
    block[i] = (char) (i % 251);
  heard = 0;
  first_status = second_status = 1;
  EXPECT(uv_loop_init(&loop) == 0);
  EXPECT(uv_socketpair(SOCK_STREAM, 0, pair, UV_NONBLOCK_PIPE, UV_NONBLOCK_PIPE) == 0);
  for (i = 0; i < 2; i++) {
    EXPECT(uv_tcp_init(&loop, &ends[i]) == 0);
    EXPECT(uv_tcp_open(&ends[i], pair[i]) == 0);
  }
  buf = uv_buf_init(block, (unsigned) BLOCK);
  EXPECT(uv_write(&first, (uv_stream_t*) &ends[0], &buf, 1, on_first) == 0);
  sent = BLOCK - ends[0].write_queue_size;
  r = uv_cancel((uv_req_t*) &first);
#  ifdef _WIN32
  EXPECT(r == 0 || r == UV_EBUSY); /* the system may have it as a whole */
  if (r != 0)
    sent = BLOCK;
#  else
  EXPECT(r == 0);
#  endif
  buf = uv_buf_init(block + sent % 251, 1000); /* the pattern goes on */
  EXPECT(uv_write(&second, (uv_stream_t*) &ends[0], &buf, 1, on_second) == 0);
  EXPECT(uv_read_start((uv_stream_t*) &ends[1], on_alloc, on_read) == 0);
  EXPECT(uv_run(&loop, UV_RUN_DEFAULT) == 0);
  EXPECT(first_status == (r == 0 ? UV_ECANCELED : 0));
  EXPECT(second_status == 0);
  EXPECT(went == sent && heard == sent + 1000);
  EXPECT(uv_loop_close(&loop) == 0);
  free(block);
}

#else

static void machine(void) {}
static void users(void) {}
static void libraries(void) {}
static void shares(void) {}
static void taken_back(void) {}

#endif

GUIDE(guide_level) {
  static const struct program programs[] = {
      {"machine", machine}, {"users", users},           {"libraries", libraries},
      {"shares", shares},   {"taken_back", taken_back},
  };

  (void) child;
  return run_program(programs, sizeof(programs) / sizeof(programs[0]), program);
}
