/* For a system under a seed that has TCP and no more kinds, and one thread (sim_has): what it answers, or why nobody may
 * ask. */
#include "sim.h"

void sim_pipe_pair(int fds[2]) {
  (void) fds;
  sim_fail("there are no pipes");
}

int sim_identity(int fd) {
  (void) fd;
  sim_fail("nothing passes");
  return 0;
}

int sim_is_tcp(int fd) {
  (void) fd;
  return 1;
}

/* Of what was accepted. */
int sim_is_bound(int fd) {
  (void) fd;
  return 1;
}

int sim_is_connected(int fd) {
  (void) fd;
  return 1;
}

void sim_raise(int signum) {
  sim_fail("there are no signals, and nobody raises %d", signum);
}

int sim_on_main(void) {
  return 1;
}

unsigned long sim_others_ran(void) {
  return 0;
}

void sim_pause(void) {
  sim_fail("there is only one thread");
}
