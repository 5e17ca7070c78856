/* net/api/fetch_ahead.c   Reading ahead of a cold fetch. Its parts are read one after the other, because what a part
 * may still give depends on those before it; but their bytes need not come one after the other: while one part waits
 * for its bytes, those of the next ones are brought into the read cache, where they are found when their turn comes.
 *
 *     parts:   read | read | at: waits | ahead | ahead | ahead | not asked for yet
 *                                      \__ FETCH_AHEAD, FETCH_AHEAD_SHARD, and what the answer and the cache can take
 *
 * Nothing depends on a read ahead: one that is refused for want of room, or cancelled, is made again as an ordinary
 * read. So every fetch always has one read on its way, whatever others do. */
#include "api/error.h"
#include "api/fetch.h"
#include "log/segment.h"

struct fetch_ahead {
    struct list_node node; /* in group->aheads, or free */
    struct fetch_group *group;
    struct log_read read;
};

static struct apis *owner_of(const struct fetch_group *group)
{
    return group->owner->face->apis;
}

static struct fetch_ahead *ahead_take(struct apis *apis)
{
    struct list_node *node = list_take_first(&apis->aheads_free);
    if (node) return container_of(node, struct fetch_ahead, node);
    if (apis->ahead_count == FETCH_AHEAD_SHARD) return NULL;

    struct fetch_ahead *ahead = heap_take(&apis->shard->heap, sizeof(*ahead));
    apis->ahead_count++;
    list_node_init(&ahead->node);
    return ahead;
}

static void ahead_give(struct fetch_ahead *ahead)
{
    struct fetch_group *group = ahead->group;

    list_remove(&ahead->node);
    list_prepend(&owner_of(group)->aheads_free, &ahead->node);
    group->ahead_count--;
}

void fetch_aheads_end(struct apis *apis)
{
    for (struct list_node *node; (node = list_take_first(&apis->aheads_free));) {
        heap_give(&apis->shard->heap, container_of(node, struct fetch_ahead, node));
    }
}

/* Bytes that may be on their way, or wait in the cache for their turn. */
static uint64_t ahead_limit(const struct fetch_group *group)
{
    const struct memory *memory = group->owner->memory;
    size_t cache = memory_used(memory, MEMORY_CACHE) + memory_free(memory, MEMORY_CACHE);
    uint64_t share = max_of((uint64_t)cache / FETCH_AHEAD_SHARE, (uint64_t)FETCH_AHEAD_LEAST);

    return min_of(share, (uint64_t)(group->size_max - min_of(group->size, group->size_max)));
}

/* What can be read of the part; NULL: nothing, or not here. Its own turn says why. */
static struct log *part_log(const struct fetch_group *group, const struct fetch_part *part)
{
    if (part == group->kept) return NULL;

    struct partition *partition = replicas_find(group->owner->replicas, part->topic, part->ask.index);
    if (!partition || partition_check(partition, part->ask.current_leader_epoch) != STATUS_OK) return NULL;

    struct log *log = partition->log;
    bool there = part->ask.fetch_offset >= log->start && part->ask.fetch_offset < log->committed.at;
    return there && part->ask.max_bytes > 0 ? log : NULL;
}

static void ahead_resume(struct ready *ready)
{
    struct fetch_ahead *ahead = container_of(ready, struct fetch_ahead, read.ready);
    struct fetch_group *group = ahead->group;

    ahead_give(ahead);
    if (group->at) {
        fetch_ahead_go(group);
    } else if (group->ahead_count == 0) {
        fetch_group_settle(group);
    }
}

/* False: nobody has room for another one. */
static bool ahead_begin(struct fetch_group *group, struct fetch_part *part)
{
    struct log *log = part_log(group, part);
    struct fetch_ahead *ahead = log ? ahead_take(owner_of(group)) : NULL;
    if (!ahead) return !log;

    uint64_t size = min_of(segments_size(log), (uint64_t)part->ask.max_bytes);
    ahead->group = group;
    ahead->read = (struct log_read){
        .log = log,
        .offset = part->ask.fetch_offset,
        .limit = log->committed.at,
        .size_max = (uint32_t)size,
        .ahead = true,
        .hasty = true,
    };
    ready_init(&ahead->read.ready, ahead_resume);
    list_append(&group->aheads, &ahead->node);
    group->ahead_count++;
    if (log_read_begin(&ahead->read)) {
        ahead_give(ahead); /* It is in memory already. */
        return ahead->read.status != STATUS_BUSY;
    }
    part->ahead = (uint32_t)size;
    group->ahead_size += size;
    return true;
}

void fetch_ahead_go(struct fetch_group *group)
{
    uint64_t limit = ahead_limit(group);

    if (group->full) return;
    while (group->ahead && group->ahead <= group->at) group->ahead = group->ahead->next; /* One array holds them all. */
    for (; group->ahead; group->ahead = group->ahead->next) {
        if (group->ahead_count == FETCH_AHEAD || group->ahead_size >= limit) return;
        if (!ahead_begin(group, group->ahead)) return;
    }
}

void fetch_ahead_pass(struct fetch_group *group, struct fetch_part *part)
{
    group->ahead_size -= part->ahead;
    part->ahead = 0;
}

bool fetch_ahead_stop(struct fetch_group *group)
{
    list_each(&group->aheads, node) log_read_cancel(&container_of(node, struct fetch_ahead, node)->read);
    return group->ahead_count > 0;
}
