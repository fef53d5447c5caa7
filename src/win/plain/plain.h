/* Pipes that were not opened for overlapped calls, as streams: the usual stdio of a process. Knows the
 * loop with its helpers, and what a pipe is to the system; nothing of messages, names and other ends. */
#ifndef UV__WIN_PLAIN_H_
#define UV__WIN_PLAIN_H_

#include "win/loop/helper.h"
#include "win/npfs/npfs.h"

/* ---- blocking.c: calls that wait, made by a helper on a handle that may be synchronous ---- */

struct uv__blocking {
  struct uv__helper* helper; /* who makes them, one at a time */
  HANDLE handle;
  HANDLE event; /* of the call that is made */
  OVERLAPPED overlapped;
  unsigned char is_file; /* or a device: it has a place of its own, at which each call goes on */
  unsigned char pending; /* under the helper's lock: the kernel has `overlapped` */
};

int uv__blocking_begin(struct uv__blocking* calls, struct uv__helper* helper, HANDLE handle);
/* Closes the handle, if it is one still. */
void uv__blocking_end(struct uv__blocking* calls);
/* Waits for something to read, and reads it if that is still wanted: UV_E*, or 0 and `*size` bytes,
 * of which there are none when somebody ended the call. */
int uv__blocking_read(struct uv__blocking* calls,
                      int (*is_wanted)(struct uv__helper* helper),
                      char* base,
                      DWORD len,
                      DWORD* size);
/* Writes: UV_E*, or 0 and how much was really taken. */
int uv__blocking_write(struct uv__blocking* calls, const char* base, DWORD len, DWORD* size);
/* Any thread, under the helper's lock: ends the call that it makes, if it has begun. */
void uv__blocking_cancel(struct uv__blocking* calls);

/* ---- plain.c ---- */

/* Makes `handle` the io's, which gets the table of operations for it. `is_file`: it is no pipe but a
 * file or a device. */
int uv__plain_open(struct uv__io* io, HANDLE handle, unsigned opened, int is_file);

#endif /* UV__WIN_PLAIN_H_ */
