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
 * looked up. `timeout_ms` is the limit for the whole, 0 for none.
 *
 * What was asked of the handle before holds for its connection: uv_tcp_nodelay, uv_tcp_keepalive; a
 * family (uv_tcp_init_ex), others are not tried then; and the address of uv_tcp_bind, which gives the
 * family, too. Each attempt has its own socket and so its own port, but for a handle that was bound to
 * a port: then the attempts come one after the other. Reads, writes and a shutdown may be started at
 * once (rule W4). After a failure the handle is as it was initialised: wishes stay, and there is no
 * socket. In a forked child (uv_loop_fork) what was under way is not told of: close the handle there.
 *
 * UV_EALREADY, UV_EISCONN, UV_EINVAL as uv_tcp_connect; UV_EBUSY for a handle with a socket from
 * uv_tcp_open, or one that a write still has to pass (uv_write2); UV_EINVAL without a service, or for a number that is no port; UV_EAI_ADDRFAMILY for a
 * numeric address of another family than the handle's; UV_ENOMEM. */
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

#ifdef __cplusplus
}
#endif

#endif /* UVSTREAM_H */
