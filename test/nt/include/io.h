/* The descriptors of the C run-time library of Windows, over the model (crt.c). */
#ifndef NT_IO_H_
#define NT_IO_H_

#include <stdint.h>

intptr_t _get_osfhandle(int fd);
int _open_osfhandle(intptr_t handle, int flags);
int _open(const char* path, int flags, ...);
int _close(int fd);
int _read(int fd, void* to, unsigned size);
int _write(int fd, const void* from, unsigned size);
int _pipe(int* fds, unsigned size, int flags);
int _dup(int fd);
int _dup2(int from, int to);
int _isatty(int fd);
int _setmode(int fd, int mode);
long _lseek(int fd, long offset, int from);
int64_t _lseeki64(int fd, int64_t offset, int from);
int _unlink(const char* path);
int _access(const char* path, int mode);

#endif /* NT_IO_H_ */
