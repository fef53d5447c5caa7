/* What limits of time cost their loop (rule X2), counted: many of them are as many alarms as timers would
 * be, and while bytes move none of them is touched. The streams have no descriptors, and no turns. */
#include <stdlib.h>

#include "core/stream/stream.h"
#include "harness.h"
#include "memory.h"
#include "uv.h"
#include "uvstream.h"

enum {
  MANY = 100000,
  MESSAGES = 10,
  HOUR_MS = 3600000
};

struct limited {
  uv_pipe_t pipe;
  uvs_deadline_t limit;
};

static uv_loop_t loop;
static struct limited* streams;

static uv_stream_t* stream_at(int index) {
  return (uv_stream_t*) &streams[index].pipe;
}

static void no_alloc(uv_handle_t* handle, size_t size, uv_buf_t* buf) {
  (void) handle;
  (void) size;
  (void) buf;
}

static void no_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) nread;
  (void) buf;
}

/* They look as if they were connected and waited for their peer. */
static void begin(void) {
  int i;

  CHECK_EQ(uv_loop_init(&loop), 0);
  streams = calloc(MANY, sizeof(*streams));
  CHECK(streams != NULL);
  for (i = 0; i < MANY; i++) {
    CHECK_EQ(uv_pipe_init(&loop, &streams[i].pipe, 0), 0);
    uv__stream_connected(stream_at(i), UV__OPENED_READABLE | UV__OPENED_WRITABLE);
    uv__stream_io(stream_at(i))->busy |= UV__READ;
    CHECK_EQ(uv_read_start(stream_at(i), no_alloc, no_read), 0);
  }
}

static void end(void) {
  int i;

  for (i = 0; i < MANY; i++) {
    uv__stream_io(stream_at(i))->busy = 0;
    CHECK_EQ(uv_read_stop(stream_at(i)), 0);
    stream_at(i)->flags &= ~(unsigned) (UV__STREAM_READABLE | UV__STREAM_WRITABLE);
    stream_at(i)->stream.phase = UV__FRESH;
    uv_close((uv_handle_t*) &streams[i].pipe, NULL);
  }
  CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
  CHECK_EQ(loop.timers.count, 0);
  CHECK_EQ(uv_loop_close(&loop), 0);
  free(streams);
}

TEST(x2_many_limits_are_as_many_alarms) {
  long calls;
  uint64_t set;
  int i, k;

  begin();
  calls = memory_calls();
  set = loop.timer_order;
  for (i = 0; i < MANY; i++)
    CHECK_EQ(uvs_deadline_start(&streams[i].limit, stream_at(i), UVS_DEADLINE_READ,
                                HOUR_MS + (unsigned) (i * 7919L % MANY)),
             0);
  CHECK_EQ(loop.timer_order - set, MANY);
  CHECK_EQ(loop.timers.count, MANY);

  set = loop.timer_order; /* A timer would be set anew for each of these. */
  for (k = 0; k < MESSAGES; k++) {
    loop.time += HOUR_MS / 2;
    for (i = 0; i < MANY; i++)
      uv__extra_tell(stream_at(i), 1u << UV__EXTRA_READ_LIMIT);
    uv__timer_run(&loop);
  }
  CHECK(loop.timer_order - set <=
        (uint64_t) MANY * MESSAGES / 2); /* Once in the time of a limit. */
  CHECK_EQ(loop.timers.count, MANY);
  for (i = 0; i < MANY; i++)
    CHECK(uv__handle_is_active(stream_at(i))); /* None was over. */

  for (i = 0; i < MANY; i++)
    uvs_deadline_stop(&streams[i].limit);
  CHECK_EQ(loop.timers.count, 0);
  CHECK_EQ(memory_calls(), calls);
  end();
}
