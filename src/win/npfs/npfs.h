/* Pipes as the system has them, below what a stream makes of one: names, who may use them, pairs, what
 * is asked of an end and what the answers mean. Knows handles, and of the loop that it has a port. */
#ifndef UV__WIN_NPFS_H_
#define UV__WIN_NPFS_H_

#include "win/handle/handle.h"
#include "win/loop/loop.h"

/* ---- name.c ---- */

/* A name as the system wants it, with either prefix as `dot` says, or that of another machine. */
enum {
  UV__PIPE_NAME_MAX = 256,                          /* characters, as Windows has it */
  UV__PIPE_NAME_BYTES = 3 * (UV__PIPE_NAME_MAX + 4) /* of UTF-8, with a prefix */
};
struct uv__pipe_wide {
  WCHAR text[UV__PIPE_NAME_MAX + 1];
  int dot;
  int remote;
};
/* Whether it is one of the file system, of a Unix-domain socket; else it is to be parsed. */
int uv__name_is_path(const struct uv__pipe_name* name);
int uv__name_parse(const struct uv__pipe_name* name, struct uv__pipe_wide* wide);
/* Its text, for `name` of the port. */
int uv__name_give(const struct uv__pipe_wide* wide, char* text, int* len);
/* The name of a pipe of this machine, likewise. */
int uv__name_query(HANDLE handle, int dot, char* text, int* len);

/* ---- access.c ---- */

/* Who may use a name: an access control list, and a label. With what surrounds
 * the list it fits in 1 KiB, for those who ask for it. */
struct uv__access {
  SECURITY_DESCRIPTOR descriptor;
  union {
    ACL acl;
    DWORD room[240];
  } list;
  union {
    ACL acl;
    DWORD room[16];
  } label;
  DWORD level; /* of the label */
};
/* What the token of this process says. */
int uv__access_ask(TOKEN_INFORMATION_CLASS what, void* info, DWORD size);
/* Who owns what this process makes may do everything; everybody else what `flags` say, which is a
 * set of UV_READABLE and UV_WRITABLE. */
int uv__access_make(struct uv__access* access, int flags);
/* The same with the list of a wish, in the language of security descriptors (SDDL), of which nobody gets more than
 * the rights of a client; NULL: an empty one. UV_EINVAL, UV_E2BIG. */
struct uvs_access_s;
int uv__access_list(struct uv__access* access, const struct uvs_access_s* wish);
/* Gives an instance that exists the list or the label. */
int uv__access_change(HANDLE handle, struct uv__access* access, SECURITY_INFORMATION what);

/* ---- peer.c ---- */

/* What is known of who is at the other end of an overlapped pipe: its client, or its server. */
struct uvs_peer_s;
int uv__peer_ask(HANDLE pipe, int is_client, struct uvs_peer_s* peer);

/* ---- native.c ---- */

/* What a handle was opened for, a set of enum uv__opened, and how many handles its file object has
 * in all processes. Does not wait. */
int uv__native_access(HANDLE handle, unsigned* opened, ULONG* handles);
/* How long an answer may take: where it does not matter much, and where it does. */
enum {
  UV__NATIVE_GUESS_MS = 20,
  UV__NATIVE_SURE_MS = 2000
};
/* 1: overlapped; 0: not, or it is not known, because somebody makes a call on it; or an error.
 * `handles` is how many there are. */
int uv__native_is_overlapped(HANDLE handle, ULONG handles, DWORD patience_ms);
/* Whether this error of a call says that the system is short of memory: later it may succeed. */
int uv__native_is_short(DWORD error);
/* The flags of GetNamedPipeInfo, for what is a pipe; those of an end that may not be asked are 0.
 * UV_ENOMEM, or UV_ENOTSUP: it is no pipe. */
int uv__native_info(HANDLE handle, DWORD* flags);
/* Whether the other end of a connected pipe is gone, whatever is unread; or an error. */
int uv__native_is_left(HANDLE handle);
/* Makes an overlapped end wait, as all others do; whether it does. */
int uv__native_set_wait(HANDLE handle);
/* Reads what is there from an overlapped end; `event` is nobody else's meanwhile. The error, or 0.
 * ERROR_OPERATION_ABORTED: there was nothing. */
DWORD uv__native_read_at_once(HANDLE handle, HANDLE event, char* base, DWORD len, DWORD* bytes);
/* Writes what goes at once to such an end, likewise. */
DWORD uv__native_write_at_once(
    HANDLE handle, HANDLE event, const char* base, DWORD len, DWORD* bytes);
/* Has the port get packets only of what does not succeed at once. */
int uv__native_set_modes(HANDLE handle);
/* Puts an instance on the loop's port, with these modes. UV_EINVAL: it is on one. */
int uv__native_attach(uv_loop_t* loop, HANDLE handle);
/* The error of a read or a write of a pipe. */
int uv__native_read_error(DWORD error);
int uv__native_write_error(DWORD error);

/* ---- npfs.c: 0 means that the system has no such thing ---- */

/* Opens the file system of pipes, for waits. */
int uv__npfs_open(HANDLE* root);
/* Makes a connected pair of byte pipe ends without a name. */
int uv__npfs_pair(const ACCESS_MASK access[2],
                  const int overlapped[2],
                  ULONG quota,
                  HANDLE ends[2]);
/* Begins to wait for an instance of a name: a packet comes in any case. */
int uv__npfs_wait(HANDLE root, const WCHAR* name, DWORD ms, OVERLAPPED* overlapped);

/* ---- pair.c ---- */

/* A connected pair of byte pipe ends with a name that nobody can guess. What an end can do is a
 * set of UV_READABLE_PIPE, UV_WRITABLE_PIPE and UV_OVERLAPPED_PIPE. Neither is inherited. */
int uv__pair_make(unsigned first, unsigned second, HANDLE ends[2]);

#endif /* UV__WIN_NPFS_H_ */
