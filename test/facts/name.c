/* Facts about the names of pipes: their instances, and who comes to one. */
#include "facts.h"

#include <string.h>

enum {
  BYTES = PIPE_TYPE_BYTE | PIPE_READMODE_BYTE,
  QUOTA = 512,
  SOON_MS = 100
};

#define BOTH (PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED)
#define CLIENT (GENERIC_READ | GENERIC_WRITE)

static HANDLE serve(const char* name, DWORD flags, DWORD most) {
  return CreateNamedPipeA(name, flags, BYTES, most, QUOTA, QUOTA, 0, NULL);
}

static HANDLE call(const char* name, DWORD access) {
  return CreateFileA(name, access, 0, NULL, OPEN_EXISTING, 0, NULL);
}

/* Whether `made` was refused, and with which error; what was made is closed. */
static int is_refused(HANDLE made, DWORD expected) {
  DWORD error = GetLastError();

  if (made != INVALID_HANDLE_VALUE) {
    CloseHandle(made);
    return facts_note("it is made", 0);
  }
  return error == expected ? 1 : facts_note("error", error);
}

/* ---- Instances and clients ---- */

static int first_instance_is_the_first(void) {
  const char* name = facts_name();
  HANDLE first = serve(name, BOTH, 2);
  int r = is_refused(serve(name, BOTH | FILE_FLAG_FIRST_PIPE_INSTANCE, 2), ERROR_ACCESS_DENIED);

  CloseHandle(first);
  return r;
}

static int instance_of_another_kind_is_refused(void) {
  const char* name = facts_name();
  HANDLE first = serve(name, BOTH, 2);
  int r = is_refused(CreateNamedPipeA(name, BOTH, PIPE_TYPE_MESSAGE, 2, QUOTA, QUOTA, 0, NULL),
                     ERROR_ACCESS_DENIED);

  CloseHandle(first);
  return r;
}

static int instances_have_a_number(void) {
  const char* name = facts_name();
  HANDLE first = serve(name, BOTH, 1);
  int r = is_refused(serve(name, BOTH, 1), ERROR_PIPE_BUSY);

  CloseHandle(first);
  return r;
}

static int name_without_a_free_instance_is_busy(void) {
  const char* name = facts_name();
  HANDLE server = serve(name, BOTH, 1);
  HANDLE first = call(name, CLIENT);
  int r = is_refused(call(name, CLIENT), ERROR_PIPE_BUSY);

  CloseHandle(first);
  CloseHandle(server);
  return r;
}

static int name_that_nobody_serves_is_not_found(void) {
  return is_refused(call(facts_name(), CLIENT), ERROR_FILE_NOT_FOUND);
}

static int name_of_another_kind_is_invalid(void) {
  return is_refused(serve("uvstream-facts", BOTH, 1), ERROR_INVALID_NAME);
}

/* What waiting for an instance of it ends with. */
static DWORD wait_for_name(const char* name) {
  WCHAR wide[100];
  size_t i = 0;

  do
    wide[i] = (WCHAR) name[i];
  while (name[i++] != '\0');
  return WaitNamedPipeW(wide, SOON_MS) ? 0 : GetLastError();
}

static int wait_for_a_busy_name_times_out(void) {
  const char* name = facts_name();
  HANDLE server = serve(name, BOTH, 1);
  DWORD idle = wait_for_name(name);
  HANDLE first = call(name, CLIENT);
  DWORD error = wait_for_name(name);

  CloseHandle(first);
  CloseHandle(server);
  if (idle != 0)
    return facts_note("of a free one, error", idle);
  return error == ERROR_SEM_TIMEOUT ? 1 : facts_note("error", error);
}

static int wait_for_nobody_is_not_found(void) {
  DWORD error = wait_for_name(facts_name());

  return error == ERROR_FILE_NOT_FOUND ? 1 : facts_note("error", error);
}

static int names_ignore_case(void) {
  char other[100];
  const char* name = facts_name();
  HANDLE server = serve(name, BOTH, 1);
  HANDLE client;
  DWORD error;
  size_t i;

  for (i = 0; name[i] != '\0'; i++)
    other[i] = (char) (name[i] >= 'a' && name[i] <= 'z' ? name[i] - 'a' + 'A' : name[i]);
  other[i] = '\0';
  client = call(other, CLIENT);
  error = GetLastError();
  if (client != INVALID_HANDLE_VALUE)
    CloseHandle(client);
  CloseHandle(server);
  return client != INVALID_HANDLE_VALUE ? 1 : facts_note("error", error);
}

static int one_way_is_not_opened_for_both(void) {
  const char* name = facts_name();
  HANDLE server = serve(name, PIPE_ACCESS_INBOUND, 1);
  int r = is_refused(call(name, CLIENT), ERROR_ACCESS_DENIED);

  CloseHandle(server);
  return r;
}

static int ends_know_their_processes(void) {
  struct ends ends;
  ULONG client = 0;
  ULONG server = 0;
  BOOL ok;

  if (!facts_pipe(&ends, PIPE_ACCESS_DUPLEX, BYTES, CLIENT, 0, QUOTA))
    return -1;
  ok = GetNamedPipeClientProcessId(ends.server, &client) &&
       GetNamedPipeServerProcessId(ends.client, &server);
  facts_close(&ends);
  if (!ok)
    return facts_note("error", GetLastError());
  return client == GetCurrentProcessId() && server == client ? 1 : facts_note("process", server);
}

/* The name of this machine instead of the dot. */
static int local_machine_has_a_name(void) {
  static const char prefix[] = "\\\\localhost";
  char other[100];
  const char* name = facts_name();
  HANDLE server = serve(name, PIPE_ACCESS_DUPLEX, 1);
  HANDLE client;
  DWORD error;
  DWORD bytes;
  char byte = 0;
  int same = 0;

  memcpy(other, prefix, sizeof(prefix) - 1);
  memcpy(other + sizeof(prefix) - 1, name + 3, strlen(name + 3) + 1);
  client = CreateFileA(other, CLIENT, 0, NULL, OPEN_EXISTING,
                       SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
  error = GetLastError();
  if (client != INVALID_HANDLE_VALUE) {
    (void) WriteFile(client, "x", 1, &bytes, NULL);
    same = ReadFile(server, &byte, 1, &bytes, NULL) && byte == 'x';
    CloseHandle(client);
  }
  CloseHandle(server);
  if (client == INVALID_HANDLE_VALUE)
    return facts_note("error", error);
  return same ? 1 : facts_note("it is another one", 0);
}

/* ---- Waiting for a client ---- */

/* What ConnectNamedPipe says after a client came, and, if so, went. */
static int wait_for_who_came(int goes, DWORD expected) {
  const char* name = facts_name();
  HANDLE server = serve(name, BOTH, 1);
  HANDLE client = call(name, CLIENT);
  OVERLAPPED overlapped;
  DWORD error;
  DWORD bytes;

  if (goes)
    CloseHandle(client);
  memset(&overlapped, 0, sizeof(overlapped));
  overlapped.hEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
  error = ConnectNamedPipe(server, &overlapped) ? 0 : GetLastError();
  if (error == ERROR_IO_PENDING) {
    (void) CancelIoEx(server, &overlapped);
    (void) GetOverlappedResult(server, &overlapped, &bytes, TRUE);
  }
  CloseHandle(overlapped.hEvent);
  if (!goes)
    CloseHandle(client);
  CloseHandle(server);
  return error == expected ? 1 : facts_note("error", error);
}

static int client_may_be_first(void) {
  return wait_for_who_came(0, ERROR_PIPE_CONNECTED);
}

static int client_may_have_gone(void) {
  return wait_for_who_came(1, ERROR_NO_DATA);
}

const struct fact facts_of_names[] = {
    {"first_instance_is_the_first", first_instance_is_the_first,
     "FILE_FLAG_FIRST_PIPE_INSTANCE of a name that is there is ERROR_ACCESS_DENIED",
     "CreateNamedPipe"},
    {"instance_of_another_kind_is_refused", instance_of_another_kind_is_refused,
     "so is an instance of messages beside one of bytes", "CreateNamedPipe"},
    {"instances_have_a_number", instances_have_a_number,
     "one instance more than the first has allowed is ERROR_PIPE_BUSY", "CreateNamedPipe"},
    {"name_without_a_free_instance_is_busy", name_without_a_free_instance_is_busy,
     "opening a name of which no instance is free is ERROR_PIPE_BUSY", "CreateFile"},
    {"name_that_nobody_serves_is_not_found", name_that_nobody_serves_is_not_found,
     "opening one of which there is none is ERROR_FILE_NOT_FOUND, at once", "CreateFile"},
    {"name_of_another_kind_is_invalid", name_of_another_kind_is_invalid,
     "making one whose name is no pipe's is ERROR_INVALID_NAME", "Wine, kernel32/tests/pipe.c"},
    {"wait_for_a_busy_name_times_out", wait_for_a_busy_name_times_out,
     "WaitNamedPipe of a busy name ends with ERROR_SEM_TIMEOUT, of a free one at once",
     "WaitNamedPipe"},
    {"wait_for_nobody_is_not_found", wait_for_nobody_is_not_found,
     "of one that is not there it is ERROR_FILE_NOT_FOUND", "WaitNamedPipe"},
    {"names_ignore_case", names_ignore_case, "capitals are small letters in a name", "Pipe Names"},
    {"one_way_is_not_opened_for_both", one_way_is_not_opened_for_both,
     "opening for both directions what goes one way is ERROR_ACCESS_DENIED",
     "Named Pipe Open Modes"},
    {"ends_know_their_processes", ends_know_their_processes,
     "each end can ask for the process of the other", "GetNamedPipeClientProcessId"},
    {"local_machine_has_a_name", local_machine_has_a_name,
     "with localhost instead of the dot a name leads to the same pipe", "Pipe Names"},
    {"client_may_be_first", client_may_be_first,
     "waiting for a client that has come is ERROR_PIPE_CONNECTED", "ConnectNamedPipe"},
    {"client_may_have_gone", client_may_have_gone,
     "for one that has come and gone it is ERROR_NO_DATA", "ConnectNamedPipe"},
    {NULL, NULL, NULL, NULL},
};
