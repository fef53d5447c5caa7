/* What goes over a named pipe on Windows beside the program's bytes: the greeting of a client of
 * this library, and the empty message that is the end of one direction (rule P6). The client is
 * played by the test, with the calls of the system. */
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "import.h"
#include "net.h"
#include "pipes.h"
#include "shim.h"
#include "uv.h"

static const char greeting[16] = {'\x9d', '\x1c', '\xe3', '\x52', '\xb8', '\x0f', '\xa6', '\x71',
                                  '\x44', '\xfa', '\x05', '\xd7', '\x3b', '\x8e', '\x60', '\xc9'};

static uv_pipe_t server;
static uv_pipe_t accepted;
static int arrivals;
static HANDLE raw;

static void on_connection(uv_stream_t* stream, int status) {
  CHECK_EQ(status, 0);
  CHECK_EQ(uv_pipe_init(stream->loop, &accepted, 0), 0);
  CHECK_EQ(uv_accept(stream, (uv_stream_t*) &accepted), 0);
  arrivals++;
}

static void begin(void) {
  DWORD mode = PIPE_READMODE_MESSAGE;
  char name[TEST_PIPE_NAME];

  test_pipe_listen(&server, test_pipe_name(name, sizeof name), 1, on_connection);
  raw = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                    FILE_FLAG_OVERLAPPED, NULL);
  CHECK(raw != INVALID_HANDLE_VALUE);
  CHECK(SetNamedPipeHandleState(raw, &mode, NULL, NULL));
  net_until(&arrivals, 1);
}

static void end(void) {
  CHECK(CloseHandle(raw));
  net_end();
}

/* The end of a call of the raw peer, for which the loop turns: its error, or 0. */
static DWORD finish(OVERLAPPED* overlapped, BOOL ok, DWORD* size) {
  DWORD error = ok ? 0 : GetLastError();

  while (error == ERROR_IO_PENDING && !HasOverlappedIoCompleted(overlapped)) {
    net_turns(1);
  }
  if (error == 0 || error == ERROR_IO_PENDING) {
    error = GetOverlappedResult(raw, overlapped, size, FALSE) ? 0 : GetLastError();
  } else {
    *size = (DWORD) overlapped->InternalHigh;
  }
  CHECK(CloseHandle(overlapped->hEvent));
  return error;
}

static OVERLAPPED* prepare(OVERLAPPED* overlapped) {
  memset(overlapped, 0, sizeof *overlapped);
  overlapped->hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
  CHECK(overlapped->hEvent != NULL);
  return overlapped;
}

/* One message; none has length 0 but the end. */
static void say(const void* bytes, size_t size) {
  OVERLAPPED overlapped;
  DWORD written;
  BOOL ok = WriteFile(raw, bytes, (DWORD) size, NULL, prepare(&overlapped));

  CHECK_EQ(finish(&overlapped, ok, &written), 0);
  CHECK_EQ(written, size);
}

/* At most one, for which it waits. */
static DWORD hear(void* bytes, DWORD room) {
  OVERLAPPED overlapped;
  DWORD got = 0;
  BOOL ok = ReadFile(raw, bytes, room, NULL, prepare(&overlapped));
  DWORD error = finish(&overlapped, ok, &got);

  CHECK(error == 0 || error == ERROR_MORE_DATA);
  return got;
}

static void count_shutdown(uv_shutdown_t* req, int status) {
  CHECK_EQ(status, 0);
  ++*(int*) req->data;
}

static void shut_down(uv_shutdown_t* req, int* done) {
  req->data = done;
  CHECK_EQ(uv_shutdown(req, (uv_stream_t*) &accepted, count_shutdown), 0);
}

/* The peer has got the end of what we send, and can go on. */
static void check_half_closed(struct net_sink* sink) {
  char pattern[4];

  CHECK_EQ(hear(pattern, sizeof pattern), 0);
  CHECK_EQ(sink->ended, 0);
  pattern_fill(pattern, sizeof pattern, 0);
  say(pattern, sizeof pattern);
  net_until_bytes(sink, sizeof pattern);
  CHECK_EQ(sink->bytes, sizeof pattern);
  say("", 0);
  net_until(&sink->ended, 1);
  CHECK_EQ(sink->status, UV_EOF);
}

TEST(p6_greeting_comes_before_we_shut_down) {
  struct net_sink sink = {0};
  uv_shutdown_t req;
  int done = 0;

  begin();
  say(greeting, sizeof greeting);
  net_drain((uv_stream_t*) &accepted, &sink);
  net_turns(3);
  shut_down(&req, &done);
  net_until(&done, 1);
  check_half_closed(&sink);
  end();
}

TEST(p6_greeting_comes_after_we_shut_down) {
  struct net_sink sink = {0};
  uv_shutdown_t req;
  int done = 0;

  begin();
  net_drain((uv_stream_t*) &accepted, &sink);
  shut_down(&req, &done);
  net_until(&done, 1);
  say(greeting, sizeof greeting);
  net_turns(3);
  check_half_closed(&sink);
  end();
}

/* Nor need anybody read. */
TEST(p6_greeting_comes_although_nobody_reads) {
  struct net_sink sink = {0};
  uv_shutdown_t req;
  int done = 0;

  begin();
  shut_down(&req, &done);
  net_until(&done, 1);
  net_turns(3);
  say(greeting, sizeof greeting);
  net_turns(3);
  CHECK_EQ(hear(&sink, 0), 0);
  net_drain((uv_stream_t*) &accepted, &sink);
  say("", 0);
  net_until(&sink.ended, 1);
  CHECK_EQ(sink.status, UV_EOF);
  CHECK_EQ(sink.bytes, 0);
  end();
}

IMPORTED(ReadFile)
typedef BOOL(WINAPI* read_file_fn)(HANDLE, LPVOID, DWORD, LPDWORD, LPOVERLAPPED);
static read_file_fn read_file;
static int shortages;

static BOOL WINAPI
read_in_need(HANDLE handle, LPVOID to, DWORD room, LPDWORD got, LPOVERLAPPED overlapped) {
  if (handle != raw && room > 0 && shortages > 0) {
    shortages--;
    SetLastError(ERROR_NO_SYSTEM_RESOURCES);
    return FALSE;
  }
  return read_file(handle, to, room, got, overlapped);
}

/* It is looked for again when it was found and there was no memory to read it. */
TEST(p6_greeting_comes_when_memory_is_short) {
  struct net_sink sink = {0};
  uv_shutdown_t req;
  int done = 0;

  read_file = (read_file_fn) import_replace(IMPORT(ReadFile), (import_function) read_in_need);
  begin();
  shut_down(&req, &done);
  net_until(&done, 1);
  net_turns(3);
  shortages = 2;
  say(greeting, sizeof greeting);
  CHECK_EQ(hear(&sink, 0), 0);
  CHECK_EQ(shortages, 0);
  net_drain((uv_stream_t*) &accepted, &sink);
  say("", 0);
  net_until(&sink.ended, 1);
  CHECK_EQ(sink.bytes, 0);
  end();
}

/* The shutdown takes the greeting, which has woken the reader already: there is nothing for it. */
TEST(p6_greeting_comes_while_we_shut_down) {
  struct net_sink sink = {0};
  uv_shutdown_t req;
  int done = 0;

  begin();
  net_drain((uv_stream_t*) &accepted, &sink);
  net_turns(3);
  say(greeting, sizeof greeting);
  shut_down(&req, &done);
  net_until(&done, 1);
  net_turns(3);
  check_half_closed(&sink);
  end();
}

static HANDLE go;

static DWORD WINAPI greet(void* arg) {
  OVERLAPPED overlapped;
  DWORD written;

  (void) arg;
  CHECK_EQ(WaitForSingleObject(go, INFINITE), WAIT_OBJECT_0);
  CHECK(WriteFile(raw, greeting, sizeof greeting, NULL, prepare(&overlapped)));
  CHECK(GetOverlappedResult(raw, &overlapped, &written, FALSE));
  CHECK(CloseHandle(overlapped.hEvent));
  return 0;
}

/* Nobody reads: the shutdown itself waits for who the peer is, and looked a moment before. */
TEST(p6_greeting_comes_at_any_moment_of_a_shutdown) {
  enum {
    ROUNDS = 60
  };
  int round;

  for (round = 0; round < ROUNDS; round++) {
    uv_shutdown_t req;
    HANDLE thread;
    int done = 0;
    char byte;

    arrivals = 0;
    begin();
    go = CreateEventW(NULL, TRUE, FALSE, NULL);
    CHECK(go != NULL);
    thread = CreateThread(NULL, 0, greet, NULL, 0, NULL);
    CHECK(thread != NULL);
    shut_down(&req, &done);
    CHECK(SetEvent(go));
    net_until(&done, 1);
    CHECK_EQ(hear(&byte, 1), 0);
    while (WaitForSingleObject(thread, 0) != WAIT_OBJECT_0)
      net_turns(1);
    CHECK(CloseHandle(thread));
    CHECK(CloseHandle(go));
    CHECK(CloseHandle(raw));
    net_close((uv_handle_t*) &accepted);
    net_close((uv_handle_t*) &server);
  }
  net_end();
}

/* A client that is not of this library gets no mark, and may write nothing as often as it likes. */
TEST(p6_client_that_does_not_greet) {
  struct net_sink sink = {0};
  uv_shutdown_t req;
  DWORD total = 1;
  char pattern[4];
  int done = 0;

  begin();
  net_drain((uv_stream_t*) &accepted, &sink);
  pattern_fill(pattern, sizeof pattern, 0);
  say(pattern, sizeof pattern);
  net_until_bytes(&sink, sizeof pattern);
  shut_down(&req, &done);
  net_until(&done, 1);
  say("", 0);
  net_turns(3);
  CHECK_EQ(sink.ended, 0);
  CHECK(PeekNamedPipe(raw, NULL, 0, NULL, &total, NULL));
  CHECK_EQ(total, 0);
  CHECK(CloseHandle(raw));
  net_until(&sink.ended, 1);
  CHECK_EQ(sink.status, UV_EOF);
  net_end();
}

/* ---- A connection that is passed on ---- */

static uv_pipe_t channels[2];
static uv_pipe_t moved;
static int moves;

static void on_moved(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  CHECK(nread >= 0);
  if (uv_pipe_pending_count((uv_pipe_t*) stream) == 0)
    return;
  CHECK_EQ(uv_pipe_init(stream->loop, &moved, 0), 0);
  CHECK_EQ(uv_accept(stream, (uv_stream_t*) &moved), 0);
  CHECK_EQ(uv_read_stop(stream), 0);
  moves++;
}

static void on_passed(uv_write_t* req, int status) {
  CHECK_EQ(status, 0);
  uv_close((uv_handle_t*) req->send_handle, NULL);
}

static void move(void) {
  uv_buf_t buf = uv_buf_init((char*) "m", 1);
  uv_write_t req;

  test_pipe_pair(&channels[0], &channels[1], 1);
  CHECK_EQ(uv_read_start((uv_stream_t*) &channels[1], net_alloc, on_moved), 0);
  CHECK_EQ(
      uv_write2(&req, (uv_stream_t*) &channels[0], &buf, 1, (uv_stream_t*) &accepted, on_passed),
      0);
  net_until(&moves, 1);
}

/* Whoever gets it meets the client in the place of who accepted it. */
TEST(p6_greeting_comes_after_the_connection_was_passed) {
  struct net_sink sink = {0};
  uv_shutdown_t req;
  int done = 0;

  begin();
  move();
  net_drain((uv_stream_t*) &moved, &sink);
  say(greeting, sizeof greeting);
  net_turns(3);
  req.data = &done;
  CHECK_EQ(uv_shutdown(&req, (uv_stream_t*) &moved, count_shutdown), 0);
  net_until(&done, 1);
  check_half_closed(&sink);
  end();
}

/* What is known of a client that does not greet goes with it: there is no mark for this one. */
TEST(p6_passed_client_that_does_not_greet) {
  struct net_sink sink = {0};
  struct net_sink rest = {0};
  uv_shutdown_t req;
  DWORD total = 1;
  char pattern[8];
  int done = 0;

  begin();
  net_drain((uv_stream_t*) &accepted, &sink);
  pattern_fill(pattern, sizeof pattern, 0);
  say(pattern, sizeof pattern);
  net_until_bytes(&sink, sizeof pattern);
  CHECK_EQ(uv_read_stop((uv_stream_t*) &accepted), 0);
  move();
  net_drain((uv_stream_t*) &moved, &rest);
  req.data = &done;
  CHECK_EQ(uv_shutdown(&req, (uv_stream_t*) &moved, count_shutdown), 0);
  net_until(&done, 1);
  say("", 0);
  net_turns(3);
  CHECK_EQ(rest.ended, 0);
  CHECK(PeekNamedPipe(raw, NULL, 0, NULL, &total, NULL));
  CHECK_EQ(total, 0);
  say(pattern, sizeof pattern);
  net_until_bytes(&rest, sizeof pattern);
  CHECK(CloseHandle(raw));
  net_until(&rest.ended, 1);
  CHECK_EQ(rest.status, UV_EOF);
  net_end();
}

/* ---- An end that somebody else changes ---- */

static void make_impatient(HANDLE handle) {
  DWORD mode;

  CHECK(GetNamedPipeHandleStateW(handle, &mode, NULL, NULL, NULL, NULL, 0));
  mode |= PIPE_NOWAIT;
  CHECK(SetNamedPipeHandleState(handle, &mode, NULL, NULL));
}

static void count_write(uv_write_t* req, int status) {
  CHECK_EQ(status, 0);
  ++*(int*) req->data;
}

/* Reads what there is of what `begin` accepted, and checks that it goes on at `*have`. */
static void take_raw(const char* sent, size_t* have) {
  char bytes[4096];
  DWORD there = 0;

  while (PeekNamedPipe(raw, NULL, 0, NULL, &there, NULL) && there > 0) {
    DWORD got = hear(bytes, sizeof bytes);

    CHECK(memcmp(bytes, sent + *have, got) == 0);
    *have += got;
  }
}

/* What Cygwin's programs do with ends that they share: writes succeed that took a part or nothing. */
TEST(w1_write_to_an_end_that_does_not_wait) {
  enum {
    SIZE = 700000
  };
  char* bytes = malloc(SIZE);
  uv_buf_t buf = uv_buf_init(bytes, SIZE);
  uv_write_t req;
  uv_os_fd_t handle;
  size_t have = 0;
  size_t i;
  int written = 0;

  CHECK(bytes != NULL);
  for (i = 0; i < SIZE; i++) {
    bytes[i] = (char) (i * 31 / 7);
  }
  begin();
  CHECK_EQ(uv_fileno((uv_handle_t*) &accepted, &handle), 0);
  make_impatient(handle);
  req.data = &written;
  CHECK_EQ(uv_write(&req, (uv_stream_t*) &accepted, &buf, 1, count_write), 0);
  while (have < SIZE) {
    net_turns(1);
    take_raw(bytes, &have);
  }
  net_until(&written, 1);
  CHECK_EQ(have, SIZE);
  end();
  free(bytes);
}

static char heard[16];
static int heard_size;

static void alloc_heard(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  (void) handle;
  (void) suggested_size;
  *buf = uv_buf_init(heard + heard_size, (unsigned) (sizeof heard - (size_t) heard_size));
}

static void on_heard(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) buf;
  CHECK(nread >= 0); /* no end: the writer lives */
  heard_size += (int) nread;
}

TEST(r4_silence_of_an_end_that_does_not_wait_is_no_end) {
  uv_os_fd_t handle;

  begin();
  CHECK_EQ(uv_fileno((uv_handle_t*) &accepted, &handle), 0);
  make_impatient(handle);
  CHECK_EQ(uv_read_start((uv_stream_t*) &accepted, alloc_heard, on_heard), 0);
  net_turns(20);
  say("hello", 5);
  net_until(&heard_size, 5);
  CHECK(memcmp(heard, "hello", 5) == 0);
  net_turns(20);
  end();
}

/* ---- Pairs ---- */

/* What has no name cannot be guessed, or made by somebody else before; and AppContainers, which may
 * not use most names, have children, too (rule P2). */
TEST(p2_pair_has_no_name) {
#ifndef UVTEST_SHIM
  SKIP("calls of the system cannot be counted here");
#else
  int nameless = 0;
  int i;

  for (i = 0; i < 8; i++) { /* The model refuses it now and then. */
    uv_file fds[2];
    char byte = 0;

    shim_count_begin();
    CHECK_EQ(uv_pipe(fds, 0, 0), 0);
    shim_count_end();
    nameless += shim_count("CreateNamedPipeW") == 0 && shim_count("CreateFileW") == 0;
    test_fd_write(fds[1], "x", 1);
    CHECK_EQ(test_fd_read(fds[0], &byte, 1), 1);
    CHECK_EQ(byte, 'x');
    test_fd_close(fds[0]);
    test_fd_close(fds[1]);
  }
  CHECK(nameless > 0);
#endif
}

/* ---- P2: who may use a name ---- */

typedef HANDLE(WINAPI* create_pipe_fn)(
    LPCWSTR, DWORD, DWORD, DWORD, DWORD, DWORD, DWORD, LPSECURITY_ATTRIBUTES);
typedef HANDLE(WINAPI* create_file_fn)(
    LPCWSTR, DWORD, DWORD, LPSECURITY_ATTRIBUTES, DWORD, DWORD, HANDLE);
IMPORTED(CreateNamedPipeW)
IMPORTED(CreateFileW)
static create_pipe_fn create_pipe;
static create_file_fn create_file;
static int instances;
static int instances_for_all; /* of which other machines could be the clients */
static int opens;
static int opens_as_anybody; /* whose server could act in our name */

static HANDLE WINAPI create_pipe_and_look(LPCWSTR name,
                                          DWORD open,
                                          DWORD mode,
                                          DWORD most,
                                          DWORD out,
                                          DWORD in,
                                          DWORD timeout_ms,
                                          LPSECURITY_ATTRIBUTES security) {
  instances++;
  instances_for_all += !(mode & PIPE_REJECT_REMOTE_CLIENTS);
  return create_pipe(name, open, mode, most, out, in, timeout_ms, security);
}

static HANDLE WINAPI create_file_and_look(LPCWSTR name,
                                          DWORD access,
                                          DWORD share,
                                          LPSECURITY_ATTRIBUTES security,
                                          DWORD how,
                                          DWORD flags,
                                          HANDLE like) {
  if (wcsncmp(name, L"\\\\.\\pipe\\", 9) == 0) {
    opens++;
    /* All of the levels have bits of their own, and none is the default, which lets it act. */
    opens_as_anybody +=
        (flags & (SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION | SECURITY_IMPERSONATION)) !=
        (SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION);
  }
  return create_file(name, access, share, security, how, flags, like);
}

static void on_client(uv_connect_t* req, int status_of_it) {
  CHECK_EQ(status_of_it, 0);
  ++*(int*) req->data;
}

/* A name is for this machine, and who connects to one lets its server know who he is, and no more. */
TEST(p2_name_is_for_this_machine_and_its_clients_are_safe) {
  char name[TEST_PIPE_NAME];
  uv_connect_t req;
  uv_pipe_t client;
  int done = 0;

  create_pipe = (create_pipe_fn) import_replace(IMPORT(CreateNamedPipeW),
                                                (import_function) create_pipe_and_look);
  create_file =
      (create_file_fn) import_replace(IMPORT(CreateFileW), (import_function) create_file_and_look);
  CHECK_EQ(uv_pipe_init(net_loop(), &server, 0), 0);
  CHECK_EQ(uv_pipe_bind(&server, test_pipe_name(name, sizeof name)), 0);
  CHECK_EQ(uv_listen((uv_stream_t*) &server, 1, on_connection), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &client, 0), 0);
  req.data = &done;
  uv_pipe_connect(&req, &client, name, on_client);
  net_until(&done, 1);
  CHECK(instances > 0);
  CHECK_EQ(instances_for_all, 0);
  CHECK(opens > 0);
  CHECK_EQ(opens_as_anybody, 0);
  net_end();
}

/* The rights of the entry for `sid` in the list of a handle; 0 when there is none. */
static ACCESS_MASK rights_of(HANDLE handle, PSID sid) {
  union {
    SECURITY_DESCRIPTOR descriptor;
    BYTE room[1024];
  } security;
  ACCESS_MASK found = 0;
  BOOL present = FALSE;
  BOOL defaulted;
  PACL acl = NULL;
  DWORD size;
  DWORD i;

  CHECK(GetKernelObjectSecurity(handle, DACL_SECURITY_INFORMATION, &security.descriptor,
                                sizeof security, &size));
  CHECK(GetSecurityDescriptorDacl(&security.descriptor, &present, &acl, &defaulted));
  CHECK(present && acl != NULL);
  for (i = 0; i < acl->AceCount; i++) {
    ACCESS_ALLOWED_ACE* ace;

    CHECK(GetAce(acl, i, (void**) &ace));
    if (EqualSid(&ace->SidStart, sid)) {
      found |= ace->Mask;
    }
  }
  return found;
}

/* The level below which nobody writes; 0 when there is none. */
static DWORD level_of(HANDLE handle) {
  union {
    SECURITY_DESCRIPTOR descriptor;
    BYTE room[1024];
  } security;
  SYSTEM_MANDATORY_LABEL_ACE* ace;
  BOOL present = FALSE;
  BOOL defaulted;
  PACL acl = NULL;
  DWORD size;

  CHECK(GetKernelObjectSecurity(handle, LABEL_SECURITY_INFORMATION, &security.descriptor,
                                sizeof security, &size));
  CHECK(GetSecurityDescriptorSacl(&security.descriptor, &present, &acl, &defaulted));
  if (!present || acl == NULL || acl->AceCount == 0) {
    return 0;
  }
  CHECK_EQ(acl->AceCount, 1);
  CHECK(GetAce(acl, 0, (void**) &ace));
  CHECK_EQ(ace->Header.AceType, SYSTEM_MANDATORY_LABEL_ACE_TYPE);
  CHECK_EQ(ace->Mask, SYSTEM_MANDATORY_LABEL_NO_WRITE_UP);
  return *GetSidSubAuthority(&ace->SidStart, 0);
}

static void ask_token(TOKEN_INFORMATION_CLASS what, void* info, DWORD room) {
  HANDLE token;
  DWORD size;

  CHECK(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token));
  CHECK(GetTokenInformation(token, what, info, room, &size));
  CHECK(CloseHandle(token));
}

/* An elevated server is the administrators' and has a label above that of ordinary programs; others
 * never get the right to make instances (rule P2). */
static void check_rights(void) {
  union {
    TOKEN_OWNER owner;
    BYTE room[sizeof(TOKEN_OWNER) + SECURITY_MAX_SID_SIZE];
  } owner;
  union {
    TOKEN_MANDATORY_LABEL label;
    BYTE room[sizeof(TOKEN_MANDATORY_LABEL) + SECURITY_MAX_SID_SIZE];
  } label;
  BYTE everyone[SECURITY_MAX_SID_SIZE];
  DWORD size = sizeof everyone;
  uv_os_fd_t handle;
  DWORD own;

  ask_token(TokenOwner, &owner, sizeof owner);
  ask_token(TokenIntegrityLevel, &label, sizeof label);
  own = *GetSidSubAuthority(label.label.Label.Sid, 0);
  CHECK(CreateWellKnownSid(WinWorldSid, NULL, everyone, &size));
  CHECK_EQ(uv_fileno((uv_handle_t*) &server, &handle), 0);
  CHECK_EQ(rights_of(handle, owner.owner.Owner), FILE_ALL_ACCESS);
  CHECK_EQ(rights_of(handle, everyone), 0);
  CHECK_EQ(level_of(handle), own);
  CHECK_EQ(uv_pipe_chmod(&server, UV_READABLE), 0);
  CHECK(rights_of(handle, everyone) & FILE_READ_DATA);
  CHECK_EQ(rights_of(handle, everyone) & (FILE_WRITE_DATA | FILE_CREATE_PIPE_INSTANCE), 0);
  CHECK_EQ(level_of(handle), own);
  CHECK_EQ(uv_pipe_chmod(&server, UV_READABLE | UV_WRITABLE), 0);
  CHECK(rights_of(handle, everyone) & FILE_WRITE_DATA);
  CHECK_EQ(rights_of(handle, everyone) & (FILE_CREATE_PIPE_INSTANCE | WRITE_DAC | WRITE_OWNER), 0);
  CHECK(level_of(handle) <= SECURITY_MANDATORY_MEDIUM_RID);
  CHECK_EQ(uv_pipe_chmod(&server, UV_READABLE), 0);
  CHECK_EQ(level_of(handle), own);
}

TEST(p2_name_belongs_to_the_owner_and_has_a_label) {
  char name[TEST_PIPE_NAME];

  CHECK_EQ(uv_pipe_init(net_loop(), &server, 0), 0);
  CHECK_EQ(uv_pipe_bind(&server, test_pipe_name(name, sizeof name)), 0);
  check_rights();
  net_end();
}

/* The same for a name that has clients, and instances that wait for others. */
TEST(p2_rights_change_while_a_name_is_listened_on) {
  char name[TEST_PIPE_NAME];

  test_pipe_listen(&server, test_pipe_name(name, sizeof name), 4, on_connection);
  check_rights();
  raw = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                    FILE_FLAG_OVERLAPPED, NULL);
  CHECK(raw != INVALID_HANDLE_VALUE);
  net_until(&arrivals, 1);
  CHECK_EQ(uv_pipe_chmod(&server, UV_READABLE), 0);
  end();
}

/* The label is the first instance's to change. When that has gone to a client, and with it, what there is
 * keeps its label, and says so. */
TEST(p2_label_without_the_first_instance) {
  char name[TEST_PIPE_NAME];
  uv_os_fd_t handle;
  DWORD before;
  int r;

  CHECK_EQ(uv_pipe_init(net_loop(), &server, 0), 0);
  CHECK_EQ(uv_pipe_bind(&server, test_pipe_name(name, sizeof name)), 0);
  uv_pipe_pending_instances(&server, 1);
  CHECK_EQ(uv_listen((uv_stream_t*) &server, 1, on_connection), 0);
  raw = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                    FILE_FLAG_OVERLAPPED, NULL);
  CHECK(raw != INVALID_HANDLE_VALUE);
  net_until(&arrivals, 1);
  net_close((uv_handle_t*) &accepted);
  CHECK_EQ(uv_fileno((uv_handle_t*) &server, &handle), 0);
  before = level_of(handle);
  r = uv_pipe_chmod(&server, UV_READABLE | UV_WRITABLE);
  CHECK(r == 0 || r == UV_EPERM);
  CHECK_EQ(level_of(handle) == before, r != 0 || before <= SECURITY_MANDATORY_MEDIUM_RID);
  CHECK_EQ(uv_pipe_chmod(&server, UV_READABLE), 0);
  CHECK_EQ(level_of(handle), before);
  end();
}
