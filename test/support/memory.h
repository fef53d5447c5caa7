/* A counting allocator for the library (rule L8), so that a leak shows on every system and
 * not only where a leak checker runs. A suite installs it with
 * uvstream_add_suite(... BEFORE memory_begin AFTER memory_end). */
#ifndef TEST_MEMORY_H_
#define TEST_MEMORY_H_

/* Give the library the counting allocator; call it first. */
void memory_begin(void);
/* uv_library_shutdown, then fail the test unless all blocks are freed, if need be after a while. */
void memory_end(void);

/* Blocks that are allocated now, and allocations (also failed ones) since the beginning. */
long memory_live(void);
long memory_calls(void);

/* Let the n-th allocation from now fail (1: the next), and none other; 0: none. */
void memory_fail_nth(long n);
/* Let all allocations fail, from now until called with 0. */
void memory_fail_all(int on);

#endif /* TEST_MEMORY_H_ */
