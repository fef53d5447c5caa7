/* The test harness: one executable per suite, one process per test.
 *
 *   TEST(w1_order) { ... CHECK_EQ(uv_run(loop, UV_RUN_DEFAULT), 0); ... }
 *
 * CMake finds the `TEST(` lines of a suite's sources at configure time (uvstream_add_suite
 * in test/CMakeLists.txt) and writes the table of them, so a cross-compiled suite is listed
 * without being run and no compiler magic registers anything. A test that does not apply
 * to a system says so with SKIP; it is never compiled out, because then nobody would see.
 *
 * `SUITE NAME` runs that test in this process, `SUITE --list` prints the names. Exit codes:
 * 0 passed, 1 failed, 77 skipped. Time limits are CTest's. Knows nothing of uv.h. */
#ifndef HARNESS_H_
#define HARNESS_H_

#include <stddef.h>
#include <stdint.h>

#if defined(__has_feature)
#  if __has_feature(thread_sanitizer)
#    define HARNESS_TSAN 1
#  endif
#elif defined(__SANITIZE_THREAD__)
#  define HARNESS_TSAN 1
#endif
#ifndef HARNESS_TSAN
#  define HARNESS_TSAN 0
#endif

#define TEST(name)                \
  void harness_test_##name(void); \
  void harness_test_##name(void)

/* The end of the process: prints where and why. Any thread. */
#define FAIL(why) harness_fail(__FILE__, __LINE__, (why))
#define SKIP(why) harness_skip(__FILE__, __LINE__, (why))

#define CHECK(cond) ((cond) ? (void) 0 : harness_fail(__FILE__, __LINE__, #cond))

/* Integers; each argument is evaluated once. */
#define CHECK_EQ(a, b) harness_check_eq(__FILE__, __LINE__, #a, #b, (int64_t) (a), (int64_t) (b))

/* Strings; NULL equals only NULL. */
#define CHECK_STR(a, b) harness_check_str(__FILE__, __LINE__, #a, #b, (a), (b))

_Noreturn void harness_fail(const char* file, int line, const char* why);
_Noreturn void harness_skip(const char* file, int line, const char* why);
void harness_check_eq(
    const char* file, int line, const char* a_text, const char* b_text, int64_t a, int64_t b);
void harness_check_str(const char* file,
                       int line,
                       const char* a_text,
                       const char* b_text,
                       const char* a,
                       const char* b);

/* What follows the test's name on the command line, for tests that start themselves as a child: argument
 * `index` from 0 (and -1: that name), or NULL. And the path of this executable as it was called. */
const char* harness_arg(int index);
const char* harness_self(void);

/* The table, in the file that CMake writes. The two functions may be NULL. */
struct harness_test {
  const char* name;
  void (*run)(void);
};
extern const struct harness_test harness_tests[]; /* ends with a NULL name */
extern void (*const harness_before)(void);
extern void (*const harness_after)(void);

#endif /* HARNESS_H_ */
