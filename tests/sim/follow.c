/* tests/sim/follow.c   A consumer that fetches with a session (KIP-227) all partitions of the lasting topics. It names
 * only what has changed: positions that moved, a partition that came or went. What a session leaves out of an answer is
 * no news: then the last high watermark that it told still holds, which at the end a fetch without a session must
 * confirm, partition by partition.
 *
 *     none --epoch 0, everything named--> open --epoch 1, 2, ..., changes only--> open
 *      ^--- unknown id, wrong epoch, lost connection, error of a partition ---/
 */
#include "sim/follow.h"

#include <string.h>

#include "messages/fetch.h"
#include "messages/list_offsets.h"
#include "sim/demand.h"

enum { UNKNOWN_SESSION = 70, WRONG_EPOCH = 71, BY_ID = 13, EVERYTHING = 1 << 20 };

_Static_assert((int)FOLLOWER_PARTS == DEMAND_LASTING * DEMAND_PARTITIONS, "all partitions of the lasting topics");

static void follower_act(struct sim_event *event);

void follower_init(struct follower *follower, struct demand *demand, struct sim_network *network, uint16_t port)
{
    follower->demand = demand;
    client_init(&follower->client, demand->world, network, 0, port);
    sim_event_init(&follower->event, follower_act);
    sim_event_set(demand->world, &follower->event, demand->world->now_ns + 3000000);
}

void follower_end(struct follower *follower)
{
    sim_event_clear(follower->demand->world, &follower->event);
    client_end(&follower->client);
}

static void follower_soon(struct follower *follower)
{
    struct demand *demand = follower->demand;

    sim_event_set(demand->world, &follower->event, demand->world->now_ns + sim_tail(&demand->prng, demand->gap_ns));
}

static void session_lose(struct follower *follower)
{
    follower->session = 0;
    for (int i = 0; i < FOLLOWER_PARTS; i++) follower->parts[i].named = false;
}

static struct ledger_log *log_of(struct follower *follower, const struct follower_part *part)
{
    return ledger_log(&follower->demand->ledger, part->topic->number, part->topic->place, part->index);
}

/* ---- what there is to follow ---- */

/* Every partition of a usable lasting topic; from where it stands, or from the start. */
static void parts_choose(struct follower *follower)
{
    struct demand *demand = follower->demand;

    for (int i = 0; i < FOLLOWER_PARTS; i++) {
        struct follower_part *part = &follower->parts[i];
        struct demand_topic *topic = demand->slots[i / DEMAND_PARTITIONS];
        if (part->topic || !topic_usable(topic) || uuid_none(topic->id)) continue;
        if (i % DEMAND_PARTITIONS >= topic->partitions) continue;
        *part = (struct follower_part){ .topic = topic, .index = i % DEMAND_PARTITIONS, .position = -1, .told = -1 };
    }
}

static void placed(struct client_request *request, const void *message)
{
    struct follower *follower = container_of(request->client, struct follower, client);
    struct follower_part *part = request->context;
    const struct list_offsets_answer *answer = message;

    follower->asking = false;
    if (answer && answer->topics.count == 1 && answer->topics.items[0].partitions.count == 1 &&
        answer->topics.items[0].partitions.items[0].error == 0) {
        part->position = answer->topics.items[0].partitions.items[0].offset;
        part->moved = true;
    }
    follower_soon(follower);
}

static void place(struct follower *follower, struct follower_part *part)
{
    struct list_offsets_partition_ask item = { part->index, -1, LIST_OFFSETS_EARLIEST };
    struct list_offsets_topic_ask topic;
    struct list_offsets_ask ask;

    message_clear(&list_offsets_ask_schema, &ask);
    memset(&topic, 0, sizeof topic);
    topic.name = text_of(part->topic->name);
    topic.partitions.items = &item;
    topic.partitions.count = 1;
    ask.replica_id = -1;
    ask.topics.items = &topic;
    ask.topics.count = 1;
    follower->asking = client_ask(&follower->client, API_LIST_OFFSETS, 7, &ask, false, placed, part);
    if (!follower->asking) follower_soon(follower);
}

/* ---- fetching ---- */

static struct follower_part *part_find(struct follower *follower, const struct fetch_topic_answer *topic, int32_t index)
{
    for (int i = 0; i < FOLLOWER_PARTS; i++) {
        struct follower_part *part = &follower->parts[i];
        if (!part->topic || part->index != index) continue;
        if (follower->version >= BY_ID ? uuid_equal(topic->topic_id, part->topic->id)
                                       : text_equal(topic->name, text_of(part->topic->name)))
            return part;
    }
    sim_fail(follower->demand->world, "a fetch session told of a partition that is not in it: %d", index);
}

static void part_told(struct follower *follower, struct follower_part *part, const struct fetch_partition_answer *told)
{
    struct sim_world *world = follower->demand->world;
    struct ledger_log *log = log_of(follower, part);

    part->seen = true;
    if (told->error) {
        part->position = -1; /* Its start was raised, or it is not there yet. */
        return;
    }
    if (follower->stage == FOLLOWER_CONFIRMING && told->high_watermark != part->told) {
        sim_fail(world, "topic %lu-%d: a fetch session ended at high watermark %ld, without one it is %ld", log->number,
                 log->partition, part->told, told->high_watermark);
    }
    if (told->high_watermark < part->told && !follower->demand->ledger.relaxed) {
        sim_fail(world, "topic %lu-%d: a session's high watermark went from %ld back to %ld", log->number,
                 log->partition, part->told, told->high_watermark);
    }
    part->told = told->high_watermark;
    log->committed = max_of(log->committed, told->high_watermark);
    if (told->records.size == 0) return;
    int64_t next =
        ledger_read(&follower->demand->ledger, log, part->position, told->records.data, (size_t)told->records.size);
    part->moved = next != part->position;
    part->position = next;
}

static bool caught_up(const struct follower *follower)
{
    for (int i = 0; i < FOLLOWER_PARTS; i++) {
        const struct follower_part *part = &follower->parts[i];
        if (part->topic && (part->position < 0 || part->position != part->told)) return false;
    }
    return true;
}

/* `no_news`: the session had nothing to tell. */
static void stage_next(struct follower *follower, bool no_news)
{
    if (follower->stage == FOLLOWER_CONFIRMING) {
        follower->stage = FOLLOWER_DONE;
    } else if (follower->stage == FOLLOWER_CATCHING_UP && caught_up(follower) && (no_news || !follower->session)) {
        follower->stage = FOLLOWER_CONFIRMING;
        session_lose(follower);
    }
}

static void fetched(struct client_request *request, const void *message)
{
    struct follower *follower = container_of(request->client, struct follower, client);
    const struct fetch_answer *answer = message;
    bool opening = follower->epoch == 0;

    follower->asking = false;
    follower_soon(follower);
    if (!answer || answer->error) {
        if (answer && answer->error != UNKNOWN_SESSION && answer->error != WRONG_EPOCH)
            sim_fail(follower->demand->world, "a fetch in a session: error %d", answer->error);
        session_lose(follower);
        return;
    }
    for (int i = 0; i < FOLLOWER_PARTS; i++) follower->parts[i].seen = false;
    for (int32_t t = 0; t < answer->topics.count; t++) {
        const struct fetch_topic_answer *topic = &answer->topics.items[t];
        for (int32_t p = 0; p < topic->partitions.count; p++) {
            const struct fetch_partition_answer *told = &topic->partitions.items[p];
            part_told(follower, part_find(follower, topic, told->index), told);
        }
    }
    for (int i = 0; i < FOLLOWER_PARTS; i++) {
        const struct follower_part *part = &follower->parts[i];
        if (part->asked && !part->seen && opening)
            sim_fail(follower->demand->world, "a full fetch left out partition %d", part->index);
    }
    follower->session = answer->session_id;
    if (!follower->session) session_lose(follower); /* There was no room for one; everything was answered. */
    follower->epoch = follower->session ? follower->epoch + 1 : 0;
    stage_next(follower, answer->topics.count == 0);
}

/* In a session only what is new to it or has moved; else everything. */
static void fetch(struct follower *follower)
{
    struct prng *prng = &follower->demand->prng;
    struct fetch_topic_ask topics[FOLLOWER_PARTS];
    struct fetch_partition_ask items[FOLLOWER_PARTS];
    struct fetch_ask ask;
    int32_t count = 0;

    if (!follower->session) {
        session_lose(follower);
        follower->epoch = 0;
        follower->version = (int16_t)sim_between(prng, 7, 18);
    }
    message_clear(&fetch_ask_schema, &ask);
    memset(topics, 0, sizeof topics);
    memset(items, 0, sizeof items);
    for (int i = 0; i < FOLLOWER_PARTS; i++) {
        struct follower_part *part = &follower->parts[i];
        bool there = part->topic && part->position >= 0;
        part->asked = there;
        if (!there || (part->named && !part->moved)) continue;
        items[count] = (struct fetch_partition_ask){ .index = part->index,
                                                     .current_leader_epoch = -1,
                                                     .last_fetched_epoch = -1,
                                                     .fetch_offset = part->position,
                                                     .log_start_offset = -1,
                                                     .max_bytes = (int32_t)sim_between(prng, 1, 1 << 17),
                                                     .high_watermark = INT64_MAX };
        topics[count].name = text_of(part->topic->name);
        topics[count].topic_id = part->topic->id;
        topics[count].partitions.items = &items[count];
        topics[count].partitions.count = 1;
        count++;
        part->named = true;
        part->moved = false;
    }
    ask.replica_id = -1;
    ask.max_wait_ms = follower->demand->quiet ? 0 : (int32_t)prng_below(prng, 200);
    ask.min_bytes = 1;
    ask.max_bytes = EVERYTHING;
    ask.session_id = follower->session;
    ask.session_epoch = follower->epoch;
    ask.topics.items = topics;
    ask.topics.count = count;
    follower->asking = client_ask(&follower->client, API_FETCH, follower->version, &ask, false, fetched, follower);
    if (!follower->asking) session_lose(follower); /* What was named is not. */
}

static void follower_act(struct sim_event *event)
{
    struct follower *follower = container_of(event, struct follower, event);
    struct demand *demand = follower->demand;
    bool some = false;

    if (follower->asking) return;
    follower_soon(follower);
    if (demand->quiet ? follower->stage == FOLLOWER_LIVE || follower->stage == FOLLOWER_DONE
                      : demand->actions_left == 0)
        return;
    parts_choose(follower);
    for (int i = 0; i < FOLLOWER_PARTS; i++) {
        struct follower_part *part = &follower->parts[i];
        some |= part->topic != NULL;
        if (!part->topic || part->position >= 0) continue;
        if (part->named) session_lose(follower); /* It is named anew from another place. */
        place(follower, part);
        return;
    }
    if (!some) {
        follower->stage = demand->quiet ? FOLLOWER_DONE : FOLLOWER_LIVE;
        return;
    }
    if (!demand->quiet) demand->actions_left--;
    if (!demand->quiet && sim_chance(&demand->prng, 1, 100)) session_lose(follower);
    fetch(follower);
}

void follower_check_begin(struct follower *follower)
{
    /* Batches that ask for no answer may still be on their way. */
    const int64_t calm_ns = 300000000;

    follower->stage = FOLLOWER_CATCHING_UP;
    sim_event_set(follower->demand->world, &follower->event, follower->demand->world->now_ns + calm_ns);
}

bool follower_check_done(const struct follower *follower)
{
    return follower->stage == FOLLOWER_DONE;
}
