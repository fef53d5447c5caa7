/* Connecting to a name: the addresses that it stands for (target.c), the attempts to reach one of them
 * (race.c), and what the program asks for (dial.c). It stands on the kinds and on the lookups of names;
 * nobody stands on it but the program, and who does not ask for it has none of it linked. */
#ifndef UV__DIAL_H_
#define UV__DIAL_H_

#include "core/stream/stream.h"
#include "uvstream.h"

union uv__address {
  struct sockaddr any;
  struct sockaddr_in ip4;
  struct sockaddr_in6 ip6;
};

/* ---- target.c ---- */

enum {
  UV__TARGET_KNOWN = 2 /* addresses at most that need no lookup */
};

/* What is asked of the system, where something has to be. */
struct uv__target {
  unsigned count; /* of known addresses; 0: look `node` and `service` up */
  union uv__address known[UV__TARGET_KNOWN];
  const char* node;
  const char* service;
  struct addrinfo hints;
};

/* Reads the names; `family` may be AF_UNSPEC. UV_EINVAL, UV_EAI_ADDRFAMILY. */
int uv__target_parse(struct uv__target* target, const char* node, const char* service, int family);

/* How many addresses of a list can be tried, and these in the order in which to try them. */
unsigned uv__target_count(const struct addrinfo* found);
void uv__target_order(const struct addrinfo* found, union uv__address* to);

/* ---- race.c ---- */

/* A socket on its way to one address. */
struct uv__attempt {
  struct uv__inner inner;
  struct uv__race* race;
  union uv__address address;
  int status; /* UV__PENDING: under way */
};

/* All attempts of one request. It is no part of that, because it may have to outlive its callback: the
 * system has the memory of a connect until it has ended, and no lookup can be ended. */
struct uv__race {
  uv_stream_t* stream;
  unsigned refs; /* the request, a lookup, attempts that the port has yet to close */
  int status;    /* UV__PENDING: not decided */
  int error;     /* of the attempt that failed last */
  unsigned count;
  unsigned begun;
  unsigned flying;
  int is_looking;            /* the lookup has not ended */
  int is_single;             /* one after the other: they share a port */
  union uv__address local;   /* where they begin, or AF_UNSPEC */
  struct uv__attempt former; /* the socket that the handle had */
  struct uv__attempt* attempts;
  struct uv__attempt* winner;
  uint64_t deadline; /* ms; UINT64_MAX: none */
  uv_timer_t timer;  /* in no list of handles, and not what keeps the loop going */
  uv_getaddrinfo_t lookup;
};

/* A race without attempts, which has one reference. NULL: no memory. */
struct uv__race* uv__race_make(uv_stream_t* stream);
void uv__race_release(struct uv__race* race);
/* The attempts get their addresses: `known`, or those of a lookup. UV_ENOMEM. */
int uv__race_fill_known(struct uv__race* race, const struct uv__target* target);
int uv__race_look_up(struct uv__race* race, const struct uv__target* target);
/* The handle gives up the socket that it has. */
void uv__race_take_former(struct uv__race* race);
/* Begins the attempts whose addresses are known, and the time; rings UV__CONNECT of the stream when it
 * is decided, which may be at once. */
void uv__race_begin(struct uv__race* race, uint64_t timeout_ms);
/* Ends what is under way, with this status, unless it is decided. The second rings. */
void uv__race_stop(struct uv__race* race, int status);
void uv__race_decide(struct uv__race* race, int status);
/* The winner's socket becomes that of the stream's io, which is fresh. */
int uv__race_hand_over(struct uv__race* race);

#endif /* UV__DIAL_H_ */
