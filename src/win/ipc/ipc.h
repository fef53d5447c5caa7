/* Pipes that carry handles: frames on a connected overlapped end, and handles between processes.
 * Knows pipes, and of TCP what a socket is; nobody but the backend's tables knows it. */
#ifndef UV__WIN_IPC_H_
#define UV__WIN_IPC_H_

#include "core/base/ipc_frame.h"
#include "win/pipe/pipe.h"

enum {
  UV__IPC_FRAME_BUFS = 16, /* of one frame */
  UV__IPC_SMALL = 4096     /* bytes that are read, or written, in one piece, headers included */
};

/* What waits for the first header of the peer, which says who it is. */
enum {
  UV__IPC_WAITS_PASS = 1, /* a write with a pipe handle */
  UV__IPC_WAITS_END = 2,  /* a shutdown that was answered already */
  UV__IPC_WAITS_KIN = 4   /* a write of several handles, which then begins */
};

/* The process at the other end of a pipe. */
struct uv__ipc_peer {
  DWORD id;       /* 0: not known yet */
  int met;        /* what there is to know is known */
  HANDLE process; /* to give it handles; NULL: that is not allowed, or it is this process */
};

/* The handles of a write of several, with the frames that tell of them (several.c). */
struct uv__ipc_batch {
  unsigned count;
  HANDLE given[UV__IPC_HANDLES_MOST]; /* what the peer has of them, as far as that is known */
  size_t room;
  size_t before; /* bytes of the frames before the last one */
  unsigned char heads[1];
};

/* io->tail.more of a connected one. */
struct uv__ipc {
  struct uv__pipe pipe;
  struct uv__ipc_decoder decoder;
  struct uv__ipc_peer peer;
  struct uv__desc held; /* arrived; its first byte has not */
  int error;            /* of the incoming side, for the next read */
  unsigned waits;
  char ahead[UV__IPC_SMALL]; /* bytes that were read and not fed yet: `kept`, from `kept_at` on */
  unsigned kept;
  unsigned kept_at;
  int untaken;                 /* a handle arrived that there is no room for */
  struct uv__ipc_group* group; /* those of a write of several, as they come; NULL: none */
  struct uv__retry take_again; /* when that was told */

  /* The frame that goes out. */
  HANDLE pass;                 /* a duplicate of the pipe handle that waits, */
  unsigned pass_state;         /* and the state of that pipe */
  HANDLE given;                /* what the peer has of it already, and does not know yet */
  struct uv__ipc_batch* batch; /* several of these, with their heads; NULL: none */
  uint32_t flags;
  unsigned char head[UV__IPC_SMALL]; /* and behind it the whole payload, if that is small */
  size_t head_size;                  /* 0: it has gone */
  size_t done;                       /* bytes of the head, or of bufs[at] */
  uv_buf_t bufs[UV__IPC_FRAME_BUFS];
  unsigned nbufs;
  unsigned at;
  int payload; /* bytes in bufs */
  int cut;     /* a frame has failed that may have gone in part: what follows would be its rest */
};

static inline struct uv__ipc* uv__ipc_of(const struct uv__io* io) {
  return io->tail.more;
}

/* ---- ipc.c: of uv__port_beyond ---- */

int uv__ipc_leave(struct uv__io* io);
int uv__ipc_join(struct uv__io* io);

/* ---- out.c: the frame that goes out ---- */

/* Takes as many of the buffers as make a frame. */
void uv__ipc_out_load(struct uv__ipc* ipc, const uv_buf_t* bufs, unsigned nbufs);
/* Sends what was loaded; the block of a handle is in its place already. The bytes of the payload,
 * UV__PENDING or an error. */
ssize_t uv__ipc_out_send(struct uv__io* io, uint32_t flags);
ssize_t uv__ipc_out_send_end(struct uv__io* io);
/* A frame that was pending has gone, or will not go. */
void uv__ipc_out_finish(struct uv__io* io, ssize_t r);
/* A frame will not go: what was given with it is taken back. */
void uv__ipc_out_revoke(struct uv__ipc* ipc);
/* The same for one that may have begun to go: there will be no other. */
void uv__ipc_out_fail(struct uv__ipc* ipc);
/* Whether what is left of a frame lies within it. */
int uv__ipc_out_valid(const struct uv__ipc* ipc);

/* ---- in.c: frames that come, and who the peer is ---- */

/* Asks for the first header only, whether anybody reads or not: 1 when it is known who the peer
 * is, or that it says nothing any more; 0 when there will be a call of uv__ipc_in_arrived. */
int uv__ipc_in_seek(struct uv__io* io);
void uv__ipc_in_arrived(struct uv__io* io);
int uv__ipc_in_arm(struct uv__io* io);
ssize_t uv__ipc_in_read(struct uv__io* io, char* base, size_t len, struct uv__passed* passed);
/* Why a pipe cannot be passed: what the peer is, or why it has not said so. */
int uv__ipc_in_loss(const struct uv__ipc* ipc);
/* Before the close: closes the handles that came and nobody has read of. */
void uv__ipc_in_drain(struct uv__io* io);

/* ---- pass.c: handles between processes ---- */

/* Finds it, once, and its id, where that is 0. */
int uv__ipc_pass_meet(struct uv__ipc_peer* peer, HANDLE pipe);
void uv__ipc_pass_part(struct uv__ipc_peer* peer);
/* Give the peer a duplicate of what `io` has and write the block that tells it so. A socket that is only
 * bound begins to listen. Stores the flags of the frame, and the duplicate; NULL where the system does
 * not tell which it is. */
int uv__ipc_pass(const struct uv__ipc_peer* peer,
                 struct uv__io* io,
                 unsigned char* block,
                 uint32_t* flags,
                 HANDLE* given);
/* The same of a pipe in two steps: its handle, with what is known of it and the flags of the frame; */
int uv__ipc_pass_ready(struct uv__io* io, HANDLE* pipe, unsigned* state, uint32_t* flags);
/* and giving that. */
int uv__ipc_pass_pipe(const struct uv__ipc_peer* peer,
                      HANDLE pipe,
                      unsigned state,
                      unsigned char* block,
                      HANDLE* given);
/* Closes in the peer what it was given and has not been told of. */
void uv__ipc_pass_revoke(const struct uv__ipc_peer* peer, HANDLE given);
/* Take what the peer gave, by the flags and the block of its frame. Whatever is no such thing, or is this
 * process's by its own doing, is an error. UV_ENOBUFS: there is no room for it now. */
int uv__ipc_pass_take(uint32_t flags, const unsigned char* block, struct uv__desc* desc);

/* ---- several.c: the handles of one write ---- */

/* Gives the peer, which is ours, all of them, or none: 0, UV_EAGAIN when there is no memory to tell so, or
 * an error. */
int uv__ipc_several_give(struct uv__ipc* ipc, struct uv__io* const* pass);
/* The heads have gone. */
void uv__ipc_several_sent(struct uv__ipc* ipc);
/* They will not go. */
void uv__ipc_several_revoke(struct uv__ipc* ipc);
/* Another block of those of one write is there: with the last one all are taken. 0; UV_ENOBUFS: there is no
 * room now, and it is to be called again; or an error, and none is left. */
int uv__ipc_several_take(struct uv__ipc* ipc);
/* Whether all were taken, and to whom they go. */
int uv__ipc_several_came(const struct uv__ipc* ipc);
void uv__ipc_several_hand_out(struct uv__ipc* ipc, struct uv__passed* passed);
/* Those that were taken are closed. */
void uv__ipc_several_drop(struct uv__ipc* ipc);

#endif /* UV__WIN_IPC_H_ */
