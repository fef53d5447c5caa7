/* Handles on their way between processes: how a socket or a pipe is given to the process at the
 * other end of an IPC pipe, and taken there. The frames that say so are of in.c and out.c.
 *
 * Both are duplicated into the receiver when the frame is made, so that the sender may close its
 * own at any time after. The receiver is told the value and believes it, unless what it names is the
 * receiver's by its own doing: an IPC pipe is to be given to processes only that may have one's
 * handles. */
#include "win/ipc/ipc.h"

#include <string.h>

#include "win/tcp/tcp.h"

enum {
  SHORTAGES_MOST = 16
};

_Static_assert(sizeof(WSAPROTOCOL_INFOW) == UV__IPC_INFO_SIZE, "size of WSAPROTOCOL_INFOW");

/* ---- The peer ---- */

/* The end of a pipe that is not ours is the peer's. Both are ours while the pipe stays in this
 * process; and when one was made for a child, whose id is known then. What there was no memory to tell
 * is asked again before something is given: who took another process for this one would tell it the
 * number of a handle that is something else there. */
int uv__ipc_pass_meet(struct uv__ipc_peer* peer, HANDLE pipe) {
  DWORD self = GetCurrentProcessId();
  DWORD id = peer->id;
  DWORD error = 0;

  if (peer->met)
    return 0;
  if (id == 0 && !GetNamedPipeServerProcessId(pipe, &id))
    error = GetLastError();
  if (peer->id == 0 && (error != 0 || id == self) && !uv__native_is_short(error)) {
    id = self;
    error = GetNamedPipeClientProcessId(pipe, &id) ? 0 : GetLastError();
  }
  if (uv__native_is_short(error))
    return UV_ENOMEM;
  /* Now, when it is there: later the id may be that of another one. */
  if (id != self) {
    peer->process = OpenProcess(PROCESS_DUP_HANDLE, FALSE, id);
    if (peer->process == NULL && uv__native_is_short(GetLastError()))
      return UV_ENOMEM;
  }
  peer->id = id;
  peer->met = 1;
  return 0;
}

void uv__ipc_pass_part(struct uv__ipc_peer* peer) {
  if (peer->process != NULL)
    CloseHandle(peer->process);
  peer->process = NULL;
}

/* ---- Giving ---- */

/* Whether it is a connection; else it listens from now on (rule I2). The system is not asked: it
 * denies that there is a connection when both sides have ended it. */
static int prepare(SOCKET sock, unsigned state, int* connection) {
  int listening = 0;
  int size = sizeof(listening);

  *connection = (state & UV__WIN_CONNECTED) != 0;
  if (*connection || (state & UV__WIN_MISSED))
    return 0;
  if (!(state & UV__WIN_BOUND))
    return UV_EINVAL; /* It would listen somewhere. */
  if (getsockopt(sock, SOL_SOCKET, SO_ACCEPTCONN, (char*) &listening, &size) == 0 && listening)
    return 0;
  return listen(sock, SOMAXCONN) == 0 ? 0 : uv__error_translate((DWORD) WSAGetLastError());
}

/* What was made here, or came to a listener of ours, is known. */
static int is_tcp(const struct uv__io* io) {
  return (io->ops == &uv__tcp_ops && !(io->tail.state & UV__WIN_OUTSIDE)) ||
         uv__sock_is_tcp(io->tail.u.socket);
}

static HANDLE process_of(const struct uv__ipc_peer* peer) {
  return peer->id == GetCurrentProcessId() ? GetCurrentProcess() : peer->process;
}

void uv__ipc_pass_revoke(const struct uv__ipc_peer* peer, HANDLE given) {
  HANDLE process = process_of(peer);

  if (process != NULL)
    DuplicateHandle(process, given, NULL, NULL, 0, FALSE, DUPLICATE_CLOSE_SOURCE);
}

/* The duplicate of a socket that is in the peer's process. Winsock's own provider has it in a field
 * that is not documented, so that it is believed only when it leads to the same object. What is not found
 * cannot be taken back, so that a system that is short of memory is asked a few times. */
static HANDLE find_given(const struct uv__ipc_peer* peer,
                         SOCKET sock,
                         const WSAPROTOCOL_INFOW* info) {
  typedef BOOL(WINAPI * compare_fn)(HANDLE, HANDLE);
  compare_fn same = (compare_fn) uv__import(L"kernelbase.dll", "CompareObjectHandles");
  HANDLE given = (HANDLE) (ULONG_PTR) info->dwProviderReserved;
  HANDLE process = process_of(peer);
  HANDLE back;
  int shortages = 0;

  if (same == NULL || process == NULL)
    return NULL;
  while (
      !DuplicateHandle(process, given, GetCurrentProcess(), &back, 0, FALSE, DUPLICATE_SAME_ACCESS))
    if (!uv__native_is_short(GetLastError()) || ++shortages == SHORTAGES_MOST)
      return NULL;
  if (!same(back, (HANDLE) sock))
    given = NULL;
  CloseHandle(back);
  return given;
}

static int pass_socket(const struct uv__ipc_peer* peer,
                       struct uv__io* io,
                       unsigned char* block,
                       uint32_t* flags,
                       HANDLE* given) {
  SOCKET sock = io->tail.u.socket;
  WSAPROTOCOL_INFOW info;
  int connection;
  int missed;
  int r;

  if (sock == INVALID_SOCKET)
    return UV_EBADF;
  if (!is_tcp(io))
    return UV_ENOTSUP; /* Nobody would take it for what it is. */
  r = prepare(sock, io->tail.state, &connection);
  if (r < 0)
    return r;
  uv__tcp_detach(io);
  if (WSADuplicateSocketW(sock, peer->id, &info) != 0) {
    int error = WSAGetLastError();
    /* The socket is one; so it is the process that there is not, or not any more. */
    return error == WSAEINVAL ? UV_EPIPE : uv__error_translate((DWORD) error);
  }
  *given = find_given(peer, sock, &info);
  memcpy(block, &info, sizeof(info));
  /* The error of its bind, if that failed, in the library's numbers: libuv keeps such a one as it
   * is, whichever numbers it counts in itself. */
  missed = !connection && (io->tail.state & UV__WIN_MISSED);
  uv__ipc_frame_put32(block + sizeof(info), missed ? (uint32_t) UV_EADDRINUSE : 0);
  *flags = UV__IPC_SOCKET | (connection ? UV__IPC_CONNECTION : 0);
  return 0;
}

static enum uv__ipc_ending ending_of(unsigned state) {
  if ((state & UV__WIN_MESSAGES) && (state & UV__WIN_ENDED))
    return UV__IPC_ENDING_CAME;
  if (!(state & UV__WIN_MESSAGES) || (state & UV__WIN_ALLY))
    return UV__IPC_ENDING_USUAL;
  return state & UV__WIN_GREET ? UV__IPC_ENDING_GREETING : UV__IPC_ENDING_NONE;
}

int uv__ipc_pass_pipe(const struct uv__ipc_peer* peer,
                      HANDLE pipe,
                      unsigned state,
                      unsigned char* block,
                      HANDLE* given) {
  HANDLE self = GetCurrentProcess();
  HANDLE process = process_of(peer);

  if (process == NULL)
    return UV_EACCES;
  if (!DuplicateHandle(self, pipe, process, given, 0, FALSE, DUPLICATE_SAME_ACCESS)) {
    DWORD error = GetLastError();
    return error == ERROR_ACCESS_DENIED ? UV_EPIPE /* It is about to end. */
                                        : uv__error_translate(error);
  }
  uv__ipc_frame_put64(block, (uint64_t) (uintptr_t) *given);
  uv__ipc_frame_put32(block + 8, (uint32_t) ending_of(state));
  uv__ipc_frame_put32(block + 12, 0);
  return 0;
}

int uv__ipc_pass_ready(struct uv__io* io, HANDLE* pipe, unsigned* state, uint32_t* flags) {
  int r = io->ops->fileno(io, pipe);

  if (r == 0 && (io->tail.state & UV__WIN_MESSAGES))
    r = uv__pipe_leave(io);
  if (r < 0)
    return r;
  *state = io->tail.state;
  if (uv__pipe_leave_is_over(io))
    *state |= UV__WIN_ENDED;
  if (!(io->tail.state & UV__WIN_BOUND)) /* An instance that listens has to be on a port. */
    uv__attach_undo(io);
  *flags = UV__IPC_PIPE | (io->tail.state & UV__WIN_BOUND ? 0 : UV__IPC_CONNECTION);
  return 0;
}

int uv__ipc_pass(const struct uv__ipc_peer* peer,
                 struct uv__io* io,
                 unsigned char* block,
                 uint32_t* flags,
                 HANDLE* given) {
  unsigned state;
  HANDLE pipe;
  int r;

  if (io->tail.state & UV__WIN_SOCKET)
    return pass_socket(peer, io, block, flags, given);
  r = uv__ipc_pass_ready(io, &pipe, &state, flags);
  return r < 0 ? r : uv__ipc_pass_pipe(peer, pipe, state, block, given);
}

/* ---- Taking ---- */

/* Whether a handle cannot be one that the peer gave: it is a stream's, on its way to one, or one of
 * the three that the process was started with. To take it would be to close it under its owner. */
static int is_ours(HANDLE handle) {
  static const DWORD which[] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};
  int fd;

  if (uv__own_has(handle, NULL))
    return 1;
  for (fd = 0; fd < 3; fd++)
    if (handle == GetStdHandle(which[fd]) || handle == uv_get_osfhandle(fd))
      return 1;
  return 0;
}

static int is_shortage(int error) {
  return error == UV_ENOBUFS || error == UV_ENOMEM || error == UV_EMFILE;
}

static int take_socket(const unsigned char* block, int connection, struct uv__desc* desc) {
  WSAPROTOCOL_INFOW info;
  uint32_t error = uv__ipc_frame_get32(block + sizeof(info));
  SOCKET sock;

  memcpy(&info, block, sizeof(info));
  /* What names no TCP socket is not even tried. */
  if (info.iSocketType != SOCK_STREAM || info.iProtocol != IPPROTO_TCP ||
      (info.iAddressFamily != AF_INET && info.iAddressFamily != AF_INET6))
    return UV_ECONNABORTED;
  sock = WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &info, 0,
                    WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
  if (sock == INVALID_SOCKET) {
    int r = uv__error_translate((DWORD) WSAGetLastError());
    return is_shortage(r) ? UV_ENOBUFS : r;
  }
  if (is_ours((HANDLE) sock))
    return UV_ECONNABORTED;
  uv__own_note((HANDLE) sock);
  SetHandleInformation((HANDLE) sock, HANDLE_FLAG_INHERIT, 0);
  *desc = uv__port_desc(sock);
  if (connection)
    desc->accepted = UV__TCP_PASSED;
  else if (error != 0)
    desc->accepted = UV__TCP_MISSED; /* For listen or connect to say. */
  return 0;
}

/* What `open` is told of it; less than 0 is an error. */
static int kind_of(int connection, uint32_t ending) {
  if (!connection)
    return UV__PIPE_SHARED;
  switch (ending) {
  case UV__IPC_ENDING_USUAL:
    return 0;
  case UV__IPC_ENDING_GREETING:
    return UV__PIPE_GREETING;
  case UV__IPC_ENDING_NONE:
    return UV__PIPE_PLAIN;
  case UV__IPC_ENDING_CAME:
    return UV__PIPE_ENDED;
  default:
    return UV_ECONNABORTED;
  }
}

/* Whether a peer's handle is one that may be opened as that: 0, or an error. Who asks a synchronous
 * one waits for whoever reads from it. */
static int check_pipe(HANDLE handle, int connection) {
  unsigned opened;
  ULONG handles;
  DWORD flags;
  int r;

  if (GetFileType(handle) != FILE_TYPE_PIPE || uv__native_access(handle, &opened, &handles) < 0)
    return UV_ECONNABORTED;
  r = uv__native_is_overlapped(handle, handles,
                               connection ? UV__NATIVE_GUESS_MS : UV__NATIVE_SURE_MS);
  if (r > 0)
    r = uv__native_info(handle, &flags);
  else if (r == 0)
    return connection ? 0 : UV_ECONNABORTED;
  if (is_shortage(r))
    return UV_ENOBUFS;
  return r == 0 && (connection || (flags & PIPE_SERVER_END)) ? 0 : UV_ECONNABORTED;
}

static int take_pipe(const unsigned char* block, int connection, struct uv__desc* desc) {
  uint64_t value = uv__ipc_frame_get64(block);
  HANDLE handle = (HANDLE) (uintptr_t) value;
  int kind = kind_of(connection, uv__ipc_frame_get32(block + 8));
  int r;

  if (kind < 0 || uv__ipc_frame_get32(block + 12) != 0)
    return UV_ECONNABORTED;
  if ((uint64_t) (uintptr_t) handle != value || handle == INVALID_HANDLE_VALUE || handle == NULL)
    return UV_ECONNABORTED;
  if (is_ours(handle))
    return UV_ECONNABORTED;
  r = check_pipe(handle, connection);
  if (r < 0)
    return r;
  uv__own_note(handle);
  SetHandleInformation(handle, HANDLE_FLAG_INHERIT, 0);
  desc->handle = handle;
  desc->kind = UV__DESC_PIPE;
  desc->accepted = (short) kind;
  desc->peer = 0;
  return 0;
}

int uv__ipc_pass_take(uint32_t flags, const unsigned char* block, struct uv__desc* desc) {
  int connection = (flags & UV__IPC_CONNECTION) != 0;

  return flags & UV__IPC_SOCKET ? take_socket(block, connection, desc)
                                : take_pipe(block, connection, desc);
}
