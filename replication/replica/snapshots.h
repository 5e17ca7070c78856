/* replication/replica/snapshots.h   When the metadata is written down as a snapshot, so that its log may begin behind
 * it (KIP-630), and what older snapshots and how much of the log are kept. Lives on the replication shard. */
#ifndef REPLICATION_REPLICA_SNAPSHOTS_H
#define REPLICATION_REPLICA_SNAPSHOTS_H

#include "base/arena.h"
#include "cluster/image_write.h"
#include "replica/snapshot_file.h"
#include "shard/jobs.h"
#include "shard/watermark.h"

struct broker_values;
struct metadata_log;

/* Kafka's settings metadata.log.max.* and metadata.max.retention.*. */
struct snapshot_limits {
    int64_t bytes;           /* of the log since the last snapshot */
    int64_t interval_ms;     /* 0: only by bytes */
    int64_t retention_bytes; /* of log and snapshots together; below 0: no limit */
    int64_t retention_ms;    /* below 0: no limit */
};

enum snapshots_stage {
    SNAPSHOTS_RESTING,
    SNAPSHOTS_WALKING,  /* the next turn: the image is told step by step, and stays as it is meanwhile */
    SNAPSHOTS_WRITING,  /* the job that makes the file */
    SNAPSHOTS_RAISING,  /* the log's new start is on its way to the device */
    SNAPSHOTS_REMOVING, /* the job that removes older files */
};

struct snapshots {
    struct metadata_log *metadata;
    struct snapshot_limits limits;
    enum snapshots_stage stage;
    struct timer look;
    int64_t bytes;        /* of the log, applied since the last snapshot */
    int64_t since_ns;     /* when that was, or the start */
    int64_t timestamp_ms; /* of the last batch that was applied */

    struct image_walk walk;
    struct ready step;
    struct arena arena; /* of one step */
    struct snapshot_draft draft;
    struct snapshot_id id; /* of the draft */
    struct job job;
    struct watermark_wait raised;

    struct snapshot_id *known; /* finished ones, by end */
    uint32_t known_count;
    uint32_t expired; /* RAISING, REMOVING: how many of them go */
};

struct snapshot_limits snapshot_limits_of(const struct broker_values *values);
/* How many of the oldest snapshots go, by Kafka's rule: while log and snapshots together are too large, or the oldest
 * one is too old; the newest stays. The log then begins at the end of the oldest that stays. */
uint32_t snapshots_expired(const struct snapshot_id *ids, uint32_t count, uint64_t log_size,
                           const struct snapshot_limits *limits, int64_t now_ms);

/* On the starting thread. */
void snapshots_init(struct snapshots *snapshots, struct metadata_log *metadata, const struct snapshot_limits *limits);
/* One that a start found; they come by end. */
void snapshots_note(struct snapshots *snapshots, const struct snapshot_id *id);
/* A batch that the image has above the newest snapshot. */
void snapshots_count(struct snapshots *snapshots, size_t bytes, int64_t timestamp_ms);
/* On the shard, once. */
void snapshots_start(struct snapshots *snapshots);
/* While true nothing may be applied to the shard's image; metadata_log_resume is called at its end. */
bool snapshots_walking(const struct snapshots *snapshots);
/* The shard's image took in a batch. */
void snapshots_applied(struct snapshots *snapshots, struct bytes bytes);
void snapshots_end(struct snapshots *snapshots);

#endif
