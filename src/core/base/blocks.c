/* Gives back what the systems hand out in one block of the library's memory: a table with the texts
 * that it points to behind it. What is in a block, the backends know, each in the file that makes
 * it. */
#include "core/base/alloc.h"
#include "uv.h"

void uv_os_free_environ(uv_env_item_t* envitems, int count) {
  (void) count; /* The texts lie in the same block, here and below. */
  uv__free(envitems);
}

void uv_free_interface_addresses(uv_interface_address_t* addresses, int count) {
  (void) count;
  uv__free(addresses);
}

void uv_free_cpu_info(uv_cpu_info_t* cpu_infos, int count) {
  (void) count;
  uv__free(cpu_infos);
}

/* The block begins with the name. What is left can be freed again, as programs do. */
void uv_os_free_passwd(uv_passwd_t* pwd) {
  if (pwd == NULL)
    return;
  uv__free(pwd->username);
  pwd->username = NULL;
  pwd->shell = NULL;
  pwd->homedir = NULL;
}

/* The block begins with the table of members. */
void uv_os_free_group(uv_group_t* grp) {
  if (grp == NULL)
    return;
  uv__free(grp->members);
  grp->groupname = NULL;
  grp->members = NULL;
}
