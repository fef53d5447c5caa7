"""Faults for mutants.py: what is wrong only if another thread goes on between two calls of the system."""

FAULTS = [
    (0, "a foreign operation flies until it is posted", "loop/foreign.c", "api_nt i3_handles_come_in_order_with_their_bytes",
     "  InterlockedExchange(&foreign->flies, 0);\n  uv__loop_post(foreign->loop, foreign->op);",
     "  uv__loop_post(foreign->loop, foreign->op);\n  InterlockedExchange(&foreign->flies, 0);"),
    (0, "input of a console is noted when it is posted", "tty/in.c", "api_nt y3_tty_win_stopped_reader_takes_no_keys_in_raw_mode",
     "  InterlockedExchange(&in->posted, 1);\n  uv__loop_post(in->io->loop, &in->io->tail.in);",
     "  uv__loop_post(in->io->loop, &in->io->tail.in);\n  InterlockedExchange(&in->posted, 1);"),
    (0, "a wake-up is noted when it is posted", "loop/loop.c", "api_nt l7_send_from_threads",
     "  int before = uv__atomic_compare(wake, WAKE_NONE, WAKE_POSTED);\n\n  if (before == WAKE_POSTED)\n"
     "    return;\n  if (post_reserve(loop))\n    return;",
     "  int before = uv__atomic_load(wake);\n\n  if (before == WAKE_POSTED)\n    return;\n"
     "  if (post_reserve(loop)) {\n    (void) uv__atomic_compare(wake, WAKE_NONE, WAKE_POSTED);\n    return;\n  }\n"
     "  before = uv__atomic_compare(wake, WAKE_NONE, WAKE_POSTED);"),
]
