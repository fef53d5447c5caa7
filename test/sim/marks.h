/* The rare states: each must be reached by the seeds that the tests run, or they no longer show
 * what they are for. `uvtest_sim --marks` counts them, and fails where one was not reached. Those
 * of a close are looked at right before it. */
#ifndef MARKS_H_
#define MARKS_H_

/* X(name, what it is) */
#define SIM_MARKS(X)                                                                             \
  X(DISARM_PENDING, "a read is taken back, and its ring still comes")                            \
  X(STOP_AFTER_RING, "uv_read_stop of a read that has rung and had no turn")                     \
  X(RESTART_BEFORE_RING, "reading begins again while the ring of the stopped read is to come")   \
  X(STOP_IN_ALLOC, "alloc_cb stops or closes, and its buffer comes back unused")                 \
  X(READY_THEN_EAGAIN, "read_arm says READY, and there is nothing")                              \
  X(RING_THEN_EAGAIN, "READ rings, and there is nothing")                                        \
  X(SPURIOUS_READ, "READ rings for nothing")                                                     \
  X(SPURIOUS_WRITE, "WRITE rings for nothing")                                                   \
  X(SPURIOUS_ACCEPT, "ACCEPT rings for nothing")                                                 \
  X(SPURIOUS_HANGUP, "HANGUP rings for nothing")                                                 \
  X(HANGUP_IS_ASKED_FOR, "the system does not tell of the peer's end, and is asked again")       \
  X(HANGUP_CLOSED, "a hang-up waits when its stream closes")                                     \
  X(HANGUP_WHILE_READING, "a hang-up is told while the stream reads")                            \
  X(HANGUP_STOP_AFTER_RING, "a hang-up that has rung and had no turn is stopped")                \
  X(ASK_ENDS_PARTLY, "a request to read ends early, with some of its bytes")                     \
  X(ASK_WHILE_READING, "a request to read is served while the stream reads otherwise")           \
  X(SILENCE, "silence ends reading")                                                             \
  X(DROP_CONNECT, "a connect takes too long")                                                    \
  X(DROP_WRITE, "a write gets nowhere for too long")                                             \
  X(DROP_SHUTDOWN, "a shutdown takes too long")                                                  \
  X(MOVED, "a stream goes to another loop")                                                      \
  X(MOVED_BACK, "a stream goes to another handle of its loop")                                   \
  X(MOVED_UNREAD, "the system has bytes for a stream that goes to another handle")               \
  X(ATTACH_AGAIN, "what a loop had no room for is attached once more")                           \
  X(ATTACH_EARLY, "a stream is to be attached before it has left")                               \
  X(DETACH_REFUSED, "the system does not let a stream go")                                       \
  X(DETACH_PENDING, "a stream has to be waited for that leaves its loop")                        \
  X(DETACH_READ, "a stream leaves while READ is under way")                                      \
  X(DETACH_READ_RUNG, "a stream leaves when READ has rung")                                      \
  X(DETACH_HANGUP, "a stream leaves while a hang-up is looked for that nobody waits for")        \
  X(DETACH_ARRIVALS, "a stream leaves with handles that nobody claimed")                         \
  X(DETACH_ENDED, "a stream leaves of which all was read")                                       \
  X(DETACH_SHUT, "a stream leaves after its shutdown")                                           \
  X(DETACH_IN_ALLOC_CB, "a stream leaves in its alloc_cb")                                       \
  X(DETACH_IN_READ_CB, "a stream leaves in its read_cb")                                         \
  X(DROP_MOVING, "what moves is dropped")                                                        \
  X(DROP_ARRIVALS, "what moves is dropped, with handles that nobody claimed")                    \
  X(FILE_SENT, "a part of a file is sent")                                                       \
  X(FILE_SENT_TO_END, "a file is sent to its end")                                               \
  X(FILE_IS_SHORT, "a file ends before its length")                                              \
  X(FILE_IS_BAD, "a file cannot be read on")                                                     \
  X(FILE_NO_MEMORY, "the room for a file cannot be allocated")                                   \
  X(FILE_FAILS_WITH_ALL, "a file fails, and others wait behind it")                              \
  X(FILE_WRITE_FAILS, "a piece of a file cannot be written, and others wait behind it")          \
  X(FILE_FAILS_LATER, "a piece of a file fails in flight, and others wait behind it")            \
  X(FILE_PROGRESS, "a file is told to get on")                                                   \
  X(FILE_BLOCKING, "a file is sent in blocking mode")                                            \
  X(TRY_BEHIND_FAILED_FILE, "in blocking mode a try finds that a file fails")                    \
  X(FILE_CANCEL, "a file is cancelled")                                                          \
  X(FILE_CANCEL_IN_FLIGHT, "a file is cancelled of which a piece is not given back")             \
  X(FILE_CANCEL_IPC, "a file that began over an IPC pipe cannot be cancelled")                   \
  X(FILE_STOPS, "a cancelled file ends with its piece")                                          \
  X(FILE_STOPS_TOO_LATE, "a cancelled file ends with its last piece")                            \
  X(CLOSE_FILE, "close while a file waits")                                                      \
  X(CLOSE_FILE_IN_FLIGHT, "close while a piece of a file is under way")                          \
  X(ARM_FAILS, "read_arm fails")                                                                 \
  X(READ_BUDGET, "more reads between two waits than one turn of a stream may make")              \
  X(WRITE_BUDGET, "as many writes in a row as one turn of a stream may make")                    \
  X(ACCEPT_BUDGET, "as many connections in a row as one turn of a listener may take")            \
  X(RING_INSIDE, "an operation rings before its start returns")                                  \
  X(CLOSED_INSIDE, "CLOSED rings before close returns")                                          \
  X(CLOSE_CUTS_LATE, "a lane that a close cut short rings before CLOSED")                        \
  X(PARTIAL_ACROSS, "one call takes the rest of a request and a part of the next")               \
  X(CUT_SHORT, "a write in flight at the close has taken a part of its bytes")                   \
  X(CUT_CANCELED, "a write in flight at the close has taken nothing")                            \
  X(LAST_TRY_TAKES, "the try of a close takes bytes")                                            \
  X(LAST_TRY_EAGAIN, "the try of a close takes none")                                            \
  X(LAST_TRY_TAKES_OVER, "and those in flight, of which the port has copies")                    \
  X(WRITE_NO_MEMORY, "the array of a write cannot be allocated")                                 \
  X(WRITE_FAILS_ALL, "a write fails, and others wait behind it")                                 \
  X(WRITE_TO_RESET, "a write after the connection was reset was told")                           \
  X(BLOCKING_WAITS, "a blocking write waits for its ring")                                       \
  X(CANCEL_BETWEEN, "a write between two others is cancelled")                                   \
  X(CANCEL_IN_FLIGHT, "a write that may be in flight cannot be cancelled")                       \
  X(TRY_BEHIND_QUEUE, "try_write finds a queue")                                                 \
  X(SHUTDOWN_WAITS_FOR_QUEUE, "shutdown is asked for while bytes are queued")                    \
  X(SHUTDOWN_WAITS_FOR_CALLBACKS, "all bytes are taken, and shutdown waits for their callbacks") \
  X(CONNECT_FAILS_WITH_ALL, "a connect fails, and a read, a write and a shutdown waited for it") \
  X(CONNECT_AGAIN, "a connect that failed is tried again in its callback")                       \
  X(CONNECT_CUT_DONE, "a connect that a close cut short had succeeded")                          \
  X(BIND_ERROR_LISTEN, "listen tells of a bind that failed")                                     \
  X(BIND_ERROR_CONNECT, "connect tells of a bind that failed")                                   \
  X(LISTEN_AGAIN, "a listener listens again")                                                    \
  X(STARVED, "a listener lacks a descriptor")                                                    \
  X(STARVED_STILL, "it tries again and lacks it still")                                          \
  X(STARVED_SERVED, "it tries again and gets its connection")                                    \
  X(ABORTED, "a client gives up before it is accepted")                                          \
  X(ASYNC_WHILE_WAITING, "an async is sent while the loop waits")                                \
  X(PASSED, "a handle goes with a write")                                                        \
  X(PASSED_ALONE, "a handle arrives in a read without bytes")                                    \
  X(PASSED_SEVERAL, "several handles go with one write")                                         \
  X(CLOSE_ONE_OF_SEVERAL, "close of one of several handles that are to be passed together")      \
  X(PARTIAL_PASSING, "a part of a write is taken, and its handle with it")                       \
  X(STOPS_BEFORE_PASSING, "all in front of a write with a handle is taken, and nothing of it")   \
  X(PASS_CONNECTED, "a connection is to be passed")                                              \
  X(PASS_SHUT, "a connection is to be passed after its shutdown")                                \
  X(PASS_LISTENING, "a listener is to be passed")                                                \
  X(PASS_BOUND, "what is bound and does not listen is to be passed")                             \
  X(PASS_MISSED, "what missed its address is to be passed")                                      \
  X(ARRIVED_SEVERAL, "several handles that arrived wait")                                        \
  X(ARRIVED_SERVER, "what arrived is a server")                                                  \
  X(ARRIVED_MISSED, "what arrived missed its address")                                           \
  X(CLOSE_PENDING, "close of a pipe with handles that nobody claimed")                           \
  X(CLOSE_PASSING, "close of a connection that is to be passed")                                 \
  X(CLOSE_PASSING_LISTENER, "close of a listener that is to be passed")                          \
  X(CLOSE_PASSING_OPEN, "close of what is bound and to be passed")                               \
  X(FORSAKEN_IN_FLIGHT, "a write in flight had not passed its handle when that closed")          \
  X(CANCEL_BEGUN_IPC, "a write that began over an IPC pipe cannot be cancelled")                 \
  X(SPAWNED, "a child begins")                                                                   \
  X(SPAWN_FAILS, "a child does not, and its pipes end")                                          \
  X(INHERITED, "a child inherits a stream")                                                      \
  X(CLOSE_RUNNING_CHILD, "close of a process that runs")                                         \
  X(CLOSE_EXIT_CROSSING, "close of a process whose end has not rung")                            \
  X(CLOSE_EXIT_RUNG, "close of a process whose end has rung and had no turn")                    \
  X(CLOSE_EXITED, "close of a process whose end was told")                                       \
  X(SIGNAL_CROSSES_STOP, "a signal was raised and has not rung when its watcher stops")          \
  X(STOP_SIGNAL, "stop of a watcher whose signal has not rung")                                  \
  X(STOP_SIGNAL_RUNG, "stop of a watcher whose signal has rung and had no turn")                 \
  X(CLOSE_SIGNAL, "close of a watcher whose signal has not rung")                                \
  X(CLOSE_SIGNAL_RUNG, "close of a watcher whose signal has rung and had no turn")               \
  X(NO_THREAD, "a thread cannot be had")                                                         \
  X(LOCK_IS_HELD, "a lock is wanted that another thread has")                                    \
  X(WORK_CANCEL_WAITING, "cancel of work that has not begun")                                    \
  X(WORK_CANCEL_RUNNING, "cancel of work that runs")                                             \
  X(WORK_CANCEL_ENDED, "cancel of work that ran and has not called back")                        \
  X(WORK_CANCEL_AGAIN, "cancel of work that was cancelled")                                      \
  X(DIAL_FIRST_WINS, "of a name's addresses the first answers")                                  \
  X(DIAL_LATER_WINS, "a later one is faster, or the only one")                                   \
  X(DIAL_ALL_FAIL, "several addresses, and none answers")                                        \
  X(DIAL_LIMIT, "the limit ends attempts")                                                       \
  X(DIAL_LIMIT_LOOKUP, "the limit ends a lookup")                                                \
  X(DIAL_CANCEL, "attempts are cancelled")                                                       \
  X(DIAL_CANCEL_LOOKUP, "a connect is cancelled while its name is looked up")                    \
  X(DIAL_PASSING, "a connect to a name of a handle that is to be passed")                        \
  X(CLOSE_DIALING, "close of a handle that connects to a name")                                  \
  X(CLOSE_FRESH, "close of a stream without a descriptor")                                       \
  X(CLOSE_OPEN, "close of a stream without a peer")                                              \
  X(CLOSE_CONNECTING, "close while CONNECT is under way")                                        \
  X(CLOSE_CONNECT_RUNG, "close when CONNECT has rung")                                           \
  X(CLOSE_READ, "close while READ is under way")                                                 \
  X(CLOSE_READ_RUNG, "close when READ has rung")                                                 \
  X(CLOSE_WRITE, "close while WRITE is under way")                                               \
  X(CLOSE_WRITE_RUNG, "close when WRITE has rung")                                               \
  X(CLOSE_READ_WRITE, "close while both are")                                                    \
  X(CLOSE_SHUTDOWN, "close while SHUTDOWN is under way")                                         \
  X(CLOSE_SHUTDOWN_RUNG, "close when SHUTDOWN has rung")                                         \
  X(CLOSE_ACCEPT, "close while ACCEPT is under way")                                             \
  X(CLOSE_ACCEPT_RUNG, "close when ACCEPT has rung")                                             \
  X(CLOSE_UNCLAIMED, "close of a listener with an unclaimed connection")                         \
  X(CLOSE_CALLBACKS_OWED, "close while writes only owe their callbacks")                         \
  X(CLOSE_IN_ALLOC_CB, "close of its own handle in alloc_cb")                                    \
  X(CLOSE_IN_READ_CB, "close of its own handle in read_cb")                                      \
  X(CLOSE_IN_WRITE_CB, "close of its own handle in write_cb")                                    \
  X(CLOSE_IN_CONNECT_CB, "close of its own handle in connect_cb")                                \
  X(CLOSE_IN_SHUTDOWN_CB, "close of its own handle in shutdown_cb")                              \
  X(CLOSE_IN_CONNECTION_CB, "close of its own handle in connection_cb")                          \
  X(CLOSE_IN_CLOSE_CB, "close of another handle in close_cb")                                    \
  X(CLOSE_IN_TIMER_CB, "close of its own handle in timer_cb")                                    \
  X(CLOSE_IN_IDLE_CB, "close of its own handle in idle_cb")                                      \
  X(CLOSE_IN_PREPARE_CB, "close of its own handle in prepare_cb")                                \
  X(CLOSE_IN_CHECK_CB, "close of its own handle in check_cb")                                    \
  X(CLOSE_IN_ASYNC_CB, "close of its own handle in async_cb")                                    \
  X(CLOSE_IN_SIGNAL_CB, "close of its own handle in signal_cb")                                  \
  X(CLOSE_IN_EXIT_CB, "close of its own handle in exit_cb")

enum sim_mark {
#define MARK(name, text) MARK_##name,
  SIM_MARKS(MARK)
#undef MARK
  SIM_MARK_COUNT
};

/* How often each was reached, in all runs. */
extern unsigned long sim_marks[SIM_MARK_COUNT];

static inline void sim_mark(enum sim_mark mark) {
  sim_marks[mark]++;
}

#endif /* MARKS_H_ */
