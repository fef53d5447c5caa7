/* Clients: from the door to the line for a worker, and their end. */
#include <stdlib.h>
#include <string.h>

#include "../relay/report.h"
#include "door.h"
#include "master.h"

/* ---- Lists of guests --------------------------------------------------------------------- */

void guests_append(struct guests* list, struct guest* guest) {
  guest->list = list;
  guest->next = NULL;
  if (list->first == NULL)
    list->first = guest;
  else
    list->last->next = guest;
  list->last = guest;
  list->count++;
}

/* Cheap for those near the front, which is where answers come from. */
void guests_detach(struct guest* guest) {
  struct guests* list = guest->list;
  struct guest* before = NULL;
  struct guest** at = &list->first;
  for (; *at != guest; at = &(*at)->next)
    before = *at;
  *at = guest->next;
  if (list->last == guest)
    list->last = before;
  list->count--;
  guest->list = NULL;
}

/* ---- The end of a guest ------------------------------------------------------------------ */

static void on_guest_closed(uv_handle_t* handle) {
  free(handle);
}

/* The copy that a write is passing on stays open until that write's callback. */
void guest_let_go(struct guest* guest) {
  guests_detach(guest);
  if (!guest->writing)
    uv_close(&guest->stream.handle, on_guest_closed);
}

void guest_refuse(struct master* master, struct guest* guest, const char* status) {
  uv_buf_t buf = uv_buf_init(guest->message, 0);
  buf.len = (unsigned int) snprintf(guest->message, sizeof(guest->message),
                                    "HTTP/1.0 %s\r\nContent-Length: 0\r\n\r\n", status);
  uv_try_write(&guest->stream.stream, &buf,
               1); /* the buffers of a connection that was never written to take it */
  master->refused++;
  guest_let_go(guest);
}

void guest_is_handed(struct guest* guest) {
  guest->writing = 0;
  if (guest->list == NULL)
    uv_close(&guest->stream.handle, on_guest_closed);
}

void guests_let_go(struct guests* list) {
  while (list->first != NULL)
    guest_let_go(list->first);
}

/* ---- Guests come ------------------------------------------------------------------------- */

static void on_guest_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  struct guest* guest = (struct guest*) handle;
  (void) suggested_size;
  *buf = lines_room(&guest->lines);
}

/* Only now, when something was read, does Windows tell who wrote it. */
static void introduce(const struct guest* guest) {
  char text[1024];
  if (guest->stream.handle.type != UV_NAMED_PIPE)
    return;
  door_client(&guest->stream.pipe, text, sizeof(text));
  report(REPORT_NORMAL, "connection %lu is of %s", guest->id, text);
}

/* A request is whole at its first empty line; of its lines the first is of interest. */
static void on_guest_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  struct guest* guest = (struct guest*) stream;
  struct master* master = stream->loop->data;
  char line[LINE_BYTES];
  int result = 0;
  (void) buf;
  if (nread < 0) {
    guest_let_go(guest);
    master_finish_if_drained(master);
    return;
  }
  lines_came(&guest->lines, (size_t) nread);
  while ((result = lines_next(&guest->lines, line)) > 0 && line[0] != '\0')
    if (guest->request[0] == '\0')
      strcpy(guest->request, line);
  if (result < 0) {
    guest_refuse(master, guest, "400 Bad Request");
    master_finish_if_drained(master);
  } else if (result > 0 && guest->request[0] != '\0') {
    uv_read_stop(stream);
    introduce(guest);
    guests_detach(guest);
    guests_append(&master->waiting, guest);
    crew_dispatch(master);
  }
}

/* NULL: there is no memory for this one, nor for any other, so it stays in line. */
static struct guest* add_guest(struct master* master) {
  struct guest* guest = calloc(1, sizeof(*guest));
  if (guest == NULL) {
    report_error(UV_ENOMEM, "cannot accept a client");
    master->failed = 1;
    master_stop(master);
    return NULL;
  }
  guest->id = ++master->connections;
  guests_append(&master->reading, guest);
  return guest;
}

/* `err`: of its accept. */
static void welcome(struct guest* guest, int err) {
  if (err == 0)
    err = uv_read_start(&guest->stream.stream, on_guest_alloc, on_guest_read);
  if (err < 0) {
    report_error(err, "cannot accept a client");
    guest_let_go(guest);
  }
}

void guest_comes(uv_stream_t* server, int status) {
  struct master* master = server->loop->data;
  struct guest* guest;
  int err;
  if (status < 0) {
    report_error(status, "cannot accept a client");
    return;
  }
  if (master->paused) { /* as long as this one is not accepted, no other comes up */
    master->at_the_door[listener_index(&master->listener, server)] = 1;
    return;
  }
  guest = add_guest(master);
  if (guest == NULL)
    return;
  err = uv_tcp_init(server->loop, &guest->stream.tcp);
  if (err == 0)
    err = uv_accept(server, &guest->stream.stream);
  if (err == 0)
    upgrade_looks(master, server, &guest->stream.tcp);
  welcome(guest, err);
}

void guest_comes_by_pipe(void* arg) {
  struct master* master = arg;
  struct guest* guest;
  if (master->paused) {
    master->at_the_pipe = 1;
    return;
  }
  guest = add_guest(master);
  if (guest != NULL)
    welcome(guest, door_accept(&guest->stream.pipe));
}
