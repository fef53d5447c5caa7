/* The provider of the sockets to come, for a process that plays several machines: the library asks but once. */
#ifndef PROVIDER_NATIVE_H_
#define PROVIDER_NATIVE_H_

#include "nt.h"
#include "win/tcp/tcp.h"

static inline void let_sockets_be_ifs(int are) {
  nt_sockets_are_ifs = are;
  uv__sock_calls.own[0] = are ? UV__WIN_IFS : 0;
  uv__sock_calls.own[1] = UV__WIN_IPV6 | uv__sock_calls.own[0];
}

#endif /* PROVIDER_NATIVE_H_ */
