/* Failures that a test plans: the n-th operation of a kind that became pending ends with a status of
 * the test's choice. What fails before an operation began is planned elsewhere (faults_native.c). */
#include "sched.h"

#include <string.h>

static struct {
  const char* device;
  enum nt_what what;
  long left; /* 0: nothing is planned */
  long seen;
  NTSTATUS status;
  struct nt_irp* irp;     /* the one, */
  struct nt_later* later; /* until it happens */
  int now;                /* it happens */
} plan;

void nt_plan(const char* device, enum nt_what what, long n, NTSTATUS status) {
  plan.device = device;
  plan.what = what;
  plan.left = n;
  plan.seen = 0;
  plan.status = status;
}

long nt_plan_seen(void) {
  return plan.seen;
}

/* It leaves its device in the way of a cancelled one. */
static void fail(void* arg) {
  struct nt_irp* irp = arg;

  plan.later = NULL;
  if (irp->cancel == NULL)
    return; /* Over already, and told a little later. */
  plan.now = 1;
  nt_trace("  as planned: %s fails with %x", irp->file->device->name, (unsigned) plan.status);
  irp->cancel(irp);
  plan.now = 0;
}

void nt_plan_pending(struct nt_irp* irp) {
  if (plan.left == 0 || irp->what != plan.what || irp->overlapped == NULL ||
      (plan.device != NULL && strcmp(plan.device, irp->file->device->name) != 0))
    return;
  plan.seen++;
  if (--plan.left > 0)
    return;
  plan.irp = irp;
  plan.later = nt_later(nt_latency(), fail, irp);
}

NTSTATUS nt_plan_status(const struct nt_irp* irp, NTSTATUS status) {
  return irp == plan.irp && plan.now ? plan.status : status;
}

void nt_plan_over(const struct nt_irp* irp) {
  if (irp != plan.irp)
    return;
  if (plan.later != NULL)
    nt_later_not(plan.later);
  plan.later = NULL;
  plan.irp = NULL;
}
