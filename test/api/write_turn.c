/* In which turn of the loop the callback of a write comes (rule W1): not in the one in which it was
 * made, but where a callback of its own stream made it; and before the answer is read. */
#include "harness.h"
#include "net.h"
#include "uv.h"

static uv_tcp_t a;
static uv_tcp_t b;
static uv_tcp_t c;
static uv_tcp_t d;
static uv_write_t request;
static uv_check_t check;
static int checks;
static int checks_before; /* when the write was made */
static int written;
static int checks_between; /* until its callback */

static void count_check(uv_check_t* handle) {
  (void) handle;
  checks++;
}

static void on_written(uv_write_t* req, int status) {
  CHECK_EQ(status, 0);
  CHECK_EQ(written++, 0);
  checks_between = checks - checks_before;
  uv_stop(req->handle->loop);
}

/* Of so little that the system takes it at once: the callback is all that is left to come. */
static void write_to_a(void) {
  uv_buf_t buf = uv_buf_init((char*) "x", 1);

  CHECK_EQ(uv_write(&request, (uv_stream_t*) &a, &buf, 1, on_written), 0);
  CHECK_EQ(written, 0);
  checks_before = checks;
}

static void begin(void) {
  net_pair(&a, &b);
  net_turns(2);
  CHECK_EQ(uv_check_init(net_loop(), &check), 0);
  CHECK_EQ(uv_check_start(&check, count_check), 0);
}

static void run_until_written(void) {
  CHECK(uv_run(net_loop(), UV_RUN_DEFAULT) != 0);
  CHECK_EQ(written, 1);
}

static void write_of_async(uv_async_t* handle) {
  (void) handle;
  write_to_a();
}

TEST(w1_callback_of_a_write_from_an_async_comes_in_another_turn) {
  uv_async_t async;

  begin();
  CHECK_EQ(uv_async_init(net_loop(), &async, write_of_async), 0);
  CHECK_EQ(uv_async_send(&async), 0);
  run_until_written();
  CHECK_EQ(checks_between, 1);
  net_end();
}

static void write_of_prepare(uv_prepare_t* handle) {
  CHECK_EQ(uv_prepare_stop(handle), 0);
  write_to_a();
}

TEST(w1_callback_of_a_write_from_a_hook_comes_in_another_turn) {
  uv_prepare_t prepare;

  begin();
  CHECK_EQ(uv_prepare_init(net_loop(), &prepare), 0);
  CHECK_EQ(uv_prepare_start(&prepare, write_of_prepare), 0);
  run_until_written();
  CHECK_EQ(checks_between, 1);
  net_end();
}

static void write_of_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  CHECK(nread > 0);
  CHECK_EQ(uv_read_stop(stream), 0);
  write_to_a();
}

static void read_and_write(uv_stream_t* reader, uv_stream_t* its_peer) {
  uv_buf_t buf = uv_buf_init((char*) "y", 1);

  CHECK_EQ(uv_read_start(reader, net_alloc, write_of_read), 0);
  CHECK_EQ(uv_try_write(its_peer, &buf, 1), 1);
  run_until_written();
}

TEST(w1_callback_of_a_write_from_another_stream_comes_in_another_turn) {
  begin();
  net_pair(&c, &d);
  read_and_write((uv_stream_t*) &c, (uv_stream_t*) &d);
  CHECK_EQ(checks_between, 1);
  net_end();
}

/* Its memory comes back before the next stream needs some. */
TEST(w1_callback_of_a_write_from_its_own_stream_comes_at_once) {
  begin();
  read_and_write((uv_stream_t*) &a, (uv_stream_t*) &b);
  CHECK_EQ(checks_between, 0);
  net_end();
}

static uv_write_t more[3];
static int more_written;

static void on_more(uv_write_t* req, int status) {
  CHECK_EQ(status, 0);
  CHECK(req == &more[more_written]); /* in the order of the calls, whoever made them */
  if (++more_written == 3)
    uv_stop(req->handle->loop);
}

static void write_more(int which) {
  uv_buf_t buf = uv_buf_init((char*) "z", 1);

  CHECK_EQ(uv_write(&more[which], (uv_stream_t*) &a, &buf, 1, on_more), 0);
}

static void write_inside(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  CHECK(nread > 0);
  CHECK_EQ(uv_read_stop(stream), 0);
  write_more(1);
  write_more(2);
}

static void write_outside(uv_async_t* handle) {
  (void) handle;
  write_more(0);
}

/* One from an async, in whose turn the stream writes by itself, too. */
TEST(w1_callbacks_keep_their_order_whoever_wrote) {
  uv_buf_t buf = uv_buf_init((char*) "y", 1);
  uv_async_t async;

  begin();
  CHECK_EQ(uv_async_init(net_loop(), &async, write_outside), 0);
  CHECK_EQ(uv_read_start((uv_stream_t*) &a, net_alloc, write_inside), 0);
  net_turns(1);
  CHECK_EQ(uv_try_write((uv_stream_t*) &b, &buf, 1), 1);
  CHECK_EQ(uv_async_send(&async), 0);
  CHECK(uv_run(net_loop(), UV_RUN_DEFAULT) != 0);
  CHECK_EQ(more_written, 3);
  net_end();
}

/* ---- Questions and answers, with one request for all questions ---- */

enum {
  QUESTIONS = 20
};

static uv_write_t question;
static int asked;
static int told;
static int answered;

static void on_asked(uv_write_t* req, int status) {
  CHECK_EQ(status, 0);
  CHECK(req == &question);
  told++;
}

/* The peer is quick: its answer is there when the call returns. */
static void ask(void) {
  uv_buf_t buf = uv_buf_init((char*) "q", 1);

  CHECK_EQ(told, asked); /* The request is the program's. */
  asked++;
  CHECK_EQ(uv_write(&question, (uv_stream_t*) &a, &buf, 1, on_asked), 0);
  CHECK_EQ(uv_try_write((uv_stream_t*) &b, &buf, 1), 1);
}

/* A buffer that each answer fills, so that the stream looks for more in the same turn. */
static void alloc_one(uv_handle_t* handle, size_t suggested, uv_buf_t* buf) {
  static char byte;

  (void) handle;
  (void) suggested;
  *buf = uv_buf_init(&byte, 1);
}

static void on_answer(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  if (nread == 0)
    return;
  CHECK_EQ(nread, 1);
  CHECK_EQ(told, asked);
  if (++answered == QUESTIONS)
    uv_stop(stream->loop);
  else
    ask();
}

TEST(w1_answer_is_read_after_the_callback_of_its_question) {
  net_pair(&a, &b);
  CHECK_EQ(uv_read_start((uv_stream_t*) &a, alloc_one, on_answer), 0);
  ask();
  CHECK(uv_run(net_loop(), UV_RUN_DEFAULT) != 0);
  CHECK_EQ(answered, QUESTIONS);
  net_end();
}

static void echo(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  uv_buf_t back = uv_buf_init(buf->base, nread > 0 ? (unsigned) nread : 0);

  if (nread > 0)
    CHECK_EQ(uv_try_write(stream, &back, 1), nread);
}

static void on_last_answer(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  if (nread == 0)
    return;
  CHECK_EQ(nread, 1);
  CHECK_EQ(told, asked);
  uv_stop(stream->loop);
}

/* Asked before the loop runs; its first turn brings all that is to come. */
TEST(w1_answer_to_a_question_of_the_program_is_read_after_its_callback) {
  uv_buf_t buf = uv_buf_init((char*) "q", 1);

  net_pair(&a, &b);
  CHECK_EQ(uv_read_start((uv_stream_t*) &b, net_alloc, echo), 0);
  CHECK_EQ(uv_read_start((uv_stream_t*) &a, net_alloc, on_last_answer), 0);
  asked = 1;
  CHECK_EQ(uv_write(&question, (uv_stream_t*) &a, &buf, 1, on_asked), 0);
  CHECK(uv_run(net_loop(), UV_RUN_DEFAULT) != 0);
  CHECK_EQ(told, 1);
  net_end();
}
