/* Who may use the name of a pipe: a list of who may do what, and a label, which keeps processes of a
 * lower integrity level from writing whatever that list says. */
#include "win/npfs/npfs.h"

#include <sddl.h>
#include <string.h>

#include "uvstream.h"

/* What others get is never the right to make instances of the name: that would be the right to
 * answer its clients. It is one of the generic rights to write, but no client is asked for it. */
enum {
  OTHERS_READ = FILE_READ_DATA | FILE_READ_ATTRIBUTES | FILE_READ_EA | FILE_WRITE_ATTRIBUTES |
                READ_CONTROL | SYNCHRONIZE,
  OTHERS_WRITE = FILE_WRITE_DATA | FILE_WRITE_ATTRIBUTES | FILE_WRITE_EA | FILE_READ_ATTRIBUTES |
                 READ_CONTROL | SYNCHRONIZE
};

/* The process's token, whatever impersonates somebody else just now. */
int uv__access_ask(TOKEN_INFORMATION_CLASS what, void* info, DWORD size) {
  HANDLE token;
  DWORD needed;
  DWORD error = 0;

  if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
    return uv__error_translate(GetLastError());
  if (!GetTokenInformation(token, what, info, size, &needed))
    error = GetLastError();
  CloseHandle(token);
  return error == 0 ? 0 : uv__error_translate(error);
}

/* Who owns what the process makes: the user, but the administrators when it is elevated. The other
 * programs of that user do not belong to them. */
static int add_owner(ACL* acl) {
  union {
    TOKEN_OWNER owner;
    BYTE room[sizeof(TOKEN_OWNER) + SECURITY_MAX_SID_SIZE];
  } info;
  int r = uv__access_ask(TokenOwner, &info, sizeof(info));

  if (r == 0 && !AddAccessAllowedAce(acl, ACL_REVISION, FILE_ALL_ACCESS, info.owner.Owner))
    r = uv__error_translate(GetLastError());
  return r;
}

/* A SID with one number. */
struct sid {
  DWORD room[(sizeof(SID) + sizeof(DWORD) - 1) / sizeof(DWORD)];
};

static int make_sid(struct sid* sid, SID_IDENTIFIER_AUTHORITY authority, DWORD number) {
  if (!InitializeSid(sid->room, &authority, 1))
    return uv__error_translate(GetLastError());
  *GetSidSubAuthority(sid->room, 0) = number;
  return 0;
}

static int add_everyone(ACL* acl, DWORD mask) {
  SID_IDENTIFIER_AUTHORITY world = SECURITY_WORLD_SID_AUTHORITY;
  struct sid sid;
  int r = make_sid(&sid, world, SECURITY_WORLD_RID);

  if (r == 0 && !AddAccessAllowedAce(acl, ACL_REVISION, mask, sid.room))
    r = uv__error_translate(GetLastError());
  return r;
}

/* The level of this process. If everybody may write, it is no more than that of ordinary programs,
 * which would else be everybody but them. */
static int add_label(ACL* acl, int everybody, DWORD* chosen) {
  SID_IDENTIFIER_AUTHORITY authority = SECURITY_MANDATORY_LABEL_AUTHORITY;
  union {
    TOKEN_MANDATORY_LABEL label;
    BYTE room[sizeof(TOKEN_MANDATORY_LABEL) + SECURITY_MAX_SID_SIZE];
  } info;
  struct sid sid;
  DWORD level;
  int r = uv__access_ask(TokenIntegrityLevel, &info, sizeof(info));

  if (r < 0)
    return r;
  level = *GetSidSubAuthority(info.label.Label.Sid, 0);
  if (everybody && level > SECURITY_MANDATORY_MEDIUM_RID)
    level = SECURITY_MANDATORY_MEDIUM_RID;
  *chosen = level;
  r = make_sid(&sid, authority, level);
  if (r == 0 &&
      !AddMandatoryAce(acl, ACL_REVISION, 0, SYSTEM_MANDATORY_LABEL_NO_WRITE_UP, sid.room))
    r = uv__error_translate(GetLastError());
  return r;
}

static int begin(struct uv__access* access) {
  if (!InitializeAcl(&access->list.acl, sizeof(access->list), ACL_REVISION) ||
      !InitializeAcl(&access->label.acl, sizeof(access->label), ACL_REVISION))
    return uv__error_translate(GetLastError());
  return add_owner(&access->list.acl);
}

static int end(struct uv__access* access, int others_write) {
  int r = add_label(&access->label.acl, others_write, &access->level);

  if (r < 0)
    return r;
  if (!InitializeSecurityDescriptor(&access->descriptor, SECURITY_DESCRIPTOR_REVISION) ||
      !SetSecurityDescriptorDacl(&access->descriptor, TRUE, &access->list.acl, FALSE) ||
      !SetSecurityDescriptorSacl(&access->descriptor, TRUE, &access->label.acl, FALSE))
    return uv__error_translate(GetLastError());
  return 0;
}

int uv__access_make(struct uv__access* access, int flags) {
  DWORD mask = 0;
  int r = begin(access);

  if (flags & UV_READABLE)
    mask |= OTHERS_READ;
  if (flags & UV_WRITABLE)
    mask |= OTHERS_WRITE;
  if (r == 0 && mask != 0)
    r = add_everyone(&access->list.acl, mask);
  return r < 0 ? r : end(access, (flags & UV_WRITABLE) != 0);
}

/* ---- A list as text ---- */

enum {
  TEXT = 2048 /* characters, more than what fits into a list takes */
};

/* Of a descriptor the list alone: "D:" and flags (P, AI, AR), then entries. What is not ASCII is no part of it. */
static int widen_list(const char* sddl, WCHAR wide[TEXT]) {
  size_t length = strlen(sddl);
  size_t i;
  int depth = 0;

  if (length >= TEXT)
    return UV_E2BIG;
  if (strncmp(sddl, "D:", 2) != 0)
    return UV_EINVAL;
  for (i = 0; i <= length; i++) {
    int is_between = depth == 0 && i > 0 && sddl[i - 1] == ')';

    if ((unsigned char) sddl[i] > 126 || (is_between && sddl[i] != '(' && sddl[i] != '\0') ||
        (depth == 0 && i > 1 && strchr("PAIR()", sddl[i]) == NULL))
      return UV_EINVAL;
    depth += (sddl[i] == '(') - (sddl[i] == ')');
    wide[i] = (WCHAR) sddl[i];
  }
  return 0;
}

/* What a client needs of what somebody is given; who is kept out is so from all of it. */
static DWORD rights_of(const ACCESS_ALLOWED_ACE* ace) {
  DWORD mask = ace->Mask;

  if (mask & (GENERIC_READ | GENERIC_ALL))
    mask |= OTHERS_READ;
  if (mask & (GENERIC_WRITE | GENERIC_ALL))
    mask |= OTHERS_WRITE;
  return mask & (OTHERS_READ | OTHERS_WRITE);
}

static int add_entry(ACL* acl, ACCESS_ALLOWED_ACE* ace, int* others_write) {
  int is_denied = ace->Header.AceType == ACCESS_DENIED_ACE_TYPE;
  DWORD mask = rights_of(ace);
  BOOL ok;

  if ((!is_denied && ace->Header.AceType != ACCESS_ALLOWED_ACE_TYPE) || ace->Header.AceFlags != 0)
    return UV_EINVAL; /* What objects in it inherit a pipe does not have. */
  ok = is_denied ? AddAccessDeniedAce(acl, ACL_REVISION, mask, &ace->SidStart)
                 : AddAccessAllowedAce(acl, ACL_REVISION, mask, &ace->SidStart);
  if (!ok)
    return GetLastError() == ERROR_ALLOTTED_SPACE_EXCEEDED ? UV_E2BIG
                                                           : uv__error_translate(GetLastError());
  *others_write |= !is_denied && (mask & FILE_WRITE_DATA);
  return 0;
}

/* Behind the entry of the owner, which nothing that follows takes away: without it there would be no
 * second instance. */
static int add_entries(ACL* acl, PSECURITY_DESCRIPTOR given, int* others_write) {
  BOOL is_there = FALSE;
  BOOL defaulted;
  ACL* list = NULL;
  void* ace;
  DWORD i;
  int r = 0;

  if (!GetSecurityDescriptorDacl(given, &is_there, &list, &defaulted))
    return uv__error_translate(GetLastError());
  if (!is_there || list == NULL)
    return UV_EINVAL; /* No list would be no limit. */
  for (i = 0; r == 0 && i < list->AceCount; i++)
    r = GetAce(list, i, &ace) ? add_entry(acl, ace, others_write)
                              : uv__error_translate(GetLastError());
  return r;
}

int uv__access_list(struct uv__access* access, const struct uvs_access_s* wish) {
  const char* sddl = wish->sddl;
  PSECURITY_DESCRIPTOR given;
  WCHAR text[TEXT];
  int others_write = 0;
  int r = sddl == NULL ? 0 : widen_list(sddl, text);

  if (r == 0)
    r = begin(access);
  if (r < 0 || sddl == NULL)
    return r < 0 ? r : end(access, 0);
  if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(text, SDDL_REVISION_1, &given, NULL))
    return uv__error_translate(GetLastError()) == UV_ENOMEM ? UV_ENOMEM : UV_EINVAL;
  r = add_entries(&access->list.acl, given, &others_write);
  LocalFree(given);
  return r < 0 ? r : end(access, others_write);
}

int uv__access_change(HANDLE handle, struct uv__access* access, SECURITY_INFORMATION what) {
  if (SetKernelObjectSecurity(handle, what, &access->descriptor))
    return 0;
  return uv__error_translate(GetLastError());
}
