/* Names and texts of error codes (rule E2). */
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "uv.h"

static const struct {
  int code;
  const char* name;
  const char* text;
} table[] = {
#define ROW(name, text) {UV_##name, #name, text},
    UV_ERRNO_MAP(ROW)
#undef ROW
};

enum {
  CODES = sizeof(table) / sizeof(table[0])
};

TEST(e2_every_code_has_name_and_text) {
  char buf[64];
  int i, k;

  CHECK(CODES > 80);
  for (i = 0; i < CODES; i++) {
    CHECK(table[i].code < 0);
    CHECK(table[i].code > UV_ERRNO_MAX);
    CHECK_STR(uv_err_name(table[i].code), table[i].name);
    CHECK_STR(uv_strerror(table[i].code), table[i].text);
    CHECK(strlen(table[i].text) > 0);
    CHECK(uv_err_name_r(table[i].code, buf, sizeof(buf)) == buf);
    CHECK_STR(buf, table[i].name);
    CHECK(uv_strerror_r(table[i].code, buf, sizeof(buf)) == buf);
    CHECK_STR(buf, table[i].text);
    for (k = 0; k < i; k++)
      CHECK(table[i].code != table[k].code);
  }
}

TEST(e2_unknown_codes_show_their_number) {
  static const int codes[] = {1, 12345, -5000, -2147483647 - 1, 2147483647};
  char number[16], buf[64];
  unsigned i;

  for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
    snprintf(number, sizeof(number), "%d", codes[i]);
    CHECK(strstr(uv_strerror(codes[i]), number) != NULL);
    CHECK(strstr(uv_err_name(codes[i]), number) != NULL);
    CHECK(strstr(uv_strerror_r(codes[i], buf, sizeof(buf)), number) != NULL);
    CHECK(strstr(uv_err_name_r(codes[i], buf, sizeof(buf)), number) != NULL);
  }
}

TEST(e2_short_buffers_are_terminated) {
  char buf[64];
  size_t size;

  for (size = 1; size < 40; size++) {
    static const int codes[] = {UV_ECONNRESET, 12345};
    unsigned i;

    for (i = 0; i < 2; i++) {
      memset(buf, 'x', sizeof(buf));
      uv_strerror_r(codes[i], buf, size);
      CHECK(memchr(buf, 0, size) != NULL);
      CHECK_EQ(buf[size], 'x');
      CHECK(strncmp(buf, uv_strerror(codes[i]), strlen(buf)) == 0);
      memset(buf, 'x', sizeof(buf));
      uv_err_name_r(codes[i], buf, size);
      CHECK(memchr(buf, 0, size) != NULL);
      CHECK_EQ(buf[size], 'x');
    }
  }
  /* No room at all is no reason to write. */
  memset(buf, 'x', sizeof(buf));
  uv_strerror_r(UV_EOF, buf, 0);
  uv_err_name_r(UV_EOF, buf, 0);
  CHECK_EQ(buf[0], 'x');
}
