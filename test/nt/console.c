/* Consoles. */
#include "proc.h"

void nt_console_set_up(struct nt_process* process, DWORD flags, int has_handles) {
  (void) process;
  (void) flags;
  (void) has_handles;
}

void nt_console_leave(struct nt_process* process) {
  (void) process;
}
