/* Pairs of pointers in a table with open addressing. Pointers are compared, and never followed. */
#include "win/base/base.h"

#include "core/base/alloc.h"

enum {
  LEAST = 16 /* places; a power of two */
};

/* Where the search for a key begins. Its low bits are always the same ones. */
static size_t home(const struct uv__table* table, const void* key) {
  uint64_t hash = (uint64_t) (uintptr_t) key * 0x9e3779b97f4a7c15u;

  return (size_t) (hash >> 32) & (table->room - 1);
}

#if !defined(NDEBUG)

int uv__table_valid(const struct uv__table* table) {
  return table->room == 0 ? table->count == 0 && table->pairs == NULL
                          : (table->room & (table->room - 1)) == 0 && table->count < table->room;
}

#endif

static int has_room(const struct uv__table* table, size_t count) {
  return count + count / 2 < table->room;
}

static void put(struct uv__table* table, const void* key, const void* value) {
  size_t i = home(table, key);

  while (table->pairs[i].key != NULL)
    i = (i + 1) & (table->room - 1);
  table->pairs[i].key = key;
  table->pairs[i].value = value;
}

int uv__table_reserve(struct uv__table* table, size_t count) {
  struct uv__table grown = *table;
  size_t i;

  if (has_room(table, count))
    return 0;
  if (grown.room == 0)
    grown.room = LEAST;
  while (!has_room(&grown, count))
    grown.room *= 2;
  grown.pairs = uv__calloc(grown.room, sizeof(*grown.pairs));
  if (grown.pairs == NULL)
    return UV_ENOMEM;
  for (i = 0; i < table->room; i++)
    if (table->pairs[i].key != NULL)
      put(&grown, table->pairs[i].key, table->pairs[i].value);
  uv__free(table->pairs);
  *table = grown;
  return 0;
}

void uv__table_add(struct uv__table* table, const void* key, const void* value) {
  assert(key != NULL && table->count + 1 < table->room);
  put(table, key, value);
  table->count++;
  assert(uv__table_valid(table));
}

struct uv__pair* uv__table_find(const struct uv__table* table, const void* key, const void* value) {
  size_t i;

  if (table->room == 0 || key == NULL)
    return NULL;
  for (i = home(table, key); table->pairs[i].key != NULL; i = (i + 1) & (table->room - 1))
    if (table->pairs[i].key == key && (value == NULL || table->pairs[i].value == value))
      return &table->pairs[i];
  return NULL;
}

/* Those behind it that were put off by it move up, so that no search ends at a hole. */
void uv__table_remove(struct uv__table* table, struct uv__pair* pair) {
  size_t hole = (size_t) (pair - table->pairs);
  size_t i = hole;

  for (;;) {
    size_t wanted;

    i = (i + 1) & (table->room - 1);
    if (table->pairs[i].key == NULL)
      break;
    wanted = home(table, table->pairs[i].key);
    if (((i - wanted) & (table->room - 1)) < ((i - hole) & (table->room - 1)))
      continue; /* Between the hole and its own place. */
    table->pairs[hole] = table->pairs[i];
    hole = i;
  }
  table->pairs[hole].key = NULL;
  table->count--;
  assert(uv__table_valid(table));
}

void uv__table_free(struct uv__table* table) {
  uv__free(table->pairs);
  table->pairs = NULL;
  table->room = table->count = 0;
}
