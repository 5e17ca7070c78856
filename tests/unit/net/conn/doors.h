/* tests/unit/net/conn/doors.h   A face over the real ring on a loopback port, in the test's own thread. The clock can
 * be put ahead, so that no test waits for a deadline. */
#ifndef TESTS_UNIT_NET_CONN_DOORS_H
#define TESTS_UNIT_NET_CONN_DOORS_H

#include "door_apis.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/heap.h"
#include "conn/face.h"
#include "conn/slot.h"
#include "io/uring.h"

struct doors {
    struct io *io;
    const struct io_engine *ring;
    struct io_engine engine; /* the ring's, but for what a test puts in its place */
    int64_t ahead_ns;        /* of the real clock */
    struct shard shard, *shards[1];
    struct admission admission;
    struct face_listener listener;
    struct face *face;
    uint16_t port;
    struct door_calls calls;
    bool closed;
    struct ready on_closed;
};

static struct doors *doors_now; /* one per process, as its calls */

static void doors_engine_turn(struct io *io, int64_t deadline_ns)
{
    doors_now->ring->turn(io, deadline_ns - doors_now->ahead_ns);
    io->now_ns += doors_now->ahead_ns;
}

static void doors_closed(struct ready *ready)
{
    container_of(ready, struct doors, on_closed)->closed = true;
}

static inline struct face_settings doors_settings(struct doors *doors)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

    admission_init(&doors->admission, 100, UINT32_MAX, 1, &doors->shard.heap);
    memcpy(&doors->listener.address, &address, sizeof(address));
    doors->listener.name = TEXT("PLAINTEXT");
    doors->listener.callers = API_CLIENTS;
    return (struct face_settings){ .apis = door_apis,
                                   .api_count = array_count(door_apis),
                                   .listeners = &doors->listener,
                                   .listener_count = 1,
                                   .admission = &doors->admission,
                                   .connections_max = 100,
                                   .requests_max = 400,
                                   .requests_size = 256 << 20,
                                   .request_size_max = 100 << 20,
                                   .fetch_session_max = 4,
                                   .idle_ms = 600000 };
}

/* Ring, shard and memory; then the test may change settings before doors_open. */
static inline void doors_make(struct doors *doors, size_t receive_size)
{
    static const struct uring_settings ring = {
        .entries = 256, .completion_entries = 4096, .receive_buffer_size = 8192, .receive_buffer_count = 64
    };
    struct memory_plan plan = { .budget = { receive_size, 4 << 20, 4 << 20, 4 << 20 } };
    const char *why = NULL;

    *doors = (struct doors){ 0 };
    doors_now = doors;
    door_calls_now = &doors->calls;
    assert_int_equal(uring_make(&ring, &doors->io, &why), STATUS_OK);
    doors->ring = doors->io->engine;
    doors->engine = *doors->ring;
    doors->engine.turn = doors_engine_turn;
    doors->io->engine = &doors->engine;
    doors->shards[0] = &doors->shard;
    shard_init(&doors->shard, 0, 1, doors->shards, doors->io, NULL, NULL, 1);
    assert_int_equal(memory_make(&doors->shard, &plan, &doors->shard.memory), STATUS_OK);
    struct block *block = block_take(doors->shard.memory, MEMORY_TAIL, DOOR_EXTENT_SIZE);
    for (uint32_t i = 0; i < DOOR_EXTENT_SIZE; i++) block->data[i] = (uint8_t)(i * 31 + (i >> 8));
    doors->calls.extent_block = block;
}

static inline void doors_open(struct doors *doors, const struct face_settings *settings)
{
    assert_int_equal(face_make(&doors->shard, settings, &doors->face), STATUS_OK);
    assert_int_equal(face_listen(doors->face, 0, &doors->port), STATUS_OK);
    face_begin(doors->face);
    ready_init(&doors->on_closed, doors_closed);
}

/* As most tests want them. */
static inline void doors_open_plain(struct doors *doors)
{
    doors_make(doors, 128 << 20);
    struct face_settings settings = doors_settings(doors);
    doors_open(doors, &settings);
}

/* One round of the loop that never waits longer than 2 ms. */
static inline void doors_turn(struct doors *doors)
{
    int64_t next = shard_step(&doors->shard);
    int64_t limit = doors->io->now_ns + 2000000;
    io_turn(doors->io, min_of(next, limit));
}

static inline void doors_turns(struct doors *doors, int count)
{
    for (int i = 0; i < count; i++) doors_turn(doors);
}

static inline void doors_end(struct doors *doors)
{
    for (uint32_t i = 0; i < doors->calls.waiting_count; i++) {
        if (doors->calls.waiting[i]) door_let_go(&doors->calls, i, 0);
    }
    if (doors->face->stage == FACE_OPEN) face_close(doors->face, &doors->on_closed);
    for (int i = 0; i < 5000 && !doors->closed; i++) doors_turn(doors);
    assert_true(doors->closed);
    doors_turns(doors, 3);
    assert_int_equal(atomic_load(&doors->admission.connections), 0);
    face_end(doors->face);
    block_unpin(doors->calls.extent_block);
    assert_int_equal(memory_used(doors->shard.memory, MEMORY_RECEIVE), 0);
    assert_int_equal(memory_used(doors->shard.memory, MEMORY_ANSWER), 0);
    memory_end(doors->shard.memory);
    io_end(doors->io);
    heap_end(&doors->shard.heap);
}

#endif
