/* net/api/error.c   One row per status. Codes of a passing trouble are ones that clients retry. */
#include "api/error.h"

#include "base/check.h"
#include "conn/face.h"

/* clang-format off */
static const int16_t codes[STATUS_COUNT] = {
    [STATUS_OK]                  = ERROR_NONE,
    [STATUS_CANCELLED]           = ERROR_REQUEST_TIMED_OUT,
    [STATUS_CLOSED]              = ERROR_UNKNOWN_SERVER_ERROR,
    [STATUS_TIMED_OUT]           = ERROR_REQUEST_TIMED_OUT,
    [STATUS_BUSY]                = ERROR_REQUEST_TIMED_OUT,
    [STATUS_NO_MEMORY]           = ERROR_REQUEST_TIMED_OUT,
    [STATUS_NO_SPACE]            = ERROR_KAFKA_STORAGE_ERROR,
    [STATUS_NOT_FOUND]           = ERROR_UNKNOWN_TOPIC_OR_PARTITION,
    [STATUS_EXISTS]              = ERROR_TOPIC_ALREADY_EXISTS,
    [STATUS_DENIED]              = ERROR_KAFKA_STORAGE_ERROR,
    [STATUS_READ_ONLY]           = ERROR_KAFKA_STORAGE_ERROR,
    [STATUS_UNSUPPORTED]         = ERROR_UNSUPPORTED_COMPRESSION_TYPE,
    [STATUS_TOO_MANY]            = ERROR_KAFKA_STORAGE_ERROR,
    [STATUS_ADDRESS_IN_USE]      = ERROR_UNKNOWN_SERVER_ERROR,
    [STATUS_IO_ERROR]            = ERROR_KAFKA_STORAGE_ERROR,
    [STATUS_LOCKED]              = ERROR_KAFKA_STORAGE_ERROR,
    [STATUS_TRUNCATED]           = ERROR_INVALID_RECORD,
    [STATUS_MALFORMED]           = ERROR_CORRUPT_MESSAGE,
    [STATUS_CORRUPT]             = ERROR_CORRUPT_MESSAGE,
    [STATUS_DAMAGED]             = ERROR_KAFKA_STORAGE_ERROR,
    [STATUS_MISMATCH]            = ERROR_UNKNOWN_SERVER_ERROR,
    [STATUS_TOO_LARGE]           = ERROR_MESSAGE_TOO_LARGE,
    [STATUS_BEYOND_SEGMENT]      = ERROR_RECORD_LIST_TOO_LARGE,
    [STATUS_INVALID]             = ERROR_INVALID_REQUEST,
    [STATUS_BAD_MAGIC]           = ERROR_INVALID_RECORD,
    [STATUS_BAD_RECORD]          = ERROR_INVALID_RECORD,
    [STATUS_BAD_TIMESTAMP]       = ERROR_INVALID_TIMESTAMP,
    [STATUS_OUT_OF_RANGE]        = ERROR_OFFSET_OUT_OF_RANGE,
    [STATUS_OUT_OF_ORDER]        = ERROR_OUT_OF_ORDER_SEQUENCE_NUMBER,
    [STATUS_FENCED]              = ERROR_INVALID_PRODUCER_EPOCH,
    [STATUS_DUPLICATE]           = ERROR_OUT_OF_ORDER_SEQUENCE_NUMBER, /* Too old to know where it was stored. */
    [STATUS_NOT_LEADER]          = ERROR_NOT_LEADER_OR_FOLLOWER,
    [STATUS_OLD_EPOCH]           = ERROR_FENCED_LEADER_EPOCH,
    [STATUS_NEW_EPOCH]           = ERROR_UNKNOWN_LEADER_EPOCH,
    [STATUS_OFFLINE]             = ERROR_KAFKA_STORAGE_ERROR,
    [STATUS_STOPPING]            = ERROR_NOT_LEADER_OR_FOLLOWER,
    [STATUS_INVALID_TOPIC]       = ERROR_INVALID_TOPIC,
    [STATUS_UNKNOWN_TOPIC_ID]    = ERROR_UNKNOWN_TOPIC_ID,
    [STATUS_INVALID_PARTITIONS]  = ERROR_INVALID_PARTITIONS,
    [STATUS_INVALID_REPLICATION] = ERROR_INVALID_REPLICATION_FACTOR,
    [STATUS_INVALID_ASSIGNMENT]  = ERROR_INVALID_REPLICA_ASSIGNMENT,
    [STATUS_INVALID_CONFIG]      = ERROR_INVALID_CONFIG,
    [STATUS_INVALID_REQUEST]     = ERROR_INVALID_REQUEST,
    [STATUS_POLICY]              = ERROR_POLICY_VIOLATION,
    [STATUS_DELETION_DISABLED]   = ERROR_TOPIC_DELETION_DISABLED,
};
/* clang-format on */

int16_t error_of(enum status status)
{
    invariant(status >= 0 && status < STATUS_COUNT);
    return codes[status];
}

int16_t error_tell(const struct request *request, int16_t error)
{
    if (error == ERROR_NONE) return error;
    invariant(CONN_METRIC_ERROR(error) >= 0 && CONN_METRIC_ERROR(error) < CONN_METRIC_ERROR_CODES);
    metric_add(&request->face->cells, CONN_METRIC_ERRORS, (uint32_t)request->key, 1);
    metric_add(&request->face->cells, CONN_METRIC_ERROR_CODE, (uint32_t)CONN_METRIC_ERROR(error), 1);
    return error;
}

struct text error_text(enum status status)
{
    return text_of(status_text(status));
}
