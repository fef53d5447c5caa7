/* The environment. */
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "memory.h"
#include "uv.h"

#define NAME "UVSTREAM_TEST_VARIABLE"

TEST(env_set_get_unset) {
  char value[32];
  size_t size = sizeof(value);

  CHECK_EQ(uv_os_unsetenv(NAME), 0); /* removing what is not there is no error */
  CHECK_EQ(uv_os_getenv(NAME, value, &size), UV_ENOENT);
  CHECK_EQ(size, sizeof(value));
  CHECK_EQ(uv_os_setenv(NAME, "one"), 0);
  CHECK_EQ(uv_os_getenv(NAME, value, &size), 0);
  CHECK_STR(value, "one");
  CHECK_EQ(size, 3);
  CHECK_EQ(uv_os_setenv(NAME, "two = 2"), 0); /* replaces; a value may hold a '=' */
  size = sizeof(value);
  CHECK_EQ(uv_os_getenv(NAME, value, &size), 0);
  CHECK_STR(value, "two = 2");
  CHECK_EQ(uv_os_unsetenv(NAME), 0);
  size = sizeof(value);
  CHECK_EQ(uv_os_getenv(NAME, value, &size), UV_ENOENT);
}

/* Empty is a value, on Windows too, where the system's own call gives 0 for both. */
TEST(env_empty_value) {
  char value[8] = "x";
  size_t size = sizeof(value);

  CHECK_EQ(uv_os_setenv(NAME, ""), 0);
  CHECK_EQ(uv_os_getenv(NAME, value, &size), 0);
  CHECK_STR(value, "");
  CHECK_EQ(size, 0);
}

TEST(env_size_that_is_needed) {
  char value[8] = "before";
  size_t size = 5;

  CHECK_EQ(uv_os_setenv(NAME, "12345"), 0);
  CHECK_EQ(uv_os_getenv(NAME, value, &size), UV_ENOBUFS);
  CHECK_EQ(size, 6);
  CHECK_STR(value, "before"); /* untouched */
  CHECK_EQ(uv_os_getenv(NAME, value, &size), 0);
  CHECK_STR(value, "12345");
  CHECK_EQ(size, 5);
}

TEST(env_text_that_is_not_ascii) {
  char value[32];
  size_t size = sizeof(value);

  CHECK_EQ(uv_os_setenv("UVSTREAM_\xc3\xa9", "\xe2\x82\xac \xf0\x9f\x98\x80"), 0);
  CHECK_EQ(uv_os_getenv("UVSTREAM_\xc3\xa9", value, &size), 0);
  CHECK_STR(value, "\xe2\x82\xac \xf0\x9f\x98\x80");
  CHECK_EQ(size, 8);
}

TEST(env_long_value) {
  enum {
    LENGTH = 20000
  };
  char* in = malloc(LENGTH + 1);
  char* out = malloc(LENGTH + 1);
  size_t size = LENGTH;

  CHECK(in != NULL && out != NULL);
  memset(in, 'v', LENGTH);
  in[LENGTH] = '\0';
  CHECK_EQ(uv_os_setenv(NAME, in), 0);
  CHECK_EQ(uv_os_getenv(NAME, out, &size), UV_ENOBUFS);
  CHECK_EQ(size, LENGTH + 1);
  CHECK_EQ(uv_os_getenv(NAME, out, &size), 0);
  CHECK_STR(out, in);
  CHECK_EQ(size, LENGTH);
  free(in);
  free(out);
}

TEST(env_misuse) {
  uv_env_item_t* items = NULL;
  char value[8];
  size_t size = sizeof(value);
  size_t none = 0;

  CHECK_EQ(uv_os_getenv(NULL, value, &size), UV_EINVAL);
  CHECK_EQ(uv_os_getenv(NAME, NULL, &size), UV_EINVAL);
  CHECK_EQ(uv_os_getenv(NAME, value, NULL), UV_EINVAL);
  CHECK_EQ(uv_os_getenv(NAME, value, &none), UV_EINVAL);
  CHECK_EQ(uv_os_getenv("", value, &size), UV_ENOENT);
  CHECK_EQ(uv_os_setenv(NULL, "x"), UV_EINVAL);
  CHECK_EQ(uv_os_setenv(NAME, NULL), UV_EINVAL);
  CHECK_EQ(uv_os_setenv("", "x"), UV_EINVAL);
  CHECK_EQ(uv_os_setenv("A=B", "x"), UV_EINVAL);
  CHECK_EQ(uv_os_unsetenv(NULL), UV_EINVAL);
  CHECK_EQ(uv_os_unsetenv(""), UV_EINVAL);
  CHECK_EQ(uv_os_unsetenv("A=B"), UV_EINVAL);
  CHECK_EQ(uv_os_environ(NULL, NULL), UV_EINVAL);
  CHECK_EQ(uv_os_environ(&items, NULL), UV_EINVAL);
  CHECK(items == NULL);
}

static const char* find(const uv_env_item_t* items, int count, const char* name) {
  int i;

  for (i = 0; i < count; i++) {
    if (strcmp(items[i].name, name) == 0) {
      return items[i].value;
    }
  }
  return NULL;
}

TEST(env_list_of_all) {
  uv_env_item_t* items = NULL;
  int count = 0;
  int again = 0;
  int i;

  CHECK_EQ(uv_os_setenv(NAME, "\xe2\x82\xac=1"), 0);
  CHECK_EQ(uv_os_setenv(NAME "_EMPTY", ""), 0);
  CHECK_EQ(uv_os_environ(&items, &count), 0);
  CHECK(count >= 3);
  CHECK_STR(find(items, count, NAME), "\xe2\x82\xac=1");
  CHECK_STR(find(items, count, NAME "_EMPTY"), "");
  for (i = 0; i < count; i++) {
    char value[32];
    size_t size = 1;
    int r;

    CHECK(items[i].name[0] != '\0' && items[i].name[0] != '=');
    /* Each can be asked for by its name. */
    r = uv_os_getenv(items[i].name, value, &size);
    CHECK(r == UV_ENOBUFS || (r == 0 && items[i].value[0] == '\0'));
    CHECK_EQ(r == 0 ? 0 : size - 1, strlen(items[i].value));
  }
  uv_os_free_environ(items, count);
  CHECK_EQ(uv_os_unsetenv(NAME), 0);
  CHECK_EQ(uv_os_environ(&items, &again), 0);
  CHECK_EQ(again, count - 1);
  CHECK(find(items, again, NAME) == NULL);
  uv_os_free_environ(items, again);
}

TEST(env_without_memory) {
  uv_env_item_t* items = NULL;
  int count = 7;

  memory_fail_all(1);
  CHECK_EQ(uv_os_environ(&items, &count), UV_ENOMEM);
  CHECK(items == NULL);
  CHECK_EQ(count, 7);
  memory_fail_all(0);
}
