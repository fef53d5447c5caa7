/* See assert.h. */
#ifndef NT_MSVC_TIME_H_
#define NT_MSVC_TIME_H_

#include <stddef.h>

typedef long clock_t;
typedef long long time_t;
#define CLOCKS_PER_SEC ((clock_t) 1000)
#define TIME_UTC 1

struct timespec {
  time_t tv_sec;
  long tv_nsec;
};

struct tm {
  int tm_sec;
  int tm_min;
  int tm_hour;
  int tm_mday;
  int tm_mon;
  int tm_year;
  int tm_wday;
  int tm_yday;
  int tm_isdst;
};

clock_t __cdecl clock(void);
time_t __cdecl time(time_t* to);
int __cdecl timespec_get(struct timespec* to, int base);
struct tm* __cdecl gmtime(const time_t* at);
struct tm* __cdecl localtime(const time_t* at);
size_t __cdecl strftime(char* to, size_t room, const char* format, const struct tm* at);

#endif /* NT_MSVC_TIME_H_ */
