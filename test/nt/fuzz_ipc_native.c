/* Fuzzes what an IPC pipe of src/win reads, over the model: the input are the bytes of a peer. Only the
 * numbers of handles in them are not its to choose, for whoever could choose these would have this process
 * do with its handles as he likes: they are those of a pipe or a socket that was given to this process, or
 * of none. Nobody hangs, and nothing is left behind but what a peer that breaks off has in flight. */
#include <string.h>

#include "core/base/ipc_frame.h"
#include "fuzz.h"
#include "nt.h"
#include "uv.h"

enum {
  NO_HANDLE = 0x7fff0000
};

static uv_loop_t loop;
static uv_pipe_t channel;
static HANDLE peer;
static int ended;
static int is_block; /* what comes next in the frames */
/* What was given of a message of several handles whose last one has not been sent: the peer's to take back. */
static HANDLE parts[UV__IPC_HANDLES_MOST];
static unsigned part_count;

static void on_alloc(uv_handle_t* handle, size_t suggested, uv_buf_t* buf) {
  static char bytes[512];

  (void) handle;
  (void) suggested;
  *buf = uv_buf_init(bytes, sizeof(bytes));
}

/* Every other handle is taken; the others go with the channel. */
static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  static int count;
  uv_handle_type type;

  (void) buf;
  if (nread < 0) {
    ended = 1;
    (void) uv_read_stop(stream);
    return;
  }
  while ((type = uv_pipe_pending_type((uv_pipe_t*) stream)) != UV_UNKNOWN_HANDLE &&
         count++ % 2 == 0) {
    union {
      uv_handle_t handle;
      uv_stream_t stream;
      uv_pipe_t pipe;
      uv_tcp_t tcp;
    }* taken = malloc(sizeof(*taken));
    MUST(taken != NULL);
    MUST((type == UV_TCP ? uv_tcp_init(&loop, &taken->tcp)
                         : uv_pipe_init(&loop, &taken->pipe, 0)) == 0);
    (void) uv_accept(stream, &taken->stream);
    uv_close(&taken->handle, (uv_close_cb) free);
  }
}

static HANDLE make_end(void) {
  HANDLE ends[2];

  MUST(CreatePipe(&ends[0], &ends[1], NULL, 0));
  CloseHandle(ends[1]);
  return ends[0];
}

/* The block of a frame names a handle, which it returns, or NULL. */
static HANDLE set_handle(unsigned char* block, size_t size, int is_real) {
  ULONGLONG number = NO_HANDLE;
  WSAPROTOCOL_INFOW info;

  if (size == UV__IPC_PIPE_SIZE) {
    if (is_real)
      number = (ULONGLONG) (ULONG_PTR) make_end();
    memcpy(block, &number, sizeof(number));
    return is_real ? (HANDLE) (ULONG_PTR) number : NULL;
  }
  memcpy(&info, block, sizeof(info) < UV__IPC_INFO_SIZE ? sizeof(info) : UV__IPC_INFO_SIZE);
  if (is_real) {
    SOCKET sock = socket(AF_INET, SOCK_STREAM, 0);
    MUST(WSADuplicateSocketW(sock, GetCurrentProcessId(), &info) == 0);
    MUST(closesocket(sock) == 0);
  } else {
    info.dwProviderReserved = NO_HANDLE;
  }
  memcpy(block, &info, sizeof(info) < UV__IPC_INFO_SIZE ? sizeof(info) : UV__IPC_INFO_SIZE);
  return is_real ? (HANDLE) (ULONG_PTR) info.dwProviderReserved : NULL;
}

/* Whether a handle that is good would be taken with this block: else it would stay the peer's. */
static int is_good(const struct uv__ipc_decoder* decoder, const unsigned char* block) {
  return (decoder->flags & UV__IPC_SOCKET) ||
         ((decoder->flags & UV__IPC_CONNECTION) &&
          uv__ipc_frame_get32(block + 8) <= UV__IPC_ENDING_CAME &&
          uv__ipc_frame_get32(block + 12) == 0);
}

/* By a copy of the decoder it is known what the peer is about to send. */
static size_t send_some(struct uv__ipc_decoder* decoder, const uint8_t* data, size_t size) {
  unsigned char bytes[UV__IPC_SOCKET_SIZE];
  size_t wants = uv__ipc_frame_wants(decoder);
  int whole = wants != 0 && wants <= size;
  HANDLE given = NULL;
  enum uv__ipc_event event;
  size_t used;
  DWORD put;

  if (wants == 0 || wants > sizeof(bytes))
    wants = sizeof(bytes);
  if (wants > size)
    wants = size;
  memcpy(bytes, data, wants);
  if (is_block && whole)
    given = set_handle(bytes, wants, (data[0] & 1) && is_good(decoder, bytes));
  event = uv__ipc_frame_feed(decoder, (const char*) bytes, wants, &used);
  if (given != NULL && part_count < UV__IPC_HANDLES_MOST)
    parts[part_count++] = given;
  if (event == UV__IPC_GOT_SOCKET || event == UV__IPC_GOT_PIPE)
    part_count = decoder->ahead > 0 ? part_count : 0;
  is_block = event == UV__IPC_MORE && whole && !is_block &&
             (decoder->flags & (UV__IPC_SOCKET | UV__IPC_PIPE)) != 0;
  if (!WriteFile(peer, bytes, (DWORD) wants, &put, NULL))
    return size;
  return wants;
}

static void connect_peer(void) {
  static const char name[] = "\\\\.\\pipe\\uvstream-fuzz";
  HANDLE end;
  int fd;

  peer = CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, 1, 65536, 65536, 0, NULL);
  MUST(peer != INVALID_HANDLE_VALUE);
  end = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                    FILE_FLAG_OVERLAPPED, NULL);
  MUST(end != INVALID_HANDLE_VALUE);
  fd = uv_open_osfhandle(end);
  MUST(fd >= 0);
  MUST(uv_pipe_init(&loop, &channel, 1) == 0);
  MUST(uv_pipe_open(&channel, fd) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  struct uv__ipc_decoder decoder;
  uint64_t seed = size;
  size_t i;

  for (i = 0; i < size && i < 8; i++)
    seed = seed * 257 + data[i];
  memset(&decoder, 0, sizeof(decoder));
  nt_begin(seed);
  ended = is_block = 0;
  part_count = 0;
  MUST(uv_loop_init(&loop) == 0);
  connect_peer();
  MUST(uv_read_start((uv_stream_t*) &channel, on_alloc, on_read) == 0);
  while (size > 0 && !ended) {
    size_t used = send_some(&decoder, data, size);
    data += used;
    size -= used;
    (void) uv_run(&loop, UV_RUN_NOWAIT);
  }
  CloseHandle(peer);
  while (!ended)
    MUST(uv_run(&loop, UV_RUN_ONCE) != 0 || ended);
  uv_close((uv_handle_t*) &channel, NULL);
  MUST(uv_run(&loop, UV_RUN_DEFAULT) == 0);
  MUST(uv_loop_close(&loop) == 0);
  while (part_count > 0)
    MUST(CloseHandle(parts[--part_count]));
  uv_library_shutdown();
  nt_end();
  return 0;
}
