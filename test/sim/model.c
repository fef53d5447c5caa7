/* The state of the model: its beginning and end, and what must hold between two turns. */
#include "model.h"

#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#  if __has_feature(address_sanitizer)
#    define POISONS 1
#  endif
#elif defined(__SANITIZE_ADDRESS__)
#  define POISONS 1
#endif
#if defined(POISONS)
#  include <sanitizer/asan_interface.h>
#endif

struct model model;

enum {
  MOST_TURNS = 1 /* of a loop, when the system has said all: the next one does what is due */
};

/* ---- Memory of closed handles ---- */

enum {
  DEAD = 0xdb
};

static union uv_any_handle* grave[MODEL_HANDLES];
static int buried;

/* Nobody gets the memory again in this run: whoever still looks into it is seen by AddressSanitizer, and
 * whoever writes into it by us. */
void model_bury(union uv_any_handle* uv) {
  memset(uv, DEAD, sizeof(*uv));
#if defined(POISONS)
  __asan_poison_memory_region(uv, sizeof(*uv));
#endif
  grave[buried++] = uv;
}

static void dig_up(void) {
  const unsigned char* bytes;
  size_t i;

  for (; buried > 0; buried--) {
#if defined(POISONS)
    __asan_unpoison_memory_region(grave[buried - 1], sizeof(*grave[0]));
#endif
    bytes = (const unsigned char*) grave[buried - 1];
    for (i = 0; i < sizeof(*grave[0]); i++)
      if (bytes[i] != DEAD)
        sim_fail("L4: the memory of a closed handle was written to");
    free(grave[buried - 1]);
  }
}

/* ---- Between turns ---- */

static int has_requests(const struct model_handle* h) {
  return h->connect != NULL || h->writes != NULL || h->shutdown != NULL || model_asking(h) != NULL;
}

/* What keeps a loop going and is no matter of the handle's. */
static int has_others(const struct model_handle* h) {
  return h->hangup != NULL || h->asks != NULL;
}

static int is_active(const struct model_handle* h) {
  if (model_is_stream(h))
    return h->reading || h->state == STATE_LISTENING;
  return h->active;
}

/* Whether the system is to say something yet before the handle gets on: where it is the core's turn,
 * there is no excuse. */
static int waits_for_system(const struct model_handle* h) {
  if (model_is_stream(h))
    return sim_owes(&h->uv->stream.stream.io);
  if (h->kind == KIND_PROCESS)
    return sim_owes(&h->uv->process.io);
  return h->kind == KIND_SIGNAL && sim_owes(&h->uv->signal.io);
}

static void check_promptness(struct model_handle* h, int ran) {
  int due = h->kind == KIND_TIMER    ? h->active && h->due <= uv_now(h->loop)
            : h->kind == KIND_SIGNAL ? h->raised > 0
                                     : h->sent;

  if (h->kind != KIND_TIMER && h->kind != KIND_ASYNC && h->kind != KIND_SIGNAL)
    return;
  if (!due || h->closing)
    h->late = 0;
  else if (ran && !waits_for_system(h) && ++h->late > MOST_TURNS)
    sim_fail("L7: handle %d is due and does not run", h->number);
}

/* I3 */
void model_check_pending(const struct model_handle* h) {
  uv_handle_type type = h->pending_count == 0  ? UV_UNKNOWN_HANDLE
                        : h->pending[0].is_tcp ? UV_TCP
                                               : UV_NAMED_PIPE;

  if (!model_is_pipe(h) || h->closing)
    return;
  if (uv_pipe_pending_count(&h->uv->pipe) != h->pending_count ||
      uv_pipe_pending_type(&h->uv->pipe) != type)
    sim_fail("I3: handle %d has %d handles of type %d that wait", h->number,
             uv_pipe_pending_count(&h->uv->pipe), (int) uv_pipe_pending_type(&h->uv->pipe));
}

void model_check_turn(uv_loop_t* loop, int ran) {
  int alive = model_works_left(loop) > 0;
  int i;

  if (model_expected.what != EXPECT_ANY || model_buffer.handle != NULL)
    sim_fail("a turn ends, and handle %d owes a callback", model_buffer.handle != NULL
                                                               ? model_buffer.handle->number
                                                               : model_expected.handle->number);
  model_check_valid();
  if (sim_chance(5))
    model_work_keeps(loop);
  for (i = 0; i < model.count; i++) {
    struct model_handle* h = &model.handles[i];
    int active;

    if (h->closed || h->loop != loop)
      continue;
    h->runs_in_turn = 0;
    check_promptness(h, ran);
    if (h->kind == KIND_SIGNAL && !h->closing && h->raised != h->uv->signal.caught)
      sim_fail("signal handle %d is owed %u signals, and %u are kept for it", h->number, h->raised,
               h->uv->signal.caught);
    active = !h->closing && (is_active(h) || has_requests(h));
    if (!uv_is_active(&h->uv->handle) != !active)
      sim_fail("uv_is_active of handle %d is wrong", h->number);
    if (!uv_is_closing(&h->uv->handle) != !h->closing)
      sim_fail("uv_is_closing of handle %d is wrong", h->number);
    alive |= h->closing || has_requests(h) || has_others(h) || (is_active(h) && h->referenced);
    if (h->closing && ran && !waits_for_system(h) && ++h->close_turns > MOST_TURNS)
      sim_fail("L4: handle %d does not get closed", h->number);
    if (!model_is_stream(h))
      continue;
    model_check_size(h);
    model_check_pending(h);
    if (ran)
      model_limit_turned(h);
    if (h->read_fails && !h->closing)
      sim_fail("W4: handle %d still reads, and its connect failed", h->number);
    if (!uv_is_readable(&h->uv->stream) != !(h->readable && !h->closing) ||
        !uv_is_writable(&h->uv->stream) != !(h->writable && !h->closing))
      sim_fail("uv_is_readable or uv_is_writable of handle %d is wrong", h->number);
  }
  alive |= model_dials_linger(loop);
  if (!uv_loop_alive(loop) != !alive)
    sim_fail("L3: the loop is %s", alive ? "dead, and work is left" : "alive without any work");
}

static void start_loop(uv_loop_t* loop) {
  int r;

  memset(loop, 0xa7, sizeof(*loop));
  while ((r = uv_loop_init(loop)) < 0)
    if (r != UV_EMFILE)
      sim_fail("uv_loop_init is %d", r);
}

static void end_loop(uv_loop_t* loop) {
  int r = uv_loop_close(loop);

  if (r != 0)
    sim_fail("L3: uv_loop_close is %d", r);
}

void model_begin(void) {
  int i;

  memset(&model, 0, sizeof(model));
  model_system_begin();
  model_works_begin();
  model_dials_begin();
  model_moves_begin();
  for (i = 0; i < MODEL_LOOPS; i++) {
    start_loop(&model.loops[i]);
    if (uv_tcp_init(&model.loops[i], &model.strangers[i]) != 0)
      sim_fail("uv_tcp_init fails without a socket");
    model.strangers[i].data = NULL;
  }
}

void model_end(void) {
  int i;

  for (i = 0; i < MODEL_LOOPS; i++) {
    model.running = &model.loops[i];
    uv_close((uv_handle_t*) &model.strangers[i], NULL);
    if (uv_run(&model.loops[i], UV_RUN_DEFAULT) != 0 && /* It may have been stopped before. */
        uv_run(&model.loops[i], UV_RUN_DEFAULT) != 0)
      sim_fail("L3: a loop without handles is alive");
    end_loop(&model.loops[i]);
  }
  while (model_movings() > 0)
    model_drop_moving(); /* They are in no loop. */
  uv_library_shutdown(); /* The threads end. */
  dig_up();
  model_wire_end();
}
