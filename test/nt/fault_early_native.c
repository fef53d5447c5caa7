/* A socket whose connect the program began itself, to who listens a little later, and of which each call and
 * each allocation fails (rule E1; faults_native.h). */
#include <string.h>

#include "every.h"
#include "faults_native.h"
#include "harness.h"
#include "memory.h"
#include "nt.h"
#include "parts.h"
#include "uv.h"

static SOCKET late;

static void listen_late(uv_timer_t* timer) {
  faults_pause(1);
  CHECK_EQ(listen(late, 5), 0);
  faults_pause(0);
  close_quietly((uv_handle_t*) timer);
}

static SOCKET begin_early(void) {
  struct sockaddr_in addr;
  int len = sizeof(addr);
  SOCKET sock = socket(AF_INET, SOCK_STREAM, 0);
  u_long on = 1;

  late = socket(AF_INET, SOCK_STREAM, 0);
  CHECK_EQ(uv_ip4_addr("127.0.0.1", 0, &addr), 0);
  CHECK_EQ(bind(late, (struct sockaddr*) &addr, len), 0);
  CHECK_EQ(getsockname(late, (struct sockaddr*) &addr, &len), 0);
  CHECK_EQ(ioctlsocket(sock, FIONBIO, &on), 0);
  CHECK_EQ(connect(sock, (struct sockaddr*) &addr, len), SOCKET_ERROR);
  return sock;
}

static void hear_early(void) {
  SOCKET sock = accept(late, NULL, NULL);
  char bytes[BYTES + 1];
  int size = 0;
  int n;

  while ((n = recv(sock, bytes + size, (int) sizeof(bytes) - size, 0)) > 0)
    size += n;
  CHECK_EQ(n, 0);
  CHECK(size == BYTES && memcmp(bytes, text, BYTES) == 0);
  closesocket(sock);
}

static void scenario_early(void) {
  uv_timer_t timer;
  SOCKET sock;
  int r;

  forget();
  if (!scene_begin())
    return;
  faults_pause(1);
  sock = begin_early();
  faults_pause(0);
  CHECK_EQ(uv_tcp_init(scene, &client.tcp), 0);
  r = uv_tcp_open(&client.tcp, sock);
  if (r != 0) {
    check_fault(r);
    r = uv_tcp_open(&client.tcp, sock);
  }
  CHECK_EQ(r, 0);
  CHECK_EQ(uv_timer_init(scene, &timer), 0);
  if (went_on(uv_timer_start(&timer, listen_late, 20, 0)))
    tell_part(&client);
  scene_end();
  faults_pause(1);
  (void) nt_may_block(1);
  if (!scene_failed)
    hear_early();
  (void) nt_may_block(0);
  closesocket(late);
  faults_pause(0);
}

TEST(e1_windows_in_sockets_that_connect) {
  FAIL_CALLS_OF(scenario_early, CALL_WSAIoctl, CALL_WSASend, CALL_nt_shutdown);
}

TEST(e1_memory_in_sockets_that_connect) {
  for_every_allocation(scenario_early);
}
