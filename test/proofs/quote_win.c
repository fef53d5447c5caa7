/* The command line of a child: neither putting it together nor taking it apart needs more room than is said.
 * That one gives back what the other took is for the tests: CBMC takes a wchar_t for 32 bits, of which the
 * other half would read two. */
#include "proof.h"

#include "win/process/text.c"
#include "win/text/args.c"

size_t nt_wcslen(const wchar_t* s) {
  size_t length = 0;

  while (s[length] != 0)
    length++;
  return length;
}

/* It is asked for white space and quotation marks; CBMC would make the text that says so of units of 32
 * bits. */
wchar_t* nt_wcspbrk(const wchar_t* s, const wchar_t* accept) {
  (void) accept;
  for (; *s != 0; s++)
    if (*s == ' ' || *s == '\t' || *s == '\n' || *s == '\v' || *s == '"')
      return (wchar_t*) s;
  return NULL;
}

enum {
  UNITS = 2
};

/* An argument of up to UNITS units, any of them, within exactly its room. */
static wchar_t* any_argument(size_t* length) {
  wchar_t* text;
  size_t i;

  *length = nondet_size();
  ASSUME(*length <= UNITS);
  text = room_of((*length + 1) * sizeof(*text));
  for (i = 0; i < *length; i++)
    ASSUME(text[i] != 0);
  text[*length] = 0;
  return text;
}

PLAIN_PROOF(quote_needs_no_more_room_than_said, 10) {
  size_t length;
  wchar_t* text = any_argument(&length);
  wchar_t* to = room_of((2 * length + 2) * sizeof(*to));
  wchar_t* end = quote(to, text);

  CHECK(end > to && (size_t) (end - to) <= 2 * length + 2);
  REACHED();
}

PLAIN_PROOF(args_need_no_more_room_than_the_line, 5) {
  size_t length = nondet_size();
  uint16_t* line;
  int count;

  ASSUME(length <= 3);
  line = room_of((length + 1) * sizeof(*line));
  line[length] = 0;
  count = uv__args_split(line, room_of((length + 1) * sizeof(*line)));
  CHECK(count >= 1 && (size_t) count <= length + 1);
  REACHED();
}
