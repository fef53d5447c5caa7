/* The simulated system's names, numbers and whatever else takes its time on a thread of the pool. What is
 * answered is the observer's to say; how long it takes is the seed's. */
#include "sim_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  MOST_FOUND = 6,
  LONGEST = 6 /* turns of others */
};

/* An entry of a list, with its address. */
struct found {
  struct addrinfo info;
  struct sockaddr_storage address;
};

static long lists; /* which nobody has given back */

static void take_time(void) {
  unsigned pauses = sim_below(LONGEST);

  while (pauses-- > 0)
    sim_pause();
}

static struct addrinfo* make_list(const struct sockaddr_storage* addresses, int count) {
  struct addrinfo* first = NULL;
  struct found* entry;

  lists += count > 0;
  while (count-- > 0) {
    entry = calloc(1, sizeof(*entry));
    if (entry == NULL)
      sim_fail("the test itself is out of memory");
    entry->address = addresses[count];
    entry->info.ai_family = addresses[count].ss_family;
    entry->info.ai_socktype = SOCK_STREAM;
    entry->info.ai_addr = (struct sockaddr*) &entry->address;
    entry->info.ai_next = first;
    first = &entry->info;
  }
  return first;
}

int uv__port_getaddrinfo(const char* node,
                         const char* service,
                         const struct addrinfo* hints,
                         struct addrinfo** result) {
  struct sockaddr_storage addresses[MOST_FOUND];
  int count;

  (void) service;
  memset(addresses, 0, sizeof(addresses));
  count = sim_seen->asked_for_name(node, hints->ai_family, addresses, MOST_FOUND);
  sim_trace("  lookup of %s: %d", node, count);
  take_time();
  if (count < 0)
    return count;
  *result = make_list(addresses, count);
  return 0;
}

void uv_freeaddrinfo(struct addrinfo* ai) {
  lists -= ai != NULL;
  while (ai != NULL) {
    struct found* entry = uv__container_of(ai, struct found, info);

    ai = ai->ai_next;
    free(entry);
  }
}

int uv__port_getnameinfo(const struct sockaddr* addr,
                         int flags,
                         char* host,
                         size_t host_size,
                         char* service,
                         size_t service_size) {
  int r = sim_seen->asked_for_address(addr);

  (void) flags;
  take_time();
  if (r < 0)
    return r;
  snprintf(host, host_size, "host");
  snprintf(service, service_size, "service");
  return 0;
}

int uv__port_random(void* buf, size_t len) {
  unsigned char* at = buf;
  int r = sim_on_main() ? 0 : sim_seen->asked_for_bytes(buf);

  if (!sim_on_main())
    take_time();
  while (r == 0 && len-- > 0)
    *at++ = (unsigned char) sim_below(256);
  return r;
}

/* Of the environment there is what the pool asks for. */
int uv_os_getenv(const char* name, char* buffer, size_t* size) {
  if (name == NULL || buffer == NULL || size == NULL || *size < 2)
    return UV_EINVAL;
  if (strcmp(name, "UV_THREADPOOL_SIZE") != 0 || sim_chance(30))
    return UV_ENOENT;
  buffer[0] = (char) ('1' + sim_below(4));
  buffer[1] = '\0';
  *size = 1;
  return 0;
}

void sim_lookups_end(void) {
  if (lists != 0)
    sim_fail("%ld lists of addresses were never given back", lists);
}
