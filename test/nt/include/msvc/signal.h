/* See assert.h. */
#ifndef NT_MSVC_SIGNAL_H_
#define NT_MSVC_SIGNAL_H_

typedef int sig_atomic_t;
typedef void(__cdecl* _crt_signal_t)(int);

#define SIGINT 2
#define SIGILL 4
#define SIGFPE 8
#define SIGSEGV 11
#define SIGTERM 15
#define SIGBREAK 21
#define SIGABRT 22
#define NSIG 23
#define SIG_DFL ((_crt_signal_t) 0)
#define SIG_IGN ((_crt_signal_t) 1)
#define SIG_ERR ((_crt_signal_t) -1)

_crt_signal_t __cdecl signal(int signum, _crt_signal_t handler);
int __cdecl raise(int signum);

#endif /* NT_MSVC_SIGNAL_H_ */
