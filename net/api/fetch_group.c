/* net/api/fetch_group.c   Reading and watching on the shard that owns the partitions. Parts are read one after the
 * other, in the request's order: the first that has records gives at least one whole batch, the others what still
 * fits. A read of a round is hasty: it never waits for room in the read cache. One that is made while the group watches
 * does, because then its fetch holds nothing anywhere; what it brings is kept for the round that follows. */
#include "api/error.h"
#include "api/fetch.h"
#include "log/store.h"

static void group_go(struct fetch_group *group);

/* As often as it is read, which is what Kafka counts. */
static void group_count(const struct fetch_group *group)
{
    struct face *face = group->owner->face;

    for (const struct fetch_part *part = group->parts; part; part = part->next) {
        face_count(face, CONN_METRIC_FETCHES, 1);
        if (part->error != ERROR_NONE) face_count(face, CONN_METRIC_FETCHES_FAILED, 1);
    }
    face_count(face, CONN_METRIC_RECORD_BYTES_OUT, group->size);
}

static void group_return(struct fetch_group *group)
{
    group->stage = GROUP_HOME;
    route_return(&group->route, group->owner);
}

/* ---- reading ---- */

/* A reader's last epoch must be ours too up to where it fetches, else its log must be cut first (KIP-595). False:
 * nobody here knows that epoch. */
static bool part_compare(struct fetch_part *part, const struct partition *partition)
{
    int32_t epoch = part->ask.last_fetched_epoch;
    int64_t end = 0;

    if (epoch < 0) return true;
    if (partition_epoch_end(partition, &epoch, &end) != STATUS_OK) return false;
    if (epoch == part->ask.last_fetched_epoch && end >= part->ask.fetch_offset) return true;
    part->diverging = (struct fetch_diverging_epoch){ epoch, end };
    return true;
}

static void part_fail(struct fetch_part *part, int16_t error)
{
    part->error = error;
    part->high_watermark = part->last_stable = part->start = -1;
}

/* What the partition is now; NULL when there is nothing to read in it. */
static struct partition *part_look(struct fetch_group *group, struct fetch_part *part)
{
    const struct fetch *fetch = group->fetch;
    struct partition *partition = replicas_find(group->owner->replicas, part->topic, part->ask.index);
    enum status status = partition ? partition_check(partition, part->ask.current_leader_epoch) : STATUS_NOT_FOUND;

    part->diverging.epoch = -1;
    part->error = error_of(status);
    if (status == STATUS_OK && fetch->replica >= 0) part->error = ERROR_NOT_LEADER_OR_FOLLOWER; /* No replica of it. */
    if (part->error != ERROR_NONE) {
        if (partition) traffic_read_fail(&partition->log->traffic);
        part_fail(part, part->error);
        return NULL;
    }

    invariant(partition != NULL);
    const struct log *log = partition->log;
    part->high_watermark = log->committed.at;
    part->last_stable = log->last_stable;
    part->start = log->start;
    bool in_range = part->ask.fetch_offset >= log->start && part_compare(part, partition);
    bool diverges = part->diverging.epoch >= 0; /* who does may stand beyond our end */
    if (!in_range || (!diverges && part->ask.fetch_offset > log->end)) {
        traffic_read_fail(&partition->log->traffic);
        part_fail(part, ERROR_OFFSET_OUT_OF_RANGE);
        return NULL;
    }
    if (diverges) return NULL;
    part->seen = max_of(partition_limit(partition, fetch->read_committed), part->ask.fetch_offset);
    return partition;
}

/* What the part pins of the read cache; its other blocks are the tail's, which many parts share. */
static void group_pins(struct fetch_group *group, const struct fetch_part *part)
{
    const struct memory *memory = group->owner->memory;
    size_t budget = memory_used(memory, MEMORY_CACHE) + memory_free(memory, MEMORY_CACHE);

    for (uint32_t i = 0; i < part->extent_count; i++) {
        const struct block *block = group->extents[part->extent_first + i].block;
        if (block->budget == MEMORY_CACHE) group->cached += block->size;
    }
    group->full |= group->extent_count == group->extent_max;
    group->full |= group->cached > min_of(budget / 4, (size_t)FETCH_CACHED_MAX);
}

static void part_read_done(struct fetch_group *group, struct fetch_part *part)
{
    const struct log_read *read = &group->read;

    part->starved = read->status == STATUS_BUSY;
    if (part->starved) {
        if (!group->starved) group->starved = part;
        return;
    }
    if (read->status != STATUS_OK) {
        part_fail(part, error_of(read->status));
        return;
    }
    part->extent_first = group->extent_count;
    part->extent_count = read->extent_count;
    part->size = read->size;
    group->extent_count += read->extent_count;
    group->size += read->size;
    group_pins(group, part);
}

static void part_count(const struct fetch_part *part, struct log *log)
{
    if (part->error == ERROR_NONE) {
        traffic_read(&log->traffic, part->size);
    } else {
        traffic_read_fail(&log->traffic);
    }
}

static void part_read_resume(struct ready *ready)
{
    struct fetch_group *group = container_of(ready, struct fetch_group, read.ready);
    struct fetch_part *part = group->at;
    /* Found again: it may have gone while the bytes were on their way. */
    struct partition *partition = replicas_find(group->owner->replicas, part->topic, part->ask.index);

    part_read_done(group, part);
    if (partition) part_count(part, partition->log);
    fetch_ahead_pass(group, part);
    group->at = part->next;
    group_go(group);
}

static struct log_read read_of(struct fetch_group *group, const struct fetch_part *part, struct log *log)
{
    uint32_t left = group->size_max - min_of(group->size, group->size_max);

    return (struct log_read){
        .log = log,
        .offset = part->ask.fetch_offset,
        .limit = part->seen,
        .size_max = min_of(left, (uint32_t)max_of(part->ask.max_bytes, 0)),
        .first_whole = group->size == 0,
        .extents = group->extents + group->extent_count,
        .extent_max = group->extent_max - group->extent_count,
    };
}

/* False: the bytes are on their way. */
static bool part_read(struct fetch_group *group, struct fetch_part *part)
{
    if (part == group->kept) return true;

    struct partition *partition = part_look(group, part);
    bool room = !group->full && (group->size < group->size_max || group->size == 0);

    part->size = part->extent_count = 0;
    part->starved = false;
    if (!partition) return true;
    if (!room || part->ask.fetch_offset >= part->seen) {
        traffic_read(&partition->log->traffic, 0);
        return true;
    }

    group->read = read_of(group, part, partition->log);
    group->read.hasty = true;
    ready_init(&group->read.ready, part_read_resume);
    if (!log_read_begin(&group->read)) return false;
    part_read_done(group, part);
    part_count(part, partition->log);
    return true;
}

static void aborted_find(struct fetch_group *group, struct fetch_part *part)
{
    const struct fetch *fetch = group->fetch;
    struct partition *partition = replicas_find(group->owner->replicas, part->topic, part->ask.index);

    part->aborted_count = 0;
    if (!fetch->read_committed || part->size == 0 || !partition) return;
    enum status status = log_aborted(partition->log, part->ask.fetch_offset, part->seen, group->arena, &part->aborted,
                                     &part->aborted_count);
    if (status == STATUS_OK) return;
    group->lent_short |= status == STATUS_NO_MEMORY;
    part->size = 0; /* Its extents stay pinned with the group, and are just not sent. */
    part_fail(part, error_of(status));
}

void fetch_group_settle(struct fetch_group *group)
{
    for (struct fetch_part *part = group->parts; part; part = part->next) aborted_find(group, part);
    group->kept = NULL;
    group_count(group);
    group_return(group);
}

/* Reads on from group->at. */
static void group_go(struct fetch_group *group)
{
    for (; group->at; group->at = group->at->next) {
        if (!part_read(group, group->at)) {
            fetch_ahead_go(group);
            return;
        }
        fetch_ahead_pass(group, group->at);
    }
    if (!fetch_ahead_stop(group)) fetch_group_settle(group);
}

static void group_empty(struct fetch_group *group)
{
    group->size = group->extent_count = 0;
    group->cached = 0;
    group->full = false;
}

void fetch_group_read(struct route_part *route, struct shard *owner)
{
    struct fetch_group *group = container_of(route, struct fetch_group, route);

    group->owner = owner;
    group->stage = GROUP_READING;
    if (!group->kept) group_empty(group);
    group->starved = NULL;
    group->lent_short = false;
    group->at = group->ahead = group->parts;
    group->ahead_size = 0;
    group_go(group);
}

/* ---- watching ---- */

/* Goes home; if it waits for a read, then with that, which waits for memory no longer. */
static void group_unwatch(struct fetch_group *group)
{
    for (struct fetch_part *part = group->parts; part; part = part->next) {
        if (part->watching) watermark_leave(&part->wait);
        part->watching = false;
    }
    if (!group->waiting) {
        group_return(group);
        return;
    }
    group->stage = GROUP_LEAVING;
    log_read_hurry(&group->read);
}

static void part_news(struct ready *ready)
{
    struct fetch_part *part = container_of(ready, struct fetch_part, wait.ready);
    invariant(part->group->stage == GROUP_WATCHING);
    group_unwatch(part->group);
}

/* False: there is news already. What read_committed sees moves with committed, or later, at a marker that is
 * appended. */
static bool part_watch(struct fetch_group *group, struct fetch_part *part)
{
    struct partition *partition = replicas_find(group->owner->replicas, part->topic, part->ask.index);

    if (part->error != ERROR_NONE) return true; /* Answered in the end; it doesn't cut the wait short. */
    if (part->starved) return true;             /* It has more to read than there is room for. */
    if (!partition || partition_check(partition, -1) != STATUS_OK) return false;
    struct log *log = partition->log;
    if (part->seen < partition_limit(partition, group->fetch->read_committed)) return false;

    ready_init(&part->wait.ready, part_news);
    list_node_init(&part->wait.node);
    part->watching = true;
    watermark_wait(group->owner, &log->committed, &part->wait, max_of(part->seen, log->committed.at) + 1);
    return true;
}

static void starved_done(struct fetch_group *group)
{
    struct fetch_part *part = group->starved;

    part_read_done(group, part);
    if (!part->starved) group->kept = part;
}

static void starved_resume(struct ready *ready)
{
    struct fetch_group *group = container_of(ready, struct fetch_group, read.ready);

    invariant(group->waiting && (group->stage == GROUP_WATCHING || group->stage == GROUP_LEAVING));
    group->waiting = false;
    starved_done(group);
    group_unwatch(group);
}

/* Queues for the bytes of the first part that is starved; the others have their turn in the next round. False: it need
 * not. */
static bool starved_wait(struct fetch_group *group)
{
    struct fetch_part *part = group->starved;
    struct partition *partition = part_look(group, part);

    if (!partition || part->ask.fetch_offset >= part->seen) return false;
    group_empty(group);
    group->read = read_of(group, part, partition->log);
    ready_init(&group->read.ready, starved_resume);
    group->waiting = !log_read_begin(&group->read);
    if (!group->waiting) starved_done(group);
    return group->waiting;
}

void fetch_group_watch(struct route_part *route, struct shard *owner)
{
    struct fetch_group *group = container_of(route, struct fetch_group, route);
    bool still = true;

    group->stage = GROUP_WATCHING;
    group->owner = owner;
    for (struct fetch_part *part = group->parts; part && still; part = part->next) still = part_watch(group, part);
    if (still && group->starved) still = starved_wait(group);
    if (!still) group_unwatch(group);
}

/* The group may have set out for home meanwhile: then there is nothing to do. */
void fetch_group_recall(struct route_part *route, struct shard *owner)
{
    struct fetch_group *group = container_of(route, struct fetch_group, recall);

    if (group->stage == GROUP_WATCHING) group_unwatch(group);
    route_return(route, owner);
}
