/* net/http/kafka_names.c   The one table of names that are not ours: those of Kafka's JMX exporter as in Strimzi's
 * dashboards and alerts (a bean's domain, type and name in lower case, PerSec is _total, percentiles are a label), and
 * kafka_exporter's. A row says where its value comes from; what is counted has its own name (sluice_...) in
 * conn/metrics.c or facts.c. A constant stands here only where it is true of every node that is alone. */
#include "http/kafka_names.h"

#include <stdio.h>

#include "base/sink.h"
#include "conn/face.h"
#include "http/process.h"
#include "http/quantiles.h"
#include "log/store.h"
#include "replica/replicas.h"

struct kafka_name {
    const char *name;
    uint8_t type;
    void (*write)(const struct kafka_name *name, const struct names_facts *facts, struct sink *sink);
    uint32_t row;   /* of the survey or of the faces */
    uint32_t place; /* in struct log_fact, or in struct traffic */
    const char *help;
};

enum { LABELS_MAX = 640, TOPIC_ESCAPED_MAX = 512 };

static void write_head(const struct kafka_name *name, struct sink *sink)
{
    const struct metric row = { .name = name->name, .type = name->type, .help = name->help };
    metric_write_head(sink, &row);
}

/* In pieces: a page may have 30,000 lines, and formats are slow. */
static void write_line(const struct kafka_name *name, const char *labels, int64_t n, struct sink *sink)
{
    char number[32];

    sink_put(sink, text_of(name->name));
    if (labels) {
        sink_put(sink, TEXT("{"));
        sink_put(sink, text_of(labels));
        sink_put(sink, TEXT("}"));
    }
    int size = snprintf(number, sizeof(number), " %lld\n", (long long)n);
    sink_put(sink, (struct text){ number, (size_t)size });
}

static void write_one(const struct kafka_name *name, const char *labels, int64_t n, struct sink *sink)
{
    write_head(name, sink);
    write_line(name, labels, n, sink);
}

static int64_t value_at(const void *base, uint32_t place)
{
    return *(const int64_t *)(const void *)((const char *)base + place);
}

/* ---- of the node ---- */

static void of_shards(const struct kafka_name *name, const struct names_facts *facts, struct sink *sink)
{
    const struct survey *survey = facts->survey;

    if (!facts->surveyed) return;
    write_one(name, NULL, metric_read(&survey->metrics, survey->cells, survey->shard_count, name->row, 0), sink);
}

static int64_t read_faces(const struct names_facts *facts, uint32_t row, uint32_t series)
{
    return metric_read(&facts->node->metrics, facts->faces, facts->face_count, row, series);
}

static void of_faces(const struct kafka_name *name, const struct names_facts *facts, struct sink *sink)
{
    write_one(name, NULL, read_faces(facts, name->row, 0), sink);
}

static void of_nothing(const struct kafka_name *name, const struct names_facts *facts, struct sink *sink)
{
    (void)facts;
    write_one(name, NULL, 0, sink);
}

/* Kafka's numbers of its BrokerState. */
static void of_state(const struct kafka_name *name, const struct names_facts *facts, struct sink *sink)
{
    enum { STARTING = 1, RUNNING = 3, SHUTTING_DOWN = 7 };
    int64_t state = node_stopping(facts->node) ? SHUTTING_DOWN : node_serving(facts->node) ? RUNNING : STARTING;

    write_one(name, NULL, state, sink);
}

static void of_quorum_state(const struct kafka_name *name, const struct names_facts *facts, struct sink *sink)
{
    const struct survey *survey = facts->survey;
    int64_t leads = metric_read(&survey->metrics, survey->cells, survey->shard_count, SURVEY_CONTROLLERS, 0);

    if (!facts->surveyed) return;
    write_one(name, leads > 0 ? "current_state=\"leader\"" : "current_state=\"follower\"", 1, sink);
}

static void of_idle(const struct kafka_name *name, const struct names_facts *facts, struct sink *sink)
{
    if (!facts->surveyed) return;
    write_head(name, sink);
    sink_format(sink, "%s %.4g\n", name->name, facts->idle);
}

static void of_disk(const struct kafka_name *name, const struct names_facts *facts, struct sink *sink)
{
    int64_t bytes[2];

    (void)facts;
    if (process_disk(&bytes[0], &bytes[1])) write_one(name, NULL, bytes[name->row], sink);
}

/* What clients are told of the first listener. */
static void of_broker(const struct kafka_name *name, const struct names_facts *facts, struct sink *sink)
{
    char address[LABELS_MAX / 4], escaped[LABELS_MAX / 2], labels[LABELS_MAX];
    struct text listener, host;
    uint16_t port;

    if (!facts->surveyed || !node_told(facts->node, 0, &listener, &host, &port)) return;
    (void)snprintf(address, sizeof(address), "%.*s:%u", TEXT_ARGS(host), port);
    metric_escape(address, escaped, sizeof(escaped));
    (void)snprintf(labels, sizeof(labels), "id=\"%d\",address=\"%s\"", facts->node->shards[0]->replicas->node, escaped);
    write_one(name, labels, 1, sink);
}

/* By the shard that has them, which is what Kafka calls a network processor; by listener where there is but one. */
static void of_connections(const struct kafka_name *name, const struct names_facts *facts, struct sink *sink)
{
    char labels[LABELS_MAX], listener[LABELS_MAX / 4], escaped[LABELS_MAX / 2];

    write_head(name, sink);
    for (uint32_t i = 0; i < facts->face_count; i++) {
        const struct face_settings *settings = &facts->node->shards[i]->face->settings;
        struct text only = settings->listener_count == 1 ? settings->listeners[0].name : TEXT("");
        (void)snprintf(listener, sizeof(listener), "%.*s", TEXT_ARGS(only));
        metric_escape(listener, escaped, sizeof(escaped));
        (void)snprintf(labels, sizeof(labels), "listener=\"%s\",networkProcessor=\"%u\"", escaped, i);
        write_line(name, labels, metric_read(&facts->node->metrics, &facts->faces[i], 1, CONN_METRIC_OPEN, 0), sink);
    }
}

/* ---- of requests ---- */

static void of_requests(const struct kafka_name *name, const struct names_facts *facts, struct sink *sink)
{
    char labels[LABELS_MAX];

    write_head(name, sink);
    for (uint32_t api = 0; api < CONN_METRIC_APIS; api++) {
        int64_t n = read_faces(facts, name->row, api);
        if (!conn_metric_apis[api] || n == 0) continue;
        (void)snprintf(labels, sizeof(labels), "request=\"%s\"", conn_metric_apis[api]);
        write_line(name, labels, n, sink);
    }
}

/* Of APIs that were asked: the others have no quantiles. Since the start. */
static void of_times(const struct kafka_name *name, const struct names_facts *facts, struct sink *sink)
{
    char labels[LABELS_MAX];

    quantiles_write_head(name->name, name->help, sink);
    for (uint32_t api = 0; api < CONN_METRIC_APIS; api++) {
        struct quantiles times;
        if (!conn_metric_apis[api]) continue;
        quantiles_read(&times, facts->faces, facts->face_count, name->row, api);
        if (times.count == 0) continue;
        (void)snprintf(labels, sizeof(labels), "request=\"%s\"", conn_metric_apis[api]);
        quantiles_write(&times, name->name, labels, sink);
    }
}

static void of_flushes(const struct kafka_name *name, const struct names_facts *facts, struct sink *sink)
{
    struct quantiles times;

    if (!facts->surveyed) return;
    quantiles_read(&times, facts->survey->cells, facts->survey->shard_count, name->row, 0);
    quantiles_write_head(name->name, name->help, sink);
    quantiles_write(&times, name->name, "", sink);
}

/* ---- of topics and partitions ---- */

static void topic_label(const char *topic, char *labels, size_t size)
{
    char escaped[TOPIC_ESCAPED_MAX];

    metric_escape(topic, escaped, sizeof(escaped));
    (void)snprintf(labels, size, "topic=\"%s\"", escaped);
}

static void write_topics(const struct kafka_name *name, const struct names_facts *facts, struct sink *sink)
{
    char labels[LABELS_MAX];

    for (uint32_t i = 0; i < facts->topic_count; i++) {
        topic_label(facts->topics[i].name, labels, sizeof(labels));
        write_line(name, labels, value_at(&facts->topics[i].traffic, name->place), sink);
    }
}

/* The node's, and each topic's: dashboards tell them apart by topic!="". */
static void of_topics(const struct kafka_name *name, const struct names_facts *facts, struct sink *sink)
{
    of_faces(name, facts, sink);
    write_topics(name, facts, sink);
}

static void of_topic_sizes(const struct kafka_name *name, const struct names_facts *facts, struct sink *sink)
{
    char labels[LABELS_MAX];

    if (!facts->listed) return;
    write_head(name, sink);
    for (uint32_t i = 0; i < facts->topic_count; i++) {
        topic_label(facts->topics[i].name, labels, sizeof(labels));
        write_line(name, labels, facts->topics[i].partitions, sink);
    }
}

static void of_partitions(const struct kafka_name *name, const struct names_facts *facts, struct sink *sink)
{
    const struct partition_labels *labels = facts->labels;

    if (!facts->listed) return;
    write_head(name, sink);
    for (uint32_t i = 0; i < facts->survey->shard_count; i++) {
        const struct survey_part *part = &facts->survey->parts[i];
        for (uint32_t j = 0; !part->silent && j < part->log_count; j++) {
            write_line(name, (labels++)->text, value_at(&part->logs[j], name->place), sink);
        }
    }
}

/* ---- the table ---- */

#define MANAGER               "kafka_server_replicamanager_"
#define TOPICS                "kafka_server_brokertopicmetrics_"
#define CONTROLLER            "kafka_controller_kafkacontroller_"
#define RAFT                  "kafka_server_raftmetrics_"
#define REQUESTS              "kafka_network_requestmetrics_"
#define PARTITION             "kafka_topic_partition_"
#define CLUSTER               "kafka_cluster_partition_"
#define OF_LOG(member)        0, offsetof(struct log_fact, member)
#define OF_TOPIC(row, member) row, offsetof(struct traffic, member)
#define COUNTER               METRIC_COUNTER
#define GAUGE                 METRIC_GAUGE

/* clang-format off */
static const struct kafka_name table[] = {
    { MANAGER "partitioncount",            GAUGE,   of_shards, SURVEY_PARTITIONS, 0, "partitions on this node" },
    { MANAGER "leadercount",               GAUGE,   of_shards, SURVEY_LEADERS, 0, "partitions that this node leads" },
    { MANAGER "underreplicatedpartitions", GAUGE,   of_shards, SURVEY_UNDER_REPLICATED, 0,
      "led here with replicas out of sync" },
    { MANAGER "underminisrpartitioncount", GAUGE,   of_shards, SURVEY_UNDER_MIN, 0,
      "led here with fewer replicas in sync than min.insync.replicas" },
    { MANAGER "atminisrpartitioncount",    GAUGE,   of_shards, SURVEY_AT_MIN, 0, "led here with just as many" },
    { MANAGER "offlinereplicacount",       GAUGE,   of_shards, SURVEY_OFFLINE_REPLICAS, 0,
      "partitions whose log directory failed" },
    { MANAGER "isrshrinks_total",          COUNTER, of_nothing, 0, 0, "a node that is alone loses no replica" },
    { MANAGER "isrexpands_total",          COUNTER, of_nothing, 0, 0, "a node that is alone gains no replica" },

    { TOPICS "messagesin_total",           COUNTER, of_topics, OF_TOPIC(CONN_METRIC_RECORDS_IN, records_in),
      "records appended by clients" },
    { TOPICS "bytesin_total",              COUNTER, of_topics, OF_TOPIC(CONN_METRIC_RECORD_BYTES_IN, bytes_in),
      "bytes of record batches appended by clients" },
    { TOPICS "bytesout_total",             COUNTER, of_topics, OF_TOPIC(CONN_METRIC_RECORD_BYTES_OUT, bytes_out),
      "bytes of record batches read for clients" },
    { TOPICS "totalproducerequests_total", COUNTER, of_topics, OF_TOPIC(CONN_METRIC_PRODUCES, appends),
      "partitions asked to append" },
    { TOPICS "totalfetchrequests_total",   COUNTER, of_topics, OF_TOPIC(CONN_METRIC_FETCHES, reads),
      "partitions asked to read" },
    { TOPICS "failedproducerequests_total", COUNTER, of_topics, OF_TOPIC(CONN_METRIC_PRODUCES_FAILED, appends_failed),
      "appends that were refused or failed" },
    { TOPICS "failedfetchrequests_total",  COUNTER, of_topics, OF_TOPIC(CONN_METRIC_FETCHES_FAILED, reads_failed),
      "reads that were refused or failed" },
    { TOPICS "bytesrejected_total",        COUNTER, of_topics,
      OF_TOPIC(CONN_METRIC_RECORD_BYTES_REFUSED, bytes_refused),
      "bytes of record batches that were too large" },

    { CONTROLLER "activecontrollercount",  GAUGE,   of_shards, SURVEY_CONTROLLERS, 0, "1 on the active controller" },
    { CONTROLLER "globaltopiccount",       GAUGE,   of_shards, SURVEY_TOPICS_GLOBAL, 0, "topics of the cluster" },
    { CONTROLLER "globalpartitioncount",   GAUGE,   of_shards, SURVEY_PARTITIONS_GLOBAL, 0,
      "partitions of the cluster" },
    { CONTROLLER "offlinepartitionscount", GAUGE,   of_shards, SURVEY_PARTITIONS_OFFLINE, 0,
      "partitions without a leader" },
    { CONTROLLER "activebrokercount",      GAUGE,   of_shards, SURVEY_BROKERS_ACTIVE, 0, "brokers that serve" },
    { CONTROLLER "fencedbrokercount",      GAUGE,   of_shards, SURVEY_BROKERS_FENCED, 0, "brokers that don't" },
    { "kafka_controller_controllerstats_uncleanleaderelections_total", COUNTER, of_nothing, 0, 0,
      "a node that is alone elects nobody else" },

    { RAFT "current_state",                GAUGE,   of_quorum_state, 0, 0, "of this node in the metadata quorum" },
    { RAFT "current_leader",               GAUGE,   of_shards, SURVEY_RAFT_LEADER, 0,
      "node that leads the metadata quorum; -1: none" },
    { RAFT "current_epoch",                GAUGE,   of_shards, SURVEY_RAFT_EPOCH, 0, "its epoch" },
    { RAFT "high_watermark",               GAUGE,   of_shards, SURVEY_RAFT_COMMITTED, 0,
      "committed end of the metadata log" },
    { RAFT "log_end_offset",               GAUGE,   of_shards, SURVEY_RAFT_END, 0, "end of the metadata log" },

    { REQUESTS "requests_total",           COUNTER, of_requests, CONN_METRIC_REQUESTS, 0, "requests begun" },
    { REQUESTS "totaltimems",              0, of_times, CONN_METRIC_REQUEST_TIME, 0, "since the start" },
    { REQUESTS "requestqueuetimems",       0, of_times, CONN_METRIC_QUEUE_TIME, 0, "of it: waiting for room" },
    { REQUESTS "localtimems",              0, of_times, CONN_METRIC_LOCAL_TIME, 0, "of it: being done" },
    { REQUESTS "remotetimems",             0, of_times, CONN_METRIC_REMOTE_TIME, 0, "of it: waiting at a mark" },
    { REQUESTS "responsequeuetimems",      0, of_times, CONN_METRIC_ANSWER_QUEUE_TIME, 0,
      "of it: behind other answers" },
    { REQUESTS "responsesendtimems",       0, of_times, CONN_METRIC_SEND_TIME, 0, "of it: being sent" },

    { "kafka_server_socket_server_metrics_connection_count", GAUGE, of_connections, 0, 0, "connections that are open" },
    { "kafka_server_kafkarequesthandlerpool_requesthandleravgidle_percent", GAUGE, of_idle, 0, 0,
      "share of time in which the shards have nothing to do, 0 to 1" },
    { "kafka_network_socketserver_networkprocessoravgidle_percent", GAUGE, of_idle, 0, 0,
      "the same: shards do both" },
    { "kafka_server_fetchsessioncache_numincrementalfetchsessions", GAUGE, of_faces, CONN_METRIC_FETCH_SESSIONS, 0,
      "incremental fetch sessions" },
    { "kafka_server_fetchsessioncache_incrementalfetchsessionevictions_total", COUNTER, of_faces,
      CONN_METRIC_FETCH_SESSIONS_EVICTED, 0, "fetch sessions that made room for others" },
    { "kafka_server_kafkaserver_brokerstate", GAUGE, of_state, 0, 0, "1: starting, 3: running, 7: stopping" },
    { "kafka_server_kafkaserver_linux_disk_read_bytes",  GAUGE, of_disk, 0, 0, "read from disk" },
    { "kafka_server_kafkaserver_linux_disk_write_bytes", GAUGE, of_disk, 1, 0, "written to disk" },

    { "kafka_log_logmanager_offlinelogdirectorycount", GAUGE, of_shards, SURVEY_OFFLINE_DIRECTORIES, 0,
      "log directories out of service" },
    { "kafka_log_logflushstats_logflushrateandtimems", 0, of_flushes, SURVEY_FLUSH_TIME, 0,
      "how long a chunk of the write-ahead log took to be durable" },
    { "kafka_log_log_size",                GAUGE,   of_partitions, OF_LOG(size), "bytes of batches" },
    { "kafka_log_log_logstartoffset",      GAUGE,   of_partitions, OF_LOG(start), "the first offset" },
    { "kafka_log_log_logendoffset",        GAUGE,   of_partitions, OF_LOG(end), "the next offset" },
    { CLUSTER "replicascount",             GAUGE,   of_partitions, OF_LOG(replication.replicas), "its replicas" },
    { CLUSTER "underminisr",               GAUGE,   of_partitions, OF_LOG(replication.under_min),
      "1: fewer replicas in sync than min.insync.replicas" },
    { CLUSTER "atminisr",                  GAUGE,   of_partitions, OF_LOG(replication.at_min), "1: just as many" },

    { "kafka_brokers",                     GAUGE,   of_shards, SURVEY_BROKERS, 0, "brokers of the cluster" },
    { "kafka_broker_info",                 GAUGE,   of_broker, 0, 0, "always 1" },
    { "kafka_topic_partitions",            GAUGE,   of_topic_sizes, 0, 0, "partitions of a topic on this node" },
    { PARTITION "current_offset",          GAUGE,   of_partitions, OF_LOG(committed), "the high watermark" },
    { PARTITION "oldest_offset",           GAUGE,   of_partitions, OF_LOG(start), "the first offset" },
    { PARTITION "leader",                  GAUGE,   of_partitions, OF_LOG(replication.leader), "its leader; -1: none" },
    { PARTITION "replicas",                GAUGE,   of_partitions, OF_LOG(replication.replicas), "its replicas" },
    { PARTITION "in_sync_replica",         GAUGE,   of_partitions, OF_LOG(replication.in_sync), "those in sync" },
    { PARTITION "leader_is_preferred",     GAUGE,   of_partitions, OF_LOG(replication.preferred), "1: it is" },
    { PARTITION "under_replicated_partition", GAUGE, of_partitions, OF_LOG(replication.behind),
      "1: replicas are out of sync" },
};
/* clang-format on */

void kafka_names_write(const struct names_facts *facts, struct sink *sink)
{
    for (size_t i = 0; i < array_count(table); i++) table[i].write(&table[i], facts, sink);
}
