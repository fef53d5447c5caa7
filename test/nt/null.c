/* The null device. */
#include "proc.h"

/* An end of file: success, and no bytes. */
static void null_start(struct nt_irp* irp) {
  nt_irp_complete(irp, ST_SUCCESS, irp->what == NT_WRITE ? irp->size : 0);
}

static void nothing(struct nt_file* file) {
  (void) file;
}

static const struct nt_device null_device = {.name = "null device",
                                             .type = FILE_TYPE_CHAR,
                                             .start = null_start,
                                             .cleanup = nothing,
                                             .destroy = nothing};

static struct nt_file* open_null(
    const WCHAR* name, ACCESS_MASK access, DWORD share, DWORD disposition, DWORD flags) {
  (void) access;
  (void) share;
  (void) disposition;
  if (name[3] != 0) {
    nt_error(ERROR_FILE_NOT_FOUND);
    return NULL;
  }
  return nt_file_new(&null_device, sizeof(struct nt_file), !(flags & FILE_FLAG_OVERLAPPED));
}

void nt_null_begin(void);

void nt_null_begin(void) {
  nt_names_add(L"nul", open_null);
}
