/* What every request has in common. Starting and ending them is the business of the kinds. */
#include "stream.h"
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
  return req->type == UV_WRITE ? uv__write_cancel((uv_write_t*) req) : UV_EINVAL;
}
