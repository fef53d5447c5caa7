/* Access lists as text, and the names of users: what the examples ask for. Declared for the other dialect
 * (tools/dialect.py); the model has none of it. */
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
