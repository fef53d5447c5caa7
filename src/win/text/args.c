/* A command line taken apart as Microsoft documents it for the start-up code of its C run-time
 * library, so that a program finds the arguments here that main was given. Where the line comes
 * from and what becomes of the arguments is in system/title.c. */
#include "win/text/args.h"

struct line {
  const uint16_t* at;
  uint16_t* to;
};

static int is_blank(uint16_t unit) {
  return unit == ' ' || unit == '\t';
}

static void put(struct line* line, uint16_t unit) {
  *line->to++ = unit;
}

/* The name of the program. It is a path, in which a backslash is nothing but that and a quotation
 * mark cannot be; marks only keep the blanks between them. */
static void take_name(struct line* line) {
  int quoted = 0;

  for (; *line->at != 0 && (quoted || !is_blank(*line->at)); line->at++) {
    if (*line->at == '"')
      quoted = !quoted;
    else
      put(line, *line->at);
  }
  put(line, 0);
}

/* Backslashes, and the quotation mark that gives them a meaning: two are one then, and one that is
 * left over makes the mark a character. Returns 1 when a mark that is none stands behind them. */
static int take_backslashes(struct line* line) {
  unsigned count = 0;
  unsigned written;

  for (; *line->at == '\\'; line->at++)
    count++;
  written = *line->at == '"' ? count / 2 : count;
  for (; written > 0; written--)
    put(line, '\\');
  if (*line->at != '"')
    return 0;
  if (count % 2 == 0)
    return 1;
  put(line, *line->at++);
  return 0;
}

/* Between two marks, two of them together are a character, and the quotation goes on. */
static void take_argument(struct line* line) {
  int quoted = 0;

  while (*line->at != 0 && (quoted || !is_blank(*line->at))) {
    if (*line->at == '\\' && !take_backslashes(line))
      continue;
    if (*line->at != '"') {
      put(line, *line->at++);
      continue;
    }
    line->at++;
    if (quoted && *line->at == '"')
      put(line, *line->at++);
    else
      quoted = !quoted;
  }
  put(line, 0);
}

int uv__args_split(const uint16_t* text, uint16_t* to) {
  struct line line;
  int count = 1;

  line.at = text;
  line.to = to;
  take_name(&line);
  for (;;) {
    while (is_blank(*line.at))
      line.at++;
    if (*line.at == 0)
      return count;
    take_argument(&line);
    count++;
  }
}
