/* tests/unit/net/conn/door_apis.h   Three plain APIs for a face to serve, and what they saw: ApiVersions answers at
 * once, Produce answers at once with what its body summed up to, Fetch waits until the test lets it go. */
#ifndef TESTS_UNIT_NET_CONN_DOOR_APIS_H
#define TESTS_UNIT_NET_CONN_DOOR_APIS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conn/connection.h"
#include "conn/request.h"
#include "messages/api_versions.h"
#include "messages/fetch.h"
#include "messages/produce.h"

enum { DOOR_WAITING_MAX = 256, DOOR_EXTENT_SIZE = 1 << 20 };

struct door_calls {
    struct request *waiting[DOOR_WAITING_MAX];
    uint32_t waiting_count, sent_count, begun_count, given_up_count;
    struct block *extent_block; /* the records of answers */
};

/* One per process: a test program is one thread. */
static struct door_calls *door_calls_now;

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

    door_calls_now->begun_count++;
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
    door_calls_now->given_up_count++;
}

static void door_fetch(struct request *request)
{
    door_calls_now->begun_count++;
    request->give_up = door_give_up;
    assert_true(door_calls_now->waiting_count < DOOR_WAITING_MAX);
    door_calls_now->waiting[door_calls_now->waiting_count++] = request;
}

static void door_sent(struct request *request)
{
    (void)request;
    door_calls_now->sent_count++;
    block_unpin(door_calls_now->extent_block);
}

/* Lets the waiting Fetch `index` go, with `size` bytes of records. */
static inline void door_let_go(struct door_calls *calls, uint32_t index, uint32_t size)
{
    struct request *request = calls->waiting[index];
    struct fetch_partition_answer partition = { .index = 7, .records = { .size = (int32_t)size } };
    struct fetch_topic_answer topic = { .name = TEXT("t"), .partitions = { &partition, 1 } };
    struct fetch_answer answer = { .topics = { &topic, 1 } };
    struct extent *extents = NULL;
    uint32_t count = 0;

    if (size > 0) {
        uint32_t half = size / 2;
        extents = arena_take(&request->arena, 2 * sizeof(*extents));
        extents[count++] = (struct extent){ calls->extent_block->data, half, calls->extent_block };
        extents[count++] = (struct extent){ calls->extent_block->data + half, size - half, calls->extent_block };
        block_pin(calls->extent_block);
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

#endif
