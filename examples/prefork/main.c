/* The command line of prefork; see prefork.h for what it does. */
#include "prefork.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "../relay/report.h"
#include "service.h"

enum {
  EXIT_USAGE = 2,
  MOST_WORKERS = 256 /* each is a process */
};

static int print_usage(FILE* out) {
  fprintf(
      out,
      "usage: prefork serve ENDPOINT [--workers N] [--max N] [--control ENDPOINT]\n"
      "                     [--ready-file FILE] [--log FILE]\n"
      "       prefork load ENDPOINT [--clients N] [--requests N] [--control ENDPOINT]\n"
      "                     [--kills N]\n"
      "       prefork --install NAME [--account NAME] [--start demand|auto|delayed]\n"
      "                     [--description TEXT] ENDPOINT [OPTION OF serve]...\n"
      "       prefork --uninstall NAME\n"
      "\n"
      "serve  is a web server: a master that hands every connection to one of N worker processes\n"
      "       (4), and starts new ones for those that die. GET /wait is answered at the next\n"
      "       GET /go. It ends after --max requests, or when it is told to, by a signal, a "
      "service\n"
      "       manager or the control endpoint, once all that came is answered. --log says in FILE\n"
      "       what otherwise goes to stderr. ENDPOINT 'systemd' is the socket of prefork.socket.\n"
      "       Control: lines 'status', 'kill' (a busy worker), 'stop', 'pause', 'continue' and\n"
      "       'renew' (replace all workers; SIGHUP does that, too).\n"
      "load   asks for that many answers (4000) as N clients at once (16), and says which worker\n"
      "       gave how many and how many were lost. With --control it has a worker killed --kills\n"
      "       times on the way, and the server stopped at the end.\n"
      "--install makes a service of Windows that is such a server, and --uninstall removes it. It\n"
      "       runs as LocalService if no account is named, is started by hand if nothing else is\n"
      "       said, and again when it died; what fails is in the system's log, too.\n"
      "\n"
      "Endpoints:\n");
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

/* Pairs of name and value, from argv[3] on; `options` ends with a row without a name. */
static int parse_options(const struct option* options, int argc, char** argv, int listens) {
  int i;
  for (i = 3; i < argc; i += 2) {
    const struct option* option = options;
    const char* value = argv[i + 1]; /* NULL after the last */
    while (option->name != NULL && strcmp(option->name, argv[i]) != 0)
      option++;
    if (option->name == NULL || value == NULL) {
      report_error(0, "%s: %s", argv[i],
                   value == NULL ? "a value must follow" : "there is no such option");
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
  return parse_endpoint(options->endpoint, argv[2], listens);
}

/* Workers are this program again, wherever it lies; `name` is for systems that do not tell. */
static const char* own_path(const char* name) {
  static char path[4096];
  size_t size = sizeof(path);
  return uv_exepath(path, &size) == 0 ? path : name;
}

static int parse_serve(struct serve_options* options, int argc, char** argv) {
  const struct option table[] = {{"", NULL, NULL, &options->endpoint},
                                 {"--workers", &options->workers, NULL, NULL},
                                 {"--max", &options->max, NULL, NULL},
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
  return 0;
}

static int serve_main(int argc, char** argv) {
  static struct serve_options options;
  int err;
  if (strcmp(argv[2], "systemd") == 0) {
    argv[2] = (char*) service_endpoint();
    if (argv[2] == NULL) {
      report_error(0, "systemd has handed no socket over: LISTEN_FDS and LISTEN_PID do not say so");
      return 1;
    }
  }
  if (parse_serve(&options, argc, argv) != 0)
    return EXIT_USAGE;
  options.program = own_path(argv[0]);
  err = options.log == NULL ? 0 : report_into(options.log);
  if (err < 0) {
    report_error(err, "cannot write %s", options.log);
    return 1;
  }
  return serve(&options);
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

int main(int argc, char** argv) {
  const char* role;
  argv = uv_setup_args(argc, argv);
  role = argc > 1 ? argv[1] : "";
#ifdef SIGPIPE
  signal(SIGPIPE, SIG_IGN); /* a report that nobody reads ends no server */
#endif
  if (strcmp(role, "--help") == 0 || strcmp(role, "-h") == 0)
    return print_usage(stdout);
  report_setup("prefork", REPORT_NORMAL);
  if (strcmp(role, "--version") == 0)
    return printf("%s\n", report_version()) < 0;
  if (argc == 3 && strcmp(role, "work") == 0)
    return work(argv[2]);
  if (argc >= 3 && strcmp(role, "serve") == 0)
    return serve_main(argc, argv);
  if (argc >= 3 && strcmp(role, "load") == 0)
    return load_main(argc, argv);
  if (argc >= 4 && strcmp(role, "--install") == 0)
    return install_main(argc, argv);
  if (argc == 3 && strcmp(role, "--uninstall") == 0)
    return service_uninstall(argv[2]);
  if (argc >= 4 && strcmp(role, "--service") == 0)
    return service_run(argc, argv, serve_main);
  return print_usage(stderr);
}
