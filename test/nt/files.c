/* Files and folders, in memory and for one run. There is a drive C: with the folders
 * that each Windows has. Only synchronous file objects: nobody reads a file in any other way. Rules
 * without a source are from the pages of the calls. */
#include "proc.h"

#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct node {
  struct node* next;
  WCHAR* path; /* whole, with backslashes */
  int is_folder;
  unsigned socket; /* of a Unix-domain socket that was bound here; 0: it is none */
  unsigned serial;
  unsigned opens; /* file objects of it, */
  int doomed;     /* of which one had it marked: nobody opens it any more, */
  int gone;       /* or its name is gone already */
  char* bytes;
  size_t size;
  size_t room;
  const struct nt_file* locker; /* Nobody else reads these of them. */
  size_t locked_from;
  size_t locked_to;
};

struct disk_file {
  struct nt_file file;
  struct node* node;
  int takes_away; /* the name goes with it */
  size_t at;
};

enum { /* which not every header has */
  FILE_DISPOSITION_EX = 21,
  DISPOSITION_DELETE = 1,
  DISPOSITION_POSIX = 2
};

int nt_files_are_old;
static struct node* nodes;
static unsigned last_serial;

static const WCHAR* const first_folders[] = {
    L"C:",
    L"C:\\programs",
    L"C:\\users\\model\\temp",
    L"C:\\users",
    L"C:\\users\\model",
    L"C:\\windows",
    L"C:\\windows\\system32",
};

enum {
  COUNT = sizeof(first_folders) / sizeof(first_folders[0])
};

/* ---- Names ---- */

static struct node* add(const WCHAR* path, int is_folder) {
  struct node* node = nt_alloc(sizeof(*node));

  node->path = nt_text_copy(path);
  node->is_folder = is_folder;
  node->serial = ++last_serial;
  node->next = nodes;
  nodes = node;
  return node;
}

static void begin(void) {
  size_t i;

  for (i = nodes == NULL ? 0 : COUNT; i < COUNT; i++)
    (void) add(first_folders[i], 1);
}

/* A component has a name of eight characters, too, if its own is longer ("Naming Files, Paths, and
 * Namespaces"). */
static size_t short_name(const WCHAR* name, size_t units, WCHAR* to) {
  if (units <= 8) {
    wmemcpy(to, name, units);
    return units;
  }
  wmemcpy(to, name, 6);
  to[6] = L'~';
  to[7] = L'1';
  return 8;
}

static size_t component(const WCHAR* path) {
  size_t units = 0;

  while (path[units] != 0 && path[units] != L'\\')
    units++;
  return units;
}

static int names(const WCHAR* path, const WCHAR* node) {
  for (;;) {
    size_t units = component(path);
    size_t whole = component(node);
    WCHAR shorter[8];
    size_t part = short_name(node, whole, shorter);

    if (CompareStringOrdinal(path, (int) units, node, (int) whole, TRUE) != CSTR_EQUAL &&
        CompareStringOrdinal(path, (int) units, shorter, (int) part, TRUE) != CSTR_EQUAL)
      return 0;
    path += units;
    node += whole;
    if (*path == 0 || *node == 0)
      return *path == *node;
    path++;
    node++;
  }
}

static struct node* find(const WCHAR* path) {
  WCHAR* whole = nt_path(path);
  struct node* node;

  begin();
  for (node = nodes; node != NULL; node = node->next)
    if (names(whole, node->path))
      break;
  nt_free(whole);
  return node;
}

int nt_folder_is(const WCHAR* path) {
  const struct node* node = find(path);

  return node != NULL && node->is_folder;
}

/* Its folder has to be there. */
static struct node* make(const WCHAR* path, int is_folder) {
  WCHAR* whole = nt_path(path);
  WCHAR* end = wcsrchr(whole, L'\\');
  const struct node* folder = NULL;
  struct node* node = NULL;
  WCHAR* name;

  if (end != NULL) {
    *end = 0;
    folder = find(whole);
  }
  if (folder != NULL && folder->is_folder) {
    name = nt_alloc((wcslen(folder->path) + wcslen(end + 1) + 2) * sizeof(*name));
    wcscpy(name, folder->path);
    wcscat(name, L"\\");
    wcscat(name, end + 1);
    node = add(name, is_folder);
    nt_free(name);
  } else {
    nt_error(ERROR_PATH_NOT_FOUND);
  }
  nt_free(whole);
  return node;
}

static void free_node(struct node* node) {
  nt_free(node->path);
  nt_free(node->bytes);
  nt_free(node);
}

/* Whoever has it open goes on with what is in it. */
static void take_away(struct node* node) {
  struct node** at = &nodes;

  while (*at != node)
    at = &(*at)->next;
  *at = node->next;
  node->gone = 1;
  if (node->opens == 0)
    free_node(node);
}

/* ---- The device ---- */

/* With an OVERLAPPED the place is in it, also of a synchronous file object, and its end is an error
 * ("ReadFile"). */
static void disk_start(struct nt_irp* irp) {
  struct disk_file* file = (struct disk_file*) irp->file;
  struct node* node = file->node;
  size_t end;
  size_t moved = 0;

  if (node->is_folder) {
    nt_irp_complete(irp, ST_INVALID_DEVICE_REQUEST, 0);
    return;
  }
  if (irp->overlapped != NULL)
    file->at = nt_overlapped_place(irp->overlapped);
  if (irp->overlapped != NULL && irp->what == NT_READ && file->at >= node->size) {
    nt_irp_complete(irp, ST_END_OF_FILE, 0);
    return;
  }
  end = file->at + irp->size;
  if (irp->what == NT_READ && nt_disk_free(irp->file, file->at, irp->size) < irp->size) {
    nt_irp_complete(irp, ST_FILE_LOCK_CONFLICT, 0);
    return;
  }
  if (irp->what == NT_READ && file->at < node->size) {
    moved = nt_irp_give(irp, node->bytes + file->at, node->size - file->at);
  } else if (irp->what == NT_WRITE) {
    if (end > node->room) {
      char* bytes = nt_alloc(2 * end);
      if (node->size > 0)
        memcpy(bytes, node->bytes, node->size);
      nt_free(node->bytes);
      node->bytes = bytes;
      node->room = 2 * end;
    }
    if (end > node->size)
      node->size = end;
    moved = nt_irp_take(irp, node->bytes + file->at, irp->size);
  }
  file->at += moved;
  nt_irp_complete(irp, ST_SUCCESS, moved);
}

static void nothing(struct nt_file* file) {
  (void) file;
}

/* "FILE_DISPOSITION_INFORMATION_EX": what is marked to be deleted goes with the last handle, and where the
 * semantics of POSIX were asked for, its name with the handle that did. */
static void disk_cleanup(struct nt_file* file) {
  struct disk_file* disk_file = (struct disk_file*) file;
  struct node* node = disk_file->node;

  node->opens--;
  if (node->locker == file)
    node->locker = NULL;
  if (node->gone && node->opens == 0)
    free_node(node);
  else if (!node->gone && (disk_file->takes_away || (node->doomed && node->opens == 0)))
    take_away(node);
}

static const struct nt_device disk = {.name = "disk",
                                      .type = FILE_TYPE_DISK,
                                      .start = disk_start,
                                      .cleanup = disk_cleanup,
                                      .destroy = nothing};

const char* nt_disk_bytes(const struct nt_file* file, size_t* size) {
  const struct disk_file* disk_file = (const struct disk_file*) file;

  if (file->device != &disk || disk_file->node == NULL)
    return NULL;
  *size = disk_file->node->size;
  return *size > 0 ? disk_file->node->bytes : "";
}

int nt_disk_is_folder(const struct nt_file* file) {
  return file->device == &disk && ((const struct disk_file*) file)->node->is_folder;
}

size_t nt_disk_free(const struct nt_file* file, size_t from, size_t size) {
  const struct node* node = ((const struct disk_file*) file)->node;

  if (node->locker == NULL || node->locker == file || from >= node->locked_to ||
      from + size <= node->locked_from)
    return size;
  return from < node->locked_from ? node->locked_from - from : 0;
}

void nt_disk_lock(struct nt_file* file, size_t from, size_t size) {
  struct node* node = ((struct disk_file*) file)->node;

  if (node->locker != NULL)
    nt_absent("LockFile of a file that has a lock");
  node->locker = file;
  node->locked_from = from;
  node->locked_to = from + size;
}

static struct nt_file* open_file(
    const WCHAR* name, ACCESS_MASK access, DWORD share, DWORD disposition, DWORD flags) {
  struct node* node = find(name);
  struct disk_file* file;

  (void) access;
  (void) share;
  if (flags & FILE_FLAG_OVERLAPPED)
    nt_absent("CreateFileW of a file for overlapped calls");
  if (node == NULL && disposition == OPEN_EXISTING) {
    nt_error(ERROR_FILE_NOT_FOUND);
    return NULL;
  }
  if (node == NULL)
    node = make(name, 0);
  if (node == NULL)
    return NULL;
  if ((node->is_folder && !(flags & FILE_FLAG_BACKUP_SEMANTICS)) || node->doomed) {
    nt_error(ERROR_ACCESS_DENIED);
    return NULL;
  }
  if (node->socket != 0 && !(flags & FILE_FLAG_OPEN_REPARSE_POINT)) {
    nt_error(1920); /* ERROR_CANT_ACCESS_FILE */
    return NULL;
  }
  file = nt_file_new(&disk, sizeof(*file), 1);
  file->node = node;
  node->opens++;
  return &file->file;
}

void nt_files_begin(void);

void nt_files_begin(void) {
  nt_names_add(L"c:\\", open_file);
  nt_names_add(L"\\\\?\\c:\\", open_file);
}

/* Nobody has one open any more. */
void nt_files_end(void);

void nt_files_end(void) {
  while (nodes != NULL)
    take_away(nodes);
  last_serial = 0;
}

/* ---- Unix-domain sockets ---- */

unsigned nt_file_make_socket(const WCHAR* path) {
  struct node* node;

  if (find(path) != NULL)
    return 0;
  node = make(path, 0);
  if (node == NULL)
    return 0;
  node->socket = node->serial;
  return node->socket;
}

unsigned nt_file_socket(const WCHAR* path) {
  const struct node* node = find(path);

  return node == NULL ? 0 : node->socket;
}

/* ---- The calls ---- */

/* With the semantics of POSIX (Windows 10, 1709) or without. */
BOOL WINAPI SetFileInformationByHandle(HANDLE handle,
                                       FILE_INFO_BY_HANDLE_CLASS what,
                                       LPVOID info,
                                       DWORD size) {
  struct disk_file* file;
  int posix = (int) what == FILE_DISPOSITION_EX;

  nt_enter("SetFileInformationByHandle");
  if (posix ? size != sizeof(ULONG) || *(ULONG*) info != (DISPOSITION_DELETE | DISPOSITION_POSIX)
            : what != FileDispositionInfo || size != sizeof(FILE_DISPOSITION_INFO) ||
                  !((FILE_DISPOSITION_INFO*) info)->DeleteFile)
    nt_absent("SetFileInformationByHandle for other than to delete");
  file = nt_find(handle, &nt_file_class, DELETE);
  if (file == NULL)
    return FALSE;
  if (posix && nt_files_are_old)
    return nt_error(ERROR_INVALID_PARAMETER);
  file->node->doomed = 1;
  file->takes_away = posix;
  return TRUE;
}

DWORD WINAPI GetFileAttributesW(LPCWSTR path) {
  const struct node* node;

  nt_enter("GetFileAttributesW");
  node = find(path);
  if (node != NULL && node->doomed) {
    nt_error(ERROR_ACCESS_DENIED); /* STATUS_DELETE_PENDING */
    return INVALID_FILE_ATTRIBUTES;
  }
  if (node != NULL && node->socket != 0) /* rust#109106 */
    return FILE_ATTRIBUTE_ARCHIVE | FILE_ATTRIBUTE_REPARSE_POINT;
  if (node != NULL)
    return node->is_folder ? FILE_ATTRIBUTE_DIRECTORY : FILE_ATTRIBUTE_NORMAL;
  if (nt_program_is(path))
    return FILE_ATTRIBUTE_NORMAL;
  nt_error(ERROR_FILE_NOT_FOUND);
  return INVALID_FILE_ATTRIBUTES;
}

DWORD WINAPI GetFileAttributesA(LPCSTR path) {
  WCHAR* wide = nt_text_from(path);
  DWORD attributes = GetFileAttributesW(wide);

  nt_free(wide);
  return attributes;
}

DWORD WINAPI GetShortPathNameW(const WCHAR* path, WCHAR* to, DWORD room) {
  const struct node* node;
  const WCHAR* at;
  DWORD units = 0;
  WCHAR* text;

  nt_enter("GetShortPathNameW");
  node = find(path);
  if (node == NULL) {
    nt_error(ERROR_FILE_NOT_FOUND);
    return 0;
  }
  text = nt_alloc((wcslen(node->path) + 9) * sizeof(*text));
  for (at = node->path;; at++) {
    size_t length = component(at);
    units += (DWORD) short_name(at, length, text + units);
    at += length;
    if (*at == 0)
      break;
    text[units++] = L'\\';
  }
  if (to != NULL && units < room)
    wcscpy(to, text);
  else
    units++;
  nt_free(text);
  return units;
}

static DWORD give(const WCHAR* path, WCHAR* to, DWORD room) {
  DWORD units = (DWORD) wcslen(path);

  if (to == NULL || units >= room)
    return units + 1;
  wcscpy(to, path);
  return units;
}

DWORD WINAPI GetLongPathNameW(const WCHAR* path, WCHAR* to, DWORD room) {
  const struct node* node;

  nt_enter("GetLongPathNameW");
  node = find(path);
  if (node != NULL)
    return give(node->path, to, room);
  nt_error(ERROR_FILE_NOT_FOUND);
  return 0;
}

BOOL WINAPI CreateDirectoryW(LPCWSTR path, LPSECURITY_ATTRIBUTES security) {
  nt_enter("CreateDirectoryW");
  (void) security;
  if (find(path) != NULL)
    return nt_error(ERROR_ALREADY_EXISTS);
  return make(path, 1) != NULL;
}

static BOOL take_path_away(const WCHAR* path, int is_folder) {
  struct node* node = find(path);

  if (node == NULL || node->is_folder != is_folder)
    return nt_error(ERROR_FILE_NOT_FOUND);
  take_away(node);
  return TRUE;
}

BOOL WINAPI RemoveDirectoryW(LPCWSTR path) {
  nt_enter("RemoveDirectoryW");
  return take_path_away(path, 1);
}

/* The name is free at once: by the semantics of POSIX (10 1809). */
BOOL WINAPI DeleteFileW(LPCWSTR path) {
  nt_enter("DeleteFileW");
  return take_path_away(path, 0);
}

/* The registry's NoDefaultCurrentDirectoryInExePath is not set. */
BOOL WINAPI NeedCurrentDirectoryForExePathW(LPCWSTR name) {
  nt_enter("NeedCurrentDirectoryForExePathW");
  (void) name;
  return TRUE;
}

/* ---- The C run-time library's ---- */

long _lseek(int fd, long offset, int from) {
  struct nt_file* file = nt_find((HANDLE) _get_osfhandle(fd), &nt_file_class, 0);
  struct disk_file* disk_file = (struct disk_file*) file;

  nt_enter("_lseek");
  if (file == NULL || file->device != &disk || disk_file->node == NULL)
    nt_absent("_lseek of what is no file");
  if (from == SEEK_END)
    disk_file->at = disk_file->node->size;
  else if (from == SEEK_SET)
    disk_file->at = 0;
  disk_file->at += (size_t) offset;
  return (long) disk_file->at;
}
