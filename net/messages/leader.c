/* net/messages/leader.c   Both as rows. The row that holds them says from which version they exist. */
#include "messages/leader.h"

#include "base/check.h"

/* clang-format off */
static const struct field current_leader_fields[] = {
    /*                    member        since  until   null   tag     fallback */
    FIELD(current_leader, leader_id,    0,     LATEST, NEVER, NO_TAG, -1),
    FIELD(current_leader, leader_epoch, 0,     LATEST, NEVER, NO_TAG, -1),
};
const struct schema current_leader_schema = SCHEMA(current_leader, current_leader_fields);

static const struct field node_endpoint_fields[] = {
    /*                   member   since  until   null   tag     fallback */
    FIELD(node_endpoint, node_id, 0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(node_endpoint, host,    0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(node_endpoint, port,    0,     LATEST, NEVER, NO_TAG, 0),
    FIELD(node_endpoint, rack,    0,     LATEST, 0,     NO_TAG, FALLBACK_NULL),
};
const struct schema node_endpoint_schema = SCHEMA(node_endpoint, node_endpoint_fields);
/* clang-format on */
