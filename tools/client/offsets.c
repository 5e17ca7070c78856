/* client/offsets.c   ListOffsets: the queries of one leader become one request, and its answer goes back to them by
 * topic and partition. */
#include "client/offsets.h"

#include "client/codes.h"

enum { ARENA_MAX = 256 << 20 };

static struct list_offsets_topic_ask *topic_add(struct list_offsets_ask *ask, struct text name, struct arena *arena,
                                                uint32_t partitions_max)
{
    struct list_offsets_topic_ask *topic = &ask->topics.items[ask->topics.count++];

    topic->name = name;
    topic->partitions.items = arena_take(arena, partitions_max * sizeof(*topic->partitions.items));
    return topic->partitions.items ? topic : NULL;
}

static enum status collect(const struct offset_query *queries, uint32_t count, int32_t leader, struct arena *arena,
                           struct list_offsets_ask *ask)
{
    struct list_offsets_topic_ask *topic = NULL;

    ask->topics.items = arena_take(arena, count * sizeof(*ask->topics.items));
    if (!ask->topics.items) return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < count; i++) {
        if (queries[i].leader != leader) continue;
        if (!topic || !text_equal(topic->name, queries[i].topic)) {
            topic = topic_add(ask, queries[i].topic, arena, count - i);
        }
        if (!topic) return STATUS_NO_MEMORY;
        topic->partitions.items[topic->partitions.count++] = (struct list_offsets_partition_ask){
            .index = queries[i].partition,
            .current_leader_epoch = -1,
            .timestamp_ms = queries[i].timestamp_ms,
        };
    }
    return STATUS_OK;
}

static void deal(struct offset_query *queries, uint32_t count, const struct list_offsets_answer *answer)
{
    for (int32_t t = 0; t < answer->topics.count; t++) {
        const struct list_offsets_topic_answer *topic = &answer->topics.items[t];
        for (int32_t p = 0; p < topic->partitions.count; p++) {
            const struct list_offsets_partition_answer *partition = &topic->partitions.items[p];
            for (uint32_t i = 0; i < count; i++) {
                if (queries[i].partition != partition->index || !text_equal(queries[i].topic, topic->name)) continue;
                queries[i].offset = partition->offset;
                queries[i].found_ms = partition->timestamp_ms;
                queries[i].error = partition->error;
                break;
            }
        }
    }
}

static enum status ask_leader(struct client *client, struct offset_query *queries, uint32_t count, int32_t leader,
                              bool committed)
{
    struct list_offsets_ask ask = { .replica_id = -1, .isolation_level = committed ? 1 : 0, .timeout_ms = 30000 };
    struct list_offsets_answer answer = { 0 };
    struct arena arena;

    arena_init(&arena, &client->heap, NULL, 0, ARENA_MAX);
    enum status status = collect(queries, count, leader, &arena, &ask);
    if (status == STATUS_OK) {
        struct client_call call = {
            .node = leader,
            .key = API_LIST_OFFSETS,
            .version_max = LATEST,
            .repeatable = true,
            .ask = &ask,
            .answer = &answer,
            .arena = &arena,
        };
        status = client_ask(client, &call);
    }
    if (status == STATUS_OK) deal(queries, count, &answer);
    arena_reset(&arena);
    return status;
}

/* What a leader's answer leaves out stays unknown: it must not pass for "no such record". */
static enum status ask_leaders(struct client *client, struct offset_query *queries, uint32_t count, bool committed)
{
    for (uint32_t i = 0; i < count; i++) {
        queries[i].offset = -1;
        queries[i].found_ms = -1;
        queries[i].error = queries[i].leader < 0 ? CODE_LEADER_NOT_AVAILABLE : CODE_UNKNOWN_SERVER_ERROR;
    }
    for (uint32_t i = 0; i < count; i++) {
        bool asked = queries[i].leader < 0;
        for (uint32_t k = 0; !asked && k < i; k++) asked = queries[k].leader == queries[i].leader;
        if (asked) continue;
        enum status status = ask_leader(client, queries, count, queries[i].leader, committed);
        if (status != STATUS_OK) return status;
    }
    return STATUS_OK;
}

/* Leaders move, and those of a new topic come a moment after it. */
static enum status refresh_leaders(struct client *client, struct offset_query *queries, uint32_t count)
{
    struct metadata_answer answer = { 0 };
    struct arena arena;

    arena_init(&arena, &client->heap, NULL, 0, ARENA_MAX);
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0 && text_equal(queries[i].topic, queries[i - 1].topic)) continue;
        enum status status = client_metadata(client, &queries[i].topic, 1, false, &answer, &arena);
        if (status != STATUS_OK || answer.topics.count != 1) {
            arena_reset(&arena);
            return status;
        }
        for (int32_t p = 0; p < answer.topics.items[0].partitions.count; p++) {
            const struct metadata_partition_answer *partition = &answer.topics.items[0].partitions.items[p];
            for (uint32_t k = i; k < count && text_equal(queries[k].topic, queries[i].topic); k++) {
                if (queries[k].partition == partition->index) queries[k].leader = partition->leader_id;
            }
        }
    }
    arena_reset(&arena);
    return STATUS_OK;
}

static bool passing(const struct offset_query *queries, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (queries[i].error != CODE_UNKNOWN_TOPIC_OR_PARTITION && code_retriable(queries[i].error)) return true;
    }
    return false;
}

enum status client_offsets(struct client *client, struct offset_query *queries, uint32_t count, bool committed)
{
    int64_t deadline_ms = clock_ms() + client->timeout_ms;

    for (;;) {
        enum status status = ask_leaders(client, queries, count, committed);
        if (status != STATUS_OK || !passing(queries, count) || clock_ms() >= deadline_ms) return status;
        client_pause();
        status = refresh_leaders(client, queries, count);
        if (status != STATUS_OK) return status;
    }
}
