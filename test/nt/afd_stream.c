/* The bytes of a connection: from the sender's memory or the copy that its system took, by and by
 * and in pieces, into the receiver's window, and from there to whoever receives. And its two ends:
 * shutdown, close, reset. */
#include <string.h>

#include "afd.h"

unsigned afd_conns;

struct afd_conn* afd_conn_new(void) {
  struct afd_conn* conn = nt_alloc(sizeof(*conn));

  conn->serial = afd_conns++;
  conn->refs = 1;
  return conn;
}

static void empty(struct afd_way* way) {
  nt_free(way->data);
  way->data = NULL;
  way->size = way->room = way->arrived = 0;
}

void afd_conn_unref(struct afd_conn* conn) {
  if (--conn->refs > 0)
    return;
  empty(&conn->way[0]);
  empty(&conn->way[1]);
  nt_free(conn);
}

size_t afd_unsent(const struct afd_way* way) {
  return way->size - way->arrived;
}

static void append(struct afd_way* way, struct nt_irp* irp, size_t size) {
  if (way->size + size > way->room) {
    char* data;
    way->room = way->size + size + 4096;
    data = nt_alloc(way->room);
    if (way->size > 0)
      nt_move(data, way->data, way->size);
    nt_free(way->data);
    way->data = data;
  }
  way->size += nt_irp_take(irp, way->data + way->size, size);
}

/* ---- What arrives ---- */

static int is_reset(const struct afd_conn* conn, int side) {
  return conn->told[side];
}

/* What a receive by that end would get: 1: something, if only the end. */
static int has_news(const struct afd_conn* conn, int side) {
  const struct afd_way* way = &conn->way[1 - side];

  return way->arrived > 0 || way->end_arrived || is_reset(conn, side);
}

int afd_receive_now(struct afd_sock* sock, struct nt_irp* irp) {
  struct afd_conn* conn = sock->conn;
  struct afd_way* way;
  size_t size;

  if (conn == NULL)
    return -WSAENOTCONN;
  way = &conn->way[1 - sock->side];
  if (is_reset(conn, sock->side)) /* What was not read is lost, and each receive says so. */
    return nt_chance(70) ? -WSAECONNRESET : -WSAECONNABORTED;
  if (way->arrived == 0)
    return way->end_arrived ? 0 : -WSAEWOULDBLOCK;
  size = irp->size < way->arrived ? irp->size : way->arrived;
  if (size > 1 && nt_chance(nt_trouble.shorter))
    size = 1 + nt_below((unsigned) size);
  size = nt_irp_give(irp, way->data, size);
  nt_move(way->data, way->data + size, way->size - size);
  way->size -= size;
  way->arrived -= size;
  if (size > 0)
    afd_move(conn, 1 - sock->side); /* The window opens. */
  return (int) size;
}

static NTSTATUS receive_status(int result) {
  return result == -WSAECONNABORTED ? ST_CONNECTION_ABORTED
         : result < 0               ? ST_CONNECTION_RESET
                                    : ST_SUCCESS;
}

void afd_hear(struct afd_conn* conn, int side) {
  struct afd_sock* sock = conn->end[side];

  conn->refs++;
  while (sock != NULL && sock->receives != NULL && has_news(conn, side)) {
    struct nt_irp* irp = sock->receives;
    int result = afd_receive_now(sock, irp);

    sock->receives = irp->queue;
    nt_irp_complete(irp, receive_status(result), result > 0 ? (ULONG_PTR) result : 0);
    sock = conn->end[side];
  }
  afd_poll_hear(conn, side);
  afd_conn_unref(conn);
}

static void cancel_receive(struct nt_irp* irp) {
  afd_irp_drop(&((struct afd_sock*) irp->file)->receives, irp);
  nt_irp_complete(irp, ST_CANCELLED, 0);
}

void afd_start_receive(struct nt_irp* irp) {
  struct afd_sock* sock = (struct afd_sock*) irp->file;
  int result = sock->receives != NULL ? -WSAEWOULDBLOCK : afd_receive_now(sock, irp);

  if (result == -WSAEWOULDBLOCK) {
    afd_irp_put(&sock->receives, irp);
    nt_irp_pend(irp, cancel_receive);
  } else if (result == -WSAENOTCONN) {
    nt_irp_complete(irp, ST_PIPE_DISCONNECTED, 0);
  } else {
    nt_irp_complete(irp, receive_status(result), result > 0 ? (ULONG_PTR) result : 0);
  }
}

/* ---- What is sent ---- */

/* AFD takes a send whole, however large, as long as less than SO_SNDBUF waits ("Winsock buffering",
 * KB 214397). Which error a connection that is gone gives is a matter of who noticed first. */
int afd_send_now(struct afd_sock* sock, struct nt_irp* irp) {
  struct afd_way* way;
  size_t size = irp->size;

  if (sock->conn == NULL)
    return -WSAENOTCONN;
  if (sock->sent_end)
    return -WSAESHUTDOWN;
  if (is_reset(sock->conn, sock->side))
    return nt_chance(50) ? -WSAECONNRESET : -WSAECONNABORTED;
  way = &sock->conn->way[sock->side];
  if (way->sends != NULL || irp->fails != 0 || afd_unsent(way) >= (size_t) sock->send_room)
    return -WSAEWOULDBLOCK;
  if (irp->overlapped == NULL && size > 1 && nt_chance(nt_trouble.shorter))
    size = 1 + nt_below((unsigned) size);
  append(way, irp, size);
  if (size > 0)
    afd_move(sock->conn, sock->side);
  return (int) size;
}

/* What has gone has gone; the count that comes with a cancelled send may say so, or not. */
static void cancel_send(struct nt_irp* irp) {
  struct afd_sock* sock = (struct afd_sock*) irp->file;

  afd_irp_drop(&sock->conn->way[sock->side].sends, irp);
  nt_irp_complete(irp, ST_CANCELLED, nt_chance(50) ? irp->done : 0);
}

void afd_start_send(struct nt_irp* irp) {
  struct afd_sock* sock = (struct afd_sock*) irp->file;
  int result = afd_send_now(sock, irp);

  if (result == -WSAEWOULDBLOCK) {
    afd_irp_put(&sock->conn->way[sock->side].sends, irp);
    nt_irp_pend(irp, cancel_send);
    afd_move(sock->conn, sock->side);
  } else if (result < 0) {
    nt_irp_complete(irp,
                    result == -WSAECONNRESET     ? ST_CONNECTION_RESET
                    : result == -WSAECONNABORTED ? ST_CONNECTION_ABORTED
                    : result == -WSAESHUTDOWN    ? ST_PIPE_CLOSING
                                                 : ST_PIPE_DISCONNECTED,
                    0);
  } else {
    nt_irp_complete(irp, ST_SUCCESS, (ULONG_PTR) result);
  }
}

/* ---- The way between ---- */

static size_t window(const struct afd_conn* conn, int side) {
  const struct afd_sock* receiver = conn->end[1 - side];
  size_t room = receiver != NULL ? (size_t) receiver->receive_room : 65536 + conn->more_room;
  size_t used = conn->way[side].arrived;

  return used < room ? room - used : 0;
}

/* Takes from pending sends what the window has room for. */
static void feed(struct afd_conn* conn, int side, size_t room) {
  struct afd_way* way = &conn->way[side];

  while (way->sends != NULL && (room > 0 || way->sends->size == 0)) {
    struct nt_irp* irp = way->sends;
    size_t left = irp->size - irp->done;
    size_t size = left < room ? left : room;

    append(way, irp, size);
    room -= size;
    if (irp->done < irp->size)
      return;
    way->sends = irp->queue;
    nt_irp_complete(irp, irp->fails != 0 ? irp->fails : ST_SUCCESS, irp->size);
  }
}

static void moved(void* arg);

/* The two arguments of an event in one pointer. */
static void* pack(struct afd_conn* conn, int side) {
  return (char*) conn + side;
}

void afd_move(struct afd_conn* conn, int side) {
  struct afd_way* way = &conn->way[side];

  if (way->moving != NULL)
    return;
  conn->refs++;
  way->moving = nt_later(nt_latency(), moved, pack(conn, side));
}

static void moved(void* arg) {
  int side = (int) ((ULONG_PTR) arg & 1);
  struct afd_conn* conn = (struct afd_conn*) ((char*) arg - side);
  struct afd_way* way = &conn->way[side];
  size_t room = window(conn, side);
  size_t size;

  way->moving = NULL;
  if (conn->reset) {
    afd_conn_unref(conn);
    return;
  }
  if (afd_unsent(way) < room)
    feed(conn, side, room - afd_unsent(way));
  size = afd_unsent(way) < room ? afd_unsent(way) : room;
  if (size > 1 && nt_chance(30))
    size = 1 + nt_below((unsigned) size); /* A segment. */
  way->arrived += size;
  if (afd_unsent(way) == 0 && way->sends == NULL && way->ended)
    way->end_arrived = 1;
  if (size > 0 && conn->end[1 - side] == NULL && conn->listener == NULL) {
    afd_reset(conn); /* Nobody is there to receive it. */
  } else {
    if ((afd_unsent(way) > 0 || way->sends != NULL || (way->ended && !way->end_arrived)) &&
        window(conn, side) > 0)
      afd_move(conn, side);
    afd_hear(conn, 1 - side);
  }
  afd_conn_unref(conn);
}

/* ---- Its ends ---- */

static void tell_reset(struct afd_conn* conn, int side) {
  struct afd_way* out = &conn->way[side];

  conn->told[side] = 1;
  while (out->sends != NULL) {
    struct nt_irp* irp = out->sends;
    out->sends = irp->queue;
    nt_irp_complete(irp, nt_chance(50) ? ST_CONNECTION_RESET : ST_CONNECTION_ABORTED, 0);
  }
  afd_hear(conn, side);
}

static void reset_arrives(void* arg) {
  struct afd_conn* conn = arg;

  tell_reset(conn, 0);
  tell_reset(conn, 1);
  afd_conn_unref(conn);
}

void afd_reset(struct afd_conn* conn) {
  if (conn->reset)
    return;
  conn->reset = 1;
  conn->refs++;
  nt_later(nt_latency(), reset_arrives, conn);
}

/* A close with unread bytes, or without time to linger, resets; else what was taken goes on, with a
 * FIN behind it ("Graceful Shutdown, Linger Options, and Socket Closure"). */
void afd_leave(struct afd_sock* sock) {
  struct afd_conn* conn = sock->conn;
  int side = sock->side;
  struct afd_way* out = &conn->way[side];

  while (out->sends != NULL) {
    struct nt_irp* irp = out->sends;
    out->sends = irp->queue;
    nt_irp_complete(irp, ST_CANCELLED, 0);
  }
  conn->end[side] = NULL;
  sock->conn = NULL;
  if ((sock->linger_on && sock->linger_sec == 0) || conn->way[1 - side].arrived > 0) {
    afd_reset(conn);
  } else {
    out->ended = 1;
    afd_move(conn, side);
  }
  if (conn->way[1 - side].size > 0 || conn->way[1 - side].sends != NULL)
    afd_move(conn, 1 - side); /* It will find nobody. */
  afd_conn_unref(conn);
}
