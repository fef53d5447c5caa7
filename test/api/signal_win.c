/* Signals of the Windows console. Each test plays in a child with a console of its own, since an
 * event goes to all processes of a console. */
#include <signal.h>
#include <string.h>

#include "console.h"
#include "import.h"
#include "net.h"
#include "uv.h"

static uv_signal_t first;
static uv_signal_t second;
static uv_signal_t elsewhere;
static int first_runs;
static int second_runs;
static int elsewhere_runs;

static void press_ctrl_c(void) {
  CHECK(GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0));
}

static void count(uv_signal_t* handle, int signum) {
  CHECK_EQ(signum, SIGINT);
  CHECK_EQ(handle->signum, handle == &second ? 0 : SIGINT);
  ++*(int*) handle->data;
}

static void watch(uv_loop_t* loop, uv_signal_t* handle, int* runs) {
  CHECK_EQ(uv_signal_init(loop, handle), 0);
  handle->data = runs;
}

TEST(signal_win_ctrl_c_reaches_every_watcher) {
  uv_loop_t loop;

  if (!console_child("signal_win_ctrl_c_reaches_every_watcher"))
    return;
  CHECK_EQ(uv_loop_init(&loop), 0);
  watch(net_loop(), &first, &first_runs);
  watch(net_loop(), &second, &second_runs);
  watch(&loop, &elsewhere, &elsewhere_runs);
  CHECK_EQ(uv_signal_start(&first, count, SIGINT), 0);
  CHECK_EQ(uv_signal_start_oneshot(&second, count, SIGINT), 0);
  CHECK_EQ(uv_signal_start(&elsewhere, count, SIGINT), 0);
  press_ctrl_c();
  net_until(&first_runs, 1);
  net_until(&second_runs, 1);
  press_ctrl_c();
  net_until(&first_runs, 2);
  CHECK_EQ(second_runs, 1);
  /* The other loop looks only now; nothing was merged. */
  while (elsewhere_runs < 2)
    CHECK(uv_run(&loop, UV_RUN_ONCE) != 0);
  CHECK_EQ(elsewhere_runs, 2);
  uv_close((uv_handle_t*) &elsewhere, NULL);
  CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_loop_close(&loop), 0);
  CHECK_EQ(uv_signal_stop(&first), 0);
  net_end();
}

static void take_one_and_stop(uv_signal_t* handle, int signum) {
  CHECK_EQ(signum, SIGINT);
  ++*(int*) handle->data;
  CHECK_EQ(uv_signal_stop(handle), 0);
}

/* Both came before the loop looked, as the other loop shows; the second is nobody's any more. */
TEST(signal_win_stop_in_the_callback_drops_the_rest) {
  uv_loop_t loop;

  if (!console_child("signal_win_stop_in_the_callback_drops_the_rest"))
    return;
  CHECK_EQ(uv_loop_init(&loop), 0);
  watch(net_loop(), &first, &first_runs);
  watch(&loop, &elsewhere, &elsewhere_runs);
  CHECK_EQ(uv_signal_start(&first, take_one_and_stop, SIGINT), 0);
  CHECK_EQ(uv_signal_start(&elsewhere, count, SIGINT), 0);
  press_ctrl_c();
  press_ctrl_c();
  while (elsewhere_runs < 2)
    CHECK(uv_run(&loop, UV_RUN_ONCE) != 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(first_runs, 1);
  uv_close((uv_handle_t*) &elsewhere, NULL);
  CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_loop_close(&loop), 0);
  net_end();
}

static char told[8];

static void note_signal(uv_signal_t* handle, int signum) {
  (void) handle;
  CHECK(strlen(told) < sizeof told - 1);
  strcat(told, signum == SIGINT ? "c" : "b");
}

/* An event, and it has been delivered, as the other loop shows. */
static void press_and_see(uv_loop_t* other, DWORD event) {
  int runs = elsewhere_runs + 1;

  if (!GenerateConsoleCtrlEvent(event, 0))
    SKIP("that event cannot be sent (Wine: Ctrl+Break)");
  while (elsewhere_runs < runs)
    CHECK(uv_run(other, UV_RUN_ONCE) != 0);
}

static void count_any(uv_signal_t* handle, int signum) {
  (void) signum;
  ++*(int*) handle->data;
}

/* Whatever their numbers are. */
TEST(signal_win_are_told_in_the_order_in_which_they_came) {
  static const DWORD events[] = {CTRL_BREAK_EVENT, CTRL_C_EVENT, CTRL_BREAK_EVENT};
  uv_signal_t breaks;
  uv_loop_t loop;
  int i;

  if (!console_child("signal_win_are_told_in_the_order_in_which_they_came"))
    return;
  CHECK_EQ(uv_loop_init(&loop), 0);
  watch(net_loop(), &first, NULL);
  watch(net_loop(), &second, NULL);
  watch(&loop, &elsewhere, &elsewhere_runs);
  watch(&loop, &breaks, &elsewhere_runs);
  CHECK_EQ(uv_signal_start(&first, note_signal, SIGINT), 0);
  CHECK_EQ(uv_signal_start(&second, note_signal, SIGBREAK), 0);
  CHECK_EQ(uv_signal_start(&elsewhere, count_any, SIGINT), 0);
  CHECK_EQ(uv_signal_start(&breaks, count_any, SIGBREAK), 0);
  for (i = 0; i < 2; i++) {
    told[0] = '\0';
    press_and_see(&loop, events[i]);
    press_and_see(&loop, events[i + 1]);
    while (strlen(told) < 2)
      CHECK(uv_run(net_loop(), UV_RUN_ONCE) != 0);
    CHECK_STR(told, i == 0 ? "bc" : "cb");
  }
  uv_close((uv_handle_t*) &elsewhere, NULL);
  uv_close((uv_handle_t*) &breaks, NULL);
  CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_loop_close(&loop), 0);
  net_end();
}

static void never(uv_signal_t* handle, int signum) {
  (void) handle;
  (void) signum;
  FAIL("no such signal can come");
}

TEST(signal_win_numbers) {
  int signum;

  watch(net_loop(), &first, &first_runs);
  for (signum = 1; signum < NSIG; signum++) {
    CHECK_EQ(uv_signal_start(&first, never, signum), 0);
    CHECK_EQ(first.signum, signum);
  }
  CHECK_EQ(uv_signal_start(&first, never, NSIG), UV_EINVAL);
  CHECK_EQ(uv_signal_start(&first, never, -1), UV_EINVAL);
  CHECK_EQ(first.signum, SIGWINCH);
  CHECK_EQ(NSIG, SIGWINCH + 1);
  CHECK_EQ(SIGHUP, 1);
  CHECK_EQ(SIGQUIT, 3);
  CHECK_EQ(SIGKILL, 9);
  CHECK_EQ(SIGWINCH, 28);
  net_end();
}

/* ---- What Wine does not send, and does not forget ---- */

IMPORTED(SetConsoleCtrlHandler)

typedef BOOL(WINAPI* set_handler_fn)(PHANDLER_ROUTINE handler, BOOL add);
static set_handler_fn set_handler;
static PHANDLER_ROUTINE handler_of_ours;
static HANDLE added; /* an event */

static BOOL WINAPI set_and_note(PHANDLER_ROUTINE handler, BOOL add) {
  BOOL done = set_handler(handler, add);

  if (done && add) {
    if (handler_of_ours != handler) /* It may be read meanwhile. */
      handler_of_ours = handler;
    SetEvent(added);
  }
  return done;
}

static void note_handlers(void) {
  added = CreateEventA(NULL, FALSE, FALSE, NULL);
  CHECK(added != NULL);
  set_handler = (set_handler_fn) import_replace(IMPORT(SetConsoleCtrlHandler),
                                                (import_function) set_and_note);
}

/* As AllocConsole, AttachConsole and FreeConsole do. */
static void forget_handlers(void) {
  while (set_handler(handler_of_ours, FALSE))
    ;
  ResetEvent(added);
}

TEST(signal_win_handlers_come_back_to_another_console) {
  if (!console_child("signal_win_handlers_come_back_to_another_console"))
    return;
  note_handlers();
  watch(net_loop(), &first, &first_runs);
  CHECK_EQ(uv_signal_start(&first, count, SIGINT), 0);
  press_ctrl_c();
  net_until(&first_runs, 1);
  forget_handlers();
  CHECK_EQ(WaitForSingleObject(added, INFINITE),
           WAIT_OBJECT_0); /* The loop need not turn for it. */
  press_ctrl_c();
  net_until(&first_runs, 2);
  CHECK_EQ(uv_signal_stop(&first), 0);
  forget_handlers();
  CHECK_EQ(uv_signal_start(&first, count, SIGINT), 0);
  CHECK_EQ(WaitForSingleObject(added, INFINITE), WAIT_OBJECT_0);
  press_ctrl_c();
  net_until(&first_runs, 3);
  net_end();
}

/* Services hear of the logoff of everybody. */
TEST(signal_win_logoff_of_somebody_else) {
  if (!console_child("signal_win_logoff_of_somebody_else"))
    return;
  note_handlers();
  watch(net_loop(), &first, &first_runs);
  CHECK_EQ(uv_signal_start(&first, never, SIGTERM), 0);
  CHECK_EQ(handler_of_ours(CTRL_LOGOFF_EVENT), TRUE); /* Who hands it on may be ended for it. */
  CHECK_EQ(uv_run(net_loop(), UV_RUN_NOWAIT), 1);
  CHECK_EQ(uv_signal_stop(&first), 0);
  CHECK_EQ(handler_of_ours(CTRL_LOGOFF_EVENT), FALSE);
  net_end();
}
