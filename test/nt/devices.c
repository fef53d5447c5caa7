/* The devices that names lead to, told once: each file of a device has a function for that here. */
#include "nt.h"

void nt_devices(void);

void nt_devices(void) {}
