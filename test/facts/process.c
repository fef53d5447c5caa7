/* Facts about processes and the handles that they have of each other. The child is this program, which then
 * waits until it is ended. */
#include "facts.h"

#include <stdlib.h>
#include <string.h>

enum {
  BYTES = PIPE_TYPE_BYTE | PIPE_READMODE_BYTE,
  QUOTA = 512,
  CODE = 7,
  JOB_CODE = 9,
  LONG_MS = 5000,
  PREFIX = 4, /* characters of what makes a long path one */
  UNITS = 150 /* of a folder's name; two are too long together */
};

typedef LONG(NTAPI* query_object_fn)(HANDLE, int what, void* info, ULONG size, ULONG* length);

/* 0, or the error. A list of handles that the child is to inherit may be NULL. */
static DWORD start(LPPROC_THREAD_ATTRIBUTE_LIST list, PROCESS_INFORMATION* child) {
  WCHAR path[MAX_PATH];
  WCHAR command[] = L"facts --wait";
  STARTUPINFOEXW startup;
  DWORD flags = CREATE_NO_WINDOW;

  memset(&startup, 0, sizeof(startup));
  startup.StartupInfo.cb = sizeof(startup);
  startup.lpAttributeList = list;
  if (list != NULL)
    flags |= EXTENDED_STARTUPINFO_PRESENT;
  else
    startup.StartupInfo.cb = sizeof(startup.StartupInfo);
  (void) GetModuleFileNameW(NULL, path, MAX_PATH);
  return CreateProcessW(path, command, NULL, NULL, list != NULL, flags, NULL, NULL,
                        &startup.StartupInfo, child)
             ? 0
             : GetLastError();
}

/* Its exit code. */
static DWORD end(PROCESS_INFORMATION* child) {
  DWORD code = 0;

  (void) TerminateProcess(child->hProcess, CODE);
  (void) WaitForSingleObject(child->hProcess, INFINITE);
  (void) GetExitCodeProcess(child->hProcess, &code);
  CloseHandle(child->hThread);
  CloseHandle(child->hProcess);
  return code;
}

static int list_is_of_inheritable_handles(void) {
  HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
  LPPROC_THREAD_ATTRIBUTE_LIST list;
  PROCESS_INFORMATION child;
  SIZE_T size = 0;
  DWORD error;

  (void) InitializeProcThreadAttributeList(NULL, 1, 0, &size);
  list = malloc(size);
  if (list == NULL || !InitializeProcThreadAttributeList(list, 1, 0, &size)) {
    free(list);
    CloseHandle(event);
    return -1;
  }
  (void) UpdateProcThreadAttribute(list, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, &event,
                                   sizeof(event), NULL, NULL);
  error = start(list, &child);
  if (error == 0)
    (void) end(&child);
  DeleteProcThreadAttributeList(list);
  free(list);
  CloseHandle(event);
  if (error == 0)
    return facts_note("the child starts", 0);
  return error == ERROR_INVALID_PARAMETER ? 1 : facts_note("error", error);
}

static ULONG count_handles(HANDLE handle) {
  query_object_fn ask = (query_object_fn) facts_import("NtQueryObject");
  ULONG words[14] = {0};

  return ask != NULL && ask(handle, 0, words, sizeof(words), NULL) >= 0 ? words[2] : 0;
}

/* The number of handles of a pipe's end: one; when a child has one, too; when that was closed there from
 * here; when a child with one has ended. */
static int count_with_a_child(ULONG counts[4]) {
  HANDLE self = GetCurrentProcess();
  PROCESS_INFORMATION child;
  struct ends ends;
  HANDLE there = NULL;

  if (!facts_pipe(&ends, PIPE_ACCESS_DUPLEX, BYTES, GENERIC_READ | GENERIC_WRITE, 0, QUOTA))
    return 0;
  counts[0] = count_handles(ends.client);
  if (start(NULL, &child) != 0) {
    facts_close(&ends);
    return 0;
  }
  (void) DuplicateHandle(self, ends.client, child.hProcess, &there, 0, FALSE,
                         DUPLICATE_SAME_ACCESS);
  counts[1] = count_handles(ends.client);
  (void) DuplicateHandle(child.hProcess, there, NULL, NULL, 0, FALSE, DUPLICATE_CLOSE_SOURCE);
  counts[2] = count_handles(ends.client);
  (void) DuplicateHandle(self, ends.client, child.hProcess, &there, 0, FALSE,
                         DUPLICATE_SAME_ACCESS);
  (void) end(&child);
  counts[3] = count_handles(ends.client);
  facts_close(&ends);
  return counts[0] == 1;
}

static int handles_of_all_processes_are_counted(void) {
  ULONG counts[4];

  if (!count_with_a_child(counts))
    return -1;
  return counts[1] == 2 ? 1 : facts_note("handles", counts[1]);
}

static int handle_is_closed_from_outside(void) {
  ULONG counts[4];

  if (!count_with_a_child(counts))
    return -1;
  return counts[2] == 1 ? 1 : facts_note("handles", counts[2]);
}

static int handles_go_with_their_process(void) {
  ULONG counts[4];

  if (!count_with_a_child(counts))
    return -1;
  return counts[3] == 1 ? 1 : facts_note("handles", counts[3]);
}

static int ended_process_has_the_code(void) {
  PROCESS_INFORMATION child;
  DWORD code;

  if (start(NULL, &child) != 0)
    return -1;
  code = end(&child);
  return code == CODE ? 1 : facts_note("code", code);
}

/* A child in a job that is closed, or ended with a code. Whether that ends it, and with what. */
static int end_job(int by_close, DWORD* code) {
  HANDLE job = CreateJobObjectW(NULL, NULL);
  JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits;
  PROCESS_INFORMATION child;
  BOOL joined;
  int ended;

  if (start(NULL, &child) != 0) {
    CloseHandle(job);
    return -1;
  }
  memset(&limits, 0, sizeof(limits));
  if (by_close)
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
  joined =
      SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof(limits)) &&
      AssignProcessToJobObject(job, child.hProcess);
  if (!by_close)
    (void) TerminateJobObject(job, JOB_CODE);
  CloseHandle(job);
  ended = joined && WaitForSingleObject(child.hProcess, LONG_MS) == WAIT_OBJECT_0;
  *code = end(&child);
  return joined ? ended : -1;
}

static int job_that_is_closed_ends_its_processes(void) {
  DWORD code;
  int ended = end_job(1, &code);

  return ended == 0 ? facts_note("it goes on", 0) : ended;
}

static int job_that_is_ended_gives_the_code(void) {
  DWORD code;
  int ended = end_job(0, &code);

  if (ended <= 0)
    return ended == 0 ? facts_note("it goes on", 0) : ended;
  return code == JOB_CODE ? 1 : facts_note("code", code);
}

/* Puts a long name behind a folder. */
static void append(WCHAR* folder, WCHAR unit) {
  size_t length = 0;
  size_t end;

  while (folder[length] != 0)
    length++;
  if (folder[length - 1] != L'\\')
    folder[length++] = L'\\';
  for (end = length + UNITS; length < end; length++)
    folder[length] = unit;
  folder[length] = 0;
}

/* It is there, by a name without that limit; a program with a manifest for long paths may go there. */
static int long_folder_is_not_the_current_one(void) {
  WCHAR before[MAX_PATH];
  WCHAR outer[3 * MAX_PATH] = L"\\\\?\\";
  WCHAR inner[3 * MAX_PATH];
  DWORD error = 0;
  int made;

  (void) GetTempPathW(MAX_PATH, outer + PREFIX);
  append(outer, L'o');
  memcpy(inner, outer, sizeof(inner));
  append(inner, L'i');
  (void) GetCurrentDirectoryW(MAX_PATH, before);
  (void) CreateDirectoryW(outer, NULL);
  made = CreateDirectoryW(inner, NULL);
  if (!SetCurrentDirectoryW(inner + PREFIX))
    error = GetLastError();
  (void) SetCurrentDirectoryW(before);
  (void) RemoveDirectoryW(inner);
  (void) RemoveDirectoryW(outer);
  if (!made)
    return -1;
  return error == ERROR_FILENAME_EXCED_RANGE ? 1 : facts_note("error", error);
}

const struct fact facts_of_processes[] = {
    {"list_is_of_inheritable_handles", list_is_of_inheritable_handles,
     "a handle in PROC_THREAD_ATTRIBUTE_HANDLE_LIST that is not inheritable is "
     "ERROR_INVALID_PARAMETER",
     "UpdateProcThreadAttribute"},
    {"handles_of_all_processes_are_counted", handles_of_all_processes_are_counted,
     "NtQueryObject counts the handles that other processes have", "docs/WINDOWS.md, TCP"},
    {"handle_is_closed_from_outside", handle_is_closed_from_outside,
     "DUPLICATE_CLOSE_SOURCE closes a handle of another process", "DuplicateHandle"},
    {"handles_go_with_their_process", handles_go_with_their_process,
     "those of a process that has ended are closed when its end is told", "TerminateProcess"},
    {"ended_process_has_the_code", ended_process_has_the_code,
     "who is ended by TerminateProcess has its exit code", "TerminateProcess"},
    {"job_that_is_closed_ends_its_processes", job_that_is_closed_ends_its_processes,
     "the last handle of a job of JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE ends who is in it",
     "JOBOBJECT_BASIC_LIMIT_INFORMATION"},
    {"job_that_is_ended_gives_the_code", job_that_is_ended_gives_the_code,
     "so does TerminateJobObject, with its exit code", "TerminateJobObject"},
    {"long_folder_is_not_the_current_one", long_folder_is_not_the_current_one,
     "a folder of more than MAX_PATH - 2 characters is ERROR_FILENAME_EXCED_RANGE as the current "
     "one",
     "SetCurrentDirectory"},
    {NULL, NULL, NULL, NULL},
};
