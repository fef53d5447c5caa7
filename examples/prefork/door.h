/* The local door: a named pipe of Windows, a socket in the file system of Unix, for clients on this
 * machine. Whom it is for is settled before the first one can come: it is the one thing about pipes that
 * each system has its own words for, so the name is made here, by door_unix.c and door_win.c, and not by
 * uv_pipe_bind. What comes through the door is a uv_pipe_t like any other. A process has one door. */
#ifndef PREFORK_DOOR_H_
#define PREFORK_DOOR_H_

#include "uv.h"

/* Somebody is there. The next one is told of once this one has been accepted. */
typedef void (*door_cb)(void* arg);

/* Whether `allow` can be understood; 0, or -1 and why not. NULL is nobody but whom the process runs as.
 * Windows: names of users and groups between commas, or the DACL of a security descriptor ("D:...").
 * Unix: MODE, GROUP or MODE:GROUP. */
int door_check(const char* allow, char* why, size_t size);

/* The lines of --help on `allow`. */
extern const char door_help[];

/* Make the name, and let nobody in yet. */
int door_open(uv_loop_t* loop, const char* name, const char* allow);

/* The same in a successor, which is let in beside its predecessor. It is called when the handle of that
 * one's door_handle() is the next to be accepted from `channel`, if there is such a one; and without a
 * channel once everything else is ready. */
int door_join(uv_loop_t* loop, const char* name, const char* allow, uv_stream_t* channel);

/* Let clients in. Windows has done so since door_open: with a name there is somebody who listens. */
int door_listen(door_cb cb, void* arg);

/* To be called once for each call of the callback, then or later. `client` is initialised by it, and has
 * to be closed also when it fails. */
int door_accept(uv_pipe_t* client);

/* What a successor has to be given; NULL: nothing, the name is enough. */
uv_stream_t* door_handle(void);

/* Let nobody in any more. Who has come before is told of in this call. With `keep` the name stays: it is
 * the successor's. */
void door_close(int keep);

/* The successor, process `pid`, is to let them in instead. Who has come before is told of in this call. What
 * waits for others, where the name is not enough, is given to it in lines "instance TEXT", which `say` sends:
 * it calls the second with each TEXT. */
void door_leave(int pid, int (*say)(const char* line));
int door_take(const char* text);

/* Who is at the other end, of whom something was read: "user NAME, process NUMBER". */
void door_client(const uv_pipe_t* client, char* text, size_t size);

/* Whether this system accepts connections of TCP before the program asks for one: then who closes a
 * listener that lives on in another process has to see to those (upgrade.c). */
extern const int door_accepts_ahead;

/* Remove the name of a listener that nobody else removes, as it was passed on (rule P7). */
void door_remove_name(const char* name);

#endif /* PREFORK_DOOR_H_ */
