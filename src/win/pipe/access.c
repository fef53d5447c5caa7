/* Who may use the name of a pipe. */
#include "win/pipe/pipe.h"

/* What others get is never the right to make instances of the name: that would be the right to
 * answer its clients. */
enum {
  OTHERS_READ = FILE_READ_DATA | FILE_READ_ATTRIBUTES | FILE_READ_EA | FILE_WRITE_ATTRIBUTES |
                READ_CONTROL | SYNCHRONIZE,
  OTHERS_WRITE = FILE_WRITE_DATA | FILE_WRITE_ATTRIBUTES | FILE_WRITE_EA | FILE_READ_ATTRIBUTES |
                 READ_CONTROL | SYNCHRONIZE
};

static int add_user(ACL* acl) {
  union {
    TOKEN_USER user;
    BYTE room[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
  } info;
  HANDLE token;
  DWORD size;
  BOOL ok;

  if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
    return uv__error_translate(GetLastError());
  ok = GetTokenInformation(token, TokenUser, &info, sizeof(info), &size) &&
       AddAccessAllowedAce(acl, ACL_REVISION, FILE_ALL_ACCESS, info.user.User.Sid);
  CloseHandle(token);
  return ok ? 0 : uv__error_translate(GetLastError());
}

static int add_everyone(ACL* acl, DWORD mask) {
  SID_IDENTIFIER_AUTHORITY world = SECURITY_WORLD_SID_AUTHORITY;
  DWORD sid[(sizeof(SID) + sizeof(DWORD) - 1) / sizeof(DWORD)];

  if (!InitializeSid(sid, &world, 1))
    return uv__error_translate(GetLastError());
  *GetSidSubAuthority(sid, 0) = SECURITY_WORLD_RID;
  return AddAccessAllowedAce(acl, ACL_REVISION, mask, sid) ? 0
                                                           : uv__error_translate(GetLastError());
}

int uv__pipe_access_make(struct uv__pipe_access* access, int flags) {
  DWORD mask = 0;
  int r;

  if (flags & UV_READABLE)
    mask |= OTHERS_READ;
  if (flags & UV_WRITABLE)
    mask |= OTHERS_WRITE;
  if (!InitializeAcl(&access->list.acl, sizeof(access->list), ACL_REVISION))
    return uv__error_translate(GetLastError());
  r = add_user(&access->list.acl);
  if (r == 0 && mask != 0)
    r = add_everyone(&access->list.acl, mask);
  if (r < 0)
    return r;
  if (!InitializeSecurityDescriptor(&access->descriptor, SECURITY_DESCRIPTOR_REVISION) ||
      !SetSecurityDescriptorDacl(&access->descriptor, TRUE, &access->list.acl, FALSE))
    return uv__error_translate(GetLastError());
  return 0;
}

int uv__pipe_access_change(HANDLE handle, struct uv__pipe_access* access) {
  if (handle == INVALID_HANDLE_VALUE ||
      SetKernelObjectSecurity(handle, DACL_SECURITY_INFORMATION, &access->descriptor))
    return 0;
  return uv__error_translate(GetLastError());
}
