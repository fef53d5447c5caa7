/* Files of the disk that go over sockets: how large they are, and TransmitFile. What there is at the time
 * of the call goes, by and by, as a send that has its memory from the kernel. */
#include <string.h>

#include "afd.h"

enum {
  AT_ONCE = 2 /* of a Windows that is no server ("TransmitFile", remarks) */
};

BOOL WINAPI GetFileSizeEx(HANDLE handle, PLARGE_INTEGER size) {
  struct nt_file* file;
  size_t bytes;

  nt_enter("GetFileSizeEx");
  file = nt_find(handle, &nt_file_class, 0);
  if (file == NULL)
    return FALSE;
  if (nt_disk_bytes(file, &bytes) == NULL)
    return nt_error(ERROR_INVALID_PARAMETER);
  if (nt_disk_is_folder(file))
    bytes = nt_chance(50) ? 4096 : 0; /* Each file system has its own opinion. */
  size->QuadPart = (LONGLONG) bytes;
  return TRUE;
}

/* "LockFile": no other handle reads or writes there meanwhile, until this one is closed. */
BOOL WINAPI LockFile(HANDLE handle, DWORD from, DWORD from_high, DWORD size, DWORD size_high) {
  struct nt_file* file;
  size_t bytes;

  nt_enter("LockFile");
  file = nt_find(handle, &nt_file_class, 0);
  if (file == NULL)
    return FALSE;
  if (from_high != 0 || size_high != 0 || nt_disk_bytes(file, &bytes) == NULL)
    nt_absent("LockFile in another way");
  nt_disk_lock(file, from, size);
  return TRUE;
}

/* Those that are under way. Behind two of them the next would wait for strangers' peers, which nobody wants
 * who has a choice. */
static unsigned under_way(void) {
  const struct afd_sock* sock;
  unsigned count = 0;

  for (sock = afd_first(); sock != NULL; sock = sock->next) {
    const struct nt_irp* irp = sock->conn == NULL ? NULL : sock->conn->way[sock->side].sends;

    for (; irp != NULL; irp = irp->queue)
      count += irp->kept != NULL && irp->process == nt_here();
  }
  return count;
}

/* "LPFN_TRANSMITFILE": the place in the file is that of the OVERLAPPED. A file that ends before is
 * answered in one way or the other: the page does not say. Nor what comes of bytes that somebody has locked: those
 * before may go, and the call is over with an error. */
BOOL WINAPI nt_transmit_file(SOCKET handle,
                             HANDLE from,
                             DWORD size,
                             DWORD per_send,
                             LPOVERLAPPED overlapped,
                             LPTRANSMIT_FILE_BUFFERS buffers,
                             DWORD flags) {
  struct afd_sock* sock;
  struct nt_file* file;
  struct nt_part part;
  struct nt_irp* irp;
  const char* bytes;
  size_t all;
  size_t whole;
  size_t place;

  nt_enter("TransmitFile");
  if (overlapped == NULL || buffers != NULL || flags != 0 || per_send != 0 || size == 0)
    nt_absent("TransmitFile in another way");
  sock = afd_find(handle);
  if (sock == NULL)
    return FALSE;
  if (sock->conn == NULL || sock->state == AFD_CONNECTS)
    return nt_error(WSAENOTCONN);
  if (sock->sent_end)
    return nt_error(WSAESHUTDOWN);
  file = nt_find(from, &nt_file_class, FILE_READ_DATA);
  if (file == NULL)
    return FALSE;
  bytes = nt_disk_bytes(file, &all);
  if (bytes == NULL)
    return nt_error(WSAEINVAL);
  if (nt_disk_is_folder(file))
    return nt_error(nt_chance(50) ? WSAEINVAL : WSAEOPNOTSUPP);
  place = nt_overlapped_place(overlapped);
  if (place > all || (all - place < size && nt_chance(50)))
    return nt_error(ERROR_HANDLE_EOF);
  if (under_way() >= AT_ONCE)
    nt_fault("a third TransmitFile would wait for the peers of the first two");
  part.size = all - place < size ? all - place : size;
  whole = part.size;
  part.size = nt_disk_free(file, place, whole);
  if (part.size == 0 && whole > 0 && nt_chance(50))
    return nt_error(ERROR_LOCK_VIOLATION);
  irp = nt_irp_begin(&sock->file, NT_WRITE, overlapped);
  if (part.size < whole) {
    irp->fails = ST_FILE_LOCK_CONFLICT;
    part.size = nt_below((unsigned) part.size + 1); /* It is read in pieces. */
  }
  irp->kept = nt_alloc(part.size + 1);
  memcpy(irp->kept, bytes + place, part.size);
  part.base = irp->kept;
  nt_irp_memory(irp, &part, 1);
  return afd_run(irp);
}
