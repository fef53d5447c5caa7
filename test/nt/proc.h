/* What a process is: its table of handles (object.c), its life (process.c), and what a program finds
 * in it (program.c, environ.c, crt.c, console.c). */
#ifndef NT_PROC_H_
#define NT_PROC_H_

#include "sched.h"

#include <crtdbg.h>
#include <stdlib.h>

enum {
  NT_STD_HANDLES = 3,
  NT_DESCRIPTORS = 512,
  NT_MOST_HOOKS = 4,
  NT_MOST_AT_EXIT = 4,
  NT_MOST_HANDLERS = 8
};

struct nt_entry {
  struct nt_object* object; /* NULL: closed, or, without a maker, never used */
  ACCESS_MASK access;
  DWORD flags;       /* HANDLE_FLAG_* */
  const char* maker; /* the call that made it */
  int old;           /* of before nt_begin */
  unsigned next;     /* of a vacant one: the one before it, as `vacant` */
};

/* A descriptor of the C run-time library. */
struct nt_descriptor {
  int used;
  HANDLE handle;
};

/* What it does with a number that is no descriptor. */
struct nt_crt {
  _invalid_parameter_handler handler;
  struct nt_hook {
    _CRT_REPORT_HOOKW hook;
    int count;
  } hooks[NT_MOST_HOOKS];
  unsigned hook_count;
  void (*at_exit[NT_MOST_AT_EXIT])(void);
  unsigned at_exit_count;
};

struct nt_console;
struct nt_pseudo;
struct nt_job;

struct nt_process {
  struct nt_object object;
  struct nt_process* next;
  DWORD id;
  DWORD parent_id;
  int ended;
  int dying; /* what it leaves behind is nobody's fault */
  UINT code;
  uint64_t began;
  uint64_t calls; /* of Win32, and among them those that read and write */
  uint64_t reads;
  uint64_t writes;
  struct nt_entry* entries; /* handle LEAST + 4 * i */
  unsigned count;
  unsigned vacant; /* 1 and the index of the last one that was closed, or 0 */
  unsigned room;
  HANDLE std[NT_STD_HANDLES];
  UINT error_mode;
  unsigned attribute_lists; /* made, and not deleted */
  /* Of a program: */
  int is_program; /* started by CreateProcessW: ends with the run at the latest */
  WCHAR* command;
  WCHAR* environment; /* NULL: not yet asked for */
  WCHAR* folder;
  BYTE* block; /* lpReserved2 */
  WORD block_size;
  STARTUPINFOW startup;
  int runs; /* its first thread has begun: it is connected to its console */
  int (*main)(int argc, char** argv);
  int argc;
  char** argv;
  struct nt_descriptor descriptors[NT_DESCRIPTORS];
  struct nt_crt crt;
  struct nt_job* jobs[4]; /* that it is in, each referenced */
  unsigned job_count;
  /* The console: */
  struct nt_console* console; /* referenced, or NULL */
  struct nt_pseudo* pseudo;   /* of which it is the process; referenced, or NULL */
  PHANDLER_ROUTINE handlers[NT_MOST_HANDLERS];
  unsigned handler_count;
  int ignores_ctrl_c;
};

/* object.c. A new process has no handle; `like` gives those that `wanted` names, or all that are
 * inheritable, with their values. */
struct nt_process* nt_process_make(void);
void nt_process_inherit(struct nt_process* to,
                        struct nt_process* like,
                        const HANDLE* wanted,
                        unsigned count);
int nt_handle_is_inheritable(HANDLE handle);
void nt_handle_close_all(struct nt_process* process);
struct nt_process* nt_process_list(void); /* the first, and by `next` the others */

/* process.c. Ends it, once none of its calls of the pool runs; the caller may be one of its threads,
 * and does not come back then. */
_Noreturn void nt_process_exit(UINT code);
/* The same from outside: at some time soon. */
void nt_process_terminate(struct nt_process* process, UINT code);
void nt_process_end_programs(void);

/* thread.c, pool.c, io.c, job.c, console.c: what a process leaves behind. */
/* The caller may be one of them: it goes on until it next gives up the baton. */
void nt_thread_kill(struct nt_process* process);
_Noreturn void nt_thread_leave(void); /* of one that was killed */
int nt_pool_runs(const struct nt_process* process);
void nt_pool_forget(struct nt_process* process);
void nt_io_abandon(struct nt_process* process);
void nt_io_part(const struct nt_thread* thread);
void nt_job_inherit(struct nt_process* child, const struct nt_process* parent);
void nt_job_leave(struct nt_process* process);
void nt_console_leave(struct nt_process* process);
void nt_pseudo_leave(struct nt_process* host);
/* thread.c: a thread of that process, which waits to be resumed. */
struct nt_thread* nt_thread_create_in(struct nt_process* process,
                                      DWORD (*fn)(void* arg),
                                      void* arg,
                                      DWORD flags);

/* program.c, environ.c, console.c: what one begins with. 0, or an error of Win32. */
DWORD nt_program_set_up(struct nt_process* process,
                        const WCHAR* program,
                        const WCHAR* command,
                        const STARTUPINFOW* startup);
DWORD nt_program_main(void* process);
int nt_program_is(const WCHAR* path); /* whether that file is the program */
void nt_environ_set_up(struct nt_process* process, const WCHAR* block, const WCHAR* folder);
/* files.c: whether there is such a folder; a name that is no whole path is looked for in the folder of
 * the process. */
int nt_folder_is(const WCHAR* path);
/* The number of the socket that is bound to a path; 0: there is none, or there could be none. */
unsigned nt_file_make_socket(const WCHAR* path);
unsigned nt_file_socket(const WCHAR* path);
/* environ.c */
const WCHAR* nt_folder(void);
WCHAR* nt_path(const WCHAR* path); /* the whole of it, in the kernel's memory */
void nt_environ_free(struct nt_process* process);
void nt_program_free(struct nt_process* process);
void nt_console_set_up(struct nt_process* process,
                       DWORD flags,
                       int has_handles,
                       const struct nt_pseudo* pseudo); /* or NULL */

WCHAR* nt_text_copy(const WCHAR* text); /* of the kernel's memory */
WCHAR* nt_text_from(const char* utf8);

#endif /* NT_PROC_H_ */
