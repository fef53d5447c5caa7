/* What every request has in common. Starting and ending them is the business of the kinds. */
#include "core/loop/threadpool.h"
#include "core/stream/stream.h"
#include "uv.h"

size_t uv_req_size(uv_req_type type) {
  switch (type) {
  case UV_REQ:
    return sizeof(uv_req_t);
  case UV_CONNECT:
    return sizeof(uv_connect_t);
  case UV_WRITE:
    return sizeof(uv_write_t);
  case UV_SHUTDOWN:
    return sizeof(uv_shutdown_t);
  case UV_WORK:
    return sizeof(uv_work_t);
  case UV_GETADDRINFO:
    return sizeof(uv_getaddrinfo_t);
  case UV_GETNAMEINFO:
    return sizeof(uv_getnameinfo_t);
  case UV_RANDOM:
    return sizeof(uv_random_t);
  default:
    return (size_t) -1;
  }
}

const char* uv_req_type_name(uv_req_type type) {
  switch (type) {
#define CASE(upper, lower) \
  case UV_##upper:         \
    return #lower;
    UV_REQ_TYPE_MAP(CASE)
#undef CASE
  default:
    return NULL;
  }
}

void* uv_req_get_data(const uv_req_t* req) {
  return req->data;
}

void uv_req_set_data(uv_req_t* req, void* data) {
  req->data = data;
}

uv_req_type uv_req_get_type(const uv_req_t* req) {
  return req->type;
}

int uv_cancel(uv_req_t* req) {
  switch (req->type) {
  case UV_WRITE:
    return uv__write_cancel((uv_write_t*) req);
  case UV_WORK:
    return uv__work_cancel(&((uv_work_t*) req)->work);
  case UV_GETADDRINFO:
    return uv__work_cancel(&((uv_getaddrinfo_t*) req)->work);
  case UV_GETNAMEINFO:
    return uv__work_cancel(&((uv_getnameinfo_t*) req)->work);
  case UV_RANDOM:
    return uv__work_cancel(&((uv_random_t*) req)->work);
  default:
    return UV_EINVAL;
  }
}
