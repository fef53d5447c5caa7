## The streams of `uv.h` for Nim: four object types, five callbacks and eleven procedures, with the
## names that the document had from which this library began. What each one promises is in
## docs/CONTRACT.md; the rules are named here.

import uv_base

type
  Stream* {.importc: "uv_stream_t", header: "uv.h".} = object
    ## What a TCP socket, a pipe and a terminal have in common. It is never created by itself: a
    ## pointer to one of those is cast to a pointer to it.
    loop* {.importc: "loop".}: ptr Loop               ## The loop it belongs to; read-only.
    typ* {.importc: "type".}: HandleType              ## Which of the three it is; read-only.
    data* {.importc: "data".}: pointer                ## The program's own.
    sizeOfWriteQueue* {.importc: "write_queue_size".}: csize_t
      ## Bytes that were accepted and that the system has not taken yet (W3); read-only.

  Connect* {.importc: "uv_connect_t", header: "uv.h".} = object
    ## A connection that is being made.
    typ* {.importc: "type".}: RequestType
    data* {.importc: "data".}: pointer
    handle* {.importc: "handle".}: ptr Stream         ## The stream that connects.

  Shutdown* {.importc: "uv_shutdown_t", header: "uv.h".} = object
    ## The end of what a stream sends, on its way.
    typ* {.importc: "type".}: RequestType
    data* {.importc: "data".}: pointer
    handle* {.importc: "handle".}: ptr Stream         ## The stream that ends its sending.

  Write* {.importc: "uv_write_t", header: "uv.h".} = object
    ## Bytes on their way. It is the library's until the callback runs, and may be used for the
    ## next write from then on (W2).
    typ* {.importc: "type".}: RequestType
    data* {.importc: "data".}: pointer
    handle* {.importc: "handle".}: ptr Stream         ## The stream that is written to.
    sendHandle* {.importc: "send_handle".}: ptr Stream ## The stream that is passed on, or nil.

  ReadCb* = proc (handle: ptr Stream; nread: cssize; buf: ptr Buffer) {.cdecl.}
    ## `nread` above 0: that many bytes are in `buf`. 0: nothing now, the buffer comes back. Below:
    ## `EOF` or an error, once, and reading has stopped (R4). The memory is the program's.
  WriteCb* {.importc: "uv_write_cb", header: "uv.h".} = proc (req: ptr Write;
      status: cint) {.cdecl.}
    ## `status` is 0, or why the bytes did not get out.
  ConnectCb* {.importc: "uv_connect_cb", header: "uv.h".} = proc (req: ptr Connect;
      status: cint) {.cdecl.}
    ## `status` is 0, or why there is no connection.
  ShutdownCb* {.importc: "uv_shutdown_cb", header: "uv.h".} = proc (req: ptr Shutdown;
      status: cint) {.cdecl.}
    ## `status` is 0 when everything written before has left and the peer will read the end.
  ConnectionCb* {.importc: "uv_connection_cb", header: "uv.h".} = proc (server: ptr Stream;
      status: cint) {.cdecl.}
    ## `status` 0: somebody waits, and the next `accept` succeeds (A1).

proc shutdown*(req: ptr Shutdown; handle: ptr Stream; cb: ShutdownCb): cint {.
  importc: "uv_shutdown", header: "uv.h".}
  ## Send no more, after what is queued; reading goes on (S1).
proc listen*(handle: ptr Stream; backlog: cint; cb: ConnectionCb): cint {.
  importc: "uv_listen", header: "uv.h".}
  ## Wait for connections, of which the system may hold `backlog` ready.
proc accept*(server: ptr Stream; client: ptr Stream): cint {.
  importc: "uv_accept", header: "uv.h".}
  ## Give the connection that waits to `client`, which is initialised and on the same loop.

# In C the buffer of a ReadCb is const, for which Nim has no word. The cast of the pointer says so;
# everything else here is compared by the C compiler as it stands.
type CReadCb {.importc: "uv_read_cb", header: "uv.h".} = distinct pointer
proc startReading(handle: ptr Stream; allocCb: AllocCb; readCb: CReadCb): cint {.
  importc: "uv_read_start", header: "uv.h".}

proc readStart*(handle: ptr Stream; allocCb: AllocCb; readCb: ReadCb): cint {.inline.} =
  ## Read until `readStop`, the end or an error; `allocCb` says where to (R1, R2).
  startReading(handle, allocCb, cast[CReadCb](readCb))
proc readStop*(handle: ptr Stream): cint {.importc: "uv_read_stop", header: "uv.h".}
  ## Read no more; what arrives waits for the next `readStart` (R5). Always 0.
proc write*(req: ptr Write; handle: ptr Stream; bufs: ptr Buffer; nbufs: cuint;
            cb: WriteCb): cint {.importc: "uv_write", header: "uv.h".}
  ## Send `nbufs` buffers, in order. Their memory must stay until the callback (W1, W2).
proc write2*(req: ptr Write; handle: ptr Stream; bufs: ptr Buffer; nbufs: cuint;
             sendHandle: ptr Stream; cb: WriteCb): cint {.importc: "uv_write2", header: "uv.h".}
  ## The same, and pass a handle to whoever reads the other end of an IPC pipe (I1).
proc tryWrite*(handle: ptr Stream; bufs: ptr Buffer; nbufs: cuint): cint {.
  importc: "uv_try_write", header: "uv.h".}
  ## Send what the system takes at once, and return how many bytes that was (W7).
proc isReadable*(handle: ptr Stream): cint {.importc: "uv_is_readable", header: "uv.h".}
  ## 1 when there can be something to read, else 0.
proc isWriteable*(handle: ptr Stream): cint {.importc: "uv_is_writable", header: "uv.h".}
  ## 1 when it can be written to, else 0.
proc setBlocking*(handle: ptr Stream; blocking: cint): cint {.
  importc: "uv_stream_set_blocking", header: "uv.h".}
  ## Not 0: from now on a write is complete when the call returns (W8).
