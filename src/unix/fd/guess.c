/* What a descriptor of the program is, as far as a handle could have it. */
#include "unix/fd/fd.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static uv_handle_type guess_socket(int fd) {
  struct sockaddr_storage addr;
  socklen_t len = sizeof(addr);
  int type;

  if (uv__sock_get_int(fd, SOL_SOCKET, SO_TYPE, &type) < 0 ||
      getsockname(fd, (struct sockaddr*) &addr, &len) != 0)
    return UV_UNKNOWN_HANDLE;
  if (addr.ss_family == AF_INET || addr.ss_family == AF_INET6) {
    if (type == SOCK_STREAM)
      return UV_TCP;
    if (type == SOCK_DGRAM)
      return UV_UDP;
  }
  return addr.ss_family == AF_UNIX && type == SOCK_STREAM ? UV_NAMED_PIPE : UV_UNKNOWN_HANDLE;
}

uv_handle_type uv_guess_handle(uv_file file) {
  struct stat st;

  if (isatty(file))
    return UV_TTY;
  if (fstat(file, &st) != 0)
    return UV_UNKNOWN_HANDLE;
  if (S_ISREG(st.st_mode) || S_ISCHR(st.st_mode))
    return UV_FILE;
  if (S_ISFIFO(st.st_mode))
    return UV_NAMED_PIPE;
  return S_ISSOCK(st.st_mode) ? guess_socket(file) : UV_UNKNOWN_HANDLE;
}
