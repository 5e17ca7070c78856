/* net/node/boot.c   From a directory to images and logs, on the starting thread: nothing here runs beside anything
 * else. The metadata log comes first, because it says which logs there are, where they live and what their configs
 * mean. */
#include "base/uuid.h"
#include "cluster/configs.h"
#include "cluster/record.h"
#include "io/files.h"
#include "node/node_work.h"
#include "replica/metadata_batch.h"

enum { SCRATCH_SIZE_MAX = 64 << 20 };

static bool found_has_key(const void *value, const void *key)
{
    const struct log_key *a = &((const struct log_found *)value)->key, *b = key;
    return a->partition == b->partition && uuid_equal(a->topic, b->topic);
}

static const struct log_found *find_log(void *context, struct log_key key)
{
    return map_find(context, hash_partition(key.topic, key.partition), &key);
}

static bool has_role(const struct broker_values *values, struct text role)
{
    for (int32_t i = 0; i < values->roles.count; i++) {
        if (text_equal(values->roles.items[i], role)) return true;
    }
    return false;
}

/* One node is the whole cluster, for now. */
static enum status check_roles(const struct broker_values *values, const char **why)
{
    if (!has_role(values, TEXT("broker")) || !has_role(values, TEXT("controller"))) {
        *why = "process.roles must be broker,controller: a node is both, for now";
        return STATUS_UNSUPPORTED;
    }
    if (values->quorum_voters.count > 1) {
        *why = "controller.quorum.voters names several nodes: a cluster of more than one is not supported yet";
        return STATUS_UNSUPPORTED;
    }
    return STATUS_OK;
}

static void directory_says(void *context, const char *line)
{
    struct node_platform *platform = context;
    if (platform->say) platform->say(platform, line);
}

static enum status open_directory(struct node *node, const char **why)
{
    struct node_work *work = node_work(node);
    const struct broker_values *values = &work->settings->values;
    const struct text_list *paths = values->log_dirs.count > 0 ? &values->log_dirs : &values->log_dir;

    if (paths->count != 1) {
        *why = "log.dirs: one directory only, for now";
        return STATUS_UNSUPPORTED;
    }
    struct directory_settings settings = {
        .path = text_copy(&work->arena, paths->items[0]).data,
        .node = values->node_id,
        .cluster = values->cluster_id,
        .relaxed = values->durability == DURABILITY_RELAXED,
        .wal_size = node->plan.wal_size,
        .wal_file_size = node->plan.wal_file_size,
        .reserve_size = (uint64_t)values->disk_reserve,
        .wall_ms = node->platform->wall_ms,
        .seed = node->platform->seed,
        .say = directory_says,
        .say_context = node->platform,
    };
    enum status status =
        directory_open(node->platform->files, &settings, &node->heap, &work->arena, &work->directory, why);
    if (status == STATUS_OK) status = directory_recover(work->directory, &work->arena, why);
    if (status != STATUS_OK) return status;

    map_init(&work->found, &node->heap, found_has_key);
    for (uint32_t i = 0; i < work->directory->found_count; i++) {
        struct log_found *found = &work->directory->found[i];
        map_add(&work->found, hash_partition(found->key.topic, found->key.partition), &found->key, found);
    }
    work->identity.id = work->directory->identity.node;
    work->identity.directory = work->directory->identity.directory;
    work->identity.rack = values->rack;
    return STATUS_OK;
}

static enum status make_stores(struct node *node, const char **why)
{
    struct node_work *work = node_work(node);
    for (uint32_t i = 0; i < node->shard_count; i++) {
        struct node_shard *part = &work->parts[i];
        struct replicas *replicas;
        enum status status = store_make(&part->shard, work->directory, &node->plan, &part->store);
        if (status == STATUS_OK) {
            status = replicas_make(&part->shard, part->store, work->settings, work->identity.id, &replicas);
        }
        if (status != STATUS_OK) {
            *why = text_format(&work->arena, "the logs of shard %u can't be set up: %s", i, status_text(status)).data;
            return status;
        }
    }
    return STATUS_OK;
}

static enum status open_metadata_log(struct node *node, const struct metadata_found *found, const char **why)
{
    struct node_work *work = node_work(node);
    struct node_shard *part = replication_part(node);
    struct log_key key = { UUID_METADATA_TOPIC, 0 };

    metadata_log_init(&work->metadata, &part->shard, work->metadata_handle, &work->settings->values, found);
    enum status status = log_open(part->store, found->log, key, TEXT("__cluster_metadata"), &work->metadata.settings,
                                  &work->metadata.log);
    if (status != STATUS_OK) {
        *why = text_format(&work->arena, "the metadata log can't be opened: %s", status_text(status)).data;
        return status;
    }
    bootstrap_raft(found, &work->identity, &part->shard.heap, &work->metadata.raft);
    controller_make(&part->shard, &work->metadata, &work->identity, &work->controller);
    return STATUS_OK;
}

static bool uuid_is(const void *value, const void *key)
{
    return uuid_equal(*(const struct uuid *)value, *(const struct uuid *)key);
}

static void removal_add(struct map *removed, struct uuid id)
{
    if (map_find(removed, uuid_hash(id), &id)) return;

    struct uuid *topic = heap_take(removed->heap, sizeof(*topic));
    *topic = id;
    map_add(removed, uuid_hash(id), topic, topic);
}

/* The topics that a batch removes. */
static enum status removals_read(const struct batch *batch, struct map *removed, struct arena *scratch)
{
    struct record_walk walk;
    struct record record;
    enum status status = STATUS_OK;

    if (batch->attributes & BATCH_CONTROL) return STATUS_OK;
    record_walk_begin(&walk, batch, (struct bytes){ batch->data + BATCH_HEADER_SIZE, batch->size - BATCH_HEADER_SIZE });
    while (status == STATUS_OK && record_walk_next(&walk, &record, &status)) {
        struct any_record any;
        status = record_read(record.value, &any, scratch);
        if (status == STATUS_OK && any.type == RECORD_REMOVE_TOPIC) removal_add(removed, any.remove_topic.topic_id);
        arena_reset(scratch);
    }
    return status;
}

/* What the metadata tells of removals; read once, whatever was found on disk. */
static enum status removals_find(const struct metadata_found *found, struct map *removed, struct arena *scratch)
{
    struct batch batch;
    for (size_t at = 0; at < found->batches.size; at += batch.size) {
        enum status status = batch_read(found->batches.data + at, found->batches.size - at, &batch);
        if (status == STATUS_OK) status = removals_read(&batch, removed, scratch);
        if (status != STATUS_OK) return status;
    }
    return STATUS_OK;
}

static bool orphan(const struct node *node, const struct log_found *found)
{
    const struct image *image = &node->shards[0]->replicas->image;
    return !uuid_equal(found->key.topic, UUID_METADATA_TOPIC) && !image_topic_by_id(image, found->key.topic);
}

/* A removal that a crash cut short is finished now. */
static enum status forget_removed(struct node *node, const struct metadata_found *found, struct arena *scratch)
{
    struct directory *directory = node_work(node)->directory;
    enum status status = STATUS_OK;
    struct map removed;
    uint32_t first = 0;

    while (first < directory->found_count && !orphan(node, &directory->found[first])) first++;
    if (first == directory->found_count) return STATUS_OK;
    map_init(&removed, &node->heap, uuid_is);
    status = removals_find(found, &removed, scratch);
    for (uint32_t i = first; i < directory->found_count && status == STATUS_OK; i++) {
        struct log_key key = directory->found[i].key;
        bool seen = map_find(&removed, uuid_hash(key.topic), &key.topic) != NULL;
        if (seen && orphan(node, &directory->found[i])) directory_forget(directory, key);
    }
    map_each(&removed, struct uuid, topic) heap_give(&node->heap, topic);
    map_end(&removed);
    return status;
}

static enum status load_images(struct node *node, const struct metadata_found *found, struct arena *scratch,
                               const char **why)
{
    struct node_work *work = node_work(node);
    enum status status = bootstrap_load(found, controller_image(work->controller), scratch, &work->arena, why);
    for (uint32_t i = 0; i < node->shard_count && status == STATUS_OK; i++) {
        status = bootstrap_load(found, &node->shards[i]->replicas->image, scratch, &work->arena, why);
    }
    for (uint32_t i = 0; i < node->shard_count && status == STATUS_OK; i++) {
        struct replicas *replicas = node->shards[i]->replicas;
        status = replicas_open(replicas, find_log, &work->found, &work->arena, why);
    }
    return status;
}

enum status boot(struct node *node, const char **why)
{
    struct node_work *work = node_work(node);
    struct metadata_found found;
    struct arena metadata, scratch;

    arena_init(&metadata, &node->heap, NULL, 0, SIZE_MAX);
    arena_init(&scratch, &node->heap, NULL, 0, SCRATCH_SIZE_MAX);
    enum status status = check_roles(&work->settings->values, why);
    if (status == STATUS_OK) status = open_directory(node, why);
    if (status == STATUS_OK) {
        status = bootstrap_format(work->directory, &work->identity, node->platform->wall_ms, &work->arena,
                                  &work->metadata_handle, why);
    }
    if (status == STATUS_OK) status = bootstrap_read(work->directory, work->metadata_handle, &metadata, &found, why);
    if (status == STATUS_OK) status = make_stores(node, why);
    if (status == STATUS_OK) status = open_metadata_log(node, &found, why);
    if (status == STATUS_OK) status = load_images(node, &found, &scratch, why);
    if (status == STATUS_OK) status = forget_removed(node, &found, &scratch);
    if (status == STATUS_OK) {
        struct store **stores = heap_take(&node->heap, node->shard_count * sizeof(struct store *));
        for (uint32_t i = 0; i < node->shard_count; i++) stores[i] = work->parts[i].store;
        status = directory_begin(work->directory, stores, node->shard_count, &work->arena, why);
        for (uint32_t i = 0; i < node->shard_count && status == STATUS_OK; i++) {
            store_retain(stores[i], work->settings->values.retention_check_ms,
                         work->settings->values.producer_expiration_ms);
        }
        heap_give(&node->heap, stores);
    }
    if (status != STATUS_OK && *why)
        *why = text_copy(&work->arena, text_of(*why)).data; /* it may lie in one of these */
    arena_reset(&scratch);
    arena_reset(&metadata);
    return status;
}
