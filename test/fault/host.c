/* What the system tells of the machine and its users, and shared libraries: with each allocation that
 * fails. Out-parameters of a call that failed are untouched (rule E2). */
#include <string.h>

#include "every.h"
#include "harness.h"
#include "uv.h"

static void processors(void) {
  uv_cpu_info_t* infos = NULL;
  int count = -1;
  int r = uv_cpu_info(&infos, &count);

  scene_failed = r != 0;
  if (r != 0) {
    CHECK_EQ(r, UV_ENOMEM);
    CHECK(infos == NULL);
    CHECK_EQ(count, -1);
    return;
  }
  CHECK(count > 0);
  uv_free_cpu_info(infos, count);
}

TEST(e1_cpu_info) {
  uv_cpu_info_t* infos;
  int count;

  if (uv_cpu_info(&infos, &count) == UV_ENOSYS)
    SKIP("this system has no way to tell what processors there are");
  uv_free_cpu_info(infos, count);
  for_every_allocation(processors);
}

static void user(void) {
  uv_passwd_t pwd;
  int r;

  memset(&pwd, 0, sizeof(pwd));
  r = uv_os_get_passwd(&pwd);
  scene_failed = r != 0;
  if (r != 0) {
    CHECK_EQ(r, UV_ENOMEM);
    CHECK(pwd.username == NULL && pwd.homedir == NULL);
    return;
  }
  uv_os_free_passwd(&pwd);
}

TEST(e1_passwd) {
  for_every_allocation(user);
}

#ifndef _WIN32
static void group(void) {
  uv_group_t grp;
  int r;

  memset(&grp, 0, sizeof(grp));
  r = uv_os_get_group(&grp, 0);
  scene_failed = r != 0;
  if (r != 0) {
    CHECK_EQ(r, UV_ENOMEM);
    CHECK(grp.groupname == NULL && grp.members == NULL);
    return;
  }
  uv_os_free_group(&grp);
}
#endif

TEST(e1_group) {
#ifdef _WIN32
  SKIP("Windows has no groups by number");
#else
  for_every_allocation(group);
#endif
}

/* Without memory even for the reason there is one. */
static void library(void) {
  uv_lib_t lib;

  CHECK_EQ(uv_dlopen("there is no such library", &lib), -1);
  CHECK(strcmp(uv_dlerror(&lib), "no error") != 0);
  scene_failed = strcmp(uv_dlerror(&lib), "not enough memory to say why") == 0;
  uv_dlclose(&lib);
}

TEST(e1_reason_of_dlopen) {
  for_every_allocation(library);
}

static void name(void) {
  int r = uv_thread_setname("fault");

  scene_failed = r != 0;
  CHECK(r == 0 || r == UV_ENOMEM);
}

TEST(e1_thread_name) {
  if (uv_thread_setname("fault") == UV_ENOSYS)
    SKIP("this system has no way to name a thread");
  for_every_allocation(name);
}
