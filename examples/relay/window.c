/* Looks at the terminal beside whoever reads and writes it: the handle is another one, and nothing is read
 * from it. */
#include "window.h"

#include <signal.h>

enum {
  COLUMNS = 80,
  ROWS = 25
};

static void look(struct window* window) {
  int columns;
  int rows;

  if (!window->has_tty || uv_tty_get_winsize(&window->tty, &columns, &rows) != 0 || columns <= 0 ||
      rows <= 0)
    return;
  window->columns = columns;
  window->rows = rows;
}

static void on_change(uv_signal_t* handle, int signum) {
  struct window* window = handle->data;
  (void) signum;
  look(window);
  window->resized(window);
}

/* What is written to knows its size on every system. */
static int find(struct window* window, uv_loop_t* loop) {
  static const int fds[] = {1, 2};
  int i;
  for (i = 0; i < 2; i++)
    if (uv_guess_handle(fds[i]) == UV_TTY && uv_tty_init(loop, &window->tty, fds[i], 0) == 0)
      return 1;
  return 0;
}

void window_open(struct window* window,
                 uv_loop_t* loop,
                 void* data,
                 void (*resized)(struct window* window)) {
  window->columns = COLUMNS;
  window->rows = ROWS;
  window->data = data;
  window->resized = resized;
  window->has_tty = find(window, loop);
  window->has_signal = window->has_tty && uv_signal_init(loop, &window->changed) == 0;
  if (window->has_signal) {
    window->changed.data = window;
    uv_signal_start(&window->changed, on_change, SIGWINCH);
    uv_unref((uv_handle_t*) &window->changed);
  }
  look(window);
}

static void on_closed(uv_handle_t* handle) {
  struct window* window = handle->data;
  if (--window->open_handles == 0)
    window->closed(window);
}

void window_close(struct window* window, void (*closed)(struct window* window)) {
  window->closed = closed;
  window->open_handles = (unsigned) (window->has_tty + window->has_signal);
  if (window->open_handles == 0) {
    closed(window);
    return;
  }
  window->tty.data = window;
  uv_close((uv_handle_t*) &window->tty, on_closed);
  if (window->has_signal)
    uv_close((uv_handle_t*) &window->changed, on_closed);
}
