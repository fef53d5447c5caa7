/* Whom a named pipe is for, in the words of Windows; and who is at its other end. No pipe is made here.
 *
 * All becomes a text in the language of security descriptors (SDDL): each name a line that lets it read
 * and write, and make no instances of the pipe, which would be to answer its clients. In front of all
 * stands one for whom this process runs as: without it there would be no second instance. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access_win.h"

/* Behind uv.h, which brings the rest of Windows. */
#include <sddl.h>

#define CLIENT L"0x12019b" /* reads and writes data and attributes, and synchronizes */
#define MOST_NAME 512

static int fail(char* why, size_t size, const char* what) {
  snprintf(why, size, "'%s': error %lu", what, GetLastError());
  return -1;
}

/* ---- Names and numbers of users ------------------------------------------------------------ */

union account {
  TOKEN_USER user;
  TOKEN_OWNER owner;
  BYTE room[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
};

/* Who owns what this process makes: its user, or the administrators when it is elevated. */
static int find_owner(union account* account) {
  HANDLE token;
  DWORD size;
  BOOL ok = OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token);
  if (!ok)
    return -1;
  ok = GetTokenInformation(token, TokenOwner, account, sizeof(*account), &size);
  CloseHandle(token);
  return ok ? 0 : -1;
}

/* Appends "(A;;RIGHTS;;;SID)". */
static int append(wchar_t* text, size_t size, const wchar_t* rights, PSID sid) {
  wchar_t* number;
  size_t used = wcslen(text);
  int length;
  if (!ConvertSidToStringSidW(sid, &number))
    return -1;
  length = swprintf(text + used, size - used, L"(A;;%ls;;;%ls)", rights, number);
  LocalFree(number);
  return length > 0 && (size_t) length < size - used ? 0 : -1;
}

static int append_name(wchar_t* text, size_t size, const char* name, size_t length) {
  char one[MOST_NAME];
  wchar_t wide[MOST_NAME];
  wchar_t domain[MOST_NAME];
  DWORD domain_size = MOST_NAME;
  union account found;
  DWORD found_size = sizeof(found);
  SID_NAME_USE use;
  snprintf(one, sizeof(one), "%.*s", (int) length, name);
  if (length >= sizeof(one) || uv_wtf8_length_as_utf16(one) > MOST_NAME)
    return -1;
  uv_wtf8_to_utf16(one, (uint16_t*) wide, (size_t) uv_wtf8_length_as_utf16(one));
  if (!LookupAccountNameW(NULL, wide, found.room, &found_size, domain, &domain_size, &use))
    return -1;
  return append(text, size, CLIENT, (PSID) found.room);
}

/* ---- The list ------------------------------------------------------------------------------ */

/* Behind "D:" and its flags ours comes first, so that nothing that follows takes it away. */
static int put_descriptor(const wchar_t* mine, const char* allow, wchar_t* text, size_t size) {
  wchar_t given[ACCESS_TEXT];
  size_t flags;
  if (strstr(allow, "NO_ACCESS_CONTROL") != NULL || uv_wtf8_length_as_utf16(allow) < 0 ||
      uv_wtf8_length_as_utf16(allow) > ACCESS_TEXT)
    return -1;
  uv_wtf8_to_utf16(allow, (uint16_t*) given, (size_t) uv_wtf8_length_as_utf16(allow));
  flags = wcscspn(given, L"(");
  return swprintf(text, size, L"%.*ls%ls%ls", (int) flags, given, mine, given + flags) > 0 ? 0 : -1;
}

static int put_names(const wchar_t* mine, const char* allow, wchar_t* text, size_t size) {
  int result = swprintf(text, size, L"D:P%ls", mine) > 0 ? 0 : -1;
  while (result == 0 && allow != NULL && *allow != '\0') {
    size_t length = strcspn(allow, ",");
    result = append_name(text, size, allow, length);
    allow += length + (allow[length] == ',');
  }
  return result;
}

int access_make(const char* allow, PSECURITY_DESCRIPTOR* made, char* why, size_t size) {
  wchar_t mine[ACCESS_TEXT] = L"";
  wchar_t text[ACCESS_TEXT];
  union account owner;
  int result = find_owner(&owner) < 0 ? -1 : append(mine, ACCESS_TEXT, L"FA", owner.owner.Owner);
  if (result == 0 && allow != NULL && strncmp(allow, "D:", 2) == 0)
    result = put_descriptor(mine, allow, text, ACCESS_TEXT);
  else if (result == 0)
    result = put_names(mine, allow, text, ACCESS_TEXT);
  if (result < 0 ||
      !ConvertStringSecurityDescriptorToSecurityDescriptorW(text, SDDL_REVISION_1, made, NULL))
    return fail(why, size, allow == NULL ? "" : allow);
  return 0;
}

/* ---- Who it is ----------------------------------------------------------------------------- */

/* The system has the token of who wrote the last bytes that were read. It is only looked at: our own
 * clients do not let a server do more with it. Who cannot be himself again afterwards must not go on. */
static int find_client(HANDLE pipe, union account* account) {
  HANDLE token;
  DWORD size;
  BOOL ok;
  if (!ImpersonateNamedPipeClient(pipe))
    return -1;
  ok = OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token);
  if (!RevertToSelf())
    TerminateProcess(GetCurrentProcess(), 1);
  if (!ok)
    return -1; /* an anonymous client has none that could be opened */
  ok = GetTokenInformation(token, TokenUser, account, sizeof(*account), &size);
  CloseHandle(token);
  return ok ? 0 : -1;
}

static void narrow(const wchar_t* wide, char* text, size_t size) {
  size_t room = size - 1;
  text[0] = '\0';
  if (uv_utf16_length_as_wtf8((const uint16_t*) wide, -1) < size)
    uv_utf16_to_wtf8((const uint16_t*) wide, -1, &text, &room);
}

/* "DOMAIN\NAME", or its number where it has no name (any more). */
static void name_of(PSID sid, char* text, size_t size) {
  wchar_t name[MOST_NAME];
  wchar_t domain[MOST_NAME];
  wchar_t both[2 * MOST_NAME];
  wchar_t* number;
  DWORD name_size = MOST_NAME;
  DWORD domain_size = MOST_NAME;
  SID_NAME_USE use;
  if (LookupAccountSidW(NULL, sid, name, &name_size, domain, &domain_size, &use)) {
    swprintf(both, 2 * MOST_NAME, L"%ls\\%ls", domain, name);
    narrow(both, text, size);
  } else if (ConvertSidToStringSidW(sid, &number)) {
    narrow(number, text, size);
    LocalFree(number);
  } else {
    snprintf(text, size, "(error %lu)", GetLastError());
  }
}

void access_describe(HANDLE pipe, char* text, size_t size) {
  char name[3 * MOST_NAME] = "(nobody knows who)";
  union account account;
  ULONG process = 0;
  if (find_client(pipe, &account) == 0)
    name_of(account.user.User.Sid, name, sizeof(name));
  GetNamedPipeClientProcessId(pipe, &process);
  snprintf(text, size, "user %s, process %lu", name, process);
}
