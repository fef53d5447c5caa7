/* From errno to UV_E*. On Unix a code is the negated errno (uv/errno.h), so there is no
 * table, and an errno that has no name there keeps its number. */
#include "unix/base/base.h"

int uv_translate_sys_error(int sys_errno) {
  return sys_errno <= 0 ? sys_errno : UV__ERR(sys_errno);
}
