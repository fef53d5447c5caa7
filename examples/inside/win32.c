/* inside_win32 [PORT]: the guest (guest.h) in a loop of messages, as a program with windows has one, beside a
 * clock that ticks.
 *
 * Windows runs loops of its own while a menu is open or a window is moved, and they do not know of the guest.
 * A program in which that matters lets WM_TIMER call guest_turn as well; it may be called at any time, but not
 * from within itself: a callback of the guest must open no dialog. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "guest.h"
#include "uv.h"

#define TICK_MS 20

/* Something of the host's own. */
static void dispatch(const MSG* message) {
  static unsigned ticks;
  if (message->message == WM_TIMER)
    guest_report(++ticks);
  else
    DispatchMessageW(message);
}

/* All messages before the next wait. 0: the program is to end. */
static int dispatch_all(void) {
  MSG message;
  while (PeekMessageW(&message, NULL, 0, 0, PM_REMOVE)) {
    if (message.message == WM_QUIT)
      return 0;
    dispatch(&message);
  }
  return 1;
}

static int run(void) {
  HANDLE port = (HANDLE) (intptr_t) guest_descriptor();
  for (;;) {
    int timeout_ms = guest_timeout();
    DWORD limit = timeout_ms < 0 ? INFINITE : (DWORD) timeout_ms;
    DWORD result = MsgWaitForMultipleObjectsEx(1, &port, limit, QS_ALLINPUT, MWMO_INPUTAVAILABLE);
    if (result == WAIT_FAILED)
      return 1;
    if (!dispatch_all())
      return 0;
    if ((result != WAIT_OBJECT_0 + 1 || timeout_ms == 0) && !guest_turn())
      return 0;
  }
}

int main(int argc, char** argv) {
  int err = guest_open(argc > 1 ? atoi(argv[1]) : 7000);
  if (err < 0) {
    fprintf(stderr, "inside_win32: %s\n", uv_strerror(err));
    return 1;
  }
  if (SetTimer(NULL, 0, TICK_MS, NULL) == 0 || run() != 0) {
    fprintf(stderr, "inside_win32: error %lu\n", GetLastError());
    return 1;
  }
  return 0;
}
