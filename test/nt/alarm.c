/* Timers of high resolution (CreateWaitableTimerExW), and packets that tell of them (wait completion
 * packets: NtAssociateWaitCompletionPacket and its two companions, in Microsoft's "DevNotes"). Both for
 * what src/win does with them: a timer that a wait sets back, without period and routine, and packets of
 * such timers. Their time-outs, like all others, do not run while the machine sleeps. */
#include "sched.h"

enum {
  HIGH_RESOLUTION = 2,
  MODIFY_STATE = 2,
  LATE = 5000 /* Half a millisecond: they have the resolution of the machine's timer. */
};

struct packet;

struct timer {
  struct nt_object object;
  struct nt_later* later; /* NULL: it is not to come */
  struct packet* packet;  /* who waits for it; not referenced */
  int set;
};

struct packet {
  struct nt_object object;
  struct timer* timer; /* referenced, as the port; NULL: none */
  struct nt_port* port;
  ULONG_PTR key;
  OVERLAPPED* overlapped;
  NTSTATUS status;
  ULONG_PTR info;
};

int nt_has_exact_timers = 1;
int nt_has_wait_packets = 1;

static void let_go(struct packet* packet) {
  struct timer* timer = packet->timer;

  timer->packet = NULL;
  packet->timer = NULL;
  nt_unref(packet->port);
  nt_unref(timer);
}

/* A wait that is over sets the timer back. */
static void tell(struct timer* timer) {
  struct packet* packet = timer->packet;

  if (packet == NULL || !timer->set)
    return;
  timer->set = 0;
  nt_port_put(packet->port, packet->key, packet->overlapped, packet->status, packet->info, NULL);
  let_go(packet);
}

/* ---- Timers ---- */

static int timer_signalled(struct nt_object* object) {
  return ((struct timer*) object)->set;
}

static void timer_satisfied(struct nt_object* object) {
  ((struct timer*) object)->set = 0;
}

static void unset(struct timer* timer) {
  if (timer->later != NULL)
    nt_later_not(timer->later);
  timer->later = NULL;
  timer->set = 0;
}

static void timer_destroy(struct nt_object* object) {
  unset((struct timer*) object);
  nt_free(object);
}

static const struct nt_class timer_class = {.name = "timer",
                                            .signalled = timer_signalled,
                                            .satisfied = timer_satisfied,
                                            .destroy = timer_destroy};

static void ring(void* arg) {
  struct timer* timer = arg;

  timer->later = NULL;
  timer->set = 1;
  host_release(timer);
  tell(timer);
}

HANDLE WINAPI CreateWaitableTimerExW(LPSECURITY_ATTRIBUTES security,
                                     LPCWSTR name,
                                     DWORD flags,
                                     DWORD access) {
  struct timer* timer;
  HANDLE handle;

  nt_enter("CreateWaitableTimerExW");
  if (security != NULL || name != NULL || flags != HIGH_RESOLUTION)
    nt_absent("CreateWaitableTimerExW of other than a nameless timer of high resolution");
  if (!nt_has_exact_timers) {
    nt_error(ERROR_INVALID_PARAMETER);
    return NULL;
  }
  timer = nt_object_new(&timer_class, sizeof(*timer));
  handle = nt_handle(timer, access, 0);
  nt_unref(timer);
  return handle;
}

BOOL WINAPI SetWaitableTimer(HANDLE handle,
                             const LARGE_INTEGER* due,
                             LONG period_ms,
                             PTIMERAPCROUTINE routine,
                             LPVOID arg,
                             BOOL resume) {
  struct timer* timer;

  nt_enter("SetWaitableTimer");
  if (period_ms != 0 || routine != NULL || arg != NULL || resume || due->QuadPart >= 0)
    nt_absent("SetWaitableTimer of other than a time from now on");
  timer = nt_find(handle, &timer_class, MODIFY_STATE);
  if (timer == NULL)
    return FALSE;
  unset(timer);
  timer->later = nt_later((uint64_t) -due->QuadPart + nt_below(LATE), ring, timer);
  return TRUE;
}

/* ---- Packets ---- */

static void packet_closed(struct nt_object* object, int last) {
  if (last && ((struct packet*) object)->timer != NULL)
    nt_fault("a wait completion packet is closed while it waits");
}

static void packet_destroy(struct nt_object* object) {
  nt_free(object);
}

static const struct nt_class packet_class = {
    .name = "wait completion packet", .closed = packet_closed, .destroy = packet_destroy};

LONG NTAPI nt_create_wait_packet(HANDLE* made, ACCESS_MASK access, void* attributes);
LONG NTAPI nt_associate_wait_packet(HANDLE handle,
                                    HANDLE port,
                                    HANDLE object,
                                    void* key,
                                    void* overlapped,
                                    LONG status,
                                    ULONG_PTR info,
                                    BOOLEAN* already);
LONG NTAPI nt_cancel_wait_packet(HANDLE handle, BOOLEAN also_signalled);

LONG NTAPI nt_create_wait_packet(HANDLE* made, ACCESS_MASK access, void* attributes) {
  struct packet* packet;

  nt_enter("NtCreateWaitCompletionPacket");
  if (attributes != NULL)
    nt_absent("a wait completion packet with a name");
  if (!nt_has_wait_packets)
    return (LONG) 0xc0000002; /* STATUS_NOT_IMPLEMENTED */
  packet = nt_object_new(&packet_class, sizeof(*packet));
  *made = nt_handle(packet, access, 0);
  nt_unref(packet);
  return ST_SUCCESS;
}

/* "This object must not be in use." */
LONG NTAPI nt_associate_wait_packet(HANDLE handle,
                                    HANDLE port,
                                    HANDLE object,
                                    void* key,
                                    void* overlapped,
                                    LONG status,
                                    ULONG_PTR info,
                                    BOOLEAN* already) {
  struct packet* packet;
  struct timer* timer;

  nt_enter("NtAssociateWaitCompletionPacket");
  packet = nt_find(handle, &packet_class, 0);
  timer = nt_find(object, &timer_class, 0);
  if (packet == NULL || timer == NULL || nt_find(port, &nt_port_class, 0) == NULL)
    return ST_INVALID_HANDLE;
  if (packet->timer != NULL)
    return ST_INVALID_PARAMETER;
  if (timer->packet != NULL)
    nt_absent("a second packet of one timer");
  packet->timer = timer;
  packet->port = nt_find(port, &nt_port_class, 0);
  nt_ref(timer);
  nt_ref(packet->port);
  packet->key = (ULONG_PTR) key;
  packet->overlapped = overlapped;
  packet->status = status;
  packet->info = info;
  timer->packet = packet;
  *already = (BOOLEAN) timer->set;
  tell(timer);
  return ST_SUCCESS;
}

/* One that is in the port is not looked for there: the port is about to be closed. */
LONG NTAPI nt_cancel_wait_packet(HANDLE handle, BOOLEAN also_signalled) {
  struct packet* packet;

  nt_enter("NtCancelWaitCompletionPacket");
  (void) also_signalled;
  packet = nt_find(handle, &packet_class, 0);
  if (packet == NULL)
    return ST_INVALID_HANDLE;
  if (packet->timer == NULL)
    return ST_CANCELLED;
  let_go(packet);
  return ST_SUCCESS;
}
