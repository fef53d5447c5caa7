/* Random bytes from the system. uv_random itself is in core/handle/random.c. */
#include "win/base/base.h"

int uv__port_random(void* buf, size_t len) {
  /* RtlGenRandom; documented under this name, which is in no import library. */
  typedef BOOLEAN(WINAPI * generate_fn)(void*, ULONG);
  generate_fn generate = (generate_fn) uv__import(L"advapi32.dll", "SystemFunction036");
  unsigned char* at = buf;

  if (generate == NULL)
    return UV_ENOSYS;
  while (len > 0) {
    ULONG part = len < 0x40000000 ? (ULONG) len : 0x40000000;
    if (!generate(at, part))
      return UV_EIO;
    at += part;
    len -= part;
  }
  return 0;
}
