/* Pseudo consoles: a console whose user is a program, and the process that carries bytes between the two
 * ("Creating a Pseudoconsole session", "CreatePseudoConsole", "ClosePseudoConsole"). What is written on the
 * screen goes out as it is, without the movements of the cursor that a real one adds; of what comes in all
 * is keys, as no sequence is understood. */
#include "console.h"

#include <string.h>

enum {
  INVALID = (int) 0x80070057, /* E_INVALIDARG */
  QUEUE = 4096                /* bytes for the screen's reader, and then programs wait */
};

/* What an HPCON points to. */
struct nt_pseudo {
  struct nt_object object;    /* referenced by the HPCON and by the process */
  struct nt_console* console; /* referenced; NULL: its process has ended */
  HANDLE keys;                /* of that process */
  HANDLE screen;
  COORD size;  /* it is to have */
  char* bytes; /* for the screen's reader */
  size_t count;
  size_t room;
  int waits_at_close; /* before Windows 11 24H2 */
  int is_closed;
  int is_broken; /* nobody reads its screen */
};

static unsigned open_count;
int nt_has_pseudo_consoles = 1;

static void pseudo_destroy(struct nt_object* object) {
  struct nt_pseudo* pseudo = (struct nt_pseudo*) object;

  nt_free(pseudo->bytes);
  nt_free(pseudo);
}

static const struct nt_class pseudo_class = {.name = "pseudo console", .destroy = pseudo_destroy};

/* ---- What the console shows ---- */

static int has_room(void* arg) {
  const struct nt_pseudo* pseudo = arg;

  return pseudo->count < QUEUE || pseudo->is_broken || pseudo->console == NULL;
}

void nt_pseudo_show(struct nt_pseudo* pseudo, WCHAR unit) {
  char bytes[4];
  size_t size = (size_t) WideCharToMultiByte(CP_UTF8, 0, &unit, 1, bytes, 4, NULL, NULL);

  if (pseudo->is_broken || pseudo->console == NULL)
    return;
  if (pseudo->count + 4 > pseudo->room) {
    char* more = nt_alloc(2 * (pseudo->count + 4));
    if (pseudo->count > 0)
      nt_move(more, pseudo->bytes, pseudo->count);
    nt_free(pseudo->bytes);
    pseudo->bytes = more;
    pseudo->room = 2 * (pseudo->count + 4);
  }
  nt_move(pseudo->bytes + pseudo->count, bytes, size);
  pseudo->count += size;
}

void nt_pseudo_wait(struct nt_pseudo* pseudo) {
  if (pseudo == NULL)
    return;
  nt_ref(pseudo);
  nt_wait_for_peer(has_room, pseudo, NT_NEVER, "who reads the screen of a pseudo console");
  nt_unref(pseudo);
}

/* ---- Its process ---- */

static int has_client(const struct nt_console* console) {
  struct nt_process* process;

  for (process = nt_process_list(); process != NULL; process = process->next)
    if (process->console == console && process->runs && !process->ended)
      return 1;
  return 0;
}

/* Once it is closed it lives until all its programs have gone, and all that they wrote. */
static int is_over(const struct nt_pseudo* pseudo) {
  return pseudo->is_closed && !has_client(pseudo->console);
}

static int has_news(void* arg) {
  const struct nt_pseudo* pseudo = arg;

  return pseudo->count > 0 || is_over(pseudo);
}

static void break_off(struct nt_pseudo* pseudo) {
  pseudo->is_broken = 1;
  pseudo->count = 0;
  nt_console_event(pseudo->console, CTRL_CLOSE_EVENT);
}

/* A part of what there is, which stays there until it has been written. */
static void write_some(struct nt_pseudo* pseudo) {
  char part[QUEUE];
  DWORD size = (DWORD) (pseudo->count < sizeof(part) ? pseudo->count : sizeof(part));
  DWORD written;

  if (nt_chance(20))
    size = 1 + nt_below(size);
  nt_move(part, pseudo->bytes, size);
  if (!WriteFile(pseudo->screen, part, size, &written, NULL)) {
    nt_enter("the screen of a pseudo console that nobody reads");
    break_off(pseudo);
    return;
  }
  nt_enter("the screen of a pseudo console");
  pseudo->count -= size;
  nt_move(pseudo->bytes, pseudo->bytes + size, pseudo->count);
}

static DWORD write_screen(void* arg) {
  struct nt_pseudo* pseudo = arg;

  nt_enter("the beginning of a pseudo console");
  for (;;) {
    nt_wait(has_news, pseudo, NT_NEVER);
    if (pseudo->count == 0)
      break;
    write_some(pseudo);
  }
  nt_process_exit(0);
}

static void press(struct nt_pseudo* pseudo, char byte) {
  INPUT_RECORD record;

  if (byte == 3 && (pseudo->console->input_mode & ENABLE_PROCESSED_INPUT)) {
    nt_console_event(pseudo->console, CTRL_C_EVENT);
    pseudo->console->interrupts++;
    return;
  }
  memset(&record, 0, sizeof(record));
  record.EventType = KEY_EVENT;
  record.Event.KeyEvent.bKeyDown = TRUE;
  record.Event.KeyEvent.wRepeatCount = 1;
  record.Event.KeyEvent.wVirtualKeyCode = byte == '\r' ? VK_RETURN : 0;
  record.Event.KeyEvent.uChar.UnicodeChar = (WCHAR) byte;
  nt_console_type(pseudo->console, &record, 1);
  record.Event.KeyEvent.bKeyDown = FALSE;
  nt_console_type(pseudo->console, &record, 1);
}

/* The end of the keys is that of the terminal: its programs are told (conhost). */
static DWORD read_keys(void* arg) {
  struct nt_pseudo* pseudo = arg;
  char bytes[64];
  DWORD count;
  DWORD i;

  while (ReadFile(pseudo->keys, bytes, sizeof(bytes), &count, NULL)) {
    nt_enter("the keys of a pseudo console");
    for (i = 0; i < count; i++)
      press(pseudo, bytes[i]);
  }
  nt_enter("the end of a pseudo console's keys");
  nt_console_event(pseudo->console, CTRL_CLOSE_EVENT);
  return 0;
}

void nt_pseudo_leave(struct nt_process* host) {
  struct nt_pseudo* pseudo = host->pseudo;

  if (pseudo == NULL)
    return;
  host->pseudo = NULL;
  pseudo->console->pseudo = NULL;
  nt_unref(pseudo->console);
  pseudo->console = NULL;
  nt_unref(pseudo);
}

/* ---- Calls ---- */

struct nt_console* nt_pseudo_console(const struct nt_pseudo* pseudo) {
  return pseudo->console;
}

/* In the console's process; NULL: the caller's is no handle for calls that wait. */
static HANDLE give(struct nt_process* host, HANDLE handle) {
  ACCESS_MASK access;
  struct nt_file* file = nt_peek(handle, &nt_file_class, &access);

  return file == NULL || !file->synchronous ? NULL : nt_handle_in(host, file, access);
}

/* Some say something before their programs do. */
static void begin(struct nt_pseudo* pseudo, struct nt_process* host) {
  static const WCHAR greeting[] = L"\033[?9001h\033[?1004h\033[2J\033[m\033[H";
  int is_talkative = nt_chance(50);
  size_t i;

  for (i = 0; is_talkative && greeting[i] != 0; i++)
    nt_pseudo_show(pseudo, greeting[i]);
  (void) nt_thread_create_in(host, write_screen, pseudo, 0);
  (void) nt_thread_create_in(host, read_keys, pseudo, 0);
}

static void set_size(struct nt_pseudo* pseudo) {
  SMALL_RECT* window = &pseudo->console->shown->window;

  window->Left = window->Top = 0;
  window->Right = (SHORT) (pseudo->size.X - 1);
  window->Bottom = (SHORT) (pseudo->size.Y - 1);
}

HRESULT WINAPI
CreatePseudoConsole(COORD size, HANDLE keys, HANDLE screen, DWORD flags, HPCON* made) {
  struct nt_process* host;
  struct nt_pseudo* pseudo;

  nt_enter("CreatePseudoConsole");
  if (size.X <= 0 || size.Y <= 0 || flags != 0)
    return INVALID;
  host = nt_process_make();
  host->is_program = 1;
  pseudo = nt_object_new(&pseudo_class, sizeof(*pseudo));
  pseudo->keys = give(host, keys);
  pseudo->screen = give(host, screen);
  if (pseudo->keys == NULL || pseudo->screen == NULL)
    nt_fault("a pseudo console has no handles for calls that wait");
  pseudo->console = nt_console_new();
  pseudo->console->pseudo = pseudo;
  pseudo->waits_at_close = nt_chance(60);
  pseudo->size = size;
  set_size(pseudo);
  nt_ref(pseudo);
  host->pseudo = pseudo;
  begin(pseudo, host);
  open_count++;
  *made = pseudo;
  return 0;
}

/* By a pipe of its own: at some time soon. */
static void resize_now(void* arg) {
  struct nt_pseudo* pseudo = arg;
  INPUT_RECORD record;

  if (pseudo->console != NULL) {
    set_size(pseudo);
    if (pseudo->console->input_mode & ENABLE_WINDOW_INPUT) {
      memset(&record, 0, sizeof(record));
      record.EventType = WINDOW_BUFFER_SIZE_EVENT;
      record.Event.WindowBufferSizeEvent.dwSize = pseudo->size;
      nt_console_type(pseudo->console, &record, 1);
    }
  }
  nt_unref(pseudo);
}

HRESULT WINAPI ResizePseudoConsole(HPCON console, COORD size) {
  struct nt_pseudo* pseudo = console;

  nt_enter("ResizePseudoConsole");
  if (size.X <= 0 || size.Y <= 0)
    return INVALID;
  pseudo->size = size;
  nt_ref(pseudo);
  (void) nt_later(nt_latency(), resize_now, pseudo);
  return 0;
}

static int has_ended(void* arg) {
  return ((struct nt_pseudo*) arg)->console == NULL;
}

/* Its programs hear of it, and have gone when all of it has. "Failure to drain the buffer may cause the
 * Close call to wait indefinitely": for what somebody else does, unless there are no programs. */
void WINAPI ClosePseudoConsole(HPCON console) {
  struct nt_pseudo* pseudo = console;

  nt_enter("ClosePseudoConsole");
  pseudo->is_closed = 1;
  open_count--;
  if (pseudo->console != NULL)
    nt_console_event(pseudo->console, CTRL_CLOSE_EVENT);
  if (pseudo->waits_at_close && pseudo->console != NULL && !has_client(pseudo->console))
    nt_wait(has_ended, pseudo, NT_NEVER);
  else if (pseudo->waits_at_close)
    nt_wait_for_peer(has_ended, pseudo, NT_NEVER, "the programs on a pseudo console");
  nt_unref(pseudo);
}

void nt_pseudo_end(void) {
  if (open_count != 0)
    nt_fault("%u pseudo consoles were never closed", open_count);
}
