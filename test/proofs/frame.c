/* The decoder of IPC frames, from every state that it can be in: what holds after any bytes then holds after
 * streams of any length. */
#include "proof.h"

#include <string.h>

/* What a block holds is any bytes, so that those that are there already are as good as those that come; only
 * whether they can be read and written has to be asked. */
static int copies;

static void* copy(void* to, const void* from, size_t size) {
  size_t i;

  CHECK(__CPROVER_r_ok(from, size) && __CPROVER_w_ok(to, size));
  for (i = 0; copies && i < size; i++)
    ((char*) to)[i] = ((const char*) from)[i];
  return to;
}

#define memcpy copy
#include "core/base/ipc_frame.c"
#undef memcpy

static struct uv__ipc_decoder any_decoder(void) {
  struct uv__ipc_decoder decoder;

  ASSUME(uv__ipc_frame_valid(&decoder));
  return decoder;
}

PROOF(frame_begins_valid, 1) {
  struct uv__ipc_decoder decoder;

  uv__ipc_frame_init(&decoder);
  CHECK(uv__ipc_frame_valid(&decoder));
  CHECK(uv__ipc_frame_between(&decoder));
  CHECK(uv__ipc_frame_wants(&decoder) == UV__IPC_HEADER_SIZE);
  REACHED();
}

PROOF(frame_takes_any_bytes, 1) {
  struct uv__ipc_decoder decoder = any_decoder();
  struct uv__ipc_decoder before = decoder;
  size_t wants = uv__ipc_frame_wants(&before);
  size_t len = nondet_size();
  size_t used;
  unsigned char* bytes;
  enum uv__ipc_event event;

  ASSUME(len > 0 && len <= UINT32_MAX);
  bytes = malloc(len);
  ASSUME(bytes != NULL);
  event = uv__ipc_frame_feed(&decoder, bytes, len, &used);
  CHECK(uv__ipc_frame_valid(&decoder));
  CHECK(used == (len < wants ? len : wants));
  CHECK(used > 0 || event == UV__IPC_BAD);
  /* What was not sent as payload is never handed out, and what was is not lost. */
  CHECK((event == UV__IPC_BYTES) == uv__ipc_frame_in_payload(&before));
  CHECK(event != UV__IPC_BYTES || decoder.left == before.left - used);
  /* What the peer is said to be it stays. */
  CHECK(before.peer == UV__IPC_UNKNOWN || decoder.peer == before.peer);
  /* Our own frames come from our own kind. */
  CHECK((event != UV__IPC_GOT_PIPE && event != UV__IPC_GOT_EOF) || decoder.peer == UV__IPC_OURS);
  CHECK(decoder.ahead == 0 || decoder.peer == UV__IPC_OURS);
  /* Handles of one write are counted, there are no more than one may have, and nothing comes in between. */
  CHECK(decoder.ahead < UV__IPC_HANDLES_MOST);
  CHECK(decoder.ahead <= before.ahead ||
        (decoder.ahead == before.ahead + 1 && (decoder.flags & UV__IPC_LINKED) &&
         (event == UV__IPC_GOT_SOCKET || event == UV__IPC_GOT_PIPE)));
  CHECK(before.ahead == 0 || (event != UV__IPC_BYTES && event != UV__IPC_GOT_EOF));
  CHECK(decoder.ahead == 0 || !uv__ipc_frame_between(&decoder));
  CHECK((event != UV__IPC_GOT_EOF && event != UV__IPC_BAD) || uv__ipc_frame_wants(&decoder) == 0);
  CHECK(event != UV__IPC_BAD || !uv__ipc_frame_between(&decoder));
  REACHED();
}

/* Whoever feeds no more than is wanted never has bytes left over. */
PROOF(frame_uses_what_it_wants, 1) {
  struct uv__ipc_decoder decoder = any_decoder();
  size_t wants = uv__ipc_frame_wants(&decoder);
  size_t len = nondet_size();
  size_t used;
  unsigned char* bytes;

  ASSUME(len > 0 && len <= wants);
  bytes = malloc(len);
  ASSUME(bytes != NULL);
  (void) uv__ipc_frame_feed(&decoder, bytes, len, &used);
  CHECK(used == len);
  REACHED();
}

/* What is written here is read here, whatever the peer was told before. */
PROOF(frame_head_is_read_as_written, 18) {
  static const uint32_t kinds[] = {0,
                                   UV__IPC_SOCKET,
                                   UV__IPC_SOCKET | UV__IPC_CONNECTION,
                                   UV__IPC_PIPE,
                                   UV__IPC_PIPE | UV__IPC_CONNECTION,
                                   UV__IPC_SOCKET | UV__IPC_LINKED,
                                   UV__IPC_PIPE | UV__IPC_LINKED,
                                   UV__IPC_EOF};
  unsigned char head[UV__IPC_HEAD_MOST];
  struct uv__ipc_decoder decoder;
  unsigned kind = nondet_unsigned();
  uint32_t length = nondet_unsigned();
  size_t size;
  size_t used;
  enum uv__ipc_event event;

  ASSUME(kind < sizeof(kinds) / sizeof(kinds[0]));
  ASSUME(!(kinds[kind] & (UV__IPC_EOF | UV__IPC_LINKED)) || length == 0);
  size = uv__ipc_frame_head(head, kinds[kind], length);
  uv__ipc_frame_init(&decoder);
  copies = 1;
  event = uv__ipc_frame_feed(&decoder, head, size, &used);
  CHECK(used == UV__IPC_HEADER_SIZE && decoder.peer == UV__IPC_OURS);
  if (kinds[kind] & UV__IPC_EOF) {
    CHECK(event == UV__IPC_GOT_EOF && size == used);
  } else {
    CHECK(event == UV__IPC_MORE && decoder.left == length);
    CHECK(size - used == (decoder.stage == BLOCK ? uv__ipc_frame_wants(&decoder) : 0));
  }
  REACHED();
}

PROOF(frame_numbers_are_read_as_written, 1) {
  unsigned char bytes[8];
  uint64_t value;

  uv__ipc_frame_put64(bytes, value);
  CHECK(uv__ipc_frame_get64(bytes) == value);
  CHECK(uv__ipc_frame_get32(bytes) == (uint32_t) value);
  REACHED();
}
