/* An intrusive, circular, doubly linked list. The head is a link like any other, so that
 * no operation has a special case. Includes nothing but the link's type. */
#ifndef UV__QUEUE_H_
#define UV__QUEUE_H_

#include <stddef.h>

#include "uv.h"

/* The structure of `type` whose member `field` is at `ptr`. */
#define uv__container_of(ptr, type, field) \
  ((type*) (void*) (((char*) (ptr)) - offsetof(type, field)))

static inline void uv__queue_init(struct uv__queue* q) {
  q->next = q;
  q->prev = q;
}

static inline int uv__queue_empty(const struct uv__queue* q) {
  return q == q->next;
}

static inline struct uv__queue* uv__queue_head(const struct uv__queue* q) {
  return q->next;
}

static inline void uv__queue_insert_tail(struct uv__queue* head, struct uv__queue* q) {
  q->next = head;
  q->prev = head->prev;
  q->prev->next = q;
  head->prev = q;
}

static inline void uv__queue_insert_head(struct uv__queue* head, struct uv__queue* q) {
  uv__queue_insert_tail(head->next, q);
}

/* Takes `q` out of its list; leaves it a list of its own, so that a second call is safe. */
static inline void uv__queue_remove(struct uv__queue* q) {
  q->prev->next = q->next;
  q->next->prev = q->prev;
  uv__queue_init(q);
}

/* Takes the first out of its list, which has one. Its own links stay as they were, and are not to be used. */
static inline void uv__queue_shift(struct uv__queue* head) {
  head->next = head->next->next;
  head->next->prev = head;
}

/* Moves all links of `from` into `to`, which need not be initialised; `from` ends empty.
 * Code that runs callbacks walks such a copy, so that what they add waits its turn. */
static inline void uv__queue_move(struct uv__queue* from, struct uv__queue* to) {
  if (uv__queue_empty(from)) {
    uv__queue_init(to);
    return;
  }
  to->next = from->next;
  to->prev = from->prev;
  to->next->prev = to;
  to->prev->next = to;
  uv__queue_init(from);
}

/* Moves all links of `from` behind those of `to`; `from` ends empty. */
static inline void uv__queue_join(struct uv__queue* to, struct uv__queue* from) {
  if (uv__queue_empty(from))
    return;
  from->next->prev = to->prev;
  from->prev->next = to;
  to->prev->next = from->next;
  to->prev = from->prev;
  uv__queue_init(from);
}

#endif /* UV__QUEUE_H_ */
