/* Tries the facts and prints a table, one line for each: name, "holds" or "differs" or "untried", and
 * the text. Where it differs, what was seen.
 *
 * `--all-hold`: a fact that does not is a failure. `--differ FILE`: exactly those facts that the file
 * names, one in a line, are to differ. Without either the table is all that is wanted, and what differs is
 * no failure. */
#include <stdio.h>
#include <string.h>

#include "facts.h"

enum {
  LINE = 200
};

static char note[LINE];
static int counts[3]; /* untried, differ, hold */

int facts_note(const char* what, unsigned long seen) {
  snprintf(note, sizeof(note), "%s: %lu", what, seen);
  return 0;
}

facts_fn facts_import(const char* name) {
  return (facts_fn) GetProcAddress(GetModuleHandleA("ntdll.dll"), name);
}

const char* facts_name(void) {
  static char name[80];
  static unsigned count;

  snprintf(name, sizeof(name), "\\\\.\\pipe\\uvstream-facts-%lu-%u",
           (unsigned long) GetCurrentProcessId(), ++count);
  return name;
}

int facts_pipe(
    struct ends* ends, DWORD server, DWORD type, DWORD access, DWORD flags, DWORD quota) {
  const char* name = facts_name();

  ends->client = INVALID_HANDLE_VALUE;
  ends->server = CreateNamedPipeA(name, server, type, 2, quota, quota, 0, NULL);
  if (ends->server == INVALID_HANDLE_VALUE)
    return 0;
  ends->client = CreateFileA(name, access, 0, NULL, OPEN_EXISTING, flags, NULL);
  if (ends->client != INVALID_HANDLE_VALUE)
    return 1;
  facts_close(ends);
  return 0;
}

void facts_close(struct ends* ends) {
  if (ends->client != INVALID_HANDLE_VALUE)
    CloseHandle(ends->client);
  if (ends->server != INVALID_HANDLE_VALUE)
    CloseHandle(ends->server);
}

OVERLAPPED* facts_packet(HANDLE port, DWORD timeout_ms) {
  OVERLAPPED_ENTRY entry;
  ULONG count = 0;

  if (!GetQueuedCompletionStatusEx(port, &entry, 1, &count, timeout_ms, FALSE))
    return NULL;
  return entry.lpOverlapped;
}

/* Whether a file has this name at the beginning of a line; what was seen may stand behind it. */
static int names(const char* path, const char* name) {
  char line[LINE];
  int found = 0;
  FILE* file = fopen(path, "r");

  if (file == NULL)
    return 0;
  while (!found && fgets(line, sizeof(line), file) != NULL) {
    line[strcspn(line, " \r\n")] = '\0';
    found = strcmp(line, name) == 0;
  }
  fclose(file);
  return found;
}

/* 1 when it is as it was to be. */
static int try_one(const struct fact* fact, int all_hold, const char* differ) {
  static const char* const words[] = {"untried", "differs", "holds"};
  int expected = 1;
  int r;

  note[0] = '\0';
  r = fact->probe();
  counts[r + 1]++;
  if (all_hold)
    expected = r == 1;
  else if (differ != NULL)
    expected = r == -1 || (r == 0) == names(differ, fact->name);
  printf("%-42s %-8s %s (%s)%s%s%s\n", fact->name, words[r + 1], fact->text, fact->source,
         note[0] != '\0' ? "; seen: " : "", note, expected ? "" : "  <- NOT EXPECTED");
  fflush(stdout);
  return expected;
}

int main(int argc, char** argv) {
  static const struct fact* const tables[] = {
      facts_of_ports,    facts_of_locks,     facts_of_pipes,    facts_of_modes,
      facts_of_names,    facts_of_npfs,      facts_of_sockets,  facts_of_connections,
      facts_of_refusals, facts_of_processes, facts_of_consoles, facts_of_timers,
      facts_of_local,    facts_of_services};
  const char* differ = argc == 3 && strcmp(argv[1], "--differ") == 0 ? argv[2] : NULL;
  int all_hold = argc == 2 && strcmp(argv[1], "--all-hold") == 0;
  int good = 1;
  size_t i;
  const struct fact* fact;
  WSADATA data;

  if (argc == 2 && strcmp(argv[1], "--wait") == 0) /* until it is ended (process.c) */
    Sleep(INFINITE);
  if (argc == 3 && strcmp(argv[1], "--console") == 0)
    return facts_in_console(argv[2]);
  if (argc == 3 && strcmp(argv[1], "--service") == 0)
    return facts_in_service(argv[2]);
  if (argc > 1 && differ == NULL && !all_hold) {
    fprintf(stderr, "usage: %s [--all-hold | --differ FILE]\n", argv[0]);
    return 2;
  }
  facts_begin();
  if (WSAStartup(MAKEWORD(2, 2), &data) != 0)
    return 1;
  for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
    for (fact = tables[i]; fact->name != NULL; fact++)
      good &= try_one(fact, all_hold, differ);
  printf("%d facts hold, %d differ, %d could not be tried\n", counts[2], counts[1], counts[0]);
  WSACleanup();
  facts_end();
  return good ? 0 : 1;
}
