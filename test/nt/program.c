/* What a program finds when it starts: its command line, taken apart, the information that it was
 * started with, and descriptors; and the program itself, of which there is one: the test, as a copy with
 * variables of its own (host.h). */
#include "proc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Texts ---- */

WCHAR* nt_text_copy(const WCHAR* text) {
  size_t units = wcslen(text) + 1;
  WCHAR* copy = nt_alloc(units * sizeof(*copy));

  return wmemcpy(copy, text, units);
}

/* ---- The program ---- */

static const WCHAR folder[] = L"C:\\programs\\";

static const char* last_part(const char* path) {
  const char* slash = strrchr(path, '/');

  return slash == NULL ? path : slash + 1;
}

/* Where it is said to be. */
static const WCHAR* program_path(void) {
  static WCHAR path[MAX_PATH];
  const char* name = last_part(host_program_path());
  size_t n;

  if (path[0] == 0) {
    wcscpy(path, folder);
    for (n = wcslen(path); *name != '\0' && n < MAX_PATH - 5; name++)
      path[n++] = (WCHAR) (unsigned char) *name;
    path[n] = 0;
    wcscat(path, L".exe");
  }
  return path;
}

static int same(WCHAR a, WCHAR b) {
  return a == b || ((a == L'/' || a == L'\\') && (b == L'/' || b == L'\\'));
}

/* The name that the test knows it by, which is how this machine called it, leads there from anywhere. */
static int ends_as_called(const WCHAR* path) {
  WCHAR* called = nt_text_from(host_program_word(0));
  size_t units = wcslen(called);
  size_t size = wcslen(path);
  size_t i;
  int ends = size >= units + 4 && _wcsicmp(path + size - 4, L".exe") == 0;

  for (i = 0; i < units && ends; i++)
    ends = same(path[size - 4 - units + i], called[i]);
  nt_free(called);
  return ends;
}

int nt_program_is(const WCHAR* path) {
  return _wcsicmp(path, program_path()) == 0 || ends_as_called(path);
}

DWORD WINAPI GetModuleFileNameW(HMODULE module, LPWSTR to, DWORD room) {
  const WCHAR* path = program_path();
  DWORD units = (DWORD) wcslen(path);

  nt_enter("GetModuleFileNameW");
  if (module != NULL)
    nt_absent("GetModuleFileNameW of a library");
  if (room == 0)
    return 0;
  if (units >= room) { /* Cut, and terminated since Windows Vista. */
    wmemcpy(to, path, room - 1);
    to[room - 1] = 0;
    nt_error(ERROR_INSUFFICIENT_BUFFER);
    return room;
  }
  wcscpy(to, path);
  return units;
}

DWORD WINAPI GetModuleFileNameA(HMODULE module, LPSTR to, DWORD room) {
  WCHAR wide[MAX_PATH];

  (void) GetModuleFileNameW(module, wide, MAX_PATH);
  return (DWORD) WideCharToMultiByte(CP_UTF8, 0, wide, -1, to, (int) room, NULL, NULL) - 1;
}

/* Nobody handles it: the process ends, with the code of the exception. */
void WINAPI RaiseException(DWORD code, DWORD flags, DWORD count, const ULONG_PTR* arguments) {
  nt_enter("RaiseException");
  (void) flags;
  (void) count;
  (void) arguments;
  nt_process_exit(code);
}

/* ---- Arguments ---- */

/* "Parsing C command-line arguments". The texts are in the code page of the system, which has ASCII
 * and here no more. */
static const WCHAR* take(const WCHAR* at, int is_name, char** to) {
  int quoted = 0;

  while (*at != 0 && (quoted || (*at != L' ' && *at != L'\t'))) {
    unsigned slashes = 0;

    while (!is_name && *at == L'\\') {
      slashes++;
      at++;
    }
    if (slashes > 0) {
      unsigned kept = *at == L'"' ? slashes / 2 : slashes;
      for (; kept > 0; kept--)
        *(*to)++ = '\\';
      if (*at != L'"' || slashes % 2 == 1) {
        if (*at == L'"')
          *(*to)++ = (char) *at++;
        continue;
      }
    }
    if (*at == L'"' && quoted && !is_name && at[1] == L'"') {
      *(*to)++ = '"';
      at += 2;
    } else if (*at == L'"') {
      quoted = !quoted;
      at++;
    } else {
      *(*to)++ = *at < 0x80 ? (char) *at : '?';
      at++;
    }
  }
  *(*to)++ = '\0';
  return at;
}

static void split(struct nt_process* process) {
  const WCHAR* at = process->command;
  size_t units = wcslen(at);
  char* text;

  process->argv = nt_alloc((units + 2) * sizeof(*process->argv) + 2 * units + 2);
  text = (char*) (process->argv + units + 2);
  while (*at != 0 || process->argc == 0) {
    process->argv[process->argc] = text;
    at = take(at, process->argc++ == 0, &text);
    while (*at == L' ' || *at == L'\t')
      at++;
  }
}

/* The first process was started by this machine: the words are in quotes, and have none. */
static struct nt_process* here(void) {
  static WCHAR title[] = L"a test";
  struct nt_process* process = nt_here();
  char line[8192] = "";
  size_t size = 0;
  unsigned i;

  if (process->command != NULL)
    return process;
  for (i = 0; host_program_word(i) != NULL; i++) {
    int n = snprintf(line + size, sizeof(line) - size, "%s\"%s\"", i == 0 ? "" : " ",
                     host_program_word(i));
    if (n < 0 || (size += (size_t) n) >= sizeof(line))
      nt_fault("the command line is too long for the model");
  }
  process->command = nt_text_from(line);
  process->startup.lpTitle = title;
  split(process);
  return process;
}

LPWSTR WINAPI GetCommandLineW(void) {
  nt_enter("GetCommandLineW");
  return here()->command;
}

int* nt_argc(void) {
  return &here()->argc;
}

char*** nt_argv(void) {
  return &here()->argv;
}

/* ---- Descriptors ---- */

enum {
  CRT_OPEN = 1
};

/* The block of STARTUPINFO.lpReserved2: int count, a byte of flags for each, then the handles. What it
 * has no word of is a standard handle ("_open_osfhandle" and the sources of the run-time library, which
 * come with Visual Studio: lowio, ioinit). */
static void open_descriptors(struct nt_process* process) {
  int count = 0;
  int i;

  if (process->block_size >= sizeof(count))
    memcpy(&count, process->block, sizeof(count));
  if (count < 0 || count > NT_DESCRIPTORS ||
      sizeof(count) + (size_t) count * (1 + sizeof(HANDLE)) > process->block_size)
    count = 0;
  for (i = 0; i < count; i++) {
    const BYTE* flags = process->block + sizeof(count);
    HANDLE handle;

    memcpy(&handle, flags + count + (size_t) i * sizeof(handle), sizeof(handle));
    if (!(flags[i] & CRT_OPEN) || handle == INVALID_HANDLE_VALUE)
      continue;
    process->descriptors[i].used = 1;
    process->descriptors[i].handle = handle;
  }
  for (i = 0; i < NT_STD_HANDLES; i++) {
    HANDLE handle = process->std[i];
    if (process->descriptors[i].used || handle == NULL || handle == INVALID_HANDLE_VALUE)
      continue;
    process->descriptors[i].used = 1;
    process->descriptors[i].handle = handle;
  }
}

void WINAPI GetStartupInfoW(LPSTARTUPINFOW info) {
  const struct nt_process* process = here();

  nt_enter("GetStartupInfoW");
  *info = process->startup;
  info->cb = sizeof(*info);
  info->cbReserved2 = process->block_size;
  info->lpReserved2 = process->block;
}

/* ---- Its beginning ---- */

DWORD nt_program_set_up(struct nt_process* process,
                        const WCHAR* program,
                        const WCHAR* command,
                        const STARTUPINFOW* startup) {
  (void) program;
  process->main = host_program_load();
  if (process->main == NULL)
    nt_fault("this suite has no program for children: see nt_add_program in CMakeLists.txt");
  process->command = nt_text_copy(command);
  process->startup = *startup;
  if (startup->dwFlags & STARTF_USESTDHANDLES) {
    process->std[0] = startup->hStdInput;
    process->std[1] = startup->hStdOutput;
    process->std[2] = startup->hStdError;
  } else {
    memcpy(process->std, nt_here()->std, sizeof(process->std));
  }
  process->block_size = startup->lpReserved2 != NULL ? startup->cbReserved2 : 0;
  if (process->block_size > 0) {
    process->block = nt_alloc(process->block_size);
    memcpy(process->block, startup->lpReserved2, process->block_size);
  }
  return 0;
}

/* Its first thread. */
DWORD nt_program_main(void* arg) {
  struct nt_process* process = arg;
  int code;

  process->runs = 1;
  split(process);
  open_descriptors(process);
  code = process->main(process->argc, process->argv);
  nt_enter("the end of main");
  nt_exit(code);
}

void nt_program_free(struct nt_process* process) {
  nt_free(process->command);
  nt_free(process->block);
  nt_free(process->argv);
}
