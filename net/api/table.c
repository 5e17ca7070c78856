/* net/api/table.c   The dispatch table. ApiVersions answers from it, so what we advertise is what we do; the whole
 * ranges of one Kafka release, but for versions whose feature is not built yet.
 *
 * Produce is served from 3 and advertised from 0, as at Kafka 4.3: older librdkafka compresses only when it sees
 * Produce 0. Its versions 12 and 13 mean transactions of the second kind (KIP-890) and come with them. */
#include "api/api.h"
#include "messages/alter_client_quotas.h"
#include "messages/alter_configs.h"
#include "messages/alter_log_dirs.h"
#include "messages/alter_reassignments.h"
#include "messages/alter_scram_credentials.h"
#include "messages/api_versions.h"
#include "messages/apis.h"
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

/* Only ApiVersions is begun in versions that are not served, too. */
#define ROW(key, name, file, since, until, advertised_since, flexible_from)                                        \
    {                                                                                                              \
        API_##key, name, since, until, advertised_since, flexible_from, &file##_ask_schema, &file##_answer_schema, \
            file##_begin, API_CLIENTS, API_##key == API_API_VERSIONS                                               \
    }

/* clang-format off */
const struct api served_apis[] = {
    /*  key                              name                            file                        since, until,
     *                                                                                        advertised, flexible */
    ROW(PRODUCE,                         "Produce",                      produce,                    3, 11, 0,  9),
    ROW(FETCH,                           "Fetch",                        fetch,                      4, 18, 4, 12),
    ROW(LIST_OFFSETS,                    "ListOffsets",                  list_offsets,               1, 11, 1,  6),
    ROW(METADATA,                        "Metadata",                     metadata,                   0, 13, 0,  9),
    ROW(API_VERSIONS,                    "ApiVersions",                  api_versions,               0,  4, 0,  3),
    ROW(CREATE_TOPICS,                   "CreateTopics",                 create_topics,              2,  7, 2,  5),
    ROW(DELETE_TOPICS,                   "DeleteTopics",                 delete_topics,              1,  6, 1,  4),
    ROW(DELETE_RECORDS,                  "DeleteRecords",                delete_records,             0,  2, 0,  2),
    ROW(INIT_PRODUCER_ID,                "InitProducerId",               init_producer_id,           0,  5, 0,  2),
    ROW(OFFSET_FOR_LEADER_EPOCH,         "OffsetForLeaderEpoch",         offset_for_leader_epoch,    2,  4, 2,  4),
    ROW(DESCRIBE_CONFIGS,                "DescribeConfigs",              describe_configs,           1,  4, 1,  4),
    ROW(ALTER_CONFIGS,                   "AlterConfigs",                 alter_configs,              0,  2, 0,  2),
    ROW(ALTER_REPLICA_LOG_DIRS,          "AlterReplicaLogDirs",          alter_log_dirs,             1,  2, 1,  2),
    ROW(DESCRIBE_LOG_DIRS,               "DescribeLogDirs",              describe_log_dirs,          1,  5, 1,  2),
    ROW(CREATE_PARTITIONS,               "CreatePartitions",             create_partitions,          0,  3, 0,  2),
    ROW(ELECT_LEADERS,                   "ElectLeaders",                 elect_leaders,              0,  2, 0,  2),
    ROW(INCREMENTAL_ALTER_CONFIGS,       "IncrementalAlterConfigs",      incremental_alter_configs,  0,  1, 0,  1),
    ROW(ALTER_PARTITION_REASSIGNMENTS,   "AlterPartitionReassignments",  alter_reassignments,        0,  1, 0,  0),
    ROW(LIST_PARTITION_REASSIGNMENTS,    "ListPartitionReassignments",   list_reassignments,         0,  0, 0,  0),
    ROW(DESCRIBE_CLIENT_QUOTAS,          "DescribeClientQuotas",         describe_client_quotas,     0,  1, 0,  1),
    ROW(ALTER_CLIENT_QUOTAS,             "AlterClientQuotas",            alter_client_quotas,        0,  1, 0,  1),
    ROW(DESCRIBE_USER_SCRAM_CREDENTIALS, "DescribeUserScramCredentials", describe_scram_credentials, 0,  0, 0,  0),
    ROW(ALTER_USER_SCRAM_CREDENTIALS,    "AlterUserScramCredentials",    alter_scram_credentials,    0,  0, 0,  0),
    ROW(DESCRIBE_QUORUM,                 "DescribeQuorum",               describe_quorum,            0,  2, 0,  0),
    ROW(UPDATE_FEATURES,                 "UpdateFeatures",               update_features,            0,  2, 0,  0),
    ROW(DESCRIBE_CLUSTER,                "DescribeCluster",              describe_cluster,           0,  2, 0,  0),
    ROW(DESCRIBE_PRODUCERS,              "DescribeProducers",            describe_producers,         0,  0, 0,  0),
    ROW(UNREGISTER_BROKER,               "UnregisterBroker",             unregister_broker,          0,  0, 0,  0),
    ROW(LIST_CONFIG_RESOURCES,           "ListConfigResources",          list_config_resources,      0,  1, 0,  0),
    ROW(DESCRIBE_TOPIC_PARTITIONS,       "DescribeTopicPartitions",      describe_partitions,        0,  0, 0,  0),
};
/* clang-format on */
const uint32_t served_api_count = array_count(served_apis);

/* What of the broker's settings is acted on here while it runs: how many connections there may be, and come. Every
 * shard says so, and all say the same; the first time before anybody is accepted. */
static void apis_configured(struct replicas *replicas, const struct broker_values *values)
{
    const struct apis *apis = replicas->watcher;
    uint32_t per_ip = (uint32_t)values->connections_per_ip_max;
    const char *why = NULL;

    admission_change(apis->face->settings.admission, (uint32_t)values->connections_max,
                     per_ip == INT32_MAX ? UINT32_MAX : per_ip);
    uint32_t rate = max_of((uint32_t)values->connection_rate_max, 1U);
    admission_change_rate(apis->face->settings.admission, rate == INT32_MAX ? 0 : rate);
    if (!admission_override(apis->face->settings.admission, values->connections_per_ip_overrides, &why)) {
        face_complain(apis->face, NULL, "not changed", why);
    }
}

void apis_attach(struct face *face, const struct apis_settings *settings)
{
    struct shard *shard = face->shard;
    struct apis *apis = heap_take(&shard->heap, sizeof(*apis));

    *apis = (struct apis){ .face = face, .shard = shard, .replicas = shard->replicas, .settings = *settings };
    list_init(&apis->creations);
    list_init(&apis->returns_free);
    list_init(&apis->aheads_free);
    produce_queue_init(&apis->produce, shard);
    producer_ids_init(&apis->producer_ids);
    face->apis = apis;
    apis->replicas->watcher = apis;
    apis->replicas->configured = apis_configured;
    replicas_configure(apis->replicas);
}

void apis_detach(struct face *face)
{
    struct apis *apis = face->apis;

    apis->replicas->configured = NULL;
    creations_end(apis);
    fetch_aheads_end(apis);
    face->apis = NULL;
    heap_give(&face->shard->heap, apis);
}
