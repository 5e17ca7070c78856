/* replication/replica/bootstrap.h   Where the metadata comes from at a start: a new directory is formatted as
 * `kafka-storage format --standalone` leaves it, and what is there is read into images and a raft. On the starting
 * thread, before any shard runs. */
#ifndef REPLICATION_REPLICA_BOOTSTRAP_H
#define REPLICATION_REPLICA_BOOTSTRAP_H

#include "log/store.h"
#include "raft/raft.h"
#include "replica/controller.h"
#include "replica/snapshot_file.h"

/* What was found, for all images: the snapshot comes first when there is one. In the caller's arena. */
struct metadata_found {
    const struct log_found *log; /* NULL: never written */
    struct bytes snapshot;
    int64_t snapshot_end;
    int32_t snapshot_epoch;
    int64_t snapshot_timestamp_ms;       /* of the last batch below its end */
    const struct snapshot_id *snapshots; /* all that may be of use, by end; the last one is the one above */
    uint32_t snapshot_count;
    struct bytes batches;
    struct ballot ballot;
    bool dynamic; /* kraft.version 1 */
};

/* Makes __cluster_metadata-0 and, while the metadata log is empty, the two files that a format leaves in it and above
 * it. `*handle` is the directory's, open. Safe to be cut short and begun again. */
must_check enum status bootstrap_format(struct directory *directory, const struct node_identity *identity,
                                        int64_t wall_ms, struct arena *arena, int *handle, const char **why);
/* Reads log, newest whole snapshot and quorum-state, and removes what a crash left of snapshots. STATUS_DAMAGED,
 * STATUS_MISMATCH, STATUS_UNSUPPORTED, ...: `why` says which. */
must_check enum status bootstrap_read(struct directory *directory, int handle, struct arena *arena,
                                      struct metadata_found *found, const char **why);
/* Into an empty image. */
must_check enum status bootstrap_load(const struct metadata_found *found, struct image *image, struct arena *scratch,
                                      struct arena *arena, const char **why);
/* The raft of a quorum of one, with the terms that the log has. */
void bootstrap_raft(const struct metadata_found *found, const struct node_identity *identity, struct heap *heap,
                    struct raft *raft);

#endif
