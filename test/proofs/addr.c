/* Addresses: any one as text and back, and any text of a length. */
#include "proof.h"

#include <stdio.h>
#include <string.h>

/* The three formats that addr.c uses. */
static int put_digits(char* to, unsigned value, unsigned base) {
  char digits[5];
  int count = 0;
  int i;

  do
    digits[count++] = "0123456789abcdef"[value % base];
  while ((value /= base) > 0);
  for (i = 0; i < count; i++)
    to[i] = digits[count - 1 - i];
  return count;
}

static int format(
    char* to, size_t size, const char* text, unsigned a, unsigned b, unsigned c, unsigned d, ...) {
  unsigned args[] = {a, b, c, d};
  int length = 0;
  int i = 0;

  for (; *text != '\0'; text++)
    if (*text == '%')
      length += put_digits(to + length, args[i++], *++text == 'u' ? 10 : 16);
    else
      to[length++] = *text;
  to[length] = '\0';
  CHECK((size_t) length < size);
  return length;
}

/* What is moved is not looked at here; that it stays within its memory is. */
static void* move(void* to, const void* from, size_t size) {
  CHECK(__CPROVER_r_ok(from, size) && __CPROVER_w_ok(to, size));
  return to;
}

static void* fill(void* to, int byte, size_t size) {
  (void) byte;
  CHECK(__CPROVER_w_ok(to, size));
  return to;
}

#define memmove move
#define memset fill
/* Behind the arguments there are always four. */
#define snprintf(...) format(__VA_ARGS__, 0, 0, 0, 0)
#include "core/handle/addr.c"
#undef snprintf

unsigned uv__port_zone(const char* name) {
  (void) name;
  return nondet_unsigned();
}

PROOF(addr_ipv4_comes_back, 17) {
  unsigned char b[4];
  unsigned char back[4];
  char text[IPV4_SIZE];
  int i;

  format_ipv4(b, text);
  CHECK(parse_ipv4(text, text + strlen(text), back) == 0);
  for (i = 0; i < 4; i++)
    CHECK(back[i] == b[i]);
  REACHED();
}

enum {
  LENGTH_IPV4 = 8,
  LENGTH_IPV6 = 4
};

PROOF(addr_any_text_is_ipv4_or_none, 10) {
  size_t length = nondet_size();
  unsigned char out[4] = {1, 2, 3, 4};
  unsigned char was[4] = {1, 2, 3, 4};
  char* text;

  ASSUME(length <= LENGTH_IPV4);
  text = room_of(length + 1);
  text[length] = '\0';
  if (uv_inet_pton(AF_INET, text, out) != 0)
    CHECK(memcmp(out, was, 4) == 0);
  REACHED();
}

PROOF(addr_ipv6_zeros_are_the_longest, 10) {
  unsigned words[IPV6_WORDS];
  int at;
  int length;

  longest_zeros(words, &at, &length);
  CHECK(at == -1 ? length == 1 : at >= 0 && length >= 2 && at + length <= IPV6_WORDS);
  REACHED();
}

PROOF(addr_any_text_is_ipv6_or_none, 6) {
  size_t length = nondet_size();
  uint64_t out[2];
  uint64_t first = out[0];
  uint64_t last = out[1];
  char* text;

  ASSUME(length <= LENGTH_IPV6);
  text = room_of(length + 1);
  text[length] = '\0';
  if (uv_inet_pton(AF_INET6, text, out) != 0)
    CHECK(out[0] == first && out[1] == last);
  REACHED();
}
