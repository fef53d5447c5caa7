/* Fuzzes WTF-8: the first byte of the input says how much room there is, the rest is read as WTF-8
 * and as UTF-16. All UTF-16 comes back; of WTF-8 what is accepted means the same there and back; and
 * no room is passed. Each text lies in a block of its own size. */
#include <string.h>

#include "fuzz.h"
#include "uv.h"

/* Allocates what the text needs. */
static char* to_wtf8(const uint16_t* units, size_t count, size_t* size) {
  char* bytes = NULL;

  MUST(uv_utf16_to_wtf8(units, (ssize_t) count, &bytes, size) == 0);
  MUST(bytes[*size] == '\0');
  MUST(*size == uv_utf16_length_as_wtf8(units, (ssize_t) count));
  return bytes;
}

/* With less room: as many characters as fit, and a terminator. */
static void cut(const uint16_t* units, size_t count, size_t room, const char* whole, size_t size) {
  char* bytes = malloc(room + 1);
  char* to = bytes;
  size_t told = room;
  size_t length = 0;

  MUST(bytes != NULL);
  memset(bytes, 1, room + 1);
  MUST(uv_utf16_to_wtf8(units, (ssize_t) count, &to, &told) == (size <= room ? 0 : UV_ENOBUFS));
  MUST(to == bytes && told == size);
  while (bytes[length] != '\0' || (length < size && whole[length] == '\0' && length < room)) {
    MUST(bytes[length] == whole[length]);
    length++;
    if (length == room)
      break;
  }
  MUST(length <= size);
  MUST(size <= room || room - length < 4);
  free(bytes);
}

static void from_utf16(const uint8_t* data, size_t size, size_t room) {
  size_t count = size / 2;
  uint16_t* units = malloc((count + 1) * sizeof(*units));
  uint16_t* back = malloc((count + 1) * sizeof(*back));
  size_t length;
  size_t i;
  char* bytes;

  MUST(units != NULL && back != NULL);
  memcpy(units, data, count * sizeof(*units));
  for (i = 0; i < count; i++)
    units[i] |= units[i] == 0; /* the end of WTF-8 that is counted to its terminator */
  bytes = to_wtf8(units, count, &length);
  MUST(strlen(bytes) == length);
  MUST(uv_wtf8_length_as_utf16(bytes) == (ssize_t) count + 1);
  uv_wtf8_to_utf16(bytes, back, count + 1);
  MUST(memcmp(back, units, count * sizeof(*units)) == 0 && back[count] == 0);
  cut(units, count, room, bytes, length);
  free(bytes);
  free(back);
  free(units);
}

static void from_wtf8(const uint8_t* data, size_t size, size_t room) {
  char* bytes = malloc(size + 1);
  uint16_t* units = malloc((room + 1) * sizeof(*units));
  ssize_t count;
  size_t i;

  MUST(bytes != NULL && units != NULL);
  memcpy(bytes, data, size);
  bytes[size] = '\0';
  count = uv_wtf8_length_as_utf16(bytes);
  MUST(count > 0 || count == UV_EINVAL);
  uv_wtf8_to_utf16(bytes, units, room + 1);
  for (i = 0; units[i] != 0; i++)
    MUST(i < room);
  if (count > 0) {
    uint16_t* all = malloc((size_t) count * sizeof(*all));
    uint16_t* again = malloc((size_t) count * sizeof(*again));
    size_t length;
    char* back;

    MUST(all != NULL && again != NULL);
    uv_wtf8_to_utf16(bytes, all, (size_t) count);
    MUST(all[count - 1] == 0);
    MUST(memcmp(units, all, i * sizeof(*all)) == 0);
    back = to_wtf8(all, (size_t) count - 1, &length);
    MUST(uv_wtf8_length_as_utf16(back) == count);
    uv_wtf8_to_utf16(back, again, (size_t) count);
    MUST(memcmp(again, all, (size_t) count * sizeof(*all)) == 0);
    free(back);
    free(again);
    free(all);
  }
  free(units);
  free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 0) {
    from_wtf8(data + 1, size - 1, data[0]);
    from_utf16(data + 1, size - 1, data[0]);
  }
  return 0;
}
