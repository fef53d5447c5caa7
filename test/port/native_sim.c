/* See native.h. The simulated system runs here without the trouble it makes for the core:
 * schedules, splits and styles differ by seed, but nothing fails that was not asked to fail,
 * so that every law can be stated without an "unless". */
#include "native.h"

#include "sim.h"

const unsigned native_rounds = 20;
const int native_threads = 0;
const int native_addresses = 0;
const int native_pipes = 0;
const size_t native_flood = 6000;

static int next_port;

/* The suite has no model: it looks at the port from outside, as on any other system. */
static void on_taken(struct uv__io* io, const char* bytes, size_t n) {
  (void) io;
  (void) bytes;
  (void) n;
}

static void on_io(struct uv__io* io) {
  (void) io;
}

static void on_result(struct uv__io* io, int result) {
  (void) io;
  (void) result;
}

static void on_told(struct uv__io* io, ssize_t result) {
  (void) io;
  (void) result;
}

static void on_read(struct uv__io* io, ssize_t result, int armed) {
  (void) io;
  (void) result;
  (void) armed;
}

static void on_desc(struct uv__io* io, int result, int fd) {
  (void) io;
  (void) result;
  (void) fd;
}

static void on_waits(const uv_loop_t* loop, int timeout_ms) {
  (void) loop;
  (void) timeout_ms;
}

static void on_waiting(void) {}

static int may_not_read(struct uv__io* io, const char* base, size_t len) {
  (void) io;
  (void) base;
  (void) len;
  return 0;
}

static void on_file_ended(uv_file file, int result) {
  (void) file;
  (void) result;
}

static const struct sim_observer nobody = {
    .taken = on_taken,
    .in_flight = on_io,
    .told = on_told,
    .recalled = on_io,
    .file_ended = on_file_ended,
    .read = on_read,
    .may_read = may_not_read,
    .hung_up = on_result,
    .shutdown = on_io,
    .shutdown_done = on_result,
    .accepted = on_desc,
    .opened = on_desc,
    .connected = on_result,
    .dialed = on_result,
    .refused = on_result,
    .option_failed = on_result,
    .waits = on_waits,
    .waiting = on_waiting,
};

int native_hears_behind_bytes(enum uv__desc_kind kind) {
  (void) kind;
  return 1;
}

int native_hears_half_an_end(enum uv__desc_kind kind) {
  (void) kind;
  return 1;
}

void native_begin(unsigned round) {
  unsigned late;

  sim_begin(round + 1, &nobody);
  late = sim_trouble.late;
  sim_calm();
  sim_trouble.late = late;
  next_port = 20000;
}

void native_end(void) {
  sim_end();
}

int native_free_port(void) {
  return next_port++;
}

size_t native_pipe_name(char* to, size_t size) {
  (void) to;
  (void) size;
  return 0;
}

int native_names_are_exclusive(void) {
  return 1;
}

void native_offer(char* base, size_t len) {
  sim_offer(base, len);
}

struct uv__desc native_desc_bad(void) {
  return uv__port_desc(-1);
}

int native_deaf_listen(struct sockaddr_storage* addr) {
  (void) addr;
  return -1;
}

void native_deaf_close(void) {}
