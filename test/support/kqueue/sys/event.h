/* <sys/event.h> for Linux: the names and values by which src/unix/loop/kqueue.c calls a kqueue, as
 * far as the model beside this folder (model.c) has them. What it does not have it does not name. */
#ifndef UVTEST_SYS_EVENT_H_
#define UVTEST_SYS_EVENT_H_

#include <stdint.h>
#include <time.h>

#define EVFILT_READ (-1)
#define EVFILT_WRITE (-2)

#define EV_ADD 0x0001
#define EV_DELETE 0x0002
#define EV_CLEAR 0x0020
#define EV_EOF 0x8000

struct kevent {
  uintptr_t ident;
  short filter;
  unsigned short flags;
  unsigned int fflags;
  intptr_t data;
  void* udata;
};

#define EV_SET(at, ident_, filter_, flags_, fflags_, data_, udata_) \
  do {                                                              \
    (at)->ident = (uintptr_t) (ident_);                             \
    (at)->filter = (filter_);                                       \
    (at)->flags = (flags_);                                         \
    (at)->fflags = (fflags_);                                       \
    (at)->data = (intptr_t) (data_);                                \
    (at)->udata = (udata_);                                         \
  } while (0)

int kqueue(void);
int kevent(int kq,
           const struct kevent* changes,
           int nchanges,
           struct kevent* events,
           int nevents,
           const struct timespec* timeout);

#endif /* UVTEST_SYS_EVENT_H_ */
