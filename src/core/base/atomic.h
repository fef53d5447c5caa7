/* The few atomic operations that the core needs, on plain ints: public structures
 * carry the flags, and C++ programs include those, so that _Atomic is not an option. All are
 * sequentially consistent. Only the compiler matters here, not the operating system. */
#ifndef UV__ATOMIC_H_
#define UV__ATOMIC_H_

#if defined(_MSC_VER) && !defined(__clang__)
#  include <intrin.h>

static inline int uv__atomic_load(const int* at) {
  return (int) _InterlockedOr((volatile long*) at, 0);
}

static inline int uv__atomic_exchange(int* at, int value) {
  return (int) _InterlockedExchange((volatile long*) at, value);
}

/* Returns what was there; the sum wraps. */
static inline int uv__atomic_add(int* at, int value) {
  return (int) _InterlockedExchangeAdd((volatile long*) at, value);
}

#else

static inline int uv__atomic_load(const int* at) {
  return __atomic_load_n(at, __ATOMIC_SEQ_CST);
}

static inline int uv__atomic_exchange(int* at, int value) {
  return __atomic_exchange_n(at, value, __ATOMIC_SEQ_CST);
}

/* Returns what was there; the sum wraps. */
static inline int uv__atomic_add(int* at, int value) {
  return __atomic_fetch_add(at, value, __ATOMIC_SEQ_CST);
}

#endif

static inline void uv__atomic_store(int* at, int value) {
  (void) uv__atomic_exchange(at, value);
}

#endif /* UV__ATOMIC_H_ */
