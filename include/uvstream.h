/* uvstream: what streams need and libuv's API has no words for, on the same loops and handles.
 *
 * All of it comes on top of uv.h, whose conventions hold here too; who does not include this header
 * pays nothing for it. Names begin with uvs_, so that no libuv of the future has them.
 *
 * Rule names (X1, ...) are those of docs/CONTRACT.md.
 */
#ifndef UVSTREAM_H
#define UVSTREAM_H

#include "uv.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Connecting to a name ---------------------------------------------------------- */

/* A TCP connection to a host and a service by their names: the name is looked up, and its addresses
 * are tried as RFC 8305 ("Happy Eyeballs") says, so that one that does not answer costs a quarter of
 * a second and not a minute. The families take turns, beginning with that of the address which the
 * system puts first. The next attempt begins 250 ms after the last, while the earlier ones go on, or at
 * once when one fails. The first connection is the handle's; all others are closed before the callback
 * (rule X1). */

typedef struct uvs_connect_s uvs_connect_t;

/* `status` 0: connected; else why not; UV_ETIMEDOUT: not in time; UV_ECANCELED: closed or taken back
 * before; UV_EAI_*: the name is not known. When attempts failed it is the error of the one that failed
 * last. */
typedef void (*uvs_connect_cb)(uvs_connect_t* req, int status);

/* A connect to a name in progress. */
struct uvs_connect_s {
  void* data;       /* the caller's */
  uv_req_type type; /* read-only: UV_CONNECT */
  uvs_connect_cb cb;
  uv_tcp_t* handle; /* read-only: the handle that connects */
  /* private */
  uv_connect_t connect;
  struct uv__race* race;
};

/* Connect to `service` on `node`, both of which may go after the call. `node` is a name or a numeric
 * address, with a "%zone" where IPv6 needs one; "localhost", and NULL, are the loopback addresses of
 * both families. `service` is a number or a name such as "http". Numbers, and localhost, are never
 * looked up. `timeout_ms` is the limit for the whole, 0 for none; as a timer's it counts from the time of the
 * loop (uv_update_time).
 *
 * What was asked of the handle before holds for its connection: uv_tcp_nodelay, uv_tcp_keepalive; a
 * family (uv_tcp_init_ex), others are not tried then; and the address of uv_tcp_bind, which gives the
 * family, too. Each attempt has its own socket and so its own port, but for a handle that was bound to
 * a port: then the attempts come one after the other. Reads, writes and a shutdown may be started at
 * once (rule W4). After a failure the handle is as it was initialised: wishes stay, and there is no
 * socket. In a forked child (uv_loop_fork) what was under way is not told of: close the handle there.
 *
 * UV_EALREADY, UV_EISCONN, UV_EINVAL as uv_tcp_connect; UV_EBUSY for a handle with a socket from
 * uv_tcp_open, or one that a write still has to pass (uv_write2); UV_EINVAL without a service, or for a
 * number that is no port; UV_EAI_ADDRFAMILY for a numeric address of another family than the handle's;
 * UV_ENOMEM. */
UV_EXTERN int uvs_connect(uvs_connect_t* req,
                          uv_tcp_t* handle,
                          const char* node,
                          const char* service,
                          uint64_t timeout_ms,
                          uvs_connect_cb cb);
/* End it: the callback comes with UV_ECANCELED in the next turn of the loop, whatever a lookup that the
 * system does not give up does; only the loop goes on until that has ended. UV_EBUSY when it is over
 * and its callback due. Not to be called after the callback. */
UV_EXTERN int uvs_connect_cancel(uvs_connect_t* req);

/* In the callback: how many addresses were tried. */
UV_EXTERN unsigned int uvs_connect_attempts(const uvs_connect_t* req);
/* In the callback: one of them, counted from 0 in the order in which they were begun, and what became
 * of it: 0 for the connection, UV_ECANCELED for what was under way when another one was faster or all
 * ended, UV_ETIMEDOUT at the limit; else its error. Each pointer may be NULL. UV_EINVAL when there were
 * not as many. */
UV_EXTERN int uvs_connect_attempt(const uvs_connect_t* req,
                                  unsigned int index,
                                  struct sockaddr_storage* addr,
                                  int* status);

/* ---- Who is there ------------------------------------------------------------------- */

/* Names of pipes are anybody's: where a program expects its service another user's program may listen,
 * and who comes to a service may be anybody whom its name is open to (rule X4). */

enum {
  UVS_USER_SIZE = 192 /* bytes of the text of a user, with its NUL */
};

/* What is known of a process at the other end of a pipe. */
enum {
  UVS_PEER_PROCESS = 1, /* pid */
  UVS_PEER_USER = 2,    /* user, and is_trusted */
  UVS_PEER_GROUP = 4,   /* group */
  UVS_PEER_SESSION = 8, /* session */
  UVS_PEER_LEVEL = 16   /* level */
};

typedef struct uvs_peer_s {
  unsigned int known; /* a set of UVS_PEER_*; of the rest all is 0 */
  /* The process that made the connection or, seen by a client, the name. It may have ended since, and
   * the number be another's. */
  int pid;
  /* The number of its user: of Unix ("1000"), or of Windows ("S-1-5-21-..."). A client on Windows is told
   * whose the pipe is: an elevated server's is the administrators' (S-1-5-32-544). */
  char user[UVS_USER_SIZE];
  int is_trusted;       /* whether that is the user of this process or the system (below) */
  unsigned int group;   /* Unix */
  unsigned int session; /* Windows: of the desktop or, for 0, of services */
  unsigned int
      level; /* Windows: of integrity, 0x2000 for ordinary programs, 0x3000 for elevated ones */
} uvs_peer_t;

/* Who is at the other end of a connected pipe; over an IPC pipe it is also who sent a handle that came.
 * It says what the system has noted when the connection was made, and asks nobody who could keep it
 * waiting. Of the two ends of a pair (uv_pipe, uv_spawn) it is the process that made them. To know its
 * client a Windows server must, as a rule, have read something first: before, `known` may lack the user.
 *
 * UV_ENOTCONN; UV_ENOTSUP for what is no socket (Unix), no overlapped pipe (Windows), or where the system
 * notes nothing; UV_EINVAL. */
UV_EXTERN int uvs_pipe_peer(const uv_pipe_t* pipe, uvs_peer_t* peer);

/* Who may connect to a name. All 0: nobody but the user of this process, and who may do anything. */
typedef struct uvs_access_s {
  unsigned int mode; /* Unix: of the file, at most 0777; 0: 0600 */
  int has_group; /* Unix: whether the file is to be `group`'s, and not that of its folder or process */
  unsigned int group;
  const char*
      sddl; /* Windows: a list in its language of security descriptors, "D:..."; NULL: nobody else */
} uvs_access_t;

/* uv_pipe_bind, but with who may connect, before anybody can; `access` NULL is as if all were 0. What is for
 * the other system is not looked at. A name that does not fit is UV_ENAMETOOLONG.
 *
 * Unix: the folder has to be this user's or root's, and where others may write to it sticky, as /tmp is: else
 * they could put a pipe of their own in its place (UV_EPERM; of a path only that last folder is looked at).
 * UV_EPERM also for a group that is not the user's to give. Windows: who is on the list gets the rights of a
 * client, to read and to write, and no others: to make instances of the name would be to answer its clients.
 * Users of other machines are refused by the system. UV_EINVAL for a text that is no such list or has other
 * parts, UV_E2BIG for a long one (24 users at least fit), UV_ENOTSUP for a path (rule X12). Other errors as of
 * uv_pipe_bind2. */
UV_EXTERN int uvs_pipe_bind(uv_pipe_t* pipe, const char* name, const uvs_access_t* access);

typedef struct uvs_pipe_connect_s uvs_pipe_connect_t;
typedef void (*uvs_pipe_connect_cb)(uvs_pipe_connect_t* req, int status);

/* A connect to a server that is expected. */
struct uvs_pipe_connect_s {
  void* data;       /* the caller's */
  uv_req_type type; /* read-only: UV_CONNECT */
  uvs_pipe_connect_cb cb;
  uv_pipe_t* handle; /* read-only */
  /* private */
  uv_connect_t connect;
  char server[UVS_USER_SIZE];
};

/* uv_pipe_connect2 of a whole name (else UV_ENAMETOOLONG), but to nobody else than `server`, a user as in
 * uvs_peer_t: a number, not the name of a login, which is nobody's. NULL: whoever is trusted, that is the user of
 * this process, or the system: root on Unix; the system itself or the administrators on Windows. If it is
 * another one, or that cannot be known, the callback says UV_EACCES, and not a byte of what was written before
 * goes out: requests end with UV_ECANCELED after it, and the handle is to be closed. Errors as of
 * uv_pipe_connect2; UV_EINVAL for a user that is empty or too long for any. */
UV_EXTERN int uvs_pipe_connect(uvs_pipe_connect_t* req,
                               uv_pipe_t* handle,
                               const char* name,
                               const char* server,
                               uvs_pipe_connect_cb cb);

/* ---- Reads as requests ------------------------------------------------------------- */

/* A read into buffers of the program's, over when as many bytes are there as it needs: a header of twelve
 * bytes, a body of known length, in one callback each. Bytes go from the system into these buffers, several
 * of them if need be, and none is allocated (rule X3). */

typedef struct uvs_read_s uvs_read_t;

/* `status` 0: at least `min` bytes are there; UV_EOF, or an error: reading has ended before;
 * UV_ETIMEDOUT: a deadline; UV_ECANCELED: taken back, closed, or the connect it waited for failed;
 * UV_ENOBUFS: no room for a handle that arrives (rule R3). In any case the first req->nread bytes of the
 * buffers were read, and are lost to nobody but who does not look at them. */
typedef void (*uvs_read_cb)(uvs_read_t* req, int status);

/* A read that waits for bytes. */
struct uvs_read_s {
  void* data;          /* the caller's */
  uv_stream_t* handle; /* read-only */
  uvs_read_cb cb;
  size_t nread; /* read-only: bytes in the buffers, from the first on */
  /* private */
  const uv_buf_t* bufs;
  size_t min;
  size_t offset; /* in bufs[at], of the next byte */
  unsigned int nbufs;
  unsigned int at;
  int status;
  struct uv__queue link;
  struct uv__extra extra;
};

/* Read at least `min` bytes, above 0, and as many more as come with them and fit, into `bufs`. The array,
 * too, stays the request's until its callback. Requests are served in the order of calls, on a stream that
 * connects, too. While one waits uv_read_start's callbacks get no bytes; they get what comes behind the last
 * one, if reading is in force. uv_read_stop does not concern requests. Who asks for a request in a read
 * callback gets the bytes behind those of that callback, so that a message can be read partly by the one
 * and partly by the other.
 *
 * UV_EINVAL: closing, no stream, no callback, no buffers, or fewer bytes of them than `min`;
 * UV_ENOTCONN: nothing to read from. */
UV_EXTERN int uvs_read(uvs_read_t* req,
                       uv_stream_t* stream,
                       const uv_buf_t bufs[],
                       unsigned int nbufs,
                       size_t min,
                       uvs_read_cb cb);
/* Take it back: the callback comes with UV_ECANCELED in the next turn of the loop, and tells what had been
 * read; what comes later is the next reader's. UV_EBUSY when it is over and its callback due. Not to be
 * called after the callback. */
UV_EXTERN int uvs_read_cancel(uvs_read_t* req);

/* ---- The peer has gone ------------------------------------------------------------- */

/* A stream that is not read from, because who would get its bytes is slow, does not hear that its peer
 * has gone. This tells it, and takes no byte: all that came before the end can be read (rule X5). */

typedef struct uvs_hangup_s uvs_hangup_t;

/* `status` UV_EOF: the peer has ended what it sends, in good order, and may still read; UV_ECONNRESET: the
 * connection is gone, as the peer has reset it or the system gave it up; UV_EPIPE: the same of what could
 * only be written to, or was shut down. UV_ECANCELED: the stream was closed; UV_ETIMEDOUT: a deadline ended
 * it. Another error: the system cannot tell, on Windows, where that is found out late (UV_ENOMEM,
 * UV_ENOTSUP). */
typedef void (*uvs_hangup_cb)(uvs_hangup_t* hangup, int status);

/* What waits for a hang-up; in the caller's memory until its callback or uvs_hangup_stop. */
struct uvs_hangup_s {
  void* data;          /* the caller's */
  uv_stream_t* stream; /* read-only */
  uvs_hangup_cb cb;
  /* private */
  struct uv__extra extra;
};

/* Call `cb` once when the peer of a connected stream has gone, which may be so already; in the next turn
 * of the loop, then. As a request it keeps the loop going. It has nothing to do with reading: the end is
 * read as ever, before or after this callback. Where bytes are unread Windows does not tell of the end of
 * a named pipe, which is looked for every few milliseconds meanwhile; and the end of one direction
 * (uv_shutdown of the peer) lies behind them.
 *
 * UV_EINVAL: closing, no stream, no callback; UV_ENOTCONN; UV_EBUSY: something waits for it already;
 * UV_ENOTSUP: terminals, files, and on Windows pipes that are not overlapped. */
UV_EXTERN int uvs_hangup_start(uvs_hangup_t* hangup, uv_stream_t* stream, uvs_hangup_cb cb);
/* The callback will not come. Of one that was started; nothing happens when it has been called. */
UV_EXTERN void uvs_hangup_stop(uvs_hangup_t* hangup);

/* ---- Pseudo-terminals ------------------------------------------------------------------ */

/* A child on a terminal of its own, whose other side is a stream: what it writes is read from there,
 * what is written there was typed (Enter is "\r"; Ctrl-D or, on Windows, Ctrl-Z and Enter end its input).
 * To the child its 0, 1 and 2 are a terminal. On Windows that is a pseudo console, which sends what is on
 * its screen, and not the very bytes that a program wrote (rule X9). */

/* uv_spawn with `terminal`, which is initialised, no IPC pipe and used for nothing yet, as the other side
 * of a new terminal of so many columns and rows, whose session's first process the child is. `options` as
 * of uv_spawn, but for stdio_count, which is 0, and UV_PROCESS_DETACHED.
 *
 * exit_cb comes after the read callback (or request) that says UV_EOF, so after the last byte; and, when
 * it is not read so far, after the stream was closed. Programs that it started and that outlive it are not
 * waited for. Closing the stream hangs up on all of them. uv_shutdown ends when all is written, and leaves
 * the terminal open. Writes that nobody is left to read end with UV_EPIPE.
 *
 * The process is initialised also when this fails, and to be closed then; the pipe is as it was. Errors as
 * of uv_spawn; UV_ENOTSUP where the system has no pseudo-terminals (Windows before 10 1809); UV_EINVAL. */
UV_EXTERN int uvs_pty_spawn(uv_loop_t* loop,
                            uv_process_t* process,
                            uv_pipe_t* terminal,
                            const uv_process_options_t* options,
                            int columns,
                            int rows);
/* Another size, from 1 to 32767 each, of which the child hears (SIGWINCH; a window event). UV_ENOTCONN
 * before it was started and after its end; UV_ENOTSUP where that cannot be done; UV_EINVAL, also for a
 * stream that is no terminal. */
UV_EXTERN int uvs_pty_resize(uv_pipe_t* terminal, int columns, int rows);

/* ---- Deadlines --------------------------------------------------------------------- */

/* A limit for what a stream waits for: a connection, bytes from a silent peer, room at a peer that takes
 * nothing, the end of a shutdown. The callback that waits anyway hears UV_ETIMEDOUT. A deadline is a
 * piece of the caller's memory, as a request is, and no handle: nothing is allocated, and what happens on
 * the stream does no more than note the time (rule X2). */

typedef struct uvs_deadline_s uvs_deadline_t;

typedef enum {
  UVS_DEADLINE_CONNECT, /* from uv_*_connect to its callback */
  UVS_DEADLINE_READ,    /* while reading: since bytes came, or reading began */
  UVS_DEADLINE_WRITE, /* while writes are queued: since the system took a byte, or the first began */
  UVS_DEADLINE_SHUTDOWN /* from uv_shutdown, or the connection, to its callback */
} uvs_deadline_kind;

/* A limit on a stream. */
struct uvs_deadline_s {
  void* data;             /* the caller's */
  uv_stream_t* stream;    /* read-only */
  uvs_deadline_kind kind; /* read-only */
  /* private */
  int is_set;  /* among the timers */
  int is_over; /* and the system is asked once more */
  uint64_t timeout_ms;
  uint64_t since; /* ms of loop time */
  uint64_t turn;  /* of the loop, in which it was over */
  struct uv__alarm alarm;
  struct uv__extra extra;
};

/* Limit what `kind` says to `timeout_ms` (above 0), each time, until uvs_deadline_stop or until the
 * stream's close callback; so long the memory is in use. The time counts whenever there is something to
 * wait for, and from now on if there is; now is the time of the loop, as for timers (uv_update_time). A deadline
 * that is started again on its stream gets another limit. It keeps no loop going, and does not end in blocking
 * mode what waits inside of a call.
 *
 * UVS_DEADLINE_READ: reading stops, as by uv_read_stop, and read_cb gets UV_ETIMEDOUT with an empty
 * buffer; nothing is lost, and reading may start again. The others drop the connection, as a system does
 * whose peer does not answer: the descriptor is closed (TCP: the peer gets a reset, once nobody
 * else has it); connect, reading, hang-up, writes in their order and shutdown end with UV_ETIMEDOUT; then the
 * stream is neither readable nor writable and can only be closed. Deadlines leave it then by themselves.
 *
 * UV_EINVAL: closing, listening, no stream, 0 ms; UV_ENOTCONN: dropped; UV_EBUSY: the stream has one of
 * this kind, or this one is of another kind on it; UV_ENOTSUP: for a terminal, but for UVS_DEADLINE_READ.
 * With a deadline a stream cannot begin to listen (UV_EBUSY). */
UV_EXTERN int uvs_deadline_start(uvs_deadline_t* deadline,
                                 uv_stream_t* stream,
                                 uvs_deadline_kind kind,
                                 uint64_t timeout_ms);
/* No limit any more. Of one that was started; nothing happens when its stream has been closed. */
UV_EXTERN void uvs_deadline_stop(uvs_deadline_t* deadline);

/* ---- From one loop to another ---------------------------------------------------------- */

/* A connection that was accepted by one thread, and is served by another: it leaves the loop of the
 * first, is handed over in a uvs_moving_t by whatever means the program has, and goes on in the loop of the
 * second with the next byte that nobody has read. No process is needed for it, nor a copy of the
 * descriptor, and the peer does not notice (rule X6). */

typedef struct uvs_moving_s uvs_moving_t;

/* It has left. From here on `moving` may go to any thread; and the memory of `handle`, of which this is the
 * close callback, may be freed. */
typedef void (*uvs_moving_cb)(uvs_moving_t* moving, uv_stream_t* handle);

/* A stream that is in no loop: in memory of the caller's, which may not be moved from uvs_detach on until
 * its callback. It belongs to one thread at a time. */
struct uvs_moving_s {
  void* data;          /* the caller's */
  uv_handle_type type; /* read-only: UV_TCP or UV_NAMED_PIPE; UV_UNKNOWN_HANDLE: nothing is in it */
  /* read-only, of a pipe */
  int ipc; /* the handle that it goes to has to be initialised with this */
  /* private */
  uvs_moving_cb cb;
  unsigned int flags;
  struct {
    unsigned short idle;
    unsigned short interval;
    unsigned short count;
  } keepalive;
  struct uv__arrivals* arrivals;
  struct uv__io io;
};

/* Take a connected stream, TCP or a pipe, out of its loop. After 0 its handle closes as by uv_close, with
 * `cb` as its close callback: reading has stopped, and nobody may close it once more. The connection
 * goes on: what its peer sends is kept by the system; what had been asked of it (uv_tcp_nodelay,
 * uv_stream_set_blocking, ...) stays asked; what was shut down or had ended stays so; and handles that came
 * over a pipe and were not accepted go with it. May be called in any callback of the stream.
 *
 * After an error the stream is as before, and reads on if it did. UV_EBUSY: a write, a connect, an
 * uvs_read or a shutdown is under way or owes its callback; an uv_write2 has still to pass this handle; a
 * hang-up is waited for or a deadline is on it, which are to be stopped before; on Windows also
 * what a pipe has to say to its peer by itself, of which nobody is told when it is over: try again in a
 * later turn; and there, of a socket of a layered provider that has been read from, until its peer says
 * something. UV_ENOTCONN: not connected; a listener's connections move, it does not. UV_ENOTSUP: terminals;
 * files and devices; a pipe that is not overlapped (Windows). UV_EINVAL: closing, or an argument is NULL. */
UV_EXTERN int uvs_detach(uv_stream_t* stream, uvs_moving_t* moving, uvs_moving_cb cb);
/* Put it into the loop of `stream`, which was initialised and not used yet: by the thread of that loop.
 * Nothing is in `moving` any more then. What was asked of `stream` before holds, too. After an error both are
 * as before.
 *
 * UV_EINVAL: nothing is in `moving`, which is so until the callback, too; `stream` is of another type,
 * or closing. UV_EBUSY: it has a descriptor; UV_ENOMEM, UV_ENOSPC and what else the system lacks. */
UV_EXTERN int uvs_attach(uv_stream_t* stream, uvs_moving_t* moving);
/* Nobody wants it: the connection ends as by uv_close. Any thread. Where nothing is in it nothing is done. */
UV_EXTERN void uvs_moving_drop(uvs_moving_t* moving);

/* ---- Several handles in one message ------------------------------------------------------ */

/* What belongs together goes together: the listeners of a service that hands over to its successor, a
 * connection with the pipe of its log. Either all of them arrive, at once, or none does (rule X7). */

enum {
  UVS_HANDLES_MOST =
      64 /* of one write: as many as those who receive have room for, libuv among them */
};

/* uv_write2 with several handles, all of which go with the first byte, or none. Where the first byte is
 * read uv_pipe_pending_count counts all of them, in this order, and uv_accept claims one after the other.
 * `handles` may go after the call; none of them is looked at any more when the callback runs. With `count` 0
 * it is uv_write, with 1 uv_write2. uv_cancel and uv_write_nwritten take the request, whose send_handle is
 * the first of them. There is none that only tries.
 *
 * One that closes before the write has begun fails it with UV_EBADF, in its place, and nothing of it is
 * sent; so does what the system does not pass, with its error, and what was written behind it (rule W6).
 *
 * On Unix it is one message of SCM_RIGHTS, which libuv understands. On Windows only this library does: with
 * another peer the write fails with UV_ENOTSUP, as does that of a pipe, and it waits for the first
 * bytes of a peer that has not said yet what it is.
 *
 * Refused as uv_write2, for whichever of them; UV_E2BIG for more than UVS_HANDLES_MOST, UV_EINVAL for one
 * that is NULL or there twice; UV_ENOMEM. */
UV_EXTERN int uvs_write_handles(uv_write_t* req,
                                uv_stream_t* stream,
                                const uv_buf_t bufs[],
                                unsigned int nbufs,
                                uv_stream_t* const handles[],
                                unsigned int count,
                                uv_write_cb cb);

/* ---- Files through streams ------------------------------------------------------------ */

/* A part of a file as a write: the system moves the bytes from the file to the stream by itself where it
 * can, and the library reads and writes them where it cannot (rule X8). */

/* A `length`: up to the end of the file, wherever that is. */
#define UVS_TO_END UINT64_MAX

typedef struct uvs_send_file_s uvs_send_file_t;

/* `status` 0: the system has taken all; UV_EOF: the file ended before; UV_ECANCELED: closed or taken back
 * before; else why it could not be read or written. */
typedef void (*uvs_send_file_cb)(uvs_send_file_t* req, int status);
/* req->sent has grown. At most once in a turn of the loop, and not at the end. */
typedef void (*uvs_send_file_progress_cb)(uvs_send_file_t* req);

/* A file on its way. */
struct uvs_send_file_s {
  void* data;       /* the caller's */
  uv_req_type type; /* read-only: UV_REQ; it is none that uv_cancel takes */
  uvs_send_file_cb cb;
  uvs_send_file_progress_cb progress;
  uv_stream_t* handle; /* read-only: the stream written to */
  uint64_t sent;       /* read-only: bytes that the system has taken */
  /* private */
  uv_write_t write; /* its place in the queue */
  const struct uv__file_ops* ops;
  uint64_t offset; /* of the next byte that is to go */
  uint64_t left;
  uint64_t turn; /* of the loop, in which progress was told of */
  char* room;    /* of bytes that are copied, or NULL */
  unsigned int at;
  unsigned int held; /* bytes in it, from `at` on, which are those at `offset` */
  uv_file file;
  unsigned char to_end;
  unsigned char copies; /* the system cannot move them */
  unsigned char moved;  /* more went than the program was told of */
  unsigned char stops;  /* it was taken back, and what the system works on has yet to end */
};

/* Send `length` bytes of `file`, from `offset` on, in its turn between the writes of the stream: those
 * before come before it, those behind it wait for its end (rule W1). `file` is a descriptor, on Windows of
 * the C run-time library (uv_open_osfhandle), of a file on a disk or of what can be read at a place like
 * one. It stays the caller's, has to stay open until the callback, and its position is neither used nor
 * (but on Windows) changed. What is sent is what the file has when the system sends it, which may be after
 * the callback: it should not be written to meanwhile. `length` 0 sends nothing, in its turn; UVS_TO_END all up
 * to the end of the file, wherever that is. Each callback may be NULL.
 *
 * Nothing waits for the peer, but what a disk has not at hand it is waited for: at most a mebibyte is
 * asked of it in one go, and sixteen times that before others have their turn. The bytes are in no memory
 * of the program's and do not count in the write_queue_size. A close gives the system no more of a file,
 * and with an error of it what was written behind it ends, too, as with that of a write (rule W6).
 *
 * Refused as uv_write; UV_EINVAL for a file below 0, or bytes behind 2^63. */
UV_EXTERN int uvs_send_file(uvs_send_file_t* req,
                            uv_stream_t* stream,
                            uv_file file,
                            uint64_t offset,
                            uint64_t length,
                            uvs_send_file_progress_cb progress,
                            uvs_send_file_cb cb);
/* Send no more of it: the callback comes in its place with UV_ECANCELED, and `sent` is exact. At once, but
 * where the system has a piece that it does not give back (Windows); the callback then comes when that has
 * gone, or the stream closes, and if it was the last piece, status is 0. What was written behind it goes on,
 * unless that piece fails. UV_EBUSY when it is over, has failed or the stream closes; UV_ENOTSUP when a part of
 * it went over an IPC pipe. Not to be called after the callback. */
UV_EXTERN int uvs_send_file_cancel(uvs_send_file_t* req);

#ifdef __cplusplus
}
#endif

#endif /* UVSTREAM_H */
