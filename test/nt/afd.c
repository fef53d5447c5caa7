/* Sockets as file objects: their addresses, who may bind what, and their end. */
#include "afd.h"
#include "proc.h"

#include <string.h>

int nt_sockets_are_ifs;
int nt_wants_contexts;
int nt_has_unix_sockets = 1;

static struct afd_sock* socks;
static unsigned short last_port;

/* Whether connections of a listener that was bound exclusively keep its port from another exclusive
 * bind when it has closed. "SO_EXCLUSIVEADDRUSE" says yes, others have seen the contrary
 * (nubo-db/dynoxide#133): the seed chooses, once for a run. test/facts/exclusive.c asks Windows. */
static enum {
  UNKNOWN,
  KEEP,
  LET
} leftovers;

/* ---- The device ---- */

static void start(struct nt_irp* irp) {
  struct afd_sock* sock = (struct afd_sock*) irp->file;

  irp->may_be_late = 1; /* Nothing is promised of what is done at once. */
  if (irp->what == NT_READ)
    afd_start_receive(irp);
  else if (irp->what == NT_WRITE)
    afd_start_send(irp);
  else if (irp->what == NT_CONTROL && irp->code == AFD_ACCEPT)
    afd_start_accept(irp);
  else if (irp->what == NT_CONTROL && irp->code == AFD_CONNECT)
    afd_start_connect(irp);
  else if (irp->what == NT_CONTROL && irp->code == AFD_POLL)
    afd_start_poll(irp);
  else
    nt_irp_complete(irp, ST_INVALID_DEVICE_REQUEST, 0);
  (void) sock;
}

static void abort_all(struct nt_irp** queue) {
  while (*queue != NULL) {
    struct nt_irp* irp = *queue;
    *queue = irp->queue;
    nt_irp_complete(irp, ST_CANCELLED, 0);
  }
}

/* Nobody knows before he was told; and who heard that it is reset cannot have it told any more. */
void afd_want_context(const struct afd_sock* sock, const char* what) {
  if (nt_wants_contexts && sock->lacks != NULL && sock->conn != NULL &&
      !sock->conn->told[sock->side] && !nt_is_owed(NULL, sock->by))
    nt_fault("%s of a connected socket that was not given its %s", what, sock->lacks);
}

/* "closesocket": pending overlapped operations end with WSA_OPERATION_ABORTED. */
static void cleanup(struct nt_file* file) {
  struct afd_sock* sock = (struct afd_sock*) file;
  struct nt_irp* irp;

  if (sock->lacks != NULL && sock->conn != NULL)
    nt_trace("  a connected socket goes that never got its %s", sock->lacks);
  /* A close under a receive may reset the connection, unless it was shut down for sending before. */
  if (sock->receives != NULL && sock->conn != NULL && !sock->sent_end && nt_chance(50))
    afd_reset(sock->conn);
  abort_all(&sock->receives);
  abort_all(&sock->polls);
  if (sock->attempt != NULL)
    nt_later_not(sock->attempt);
  sock->attempt = NULL;
  irp = sock->connecting;
  sock->connecting = NULL;
  if (irp != NULL)
    nt_irp_complete(irp, ST_CANCELLED, 0);
  if (sock->state == AFD_LISTENS) {
    for (irp = sock->accepts; irp != NULL; irp = irp->queue)
      nt_unref(irp->device);
    abort_all(&sock->accepts);
    afd_stop_listening(sock);
  }
  if (sock->conn != NULL)
    afd_leave(sock);
  sock->state = AFD_OPEN; /* Its name is free. */
}

static void destroy(struct nt_file* file) {
  struct afd_sock** at = &socks;

  while (*at != (struct afd_sock*) file)
    at = &(*at)->next;
  *at = (*at)->next;
}

const struct nt_device afd_device = {.name = "socket",
                                     .type = FILE_TYPE_PIPE,
                                     .start = start,
                                     .cleanup = cleanup,
                                     .destroy = destroy};

struct afd_sock* afd_new(int family) {
  struct afd_sock* sock = nt_file_new(&afd_device, sizeof(*sock), 0);
  struct afd_sock** at = &socks;

  sock->family = family;
  sock->pid = nt_process_id(nt_here());
  sock->v6only = 1;
  sock->send_room = 65536;
  sock->receive_room = 65536;
  sock->file.uncancellable = !nt_sockets_are_ifs;
  while (*at != NULL)
    at = &(*at)->next;
  *at = sock;
  return sock;
}

/* Winsock asks what it does not know by a control code, which waits as any other call does. */
struct afd_sock* afd_find(SOCKET handle) {
  struct nt_file* file = nt_peek((HANDLE) handle, &nt_file_class, NULL);

  if (file != NULL && file->device == &afd_device) {
    file->by = (HANDLE) handle;
    return (struct afd_sock*) file;
  }
  if (file != NULL && file->synchronous) {
    nt_file_lock(file, "a call of Winsock");
    nt_file_unlock(file);
  }
  nt_error(WSAENOTSOCK);
  return NULL;
}

struct afd_sock* afd_first(void) {
  return socks;
}

void nt_sock_end(void) {
  afd_conns = 0;
  last_port = 0; /* The next run finds what this one found. */
  leftovers = UNKNOWN;
  if (socks != NULL)
    nt_fault("a socket is left that nobody has a handle to");
}

void afd_irp_put(struct nt_irp** queue, struct nt_irp* irp) {
  while (*queue != NULL)
    queue = &(*queue)->queue;
  irp->queue = NULL;
  *queue = irp;
}

void afd_irp_drop(struct nt_irp** queue, struct nt_irp* irp) {
  while (*queue != NULL && *queue != irp)
    queue = &(*queue)->queue;
  if (*queue != NULL)
    *queue = irp->queue;
}

/* ---- Addresses ---- */

int afd_read_addr(const struct sockaddr* from, int len, struct afd_addr* addr) {
  memset(addr, 0, sizeof(*addr));
  if (len < (int) sizeof(ADDRESS_FAMILY))
    return WSAEFAULT;
  addr->family = from->sa_family;
  if (addr->family == AF_INET && len >= (int) sizeof(struct sockaddr_in)) {
    const struct sockaddr_in* in = (const void*) from;
    addr->port = ntohs(in->sin_port);
    memcpy(addr->ip, &in->sin_addr, 4);
    return 0;
  }
  if (addr->family == AF_INET6 && len >= (int) sizeof(struct sockaddr_in6)) {
    const struct sockaddr_in6* in6 = (const void*) from;
    addr->port = ntohs(in6->sin6_port);
    memcpy(addr->ip, &in6->sin6_addr, 16);
    return 0;
  }
  if (addr->family == AF_UNIX && len == (int) sizeof(struct sockaddr_of_unix)) {
    const struct sockaddr_of_unix* un = (const void*) from;
    WCHAR* wide;
    if (memchr(un->path, 0, sizeof(un->path)) == NULL)
      return WSAEINVAL;
    memcpy(addr->path, un->path, sizeof(addr->path));
    wide = nt_text_from(un->path);
    addr->file = un->path[0] == 0 ? 0 : nt_file_socket(wide);
    nt_free(wide);
    return 0;
  }
  return addr->family == AF_INET || addr->family == AF_INET6 || addr->family == AF_UNIX
             ? WSAEFAULT
             : WSAEAFNOSUPPORT;
}

static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static int is_mapped(const struct afd_addr* addr) {
  return addr->family == AF_INET6 && memcmp(addr->ip, mapped, sizeof(mapped)) == 0;
}

static int is_any(const struct afd_addr* addr) {
  static const unsigned char none[16];

  return memcmp(addr->ip, none, 16) == 0;
}

/* The loopback is all there is here: 127.0.0.0/8 and ::1. */
static int is_local(const struct afd_addr* addr) {
  static const unsigned char one[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

  if (is_any(addr))
    return 1;
  if (addr->family == AF_INET)
    return addr->ip[0] == 127;
  return is_mapped(addr) ? addr->ip[12] == 127 : memcmp(addr->ip, one, 16) == 0;
}

static int write_unix(const struct afd_addr* addr, struct sockaddr* to, int* len) {
  struct sockaddr_of_unix un;

  memset(&un, 0, sizeof(un));
  un.family = AF_UNIX;
  memcpy(un.path, addr->path, sizeof(un.path));
  if (*len < (int) sizeof(un))
    return WSAEFAULT;
  memcpy(to, &un, sizeof(un));
  *len = sizeof(un);
  return 0;
}

/* For a socket of `family`: an IPv4 address is mapped for one of IPv6. */
int afd_write_addr(const struct afd_addr* addr, int family, struct sockaddr* to, int* len) {
  if (family == AF_UNIX)
    return write_unix(addr, to, len);
  if (family == AF_INET) {
    struct sockaddr_in in;
    memset(&in, 0, sizeof(in));
    in.sin_family = AF_INET;
    in.sin_port = htons(addr->port);
    memcpy(&in.sin_addr, addr->family == AF_INET ? addr->ip : addr->ip + 12, 4);
    if (*len < (int) sizeof(in))
      return WSAEFAULT;
    memcpy(to, &in, sizeof(in));
    *len = sizeof(in);
  } else {
    struct sockaddr_in6 in6;
    memset(&in6, 0, sizeof(in6));
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(addr->port);
    if (addr->family == AF_INET6) {
      memcpy(&in6.sin6_addr, addr->ip, 16);
    } else {
      memcpy(&in6.sin6_addr, mapped, 12);
      memcpy((char*) &in6.sin6_addr + 12, addr->ip, 4);
    }
    if (*len < (int) sizeof(in6))
      return WSAEFAULT;
    memcpy(to, &in6, sizeof(in6));
    *len = sizeof(in6);
  }
  return 0;
}

/* ---- Binding ---- */

/* Whether a socket that is bound to `a` would hear what is sent to `b`. */
static int covers(const struct afd_sock* sock, const struct afd_addr* b) {
  const struct afd_addr* a = &sock->local;

  if (a->family == AF_UNIX || b->family == AF_UNIX)
    return a->family == b->family && a->file != 0 && a->file == b->file;
  if (a->port != b->port)
    return 0;
  if (a->family == b->family)
    return is_any(a) || memcmp(a->ip, b->ip, 16) == 0;
  if (a->family != AF_INET6 || sock->v6only)
    return 0;
  return is_any(a) || (is_mapped(a) && memcmp(a->ip + 12, b->ip, 4) == 0);
}

static int is_named(const struct afd_sock* sock) {
  return sock->state == AFD_BOUND || sock->state == AFD_LISTENS || sock->state == AFD_CONNECTS ||
         (sock->state == AFD_CONNECTED && sock->local.port != 0);
}

/* Whether a socket that is to be bound to `addr` would hear what `old` does. One of IPv6 that is not for
 * that alone is bound in both stacks, and both are asked ("Winsock SO_EXCLUSIVEADDRUSE on Vista",
 * blogs.msdn.com/wndp). */
static int would_cover(const struct afd_sock* sock,
                       const struct afd_addr* addr,
                       const struct afd_sock* old) {
  return is_any(addr) &&
         (old->local.family == addr->family || (addr->family == AF_INET6 && !sock->v6only));
}

/* The table of "Using SO_REUSEADDR and SO_EXCLUSIVEADDRUSE" and of "Sharing Transport Addresses",
 * between sockets of one user. */
static int conflict(const struct afd_sock* old,
                    const struct afd_sock* sock,
                    const struct afd_addr* addr) {
  int same = old->local.family == addr->family && memcmp(old->local.ip, addr->ip, 16) == 0;
  int overlap = covers(old, addr) || would_cover(sock, addr, old);

  if (old->local.port != addr->port || !overlap)
    return 0;
  if (old->exclusive && !is_any(&old->local) && is_any(addr) && !sock->exclusive)
    return 0;
  if (old->exclusive) /* One of all addresses denies each of them. */
    return sock->reuse || (is_any(&old->local) && !is_any(addr)) ? WSAEACCES : WSAEADDRINUSE;
  if (sock->exclusive) /* Beside one of all addresses a single one is a matter of access. */
    return is_any(addr) || same ? WSAEADDRINUSE : 0;
  if (sock->reuse)
    return 0; /* The port is taken over. */
  return same ? WSAEADDRINUSE : 0;
}

/* The same for a connection of a listener that is gone, or not. */
static int leftover(const struct afd_sock* old,
                    const struct afd_sock* sock,
                    const struct afd_addr* addr) {
  if (!old->from_exclusive || !sock->exclusive || old->local.port != addr->port)
    return 0;
  if (leftovers == UNKNOWN)
    leftovers = nt_chance(50) ? KEEP : LET;
  return leftovers == KEEP ? WSAEADDRINUSE : 0;
}

static int is_port_free(const struct afd_sock* sock, const struct afd_addr* addr) {
  struct afd_sock* old;

  for (old = socks; old != NULL; old = old->next)
    if (old != sock && is_named(old) && old->local.port == addr->port)
      return 0;
  return 1;
}

/* An empty path is none: for who connects. A file that is there, whatever it is, is in use; what a folder
 * that is not there is called no page says. */
static int bind_unix(struct afd_sock* sock, const struct afd_addr* addr) {
  WCHAR* wide = nt_text_from(addr->path);

  sock->local = *addr;
  if (addr->path[0] != 0) {
    int taken = GetFileAttributesW(wide) != INVALID_FILE_ATTRIBUTES;
    sock->local.file = nt_file_make_socket(wide);
    if (sock->local.file == 0) {
      nt_free(wide);
      return taken ? WSAEADDRINUSE : nt_chance(50) ? WSAENETDOWN : WSAEACCES;
    }
  }
  nt_free(wide);
  sock->state = AFD_BOUND;
  return 0;
}

int afd_bind(struct afd_sock* sock, const struct afd_addr* addr) {
  struct afd_addr want = *addr;
  struct afd_sock* old;

  if (sock->state != AFD_OPEN)
    return WSAEINVAL;
  if (addr->family != sock->family)
    return WSAEFAULT;
  if (sock->family == AF_UNIX)
    return bind_unix(sock, addr);
  if (!is_local(addr))
    return WSAEADDRNOTAVAIL;
  if (want.port == 0) { /* Of the range for this, not the one before at once. */
    do {
      last_port =
          (unsigned short) (last_port == 0 ? (int) nt_below(16000) : (last_port + 1) % 16000);
      want.port = (unsigned short) (49152 + last_port);
    } while (!is_port_free(sock, &want));
  }
  for (old = socks; old != NULL; old = old->next) {
    int error = old == sock || !is_named(old) ? 0
                : old->conn == NULL           ? conflict(old, sock, &want)
                                              : leftover(old, sock, &want);
    if (error != 0)
      return error;
  }
  sock->local = want;
  sock->state = AFD_BOUND;
  return 0;
}

/* The most specific listener of what is sent to `addr`. */
struct afd_sock* afd_listener(const struct afd_addr* addr) {
  struct afd_sock* sock;
  struct afd_sock* found = NULL;
  struct afd_addr plain = *addr;

  if (is_mapped(addr)) {
    plain.family = AF_INET;
    memset(plain.ip, 0, sizeof(plain.ip));
    memcpy(plain.ip, addr->ip + 12, 4);
  }
  for (sock = socks; sock != NULL; sock = sock->next)
    if (sock->state == AFD_LISTENS && covers(sock, &plain) &&
        (found == NULL || is_any(&found->local)))
      found = sock;
  return found;
}
