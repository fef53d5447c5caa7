/* Which handles of this process are the library's by its own doing: those of streams, and those on
 * their way to one. Whoever names another one over an IPC pipe may have given it; whoever names one
 * of these has not (docs/WINDOWS.md). All loops, any thread. */
#include "win/handle/handle.h"

static SRWLOCK lock = SRWLOCK_INIT;
static struct uv__table table; /* handle -> its stream's loop, or NULL */

int uv__own_add(HANDLE handle, const uv_loop_t* loop) {
  struct uv__pair* pair;
  int r = 0;

  AcquireSRWLockExclusive(&lock);
  /* One that was on its way has arrived. */
  pair = uv__table_find(&table, handle, NULL);
  if (pair != NULL && pair->value == NULL) {
    pair->value = loop;
  } else {
    r = uv__table_reserve(&table, table.count + 1);
    if (r == 0)
      uv__table_add(&table, handle, loop);
  }
  ReleaseSRWLockExclusive(&lock);
  return r;
}

void uv__own_note(HANDLE handle) {
  AcquireSRWLockExclusive(&lock);
  if (uv__table_reserve(&table, table.count + 1) == 0) /* Else somebody may name it. */
    uv__table_add(&table, handle, NULL);
  ReleaseSRWLockExclusive(&lock);
}

void uv__own_drop(HANDLE handle, const uv_loop_t* loop) {
  struct uv__pair* pair;

  AcquireSRWLockExclusive(&lock);
  pair = uv__table_find(&table, handle, loop);
  if (pair != NULL)
    uv__table_remove(&table, pair);
  if (table.count == 0)
    uv__table_free(&table);
  ReleaseSRWLockExclusive(&lock);
}

int uv__own_has(HANDLE handle, const uv_loop_t* loop) {
  int r;

  AcquireSRWLockShared(&lock);
  r = uv__table_find(&table, handle, loop) != NULL;
  ReleaseSRWLockShared(&lock);
  return r;
}
