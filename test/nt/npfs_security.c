/* Who may use a name: the list of access and the label, which all instances of a name have in common
 * ("Named Pipe Security and Access Rights"; the descriptor of the first instance counts). They are kept
 * and told, and refuse nobody: all processes are one user's. */
#include "npfs.h"
#include "sched.h"

#include <stddef.h>
#include <string.h>

/* As GetKernelObjectSecurity writes it: offsets instead of pointers. */
struct relative {
  BYTE revision;
  BYTE sbz;
  WORD control;
  DWORD owner;
  DWORD group;
  DWORD sacl;
  DWORD dacl;
};

enum {
  DACL_PRESENT = 4,
  SACL_PRESENT = 16,
  SELF_RELATIVE = 0x8000
};

static void keep(union np_acl* kept, PACL acl) {
  memset(kept, 0, sizeof(*kept));
  if (acl == NULL)
    return;
  if (acl->AclSize > sizeof(*kept))
    nt_absent("a list of access of that size");
  memcpy(kept, acl, acl->AclSize);
}

void np_secure(struct np_name* name, SECURITY_INFORMATION what, PSECURITY_DESCRIPTOR pointer) {
  const SECURITY_DESCRIPTOR* descriptor = pointer;

  if (what & DACL_SECURITY_INFORMATION)
    keep(&name->dacl, descriptor->Control & DACL_PRESENT ? descriptor->Dacl : NULL);
  if (what & LABEL_SECURITY_INFORMATION)
    keep(&name->label, descriptor->Control & SACL_PRESENT ? descriptor->Sacl : NULL);
}

BOOL WINAPI SetKernelObjectSecurity(HANDLE handle,
                                    SECURITY_INFORMATION what,
                                    PSECURITY_DESCRIPTOR descriptor) {
  struct np_end* end;

  nt_enter("SetKernelObjectSecurity");
  if (what & ~(DACL_SECURITY_INFORMATION | LABEL_SECURITY_INFORMATION))
    nt_absent("SetKernelObjectSecurity of more than the DACL and the label");
  end = np_find(handle, (what & DACL_SECURITY_INFORMATION ? WRITE_DAC : 0) |
                            (what & LABEL_SECURITY_INFORMATION ? WRITE_OWNER : 0));
  if (end == NULL)
    return FALSE;
  np_secure(end->pipe->name, what, descriptor);
  return TRUE;
}

/* Appends a list, and stores where it is. */
static void put(char* to, DWORD* used, DWORD* at, const union np_acl* acl) {
  *at = *used;
  memcpy(to + *used, acl, acl->acl.AclSize);
  *used += acl->acl.AclSize;
}

BOOL WINAPI GetKernelObjectSecurity(
    HANDLE handle, SECURITY_INFORMATION what, PSECURITY_DESCRIPTOR to, DWORD room, LPDWORD needed) {
  struct relative descriptor;
  struct np_end* end;
  const struct np_name* name;
  const DWORD* parts;
  BYTE count = nt_security_owner(&parts);
  DWORD owner_size = what & OWNER_SECURITY_INFORMATION ? SECURITY_MAX_SID_SIZE : 0;
  DWORD used = sizeof(descriptor);

  nt_enter("GetKernelObjectSecurity");
  end = np_find(handle, READ_CONTROL);
  if (end == NULL)
    return FALSE;
  name = end->pipe->name;
  memset(&descriptor, 0, sizeof(descriptor));
  descriptor.revision = SECURITY_DESCRIPTOR_REVISION;
  descriptor.control = SELF_RELATIVE;
  *needed = used + owner_size;
  if (what & DACL_SECURITY_INFORMATION)
    *needed += name->dacl.acl.AclSize;
  if (what & LABEL_SECURITY_INFORMATION)
    *needed += name->label.acl.AclSize;
  if (*needed > room)
    return nt_error(ERROR_INSUFFICIENT_BUFFER);
  if (owner_size != 0) {
    nt_security_sid((SID*) (void*) ((char*) to + used), count, parts);
    descriptor.owner = used;
    used += owner_size;
  }
  if ((what & DACL_SECURITY_INFORMATION) && name->dacl.acl.AclSize > 0) {
    put(to, &used, &descriptor.dacl, &name->dacl);
    descriptor.control |= DACL_PRESENT;
  }
  if ((what & LABEL_SECURITY_INFORMATION) && name->label.acl.AclSize > 0) {
    put(to, &used, &descriptor.sacl, &name->label);
    descriptor.control |= SACL_PRESENT;
  }
  memcpy(to, &descriptor, sizeof(descriptor));
  return TRUE;
}

BOOL WINAPI GetSecurityDescriptorOwner(PSECURITY_DESCRIPTOR pointer,
                                       PSID* owner,
                                       LPBOOL defaulted) {
  struct relative descriptor;

  nt_enter("GetSecurityDescriptorOwner");
  memcpy(&descriptor, pointer, sizeof(descriptor));
  *owner = descriptor.owner == 0 ? NULL : (PSID) ((char*) pointer + descriptor.owner);
  *defaulted = FALSE;
  return TRUE;
}

static BOOL get(
    PSECURITY_DESCRIPTOR pointer, WORD which, size_t offset, LPBOOL present, PACL* acl) {
  struct relative descriptor;
  DWORD at;

  memcpy(&descriptor, pointer, sizeof(descriptor));
  if (!(descriptor.control & SELF_RELATIVE))
    nt_absent("a question to a descriptor that was not asked for");
  memcpy(&at, (char*) &descriptor + offset, sizeof(at));
  *present = (descriptor.control & which) != 0;
  /* One that is there and is none: nobody is kept out. */
  *acl = *present && at != 0 ? (PACL) (void*) ((char*) pointer + at) : NULL;
  return TRUE;
}

BOOL WINAPI GetSecurityDescriptorDacl(PSECURITY_DESCRIPTOR descriptor,
                                      LPBOOL present,
                                      PACL* dacl,
                                      LPBOOL defaulted) {
  nt_enter("GetSecurityDescriptorDacl");
  *defaulted = FALSE;
  return get(descriptor, DACL_PRESENT, offsetof(struct relative, dacl), present, dacl);
}

BOOL WINAPI GetSecurityDescriptorSacl(PSECURITY_DESCRIPTOR descriptor,
                                      LPBOOL present,
                                      PACL* sacl,
                                      LPBOOL defaulted) {
  nt_enter("GetSecurityDescriptorSacl");
  *defaulted = FALSE;
  return get(descriptor, SACL_PRESENT, offsetof(struct relative, sacl), present, sacl);
}

/* ---- Who is at the other end ---- */

/* "ERROR_CANNOT_IMPERSONATE: unable to impersonate using a named pipe until data has been read from that
 * pipe." A client of this machine is known from the start, as a rule. */
BOOL WINAPI ImpersonateNamedPipeClient(HANDLE handle) {
  struct np_end* end;
  DWORD error = 0;

  nt_enter("ImpersonateNamedPipeClient");
  end = np_find(handle, 0);
  if (end == NULL)
    return FALSE;
  nt_file_lock(&end->file, "ImpersonateNamedPipeClient");
  if (end->side != NP_SERVER)
    error = ERROR_INVALID_FUNCTION;
  else if (end->pipe->process[NP_CLIENT] == 0)
    error = ERROR_PIPE_NOT_CONNECTED;
  else if (!end->pipe->queue[NP_SERVER].taken && nt_chance(50))
    error = ERROR_CANNOT_IMPERSONATE;
  nt_file_unlock(&end->file);
  if (error != 0)
    return nt_error(error);
  nt_self()->is_client = 1;
  return TRUE;
}
