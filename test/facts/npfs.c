/* Facts about what the file system of pipes does and no function of Win32 asks of it: waiting for an
 * instance by a packet, pairs without a name, and what is asked by other codes. */
#include "facts.h"

#include <stddef.h>
#include <string.h>

#include <winternl.h>

enum {
  QUOTA = 512,
  SOON_MS = 100,
  LONG_MS = 5000,
  TRIES = 50,           /* of what a system may refuse for want of something */
  WAIT_CODE = 0x110018, /* FSCTL_PIPE_WAIT */
  PEEK_CODE = 0x11400c, /* FSCTL_PIPE_PEEK */
  LOCAL = 24,           /* FilePipeLocalInformation */
  CONNECTED = 3,        /* FILE_PIPE_CONNECTED_STATE */
  CLOSING = 4,          /* FILE_PIPE_CLOSING_STATE */
  TICKS_PER_MS = 10000,
  PREFIX = 9 /* characters of \\.\pipe\ */
};

typedef LONG(NTAPI* open_fn)(
    HANDLE*, ACCESS_MASK, OBJECT_ATTRIBUTES*, IO_STATUS_BLOCK*, ULONG share, ULONG options);
typedef LONG(NTAPI* create_fn)(HANDLE*,
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
typedef LONG(NTAPI* query_fn)(HANDLE, void* status, void* info, ULONG size, int what);

/* Opens what `name` is below `root`, which may be NULL. */
static LONG open_below(HANDLE root, const WCHAR* name, ACCESS_MASK access, HANDLE* handle) {
  open_fn open = (open_fn) facts_import("NtOpenFile");
  WCHAR text[32];
  UNICODE_STRING string;
  OBJECT_ATTRIBUTES object;
  IO_STATUS_BLOCK status;
  size_t units = wcslen(name);

  memcpy(text, name, (units + 1) * sizeof(WCHAR));
  string.Buffer = text;
  string.Length = (USHORT) (units * sizeof(WCHAR));
  string.MaximumLength = (USHORT) (string.Length + sizeof(WCHAR));
  memset(&object, 0, sizeof(object));
  object.Length = sizeof(object);
  object.RootDirectory = root;
  object.ObjectName = &string;
  return open == NULL ? -1
                      : open(handle, access | SYNCHRONIZE, &object, &status,
                             FILE_SHARE_READ | FILE_SHARE_WRITE, 0);
}

static LONG create_below(HANDLE root, HANDLE* handle) {
  create_fn create = (create_fn) facts_import("NtCreateNamedPipeFile");
  UNICODE_STRING none = {0, 0, NULL};
  OBJECT_ATTRIBUTES object;
  IO_STATUS_BLOCK status;
  LARGE_INTEGER timeout;

  memset(&object, 0, sizeof(object));
  object.Length = sizeof(object);
  object.RootDirectory = root;
  object.ObjectName = &none;
  timeout.QuadPart = -50 * TICKS_PER_MS;
  return create == NULL
             ? -1
             : create(handle, GENERIC_READ | GENERIC_WRITE | SYNCHRONIZE, &object, &status,
                      FILE_SHARE_READ | FILE_SHARE_WRITE, 2, 0, 0, 0, 0, 1, QUOTA, QUOTA, &timeout);
}

static int pair_needs_no_name(void) {
  HANDLE root;
  HANDLE server;
  HANDLE client;
  LONG made = -1;
  LONG opened = -1;
  int i;

  if (open_below(NULL, L"\\Device\\NamedPipe\\", FILE_READ_ATTRIBUTES, &root) < 0)
    return -1;
  for (i = 0; i < TRIES && made < 0; i++)
    made = create_below(root, &server);
  CloseHandle(root);
  if (made < 0)
    return facts_note("it is not made, status", (unsigned long) made);
  opened = open_below(server, L"", GENERIC_READ | GENERIC_WRITE, &client);
  if (opened >= 0)
    CloseHandle(client);
  CloseHandle(server);
  return opened >= 0 ? 1 : facts_note("it is not opened, status", (unsigned long) opened);
}

/* FILE_PIPE_WAIT_FOR_BUFFER */
struct wait_for {
  LARGE_INTEGER timeout;
  ULONG name_bytes;
  BOOLEAN has_timeout;
  WCHAR name[80];
};

/* A wait for an instance of the name, whose packet comes to the port. */
static LONG wait_for_instance(HANDLE root, const char* name, OVERLAPPED* overlapped) {
  facts_control_fn control = (facts_control_fn) facts_import("NtFsControlFile");
  struct wait_for wait;
  size_t units;

  memset(&wait, 0, sizeof(wait));
  for (units = 0; name[PREFIX + units] != '\0'; units++)
    wait.name[units] = (WCHAR) name[PREFIX + units];
  wait.timeout.QuadPart = -(LONGLONG) LONG_MS * TICKS_PER_MS;
  wait.name_bytes = (ULONG) (units * sizeof(WCHAR));
  wait.has_timeout = TRUE;
  memset(overlapped, 0, sizeof(*overlapped));
  return control == NULL
             ? -1
             : control(root, NULL, NULL, overlapped, overlapped, WAIT_CODE, &wait,
                       (ULONG) (offsetof(struct wait_for, name) + wait.name_bytes), NULL, 0);
}

static HANDLE serve(const char* name) {
  return CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                          PIPE_TYPE_BYTE | PIPE_READMODE_BYTE, 2, QUOTA, QUOTA, 0, NULL);
}

/* A wait for an instance of a name that is busy, which a new instance ends, or a cancel. */
static int wait_ends(int by_cancel) {
  const char* name = facts_name();
  HANDLE root = NULL;
  HANDLE first = serve(name);
  HANDLE client = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
  HANDLE second = INVALID_HANDLE_VALUE;
  HANDLE port = NULL;
  OVERLAPPED overlapped;
  LONG status = -1;
  BOOL cancelled = TRUE;
  int early = 0;
  int told = 0;
  int i;

  if (open_below(NULL, L"\\Device\\NamedPipe\\", FILE_READ_ATTRIBUTES, &root) >= 0)
    port = CreateIoCompletionPort(root, NULL, 0, 1);
  for (i = 0; i < TRIES && port != NULL && status < 0; i++)
    status = wait_for_instance(root, name, &overlapped);
  if (status >= 0) {
    early = facts_packet(port, SOON_MS) != NULL;
    if (by_cancel)
      cancelled = early || CancelIoEx(root, &overlapped);
    if (!by_cancel || !cancelled)
      second = serve(name);
    told = early || facts_packet(port, 2 * LONG_MS) == &overlapped;
  }
  if (second != INVALID_HANDLE_VALUE)
    CloseHandle(second);
  CloseHandle(client);
  CloseHandle(first);
  if (port != NULL)
    CloseHandle(port);
  if (root != NULL)
    CloseHandle(root);
  if (status < 0)
    return port == NULL ? -1 : facts_note("status", (unsigned long) status);
  if (early || !cancelled)
    return facts_note(early ? "it does not wait" : "it is not found", 0);
  return told ? 1 : facts_note("no packet", 0);
}

static int instance_is_waited_for_by_a_packet(void) {
  return wait_ends(0);
}

static int wait_for_an_instance_is_cancelled(void) {
  return wait_ends(1);
}

/* ---- Asking ---- */

/* FILE_PIPE_LOCAL_INFORMATION */
static ULONG state_of(HANDLE handle) {
  query_fn ask = (query_fn) facts_import("NtQueryInformationFile");
  ULONG_PTR status[2];
  ULONG words[10] = {0};

  return ask != NULL && ask(handle, status, words, sizeof(words), LOCAL) >= 0 ? words[8] : 0;
}

static int close_is_told_over_unread_bytes(void) {
  struct ends ends;
  DWORD bytes;
  ULONG before;
  ULONG after;

  if (!facts_pipe(&ends, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, PIPE_TYPE_BYTE,
                  GENERIC_READ | GENERIC_WRITE, 0, QUOTA))
    return -1;
  before = state_of(ends.server);
  (void) WriteFile(ends.client, "x", 1, &bytes, NULL);
  CloseHandle(ends.client);
  ends.client = INVALID_HANDLE_VALUE;
  after = state_of(ends.server);
  facts_close(&ends);
  return before == CONNECTED && after == CLOSING ? 1 : facts_note("state", after);
}

/* FILE_PIPE_PEEK_BUFFER, without bytes. */
struct look {
  ULONG state;
  ULONG bytes;
  ULONG messages;
  ULONG length;
};

static int messages_are_counted(void) {
  facts_control_fn control = (facts_control_fn) facts_import("NtFsControlFile");
  struct ends ends;
  struct look look = {0, 0, 0, 0};
  ULONG_PTR status[2];
  DWORD bytes;

  if (control == NULL ||
      !facts_pipe(&ends, PIPE_ACCESS_DUPLEX, PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE,
                  GENERIC_READ | GENERIC_WRITE, 0, QUOTA))
    return -1;
  (void) WriteFile(ends.client, "xyz", 3, &bytes, NULL);
  (void) WriteFile(ends.client, "xy", 2, &bytes, NULL);
  (void) control(ends.server, NULL, NULL, NULL, status, PEEK_CODE, NULL, 0, &look, sizeof(look));
  facts_close(&ends);
  if (look.bytes != 5 || look.length != 3)
    return facts_note("length", look.length);
  return look.messages == 2 ? 1 : facts_note("messages", look.messages);
}

const struct fact facts_of_npfs[] = {
    {"instance_is_waited_for_by_a_packet", instance_is_waited_for_by_a_packet,
     "FSCTL_PIPE_WAIT on the folder of pipes is pending, and told by a packet", "ReactOS, npfs"},
    {"wait_for_an_instance_is_cancelled", wait_for_an_instance_is_cancelled,
     "CancelIoEx finds it by its OVERLAPPED", "CancelIoEx"},
    {"pair_needs_no_name", pair_needs_no_name,
     "NtCreateNamedPipeFile makes a pipe without a name, which NtOpenFile opens from its server's "
     "end",
     "rust-lang/rust#142517"},
    {"close_is_told_over_unread_bytes", close_is_told_over_unread_bytes,
     "NamedPipeState of FilePipeLocalInformation tells the close of the other end, whatever is "
     "unread",
     "docs/WINDOWS.md, Pipes"},
    {"messages_are_counted", messages_are_counted,
     "FSCTL_PIPE_PEEK tells how many messages are there", "FILE_PIPE_PEEK_BUFFER"},
    {NULL, NULL, NULL, NULL},
};
