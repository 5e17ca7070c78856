/* net/messages/apis.h   The APIs whose messages are known here, one row each: key, name, versions, the first flexible
 * version and the two schemas. The dispatch table, the fuzzers and the golden tests walk it. What a node serves and
 * advertises is decided in net/api; a row here only says that the codec can read and write it. */
#ifndef NET_MESSAGES_APIS_H
#define NET_MESSAGES_APIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct schema;

/* Kafka's numbers. */
enum api_key {
    API_PRODUCE = 0,
    API_FETCH = 1,
    API_LIST_OFFSETS = 2,
    API_METADATA = 3,
    API_API_VERSIONS = 18,
    API_CREATE_TOPICS = 19,
    API_DELETE_TOPICS = 20,
    API_DELETE_RECORDS = 21,
    API_INIT_PRODUCER_ID = 22,
    API_OFFSET_FOR_LEADER_EPOCH = 23,
    API_DESCRIBE_CONFIGS = 32,
    API_ALTER_CONFIGS = 33,
    API_ALTER_REPLICA_LOG_DIRS = 34,
    API_DESCRIBE_LOG_DIRS = 35,
    API_CREATE_PARTITIONS = 37,
    API_ELECT_LEADERS = 43,
    API_INCREMENTAL_ALTER_CONFIGS = 44,
    API_ALTER_PARTITION_REASSIGNMENTS = 45,
    API_LIST_PARTITION_REASSIGNMENTS = 46,
    API_DESCRIBE_CLIENT_QUOTAS = 48,
    API_ALTER_CLIENT_QUOTAS = 49,
    API_DESCRIBE_USER_SCRAM_CREDENTIALS = 50,
    API_ALTER_USER_SCRAM_CREDENTIALS = 51,
    API_DESCRIBE_QUORUM = 55,
    API_UPDATE_FEATURES = 57,
    API_DESCRIBE_CLUSTER = 60,
    API_DESCRIBE_PRODUCERS = 61,
    API_UNREGISTER_BROKER = 64,
    API_LIST_CONFIG_RESOURCES = 74,
    API_DESCRIBE_TOPIC_PARTITIONS = 75,
};

struct api_row {
    int16_t key;
    int16_t since, until;  /* versions, both included, as Kafka 4.3.1 serves them; unstable ones are left out */
    int16_t flexible_from; /* NEVER: no version is */
    const char *name;      /* Kafka's */
    const struct schema *ask, *answer;
};

extern const struct api_row api_rows[];
extern const size_t api_row_count;

/* NULL: a key without a row. */
const struct api_row *api_find(int16_t key);

bool api_flexible(const struct api_row *row, int16_t version);
/* The version of struct request_header and struct response_header around a message of this version. */
int16_t api_ask_header(const struct api_row *row, int16_t version);
int16_t api_answer_header(const struct api_row *row, int16_t version);

#endif
