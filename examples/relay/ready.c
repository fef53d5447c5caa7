/* Writes the file under another name first and renames it when it is whole. */
#include "ready.h"

#include <stdio.h>

#include "file.h"
#include "uv.h"

int ready_write(const char* path, const char* text) {
  char draft[1024];
  FILE* file;
  int ok;
  if (snprintf(draft, sizeof(draft), "%s.new", path) >= (int) sizeof(draft))
    return UV_ENAMETOOLONG;
  file = file_open(draft, "w");
  if (file == NULL)
    return file_error();
  ok = fputs(text, file) >= 0;
  ok = fclose(file) == 0 && ok;
  return ok && file_replace(draft, path) == 0 ? 0 : UV_EIO;
}
