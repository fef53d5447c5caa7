/* A program as users of libuv write them, in the words that C and C++ share. It knows nothing
 * of this library, and is compiled against whichever uv.h is in the way. */
#ifndef COMPAT_TYPICAL_H_
#define COMPAT_TYPICAL_H_

#ifdef __cplusplus
extern "C" {
#endif

/* An echo server and its client on one loop. 0 when the client got back what it sent. */
int typical_run(void);
/* The same program, compiled as C++. */
int typical_run_cxx(void);

#ifdef __cplusplus
}
#endif

#endif /* COMPAT_TYPICAL_H_ */
