/* What a file is, as the C run-time of Visual Studio tells it: what the examples use. */
#ifndef NT_MSVC_SYS_STAT_H_
#define NT_MSVC_SYS_STAT_H_

#include <time.h>
#include <wchar.h>

/* The bits, which are the model's, too. */
#include "../../sys/stat.h"

struct _stat64 {
  unsigned int st_dev;
  unsigned short st_ino;
  unsigned short st_mode;
  short st_nlink;
  short st_uid;
  short st_gid;
  unsigned int st_rdev;
  __int64 st_size;
  __int64 st_atime;
  __int64 st_mtime;
  __int64 st_ctime;
};

int __cdecl _wstat64(const wchar_t* path, struct _stat64* found);

#endif /* NT_MSVC_SYS_STAT_H_ */
