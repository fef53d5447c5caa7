/* Who may use the name of a pipe: a list of who may do what, and a label, which keeps processes of a
 * lower integrity level from writing whatever that list says. */
#include "win/npfs/npfs.h"

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

int uv__access_make(struct uv__access* access, int flags) {
  DWORD mask = 0;
  int r;

  if (flags & UV_READABLE)
    mask |= OTHERS_READ;
  if (flags & UV_WRITABLE)
    mask |= OTHERS_WRITE;
  if (!InitializeAcl(&access->list.acl, sizeof(access->list), ACL_REVISION) ||
      !InitializeAcl(&access->label.acl, sizeof(access->label), ACL_REVISION))
    return uv__error_translate(GetLastError());
  r = add_owner(&access->list.acl);
  if (r == 0 && mask != 0)
    r = add_everyone(&access->list.acl, mask);
  if (r == 0)
    r = add_label(&access->label.acl, (flags & UV_WRITABLE) != 0, &access->level);
  if (r < 0)
    return r;
  if (!InitializeSecurityDescriptor(&access->descriptor, SECURITY_DESCRIPTOR_REVISION) ||
      !SetSecurityDescriptorDacl(&access->descriptor, TRUE, &access->list.acl, FALSE) ||
      !SetSecurityDescriptorSacl(&access->descriptor, TRUE, &access->label.acl, FALSE))
    return uv__error_translate(GetLastError());
  return 0;
}

int uv__access_change(HANDLE handle, struct uv__access* access, SECURITY_INFORMATION what) {
  if (SetKernelObjectSecurity(handle, what, &access->descriptor))
    return 0;
  return uv__error_translate(GetLastError());
}
