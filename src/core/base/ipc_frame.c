/* The IPC frame codec; the format is described in ipc_frame.h. */
#include "core/base/ipc_frame.h"

#include <assert.h>
#include <string.h>

/* What the next byte belongs to. */
enum {
  HEADER,
  BLOCK,
  PAYLOAD,
  ENDED,
  BROKEN
};

enum {
  THEIRS = UV__IPC_DATA | UV__IPC_SOCKET | UV__IPC_CONNECTION,
  OURS = UV__IPC_PIPE | UV__IPC_EOF | UV__IPC_LINKED,
  BLOCKS = UV__IPC_SOCKET | UV__IPC_PIPE
};

/* ---- Numbers ---- */

uint32_t uv__ipc_frame_get32(const unsigned char* bytes) {
  return bytes[0] | (uint32_t) bytes[1] << 8 | (uint32_t) bytes[2] << 16 |
         (uint32_t) bytes[3] << 24;
}

uint64_t uv__ipc_frame_get64(const unsigned char* bytes) {
  return uv__ipc_frame_get32(bytes) | (uint64_t) uv__ipc_frame_get32(bytes + 4) << 32;
}

void uv__ipc_frame_put32(unsigned char* bytes, uint32_t value) {
  bytes[0] = (unsigned char) value;
  bytes[1] = (unsigned char) (value >> 8);
  bytes[2] = (unsigned char) (value >> 16);
  bytes[3] = (unsigned char) (value >> 24);
}

void uv__ipc_frame_put64(unsigned char* bytes, uint64_t value) {
  uv__ipc_frame_put32(bytes, (uint32_t) value);
  uv__ipc_frame_put32(bytes + 4, (uint32_t) (value >> 32));
}

/* ---- Writing ---- */

size_t uv__ipc_frame_head(unsigned char* head, uint32_t flags, uint32_t length) {
  if (!(flags & UV__IPC_EOF))
    flags |= UV__IPC_DATA;
  uv__ipc_frame_put32(head, flags);
  uv__ipc_frame_put32(head + 4, UV__IPC_WORD);
  uv__ipc_frame_put32(head + 8, length);
  uv__ipc_frame_put32(head + 12, 0);
  if (flags & UV__IPC_SOCKET)
    return UV__IPC_HEADER_SIZE + UV__IPC_SOCKET_SIZE;
  if (flags & UV__IPC_PIPE)
    return UV__IPC_HEADER_SIZE + UV__IPC_PIPE_SIZE;
  return UV__IPC_HEADER_SIZE;
}

/* ---- Reading ---- */

void uv__ipc_frame_init(struct uv__ipc_decoder* decoder) {
  memset(decoder, 0, sizeof(*decoder));
  decoder->stage = HEADER;
  decoder->peer = UV__IPC_UNKNOWN;
}

static unsigned block_size(const struct uv__ipc_decoder* decoder) {
  if (decoder->stage == HEADER)
    return UV__IPC_HEADER_SIZE;
  return decoder->flags & UV__IPC_SOCKET ? UV__IPC_SOCKET_SIZE : UV__IPC_PIPE_SIZE;
}

size_t uv__ipc_frame_wants(const struct uv__ipc_decoder* decoder) {
  switch (decoder->stage) {
  case HEADER:
  case BLOCK:
    return block_size(decoder) - decoder->have;
  case PAYLOAD:
    return decoder->left;
  default:
    return 0;
  }
}

int uv__ipc_frame_in_payload(const struct uv__ipc_decoder* decoder) {
  return decoder->stage == PAYLOAD;
}

int uv__ipc_frame_between(const struct uv__ipc_decoder* decoder) {
  return decoder->stage == ENDED ||
         (decoder->stage == HEADER && decoder->have == 0 && decoder->ahead == 0);
}

/* Whether the flags make sense together, and may come from this peer. */
static int flags_valid(uint32_t flags, uint32_t length, int peer) {
  if (flags & ~(uint32_t) (peer == UV__IPC_OURS ? THEIRS | OURS : THEIRS))
    return 0;
  if ((flags & UV__IPC_EOF) && flags != UV__IPC_EOF)
    return 0;
  if ((flags & UV__IPC_SOCKET) && (flags & UV__IPC_PIPE))
    return 0;
  if ((flags & (UV__IPC_CONNECTION | UV__IPC_LINKED)) && !(flags & BLOCKS))
    return 0;
  if ((flags & UV__IPC_LINKED) && length > 0)
    return 0;
  return length == 0 || (flags & UV__IPC_DATA);
}

/* Whether they go on where the frames before were left: with a handle, where one was said to come, and
 * with no more of them than one write may have. */
static int flags_follow(uint32_t flags, unsigned ahead) {
  if (ahead > 0 && !(flags & BLOCKS))
    return 0;
  return !(flags & UV__IPC_LINKED) || ahead + 1 < UV__IPC_HANDLES_MOST;
}

static void after_block(struct uv__ipc_decoder* decoder) {
  decoder->have = 0;
  decoder->stage = decoder->left > 0 ? PAYLOAD : HEADER;
}

static enum uv__ipc_event got_header(struct uv__ipc_decoder* decoder) {
  const unsigned char* header = decoder->block;
  uint32_t flags = uv__ipc_frame_get32(header);
  uint32_t word = uv__ipc_frame_get32(header + 4);
  uint32_t length = uv__ipc_frame_get32(header + 8);

  /* A newer version than ours understands what we send, or it would carry other letters. */
  if (decoder->peer == UV__IPC_UNKNOWN)
    decoder->peer = (word & 0xFFFFFF) == (UV__IPC_WORD & 0xFFFFFF) && word >> 24 != 0
                        ? UV__IPC_OURS
                        : UV__IPC_FOREIGN;
  if (uv__ipc_frame_get32(header + 12) != 0 || !flags_valid(flags, length, decoder->peer) ||
      !flags_follow(flags, decoder->ahead)) {
    decoder->stage = BROKEN;
    return UV__IPC_BAD;
  }
  decoder->flags = flags;
  decoder->left = length;
  decoder->have = 0;
  if (flags & UV__IPC_EOF) {
    decoder->stage = ENDED;
    return UV__IPC_GOT_EOF;
  }
  if (flags & BLOCKS)
    decoder->stage = BLOCK;
  else
    after_block(decoder);
  return UV__IPC_MORE;
}

#if !defined(NDEBUG)

/* A block is never full between two feeds, a payload never over, and the flags of what is under way
 * are such as this peer may send. */
int uv__ipc_frame_valid(const struct uv__ipc_decoder* decoder) {
  if (decoder->peer > UV__IPC_OURS || decoder->ahead >= UV__IPC_HANDLES_MOST ||
      (decoder->ahead > 0 && decoder->peer != UV__IPC_OURS))
    return 0;
  switch (decoder->stage) {
  case HEADER:
    return decoder->have < UV__IPC_HEADER_SIZE && decoder->left == 0;
  case BLOCK:
    return decoder->have < block_size(decoder) && decoder->peer != UV__IPC_UNKNOWN &&
           (decoder->flags & BLOCKS) != 0 &&
           flags_valid(decoder->flags, decoder->left, decoder->peer) &&
           flags_follow(decoder->flags, decoder->ahead);
  case PAYLOAD:
    return decoder->have == 0 && decoder->left > 0 && decoder->ahead == 0 &&
           decoder->peer != UV__IPC_UNKNOWN &&
           flags_valid(decoder->flags, decoder->left, decoder->peer);
  case ENDED:
    return decoder->flags == UV__IPC_EOF && decoder->peer == UV__IPC_OURS && decoder->ahead == 0;
  default:
    return decoder->stage == BROKEN;
  }
}

#endif

static enum uv__ipc_event feed(struct uv__ipc_decoder* decoder,
                               const void* bytes,
                               size_t len,
                               size_t* used) {
  size_t wants = uv__ipc_frame_wants(decoder);
  enum uv__ipc_event event;

  if (wants == 0) {
    /* Nothing may come behind the end, and nothing can be made of what comes behind an error. */
    decoder->stage = BROKEN;
    *used = 0;
    return UV__IPC_BAD;
  }
  if (len > wants)
    len = wants;
  *used = len;
  if (decoder->stage == PAYLOAD) {
    decoder->left -= (uint32_t) len;
    if (decoder->left == 0)
      after_block(decoder);
    return UV__IPC_BYTES;
  }
  memcpy(decoder->block + decoder->have, bytes, len);
  decoder->have += (unsigned) len;
  if (len < wants)
    return UV__IPC_MORE;
  if (decoder->stage == HEADER)
    return got_header(decoder);
  event = decoder->flags & UV__IPC_SOCKET ? UV__IPC_GOT_SOCKET : UV__IPC_GOT_PIPE;
  decoder->ahead = decoder->flags & UV__IPC_LINKED ? (unsigned char) (decoder->ahead + 1) : 0;
  after_block(decoder);
  return event;
}

enum uv__ipc_event uv__ipc_frame_feed(struct uv__ipc_decoder* decoder,
                                      const void* bytes,
                                      size_t len,
                                      size_t* used) {
  enum uv__ipc_event event;

  assert(uv__ipc_frame_valid(decoder));
  event = feed(decoder, bytes, len, used);
  assert(uv__ipc_frame_valid(decoder));
  return event;
}
