/* The inner interface of the model of NT: what a file that adds a device, an object or a call needs
 * to know, and no more. Programs over the model include windows.h and see none of this, except
 * for the few that steer it (nt_begin and what follows it here).
 *
 * THE WORLD. One program holds several *processes*, each with a table of handles, and their
 * threads. The threads are real ones, but only one of them runs at a time: the one that holds the
 * baton (sched.c). It can lose the baton in two places only: in nt_enter, with which every call of
 * Win32 begins, and in nt_wait. So the model needs no locks: between two such places nobody else
 * touches anything. Who gets the baton is up to the seed; so is everything else that Windows leaves
 * open; so a run is a function of its seed. The clock is the model's own too: it moves a little
 * with each call, and jumps to the next thing that is due when every thread waits.
 *
 * A CALL OF WIN32 is written so:
 *
 *   BOOL WINAPI SetEvent(HANDLE handle) {
 *     struct nt_event* event;
 *     nt_enter("SetEvent");
 *     event = nt_find(handle, &nt_event_class, EVENT_MODIFY_STATE);
 *     if (event == NULL)
 *       return FALSE;             -- nt_find has set the last error
 *     event->set = 1;             -- whoever waits finds it by himself, see nt_wait
 *     return TRUE;
 *   }
 *
 * AN OPERATION on a file object is a struct nt_irp. Whoever begins one (ReadFile, WSARecv, ...)
 * calls nt_irp_begin, describes it, hands it to its device with nt_irp_start, and returns what
 * nt_irp_result says. The device either completes it at once with nt_irp_complete, or keeps it:
 * nt_irp_pend, with a function that cancels it. From then on the OVERLAPPED and the buffers belong
 * to the kernel: they are poisoned under ASan, and looked at for changes without. The device
 * completes a kept one later, from another call or from an event of the clock (nt_later).
 * Whether a packet is posted and where, the event, the file object's modes, a synchronous caller
 * that waits: all that is io.c's, once for all devices. */
#ifndef NT_H_
#define NT_H_

#include "winsock2.h"
#include "winternl.h"

#include <stdarg.h>

/* ==== Steering: for test programs ======================================================== */

/* A run begins with its seed, and ends with every handle closed that was made since, every
 * operation joined, and no thread left; else it fails. */
void nt_begin(uint64_t seed);
void nt_end(void);

/* How much trouble the seed may make, in percent of the occasions. nt_begin sets them all. */
struct nt_trouble {
  /* Another thread goes on: at a call or an atomic operation, or when a callback has begun. */
  unsigned preempt;
  unsigned late;     /* what could succeed at once is pending first */
  unsigned slow;     /* what takes microseconds takes milliseconds */
  unsigned shorter;  /* less is received or sent than could be, where that is legal */
  unsigned spurious; /* a condition variable wakes for nothing */
  unsigned reuse;    /* a new handle has the value of the last one that was closed */
};
extern struct nt_trouble nt_trouble;
extern int
    nt_verbose; /* 1: a line on stderr for each call; also by NT_VERBOSE in the environment */

/* What the next sockets are: 0 for a layered provider without handles of the system (no
 * XP1_IFS_HANDLES; CancelIoEx finds nothing; no skipping of packets). */
extern int nt_sockets_are_ifs;
/* 0: what ConnectEx or AcceptEx connected may be asked for more than it can do before its context was set
 * ("SOL_SOCKET socket options", SO_UPDATE_*_CONTEXT); 1, as nt_begin says: to do so, knowing that it is
 * connected, is a fault. */
extern int nt_wants_contexts;
/* 1: processes are in an AppContainer, which may make and open no names of pipes but those of
 * \\.\pipe\LOCAL\ ("GetNamedPipeServerProcessId", remarks); 2: and none without a name, as before pairs
 * had none. nt_begin says 0. */
extern int nt_app_container;
/* Bytes of the largest write to a pipe that the kernel finds memory for, when no reader waits for them:
 * it copies them, and a large one is the first to lack it. nt_begin says all there are. */
extern size_t nt_pool_most;
/* 0: a file object cannot be taken off its port (before 8.1, and Wine). */
extern int nt_files_can_leave;
/* 0: there are no reserve objects (Wine). */
extern int nt_has_reserves;
/* 0: there are no Unix-domain sockets (before 10, 1803, and Wine); no pseudo consoles (before 10, 1809). */
extern int nt_has_unix_sockets;
extern int nt_has_pseudo_consoles;
/* 1: the file system knows nothing of POSIX (before 10, 1709, FAT, and Wine 8). */
extern int nt_files_are_old;
/* 0: there are no timers of high resolution (before 10, 1803); no packets that wait for them (Wine). */
extern int nt_has_exact_timers;
extern int nt_has_wait_packets;
/* The machine sleeps for so long, and wakes: dates and the performance counter go on, time-outs and
 * QueryUnbiasedInterruptTimePrecise do not ("WaitForSingleObject", "SetWaitableTimer": Windows 8). */
void nt_sleep_machine(uint64_t ms);
/* 0: the folder of all pipes cannot be opened (an AppContainer): there is no waiting for an instance, and no
 * pair without a name. */
extern int nt_pipes_have_folder;

/* The n-th overlapped operation of that kind, on a device of that name (NULL: any), that becomes
 * pending from now on (1: the next; 0: none) ends with `status`, for nothing that the peer did. How many became pending since. */
enum nt_what {
  NT_READ,
  NT_WRITE,
  NT_FLUSH,
  NT_CONTROL
};
void nt_plan(const char* device, enum nt_what what, long n, NTSTATUS status);
long nt_plan_seen(void);

/* What a test is at: printed with a fault. NULL: nothing. */
extern const char* nt_note;
/* Is told of each call, those that calls are made of included. NULL: nobody is. */
extern void (*nt_watch)(const char* call);

/* For programs that watch connections: which one a socket has, from 0 in each run, and which end of
 * it is the socket's (0: the client's); 0 when it has none. */
int nt_sock_end_of(SOCKET handle, unsigned* conn, int* side);
/* The network tears its connection down. */
void nt_sock_reset(SOCKET handle);
/* Its window and its peer's grow. */
void nt_sock_make_room(SOCKET handle);

/* For programs that watch a close. The file object of a handle, referenced, or NULL; whether there is
 * an operation on it that only its peer, a cancel or its cleanup would end; and whether there is one, or
 * that one (NULL: none), that was not joined. The last two also when there is no handle any more. */
struct nt_file;
struct nt_irp;
struct nt_file* nt_file_watch(HANDLE handle);
int nt_file_has_pending(const struct nt_file* file);
int nt_is_owed(const struct nt_file* file, const struct nt_irp* one);
/* Whether a packet of it waits in a port; and whether no callback of the system's pool runs, or is due. */
int nt_is_posted(const OVERLAPPED* overlapped);
int nt_pool_is_idle(void);

/* Another process, to be played by the calling thread: nt_process_enter makes its calls those of
 * that process and returns the one that it was in. A process that ends closes its handles. */
struct nt_process;
struct nt_process* nt_process_new(void);
struct nt_process* nt_process_enter(struct nt_process* process);
void nt_process_end(struct nt_process* process, UINT code);
DWORD nt_process_id(const struct nt_process* process);
/* Whether this is a process that CreateProcessW started: the run is another one's to begin and end. */
int nt_is_child(void);
/* The same handle in another process, as inheriting does it. */
HANDLE nt_process_give(struct nt_process* to, HANDLE handle);

/* The user of the calling process's console: presses Ctrl+C; closes it (CTRL_CLOSE_EVENT), or shuts the
 * system down. */
void nt_console_press_ctrl_c(void);
void nt_console_close(DWORD event);

/* A thread that has ever waited for a completion port is a loop's. It must not wait for a peer
 * (nt_wait_for_peer), nor long for others, nor any thread with a lock held, unless it is told here that it
 * may; returns what was so before. */
int nt_may_block(int on);

/* ==== The seed and the clock =============================================================== */

unsigned nt_below(unsigned bound); /* 0 .. bound - 1 */
int nt_chance(unsigned percent);

/* A broken rule of the caller, or of the model: prints what, the seed, the step and the stack, and
 * ends the program with status 1. Any thread. */
_Noreturn void nt_fault(const char* format, ...) __attribute__((format(__printf__, 1, 2)));
void nt_trace(const char* format, ...) __attribute__((format(__printf__, 1, 2)));
_Noreturn void nt_absent(const char* name); /* a call that is declared and not modelled */

/* In units of 100 ns since the run began, plus a start that is not 0. */
uint64_t nt_now(void);
#define NT_EPOCH 133800000000000000ull /* of a run, in FILETIME: 2025, since 1601 */
#define NT_NEVER UINT64_MAX
#define NT_US 10ull
#define NT_MS 10000ull
/* When a wait of so many ms that begins now ends. It is counted in ticks of 15.625 ms, from the
 * last one: up to one tick early ("Sleep function", remarks). INFINITE: NT_NEVER. */
uint64_t nt_due(DWORD timeout_ms);

/* Have `fn` run with the baton at that time, or a little later; each at most once. The handle is
 * for nt_later_not, which takes it back; it is void once `fn` was called. */
struct nt_later;
struct nt_later* nt_later(uint64_t delay, void (*fn)(void* arg), void* arg);
void nt_later_not(struct nt_later* later);
/* How long something in the machine takes: mostly microseconds, now and then longer. */
uint64_t nt_latency(void);

/* ==== Threads ============================================================================ */

struct nt_thread;
/* The first statement of every call. May hand on the baton. */
void nt_enter(const char* call);
struct nt_thread* nt_self(void);
struct nt_process* nt_here(void); /* the process of the running thread */

/* Waits, without the baton, until `ready` or the time; `ready` is asked again and again, by
 * whichever thread looks for somebody to go on, and must change nothing. 1: ready; 0: too late. */
int nt_wait(int (*ready)(void* arg), void* arg, uint64_t until);
/* The same for a packet, and for what else is no lock: a fault where one is held, and, but for packets, where the
 * loop's thread stands still for long. */
int nt_wait_for_packet(int (*ready)(void* arg), void* arg, uint64_t until);
int nt_wait_without_lock(int (*ready)(void* arg), void* arg, uint64_t until, const char* what);
/* And for what a peer, another process or a user may hold up: a fault on a loop's thread. */
int nt_wait_for_peer(int (*ready)(void* arg), void* arg, uint64_t until, const char* what);

/* CancelSynchronousIo: the operation that the thread waits for in nt_irp_result, if any. */
struct nt_irp* nt_thread_irp(const struct nt_thread* thread);
void nt_thread_set_irp(struct nt_thread* thread, struct nt_irp* irp);
int nt_thread_is_loops(const struct nt_thread* thread);
void nt_thread_mark_loops(struct nt_thread* thread);

/* A thread of the model's own (the pool's); lives until nt_end. */
void nt_thread_daemon(void (*fn)(void* arg), void* arg);
int nt_ending(void); /* a daemon returns when this is 1 */

/* The last error; `nt_error` is for `return nt_error(CODE);` of calls that return FALSE then. */
BOOL nt_error(DWORD error);
/* The codes of Win32 and of Winsock for an NTSTATUS (status.c). */
DWORD nt_status_error(NTSTATUS status);
int nt_status_wsa(NTSTATUS status);

/* ==== Objects and handles ================================================================== */

struct nt_object;

struct nt_class {
  const char* name;
  /* Waiting: whether it is signalled, and what a wait that it satisfies does to it. NULL: cannot
   * be waited for; NULL: nothing. */
  int (*signalled)(struct nt_object* object);
  void (*satisfied)(struct nt_object* object);
  /* A handle was closed, the last one of all processes if `last` (IRP_MJ_CLEANUP). */
  void (*closed)(struct nt_object* object, int last);
  /* No handle and no reference is left: frees what it holds, and it. */
  void (*destroy)(struct nt_object* object);
  int lives_on; /* a handle may be left when a run ends: of what a program makes once */
};

/* The first member of every object. */
struct nt_object {
  const struct nt_class* class;
  unsigned refs;    /* handles, and whoever else points to it */
  unsigned handles; /* in all processes */
};

/* Memory of the kernel, cleared; an object of it with one reference, which is the caller's. */
void* nt_alloc(size_t size);
void nt_free(void* block);
void* nt_object_new(const struct nt_class* class, size_t size);
void nt_ref(void* object);
void nt_unref(void* object);

/* A handle in the running thread's process, which holds its own reference. `inherit`: children
 * get it. */
HANDLE nt_handle(void* object, ACCESS_MASK access, int inherit);
/* The call that made a handle of this process which children inherit, or NULL. */
const char* nt_inheritable(void);
/* What a handle of the running thread's process is of: NULL, with the last error set, when it is
 * no handle, of another class (NULL: any), or without the access. A handle that was closed is a
 * fault. The reference is not the caller's: nt_ref before anything that waits. */
void* nt_find(HANDLE handle, const struct nt_class* class, ACCESS_MASK access);
/* The same without setting an error, for calls with codes of their own. Closed ones stay a fault. */
void* nt_peek(HANDLE handle, const struct nt_class* class, ACCESS_MASK* access);
/* Closes it, from any call; `process` NULL: the running thread's. */
BOOL nt_handle_close(struct nt_process* process, HANDLE handle);

/* In another process; and that process. */
HANDLE nt_handle_in(struct nt_process* process, void* object, ACCESS_MASK access);
struct nt_process* nt_process_by_id(DWORD id);
extern const struct nt_class nt_process_class;
/* Rights with the generic ones resolved, as for a file. */
ACCESS_MASK nt_access(ACCESS_MASK access);

/* ---- Events ---- */

struct nt_event {
  struct nt_object object;
  int manual;
  int set;
};
extern const struct nt_class nt_event_class;

/* ==== File objects and operations ========================================================== */

struct nt_file;
struct nt_irp;
struct nt_port;
extern const struct nt_class nt_port_class;

struct nt_device {
  const char* name;
  DWORD type; /* FILE_TYPE_* */
  /* Begins an operation: nt_irp_complete or nt_irp_pend, before it returns. */
  void (*start)(struct nt_irp* irp);
  /* The last handle in all processes was closed: ends what is pending, tells the peer. */
  void (*cleanup)(struct nt_file* file);
  /* Nothing refers to it any more: frees what it holds, not the nt_file itself. */
  void (*destroy)(struct nt_file* file);
  /* Whether a wait for it is over, where that is not about operations (and somebody else's to say); or
   * NULL. */
  int (*signalled)(struct nt_file* file);
};

/* The first member of what a device keeps per file object, made by nt_file_new. */
struct nt_file {
  struct nt_object object;
  const struct nt_device* device;
  int synchronous;      /* not opened for overlapped calls: operations wait, one after the other */
  int locked;           /* by one of them (nt_file_lock) */
  struct nt_port* port; /* for life, or NULL */
  ULONG_PTR key;
  unsigned char modes;  /* FILE_SKIP_* */
  int set;              /* its own event */
  int uncancellable;    /* CancelIoEx finds nothing: a layered provider, */
  HANDLE by;            /* whose calls are of a descriptor each: the last one that was used */
  struct nt_irp* first; /* pending, in order of their start */
  struct nt_irp* last;
  uint64_t finish_at; /* when the last of the completions that are late will be told */
};
extern const struct nt_class nt_file_class;

void* nt_file_new(const struct nt_device* device, size_t size, int synchronous);
/* The lock of a synchronous file object: every call on it takes it, queries too, and waits for
 * whoever has it ("Synchronous and Asynchronous I/O"). Nothing for an overlapped one. */
void nt_file_lock(struct nt_file* file, const char* call);
void nt_file_unlock(struct nt_file* file);

struct nt_part {
  char* base;
  size_t size;
};

struct nt_irp {
  struct nt_file* file; /* referenced */
  struct nt_process* process;
  const struct nt_thread* thread; /* whose end ends it, or NULL */
  enum nt_what what;
  unsigned code;          /* of NT_CONTROL, the device's own */
  OVERLAPPED* overlapped; /* of the caller; NULL: it waits */
  struct nt_event* event; /* referenced, or NULL */
  int no_packet;          /* the low bit of hEvent */
  struct nt_part* parts;  /* the caller's memory: `count` pieces, `size` bytes in all */
  unsigned count;
  size_t size;
  size_t done;     /* bytes moved so far, by nt_irp_give and nt_irp_take */
  int may_be_late; /* a device for which "at once" is never certain sets it before it completes */
  NTSTATUS fails;  /* what a write comes to, late, when its bytes have gone; 0: it does not */
  int prompt;      /* one whose operations end within the call of whoever ends them; 1: the packet
                         * may be late, 2: not even that. Set before it pends */
  NTSTATUS status; /* from nt_irp_complete on */
  ULONG_PTR info;
  void* device;         /* the device's, */
  char* kept;           /* memory of the kernel's own that goes with it, or NULL */
  struct nt_irp* queue; /* and its link in a queue of its own */
  /* Private to io.c. */
  enum {
    NT_IRP_NEW,
    NT_IRP_PENDING,
    NT_IRP_DONE
  } state;
  void (*cancel)(struct nt_irp* irp);
  struct nt_irp* prev;
  struct nt_irp* next;
  struct nt_irp* owned_next; /* of all whose OVERLAPPED the kernel has */
  struct nt_irp** owned_at;
  uint64_t sum; /* of what is written, when it became pending */
  int waited;   /* its caller waits for it, and frees it */
  int finished; /* the caller has been told */
  int asked;    /* to cancel it */
  HANDLE by;    /* of an uncancellable file: the handle that it was begun with */
};

/* A new operation of the running thread; `overlapped` NULL for one that waits. Not yet anybody's
 * but the caller's. */
struct nt_irp* nt_irp_begin(struct nt_file* file, enum nt_what what, OVERLAPPED* overlapped);
/* Its memory: copied, the pieces stay the caller's. */
void nt_irp_memory(struct nt_irp* irp, const struct nt_part* parts, unsigned count);
/* Hands it to the device and says what came of it: the NTSTATUS, STATUS_PENDING too; `info` gets
 * the count when it is not pending. Waits if there is no OVERLAPPED. The irp is gone after it. */
NTSTATUS nt_irp_run(struct nt_irp* irp, ULONG_PTR* info);
/* As nt_irp_run, as the calls of Win32 return it: sets the last error and *bytes (may be NULL). */
BOOL nt_irp_run_win32(struct nt_irp* irp, DWORD* bytes);

/* Without handing it to the device: it never was. */
void nt_irp_forget(struct nt_irp* irp);
/* The status of an OVERLAPPED, and the count; `wait`: not before there is one. */
NTSTATUS nt_overlapped_result(OVERLAPPED* overlapped, DWORD* bytes, BOOL wait);
/* The place in a file that it names, and what a file of the disk has; NULL: it is none. */
size_t nt_overlapped_place(const OVERLAPPED* overlapped);
const char* nt_disk_bytes(const struct nt_file* file, size_t* size);
int nt_disk_is_folder(const struct nt_file* file);
/* How many of these bytes come before what another handle has locked; and the lock, one in a file. */
size_t nt_disk_free(const struct nt_file* file, size_t from, size_t size);
void nt_disk_lock(struct nt_file* file, size_t from, size_t size);

/* For devices. Moves bytes between their memory and what is next in the caller's; less than `size`
 * when that ends. */
size_t nt_irp_give(struct nt_irp* irp, const void* from, size_t size);
size_t nt_irp_take(struct nt_irp* irp, void* to, size_t size);
/* Bytes go by the kernel's hand, which no sanitizer watches (memmove is); also to a place before, in the same
 * memory. */
void nt_move(void* to, const void* from, size_t size);
/* For io.c: while an operation is pending, its bytes are read, written or changed by the kernel alone. */
void nt_irp_lock(struct nt_irp* irp);
void nt_irp_unlock(struct nt_irp* irp);
/* Keeps it. `cancel` (NULL: cannot be) takes it off the device's queues and completes it with
 * STATUS_CANCELLED, or lets it be when it is about to be complete. */
void nt_irp_pend(struct nt_irp* irp, void (*cancel)(struct nt_irp* irp));
/* It is over. The pointer is void afterwards, unless called within `start`. */
void nt_irp_complete(struct nt_irp* irp, NTSTATUS status, ULONG_PTR info);
/* CancelIoEx: all of the running process on the file object, or the one with that OVERLAPPED; how
 * many were found. */
unsigned nt_irp_cancel(struct nt_file* file, const OVERLAPPED* overlapped);
/* A descriptor of a layered provider is about to be closed: what was begun with it is aborted, and what was
 * with another one of the same socket goes on ("WSPCloseSocket", "Shared Sockets"). */
void nt_irp_hang_up(struct nt_file* file, HANDLE by);

/* Puts a packet into a port, for io.c and whoever posts; `irp`: the kernel keeps its OVERLAPPED until
 * the packet is dequeued. */
void nt_port_put(struct nt_port* port,
                 ULONG_PTR key,
                 OVERLAPPED* overlapped,
                 NTSTATUS status,
                 ULONG_PTR info,
                 struct nt_irp* irp);
/* The kernel lets go of the OVERLAPPED of a finished operation, and of the irp. */
void nt_irp_release(struct nt_irp* irp);

/* Opens names: \\.\pipe\X, CONIN$, files. A device registers what it opens by its prefix, which has
 * no capital letters; `open` returns a new file object, or NULL with the last error set. */
typedef struct nt_file* (*nt_open_fn)(
    const WCHAR* name, ACCESS_MASK access, DWORD share, DWORD disposition, DWORD flags);
void nt_names_add(const WCHAR* prefix, nt_open_fn open);

/* ==== NTSTATUS ============================================================================= */

#define ST_SUCCESS ((NTSTATUS) 0)
#define ST_PENDING ((NTSTATUS) 0x103)
#define ST_BUFFER_OVERFLOW ((NTSTATUS) 0x80000005)
#define ST_INVALID_HANDLE ((NTSTATUS) 0xc0000008)
#define ST_INVALID_PARAMETER ((NTSTATUS) 0xc000000d)
#define ST_INVALID_DEVICE_REQUEST ((NTSTATUS) 0xc0000010)
#define ST_ACCESS_DENIED ((NTSTATUS) 0xc0000022)
#define ST_FILE_LOCK_CONFLICT ((NTSTATUS) 0xc0000054)
#define ST_OBJECT_NAME_NOT_FOUND ((NTSTATUS) 0xc0000034)
#define ST_PIPE_NOT_AVAILABLE ((NTSTATUS) 0xc00000ac)
#define ST_INVALID_PIPE_STATE ((NTSTATUS) 0xc00000ad)
#define ST_PIPE_BUSY ((NTSTATUS) 0xc00000ae)
#define ST_PIPE_DISCONNECTED ((NTSTATUS) 0xc00000b0)
#define ST_PIPE_CLOSING ((NTSTATUS) 0xc00000b1)
#define ST_PIPE_CONNECTED ((NTSTATUS) 0xc00000b2)
#define ST_PIPE_LISTENING ((NTSTATUS) 0xc00000b3)
#define ST_IO_TIMEOUT ((NTSTATUS) 0xc00000b5)
#define ST_NOT_SUPPORTED ((NTSTATUS) 0xc00000bb)
#define ST_PIPE_EMPTY ((NTSTATUS) 0xc00000d9)
#define ST_CANCELLED ((NTSTATUS) 0xc0000120)
#define ST_END_OF_FILE ((NTSTATUS) 0xc0000011)
#define ST_LOCAL_DISCONNECT ((NTSTATUS) 0xc000013b)
#define ST_PIPE_BROKEN ((NTSTATUS) 0xc000014b)
#define ST_CONNECTION_RESET ((NTSTATUS) 0xc000020d)
#define ST_CONNECTION_REFUSED ((NTSTATUS) 0xc0000236)
#define ST_CONNECTION_ABORTED ((NTSTATUS) 0xc0000241)
#define ST_INSUFFICIENT_RESOURCES ((NTSTATUS) 0xc000009a)
#define ST_IS_ERROR(status) (((ULONG) (status) >> 30) == 3)

#endif /* NT_H_ */
