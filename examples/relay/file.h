/* Files by names in UTF-8, as uv_setup_args gives them, also where fopen takes another code. */
#ifndef RELAY_FILE_H_
#define RELAY_FILE_H_

#include <stdio.h>

/* As fopen. */
FILE* file_open(const char* path, const char* mode);
/* As rename, also onto a file that exists. */
int file_replace(const char* from, const char* to);

#endif /* RELAY_FILE_H_ */
