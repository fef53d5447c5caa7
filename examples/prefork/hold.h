/* The places of an upgrade at which a test can hold the master up. */
#ifndef PREFORK_HOLD_H_
#define PREFORK_HOLD_H_

/* Called at `place`, which is also the name of a file there (held.c). */
void hold(const char* place);

#endif /* PREFORK_HOLD_H_ */
