/* tools/cluster.c   `sluice cluster`: who is there, who decides, where the data lies and which features are on. What a
 * broker does not tell (it may be old, or be somebody else's) is left out. */
#include <stdio.h>
#include <string.h>

#include "client/codes.h"
#include "command.h"
#include "messages/api_versions.h"
#include "messages/describe_cluster.h"
#include "messages/describe_log_dirs.h"
#include "messages/describe_quorum.h"
#include "output.h"
#include "session.h"

struct cluster_options {
    struct common common;
};

struct cluster {
    struct session *session;
    struct metadata_answer brokers;
    struct api_versions_answer versions;
    struct describe_quorum_answer quorum;
    struct describe_log_dirs_answer *dirs; /* one per broker, in their order */
    bool has_quorum;
    bool *has_dirs;
};

/* ---- asking ---- */

/* STATUS_UNSUPPORTED is an answer too. */
static enum status ask_quietly(struct session *session, int32_t node, int16_t key, const void *ask, void *answer)
{
    struct client_call call = {
        .node = node,
        .key = key,
        .version_max = LATEST,
        .repeatable = true,
        .ask = ask,
        .answer = answer,
        .arena = &session->arena,
    };

    return client_ask(&session->client, &call);
}

static enum status ask_quorum(struct cluster *cluster)
{
    struct describe_quorum_partition_ask partition = { .index = 0 };
    struct describe_quorum_topic_ask topic = { .name = TEXT("__cluster_metadata"), .partitions = { &partition, 1 } };
    const struct describe_quorum_ask ask = { .topics = { &topic, 1 } };

    enum status status = ask_quietly(cluster->session, CLIENT_CONTROLLER, API_DESCRIBE_QUORUM, &ask, &cluster->quorum);
    cluster->has_quorum = status == STATUS_OK && cluster->quorum.error == CODE_NONE &&
                          cluster->quorum.topics.count == 1 && cluster->quorum.topics.items[0].partitions.count == 1;
    return status;
}

static enum status ask_dirs(struct cluster *cluster)
{
    const struct describe_log_dirs_ask ask = { .topics.count = -1 };
    int32_t count = cluster->brokers.brokers.count;
    enum status status = STATUS_OK;

    cluster->dirs = session_take(cluster->session, (size_t)count * sizeof(*cluster->dirs));
    cluster->has_dirs = session_take(cluster->session, (size_t)count * sizeof(*cluster->has_dirs));
    for (int32_t i = 0; i < count && (status == STATUS_OK || status == STATUS_UNSUPPORTED); i++) {
        status = ask_quietly(cluster->session, cluster->brokers.brokers.items[i].node_id, API_DESCRIBE_LOG_DIRS, &ask,
                             &cluster->dirs[i]);
        cluster->has_dirs[i] = status == STATUS_OK && cluster->dirs[i].error == CODE_NONE;
    }
    return status;
}

static bool ask_all(struct cluster *cluster)
{
    const struct api_versions_ask versions = {
        .client_software_name = TEXT("sluice"),
        .client_software_version = TEXT(SLUICE_VERSION),
    };
    struct session *session = cluster->session;

    enum status status = client_metadata(&session->client, NULL, 0, false, &cluster->brokers, &session->arena);
    if (status == STATUS_OK) {
        status = ask_quietly(session, CLIENT_ANY, API_API_VERSIONS, &versions, &cluster->versions);
    }
    if (status == STATUS_OK) status = ask_quorum(cluster);
    if (status == STATUS_OK || status == STATUS_UNSUPPORTED) status = ask_dirs(cluster);
    if (status == STATUS_OK || status == STATUS_UNSUPPORTED) return true;
    (void)session_lost(session);
    return false;
}

static int64_t dirs_size(const struct describe_log_dirs_result *dir)
{
    int64_t size = 0;

    for (int32_t t = 0; t < dir->topics.count; t++) {
        for (int32_t p = 0; p < dir->topics.items[t].partitions.count; p++) {
            size += dir->topics.items[t].partitions.items[p].partition_size;
        }
    }
    return size;
}

/* ---- for people ---- */

static void size_cell(struct table *table, int64_t size)
{
    static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
    double scaled = (double)size;
    size_t unit = 0;

    for (; scaled >= 1024 && unit + 1 < array_count(units); unit++) scaled /= 1024;
    if (size < 0) {
        table_cell(table, "-");
    } else {
        table_cell(table, unit == 0 ? "%.0f %s" : "%.1f %s", scaled, units[unit]);
    }
}

static void print_nodes(const struct cluster *cluster)
{
    static const char *const headings[] = { ">NODE", "ADDRESS", "RACK", "ROLE" };
    struct table table;

    table_begin(&table, headings, array_count(headings));
    for (int32_t i = 0; i < cluster->brokers.brokers.count; i++) {
        const struct metadata_broker *broker = &cluster->brokers.brokers.items[i];
        table_cell(&table, "%d", broker->node_id);
        table_cell(&table, "%.*s:%d", TEXT_ARGS(broker->host), broker->port);
        table_text(&table, broker->rack);
        table_cell(&table, "%s", broker->node_id == cluster->brokers.controller_id ? "broker, controller" : "broker");
    }
    table_end(&table, stdout);
}

static void print_dirs(const struct cluster *cluster)
{
    static const char *const headings[] = { ">NODE", "DIRECTORY", ">RECORDS", ">FREE", ">OF", "STATE" };
    struct table table;

    table_begin(&table, headings, array_count(headings));
    for (int32_t i = 0; i < cluster->brokers.brokers.count; i++) {
        if (!cluster->has_dirs[i]) continue;
        for (int32_t k = 0; k < cluster->dirs[i].results.count; k++) {
            const struct describe_log_dirs_result *dir = &cluster->dirs[i].results.items[k];
            table_cell(&table, "%d", cluster->brokers.brokers.items[i].node_id);
            table_text(&table, dir->log_dir);
            size_cell(&table, dirs_size(dir));
            size_cell(&table, dir->usable_bytes);
            size_cell(&table, dir->total_bytes);
            table_cell(&table, "%s", dir->error ? code_name(dir->error) : "good");
        }
    }
    if (table.cell_count > 0) putchar('\n');
    if (table.cell_count > 0) {
        table_end(&table, stdout);
    } else {
        heap_end(&table.heap);
    }
}

static void rows_quorum(struct table *table, const struct describe_quorum_partition_answer *quorum,
                        const struct describe_quorum_replica *replicas, int32_t count, const char *role)
{
    for (int32_t i = 0; i < count; i++) {
        bool leads = replicas[i].replica_id == quorum->leader_id;
        table_cell(table, "%d", replicas[i].replica_id);
        table_cell(table, "%s", leads ? "leader" : role);
        table_cell(table, "%lld", (long long)replicas[i].log_end_offset);
        table_cell(table, "%lld", (long long)max_of(quorum->high_watermark - replicas[i].log_end_offset, 0));
    }
}

static void print_quorum(const struct cluster *cluster)
{
    static const char *const headings[] = { ">VOTER", "ROLE", ">END", ">BEHIND" };
    const struct describe_quorum_partition_answer *quorum;
    struct table table;

    if (!cluster->has_quorum) return;
    quorum = &cluster->quorum.topics.items[0].partitions.items[0];
    printf("\nmetadata: epoch %d, high watermark %lld\n", quorum->leader_epoch, (long long)quorum->high_watermark);
    table_begin(&table, headings, array_count(headings));
    rows_quorum(&table, quorum, quorum->current_voters.items, quorum->current_voters.count, "voter");
    rows_quorum(&table, quorum, quorum->observers.items, quorum->observers.count, "observer");
    table_end(&table, stdout);
}

static void print_features(const struct cluster *cluster)
{
    static const char *const headings[] = { "FEATURE", ">LEVEL", ">LEAST", ">MOST" };
    const struct api_versions_answer *versions = &cluster->versions;
    struct table table;

    if (versions->supported_features.count == 0) return;
    putchar('\n');
    table_begin(&table, headings, array_count(headings));
    for (int32_t i = 0; i < versions->supported_features.count; i++) {
        const struct api_versions_supported_feature *feature = &versions->supported_features.items[i];
        int16_t level = 0;
        for (int32_t k = 0; k < versions->finalized_features.count; k++) {
            const struct api_versions_finalized_feature *one = &versions->finalized_features.items[k];
            if (text_equal(one->name, feature->name)) level = one->max_version_level;
        }
        table_text(&table, feature->name);
        table_cell(&table, level ? "%d" : "-", level);
        table_cell(&table, "%d", feature->min_version);
        table_cell(&table, "%d", feature->max_version);
    }
    table_end(&table, stdout);
}

/* ---- for programs ---- */

static void json_nodes(struct json *json, const struct cluster *cluster)
{
    json_open(json, "nodes", '[');
    for (int32_t i = 0; i < cluster->brokers.brokers.count; i++) {
        const struct metadata_broker *broker = &cluster->brokers.brokers.items[i];
        json_open(json, NULL, '{');
        json_number(json, "node", broker->node_id);
        json_text(json, "host", broker->host);
        json_number(json, "port", broker->port);
        json_text(json, "rack", broker->rack);
        if (cluster->has_dirs[i]) {
            json_open(json, "directories", '[');
            for (int32_t k = 0; k < cluster->dirs[i].results.count; k++) {
                const struct describe_log_dirs_result *dir = &cluster->dirs[i].results.items[k];
                json_open(json, NULL, '{');
                json_text(json, "path", dir->log_dir);
                json_number(json, "records", dirs_size(dir));
                json_number(json, "free", dir->usable_bytes);
                json_number(json, "total", dir->total_bytes);
                json_word(json, "error", dir->error ? code_name(dir->error) : NULL);
                json_close(json, '}');
            }
            json_close(json, ']');
        }
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void json_cluster(const struct cluster *cluster)
{
    struct json json = { .out = stdout };

    json_open(&json, NULL, '{');
    json_text(&json, "cluster", cluster->brokers.cluster_id);
    json_number(&json, "controller", cluster->brokers.controller_id);
    json_nodes(&json, cluster);
    if (cluster->has_quorum) {
        const struct describe_quorum_partition_answer *quorum = &cluster->quorum.topics.items[0].partitions.items[0];
        json_open(&json, "metadata", '{');
        json_number(&json, "leader", quorum->leader_id);
        json_number(&json, "epoch", quorum->leader_epoch);
        json_number(&json, "highWatermark", quorum->high_watermark);
        json_open(&json, "voters", '[');
        for (int32_t i = 0; i < quorum->current_voters.count; i++) {
            json_number(&json, NULL, quorum->current_voters.items[i].replica_id);
        }
        json_close(&json, ']');
        json_close(&json, '}');
    }
    json_open(&json, "features", '{');
    for (int32_t k = 0; k < cluster->versions.finalized_features.count; k++) {
        const struct api_versions_finalized_feature *one = &cluster->versions.finalized_features.items[k];
        char name[64];
        snprintf(name, sizeof(name), "%.*s", TEXT_ARGS(one->name));
        json_number(&json, name, one->max_version_level);
    }
    json_close(&json, '}');
    json_close(&json, '}');
    json_line(&json);
}

static int cluster_run(void *given)
{
    const struct cluster_options *options = given;
    struct session session;
    struct cluster cluster = { .session = &session };

    if (options->common.operands.count > 0) {
        complain("sluice cluster", "what is '%s'?", options->common.operands.items[0]);
        return EXIT_USAGE;
    }
    if (!session_begin(&session, "sluice cluster", &options->common)) return EXIT_USAGE;
    if (!ask_all(&cluster)) return session_end(&session, EXIT_FAILED);
    if (options->common.json) {
        json_cluster(&cluster);
    } else {
        printf("cluster %.*s\n\n", TEXT_ARGS(cluster.brokers.cluster_id));
        print_nodes(&cluster);
        print_dirs(&cluster);
        print_quorum(&cluster);
        print_features(&cluster);
    }
    return session_end(&session, EXIT_FINE);
}

const struct verb cluster_verbs[] = {
    { "", "", "nodes, directories, the quorum of the metadata log and features", NULL, NULL, 0,
      sizeof(struct cluster_options), NULL, cluster_run },
};
