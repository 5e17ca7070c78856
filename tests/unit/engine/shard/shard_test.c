/* The loop, on two real rings: an echo server whose shards accept, receive, pass some of the bytes to the other shard
 * by mail, and send; with a client on a third shard. And the order of a step, on an engine that stands still. */
#include "shards.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <unistd.h>

#include "io/files.h"
#include "io/uring.h"

enum { SERVERS = 2, CLIENT = 2, CONNECTIONS = 8, ROUNDS = 50, MESSAGE_SIZE = 100 };

/* One echo connection: receiving -> (mailed to the other shard and back) -> sending -> receiving. */
struct echo {
    struct shard *shard;
    struct completion receive, send, close;
    struct mail mail;
    struct iovec part;
    int socket;
    uint8_t bytes[MESSAGE_SIZE];
    unsigned size;
    bool closing;
};

struct echo_server {
    struct completion accept, close;
    struct shard *shard;
    int listener;
    struct sockaddr_storage address;
    unsigned connection_count;
};

static void echo_closed(struct completion *completion)
{
    free(container_of(completion, struct echo, close));
}

static void echo_sent(struct completion *completion)
{
    struct echo *echo = container_of(completion, struct echo, send);
    assert_int_equal(completion->status, STATUS_OK);
    if (echo->closing) io_close(echo->shard->io, &echo->close, echo->socket);
}

static void echo_back(struct mail *mail, struct shard *at)
{
    struct echo *echo = container_of(mail, struct echo, mail);
    assert_ptr_equal(at, echo->shard);
    echo->part = (struct iovec){ echo->bytes, echo->size };
    io_send(at->io, &echo->send, echo->socket, &echo->part, 1, 0);
}

static void echo_elsewhere(struct mail *mail, struct shard *at)
{
    struct echo *echo = container_of(mail, struct echo, mail);
    assert_ptr_not_equal(at, echo->shard);
    mail_post(at, echo->shard->index, mail, echo_back);
}

static void echo_received(struct completion *completion)
{
    struct echo *echo = container_of(completion, struct echo, receive);
    if (completion->status == STATUS_CLOSED) {
        io_close(echo->shard->io, &echo->close, echo->socket);
        return;
    }
    assert_int_equal(completion->status, STATUS_OK);
    assert_true(completion->result <= MESSAGE_SIZE);
    memcpy(echo->bytes, completion->buffer, (size_t)completion->result);
    echo->size = (unsigned)completion->result;
    io_buffer_give(echo->shard->io, completion->buffer_index);
    mail_post(echo->shard, (echo->shard->index + 1) % SERVERS, &echo->mail, echo_elsewhere);
}

static void server_accepted(struct completion *completion)
{
    struct echo_server *server = container_of(completion, struct echo_server, accept);
    if (completion->status == STATUS_CANCELLED) return;
    assert_int_equal(completion->status, STATUS_OK);
    struct echo *echo = calloc(1, sizeof *echo);
    echo->shard = server->shard;
    echo->socket = (int)completion->result;
    echo->receive.resume = echo_received;
    echo->send.resume = echo_sent;
    echo->close.resume = echo_closed;
    server->connection_count++;
    io_receive(server->shard->io, &echo->receive, echo->socket, IO_MANY);
}

static void server_closed(struct completion *completion)
{
    struct echo_server *server = container_of(completion, struct echo_server, close);
    shard_stop(server->shard);
}

static void server_stop(struct mail *mail, struct shard *at)
{
    (void)mail;
    struct echo_server *server = (struct echo_server *)at->face;
    io_cancel(at->io, &server->accept);
    io_close(at->io, &server->close, server->listener);
}

/* The client's side of one connection: connect, then send a message and wait for it to come back, ROUNDS times. */
struct call {
    struct shard *shard;
    struct completion io;
    struct timer timer;
    enum { CALL_CONNECTING, CALL_SENDING, CALL_RECEIVING, CALL_PAUSING, CALL_CLOSING } stage;
    int socket;
    unsigned round;
    struct iovec part;
    uint8_t sent[MESSAGE_SIZE], received[MESSAGE_SIZE];
};

struct caller {
    struct sockaddr_storage address;
    struct call calls[CONNECTIONS];
    struct mail stops[SERVERS];
    unsigned finished;
};

static void call_send(struct call *call)
{
    memset(call->sent, (int)call->round + 1, MESSAGE_SIZE);
    call->part = (struct iovec){ call->sent, MESSAGE_SIZE };
    call->stage = CALL_SENDING;
    io_send(call->shard->io, &call->io, call->socket, &call->part, 1, 0);
}

static void call_pause_over(struct timer *timer)
{
    call_send(container_of(timer, struct call, timer));
}

static void call_finished(struct call *call)
{
    struct caller *caller = (struct caller *)call->shard->face;
    if (++caller->finished < CONNECTIONS) return;
    for (uint32_t to = 0; to < SERVERS; to++) mail_post(call->shard, to, &caller->stops[to], server_stop);
    shard_stop(call->shard);
}

static void call_resume(struct completion *completion)
{
    struct call *call = container_of(completion, struct call, io);
    struct io *io = call->shard->io;
    assert_int_equal(completion->status, STATUS_OK);

    switch (call->stage) {
    case CALL_CONNECTING:
        call->socket = (int)completion->result;
        call_send(call);
        break;
    case CALL_SENDING:
        call->stage = CALL_RECEIVING;
        io_receive_exact(io, completion, call->socket, call->received, MESSAGE_SIZE);
        break;
    case CALL_RECEIVING:
        assert_memory_equal(call->sent, call->received, MESSAGE_SIZE);
        if (++call->round == ROUNDS) {
            call->stage = CALL_CLOSING;
            io_close(io, completion, call->socket);
        } else if (call->round % 10 == 0) {
            call->stage = CALL_PAUSING; /* Long enough for all shards to fall asleep. */
            timer_set(&call->shard->timers, &call->timer, shard_now_ns(call->shard) + 3000000);
        } else {
            call_send(call);
        }
        break;
    case CALL_CLOSING: call_finished(call); break;
    case CALL_PAUSING: fail();
    }
}

struct thread_start {
    uint32_t index;
    struct shard **by_index;
    struct shard *shard;
    pthread_barrier_t *ready;
    struct echo_server *server;
    struct caller *caller;
};

static struct io *ring_open(void)
{
    struct uring_settings settings = {
        .entries = 64, .completion_entries = 256, .receive_buffer_size = 4096, .receive_buffer_count = 64
    };
    struct io *io;
    const char *why;
    assert_int_equal(uring_make(&settings, &io, &why), STATUS_OK);
    return io;
}

static struct sockaddr_storage loopback(uint16_t port)
{
    struct sockaddr_storage address = { 0 };
    struct sockaddr_in *in = (struct sockaddr_in *)&address;
    in->sin_family = AF_INET;
    in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    in->sin_port = htons(port);
    return address;
}

static void server_begin(struct thread_start *start, struct sockaddr_storage *address)
{
    struct echo_server *server = start->server;
    server->shard = start->shard;
    server->accept.resume = server_accepted;
    server->close.resume = server_closed;
    start->shard->face = (struct face *)server;
    assert_int_equal(io_listen(start->shard->io, address, 64, &server->listener), STATUS_OK);
    assert_int_equal(io_name(start->shard->io, server->listener, false, address), STATUS_OK);
    io_accept(start->shard->io, &server->accept, server->listener, IO_MANY);
}

static void caller_begin(struct thread_start *start)
{
    struct caller *caller = start->caller;
    start->shard->face = (struct face *)caller;
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        struct call *call = &caller->calls[i];
        call->shard = start->shard;
        call->io.resume = call_resume;
        timer_init(&call->timer, call_pause_over);
        call->stage = CALL_CONNECTING;
        io_connect(start->shard->io, &call->io, &caller->address);
    }
}

/* All listen before anybody connects; the first server's port is everybody's. */
static void *node_thread(void *argument)
{
    struct thread_start *start = argument;
    struct io *io = ring_open();
    shard_init(start->shard, start->index, SERVERS + 1, start->by_index, io, files_kernel(), NULL, start->index);
    if (start->index == 0) {
        start->caller->address = loopback(0);
        server_begin(start, &start->caller->address);
    }
    pthread_barrier_wait(start->ready);
    if (start->index == 1) server_begin(start, &start->caller->address);
    pthread_barrier_wait(start->ready);
    if (start->index == CLIENT) caller_begin(start);

    shard_run(start->shard);
    pthread_barrier_wait(start->ready); /* Nobody pokes a ring that is gone. */
    shard_end(start->shard);
    io_end(io);
    return NULL;
}

static void an_echo_over_two_shards_answers_every_message(void **state)
{
    (void)state;
    struct shard *by_index[SERVERS + 1], *shards = calloc(SERVERS + 1, sizeof *shards);
    struct thread_start starts[SERVERS + 1];
    struct echo_server servers[SERVERS] = { 0 };
    struct caller *caller = calloc(1, sizeof *caller);
    pthread_barrier_t ready;
    pthread_t threads[SERVERS + 1];

    pthread_barrier_init(&ready, NULL, SERVERS + 1);
    for (uint32_t i = 0; i <= SERVERS; i++) by_index[i] = &shards[i];
    for (uint32_t i = 0; i <= SERVERS; i++) {
        starts[i] = (struct thread_start){ .index = i,
                                           .by_index = by_index,
                                           .shard = &shards[i],
                                           .ready = &ready,
                                           .server = i < SERVERS ? &servers[i] : NULL,
                                           .caller = caller };
        assert_int_equal(pthread_create(&threads[i], NULL, node_thread, &starts[i]), 0);
    }
    for (uint32_t i = 0; i <= SERVERS; i++) pthread_join(threads[i], NULL);

    assert_int_equal(caller->finished, CONNECTIONS);
    assert_int_equal(servers[0].connection_count + servers[1].connection_count, CONNECTIONS);
    pthread_barrier_destroy(&ready);
    free(caller);
    free(shards);
}

static unsigned ran;
static struct shard *ready_shard;
static void ready_again(struct ready *ready)
{
    if (++ran < 3) shard_ready(ready_shard, ready);
}

static void what_becomes_ready_in_a_step_runs_in_the_next(void **state)
{
    (void)state;
    struct shards *shards = shards_make(1);
    struct ready ready;
    ready_shard = &shards->shard[0];
    ran = 0;
    ready_init(&ready, ready_again);
    shard_ready(ready_shard, &ready);
    shard_ready(ready_shard, &ready); /* Twice is once. */
    assert_int_equal(ran, 0);
    assert_int_equal(shard_step(ready_shard), shard_now_ns(ready_shard)); /* More to do. */
    assert_int_equal(ran, 1);
    shard_step(ready_shard);
    assert_int_equal(shard_step(ready_shard), INT64_MAX);
    assert_int_equal(ran, 3);
    shards_end(shards);
}

static void a_step_ends_at_the_next_deadline(void **state)
{
    (void)state;
    struct shards *shards = shards_make(1);
    struct timer timer;
    timer_init(&timer, call_pause_over);
    timer_set(&shards->shard[0].timers, &timer, 7000000);
    assert_int_equal(shard_step(&shards->shard[0]), 7000000);
    timer_clear(&shards->shard[0].timers, &timer);
    assert_int_equal(shard_step(&shards->shard[0]), INT64_MAX);
    shards_end(shards);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_becomes_ready_in_a_step_runs_in_the_next),
        cmocka_unit_test(a_step_ends_at_the_next_deadline),
        cmocka_unit_test(an_echo_over_two_shards_answers_every_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
