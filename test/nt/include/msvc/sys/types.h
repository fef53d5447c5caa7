/* See assert.h. There is no ssize_t, pid_t or mode_t. */
#ifndef NT_MSVC_SYS_TYPES_H_
#define NT_MSVC_SYS_TYPES_H_

typedef long off_t;
typedef long _off_t;
typedef unsigned _dev_t;
typedef unsigned short _ino_t;

#endif /* NT_MSVC_SYS_TYPES_H_ */
