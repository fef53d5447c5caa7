/* Which calls a program makes, when the loop turns, and how it ends. The rules are the
 * model's; here is only chance. */
#include "program.h"

#include <string.h>

#include "model.h"

enum {
  PORTS = 3,
  FIRST_PORT = 7000,
  DRAIN_TURNS = 300, /* without a byte, and it is a hang */
  CLOSE_TURNS = 200,
  POLLS = 40 /* of a uv_run that waits for uv_stop */
};

static struct model_handle* any(void) {
  int tries;

  for (tries = 0; tries < 8 && model.count > 0; tries++) {
    struct model_handle* h = &model.handles[sim_below((unsigned) model.count)];
    if (!h->closed)
      return h;
  }
  return NULL;
}

static struct model_handle* any_stream(void) {
  int tries;

  for (tries = 0; tries < 8; tries++) {
    struct model_handle* h = any();
    if (h != NULL && model_is_stream(h))
      return h;
  }
  return NULL;
}

static int any_port(void) {
  return FIRST_PORT + (int) sim_below(PORTS);
}

static uv_loop_t* any_loop(void) {
  return &model.loops[(sim_has & SIM_HAS_LOOPS) && sim_chance(20)];
}

/* Of a stream. */
static enum model_kind any_kind(void) {
  if (!(sim_has & SIM_HAS_PIPES) || sim_chance(50))
    return KIND_TCP;
  return sim_chance(30) ? KIND_PIPE : KIND_IPC;
}

static void make_handle(void) {
  uv_loop_t* loop = any_loop();

  if (sim_chance(60))
    (void) model_new(any_kind(), loop);
  else if ((sim_has & SIM_HAS_PROCESSES) && sim_chance(20))
    model_spawn(loop);
  else if ((sim_has & SIM_HAS_SIGNALS) && sim_chance(20))
    (void) model_new(KIND_SIGNAL, loop);
  else
    (void) model_new((enum model_kind)(KIND_TIMER + sim_below(5)), loop);
}

/* A pair over which handles pass, within a loop or from one to the other. */
static void make_channel(void) {
  struct model_handle* h = model_new(KIND_IPC, any_loop());

  if (h != NULL)
    model_open(h);
}

/* A listener on a port where connects find it. */
static void make_server(enum model_kind kind, int port) {
  struct model_handle* h = model_new(kind, any_loop());

  if (h == NULL)
    return;
  model_bind(h, port);
  model_listen(h);
}

/* By an address, or by a name. */
static void connect_any(struct model_handle* h) {
  if (h->kind == KIND_TCP && (sim_has & SIM_HAS_THREADS) && sim_chance(40))
    model_dial(h, any_port());
  else
    model_connect(h, any_port());
}

static void make_client(void) {
  struct model_handle* h = model_new(any_kind(), any_loop());

  if (h != NULL)
    connect_any(h);
}

/* More connections than a listener may take in one turn. */
static void make_burst(void) {
  int port = any_port();
  int i;

  make_server(KIND_TCP, port);
  for (i = 0; i < 24; i++) {
    struct model_handle* h = model_new(KIND_TCP, any_loop());
    if (h != NULL)
      model_connect(h, port);
  }
}

/* Of a loop's handles over its channels, and now and then what cannot go. */
static struct model_handle* what_to_pass(const struct model_handle* h) {
  struct model_handle* send;
  int tries;

  if (!sim_chance(h->kind == KIND_IPC ? 40 : model_is_pipe(h) ? 2 : 0))
    return NULL;
  for (tries = 0; tries < 4; tries++) {
    send = any_stream();
    if (send != NULL && send != h && (sim_chance(2) || send->loop == h->loop) &&
        (sim_chance(5) || (send->state != STATE_FRESH && send->state != STATE_CONNECTING)))
      return send;
  }
  return NULL;
}

/* A stream that one of the server's can become. */
static struct model_handle* make_accepted(const struct model_handle* server) {
  int is_tcp = server->pending_count > 0 ? server->pending[0].is_tcp : server->kind == KIND_TCP;

  return model_new(is_tcp ? KIND_TCP : sim_chance(50) ? KIND_IPC : KIND_PIPE, server->loop);
}

static void act_on_stream(struct model_handle* h) {
  struct model_handle* other;
  unsigned n = sim_below(100);

  if (n < 16) {
    model_read_start(h);
  } else if (n < 24) {
    model_read_stop(h);
  } else if (n < 28) {
    model_send_file(h);
    if (sim_chance(10)) {
      model_set_blocking(h, 1);
      model_try_write(h, NULL);
    }
  } else if (n < 54) {
    unsigned burst = sim_chance(20) ? 1 + sim_below(6) : 1;
    while (burst-- > 0)
      model_write(h, what_to_pass(h));
  } else if (n < 57) {
    model_try_write(h, what_to_pass(h));
  } else if (n < 59) {
    if (sim_chance(30)) {
      model_ask_cancel(h);
    } else {
      do
        model_ask(h);
      while (sim_chance(40));
    }
  } else if (n < 61) {
    model_limit(h);
  } else if (n < 63) {
    model_hangup(h);
  } else if (n < 66 && h->dial != NULL) {
    model_dial_cancel(h);
  } else if (n < 66) {
    model_cancel(h);
  } else if (n < 70) {
    model_shutdown(h);
  } else if (n < 72) {
    model_detach(h);
  } else if (n < 74) {
    model_set_blocking(h, sim_chance(40));
  } else if (n < 78) {
    connect_any(h);
  } else if (n < 81) {
    model_listen(h);
  } else if (n < 84) {
    model_bind(h, any_port());
  } else if (n < 90) {
    other = sim_chance(60) ? any_stream() : make_accepted(h);
    if (other != NULL)
      model_accept(h, other);
  } else if (n < 92) {
    model_options(h);
  } else if (n < 94) {
    model_wrong_arguments(h);
  } else if (n < 96) {
    model_open(h);
  } else {
    model_close(h, sim_chance(30));
  }
}

static void act_on_other(struct model_handle* h) {
  unsigned n = sim_below(100);

  if (h->kind == KIND_ASYNC && n < 60)
    model_send(h);
  else if (h->kind == KIND_PROCESS && n < 60)
    model_kill(h);
  else if (n < 60)
    model_start(h);
  else if (n < 80)
    model_stop(h);
  else if (n < 90)
    model_reference(h, sim_chance(70));
  else
    model_close(h, 0);
}

/* To another loop than before or not, and now and then to what cannot take it. */
static void move_on(void) {
  struct model_handle* h;

  if (sim_chance(10)) {
    model_drop_moving();
    return;
  }
  if (sim_chance(20)) {
    h = any_stream();
    if (h != NULL)
      model_attach(h);
    return;
  }
  h = model_attach_new(&model.loops[(sim_has & SIM_HAS_LOOPS) && sim_chance(50)]);
  if (h != NULL && h->state == STATE_CONNECTED && h->readable && sim_chance(60))
    model_read_start(h);
}

static void act(void) {
  struct model_handle* h;
  unsigned n = sim_below(100);

  if (n < 4) {
    make_handle();
    return;
  }
  if (n < 6) {
    make_server(any_kind(), any_port());
    return;
  }
  if (n < 11) {
    if (sim_chance(30) && (sim_has & SIM_HAS_PIPES))
      make_channel();
    else
      make_client();
    return;
  }
  if (sim_below(400) == 0) {
    make_burst();
    return;
  }
  if (n < 12) {
    sim_starve(sim_chance(50));
    return;
  }
  if (n < 13) {
    sim_trace("stop");
    uv_stop(any_loop());
    return;
  }
  if (n < 16 && model_movings() > 0) {
    move_on();
    return;
  }
  if (n < 19 && (sim_has & SIM_HAS_THREADS)) {
    if (sim_chance(50))
      model_work(any_loop());
    else
      model_work_cancel();
    return;
  }
  h = any();
  if (h == NULL)
    return;
  if (sim_chance(2))
    model_reference(h, sim_chance(70));
  else if (model_is_stream(h))
    act_on_stream(h);
  else
    act_on_other(h);
}

static void make_calls(struct model_handle* h) {
  unsigned n = sim_chance(30) ? 1 + sim_below(3) : 0;

  if (model.script != NULL) {
    if (h != NULL)
      model.script(h);
    return;
  }
  if (n > 0 && model.budget > 0) {
    model_hangup_late();
    model_detach_late();
    model_file_late();
  }
  while (n-- > 0 && model.budget > 0) {
    model.budget--;
    /* What surrounds a callback is most at risk from calls on its own handle. */
    if (h == NULL)
      act();
    else if (!h->closed && model_is_stream(h) && sim_chance(50))
      act_on_stream(h);
    else if (!h->closed && !model_is_stream(h) && sim_chance(6))
      model_close(h, 0);
    else if (!h->closed && !model_is_stream(h) && sim_chance(20))
      act_on_other(h);
    else
      act();
  }
}

void program_in_callback(struct model_handle* h) {
  model.inside = h == NULL ? NULL : model.callback;
  model.inside_of = h;
  make_calls(h);
  model.inside = NULL;
}

static void claim(struct model_handle* server) {
  struct model_handle* client = make_accepted(server);

  if (client == NULL)
    return;
  model_accept(server, client);
  if (client->state == STATE_CONNECTED && (model.draining || sim_chance(60))) {
    model_read_start(client);
    if (model.draining)
      model_shutdown(client);
  }
}

void program_connection(struct model_handle* server) {
  if (server->unclaimed >= 0 && (model.draining || sim_chance(70)))
    claim(server);
}

/* ---- Turns ---- */

static void run(uv_loop_t* loop, uv_run_mode mode) {
  unsigned turns = model.turns;
  int alive;

  sim_trace("run loop %d, mode %d", (int) (loop - model.loops), (int) mode);
  model.running = loop;
  model.one_turn = mode != UV_RUN_DEFAULT;
  if (mode == UV_RUN_DEFAULT)
    model.polls_left = POLLS;
  alive = uv_run(loop, mode);
  model.polls_left = 0;
  if (!alive != !uv_loop_alive(loop))
    sim_fail("L3: uv_run says %d", alive);
  model_check_turn(loop, turns != model.turns); /* None after uv_stop, or without work. */
}

void program_turn(void) {
  uv_loop_t* loop = any_loop();
  unsigned n = sim_below(100);

  if (n < 60)
    run(loop, UV_RUN_NOWAIT);
  else if (n < 95)
    run(loop, UV_RUN_ONCE);
  else
    run(loop, UV_RUN_DEFAULT);
}

/* ---- The end ---- */

/* Asks everything of every stream once; 1 when some of them still have something to come. */
static int drain_more(void) {
  int unfinished = model_works_left(NULL) > 0;
  int i;

  if (model_movings() > 0 && model_attach_new(any_loop()) == NULL && model.count == MODEL_HANDLES)
    model_drop_moving();
  unfinished |= model_movings() > 0;

  for (i = 0; i < model.count; i++) {
    struct model_handle* h = &model.handles[i];

    if (h->closing)
      continue;
    if (model_is_stream(h))
      model_limit_off(h);
    if (!h->referenced) /* A loop without referenced work would not turn. */
      model_reference(h, 1);
    if (!model_is_stream(h)) {
      if (h->active && h->kind != KIND_ASYNC && h->kind != KIND_PROCESS)
        model_stop(h);
      unfinished |= h->kind == KIND_PROCESS && h->active;
      continue;
    }
    if ((h->unclaimed >= 0 || h->pending_count > 0) && model.count < MODEL_HANDLES)
      claim(h);
    if (h->state == STATE_OPEN && sim_chance(50))
      model_listen(h); /* It may be a server that arrived, and has clients. */
    else if (h->state == STATE_OPEN)
      model_close(h, 0);
    if (h->closing)
      continue;
    if (!h->reading && (h->readable || h->state == STATE_CONNECTING))
      model_read_start(h);
    if (h->shutdown == NULL && !h->shut && (h->writable || h->state == STATE_CONNECTING))
      model_shutdown(h);
    unfinished |= h->connect != NULL || h->writes != NULL || h->shutdown != NULL || h->reading ||
                  h->asks != NULL || (h->hangup != NULL && h->state == STATE_CONNECTED);
  }
  return unfinished;
}

/* All bytes arrive and every stream sees the end of the other side. Where the table of
 * handles is full, connections that cannot be claimed stand in the way. */
static void drain(void) {
  unsigned progress = 0;
  int turns;

  for (turns = 0; drain_more(); turns++) {
    if (progress != model.progress) {
      progress = model.progress;
      turns = 0;
    }
    if (turns == DRAIN_TURNS) {
      if (model.count == MODEL_HANDLES)
        return;
      sim_fail("a hang: streams wait for what does not come");
    }
    run(any_loop(), sim_chance(50) ? UV_RUN_NOWAIT : UV_RUN_ONCE);
  }
}

static void close_one(uv_handle_t* handle, void* arg) {
  (void) arg;
  if (handle->data != NULL)
    model_close(handle->data, 0);
}

static void close_all(void) {
  int turns;
  int i;

  sim_trace("close all");
  if (sim_chance(30))
    model_drop_moving();
  for (i = 0; i < MODEL_LOOPS; i++)
    uv_walk(&model.loops[i], close_one, NULL);
  for (i = (int) sim_below(6); i > 0; i--)
    model_work_cancel();
  for (i = 0; i < MODEL_LOOPS; i++)
    for (turns = 0; uv_loop_alive(&model.loops[i]); turns++) {
      if (turns == CLOSE_TURNS)
        sim_fail("L4: a hang: handles do not get closed");
      run(&model.loops[i], sim_chance(50) ? UV_RUN_NOWAIT : UV_RUN_DEFAULT);
    }
}

void program_begin(uint64_t seed) {
  sim_begin(seed, &model_observer);
  model_begin();
}

void program_end(int in_peace) {
  model.budget = 0;
  if (in_peace) {
    sim_calm();
    model.draining = 1;
    drain();
  }
  close_all();
  model_end();
  sim_end();
}

void program_run(uint64_t seed) {
  unsigned steps;

  program_begin(seed);
  steps = 10 + sim_below(120);
  model.budget = 60 + (int) sim_below(200);
  make_server(any_kind(), any_port());
  make_client();
  while (steps-- > 0) {
    if (sim_chance(65))
      act();
    else
      program_turn();
  }
  program_end(sim_chance(60));
}
