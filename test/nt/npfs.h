/* Named pipes after NPFS: what npfs.c (names, instances, states), npfs_queue.c (bytes and messages)
 * and npfs_api.c (the calls) share. Where Microsoft's documentation says nothing the rules are those
 * that ReactOS found for its npfs, restated; see design facts in docs/WINDOWS.md. */
#ifndef NT_NPFS_H_
#define NT_NPFS_H_

#include "nt.h"

enum {
  NP_CLIENT,
  NP_SERVER
};
enum {
  NP_CONNECT = 1
}; /* code of NT_CONTROL: ConnectNamedPipe */

enum np_state {
  NP_DISCONNECTED,
  NP_LISTENING,
  NP_CONNECTED,
  NP_CLOSING
};

/* A list of access; all 0: there is none. */
union np_acl {
  ACL acl;
  char room[1024];
};

/* Where an entry of a list is or, one behind the last, would be; and one more of them (security.c). */
char* np_acl_entry(PACL acl, unsigned index);
BOOL np_acl_add(PACL acl, BYTE type, DWORD access, PSID sid);

/* A name, and what all its instances have in common. */
struct np_name {
  struct np_name* next;
  WCHAR* text;     /* with one leading backslash */
  DWORD access;    /* PIPE_ACCESS_* */
  int messages;    /* PIPE_TYPE_MESSAGE */
  int is_local;    /* PIPE_REJECT_REMOTE_CLIENTS */
  DWORD most;      /* instances */
  DWORD instances; /* whose ends are not both closed */
  unsigned uses;   /* pipes that point here, more for a while */
  DWORD out;       /* quotas: from the server, */
  DWORD in;        /* and to it */
  struct np_pipe* pipes;
  union np_acl dacl;
  union np_acl label;
};

/* Bytes that wait for a reader: one write's, which is one message on a pipe of messages. */
struct np_entry {
  struct np_entry* next;
  char* data; /* copied, whatever the size */
  size_t size;
  size_t at;          /* what was read of it */
  size_t charged;     /* to the quota, of what is left */
  struct nt_irp* irp; /* the write, while it has not been completed */
};

/* One direction: bytes that wait, or reads that wait. */
struct np_queue {
  struct np_entry* first;
  struct nt_irp* reads; /* oldest first, by nt_irp.queue */
  struct nt_irp* flushes;
  size_t quota;
  size_t used;
  int taken; /* something was read */
};

/* An instance. queue[side] is what that side reads. */
struct np_pipe {
  struct np_pipe* next;
  struct np_name* name;
  enum np_state state;
  struct np_end* end[2]; /* NULL: closed, or not there yet */
  struct np_queue queue[2];
  struct nt_irp* connects;
  DWORD process[2];
  unsigned refs; /* of its ends' file objects */
};

struct np_end {
  struct nt_file file;
  struct np_pipe* pipe;
  int side;
  int by_message; /* PIPE_READMODE_MESSAGE */
  int no_wait;    /* PIPE_NOWAIT */
};

extern const struct nt_device np_device;

/* npfs.c */
/* FilePipeLocalInformation, of which the state alone is told. */
LONG np_query_local(HANDLE handle, void* info, ULONG size);
struct np_end* np_find(HANDLE handle, ACCESS_MASK access); /* ERROR_INVALID_FUNCTION: no pipe */
struct np_name* np_name_find(const WCHAR* text, size_t units);
int np_is_available(const struct np_name* name);
struct np_end* np_create(
    const WCHAR* text, DWORD open, DWORD mode, DWORD most, DWORD out, DWORD in);
struct np_end* np_open(struct np_name* name, ACCESS_MASK access, int synchronous);
NTSTATUS np_disconnect(struct np_end* end);

/* redirector.c: waits for the network. The part of the name that NPFS sees there; or an error */
DWORD np_reach(const WCHAR* name, const WCHAR** part);

/* npfs_security.c: from a descriptor that is no answer */
void np_secure(struct np_name* name, SECURITY_INFORMATION what, PSECURITY_DESCRIPTOR descriptor);

/* security.c: the owner of what processes make, as the numbers of a SID; and one made of such numbers */
BYTE nt_security_owner(const DWORD** parts);
void nt_security_sid(SID* sid, BYTE count, const DWORD* parts);

/* npfs_nt.c: there is an instance */
void np_wake(const struct np_name* name);

/* npfs_queue.c */
void np_read(struct np_end* end, struct nt_irp* irp);
void np_write(struct np_end* end, struct nt_irp* irp);
void np_flush(struct np_end* end, struct nt_irp* irp);
size_t np_peek(struct np_end* end, char* to, size_t size, size_t* total, size_t* left);
/* Ends the reads, writes and flushes of a direction; what is unread goes, unless `keep`. */
void np_queue_end(struct np_queue* queue, NTSTATUS reads, NTSTATUS writes, int keep);

#endif /* NT_NPFS_H_ */
