/* The devices that names lead to, told once: each device has a function for that, called here. */
#include "sched.h"

void nt_npfs_begin(void);
void nt_files_begin(void);
void nt_null_begin(void);
void nt_console_begin(void);
void nt_redirector_begin(void);

void nt_devices(void) {
  nt_npfs_begin();
  nt_files_begin();
  nt_null_begin();
  nt_console_begin();
  nt_redirector_begin();
}
