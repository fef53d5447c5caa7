/* Files for the random programs over the model of NT (sim_native.c): how they are made there, and what is seen
 * of them where they are sent: by TransmitFile, or read by the core, for which the linker puts a function in
 * front of uv__port_file_read (--wrap). */
#include "proc.h"
#include "sim_native.h"

#include <io.h>
#include <stdio.h>
#include <string.h>

enum {
  MOST_FILES = 512
};

/* By descriptor. */
static struct {
  const char* bytes;
  size_t size;
  int error; /* of who reads behind them */
  int stays; /* it is not to be transmitted */
} files[MOST_FILES];

static const struct sim_observer* seen;
static int count;

void sim_files_begin(const struct sim_observer* observer) {
  seen = observer;
  count = 0;
}

uv_file sim_file_open(const char* bytes, size_t size, int error) {
  char text[64];
  WCHAR* name;
  HANDLE file;
  DWORD put;
  int fd;

  snprintf(text, sizeof(text), "C:\\users\\model\\temp\\file%d", ++count);
  name = nt_text_from(text);
  file =
      CreateFileW(name, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ, NULL, OPEN_ALWAYS, 0, NULL);
  nt_free(name);
  if (file == INVALID_HANDLE_VALUE ||
      (size > 0 && (!WriteFile(file, bytes, (DWORD) size, &put, NULL) || put != size)))
    sim_fail("there is no file");
  fd = uv_open_osfhandle(file);
  if (fd < 0 || fd >= MOST_FILES)
    sim_fail("there is no descriptor for a file");
  files[fd].bytes = bytes;
  files[fd].size = size;
  files[fd].error = error;
  files[fd].stays = sim_chance(40);
  return fd;
}

void sim_file_close(uv_file file) {
  files[file].bytes = NULL;
  _close(file);
}

static void look(uv_file file, uint64_t offset) {
  if (file < 0 || file >= MOST_FILES || files[file].bytes == NULL || offset > files[file].size)
    sim_fail("a file is read that is not open, or where nobody asked for it");
}

/* What no system of the model says of its own. */
static int is_bad(uv_file file, uint64_t offset) {
  return offset == files[file].size && files[file].error != UV_EOF;
}

static ssize_t end(uv_file file, ssize_t n) {
  seen->file_ended(file, (int) n);
  return n;
}

ssize_t __real_uv__port_file_read(uv_file file, uint64_t offset, char* base, size_t len);
ssize_t __wrap_uv__port_file_read(uv_file file, uint64_t offset, char* base, size_t len);

ssize_t __wrap_uv__port_file_read(uv_file file, uint64_t offset, char* base, size_t len) {
  ssize_t n;

  look(file, offset);
  if (is_bad(file, offset))
    return end(file, files[file].error);
  n = __real_uv__port_file_read(file, offset, base, len);
  return n < 0 ? end(file, n) : n;
}

ssize_t sim_files_send(const struct uv__beyond_ops* real,
                       struct uv__io* io,
                       uv_file file,
                       uint64_t offset,
                       size_t len) {
  uv_buf_t buf;
  ssize_t n;

  look(file, offset);
  if (is_bad(file, offset))
    return end(file, files[file].error);
  if (files[file].stays)
    return UV_ENOSYS;
  n = real->send_file(io, file, offset, len);
  sim_trace("  send_file fd %d, file %d from %u on: %d", sim_fd(io), (int) file, (unsigned) offset,
            (int) n);
  buf = uv_buf_init((char*) files[file].bytes + offset, (unsigned) (files[file].size - offset));
  if (buf.len > len)
    buf.len = (uv__buf_len_t) len;
  if (n == UV_EOF || n == UV_ENOSYS || n == UV_ENOTSUP)
    return n;
  if (n > 0)
    sim_ways_took(io, &buf, 1, (size_t) n);
  if (n == UV__PENDING) {
    sim_ways_fly(io, &buf, 1);
    seen->in_flight(io);
  } else {
    seen->told(io, n);
  }
  return n;
}
