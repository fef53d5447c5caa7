/* What the suite must know about a kind of stream: its operations and how two of its ends
 * meet. A new kind adds one entry to the table in kind.c. */
#ifndef PORT_KIND_H_
#define PORT_KIND_H_

#include "core/port.h"

struct stream;

/* Where a stream can be reached. `at` is what bind and connect of its kind take. */
struct place {
  union {
    struct sockaddr_storage addr;
    struct uv__pipe_name name;
  } at;
  char text[512]; /* of the name */
};

struct kind {
  const char* name;
  const struct uv__ops* ops;
  int desc;    /* enum uv__desc_kind of its descriptors */
  int resets;  /* a close can abort the connection (UV__RESET) */
  int refused; /* what a connect says where nobody listens */

  /* Create the descriptor of a fresh io, where it is created by itself. */
  int (*open)(struct stream* s);
  /* Bind such an io to a place of its own and listen. */
  void (*listen)(struct stream* s, int backlog);
  /* The place of one end of a stream. */
  void (*place)(struct stream* s, enum uv__end end, struct place* place);
  /* Whether two places are the same. */
  int (*equal)(const struct place* a, const struct place* b);
  /* A place where nobody listens. */
  void (*nobody)(const struct kind* kind, struct place* place);
};

extern const struct kind kinds[]; /* ends with a NULL name */

/* Two connected streams. */
void make_pair(const struct kind* kind, struct stream** a, struct stream** b);
/* A listening stream. */
struct stream* make_listener(const struct kind* kind);
/* A stream that is connected to `listener`, which has not accepted it yet. */
struct stream* make_client(struct stream* listener);

#endif /* PORT_KIND_H_ */
