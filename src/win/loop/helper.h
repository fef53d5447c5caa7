/* A thread that makes blocking calls for a stream of the console; see helper.c. */
#ifndef UV__WIN_HELPER_H_
#define UV__WIN_HELPER_H_

#include "win/loop/loop.h"

/* The first member of what is allocated for it, all 0 at first. */
struct uv__helper {
  struct uv__op op;
  /* Of the kind. */
  void (*work)(struct uv__helper* helper);     /* on the thread: one call */
  void (*complete)(struct uv__helper* helper); /* on the loop: it is idle again */
  void (*closed)(struct uv__helper* helper);   /* on the loop: a pending close has ended */
  void (*release)(struct uv__helper* helper);  /* any thread: nobody has the block any more */
  /* Private to helper.c. */
  SRWLOCK lock;
  CONDITION_VARIABLE asked;
  volatile LONG owners; /* the stream and the thread */
  uv_loop_t* loop;
  HANDLE thread; /* NULL: not needed yet */
  struct uv__retry retry;
  uint64_t until; /* how long a close waits */
  enum {
    UV__HELPER_IDLE,
    UV__HELPER_ASKED,
    UV__HELPER_WORKING,
    UV__HELPER_DONE, /* its packet is under way */
    UV__HELPER_GONE  /* the thread is about to end */
  } state;
  unsigned char packet; /* posted, not dequeued */
  unsigned char alone;  /* nobody waits for it any more */
  volatile LONG closing;
};

void uv__helper_init(struct uv__helper* helper, uv_loop_t* loop);
int uv__helper_is_idle(struct uv__helper* helper);
/* Have an idle one work. */
int uv__helper_ask(struct uv__helper* helper);
/* No more work. 0: it has ended, or has been left behind; UV__PENDING: `closed` says so. */
int uv__helper_close(struct uv__helper* helper);
/* The stream lets go of the block. */
void uv__helper_disown(struct uv__helper* helper);

#endif /* UV__WIN_HELPER_H_ */
