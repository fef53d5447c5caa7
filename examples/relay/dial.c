/* Connecting by name. */
#include "dial.h"

#include <stdio.h>
#include <string.h>

#include "report.h"

int dial_address_text(const struct sockaddr_storage* address, char* text, size_t size) {
  char host[64];
  /* The port is the same two bytes in both families, most significant first. */
  const unsigned char* port =
      (const unsigned char*) &((const struct sockaddr_in*) address)->sin_port;
  const char* format = address->ss_family == AF_INET6 ? "[%s]:%d" : "%s:%d";
  int err = uv_ip_name((const struct sockaddr*) address, host, sizeof(host));
  if (err == 0)
    snprintf(text, size, format, host, port[0] << 8 | port[1]);
  return err;
}

#ifndef RELAY_WITH_LIBUV

/* Says what was tried in vain. */
static void report_attempts(const uvs_connect_t* by_name) {
  struct sockaddr_storage address;
  char text[96];
  unsigned int i;
  int err;
  for (i = 0; uvs_connect_attempt(by_name, i, &address, &err) == 0; i++)
    if (err < 0 && dial_address_text(&address, text, sizeof(text)) == 0)
      report(REPORT_VERBOSE, "tried tcp:%s: %s", text, uv_strerror(err));
}

static void on_connect(uvs_connect_t* by_name, int status) {
  struct dial* dial = by_name->data;
  if (status != UV_ECANCELED)
    report_attempts(by_name);
  dial->cb(dial->req, status);
}

int dial_start(
    struct dial* dial, const char* host, const char* service, uv_connect_t* req, uv_connect_cb cb) {
  dial->by_name.data = dial;
  dial->req = req;
  dial->cb = cb;
  req->handle = (uv_stream_t*) &dial->tcp;
  /* Who waits too long closes the handle: the limit of a whole connection is in pair.c. */
  return uvs_connect(&dial->by_name, &dial->tcp, *host == '\0' ? NULL : host, service, 0,
                     on_connect);
}

#else

int dial_start(
    struct dial* dial, const char* host, const char* service, uv_connect_t* req, uv_connect_cb cb) {
  struct addrinfo hints;
  uv_getaddrinfo_t lookup;
  int err;
  memset(&hints, 0, sizeof(hints));
  hints.ai_socktype = SOCK_STREAM;
  err = uv_getaddrinfo(dial->tcp.loop, &lookup, NULL, *host == '\0' ? NULL : host, service, &hints);
  if (err < 0)
    return err;
  err = uv_tcp_connect(req, &dial->tcp, lookup.addrinfo->ai_addr, cb);
  uv_freeaddrinfo(lookup.addrinfo);
  return err;
}

#endif
