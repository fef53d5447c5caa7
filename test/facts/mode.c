/* Facts about the modes of a pipe's ends, above all PIPE_NOWAIT, and about who may ask and set them. */
#include "facts.h"

enum {
  BYTES = PIPE_TYPE_BYTE | PIPE_READMODE_BYTE,
  QUOTA = 512,
  FLOOD = 1 << 20
};

#define CLIENT (GENERIC_READ | GENERIC_WRITE | FILE_WRITE_ATTRIBUTES)

static int set_nowait(HANDLE handle) {
  DWORD mode = PIPE_READMODE_BYTE | PIPE_NOWAIT;

  return SetNamedPipeHandleState(handle, &mode, NULL, NULL);
}

static int empty_read_without_waiting_is_no_data(void) {
  struct ends ends;
  char byte;
  DWORD bytes;
  DWORD error;

  if (!facts_pipe(&ends, PIPE_ACCESS_DUPLEX, BYTES, CLIENT, 0, QUOTA))
    return -1;
  if (!set_nowait(ends.client)) {
    facts_close(&ends);
    return -1;
  }
  error = ReadFile(ends.client, &byte, 1, &bytes, NULL) ? 0 : GetLastError();
  facts_close(&ends);
  return error == ERROR_NO_DATA ? 1 : facts_note("error", error);
}

static int flood_without_waiting_succeeds_short(void) {
  static char flood[FLOOD];
  struct ends ends;
  DWORD bytes = 0;
  BOOL ok;

  if (!facts_pipe(&ends, PIPE_ACCESS_DUPLEX, BYTES, CLIENT, 0, QUOTA))
    return -1;
  if (!set_nowait(ends.client)) {
    facts_close(&ends);
    return -1;
  }
  ok = WriteFile(ends.client, flood, FLOOD, &bytes, NULL);
  facts_close(&ends);
  if (!ok)
    return facts_note("it fails", 0);
  return bytes < FLOOD ? 1 : facts_note("bytes", bytes);
}

static int nowait_is_of_the_end(void) {
  HANDLE self = GetCurrentProcess();
  struct ends ends;
  HANDLE other = NULL;
  DWORD state = 0;

  if (!facts_pipe(&ends, PIPE_ACCESS_DUPLEX, BYTES, CLIENT, 0, QUOTA))
    return -1;
  (void) DuplicateHandle(self, ends.client, self, &other, 0, FALSE, DUPLICATE_SAME_ACCESS);
  if (!set_nowait(other)) {
    CloseHandle(other);
    facts_close(&ends);
    return -1;
  }
  CloseHandle(other);
  (void) GetNamedPipeHandleStateW(ends.client, &state, NULL, NULL, NULL, NULL, 0);
  facts_close(&ends);
  return state & PIPE_NOWAIT ? 1 : facts_note("state", state);
}

static int who_only_writes_may_not_ask(void) {
  struct ends ends;
  DWORD flags;
  DWORD error;

  if (!facts_pipe(&ends, PIPE_ACCESS_OUTBOUND, BYTES, GENERIC_READ, 0, QUOTA))
    return -1;
  error = GetNamedPipeInfo(ends.server, &flags, NULL, NULL, NULL) ? 0 : GetLastError();
  facts_close(&ends);
  return error == ERROR_ACCESS_DENIED ? 1 : facts_note("error", error);
}

static int mode_wants_its_right(void) {
  struct ends ends;
  DWORD mode = BYTES;
  DWORD error;

  if (!facts_pipe(&ends, PIPE_ACCESS_DUPLEX, BYTES, GENERIC_READ, 0, QUOTA))
    return -1;
  error = SetNamedPipeHandleState(ends.client, &mode, NULL, NULL) ? 0 : GetLastError();
  facts_close(&ends);
  return error == ERROR_ACCESS_DENIED ? 1 : facts_note("error", error);
}

const struct fact facts_of_modes[] = {
    {"empty_read_without_waiting_is_no_data", empty_read_without_waiting_is_no_data,
     "with PIPE_NOWAIT a read of an empty pipe is ERROR_NO_DATA", "libuv#4467"},
    {"flood_without_waiting_succeeds_short", flood_without_waiting_succeeds_short,
     "and a write that does not fit succeeds, having taken less", "msys2-runtime#72"},
    {"nowait_is_of_the_end", nowait_is_of_the_end, "whoever holds the end has its PIPE_NOWAIT",
     "ReactOS, npfs"},
    {"who_only_writes_may_not_ask", who_only_writes_may_not_ask,
     "the server of PIPE_ACCESS_OUTBOUND may not ask GetNamedPipeInfo: ERROR_ACCESS_DENIED",
     "CreateNamedPipe"},
    {"mode_wants_its_right", mode_wants_its_right,
     "the mode is set by who may write attributes, else ERROR_ACCESS_DENIED",
     "SetNamedPipeHandleState"},
    {NULL, NULL, NULL, NULL},
};
