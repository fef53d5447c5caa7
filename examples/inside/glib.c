/* inside_glib [PORT]: the guest (guest.h) as a source of GLib's main loop, beside a clock that ticks. This is
 * how it gets into a program of GTK. */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>

#include "guest.h"
#include "uv.h"

#define TICK_MS 20

struct source {
  GSource source; /* first, so that GLib's pointer is ours */
  gpointer fd;    /* what GLib knows the descriptor by */
};

static GMainLoop* host;

/* Before GLib waits: not at all, or how long. */
static gboolean on_prepare(GSource* source, gint* timeout_ms) {
  (void) source;
  *timeout_ms = guest_timeout();
  return *timeout_ms == 0;
}

/* After it has: whether there is something to do. */
static gboolean on_check(GSource* source) {
  return g_source_query_unix_fd(source, ((struct source*) source)->fd) != 0 || guest_timeout() == 0;
}

static gboolean on_dispatch(GSource* source, GSourceFunc callback, gpointer data) {
  (void) source;
  (void) callback;
  (void) data;
  if (guest_turn())
    return G_SOURCE_CONTINUE;
  g_main_loop_quit(host);
  return G_SOURCE_REMOVE;
}

static GSourceFuncs functions = {.prepare = on_prepare, .check = on_check, .dispatch = on_dispatch};

/* Something of the host's own. */
static gboolean tick(gpointer data) {
  static unsigned ticks;
  (void) data;
  guest_report(++ticks);
  return G_SOURCE_CONTINUE;
}

int main(int argc, char** argv) {
  GSource* source = g_source_new(&functions, sizeof(struct source));
  int err = guest_open(argc > 1 ? atoi(argv[1]) : 7000);
  if (err < 0 || guest_descriptor() < 0) {
    fprintf(stderr, "inside_glib: %s\n", uv_strerror(err < 0 ? err : UV_ENOTSUP));
    return 1;
  }
  host = g_main_loop_new(NULL, FALSE);
  ((struct source*) source)->fd = g_source_add_unix_fd(source, guest_descriptor(), G_IO_IN);
  g_source_attach(source, NULL);
  g_source_unref(source);
  g_timeout_add(TICK_MS, tick, NULL);
  g_main_loop_run(host);
  g_main_loop_unref(host);
  return 0;
}
