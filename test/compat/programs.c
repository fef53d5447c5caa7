/* Programs written for libuv, run on this library. */
#include "harness.h"
#include "typical.h"

TEST(typical_libuv_program) {
  CHECK_EQ(typical_run(), 0);
}

TEST(typical_libuv_program_as_cxx) {
#ifdef COMPAT_CXX
  CHECK_EQ(typical_run_cxx(), 0);
#else
  SKIP("no C++ compiler was there when this was configured");
#endif
}
