/* tests/sim/demand.c   Beginning, end and rest of the demand, and its administrator: one request at a time; after every
 * one that is lost it looks at the metadata, which says what became of it. */
#include "sim/demand.h"

#include <stdio.h>
#include <string.h>

#include "messages/create_topics.h"
#include "messages/delete_records.h"
#include "messages/delete_topics.h"
#include "messages/metadata.h"

static void admin_act(struct sim_event *event);

void demand_init(struct demand *demand, struct sim_world *world, struct sim_network *network, uint16_t port,
                 bool relaxed)
{
    static const uint32_t sizes[] = { 50, 500, 5000, 40000 };
    static const int64_t gaps[] = { 20000, 200000, 2000000 };

    *demand = (struct demand){ .world = world, .ledger = { .world = world, .relaxed = relaxed } };
    prng_seed(&demand->prng, prng_u64(&world->prng));
    demand->value_size_max = sizes[prng_below(&demand->prng, array_count(sizes))];
    demand->records_max = (uint32_t)sim_between(&demand->prng, 1, 6);
    demand->gap_ns = gaps[prng_below(&demand->prng, array_count(gaps))];
    demand->actions_left = sim_between(&demand->prng, 1000, demand->value_size_max > 5000 ? 1500 : 4000);
    for (int i = 0; i < DEMAND_PRODUCERS; i++) producer_init(&demand->producers[i], demand, network, port);
    for (int i = 0; i < DEMAND_CONSUMERS; i++) consumer_init(&demand->consumers[i], demand, network, port);
    follower_init(&demand->follower, demand, network, port);
    admin_init(demand, network, port);
}

void demand_end(struct demand *demand)
{
    for (int i = 0; i < DEMAND_PRODUCERS; i++) producer_end(&demand->producers[i]);
    for (int i = 0; i < DEMAND_CONSUMERS; i++) {
        sim_event_clear(demand->world, &demand->consumers[i].event);
        client_end(&demand->consumers[i].client);
    }
    follower_end(&demand->follower);
    sim_event_clear(demand->world, &demand->admin_event);
    client_end(&demand->admin);
}

bool demand_at_rest(const struct demand *demand)
{
    if (demand->admin_asking || demand->configs_asking || demand->follower.asking) return false;
    for (int i = 0; i < DEMAND_SLOTS; i++) {
        const struct demand_topic *topic = demand->slots[i];
        if (topic && (topic->state == TOPIC_ASKED || topic->state == TOPIC_LEAVING)) return false;
    }
    for (int i = 0; i < DEMAND_PRODUCERS; i++)
        if (demand->producers[i].count || demand->producers[i].asking) return false;
    for (int i = 0; i < DEMAND_CONSUMERS; i++)
        if (demand->consumers[i].asking) return false;
    return true;
}

int16_t demand_version(struct demand *demand, int16_t key, int16_t since, int16_t until)
{
    (void)key;
    return (int16_t)sim_between(&demand->prng, (uint64_t)since, (uint64_t)until);
}

/* ---- the administrator ---- */

void admin_init(struct demand *demand, struct sim_network *network, uint16_t port)
{
    client_init(&demand->admin, demand->world, network, 0, port);
    sim_event_init(&demand->admin_event, admin_act);
    sim_event_set(demand->world, &demand->admin_event, demand->world->now_ns + 1000000);
}

void admin_again(struct demand *demand)
{
    int64_t gap_ns = max_of(demand->gap_ns * 10, (int64_t)1000000);

    demand->admin_asking = false;
    sim_event_set(demand->world, &demand->admin_event,
                  demand->world->now_ns + (int64_t)prng_below(&demand->prng, (uint64_t)gap_ns * 2));
}

static struct demand_topic *topic_by_id(struct demand *demand, struct uuid id)
{
    for (struct demand_topic *topic = demand->topics; topic; topic = topic->next)
        if (uuid_equal(topic->id, id)) return topic;
    return NULL;
}

static struct demand_topic *slot_by_name(struct demand *demand, struct text name)
{
    for (int i = 0; i < DEMAND_SLOTS; i++)
        if (demand->slots[i] && text_equal(name, text_of(demand->slots[i]->name))) return demand->slots[i];
    return NULL;
}

/* What is listed is there, and what is not is not; a slot that is asked about corrects its belief. */
static void admin_saw(struct client_request *request, const void *message)
{
    struct demand *demand = request->context;
    const struct metadata_answer *answer = message;

    if (!answer) {
        admin_again(demand);
        return;
    }
    bool seen[DEMAND_SLOTS] = { false };
    for (int32_t i = 0; i < answer->topics.count; i++) {
        const struct metadata_topic_answer *listed = &answer->topics.items[i];
        struct demand_topic *known = topic_by_id(demand, listed->topic_id);
        if (known && known->state == TOPIC_GONE && demand->quiet && !known->uncertain && !demand->ledger.relaxed) {
            sim_fail(demand->world, "resurrected: topic %s (%lu) was deleted", known->name, known->number);
        }
        struct demand_topic *slot = slot_by_name(demand, listed->name);
        if (!slot) sim_fail(demand->world, "topic %.*s, which nobody made", TEXT_ARGS(listed->name));
        if (uuid_none(slot->id)) slot->id = listed->topic_id;
        if (!uuid_equal(slot->id, listed->topic_id)) {
            if (demand->quiet && !slot->uncertain) sim_fail(demand->world, "topic %s has another id", slot->name);
            continue;
        }
        slot->state = TOPIC_LIVE;
        for (int k = 0; k < DEMAND_SLOTS; k++) seen[k] |= demand->slots[k] == slot;
    }
    for (int i = 0; i < DEMAND_SLOTS; i++) {
        struct demand_topic *slot = demand->slots[i];
        if (!slot || seen[i] || slot->state == TOPIC_GONE) continue;
        if (slot->state == TOPIC_LIVE && !demand->quiet) continue; /* The shard that answered may not have heard yet. */
        if (slot->state == TOPIC_LIVE && !slot->uncertain && !demand->ledger.relaxed) {
            sim_fail(demand->world, "acked-durable: topic %s (%lu) is not there any more", slot->name, slot->number);
        }
        slot->state = TOPIC_GONE;
    }
    demand->metadata_count++;
    admin_again(demand);
}

void admin_look(struct demand *demand)
{
    struct metadata_ask ask;

    message_clear(&metadata_ask_schema, &ask);
    ask.topics.items = NULL;
    ask.topics.count = -1;
    demand->admin_asking = client_ask(&demand->admin, API_METADATA, demand_version(demand, API_METADATA, 10, 13), &ask,
                                      false, admin_saw, demand);
    if (!demand->admin_asking) admin_again(demand);
}

static void admin_created(struct client_request *request, const void *message)
{
    struct demand *demand = request->context;
    const struct create_topics_answer *answer = message;

    if (!answer) {
        demand->asked->uncertain = true;
    } else if (answer->topics.count == 1) {
        struct demand_topic *slot = slot_by_name(demand, answer->topics.items[0].name);
        if (slot && answer->topics.items[0].error == 0) {
            slot->state = TOPIC_LIVE;
            if (request->version >= 7) slot->id = answer->topics.items[0].topic_id;
        }
    }
    admin_again(demand);
}

static void admin_create(struct demand *demand, int place)
{
    struct heap *heap = &demand->world->heap;
    struct demand_topic *topic = heap_take(heap, sizeof *topic);
    struct create_topics_config_ask configs[DEMAND_CONFIGS];
    struct create_topics_topic_ask item;
    struct create_topics_ask ask;

    snprintf(topic->name, sizeof topic->name, "slot%d", place);
    topic->number = ++demand->topic_count;
    topic->place = place;
    topic->partitions = (int32_t)sim_between(&demand->prng, 1, DEMAND_PARTITIONS);
    topic->next = demand->topics;
    demand->topics = demand->slots[place] = demand->asked = topic;

    message_clear(&create_topics_ask_schema, &ask);
    memset(&item, 0, sizeof item);
    item.name = text_of(topic->name);
    item.partition_count = topic->partitions;
    item.replication_factor = 1;
    item.configs.items = configs;
    item.configs.count = (int32_t)admin_config_draw(demand, topic, configs);
    ask.topics.items = &item;
    ask.topics.count = 1;
    ask.timeout_ms = 30000;
    demand->admin_asking =
        client_ask(&demand->admin, API_CREATE_TOPICS, demand_version(demand, API_CREATE_TOPICS, 2, 7), &ask, false,
                   admin_created, demand);
    if (!demand->admin_asking) admin_again(demand);
}

static void admin_deleted(struct client_request *request, const void *message)
{
    struct demand *demand = request->context;
    const struct delete_topics_answer *answer = message;

    if (!answer) {
        demand->asked->uncertain = true;
    } else if (answer->topics.count == 1 && answer->topics.items[0].error == 0) {
        struct demand_topic *slot = slot_by_name(demand, answer->topics.items[0].name);
        if (slot) slot->state = TOPIC_GONE;
    }
    admin_again(demand);
}

static void admin_delete(struct demand *demand, struct demand_topic *topic)
{
    struct delete_topics_topic_ask item;
    struct delete_topics_ask ask;
    struct text name = text_of(topic->name);
    int16_t version = demand_version(demand, API_DELETE_TOPICS, 1, 6);

    message_clear(&delete_topics_ask_schema, &ask);
    ask.timeout_ms = 10000;
    memset(&item, 0, sizeof item);
    item.name = name;
    if (version >= 6) {
        ask.topics.items = &item;
        ask.topics.count = 1;
    } else {
        ask.topic_names.items = &name;
        ask.topic_names.count = 1;
    }
    ask.timeout_ms = 30000;
    topic->state = TOPIC_LEAVING;
    demand->asked = topic;
    demand->admin_asking = client_ask(&demand->admin, API_DELETE_TOPICS, version, &ask, false, admin_deleted, demand);
    if (!demand->admin_asking) admin_again(demand);
}

struct raising {
    struct demand *demand;
    struct ledger_log *log;
    int64_t start;
};

static void admin_raised(struct client_request *request, const void *message)
{
    struct raising *raising = request->context;
    const struct delete_records_answer *answer = message;
    struct demand *demand = raising->demand;

    if (answer && answer->topics.count == 1 && answer->topics.items[0].partitions.count == 1) {
        const struct delete_records_partition_answer *part = &answer->topics.items[0].partitions.items[0];
        sim_told(demand->world, NULL, "DeleteRecords: topic %lu-%lu below %lu: error %lu", raising->log->number,
                 (uint64_t)raising->log->partition, (uint64_t)raising->start, (uint64_t)part->error);
        if (part->error == 0) raising->log->start_told = max_of(raising->log->start_told, raising->start);
    }
    heap_give(&demand->world->heap, raising);
    admin_again(demand);
}

static void admin_raise(struct demand *demand, struct demand_topic *topic)
{
    struct ledger_log *log = ledger_log(&demand->ledger, topic->number, topic->place,
                                        (int32_t)prng_below(&demand->prng, (uint64_t)topic->partitions));
    struct raising *raising = heap_take(&demand->world->heap, sizeof *raising);
    struct delete_records_ask ask;
    struct delete_records_topic_ask item;
    struct delete_records_partition_ask part;

    *raising = (struct raising){ demand, log, (int64_t)prng_below(&demand->prng, (uint64_t)log->committed + 1) };
    log->start_asked = max_of(log->start_asked, raising->start);
    message_clear(&delete_records_ask_schema, &ask);
    memset(&item, 0, sizeof item);
    part = (struct delete_records_partition_ask){ log->partition, raising->start };
    item.name = text_of(topic->name);
    item.partitions.items = &part;
    item.partitions.count = 1;
    ask.topics.items = &item;
    ask.topics.count = 1;
    ask.timeout_ms = 30000;
    demand->admin_asking =
        client_ask(&demand->admin, API_DELETE_RECORDS, demand_version(demand, API_DELETE_RECORDS, 0, 2), &ask, false,
                   admin_raised, raising);
    if (demand->admin_asking) return;
    heap_give(&demand->world->heap, raising);
    admin_again(demand);
}

static void admin_act(struct sim_event *event)
{
    struct demand *demand = container_of(event, struct demand, admin_event);
    int place = (int)prng_below(&demand->prng, DEMAND_SLOTS);
    struct demand_topic *topic = demand->slots[place];
    bool unknown = false;

    for (int i = 0; i < DEMAND_SLOTS; i++) {
        struct demand_topic *slot = demand->slots[i];
        unknown |= slot && (slot->state == TOPIC_ASKED || slot->state == TOPIC_LEAVING ||
                            (slot->state == TOPIC_LIVE && uuid_none(slot->id)));
    }
    if (unknown || (!demand->quiet && sim_chance(&demand->prng, 1, 10))) {
        admin_look(demand);
        return;
    }
    if (demand->quiet || demand->actions_left == 0) {
        admin_again(demand);
        return;
    }
    if (!topic || topic->state == TOPIC_GONE) {
        demand->actions_left--;
        admin_create(demand, place);
    } else if (place >= DEMAND_LASTING && sim_chance(&demand->prng, 1, 8)) {
        demand->actions_left--;
        admin_delete(demand, topic);
    } else if (sim_chance(&demand->prng, 1, 4)) {
        demand->actions_left--;
        admin_raise(demand, topic);
    } else if (sim_chance(&demand->prng, 1, 4)) {
        demand->actions_left--;
        admin_config_change(demand, topic);
    } else {
        admin_again(demand);
    }
}
