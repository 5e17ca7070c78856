/* tests/sim/consume.c   A consumer: fetches one partition from a position on, holds every batch against the ledger, and
 * now and then begins elsewhere. At the end of a story it reads everything: each live log from its earliest to its
 * latest offset. */
#include <string.h>

#include "messages/fetch.h"
#include "messages/list_offsets.h"
#include "sim/demand.h"

enum { OUT_OF_RANGE = 1 };

static void consumer_act(struct sim_event *event);
static void consumer_soon(struct consumer *consumer, int64_t gap_ns);

void consumer_init(struct consumer *consumer, struct demand *demand, struct sim_network *network, uint16_t port)
{
    consumer->demand = demand;
    consumer->position = consumer->end = -1;
    client_init(&consumer->client, demand->world, network, 0, port);
    if (sim_chance(&demand->prng, 1, 3)) consumer->client.stall_ppm = 20000;
    sim_event_init(&consumer->event, consumer_act);
    consumer_soon(consumer, 2000000);
}

static void consumer_soon(struct consumer *consumer, int64_t gap_ns)
{
    struct demand *demand = consumer->demand;

    sim_event_set(demand->world, &consumer->event, demand->world->now_ns + sim_tail(&demand->prng, gap_ns));
}

static struct ledger_log *log_of(struct consumer *consumer)
{
    return ledger_log(&consumer->demand->ledger, consumer->topic->number, consumer->topic->place, consumer->partition);
}

/* ---- where to begin ---- */

static void consumer_placed(struct client_request *request, const void *message)
{
    struct consumer *consumer = request->context;
    const struct list_offsets_answer *answer = message;

    consumer->asking = false;
    if (answer && answer->topics.count == 1 && answer->topics.items[0].partitions.count == 1) {
        const struct list_offsets_partition_answer *part = &answer->topics.items[0].partitions.items[0];
        sim_told(consumer->demand->world, consumer->topic->name, "ListOffsets: partition %lu, error %lu, offset %lu",
                 (uint64_t)consumer->partition, (uint64_t)part->error, (uint64_t)part->offset, 0);
    }
    if (answer && answer->topics.count == 1 && answer->topics.items[0].partitions.count == 1 &&
        answer->topics.items[0].partitions.items[0].error == 0) {
        int64_t offset = answer->topics.items[0].partitions.items[0].offset;
        if (consumer->reading_all && consumer->position >= 0) {
            consumer->end = offset;
        } else {
            struct ledger_log *log = log_of(consumer);
            bool lasting = consumer->topic->place < DEMAND_LASTING; /* Else the name may mean another topic by now. */
            if ((lasting || consumer->reading_all) &&
                (offset > log->start_asked || (offset < consumer->start_told && !consumer->demand->ledger.relaxed))) {
                sim_fail(consumer->demand->world, "topic %lu-%d: earliest is %ld, asked %ld, told %ld", log->number,
                         log->partition, offset, log->start_asked, consumer->start_told);
            }
            consumer->position = consumer->start = offset;
        }
    } else if (answer) {
        consumer->refused = consumer->demand->damaged;
    }
    consumer_soon(consumer, consumer->demand->gap_ns);
}

static void consumer_place(struct consumer *consumer, int64_t timestamp_ms)
{
    struct list_offsets_partition_ask part = { consumer->partition, -1, timestamp_ms };
    struct list_offsets_topic_ask topic;
    struct list_offsets_ask ask;

    message_clear(&list_offsets_ask_schema, &ask);
    memset(&topic, 0, sizeof topic);
    topic.name = text_of(consumer->topic->name);
    topic.partitions.items = &part;
    topic.partitions.count = 1;
    ask.replica_id = -1;
    ask.topics.items = &topic;
    ask.topics.count = 1;
    consumer->asking =
        client_ask(&consumer->client, API_LIST_OFFSETS, demand_version(consumer->demand, API_LIST_OFFSETS, 1, 10), &ask,
                   false, consumer_placed, consumer);
    if (!consumer->asking) consumer_soon(consumer, 1000000);
}

/* ---- reading ---- */

static void part_read(struct consumer *consumer, const struct fetch_partition_answer *part)
{
    struct sim_world *world = consumer->demand->world;
    struct ledger_log *log = log_of(consumer);
    bool relaxed = consumer->demand->ledger.relaxed;

    if (part->error == OUT_OF_RANGE) {
        bool lasting = consumer->topic->place < DEMAND_LASTING;
        bool within = lasting && consumer->position >= log->start_asked && consumer->position <= consumer->committed;
        if (within && !relaxed) {
            sim_fail(world,
                     "no-change-below-high-watermark: topic %lu-%d: offset %ld is out of range, %ld was committed",
                     log->number, log->partition, consumer->position, consumer->committed);
        }
        consumer->position = -1;
    } else if (part->error == 0) {
        if (part->high_watermark < consumer->committed && !relaxed) {
            sim_fail(world, "topic %lu-%d: the high watermark went from %ld back to %ld", log->number, log->partition,
                     consumer->committed, part->high_watermark);
        }
        log->committed = max_of(log->committed, part->high_watermark);
        if (part->records.size > 0) {
            consumer->position = ledger_read(&consumer->demand->ledger, log, consumer->position, part->records.data,
                                             (size_t)part->records.size);
        }
        if (consumer->position > part->high_watermark) {
            sim_fail(world, "topic %lu-%d: read up to %ld, above the high watermark %ld", log->number, log->partition,
                     consumer->position, part->high_watermark);
        }
    } else if (!consumer->reading_all) {
        consumer->topic = NULL;
    } else {
        consumer->refused = consumer->demand->damaged;
    }
}

static void consumer_fetched(struct client_request *request, const void *message)
{
    struct consumer *consumer = request->context;
    const struct fetch_answer *answer = message;

    consumer->asking = false;
    if (answer && answer->topics.count == 1 && answer->topics.items[0].partitions.count == 1) {
        part_read(consumer, &answer->topics.items[0].partitions.items[0]);
    }
    consumer_soon(consumer, consumer->demand->gap_ns);
}

static void consumer_fetch(struct consumer *consumer)
{
    struct demand *demand = consumer->demand;
    struct prng *prng = &demand->prng;
    bool lasting = consumer->topic->place < DEMAND_LASTING;
    int16_t version = demand_version(demand, API_FETCH, lasting ? 4 : 13, 18);
    struct fetch_partition_ask part;
    struct fetch_topic_ask topic;
    struct fetch_ask ask;

    message_clear(&fetch_ask_schema, &ask);
    memset(&topic, 0, sizeof topic);
    memset(&part, 0, sizeof part);
    part.index = consumer->partition;
    part.current_leader_epoch = part.last_fetched_epoch = -1;
    part.fetch_offset = consumer->position;
    part.log_start_offset = -1;
    part.max_bytes = (int32_t)sim_between(prng, 1, 1 << 18);
    part.high_watermark = INT64_MAX;
    topic.name = text_of(consumer->topic->name);
    topic.topic_id = consumer->topic->id;
    topic.partitions.items = &part;
    topic.partitions.count = 1;
    ask.replica_id = -1;
    ask.max_wait_ms = consumer->reading_all ? 0 : (int32_t)prng_below(prng, 300);
    ask.min_bytes = (int32_t)sim_between(prng, 0, 1000);
    ask.max_bytes = 1 << 20;
    ask.isolation_level = (int8_t)prng_below(prng, 2);
    ask.session_epoch = -1;
    ask.topics.items = &topic;
    ask.topics.count = 1;
    consumer->committed = log_of(consumer)->committed;
    consumer->asking = client_ask(&consumer->client, API_FETCH, version, &ask, false, consumer_fetched, consumer);
    if (!consumer->asking) consumer_soon(consumer, 1000000);
}

static void consumer_act(struct sim_event *event)
{
    struct consumer *consumer = container_of(event, struct consumer, event);
    struct demand *demand = consumer->demand;

    if (consumer->asking) return;
    if (consumer->reading_all) {
        consumer_read_next(consumer);
        return;
    }
    consumer_soon(consumer, demand->gap_ns);
    if (demand->quiet || demand->actions_left == 0) return;
    if (!topic_usable(consumer->topic) || uuid_none(consumer->topic->id) || sim_chance(&demand->prng, 1, 30)) {
        struct demand_topic *topic = demand->slots[prng_below(&demand->prng, DEMAND_SLOTS)];
        if (!topic_usable(topic) || uuid_none(topic->id)) return;
        consumer->topic = topic;
        consumer->partition = (int32_t)prng_below(&demand->prng, (uint64_t)topic->partitions);
        consumer->position = -1;
    }
    demand->actions_left--;
    if (consumer->position < 0)
        consumer_place(consumer, LIST_OFFSETS_EARLIEST);
    else
        consumer_fetch(consumer);
}

/* ---- reading everything ---- */

/* The next live log behind the present one; false when there is none. */
static bool log_next(struct consumer *consumer)
{
    struct demand *demand = consumer->demand;
    int place = -1;

    if (consumer->topic && consumer->partition + 1 < consumer->topic->partitions) {
        consumer->partition++;
        return true;
    }
    for (int i = 0; i < DEMAND_SLOTS; i++)
        if (consumer->topic && demand->slots[i] == consumer->topic) place = i;
    while (++place < DEMAND_SLOTS) {
        if (!topic_usable(demand->slots[place])) continue;
        consumer->topic = demand->slots[place];
        consumer->partition = 0;
        return true;
    }
    return false;
}

void consumer_read_next(struct consumer *consumer)
{
    if (consumer->refused) {
        sim_told(consumer->demand->world, consumer->topic->name, "damaged: partition %lu can't be read from %lu on",
                 (uint64_t)consumer->partition, (uint64_t)consumer->position, 0, 0);
        consumer->refused = false;
        consumer->position = consumer->end = -1;
        consumer->done = !log_next(consumer);
    } else if (consumer->topic && consumer->position >= 0 && consumer->end >= 0 &&
               consumer->position >= consumer->end) {
        ledger_check(&consumer->demand->ledger, log_of(consumer), consumer->start, consumer->end);
        consumer->position = consumer->end = -1;
        consumer->done = !log_next(consumer);
    } else if (!topic_usable(consumer->topic)) { /* Or it turned out not to be there. */
        consumer->position = consumer->end = -1;
        consumer->done = !log_next(consumer);
    }
    if (consumer->done) return;
    if (consumer->position < 0)
        consumer_place(consumer, LIST_OFFSETS_EARLIEST);
    else if (consumer->end < 0)
        consumer_place(consumer, LIST_OFFSETS_LATEST);
    else
        consumer_fetch(consumer);
}

void demand_read_all_begin(struct demand *demand)
{
    struct consumer *consumer = &demand->consumers[0];

    consumer->reading_all = true;
    consumer->done = consumer->refused = false;
    consumer->topic = NULL;
    consumer->position = consumer->end = -1;
    consumer->client.stall_ppm = 0;
    consumer_soon(consumer, 1000);
    if (!demand->damaged) follower_check_begin(&demand->follower);
}

bool demand_read_all_done(struct demand *demand)
{
    return demand->consumers[0].done && (demand->damaged || follower_check_done(&demand->follower));
}
