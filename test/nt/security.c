/* Tokens, SIDs and lists of access, as far as they can be made and handed in. One user has all the
 * processes: nobody is ever refused. */
#include "npfs.h"
#include "sched.h"

#include <string.h>

static DWORD level;

void nt_security_begin(void);
void nt_security_begin(void) {
  level = nt_below(2) == 0 ? SECURITY_MANDATORY_MEDIUM_RID : SECURITY_MANDATORY_HIGH_RID;
}

static void token_destroy(struct nt_object* object) {
  nt_free(object);
}

static const struct nt_class token_class = {.name = "token", .destroy = token_destroy};

static BOOL open_token(DWORD access, PHANDLE token) {
  struct nt_object* object = nt_object_new(&token_class, sizeof(*object));

  *token = nt_handle(object, access, 0);
  nt_unref(object);
  return TRUE;
}

BOOL WINAPI OpenProcessToken(HANDLE process, DWORD access, PHANDLE token) {
  nt_enter("OpenProcessToken");
  if (nt_find(process, &nt_process_class, 0) == NULL)
    return FALSE;
  return open_token(access, token);
}

/* The one that ImpersonateNamedPipeClient has given it (npfs_security.c). */
BOOL WINAPI OpenThreadToken(HANDLE thread, DWORD access, BOOL as_self, PHANDLE token) {
  nt_enter("OpenThreadToken");
  (void) as_self;
  if (thread != GetCurrentThread())
    nt_absent("OpenThreadToken of another thread");
  if (!nt_self()->is_client)
    return nt_error(ERROR_NO_TOKEN);
  return open_token(access, token);
}

static BOOL be_oneself(void) {
  nt_self()->is_client = 0;
  return TRUE;
}

BOOL WINAPI RevertToSelf(void) {
  nt_enter("RevertToSelf");
  return be_oneself();
}

/* "If Token is NULL, the function causes the thread to stop using an impersonation token." */
BOOL WINAPI SetThreadToken(PHANDLE thread, HANDLE token) {
  nt_enter("SetThreadToken");
  if (thread != NULL || token != NULL)
    nt_absent("SetThreadToken with a token");
  return be_oneself();
}

static DWORD sid_size(BYTE count) {
  return (DWORD) (offsetof(SID, SubAuthority) + count * sizeof(DWORD));
}

/* S-1-16-8192, that of an ordinary program, or the one of administrators. */
static BOOL give_level(LPVOID to, DWORD size, PDWORD needed) {
  TOKEN_MANDATORY_LABEL* label = to;
  SID* sid = (SID*) (void*) (label + 1);

  *needed = (DWORD) sizeof(*label) + sid_size(1);
  if (size < *needed)
    return nt_error(ERROR_INSUFFICIENT_BUFFER);
  memset(to, 0, *needed);
  label->Label.Sid = sid;
  sid->Revision = 1;
  sid->SubAuthorityCount = 1;
  sid->IdentifierAuthority.Value[5] = 16;
  sid->SubAuthority[0] = level;
  return TRUE;
}

/* Both begin with one SID and attributes that nobody looks at, or with one alone. */
static BOOL give_sid(
    LPVOID to, size_t head, DWORD size, PDWORD needed, BYTE count, const DWORD* parts) {
  SID* sid = (SID*) (void*) ((char*) to + head);

  *needed = (DWORD) head + sid_size(count);
  if (size < *needed)
    return nt_error(ERROR_INSUFFICIENT_BUFFER);
  memset(to, 0, *needed);
  *(PSID*) to = sid;
  nt_security_sid(sid, count, parts);
  return TRUE;
}

void nt_security_sid(SID* sid, BYTE count, const DWORD* parts) {
  memset(sid, 0, sid_size(count));
  sid->Revision = 1;
  sid->SubAuthorityCount = count;
  sid->IdentifierAuthority.Value[5] = 5;
  memcpy((char*) sid + offsetof(SID, SubAuthority), parts, count * sizeof(*parts));
}

/* S-1-5-21-1-2-3-1001, an ordinary user. */
static const DWORD user_parts[] = {21, 1, 2, 3, 1001};

/* S-1-5-32-544, the administrators: what an elevated process makes is theirs, and not its user's ("Owner
 * of a New Object"; the default of the policy "Default owner for objects created by members of the
 * administrators group"). */
static const DWORD administrators_parts[] = {32, 544};

BYTE nt_security_owner(const DWORD** parts) {
  int elevated = level > SECURITY_MANDATORY_MEDIUM_RID;

  *parts = elevated ? administrators_parts : user_parts;
  return elevated ? 2 : 5;
}

static BOOL give_session(LPVOID to, DWORD size, PDWORD needed) {
  static const DWORD session = 1; /* of the first who logs on; services have 0 */

  *needed = sizeof(session);
  if (size < *needed)
    return nt_error(ERROR_INSUFFICIENT_BUFFER);
  memcpy(to, &session, sizeof(session));
  return TRUE;
}

BOOL WINAPI GetTokenInformation(
    HANDLE token, TOKEN_INFORMATION_CLASS what, LPVOID to, DWORD size, PDWORD needed) {
  const DWORD* parts;
  BYTE count;

  nt_enter("GetTokenInformation");
  if (nt_find(token, &token_class, TOKEN_QUERY) == NULL)
    return FALSE;
  switch (what) {
  case TokenIntegrityLevel:
    return give_level(to, size, needed);
  case TokenSessionId:
    return give_session(to, size, needed);
  case TokenOwner:
    count = nt_security_owner(&parts);
    return give_sid(to, sizeof(TOKEN_OWNER), size, needed, count, parts);
  case TokenUser:
    return give_sid(to, sizeof(TOKEN_USER), size, needed, 5, user_parts);
  default:
    nt_absent("GetTokenInformation of another class");
  }
}

BOOL WINAPI InitializeSid(PSID pointer, PSID_IDENTIFIER_AUTHORITY authority, BYTE count) {
  SID* sid = pointer;

  nt_enter("InitializeSid");
  sid->Revision = 1;
  sid->SubAuthorityCount = count;
  sid->IdentifierAuthority = *authority;
  return TRUE;
}

BOOL WINAPI EqualSid(PSID first, PSID second) {
  return GetLengthSid(first) == GetLengthSid(second) &&
         memcmp(first, second, GetLengthSid(first)) == 0;
}

BOOL WINAPI CreateWellKnownSid(WELL_KNOWN_SID_TYPE which, PSID domain, PSID to, DWORD* room) {
  SID_IDENTIFIER_AUTHORITY world = SECURITY_WORLD_SID_AUTHORITY;

  nt_enter("CreateWellKnownSid");
  if (which != WinWorldSid || domain != NULL)
    nt_absent("CreateWellKnownSid of anybody but the world");
  if (*room < sid_size(1))
    return nt_error(ERROR_INSUFFICIENT_BUFFER);
  *room = sid_size(1);
  InitializeSid(to, &world, 1);
  *GetSidSubAuthority(to, 0) = SECURITY_WORLD_RID;
  return TRUE;
}

PDWORD WINAPI GetSidSubAuthority(PSID sid, DWORD index) {
  return (PDWORD) (void*) ((char*) sid + offsetof(SID, SubAuthority)) + index;
}

DWORD WINAPI GetLengthSid(PSID sid) {
  return sid_size(((SID*) sid)->SubAuthorityCount);
}

BOOL WINAPI InitializeAcl(PACL acl, DWORD size, DWORD revision) {
  nt_enter("InitializeAcl");
  if (size < sizeof(*acl))
    return nt_error(ERROR_INSUFFICIENT_BUFFER);
  acl->AclRevision = (BYTE) revision;
  acl->Sbz1 = 0;
  acl->AclSize = (WORD) size;
  acl->AceCount = 0;
  acl->Sbz2 = 0;
  return TRUE;
}

/* Entries lie one behind the other: type, flags, size, mask, SID ("ACCESS_ALLOWED_ACE"). */
char* np_acl_entry(PACL acl, unsigned index) {
  char* at = (char*) (acl + 1);
  WORD each;

  for (; index > 0; index--) {
    memcpy(&each, at + 2, sizeof(each));
    at += each;
  }
  return at;
}

BOOL np_acl_add(PACL acl, BYTE type, DWORD access, PSID sid) {
  char* at = np_acl_entry(acl, acl->AceCount);
  WORD size = (WORD) (8 + GetLengthSid(sid));

  if (at + size > (char*) acl + acl->AclSize)
    return nt_error(ERROR_ALLOTTED_SPACE_EXCEEDED);
  at[0] = (char) type;
  at[1] = 0;
  memcpy(at + 2, &size, sizeof(size));
  memcpy(at + 4, &access, sizeof(access));
  memcpy(at + 8, sid, GetLengthSid(sid));
  acl->AceCount++;
  return TRUE;
}

BOOL WINAPI GetAce(PACL acl, DWORD index, LPVOID* ace) {
  nt_enter("GetAce");
  if (index >= acl->AceCount)
    return nt_error(ERROR_INVALID_PARAMETER);
  *ace = np_acl_entry(acl, index);
  return TRUE;
}

BOOL WINAPI AddAccessAllowedAce(PACL acl, DWORD revision, DWORD access, PSID sid) {
  nt_enter("AddAccessAllowedAce");
  (void) revision;
  return np_acl_add(acl, 0, access, sid);
}

BOOL WINAPI AddAccessDeniedAce(PACL acl, DWORD revision, DWORD access, PSID sid) {
  nt_enter("AddAccessDeniedAce");
  (void) revision;
  return np_acl_add(acl, 1, access, sid);
}

/* SYSTEM_MANDATORY_LABEL_ACE */
BOOL WINAPI AddMandatoryAce(PACL acl, DWORD revision, DWORD flags, DWORD policy, PSID sid) {
  nt_enter("AddMandatoryAce");
  (void) revision;
  (void) flags;
  return np_acl_add(acl, 0x11, policy, sid);
}

BOOL WINAPI InitializeSecurityDescriptor(PSECURITY_DESCRIPTOR pointer, DWORD revision) {
  SECURITY_DESCRIPTOR* descriptor = pointer;

  nt_enter("InitializeSecurityDescriptor");
  memset(descriptor, 0, sizeof(*descriptor));
  descriptor->Revision = (BYTE) revision;
  return TRUE;
}

BOOL WINAPI SetSecurityDescriptorDacl(PSECURITY_DESCRIPTOR pointer,
                                      BOOL present,
                                      PACL dacl,
                                      BOOL defaulted) {
  SECURITY_DESCRIPTOR* descriptor = pointer;

  nt_enter("SetSecurityDescriptorDacl");
  (void) defaulted;
  descriptor->Control = (WORD) (present ? descriptor->Control | 4 : descriptor->Control & ~4);
  descriptor->Dacl = present ? dacl : NULL;
  return TRUE;
}

BOOL WINAPI SetSecurityDescriptorSacl(PSECURITY_DESCRIPTOR pointer,
                                      BOOL present,
                                      PACL sacl,
                                      BOOL defaulted) {
  SECURITY_DESCRIPTOR* descriptor = pointer;

  nt_enter("SetSecurityDescriptorSacl");
  (void) defaulted;
  descriptor->Control = (WORD) (present ? descriptor->Control | 16 : descriptor->Control & ~16);
  descriptor->Sacl = present ? sacl : NULL;
  return TRUE;
}
