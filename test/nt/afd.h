/* TCP sockets after AFD, the driver below Winsock: what afd.c (sockets, addresses, closing),
 * afd_stream.c (bytes), afd_connect.c (connections) and winsock*.c (the calls) share. */
#ifndef NT_AFD_H_
#define NT_AFD_H_

#include "mswsock.h"
#include "nt.h"
#include "ws2tcpip.h"

enum {
  AFD_ACCEPT = 1,
  AFD_CONNECT,
  AFD_POLL
}; /* codes of NT_CONTROL */

struct afd_addr {
  int family;
  unsigned short port; /* in the host's order */
  unsigned char ip[16];
  unsigned file;  /* of AF_UNIX: the socket's file, 0: none, */
  char path[108]; /* and what it was called */
};

struct sockaddr_of_unix { /* afunix.h */
  ADDRESS_FAMILY family;
  char path[108];
};

/* Bytes on their way from one end of a connection to the other. In `data` first those that have
 * arrived, then those that the sender's system has taken; behind them what pending sends have. */
struct afd_way {
  char* data;
  size_t size;
  size_t room;
  size_t arrived;
  struct nt_irp* sends; /* oldest first, by nt_irp.queue */
  int ended;            /* the sender will send no more: a FIN is behind the bytes, */
  int end_arrived;      /* and was seen */
  struct nt_later* moving;
};

/* A connection; way[i] leads from end[i] to the other end. */
struct afd_conn {
  size_t more_room; /* of an end that is nobody's yet: nt_sock_make_room */
  unsigned refs;
  unsigned serial; /* from 0 in each run */
  struct afd_way way[2];
  struct afd_sock* end[2]; /* NULL: closed, or not yet accepted */
  struct afd_addr name[2];
  DWORD pids[2];             /* of who made the ends, of a listener's the listener */
  int reset;                 /* torn down: nothing arrives any more */
  int told[2];               /* that end has learnt of the reset */
  struct afd_sock* listener; /* in its queue */
  struct afd_conn* next;     /* of that queue */
};

enum afd_state {
  AFD_OPEN,
  AFD_BOUND,
  AFD_LISTENS,
  AFD_CONNECTS,
  AFD_CONNECTED
};

struct afd_sock {
  struct nt_file file;
  struct afd_sock* next; /* of all */
  int family;
  DWORD pid; /* of who made it */
  enum afd_state state;
  struct afd_addr local;
  struct afd_conn* conn;
  int side; /* of it */
  int nonblocking;
  int inherits_names; /* SO_UPDATE_*_CONTEXT was set, or is not needed */
  const char* lacks;  /* the one that is needed, */
  struct nt_irp* by;  /* and the operation that connects it; void when it was joined */
  int v6only;
  int exclusive;
  int from_exclusive; /* accepted on a port that was bound so */
  int reuse;
  int no_delay;
  int keep_alive;
  int keep[3];
  int linger_on;
  int linger_sec;
  int send_room;
  int receive_room;
  int sent_end;            /* shutdown for sending */
  struct nt_irp* receives; /* oldest first */
  struct nt_irp* polls;
  struct nt_irp* connecting;
  struct afd_addr target;
  int attempts;
  int once; /* SIO_TCP_INITIAL_RTO: no SYN is sent again */
  struct nt_later* attempt;
  NTSTATUS outcome; /* of a connect that nobody has an irp for */
  /* Of a listener. */
  int backlog;
  struct afd_conn* queue;
  unsigned queued;
  struct nt_irp* accepts; /* oldest first */
};

extern const struct nt_device afd_device;

/* afd.c */
/* What WSAIoctl gives pointers to. */
BOOL WINAPI nt_connect_ex(SOCKET handle,
                          const struct sockaddr* addr,
                          int len,
                          PVOID data,
                          DWORD size,
                          LPDWORD sent,
                          LPOVERLAPPED overlapped);
BOOL WINAPI nt_accept_ex(SOCKET handle,
                         SOCKET to,
                         PVOID memory,
                         DWORD receive,
                         DWORD local,
                         DWORD remote,
                         LPDWORD bytes,
                         LPOVERLAPPED overlapped);

struct afd_sock* afd_new(int family);
BOOL afd_run(struct nt_irp* irp);         /* as what began it tells of it */
struct afd_sock* afd_first(void);         /* of all, by `next` */
struct afd_sock* afd_find(SOCKET handle); /* NULL, and WSAENOTSOCK, when it is none */
int afd_read_addr(const struct sockaddr* from, int len, struct afd_addr* addr);
int afd_write_addr(const struct afd_addr* addr, int family, struct sockaddr* to, int* len);
int afd_bind(struct afd_sock* sock, const struct afd_addr* addr); /* 0 or a code of Winsock */
struct afd_sock* afd_listener(const struct afd_addr* addr);
void afd_irp_put(struct nt_irp** queue, struct nt_irp* irp);
void afd_irp_drop(struct nt_irp** queue, struct nt_irp* irp);
/* A call that half a socket cannot do, or does wrong: whoever knows that it is connected is at fault. */
void afd_want_context(const struct afd_sock* sock, const char* what);

/* afd_stream.c */
extern unsigned afd_conns; /* made in this run */
struct afd_conn* afd_conn_new(void);
void afd_conn_unref(struct afd_conn* conn);
void afd_move(struct afd_conn* conn, int side); /* has what side sends go on, soon */
void afd_hear(struct afd_conn* conn, int side); /* tells receives of that end what arrived */
void afd_reset(struct afd_conn* conn);          /* both ends hear of it, soon */
size_t afd_unsent(const struct afd_way* way);
/* 0, the count, or a code of Winsock less than 0; WSAEWOULDBLOCK when nothing can be done now. */
int afd_receive_now(struct afd_sock* sock, struct nt_irp* irp);
int afd_send_now(struct afd_sock* sock, struct nt_irp* irp);
void afd_start_receive(struct nt_irp* irp);
void afd_start_send(struct nt_irp* irp);
void afd_leave(struct afd_sock* sock); /* its end of the connection closes */

/* afd_poll.c */
void afd_start_poll(struct nt_irp* irp);
void afd_poll_hear(struct afd_conn* conn, int side); /* tells polls of that end of its peer's */

/* afd_connect.c */
void afd_start_accept(struct nt_irp* irp);
void afd_start_connect(struct nt_irp* irp);
void afd_begin_connect(struct afd_sock* sock, const struct afd_addr* addr);
void afd_take_connection(struct afd_sock* sock, struct afd_sock* listener);
void afd_stop_listening(struct afd_sock* sock);

#endif /* NT_AFD_H_ */
