/* Facts about Unix-domain sockets, and about files that are deleted while somebody has them open. */
#include "facts.h"

#include <stdio.h>
#include <string.h>

enum {
  ROOM = 108,
  SOON_MS = 5000,
  GET_PEER_PID = 0x58000100, /* SIO_AF_UNIX_GETPEERPID, of afunix.h as the next is */
  CANT_ACCESS = 1920,        /* ERROR_CANT_ACCESS_FILE */
  DISPOSITION_EX = 21,       /* FileDispositionInfoEx */
  DELETES_AS_POSIX = 3
};

struct local {
  ADDRESS_FAMILY family;
  char path[ROOM];
};

static SOCKET make(void) {
  return WSASocketW(AF_UNIX, SOCK_STREAM, 0, NULL, 0, WSA_FLAG_OVERLAPPED);
}

/* A name in the folder for temporary files that nobody has. */
static void find_name(char name[ROOM]) {
  static unsigned count;
  char folder[MAX_PATH];
  DWORD length = GetTempPathA(sizeof(folder), folder);

  snprintf(name, ROOM, "%.80suvf-%lu-%u", length == 0 ? "" : folder,
           (unsigned long) GetCurrentProcessId(), ++count);
  (void) remove(name);
}

static int error_of(int result) {
  return result == 0 ? 0 : WSAGetLastError();
}

static int bind_to(SOCKET sock, const char* path) {
  struct local addr;

  memset(&addr, 0, sizeof(addr));
  addr.family = AF_UNIX;
  snprintf(addr.path, sizeof(addr.path), "%s", path);
  return error_of(bind(sock, (struct sockaddr*) &addr, (int) sizeof(addr)));
}

static int connect_to(const char* path) {
  SOCKET sock = make();
  struct local addr;
  int error;

  memset(&addr, 0, sizeof(addr));
  addr.family = AF_UNIX;
  snprintf(addr.path, sizeof(addr.path), "%s", path);
  error = error_of(connect(sock, (struct sockaddr*) &addr, (int) sizeof(addr)));
  closesocket(sock);
  return error;
}

static int unix_sockets_exist(void) {
  SOCKET sock = make();

  if (sock == INVALID_SOCKET)
    return facts_note("error", (unsigned long) WSAGetLastError());
  closesocket(sock);
  return 1;
}

/* A socket that is bound to a new name; INVALID_SOCKET: there are none. */
static SOCKET begin(char name[ROOM]) {
  SOCKET sock = make();

  find_name(name);
  if (sock == INVALID_SOCKET || bind_to(sock, name) == 0)
    return sock;
  closesocket(sock);
  return INVALID_SOCKET;
}

static int unix_bind_leaves_a_file(void) {
  char name[ROOM];
  SOCKET sock = begin(name);
  WCHAR wide[ROOM];
  DWORD before, after;

  if (sock == INVALID_SOCKET)
    return -1;
  (void) MultiByteToWideChar(CP_UTF8, 0, name, -1, wide, ROOM);
  before = GetFileAttributesW(wide);
  closesocket(sock);
  after = GetFileAttributesW(wide);
  (void) remove(name);
  if (before == INVALID_FILE_ATTRIBUTES || !(before & FILE_ATTRIBUTE_REPARSE_POINT))
    return facts_note("attributes", before);
  return after == before ? 1 : facts_note("attributes when it is closed", after);
}

static DWORD error_of_open(const char* name, DWORD flags) {
  HANDLE file = CreateFileA(name, DELETE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                            NULL, OPEN_EXISTING, flags, NULL);

  if (file == INVALID_HANDLE_VALUE)
    return GetLastError();
  CloseHandle(file);
  return 0;
}

static int unix_file_is_a_reparse_point(void) {
  char name[ROOM];
  SOCKET sock = begin(name);
  DWORD plain, itself;

  if (sock == INVALID_SOCKET)
    return -1;
  plain = error_of_open(name, 0);
  itself = error_of_open(name, FILE_FLAG_OPEN_REPARSE_POINT);
  closesocket(sock);
  (void) remove(name);
  if (itself != 0)
    return facts_note("error of the point", itself);
  return plain == CANT_ACCESS ? 1 : facts_note("error", plain);
}

static int unix_name_that_is_there_is_in_use(void) {
  char name[ROOM];
  SOCKET sock = begin(name);
  SOCKET other;
  int error;

  if (sock == INVALID_SOCKET)
    return -1;
  closesocket(sock);
  other = make();
  error = bind_to(other, name);
  closesocket(other);
  (void) remove(name);
  return error == WSAEADDRINUSE ? 1 : facts_note("error", (unsigned long) error);
}

static int unix_name_of_nobody_refuses(void) {
  char name[ROOM];
  SOCKET sock = begin(name);
  int bound, none;

  if (sock == INVALID_SOCKET)
    return -1;
  bound = connect_to(name);
  closesocket(sock);
  (void) remove(name);
  none = connect_to(name);
  if (bound != WSAECONNREFUSED)
    return facts_note("error where nobody listens", (unsigned long) bound);
  return none == WSAECONNREFUSED ? 1 : facts_note("error", (unsigned long) none);
}

/* ---- By the functions of its own provider ---- */

static int load(SOCKET sock, GUID id, void* to, DWORD size) {
  DWORD bytes;

  return WSAIoctl(sock, SIO_GET_EXTENSION_FUNCTION_POINTER, &id, sizeof(id), to, size, &bytes, NULL,
                  NULL) == 0;
}

/* What ConnectEx of `sock` comes to. */
static int connect_ex(SOCKET sock, const char* path) {
  GUID id = WSAID_CONNECTEX;
  LPFN_CONNECTEX call = NULL;
  struct {
    struct local addr;
    char behind[512]; /* libuv#4636 */
  } target;
  OVERLAPPED overlapped;
  HANDLE event;
  DWORD bytes, flags;
  int error = 0;

  memset(&overlapped, 0, sizeof(overlapped));
  memset(&target, 0, sizeof(target));
  if (!load(sock, id, &call, sizeof(call)))
    return WSAGetLastError();
  overlapped.hEvent = event = CreateEventA(NULL, TRUE, FALSE, NULL);
  target.addr.family = AF_UNIX;
  snprintf(target.addr.path, sizeof(target.addr.path), "%s", path);
  if (!call(sock, (struct sockaddr*) &target.addr, (int) sizeof(target.addr), NULL, 0, NULL,
            &overlapped))
    error = WSAGetLastError();
  if (error == WSA_IO_PENDING) {
    if (WaitForSingleObject(event, SOON_MS) != WAIT_OBJECT_0)
      (void) CancelIoEx((HANDLE) sock, &overlapped);
    error = WSAGetOverlappedResult(sock, &overlapped, &bytes, TRUE, &flags) ? 0 : WSAGetLastError();
  }
  CloseHandle(event);
  return error;
}

static int unix_connect_ex_wants_a_bound_socket(void) {
  char name[ROOM];
  SOCKET listener = begin(name);
  SOCKET first, second;
  int unbound, bound;

  if (listener == INVALID_SOCKET)
    return -1;
  (void) listen(listener, 4);
  first = make();
  unbound = connect_ex(first, name);
  second = make();
  bound = bind_to(second, "");
  if (bound == 0)
    bound = connect_ex(second, name);
  closesocket(first);
  closesocket(second);
  closesocket(listener);
  (void) remove(name);
  if (bound != 0)
    return facts_note("error of one that is bound to nothing", (unsigned long) bound);
  return unbound == WSAEINVAL ? 1 : facts_note("error", (unsigned long) unbound);
}

static int unix_peer_has_a_process(void) {
  char name[ROOM];
  SOCKET listener = begin(name);
  SOCKET client;
  ULONG pid = 0;
  DWORD bytes;
  int error;

  if (listener == INVALID_SOCKET)
    return -1;
  (void) listen(listener, 4);
  client = make();
  error = bind_to(client, "");
  if (error == 0)
    error = connect_ex(client, name);
  if (error == 0) {
    (void) setsockopt(client, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0);
    error =
        error_of(WSAIoctl(client, GET_PEER_PID, NULL, 0, &pid, sizeof(pid), &bytes, NULL, NULL));
  }
  closesocket(client);
  closesocket(listener);
  (void) remove(name);
  if (error != 0)
    return facts_note("error", (unsigned long) error);
  return pid == GetCurrentProcessId() ? 1 : facts_note("process", pid);
}

/* ---- Files that are deleted ---- */

static HANDLE open_to_delete(const char* name) {
  return CreateFileA(name, DELETE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                     OPEN_ALWAYS, 0, NULL);
}

/* Marks a file by one handle, which is closed, while another one is open. What an open of the name says then,
 * and when the other is closed, too; -1: it is not to be had. */
static int delete_beside(FILE_INFO_BY_HANDLE_CLASS what,
                         void* how,
                         DWORD size,
                         DWORD* when_closed) {
  char name[ROOM];
  HANDLE other, file;
  DWORD error;

  find_name(name);
  other = open_to_delete(name);
  file = open_to_delete(name);
  if (file == INVALID_HANDLE_VALUE || other == INVALID_HANDLE_VALUE ||
      !SetFileInformationByHandle(file, what, how, size)) {
    CloseHandle(file);
    CloseHandle(other);
    (void) remove(name);
    return -1;
  }
  CloseHandle(file);
  error = error_of_open(name, 0);
  CloseHandle(other);
  *when_closed = error_of_open(name, 0);
  return (int) error;
}

static int deleted_name_stays_until_all_have_closed(void) {
  FILE_DISPOSITION_INFO info;
  DWORD at_last = 0;
  int error;

  info.DeleteFile = TRUE;
  error = delete_beside(FileDispositionInfo, &info, sizeof(info), &at_last);
  if (error < 0)
    return -1;
  if (at_last != ERROR_FILE_NOT_FOUND)
    return facts_note("error when all have", at_last);
  return error == ERROR_ACCESS_DENIED ? 1 : facts_note("error", (unsigned long) error);
}

static int deleted_name_goes_as_on_posix(void) {
  ULONG how = DELETES_AS_POSIX;
  DWORD at_last = 0;
  int error =
      delete_beside((FILE_INFO_BY_HANDLE_CLASS) DISPOSITION_EX, &how, sizeof(how), &at_last);

  if (error < 0)
    return facts_note("it is refused", 0);
  return error == ERROR_FILE_NOT_FOUND ? 1 : facts_note("error", (unsigned long) error);
}

const struct fact facts_of_local[] = {
    {"unix_sockets_exist", unix_sockets_exist, "there are sockets of AF_UNIX (10, 1803)",
     "AF_UNIX comes to Windows (devblogs.microsoft.com/commandline)"},
    {"unix_bind_leaves_a_file", unix_bind_leaves_a_file,
     "a bind makes a reparse point, which stays when the socket is closed",
     "go#33357; rust#109106"},
    {"unix_file_is_a_reparse_point", unix_file_is_a_reparse_point,
     "it is opened as what it is, and not otherwise: ERROR_CANT_ACCESS_FILE", "rust#116683"},
    {"unix_name_that_is_there_is_in_use", unix_name_that_is_there_is_in_use,
     "nothing is bound to a name that is there: WSAEADDRINUSE",
     "AF_UNIX comes to Windows (devblogs.microsoft.com/commandline)"},
    {"unix_name_of_nobody_refuses", unix_name_of_nobody_refuses,
     "a connect to nobody is WSAECONNREFUSED, whether there is such a file or not",
     "no page says so"},
    {"unix_connect_ex_wants_a_bound_socket", unix_connect_ex_wants_a_bound_socket,
     "ConnectEx wants a bound one here, too; an empty path will do", "LPFN_CONNECTEX; grpc#34801"},
    {"unix_peer_has_a_process", unix_peer_has_a_process,
     "SIO_AF_UNIX_GETPEERPID tells the process of the peer", "afunix.h; WSL#9455"},
    {"deleted_name_stays_until_all_have_closed", deleted_name_stays_until_all_have_closed,
     "a file that is marked keeps its name until all have closed it: ERROR_ACCESS_DENIED",
     "FILE_DISPOSITION_INFORMATION"},
    {"deleted_name_goes_as_on_posix", deleted_name_goes_as_on_posix,
     "with the semantics of POSIX the name goes with the handle (10, 1709)",
     "FILE_DISPOSITION_INFORMATION_EX"},
    {NULL, NULL, NULL, NULL},
};
