/* International names: vectors, and a sum over the answers of another implementation of UTS 46 (Python's
 * idna 3.x, non-transitional, without the rules of STD 3), from which the blocks are
 * left out that a later Unicode has changed. */
#include "unix/idna/idna.h"

#include <stdio.h>
#include <string.h>

#include "harness.h"

struct vector {
  const char* name;
  const char* ascii; /* NULL: there can be no such host */
};

/* In UTF-8, by octal escapes. */
static const struct vector vectors[] = {
    {"b\303\274cher.example", "xn--bcher-kva.example"},
    {"B\303\234CHER.Example", "xn--bcher-kva.example"},
    {"fa\303\237.example", "xn--fa-hia.example"},
    {"FA\341\272\236", "xn--fa-hia"},
    {"\316\262\317\214\316\273\316\277\317\202.com", "xn--nxasmm1c.com"},
    {"\316\222\316\214\316\233\316\237\316\243", "xn--nxasmq6b"},
    {"\346\227\245\346\234\254\350\252\236\343\200\202\357\274\252\357\274\260",
     "xn--wgv71a119e.jp"},
    {"\357\254\201sh\302\255", "fish"},
    {"u\314\210ber", "xn--ber-goa"},
    {"\303\274\314\243", "xn--ssa973l"},
    {"q\314\243\314\207", "xn--q-9bb7f"},
    {"q\314\207\314\243", "xn--q-9bb7f"},
    {"\341\204\222\341\205\241\341\206\253\341\204\200\341\205\263\341\206\257", "xn--bj0bj06e"},
    {"\355\225\234\352\270\200", "xn--bj0bj06e"},
    {"\355\225\230\341\206\253", "xn--6q8b"},
    {"\331\206\330\247\331\205\331\207\342\200\214\330\247\333\214", "xn--mgba3gch31f060k"},
    {"\342\230\225.us", "xn--53h.us"},
    {"\342\230\203", "xn--n3h"},
    {"\302\262", "2"},
    {"\342\221\240", "1"},
    {"\343\217\202", NULL},
    {"\341\277\247", "xn--ytg"},
    {"\316\220", "xn--owa"},
    {"xn--bcher-kva.\303\274", "xn--bcher-kva.xn--tda"},
    {"a_b-c.\303\251", "a_b-c.xn--9ca"},
    {"\340\271\204\340\270\227\340\270\242.", "xn--o3cw4h."},
    {"\342\204\253", "xn--5ca"},
    {"\357\274\241", "a"},
    {"\307\205", "xn--d-toa"},
    {"\304\260", "xn--i-9bb"},
    {"\341\272\233\314\243", "xn--1ig"},
    {"\340\245\230", "xn--11b2f"},
    {"\327\220\326\270", "xn--gdb1c"},
    {"\360\235\220\200\360\237\230\200", "xn--a-jv3s"},
    {"\343\210\261", NULL},
    {"\333\275", "xn--qmb"},
    {"\342\274\200", "xn--4gq"},
    {"\357\270\260", NULL},
    {"\343\200\202", "."},
    {"\314\201a", NULL},
    {"a\342\200\244b", NULL},
    {"\356\200\200", NULL},
    {"\357\277\275", NULL},
    {"\357\274\205", NULL},
    {"\342\201\210", NULL},
    {"\342\200\213\342\200\213", NULL},
    {"a\342\277\260", NULL},
    {"a \303\251", NULL},
    {"a/\303\251", NULL},
};

/* What is encoded already is one that encoding makes. */
static const struct vector encoded[] = {
    {"xn--\303\244", NULL},
    {"xn--", NULL},
    {"xn--a", NULL},
    {"xn--abc-", NULL},
    {"XN--BCHER-KVA.\303\274", "xn--bcher-kva.xn--tda"},
    {"xn--bcher-kv.\303\274", NULL},
    {"xn--99999999999.\303\274", NULL},
    {"xn--zzzzzzzzzzzzzzz.\303\251", NULL},
    {"xn--tda-.\303\274", NULL},
    {"xn--cca.\303\274", NULL},
    {"xn--fa-hia.\303\274", "xn--fa-hia.xn--tda"},
    {"xn--8ca.\303\274", "xn--8ca.xn--tda"},
    {"\303\274.xn--tda.xn--ls8h", "xn--tda.xn--tda.xn--ls8h"},
};

/* Those of labels that are ASCII are what they are. */
static const struct vector hyphens[] = {
    {"-\303\274", NULL},
    {"\303\274-", NULL},
    {"ab--\303\274", NULL},
    {"a-\303\274", "xn--a--yka"},
    {"r3---sn.\303\274", "r3---sn.xn--tda"},
    {"-.\303\274", "-.xn--tda"},
};

/* RFC 5892, A.1 and A.2. */
static const struct vector joiners[] = {
    {"a\342\200\214b\303\274", NULL},
    {"a\342\200\215\303\274", NULL},
    {"\342\200\214\303\274", NULL},
    {"\303\274\342\200\215", NULL},
    {"\340\244\225\340\245\215\342\200\214\340\244\267", "xn--11b2ezcs70k"},
    {"\340\244\225\340\245\215\342\200\215\340\244\267", "xn--11b2ezcw70k"},
    {"\340\244\225\342\200\215\340\244\267", NULL},
    {"\330\250\342\200\214\330\250", "xn--ngba799q"},
    {"\330\250\342\200\215\330\250", NULL},
    {"\330\250\331\213\342\200\214\331\213\330\250", "xn--ngba8ha8704a"},
    {"\330\247\342\200\214\330\250", NULL},
    {"\330\250\342\200\214\330\247", "xn--mgbb899q"},
    {"\330\250\342\200\214", NULL},
};

/* RFC 5893; its rules are for all labels of a name in which one has letters from right to left. */
static const struct vector directions[] = {
    {"\327\220\327\221", "xn--4dbc"},
    {"\327\220a", NULL},
    {"a\327\220", NULL},
    {"\327\2201", "xn--1-zhc"},
    {"1\327\220", NULL},
    {"\327\220\331\241", "xn--4db40a"},
    {"\327\2201\331\241", NULL},
    {"\331\241\327\220", NULL},
    {"0\303\274.\327\220", NULL},
    {"0\303\274", "xn--0-eha"},
    {"\327\220.a1", "xn--4db.a1"},
    {"\327\220.1a", NULL},
    {"xn--4dbc.1a", NULL},
    {"xn--4dbc.a-1", "xn--4dbc.a-1"},
    {"\327\220\326\270.com", "xn--gdb1c.com"},
    {"a.\327\220.\303\2741", "a.xn--4db.xn--1-dha"},
    {"\327\220.a_", NULL},
    {"\327\220.", "xn--4db."},
};

static void check(const struct vector* expected, size_t count) {
  char ascii[UV__IDNA_ROOM];
  size_t i;

  for (i = 0; i < count; i++) {
    int r = uv__idna_to_ascii(expected[i].name, ascii);

    CHECK_STR(r == 0 ? ascii : NULL, expected[i].ascii);
  }
}

TEST(idna_names) {
  check(vectors, sizeof(vectors) / sizeof(vectors[0]));
}

TEST(idna_labels_that_are_encoded) {
  check(encoded, sizeof(encoded) / sizeof(encoded[0]));
}

TEST(idna_hyphens) {
  check(hyphens, sizeof(hyphens) / sizeof(hyphens[0]));
}

TEST(idna_joiners) {
  check(joiners, sizeof(joiners) / sizeof(joiners[0]));
}

TEST(idna_directions) {
  check(directions, sizeof(directions) / sizeof(directions[0]));
}

/* `count` times e with an acute accent. */
static int convert_accents(int count, char ascii[UV__IDNA_ROOM]) {
  char name[2 * 600 + 1];
  int i;

  for (i = 0; i < count; i++)
    memcpy(name + 2 * i, "\303\251", 2);
  name[2 * count] = '\0';
  return uv__idna_to_ascii(name, ascii);
}

TEST(idna_label_has_63_bytes_at_most) {
  char ascii[UV__IDNA_ROOM];
  int most = 0;
  int i;

  for (i = 1; i <= 80; i++) {
    if (convert_accents(i, ascii) == 0) {
      CHECK_EQ(i, most + 1); /* and none that is longer */
      CHECK(strlen(ascii) <= 63);
      most = i;
    }
  }
  CHECK_EQ(most, 57);
  CHECK_EQ(convert_accents(600, ascii), -1); /* more than are looked at */
}

TEST(idna_name_has_255_bytes_at_most) {
  char ascii[UV__IDNA_ROOM];
  char name[600];
  int i;

  for (i = 0; i < 127; i++)
    memcpy(name + 2 * i, "a.", 2);
  strcpy(name + 2 * 121, "\303\251"); /* 242 bytes, and 7 for it */
  CHECK_EQ(uv__idna_to_ascii(name, ascii), 0);
  CHECK_EQ(strlen(ascii), 249);
  memcpy(name + 2 * 121, "a.a.a.a.", 8);
  strcpy(name + 2 * 125, "\303\251");
  CHECK_EQ(uv__idna_to_ascii(name, ascii), -1);
}

/* ---- Another's answers ---- */

/* Of 256 code points, with characters that came later or were once left out. */
static const uint32_t changed_blocks[] = {
    0x4,   0x8,   0xc,   0x10,  0x17,  0x1a,  0x1b,  0x1c,  0x20,  0x21,  0x24,
    0x2b,  0x31,  0xfb,  0xfd,  0x105, 0x109, 0x10d, 0x113, 0x11b, 0x11d, 0x134,
    0x135, 0x136, 0x137, 0x138, 0x139, 0x13a, 0x13b, 0x13c, 0x13d, 0x13e, 0x13f,
    0x140, 0x141, 0x142, 0x143, 0x161, 0x16d, 0x16e, 0x18d, 0x1cc, 0x1cd, 0x1ce,
    0x1e6, 0x1f8, 0x2f8, 0x2f9, 0x323, 0x324, 0x325, 0x326, 0x327, 0x328, 0x329,
    0x32a, 0x32b, 0x32c, 0x32d, 0x32e, 0x32f, 0x330, 0x331, 0x332, 0x333, 0x334};

static int is_changed(uint32_t block) {
  size_t i;

  for (i = 0; i < sizeof(changed_blocks) / sizeof(changed_blocks[0]); i++)
    if (changed_blocks[i] == block)
      return 1;
  return 0;
}

/* One in seven of those that are mapped much, and one in 512 of the rest. */
static int is_asked(uint32_t code) {
  if ((code >= 0xd800 && code < 0xe000) || is_changed(code >> 8))
    return 0;
  if (code < 0x3400 || (code >= 0xf900 && code < 0x10000) || (code >= 0x1d400 && code < 0x1d800) ||
      (code >= 0x2f800 && code < 0x2fa20))
    return code % 7 == 0;
  return code % 512 == 0;
}

static char* put_code(char* to, uint32_t code) {
  static const uint32_t heads[] = {0, 0xc0, 0xe0, 0xf0};
  int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  int i;

  *to++ = (char) (code >> (6 * more) | heads[more]);
  for (i = more - 1; i >= 0; i--)
    *to++ = (char) (0x80u | (code >> (6 * i) & 0x3fu));
  return to;
}

static uint32_t add(uint32_t sum, const char* text) {
  for (; *text != '\0'; text++)
    sum = (sum ^ (unsigned char) *text) * 16777619;
  return sum;
}

TEST(idna_answers_of_another_implementation) {
  uint32_t sum = 2166136261u; /* FNV-1a */
  int valid = 0;
  int asked = 0;
  uint32_t code;

  for (code = 128; code < 0x110000; code++) {
    char ascii[UV__IDNA_ROOM];
    char name[8] = "a";

    if (!is_asked(code))
      continue;
    strcpy(put_code(name + 1, code), "b");
    asked++;
    if (uv__idna_to_ascii(name, ascii) == 0)
      valid++;
    else
      strcpy(ascii, "-");
    sum = add(add(sum, ascii), "\n");
  }
  CHECK_EQ(asked, 3857);
  CHECK_EQ(valid, 1738);
  CHECK_EQ(sum, 0x5c549a3);
}
