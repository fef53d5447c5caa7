/* What there is at a path decides how it is written. */
#include "draft.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"
#include "report.h"
#include "uv.h"

static int open_straight(struct draft* draft) {
  draft->renamed = 0;
  if (snprintf(draft->name, sizeof(draft->name), "%s", draft->path) >= (int) sizeof(draft->name))
    return UV_ENAMETOOLONG;
  draft->file = file_open(draft->path, "wb");
  return draft->file == NULL ? file_error() : 0;
}

/* `exists`: in place of a file of this mode, which can be written itself where its folder cannot. */
static int open_beside(struct draft* draft, int exists, unsigned mode) {
  draft->renamed = 1;
  if (snprintf(draft->name, sizeof(draft->name), "%s.part", draft->path) >=
      (int) sizeof(draft->name))
    return UV_ENAMETOOLONG;
  draft->file = file_open(draft->name, "wb");
  if (draft->file == NULL && exists && errno == EACCES)
    return open_straight(draft);
  if (draft->file == NULL)
    return file_error();
#ifdef _WIN32
  (void) mode; /* what a file may be is its folder's to say there */
#else
  if (exists)
    (void) fchmod(fileno(draft->file), mode & 0777);
#endif
  return 0;
}

int draft_open(struct draft* draft, const char* path) {
  struct file_look look;
  draft->path = path;
  draft->file = NULL;
  file_look(path, &look);
  if (look.is_folder)
    return UV_EISDIR;
  if (look.exists && !look.is_plain)
    return open_straight(draft);
  return open_beside(draft, look.exists, look.mode);
}

int draft_keep(struct draft* draft) {
  int ok = fclose(draft->file) == 0;
  draft->file = NULL;
  if (ok && draft->renamed)
    ok = file_replace(draft->name, draft->path) == 0;
  return ok ? 0 : file_error();
}

void draft_leave(struct draft* draft) {
  fclose(draft->file);
  draft->file = NULL;
  if (draft->renamed) /* A device has kept it, or not. */
    report(REPORT_NORMAL, "what arrived is in %s", draft->name);
}
