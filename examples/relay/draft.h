/* A file that is written under another name, PATH.part, until it is whole: whoever breaks off leaves nothing
 * that looks like all of it. What is no plain file (a device, a fifo), or has more than one name (a link),
 * is written as it is: another file in its place would be another thing. */
#ifndef RELAY_DRAFT_H_
#define RELAY_DRAFT_H_

#include <stdio.h>

#define DRAFT_NAME 4096

struct draft {
  FILE* file;
  const char* path;      /* the caller's */
  char name[DRAFT_NAME]; /* of what is written now */
  int renamed;           /* it gets the path's name in the end */
};

/* 0 or a UV_E* code; then there is nothing to close. A draft that was left there is written over. The file
 * has the mode of the one that it replaces. */
int draft_open(struct draft* draft, const char* path);

/* It is whole: closes it, and gives it its name. 0 or a UV_E* code. */
int draft_keep(struct draft* draft);

/* It is not: closes it, and says where it is. */
void draft_leave(struct draft* draft);

#endif /* RELAY_DRAFT_H_ */
