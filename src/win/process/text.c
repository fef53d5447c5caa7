/* What a child is started with, as text: the command line, which its run-time library takes apart
 * again; and what program.c and block.c make. */
#include "win/process/process.h"

#include <string.h>
#include <wchar.h>

#include "core/base/alloc.h"
#include "win/text/text.h"

/* ---- Command line ---- */

/* Writes one argument so that the rules of CommandLineToArgvW, which the run-time libraries
 * share, give it back: quotes around white space, and backslashes doubled where a quote follows
 * them, because only there do they mean something. Needs at most 2 * length + 2 units. */
static WCHAR* quote(WCHAR* to, const WCHAR* arg) {
  size_t backslashes = 0;

  if (arg[0] != L'\0' && wcspbrk(arg, L" \t\n\v\"") == NULL) {
    size_t length = wcslen(arg);
    memcpy(to, arg, length * sizeof(*to));
    return to + length;
  }
  *to++ = L'"';
  for (; *arg != L'\0'; arg++) {
    if (*arg == L'\\') {
      backslashes++;
    } else {
      if (*arg == L'"')
        for (backslashes++; backslashes > 0; backslashes--)
          *to++ = L'\\';
      backslashes = 0;
    }
    *to++ = *arg;
  }
  for (; backslashes > 0; backslashes--)
    *to++ = L'\\';
  *to++ = L'"';
  return to;
}

enum {
  MOST_COMMAND = 32767 /* units that CreateProcessW takes, with the terminator */
};

static int make_command(char** args, int verbatim, WCHAR** command) {
  WCHAR* line;
  WCHAR* at;
  size_t room = 1;
  int i;

  /* A UTF-16 text has no more units than its UTF-8 form has bytes. */
  for (i = 0; args[i] != NULL; i++)
    room += 2 * strlen(args[i]) + 3;
  line = uv__malloc(room * sizeof(*line));
  if (line == NULL)
    return UV_ENOMEM;
  at = line;
  for (i = 0; args[i] != NULL; i++) {
    WCHAR* arg;
    int r = uv__wide_make(args[i], &arg);

    if (r < 0) {
      uv__free(line);
      return r;
    }
    if (i > 0)
      *at++ = L' ';
    if (verbatim) {
      memcpy(at, arg, wcslen(arg) * sizeof(*at));
      at += wcslen(arg);
    } else {
      at = quote(at, arg);
    }
    uv__free(arg);
  }
  *at = L'\0';
  if (at - line >= MOST_COMMAND) {
    uv__free(line);
    return UV_E2BIG;
  }
  *command = line;
  return 0;
}

/* ---- Folder ---- */

static DWORD fetch_folder(WCHAR* to, DWORD room, const void* arg) {
  (void) arg;
  return GetCurrentDirectoryW(room, to);
}

/* CreateProcessW takes no folder of more than MAX_PATH units, nor lets a child have ours when it is
 * longer: its short name can be what it takes. Where there is none the system says what is wrong. */
static int make_folder(const char* cwd, WCHAR** folder) {
  WCHAR* given;
  WCHAR* shorter;
  DWORD units;
  int r;

  r = cwd != NULL ? uv__wide_make(cwd, &given) : uv__wide_fetch(fetch_folder, NULL, &given, &units);
  if (r < 0)
    return r;
  if (wcslen(given) >= MAX_PATH - 1) { /* It ends with a backslash, which may be added. */
    r = uv__folder_shorten(given, &shorter);
    if (r == 0 || r == UV_ENOMEM)
      uv__free(given);
    if (r == UV_ENOMEM)
      return r;
    if (r == 0)
      given = shorter;
  } else if (cwd == NULL) {
    uv__free(given);
    given = NULL; /* The child gets ours by itself. */
  }
  *folder = given;
  return 0;
}

/* ---- All of it ---- */

static int make(struct uv__process_text* text, const uv_process_options_t* options) {
  int verbatim = (options->flags & UV_PROCESS_WINDOWS_VERBATIM_ARGUMENTS) != 0;
  int r = make_folder(options->cwd, &text->cwd);

  if (r == 0 && options->env != NULL)
    r = uv__process_block_make(options->env, &text->block);
  if (r == 0)
    r = make_command(options->args, verbatim, &text->command);
  if (r == 0)
    r = uv__process_program_find(
        options->file, text->block != NULL ? uv__process_block_path(text->block) : NULL, text->cwd,
        (options->flags & UV_PROCESS_WINDOWS_FILE_PATH_EXACT_NAME) != 0, &text->program);
  if (r == 0 && !verbatim && uv__process_program_is_batch(text->program))
    r = UV_EINVAL;
  return r;
}

int uv__process_text_make(struct uv__process_text* text, const uv_process_options_t* options) {
  int r;

  memset(text, 0, sizeof(*text));
  r = make(text, options);
  if (r < 0)
    uv__process_text_free(text);
  return r;
}

void uv__process_text_free(struct uv__process_text* text) {
  uv__free(text->program);
  uv__free(text->command);
  uv__free(text->block);
  uv__free(text->cwd);
}
