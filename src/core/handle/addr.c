/* Addresses as text and back, without the system's help but for the number of a zone. */
#include <stdio.h>
#include <string.h>

#include "core/port.h"

enum {
  IPV4_SIZE = 16, /* "255.255.255.255" and its end */
  IPV6_SIZE = 46, /* eight groups, or six and an IPv4 address, and the end */
  IPV6_WORDS = 8,
  ZONE_SIZE = 40
};

/* ---- To text ---- */

static int put(const char* text, char* dst, size_t size) {
  size_t length = strlen(text) + 1;

  if (length > size)
    return UV_ENOSPC;
  memcpy(dst, text, length);
  return 0;
}

static void format_ipv4(const unsigned char* b, char* out) {
  snprintf(out, IPV4_SIZE, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
}

/* The longest run of two or more zero words, the first of equals: the one "::" stands for. */
static void longest_zeros(const unsigned* words, int* at, int* length) {
  int start = 0;

  *at = -1;
  *length = 1;
  while (start < IPV6_WORDS) {
    int end = start;

    while (end < IPV6_WORDS && words[end] == 0)
      end++;
    if (end - start > *length) {
      *at = start;
      *length = end - start;
    }
    start = end + 1;
  }
}

static void format_ipv6(const unsigned char* b, char* out) {
  unsigned words[IPV6_WORDS];
  int zeros_at;
  int zeros;
  int i;

  for (i = 0; i < IPV6_WORDS; i++)
    words[i] = (unsigned) b[2 * i] << 8 | b[2 * i + 1];
  longest_zeros(words, &zeros_at, &zeros);

  for (i = 0; i < IPV6_WORDS; i++) {
    if (i == zeros_at) {
      out += snprintf(out, 3, "::");
      i += zeros - 1;
      continue;
    }
    /* IPv4 addresses within IPv6, compatible and mapped, are written as such. */
    if (i == 6 && zeros_at == 0 && (zeros == 6 || (zeros == 5 && words[5] == 0xffff))) {
      if (zeros == 5)
        *out++ = ':';
      format_ipv4(b + 12, out);
      return;
    }
    if (i > 0 && i != zeros_at + zeros)
      *out++ = ':';
    out += snprintf(out, 5, "%x", words[i]);
  }
}

int uv_inet_ntop(int af, const void* src, char* dst, size_t size) {
  char text[IPV6_SIZE];

  if (src == NULL || dst == NULL)
    return UV_EINVAL;
  if (af == AF_INET)
    format_ipv4(src, text);
  else if (af == AF_INET6)
    format_ipv6(src, text);
  else
    return UV_EAFNOSUPPORT;
  return put(text, dst, size);
}

/* ---- From text ---- */

static int hex_value(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

/* Four decimal numbers without leading zeros (those are octal to some), then `end`. */
static int parse_ipv4(const char* s, const char* end, unsigned char* out) {
  int i;

  for (i = 0; i < 4; i++) {
    unsigned value = 0;
    const char* first = s;

    while (s < end && *s >= '0' && *s <= '9' && value <= 255)
      value = value * 10 + (unsigned) (*s++ - '0');
    if (s == first || value > 255 || (*first == '0' && s - first > 1))
      return UV_EINVAL;
    out[i] = (unsigned char) value;
    if (i < 3 && (s == end || *s++ != '.'))
      return UV_EINVAL;
  }
  return s == end ? 0 : UV_EINVAL;
}

static int parse_ipv6(const char* s, const char* end, unsigned char* out) {
  unsigned char b[16] = {0};
  int length = 0;
  int gap = -1; /* where "::" stands, in bytes */

  if (end - s >= 2 && s[0] == ':' && s[1] == ':') {
    gap = 0;
    s += 2;
  }
  while (s < end) {
    const char* group = s;
    unsigned value = 0;

    if (length == 16)
      return UV_EINVAL;
    while (s < end && hex_value(*s) >= 0 && s - group < 5)
      value = value << 4 | (unsigned) hex_value(*s++);
    if (s < end && *s == '.') { /* The rest is an IPv4 address. */
      if (length > 12 || parse_ipv4(group, end, b + length) != 0)
        return UV_EINVAL;
      length += 4;
      break;
    }
    if (s == group || s - group > 4)
      return UV_EINVAL;
    b[length++] = (unsigned char) (value >> 8);
    b[length++] = (unsigned char) value;
    if (s == end)
      break;
    if (*s++ != ':' || s == end)
      return UV_EINVAL;
    if (*s == ':') {
      if (gap >= 0)
        return UV_EINVAL;
      gap = length;
      s++;
    }
  }
  if (gap < 0 && length != 16)
    return UV_EINVAL;
  if (gap >= 0) {
    if (length == 16)
      return UV_EINVAL;
    memmove(b + 16 - (length - gap), b + gap, (size_t) (length - gap));
    memset(b + gap, 0, (size_t) (16 - length));
  }
  memcpy(out, b, sizeof(b));
  return 0;
}

int uv_inet_pton(int af, const char* src, void* dst) {
  const char* end;

  if (src == NULL || dst == NULL)
    return UV_EINVAL;
  end = src + strlen(src);
  if (af == AF_INET) {
    unsigned char b[4];
    if (parse_ipv4(src, end, b) != 0)
      return UV_EINVAL;
    memcpy(dst, b, sizeof(b));
    return 0;
  }
  if (af != AF_INET6)
    return UV_EAFNOSUPPORT;
  /* A zone is not part of the address; uv_ip6_addr is who looks at it. */
  if (strchr(src, '%') != NULL)
    end = strchr(src, '%');
  return parse_ipv6(src, end, dst);
}

/* ---- Socket addresses ---- */

/* Network byte order without the system's help. */
static void put_port(int port, void* at) {
  unsigned char* b = at;
  b[0] = (unsigned char) (port >> 8);
  b[1] = (unsigned char) port;
}

int uv_ip4_addr(const char* ip, int port, struct sockaddr_in* addr) {
  struct sockaddr_in result;
  int r;

  if (addr == NULL)
    return UV_EINVAL;
  memset(&result, 0, sizeof(result));
  result.sin_family = AF_INET;
  put_port(port, &result.sin_port);
  r = uv_inet_pton(AF_INET, ip, &result.sin_addr);
  if (r == 0)
    *addr = result;
  return r;
}

int uv_ip6_addr(const char* ip, int port, struct sockaddr_in6* addr) {
  struct sockaddr_in6 result;
  const char* zone;
  int r;

  if (addr == NULL)
    return UV_EINVAL;
  memset(&result, 0, sizeof(result));
  result.sin6_family = AF_INET6;
  put_port(port, &result.sin6_port);
  r = uv_inet_pton(AF_INET6, ip, &result.sin6_addr);
  if (r != 0)
    return r;
  zone = strchr(ip, '%');
  if (zone != NULL) {
    if (strlen(zone + 1) >= ZONE_SIZE)
      return UV_EINVAL;
    result.sin6_scope_id = uv__port_zone(zone + 1);
    if (result.sin6_scope_id == 0) /* Without its zone it would be another address. */
      return UV_EINVAL;
  }
  *addr = result;
  return 0;
}

int uv_ip4_name(const struct sockaddr_in* src, char* dst, size_t size) {
  return src == NULL ? UV_EINVAL : uv_inet_ntop(AF_INET, &src->sin_addr, dst, size);
}

int uv_ip6_name(const struct sockaddr_in6* src, char* dst, size_t size) {
  return src == NULL ? UV_EINVAL : uv_inet_ntop(AF_INET6, &src->sin6_addr, dst, size);
}

int uv_ip_name(const struct sockaddr* src, char* dst, size_t size) {
  if (src == NULL)
    return UV_EINVAL;
  if (src->sa_family == AF_INET)
    return uv_ip4_name((const struct sockaddr_in*) (const void*) src, dst, size);
  if (src->sa_family == AF_INET6)
    return uv_ip6_name((const struct sockaddr_in6*) (const void*) src, dst, size);
  return UV_EAFNOSUPPORT;
}
