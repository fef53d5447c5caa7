/* What a server has to do with the manager of services: obey it, and tell it how things stand.
 * service.c has what all systems share, service_unix.c speaks with systemd, service_win.c with the
 * service control manager of Windows. Nothing in here knows what the server serves. */
#ifndef PREFORK_SERVICE_H_
#define PREFORK_SERVICE_H_

#include "uv.h"

enum order {
  ORDER_STOP,     /* answer what came, and end */
  ORDER_PAUSE,    /* let nobody in */
  ORDER_CONTINUE, /* and again */
  ORDER_RENEW,    /* replace the workers, without a break */
  ORDER_UPGRADE   /* the whole server, likewise */
};

/* Before the first one is told, the server is starting. */
enum standing {
  STANDING_RUNNING,
  STANDING_PAUSED,
  STANDING_STOPPING,
  STANDING_RELOADING /* and running: RUNNING follows */
};

/* Runs on the loop, whatever thread or signal the order came from. */
typedef void (*order_cb)(enum order order, void* arg);

/* Hear orders from now on. 0 or a UV_E* code; service_deafen() has to follow in any case. */
int service_hear(uv_loop_t* loop, order_cb cb, void* arg);

/* Hear nothing any more, so that the loop can end. */
void service_deafen(void);

/* Tell the manager, if there is one. STANDING_STOPPING may be told again and again: each time says
 * that the end is still on its way, and asks for some seconds more. */
void service_tell(enum standing standing);

/* 1 when the manager knows the service by this process, which no other one can take the place of. */
int service_is_this_process(void);

/* Around the start of a successor: what the manager has given to this process is for that one, too. */
void service_lend(void);
void service_take_back(void);

/* That process is the service from now on. The manager hears no more from this one. */
void service_hand_over(int process);

/* The endpoint (relay/endpoint.h) of a listening socket that the manager has opened for us; NULL
 * when there is none. */
const char* service_endpoint(void);

/* The rest is for Windows, and says so elsewhere. Each returns an exit code. */

/* Make a service NAME, argv[2], that is this program with the arguments after it and after the options of
 * the installation, of which --help tells. Where a service is started by nobody in particular it can do
 * nothing in particular, either: LocalService. */
int service_install(int argc, char** argv);
/* Where those arguments begin; -1 after a complaint about an option. */
int service_options(int argc, char** argv);
int service_uninstall(const char* name);
/* Called by a process that the manager has started, with the arguments service_install gave it.
 * Calls `run` with as many of them as there are for it: argv[2] is the first. */
int service_run(int argc, char** argv, int (*run)(int argc, char** argv));

/* ---- Between service.c and the file of the system ---------------------------------------- */

struct service_signal {
  int signum; /* 0 ends the table */
  enum order order;
};

#define SERVICE_MOST_SIGNALS 4

extern const struct service_signal service_signals[SERVICE_MOST_SIGNALS + 1];

/* Orders that are no signals. As service_hear and service_deafen. */
int service_open(uv_loop_t* loop);
void service_close(void);

/* Have an order obeyed, on the thread of the loop. */
void service_order(enum order order);

#endif /* PREFORK_SERVICE_H_ */
