/* The lock of a synchronous file object: one call at a time, whoever holds a handle to it.
 *
 * Nothing tells a process which of its handles, and which of another's, have the same file object,
 * so that is written down where it comes about: a handle that is made stands for a new file object, a
 * duplicate and a handle that a child inherits for the old one. The book lies in memory that all
 * programs with the shim share. The lock itself is a named mutex, which a process that ends gives
 * back.
 *
 * Only pipes have the lock here: a disk file ends its calls at once, and a console is no file object
 * of Wine's. What asks for a type, flags or an access (GetFileType, GetHandleInformation,
 * NtQueryObject) does not wait on Windows, nor does it here.
 *
 * The length is that of the parameters of Windows: each way in which a handle comes about is here,
 * beside the book that none but these may write. */
#include <stdio.h>

#include "shim_internal.h"

enum {
  ENTRIES = 8192,
  MODE_INFORMATION = 16,     /* FileModeInformation */
  SYNCHRONOUS = 0x10 | 0x20, /* FILE_SYNCHRONOUS_IO_ALERT, FILE_SYNCHRONOUS_IO_NONALERT */
  BASIC_INFORMATION = 0      /* ObjectBasicInformation */
};

/* A process is known by its number and the time of its start, since numbers come again. */
struct holder {
  DWORD process;
  FILETIME started;
};

struct entry {
  struct holder holder;
  ULONG file; /* 0: the entry is free. */
  HANDLE handle;
};

struct book {
  ULONG last_file;
  ULONG used; /* No entry from here on was ever used. */
  struct entry entries[ENTRIES];
};

static struct book* book;
static HANDLE book_lock;
static struct holder self;
static INIT_ONCE opened_once = INIT_ONCE_STATIC_INIT;

/* ---- The book ---- */

static int known_as(HANDLE process, struct holder* holder) {
  FILETIME unused[3];

  holder->process = GetProcessId(process);
  return GetProcessTimes(process, &holder->started, &unused[0], &unused[1], &unused[2]);
}

/* The section stays open: with Wine the name goes with the last handle, mapped or not. */
static BOOL CALLBACK open_book(PINIT_ONCE once, void* arg, void** context) {
  HANDLE section = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, sizeof(*book),
                                      "Local\\uvtest-shim-book");

  (void) once;
  (void) arg;
  (void) context;
  book_lock = CreateMutexA(NULL, FALSE, "Local\\uvtest-shim-book-lock");
  if (section == NULL || book_lock == NULL || !known_as(GetCurrentProcess(), &self))
    return FALSE;
  book = MapViewOfFile(section, FILE_MAP_ALL_ACCESS, 0, 0, sizeof(*book));
  return book != NULL;
}

/* Without the book nothing that follows could be believed, so the process does not go on. */
static void lock_book(void) {
  if (!InitOnceExecuteOnce(&opened_once, open_book, NULL, NULL)) {
    fprintf(stderr, "shim: no memory to share: error %lu\n", GetLastError());
    ExitProcess(1);
  }
  REAL(WaitForSingleObject)(book_lock, INFINITE);
}

static void unlock_book(void) {
  ReleaseMutex(book_lock);
}

static int same(const struct holder* a, const struct holder* b) {
  return a->process == b->process && CompareFileTime(&a->started, &b->started) == 0;
}

static struct entry* find(const struct holder* holder, HANDLE handle) {
  ULONG i;

  for (i = 0; i < book->used; i++) {
    struct entry* entry = &book->entries[i];
    if (entry->file != 0 && entry->handle == handle && same(&entry->holder, holder))
      return entry;
  }
  return NULL;
}

static int is_alive(const struct holder* holder) {
  HANDLE process =
      REAL(OpenProcess)(PROCESS_QUERY_LIMITED_INFORMATION | SYNCHRONIZE, FALSE, holder->process);
  struct holder now;
  int alive = process != NULL && known_as(process, &now) && same(holder, &now) &&
              REAL(WaitForSingleObject)(process, 0) == WAIT_TIMEOUT;

  if (process != NULL)
    REAL(CloseHandle)(process);
  return alive;
}

static struct entry* free_entry(void) {
  ULONG i;

  for (i = 0; i < book->used; i++)
    if (book->entries[i].file == 0)
      return &book->entries[i];
  if (book->used < ENTRIES)
    return &book->entries[book->used++];
  for (i = 0; i < ENTRIES; i++)
    if (!is_alive(&book->entries[i].holder))
      book->entries[i].file = 0;
  for (i = 0; i < ENTRIES; i++)
    if (book->entries[i].file == 0)
      return &book->entries[i];
  fprintf(stderr, "shim: more than %d handles\n", ENTRIES);
  ExitProcess(1);
}

static void write_down(const struct holder* holder, HANDLE handle, ULONG file) {
  struct entry* entry = find(holder, handle);

  if (entry == NULL)
    entry = free_entry();
  entry->holder = *holder;
  entry->handle = handle;
  entry->file = file;
}

/* The file object of a handle of this process; one that is met the first time is a new one. */
static ULONG file_of(HANDLE handle) {
  struct entry* entry = find(&self, handle);

  if (entry != NULL)
    return entry->file;
  write_down(&self, handle, ++book->last_file);
  return book->last_file;
}

static void strike(HANDLE handle) {
  struct entry* entry = find(&self, handle);

  if (entry != NULL)
    entry->file = 0;
}

/* ---- The lock ---- */

static int is_synchronous_pipe(HANDLE h) {
  IO_STATUS_BLOCK status;
  ULONG mode = 0;

  return h != NULL && h != INVALID_HANDLE_VALUE &&
         REAL(NtQueryInformationFile)(h, &status, &mode, sizeof(mode),
                                      (FILE_INFORMATION_CLASS) MODE_INFORMATION) >= 0 &&
         (mode & SYNCHRONOUS) != 0 && REAL(GetFileType)(h) == FILE_TYPE_PIPE;
}

static HANDLE lock_of(HANDLE h) {
  char name[64];
  ULONG file;

  lock_book();
  file = file_of(h);
  unlock_book();
  snprintf(name, sizeof(name), "Local\\uvtest-shim-file-%lu", file);
  return CreateMutexA(NULL, FALSE, name);
}

static void say(const char* what, const char* call, HANDLE h) {
  DWORD error = GetLastError();

  if (shim_has(SHIM_TRACE)) {
    fprintf(stderr, "shim: %lu.%lu: %s %s the lock of %p\n", GetCurrentProcessId(),
            GetCurrentThreadId(), call, what, h);
    fflush(stderr);
  }
  SetLastError(error);
}

HANDLE shim_lock_enter(HANDLE h, const char* call) {
  HANDLE lock = NULL;

  if (shim_has(SHIM_LOCK) && is_synchronous_pipe(h)) {
    lock = lock_of(h);
    if (REAL(WaitForSingleObject)(lock, 0) == WAIT_TIMEOUT) {
      say("waits for", call, h);
      REAL(WaitForSingleObject)(lock, INFINITE);
    }
    say("has", call, h);
  }
  return lock;
}

void shim_lock_leave(HANDLE lock) {
  DWORD error = GetLastError();

  if (lock == NULL)
    return;
  ReleaseMutex(lock);
  REAL(CloseHandle)(lock);
  SetLastError(error);
}

/* ---- Where handles come from and go to ---- */

void shim_lock_opened(HANDLE h) {
  DWORD error = GetLastError();

  if (shim_has(SHIM_LOCK) && is_synchronous_pipe(h)) {
    lock_book();
    strike(h);
    file_of(h);
    unlock_book();
  }
  SetLastError(error);
}

BOOL WINAPI __wrap_CreatePipe(HANDLE* in, HANDLE* out, SECURITY_ATTRIBUTES* security, DWORD size) {
  BOOL made;

  shim_tally(SHIM_CreatePipe);
  made = REAL(CreatePipe)(in, out, security, size);
  if (made) {
    shim_lock_opened(*in);
    shim_lock_opened(*out);
  }
  return made;
}

HANDLE WINAPI __wrap_CreateFileA(const char* name,
                                 DWORD access,
                                 DWORD share,
                                 SECURITY_ATTRIBUTES* security,
                                 DWORD how,
                                 DWORD flags,
                                 HANDLE like) {
  HANDLE h;

  shim_tally(SHIM_CreateFileA);
  h = REAL(CreateFileA)(name, access, share, security, how, flags, like);
  shim_lock_opened(h);
  return h;
}

HANDLE WINAPI __wrap_CreateFileW(const WCHAR* name,
                                 DWORD access,
                                 DWORD share,
                                 SECURITY_ATTRIBUTES* security,
                                 DWORD how,
                                 DWORD flags,
                                 HANDLE like) {
  HANDLE h;

  shim_tally(SHIM_CreateFileW);
  h = REAL(CreateFileW)(name, access, share, security, how, flags, like);
  shim_lock_opened(h);
  return h;
}

/* The file object of a handle that may be another process's; 0 if it is not in the book. */
static ULONG source_of(HANDLE process, HANDLE h, struct holder* holder) {
  struct entry* entry;

  if (!known_as(process, holder))
    return 0;
  entry = find(holder, h);
  return entry == NULL ? 0 : entry->file;
}

BOOL WINAPI __wrap_DuplicateHandle(
    HANDLE from, HANDLE h, HANDLE to, HANDLE* made, DWORD access, BOOL inherit, DWORD options) {
  struct holder source, target;
  ULONG file = 0;
  BOOL done;

  shim_tally(SHIM_DuplicateHandle);
  if (!shim_has(SHIM_LOCK))
    return REAL(DuplicateHandle)(from, h, to, made, access, inherit, options);
  if (from == GetCurrentProcess() && is_synchronous_pipe(h)) {
    lock_book();
    file_of(h);
    unlock_book();
  }
  lock_book();
  file = source_of(from, h, &source);
  done = REAL(DuplicateHandle)(from, h, to, made, access, inherit, options);
  if (file != 0 && (options & DUPLICATE_CLOSE_SOURCE) != 0)
    find(&source, h)->file = 0;
  if (file != 0 && done && made != NULL && known_as(to, &target))
    write_down(&target, *made, file);
  unlock_book();
  return done;
}

/* The last handle to a file object is closed under its lock, too. */
static int is_last(HANDLE h) {
  PUBLIC_OBJECT_BASIC_INFORMATION info;

  return REAL(NtQueryObject)(h, (OBJECT_INFORMATION_CLASS) BASIC_INFORMATION, &info, sizeof(info),
                             NULL) >= 0 &&
         info.HandleCount == 1;
}

/* Before a handle is closed; what it answers is left afterwards. */
static HANDLE closing(HANDLE h) {
  HANDLE lock = is_last(h) ? shim_lock_enter(h, "CloseHandle") : NULL;

  lock_book();
  strike(h);
  return lock;
}

BOOL WINAPI __wrap_CloseHandle(HANDLE h) {
  HANDLE lock;
  BOOL closed;

  shim_tally(SHIM_CloseHandle);
  if (!shim_has(SHIM_LOCK) || !is_synchronous_pipe(h))
    return REAL(CloseHandle)(h);
  lock = closing(h);
  closed = REAL(CloseHandle)(h);
  unlock_book();
  shim_lock_leave(lock);
  return closed;
}

/* The C library has its own way to the system. */
int __cdecl __wrap__close(int fd) {
  HANDLE h = shim_has(SHIM_LOCK) ? (HANDLE) _get_osfhandle(fd) : NULL;
  HANDLE lock;
  int r;

  shim_tally(SHIM__close);
  if (!shim_has(SHIM_LOCK) || !is_synchronous_pipe(h))
    return REAL(_close)(fd);
  lock = closing(h);
  r = REAL(_close)(fd);
  unlock_book();
  shim_lock_leave(lock);
  return r;
}

/* ---- Children ---- */

/* What the child inherits has the same number there. It is suspended, so it has no other handle
 * yet. */
static void give_to(HANDLE child) {
  struct holder holder;
  ULONG i, used;

  if (!known_as(child, &holder))
    return;
  lock_book();
  used = book->used;
  for (i = 0; i < used; i++) {
    struct entry* entry = &book->entries[i];
    DWORD flags;
    if (entry->file != 0 && same(&entry->holder, &self) &&
        REAL(GetHandleInformation)(entry->handle, &flags) && (flags & HANDLE_FLAG_INHERIT) != 0)
      write_down(&holder, entry->handle, entry->file);
  }
  unlock_book();
}

/* What this process inherited itself from one without the shim. */
static void note_standard(void) {
  static const DWORD numbers[] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};
  int i;

  for (i = 0; i < 3; i++) {
    HANDLE h = GetStdHandle(numbers[i]);
    if (!is_synchronous_pipe(h))
      continue;
    lock_book();
    file_of(h);
    unlock_book();
  }
}

static BOOL started(BOOL made, DWORD flags, const PROCESS_INFORMATION* info) {
  DWORD error = GetLastError();

  if (made) {
    give_to(info->hProcess);
    if ((flags & CREATE_SUSPENDED) == 0)
      ResumeThread(info->hThread);
  }
  SetLastError(error);
  return made;
}

BOOL WINAPI __wrap_CreateProcessA(const char* path,
                                  char* command,
                                  SECURITY_ATTRIBUTES* process,
                                  SECURITY_ATTRIBUTES* thread,
                                  BOOL inherit,
                                  DWORD flags,
                                  void* env,
                                  const char* folder,
                                  STARTUPINFOA* start,
                                  PROCESS_INFORMATION* made) {
  shim_tally(SHIM_CreateProcessA);
  if (!shim_has(SHIM_LOCK) || !inherit)
    return REAL(CreateProcessA)(path, command, process, thread, inherit, flags, env, folder, start,
                                made);
  note_standard();
  return started(REAL(CreateProcessA)(path, command, process, thread, inherit,
                                      flags | CREATE_SUSPENDED, env, folder, start, made),
                 flags, made);
}

BOOL WINAPI __wrap_CreateProcessW(const WCHAR* path,
                                  WCHAR* command,
                                  SECURITY_ATTRIBUTES* process,
                                  SECURITY_ATTRIBUTES* thread,
                                  BOOL inherit,
                                  DWORD flags,
                                  void* env,
                                  const WCHAR* folder,
                                  STARTUPINFOW* start,
                                  PROCESS_INFORMATION* made) {
  shim_tally(SHIM_CreateProcessW);
  if (!shim_has(SHIM_LOCK) || !inherit)
    return REAL(CreateProcessW)(path, command, process, thread, inherit, flags, env, folder, start,
                                made);
  note_standard();
  return started(REAL(CreateProcessW)(path, command, process, thread, inherit,
                                      flags | CREATE_SUSPENDED, env, folder, start, made),
                 flags, made);
}
