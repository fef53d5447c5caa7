/* Objects, the handles to them, and processes as far as they are tables of handles. How processes begin
 * and end is in process.c. */
#include "proc.h"

enum {
  LEAST = 0x40 /* of the values of handles */
};

static struct nt_process* processes;
static DWORD last_process_id = 1000;

/* ---- Objects ---- */

void* nt_alloc(size_t size) {
  return host_alloc(size);
}

void nt_free(void* block) {
  host_free(block);
}

void* nt_object_new(const struct nt_class* class, size_t size) {
  struct nt_object* object = nt_alloc(size);

  object->class = class;
  object->refs = 1;
  return object;
}

void nt_ref(void* object) {
  ((struct nt_object*) object)->refs++;
}

void nt_unref(void* pointer) {
  struct nt_object* object = pointer;

  if (--object->refs == 0)
    object->class->destroy(object);
}

/* ---- Handles ---- */

static unsigned index_of(HANDLE handle) {
  return (unsigned) (((ULONG_PTR) handle - LEAST) / 4);
}

static void grow(struct nt_process* process) {
  struct nt_entry* entries;
  unsigned i;

  process->room = process->room == 0 ? 64 : 2 * process->room;
  entries = nt_alloc(process->room * sizeof(*entries));
  for (i = 0; i < process->count; i++)
    entries[i] = process->entries[i];
  nt_free(process->entries);
  process->entries = entries;
}

static void vacate(struct nt_process* process, unsigned index) {
  process->entries[index].next = process->vacant;
  process->vacant = index + 1;
}

/* A value may be another handle's as soon as it is closed ("handle recycling": "Sabotaging yourself: Closing
 * a handle and then using it", The Old New Thing, 2012). The worst is at once: then who uses a handle after
 * its close has somebody else's object. Never is the one way to be told for sure. The seed has both. */
static unsigned place(struct nt_process* process) {
  unsigned index = process->vacant - 1;

  if (process->vacant != 0 && nt_chance(nt_trouble.reuse)) {
    process->vacant = process->entries[index].next;
    return index;
  }
  if (process->count == process->room)
    grow(process);
  return process->count++;
}

static HANDLE make(struct nt_process* process, void* pointer, ACCESS_MASK access, DWORD flags) {
  struct nt_object* object = pointer;
  unsigned index = place(process);
  struct nt_entry* entry = &process->entries[index];

  nt_ref(object);
  object->handles++;
  entry->object = object;
  entry->access = access;
  entry->flags = flags;
  entry->maker = nt_self()->call;
  entry->old = 0;
  return (HANDLE) (ULONG_PTR) (LEAST + 4 * index);
}

HANDLE nt_handle(void* object, ACCESS_MASK access, int inherit) {
  return make(nt_here(), object, access, inherit ? HANDLE_FLAG_INHERIT : 0);
}

/* NULL for a value that never was a handle. */
static struct nt_entry* entry_of(struct nt_process* process, HANDLE handle, const char* use) {
  ULONG_PTR value = (ULONG_PTR) handle;
  struct nt_entry* entry;

  if (value < LEAST || value > 0x7fffffff || index_of(handle) >= process->count)
    return NULL;
  entry = &process->entries[index_of(handle)];
  if (entry->object == NULL && entry->maker == NULL)
    return NULL; /* Of a value that is another process's. */
  if (entry->object == NULL)
    nt_fault("handle 0x%llx of process %u (made by %s) is %s after its close",
             (unsigned long long) value, process->id, entry->maker, use);
  return entry;
}

void* nt_peek(HANDLE handle, const struct nt_class* class, ACCESS_MASK* access) {
  struct nt_object* object;
  ACCESS_MASK granted = 0xffffffff;

  if (handle == GetCurrentThread()) {
    object = &nt_self()->object;
  } else if (handle == INVALID_HANDLE_VALUE) { /* GetCurrentProcess, too */
    object = &nt_here()->object;
  } else {
    struct nt_entry* entry = entry_of(nt_here(), handle, "used");
    if (entry == NULL)
      return NULL;
    object = entry->object;
    granted = entry->access;
  }
  if (class != NULL && object->class != class)
    return NULL;
  if (access != NULL)
    *access = granted;
  return object;
}

void* nt_find(HANDLE handle, const struct nt_class* class, ACCESS_MASK access) {
  ACCESS_MASK granted;
  void* object = nt_peek(handle, class, &granted);

  if (object == NULL) {
    nt_error(ERROR_INVALID_HANDLE);
  } else if ((granted & access) != access) {
    nt_error(ERROR_ACCESS_DENIED);
    object = NULL;
  }
  return object;
}

BOOL nt_handle_close(struct nt_process* process, HANDLE handle) {
  struct nt_entry* entry;
  struct nt_object* object;

  if (process == NULL)
    process = nt_here();
  entry = entry_of(process, handle, "closed");
  if (entry == NULL)
    return nt_error(ERROR_INVALID_HANDLE);
  object = entry->object;
  entry->object = NULL;
  vacate(process, index_of(handle));
  object->handles--;
  if (object->class->closed != NULL)
    object->class->closed(object, object->handles == 0);
  nt_unref(object);
  return TRUE;
}

BOOL WINAPI CloseHandle(HANDLE handle) {
  nt_enter("CloseHandle");
  if (handle == INVALID_HANDLE_VALUE || handle == GetCurrentThread())
    return TRUE;
  return nt_handle_close(NULL, handle);
}

static struct nt_process* find_process(HANDLE handle) {
  return nt_find(handle, &nt_process_class, 0);
}

BOOL WINAPI DuplicateHandle(HANDLE from_process,
                            HANDLE from,
                            HANDLE to_process,
                            LPHANDLE to,
                            DWORD access,
                            BOOL inherit,
                            DWORD options) {
  struct nt_process* source;
  struct nt_process* target;
  struct nt_object* object;
  ACCESS_MASK granted = 0x1fffff;
  struct nt_process* here;

  nt_enter("DuplicateHandle");
  source = find_process(from_process);
  target = to_process == NULL ? source : find_process(to_process);
  if (source == NULL || target == NULL)
    return FALSE;
  here = nt_process_enter(source);
  object = nt_find(from, NULL, 0);
  if (object != NULL)
    (void) nt_peek(from, NULL, &granted);
  nt_process_enter(here);
  if (object == NULL)
    return FALSE;
  if (!(options & DUPLICATE_SAME_ACCESS))
    granted = nt_access(access);
  if (to != NULL) {
    if (target->ended)
      return nt_error(ERROR_ACCESS_DENIED);
    *to = make(target, object, granted, inherit ? HANDLE_FLAG_INHERIT : 0);
  }
  if (options & DUPLICATE_CLOSE_SOURCE)
    nt_handle_close(source, from);
  return TRUE;
}

ACCESS_MASK nt_access(ACCESS_MASK access) {
  if (access & GENERIC_READ)
    access |= FILE_GENERIC_READ;
  if (access & GENERIC_WRITE)
    access |= FILE_GENERIC_WRITE;
  if (access & GENERIC_ALL)
    access |= FILE_ALL_ACCESS;
  return access & 0x1fffff;
}

BOOL WINAPI GetHandleInformation(HANDLE handle, LPDWORD flags) {
  struct nt_entry* entry;

  nt_enter("GetHandleInformation");
  entry = entry_of(nt_here(), handle, "used");
  if (entry == NULL)
    return nt_error(ERROR_INVALID_HANDLE);
  *flags = entry->flags;
  return TRUE;
}

BOOL WINAPI SetHandleInformation(HANDLE handle, DWORD mask, DWORD flags) {
  struct nt_entry* entry;

  nt_enter("SetHandleInformation");
  entry = entry_of(nt_here(), handle, "used");
  if (entry == NULL)
    return nt_error(ERROR_INVALID_HANDLE);
  entry->flags = (entry->flags & ~mask) | (flags & mask);
  return TRUE;
}

BOOL WINAPI CompareObjectHandles(HANDLE a, HANDLE b) {
  nt_enter("CompareObjectHandles");
  return nt_find(a, NULL, 0) != NULL && nt_find(a, NULL, 0) == nt_find(b, NULL, 0);
}

/* ---- Tables ---- */

struct nt_process* nt_process_list(void) {
  return processes;
}

static void process_destroy(struct nt_object* object) {
  struct nt_process* process = (struct nt_process*) object;
  struct nt_process** at = &processes;

  while (*at != process)
    at = &(*at)->next;
  *at = process->next;
  nt_environ_free(process);
  nt_program_free(process);
  nt_free(process->entries);
  nt_free(process);
}

static int process_signalled(struct nt_object* object) {
  return ((struct nt_process*) object)->ended;
}

const struct nt_class nt_process_class = {
    .name = "process", .signalled = process_signalled, .destroy = process_destroy};

struct nt_process* nt_process_make(void) {
  struct nt_process* process = nt_object_new(&nt_process_class, sizeof(*process));
  struct nt_process** at = &processes;

  process->id = last_process_id += 4;
  process->began = nt_now();
  while (*at != NULL)
    at = &(*at)->next;
  *at = process;
  return process;
}

struct nt_process* nt_process_first(void) {
  return processes != NULL ? processes : nt_process_make();
}

struct nt_process* nt_process_enter(struct nt_process* process) {
  struct nt_process* was = nt_self()->process;

  nt_self()->process = process;
  return was;
}

void nt_handle_close_all(struct nt_process* process) {
  unsigned i;

  for (i = 0; i < process->count; i++)
    if (process->entries[i].object != NULL)
      nt_handle_close(process, (HANDLE) (ULONG_PTR) (LEAST + 4 * i));
}

HANDLE nt_process_give(struct nt_process* to, HANDLE handle) {
  struct nt_entry* entry;

  nt_enter("nt_process_give");
  entry = entry_of(nt_here(), handle, "used");
  if (entry == NULL)
    nt_fault("what is to be given is no handle");
  return make(to, entry->object, entry->access, entry->flags);
}

HANDLE nt_handle_in(struct nt_process* process, void* object, ACCESS_MASK access) {
  return make(process, object, access, 0);
}

const char* nt_inheritable(void) {
  struct nt_process* process = nt_here();
  unsigned i;

  for (i = 0; i < process->count; i++)
    if (process->entries[i].object != NULL && process->entries[i].flags & HANDLE_FLAG_INHERIT)
      return process->entries[i].maker;
  return NULL;
}

int nt_handle_is_inheritable(HANDLE handle) {
  const struct nt_entry* entry = entry_of(nt_here(), handle, "used");

  return entry != NULL && (entry->flags & HANDLE_FLAG_INHERIT);
}

/* A child's handles have the values of its parent's ("Inheritance", Process and Thread Functions). What it
 * does not inherit is as vacant there as any other value. */
void nt_process_inherit(struct nt_process* to,
                        struct nt_process* like,
                        const HANDLE* wanted,
                        unsigned count) {
  unsigned i;
  unsigned k;

  to->room = like->count + 64;
  to->entries = nt_alloc(to->room * sizeof(*to->entries));
  to->count = like->count;
  for (i = 0; i < like->count; i++) {
    const struct nt_entry* entry = &like->entries[i];
    int listed = wanted == NULL;

    for (k = 0; k < count && !listed; k++)
      listed = index_of(wanted[k]) == i;
    if (entry->object == NULL || !listed || !(entry->flags & HANDLE_FLAG_INHERIT)) {
      vacate(to, i);
      continue;
    }
    to->entries[i] = *entry;
    to->entries[i].maker = "inheritance";
    nt_ref(entry->object);
    entry->object->handles++;
  }
}

BOOL WINAPI GetProcessHandleCount(HANDLE handle, PDWORD count) {
  struct nt_process* process;
  unsigned i;

  nt_enter("GetProcessHandleCount");
  process = find_process(handle);
  if (process == NULL)
    return FALSE;
  *count = 0;
  for (i = 0; i < process->count; i++)
    *count += process->entries[i].object != NULL;
  return TRUE;
}

HANDLE WINAPI GetStdHandle(DWORD which) {
  DWORD index = STD_INPUT_HANDLE - which;

  nt_enter("GetStdHandle");
  return index < NT_STD_HANDLES ? nt_here()->std[index] : INVALID_HANDLE_VALUE;
}

BOOL WINAPI SetStdHandle(DWORD which, HANDLE handle) {
  DWORD index = STD_INPUT_HANDLE - which;

  nt_enter("SetStdHandle");
  if (index >= NT_STD_HANDLES)
    return nt_error(ERROR_INVALID_HANDLE);
  nt_here()->std[index] = handle;
  return TRUE;
}

/* ---- A run ---- */

void nt_object_begin(void) {
  struct nt_process* process;
  unsigned i;

  for (process = processes; process != NULL; process = process->next) {
    process->vacant = 0; /* What was closed before is none of this run's. */
    for (i = 0; i < process->count; i++)
      process->entries[i].old = 1;
  }
}

void nt_object_end(void) {
  struct nt_process* process = nt_process_first();
  struct nt_process* other;
  unsigned i;

  for (other = process->next; other != NULL; other = other->next)
    if (!other->ended)
      nt_fault("process %u was not ended", other->id);
  for (i = 0; i < process->count; i++) {
    const struct nt_entry* entry = &process->entries[i];
    if (entry->object != NULL && !entry->old && !entry->object->class->lives_on)
      nt_fault("handle 0x%x of class %s, made by %s, was not closed", LEAST + 4 * i,
               entry->object->class->name, entry->maker);
  }
  while (process->count > 0 && process->entries[process->count - 1].object == NULL)
    process->count--; /* For the next run: the same handles again. */
}
