/* Rule E1 for Windows: the scenarios of test/fault in which calls of Windows fail, and the calls that each has
 * to make. What fails, and how, is in fault_native.c. */
#include "every.h"
#include "faults_native.h"
#include "harness.h"
#include "parts.h"
#include "scenarios.h"

TEST(e1_windows_in_a_tcp_conversation) {
  FAIL_CALLS_OF(scenario_tcp_talk, CALL_CreateEventW, CALL_CreateIoCompletionPort, CALL_WSASocketW,
                CALL_WSARecv, CALL_WSASend, CALL_nt_bind, CALL_nt_listen, CALL_nt_shutdown,
                CALL_nt_accept_ex, CALL_nt_connect_ex, CALL_nt_setsockopt, CALL_ioctlsocket,
                CALL_READ_ENDS, CALL_CONTROL_ENDS, CALL_GetQueuedCompletionStatusEx);
}

TEST(e1_windows_in_a_connect_to_a_name) {
  FAIL_CALLS_OF(scenario_tcp_dial, CALL_CreateIoCompletionPort, CALL_WSASocketW, CALL_nt_bind,
                CALL_nt_connect_ex, CALL_nt_setsockopt, CALL_ioctlsocket, CALL_CONTROL_ENDS);
}

TEST(e1_windows_in_what_is_beyond) {
  FAIL_CALLS_OF(scenario_tcp_beyond, CALL_nt_device_control, CALL_WSARecv, CALL_WSASend,
                CALL_READ_ENDS, CALL_CONTROL_ENDS);
}

TEST(e1_windows_in_a_stream_that_moves) {
  FAIL_CALLS_OF(scenario_tcp_move, CALL_CreateIoCompletionPort, CALL_WSARecv, CALL_WSASend);
}

TEST(e1_windows_in_connections_that_come_and_go) {
  FAIL_CALLS_OF(scenario_tcp_come_and_go, CALL_nt_accept_ex, CALL_nt_connect_ex, CALL_CONTROL_ENDS);
}

/* Each run of the model has a disk of its own. */
static void scenario_files(void) {
  faults_pause(1);
  scene_make_file();
  faults_pause(0);
  scenario_tcp_file();
  if (!scene_failed)
    scenario_pipe_file();
  faults_pause(1);
  scene_remove_file();
  faults_pause(0);
}

TEST(e1_windows_in_files) {
  FAIL_CALLS_OF(scenario_files, CALL_nt_transmit_file, CALL_GetFileSizeEx, CALL_ReadFile,
                CALL_CreateEventW);
}

TEST(e1_windows_in_adopted_sockets) {
  FAIL_CALLS_OF(scenario_tcp_adopt, CALL_WSASocketW, CALL_WSARecv, CALL_WSASend, CALL_nt_bind);
}

/* Sockets that somebody else has, too, as a child may: their operations have events, and are on no port. */
static HANDLE others[2];
static int opened;

static int init_tcp(union part* who) {
  return uv_tcp_init(scene, &who->tcp);
}

static int open_shared(union part* who, uv_os_sock_t sock) {
  HANDLE self = GetCurrentProcess();
  int r;

  faults_pause(1);
  if (others[opened] == NULL)
    CHECK(DuplicateHandle(self, (HANDLE) sock, self, &others[opened], 0, FALSE,
                          DUPLICATE_SAME_ACCESS));
  faults_pause(0);
  r = uv_tcp_open(&who->tcp, sock);
  opened += r == 0;
  return r;
}

static void scenario_shared(void) {
  opened = 0;
  scenario_adopt(init_tcp, open_shared);
  while (opened-- > 0) {
    CHECK(CloseHandle(others[opened]));
    others[opened] = NULL;
  }
}

TEST(e1_windows_in_shared_sockets) {
  FAIL_CALLS_OF(scenario_shared, CALL_CreateEventW, CALL_RegisterWaitForSingleObject, CALL_WSARecv,
                CALL_WSASend);
}

TEST(e1_memory_in_shared_sockets) {
  for_every_allocation(scenario_shared);
}

TEST(e1_windows_in_a_pipe_conversation) {
  FAIL_CALLS_OF(scenario_pipe_talk, CALL_CreateNamedPipeW, CALL_CreateFileW, CALL_ConnectNamedPipe,
                CALL_ReadFile, CALL_WriteFile, CALL_READ_ENDS);
}

TEST(e1_windows_in_a_pipe_for_few) {
  FAIL_CALLS_OF(scenario_pipe_for_few, CALL_CreateNamedPipeW, CALL_AddAccessDeniedAce,
                CALL_ConvertStringSecurityDescriptorToSecurityDescriptorW);
}

/* By a path, with the file that one left which could not remove it. */
static void scenario_local(void) {
  (void) DeleteFileW(L"C:\\users\\model\\temp\\fault");
  scenario_pipe_talk_at("C:\\users\\model\\temp\\fault");
}

TEST(e1_windows_in_a_conversation_by_a_path) {
  FAIL_CALLS_OF(scenario_local, CALL_WSASocketW, CALL_nt_bind, CALL_nt_listen, CALL_CreateFileW,
                CALL_nt_connect_ex, CALL_nt_accept_ex, CALL_WSARecv, CALL_WSASend);
}

TEST(e1_memory_in_a_conversation_by_a_path) {
  for_every_allocation(scenario_local);
}

TEST(e1_windows_in_an_ipc_conversation) {
  FAIL_CALLS_OF(scenario_ipc_talk, CALL_CreateNamedPipeW, CALL_CreateFileW, CALL_ReadFile,
                CALL_WriteFile, CALL_READ_ENDS);
}

TEST(e1_windows_in_pipe_ends) {
  FAIL_CALLS_OF(scenario_pipe_ends, CALL_CreateNamedPipeW, CALL_CreateFileW, CALL__open_osfhandle,
                CALL_CreateThread, CALL_ReadFile, CALL_WriteFile);
}

TEST(e1_windows_in_nonblocking_pipe_ends) {
  FAIL_CALLS_OF(scenario_nonblocking_ends, CALL_CreateFileW, CALL__open_osfhandle, CALL_ReadFile,
                CALL_WriteFile, CALL_GetNamedPipeInfo);
}

TEST(e1_windows_in_passing_a_socket) {
  FAIL_CALLS_OF(scenario_pass_tcp, CALL_WSADuplicateSocketW, CALL_WSASocketW, CALL_WriteFile,
                CALL_ReadFile);
}

TEST(e1_windows_in_passing_a_socket_by_a_try) {
  FAIL_CALLS_OF(scenario_try_tcp, CALL_WSADuplicateSocketW, CALL_WriteFile, CALL_ReadFile);
}

TEST(e1_windows_in_passing_a_pipe) {
  FAIL_CALLS_OF(scenario_pass_pipe, CALL_DuplicateHandle, CALL_WriteFile, CALL_ReadFile);
}

TEST(e1_windows_in_passing_both) {
  FAIL_CALLS_OF(scenario_pass_both, CALL_WSADuplicateSocketW, CALL_WSASocketW, CALL_DuplicateHandle,
                CALL_WriteFile, CALL_ReadFile);
}

/* What lacks memory is not well the moment after. */
TEST(e1_shortage_in_a_tcp_conversation) {
  fault_native_shortage_in(scenario_tcp_talk);
}

TEST(e1_shortage_in_a_pipe_conversation) {
  fault_native_shortage_in(scenario_pipe_talk);
}

TEST(e1_shortage_in_an_ipc_conversation) {
  fault_native_shortage_in(scenario_ipc_talk);
}

TEST(e1_shortage_in_pipe_ends) {
  fault_native_shortage_in(scenario_nonblocking_ends);
}

TEST(e1_shortage_in_passing_a_socket) {
  fault_native_shortage_in(scenario_pass_tcp);
}

TEST(e1_shortage_in_passing_a_pipe) {
  fault_native_shortage_in(scenario_pass_pipe);
}

TEST(e1_shortage_in_passing_both) {
  fault_native_shortage_in(scenario_pass_both);
}
