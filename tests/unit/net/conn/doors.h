/* tests/unit/net/conn/doors.h   A face over the real ring on a loopback port, in the test's own thread, with three
 * plain APIs: ApiVersions answers at once, Produce answers at once with what its body summed up to, Fetch waits until
 * the test lets it go. */
#ifndef TESTS_UNIT_NET_CONN_DOORS_H
#define TESTS_UNIT_NET_CONN_DOORS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "conn/connection.h"
#include "conn/face.h"
#include "conn/slot.h"
#include "io/uring.h"
#include "messages/api_versions.h"
#include "messages/fetch.h"
#include "messages/produce.h"

enum { DOOR_WAITING_MAX = 256, DOOR_EXTENT_SIZE = 1 << 20 };

struct doors {
    struct io *io;
    struct shard shard, *shards[1];
    struct admission admission;
    struct metrics metrics;
    struct face_listener listener;
    struct face *face;
    uint16_t port;
    struct request *waiting[DOOR_WAITING_MAX];
    uint32_t waiting_count, sent_count, begun_count, given_up_count;
    bool closed;
    struct ready on_closed;
    struct block *extent_block;
};

/* One per process: a test program is one thread. */
static struct doors *doors_now;

static void door_api_versions(struct request *request)
{
    struct api_versions_answer answer = { 0 };
    if (!request->ask) {
        request->version = 0;
        answer.error = 35;
    }
    request_answer(request, &answer, NULL, 0, NULL);
}

static void door_produce(struct request *request)
{
    const struct produce_ask *ask = request->ask;
    struct produce_answer answer = { 0 };
    int64_t sum = 0;

    doors_now->begun_count++;
    for (int32_t i = 0; i < ask->topics.count; i++) {
        for (int32_t j = 0; j < ask->topics.items[i].partitions.count; j++) {
            const struct records *records = &ask->topics.items[i].partitions.items[j].records;
            for (int32_t k = 0; k < records->size; k++) sum += records->data[k];
        }
    }
    if (ask->acks == 0) {
        request_silence(request);
        return;
    }
    answer.throttle_time_ms = (int32_t)sum;
    request_answer(request, &answer, NULL, 0, NULL);
}

static void door_give_up(struct request *request)
{
    (void)request;
    doors_now->given_up_count++;
}

static void door_fetch(struct request *request)
{
    doors_now->begun_count++;
    request->give_up = door_give_up;
    assert_true(doors_now->waiting_count < DOOR_WAITING_MAX);
    doors_now->waiting[doors_now->waiting_count++] = request;
}

static void door_sent(struct request *request)
{
    (void)request;
    doors_now->sent_count++;
    block_unpin(doors_now->extent_block);
}

/* Lets the waiting Fetch `index` go, with `size` bytes of records. */
static inline void doors_let_go(struct doors *doors, uint32_t index, uint32_t size)
{
    struct request *request = doors->waiting[index];
    struct fetch_partition_answer partition = { .index = 7, .records = { .size = (int32_t)size } };
    struct fetch_topic_answer topic = { .name = TEXT("t"), .partitions = { &partition, 1 } };
    struct fetch_answer answer = { .topics = { &topic, 1 } };
    struct extent *extents = NULL;
    uint32_t count = 0;

    if (size > 0) {
        uint32_t half = size / 2;
        extents = arena_take(&request->arena, 2 * sizeof(*extents));
        extents[count++] = (struct extent){ doors->extent_block->data, half, doors->extent_block };
        extents[count++] = (struct extent){ doors->extent_block->data + half, size - half, doors->extent_block };
        block_pin(doors->extent_block);
    }
    request_answer(request, &answer, extents, count, size > 0 ? door_sent : NULL);
}

static const struct api door_apis[] = {
    { 0, "Produce", 3, 13, 0, 9, &produce_ask_schema, &produce_answer_schema, door_produce, API_CLIENTS, false },
    { 1, "Fetch", 4, 18, 4, 12, &fetch_ask_schema, &fetch_answer_schema, door_fetch, API_CLIENTS, false },
    { 18, "ApiVersions", 0, 4, 0, 3, &api_versions_ask_schema, &api_versions_answer_schema, door_api_versions,
      API_CLIENTS, true },
    { 52, "Vote", 0, 2, 0, 0, &api_versions_ask_schema, &api_versions_answer_schema, door_api_versions, API_CONTROLLERS,
      false },
};

static void door_closed(struct ready *ready)
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
                                   .request_size_max = 100 << 20,
                                   .fetch_session_max = 4,
                                   .idle_ms = 600000 };
}

/* Ring, shard and memory; then the test may change settings before doors_open. */
static inline void doors_make(struct doors *doors, size_t receive_size)
{
    static const struct uring_settings ring = { 256, 4096, 8192, 64 };
    struct memory_plan plan = { .budget = { receive_size, 4 << 20, 4 << 20, 4 << 20 } };
    const char *why = NULL;

    *doors = (struct doors){ 0 };
    doors_now = doors;
    assert_int_equal(uring_make(&ring, &doors->io, &why), STATUS_OK);
    doors->shards[0] = &doors->shard;
    shard_init(&doors->shard, 0, 1, doors->shards, doors->io, NULL, NULL, 1);
    assert_int_equal(memory_make(&doors->shard, &plan, &doors->shard.memory), STATUS_OK);
    doors->extent_block = block_take(doors->shard.memory, MEMORY_TAIL, DOOR_EXTENT_SIZE);
    for (uint32_t i = 0; i < DOOR_EXTENT_SIZE; i++) doors->extent_block->data[i] = (uint8_t)(i * 31 + (i >> 8));
}

static inline void doors_open(struct doors *doors, const struct face_settings *settings)
{
    assert_int_equal(face_make(&doors->shard, settings, &doors->face), STATUS_OK);
    assert_int_equal(face_listen(doors->face, 0, &doors->port), STATUS_OK);
    face_begin(doors->face);
    ready_init(&doors->on_closed, door_closed);
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
    for (uint32_t i = 0; i < doors->waiting_count; i++) {
        if (doors->waiting[i]) doors_let_go(doors, i, 0);
    }
    face_close(doors->face, &doors->on_closed);
    for (int i = 0; i < 5000 && !doors->closed; i++) doors_turn(doors);
    assert_true(doors->closed);
    doors_turns(doors, 3);
    assert_int_equal(atomic_load(&doors->admission.connections), 0);
    face_end(doors->face);
    block_unpin(doors->extent_block);
    assert_int_equal(memory_used(doors->shard.memory, MEMORY_RECEIVE), 0);
    assert_int_equal(memory_used(doors->shard.memory, MEMORY_ANSWER), 0);
    memory_end(doors->shard.memory);
    io_end(doors->io);
    heap_end(&doors->shard.heap);
}

/* ---- the client's end ---- */

static inline int door_connect(struct doors *doors)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(doors->port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(fcntl(client, F_SETFL, O_NONBLOCK), 0);
    doors_turns(doors, 3);
    return client;
}

/* Turns the face while the client's socket takes the bytes. */
static inline void door_send(struct doors *doors, int client, const void *data, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t sent = send(client, (const char *)data + done, size - done, MSG_NOSIGNAL);
        if (sent > 0) done += (size_t)sent;
        if (sent < 0) assert_int_equal(errno, EAGAIN);
        doors_turn(doors);
    }
}

/* What comes within `turns` rounds: the size, 0 when the face closed the connection, -1 when nothing came. */
static inline ssize_t door_receive(struct doors *doors, int client, void *data, size_t size, int turns)
{
    for (int i = 0; i < turns; i++) {
        ssize_t got = recv(client, data, size, 0);
        if (got >= 0) return got;
        if (errno == ECONNRESET) return 0;
        assert_int_equal(errno, EAGAIN);
        doors_turn(doors);
    }
    return -1;
}

/* A whole answer frame: its size without the length, 0 closed, -1 nothing. */
static inline ssize_t door_answer(struct doors *doors, int client, uint8_t *data, size_t size)
{
    size_t have = 0, wanted = 4;

    while (have < wanted) {
        ssize_t got = door_receive(doors, client, data + have, wanted - have, 300);
        if (got <= 0) return got;
        have += (size_t)got;
        if (have == 4) wanted = 4 + load_u32(data);
        assert_true(wanted <= size);
    }
    memmove(data, data + 4, have - 4);
    return (ssize_t)have - 4;
}

static inline bool door_closed_by_us(struct doors *doors, int client)
{
    uint8_t byte;
    return door_receive(doors, client, &byte, 1, 100) == 0;
}

/* ---- frames ---- */

static inline size_t frame_begin_at(uint8_t *frame, int16_t key, int16_t version, int32_t correlation)
{
    store_i16(frame + 4, key);
    store_i16(frame + 6, version);
    store_i32(frame + 8, correlation);
    store_i16(frame + 12, 1);
    frame[14] = 'c';
    return 15;
}

static inline size_t frame_end_at(uint8_t *frame, size_t size)
{
    store_u32(frame, (uint32_t)(size - 4));
    return size;
}

static inline size_t frame_api_versions(uint8_t *frame, int16_t version, int32_t correlation)
{
    return frame_end_at(frame, frame_begin_at(frame, 18, version, correlation));
}

/* Produce v3 with one topic, one partition and `size` bytes of 1. */
static inline size_t frame_produce(uint8_t *frame, int32_t correlation, int16_t acks, uint32_t size)
{
    size_t at = frame_begin_at(frame, 0, 3, correlation);
    store_i16(frame + at, -1);
    store_i16(frame + at + 2, acks);
    store_i32(frame + at + 4, 1000);
    store_i32(frame + at + 8, 1);
    store_i16(frame + at + 12, 1);
    frame[at + 14] = 't';
    store_i32(frame + at + 15, 1);
    store_i32(frame + at + 19, 0);
    store_u32(frame + at + 23, size);
    memset(frame + at + 27, 1, size);
    return frame_end_at(frame, at + 27 + size);
}

/* Fetch v4 without topics. */
static inline size_t frame_fetch(uint8_t *frame, int32_t correlation)
{
    size_t at = frame_begin_at(frame, 1, 4, correlation);
    store_i32(frame + at, -1);
    store_i32(frame + at + 4, 500);
    store_i32(frame + at + 8, 1);
    store_i32(frame + at + 12, 1 << 20);
    frame[at + 16] = 0;
    store_i32(frame + at + 17, 0);
    return frame_end_at(frame, at + 21);
}

#endif
