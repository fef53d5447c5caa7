/* What Windows does with sockets, and with pipes that close, where Wine or the other systems forgive:
 * the end without a poll, sockets that others hold, addresses in use, and refusals. */
#include <string.h>

#include "win/tcp/tcp.h"

#include "driver.h"
#include "import.h"
#include "native.h"

enum {
  PATIENCE_MS = 20000
};

/* What `s` reads without a poll of the loop: others' packets are not dequeued meanwhile. */
static ssize_t read_unpolled(struct stream* s, char* base, size_t len) {
  uint64_t begin = uv__port_now(loop);
  ssize_t n;

  while ((n = s->io.ops->read_now(&s->io, base, len, NULL)) == UV_EAGAIN)
    CHECK(uv__port_now(loop) - begin < PATIENCE_MS);
  return n;
}

static SOCKET socket_of(const struct stream* s) {
  uv_os_fd_t fd;

  CHECK_EQ(s->io.ops->fileno(&s->io, &fd), 0);
  return (SOCKET) fd;
}

/* ---- Closing ---- */

/* The program computes for a long time after the close; its peer does not wait for that. */
TEST(win_peer_hears_a_close_without_a_poll) {
  EACH_KIND(k) {
    struct stream *a, *b;
    char byte;

    if (k->ops == &uv__ipc_ops)
      continue; /* The frames are read by more than read_now. */
    make_pair(k, &a, &b);
    settle();
    arm_dry(a);
    CHECK_EQ(write_byte(a, 'a'), 0);
    stream_begin_close(a);
    CHECK_EQ(read_unpolled(b, &byte, 1), 1);
    CHECK_EQ(byte, 'a');
    CHECK_EQ(read_unpolled(b, &byte, 1), UV_EOF);
    stream_await_close(a);
    stream_free(a);
    stream_end(b);
  }
}

/* Here the peer loses what it has not read when a reset comes, so that none may come. */
TEST(win_close_over_unread_bytes_is_no_reset) {
  EACH_KIND(k) {
    struct stream *a, *b;
    char byte;

    if (k->desc != UV__DESC_TCP)
      continue;
    make_pair(k, &a, &b);
    /* A question, which has come and is not read. What comes later would meet a socket that is gone. */
    CHECK_EQ(write_byte(b, '?'), 0);
    if (arm(a) == UV__PENDING)
      await(a, UV__READ);
    CHECK_EQ(write_pattern(a, 0, 300, a), 0);
    stream_end(a);
    settle();
    hear_until(b, 300);
    CHECK_EQ(read_some(b, &byte, 1), UV_EOF);
    stream_end(b);
  }
}

/* Nor where the connection was never read from or written to, whose socket waits yet. */
TEST(win_close_of_what_was_never_read_is_no_reset) {
  EACH_KIND(k) {
    struct stream *a, *b;
    char byte;

    if (k->desc != UV__DESC_TCP)
      continue;
    make_pair(k, &a, &b);
    CHECK_EQ(write_byte(a, '?'), 0);
    settle();
    arm_dry(a); /* It would be told of a reset. */
    stream_end(b);
    await(a, UV__READ);
    CHECK_EQ(read_some(a, &byte, 1), UV_EOF);
    stream_end(a);
  }
}

/* A connection that was passed on goes on when its first owner closes it. */
TEST(win_connection_that_somebody_else_holds_goes_on) {
  EACH_KIND(k) {
    struct stream *a, *b;
    WSAPROTOCOL_INFOW info;
    SOCKET theirs;
    u_long at_once = 1;
    char byte = 0;

    if (k->desc != UV__DESC_TCP)
      continue;
    make_pair(k, &a, &b);
    CHECK_EQ(WSADuplicateSocketW(socket_of(a), GetCurrentProcessId(), &info), 0);
    theirs = WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &info, 0,
                        WSA_FLAG_OVERLAPPED);
    CHECK(theirs != INVALID_SOCKET);
    arm_dry(a);
    CHECK_EQ(write_byte(b, 'q'), 0);
    stream_end(a);
    settle();
    CHECK_EQ(ioctlsocket(theirs, (long) FIONBIO, &at_once), 0);
    while (recv(theirs, &byte, 1, 0) != 1) {
      CHECK_EQ(WSAGetLastError(), WSAEWOULDBLOCK);
      settle();
    }
    CHECK_EQ(byte, 'q');
    CHECK_EQ(send(theirs, "s", 1, 0), 1);
    CHECK_EQ(read_byte(b), 's');
    closesocket(theirs);
    CHECK_EQ(read_some(b, &byte, 1), UV_EOF);
    stream_end(b);
  }
}

/* ---- Memory ---- */

IMPORTED(WSASend)

typedef int(WSAAPI* send_fn)(SOCKET sock,
                             LPWSABUF bufs,
                             DWORD count,
                             LPDWORD sent,
                             DWORD flags,
                             LPWSAOVERLAPPED overlapped,
                             LPWSAOVERLAPPED_COMPLETION_ROUTINE routine);
static send_fn send_really;

/* As where too much memory is locked ("WSASend", WSAEWOULDBLOCK): an overlapped send is refused. */
static int WSAAPI send_at_once_only(SOCKET sock,
                                    LPWSABUF bufs,
                                    DWORD count,
                                    LPDWORD sent,
                                    DWORD flags,
                                    LPWSAOVERLAPPED overlapped,
                                    LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
  if (overlapped == NULL)
    return send_really(sock, bufs, count, sent, flags, NULL, routine);
  WSASetLastError(WSAEWOULDBLOCK);
  return SOCKET_ERROR;
}

/* The core makes it again, after a while (rule A4). */
TEST(win_send_that_lacks_memory_is_to_be_made_again) {
  static char block[65536];

  send_really = (send_fn) import_replace(IMPORT(WSASend), (import_function) send_at_once_only);
  EACH_KIND(k) {
    uv_buf_t buf = uv_buf_init(block, sizeof(block));
    struct stream *a, *b;
    ssize_t r;

    if (k->desc != UV__DESC_TCP)
      continue;
    make_pair(k, &a, &b);
    do
      r = a->io.ops->write(&a->io, &buf, 1, UV__QUEUE, NULL);
    while (r > 0);
    CHECK_EQ(r, UV_EAGAIN);
    stream_end(a);
    stream_end(b);
  }
}

static size_t locked;

static int WSAAPI send_and_measure(SOCKET sock,
                                   LPWSABUF bufs,
                                   DWORD count,
                                   LPDWORD sent,
                                   DWORD flags,
                                   LPWSAOVERLAPPED overlapped,
                                   LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
  DWORD i;

  locked = 0;
  for (i = 0; overlapped != NULL && i < count; i++)
    locked += bufs[i].len;
  return send_at_once_only(sock, bufs, count, sent, flags, overlapped, routine);
}

/* Of as much as one likes to write, in one buffer or in several, the system locks 64 MiB. */
TEST(win_send_that_waits_locks_no_more_than_it_may) {
  enum {
    MOST = 1 << 26
  };
  static char block[MOST + 1];

  send_really = (send_fn) import_replace(IMPORT(WSASend), (import_function) send_and_measure);
  EACH_KIND(k) {
    uv_buf_t one = uv_buf_init(block, sizeof(block));
    uv_buf_t half = uv_buf_init(block, MOST / 2);
    uv_buf_t several[3] = {half, half, half};
    struct stream *a, *b;

    if (k->desc != UV__DESC_TCP)
      continue;
    make_pair(k, &a, &b);
    while (a->io.ops->write(&a->io, &one, 1, UV__QUEUE, NULL) > 0)
      CHECK_EQ(locked, 0);
    CHECK_EQ(locked, MOST);
    while (a->io.ops->write(&a->io, several, 3, UV__QUEUE, NULL) > 0)
      CHECK_EQ(locked, 0);
    CHECK_EQ(locked, MOST);
    stream_end(a);
    stream_end(b);
  }
}

/* ---- Addresses ---- */

static struct stream* bind_to(const struct kind* k, const char* host, int port, int result) {
  struct stream* s = stream_open(k, NULL);
  struct sockaddr_in addr;

  CHECK_EQ(uv_ip4_addr(host, port, &addr), 0);
  CHECK_EQ(s->io.ops->bind(&s->io, &addr, 0), result);
  return s;
}

static int port_of(struct stream* s) {
  struct sockaddr_in addr;
  int len = sizeof(addr);

  CHECK_EQ(s->io.ops->name(&s->io, UV__LOCAL, &addr, &len), 0);
  return ntohs(addr.sin_port);
}

/* Windows has two codes for an address that is taken, and one of them is also that of a port that is
 * reserved. */
TEST(win_address_in_use_has_one_name) {
  static const char* const rows[][2] = {{"127.0.0.1", "127.0.0.1"},
                                        {"0.0.0.0", "0.0.0.0"},
                                        {"0.0.0.0", "127.0.0.1"},
                                        {"127.0.0.1", "0.0.0.0"}};
  EACH_KIND(k) {
    unsigned i;

    for (i = 0; k->desc == UV__DESC_TCP && i < sizeof(rows) / sizeof(rows[0]); i++) {
      struct stream* first = bind_to(k, rows[i][0], 0, 0);
      struct stream* second;

      CHECK_EQ(first->io.ops->listen(&first->io, 8), 0);
      second = bind_to(k, rows[i][1], port_of(first), UV_EADDRINUSE);
      stream_end(second);
      stream_end(first);
    }
  }
}

/* The same beside sockets that are not ours, of which only the system's list tells; and beside one of
 * ours that does not listen yet, of which it does not. */
TEST(win_address_in_use_by_others_has_one_name) {
  EACH_KIND(k) {
    struct sockaddr_in addr;
    struct stream *first, *second;
    int len = sizeof(addr);
    int on = 1;
    SOCKET other;

    if (k->desc != UV__DESC_TCP)
      continue;
    other = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    CHECK(other != INVALID_SOCKET);
    CHECK_EQ(setsockopt(other, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (char*) &on, sizeof(on)), 0);
    CHECK_EQ(uv_ip4_addr("0.0.0.0", 0, &addr), 0);
    CHECK_EQ(bind(other, (struct sockaddr*) &addr, sizeof(addr)), 0);
    CHECK_EQ(listen(other, 1), 0);
    CHECK_EQ(getsockname(other, (struct sockaddr*) &addr, &len), 0);
    second = bind_to(k, "127.0.0.1", ntohs(addr.sin_port), UV_EADDRINUSE);
    stream_end(second);
    CHECK_EQ(closesocket(other), 0);

    first = bind_to(k, "0.0.0.0", 0, 0);
    second = bind_to(k, "0.0.0.0", port_of(first), UV_EADDRINUSE);
    stream_end(second);
    second = bind_to(k, "127.0.0.1", port_of(first), UV_EADDRINUSE);
    stream_end(second);
    stream_end(first);
  }
}

/* With SO_REUSEADDR any program could take a port over that is not exclusively its owner's. */
TEST(win_port_is_nobody_elses) {
  EACH_KIND(k) {
    struct sockaddr_in addr;
    struct stream* listener;
    int len = sizeof(addr);
    int on = 1;
    SOCKET other;

    if (k->desc != UV__DESC_TCP)
      continue;
    listener = make_listener(k);
    CHECK_EQ(listener->io.ops->name(&listener->io, UV__LOCAL, &addr, &len), 0);
    other = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    CHECK(other != INVALID_SOCKET);
    CHECK_EQ(setsockopt(other, SOL_SOCKET, SO_REUSEADDR, (char*) &on, sizeof(on)), 0);
    CHECK_EQ(bind(other, (struct sockaddr*) &addr, sizeof(addr)), SOCKET_ERROR);
    CHECK_EQ(closesocket(other), 0);
    stream_end(listener);
  }
}

/* A server that starts again gets its port, though connections of the former one are there. */
TEST(win_server_binds_beside_its_old_connections) {
  EACH_KIND(k) {
    struct stream *first, *second, *a, *b, *c;
    int port;

    if (k->desc != UV__DESC_TCP)
      continue;
    first = make_listener(k);
    port = port_of(first);
    a = make_client(first);
    b = accept_stream(first);
    stream_end(first);
    second = bind_to(k, "127.0.0.1", port, 0);
    CHECK_EQ(second->io.ops->listen(&second->io, 8), 0);
    c = make_client(second);
    CHECK_EQ(write_byte(a, 'o'), 0);
    CHECK_EQ(read_byte(b), 'o');
    stream_end(accept_stream(second));
    stream_end(a);
    stream_end(b);
    stream_end(c);
    stream_end(second);
  }
}

/* ---- Connecting ---- */

/* Windows asks a refusing port twice more, half a second apart, unless told not to. */
TEST(win_refusal_within_the_machine_is_told_at_once) {
  EACH_KIND(k) {
    struct stream* s;
    struct place place;
    uint64_t begin;

    if (k->desc != UV__DESC_TCP)
      continue;
    k->nobody(k, &place);
    s = stream_open(k, NULL);
    begin = uv__port_now(loop);
    CHECK_EQ(collect(s, UV__CONNECT, start(s, UV__CONNECT, &place.at)), UV_ECONNREFUSED);
    if (native_rounds > 1)
      CHECK(uv__port_now(loop) - begin < 900); /* By the model's clock, which no load slows down. */
    stream_end(s);
  }
}

/* More than 200 clients wait only where the backlog says so in the way that counts. */
TEST(win_long_backlog_is_one) {
  enum {
    CLIENTS = 230
  };
  static struct stream* clients[CLIENTS];

  EACH_KIND(k) {
    struct stream* listener;
    int i;

    if (k->desc != UV__DESC_TCP)
      continue;
    listener = make_listener(k);
    CHECK_EQ(listener->io.ops->listen(&listener->io, 400), 0);
    for (i = 0; i < CLIENTS; i++)
      clients[i] = make_client(listener);
    for (i = 0; i < CLIENTS; i++)
      stream_end(clients[i]);
    stream_end(listener);
  }
}
