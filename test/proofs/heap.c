/* The heap of timers: trees with any keys that are in order, of which one node, whichever, is removed. */
#include "proof.h"

#include "core/base/heap.h"

enum {
  NODES = 4,
  NONE = -1
};

static struct item {
  struct uv__heap_node node; /* first, so that a node is an item */
  unsigned char key;
} items[NODES];

static int before(const struct uv__heap_node* a, const struct uv__heap_node* b) {
  return ((const struct item*) a)->key < ((const struct item*) b)->key;
}

/* A root with two children, of which the first has one too; any keys that are in order. */
static void* any_tree(void) {
  static const int parents[NODES] = {-1, 0, 0, 1};
  static const int nexts[NODES] = {-1, 2, -1, -1};
  int i;

  for (i = 0; i < NODES; i++) {
    items[i].key = nondet_byte();
    ASSUME(parents[i] < 0 || items[parents[i]].key <= items[i].key);
    items[i].node.next = nexts[i] < 0 ? NULL : &items[nexts[i]].node;
    items[i].node.child = NULL;
  }
  items[0].node.child = &items[1].node;
  items[1].node.child = &items[3].node;
  items[0].node.prev = NULL;
  items[1].node.prev = &items[0].node;
  items[2].node.prev = &items[1].node;
  items[3].node.prev = &items[1].node;
  return &items[0].node;
}

/* Each but `gone` is in its place: its neighbours know it, and its first child is not before it. */
static void check_tree(const struct uv__heap_node* root, int gone) {
  int i;

  CHECK(root != NULL && (gone == NONE || root != &items[gone].node) && root->prev == NULL &&
        root->next == NULL);
  for (i = 0; i < NODES; i++) {
    const struct uv__heap_node* node = &items[i].node;

    if (i == gone)
      continue;
    CHECK(!before(node, root));
    CHECK(node->next == NULL || node->next->prev == node);
    CHECK(node->child == NULL || (node->child->prev == node && !before(node->child, node)));
    CHECK(node == root || node->prev->child == node || node->prev->next == node);
  }
}

PLAIN_PROOF(heap_meld_puts_the_earlier_on_top, 2) {
  struct uv__heap_node* a = &items[0].node;
  struct uv__heap_node* b = &items[1].node;
  struct uv__heap_node* root;

  items[0].key = nondet_byte();
  items[1].key = nondet_byte();
  a->child = nondet_int() ? &items[2].node : NULL;
  b->child = nondet_int() ? &items[3].node : NULL;
  root = uv__heap_meld(a, b, before);
  CHECK(root == (before(b, a) ? b : a));
  CHECK(root->child == (root == a ? b : a) && root->child->prev == root);
  CHECK(root->child->next == NULL || root->child->next->prev == root->child);
  REACHED();
}

static void remove_one(int gone) {
  void* root = any_tree();

  uv__heap_remove(&root, &items[gone].node, before);
  check_tree(root, gone);
}

PLAIN_PROOF(heap_loses_its_smallest, 5) {
  remove_one(0);
  REACHED();
}

PLAIN_PROOF(heap_loses_one_with_a_child, 5) {
  remove_one(1);
  REACHED();
}

PROOF(heap_loses_a_leaf, 5) {
  remove_one(2);
  REACHED();
}

PLAIN_PROOF(heap_takes_one_more, 5) {
  void* root;
  int extra = NODES - 1;

  root = any_tree();
  items[1].node.child = NULL;
  items[extra].key = nondet_byte();
  uv__heap_insert(&root, &items[extra].node, before);
  check_tree(root, NONE);
  REACHED();
}
