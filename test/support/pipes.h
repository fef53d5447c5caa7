/* What tests of pipes, of passed handles and of children need beyond net.h. Everything here
 * fails the test when something unexpected happens. */
#ifndef TEST_PIPES_H_
#define TEST_PIPES_H_

#include <stddef.h>

#include "uv.h"

/* ---- Names ---- */

/* Room for a name of test_pipe_name. */
enum {
  TEST_PIPE_NAME = 100
};

/* A name that nobody else uses, for uv_pipe_bind; another one with each call. Returns buf. */
const char* test_pipe_name(char* buf, size_t size);

/* ---- What a test needs of its surroundings, or it is skipped ---- */

/* A folder for temporary files that can be written to. */
void test_needs_folder(void);
/* /proc, where the system has one. */
void test_needs_proc(void);
/* So many descriptors beside those that any test has. */
void test_needs_fds(int count);
/* Whether what has a name in /proc can be opened once more; 1 where there is no /proc anyway. */
int test_has_proc(void);

/* ---- Connections ---- */

/* A listener with that name. */
void test_pipe_listen(uv_pipe_t* server, const char* name, int backlog, uv_connection_cb cb);
/* Two connected pipe handles: by a name, `ipc` as in uv_pipe_init. */
void test_pipe_pair(uv_pipe_t* client, uv_pipe_t* server, int ipc);

/* The ways in which two pipe handles come to be the two ends of one pipe. */
enum test_way {
  TEST_NAMED, /* bind, connect, accept */
  TEST_IPC,   /* the same, with handles that carry handles */
  TEST_ENDS,  /* uv_pipe and uv_pipe_open; one direction only */
  TEST_WAYS
};

/* `from` can write to `to`, and also the reverse but for TEST_ENDS. */
void test_pipe_way(enum test_way way, uv_pipe_t* from, uv_pipe_t* to);
/* The ends of an uv_pipe with these flags for both. */
void test_pipe_ends(int flags, uv_pipe_t* from, uv_pipe_t* to);

/* ---- Descriptors without the library ---- */

/* Of the C run-time library, blocking. 0: the end. */
size_t test_fd_read(uv_file fd, char* to, size_t len);
void test_fd_write(uv_file fd, const char* from, size_t len);
void test_fd_close(uv_file fd);
/* An empty file of this process's own in the folder for temporary files, to read and write; `what` is a part
 * of its name, which goes into `path`. The test is skipped where there is no such folder. */
uv_file test_fd_make(char* path, size_t size, const char* what);
/* One that is there, to write to or to read, not both. */
uv_file test_fd_open(const char* path, int writes);
uv_file test_fd_folder(void); /* the one for temporary files */
/* How many descriptors this process has; 0 where that cannot be counted. */
int test_fd_count(void);
/* The same of handles, where these are more than descriptors: Windows. The threads of the system's
 * own pool are among them, so that it is never exact. */
int test_handle_count(void);
/* Room for as many descriptors as the system allows. */
void test_fd_most(void);

/* Whether this is Windows as Wine plays it, which knows less. */
int test_is_wine(void);

/* In a child on a pseudo console: its descriptors 0 to 2 are that. A program that Wine starts on one finds no
 * handles of it. Nothing elsewhere. */
void test_find_console(void);

/* ---- Children ---- */

/* How a child ended; `process->data` points here. */
struct test_exit {
  int done;
  int64_t status;
  int signal;
};

/* A child that is this executable again: it runs the test of that name, whose harness_arg(0) is
 * `role`, which is not NULL. It has no stdio; `args` has room for the arguments. */
void test_child(uv_process_options_t* options,
                char* args[8],
                const char* test_name,
                const char* role);
/* uv_spawn, which has to succeed. */
void test_spawn(uv_process_t* process, const uv_process_options_t* options, struct test_exit* end);
/* Run until the child has ended; it must have said 0. */
void test_await_child(const struct test_exit* end);

#endif /* TEST_PIPES_H_ */
