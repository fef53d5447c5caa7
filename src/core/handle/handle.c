/* What every handle has in common: life, activity, references, and its place in the loop. */
#include "core/handle/handle.h"

#include <assert.h>

void uv__handle_init(uv_loop_t* loop, uv_handle_t* handle, uv_handle_type type) {
  handle->loop = loop;
  handle->type = type;
  handle->flags = UV__HANDLE_REF;
  handle->handle.close_cb = NULL;
  handle->handle.next_closing = NULL;
  uv__queue_insert_tail(&loop->handles, &handle->handle.link);
  assert(uv__handle_valid(handle));
}

void uv__handle_forget(uv_handle_t* handle) {
  uv__handle_stop(handle);
  uv__queue_remove(&handle->handle.link);
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

/* Each goes to the end of the list before its callback, which may close handles or add new ones: those
 * go to the end, too, and are not walked over. The list is whole all the while, as a close looks
 * through it. */
void uv_walk(uv_loop_t* loop, uv_walk_cb walk_cb, void* arg) {
  const struct uv__queue* at;
  size_t left = 0;

  for (at = loop->handles.next; at != &loop->handles; at = at->next)
    left++;
  for (; left > 0 && !uv__queue_empty(&loop->handles); left--) {
    struct uv__queue* link = uv__queue_head(&loop->handles);
    uv_handle_t* handle = uv__container_of(link, uv_handle_t, handle.link);

    uv__queue_remove(link);
    uv__queue_insert_tail(&loop->handles, link);
    walk_cb(handle, arg);
  }
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
