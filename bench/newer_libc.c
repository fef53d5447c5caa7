/* What a libuv that was built for glibc 2.38 or newer asks of it, for an older one: the functions that read
 * numbers under the names they have there since binary numbers (0b1) became numbers, which no bench
 * reads. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

long __isoc23_strtol(const char* text, char** end, int base);
unsigned long __isoc23_strtoul(const char* text, char** end, int base);
int __isoc23_sscanf(const char* text, const char* format, ...);
int __isoc23_fscanf(FILE* file, const char* format, ...);

long __isoc23_strtol(const char* text, char** end, int base) {
  return strtol(text, end, base);
}

unsigned long __isoc23_strtoul(const char* text, char** end, int base) {
  return strtoul(text, end, base);
}

int __isoc23_sscanf(const char* text, const char* format, ...) {
  va_list args;
  int n;

  va_start(args, format);
  n = vsscanf(text, format, args);
  va_end(args);
  return n;
}

int __isoc23_fscanf(FILE* file, const char* format, ...) {
  va_list args;
  int n;

  va_start(args, format);
  n = vfscanf(file, format, args);
  va_end(args);
  return n;
}
