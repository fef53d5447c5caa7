/* Just enough threads for tests, since the library brings none yet. */
#ifndef TEST_THREAD_H_
#define TEST_THREAD_H_

struct test_thread;

/* Run fn(arg) on a new thread; fails the test when there is none. */
struct test_thread* test_thread_start(void (*fn)(void* arg), void* arg);
/* Wait for its end and free it. */
void test_thread_join(struct test_thread* thread);
/* Let others run; for loops that wait for another thread's test_load. */
void test_thread_yield(void);
/* The same, for so many milliseconds. */
void test_thread_sleep(int ms);

#ifdef _WIN32
/* WaitForSingleObject on a thread of its own, since one that has a loop waits for nobody. */
unsigned long test_thread_wait(void* handle, unsigned long timeout_ms);
#endif

/* A number that threads and signal handlers share; both are sequentially consistent. */
long test_load(const volatile long* number);
long test_add(volatile long* number, long by); /* returns the sum */

#endif /* TEST_THREAD_H_ */
