/* The few atomic operations that the core needs, on plain ints and pointers: public structures
 * carry them, and C++ programs include those, so that _Atomic is not an option. All are
 * sequentially consistent but for the one that says so. Only the compiler matters here, not the
 * operating system. */
#ifndef UV__ATOMIC_H_
#define UV__ATOMIC_H_

#if defined(_MSC_VER) && !defined(__clang__)
#  include <intrin.h>

static inline int uv__atomic_load(const int* at) {
#  if defined(_M_X64) || defined(_M_IX86)
  return *(const volatile int*) at; /* As all stores that others must see are exchanges. */
#  else
  return (int) _InterlockedOr((volatile long*) at, 0);
#  endif
}

static inline int uv__atomic_exchange(int* at, int value) {
  return (int) _InterlockedExchange((volatile long*) at, value);
}

/* Others may see it after what follows. */
static inline void uv__atomic_store_late(int* at, int value) {
  *(volatile int*) at = value;
}

/* Returns what was there; the sum wraps. */
static inline int uv__atomic_add(int* at, int value) {
  return (int) _InterlockedExchangeAdd((volatile long*) at, value);
}

/* Stores `next` where `was` is; returns what was there. */
static inline int uv__atomic_compare(int* at, int was, int next) {
  return (int) _InterlockedCompareExchange((volatile long*) at, next, was);
}

/* Return what was there. */
static inline int uv__atomic_or(int* at, int bits) {
  return (int) _InterlockedOr((volatile long*) at, bits);
}

static inline int uv__atomic_and(int* at, int bits) {
  return (int) _InterlockedAnd((volatile long*) at, bits);
}

static inline void* uv__atomic_exchange_ptr(void** at, void* value) {
  return _InterlockedExchangePointer(at, value);
}

static inline void* uv__atomic_compare_ptr(void** at, void* was, void* next) {
  return _InterlockedCompareExchangePointer(at, next, was);
}

#else

static inline int uv__atomic_load(const int* at) {
  return __atomic_load_n(at, __ATOMIC_SEQ_CST);
}

static inline int uv__atomic_exchange(int* at, int value) {
  return __atomic_exchange_n(at, value, __ATOMIC_SEQ_CST);
}

/* Others may see it after what follows. */
static inline void uv__atomic_store_late(int* at, int value) {
  __atomic_store_n(at, value, __ATOMIC_RELAXED);
}

/* Returns what was there; the sum wraps. */
static inline int uv__atomic_add(int* at, int value) {
  return __atomic_fetch_add(at, value, __ATOMIC_SEQ_CST);
}

/* Stores `next` where `was` is; returns what was there. */
static inline int uv__atomic_compare(int* at, int was, int next) {
  (void) __atomic_compare_exchange_n(at, &was, next, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  return was;
}

/* Return what was there. */
static inline int uv__atomic_or(int* at, int bits) {
  return __atomic_fetch_or(at, bits, __ATOMIC_SEQ_CST);
}

static inline int uv__atomic_and(int* at, int bits) {
  return __atomic_fetch_and(at, bits, __ATOMIC_SEQ_CST);
}

static inline void* uv__atomic_exchange_ptr(void** at, void* value) {
  return __atomic_exchange_n(at, value, __ATOMIC_SEQ_CST);
}

static inline void* uv__atomic_compare_ptr(void** at, void* was, void* next) {
  (void) __atomic_compare_exchange_n(at, &was, next, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  return was;
}

#endif

static inline void uv__atomic_store(int* at, int value) {
  (void) uv__atomic_exchange(at, value);
}

#endif /* UV__ATOMIC_H_ */
