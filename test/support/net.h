/* What nearly every test of the public interface needs: a loop with a watchdog, connected
 * pairs over the loopback, peers that read and check what they get. Everything here fails
 * the test when something unexpected happens. */
#ifndef TEST_NET_H_
#define TEST_NET_H_

#include <stdint.h>

#include "pattern.h"
#include "uv.h"

/* ---- Loop ---- */

/* The test's loop, made by the first call, with an unreferenced timer that fails the test
 * when the loop hangs. */
uv_loop_t* net_loop(void);
/* Run turns until *number >= goal; the loop must not run out of work before. */
void net_until(const int* number, int goal);
/* Run `turns` turns that do not wait. */
void net_turns(int turns);
/* The test is a long one and has come a good way: the watchdog begins anew. */
void net_goes_on(void);
/* Somebody else's loop (X10): waits for what uv_backend_fd gives, `timeout_ms` at most (-1: no limit), and
 * returns 1 when it tells of something. */
int net_wait_outside(const uv_loop_t* loop, int timeout_ms);
/* A turn that waits there instead of in uv_run, and returns what that did. With UVTEST_OUTSIDE in the
 * environment every turn of net_until and net_end is such a one, where that can be. */
int net_turn_outside(uv_loop_t* loop);
/* How long it may wait when nothing else is due than in `ms` (-1: at all). */
int net_limit(const uv_loop_t* loop, int ms);
/* Skips the test where no other loop can wait. */
void net_need_outside(void);
/* Close what is still open, run the loop to its end, close it. */
void net_end(void);
/* Close the handles; run until they are closed. */
void net_close(uv_handle_t* handle);
/* As a close callback: counts in net_closed. */
void net_count_close(uv_handle_t* handle);
extern int net_closed;

/* ---- Connections ---- */

/* 127.0.0.1 with this port. */
struct sockaddr_in net_address(int port);
/* A listener on a port of the system's choice, whose address is returned. */
struct sockaddr_in net_listen(uv_tcp_t* server, int backlog, uv_connection_cb cb);
/* An address where nobody listens: bound by `holder`, which never listens, so that nobody
 * else gets the port meanwhile. */
struct sockaddr_in net_closed_port(uv_tcp_t* holder);
/* The address a handle is bound to. */
struct sockaddr_in net_bound_to(const uv_tcp_t* handle);
/* Two connected handles over the loopback. */
void net_pair(uv_tcp_t* client, uv_tcp_t* server);
/* The same with system buffers so small that NET_BLOCK bytes cannot be written before the
 * peer reads. */
void net_small_pair(uv_tcp_t* client, uv_tcp_t* server);
/* Has the machine an IPv6 loopback? */
int net_has_ipv6(void);

/* ---- Bytes ---- */

/* More than a pair of sockets holds, filled with the pattern from place 0. */
#ifdef UVTEST_MODEL /* A pair there holds no more than its buffers' sizes say. */
#  define NET_BLOCK ((size_t) 4 << 20)
#else
#  define NET_BLOCK ((size_t) 16 << 20)
#endif
char* net_block(void);

/* An alloc callback: one static buffer for all. */
void net_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf);

/* A reader that checks the pattern and counts. `handle->data` is the sink. */
struct net_sink {
  uint64_t bytes;
  int reads;  /* callbacks with bytes */
  int ended;  /* callbacks with an error or EOF */
  int status; /* of the last of those */
};
void net_drain(uv_stream_t* stream, struct net_sink* sink);
/* Run until the sink has that many bytes or has ended. */
void net_until_bytes(const struct net_sink* sink, uint64_t bytes);

/* uv_write of `len` bytes of the pattern from place `at` on, from memory that is freed by
 * the callback; adds to *done then and checks that the status is 0. */
void net_send(uv_stream_t* stream, size_t len, uint64_t at, int* done);
/* `len` bytes go from one stream to the other, which is read no longer then. */
void net_exchange(uv_stream_t* from, uv_stream_t* to, size_t len);

#endif /* TEST_NET_H_ */
