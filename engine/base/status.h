/* engine/base/status.h   What can go wrong in the world, as one closed set. errno ends at engine/io, where it becomes
 * one of these; Kafka's error codes begin at net/api, where each of these is given its code (net/api/error.c). A
 * function that can fail returns `enum status` and must be checked. */
#ifndef ENGINE_BASE_STATUS_H
#define ENGINE_BASE_STATUS_H

/* clang-format off */
/* One row per status: name, text for people. */
#define STATUS_ROWS(row)                                                                                               \
    row(STATUS_OK, "ok")                                                                                               \
    row(STATUS_CANCELLED, "cancelled")                                                                                 \
    row(STATUS_CLOSED, "the other side closed the connection")                                                         \
    row(STATUS_TIMED_OUT, "timed out")                                                                                 \
    row(STATUS_BUSY, "no free slot, try again")                                                                        \
    row(STATUS_NO_MEMORY, "out of memory")                                                                             \
    row(STATUS_NO_SPACE, "no space left on the device")                                                                \
    row(STATUS_NOT_FOUND, "not found")                                                                                 \
    row(STATUS_EXISTS, "exists already")                                                                               \
    row(STATUS_DENIED, "permission denied")                                                                            \
    row(STATUS_READ_ONLY, "read-only file system")                                                                     \
    row(STATUS_UNSUPPORTED, "not supported here")                                                                      \
    row(STATUS_TOO_MANY, "too many open files or connections")                                                         \
    row(STATUS_ADDRESS_IN_USE, "address in use")                                                                       \
    row(STATUS_IO_ERROR, "input/output error")                                                                         \
    row(STATUS_LOCKED, "locked by another process")                                                                    \
    row(STATUS_TRUNCATED, "ends too early")                                                                            \
    row(STATUS_MALFORMED, "malformed")                                                                                 \
    row(STATUS_CORRUPT, "checksum does not match")                                                                     \
    row(STATUS_DAMAGED, "damaged")                                                                                     \
    row(STATUS_MISMATCH, "belongs to another node, cluster or format")                                                 \
    row(STATUS_TOO_LARGE, "too large")                                                                                 \
    row(STATUS_BEYOND_SEGMENT, "larger than a segment may be")                                                         \
    row(STATUS_INVALID, "invalid value")                                                                               \
    row(STATUS_BAD_MAGIC, "record batch of another format")                                                            \
    row(STATUS_BAD_RECORD, "record batch breaks the rules")                                                            \
    row(STATUS_BAD_TIMESTAMP, "record timestamp out of bounds")                                                        \
    row(STATUS_OUT_OF_RANGE, "offset out of range")                                                                    \
    row(STATUS_OUT_OF_ORDER, "sequence number out of order")                                                           \
    row(STATUS_FENCED, "producer epoch is too old")                                                                    \
    row(STATUS_DUPLICATE, "already there")                                                                             \
    row(STATUS_NOT_LEADER, "not the leader of this partition")                                                         \
    row(STATUS_OLD_EPOCH, "leader epoch is older than ours")                                                           \
    row(STATUS_NEW_EPOCH, "leader epoch is newer than ours")                                                           \
    row(STATUS_INVALID_TOPIC, "topic name is invalid")                                                                 \
    row(STATUS_UNKNOWN_TOPIC_ID, "unknown topic id")                                                                   \
    row(STATUS_INVALID_PARTITIONS, "number of partitions is invalid")                                                  \
    row(STATUS_INVALID_REPLICATION, "replication factor is invalid")                                                   \
    row(STATUS_INVALID_ASSIGNMENT, "replica assignment is invalid")                                                    \
    row(STATUS_INVALID_CONFIG, "configuration is invalid")                                                             \
    row(STATUS_INVALID_REQUEST, "request breaks the rules")                                                            \
    row(STATUS_POLICY, "against the rules of the cluster")                                                             \
    row(STATUS_DELETION_DISABLED, "topic deletion is disabled")                                                        \
    row(STATUS_OFFLINE, "log directory is out of service")                                                             \
    row(STATUS_STOPPING, "the node is stopping")

#define STATUS_NAME(name, text) name,
enum status { STATUS_ROWS(STATUS_NAME) STATUS_COUNT };
#undef STATUS_NAME
/* clang-format on */

/* The text of a status for people: static, never NULL. */
const char *status_text(enum status status);

#endif
