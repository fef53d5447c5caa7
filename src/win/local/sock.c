/* Sockets of AF_UNIX as Winsock has them: made, told their names, and connected. What a pipe does with them
 * is in local.c. */
#include "win/local/local.h"

#include <string.h>

#include "core/base/alloc.h"

/* These come from the provider of the socket, which is another one than TCP's. */
static struct {
  LPFN_ACCEPTEX accept;
  LPFN_CONNECTEX connect;
} calls;
static INIT_ONCE looked = INIT_ONCE_STATIC_INIT;

const struct uv__sock_family uv__local_family = {AF_UNIX, &calls.accept};

struct question {
  SOCKET sock;
  int answer;
};

static BOOL CALLBACK look(PINIT_ONCE once, PVOID arg, PVOID* context) {
  struct question* question = arg;

  (void) once;
  (void) context;
  question->answer = uv__sock_extensions(question->sock, &calls.accept, &calls.connect);
  return question->answer == 0;
}

/* Which systems have none is theirs to say in several ways. */
int uv__local_make(SOCKET* sock) {
  struct question question;
  int r = uv__sock_create(AF_UNIX, sock);

  if (r == UV_EAFNOSUPPORT || r == UV_EPROTONOSUPPORT || r == UV_ESOCKTNOSUPPORT || r == UV_EINVAL)
    return UV_ENOTSUP;
  if (r < 0)
    return r;
  question.sock = *sock;
  if (InitOnceExecuteOnce(&looked, look, &question, NULL))
    return 0;
  closesocket(*sock);
  return question.answer;
}

int uv__local_read_name(const struct uv__pipe_name* name, struct uv__local_addr* addr) {
  size_t length = name->length;

  memset(addr, 0, sizeof(*addr));
  addr->family = AF_UNIX;
  if (length >= sizeof(addr->path)) {
    if (!name->cut)
      return UV_ENAMETOOLONG;
    length = sizeof(addr->path) - 1;
    while (length > 0 && (name->text[length] & 0xC0) == 0x80)
      length--; /* Not in the middle of a character. */
  }
  memcpy(addr->path, name->text, length);
  /* Before there is a file of some other name. */
  return uv__local_file_is_name(addr->path) ? 0 : UV_EINVAL;
}

/* Of ConnectEx it was seen that it writes behind an address of this family (libuv#4636), on the stack. */
struct target {
  struct uv__local_addr addr;
  char behind[512];
};

/* ConnectEx wants a bound socket; an empty path is none. */
static int bind_nothing(struct uv__io* io) {
  struct uv__local_addr none;

  memset(&none, 0, sizeof(none));
  none.family = AF_UNIX;
  if (bind(io->tail.u.socket, (const struct sockaddr*) &none, sizeof(none)) != 0)
    return uv__error_translate((DWORD) WSAGetLastError());
  uv__win_set(io, UV__WIN_BOUND);
  return 0;
}

int uv__local_connect(struct uv__io* io, const struct uv__local_addr* addr) {
  struct target* target = uv__calloc(1, sizeof(*target));
  int r;

  if (target == NULL)
    return UV_ENOMEM;
  target->addr = *addr;
  r = bind_nothing(io);
  if (r == 0)
    r = uv__tcp_connect_to(io, calls.connect, (struct sockaddr*) &target->addr, sizeof(*addr));
  uv__free(target);
  return r;
}
