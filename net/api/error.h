/* net/api/error.h   Kafka's error codes exist here and nowhere below. Each status has one row; where an API means
 * something else by a status, it says so itself. */
#ifndef NET_API_ERROR_H
#define NET_API_ERROR_H

#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

/* clang-format off */
enum kafka_error {
    ERROR_UNKNOWN_SERVER_ERROR           = -1,
    ERROR_NONE                           = 0,
    ERROR_OFFSET_OUT_OF_RANGE            = 1,
    ERROR_CORRUPT_MESSAGE                = 2,
    ERROR_UNKNOWN_TOPIC_OR_PARTITION     = 3,
    ERROR_LEADER_NOT_AVAILABLE           = 5,
    ERROR_NOT_LEADER_OR_FOLLOWER         = 6,
    ERROR_REQUEST_TIMED_OUT              = 7,
    ERROR_MESSAGE_TOO_LARGE              = 10,
    ERROR_COORDINATOR_LOAD_IN_PROGRESS   = 14,
    ERROR_COORDINATOR_NOT_AVAILABLE      = 15,
    ERROR_NOT_COORDINATOR                = 16,
    ERROR_INVALID_TOPIC                  = 17,
    ERROR_RECORD_LIST_TOO_LARGE          = 18,
    ERROR_INVALID_REQUIRED_ACKS          = 21,
    ERROR_CLUSTER_AUTHORIZATION_FAILED   = 31,
    ERROR_INVALID_TIMESTAMP              = 32,
    ERROR_UNSUPPORTED_SASL_MECHANISM     = 33,
    ERROR_UNSUPPORTED_VERSION            = 35,
    ERROR_TOPIC_ALREADY_EXISTS           = 36,
    ERROR_INVALID_PARTITIONS             = 37,
    ERROR_INVALID_REPLICATION_FACTOR     = 38,
    ERROR_INVALID_REPLICA_ASSIGNMENT     = 39,
    ERROR_INVALID_CONFIG                 = 40,
    ERROR_NOT_CONTROLLER                 = 41,
    ERROR_INVALID_REQUEST                = 42,
    ERROR_POLICY_VIOLATION               = 44,
    ERROR_OUT_OF_ORDER_SEQUENCE_NUMBER   = 45,
    ERROR_INVALID_PRODUCER_EPOCH         = 47,
    ERROR_INVALID_TXN_STATE              = 48,
    ERROR_INVALID_TRANSACTION_TIMEOUT    = 50,
    ERROR_TRANSACTIONAL_ID_AUTHORIZATION = 53,
    ERROR_KAFKA_STORAGE_ERROR            = 56,
    ERROR_LOG_DIR_NOT_FOUND              = 57,
    ERROR_FETCH_SESSION_ID_NOT_FOUND     = 70,
    ERROR_INVALID_FETCH_SESSION_EPOCH    = 71,
    ERROR_TOPIC_DELETION_DISABLED        = 73,
    ERROR_FENCED_LEADER_EPOCH            = 74,
    ERROR_UNKNOWN_LEADER_EPOCH           = 75,
    ERROR_UNSUPPORTED_COMPRESSION_TYPE   = 76,
    ERROR_PREFERRED_LEADER_NOT_AVAILABLE = 80,
    ERROR_ELIGIBLE_LEADERS_NOT_AVAILABLE = 83,
    ERROR_ELECTION_NOT_NEEDED            = 84,
    ERROR_NO_REASSIGNMENT_IN_PROGRESS    = 85,
    ERROR_INVALID_RECORD                 = 87,
    ERROR_RESOURCE_NOT_FOUND             = 91,
    ERROR_DUPLICATE_RESOURCE             = 92,
    ERROR_UNACCEPTABLE_CREDENTIAL        = 93,
    ERROR_INVALID_UPDATE_VERSION         = 95,
    ERROR_UNKNOWN_TOPIC_ID               = 100,
    ERROR_BROKER_ID_NOT_REGISTERED       = 102,
    ERROR_FETCH_SESSION_TOPIC_ID         = 106,
    ERROR_MISMATCHED_ENDPOINT_TYPE       = 114,
    ERROR_UNSUPPORTED_ENDPOINT_TYPE      = 115,
    ERROR_TRANSACTION_ABORTABLE          = 120,
};
/* clang-format on */

int16_t error_of(enum status status);
struct request;
/* Counts a row of an answer that carries an error; gives the error back. */
int16_t error_tell(const struct request *request, int16_t error);
/* For people, in answers that have a place for it. */
struct text error_text(enum status status);

#endif
