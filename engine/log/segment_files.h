/* engine/log/segment_files.h   What segment_files.c (one segment), close.c (a whole log) and retention.c (many
 * segments) share of their work on files: values only, because it runs in jobs. */
#ifndef ENGINE_LOG_SEGMENT_FILES_H
#define ENGINE_LOG_SEGMENT_FILES_H

#include "log/index_file.h"
#include "log/kafka_files.h"
#include "log/segment.h"
#include "log/state.h"

enum { CLOSE_EACH_MAX = 4 }; /* logs of a store that a clean stop syncs one by one */
enum { SEGMENT_GROW_FIRST = 64 << 10, SEGMENT_GROW_MOST = 8 << 20, SEGMENT_BLOCK = 4096 };

/* Everything that completes a segment on disk. Bytes are in the shard's heap, encoded before the job, given back
 * after it. */
struct segment_seal {
    struct index_source source;  /* source.size is the true size */
    struct bytes offsets, times; /* .index and .timeindex; null: to be made by a scan, and with `last` */
    struct index_entry last;     /* the segment's final {maximum timestamp, its offset} */
    struct bytes aborts;         /* .txnindex; null: none */
    struct bytes snapshot;       /* of the producers where it ends; null: none */
    bool bare;                   /* ... and a file that is there is of an older life of this offset */
    bool lazy;                   /* nothing is synced here: whoever sealed many syncs them all at once */
};

/* On the shard: what a seal of `segment` needs. */
void segment_seal_make(struct segment_seal *seal, struct log *log, const struct segment *segment);
void segment_seal_end(struct segment_seal *seal, struct heap *heap);
/* In the job: cuts the file (`file`, open for writing) and writes what belongs beside it; durable but for the names. */
must_check enum status segment_seal_write(const struct segment_seal *seal, int file);

/* Where the log's files are. */
struct index_source segment_source(const struct log *log, const struct segment *segment);
/* The topic id that the directory of this name says it belongs to. STATUS_NOT_FOUND: there is none, or it has no
 * partition.metadata; STATUS_DAMAGED: a stop that a power cut ended made it, and its bytes did not come through. */
must_check enum status partition_directory_owner(struct files *files, int directory, struct text topic,
                                                 int32_t partition, struct uuid *owner);
/* Makes the partition's directory with its partition.metadata; durably, unless `lazy`. STATUS_OK when it is there. */
must_check enum status partition_directory_make(struct files *files, int directory, struct log_key key,
                                                struct text topic, bool lazy);
must_check enum status partition_directory_sync(struct files *files, int directory, struct text topic,
                                                int32_t partition);
/* Writes a file whole (create or overwrite, cut to size, sync). */
must_check enum status whole_file_write(struct files *files, int directory, const char *path, struct bytes bytes,
                                        bool sync);
/* A directory of plain files, with all of them; missing is fine. What is a directory itself stays, and so does its
 * parent. */
must_check enum status directory_remove_all(struct files *files, int directory, const char *path);
/* All file work of one log runs in one lane; and all removals of directories in another. */
uint64_t log_lane(const struct log *log);
#define DELETION_LANE UINT64_MAX

#endif
