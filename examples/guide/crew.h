/* Steps 5 and 6 of docs/GUIDE.md: worker processes, and the connections that they are given. */
#ifndef GUIDE_CREW_H_
#define GUIDE_CREW_H_

#include <uv.h>

/* Start the workers, which are this program with the argument "worker", and give them the
 * connections that come to `server`, a TCP handle that is bound. `log` is their second argument, the
 * file of their reports; NULL: there is none, and they report on stderr. 0 or a UV_E* code. */
int crew_open(uv_tcp_t* server, char* log);

/* Take no more connections, and let the workers end when they have answered. */
void crew_close(void);

/* A worker, from its start to its end; returns an exit code. */
int crew_work(void);

#endif /* GUIDE_CREW_H_ */
