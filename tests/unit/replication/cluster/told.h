/* tests/unit/replication/cluster/told.h   An image that is told records, and the records that most tests need. */
#ifndef TESTS_UNIT_REPLICATION_CLUSTER_TOLD_H
#define TESTS_UNIT_REPLICATION_CLUSTER_TOLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/prng.h"
#include "cluster/image.h"
#include "cluster/record.h"

struct cluster {
    struct heap heap;
    struct image image;
};

static inline void cluster_init(struct cluster *cluster, uint32_t shards)
{
    heap_init(&cluster->heap);
    image_init(&cluster->image, &cluster->heap, shards);
}

static inline void cluster_end(struct cluster *cluster)
{
    image_end(&cluster->image);
    assert_int_equal(cluster->heap.live_count, 0);
}

static inline struct uuid id_of(uint8_t n)
{
    return (struct uuid){ { [0] = 1, [15] = n } };
}

static inline struct any_record topic_record(const char *name, uint8_t id)
{
    struct any_record record;
    record_clear(&record, RECORD_TOPIC);
    record.topic.name = text_of(name);
    record.topic.topic_id = id_of(id);
    return record;
}

static int32_t one[] = { 1 };

static inline struct any_record partition_record(uint8_t id, int32_t index)
{
    struct any_record record;
    record_clear(&record, RECORD_PARTITION);
    record.partition.topic_id = id_of(id);
    record.partition.index = index;
    record.partition.replicas.items = record.partition.isr.items = one;
    record.partition.replicas.count = record.partition.isr.count = 1;
    record.partition.leader = 1;
    record.partition.leader_epoch = 0;
    record.partition.partition_epoch = 0;
    return record;
}

static inline struct any_record change_record(uint8_t id, int32_t index, int32_t leader)
{
    struct any_record record;
    record_clear(&record, RECORD_PARTITION_CHANGE);
    record.partition_change.topic_id = id_of(id);
    record.partition_change.index = index;
    record.partition_change.leader = leader;
    return record;
}

static inline struct any_record config_record(int8_t type, const char *resource, const char *name, const char *value)
{
    struct any_record record;
    record_clear(&record, RECORD_CONFIG);
    record.config.resource_type = type;
    record.config.resource_name = text_of(resource);
    record.config.name = text_of(name);
    record.config.value = text_of(value);
    return record;
}

static inline struct any_record remove_record(uint8_t id)
{
    struct any_record record;
    record_clear(&record, RECORD_REMOVE_TOPIC);
    record.remove_topic.topic_id = id_of(id);
    return record;
}

static inline struct any_record plain_record(enum record_type type)
{
    struct any_record record;
    record_clear(&record, type);
    return record;
}

static inline struct any_record feature_record(const char *name, int16_t level)
{
    struct any_record record = plain_record(RECORD_FEATURE_LEVEL);
    record.feature_level.name = text_of(name);
    record.feature_level.level = level;
    return record;
}

static inline void take(struct cluster *cluster, struct any_record record)
{
    assert_int_equal(image_apply(&cluster->image, &record), STATUS_OK);
}

static inline void refuse(struct cluster *cluster, struct any_record record)
{
    uint64_t before = image_hash(&cluster->image);
    assert_int_equal(image_apply(&cluster->image, &record), STATUS_DAMAGED);
    assert_int_equal(image_hash(&cluster->image), before);
}

#endif
