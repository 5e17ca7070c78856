/* replication/replica/partition.h   The leader's side of one partition on its shard: the log, and how far the replicas
 * that count have it. With one replica, committed follows durable. What waits for an acknowledgement waits at a mark;
 * acks only chooses which:
 *
 *     acks=0  nothing        acks=1  log->durable        acks=all (-1)  log->committed */
#ifndef REPLICATION_REPLICA_PARTITION_H
#define REPLICATION_REPLICA_PARTITION_H

#include "log/log.h"

struct replicas;
struct replicas_topic;

struct partition {
    struct replicas *replicas;
    struct log *log;
    struct log_key key;
    int32_t leader_epoch;
    bool leading;                       /* false: requests get STATUS_NOT_LEADER */
    struct watermark_wait follow;       /* one replica: committed follows durable */
    const struct replicas_topic *topic; /* what its logs share on this shard */
    struct ready removed;               /* its log is gone */
};

/* For replicas.c: a partition begins to commit what is durable, and stops to. */
void partition_init(struct partition *partition, struct replicas *replicas, struct log *log);
void partition_follow(struct partition *partition);
void partition_leave(struct partition *partition);

/* Checks leadership and, when `current_epoch` is not -1, the client's leader epoch (KIP-320): STATUS_NOT_LEADER,
 * STATUS_OLD_EPOCH (the client's is older), STATUS_NEW_EPOCH (the client's is newer), STATUS_OFFLINE. */
must_check enum status partition_check(const struct partition *partition, int32_t current_epoch);
/* As log_append, with the partition's leader epoch. */
must_check enum status partition_append(struct partition *partition, struct log_append *append);
/* The mark for `acks` (1 or -1). */
struct watermark *partition_mark(struct partition *partition, int16_t acks);
/* Where `epoch` ends, as Kafka's OffsetForLeaderEpoch has it: *epoch becomes the largest known one that is not above it
 * (or stays, when all known ones are newer). The leader's own epoch is known before its first record: it begins, and
 * ends, at the end of the log. STATUS_NOT_FOUND: nobody knows such an epoch. */
must_check enum status partition_epoch_end(const struct partition *partition, int32_t *epoch, int64_t *end);
/* What a reader may see: log end for replicas, high watermark, or last stable offset (isolation_level 1). */
int64_t partition_limit(const struct partition *partition, bool read_committed);

#endif
