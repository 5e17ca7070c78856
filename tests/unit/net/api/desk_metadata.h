/* tests/unit/net/api/desk_metadata.h   What the desk believes: metadata comes from records that the test writes itself,
 * so that partitions may also be led by others. */
#ifndef TESTS_UNIT_NET_API_DESK_METADATA_H
#define TESTS_UNIT_NET_API_DESK_METADATA_H

#include "desk.h"

#include "replica/metadata_batch.h"

static inline void desk_apply(struct desk *desk, const struct record_list *list)
{
    struct bytes batch = record_batch_make(&desk->heap, list, 1);
    batch_stamp((uint8_t *)(uintptr_t)batch.data, desk->metadata_end, 1);
    desk->metadata_end += list->count;
    for (uint32_t i = 0; i < desk->node.shard_count; i++) {
        assert_int_equal(replicas_apply(desk->node.shards[i]->replicas, batch), STATUS_OK);
    }
    heap_give(&desk->heap, (void *)(uintptr_t)batch.data);
}

static inline void desk_broker(struct desk *desk, int32_t id)
{
    struct record_endpoint endpoint = { TEXT("PLAINTEXT"), TEXT("elsewhere"), 9999, 0 };
    struct record_list list;

    record_list_init(&list, &desk->messages);
    struct register_broker_record *record = &record_list_add(&list, RECORD_REGISTER_BROKER)->register_broker;
    record->broker_id = id;
    record->broker_epoch = desk->metadata_end;
    record->endpoints.items = &endpoint;
    record->endpoints.count = 1;
    record->rack = TEXT("far");
    record->fenced = false;
    desk_apply(desk, &list);
}

/* One config, or none; partitions led by `leader` with leader epoch 5. */
static inline struct uuid desk_topic_of(struct desk *desk, const char *name, int32_t partitions, int32_t leader,
                                        const char *config, const char *value)
{
    struct uuid id = { { 7, ++desk->topic_count } };
    struct record_list list;

    record_list_init(&list, &desk->messages);
    struct topic_record *topic = &record_list_add(&list, RECORD_TOPIC)->topic;
    topic->name = text_of(name);
    topic->topic_id = id;
    for (int32_t i = 0; i < partitions; i++) {
        struct partition_record *record = &record_list_add(&list, RECORD_PARTITION)->partition;
        struct uuid *directory = arena_take(&desk->messages, sizeof(*directory));
        int32_t *replica = arena_take(&desk->messages, sizeof(*replica));
        *replica = leader;
        record->index = i;
        record->topic_id = id;
        record->replicas.items = record->isr.items = replica;
        record->replicas.count = record->isr.count = 1;
        record->directories.items = directory;
        record->directories.count = 1;
        record->leader = leader;
        record->leader_epoch = 5;
    }
    if (config) {
        struct config_record *record = &record_list_add(&list, RECORD_CONFIG)->config;
        record->resource_type = 2;
        record->resource_name = text_of(name);
        record->name = text_of(config);
        record->value = text_of(value);
    }
    desk_apply(desk, &list);
    return id;
}

static inline void desk_remove(struct desk *desk, struct uuid topic)
{
    struct record_list list;

    record_list_init(&list, &desk->messages);
    record_list_add(&list, RECORD_REMOVE_TOPIC)->remove_topic.topic_id = topic;
    desk_apply(desk, &list);
}

static inline struct uuid desk_topic(struct desk *desk, const char *name, int32_t partitions)
{
    return desk_topic_of(desk, name, partitions, DESK_SELF, NULL, NULL);
}

/* A config of any resource, or with a null value none. */
static inline void desk_config(struct desk *desk, int8_t type, const char *resource, const char *name,
                               struct text value)
{
    struct record_list list;

    record_list_init(&list, &desk->messages);
    struct config_record *record = &record_list_add(&list, RECORD_CONFIG)->config;
    record->resource_type = type;
    record->resource_name = text_of(resource);
    record->name = text_of(name);
    record->value = value;
    desk_apply(desk, &list);
}

#endif
