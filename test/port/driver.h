/* Drives the operations of core/port.h the way the core does, lane by lane, and keeps the
 * books that the laws are checked against. What a kind of stream needs to come into being is
 * in kind.h, what only an operating system can do is in native.h. */
#ifndef PORT_DRIVER_H_
#define PORT_DRIVER_H_

#include "core/port.h"
#include "harness.h"
#include "kind.h"
#include "pattern.h"

/* One io under test. Always allocated, so that a sanitizer sees a late touch. */
struct stream {
  struct uv__io io;
  const struct kind* kind;
  unsigned rings[8]; /* seen and not yet taken by `await`, in the order of enum uv__lane */
  size_t heard;      /* bytes of the pattern read by `hear` */
  int closed;        /* close was called: rings of other lanes may still come */
};

/* Run the body once for every kind of this backend, each time on a fresh loop that must be
 * empty, and all memory given back, afterwards. The simulator repeats that with many seeds. */
#define EACH_KIND(k) for (const struct kind* k = round_begin(); k != NULL; k = round_next(k))
const struct kind* round_begin(void);
const struct kind* round_next(const struct kind* kind);

/* The loop of the round. */
extern uv_loop_t* loop;

/* An io with its kind's operations, not opened. */
struct stream* stream_new(const struct kind* kind);
/* The same, with a descriptor created or, when `desc` is not NULL, adopted. */
struct stream* stream_open(const struct kind* kind, const struct uv__desc* desc);

/* Poll once and count the rings. A ring of a lane that nobody started is a failure. */
void turn(int timeout_ms);
/* Poll until the lane rang; takes the ring. Fails after 30 s of the port's clock. */
void await(struct stream* s, enum uv__lane lane);
/* Rings of the lane that were not awaited. */
unsigned rings(const struct stream* s, enum uv__lane lane);
/* Let everything happen that is due: passes bytes over a connection of its own until the
 * system has had several chances to report all other news. No clock is involved. */
void settle(void);
/* Poll until the port's clock has moved by `ms`; returns how many polls that took. */
unsigned polls_during(int ms);

/* Start on the READ lane: UV__READY, UV__PENDING or an error. */
int arm(struct stream* s);
/* Arm a stream that has nothing to read. */
void arm_dry(struct stream* s);
/* Disarm a stream that has something to read, and wait for the ring where it still comes (as
 * late as the data, on a port that leaves its question open). */
void disarm(struct stream* s);
/* The operation read_now. */
ssize_t read_now(struct stream* s, char* base, size_t len);
/* Arm and wait until read_now gets somewhere; its result. */
ssize_t read_some(struct stream* s, char* base, size_t len);
/* Read one byte. */
char read_byte(struct stream* s);
/* Read and drop until EOF or an error, which is the result. */
ssize_t read_to_end(struct stream* s);

/* Wait for the peer's end on the HANGUP lane, as often as the port wants to be asked; what it is. */
int hear_hangup(struct stream* s);

/* Start on the WRITE lane; answers what the port answered, checked for shape. */
ssize_t write_start(struct stream* s, const uv_buf_t* bufs, unsigned n, enum uv__write_mode mode);
/* Write one byte, which even the smallest connection holds. The error, or 0. */
ssize_t write_byte(struct stream* s, char byte);
/* Write `len` bytes of the pattern from place `at` on, with `peer` reading whenever the write
 * has to wait. The error, or 0. */
ssize_t write_pattern(struct stream* s, size_t at, size_t len, struct stream* peer);
/* Read what is there, or, for `hear_until`, that much in all, and check it. */
void hear(struct stream* s);
void hear_until(struct stream* s, size_t total);
/* As `collect` for the WRITE lane, with `peer` reading meanwhile. */
ssize_t collect_heard(struct stream* s, ssize_t r, struct stream* peer);
/* Write in UV__TRY mode from a fixed pattern until nothing more is taken; the bytes taken. */
size_t write_full(struct stream* s);

/* Start on CONNECT or SHUTDOWN. */
int start(struct stream* s, enum uv__lane lane, const void* addr);
/* Wait for the ring if `r` says so, and collect. */
ssize_t collect(struct stream* s, enum uv__lane lane, ssize_t r);

/* Take a connection, waiting for it, and open it as a stream of the same kind. */
struct stream* accept_stream(struct stream* listener);
/* accept_now, with the books kept. */
int accept_start(struct stream* listener, struct uv__desc* desc);

/* End a stream so that its peer sees a reset, on a kind that knows resets; on others, so that it
 * sees the end. */
void stream_reset(struct stream* s);
/* Close; then, perhaps later, wait for CLOSED when it is pending. `done` may be asked afterwards. */
void stream_begin_close(struct stream* s);
void stream_await_close(struct stream* s);
/* Both. */
void stream_close(struct stream* s);
/* Overwrite and free a closed stream. */
void stream_free(struct stream* s);
/* Both. */
void stream_end(struct stream* s);

#endif /* PORT_DRIVER_H_ */
