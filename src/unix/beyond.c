/* What uvstream.h alone asks of each kind. Whoever names this table has all of it linked, so that it is a
 * file of its own, and in no table of a kind. */
#include "unix/fd/fd.h"
#include "unix/pipe/pipe.h"

static const struct uv__beyond_ops kinds[] = {
    [UV__FD_NO_BEYOND] = {.hangup_arm = NULL},
    [UV__FD_BEYOND_TCP] = {.hangup_arm = uv__fd_hangup_arm,
                           .hangup_done = uv__fd_hangup_done,
                           .send_file = uv__sock_send_file,
                           .move = uv__fd_move,
                           .leave = uv__fd_leave,
                           .join = uv__fd_join},
    [UV__FD_BEYOND_PIPE] = {.hangup_arm = uv__fd_hangup_arm,
                            .hangup_done = uv__fd_hangup_done,
                            .send_file = uv__sock_send_file,
                            .leave = uv__fd_leave,
                            .join = uv__pipe_join},
    [UV__FD_BEYOND_PLAIN] = {.hangup_arm = uv__fd_hangup_arm,
                             .hangup_done = uv__fd_hangup_done,
                             .send_file = uv__plain_send_file,
                             .leave = uv__plain_leave,
                             .join = uv__plain_join},
};

const struct uv__beyond_ops* uv__port_beyond(const struct uv__io* io) {
  return &kinds[io->ops->beyond];
}
