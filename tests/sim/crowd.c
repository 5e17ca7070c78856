/* tests/sim/crowd.c   A reader names all partitions of a topic in one Fetch, goes on where it was, and now and then
 * begins at the start again. Many of them are slow to take what they asked for, and hold the node's memory meanwhile;
 * whoever was not slow itself must have its answer in time. */
#include "sim/crowd.h"

#include <string.h>

#include "messages/fetch.h"

/* Beyond a fetch's own limit: the device, the network, and turns of the others. */
enum { LATE_MS = 3000 };

static void reader_act(struct sim_event *event);

void crowd_init(struct crowd *crowd, struct demand *demand, struct sim_network *network, uint16_t port)
{
    *crowd = (struct crowd){ .demand = demand };
    prng_seed(&crowd->prng, demand->world->seed * 37);
    crowd->here = demand->value_size_max > 5000 && sim_chance(&crowd->prng, 3, 4);
    for (int i = 0; crowd->here && i < CROWD_READERS; i++) {
        struct crowd_reader *reader = &crowd->readers[i];
        reader->crowd = crowd;
        client_init(&reader->client, demand->world, network, 0, port);
        if (sim_chance(&crowd->prng, 1, 2)) reader->client.stall_ppm = 300000;
        sim_event_init(&reader->event, reader_act);
        sim_event_set(demand->world, &reader->event,
                      demand->world->now_ns + (int64_t)prng_below(&crowd->prng, 100000000));
    }
}

void crowd_end(struct crowd *crowd)
{
    if (crowd->here) {
        sim_told(crowd->demand->world, NULL, "the crowd: %lu answers, %lu bytes, %lu ns late at most",
                 crowd->answer_count, crowd->byte_count, (uint64_t)crowd->longest_ns, 0);
    }
    for (int i = 0; crowd->here && i < CROWD_READERS; i++) {
        sim_event_clear(crowd->demand->world, &crowd->readers[i].event);
        client_end(&crowd->readers[i].client);
    }
}

bool crowd_at_rest(const struct crowd *crowd)
{
    for (int i = 0; crowd->here && i < CROWD_READERS; i++) {
        if (crowd->readers[i].asking) return false;
    }
    return true;
}

static void reader_soon(struct crowd_reader *reader)
{
    struct crowd *crowd = reader->crowd;
    int64_t gap_ns = sim_tail(&crowd->prng, crowd->demand->gap_ns);

    sim_event_set(crowd->demand->world, &reader->event, crowd->demand->world->now_ns + gap_ns);
}

static void part_read(struct crowd_reader *reader, const struct fetch_partition_answer *part)
{
    struct crowd *crowd = reader->crowd;
    int64_t *position = &reader->positions[part->index];
    struct ledger *ledger = &crowd->demand->ledger;

    if (part->error != 0) {
        reader->topic = NULL;
    } else if (part->records.size > 0) {
        struct ledger_log *log = ledger_log(ledger, reader->topic->number, reader->topic->place, part->index);
        crowd->byte_count += (uint64_t)part->records.size;
        *position = ledger_read(ledger, log, *position, part->records.data, (size_t)part->records.size);
    }
}

static void reader_fetched(struct client_request *request, const void *message)
{
    struct crowd_reader *reader = request->context;
    struct crowd *crowd = reader->crowd;
    struct sim_world *world = crowd->demand->world;
    const struct fetch_answer *answer = message;
    int64_t late_ns = world->now_ns - reader->asked_ns - reader->max_wait_ms * 1000000;

    reader->asking = false;
    reader_soon(reader);
    if (!answer) return;
    crowd->answer_count++;
    if (reader->stalls == reader->client.stall_count) {
        crowd->longest_ns = max_of(crowd->longest_ns, late_ns);
        if (late_ns > LATE_MS * INT64_C(1000000)) {
            sim_fail(world, "a fetch that may wait for %ld ms was answered %ld ms later than that", reader->max_wait_ms,
                     late_ns / 1000000);
        }
    }
    if (answer->topics.count != 1) return;
    for (int32_t i = 0; i < answer->topics.items[0].partitions.count && reader->topic; i++) {
        part_read(reader, &answer->topics.items[0].partitions.items[i]);
    }
}

/* What nobody has asked to be deleted stays where it was. */
static void reader_fetch(struct crowd_reader *reader)
{
    struct crowd *crowd = reader->crowd;
    struct fetch_partition_ask parts[DEMAND_PARTITIONS];
    struct fetch_topic_ask topic;
    struct fetch_ask ask;

    message_clear(&fetch_ask_schema, &ask);
    memset(&topic, 0, sizeof topic);
    memset(parts, 0, sizeof parts);
    for (int32_t i = 0; i < reader->topic->partitions; i++) {
        parts[i].index = i;
        parts[i].current_leader_epoch = parts[i].last_fetched_epoch = -1;
        parts[i].fetch_offset = reader->positions[i];
        parts[i].log_start_offset = -1;
        parts[i].max_bytes = 1 << 20;
        parts[i].high_watermark = INT64_MAX;
    }
    topic.name = text_of(reader->topic->name);
    topic.topic_id = reader->topic->id;
    topic.partitions.items = parts;
    topic.partitions.count = reader->topic->partitions;
    ask.replica_id = -1;
    reader->max_wait_ms = (int64_t)prng_below(&crowd->prng, 500);
    ask.max_wait_ms = (int32_t)reader->max_wait_ms;
    ask.min_bytes = 1;
    ask.max_bytes = 2 << 20;
    ask.session_epoch = -1;
    ask.topics.items = &topic;
    ask.topics.count = 1;
    reader->asked_ns = crowd->demand->world->now_ns;
    reader->stalls = reader->client.stall_count;
    reader->asking = client_ask(&reader->client, API_FETCH, 13, &ask, false, reader_fetched, reader);
}

static void reader_act(struct sim_event *event)
{
    struct crowd_reader *reader = container_of(event, struct crowd_reader, event);
    struct crowd *crowd = reader->crowd;
    struct demand *demand = crowd->demand;

    if (reader->asking) return;
    reader_soon(reader);
    if (demand->quiet) return;
    if (!topic_usable(reader->topic) || uuid_none(reader->topic->id) || sim_chance(&crowd->prng, 1, 3)) {
        uint64_t place = prng_below(&crowd->prng, DEMAND_LASTING);
        reader->topic = demand->slots[place];
        if (!topic_usable(reader->topic) || uuid_none(reader->topic->id)) return;
        for (int32_t i = 0; i < reader->topic->partitions; i++) {
            struct ledger_log *log = ledger_log(&demand->ledger, reader->topic->number, reader->topic->place, i);
            uint64_t span = (uint64_t)max_of(log->committed - log->start_asked, INT64_C(0));
            reader->positions[i] = log->start_asked + (int64_t)prng_below(&crowd->prng, span + 1);
        }
    }
    reader_fetch(reader);
}
