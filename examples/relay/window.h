/* The terminal that this program was started on: how large it is, and when that changes. */
#ifndef RELAY_WINDOW_H_
#define RELAY_WINDOW_H_

#include "uv.h"

struct window {
  uv_tty_t tty; /* first */
  uv_signal_t changed;
  int has_tty;
  int has_signal;
  int columns; /* of a terminal as they were, where there is none */
  int rows;
  unsigned open_handles;
  void* data;
  void (*resized)(struct window* window);
  void (*closed)(struct window* window);
};

/* `resized` (data, columns and rows are set) comes with each change; `data` is the caller's. Keeps no loop
 * going. To be closed. */
void window_open(struct window* window,
                 uv_loop_t* loop,
                 void* data,
                 void (*resized)(struct window* window));

/* `closed` may come at once. */
void window_close(struct window* window, void (*closed)(struct window* window));

#endif /* RELAY_WINDOW_H_ */
