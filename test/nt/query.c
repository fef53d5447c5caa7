/* What ntdll answers about handles and file objects. */
#include <string.h>

#include "npfs.h"
#include "sched.h"

enum {
  OBJECT_BASIC = 0,       /* ObjectBasicInformation, PUBLIC_OBJECT_BASIC_INFORMATION */
  FILE_MODE = 16,         /* FileModeInformation */
  FILE_PIPE_LOCAL = 24,   /* FilePipeLocalInformation */
  FILE_REPLACE_PORT = 61, /* FileReplaceCompletionInformation */
  BASIC_SIZE = 56
};

int nt_files_can_leave;

LONG NTAPI nt_query_object(HANDLE handle, int what, void* info, ULONG size, ULONG* length);
LONG NTAPI nt_set_file(HANDLE handle, void* status, void* info, ULONG size, int what);
LONG NTAPI nt_query_file(HANDLE handle, void* status, void* info, ULONG size, int what);

/* Counts the handles of all processes, and does not wait for a synchronous file object's lock. */
LONG NTAPI nt_query_object(HANDLE handle, int what, void* info, ULONG size, ULONG* length) {
  struct nt_object* object;
  ACCESS_MASK access;
  ULONG words[BASIC_SIZE / sizeof(ULONG)];

  nt_enter("NtQueryObject");
  object = nt_peek(handle, NULL, &access);
  if (object == NULL)
    return ST_INVALID_HANDLE;
  if (what != OBJECT_BASIC)
    nt_absent("NtQueryObject of another class");
  if (size < BASIC_SIZE)
    return (LONG) 0xc0000004; /* STATUS_INFO_LENGTH_MISMATCH */
  memset(words, 0, sizeof(words));
  words[1] = access;
  words[2] = object->handles;
  words[3] = object->refs;
  memcpy(info, words, BASIC_SIZE);
  if (length != NULL)
    *length = BASIC_SIZE;
  return ST_SUCCESS;
}

/* This one does wait for it. */
LONG NTAPI nt_query_file(HANDLE handle, void* status, void* info, ULONG size, int what) {
  struct nt_file* file;
  ULONG mode;

  nt_enter("NtQueryInformationFile");
  (void) status;
  file = nt_peek(handle, &nt_file_class, NULL);
  if (file == NULL)
    return ST_INVALID_HANDLE;
  if (what == FILE_PIPE_LOCAL)
    return np_query_local(handle, info, size);
  if (what != FILE_MODE)
    nt_absent("NtQueryInformationFile of another class");
  if (size < sizeof(mode))
    return (LONG) 0xc0000004;
  nt_file_lock(file, "NtQueryInformationFile");
  mode = file->synchronous ? FILE_SYNCHRONOUS_IO_NONALERT : 0;
  memcpy(info, &mode, sizeof(mode));
  nt_file_unlock(file);
  return ST_SUCCESS;
}

/* FILE_COMPLETION_INFORMATION: the file object changes its port, or, with none, leaves it (Windows 8.1
 * and newer; a model of an older system, or of Wine, does not know it). Packets that are in the old
 * one stay there. */
LONG NTAPI nt_set_file(HANDLE handle, void* status, void* info, ULONG size, int what) {
  struct nt_file* file;
  struct nt_port* port = NULL;
  struct {
    HANDLE port;
    void* key;
  } change;

  nt_enter("NtSetInformationFile");
  (void) status;
  file = nt_peek(handle, &nt_file_class, NULL);
  if (file == NULL)
    return ST_INVALID_HANDLE;
  if (what != FILE_REPLACE_PORT)
    nt_absent("NtSetInformationFile of another class");
  if (!nt_files_can_leave)
    return (LONG) 0xc0000003; /* STATUS_INVALID_INFO_CLASS */
  if (size < sizeof(change))
    return (LONG) 0xc0000004;
  memcpy(&change, info, sizeof(change));
  if (change.port != NULL) {
    port = nt_peek(change.port, &nt_port_class, NULL);
    if (port == NULL)
      return ST_INVALID_HANDLE;
    nt_ref(port);
  }
  if (file->port != NULL)
    nt_unref(file->port);
  file->port = port;
  file->key = (ULONG_PTR) change.key;
  return ST_SUCCESS;
}
