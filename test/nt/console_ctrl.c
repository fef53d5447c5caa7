/* Events of a console for its processes: Ctrl+C and the others, and the functions that hear of them
 * ("HandlerRoutine", "SetConsoleCtrlHandler", "GenerateConsoleCtrlEvent"). */
#include "console.h"

enum {
  CONTROL_C_EXIT = (int) 0xc000013a /* STATUS_CONTROL_C_EXIT */
};

BOOL WINAPI SetConsoleCtrlHandler(PHANDLER_ROUTINE handler, BOOL add) {
  struct nt_process* process = nt_here();
  unsigned i;

  nt_enter("SetConsoleCtrlHandler");
  if (handler == NULL) { /* Ctrl+C is ignored, or is not: children have it from their parent. */
    process->ignores_ctrl_c = add;
    return TRUE;
  }
  if (add) {
    if (process->handler_count == NT_MOST_HANDLERS)
      nt_fault("a process has more handlers than the model has room for");
    process->handlers[process->handler_count++] = handler;
    return TRUE;
  }
  for (i = process->handler_count; i-- > 0;) {
    if (process->handlers[i] != handler)
      continue;
    for (process->handler_count--; i < process->handler_count; i++)
      process->handlers[i] = process->handlers[i + 1];
    return TRUE;
  }
  return nt_error(ERROR_INVALID_PARAMETER);
}

/* On a thread that the system makes in the process. The last function that was added is first; the last
 * of all is the system's, which ends the process. It ends with the last three events whatever is said. */
static DWORD tell(void* arg) {
  struct nt_process* process = nt_here();
  DWORD event = (DWORD) (ULONG_PTR) arg;
  unsigned i;

  for (i = process->handler_count; i-- > 0;) {
    PHANDLER_ROUTINE handler = i < process->handler_count ? process->handlers[i] : NULL;
    if (handler == NULL || !handler(event))
      continue;
    nt_enter("the end of a handler");
    if (event == CTRL_C_EVENT || event == CTRL_BREAK_EVENT)
      return 0;
    break;
  }
  nt_process_exit((UINT) CONTROL_C_EXIT);
}

/* To all of the console's processes. */
void nt_console_event(struct nt_console* console, DWORD event) {
  struct nt_process* process;

  for (process = nt_process_list(); process != NULL; process = process->next)
    if (process->console == console && !process->ended &&
        !(event == CTRL_C_EVENT && process->ignores_ctrl_c))
      (void) nt_thread_create_in(process, tell, (void*) (ULONG_PTR) event, 0);
}

BOOL WINAPI GenerateConsoleCtrlEvent(DWORD event, DWORD group) {
  nt_enter("GenerateConsoleCtrlEvent");
  if (event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT)
    return nt_error(ERROR_INVALID_PARAMETER);
  if (nt_here()->console == NULL)
    return nt_error(ERROR_INVALID_HANDLE);
  if (group != 0)
    nt_absent("GenerateConsoleCtrlEvent for a group");
  nt_console_event(nt_here()->console, event);
  return TRUE;
}

/* The user: Ctrl+C, as the keyboard has it and no record does. Whoever reads lines gets none. */
void nt_console_press_ctrl_c(void) {
  struct nt_console* console;

  nt_enter("nt_console_press_ctrl_c");
  console = nt_here()->console;
  nt_console_event(console, CTRL_C_EVENT);
  console->interrupts++;
}

/* Another: the window is closed, or the system goes down. */
void nt_console_close(DWORD event) {
  nt_enter("nt_console_close");
  nt_console_event(nt_here()->console, event);
}
