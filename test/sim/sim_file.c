/* The files of the simulated system, and how their bytes get into its sockets: by a call that moves them,
 * which some files do not bear and which now and then cannot, or read by whoever copies them. */
#include "sim_internal.h"

#include <stdlib.h>
#include <string.h>

enum {
  MOST_FILES = 512, /* in a run */
  FIRST = 9000,     /* that no descriptor is taken for one */
  MOST_MOVED = 16384
};

static struct {
  const char* bytes; /* NULL: closed */
  size_t size;
  int error; /* of who reads behind them */
  int stays; /* its bytes cannot be moved */
} files[MOST_FILES];

static int count;

void sim_files_begin(void) {
  count = 0;
}

uv_file sim_file_open(const char* bytes, size_t size, int error) {
  if (count == MOST_FILES)
    return -1;
  files[count].bytes = bytes;
  files[count].size = size;
  files[count].error = error;
  files[count].stays = sim_chance(40);
  return FIRST + count++;
}

void sim_file_close(uv_file file) {
  files[file - FIRST].bytes = NULL;
}

/* How much there is from `offset` on, at most `len`; or what who asks is told. */
static ssize_t look(uv_file file, uint64_t offset, size_t len) {
  int i = file - FIRST;

  if (i < 0 || i >= count || files[i].bytes == NULL)
    sim_fail("a file is read that is not open");
  if (len == 0 || offset > files[i].size)
    sim_fail("a file is read where nobody asked for it");
  if (offset == files[i].size) {
    sim_trace("  file %d: %d", (int) file, files[i].error);
    sim_seen->file_ended(file, files[i].error);
    return files[i].error;
  }
  return (ssize_t) (files[i].size - (size_t) offset < len ? files[i].size - (size_t) offset : len);
}

ssize_t uv__port_file_read(uv_file file, uint64_t offset, char* base, size_t len) {
  ssize_t n = look(file, offset, len);

  if (n > 0 && sim_chance(20))
    n = 1 + (ssize_t) sim_below((unsigned) n);
  if (n > 0)
    memcpy(base, files[file - FIRST].bytes + offset, (size_t) n);
  return n;
}

/* The piece is the system's from here on. */
static ssize_t keep(struct uv__io* io, const char* bytes, size_t size) {
  const struct sim_passing none = {0};
  uv_buf_t buf = uv_buf_init(malloc(size), (unsigned) size);

  if (buf.base == NULL)
    sim_fail("the test itself is out of memory");
  memcpy(buf.base, bytes, size);
  sim_pin_bytes(io, &buf, 1, &none);
  io->tail.pin->owned = buf.base;
  sim_seen->in_flight(io);
  sim_arm(io, UV__WRITE);
  return UV__PENDING;
}

static ssize_t move(struct uv__io* io, uv_file file, uint64_t offset, size_t size) {
  struct sim_passing none = {0};
  struct sim_socket* sock = sim_socket_of(io);
  uv_buf_t buf = uv_buf_init((char*) files[file - FIRST].bytes + offset, (unsigned) size);

  if (sock->reset)
    return sim_dead(sock);
  if (sock->shut)
    return UV_EPIPE; /* By another holder of the socket. */
  if (sim_chance(sim_trouble.write_error))
    return UV_ENOBUFS;
  if (sim_room(sock) > 0 && ((io->tail.style & SIM_EAGER) || sim_chance(60))) {
    size_t limit = io->tail.style & SIM_STINGY || sim_chance(40) ? 1 + sim_below(50) : size;

    return (ssize_t) sim_take(io, &buf, 1, sim_room_or(sock, limit < size ? limit : size), &none);
  }
  return keep(io, buf.base, size);
}

ssize_t sim_send_file(struct uv__io* io, uv_file file, uint64_t offset, size_t len) {
  const struct sim_socket* sock = sim_check_socket(io, "send_file");
  ssize_t n;

  sim_check_lane(io, UV__WRITE, "send_file");
  if (sock->state != SOCK_CONNECTED || (sock->shut && !sock->shared) || (io->busy & UV__CLOSED))
    sim_fail("a file is to go over what is not connected, was shut down, or closes");
  n = look(file, offset, len);
  if (n < 0)
    return n;
  if (files[file - FIRST].stays)
    return UV_ENOSYS;
  if (sim_chance(10))
    return UV_ENOTSUP;
  n = move(io, file, offset, n < MOST_MOVED ? (size_t) n : MOST_MOVED);
  sim_trace("  send_file fd %d, file %d from %u on: %d", io->tail.fd, (int) file, (unsigned) offset,
            (int) n);
  if (n != UV__PENDING)
    sim_seen->told(io, n);
  return n;
}
