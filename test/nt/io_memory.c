/* The bytes of an operation: what its caller lends the kernel, how they are moved, and that the caller leaves
 * them alone meanwhile. Its OVERLAPPED is io.c's. */
#include "proc.h"

/* Memory that is not the caller's is found here, with the stack of the call. */
static void probe(const struct nt_part* part) {
  static volatile char there;

  if (part->size > 0)
    there = (char) (part->base[0] + part->base[part->size - 1]);
  (void) there;
}

void nt_irp_memory(struct nt_irp* irp, const struct nt_part* parts, unsigned count) {
  unsigned i;

  if (count > 0)
    irp->parts = nt_alloc(count * sizeof(*parts));
  irp->count = count;
  for (i = 0; i < count; i++) {
    probe(&parts[i]);
    irp->parts[i] = parts[i];
    irp->size += parts[i].size;
  }
}

typedef uint64_t __attribute__((may_alias, aligned(1))) word;

__attribute__((no_sanitize("address", "thread"))) static uint64_t sum_of(const struct nt_irp* irp) {
  uint64_t sum = 14695981039346656037u; /* FNV-1a, a word at a time */
  unsigned i;

  for (i = 0; i < irp->count; i++) {
    const char* at = irp->parts[i].base;
    size_t left = irp->parts[i].size;

    for (; left >= sizeof(word); left -= sizeof(word), at += sizeof(word))
      sum = (sum ^ *(const word*) at) * 1099511628211u;
    while (left-- > 0)
      sum = (sum ^ (unsigned char) *at++) * 1099511628211u;
  }
  return sum;
}

void nt_irp_lock(struct nt_irp* irp) {
  unsigned i;

  if (irp->what == NT_READ)
    for (i = 0; i < irp->count; i++)
      host_poison(irp->parts[i].base, irp->parts[i].size);
  else
    irp->sum = sum_of(irp);
}

/* Who frees memory, or is given it, marks it in his own way; of a mark only whole granules are known. */
static int is_still_lent(const struct nt_part* part) {
  enum {
    GRANULE = 8
  };
  size_t skip = (GRANULE - (uintptr_t) part->base % GRANULE) % GRANULE;

  return part->size < skip + GRANULE ||
         (host_is_poisoned(part->base + skip) &&
          host_is_poisoned(part->base + skip + (part->size - skip) / GRANULE * GRANULE - GRANULE));
}

void nt_irp_unlock(struct nt_irp* irp) {
  unsigned i;

  if (irp->what != NT_READ) {
    if (irp->sum != sum_of(irp))
      nt_fault("bytes were changed while the kernel had them (%s)", irp->file->device->name);
    return;
  }
  for (i = 0; i < irp->count; i++) {
    if (!is_still_lent(&irp->parts[i]))
      nt_fault("memory was freed, or given to somebody else, while the kernel reads into it (%s)",
               irp->file->device->name);
    host_unpoison(irp->parts[i].base, irp->parts[i].size);
  }
}

__attribute__((no_sanitize("address", "thread"))) void nt_move(void* to,
                                                               const void* from,
                                                               size_t size) {
  volatile char* out = to;
  const char* in = from;

  for (; size >= sizeof(word); size -= sizeof(word), out += sizeof(word), in += sizeof(word))
    *(volatile word*) out = *(const word*) in;
  while (size-- > 0)
    *out++ = *in++;
}

static char* next_piece(struct nt_irp* irp, size_t most, size_t* size) {
  size_t skip = irp->done;
  unsigned i;

  for (i = 0; i < irp->count; i++) {
    if (skip < irp->parts[i].size) {
      *size = irp->parts[i].size - skip < most ? irp->parts[i].size - skip : most;
      return irp->parts[i].base + skip;
    }
    skip -= irp->parts[i].size;
  }
  *size = 0;
  return NULL;
}

size_t nt_irp_give(struct nt_irp* irp, const void* from, size_t size) {
  size_t all = 0;
  size_t part;
  char* at;

  while (all < size && (at = next_piece(irp, size - all, &part)) != NULL) {
    nt_move(at, (const char*) from + all, part);
    irp->done += part;
    all += part;
  }
  return all;
}

size_t nt_irp_take(struct nt_irp* irp, void* to, size_t size) {
  size_t all = 0;
  size_t part;
  char* at;

  while (all < size && (at = next_piece(irp, size - all, &part)) != NULL) {
    nt_move((char*) to + all, at, part);
    irp->done += part;
    all += part;
  }
  return all;
}
