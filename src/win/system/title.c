/* The arguments of main, as text and not in the code page of the system; and the title of the
 * process: that of its console, and, since it may have none, a copy of what was set. */
#include "win/system/system.h"

#include <wchar.h>

#include "core/base/alloc.h"
#include "win/text/args.h"
#include "win/text/text.h"

static struct {
  SRWLOCK lock;
  int set;
  WCHAR text[1024]; /* longer ones are cut, as where the room is that of the arguments */
} title = {SRWLOCK_INIT, 0, {0}};

static struct {
  SRWLOCK lock;
  char** copy; /* what uv_setup_args gave */
} args = {SRWLOCK_INIT, NULL};

/* A table of `count` arguments, which stand in `wide` one behind the other, and their text, in one
 * block. */
static char** make_args(const uint16_t* wide, size_t count) {
  const uint16_t* from = wide;
  size_t bytes = 0;
  char** made;
  char* text;
  size_t i;

  for (i = 0; i < count; i++) {
    bytes += uv_utf16_length_as_wtf8(from, -1) + 1;
    from += wcslen((const WCHAR*) from) + 1;
  }
  made = uv__malloc((count + 1) * sizeof(*made) + bytes);
  if (made == NULL)
    return NULL;
  text = (char*) (made + count + 1);
  for (i = 0; i < count; i++) {
    size_t size = bytes - 1; /* what is left is enough */

    made[i] = text;
    (void) uv_utf16_to_wtf8(wide, -1, &text, &size);
    text += size + 1;
    bytes -= size + 1;
    wide += wcslen((const WCHAR*) wide) + 1;
  }
  made[count] = NULL;
  return made;
}

/* NULL: without memory, and when main was given others, as by start-up code that knows other
 * rules or puts names of files in the place of a pattern. */
static char** arguments_of_the_system(int argc) {
  const WCHAR* line = GetCommandLineW();
  uint16_t* wide = uv__malloc((wcslen(line) + 1) * sizeof(*wide));
  char** made = NULL;

  if (wide == NULL)
    return NULL;
  if (line[0] != L'\0' && uv__args_split((const uint16_t*) line, wide) == argc)
    made = make_args(wide, (size_t) argc);
  uv__free(wide);
  return made;
}

char** uv_setup_args(int argc, char** argv) {
  char** result = argv;

  if (argc <= 0 || argv == NULL || argv[0] == NULL)
    return argv;
  AcquireSRWLockExclusive(&args.lock);
  if (args.copy == NULL) {
    args.copy = arguments_of_the_system(argc);
    if (args.copy != NULL)
      result = args.copy;
  }
  ReleaseSRWLockExclusive(&args.lock);
  return result;
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

void uv__title_shutdown(void) {
  uv__free(args.copy);
  args.copy = NULL;
}
