/* Child processes. Knows pairs of pipes, for a child's descriptors; nobody but the core knows it. */
#ifndef UV__WIN_PROCESS_H_
#define UV__WIN_PROCESS_H_

#include "win/loop/loop.h"

/* io->tail.more of a child. */
struct uv__child {
  struct uv__io* io;
  HANDLE process;
  HANDLE wait;
  volatile LONG posted; /* the child is gone, and the loop will hear of it */
  int closing;
  int term_signal; /* that we sent */
  DWORD exit_code;
  struct uv__op op;
};

/* end.c: has its end told. */
int uv__process_watch(struct uv__child* child);

/* text.c: what CreateProcessW wants, from the options of uv_spawn; all in memory of the
 * library's. */
struct uv__process_text {
  WCHAR* program; /* the file found */
  WCHAR* command; /* its command line */
  WCHAR* block;   /* its environment; NULL: ours */
  WCHAR* cwd;     /* its folder; NULL: ours */
};
int uv__process_text_make(struct uv__process_text* text, const uv_process_options_t* options);
void uv__process_text_free(struct uv__process_text* text);

/* block.c: the environment of a child, in the order that CreateProcessW demands. */
int uv__process_block_make(char** env, WCHAR** block);
/* The value of PATH in a block; NULL: it has none. */
const WCHAR* uv__process_block_path(const WCHAR* block);

/* program.c: finds the program that `name` means, in our PATH or `path`, and relative to our folder
 * or `cwd`, where these are not NULL. `exact`: nothing is appended to its name. */
int uv__process_program_find(
    const char* name, const WCHAR* path, const WCHAR* cwd, int exact, WCHAR** program);
/* Whether it is for a shell to run. */
int uv__process_program_is_batch(const WCHAR* path);

/* stdio.c: the handles that a child gets. */
struct uv__process_stdio {
  int count;
  HANDLE* handles;   /* `count`; INVALID_HANDLE_VALUE: none. Inheritable, and ours to close */
  HANDLE* inherited; /* those of them that are handles */
  DWORD inherited_count;
  BYTE* block; /* STARTUPINFO.lpReserved2: the descriptors of the C run-time library */
  WORD block_size;
};
/* Makes them; the parent's ends go into the rows. On failure nothing is left. */
int uv__process_stdio_make(struct uv__process_stdio* stdio,
                           struct uv__child_stdio* rows,
                           int count);
/* Closes the child's ends. */
void uv__process_stdio_free(struct uv__process_stdio* stdio);

/* create.c: starts a child suspended, with exactly the handles of `stdio`; or, where that is NULL, on the
 * terminal of its rows. `rows` are what these were made of. */
int uv__process_create(const uv_process_options_t* options,
                       const struct uv__process_text* text,
                       struct uv__process_stdio* stdio,
                       const struct uv__child_stdio* rows,
                       PROCESS_INFORMATION* made);

#endif /* UV__WIN_PROCESS_H_ */
