/* Each atomic operation of the library is a point where another thread may go on, as each call of the system
 * is (nt_enter): read before any source of src, by the compiler's -include. Windows' own are such points by
 * winnt.h. */
#ifndef NT_POINTS_H_
#define NT_POINTS_H_

#include "core/base/atomic.h"

void nt_atomic(void);

#define uv__atomic_load(at) (nt_atomic(), uv__atomic_load(at))
#define uv__atomic_store(at, value) (nt_atomic(), uv__atomic_store(at, value))
#define uv__atomic_store_late(at, value) (nt_atomic(), uv__atomic_store_late(at, value))
#define uv__atomic_exchange(at, value) (nt_atomic(), uv__atomic_exchange(at, value))
#define uv__atomic_add(at, value) (nt_atomic(), uv__atomic_add(at, value))
#define uv__atomic_compare(at, was, next) (nt_atomic(), uv__atomic_compare(at, was, next))
#define uv__atomic_or(at, bits) (nt_atomic(), uv__atomic_or(at, bits))
#define uv__atomic_and(at, bits) (nt_atomic(), uv__atomic_and(at, bits))
#define uv__atomic_exchange_ptr(at, value) (nt_atomic(), uv__atomic_exchange_ptr(at, value))
#define uv__atomic_compare_ptr(at, was, next) (nt_atomic(), uv__atomic_compare_ptr(at, was, next))

#endif /* NT_POINTS_H_ */
