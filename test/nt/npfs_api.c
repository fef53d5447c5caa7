/* The calls for named pipes. Those that ask or set wait for a synchronous file object's lock. */
#include "npfs.h"

#include <stdio.h>
#include <string.h>

void nt_npfs_begin(void);

int nt_app_container;

/* The part of \\.\pipe\NAME or \\?\pipe\NAME that NPFS sees: from the last backslash of the prefix
 * on. NULL: no name of a pipe. */
static const WCHAR* own_part(const WCHAR* name) {
  if (_wcsnicmp(name, L"\\\\.\\pipe\\", 9) != 0 && _wcsnicmp(name, L"\\\\?\\pipe\\", 9) != 0)
    return NULL;
  return name + 8;
}

/* Of a name as NPFS sees it. */
static int is_allowed(const WCHAR* name) {
  return !nt_app_container || _wcsnicmp(name, L"\\LOCAL\\", 7) == 0;
}

static struct nt_file* open_name(
    const WCHAR* name, ACCESS_MASK access, DWORD share, DWORD disposition, DWORD flags) {
  struct np_name* found;
  struct np_end* end;

  (void) share;
  name = own_part(name);
  if (!is_allowed(name)) {
    nt_error(ERROR_ACCESS_DENIED);
    return NULL;
  }
  found = np_name_find(name, wcslen(name));
  if (found == NULL || disposition == CREATE_NEW || disposition == CREATE_ALWAYS) {
    nt_error(found == NULL ? ERROR_FILE_NOT_FOUND : ERROR_ACCESS_DENIED);
    return NULL;
  }
  end = np_open(found, access, !(flags & FILE_FLAG_OVERLAPPED));
  return end == NULL ? NULL : &end->file;
}

void nt_npfs_begin(void) {
  nt_names_add(L"\\\\.\\pipe\\", open_name);
  nt_names_add(L"\\\\?\\pipe\\", open_name);
}

/* ---- Making ---- */

/* The server has the generic rights of its direction, and no more: who makes a pipe to write to may
 * not ask what it is ("CreateNamedPipe", dwOpenMode). */
static ACCESS_MASK server_access(DWORD open) {
  ACCESS_MASK access = SYNCHRONIZE | (open & (WRITE_DAC | WRITE_OWNER));

  if (open & PIPE_ACCESS_INBOUND)
    access |= FILE_GENERIC_READ;
  if (open & PIPE_ACCESS_OUTBOUND)
    access |= FILE_GENERIC_WRITE;
  return access;
}

HANDLE WINAPI CreateNamedPipeW(LPCWSTR name,
                               DWORD open,
                               DWORD mode,
                               DWORD instances,
                               DWORD out,
                               DWORD in,
                               DWORD timeout_ms,
                               LPSECURITY_ATTRIBUTES security) {
  struct np_end* end;
  HANDLE handle;

  nt_enter("CreateNamedPipeW");
  (void) timeout_ms;
  name = own_part(name);
  if (name == NULL) {
    nt_error(ERROR_INVALID_NAME);
    return INVALID_HANDLE_VALUE;
  }
  if (!is_allowed(name)) {
    nt_error(ERROR_ACCESS_DENIED);
    return INVALID_HANDLE_VALUE;
  }
  end = np_create(name, open, mode, instances, out, in);
  if (end == NULL)
    return INVALID_HANDLE_VALUE;
  if (end->pipe->name->instances == 1 && security != NULL && security->lpSecurityDescriptor != NULL)
    np_secure(end->pipe->name, DACL_SECURITY_INFORMATION | LABEL_SECURITY_INFORMATION,
              security->lpSecurityDescriptor);
  handle = nt_handle(end, server_access(open), security != NULL && security->bInheritHandle);
  nt_unref(end);
  return handle;
}

static void widen(LPCSTR from, WCHAR* to, size_t room) {
  size_t n = 0;

  while (from[n] != '\0' && n + 1 < room) {
    to[n] = (unsigned char) from[n];
    n++;
  }
  to[n] = 0;
}

HANDLE WINAPI CreateNamedPipeA(LPCSTR name,
                               DWORD open,
                               DWORD mode,
                               DWORD instances,
                               DWORD out,
                               DWORD in,
                               DWORD timeout_ms,
                               LPSECURITY_ATTRIBUTES security) {
  WCHAR wide[300];

  widen(name, wide, sizeof(wide) / sizeof(wide[0]));
  return CreateNamedPipeW(wide, open, mode, instances, out, in, timeout_ms, security);
}

/* The ends of an anonymous pipe are synchronous, each for one direction. */
BOOL WINAPI CreatePipe(PHANDLE read, PHANDLE write, LPSECURITY_ATTRIBUTES security, DWORD size) {
  static unsigned count;
  int inherit = security != NULL && security->bInheritHandle;
  char text[64];
  WCHAR name[64];
  struct np_end* server;
  struct np_end* client;

  nt_enter("CreatePipe");
  snprintf(text, sizeof(text), "\\Win32Pipes.%08x.%08x", nt_process_id(nt_here()), ++count);
  widen(text, name, sizeof(name) / sizeof(name[0]));
  if (size == 0)
    size = 4096;
  server = np_create(name, PIPE_ACCESS_INBOUND, PIPE_TYPE_BYTE, 1, size, size);
  if (server == NULL)
    return FALSE;
  client = np_open(np_name_find(name, wcslen(name)), FILE_GENERIC_WRITE, 1);
  *read = nt_handle(server, FILE_GENERIC_READ | FILE_WRITE_ATTRIBUTES, inherit);
  *write = nt_handle(client, FILE_GENERIC_WRITE | FILE_READ_ATTRIBUTES, inherit);
  nt_unref(server);
  nt_unref(client);
  return TRUE;
}

BOOL WINAPI ConnectNamedPipe(HANDLE handle, LPOVERLAPPED overlapped) {
  struct np_end* end;
  struct nt_irp* irp;

  nt_enter("ConnectNamedPipe");
  end = np_find(handle, 0);
  if (end == NULL)
    return FALSE;
  irp = nt_irp_begin(&end->file, NT_CONTROL, overlapped);
  irp->code = NP_CONNECT;
  return nt_irp_run_win32(irp, NULL);
}

BOOL WINAPI DisconnectNamedPipe(HANDLE handle) {
  struct np_end* end;
  NTSTATUS status;

  nt_enter("DisconnectNamedPipe");
  end = np_find(handle, 0);
  if (end == NULL)
    return FALSE;
  nt_file_lock(&end->file, "DisconnectNamedPipe");
  status = end->side == NP_SERVER ? np_disconnect(end) : ST_INVALID_DEVICE_REQUEST;
  nt_file_unlock(&end->file);
  return status == ST_SUCCESS ? TRUE : nt_error(nt_status_error(status));
}

static int has_instance(void* arg) {
  const WCHAR* name = arg;
  struct np_name* found = np_name_find(name, wcslen(name));

  return found == NULL || np_is_available(found);
}

BOOL WINAPI WaitNamedPipeW(LPCWSTR name, DWORD timeout_ms) {
  const WCHAR* part;
  DWORD error;

  nt_enter("WaitNamedPipeW");
  part = own_part(name);
  error = part == NULL ? np_reach(name, &part) : 0;
  if (error != 0)
    return nt_error(error);
  name = part;
  if (np_name_find(name, wcslen(name)) == NULL)
    return nt_error(ERROR_FILE_NOT_FOUND);
  if (!nt_wait_for_peer(has_instance, (void*) name, nt_due(timeout_ms), "an instance of a pipe"))
    return nt_error(ERROR_SEM_TIMEOUT);
  return np_name_find(name, wcslen(name)) != NULL ? TRUE : nt_error(ERROR_FILE_NOT_FOUND);
}

/* ---- Asking and setting ---- */

BOOL WINAPI
PeekNamedPipe(HANDLE handle, LPVOID to, DWORD size, LPDWORD got, LPDWORD total, LPDWORD left) {
  struct np_end* end;
  size_t all = 0;
  size_t rest = 0;
  size_t copied;
  NTSTATUS status = ST_SUCCESS;

  nt_enter("PeekNamedPipe");
  end = np_find(handle, FILE_READ_DATA);
  if (end == NULL)
    return FALSE;
  nt_file_lock(&end->file, "PeekNamedPipe");
  copied = np_peek(end, to, to == NULL ? 0 : size, &all, &rest);
  if (end->pipe->queue[end->side].first == NULL) {
    if (end->pipe->state == NP_CLOSING)
      status = ST_PIPE_BROKEN;
    else if (end->pipe->state != NP_CONNECTED)
      status = ST_INVALID_PIPE_STATE;
  }
  nt_file_unlock(&end->file);
  if (status != ST_SUCCESS)
    return nt_error(nt_status_error(status));
  if (got != NULL)
    *got = (DWORD) copied;
  if (total != NULL)
    *total = (DWORD) all;
  if (left != NULL)
    *left = (DWORD) rest;
  return TRUE;
}

BOOL WINAPI GetNamedPipeInfo(HANDLE handle, LPDWORD flags, LPDWORD out, LPDWORD in, LPDWORD most) {
  struct np_end* end;
  const struct np_pipe* pipe;

  nt_enter("GetNamedPipeInfo");
  end = np_find(handle, FILE_READ_ATTRIBUTES);
  if (end == NULL)
    return FALSE;
  nt_file_lock(&end->file, "GetNamedPipeInfo");
  pipe = end->pipe;
  if (flags != NULL)
    *flags = (end->side == NP_SERVER ? PIPE_SERVER_END : PIPE_CLIENT_END) |
             (pipe->name->messages ? PIPE_TYPE_MESSAGE : PIPE_TYPE_BYTE);
  if (out != NULL)
    *out = (DWORD) pipe->queue[NP_CLIENT].quota;
  if (in != NULL)
    *in = (DWORD) pipe->queue[NP_SERVER].quota;
  if (most != NULL)
    *most = pipe->name->most;
  nt_file_unlock(&end->file);
  return TRUE;
}

BOOL WINAPI GetNamedPipeHandleStateW(HANDLE handle,
                                     LPDWORD state,
                                     LPDWORD instances,
                                     LPDWORD bytes,
                                     LPDWORD timeout_ms,
                                     LPWSTR user,
                                     DWORD size) {
  struct np_end* end;

  nt_enter("GetNamedPipeHandleStateW");
  (void) size;
  if (bytes != NULL || timeout_ms != NULL || user != NULL)
    nt_absent("GetNamedPipeHandleState of more than the state");
  end = np_find(handle, FILE_READ_ATTRIBUTES);
  if (end == NULL)
    return FALSE;
  nt_file_lock(&end->file, "GetNamedPipeHandleStateW");
  if (state != NULL)
    *state = (end->by_message ? PIPE_READMODE_MESSAGE : 0) | (end->no_wait ? PIPE_NOWAIT : 0);
  if (instances != NULL)
    *instances = end->pipe->name->instances;
  nt_file_unlock(&end->file);
  return TRUE;
}

/* The mode is the end's: whoever else holds it has it too. */
BOOL WINAPI SetNamedPipeHandleState(HANDLE handle,
                                    LPDWORD mode,
                                    LPDWORD bytes,
                                    LPDWORD timeout_ms) {
  struct np_end* end;
  BOOL ok = TRUE;

  nt_enter("SetNamedPipeHandleState");
  (void) bytes;
  (void) timeout_ms;
  end = np_find(handle, FILE_WRITE_ATTRIBUTES);
  if (end == NULL)
    return FALSE;
  nt_file_lock(&end->file, "SetNamedPipeHandleState");
  if (mode != NULL && (*mode & PIPE_READMODE_MESSAGE) && !end->pipe->name->messages) {
    ok = nt_error(ERROR_INVALID_PARAMETER);
  } else if (mode != NULL) {
    end->by_message = (*mode & PIPE_READMODE_MESSAGE) != 0;
    end->no_wait = (*mode & PIPE_NOWAIT) != 0;
  }
  nt_file_unlock(&end->file);
  return ok;
}

static BOOL give_process(HANDLE handle, int side, PULONG id) {
  struct np_end* end = np_find(handle, 0);

  if (end == NULL)
    return FALSE;
  nt_file_lock(&end->file, "GetNamedPipeProcessId");
  *id = end->pipe->process[side];
  nt_file_unlock(&end->file);
  return *id != 0 ? TRUE : nt_error(ERROR_PIPE_NOT_CONNECTED);
}

BOOL WINAPI GetNamedPipeClientProcessId(HANDLE handle, PULONG id) {
  nt_enter("GetNamedPipeClientProcessId");
  return give_process(handle, NP_CLIENT, id);
}

BOOL WINAPI GetNamedPipeServerProcessId(HANDLE handle, PULONG id) {
  nt_enter("GetNamedPipeServerProcessId");
  return give_process(handle, NP_SERVER, id);
}

/* The name of a pipe comes with one backslash before it. What comes of one without nobody says. */
BOOL WINAPI GetFileInformationByHandleEx(HANDLE handle,
                                         FILE_INFO_BY_HANDLE_CLASS what,
                                         LPVOID to,
                                         DWORD size) {
  struct np_end* end;
  FILE_NAME_INFO* info = to;
  DWORD bytes;
  BOOL ok = TRUE;

  nt_enter("GetFileInformationByHandleEx");
  if (what != FileNameInfo)
    nt_absent("GetFileInformationByHandleEx of another class");
  end = np_find(handle, 0);
  if (end == NULL)
    return FALSE;
  nt_file_lock(&end->file, "GetFileInformationByHandleEx");
  bytes = (DWORD) (wcslen(end->pipe->name->text) * sizeof(WCHAR));
  if (bytes == 0 && nt_chance(50)) {
    ok = nt_error(ERROR_PIPE_NOT_CONNECTED);
  } else if (size < offsetof(FILE_NAME_INFO, FileName) + bytes) {
    ok = nt_error(ERROR_MORE_DATA);
  } else {
    info->FileNameLength = bytes;
    memcpy((char*) to + offsetof(FILE_NAME_INFO, FileName), end->pipe->name->text, bytes);
  }
  nt_file_unlock(&end->file);
  return ok;
}
