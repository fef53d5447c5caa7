/* IOCTL_AFD_POLL, as far as it waits for the peer's end: AFD_POLL_DISCONNECT is told when the FIN has
 * arrived, whatever is unread before it, and AFD_POLL_ABORT after a reset. What the request looks like, and
 * that it is a request like others, is from those who wait for sockets by it (wepoll, mio). */
#include <string.h>

#include "afd.h"

enum {
  POLL_CODE = 0x12024,
  DISCONNECT = 0x08,
  ABORT = 0x10,
  TIMED_OUT = 0x102 /* STATUS_TIMEOUT */
};

/* AFD_POLL_INFO */
struct poll {
  int64_t timeout;
  ULONG count;
  ULONG exclusive;
  struct {
    HANDLE handle;
    ULONG events;
    LONG status;
  } of[1];
};

static ULONG events_of(const struct afd_sock* sock) {
  const struct afd_conn* conn = sock->conn;

  if (conn == NULL)
    return 0;
  return (conn->way[1 - sock->side].end_arrived ? DISCONNECT : 0u) |
         (conn->told[sock->side] ? ABORT : 0u);
}

/* What the system copies when the request is over; by hand, as ThreadSanitizer must not see it. */
static void answer(struct nt_irp* irp, ULONG count, ULONG events) {
  volatile struct poll* poll = irp->device;

  poll->count = count;
  poll->of[0].events = events;
}

static int tell(struct nt_irp* irp) {
  const struct poll* poll = irp->device;
  ULONG events = events_of((struct afd_sock*) irp->file) & poll->of[0].events;

  if (events == 0)
    return 0;
  answer(irp, 1, events);
  nt_irp_complete(irp, ST_SUCCESS, sizeof(struct poll));
  return 1;
}

static void cancel_poll(struct nt_irp* irp) {
  afd_irp_drop(&((struct afd_sock*) irp->file)->polls, irp);
  nt_irp_complete(irp, ST_CANCELLED, 0);
}

void afd_start_poll(struct nt_irp* irp) {
  const struct poll* poll = irp->device;

  irp->may_be_late = poll->timeout != 0;
  if (tell(irp))
    return;
  if (poll->timeout == 0) {
    answer(irp, 0, 0);
    nt_irp_complete(irp, TIMED_OUT, sizeof(struct poll));
    return;
  }
  afd_irp_put(&((struct afd_sock*) irp->file)->polls, irp);
  nt_irp_pend(irp, cancel_poll);
}

void afd_poll_hear(struct afd_conn* conn, int side) {
  struct nt_irp** at;

  if (conn->end[side] == NULL)
    return;
  at = &conn->end[side]->polls;
  while (*at != NULL) {
    struct nt_irp* irp = *at;
    struct nt_irp* next = irp->queue;

    if (tell(irp))
      *at = next;
    else
      at = &irp->queue;
  }
}

LONG NTAPI nt_device_control(HANDLE handle,
                             HANDLE event,
                             void* routine,
                             void* context,
                             void* status,
                             ULONG code,
                             void* in,
                             ULONG in_size,
                             void* out,
                             ULONG out_size) {
  struct nt_file* file;
  struct nt_irp* irp;
  struct poll* poll = in;
  ULONG_PTR info;
  LONG r;

  nt_enter("NtDeviceIoControlFile");
  file = nt_peek(handle, &nt_file_class, NULL);
  if (file == NULL)
    return ST_INVALID_HANDLE;
  if (file->device != &afd_device || code != POLL_CODE || routine != NULL || in != out ||
      in_size != sizeof(*poll) || out_size != sizeof(*poll) || poll->count != 1 ||
      poll->of[0].handle != handle || (poll->timeout != 0 && poll->timeout != INT64_MAX))
    nt_absent("NtDeviceIoControlFile of another kind");
  if (event != NULL) { /* One that only looks: over at once, with no packet. */
    if (context != NULL || poll->timeout != 0)
      nt_absent("NtDeviceIoControlFile with an event, that waits");
    poll->of[0].events &= events_of((struct afd_sock*) file);
    poll->count = poll->of[0].events != 0;
    return poll->count != 0 ? ST_SUCCESS : TIMED_OUT;
  }
  if (context != status)
    nt_absent("NtDeviceIoControlFile whose context is not its status");
  irp = nt_irp_begin(file, NT_CONTROL, context);
  irp->code = AFD_POLL;
  irp->device = poll;
  r = nt_irp_run(irp, &info);
  return r;
}
