/* The bits of the C run-time library of Windows, in place of the system's own. */
#ifndef NT_SYS_STAT_H_
#define NT_SYS_STAT_H_

#define _S_IFMT 0xf000
#define _S_IFDIR 0x4000
#define _S_IFREG 0x8000
#define S_IFMT _S_IFMT
#define S_IFDIR _S_IFDIR
#define S_IFREG _S_IFREG
#define _S_IREAD 0x0100
#define _S_IWRITE 0x0080
#define S_IREAD _S_IREAD
#define S_IWRITE _S_IWRITE

#endif /* NT_SYS_STAT_H_ */
