/* replication/replica/replicas.c   From metadata to partitions: what a batch of records changed is gathered while the
 * image takes it in, and carried out when the batch is through.
 *
 *     record --image_apply--> image
 *        \--changing--> removed topic: its partitions are not found any more
 *                       anything else about a topic: the topic is touched
 *     end of the batch: partitions of removed topics close
 *                       every touched topic is brought in line (partitions made, epochs, settings)
 *
 * A batch may speak of ten thousand partitions: what comes at its end is done in portions, a step each, and the next
 * batch begins when it is through. Until then the image is ahead of the partitions; who looks for one finds none.
 *
 * What a topic's logs share is a struct replicas_topic: image_topic.settings points to it. A topic without configs of
 * its own has the settings of all such topics. */
#include "replica/replicas.h"

#include <string.h>

#include "base/compression.h"
#include "cluster/record.h"
#include "log/store.h"
#include "replica/metadata_batch.h"

enum {
    APPLY_ARENA_MAX = 64 << 20,
    PORTION = 4096,        /* of one step: */
    PORTION_MADE = 16,     /* a partition that is made, closed or set */
    PORTION_TOPIC = 8,     /* a topic, */
    PORTION_LETTERS = 64,  /* and one for so many letters of its configs, when they are read */
    PORTION_PASSED = 1,    /* a partition that lives elsewhere */
    PORTION_READ = 2000,   /* records */
    PORTION_BYTES = 65536, /* a batch up to here is read in one step */
};

struct replicas_topic {
    struct uuid id;
    struct log_settings own;
    const struct log_settings *settings; /* own, or those of all topics without configs */
    uint32_t partition_count;            /* partitions and removals that refer to it */
    bool removed, configured;            /* configured: its configs may have changed since the last look */
    struct list_node touched;
    struct list_node removing;
    int32_t at, limit; /* partitions from here on are not closed, or not brought in line, yet */
};

struct replicas_work {
    struct map partitions; /* by log key */
    struct list batches;   /* struct replicas_batch: the first is being applied */
    struct ready more;     /* goes on with it */
    struct metadata_reading reading;
    bool reading_begun, read;   /* read: the image has it */
    struct list touched;        /* topics that it changed */
    struct list removing;       /* topics that it removed */
    struct topic_values values; /* of topics without configs, */
    struct log_settings common; /* and as their logs have them */
    struct arena values_arena;  /* texts of `values` */
    bool common_changed;        /* the broker's own configs changed */
    struct arena arena;
};

static struct replicas_work *work_of(const struct replicas *replicas)
{
    return replicas->work;
}

static bool partition_has_key(const void *value, const void *key)
{
    const struct log_key *a = &((const struct partition *)value)->key, *b = key;
    return a->partition == b->partition && uuid_equal(a->topic, b->topic);
}

struct partition *replicas_find(const struct replicas *replicas, struct uuid topic, int32_t index)
{
    const struct replicas_work *work = work_of(replicas);
    struct log_key key = { topic, index };
    struct partition *partition = map_find(&work->partitions, hash_partition(topic, index), &key);
    bool removed = partition && !list_empty(&work->removing) && partition->topic->removed;
    return removed ? NULL : partition;
}

struct config_place replicas_configs(const struct replicas *replicas, const struct image_topic *topic)
{
    return (struct config_place){
        .settings = replicas->settings, .image = &replicas->image, .node = replicas->node, .topic = topic
    };
}

/* ---- settings ---- */

static bool list_holds(const struct text_list *list, struct text text)
{
    for (int32_t i = 0; i < list->count; i++) {
        if (text_equal(list->items[i], text)) return true;
    }
    return false;
}

/* compression.type, and the level that its codec is to have. */
static void codec_of(const struct topic_values *values, struct log_settings *settings)
{
    /* clang-format off */
    const struct { struct text name; enum compression codec; int32_t level; } codecs[] = {
        { TEXT("uncompressed"), COMPRESSION_NONE,   0                              },
        { TEXT("gzip"),         COMPRESSION_GZIP,   values->compression_gzip_level },
        { TEXT("snappy"),       COMPRESSION_SNAPPY, 0                              },
        { TEXT("lz4"),          COMPRESSION_LZ4,    values->compression_lz4_level  },
        { TEXT("zstd"),         COMPRESSION_ZSTD,   values->compression_zstd_level },
    };
    /* clang-format on */

    settings->codec_set = false; /* "producer" */
    for (uint32_t i = 0; i < array_count(codecs); i++) {
        if (!text_equal(values->compression_type, codecs[i].name)) continue;
        settings->codec_set = true;
        settings->codec = (uint8_t)codecs[i].codec;
        settings->codec_level = codecs[i].level;
    }
}

static struct log_settings settings_of(const struct topic_values *values)
{
    struct log_settings settings = {
        .segment_bytes = max_of(values->segment_bytes, 0), /* 0: no batch fits */
        .segment_ms = values->segment_ms,
        .segment_jitter_ms = values->segment_jitter_ms,
        .retention_ms = values->retention_ms,
        .retention_bytes = values->retention_bytes,
        .file_delete_delay_ms = values->file_delete_delay_ms,
        .timestamp_before_max_ms = values->message_timestamp_before_max_ms,
        .timestamp_after_max_ms = values->message_timestamp_after_max_ms,
        .index_interval_bytes = values->index_interval_bytes,
        .index_bytes_max = values->segment_index_bytes,
        .message_bytes_max = values->max_message_bytes,
        .append_time = text_equal(values->message_timestamp_type, TEXT("LogAppendTime")),
        .delete_old = list_holds(&values->cleanup_policy, TEXT("delete")),
        .compact = list_holds(&values->cleanup_policy, TEXT("compact")),
    };
    codec_of(values, &settings);
    return settings;
}

/* Of all topics without configs: logs that refer to it see the change. */
static void common_settings(struct replicas *replicas)
{
    struct replicas_work *work = work_of(replicas);
    struct config_place place = replicas_configs(replicas, NULL);

    arena_reset(&work->values_arena);
    enum status status = topic_values_of(&place, &work->values, &work->values_arena);
    invariant(status == STATUS_OK); /* some kilobytes of an arena that was empty */
    work->common = settings_of(&work->values);
    work->common_changed = false;
}

/* A topic's own configs over those of all: there may be thousands of topics. */
static void topic_settings(struct replicas *replicas, const struct image_topic *topic, struct replicas_topic *shared)
{
    struct replicas_work *work = work_of(replicas);
    struct config_place place = replicas_configs(replicas, topic);
    struct topic_values values;

    shared->settings = topic->config_count == 0 ? &work->common : &shared->own;
    if (topic->config_count == 0) return;
    place.common = &work->values;
    enum status status = topic_values_of(&place, &values, &work->arena);
    invariant(status == STATUS_OK); /* as above */
    shared->own = settings_of(&values);
    arena_reset(&work->arena); /* nothing but numbers is kept */
}

/* ---- partitions ---- */

static enum status partition_make(struct replicas *replicas, struct image_topic *topic, int32_t index,
                                  struct replicas_topic *shared, const struct log_found *found)
{
    struct log_key key = { topic->id, index };
    struct log *log;
    enum status status = log_open(replicas->store, found, key, topic->name, shared->settings, &log);
    if (status != STATUS_OK) return status;

    struct partition *partition = heap_take(&replicas->shard->heap, sizeof(*partition));
    partition_init(partition, replicas, log);
    partition->topic = shared;
    shared->partition_count++;
    map_add(&work_of(replicas)->partitions, hash_partition(key.topic, key.partition), &key, partition);
    partition_follow(partition);
    return STATUS_OK;
}

static void topic_release(struct replicas *replicas, struct replicas_topic *shared)
{
    bool closing = list_linked(&shared->removing);
    if (shared->removed && !closing && shared->partition_count == 0) heap_give(&replicas->shard->heap, shared);
}

static void partition_gone(struct ready *ready)
{
    struct partition *partition = container_of(ready, struct partition, removed);
    struct replicas *replicas = partition->replicas;
    struct replicas_topic *shared = (struct replicas_topic *)partition->topic;

    shared->partition_count--;
    topic_release(replicas, shared);
    heap_give(&replicas->shard->heap, partition);
}

static void partition_remove(struct replicas *replicas, struct partition *partition)
{
    map_remove(&work_of(replicas)->partitions, hash_partition(partition->key.topic, partition->key.partition),
               &partition->key);
    partition->leading = false;
    partition_leave(partition);
    ready_init(&partition->removed, partition_gone);
    log_delete(partition->log, &partition->removed);
}

/* A new leader epoch is told to a log that has records; an empty one learns it with its first. Without room in the WAL
 * just now the next append says it as well. */
static void partition_lead(struct partition *partition, const struct image_partition *state)
{
    bool leading = state->leader == partition->replicas->node;
    if (leading && partition->log->end > partition->log->start && state->leader_epoch > partition->log->leader_epoch) {
        enum status status = log_begin_epoch(partition->log, state->leader_epoch);
        invariant(status == STATUS_OK || status == STATUS_BUSY || status == STATUS_OFFLINE ||
                  status == STATUS_STOPPING);
    }
    partition->leader_epoch = state->leader_epoch;
    partition->leading = leading;
}

/* ---- a batch ---- */

static struct replicas_topic *shared_of(struct replicas *replicas, struct image_topic *topic)
{
    if (!topic->settings) {
        struct replicas_topic *shared = heap_take(&replicas->shard->heap, sizeof(*shared));
        shared->id = topic->id;
        shared->configured = true;
        list_node_init(&shared->touched);
        list_node_init(&shared->removing);
        topic->settings = shared;
    }
    return (struct replicas_topic *)topic->settings;
}

static void touch(struct replicas *replicas, struct image_topic *topic, bool configured)
{
    if (!topic) return;
    struct replicas_topic *shared = shared_of(replicas, topic);
    shared->configured |= configured;
    if (!list_linked(&shared->touched)) list_append(&work_of(replicas)->touched, &shared->touched);
}

static void remove_topic(struct replicas *replicas, struct image_topic *topic)
{
    if (!topic) return;
    struct replicas_topic *shared = shared_of(replicas, topic);

    list_remove(&shared->touched);
    topic->settings = NULL;
    shared->removed = true;
    shared->at = 0;
    shared->limit = topic->partition_count;
    list_append(&work_of(replicas)->removing, &shared->removing);
}

static void changing(struct image *image, const struct any_record *record)
{
    struct replicas *replicas = container_of(image, struct replicas, image);

    switch (record->type) {
    case RECORD_REMOVE_TOPIC: remove_topic(replicas, image_topic_by_id(image, record->remove_topic.topic_id)); break;
    case RECORD_PARTITION: touch(replicas, image_topic_by_id(image, record->partition.topic_id), false); break;
    case RECORD_PARTITION_CHANGE:
        touch(replicas, image_topic_by_id(image, record->partition_change.topic_id), false);
        break;
    case RECORD_CONFIG:
        if (record->config.resource_type == RESOURCE_TOPIC) {
            touch(replicas, image_topic_by_name(image, record->config.resource_name), true);
        } else if (record->config.resource_type == RESOURCE_BROKER) {
            work_of(replicas)->common_changed = true;
        }
        break;
    default: break;
    }
}

/* ---- the end of a batch, in portions ---- */

static bool topic_close(struct replicas *replicas, struct replicas_topic *shared, int32_t *portion)
{
    for (; shared->at<shared->limit && * portion> 0; shared->at++) {
        struct log_key key = { shared->id, shared->at };
        struct partition *partition =
            map_find(&work_of(replicas)->partitions, hash_partition(key.topic, key.partition), &key);
        if (partition) partition_remove(replicas, partition);
        *portion -= partition ? PORTION_MADE : PORTION_PASSED;
    }
    return shared->at == shared->limit;
}

/* True: the partitions of all removed topics are closed. */
static bool removed_close(struct replicas *replicas, int32_t *portion)
{
    list_each(&work_of(replicas)->removing, node)
    {
        struct replicas_topic *shared = container_of(node, struct replicas_topic, removing);
        *portion -= PORTION_TOPIC;
        if (!topic_close(replicas, shared, portion)) return false;
        list_remove(&shared->removing);
        topic_release(replicas, shared);
    }
    return true;
}

/* A log that is made now has nothing on disk. */
static enum status partition_align(struct replicas *replicas, struct image_topic *topic, struct replicas_topic *shared,
                                   int32_t index)
{
    struct partition *partition = replicas_find(replicas, topic->id, index);

    if (partition) {
        log_change_settings(partition->log, shared->settings);
    } else {
        enum status status = partition_make(replicas, topic, index, shared, NULL);
        if (status != STATUS_OK) return status;
        partition = replicas_find(replicas, topic->id, index);
    }
    partition_lead(partition, &topic->partitions[index]);
    return STATUS_OK;
}

/* Makes the shard's part of a topic what the image says, from shared->at on. */
static enum status topic_align(struct replicas *replicas, struct image_topic *topic, struct replicas_topic *shared,
                               int32_t *portion)
{
    for (; shared->at<topic->partition_count && * portion> 0; shared->at++) {
        const struct image_partition *state = &topic->partitions[shared->at];
        bool here = state->replicas && state->shard == replicas->shard->index;
        enum status status = here ? partition_align(replicas, topic, shared, shared->at) : STATUS_OK;
        if (status != STATUS_OK) return status;
        *portion -= here ? PORTION_MADE : PORTION_PASSED;
    }
    return STATUS_OK;
}

static int32_t configs_weight(const struct image_topic *topic)
{
    size_t letters = 0;
    for (uint32_t i = 0; i < topic->config_count; i++) letters += topic->configs[i].value.size;
    return (int32_t)min_of(letters / PORTION_LETTERS, (size_t)PORTION);
}

static enum status touched_align(struct replicas *replicas, int32_t *portion)
{
    for (struct list_node *node; *portion > 0 && (node = list_first(&work_of(replicas)->touched)) != NULL;) {
        struct replicas_topic *shared = container_of(node, struct replicas_topic, touched);
        struct image_topic *topic = image_topic_by_id(&replicas->image, shared->id);

        invariant(topic && topic->settings == shared);
        *portion -= PORTION_TOPIC;
        if (shared->configured) {
            topic_settings(replicas, topic, shared);
            *portion -= configs_weight(topic);
        }
        shared->configured = false;
        enum status status = topic_align(replicas, topic, shared, portion);
        if (status != STATUS_OK) return status;
        if (shared->at < topic->partition_count) break;
        shared->at = 0;
        list_remove(&shared->touched);
    }
    return STATUS_OK;
}

void replicas_configure(struct replicas *replicas)
{
    struct config_place place = replicas_configs(replicas, NULL);
    struct arena *arena = &work_of(replicas)->arena;
    struct broker_values values;

    enum status status = broker_values_of(&place, &values, arena);
    invariant(status == STATUS_OK); /* as in settings_of */
    store_keep_producers(replicas->store, values.producer_expiration_ms);
    if (replicas->configured) replicas->configured(replicas, &values);
    arena_reset(arena);
}

/* What all topics have shows through what a topic has of its own. */
static void touch_configured(struct replicas *replicas)
{
    list_each(&replicas->image.topics, node)
    {
        struct image_topic *topic = container_of(node, struct image_topic, node);
        if (topic->config_count > 0) touch(replicas, topic, true);
    }
}

/* A portion of what is read into the image; work->read: it has all of it. */
static enum status batch_read_in(struct replicas *replicas, struct bytes batches)
{
    struct replicas_work *work = work_of(replicas);

    if (!work->reading_begun) metadata_reading_begin(&work->reading, batches, &work->arena);
    work->reading_begun = true;
    enum status status = metadata_reading_go(&work->reading, &replicas->image, PORTION_READ, &work->read);
    if (status != STATUS_OK || !work->read || !work->common_changed) return status;

    common_settings(replicas);
    touch_configured(replicas);
    replicas_configure(replicas);
    return STATUS_OK;
}

/* One portion; *through: nothing of the batch is left. */
static enum status batch_go(struct replicas *replicas, struct bytes batches, bool *through)
{
    struct replicas_work *work = work_of(replicas);
    bool small = batches.size <= PORTION_BYTES;
    int32_t portion = work->read || small ? PORTION : 0;
    enum status status = STATUS_OK;

    while (!work->read && status == STATUS_OK) {
        status = batch_read_in(replicas, batches);
        if (!small || (work->reading.open && work->reading.read)) break;
    }
    if (status == STATUS_OK && work->read && removed_close(replicas, &portion)) {
        status = touched_align(replicas, &portion);
    }
    bool aligned = work->read && list_empty(&work->removing) && list_empty(&work->touched);
    *through = status != STATUS_OK || aligned;
    if (!*through) return STATUS_OK;

    work->read = work->reading_begun = false;
    arena_reset(&work->arena);
    if (status == STATUS_OK) watermark_advance(replicas->shard, &replicas->applied, replicas->image.offset);
    return status;
}

static void apply_more(struct ready *ready)
{
    struct replicas_work *work = container_of(ready, struct replicas_work, more);
    struct replicas_batch *batch = container_of(list_first(&work->batches), struct replicas_batch, node);
    struct replicas *replicas = batch->replicas;
    bool through;

    batch->status = batch_go(replicas, batch->batches, &through);
    if (through) {
        list_remove(&batch->node);
        batch->done(batch);
    }
    if (!list_empty(&work->batches)) shard_ready(replicas->shard, &work->more);
}

void replicas_begin(struct replicas *replicas, struct replicas_batch *batch)
{
    struct replicas_work *work = work_of(replicas);

    batch->replicas = replicas;
    list_node_init(&batch->node);
    list_append(&work->batches, &batch->node);
    if (list_first(&work->batches) == &batch->node) apply_more(&work->more);
}

enum status replicas_apply(struct replicas *replicas, struct bytes batches)
{
    enum status status;
    bool through;

    invariant(list_empty(&work_of(replicas)->batches));
    do {
        status = batch_go(replicas, batches, &through);
    } while (!through);
    return status;
}

/* ---- start and end ---- */

enum status replicas_make(struct shard *shard, struct store *store, const struct settings *settings, int32_t node,
                          struct replicas **made)
{
    struct replicas *replicas = heap_take(&shard->heap, sizeof(*replicas));
    struct replicas_work *work = heap_take(&shard->heap, sizeof(*work));
    invariant(shard->shard_count > 1); /* data shards, then the replication shard */

    *replicas = (struct replicas){ .shard = shard, .store = store, .settings = settings, .node = node, .work = work };
    replicas->controller_shard = shard->shard_count - 1;
    image_init(&replicas->image, &shard->heap, shard->shard_count - 1);
    map_init(&work->partitions, &shard->heap, partition_has_key);
    list_init(&work->batches);
    list_init(&work->touched);
    list_init(&work->removing);
    ready_init(&work->more, apply_more);
    arena_init(&work->arena, &shard->heap, NULL, 0, APPLY_ARENA_MAX);
    arena_init(&work->values_arena, &shard->heap, NULL, 0, APPLY_ARENA_MAX);
    watermark_init(&replicas->applied, 0);
    shard->replicas = replicas;
    *made = replicas;
    return STATUS_OK;
}

enum status replicas_open(struct replicas *replicas, const struct log_found *(*find)(void *context, struct log_key key),
                          void *context, struct arena *arena, const char **why)
{
    common_settings(replicas);
    list_each(&replicas->image.topics, node)
    {
        struct image_topic *topic = container_of(node, struct image_topic, node);
        struct replicas_topic *shared = shared_of(replicas, topic);

        topic_settings(replicas, topic, shared);
        shared->configured = false;
        for (int32_t i = 0; i < topic->partition_count; i++) {
            if (!topic->partitions[i].replicas || topic->partitions[i].shard != replicas->shard->index) continue;

            struct log_key key = { topic->id, i };
            enum status status = partition_make(replicas, topic, i, shared, find(context, key));
            if (status == STATUS_OK) continue;
            struct text text = text_format(arena, "partition %.*s-%d can't be opened: %s", TEXT_ARGS(topic->name), i,
                                           status_text(status));
            *why = text.data;
            return status;
        }
    }
    arena_reset(&work_of(replicas)->arena);
    replicas->image.changing = changing;
    watermark_init(&replicas->applied, replicas->image.offset);
    return STATUS_OK;
}

void replicas_end(struct replicas *replicas)
{
    struct replicas_work *work = work_of(replicas);
    struct heap *heap = &replicas->shard->heap;

    list_remove(&work->more.node);
    list_each(&work->removing, node) heap_give(heap, container_of(node, struct replicas_topic, removing));
    map_each(&work->partitions, struct partition, partition)
    {
        partition_leave(partition);
        heap_give(heap, partition);
    }
    list_each(&replicas->image.topics, node)
    {
        heap_give(heap, (void *)container_of(node, struct image_topic, node)->settings);
    }
    map_end(&work->partitions);
    image_end(&replicas->image);
    arena_reset(&work->arena);
    arena_reset(&work->values_arena);
    replicas->shard->replicas = NULL;
    heap_give(heap, work);
    heap_give(heap, replicas);
}
