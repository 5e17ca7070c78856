/* replication/cluster/control.h   The control records of the Raft log. The key is four bytes: int16 version 0, int16
 * type. The value is a flexible message whose first field says the version of its layout. (Types 0 and 1, the markers
 * of transactions, never stand in this log.) */
#ifndef REPLICATION_CLUSTER_CONTROL_H
#define REPLICATION_CLUSTER_CONTROL_H

#include "base/codec.h"
#include "cluster/control_records.h"

enum { CONTROL_KEY_SIZE = 4 };

/* Kafka's numbers. */
enum raft_control {
    CONTROL_LEADER_CHANGE = 2,
    CONTROL_SNAPSHOT_HEADER = 3,
    CONTROL_SNAPSHOT_FOOTER = 4,
    CONTROL_KRAFT_VERSION = 5,
    CONTROL_VOTERS = 6,
};

struct any_control {
    enum raft_control type;
    union {
        int16_t version; /* every one begins with it */
        struct leader_change_record leader_change;
        struct snapshot_header_record snapshot_header;
        struct snapshot_footer_record snapshot_footer;
        struct kraft_version_record kraft_version;
        struct voters_record voters;
    };
};

/* STATUS_UNSUPPORTED: a type or version that is not known; unknown types may be skipped. STATUS_TRUNCATED,
 * STATUS_MALFORMED, STATUS_NO_MEMORY. */
must_check enum status control_read(struct bytes key, struct bytes value, struct any_control *any, struct arena *arena);

/* Makes `any` a record of this type, version 0, with every field at its fallback. */
void control_clear(struct any_control *any, enum raft_control type);

void control_key(enum raft_control type, uint8_t key[CONTROL_KEY_SIZE]);
/* Of the value, in the version that the record itself says. */
size_t control_size(const struct any_control *any);
void control_write(const struct any_control *any, struct writer *writer);

#endif
