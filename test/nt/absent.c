/* What is declared and not modelled: a program that calls it ends, by name. Whoever models one takes
 * its line away; a call that is in neither place does not link. This file includes no header of
 * Windows', so that the names need no signatures here. */

_Noreturn void nt_absent(const char* name);

#define ABSENT(name)  \
  void name(void);    \
  void name(void) {   \
    nt_absent(#name); \
  }

/* Processes and what surrounds them. */
ABSENT(AssignProcessToJobObject)
ABSENT(CreateJobObjectW)
ABSENT(CreateProcessW)
ABSENT(CreateToolhelp32Snapshot)
ABSENT(DeleteProcThreadAttributeList)
ABSENT(FreeEnvironmentStringsW)
ABSENT(GetCommandLineW)
ABSENT(GetCurrentDirectoryW)
ABSENT(GetEnvironmentStringsW)
ABSENT(GetEnvironmentVariableW)
ABSENT(GetErrorMode)
ABSENT(GetFileAttributesW)
ABSENT(GetModuleFileNameW)
ABSENT(GetProcessIoCounters)
ABSENT(GetProcessTimes)
ABSENT(GetShortPathNameW)
ABSENT(GetStartupInfoW)
ABSENT(GetTempPathW)
ABSENT(InitializeProcThreadAttributeList)
ABSENT(K32GetProcessMemoryInfo)
ABSENT(NeedCurrentDirectoryForExePathW)
ABSENT(Process32FirstW)
ABSENT(Process32NextW)
ABSENT(SetCurrentDirectoryW)
ABSENT(SetEnvironmentVariableW)
ABSENT(SetInformationJobObject)
ABSENT(TerminateProcess)
ABSENT(UpdateProcThreadAttribute)

/* The machine and its network. */
ABSENT(ConvertInterfaceIndexToLuid)
ABSENT(ConvertInterfaceLuidToNameA)
ABSENT(FreeAddrInfoW)
ABSENT(GetAdaptersAddresses)
ABSENT(GetAddrInfoW)
ABSENT(GetActiveProcessorCount)
ABSENT(GetComputerNameExW)
ABSENT(GetNameInfoW)
ABSENT(GetProcessGroupAffinity)
ABSENT(nt_if_nametoindex)

/* Priorities, processors, memory and libraries. */
ABSENT(FormatMessageW)
ABSENT(FreeLibrary)
ABSENT(GetCurrentProcessorNumber)
ABSENT(GetPriorityClass)
ABSENT(GetThreadGroupAffinity)
ABSENT(GetThreadPriority)
ABSENT(GetThreadTimes)
ABSENT(GlobalMemoryStatusEx)
ABSENT(LocalFree)
ABSENT(SetPriorityClass)
ABSENT(SetThreadAffinityMask)
ABSENT(SetThreadPriority)

/* The console. */
ABSENT(AllocConsole)
ABSENT(GetConsoleMode)
ABSENT(GetConsoleScreenBufferInfo)
ABSENT(GetConsoleTitleW)
ABSENT(GetNumberOfConsoleInputEvents)
ABSENT(PeekConsoleInputW)
ABSENT(ReadConsoleInputW)
ABSENT(ReadConsoleW)
ABSENT(SetConsoleCtrlHandler)
ABSENT(SetConsoleCursorPosition)
ABSENT(SetConsoleMode)
ABSENT(SetConsoleTitleW)
ABSENT(WriteConsoleInputW)
ABSENT(WriteConsoleW)
