/* client/consumer.c   Fetch without a session: each round names what it wants. Batches are judged by their sum,
 * unpacked into memory of the round, and walked; the last one of an answer may be cut, and comes whole with the next
 * round. */
#include "client/consumer.h"

#include "client/codes.h"
#include "client/unpack.h"
#include "messages/fetch.h"

enum { ARENA_MAX = INT32_MAX };

struct aborted {
    int64_t *producers; /* whose records are skipped just now; room for the answer's whole list */
    uint32_t count;
    int32_t next; /* of that list */
};

struct reading {
    struct consumer *consumer;
    struct consumer_partition *partition;
    const struct fetch_partition_answer *answer;
    struct aborted aborted;
    struct arena *arena;
};

bool consumer_done(const struct consumer *consumer)
{
    for (uint32_t i = 0; !consumer->stopped && i < consumer->partition_count; i++) {
        if (!consumer->partitions[i].done) return false;
    }
    return true;
}

/* ---- records ---- */

/* The list is in order of first_offset; a transaction counts from there to its marker. */
static bool skipped(struct reading *reading, const struct batch *batch)
{
    struct aborted *aborted = &reading->aborted;
    const struct fetch_partition_answer *answer = reading->answer;

    while (aborted->next < answer->aborted_transactions.count) {
        const struct fetch_aborted_transaction *one = &answer->aborted_transactions.items[aborted->next];
        if (one->first_offset >= batch_limit(batch)) break;
        aborted->producers[aborted->count++] = one->producer_id;
        aborted->next++;
    }
    if (!(batch->attributes & BATCH_TRANSACTIONAL)) return false;
    for (uint32_t i = 0; i < aborted->count; i++) {
        if (aborted->producers[i] != batch->producer_id) continue;
        if (batch->attributes & BATCH_CONTROL) aborted->producers[i] = aborted->producers[--aborted->count];
        return true;
    }
    return false;
}

static enum status deliver_batch(struct reading *reading, const struct batch *batch)
{
    struct consumer *consumer = reading->consumer;
    struct consumer_partition *partition = reading->partition;
    struct consumer_record one = { .partition = partition, .append_time = batch->attributes & BATCH_APPEND_TIME };
    struct record_walk walk;
    struct bytes records;

    enum status status = unpack_records(batch, reading->arena, &consumer->client->heap, &records);
    if (status != STATUS_OK) return status;
    record_walk_begin(&walk, batch, records);
    while (record_walk_next(&walk, &one.record, &status)) {
        if (one.record.offset < partition->next) continue;
        if (one.record.offset >= partition->limit) break;
        partition->next = one.record.offset + 1;
        if (!consumer->deliver(consumer, &one)) {
            consumer->stopped = true;
            return STATUS_OK;
        }
    }
    return status;
}

static enum status deliver_batches(struct reading *reading)
{
    struct consumer_partition *partition = reading->partition;
    const uint8_t *at = reading->answer->records.data;
    size_t left = at ? (size_t)max_of(reading->answer->records.size, 0) : 0;

    while (left > 0 && !reading->consumer->stopped && partition->next < partition->limit) {
        struct batch batch;
        enum status status = batch_read(at, left, &batch);
        if (status == STATUS_TRUNCATED) break; /* It comes whole with the next round. */
        if (status == STATUS_OK) status = batch_check_crc(&batch);
        if (status != STATUS_OK) return status;
        at += batch.size;
        left -= batch.size;
        bool passed =
            batch_limit(&batch) <= partition->next; /* An answer begins with the batch that holds the offset. */
        if (!skipped(reading, &batch) && !passed && !(batch.attributes & BATCH_CONTROL)) {
            status = deliver_batch(reading, &batch);
            if (status != STATUS_OK) return status;
        }
        if (!reading->consumer->stopped) partition->next = max_of(partition->next, batch_limit(&batch));
    }
    if (partition->next >= partition->limit) partition->done = true;
    return STATUS_OK;
}

/* ---- answers ---- */

static struct consumer_partition *find(struct consumer *consumer, const struct fetch_topic_answer *topic, int32_t index)
{
    for (uint32_t i = 0; i < consumer->partition_count; i++) {
        struct consumer_partition *partition = &consumer->partitions[i];
        if (partition->index != index) continue;
        if (topic->name.size > 0 ? text_equal(topic->name, partition->topic)
                                 : uuid_equal(topic->topic_id, partition->topic_id)) {
            return partition;
        }
    }
    return NULL;
}

static enum status hear(struct consumer *consumer, struct consumer_partition *partition,
                        const struct fetch_partition_answer *answer, struct arena *arena, bool *stale)
{
    struct reading reading = { .consumer = consumer, .partition = partition, .answer = answer, .arena = arena };
    size_t aborted = (size_t)max_of(answer->aborted_transactions.count, 0);

    if (answer->error == CODE_NONE) {
        partition->high_watermark = answer->high_watermark;
        reading.aborted.producers = arena_take(arena, aborted * sizeof(*reading.aborted.producers));
        enum status status = reading.aborted.producers ? deliver_batches(&reading) : STATUS_NO_MEMORY;
        if (status == STATUS_OK) return status;
        client_explain(consumer->client, "%.*s [%d] at offset %lld: %s", TEXT_ARGS(partition->topic), partition->index,
                       (long long)partition->next, status_text(status));
        return status;
    }
    client_explain(consumer->client, "%.*s [%d] at offset %lld: %s", TEXT_ARGS(partition->topic), partition->index,
                   (long long)partition->next, code_name(answer->error));
    if (code_retriable(answer->error)) {
        *stale = true;
        return STATUS_OK;
    }
    return answer->error == CODE_OFFSET_OUT_OF_RANGE ? STATUS_OUT_OF_RANGE : STATUS_INVALID;
}

/* ---- asking ---- */

static enum status collect(struct consumer *consumer, int32_t leader, struct fetch_ask *ask, struct arena *arena)
{
    struct fetch_topic_ask *topic = NULL;
    uint32_t count = consumer->partition_count;

    ask->topics.items = arena_take(arena, count * sizeof(*ask->topics.items));
    if (!ask->topics.items) return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < count; i++) {
        const struct consumer_partition *partition = &consumer->partitions[(i + consumer->turn) % count];
        if (partition->done || partition->leader != leader) continue;
        if (!topic || !text_equal(topic->name, partition->topic)) {
            topic = &ask->topics.items[ask->topics.count++];
            topic->name = partition->topic;
            topic->topic_id = partition->topic_id;
            topic->partitions.items = arena_take(arena, (count - i) * sizeof(*topic->partitions.items));
            if (!topic->partitions.items) return STATUS_NO_MEMORY;
        }
        topic->partitions.items[topic->partitions.count++] = (struct fetch_partition_ask){
            .index = partition->index,
            .current_leader_epoch = -1,
            .fetch_offset = partition->next,
            .last_fetched_epoch = -1,
            .log_start_offset = -1,
            .max_bytes = consumer->fetch_size,
            .high_watermark = INT64_MAX,
        };
    }
    return STATUS_OK;
}

static enum status fetch_from(struct consumer *consumer, int32_t leader, int32_t wait_ms, bool *stale)
{
    enum { ANSWER_FACTOR = 16 };
    struct fetch_ask ask = {
        .cluster_id = TEXT_NULL,
        .replica_id = -1,
        .max_wait_ms = wait_ms,
        .min_bytes = 1,
        .max_bytes = consumer->fetch_size * ANSWER_FACTOR,
        .isolation_level = consumer->committed ? 1 : 0,
        .session_epoch = -1,
        .rack_id = TEXT(""),
    };
    struct fetch_answer answer = { 0 };
    struct arena arena;

    arena_init(&arena, &consumer->client->heap, NULL, 0, ARENA_MAX);
    enum status status = collect(consumer, leader, &ask, &arena);
    struct client_call call = {
        .node = leader,
        .key = API_FETCH,
        .version_max = LATEST,
        .repeatable = true,
        .wait_ms = wait_ms,
        .ask = &ask,
        .answer = &answer,
        .arena = &arena,
    };
    if (status == STATUS_OK) status = client_ask(consumer->client, &call);
    if (status == STATUS_OK && answer.error != CODE_NONE) {
        client_explain(consumer->client, "broker %d: %s", leader, code_name(answer.error));
        status = STATUS_INVALID;
    }
    for (int32_t t = 0; status == STATUS_OK && t < answer.topics.count; t++) {
        const struct fetch_topic_answer *topic = &answer.topics.items[t];
        for (int32_t p = 0; status == STATUS_OK && !consumer->stopped && p < topic->partitions.count; p++) {
            struct consumer_partition *partition = find(consumer, topic, topic->partitions.items[p].index);
            if (partition) status = hear(consumer, partition, &topic->partitions.items[p], &arena, stale);
        }
    }
    arena_reset(&arena);
    return status;
}

static enum status refresh_leaders(struct consumer *consumer)
{
    struct metadata_answer answer = { 0 };
    struct arena arena;
    enum status status = STATUS_OK;

    arena_init(&arena, &consumer->client->heap, NULL, 0, ARENA_MAX);
    for (uint32_t i = 0; status == STATUS_OK && i < consumer->partition_count; i++) {
        struct consumer_partition *partition = &consumer->partitions[i];
        if (i > 0 && text_equal(partition->topic, consumer->partitions[i - 1].topic)) continue;
        status = client_metadata(consumer->client, &partition->topic, 1, false, &answer, &arena);
        for (int32_t p = 0; status == STATUS_OK && answer.topics.count == 1; p++) {
            const struct metadata_topic_answer *topic = &answer.topics.items[0];
            if (p >= topic->partitions.count) break;
            for (uint32_t k = 0; k < consumer->partition_count; k++) {
                struct consumer_partition *other = &consumer->partitions[k];
                if (other->index != topic->partitions.items[p].index) continue;
                if (text_equal(other->topic, partition->topic)) other->leader = topic->partitions.items[p].leader_id;
            }
        }
        arena_reset(&arena);
    }
    return status;
}

/* The next leader above `after` that something is wanted from; INT32_MAX: none. */
static int32_t next_leader(const struct consumer *consumer, int32_t after)
{
    int32_t least = INT32_MAX;

    for (uint32_t i = 0; i < consumer->partition_count; i++) {
        const struct consumer_partition *partition = &consumer->partitions[i];
        if (!partition->done && partition->leader > after) least = min_of(least, partition->leader);
    }
    return least;
}

enum status consumer_round(struct consumer *consumer)
{
    enum { WAIT_AMONG_MANY_MS = 50 };
    int32_t first = next_leader(consumer, -1);
    bool alone = first != INT32_MAX && next_leader(consumer, first) == INT32_MAX;
    bool stale = first == INT32_MAX || next_leader(consumer, INT32_MIN) == -1;

    for (int32_t leader = first; leader != INT32_MAX && !consumer->stopped; leader = next_leader(consumer, leader)) {
        int32_t wait_ms = alone ? consumer->wait_ms : min_of(consumer->wait_ms, WAIT_AMONG_MANY_MS);
        enum status status = fetch_from(consumer, leader, wait_ms, &stale);
        if (status != STATUS_OK) return status;
    }
    consumer->turn++;
    if (!stale) consumer->stale_since_ms = 0;
    if (!stale || consumer_done(consumer)) return STATUS_OK;
    if (consumer->stale_since_ms == 0) consumer->stale_since_ms = clock_ms();
    if (clock_ms() - consumer->stale_since_ms >= consumer->client->timeout_ms) return STATUS_TIMED_OUT;
    client_pause();
    return refresh_leaders(consumer);
}
