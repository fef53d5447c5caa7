/* A thread that makes blocking calls for a stream; see helper.c. */
#ifndef UV__WIN_HELPER_H_
#define UV__WIN_HELPER_H_

#include "win/loop/loop.h"

/* What a piece of work comes to: a set. */
enum {
  UV__HELPER_TELL = 1, /* `complete` is to run */
  UV__HELPER_AGAIN = 2 /* there is more to do */
};

struct uv__outbox;

/* The first member of what is allocated for it, all 0 at first. The block belongs to the stream and
 * to the thread, whoever is there longer. */
struct uv__helper {
  struct uv__op op;
  /* Of the kind. */
  unsigned (*work)(struct uv__helper* helper); /* on the thread, when asked: what there is to do */
  int (*cancel)(struct uv__helper* helper);    /* any thread, under the lock: end its call, if it is
                                                  one to be ended: then 1 */
  void (*complete)(struct uv__helper* helper); /* on the loop: it has told */
  void (*closed)(struct uv__helper* helper);   /* on the loop: a pending close has ended */
  void (*release)(struct uv__helper* helper);  /* any thread: nobody has the block any more */
  SRWLOCK lock;                                /* also for what of the kind both threads touch */
  /* Private to helper.c, but for `thread`, of which a call is cancelled, and what says so. */
  CONDITION_VARIABLE news; /* asked, recalled or closing */
  CONDITION_VARIABLE back; /* from a call that it was recalled from */
  volatile LONG owners;    /* the stream and the thread */
  uv_loop_t* loop;
  struct uv__outbox* box;
  HANDLE thread; /* NULL: not needed yet */
  HANDLE caller; /* a thread that recalls it, or NULL */
  struct uv__retry retry;
  unsigned patience_ms;   /* of a close; the kind may change it */
  uint64_t until;         /* how long it waits */
  uint64_t latest;        /* and for a thread that has not begun */
  unsigned char asked;    /* to work, when it has done what it does */
  unsigned char working;  /* without the lock */
  unsigned char recalled; /* its call is to end */
  unsigned char gone;     /* the thread is about to end */
  unsigned char packet;   /* posted, not dequeued */
  unsigned char alone;    /* nobody waits for it any more */
  volatile LONG closing;
};

/* `box`: what it writes, or NULL. */
void uv__helper_init(struct uv__helper* helper, uv_loop_t* loop, struct uv__outbox* box);
/* It does nothing, and all that it told was heard. */
int uv__helper_is_idle(struct uv__helper* helper);
/* Its thread has ended, by itself or, as the system does to all but one of a process that exits, by others. */
int uv__helper_is_over(const struct uv__helper* helper);
/* Have it work; once more, when it works already. */
int uv__helper_ask(struct uv__helper* helper);
/* Have the call in which it waits end. It still may when this returns. */
void uv__helper_recall(struct uv__helper* helper);
/* On the thread, between two attempts: waits a moment, or until there is news. */
void uv__helper_pause(struct uv__helper* helper);
/* No more work but what was asked. 0: it has ended, or has been left behind; UV__PENDING: `closed`
 * says so. */
int uv__helper_close(struct uv__helper* helper);
/* The stream lets go of the block. */
void uv__helper_disown(struct uv__helper* helper);

/* ---- outbox.c: the bytes that it writes ---- */

enum {
  UV__OUTBOX_QUEUE = 65536, /* bytes that a write takes */
  UV__OUTBOX_TRY = 4096,    /* and one that nobody waits for */
  UV__OUTBOX_ROOM = 131072  /* and the last one, with those that are there */
};

/* Copies: a helper that does not come back must not hold on to bytes of the program. Both threads
 * use it, under the helper's lock; between `at` and `size` the bytes are the helper's to read
 * without. */
struct uv__outbox {
  DWORD at;
  DWORD size;
  DWORD owed;           /* of these, what the WRITE lane waits for */
  unsigned char waited; /* the lane waits for room */
  /* What the end of the process knows of it, under a lock of that. */
  DWORD noted;   /* bytes */
  DWORD due;     /* of these, what it waits for */
  unsigned ends; /* which end that is */
  int error;     /* of a write: told to the next who asks, UV_EPIPE to all */
  char bytes[UV__OUTBOX_ROOM];
};

static inline int uv__outbox_is_empty(const struct uv__outbox* box) {
  return box->at == box->size;
}

/* `write` of the port. */
ssize_t uv__outbox_write(struct uv__outbox* box,
                         struct uv__helper* helper,
                         struct uv__io* io,
                         const uv_buf_t* bufs,
                         unsigned nbufs,
                         enum uv__write_mode mode);
/* `write_more` of the port. */
size_t uv__outbox_write_more(struct uv__outbox* box,
                             struct uv__helper* helper,
                             size_t ahead,
                             const uv_buf_t* bufs,
                             unsigned nbufs);
/* Any thread: returns when all that is in a box of the process now was written, or nothing more goes. */
void uv__outbox_await_all(void);
/* Whether it is empty, from the loop. */
int uv__outbox_is_delivered(const struct uv__outbox* box, struct uv__helper* helper);
/* On the thread: has `put` write until there is nothing left, or an error. 0: nothing was there. */
int uv__outbox_deliver(
    struct uv__outbox* box,
    struct uv__helper* helper,
    int (*put)(struct uv__helper* helper, const char* bytes, DWORD size, DWORD* taken));
/* On the loop, when the helper has told: rings WRITE if that is owed. */
void uv__outbox_complete(struct uv__outbox* box, struct uv__helper* helper, struct uv__io* io);
/* The stream is closed: what a pending write came to, for `done`. */
void uv__outbox_end(struct uv__outbox* box, struct uv__helper* helper, struct uv__io* io);

#endif /* UV__WIN_HELPER_H_ */
