/* Tokens, SIDs and lists of access, as far as they can be made and handed in. One user has all the
 * processes: nobody is ever refused. */
#include "nt.h"

#include <string.h>

static void token_destroy(struct nt_object* object) {
  nt_free(object);
}

static const struct nt_class token_class = {.name = "token", .destroy = token_destroy};

BOOL WINAPI OpenProcessToken(HANDLE process, DWORD access, PHANDLE token) {
  struct nt_object* object;

  nt_enter("OpenProcessToken");
  if (nt_find(process, &nt_process_class, 0) == NULL)
    return FALSE;
  object = nt_object_new(&token_class, sizeof(*object));
  *token = nt_handle(object, access, 0);
  nt_unref(object);
  return TRUE;
}

static DWORD sid_size(BYTE count) {
  return (DWORD) (offsetof(SID, SubAuthority) + count * sizeof(DWORD));
}

/* S-1-16-8192, that of an ordinary program. */
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
  sid->SubAuthority[0] = SECURITY_MANDATORY_MEDIUM_RID;
  return TRUE;
}

/* S-1-5-21-1-2-3-1001, an ordinary user. */
BOOL WINAPI GetTokenInformation(
    HANDLE token, TOKEN_INFORMATION_CLASS what, LPVOID to, DWORD size, PDWORD needed) {
  static const DWORD parts[] = {21, 1, 2, 3, 1001};
  TOKEN_USER* user = to;
  SID* sid = (SID*) (void*) (user + 1);

  nt_enter("GetTokenInformation");
  if (nt_find(token, &token_class, TOKEN_QUERY) == NULL)
    return FALSE;
  if (what == TokenIntegrityLevel)
    return give_level(to, size, needed);
  if (what != TokenUser && what != TokenOwner)
    nt_absent("GetTokenInformation of another class");
  *needed = (DWORD) sizeof(*user) + sid_size(5);
  if (size < *needed)
    return nt_error(ERROR_INSUFFICIENT_BUFFER);
  memset(to, 0, *needed);
  user->User.Sid = sid;
  sid->Revision = 1;
  sid->SubAuthorityCount = 5;
  sid->IdentifierAuthority.Value[5] = 5;
  memcpy((char*) sid + offsetof(SID, SubAuthority), parts, sizeof(parts));
  return TRUE;
}

BOOL WINAPI InitializeSid(PSID pointer, PSID_IDENTIFIER_AUTHORITY authority, BYTE count) {
  SID* sid = pointer;

  nt_enter("InitializeSid");
  sid->Revision = 1;
  sid->SubAuthorityCount = count;
  sid->IdentifierAuthority = *authority;
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
static BOOL add_entry(PACL acl, BYTE type, DWORD access, PSID sid) {
  char* at = (char*) (acl + 1);
  WORD size = (WORD) (8 + GetLengthSid(sid));
  WORD each;
  unsigned i;

  for (i = 0; i < acl->AceCount; i++) {
    memcpy(&each, at + 2, sizeof(each));
    at += each;
  }
  if (at + size > (char*) acl + acl->AclSize)
    return nt_error(1344); /* ERROR_ALLOTTED_SPACE_EXCEEDED */
  at[0] = (char) type;
  at[1] = 0;
  memcpy(at + 2, &size, sizeof(size));
  memcpy(at + 4, &access, sizeof(access));
  memcpy(at + 8, sid, GetLengthSid(sid));
  acl->AceCount++;
  return TRUE;
}

BOOL WINAPI AddAccessAllowedAce(PACL acl, DWORD revision, DWORD access, PSID sid) {
  nt_enter("AddAccessAllowedAce");
  (void) revision;
  return add_entry(acl, 0, access, sid);
}

/* SYSTEM_MANDATORY_LABEL_ACE */
BOOL WINAPI AddMandatoryAce(PACL acl, DWORD revision, DWORD flags, DWORD policy, PSID sid) {
  nt_enter("AddMandatoryAce");
  (void) revision;
  (void) flags;
  return add_entry(acl, 0x11, policy, sid);
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

BOOL WINAPI SetKernelObjectSecurity(HANDLE handle,
                                    SECURITY_INFORMATION what,
                                    PSECURITY_DESCRIPTOR descriptor) {
  nt_enter("SetKernelObjectSecurity");
  (void) descriptor;
  if (what & ~(DACL_SECURITY_INFORMATION | LABEL_SECURITY_INFORMATION))
    nt_absent("SetKernelObjectSecurity of more than the DACL and the label");
  return nt_find(handle, NULL,
                 (what & DACL_SECURITY_INFORMATION ? WRITE_DAC : 0) |
                     (what & LABEL_SECURITY_INFORMATION ? WRITE_OWNER : 0)) != NULL;
}
