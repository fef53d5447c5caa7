/* Facts about Windows that the library is built on, each as a probe in plain Win32: no uvstream here.
 * The same sources run on the model of NT (which must hold every fact but those about services), on Wine, and on
 * Windows. */
#ifndef FACTS_H_
#define FACTS_H_

/* clang-format off */
#include <winsock2.h>
#include <windows.h>
#include <mswsock.h>
#include <ws2tcpip.h>
/* clang-format on */

/* A probe answers 1 when the fact holds, 0 when this system does otherwise, and -1 when it could not
 * be tried; `facts_note` says what was seen instead. Each leaves nothing open behind it. */
struct fact {
  const char* name;
  int (*probe)(void);
  const char* text;
  const char* source;
};

/* The tables end with a name that is NULL. */
extern const struct fact facts_of_ports[];
extern const struct fact facts_of_locks[];
extern const struct fact facts_of_pipes[];
extern const struct fact facts_of_modes[];
extern const struct fact facts_of_names[];
extern const struct fact facts_of_npfs[];
extern const struct fact facts_of_sockets[];
extern const struct fact facts_of_connections[];
extern const struct fact facts_of_refusals[];
extern const struct fact facts_of_processes[];
extern const struct fact facts_of_consoles[];
extern const struct fact facts_of_timers[];
extern const struct fact facts_of_local[];
extern const struct fact facts_of_services[];

/* What the child does that tries a fact of a console; its exit code. */
int facts_in_console(const char* name);
/* The same of a service. */
int facts_in_service(const char* look);

/* What was seen, for a fact that does not hold; always returns 0. */
int facts_note(const char* what, unsigned long seen);

/* The two ends of a new pipe. `server` is what CreateNamedPipe takes besides, `access` and `flags`
 * are what CreateFile does; `type` is PIPE_TYPE_* | PIPE_READMODE_*. 0: it could not be
 * made. */
struct ends {
  HANDLE server;
  HANDLE client;
};
int facts_pipe(struct ends* ends, DWORD server, DWORD type, DWORD access, DWORD flags, DWORD quota);
void facts_close(struct ends* ends);
/* A name that nobody has. */
const char* facts_name(void);

/* The next packet of a port: its OVERLAPPED, or NULL when none comes in time. */
OVERLAPPED* facts_packet(HANDLE port, DWORD timeout_ms);

/* A function of ntdll, which is documented but not in every import library; or NULL. */
typedef void (*facts_fn)(void);
facts_fn facts_import(const char* name);
/* NtFsControlFile, NtDeviceIoControlFile */
typedef LONG(NTAPI* facts_control_fn)(HANDLE,
                                      HANDLE event,
                                      void* routine,
                                      void* context,
                                      void* status,
                                      ULONG code,
                                      void* in,
                                      ULONG in_size,
                                      void* out,
                                      ULONG out_size);

/* What the system below needs around all probes (begin.c, or test/nt/facts_native.c). */
void facts_begin(void);
void facts_end(void);

#endif /* FACTS_H_ */
