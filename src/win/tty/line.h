/* What all readers of the one console that a process has share; see tty_line.c. */
#ifndef UV__WIN_TTY_LINE_H_
#define UV__WIN_TTY_LINE_H_

#include "win/tty/console.h"

enum {
  UV__LINE_UNITS = 4096, /* of one call */
  /* What is changed for reading. */
  UV__LINE_MODE_BITS = ENABLE_PROCESSED_INPUT | ENABLE_LINE_INPUT | ENABLE_ECHO_INPUT |
                       ENABLE_WINDOW_INPUT | ENABLE_VIRTUAL_TERMINAL_INPUT
};

/* A reader of lines, and the line it has got. A helper's while it reads, all 0 at first. */
struct uv__line {
  HANDLE handle;
  int woken;   /* the present call is to end; under the lock of tty_line.c, as the next */
  int leaving; /* there will be no other call, and nobody for a whole line either */
  COORD begun; /* where the cursor was at the beginning of the call, */
  COORD typed; /* and at its end */
  int has_begun;
  int has_typed;
  int error;
  DWORD at;
  DWORD count;
  WCHAR units[UV__LINE_UNITS];
};

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

#endif /* UV__WIN_TTY_LINE_H_ */
