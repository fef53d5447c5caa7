/* A file from one end of a connection to the other: by uvs_send_file, or as programs do it otherwise, by
 * reading and writing 64 KiB at a time. What is read it needs no disk for.
 *
 * usage: bench_file tcp|pipe send|copy PIECES
 * A piece has 64 KiB. Prints messages (these), cpu_ns and wall_ns. */
#include <string.h>

#include "pair.h"
#include "uvstream.h"

enum {
  ROUND = 256 /* pieces of the file, which is sent as often as it takes */
};

static FILE* file;
static char path[600];
static int sends;
static long pieces_left;
static double bytes_to_read;
static uvs_send_file_t send_req;
static uv_write_t write_req;

static void send_next(uvs_send_file_t* req, int status) {
  long pieces = pieces_left < ROUND ? pieces_left : ROUND;

  check(status, "send_file");
  if (pieces == 0)
    return;
  pieces_left -= pieces;
  check(uvs_send_file(req, pair_sender(), bench_fileno(file), 0,
                      (uint64_t) pieces * PAIR_MOST_BYTES, NULL, send_next),
        "uvs_send_file");
}

static void copy_next(uv_write_t* req, int status) {
  static char bytes[PAIR_MOST_BYTES];
  uv_buf_t buf = uv_buf_init(bytes, sizeof(bytes));

  check(status, "write");
  if (pieces_left == 0)
    return;
  if (pieces_left-- % ROUND == 0)
    rewind(file);
  if (fread(bytes, 1, sizeof(bytes), file) != sizeof(bytes))
    check(UV_EIO, "fread");
  check(uv_write(req, pair_sender(), &buf, 1, copy_next), "uv_write");
}

static void begin(void) {
  if (sends)
    send_next(&send_req, 0);
  else
    copy_next(&write_req, 0);
}

static void arrived(size_t bytes) {
  bytes_to_read -= (double) bytes;
  if (bytes_to_read <= 0)
    pair_close();
}

static void make_file(void) {
  static char bytes[PAIR_MOST_BYTES];
  char folder[512];
  size_t size = sizeof(folder);
  int i;

  check(uv_os_tmpdir(folder, &size), "uv_os_tmpdir");
  snprintf(path, sizeof(path), "%s/uvstream-bench-file-%ld", folder, (long) uv_os_getpid());
  file = fopen(path, "w+b");
  check(file == NULL ? UV_EIO : 0, "fopen");
  setvbuf(file, NULL, _IONBF, 0); /* A read of the program is one of the system. */
  for (i = 0; i < ROUND; i++)
    if (fwrite(bytes, 1, sizeof(bytes), file) != sizeof(bytes))
      check(UV_EIO, "fwrite");
  rewind(file);
}

int main(int argc, char** argv) {
  enum kind kind = kind_argument(argc, argv, 1);
  long pieces = argument(argc, argv, 3, 1000);

  sends = argc > 2 && strcmp(argv[2], "send") == 0;
  make_file();
  pieces_left = pieces;
  bytes_to_read = (double) pieces * PAIR_MOST_BYTES;
  pair_measure(kind, begin, arrived, pieces);
  fclose(file);
  remove(path);
  return 0;
}
