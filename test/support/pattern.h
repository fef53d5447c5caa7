/* A stream of bytes whose every place can be checked: a loss, a repetition or a swap shows. */
#ifndef PATTERN_H_
#define PATTERN_H_

#include <stddef.h>
#include <stdint.h>

/* Before any other; the harness does. */
void pattern_begin(void);
/* Byte `at` of it. */
char pattern_at(uint64_t at);
void pattern_fill(char* to, size_t len, uint64_t at);
/* Fails the test, with the place, where `from` is not the pattern from `at` on. */
void pattern_check(const char* from, size_t len, uint64_t at);

#endif /* PATTERN_H_ */
