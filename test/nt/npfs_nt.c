/* What ntdll does with pipes: the folder of all of them, pairs without a name, waiting for an instance
 * ([MS-FSCC] FSCTL_PIPE_WAIT; who waits, and how long, as ReactOS' npfs has it), and a look
 * (FSCTL_PIPE_PEEK). */
#include "npfs.h"

#include <string.h>

enum {
  SYNCHRONOUS_MODES = 0x30, /* FILE_SYNCHRONOUS_IO_ALERT, FILE_SYNCHRONOUS_IO_NONALERT */
  NEW = 2,                  /* FILE_CREATE */
  PIPE_WAIT_CODE = 0x110018,
  PIPE_PEEK_CODE = 0x11400c,
  NAME_AT = 14, /* in the buffer: time-out, length of the name, whether there is a time-out */
  LENGTH_AT = 8,
  GIVEN_AT = 12,
  REFUSED = 20 /* percent of what not every system has ever had */
};

LONG NTAPI nt_open_file(HANDLE* handle,
                        ACCESS_MASK access,
                        OBJECT_ATTRIBUTES* object,
                        IO_STATUS_BLOCK* status,
                        ULONG share,
                        ULONG options);
LONG NTAPI nt_create_pipe(HANDLE* handle,
                          ULONG access,
                          OBJECT_ATTRIBUTES* object,
                          IO_STATUS_BLOCK* status,
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
LONG NTAPI nt_fs_control(HANDLE handle,
                         HANDLE event,
                         void* routine,
                         void* context,
                         void* status,
                         ULONG code,
                         void* in,
                         ULONG in_size,
                         void* out,
                         ULONG out_size);

/* ---- Waiting ---- */

struct wait {
  struct wait* next;
  struct nt_irp* irp;
  struct nt_later* later;
  uint64_t delay;
  WCHAR name[300]; /* with a leading backslash */
};

static struct wait* waits;

static void end_wait(struct wait* wait, NTSTATUS status) {
  struct wait** at = &waits;
  struct nt_irp* irp = wait->irp;

  while (*at != wait)
    at = &(*at)->next;
  *at = wait->next;
  nt_free(wait);
  nt_irp_complete(irp, status, 0);
}

static void timed_out(void* arg) {
  end_wait(arg, ST_IO_TIMEOUT);
}

static void cancel_wait(struct nt_irp* irp) {
  struct wait* wait = irp->device;

  nt_later_not(wait->later);
  end_wait(wait, ST_CANCELLED);
}

/* All that wait for the name are told, however many of them can come. */
void np_wake(const struct np_name* name) {
  struct wait* wait = waits;

  while (wait != NULL) {
    struct wait* next = wait->next;
    if (_wcsnicmp(wait->name, name->text, 300) == 0) {
      nt_later_not(wait->later);
      end_wait(wait, ST_SUCCESS);
    }
    wait = next;
  }
}

/* Who waits for a name that goes meanwhile is not told. */
static void start(struct nt_irp* irp) {
  struct wait* wait = irp->device;
  const struct np_name* name = NULL;
  NTSTATUS status = ST_INVALID_DEVICE_REQUEST;

  if (irp->what == NT_CONTROL && irp->code == PIPE_WAIT_CODE && !nt_chance(REFUSED)) {
    name = np_name_find(wait->name, wcslen(wait->name));
    status = name == NULL ? ST_OBJECT_NAME_NOT_FOUND : ST_SUCCESS;
  }
  if (name == NULL || np_is_available(name)) {
    nt_free(wait);
    nt_irp_complete(irp, status, 0);
    return;
  }
  wait->irp = irp;
  wait->later = nt_later(wait->delay, timed_out, wait);
  wait->next = waits;
  waits = wait;
  nt_irp_pend(irp, cancel_wait);
}

/* What waits by a handle that is closed goes on until its time is over. */
static void cleanup(struct nt_file* file) {
  (void) file;
}

static void destroy(struct nt_file* file) {
  (void) file;
}

static const struct nt_device root_device = {.name = "pipes",
                                             .type = FILE_TYPE_UNKNOWN,
                                             .start = start,
                                             .cleanup = cleanup,
                                             .destroy = destroy};

static struct wait* take_buffer(const char* in, ULONG size) {
  struct wait* wait = nt_alloc(sizeof(*wait));
  LARGE_INTEGER timeout;
  ULONG length;

  memcpy(&timeout, in, sizeof(timeout));
  memcpy(&length, in + LENGTH_AT, sizeof(length));
  if (size < NAME_AT || size - NAME_AT < length || length + 4 > sizeof(wait->name))
    nt_fault("FSCTL_PIPE_WAIT with a buffer of %u bytes for a name of %u", size, length);
  if (!in[GIVEN_AT] || timeout.QuadPart >= 0)
    nt_absent("FSCTL_PIPE_WAIT without a time from now on");
  wait->delay = (uint64_t) -timeout.QuadPart; /* both in 100 ns */
  wait->name[0] = '\\';
  memcpy(wait->name + 1, in + NAME_AT, length);
  return wait;
}

/* FILE_PIPE_PEEK_BUFFER without room for bytes: the state, how many bytes and messages are there, and how
 * long the first one is. */
static LONG look(struct np_end* end, ULONG* words) {
  const struct np_entry* entry;
  size_t all;
  size_t rest;

  nt_file_lock(&end->file, "NtFsControlFile");
  (void) np_peek(end, NULL, 0, &all, &rest);
  words[0] = (ULONG) end->pipe->state + 1;
  words[1] = (ULONG) all;
  words[2] = 0;
  words[3] = (ULONG) rest;
  for (entry = end->pipe->queue[end->side].first; entry != NULL; entry = entry->next)
    words[2]++;
  nt_file_unlock(&end->file);
  return all > 0 ? ST_BUFFER_OVERFLOW : ST_SUCCESS;
}

LONG NTAPI nt_fs_control(HANDLE handle,
                         HANDLE event,
                         void* routine,
                         void* context,
                         void* status,
                         ULONG code,
                         void* in,
                         ULONG in_size,
                         void* out,
                         ULONG out_size) {
  struct nt_file* file;
  struct nt_irp* irp;
  ULONG_PTR info;

  nt_enter("NtFsControlFile");
  file = nt_peek(handle, &nt_file_class, NULL);
  if (file == NULL)
    return ST_INVALID_HANDLE;
  if (code == PIPE_PEEK_CODE && file->device == &np_device && out_size == 4 * sizeof(ULONG))
    return look((struct np_end*) file, out);
  if (code != PIPE_WAIT_CODE || file->device != &root_device || out_size > 0 || event != NULL ||
      routine != NULL || context != status)
    nt_absent("NtFsControlFile of another kind");
  irp = nt_irp_begin(file, NT_CONTROL, context);
  irp->code = code;
  irp->device = take_buffer(in, in_size);
  return nt_irp_run(irp, &info);
}

/* ---- Opening and making ---- */

int nt_pipes_have_folder;

/* The folder, or the client's end of the pipe whose server's end is the root directory. */
LONG NTAPI nt_open_file(HANDLE* handle,
                        ACCESS_MASK access,
                        OBJECT_ATTRIBUTES* object,
                        IO_STATUS_BLOCK* status,
                        ULONG share,
                        ULONG options) {
  static const WCHAR folder[] = L"\\Device\\NamedPipe\\";
  const UNICODE_STRING* name = object->ObjectName;
  int synchronous = (options & SYNCHRONOUS_MODES) != 0;
  struct nt_file* file = NULL;
  struct np_end* server;

  nt_enter("NtOpenFile");
  (void) status;
  (void) share;
  if (object->RootDirectory == NULL && name->Length == sizeof(folder) - sizeof(WCHAR) &&
      memcmp(name->Buffer, folder, name->Length) == 0) {
    if (!nt_pipes_have_folder)
      return ST_ACCESS_DENIED;
    file = nt_file_new(&root_device, sizeof(*file), synchronous);
  } else if (object->RootDirectory != NULL && name->Length == 0) {
    server = np_find(object->RootDirectory, 0);
    if (server == NULL)
      return ST_INVALID_HANDLE;
    server = np_open(server->pipe->name, nt_access(access), synchronous);
    file = server == NULL ? NULL : &server->file;
  } else {
    nt_absent("NtOpenFile of another kind");
  }
  if (file == NULL)
    return ST_PIPE_NOT_AVAILABLE;
  *handle = nt_handle(file, nt_access(access), (object->Attributes & 2) != 0);
  nt_unref(file);
  return ST_SUCCESS;
}

/* Unlike CreateNamedPipe it gives the rights that were asked for. */
LONG NTAPI nt_create_pipe(HANDLE* handle,
                          ULONG access,
                          OBJECT_ATTRIBUTES* object,
                          IO_STATUS_BLOCK* status,
                          ULONG share,
                          ULONG disposition,
                          ULONG options,
                          ULONG type,
                          ULONG read_mode,
                          ULONG completion_mode,
                          ULONG instances,
                          ULONG in,
                          ULONG out,
                          LARGE_INTEGER* timeout) {
  struct nt_file* root;
  struct np_end* end;

  nt_enter("NtCreateNamedPipeFile");
  (void) status;
  root = nt_peek(object->RootDirectory, &nt_file_class, NULL);
  if (root == NULL || root->device != &root_device || object->ObjectName->Length != 0 ||
      disposition != NEW || type != 0 || read_mode != 0 || completion_mode != 0 || timeout == NULL)
    nt_absent("NtCreateNamedPipeFile of another kind");
  if (nt_app_container == 2 || nt_chance(REFUSED))
    return ST_INVALID_PARAMETER;
  end = np_create(
      L"", (share & PIPE_ACCESS_DUPLEX) | (options & SYNCHRONOUS_MODES ? 0 : FILE_FLAG_OVERLAPPED),
      PIPE_TYPE_BYTE, instances, out, in);
  if (end == NULL)
    return ST_INVALID_PARAMETER;
  *handle = nt_handle(end, nt_access(access), (object->Attributes & 2) != 0);
  nt_unref(end);
  return ST_SUCCESS;
}
