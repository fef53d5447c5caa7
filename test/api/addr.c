/* Addresses as text and back, and the machine's interfaces. */
#include <string.h>

#include "harness.h"
#include "uv.h"

struct pair {
  const char* text;
  const char* canonical; /* NULL: not an address */
};

static const struct pair ipv4[] = {
    {"0.0.0.0", "0.0.0.0"},
    {"127.0.0.1", "127.0.0.1"},
    {"255.255.255.255", "255.255.255.255"},
    {"1.2.3.4", "1.2.3.4"},
    {"10.0.255.1", "10.0.255.1"},
    {"", NULL},
    {"1", NULL},
    {"1.2", NULL},
    {"1.2.3", NULL},
    {"1.2.3.", NULL},
    {"1.2.3.4.", NULL},
    {"1.2.3.4.5", NULL},
    {".1.2.3.4", NULL},
    {"1..2.3", NULL},
    {"256.0.0.1", NULL},
    {"1.2.3.256", NULL},
    {"1.2.3.4294967297", NULL},
    {"1.2.3.99999999999999999999", NULL},
    {"01.2.3.4", NULL}, /* octal to some */
    {"1.2.3.00", NULL},
    {"0x1.2.3.4", NULL},
    {"1.2.3.4 ", NULL},
    {" 1.2.3.4", NULL},
    {"1.2.3.-4", NULL},
    {"1.2.3.4a", NULL},
    {"1,2,3,4", NULL},
    {"::1", NULL},
    {"localhost", NULL},
};

static const struct pair ipv6[] = {
    {"::", "::"},
    {"::1", "::1"},
    {"1::", "1::"},
    {"fe80::1", "fe80::1"},
    {"FE80::ABCD", "fe80::abcd"},
    {"2001:db8::ff00:42:8329", "2001:db8::ff00:42:8329"},
    {"2001:0db8:0000:0000:0000:ff00:0042:8329", "2001:db8::ff00:42:8329"},
    {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
    {"1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"}, /* one zero is no run */
    {"1:0:0:4:5:6:7:8", "1::4:5:6:7:8"},
    {"1:0:0:4:0:0:0:8", "1:0:0:4::8"},   /* the longer run */
    {"1:0:0:4:5:0:0:8", "1::4:5:0:0:8"}, /* the first of equals */
    {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
    {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
    {"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"},
    {"0:0:3:4:5:6:7:8", "::3:4:5:6:7:8"},
    {"::ffff:1.2.3.4", "::ffff:1.2.3.4"},
    {"::ffff:102:304", "::ffff:1.2.3.4"},
    {"::1.2.3.4", "::1.2.3.4"},
    {"64:ff9b::1.2.3.4", "64:ff9b::102:304"},
    {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
    {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    {"", NULL},
    {":", NULL},
    {":::", NULL},
    {"::1::", NULL},
    {"1::2::3", NULL},
    {":1", NULL},
    {"1:", NULL},
    {"1:2", NULL},
    {"1:2:3:4:5:6:7", NULL},
    {"1:2:3:4:5:6:7:", NULL},
    {":2:3:4:5:6:7:8", NULL},
    {"1:2:3:4:5:6:7:8:", NULL},
    {"1:2:3:4:5:6:7:8:9", NULL},
    {"1:2:3:4::5:6:7:8", NULL}, /* "::" for nothing */
    {"1:2:3:4:5:6:7:8::", NULL},
    {"::1:2:3:4:5:6:7:8", NULL},
    {"12345::", NULL},
    {"00001::", NULL},
    {"g::", NULL},
    {"1.2.3.4", NULL},
    {"::1.2.3", NULL},
    {"::1.2.3.256", NULL},
    {"::1.2.3.04", NULL},
    {"::1.2.3.4:5", NULL},
    {"1:2:3:4:5:6:7:1.2.3.4", NULL},
    {"1.2.3.4::", NULL},
    {"::1 ", NULL},
    {" ::1", NULL},
    {"[::1]", NULL},
    {"::1/64", NULL},
};

static void check_table(int af, const struct pair* table, size_t count) {
  size_t i;

  for (i = 0; i < count; i++) {
    unsigned char bytes[16];
    unsigned char again[16];
    unsigned char untouched[16];
    char text[64];
    int r;

    memset(untouched, 0x77, sizeof untouched);
    memcpy(bytes, untouched, sizeof bytes);
    r = uv_inet_pton(af, table[i].text, bytes);
    if (table[i].canonical == NULL) {
      if (r != UV_EINVAL) {
        FAIL(table[i].text);
      }
      CHECK(memcmp(bytes, untouched, sizeof bytes) == 0);
      continue;
    }
    if (r != 0) {
      FAIL(table[i].text);
    }
    CHECK_EQ(uv_inet_ntop(af, bytes, text, sizeof text), 0);
    CHECK_STR(text, table[i].canonical);
    memcpy(again, untouched, sizeof again);
    CHECK_EQ(uv_inet_pton(af, text, again), 0);
    CHECK(memcmp(bytes, again, sizeof bytes) == 0);
    /* Exactly enough room is enough; one byte less is not, and nothing is written. */
    CHECK_EQ(uv_inet_ntop(af, bytes, text, strlen(text) + 1), 0);
    text[0] = '#';
    CHECK_EQ(uv_inet_ntop(af, bytes, text, strlen(table[i].canonical)), UV_ENOSPC);
    CHECK(text[0] == '#');
    CHECK_EQ(uv_inet_ntop(af, bytes, text, 0), UV_ENOSPC);
  }
}

TEST(addr_ipv4_text_both_ways) {
  check_table(AF_INET, ipv4, sizeof ipv4 / sizeof ipv4[0]);
}

TEST(addr_ipv6_text_both_ways) {
  check_table(AF_INET6, ipv6, sizeof ipv6 / sizeof ipv6[0]);
}

TEST(addr_other_families) {
  char text[64];
  char bytes[16] = {0};

  CHECK_EQ(uv_inet_ntop(AF_UNSPEC, bytes, text, sizeof text), UV_EAFNOSUPPORT);
  CHECK_EQ(uv_inet_pton(AF_UNSPEC, "::1", bytes), UV_EAFNOSUPPORT);
  CHECK_EQ(uv_inet_pton(AF_INET, NULL, bytes), UV_EINVAL);
  CHECK_EQ(uv_inet_pton(AF_INET6, "::1", NULL), UV_EINVAL);
}

TEST(addr_socket_addresses) {
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
  struct sockaddr unknown;
  char text[64];

  CHECK_EQ(uv_ip4_addr("127.0.0.1", 8080, &v4), 0);
  CHECK_EQ(v4.sin_family, AF_INET);
  CHECK_EQ(ntohs(v4.sin_port), 8080);
  CHECK_EQ(ntohl(v4.sin_addr.s_addr), 0x7f000001);
  CHECK_EQ(uv_ip4_name(&v4, text, sizeof text), 0);
  CHECK_STR(text, "127.0.0.1");
  CHECK_EQ(uv_ip_name((struct sockaddr*) &v4, text, sizeof text), 0);
  CHECK_STR(text, "127.0.0.1");
  CHECK_EQ(uv_ip4_name(&v4, text, 9), UV_ENOSPC);

  CHECK_EQ(uv_ip6_addr("fe80::1", 65535, &v6), 0);
  CHECK_EQ(v6.sin6_family, AF_INET6);
  CHECK_EQ(ntohs(v6.sin6_port), 65535);
  CHECK_EQ(v6.sin6_scope_id, 0);
  CHECK_EQ(uv_ip6_name(&v6, text, sizeof text), 0);
  CHECK_STR(text, "fe80::1");
  CHECK_EQ(uv_ip_name((struct sockaddr*) &v6, text, sizeof text), 0);
  CHECK_STR(text, "fe80::1");
  CHECK_EQ(uv_ip6_name(&v6, text, 7), UV_ENOSPC);

  memset(&unknown, 0, sizeof unknown);
  unknown.sa_family = AF_UNSPEC;
  CHECK_EQ(uv_ip_name(&unknown, text, sizeof text), UV_EAFNOSUPPORT);
}

TEST(addr_refused_text_leaves_the_address_untouched) {
  struct sockaddr_in v4;
  struct sockaddr_in v4_before;
  struct sockaddr_in6 v6;
  struct sockaddr_in6 v6_before;

  memset(&v4, 0x33, sizeof v4);
  v4_before = v4;
  CHECK_EQ(uv_ip4_addr("256.1.1.1", 80, &v4), UV_EINVAL);
  CHECK_EQ(uv_ip4_addr("::1", 80, &v4), UV_EINVAL);
  CHECK(memcmp(&v4, &v4_before, sizeof v4) == 0);
  memset(&v6, 0x33, sizeof v6);
  v6_before = v6;
  CHECK_EQ(uv_ip6_addr("1::2::3", 80, &v6), UV_EINVAL);
  CHECK_EQ(uv_ip6_addr("127.0.0.1", 80, &v6), UV_EINVAL);
  CHECK(memcmp(&v6, &v6_before, sizeof v6) == 0);
}

/* What uv_if_indextoiid gives is what stands behind the '%'. */
TEST(addr_ipv6_zone) {
  struct sockaddr_in6 v6;
  char text[64];
  char zone[UV_IF_NAMESIZE];
  char address[64 + UV_IF_NAMESIZE];
  unsigned index;

  for (index = 1; index < 64; index++) {
    size_t size = sizeof zone;

    if (uv_if_indextoiid(index, zone, &size) == 0) {
      break;
    }
  }
  if (index == 64) {
    SKIP("this machine has no interface with a small number");
  }
  strcpy(address, "fe80::1%");
  strcat(address, zone);
  CHECK_EQ(uv_ip6_addr(address, 1, &v6), 0);
  CHECK_EQ(v6.sin6_scope_id, index);
  CHECK_EQ(uv_ip6_name(&v6, text, sizeof text), 0);
  CHECK_STR(text, "fe80::1"); /* the name is without the zone */
  CHECK_EQ(uv_ip6_addr("fe80::1%0123456789012345678901234567890123456789012345", 1, &v6),
           UV_EINVAL);
}

/* Without its zone it would be another address. */
TEST(addr_ipv6_zone_that_is_none) {
  static const char* const bad[] = {"fe80::1%", "fe80::1%%", "fe80::1%nosuch0", "fe80::1%0",
                                    "fe80::1%4294967296"};
  struct sockaddr_in6 v6;
  struct sockaddr_in6 before;
  size_t i;

  memset(&v6, 0x33, sizeof v6);
  before = v6;
  for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    CHECK_EQ(uv_ip6_addr(bad[i], 80, &v6), UV_EINVAL);
    CHECK(memcmp(&v6, &before, sizeof v6) == 0);
  }
  CHECK_EQ(uv_ip6_addr("fe80::1%7", 80, &v6), 0); /* A number is the index itself. */
  CHECK_EQ(v6.sin6_scope_id, 7);
  CHECK_EQ(uv_ip6_addr("fe80::1%4294967295", 80, &v6), 0);
  CHECK_EQ(v6.sin6_scope_id, UINT32_MAX);
}

TEST(addr_interface_names) {
  char name[UV_IF_NAMESIZE];
  char small[1];
  unsigned index;
  int found = 0;
  size_t size;

  for (index = 1; index < 64; index++) {
    size = sizeof name;
    if (uv_if_indextoname(index, name, &size) != 0) {
      continue;
    }
    found++;
    CHECK(size > 0);
    CHECK_EQ(strlen(name), size);
    size = sizeof small;
    CHECK_EQ(uv_if_indextoname(index, small, &size), UV_ENOBUFS);
    CHECK_EQ(size, strlen(name) + 1); /* what it would have taken */
  }
  CHECK(found > 0);
  size = sizeof name;
  CHECK_EQ(uv_if_indextoname(0x7ffffff0, name, &size), UV_ENXIO);
}

TEST(addr_interface_names_misuse) {
  char name[UV_IF_NAMESIZE] = "untouched";
  size_t size = sizeof name;
  size_t none = 0;

  CHECK_EQ(uv_if_indextoname(1, NULL, &size), UV_EINVAL);
  CHECK_EQ(uv_if_indextoname(1, name, NULL), UV_EINVAL);
  CHECK_EQ(uv_if_indextoname(1, name, &none), UV_EINVAL);
  CHECK_EQ(uv_if_indextoiid(1, NULL, &size), UV_EINVAL);
  CHECK_EQ(uv_if_indextoiid(1, name, NULL), UV_EINVAL);
  CHECK_EQ(uv_if_indextoiid(1, name, &none), UV_EINVAL);
  CHECK_STR(name, "untouched");
}

TEST(addr_interfaces_include_the_loopback) {
  uv_interface_address_t* list = NULL;
  int loopback = 0;
  int count = -1;
  int i;

  CHECK_EQ(uv_interface_addresses(&list, &count), 0);
  CHECK(count > 0);
  for (i = 0; i < count; i++) {
    int family = list[i].address.address4.sin_family;

    CHECK(list[i].name != NULL && list[i].name[0] != '\0');
    CHECK(family == AF_INET || family == AF_INET6);
    if (family == AF_INET && ntohl(list[i].address.address4.sin_addr.s_addr) == 0x7f000001) {
      CHECK(list[i].is_internal);
      CHECK_EQ(ntohl(list[i].netmask.netmask4.sin_addr.s_addr), 0xff000000);
      loopback++;
    }
  }
  CHECK_EQ(loopback, 1);
  uv_free_interface_addresses(list, count);
}
