/* Lines on stderr or in a file. Each goes out in one piece: several programs of a chain often share
 * the terminal, and half lines would mix. */
#include "report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "file.h"
#include "uv.h"

static const char* program_name = "relay";
static enum report_level chosen_level = REPORT_NORMAL;
static const char* log_path;
static void (*error_listener)(const char* line);
static char status_line[160]; /* as it stands there */

void report_setup(const char* program, enum report_level level) {
  program_name = program;
  chosen_level = level;
}

/* Opened for each line, of which there are few: whoever moves the file away, because the day is over
 * or the disk full, does not have to tell us. */
static int append_to_log(const char* path, const char* line) {
  char when[32];
  uv_timeval64_t now;
  time_t seconds;
  FILE* file = file_open(path, "a");
  if (file == NULL)
    return file_error();
  if (line[0] != '\0' && uv_gettimeofday(&now) == 0) {
    seconds = (time_t) now.tv_sec;
    strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", gmtime(&seconds));
    fprintf(file, "%s.%03dZ %s", when, (int) now.tv_usec / 1000, line);
  }
  return fclose(file) == 0 ? 0 : UV_EIO;
}

int report_into(const char* path) {
  int err = append_to_log(path, "");
  if (err == 0)
    log_path = path;
  return err;
}

/* Blanks over it, and back to where it began. */
static void wipe_status(void) {
  if (status_line[0] != '\0')
    fprintf(stderr, "\r%*s\r", (int) strlen(status_line), "");
}

static void put_status(void) {
  fputs(status_line, stderr);
  fflush(stderr);
}

void report_status(const char* text) {
  if (chosen_level == REPORT_QUIET)
    return;
  wipe_status();
  snprintf(status_line, sizeof(status_line), "%s", text);
  put_status();
}

static void put_line(int failed, int err, const char* format, va_list args) {
  char text[1024];
  char line[1280];
  vsnprintf(text, sizeof(text), format, args);
  if (err == 0)
    snprintf(line, sizeof(line), "%s: %s\n", program_name, text);
  else
    snprintf(line, sizeof(line), "%s: %s: %s (%s)\n", program_name, text, uv_strerror(err),
             uv_err_name(err));
  if (failed && error_listener != NULL)
    error_listener(line);
  if (log_path != NULL && append_to_log(log_path, line) == 0)
    return;
  wipe_status();
  fputs(line, stderr);
  put_status(); /* not every C library does that by itself when it is a file or a pipe */
}

const char* report_program(void) {
  return program_name;
}

const char* report_version(void) {
  static char text[64];
#ifdef UVSTREAM_VERSION_STRING
  snprintf(text, sizeof(text), "%s %s", program_name, UVSTREAM_VERSION_STRING);
#else
  snprintf(text, sizeof(text), "%s, with libuv %s", program_name, uv_version_string());
#endif
  return text;
}

void report_errors_to(void (*listener)(const char* line)) {
  error_listener = listener;
}

void report(enum report_level level, const char* format, ...) {
  va_list args;
  if (level > chosen_level)
    return;
  va_start(args, format);
  put_line(0, 0, format, args);
  va_end(args);
}

void report_error(int err, const char* format, ...) {
  va_list args;
  va_start(args, format);
  put_line(1, err, format, args);
  va_end(args);
}

const char* report_size(double bytes) {
  static const char* const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  static char texts[4][32];
  static unsigned next;
  char* text = texts[next++ % 4];
  unsigned unit = 0;
  while (bytes >= 1024 && unit < sizeof(units) / sizeof(units[0]) - 1) {
    bytes /= 1024;
    unit++;
  }
  snprintf(text, sizeof(texts[0]), unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
  return text;
}

/* ", 0.251 s, 1.2 GiB/s"; empty where there is nothing to divide. */
static const char* rate_text(char* text, size_t size, uint64_t bytes, uint64_t elapsed_ns) {
  double seconds = (double) elapsed_ns / 1e9;
  if (bytes == 0 || elapsed_ns == 0)
    text[0] = '\0';
  else
    snprintf(text, size, ", %s/s", report_size((double) bytes / seconds));
  return text;
}

void report_moved(const char* from, const char* to, uint64_t bytes, uint64_t elapsed_ns) {
  char rate[64];
  report(REPORT_NORMAL, "%s -> %s: %" PRIu64 " bytes in %.3f s%s", from, to, bytes,
         (double) elapsed_ns / 1e9, rate_text(rate, sizeof(rate), bytes, elapsed_ns));
}

void report_rate(const char* what, const char* name, uint64_t bytes, uint64_t elapsed_ns) {
  char rate[64];
  report(REPORT_NORMAL, "%s %s: %" PRIu64 " bytes in %.3f s%s", what, name, bytes,
         (double) elapsed_ns / 1e9, rate_text(rate, sizeof(rate), bytes, elapsed_ns));
}
