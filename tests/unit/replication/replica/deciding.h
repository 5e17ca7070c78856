/* tests/unit/replication/replica/deciding.h   A controller that does nothing but decide: an image that is ahead, with
 * the brokers and topics that a test wants, the node's settings at their defaults, and a list for the records. */
#ifndef TESTS_UNIT_REPLICATION_REPLICA_DECIDING_H
#define TESTS_UNIT_REPLICATION_REPLICA_DECIDING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cluster/record.h"
#include "replica/controller_work.h"
#include "replica/replicas.h"

enum { DECIDING_NODE = 1, DECIDING_ARENA_MAX = 64 << 20 };

struct deciding {
    struct heap heap;
    struct arena arena; /* the test's own */
    struct settings settings;
    struct shard shard;
    struct replicas replicas;
    struct node_identity identity;
    struct controller controller;
    struct record_list list;
    uint32_t portions; /* of the decision, before the last */
};

/* The next decision begins. */
static inline void deciding_next(struct deciding *deciding)
{
    arena_reset(&deciding->controller.arena);
    deciding->controller.common = NULL;
    deciding->controller.decision = (struct decision){ 0 };
    deciding->portions = 0;
    record_list_init(&deciding->list, &deciding->controller.arena);
}

static inline void decide_all(struct deciding *deciding, struct controller_call *call)
{
    deciding_next(deciding);
    while (!decide(&deciding->controller, call, &deciding->list)) deciding->portions++;
}

static inline void deciding_init(struct deciding *deciding)
{
    *deciding = (struct deciding){ .identity = { .id = DECIDING_NODE, .directory = { { 31 } } } };
    heap_init(&deciding->heap);
    arena_init(&deciding->arena, &deciding->heap, NULL, 0, SIZE_MAX);
    assert_int_equal(settings_clear(&broker_table, &deciding->settings.values, &deciding->arena), STATUS_OK);
    deciding->settings.origins = arena_take(&deciding->arena, broker_table.row_count * sizeof(struct property *));
    deciding->replicas.settings = &deciding->settings;
    deciding->replicas.node = DECIDING_NODE;
    deciding->shard.replicas = &deciding->replicas;
    prng_seed(&deciding->shard.prng, 1);

    struct controller *controller = &deciding->controller;
    *controller = (struct controller){ .identity = &deciding->identity, .shard = &deciding->shard, .broker_epoch = 70 };
    image_init(&controller->ahead, &deciding->heap, 2);
    arena_init(&controller->arena, &deciding->heap, NULL, 0, DECIDING_ARENA_MAX);
    deciding_next(deciding);
}

static inline void deciding_end(struct deciding *deciding)
{
    image_end(&deciding->controller.ahead);
    arena_reset(&deciding->controller.arena);
    arena_reset(&deciding->arena);
    assert_int_equal(deciding->heap.live_count, 0);
    heap_end(&deciding->heap);
}

static inline void take(struct deciding *deciding, const struct any_record *record)
{
    assert_int_equal(image_apply(&deciding->controller.ahead, record), STATUS_OK);
}

/* What was decided has come true. */
static inline void take_all(struct deciding *deciding)
{
    assert_false(deciding->list.full);
    for (uint32_t i = 0; i < deciding->list.count; i++) take(deciding, &deciding->list.items[i]);
    deciding_next(deciding);
}

static inline void take_broker(struct deciding *deciding, int32_t id, bool fenced)
{
    struct uuid directory = { { 30, (uint8_t)id } };
    struct any_record record;

    record_clear(&record, RECORD_REGISTER_BROKER);
    record.register_broker.broker_id = id;
    record.register_broker.broker_epoch = 70 + id;
    record.register_broker.fenced = fenced;
    record.register_broker.log_dirs.items = &directory;
    record.register_broker.log_dirs.count = 1;
    take(deciding, &record);
}

static inline struct uuid topic_id(const char *name)
{
    struct uuid id = { { 0 } };
    strncpy((char *)id.byte, name, sizeof(id.byte) - 1);
    return id;
}

static inline void take_partition(struct deciding *deciding, const char *name, int32_t index, int32_t leader,
                                  const int32_t *replicas, int32_t count, int32_t isr_count)
{
    struct any_record record;

    record_clear(&record, RECORD_PARTITION);
    record.partition.topic_id = topic_id(name);
    record.partition.index = index;
    record.partition.replicas.items = record.partition.isr.items = (int32_t *)replicas;
    record.partition.replicas.count = count;
    record.partition.isr.count = isr_count;
    record.partition.leader = leader;
    take(deciding, &record);
}

static inline void take_topic(struct deciding *deciding, const char *name, int32_t partition_count)
{
    static const int32_t self[] = { DECIDING_NODE };
    struct any_record record;

    record_clear(&record, RECORD_TOPIC);
    record.topic = (struct topic_record){ text_of(name), topic_id(name) };
    take(deciding, &record);
    for (int32_t i = 0; i < partition_count; i++) take_partition(deciding, name, i, DECIDING_NODE, self, 1, 1);
}

/* What an item of a call was told. */
static inline void assert_told(enum status status, struct text why, enum status expected, const char *words)
{
    char told[CONTROLLER_WHY_MAX + 1];
    (void)snprintf(told, sizeof(told), "%.*s", TEXT_ARGS(why));
    if (status != expected) print_message("%d %s\n", status, told);
    assert_int_equal(status, expected);
    assert_string_equal(told, words);
}

#define assert_text(text, expected) assert_true(text_equal(text, TEXT(expected)))

#endif
