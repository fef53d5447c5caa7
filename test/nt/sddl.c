/* Lists of access as text ("Security Descriptor String Format"), as far as uvs_pipe_bind asks for one: the
 * DACL alone, whose entries allow or deny; rights as numbers or as the words below, users as numbers or as
 * some of the two letters. What else could be there is refused as a mistake would be. */
#include <sddl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "npfs.h"
#include "sched.h"

enum {
  MOST = 2048,
  DACL_PRESENT = 4,
  SELF_RELATIVE = 0x8000
};

struct relative {
  BYTE revision;
  BYTE sbz;
  WORD control;
  DWORD offsets[4]; /* owner, group, SACL, DACL */
};

static const struct {
  const char* name;
  DWORD mask;
} rights[] = {{"GA", GENERIC_ALL},       {"GR", GENERIC_READ},
              {"GW", GENERIC_WRITE},     {"FA", FILE_ALL_ACCESS},
              {"FR", FILE_GENERIC_READ}, {"FW", FILE_GENERIC_WRITE},
              {"GX", GENERIC_EXECUTE},   {NULL, 0}};

/* Number of the authority, and up to two of the rest. */
static const struct {
  const char* name;
  const char* number;
} users[] = {{"WD", "S-1-1-0"},      {"AU", "S-1-5-11"}, {"SY", "S-1-5-18"},
             {"BA", "S-1-5-32-544"}, {"NU", "S-1-5-2"},  {NULL, NULL}};

/* Stores the rest of `text` behind `mask`, or NULL. */
static const char* read_rights(const char* text, DWORD* mask) {
  int i;

  *mask = 0;
  if (text[0] == '0' && text[1] == 'x') {
    char* end;

    *mask = (DWORD) strtoul(text, &end, 16);
    return end;
  }
  while (*text != ';') {
    for (i = 0; rights[i].name != NULL && strncmp(text, rights[i].name, 2) != 0; i++)
      continue;
    if (rights[i].name == NULL)
      return NULL;
    *mask |= rights[i].mask;
    text += 2;
  }
  return text;
}

static const char* read_number(const char* text, SID* sid, DWORD parts[15]) {
  char* end = (char*) text;
  BYTE count = 0;

  if (strncmp(text, "S-1-", 4) != 0)
    return NULL;
  memset(sid, 0, sizeof(*sid));
  sid->Revision = 1;
  sid->IdentifierAuthority.Value[5] = (BYTE) strtoul(text + 4, &end, 10);
  while (*end == '-' && count < 15)
    parts[count++] = (DWORD) strtoul(end + 1, &end, 10);
  sid->SubAuthorityCount = count;
  return count > 0 ? end : NULL;
}

static const char* read_user(const char* text, char room[SECURITY_MAX_SID_SIZE]) {
  DWORD parts[15];
  SID sid;
  const char* end = NULL;
  int i;

  for (i = 0; users[i].name != NULL && end == NULL; i++)
    if (strncmp(text, users[i].name, 2) == 0 && read_number(users[i].number, &sid, parts) != NULL)
      end = text + 2;
  if (end == NULL)
    end = read_number(text, &sid, parts);
  if (end == NULL)
    return NULL;
  memcpy(room, &sid, offsetof(SID, SubAuthority));
  memcpy(room + offsetof(SID, SubAuthority), parts, sid.SubAuthorityCount * sizeof(DWORD));
  return end;
}

/* "(A;;RIGHTS;;;USER)", or with D; of flags only CI, as one that is none of a pipe's. */
static const char* read_entry(const char* text, PACL acl) {
  union {
    SID sid;
    char room[SECURITY_MAX_SID_SIZE];
  } user;
  int is_denied = text[1] == 'D';
  int inherits;
  char* entry;
  DWORD mask;

  if (text[0] != '(' || (text[1] != 'A' && !is_denied) || text[2] != ';')
    return NULL;
  text += 3;
  inherits = strncmp(text, "CI", 2) == 0;
  text += 2 * inherits;
  if (*text != ';' || (text = read_rights(text + 1, &mask)) == NULL ||
      strncmp(text, ";;;", 3) != 0 || (text = read_user(text + 3, user.room)) == NULL ||
      *text != ')')
    return NULL;
  entry = np_acl_entry(acl, acl->AceCount);
  if (!np_acl_add(acl, (BYTE) is_denied, mask, &user.sid))
    return NULL;
  entry[1] = (char) (inherits ? 2 : 0); /* CONTAINER_INHERIT_ACE */
  return text + 1;
}

BOOL WINAPI ConvertStringSecurityDescriptorToSecurityDescriptorW(LPCWSTR wide,
                                                                 DWORD revision,
                                                                 PSECURITY_DESCRIPTOR* made,
                                                                 PULONG size) {
  size_t length = 0;
  char text[MOST];
  const char* at = text + 2;
  struct relative* descriptor;
  PACL acl;

  nt_enter("ConvertStringSecurityDescriptorToSecurityDescriptorW");
  (void) size;
  while (length < MOST - 1 && wide[length] != 0) {
    text[length] = (char) wide[length];
    length++;
  }
  text[length] = '\0';
  if (revision != SDDL_REVISION_1 || strncmp(text, "D:", 2) != 0)
    return nt_error(ERROR_INVALID_PARAMETER);
  descriptor = nt_alloc(sizeof(*descriptor) + MOST);
  memset(descriptor, 0, sizeof(*descriptor));
  descriptor->revision = SECURITY_DESCRIPTOR_REVISION;
  descriptor->control = SELF_RELATIVE | DACL_PRESENT;
  descriptor->offsets[3] = sizeof(*descriptor);
  acl = (PACL) (void*) (descriptor + 1);
  memset(acl, 0, sizeof(*acl));
  acl->AclRevision = ACL_REVISION;
  acl->AclSize = MOST;
  if (*at == 'P')
    at++;
  if (strcmp(at, "NO_ACCESS_CONTROL") == 0) {
    descriptor->control = SELF_RELATIVE | DACL_PRESENT;
    descriptor->offsets[3] = 0; /* A list that is there and is none. */
    at += strlen(at);
  }
  while (at != NULL && *at != '\0')
    at = read_entry(at, acl);
  if (at == NULL) {
    nt_free(descriptor);
    return nt_error(ERROR_INVALID_PARAMETER);
  }
  *made = descriptor;
  return TRUE;
}

HANDLE WINAPI LocalFree(HANDLE memory) {
  nt_enter("LocalFree");
  nt_free(memory);
  return NULL;
}
