/* A master that knocks at its own door, to learn when it has let in all who were there before: they are
 * told of in the order in which they came, and then it meets itself. Who knocks comes from the address that
 * it goes to, so that it is known: nobody but a program of this machine can, and no two from one port. */
#include <string.h>

#include "master.h"

static struct knock {
  uv_tcp_t tcp;
  uv_connect_t req;
  int open;
  struct sockaddr_storage from;
} knocks[LISTENER_STREAMS];

static unsigned handles; /* that are not closed yet */

static void on_closed(uv_handle_t* handle) {
  (void) handle;
  handles--;
}

void knock_end(int index) {
  if (knocks[index].open)
    uv_close((uv_handle_t*) &knocks[index].tcp, on_closed);
  knocks[index].open = 0;
}

int knocks_are_closed(void) {
  return handles == 0;
}

/* ---- Addresses ----------------------------------------------------------------------------- */

static int family_of(const struct sockaddr_storage* address) {
  return ((const struct sockaddr*) address)->sa_family;
}

/* The port of both families. */
static unsigned short* port_of(struct sockaddr_storage* address) {
  return family_of(address) == AF_INET6 ? &((struct sockaddr_in6*) address)->sin6_port
                                        : &((struct sockaddr_in*) address)->sin_port;
}

/* Where a listener is for all addresses, the one that every machine has; the port stays. */
static void make_reachable(struct sockaddr_storage* address) {
  int port = ntohs(*port_of(address));
  char name[64];
  if (uv_ip_name((const struct sockaddr*) address, name, sizeof(name)) < 0)
    return;
  if (strcmp(name, "::") == 0)
    uv_ip6_addr("::1", port, (struct sockaddr_in6*) address);
  else if (strcmp(name, "0.0.0.0") == 0)
    uv_ip4_addr("127.0.0.1", port, (struct sockaddr_in*) address);
}

static int is_same(struct sockaddr_storage* a, struct sockaddr_storage* b) {
  char names[2][64];
  return family_of(a) == family_of(b) && *port_of(a) == *port_of(b) &&
         uv_ip_name((const struct sockaddr*) a, names[0], sizeof(names[0])) == 0 &&
         uv_ip_name((const struct sockaddr*) b, names[1], sizeof(names[1])) == 0 &&
         strcmp(names[0], names[1]) == 0;
}

int knock_is(int index, const uv_tcp_t* client) {
  struct sockaddr_storage peer;
  int size = sizeof(peer);
  return knocks[index].open && uv_tcp_getpeername(client, (struct sockaddr*) &peer, &size) == 0 &&
         is_same(&peer, &knocks[index].from);
}

/* ---- Knocking ------------------------------------------------------------------------------ */

/* Who was turned away, as the line was full, comes again, as others would. */
static void on_refused(uv_handle_t* handle) {
  struct master* master = handle->loop->data;
  int index = handle == (uv_handle_t*) &knocks[1].tcp;
  handles--;
  upgrade_was_refused(master, index);
}

/* Who got in stays there until it is met. */
static void on_knocked(uv_connect_t* req, int status) {
  struct knock* knock = &knocks[req == &knocks[1].req];
  if (status == 0 || !knock->open)
    return;
  knock->open = 0;
  uv_close((uv_handle_t*) &knock->tcp, on_refused);
}

int knock_start(struct master* master, int index) {
  struct knock* knock = &knocks[index];
  struct sockaddr_storage to;
  int size = sizeof(to);
  int err = uv_tcp_getsockname(&master->listener.streams[index].tcp, (struct sockaddr*) &to, &size);
  if (err < 0)
    return err;
  make_reachable(&to);
  knock->from = to;
  *port_of(&knock->from) = 0;
  uv_tcp_init(&master->loop, &knock->tcp);
  handles++;
  knock->open = 1;
  err = uv_tcp_bind(&knock->tcp, (const struct sockaddr*) &knock->from, 0);
  size = sizeof(knock->from);
  if (err == 0)
    err = uv_tcp_getsockname(&knock->tcp, (struct sockaddr*) &knock->from, &size);
  if (err == 0)
    err = uv_tcp_connect(&knock->req, &knock->tcp, (const struct sockaddr*) &to, on_knocked);
  if (err < 0)
    knock_end(index);
  return err;
}
