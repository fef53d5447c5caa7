/* What the suite must know about a kind of stream: its operations and how two of its ends
 * meet. A new kind adds one entry to the table in kind.c. */
#ifndef PORT_KIND_H_
#define PORT_KIND_H_

#include "port.h"

struct stream;

struct kind {
  const char* name;
  const struct uv__ops* ops;
  int desc; /* enum uv__desc_kind of its descriptors */

  /* Create the descriptor of a fresh io. */
  int (*open)(struct stream* s);
  /* Bind a created io to an address of its own and listen. */
  void (*listen)(struct stream* s, int backlog);
  /* The address where `listener` can be reached, for the CONNECT lane. */
  void (*address)(struct stream* listener, struct sockaddr_storage* addr);
  /* An address where nobody listens. */
  void (*nobody)(const struct kind* kind, struct sockaddr_storage* addr);
};

extern const struct kind kinds[]; /* ends with a NULL name */

/* Two connected streams. */
void make_pair(const struct kind* kind, struct stream** a, struct stream** b);
/* A listening stream. */
struct stream* make_listener(const struct kind* kind);
/* A stream that is connected to `listener`, which has not accepted it yet. */
struct stream* make_client(struct stream* listener);

#endif /* PORT_KIND_H_ */
