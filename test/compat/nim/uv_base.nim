## What `uv_stream` takes from elsewhere: the loop, handles in general, buffers, errors. Only as
## much of it as the echo needs; a binding of the whole library would have a module per group.

type
  cssize* {.importc: "ssize_t", header: "uv.h".} = int
    ## A count of bytes, or a negative error code.

  HandleType* {.importc: "uv_handle_type", header: "uv.h", size: sizeof(cint).} = enum
    htUnknown = 0
    htPipe = 7
    htStream = 11
    htTcp = 12
    htTty = 14

  RequestType* {.importc: "uv_req_type", header: "uv.h", size: sizeof(cint).} = enum
    rtUnknown = 0
    rtConnect = 2
    rtWrite = 3
    rtShutdown = 4

  RunMode* {.importc: "uv_run_mode", header: "uv.h", size: sizeof(cint).} = enum
    runDefault = 0

  Loop* {.importc: "uv_loop_t", header: "uv.h".} = object
    data* {.importc: "data".}: pointer

  Handle* {.importc: "uv_handle_t", header: "uv.h".} = object
    loop* {.importc: "loop".}: ptr Loop
    typ* {.importc: "type".}: HandleType
    data* {.importc: "data".}: pointer

  Buffer* {.importc: "uv_buf_t", header: "uv.h".} = object
    ## The order of the two fields differs between systems, the names do not.
    base* {.importc: "base".}: ptr char
    len* {.importc: "len".}: csize_t

  AllocCb* {.importc: "uv_alloc_cb", header: "uv.h".} = proc (handle: ptr Handle;
      suggestedSize: csize_t; buf: ptr Buffer) {.cdecl.}
  CloseCb* {.importc: "uv_close_cb", header: "uv.h".} = proc (handle: ptr Handle) {.cdecl.}

let
  EOF* {.importc: "UV_EOF", header: "uv.h".}: cint
  EINVAL* {.importc: "UV_EINVAL", header: "uv.h".}: cint

proc init*(loop: ptr Loop): cint {.importc: "uv_loop_init", header: "uv.h".}
proc close*(loop: ptr Loop): cint {.importc: "uv_loop_close", header: "uv.h".}
proc run*(loop: ptr Loop; mode: RunMode): cint {.importc: "uv_run", header: "uv.h".}
proc close*(handle: ptr Handle; cb: CloseCb) {.importc: "uv_close", header: "uv.h".}
proc initBuffer*(base: ptr char; len: cuint): Buffer {.importc: "uv_buf_init", header: "uv.h".}
proc errName*(err: cint): cstring {.importc: "uv_err_name", header: "uv.h".}
