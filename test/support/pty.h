/* A pseudo-terminal for tests: a person at a keyboard and in front of a screen (the master), and
 * the terminal that a program has (the slave). Unix only. Everything here fails the test when
 * something unexpected happens. */
#ifndef TEST_PTY_H_
#define TEST_PTY_H_

#include <stddef.h>
#include <sys/types.h>
#include <termios.h>

struct pty {
  int master;
  int slave; /* blocking; kept open, so that the terminal lives as long as the test wants it */
  char name[64];
};

void pty_open(struct pty* pty);
void pty_close(struct pty* pty);

/* Press keys. Waits when nobody reads what was typed before. */
void pty_type(const struct pty* pty, const char* keys, size_t len);
/* Wait until the screen has got this many bytes more. */
void pty_see(const struct pty* pty, char* to, size_t len);
/* Wait for exactly this text. */
void pty_expect(const struct pty* pty, const char* text);
void pty_resize(const struct pty* pty, int columns, int rows);
/* The terminal's mode, as anybody would ask for it. */
struct termios pty_mode(const struct pty* pty);
int pty_same_mode(const struct termios* a, const struct termios* b);

/* Start this executable again as the leader of a session of its own, whose terminal this is: it is
 * its standard input and output. It runs the test `test` with harness_arg(0) == role. */
pid_t pty_start(const struct pty* pty, const char* test, const char* role);
/* Wait for its end; the status of waitpid. */
int pty_join(pid_t pid);

#endif /* TEST_PTY_H_ */
