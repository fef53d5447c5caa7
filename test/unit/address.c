/* Addresses as text: tables of what is right and wrong, and random round trips. */
#include <string.h>

#include "harness.h"
#include "random.h"
#include "uv.h"

static const char* const good4[] = {"0.0.0.0", "127.0.0.1", "255.255.255.255", "1.2.3.4",
                                    "10.0.200.9"};

static const char* const bad4[] = {
    "",
    "1",
    "1.2.3",
    "1.2.3.4.5",
    "256.1.1.1",
    "1.2.3.256",
    "01.2.3.4",
    "1.2.3.04",
    "00.0.0.0",
    "1..2.3",
    ".1.2.3",
    "1.2.3.",
    " 1.2.3.4",
    "1.2.3.4 ",
    "0x1.2.3.4",
    "1.2.3.-4",
    "1.2.3.+4",
    "1.2.3.4a",
    "99999999999.1.1.1",
    "1,2,3,4",
    "1.2.3.4:80",
    "1.2.3.4%lo",
    "::1",
    "localhost",
    "1.2.3.4\n",
    "4294967297.0.0.1",
};

/* Text, and the text it becomes. */
static const char* const good6[][2] = {
    {"::", "::"},
    {"::1", "::1"},
    {"1::", "1::"},
    {"0001::", "1::"},
    {"0:0:0:0:0:0:0:0", "::"},
    {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
    {"FE80::ABCD", "fe80::abcd"},
    {"2001:DB8::1", "2001:db8::1"},
    {"2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"},
    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    /* The longest run of zeros, the first of equals, and never a single one. */
    {"1:0:0:2:0:0:0:3", "1:0:0:2::3"},
    {"1:0:0:0:2:0:0:0", "1::2:0:0:0"},
    {"0:0:1:0:0:1:0:0", "::1:0:0:1:0:0"},
    {"1:2:0:0:0:0:0:0", "1:2::"},
    {"1:0:2:0:3:0:4:0", "1:0:2:0:3:0:4:0"},
    {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
    {"1::3:4:5:6:7:8", "1:0:3:4:5:6:7:8"},
    {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
    /* With an IPv4 address. */
    {"::ffff:1.2.3.4", "::ffff:1.2.3.4"},
    {"::FFFF:0102:0304", "::ffff:1.2.3.4"},
    {"::ffff:0:0", "::ffff:0.0.0.0"},
    {"::1.2.3.4", "::1.2.3.4"},
    {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
    {"64:ff9b::1.2.3.4", "64:ff9b::102:304"},
    {"::ffff:255.255.255.255", "::ffff:255.255.255.255"},
};

static const char* const bad6[] = {
    "",
    ":",
    ":::",
    "1",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1::2::3",
    "::1::",
    "12345::",
    "::00001",
    "g::",
    "::-1",
    "1:2:3:4:5:6:7:",
    ":1:2:3:4:5:6:7",
    ":1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7:8:",
    "1:2:3:4:5:6:7:8::",
    "::1:2:3:4:5:6:7:8",
    "1:2:3:4::5:6:7:8",
    "::1 ",
    " ::1",
    "[::1]",
    "1:2:3:4:5:6:7:1.2.3.4",
    "::1.2.3",
    "::1.2.3.4.5",
    "::1.2.3.256",
    "::ffff:01.2.3.4",
    "::1.2.3.4:5",
    "1.2.3.4",
    "1.2.3.4::",
    "::0x1",
    "::1\n",
};

enum {
  BUF = 64
};

#define COUNT(table) (sizeof(table) / sizeof(table[0]))

TEST(address_ipv4_text) {
  char buf[BUF];
  unsigned char b[4];
  unsigned i;

  for (i = 0; i < COUNT(good4); i++) {
    CHECK_EQ(uv_inet_pton(AF_INET, good4[i], b), 0);
    CHECK_EQ(uv_inet_ntop(AF_INET, b, buf, sizeof(buf)), 0);
    CHECK_STR(buf, good4[i]);
  }
  CHECK_EQ(uv_inet_pton(AF_INET, "1.22.133.4", b), 0);
  CHECK(memcmp(b, "\x01\x16\x85\x04", 4) == 0);
  for (i = 0; i < COUNT(bad4); i++) {
    memset(b, 0x77, sizeof(b));
    if (uv_inet_pton(AF_INET, bad4[i], b) != UV_EINVAL)
      CHECK_STR(bad4[i], "refused");
    CHECK(memcmp(b, "\x77\x77\x77\x77", 4) == 0);
  }
}

TEST(address_ipv6_text) {
  char buf[BUF];
  unsigned char b[16], untouched[16];
  unsigned i;

  for (i = 0; i < COUNT(good6); i++) {
    if (uv_inet_pton(AF_INET6, good6[i][0], b) != 0)
      CHECK_STR(good6[i][0], "taken");
    CHECK_EQ(uv_inet_ntop(AF_INET6, b, buf, sizeof(buf)), 0);
    CHECK_STR(buf, good6[i][1]);
  }
  CHECK_EQ(uv_inet_pton(AF_INET6, "1:203::a0b:192.168.0.1", b), 0);
  CHECK(memcmp(b, "\0\x01\x02\x03\0\0\0\0\0\0\x0a\x0b\xc0\xa8\0\x01", 16) == 0);
  memset(untouched, 0x77, sizeof(untouched));
  for (i = 0; i < COUNT(bad6); i++) {
    memset(b, 0x77, sizeof(b));
    if (uv_inet_pton(AF_INET6, bad6[i], b) != UV_EINVAL)
      CHECK_STR(bad6[i], "refused");
    CHECK(memcmp(b, untouched, sizeof(b)) == 0);
  }
}

TEST(address_of_no_family) {
  unsigned char b[16] = {0};
  char buf[BUF];
  struct sockaddr other;

  CHECK_EQ(uv_inet_pton(AF_UNSPEC, "1.2.3.4", b), UV_EAFNOSUPPORT);
  CHECK_EQ(uv_inet_ntop(AF_UNSPEC, b, buf, sizeof(buf)), UV_EAFNOSUPPORT);
  memset(&other, 0, sizeof(other));
  other.sa_family = AF_UNSPEC;
  CHECK_EQ(uv_ip_name(&other, buf, sizeof(buf)), UV_EAFNOSUPPORT);
  CHECK_EQ(uv_inet_pton(AF_INET, NULL, b), UV_EINVAL);
  CHECK_EQ(uv_inet_pton(AF_INET, "1.2.3.4", NULL), UV_EINVAL);
}

/* With every size of buffer: all of the text and its end, or UV_ENOSPC and nothing. */
TEST(address_needs_its_room) {
  static const char* const texts[] = {"127.0.0.1", "2001:db8::ff00:42", "::ffff:1.2.3.4", "::"};
  unsigned i;

  for (i = 0; i < COUNT(texts); i++) {
    int af = strchr(texts[i], ':') != NULL ? AF_INET6 : AF_INET;
    unsigned char b[16];
    size_t size;

    CHECK_EQ(uv_inet_pton(af, texts[i], b), 0);
    for (size = 0; size < 30; size++) {
      char buf[BUF];

      memset(buf, 'x', sizeof(buf));
      if (size <= strlen(texts[i])) {
        CHECK_EQ(uv_inet_ntop(af, b, buf, size), UV_ENOSPC);
        CHECK_EQ(buf[0], 'x');
      } else {
        CHECK_EQ(uv_inet_ntop(af, b, buf, size), 0);
        CHECK_STR(buf, texts[i]);
        CHECK_EQ(buf[strlen(texts[i]) + 1], 'x');
      }
    }
  }
}

TEST(address_ipv6_round_trips) {
  uint64_t seed = 11;
  int i, k;

  for (i = 0; i < 100000; i++) {
    unsigned char b[16], again[16];
    char buf[BUF];
    uint32_t zeros = random_next(&seed);

    for (k = 0; k < 16; k++)
      b[k] = (unsigned char) random_next(&seed);
    /* Zero words in all arrangements, since it is they that make the text hard. */
    for (k = 0; k < 8; k++)
      if (zeros >> k & 1)
        b[2 * k] = b[2 * k + 1] = 0;
    if ((zeros >> 8 & 7) == 0)
      memcpy(b, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
    CHECK_EQ(uv_inet_ntop(AF_INET6, b, buf, sizeof(buf)), 0);
    CHECK(strlen(buf) <= 45);
    CHECK_EQ(uv_inet_pton(AF_INET6, buf, again), 0);
    CHECK(memcmp(b, again, 16) == 0);
  }
}

TEST(address_ipv4_round_trips) {
  uint64_t seed = 12;
  int i;

  for (i = 0; i < 100000; i++) {
    uint32_t address = random_next(&seed) << 1 ^ random_next(&seed), again;
    char buf[BUF];

    CHECK_EQ(uv_inet_ntop(AF_INET, &address, buf, sizeof(buf)), 0);
    CHECK(strlen(buf) <= 15);
    CHECK_EQ(uv_inet_pton(AF_INET, buf, &again), 0);
    CHECK_EQ(address, again);
  }
}

/* Text out of the right letters in the wrong order: whatever is taken has one meaning. */
TEST(address_of_random_text) {
  static const char letters[] = "0123456789abcdefF::::....%x";
  uint64_t seed = 13;
  int i, taken = 0;

  for (i = 0; i < 300000; i++) {
    char text[BUF], canonical[BUF], twice[BUF];
    unsigned char b[16];
    uint32_t length = random_below(&seed, i & 1 ? 12 : 46), k;
    int af = i % 3 == 0 ? AF_INET : AF_INET6;

    for (k = 0; k < length; k++)
      text[k] = letters[random_below(&seed, sizeof(letters) - 1)];
    text[length] = 0;
    if (uv_inet_pton(af, text, b) != 0)
      continue;
    taken++;
    CHECK_EQ(uv_inet_ntop(af, b, canonical, sizeof(canonical)), 0);
    CHECK_EQ(uv_inet_pton(af, canonical, b), 0);
    CHECK_EQ(uv_inet_ntop(af, b, twice, sizeof(twice)), 0);
    CHECK_STR(canonical, twice);
  }
  CHECK(taken > 100);
}

TEST(address_structures) {
  static const int ports[] = {0, 80, 258, 65535};
  struct sockaddr_in in;
  struct sockaddr_in6 in6;
  char buf[BUF];
  unsigned i;

  for (i = 0; i < COUNT(ports); i++) {
    const unsigned char* b;

    memset(&in, 0xa5, sizeof(in));
    CHECK_EQ(uv_ip4_addr("1.2.3.4", ports[i], &in), 0);
    CHECK_EQ(in.sin_family, AF_INET);
    b = (const unsigned char*) &in.sin_port;
    CHECK_EQ(b[0] << 8 | b[1], ports[i]);
    CHECK_EQ(uv_ip4_name(&in, buf, sizeof(buf)), 0);
    CHECK_STR(buf, "1.2.3.4");
    CHECK_EQ(uv_ip_name((const struct sockaddr*) &in, buf, sizeof(buf)), 0);
    CHECK_STR(buf, "1.2.3.4");

    memset(&in6, 0xa5, sizeof(in6));
    CHECK_EQ(uv_ip6_addr("fe80::9", ports[i], &in6), 0);
    CHECK_EQ(in6.sin6_family, AF_INET6);
    b = (const unsigned char*) &in6.sin6_port;
    CHECK_EQ(b[0] << 8 | b[1], ports[i]);
    CHECK_EQ(in6.sin6_scope_id, 0);
    CHECK_EQ(in6.sin6_flowinfo, 0);
    CHECK_EQ(uv_ip6_name(&in6, buf, sizeof(buf)), 0);
    CHECK_STR(buf, "fe80::9");
    CHECK_EQ(uv_ip_name((const struct sockaddr*) &in6, buf, sizeof(buf)), 0);
    CHECK_STR(buf, "fe80::9");
  }
}

/* E2: what fails leaves its out-parameters alone. */
TEST(e2_address_structures_stay_untouched) {
  struct sockaddr_in in, in_before;
  struct sockaddr_in6 in6, in6_before;

  memset(&in, 0x77, sizeof(in));
  memset(&in6, 0x77, sizeof(in6));
  in_before = in;
  in6_before = in6;
  CHECK_EQ(uv_ip4_addr("1.2.3", 1, &in), UV_EINVAL);
  CHECK_EQ(uv_ip6_addr("1:2:3", 1, &in6), UV_EINVAL);
  CHECK_EQ(
      uv_ip6_addr("fe80::1%a-zone-name-that-is-longer-than-any-system-allows-it-to-be", 1, &in6),
      UV_EINVAL);
  CHECK(memcmp(&in, &in_before, sizeof(in)) == 0);
  CHECK(memcmp(&in6, &in6_before, sizeof(in6)) == 0);
}
