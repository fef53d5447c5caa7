/* The ground floor of the Unix backend: the clock, errors, randomness, text that is handed out,
 * and descriptors as the system knows them, by their numbers. It knows the port, and neither
 * loops nor streams. */
#ifndef UV__UNIX_BASE_H_
#define UV__UNIX_BASE_H_

/* accept4 and EPOLLRDHUP are hidden without it. */
#ifndef _GNU_SOURCE
#  define _GNU_SOURCE
#endif

#include <errno.h>
#include <sys/types.h>

#include "core/port.h"
#include "uv.h"

/* ---- text.c ---- */

/* Hand out `len` bytes of text, terminated, as uv.h says: UV_ENOBUFS and the size needed when
 * that is more than *size, which else becomes the length. */
int uv__text_give(const char* text, size_t len, char* buffer, size_t* size);

/* ---- file.c ---- */

/* Make a descriptor non-blocking and not inherited. */
int uv__file_prepare(int fd);
/* The first half of that: 0, or 1 when it was blocking before. */
int uv__file_unblock(int fd);
/* Its reverse. May be called in a forked child. */
void uv__file_block(int fd);
/* Close it in what this process becomes by an exec. */
int uv__file_hide(int fd);
/* Whether it waits, which of an open file that is shared whoever else has it may want. */
int uv__file_blocks(int fd);
/* Whether there is something to read (POLLIN) or room to write (POLLOUT), or, as far as the system tells of
 * it, an end; asked for neither, that alone. 1, 0, or below 0: not known. */
int uv__file_poll(int fd, short events);
/* The same as 0 or 1; else errno is EAGAIN, as if the system had been asked to read or write. */
int uv__file_is_ready(int fd, short events);
/* Close without looking back: after EINTR the number may be somebody else's already. */
void uv__file_discard(int fd);
/* The beginning of a file as terminated text in `room` bytes; returns its length. */
ssize_t uv__file_read(const char* path, char* text, size_t room);
/* The whole of a file as terminated text, in memory of the library's. */
int uv__file_take(const char* path, char** text);

/* ---- reopen.c: may be called in a forked child, of a terminal on Linux only ---- */

/* Another descriptor of the same pipe or fifo, with flags of its own (not inherited, not
 * blocking, and `access` is its O_ACCMODE). UV_ENOTSUP where the system has no such thing. */
int uv__reopen_pipe(int fd, int access);
/* The same of a terminal. UV_ENOTSUP for a pseudo-terminal's master, which cannot be opened
 * twice. */
int uv__reopen_terminal(int fd, int access);

#endif /* UV__UNIX_BASE_H_ */
