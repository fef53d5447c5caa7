/* Completion ports ("I/O Completion Ports", GetQueuedCompletionStatusEx). */
#include "sched.h"

struct packet {
  struct packet* next;
  ULONG_PTR key;
  OVERLAPPED* overlapped;
  NTSTATUS status;
  ULONG_PTR info;
  struct nt_irp* irp; /* NULL: posted by the program */
  struct nt_reserve* reserve;
};

/* The memory of one packet, which can be in one port. */
struct nt_reserve {
  struct nt_object object;
  int used;
};

int nt_has_reserves = 1;

struct nt_port {
  struct nt_object object;
  struct nt_port* next;
  struct packet* first;
  struct packet** last;
  struct packet* newest; /* of those that were put */
  int inside;            /* threads that wait to take one */
  int closed;
};

static struct nt_port* ports;

/* Waiting for a port consumes nothing, and who is there to take a packet has it. */
static int signalled(struct nt_object* object) {
  const struct nt_port* port = (const struct nt_port*) object;

  return port->first != NULL && port->inside == 0;
}

static struct packet* take(struct nt_port* port) {
  struct packet* packet = port->first;

  port->first = packet->next;
  if (port->first == NULL)
    port->last = &port->first;
  return packet;
}

/* Packets that the program posted may be left; those of operations are theirs to be joined by, unless
 * the process has ended. */
static void closed(struct nt_object* object, int last) {
  struct nt_port* port = (struct nt_port*) object;
  struct packet** at = &port->first;

  if (!last)
    return;
  port->closed = 1;
  while (*at != NULL) {
    struct packet* packet = *at;
    if (packet->irp == NULL) {
      at = &packet->next;
      continue;
    }
    if (!nt_process_is_dying(packet->irp->process))
      nt_fault("a port was closed that had a packet of OVERLAPPED %p, which nobody joined",
               (void*) packet->overlapped);
    *at = packet->next;
    nt_irp_release(packet->irp);
    nt_free(packet);
  }
  port->last = at;
}

int nt_port_is_closed(const struct nt_port* port) {
  return port->closed;
}

static void drop(struct packet* packet) {
  if (packet->reserve != NULL) {
    packet->reserve->used = 0;
    nt_unref(packet->reserve);
  }
  nt_free(packet);
}

static void destroy(struct nt_object* object) {
  struct nt_port* port = (struct nt_port*) object;
  struct nt_port** at = &ports;

  while (*at != port)
    at = &(*at)->next;
  *at = port->next;
  while (port->first != NULL)
    drop(take(port));
  nt_free(port);
}

int nt_is_posted(const OVERLAPPED* overlapped) {
  const struct nt_port* port;
  const struct packet* packet;

  for (port = ports; port != NULL; port = port->next)
    for (packet = port->first; packet != NULL; packet = packet->next)
      if (packet->overlapped == overlapped)
        return 1;
  return 0;
}

const struct nt_class nt_port_class = {
    .name = "port", .signalled = signalled, .closed = closed, .destroy = destroy};

void nt_port_put(struct nt_port* port,
                 ULONG_PTR key,
                 OVERLAPPED* overlapped,
                 NTSTATUS status,
                 ULONG_PTR info,
                 struct nt_irp* irp) {
  struct packet* packet = nt_alloc(sizeof(*packet));

  packet->key = key;
  packet->overlapped = overlapped;
  packet->status = status;
  packet->info = info;
  packet->irp = irp;
  host_release(port);
  *port->last = packet;
  port->last = &packet->next;
  port->newest = packet;
}

/* ---- Reserve objects (phnt, ntexapi.h and ntioapi.h: no page of Microsoft's has them) ---- */

static void reserve_destroy(struct nt_object* object) {
  nt_free(object);
}

LONG NTAPI nt_allocate_reserve(HANDLE* made, void* attributes, int type);
LONG NTAPI nt_post_reserve(
    HANDLE handle, HANDLE with, void* key, void* overlapped, LONG status, ULONG_PTR info);

static const struct nt_class reserve_class = {.name = "reserve", .destroy = reserve_destroy};

LONG NTAPI nt_allocate_reserve(HANDLE* made, void* attributes, int type) {
  struct nt_reserve* reserve;

  nt_enter("NtAllocateReserveObject");
  if (attributes != NULL || type != 1)
    nt_absent("a reserve object with a name, or for routines");
  if (!nt_has_reserves)
    return (LONG) 0xc0000002; /* STATUS_NOT_IMPLEMENTED */
  reserve = nt_object_new(&reserve_class, sizeof(*reserve));
  *made = nt_handle(reserve, 0x1f0003, 0);
  nt_unref(reserve);
  return ST_SUCCESS;
}

LONG NTAPI nt_post_reserve(
    HANDLE handle, HANDLE with, void* key, void* overlapped, LONG status, ULONG_PTR info) {
  struct nt_reserve* reserve;
  struct nt_port* port;

  nt_enter("NtSetIoCompletionEx");
  port = nt_find(handle, &nt_port_class, 0);
  reserve = nt_find(with, &reserve_class, 0);
  if (port == NULL || reserve == NULL)
    return ST_INVALID_HANDLE;
  if (reserve->used)
    return (LONG) 0xc000000d; /* STATUS_INVALID_PARAMETER */
  reserve->used = 1;
  nt_ref(reserve);
  nt_port_put(port, (ULONG_PTR) key, overlapped, status, info, NULL);
  port->newest->reserve = reserve;
  return ST_SUCCESS;
}

/* ---- Ports ---- */

static HANDLE make(struct nt_file* file, ULONG_PTR key) {
  struct nt_port* port = nt_object_new(&nt_port_class, sizeof(*port));
  HANDLE handle;

  port->next = ports;
  ports = port;
  port->last = &port->first;
  if (file != NULL) {
    nt_ref(port);
    file->port = port;
    file->key = key;
  }
  handle = nt_handle(port, 0x1f0003, 0);
  nt_unref(port);
  return handle;
}

/* A file object has one port for life; one that is synchronous can have none. */
HANDLE WINAPI CreateIoCompletionPort(HANDLE handle,
                                     HANDLE port_handle,
                                     ULONG_PTR key,
                                     DWORD threads) {
  struct nt_file* file;
  struct nt_port* port;

  nt_enter("CreateIoCompletionPort");
  (void) threads;
  if (handle == INVALID_HANDLE_VALUE) {
    if (port_handle == NULL)
      return make(NULL, 0);
    nt_error(ERROR_INVALID_PARAMETER);
    return NULL;
  }
  file = nt_find(handle, &nt_file_class, 0);
  port = port_handle == NULL ? NULL : nt_find(port_handle, &nt_port_class, 0);
  if (file == NULL || (port == NULL && port_handle != NULL))
    return NULL;
  if (file->port != NULL || file->synchronous) {
    nt_error(ERROR_INVALID_PARAMETER);
    return NULL;
  }
  if (port == NULL)
    return make(file, key);
  nt_ref(port);
  file->port = port;
  file->key = key;
  return port_handle;
}

BOOL WINAPI PostQueuedCompletionStatus(HANDLE handle,
                                       DWORD bytes,
                                       ULONG_PTR key,
                                       LPOVERLAPPED overlapped) {
  struct nt_port* port;

  nt_enter("PostQueuedCompletionStatus");
  port = nt_find(handle, &nt_port_class, 0);
  if (port == NULL)
    return FALSE;
  nt_port_put(port, key, overlapped, ST_SUCCESS, bytes, NULL);
  return TRUE;
}

static int has_news(void* arg) {
  struct nt_port* port = arg;

  return port->first != NULL || port->closed;
}

static void hand_out(struct nt_port* port, OVERLAPPED_ENTRY* entry) {
  struct packet* packet = take(port);

  entry->lpCompletionKey = packet->key;
  entry->lpOverlapped = packet->overlapped;
  entry->Internal = (ULONG_PTR) (LONG_PTR) packet->status;
  entry->dwNumberOfBytesTransferred = (DWORD) packet->info;
  if (packet->irp != NULL)
    nt_irp_release(packet->irp);
  drop(packet);
}

BOOL WINAPI GetQueuedCompletionStatusEx(HANDLE handle,
                                        LPOVERLAPPED_ENTRY entries,
                                        ULONG room,
                                        PULONG count,
                                        DWORD timeout_ms,
                                        BOOL alertable) {
  struct nt_port* port;
  ULONG most = room;
  ULONG n = 0;
  int closed;

  nt_enter("GetQueuedCompletionStatusEx");
  (void) alertable; /* There are no routines to be called (QueueUserAPC is absent). */
  port = nt_find(handle, &nt_port_class, 0);
  if (port == NULL)
    return FALSE;
  nt_thread_mark_loops(nt_self());
  nt_ref(port);
  port->inside++;
  (void) nt_wait_for_packet(has_news, port, nt_due(timeout_ms));
  port->inside--;
  host_acquire(port);
  /* It says how many it has, not that it has all. */
  if (nt_chance(nt_trouble.shorter))
    most = 1 + nt_below(room);
  while (n < most && port->first != NULL)
    hand_out(port, &entries[n++]);
  closed = port->closed;
  nt_unref(port);
  *count = n > 0 ? n : nt_below(room + 1); /* A failure says nothing by it. */
  if (n > 0)
    return TRUE;
  return nt_error(closed ? ERROR_ABANDONED_WAIT_0 : WAIT_TIMEOUT);
}
