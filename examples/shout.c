/* shout: standard input in capital letters on standard output. An ordinary program that knows
 * nothing of the library, for the other end of relay's exec:COMMAND. */
#include <ctype.h>
#include <stdio.h>
#ifdef _WIN32
#  include <fcntl.h>
#  include <io.h>
#endif

int main(void) {
  int c;
#ifdef _WIN32
  _setmode(0, _O_BINARY);
  _setmode(1, _O_BINARY);
#endif
  while ((c = getchar()) != EOF) {
    putchar(toupper(c));
    if (c == '\n')
      fflush(stdout); /* whoever asks line by line waits for the answer */
  }
  return fflush(stdout) == 0 && !ferror(stdin) ? 0 : 1;
}
