## The two kinds of streams that the echo runs over.

import uv_base, uv_stream

type
  Sockaddr* {.importc: "struct sockaddr", header: "uv.h".} = object
  SockaddrIn* {.importc: "struct sockaddr_in", header: "uv.h".} = object
  Tcp* {.importc: "uv_tcp_t", header: "uv.h".} = object
  Pipe* {.importc: "uv_pipe_t", header: "uv.h".} = object

proc ip4Addr*(ip: cstring; port: cint; address: ptr SockaddrIn): cint {.
  importc: "uv_ip4_addr", header: "uv.h".}

proc init*(loop: ptr Loop; handle: ptr Tcp): cint {.importc: "uv_tcp_init", header: "uv.h".}
proc bindTo*(handle: ptr Tcp; address: ptr Sockaddr; flags: cuint): cint {.
  importc: "uv_tcp_bind", header: "uv.h".}
proc sockname*(handle: ptr Tcp; address: ptr Sockaddr; length: ptr cint): cint {.
  importc: "uv_tcp_getsockname", header: "uv.h".}
proc connect*(req: ptr Connect; handle: ptr Tcp; address: ptr Sockaddr; cb: ConnectCb): cint {.
  importc: "uv_tcp_connect", header: "uv.h".}

proc init*(loop: ptr Loop; handle: ptr Pipe; ipc: cint): cint {.
  importc: "uv_pipe_init", header: "uv.h".}
proc bindTo*(handle: ptr Pipe; name: cstring): cint {.importc: "uv_pipe_bind", header: "uv.h".}
proc connect*(req: ptr Connect; handle: ptr Pipe; name: cstring; cb: ConnectCb) {.
  importc: "uv_pipe_connect", header: "uv.h".}
