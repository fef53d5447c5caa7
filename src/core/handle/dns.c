/* Looking up names on the work queue: what a request is, when it waits and how it ends. What a
 * lookup is belongs to the system (dns.c of src/unix and src/win). */
#include <string.h>

#include "core/base/alloc.h"
#include "core/loop/threadpool.h"
#include "core/port.h"

/* ---- uv_getaddrinfo ---- */

enum {
  MOST_NODE = 255 /* bytes; no name of the DNS is longer */
};

/* The arguments of a lookup; the two texts, where there are any, lie behind it. */
struct question {
  const char* node;
  const char* service;
  struct addrinfo hints;
};

/* The members that count. The others have to be 0, or some systems refuse. */
static void set_hints(struct addrinfo* to, const struct addrinfo* from) {
  memset(to, 0, sizeof(*to));
  if (from == NULL)
    return;
  to->ai_flags = from->ai_flags;
  to->ai_family = from->ai_family;
  to->ai_socktype = from->ai_socktype;
  to->ai_protocol = from->ai_protocol;
}

static struct question* copy_question(const char* node,
                                      const char* service,
                                      const struct addrinfo* hints) {
  size_t node_size = node == NULL ? 0 : strlen(node) + 1;
  size_t service_size = service == NULL ? 0 : strlen(service) + 1;
  struct question* question = uv__malloc(sizeof(*question) + node_size + service_size);
  char* texts;

  if (question == NULL)
    return NULL;
  texts = (char*) (question + 1);
  question->node = node == NULL ? NULL : memcpy(texts, node, node_size);
  question->service = service == NULL ? NULL : memcpy(texts + node_size, service, service_size);
  set_hints(&question->hints, hints);
  return question;
}

static void run_getaddrinfo(struct uv__work* work) {
  uv_getaddrinfo_t* req = uv__container_of(work, uv_getaddrinfo_t, work);
  const struct question* question = req->question;

  req->retcode =
      uv__port_getaddrinfo(question->node, question->service, &question->hints, &req->addrinfo);
}

static void getaddrinfo_done(struct uv__work* work, int status) {
  uv_getaddrinfo_t* req = uv__container_of(work, uv_getaddrinfo_t, work);

  uv__free(req->question);
  req->question = NULL;
  if (status == UV_ECANCELED)
    req->retcode = UV_EAI_CANCELED; /* A lookup's errors are those of lookups. */
  req->cb(req, req->retcode, req->addrinfo);
}

/* WTF-8 without halves of pairs, which begin with ED A0 to ED BF. */
static int is_utf8(const char* text) {
  const unsigned char* at = (const unsigned char*) text;

  if (uv_wtf8_length_as_utf16(text) < 0)
    return 0;
  for (; *at != '\0'; at++)
    if (at[0] == 0xed && at[1] >= 0xa0)
      return 0;
  return 1;
}

int uv_getaddrinfo(uv_loop_t* loop,
                   uv_getaddrinfo_t* req,
                   uv_getaddrinfo_cb getaddrinfo_cb,
                   const char* node,
                   const char* service,
                   const struct addrinfo* hints) {
  int r;

  if (req == NULL || (node == NULL && service == NULL))
    return UV_EINVAL;
  if (node != NULL && (*node == '\0' || strlen(node) > MOST_NODE || !is_utf8(node)))
    return UV_EINVAL;
  req->type = UV_GETADDRINFO;
  req->loop = loop;
  req->cb = getaddrinfo_cb;
  req->addrinfo = NULL;
  req->retcode = 0;
  if (getaddrinfo_cb == NULL) {
    struct addrinfo plain;

    set_hints(&plain, hints);
    req->retcode = uv__port_getaddrinfo(node, service, &plain, &req->addrinfo);
    return req->retcode;
  }
  req->question = copy_question(node, service, hints);
  if (req->question == NULL)
    return UV_ENOMEM;
  r = uv__work_submit(loop, &req->work, UV__WORK_SLOW, run_getaddrinfo, getaddrinfo_done);
  if (r < 0)
    uv__free(req->question);
  return r;
}

/* ---- uv_getnameinfo ---- */

static void run_getnameinfo(struct uv__work* work) {
  uv_getnameinfo_t* req = uv__container_of(work, uv_getnameinfo_t, work);

  req->retcode = uv__port_getnameinfo((const struct sockaddr*) &req->storage, req->flags, req->host,
                                      sizeof(req->host), req->service, sizeof(req->service));
}

static void getnameinfo_done(struct uv__work* work, int status) {
  uv_getnameinfo_t* req = uv__container_of(work, uv_getnameinfo_t, work);

  if (status == UV_ECANCELED)
    req->retcode = UV_EAI_CANCELED;
  if (req->retcode == 0)
    req->cb(req, 0, req->host, req->service);
  else
    req->cb(req, req->retcode, NULL, NULL);
}

int uv_getnameinfo(uv_loop_t* loop,
                   uv_getnameinfo_t* req,
                   uv_getnameinfo_cb getnameinfo_cb,
                   const struct sockaddr* addr,
                   int flags) {
  if (req == NULL || addr == NULL)
    return UV_EINVAL;
  if (addr->sa_family == AF_INET)
    memcpy(&req->storage, addr, sizeof(struct sockaddr_in));
  else if (addr->sa_family == AF_INET6)
    memcpy(&req->storage, addr, sizeof(struct sockaddr_in6));
  else
    return UV_EINVAL;
  req->type = UV_GETNAMEINFO;
  req->loop = loop;
  req->cb = getnameinfo_cb;
  req->flags = flags;
  req->retcode = 0;
  req->host[0] = '\0';
  req->service[0] = '\0';
  if (getnameinfo_cb == NULL) {
    run_getnameinfo(&req->work);
    return req->retcode;
  }
  return uv__work_submit(loop, &req->work, UV__WORK_SLOW, run_getnameinfo, getnameinfo_done);
}
