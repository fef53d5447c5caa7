/* queue.h and heap.h against plain arrays. */
#include <string.h>

#include "core/base/heap.h"
#include "core/base/queue.h"
#include "harness.h"
#include "random.h"

enum {
  COUNT = 64
};

/* The queue holds exactly `want`, in that order, in both directions. */
static void check_queue(const struct uv__queue* head, struct uv__queue* const* want, int count) {
  const struct uv__queue* link = head;
  int i;

  CHECK_EQ(uv__queue_empty(head), count == 0);
  for (i = 0; i < count; i++) {
    CHECK(link->next == want[i]);
    CHECK(want[i]->prev == link);
    link = link->next;
  }
  CHECK(link->next == head);
  CHECK(head->prev == link);
}

TEST(queue_against_an_array) {
  struct uv__queue head, links[COUNT];
  struct uv__queue* in[COUNT] = {NULL};
  int count = 0, i, step;
  uint64_t seed = 1;

  uv__queue_init(&head);
  check_queue(&head, in, 0);
  for (i = 0; i < COUNT; i++)
    uv__queue_init(&links[i]);
  for (step = 0; step < 20000; step++) {
    struct uv__queue* link = &links[random_below(&seed, COUNT)];

    for (i = 0; i < count && in[i] != link; i++)
      continue;
    if (i == count) {
      uv__queue_insert_tail(&head, link);
      in[count++] = link;
    } else {
      uv__queue_remove(link);
      memmove(in + i, in + i + 1, (size_t) (count - i - 1) * sizeof(in[0]));
      count--;
      /* A second time does no harm. */
      uv__queue_remove(link);
      CHECK(uv__queue_empty(link));
    }
    if (count > 0)
      CHECK(uv__queue_head(&head) == in[0]);
    check_queue(&head, in, count);
  }
}

TEST(queue_move_takes_all_and_in_order) {
  struct uv__queue from, to, links[3];
  struct uv__queue* in[3] = {&links[0], &links[1], &links[2]};
  int count, i;

  for (count = 0; count <= 3; count++) {
    memset(&to, 0xa5, sizeof(to)); /* it need not be initialised */
    uv__queue_init(&from);
    for (i = 0; i < count; i++)
      uv__queue_insert_tail(&from, &links[i]);
    uv__queue_move(&from, &to);
    check_queue(&from, in, 0);
    check_queue(&to, in, count);
  }
}

TEST(queue_join_appends_all_in_order) {
  struct uv__queue from, to, links[4];
  struct uv__queue* in[4] = {&links[0], &links[1], &links[2], &links[3]};
  int before, behind, i;

  for (before = 0; before <= 2; before++)
    for (behind = 0; behind <= 2; behind++) {
      uv__queue_init(&from);
      uv__queue_init(&to);
      for (i = 0; i < before; i++)
        uv__queue_insert_tail(&to, &links[i]);
      for (; i < before + behind; i++)
        uv__queue_insert_tail(&from, &links[i]);
      uv__queue_join(&to, &from);
      check_queue(&from, in, 0);
      check_queue(&to, in, before + behind);
    }
}

/* What a callback adds while the moved copy is walked goes into the old head. */
TEST(queue_move_separates_what_comes_later) {
  struct uv__queue from, to, first, later;

  uv__queue_init(&from);
  uv__queue_insert_tail(&from, &first);
  uv__queue_move(&from, &to);
  uv__queue_insert_tail(&from, &later);
  uv__queue_remove(&first);
  CHECK(uv__queue_empty(&to));
  CHECK(uv__queue_head(&from) == &later);
}

struct item {
  struct uv__heap_node node;
  unsigned key;
  unsigned order;
  int in;
};

static int item_before(const struct uv__heap_node* a, const struct uv__heap_node* b) {
  const struct item* x = uv__container_of(a, struct item, node);
  const struct item* y = uv__container_of(b, struct item, node);

  return x->key != y->key ? x->key < y->key : x->order < y->order;
}

/* Every node is linked both ways and not before its parent. Returns the number of nodes. */
static int check_heap(const struct uv__heap_node* node) {
  const struct uv__heap_node* prev = node;
  const struct uv__heap_node* child;
  int count = 1;

  for (child = node->child; child != NULL; child = child->next) {
    CHECK(child->prev == prev);
    CHECK(!item_before(child, node));
    count += check_heap(child);
    prev = child;
  }
  return count;
}

static struct item* first_of(struct item* items, int count) {
  struct item* best = NULL;
  int i;

  for (i = 0; i < count; i++)
    if (items[i].in && (best == NULL || item_before(&items[i].node, &best->node)))
      best = &items[i];
  return best;
}

TEST(heap_against_an_array) {
  enum {
    ITEMS = 200
  };
  static struct item items[ITEMS];
  void* root = NULL;
  unsigned order = 0;
  int count = 0, step;
  uint64_t seed = 7;

  for (step = 0; step < 20000; step++) {
    struct item* it = &items[random_below(&seed, ITEMS)];

    /* Long phases of growing and of shrinking. */
    if (!it->in && (step / 1000 % 2 == 0 || random_below(&seed, 4) == 0)) {
      it->key = random_below(&seed, 30); /* many ties */
      it->order = order++;
      it->in = 1;
      uv__heap_insert(&root, &it->node, item_before);
      count++;
    } else if (it->in) {
      uv__heap_remove(&root, &it->node, item_before);
      it->in = 0;
      count--;
    }
    it = first_of(items, ITEMS);
    CHECK(it == NULL ? root == NULL : root == &it->node);
    if (root != NULL)
      CHECK_EQ(check_heap((const struct uv__heap_node*) root), count);
  }
}

TEST(heap_drains_in_order) {
  enum {
    ITEMS = 1000
  };
  static struct item items[ITEMS];
  void* root = NULL;
  uint64_t seed = 3;
  unsigned i;

  for (i = 0; i < ITEMS; i++) {
    items[i].key = random_below(&seed, 100);
    items[i].order = i;
    uv__heap_insert(&root, &items[i].node, item_before);
  }
  for (i = 0; i < ITEMS; i++) {
    struct uv__heap_node* last = (struct uv__heap_node*) root;

    uv__heap_remove(&root, last, item_before);
    if (root != NULL)
      CHECK(item_before(last, (const struct uv__heap_node*) root));
  }
  CHECK(root == NULL);
}
