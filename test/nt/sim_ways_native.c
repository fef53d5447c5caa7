/* Which bytes the system has taken, for the random programs over the model of NT (sim_native.c).
 *
 * A write that is in flight takes bytes when it likes. They are reported when the peer has read
 * them, or when the write says how many they were, whichever is first; and in both places it is
 * checked that the one agrees with the other. */
#include "sim_native.h"

#include <stdlib.h>
#include <string.h>

enum {
  MOST_WAYS = 256
};

/* What leads away from one end of one connection, by its name. */
struct way {
  struct uv__io* io; /* of the write in flight, until it was collected */
  char* bytes;       /* of it; also after a close that cut it short */
  size_t size;
  size_t reported; /* of them */
  size_t sent;     /* in all, as reported */
  size_t received;
};

static const struct sim_observer* seen;
static struct way ways[MOST_WAYS];

/* ---- Names ---- */

void sim_serials(int fd, int* own, int* peer) {
  unsigned conn = 0;
  int side = 0;

  (void) nt_sock_end_of((SOCKET) fd, &conn, &side);
  *own = (int) (2 * conn) + side;
  *peer = (int) (2 * conn) + 1 - side;
}

int sim_fd(const struct uv__io* io) {
  return (int) io->tail.u.socket;
}

static struct way* way_of(int serial) {
  if (serial >= MOST_WAYS)
    sim_fail("there are no names left for connections");
  return &ways[serial];
}

static struct way* way_from(const struct uv__io* io) {
  int own;
  int peer;

  sim_serials(sim_fd(io), &own, &peer);
  return way_of(own);
}

/* Of a write in flight, whose stream may have closed. */
static struct way* way_in_flight(const struct uv__io* io) {
  int i;

  for (i = 0; i < MOST_WAYS; i++)
    if (ways[i].io == io)
      return &ways[i];
  return NULL;
}

/* ---- Bytes ---- */

static void report(struct way* way, struct uv__io* io, const char* bytes, size_t n) {
  way->sent += n;
  if (io != NULL)
    seen->taken(io, bytes, n);
  else
    seen->turned_up((int) (way - ways), bytes, n);
}

/* More of the write in flight, or of one that was cut short. */
static void report_more(struct way* way, size_t n) {
  if (way->size - way->reported < n)
    sim_fail("%u bytes arrive that nobody sent", (unsigned) n);
  report(way, way->io, way->bytes + way->reported, n);
  way->reported += n;
}

void sim_ways_took(struct uv__io* io, const uv_buf_t* bufs, unsigned nbufs, size_t n) {
  unsigned i;

  for (i = 0; i < nbufs && n > 0; i++) {
    size_t part = bufs[i].len < n ? bufs[i].len : n;
    report(way_from(io), io, bufs[i].base, part);
    n -= part;
  }
  if (n > 0)
    sim_fail("write took more than there was");
}

void sim_ways_fly(struct uv__io* io, const uv_buf_t* bufs, unsigned nbufs) {
  struct way* way = way_from(io);
  unsigned i;

  way->io = io;
  way->size = 0;
  way->reported = 0;
  for (i = 0; i < nbufs; i++)
    way->size += bufs[i].len;
  free(way->bytes);
  way->bytes = malloc(way->size);
  if (way->bytes == NULL)
    sim_fail("the test itself is out of memory");
  way->size = 0;
  for (i = 0; i < nbufs; i++) {
    memcpy(way->bytes + way->size, bufs[i].base, bufs[i].len);
    way->size += bufs[i].len;
  }
}

void sim_ways_landed(const struct uv__io* io, ssize_t n) {
  struct way* way = way_in_flight(io);

  if (way == NULL)
    sim_fail("done on a write that is not in flight");
  if (n >= 0) {
    if ((size_t) n < way->reported)
      sim_fail("a write took %d bytes, as it says, and %u arrived", (int) n,
               (unsigned) way->reported);
    report_more(way, (size_t) n - way->reported);
    way->size = way->reported; /* No more of it. */
  }
  way->io = NULL;
}

void sim_ways_read(const struct uv__io* io, size_t n) {
  struct way* way;
  int own;
  int peer;

  sim_serials(sim_fd(io), &own, &peer);
  way = way_of(peer);
  way->received += n;
  if (way->received > way->sent)
    report_more(way, way->received - way->sent);
}

void sim_ways_begin(const struct sim_observer* observer) {
  seen = observer;
  memset(ways, 0, sizeof(ways));
}

void sim_ways_end(void) {
  int i;

  for (i = 0; i < MOST_WAYS; i++)
    free(ways[i].bytes);
}
