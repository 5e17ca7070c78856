/* replication/replica/metadata_log.h   The log __cluster_metadata-0 on the replication shard: raft's driver, and the
 * way of a metadata batch to every shard of the node.
 *
 *     metadata_log_append --> log --durable--> raft: committed --mail--> replicas_apply on every shard --mail-->
 *         applied
 *
 * Nothing is acted on before it is committed, and committed is nothing that is not durable. The batches between append
 * and applied are kept as bytes, in order; shards apply and answer in that order. */
#ifndef REPLICATION_REPLICA_METADATA_LOG_H
#define REPLICATION_REPLICA_METADATA_LOG_H

#include "log/log.h"
#include "raft/raft.h"
#include "replica/snapshots.h"
#include "shard/jobs.h"

struct broker_values;
struct controller;
struct metadata_found;
struct node_identity;
struct publication;

enum metadata_log_stage {
    METADATA_LOG_READY,  /* effects are carried out as they come */
    METADATA_LOG_SAVING, /* the ballot is on its way to the device; everything else waits */
};

struct metadata_log {
    struct shard *shard;
    struct log *log;
    struct log_settings settings;
    struct controller *controller; /* told when we lead, what was applied, what failed */
    const struct node_identity *identity;
    struct raft raft;
    bool dynamic; /* kraft.version 1: voters stand in the log, not in the settings */
    enum metadata_log_stage stage;
    struct raft_effects effects; /* of the present step; from effect_next on not carried out yet */
    uint32_t effect_next;
    struct job ballot_job; /* writes quorum-state */
    struct ballot saving;
    struct watermark_wait durable;
    int64_t committed;
    struct list publications; /* struct publication, in order */
    uint32_t publication_count;
    struct list resting; /* slips of publications that this shard has not begun to apply, in order */
    bool applying;       /* it applies one */
    struct ready resume; /* goes on with the next */
    struct snapshots snapshots;
    int directory; /* handle of __cluster_metadata-0 */
};

/* On the starting thread. `log` is opened by the caller, who also brings raft, made from what the log says. */
void metadata_log_init(struct metadata_log *metadata, struct shard *shard, int directory,
                       const struct broker_values *values, const struct metadata_found *found);
/* On the shard, once: elects, and tells the controller when we lead. */
void metadata_log_start(struct metadata_log *metadata);
/* The leader appends a batch from the shard's heap, which is the log's when the call succeeds. `*limit` is the offset
 * behind it. As log_append. */
must_check enum status metadata_log_append(struct metadata_log *metadata, struct bytes batch, int64_t *limit);
/* The shard's image may move on: what was committed while it was walked is applied. */
void metadata_log_resume(struct metadata_log *metadata);
void metadata_log_end(struct metadata_log *metadata);

#endif
