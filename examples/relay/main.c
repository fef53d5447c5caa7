/* relay ENDPOINT ENDPOINT: joins two endpoints and moves bytes both ways.
 *
 * Here: the command line, the listeners, and when the program ends with which code. What an
 * endpoint is, is in endpoint.c; one joined connection in pair.c; one direction of it in pump.c.
 * Only uv.h, uvstream.h (in dial.c) and the C library are used: the same source runs on Windows and
 * Unix. */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "interrupt.h"
#include "listener.h"
#include "options.h"
#include "pair.h"
#include "progress.h"
#include "ready.h"
#include "report.h"

enum {
  EXIT_OK = 0,
  EXIT_FAILED = 1
};

struct options {
  struct endpoint ends[2];
  int serve;
  int one_way;
  unsigned long max; /* connections to serve; 0: no limit */
  uint64_t timeout_ms;
  const char* ready_file;
  int level;
};

struct relay {
  struct options options;
  uv_loop_t loop;
  struct listener listeners[2];
  struct pair* pairs;  /* that are joined, or wait to be */
  struct pair* single; /* without --serve: the pair that waits for its sides */
  struct progress progress;
  unsigned long accepted; /* connections */
  unsigned long ended;
  unsigned long failed;
  uint64_t bytes[2];  /* of all connections that have ended, per direction */
  uint64_t joined_ns; /* of all of these together */
  uint64_t started_ns;
  int broken; /* the program itself failed, or was interrupted */
};

static int print_help(FILE* out) {
  fprintf(
      out,
      "Usage: relay [OPTION...] ENDPOINT ENDPOINT\n"
      "\n"
      "Joins two endpoints and moves bytes both ways. The end of one side's stream is passed\n"
      "on and the other direction goes on; a failure is passed on as a reset, where there is\n"
      "such a thing (a pipe has none), and to a program as SIGTERM.\n"
      "\n"
      "Endpoints (HOST is a name or an address, IPv6 in brackets; PORT a number or a service):\n");
  endpoint_list(out);
  fprintf(
      out,
      "\n"
      "Options:\n"
      "  --one-way          only from the first endpoint to the second; what comes back is\n"
      "                     dropped, and the program ends when all has been passed on\n"
      "  --serve            serve every client of the first endpoint, which listens, each with\n"
      "                     a connection of its own to the second\n"
      "  --max N            with --serve: end after N connections\n"
      "  --timeout SECONDS  give up on a connection when nothing happens for that long\n"
      "  --ready-file FILE  write the addresses that are listened on to FILE, one a line\n"
      "  -q, --quiet        say nothing but errors\n"
      "  -v, --verbose      say more: each connection, who was slow\n"
      "  -h, --help         this text\n"
      "  -V, --version      which version this is\n"
      "\n"
      "Without --serve one connection is joined; a listening side waits for its client before\n"
      "the other side is connected to. Ctrl-C, SIGTERM and a terminal that is closed end what is\n"
      "joined as a failure. On a terminal a line tells how far it is; where there are such\n"
      "signals, SIGUSR1 and SIGINFO ask for one. A value may follow its option behind a '='.\n"
      "Exit code: 0 all went well, 1 a connection failed or was interrupted, 2 wrong arguments.\n");
  return 0;
}

/* ---- Arguments --------------------------------------------------------------------------- */

static int check_options(const struct options* options) {
  const struct endpoint* ends = options->ends;
  if (options->serve && !endpoint_listens(&ends[0]))
    return options_refuse(ends[0].text, "with --serve the first endpoint must listen");
  if (options->serve && endpoint_listens(&ends[1]))
    return options_refuse(ends[1].text, "with --serve the second endpoint must connect");
  if (options->serve && endpoint_is_single(&ends[1]))
    return options_refuse(ends[1].text,
                          "with --serve the second endpoint is opened for each client");
  if (!ends[0].gives && !ends[1].gives)
    return options_refuse(ends[1].text, "neither this nor the other endpoint gives any bytes");
  if (!ends[0].takes && !ends[1].takes)
    return options_refuse(ends[1].text, "neither this nor the other endpoint takes any bytes");
  if (options->one_way && (!ends[0].gives || !ends[1].takes))
    return options_refuse("--one-way", "from the first endpoint to the second nothing can go");
  if (endpoint_conflicts(&ends[0], &ends[1]))
    return options_refuse(ends[1].text,
                          "the first endpoint has that already (write stdin stdout for both)");
  if (options->max > 0 && !options->serve)
    return options_refuse("--max", "it is for --serve");
  return -1;
}

/* Returns an exit code, or -1 to go on. */
static int parse_endpoints(struct options* options, const char* const* texts) {
  char why[256];
  int i;
  for (i = 0; i < 2; i++) {
    int found = endpoint_parse(&options->ends[i], texts[i], why, sizeof(why));
    if (found < 0)
      return options_refuse(texts[i], "%s", why);
    if (found > 0) { /* What is asked for is right, and may be there later. */
      report_error(0, "%s: %s", texts[i], why);
      return EXIT_FAILED;
    }
    endpoint_place(&options->ends[i], i);
  }
  return -1;
}

/* Returns an exit code, or -1 to go on. */
static int parse_arguments(struct options* options, int argc, char** argv) {
  const char* texts[2];
  struct operands endpoints = {.all = texts, .most = 2};
  const struct option table[] = {
      {.name = "--one-way", .flag = &options->one_way, .value = 1},
      {.name = "--serve", .flag = &options->serve, .value = 1},
      {.name = "--max", .number = &options->max, .least = 1},
      {.name = "--timeout", .ms = &options->timeout_ms},
      {.name = "--ready-file", .text = &options->ready_file},
      {.name = "--quiet", .letter = "-q", .flag = &options->level, .value = REPORT_QUIET},
      {.name = "--verbose", .letter = "-v", .flag = &options->level, .value = REPORT_VERBOSE},
      {.name = NULL}};
  int code;
  memset(options, 0, sizeof(*options));
  options->level = REPORT_NORMAL;
  code = options_take(table, argc, argv, &endpoints, print_help);
  if (code >= 0)
    return code;
  if (endpoints.count != 2)
    return options_refuse("", "two endpoints are needed");
  code = parse_endpoints(options, texts);
  return code >= 0 ? code : check_options(options);
}

/* ---- Connections ------------------------------------------------------------------------- */

static void close_listeners(struct relay* relay) {
  listener_close(&relay->listeners[0]);
  listener_close(&relay->listeners[1]);
}

static void list_pair(struct relay* relay, struct pair* pair) {
  pair->next = relay->pairs;
  pair->link = &relay->pairs;
  if (pair->next != NULL)
    pair->next->link = &pair->next;
  relay->pairs = pair;
}

static void unlist_pair(struct pair* pair) {
  *pair->link = pair->next;
  if (pair->next != NULL)
    pair->next->link = pair->link;
}

static void on_pair_ended(struct pair* pair) {
  struct relay* relay = pair->owner;
  unlist_pair(pair);
  relay->ended++;
  relay->joined_ns += pair->joined_ns == 0 ? 0 : uv_hrtime() - pair->joined_ns;
  relay->failed += pair->failed != 0;
  relay->bytes[0] += pair->pumps[0].bytes;
  relay->bytes[1] += pair->pumps[1].bytes;
  if (relay->options.serve) {
    report(REPORT_VERBOSE, "connection %lu: %s; %" PRIu64 " bytes there, %" PRIu64 " back",
           pair->number, pair->failed ? "failed" : "done", pair->pumps[0].bytes,
           pair->pumps[1].bytes);
  } else {
    relay->single = NULL;
    close_listeners(relay); /* a time-out may end it before anyone came */
    pair_report(pair);
  }
  pair_free(pair);
}

static struct pair* new_pair(struct relay* relay, unsigned long number) {
  struct pair* pair = pair_new(&relay->loop, relay->options.ends, relay->options.one_way, number,
                               relay->options.timeout_ms, on_pair_ended, relay);
  if (pair != NULL) {
    list_pair(relay, pair);
  } else {
    report_error(UV_ENOMEM, "cannot join another connection");
    relay->broken = 1;
  }
  return pair;
}

static void on_connection(uv_stream_t* stream, int status) {
  struct relay* relay = stream->data;
  int index = stream == &relay->listeners[1].streams[0].stream ||
              stream == &relay->listeners[1].streams[1].stream;
  struct listener* listener = &relay->listeners[index];
  const char* name = relay->options.ends[index].text;
  struct pair* pair;

  if (status < 0) {
    /* Of this one client, or a shortage that passes: the listener goes on. */
    report_error(status, "cannot accept a client of %s", name);
    return;
  }
  if (!relay->options.serve && relay->single->ending) {
    listener_close(listener); /* too late */
    return;
  }
  relay->accepted++;
  pair = relay->options.serve ? new_pair(relay, relay->accepted) : relay->single;
  /* Nobody else is let in: not after the last one, and not when there is no memory to serve
   * them; those that are being served go on. */
  if (pair != NULL)
    pair_accept(pair, index, (union any_stream*) stream);
  if (pair == NULL || !relay->options.serve || relay->accepted == relay->options.max)
    listener_close(listener);
}

/* ---- From outside ------------------------------------------------------------------------ */

static void look(void* data, uint64_t* there, uint64_t* back, int64_t* whole) {
  const struct relay* relay = data;
  const struct pair* pair;
  *there = relay->bytes[0];
  *back = relay->bytes[1];
  *whole = relay->single == NULL ? -1 : pair_size(relay->single);
  for (pair = relay->pairs; pair != NULL; pair = pair->next) {
    *there += pair->pumps[0].bytes;
    *back += pair->pumps[1].bytes;
  }
}

/* Half a file must not look whole: what is joined ends as a failure. */
static void on_interrupt(void* data, const char* name) {
  struct relay* relay = data;
  struct pair* pair;
  report_error(0, "interrupted by %s", name);
  relay->broken = 1;
  close_listeners(relay);
  for (pair = relay->pairs; pair != NULL; pair = pair->next)
    pair_fail(pair); /* which leaves the list later */
}

/* ---- The program ------------------------------------------------------------------------- */

static int start_listeners(struct relay* relay) {
  const struct options* options = &relay->options;
  char all[2 * ENDPOINT_NAME] = "";
  char name[ENDPOINT_NAME];
  int i, err;

  for (i = 0; i < 2; i++) {
    if (!endpoint_listens(&options->ends[i]))
      continue;
    err =
        listener_open(&relay->listeners[i], &options->ends[i], &relay->loop, relay, on_connection);
    if (err == 0)
      err = listener_announce(&relay->listeners[i], name, sizeof(name));
    if (err < 0) {
      report_error(err, "cannot listen on %s", options->ends[i].text);
      return -1;
    }
    strcat(strcat(all, name), "\n"); /* two names and their line ends fit */
  }
  if (options->ready_file == NULL)
    return 0;
  err = ready_write(options->ready_file, all);
  if (err < 0)
    report_error(err, "cannot write %s", options->ready_file);
  return err;
}

static void report_served(const struct relay* relay) {
  uint64_t elapsed_ns = uv_hrtime() - relay->started_ns;
  report(REPORT_NORMAL, "%lu connections, %lu failed, joined for %.1f s in all", relay->ended,
         relay->failed, (double) relay->joined_ns / 1e9);
  report_moved("clients", relay->options.ends[1].text, relay->bytes[0], elapsed_ns);
  report_moved(relay->options.ends[1].text, "clients", relay->bytes[1], elapsed_ns);
}

/* The line that tells how far it is would run into what somebody types or reads there. */
static int may_show_progress(const struct options* options) {
  int i;
  for (i = 0; i < 2; i++)
    if (endpoint_is_single(&options->ends[i]) && options->ends[i].takes &&
        uv_guess_handle(1) == UV_TTY)
      return 0;
  return 1;
}

static void start(struct relay* relay) {
  int err = interrupt_watch(&relay->loop, on_interrupt, relay, &relay->progress);
  relay->started_ns = uv_hrtime();
  progress_start(&relay->progress, &relay->loop, may_show_progress(&relay->options), look, relay);
  if (err < 0)
    report_error(err, "cannot watch for signals");
  if (err < 0 || start_listeners(relay) < 0) {
    relay->broken = 1;
    close_listeners(relay);
  } else if (!relay->options.serve) {
    relay->single = new_pair(relay, 0);
    if (relay->single != NULL)
      pair_proceed(relay->single);
    else
      close_listeners(relay);
  }
}

static void run(struct relay* relay) {
  start(relay);
  uv_run(&relay->loop, UV_RUN_DEFAULT);
  progress_end(&relay->progress);
  interrupt_end();
  uv_run(&relay->loop, UV_RUN_DEFAULT);
  if (relay->options.serve && relay->ended > 0)
    report_served(relay);
}

int main(int argc, char** argv) {
  static struct relay relay;
  int code, err;

  argv = uv_setup_args(argc, argv);
  report_setup("relay", REPORT_NORMAL);
  code = parse_arguments(&relay.options, argc, argv);
  if (code >= 0)
    return code;
  report_setup("relay", (enum report_level) relay.options.level);
#ifdef SIGPIPE
  /* A transfer goes on when nobody reads the report any more. */
  signal(SIGPIPE, SIG_IGN);
#endif

  err = uv_loop_init(&relay.loop);
  if (err < 0) {
    report_error(err, "cannot start");
    return EXIT_FAILED;
  }
  run(&relay);
  pump_free_memory();
  err = uv_loop_close(&relay.loop);
  if (err < 0) {
    report_error(err, "something was left open");
    return EXIT_FAILED;
  }
  return relay.broken || relay.failed > 0 ? EXIT_FAILED : EXIT_OK;
}
