/* net/api/produce.c   Produce: look at every partition, send the batches that may be to where they live, answer when
 * the last one has reached its mark.
 *
 *     begin: look --refused--> answer row     joined: rows of what came back --> request_answer
 *              \--> route_send (part) ...            acks=0: silence, or the end of the connection
 *
 * Batches are opaque here: what they hold is judged where they are appended. */
#include "api/produce.h"

#include "api/error.h"

static void produce_joined(struct route *route);

/* ---- looking ---- */

/* A row of the answer, refused until something else is known. */
static struct produce_partition_answer *row_add(struct produce_topic_answer *topic, int32_t index, int16_t error)
{
    struct produce_partition_answer *row = &topic->partitions.items[topic->partitions.count++];

    *row = (struct produce_partition_answer){
        .index = index, .error = error, .base_offset = -1, .log_append_time_ms = -1, .log_start_offset = -1
    };
    return row;
}

static uint16_t batch_attributes(const struct records *records)
{
    return records->data && records->size >= BATCH_HEADER_SIZE ? load_u16(records->data + 21) : 0;
}

/* What Kafka finds before it looks at a partition's log; 0 when the batch may travel. */
static int16_t part_look(const struct produce *produce, const struct produce_topic_ask *topic,
                         const struct route_place *place, const struct records *records)
{
    const struct request *request = produce->request;
    const struct produce_ask *ask = request->ask;
    uint16_t attributes = batch_attributes(records);
    bool by_id = request->version >= 13;

    if (!by_id && image_internal(topic->name)) return ERROR_INVALID_TOPIC;
    if (by_id && !place->topic) return ERROR_UNKNOWN_TOPIC_ID;
    if (!place->partition) return ERROR_UNKNOWN_TOPIC_OR_PARTITION;
    if (records->size <= 0) return ERROR_INVALID_RECORD;
    if (request->version < 7 && (attributes & BATCH_CODEC) == CODEC_ZSTD) return ERROR_UNSUPPORTED_COMPRESSION_TYPE;
    if (ask->acks < -1 || ask->acks > 1) return ERROR_INVALID_REQUIRED_ACKS;
    if (by_id && image_internal(place->topic->name)) return ERROR_INVALID_TOPIC;
    return ERROR_NONE;
}

/* Records of a transaction without naming it refuse the whole request. Named ones: nobody can have begun one here
 * yet. */
static int16_t transaction_look(const struct request *request)
{
    const struct produce_ask *ask = request->ask;

    for (int32_t i = 0; i < ask->topics.count; i++) {
        for (int32_t j = 0; j < ask->topics.items[i].partitions.count; j++) {
            const struct records *records = &ask->topics.items[i].partitions.items[j].records;
            if ((batch_attributes(records) & BATCH_TRANSACTIONAL) == 0) continue;
            if (!ask->transactional_id.data) return ERROR_TRANSACTIONAL_ID_AUTHORIZATION;
            if (load_i64(records->data + 43) < 0) continue;
            return request->version >= 11 ? ERROR_TRANSACTION_ABORTABLE : ERROR_INVALID_TXN_STATE;
        }
    }
    return ERROR_NONE;
}

static void part_send(struct produce *produce, const struct route_place *place, const struct records *records,
                      struct produce_partition_answer *row)
{
    const struct produce_ask *ask = produce->request->ask;
    struct produce_part *part = &produce->parts[produce->part_count++];

    part->acks = ask->acks;
    part->topic = place->topic->id;
    part->index = row->index;
    part->records = (struct bytes){ records->data, (size_t)records->size };
    part->answer = row;
    part->bad_record = -1;
    route_send(&produce->route, &part->route, place->owner, produce_part_arrive);
}

static void topic_look(struct produce *produce, const struct produce_topic_ask *topic, int16_t refused,
                       struct produce_topic_answer *answer)
{
    const struct apis *apis = apis_of(produce->request);
    bool by_id = produce->request->version >= 13;

    for (int32_t i = 0; i < topic->partitions.count; i++) {
        const struct produce_partition_ask *ask = &topic->partitions.items[i];
        if (ask->index == INT32_MIN) continue; /* Named again later. */

        struct route_place place =
            by_id ? route_by_id(apis, topic->topic_id, ask->index) : route_by_name(apis, topic->name, ask->index);
        int16_t error = refused;
        if (error == ERROR_NONE) error = part_look(produce, topic, &place, &ask->records);
        struct produce_partition_answer *row = row_add(answer, ask->index, error_tell(produce->request, error));
        produce->refused |= error != ERROR_NONE;
        if (error == ERROR_NONE) part_send(produce, &place, &ask->records, row);
    }
}

/* A partition that is named twice is served once, with what was said last; the others are struck out. */
static bool strike_doubles(struct produce *produce, uint32_t count)
{
    const struct produce_ask *ask = produce->request->ask;
    struct seen seen;

    if (count < 2) return true;
    if (!seen_init(&seen, &produce->request->arena, count)) return false;
    for (int32_t i = ask->topics.count - 1; i >= 0; i--) {
        const struct produce_topic_ask *topic = &ask->topics.items[i];
        for (int32_t j = topic->partitions.count - 1; j >= 0; j--) {
            struct produce_partition_ask *partition = &topic->partitions.items[j];
            if (!seen_add(&seen, hash_join(produce->hashes[i], (uint32_t)partition->index)))
                partition->index = INT32_MIN;
        }
    }
    return true;
}

/* ---- begin and end ---- */

static bool produce_make(struct produce *produce, uint32_t count)
{
    struct request *request = produce->request;
    const struct produce_ask *ask = request->ask;
    struct arena *arena = &request->arena;
    uint32_t topics = (uint32_t)max_of(ask->topics.count, 0);

    produce->named = TOPICS_NAMED(&produce->answer.topics, struct produce_topic_answer);
    produce->hashes = arena_take(arena, topics * sizeof(*produce->hashes));
    produce->parts = arena_take(arena, count * sizeof(*produce->parts));
    if (!produce->hashes || !produce->parts || !topics_named_begin(&produce->named, arena, topics)) return false;
    for (uint32_t i = 0; i < topics; i++) {
        const struct produce_topic_ask *asked = &ask->topics.items[i];
        uint64_t *hash = &produce->hashes[i]; /* Of a single partition it doesn't matter. */
        if (count > 1) *hash = request->version >= 13 ? uuid_hash(asked->topic_id) : text_hash(asked->name);
        struct produce_topic_answer *row = topics_named_count(&produce->named, *hash, asked->partitions.count);
        if (!row) continue;
        row->name = asked->name;
        row->topic_id = asked->topic_id;
    }
    return topics_named_furnish(&produce->named, arena) && strike_doubles(produce, count);
}

void produce_begin(struct request *request)
{
    const struct produce_ask *ask = request->ask;
    struct produce *produce = arena_take(&request->arena, sizeof(*produce));
    uint32_t count = 0;

    for (int32_t i = 0; i < ask->topics.count; i++) count += (uint32_t)max_of(ask->topics.items[i].partitions.count, 0);
    if (produce) produce->request = produce->hints.request = request;
    if (!produce || !produce_make(produce, count)) {
        request_abort(request, "no memory");
        return;
    }

    int16_t refused = transaction_look(request);
    route_begin(&produce->route, request->shard, produce_joined);
    for (int32_t i = 0; i < ask->topics.count; i++) {
        const struct produce_topic_ask *topic = &ask->topics.items[i];
        if (topic->partitions.count <= 0) continue;
        topic_look(produce, topic, refused, topics_named_row(&produce->named, produce->hashes[i]));
    }
    route_release(&produce->route);
}

static void part_answer(struct produce *produce, const struct produce_part *part)
{
    struct produce_partition_answer *row = part->answer;

    row->error = error_tell(produce->request, error_of(part->status));
    produce->request->times.waited = max_of(produce->request->times.waited, part->placed_ns);
    if (part->status == STATUS_OK) {
        row->base_offset = part->base_offset;
        row->log_append_time_ms = part->append_time_ms;
        row->log_start_offset = part->start;
        return;
    }
    produce->refused = true;
    row->error_message = error_text(part->status);
    if (row->error == ERROR_NOT_LEADER_OR_FOLLOWER && produce->request->version >= 10) {
        row->current_leader = hint_leader(&produce->hints, part->topic, part->index);
    }
    produce_refusal_tell(produce->request, part);
}

static void produce_joined(struct route *route)
{
    struct produce *produce = container_of(route, struct produce, route);
    struct request *request = produce->request;
    const struct produce_ask *ask = request->ask;

    for (uint32_t i = 0; i < produce->part_count; i++) part_answer(produce, &produce->parts[i]);
    produce->answer.node_endpoints.items = produce->hints.nodes;
    produce->answer.node_endpoints.count = produce->hints.node_count;
    if (ask->acks != 0) {
        request_answer(request, &produce->answer, NULL, 0, NULL);
    } else if (produce->refused) {
        request_abort(request, "acks=0 and not stored");
    } else {
        request_silence(request);
    }
}
