/* Lists. An operation touches what it is given and their neighbours, so that lists of four stand for all. */
#include "proof.h"

#include "core/base/queue.h"

enum {
  NODES = 4
};

static struct uv__queue nodes[NODES];

/* Any links such that each node is in one ring. */
static void any_rings(void) {
  int i;

  for (i = 0; i < NODES; i++) {
    unsigned next = nondet_unsigned();
    ASSUME(next < NODES);
    nodes[i].next = &nodes[next];
  }
  for (i = 0; i < NODES; i++) {
    unsigned prev = nondet_unsigned();
    ASSUME(prev < NODES && nodes[prev].next == &nodes[i]);
    nodes[i].prev = &nodes[prev];
  }
}

static void check_rings(void) {
  int i;

  for (i = 0; i < NODES; i++)
    CHECK(nodes[i].next->prev == &nodes[i] && nodes[i].prev->next == &nodes[i]);
}

static struct uv__queue* any_node(void) {
  unsigned i = nondet_unsigned();

  ASSUME(i < NODES);
  return &nodes[i];
}

PROOF(queue_insert_keeps_the_ring, 5) {
  struct uv__queue* head = any_node();
  struct uv__queue* node = any_node();
  struct uv__queue* last;
  struct uv__queue* first;

  any_rings();
  ASSUME(head != node && uv__queue_empty(node));
  last = head->prev;
  first = head->next;
  if (nondet_int()) {
    uv__queue_insert_tail(head, node);
    CHECK(head->prev == node && node->prev == last && node->next == head);
  } else {
    uv__queue_insert_head(head, node);
    CHECK(uv__queue_head(head) == node && node->next == first && node->prev == head);
  }
  check_rings();
  REACHED();
}

PROOF(queue_remove_keeps_the_ring, 5) {
  struct uv__queue* node = any_node();
  struct uv__queue* next;
  struct uv__queue* prev;

  any_rings();
  next = node->next;
  prev = node->prev;
  uv__queue_remove(node);
  CHECK(uv__queue_empty(node));
  CHECK(next == node || (prev->next == next && next->prev == prev));
  check_rings();
  uv__queue_remove(node);
  CHECK(uv__queue_empty(node));
  check_rings();
  REACHED();
}

PROOF(queue_move_takes_all, 5) {
  struct uv__queue* from = any_node();
  struct uv__queue* to = any_node();
  struct uv__queue* first;
  struct uv__queue* last;

  any_rings();
  ASSUME(from != to && uv__queue_empty(to));
  first = from->next;
  last = from->prev;
  uv__queue_move(from, to);
  CHECK(uv__queue_empty(from));
  CHECK(first == from ? uv__queue_empty(to) : to->next == first && to->prev == last);
  check_rings();
  REACHED();
}
