/* The command line of prefork; see prefork.h for what it does. */
#include "prefork.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "../relay/report.h"
#include "door.h"
#include "service.h"

enum {
  EXIT_USAGE = 2,
  MOST_WORKERS = 256 /* each is a process */
};

static int print_usage(FILE* out) {
  fprintf(
      out,
      "usage: prefork serve ENDPOINT [OPTION]...\n"
      "       prefork load ENDPOINT [--clients N] [--requests N] [--control ENDPOINT]\n"
      "                     [--kills N]\n"
      "       prefork upgrade ENDPOINT\n"
      "       prefork --install NAME [--account NAME] [--start demand|auto|delayed]\n"
      "                     [--description TEXT] ENDPOINT [OPTION OF serve]...\n"
      "       prefork --uninstall NAME\n"
      "       prefork --help, prefork --version\n"
      "\n"
      "serve  is a web server: a master that hands every connection to one of several worker\n"
      "       processes, and starts new ones for those that die. GET /wait is answered at the "
      "next\n"
      "       GET /go. It ends when it is told to, by a signal, a service manager or the control\n"
      "       endpoint, once all that came is answered. ENDPOINT 'systemd' is the socket of\n"
      "       prefork.socket.\n"
      "load   asks for that many answers (4000) as N clients at once (16), and says which worker\n"
      "       gave how many and how many were lost. With --control it has a worker killed --kills\n"
      "       times on the way, and the server stopped at the end.\n"
      "upgrade  replaces the server that is controlled on ENDPOINT by the program that lies where\n"
      "       its own lay when it was started: master and workers, and no client notices. If the\n"
      "       new one does not get ready the old one goes on. Of a service of Windows the workers\n"
      "       are replaced.\n"
      "--install makes a service of Windows that is such a server, and --uninstall removes it. It\n"
      "       runs as LocalService if no account is named, is started by hand if nothing else is\n"
      "       said, and again when it died; what fails is in the system's log, too.\n"
      "\n");
  fprintf(out,
          "Options of serve (a value may follow its option behind a '='):\n"
          "  --workers N\n"
          "       that many worker processes (4)\n"
          "  --pipe NAME\n"
          "       serve a named pipe, too (Unix: a socket in the file system)\n"
          "  --allow WHOM\n"
          "       whom the pipe is for, besides the account that the server runs as:\n"
          "%s\n"
          "  --max N\n"
          "       end after that many requests\n"
          "  --control ENDPOINT\n"
          "       takes the lines status, kill (a busy worker), stop, pause, continue, renew\n"
          "       (replace all workers; SIGHUP does that, too) and upgrade (SIGUSR2)\n"
          "  --ready-file FILE\n"
          "       where to write the addresses once it listens\n"
          "  --log FILE\n"
          "       where to say what otherwise goes to stderr\n"
          "\n"
          "Endpoints:\n",
          door_help);
  endpoint_list(out);
  return out == stdout ? 0 : EXIT_USAGE;
}

static int parse_number(const char* text, unsigned long* number) {
  char* end;
  errno = 0;
  *number = strtoul(text, &end, 10);
  return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 ? 0 : -1;
}

static int parse_endpoint(struct endpoint* endpoint, const char* text, int listens) {
  char why[256];
  if (endpoint_parse(endpoint, text, why, sizeof(why)) != 0) {
    report_error(0, "%s: %s", text, why);
    return -1;
  }
  if (endpoint_listens(endpoint) != listens) {
    report_error(0, "%s: %s", text, listens ? "serve listens" : "load connects");
    return -1;
  }
  return 0;
}

/* What an option sets: one of the three is not NULL. */
struct option {
  const char* name;
  unsigned long* number;
  const char** text;
  struct endpoint* endpoint;
};

/* Pairs of name and value, and the one endpoint, from argv[2] on; `options`, whose first row is that of
 * the endpoint, ends with one without a name. */
static int parse_options(const struct option* options, int argc, char** argv, int listens) {
  const char* text = NULL;
  int i;
  for (i = 2; i < argc; i += 2) {
    const struct option* option = options;
    const char* value = argv[i + 1]; /* NULL after the last */
    if (argv[i][0] != '-' && text == NULL) {
      text = argv[i--];
      continue;
    }
    while (option->name != NULL && strcmp(option->name, argv[i]) != 0)
      option++;
    if (option->name == NULL || value == NULL) {
      report_error(0, "%s: %s", argv[i],
                   option->name != NULL ? "a value must follow" : "there is no such option");
      return -1;
    }
    if (option->text != NULL)
      *option->text = value;
    if (option->number != NULL && parse_number(value, option->number) != 0) {
      report_error(0, "%s: it takes a whole number, not '%s'", option->name, value);
      return -1;
    }
    if (option->endpoint != NULL && parse_endpoint(option->endpoint, value, listens) != 0)
      return -1;
  }
  if (text == NULL) {
    report_error(0, "the endpoint is missing");
    return -1;
  }
  return parse_endpoint(options->endpoint, text, listens);
}

/* Workers are this program again, wherever it lies; `name` is for systems that do not tell. */
static const char* own_path(const char* name) {
  static char path[4096];
  size_t size = sizeof(path);
  return uv_exepath(path, &size) == 0 ? path : name;
}

static int parse_serve(struct serve_options* options, int argc, char** argv) {
  char why[256];
  const struct option table[] = {{"", NULL, NULL, &options->endpoint},
                                 {"--workers", &options->workers, NULL, NULL},
                                 {"--max", &options->max, NULL, NULL},
                                 {"--pipe", NULL, &options->pipe, NULL},
                                 {"--allow", NULL, &options->allow, NULL},
                                 {"--control", NULL, NULL, &options->control},
                                 {"--ready-file", NULL, &options->ready_file, NULL},
                                 {"--log", NULL, &options->log, NULL},
                                 {NULL, NULL, NULL, NULL}};
  options->workers = 4;
  if (parse_options(table, argc, argv, 1) != 0)
    return -1;
  if (strncmp(options->endpoint.text, "pipe", 4) == 0 || options->workers == 0) {
    report_error(0, "serve takes tcp-listen: and at least one worker");
    return -1;
  }
  if (options->workers > MOST_WORKERS) {
    report_error(0, "--workers: at most %d", MOST_WORKERS);
    return -1;
  }
  if (options->allow != NULL && options->pipe == NULL) {
    report_error(0, "--allow: it is about the --pipe");
    return -1;
  }
  if (options->pipe != NULL && options->pipe[0] == '\0') {
    report_error(0, "--pipe: it takes a name");
    return -1;
  }
  if (options->pipe != NULL && door_check(options->allow, why, sizeof(why)) != 0) {
    report_error(0, "--allow: %s", why);
    return -1;
  }
  return 0;
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
  int err;
  if (parse_serve(&options, argc, argv) != 0)
    return EXIT_USAGE;
  options.program = own_path(argv[0]);
  options.arguments = successor_arguments(argc, argv);
  err = options.log == NULL ? 0 : report_into(options.log);
  if (err < 0) {
    report_error(err, "cannot write %s", options.log);
    return 1;
  }
  err = options.arguments == NULL ? 1 : run(&options);
  free(options.arguments);
  return err;
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
  if (first < 0)
    return EXIT_USAGE;
  if (first >= argc)
    return print_usage(stderr);
  if (parse_serve(&options, argc - first + 2, argv + first - 2) != 0)
    return EXIT_USAGE;
  return service_install(argc, argv);
}

static int load_main(int argc, char** argv) {
  static struct load_options options;
  const struct option table[] = {
      {"", NULL, NULL, &options.endpoint},           {"--clients", &options.clients, NULL, NULL},
      {"--requests", &options.requests, NULL, NULL}, {"--control", NULL, NULL, &options.control},
      {"--kills", &options.kills, NULL, NULL},       {NULL, NULL, NULL, NULL}};
  options.clients = 16;
  options.requests = 4000;
  if (parse_options(table, argc, argv, 0) != 0)
    return EXIT_USAGE;
  if (options.clients == 0 || options.requests == 0 ||
      (options.kills > 0 && options.control.scheme == NULL)) {
    report_error(0, "load takes at least one client and one request, and --control for --kills");
    return EXIT_USAGE;
  }
  return load(&options);
}

static int upgrade_main(int argc, char** argv) {
  static struct endpoint endpoint;
  (void) argc;
  return parse_endpoint(&endpoint, argv[2], 0) != 0 ? EXIT_USAGE : give_order(&endpoint, "upgrade");
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
    {"upgrade", 3, 3, upgrade_main},
    {"--install", 4, INT_MAX, install_main},
    {"--uninstall", 3, 3, uninstall_main},
    {"--service", 4, INT_MAX, run_service}, /* by the manager of services */
    {"work", 3, 3, work_main},              /* by the master */
    {"heir", 3, INT_MAX, heir_main},        /* by its predecessor */
};

/* Each --NAME=VALUE becomes two arguments. NULL: no memory. */
static char** split_values(int* argc, char** argv) {
  char** split = calloc(2 * (size_t) *argc + 1, sizeof(*split));
  int count = 0;
  int i;
  for (i = 0; split != NULL && i < *argc; i++) {
    char* value = strncmp(argv[i], "--", 2) == 0 ? strchr(argv[i], '=') : NULL;
    split[count++] = argv[i];
    if (value != NULL) {
      *value = '\0';
      split[count++] = value + 1;
    }
  }
  *argc = count;
  return split;
}

static int is_asked(int argc, char** argv, const char* what, const char* or_short) {
  int i;
  for (i = 1; i < argc; i++)
    if (strcmp(argv[i], what) == 0 || strcmp(argv[i], or_short) == 0)
      return 1;
  return 0;
}

static int run(int argc, char** argv) {
  size_t i;
  if (is_asked(argc, argv, "--help", "-h"))
    return print_usage(stdout);
  if (is_asked(argc, argv, "--version", "-V"))
    return printf("%s\n", report_version()) < 0;
  for (i = 0; argc > 1 && i < sizeof(roles) / sizeof(roles[0]); i++)
    if (strcmp(argv[1], roles[i].name) == 0 && argc >= roles[i].least && argc <= roles[i].most)
      return roles[i].run(argc, argv);
  return print_usage(stderr);
}

int main(int argc, char** argv) {
  char** split;
  int code;
  argv = uv_setup_args(argc, argv);
#ifdef SIGPIPE
  signal(SIGPIPE, SIG_IGN); /* a report that nobody reads ends no server */
#endif
  report_setup("prefork", REPORT_NORMAL);
  split = split_values(&argc, argv);
  code = split == NULL ? 1 : run(argc, split);
  free(split);
  return code;
}
