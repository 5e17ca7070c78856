/* client/sender.c   A flush is rounds until nothing waits:
 *
 *     one Produce per leader -> each partition's answer: stored | refused for good | to be tried again
 *                                                                                   (new leaders are asked for first)
 *
 * What is tried again has the same sequence number, so a batch whose first answer was lost is not stored twice. */
#include "client/sender.h"

#include "client/codes.h"
#include "messages/init_producer_id.h"
#include "messages/produce.h"

enum { ARENA_MAX = 1 << 30, ANSWER_WAIT_MS = 30000, UNKNOWN_WAIT_MS = 3000 };

/* ---- opening ---- */

static void take_topic(struct sender *sender, const struct metadata_topic_answer *topic)
{
    struct heap *heap = &sender->client->heap;
    int32_t known = sender->partition_count, count = max_of(known, topic->partitions.count);

    sender->topic_id = topic->topic_id;
    sender->partitions = heap_resize(heap, sender->partitions, (size_t)count * sizeof(*sender->partitions));
    for (int32_t i = known; i < count; i++) {
        sender->partitions[i].index = i;
        sender->partitions[i].leader = -1;
        packer_init(&sender->partitions[i].packer, heap, sender->settings.codec, sender->settings.level);
    }
    sender->partition_count = count;
    for (int32_t i = 0; i < topic->partitions.count; i++) {
        const struct metadata_partition_answer *partition = &topic->partitions.items[i];
        if (partition->index >= 0 && partition->index < count)
            sender->partitions[partition->index].leader = partition->leader_id;
    }
}

static enum status learn_topic(struct sender *sender, bool create)
{
    struct client *client = sender->client;
    struct text name = text_of(sender->settings.topic);
    struct metadata_answer answer = { 0 };
    struct arena arena;
    int64_t begun_ms = clock_ms();

    arena_init(&arena, &client->heap, NULL, 0, ARENA_MAX);
    for (;;) {
        enum status status = client_metadata(client, &name, 1, create, &answer, &arena);
        if (status == STATUS_OK && answer.topics.count != 1) status = STATUS_MALFORMED;
        int16_t error = CODE_NONE;
        if (status == STATUS_OK) error = answer.topics.items[0].error;
        if (status == STATUS_OK && error == CODE_NONE && answer.topics.items[0].partitions.count < 1) {
            client_explain(client, "%s has no partitions", sender->settings.topic);
            status = STATUS_MALFORMED;
        }
        if (status == STATUS_OK && error == CODE_NONE) take_topic(sender, &answer.topics.items[0]);
        arena_reset(&arena);
        if (status != STATUS_OK || error == CODE_NONE) return status;

        /* A topic that brokers make by themselves is there in a moment, or never. */
        int64_t patience_ms = error == CODE_UNKNOWN_TOPIC_OR_PARTITION ? UNKNOWN_WAIT_MS : client->timeout_ms;
        if (!code_retriable(error) || clock_ms() >= begun_ms + min_of(patience_ms, client->timeout_ms)) {
            client_explain(client, "%s: %s", sender->settings.topic, code_name(error));
            sender->error = error;
            return STATUS_NOT_FOUND;
        }
        client_pause();
    }
}

/* Brokers without producer ids, or that don't give us one: then a batch may be stored twice when a broker vanishes. */
static void learn_author(struct sender *sender)
{
    const struct init_producer_id_ask ask = {
        .transactional_id = TEXT_NULL,
        .transaction_timeout_ms = INT32_MAX,
        .producer_id = -1,
        .producer_epoch = -1,
    };
    struct init_producer_id_answer answer = { 0 };
    struct arena arena;
    struct client_call call = {
        .node = CLIENT_ANY,
        .key = API_INIT_PRODUCER_ID,
        .version_max = LATEST,
        .repeatable = true,
        .ask = &ask,
        .answer = &answer,
        .arena = &arena,
    };
    int64_t deadline_ms = clock_ms() + sender->client->timeout_ms;

    arena_init(&arena, &sender->client->heap, NULL, 0, ARENA_MAX);
    enum status status = client_ask(sender->client, &call);
    while (status == STATUS_OK && code_retriable(answer.error) && clock_ms() < deadline_ms) {
        client_pause();
        status = client_ask(sender->client, &call);
    }
    if (status == STATUS_OK && answer.error == CODE_NONE) {
        sender->author.id = answer.producer_id;
        sender->author.epoch = answer.producer_epoch;
    }
    arena_reset(&arena);
}

enum status sender_open(struct sender *sender, struct client *client, const struct sender_settings *settings,
                        uint64_t seed)
{
    *sender = (struct sender){
        .client = client,
        .settings = *settings,
        .sticky = SENDER_ANY_PARTITION,
        .author = { .id = -1, .epoch = -1, .sequence = -1 },
    };
    prng_seed(&sender->prng, seed);
    enum status status = learn_topic(sender, true);
    if (status == STATUS_OK && settings->acks == -1) learn_author(sender);
    return status;
}

void sender_close(struct sender *sender)
{
    for (int32_t i = 0; i < sender->partition_count; i++) packer_end(&sender->partitions[i].packer);
    heap_give(&sender->client->heap, sender->partitions);
    sender->partitions = NULL;
    sender->partition_count = 0;
}

/* ---- gathering ---- */

/* Kafka's Utils.murmur2, whose low 31 bits choose the partition of a key. */
static uint32_t murmur2(struct bytes key)
{
    const uint32_t m = 0x5bd1e995, seed = 0x9747b28c;
    uint32_t h = seed ^ (uint32_t)key.size;
    const uint8_t *at = key.data;
    size_t left = key.size;

    for (; left >= 4; at += 4, left -= 4) {
        uint32_t k = (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
        k *= m;
        k ^= k >> 24;
        h = h * m ^ k * m;
    }
    if (left == 3) h ^= (uint32_t)at[2] << 16;
    if (left >= 2) h ^= (uint32_t)at[1] << 8;
    if (left >= 1) h = (h ^ at[0]) * m;
    h ^= h >> 13;
    h *= m;
    return h ^ h >> 15;
}

int32_t sender_partition_of(struct sender *sender, struct bytes key)
{
    uint32_t count = (uint32_t)sender->partition_count;

    if (key.data) return (int32_t)((murmur2(key) & INT32_MAX) % count);
    if (sender->sticky < 0) sender->sticky = (int32_t)(prng_below(&sender->prng, count));
    return sender->sticky;
}

enum status sender_add(struct sender *sender, int32_t partition, const struct packer_record *record)
{
    size_t cost = packer_cost(record);

    if (partition == SENDER_ANY_PARTITION) partition = sender_partition_of(sender, record->key);
    if (partition < 0 || partition >= sender->partition_count) {
        client_explain(sender->client, "%s has no partition %d, it has %d", sender->settings.topic, partition,
                       sender->partition_count);
        return STATUS_INVALID;
    }
    struct packer *packer = &sender->partitions[partition].packer;
    if (packer->count > 0 && packer->size + cost > sender->settings.batch_size) {
        enum status status = sender_flush(sender);
        if (status != STATUS_OK) return status;
    }
    packer_add(packer, record);
    sender->waiting_size += cost;
    if (sender->waiting_size < 4 * sender->settings.batch_size) return STATUS_OK;
    return sender_flush(sender);
}

/* ---- sending ---- */

/* All that one leader shall get, in `ask`. */
static enum status collect(struct sender *sender, int32_t leader, struct produce_ask *ask, struct arena *arena)
{
    struct produce_topic_ask *topic = arena_take(arena, sizeof(*topic));

    if (!topic) return STATUS_NO_MEMORY;
    topic->name = text_of(sender->settings.topic);
    topic->topic_id = sender->topic_id;
    topic->partitions.items = arena_take(arena, (size_t)sender->partition_count * sizeof(*topic->partitions.items));
    if (!topic->partitions.items) return STATUS_NO_MEMORY;
    for (int32_t i = 0; i < sender->partition_count; i++) {
        struct sender_partition *partition = &sender->partitions[i];
        struct packer_author author = sender->author;
        struct bytes batch;
        partition->sending = partition->packer.count > 0 && partition->leader == leader && !partition->settled;
        if (!partition->sending) continue;
        if (author.id >= 0) author.sequence = partition->sequence;
        enum status status = packer_finish(&partition->packer, &author, &batch);
        if (status != STATUS_OK) return status;
        topic->partitions.items[topic->partitions.count++] = (struct produce_partition_ask){
            .index = i,
            .records = { .data = batch.data, .size = (int32_t)batch.size },
        };
    }
    *ask = (struct produce_ask){
        .transactional_id = TEXT_NULL,
        .acks = sender->settings.acks,
        .timeout_ms = ANSWER_WAIT_MS,
        .topics = { topic, 1 },
    };
    return STATUS_OK;
}

static void settle(struct sender *sender, struct sender_partition *partition, int64_t base_offset, bool stored)
{
    int32_t count = partition->packer.count;

    partition->settled = true;
    if (!stored) return;
    sender->stored_count += (uint64_t)count;
    partition->sequence = (int32_t)(((uint32_t)partition->sequence + (uint32_t)count) & INT32_MAX);
    if (sender->stored) sender->stored(sender, partition->index, base_offset, count);
}

static void hear(struct sender *sender, const struct produce_partition_answer *answer)
{
    if (answer->index < 0 || answer->index >= sender->partition_count) return;
    struct sender_partition *partition = &sender->partitions[answer->index];

    if (!partition->sending || partition->settled) return;
    if (answer->error == CODE_NONE || answer->error == CODE_DUPLICATE_SEQUENCE_NUMBER) {
        settle(sender, partition, answer->base_offset, true);
        return;
    }
    client_explain(sender->client, "%s [%d]: %d records refused: %s%s%.*s", sender->settings.topic, answer->index,
                   partition->packer.count, code_name(answer->error), answer->error_message.size ? ": " : "",
                   TEXT_ARGS(answer->error_message));
    if (code_retriable(answer->error)) return;
    settle(sender, partition, -1, false);
    sender->error = answer->error;
}

static enum status send_to(struct sender *sender, int32_t leader)
{
    struct produce_answer answer = { 0 };
    struct produce_ask ask;
    struct arena arena;

    arena_init(&arena, &sender->client->heap, NULL, 0, ARENA_MAX);
    enum status status = collect(sender, leader, &ask, &arena);
    struct client_call call = {
        .node = leader,
        .key = API_PRODUCE,
        .version_max = LATEST,
        .repeatable = false,
        .wait_ms = ANSWER_WAIT_MS,
        .ask = &ask,
        .answer = sender->settings.acks == 0 ? NULL : &answer,
        .arena = &arena,
    };
    if (status == STATUS_OK) status = client_ask(sender->client, &call);
    for (int32_t t = 0; status == STATUS_OK && t < answer.topics.count; t++) {
        for (int32_t p = 0; p < answer.topics.items[t].partitions.count; p++) {
            hear(sender, &answer.topics.items[t].partitions.items[p]);
        }
    }
    for (int32_t i = 0; status == STATUS_OK && sender->settings.acks == 0 && i < sender->partition_count; i++) {
        if (sender->partitions[i].sending) settle(sender, &sender->partitions[i], -1, true);
    }
    arena_reset(&arena);
    return status;
}

/* The least leader above `after` that something waits for; INT32_MAX: nothing does. */
static int32_t next_leader(const struct sender *sender, int32_t after)
{
    int32_t least = INT32_MAX;

    for (int32_t i = 0; i < sender->partition_count; i++) {
        const struct sender_partition *partition = &sender->partitions[i];
        if (partition->packer.count == 0 || partition->settled) continue;
        if (partition->leader > after) least = min_of(least, partition->leader);
    }
    return least;
}

static void empty(struct sender *sender)
{
    for (int32_t i = 0; i < sender->partition_count; i++) {
        sender->partitions[i].settled = false;
        packer_empty(&sender->partitions[i].packer);
    }
    sender->waiting_size = 0;
    sender->sticky = SENDER_ANY_PARTITION;
}

enum status sender_flush(struct sender *sender)
{
    int64_t deadline_ms = clock_ms() + sender->client->timeout_ms;
    enum status status = STATUS_OK;

    sender->error = CODE_NONE;
    while (next_leader(sender, INT32_MIN) != INT32_MAX) {
        int32_t leader = -1;
        while ((leader = next_leader(sender, leader)) != INT32_MAX) {
            status = send_to(sender, leader);
            if (status != STATUS_OK && status != STATUS_CLOSED && status != STATUS_TIMED_OUT) return status;
        }
        if (next_leader(sender, INT32_MIN) == INT32_MAX) break;
        if (clock_ms() >= deadline_ms) return STATUS_TIMED_OUT;
        client_pause();
        enum status learned = learn_topic(sender, false);
        if (learned != STATUS_OK) return learned;
    }
    empty(sender);
    return sender->error == CODE_NONE ? STATUS_OK : STATUS_INVALID;
}
