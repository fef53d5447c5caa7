/* Names of pipes, with the system's conversion as its page has it: any answer that it may give. Names that
 * are too long are with the tests (test/api, p1_*) and the fuzzer: CBMC takes minutes for 256 characters. */
#include "proof.h"

#include "win/npfs/name.c"

/* Of a text that is cut more and more, what it makes becomes less; a unit comes of three bytes at most, and
 * of one at least. */
static struct {
  int bytes;
  int units;
  DWORD error;
} last;

int WINAPI MultiByteToWideChar(UINT page, DWORD flags, LPCSTR from, int size, LPWSTR to, int room) {
  int units = nondet_int();

  (void) page;
  CHECK(size > 0 && __CPROVER_r_ok(from, (size_t) size));
  CHECK(room > 0 && __CPROVER_w_ok(to, (size_t) room * sizeof(*to)));
  if (flags & MB_ERR_INVALID_CHARS && nondet_int()) {
    last.error = ERROR_NO_UNICODE_TRANSLATION;
    return 0;
  }
  ASSUME(units >= (size + 2) / 3 && units <= size);
  ASSUME(last.bytes == 0 || (size <= last.bytes && units <= last.units - (size < last.bytes)));
  last.bytes = size;
  last.units = units;
  last.error = ERROR_INSUFFICIENT_BUFFER;
  return units <= room ? units : 0;
}

DWORD WINAPI GetLastError(void) {
  return last.error;
}

enum {
  LENGTH = 20
};

PROOF(name_any_text_is_one_or_none, 22) {
  static char text[LENGTH];
  struct uv__pipe_name name;
  struct uv__pipe_wide wide;
  int r;

  ASSUME(name.length <= LENGTH);
  name.text = text;
  __CPROVER_havoc_object(text);
  r = uv__name_parse(&name, &wide);
  CHECK(r == 0 || r == UV_EINVAL || (r == UV_ENAMETOOLONG && !name.cut));
  CHECK(r != 0 || prefix_length(text, name.length) > 0);
  REACHED();
}
