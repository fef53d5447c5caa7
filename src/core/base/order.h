/* In which order things came that have numbers, as signals do. */
#ifndef UV__BASE_ORDER_H_
#define UV__BASE_ORDER_H_

#include <stdint.h>

/* `came` says of each of `count` numbers when: no two at once, 0 is never, and so it is for the number 0.
 * Which of them came first after `last`, or 0. */
static inline int uv__order_next(const uint64_t came[], int count, uint64_t last) {
  int next = 0;
  int i;

  for (i = 1; i < count; i++)
    if (came[i] > last && (next == 0 || came[i] < came[next]))
      next = i;
  return next;
}

#endif /* UV__BASE_ORDER_H_ */
