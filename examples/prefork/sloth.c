/* sloth: what the tests put in the place of a successor that never gets ready. It lives until its standard
 * input ends, or somebody ends it. */
#include <stdio.h>

int main(void) {
  while (getchar() != EOF)
    continue;
  return 0;
}
