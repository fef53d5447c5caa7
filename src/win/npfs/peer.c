/* Who is at the other end of a pipe. Its client is known by the token that the system has of it, its server
 * by whose the pipe is: nobody can make an object in another's name. */
#include <stdio.h>
#include <string.h>

#include "uvstream.h"
#include "win/npfs/npfs.h"

/* ---- Numbers of users ---- */

union user {
  TOKEN_USER user;
  TOKEN_OWNER owner;
  BYTE room[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
};

/* "S-1-5-18". An authority above 32 bits, which nobody has, would be written in another way. */
static void put_sid(PSID pointer, char* to, size_t size) {
  const SID* sid = pointer;
  const BYTE* authority = sid->IdentifierAuthority.Value;
  size_t used;
  BYTE i;

  used = (size_t) snprintf(to, size, "S-%u-%lu", sid->Revision,
                           (unsigned long) authority[2] << 24 | (unsigned long) authority[3] << 16 |
                               (unsigned long) authority[4] << 8 | authority[5]);
  for (i = 0; i < sid->SubAuthorityCount; i++)
    used += (size_t) snprintf(to + used, size - used, "-%lu",
                              (unsigned long) *GetSidSubAuthority(pointer, i));
}

static int is_number(PSID pointer, BYTE count, DWORD first, DWORD second) {
  static const SID_IDENTIFIER_AUTHORITY nt = SECURITY_NT_AUTHORITY;
  const SID* sid = pointer;

  return memcmp(&sid->IdentifierAuthority, &nt, sizeof(nt)) == 0 &&
         sid->SubAuthorityCount == count && *GetSidSubAuthority(pointer, 0) == first &&
         (count < 2 || *GetSidSubAuthority(pointer, 1) == second);
}

/* Whether it is what this process is, or makes things as. */
static int is_own(PSID sid) {
  static const TOKEN_INFORMATION_CLASS ways[] = {TokenUser, TokenOwner};
  union user own;
  unsigned i;

  for (i = 0; i < 2; i++)
    if (uv__access_ask(ways[i], &own, sizeof(own)) == 0 && EqualSid(own.user.User.Sid, sid))
      return 1;
  return 0;
}

static void note_user(PSID sid, uvs_peer_t* peer) {
  put_sid(sid, peer->user, sizeof(peer->user));
  peer->is_trusted = is_number(sid, 1, SECURITY_LOCAL_SYSTEM_RID, 0) ||
                     is_number(sid, 2, SECURITY_BUILTIN_DOMAIN_RID, DOMAIN_ALIAS_RID_ADMINS) ||
                     is_own(sid);
  peer->known |= UVS_PEER_USER;
}

/* ---- What a token says ---- */

static void look_at(HANDLE token, int is_users, uvs_peer_t* peer) {
  union {
    TOKEN_MANDATORY_LABEL label;
    BYTE room[sizeof(TOKEN_MANDATORY_LABEL) + SECURITY_MAX_SID_SIZE];
  } level;
  union user who;
  DWORD session;
  DWORD size;

  if (is_users && GetTokenInformation(token, TokenUser, &who, sizeof(who), &size))
    note_user(who.user.User.Sid, peer);
  if (GetTokenInformation(token, TokenSessionId, &session, sizeof(session), &size)) {
    peer->session = session;
    peer->known |= UVS_PEER_SESSION;
  }
  if (GetTokenInformation(token, TokenIntegrityLevel, &level, sizeof(level), &size)) {
    peer->level = *GetSidSubAuthority(level.label.Label.Sid, 0);
    peer->known |= UVS_PEER_LEVEL;
  }
}

/* Of a process that does not let itself be asked it stays unknown. */
static void look_at_process(int pid, int is_users, uvs_peer_t* peer) {
  HANDLE process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, (DWORD) pid);
  HANDLE token;

  if (process == NULL)
    return;
  if (OpenProcessToken(process, TOKEN_QUERY, &token)) {
    look_at(token, is_users, peer);
    CloseHandle(token);
  }
  CloseHandle(process);
}

/* ---- Clients and servers ---- */

/* For as long as it takes to get its token this thread is the client. That the second way out fails, too,
 * which is the same call of the system, has no reason; the program is told. */
static int take_token(HANDLE pipe, HANDLE* token, DWORD* error) {
  *error = 0;
  if (!ImpersonateNamedPipeClient(pipe)) {
    *error = GetLastError();
    return 0;
  }
  if (!OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, token))
    *error = GetLastError();
  if (RevertToSelf() || SetThreadToken(NULL, NULL))
    return 0;
  if (*error == 0)
    CloseHandle(*token);
  return UV_EPERM;
}

static int look_at_client(HANDLE pipe, uvs_peer_t* peer) {
  HANDLE token;
  DWORD error;
  int r = take_token(pipe, &token, &error);

  if (r < 0)
    return r;
  if (error == 0) {
    look_at(token, 1, peer);
    CloseHandle(token);
  } else if (error == ERROR_CANNOT_IMPERSONATE && (peer->known & UVS_PEER_PROCESS)) {
    look_at_process(peer->pid, 1, peer); /* Nothing was read yet. */
  }
  return 0;
}

static void look_at_server(HANDLE pipe, uvs_peer_t* peer) {
  union {
    SECURITY_DESCRIPTOR descriptor;
    BYTE room[sizeof(SECURITY_DESCRIPTOR) + SECURITY_MAX_SID_SIZE];
  } info;
  BOOL defaulted;
  PSID owner;
  DWORD size;

  if (GetKernelObjectSecurity(pipe, OWNER_SECURITY_INFORMATION, &info, sizeof(info), &size) &&
      GetSecurityDescriptorOwner(&info, &owner, &defaulted) && owner != NULL)
    note_user(owner, peer);
  if (peer->known & UVS_PEER_PROCESS)
    look_at_process(peer->pid, 0, peer);
}

int uv__peer_ask(HANDLE pipe, int is_client, uvs_peer_t* peer) {
  ULONG pid;

  if (is_client ? GetNamedPipeClientProcessId(pipe, &pid)
                : GetNamedPipeServerProcessId(pipe, &pid)) {
    peer->pid = (int) pid;
    peer->known |= UVS_PEER_PROCESS;
  } else if (uv__native_is_short(GetLastError())) {
    return UV_ENOMEM;
  }
  if (is_client)
    return look_at_client(pipe, peer);
  look_at_server(pipe, peer);
  return 0;
}
