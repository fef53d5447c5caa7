/* A run, from its seed to its end. */
#include "proc.h"

void nt_pool_end(void);
void nt_sock_end(void);
void nt_files_end(void);
void nt_pseudo_end(void);
void nt_security_begin(void);

void nt_begin(uint64_t seed) {
  nt_enter("nt_begin");
  nt_seed(seed);
  nt_security_begin();
  /* Each seed has a machine of its own; the first, one that has all but packets that wait for timers. The
   * library asks for the provider of sockets but once, so that the suite chooses that (provider_native.h). */
  nt_sockets_are_ifs = 1;
  nt_files_can_leave = seed % 3 != 2;
  nt_has_reserves = seed % 7 != 3;
  nt_pipes_have_folder = seed % 5 != 2;
  nt_wants_contexts = 1;
  nt_app_container = 0;
  nt_pool_most = SIZE_MAX;
  nt_has_unix_sockets = 1;
  nt_has_pseudo_consoles = 1;
  nt_files_are_old = 0;
  nt_has_exact_timers = seed % 6 != 4;
  nt_has_wait_packets = seed % 4 != 1;
  nt_object_begin();
  nt_self()->is_loops = 0;
  nt_self()->may_block = 0;
}

/* What goes on without anybody's handle (a connection that was closed) comes to its end first. */
void nt_end(void) {
  nt_enter("nt_end");
  if (nt_here()->attribute_lists != 0)
    nt_fault("%u lists of attributes are left", nt_here()->attribute_lists);
  nt_process_end_programs();
  nt_fls_end(nt_self()); /* The thread of the test has none but its own life: it ends here. */
  nt_settle();
  nt_pseudo_end();
  nt_thread_end_daemons();
  nt_pool_end();
  nt_io_end();
  nt_object_end();
  nt_sock_end();
  nt_files_end();
  nt_environ_end();
  if (nt_thread_count() != 1)
    nt_fault("%u threads are left", nt_thread_count() - 1);
}
