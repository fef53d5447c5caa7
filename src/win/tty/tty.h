/* The console and the streams on it: below, the console that a process has, and its lines; above, the
 * two directions; on top, which of them an opened terminal is. Knows the loop and its helper threads;
 * no pipe, and no signal: who wants to know of a change of the window's size is called. */
#ifndef UV__WIN_TTY_H_
#define UV__WIN_TTY_H_

#include "win/loop/loop.h"
#include "win/tty/keys.h"

/* ---- console.c ---- */

/* The mode of a console handle, in the list of those that are put back. */
struct uv__console_mode {
  struct uv__queue link;
  HANDLE handle;
  HANDLE own;  /* the same, when it was opened for this; else INVALID_HANDLE_VALUE */
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

/* Have `changed` called, on some thread, when the window changes its size; NULL: no more. */
int uv__console_watch_size(void (*changed)(void));

/* ---- typed.c: the queue of what was typed; under the lock of line.c ---- */

enum {
  UV__LINE_UNITS = 4096,               /* of one line */
  UV__TYPED_FRONT = UV__LINE_UNITS + 2 /* records before those that were in the queue: two that mark
                                        * the beginning, and a line */
};

/* Ends a call that reads a line. */
void uv__typed_enter(HANDLE handle);
/* Takes so many records, or fewer, out of the queue: how many. They are there, so that it does not wait;
 * and a console that is short of memory is asked again, or they would be read twice. */
DWORD uv__typed_take(HANDLE handle, INPUT_RECORD* to, DWORD count);
/* Whether a line has begun, or the console has an error to tell. What is no key goes. */
int uv__typed_has_key(HANDLE handle);
/* Empties the queue into a buffer from UV__TYPED_FRONT on, but for an Enter of ours: it is only said
 * whether there was one. Where they end. */
DWORD uv__typed_take_all(HANDLE handle, int* had_enter);
/* Units in front of these; where they begin. The end of a line is one key. */
DWORD uv__typed_prepend(const WCHAR* units, DWORD count);
/* Puts [begin, end) of the buffer back into the queue, before what is typed in the meantime. There is
 * no call for that: a mark before them shows whether they are the first. */
void uv__typed_put_back(HANDLE handle, DWORD begin, DWORD end);

/* ---- line.c: what all readers of the one console share ---- */

enum {
  /* What is changed for reading. */
  UV__LINE_MODE_BITS = ENABLE_PROCESSED_INPUT | ENABLE_LINE_INPUT | ENABLE_ECHO_INPUT |
                       ENABLE_WINDOW_INPUT | ENABLE_VIRTUAL_TERMINAL_INPUT
};

/* A reader of lines, and the line it has got. A helper's while it reads, all 0 at first. */
struct uv__line {
  HANDLE handle;
  int woken;   /* the present call is to end; under the lock of line.c, as the next */
  int leaving; /* there will be no other call, and nobody for a whole line either */
  COORD begun; /* where the cursor was at the beginning of the call, */
  COORD typed; /* and at its end */
  int has_begun;
  int has_typed;
  int is_cut; /* the rest of the line is with the console, and no key announces it */
  int error;
  DWORD at;
  DWORD count;
  WCHAR units[UV__LINE_UNITS];
};

/* What readers need, once in the process. */
int uv__line_begin(void);
/* Waits for its turn and reads a line; none when it is woken or keys are wanted. */
void uv__line_read(struct uv__line* line);
/* Ends uv__line_read, also one that is only about to begin. What was typed of an unfinished line
 * goes back into the console. Any thread. */
void uv__line_wake(struct uv__line* line, int is_leaving);
/* For the next uv__line_read. */
void uv__line_rest(struct uv__line* line);
/* What is left of the line goes back into the console. */
void uv__line_give_back(struct uv__line* line);

/* The console's mode from now on, for all handles, as one of UV_TTY_MODE_*. */
int uv__line_set_mode(struct uv__console_mode* mode, int tty_mode);
/* A handle leaves; the mode it found may be back then. */
void uv__line_leave(struct uv__console_mode* mode);
/* Whether keys are wanted, not lines. */
int uv__line_is_raw(void);

/* Keys may be looked at and taken from here on, by the caller only, to uv__line_end_keys; 0: not
 * now, there is nothing to end. */
int uv__line_begin_keys(void);
void uv__line_end_keys(void);

/* ---- raw.c: keys as bytes ---- */

struct uv__raw {
  HANDLE handle;
  struct uv__keys keys;
  /* A key or a character that has begun to be handed out. */
  unsigned repeat; /* how often it is yet to come */
  size_t at;
  size_t size;
  char bytes[UV__KEY_BYTES];
};

/* What has begun: how many bytes. */
size_t uv__raw_hand_out(struct uv__raw* raw, char* base, size_t len);
/* Whether there is a key. It stays where it is, for whoever reads first; what is none goes. */
int uv__raw_find(struct uv__raw* raw);
/* That, and the keys behind it. */
size_t uv__raw_take(struct uv__raw* raw, char* base, size_t len);

/* ---- terminal.c: what a terminal refuses, as the other members of struct uv__ops ---- */

void uv__tty_init(struct uv__io* io);
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
                      struct uv__io* const* pass);
int uv__tty_connect(struct uv__io* io, const void* addr);
int uv__tty_shutdown(struct uv__io* io);
int uv__tty_listen(struct uv__io* io, int backlog);
int uv__tty_accept_now(struct uv__io* io, struct uv__desc* desc);
ssize_t uv__tty_done(struct uv__io* io, enum uv__lane lane);

/* ---- in.c, out.c: make a duplicate of a console handle the io's ---- */

int uv__tty_in_open(struct uv__io* io, HANDLE handle);
int uv__tty_out_open(struct uv__io* io, HANDLE handle);

#endif /* UV__WIN_TTY_H_ */
