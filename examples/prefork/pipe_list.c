/* pipe_list NAME: the access list of a named pipe, as text; for the tests. */
#include <stdio.h>
#include <windows.h>

#include <sddl.h>

int main(int argc, char** argv) {
  static union {
    SECURITY_DESCRIPTOR descriptor;
    char room[4096];
  } security;
  char name[300];
  char* text;
  DWORD size;
  HANDLE pipe;
  if (argc != 2)
    return 2;
  snprintf(name, sizeof(name), "\\\\.\\pipe\\%s", argv[1]);
  pipe = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
  if (pipe == INVALID_HANDLE_VALUE ||
      !GetKernelObjectSecurity(pipe, DACL_SECURITY_INFORMATION, &security, sizeof(security),
                               &size) ||
      !ConvertSecurityDescriptorToStringSecurityDescriptorA(
          &security, SDDL_REVISION_1, DACL_SECURITY_INFORMATION, &text, NULL)) {
    fprintf(stderr, "pipe_list: error %lu\n", GetLastError());
    return 1;
  }
  puts(text);
  LocalFree(text);
  CloseHandle(pipe);
  return 0;
}
