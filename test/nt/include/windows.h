/* Win32, declared by us for native programs over the model of NT. See windef.h. */
#ifndef NT_WINDOWS_H_
#define NT_WINDOWS_H_

/* clang-format off */
#include "windef.h"
#include "winerror.h"
#include "winnt.h"
#include "winbase.h"
#include "processenv.h"
#include "wincon.h"
#include "hostinfo.h"
#ifdef _MSC_VER
#  include "winmore.h"
#  include "winuser.h"
#endif
/* clang-format on */

#endif /* NT_WINDOWS_H_ */
