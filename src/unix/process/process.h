/* The children's room: starting them, and waiting for their end. To those above it offers port.h,
 * and what a loop does about its children. It knows no stream of the program's. It stands on the
 * system's room: where there is no better way it hears of SIGCHLD, as any watcher does. */
#ifndef UV__UNIX_PROCESS_H_
#define UV__UNIX_PROCESS_H_

#include "unix/fd/fd.h"

/* ---- For whoever stands above: child.c ---- */

/* The children of a loop. */
struct uv__children {
  struct uv__looker looker;
  struct uv__queue running; /* or whose end nobody has heard of yet */
  struct uv__queue ended;   /* that only wait to be forgotten */
  uv_signal_t sigchld;      /* our own watcher: its io, link and counter, and no more */
  int must_ask;             /* those without a descriptor whether they ended */
  unsigned unwatched;       /* how many have none */
  uint64_t ask_at;          /* ms: and when to ask in any case */
};

void uv__child_start(struct uv__children* children, uv_loop_t* loop);
/* How long the loop may wait at most when it would wait for `timeout_ms`. */
int uv__child_timeout(const uv_loop_t* loop, int timeout_ms);
/* In a forked child, between uv__poller_leave and uv__poller_renew. */
void uv__child_fork(uv_loop_t* loop);
/* The loop ends: nobody waits any more for the children that nobody has an interest in. */
void uv__child_stop(uv_loop_t* loop);

/* ---- For the same: process.c ---- */

/* Around a fork of the program's, and in the child of one. */
void uv__spawn_hold(void);
void uv__spawn_unhold(void);
/* Let go of what belongs to children that other threads of the parent are about to start. */
void uv__spawn_forget(void);

/* ---- Within the room ---- */

struct uv__child;

/* child.c: memory for a child that is about to be started, and what that needs; NULL: none. */
struct uv__child* uv__child_new(uv_loop_t* loop);
void uv__child_free(struct uv__child* child);
/* It runs. From now on it is waited for, also when `owner` loses interest; `owner` rings
 * UV__EVENT. Cannot fail. */
void uv__child_watch(struct uv__child* child, int pid, struct uv__io* owner);

/* What the child needs to know between fork and exec. */
struct uv__plan {
  const uv_process_options_t* options;
  char** shell_args; /* for a script without a first line that names its interpreter */
  char** env;        /* found by the child, */
  const char* path;  /* and in it where to look for the program */
  int* sources;      /* for each descriptor of the child the parent's, or -1 */
  int* made;         /* the child's ends of created pipes, and its own of terminals; or -1 */
  int count;
  int has_terminal; /* its 0-2 are to be that of a session of its own */
  int report;       /* the child's end of the pipe that tells of a failure, or -1 */
  int error;        /* of a child that shares our memory: why it did not become its program */
};

/* plan.c: one block for all that the child needs to have in memory; and the descriptors that are
 * made for it, once those that the program named are known to exist. */
int uv__plan_make(struct uv__plan* plan, const uv_process_options_t* options, int count);
int uv__plan_stdio(struct uv__plan* plan, struct uv__child_stdio* rows);
/* The child has its ends now, or never will. `keep`: the parent's ends are the core's. */
void uv__plan_end(struct uv__plan* plan, struct uv__child_stdio* rows, int keep);

/* exec.c: in the child. Returns when that failed: an errno. */
int uv__exec_become(struct uv__plan* plan);

#endif /* UV__UNIX_PROCESS_H_ */
