/* International names of hosts as the DNS has them: ASCII, by UTS 46, non-transitional. Knows nothing
 * of lookups, and no system. */
#ifndef UV__UNIX_IDNA_H_
#define UV__UNIX_IDNA_H_

#include <stddef.h>
#include <stdint.h>

enum {
  UV__IDNA_ROOM = 256 /* bytes: the longest name of the DNS, with a terminator */
};

/* The name, which is UTF-8, in ASCII. 0, or -1: there can be no such host. Not checked are the rules for
 * whoever registers a name: hyphens, joiners and mixed directions. */
int uv__idna_to_ascii(const char* name, char to[UV__IDNA_ROOM]);

/* ---- punycode.c ---- */

struct uv__idna_ascii {
  char* to; /* UV__IDNA_ROOM bytes */
  size_t count;
};

/* -1: there is no room; nor is there in a label for more than 63 bytes. */
int uv__idna_put(struct uv__idna_ascii* out, char c);
int uv__idna_put_label(struct uv__idna_ascii* out, const uint32_t* codes, size_t count);

/* ---- table.c, which tools/idna_table.py writes ---- */

extern const unsigned char uv__idna_mapped[];
extern const size_t uv__idna_mapped_size;
extern const unsigned char uv__idna_allowed[];
extern const size_t uv__idna_allowed_size;
extern const unsigned char uv__idna_classes[];
extern const size_t uv__idna_classes_size;
extern const unsigned char uv__idna_pairs[];
extern const size_t uv__idna_pairs_size;
extern const uint32_t uv__idna_seconds[];

#endif /* UV__UNIX_IDNA_H_ */
