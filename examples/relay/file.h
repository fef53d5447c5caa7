/* Files by names in UTF-8, as uv_setup_args gives them, also where fopen takes another code. */
#ifndef RELAY_FILE_H_
#define RELAY_FILE_H_

#include <stdint.h>
#include <stdio.h>

/* As fopen. */
FILE* file_open(const char* path, const char* mode);
/* As rename, also onto a file that exists. */
int file_replace(const char* from, const char* to);
/* What is at `path`. */
struct file_look {
  int exists;
  int is_folder;
  int is_plain; /* a file with a content of its own, and this name only */
  unsigned mode;
};
void file_look(const char* path, struct file_look* look);

/* What errno says after one of these, as a UV_E* code. */
int file_error(void);

/* How many bytes are left in it; -1 where nobody knows, because it is no file with a size. */
int64_t file_left(FILE* file);

#endif /* RELAY_FILE_H_ */
