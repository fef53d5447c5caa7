/* The terminals' room. Those above it need no more than the table of port.h, and to hold the list of
 * open terminals over a fork; the rest is for the files within. It knows neither pipes nor
 * children. */
#ifndef UV__UNIX_TTY_H_
#define UV__UNIX_TTY_H_

#include <termios.h>

#include "unix/fd/fd.h"

/* ---- For whoever stands above ---- */

/* Around a fork, with all signals blocked: nobody else is in the list, which is whole in the
 * child. */
void uv__mode_hold(void);
void uv__mode_unhold(void);

/* ---- Within the room: mode.c ---- */

/* tail.u.more of a terminal */
struct uv__terminal {
  struct uv__queue link; /* among all of the process */
  int fd;                /* that of the io */
  dev_t device;          /* the same for all descriptors of one terminal */
  int is_shared;         /* with whoever else has the open file, which could not be opened anew */
  int changed_by;        /* the process that did it by this handle, or 0; `found` is how it was */
  struct termios found;
};

/* It is open from now on. */
void uv__mode_enlist(struct uv__terminal* terminal);
/* It is about to be closed: the last handle that changed a terminal puts it back. */
void uv__mode_drop(struct uv__terminal* terminal);
/* enum uv_tty_mode_t */
int uv__mode_set(struct uv__terminal* terminal, int mode);

#endif /* UV__UNIX_TTY_H_ */
