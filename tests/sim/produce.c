/* tests/sim/produce.c   A producer: up to five batches on the wire, answers in order. After a failure it waits until
 * nothing is on the wire and sends again what was not answered, in order and with the same sequences (idempotent), or
 * gives it up as unknown (not idempotent). When the node has forgotten its sequences it begins again under a new id;
 * what was open is then unknown. */
#include <string.h>

#include "messages/init_producer_id.h"
#include "messages/produce.h"
#include "sim/demand.h"

enum { UNKNOWN_TOPIC = 3, DUPLICATE_SEQUENCE = 46, OUT_OF_ORDER = 45, OLD_EPOCH = 47, UNKNOWN_ID = 100 };

static void producer_act(struct sim_event *event);

void producer_init(struct producer *producer, struct demand *demand, struct sim_network *network, uint16_t port)
{
    static const int16_t acks[] = { -1, -1, 1, 0 };

    producer->demand = demand;
    client_init(&producer->client, demand->world, network, 0, port);
    list_init(&producer->sendings);
    producer->id = -1;
    producer->idempotent = sim_chance(&demand->prng, 2, 3);
    producer->acks = -1;
    if (!producer->idempotent) producer->acks = acks[prng_below(&demand->prng, array_count(acks))];
    producer->number = ++demand->identities;
    sim_event_init(&producer->event, producer_act);
    sim_event_set(demand->world, &producer->event, demand->world->now_ns + 1000000);
}

static void sending_end(struct sending *sending)
{
    struct producer *producer = sending->producer;

    list_remove(&sending->node);
    producer->count--;
    sending->producer = NULL;
    heap_give(&producer->demand->world->heap, sending->data);
    sending->data = NULL;
    if (!sending->sent) heap_give(&producer->demand->world->heap, sending); /* Else its answer gives it back. */
}

/* What is open becomes unknown, and the next batch begins under a new identity. */
static void producer_give_up(struct producer *producer)
{
    list_each(&producer->sendings, node) sending_end(container_of(node, struct sending, node));
    producer->id = -1;
    producer->number = ++producer->demand->identities;
    producer->next_sequence = 0;
    producer->failing = producer->on_wire > 0;
}

void producer_end(struct producer *producer)
{
    sim_event_clear(producer->demand->world, &producer->event);
    client_end(&producer->client);
    producer_give_up(producer);
}

static void producer_soon(struct producer *producer, int64_t gap_ns)
{
    struct demand *demand = producer->demand;

    sim_event_set(demand->world, &producer->event, demand->world->now_ns + sim_tail(&demand->prng, gap_ns));
}

static void sending_judge(struct sending *sending, int16_t error, int64_t offset)
{
    struct producer *producer = sending->producer;
    struct demand *demand = producer->demand;
    bool oldest = list_first(&producer->sendings) == &sending->node;

    if (error == 0 || error == DUPLICATE_SEQUENCE) {
        if (producer->idempotent && !oldest) {
            sim_fail(demand->world, "order: sequence %d was taken before one that came first", sending->sequence);
        }
        /* A name may mean another topic by now; then it is not known which one took it. */
        bool same = topic_usable(sending->topic) && !sending->topic->uncertain;
        ledger_told(&demand->ledger, sending->log, sending->value, error == 0 && same ? offset : -1);
        demand->told++;
        sending_end(sending);
    } else if (!producer->idempotent || error == UNKNOWN_TOPIC || error == UNKNOWN_ID) {
        sending_end(sending); /* Refused: it is nowhere. */
        if (error == UNKNOWN_TOPIC || error == UNKNOWN_ID) producer->topic = NULL;
    } else if (oldest && (error == OUT_OF_ORDER || error == OLD_EPOCH)) {
        producer_give_up(producer);
    } else if (error == 2 || error == 10 || error == 87) {
        sim_fail(demand->world, "a good batch was refused: error %d", error);
    } else {
        producer->failing = true;
    }
}

static void producer_answered(struct client_request *request, const void *message)
{
    struct sending *sending = request->context;
    struct producer *producer = container_of(request->client, struct producer, client);
    const struct produce_answer *answer = message;

    sending->sent = false;
    producer->on_wire--;
    if (!sending->producer) {
        heap_give(&producer->demand->world->heap, sending);
    } else if (!answer) {
        producer->demand->lost++;
        producer->failing = true;
        if (!producer->idempotent) sending_end(sending);
    } else {
        if (answer->topics.count != 1 || answer->topics.items[0].partitions.count != 1) {
            sim_fail(producer->demand->world, "Produce: the answer is not for one partition");
        }
        const struct produce_partition_answer *part = &answer->topics.items[0].partitions.items[0];
        sending_judge(sending, part->error, part->base_offset);
    }
    if (producer->on_wire == 0) producer_soon(producer, producer->failing ? 5000000 : producer->demand->gap_ns);
}

static void silent_answered(struct client_request *request, const void *message)
{
    (void)request;
    (void)message;
}

static void damaged_answered(struct client_request *request, const void *message)
{
    const struct produce_answer *answer = message;

    if (!answer || answer->topics.count != 1 || answer->topics.items[0].partitions.count != 1) return;
    if (answer->topics.items[0].partitions.items[0].error == 0)
        sim_fail(request->client->world, "a batch with a wrong checksum was taken");
}

/* The batch with a bit of it flipped: it must be refused, and leave no trace. */
static void damaged_send(struct producer *producer, const struct sending *sending)
{
    struct demand *demand = producer->demand;
    invariant(sending->data);
    uint8_t *copy = heap_take(&demand->world->heap, sending->size);
    struct produce_partition_ask part = { producer->partition, { copy, (int32_t)sending->size, NULL } };
    struct produce_topic_ask topic;
    struct produce_ask ask;
    enum { SUMMED = 21 };

    memcpy(copy, sending->data, sending->size);
    copy[SUMMED + prng_below(&demand->prng, sending->size - SUMMED)] ^= (uint8_t)(1u << prng_below(&demand->prng, 8));
    message_clear(&produce_ask_schema, &ask);
    memset(&topic, 0, sizeof topic);
    topic.name = text_of(producer->topic->name);
    topic.partitions.items = &part;
    topic.partitions.count = 1;
    ask.acks = -1;
    ask.timeout_ms = 30000;
    ask.topics.items = &topic;
    ask.topics.count = 1;
    (void)client_ask(&producer->client, API_PRODUCE, demand_version(demand, API_PRODUCE, 3, 11), &ask, false,
                     damaged_answered, NULL);
    heap_give(&demand->world->heap, copy);
}

static bool sending_send(struct producer *producer, struct sending *sending)
{
    struct demand *demand = producer->demand;
    struct produce_partition_ask part = { producer->partition, { sending->data, (int32_t)sending->size, NULL } };
    struct produce_topic_ask topic;
    struct produce_ask ask;
    bool silent = producer->acks == 0;

    message_clear(&produce_ask_schema, &ask);
    memset(&topic, 0, sizeof topic);
    topic.name = text_of(producer->topic->name);
    topic.partitions.items = &part;
    topic.partitions.count = 1;
    ask.acks = producer->acks;
    ask.timeout_ms = 30000;
    ask.topics.items = &topic;
    ask.topics.count = 1;
    int16_t version = demand_version(demand, API_PRODUCE, 3, 11);
    if (!client_ask(&producer->client, API_PRODUCE, version, &ask, silent, silent ? silent_answered : producer_answered,
                    sending))
        return false;
    if (silent) {
        sending_end(sending);
        return true;
    }
    sending->sent = true;
    producer->on_wire++;
    return true;
}

static void producer_identified(struct client_request *request, const void *message)
{
    struct producer *producer = container_of(request->client, struct producer, client);
    const struct init_producer_id_answer *answer = message;

    producer->asking = false;
    if (answer && answer->error == 0) {
        producer->id = answer->producer_id;
        producer->epoch = answer->producer_epoch;
    }
    producer_soon(producer, 1000000);
}

static void producer_identify(struct producer *producer)
{
    struct init_producer_id_ask ask;

    message_clear(&init_producer_id_ask_schema, &ask);
    ask.transactional_id = TEXT_NULL;
    ask.transaction_timeout_ms = 60000;
    ask.producer_id = -1;
    ask.producer_epoch = -1;
    producer->asking = client_ask(&producer->client, API_INIT_PRODUCER_ID,
                                  demand_version(producer->demand, API_INIT_PRODUCER_ID, 0, 5), &ask, false,
                                  producer_identified, producer);
    if (!producer->asking) producer_soon(producer, 1000000);
}

static void batch_begin(struct producer *producer)
{
    struct demand *demand = producer->demand;
    struct prng *prng = &demand->prng;
    struct sending *sending = heap_take(&demand->world->heap, sizeof *sending);

    sending->producer = producer;
    sending->log = ledger_log(&demand->ledger, producer->topic->number, producer->topic->place, producer->partition);
    sending->topic = producer->topic;
    sending->records = (uint32_t)sim_between(prng, 1, demand->records_max);
    sending->sequence = producer->next_sequence;
    uint32_t value_size = (uint32_t)sim_between(prng, 1, demand->value_size_max);
    int16_t epoch = -1;
    if (producer->idempotent) epoch = producer->epoch;
    sending->data = ledger_batch_make(&demand->ledger, sending->log, producer->idempotent ? producer->id : -1, epoch,
                                      producer->idempotent ? producer->number : -1, sending->sequence, sending->records,
                                      value_size, &sending->size, &sending->value);
    producer->next_sequence += (int32_t)sending->records;
    list_node_init(&sending->node);
    list_append(&producer->sendings, &sending->node);
    producer->count++;
    demand->actions_left--;
}

static void topic_choose(struct producer *producer)
{
    struct demand *demand = producer->demand;
    struct demand_topic *topic = demand->slots[prng_below(&demand->prng, DEMAND_SLOTS)];

    if (producer->count) producer_give_up(producer);
    if (!topic_usable(topic)) return;
    producer->topic = topic;
    producer->partition = (int32_t)prng_below(&demand->prng, (uint64_t)topic->partitions);
    if (producer->idempotent) { /* Sequences are per partition; a new identity keeps the book simple. */
        producer->id = -1;
        producer->number = ++demand->identities;
        producer->next_sequence = 0;
    }
}

static void producer_act(struct sim_event *event)
{
    struct producer *producer = container_of(event, struct producer, event);
    struct demand *demand = producer->demand;

    producer_soon(producer, demand->gap_ns);
    if (producer->asking) return;
    if (producer->failing) {
        if (producer->on_wire) return;
        producer->failing = false;
    }
    if (!topic_usable(producer->topic) || (!demand->quiet && sim_chance(&demand->prng, 1, 200))) topic_choose(producer);
    if (!topic_usable(producer->topic)) return;
    if (producer->idempotent && producer->id < 0) {
        if (!demand->quiet) producer_identify(producer);
        return;
    }
    if (!demand->quiet && demand->actions_left && producer->count < DEMAND_IN_FLIGHT) batch_begin(producer);
    list_each(&producer->sendings, node)
    {
        struct sending *sending = container_of(node, struct sending, node);
        if (sending->sent) continue;
        if (!demand->quiet && sim_chance(&demand->prng, 1, 300)) damaged_send(producer, sending);
        if (!sending_send(producer, sending)) return;
    }
}
