#!/usr/bin/env python3
"""Plants bugs in the core, one at a time, and has the model find them.

A mutant is a file of src/core, a text that occurs in it exactly once, and what stands there
instead. Each is compiled into a copy of the simulator's test and run over many seeds; the
first seed that notices is printed. The script fails when a mutant survives, and when its
text is no longer found: then the core has changed and the mutant must follow.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CORE = ROOT / "src" / "core"


def path_of(file):
    """Where the file of the core with this name is: no two have the same."""
    (path,) = CORE.rglob(file)
    return path

MUTANTS = [
    # name, file, old, new
    ("the read budget ends and nobody asks for another turn", "read.c",
     "    if (rounds == READ_ROUNDS) {\n      uv__loop_again(io);\n      return;",
     "    if (rounds == READ_ROUNDS) {\n      return;"),
    ("the read budget never ends", "read.c",
     "    if (rounds == READ_ROUNDS) {",
     "    if (rounds == READ_ROUNDS * 1000) {"),
    ("a read callback follows uv_read_stop", "read.c",
     "  stream->flags &= ~(unsigned) UV__STREAM_READING;\n  if",
     "  if"),
    ("a buffer is not handed back when alloc_cb stopped", "read.c",
     "    read_cb(stream, 0, &buf);\n    return;\n  }\n  n = ",
     "    return;\n  }\n  n = "),
    ("alloc_cb stopped, and the bytes are read all the same", "read.c",
     "  if ((stream->flags & (UV__STREAM_READING | UV__STREAM_ASKED)) != UV__STREAM_READING ||\n      (uv",
     "  if (0 ||\n      (uv"),
    ("alloc_cb started anew, and the bytes are read all the same", "read.c",
     " != UV__STREAM_READING ||\n      (uv__stream_io(stream)->busy & UV__READ)) {",
     " != UV__STREAM_READING) {"),
    ("reading goes on after EOF", "read.c",
     "  leave(stream);\n  uv__read_note_end",
     "  uv__read_note_end"),
    ("a stream can be written to after an error", "read.c",
     "  if (why != UV_EOF && why != UV_ENOTCONN)\n",
     "  if (0)\n"),
    ("nothing to read is not told, and the buffer lost", "read.c",
     "    stream->read_cb(stream, 0, &buf);\n    return;",
     "    return;"),
    ("what is asked where reading starts is not noted", "read.c",
     "  if (r == UV__PENDING)\n    io->busy |= UV__READ;\n  return r == UV__PENDING;\n",
     "  return r == UV__PENDING;\n"),
    ("a lane that is asked is asked again", "read.c",
     "      if (io->busy & UV__READ)\n        return;\n",
     ""),
    ("a disarmed lane that still rings counts as free", "read.c",
     "io->ops->read_disarm(io) == 0)",
     "(io->ops->read_disarm(io), 1))"),
    ("a write callback runs twice", "write_queue.c",
     "    if (req->cb != NULL)\n      req->cb(req, req->status);",
     "    if (req->cb != NULL && req->nbufs == 3)\n      req->cb(req, req->status);\n"
     "    if (req->cb != NULL)\n      req->cb(req, req->status);"),
    ("a partial write advances too far", "write_queue.c",
     "      buf->base += part;\n      buf->len -= (uv__buf_len_t) part;\n",
     "      part += part > 0 && buf->len - part > 1;\n"
     "      buf->base += part;\n      buf->len -= (uv__buf_len_t) part;\n"),
    ("a partial write advances too little", "write_queue.c",
     "      buf->base += part;\n      buf->len -= (uv__buf_len_t) part;\n",
     ""),
    ("a gathered write ends with its first request", "write_queue.c",
     "      n -= part;\n",
     "      n = 0;\n"),
    ("write_queue_size keeps what a failed write left", "write_queue.c",
     "  stream->write_queue_size = 0;\n  while",
     "  while"),
    ("write_queue_size keeps what was cancelled", "write_queue.c",
     "    stream->write_queue_size -= req->bufs[i].len;",
     "    stream->write_queue_size -= 0;"),
    ("writes behind a failed one are forgotten", "write_queue.c",
     "  stream->write_queue_size = 0;\n  while (!uv__queue_empty(queue)) {",
     "  stream->write_queue_size = 0;\n  if (!uv__queue_empty(queue)) {"),
    ("writes behind a failed one are tried", "write.c",
     "  } else {\n    fail(stream, (int) n);\n",
     "  } else {\n    uv_write_t* req =\n"
     "        uv__container_of(uv__queue_head(&stream->stream.write_queue), uv_write_t, link);\n"
     "    for (; req->at < req->nbufs; req->at++)\n"
     "      stream->write_queue_size -= req->bufs[req->at].len;\n"
     "    req->status = (int) n;\n"),
    ("a lone write that was taken in part is over", "write.c",
     "UV__QUEUE, NULL)) == (ssize_t) bufs->len)",
     "UV__QUEUE, NULL)) > 0)"),
    ("a lone write overtakes those that wait", "write.c",
     "  if (!uv__queue_empty(&stream->stream.write_queue))\n    uv__write_enqueue",
     "  if (0)\n    uv__write_enqueue"),
    ("a lone try overtakes those that wait", "write.c",
     "is_plain(stream, bufs, nbufs) &&\n      uv__queue_empty(&stream->stream.write_queue))",
     "is_plain(stream, bufs, nbufs))"),
    ("what ends in a write callback has no turn of its own", "write_queue.c",
     "  stream->flags &= ~(unsigned) UV__STREAM_DELIVERS;\n",
     ""),
    ("a write that failed can be cancelled", "write_queue.c",
     "    req->at = req->nbufs; /* Nothing is left to take back. */\n",
     ""),
    ("a write in flight can be cancelled", "write_cancel.c",
     "  if (uv__write_queue_stage(req) == UV__WRITE_FLIES)\n    r = recall(stream);\n",
     ""),
    ("a write that is taken back keeps its lane", "write_cancel.c",
     "    io->busy &= (unsigned char) ~UV__WRITE;\n    uv__write_queue_mark(stream, 0);\n  }",
     "    uv__write_queue_mark(stream, 0);\n  }"),
    ("those that flew with a cancelled write are forgotten", "write_cancel.c",
     "  uv__loop_again(io); /* For those that flew with it. */\n",
     ""),
    ("more is gathered than the array holds", "write_queue.c",
     "  if (to->count == UV__GATHER || room == 0)",
     "  if (room == 0)"),
    ("the write budget ends and nobody asks for another turn", "write.c",
     "    if (rounds == WRITE_ROUNDS) {\n      uv__loop_again(io);\n      return 0;",
     "    if (rounds == WRITE_ROUNDS) {\n      return 0;"),
    ("try_write overtakes what is queued", "write.c",
     "|| !uv__queue_empty(&stream->stream.write_queue))\n    return UV_EAGAIN;",
     ")\n    return UV_EAGAIN;"),
    ("a blocking write returns too early", "write.c",
     "    flush_blocking(stream);\n  else if (first)",
     "    flush(stream);\n  else if (first)"),
    ("what is queued is not tried on close", "finish.c",
     "  if (!uv__queue_empty(&stream->stream.write_queue))\n    uv__write_last(stream);\n",
     ""),
    ("the last try is taken for nothing", "write.c",
     "    if (n <= 0)\n      return;\n    io->busy",
     "    if (n <= 1)\n      return;\n    io->busy"),
    ("what the last write took over stays in flight", "write.c",
     "    io->busy &= (unsigned char) ~UV__WRITE; /* What was in flight is among them. */\n",
     ""),
    ("the port does not learn that a write is the last", "finish.c",
     "  io->busy |= UV__CLOSED; /* The port may know that it is the last write. */\n",
     ""),
    ("callbacks of writes run from the newest", "write_queue.c",
     "  uv__queue_insert_tail(done, &req->link);",
     "  uv__queue_insert_tail(done->next, &req->link);"),
    ("what ends while others are told is not told", "write_queue.c",
     "  if (!uv__queue_empty(done) && !(stream->flags & UV__STREAM_DELIVERS))\n",
     "  if (0)\n"),
    ("a write calls back in the turn of who wrote", "write_queue.c",
     "  return (req->state & OUTSIDE) &&",
     "  return (req->state & OUTSIDE) && req->nbufs == 0 &&"),
    ("what is cancelled while the stream connects is told before that", "write_queue.c",
     "  if (stream->stream.phase == UV__CONNECTED && !(stream->stream.io.busy & UV__WRITE))\n",
     "  if (!(stream->stream.io.busy & UV__WRITE))\n"),
    ("a callback that was early is forgotten", "write_queue.c",
     "      uv__loop_later(uv__stream_io(stream));\n      return; /* And",
     "      return; /* And"),
    ("a shutdown overtakes the writes that ended with its connect", "shutdown.c",
     "    if (uv__queue_empty(&stream->stream.write_done))\n      uv__shutdown_end",
     "    if (1)\n      uv__shutdown_end"),
    ("the loop waits although callbacks are owed", "run.c",
     "  if (!uv__queue_empty(&loop->later) || !uv__queue_empty(&loop->refused))",
     "  if (!uv__queue_empty(&loop->refused))"),
    ("a write calls back before uv_write returns", "write.c",
     "  else if (first)\n    (void) flush(stream);",
     "  else if (first)\n    uv__write_turn(stream);"),
    ("the array of many buffers is not freed", "write_queue.c",
     "    if (req->bufs != req->inline_bufs)\n      uv__free(req->bufs);\n",
     ""),
    ("out of memory leaves the loop alive", "write.c",
     "    if (room == NULL)\n      return UV_ENOMEM;",
     "    if (room == NULL) {\n      uv__loop_hold(stream->loop);\n      return UV_ENOMEM;\n    }"),
    ("a rung write is collected after the callbacks", "turn.c",
     "  if (rung & UV__WRITE)\n    uv__write_collect(stream);",
     "  if ((rung & UV__WRITE) && !(stream->flags & UV__STREAM_READING))\n"
     "    uv__write_collect(stream);"),
    ("shutdown does not wait for the queue", "shutdown.c",
     "  if (!uv__write_drained(stream))\n    return;",
     "  if (0)\n    return;"),
    ("on close, shutdown ends before the writes", "finish.c",
     "  if (!uv__write_drained(stream)) {\n    uv__write_fail(stream, UV_ECANCELED);\n",
     "  if (stream->stream.shutdown_req != NULL && !(io->busy & UV__SHUTDOWN))\n"
     "    uv__shutdown_end(stream, UV_ECANCELED);\n"
     "  if (!uv__write_drained(stream)) {\n    uv__write_fail(stream, UV_ECANCELED);\n"),
    ("a connect is forgotten on close", "finish.c",
     "    uv__connect_end(stream, UV_ECANCELED);",
     "    uv__loop_release(stream->loop);"),
    ("what a write in flight did is not asked on close", "finish.c",
     "    uv__connect_end(stream, UV_ECANCELED);\n  if (io->busy & UV__WRITE)\n"
     "    uv__write_collect(stream);\n",
     "    uv__connect_end(stream, UV_ECANCELED);\n"),
    ("the unclaimed connection leaks on close", "finish.c",
     "    uv__port_discard(&stream->stream.kept.pending);",
     "    stream->stream.kept.pending.kind = UV__DESC_NONE;"),
    ("close_cb does not wait for the system", "finish.c",
     "  return uv__stream_give_back(stream, UV__CLOSING);\n",
     "  if (uv__stream_give_back(stream, UV__CLOSING) == 0)\n    return 0;\n"
     "  uv__loop_closing(stream->loop, handle);\n  return UV__PENDING;\n"),
    ("a closed stream stays in the list of the ready ones", "finish.c",
     "    uv__queue_remove(&io->link);\n    io->waiting = UV__WAITS_NOT;",
     "    io->waiting = UV__WAITS_NOT;"),
    ("uv_accept does not ask for the next connection", "accept.c",
     "  uv__loop_again(uv__stream_io(server)); /* For the next connection. */\n",
     ""),
    ("an unclaimed connection is thrown away for the next", "accept.c",
     "    if (server->stream.kept.pending.kind != UV__DESC_NONE || (io->busy & UV__ACCEPT) ||",
     "    if (server->stream.kept.pending.kind != UV__DESC_NONE)\n"
     "      uv__port_discard(&server->stream.kept.pending);\n"
     "    if ((io->busy & UV__ACCEPT) ||"),
    ("a listener without resources is never tried again", "loop.c",
     "    io->waiting = UV__WAITS_STARVED;\n    uv__queue_insert_tail(&loop->starved, &io->link);\n",
     ""),
    ("the accept budget ends and nobody asks for another turn", "accept.c",
     "    if (rounds == ACCEPT_ROUNDS) {\n      uv__loop_again(io);\n      return;",
     "    if (rounds == ACCEPT_ROUNDS) {\n      return;"),
    ("a client that gave up is reported", "accept.c",
     "    if (r == UV_ECONNABORTED)\n",
     "    if (0)\n"),
    ("a lack of resources is reported at every try", "accept.c",
     "  server->flags |= UV__STREAM_STARVED;\n",
     ""),
    ("writes started while connecting stay behind", "connect.c",
     "  uv__write_fail(stream, UV_ECANCELED);\n",
     ""),
    ("a failed connect leaves the stream reading", "connect.c",
     "    uv__read_fail(stream, UV_ECANCELED);",
     "    return;"),
    ("a connect that failed counts as one", "connect.c",
     "  if (status >= 0) {\n",
     "  if (1) {\n"),
    ("a request is not counted off", "connect.c",
     "  uv__loop_release(stream->loop);\n",
     ""),
    ("a handle goes again with the rest of its write", "write_queue.c",
     "      if ((req->state |= BEGUN) & HOLDS)\n        let_go(req);\n",
     "      req->state |= BEGUN;\n"),
    ("a handle is gathered behind other bytes", "write_queue.c",
     "    if (to->count > 0)\n      return 0;\n    uv__gathered_pass",
     "    uv__gathered_pass"),
    ("of several handles only the first knows that it is to go", "write_handles.c",
     "  for (at = uv__several_of(req)->list; *at != NULL; at++)\n    uv__write_count",
     "  for (at = uv__several_of(req)->list; at == uv__several_of(req)->list; at++)\n    uv__write_count"),
    ("of several handles only the first fails the write when it closes", "write_queue.c",
     "         ((req->state & UV__WRITE_SEVERAL) && uv__several_of(req)->ops->has(req, handle));",
     "         ((req->state & UV__WRITE_SEVERAL) && 0);"),
    ("several handles stay counted when one of them closes", "write_queue.c",
     "  req->status = status;\n  let_go(req);\n",
     "  req->status = status;\n  if (!(req->state & UV__WRITE_SEVERAL))\n    let_go(req);\n"),
    ("of several handles one is left out", "write_handles.c",
     "  several->list[count] = NULL;",
     "  several->list[count - 1] = NULL;"),
    ("a handle may go twice with one write", "write_handles.c",
     "is_among(handles, i, handles[i])",
     "is_among(handles, 0, handles[i])"),
    ("a closed handle is passed all the same", "finish.c",
     "\n  if (stream->stream.passing > 0)\n    uv__write_forsake(stream);\n"
     "  stream->flags &= ~(unsigned) (UV__STREAM_READING",
     "\n  stream->flags &= ~(unsigned) (UV__STREAM_READING"),
    ("a closed handle fails the first write of the queue only", "write_queue.c",
     "      withdraw(stream, req, UV_EBADF);\n      continue;",
     "      withdraw(stream, req, UV_EBADF);\n      return;"),
    ("a write in flight whose handle closed is written again", "write_queue.c",
     "    req->state |= FORSAKEN; /* The port may have it already. */\n",
     ""),
    ("a walk hides the handles that it has not come by", "handle.c",
     "  struct uv__walk walk = {list->next, list->prev, loop->walks};\n"
     "\n"
     "  if (walk_cb == NULL)\n"
     "    return;\n"
     "  loop->walks = &walk;\n"
     "  while (walk.next != list) {\n"
     "    struct uv__queue* link = walk.next;\n"
     "\n"
     "    walk.next = link == walk.last ? list : link->next;\n",
     "  struct uv__walk walk = {list, list, loop->walks};\n"
     "  struct uv__queue batch;\n"
     "\n"
     "  loop->walks = &walk;\n"
     "  uv__queue_move(list, &batch);\n"
     "  while (!uv__queue_empty(&batch)) {\n"
     "    struct uv__queue* link = uv__queue_head(&batch);\n"
     "\n"
     "    uv__queue_remove(link);\n"
     "    uv__queue_insert_tail(list, link);\n"),
    ("handles that arrived are claimed from the newest", "arrival.c",
     "  return uv__arrival_count(handle) == 0 ? NULL : &arrivals->descs[arrivals->head];",
     "  return uv__arrival_count(handle) == 0\n"
     "             ? NULL\n"
     "             : &arrivals->descs[arrivals->head + arrivals->count - 1];"),
    ("handles that nobody claimed leak", "arrival.c",
     "  uv__arrival_discard(handle->arrivals);\n",
     "  uv__free(handle->arrivals);\n"),
    ("a handle that arrived stays after it was claimed", "accept.c",
     "    uv__arrival_claimed((uv_pipe_t*) server);\n",
     ""),
    ("handles that came without bytes end the stream", "read.c",
     "  if (n == UV_EAGAIN || n == 0) {",
     "  if (n == UV_EAGAIN) {"),
    ("a handle of another loop can be passed", "write_gate.c",
     "  if (send_handle->loop != stream->loop)\n    return UV_EINVAL; /* Another thread might close it. */\n",
     ""),
    ("a write that began over an IPC pipe can be cancelled", "write_cancel.c",
     "  if (uv__write_queue_stage(req) == UV__WRITE_BEGUN && (stream->flags & UV__STREAM_PASSES))\n"
     "    return UV_ENOTSUP;\n",
     ""),
    ("a server that was passed has lost the error of its bind", "stream.c",
     "    stream->stream.delayed_error = UV_EADDRINUSE;",
     "    stream->stream.delayed_error = 0;"),
    ("a child's end is told after the close", "child.c",
     "  if (!(handle->flags & HAS_ENDED) || uv__handle_is_closing(handle))\n    return;",
     "  if (!(handle->flags & HAS_ENDED))\n    return;"),
    ("a process that ended keeps the loop alive", "child.c",
     "  uv__handle_stop((uv_handle_t*) handle);\n  uv__loop_told",
     "  uv__loop_told"),
    ("the close of a process does not wait for the system", "child.c",
     "  if (r == UV__PENDING) {\n    process->io.busy",
     "  if (r == UV__PENDING) {\n    uv__loop_closing(handle->loop, handle);\n    process->io.busy"),
    ("a closed process stays in the list of the ready ones", "child.c",
     "  uv__queue_remove(&((uv_process_t*) handle)->io.link);\n",
     "  (void) handle;\n"),
    ("a child that could not be given its pipes is told of", "process.c",
     "  uv__free(rows);\n  if (r == 0)\n    uv__process_begin(",
     "  uv__free(rows);\n  handle->exit_cb = options->exit_cb;\n  if (r == 0)\n    uv__process_begin("),
    ("pipes of a child that never was are left as they were", "process.c",
     "    orphan(options, rows);\n",
     "    (void) orphan;\n"),
    ("a signal watcher that stopped is told what was taken", "signal.c",
     "  handle->signum = 0;\n  handle->caught = 0;\n  handle->owed = 0;\n  uv__handle_stop",
     "  handle->signum = 0;\n  handle->caught = 0;\n  uv__handle_stop"),
    ("a one-shot watcher goes on", "signal.c",
     "    if (handle->oneshot)\n      uv_signal_stop(handle);\n",
     ""),
    ("of several signals one is told", "signal.c",
     "  handle->owed = uv__port_signal_take(io, &handle->caught);\n",
     "  handle->owed = uv__port_signal_take(io, &handle->caught) > 0;\n"),
    ("a watcher whose new signal is refused forgets its old one", "signal.c",
     "        handle->signum = before;\n",
     "        uv__port_signal_stop(&handle->io, &handle->watcher, before), before = 0;\n"),
    ("a closed watcher stays in the list of the ready ones", "signal.c",
     "  uv__queue_remove(&((uv_signal_t*) handle)->io.link);\n",
     "  (void) handle;\n"),
    ("an async sent during the callbacks is lost", "async.c",
     "    handle->async_cb(handle);\n",
     "    handle->async_cb(handle);\n  uv__atomic_store(&loop->wake_pending, 0);\n"),
    ("of several asyncs only the last is heard", "async.c",
     "  if (sent != NULL && sent->next == NULL && ",
     "  if (sent != NULL && "),
    ("the loop does not lie down any more after an async", "run.c",
     "  uv__atomic_store(&loop->wake_pending, 0);\n  uv__async_run",
     "  uv__async_run"),
    ("a lane that rang stays busy", "run.c",
     "  io->busy &= (unsigned char) ~rung;\n",
     ""),
    ("who asks for a turn within its turn gets none", "run.c",
     "  io->waiting = UV__WAITS_NOT;\n  io->busy",
     "  io->busy"),
    ("the loop sleeps over an async", "run.c",
     "  if (uv__atomic_load(&loop->wake_pending))\n    timeout_ms = 0;\n",
     ""),
    ("a timer runs early", "timer.c",
     "alarm->due <= loop->time",
     "alarm->due <= loop->time + 1"),
    ("work of the pool that runs can be cancelled", "threadpool.c",
     "  if (work->state == WAITING) {\n    pool.queued--;",
     "  if (work->state != ENDED) {\n    pool.queued -= work->state == WAITING;"),
    ("cancelled work of the pool ends as if it had run", "threadpool.c",
     "    end(work, UV_ECANCELED);\n    r = 0;",
     "    end(work, 0);\n    r = 0;"),
    ("cancelled work of the pool runs all the same", "threadpool.c",
     "    pool.queued--;\n    end(work, UV_ECANCELED);",
     "    work->status = UV_ECANCELED;"),
    ("the end of work of the pool wakes nobody", "threadpool.c",
     "  uv__loop_wake(work->loop);\n",
     ""),
    ("a cancelled lookup of the pool ends like a write", "dns.c",
     "    req->retcode = UV_EAI_CANCELED; /* A lookup's errors are those of lookups. */",
     "    req->retcode = UV_ECANCELED;"),
    ("a connect to a name leaves its lookup in the queue", "race.c",
     "      (void) uv__work_cancel(&race->lookup.work);",
     "      (void) 0;"),
    ("a connect to a name uses an answer that comes after its end", "race.c",
     "  race->is_looking = 0;\n  if (race->status == UV__PENDING) {",
     "  race->is_looking = 0;\n  if (race->attempts == NULL) {"),
    ("a connect to a name leaves those that were slower", "race.c",
     "      if (attempt->status != UV__PENDING)\n        continue;",
     "      if (attempt->status != UV__PENDING || race->winner != NULL)\n        continue;"),
    ("a connect to a name waits for each attempt", "race.c",
     "    next = now + DELAY_MS;\n",
     "    ;\n"),
    ("a connect to a name tries all at once", "race.c",
     "      race->flying++;\n      break;",
     "      race->flying++;\n      continue;"),
    ("a connect to a name has no limit while attempts go on", "race.c",
     "  if (timer->loop->time >= race->deadline)",
     "  if (timer->loop->time >= race->deadline && race->flying == 0)"),
    ("a connect to a name tells of the first attempt that failed", "race.c",
     "  attempt->status = error;\n  attempt->race->error = error;",
     "  attempt->status = error;\n  if (attempt->race->error == 0)\n    attempt->race->error = error;"),
    ("a connect to a name takes the socket that is to be passed", "dial.c",
     " || stream->stream.passing > 0))",
     "))"),
    ("a hang-up is told though it was stopped", "hangup.c",
     "  uv__extra_take(&hangup->extra);\n  uv__loop_release(stream->loop);\n}",
     "  uv__loop_release(stream->loop);\n}"),
    ("a hang-up does not keep the loop going", "hangup.c",
     "  uv__loop_hold(stream->loop);\n",
     ""),
    ("a hang-up that the system does not tell of is asked for once", "hangup.c",
     "    uv__loop_starve(io);\n",
     "    return r;\n"),
    ("a ring for nothing is a hang-up", "hangup.c",
     "  if (r == 0) {\n    if (io->busy",
     "  if (r == 0 && !(rung & UV__HANGUP)) {\n    if (io->busy"),
    ("a request to read ends with fewer bytes than it needs", "reads.c",
     "    if (req->nread >= req->min)\n",
     "    if (req->nread > 0)\n"),
    ("a request to read begins again in the same place", "reads.c",
     "  req->offset += n;\n",
     "  (void) n;\n"),
    ("a request to read overtakes an older one", "reads.c",
     "    uv__queue_insert_tail(&oldest(extra)->link, &req->link);",
     "    uv__queue_insert_head(&oldest(extra)->link, &req->link);"),
    ("a request that was taken back is served", "reads.c",
     "  req->status = UV_ECANCELED;\n  note_waiting",
     "  note_waiting"),
    ("the end is told to the oldest request only", "reads.c",
     "  } while (req != last && extra != NULL);",
     "  } while (0);"),
    ("who started reading does not hear of the end that a request saw", "read.c",
     "  if (stream->flags & UV__STREAM_READING)\n    end(stream, why, &none);",
     "  if ((stream->flags & UV__STREAM_READING) && why != UV_EOF)\n    end(stream, why, &none);"),
    ("alloc_cb is called while a request waits", "extra.c",
     "  if (reads == NULL)\n    return 0;\n",
     "  if (reads == NULL || (stream->flags & UV__STREAM_READING))\n    return 0;\n"),
    ("bytes do not begin the time anew", "deadline.c",
     "  begin(deadline_of(extra));\n",
     "  if (extra->ops->kind != UV__EXTRA_READ_LIMIT || !deadline_of(extra)->is_set)\n"
     "    begin(deadline_of(extra));\n"),
    ("what was written does not begin the time anew", "write_queue.c",
     "    uv__extra_tell(stream, 1u << UV__EXTRA_WRITE_LIMIT);\n  else if",
     "    ;\n  else if"),
    ("a connection begins no limits", "stream.c",
     "  uv__extra_tell(stream, 1u << UV__EXTRA_READ_LIMIT | 1u << UV__EXTRA_WRITE_LIMIT |\n"
     "                             1u << UV__EXTRA_SHUTDOWN_LIMIT);\n",
     ""),
    ("a limit rings early", "deadline.c",
     "  if (due(deadline) > stream->loop->time) {",
     "  if (due(deadline) > stream->loop->time + 1) {"),
    ("silence drops the connection", "deadline.c",
     "    end_reading(stream);\n",
     "    uv__stream_drop(stream);\n"),
    ("a limit stays among the timers when its stream closes", "deadline.c",
     "  disarm(deadline_of(extra));\n  uv__extra_take(extra);",
     "  uv__extra_take(extra);"),
    ("what was dropped does not tell its writes", "drop.c",
     "  uv__write_fail(stream, UV_ETIMEDOUT);\n",
     ""),
    ("what was dropped tells of a close", "drop.c",
     "    uv__connect_end(stream, UV_ETIMEDOUT);",
     "    uv__connect_end(stream, UV_ECANCELED);"),
    ("handles that nobody claimed stay behind when their stream moves", "move.c",
     "    moving->arrivals = ((uv_pipe_t*) stream)->arrivals;\n    ((uv_pipe_t*) stream)->arrivals = NULL;\n",
     ""),
    ("a stream that moves and is dropped keeps the handles that came over it", "move.c",
     "  uv__arrival_discard(moving->arrivals);\n",
     ""),
    ("a stream leaves that a write has yet to pass", "move.c",
     "|| s->passing > 0 ||",
     "||"),
    ("a stream leaves with a limit of time on it", "move.c",
     " || uv__extras(stream) != NULL)\n",
     ")\n"),
    ("a stream can be attached before it has left", "move.c",
     "  moving->cb = cb;\n",
     "  moving->cb = cb;\n  moving->type = stream->type;\n  moving->io = stream->stream.io;\n"),
    ("a handle that could not take a stream is spoiled", "move.c",
     "    io->ops = fresh;\n    io->ops->init(io);\n",
     "    io->ops = fresh;\n"),
    ("a stream that has left reads on", "move.c",
     "  stream->flags &= ~(unsigned) (UV__STREAM_READING | UV__STREAM_READABLE | UV__STREAM_WRITABLE);\n",
     "  stream->flags &= ~(unsigned) (UV__STREAM_READABLE | UV__STREAM_WRITABLE);\n"),
    ("blocking mode stays behind when a stream moves", "move.c",
     "UV__STREAM_SHUT | UV__STREAM_BLOCKING |",
     "UV__STREAM_SHUT |"),
    ("a stream that moved cannot be read from", "move.c",
     "  GOES = UV__STREAM_READABLE |",
     "  GOES ="),
    ("a file that is short ends well", "send_file.c",
     "  if (!req->to_end)\n    return UV_EOF;\n",
     ""),
    ("a file that fails is told before the writes in front of it", "send_file.c",
     "    if (!uv__queue_empty(&stream->stream.write_done))\n      return; /* Their",
     "    if (0)\n      return; /* Their"),
    ("writes go over the gap of a file that failed", "send_file.c",
     "    uv__write_fail(stream, req->write.status);\n",
     "    req->write.at = req->write.nbufs;\n    uv__write_queue_advance(stream, 0);\n"),
    ("writes go over the gap of a file that fails in flight", "write.c",
     "    fail(stream, stream->stream.phase == UV__DROPPED ? UV_ETIMEDOUT : (int) n);",
     "    uv__write_fail(stream, stream->stream.phase == UV__DROPPED ? UV_ETIMEDOUT : (int) n);"),
    ("a cancelled file whose last piece fails is just cancelled", "write.c",
     "  file->stops = 0; /* Else it was over, and what is behind it went on. */\n",
     ""),
    ("a file that has failed can be cancelled", "write_queue.c",
     "  if (req->at == req->nbufs || (is_file(req) && req->status < 0))\n    return UV__WRITE_OVER;",
     "  if (req->at == req->nbufs)\n    return UV__WRITE_OVER;"),
    ("progress of a file is told as often as it is made", "send_file.c",
     "  if (req->turn == stream->loop->turns) {",
     "  if (0) {"),
    ("a cancelled file goes on behind its piece", "send_file.c",
     "  req->stops = 1;\n",
     ""),
    ("a copied piece is read once more from its begin", "send_file.c",
     "    req->at += (unsigned) n;\n",
     ""),
    ("a file goes together with what waits behind it", "write_queue.c",
     "  if (is_forsaken(req) || is_file(req))\n    return 0;\n",
     "  if (is_forsaken(req) || (is_file(req) && to->count == 0))\n    return 0;\n"),
    ("in blocking mode a try is forgotten behind a file that fails", "write_queue.c",
     "  if (req->at < req->nbufs) /* Behind a file that has failed, which is yet to be told (X8). */\n"
     "    withdraw(req->handle, req, UV_EAGAIN);\n",
     ""),
]


def run(command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, **options)


class Build:
    """The simulator's test, object by object, so that a mutant costs one compilation."""

    def __init__(self, folder, compiler, flags):
        self.folder = folder
        self.compiler = compiler
        self.flags = flags + ["-std=c11", "-D_GNU_SOURCE", "-w", "-DUV__TAIL=\"sim_tail.h\"",
                              f"-I{HERE}", f"-I{ROOT / 'include'}", f"-I{ROOT / 'src'}"]
        self.objects = {}
        for source in sorted(CORE.rglob("*.c")) + sorted(HERE.glob("*.c")):
            self.objects[source.name] = self.compile(source, folder / (source.name + ".o"))

    def compile(self, source, target):
        result = run([self.compiler, *self.flags, "-c", str(source), "-o", str(target)])
        if result.returncode != 0:
            sys.exit(f"{source} does not compile:\n{result.stdout}")
        return target

    def link(self, target, replaced=None, by=None):
        objects = [str(by) if name == replaced else str(path)
                   for name, path in self.objects.items()]
        result = run([self.compiler, *self.flags, *objects, "-o", str(target)])
        if result.returncode != 0:
            sys.exit(f"{target} does not link:\n{result.stdout}")
        return target


def first_failure(program, seeds):
    """The first line that tells what went wrong and the seed that found it, or None. Random programs
    first, then those of scenarios.c."""
    environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
    named = re.findall(r'^    \{"([a-z_]+)", ', (HERE / "scenarios.c").read_text(encoding="utf-8"),
                       flags=re.MULTILINE)
    for what in [["--runs", str(seeds)], *(["--runs", "200", "--scenario", name] for name in named)]:
        try:
            result = run([str(program), *what, "--progress"], env=environment, timeout=600)
        except subprocess.TimeoutExpired:
            return "no end"
        if result.returncode != 0:
            return " ".join([*what[3:], describe(result)])
    return None


def describe(result):
    seed = "?"
    for line in result.stdout.splitlines():
        if line.startswith("at seed "):
            seed = line.split()[2]
        elif line.startswith("seed ") or "ERROR: " in line or "runtime error: " in line:
            return f"seed {seed}: {line.split(': ', 1)[1]}"
    return f"seed {seed}: status {result.returncode}"


def judge(build, number, mutant, seeds):
    name, file, old, new = mutant
    text = path_of(file).read_text(encoding="utf-8")
    if text.count(old) != 1:
        return False, f"STALE     {name}: its text is {text.count(old)} times in {file}"
    source = build.folder / f"mutant-{number}.c"
    source.write_text(text.replace(old, new), encoding="utf-8")
    program = build.folder / f"mutant-{number}"
    build.link(program, file, build.compile(source, source.with_suffix(".o")))
    found = first_failure(program, seeds)
    program.unlink()
    if found is None:
        return False, f"SURVIVED  {name}: {seeds} seeds saw nothing"
    return True, f"caught    {name}\n            {found}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20000, help="per mutant")
    parser.add_argument("--only", default="", help="mutants whose name contains this")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--part", default="1/1", help="K/N: of these every N-th, beginning with the K-th")
    parser.add_argument("--cc", default=os.environ.get("CC", "cc"))
    parser.add_argument("--flags", type=shlex.split,
                        default="-O1 -g -fsanitize=address,undefined "
                                "-fno-sanitize-recover=all -D_GNU_SOURCE".split())
    arguments = parser.parse_args()

    folder = pathlib.Path(tempfile.mkdtemp(prefix="uvstream-mutants-"))
    try:
        build = Build(folder, arguments.cc, arguments.flags)
        clean = first_failure(build.link(folder / "clean"), min(arguments.seeds, 2000))
        if clean is not None:
            sys.exit(f"the core fails without a mutant: {clean}")
        first, step = (int(number) for number in arguments.part.split("/"))
        chosen = [(i, m) for i, m in enumerate(MUTANTS) if arguments.only in m[0]][first - 1::step]
        with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
            waiting = [pool.submit(judge, build, i, m, arguments.seeds) for i, m in chosen]
            good = True
            for future in waiting:
                caught, report = future.result()
                print(report, flush=True)
                good = good and caught
    finally:
        shutil.rmtree(folder)
    print(f"{len(chosen)} mutants: {'all caught' if good else 'NOT all caught'}")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
