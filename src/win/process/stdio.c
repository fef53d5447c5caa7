/* The handles that a child gets, and the block by which its C run-time library finds those
 * beyond the first three. */
#include "win/process/process.h"

#include <string.h>

#include "core/base/alloc.h"
#include "win/npfs/npfs.h"
#include "win/pipe/pipe.h"

/* What that library calls a descriptor. */
enum {
  CRT_OPEN = 0x01,
  CRT_PIPE = 0x08,
  CRT_DEVICE = 0x40
};

/* The block: int count; BYTE flags[count]; HANDLE handles[count], which is not aligned. */
enum {
  BLOCK_HEAD = sizeof(int)
};

static void set(struct uv__process_stdio* stdio, int i, HANDLE handle, BYTE flags) {
  stdio->handles[i] = handle;
  if (handle == INVALID_HANDLE_VALUE)
    flags = 0;
  stdio->block[BLOCK_HEAD + i] = flags;
  memcpy(stdio->block + BLOCK_HEAD + stdio->count + (size_t) i * sizeof(handle), &handle,
         sizeof(handle));
  if (handle != INVALID_HANDLE_VALUE)
    stdio->inherited[stdio->inherited_count++] = handle;
}

/* The null device, so that a child's 0-2 are always something. */
static int make_null(struct uv__process_stdio* stdio, int i) {
  SECURITY_ATTRIBUTES inherit;
  DWORD access =
      i == 0 ? GENERIC_READ | FILE_WRITE_ATTRIBUTES : GENERIC_WRITE | FILE_READ_ATTRIBUTES;
  HANDLE handle;

  inherit.nLength = sizeof(inherit);
  inherit.lpSecurityDescriptor = NULL;
  inherit.bInheritHandle = TRUE;
  handle = CreateFileW(L"NUL", access, FILE_SHARE_READ | FILE_SHARE_WRITE, &inherit, OPEN_EXISTING,
                       0, NULL);
  if (handle == INVALID_HANDLE_VALUE)
    return uv__error_translate(GetLastError());
  set(stdio, i, handle, CRT_OPEN | CRT_DEVICE);
  return 0;
}

static BYTE flags_of(HANDLE handle) {
  switch (GetFileType(handle)) {
  case FILE_TYPE_DISK:
    return CRT_OPEN;
  case FILE_TYPE_PIPE:
    return CRT_OPEN | CRT_PIPE;
  default:
    return CRT_OPEN | CRT_DEVICE;
  }
}

/* A duplicate, so that what is made inheritable lives only until the child has it. */
static int make_duplicate(struct uv__process_stdio* stdio, int i, HANDLE from) {
  HANDLE self = GetCurrentProcess();
  HANDLE handle;

  if (!DuplicateHandle(self, from, self, &handle, 0, TRUE, DUPLICATE_SAME_ACCESS))
    return uv__error_translate(GetLastError());
  set(stdio, i, handle, flags_of(handle));
  return 0;
}

/* Our descriptor; one of ours 0-2 that has nothing behind it, as in a program without a console,
 * has nothing behind it in the child either. */
static int make_from_fd(struct uv__process_stdio* stdio, int i, int fd) {
  HANDLE from = uv_get_osfhandle(fd);

  if (from != INVALID_HANDLE_VALUE)
    return make_duplicate(stdio, i, from);
  return fd <= 2 && i <= 2 ? make_null(stdio, i) : UV_EBADF;
}

/* A socket is no file that a child could read from; the system duplicates it for a process by a
 * way of its own (WSADuplicateSocketW), which a descriptor block cannot carry. Asking the handle
 * what it is would wait for whoever reads from it. Of a pipe of messages a read of nothing that is
 * still there, as stopped reads are, would take the mark of the end from the child: it is called back, which
 * may come to its end behind the call. (Who reads on may take the mark all the same.) */
static int make_from_handle(struct uv__process_stdio* stdio,
                            int i,
                            const struct uv__child_stdio* row) {
  if (row->kind == UV__DESC_TCP || (row->io->tail.state & UV__WIN_SOCKET))
    return UV_ENOTSUP;
  if (row->kind == UV__DESC_PIPE && (row->io->tail.state & UV__WIN_MESSAGES))
    (void) uv__pipe_leave(row->io);
  return make_duplicate(stdio, i, row->handle);
}

/* What the child can do with its end; in both directions when nothing is said. */
static unsigned child_can(const struct uv__child_stdio* row) {
  unsigned can = row->flags & (UV_READABLE_PIPE | UV_WRITABLE_PIPE);

  if (can == 0 || row->ipc)
    can = UV_READABLE_PIPE | UV_WRITABLE_PIPE;
  return can;
}

/* A pipe of whose ends ours is overlapped. The child's is not, unless the child is known to
 * expect that: an ordinary program would read from it as if it were not, and go wrong. */
static int make_pipe(struct uv__process_stdio* stdio, int i, struct uv__child_stdio* row) {
  unsigned child = child_can(row);
  unsigned parent = UV_OVERLAPPED_PIPE;
  HANDLE ends[2];
  int r;

  if (child & UV_READABLE_PIPE)
    parent |= UV_WRITABLE_PIPE;
  if (child & UV_WRITABLE_PIPE)
    parent |= UV_READABLE_PIPE;
  if (row->ipc || (row->flags & UV_OVERLAPPED_PIPE))
    child |= UV_OVERLAPPED_PIPE;
  r = uv__pair_make(parent, child, ends);
  if (r < 0)
    return r;
  row->parent.handle = ends[0];
  row->parent.kind = UV__DESC_PIPE;
  row->parent.accepted = 0;
  row->parent.peer = 0;
  if (!SetHandleInformation(ends[1], HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT)) {
    r = uv__error_translate(GetLastError());
    CloseHandle(ends[1]);
    return r;
  }
  set(stdio, i, ends[1], CRT_OPEN | CRT_PIPE);
  return 0;
}

static int make_row(struct uv__process_stdio* stdio, int i, struct uv__child_stdio* row) {
  switch (row->how) {
  case UV__CHILD_NONE:
    if (i <= 2)
      return make_null(stdio, i);
    set(stdio, i, INVALID_HANDLE_VALUE, 0);
    return 0;
  case UV__CHILD_PIPE:
    return make_pipe(stdio, i, row);
  case UV__CHILD_FD:
    return make_from_fd(stdio, i, row->fd);
  case UV__CHILD_HANDLE:
    return make_from_handle(stdio, i, row);
  case UV__CHILD_PTY: /* which has none */
    break;
  }
  return UV_EINVAL;
}

static void drop_parents(struct uv__child_stdio* rows, int count) {
  int i;

  for (i = 0; i < count; i++)
    if (rows[i].parent.kind != UV__DESC_NONE)
      uv__port_discard(&rows[i].parent);
}

int uv__process_stdio_make(struct uv__process_stdio* stdio,
                           struct uv__child_stdio* rows,
                           int count) {
  size_t n = (size_t) count;
  int r = 0;
  int i;

  memset(stdio, 0, sizeof(*stdio));
  stdio->handles = uv__calloc(2 * n, sizeof(HANDLE));
  stdio->block_size = (WORD) (BLOCK_HEAD + n * (1 + sizeof(HANDLE)));
  stdio->block = uv__calloc(1, stdio->block_size);
  if (stdio->handles == NULL || stdio->block == NULL) {
    uv__process_stdio_free(stdio);
    return UV_ENOMEM;
  }
  stdio->inherited = stdio->handles + n;
  stdio->count = count;
  memcpy(stdio->block, &count, sizeof(count));
  for (i = 0; i < count && r == 0; i++)
    r = make_row(stdio, i, &rows[i]);
  if (r < 0) {
    drop_parents(rows, count);
    uv__process_stdio_free(stdio);
  }
  return r;
}

void uv__process_stdio_free(struct uv__process_stdio* stdio) {
  DWORD i;

  for (i = 0; i < stdio->inherited_count; i++)
    CloseHandle(stdio->inherited[i]);
  uv__free(stdio->handles);
  uv__free(stdio->block);
  memset(stdio, 0, sizeof(*stdio));
}

/* ---- What this process inherited ---- */

static void keep(HANDLE handle) {
  if (handle != NULL && handle != INVALID_HANDLE_VALUE)
    SetHandleInformation(handle, HANDLE_FLAG_INHERIT, 0);
}

void uv_disable_stdio_inheritance(void) {
  STARTUPINFOW info;
  int count;
  int i;

  keep(GetStdHandle(STD_INPUT_HANDLE));
  keep(GetStdHandle(STD_OUTPUT_HANDLE));
  keep(GetStdHandle(STD_ERROR_HANDLE));
  GetStartupInfoW(&info);
  if (info.lpReserved2 == NULL || info.cbReserved2 < BLOCK_HEAD)
    return;
  memcpy(&count, info.lpReserved2, sizeof(count));
  /* Whoever started us may have put something else there. */
  if (count < 0 || (size_t) count > (info.cbReserved2 - BLOCK_HEAD) / (1 + sizeof(HANDLE)))
    return;
  for (i = 0; i < count; i++) {
    HANDLE handle;
    memcpy(&handle, info.lpReserved2 + BLOCK_HEAD + count + (size_t) i * sizeof(handle),
           sizeof(handle));
    keep(handle);
  }
}
