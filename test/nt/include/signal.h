/* The signals of the C run-time library of Windows. Nobody raises one over the model: `signal` and
 * `raise` are not there, so that a program that wants them does not link. */
#ifndef NT_SIGNAL_H_
#define NT_SIGNAL_H_

typedef int sig_atomic_t;

#define SIGINT 2
#define SIGILL 4
#define SIGFPE 8
#define SIGSEGV 11
#define SIGTERM 15
#define SIGBREAK 21
#define SIGABRT 22
#define NSIG 23
#define SIG_DFL ((void (*)(int)) 0)
#define SIG_IGN ((void (*)(int)) 1)
#define SIG_ERR ((void (*)(int)) - 1)

#define signal nt_signal
#define raise nt_raise
void (*signal(int signum, void (*handler)(int)))(int);
int raise(int signum);

#endif /* NT_SIGNAL_H_ */
