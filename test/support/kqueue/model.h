/* What tests can ask the model of a kqueue (model.c) beyond <sys/event.h>. */
#ifndef UVTEST_KQUEUE_MODEL_H_
#define UVTEST_KQUEUE_MODEL_H_

/* What is so now of a descriptor is reported once more, as if it came to be so in this moment. */
void kqueue_report_again(int fd);
/* How many events kevent has handed out in this process. */
long kqueue_events(void);

#endif /* UVTEST_KQUEUE_MODEL_H_ */
