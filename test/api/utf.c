/* How the conversions between UTF-16 and WTF-8 hand out their results. The conversions
 * themselves are tested by tables in test/unit/utf.c. */
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "memory.h"
#include "uv.h"

static const uint16_t text[] = {'a', 0xe9, 0x20ac, 0xd83d, 0xde00, 0};
static const char bytes[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80";

TEST(utf16_into_memory_of_the_caller) {
  char buffer[32];
  char* to = buffer;
  size_t size = 10;

  memset(buffer, 'x', sizeof(buffer));
  CHECK_EQ(uv_utf16_to_wtf8(text, -1, &to, &size), 0); /* room for 10 and the terminator */
  CHECK(to == buffer);
  CHECK_EQ(size, 10);
  CHECK_STR(buffer, bytes);
  CHECK_EQ(buffer[11], 'x');
}

TEST(utf16_that_does_not_fit_is_cut_between_characters) {
  static const size_t whole[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6};
  size_t room;

  for (room = 0; room < 10; room++) {
    char* buffer = malloc(room + 1); /* of exactly that size, for the sanitizer */
    size_t size = room;

    CHECK(buffer != NULL);
    CHECK_EQ(uv_utf16_to_wtf8(text, -1, &buffer, &size), UV_ENOBUFS);
    CHECK_EQ(size, 10);
    CHECK_EQ(strlen(buffer), whole[room]);
    CHECK(memcmp(buffer, bytes, whole[room]) == 0);
    free(buffer);
  }
}

TEST(utf16_asks_for_the_length_only) {
  size_t size = 0;

  CHECK_EQ(uv_utf16_to_wtf8(text, -1, NULL, &size), 0);
  CHECK_EQ(size, 10);
  CHECK_EQ(uv_utf16_to_wtf8(text, 2, NULL, &size), 0);
  CHECK_EQ(size, 3);
}

static void* plain_malloc(size_t size) {
  return malloc(size);
}

TEST(utf16_into_allocated_memory) {
  char* made = NULL;
  size_t size = 0;
  long before = memory_calls();

  CHECK_EQ(uv_replace_allocator(plain_malloc, realloc, calloc, free), 0); /* to free it here */
  CHECK_EQ(uv_utf16_to_wtf8(text, -1, &made, &size), 0);
  CHECK_STR(made, bytes);
  CHECK_EQ(size, 10);
  free(made);
  made = NULL;
  CHECK_EQ(uv_utf16_to_wtf8(text, -1, &made, NULL), 0); /* the length is of no interest */
  CHECK_STR(made, bytes);
  free(made);
  CHECK_EQ(memory_calls(), before);
}

TEST(utf16_without_memory) {
  char* made = NULL;
  size_t size = 77;

  memory_fail_nth(1);
  CHECK_EQ(uv_utf16_to_wtf8(text, -1, &made, &size), UV_ENOMEM);
  CHECK(made == NULL);
  CHECK_EQ(size, 77);
}

TEST(utf16_misuse) {
  char buffer[4];
  char* to = buffer;
  size_t size = 3;

  CHECK_EQ(uv_utf16_to_wtf8(NULL, 0, &to, &size), UV_EINVAL);
  CHECK_EQ(uv_utf16_to_wtf8(text, -1, NULL, NULL), UV_EINVAL);
  CHECK_EQ(uv_utf16_to_wtf8(text, -1, &to, NULL), UV_EINVAL);
  CHECK_EQ(size, 3);
}

TEST(wtf8_to_utf16_and_its_length) {
  uint16_t units[6];

  CHECK_EQ(uv_wtf8_length_as_utf16(bytes), 6);
  uv_wtf8_to_utf16(bytes, units, 6);
  CHECK(memcmp(units, text, sizeof(text)) == 0);
  CHECK_EQ(uv_wtf8_length_as_utf16(""), 1);
  CHECK_EQ(uv_wtf8_length_as_utf16("\xff"), UV_EINVAL);
  CHECK_EQ(uv_utf16_length_as_wtf8(text, -1), 10);
}
