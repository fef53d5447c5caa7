/* Operations on file objects, of whatever device: how one begins, what it returns, who is told of
 * its end, and that its caller leaves the OVERLAPPED alone meanwhile. The calls of Win32 for files are in
 * file.c, the bytes in io_memory.c. Rules without a source are from "Synchronous and Asynchronous I/O" and the remarks on
 * GetQueuedCompletionStatus, SetFileCompletionNotificationModes and CancelIoEx. */
#include "proc.h"

/* All operations whose OVERLAPPED the kernel has: pending, or with a packet that nobody dequeued. */
static struct nt_irp* owned;

/* ---- The caller's OVERLAPPED ---- */

/* The word that HasOverlappedIoCompleted reads stays readable; the rest is the kernel's. */
static void close_off(OVERLAPPED* overlapped) {
  host_poison(&overlapped->InternalHigh, sizeof(*overlapped) - sizeof(overlapped->Internal));
}

__attribute__((no_sanitize("address"))) static void check_overlapped(const struct nt_irp* irp) {
  if (!host_is_poisoned(&irp->overlapped->InternalHigh))
    nt_fault("OVERLAPPED %p was freed, or given to somebody else, while the kernel has it (%s)",
             (void*) irp->overlapped, irp->file->device->name);
  if ((NTSTATUS) irp->overlapped->Internal != ST_PENDING && !irp->finished)
    nt_fault("OVERLAPPED %p was written while the kernel has it (%s)", (void*) irp->overlapped,
             irp->file->device->name);
}

static void own(struct nt_irp* irp) {
  irp->owned_next = owned;
  irp->owned_at = &owned;
  if (owned != NULL)
    owned->owned_at = &irp->owned_next;
  owned = irp;
}

static void disown(struct nt_irp* irp) {
  if (irp->owned_at == NULL)
    return;
  *irp->owned_at = irp->owned_next;
  if (irp->owned_next != NULL)
    irp->owned_next->owned_at = irp->owned_at;
  irp->owned_at = NULL;
}

/* ---- Its life ---- */

static struct nt_event* event_of(const OVERLAPPED* overlapped) {
  HANDLE handle = (HANDLE) ((ULONG_PTR) overlapped->hEvent & ~(ULONG_PTR) 1);
  struct nt_event* event;

  if (handle == NULL)
    return NULL;
  event = nt_peek(handle, &nt_event_class, NULL);
  if (event == NULL)
    nt_fault("hEvent of OVERLAPPED %p is no event", (const void*) overlapped);
  return event;
}

struct nt_irp* nt_irp_begin(struct nt_file* file, enum nt_what what, OVERLAPPED* overlapped) {
  struct nt_irp* irp;

  for (irp = owned; irp != NULL; irp = irp->owned_next)
    if (overlapped != NULL && irp->overlapped == overlapped)
      nt_fault("OVERLAPPED %p is used again while the kernel has it (%s)", (void*) overlapped,
               file->device->name);
  irp = nt_alloc(sizeof(*irp));
  nt_ref(file);
  irp->file = file;
  irp->process = nt_here();
  nt_ref(irp->process);
  irp->by = file->by;
  irp->what = what;
  irp->overlapped = overlapped;
  if (overlapped != NULL) {
    irp->event = event_of(overlapped);
    irp->no_packet = ((ULONG_PTR) overlapped->hEvent & 1) != 0;
    overlapped->Internal = (ULONG_PTR) ST_PENDING;
    overlapped->InternalHigh = 0;
  }
  if (!file->uncancellable && (file->port == NULL || irp->no_packet || irp->event != NULL))
    irp->thread = nt_self();
  if (irp->event != NULL) {
    nt_ref(irp->event);
    host_release(irp->event); /* whoever waits for it sees what was written before the call */
    irp->event->set = 0;
  } else {
    file->set = 0;
  }
  return irp;
}

static void destroy(struct nt_irp* irp) {
  nt_plan_over(irp);
  disown(irp);
  if (irp->event != NULL)
    nt_unref(irp->event);
  nt_unref(irp->file);
  nt_unref(irp->process);
  nt_free(irp->parts);
  nt_free(irp->kept);
  nt_free(irp);
}

void nt_irp_forget(struct nt_irp* irp) {
  destroy(irp);
}

__attribute__((no_sanitize("address"))) static void tell_overlapped(struct nt_irp* irp) {
  volatile OVERLAPPED* overlapped = irp->overlapped;

  overlapped->InternalHigh = irp->info;
  overlapped->Internal = (ULONG_PTR) (LONG_PTR) irp->status;
}

static void put_packet(void* arg) {
  struct nt_irp* irp = arg;
  struct nt_file* file = irp->file;

  /* Taken off meanwhile; or nobody is there any more who would dequeue it. */
  if (file->port == NULL || (nt_process_is_dying(irp->process) && nt_port_is_closed(file->port))) {
    nt_irp_release(irp);
    return;
  }
  nt_port_put(file->port, file->key, irp->overlapped, irp->status, irp->info, irp);
}

/* Later, but what is over first is told first, of one file object. */
static void later(struct nt_irp* irp, void (*what)(void* arg)) {
  uint64_t at = nt_now() + nt_latency();

  if (at < irp->file->finish_at)
    at = irp->file->finish_at;
  irp->file->finish_at = at;
  nt_later(at - nt_now(), what, irp);
}

static int must_be_late(const struct nt_irp* irp) {
  return irp->file->finish_at > nt_now() || nt_chance(nt_trouble.late);
}

/* Whoever asked is told: the OVERLAPPED, the event, the port. `pending`: the call has said so. */
static void finish(struct nt_irp* irp, int pending) {
  struct nt_file* file = irp->file;
  int packet = irp->overlapped != NULL && file->port != NULL && !irp->no_packet &&
               (pending || irp->status != ST_SUCCESS ||
                !(file->modes & FILE_SKIP_COMPLETION_PORT_ON_SUCCESS));

  if (irp->overlapped != NULL)
    tell_overlapped(irp);
  irp->finished = 1;
  if (irp->event != NULL) {
    host_release(irp->event);
    irp->event->set = 1;
  }
  /* Set also where there is an event, unless the file object's modes say not to. */
  if (!(file->modes & FILE_SKIP_SET_EVENT_ON_HANDLE)) {
    host_release(file);
    file->set = 1;
  }
  nt_trace("  done: %s, status %x, %llu bytes%s", file->device->name, (unsigned) irp->status,
           (unsigned long long) irp->info, packet ? ", a packet" : "");
  /* What is over at once has its packet in the port before the call returns. */
  if (packet && pending && irp->prompt == 1 && must_be_late(irp))
    later(irp, put_packet);
  else if (packet)
    put_packet(irp);
  else if (!irp->waited)
    nt_irp_release(irp);
}

void nt_irp_release(struct nt_irp* irp) {
  if (irp->owned_at != NULL && irp->overlapped != NULL) {
    check_overlapped(irp);
    host_unpoison(irp->overlapped, sizeof(*irp->overlapped));
  }
  destroy(irp);
}

static void unlink_irp(struct nt_irp* irp) {
  struct nt_file* file = irp->file;

  *(irp->prev != NULL ? &irp->prev->next : &file->first) = irp->next;
  *(irp->next != NULL ? &irp->next->prev : &file->last) = irp->prev;
}

static void finish_pending(void* arg) {
  struct nt_irp* irp = arg;

  unlink_irp(irp);
  if (irp->overlapped != NULL)
    check_overlapped(irp);
  nt_irp_unlock(irp);
  finish(irp, 1);
}

void nt_irp_pend(struct nt_irp* irp, void (*cancel)(struct nt_irp* irp)) {
  struct nt_file* file = irp->file;

  irp->state = NT_IRP_PENDING;
  irp->cancel = cancel;
  irp->prev = file->last;
  irp->next = NULL;
  *(file->last != NULL ? &file->last->next : &file->first) = irp;
  file->last = irp;
  nt_irp_lock(irp);
  if (irp->overlapped != NULL) {
    close_off(irp->overlapped);
    own(irp);
  }
  nt_plan_pending(irp);
}

void nt_irp_complete(struct nt_irp* irp, NTSTATUS status, ULONG_PTR info) {
  int was = (int) irp->state;

  irp->state = NT_IRP_DONE;
  irp->status = nt_plan_status(irp, status);
  irp->info = info;
  irp->cancel = NULL;
  if (was != NT_IRP_PENDING)
    return;
  if (!irp->prompt && must_be_late(irp))
    later(irp, finish_pending);
  else
    finish_pending(irp);
}

/* Whether it is asked for: all of the process, one of it, or those of a descriptor of it. */
static int is_meant(const struct nt_irp* irp, const OVERLAPPED* overlapped, HANDLE by) {
  return !irp->asked && irp->process == nt_here() &&
         (overlapped == NULL || irp->overlapped == overlapped) && (by == NULL || irp->by == by);
}

static unsigned cancel(struct nt_file* file, const OVERLAPPED* overlapped, HANDLE by) {
  struct nt_irp* irp;
  unsigned found = 0;

  for (irp = file->first; irp != NULL; irp = irp->next)
    irp->asked = 0;
again:
  for (irp = file->first; irp != NULL; irp = irp->next) {
    if (!is_meant(irp, overlapped, by))
      continue;
    irp->asked = 1;
    found++;
    if (irp->cancel != NULL) {
      /* The call waits for nobody: whatever it cancels may end after it ("CancelIoEx", remarks). */
      if (nt_chance(nt_trouble.late))
        irp->prompt = 0;
      irp->cancel(irp); /* May take it, and others, off the list. */
      goto again;
    }
  }
  return found;
}

unsigned nt_irp_cancel(struct nt_file* file, const OVERLAPPED* overlapped) {
  return file->uncancellable ? 0 : cancel(file, overlapped, NULL);
}

void nt_irp_hang_up(struct nt_file* file, HANDLE by) {
  if (file->uncancellable)
    (void) cancel(file, NULL, by);
}

/* ---- The end of who began it ---- */

void nt_irp_orphan(struct nt_irp* irp) {
  struct nt_file* file = irp->file;
  int locked = file->synchronous;

  nt_ref(file);
  irp->waited = 0;
  if (irp->finished)
    nt_irp_release(irp);
  else if (irp->cancel != NULL)
    irp->cancel(irp);
  if (locked)
    nt_file_unlock(file);
  nt_unref(file);
}

/* All that a process that ended has pending, on whosever file objects. */
void nt_io_abandon(struct nt_process* process) {
  struct nt_irp* irp;

again:
  for (irp = owned; irp != NULL; irp = irp->owned_next) {
    if (irp->process == process && irp->state == NT_IRP_PENDING && irp->cancel != NULL) {
      irp->cancel(irp);
      goto again;
    }
  }
}

/* All that a thread that ends has pending ("WSASend", remarks), but for what will be a packet and has no event
 * (test_async_thread_termination of Wine's tests, which were written against Windows). */
void nt_io_part(const struct nt_thread* thread) {
  struct nt_irp* irp;

again:
  for (irp = owned; irp != NULL; irp = irp->owned_next) {
    if (irp->thread != thread)
      continue;
    irp->thread = NULL;
    if (irp->state == NT_IRP_PENDING && irp->cancel != NULL) {
      irp->cancel(irp);
      goto again;
    }
  }
}

/* ---- For whoever watches ---- */

int nt_is_owed(const struct nt_file* file, const struct nt_irp* one) {
  const struct nt_irp* irp;

  for (irp = owned; irp != NULL; irp = irp->owned_next)
    if (irp->file == file || irp == one)
      return 1;
  return 0;
}

/* ---- What the call returns ---- */

static int is_finished(void* arg) {
  return ((struct nt_irp*) arg)->finished;
}

static int is_told_by_file(void* arg) {
  struct nt_irp* irp = arg;

  return irp->finished && !(irp->file->modes & FILE_SKIP_SET_EVENT_ON_HANDLE);
}

/* A caller without an OVERLAPPED on an overlapped file object waits for the object's event, which
 * some modes keep back: for ever then (golang/go#80979). */
static void wait_for(struct nt_irp* irp) {
  struct nt_thread* self = nt_self();

  irp->waited = 1;
  nt_thread_set_irp(self, irp);
  nt_wait_for_peer(irp->file->synchronous ? is_finished : is_told_by_file, irp, NT_NEVER,
                   irp->file->device->name);
  nt_thread_set_irp(self, NULL);
}

/* Over before the call returns. An error is the call's alone: nobody else is told, and Internal is
 * left at STATUS_PENDING. */
static NTSTATUS at_once(struct nt_irp* irp, ULONG_PTR* info) {
  NTSTATUS status = irp->status;

  *info = irp->info;
  if (ST_IS_ERROR(status)) {
    destroy(irp);
    return status;
  }
  if (irp->overlapped != NULL && irp->may_be_late && must_be_late(irp)) {
    nt_irp_pend(irp, NULL);
    irp->state = NT_IRP_DONE;
    later(irp, finish_pending);
    return ST_PENDING;
  }
  if (irp->overlapped != NULL && irp->file->port != NULL && !irp->no_packet &&
      (status != ST_SUCCESS || !(irp->file->modes & FILE_SKIP_COMPLETION_PORT_ON_SUCCESS))) {
    close_off(irp->overlapped); /* Until the packet is dequeued. */
    own(irp);
  }
  finish(irp, 0);
  return status;
}

NTSTATUS nt_irp_run(struct nt_irp* irp, ULONG_PTR* info) {
  struct nt_file* file = irp->file;
  int waits = irp->overlapped == NULL || file->synchronous;
  NTSTATUS status;

  if (!waits) {
    file->device->start(irp);
    if (irp->state == NT_IRP_DONE)
      return at_once(irp, info);
    return ST_PENDING;
  }
  nt_file_lock(file, file->device->name);
  if (file->synchronous && irp->overlapped != NULL)
    irp->no_packet = 1;
  file->device->start(irp);
  if (irp->state == NT_IRP_DONE)
    irp->waited = irp->finished = 1;
  else
    wait_for(irp);
  nt_file_unlock(file);
  status = irp->status;
  *info = irp->info;
  if (irp->overlapped != NULL)
    host_unpoison(irp->overlapped, sizeof(*irp->overlapped));
  if (irp->overlapped != NULL)
    tell_overlapped(irp);
  destroy(irp);
  return status;
}

BOOL nt_irp_run_win32(struct nt_irp* irp, DWORD* bytes) {
  ULONG_PTR info = 0;
  NTSTATUS status = nt_irp_run(irp, &info);

  if (bytes != NULL)
    *bytes = (DWORD) info;
  if (status == ST_SUCCESS)
    return TRUE;
  return nt_error(status == ST_PENDING ? ERROR_IO_PENDING : nt_status_error(status));
}

void nt_io_end(void) {
  if (owned != NULL)
    nt_fault("an operation (%s) was never joined: its OVERLAPPED is still the kernel's",
             owned->file->device->name);
}
