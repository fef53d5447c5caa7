/* The load generator of the echo rows: raw epoll, independent of every library.
 *
 * usage: bench_load PLACE PID CONNECTIONS MESSAGES SIZE
 * PLACE is a port of the loopback, or the path of a Unix-domain socket, with @ in front of an
 * abstract one. Opens CONNECTIONS to a server, keeps one message of SIZE bytes in flight on each, and
 * checks every echo. It reads the CPU clock of the server process PID itself, when the
 * server has come to rest before and after the measured phase: connection set-up and a
 * warm-up are not counted, and the server needs no code for it.
 * Prints messages, cpu_ns, user_ns and system_ns (these two in steps of the system's tick),
 * wall_ns, rss_kb and switches, of the server, for the measured phase. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define EVENTS 1024
#define MAX_SIZE 16384

struct connection {
  int fd;
  unsigned char mark; /* every byte of the message in flight */
  size_t received;
  long left; /* messages still to send in this phase */
};

struct usage {
  uint64_t cpu_ns;
  uint64_t user_ns;
  uint64_t system_ns;
  uint64_t rss_kb;
  uint64_t switches;
};

static struct connection* connections;
static long connection_count;
static size_t message_size;
static int epoll_fd;
static long busy; /* connections with a message in flight */
static int server_pid;
static clockid_t server_clock;

static void fail(const char* what) {
  perror(what);
  exit(1);
}

static uint64_t clock_ns(clockid_t clock) {
  struct timespec ts;

  if (clock_gettime(clock, &ts) != 0)
    fail("clock_gettime");
  return (uint64_t) ts.tv_sec * 1000000000u + (uint64_t) ts.tv_nsec;
}

/* ---- What the server used ---------------------------------------------------------- */

/* The server is at rest when its CPU clock stands still for 3 ms: it has run the callbacks
 * of its last writes and sleeps. */
static void wait_for_rest(void) {
  const struct timespec pause = {.tv_nsec = 3000000};
  uint64_t before;
  uint64_t now = clock_ns(server_clock);

  do {
    before = now;
    nanosleep(&pause, NULL);
    now = clock_ns(server_clock);
  } while (now != before);
}

static void read_proc(const char* name, char* text, size_t size) {
  char path[64];
  FILE* file;
  size_t len;

  snprintf(path, sizeof(path), "/proc/%d/%s", server_pid, name);
  file = fopen(path, "r");
  if (file == NULL)
    fail(path);
  len = fread(text, 1, size - 1, file);
  text[len] = '\0';
  fclose(file);
}

static uint64_t status_field(const char* text, const char* name) {
  const char* at = strstr(text, name);

  return at == NULL ? 0 : strtoull(at + strlen(name), NULL, 10);
}

static struct usage usage_of_server(void) {
  struct usage usage;
  char text[4096];
  unsigned long user = 0;
  unsigned long system = 0;
  uint64_t tick_ns = 1000000000u / (uint64_t) sysconf(_SC_CLK_TCK);
  const char* after_name;

  usage.cpu_ns = clock_ns(server_clock);
  read_proc("stat", text, sizeof(text));
  after_name = strrchr(text, ')');
  if (after_name == NULL ||
      sscanf(after_name, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) !=
          2)
    fail("stat");
  usage.user_ns = user * tick_ns;
  usage.system_ns = system * tick_ns;
  read_proc("status", text, sizeof(text));
  usage.rss_kb = status_field(text, "VmRSS:");
  usage.switches = status_field(text, "\nvoluntary_ctxt_switches:") +
                   status_field(text, "\nnonvoluntary_ctxt_switches:");
  return usage;
}

/* ---- Messages ---------------------------------------------------------------------- */

static void send_message(struct connection* c) {
  static char message[MAX_SIZE];

  c->mark++;
  memset(message, c->mark, message_size);
  c->received = 0;
  c->left--;
  if (send(c->fd, message, message_size, MSG_NOSIGNAL) != (ssize_t) message_size)
    fail("send");
}

static void receive(struct connection* c) {
  static unsigned char bytes[MAX_SIZE + 1];
  ssize_t n = recv(c->fd, bytes, sizeof(bytes), 0);

  if (n < 0 && errno == EAGAIN)
    return;
  if (n <= 0)
    fail("recv");
  c->received += (size_t) n;
  if (c->received > message_size || bytes[0] != c->mark || bytes[n - 1] != c->mark) {
    fprintf(stderr, "wrong echo\n");
    exit(1);
  }
  if (c->received < message_size)
    return;
  if (c->left > 0)
    send_message(c);
  else
    busy--;
}

/* Messages are dealt out evenly, so that all connections are busy to the end. */
static uint64_t phase(long messages) {
  static struct epoll_event events[EVENTS];
  uint64_t start = clock_ns(CLOCK_MONOTONIC);
  long i;

  busy = connection_count;
  for (i = 0; i < connection_count; i++) {
    connections[i].left = messages / connection_count;
    send_message(&connections[i]);
  }
  while (busy > 0) {
    int n = epoll_wait(epoll_fd, events, EVENTS, -1);
    int j;

    if (n < 0 && errno != EINTR)
      fail("epoll_wait");
    for (j = 0; j < n; j++)
      receive(events[j].data.ptr);
  }
  return clock_ns(CLOCK_MONOTONIC) - start;
}

union address {
  struct sockaddr any;
  struct sockaddr_in in;
  struct sockaddr_un un;
};

static socklen_t parse_place(const char* place, union address* addr) {
  size_t length = strlen(place);

  memset(addr, 0, sizeof(*addr));
  if (place[0] != '/' && place[0] != '@') {
    addr->in.sin_family = AF_INET;
    addr->in.sin_port = htons((uint16_t) atoi(place));
    addr->in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return sizeof(addr->in);
  }
  addr->un.sun_family = AF_UNIX;
  if (length >= sizeof(addr->un.sun_path)) {
    fprintf(stderr, "too long: %s\n", place);
    exit(1);
  }
  memcpy(addr->un.sun_path, place, length);
  if (place[0] == '@')
    addr->un.sun_path[0] = '\0';
  return (socklen_t) (offsetof(struct sockaddr_un, sun_path) + length);
}

static void connect_all(const char* place) {
  union address addr;
  socklen_t len = parse_place(place, &addr);
  int on = 1;
  long i;

  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd < 0)
    fail("epoll_create1");
  for (i = 0; i < connection_count; i++) {
    struct connection* c = &connections[i];
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data = {.ptr = c}};

    c->fd = socket(addr.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, &addr.any, len) != 0)
      fail("connect");
    if (addr.any.sa_family == AF_INET)
      setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event) != 0)
      fail("epoll_ctl");
  }
}

int main(int argc, char** argv) {
  struct usage start;
  struct usage end;
  uint64_t wall_ns;
  long messages;
  long warm_up;

  if (argc != 6) {
    fprintf(stderr, "usage: %s PLACE PID CONNECTIONS MESSAGES SIZE\n", argv[0]);
    return 2;
  }
  server_pid = atoi(argv[2]);
  connection_count = atol(argv[3]);
  message_size = (size_t) atol(argv[5]);
  if (connection_count < 1 || message_size < 1 || message_size > MAX_SIZE)
    return 2;
  messages = atol(argv[4]) / connection_count * connection_count;
  if (messages < connection_count)
    messages = connection_count;
  warm_up = messages / 10 < connection_count ? connection_count : messages / 10;
  connections = calloc((size_t) connection_count, sizeof(*connections));
  if (connections == NULL || clock_getcpuclockid(server_pid, &server_clock) != 0)
    fail("server");

  connect_all(argv[1]);
  phase(warm_up);
  wait_for_rest();
  start = usage_of_server();
  wall_ns = phase(messages);
  wait_for_rest();
  end = usage_of_server();

  printf("messages %ld\n", messages);
  printf("cpu_ns %.3f\n", (double) (end.cpu_ns - start.cpu_ns));
  printf("user_ns %.3f\n", (double) (end.user_ns - start.user_ns));
  printf("system_ns %.3f\n", (double) (end.system_ns - start.system_ns));
  printf("wall_ns %.3f\n", (double) wall_ns);
  printf("rss_kb %.3f\n", (double) end.rss_kb);
  printf("switches %.3f\n", (double) (end.switches - start.switches));
  return 0;
}
