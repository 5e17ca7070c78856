/* net/messages/apis.c   The rows, in order of their keys. */
#include "messages/apis.h"

#include "base/check.h"
#include "base/codec.h"
#include "messages/alter_client_quotas.h"
#include "messages/alter_configs.h"
#include "messages/alter_log_dirs.h"
#include "messages/alter_reassignments.h"
#include "messages/alter_scram_credentials.h"
#include "messages/api_versions.h"
#include "messages/create_partitions.h"
#include "messages/create_topics.h"
#include "messages/delete_records.h"
#include "messages/delete_topics.h"
#include "messages/describe_client_quotas.h"
#include "messages/describe_cluster.h"
#include "messages/describe_configs.h"
#include "messages/describe_log_dirs.h"
#include "messages/describe_partitions.h"
#include "messages/describe_producers.h"
#include "messages/describe_quorum.h"
#include "messages/describe_scram_credentials.h"
#include "messages/elect_leaders.h"
#include "messages/fetch.h"
#include "messages/incremental_alter_configs.h"
#include "messages/init_producer_id.h"
#include "messages/list_config_resources.h"
#include "messages/list_offsets.h"
#include "messages/list_reassignments.h"
#include "messages/metadata.h"
#include "messages/offset_for_leader_epoch.h"
#include "messages/produce.h"
#include "messages/unregister_broker.h"
#include "messages/update_features.h"

/* clang-format off */
#define ROW(key, name, file, since, until, flexible_from) \
    { API_##key, since, until, flexible_from, name, &file##_ask_schema, &file##_answer_schema }

const struct api_row api_rows[] = {
    /*  key                              name                            file                        since until flex */
    ROW(PRODUCE,                         "Produce",                      produce,                    3,    13,   9),
    ROW(FETCH,                           "Fetch",                        fetch,                      4,    18,   12),
    ROW(LIST_OFFSETS,                    "ListOffsets",                  list_offsets,               1,    11,   6),
    ROW(METADATA,                        "Metadata",                     metadata,                   0,    13,   9),
    ROW(API_VERSIONS,                    "ApiVersions",                  api_versions,               0,    4,    3),
    ROW(CREATE_TOPICS,                   "CreateTopics",                 create_topics,              2,    7,    5),
    ROW(DELETE_TOPICS,                   "DeleteTopics",                 delete_topics,              1,    6,    4),
    ROW(DELETE_RECORDS,                  "DeleteRecords",                delete_records,             0,    2,    2),
    ROW(INIT_PRODUCER_ID,                "InitProducerId",               init_producer_id,           0,    5,    2),
    ROW(OFFSET_FOR_LEADER_EPOCH,         "OffsetForLeaderEpoch",         offset_for_leader_epoch,    2,    4,    4),
    ROW(DESCRIBE_CONFIGS,                "DescribeConfigs",              describe_configs,           1,    4,    4),
    ROW(ALTER_CONFIGS,                   "AlterConfigs",                 alter_configs,              0,    2,    2),
    ROW(ALTER_REPLICA_LOG_DIRS,          "AlterReplicaLogDirs",          alter_log_dirs,             1,    2,    2),
    ROW(DESCRIBE_LOG_DIRS,               "DescribeLogDirs",              describe_log_dirs,          1,    5,    2),
    ROW(CREATE_PARTITIONS,               "CreatePartitions",             create_partitions,          0,    3,    2),
    ROW(ELECT_LEADERS,                   "ElectLeaders",                 elect_leaders,              0,    2,    2),
    ROW(INCREMENTAL_ALTER_CONFIGS,       "IncrementalAlterConfigs",      incremental_alter_configs,  0,    1,    1),
    ROW(ALTER_PARTITION_REASSIGNMENTS,   "AlterPartitionReassignments",  alter_reassignments,        0,    1,    0),
    ROW(LIST_PARTITION_REASSIGNMENTS,    "ListPartitionReassignments",   list_reassignments,         0,    0,    0),
    ROW(DESCRIBE_CLIENT_QUOTAS,          "DescribeClientQuotas",         describe_client_quotas,     0,    1,    1),
    ROW(ALTER_CLIENT_QUOTAS,             "AlterClientQuotas",            alter_client_quotas,        0,    1,    1),
    ROW(DESCRIBE_USER_SCRAM_CREDENTIALS, "DescribeUserScramCredentials", describe_scram_credentials, 0,    0,    0),
    ROW(ALTER_USER_SCRAM_CREDENTIALS,    "AlterUserScramCredentials",    alter_scram_credentials,    0,    0,    0),
    ROW(DESCRIBE_QUORUM,                 "DescribeQuorum",               describe_quorum,            0,    2,    0),
    ROW(UPDATE_FEATURES,                 "UpdateFeatures",               update_features,            0,    2,    0),
    ROW(DESCRIBE_CLUSTER,                "DescribeCluster",              describe_cluster,           0,    2,    0),
    ROW(DESCRIBE_PRODUCERS,              "DescribeProducers",            describe_producers,         0,    0,    0),
    ROW(UNREGISTER_BROKER,               "UnregisterBroker",             unregister_broker,          0,    0,    0),
    ROW(LIST_CONFIG_RESOURCES,           "ListConfigResources",          list_config_resources,      0,    1,    0),
    ROW(DESCRIBE_TOPIC_PARTITIONS,       "DescribeTopicPartitions",      describe_partitions,        0,    0,    0),
};
/* clang-format on */
const size_t api_row_count = array_count(api_rows);

const struct api_row *api_find(int16_t key)
{
    for (size_t i = 0; i < api_row_count; i++) {
        if (api_rows[i].key == key) return &api_rows[i];
    }
    return NULL;
}

bool api_flexible(const struct api_row *row, int16_t version)
{
    return version >= row->flexible_from;
}

int16_t api_ask_header(const struct api_row *row, int16_t version)
{
    return api_flexible(row, version) ? 2 : 1;
}

int16_t api_answer_header(const struct api_row *row, int16_t version)
{
    /* A client that asks in a version unknown here must be able to read that it is unknown. */
    if (row->key == API_API_VERSIONS) return 0;
    return api_flexible(row, version) ? 1 : 0;
}
