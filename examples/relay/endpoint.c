/* The table of schemes and what each one does. No bytes are moved here; see pump.c. */
#include "endpoint.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* What an endpoint is, whoever begins. */
struct kind {
  int (*parse)(struct endpoint* endpoint, const char* rest, char* why, size_t size);
  int (*init)(const struct endpoint* endpoint, uv_loop_t* loop, union any_stream* stream);
  int (*bind)(const struct endpoint* endpoint, union any_stream* stream);
  int (*connect)(const struct endpoint* endpoint,
                 union any_stream* stream,
                 uv_connect_t* req,
                 uv_connect_cb cb);
  int (*local_name)(const union any_stream* stream, char* name, size_t size);
  int (*peer_name)(const union any_stream* stream, char* name, size_t size);
  /* What follows may be NULL: there is no such thing, or `stream` alone is all there is. */
  int (*abort)(union any_stream* stream, uv_close_cb cb);
  uv_stream_t* (*out)(union any_stream* stream);
  void (*close)(union any_stream* stream, uv_close_cb cb);
  void (*leave)(union any_stream* stream, uv_close_cb cb); /* NULL: as `close` */
  int (*failed)(const union any_stream* stream);
};

struct scheme {
  const char* name;   /* what stands before the first colon */
  const char* syntax; /* for --help */
  const char* meaning;
  const struct kind* kind;
  int listens;
  int single;
  int gives_nothing;
  int takes_nothing;
  int placed; /* which way its bytes go depends on where it stands */
  char escape;
  const char* last_words; /* of what it is not told of by an end; it has but one for both ways */
};

static int refuse(char* why, size_t size, const char* format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(why, size, format, args);
  va_end(args);
  return -1;
}

/* ---- tcp: and tcp-listen: ---------------------------------------------------------------- */

/* -1: it is none. */
static int parse_port(const char* text) {
  int port = 0;
  if (*text == '\0')
    return -1;
  for (; *text != '\0'; text++) {
    if (*text < '0' || *text > '9' || port > 65535)
      return -1;
    port = port * 10 + (*text - '0');
  }
  return port <= 65535 ? port : -1;
}

/* The number of a service, or -1. Waits for the system to look it up, which harms nobody: it happens
 * once for each endpoint, before anything else does. */
static int find_port(const char* text) {
  struct addrinfo hints;
  uv_getaddrinfo_t req;
  int port = parse_port(text);

  if (port >= 0 || text[strspn(text, "0123456789")] == '\0')
    return port; /* It is a number, or nothing at all. */
  memset(&hints, 0, sizeof(hints));
  hints.ai_socktype = SOCK_STREAM;
  if (uv_getaddrinfo(uv_default_loop(), &req, NULL, NULL, text, &hints) == 0) {
    /* The same two bytes in both families, most significant first. */
    const unsigned char* bytes = (const unsigned char*) req.addrinfo->ai_addr + 2;
    port = bytes[0] << 8 | bytes[1];
    uv_freeaddrinfo(req.addrinfo);
  }
  return port;
}

/* The first address of a name to listen on, and the first of the other family. Waits, too. */
static int tcp_lookup(struct endpoint* endpoint, const char* host, const char* service) {
  const struct addrinfo* entry;
  struct addrinfo hints;
  uv_getaddrinfo_t req;
  int err;

  memset(&hints, 0, sizeof(hints));
  hints.ai_socktype = SOCK_STREAM;
  err = uv_getaddrinfo(uv_default_loop(), &req, NULL, host, service, &hints);
  if (err != 0)
    return err;
  if (req.addrinfo->ai_addrlen <= sizeof(endpoint->address))
    memcpy(&endpoint->address, req.addrinfo->ai_addr, req.addrinfo->ai_addrlen);
  else
    err = UV_EAI_FAMILY;
  for (entry = req.addrinfo; entry != NULL; entry = entry->ai_next)
    if (entry->ai_family != req.addrinfo->ai_family &&
        entry->ai_addrlen <= sizeof(endpoint->also)) {
      memcpy(&endpoint->also, entry->ai_addr, entry->ai_addrlen);
      break;
    }
  uv_freeaddrinfo(req.addrinfo);
  return err;
}

/* HOST:PORT into its parts; `in_brackets`: an IPv6 address. */
static int tcp_split(struct endpoint* endpoint,
                     const char* rest,
                     int* port,
                     int* in_brackets,
                     char* why,
                     size_t size) {
  const char* colon = strrchr(rest, ':');
  size_t length = colon == NULL ? 0 : (size_t) (colon - rest);

  if (colon == NULL)
    return refuse(why, size, "the port is missing; write HOST:PORT");
  *port = find_port(colon + 1);
  if (*port < 0)
    return refuse(why, size, "'%s' is not a port (0 to 65535), and no service that is known here",
                  colon + 1);
  if (*port == 0 && !endpoint_listens(endpoint))
    return refuse(why, size, "port 0 is for listening; connecting takes 1 to 65535");
  snprintf(endpoint->service, sizeof(endpoint->service), "%d", *port);
  *in_brackets = length >= 2 && rest[0] == '[' && colon[-1] == ']';
  if (*in_brackets) {
    rest++;
    length -= 2;
  }
  if (length >= sizeof(endpoint->host))
    return refuse(why, size, "the host is too long for an address");
  memcpy(endpoint->host, rest, length);
  endpoint->host[length] = '\0';
  if (strcmp(endpoint->host, "*") == 0)
    endpoint->host[0] = '\0';
  return 0;
}

/* HOST:PORT, where HOST is a name, an IPv4 address, or an IPv6 address in brackets: its own
 * colons would otherwise run into the one before the port. Without one, and with *, who listens takes
 * all addresses of both families, and who connects means this machine. */
static int tcp_parse(struct endpoint* endpoint, const char* rest, char* why, size_t size) {
  const char* host = endpoint->host;
  int in_brackets = 0;
  int port = 0;
  int err;

  if (tcp_split(endpoint, rest, &port, &in_brackets, why, size) != 0)
    return -1;
  if (*host == '\0')
    return uv_ip6_addr("::", port, &endpoint->address.in6);
  if (in_brackets) {
    if (uv_ip6_addr(host, port, &endpoint->address.in6) != 0)
      return refuse(why, size, "'%s' is not a numeric address such as [::1]", host);
    return 0;
  }
  if (uv_ip4_addr(host, port, &endpoint->address.in4) == 0)
    return 0;
  if (strchr(host, ':') != NULL)
    return refuse(why, size, "an IPv6 address goes in brackets: [%s]:%s", host + (*host == '['),
                  strrchr(rest, ':') + 1);
  if (!endpoint_listens(endpoint))
    return 0;                           /* It is looked up for each connection. */
  if (strcmp(host, "localhost") == 0) { /* Many a machine knows one of the two only by this name. */
    uv_ip6_addr("::1", port, &endpoint->also.in6);
    return uv_ip4_addr("127.0.0.1", port, &endpoint->address.in4);
  }
  err = tcp_lookup(endpoint, host, endpoint->service);
  if (err == 0)
    return 0;
  refuse(why, size, "cannot look up '%s': %s", host, uv_strerror(err));
  return 1;
}

static int tcp_init(const struct endpoint* endpoint, uv_loop_t* loop, union any_stream* stream) {
  (void) endpoint;
  return uv_tcp_init(loop, &stream->tcp);
}

static int tcp_bind(const struct endpoint* endpoint, union any_stream* stream) {
  struct sockaddr_in all;
  int err = uv_tcp_bind(&stream->tcp, &endpoint->address.any, 0);
  if (err == 0 || endpoint->host[0] != '\0')
    return err;
  /* A machine without IPv6: all that there is. */
  uv_ip4_addr("0.0.0.0", atoi(endpoint->service), &all);
  return uv_tcp_bind(&stream->tcp, (const struct sockaddr*) &all, 0);
}

static int tcp_connect(const struct endpoint* endpoint,
                       union any_stream* stream,
                       uv_connect_t* req,
                       uv_connect_cb cb) {
  return dial_start(&stream->dial, endpoint->host, endpoint->service, req, cb);
}

static int tcp_local_name(const union any_stream* stream, char* name, size_t size) {
  struct sockaddr_storage address;
  int length = sizeof(address);
  int err = uv_tcp_getsockname(&stream->tcp, (struct sockaddr*) &address, &length);
  return err == 0 ? dial_address_text(&address, name, size) : err;
}

static int tcp_peer_name(const union any_stream* stream, char* name, size_t size) {
  struct sockaddr_storage address;
  int length = sizeof(address);
  int err = uv_tcp_getpeername(&stream->tcp, (struct sockaddr*) &address, &length);
  snprintf(name, size, "tcp:");
  return err == 0 ? dial_address_text(&address, name + 4, size - 4) : err;
}

static int tcp_abort(union any_stream* stream, uv_close_cb cb) {
  return uv_tcp_close_reset(&stream->tcp, cb);
}

/* ---- fd-listen: -------------------------------------------------------------------------- */

#ifndef _WIN32
static int fd_parse(struct endpoint* endpoint, const char* rest, char* why, size_t size) {
  (void) endpoint;
  if (parse_port(rest) < 0) /* no descriptor is a larger number than a port */
    return refuse(why, size, "'%s' is not the number of a descriptor", rest);
  return 0;
}

static int fd_bind(const struct endpoint* endpoint, union any_stream* stream) {
  return uv_tcp_open(&stream->tcp, parse_port(endpoint->rest));
}
#endif

/* ---- pipe: and pipe-listen: -------------------------------------------------------------- */

/* Where the system keeps its pipes; all of it on Unix, where a name is a path. */
#ifdef _WIN32
#  define PIPE_PREFIX "\\\\.\\pipe\\"
#  define PIPE_PREFIX_2 "\\\\?\\pipe\\"
#  define PIPE_NAME_BYTES 247
#else
#  define PIPE_PREFIX ""
#  define PIPE_PREFIX_2 ""
#  define PIPE_NAME_BYTES 103 /* what every system takes; Linux takes four more */
#endif

static int pipe_parse(struct endpoint* endpoint, const char* rest, char* why, size_t size) {
  if (*rest == '\0')
    return refuse(why, size, "the name of the pipe is missing");
  if (strlen(rest) > PIPE_NAME_BYTES)
    return refuse(why, size, "the name is longer than %d bytes", PIPE_NAME_BYTES);
  (void) endpoint; /* `rest` is all there is to know */
  return 0;
}

/* On Windows a plain NAME is one of the system's pipes, with the prefix or without. */
static const char* pipe_name(const struct endpoint* endpoint, char* name, size_t size) {
  const char* rest = endpoint->rest;
  const char* prefix = PIPE_PREFIX;
  if (strncmp(rest, PIPE_PREFIX, strlen(PIPE_PREFIX)) == 0 ||
      strncmp(rest, PIPE_PREFIX_2, strlen(PIPE_PREFIX_2)) == 0)
    prefix = "";
  snprintf(name, size, "%s%s", prefix, rest);
  return name;
}

static int pipe_init(const struct endpoint* endpoint, uv_loop_t* loop, union any_stream* stream) {
  (void) endpoint;
  return uv_pipe_init(loop, &stream->pipe, 0);
}

static int pipe_bind(const struct endpoint* endpoint, union any_stream* stream) {
  char name[ENDPOINT_NAME];
  return uv_pipe_bind(&stream->pipe, pipe_name(endpoint, name, sizeof(name)));
}

static int pipe_connect(const struct endpoint* endpoint,
                        union any_stream* stream,
                        uv_connect_t* req,
                        uv_connect_cb cb) {
  char name[ENDPOINT_NAME];
  uv_pipe_connect(req, &stream->pipe, pipe_name(endpoint, name, sizeof(name)), cb);
  return 0;
}

static int pipe_local_name(const union any_stream* stream, char* name, size_t size) {
  return uv_pipe_getsockname(&stream->pipe, name, &size);
}

/* ---- exec: ------------------------------------------------------------------------------- */

static int exec_parse(struct endpoint* endpoint, const char* rest, char* why, size_t size) {
  (void) endpoint;
  return exec_check(rest, why, size);
}

static int exec_open(const struct endpoint* endpoint, uv_loop_t* loop, union any_stream* stream) {
  (void) endpoint;
  return exec_init(loop, &stream->exec);
}

static int exec_connect(const struct endpoint* endpoint,
                        union any_stream* stream,
                        uv_connect_t* req,
                        uv_connect_cb cb) {
  return exec_start(&stream->exec, endpoint->rest, req, cb);
}

/* ---- pty: -------------------------------------------------------------------------------- */

/* What a person types at the end. */
#ifdef _WIN32
#  define TYPED_END "\x1a\r"
#else
#  define TYPED_END "\x04"
#endif

#ifndef RELAY_WITH_LIBUV
static int pty_connect(const struct endpoint* endpoint,
                       union any_stream* stream,
                       uv_connect_t* req,
                       uv_connect_cb cb) {
  return exec_start_on_terminal(&stream->exec, endpoint->rest, req, cb);
}
#endif

static uv_stream_t* exec_out(union any_stream* stream) {
  return (uv_stream_t*) &stream->exec.in;
}

static int exec_abort(union any_stream* stream, uv_close_cb cb) {
  exec_close(&stream->exec, 1, cb);
  return 0;
}

static void exec_end(union any_stream* stream, uv_close_cb cb) {
  exec_close(&stream->exec, 0, cb);
}

static void exec_leave(union any_stream* stream, uv_close_cb cb) {
  exec_close(&stream->exec, 1, cb);
}

static int exec_failed(const union any_stream* stream) {
  return stream->exec.failed;
}

/* ---- stdio, stdin, stdout, tty and file: --------------------------------------------------- */

static int stdio_parse(struct endpoint* endpoint, const char* rest, char* why, size_t size) {
  (void) rest;
  if (strchr(endpoint->text, ':') != NULL)
    return refuse(why, size, "nothing follows it, and no colon either");
  return 0;
}

static int file_parse(struct endpoint* endpoint, const char* rest, char* why, size_t size) {
  (void) endpoint;
  return *rest == '\0' ? refuse(why, size, "the name of the file is missing") : 0;
}

static int stdio_open(const struct endpoint* endpoint, uv_loop_t* loop, union any_stream* stream) {
  return stdio_init(loop, &stream->stdio, endpoint->gives, endpoint->takes);
}

static int file_open_end(const struct endpoint* endpoint,
                         uv_loop_t* loop,
                         union any_stream* stream) {
  return stdio_init_file(loop, &stream->stdio, endpoint->rest, endpoint->takes);
}

static int stdio_connect(const struct endpoint* endpoint,
                         union any_stream* stream,
                         uv_connect_t* req,
                         uv_connect_cb cb) {
  return stdio_start(&stream->stdio, endpoint_escape(endpoint) != 0, req, cb);
}

static uv_stream_t* stdio_out(union any_stream* stream) {
  return &stream->stdio.out.stream;
}

static void stdio_end(union any_stream* stream, uv_close_cb cb) {
  stdio_close(&stream->stdio, cb);
}

static int stdio_give_up(union any_stream* stream, uv_close_cb cb) {
  stdio_abort(&stream->stdio, cb);
  return 0;
}

static int stdio_failed(const union any_stream* stream) {
  return stream->stdio.failed;
}

/* ---- The table --------------------------------------------------------------------------- */

static const struct kind tcp = {
    .parse = tcp_parse,
    .init = tcp_init,
    .bind = tcp_bind,
    .connect = tcp_connect,
    .local_name = tcp_local_name,
    .peer_name = tcp_peer_name,
    .abort = tcp_abort,
};

#ifndef _WIN32 /* where programs are given no sockets to begin with */
static const struct kind fd = {
    .parse = fd_parse,
    .init = tcp_init,
    .bind = fd_bind,
    .local_name = tcp_local_name,
    .peer_name = tcp_peer_name,
    .abort = tcp_abort,
};
#endif

static const struct kind named_pipe = {
    .parse = pipe_parse,
    .init = pipe_init,
    .bind = pipe_bind,
    .connect = pipe_connect,
    .local_name = pipe_local_name,
};

static const struct kind exec = {
    .parse = exec_parse,
    .init = exec_open,
    .connect = exec_connect,
    .abort = exec_abort,
    .out = exec_out,
    .close = exec_end,
    .leave = exec_leave,
    .failed = exec_failed,
};

#ifndef RELAY_WITH_LIBUV
static const struct kind pty = {
    .parse = exec_parse,
    .init = exec_open,
    .connect = pty_connect,
    .abort = exec_abort,
    .close = exec_end,
    .leave = exec_leave,
    .failed = exec_failed,
};
#endif

static const struct kind standard = {
    .parse = stdio_parse,
    .init = stdio_open,
    .connect = stdio_connect,
    .abort = stdio_give_up,
    .out = stdio_out,
    .close = stdio_end,
    .failed = stdio_failed,
};

static const struct kind file = {
    .parse = file_parse,
    .init = file_open_end,
    .connect = stdio_connect,
    .abort = stdio_give_up,
    .out = stdio_out,
    .close = stdio_end,
    .failed = stdio_failed,
};

static const struct scheme schemes[] = {
    {.name = "tcp",
     .syntax = "tcp:HOST:PORT",
     .meaning = "connect to a TCP server, over whichever address of HOST answers",
     .kind = &tcp},
    {.name = "tcp-listen",
     .syntax = "tcp-listen:HOST:PORT",
     .meaning = "wait for a TCP client; port 0: a free one; HOST * or none: all addresses",
     .kind = &tcp,
     .listens = 1},
#ifndef _WIN32
    {.name = "fd-listen",
     .syntax = "fd-listen:N",
     .meaning = "the listening TCP socket that descriptor N is",
     .kind = &fd,
     .listens = 1},
#endif
    {.name = "pipe",
     .syntax = "pipe:NAME",
     .meaning = "connect to a named pipe (Unix: a socket in the file system)",
     .kind = &named_pipe},
    {.name = "pipe-listen",
     .syntax = "pipe-listen:NAME",
     .meaning = "create such a pipe and wait for a client",
     .kind = &named_pipe,
     .listens = 1},
    {.name = "exec",
     .syntax = "exec:COMMAND",
     .meaning = "start a program; its stdin and stdout (\"...\" keeps blanks together)",
     .kind = &exec},
#ifndef RELAY_WITH_LIBUV
    {.name = "pty",
     .syntax = "pty:COMMAND",
     .meaning = "start it on a terminal of its own, of this one's size",
     .kind = &pty,
     .last_words = TYPED_END},
#endif
    {.name = "stdio",
     .syntax = "stdio, or -",
     .meaning = "standard input and output, whatever they are",
     .kind = &standard,
     .single = 1},
    {.name = "stdin",
     .syntax = "stdin",
     .meaning = "standard input alone: what comes back is dropped",
     .kind = &standard,
     .single = 1,
     .takes_nothing = 1},
    {.name = "stdout",
     .syntax = "stdout",
     .meaning = "standard output alone",
     .kind = &standard,
     .single = 1,
     .gives_nothing = 1},
    {.name = "file",
     .syntax = "file:PATH",
     .meaning = "a file: read as first endpoint, written as second (PATH.part until whole)",
     .kind = &file,
     .single = 1,
     .placed = 1},
    {.name = "tty",
     .syntax = "tty",
     .meaning = "the terminal, every key at once; Ctrl-] leaves, and ends a program",
     .kind = &standard,
     .single = 1,
     .escape = STDIO_ESCAPE},
};

#define SCHEMES (sizeof(schemes) / sizeof(schemes[0]))

int endpoint_parse(struct endpoint* endpoint, const char* text, char* why, size_t size) {
  const char* name = strcmp(text, "-") == 0 ? "stdio" : text;
  size_t length = strcspn(name, ":");
  size_t used = 0;
  char known[160] = "";
  size_t i;

  endpoint->also.any.sa_family = AF_UNSPEC;
  for (i = 0; i < SCHEMES; i++) {
    if (strlen(schemes[i].name) == length && memcmp(schemes[i].name, name, length) == 0) {
      endpoint->scheme = &schemes[i];
      endpoint->text = name;
      endpoint->rest = name + length + (name[length] == ':');
      endpoint->gives = !schemes[i].gives_nothing;
      endpoint->takes = !schemes[i].takes_nothing;
      return schemes[i].kind->parse(endpoint, endpoint->rest, why, size);
    }
    used += (size_t) snprintf(known + used, sizeof(known) - used, "%s%s:", i == 0 ? "" : ", ",
                              schemes[i].name);
    if (used >= sizeof(known))
      used = sizeof(known) - 1;
  }
  if (text[length] == '\0')
    return refuse(why, size, "it begins with no scheme; there are %s", known);
  return refuse(why, size, "there is no scheme '%.*s:'; there are %s", (int) length, text, known);
}

void endpoint_place(struct endpoint* endpoint, int index) {
  if (!endpoint->scheme->placed)
    return;
  endpoint->gives = index == 0;
  endpoint->takes = index != 0;
}

int endpoint_listens(const struct endpoint* endpoint) {
  return endpoint->scheme->listens;
}

int endpoint_is_single(const struct endpoint* endpoint) {
  return endpoint->scheme->single;
}

int endpoint_conflicts(const struct endpoint* one, const struct endpoint* other) {
  return one->scheme->single && other->scheme->single && !one->scheme->placed &&
         !other->scheme->placed && ((one->gives && other->gives) || (one->takes && other->takes));
}

char endpoint_escape(const struct endpoint* endpoint) {
  return endpoint->scheme->escape;
}

const char* endpoint_last_words(const struct endpoint* endpoint) {
  return endpoint->scheme->last_words;
}

int endpoint_ends_at_once(const struct endpoint* endpoint) {
  return endpoint->scheme->last_words != NULL;
}

void endpoint_list(FILE* out) {
  size_t i;
  for (i = 0; i < SCHEMES; i++)
    fprintf(out, "  %-21s %s\n", schemes[i].syntax, schemes[i].meaning);
}

int endpoint_bind(const struct endpoint* endpoint, uv_loop_t* loop, union any_stream* stream) {
  int err = endpoint->scheme->kind->init(endpoint, loop, stream);
  return err == 0 ? endpoint->scheme->kind->bind(endpoint, stream) : err;
}

int endpoint_accept(const struct endpoint* endpoint,
                    union any_stream* server,
                    union any_stream* stream) {
  int err = endpoint->scheme->kind->init(endpoint, server->stream.loop, stream);
  return err == 0 ? uv_accept(&server->stream, &stream->stream) : err;
}

int endpoint_dial(const struct endpoint* endpoint,
                  uv_loop_t* loop,
                  union any_stream* stream,
                  uv_connect_t* req,
                  uv_connect_cb cb) {
  int err = endpoint->scheme->kind->init(endpoint, loop, stream);
  return err == 0 ? endpoint->scheme->kind->connect(endpoint, stream, req, cb) : err;
}

int endpoint_local_name(const struct endpoint* endpoint,
                        const union any_stream* stream,
                        char* name,
                        size_t size) {
  return endpoint->scheme->kind->local_name(stream, name, size);
}

void endpoint_peer_name(const struct endpoint* endpoint,
                        const union any_stream* stream,
                        char* name,
                        size_t size) {
  /* A peer that is gone already has no address any more; the client of a pipe never had one. */
  int (*peer_name)(const union any_stream*, char*, size_t) = endpoint->scheme->kind->peer_name;
  if (peer_name == NULL || peer_name(stream, name, size) != 0)
    snprintf(name, size, "%s", endpoint->text);
}

static int is_standard(const struct endpoint* endpoint) {
  return endpoint->scheme->kind->failed == stdio_failed;
}

int64_t endpoint_size(const struct endpoint* endpoint, const union any_stream* stream) {
  return is_standard(endpoint) ? stream->stdio.size : -1;
}

int endpoint_is_program(const struct endpoint* endpoint) {
  return endpoint->scheme->kind == &exec;
}

int endpoint_is_typed(const struct endpoint* endpoint, const union any_stream* stream) {
  return is_standard(endpoint) && stream->handle.type == UV_TTY;
}

uv_stream_t* endpoint_out(const struct endpoint* endpoint, union any_stream* stream) {
  return endpoint->scheme->kind->out == NULL ? &stream->stream
                                             : endpoint->scheme->kind->out(stream);
}

void endpoint_close(const struct endpoint* endpoint, union any_stream* stream, uv_close_cb cb) {
  if (endpoint->scheme->kind->close == NULL)
    uv_close(&stream->handle, cb);
  else
    endpoint->scheme->kind->close(stream, cb);
}

void endpoint_leave(const struct endpoint* endpoint, union any_stream* stream, uv_close_cb cb) {
  if (endpoint->scheme->kind->leave == NULL)
    endpoint_close(endpoint, stream, cb);
  else
    endpoint->scheme->kind->leave(stream, cb);
}

int endpoint_failed(const struct endpoint* endpoint, const union any_stream* stream) {
  return endpoint->scheme->kind->failed != NULL && endpoint->scheme->kind->failed(stream);
}

void endpoint_abort(const struct endpoint* endpoint, union any_stream* stream, uv_close_cb cb) {
  /* Refused while a shutdown is on its way: the peer has been promised an orderly end. */
  if (endpoint->scheme->kind->abort == NULL || endpoint->scheme->kind->abort(stream, cb) != 0)
    endpoint_close(endpoint, stream, cb);
}
