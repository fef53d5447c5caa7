/* Events, and waiting for objects. What the pool waits for is in pool.c. */
#include "sched.h"

/* ---- Events ---- */

static int event_signalled(struct nt_object* object) {
  return ((struct nt_event*) object)->set;
}

static void event_satisfied(struct nt_object* object) {
  struct nt_event* event = (struct nt_event*) object;

  if (!event->manual)
    event->set = 0;
}

static void event_destroy(struct nt_object* object) {
  nt_free(object);
}

const struct nt_class nt_event_class = {.name = "event",
                                        .signalled = event_signalled,
                                        .satisfied = event_satisfied,
                                        .destroy = event_destroy};

HANDLE WINAPI CreateEventW(LPSECURITY_ATTRIBUTES security, BOOL manual, BOOL set, LPCWSTR name) {
  struct nt_event* event;
  HANDLE handle;

  nt_enter("CreateEventW");
  if (name != NULL)
    nt_absent("CreateEventW with a name");
  event = nt_object_new(&nt_event_class, sizeof(*event));
  event->manual = manual;
  event->set = set;
  handle = nt_handle(event, EVENT_ALL_ACCESS, security != NULL && security->bInheritHandle);
  nt_unref(event);
  return handle;
}

HANDLE WINAPI CreateEventA(LPSECURITY_ATTRIBUTES security, BOOL manual, BOOL set, LPCSTR name) {
  if (name != NULL)
    nt_absent("CreateEventA with a name");
  return CreateEventW(security, manual, set, NULL);
}

BOOL WINAPI SetEvent(HANDLE handle) {
  struct nt_event* event;

  nt_enter("SetEvent");
  event = nt_find(handle, &nt_event_class, EVENT_MODIFY_STATE);
  if (event == NULL)
    return FALSE;
  host_release(event);
  event->set = 1;
  return TRUE;
}

BOOL WINAPI ResetEvent(HANDLE handle) {
  struct nt_event* event;

  nt_enter("ResetEvent");
  event = nt_find(handle, &nt_event_class, EVENT_MODIFY_STATE);
  if (event == NULL)
    return FALSE;
  event->set = 0;
  return TRUE;
}

/* ---- Semaphores ---- */

struct semaphore {
  struct nt_object object;
  LONG count;
  LONG most;
};

static int semaphore_signalled(struct nt_object* object) {
  return ((struct semaphore*) object)->count > 0;
}

static void semaphore_satisfied(struct nt_object* object) {
  ((struct semaphore*) object)->count--;
}

static const struct nt_class semaphore_class = {.name = "semaphore",
                                                .signalled = semaphore_signalled,
                                                .satisfied = semaphore_satisfied,
                                                .destroy = event_destroy};

HANDLE WINAPI CreateSemaphoreW(LPSECURITY_ATTRIBUTES security,
                               LONG count,
                               LONG most,
                               LPCWSTR name) {
  struct semaphore* semaphore;
  HANDLE handle;

  nt_enter("CreateSemaphoreW");
  if (name != NULL)
    nt_absent("CreateSemaphoreW with a name");
  if (most <= 0 || count < 0 || count > most) {
    nt_error(ERROR_INVALID_PARAMETER);
    return NULL;
  }
  semaphore = nt_object_new(&semaphore_class, sizeof(*semaphore));
  semaphore->count = count;
  semaphore->most = most;
  handle = nt_handle(semaphore, 0x1f0003, security != NULL && security->bInheritHandle);
  nt_unref(semaphore);
  return handle;
}

BOOL WINAPI ReleaseSemaphore(HANDLE handle, LONG count, LONG* before) {
  struct semaphore* semaphore;

  nt_enter("ReleaseSemaphore");
  semaphore = nt_find(handle, &semaphore_class, 2); /* SEMAPHORE_MODIFY_STATE */
  if (semaphore == NULL)
    return FALSE;
  if (count <= 0 || count > semaphore->most - semaphore->count)
    return nt_error(298); /* ERROR_TOO_MANY_POSTS */
  if (before != NULL)
    *before = semaphore->count;
  host_release(semaphore);
  semaphore->count += count;
  return TRUE;
}

/* ---- Waiting ---- */

struct wait {
  struct nt_object* objects[MAXIMUM_WAIT_OBJECTS];
  DWORD count;
  int all;
};

static int is_satisfied(void* arg) {
  const struct wait* wait = arg;
  DWORD set = 0;
  DWORD i;

  for (i = 0; i < wait->count; i++)
    set += wait->objects[i]->class->signalled(wait->objects[i]) != 0;
  return wait->all ? set == wait->count : set > 0;
}

static void satisfy(struct nt_object* object) {
  host_acquire(object);
  if (object->class->satisfied != NULL)
    object->class->satisfied(object);
}

DWORD WINAPI WaitForMultipleObjects(DWORD count,
                                    const HANDLE* handles,
                                    BOOL all,
                                    DWORD timeout_ms) {
  struct wait wait;
  DWORD result = WAIT_TIMEOUT;
  DWORD i;
  int to_peer = 0;

  nt_enter("WaitForMultipleObjects");
  if (count == 0 || count > MAXIMUM_WAIT_OBJECTS) {
    nt_error(ERROR_INVALID_PARAMETER);
    return WAIT_FAILED;
  }
  wait.count = count;
  wait.all = all;
  for (i = 0; i < count; i++) {
    wait.objects[i] = nt_find(handles[i], NULL, 0);
    if (wait.objects[i] == NULL)
      return WAIT_FAILED;
    if (wait.objects[i]->class->signalled == NULL) {
      nt_error(ERROR_INVALID_HANDLE);
      return WAIT_FAILED;
    }
    to_peer |= wait.objects[i]->class == &nt_process_class;
    to_peer |= wait.objects[i]->class == &nt_file_class &&
               ((struct nt_file*) wait.objects[i])->device->signalled != NULL;
  }
  for (i = 0; i < count; i++)
    nt_ref(wait.objects[i]);
  if (to_peer ? nt_wait_for_peer(is_satisfied, &wait, nt_due(timeout_ms), "another process")
              : nt_wait_without_lock(is_satisfied, &wait, nt_due(timeout_ms), "an object")) {
    result = WAIT_OBJECT_0;
    for (i = 0; i < count; i++) {
      if (all) {
        satisfy(wait.objects[i]);
      } else if (wait.objects[i]->class->signalled(wait.objects[i])) {
        satisfy(wait.objects[i]);
        result = WAIT_OBJECT_0 + i;
        break;
      }
    }
  }
  for (i = 0; i < count; i++)
    nt_unref(wait.objects[i]);
  return result;
}

DWORD WINAPI WaitForSingleObject(HANDLE handle, DWORD timeout_ms) {
  return WaitForMultipleObjects(1, &handle, FALSE, timeout_ms);
}
