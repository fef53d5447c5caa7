/* Several handles that belong to one write (rule X7): all of them are given to the peer before the first
 * byte goes, and all of them are taken when the last one has been told of; what is in between takes memory,
 * which is there for so long. How one handle is given and taken is in pass.c, how the frames go and come in
 * out.c and in.c. */
#include "win/ipc/ipc.h"

#include <string.h>

#include "core/base/alloc.h"

_Static_assert((int) UV__IPC_HANDLES_MOST == (int) UV__PASSED_MOST, "what one read has room for");

/* What the frames of one write have brought. */
struct uv__ipc_group {
  unsigned count; /* frames that are there */
  unsigned looked_at;
  int is_whole;
  int error; /* of the first that cannot be taken; the others are taken nevertheless, and closed */
  unsigned taken; /* in `descs` */
  struct uv__desc descs[UV__IPC_HANDLES_MOST];
  struct {
    uint32_t flags;
    unsigned char block[UV__IPC_SOCKET_SIZE];
  } frames[UV__IPC_HANDLES_MOST];
};

/* ---- Going out ---- */

static struct uv__ipc_batch* make_batch(unsigned count) {
  struct uv__ipc_batch* batch = uv__malloc(sizeof(*batch) + count * (size_t) UV__IPC_HEAD_MOST);

  if (batch != NULL) {
    batch->count = 0;
    batch->room = count * (size_t) UV__IPC_HEAD_MOST;
    batch->before = 0;
  }
  return batch;
}

void uv__ipc_several_sent(struct uv__ipc* ipc) {
  uv__free(ipc->batch);
  ipc->batch = NULL;
}

void uv__ipc_several_revoke(struct uv__ipc* ipc) {
  struct uv__ipc_batch* batch = ipc->batch;

  while (batch != NULL && batch->count > 0) {
    HANDLE given = batch->given[--batch->count];
    if (given != NULL)
      uv__ipc_pass_revoke(&ipc->peer, given);
  }
  uv__ipc_several_sent(ipc);
}

/* The last frame goes with the payload, whose length its header tells (out.c). */
int uv__ipc_several_give(struct uv__ipc* ipc, struct uv__io* const* pass) {
  struct uv__ipc_batch* batch;
  unsigned count = 0;
  int r = 0;

  while (pass[count] != NULL)
    count++;
  batch = ipc->batch = make_batch(count);
  if (batch == NULL)
    return UV_EAGAIN; /* What is short comes back (rule A4). */
  while (r == 0 && batch->count < count) {
    unsigned char* frame = batch->heads + batch->before;
    HANDLE* given = &batch->given[batch->count];

    *given = NULL;
    r = uv__ipc_pass(&ipc->peer, pass[batch->count], frame + UV__IPC_HEADER_SIZE, &ipc->flags,
                     given);
    if (r == 0 && ++batch->count < count)
      batch->before += uv__ipc_frame_head(frame, ipc->flags | UV__IPC_LINKED, 0);
  }
  if (r < 0)
    uv__ipc_several_revoke(ipc);
  return r;
}

/* ---- Coming in ---- */

static int note(struct uv__ipc* ipc) {
  const struct uv__ipc_decoder* decoder = &ipc->decoder;
  struct uv__ipc_group* group = ipc->group;

  if (group == NULL) {
    group = ipc->group = uv__malloc(sizeof(*group));
    if (group == NULL)
      return UV_ENOBUFS;
    memset(group, 0, offsetof(struct uv__ipc_group, descs));
  }
  assert(group->count < UV__IPC_HANDLES_MOST);
  group->frames[group->count].flags = decoder->flags;
  memcpy(group->frames[group->count].block, decoder->block, sizeof(decoder->block));
  group->count++;
  group->is_whole = !(decoder->flags & UV__IPC_LINKED);
  return 0;
}

int uv__ipc_several_take(struct uv__ipc* ipc) {
  struct uv__ipc_group* group = ipc->group;
  int r = 0;

  if (group == NULL || !group->is_whole)
    r = note(ipc);
  group = ipc->group;
  if (r < 0 || !group->is_whole)
    return r;
  for (; group->looked_at < group->count; group->looked_at++) {
    r = uv__ipc_pass_take(group->frames[group->looked_at].flags,
                          group->frames[group->looked_at].block, &group->descs[group->taken]);
    if (r == UV_ENOBUFS)
      return r;
    if (r == 0)
      group->taken++;
    else if (group->error == 0)
      group->error = r;
  }
  r = group->error;
  if (r < 0)
    uv__ipc_several_drop(ipc);
  return r;
}

int uv__ipc_several_came(const struct uv__ipc* ipc) {
  const struct uv__ipc_group* group = ipc->group;

  return group != NULL && group->is_whole && group->looked_at == group->count;
}

void uv__ipc_several_hand_out(struct uv__ipc* ipc, struct uv__passed* passed) {
  struct uv__ipc_group* group = ipc->group;

  if (!uv__ipc_several_came(ipc))
    return;
  memcpy(passed->descs, group->descs, group->taken * sizeof(group->descs[0]));
  passed->count = group->taken;
  group->taken = 0;
  uv__ipc_several_drop(ipc);
}

void uv__ipc_several_drop(struct uv__ipc* ipc) {
  struct uv__ipc_group* group = ipc->group;

  while (group != NULL && group->taken > 0)
    uv__port_discard(&group->descs[--group->taken]);
  uv__free(group);
  ipc->group = NULL;
}
