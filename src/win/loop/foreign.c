/* Operations on a file object that others have, too.
 *
 * A socket or a pipe end that was passed to us may be on the port of the process that made it, and
 * one that somebody shares with us has none of his. Packets would come out there, with addresses of
 * ours, or here, with theirs. So each operation brings an event instead, whose low bit, set, keeps
 * the packet back; a wait of the system's pool for that event posts the packet to our port. From
 * there on everything is as for other handles: an operation that is pending is completed by its packet,
 * and joined by it; one that ended in its call has none, so that what a write took counts at once, and the
 * next one goes to the system as well (rule W3).
 *
 * The event is set for both kinds, and the pool gets to it when it likes, which may be when the next
 * operation is pending already. So it says no more than that there is something to look at. */
#include "win/loop/loop.h"

#include "core/base/alloc.h"

enum {
  LOOKS = 8 /* Who passes something on closes his own soon after, or keeps it. */
};

/* Of an operation that flies nobody has the block but the system, until it is posted here. */
static void CALLBACK happened(void* context, BOOLEAN timed_out) {
  struct uv__foreign* foreign = context;

  (void) timed_out;
  if (!InterlockedCompareExchange(&foreign->flies, 0, 0) ||
      !uv__late_is_over(&foreign->op->overlapped))
    return;
  InterlockedExchange(&foreign->flies, 0);
  uv__loop_post(foreign->loop, foreign->op);
}

/* Where it was over before it was marked, its event may have been looked at in vain. */
void uv__foreign_began(struct uv__foreign* foreign) {
  InterlockedExchange(&foreign->flies, 1);
  if (uv__late_is_over(&foreign->op->overlapped))
    SetEvent(foreign->event);
}

static int begin(struct uv__foreign* foreign, uv_loop_t* loop, struct uv__op* op) {
  int r;

  foreign->loop = loop;
  foreign->flies = 0;
  foreign->event = CreateEventW(NULL, FALSE, FALSE, NULL);
  if (foreign->event == NULL)
    return uv__error_translate(GetLastError());
  uv__foreign_aim(foreign, op);
  if (RegisterWaitForSingleObject(&foreign->wait, foreign->event, happened, foreign, INFINITE,
                                  WT_EXECUTEINWAITTHREAD))
    return 0;
  r = uv__error_translate(GetLastError());
  CloseHandle(foreign->event);
  return r;
}

/* The operation has been joined, so that its callback has posted, or never will. This waits for
 * one that is about to return. */
static void end(struct uv__foreign* foreign) {
  UnregisterWaitEx(foreign->wait, INVALID_HANDLE_VALUE);
  CloseHandle(foreign->event);
}

void uv__foreign_aim(struct uv__foreign* foreign, struct uv__op* op) {
  foreign->op = op;
  op->overlapped.hEvent = (HANDLE) ((ULONG_PTR) foreign->event | 1);
}

int uv__foreign_begin(struct uv__io* io, struct uv__foreign_pair** made) {
  struct uv__foreign_pair* pair = uv__malloc(sizeof(*pair));
  int r;

  if (pair == NULL)
    return UV_ENOMEM;
  r = begin(&pair->in, io->loop, &io->tail.in);
  if (r == 0) {
    r = begin(&pair->out, io->loop, &io->tail.out);
    if (r < 0)
      end(&pair->in);
  }
  if (r < 0) {
    io->tail.in.overlapped.hEvent = NULL;
    io->tail.out.overlapped.hEvent = NULL;
    uv__free(pair);
    return r;
  }
  pair->looks = LOOKS;
  pair->more = NULL;
  pair->block = NULL;
  *made = pair;
  return 0;
}

void uv__foreign_end(struct uv__foreign_pair* pair) {
  end(&pair->in);
  end(&pair->out);
  uv__free(pair);
}

/* No operation is in the kernel, so that the pair serves nobody. */
int uv__foreign_leave(struct uv__io* io, struct uv__foreign_pair* pair) {
  if (pair->looks == 0 || pair->more != NULL || (io->tail.state & (UV__WIN_IN | UV__WIN_OUT)))
    return 0;
  pair->looks--;
  if (uv__object_is_shared(io->tail.u.handle))
    return 0;
  uv__foreign_end(pair);
  io->tail.in.overlapped.hEvent = NULL;
  io->tail.out.overlapped.hEvent = NULL;
  uv__win_clear(io, UV__WIN_FOREIGN);
  return 1;
}
