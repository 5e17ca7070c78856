/* engine/log/load.h   Between load.c (the directory) and load_partition.c (one log in it): opening what Apache Kafka
 * left behind. */
#ifndef ENGINE_LOG_LOAD_H
#define ENGINE_LOG_LOAD_H

#include "log/batch_scan.h"
#include "log/kafka_files.h"
#include "log/log.h"
#include "log/store.h"

struct load {
    struct directory *directory;
    struct arena *arena;
    const char **why;
    bool clean; /* Kafka's marker was there: sizes and indexes are believed */
    struct checkpoint_line *points, *marks, *starts;
    uint32_t point_count, mark_count, start_count;
};

/* One partition directory, while it is read. `log` has no store: its tables are in the directory's heap. */
struct load_partition {
    struct load *load;
    struct log log;
    struct files_entry *entries; /* of the directory, by name */
    uint32_t entry_count;
    int handle;             /* of the directory */
    int64_t recovery_point; /* -1: none is known */
    bool metadata;          /* __cluster_metadata */
    bool epochs_known;      /* from the checkpoint file; else from the batches */
    bool cut;               /* a bad batch ended the log before its last byte */
    bool walked;            /* a segment's batches were read because its files were not to be believed */
    bool pictured;          /* the producers are those of the end's snapshot */
};

/* Reads the log in `name` into `found`. STATUS_NOT_FOUND: no log of ours, leave it alone. */
must_check enum status load_partition(struct load *load, const char *name, const struct partition_name *parsed,
                                      struct log_found *found);

/* The segments: load_segments.c. */
must_check enum status load_segments(struct load_partition *partition);
/* Producers and aborted transactions: load_producers.c. After the segments. */
must_check enum status load_producers(struct load_partition *partition);

/* The file `<base><suffix>` of the partition as it was listed, or NULL. */
const struct files_entry *load_entry(const struct load_partition *partition, int64_t base, const char *suffix);
/* Says why, with the partition's name. */
must_check enum status load_fail(struct load_partition *partition, enum status status, const char *what, int64_t base);
/* A scan of a segment's bytes from `position`. The caller ends it and closes scan->file. */
must_check enum status load_scan(struct load_partition *partition, int64_t base, uint64_t position, uint64_t size,
                                 bool whole, struct batch_scan *scan);

#endif
