/* Programs written for libuv, run on this library, as C and as C++. */
#include <string.h>

#include "guide.h"
#include "harness.h"
#include "typical.h"
#include "uv.h"

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

typedef int (*guide)(const char* program, const char* child);

/* A child of the program is told the language and its part. */
static void run(guide as_c, guide as_cxx, const char* name) {
  const char* language = harness_arg(0);

  if (language != NULL) {
    guide parent = strcmp(language, "c") == 0 ? as_c : as_cxx;

    CHECK(parent != NULL);
    CHECK_EQ(parent(name, harness_arg(1)), 0);
    return;
  }
  CHECK_EQ(as_c(name, NULL), 0);
  if (as_cxx != NULL) {
    CHECK_EQ(as_cxx(name, NULL), 0);
  }
}

static void run_of_level_53(guide as_c, guide as_cxx, const char* name) {
#if UV_VERSION_HEX < (1 << 16 | 53 << 8)
  (void) as_c;
  (void) as_cxx;
  (void) name;
  SKIP("of a later level of the API than this libuv's");
#else
  run(as_c, as_cxx, name);
#endif
}

#ifdef COMPAT_CXX
#  define BOTH(name) name, name##_as_cxx
#else
#  define BOTH(name) name, NULL
#endif

TEST(guide_thousand_timers) {
  run(BOTH(guide_loop), "thousand_timers");
}

TEST(guide_repeating_timer) {
  run(BOTH(guide_loop), "repeating_timer");
}

TEST(guide_order_in_a_turn) {
  run(BOTH(guide_loop), "order_in_a_turn");
}

TEST(guide_last_comes_first) {
  run(BOTH(guide_loop), "last_comes_first");
}

TEST(guide_references_of_everything) {
  run(BOTH(guide_loop), "references_of_everything");
}

TEST(guide_stop_and_modes) {
  run(BOTH(guide_loop), "stop_and_modes");
}

TEST(guide_maps_and_versions) {
  run(BOTH(guide_loop), "maps_and_versions");
}

TEST(guide_names_of_the_system) {
  run(BOTH(guide_loop), "names_of_the_system");
}

TEST(guide_text_of_addresses) {
  run(BOTH(guide_loop), "text_of_addresses");
}

TEST(guide_threads) {
  run(BOTH(guide_loop), "threads");
}

TEST(guide_pool) {
  run(BOTH(guide_loop), "pool");
}

TEST(guide_ping_pong_over_tcp) {
  run(BOTH(guide_stream), "ping_pong_over_tcp");
}

TEST(guide_ping_pong_over_a_pipe) {
  run(BOTH(guide_stream), "ping_pong_over_a_pipe");
}

TEST(guide_connection_refused) {
  run(BOTH(guide_stream), "connection_refused");
}

TEST(guide_no_such_pipe) {
  run(BOTH(guide_stream), "no_such_pipe");
}

TEST(guide_canceled_by_close) {
  run(BOTH(guide_stream), "canceled_by_close");
}

TEST(guide_port_in_use) {
  run(BOTH(guide_stream), "port_in_use");
}

TEST(guide_large_write_over_tcp) {
  run(BOTH(guide_stream), "large_write_over_tcp");
}

TEST(guide_large_write_over_a_pipe) {
  run(BOTH(guide_stream), "large_write_over_a_pipe");
}

TEST(guide_many_clients_over_tcp) {
  run(BOTH(guide_stream), "many_clients_over_tcp");
}

TEST(guide_many_clients_over_pipes) {
  run(BOTH(guide_stream), "many_clients_over_pipes");
}

TEST(guide_questions) {
  run(BOTH(guide_stream), "questions");
}

TEST(guide_message_through_a_pair_of_ends) {
  run(BOTH(guide_stream), "message_through_a_pair_of_ends");
}

TEST(guide_reset_by_the_peer) {
  run(BOTH(guide_stream), "reset_by_the_peer");
}

TEST(guide_child_with_pipes) {
  run(BOTH(guide_process), "child_with_pipes");
}

TEST(guide_no_such_program) {
  run(BOTH(guide_process), "no_such_program");
}

TEST(guide_killed_child) {
  run(BOTH(guide_process), "killed_child");
}

TEST(guide_listener_for_a_child) {
  run(BOTH(guide_process), "listener_for_a_child");
}

TEST(guide_watched_signals) {
  run(BOTH(guide_process), "watched_signals");
}

TEST(guide_maybe_a_terminal) {
  run(BOTH(guide_process), "maybe_a_terminal");
}

TEST(guide_about_the_process) {
  run(BOTH(guide_process), "about_the_process");
}

TEST(guide_of_the_machine) {
  run_of_level_53(BOTH(guide_level), "machine");
}

TEST(guide_users_and_groups) {
  run_of_level_53(BOTH(guide_level), "users");
}

TEST(guide_libraries) {
  run_of_level_53(BOTH(guide_level), "libraries");
}

TEST(guide_shares_of_the_processors) {
  run_of_level_53(BOTH(guide_level), "shares");
}

TEST(guide_write_that_is_taken_back) {
  run_of_level_53(BOTH(guide_level), "taken_back");
}
