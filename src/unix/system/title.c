/* The title of the process. Tools read it from where the kernel put the arguments, so a title is
 * written over them, and main gets a copy to go on with. The room is what the arguments took,
 * since behind them lies the environment, which the C library holds pointers into. */
#include "unix/system/system.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__linux__)
#  include <sys/prctl.h>
#  include <sys/syscall.h>
#endif

#include "core/base/alloc.h"

static struct {
  pthread_mutex_t lock;
  char* base; /* NULL: uv_setup_args was not called, or found no memory */
  size_t size;
  size_t len;
  char** copy; /* what uv_setup_args gave */
} title = {PTHREAD_MUTEX_INITIALIZER, NULL, 0, 0, NULL};

/* Bytes of the arguments, as far as one follows the other. */
static size_t measure(int argc, char** argv) {
  char* end = argv[0] + strlen(argv[0]) + 1;
  int i;

  for (i = 1; i < argc && argv[i] == end; i++)
    end += strlen(end) + 1;
  return (size_t) (end - argv[0]);
}

/* A table of the arguments and their text, in one block. */
static char** copy_args(int argc, char** argv) {
  size_t bytes = 0;
  char** copy;
  char* text;
  int i;

  for (i = 0; i < argc; i++)
    bytes += strlen(argv[i]) + 1;
  copy = uv__malloc(((size_t) argc + 1) * sizeof(*copy) + bytes);
  if (copy == NULL)
    return NULL;
  text = (char*) (copy + argc + 1);
  for (i = 0; i < argc; i++) {
    size_t size = strlen(argv[i]) + 1;
    copy[i] = memcpy(text, argv[i], size);
    text += size;
  }
  copy[argc] = NULL;
  return copy;
}

char** uv_setup_args(int argc, char** argv) {
  char** result = argv;

  if (argc <= 0 || argv == NULL || argv[0] == NULL)
    return argv;
  pthread_mutex_lock(&title.lock);
  if (title.copy == NULL) {
    title.copy = copy_args(argc, argv);
    if (title.copy != NULL) {
      title.base = argv[0];
      title.size = measure(argc, argv);
      title.len = strlen(argv[0]);
      result = title.copy;
    }
  }
  pthread_mutex_unlock(&title.lock);
  return result;
}

/* Beyond the arguments: where the system has a call, or a short name of the process as well. */
static void tell_system(const char* text) {
#if defined(__FreeBSD__) || defined(__NetBSD__) || defined(__DragonFly__)
  setproctitle("-%s", text); /* the dash: without the name of the program before it */
#elif defined(__OpenBSD__)
  setproctitle("%s", text);
#elif defined(__linux__)
  /* Each thread has such a name; that of the first one is the process's. */
  if (syscall(SYS_gettid) == getpid())
    prctl(PR_SET_NAME, text);
#else
  (void) text;
#endif
}

int uv_set_process_title(const char* text) {
  size_t len;
  int r = UV_ENOBUFS;

  if (text == NULL)
    return UV_EINVAL;
  len = strlen(text);
  pthread_mutex_lock(&title.lock);
  if (title.base != NULL) {
    if (len >= title.size)
      len = title.size - 1;
    memcpy(title.base, text, len);
    memset(title.base + len, 0, title.size - len);
    title.len = len;
    tell_system(title.base);
    r = 0;
  }
  pthread_mutex_unlock(&title.lock);
  return r;
}

int uv_get_process_title(char* buffer, size_t size) {
  int r = UV_ENOBUFS;

  if (buffer == NULL || size == 0)
    return UV_EINVAL;
  pthread_mutex_lock(&title.lock);
  if (title.base != NULL && title.len < size) {
    memcpy(buffer, title.base, title.len + 1);
    r = 0;
  }
  pthread_mutex_unlock(&title.lock);
  return r;
}

void uv__port_shutdown(void) {
  uv__free(title.copy);
  title.copy = NULL;
  title.base = NULL;
}

void uv__title_hold(void) {
  pthread_mutex_lock(&title.lock);
}

void uv__title_unhold(void) {
  pthread_mutex_unlock(&title.lock);
}
