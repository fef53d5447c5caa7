/* Makes calls of the system fail. The linker leads every call of these functions in the test and in
 * the library, which is linked statically, to calls_unix.c (--wrap); nothing else is told. */
#ifndef FAULT_CALLS_H_
#define FAULT_CALLS_H_

/* The calls that can be made to fail, XX(name). What has no other way than Linux's is tried in the
 * build over a model of kqueue; of that, a change is `kevent` and a wait `kevent_wait`. */
#define FAULT_CALLS(XX) \
  XX(accept4)           \
  XX(connect)           \
  XX(recv)              \
  XX(recvmsg)           \
  XX(read)              \
  XX(send)              \
  XX(sendmsg)           \
  XX(write)             \
  XX(writev)            \
  XX(socket)            \
  XX(socketpair)        \
  XX(pipe2)             \
  XX(eventfd)           \
  XX(epoll_create1)     \
  XX(epoll_ctl)         \
  XX(epoll_wait)        \
  XX(poll)              \
  XX(fork)              \
  XX(clone)             \
  XX(accept)            \
  XX(pipe)              \
  XX(kqueue)            \
  XX(kevent)            \
  XX(kevent_wait)

enum call {
#define ROW(name) CALL_##name,
  FAULT_CALLS(ROW)
#undef ROW
  CALLS
};

/* What a call answers instead of an errno: it moves one byte, where more were to be moved. */
enum {
  FAULT_SHORT = -1
};

/* The n-th of these calls from now (1: the next) fails so, and none other; 0: none. */
void calls_fail_nth(enum call call, long n, int error);
/* How many of these calls were made since. */
long calls_made(void);

#endif /* FAULT_CALLS_H_ */
