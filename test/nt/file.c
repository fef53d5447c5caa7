/* File objects, and the calls of kernel32 for those of any device. Named pipes' own are in npfs_api.c. */
#include "proc.h"

#include <string.h>

/* ---- File objects ---- */

static int signalled(struct nt_object* object) {
  struct nt_file* file = (struct nt_file*) object;

  return file->device->signalled != NULL ? file->device->signalled(file) : file->set;
}

static void closed(struct nt_object* object, int last) {
  struct nt_file* file = (struct nt_file*) object;

  if (last)
    file->device->cleanup(file);
}

static void file_destroy(struct nt_object* object) {
  struct nt_file* file = (struct nt_file*) object;

  file->device->destroy(file);
  if (file->port != NULL)
    nt_unref(file->port);
  nt_free(file);
}

const struct nt_class nt_file_class = {
    .name = "file", .signalled = signalled, .closed = closed, .destroy = file_destroy};

void* nt_file_new(const struct nt_device* device, size_t size, int synchronous) {
  struct nt_file* file = nt_object_new(&nt_file_class, size);

  file->device = device;
  file->synchronous = synchronous;
  return file;
}

static int is_unlocked(void* arg) {
  return !((struct nt_file*) arg)->locked;
}

void nt_file_lock(struct nt_file* file, const char* call) {
  if (!file->synchronous)
    return;
  nt_ref(file);
  nt_wait_for_peer(is_unlocked, file, NT_NEVER, call);
  file->locked = 1;
}

void nt_file_unlock(struct nt_file* file) {
  if (!file->synchronous)
    return;
  file->locked = 0;
  nt_unref(file);
}

/* ---- Reading and writing ---- */

static BOOL run_rw(HANDLE handle,
                   enum nt_what what,
                   void* memory,
                   DWORD size,
                   LPDWORD moved,
                   LPOVERLAPPED overlapped) {
  struct nt_file* file = nt_find(handle, &nt_file_class, 0);
  struct nt_part part;
  struct nt_irp* irp;
  ACCESS_MASK granted;

  if (file == NULL)
    return FALSE;
  (void) nt_peek(handle, &nt_file_class, &granted);
  if (!(granted & (what == NT_READ ? FILE_READ_DATA : FILE_WRITE_DATA | FILE_APPEND_DATA)))
    return nt_error(ERROR_ACCESS_DENIED);
  if (overlapped == NULL && moved == NULL)
    nt_fault("neither an OVERLAPPED nor a place for the count");
  if (moved != NULL)
    *moved = 0;
  *(what == NT_READ ? &nt_here()->reads : &nt_here()->writes) += 1;
  irp = nt_irp_begin(file, what, overlapped);
  part.base = memory;
  part.size = size;
  nt_irp_memory(irp, &part, 1);
  return nt_irp_run_win32(irp, moved);
}

BOOL WINAPI ReadFile(HANDLE file, LPVOID to, DWORD size, LPDWORD got, LPOVERLAPPED overlapped) {
  nt_enter("ReadFile");
  return run_rw(file, NT_READ, to, size, got, overlapped);
}

BOOL WINAPI WriteFile(HANDLE file, LPCVOID from, DWORD size, LPDWORD put, LPOVERLAPPED overlapped) {
  nt_enter("WriteFile");
  return run_rw(file, NT_WRITE, (void*) from, size, put, overlapped);
}

BOOL WINAPI FlushFileBuffers(HANDLE handle) {
  struct nt_file* file;

  nt_enter("FlushFileBuffers");
  file = nt_find(handle, &nt_file_class, FILE_WRITE_DATA);
  return file != NULL && nt_irp_run_win32(nt_irp_begin(file, NT_FLUSH, NULL), NULL);
}

/* ---- Cancelling, and results ---- */

BOOL WINAPI CancelIoEx(HANDLE handle, LPOVERLAPPED overlapped) {
  struct nt_file* file;

  nt_enter("CancelIoEx");
  file = nt_find(handle, &nt_file_class, 0);
  if (file == NULL)
    return FALSE;
  return nt_irp_cancel(file, overlapped) > 0 ? TRUE : nt_error(ERROR_NOT_FOUND);
}

BOOL WINAPI CancelSynchronousIo(HANDLE handle) {
  struct nt_thread* thread;
  struct nt_irp* irp;

  nt_enter("CancelSynchronousIo");
  thread = nt_find(handle, &nt_thread_class, 0);
  if (thread == NULL)
    return FALSE;
  irp = nt_thread_irp(thread);
  if (irp == NULL || irp->cancel == NULL)
    return nt_error(ERROR_NOT_FOUND);
  irp->cancel(irp);
  return TRUE;
}

/* Only the first word may be read by anybody while the operation is pending. */
__attribute__((no_sanitize("address", "thread"))) static NTSTATUS read_overlapped(void* arg,
                                                                                  DWORD* bytes) {
  const volatile OVERLAPPED* overlapped = arg;

  if (bytes != NULL)
    *bytes = (DWORD) overlapped->InternalHigh;
  return (NTSTATUS) overlapped->Internal;
}

/* Nobody writes it meanwhile. */
__attribute__((no_sanitize("address", "thread"))) static ULONG_PTR event_of(const void* arg) {
  const volatile OVERLAPPED* overlapped = arg;

  return (ULONG_PTR) overlapped->hEvent;
}

static int is_over(void* arg) {
  return read_overlapped(arg, NULL) != ST_PENDING;
}

/* Waits for the event of the OVERLAPPED, or for the file object's. Who set its low bit has begun
 * the operation in order to wait for it. */
NTSTATUS nt_overlapped_result(OVERLAPPED* overlapped, DWORD* bytes, BOOL wait) {
  NTSTATUS status = read_overlapped(overlapped, bytes);

  if (status != ST_PENDING || !wait)
    return status;
  if (event_of(overlapped) & 1)
    nt_wait(is_over, overlapped, NT_NEVER);
  else
    nt_wait_for_peer(is_over, overlapped, NT_NEVER, "an operation");
  return read_overlapped(overlapped, bytes);
}

/* The kernel may have it by now. */
__attribute__((no_sanitize("address", "thread"))) size_t nt_overlapped_place(
    const OVERLAPPED* overlapped) {
  const volatile OVERLAPPED* at = overlapped;

  return (size_t) at->Offset | (size_t) at->OffsetHigh << 32;
}

BOOL WINAPI GetOverlappedResult(HANDLE handle, LPOVERLAPPED overlapped, LPDWORD bytes, BOOL wait) {
  NTSTATUS status;

  nt_enter("GetOverlappedResult");
  if (nt_find(handle, &nt_file_class, 0) == NULL)
    return FALSE;
  status = nt_overlapped_result(overlapped, bytes, wait);
  if (status == ST_SUCCESS)
    return TRUE;
  return nt_error(status == ST_PENDING ? ERROR_IO_INCOMPLETE : nt_status_error(status));
}

/* ---- What a file object is ---- */

/* Not one of the calls that wait for a synchronous file object's lock. */
DWORD WINAPI GetFileType(HANDLE handle) {
  struct nt_file* file;

  nt_enter("GetFileType");
  file = nt_find(handle, &nt_file_class, 0);
  if (file == NULL)
    return FILE_TYPE_UNKNOWN;
  nt_error(ERROR_SUCCESS);
  return file->device->type;
}

/* Modes are of the file object; once set they stay. */
BOOL WINAPI SetFileCompletionNotificationModes(HANDLE handle, UCHAR flags) {
  struct nt_file* file;

  nt_enter("SetFileCompletionNotificationModes");
  file = nt_find(handle, &nt_file_class, 0);
  if (file == NULL)
    return FALSE;
  if (file->synchronous ||
      (flags & ~(FILE_SKIP_COMPLETION_PORT_ON_SUCCESS | FILE_SKIP_SET_EVENT_ON_HANDLE)))
    return nt_error(ERROR_INVALID_PARAMETER);
  file->modes |= flags;
  return TRUE;
}

/* ---- Names ---- */

static struct {
  const WCHAR* prefix;
  nt_open_fn open;
} names[16];
static unsigned names_count;

void nt_names_add(const WCHAR* prefix, nt_open_fn open) {
  names[names_count].prefix = prefix;
  names[names_count++].open = open;
}

HANDLE WINAPI CreateFileW(LPCWSTR name,
                          DWORD access,
                          DWORD share,
                          LPSECURITY_ATTRIBUTES security,
                          DWORD disposition,
                          DWORD flags,
                          HANDLE like) {
  struct nt_file* file = NULL;
  unsigned i;
  HANDLE handle;

  nt_enter("CreateFileW");
  (void) like;
  access = nt_access(access) | SYNCHRONIZE | FILE_READ_ATTRIBUTES; /* as the call adds them */
  for (i = 0; i < names_count; i++)
    if (_wcsnicmp(name, names[i].prefix, wcslen(names[i].prefix)) == 0)
      break;
  if (i == names_count)
    nt_error(ERROR_FILE_NOT_FOUND);
  else
    file = names[i].open(name, access, share, disposition, flags);
  if (file == NULL)
    return INVALID_HANDLE_VALUE;
  handle = nt_handle(file, access, security != NULL && security->bInheritHandle);
  nt_unref(file);
  return handle;
}

/* Names of ASCII are all that anybody needs. */
HANDLE WINAPI CreateFileA(LPCSTR name,
                          DWORD access,
                          DWORD share,
                          LPSECURITY_ATTRIBUTES security,
                          DWORD disposition,
                          DWORD flags,
                          HANDLE like) {
  WCHAR wide[300];

  if (MultiByteToWideChar(CP_UTF8, 0, name, -1, wide, 300) == 0)
    return INVALID_HANDLE_VALUE;
  return CreateFileW(wide, access, share, security, disposition, flags, like);
}

/* ---- For whoever watches a close ---- */

struct nt_file* nt_file_watch(HANDLE handle) {
  struct nt_file* file = nt_peek(handle, &nt_file_class, NULL);

  if (file != NULL)
    nt_ref(file);
  return file;
}

int nt_file_has_pending(const struct nt_file* file) {
  const struct nt_irp* irp;

  for (irp = file->first; irp != NULL; irp = irp->next)
    if (irp->state == NT_IRP_PENDING)
      return 1;
  return 0;
}
