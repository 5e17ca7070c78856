/* replication/cluster/grants.h   What the image knows of what clients may do: access rules (KIP-801) and delegation
 * tokens (KIP-48, KIP-900). Kept and shown here; who enforces them reads them here. Enumerated numbers are those of the
 * requests that make them. */
#ifndef REPLICATION_CLUSTER_GRANTS_H
#define REPLICATION_CLUSTER_GRANTS_H

#include "cluster/image.h"

/* An access control entry. */
struct image_rule {
    struct uuid id;
    int8_t resource_type, pattern_type, operation, permission_type;
    struct text resource, principal, host;
};

struct image_token {
    struct text id, owner, requester; /* principals are "type:name" */
    struct text *renewers;
    uint32_t renewer_count;
    int64_t issue_ms, max_ms, expiration_ms;
};

/* NULL: none. */
const struct image_rule *image_rule(const struct image *image, struct uuid id);
const struct image_token *image_token(const struct image *image, struct text id);
/* One after the other, in the order in which they came: begin with *cursor 0; NULL at the end. */
const struct image_rule *image_next_rule(const struct image *image, uint32_t *cursor);
const struct image_token *image_next_token(const struct image *image, uint32_t *cursor);

#endif
