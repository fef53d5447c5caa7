/* What runs on the threads of the pool: work, lookups, numbers by chance. Each request ends with exactly
 * one callback; that says UV_ECANCELED, and of a lookup UV_EAI_CANCELED, when and only when a cancel was
 * accepted, and then nothing of it ran. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

enum kind {
  WORK_CPU,
  WORK_NAME,
  WORK_ADDRESS,
  WORK_BYTES,
  KINDS
};

enum {
  MOST_WORKS = 40
};

struct model_work {
  union {
    uv_req_t any;
    uv_work_t work;
    uv_getaddrinfo_t name;
    uv_getnameinfo_t address;
    uv_random_t random;
  } req;
  enum kind kind;
  int number;
  uv_loop_t* loop;
  unsigned long asked_at; /* by how often others had run */
  int began;
  int ended; /* of work: its function has returned */
  int answer;
  int cancelled;
  char bytes[4];
};

static struct model_work* works[MOST_WORKS]; /* that have not called back */
static int count;
static int next_number;

void model_works_begin(void) {
  count = 0;
  next_number = 1;
}

int model_works_left(const uv_loop_t* loop) {
  int left = 0;
  int i;

  for (i = 0; i < count; i++)
    left += loop == NULL || works[i]->loop == loop;
  return left;
}

int model_works_cancelled(const uv_loop_t* loop) {
  int cancelled = 0;
  int i;

  for (i = 0; i < count; i++)
    cancelled += works[i]->loop == loop && works[i]->cancelled;
  return cancelled;
}

/* ---- On a thread of the pool ---- */

static void begin(struct model_work* w) {
  if (sim_on_main())
    sim_fail("work %d runs on the thread of its loop", w->number);
  if (w->cancelled)
    sim_fail("work %d runs, and its cancel was accepted", w->number);
  if (w->began)
    sim_fail("work %d runs twice", w->number);
  w->began = 1;
  sim_trace("  work %d begins", w->number);
}

static void on_work(uv_work_t* req) {
  struct model_work* w = req->data;
  unsigned pauses = sim_below(6);

  begin(w);
  while (pauses-- > 0)
    sim_pause();
  w->ended = 1;
}

static struct model_work* work_of(enum kind kind, int number, const void* bytes) {
  int i;

  for (i = 0; i < count; i++)
    if (works[i]->kind == kind &&
        (bytes != NULL ? works[i]->bytes == bytes : works[i]->number == number))
      return works[i];
  sim_fail("a thread asks for what nobody wants to know");
  return NULL;
}

static int answer(struct model_work* w) {
  begin(w);
  return w->answer;
}

int model_asked_for_name(const char* node, int family, struct sockaddr_storage* to, int most) {
  struct sockaddr_in* addr = (struct sockaddr_in*) to;
  struct model_work* w;
  int r;

  if (*node == 'd')
    return model_dial_look_up(atoi(node + 1), family, to, most);
  w = work_of(WORK_NAME, atoi(node + 1), NULL);
  r = answer(w);
  if (r < 0)
    return r;
  addr->sin_family = AF_INET;
  addr->sin_port = htons((unsigned short) w->number);
  return 1;
}

int model_asked_for_address(const struct sockaddr* addr) {
  int number = ntohs(((const struct sockaddr_in*) addr)->sin_port);

  return answer(work_of(WORK_ADDRESS, number, NULL));
}

int model_asked_for_bytes(const void* buf) {
  return answer(work_of(WORK_BYTES, 0, buf));
}

/* ---- The callbacks ---- */

static void check_end(const struct model_work* w, int status) {
  int want = w->answer;

  if (w->cancelled)
    want = w->kind == WORK_NAME || w->kind == WORK_ADDRESS ? UV_EAI_CANCELED : UV_ECANCELED;
  if (status != want)
    sim_fail("work %d, of kind %d, ends with %d, not %d", w->number, (int) w->kind, status, want);
  if (!w->cancelled && (!w->began || (w->kind == WORK_CPU && !w->ended)))
    sim_fail("work %d is over, and has not run", w->number);
}

static void end(void* data, const uv_loop_t* loop, int status) {
  struct model_work* w = data;
  int i = 0;

  model_enter_callback("work_cb");
  sim_trace("work %d ends with %d", w->number, status);
  while (i < count && works[i] != w)
    i++;
  if (i == count)
    sim_fail("L2: a callback of work that is over");
  if (!sim_on_main() || w->loop != model.running || loop != w->loop)
    sim_fail("work %d calls back on another loop's thread", w->number);
  check_end(w, status);
  works[i] = works[--count];
  model.progress++;
  memset(w, 0xdb, sizeof(*w)); /* The request is the program's again. */
  free(w);
  program_in_callback(NULL);
}

static void on_work_end(uv_work_t* req, int status) {
  end(req->data, req->loop, status);
}

static void on_name(uv_getaddrinfo_t* req, int status, struct addrinfo* found) {
  const struct model_work* w = req->data;

  if ((status == 0) != (found != NULL))
    sim_fail("lookup %d ends with %d and %s list", w->number, status, found ? "a" : "no");
  if (found != NULL && ntohs(((const struct sockaddr_in*) found->ai_addr)->sin_port) != w->number)
    sim_fail("lookup %d gets the answer of another", w->number);
  uv_freeaddrinfo(found);
  end(req->data, req->loop, status);
}

static void on_address(uv_getnameinfo_t* req, int status, const char* host, const char* service) {
  const struct model_work* w = req->data;

  if ((status == 0) != (host != NULL) || (status == 0) != (service != NULL))
    sim_fail("lookup %d ends with %d, and names that do not fit", w->number, status);
  end(req->data, req->loop, status);
}

static void on_bytes(uv_random_t* req, int status, void* buf, size_t size) {
  const struct model_work* w = req->data;

  if (buf != w->bytes || size != sizeof(w->bytes))
    sim_fail("random request %d gets another buffer", w->number);
  end(req->data, req->loop, status);
}

/* ---- The calls ---- */

static int any_answer(enum kind kind) {
  if (kind == WORK_CPU || sim_chance(60))
    return 0;
  return kind == WORK_BYTES ? UV_EIO : sim_chance(50) ? UV_EAI_NONAME : UV_EAI_AGAIN;
}

static int ask(struct model_work* w) {
  struct sockaddr_in addr;
  char node[16];

  switch (w->kind) {
  case WORK_CPU:
    return uv_queue_work(w->loop, &w->req.work, on_work, on_work_end);
  case WORK_NAME:
    snprintf(node, sizeof(node), "w%d", w->number);
    return uv_getaddrinfo(w->loop, &w->req.name, on_name, node, sim_chance(50) ? "80" : NULL, NULL);
  case WORK_ADDRESS:
    memset(&addr, 0, sizeof(addr));
    addr.sin_family = AF_INET;
    addr.sin_port = htons((unsigned short) w->number);
    return uv_getnameinfo(w->loop, &w->req.address, on_address, (const struct sockaddr*) &addr, 0);
  default:
    return uv_random(w->loop, &w->req.random, w->bytes, sizeof(w->bytes), 0, on_bytes);
  }
}

void model_work(uv_loop_t* loop) {
  struct model_work* w;
  int no_memory;
  int r;

  if (count == MOST_WORKS)
    return;
  w = model_memory(sizeof(*w));
  w->kind = (enum kind) sim_below(KINDS);
  w->number = next_number++;
  w->loop = loop;
  w->began = 0;
  w->ended = 0;
  w->cancelled = 0;
  w->answer = any_answer(w->kind);
  w->req.any.data = w;
  w->asked_at = sim_others_ran();
  works[count++] = w; /* Others may run before the call returns. */
  no_memory = w->kind == WORK_NAME && sim_chance(4);
  model_enter_call();
  sim_alloc_fail = no_memory;
  r = ask(w);
  sim_alloc_fail = 0;
  sim_trace("work %d of kind %d: %d", w->number, (int) w->kind, r);
  if (no_memory ? r != UV_ENOMEM : r != 0 && (r != UV_EAGAIN || model_port_error() != r))
    sim_fail("work %d is refused with %d", w->number, r);
  if (r < 0) {
    if (w->began)
      sim_fail("work %d is refused, and runs", w->number);
    count--;
    free(w);
  }
  model_leave_call(NULL);
}

/* While nobody else has run it waits, and then a cancel is accepted. */
static void cancel(struct model_work* w) {
  int waits;
  int r;

  sim_mark(w->cancelled ? MARK_WORK_CANCEL_AGAIN
           : w->ended   ? MARK_WORK_CANCEL_ENDED
           : w->began   ? MARK_WORK_CANCEL_RUNNING
                        : MARK_WORK_CANCEL_WAITING);
  model_enter_call();
  r = uv_cancel(&w->req.any);
  waits = !w->cancelled && sim_others_ran() == w->asked_at; /* They may have within the call. */
  sim_trace("cancel of work %d: %d", w->number, r);
  if (r == 0 ? w->began || w->cancelled : r != UV_EBUSY || waits)
    sim_fail("uv_cancel of work %d is %d, and it %s", w->number, r,
             w->cancelled ? "was cancelled"
             : w->began   ? "has begun"
                          : "waits");
  if (r == 0)
    w->cancelled = 1;
  model_leave_call(NULL);
}

void model_work_cancel(void) {
  if (count > 0)
    cancel(works[sim_below((unsigned) count)]);
}

/* A loop that has work does not end (L3). */
void model_work_keeps(uv_loop_t* loop) {
  if (model_works_left(loop) > 0 && uv_loop_close(loop) != UV_EBUSY)
    sim_fail("L3: a loop closes with work under way");
}
