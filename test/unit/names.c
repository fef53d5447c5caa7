/* Versions, the names and sizes of types, and memory. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "harness.h"
#include "memory.h"
#include "uv.h"

TEST(version_says_the_same_thrice) {
  char text[32];

  CHECK_EQ(uv_version(), UV_VERSION_HEX);
  snprintf(text, sizeof(text), "%u.%u.%u", uv_version() >> 16, uv_version() >> 8 & 0xff,
           uv_version() & 0xff);
  CHECK_STR(uv_version_string(), text);
}

TEST(names_of_handle_types) {
  CHECK_STR(uv_handle_type_name(UV_TCP), "tcp");
  CHECK_STR(uv_handle_type_name(UV_TIMER), "timer");
  CHECK_STR(uv_handle_type_name(UV_NAMED_PIPE), "pipe");
  CHECK_STR(uv_handle_type_name(UV_TTY), "tty");
  CHECK_STR(uv_handle_type_name(UV_ASYNC), "async");
  CHECK_STR(uv_handle_type_name(UV_FILE), "file");
  CHECK_STR(uv_handle_type_name(UV_UNKNOWN_HANDLE), NULL);
  CHECK_STR(uv_handle_type_name(UV_HANDLE_TYPE_MAX), NULL);
}

TEST(names_of_request_types) {
  CHECK_STR(uv_req_type_name(UV_CONNECT), "connect");
  CHECK_STR(uv_req_type_name(UV_WRITE), "write");
  CHECK_STR(uv_req_type_name(UV_SHUTDOWN), "shutdown");
  CHECK_STR(uv_req_type_name(UV_UNKNOWN_REQ), NULL);
  CHECK_STR(uv_req_type_name(UV_REQ_TYPE_MAX), NULL);
}

TEST(sizes_of_types) {
  CHECK_EQ(uv_handle_size(UV_TCP), sizeof(uv_tcp_t));
  CHECK_EQ(uv_handle_size(UV_TIMER), sizeof(uv_timer_t));
  CHECK_EQ(uv_handle_size(UV_IDLE), sizeof(uv_idle_t));
  CHECK_EQ(uv_handle_size(UV_PREPARE), sizeof(uv_prepare_t));
  CHECK_EQ(uv_handle_size(UV_CHECK), sizeof(uv_check_t));
  CHECK_EQ(uv_handle_size(UV_ASYNC), sizeof(uv_async_t));
  CHECK_EQ(uv_handle_size(UV_UNKNOWN_HANDLE), (size_t) -1);
  CHECK_EQ(uv_handle_size(UV_HANDLE_TYPE_MAX), (size_t) -1);
  CHECK_EQ(uv_req_size(UV_CONNECT), sizeof(uv_connect_t));
  CHECK_EQ(uv_req_size(UV_WRITE), sizeof(uv_write_t));
  CHECK_EQ(uv_req_size(UV_SHUTDOWN), sizeof(uv_shutdown_t));
  CHECK_EQ(uv_req_size(UV_UNKNOWN_REQ), (size_t) -1);
  CHECK_EQ(uv_loop_size(), sizeof(uv_loop_t));
}

TEST(sizes_stay_within_their_budget) {
  /* A server holds one of these per connection and the library nothing else. */
  CHECK(sizeof(uv_tcp_t) <= (sizeof(uv_os_sock_t) == sizeof(int) ? 248 : 320));
}

TEST(allocator_is_replaced_whole_or_not_at_all) {
  CHECK_EQ(uv_replace_allocator(NULL, realloc, calloc, free), UV_EINVAL);
  CHECK_EQ(uv_replace_allocator(malloc, NULL, calloc, free), UV_EINVAL);
  CHECK_EQ(uv_replace_allocator(malloc, realloc, NULL, free), UV_EINVAL);
  CHECK_EQ(uv_replace_allocator(malloc, realloc, calloc, NULL), UV_EINVAL);
  /* The harness's own is still in place. */
  {
    long live = memory_live();
    void* p = uv__malloc(3);

    CHECK_EQ(memory_live(), live + 1);
    p = uv__realloc(p, 300);
    CHECK_EQ(memory_live(), live + 1);
    CHECK(uv__realloc(p, 0) == NULL);
    CHECK_EQ(memory_live(), live);
    p = uv__calloc(3, 3);
    CHECK(memcmp(p, "\0\0\0\0\0\0\0\0", 9) == 0);
    uv__free(p);
    uv__free(NULL);
    CHECK_EQ(memory_live(), live);
  }
}

TEST(free_keeps_errno) {
  void* p = uv__malloc(1);

  errno = 77;
  uv__free(p);
  CHECK_EQ(errno, 77);
}

TEST(buf_init) {
  char bytes[4];
  uv_buf_t buf = uv_buf_init(bytes, 4);

  CHECK(buf.base == bytes);
  CHECK_EQ(buf.len, 4);
  buf = uv_buf_init(NULL, 0);
  CHECK(buf.base == NULL);
  CHECK_EQ(buf.len, 0);
}

TEST(names_of_every_kind) {
#define HANDLE(upper, lower) CHECK(strcmp(uv_handle_type_name(UV_##upper), #lower) == 0);
  UV_HANDLE_TYPE_MAP(HANDLE)
#undef HANDLE
  CHECK(strcmp(uv_handle_type_name(UV_FILE), "file") == 0);
  CHECK(uv_handle_type_name(UV_UNKNOWN_HANDLE) == NULL);
  CHECK(uv_handle_size(UV_UNKNOWN_HANDLE) == (size_t) -1);
#define REQUEST(upper, lower) CHECK(strcmp(uv_req_type_name(UV_##upper), #lower) == 0);
  UV_REQ_TYPE_MAP(REQUEST)
#undef REQUEST
  CHECK_EQ(uv_req_size(UV_REQ), sizeof(uv_req_t));
  CHECK_EQ(uv_req_size(UV_CONNECT), sizeof(uv_connect_t));
  CHECK_EQ(uv_req_size(UV_WRITE), sizeof(uv_write_t));
  CHECK_EQ(uv_req_size(UV_SHUTDOWN), sizeof(uv_shutdown_t));
  CHECK_EQ(uv_req_size(UV_WORK), sizeof(uv_work_t));
  CHECK_EQ(uv_req_size(UV_GETADDRINFO), sizeof(uv_getaddrinfo_t));
  CHECK_EQ(uv_req_size(UV_GETNAMEINFO), sizeof(uv_getnameinfo_t));
  CHECK_EQ(uv_req_size(UV_RANDOM), sizeof(uv_random_t));
  CHECK(uv_req_type_name(UV_UNKNOWN_REQ) == NULL);
  CHECK(uv_req_size(UV_UNKNOWN_REQ) == (size_t) -1);
}

TEST(e3_null_pointers_and_numbers_out_of_range_are_einval) {
  uv_loop_t loop;
  uv_tcp_t tcp;
  uv_stream_t* stream = (uv_stream_t*) &tcp;
  uv_random_t random;
  uv_getnameinfo_t name;
  uv_getaddrinfo_t info;
  uv_shutdown_t shutdown;
  char byte;

  CHECK_EQ(uv_loop_init(&loop), 0);
  CHECK_EQ(uv_tcp_init(&loop, &tcp), 0);
  CHECK(uv_random(&loop, &random, &byte, 1, 1, NULL) == UV_EINVAL);
  CHECK(uv_random(&loop, &random, NULL, 1, 0, NULL) == UV_EINVAL);
  CHECK(uv_getnameinfo(&loop, NULL, NULL, NULL, 0) == UV_EINVAL);
  CHECK(uv_getnameinfo(&loop, &name, NULL, NULL, 0) == UV_EINVAL);
  CHECK(uv_getaddrinfo(&loop, NULL, NULL, "x", NULL, NULL) == UV_EINVAL);
  CHECK(uv_getaddrinfo(&loop, &info, NULL, "", NULL, NULL) == UV_EINVAL);
  CHECK(uv_shutdown(NULL, stream, NULL) == UV_EINVAL);
  CHECK(uv_shutdown(&shutdown, NULL, NULL) == UV_EINVAL);
  CHECK(uv_accept(NULL, stream) == UV_EINVAL);
  CHECK(uv_accept(stream, NULL) == UV_EINVAL);
  CHECK(uv_barrier_init(NULL, 1) == UV_EINVAL);
  CHECK(uv_tcp_getsockname(&tcp, NULL, NULL) == UV_EINVAL);
  CHECK(uv_tcp_keepalive_ex(&tcp, 1, 32768, 1, 1) == UV_EINVAL);
  CHECK(uv_tcp_keepalive_ex(&tcp, 1, 1, 32768, 1) == UV_EINVAL);
  CHECK(uv_tcp_keepalive_ex(&tcp, 1, 1, 1, 32768) == UV_EINVAL);
  uv_close((uv_handle_t*) &tcp, NULL);
  CHECK(uv_run(&loop, UV_RUN_DEFAULT) == 0);
  CHECK_EQ(uv_loop_close(&loop), 0);
}
