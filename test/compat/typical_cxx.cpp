// The typical program once more: uv.h has to be good C++ too.
#define typical_run typical_run_cxx_body
#include "typical.c"
#undef typical_run

extern "C" int typical_run_cxx(void) {
  // What C++ asks beyond C: the types are complete, and can be members and values.
  struct Connection {
    uv_tcp_t tcp;
    uv_write_t write;
    uv_any_handle any;
  };
  Connection c = Connection();
  uv_errno_t code = UV_EOF;

  (void) c;
  return code < 0 ? typical_run_cxx_body() : 1;
}
