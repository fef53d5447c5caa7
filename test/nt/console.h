/* A console, for the files that make it up: its handles and what was typed (console.c), keys as sequences
 * (console_vt.c), lines (console_line.c), screens (console_screen.c), events (console_ctrl.c), and one that
 * a program is the user of (pseudo.c). Rules
 * without a source are from the pages of "Console Reference"; "conhost" is what microsoft/terminal, the
 * console's own source, is seen to do. */
#ifndef NT_CONSOLE_H_
#define NT_CONSOLE_H_

#include "proc.h"

enum {
  NT_COLUMNS = 80,
  NT_ROWS = 60 /* of the buffer; the window has fewer */
};

/* A screen buffer, of which the console shows one. */
struct nt_screen {
  struct nt_object object; /* referenced by its file objects, the first one by its console too */
  struct nt_console* console;
  struct nt_screen* next; /* of the console's, the newest first */
  DWORD mode;
  WCHAR cells[NT_ROWS][NT_COLUMNS];
  COORD cursor;
  SMALL_RECT window; /* of a pseudo console the whole screen, whatever there is of cells */
  int escape;        /* within a sequence of VT output */
};

struct nt_console {
  struct nt_object object; /* referenced by its processes and its file objects */
  INPUT_RECORD* records;
  unsigned count;
  unsigned room;
  DWORD input_mode;
  int suspended;       /* output, by Ctrl+S or a selection */
  int has_vt;          /* 0: older than Windows 10 1511 */
  int cuts_lines;      /* the editor has no room for more than the caller asked for (before 2023) */
  unsigned interrupts; /* Ctrl+C, counted: each ends the lines that are being read */
  struct nt_pseudo* pseudo; /* NULL: somebody sits in front of it */
  struct nt_screen* screens;
  struct nt_screen* shown;
  WCHAR title[256];
  WCHAR half; /* the first half of a character that was typed in VT input; 0: none */
};

/* A file object: of what is typed, or of a screen. */
struct nt_console_file {
  struct nt_file file;
  struct nt_console* console;
  struct nt_screen* screen; /* NULL: of what is typed */
  char bytes[3];            /* of a character that had no room */
  unsigned byte_count;
  WCHAR* rest; /* of a line that had no room, which the next read of this file object gets */
  size_t rest_at;
  size_t rest_units;
};

enum {
  NT_SEQUENCE = 8 /* records, at most, that VT input makes of one */
};

/* The console behind a handle; NULL, with the last error set. */
struct nt_console_file* nt_console_file(HANDLE handle, int is_screen, ACCESS_MASK access);
struct nt_console* nt_console_new(void);
void nt_console_type(struct nt_console* console, const INPUT_RECORD* records, unsigned count);
/* Waits for a record; 0: too late, or interrupted by Ctrl+C. */
int nt_console_wait(struct nt_console* console, unsigned interrupts);
INPUT_RECORD nt_console_take(struct nt_console* console);
/* What VT input makes of a record: how many others; -1: it stays as it is. */
int nt_console_translate(struct nt_console* console, const INPUT_RECORD* from, INPUT_RECORD* to);
struct nt_screen* nt_screen_new(struct nt_console* console);
/* A file object of a screen; NULL: of what is typed. */
struct nt_file* nt_console_open(struct nt_console* console, struct nt_screen* screen);
void nt_console_show(struct nt_screen* screen, const WCHAR* units, size_t count);
int nt_console_is_running(void* console); /* output is not suspended */
void nt_console_event(struct nt_console* console, DWORD event);
/* A line, or what else the mode says; how many units. 0, and an error: Ctrl+C. */
size_t nt_console_read(struct nt_console_file* file, WCHAR* to, size_t room);

/* pseudo.c: what is shown goes to its reader, too; writing waits for room there. */
void nt_pseudo_show(struct nt_pseudo* pseudo, WCHAR unit);
void nt_pseudo_wait(struct nt_pseudo* pseudo); /* NULL: not at all */
struct nt_console* nt_pseudo_console(
    const struct nt_pseudo* pseudo); /* NULL: its process has ended */

#endif /* NT_CONSOLE_H_ */
