/* The door of Windows: some instances of a named pipe that wait for a client each. They are made here, with
 * their list of who may come, and each that has a client is given to a uv_pipe_t, which does the rest.
 *
 * An instance that waits is ours alone, so it can be taken back: either somebody has come, who is then told
 * of, or nobody. But a client may open it also when nobody waits for one there any more, and would be lost
 * with its close. So it goes on waiting in the successor, which gets the handle itself. A listener of the
 * library, whose close drops who has come and was not told of yet, does not offer that. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access_win.h"
#include "door.h"
#include "hold.h"

/* Behind uv.h, which brings the rest of Windows. */
#include <io.h>

#define INSTANCES 4 /* that we have waiting */
#define MOST_INSTANCES \
  64 /* with those of a predecessor; each upgrade that meets no client adds one */
#define PREFIX "\\\\.\\pipe\\"
#define BUFFER 65536
#define MOST_NAME 260

const int door_accepts_ahead = 1;

const char door_help[] =
    "                      (nobody else), names of users and groups between commas\n"
    "                      (Users,SYSTEM), or SDDL (D:...)";

struct instance {
  HANDLE pipe; /* NULL: none */
  HANDLE event;
  HANDLE wait; /* of the system's pool, for the event */
  OVERLAPPED overlapped;
};

static struct {
  uv_async_t async;
  int open;
  int closing;
  door_cb cb;
  void* arg;
  wchar_t name[MOST_NAME];
  SECURITY_ATTRIBUTES security;
  struct instance instances[MOST_INSTANCES];
  struct instance* told; /* of this one, which was not accepted yet */
} door;

int door_check(const char* allow, char* why, size_t size) {
  PSECURITY_DESCRIPTOR made;
  if (access_make(allow, &made, why, size) != 0)
    return -1;
  LocalFree(made);
  return 0;
}

/* ---- Instances ----------------------------------------------------------------------------- */

/* On a thread of the system's pool. */
static void CALLBACK on_event(void* context, BOOLEAN timed_out) {
  (void) context;
  (void) timed_out;
  uv_async_send(&door.async);
}

static int make_pipe(struct instance* instance, DWORD first) {
  instance->pipe =
      CreateNamedPipeW(door.name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | first,
                       PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS,
                       PIPE_UNLIMITED_INSTANCES, BUFFER, BUFFER, 0, &door.security);
  if (instance->pipe != INVALID_HANDLE_VALUE)
    return 0;
  instance->pipe = NULL;
  /* The name is somebody else's. */
  return GetLastError() == ERROR_ACCESS_DENIED ? UV_EADDRINUSE
                                               : uv_translate_sys_error((int) GetLastError());
}

/* Whoever was faster than the call has come as well, and so has who has left again. */
static int await_client(struct instance* instance) {
  DWORD error;
  if (instance->event == NULL)
    instance->event = CreateEventW(NULL, TRUE, FALSE, NULL);
  if (instance->event == NULL)
    return UV_ENOMEM;
  ResetEvent(instance->event);
  memset(&instance->overlapped, 0, sizeof(instance->overlapped));
  instance->overlapped.hEvent = instance->event;
  error = ConnectNamedPipe(instance->pipe, &instance->overlapped) ? ERROR_PIPE_CONNECTED
                                                                  : GetLastError();
  if (error == ERROR_PIPE_CONNECTED || error == ERROR_NO_DATA) {
    instance->overlapped.Internal = 0;
    SetEvent(instance->event);
  } else if (error != ERROR_IO_PENDING) {
    return uv_translate_sys_error((int) error);
  }
  if (RegisterWaitForSingleObject(&instance->wait, instance->event, on_event, NULL, INFINITE,
                                  WT_EXECUTEONLYONCE))
    return 0;
  return uv_translate_sys_error((int) GetLastError());
}

static void drop(struct instance* instance) {
  CloseHandle(instance->pipe);
  instance->pipe = NULL;
}

/* What cannot be now is tried again when the next client has come. */
static int refill(int count, DWORD first) {
  int err = 0;
  int i;
  for (i = 0; i < MOST_INSTANCES; i++)
    count -= door.instances[i].pipe != NULL;
  for (i = 0; err == 0 && count > 0 && i < MOST_INSTANCES; i++) {
    struct instance* instance = &door.instances[i];
    if (instance->pipe != NULL)
      continue;
    err = make_pipe(instance, first);
    if (err < 0)
      break;
    err = await_client(instance);
    if (err < 0)
      drop(instance);
    first = 0;
    count--;
  }
  return err;
}

/* The wait is over, or is ended now; the pool has nothing of it any more. */
static void end_wait(struct instance* instance) {
  if (instance->wait != NULL)
    UnregisterWaitEx(instance->wait, INVALID_HANDLE_VALUE);
  instance->wait = NULL;
}

static void tell_of_clients(void) {
  int i;
  for (i = 0; door.cb != NULL && door.told == NULL && i < MOST_INSTANCES; i++) {
    struct instance* instance = &door.instances[i];
    if (instance->pipe != NULL && WaitForSingleObject(instance->event, 0) == WAIT_OBJECT_0) {
      door.told = instance;
      door.cb(door.arg);
    }
  }
}

static void on_async(uv_async_t* async) {
  (void) async;
  tell_of_clients();
}

/* ---- The name ------------------------------------------------------------------------------ */

static int start(uv_loop_t* loop, const char* name, const char* allow, int count, DWORD first) {
  char full[MOST_NAME];
  char why[1];
  PSECURITY_DESCRIPTOR made;
  int err = uv_async_init(loop, &door.async, on_async);
  if (err < 0)
    return err;
  door.open = 1;
  if (strlen(PREFIX) + strlen(name) >= sizeof(full))
    return UV_ENAMETOOLONG;
  snprintf(full, sizeof(full), "%s%s", strncmp(name, PREFIX, strlen(PREFIX)) == 0 ? "" : PREFIX,
           name);
  if (uv_wtf8_length_as_utf16(full) < 0)
    return UV_EINVAL;
  uv_wtf8_to_utf16(full, (uint16_t*) door.name, (size_t) uv_wtf8_length_as_utf16(full));
  if (access_make(allow, &made, why, sizeof(why)) != 0)
    return UV_EINVAL;
  door.security.nLength = sizeof(door.security);
  door.security.lpSecurityDescriptor = made;
  return refill(count, first);
}

int door_open(uv_loop_t* loop, const char* name, const char* allow) {
  return start(loop, name, allow, INSTANCES, FILE_FLAG_FIRST_PIPE_INSTANCE);
}

int door_join(uv_loop_t* loop, const char* name, const char* allow, uv_stream_t* channel) {
  (void) channel;
  return start(loop, name, allow, 1, 0); /* shows that it can; others come from the predecessor */
}

int door_take(const char* text) {
  HANDLE pipe = (HANDLE) (uintptr_t) strtoull(text, NULL, 16);
  int err = UV_EMFILE;
  int i;
  for (i = 0; i < MOST_INSTANCES && door.instances[i].pipe != NULL; i++)
    continue;
  if (i < MOST_INSTANCES) {
    door.instances[i].pipe = pipe;
    err = await_client(&door.instances[i]);
    if (err == 0)
      return 0;
    door.instances[i].pipe = NULL;
  }
  CloseHandle(pipe);
  return err;
}

int door_listen(door_cb cb, void* arg) {
  refill(INSTANCES, 0); /* there is one at least */
  door.cb = cb;
  door.arg = arg;
  return uv_async_send(&door.async);
}

/* The next instance is there before this one goes: with the last would go the name. */
int door_accept(uv_pipe_t* client) {
  struct instance* instance = door.told;
  int err = uv_pipe_init(door.async.loop, client, 0);
  HANDLE pipe;
  int fd;
  if (err < 0)
    return err;
  if (instance == NULL)
    return UV_EAGAIN;
  door.told = NULL;
  end_wait(instance);
  pipe = instance->pipe;
  instance->pipe = NULL;
  if (!door.closing) {
    refill(INSTANCES, 0);
    uv_async_send(&door.async); /* for those that have come meanwhile */
  }
  fd = uv_open_osfhandle(pipe);
  if (fd < 0) {
    CloseHandle(pipe);
    return UV_EMFILE;
  }
  err = uv_pipe_open(client, fd);
  if (err < 0)
    _close(fd);
  return err;
}

uv_stream_t* door_handle(void) {
  return NULL;
}

/* 1: somebody has come all the same. */
static int take_back(struct instance* instance) {
  DWORD bytes;
  if (!HasOverlappedIoCompleted(&instance->overlapped))
    CancelIoEx(instance->pipe, &instance->overlapped);
  return GetOverlappedResult(instance->pipe, &instance->overlapped, &bytes, TRUE) != 0;
}

/* Whoever comes to it from now on is the successor's. With the handle there goes ours. */
static void give(struct instance* instance, HANDLE process, int (*say)(const char* line)) {
  char line[40];
  HANDLE there;
  HANDLE pipe = instance->pipe;
  instance->pipe = NULL;
  if (!DuplicateHandle(GetCurrentProcess(), pipe, process, &there, 0, FALSE,
                       DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE))
    return;
  snprintf(line, sizeof(line), "instance %llx", (unsigned long long) (uintptr_t) there);
  say(line); /* when it cannot be told it is about to end, and the instance with it */
}

/* `process`: NULL when nobody gets what waits. */
static void shut(HANDLE process, int (*say)(const char* line)) {
  int i;
  door.closing = 1;
  for (i = 0; i < MOST_INSTANCES; i++) {
    struct instance* instance = &door.instances[i];
    end_wait(instance);
    if (instance->pipe != NULL && take_back(instance) && door.cb != NULL) {
      door.told = instance;
      door.cb(door.arg);
    } else if (instance->pipe != NULL && process != NULL) {
      hold("held-at-the-door");
      give(instance, process, say);
    }
    if (instance->pipe != NULL)
      drop(instance);
    if (instance->event != NULL)
      CloseHandle(instance->event);
  }
  LocalFree(door.security.lpSecurityDescriptor);
  door.open = 0;
  uv_close((uv_handle_t*) &door.async, NULL);
}

void door_leave(int pid, int (*say)(const char* line)) {
  HANDLE process;
  if (!door.open)
    return;
  process = OpenProcess(PROCESS_DUP_HANDLE, FALSE, (DWORD) pid);
  shut(process, say);
  if (process != NULL)
    CloseHandle(process);
}

void door_close(int keep) {
  (void) keep; /* the name goes with the last instance of any process */
  if (door.open)
    shut(NULL, NULL);
}

void door_client(const uv_pipe_t* client, char* text, size_t size) {
  uv_os_fd_t handle;
  if (uv_fileno((const uv_handle_t*) client, &handle) == 0)
    access_describe(handle, text, size);
  else
    snprintf(text, size, "nobody knows who");
}

void door_remove_name(const char* name) {
  (void) name; /* nothing is left of a pipe */
}
