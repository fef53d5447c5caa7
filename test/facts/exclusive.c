/* A fact about Windows, asked by Win32 alone: what SO_EXCLUSIVEADDRUSE does to a server that starts
 * again. Its documentation says that the port cannot be bound again "until the original connection
 * becomes inactive", and not what that is; others have seen no such thing. The program prints what it
 * finds, and holds (exit code 0) when one of the two ways by which the library binds (exclusively,
 * else plainly; src/win/tcp/sock.c) gets the port in each case, and a stranger gets it in none while
 * somebody listens exclusively. */
#include <winsock2.h>

#include <stdio.h>
#include <string.h>

enum way {
  PLAIN,
  EXCLUSIVE,
  REUSE
};
static const char* const ways[] = {"plain", "exclusive", "reuse"};

static int failures;

static SOCKET tcp(void) {
  SOCKET sock = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);

  if (sock == INVALID_SOCKET) {
    printf("no socket: %d\n", WSAGetLastError());
    failures++;
  }
  return sock;
}

static struct sockaddr_in loopback(int port) {
  struct sockaddr_in addr;

  memset(&addr, 0, sizeof(addr));
  addr.sin_family = AF_INET;
  addr.sin_port = htons((u_short) port);
  addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return addr;
}

/* 0, or the code of bind. */
static int bind_as(SOCKET sock, struct sockaddr_in addr, enum way way) {
  int on = 1;

  if (way == EXCLUSIVE)
    (void) setsockopt(sock, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (const char*) &on, sizeof(on));
  if (way == REUSE)
    (void) setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, (const char*) &on, sizeof(on));
  return bind(sock, (const struct sockaddr*) &addr, sizeof(addr)) == 0 ? 0 : WSAGetLastError();
}

/* What a new socket is answered for `addr`. */
static int try_bind(struct sockaddr_in addr, enum way way) {
  SOCKET sock = tcp();
  int result = bind_as(sock, addr, way);

  closesocket(sock);
  return result;
}

/* A server that was bound exclusively has accepted `client` and has closed its listener; the
 * connection is `*server`. Returns the port. */
static struct sockaddr_in serve_once(SOCKET* client, SOCKET* server) {
  struct sockaddr_in addr = loopback(0);
  SOCKET listener = tcp();
  int len = sizeof(addr);
  int error = bind_as(listener, addr, EXCLUSIVE);

  if (error != 0 || listen(listener, 5) != 0 ||
      getsockname(listener, (struct sockaddr*) &addr, &len) != 0) {
    printf("no listener: %d\n", error);
    failures++;
  }
  *client = tcp();
  if (connect(*client, (const struct sockaddr*) &addr, sizeof(addr)) != 0) {
    printf("no connection: %d\n", WSAGetLastError());
    failures++;
  }
  *server = accept(listener, NULL, NULL);
  closesocket(listener);
  return addr;
}

/* Ends `first`, then the other, each having read the other's end. */
static void end_in_order(SOCKET first, SOCKET second) {
  char byte;

  shutdown(first, SD_SEND);
  (void) recv(second, &byte, 1, 0);
  shutdown(second, SD_SEND);
  (void) recv(first, &byte, 1, 0);
  closesocket(first);
  closesocket(second);
}

static void starts_again(const char* when, struct sockaddr_in addr) {
  int exclusive = try_bind(addr, EXCLUSIVE);
  int plain = try_bind(addr, PLAIN);

  printf("%s: exclusive %d, plain %d\n", when, exclusive, plain);
  if (exclusive != 0 && plain != 0) {
    printf("FAILS: a server that starts again does not get its port\n");
    failures++;
  }
}

static void after_its_connections(void) {
  SOCKET client;
  SOCKET server;
  struct sockaddr_in addr;

  addr = serve_once(&client, &server);
  starts_again("a connection is open", addr);
  shutdown(server, SD_SEND);
  starts_again("the server has shut it down (FIN_WAIT)", addr);
  end_in_order(server, client);
  starts_again("the server closed it first (TIME_WAIT)", addr);
  addr = serve_once(&client, &server);
  end_in_order(client, server);
  starts_again("the client closed it first", addr);
}

/* The table of "Using SO_REUSEADDR and SO_EXCLUSIVEADDRUSE", where the first listens exclusively. */
static void beside_a_listener(int first_is_any, int second_is_any) {
  struct sockaddr_in addr = loopback(0);
  SOCKET listener = tcp();
  int len = sizeof(addr);
  int way;

  if (first_is_any)
    addr.sin_addr.s_addr = htonl(INADDR_ANY);
  (void) bind_as(listener, addr, EXCLUSIVE);
  (void) listen(listener, 5);
  (void) getsockname(listener, (struct sockaddr*) &addr, &len);
  addr.sin_addr.s_addr = htonl(second_is_any ? INADDR_ANY : INADDR_LOOPBACK);
  for (way = PLAIN; way <= REUSE; way++) {
    int result = try_bind(addr, (enum way) way);

    printf("beside an exclusive listener on %s, %s of %s: %d\n", first_is_any ? "all" : "one",
           ways[way], second_is_any ? "all" : "one", result);
    if (result == 0 && first_is_any >= second_is_any) {
      printf("FAILS: the port is shared\n");
      failures++;
    }
  }
  closesocket(listener);
}

int main(void) {
  WSADATA data;

  if (WSAStartup(MAKEWORD(2, 2), &data) != 0)
    return 2;
  after_its_connections();
  beside_a_listener(0, 0);
  beside_a_listener(0, 1);
  beside_a_listener(1, 0);
  beside_a_listener(1, 1);
  WSACleanup();
  return failures == 0 ? 0 : 1;
}
