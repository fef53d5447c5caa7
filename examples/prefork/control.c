/* The control endpoint of the master: lines in, lines out. */
#include <stdlib.h>
#include <string.h>

#include "../relay/report.h"
#include "door.h"
#include "master.h"

struct visitor {
  union any_stream stream; /* first, so that the handle is the visitor */
  struct visitor* next;
  struct lines lines;
  int wants_upgrade; /* and is to be told what comes of it */
};

/* An answer on its way. */
struct words {
  uv_write_t write;
  char text[4096];
};

static struct listener listener;
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

static void say_status(struct visitor* visitor, struct master* master) {
  char text[4096];
  crew_describe(master, text, sizeof(text));
  say(visitor, text);
}

static void obey_kill(struct visitor* visitor, struct master* master) {
  char text[128] = "there is nobody to kill\n";
  struct worker* worker = crew_busiest(master);
  if (worker != NULL && worker->hands.count == 0) {
    master->kill_next = 1;
    snprintf(text, sizeof(text), "all are idle: killing the next that is given a connection\n");
  } else if (worker != NULL) {
    snprintf(text, sizeof(text), "killed worker %lu with %lu connections in hand\n", worker->number,
             worker->hands.count);
    worker_kill(worker);
  }
  say(visitor, text);
}

static void obey_stop(struct visitor* visitor, struct master* master) {
  (void) visitor; /* the answer comes when all is done */
  master_stop(master);
}

static void obey_pause(struct visitor* visitor, struct master* master) {
  master_pause(master);
  say_status(visitor, master);
}

static void obey_continue(struct visitor* visitor, struct master* master) {
  master_continue(master);
  say_status(visitor, master);
}

static void obey_renew(struct visitor* visitor, struct master* master) {
  crew_renew(master);
  say_status(visitor, master);
}

static void obey_upgrade(struct visitor* visitor, struct master* master) {
  visitor->wants_upgrade = 1; /* as before: when it is done */
  upgrade_start(master);
}

static const struct {
  const char* line;
  void (*obey)(struct visitor* visitor, struct master* master);
} commands[] = {
    {"status", say_status},    {"kill", obey_kill},         {"stop", obey_stop},
    {"pause", obey_pause},     {"continue", obey_continue}, {"renew", obey_renew},
    {"upgrade", obey_upgrade},
};

static void obey(struct visitor* visitor, struct master* master, const char* line) {
  char text[128] = "there is:";
  size_t used = strlen(text);
  size_t i;
  for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
    if (strcmp(line, commands[i].line) == 0) {
      commands[i].obey(visitor, master);
      return;
    }
    used += (size_t) snprintf(text + used, sizeof(text) - used, "%s %s", i == 0 ? "" : ",",
                              commands[i].line);
  }
  snprintf(text + used, sizeof(text) - used, "\n");
  say(visitor, text);
}

void control_tell_upgrade(const char* text) {
  struct visitor* visitor = visitors;
  struct visitor* next;
  for (; visitor != NULL; visitor = next) {
    next = visitor->next;
    if (visitor->wants_upgrade && !uv_is_closing(&visitor->stream.handle))
      say(visitor, text);
    visitor->wants_upgrade = 0;
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

void control_close(struct master* master) {
  char name[ENDPOINT_NAME];
  if (!listener_is_open(&listener))
    return;
  if (master->keeps_name && !master->succeeded &&
      listener.streams[0].handle.type == UV_NAMED_PIPE &&
      control_name(master, name, sizeof(name)) == 0)
    door_remove_name(name);
  listener_close(&listener);
}

static void on_connection(uv_stream_t* server, int status) {
  struct master* master = server->loop->data;
  struct visitor* visitor = status == 0 ? calloc(1, sizeof(*visitor)) : NULL;
  int err = status;
  if (visitor == NULL) {
    report_error(err < 0 ? err : UV_ENOMEM, "cannot accept a client of %s",
                 master->options->control.text);
    if (err == 0)
      control_close(master); /* whoever is in line would stay there for ever */
    return;
  }
  visitor->next = visitors;
  visitors = visitor;
  err = endpoint_accept(&master->options->control, (union any_stream*) server, &visitor->stream);
  if (err == 0)
    err = uv_read_start(&visitor->stream.stream, on_alloc, on_read);
  if (err < 0)
    leave(visitor);
}

int control_open(struct master* master) {
  const struct endpoint* endpoint = &master->options->control;
  if (endpoint->scheme == NULL)
    return 0;
  return listener_open(&listener, endpoint, &master->loop, master, on_connection);
}

int control_join(struct master* master, uv_stream_t* channel) {
  return listener_join(&listener, &master->options->control, channel, master);
}

int control_listen(struct master* master) {
  (void) master;
  return listener_listen(&listener, on_connection);
}

int control_name(const struct master* master, char* name, size_t size) {
  name[0] = '\0';
  if (master->options->control.scheme == NULL)
    return 0;
  return listener_name(&listener, 0, name, size);
}

uv_stream_t* control_handle(int index) {
  return index < LISTENER_STREAMS && listener.open[index] ? &listener.streams[index].stream : NULL;
}

void control_end(struct master* master) {
  struct visitor* visitor = visitors;
  struct visitor* next;
  control_close(master);
  for (; visitor != NULL; visitor = next) {
    next = visitor->next;
    say_status(visitor, master);
  }
}
