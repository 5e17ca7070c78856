/* tools/kafka_offsets.c   kafka-get-offsets and kafka-log-dirs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/codes.h"
#include "client/offsets.h"
#include "command.h"
#include "kafka_tools.h"
#include "messages/describe_log_dirs.h"
#include "output.h"

/* ---- kafka-get-offsets ---- */

struct offsets_options {
    struct common common;
    const char *topic, *partitions, *topic_partitions, *time, *config_file;
    bool no_internal;
};

static bool time_of(const char *word, int64_t *time)
{
    static const struct {
        const char *name;
        int64_t time;
    } names[] = {
        { "latest", LIST_OFFSETS_LATEST },
        { "earliest", LIST_OFFSETS_EARLIEST },
        { "max-timestamp", LIST_OFFSETS_MAX_TIMESTAMP },
        { "earliest-local", LIST_OFFSETS_EARLIEST_LOCAL },
        { "latest-tiered", LIST_OFFSETS_LATEST_TIERED },
        { "earliest-pending-upload", LIST_OFFSETS_EARLIEST_PENDING_UPLOAD },
    };

    for (size_t i = 0; i < array_count(names); i++) {
        if (strcmp(names[i].name, word) != 0) continue;
        *time = names[i].time;
        return true;
    }
    return text_to_i64(text_of(word), time);
}

/* "0,2,5-7", with the second end left out. */
static bool in_ranges(struct text ranges, int32_t partition)
{
    while (ranges.data) {
        struct text last = text_trim(text_cut(&ranges, ','));
        struct text first = text_cut(&last, '-');
        int64_t from = 0, limit;
        if (first.size > 0 && !text_to_i64(first, &from)) continue;
        limit = last.data ? INT32_MAX : from + 1;
        if (last.size > 0 && !text_to_i64(last, &limit)) continue;
        if (partition >= from && partition < limit) return true;
    }
    return false;
}

/* "0", "0-2", "-2", "2-"; false: it is none. */
static bool is_range(struct text range)
{
    for (uint32_t dashes = 0; range.size > 0; range.data++, range.size--) {
        if (*range.data == '-' && ++dashes == 1) continue;
        if (*range.data < '0' || *range.data > '9') return false;
    }
    return true;
}

/* What Kafka's tool complains about before it asks anybody. */
static bool offsets_check(const struct offsets_options *options)
{
    struct text list = text_of(options->partitions), rules = text_of(options->topic_partitions);
    int64_t number;

    while (list.data) {
        if (text_to_i64(text_trim(text_cut(&list, ',')), &number) && number >= 0) continue;
        fprintf(stderr,
                "Error occurred: --partitions expects a comma separated list of numeric partition ids, but received: "
                "%s\n",
                options->partitions);
        return false;
    }
    while (rules.data) {
        struct text rule = text_trim(text_cut(&rules, ',')), ranges = rule;
        (void)text_cut(&ranges, ':');
        if (is_range(ranges)) continue;
        fprintf(stderr, "Error occurred: Invalid rule specification: %.*s\n", TEXT_ARGS(rule));
        return false;
    }
    if (kafka_expression(options->topic)) return true;
    fprintf(stderr, "Error occurred: %s is an invalid regex.\n", options->topic);
    return false;
}

/* --topic-partitions TOPIC[:RANGES],...: topics are regular expressions. */
static bool is_named(const struct offsets_options *options, struct text topic, int32_t partition)
{
    struct text rest = text_of(options->topic_partitions);

    if (!rest.data) return !options->partitions || in_ranges(text_of(options->partitions), partition);
    while (rest.data) {
        struct text ranges = text_trim(text_cut(&rest, ','));
        struct text name = text_cut(&ranges, ':');
        char pattern[512];
        bool matches = false;
        snprintf(pattern, sizeof(pattern), "%.*s", TEXT_ARGS(name));
        if (!kafka_match(name.size > 0 ? pattern : NULL, topic, &matches) || !matches) continue;
        if (!ranges.data || in_ranges(ranges, partition)) return true;
    }
    return false;
}

static int offsets_ask(struct session *session, const struct offsets_options *options, int64_t time)
{
    struct metadata_answer known = { 0 };
    uint32_t count = 0, most = 0;

    if (!kafka_topics_matching(session, options->topic, !options->no_internal, &known)) return EXIT_FAILED;
    for (int32_t i = 0; i < known.topics.count; i++) most += (uint32_t)known.topics.items[i].partitions.count;
    struct offset_query *queries = session_take(session, most * sizeof(*queries));
    for (int32_t i = 0; i < known.topics.count; i++) {
        const struct metadata_topic_answer *topic = &known.topics.items[i];
        for (int32_t p = 0; p < topic->partitions.count; p++) {
            if (!is_named(options, topic->name, topic->partitions.items[p].index)) continue;
            queries[count].topic = topic->name;
            queries[count].partition = topic->partitions.items[p].index;
            queries[count].leader = topic->partitions.items[p].leader_id;
            queries[count++].timestamp_ms = time;
        }
    }
    if (count == 0) {
        fputs("Error occurred: Could not match any topic-partitions with the specified filters\n", stderr);
        return EXIT_FAILED;
    }
    if (client_offsets(&session->client, queries, count, false) != STATUS_OK) return session_lost(session);
    for (uint32_t i = 0; i < count; i++) {
        if (queries[i].error != CODE_NONE) {
            fprintf(stderr, "Skip getting offsets for topic-partition %.*s-%d due to error: %s\n",
                    TEXT_ARGS(queries[i].topic), queries[i].partition, code_name(queries[i].error));
        } else if (queries[i].offset >= 0) {
            printf("%.*s:%d:%lld\n", TEXT_ARGS(queries[i].topic), queries[i].partition, (long long)queries[i].offset);
        }
    }
    return EXIT_FINE;
}

static int offsets_run(void *given)
{
    const struct offsets_options *options = given;
    struct words properties = { .count = 0 };
    struct session session;
    int64_t time;

    if (!time_of(options->time, &time)) {
        fprintf(stderr,
                "Error occurred: Malformed time argument %s. Please use -1 or latest / -2 or earliest / -3 or "
                "max-timestamp / -4 or earliest-local / -5 or latest-tiered / -6 or earliest-pending-upload, or a "
                "specified long format timestamp\n",
                options->time);
        return EXIT_FAILED;
    }
    if (options->topic_partitions && (options->topic || options->partitions)) {
        fputs("Error occurred: --topic-partitions cannot be used with --topic or --partitions\n", stderr);
        return EXIT_FAILED;
    }
    if (!offsets_check(options)) return EXIT_FAILED;
    if (!session_begin(&session, "kafka-get-offsets", &options->common)) return EXIT_FAILED;
    bool fine = kafka_properties_read(&session, options->config_file, &properties);
    return session_end(&session, fine ? offsets_ask(&session, options, time) : EXIT_FAILED);
}

static void offsets_preset(void *given)
{
    ((struct offsets_options *)given)->time = "latest";
}

/* clang-format off */
static const struct option_row offsets_rows[] = {
    OPTION(offsets_options, topic,            "topic",                   0, "TOPIC", "a name or regular expression"),
    OPTION(offsets_options, partitions,       "partitions",              0, "LIST",  "0,2,5-8 (without 8)"),
    OPTION(offsets_options, topic_partitions, "topic-partitions",        0, "LIST",  "TOPIC:RANGE,..."),
    OPTION(offsets_options, time,             "time",                    0, "TIME",  "latest, earliest, ms, ..."),
    OPTION(offsets_options, no_internal,      "exclude-internal-topics", 0, NULL,    "without internal topics"),
    OPTION(offsets_options, config_file,      "command-config",          0, "FILE",  "properties of a client"),
};
/* clang-format on */

const struct verb kafka_offsets_verb = {
    "",
    "",
    "Kafka's kafka-get-offsets",
    NULL,
    offsets_rows,
    array_count(offsets_rows),
    sizeof(struct offsets_options),
    offsets_preset,
    offsets_run,
};

/* ---- kafka-log-dirs ---- */

struct dirs_options {
    struct common common;
    const char *topics, *brokers, *config_file;
    bool describe;
};

static bool is_listed(const char *list, struct text word)
{
    struct text rest = text_of(list);

    while (rest.data) {
        if (text_equal(text_trim(text_cut(&rest, ',')), word)) return true;
    }
    return !list || !*list; /* an empty list is none */
}

static bool broker_listed(const char *list, int32_t node)
{
    char word[16];

    snprintf(word, sizeof(word), "%d", node);
    return is_listed(list, text_of(word));
}

/* False: one of the brokers in the list is not there, which was complained about. */
static bool brokers_exist(const struct metadata_answer *known, const char *list)
{
    struct text rest = text_of(list);

    while (rest.data) {
        struct text word = text_trim(text_cut(&rest, ','));
        int64_t node = -1;
        bool there = word.size == 0 && !rest.data;
        if (!text_to_i64(word, &node)) node = -1;
        for (int32_t i = 0; i < known->brokers.count; i++) there = there || known->brokers.items[i].node_id == node;
        if (there) continue;
        fprintf(stderr, "ERROR: The given brokers do not exist from --broker-list: %.*s. Current existent brokers: ",
                TEXT_ARGS(word));
        for (int32_t i = 0; i < known->brokers.count; i++) {
            fprintf(stderr, i ? ",%d" : "%d", known->brokers.items[i].node_id);
        }
        fputc('\n', stderr);
        return false;
    }
    return true;
}

static void json_dir(struct json *json, const struct dirs_options *options, const struct describe_log_dirs_result *dir)
{
    json_open(json, NULL, '{');
    json_open(json, "partitions", '[');
    for (int32_t t = 0; t < dir->topics.count; t++) {
        const struct describe_log_dirs_topic_answer *topic = &dir->topics.items[t];
        if (!is_listed(options->topics, topic->name)) continue;
        for (int32_t p = 0; p < topic->partitions.count; p++) {
            const struct describe_log_dirs_partition *partition = &topic->partitions.items[p];
            char name[300];
            snprintf(name, sizeof(name), "%.*s-%d", TEXT_ARGS(topic->name), partition->index);
            json_open(json, NULL, '{');
            json_word(json, "partition", name);
            json_number(json, "size", partition->partition_size);
            json_number(json, "offsetLag", partition->offset_lag);
            json_bool(json, "isFuture", partition->is_future_key);
            json_close(json, '}');
        }
    }
    json_close(json, ']');
    json_word(json, "error", dir->error ? code_name(dir->error) : NULL);
    json_text(json, "logDir", dir->log_dir);
    json_close(json, '}');
}

static int dirs_ask(struct session *session, const struct dirs_options *options)
{
    const struct describe_log_dirs_ask ask = { .topics.count = -1 };
    struct json json = { .out = stdout };
    struct metadata_answer known = { 0 };
    bool first = true;

    if (client_metadata(&session->client, NULL, 0, false, &known, &session->arena) != STATUS_OK) {
        return session_lost(session);
    }
    if (!brokers_exist(&known, options->brokers)) return EXIT_FAILED;
    puts("Querying brokers for log directories information");
    fputs("Received log directory information from brokers ", stdout);
    for (int32_t i = 0; i < known.brokers.count; i++) {
        if (!broker_listed(options->brokers, known.brokers.items[i].node_id)) continue;
        printf(first ? "%d" : ",%d", known.brokers.items[i].node_id);
        first = false;
    }
    putchar('\n');
    json_open(&json, NULL, '{');
    json_open(&json, "brokers", '[');
    for (int32_t i = 0; i < known.brokers.count; i++) {
        struct describe_log_dirs_answer answer = { 0 };
        int32_t node = known.brokers.items[i].node_id;
        if (!broker_listed(options->brokers, node)) continue;
        if (!session_ask(session, node, API_DESCRIBE_LOG_DIRS, true, &ask, &answer)) return EXIT_FAILED;
        json_open(&json, NULL, '{');
        json_number(&json, "broker", node);
        json_open(&json, "logDirs", '[');
        for (int32_t k = 0; k < answer.results.count; k++) json_dir(&json, options, &answer.results.items[k]);
        json_close(&json, ']');
        json_close(&json, '}');
    }
    json_close(&json, ']');
    json_number(&json, "version", 1);
    json_close(&json, '}');
    json_line(&json);
    return EXIT_FINE;
}

static int dirs_run(void *given)
{
    const struct dirs_options *options = given;
    struct words properties = { .count = 0 };
    struct session session;

    if (!options->describe) {
        complain("kafka-log-dirs", "Missing required argument \"[describe]\"");
        return EXIT_FAILED;
    }
    if (!session_begin(&session, "kafka-log-dirs", &options->common)) return EXIT_FAILED;
    bool fine = kafka_properties_read(&session, options->config_file, &properties);
    return session_end(&session, fine ? dirs_ask(&session, options) : EXIT_FAILED);
}

/* clang-format off */
static const struct option_row dirs_rows[] = {
    OPTION(dirs_options, describe,    "describe",       0, NULL,   "the only thing that can be done"),
    OPTION(dirs_options, topics,      "topic-list",     0, "LIST", "only partitions of these topics"),
    OPTION(dirs_options, brokers,     "broker-list",    0, "LIST", "only these brokers"),
    OPTION(dirs_options, config_file, "command-config", 0, "FILE", "properties of a client"),
};
/* clang-format on */

const struct verb kafka_log_dirs_verb = {
    "",   "",       "Kafka's kafka-log-dirs", NULL, dirs_rows, array_count(dirs_rows), sizeof(struct dirs_options),
    NULL, dirs_run,
};
