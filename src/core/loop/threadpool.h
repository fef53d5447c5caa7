/* What request kinds ask of the pool: run something on one of its threads, and be called back on
 * the loop's. It knows loops, and no handle. */
#ifndef UV__THREADPOOL_H_
#define UV__THREADPOOL_H_

#include "uv.h"

enum uv__work_kind {
  UV__WORK_CPU,
  UV__WORK_SLOW /* waits rather than works: such work never takes all threads */
};

/* Run `run` on a thread of the pool, then `done` on the loop's, with status 0, or with UV_ECANCELED
 * when `run` was not and will not be run. Holds the loop until then. UV_ENOMEM, UV_EAGAIN when
 * there is no thread: neither is called. */
int uv__work_submit(uv_loop_t* loop,
                    struct uv__work* work,
                    enum uv__work_kind kind,
                    void (*run)(struct uv__work* work),
                    void (*done)(struct uv__work* work, int status));

/* UV_EBUSY when it runs or is over. */
int uv__work_cancel(struct uv__work* work);

/* Call back what is finished: a step of the loop's turn. */
void uv__work_finish(uv_loop_t* loop);

/* In a forked child: end what the parent had under way on this loop. */
void uv__work_fork(uv_loop_t* loop);

/* Let the threads do what is queued, and end them. */
void uv__work_shutdown(void);

#endif /* UV__THREADPOOL_H_ */
