/* What is tried again every few milliseconds, because the system does not tell when. */
#include "win/loop/loop.h"

enum {
  RETRY_MS = 5 /* between two attempts of what is on the list */
};

#if !defined(NDEBUG)

int uv__retry_valid(const uv_loop_t* loop) {
  struct uv__retry* const* at = &loop->tail.retries;

  for (; *at != NULL; at = &(*at)->next)
    if ((*at)->at != at || (*at)->again == NULL)
      return 0;
  return loop->tail.retry_last == at;
}

#endif

void uv__retry_begin(uv_loop_t* loop, struct uv__retry* retry) {
  if (loop->tail.retries == NULL)
    loop->tail.retry_at = uv__port_now(loop) + RETRY_MS;
  retry->next = NULL;
  retry->at = loop->tail.retry_last;
  *loop->tail.retry_last = retry;
  loop->tail.retry_last = &retry->next;
  assert(uv__retry_valid(loop));
}

void uv__retry_end(uv_loop_t* loop, struct uv__retry* retry) {
  if (retry->at == NULL)
    return;
  *retry->at = retry->next;
  if (retry->next != NULL)
    retry->next->at = retry->at;
  else
    loop->tail.retry_last = retry->at;
  retry->at = NULL;
  assert(uv__retry_valid(loop));
}

void uv__retry_run(uv_loop_t* loop) {
  uint64_t now = uv__port_now(loop);
  struct uv__retry* retry = loop->tail.retries;

  assert(uv__retry_valid(loop));
  if (retry == NULL || now < loop->tail.retry_at)
    return;
  loop->tail.retry_at = now + RETRY_MS;
  while (retry != NULL) {
    struct uv__retry* next = retry->next;
    retry->again(retry);
    retry = next;
  }
}

int uv__retry_limit(const uv_loop_t* loop, int timeout_ms) {
  uint64_t now;
  int left_ms;

  if (loop->tail.retries == NULL || timeout_ms == 0)
    return timeout_ms;
  now = uv__port_now(loop);
  left_ms = loop->tail.retry_at > now ? (int) (loop->tail.retry_at - now) : 0;
  return timeout_ms < 0 || left_ms < timeout_ms ? left_ms : timeout_ms;
}
