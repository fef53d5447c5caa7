/* Runs a fuzz target on the files named on the command line: how a corpus becomes a test for
 * every compiler. */
#include "fuzz.h"

int main(int argc, char** argv) {
  int i;

  for (i = 1; i < argc; i++) {
    FILE* file = fopen(argv[i], "rb");
    uint8_t* data = NULL;
    long size = -1;

    if (file != NULL && fseek(file, 0, SEEK_END) == 0)
      size = ftell(file);
    if (size >= 0 && fseek(file, 0, SEEK_SET) == 0)
      data = malloc((size_t) size + 1);
    if (data == NULL || fread(data, 1, (size_t) size, file) != (size_t) size) {
      fprintf(stderr, "replay: cannot read %s\n", argv[i]);
      return 1;
    }
    fclose(file);
    LLVMFuzzerTestOneInput(data, (size_t) size);
    free(data);
  }
  return argc > 1 ? 0 : 1;
}
