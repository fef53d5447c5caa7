/* Names of pipes that are open to nobody else, or to whom they are meant for (rule X4). All that tests can be
 * is one user's; what others may do is read from the file, or the list of the pipe. */
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "net.h"
#include "pipes.h"
#include "uv.h"
#include "uvstream.h"

#ifdef _WIN32
#  include <windows.h>
#else
#  include <limits.h>
#  include <sys/stat.h>
#  include <unistd.h>
#endif

static int connected;
static int accepted;

static void on_connect(uv_connect_t* req, int status) {
  (void) req;
  CHECK_EQ(status, 0);
  connected++;
}

static uv_pipe_t served[2];

static void on_connection(uv_stream_t* server, int status) {
  uv_pipe_t* client = &served[accepted];

  CHECK_EQ(status, 0);
  CHECK_EQ(uv_pipe_init(net_loop(), client, 0), 0);
  CHECK_EQ(uv_accept(server, (uv_stream_t*) client), 0);
  accepted++;
}

/* Two clients, one after the other: on Windows the second one's instance is made anew. */
static void check_open_to_me(uv_pipe_t* server, const char* name) {
  uv_connect_t reqs[2];
  uv_pipe_t clients[2];
  int i;

  connected = 0;
  accepted = 0;
  uv_pipe_pending_instances(server, 1);
  CHECK_EQ(uv_listen((uv_stream_t*) server, 8, on_connection), 0);
  for (i = 0; i < 2; i++) {
    CHECK_EQ(uv_pipe_init(net_loop(), &clients[i], 0), 0);
    CHECK_EQ(uv_pipe_connect2(&reqs[i], &clients[i], name, strlen(name), 0, on_connect), 0);
    net_until(&connected, i + 1);
    net_until(&accepted, i + 1);
  }
  for (i = 0; i < 2; i++) {
    net_close((uv_handle_t*) &clients[i]);
    net_close((uv_handle_t*) &served[i]);
  }
}

static void begin(uv_pipe_t* server) {
  CHECK_EQ(uv_pipe_init(net_loop(), server, 0), 0);
}

#ifdef _WIN32

enum {
  CREATE_INSTANCE = 4 /* FILE_CREATE_PIPE_INSTANCE, which is FILE_APPEND_DATA */
};

/* What the list of a pipe says of everybody: allowed, or denied. */
static ACCESS_MASK rights(uv_pipe_t* pipe, BYTE type) {
  union {
    SECURITY_DESCRIPTOR descriptor;
    BYTE room[2048];
  } security;
  BYTE everybody[SECURITY_MAX_SID_SIZE];
  DWORD size = sizeof everybody;
  ACCESS_MASK found = 0;
  BOOL present = FALSE;
  BOOL defaulted;
  PACL acl = NULL;
  uv_os_fd_t fd;
  DWORD i;

  CHECK(CreateWellKnownSid(WinWorldSid, NULL, everybody, &size));
  CHECK_EQ(uv_fileno((uv_handle_t*) pipe, &fd), 0);
  CHECK(GetKernelObjectSecurity(fd, DACL_SECURITY_INFORMATION, &security.descriptor,
                                sizeof security, &size));
  CHECK(GetSecurityDescriptorDacl(&security.descriptor, &present, &acl, &defaulted));
  CHECK(present && acl != NULL);
  CHECK(acl->AceCount >= 1); /* The owner's. */
  for (i = 0; i < acl->AceCount; i++) {
    ACCESS_ALLOWED_ACE* ace;

    CHECK(GetAce(acl, i, (void**) &ace));
    if (ace->Header.AceType == type && EqualSid(&ace->SidStart, everybody)) {
      CHECK(i > 0); /* Nothing comes before the owner's. */
      found |= ace->Mask;
    }
  }
  return found;
}

#else

static unsigned mode_of(const char* name) {
  struct stat st;

  CHECK_EQ(stat(name, &st), 0);
  return st.st_mode & 07777u;
}

#endif

TEST(x4_name_for_nobody_else) {
  static const uvs_access_t zero;
  const uvs_access_t* ways[2];
  char name[TEST_PIPE_NAME];
  int i;

  test_needs_folder();
  ways[0] = NULL;
  ways[1] = &zero;
  for (i = 0; i < 2; i++) {
    uv_pipe_t server;
#ifndef _WIN32
    mode_t before = umask(0);
#endif

    begin(&server);
    CHECK_EQ(uvs_pipe_bind(&server, test_pipe_name(name, sizeof name), ways[i]), 0);
#ifdef _WIN32
    CHECK_EQ(rights(&server, ACCESS_ALLOWED_ACE_TYPE), 0);
#else
    (void) umask(before);
    CHECK_EQ(mode_of(name), 0600);
#endif
    check_open_to_me(&server, name);
    net_close((uv_handle_t*) &server);
  }
  net_end();
}

TEST(x4_name_for_whom_it_is_meant) {
  uvs_access_t access = {0, 0, 0, NULL};
  char name[TEST_PIPE_NAME];
  uv_pipe_t server;

  test_needs_folder();
  begin(&server);
  access.mode = 0660;
  access.sddl = "D:P(A;;GA;;;WD)";
#ifndef _WIN32
  access.has_group = 1;
  access.group = getegid();
#endif
  CHECK_EQ(uvs_pipe_bind(&server, test_pipe_name(name, sizeof name), &access), 0);
#ifdef _WIN32
  {
    ACCESS_MASK mask = rights(&server, ACCESS_ALLOWED_ACE_TYPE);

    CHECK(mask & FILE_READ_DATA);
    CHECK(mask & FILE_WRITE_DATA);
    CHECK(!(mask & (CREATE_INSTANCE | WRITE_DAC | WRITE_OWNER | DELETE | GENERIC_ALL)));
  }
#else
  {
    struct stat st;

    CHECK_EQ(stat(name, &st), 0);
    CHECK_EQ(st.st_mode & 07777u, 0660);
    CHECK_EQ(st.st_gid, getegid());
  }
#endif
  check_open_to_me(&server, name);
  net_end();
}

TEST(x4_refused_names) {
  uvs_access_t access = {01000, 0, 0, NULL};
  char name[TEST_PIPE_NAME];
  char longest[4096];
  uv_pipe_t server, other;
  uv_tcp_t tcp;

  test_needs_folder();
  begin(&server);
  begin(&other);
  test_pipe_name(name, sizeof name);
  CHECK_EQ(uvs_pipe_bind(NULL, name, NULL), UV_EINVAL);
  CHECK_EQ(uvs_pipe_bind(&server, NULL, NULL), UV_EINVAL);
  CHECK_EQ(uvs_pipe_bind(&server, "", NULL), UV_EINVAL);
  CHECK_EQ(uv_tcp_init(net_loop(), &tcp), 0);
  CHECK_EQ(uvs_pipe_bind((uv_pipe_t*) &tcp, name, NULL), UV_EINVAL);
  CHECK_EQ(uvs_pipe_bind(&server, name, &access), UV_EINVAL);
  memset(longest, 'x', sizeof longest - 1);
  longest[sizeof longest - 1] = '\0';
  memcpy(longest, name, strlen(name));
  CHECK_EQ(uvs_pipe_bind(&server, longest, NULL), UV_ENAMETOOLONG);
  CHECK_EQ(uvs_pipe_bind(&server, name, NULL), 0);
  CHECK_EQ(uvs_pipe_bind(&server, name, NULL), UV_EINVAL);
  CHECK_EQ(uv_listen((uv_stream_t*) &server, 1, NULL), 0);
  if (!test_is_wine()) /* which makes instances of a name for anybody */
    CHECK_EQ(uvs_pipe_bind(&other, name, NULL), UV_EADDRINUSE);
  net_close((uv_handle_t*) &server);
  CHECK_EQ(uvs_pipe_bind(&other, name, NULL), 0); /* What was refused left nothing. */
  uv_close((uv_handle_t*) &other, NULL);
  begin(&server);
  uv_close((uv_handle_t*) &server, NULL);
  CHECK_EQ(uvs_pipe_bind(&server, name, NULL), UV_EINVAL);
  net_end();
}

#ifndef _WIN32
static const char long_name[] = "a-folder-with-quite-a-long-name-of-a-hundred-letters-or-so-that-"
                                "is-repeated-until-no-path-is-longer";

/* Into folders of one another, until the path of the last has so many bytes. How many folders that were. */
static int go_down(size_t length) {
  char path[PATH_MAX];
  int depth = 0;

  for (;;) {
    size_t size = sizeof path;
    size_t more;

    CHECK_EQ(uv_cwd(path, &size), 0);
    if (size == length)
      return depth;
    more = length - size - 1;
    if (more > sizeof(long_name) - 1)
      more = more < sizeof(long_name) + 1 ? sizeof(long_name) - 3 : sizeof(long_name) - 1;
    snprintf(path, sizeof path, "%.*s", (int) more, long_name);
    CHECK_EQ(mkdir(path, 0700), 0);
    CHECK_EQ(uv_chdir(path), 0);
    depth++;
  }
}

static void go_up(void) {
  char path[PATH_MAX];
  size_t size = sizeof path;

  CHECK_EQ(uv_cwd(path, &size), 0);
  CHECK_EQ(uv_chdir(".."), 0);
  CHECK_EQ(rmdir(strrchr(path, '/') + 1), 0);
}
#endif

/* The folder that is looked at is all of such a name, and its path as long as a path can be. */
TEST(x4_name_that_ends_like_a_folder) {
#ifdef _WIN32
  SKIP("names of pipes are in no folder");
#else
  char folder[512];
  size_t size = sizeof folder;
  uv_pipe_t server;
  int depth;

  test_needs_folder();
  CHECK_EQ(uv_os_tmpdir(folder, &size), 0);
  CHECK_EQ(uv_chdir(folder), 0);
  snprintf(folder, sizeof folder, "uvstream-folders-%ld", (long) uv_os_getpid());
  CHECK_EQ(mkdir(folder, 0700), 0);
  CHECK_EQ(uv_chdir(folder), 0);
  begin(&server);
  depth = 1 + go_down(PATH_MAX - 4);
  CHECK_EQ(uvs_pipe_bind(&server, "d/", NULL), UV_ENAMETOOLONG);
  while (depth-- > 0)
    go_up();
  net_end();
#endif
}

/* Who may remove the file may put another one in its place. */
TEST(x4_folder_that_others_may_write_to) {
#ifdef _WIN32
  SKIP("names of pipes are in no folder");
#else
  char folder[512];
  char name[600];
  size_t size = sizeof folder;
  uv_pipe_t server;

  test_needs_folder();
  CHECK_EQ(uv_os_tmpdir(folder, &size), 0);
  snprintf(folder + size, sizeof folder - size, "/uvx4-%ld", (long) uv_os_getpid());
  snprintf(name, sizeof name, "%s/p", folder);
  CHECK_EQ(mkdir(folder, 0700), 0);
  begin(&server);
  CHECK_EQ(chmod(folder, 0707), 0);
  CHECK_EQ(uvs_pipe_bind(&server, name, NULL), UV_EPERM);
  CHECK_EQ(chmod(folder, 0770), 0);
  CHECK_EQ(uvs_pipe_bind(&server, name, NULL), UV_EPERM);
  CHECK(access(name, F_OK) != 0);
  if (geteuid() == 0) { /* Somebody else's. */
    CHECK_EQ(chmod(folder, 0755), 0);
    CHECK_EQ(chown(folder, 12345, (gid_t) -1), 0);
    CHECK_EQ(uvs_pipe_bind(&server, name, NULL), UV_EPERM);
    CHECK_EQ(chown(folder, 0, (gid_t) -1), 0);
  }
  CHECK_EQ(chmod(folder, 01777), 0);
  CHECK_EQ(uvs_pipe_bind(&server, name, NULL), 0);
  CHECK_EQ(mode_of(name), 0600);
  net_close((uv_handle_t*) &server);
  CHECK_EQ(rmdir(folder), 0); /* The file went with its pipe. */
  net_end();
#endif
}

TEST(x4_lists_that_are_none) {
#ifdef _WIN32
  static const char* const none[] = {
      "",
      "(A;;GA;;;WD)",
      "D:NO_ACCESS_CONTROL",
      "D:(A;;GA;;;WD",
      "D:(A;;GA;;;WD)x",
      "D:(A;;GA;;;nobody)",
      "D:(A;CI;GA;;;WD)",
      "D:(A;;GA;;;WD)S:(ML;;NW;;;LW)",
      "O:BAD:(A;;GA;;;WD)",
      "D:(A;;GA;;;\xc3\xa4)",
  };
  uvs_access_t access = {0, 0, 0, NULL};
  char name[TEST_PIPE_NAME];
  char list[2500] = "D:";
  uv_pipe_t server;
  size_t i;

  begin(&server);
  test_pipe_name(name, sizeof name);
  for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
    access.sddl = none[i];
    CHECK_EQ(uvs_pipe_bind(&server, name, &access), UV_EINVAL);
  }
  access.sddl = list;
  for (i = 0; i < 24; i++)
    snprintf(list + strlen(list), sizeof list - strlen(list),
             "(A;;GRGW;;;S-1-5-21-1000000000-2000000000-3000000000-%u)", 1000 + (unsigned) i);
  CHECK_EQ(uvs_pipe_bind(&server, name, &access), 0);
  net_close((uv_handle_t*) &server);
  begin(&server);
  for (i = 0; i < 10; i++)
    snprintf(list + strlen(list), sizeof list - strlen(list),
             "(A;;GRGW;;;S-1-5-21-1000000000-2000000000-3000000000-%u)", 2000 + (unsigned) i);
  CHECK_EQ(uvs_pipe_bind(&server, name, &access), UV_E2BIG);
  memset(list, 'x', sizeof list - 1);
  CHECK_EQ(uvs_pipe_bind(&server, name, &access), UV_E2BIG);
  access.sddl = NULL;
  CHECK_EQ(uvs_pipe_bind(&server, "C:\\a path", &access), UV_ENOTSUP);
  access.sddl = "D:(D;;GA;;;WD)(A;;GR;;;WD)";
  CHECK_EQ(uvs_pipe_bind(&server, name, &access), 0);
  CHECK(rights(&server, ACCESS_DENIED_ACE_TYPE) & FILE_WRITE_DATA);
  CHECK(!(rights(&server, ACCESS_ALLOWED_ACE_TYPE) & FILE_WRITE_DATA));
  net_end();
#else
  SKIP("lists are Windows'");
#endif
}
