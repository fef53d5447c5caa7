/* The typical program on its own, for a uv.h that is not ours. */
#include "typical.h"

int main(void) {
  return typical_run();
}
