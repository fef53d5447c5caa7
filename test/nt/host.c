/* See host.h. Compiled without the model's headers, and not instrumented. */
#define _GNU_SOURCE
#include "host.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Told by the build, since this file is not compiled with them. */
#ifndef NT_ASAN
#  define NT_ASAN 0
#endif
#ifndef NT_TSAN
#  define NT_TSAN 0
#endif

/* ---- The baton ---- */

void host_gate_wait(struct host_gate* gate) {
  while (__atomic_exchange_n(&gate->open, 0, __ATOMIC_ACQUIRE) == 0)
    syscall(SYS_futex, &gate->open, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

void host_gate_open(struct host_gate* gate) {
  __atomic_store_n(&gate->open, 1, __ATOMIC_RELEASE);
  syscall(SYS_futex, &gate->open, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

/* ---- Threads ---- */

struct start {
  void (*fn)(void* arg);
  void* arg;
};

static __thread void* self;

static void* enter(void* arg) {
  struct start start = *(struct start*) arg;

  free(arg);
  start.fn(start.arg);
  return NULL;
}

void* host_thread_start(void (*fn)(void* arg), void* arg, size_t stack) {
  struct start* start = malloc(sizeof(*start));
  pthread_attr_t attr;
  pthread_t thread;

  if (start == NULL)
    return NULL;
  start->fn = fn;
  start->arg = arg;
  pthread_attr_init(&attr);
  pthread_attr_setstacksize(&attr, stack);
  if (pthread_create(&thread, &attr, enter, start) != 0) {
    free(start);
    return NULL;
  }
  pthread_attr_destroy(&attr);
  return (void*) thread;
}

void host_thread_join(void* thread) {
  pthread_join((pthread_t) thread, NULL);
}

void* host_self(void) {
  return self;
}

void host_set_self(void* to) {
  self = to;
}

/* ---- Sanitizers ---- */

#if NT_TSAN
void __tsan_acquire(void* address);
void __tsan_release(void* address);
const char* __tsan_default_options(void);

/* At the end of a process that has other threads it waits a second for their races. Those of the model's
 * processes that have ended stay where they are, and the tries of a scenario are hundreds of processes. */
const char* __tsan_default_options(void) {
  return "atexit_sleep_ms=0";
}
#endif

void host_release(void* address) {
#if NT_TSAN
  __tsan_release(address);
#else
  (void) address;
#endif
}

void host_acquire(void* address) {
#if NT_TSAN
  __tsan_acquire(address);
#else
  (void) address;
#endif
}

#if NT_ASAN
void __asan_poison_memory_region(const volatile void* at, size_t size);
void __asan_unpoison_memory_region(const volatile void* at, size_t size);
void __asan_get_shadow_mapping(size_t* scale, size_t* offset);

void host_poison(const void* at, size_t size) {
  __asan_poison_memory_region(at, size);
}

void host_unpoison(const void* at, size_t size) {
  __asan_unpoison_memory_region(at, size);
}

int host_is_poisoned(const void* at) {
  size_t scale, offset;

  /* The mark of poison by hand; freed memory and dead stacks have others. */
  __asan_get_shadow_mapping(&scale, &offset);
  return *(unsigned char*) (((size_t) at >> scale) + offset) == 0xf7;
}

int host_can_poison(void) {
  return 1;
}
#else
void host_poison(const void* at, size_t size) {
  (void) at;
  (void) size;
}

void host_unpoison(const void* at, size_t size) {
  (void) at;
  (void) size;
}

int host_is_poisoned(const void* at) {
  (void) at;
  return 1;
}

int host_can_poison(void) {
  return 0;
}
#endif

/* ---- Memory ---- */

#if NT_TSAN
/* Blocks wander between threads with the baton, which ThreadSanitizer does not see; so they come
 * from pages of our own. Free ones are kept by size. */
enum {
  GRAIN = 64,
  SIZES = 64
};
static char* page;
static size_t page_left;
static void* kept[SIZES];

void* host_alloc(size_t size) {
  size_t total = (size + 16 + GRAIN - 1) / GRAIN * GRAIN;
  size_t index = total / GRAIN;
  size_t* block;

  if (index < SIZES && kept[index] != NULL) {
    block = kept[index];
    kept[index] = *(void**) (block + 2);
  } else if (total > (1 << 16)) {
    block = mmap(NULL, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  } else {
    if (page_left < total) {
      page_left = 1 << 22;
      page = mmap(NULL, page_left, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }
    block = (size_t*) (void*) page;
    page += total;
    page_left -= total;
  }
  block[0] = total;
  for (size_t i = 2; i < total / sizeof(size_t); i++)
    block[i] = 0;
  return block + 2;
}

void host_free(void* at) {
  size_t* block = (size_t*) at - 2;

  if (at == NULL)
    return;
  if (block[0] > (1 << 16)) {
    munmap(block, block[0]);
  } else if (block[0] / GRAIN < SIZES) {
    *(void**) at = kept[block[0] / GRAIN];
    kept[block[0] / GRAIN] = block;
  }
}
#else
void* host_alloc(size_t size) {
  void* block = calloc(1, size);

  if (block == NULL) {
    host_print("nt: out of memory\n");
    host_exit(1);
  }
  return block;
}

void host_free(void* block) {
  free(block);
}
#endif

void* host_pages(size_t size) {
  void* pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

  return pages == MAP_FAILED ? NULL : pages;
}

int host_pages_hide(void* pages, size_t size, int hidden) {
  return mprotect(pages, size, hidden ? PROT_NONE : PROT_READ | PROT_WRITE) == 0;
}

int host_pages_free(void* pages, size_t size) {
  return munmap(pages, size) == 0;
}

/* ---- The process ---- */

#if NT_ASAN || NT_TSAN
void __sanitizer_print_stack_trace(void);
#endif

void host_backtrace(void) {
#if NT_ASAN || NT_TSAN
  __sanitizer_print_stack_trace();
#endif
}

#if UVSTREAM_COVERAGE
void __gcov_dump(void);
#endif

void host_exit(int status) {
  fflush(NULL);
#if UVSTREAM_COVERAGE
  __gcov_dump(); /* What a try of its own took. */
#endif
  _exit(status);
}

void host_print(const char* line) {
  size_t size = strlen(line);

  while (size > 0) {
    ssize_t n = write(2, line, size);
    if (n <= 0)
      return;
    line += n;
    size -= (size_t) n;
  }
}

const char* host_env(const char* name) {
  return getenv(name);
}

const char* host_variable(unsigned index) {
  return environ[index];
}

int host_parse_address(const char* text, int is_six, unsigned char* bytes) {
  return inet_pton(is_six ? AF_INET6 : AF_INET, text, bytes) == 1;
}

void host_print_address(const unsigned char* bytes, int is_six, char* text, size_t size) {
  (void) inet_ntop(is_six ? AF_INET6 : AF_INET, bytes, text, (socklen_t) size);
}

size_t host_random(void* to, size_t size) {
  ssize_t n = getrandom(to, size, 0);

  return n < 0 ? 0 : (size_t) n;
}

int host_errno(void) {
  return errno;
}

void host_set_errno(int value) {
  errno = value;
}

/* ---- Programs ---- */

const char* host_program_path(void) {
  static char path[4096];

  if (path[0] == '\0' && readlink("/proc/self/exe", path, sizeof(path) - 1) < 0)
    path[0] = '\0';
  return path;
}

const char* host_program_word(unsigned index) {
  static char words[8192];
  static ssize_t size;
  const char* at = words;
  int fd;

  if (size == 0) {
    fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    size = fd == -1 ? -1 : read(fd, words, sizeof(words) - 1);
    if (fd != -1)
      close(fd);
  }
  while (index-- > 0 && at < words + size)
    at += strlen(at) + 1;
  return at < words + size ? at : NULL;
}

/* Copies what of it is loaded: the linker puts what only debuggers want behind that. With NT_SYMBOLS in
 * the environment all of it, for stacks that name what the children run. */
static int copy_program(int from, int to) {
  Elf64_Ehdr head;
  off_t left = 0;
  int i;

  if (pread(from, &head, sizeof(head), 0) != sizeof(head))
    return 0;
  for (i = 0; i < head.e_phnum; i++) {
    Elf64_Phdr part;
    off_t at = (off_t) head.e_phoff + i * (off_t) sizeof(part);
    if (pread(from, &part, sizeof(part), at) != sizeof(part))
      return 0;
    if (part.p_type == PT_LOAD && (off_t) (part.p_offset + part.p_filesz) > left)
      left = (off_t) (part.p_offset + part.p_filesz);
  }
  if (getenv("NT_SYMBOLS") != NULL)
    left = lseek(from, 0, SEEK_END);
  (void) lseek(from, 0, SEEK_SET);
  while (left > 0) {
    ssize_t n = sendfile(to, from, NULL, (size_t) left);
    if (n <= 0)
      return 0;
    left -= n;
  }
  head.e_shoff = 0;
  head.e_shnum = 0;
  head.e_shstrndx = 0;
  return getenv("NT_SYMBOLS") != NULL || pwrite(to, &head, sizeof(head), 0) == sizeof(head);
}

/* The loader takes two names of one file for one, so that each process has a file of its own. */
host_main host_program_load(void) {
  char path[4096 + 8];
  host_main main_function = NULL;
  void* program;
  void* entry;
  int copy;
  int fd;

  snprintf(path, sizeof(path), "%s.so", host_program_path());
  fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd == -1)
    return NULL;
  copy = memfd_create("nt program", MFD_CLOEXEC);
  if (copy != -1 && copy_program(fd, copy)) {
    snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int) getpid(), copy);
    program = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    entry = program == NULL ? NULL : dlsym(program, "main");
    if (entry == NULL)
      host_print(dlerror());
    memcpy(&main_function, &entry, sizeof(entry));
  }
  close(fd);
  return main_function;
}

int host_try(int* status) {
  pid_t pid;

  fflush(NULL);
  pid = fork();
  if (pid == 0)
    return 1;
  *status = 1;
  if (pid > 0 && waitpid(pid, status, 0) == pid)
    *status = WIFEXITED(*status) ? WEXITSTATUS(*status) : 1;
  return 0;
}
