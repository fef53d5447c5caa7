/* The title of the process: that of its console, and, since it may have none, a copy of what was
 * set. The arguments of main stay as they are. */
#include "win/base/base.h"

#include <wchar.h>

#include "core/base/alloc.h"

static struct {
  SRWLOCK lock;
  int set;
  WCHAR text[1024]; /* longer ones are cut, as where the room is that of the arguments */
} title = {SRWLOCK_INIT, 0, {0}};

char** uv_setup_args(int argc, char** argv) {
  (void) argc;
  return argv;
}

static void keep(const WCHAR* text) {
  size_t units = wcslen(text);
  size_t most = sizeof(title.text) / sizeof(title.text[0]) - 1;

  if (units > most) {
    units = most;
    if (IS_HIGH_SURROGATE(text[units - 1]))
      units--; /* Half a character is none. */
  }
  wmemcpy(title.text, text, units);
  title.text[units] = L'\0';
  title.set = 1;
}

int uv_set_process_title(const char* text) {
  WCHAR* wide;
  int r;

  if (text == NULL)
    return UV_EINVAL;
  r = uv__wide_make(text, &wide);
  if (r < 0)
    return r;
  AcquireSRWLockExclusive(&title.lock);
  keep(wide);
  SetConsoleTitleW(title.text); /* Fails without a console; the copy is there then. */
  ReleaseSRWLockExclusive(&title.lock);
  uv__free(wide);
  return 0;
}

/* What the process was given before it set a title. */
static void look_up(void) {
  WCHAR found[sizeof(title.text) / sizeof(title.text[0])];
  STARTUPINFOW info;
  DWORD units = GetConsoleTitleW(found, sizeof(found) / sizeof(found[0]));

  if (units > 0 && units < sizeof(found) / sizeof(found[0])) {
    keep(found);
    title.set = 0; /* Others may change a console's. */
    return;
  }
  GetStartupInfoW(&info);
  keep(info.lpTitle != NULL && info.lpTitle[0] != L'\0' ? info.lpTitle : GetCommandLineW());
}

int uv_get_process_title(char* buffer, size_t size) {
  int r;

  if (buffer == NULL || size == 0)
    return UV_EINVAL;
  AcquireSRWLockExclusive(&title.lock);
  if (!title.set)
    look_up();
  r = uv__wide_give(title.text, wcslen(title.text), buffer, &size);
  ReleaseSRWLockExclusive(&title.lock);
  return r;
}
