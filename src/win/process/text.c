/* What a child is started with, as text: the command line, which its run-time library takes apart
 * again; and what program.c and block.c make. */
#include "win/process/process.h"

#include <string.h>
#include <wchar.h>

#include "core/base/alloc.h"

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
  *command = line;
  return 0;
}

/* ---- All of it ---- */

static int make(struct uv__process_text* text, const uv_process_options_t* options) {
  int verbatim = (options->flags & UV_PROCESS_WINDOWS_VERBATIM_ARGUMENTS) != 0;
  int r = 0;

  if (options->cwd != NULL)
    r = uv__wide_make(options->cwd, &text->cwd);
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
