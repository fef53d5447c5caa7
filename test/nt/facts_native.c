/* What test/facts needs around its probes, on the model: a seed, NT_SEED in the environment, and leave to
 * wait for peers, since one thread plays all parts, and to ask what must not be asked. */
#include <stdlib.h>

#include "facts.h"
#include "nt.h"

/* No manager of services: src/win asks for none. */
const struct fact facts_of_services[] = {{NULL, NULL, NULL, NULL}};

int facts_in_service(const char* look) {
  (void) look;
  return 1;
}

void facts_begin(void) {
  const char* seed = getenv("NT_SEED");

  nt_begin(seed == NULL ? 1 : strtoull(seed, NULL, 0));
  nt_has_exact_timers = nt_has_wait_packets = 1;
  nt_files_can_leave = nt_has_reserves = nt_pipes_have_folder = 1;
  nt_wants_contexts = 0;
  (void) nt_may_block(1);
}

void facts_end(void) {
  nt_end();
}
