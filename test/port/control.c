/* The control plane: open, bind, names, options, descriptors. None of it touches a lane. */
#include <string.h>

#include "driver.h"
#include "native.h"

TEST(open_the_same_descriptor_twice_is_eexist) {
  EACH_KIND(k) {
    struct stream *a, *b;
    struct stream *other = stream_new(k), *fresh;
    struct uv__desc desc;
    unsigned opened = 77;
    uv_os_fd_t fd;

    make_pair(k, &a, &b);
    if (k->desc != UV__DESC_TCP) {
      stream_end(other);
      stream_end(a);
      stream_end(b);
      continue;
    }
    CHECK_EQ(a->io.ops->fileno(&a->io, &fd), 0);
    desc = uv__port_desc((uv_os_sock_t) fd);
    CHECK_EQ(other->io.ops->open(&other->io, AF_UNSPEC, &desc, &opened), UV_EEXIST);
    /* The refused io is as it was, and so is the one that has the descriptor. */
    CHECK_EQ(other->io.ops->fileno(&other->io, &fd), UV_EBADF);
    /* Nor is one shared that no poller has heard of yet. */
    fresh = stream_open(k, NULL);
    CHECK_EQ(fresh->io.ops->fileno(&fresh->io, &fd), 0);
    desc = uv__port_desc((uv_os_sock_t) fd);
    CHECK_EQ(other->io.ops->open(&other->io, AF_UNSPEC, &desc, &opened), UV_EEXIST);
    stream_end(fresh);
    stream_end(other);
    settle();
    CHECK_EQ(write_byte(a, '1'), 0);
    CHECK_EQ(read_byte(b), '1');
    CHECK_EQ(write_byte(b, '2'), 0);
    CHECK_EQ(read_byte(a), '2');
    stream_end(a);
    stream_end(b);
  }
}

TEST(open_of_what_is_no_descriptor_is_ebadf) {
  if (!native_addresses)
    SKIP("the simulator takes this for an error of the caller");
  EACH_KIND(k) {
    struct stream* s = stream_new(k);
    struct uv__desc desc;
    unsigned opened;
    int r;

    if (k->desc == UV__DESC_TCP) {
      desc = native_desc_bad();
      r = s->io.ops->open(&s->io, AF_UNSPEC, &desc, &opened);
      CHECK(r == UV_EBADF || r == UV_ENOTSOCK);
      /* It can still be opened with a good one. */
      CHECK_EQ(k->open(s), 0);
    }
    stream_end(s);
  }
}

TEST(open_closed_descriptor_number_again) {
  EACH_KIND(k) {
    struct stream* listener = make_listener(k);
    int i;

    /* The system gives the same number again and again; the loop must have forgotten it. */
    for (i = 0; i < 5; i++) {
      struct stream* client = make_client(listener);
      struct stream* s = accept_stream(listener);

      stream_end(s);
      stream_end(client);
    }
    stream_end(listener);
  }
}

TEST(fileno_is_the_descriptor) {
  EACH_KIND(k) {
    struct stream* s = stream_new(k);
    uv_os_fd_t fd;

    CHECK_EQ(s->io.ops->fileno(&s->io, &fd), UV_EBADF);
    CHECK_EQ(k->open(s), 0);
    if (k->desc == UV__DESC_PIPE)
      k->listen(s, 1); /* Before that there is none. */
    CHECK_EQ(s->io.ops->fileno(&s->io, &fd), 0);
    stream_end(s);
  }
}

static int port_of(const struct sockaddr_storage* addr) {
  return ntohs(((const struct sockaddr_in*) addr)->sin_port);
}

static int name_of(struct stream* s, enum uv__end end, struct sockaddr_storage* addr) {
  int len = (int) sizeof(*addr);
  int r;

  memset(addr, 0, sizeof(*addr));
  r = s->io.ops->name(&s->io, end, (struct sockaddr*) addr, &len);
  if (r == 0)
    CHECK_EQ(len, sizeof(struct sockaddr_in));
  else
    CHECK_EQ(len, sizeof(*addr)); /* untouched */
  return r;
}

TEST(names_of_tcp) {
  EACH_KIND(k) {
    struct stream* listener = stream_open(k, NULL);
    struct stream *a, *b;
    struct sockaddr_storage local, remote;

    if (k->desc != UV__DESC_TCP) {
      stream_end(listener);
      continue;
    }
    CHECK_EQ(name_of(listener, UV__REMOTE, &remote), UV_ENOTCONN);
    k->listen(listener, 4);
    CHECK_EQ(name_of(listener, UV__LOCAL, &local), 0);
    CHECK_EQ(local.ss_family, AF_INET);
    CHECK(port_of(&local) != 0);
    CHECK_EQ(name_of(listener, UV__REMOTE, &remote), UV_ENOTCONN);

    a = make_client(listener);
    b = accept_stream(listener);
    CHECK_EQ(name_of(a, UV__REMOTE, &remote), 0);
    CHECK_EQ(port_of(&remote), port_of(&local));
    CHECK_EQ(name_of(b, UV__LOCAL, &local), 0);
    CHECK_EQ(port_of(&remote), port_of(&local));
    CHECK_EQ(name_of(a, UV__LOCAL, &local), 0);
    CHECK_EQ(name_of(b, UV__REMOTE, &remote), 0);
    CHECK(port_of(&local) != 0);
    CHECK_EQ(port_of(&remote), port_of(&local));
    stream_end(a);
    stream_end(b);
    stream_end(listener);
  }
}

TEST(name_cuts_to_the_room_there_is) {
  EACH_KIND(k) {
    struct stream* listener = make_listener(k);
    struct sockaddr_storage whole;
    unsigned char part[sizeof(whole)];
    int len = (int) sizeof(whole), cut = 4;

    memset(part, 0x77, sizeof(part));
    if (k->desc != UV__DESC_TCP) {
      stream_end(listener);
      continue;
    }
    CHECK_EQ(listener->io.ops->name(&listener->io, UV__LOCAL, (struct sockaddr*) &whole, &len), 0);
    CHECK_EQ(listener->io.ops->name(&listener->io, UV__LOCAL, (struct sockaddr*) part, &cut), 0);
    CHECK_EQ(cut, len);
    CHECK(memcmp(part, &whole, 4) == 0);
    CHECK_EQ(part[4], 0x77);
    stream_end(listener);
  }
}

TEST(name_of_a_pipe_needs_its_room) {
  EACH_KIND(k) {
    struct stream* listener = make_listener(k);
    struct place place;
    char text[sizeof(place.text)];
    int len = 4;

    if (k->desc != UV__DESC_PIPE) {
      stream_end(listener);
      continue;
    }
    k->place(listener, UV__LOCAL, &place);
    CHECK_EQ(listener->io.ops->name(&listener->io, UV__LOCAL, text, &len), UV_ENOBUFS);
    CHECK_EQ(len, place.at.name.length);
    CHECK_EQ(listener->io.ops->name(&listener->io, UV__LOCAL, text, &len), 0);
    CHECK_EQ(len, place.at.name.length);
    CHECK(memcmp(text, place.text, (size_t) len) == 0);
    stream_end(listener);
  }
}

TEST(bind_conflict_is_eaddrinuse) {
  EACH_KIND(k) {
    struct stream* listener = make_listener(k);
    struct stream* second = stream_open(k, NULL);
    struct place place;
    int r;

    if (k->desc == UV__DESC_PIPE && !native_names_are_exclusive()) {
      stream_end(second);
      stream_end(listener);
      continue; /* As Wine plays it. */
    }
    k->place(listener, UV__LOCAL, &place);
    r = second->io.ops->bind(&second->io, &place.at, 0);
    if (r == 0)
      r = second->io.ops->listen(&second->io, 4);
    CHECK_EQ(r, UV_EADDRINUSE);
    stream_end(second);
    stream_end(listener);
  }
}

TEST(bind_to_a_foreign_address_is_eaddrnotavail) {
  if (!native_addresses)
    SKIP("no hosts here, only ports");
  EACH_KIND(k) {
    struct stream* s = stream_open(k, NULL);
    struct sockaddr_in addr;

    if (k->desc == UV__DESC_TCP) {
      /* TEST-NET-1: nobody's. */
      CHECK_EQ(uv_ip4_addr("192.0.2.1", 0, &addr), 0);
      CHECK_EQ(s->io.ops->bind(&s->io, (struct sockaddr*) &addr, 0), UV_EADDRNOTAVAIL);
    }
    stream_end(s);
  }
}

static int set(struct stream* s, enum uv__option option, int value) {
  return s->io.ops->option(&s->io, option, &value);
}

static int get(struct stream* s, enum uv__option option) {
  int value = 0;

  CHECK_EQ(s->io.ops->option(&s->io, option, &value), 0);
  return value;
}

TEST(options_of_tcp) {
  if (!native_addresses)
    SKIP("no options here that could be asked back");
  EACH_KIND(k) {
    struct stream *a, *b;
    struct uv__keepalive keepalive = {60, 5, 4};
    struct stream* listener;

    if (k->desc != UV__DESC_TCP)
      continue;
    make_pair(k, &a, &b);
    CHECK_EQ(set(a, UV__NODELAY, 1), 0);
    CHECK_EQ(set(a, UV__NODELAY, 0), 0);
    CHECK_EQ(a->io.ops->option(&a->io, UV__KEEPALIVE, &keepalive), 0);
    keepalive.idle = 0;
    CHECK_EQ(a->io.ops->option(&a->io, UV__KEEPALIVE, &keepalive), 0);
    CHECK(get(a, UV__SNDBUF) > 0);
    CHECK(get(a, UV__RCVBUF) > 0);
    CHECK_EQ(set(a, UV__SNDBUF, 32768), 0);
    CHECK_EQ(set(a, UV__RCVBUF, 32768), 0);
    /* A system may give more than was asked, Linux twice as much. */
    CHECK(get(a, UV__SNDBUF) >= 32768);
    CHECK(get(a, UV__RCVBUF) >= 32768);
    stream_end(a);
    stream_end(b);

    listener = make_listener(k);
    CHECK_EQ(set(listener, UV__ACCEPTS, 0), 0);
    a = make_client(listener);
    b = accept_stream(listener);
    CHECK_EQ(set(listener, UV__ACCEPTS, 1), 0);
    stream_end(a);
    stream_end(b);
    stream_end(listener);
  }
}

TEST(options_do_not_touch_the_lanes) {
  EACH_KIND(k) {
    struct stream *a, *b;

    if (k->desc != UV__DESC_TCP)
      continue;
    make_pair(k, &a, &b);
    arm_dry(a);
    CHECK_EQ(set(a, UV__NODELAY, 1), 0);
    CHECK_EQ(set(a, UV__NODELAY, 0), 0);
    settle();
    CHECK(a->io.busy & UV__READ);
    CHECK_EQ(write_byte(b, 'x'), 0);
    await(a, UV__READ);
    CHECK_EQ(read_byte(a), 'x');
    stream_end(a);
    stream_end(b);
  }
}

/* How many instances are wanted may be said at any time. What a write in flight has come to is its
 * own count. */
TEST(options_do_not_touch_a_write_that_waits) {
  EACH_KIND(k) {
    static char block[100000];
    struct stream *a, *b;
    size_t total = 0;
    ssize_t r;

    make_pair(k, &a, &b);
    do {
      uv_buf_t buf = uv_buf_init(block, sizeof(block));

      pattern_fill(block, sizeof(block), total);
      r = write_start(a, &buf, 1, UV__QUEUE);
      if (r > 0)
        total += (size_t) r;
    } while (r > 0);
    CHECK_EQ(r, UV__PENDING);
    (void) set(a, UV__INSTANCES, 3);
    r = collect_heard(a, r, b);
    CHECK(r >= 0);
    hear_until(b, total + (size_t) r);
    arm_dry(b);
    stream_end(a);
    stream_end(b);
  }
}
