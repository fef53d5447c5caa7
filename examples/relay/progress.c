/* The rate is what moved since the last look, with what was before still counting for half: a figure
 * that jumps cannot be read, and a mean over all tells nothing of now. */
#include "progress.h"

#include <stdio.h>

#include "report.h"

enum {
  EVERY_MS = 500
};

static void measure(struct progress* progress, uint64_t moved) {
  uint64_t now = uv_hrtime();
  double seconds = (double) (now - progress->seen_ns) / 1e9;
  double rate;

  if (seconds <= 0)
    return;
  rate = (double) (moved - progress->seen) / seconds;
  progress->rate = progress->seen_ns == progress->started_ns ? rate : (progress->rate + rate) / 2;
  progress->seen = moved;
  progress->seen_ns = now;
}

/* ", 3:25 left" */
static const char* left_text(char* text, size_t size, double bytes, double rate) {
  double seconds = rate > 0 ? bytes / rate : 0;
  unsigned long whole = seconds < 360000 ? (unsigned long) seconds : 0;
  if (whole == 0)
    text[0] = '\0';
  else if (whole < 60)
    snprintf(text, size, ", %lu s left", whole);
  else
    snprintf(text, size, ", %lu:%02lu left", whole / 60, whole % 60);
  return text;
}

static void make_text(struct progress* progress, char* text, size_t size) {
  uint64_t there, back;
  int64_t whole;
  char left[32];

  progress->look(progress->data, &there, &back, &whole);
  measure(progress, there + back);
  if (whole > 0 && there <= (uint64_t) whole)
    snprintf(text, size, "%u %% of %s, %s/s%s", (unsigned) ((double) there * 100 / (double) whole),
             report_size((double) whole), report_size(progress->rate),
             left_text(left, sizeof(left), (double) whole - (double) there, progress->rate));
  else
    snprintf(text, size, "%s there, %s back, %s/s", report_size((double) there),
             report_size((double) back), report_size(progress->rate));
}

void progress_say(struct progress* progress) {
  char text[128];
  make_text(progress, text, sizeof(text));
  report(REPORT_QUIET, "%s", text);
}

static void on_timer(uv_timer_t* timer) {
  char text[128];
  make_text(timer->data, text, sizeof(text));
  report_status(text);
}

void progress_start(struct progress* progress,
                    uv_loop_t* loop,
                    int shown,
                    void (*look)(void* data, uint64_t* there, uint64_t* back, int64_t* whole),
                    void* data) {
  progress->look = look;
  progress->data = data;
  progress->seen = 0;
  progress->started_ns = progress->seen_ns = uv_hrtime();
  progress->rate = 0;
  uv_timer_init(loop, &progress->timer); /* cannot fail */
  progress->timer.data = progress;
  if (shown && uv_guess_handle(2) == UV_TTY)
    uv_timer_start(&progress->timer, on_timer, EVERY_MS, EVERY_MS);
  uv_unref((uv_handle_t*) &progress->timer);
}

void progress_end(struct progress* progress) {
  report_status("");
  uv_close((uv_handle_t*) &progress->timer, NULL);
}
