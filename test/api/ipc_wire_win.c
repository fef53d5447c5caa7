/* The frames of an IPC pipe on Windows (rules I5, I6, P6), against a peer that writes and reads
 * them itself, byte by byte where it matters: as libuv does, as this library does, or as neither
 * would. */
#include <fcntl.h>
#include <io.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "net.h"
#include "pipes.h"
#include "uv.h"
#include "uvstream.h"

enum {
  OURS = 0x01535655, /* the word of a header by which this library is known */
  DATA = 1,
  SOCKET_INFO = 2,
  CONNECTION = 4,
  PIPE = 0x100,
  END = 0x200,
  MORE = 0x400,
  HEADER = 16,
  SOCKET_SIZE = 632,
  PIPE_SIZE = 16
};

/* ---- The two ends ---- */

static uv_pipe_t server;
static uv_pipe_t channel;
static int connected;
static HANDLE raw = INVALID_HANDLE_VALUE;

static void on_connection(uv_stream_t* stream, int status) {
  CHECK_EQ(status, 0);
  CHECK_EQ(uv_pipe_init(stream->loop, &channel, 1), 0);
  CHECK_EQ(uv_accept(stream, (uv_stream_t*) &channel), 0);
  connected++;
}

static void raw_write(const void* bytes, size_t size) {
  DWORD written;

  CHECK(WriteFile(raw, bytes, (DWORD) size, &written, NULL));
  CHECK_EQ(written, size);
}

/* How many bytes the peer could read now; -1 at the end. */
static int raw_waiting(void) {
  DWORD total;

  return PeekNamedPipe(raw, NULL, 0, NULL, &total, NULL) ? (int) total : -1;
}

/* Exactly `size` bytes; the loop runs until they are there. */
static void raw_read(void* to, size_t size) {
  char* at = to;

  while (size > 0) {
    int waiting = raw_waiting();
    DWORD got;

    CHECK(waiting >= 0);
    if (waiting == 0) {
      net_turns(1);
      continue;
    }
    CHECK(
        ReadFile(raw, at, (DWORD) (size < (size_t) waiting ? size : (size_t) waiting), &got, NULL));
    at += got;
    size -= got;
  }
}

struct header {
  uint32_t flags;
  uint32_t word;
  uint32_t length;
  uint32_t zero;
};

static void raw_header(uint32_t flags, uint32_t word, uint32_t length) {
  struct header header = {flags, word, length, 0};

  raw_write(&header, sizeof header);
}

static void raw_frame(uint32_t word, const char* text) {
  raw_header(DATA, word, (uint32_t) strlen(text));
  raw_write(text, strlen(text));
}

/* The next frame must be this one. */
static void expect_header(uint32_t flags, uint32_t length) {
  struct header header;

  raw_read(&header, sizeof header);
  CHECK_EQ(header.flags, flags);
  CHECK_EQ(header.word, OURS);
  CHECK_EQ(header.length, length);
  CHECK_EQ(header.zero, 0);
}

/* Connects the raw peer, and reads with what the library begins. */
static void begin(void) {
  char name[TEST_PIPE_NAME];

  CHECK_EQ(uv_pipe_init(net_loop(), &server, 1), 0);
  CHECK_EQ(uv_pipe_bind(&server, test_pipe_name(name, sizeof name)), 0);
  CHECK_EQ(uv_listen((uv_stream_t*) &server, 1, on_connection), 0);
  raw = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
  CHECK(raw != INVALID_HANDLE_VALUE);
  net_until(&connected, 1);
  expect_header(DATA, 0);
}

static void end(void) {
  if (raw != INVALID_HANDLE_VALUE)
    CHECK(CloseHandle(raw));
  net_end();
}

/* ---- Reading ---- */

static char text[4096];
static int text_size;
static int reads;
static int empty_reads;
static int refusals; /* how many more buffers are refused */
static int refused;
static int ended;
static int status;

static void alloc_text(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  (void) handle;
  (void) suggested_size;
  *buf = uv_buf_init(text + text_size, refusals > 0 ? 0 : (unsigned) (sizeof text - text_size));
}

static void on_text(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) buf;
  if (nread > 0) {
    text_size += (int) nread;
    reads++;
  } else if (nread == 0) {
    empty_reads++;
  } else if (nread == UV_ENOBUFS) {
    refusals--;
    refused++;
  } else {
    ended++;
    status = (int) nread;
  }
}

static void start_reading(void) {
  CHECK_EQ(uv_read_start((uv_stream_t*) &channel, alloc_text, on_text), 0);
}

static void until_text(const char* wanted) {
  net_until(&text_size, (int) strlen(wanted));
  CHECK_EQ(text_size, strlen(wanted));
  CHECK(memcmp(text, wanted, strlen(wanted)) == 0);
}

TEST(i5_frames_of_libuv_both_ways) {
  uv_buf_t bufs[3];
  uv_write_t req;
  char got[6];

  begin();
  start_reading();
  raw_frame(0, "hello");
  raw_frame(0, "");
  raw_frame(0, ", world");
  until_text("hello, world");
  CHECK_EQ(empty_reads, 0);
  bufs[0] = uv_buf_init((char*) "ab", 2);
  bufs[1] = uv_buf_init((char*) "", 0);
  bufs[2] = uv_buf_init((char*) "cdef", 4);
  CHECK_EQ(uv_write(&req, (uv_stream_t*) &channel, bufs, 3, NULL), 0);
  expect_header(DATA, 6);
  raw_read(got, 6);
  CHECK(memcmp(got, "abcdef", 6) == 0);
  CHECK_EQ(uv_try_write((uv_stream_t*) &channel, bufs, 3), 6);
  expect_header(DATA, 6);
  raw_read(got, 6);
  CHECK(memcmp(got, "abcdef", 6) == 0);
  end();
}

/* Takes what a frame tells of. */
static SOCKET take_socket(const void* info) {
  WSAPROTOCOL_INFOW copy;
  SOCKET sock;

  memcpy(&copy, info, sizeof copy);
  sock = WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &copy, 0, 0);
  CHECK(sock != INVALID_SOCKET);
  return sock;
}

TEST(i5_socket_in_a_frame) {
  uv_tcp_t a, b, listener;
  uv_buf_t buf = uv_buf_init((char*) "x", 1);
  uv_write_t reqs[2];
  char info[SOCKET_SIZE];
  char byte;
  SOCKET sock;
  struct sockaddr_storage addr;
  int size = sizeof addr;

  begin();
  net_pair(&a, &b);
  CHECK_EQ(uv_write2(&reqs[0], (uv_stream_t*) &channel, &buf, 1, (uv_stream_t*) &b, NULL), 0);
  expect_header(DATA | SOCKET_INFO | CONNECTION, 1);
  raw_read(info, sizeof info);
  raw_read(&byte, 1);
  CHECK_EQ(byte, 'x');
  CHECK_EQ(*(uint32_t*) (void*) (info + 628), 0); /* no delayed error */
  sock = take_socket(info);
  CHECK_EQ(getpeername(sock, (struct sockaddr*) &addr, &size), 0);
  closesocket(sock);

  CHECK_EQ(uv_tcp_init(net_loop(), &listener), 0);
  *(struct sockaddr_in*) &addr = net_address(0);
  CHECK_EQ(uv_tcp_bind(&listener, (struct sockaddr*) &addr, 0), 0);
  CHECK_EQ(uv_write2(&reqs[1], (uv_stream_t*) &channel, &buf, 1, (uv_stream_t*) &listener, NULL),
           0);
  expect_header(DATA | SOCKET_INFO, 1);
  raw_read(info, sizeof info);
  raw_read(&byte, 1);
  closesocket(take_socket(info));
  end();
}

/* The bind error that libuv sends along is reported by listen, as if the bind had been here. */
TEST(i5_delayed_error_of_a_socket) {
  WSAPROTOCOL_INFOW info;
  uint32_t error = WSAEADDRINUSE;
  uv_tcp_t passed;
  SOCKET sock;

  begin();
  start_reading();
  sock = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
  CHECK(sock != INVALID_SOCKET);
  CHECK_EQ(WSADuplicateSocketW(sock, GetCurrentProcessId(), &info), 0);
  raw_header(DATA | SOCKET_INFO, 0, 1);
  raw_write(&info, sizeof info);
  raw_write(&error, sizeof error);
  raw_write("x", 1);
  until_text("x");
  CHECK_EQ(uv_tcp_init(net_loop(), &passed), 0);
  CHECK_EQ(uv_accept((uv_stream_t*) &channel, (uv_stream_t*) &passed), 0);
  CHECK_EQ(uv_listen((uv_stream_t*) &passed, 1, on_connection), UV_EADDRINUSE);
  closesocket(sock);
  end();
}

/* And one that we send goes along, in the library's numbers, which libuv takes as they are. */
TEST(i5_delayed_error_of_a_socket_that_is_sent) {
  unsigned char info[SOCKET_SIZE];
  struct sockaddr_in addr;
  uv_write_t req;
  uv_buf_t buf = uv_buf_init((char*) "x", 1);
  uv_tcp_t taken;
  uv_tcp_t missed;
  int32_t error;
  char byte;

  begin();
  addr = net_listen(&taken, 8, on_connection);
  CHECK_EQ(uv_tcp_init(net_loop(), &missed), 0);
  CHECK_EQ(uv_tcp_bind(&missed, (struct sockaddr*) &addr, 0), 0);
  CHECK_EQ(uv_write2(&req, (uv_stream_t*) &channel, &buf, 1, (uv_stream_t*) &missed, NULL), 0);
  expect_header(DATA | SOCKET_INFO, 1);
  raw_read(info, sizeof info);
  raw_read(&byte, 1);
  memcpy(&error, info + sizeof info - sizeof error, sizeof error);
  CHECK_EQ(error, UV_EADDRINUSE);
  closesocket(take_socket(info));
  end();
}

/* A frame of which the peer sends a byte whenever the loop's timer fires. */
struct trickle {
  unsigned char frame[HEADER + SOCKET_SIZE + 4];
  int sent;
  int turns; /* of the loop since the last byte */
};

static void send_next(uv_timer_t* timer) {
  struct trickle* trickle = timer->data;
  int payload = trickle->sent - HEADER - SOCKET_SIZE;

  if (text_size < payload)
    return; /* Nothing is held back, or there is no next one. */
  CHECK_EQ(text_size, payload > 0 ? payload : 0);
  raw_write(trickle->frame + trickle->sent, 1);
  trickle->turns = 0;
  if (++trickle->sent == (int) sizeof trickle->frame)
    CHECK_EQ(uv_timer_stop(timer), 0);
}

static void count_turn(uv_check_t* check) {
  struct trickle* trickle = check->data;

  CHECK(++trickle->turns < 50); /* a loop that spins has thousands */
}

/* A header, a block and payload, one byte at a time. The peer is this very thread: a loop that
 * waited for the rest of something would wait for ever. The program is called for payload
 * only (rule L6). */
TEST(l6_frames_byte_by_byte) {
  static const char payload[] = "slow";
  static struct trickle trickle;
  struct header header = {DATA | SOCKET_INFO, 0, 4, 0};
  WSAPROTOCOL_INFOW info;
  uv_check_t check;
  uv_timer_t timer;
  SOCKET sock;

  begin();
  start_reading();
  sock = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
  CHECK(sock != INVALID_SOCKET);
  CHECK_EQ(WSADuplicateSocketW(sock, GetCurrentProcessId(), &info), 0);
  memcpy(trickle.frame, &header, HEADER);
  memcpy(trickle.frame + HEADER, &info, sizeof info);
  memcpy(trickle.frame + HEADER + SOCKET_SIZE, payload, 4);
  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  timer.data = &trickle;
  CHECK_EQ(uv_timer_start(&timer, send_next, 0, 10), 0);
  CHECK_EQ(uv_check_init(net_loop(), &check), 0);
  check.data = &trickle;
  CHECK_EQ(uv_check_start(&check, count_turn), 0);
  until_text(payload);
  CHECK_EQ(reads, 4);
  CHECK_EQ(empty_reads, 0);
  CHECK_EQ(uv_pipe_pending_count(&channel), 1);
  closesocket(sock);
  end();
}

/* ---- R6: frames that bring the program nothing ---- */

static void count_empty_turn(uv_check_t* check) {
  ++*(int*) check->data;
}

/* A header alone is legal, and a peer can send nothing but headers. Its stream gives way like one with
 * endless data: the loop turns while they are read (rule R6). */
TEST(r6_frames_without_payload_give_way) {
  enum {
    FRAMES = 2000
  };
  static struct header headers[FRAMES];
  static const char payload[] = "at last";
  uv_check_t check;
  int turns = 0;
  int i;

  begin();
  for (i = 0; i < FRAMES; i++) {
    headers[i].flags = DATA;
  }
  raw_write(headers, sizeof headers);
  raw_frame(0, payload);
  CHECK_EQ(uv_check_init(net_loop(), &check), 0);
  check.data = &turns;
  CHECK_EQ(uv_check_start(&check, count_empty_turn), 0);
  start_reading();
  until_text(payload);
  CHECK(turns >= FRAMES / 200);
  CHECK_EQ(empty_reads, 0);
  end();
}

static void alloc_byte(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  (void) handle;
  (void) suggested_size;
  *buf = uv_buf_init(text + text_size, 1);
}

/* Also behind payload that has filled its buffer, so that more is looked for at once. */
TEST(r6_frames_without_payload_behind_one_give_way) {
  enum {
    FRAMES = 2000
  };
  static struct header headers[FRAMES];
  uv_check_t check;
  int turns = 0;
  int i;

  begin();
  for (i = 0; i < FRAMES; i++)
    headers[i].flags = DATA;
  raw_frame(0, "a");
  raw_write(headers, sizeof headers);
  raw_frame(0, "b");
  CHECK_EQ(uv_check_init(net_loop(), &check), 0);
  check.data = &turns;
  CHECK_EQ(uv_check_start(&check, count_empty_turn), 0);
  CHECK_EQ(uv_read_start((uv_stream_t*) &channel, alloc_byte, on_text), 0);
  until_text("ab");
  CHECK(turns >= FRAMES / 200);
  end();
}

/* They were there before anything else was done with the pipe. */
TEST(r6_frames_without_payload_that_were_there_first) {
  enum {
    FRAMES = 200
  };
  static struct header headers[FRAMES];
  static const char payload[] = "at last";
  char name[TEST_PIPE_NAME];
  HANDLE end_;
  int i;

  test_pipe_name(name, sizeof name);
  raw = CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, 1, 65536, 65536, 0, NULL);
  CHECK(raw != INVALID_HANDLE_VALUE);
  end_ = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                     FILE_FLAG_OVERLAPPED, NULL);
  CHECK(end_ != INVALID_HANDLE_VALUE);
  for (i = 0; i < FRAMES; i++)
    headers[i].flags = DATA;
  raw_write(headers, sizeof headers);
  raw_frame(0, payload);
  CHECK_EQ(uv_pipe_init(net_loop(), &channel, 1), 0);
  CHECK_EQ(uv_pipe_open(&channel, _open_osfhandle((intptr_t) end_, _O_BINARY)), 0);
  start_reading();
  until_text(payload);
  end();
}

TEST(r3_no_buffer_within_a_frame) {
  struct header header = {DATA, 0, 6, 0};

  begin();
  refusals = 5;
  start_reading();
  raw_write(&header, 7);
  net_turns(5);
  raw_write((char*) &header + 7, HEADER - 7);
  raw_write("abc", 3);
  net_until(&refused, 2);
  raw_write("def", 3);
  until_text("abcdef");
  CHECK_EQ(refused, 5);
  end();
}

/* Stopped within a frame, bytes wait (rule R5). */
TEST(r5_stop_within_a_frame) {
  int i;

  begin();
  start_reading();
  raw_header(DATA, 0, 300);
  for (i = 0; i < 100; i++) {
    raw_write("abc", 3);
    net_until(&text_size, 3 * i + 3);
    CHECK_EQ(uv_read_stop((uv_stream_t*) &channel), 0);
    net_turns(1);
    start_reading();
  }
  CHECK_EQ(text_size, 300);
  end();
}

/* ---- What is no frame ---- */

static void expect_end(int code) {
  net_until(&ended, 1);
  CHECK_EQ(status, code);
  CHECK(!uv_is_readable((uv_stream_t*) &channel));
  end();
}

static void hostile(uint32_t flags, uint32_t word, uint32_t length, uint32_t zero) {
  struct header header = {flags, word, length, zero};

  begin();
  start_reading();
  raw_frame(word, "good");
  raw_write(&header, sizeof header);
  raw_write("0123456789", 10);
  net_until(&ended, 1);
  CHECK_EQ(text_size, 4);
  expect_end(UV_ECONNABORTED);
}

TEST(i6_unknown_flag) {
  hostile(DATA | 8, 0, 4, 0);
}

TEST(i6_length_without_data) {
  hostile(0, 0, 4, 0);
}

TEST(i6_connection_without_a_socket) {
  hostile(DATA | CONNECTION, 0, 4, 0);
}

TEST(i6_fourth_word_not_zero) {
  hostile(DATA, 0, 4, 1);
}

TEST(i6_our_frames_from_libuv) {
  hostile(END, 0, 0, 0);
}

TEST(i6_socket_and_pipe_at_once) {
  hostile(DATA | SOCKET_INFO | PIPE, OURS, 4, 0);
}

TEST(i6_bytes_behind_the_end) {
  begin();
  start_reading();
  raw_header(END, OURS, 0);
  raw_frame(OURS, "more");
  net_until(&ended, 1);
  CHECK_EQ(text_size, 0);
  expect_end(UV_EOF);
}

static void cut_off(size_t size) {
  struct header header = {DATA, 0, 100, 0};

  begin();
  start_reading();
  raw_write(&header, size < HEADER ? size : HEADER);
  if (size > HEADER)
    raw_write("payload", size - HEADER);
  CHECK(CloseHandle(raw));
  raw = INVALID_HANDLE_VALUE;
  expect_end(UV_ECONNABORTED);
}

TEST(i6_cut_off_in_a_header) {
  cut_off(HEADER - 1);
}

TEST(i6_cut_off_in_the_payload) {
  cut_off(HEADER + 7);
}

TEST(i6_end_between_frames) {
  begin();
  start_reading();
  raw_frame(0, "last");
  CHECK(CloseHandle(raw));
  raw = INVALID_HANDLE_VALUE;
  net_until(&ended, 1);
  CHECK_EQ(text_size, 4);
  expect_end(UV_EOF);
}

TEST(i6_socket_information_of_nothing) {
  char info[SOCKET_SIZE];

  begin();
  start_reading();
  memset(info, 0xA5, sizeof info);
  raw_header(DATA | SOCKET_INFO, 0, 1);
  raw_write(info, sizeof info);
  raw_write("x", 1);
  net_until(&ended, 1);
  CHECK_EQ(uv_pipe_pending_count(&channel), 0);
  expect_end(UV_ECONNABORTED);
}

/* A frame that tells of a socket; with `target` not what was duplicated for this process, but another
 * handle of it. */
static void give_socket(SOCKET sock, HANDLE target) {
  const uint32_t no_error = 0;
  DWORD words[(SOCKET_SIZE - 4) / sizeof(DWORD)];
  WSAPROTOCOL_INFOW info;
  int named = target == NULL;
  size_t i;

  CHECK_EQ(WSADuplicateSocketW(sock, GetCurrentProcessId(), &info), 0);
  memcpy(words, &info, sizeof words);
  if (target != NULL) {
    SOCKET taken = take_socket(&info);

    /* Where it has the handle is not documented. */
    for (i = 0; i < sizeof words / sizeof words[0]; i++) {
      if (words[i] == (DWORD) taken) {
        words[i] = (DWORD) (ULONG_PTR) target;
        named = 1;
      }
    }
    CHECK_EQ(closesocket(taken), 0);
  }
  CHECK_EQ(closesocket(sock), 0);
  if (!named)
    SKIP("this system does not name the handle in what it tells of a socket");
  raw_header(DATA | SOCKET_INFO, 0, 1);
  raw_write(words, sizeof words);
  raw_write(&no_error, sizeof no_error);
  raw_write("x", 1);
}

static SOCKET make_socket(void) {
  SOCKET sock = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);

  CHECK(sock != INVALID_SOCKET);
  return sock;
}

/* One that a stream has, of whatever loop. */
TEST(i6_socket_information_of_a_stream) {
  uv_tcp_t a, b;
  uv_os_fd_t own;
  int type;
  int size = sizeof type;

  begin();
  net_pair(&a, &b);
  CHECK_EQ(uv_fileno((uv_handle_t*) &a, &own), 0);
  start_reading();
  give_socket(make_socket(), own);
  net_until(&ended, 1);
  CHECK_EQ(uv_pipe_pending_count(&channel), 0);
  CHECK_EQ(getsockopt((SOCKET) own, SOL_SOCKET, SO_TYPE, (char*) &type, &size), 0);
  expect_end(UV_ECONNABORTED);
}

/* The first time it was given; by the second it is one that waits to be accepted. */
TEST(i6_socket_information_given_twice) {
  WSAPROTOCOL_INFOW info;
  const uint32_t no_error = 0;
  SOCKET sock;
  uv_tcp_t tcp;
  int i;

  begin();
  start_reading();
  sock = make_socket();
  CHECK_EQ(WSADuplicateSocketW(sock, GetCurrentProcessId(), &info), 0);
  for (i = 0; i < 2; i++) {
    raw_header(DATA | SOCKET_INFO, 0, 1);
    raw_write(&info, sizeof info);
    raw_write(&no_error, sizeof no_error);
    raw_write("x", 1);
  }
  net_until(&ended, 1);
  CHECK(status < 0);
  CHECK_EQ(uv_pipe_pending_count(&channel), 1);
  CHECK_EQ(uv_tcp_init(net_loop(), &tcp), 0);
  CHECK_EQ(uv_accept((uv_stream_t*) &channel, (uv_stream_t*) &tcp), 0);
  CHECK_EQ(closesocket(sock), 0);
  end();
}

/* What names a socket of another kind than TCP's is not even tried: it stays the sender's. */
static void give_other_socket(void (*change)(WSAPROTOCOL_INFOW* info)) {
  char block[SOCKET_SIZE] = {0};
  WSAPROTOCOL_INFOW info;
  SOCKET sock;

  begin();
  start_reading();
  sock = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
  CHECK(sock != INVALID_SOCKET);
  memset(&info, 0, sizeof info);
  info.iSocketType = SOCK_STREAM;
  info.iProtocol = IPPROTO_TCP;
  info.iAddressFamily = AF_INET;
  change(&info);
  memcpy(block, &info, sizeof info);
  raw_header(DATA | SOCKET_INFO, 0, 1);
  raw_write(block, sizeof block);
  raw_write("x", 1);
  net_until(&ended, 1);
  CHECK_EQ(uv_pipe_pending_count(&channel), 0);
  CHECK_EQ(closesocket(sock), 0);
  expect_end(UV_ECONNABORTED);
}

static void make_datagrams(WSAPROTOCOL_INFOW* info) {
  info->iSocketType = SOCK_DGRAM;
}

static void make_udp(WSAPROTOCOL_INFOW* info) {
  info->iProtocol = IPPROTO_UDP;
}

static void make_infrared(WSAPROTOCOL_INFOW* info) {
  info->iAddressFamily = 26; /* AF_IRDA */
}

TEST(i6_socket_information_of_datagrams) {
  give_other_socket(make_datagrams);
}

TEST(i6_socket_information_of_another_protocol) {
  give_other_socket(make_udp);
}

TEST(i6_socket_information_of_another_family) {
  give_other_socket(make_infrared);
}

static void give_pipe_as(uint64_t value, uint32_t flags, uint32_t ending, uint32_t zero) {
  struct {
    uint64_t value;
    uint32_t ending;
    uint32_t zero;
  } block = {value, ending, zero};

  raw_header(DATA | PIPE | flags, OURS, 1);
  raw_write(&block, sizeof block);
  raw_write("x", 1);
}

static void give_pipe(uint64_t value, uint32_t flags) {
  give_pipe_as(value, flags, 0, 0);
}

/* A handle that is no pipe, or that is not the peer's to give. */
static void bad_pipe(uint64_t value) {
  start_reading();
  give_pipe(value, CONNECTION);
  net_until(&ended, 1);
  CHECK_EQ(uv_pipe_pending_count(&channel), 0);
}

TEST(i6_pipe_handle_of_nothing) {
  begin();
  bad_pipe(0x7FFFFFF0);
  expect_end(UV_ECONNABORTED);
}

/* One that is ours is refused, and stays open. */
static void refused_pipe(HANDLE ours, uint32_t flags) {
  DWORD state;

  start_reading();
  give_pipe((uint64_t) (uintptr_t) ours, flags);
  net_until(&ended, 1);
  CHECK_EQ(uv_pipe_pending_count(&channel), 0);
  CHECK(GetNamedPipeInfo(ours, &state, NULL, NULL, NULL));
  expect_end(UV_ECONNABORTED);
}

/* A handle that would be good, in a block that no peer of ours writes: it stays the sender's. */
static void wrong_block(uint64_t value, uint32_t flags, uint32_t ending, uint32_t zero) {
  DWORD state;
  int fds[2];

  begin();
  CHECK_EQ(uv_pipe(fds, UV_NONBLOCK_PIPE, UV_NONBLOCK_PIPE), 0);
  start_reading();
  if (value == 1)
    value = (uint64_t) (uintptr_t) uv_get_osfhandle(fds[0]);
  give_pipe_as(value, flags, ending, zero);
  net_until(&ended, 1);
  CHECK_EQ(uv_pipe_pending_count(&channel), 0);
  CHECK(GetNamedPipeInfo(uv_get_osfhandle(fds[0]), &state, NULL, NULL, NULL));
  CHECK_EQ(_close(fds[0]), 0);
  CHECK_EQ(_close(fds[1]), 0);
  expect_end(UV_ECONNABORTED);
}

TEST(i6_pipe_that_ends_in_no_known_way) {
  wrong_block(1, CONNECTION, 7, 0);
}

TEST(i6_pipe_whose_last_word_is_not_zero) {
  wrong_block(1, CONNECTION, 0, 1);
}

TEST(i6_pipe_handle_of_zero) {
  wrong_block(0, CONNECTION, 0, 0);
}

TEST(i6_pipe_handle_that_is_invalid) {
  wrong_block(UINT64_MAX, CONNECTION, 0, 0);
}

/* The client's end serves nobody. */
TEST(i6_pipe_that_cannot_be_a_listener) {
  int fds[2];

  begin();
  CHECK_EQ(uv_pipe(fds, UV_NONBLOCK_PIPE, UV_NONBLOCK_PIPE), 0);
  refused_pipe(uv_get_osfhandle(fds[1]), 0);
  CHECK_EQ(_close(fds[0]), 0);
  CHECK_EQ(_close(fds[1]), 0);
}

/* An end that is not overlapped is a connection as any other, and no listener. */
TEST(i6_pipe_that_is_not_overlapped_is_no_listener) {
  int fds[2];

  begin();
  CHECK_EQ(uv_pipe(fds, 0, 0), 0);
  refused_pipe(uv_get_osfhandle(fds[0]), 0);
  CHECK_EQ(_close(fds[0]), 0);
  CHECK_EQ(_close(fds[1]), 0);
}

TEST(i1_pipe_that_is_not_overlapped) {
  HANDLE self = GetCurrentProcess();
  struct net_sink sink = {0};
  uv_pipe_t pipe;
  char bytes[4];
  HANDLE given;
  int fds[2];

  begin();
  CHECK_EQ(uv_pipe(fds, 0, 0), 0);
  CHECK(DuplicateHandle(self, uv_get_osfhandle(fds[0]), self, &given, 0, FALSE,
                        DUPLICATE_SAME_ACCESS));
  start_reading();
  give_pipe((uint64_t) (uintptr_t) given, CONNECTION);
  until_text("x");
  CHECK_EQ(uv_pipe_pending_type(&channel), UV_NAMED_PIPE);
  CHECK_EQ(uv_pipe_init(net_loop(), &pipe, 0), 0);
  CHECK_EQ(uv_accept((uv_stream_t*) &channel, (uv_stream_t*) &pipe), 0);
  net_drain((uv_stream_t*) &pipe, &sink);
  pattern_fill(bytes, sizeof bytes, 0);
  CHECK_EQ(_write(fds[1], bytes, sizeof bytes), sizeof bytes);
  CHECK_EQ(_close(fds[1]), 0);
  CHECK_EQ(_close(fds[0]), 0);
  net_until(&sink.ended, 1);
  CHECK_EQ(sink.bytes, sizeof bytes);
  CHECK_EQ(sink.status, UV_EOF);
  end();
}

TEST(i6_pipe_handle_that_is_an_event) {
  HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);

  begin();
  CHECK(event != NULL);
  bad_pipe((uint64_t) (uintptr_t) event);
  CHECK(SetEvent(event));
  CHECK(CloseHandle(event));
  expect_end(UV_ECONNABORTED);
}

TEST(i6_pipe_handle_of_a_stream) {
  uv_os_fd_t own;
  DWORD flags;

  begin();
  CHECK_EQ(uv_fileno((uv_handle_t*) &channel, &own), 0);
  bad_pipe((uint64_t) (uintptr_t) own);
  CHECK(GetHandleInformation(own, &flags)); /* It is still there. */
  expect_end(UV_ECONNABORTED);
}

TEST(i6_pipe_handle_of_a_stream_of_another_loop) {
  uv_loop_t other;
  uv_pipe_t pipe;
  uv_os_fd_t own;
  int fds[2];

  begin();
  CHECK_EQ(uv_loop_init(&other), 0);
  CHECK_EQ(uv_pipe(fds, UV_NONBLOCK_PIPE, UV_NONBLOCK_PIPE), 0);
  CHECK_EQ(uv_pipe_init(&other, &pipe, 0), 0);
  CHECK_EQ(uv_pipe_open(&pipe, fds[0]), 0);
  CHECK_EQ(uv_fileno((uv_handle_t*) &pipe, &own), 0);
  refused_pipe(own, CONNECTION);
  uv_close((uv_handle_t*) &pipe, NULL);
  CHECK_EQ(uv_run(&other, UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_loop_close(&other), 0);
  CHECK_EQ(_close(fds[1]), 0);
}

/* An instance that waits for clients of ours. */
TEST(i6_pipe_handle_of_a_listener) {
  uv_os_fd_t own;

  begin();
  CHECK_EQ(uv_fileno((uv_handle_t*) &server, &own), 0);
  refused_pipe(own, 0);
}

/* Or the one of a name that nobody listens on yet. */
TEST(i6_pipe_handle_of_a_name_that_is_bound) {
  char name[TEST_PIPE_NAME];
  uv_pipe_t bound;
  uv_os_fd_t own;

  begin();
  CHECK_EQ(uv_pipe_init(net_loop(), &bound, 0), 0);
  CHECK_EQ(uv_pipe_bind(&bound, test_pipe_name(name, sizeof name)), 0);
  CHECK_EQ(uv_fileno((uv_handle_t*) &bound, &own), 0);
  refused_pipe(own, 0);
}

/* What the C run-time library has as 0 to 2 need not be what the system has. */
TEST(i6_pipe_handle_of_a_standard_descriptor) {
  HANDLE before = GetStdHandle(STD_INPUT_HANDLE);
  int fds[2];

  begin();
  CHECK_EQ(uv_pipe(fds, 0, 0), 0);
  CHECK_EQ(_dup2(fds[0], 0), 0);
  CHECK(SetStdHandle(STD_INPUT_HANDLE, before));
  refused_pipe(uv_get_osfhandle(0), CONNECTION);
  CHECK_EQ(_close(0), 0);
  CHECK_EQ(_close(fds[0]), 0);
  CHECK_EQ(_close(fds[1]), 0);
}

/* One whose stream has closed, and which delivers what a try has taken. */
TEST(i6_pipe_handle_with_bytes_on_their_way) {
  static char block[4096];
  uv_buf_t buf = uv_buf_init(block, sizeof block);
  uv_os_fd_t own;
  uv_pipe_t from;
  DWORD state;
  int fds[2];

  begin();
  CHECK_EQ(uv_pipe(fds, UV_NONBLOCK_PIPE, UV_NONBLOCK_PIPE), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &from, 0), 0);
  CHECK_EQ(uv_pipe_open(&from, fds[1]), 0);
  CHECK_EQ(uv_fileno((uv_handle_t*) &from, &own), 0);
  while (uv_try_write((uv_stream_t*) &from, &buf, 1) > 0)
    continue;
  net_close((uv_handle_t*) &from);
  start_reading();
  give_pipe((uint64_t) (uintptr_t) own, CONNECTION);
  net_until(&ended, 1);
  CHECK_EQ(uv_pipe_pending_count(&channel), 0);
  CHECK(GetNamedPipeInfo(own, &state, NULL, NULL, NULL));
  CHECK_EQ(_close(fds[0]), 0);
  expect_end(UV_ECONNABORTED);
}

TEST(i6_pipe_handle_of_the_standard_input) {
  HANDLE before = GetStdHandle(STD_INPUT_HANDLE);
  int fds[2];

  begin();
  CHECK_EQ(uv_pipe(fds, 0, 0), 0);
  CHECK(SetStdHandle(STD_INPUT_HANDLE, uv_get_osfhandle(fds[0])));
  refused_pipe(uv_get_osfhandle(fds[0]), CONNECTION);
  CHECK(SetStdHandle(STD_INPUT_HANDLE, before));
  CHECK_EQ(_close(fds[0]), 0);
  CHECK_EQ(_close(fds[1]), 0);
}

/* The first time it was given; by the second it is a connection that waits to be accepted. */
TEST(i6_pipe_handle_given_twice) {
  HANDLE self = GetCurrentProcess();
  uv_pipe_t pipe;
  HANDLE given;
  DWORD state;
  int fds[2];

  begin();
  CHECK_EQ(uv_pipe(fds, UV_NONBLOCK_PIPE, UV_NONBLOCK_PIPE), 0);
  CHECK(DuplicateHandle(self, uv_get_osfhandle(fds[0]), self, &given, 0, FALSE,
                        DUPLICATE_SAME_ACCESS));
  start_reading();
  give_pipe((uint64_t) (uintptr_t) given, CONNECTION);
  give_pipe((uint64_t) (uintptr_t) given, CONNECTION);
  net_until(&ended, 1);
  CHECK_EQ(uv_pipe_pending_count(&channel), 1);
  CHECK_EQ(uv_pipe_init(net_loop(), &pipe, 0), 0);
  CHECK_EQ(uv_accept((uv_stream_t*) &channel, (uv_stream_t*) &pipe), 0);
  CHECK(GetNamedPipeInfo(given, &state, NULL, NULL, NULL));
  expect_end(UV_ECONNABORTED);
  CHECK_EQ(_close(fds[0]), 0);
  CHECK_EQ(_close(fds[1]), 0);
}

/* ---- Our extension, and who gets it ---- */

static uv_pipe_t ends[2];
static int written;
static int write_status;

static void on_written(uv_write_t* req, int code) {
  (void) req;
  write_status = code;
  written++;
}

static void send_pipe(uv_write_t* req) {
  uv_buf_t buf = uv_buf_init((char*) "p", 1);

  test_pipe_pair(&ends[0], &ends[1], 0);
  CHECK_EQ(uv_write2(req, (uv_stream_t*) &channel, &buf, 1, (uv_stream_t*) &ends[0], on_written),
           0);
}

static void expect_pipe(void) {
  char block[PIPE_SIZE];
  HANDLE handle;
  char byte;

  expect_header(DATA | PIPE | CONNECTION, 1);
  raw_read(block, sizeof block);
  raw_read(&byte, 1);
  CHECK_EQ(byte, 'p');
  memcpy(&handle, block, sizeof handle); /* The peer is this process, and little-endian. */
  CHECK_EQ(GetFileType(handle), FILE_TYPE_PIPE);
  CHECK(CloseHandle(handle));
}

/* Not before the peer is known to understand it, and then at once. */
TEST(i5_pipe_waits_for_a_peer_of_ours) {
  uv_write_t reqs[2];
  uv_buf_t buf = uv_buf_init((char*) "q", 1);
  char byte;

  begin();
  send_pipe(&reqs[0]);
  CHECK_EQ(uv_write(&reqs[1], (uv_stream_t*) &channel, &buf, 1, on_written), 0);
  net_turns(10);
  CHECK_EQ(written, 0);
  CHECK_EQ(raw_waiting(), 0);
  CHECK_EQ(uv_try_write((uv_stream_t*) &channel, &buf, 1), UV_EAGAIN);
  net_close((uv_handle_t*) &ends[0]); /* It can wait without its handle. */
  raw_frame(OURS, "");
  net_until(&written, 2);
  CHECK_EQ(write_status, 0);
  expect_pipe();
  expect_header(DATA, 1);
  raw_read(&byte, 1);
  CHECK_EQ(byte, 'q');
  end();
}

/* While the program reads, too, and nothing of what the peer writes is lost. */
TEST(i5_pipe_waits_while_reading) {
  uv_write_t req;

  begin();
  start_reading();
  send_pipe(&req);
  net_turns(3);
  CHECK_EQ(written, 0);
  raw_frame(OURS, "and text");
  net_until(&written, 1);
  CHECK_EQ(write_status, 0);
  expect_pipe();
  until_text("and text");
  end();
}

/* It is not waited for by who only tries. */
TEST(i5_try_write_of_a_pipe_before_the_peer_has_spoken) {
  uv_buf_t buf = uv_buf_init((char*) "p", 1);

  begin();
  test_pipe_pair(&ends[0], &ends[1], 0);
  CHECK_EQ(uv_try_write2((uv_stream_t*) &channel, &buf, 1, (uv_stream_t*) &ends[0]), UV_EAGAIN);
  CHECK_EQ(raw_waiting(), 0);
  raw_frame(OURS, "");
  start_reading();
  while (uv_try_write2((uv_stream_t*) &channel, &buf, 1, (uv_stream_t*) &ends[0]) == UV_EAGAIN)
    net_turns(1);
  expect_pipe();
  end();
}

TEST(i5_no_pipe_for_libuv) {
  uv_write_t req;

  begin();
  send_pipe(&req);
  raw_frame(0, "I am libuv");
  net_until(&written, 1);
  CHECK_EQ(write_status, UV_ENOTSUP);
  CHECK_EQ(raw_waiting(), 0);
  start_reading();
  until_text("I am libuv");
  end();
}

TEST(i5_no_pipe_for_a_peer_that_has_gone) {
  uv_write_t req;

  begin();
  send_pipe(&req);
  net_turns(3);
  CHECK(CloseHandle(raw));
  raw = INVALID_HANDLE_VALUE;
  net_until(&written, 1);
  CHECK_EQ(write_status, UV_EPIPE);
  end();
}

TEST(l5_close_while_a_pipe_waits_for_the_peer) {
  uv_write_t req;

  begin();
  send_pipe(&req);
  net_close((uv_handle_t*) &channel);
  CHECK_EQ(written, 1);
  CHECK_EQ(write_status, UV_ECANCELED);
  end();
}

/* ---- Several handles in one message (X7) ---- */

static uv_tcp_t socks[4]; /* two pairs */

/* A connection, a pipe, and another connection. */
static void send_three(uv_write_t* req, uv_stream_t* handles[3]) {
  uv_buf_t buf = uv_buf_init((char*) "p", 1);

  net_pair(&socks[0], &socks[1]);
  net_pair(&socks[2], &socks[3]);
  test_pipe_pair(&ends[0], &ends[1], 0);
  handles[0] = (uv_stream_t*) &socks[1];
  handles[1] = (uv_stream_t*) &ends[0];
  handles[2] = (uv_stream_t*) &socks[3];
  CHECK_EQ(uvs_write_handles(req, (uv_stream_t*) &channel, &buf, 1, handles, 3, on_written), 0);
}

static void expect_three(void) {
  char info[SOCKET_SIZE];
  char block[PIPE_SIZE];
  HANDLE handle;
  char byte;

  expect_header(DATA | SOCKET_INFO | CONNECTION | MORE, 0);
  raw_read(info, sizeof info);
  closesocket(take_socket(info));
  expect_header(DATA | PIPE | CONNECTION | MORE, 0);
  raw_read(block, sizeof block);
  memcpy(&handle, block, sizeof handle);
  CHECK_EQ(GetFileType(handle), FILE_TYPE_PIPE);
  CHECK(CloseHandle(handle));
  expect_header(DATA | SOCKET_INFO | CONNECTION, 1);
  raw_read(info, sizeof info);
  closesocket(take_socket(info));
  raw_read(&byte, 1);
  CHECK_EQ(byte, 'p');
}

TEST(x7_a_frame_for_each_of_several_handles) {
  uv_stream_t* handles[3];
  uv_write_t req;

  begin();
  raw_frame(OURS, "");
  start_reading();
  net_turns(3);
  send_three(&req, handles);
  net_until(&written, 1);
  CHECK_EQ(write_status, 0);
  expect_three();
  end();
}

/* Nothing is given before the peer is known to understand it: a socket alone would go at once. */
TEST(x7_several_handles_wait_for_a_peer_of_ours) {
  uv_stream_t* handles[3];
  uv_write_t req;

  begin();
  send_three(&req, handles);
  net_turns(10);
  CHECK_EQ(written, 0);
  CHECK_EQ(raw_waiting(), 0);
  raw_frame(OURS, "");
  net_until(&written, 1);
  CHECK_EQ(write_status, 0);
  expect_three();
  end();
}

TEST(x7_one_of_several_closes_while_the_peer_is_waited_for) {
  uv_buf_t buf = uv_buf_init((char*) "q", 1);
  uv_stream_t* handles[3];
  uv_write_t reqs[2];
  char byte;

  begin();
  send_three(&reqs[0], handles);
  CHECK_EQ(uv_write(&reqs[1], (uv_stream_t*) &channel, &buf, 1, NULL), 0);
  net_turns(3);
  net_close((uv_handle_t*) handles[1]);
  raw_frame(OURS, "");
  net_until(&written, 1);
  CHECK_EQ(write_status, UV_EBADF);
  expect_header(DATA, 1);
  raw_read(&byte, 1);
  CHECK_EQ(byte, 'q');
  end();
}

/* Who understands one handle only would have one of them. The channel goes on. */
TEST(x7_no_several_handles_for_libuv) {
  uv_buf_t buf = uv_buf_init((char*) "q", 1);
  uv_stream_t* handles[3];
  uv_write_t reqs[2];

  begin();
  send_three(&reqs[0], handles);
  raw_frame(0, "I am libuv");
  net_until(&written, 1);
  CHECK_EQ(write_status, UV_ENOTSUP);
  CHECK_EQ(raw_waiting(), 0);
  handles[1] = handles[2]; /* Sockets alone are no exception. */
  CHECK_EQ(uvs_write_handles(&reqs[0], (uv_stream_t*) &channel, &buf, 1, handles, 2, on_written),
           0);
  net_until(&written, 2);
  CHECK_EQ(write_status, UV_ENOTSUP);
  CHECK_EQ(uv_write(&reqs[1], (uv_stream_t*) &channel, &buf, 1, on_written), 0);
  net_until(&written, 3);
  CHECK_EQ(write_status, 0);
  expect_header(DATA, 1);
  end();
}

TEST(x7_no_several_handles_for_a_peer_that_has_gone) {
  uv_stream_t* handles[3];
  uv_write_t req;

  begin();
  send_three(&req, handles);
  net_turns(3);
  CHECK(CloseHandle(raw));
  raw = INVALID_HANDLE_VALUE;
  net_until(&written, 1);
  CHECK_EQ(write_status, UV_EPIPE);
  end();
}

TEST(x7_close_while_several_handles_wait_for_the_peer) {
  uv_stream_t* handles[3];
  uv_write_t req;

  begin();
  send_three(&req, handles);
  net_close((uv_handle_t*) &channel);
  CHECK_EQ(written, 1);
  CHECK_EQ(write_status, UV_ECANCELED);
  end();
}

/* They are in the receiver's process already, and nobody there has been told of them when the channel
 * ends: nobody keeps them. */
TEST(x7_several_handles_that_do_not_go_are_taken_back) {
  uv_buf_t block = uv_buf_init(net_block(), NET_BLOCK);
  struct net_sink sinks[3] = {{0}};
  uv_stream_t* handles[3];
  uv_write_t req;
  int i;

  begin();
  raw_frame(OURS, "");
  start_reading();
  net_turns(3);
  while (uv_try_write((uv_stream_t*) &channel, &block, 1) > 0)
    continue;
  send_three(&req, handles);
  net_drain((uv_stream_t*) &socks[0], &sinks[0]);
  net_drain((uv_stream_t*) &ends[1], &sinks[1]);
  net_drain((uv_stream_t*) &socks[2], &sinks[2]);
  for (i = 0; i < 3; i++)
    net_close((uv_handle_t*) handles[i]);
  net_turns(3);
  for (i = 0; i < 3; i++)
    CHECK_EQ(sinks[i].ended, 0); /* The peer has them. */
  CHECK_EQ(written, 0);
  CHECK(CloseHandle(raw));
  raw = INVALID_HANDLE_VALUE;
  net_until(&written, 1);
  CHECK(write_status < 0);
  net_until(&sinks[1].ended, 1);
  if (!test_is_wine()) { /* There it is not told which handle a socket has become. */
    net_until(&sinks[0].ended, 1);
    net_until(&sinks[2].ended, 1);
  }
  end();
}

/* One end of a pipe, as a handle of the process that the peer is thought to be another one than. */
static HANDLE make_given(uv_file* other) {
  HANDLE self = GetCurrentProcess();
  HANDLE given;
  uv_file fds[2];

  CHECK_EQ(uv_pipe(fds, UV_NONBLOCK_PIPE, UV_NONBLOCK_PIPE), 0);
  CHECK(DuplicateHandle(self, uv_get_osfhandle(fds[0]), self, &given, 0, FALSE,
                        DUPLICATE_SAME_ACCESS));
  CHECK_EQ(_close(fds[0]), 0);
  *other = fds[1];
  return given;
}

static void give_part(HANDLE handle, uint32_t flags, uint32_t length) {
  uint64_t block[2] = {(uint64_t) (uintptr_t) handle, 0};

  raw_header(DATA | PIPE | CONNECTION | flags, OURS, length);
  raw_write(block, sizeof block);
}

/* None of them is there before the last one, and then all are with the first byte. */
TEST(x7_several_handles_are_taken_with_the_last_frame) {
  uv_file others[3];
  uv_pipe_t passed;
  int i;

  begin();
  start_reading();
  raw_frame(OURS, "before");
  until_text("before");
  for (i = 0; i < 3; i++) {
    give_part(make_given(&others[i]), i < 2 ? MORE : 0, i < 2 ? 0 : 4);
    net_turns(3);
    CHECK_EQ(uv_pipe_pending_count(&channel), 0);
  }
  CHECK_EQ(empty_reads, 0);
  raw_write("a", 1);
  net_until(&text_size, 7);
  CHECK_EQ(uv_pipe_pending_count(&channel), 3);
  raw_write("bcd", 3);
  until_text("beforeabcd");
  CHECK_EQ(uv_pipe_pending_type(&channel), UV_NAMED_PIPE);
  CHECK_EQ(uv_pipe_init(net_loop(), &passed, 0), 0);
  CHECK_EQ(uv_accept((uv_stream_t*) &channel, (uv_stream_t*) &passed), 0);
  CHECK_EQ(uv_pipe_pending_count(&channel), 2);
  for (i = 0; i < 3; i++)
    CHECK_EQ(_close(others[i]), 0);
  end();
}

/* A sender of ours writes something with them; another one need not. */
TEST(x7_several_handles_without_a_byte) {
  uv_file others[2];
  int i;

  begin();
  start_reading();
  for (i = 0; i < 2; i++)
    give_part(make_given(&others[i]), i == 0 ? MORE : 0, 0);
  net_until(&empty_reads, 1);
  CHECK_EQ(uv_pipe_pending_count(&channel), 2);
  raw_frame(OURS, "on");
  until_text("on");
  for (i = 0; i < 2; i++)
    CHECK_EQ(_close(others[i]), 0);
  end();
}

/* Not one of them is handed out, and those that could be are closed. */
TEST(x7_bad_one_among_several_handles) {
  struct net_sink sinks[2] = {{0}};
  uv_file others[2];
  uv_pipe_t pipes[2];
  int i;

  begin();
  start_reading();
  give_part(make_given(&others[0]), MORE, 0);
  give_part((HANDLE) (uintptr_t) 0x7FFFFFF0, MORE, 0);
  give_part(make_given(&others[1]), 0, 1);
  raw_write("x", 1);
  for (i = 0; i < 2; i++) {
    CHECK_EQ(uv_pipe_init(net_loop(), &pipes[i], 0), 0);
    CHECK_EQ(uv_pipe_open(&pipes[i], others[i]), 0);
  }
  net_until(&ended, 1);
  CHECK_EQ(text_size, 0);
  CHECK_EQ(uv_pipe_pending_count(&channel), 0);
  for (i = 0; i < 2; i++) {
    uv_buf_t buf = uv_buf_init((char*) "x", 1);

    if (uv_is_readable((uv_stream_t*) &pipes[i])) {
      net_drain((uv_stream_t*) &pipes[i], &sinks[i]);
      net_until(&sinks[i].ended, 1);
    } else {
      CHECK_EQ(uv_try_write((uv_stream_t*) &pipes[i], &buf, 1), UV_EPIPE);
    }
  }
  expect_end(UV_ECONNABORTED);
}

/* Whoever broke off takes them back, or could not have given them. */
TEST(x7_cut_off_between_several_handles) {
  uv_file other;
  HANDLE given;

  begin();
  start_reading();
  given = make_given(&other);
  give_part(given, MORE, 0);
  net_turns(3);
  CHECK(CloseHandle(raw));
  raw = INVALID_HANDLE_VALUE;
  net_until(&ended, 1);
  CHECK_EQ(status, UV_ECONNABORTED);
  net_close((uv_handle_t*) &channel);
  CHECK_EQ(GetFileType(given), FILE_TYPE_PIPE);
  CHECK(CloseHandle(given));
  CHECK_EQ(_close(other), 0);
  end();
}

/* Bytes where another handle was said to come. */
TEST(x7_no_handle_behind_one_that_says_so) {
  uv_file other;
  HANDLE given;

  begin();
  start_reading();
  given = make_given(&other);
  give_part(given, MORE, 0);
  raw_frame(OURS, "text");
  net_until(&ended, 1);
  CHECK_EQ(text_size, 0);
  CHECK(CloseHandle(given));
  CHECK_EQ(_close(other), 0);
  expect_end(UV_ECONNABORTED);
}

TEST(x7_more_handles_than_a_message_may_have) {
  uv_file other;
  HANDLE given;
  int i;

  begin();
  start_reading();
  given = make_given(&other);
  for (i = 0; i < UVS_HANDLES_MOST; i++)
    give_part(given, MORE, 0);
  net_until(&ended, 1);
  CHECK_EQ(uv_pipe_pending_count(&channel), 0);
  CHECK(CloseHandle(given));
  CHECK_EQ(_close(other), 0);
  expect_end(UV_ECONNABORTED);
}

TEST(x7_several_handles_of_libuv) {
  hostile(DATA | SOCKET_INFO | MORE, 0, 0, 0);
}

TEST(x7_payload_before_the_last_handle) {
  hostile(DATA | PIPE | MORE, OURS, 4, 0);
}

TEST(x7_more_without_a_handle) {
  hostile(DATA | MORE, OURS, 0, 0);
}

static int shut;

static void on_shutdown(uv_shutdown_t* req, int code) {
  (void) req;
  CHECK_EQ(code, 0);
  shut++;
}

/* The end of one direction goes to our own kind, and the other direction stays open. */
TEST(p6_end_frame) {
  uv_shutdown_t req;

  begin();
  start_reading();
  raw_frame(OURS, "question");
  until_text("question");
  CHECK_EQ(uv_shutdown(&req, (uv_stream_t*) &channel, on_shutdown), 0);
  net_until(&shut, 1);
  expect_header(END, 0);
  raw_frame(OURS, "!");
  until_text("question!");
  raw_header(END, OURS, 0);
  expect_end(UV_EOF);
}

TEST(p6_end_frame_when_the_peer_speaks_later) {
  uv_shutdown_t req;

  begin();
  CHECK_EQ(uv_shutdown(&req, (uv_stream_t*) &channel, on_shutdown), 0);
  net_until(&shut, 1);
  CHECK_EQ(raw_waiting(), 0);
  raw_frame(OURS, "late");
  expect_header(END, 0);
  start_reading();
  until_text("late");
  end();
}

static uvs_moving_t moving;
static int left;

static void on_left(uvs_moving_t* which, uv_stream_t* handle) {
  CHECK(which == &moving && handle == (uv_stream_t*) &channel);
  left++;
}

/* Also one that it goes along with to another handle; the peer speaks on the way there, or behind it. */
static void move_with_an_end(int on_the_way) {
  uv_shutdown_t req;
  uv_pipe_t there;

  begin();
  CHECK_EQ(uv_shutdown(&req, (uv_stream_t*) &channel, on_shutdown), 0);
  net_until(&shut, 1);
  CHECK_EQ(uvs_detach((uv_stream_t*) &channel, &moving, on_left), 0);
  net_until(&left, 1);
  if (on_the_way)
    raw_frame(OURS, "late");
  CHECK_EQ(uv_pipe_init(net_loop(), &there, 1), 0);
  CHECK_EQ(uvs_attach((uv_stream_t*) &there, &moving), 0);
  net_turns(3);
  if (!on_the_way)
    raw_frame(OURS, "late");
  expect_header(END, 0);
  CHECK_EQ(uv_read_start((uv_stream_t*) &there, alloc_text, on_text), 0);
  until_text("late");
  end();
}

TEST(x6_end_that_waits_for_the_peer_goes_along) {
  move_with_an_end(0);
}

TEST(x6_end_that_waits_for_the_peer_is_said_there) {
  move_with_an_end(1);
}

/* libuv would take the end frame for garbage: it gets none, and can go on writing. */
TEST(p6_no_end_frame_for_libuv) {
  uv_shutdown_t req;

  begin();
  start_reading();
  raw_frame(0, "a");
  until_text("a");
  CHECK_EQ(uv_shutdown(&req, (uv_stream_t*) &channel, on_shutdown), 0);
  net_until(&shut, 1);
  raw_frame(0, "b");
  until_text("ab");
  CHECK_EQ(raw_waiting(), 0);
  net_close((uv_handle_t*) &channel);
  CHECK_EQ(raw_waiting(), -1);
  end();
}

/* ---- Much at once ---- */

/* Many buffers, some larger than a pipe takes and than a frame holds: the bytes of the frames
 * put together are those of the buffers, and what is written is not copied. */
TEST(w9_large_writes_in_frames) {
  enum {
    BUFS = 40,
    LARGE = 3000000
  };
  uv_buf_t bufs[BUFS];
  uv_write_t req;
  uint64_t at = 0;
  uint64_t got = 0;
  int i;

  begin();
  for (i = 0; i < BUFS; i++) {
    bufs[i] = uv_buf_init(net_block() + at, i == 20 ? LARGE : (unsigned) (i * 17 % 5 * 100));
    at += bufs[i].len;
  }
  CHECK_EQ(uv_write(&req, (uv_stream_t*) &channel, bufs, BUFS, on_written), 0);
  CHECK_EQ(channel.write_queue_size > 0, 1);
  while (got < at) {
    static char payload[65536];
    struct header header;

    raw_read(&header, sizeof header);
    CHECK_EQ(header.flags, DATA);
    while (header.length > 0) {
      size_t part = header.length < sizeof payload ? header.length : sizeof payload;

      raw_read(payload, part);
      pattern_check(payload, part, got);
      got += part;
      header.length -= (uint32_t) part;
    }
  }
  CHECK_EQ(got, at);
  net_until(&written, 1);
  CHECK_EQ(write_status, 0);
  CHECK_EQ(channel.write_queue_size, 0);
  end();
}

/* A full pipe takes a tried write whole, frame and all, or not at all. */
TEST(w7_try_write_until_the_pipe_is_full) {
  static char bytes[3000];
  uv_buf_t buf = uv_buf_init(bytes, sizeof bytes);
  uint64_t tried = 0;
  uint64_t got = 0;
  int n;

  begin();
  for (;;) {
    n = uv_try_write((uv_stream_t*) &channel, &buf, 1);
    if (n == UV_EAGAIN)
      break;
    CHECK(n > 0);
    tried += (uint64_t) n;
  }
  CHECK(tried > 0);
  while (got < tried) {
    struct header header;

    raw_read(&header, sizeof header);
    CHECK_EQ(header.flags, DATA);
    CHECK(header.length <= sizeof bytes);
    raw_read(bytes, header.length);
    got += header.length;
  }
  CHECK_EQ(got, tried);
  net_turns(2);
  CHECK_EQ(raw_waiting(), 0);
  CHECK(uv_try_write((uv_stream_t*) &channel, &buf, 1) > 0);
  end();
}

/* A frame that goes at once, or not at all, has a bound in bytes and in buffers. */
TEST(w7_try_write_of_more_than_one_frame) {
  char bytes[4096];
  char seen[4096];
  uv_buf_t bufs[20];
  int i;
  int n;

  begin();
  for (i = 0; i < (int) sizeof bytes; i++)
    bytes[i] = (char) ('a' + i % 26);
  for (i = 0; i < 20; i++)
    bufs[i] = uv_buf_init(bytes + i * 10, 10);
  n = uv_try_write((uv_stream_t*) &channel, bufs, 20);
  CHECK(n > 0 && n < 200 && n % 10 == 0);
  expect_header(DATA, (uint32_t) n);
  raw_read(seen, (size_t) n);
  CHECK(memcmp(seen, bytes, (size_t) n) == 0);
  bufs[0] = uv_buf_init(bytes, 100);
  bufs[1] = uv_buf_init(bytes + 100, sizeof bytes - 100);
  bufs[2] = uv_buf_init(bytes, 1);
  n = uv_try_write((uv_stream_t*) &channel, bufs, 3);
  CHECK(n > 100 && n < (int) sizeof bytes);
  expect_header(DATA, (uint32_t) n);
  raw_read(seen, (size_t) n);
  CHECK(memcmp(seen, bytes, (size_t) n) == 0);
  CHECK_EQ(raw_waiting(), 0);
  end();
}
