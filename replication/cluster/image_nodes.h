/* replication/cluster/image_nodes.h   What the image knows of nodes: the brokers and the controllers that registered,
 * and what raft's own records say of the quorum (KIP-853). */
#ifndef REPLICATION_CLUSTER_IMAGE_NODES_H
#define REPLICATION_CLUSTER_IMAGE_NODES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/text.h"
#include "base/uuid.h"

struct image;

struct image_endpoint {
    struct text listener, host;
    uint16_t port;
    int16_t protocol;
};

/* A feature and the levels of it that a node can do. */
struct image_range {
    struct text name;
    int16_t least, most;
};

struct image_broker {
    int32_t id;
    int64_t epoch;
    struct uuid incarnation, directory; /* the first of its directories */
    bool fenced, stopping, migrating;
    struct text rack;
    struct image_endpoint *endpoints;
    struct image_range *features;
    struct uuid *directories;
    struct uuid *cordoned; /* directories that take no new replicas; NULL: nobody said so */
    uint32_t endpoint_count, feature_count, directory_count, cordoned_count;
    struct list_node node;
};

struct image_controller {
    int32_t id;
    struct uuid incarnation;
    bool migration_ready;
    struct image_endpoint *endpoints;
    struct image_range *features;
    uint32_t endpoint_count, feature_count;
    struct list_node node;
};

/* A voter of a dynamic quorum. */
struct image_voter {
    int32_t id;
    struct uuid directory;
    struct image_endpoint *endpoints; /* without a protocol */
    uint32_t endpoint_count;
    int16_t kraft_least, kraft_most;
};

struct image_broker *image_broker(const struct image *image, int32_t id);
/* The voters that the log names, none in a static quorum; and the kraft.version in force. */
const struct image_voter *image_voters(const struct image *image, uint32_t *count);
int16_t image_kraft_version(const struct image *image);

#endif
