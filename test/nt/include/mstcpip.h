/* Controls of TCP; see winsock2.h. */
#ifndef NT_MSTCPIP_H_
#define NT_MSTCPIP_H_

#include "winsock2.h"

#define SIO_KEEPALIVE_VALS 0x98000004u
#define SIO_TCP_INITIAL_RTO 0x98000011u
#define SIO_LOOPBACK_FAST_PATH 0x98000010u
#define TCP_INITIAL_RTO_UNSPECIFIED_RTT ((USHORT) -1)
#define TCP_INITIAL_RTO_NO_SYN_RETRANSMISSIONS ((UCHAR) -2)

struct tcp_keepalive {
  ULONG onoff;
  ULONG keepalivetime;
  ULONG keepaliveinterval;
};

typedef struct _TCP_INITIAL_RTO_PARAMETERS {
  USHORT Rtt;
  UCHAR MaxSynRetransmissions;
} TCP_INITIAL_RTO_PARAMETERS;

#endif /* NT_MSTCPIP_H_ */
