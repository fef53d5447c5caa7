/* Native codes on Unix: a code is the negated errno. */
#include "harness.h"
#include "uv.h"

TEST(e2_native_codes) {
  CHECK_EQ(uv_translate_sys_error(EAGAIN), UV_EAGAIN);
  CHECK_EQ(uv_translate_sys_error(ECONNRESET), UV_ECONNRESET);
  CHECK_EQ(uv_translate_sys_error(EMFILE), UV_EMFILE);
  CHECK_EQ(uv_translate_sys_error(0), 0);
  CHECK_EQ(uv_translate_sys_error(UV_EPIPE), UV_EPIPE);
  CHECK_EQ(uv_translate_sys_error(UV_EOF), UV_EOF);
  CHECK_EQ(uv_translate_sys_error(2000), -2000);
}
