## An echo server and its client on one loop: `echo tcp`, `echo pipe`. Ends with 0 when the client
## got back what it sent and every one of the eleven procedures did its part.

import std/os
import uv_base, uv_stream, uv_kinds

const
  text = "a duplex stream, from Nim"
  rounds = 5

type
  Kind = enum tcp, pipe
  Peer = object
    ## One connection at the server's end. Its stream comes first, so that a pointer to one is a
    ## pointer to the other.
    tcp: Tcp
    pipe: Pipe
    input: array[256, char]
    req: Write

var
  loop: Loop
  kind: Kind
  tcpServer, tcpClient: Tcp
  pipeServer, pipeClient: Pipe
  connecting: Connect
  ending: Shutdown
  sending: array[2, Write]
  sent: string          # stays where it is until the callbacks
  input: array[256, char]
  heard: string
  round, writesDone, closed: int
  shutdownDone, serverEnded: bool

proc must(what: string; code: cint) =
  if code < 0:
    quit(what & ": " & $errName(code))

proc stream(t: var Tcp; p: var Pipe): ptr Stream =
  if kind == tcp: cast[ptr Stream](addr t) else: cast[ptr Stream](addr p)

proc onClose(handle: ptr Handle) {.cdecl.} =
  inc closed

proc drop(handle: ptr Stream) =
  close(cast[ptr Handle](handle), onClose)

# ---- The server ---------------------------------------------------------------------------

proc onPeerClose(handle: ptr Handle) {.cdecl.} =
  dealloc(handle.data)
  inc closed

proc onPeerAlloc(handle: ptr Handle; suggestedSize: csize_t; buf: ptr Buffer) {.cdecl.} =
  let peer = cast[ptr Peer](handle.data)
  buf[] = initBuffer(addr peer.input[0], cuint(sizeof(peer.input)))

proc onPeerRead(handle: ptr Stream; nread: cssize; buf: ptr Buffer) {.cdecl.}

proc onEcho(req: ptr Write; status: cint) {.cdecl.} =
  must("echo", status)
  doAssert req.typ == rtWrite
  must("read again", readStart(req.handle, onPeerAlloc, onPeerRead))

proc onPeerRead(handle: ptr Stream; nread: cssize; buf: ptr Buffer) {.cdecl.} =
  let peer = cast[ptr Peer](handle.data)
  if nread > 0:
    var back = initBuffer(buf.base, cuint(nread))
    must("stop", readStop(handle)) # until it has been sent back: there is one buffer
    must("stop again", readStop(handle))
    must("write", write(addr peer.req, handle, addr back, 1, onEcho))
  elif nread < 0:
    doAssert cint(nread) == EOF
    doAssert isReadable(handle) == 0
    serverEnded = true
    close(cast[ptr Handle](handle), onPeerClose)

proc onConnection(server: ptr Stream; status: cint) {.cdecl.} =
  must("connection", status)
  let peer = create(Peer)
  let handle = stream(peer.tcp, peer.pipe)
  if kind == tcp:
    must("init", init(server.loop, addr peer.tcp))
  else:
    must("init", init(server.loop, addr peer.pipe, 0))
  handle.data = peer
  must("accept", accept(server, handle))
  doAssert accept(server, handle) < 0 # nobody else came
  must("read", readStart(handle, onPeerAlloc, onPeerRead))
  drop(server)

# ---- The client ---------------------------------------------------------------------------

proc say(handle: ptr Stream)

proc onAlloc(handle: ptr Handle; suggestedSize: csize_t; buf: ptr Buffer) {.cdecl.} =
  doAssert suggestedSize > 0
  buf[] = initBuffer(addr input[0], cuint(sizeof(input)))

proc onShutdown(req: ptr Shutdown; status: cint) {.cdecl.} =
  must("shutdown", status)
  doAssert req.typ == rtShutdown
  doAssert isWriteable(req.handle) == 0
  doAssert isReadable(req.handle) == 1
  shutdownDone = true

proc onRead(handle: ptr Stream; nread: cssize; buf: ptr Buffer) {.cdecl.} =
  if nread < 0:
    doAssert cint(nread) == EOF
    doAssert shutdownDone
    doAssert handle.sizeOfWriteQueue == 0
    drop(handle)
    return
  for i in 0 ..< int(nread):
    heard.add(input[i])
  if heard.len < sent.len:
    return
  doAssert heard == sent
  inc round
  if round < rounds:
    say(handle)
  else:
    must("shutdown", shutdown(addr ending, handle, onShutdown))

proc onWrite(req: ptr Write; status: cint) {.cdecl.} =
  must("write", status)
  doAssert req.handle == connecting.handle
  doAssert req.sendHandle == nil
  inc writesDone

proc part(first, length: int): Buffer =
  initBuffer(cast[ptr char](addr sent[first]), cuint(length))

# One round: the same text in three ways of writing it.
proc say(handle: ptr Stream) =
  heard = ""
  sent = $round & ": " & text
  var bufs = [part(0, 3), part(3, 4)]
  let taken = int(tryWrite(handle, addr bufs[0], 1))
  doAssert taken == 3
  bufs[0] = part(7, 2)
  bufs[1] = part(3, 4)
  must("write", write(addr sending[0], handle, addr bufs[1], 1, onWrite))
  bufs[1] = part(9, sent.len - 9)
  must("write2", write2(addr sending[1], handle, addr bufs[0], 2, nil, onWrite))

proc onConnect(req: ptr Connect; status: cint) {.cdecl.} =
  must("connect", status)
  doAssert req.typ == rtConnect
  let handle = req.handle
  doAssert handle.typ == (if kind == tcp: htTcp else: htPipe)
  doAssert handle.loop == addr(loop)
  doAssert req.data == addr(connecting)
  doAssert handle.data == addr(input)
  doAssert isReadable(handle) == 1 and isWriteable(handle) == 1
  must("blocking", setBlocking(handle, 1))
  must("not blocking", setBlocking(handle, 0))
  must("read", readStart(handle, onAlloc, onRead))
  say(handle)

# ---- Both ---------------------------------------------------------------------------------

proc overTcp() =
  var address: SockaddrIn
  var length = cint(sizeof(address))
  let sockaddr = cast[ptr Sockaddr](addr address)
  must("address", ip4Addr("127.0.0.1", 0, addr address))
  must("init", init(addr loop, addr tcpServer))
  must("bind", bindTo(addr tcpServer, sockaddr, 0))
  must("listen", listen(stream(tcpServer, pipeServer), 8, onConnection))
  must("name", sockname(addr tcpServer, sockaddr, addr length))
  must("init", init(addr loop, addr tcpClient))
  must("connect", connect(addr connecting, addr tcpClient, sockaddr, onConnect))

proc overPipe() =
  let pid = $getCurrentProcessId()
  let name = when defined(windows): r"\\.\pipe\uvstream-nim-" & pid
             else: "uvstream-nim-" & pid & ".sock" # in the current folder
  must("init", init(addr loop, addr pipeServer, 0))
  must("bind", bindTo(addr pipeServer, cstring(name)))
  must("listen", listen(stream(tcpServer, pipeServer), 8, onConnection))
  must("init", init(addr loop, addr pipeClient, 0))
  connect(addr connecting, addr pipeClient, cstring(name), onConnect)

kind = if paramCount() == 1 and paramStr(1) == "pipe": pipe else: tcp
must("loop", init(addr loop))
if kind == tcp: overTcp() else: overPipe()
let client = stream(tcpClient, pipeClient)
connecting.data = addr connecting
client.data = addr input
doAssert listen(client, 1, onConnection) == EINVAL # it connects
doAssert run(addr loop, runDefault) == 0
doAssert round == rounds and writesDone == 2 * rounds
doAssert shutdownDone and serverEnded and closed == 3
must("loop close", close(addr loop))
echo "echoed ", rounds, " times over ", kind
