/* The command line, alike in every program here: an option is --name, or a letter for those that have
 * one; its value follows, or stands behind a '='. --help and --version there are always, and what
 * follows -- is no option. */
#ifndef RELAY_OPTIONS_H_
#define RELAY_OPTIONS_H_

#include <stdint.h>
#include <stdio.h>

/* What an option sets is the one of the pointers that is not NULL. */
struct option {
  const char* name;   /* "--max"; NULL ends the table */
  const char* letter; /* "-m"; NULL: it has none */
  int* flag;          /* becomes `value`; all others take a value */
  int value;
  const char** text;
  unsigned long* number; /* of at least `least` */
  unsigned long least;
  uint64_t* ms; /* given in seconds */
};

/* What is no option, in its order. */
struct operands {
  const char** all; /* room for `most` */
  int most;
  int count; /* is to begin as 0 */
};

/* Sets what argv[1] and those behind it say. Returns -1 to go on, or an exit code: 0 after --help or
 * --version, 2 after a complaint. `help` prints what there is to know, and returns anything; NULL: nobody is to be
 * helped here. */
int options_take(const struct option* options,
                 int argc,
                 char** argv,
                 struct operands* operands,
                 int (*help)(FILE* out));

/* The same up to the first that is no option, whose index is stored in `first`; argc when there is none. */
int options_take_first(
    const struct option* options, int argc, char** argv, int* first, int (*help)(FILE* out));

/* Complain of a command line; "" when it is about nothing of it in particular. Returns 2, which is the exit
 * code for that. */
int options_refuse(const char* about, const char* format, ...);

#endif /* RELAY_OPTIONS_H_ */
