/* tests/unit/net/api/desk.h   The whole of net/api at work, without a node around it: two data shards and a replication
 * shard over one log directory, a client on a loopback socket to the first, all stepped by the test's own thread.
 * Metadata comes from records that the test writes itself, so that partitions may also be led by others. */
#ifndef TESTS_UNIT_NET_API_DESK_H
#define TESTS_UNIT_NET_API_DESK_H

#include "../../engine/log/node.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "api/api.h"
#include "api/error.h"
#include "messages/apis.h"
#include "messages/fetch.h"
#include "messages/header.h"
#include "messages/produce.h"
#include "replica/metadata_batch.h"

enum { DESK_FRAME_SIZE = 16 << 20, DESK_SELF = 1, DESK_OTHER = 2, DESK_TURNS = 4000 };

struct desk {
    struct node node;
    struct settings settings;
    struct admission admission;
    struct face_listener listener;
    struct heap heap;
    struct arena arena;    /* as long as the desk */
    struct arena messages; /* until the next ask */
    struct ready on_closed;
    bool closed;
    uint16_t port;
    int client;
    int32_t correlation;
    int64_t metadata_end;
    uint8_t topic_count;
    uint8_t *frame, *answer;
};

static inline struct log *desk_log(struct desk *desk, struct uuid topic, int32_t index)
{
    for (uint32_t i = 0; i < desk->node.shard_count; i++) {
        struct partition *partition = replicas_find(desk->node.shards[i]->replicas, topic, index);
        if (partition) return partition->log;
    }
    fail();
    return NULL;
}

/* ---- metadata ---- */

static inline void desk_apply(struct desk *desk, const struct record_list *list)
{
    struct bytes batch = record_batch_make(&desk->heap, list, 1);
    batch_stamp((uint8_t *)(uintptr_t)batch.data, desk->metadata_end, 1);
    desk->metadata_end += list->count;
    for (uint32_t i = 0; i < desk->node.shard_count; i++) {
        assert_int_equal(replicas_apply(desk->node.shards[i]->replicas, batch), STATUS_OK);
    }
    heap_give(&desk->heap, (void *)(uintptr_t)batch.data);
}

static inline void desk_broker(struct desk *desk, int32_t id)
{
    struct record_endpoint endpoint = { TEXT("PLAINTEXT"), TEXT("elsewhere"), 9999, 0 };
    struct record_list list;

    record_list_init(&list, &desk->messages);
    struct register_broker_record *record = &record_list_add(&list, RECORD_REGISTER_BROKER)->register_broker;
    record->broker_id = id;
    record->broker_epoch = desk->metadata_end;
    record->endpoints.items = &endpoint;
    record->endpoints.count = 1;
    record->rack = TEXT("far");
    record->fenced = false;
    desk_apply(desk, &list);
}

/* One config, or none; partitions led by `leader` with leader epoch 5. */
static inline struct uuid desk_topic_of(struct desk *desk, const char *name, int32_t partitions, int32_t leader,
                                        const char *config, const char *value)
{
    struct uuid id = { { 7, ++desk->topic_count } };
    struct record_list list;

    record_list_init(&list, &desk->messages);
    struct topic_record *topic = &record_list_add(&list, RECORD_TOPIC)->topic;
    topic->name = text_of(name);
    topic->topic_id = id;
    for (int32_t i = 0; i < partitions; i++) {
        struct partition_record *record = &record_list_add(&list, RECORD_PARTITION)->partition;
        struct uuid *directory = arena_take(&desk->messages, sizeof(*directory));
        int32_t *replica = arena_take(&desk->messages, sizeof(*replica));
        *replica = leader;
        record->index = i;
        record->topic_id = id;
        record->replicas.items = record->isr.items = replica;
        record->replicas.count = record->isr.count = 1;
        record->directories.items = directory;
        record->directories.count = 1;
        record->leader = leader;
        record->leader_epoch = 5;
    }
    if (config) {
        struct config_record *record = &record_list_add(&list, RECORD_CONFIG)->config;
        record->resource_type = 2;
        record->resource_name = text_of(name);
        record->name = text_of(config);
        record->value = text_of(value);
    }
    desk_apply(desk, &list);
    return id;
}

static inline struct uuid desk_topic(struct desk *desk, const char *name, int32_t partitions)
{
    return desk_topic_of(desk, name, partitions, DESK_SELF, NULL, NULL);
}

/* ---- begin and end ---- */

static inline const struct log_found *desk_found(void *context, struct log_key key)
{
    (void)context, (void)key;
    return NULL;
}

static inline void desk_turn(struct desk *desk)
{
    node_turn(&desk->node);
}

static inline void desk_configure(struct desk *desk)
{
    struct property_list list;
    struct setting_report report;

    properties_init(&list, &desk->arena);
    desk->settings.origins = arena_take(&desk->arena, broker_table.row_count * sizeof(struct property *));
    enum status status =
        settings_apply(&broker_table, &list, &desk->settings.values, desk->settings.origins, &report, &desk->arena);
    assert_int_equal(status, STATUS_OK);
}

static inline void desk_faces(struct desk *desk)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct apis_settings apis = { &desk->settings, TEXT("cluster"), DESK_SELF, 1 };

    memcpy(&desk->listener.address, &address, sizeof(address));
    desk->listener.name = TEXT("PLAINTEXT");
    desk->listener.callers = API_CLIENTS;
    for (uint32_t i = 0; i + 1 < desk->node.shard_count; i++) {
        struct face_settings settings = {
            .apis = served_apis,
            .api_count = served_api_count,
            .listeners = &desk->listener,
            .listener_count = 1,
            .admission = &desk->admission,
            .connections_max = 10,
            .requests_max = 40,
            .request_size_max = 8 << 20,
            .fetch_session_max = 4,
            .idle_ms = 600000,
        };
        struct face *face;
        assert_int_equal(face_make(desk->node.shards[i], &settings, &face), STATUS_OK);
        apis_attach(face, &apis);
    }
    assert_int_equal(face_listen(desk->node.shards[0]->face, 0, &desk->port), STATUS_OK);
    face_begin(desk->node.shards[0]->face);
}

static inline void desk_connect(struct desk *desk)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(desk->port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

    desk->client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(desk->client, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(fcntl(desk->client, F_SETFL, O_NONBLOCK), 0);
}

/* The tail's memory and the read cache of each shard, in chunks of 2 MiB. */
static inline void desk_begin_with(struct desk *desk, uint32_t tail_chunks, uint32_t cache_chunks)
{
    const char *why = NULL;

    *desk = (struct desk){ 0 };
    heap_init(&desk->heap);
    arena_init(&desk->arena, &desk->heap, NULL, 0, SIZE_MAX);
    arena_init(&desk->messages, &desk->heap, NULL, 0, SIZE_MAX);
    desk->frame = heap_take(&desk->heap, DESK_FRAME_SIZE);
    desk->answer = heap_take(&desk->heap, DESK_FRAME_SIZE);
    desk_configure(desk);
    node_init(&desk->node, 3);
    desk->node.plan.data.budget[MEMORY_TAIL] = (size_t)tail_chunks * MEMORY_CHUNK;
    desk->node.plan.data.budget[MEMORY_CACHE] = (size_t)cache_chunks * MEMORY_CHUNK;
    node_start(&desk->node);
    for (uint32_t i = 0; i < desk->node.shard_count; i++) {
        struct replicas *replicas;
        struct shard *shard = desk->node.shards[i];
        assert_int_equal(replicas_make(shard, desk->node.stores[i], &desk->settings, DESK_SELF, &replicas), STATUS_OK);
        assert_int_equal(replicas_open(replicas, desk_found, NULL, &desk->arena, &why), STATUS_OK);
    }
    node_begin(&desk->node);
    admission_init(&desk->admission, 100, UINT32_MAX, 1, &desk->heap);
    desk_faces(desk);
    desk_connect(desk);
}

static inline void desk_begin(struct desk *desk)
{
    desk_begin_with(desk, 8, 8);
}

static inline void desk_closed(struct ready *ready)
{
    container_of(ready, struct desk, on_closed)->closed = true;
}

static inline void desk_end(struct desk *desk)
{
    struct node *node = &desk->node;

    if (desk->client >= 0) close(desk->client);
    ready_init(&desk->on_closed, desk_closed);
    face_close(node->shards[0]->face, &desk->on_closed);
    for (int i = 0; i < DESK_TURNS && !desk->closed; i++) desk_turn(desk);
    assert_true(desk->closed);
    node_settle(node);
    for (uint32_t i = 0; i + 1 < node->shard_count; i++) {
        assert_int_equal(memory_used(node->shards[i]->memory, MEMORY_RECEIVE), 0);
        assert_int_equal(memory_used(node->shards[i]->memory, MEMORY_ANSWER), 0);
        apis_detach(node->shards[i]->face);
        face_end(node->shards[i]->face);
    }
    for (uint32_t i = 0; i < node->shard_count; i++) replicas_end(node->shards[i]->replicas);
    node_crash(node);
    node_remove(node);
    arena_reset(&desk->messages);
    arena_reset(&desk->arena);
    heap_end(&desk->heap);
}

/* ---- asking ---- */

static inline void desk_send(struct desk *desk, int16_t key, int16_t version, const void *ask)
{
    const struct api_row *api = api_find(key);
    struct request_header header = { key, version, ++desk->correlation, TEXT("test") };
    struct writer writer = { desk->frame + 4, desk->frame + 4, desk->frame + DESK_FRAME_SIZE, NULL, 0, 0, false };
    int16_t header_version = api_ask_header(api, version);

    message_write(&request_header_schema, header_version, header_version >= 2, &header, &writer);
    message_write(api->ask, version, api_flexible(api, version), ask, &writer);
    assert_false(writer.overrun);
    size_t size = (size_t)(writer.at - desk->frame);
    store_u32(desk->frame, (uint32_t)(size - 4));
    for (size_t done = 0; done < size;) {
        ssize_t sent = send(desk->client, desk->frame + done, size - done, MSG_NOSIGNAL);
        if (sent > 0) done += (size_t)sent;
        if (sent < 0) assert_int_equal(errno, EAGAIN);
        desk_turn(desk);
    }
}

/* 1: a whole answer of `*size` bytes; 0: closed; -1: nothing within so many turns. */
static inline int desk_take(struct desk *desk, size_t *size, int turns)
{
    size_t have = 0, wanted = 4;

    for (int i = 0; i < turns; desk_turn(desk)) {
        ssize_t got = recv(desk->client, desk->answer + have, wanted - have, 0);
        if (got == 0 || (got < 0 && errno == ECONNRESET)) return 0;
        if (got < 0) {
            i++;
            continue;
        }
        have += (size_t)got;
        if (have == 4) wanted = 4 + load_u32(desk->answer);
        assert_true(wanted <= DESK_FRAME_SIZE);
        *size = have;
        if (have == wanted && have > 4) return 1;
    }
    assert_int_equal(have, 0);
    return -1;
}

/* The answer to request `correlation`, which must come. Its texts and records stay until the next one. */
static inline void desk_answer_of(struct desk *desk, int32_t correlation, int16_t key, int16_t version, void *answer)
{
    const struct api_row *api = api_find(key);
    struct response_header header;
    size_t size = 0;

    assert_int_equal(desk_take(desk, &size, DESK_TURNS), 1);
    const uint8_t *at = desk->answer + 4, *limit = desk->answer + size;
    int16_t header_version = api_answer_header(api, version);
    assert_int_equal(message_read(&response_header_schema, header_version, header_version >= 1, &at, limit, &header,
                                  &desk->messages),
                     STATUS_OK);
    assert_int_equal(header.correlation_id, correlation);
    assert_int_equal(
        message_read(api->answer, version, api_flexible(api, version), &at, limit, answer, &desk->messages), STATUS_OK);
    assert_ptr_equal(at, limit);
}

static inline void desk_ask(struct desk *desk, int16_t key, int16_t version, const void *ask, void *answer)
{
    desk_send(desk, key, version, ask);
    desk_answer_of(desk, desk->correlation, key, version, answer);
}

static inline bool desk_hung_up(struct desk *desk)
{
    size_t size;
    return desk_take(desk, &size, DESK_TURNS) == 0;
}

static inline bool desk_quiet(struct desk *desk, int turns)
{
    size_t size;
    return desk_take(desk, &size, turns) == -1;
}

/* ---- produce and fetch ---- */

/* A batch of records that hold their number and `size` bytes in all; in the arena of messages. */
static inline struct bytes desk_batch(struct desk *desk, uint32_t count, size_t size)
{
    struct batch_builder builder;
    size_t room = 256 + count * (size + 64);
    uint8_t *memory = arena_take(&desk->messages, room), *value = arena_take(&desk->messages, size);

    batch_begin(&builder, memory, room, 0, shard_wall_ms(desk->node.shards[0]));
    for (uint32_t i = 0; i < count; i++) {
        memset(value, (int)i, size);
        batch_add(&builder, BYTES_NULL, (struct bytes){ value, size }, shard_wall_ms(desk->node.shards[0]));
    }
    return batch_end(&builder);
}

struct desk_produce {
    struct produce_partition_ask partition;
    struct produce_topic_ask topic;
    struct produce_ask ask;
};

static inline void desk_produce_fill(struct desk_produce *produce, const char *topic, int32_t index, int16_t acks,
                                     struct bytes batch)
{
    *produce = (struct desk_produce){ 0 };
    produce->partition = (struct produce_partition_ask){ index, { batch.data, (int32_t)batch.size, NULL } };
    produce->topic.name = text_of(topic);
    produce->topic.partitions.items = &produce->partition;
    produce->topic.partitions.count = 1;
    produce->ask.transactional_id = TEXT_NULL;
    produce->ask.acks = acks;
    produce->ask.timeout_ms = 10000;
    produce->ask.topics.items = &produce->topic;
    produce->ask.topics.count = 1;
}

static inline void desk_produce_send(struct desk *desk, const char *topic, int32_t index, int16_t acks,
                                     struct bytes batch)
{
    struct desk_produce produce;
    desk_produce_fill(&produce, topic, index, acks, batch);
    desk_send(desk, API_PRODUCE, 11, &produce.ask);
}

/* The one row of the answer to the request `correlation`. */
static inline struct produce_partition_answer desk_produced_of(struct desk *desk, int32_t correlation)
{
    struct produce_answer answer;
    desk_answer_of(desk, correlation, API_PRODUCE, 11, &answer);
    assert_int_equal(answer.topics.count, 1);
    assert_int_equal(answer.topics.items[0].partitions.count, 1);
    return answer.topics.items[0].partitions.items[0];
}

static inline struct produce_partition_answer desk_produce(struct desk *desk, const char *topic, int32_t index,
                                                           int16_t acks, struct bytes batch)
{
    desk_produce_send(desk, topic, index, acks, batch);
    return desk_produced_of(desk, desk->correlation);
}

/* Stores `batches` batches of one record of `size` bytes. */
static inline void desk_store(struct desk *desk, const char *topic, int32_t index, int batches, size_t size)
{
    for (int i = 0; i < batches; i++) {
        arena_reset(&desk->messages);
        struct produce_partition_answer row = desk_produce(desk, topic, index, 1, desk_batch(desk, 1, size));
        assert_int_equal(row.error, ERROR_NONE);
    }
}

enum { DESK_PARTITIONS_MAX = 200 };

/* A fetch of partitions 0 .. count - 1 of one topic, from offset 0. */
struct desk_fetch {
    struct fetch_partition_ask partitions[DESK_PARTITIONS_MAX];
    struct fetch_topic_ask topic;
    struct fetch_ask ask;
};

static inline void desk_fetch_fill(struct desk_fetch *fetch, struct uuid topic, const char *name, int32_t count)
{
    *fetch = (struct desk_fetch){ 0 };
    message_clear(&fetch_ask_schema, &fetch->ask);
    for (int32_t i = 0; i < count; i++) {
        fetch->partitions[i] = (struct fetch_partition_ask){ .index = i,
                                                             .current_leader_epoch = -1,
                                                             .last_fetched_epoch = -1,
                                                             .log_start_offset = -1,
                                                             .max_bytes = 1 << 20,
                                                             .high_watermark = INT64_MAX };
    }
    fetch->topic.topic_id = topic;
    fetch->topic.name = text_of(name);
    fetch->topic.partitions.items = fetch->partitions;
    fetch->topic.partitions.count = count;
    fetch->ask.topics.items = &fetch->topic;
    fetch->ask.topics.count = 1;
    fetch->ask.replica_id = -1;
    fetch->ask.max_bytes = 50 << 20;
    fetch->ask.min_bytes = 1;
    fetch->ask.session_epoch = -1;
}

/* The batches of a row: how many, and that they are whole and follow each other from `offset` on. */
static inline int desk_batches(const struct fetch_partition_answer *row, int64_t *offset)
{
    struct batch batch;
    int count = 0;

    for (int32_t at = 0; at < row->records.size; at += (int32_t)batch.size, count++) {
        assert_int_equal(batch_read(row->records.data + at, (size_t)(row->records.size - at), &batch), STATUS_OK);
        assert_int_equal(batch_check_crc(&batch), STATUS_OK);
        assert_int_equal(batch.base_offset, *offset);
        *offset = batch_limit(&batch);
    }
    return count;
}

#endif
