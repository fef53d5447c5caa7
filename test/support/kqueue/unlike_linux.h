/* Included before everything else in a build over the model of kqueue: takes away what only Linux
 * and some of the BSDs have, so that the library chooses what it does on the poorest of them, macOS.
 * That the system is Linux is not said either (-U__linux__, kqueue.cmake); what is left are POSIX
 * and glibc. */
#ifndef UVTEST_UNLIKE_LINUX_H_
#define UVTEST_UNLIKE_LINUX_H_

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Sockets that are born non-blocking and not inherited. */
#undef SOCK_NONBLOCK
#undef SOCK_CLOEXEC
#undef MSG_CMSG_CLOEXEC

#endif /* UVTEST_UNLIKE_LINUX_H_ */
