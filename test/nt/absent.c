/* What is declared and not modelled: a program that calls it ends, by name. Whoever models one takes
 * its line away; a call that is in neither place does not link. This file includes no header of
 * Windows', so that the names need no signatures here. */

_Noreturn void nt_absent(const char* name);

#define ABSENT(name)  \
  void name(void);    \
  void name(void) {   \
    nt_absent(#name); \
  }

/* Priorities, processors, memory and libraries. */
ABSENT(FormatMessageW)
ABSENT(FreeLibrary)
ABSENT(GetCurrentProcessorNumber)
ABSENT(GetPriorityClass)
ABSENT(GetThreadGroupAffinity)
ABSENT(GetThreadPriority)
ABSENT(GetThreadTimes)
ABSENT(GlobalMemoryStatusEx)
ABSENT(SetPriorityClass)
ABSENT(SetThreadAffinityMask)
ABSENT(SetThreadPriority)

/* The console. */
ABSENT(AttachConsole)
