/* What uvstream.h alone asks of each kind. Whoever names this table has all of it linked, so that it is a
 * file of its own, and in no table of a kind. */
#include "win/ipc/ipc.h"
#include "win/pipe/pipe.h"
#include "win/tcp/tcp.h"

static const struct uv__beyond_ops kinds[] = {
    [UV__WIN_NO_BEYOND] = {.hangup_arm = NULL},
    [UV__WIN_BEYOND_TCP] = {.hangup_arm = uv__tcp_hangup_arm,
                            .hangup_done = uv__tcp_hangup_done,
                            .send_file = uv__tcp_send_file,
                            .move = uv__tcp_move,
                            .leave = uv__tcp_leave,
                            .join = uv__tcp_join},
    [UV__WIN_BEYOND_EARLY] = {.hangup_arm = uv__tcp_early_hangup_arm,
                              .hangup_done = uv__tcp_hangup_done},
    [UV__WIN_BEYOND_LOCAL] = {.leave = uv__tcp_leave, .join = uv__tcp_join},
    [UV__WIN_BEYOND_PIPE] = {.hangup_arm = uv__pipe_hangup,
                             .leave = uv__pipe_end_leave,
                             .join = uv__pipe_end_join},
    [UV__WIN_BEYOND_IPC] = {.hangup_arm = uv__pipe_hangup,
                            .leave = uv__ipc_leave,
                            .join = uv__ipc_join},
};

const struct uv__beyond_ops* uv__port_beyond(const struct uv__io* io) {
  return &kinds[io->ops->beyond];
}
