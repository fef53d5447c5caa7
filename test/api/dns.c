/* Looking up names. Numbers and the machine's own name only: nothing here asks the network. */
#include <string.h>

#include "harness.h"
#include "memory.h"
#include "net.h"
#include "uv.h"

#ifndef _WIN32
#  include <arpa/inet.h>
#endif

static int called;
static int last_status;
static struct addrinfo* last_result;

static void on_addresses(uv_getaddrinfo_t* req, int status, struct addrinfo* res) {
  CHECK((status == 0) == (res != NULL));
  CHECK(res == req->addrinfo);
  called++;
  last_status = status;
  last_result = res;
}

/* Every entry is the loopback, and has that port. */
static int count_loopback(const struct addrinfo* list, int port) {
  int count = 0;

  for (; list != NULL; list = list->ai_next) {
    char text[64];

    CHECK_EQ(uv_ip_name(list->ai_addr, text, sizeof(text)), 0);
    if (list->ai_family == AF_INET) {
      CHECK_EQ(list->ai_addrlen, sizeof(struct sockaddr_in));
      CHECK(strncmp(text, "127.", 4) == 0);
    } else {
      CHECK_EQ(list->ai_family, AF_INET6);
      CHECK_EQ(list->ai_addrlen, sizeof(struct sockaddr_in6));
      CHECK_STR(text, "::1");
    }
    CHECK_EQ(list->ai_addr->sa_family, list->ai_family);
    /* In the same place in both families. */
    CHECK_EQ(ntohs(((const struct sockaddr_in*) (const void*) list->ai_addr)->sin_port), port);
    count++;
  }
  return count;
}

static void lookup(const char* node, const char* service, const struct addrinfo* hints) {
  uv_getaddrinfo_t req;

  CHECK_EQ(uv_getaddrinfo(net_loop(), &req, on_addresses, node, service, hints), 0);
  CHECK_EQ(req.type, UV_GETADDRINFO);
  CHECK(req.loop == net_loop());
  CHECK_EQ(called, 0);
  CHECK_EQ(uv_loop_alive(net_loop()), 1);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(called, 1);
  called = 0;
}

static struct addrinfo stream_hints(int family, int flags) {
  struct addrinfo hints;

  memset(&hints, 0x5a, sizeof(hints)); /* The library looks at four members only. */
  hints.ai_family = family;
  hints.ai_flags = flags;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_protocol = 0;
  return hints;
}

TEST(getaddrinfo_of_a_number) {
  struct addrinfo hints = stream_hints(AF_UNSPEC, AI_NUMERICHOST);

  lookup("127.0.0.1", "80", &hints);
  CHECK_EQ(last_status, 0);
  CHECK_EQ(count_loopback(last_result, 80), 1);
  CHECK_EQ(last_result->ai_socktype, SOCK_STREAM);
  uv_freeaddrinfo(last_result);
  net_end();
}

TEST(getaddrinfo_of_localhost) {
  struct addrinfo hints = stream_hints(AF_INET, 0);

  lookup("localhost", "65535", &hints);
  CHECK_EQ(last_status, 0);
  CHECK(count_loopback(last_result, 65535) >= 1);
  uv_freeaddrinfo(last_result);
  net_end();
}

TEST(getaddrinfo_of_an_ipv6_number) {
  struct addrinfo hints = stream_hints(AF_INET6, AI_NUMERICHOST);

  if (!net_has_ipv6())
    SKIP("no IPv6 loopback");
  lookup("::1", "1", &hints);
  CHECK_EQ(last_status, 0);
  CHECK_EQ(count_loopback(last_result, 1), 1);
  uv_freeaddrinfo(last_result);
  net_end();
}

TEST(getaddrinfo_without_hints) {
  lookup("127.0.0.1", NULL, NULL);
  CHECK_EQ(last_status, 0);
  CHECK(count_loopback(last_result, 0) >= 1);
  uv_freeaddrinfo(last_result);
  net_end();
}

TEST(getaddrinfo_without_a_node_is_for_listening) {
  struct addrinfo hints = stream_hints(AF_INET, AI_PASSIVE);
  char text[64];

  lookup(NULL, "8080", &hints);
  CHECK_EQ(last_status, 0);
  CHECK_EQ(uv_ip_name(last_result->ai_addr, text, sizeof(text)), 0);
  CHECK_STR(text, "0.0.0.0");
  uv_freeaddrinfo(last_result);
  net_end();
}

TEST(getaddrinfo_of_a_service) {
  struct addrinfo hints = stream_hints(AF_INET, 0);

  lookup("127.0.0.1", "http", &hints);
  /* A machine need not have a list of services. */
  if (last_status == UV_EAI_SERVICE || last_status == UV_EAI_NONAME)
    SKIP("the system knows no services");
  CHECK_EQ(last_status, 0);
  CHECK_EQ(count_loopback(last_result, 80), 1);
  uv_freeaddrinfo(last_result);
  net_end();
}

TEST(getaddrinfo_canonical_name) {
  struct addrinfo hints = stream_hints(AF_INET, AI_CANONNAME);

  lookup("127.0.0.1", "1", &hints);
  CHECK_EQ(last_status, 0);
  CHECK(last_result->ai_canonname != NULL);
  CHECK(strlen(last_result->ai_canonname) > 0);
  uv_freeaddrinfo(last_result);
  net_end();
}

TEST(getaddrinfo_errors) {
  struct addrinfo numeric = stream_hints(AF_UNSPEC, AI_NUMERICHOST);
  struct addrinfo four = stream_hints(AF_INET, AI_NUMERICHOST);
  struct addrinfo family = stream_hints(12345, 0);

  lookup("not.a.number", "1", &numeric);
  CHECK_EQ(last_status, UV_EAI_NONAME);
  lookup("::1", "1", &four);
#ifdef _WIN32
  /* Wine gives a number that is no code of Windows. */
  CHECK(last_status == UV_EAI_NONAME || last_status == UV_UNKNOWN);
#else
  CHECK(last_status == UV_EAI_ADDRFAMILY || last_status == UV_EAI_NONAME);
#endif
  lookup("127.0.0.1", "1", &family);
  CHECK_EQ(last_status, UV_EAI_FAMILY);
  net_end();
}

TEST(getaddrinfo_waits_when_there_is_no_callback) {
  struct addrinfo hints = stream_hints(AF_INET, AI_NUMERICHOST);
  uv_getaddrinfo_t req;

  CHECK_EQ(uv_getaddrinfo(net_loop(), &req, NULL, "127.0.0.1", "22", &hints), 0);
  CHECK_EQ(count_loopback(req.addrinfo, 22), 1);
  uv_freeaddrinfo(req.addrinfo);
  CHECK_EQ(uv_getaddrinfo(net_loop(), &req, NULL, "nothing", "22", &hints), UV_EAI_NONAME);
  CHECK(req.addrinfo == NULL);
  CHECK_EQ(uv_loop_alive(net_loop()), 0);
  net_end();
}

TEST(getaddrinfo_of_nothing_is_refused) {
  uv_getaddrinfo_t req;

  CHECK_EQ(uv_getaddrinfo(net_loop(), &req, on_addresses, NULL, NULL, NULL), UV_EINVAL);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(called, 0);
  net_end();
}

TEST(getaddrinfo_of_what_is_no_utf8_is_refused) {
  static const char* const names[] = {"\xff", "a\xc0\x80", "\xe2\x82", "\xed\xa0\x80",
                                      ("b\xfc"
                                       "cher")};
  uv_getaddrinfo_t req;
  size_t i;

  for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
    CHECK_EQ(uv_getaddrinfo(net_loop(), &req, on_addresses, names[i], NULL, NULL), UV_EINVAL);
  CHECK_EQ(uv_loop_alive(net_loop()), 0);
  net_end();
}

/* "localhost" in full-width letters, in capitals and with what is left out; and a number with the dots
 * of Chinese and Japanese. */
TEST(getaddrinfo_of_an_international_name) {
  static const char* const names[] = {
      "\xef\xbd\x8c\xef\xbd\x8f\xef\xbd\x83\xef\xbd\x81\xef\xbd\x8c"
      "HOST",
      "local\xc2\xad"
      "host",
      "127\xe3\x80\x82"
      "0\xef\xbc\x8e"
      "0.1",
  };
  struct addrinfo hints = stream_hints(AF_INET, 0);
  size_t i;

  for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    uv_getaddrinfo_t req;
    int r = uv_getaddrinfo(net_loop(), &req, NULL, names[i], "22", &hints);

#ifdef _WIN32
    /* Windows makes them IDNA by itself, Wine leaves some as they are. */
    if (r == UV_EAI_NONAME || r == UV_EAI_AGAIN || r == UV_EAI_NODATA)
      SKIP("this system does not know international names");
#endif
    CHECK_EQ(r, 0);
    CHECK(count_loopback(req.addrinfo, 22) >= 1); /* twice, where ::1 has the name too */
    uv_freeaddrinfo(req.addrinfo);
  }
  net_end();
}

/* Text whose bytes begin like half of a pair, and are a letter: it is looked up. */
TEST(getaddrinfo_of_korean_letters_is_not_refused) {
  struct addrinfo hints = stream_hints(AF_INET, AI_NUMERICHOST);
  uv_getaddrinfo_t req;

  CHECK_EQ(uv_getaddrinfo(net_loop(), &req, on_addresses, "\xed\x95\x9c", NULL, &hints), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(called, 1);
  CHECK(last_status < 0 && last_status != UV_EINVAL); /* It is no number. */
  net_end();
}

TEST(getaddrinfo_of_a_name_that_cannot_be) {
  struct addrinfo hints = stream_hints(AF_INET, 0);
  uv_getaddrinfo_t req;

  /* A mark with nothing to stand on. */
  CHECK(uv_getaddrinfo(net_loop(), &req, NULL, "\xcc\x81.invalid", "22", &hints) < 0);
  CHECK(req.addrinfo == NULL);
#ifndef _WIN32
  CHECK_EQ(uv_getaddrinfo(net_loop(), &req, NULL, "\xcc\x81.invalid", "22", &hints), UV_EAI_NONAME);
#endif
  net_end();
}

TEST(getaddrinfo_copies_what_it_is_given) {
  struct addrinfo hints = stream_hints(AF_INET, AI_NUMERICHOST);
  char node[] = "127.0.0.1";
  char service[] = "4711";
  uv_getaddrinfo_t req;

  CHECK_EQ(uv_getaddrinfo(net_loop(), &req, on_addresses, node, service, &hints), 0);
  memset(node, 'x', sizeof(node) - 1);
  memset(service, 'x', sizeof(service) - 1);
  memset(&hints, 0x7f, sizeof(hints));
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(last_status, 0);
  CHECK_EQ(count_loopback(last_result, 4711), 1);
  uv_freeaddrinfo(last_result);
  net_end();
}

TEST(freeaddrinfo_of_nothing) {
  uv_freeaddrinfo(NULL);
}

TEST(e1_getaddrinfo_without_memory) {
  struct addrinfo hints = stream_hints(AF_INET, AI_NUMERICHOST);
  uv_getaddrinfo_t req;
  long live;
  long n;
  int r = UV_ENOMEM;

  (void) net_loop();
  live = memory_live();
  for (n = 1; r != 0; n++) {
    memory_fail_nth(n);
    r = uv_getaddrinfo(net_loop(), &req, on_addresses, "127.0.0.1", "1", &hints);
    /* A thread may need memory too, while it looks up. */
    if (r == 0)
      CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
    memory_fail_nth(0);
    if (r != 0) {
      CHECK_EQ(r, UV_ENOMEM);
      CHECK_EQ(called, 0);
    } else if (last_status != 0) {
      CHECK(last_status == UV_ENOMEM || last_status == UV_EAI_MEMORY);
      called = 0;
      r = last_status;
    }
  }
  CHECK(n > 2);
  CHECK_EQ(called, 1);
  uv_freeaddrinfo(last_result);
  net_end();
  uv_library_shutdown();
  CHECK(memory_live() <= live);
}

/* ---- uv_getnameinfo ---- */

static void on_name(uv_getnameinfo_t* req, int status, const char* host, const char* service) {
  called++;
  last_status = status;
  if (status == 0) {
    CHECK(host == req->host);
    CHECK(service == req->service);
  } else {
    CHECK(host == NULL);
    CHECK(service == NULL);
  }
}

TEST(getnameinfo_of_numbers) {
  struct sockaddr_in addr = net_address(4242);
  uv_getnameinfo_t req;

  CHECK_EQ(uv_getnameinfo(net_loop(), &req, on_name, (struct sockaddr*) &addr,
                          NI_NUMERICHOST | NI_NUMERICSERV),
           0);
  CHECK_EQ(req.type, UV_GETNAMEINFO);
  CHECK(req.loop == net_loop());
  memset(&addr, 0, sizeof(addr)); /* It was copied. */
  CHECK_EQ(called, 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(called, 1);
  CHECK_EQ(last_status, 0);
  CHECK_STR(req.host, "127.0.0.1");
  CHECK_STR(req.service, "4242");
  net_end();
}

TEST(getnameinfo_of_ipv6_without_a_callback) {
  struct sockaddr_in6 addr;
  uv_getnameinfo_t req;

  CHECK_EQ(uv_ip6_addr("::1", 80, &addr), 0);
  CHECK_EQ(uv_getnameinfo(net_loop(), &req, NULL, (struct sockaddr*) &addr,
                          NI_NUMERICHOST | NI_NUMERICSERV),
           0);
  CHECK_STR(req.host, "::1");
  CHECK_STR(req.service, "80");
  net_end();
}

TEST(getnameinfo_of_the_loopback) {
  struct sockaddr_in addr = net_address(80);
  uv_getnameinfo_t req;

  /* Without NI_NAMEREQD a number will do for a name. */
  CHECK_EQ(uv_getnameinfo(net_loop(), &req, on_name, (struct sockaddr*) &addr, NI_NUMERICSERV), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(last_status, 0);
  CHECK(strlen(req.host) > 0);
  CHECK_STR(req.service, "80");
  net_end();
}

TEST(getnameinfo_of_another_family_is_refused) {
  struct sockaddr_storage addr;
  uv_getnameinfo_t req;

  memset(&addr, 0, sizeof(addr));
  addr.ss_family = 9999;
  CHECK_EQ(uv_getnameinfo(net_loop(), &req, on_name, (struct sockaddr*) &addr, 0), UV_EINVAL);
  CHECK_EQ(uv_getnameinfo(net_loop(), &req, on_name, NULL, 0), UV_EINVAL);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(called, 0);
  net_end();
}
