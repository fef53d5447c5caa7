/* The frames that an IPC pipe on Windows is made of: those of libuv byte for byte, and some of
 * our own. A codec without system calls, memory of its own or knowledge of sockets; who reads
 * and writes the bytes is src/win/ipc/in.c and out.c.
 *
 * A frame is a header of four little-endian 32-bit words, at most one block, and payload:
 *
 *   flags         see below; a bit that is not known ends the stream
 *   word          libuv sends 0 and ignores it; ours is UV__IPC_WORD, see "Handshake"
 *   length        bytes of payload; 0 without UV__IPC_DATA
 *   zero
 *   block         UV__IPC_SOCKET: 628 bytes WSAPROTOCOL_INFOW made for the receiver's process,
 *                 then the 32-bit error of a bind that is to be reported by listen or connect.
 *                 UV__IPC_PIPE: the 64-bit value of a handle in the receiver's process, the
 *                 32-bit enum uv__ipc_ending, and 32 bits of zero.
 *   payload       `length` bytes of the stream
 *
 * Several handles that belong to one write (rule X7) come one behind the other, each in a frame with its
 * block: all but the last have UV__IPC_LINKED and no payload. They are to be taken when the last block
 * is there, and not before: a sender that cannot send it takes back what it has given of the others.
 *
 * Handshake. libuv ends a stream in which it finds a bit it does not know, so our own frames
 * go to our own kind only. Each end of ours begins with a frame that libuv takes for a write
 * of no bytes, and whose word names this library and the version of its extension. The first
 * header that arrives therefore tells what the peer is, for good: before it our own frames must
 * not be sent, and from a peer that did not announce itself they are as invalid as they would
 * be to libuv. The process id of the peer is not in it; the system tells that, not the peer. */
#ifndef UV__IPC_FRAME_H_
#define UV__IPC_FRAME_H_

#include <stddef.h>
#include <stdint.h>

/* Bits of a header. The upper ones are ours. */
enum {
  UV__IPC_DATA = 0x1,
  UV__IPC_SOCKET = 0x2,
  UV__IPC_CONNECTION = 0x4, /* what is passed is connected; else it listens */
  UV__IPC_PIPE = 0x100,
  UV__IPC_EOF = 0x200,   /* alone: no more payload and no more handles come this way */
  UV__IPC_LINKED = 0x400 /* the next frame brings another handle of the same write */
};

enum {
  UV__IPC_HEADER_SIZE = 16,
  UV__IPC_INFO_SIZE = 628,
  UV__IPC_SOCKET_SIZE = UV__IPC_INFO_SIZE + 4,
  UV__IPC_PIPE_SIZE = 16,
  UV__IPC_HEAD_MOST = UV__IPC_HEADER_SIZE + UV__IPC_SOCKET_SIZE,
  UV__IPC_HANDLES_MOST = 64, /* of one write */
  UV__IPC_VERSION = 1,
  /* The letters UVS and the version, in the order of the bytes on the wire. */
  UV__IPC_WORD = 'U' | 'V' << 8 | 'S' << 16 | UV__IPC_VERSION << 24
};

/* How the end of one direction is said on a passed connection that is a pipe of messages: by an
 * empty message (docs/WINDOWS.md). */
enum uv__ipc_ending {
  UV__IPC_ENDING_USUAL,    /* so */
  UV__IPC_ENDING_GREETING, /* so, if the other end begins with the greeting */
  UV__IPC_ENDING_NONE,     /* not at all */
  UV__IPC_ENDING_CAME      /* it has been said, and whoever passes the connection on has taken it */
};

/* What the first header said of the peer. */
enum uv__ipc_kin {
  UV__IPC_UNKNOWN, /* nothing came yet */
  UV__IPC_FOREIGN, /* libuv, or what speaks like it */
  UV__IPC_OURS     /* understands UV__IPC_PIPE, UV__IPC_EOF and UV__IPC_LINKED */
};

/* What the bytes of one uv__ipc_frame_feed amounted to. */
enum uv__ipc_event {
  UV__IPC_MORE,       /* nothing to hand out yet */
  UV__IPC_BYTES,      /* all that was used is payload */
  UV__IPC_GOT_SOCKET, /* decoder->block holds UV__IPC_SOCKET_SIZE bytes, until the next feed */
  UV__IPC_GOT_PIPE,   /* decoder->block holds UV__IPC_PIPE_SIZE bytes, until the next feed */
  UV__IPC_GOT_EOF,
  UV__IPC_BAD /* no frame; there is no way back into step, and every feed says so */
};

struct uv__ipc_decoder {
  uint32_t flags; /* of the frame under way; and after GOT_SOCKET and GOT_PIPE */
  uint32_t left;  /* bytes of its payload still to come */
  unsigned have;  /* bytes in `block` */
  unsigned char stage;
  unsigned char peer;  /* enum uv__ipc_kin */
  unsigned char ahead; /* handles of the same write that came before the one that comes next */
  unsigned char block[UV__IPC_SOCKET_SIZE];
};

void uv__ipc_frame_init(struct uv__ipc_decoder* decoder);

/* How many bytes the decoder takes before something other than payload begins or ends; 0 after
 * UV__IPC_GOT_EOF or UV__IPC_BAD. A reader that asks the system for no more than this holds no
 * bytes back, and can put payload straight where it is wanted. */
size_t uv__ipc_frame_wants(const struct uv__ipc_decoder* decoder);
/* Whether payload comes next. */
int uv__ipc_frame_in_payload(const struct uv__ipc_decoder* decoder);

/* Take bytes, `len` > 0. Stores how many were used; the rest is to be fed again. Never looks
 * behind `len`, and never hands out what was not sent as payload. */
enum uv__ipc_event uv__ipc_frame_feed(struct uv__ipc_decoder* decoder,
                                      const void* bytes,
                                      size_t len,
                                      size_t* used);

/* Whether the stream may end here: not within a frame, or between handles of one write. */
int uv__ipc_frame_between(const struct uv__ipc_decoder* decoder);

/* Whether the decoder is in a state that bytes can lead to: for assertions. */
int uv__ipc_frame_valid(const struct uv__ipc_decoder* decoder);

/* The little-endian numbers in a block. */
uint32_t uv__ipc_frame_get32(const unsigned char* bytes);
uint64_t uv__ipc_frame_get64(const unsigned char* bytes);
void uv__ipc_frame_put32(unsigned char* bytes, uint32_t value);
void uv__ipc_frame_put64(unsigned char* bytes, uint64_t value);

/* Write what precedes `length` bytes of payload to `head`, which has room for
 * UV__IPC_HEAD_MOST, and return its size. The block, where the flags ask for one, is already in
 * its place behind the header. UV__IPC_DATA is set here. */
size_t uv__ipc_frame_head(unsigned char* head, uint32_t flags, uint32_t length);

#endif /* UV__IPC_FRAME_H_ */
