/* What the two directions of the console share. */
#ifndef UV__WIN_CONSOLE_H_
#define UV__WIN_CONSOLE_H_

#include "win/internal.h"

/* The mode of a console handle, in the list of those that are put back. */
struct uv__console_mode {
  struct uv__queue link;
  HANDLE handle;
  DWORD found; /* the mode before anybody here changed it */
  DWORD ours;  /* the bits that we change */
  int is_changed;
};

/* The bits of `ours` may be changed from now on; and no more. The last handle that has changed them
 * puts them back: 1, when this is it. */
int uv__console_enter(struct uv__console_mode* mode, HANDLE handle, DWORD ours);
int uv__console_leave(struct uv__console_mode* mode);
/* They are about to be changed by this handle. */
void uv__console_claim(struct uv__console_mode* mode);
int uv__console_put(HANDLE handle, DWORD ours, DWORD bits);

/* Columns and rows of the window. */
int uv__console_size(int size[2]);
/* Ours of the console's two handles, which exist where there is a console. */
HANDLE uv__console_open(int output);

/* Whether VT sequences that are written may be switched on. */
int uv__console_wants_vt(void);

/* tty_in.c, tty_out.c: make a duplicate of a console handle the io's. */
int uv__tty_in_open(struct uv__io* io, HANDLE handle);
int uv__tty_out_open(struct uv__io* io, HANDLE handle);

/* console.c: what a terminal refuses, as the other members of struct uv__ops. */
void uv__tty_init(struct uv__io* io);
int uv__tty_open(struct uv__io* io, int domain, const struct uv__desc* desc, unsigned* opened);
int uv__tty_bind(struct uv__io* io, const void* addr, unsigned flags);
int uv__tty_name(struct uv__io* io, enum uv__end end, void* addr, int* len);
int uv__tty_option(struct uv__io* io, enum uv__option option, void* value);
int uv__tty_fileno(const struct uv__io* io, uv_os_fd_t* fd);
int uv__tty_read_arm(struct uv__io* io);
int uv__tty_read_disarm(struct uv__io* io);
ssize_t uv__tty_read_now(struct uv__io* io, char* base, size_t len, struct uv__passed* passed);
ssize_t uv__tty_write(struct uv__io* io,
                      const uv_buf_t* bufs,
                      unsigned nbufs,
                      enum uv__write_mode mode,
                      struct uv__io* pass);
int uv__tty_connect(struct uv__io* io, const void* addr);
int uv__tty_shutdown(struct uv__io* io);
int uv__tty_listen(struct uv__io* io, int backlog);
int uv__tty_accept_now(struct uv__io* io, struct uv__desc* desc);
ssize_t uv__tty_done(struct uv__io* io, enum uv__lane lane);

#endif /* UV__WIN_CONSOLE_H_ */
