"""Faults for mutants.py: what is wrong only if another thread goes on between two calls of the system."""

FAULTS = [
    (0, "a foreign operation flies until it is posted", "loop/foreign.c", "api_nt none",
     "  InterlockedExchange(&foreign->flies, 0);\n  uv__loop_post(foreign->loop, foreign->op);",
     "  uv__loop_post(foreign->loop, foreign->op);\n  InterlockedExchange(&foreign->flies, 0);"),
    (0, "the end of a child is noted when it is posted", "process/end.c", "api_nt none",
     "  InterlockedExchange(&child->posted, 1);\n  uv__loop_post(child->io->loop, &child->op);",
     "  uv__loop_post(child->io->loop, &child->op);\n  InterlockedExchange(&child->posted, 1);"),
    (0, "input of a console is noted when it is posted", "tty/in.c", "api_nt none",
     "  InterlockedExchange(&in->posted, 1);\n  uv__loop_post(in->io->loop, &in->io->tail.in);",
     "  uv__loop_post(in->io->loop, &in->io->tail.in);\n  InterlockedExchange(&in->posted, 1);"),
    (0, "a wake-up is noted when it is posted", "loop/loop.c", "api_nt none",
     "  int before = uv__atomic_compare(wake, WAKE_NONE, WAKE_POSTED);\n\n  if (before == WAKE_POSTED)\n"
     "    return;\n  if (post_reserve(loop))\n    return;",
     "  int before = uv__atomic_load(wake);\n\n  if (before == WAKE_POSTED)\n    return;\n"
     "  if (post_reserve(loop)) {\n    (void) uv__atomic_compare(wake, WAKE_NONE, WAKE_POSTED);\n    return;\n  }\n"
     "  before = uv__atomic_compare(wake, WAKE_NONE, WAKE_POSTED);"),
]
