/* replication/replica/partition.c   The leader's side of a partition. The high watermark is moved here and nowhere
 * else:
 *
 *     flush --> log->durable advances --> follow is ready --> log_commit(durable) --> log->committed advances
 *
 * With followers, committed becomes what the in-sync replicas have; who waits at it does not change. */
#include "replica/partition.h"

#include "log/store.h"
#include "replica/replicas.h"

enum status partition_check(const struct partition *partition, int32_t current_epoch)
{
    if (partition->log->offline) return STATUS_OFFLINE;
    if (!partition->leading) return STATUS_NOT_LEADER;
    if (current_epoch == -1 || current_epoch == partition->leader_epoch) return STATUS_OK;
    return current_epoch < partition->leader_epoch ? STATUS_OLD_EPOCH : STATUS_NEW_EPOCH;
}

enum status partition_append(struct partition *partition, struct log_append *append)
{
    invariant(partition->leading);
    append->leader_epoch = partition->leader_epoch;
    return log_append(partition->log, append);
}

struct watermark *partition_mark(struct partition *partition, int16_t acks)
{
    invariant(acks == 1 || acks == -1);
    return acks == 1 ? &partition->log->durable : &partition->log->committed;
}

int64_t partition_limit(const struct partition *partition, bool read_committed)
{
    return read_committed ? partition->log->last_stable : partition->log->committed.at;
}

enum status partition_epoch_end(const struct partition *partition, int32_t *epoch, int64_t *end)
{
    const struct log *log = partition->log;
    if (*epoch == -1 || *epoch > partition->leader_epoch) return STATUS_NOT_FOUND;

    enum status status = *epoch < partition->leader_epoch ? log_epoch_end(log, epoch, end) : STATUS_NOT_FOUND;
    if (status == STATUS_OK) return STATUS_OK;

    /* Ours, or above what the log knows and below ours: nothing was written since. */
    int32_t latest = log_epoch_at(log, log->end - 1);
    if (*epoch != partition->leader_epoch && latest >= 0) *epoch = latest;
    *end = log->end;
    return STATUS_OK;
}

static void partition_commit(struct ready *ready)
{
    struct partition *partition = container_of(ready, struct partition, follow.ready);

    if (partition->follow.status != STATUS_OK)
        return; /* the log is offline or deleted: nothing is committed any more */
    partition_follow(partition);
}

void partition_follow(struct partition *partition)
{
    struct log *log = partition->log;
    if (log->committed.at < log->durable.at)
        log_commit(log, log->durable.at); /* recovered: on one replica that is all */
    watermark_wait(partition->replicas->shard, &log->durable, &partition->follow, log->durable.at + 1);
}

void partition_leave(struct partition *partition)
{
    watermark_leave(&partition->follow);
}

void partition_init(struct partition *partition, struct replicas *replicas, struct log *log)
{
    partition->replicas = replicas;
    partition->log = log;
    partition->key = log->key;
    partition->leader_epoch = -1;
    list_node_init(&partition->follow.node);
    ready_init(&partition->follow.ready, partition_commit);
}
