/* Command lines taken apart by the rules of the C run-time library of Microsoft, on every system.
 * The first rows are the examples of its documentation. */
#include "win/text/args.h"

#include <stdlib.h>
#include <string.h>

#include "harness.h"

/* The arguments with a '|' behind each; line and room are exactly as long as they must be. */
static void check_split(const char* text, const char* expected) {
  size_t size = strlen(text) + 1;
  uint16_t* line = malloc(size * sizeof *line);
  uint16_t* to = malloc(size * sizeof *to);
  char shown[256];
  size_t used = 0;
  size_t at = 0;
  size_t i;
  int count;

  CHECK(line != NULL && to != NULL);
  for (i = 0; i < size; i++)
    line[i] = (unsigned char) text[i];
  count = uv__args_split(line, to);
  for (; count > 0; count--) {
    for (; to[at] != 0; at++)
      shown[used++] = (char) to[at];
    shown[used++] = '|';
    at++;
  }
  shown[used] = '\0';
  CHECK(at <= size);
  CHECK_STR(shown, expected);
  free(line);
  free(to);
}

TEST(args_of_the_documented_examples) {
  check_split("p \"a b c\" d e", "p|a b c|d|e|");
  check_split("p \"ab\\\"c\" \"\\\\\" d", "p|ab\"c|\\|d|");
  check_split("p a\\\\\\b d\"e f\"g h", "p|a\\\\\\b|de fg|h|");
  check_split("p a\\\\\\\"b c d", "p|a\\\"b|c|d|");
  check_split("p a\\\\\\\\\"b c\" d e", "p|a\\\\b c|d|e|");
  check_split("p a\"b\"\" c d", "p|ab\" c d|");
}

TEST(args_of_blanks) {
  check_split("p", "p|");
  check_split("p  \t ", "p|");
  check_split("p \t a\t\tb ", "p|a|b|");
  check_split("p a\nb", "p|a\nb|");
  check_split("p \"\" \"\"", "p|||");
  check_split("p \"", "p||");
  check_split("p \"a b", "p|a b|");
}

/* There a mark is never a character, and a backslash always. */
TEST(args_begin_with_a_path) {
  check_split("", "|");
  check_split(" a b", "|a|b|");
  check_split("\"\" a", "|a|");
  check_split("\"C:\\my programs\\\" a", "C:\\my programs\\|a|");
  check_split("C:\\\"my programs\"\\p.exe a", "C:\\my programs\\p.exe|a|");
  check_split("C:\\p\\\\ a", "C:\\p\\\\|a|");
  check_split("a\"\"b c", "ab|c|");
  check_split("\"p q", "p q|");
}

TEST(args_of_backslashes) {
  check_split("p \\", "p|\\|");
  check_split("p a\\ b", "p|a\\|b|");
  check_split("p \"a\\\\\" b", "p|a\\|b|");
  check_split("p \"a\\\" b", "p|a\" b|");
  check_split("p \\\"", "p|\"|");
  check_split("p \\\\\"a b\"", "p|\\a b|");
}

TEST(args_of_marks_in_a_row) {
  check_split("p \"\"\"\" a", "p|\"|a|");
  check_split("p \"\"\" a", "p|\" a|");
  check_split("p \"a\"\"b\" c", "p|a\"b|c|");
  check_split("p \"\"a b\"\"", "p|a|b|");
  check_split("p \"\\\"\"\" a\" b", "p|\"\" a|b|");
}
