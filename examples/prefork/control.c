/* The control endpoint of the master: lines in, lines out. */
#include <stdlib.h>
#include <string.h>

#include "../relay/report.h"
#include "master.h"

struct visitor {
  union any_stream stream; /* first, so that the handle is the visitor */
  struct visitor* next;
  struct lines lines;
};

/* An answer on its way. */
struct words {
  uv_write_t write;
  char text[4096];
};

static union any_stream listener;
static int listening;
static struct visitor* visitors;

static void on_visitor_closed(uv_handle_t* handle) {
  struct visitor* visitor = (struct visitor*) handle;
  struct visitor** at = &visitors;
  while (*at != visitor)
    at = &(*at)->next;
  *at = visitor->next;
  free(visitor);
}

static void leave(struct visitor* visitor) {
  if (!uv_is_closing(&visitor->stream.handle))
    uv_close(&visitor->stream.handle, on_visitor_closed);
}

static void on_said(uv_write_t* req, int status) {
  struct words* words = req->data;
  struct visitor* visitor = (struct visitor*) req->handle;
  struct master* master = visitor->stream.stream.loop->data;
  free(words);
  if (status < 0 || master->drained)
    leave(visitor);
}

static void say(struct visitor* visitor, const char* text) {
  struct words* words = malloc(sizeof(*words));
  uv_buf_t buf;
  if (words == NULL) {
    leave(visitor);
    return;
  }
  snprintf(words->text, sizeof(words->text), "%s", text);
  buf = uv_buf_init(words->text, (unsigned int) strlen(words->text));
  words->write.data = words;
  if (uv_write(&words->write, &visitor->stream.stream, &buf, 1, on_said) < 0) {
    free(words);
    leave(visitor);
  }
}

static void say_status(struct visitor* visitor, const struct master* master) {
  char text[4096];
  crew_describe(master, text, sizeof(text));
  say(visitor, text);
}

static void obey(struct visitor* visitor, struct master* master, const char* line) {
  char text[128] = "there is nobody to kill\n";
  struct worker* worker;
  if (strcmp(line, "status") == 0) {
    say_status(visitor, master);
  } else if (strcmp(line, "kill") == 0) {
    worker = crew_busiest(master);
    if (worker != NULL && worker->hands.count == 0) {
      master->kill_next = 1;
      snprintf(text, sizeof(text), "all are idle: killing the next that is given a connection\n");
    } else if (worker != NULL) {
      snprintf(text, sizeof(text), "killed worker %lu with %lu connections in hand\n",
               worker->number, worker->hands.count);
      crew_kill(worker);
    }
    say(visitor, text);
  } else if (strcmp(line, "stop") == 0) {
    master_stop(master); /* the answer comes when all is done */
  } else if (strcmp(line, "pause") == 0) {
    master_pause(master);
    say_status(visitor, master);
  } else if (strcmp(line, "continue") == 0) {
    master_continue(master);
    say_status(visitor, master);
  } else if (strcmp(line, "renew") == 0) {
    crew_renew(master);
    say_status(visitor, master);
  } else {
    say(visitor, "there is: status, kill, stop, pause, continue, renew\n");
  }
}

static void on_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  struct visitor* visitor = (struct visitor*) handle;
  (void) suggested_size;
  *buf = lines_room(&visitor->lines);
}

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  struct visitor* visitor = (struct visitor*) stream;
  char line[LINE_BYTES];
  int result = 0;
  (void) buf;
  if (nread > 0)
    lines_came(&visitor->lines, (size_t) nread);
  while (!uv_is_closing((uv_handle_t*) stream) && (result = lines_next(&visitor->lines, line)) > 0)
    obey(visitor, stream->loop->data, line);
  if (nread < 0 || result < 0)
    leave(visitor);
}

static void close_listener(void) {
  if (listening)
    uv_close(&listener.handle, NULL);
  listening = 0;
}

static void on_connection(uv_stream_t* server, int status) {
  struct master* master = server->loop->data;
  struct visitor* visitor = status == 0 ? calloc(1, sizeof(*visitor)) : NULL;
  int err = status;
  if (visitor == NULL) {
    report_error(err < 0 ? err : UV_ENOMEM, "cannot accept a client of %s",
                 master->options->control.text);
    if (err == 0)
      close_listener(); /* whoever is in line would stay there for ever */
    return;
  }
  visitor->next = visitors;
  visitors = visitor;
  err = endpoint_accept(&master->options->control, &listener, &visitor->stream);
  if (err == 0)
    err = uv_read_start(&visitor->stream.stream, on_alloc, on_read);
  if (err < 0)
    leave(visitor);
}

int control_start(struct master* master, char* name, size_t size) {
  const struct endpoint* endpoint = &master->options->control;
  int err;
  if (endpoint->scheme == NULL)
    return 0;
  listening = 1;
  err = endpoint_listen(endpoint, &master->loop, &listener, on_connection);
  return err < 0 ? err : endpoint_local_name(endpoint, &listener, name, size);
}

void control_end(struct master* master) {
  struct visitor* visitor = visitors;
  struct visitor* next;
  close_listener();
  for (; visitor != NULL; visitor = next) {
    next = visitor->next;
    say_status(visitor, master);
  }
}
