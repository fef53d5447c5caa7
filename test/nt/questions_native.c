/* What a program asks its system by way of the library, while each call of Windows that the answer needs
 * fails once (rule E1; shortages_native.c). A question that is not answered changes nothing of what it
 * was to fill in (rule E2). */
#include <signal.h>
#include <string.h>

#include "every.h"
#include "faults_native.h"
#include "harness.h"
#include "memory.h"
#include "pipes.h"
#include "scenarios.h"
#include "shortages_native.h"

enum {
  UNTOUCHED = 0x5b
};

static int is_untouched(const void* memory, size_t size) {
  const unsigned char* bytes = memory;
  size_t i;

  for (i = 0; i < size; i++)
    if (bytes[i] != UNTOUCHED)
      return 0;
  return 1;
}

/* From here on nothing fails that this file asks for itself. */
static void pause_faults(void) {
  memory_fail_nth(0);
  faults_pause(1);
}

/* Asks for a text. */
static int ask_text(int (*ask)(char* buffer, size_t* size)) {
  char text[1024];
  size_t size = sizeof(text);
  int r;

  memset(text, UNTOUCHED, sizeof(text));
  r = ask(text, &size);
  if (r == 0)
    CHECK(size > 0 && strlen(text) == size);
  else
    CHECK(size == sizeof(text) && is_untouched(text, sizeof(text)));
  return r;
}

static int ask_cwd(void) {
  return ask_text(uv_cwd);
}

static int ask_exepath(void) {
  return ask_text(uv_exepath);
}

static int ask_tmpdir(void) {
  return ask_text(uv_os_tmpdir);
}

static int ask_homedir(void) {
  return ask_text(uv_os_homedir);
}

static int ask_hostname(void) {
  return ask_text(uv_os_gethostname);
}

static int getenv_of_path(char* buffer, size_t* size) {
  return uv_os_getenv("PATH", buffer, size);
}

static int ask_getenv(void) {
  return ask_text(getenv_of_path);
}

static int name_of_first(char* buffer, size_t* size) {
  return uv_if_indextoname(1, buffer, size);
}

static int ask_interface(void) {
  return ask_text(name_of_first);
}

static int ask_setenv(void) {
  char text[8];
  size_t size = sizeof(text);
  int r = uv_os_setenv("QUESTION", "yes");

  pause_faults();
  CHECK_EQ(uv_os_getenv("QUESTION", text, &size), r == 0 ? 0 : UV_ENOENT);
  faults_pause(0);
  return r;
}

static int ask_unsetenv(void) {
  char text[8];
  size_t size = sizeof(text);
  int r;

  pause_faults();
  CHECK_EQ(uv_os_setenv("QUESTION", "yes"), 0);
  faults_pause(0);
  r = uv_os_unsetenv("QUESTION");
  pause_faults();
  CHECK_EQ(uv_os_getenv("QUESTION", text, &size), r == 0 ? UV_ENOENT : 0);
  faults_pause(0);
  return r;
}

static int ask_environ(void) {
  uv_env_item_t* items = NULL;
  int count = -1;
  int r = uv_os_environ(&items, &count);

  if (r == 0) {
    CHECK(count > 0);
    uv_os_free_environ(items, count);
  } else {
    CHECK(items == NULL && count == -1);
  }
  return r;
}

static int ask_chdir(void) {
  return uv_chdir("C:\\");
}

static int ask_addresses(void) {
  uv_interface_address_t* addresses = NULL;
  int count = -1;
  int r = uv_interface_addresses(&addresses, &count);

  if (r == 0)
    uv_free_interface_addresses(addresses, count);
  else
    CHECK(addresses == NULL && count == -1);
  return r;
}

static int ask_uname(void) {
  uv_utsname_t name;
  int r;

  memset(&name, UNTOUCHED, sizeof(name));
  r = uv_os_uname(&name);
  if (r == 0)
    CHECK_STR(name.sysname, "Windows_NT");
  else
    CHECK(is_untouched(&name, sizeof(name)));
  return r;
}

static int ask_rusage(void) {
  uv_rusage_t usage;
  int r;

  memset(&usage, UNTOUCHED, sizeof(usage));
  r = uv_getrusage(&usage);
  if (r < 0)
    CHECK(is_untouched(&usage, sizeof(usage)));
  return r;
}

static int ask_memory(void) {
  size_t rss = UNTOUCHED;
  int r = uv_resident_set_memory(&rss);

  if (r < 0)
    CHECK_EQ(rss, UNTOUCHED);
  return r;
}

/* It has no way to say why. */
static int ask_parent(void) {
  (void) uv_os_getppid();
  return 0;
}

static int ask_random(void) {
  char bytes[16];

  return uv_random(NULL, NULL, bytes, sizeof(bytes), 0, NULL);
}

static int ask_socketpair(void) {
  uv_os_sock_t pair[2];
  int r;

  memset(pair, UNTOUCHED, sizeof(pair));
  r = uv_socketpair(SOCK_STREAM, 0, pair, UV_NONBLOCK_PIPE, UV_NONBLOCK_PIPE);
  if (r < 0) {
    CHECK(is_untouched(pair, sizeof(pair)));
  } else {
    CHECK_EQ(closesocket(pair[0]), 0);
    CHECK_EQ(closesocket(pair[1]), 0);
  }
  return r;
}

static int ask_pipe(void) {
  uv_file fds[2] = {-7, -7};
  int r = uv_pipe(fds, UV_NONBLOCK_PIPE, 0);
  int i;

  for (i = 0; i < 2; i++) {
    if (r < 0)
      CHECK_EQ(fds[i], -7);
    else
      test_fd_close(fds[i]);
  }
  return r;
}

static void do_nothing(void* arg) {
  (void) arg;
}

static int ask_thread(void) {
  uv_thread_t thread;
  int r = uv_thread_create(&thread, do_nothing, NULL);

  if (r == 0)
    CHECK_EQ(uv_thread_join(&thread), 0);
  return r;
}

static int ask_key(void) {
  uv_key_t key;
  int r = uv_key_create(&key);

  if (r == 0)
    uv_key_delete(&key);
  return r;
}

/* ---- With a loop ---- */

static int ask_addrinfo(void) {
  uv_getaddrinfo_t req;
  int r;

  if (!scene_begin())
    return fault_error;
  r = uv_getaddrinfo(scene, &req, NULL, "localhost", "80", NULL);
  CHECK((req.addrinfo == NULL) == (r != 0));
  uv_freeaddrinfo(req.addrinfo);
  scene_end();
  return r;
}

static int ask_nameinfo(void) {
  struct sockaddr_in addr;
  uv_getnameinfo_t req;
  int r;

  if (!scene_begin())
    return fault_error;
  CHECK_EQ(uv_ip4_addr("127.0.0.1", 80, &addr), 0);
  r = uv_getnameinfo(scene, &req, NULL, (struct sockaddr*) &addr, 0);
  scene_end();
  return r;
}

static int open_while_it_fails(uv_tcp_t* tcp, uv_os_sock_t sock) {
  int r;

  CHECK_EQ(uv_tcp_init(scene, tcp), 0);
  faults_pause(0);
  r = uv_tcp_open(tcp, sock);
  faults_pause(1);
  return r;
}

/* One that is not taken stays who asked's. */
static int close_opened(uv_tcp_t* tcp, uv_os_sock_t sock, int r) {
  if (r != 0)
    CHECK_EQ(closesocket(sock), 0);
  uv_close((uv_handle_t*) tcp, NULL);
  scene_end();
  faults_pause(0);
  return r;
}

/* A connection from elsewhere that is taken is one. */
static int ask_open_connected(void) {
  uv_os_sock_t pair[2];
  uv_tcp_t tcp;
  int r;

  faults_pause(1);
  r = uv_socketpair(SOCK_STREAM, 0, pair, 0, 0);
  if (r < 0 || !scene_begin()) { /* Memory. */
    if (r == 0)
      CHECK_EQ(closesocket(pair[0]) | closesocket(pair[1]), 0);
    faults_pause(0);
    return fault_error;
  }
  r = open_while_it_fails(&tcp, pair[0]);
  CHECK_EQ(uv_is_readable((uv_stream_t*) &tcp), r == 0);
  CHECK_EQ(closesocket(pair[1]), 0);
  return close_opened(&tcp, pair[0], r);
}

/* And one that is bound has its name. */
static int ask_open_bound(void) {
  struct sockaddr_in addr;
  int size = sizeof(addr);
  uv_os_sock_t sock;
  uv_tcp_t tcp;
  int r;

  faults_pause(1);
  if (!scene_begin()) {
    faults_pause(0);
    return fault_error;
  }
  sock = WSASocketW(AF_INET, SOCK_STREAM, 0, NULL, 0, WSA_FLAG_OVERLAPPED);
  CHECK(sock != INVALID_SOCKET);
  CHECK_EQ(uv_ip4_addr("127.0.0.1", 0, &addr), 0);
  CHECK_EQ(bind(sock, (struct sockaddr*) &addr, sizeof(addr)), 0);
  r = open_while_it_fails(&tcp, sock);
  if (r == 0) {
    CHECK_EQ(uv_tcp_getsockname(&tcp, (struct sockaddr*) &addr, &size), 0);
    CHECK(addr.sin_port != 0);
  }
  return close_opened(&tcp, sock, r);
}

static void ignore_signal(uv_signal_t* watcher, int signum) {
  (void) watcher;
  (void) signum;
}

static int ask_signal(void) {
  uv_signal_t watcher;
  int r;

  if (!scene_begin())
    return fault_error;
  CHECK_EQ(uv_signal_init(scene, &watcher), 0);
  r = uv_signal_start(&watcher, ignore_signal, SIGINT);
  CHECK_EQ(uv_is_active((uv_handle_t*) &watcher), r == 0);
  CHECK_EQ(uv_signal_stop(&watcher), 0);
  scene_end();
  return r;
}

static int ask_own_life(void) {
  return uv_kill(uv_os_getpid(), 0);
}

/* The whole of a scenario: its own checks say whether it may end as it did. */
static int ask_spawn(void) {
  scenario_spawn();
  return scene_failed ? fault_error : 0;
}

static int ask_spawn_ipc(void) {
  scenario_spawn_ipc();
  return scene_failed ? fault_error : 0;
}

/* A system that lacks the functions has no pseudo consoles. */
static int ask_pty(void) {
  if (faults_are_of(CALL_GetProcAddress))
    fault_also = UV_ENOTSUP;
  scenario_pty();
  return scene_failed ? fault_error : 0;
}

#define ASK_SHORT_OF(ask, ...)                               \
  do {                                                       \
    static const enum fault_call told[] = {__VA_ARGS__};     \
    shortages_in(ask, told, sizeof(told) / sizeof(told[0])); \
  } while (0)

TEST(e1_windows_in_names_of_places) {
  ASK_SHORT_OF(ask_cwd, CALL_GetCurrentDirectoryW);
  ASK_SHORT_OF(ask_exepath, CALL_GetModuleFileNameW);
  ASK_SHORT_OF(ask_tmpdir, CALL_GetTempPathW);
  ASK_SHORT_OF(ask_homedir, CALL_GetEnvironmentVariableW);
  ASK_SHORT_OF(ask_hostname, CALL_GetComputerNameExW);
  ASK_SHORT_OF(ask_chdir, CALL_SetCurrentDirectoryW);
}

TEST(e1_windows_in_the_environment) {
  ASK_SHORT_OF(ask_getenv, CALL_GetEnvironmentVariableW);
  ASK_SHORT_OF(ask_setenv, CALL_SetEnvironmentVariableW);
  ASK_SHORT_OF(ask_unsetenv, CALL_SetEnvironmentVariableW);
  ASK_SHORT_OF(ask_environ, CALL_GetEnvironmentStringsW);
}

TEST(e1_windows_in_what_it_tells_of_the_process_and_the_host) {
  ASK_SHORT_OF(ask_uname, CALL_GetProcAddress);
  ASK_SHORT_OF(ask_rusage, CALL_GetProcessTimes, CALL_K32GetProcessMemoryInfo,
               CALL_GetProcessIoCounters);
  ASK_SHORT_OF(ask_memory, CALL_K32GetProcessMemoryInfo);
  ASK_SHORT_OF(ask_parent, CALLS);
  ASK_SHORT_OF(ask_random, CALL_GetProcAddress);
  ASK_SHORT_OF(ask_own_life, CALL_OpenProcess);
}

TEST(e1_windows_in_the_network_of_the_machine) {
  ASK_SHORT_OF(ask_interface, CALL_ConvertInterfaceIndexToLuid);
  ASK_SHORT_OF(ask_addresses, CALLS);
  ASK_SHORT_OF(ask_addrinfo, CALL_GetAddrInfoW, CALL_WSAStartup);
  ASK_SHORT_OF(ask_nameinfo, CALL_GetNameInfoW, CALL_WSAStartup);
}

TEST(e1_windows_in_pairs_of_descriptors) {
  ASK_SHORT_OF(ask_socketpair, CALL_nt_listen, CALL_nt_connect, CALL_nt_accept, CALL_nt_getsockname,
               CALL_nt_getpeername, CALL_SetHandleInformation, CALL_ioctlsocket);
  ASK_SHORT_OF(ask_pipe, CALL__open_osfhandle);
}

TEST(e1_windows_in_a_socket_from_elsewhere) {
  ASK_SHORT_OF(ask_open_connected, CALL_nt_getpeername, CALL_WSAIoctl, CALL_ioctlsocket);
  ASK_SHORT_OF(ask_open_bound, CALL_nt_getsockname, CALL_WSAIoctl, CALL_ioctlsocket);
}

TEST(e1_windows_in_threads) {
  ASK_SHORT_OF(ask_thread, CALL__beginthreadex);
  ASK_SHORT_OF(ask_key, CALL_TlsAlloc);
}

TEST(e1_windows_in_watching_for_a_signal) {
  ASK_SHORT_OF(ask_signal, CALLS);
}

TEST(e1_windows_in_starting_a_child) {
  ASK_SHORT_OF(ask_spawn, CALL_CreateProcessW, CALL_UpdateProcThreadAttribute,
               CALL_InitializeProcThreadAttributeList, CALL_SetHandleInformation);
  ASK_SHORT_OF(ask_spawn_ipc, CALL_CreateProcessW);
}

TEST(e1_windows_in_starting_a_child_on_a_console) {
  ASK_SHORT_OF(ask_pty, CALL_CreatePseudoConsole, CALL_ResizePseudoConsole, CALL_CreateProcessW,
               CALL_UpdateProcThreadAttribute, CALL_InitializeProcThreadAttributeList,
               CALL_CreateThread, CALL_CreateEventW, CALL_DuplicateHandle,
               CALL_RegisterWaitForSingleObject);
}

/* ---- A child that is made, and cannot run ---- */

static int exits;

static void on_exit(uv_process_t* process, int64_t status, int signum) {
  CHECK_EQ(status, 1);
  CHECK_EQ(signum, 0);
  exits++;
  uv_close((uv_handle_t*) process, NULL);
}

/* It is ended, and its end told as that of any other (rule L2). */
TEST(e1_windows_child_that_cannot_be_resumed_ends) {
  uv_process_options_t options;
  uv_process_t process;
  char* args[8];

  if (harness_arg(0) != NULL)
    FAIL("it runs all the same");
  test_child(&options, args, "e1_windows_child_that_cannot_be_resumed_ends", "child");
  options.exit_cb = on_exit;
  CHECK(scene_begin());
  faults_plan(CALL_ResumeThread, ANY_FORM, 1, ERROR_ACCESS_DENIED);
  CHECK_EQ(uv_spawn(scene, &process, &options), 0);
  CHECK_EQ(faults_seen(), 1);
  scene_end();
  CHECK_EQ(exits, 1);
}
