/* File objects that somebody else has, too: what he does with his handle is no business of the loop's
 * (law 9), and what the loop does with its own is none of his. He is played by this process, with a
 * handle of its own. Which file objects are on the loop's port at all is in win_attach.c. */
#include <stdlib.h>
#include <string.h>

#include "win/handle/handle.h"
#include "win/loop/loop.h"
#include "win/tcp/tcp.h"

#include "driver.h"
#include "holder.h"

enum {
  STILL_PENDING = 0x103, /* STATUS_PENDING */
  MUCH = 1 << 20,
  PIECE = 4096
};

/* ---- What the loop remembers ---- */

/* Against a plain list, with keys that lie as closely as handles and OVERLAPPEDs do. */
TEST(win_table_has_what_was_added_and_not_removed) {
  static size_t had[300];
  struct uv__table table = {NULL, 0, 0};
  unsigned random = 1;
  size_t count = 0, i;
  int round;

  for (round = 0; round < 20000; round++) {
    const void* key;

    random = random * 1103515245u + 12345u;
    i = random / 65536 % 300;
    key = (const void*) (uintptr_t) (0x1000 + 16 * i);
    if (had[i] > 0 && random / 32768 % 2 == 0) {
      uv__table_remove(&table, uv__table_find(&table, key, NULL));
      had[i]--;
      count--;
    } else if (had[i] < 3) {
      CHECK_EQ(uv__table_reserve(&table, count + 1), 0);
      uv__table_add(&table, key, NULL);
      had[i]++;
      count++;
    }
    CHECK_EQ(table.count, count);
    CHECK_EQ(uv__table_find(&table, key, NULL) != NULL, had[i] > 0);
#if !defined(NDEBUG)
    CHECK(uv__table_valid(&table));
#endif
  }
  for (i = 0; i < 300; i++)
    CHECK_EQ(uv__table_find(&table, (const void*) (uintptr_t) (0x1000 + 16 * i), NULL) != NULL,
             had[i] > 0);
  uv__table_free(&table);
}

/* ---- Packets ---- */

/* What lies at the address of a packet that is not ours: nothing that may be called. */
struct trap {
  struct uv__op op;
  void* behind[4];
};

static struct trap trap;

static void set_trap(void) {
  memset(&trap, 0x5a, sizeof trap);
}

static void post_stray(OVERLAPPED* overlapped) {
  size_t before = uv__expect_strays(loop);

  CHECK(PostQueuedCompletionStatus(loop->tail.iocp, 1, UV__LOOP_KEY_FILE, overlapped));
  holder_await_stray(before);
  CHECK_EQ(uv__expect_strays(loop), before + 1);
}

/* Also where an address is one of ours: of an operation that is not over, or of none. */
TEST(law9_packet_of_somebody_else_is_dropped_and_counted) {
  EACH_KIND(k) {
    struct stream *a, *b;
    void* block = malloc(sizeof trap);
    volatile uintptr_t gone = (uintptr_t) block;
    struct trap on_stack;

    make_pair(k, &a, &b);
    CHECK(block != NULL);
    set_trap();
    memset(&on_stack, 0x5a, sizeof on_stack);
    free(block);
    arm_dry(b);
    post_stray((OVERLAPPED*) 0x10);
    post_stray(&trap.op.overlapped);
    post_stray(&on_stack.op.overlapped);
    post_stray((OVERLAPPED*) gone);
    post_stray(&b->io.tail.in.overlapped);
    post_stray(&b->io.tail.out.overlapped);
    CHECK_EQ(rings(b, UV__READ), 0);
    CHECK_EQ(write_byte(a, 'x'), 0);
    await(b, UV__READ);
    CHECK_EQ(read_byte(b), 'x');
    holder_pass_byte(a, b);
    holder_pass_byte(b, a);
    stream_end(a);
    stream_end(b);
  }
}

/* The real thing: an operation of another holder ends in a packet of our port. */
TEST(law9_operation_of_another_holder_comes_out_of_our_port) {
  EACH_KIND(k) {
    struct stream *a, *b;
    HANDLE theirs, event;
    size_t before;

    make_pair(k, &a, &b);
    set_trap();
    arm_dry(b);
    theirs = holder_duplicate(k, holder_handle(b));
    event = holder_begin_read(k, theirs, &trap.op.overlapped);
    before = uv__expect_strays(loop);
    stream_end(a); /* The end is for all who wait. */
    await(b, UV__READ);
    holder_await_stray(before);
    CHECK_EQ(WaitForSingleObject(event, 0), WAIT_OBJECT_0);
    CHECK_EQ(read_to_end(b), UV_EOF);
    stream_end(b);
    holder_close(k, theirs);
    CHECK(CloseHandle(event));
  }
}

/* ---- What is ours ---- */

/* Handles that no stream has yet are ours as well: nobody else can have given them (rule I6). */
TEST(win_sockets_that_wait_for_clients_are_ours) {
  EACH_KIND(k) {
    struct stream* listeners[3];
    unsigned i, slot, count = 0;

    if (k->desc != UV__DESC_TCP)
      continue;
    for (i = 0; i < 3; i++)
      listeners[i] = make_listener(k);
    settle();
    for (i = 0; i < 3; i++) {
      const struct uv__tcp_pool* pool = uv__tcp_pool_of(&listeners[i]->io);

      for (slot = 0; slot < UV__TCP_SLOTS; slot++) {
        if (pool->slots[slot].socket == INVALID_SOCKET)
          continue;
        count++;
        CHECK(uv__own_has((HANDLE) pool->slots[slot].socket, NULL));
      }
    }
    CHECK(count >= 3);
    for (i = 0; i < 3; i++)
      stream_end(listeners[i]);
  }
}

/* ---- Modes ---- */

struct plain {
  HANDLE handle;
  DWORD written;
};

static DWORD WINAPI write_plainly(void* data) {
  static const char bytes[MUCH];
  struct plain* plain = data;

  while (plain->written <
         sizeof bytes) { /* In pieces that are never too much for the system's memory. */
    DWORD left = sizeof bytes - plain->written;
    DWORD took;

    if (!WriteFile(plain->handle, bytes, left < PIECE ? left : PIECE, &took, NULL))
      return GetLastError();
    plain->written += took;
  }
  return 0;
}

/* A write without an OVERLAPPED waits for the file object's event. */
TEST(win_plain_write_of_another_holder_returns) {
  EACH_KIND(k) {
    struct stream *a, *b;
    struct plain plain = {NULL, 0};
    size_t total = 0;
    HANDLE thread;
    DWORD code;

    if (k->ops != &uv__pipe_ops)
      continue; /* He knows nothing of frames. */
    make_pair(k, &a, &b);
    arm_dry(b); /* By now it is on the port. */
    plain.handle = holder_duplicate(k, holder_handle(b));
    thread = CreateThread(NULL, 0, write_plainly, &plain, 0, NULL);
    CHECK(thread != NULL);
    while (total < MUCH) {
      static char bytes[65536];
      ssize_t n = read_some(a, bytes, sizeof bytes);

      CHECK(n > 0);
      total += (size_t) n;
    }
    CHECK_EQ(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
    CHECK(GetExitCodeThread(thread, &code));
    CHECK_EQ(code, 0);
    CHECK_EQ(plain.written, MUCH);
    CHECK(CloseHandle(thread));
    CHECK(CloseHandle(plain.handle));
    stream_end(a);
    stream_end(b);
  }
}
