/* How connections come about: attempts, backlogs, ConnectEx and AcceptEx. */
#include <string.h>

#include "afd.h"

enum {
  SYNS = 3,      /* a refused one is tried again twice, */
  SYN_MS = 500,  /* after half a second each: about a second more than at once (libuv#2896) */
  BACKLOG = 200, /* the most, unless given by SOMAXCONN_HINT (openjdk/jdk#25819) */
  SLOWEST_MS = 1000
};

/* ---- The listener's side ---- */

/* The oldest connection that waits becomes the socket's. */
void afd_take_connection(struct afd_sock* sock, struct afd_sock* listener) {
  struct afd_conn* conn = listener->queue;

  listener->queue = conn->next;
  listener->queued--;
  conn->listener = NULL;
  sock->conn = conn;
  sock->from_exclusive = listener->exclusive;
  sock->side = 1;
  conn->end[1] = sock;
  sock->local = conn->name[1];
  sock->state = AFD_CONNECTED;
}

static void serve_accepts(struct afd_sock* listener) {
  while (listener->accepts != NULL && listener->queue != NULL) {
    struct nt_irp* irp = listener->accepts;

    listener->accepts = irp->queue;
    afd_take_connection(irp->device, listener);
    nt_unref(irp->device);
    nt_irp_complete(irp, ST_SUCCESS, 0);
  }
}

static void cancel_accept(struct nt_irp* irp) {
  struct afd_sock* sock = irp->device;

  afd_irp_drop(&((struct afd_sock*) irp->file)->accepts, irp);
  nt_unref(sock);
  nt_irp_complete(irp, ST_CANCELLED, 0);
}

/* A client that has reset its connection meanwhile is told at once, or by the socket. */
void afd_start_accept(struct nt_irp* irp) {
  struct afd_sock* listener = (struct afd_sock*) irp->file;
  struct afd_sock* sock = irp->device;

  sock->lacks = "SO_UPDATE_ACCEPT_CONTEXT";
  sock->by = irp;
  sock->inherits_names = 0;
  if (listener->queue != NULL && listener->queue->reset && nt_chance(50)) {
    struct afd_conn* conn = listener->queue;
    listener->queue = conn->next;
    listener->queued--;
    afd_conn_unref(conn);
    nt_irp_complete(irp, ST_CONNECTION_RESET, 0);
  } else if (listener->queue != NULL && listener->accepts == NULL) {
    afd_take_connection(sock, listener);
    nt_irp_complete(irp, ST_SUCCESS, 0);
  } else {
    nt_ref(sock);
    afd_irp_put(&listener->accepts, irp);
    nt_irp_pend(irp, cancel_accept);
  }
}

/* Those that nobody accepted are reset. */
void afd_stop_listening(struct afd_sock* sock) {
  while (sock->queue != NULL) {
    struct afd_conn* conn = sock->queue;

    sock->queue = conn->next;
    conn->listener = NULL;
    afd_reset(conn);
    afd_conn_unref(conn);
  }
  sock->queued = 0;
}

static unsigned room_of(const struct afd_sock* listener) {
  int backlog = listener->backlog;

  if (backlog == SOMAXCONN)
    return BACKLOG;
  if (backlog < 0)
    return (unsigned) -backlog;
  return backlog == 0 ? 1 : backlog > BACKLOG ? BACKLOG : (unsigned) backlog;
}

/* ---- The client's side ---- */

static void end_connect(struct afd_sock* sock, NTSTATUS status) {
  struct nt_irp* irp = sock->connecting;

  sock->connecting = NULL;
  sock->state = status == ST_SUCCESS ? AFD_CONNECTED : AFD_BOUND;
  sock->outcome = status;
  if (irp != NULL)
    nt_irp_complete(irp, status, 0);
}

static void join(struct afd_sock* sock, struct afd_sock* listener) {
  struct afd_conn* conn = afd_conn_new();
  struct afd_conn** at = &listener->queue;

  conn->refs++; /* One for each end. */
  conn->name[0] = sock->local;
  conn->name[1] = sock->target;
  conn->pids[0] = sock->pid;
  conn->pids[1] = listener->pid;
  if (sock->local.family == sock->target.family && sock->local.ip[0] == 0) {
    memcpy(conn->name[0].ip, sock->target.ip, 16); /* On the loopback both ends have one address. */
    memcpy(sock->local.ip, sock->target.ip, 16);
  }
  sock->conn = conn;
  sock->side = 0;
  conn->end[0] = sock;
  conn->listener = listener;
  while (*at != NULL)
    at = &(*at)->next;
  *at = conn;
  listener->queued++;
}

static void attempt(void* arg) {
  struct afd_sock* sock = arg;
  struct afd_sock* listener = afd_listener(&sock->target);

  sock->attempt = NULL;
  if (listener != NULL && (listener->queued < room_of(listener) || listener->accepts != NULL)) {
    join(sock, listener);
    end_connect(sock, ST_SUCCESS);
    serve_accepts(listener);
  } else if (++sock->attempts < (sock->once || sock->family == AF_UNIX ? 1 : SYNS)) {
    sock->attempt = nt_later(SYN_MS * NT_MS, attempt, sock);
  } else {
    end_connect(sock, ST_CONNECTION_REFUSED);
  }
}

void afd_begin_connect(struct afd_sock* sock, const struct afd_addr* addr) {
  sock->target = *addr;
  sock->state = AFD_CONNECTS;
  sock->attempts = 0;
  sock->outcome = ST_PENDING;
  sock->attempt = nt_later(nt_latency(), attempt, sock);
}

static void cancel_connect(struct nt_irp* irp) {
  struct afd_sock* sock = (struct afd_sock*) irp->file;

  nt_later_not(sock->attempt);
  sock->attempt = NULL;
  sock->connecting = NULL;
  sock->state = AFD_BOUND;
  nt_irp_complete(irp, ST_CANCELLED, 0);
}

void afd_start_connect(struct nt_irp* irp) {
  struct afd_sock* sock = (struct afd_sock*) irp->file;

  sock->lacks = "SO_UPDATE_CONNECT_CONTEXT";
  sock->by = irp;
  sock->inherits_names = 0;
  sock->connecting = irp;
  afd_begin_connect(sock, irp->device);
  nt_irp_pend(irp, cancel_connect);
}
