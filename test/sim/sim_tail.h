/* The simulator's tail of uv.h: what uv/unix.h and uv/win.h define, for a system that exists
 * only in test/sim. Brought in by -DUV__TAIL='"sim_tail.h"'. Not to be included directly. */
#ifndef SIM_TAIL_H_
#define SIM_TAIL_H_

/* The host lends its address structures and ssize_t; none of its calls is made. */
#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#  ifndef WIN32_LEAN_AND_MEAN
#    define WIN32_LEAN_AND_MEAN
#  endif
/* clang-format off */
# include <winsock2.h>
# include <ws2tcpip.h>
/* clang-format on */
#  include <sys/types.h>
/* MinGW has it there, Microsoft nowhere. */
#  ifndef _SSIZE_T_DEFINED
#    ifndef _SSIZE_T_
typedef intptr_t ssize_t;
#      define _SSIZE_T_
#    endif
#    define _SSIZE_T_DEFINED
#  endif
#else
#  include <netdb.h>
#  include <netinet/in.h>
#  include <sys/socket.h>
#  include <sys/types.h>
#endif

typedef int uv_file;
typedef int uv_os_sock_t;
typedef int uv_os_fd_t;
typedef int uv_pid_t;
typedef unsigned uv_uid_t;
typedef unsigned uv_gid_t;

/* A mutex is whose it is (sim_thread.c). */
typedef int uv_thread_t;
typedef int uv_mutex_t;
typedef int uv_rwlock_t;
typedef int uv_cond_t;
typedef int uv_key_t;
typedef int uv_once_t;
#define UV_ONCE_INIT 0
typedef int uv_lib_t;

typedef struct uv_buf_t {
  char* base;
  size_t len;
} uv_buf_t;
typedef size_t uv__buf_len_t;

/* An owned simulated socket on its way between two handles. */
struct uv__desc {
  int fd;   /* -1: none */
  int kind; /* enum uv__desc_kind of core/port.h */
};

/* The bytes of a write in flight, with their checksum (sim.c). */
struct sim_pin;

/* What the simulator keeps in every stream. It answers `done` even after the close. */
struct uv__io_tail {
  unsigned magic;    /* open, closing or closed; anything else is memory that is not an io */
  int fd;            /* its descriptor, -1: none */
  int child;         /* of a process: which one, from 1 on */
  unsigned style;    /* how this io answers: set of enum sim_style */
  unsigned armed;    /* lanes that owe a ring */
  unsigned due;      /* lanes that rang and were not collected */
  unsigned patience; /* ticks a lane may still keep quiet although it could ring */
  unsigned spurious; /* rings for nothing that are still allowed */
  int unasked;       /* READ was disarmed, and its ring still comes */
  int ready;         /* read_arm said so, and nothing was read since */
  int resets;        /* the close aborts the connection */
  int connect_port;
  int is_silent; /* nobody answers there */
  int connect_result;
  int shutdown_result;
  ssize_t write_result;
  struct sim_pin* pin;
};

struct uv__loop_tail {
  unsigned magic;
  int woken;
};

#endif /* SIM_TAIL_H_ */
