/* Native error codes to UV_E*. Names and texts are in core/base/error.c. */
#include "win/base/base.h"

/* X(native, UV without the prefix). Winsock's codes and those of the rest of Windows are one
 * number space; the WSA_* names for Windows codes (WSA_IO_PENDING, ...) are not repeated. */
#define ERROR_MAP(X)                              \
  X(ERROR_FILE_NOT_FOUND, ENOENT)                 \
  X(ERROR_PATH_NOT_FOUND, ENOENT)                 \
  X(ERROR_TOO_MANY_OPEN_FILES, EMFILE)            \
  X(ERROR_ACCESS_DENIED, EPERM)                   \
  X(ERROR_INVALID_HANDLE, EBADF)                  \
  X(ERROR_NOT_ENOUGH_MEMORY, ENOMEM)              \
  X(ERROR_INVALID_DRIVE, ENOENT)                  \
  X(ERROR_OUTOFMEMORY, ENOMEM)                    \
  X(ERROR_NOT_SAME_DEVICE, EXDEV)                 \
  X(ERROR_WRITE_PROTECT, EROFS)                   \
  X(ERROR_NOT_READY, EBUSY)                       \
  X(ERROR_CRC, EIO)                               \
  X(ERROR_GEN_FAILURE, EIO)                       \
  X(ERROR_SHARING_VIOLATION, EBUSY)               \
  X(ERROR_LOCK_VIOLATION, EBUSY)                  \
  X(ERROR_HANDLE_EOF, EOF)                        \
  X(ERROR_HANDLE_DISK_FULL, ENOSPC)               \
  X(ERROR_NOT_SUPPORTED, ENOTSUP)                 \
  X(ERROR_REM_NOT_LIST, EHOSTUNREACH)             \
  X(ERROR_BAD_NETPATH, ENOENT)                    \
  X(ERROR_DEV_NOT_EXIST, ENODEV)                  \
  X(ERROR_NETNAME_DELETED, ECONNRESET)            \
  X(ERROR_FILE_EXISTS, EEXIST)                    \
  X(ERROR_CANNOT_MAKE, EIO)                       \
  X(ERROR_INVALID_PARAMETER, EINVAL)              \
  X(ERROR_BROKEN_PIPE, EOF)                       \
  X(ERROR_OPEN_FAILED, EIO)                       \
  X(ERROR_BUFFER_OVERFLOW, ENAMETOOLONG)          \
  X(ERROR_DISK_FULL, ENOSPC)                      \
  X(ERROR_CALL_NOT_IMPLEMENTED, ENOSYS)           \
  X(ERROR_SEM_TIMEOUT, ETIMEDOUT)                 \
  X(ERROR_INSUFFICIENT_BUFFER, ENOBUFS)           \
  X(ERROR_INVALID_NAME, ENOENT)                   \
  X(ERROR_MOD_NOT_FOUND, ENOENT)                  \
  X(ERROR_PROC_NOT_FOUND, ENOSYS)                 \
  X(ERROR_DIR_NOT_EMPTY, ENOTEMPTY)               \
  X(ERROR_SIGNAL_REFUSED, EIO)                    \
  X(ERROR_BAD_PATHNAME, ENOENT)                   \
  X(ERROR_BUSY, EBUSY)                            \
  X(ERROR_ALREADY_EXISTS, EEXIST)                 \
  X(ERROR_FILENAME_EXCED_RANGE, ENAMETOOLONG)     \
  X(ERROR_META_EXPANSION_TOO_LONG, E2BIG)         \
  X(ERROR_BAD_PIPE, EPIPE)                        \
  X(ERROR_PIPE_BUSY, EBUSY)                       \
  X(ERROR_NO_DATA, EPIPE)                         \
  X(ERROR_PIPE_NOT_CONNECTED, EPIPE)              \
  X(ERROR_PIPE_LISTENING, ENOTCONN)               \
  X(ERROR_MORE_DATA, EMSGSIZE)                    \
  X(WAIT_TIMEOUT, ETIMEDOUT)                      \
  X(ERROR_DIRECTORY, ENOTDIR)                     \
  X(ERROR_ENVVAR_NOT_FOUND, ENOENT)               \
  X(ERROR_NOT_OWNER, EPERM)                       \
  X(ERROR_OPERATION_ABORTED, ECANCELED)           \
  X(ERROR_NOACCESS, EFAULT)                       \
  X(ERROR_IO_DEVICE, EIO)                         \
  X(ERROR_NO_UNICODE_TRANSLATION, ECHARSET)       \
  X(ERROR_NOT_FOUND, ENOENT)                      \
  X(ERROR_BAD_DEVICE, ENODEV)                     \
  X(ERROR_CANCELLED, ECANCELED)                   \
  X(ERROR_CONNECTION_REFUSED, ECONNREFUSED)       \
  X(ERROR_GRACEFUL_DISCONNECT, EOF)               \
  X(ERROR_ADDRESS_ALREADY_ASSOCIATED, EADDRINUSE) \
  X(ERROR_ADDRESS_NOT_ASSOCIATED, EADDRNOTAVAIL)  \
  X(ERROR_CONNECTION_INVALID, ENOTCONN)           \
  X(ERROR_CONNECTION_ACTIVE, EISCONN)             \
  X(ERROR_NETWORK_UNREACHABLE, ENETUNREACH)       \
  X(ERROR_HOST_UNREACHABLE, EHOSTUNREACH)         \
  X(ERROR_PROTOCOL_UNREACHABLE, ENETUNREACH)      \
  X(ERROR_PORT_UNREACHABLE, ECONNREFUSED)         \
  X(ERROR_REQUEST_ABORTED, ECANCELED)             \
  X(ERROR_CONNECTION_ABORTED, ECONNABORTED)       \
  X(ERROR_PRIVILEGE_NOT_HELD, EPERM)              \
  X(ERROR_NO_SYSTEM_RESOURCES, ENOMEM)            \
  X(ERROR_NONPAGED_SYSTEM_RESOURCES, ENOMEM)      \
  X(ERROR_PAGED_SYSTEM_RESOURCES, ENOMEM)         \
  X(ERROR_WORKING_SET_QUOTA, ENOMEM)              \
  X(ERROR_COMMITMENT_LIMIT, ENOMEM)               \
  X(ERROR_TIMEOUT, ETIMEDOUT)                     \
  X(ERROR_NOT_ENOUGH_QUOTA, ENOMEM)               \
  X(ERROR_SYMLINK_NOT_SUPPORTED, EINVAL)          \
  X(ERROR_CANT_RESOLVE_FILENAME, ELOOP)           \
  X(WSAEINTR, EINTR)                              \
  X(WSAEBADF, EBADF)                              \
  X(WSAEACCES, EACCES)                            \
  X(WSAEFAULT, EFAULT)                            \
  X(WSAEINVAL, EINVAL)                            \
  X(WSAEMFILE, EMFILE)                            \
  X(WSAEWOULDBLOCK, EAGAIN)                       \
  X(WSAEINPROGRESS, EAGAIN)                       \
  X(WSAEALREADY, EALREADY)                        \
  X(WSAENOTSOCK, ENOTSOCK)                        \
  X(WSAEDESTADDRREQ, EDESTADDRREQ)                \
  X(WSAEMSGSIZE, EMSGSIZE)                        \
  X(WSAEPROTOTYPE, EPROTOTYPE)                    \
  X(WSAENOPROTOOPT, ENOPROTOOPT)                  \
  X(WSAEPROTONOSUPPORT, EPROTONOSUPPORT)          \
  X(WSAESOCKTNOSUPPORT, ESOCKTNOSUPPORT)          \
  X(WSAEOPNOTSUPP, ENOTSUP)                       \
  X(WSAEPFNOSUPPORT, EAFNOSUPPORT)                \
  X(WSAEAFNOSUPPORT, EAFNOSUPPORT)                \
  X(WSAEADDRINUSE, EADDRINUSE)                    \
  X(WSAEADDRNOTAVAIL, EADDRNOTAVAIL)              \
  X(WSAENETDOWN, ENETDOWN)                        \
  X(WSAENETUNREACH, ENETUNREACH)                  \
  X(WSAENETRESET, ECONNRESET)                     \
  X(WSAECONNABORTED, ECONNABORTED)                \
  X(WSAECONNRESET, ECONNRESET)                    \
  X(WSAENOBUFS, ENOBUFS)                          \
  X(WSAEISCONN, EISCONN)                          \
  X(WSAENOTCONN, ENOTCONN)                        \
  X(WSAESHUTDOWN, EPIPE)                          \
  X(WSAETIMEDOUT, ETIMEDOUT)                      \
  X(WSAECONNREFUSED, ECONNREFUSED)                \
  X(WSAELOOP, ELOOP)                              \
  X(WSAENAMETOOLONG, ENAMETOOLONG)                \
  X(WSAEHOSTDOWN, EHOSTDOWN)                      \
  X(WSAEHOSTUNREACH, EHOSTUNREACH)                \
  X(WSAEPROCLIM, ENOMEM)                          \
  X(WSASYSNOTREADY, ENETDOWN)                     \
  X(WSAVERNOTSUPPORTED, ENOSYS)                   \
  X(WSANOTINITIALISED, ENETDOWN)                  \
  X(WSAEDISCON, EOF)                              \
  X(WSAHOST_NOT_FOUND, ENOENT)                    \
  X(WSATRY_AGAIN, EAGAIN)                         \
  X(WSANO_DATA, ENOENT)

int uv__error_translate(DWORD code) {
  switch (code) {
#define MAP(native, uv) \
  case native:          \
    return UV_##uv;
    ERROR_MAP(MAP)
#undef MAP
  default:
    return UV_UNKNOWN;
  }
}

int uv_translate_sys_error(int sys_errno) {
  return sys_errno <= 0 ? sys_errno : uv__error_translate((DWORD) sys_errno);
}
