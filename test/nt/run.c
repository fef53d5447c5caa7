/* A run, from its seed to its end. */
#include "sched.h"

void nt_pool_end(void);
void nt_devices(void);
void nt_sock_end(void);
void nt_security_begin(void);

static int begun;

void nt_begin(uint64_t seed) {
  nt_enter("nt_begin");
  if (!begun)
    nt_devices();
  begun = 1;
  nt_seed(seed);
  nt_security_begin();
  nt_sockets_are_ifs = 1;
  nt_files_can_leave = 1;
  nt_object_begin();
  nt_self()->is_loops = 0;
  nt_self()->may_block = 0;
}

/* What goes on without anybody's handle (a connection that was closed) comes to its end first. */
void nt_end(void) {
  nt_enter("nt_end");
  nt_settle();
  nt_thread_end_daemons();
  nt_pool_end();
  nt_io_end();
  nt_object_end();
  nt_sock_end();
  nt_env_end();
  if (nt_thread_count() != 1)
    nt_fault("%u threads are left", nt_thread_count() - 1);
}
