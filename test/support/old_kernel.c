/* old_kernel PROGRAM [ARGUMENT...]: runs a program, and what it starts, as if Linux were as old as
 * 3.10: of the calls that came later, and that the library or a C library makes, the system says that
 * it does not know them (ENOSYS). accept4 is among them although it is older: some sandboxes forgot
 * it. A filter of seccomp says so, which needs no rights and cannot be taken back. Not for programs of
 * another machine than this one. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Those that this machine's headers name. */
static const long unknown[] = {
#if defined(SYS_accept4)
    SYS_accept4,
#endif
#if defined(SYS_getrandom)
    SYS_getrandom,
#endif
#if defined(SYS_memfd_create)
    SYS_memfd_create,
#endif
#if defined(SYS_execveat)
    SYS_execveat,
#endif
#if defined(SYS_renameat2)
    SYS_renameat2,
#endif
#if defined(SYS_preadv2)
    SYS_preadv2,
    SYS_pwritev2,
#endif
#if defined(SYS_copy_file_range)
    SYS_copy_file_range,
#endif
#if defined(SYS_statx)
    SYS_statx,
#endif
#if defined(SYS_rseq)
    SYS_rseq,
#endif
#if defined(SYS_pidfd_send_signal)
    SYS_pidfd_send_signal,
#endif
#if defined(SYS_pidfd_open)
    SYS_pidfd_open,
#endif
#if defined(SYS_pidfd_getfd)
    SYS_pidfd_getfd,
#endif
#if defined(SYS_clone3)
    SYS_clone3,
#endif
#if defined(SYS_close_range)
    SYS_close_range,
#endif
#if defined(SYS_openat2)
    SYS_openat2,
#endif
#if defined(SYS_faccessat2)
    SYS_faccessat2,
#endif
#if defined(SYS_epoll_pwait2)
    SYS_epoll_pwait2,
#endif
#if defined(SYS_io_uring_setup)
    SYS_io_uring_setup,
#endif
};

enum {
  COUNT = sizeof(unknown) / sizeof(unknown[0])
};

/* Each number is compared, and leads to the last line but one when it is the same; the last is where
 * the others end up. */
static int forget_calls(void) {
  struct sock_filter lines[COUNT + 3];
  struct sock_fprog program = {COUNT + 3, lines};
  int i;

  lines[0] =
      (struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
  for (i = 0; i < COUNT; i++)
    lines[1 + i] = (struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned) unknown[i],
                                                 (unsigned char) (COUNT - i), 0);
  lines[1 + COUNT] = (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  lines[2 + COUNT] = (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return -1;
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

int main(int argc, char** argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: old_kernel PROGRAM [ARGUMENT...]\n");
    return 2;
  }
  if (forget_calls() != 0) {
    fprintf(stderr, "old_kernel: no filter: %s\n", strerror(errno));
    return 2;
  }
  if (syscall(unknown[0], -1, NULL, NULL, 0) != -1 || errno != ENOSYS) {
    fprintf(stderr, "old_kernel: the filter has no effect\n");
    return 2;
  }
  (void) execvp(argv[1], argv + 1);
  fprintf(stderr, "old_kernel: %s: %s\n", argv[1], strerror(errno));
  return 127;
}
