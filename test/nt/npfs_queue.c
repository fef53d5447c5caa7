/* The two directions of a pipe: who waits for whom, in bytes and in messages, and the quota. */
#include <string.h>

#include "npfs.h"

size_t nt_pool_most = SIZE_MAX;

/* ---- Entries and their quota ---- */

static size_t left_of(const struct np_entry* entry) {
  return entry->size - entry->at;
}

static void entry_free(struct np_entry* entry) {
  nt_free(entry->data);
  nt_free(entry);
}

/* Room that a read made goes to the oldest write that lacks it; one whose bytes are all charged is
 * complete, though nobody has read them. */
static void charge_stalled(struct np_queue* queue) {
  struct np_entry* entry;

  for (entry = queue->first; entry != NULL && queue->used < queue->quota; entry = entry->next) {
    size_t lacks = left_of(entry) - entry->charged;
    size_t room = queue->quota - queue->used;

    if (entry->irp == NULL)
      continue;
    entry->charged += lacks < room ? lacks : room;
    queue->used += lacks < room ? lacks : room;
    if (lacks <= room) {
      struct nt_irp* irp = entry->irp;
      entry->irp = NULL;
      nt_irp_complete(irp, ST_SUCCESS, irp->size);
    }
  }
}

static void complete_flushes(struct np_queue* queue, NTSTATUS status) {
  while (queue->flushes != NULL) {
    struct nt_irp* irp = queue->flushes;
    queue->flushes = irp->queue;
    nt_irp_complete(irp, status, 0);
  }
}

static void drop_first(struct np_queue* queue) {
  struct np_entry* entry = queue->first;
  struct nt_irp* irp = entry->irp;

  queue->first = entry->next;
  queue->used -= entry->charged;
  entry_free(entry);
  if (irp != NULL)
    nt_irp_complete(irp, ST_SUCCESS, irp->size);
}

static void consume(struct np_queue* queue, size_t size) {
  struct np_entry* entry = queue->first;
  size_t charged;

  entry->at += size;
  queue->taken = 1;
  charged = entry->charged < left_of(entry) ? entry->charged : left_of(entry);
  queue->used -= entry->charged - charged;
  entry->charged = charged;
}

/* ---- Reading ---- */

/* Message by message: one, or as much of it as fits, and then a warning tells of the rest. */
static void read_message(struct np_queue* queue, struct nt_irp* irp) {
  struct np_entry* entry = queue->first;
  size_t size = nt_irp_give(irp, entry->data + entry->at, left_of(entry));
  NTSTATUS status = ST_SUCCESS;

  consume(queue, size);
  if (left_of(entry) > 0)
    status = ST_BUFFER_OVERFLOW;
  else
    drop_first(queue);
  nt_irp_complete(irp, status, size);
}

/* As bytes: through as many writes as it takes; empty messages on the way vanish. */
static void read_bytes(struct np_queue* queue, struct nt_irp* irp) {
  while (queue->first != NULL && (irp->done < irp->size || left_of(queue->first) == 0)) {
    consume(queue, nt_irp_give(irp, queue->first->data + queue->first->at, left_of(queue->first)));
    if (left_of(queue->first) > 0)
      break;
    drop_first(queue);
  }
  nt_irp_complete(irp, ST_SUCCESS, irp->done);
}

static void cancel_read(struct nt_irp* irp) {
  struct np_end* end = (struct np_end*) irp->file;
  struct nt_irp** at = &end->pipe->queue[end->side].reads;

  while (*at != irp)
    at = &(*at)->queue;
  *at = irp->queue;
  nt_irp_complete(irp, ST_CANCELLED, 0);
}

static NTSTATUS cannot_read(const struct np_end* end) {
  switch (end->pipe->state) {
  case NP_DISCONNECTED:
    return ST_PIPE_DISCONNECTED;
  case NP_LISTENING:
    return ST_PIPE_LISTENING;
  case NP_CLOSING:
    return ST_PIPE_BROKEN;
  default:
    return end->no_wait ? ST_PIPE_EMPTY : ST_SUCCESS;
  }
}

/* A read of nothing that meets anything takes nothing, not even an empty message. It succeeds, says
 * ReactOS' npfs; that a message does not fit is a warning, says "Named Pipe Type, Read, and Wait
 * Modes". */
static NTSTATUS read_nothing(const struct np_end* end, const struct np_entry* entry) {
  return end->by_message && left_of(entry) > 0 && nt_chance(50) ? ST_BUFFER_OVERFLOW : ST_SUCCESS;
}

void np_read(struct np_end* end, struct nt_irp* irp) {
  struct np_queue* queue = &end->pipe->queue[end->side];
  NTSTATUS status;
  struct nt_irp** at = &queue->reads;

  if (queue->first != NULL) {
    if (irp->size == 0)
      nt_irp_complete(irp, read_nothing(end, queue->first), 0);
    else if (end->by_message)
      read_message(queue, irp);
    else
      read_bytes(queue, irp);
    charge_stalled(queue);
    if (queue->first == NULL)
      complete_flushes(queue, ST_SUCCESS);
    return;
  }
  status = cannot_read(end);
  if (status != ST_SUCCESS) {
    nt_irp_complete(irp, status, 0);
    return;
  }
  while (*at != NULL)
    at = &(*at)->queue;
  irp->queue = NULL;
  *at = irp;
  nt_irp_pend(irp, cancel_read);
}

/* ---- Writing ---- */

/* Gives what is written to reads that wait. An empty message ends one of them; a read of nothing
 * takes nothing of any other. 1: all has gone. */
static int serve_reads(struct np_queue* queue,
                       struct np_entry* entry,
                       int messages,
                       int by_message) {
  while (queue->reads != NULL && (left_of(entry) > 0 || messages)) {
    struct nt_irp* irp = queue->reads;
    size_t size = nt_irp_give(irp, entry->data + entry->at, left_of(entry));
    int was_empty = entry->size == 0;

    entry->at += size;
    queue->taken |= size > 0;
    queue->reads = irp->queue;
    nt_irp_complete(irp, by_message && left_of(entry) > 0 ? ST_BUFFER_OVERFLOW : ST_SUCCESS, size);
    if (left_of(entry) == 0 && (was_empty || size > 0))
      return 1;
  }
  return left_of(entry) == 0 && (entry->size > 0 || !messages);
}

/* The rest vanishes, and the count is 0, whatever was read of it. */
static void cancel_write(struct nt_irp* irp) {
  struct np_end* end = (struct np_end*) irp->file;
  struct np_queue* queue = &end->pipe->queue[1 - end->side];
  struct np_entry** at = &queue->first;
  struct np_entry* entry;

  while ((*at)->irp != irp)
    at = &(*at)->next;
  entry = *at;
  *at = entry->next;
  queue->used -= entry->charged;
  entry_free(entry);
  nt_irp_complete(irp, ST_CANCELLED, 0);
  charge_stalled(queue);
  if (queue->first == NULL)
    complete_flushes(queue, ST_SUCCESS);
}

/* With PIPE_NOWAIT a write that does not fit succeeds, having taken less: of a message nothing. */
static int fits(struct np_end* end, struct np_entry* entry, size_t room, size_t* taken) {
  if (left_of(entry) <= room)
    return 1;
  if (!end->no_wait)
    return 0;
  if (end->pipe->name->messages)
    entry->size = entry->at;
  else
    entry->size = entry->at + room;
  *taken = entry->size;
  return 1;
}

static NTSTATUS cannot_write(const struct np_end* end) {
  switch (end->pipe->state) {
  case NP_DISCONNECTED:
    return ST_PIPE_DISCONNECTED;
  case NP_LISTENING:
    return ST_PIPE_LISTENING;
  case NP_CLOSING:
    return ST_PIPE_CLOSING;
  default:
    return ST_SUCCESS;
  }
}

/* What finds no reader is copied whole; it is complete at once when the quota has room for it. For a
 * large one there may be no memory: ERROR_NO_SYSTEM_RESOURCES (Cygwin's list, March 2011). */
void np_write(struct np_end* end, struct nt_irp* irp) {
  struct np_pipe* pipe = end->pipe;
  struct np_queue* queue = &pipe->queue[1 - end->side];
  struct np_end* reader = pipe->end[1 - end->side];
  struct np_entry* entry;
  struct np_entry** at = &queue->first;
  size_t room;
  size_t taken = irp->size;
  NTSTATUS status = cannot_write(end);

  if (status == ST_SUCCESS && irp->size > nt_pool_most && queue->reads == NULL)
    status = ST_INSUFFICIENT_RESOURCES;
  if (status != ST_SUCCESS) {
    nt_irp_complete(irp, status, 0);
    return;
  }
  entry = nt_alloc(sizeof(*entry));
  entry->size = irp->size;
  entry->data = nt_alloc(irp->size + 1);
  nt_irp_take(irp, entry->data, irp->size);
  if (serve_reads(queue, entry, pipe->name->messages, reader->by_message)) {
    entry_free(entry);
    nt_irp_complete(irp, ST_SUCCESS, taken);
    return;
  }
  room = queue->used < queue->quota ? queue->quota - queue->used : 0;
  if (!fits(end, entry, room, &taken))
    entry->irp = irp;
  if (entry->irp == NULL && left_of(entry) == 0 && irp->size > 0) {
    entry_free(entry);
    nt_irp_complete(irp, ST_SUCCESS, taken);
    return;
  }
  entry->charged = left_of(entry) < room ? left_of(entry) : room;
  queue->used += entry->charged;
  while (*at != NULL)
    at = &(*at)->next;
  *at = entry;
  if (entry->irp != NULL)
    nt_irp_pend(irp, cancel_write);
  else
    nt_irp_complete(irp, ST_SUCCESS, taken);
}

/* ---- The rest ---- */

static void cancel_flush(struct nt_irp* irp) {
  struct np_end* end = (struct np_end*) irp->file;
  struct nt_irp** at = &end->pipe->queue[1 - end->side].flushes;

  while (*at != irp)
    at = &(*at)->queue;
  *at = irp->queue;
  nt_irp_complete(irp, ST_CANCELLED, 0);
}

void np_flush(struct np_end* end, struct nt_irp* irp) {
  struct np_queue* queue = &end->pipe->queue[1 - end->side];
  NTSTATUS status = cannot_write(end);

  if (status != ST_SUCCESS || queue->first == NULL) {
    nt_irp_complete(irp, status, 0);
    return;
  }
  irp->queue = queue->flushes;
  queue->flushes = irp;
  nt_irp_pend(irp, cancel_flush);
}

size_t np_peek(struct np_end* end, char* to, size_t size, size_t* total, size_t* left) {
  const struct np_entry* entry;
  size_t copied = 0;

  *total = 0;
  *left = 0;
  for (entry = end->pipe->queue[end->side].first; entry != NULL; entry = entry->next) {
    if (*total == 0 || !end->by_message) {
      size_t part = left_of(entry) < size - copied ? left_of(entry) : size - copied;
      if (part > 0)
        memcpy(to + copied, entry->data + entry->at, part);
      copied += part;
      if (end->pipe->name->messages && entry == end->pipe->queue[end->side].first)
        *left = left_of(entry) - part;
    }
    *total += left_of(entry);
  }
  return copied;
}

void np_queue_end(struct np_queue* queue, NTSTATUS reads, NTSTATUS writes, int keep) {
  struct np_entry** at = &queue->first;

  while (queue->reads != NULL) {
    struct nt_irp* irp = queue->reads;
    queue->reads = irp->queue;
    nt_irp_complete(irp, reads, 0);
  }
  while (*at != NULL) {
    struct np_entry* entry = *at;
    struct nt_irp* irp = entry->irp;

    entry->irp = NULL;
    if (keep && (irp == NULL || nt_chance(50))) {
      at = &entry->next;
    } else {
      *at = entry->next;
      queue->used -= entry->charged;
      entry_free(entry);
    }
    if (irp != NULL)
      nt_irp_complete(irp, writes, 0);
  }
  complete_flushes(queue, writes);
}
