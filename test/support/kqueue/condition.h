/* Whether a filter of the model of a kqueue (model.c) holds: what the system says of a descriptor in
 * this moment. */
#ifndef UVTEST_KQUEUE_CONDITION_H_
#define UVTEST_KQUEUE_CONDITION_H_

#include <stdint.h>

/* 0, or the errno with which the filter is refused. */
int condition_refuses(int fd, int is_writing);
/* Whether it holds; how many bytes there are, or are room for, and whether that is the end: a socket has an
 * error, perhaps, which the filter tells. */
enum {
  CONDITION_GOES_ON,
  CONDITION_ENDED,
  CONDITION_FAILED
};
int condition_holds(int fd, int is_writing, intptr_t* data, int* eof);
/* A number that changes whenever the other side has taken something. */
uint64_t condition_progress(int fd);

#endif /* UVTEST_KQUEUE_CONDITION_H_ */
