/* Random bytes, at once or on the work queue. The source is the backend's. */
#include "core/loop/threadpool.h"
#include "core/port.h"

enum {
  MOST = 0x7fffffff /* more than some systems count to */
};

static void run(struct uv__work* work) {
  uv_random_t* req = uv__container_of(work, uv_random_t, work);

  req->status = uv__port_random(req->buf, req->buflen);
}

static void done(struct uv__work* work, int status) {
  uv_random_t* req = uv__container_of(work, uv_random_t, work);

  req->cb(req, status < 0 ? status : req->status, req->buf, req->buflen);
}

int uv_random(uv_loop_t* loop,
              uv_random_t* req,
              void* buf,
              size_t buflen,
              unsigned int flags,
              uv_random_cb cb) {
  if (buflen > MOST)
    return UV_E2BIG;
  if (flags != 0 || (buf == NULL && buflen > 0))
    return UV_EINVAL;
  if (cb == NULL)
    return uv__port_random(buf, buflen);
  if (loop == NULL || req == NULL)
    return UV_EINVAL;
  req->type = UV_RANDOM;
  req->loop = loop;
  req->cb = cb;
  req->buf = buf;
  req->buflen = buflen;
  return uv__work_submit(loop, &req->work, UV__WORK_CPU, run, done);
}
