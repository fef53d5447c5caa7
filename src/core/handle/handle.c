/* What every handle has in common: life, activity, references, and its place in the loop. */
#include "core/handle/handle.h"

#include <assert.h>

/* A walk whose callback runs. In it handles may come, and go where it runs the loop, and there may be
 * another walk. */
struct uv__walk {
  struct uv__queue* next;
  struct uv__queue* last;
  struct uv__walk* outer;
};

void uv__handle_init(uv_loop_t* loop, uv_handle_t* handle, uv_handle_type type) {
  handle->loop = loop;
  handle->type = type;
  handle->flags = UV__HANDLE_REF;
  handle->handle.close_cb = NULL;
  handle->handle.next_closing = NULL;
  uv__queue_insert_tail(&loop->handles, &handle->handle.link);
  assert(uv__handle_valid(handle));
}

void uv__handle_leave(uv_handle_t* handle) {
  struct uv__queue* link = &handle->handle.link;
  struct uv__queue* list = &handle->loop->handles;
  struct uv__walk* walk;

  for (walk = handle->loop->walks; walk != NULL; walk = walk->outer) {
    if (walk->next == link)
      walk->next = link == walk->last ? list : link->next;
    else if (walk->last == link && walk->next != list)
      walk->last = link->prev;
  }
  uv__queue_remove(link);
}

void uv__handle_forget(uv_handle_t* handle) {
  uv__handle_stop(handle);
  uv__handle_leave(handle);
}

/* loop->active_handles counts the handles that are both active and referenced; these two
 * and uv_ref/uv_unref are the only places that change either property. */

void uv__handle_start(uv_handle_t* handle) {
  if (handle->flags & UV__HANDLE_ACTIVE)
    return;
  handle->flags |= UV__HANDLE_ACTIVE;
  if (handle->flags & UV__HANDLE_REF)
    handle->loop->active_handles++;
}

void uv__handle_stop(uv_handle_t* handle) {
  if (!(handle->flags & UV__HANDLE_ACTIVE))
    return;
  handle->flags &= ~(unsigned) UV__HANDLE_ACTIVE;
  if (handle->flags & UV__HANDLE_REF)
    handle->loop->active_handles--;
}

void uv_ref(uv_handle_t* handle) {
  if (handle->flags & UV__HANDLE_REF)
    return;
  handle->flags |= UV__HANDLE_REF;
  if (handle->flags & UV__HANDLE_ACTIVE)
    handle->loop->active_handles++;
}

void uv_unref(uv_handle_t* handle) {
  if (!(handle->flags & UV__HANDLE_REF))
    return;
  handle->flags &= ~(unsigned) UV__HANDLE_REF;
  if (handle->flags & UV__HANDLE_ACTIVE)
    handle->loop->active_handles--;
}

int uv_has_ref(const uv_handle_t* handle) {
  return (handle->flags & UV__HANDLE_REF) != 0;
}

int uv_is_closing(const uv_handle_t* handle) {
  return uv__handle_is_closing(handle);
}

const char* uv_handle_type_name(uv_handle_type type) {
  switch (type) {
#define CASE(upper, lower) \
  case UV_##upper:         \
    return #lower;
    UV_HANDLE_TYPE_MAP(CASE)
#undef CASE
  case UV_FILE:
    return "file";
  default:
    return NULL;
  }
}

uv_handle_type uv_handle_get_type(const uv_handle_t* handle) {
  return handle->type;
}

void* uv_handle_get_data(const uv_handle_t* handle) {
  return handle->data;
}

void uv_handle_set_data(uv_handle_t* handle, void* data) {
  handle->data = data;
}

uv_loop_t* uv_handle_get_loop(const uv_handle_t* handle) {
  return handle->loop;
}

/* From `next` to `last`; new handles come behind that one. When none is left `next` is the list itself. */
void uv_walk(uv_loop_t* loop, uv_walk_cb walk_cb, void* arg) {
  struct uv__queue* list = &loop->handles;
  struct uv__walk walk = {list->next, list->prev, loop->walks};

  if (walk_cb == NULL)
    return;
  loop->walks = &walk;
  while (walk.next != list) {
    struct uv__queue* link = walk.next;

    walk.next = link == walk.last ? list : link->next;
    walk_cb(uv__container_of(link, uv_handle_t, handle.link), arg);
  }
  loop->walks = walk.outer;
}

#if !defined(NDEBUG)

int uv__handle_valid(const uv_handle_t* handle) {
  const struct uv__queue* link = &handle->handle.link;

  if (handle->loop == NULL || handle->type <= UV_UNKNOWN_HANDLE ||
      handle->type >= UV_HANDLE_TYPE_MAX)
    return 0;
  if (link->next->prev != link || link->prev->next != link)
    return 0;
  return !uv__handle_is_closing(handle) || !uv__handle_is_active(handle);
}

#endif
