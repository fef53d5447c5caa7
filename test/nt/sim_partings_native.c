/* Rule L4 in the random programs over the model of NT: streams that closed, or left their loop, and wait for the
 * packets of what the system had of theirs. */
#include "sim_native.h"

#include "win/loop/loop.h"

enum {
  MOST = 256
};

struct parting {
  const struct uv__io* io;
  struct nt_file* file; /* referenced */
};

static struct parting partings[MOST];
static unsigned parting_count;

/* By its file object; or, where others have that too, by an event that the pool makes a packet of. */
static int is_owed(const struct uv__io* io, const struct nt_file* file) {
  return nt_is_owed(file, NULL) || ((io->tail.state & UV__WIN_FOREIGN) &&
                                    (!nt_pool_is_idle() || nt_is_posted(&io->tail.in.overlapped) ||
                                     nt_is_posted(&io->tail.out.overlapped)));
}

void sim_partings_add(const struct uv__io* io, struct nt_file* file, int waits) {
  if (!waits) {
    if (file != NULL)
      nt_unref(file);
    return;
  }
  if (file == NULL || !is_owed(io, file))
    sim_fail("L4: a close waits, and nothing will come");
  if (parting_count == MOST)
    sim_fail("there is no room for another stream that closes");
  partings[parting_count].io = io;
  partings[parting_count++].file = file;
}

int sim_owes(const struct uv__io* io) {
  unsigned i = 0;

  while (i < parting_count && partings[i].io != io)
    i++;
  if (i == parting_count)
    return 0;
  if (is_owed(io, partings[i].file))
    return 1;
  nt_unref(partings[i].file);
  partings[i] = partings[--parting_count];
  return 0;
}

void sim_partings_end(void) {
  while (parting_count > 0)
    nt_unref(partings[--parting_count].file);
}
