/* engine/log/kafka_files.h   The small files of Apache Kafka's data directory, read and written exactly as it does,
 * and the names of everything in it. Formats stand in kafka_files.c and kafka_names.c. All calls block: start, stop
 * and jobs. */
#ifndef ENGINE_LOG_KAFKA_FILES_H
#define ENGINE_LOG_KAFKA_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/text.h"
#include "base/uuid.h"
#include "io/files.h"
#include "log/epochs.h"
#include "log/store.h"

enum {
    PATH_SIZE = 320, /* <topic of 249>-<partition>/<20 digits>.timeindex, .deleted, with room */
    KAFKA_FILE_SIZE_MAX = 64 << 20,
};

/* ---- names ---- */

/* <topic>-<partition>, then .<32 hex>-delete, -stray or -future. */
enum partition_kind { PARTITION_LIVE, PARTITION_DELETED, PARTITION_STRAY, PARTITION_FUTURE };
struct partition_name {
    struct text topic;
    int32_t partition;
    enum partition_kind kind;
};
bool partition_name_parse(struct text name, struct partition_name *parsed);
void partition_path(struct text topic, int32_t partition, char path[PATH_SIZE]);
/* The same, marked: `suffix` "delete" or "stray", with 32 hex digits from `unique`. */
void partition_path_marked(struct text topic, int32_t partition, struct uuid unique, const char *suffix,
                           char path[PATH_SIZE]);
/* <partition path>/<name> */
void partition_file_path(struct text topic, int32_t partition, const char *name, char path[PATH_SIZE]);
/* <partition path>/<20 digits><suffix>; suffix ".log", ".index", ".timeindex", ".txnindex", ".snapshot" */
void segment_path(struct text topic, int32_t partition, int64_t base, const char *suffix, char path[PATH_SIZE]);
/* 20 digits and then exactly `suffix`. */
bool segment_name_parse(struct text name, const char *suffix, int64_t *base);
/* <20 digits>-<10 digits>.checkpoint, a snapshot of the metadata (KIP-630): the log's end and its last epoch. Hidden
 * from Kafka it has .sluice behind it. */
#define METADATA_SNAPSHOT_SUFFIX ".checkpoint"
#define METADATA_SNAPSHOT_HIDDEN ".sluice"
bool metadata_snapshot_name_parse(struct text name, int64_t *end, int32_t *epoch, bool *hidden);

/* ---- files; `why` of a failure is in the arena, for people ---- */

must_check enum status meta_properties_read(struct files *files, int directory, struct arena *arena,
                                            struct directory_identity *identity, const char **why);
must_check enum status meta_properties_write(struct files *files, int directory, struct heap *heap,
                                             const struct directory_identity *identity);

struct checkpoint_line {
    struct text topic;
    int32_t partition;
    int64_t offset;
};
#define RECOVERY_POINT_FILE "recovery-point-offset-checkpoint"
#define REPLICATION_FILE    "replication-offset-checkpoint"
#define LOG_START_FILE      "log-start-offset-checkpoint"
/* A missing file and one of 0 bytes hold no lines. STATUS_DAMAGED: what Kafka calls malformed. */
must_check enum status checkpoint_file_read(struct files *files, int directory, const char *path, struct arena *arena,
                                            struct checkpoint_line **lines, uint32_t *count, const char **why);
must_check enum status checkpoint_file_write(struct files *files, int directory, const char *path, struct heap *heap,
                                             const struct checkpoint_line *lines, uint32_t count);

#define EPOCHS_FILE "leader-epoch-checkpoint"
/* Into `epochs`, which is empty. */
must_check enum status epochs_file_read(struct files *files, int directory, const char *path, struct arena *arena,
                                        struct epochs *epochs, const char **why);
/* Its bytes, in the heap; `epochs` may be NULL. */
struct bytes epochs_file_print(const struct epochs *epochs, struct heap *heap);

#define PARTITION_FILE "partition.metadata"
enum { PARTITION_FILE_SIZE = 43 };
must_check enum status partition_file_read(struct files *files, int directory, const char *path, struct arena *arena,
                                           struct uuid *topic, const char **why);
void partition_file_print(struct uuid topic, char text[PARTITION_FILE_SIZE + 1]);

#define CLEAN_MARKER_FILE ".kafka_cleanshutdown"
#define LOCK_FILE         ".lock"
/* *clean: the marker is there, whatever it says; *epoch -1 when it does not say. */
must_check enum status clean_marker_read(struct files *files, int directory, struct arena *arena, bool *clean,
                                         int64_t *epoch);
must_check enum status clean_marker_write(struct files *files, int directory, int64_t epoch);
/* Durably; missing is fine. */
must_check enum status clean_marker_remove(struct files *files, int directory);

#endif
