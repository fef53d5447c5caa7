/* The devices that names lead to, told once: each device has a function for that, called here. */
#include "nt.h"

void nt_devices(void);
void nt_npfs_begin(void);

void nt_devices(void) {
  nt_npfs_begin();
}
