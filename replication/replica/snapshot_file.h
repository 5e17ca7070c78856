/* replication/replica/snapshot_file.h   Files of the metadata in Kafka's snapshot format (KIP-630): batches one behind
 * the other, with offsets counted from 0 inside the file,
 *
 *     SnapshotHeader [, KRaftVersion, KRaftVoters] | records | records | ... | SnapshotFooter
 *
 * named <end offset, 20 digits>-<epoch, 10 digits>.checkpoint: they say what the log says below the end offset. One
 * without a footer is unfinished; one in the making is called .part.
 *
 * Until the node stops cleanly a snapshot of ours has .sluice behind its name. For Kafka's Raft looks at the metadata
 * log before Kafka refuses a directory that we hold or lost: it finds segments that end where the WAL begins, a
 * snapshot above that, and throws the whole log away. */
#ifndef REPLICATION_REPLICA_SNAPSHOT_FILE_H
#define REPLICATION_REPLICA_SNAPSHOT_FILE_H

#include "base/bytes.h"
#include "base/heap.h"
#include "base/list.h"
#include "base/text.h"

struct arena;
struct files;

enum { SNAPSHOT_NAME_SIZE = 64, SNAPSHOT_FILE_SIZE_MAX = 1 << 30 };

/* What is known of a finished one. */
struct snapshot_id {
    int64_t end;
    int32_t epoch;
    uint64_t size;
    int64_t timestamp_ms; /* of the last record that the log has below its end */
    bool hidden;          /* from Kafka, behind .sluice */
};

/* `suffix` comes behind everything else, and may be empty. */
void snapshot_name(const struct snapshot_id *id, const char *suffix, char name[SNAPSHOT_NAME_SIZE]);
/* False: that is no name of a finished snapshot. Sets what the name says. */
bool snapshot_name_parse(struct text name, struct snapshot_id *id);
/* Left behind by a crash: one in the making, or one that was being deleted. */
bool snapshot_name_leftover(struct text name);

/* One in the making, in memory: an image's records are a fraction of the image. */
struct snapshot_draft {
    struct heap *heap;
    struct list batches;
    uint64_t size;
    int64_t offset;
    int32_t epoch;
};

void snapshot_draft_begin(struct snapshot_draft *draft, struct heap *heap, int32_t epoch);
/* Takes a batch, whose memory is of the draft's heap. */
void snapshot_draft_add(struct snapshot_draft *draft, struct bytes bytes);
void snapshot_draft_finish(struct snapshot_draft *draft, int64_t wall_ms);
/* Gives everything back. */
void snapshot_draft_end(struct snapshot_draft *draft);
/* Makes the file `name` of it, for good: name.part, synced, renamed, the directory synced. Blocks. */
must_check enum status snapshot_draft_write(const struct snapshot_draft *draft, struct files *files, int directory,
                                            const char *name);

/* All logs are written out: what is hidden gets Kafka's name, for good. On the starting thread. */
must_check enum status snapshots_show(struct files *files, int directory, struct heap *heap);

/* Whether it is whole: every sum, a header first, a footer last. Tells the header's time, also of one that is cut.
 * STATUS_TRUNCATED, STATUS_CORRUPT, STATUS_DAMAGED. */
must_check enum status snapshot_check(struct bytes file, int64_t *timestamp_ms, struct arena *arena);

#endif
