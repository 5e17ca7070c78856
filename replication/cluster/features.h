/* replication/cluster/features.h   The features of a cluster (KIP-584): what this release can do, what it finalizes in
 * a directory that it makes, and by which names they go. A feature is announced only when all of it works. */
#ifndef REPLICATION_CLUSTER_FEATURES_H
#define REPLICATION_CLUSTER_FEATURES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct feature {
    struct text name;
    int16_t least, most; /* levels that we can work with */
    int16_t finalized;   /* level in a new directory; 0: not finalized */
    bool in_log;         /* finalized by a FeatureLevelRecord; kraft.version is not, raft keeps it */
};

#define FEATURE_METADATA TEXT("metadata.version")
#define FEATURE_KRAFT    TEXT("kraft.version")

extern const struct feature features[];
extern const uint32_t feature_count;

/* NULL: not one of ours. */
const struct feature *feature_find(struct text name);

#endif
