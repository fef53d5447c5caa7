/* Facts about timers of high resolution, wait completion packets, and the clock that stands still while
 * the machine sleeps. Whether it does no probe can see. */
#include "facts.h"

enum {
  HIGH_RESOLUTION = 2, /* CREATE_WAITABLE_TIMER_HIGH_RESOLUTION, not in every header */
  SOON_MS = 100,
  LONG_MS = 5000,
  TRIES = 20,
  KEY = 7
};

typedef LONG(NTAPI* create_fn)(HANDLE* made, ACCESS_MASK access, void* attributes);
typedef LONG(NTAPI* associate_fn)(
    HANDLE, HANDLE, HANDLE, void* key, void* overlapped, LONG, ULONG_PTR, BOOLEAN* already);
typedef LONG(NTAPI* cancel_fn)(HANDLE packet, BOOLEAN also_signalled);
typedef VOID(WINAPI* clock_fn)(ULONGLONG* units);

static HANDLE make_timer(void) {
  return CreateWaitableTimerExW(NULL, NULL, HIGH_RESOLUTION, SYNCHRONIZE | TIMER_MODIFY_STATE);
}

static int set(HANDLE timer, LONG ms) {
  LARGE_INTEGER units;

  units.QuadPart = ms == 0 ? -1 : (LONGLONG) ms * -10000;
  return SetWaitableTimer(timer, &units, 0, NULL, NULL, FALSE) != 0;
}

static int timer_of_high_resolution(void) {
  HANDLE timer = make_timer();
  DWORD error = timer == NULL ? GetLastError() : 0;

  if (timer == NULL)
    return facts_note("error", error);
  CloseHandle(timer);
  return 1;
}

/* The best of some, each begun right behind a tick, so that whoever waits for the next one is known by
 * it. */
static int timer_is_exact(void) {
  HANDLE timer = make_timer();
  LARGE_INTEGER per_sec, from, to;
  LONGLONG best_us = 1000000;
  int i;

  if (timer == NULL)
    return -1;
  QueryPerformanceFrequency(&per_sec);
  for (i = 0; i < TRIES; i++) {
    LONGLONG us;

    Sleep(1);
    QueryPerformanceCounter(&from);
    if (!set(timer, 1) || WaitForSingleObject(timer, LONG_MS) != WAIT_OBJECT_0)
      break;
    QueryPerformanceCounter(&to);
    us = (to.QuadPart - from.QuadPart) * 1000000 / per_sec.QuadPart;
    if (us < best_us)
      best_us = us;
  }
  CloseHandle(timer);
  return best_us < 4000 ? 1 : facts_note("us", (unsigned long) best_us);
}

/* Signalled, and nobody has seen it. */
static void let_it_ring(HANDLE timer) {
  (void) set(timer, 0);
  Sleep(SOON_MS);
}

static int timer_set_anew_is_not_signalled(void) {
  HANDLE timer = make_timer();
  DWORD before, after;

  if (timer == NULL)
    return -1;
  let_it_ring(timer);
  before = WaitForSingleObject(timer, 0); /* which sets it back; so once more */
  let_it_ring(timer);
  (void) set(timer, LONG_MS);
  after = WaitForSingleObject(timer, 0);
  CloseHandle(timer);
  return before == WAIT_OBJECT_0 && after == WAIT_TIMEOUT ? 1 : facts_note("wait", after);
}

/* ---- Packets ---- */

struct scene {
  HANDLE timer;
  HANDLE port;
  HANDLE packet;
  OVERLAPPED overlapped; /* only its address is of interest */
};

static int begin(struct scene* scene) {
  create_fn create = (create_fn) facts_import("NtCreateWaitCompletionPacket");

  if (create == NULL)
    return 0;
  scene->timer = make_timer();
  if (scene->timer == NULL)
    return 0;
  scene->port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
  if (create(&scene->packet, GENERIC_READ | GENERIC_WRITE, NULL) >= 0)
    return 1;
  CloseHandle(scene->port);
  CloseHandle(scene->timer);
  return 0;
}

static LONG associate(struct scene* scene) {
  associate_fn call = (associate_fn) facts_import("NtAssociateWaitCompletionPacket");
  BOOLEAN already = FALSE;

  return call(scene->packet, scene->port, scene->timer, (void*) KEY, &scene->overlapped, 0, 0,
              &already);
}

static LONG cancel(struct scene* scene) {
  return ((cancel_fn) facts_import("NtCancelWaitCompletionPacket"))(scene->packet, TRUE);
}

static void end(struct scene* scene) {
  (void) cancel(scene);
  CloseHandle(scene->packet);
  CloseHandle(scene->timer);
  CloseHandle(scene->port);
}

static int came(struct scene* scene, DWORD timeout_ms) {
  return facts_packet(scene->port, timeout_ms) == &scene->overlapped;
}

static int packet_of_a_timer(void) {
  struct scene scene;
  int once, twice;

  if (!begin(&scene))
    return -1;
  (void) set(scene.timer, 1);
  (void) associate(&scene);
  once = came(&scene, LONG_MS);
  (void) set(scene.timer, 1);
  twice = came(&scene, SOON_MS);
  end(&scene);
  return once && !twice ? 1 : facts_note("packets", (unsigned long) (once + twice));
}

static int packet_of_a_timer_that_is_set_anew(void) {
  struct scene scene;
  int sooner;

  if (!begin(&scene))
    return -1;
  (void) set(scene.timer, 10 * LONG_MS);
  (void) associate(&scene);
  (void) set(scene.timer, 1);
  sooner = came(&scene, LONG_MS);
  end(&scene);
  return sooner ? 1 : facts_note("no packet", 0);
}

static int packet_of_what_is_signalled(void) {
  struct scene scene;
  int there;

  if (!begin(&scene))
    return -1;
  let_it_ring(scene.timer);
  (void) associate(&scene);
  there = came(&scene, LONG_MS);
  end(&scene);
  return there ? 1 : facts_note("no packet", 0);
}

static int packet_in_use_is_refused(void) {
  struct scene scene;
  LONG first, second;

  if (!begin(&scene))
    return -1;
  (void) set(scene.timer, LONG_MS);
  first = associate(&scene);
  second = associate(&scene);
  end(&scene);
  return first >= 0 && second < 0 ? 1 : facts_note("status", (unsigned long) second);
}

static int packet_that_is_cancelled(void) {
  struct scene scene;
  LONG first, second;
  int late;

  if (!begin(&scene))
    return -1;
  (void) set(scene.timer, 1);
  (void) set(scene.timer, SOON_MS);
  (void) associate(&scene);
  first = cancel(&scene);
  second = cancel(&scene);
  late = came(&scene, 2 * SOON_MS);
  end(&scene);
  return first == 0 && second < 0 && !late ? 1 : facts_note("status", (unsigned long) second);
}

/* ---- The clock ---- */

static int clock_that_sleeps(void) {
  HMODULE base = GetModuleHandleA("kernelbase.dll");
  clock_fn clock =
      base == NULL
          ? NULL
          : (clock_fn) (void (*)(void)) GetProcAddress(base, "QueryUnbiasedInterruptTimePrecise");
  ULONGLONG from = 0, to = 0;

  if (clock == NULL)
    return facts_note("there is none", 0);
  clock(&from);
  Sleep(SOON_MS);
  clock(&to);
  /* A wait may be a tick shorter. */
  return to - from >= (SOON_MS - 16) * 10000 ? 1 : facts_note("units", (unsigned long) (to - from));
}

const struct fact facts_of_timers[] = {
    {"timer_of_high_resolution", timer_of_high_resolution,
     "there are waitable timers of high resolution (10, 1803)", "CreateWaitableTimerExW"},
    {"timer_is_exact", timer_is_exact, "one of a millisecond takes no tick of 15.6 ms",
     "CreateWaitableTimerExW; go#44343"},
    {"timer_set_anew_is_not_signalled", timer_set_anew_is_not_signalled,
     "one that is set anew is not signalled before its new time", "SetWaitableTimer"},
    {"packet_of_a_timer", packet_of_a_timer,
     "a wait completion packet tells of a timer by a port, once (8)",
     "NtAssociateWaitCompletionPacket"},
    {"packet_of_a_timer_that_is_set_anew", packet_of_a_timer_that_is_set_anew,
     "it waits for the new time of a timer that is set meanwhile", "SetWaitableTimer"},
    {"packet_of_what_is_signalled", packet_of_what_is_signalled,
     "it comes at once when the timer is signalled already", "NtAssociateWaitCompletionPacket"},
    {"packet_in_use_is_refused", packet_in_use_is_refused,
     "while it waits it cannot be associated again", "NtAssociateWaitCompletionPacket"},
    {"packet_that_is_cancelled", packet_that_is_cancelled,
     "a cancelled one does not come, and is not there to be cancelled",
     "NtCancelWaitCompletionPacket"},
    {"clock_that_sleeps", clock_that_sleeps,
     "kernelbase has the clock of the time that the machine is awake (10)",
     "QueryUnbiasedInterruptTimePrecise"},
    {NULL, NULL, NULL, NULL},
};
