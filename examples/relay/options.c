/* Reads options off the command line. What they mean the programs know. */
#include "options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "report.h"

enum {
  GO_ON = -1,
  EXIT_HELPED = 0,
  EXIT_UNTOLD = 1,
  EXIT_USAGE = 2
};

int options_refuse(const char* about, const char* format, ...) {
  char problem[384];
  va_list args;
  va_start(args, format);
  vsnprintf(problem, sizeof(problem), format, args);
  va_end(args);
  report_error(0, "%s%s%s (%s --help says more)", about, *about ? ": " : "", problem,
               report_program());
  return EXIT_USAGE;
}

/* ---- Values ------------------------------------------------------------------------------ */

static int is_digit(char c) {
  return c >= '0' && c <= '9';
}

static int parse_number(const struct option* option, const char* value) {
  char* end;
  unsigned long number;
  errno = 0;
  number = strtoul(value, &end, 10);
  if (!is_digit(value[0]) || *end != '\0' || errno != 0 || number < option->least)
    return options_refuse(option->name, "it takes a whole number of at least %lu, not '%s'",
                          option->least, value);
  *option->number = number;
  return GO_ON;
}

static int parse_seconds(const struct option* option, const char* value) {
  char* end;
  double seconds = strtod(value, &end);
  if (end == value || *end != '\0' || !(seconds >= 0.001) || seconds > 1e6)
    return options_refuse(option->name, "it takes seconds, 0.001 to 1000000, not '%s'", value);
  *option->ms = (uint64_t) (seconds * 1000);
  return GO_ON;
}

static int set_value(const struct option* option, const char* value) {
  if (value == NULL)
    return options_refuse(option->name, "a value must follow");
  if (option->number != NULL)
    return parse_number(option, value);
  if (option->ms != NULL)
    return parse_seconds(option, value);
  *option->text = value;
  return GO_ON;
}

/* ---- Options ----------------------------------------------------------------------------- */

/* `length`: of the name, which a '=' may end. */
static const struct option* find(const struct option* options, const char* text, size_t length) {
  const struct option* option = options;
  for (; option->name != NULL; option++)
    if ((strncmp(option->name, text, length) == 0 && option->name[length] == '\0') ||
        (option->letter != NULL && strcmp(option->letter, text) == 0))
      return option;
  return NULL;
}

static int is_one_of(const char* text, const char* a, const char* b) {
  return strcmp(text, a) == 0 || strcmp(text, b) == 0;
}

/* What was asked for has been written, or nobody has it. */
static int end_of_help(void) {
  if (fflush(stdout) == 0)
    return EXIT_HELPED;
  report_error(file_error(), "cannot write to standard output");
  return EXIT_UNTOLD;
}

/* Takes argv[*at], and its value, if that is the next. */
static int take_option(const struct option* options, char** argv, int* at, int (*help)(FILE* out)) {
  const char* text = argv[*at];
  size_t length = strcspn(text, "=");
  const struct option* option = find(options, text, length);
  if (option == NULL && help != NULL && is_one_of(text, "-h", "--help")) {
    help(stdout);
    return end_of_help();
  }
  if (option == NULL && help != NULL && is_one_of(text, "-V", "--version")) {
    printf("%s\n", report_version());
    return end_of_help();
  }
  if (option == NULL)
    return options_refuse(text, "there is no such option");
  if (option->flag == NULL)
    return set_value(option, text[length] == '=' ? text + length + 1 : argv[++*at]);
  if (text[length] == '=')
    return options_refuse(option->name, "it takes no value");
  *option->flag = option->value;
  return GO_ON;
}

/* "-" alone is a name for standard input and output. */
static int is_option(const char* text) {
  return text[0] == '-' && text[1] != '\0';
}

int options_take_first(
    const struct option* options, int argc, char** argv, int* first, int (*help)(FILE* out)) {
  int code = GO_ON;
  int at;
  for (at = 1; code == GO_ON && at < argc && is_option(argv[at]); at++) {
    if (strcmp(argv[at], "--") == 0) {
      at++;
      break;
    }
    code = take_option(options, argv, &at, help);
  }
  *first = at;
  return code;
}

static int take_operand(struct operands* operands, const char* text) {
  if (operands->count == operands->most)
    return options_refuse(text, "one argument too many");
  operands->all[operands->count++] = text;
  return GO_ON;
}

int options_take(const struct option* options,
                 int argc,
                 char** argv,
                 struct operands* operands,
                 int (*help)(FILE* out)) {
  int all_are_operands = 0;
  int code = GO_ON;
  int at;
  for (at = 1; code == GO_ON && at < argc; at++)
    if (all_are_operands || !is_option(argv[at]))
      code = take_operand(operands, argv[at]);
    else if (strcmp(argv[at], "--") == 0)
      all_are_operands = 1;
    else
      code = take_option(options, argv, &at, help);
  return code;
}
