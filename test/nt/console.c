/* The console's handles, its modes, and the queue of what was typed. */
#include "console.h"

#include <string.h>

enum {
  INPUT_MODES = 0x3ff,
  OUTPUT_MODES = 0x1f,
  /* All but window input and VT ("SetConsoleMode"), and where the window stands. */
  FIRST_INPUT_MODE = 0x1f7,
  CTRL_S = 0x13
};

/* ---- The object ---- */

static void console_destroy(struct nt_object* object) {
  struct nt_console* console = (struct nt_console*) object;

  while (console->screens != NULL) {
    struct nt_screen* screen = console->screens;
    console->screens = screen->next;
    nt_free(screen);
  }
  nt_free(console->records);
  nt_free(console);
}

static const struct nt_class console_class = {.name = "console", .destroy = console_destroy};

struct nt_console* nt_console_new(void) {
  struct nt_console* console = nt_object_new(&console_class, sizeof(*console));

  console->input_mode = FIRST_INPUT_MODE;
  console->has_vt = 1;
  console->cuts_lines = nt_chance(50);
  console->shown = nt_screen_new(console);
  return console;
}

/* ---- File objects ---- */

/* One of what is typed is signalled while there is something. */
static int file_signalled(struct nt_file* file) {
  const struct nt_console_file* console = (const struct nt_console_file*) file;

  return console->screen != NULL || console->console->count > 0;
}

static void give_bytes(struct nt_irp* irp, struct nt_console_file* file) {
  size_t given = nt_irp_give(irp, file->bytes, file->byte_count);

  file->byte_count -= (unsigned) given;
  memmove(file->bytes, file->bytes + given, file->byte_count);
  nt_irp_complete(irp, ST_SUCCESS, given);
}

/* ReadFile and WriteFile: bytes of UTF-8, which the model has for the console's code page. What comes to a
 * read from a line that begins with Ctrl+Z is nothing. */
static void start(struct nt_irp* irp) {
  struct nt_console_file* file = (struct nt_console_file*) irp->file;
  WCHAR units[512];
  char bytes[3 * 512];
  size_t count;
  int size;

  if (irp->what == NT_READ && file->byte_count > 0) {
    give_bytes(irp, file);
  } else if (irp->what == NT_READ && file->screen == NULL) {
    size_t room = irp->size < 3 ? 1 : irp->size / 3 < 512 ? irp->size / 3 : 512;
    count = nt_console_read(file, units, room);
    if (count > 0 && units[0] == 0x1a)
      count = 0;
    size = count == 0 ? 0
                      : WideCharToMultiByte(CP_UTF8, 0, units, (int) count, bytes, sizeof(bytes),
                                            NULL, NULL);
    if ((size_t) size > irp->size) {
      file->byte_count = (unsigned) size;
      memcpy(file->bytes, bytes, file->byte_count);
      give_bytes(irp, file);
    } else {
      nt_irp_complete(irp, ST_SUCCESS, nt_irp_give(irp, bytes, (size_t) size));
    }
  } else if (irp->what == NT_WRITE && file->screen != NULL) {
    size_t taken = nt_irp_take(irp, bytes, sizeof(bytes) < irp->size ? sizeof(bytes) : irp->size);
    size = MultiByteToWideChar(CP_UTF8, 0, bytes, (int) taken, units, 512);
    nt_pseudo_wait(file->console->pseudo);
    nt_console_show(file->screen, units, (size_t) size);
    nt_irp_complete(irp, ST_SUCCESS, taken);
  } else {
    nt_irp_complete(irp, ST_INVALID_HANDLE, 0);
  }
}

static void cleanup(struct nt_file* file) {
  (void) file;
}

static void destroy(struct nt_file* file) {
  struct nt_console_file* console = (struct nt_console_file*) file;

  nt_free(console->rest);
  if (console->screen != NULL)
    nt_unref(console->screen);
  nt_unref(console->console);
}

static const struct nt_device device = {.name = "the console's user",
                                        .type = FILE_TYPE_CHAR,
                                        .start = start,
                                        .cleanup = cleanup,
                                        .destroy = destroy,
                                        .signalled = file_signalled};

struct nt_file* nt_console_open(struct nt_console* console, struct nt_screen* screen) {
  struct nt_console_file* file = nt_file_new(&device, sizeof(*file), 1);

  file->console = console;
  nt_ref(console);
  file->screen = screen;
  if (screen != NULL)
    nt_ref(screen);
  return &file->file;
}

/* CONOUT$ is the screen that is shown just then ("Console Handles"). */
static struct nt_file* open_end(const WCHAR* name, int is_screen) {
  struct nt_console* console = nt_here()->console;

  if (name[is_screen ? 7 : 6] != 0 || console == NULL) {
    nt_error(name[is_screen ? 7 : 6] != 0 ? ERROR_FILE_NOT_FOUND : ERROR_INVALID_HANDLE);
    return NULL;
  }
  return nt_console_open(console, is_screen ? console->shown : NULL);
}

static struct nt_file* open_input(
    const WCHAR* name, ACCESS_MASK access, DWORD share, DWORD disposition, DWORD flags) {
  (void) access;
  (void) share;
  (void) disposition;
  (void) flags;
  return open_end(name, 0);
}

static struct nt_file* open_screen(
    const WCHAR* name, ACCESS_MASK access, DWORD share, DWORD disposition, DWORD flags) {
  (void) access;
  (void) share;
  (void) disposition;
  (void) flags;
  return open_end(name, 1);
}

void nt_console_begin(void);

void nt_console_begin(void) {
  nt_names_add(L"conin$", open_input);
  nt_names_add(L"conout$", open_screen);
}

struct nt_console_file* nt_console_file(HANDLE handle, int is_screen, ACCESS_MASK access) {
  struct nt_console_file* file = nt_find(handle, &nt_file_class, access);

  if (file == NULL)
    return NULL;
  if (file->file.device != &device || (is_screen >= 0 && (file->screen != NULL) != is_screen)) {
    nt_error(ERROR_INVALID_HANDLE);
    return NULL;
  }
  return file;
}

/* ---- Which console a process has ---- */

static HANDLE give_end(struct nt_process* process, int is_screen) {
  struct nt_process* was = nt_process_enter(process);
  struct nt_file* file = open_end(is_screen ? L"conout$" : L"conin$", is_screen);
  HANDLE handle = nt_handle(file, nt_access(GENERIC_READ | GENERIC_WRITE), 1);

  nt_unref(file);
  nt_process_enter(was);
  return handle;
}

/* "CreateProcessW", dwCreationFlags; "Creation of a Console". */
void nt_console_set_up(struct nt_process* process,
                       DWORD flags,
                       int has_handles,
                       const struct nt_pseudo* pseudo) {
  const struct nt_process* parent = nt_here();
  int i;

  process->ignores_ctrl_c = parent->ignores_ctrl_c || (flags & CREATE_NEW_PROCESS_GROUP);
  if (pseudo == NULL && (flags & DETACHED_PROCESS))
    return;
  if (pseudo != NULL) {
    process->console = nt_pseudo_console(pseudo);
    nt_ref(process->console);
  } else if (flags & (CREATE_NO_WINDOW | CREATE_NEW_CONSOLE)) {
    process->console = nt_console_new();
  } else if (parent->console != NULL) {
    nt_ref(parent->console);
    process->console = parent->console;
  }
  for (i = 0; i < NT_STD_HANDLES && process->console != NULL; i++)
    if (!has_handles || (pseudo != NULL && process->std[i] == NULL))
      process->std[i] = give_end(process, i > 0);
}

void nt_console_leave(struct nt_process* process) {
  if (process->console != NULL)
    nt_unref(process->console);
  process->console = NULL;
}

/* "... will reset the table of control handlers in the client process to its initial state"
 * ("SetConsoleCtrlHandler"). */
BOOL WINAPI AllocConsole(void) {
  nt_enter("AllocConsole");
  if (nt_here()->console != NULL)
    return nt_error(ERROR_ACCESS_DENIED);
  nt_here()->console = nt_console_new();
  nt_here()->handler_count = 0;
  return TRUE;
}

BOOL WINAPI FreeConsole(void) {
  nt_enter("FreeConsole");
  if (nt_here()->console == NULL)
    return nt_error(ERROR_INVALID_PARAMETER);
  nt_console_leave(nt_here());
  nt_here()->handler_count = 0;
  return TRUE;
}

/* ---- Modes ---- */

BOOL WINAPI GetConsoleMode(HANDLE handle, LPDWORD mode) {
  struct nt_console_file* file;

  nt_enter("GetConsoleMode");
  file = nt_console_file(handle, -1, FILE_READ_DATA);
  if (file == NULL)
    return FALSE;
  *mode = file->screen != NULL ? file->screen->mode : file->console->input_mode;
  return TRUE;
}

/* By who may write, whatever the page says (conhost). Echo is for lines only. Each screen has a mode. */
BOOL WINAPI SetConsoleMode(HANDLE handle, DWORD mode) {
  struct nt_console_file* file;
  DWORD vt;

  nt_enter("SetConsoleMode");
  file = nt_console_file(handle, -1, FILE_WRITE_DATA);
  if (file == NULL)
    return FALSE;
  vt = file->screen != NULL ? ENABLE_VIRTUAL_TERMINAL_PROCESSING : ENABLE_VIRTUAL_TERMINAL_INPUT;
  if ((mode & ~(DWORD) (file->screen != NULL ? OUTPUT_MODES : INPUT_MODES)) ||
      ((mode & vt) && !file->console->has_vt) ||
      (file->screen == NULL && (mode & ENABLE_ECHO_INPUT) && !(mode & ENABLE_LINE_INPUT)))
    return nt_error(ERROR_INVALID_PARAMETER);
  if (file->screen != NULL)
    file->screen->mode = mode;
  else
    file->console->input_mode = mode;
  return TRUE;
}

/* ---- What was typed ---- */

static int is_key_down(const INPUT_RECORD* record) {
  return record->EventType == KEY_EVENT && record->Event.KeyEvent.bKeyDown;
}

static int is_modifier(WORD code) {
  return code == VK_SHIFT || code == VK_CONTROL || code == VK_MENU;
}

/* A key that is held comes as one record that counts, if it comes alone. Which virtual key it has is not
 * looked at (conhost). */
static int counts_as_last(const struct nt_console* console, const INPUT_RECORD* record) {
  const INPUT_RECORD* last = &console->records[console->count - 1];
  const KEY_EVENT_RECORD* a = &last->Event.KeyEvent;
  const KEY_EVENT_RECORD* b = &record->Event.KeyEvent;

  return console->count > 0 && is_key_down(last) && is_key_down(record) &&
         a->wVirtualScanCode == b->wVirtualScanCode &&
         a->uChar.UnicodeChar == b->uChar.UnicodeChar &&
         a->dwControlKeyState == b->dwControlKeyState;
}

/* Ctrl+S and Pause suspend output where lines are read; then the next key that goes down and is no
 * modifier resumes it. Neither is there for anybody to read (conhost). */
static int is_of_suspension(struct nt_console* console, const INPUT_RECORD* record) {
  const KEY_EVENT_RECORD* key = &record->Event.KeyEvent;

  if (!is_key_down(record) || is_modifier(key->wVirtualKeyCode))
    return 0;
  if (console->suspended) {
    console->suspended = 0;
    return 1;
  }
  if (!(console->input_mode & ENABLE_LINE_INPUT) ||
      (key->wVirtualKeyCode != VK_PAUSE && key->uChar.UnicodeChar != CTRL_S))
    return 0;
  console->suspended = 1;
  return 1;
}

static void make_room(struct nt_console* console, unsigned count) {
  INPUT_RECORD* more;
  unsigned i;

  if (console->count + count <= console->room)
    return;
  console->room = 2 * (console->count + count);
  more = nt_alloc(console->room * sizeof(*more));
  for (i = 0; i < console->count; i++)
    more[i] = console->records[i];
  nt_free(console->records);
  console->records = more;
}

/* Sequences first: what comes of them is never counted. */
void nt_console_type(struct nt_console* console, const INPUT_RECORD* records, unsigned count) {
  unsigned i;

  make_room(console, count * NT_SEQUENCE);
  for (i = 0; i < count; i++) {
    int made = -1;

    if (is_of_suspension(console, &records[i]))
      continue;
    if (console->input_mode & ENABLE_VIRTUAL_TERMINAL_INPUT)
      made = nt_console_translate(console, &records[i], console->records + console->count);
    if (made >= 0)
      console->count += (unsigned) made;
    else if (count == 1 && counts_as_last(console, &records[0]))
      console->records[console->count - 1].Event.KeyEvent.wRepeatCount =
          (WORD) (console->records[console->count - 1].Event.KeyEvent.wRepeatCount +
                  records[0].Event.KeyEvent.wRepeatCount);
    else
      console->records[console->count++] = records[i];
  }
  host_release(console);
}

static void drop(struct nt_console* console, unsigned count) {
  unsigned i;

  for (i = count; i < console->count; i++)
    console->records[i - count] = console->records[i];
  console->count -= count;
}

INPUT_RECORD nt_console_take(struct nt_console* console) {
  INPUT_RECORD record = console->records[0];

  drop(console, 1);
  return record;
}

struct wait {
  struct nt_console* console;
  unsigned interrupts;
};

static int is_over(void* arg) {
  const struct wait* wait = arg;

  return wait->console->count > 0 || wait->console->interrupts != wait->interrupts;
}

int nt_console_wait(struct nt_console* console, unsigned interrupts) {
  struct wait wait = {console, interrupts};

  nt_wait_for_peer(is_over, &wait, NT_NEVER, "the console's user");
  host_acquire(console);
  return console->count > 0;
}

BOOL WINAPI GetNumberOfConsoleInputEvents(HANDLE handle, LPDWORD count) {
  struct nt_console_file* file;

  nt_enter("GetNumberOfConsoleInputEvents");
  file = nt_console_file(handle, 0, FILE_READ_DATA);
  if (file == NULL)
    return FALSE;
  *count = file->console->count;
  return TRUE;
}

static DWORD copy(const struct nt_console* console, INPUT_RECORD* records, DWORD room) {
  DWORD count = console->count < room ? console->count : room;
  DWORD i;

  for (i = 0; i < count; i++)
    records[i] = console->records[i];
  return count;
}

BOOL WINAPI PeekConsoleInputW(HANDLE handle, INPUT_RECORD* records, DWORD room, LPDWORD count) {
  struct nt_console_file* file;

  nt_enter("PeekConsoleInputW");
  file = nt_console_file(handle, 0, FILE_READ_DATA);
  if (file == NULL)
    return FALSE;
  *count = copy(file->console, records, room);
  return TRUE;
}

/* Waits for one record, not for all that there is room for. */
BOOL WINAPI ReadConsoleInputW(HANDLE handle, INPUT_RECORD* records, DWORD room, LPDWORD count) {
  struct nt_console_file* file;

  nt_enter("ReadConsoleInputW");
  file = nt_console_file(handle, 0, FILE_READ_DATA);
  if (file == NULL)
    return FALSE;
  nt_ref(file);
  while (room > 0 && !nt_console_wait(file->console, file->console->interrupts))
    continue;
  *count = copy(file->console, records, room);
  drop(file->console, *count);
  nt_unref(file);
  return TRUE;
}

BOOL WINAPI WriteConsoleInputW(HANDLE handle,
                               const INPUT_RECORD* records,
                               DWORD count,
                               LPDWORD written) {
  struct nt_console_file* file;

  nt_enter("WriteConsoleInputW");
  file = nt_console_file(handle, 0, FILE_WRITE_DATA);
  if (file == NULL)
    return FALSE;
  nt_console_type(file->console, records, count);
  *written = count;
  return TRUE;
}
