/* Names of pipes as Windows has them: the ways to write the prefix, and names that are too long for any
 * buffer, which are cut between characters (rule P1). */
#include <string.h>

#include "harness.h"
#include "net.h"
#include "pipes.h"
#include "uv.h"

enum {
  PREFIX = 9, /* of \\\\.\\pipe\\ */
  MOST = 256, /* characters of a name, with it */
  MUCH = 2000 /* bytes that are more than the most, whatever the characters */
};

static uv_pipe_t server;

/* What a handle that was bound to a name says of it; its length. */
static size_t bound_as(const char* name, size_t length, char* text, size_t room) {
  size_t size = room;

  CHECK_EQ(uv_pipe_init(net_loop(), &server, 0), 0);
  CHECK_EQ(uv_pipe_bind2(&server, name, length, 0), 0);
  CHECK_EQ(uv_pipe_getsockname(&server, text, &size), 0);
  CHECK_EQ(strlen(text), size);
  net_close((uv_handle_t*) &server);
  return size;
}

static int bind_result(const char* name, unsigned flags) {
  int r;

  CHECK_EQ(uv_pipe_init(net_loop(), &server, 0), 0);
  r = uv_pipe_bind2(&server, name, strlen(name), flags);
  net_close((uv_handle_t*) &server);
  return r;
}

TEST(p1_prefix_is_written_in_many_ways) {
  static const char* const prefixes[] = {"\\\\.\\pipe\\", "//./pipe/", "\\\\.\\PIPE\\",
                                         "\\/.\\Pipe/", "\\\\?\\pipe\\"};
  char text[300];
  char made[TEST_PIPE_NAME];
  char name[TEST_PIPE_NAME];
  size_t i;

  for (i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
    test_pipe_name(made, sizeof made);
    strcpy(name, prefixes[i]);
    strcat(name, made + PREFIX);
    (void) bound_as(name, strlen(name), text, sizeof text);
    CHECK_STR(text + PREFIX, made + PREFIX);
    CHECK(memcmp(text, prefixes[0], PREFIX) == 0 || memcmp(text, prefixes[4], PREFIX) == 0);
  }
  net_end();
}

TEST(p1_what_has_no_prefix_is_no_name) {
  static const char* const names[] = {"\\\\.\\pipe\\", "\\\\.\\pipx\\name", "\\\\!\\pipe\\name",
                                      "\\\\.\\pipename", "\\\\.\\p[pe\\name"};
  size_t i;

  for (i = 0; i < sizeof names / sizeof names[0]; i++)
    CHECK_EQ(bind_result(names[i], 0), UV_EINVAL);
  net_end();
}

/* No matter where the library stops to look: the name is cut behind a whole character, as long as it may
 * be, and a name that may not be cut is refused. */
TEST(p1_very_long_name_is_cut_between_characters) {
  static const char* const characters[] = {"n", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
  char name[MUCH + 8];
  char text[MUCH];
  size_t i, shift;

  for (i = 0; i < sizeof characters / sizeof characters[0]; i++) {
    size_t bytes = strlen(characters[i]);
    size_t units = bytes == 4 ? 2 : 1;

    for (shift = 0; shift < bytes; shift++) {
      size_t begin = PREFIX + shift;
      size_t length = begin;
      size_t size;

      test_pipe_name(name, sizeof name);
      memset(name + PREFIX, 'x', shift);
      while (length < MUCH) {
        memcpy(name + length, characters[i], bytes);
        length += bytes;
      }
      name[length] = '\0';
      CHECK_EQ(bind_result(name, UV_PIPE_NO_TRUNCATE), UV_ENAMETOOLONG);
      size = bound_as(name, length, text, sizeof text);
      CHECK(memcmp(text + PREFIX, name + PREFIX, size - PREFIX) == 0);
      CHECK_EQ(size, begin + (MOST - begin) / units * bytes);
    }
  }
  net_end();
}

TEST(p1_name_of_no_text_is_refused) {
  CHECK_EQ(bind_result("\\\\.\\pipe\\\xff", 0), UV_EINVAL);
  CHECK_EQ(bind_result("\\\\.\\pipe\\a\xc3", 0), UV_EINVAL);
  net_end();
}
