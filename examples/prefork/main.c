/* The command line of prefork; see prefork.h for what it does. */
#include "prefork.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "../relay/options.h"
#include "../relay/report.h"
#include "door.h"
#include "service.h"

enum {
  EXIT_USAGE = 2,
  MOST_WORKERS = 256 /* each is a process */
};

static const struct option no_options[] = {{.name = NULL}};

static int print_usage(FILE* out) {
  fprintf(
      out,
      "Usage: prefork serve ENDPOINT [OPTION]...\n"
      "  or:  prefork load ENDPOINT [--clients N] [--requests N] [--control ENDPOINT] [--kills N]\n"
      "  or:  prefork upgrade ENDPOINT\n"
      "  or:  prefork --install NAME [HOW] ENDPOINT [OPTION]...\n"
      "  or:  prefork --uninstall NAME\n"
      "\n"
      "serve is a web server: a master that hands every connection to one of several worker\n"
      "processes, and starts new ones for those that die. GET /wait is answered at the next\n"
      "GET /go. It ends when it is told to, by a signal, a service manager or the control\n"
      "endpoint, once all that came is answered. ENDPOINT 'systemd' is the socket of\n"
      "prefork.socket.\n"
      "\n"
      "load asks for that many answers (4000) as N clients at once (16), and says which worker\n"
      "gave how many and how many were lost. With --control it has a worker killed --kills\n"
      "times on the way, and the server stopped at the end.\n"
      "\n"
      "upgrade replaces the server that is controlled on ENDPOINT by the program that lies where\n"
      "its own lay when it was started: master and workers, and no client notices. If the new\n"
      "one does not get ready the old one goes on. Of a service of Windows the workers are\n"
      "replaced.\n"
      "\n"
      "--install makes a service of Windows that is such a server, and --uninstall removes it.\n"
      "What fails is in the system's log, too, and a service that died is started again.\n"
      "\n");
  fprintf(
      out,
      "HOW a service is installed:\n"
      "  --account NAME      whom it runs as: NetworkService, LocalSystem, DOMAIN\\NAME\n"
      "                      (LocalService)\n"
      "  --start WHEN        auto, delayed or demand (demand)\n"
      "  --description TEXT  what it is for\n"
      "\n"
      "Options of serve (a value may follow its option behind a '='):\n"
      "  --workers N         that many worker processes (4)\n"
      "  --pipe NAME         serve a named pipe, too (Unix: a socket in the file system)\n"
      "  --allow WHOM        whom the pipe is for, besides the account that the server runs as:\n"
      "%s\n"
      "  --max N             end after that many requests\n"
      "  --control ENDPOINT  takes the lines status, kill (a busy worker), stop, pause,\n"
      "                      continue, renew (replace all workers; SIGHUP does that, too) and\n"
      "                      upgrade (SIGUSR2)\n"
      "  --ready-file FILE   where to write the addresses once it listens\n"
      "  --patience SECONDS  how long a successor may take to be ready (60)\n"
      "  --log FILE          where to say what otherwise goes to stderr\n"
      "\n"
      "Any of them:\n"
      "  -h, --help          this text\n"
      "  -V, --version       which version this is\n"
      "\n"
      "Endpoints:\n",
      door_help);
  endpoint_list(out);
  return EXIT_USAGE;
}

static int parse_endpoint(struct endpoint* endpoint, const char* text, int listens) {
  char why[256];
  if (endpoint_parse(endpoint, text, why, sizeof(why)) != 0)
    return options_refuse(text, "%s", why);
  if (endpoint_listens(endpoint) != listens)
    return options_refuse(text, listens ? "serve listens" : "load connects");
  return -1;
}

/* The endpoint and options behind the role, and the control endpoint, if `control`, which an option sets, names
 * one. Returns an exit code, or -1 to go on. */
static int take_options(const struct option* table,
                        int argc,
                        char** argv,
                        struct endpoint* endpoint,
                        struct endpoint* control,
                        const char* const* control_text,
                        int listens) {
  const char* text = NULL;
  struct operands operands = {.all = &text, .most = 1};
  int code = options_take(table, argc - 1, argv + 1, &operands, print_usage);
  if (code < 0 && text == NULL)
    code = options_refuse("", "the endpoint is missing");
  if (code < 0 && *control_text != NULL)
    code = parse_endpoint(control, *control_text, listens);
  return code < 0 ? parse_endpoint(endpoint, text, listens) : code;
}

/* Workers are this program again, wherever it lies; `name` is for systems that do not tell. */
static const char* own_path(const char* name) {
  static char path[4096];
  size_t size = sizeof(path);
  return uv_exepath(path, &size) == 0 ? path : name;
}

static int check_serve(const struct serve_options* options) {
  char why[256];
  if (strncmp(options->endpoint.text, "pipe", 4) == 0)
    return options_refuse(options->endpoint.text, "serve takes tcp-listen:");
  if (options->workers > MOST_WORKERS)
    return options_refuse("--workers", "at most %d", MOST_WORKERS);
  if (options->allow != NULL && options->pipe == NULL)
    return options_refuse("--allow", "it is about the --pipe");
  if (options->pipe != NULL && options->pipe[0] == '\0')
    return options_refuse("--pipe", "it takes a name");
  if (options->pipe != NULL && door_check(options->allow, why, sizeof(why)) != 0)
    return options_refuse("--allow", "%s", why);
  return -1;
}

/* Returns an exit code, or -1 to go on. */
static int parse_serve(struct serve_options* options, int argc, char** argv) {
  const char* control = NULL;
  const struct option table[] = {{.name = "--workers", .number = &options->workers, .least = 1},
                                 {.name = "--max", .number = &options->max},
                                 {.name = "--pipe", .text = &options->pipe},
                                 {.name = "--allow", .text = &options->allow},
                                 {.name = "--control", .text = &control},
                                 {.name = "--ready-file", .text = &options->ready_file},
                                 {.name = "--patience", .ms = &options->patience_ms},
                                 {.name = "--log", .text = &options->log},
                                 {.name = NULL}};
  int code;
  options->workers = 4;
  options->patience_ms = 60000;
  code = take_options(table, argc, argv, &options->endpoint, &options->control, &control, 1);
  return code < 0 ? check_serve(options) : code;
}

/* Its command line, to be that of a successor. */
static char** successor_arguments(int argc, char** argv) {
  static char role[] = "heir";
  char** arguments = calloc((size_t) argc + 1, sizeof(*arguments));
  if (arguments != NULL) {
    memcpy(arguments, argv, (size_t) argc * sizeof(*arguments));
    arguments[1] = role;
  }
  return arguments;
}

static int run_server(int argc, char** argv, int (*run)(const struct serve_options* options)) {
  static struct serve_options options;
  int code = parse_serve(&options, argc, argv);
  int err;
  if (code >= 0)
    return code;
  options.program = own_path(argv[0]);
  options.arguments = successor_arguments(argc, argv);
  err = options.log == NULL ? 0 : report_into(options.log);
  if (err < 0) {
    report_error(err, "cannot write %s", options.log);
    return 1;
  }
  code = options.arguments == NULL ? 1 : run(&options);
  free(options.arguments);
  return code;
}

static int serve_main(int argc, char** argv) {
  if (argc >= 3 && strcmp(argv[2], "systemd") == 0) {
    argv[2] = (char*) service_endpoint();
    if (argv[2] == NULL) {
      report_error(0, "systemd has handed no socket over: LISTEN_FDS and LISTEN_PID do not say so");
      return 1;
    }
  }
  return run_server(argc, argv, serve);
}

static int heir_main(int argc, char** argv) {
  return run_server(argc, argv, inherit);
}

/* A service that could not start is noticed late, so mistakes are looked for now. */
static int install_main(int argc, char** argv) {
  struct serve_options options = {0};
  int first = service_options(argc, argv);
  int code;
  if (first < 0)
    return EXIT_USAGE;
  code = parse_serve(&options, argc - first + 2, argv + first - 2);
  return code < 0 ? service_install(argc, argv) : code;
}

static int load_main(int argc, char** argv) {
  static struct load_options options;
  const char* control = NULL;
  const struct option table[] = {{.name = "--clients", .number = &options.clients, .least = 1},
                                 {.name = "--requests", .number = &options.requests, .least = 1},
                                 {.name = "--control", .text = &control},
                                 {.name = "--kills", .number = &options.kills},
                                 {.name = NULL}};
  int code;
  options.clients = 16;
  options.requests = 4000;
  code = take_options(table, argc, argv, &options.endpoint, &options.control, &control, 0);
  if (code >= 0)
    return code;
  if (options.kills > 0 && control == NULL)
    return options_refuse("--kills", "load is told where the server is controlled by --control");
  return load(&options);
}

static int upgrade_main(int argc, char** argv) {
  static struct endpoint endpoint;
  const char* none = NULL;
  int code = take_options(no_options, argc, argv, &endpoint, NULL, &none, 0);
  return code < 0 ? give_order(&endpoint, "upgrade") : code;
}

static int work_main(int argc, char** argv) {
  (void) argc;
  return work(argv[2]);
}

static int uninstall_main(int argc, char** argv) {
  (void) argc;
  return service_uninstall(argv[2]);
}

static int run_service(int argc, char** argv) {
  return service_run(argc, argv, serve_main);
}

static const struct {
  const char* name;
  int least;
  int most; /* arguments, with the program and the role */
  int (*run)(int argc, char** argv);
} roles[] = {
    {"serve", 3, INT_MAX, serve_main},
    {"load", 3, INT_MAX, load_main},
    {"upgrade", 3, INT_MAX, upgrade_main},
    {"--install", 4, INT_MAX, install_main},
    {"--uninstall", 3, 3, uninstall_main},
    {"--service", 4, INT_MAX, run_service}, /* by the manager of services */
    {"work", 3, 3, work_main},              /* by the master */
    {"heir", 3, INT_MAX, heir_main},        /* by its predecessor */
};

static int run(int argc, char** argv) {
  int known = 0;
  int first, code;
  size_t i;
  for (i = 0; argc > 1 && i < sizeof(roles) / sizeof(roles[0]); i++) {
    if (strcmp(argv[1], roles[i].name) != 0)
      continue;
    if (argc >= roles[i].least && argc <= roles[i].most)
      return roles[i].run(argc, argv);
    known = 1; /* and perhaps it is asked what it takes */
  }
  code = options_take_first(no_options, argc - known, argv + known, &first, print_usage);
  return code < 0 ? print_usage(stderr) : code;
}

int main(int argc, char** argv) {
  argv = uv_setup_args(argc, argv);
#ifdef SIGPIPE
  signal(SIGPIPE, SIG_IGN); /* a report that nobody reads ends no server */
#endif
  report_setup("prefork", REPORT_NORMAL);
  return run(argc, argv);
}
