/* Fuzzes the IPC frame decoder: the first byte of the input chooses how the rest is split. Two
 * decoders get the same bytes, one whole and one in pieces, and must come to the same. Each
 * piece lies in a block of its own size, so that AddressSanitizer sees a look behind its end. */
#include "core/base/ipc_frame.h"

#include <string.h>

#include "fuzz.h"

/* All that came out: a hash of events and blocks, and of the payload. */
struct result {
  uint64_t events;
  uint64_t payload;
  size_t count;
  int bad;
};

static void mix(uint64_t* hash, const uint8_t* bytes, size_t size) {
  size_t i;

  for (i = 0; i < size; i++)
    *hash = (*hash ^ bytes[i]) * UINT64_C(1099511628211);
}

static void event(struct result* result, uint8_t what) {
  mix(&result->events, &what, 1);
  mix(&result->events, (const uint8_t*) &result->count, sizeof(result->count));
}

/* Feeds one piece. */
static void feed(struct uv__ipc_decoder* decoder,
                 struct result* result,
                 const uint8_t* data,
                 size_t size) {
  uint8_t* piece = malloc(size == 0 ? 1 : size);
  size_t at = 0;

  MUST(piece != NULL);
  memcpy(piece, data, size);
  while (at < size && !result->bad) {
    size_t wants = uv__ipc_frame_wants(decoder);
    size_t used = SIZE_MAX;
    enum uv__ipc_event got = uv__ipc_frame_feed(decoder, piece + at, size - at, &used);

    MUST(used <= size - at);
    MUST(used <= wants);
    MUST(used > 0 || got == UV__IPC_BAD);
    MUST(decoder->have < sizeof(decoder->block));
    switch (got) {
    case UV__IPC_MORE:
      break;
    case UV__IPC_BYTES:
      mix(&result->payload, piece + at, used);
      result->count += used;
      break;
    case UV__IPC_GOT_SOCKET:
    case UV__IPC_GOT_PIPE:
      event(result, (uint8_t) (got + (decoder->flags & UV__IPC_CONNECTION) * 16));
      event(result, decoder->ahead);
      MUST(decoder->ahead < UV__IPC_HANDLES_MOST);
      MUST(decoder->ahead == 0 || !uv__ipc_frame_between(decoder));
      mix(&result->events, decoder->block,
          got == UV__IPC_GOT_SOCKET ? UV__IPC_SOCKET_SIZE : UV__IPC_PIPE_SIZE);
      break;
    case UV__IPC_GOT_EOF:
      event(result, (uint8_t) got);
      MUST(uv__ipc_frame_between(decoder));
      break;
    case UV__IPC_BAD:
      event(result, (uint8_t) got);
      result->bad = 1;
      MUST(!uv__ipc_frame_between(decoder));
      break;
    }
    if (got == UV__IPC_GOT_PIPE || got == UV__IPC_GOT_EOF || decoder->ahead > 0)
      MUST(decoder->peer == UV__IPC_OURS);
    at += used;
  }
  free(piece);
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  struct uv__ipc_decoder whole_decoder, split_decoder;
  struct result whole, split;
  uint32_t step;
  size_t at;

  if (size == 0)
    return 0;
  memset(&whole, 0, sizeof(whole));
  memset(&split, 0, sizeof(split));
  uv__ipc_frame_init(&whole_decoder);
  uv__ipc_frame_init(&split_decoder);
  feed(&whole_decoder, &whole, data + 1, size - 1);
  step = data[0];
  for (at = 1; at < size;) {
    size_t piece = data[0] == 0 ? 1 : 1 + (step >> 16) % data[0];

    step = step * 1103515245u + 12345u;
    if (piece > size - at)
      piece = size - at;
    feed(&split_decoder, &split, data + at, piece);
    at += piece;
  }
  MUST(whole.bad == split.bad);
  MUST(whole.events == split.events);
  MUST(whole.payload == split.payload);
  MUST(whole.count == split.count);
  MUST(whole_decoder.peer == split_decoder.peer);
  MUST(whole.bad || uv__ipc_frame_wants(&whole_decoder) == uv__ipc_frame_wants(&split_decoder));
  return 0;
}
