/* The scenarios by name, each with its own loop. What is made to fail in them is memory in tcp.c and
 * pipe.c, and calls of the system in calls_unix.c. */
#ifndef FAULT_SCENARIOS_H_
#define FAULT_SCENARIOS_H_

/* tcp.c */
void scenario_tcp_talk(void);
void scenario_tcp_dial(void);   /* by a name */
void scenario_tcp_beyond(void); /* with limits, a request to read and a hang-up */
void scenario_tcp_move(void);   /* to another handle */
void scenario_tcp_come_and_go(void);
void scenario_tcp_adopt(void);

/* pipe.c */
void scenario_pipe_talk(void);
void scenario_pipe_talk_at(const char* name);
void scenario_pipe_for_few(void); /* uvs_pipe_bind */
void scenario_ipc_talk(void);
void scenario_pipe_ends(void);
void scenario_nonblocking_ends(void);
void scenario_shared_ends(void (*share)(const uv_file* ends));
void scenario_pass_tcp(void);
void scenario_try_tcp(void); /* by uv_try_write2 */
void scenario_pass_pipe(void);
void scenario_pass_both(void); /* by uvs_write_handles */
void scenario_spawn(void);
void scenario_spawn_ipc(void);

/* pty.c */
void scenario_pty(void);

/* file.c: with a file that is made before and removed after */
void scene_make_file(void);
void scene_remove_file(void);
void scenario_tcp_file(void);
void scenario_pipe_file(void);

#endif /* FAULT_SCENARIOS_H_ */
