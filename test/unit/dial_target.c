/* What a host and a service stand for, and in which order what was found is tried (core/dial). */
#include <string.h>

#include "core/dial/dial.h"
#include "harness.h"

enum {
  MOST = 8
};

/* A list of addresses, each a letter: a capital is IPv6, a dot is of a family that nobody can use. The
 * letter is the port. */
struct list {
  struct addrinfo entries[MOST];
  union uv__address addresses[MOST];
};

static const struct addrinfo* make_list(struct list* list, const char* letters) {
  size_t i;

  memset(list, 0, sizeof(*list));
  for (i = 0; letters[i] != '\0'; i++) {
    struct addrinfo* entry = &list->entries[i];
    int family = letters[i] == '.' ? AF_UNSPEC : letters[i] < 'a' ? AF_INET6 : AF_INET;

    CHECK(i < MOST);
    entry->ai_family = family;
    entry->ai_addr = &list->addresses[i].any;
    entry->ai_addr->sa_family = (unsigned char) family;
    list->addresses[i].ip4.sin_port = (unsigned char) letters[i];
    entry->ai_next = letters[i + 1] == '\0' ? NULL : entry + 1;
  }
  return i == 0 ? NULL : list->entries;
}

static const char* order_of(const char* letters) {
  static char text[MOST + 1];
  union uv__address order[MOST];
  struct list list;
  const struct addrinfo* found = make_list(&list, letters);
  unsigned count = uv__target_count(found);
  unsigned i;

  uv__target_order(found, order);
  for (i = 0; i < count; i++)
    text[i] = (char) order[i].ip4.sin_port;
  text[count] = '\0';
  return text;
}

TEST(x1_families_take_turns) {
  CHECK_STR(order_of("ABCab"), "AaBbC");
  CHECK_STR(order_of("abcAB"), "aAbBc");
  CHECK_STR(order_of("AabB"), "AaBb");
  CHECK_STR(order_of("aAbcd"), "aAbcd");
}

TEST(x1_one_family_keeps_its_order) {
  CHECK_STR(order_of("ABC"), "ABC");
  CHECK_STR(order_of("a"), "a");
  CHECK_STR(order_of(""), "");
}

TEST(x1_other_families_are_passed_over) {
  CHECK_STR(order_of(".A.ab."), "Aab");
  CHECK_STR(order_of(".."), "");
}

static int known(const char* node, const char* service, int family) {
  struct uv__target target;
  int r = uv__target_parse(&target, node, service, family);

  return r < 0 ? r : (int) target.count;
}

TEST(x1_what_needs_no_lookup) {
  CHECK_EQ(known("127.0.0.1", "80", AF_UNSPEC), 1);
  CHECK_EQ(known("::1", "65535", AF_INET6), 1);
  CHECK_EQ(known("localhost", "1", AF_UNSPEC), 2);
  CHECK_EQ(known("LOCALHOST.", "00080", AF_INET), 1);
  CHECK_EQ(known(NULL, "80", AF_INET6), 1);
  CHECK_EQ(known("localhost..", "80", AF_UNSPEC), 0);
  CHECK_EQ(known("localhos", "80", AF_UNSPEC), 0);
  CHECK_EQ(known("localhostx", "80", AF_UNSPEC), 0);
  CHECK_EQ(known("127.0.0.1", "http", AF_UNSPEC), 0);
  CHECK_EQ(known("127.0.0.1", "80x", AF_UNSPEC), 0);
  CHECK_EQ(known("::1", "80", AF_INET), UV_EAI_ADDRFAMILY);
  CHECK_EQ(known("::1", "65536", AF_UNSPEC), UV_EINVAL);
  CHECK_EQ(known("::1", "0", AF_UNSPEC), UV_EINVAL);
}
