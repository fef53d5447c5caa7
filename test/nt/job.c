/* Jobs, as far as they end who is in them ("Job Objects", JOBOBJECT_BASIC_LIMIT_INFORMATION). */
#include "proc.h"

struct nt_job {
  struct nt_object object;
  DWORD limits;
};

enum {
  JOB_RIGHTS = 0x1f001f,
  JOB_TERMINATE_RIGHT = 8
};

static void terminate(const struct nt_job* job, UINT code) {
  struct nt_process* process;
  unsigned i;

  for (process = nt_process_list(); process != NULL; process = process->next)
    for (i = 0; i < process->job_count; i++)
      if (process->jobs[i] == job)
        nt_process_terminate(process, code);
}

/* With the last handle goes everybody, if it is that kind of job. */
static void closed(struct nt_object* object, int last) {
  struct nt_job* job = (struct nt_job*) object;

  if (last && (job->limits & JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE))
    terminate(job, 0);
}

static void destroy(struct nt_object* object) {
  nt_free(object);
}

/* A program makes one once and leaves its end to the system. */
static const struct nt_class job_class = {
    .name = "job", .closed = closed, .destroy = destroy, .lives_on = 1};

HANDLE WINAPI CreateJobObjectW(LPSECURITY_ATTRIBUTES security, LPCWSTR name) {
  struct nt_job* job;
  HANDLE handle;

  nt_enter("CreateJobObjectW");
  if (name != NULL)
    nt_absent("CreateJobObjectW with a name");
  job = nt_object_new(&job_class, sizeof(*job));
  handle = nt_handle(job, JOB_RIGHTS, security != NULL && security->bInheritHandle);
  nt_unref(job);
  return handle;
}

BOOL WINAPI SetInformationJobObject(HANDLE handle,
                                    JOBOBJECTINFOCLASS what,
                                    LPVOID info,
                                    DWORD size) {
  struct nt_job* job;

  nt_enter("SetInformationJobObject");
  job = nt_find(handle, &job_class, 0);
  if (job == NULL)
    return FALSE;
  if (what != JobObjectExtendedLimitInformation)
    nt_absent("SetInformationJobObject of another class");
  if (size != sizeof(JOBOBJECT_EXTENDED_LIMIT_INFORMATION))
    return nt_error(ERROR_BAD_LENGTH);
  job->limits = ((JOBOBJECT_EXTENDED_LIMIT_INFORMATION*) info)->BasicLimitInformation.LimitFlags;
  return TRUE;
}

static void join(struct nt_process* process, struct nt_job* job) {
  if (process->job_count == sizeof(process->jobs) / sizeof(process->jobs[0]))
    nt_fault("a process is in more jobs than the model has room for");
  nt_ref(job);
  process->jobs[process->job_count++] = job;
}

/* In several since Windows 8 ("Nested Jobs"). */
BOOL WINAPI AssignProcessToJobObject(HANDLE handle, HANDLE process_handle) {
  struct nt_process* process;
  struct nt_job* job;
  unsigned i;

  nt_enter("AssignProcessToJobObject");
  job = nt_find(handle, &job_class, 0);
  process = nt_find(process_handle, &nt_process_class, 0);
  if (job == NULL || process == NULL)
    return FALSE;
  if (process->ended)
    return nt_error(ERROR_ACCESS_DENIED);
  for (i = 0; i < process->job_count; i++)
    if (process->jobs[i] == job)
      return TRUE;
  join(process, job);
  return TRUE;
}

/* As TerminateProcess of each: it asks, and does not wait. */
BOOL WINAPI TerminateJobObject(HANDLE handle, UINT code) {
  struct nt_job* job;

  nt_enter("TerminateJobObject");
  job = nt_find(handle, &job_class, JOB_TERMINATE_RIGHT);
  if (job == NULL)
    return FALSE;
  terminate(job, code);
  return TRUE;
}

/* A child is in the jobs of its parent but for those that let it go by themselves. */
void nt_job_inherit(struct nt_process* child, const struct nt_process* parent) {
  unsigned i;

  for (i = 0; i < parent->job_count; i++)
    if (!(parent->jobs[i]->limits & JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK))
      join(child, parent->jobs[i]);
}

void nt_job_leave(struct nt_process* process) {
  while (process->job_count > 0)
    nt_unref(process->jobs[--process->job_count]);
}
