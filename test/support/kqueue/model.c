/* A kqueue for Linux, as far as src/unix/loop/kqueue.c needs one: the filters for reading and for
 * writing of descriptors. What the manual pages of FreeBSD, macOS, NetBSD and OpenBSD leave open, or
 * say differently, is answered here the way that is harder to live with:
 *
 * - Reading and writing are two events, in either order, and one wait may hand out fewer than there
 *   are.
 * - EV_EOF comes as soon as the system knows of the end, with whatever is left to be read before it,
 *   and once; of the writing filter also after the program's own shutdown.
 * - Each acknowledged byte is an edge of the writing filter, not only the first room after none.
 * - A filter that the descriptor was not opened for is taken and stays silent; the writing filter of a
 *   pipe without a reader is refused (EPIPE), and so are devices that have no readiness (ENODEV) and
 *   /dev/tty, the terminal's other name (EINVAL).
 * - Closing a descriptor forgets its filters, under whatever other numbers the file lives on; and a
 *   kqueue is not there in a forked child.
 *
 * Everything else, filters and flags, is EINVAL: the library does not use it. Whether a filter holds
 * is condition.c's to say.
 *
 * An edge is the edge of an epoll, one for each filter, so that the one does not tell for the other;
 * the number that the program gets is an epoll over both, which can be waited for as a kqueue can.
 * The calls of the system are made by number: tests make those of the library fail by name. */
#include "model.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/event.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "condition.h"

enum {
  READING,
  WRITING,
  FILTERS
};

enum {
  BATCH = 64
};

struct note {
  unsigned short flags; /* EV_ADD: it is there; EV_CLEAR */
  int is_woken;         /* something happened since it was handed out */
  uint64_t progress;    /* of writing, when it was last looked at */
  void* udata;
};

struct row {
  struct note notes[FILTERS];
  int is_shut; /* the program has shut its own direction down */
};

struct queue {
  struct queue* next;
  int fd;             /* what the program has: an epoll over the three below */
  int edges[FILTERS]; /* epolls of the descriptors */
  int kick;           /* an eventfd: a note was woken otherwise */
  unsigned calls;     /* of waiting, so far: what is varied is varied by it */
  struct row* rows;   /* one for each descriptor */
  int count;
};

static struct queue* queues;
static long events_total;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

int __real_close(int fd);
int __wrap_close(int fd);
int __real_shutdown(int fd, int how);
int __wrap_shutdown(int fd, int how);

static int fail(int error) {
  errno = error;
  return -1;
}

static int raw_watch(int epoll, int op, int fd, uint32_t events) {
  struct epoll_event event;

  memset(&event, 0, sizeof(event));
  event.events = events;
  event.data.fd = fd;
  return (int) syscall(SYS_epoll_ctl, epoll, op, fd, &event);
}

static int raw_wait(int epoll, struct epoll_event* events, int most, int timeout_ms) {
  return (int) syscall(SYS_epoll_pwait, epoll, events, most, timeout_ms, NULL, (size_t) 0);
}

static void raw_close(int fd) {
  if (fd >= 0)
    (void) syscall(SYS_close, fd);
}

/* ---- Queues ---- */

static struct queue* find(int fd) {
  struct queue* queue = queues;

  while (queue != NULL && queue->fd != fd)
    queue = queue->next;
  return queue;
}

static void destroy(struct queue* queue) {
  raw_close(queue->fd);
  raw_close(queue->edges[READING]);
  raw_close(queue->edges[WRITING]);
  raw_close(queue->kick);
  free(queue->rows);
  free(queue);
}

static int make_epoll(void) {
  return (int) syscall(SYS_epoll_create1, EPOLL_CLOEXEC);
}

static int open_all(struct queue* queue) {
  queue->fd = (int) syscall(SYS_epoll_create1, 0); /* A kqueue of most systems. */
  queue->edges[READING] = make_epoll();
  queue->edges[WRITING] = make_epoll();
  queue->kick = (int) syscall(SYS_eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (queue->fd < 0 || queue->edges[READING] < 0 || queue->edges[WRITING] < 0 || queue->kick < 0)
    return -1;
  if (raw_watch(queue->fd, EPOLL_CTL_ADD, queue->edges[READING], EPOLLIN) != 0 ||
      raw_watch(queue->fd, EPOLL_CTL_ADD, queue->edges[WRITING], EPOLLIN) != 0)
    return -1;
  return raw_watch(queue->fd, EPOLL_CTL_ADD, queue->kick, EPOLLIN);
}

int kqueue(void) {
  struct queue* queue = calloc(1, sizeof(*queue));

  if (queue == NULL)
    return fail(ENOMEM);
  if (open_all(queue) != 0) {
    int error = errno;
    destroy(queue);
    return fail(error);
  }
  (void) pthread_mutex_lock(&lock);
  queue->next = queues;
  queues = queue;
  (void) pthread_mutex_unlock(&lock);
  return queue->fd;
}

/* Only the thread that forks lives on in a child, and no queue does. Before all other handlers, one
 * of which may want a new queue. */
static void before_fork(void) {
  (void) pthread_mutex_lock(&lock);
}

static void in_parent(void) {
  (void) pthread_mutex_unlock(&lock);
}

static void in_child(void) {
  while (queues != NULL) {
    struct queue* queue = queues;

    queues = queue->next;
    destroy(queue);
  }
  (void) pthread_mutex_unlock(&lock);
}

__attribute__((constructor)) static void listen_to_forks(void) {
  (void) pthread_atfork(before_fork, in_parent, in_child);
}

/* ---- Filters ---- */

static struct note* note_of(struct queue* queue, int fd, int which) {
  return fd >= 0 && fd < queue->count ? &queue->rows[fd].notes[which] : NULL;
}

static void kick(struct queue* queue) {
  uint64_t one = 1;

  (void) syscall(SYS_write, queue->kick, &one, sizeof(one));
}

/* Something happened, of which the system makes no edge. */
static void wake(struct queue* queue, int fd, int which) {
  struct note* note = note_of(queue, fd, which);
  intptr_t data = 0;
  int eof = 0;

  if (note == NULL || !(note->flags & EV_ADD))
    return;
  if (condition_holds(fd, which == WRITING, &data, &eof) ||
      (which == WRITING && queue->rows[fd].is_shut)) {
    note->is_woken = 1;
    kick(queue);
  }
}

static int make_room(struct queue* queue, int fd) {
  int count = (fd / 64 + 1) * 64;
  struct row* rows;

  if (fd < queue->count)
    return 0;
  rows = realloc(queue->rows, (size_t) count * sizeof(*rows));
  if (rows == NULL)
    return -1;
  memset(&rows[queue->count], 0, (size_t) (count - queue->count) * sizeof(*rows));
  queue->rows = rows;
  queue->count = count;
  return 0;
}

/* Adding anew what is there changes it, and reports it when it holds. */
static int add(struct queue* queue, int which, const struct kevent* change) {
  static const uint32_t edges[FILTERS] = {EPOLLIN | EPOLLRDHUP | EPOLLET, EPOLLOUT | EPOLLET};
  int fd = (int) change->ident;
  int error = condition_refuses(fd, which == WRITING);
  struct note* note;

  if (error != 0)
    return error;
  if (make_room(queue, fd) != 0)
    return ENOMEM;
  note = &queue->rows[fd].notes[which];
  /* A file has no edges (EPERM), and holds as it is. */
  if (!(note->flags & EV_ADD)) {
    if (raw_watch(queue->edges[which], EPOLL_CTL_ADD, fd, edges[which]) != 0 && errno != EPERM)
      return errno;
    memset(note, 0, sizeof(*note));
  }
  note->flags = change->flags;
  note->udata = change->udata;
  note->progress = condition_progress(fd);
  wake(queue, fd, which);
  return 0;
}

static int drop(struct queue* queue, int which, int fd) {
  struct note* note = note_of(queue, fd, which);

  if (note == NULL || !(note->flags & EV_ADD))
    return ENOENT;
  memset(note, 0, sizeof(*note));
  (void) raw_watch(queue->edges[which], EPOLL_CTL_DEL, fd, 0);
  return 0;
}

/* 0, or an errno. */
static int apply(struct queue* queue, const struct kevent* change) {
  int which = change->filter == EVFILT_WRITE ? WRITING : READING;
  int is_known = change->flags == EV_DELETE || (change->flags & ~EV_CLEAR) == EV_ADD;

  if (!is_known || (change->filter != EVFILT_READ && change->filter != EVFILT_WRITE))
    return EINVAL;
  if (fcntl((int) change->ident, F_GETFD) < 0)
    return EBADF;
  return change->flags == EV_DELETE ? drop(queue, which, (int) change->ident)
                                    : add(queue, which, change);
}

/* The filters of a number go with it. */
int __wrap_close(int fd) {
  struct queue** at;
  struct queue* queue;

  (void) pthread_mutex_lock(&lock);
  for (at = &queues; (queue = *at) != NULL; at = &queue->next) {
    (void) drop(queue, READING, fd);
    (void) drop(queue, WRITING, fd);
    if (fd >= 0 && fd < queue->count)
      queue->rows[fd].is_shut = 0;
    if (queue->fd == fd) {
      *at = queue->next;
      break;
    }
  }
  (void) pthread_mutex_unlock(&lock);
  if (queue == NULL)
    return __real_close(fd);
  destroy(queue);
  return 0;
}

/* Who can send no more is told so by the filter for writing. (A suite may lead this call elsewhere, to
 * make it fail.) */
int __attribute__((weak)) __wrap_shutdown(int fd, int how) {
  int r = __real_shutdown(fd, how);
  int error = errno;
  struct queue* queue;

  (void) pthread_mutex_lock(&lock);
  for (queue = r == 0 && how != SHUT_RD ? queues : NULL; queue != NULL; queue = queue->next) {
    if (fd < queue->count)
      queue->rows[fd].is_shut = 1;
    wake(queue, fd, WRITING);
  }
  (void) pthread_mutex_unlock(&lock);
  errno = error;
  return r;
}

void kqueue_report_again(int fd) {
  struct queue* queue;

  (void) pthread_mutex_lock(&lock);
  for (queue = queues; queue != NULL; queue = queue->next) {
    wake(queue, fd, READING);
    wake(queue, fd, WRITING);
  }
  (void) pthread_mutex_unlock(&lock);
}

long kqueue_events(void) {
  return events_total;
}

/* ---- Waiting ---- */

/* Notes the edges that came. */
static void collect(struct queue* queue) {
  struct epoll_event edges[BATCH];
  uint64_t kicks;
  int which;
  int fd;
  int n;
  int i;

  (void) syscall(SYS_read, queue->kick, &kicks, sizeof(kicks));
  for (which = 0; which < FILTERS; which++)
    do {
      n = raw_wait(queue->edges[which], edges, BATCH, 0);
      for (i = 0; i < n; i++)
        queue->rows[edges[i].data.fd].notes[which].is_woken = 1;
    } while (n == BATCH);
  for (fd = 0; fd < queue->count; fd++) {
    struct note* note = &queue->rows[fd].notes[WRITING];
    uint64_t progress = note->flags & EV_ADD ? condition_progress(fd) : 0;

    note->is_woken |= progress != note->progress;
    note->progress = progress;
  }
}

/* Whether the note is to be handed out, as `event`. */
static int look_at(struct row* row, int fd, int which, struct kevent* event) {
  struct note* note = &row->notes[which];
  int is_shut = which == WRITING && row->is_shut;
  int eof = 0;
  intptr_t data = 0;

  if (!(note->flags & EV_ADD) || !note->is_woken)
    return 0;
  if (!condition_holds(fd, which == WRITING, &data, &eof) && !is_shut) {
    note->is_woken = 0;
    return 0;
  }
  if (note->flags & EV_CLEAR)
    note->is_woken = 0;
  EV_SET(event, fd, which == WRITING ? EVFILT_WRITE : EVFILT_READ, note->flags, 0, data,
         note->udata);
  if (eof || is_shut)
    event->flags |= EV_EOF;
  if (eof == CONDITION_FAILED)
    event->fflags = ECONNRESET; /* To ask for it would take it away. */
  return 1;
}

/* Hands out what holds: from the front or from the back, and now and then not all of it. */
static int hand_out(struct queue* queue, struct kevent* events, int nevents) {
  int places = queue->count * FILTERS;
  int most = queue->calls % 3 == 2 ? 1 : nevents;
  int n = 0;
  int i;

  for (i = 0; i < places && n < most; i++) {
    int at = queue->calls % 2 == 0 ? i : places - 1 - i;
    int fd = at / FILTERS;
    int which = at % FILTERS;

    n += look_at(&queue->rows[fd], fd, which, &events[n]);
  }
  if (n == most)
    kick(queue); /* There may be more. */
  events_total += n;
  return n;
}

static int64_t now_ms(void) {
  struct timespec now;

  (void) clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* How long until `end`, for a call that takes an int; -1 is for ever. */
static int left_ms(int64_t end) {
  int64_t left = end - now_ms();

  if (end < 0)
    return -1;
  return left < 0 ? 0 : left > 1000000 ? 1000000 : (int) left;
}

/* Which queue it is, is asked again after each wait: another thread may have closed it. */
static int wait_for(int kq, struct kevent* events, int nevents, int64_t end) {
  for (;;) {
    struct epoll_event ignored[FILTERS + 1];
    struct queue* queue;
    int wait_ms;
    int n = 0;

    (void) pthread_mutex_lock(&lock);
    queue = find(kq);
    if (queue != NULL) {
      collect(queue);
      n = hand_out(queue, events, nevents);
      queue->calls += n > 0;
    }
    (void) pthread_mutex_unlock(&lock);
    if (queue == NULL)
      return fail(EBADF);
    wait_ms = left_ms(end);
    if (n > 0 || wait_ms == 0)
      return n;
    if (raw_wait(kq, ignored, FILTERS + 1, wait_ms) < 0)
      return -1;
  }
}

int kevent(int kq,
           const struct kevent* changes,
           int nchanges,
           struct kevent* events,
           int nevents,
           const struct timespec* timeout) {
  int64_t end = -1;
  struct queue* queue;
  int error = 0;
  int i;

  if (timeout != NULL &&
      (timeout->tv_sec < 0 || timeout->tv_nsec < 0 || timeout->tv_nsec >= 1000000000))
    return fail(EINVAL);
  (void) pthread_mutex_lock(&lock);
  queue = find(kq);
  if (queue == NULL)
    error = EBADF;
  for (i = 0; i < nchanges && error == 0; i++)
    error = apply(queue, &changes[i]);
  (void) pthread_mutex_unlock(&lock);
  if (error != 0)
    return fail(error);
  if (nevents == 0)
    return 0; /* However long the time-out is. */
  if (timeout != NULL)
    end = now_ms() + (int64_t) timeout->tv_sec * 1000 + (timeout->tv_nsec + 999999) / 1000000;
  return wait_for(kq, events, nevents, end);
}
