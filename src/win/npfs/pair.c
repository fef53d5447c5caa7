/* Pairs of pipe ends, and descriptors of the C run-time library: how pipes come to be that
 * nobody connects to by name. */
#include "win/npfs/npfs.h"

#include <fcntl.h>
#include <io.h>
#include <string.h>

enum {
  QUOTA = 65536, /* bytes that may wait in either direction */
  TRIES = 8      /* names; each fails only if somebody guessed 128 bits, or took the instance */
};

/* ---- Names, for pairs that cannot be made without ---- */

/* An AppContainer may use no others than those of LOCAL. */
static const WCHAR prefix[] = L"\\\\.\\pipe\\LOCAL\\uv-";

enum {
  PREFIX = sizeof(prefix) / sizeof(prefix[0]) - 1,
  RANDOM = 16
};

static int make_name(WCHAR name[PREFIX + 2 * RANDOM + 1]) {
  static const WCHAR digits[] = L"0123456789abcdef";
  unsigned char bytes[RANDOM];
  int r = uv__port_random(bytes, sizeof(bytes));
  int i;

  if (r < 0)
    return r;
  memcpy(name, prefix, sizeof(prefix));
  for (i = 0; i < RANDOM; i++) {
    name[PREFIX + 2 * i] = digits[bytes[i] >> 4];
    name[PREFIX + 2 * i + 1] = digits[bytes[i] & 15];
  }
  name[PREFIX + 2 * RANDOM] = L'\0';
  return 0;
}

/* ---- Pairs ---- */

/* The only instance of its name, so that once we are connected to it nobody else is. Who sees
 * the name in the list of pipes and comes first makes our own connect fail. */
static HANDLE make_first(const WCHAR* name, unsigned flags) {
  DWORD mode = FILE_FLAG_FIRST_PIPE_INSTANCE | PIPE_ACCESS_DUPLEX;

  if (flags & UV_OVERLAPPED_PIPE)
    mode |= FILE_FLAG_OVERLAPPED;
  return CreateNamedPipeW(
      name, mode, PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS, 1,
      QUOTA, QUOTA, 0, NULL);
}

/* Attributes come with either direction: programs ask their stdio what it is, and set its mode. */
static DWORD access_of(unsigned flags) {
  DWORD access = 0;

  if (flags & UV_READABLE_PIPE)
    access |= GENERIC_READ | FILE_WRITE_ATTRIBUTES;
  if (flags & UV_WRITABLE_PIPE)
    access |= GENERIC_WRITE | FILE_READ_ATTRIBUTES;
  return access;
}

/* Leaves the first end no more than it is for. It cannot be made so: who makes a pipe to write to
 * does not get the right to ask what it is. */
static int narrow(HANDLE* handle, unsigned flags) {
  HANDLE self = GetCurrentProcess();
  HANDLE wide = *handle;

  if ((flags & UV_READABLE_PIPE) && (flags & UV_WRITABLE_PIPE))
    return 1;
  return DuplicateHandle(self, wide, self, handle, access_of(flags) | SYNCHRONIZE, FALSE,
                         DUPLICATE_CLOSE_SOURCE);
}

static HANDLE make_second(const WCHAR* name, unsigned flags) {
  return CreateFileW(name, access_of(flags), 0, NULL, OPEN_EXISTING,
                     (flags & UV_OVERLAPPED_PIPE ? FILE_FLAG_OVERLAPPED : 0) |
                         SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION,
                     NULL);
}

static int make_named(unsigned first, unsigned second, HANDLE ends[2]) {
  WCHAR name[PREFIX + 2 * RANDOM + 1];
  DWORD error = 0;
  int i;

  for (i = 0; i < TRIES; i++) {
    int r = make_name(name);

    if (r < 0)
      return r;
    ends[0] = make_first(name, first);
    if (ends[0] == INVALID_HANDLE_VALUE) {
      error = GetLastError();
      if (error != ERROR_PIPE_BUSY && error != ERROR_ACCESS_DENIED)
        break;
      continue;
    }
    ends[1] = make_second(name, second);
    if (ends[1] != INVALID_HANDLE_VALUE) {
      if (narrow(&ends[0], first))
        return 0;
      error = GetLastError(); /* The first end is closed in any case. */
      CloseHandle(ends[1]);
      break;
    }
    error = GetLastError();
    CloseHandle(ends[0]);
    if (error != ERROR_PIPE_BUSY)
      break;
  }
  return uv__error_translate(error);
}

/* What has no name nobody can find, guess, or have made before. */
int uv__pair_make(unsigned first, unsigned second, HANDLE ends[2]) {
  ACCESS_MASK access[2];
  int overlapped[2];

  access[0] = access_of(first) | FILE_READ_ATTRIBUTES;
  access[1] = access_of(second) | FILE_READ_ATTRIBUTES;
  overlapped[0] = (first & UV_OVERLAPPED_PIPE) != 0;
  overlapped[1] = (second & UV_OVERLAPPED_PIPE) != 0;
  return uv__npfs_pair(access, overlapped, QUOTA, ends) ? 0 : make_named(first, second, ends);
}

/* ---- Descriptors of the C run-time library ---- */

static unsigned overlapped(int flags) {
  return flags & UV_NONBLOCK_PIPE ? UV_OVERLAPPED_PIPE : 0;
}

int uv_pipe(uv_file fds[2], int read_flags, int write_flags) {
  HANDLE ends[2];
  int made[2];
  int r;

  if (fds == NULL || ((read_flags | write_flags) & ~UV_NONBLOCK_PIPE) != 0)
    return UV_EINVAL;
  r = uv__pair_make(UV_READABLE_PIPE | overlapped(read_flags),
                    UV_WRITABLE_PIPE | overlapped(write_flags), ends);
  if (r < 0)
    return r;
  made[0] = _open_osfhandle((intptr_t) ends[0], _O_RDONLY | _O_BINARY | _O_NOINHERIT);
  if (made[0] == -1) {
    CloseHandle(ends[0]);
    CloseHandle(ends[1]);
    return UV_EMFILE; /* The table of that library is full. */
  }
  made[1] = _open_osfhandle((intptr_t) ends[1], _O_BINARY | _O_NOINHERIT);
  if (made[1] == -1) {
    uv__fd_give_back(made[0]);
    CloseHandle(ends[1]);
    return UV_EMFILE;
  }
  fds[0] = made[0];
  fds[1] = made[1];
  return 0;
}
