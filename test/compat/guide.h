/* Small programs as users of libuv write them, one topic each, in the words that C and C++ share.
 * They know uv.h and nothing of this library. Each of the files below is compiled as C and as
 * C++, for this library and, where it is installed, for libuv. */
#ifndef COMPAT_GUIDE_H_
#define COMPAT_GUIDE_H_

/* Run the program of that name; the number of things that went wrong. `child` is NULL, or says
 * that this process is the program's child, and in which part. */
#ifdef __cplusplus
extern "C" {
#endif
int guide_loop(const char* program, const char* child);
int guide_loop_as_cxx(const char* program, const char* child);
int guide_stream(const char* program, const char* child);
int guide_stream_as_cxx(const char* program, const char* child);
int guide_process(const char* program, const char* child);
int guide_process_as_cxx(const char* program, const char* child);
int guide_level(const char* program, const char* child);
int guide_level_as_cxx(const char* program, const char* child);
#ifdef __cplusplus
}
#endif

#endif /* COMPAT_GUIDE_H_ */
