/* The Unix tail of uv.h: descriptor types, uv_buf_t, and what the Unix backends keep in
 * every loop and every stream. Not to be included directly. */
#ifndef UV_UNIX_H_
#define UV_UNIX_H_

/* More than this header needs: programs written for libuv find the names of these, SIGINT or
 * O_NONBLOCK for example, by including uv.h alone. */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <pwd.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/param.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <termios.h>

typedef int uv_file;
typedef int uv_os_sock_t;
typedef int uv_os_fd_t;
typedef pid_t uv_pid_t;
typedef uid_t uv_uid_t;
typedef gid_t uv_gid_t;

/* A strict C compiler does not see it in netdb.h; it is named in uv.h all the same. */
struct addrinfo;

typedef pthread_t uv_thread_t;
typedef pthread_mutex_t uv_mutex_t;
typedef pthread_cond_t uv_cond_t;
typedef pthread_key_t uv_key_t;
typedef pthread_once_t uv_once_t;
#define UV_ONCE_INIT PTHREAD_ONCE_INIT

/* Not a pthread_rwlock_t, which a strict C compiler does not see in pthread.h. */
typedef struct uv_rwlock_s {
  void* lock; /* private */
} uv_rwlock_t;

/* A shared library; the fields are private. */
typedef struct uv_lib_s {
  void* handle;
  char* errmsg;
} uv_lib_t;

/* One piece of memory. The layout is that of struct iovec, which the backends rely on. */
typedef struct uv_buf_t {
  char* base;
  size_t len;
} uv_buf_t;
typedef size_t uv__buf_len_t; /* private */

/* Private to src/unix: an owned descriptor on its way between two handles. */
struct uv__desc {
  int fd;      /* -1: none */
  short kind;  /* enum uv__desc_kind of core/port.h */
  short known; /* what need not be asked again; see src/unix/fd/fd.h */
};

/* Private to src/unix: what a backend keeps in every stream. */
struct uv__io_tail {
  int fd;             /* -1: no descriptor */
  unsigned int state; /* readiness seen, interest asked for; see src/unix/loop/loop.h */
  int slot;           /* place in the poller's table, where it has one (poll.c, kqueue.c) */
  int error;          /* result of a finished connect, until it is collected */
  union {
    void* more; /* a kind's own block: names of a pipe, what is known of a child; or who looks */
    int origin; /* the number that the program knows a pipe(2) end or a terminal by */
  } u;
};

/* Private to src/unix: what a backend keeps in every loop. */
struct uv__loop_tail {
  int backend_fd; /* epoll or kqueue descriptor, -1 with poll(2) */
  int wake_rd;    /* eventfd, or the two ends of a pipe */
  int wake_wr;
  int no_sigprof; /* 1: UV_LOOP_BLOCK_SIGNAL is in force */
  void* poller;   /* the poller's own block */
};

#endif /* UV_UNIX_H_ */
