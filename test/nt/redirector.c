/* Names of other machines, \\SERVER\pipe\NAME, over a network that takes its time. The one other machine
 * is this one, by its names of the loopback; of the rest it takes a minute to find out that they are not
 * there. Whether a call that waits for the network can be cancelled is up to the seed: Windows promises
 * no more than a try ("CancelSynchronousIo"). */
#include "npfs.h"

#include <string.h>

enum {
  QUICK_MS = 300,
  SLOW_MS = 60000
};

void nt_redirector_begin(void);

/* ---- The network ---- */

static void arrived(void* arg) {
  nt_irp_complete(arg, ST_SUCCESS, 0);
}

static void cancel(struct nt_irp* irp) {
  nt_later_not(irp->device);
  nt_irp_complete(irp, ST_CANCELLED, 0);
}

static void start(struct nt_irp* irp) {
  irp->device = nt_later(irp->code * NT_MS, arrived, irp);
  nt_irp_pend(irp, nt_chance(50) ? cancel : NULL);
}

static void nothing(struct nt_file* file) {
  (void) file;
}

static const struct nt_device network = {.name = "the network",
                                         .type = FILE_TYPE_UNKNOWN,
                                         .start = start,
                                         .cleanup = nothing,
                                         .destroy = nothing};

/* There and back: the error of a call that asks for it, or 0. */
static DWORD travel(unsigned ms) {
  struct nt_file* way = nt_file_new(&network, sizeof(*way), 1);
  struct nt_irp* irp = nt_irp_begin(way, NT_CONTROL, NULL);
  ULONG_PTR info;
  NTSTATUS status;

  irp->code = ms;
  status = nt_irp_run(irp, &info);
  nt_unref(way);
  return nt_status_error(status);
}

/* ---- Names ---- */

static int is_this_machine(const WCHAR* server, size_t units) {
  return (units == 9 && _wcsnicmp(server, L"localhost", 9) == 0) ||
         (units == 9 && _wcsnicmp(server, L"127.0.0.1", 9) == 0);
}

DWORD np_reach(const WCHAR* name, const WCHAR** part) {
  const WCHAR* server = name + 2;
  const WCHAR* end = wcschr(server, L'\\');
  DWORD error;

  if (wcsncmp(name, L"\\\\", 2) != 0 || end == NULL || *server == L'.' || *server == L'?')
    return ERROR_FILE_NOT_FOUND;
  if (!is_this_machine(server, (size_t) (end - server))) {
    error = travel(1 + nt_below(SLOW_MS));
    return error != 0 ? error : ERROR_BAD_NETPATH;
  }
  error = travel(1 + nt_below(QUICK_MS));
  *part = end + 5;
  return error != 0 || _wcsnicmp(end, L"\\pipe\\", 6) == 0 ? error : ERROR_BAD_NETPATH;
}

/* A server there is not to act in our name, whoever it is. */
static struct nt_file* open_name(
    const WCHAR* name, ACCESS_MASK access, DWORD share, DWORD disposition, DWORD flags) {
  const WCHAR* part = NULL;
  struct np_end* end = NULL;
  struct np_name* found;
  DWORD error;

  (void) share;
  (void) disposition;
  if (!(flags & SECURITY_SQOS_PRESENT) || (flags & 0x30000) != SECURITY_IDENTIFICATION)
    nt_fault("a server of another machine is given more than the right to identify its client");
  error = np_reach(name, &part);
  found = error == 0 ? np_name_find(part, wcslen(part)) : NULL;
  if (error == 0 && found == NULL)
    error = ERROR_FILE_NOT_FOUND;
  if (error == 0 && found->is_local)
    error = ERROR_ACCESS_DENIED;
  if (error != 0)
    nt_error(error);
  else
    end = np_open(found, access, !(flags & FILE_FLAG_OVERLAPPED));
  return end == NULL ? NULL : &end->file;
}

void nt_redirector_begin(void) {
  nt_names_add(L"\\\\", open_name); /* behind those that begin so, too */
}
