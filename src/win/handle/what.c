/* What is behind a handle that came from elsewhere: the object manager is asked, which waits for
 * nobody; or the file object, on a thread that need not be waited for (question.c). */
#include "win/handle/handle.h"

enum {
  PATIENCE_MS = 50 /* with a question; a socket answers at once */
};

int uv__handle_is_console(HANDLE handle) {
  DWORD error;
  DWORD mode;
  DWORD none;

  if (GetFileType(handle) != FILE_TYPE_CHAR)
    return 0;
  if (GetConsoleMode(handle, &mode))
    return 1;
  error = GetLastError();
  /* The mode is for who may read, and no other device refuses the question for that reason; nor is any
   * other asked by way of a process that may be short of memory. Wine says the same of all of them, so
   * that it is asked by writing nothing. */
  return error == ERROR_ACCESS_DENIED || uv__error_translate(error) == UV_ENOMEM ||
         WriteConsoleW(handle, L"", 0, &none, NULL);
}

/* ---- Sockets, which the system calls pipes ---- */

static int ask_type(HANDLE handle) {
  WSADATA started;
  int type = 0;
  int size = sizeof(type);

  /* The library may not have been used yet. */
  if (WSAStartup(MAKEWORD(2, 2), &started) != 0)
    return 0;
  if (getsockopt((SOCKET) handle, SOL_SOCKET, SO_TYPE, (char*) &type, &size) != 0)
    type = 0;
  WSACleanup();
  return type;
}

/* A socket can be read and written. Most pipes that programs are given can do one of the two. */
static int goes_both_ways(HANDLE handle) {
  const ACCESS_MASK both = FILE_READ_DATA | FILE_WRITE_DATA;
  ACCESS_MASK access;
  ULONG handles;

  return uv__object_look(handle, &access, &handles) < 0 || (access & both) == both;
}

int uv__handle_socket_type(HANDLE handle) {
  int type = 0;

  /* No duplicate: Winsock would keep an entry for its number. */
  if (GetFileType(handle) == FILE_TYPE_PIPE && goes_both_ways(handle))
    type = uv__question_ask(handle, 0, ask_type, PATIENCE_MS, 0);
  return type > 0 ? type : 0;
}
