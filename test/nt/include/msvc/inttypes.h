/* See assert.h. */
#ifndef NT_MSVC_INTTYPES_H_
#define NT_MSVC_INTTYPES_H_

#include <stdint.h>

#define PRId32 "d"
#define PRIu32 "u"
#define PRIx32 "x"
#define PRId64 "lld"
#define PRIu64 "llu"
#define PRIx64 "llx"
#ifdef _WIN64
#  define PRIdPTR "lld"
#  define PRIuPTR "llu"
#  define PRIxPTR "llx"
#else
#  define PRIdPTR "d"
#  define PRIuPTR "u"
#  define PRIxPTR "x"
#endif

#endif /* NT_MSVC_INTTYPES_H_ */
