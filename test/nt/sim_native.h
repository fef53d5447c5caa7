/* The random programs over the model of NT, for the files that watch them. */
#ifndef SIM_NATIVE_H_
#define SIM_NATIVE_H_

#include "nt.h"
#include "sim.h"

/* ---- sim_ways_native.c: the bytes of connections ---- */

void sim_ways_begin(const struct sim_observer* observer);
void sim_ways_end(void);
/* The system took n of the bytes at once. */
void sim_ways_took(struct uv__io* io, const uv_buf_t* bufs, unsigned nbufs, size_t n);
/* They are in flight. */
void sim_ways_fly(struct uv__io* io, const uv_buf_t* bufs, unsigned nbufs);
/* A write in flight has its result. */
void sim_ways_landed(const struct uv__io* io, ssize_t n);
/* The peer of a connection has sent n bytes, of which nobody may know yet. */
void sim_ways_read(const struct uv__io* io, size_t n);

/* ---- sim_files_native.c ---- */

void sim_files_begin(const struct sim_observer* observer);
/* A piece by the operations `real`, which are watched. */
ssize_t sim_files_send(const struct uv__beyond_ops* real,
                       struct uv__io* io,
                       uv_file file,
                       uint64_t offset,
                       size_t len);

/* ---- sim_partings_native.c ---- */

/* A stream is about to go: it waits for packets of that file, or the file, which is referenced, is let go of. */
void sim_partings_add(const struct uv__io* io, struct nt_file* file, int waits);
void sim_partings_end(void);

#endif /* SIM_NATIVE_H_ */
