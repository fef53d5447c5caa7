/* The size of everything that a program may embed: it is part of what programs were compiled with,
 * so a change is meant, or it is a mistake. The layout itself is private. tools/check.py sees to it
 * that no struct of uv.h is missing here; the sizes of the libraries are in tools/symbols.py. */
#include <stddef.h>
#include <stdio.h>

#include "harness.h"
#include "uv.h"
#include "uvstream.h"

/* Name, bytes on 64-bit Linux with glibc, bytes on 64-bit Windows. */
#define SIZES(ROW)                    \
  ROW(uv_buf_t, 16, 16)               \
  ROW(uv_loop_t, 336, 416)            \
  ROW(uv_handle_t, 56, 56)            \
  ROW(uv_stream_t, 208, 304)          \
  ROW(uv_tcp_t, 216, 312)             \
  ROW(uv_pipe_t, 224, 320)            \
  ROW(uv_process_t, 152, 240)         \
  ROW(uv_tty_t, 208, 304)             \
  ROW(uv_signal_t, 160, 248)          \
  ROW(uv_timer_t, 120, 120)           \
  ROW(uv_idle_t, 80, 80)              \
  ROW(uv_prepare_t, 80, 80)           \
  ROW(uv_check_t, 80, 80)             \
  ROW(uv_async_t, 88, 88)             \
  ROW(uv_req_t, 16, 16)               \
  ROW(uv_connect_t, 56, 56)           \
  ROW(uv_write_t, 216, 216)           \
  ROW(uv_shutdown_t, 32, 32)          \
  ROW(uvs_connect_t, 96, 96)          \
  ROW(uvs_pipe_connect_t, 280, 280)   \
  ROW(uvs_hangup_t, 48, 48)           \
  ROW(uvs_deadline_t, 128, 128)       \
  ROW(uvs_read_t, 112, 112)           \
  ROW(uvs_moving_t, 112, 200)         \
  ROW(uvs_send_file_t, 320, 320)      \
  ROW(uv_work_t, 96, 96)              \
  ROW(uv_getaddrinfo_t, 112, 112)     \
  ROW(uv_getnameinfo_t, 1288, 1288)   \
  ROW(uv_stdio_container_t, 16, 16)   \
  ROW(uv_process_options_t, 64, 64)   \
  ROW(uv_metrics_t, 128, 128)         \
  ROW(uv_interface_address_t, 80, 80) \
  ROW(uv_timespec64_t, 16, 16)        \
  ROW(uv_timeval64_t, 16, 16)         \
  ROW(uv_timespec_t, 16, 8)           \
  ROW(uv_cpu_info_t, 56, 56)          \
  ROW(uv_passwd_t, 40, 32)            \
  ROW(uv_group_t, 24, 24)             \
  ROW(uv_lib_t, 16, 16)               \
  ROW(uv_timeval_t, 16, 8)            \
  ROW(uv_env_item_t, 16, 16)          \
  ROW(uv_utsname_t, 1024, 1024)       \
  ROW(uv_rusage_t, 144, 128)          \
  ROW(uv_thread_options_t, 16, 16)    \
  ROW(uv_sem_t, 96, 64)               \
  ROW(uv_barrier_t, 104, 72)          \
  ROW(uv_random_t, 112, 112)          \
  ROW(union uv_any_handle, 224, 320)  \
  ROW(union uv_any_req, 1288, 1288)   \
  ROW(uv_mutex_t, 40, 48)             \
  ROW(uv_key_t, 4, 4)                 \
  ROW(uv_rwlock_t, 8, 8)              \
  ROW(uv_cond_t, 48, 8)               \
  ROW(uv_once_t, 4, 8)                \
  ROW(uv_thread_t, 8, 8)

#define ROW(type, on_linux, on_windows) {#type, sizeof(type), on_linux, on_windows},

TEST(sizes_of_public_structs) {
#if (defined(__linux__) && defined(__GLIBC__) && defined(__x86_64__)) || defined(_WIN64)
  static const struct {
    const char* name;
    size_t found, on_linux, on_windows;
  } table[] = {SIZES(ROW)};
  size_t i;
  int wrong = 0;

  for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
#  ifdef _WIN64
    size_t expected = table[i].on_windows;
#  else
    size_t expected = table[i].on_linux;
#  endif

    if (table[i].found != expected) {
      fprintf(stderr, "%s has %d bytes instead of %d\n", table[i].name, (int) table[i].found,
              (int) expected);
      wrong++;
    }
  }
  CHECK_EQ(wrong, 0);
#else
  SKIP("sizes are listed for 64-bit Linux with glibc and for 64-bit Windows");
#endif
}
