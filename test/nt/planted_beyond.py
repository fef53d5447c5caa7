"""Faults for mutants.py: streams that move to another loop (X6), and files (X8)."""

FAULTS = [
    (0, "the read of a socket that leaves stays with the system", "tcp/move.c", "sim_nt seeds",
     "  if (state & UV__WIN_IN)\n    CancelIoEx(io->tail.u.handle, &io->tail.in.overlapped);\n", ""),
    (0, "a socket that leaves does not wait for its packet", "tcp/move.c", "sim_nt seeds",
     "  if (!(state & UV__WIN_IN) && !uv__win_watch_flies(io)) {", "  if (io != NULL) {"),
    (0, "what left its loop still closes", "tcp/end.c", "sim_nt seeds",
     "  uv__win_clear(io, UV__WIN_FOREIGN | UV__WIN_SKIP | UV__WIN_CLOSING);\n  uv__attach_leave(io);",
     "  uv__win_clear(io, UV__WIN_FOREIGN | UV__WIN_SKIP);\n  uv__attach_leave(io);"),
    (0, "what left its loop is on the port of that", "loop/attach.c", "sim_nt seeds",
     "  uv__win_clear(io, UV__WIN_ATTACHED);\n  uv__loop_unlink(io);\n", "  uv__loop_unlink(io);\n"),
    (0, "a stream that comes is not known to its loop", "tcp/move.c", "sim_nt seeds",
     "  return uv__loop_link(io);", "  return io == NULL;"),
    (0, "the read of a pipe that leaves stays with the system", "pipe/move.c", "api_nt x6_a_reader_that_waits_goes",
     "  CancelIoEx(io->tail.u.handle, &io->tail.in.overlapped); /* A packet of our own comes anyway. */\n", ""),
    (0, "a pipe that leaves does not wait for its packet", "pipe/move.c", "api_nt x6_a_reader_that_waits_goes",
     "  if (!(io->tail.state & UV__WIN_IN)) {", "  if (io != NULL) {"),
    (0, "a pipe belongs to the handle that it left", "pipe/move.c", "api_nt x6_a_reader_that_waits_goes",
     "  pipe->io = io;\n", ""),

    (0, "each piece of a file is its first", "tcp/file.c", "sim_nt seeds",
     "  overlapped->Offset = (DWORD) offset;", "  overlapped->Offset = 0;"),
    (0, "a third file waits for the peers of two", "tcp/file.c", "api_nt x8_many_at_once",
     "  if (!begin_one())\n    return UV_ENOTSUP;", "  (void) begin_one();"),
    (0, "behind the end of a file there is a piece", "tcp/file.c", "sim_nt seeds",
     "  if (offset >= (uint64_t) size.QuadPart)\n    return UV_EOF;", "  if (0)\n    return UV_EOF;"),
    (0, "more of a file is asked for than it has", "tcp/file.c", "sim_nt seeds",
     "  return (uint64_t) size.QuadPart - offset < len ? (ssize_t) ((uint64_t) size.QuadPart - offset)\n"
     "                                                 : (ssize_t) len;", "  return (ssize_t) len;"),
    (0, "a file is copied from its begin", "handle/file.c", "sim_nt seeds",
     "  overlapped.Offset = (DWORD) offset;\n", ""),
]
