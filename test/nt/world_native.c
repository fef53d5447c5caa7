/* The model without the library: several processes, whose packet is whose, the lock of synchronous
 * file objects, ticks. Each over many seeds. What real Windows must say too is in test/facts. */
#include <string.h>

#include "harness.h"
#include "mswsock.h"
#include "nt.h"
#include "ws2tcpip.h"

#define EACH_SEED(seed) for (seed = 1; seed <= 50; seed++)

static void connect_pair(SOCKET* a, SOCKET* b) {
  SOCKET listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in addr;
  int len = sizeof(addr);

  memset(&addr, 0, sizeof(addr));
  addr.sin_family = AF_INET;
  addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK_EQ(bind(listener, (struct sockaddr*) &addr, sizeof(addr)), 0);
  CHECK_EQ(listen(listener, 5), 0);
  CHECK_EQ(getsockname(listener, (struct sockaddr*) &addr, &len), 0);
  *a = socket(AF_INET, SOCK_STREAM, 0);
  CHECK_EQ(connect(*a, (struct sockaddr*) &addr, len), 0);
  *b = accept(listener, NULL, NULL);
  CHECK(*b != INVALID_SOCKET);
  CHECK_EQ(closesocket(listener), 0);
}

static void start_winsock(void) {
  WSADATA data;

  CHECK_EQ(WSAStartup(MAKEWORD(2, 2), &data), 0);
}

/* The port is the file object's: who begins an operation on a duplicate has its packet go there. */
TEST(packets_go_to_the_port_of_the_file_object) {
  unsigned seed;

  EACH_SEED(seed) {
    struct nt_process* ours;
    struct nt_process* other;
    WSAPROTOCOL_INFOW info;
    OVERLAPPED overlapped;
    OVERLAPPED_ENTRY entry;
    ULONG count = 0;
    SOCKET a, b, shared;
    HANDLE port;
    WSABUF none = {0, NULL};
    DWORD flags = 0;
    DWORD got;
    char byte;

    nt_begin(seed);
    start_winsock();
    connect_pair(&a, &b);
    port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    CHECK(CreateIoCompletionPort((HANDLE) b, port, 7, 0) == port);
    other = nt_process_new();
    CHECK_EQ(WSADuplicateSocketW(b, nt_process_id(other), &info), 0);
    ours = nt_process_enter(other);
    shared = WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &info, 0,
                        WSA_FLAG_OVERLAPPED);
    CHECK(shared != INVALID_SOCKET);
    memset(&overlapped, 0, sizeof(overlapped));
    CHECK_EQ(WSARecv(shared, &none, 1, NULL, &flags, &overlapped, NULL), SOCKET_ERROR);
    CHECK_EQ(WSAGetLastError(), WSA_IO_PENDING);
    /* It is nobody's to cancel but its beginner's. */
    nt_process_enter(ours);
    CHECK(!CancelIoEx((HANDLE) b, NULL));
    CHECK_EQ(GetLastError(), ERROR_NOT_FOUND);
    CHECK_EQ(send(a, "x", 1, 0), 1);
    CHECK(GetQueuedCompletionStatusEx(port, &entry, 1, &count, 1000, FALSE));
    CHECK(entry.lpOverlapped == &overlapped && entry.lpCompletionKey == 7);
    /* The other's handle keeps the connection. */
    CHECK_EQ(closesocket(b), 0);
    nt_process_enter(other);
    nt_may_block(1);
    got = (DWORD) recv(shared, &byte, 1, 0);
    CHECK_EQ(got, 1);
    nt_process_enter(ours);
    nt_process_end(other, 0);
    CHECK_EQ(recv(a, &byte, 1, 0), 0);
    CHECK_EQ(closesocket(a), 0);
    CHECK(CloseHandle(port));
    CHECK_EQ(WSACleanup(), 0);
    nt_end();
  }
}

static HANDLE sync_read, sync_write;
static LONG asked;

static DWORD WINAPI read_one(void* arg) {
  char byte;
  DWORD got = 0;

  (void) arg;
  CHECK(ReadFile(sync_read, &byte, 1, &got, NULL));
  CHECK_EQ(got, 1);
  return 0;
}

static DWORD WINAPI ask(void* arg) {
  DWORD total = 99;

  (void) arg;
  CHECK(PeekNamedPipe(sync_read, NULL, 0, NULL, &total, NULL));
  CHECK_EQ(total, 0);
  InterlockedIncrement(&asked);
  return 0;
}

/* A question about a synchronous pipe waits behind a read of it, in whatever thread. */
TEST(questions_wait_for_the_lock_of_a_synchronous_file) {
  unsigned seed;

  EACH_SEED(seed) {
    HANDLE threads[2];
    DWORD put;

    nt_begin(seed);
    asked = 0;
    CHECK(CreatePipe(&sync_read, &sync_write, NULL, 0));
    threads[0] = CreateThread(NULL, 0, read_one, NULL, 0, NULL);
    Sleep(50);
    threads[1] = CreateThread(NULL, 0, ask, NULL, 0, NULL);
    Sleep(50);
    CHECK_EQ(InterlockedCompareExchange(&asked, 0, 0), 0);
    CHECK_EQ(GetFileType(sync_read), FILE_TYPE_PIPE); /* This one does not. */
    CHECK(WriteFile(sync_write, "x", 1, &put, NULL));
    CHECK_EQ(WaitForMultipleObjects(2, threads, TRUE, INFINITE), WAIT_OBJECT_0);
    CHECK_EQ(asked, 1);
    CHECK(CloseHandle(threads[0]) && CloseHandle(threads[1]));
    CHECK(CloseHandle(sync_read) && CloseHandle(sync_write));
    nt_end();
  }
}

/* A synchronous read is ended from another thread, and takes nothing. */
static DWORD WINAPI read_until_cancelled(void* arg) {
  char byte;
  DWORD got = 0;

  (void) arg;
  CHECK(!ReadFile(sync_read, &byte, 1, &got, NULL));
  CHECK_EQ(GetLastError(), ERROR_OPERATION_ABORTED);
  return 0;
}

TEST(a_synchronous_read_can_be_cancelled) {
  unsigned seed;

  EACH_SEED(seed) {
    HANDLE thread;

    nt_begin(seed);
    CHECK(CreatePipe(&sync_read, &sync_write, NULL, 0));
    thread = CreateThread(NULL, 0, read_until_cancelled, NULL, 0, NULL);
    while (!CancelSynchronousIo(thread)) {
      CHECK_EQ(GetLastError(), ERROR_NOT_FOUND); /* It has not come so far. */
      SwitchToThread();
    }
    CHECK_EQ(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
    CHECK(CloseHandle(thread));
    CHECK(CloseHandle(sync_read) && CloseHandle(sync_write));
    nt_end();
  }
}

/* Time-outs are counted in ticks: early by less than one, late by no more than one. */
TEST(timeouts_are_counted_in_ticks) {
  unsigned seed;
  int early = 0;

  EACH_SEED(seed) {
    LARGE_INTEGER begin, end;
    HANDLE port;
    OVERLAPPED_ENTRY entry;
    ULONG count;

    nt_begin(seed);
    port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    QueryPerformanceCounter(&begin);
    CHECK(!GetQueuedCompletionStatusEx(port, &entry, 1, &count, 20, FALSE));
    CHECK_EQ(GetLastError(), WAIT_TIMEOUT);
    QueryPerformanceCounter(&end);
    CHECK(end.QuadPart - begin.QuadPart > 200000 - 156250);
    CHECK(end.QuadPart - begin.QuadPart < 200000 + 156250);
    early += end.QuadPart - begin.QuadPart < 200000;
    CHECK(CloseHandle(port));
    nt_end();
  }
  CHECK(early > 0 && early < 50);
}

static HANDLE waiter;

static DWORD WINAPI wait_for_client(void* server) {
  CHECK(ConnectNamedPipe(server, NULL));
  return 0;
}

static void threads_connect(HANDLE server) {
  waiter = CreateThread(NULL, 0, wait_for_client, server, 0, NULL);
  Sleep(50);
}

/* A client that was disconnected keeps its end, of a pipe that leads nowhere; the instance serves the
 * next one. */
TEST(a_disconnected_client_leaves_the_instance_to_the_next) {
  unsigned seed;

  EACH_SEED(seed) {
    HANDLE server, first, second;
    DWORD n = 0;
    char byte = 'x';

    nt_begin(seed);
    server = CreateNamedPipeW(L"\\\\.\\pipe\\next", PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, 1, 100, 100,
                              0, NULL);
    CHECK(server != INVALID_HANDLE_VALUE);
    first = CreateFileW(L"\\\\.\\PIPE\\Next", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                        0, NULL);
    CHECK(first != INVALID_HANDLE_VALUE);
    CHECK(WriteFile(first, &byte, 1, &n, NULL));
    CHECK(DisconnectNamedPipe(server));
    CHECK(!WriteFile(first, &byte, 1, &n, NULL));
    CHECK_EQ(GetLastError(), ERROR_PIPE_NOT_CONNECTED);
    second = CreateFileW(L"\\\\.\\pipe\\next", GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
    CHECK(second == INVALID_HANDLE_VALUE); /* Not before the server waits again. */
    CHECK_EQ(GetLastError(), ERROR_PIPE_BUSY);
    threads_connect(server);
    second = CreateFileW(L"\\\\.\\pipe\\next", GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
    CHECK(second != INVALID_HANDLE_VALUE);
    CHECK(CloseHandle(first));
    CHECK(WriteFile(server, "y", 1, &n, NULL));
    CHECK(ReadFile(second, &byte, 1, &n, NULL));
    CHECK_EQ(byte, 'y');
    CHECK_EQ(WaitForSingleObject(waiter, INFINITE), WAIT_OBJECT_0);
    CHECK(CloseHandle(waiter) && CloseHandle(second) && CloseHandle(server));
    nt_end();
  }
}

/* A closed handle's value is the next one's: at once, never, or now and then, as the seed has it. Who uses
 * it then has the other object. */
TEST(values_of_handles_are_used_again) {
  unsigned at_once = 0;
  unsigned never = 0;
  unsigned seed;

  EACH_SEED(seed) {
    unsigned again = 0;
    unsigned i;

    nt_begin(seed);
    for (i = 0; i < 20; i++) {
      HANDLE closed = CreateEventW(NULL, TRUE, FALSE, NULL);
      HANDLE next;

      CHECK(CloseHandle(closed));
      next = CreateEventW(NULL, TRUE, FALSE, NULL);
      if (next == closed) {
        CHECK(SetEvent(closed));
        CHECK_EQ(WaitForSingleObject(next, 0), WAIT_OBJECT_0);
        again++;
      }
      CHECK(CloseHandle(next));
    }
    at_once += again == 20;
    never += again == 0;
    nt_end();
  }
  CHECK(at_once > 0 && never > 0 && at_once + never < 50);
}
