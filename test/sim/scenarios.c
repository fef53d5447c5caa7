/* Programs that once broke a rule, with their calls fixed and only the schedule left to chance:
 * unlike a seed they stay what they are when the random programs change. */
#include <string.h>

#include "model.h"
#include "program.h"

enum {
  NOBODY = 7000, /* ports that nothing listens on, and that a server has */
  SERVER = 7001,
  TURNS = 8,
  CROWD = 60
};

static struct model_handle* server(void) {
  struct model_handle* h = model_new(KIND_TCP, &model.loops[0]);

  if (h != NULL) {
    model_bind(h, SERVER);
    model_listen(h);
  }
  return h;
}

static struct model_handle* waiting_client(int port) {
  struct model_handle* h = model_new(KIND_TCP, &model.loops[0]);

  if (h == NULL)
    return NULL;
  model_connect(h, port);
  model_read_start(h);
  model_write(h, NULL);
  model_write(h, NULL);
  model_shutdown(h);
  return h;
}

static void turns(void) {
  int i;

  for (i = 0; i < TURNS; i++)
    program_turn();
}

/* What a failed connect cancels must not include what its callback starts anew. */
static void connect_again(struct model_handle* h) {
  if (strcmp(model.callback, "connect_cb") != 0 || h->state != STATE_OPEN)
    return;
  model_connect(h, SERVER);
  model_write(h, NULL);
  model_read_start(h);
  model_shutdown(h);
}

static void connect_again_after_failure(void) {
  (void) server();
  (void) waiting_client(NOBODY);
  model.script = connect_again;
  turns();
}

/* The end of the reading that waited for the connect must not end the listening. */
static void listen_instead(struct model_handle* h) {
  if (strcmp(model.callback, "connect_cb") == 0 && h->state == STATE_OPEN)
    model_listen(h);
}

static void listen_after_failed_connect(void) {
  (void) waiting_client(NOBODY);
  model.script = listen_instead;
  turns();
}

/* A write that failed is over, although its callback is still owed. */
static void cancel_all(struct model_handle* h) {
  if (strcmp(model.callback, "connect_cb") == 0) {
    model_cancel(h);
    model_cancel(h);
  }
}

static void cancel_of_a_failed_write(void) {
  (void) waiting_client(NOBODY);
  model.script = cancel_all;
  turns();
}

/* Ending the writes of a closed stream asks for a turn that it must not get. */
static void close_with_writes(void) {
  struct model_handle* h;

  (void) server();
  h = waiting_client(SERVER);
  if (sim_chance(50))
    program_turn();
  if (h != NULL)
    model_close(h, 0);
  turns();
}

/* A write that is done, and not yet collected, stands before one that a callback starts. */
static void write_blocking(struct model_handle* h) {
  if (h->kind != KIND_TCP || h->state != STATE_CONNECTED || h->closing || model.budget == 0)
    return;
  model.budget--;
  model_set_blocking(h, sim_chance(50));
  model_write(h, NULL);
}

static void blocking_write_in_a_callback(void) {
  struct model_handle* h = server();
  int i;

  for (i = 0; i < 3; i++) {
    h = model_new(KIND_TCP, &model.loops[0]);
    if (h == NULL)
      return;
    model_connect(h, SERVER);
    model_read_start(h);
    model_write(h, NULL);
    model_write(h, NULL);
  }
  model.budget = 40;
  model.script = write_blocking;
  turns();
  turns();
}

/* More of them than a turn takes, and nobody accepts anything meanwhile: the listener goes on by
 * itself. */
static void clients_that_gave_up(void) {
  int i;

  (void) server();
  sim_trouble.accept_error = 100;
  for (i = 0; i < CROWD; i++) {
    struct model_handle* h = model_new(KIND_TCP, &model.loops[0]);
    if (h != NULL)
      model_connect(h, SERVER);
  }
  turns();
}

/* Asyncs run between the system's rings and the turns that answer them: what rang and has had no
 * turn is closed there. */
static void close_what_rang(struct model_handle* h) {
  int i;

  if (h->kind == KIND_TCP) {
    if (strcmp(model.callback, "read_cb") == 0)
      model_shutdown(h);
    return;
  }
  for (i = 0; i < model.count; i++) {
    struct model_handle* other = &model.handles[i];

    if (other->kind == KIND_TCP && !other->closing && other->uv->stream.stream.io.rung != 0 &&
        sim_chance(40))
      model_close(other, 0);
  }
  if (model.budget-- > 0)
    model_send(h);
}

static void close_between_ring_and_turn(void) {
  struct model_handle* h = model_new(KIND_ASYNC, &model.loops[0]);
  int i;

  (void) server();
  for (i = 0; i < 6; i++)
    (void) waiting_client(SERVER);
  model.budget = 40;
  model.script = close_what_rang;
  if (h != NULL)
    model_send(h);
  turns();
  turns();
}

/* The same of what is no stream: a signal and a child's end that have rung, and have had no turn. */
static const struct uv__io* io_of(const struct model_handle* h) {
  return h->kind == KIND_SIGNAL ? &h->uv->signal.io : &h->uv->process.io;
}

static void stop_what_rang(struct model_handle* h) {
  int i;

  if (h->kind != KIND_ASYNC)
    return;
  for (i = 0; i < model.count; i++) {
    struct model_handle* other = &model.handles[i];

    if ((other->kind != KIND_SIGNAL && other->kind != KIND_PROCESS) || other->closing ||
        io_of(other)->rung == 0 || sim_chance(30))
      continue;
    if (other->kind == KIND_SIGNAL && sim_chance(60)) {
      model_stop(other);
      model_start(other);
    } else {
      model_close(other, 0);
    }
  }
  model_raise(1 + (int) sim_below(4));
  for (i = 0; i < 2; i++) { /* What is read in front of a wait leaves the rest to the next turn. */
    model_read_stop(&model.handles[i]);
    model_read_start(&model.handles[i]);
    model_write(&model.handles[i], NULL);
  }
  if (model.budget-- > 0)
    model_send(h);
}

static void stop_between_ring_and_turn(void) {
  struct model_handle* h = model_new(KIND_TCP, &model.loops[0]);
  int i;

  if (!(sim_has & SIM_HAS_SIGNALS) || h == NULL)
    return;
  model_open(h); /* With its peer the first two. */
  h = model_new(KIND_ASYNC, &model.loops[0]);
  if (h == NULL || model.count < 3)
    return;
  for (i = 0; i < 6; i++) {
    struct model_handle* watcher = model_new(KIND_SIGNAL, &model.loops[0]);
    if (watcher != NULL)
      model_start(watcher);
    if (sim_has & SIM_HAS_PROCESSES)
      model_spawn(&model.loops[0]);
  }
  model.budget = 60;
  model.script = stop_what_rang;
  model_send(h);
  turns();
  turns();
  turns();
}

/* A watcher that stops in its callback and begins anew is told of nothing that came before. */
static void begin_anew(struct model_handle* h) {
  if (h->kind != KIND_SIGNAL || h->closing || model.budget-- <= 0)
    return;
  model_stop(h);
  model_start(h);
}

static void signals_of_before_a_stop(void) {
  struct model_handle* h;
  int i;

  if (!(sim_has & SIM_HAS_SIGNALS))
    return;
  h = model_new(KIND_SIGNAL, &model.loops[0]);
  if (sim_chance(40))
    sim_trouble.control = 50; /* The next one may be refused, and then the old one, too. */
  model.budget = 40;
  model.script = begin_anew;
  for (i = 0; i < TURNS && h != NULL; i++) {
    model_start(h);
    model_raise(1 + (int) sim_below(4));
    model_raise(h->signum);
    model_raise(h->signum);
    program_turn();
  }
}

/* Handles go over a channel that is slow, and close in whatever phase that is. */
static void pass_and_close(void) {
  struct model_handle* from = NULL;
  struct model_handle* h;
  int i;

  if (!(sim_has & SIM_HAS_PIPES))
    return;
  from = model_new(KIND_IPC, &model.loops[0]);
  if (from == NULL)
    return;
  model_open(from);
  if (from->state != STATE_CONNECTED)
    return;
  for (i = 0; i < 24; i++) {
    h = model_new(sim_chance(50) ? KIND_TCP : KIND_PIPE, &model.loops[0]);
    if (h == NULL)
      return;
    switch (sim_below(4)) {
    case 0:
      model_open(h);
      break;
    case 1:
      model_bind(h, SERVER); /* Of many only the first gets it. */
      break;
    case 2:
      model_bind(h, SERVER + 1 + i);
      model_listen(h);
      break;
    default:
      model_bind(h, SERVER + 1 + i);
    }
    if (sim_chance(50))
      model_write(from, NULL);
    model_write(from, h);
    if (h->kind == KIND_TCP && sim_chance(20))
      model_dial(h, SERVER); /* Its socket is not free. */
    if (sim_chance(40))
      program_turn();
    if (sim_chance(50))
      model_close(h, 0);
    model_read_start(&model.handles[from->number + 1]);
  }
}

/* Something that can be passed, and now and then what cannot. */
static struct model_handle* make_passable(int number) {
  struct model_handle* h = model_new(sim_chance(50) ? KIND_TCP : KIND_PIPE, &model.loops[0]);

  if (h == NULL || sim_chance(3))
    return h;
  if (sim_chance(50)) {
    model_open(h);
    return h;
  }
  model_bind(h, SERVER + 1 + number);
  if (sim_chance(50))
    model_listen(h);
  return h;
}

/* Those that have not gone yet. */
static unsigned keep_open(struct model_handle** handles, unsigned count) {
  unsigned kept = 0;
  unsigned i;

  for (i = 0; i < count; i++)
    if (!handles[i]->closed)
      handles[kept++] = handles[i];
  return kept;
}

/* The same of several that go together, of which one may close, or be among those of the next write. */
static void pass_several_and_close(void) {
  struct model_handle* together[MODEL_TOGETHER];
  struct model_handle* from = NULL;
  unsigned count = 0;
  int i;

  if (!(sim_has & SIM_HAS_PIPES))
    return;
  from = model_new(KIND_IPC, &model.loops[0]);
  if (from == NULL)
    return;
  model_open(from);
  if (from->state != STATE_CONNECTED)
    return;
  for (i = 0; i < 32; i++) {
    together[count] = count > 0 && sim_chance(2) ? together[0] : make_passable(i);
    if (together[count] == NULL)
      return;
    if (++count < MODEL_TOGETHER && sim_chance(60))
      continue;
    if (sim_chance(30))
      model_write(from, NULL);
    count = keep_open(together, count);
    model_write_several(from, together, count);
    if (sim_chance(10))
      model_cancel(from);
    if (sim_chance(40))
      program_turn();
    count = keep_open(together, count);
    if (count > 0 && sim_chance(50))
      model_close(together[sim_below(count)], 0);
    model_read_start(&model.handles[from->number + 1]);
    if (sim_chance(70))
      count = 0;
    else if (count == MODEL_TOGETHER)
      count--;
  }
}

/* Work of all kinds is taken back in whatever phase that is. */
static void work_and_cancel(void) {
  int i;

  if (!(sim_has & SIM_HAS_THREADS))
    return;
  for (i = 0; i < 24; i++) {
    model_work(&model.loops[0]);
    if (sim_chance(40))
      model_work_cancel();
    if (sim_chance(20))
      program_turn();
  }
}

/* A client's names lead to a server, to nobody, to somebody who says nothing; and it gives up at any time. */
static void connect_to_names(void) {
  struct model_handle* h;
  int i;

  if (!(sim_has & SIM_HAS_THREADS))
    return;
  (void) server();
  for (i = 0; i < 16; i++) {
    h = model_new(KIND_TCP, &model.loops[0]);
    if (h == NULL)
      return;
    if (sim_chance(20))
      model_bind(h, SERVER + 2 + i);
    model_dial(h, sim_chance(50) ? SERVER : NOBODY);
    if (sim_chance(50)) {
      model_read_start(h);
      model_write(h, NULL);
      model_shutdown(h);
    }
    if (sim_chance(60))
      program_turn();
    if (sim_chance(20))
      model_dial_cancel(h);
    if (sim_chance(20))
      model_close(h, sim_chance(50));
  }
  turns();
}

/* Nothing goes over the gap of a file that fails, nor does what is written in a callback that comes before
 * that of the file. */
static int around; /* so often more */

static void write_around_a_file(struct model_handle* h) {
  if (strcmp(model.callback, "write_cb") != 0 || h->state != STATE_CONNECTED || around == 0)
    return;
  around--;
  model_write(h, NULL);
  if (sim_chance(60))
    model_send_file(h);
  model_write(h, NULL);
}

static void file_that_fails(void) {
  struct model_handle* h = model_new(KIND_TCP, &model.loops[0]);

  if (h == NULL)
    return;
  model_open(h);
  if (h->state != STATE_CONNECTED || model.count < 2)
    return;
  model_read_start(&model.handles[1]);
  around = 20;
  model.script = write_around_a_file;
  model_write(h, NULL);
  turns();
}

static const struct {
  const char* name;
  void (*run)(void);
} scenarios[] = {
    {"connect_again_after_failure", connect_again_after_failure},
    {"listen_after_failed_connect", listen_after_failed_connect},
    {"cancel_of_a_failed_write", cancel_of_a_failed_write},
    {"close_with_writes", close_with_writes},
    {"blocking_write_in_a_callback", blocking_write_in_a_callback},
    {"clients_that_gave_up", clients_that_gave_up},
    {"close_between_ring_and_turn", close_between_ring_and_turn},
    {"stop_between_ring_and_turn", stop_between_ring_and_turn},
    {"signals_of_before_a_stop", signals_of_before_a_stop},
    {"pass_and_close", pass_and_close},
    {"pass_several_and_close", pass_several_and_close},
    {"work_and_cancel", work_and_cancel},
    {"connect_to_names", connect_to_names},
    {"file_that_fails", file_that_fails},
};

int scenario_run(const char* name, uint64_t seed) {
  size_t i;

  for (i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
    if (strcmp(scenarios[i].name, name) != 0)
      continue;
    program_begin(seed);
    scenarios[i].run();
    model.script = NULL;
    program_end(sim_chance(60));
    return 1;
  }
  return 0;
}

const char* scenario_name(size_t number) {
  return number < sizeof(scenarios) / sizeof(scenarios[0]) ? scenarios[number].name : NULL;
}
