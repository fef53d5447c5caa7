/* Between service_win.c and install_win.c. */
#ifndef PREFORK_SERVICE_WIN_H_
#define PREFORK_SERVICE_WIN_H_

#include "uv.h"

/* Behind uv.h, which brings the rest of Windows. */
#include <winsvc.h>

/* The number of our entries in the system's log. What makes a text of an entry is a file of the system
 * that shows for any number up to 1000 the string which comes with it; so we need none of our own. */
#define SERVICE_EVENT 1

/* What an error of Windows means; valid until the next call. */
const char* service_error(DWORD error);

#endif /* PREFORK_SERVICE_WIN_H_ */
