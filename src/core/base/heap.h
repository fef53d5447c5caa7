/* A pairing heap of embedded nodes, smallest first: insert and look are constant, remove is
 * logarithmic on average, and nothing is allocated. Timers live in one (timer.c). */
#ifndef UV__HEAP_H_
#define UV__HEAP_H_

#include <stddef.h>

struct uv__heap_node {
  struct uv__heap_node* child; /* the first of its children */
  struct uv__heap_node* next;  /* sibling */
  struct uv__heap_node* prev;  /* sibling, or the parent of a first child */
};

/* Non-zero when `a` comes before `b`. */
typedef int (*uv__heap_before)(const struct uv__heap_node* a, const struct uv__heap_node* b);

/* Joins two trees: the later root becomes the first child of the earlier one. */
static inline struct uv__heap_node* uv__heap_meld(struct uv__heap_node* a,
                                                  struct uv__heap_node* b,
                                                  uv__heap_before before) {
  if (a == NULL)
    return b;
  if (b == NULL)
    return a;
  if (before(b, a)) {
    struct uv__heap_node* t = a;
    a = b;
    b = t;
  }
  b->next = a->child;
  if (b->next != NULL)
    b->next->prev = b;
  b->prev = a;
  a->child = b;
  return a;
}

/* Joins a list of siblings into one tree: pairs from left to right, then the pairs from
 * right to left, which is what makes removal logarithmic. */
static inline struct uv__heap_node* uv__heap_pair(struct uv__heap_node* list,
                                                  uv__heap_before before) {
  struct uv__heap_node* pairs = NULL; /* linked by next, last pair first */
  struct uv__heap_node* root = NULL;

  while (list != NULL) {
    struct uv__heap_node* a = list;
    struct uv__heap_node* b = a->next;
    list = b == NULL ? NULL : b->next;
    a->next = NULL;
    if (b != NULL)
      b->next = NULL;
    a = uv__heap_meld(a, b, before);
    a->next = pairs;
    pairs = a;
  }
  while (pairs != NULL) {
    struct uv__heap_node* a = pairs;
    pairs = a->next;
    a->next = NULL;
    root = uv__heap_meld(root, a, before);
  }
  if (root != NULL)
    root->prev = NULL;
  return root;
}

static inline void uv__heap_insert(void** root,
                                   struct uv__heap_node* node,
                                   uv__heap_before before) {
  node->child = NULL;
  node->next = NULL;
  node->prev = NULL;
  *root = uv__heap_meld((struct uv__heap_node*) *root, node, before);
}

static inline void uv__heap_remove(void** root,
                                   struct uv__heap_node* node,
                                   uv__heap_before before) {
  struct uv__heap_node* children = uv__heap_pair(node->child, before);

  if (node == *root) {
    *root = children;
    return;
  }
  if (node->prev->child == node)
    node->prev->child = node->next;
  else
    node->prev->next = node->next;
  if (node->next != NULL)
    node->next->prev = node->prev;
  *root = uv__heap_meld((struct uv__heap_node*) *root, children, before);
}

#endif /* UV__HEAP_H_ */
