/* What a thread is: for sched.c and thread.c, and the few files that look into one. */
#ifndef NT_SCHED_H_
#define NT_SCHED_H_

#include "host.h"
#include "nt.h"

enum {
  NT_SLOTS = 64 /* of thread-local storage, of either kind */
};

struct nt_thread {
  struct nt_object object;
  struct nt_thread* next; /* of all that have not ended */
  struct nt_process* process;
  DWORD id;
  DWORD code;
  DWORD error;
  enum {
    NT_THREAD_SUSPENDED,
    NT_THREAD_RUNS,
    NT_THREAD_WAITS,
    NT_THREAD_ENDED
  } state;
  int able;
  int daemon;
  int killed; /* with its process: never gets the baton again */
  int is_loops;
  int may_block;
  int is_client; /* of a pipe, whose server it is: for ImpersonateNamedPipeClient */
  int locks;     /* that it has: slim ones and critical sections */
  const char* call;
  /* While it waits. */
  int (*ready)(void* arg);
  void* arg;
  uint64_t until;
  int alertable;
  int interrupted;
  struct nt_irp* irp;
  /* How it begins, and its real thread. */
  DWORD (*fn)(void* arg);
  void* fn_arg;
  void* host;
  struct host_gate gate;
  void* tls[NT_SLOTS];
  void* fls[NT_SLOTS];
};
extern const struct nt_class nt_thread_class;

struct nt_sched {
  struct nt_thread* threads;
  struct nt_thread* current; /* has the baton */
};
extern struct nt_sched nt_sched;

void nt_seed(uint64_t seed);
/* Gives the baton to somebody who can go on, the caller or another; returns when it comes back. */
void nt_switch(void);
/* Waits until nothing is to come any more, of devices and of the pool. */
void nt_settle(void);
/* As nt_wait, and -1 when the thread's wait was interrupted (CancelSynchronousIo). */
int nt_wait_alertable(int (*ready)(void* arg), void* arg, uint64_t until);
/* The first call of a thread that the model did not make: the program's main thread. */
struct nt_thread* nt_thread_adopt(void);
/* thread.c: what a thread keeps is given up. */
void nt_fls_end(struct nt_thread* thread);
/* devices.c: has the names of devices known. */
void nt_devices(void);
/* How many threads there are but the model's own. */
unsigned nt_thread_count(void);
/* Has the model's own threads end. */
void nt_thread_end_daemons(void);

/* What is planned (nt_plan): asked when an operation becomes pending, is complete, and is gone. */
void nt_plan_pending(struct nt_irp* irp);
NTSTATUS nt_plan_status(const struct nt_irp* irp, NTSTATUS status);
void nt_plan_over(const struct nt_irp* irp);

/* A process, and what nt_end asks about handles. */
struct nt_process* nt_process_first(void);
void nt_object_begin(void);
void nt_object_end(void);
/* And about operations. */
void nt_io_end(void);
/* Nobody waits for it any more: the thread that did was killed. */
void nt_irp_orphan(struct nt_irp* irp);
int nt_port_is_closed(const struct nt_port* port);
/* Whether a process ends, or has: what it leaves is nobody's fault. */
int nt_process_is_dying(const struct nt_process* process);
/* environ.c: the next run begins with the first environment. */
void nt_environ_end(void);

#endif /* NT_SCHED_H_ */
