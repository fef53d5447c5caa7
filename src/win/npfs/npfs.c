/* What the file system of pipes can do that no function of Win32 asks of it: pairs without a name,
 * which is how CreatePipe makes its own, and waiting for an instance by a packet. The functions of
 * ntdll for this are documented themselves ("NtOpenFile", "NtCreateNamedPipeFile", [MS-FSCC]
 * FSCTL_PIPE_WAIT), and are looked up at run time. Where one of them is missing, or is refused, the
 * caller has another way. */
#include "win/npfs/npfs.h"

#include <string.h>

#include <winternl.h>

typedef LONG(NTAPI* open_fn)(
    HANDLE*, ACCESS_MASK, OBJECT_ATTRIBUTES*, IO_STATUS_BLOCK*, ULONG, ULONG);
typedef LONG(NTAPI* create_pipe_fn)(HANDLE*,
                                    ULONG access,
                                    OBJECT_ATTRIBUTES*,
                                    IO_STATUS_BLOCK*,
                                    ULONG share,
                                    ULONG disposition,
                                    ULONG options,
                                    ULONG type,
                                    ULONG read_mode,
                                    ULONG completion_mode,
                                    ULONG instances,
                                    ULONG in,
                                    ULONG out,
                                    LARGE_INTEGER* timeout);
typedef LONG(NTAPI* control_fn)(HANDLE,
                                HANDLE event,
                                void* routine,
                                void* context,
                                void* status,
                                ULONG code,
                                void* in,
                                ULONG in_size,
                                void* out,
                                ULONG out_size);

enum {
  NEW = 2,              /* FILE_CREATE */
  SYNCHRONOUS = 0x20,   /* FILE_SYNCHRONOUS_IO_NONALERT */
  WAIT_CODE = 0x110018, /* FSCTL_PIPE_WAIT */
  TICKS_PER_MS = 10000, /* of the times of NT */
  PREFIX = 9            /* characters of \\.\pipe\, with which names of Win32 begin */
};

/* FILE_PIPE_WAIT_FOR_BUFFER */
struct wait_for {
  LARGE_INTEGER timeout; /* less than 0: from now on */
  ULONG name_bytes;
  BOOLEAN has_timeout;
  WCHAR name[UV__PIPE_NAME_MAX];
};

static int open_relative(
    HANDLE root, UNICODE_STRING* name, ACCESS_MASK access, ULONG options, HANDLE* handle) {
  open_fn open = (open_fn) uv__import(L"ntdll.dll", "NtOpenFile");
  SECURITY_QUALITY_OF_SERVICE quality;
  OBJECT_ATTRIBUTES object;
  IO_STATUS_BLOCK status;

  if (open == NULL)
    return 0;
  memset(&quality, 0, sizeof(quality));
  quality.Length = sizeof(quality);
  quality.ImpersonationLevel = SecurityIdentification;
  memset(&object, 0, sizeof(object));
  object.Length = sizeof(object);
  object.RootDirectory = root;
  object.ObjectName = name;
  object.SecurityQualityOfService = &quality;
  return open(handle, access | SYNCHRONIZE, &object, &status, FILE_SHARE_READ | FILE_SHARE_WRITE,
              options) >= 0;
}

/* The folder of all pipes. */
int uv__npfs_open(HANDLE* root) {
  WCHAR text[] = L"\\Device\\NamedPipe\\";
  UNICODE_STRING name;

  name.Buffer = text;
  name.Length = sizeof(text) - sizeof(WCHAR);
  name.MaximumLength = sizeof(text);
  return open_relative(NULL, &name, FILE_READ_ATTRIBUTES, 0, root);
}

/* ---- Pairs ---- */

/* The one instance of something without a name: only who has its handle can come to its other end. */
static int create(HANDLE root, ACCESS_MASK access, int overlapped, ULONG quota, HANDLE* handle) {
  create_pipe_fn make = (create_pipe_fn) uv__import(L"ntdll.dll", "NtCreateNamedPipeFile");
  UNICODE_STRING none = {0, 0, NULL};
  OBJECT_ATTRIBUTES object;
  IO_STATUS_BLOCK status;
  LARGE_INTEGER timeout; /* of clients that wait for an instance: there are none */

  if (make == NULL)
    return 0;
  memset(&object, 0, sizeof(object));
  object.Length = sizeof(object);
  object.RootDirectory = root;
  object.ObjectName = &none;
  timeout.QuadPart = -50 * TICKS_PER_MS;
  return make(handle, access | SYNCHRONIZE, &object, &status, FILE_SHARE_READ | FILE_SHARE_WRITE,
              NEW, overlapped ? 0 : SYNCHRONOUS, 0, 0, 0, 1, quota, quota, &timeout) >= 0;
}

int uv__npfs_pair(const ACCESS_MASK access[2],
                  const int overlapped[2],
                  ULONG quota,
                  HANDLE ends[2]) {
  UNICODE_STRING none = {0, 0, NULL};
  HANDLE root;
  int r;

  if (!uv__npfs_open(&root))
    return 0;
  r = create(root, access[0], overlapped[0], quota, &ends[0]);
  CloseHandle(root);
  if (!r)
    return 0;
  if (open_relative(ends[0], &none, access[1], overlapped[1] ? 0 : SYNCHRONOUS, &ends[1]))
    return 1;
  CloseHandle(ends[0]);
  return 0;
}

/* ---- Waiting ---- */

int uv__npfs_wait(HANDLE root, const WCHAR* name, DWORD ms, OVERLAPPED* overlapped) {
  control_fn control = (control_fn) uv__import(L"ntdll.dll", "NtFsControlFile");
  struct wait_for wait;
  size_t size = (wcslen(name) - PREFIX) * sizeof(WCHAR);

  if (control == NULL)
    return 0;
  memset(&wait, 0, sizeof(wait));
  wait.timeout.QuadPart = -(LONGLONG) ms * TICKS_PER_MS;
  wait.name_bytes = (ULONG) size;
  wait.has_timeout = TRUE;
  memcpy(wait.name, name + PREFIX, size);
  /* As DeviceIoControl does it, which takes codes of this kind for those of a device: an OVERLAPPED
   * begins with the status block, and its address comes with the packet. */
  return control(root, NULL, NULL, overlapped, overlapped, WAIT_CODE, &wait,
                 (ULONG) (offsetof(struct wait_for, name) + size), NULL, 0) >= 0;
}
