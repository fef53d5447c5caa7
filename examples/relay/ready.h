/* A file that tells a script where a program listens. */
#ifndef RELAY_READY_H_
#define RELAY_READY_H_

/* Make the file `path` with `text` in it; whoever waits for it finds it whole. 0 or a UV_E*
 * code. */
int ready_write(const char* path, const char* text);

#endif /* RELAY_READY_H_ */
