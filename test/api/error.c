/* Error codes, their names and texts, and the version (rule E2). */
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "uv.h"

struct code {
  int value;
  const char* name;
  const char* text;
};

static const struct code codes[] = {
#define CODE(name, text) {UV_##name, #name, text},
    UV_ERRNO_MAP(CODE)
#undef CODE
};

enum {
  CODES = sizeof codes / sizeof codes[0]
};

TEST(e2_every_code_has_its_name_and_text) {
  size_t i;

  for (i = 0; i < CODES; i++) {
    char buf[96];

    CHECK(codes[i].value < 0);
    CHECK(codes[i].value > UV_ERRNO_MAX);
    CHECK_STR(uv_err_name(codes[i].value), codes[i].name);
    CHECK_STR(uv_strerror(codes[i].value), codes[i].text);
    CHECK(uv_err_name_r(codes[i].value, buf, sizeof buf) == buf);
    CHECK_STR(buf, codes[i].name);
    CHECK(uv_strerror_r(codes[i].value, buf, sizeof buf) == buf);
    CHECK_STR(buf, codes[i].text);
  }
}

TEST(e2_codes_differ) {
  size_t i;
  size_t k;

  for (i = 0; i < CODES; i++) {
    for (k = 0; k < i; k++) {
      CHECK(codes[i].value != codes[k].value);
    }
  }
  CHECK_EQ(UV_EOF, -4095);
  CHECK_EQ(UV_UNKNOWN, -4094);
}

TEST(e2_unknown_codes_have_a_text_too) {
  static const int unknown[] = {0, 1, 4711, -4711, -12345678, -2147483647 - 1, 2147483647};
  size_t i;

  for (i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
    char expected[64];
    char buf[96];

    snprintf(expected, sizeof expected, "Unknown system error %d", unknown[i]);
    CHECK_STR(uv_strerror(unknown[i]), expected);
    CHECK_STR(uv_err_name(unknown[i]), expected);
    CHECK_STR(uv_strerror_r(unknown[i], buf, sizeof buf), expected);
    CHECK_STR(uv_err_name_r(unknown[i], buf, sizeof buf), expected);
  }
}

/* Several in one line of a log, as two arguments of one call. */
TEST(e2_texts_of_unknown_codes_live_together) {
  const char* texts[64];
  char expected[64];
  int round, i;

  for (round = 0; round < 3; round++) {
    for (i = 0; i < 64; i++)
      texts[i] = i % 2 == 0 ? uv_strerror(100000 + i) : uv_err_name(100000 + i);
    for (i = 0; i < 64; i++) {
      snprintf(expected, sizeof expected, "Unknown system error %d", 100000 + i);
      CHECK_STR(texts[i], expected);
    }
  }
}

TEST(e2_short_buffers_are_cut_and_terminated) {
  char buf[8];

  memset(buf, '#', sizeof buf);
  CHECK(uv_err_name_r(UV_ECONNREFUSED, buf, 5) == buf);
  CHECK_STR(buf, "ECON");
  CHECK(buf[5] == '#');
  CHECK(uv_strerror_r(UV_EINVAL, buf, 4) == buf);
  CHECK_STR(buf, "inv");
  CHECK(uv_strerror_r(-4711, buf, 2) == buf);
  CHECK_STR(buf, "U");
  CHECK(uv_strerror_r(UV_EINVAL, buf, 1) == buf);
  CHECK_STR(buf, "");
}

TEST(e2_system_errors_are_translated) {
  CHECK_EQ(uv_translate_sys_error(0), 0);
  CHECK_EQ(uv_translate_sys_error(UV_EINVAL), UV_EINVAL);
#ifdef _WIN32
  CHECK_EQ(uv_translate_sys_error(ERROR_ACCESS_DENIED), UV_EPERM);
  CHECK_EQ(uv_translate_sys_error(WSAECONNREFUSED), UV_ECONNREFUSED);
  CHECK_EQ(uv_translate_sys_error(ERROR_CONNECTION_REFUSED), UV_ECONNREFUSED);
  CHECK_EQ(uv_translate_sys_error(WSAECONNRESET), UV_ECONNRESET);
  CHECK_EQ(uv_translate_sys_error(ERROR_NETNAME_DELETED), UV_ECONNRESET);
  CHECK_EQ(uv_translate_sys_error(WSAEADDRINUSE), UV_EADDRINUSE);
  CHECK_EQ(uv_translate_sys_error(WSAEMFILE), UV_EMFILE);
  CHECK_EQ(uv_translate_sys_error(1234567), UV_UNKNOWN);
#else
  CHECK_EQ(uv_translate_sys_error(ECONNREFUSED), UV_ECONNREFUSED);
  CHECK_EQ(uv_translate_sys_error(EMFILE), UV_EMFILE);
  CHECK_EQ(uv_translate_sys_error(EINVAL), -EINVAL);
  CHECK_EQ(uv_translate_sys_error(4711), -4711);
#endif
}

TEST(e2_version) {
  char expected[32];

  CHECK_EQ(uv_version(), UV_VERSION_MAJOR << 16 | UV_VERSION_MINOR << 8 | UV_VERSION_PATCH);
  snprintf(expected, sizeof expected, "%d.%d.%d", UV_VERSION_MAJOR, UV_VERSION_MINOR,
           UV_VERSION_PATCH);
  CHECK(strncmp(uv_version_string(), expected, strlen(expected)) == 0);
}

TEST(e2_buf_init) {
  char memory[4];
  uv_buf_t buf = uv_buf_init(memory, sizeof memory);

  CHECK(buf.base == memory);
  CHECK_EQ(buf.len, sizeof memory);
}
