/* What a program tells the person who runs it: one line at a time, on stderr, so that stdout
 * stays free for data, or in a file. */
#ifndef RELAY_REPORT_H_
#define RELAY_REPORT_H_

#include <stdint.h>

enum report_level {
  REPORT_QUIET,  /* errors only */
  REPORT_NORMAL, /* and where it listens, what it moved */
  REPORT_VERBOSE /* and each connection */
};

/* The name that begins every line, and how much is said. */
void report_setup(const char* program, enum report_level level);

/* From now on everything goes into the file `path`, behind the time. 0, or a UV_E* code when that
 * cannot be. */
int report_into(const char* path);

/* The name that report_setup was given. */
const char* report_program(void);

/* The program and its version: that of uvstream, or of the library it was built with instead. */
const char* report_version(void);

/* Give what report_error says to somebody else, too. */
void report_errors_to(void (*listener)(const char* line));

/* Say something when the level is at least `level`. A line end is added. */
void report(enum report_level level, const char* format, ...);

/* Say that something failed; at every level. `err` is a UV_E* code, or 0 for none. */
void report_error(int err, const char* format, ...);

/* A line of the terminal that the next one takes the place of; lines that are reported push it down. At
 * REPORT_QUIET there is none. "" takes it away. */
void report_status(const char* text);

/* Bytes for reading by a person, "64.0 MiB"; valid until the fourth call after this one. */
const char* report_size(double bytes);

/* What went one way in `elapsed_ns`. */
void report_moved(const char* from, const char* to, uint64_t bytes, uint64_t elapsed_ns);

/* The same for one program end: `what` is "sent", "received". */
void report_rate(const char* what, const char* name, uint64_t bytes, uint64_t elapsed_ns);

#endif /* RELAY_REPORT_H_ */
