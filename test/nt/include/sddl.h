/* Access lists as text, and the names of users: what the examples ask for. The model reads
 * lists (sddl.c); the rest is declared for the other dialect (tools/dialect.py). */
#ifndef NT_SDDL_H_
#define NT_SDDL_H_

#include <windows.h>

#define SDDL_REVISION_1 1

BOOL WINAPI ConvertStringSecurityDescriptorToSecurityDescriptorW(LPCWSTR text,
                                                                 DWORD revision,
                                                                 PSECURITY_DESCRIPTOR* made,
                                                                 PULONG size);
BOOL WINAPI ConvertSecurityDescriptorToStringSecurityDescriptorA(PSECURITY_DESCRIPTOR descriptor,
                                                                 DWORD revision,
                                                                 SECURITY_INFORMATION what,
                                                                 LPSTR* text,
                                                                 PULONG length);
BOOL WINAPI ConvertSidToStringSidW(PSID sid, LPWSTR* text);

#endif /* NT_SDDL_H_ */
