/* tools/topic.c   `sluice topic`: made, listed, looked at, removed, made wider. */
#include <stdio.h>
#include <string.h>

#include "client/codes.h"
#include "client/offsets.h"
#include "command.h"
#include "messages/create_partitions.h"
#include "messages/create_topics.h"
#include "messages/delete_topics.h"
#include "output.h"
#include "progress.h"
#include "session.h"
#include "topic_command.h"

/* "name=value"; false: complained about. */
static bool config_read(struct session *session, const char *word, struct create_topics_config_ask *config)
{
    struct text value = text_of(word);

    config->name = text_cut(&value, '=');
    config->value = value;
    if (value.data && config->name.size > 0) return true;
    complain(session->called, "'%s' is not NAME=VALUE", word);
    return false;
}

/* ---- create ---- */

void topics_settle(struct session *session, const struct words *names, const struct create_partitions_ask *wanted)
{
    int64_t deadline_ms = clock_ms() + session->client.timeout_ms;
    struct text *texts = session_take(session, names->count * sizeof(*texts));
    struct metadata_answer answer = { 0 };
    bool settled = false;

    for (uint32_t i = 0; i < names->count; i++) texts[i] = text_of(names->items[i]);
    while (!settled && clock_ms() < deadline_ms) {
        if (client_metadata(&session->client, texts, (int32_t)names->count, false, &answer, &session->arena) !=
            STATUS_OK) {
            return; /* It was done; that it can't be seen is no complaint. */
        }
        settled = true;
        for (int32_t i = 0; i < answer.topics.count; i++) {
            const struct metadata_topic_answer *topic = &answer.topics.items[i];
            settled = settled && topic->error == CODE_NONE;
            for (int32_t p = 0; p < topic->partitions.count; p++) {
                settled = settled && topic->partitions.items[p].leader_id >= 0;
            }
            for (int32_t one = 0; wanted && one < wanted->topics.count; one++) {
                if (!text_equal(wanted->topics.items[one].name, topic->name)) continue;
                settled = settled && topic->partitions.count >= wanted->topics.items[one].count;
            }
        }
        if (!settled) client_pause();
    }
}

/* One request; false: nobody is there to be asked for more. */
static bool create_some(struct session *session, const struct topic_options *options,
                        const struct create_topics_ask *ask, int *code)
{
    struct create_topics_answer answer = { 0 };

    if (!session_ask(session, CLIENT_CONTROLLER, API_CREATE_TOPICS, false, ask, &answer)) {
        *code = EXIT_FAILED;
        return false;
    }
    for (int32_t i = 0; i < answer.topics.count; i++) {
        const struct create_topics_topic_answer *topic = &answer.topics.items[i];
        if (topic->error == CODE_TOPIC_ALREADY_EXISTS && options->if_not_exists) continue;
        if (topic->error != CODE_NONE) {
            *code = session_refused(session, topic->name, topic->error, topic->error_message);
        } else {
            printf("%s %.*s\n", options->validate ? "could create" : "created", TEXT_ARGS(topic->name));
        }
    }
    return true;
}

static int create_ask(struct session *session, const struct topic_options *options)
{
    enum { TOPICS_PER_ASK = 32 };
    uint32_t count = options->common.operands.count;
    struct create_topics_topic_ask *topics = session_take(session, count * sizeof(*topics));
    struct create_topics_config_ask *configs = session_take(session, options->configs.count * sizeof(*configs));
    struct create_topics_ask ask = {
        .timeout_ms = (int32_t)session->client.timeout_ms,
        .validate_only = options->validate,
    };
    struct progress progress;
    int code = EXIT_FINE;

    for (uint32_t i = 0; i < options->configs.count; i++) {
        if (!config_read(session, options->configs.items[i], &configs[i])) return EXIT_USAGE;
    }
    for (uint32_t i = 0; i < count; i++) {
        topics[i].name = text_of(options->common.operands.items[i]);
        topics[i].partition_count = (int32_t)options->partitions;
        topics[i].replication_factor = (int16_t)options->replication;
        topics[i].configs.items = configs;
        topics[i].configs.count = (int32_t)options->configs.count;
    }
    progress_begin(&progress, session->called, "topics", PROGRESS_COUNT, true);
    session->progress = &progress;
    for (uint32_t done = 0; done < count; done += (uint32_t)ask.topics.count) {
        ask.topics.items = topics + done;
        ask.topics.count = (int32_t)min_of(count - done, TOPICS_PER_ASK);
        progress_tell(&progress, done, count);
        if (!create_some(session, options, &ask, &code)) break;
    }
    progress_wipe(&progress);
    session->progress = NULL;
    if (code == EXIT_FINE && !options->validate) topics_settle(session, &options->common.operands, NULL);
    return code;
}

static int topic_create(void *given)
{
    const struct topic_options *options = given;
    struct session session;

    if (options->common.operands.count == 0) {
        complain("sluice topic create", "which topic?");
        return EXIT_USAGE;
    }
    if (options->partitions > INT32_MAX || options->replication > INT16_MAX) {
        complain("sluice topic create", "too many");
        return EXIT_USAGE;
    }
    if (!session_begin(&session, "sluice topic create", &options->common)) return EXIT_USAGE;
    return session_end(&session, create_ask(&session, options));
}

/* ---- list ---- */

static int32_t replica_count(const struct metadata_topic_answer *topic)
{
    return topic->partitions.count > 0 ? topic->partitions.items[0].replicas.count : 0;
}

static int list_ask(struct session *session, const struct topic_options *options)
{
    static const char *const headings[] = { "TOPIC", ">PARTITIONS", ">REPLICAS" };
    struct json json = { .out = stdout };
    struct metadata_answer answer = { 0 };
    struct table table;

    if (!session_topics(session, &options->common.operands, &answer)) return EXIT_FAILED;
    table_begin(&table, headings, array_count(headings));
    if (options->common.json) json_open(&json, NULL, '[');
    int code = EXIT_FINE;
    for (int32_t i = 0; i < answer.topics.count; i++) {
        const struct metadata_topic_answer *topic = &answer.topics.items[i];
        if (topic->error != CODE_NONE) {
            code = session_refused(session, topic->name, topic->error, TEXT_NULL);
            continue;
        }
        if (topic->is_internal && !options->internal && options->common.operands.count == 0) continue;
        if (options->common.json) {
            json_open(&json, NULL, '{');
            json_text(&json, "topic", topic->name);
            json_number(&json, "partitions", topic->partitions.count);
            json_number(&json, "replicas", replica_count(topic));
            json_bool(&json, "internal", topic->is_internal);
            json_close(&json, '}');
        } else {
            table_text(&table, topic->name);
            table_cell(&table, "%d", topic->partitions.count);
            table_cell(&table, "%d", replica_count(topic));
        }
    }
    if (options->common.json) {
        json_close(&json, ']');
        json_line(&json);
        heap_end(&table.heap);
    } else {
        table_end(&table, stdout);
    }
    return code;
}

static int topic_list(void *given)
{
    const struct topic_options *options = given;
    struct session session;

    if (!session_begin(&session, "sluice topic list", &options->common)) return EXIT_USAGE;
    return session_end(&session, list_ask(&session, options));
}

/* ---- delete ---- */

static int delete_ask(struct session *session, const struct topic_options *options)
{
    uint32_t count = options->common.operands.count;
    struct delete_topics_topic_ask *topics = session_take(session, count * sizeof(*topics));
    struct text *names = session_take(session, count * sizeof(*names));
    struct delete_topics_ask ask = { .timeout_ms = (int32_t)session->client.timeout_ms };
    struct delete_topics_answer answer = { 0 };
    int code = EXIT_FINE;

    for (uint32_t i = 0; i < count; i++) topics[i].name = names[i] = text_of(options->common.operands.items[i]);
    ask.topics.items = topics;
    ask.topics.count = (int32_t)count;
    ask.topic_names.items = names;
    ask.topic_names.count = (int32_t)count;
    if (!session_ask(session, CLIENT_CONTROLLER, API_DELETE_TOPICS, false, &ask, &answer)) return EXIT_FAILED;
    for (int32_t i = 0; i < answer.topics.count; i++) {
        const struct delete_topics_topic_answer *topic = &answer.topics.items[i];
        if (topic->error == CODE_UNKNOWN_TOPIC_OR_PARTITION && options->if_exists) continue;
        if (topic->error != CODE_NONE) {
            code = session_refused(session, topic->name, topic->error, topic->error_message);
        } else {
            printf("deleted %.*s\n", TEXT_ARGS(topic->name));
        }
    }
    return code;
}

static int topic_delete(void *given)
{
    const struct topic_options *options = given;
    struct session session;

    if (options->common.operands.count == 0) {
        complain("sluice topic delete", "which topic?");
        return EXIT_USAGE;
    }
    if (!session_begin(&session, "sluice topic delete", &options->common)) return EXIT_USAGE;
    return session_end(&session, delete_ask(&session, options));
}

/* ---- add-partitions ---- */

static int widen_ask(struct session *session, const struct topic_options *options)
{
    const struct words *names = &options->common.operands;
    struct create_partitions_topic_ask *topics = session_take(session, names->count * sizeof(*topics));
    struct create_partitions_ask ask = {
        .topics = { topics, 0 },
        .timeout_ms = (int32_t)session->client.timeout_ms,
        .validate_only = options->validate,
    };
    struct create_partitions_answer answer = { 0 };
    struct metadata_answer known = { 0 };
    int code = EXIT_FINE;

    if (!session_topics(session, names, &known)) return EXIT_FAILED;
    for (int32_t i = 0; i < known.topics.count; i++) {
        const struct metadata_topic_answer *topic = &known.topics.items[i];
        if (topic->error != CODE_NONE) {
            code = session_refused(session, topic->name, topic->error, TEXT_NULL);
            continue;
        }
        struct create_partitions_topic_ask *one = &topics[ask.topics.count++];
        one->name = topic->name;
        one->count = topic->partitions.count + (int32_t)options->partitions;
        one->assignments.count = -1;
    }
    if (ask.topics.count == 0) return code;
    if (!session_ask(session, CLIENT_CONTROLLER, API_CREATE_PARTITIONS, false, &ask, &answer)) return EXIT_FAILED;
    for (int32_t i = 0; i < answer.topics.count; i++) {
        const struct create_partitions_topic_answer *topic = &answer.topics.items[i];
        if (topic->error != CODE_NONE) {
            code = session_refused(session, topic->name, topic->error, topic->error_message);
            continue;
        }
        for (int32_t one = 0; one < ask.topics.count; one++) {
            if (!text_equal(topics[one].name, topic->name)) continue;
            printf("%.*s %s %d partitions\n", TEXT_ARGS(topic->name), options->validate ? "could have" : "has",
                   topics[one].count);
        }
    }
    if (code == EXIT_FINE && !options->validate) topics_settle(session, names, &ask);
    return code;
}

static int topic_widen(void *given)
{
    const struct topic_options *options = given;
    struct session session;

    if (options->common.operands.count == 0 || options->partitions < 1 || options->partitions > INT16_MAX) {
        complain("sluice topic add-partitions", "which topic, and how many more (--partitions)?");
        return EXIT_USAGE;
    }
    if (!session_begin(&session, "sluice topic add-partitions", &options->common)) return EXIT_USAGE;
    return session_end(&session, widen_ask(&session, options));
}

/* ---- the table ---- */

static void create_preset(void *given)
{
    struct topic_options *options = given;

    options->partitions = -1;
    options->replication = -1;
}

/* clang-format off */
static const struct option_row create_rows[] = {
    OPTION(topic_options, partitions,    "partitions",    'p', "COUNT",      "how many (the broker's num.partitions)"),
    OPTION(topic_options, replication,   "replication",   'r', "COUNT",      "copies (default.replication.factor)"),
    OPTION(topic_options, configs,       "config",        'c', "NAME=VALUE", "a setting of the topic; again for more"),
    OPTION(topic_options, if_not_exists, "if-not-exists", 0,   NULL,         "a topic that is there already is fine"),
    OPTION(topic_options, validate,      "dry-run",       'n', NULL,         "only ask whether it could be done"),
};
static const struct option_row list_rows[] = {
    OPTION(topic_options, internal,      "internal",      'i', NULL,         "also those that brokers keep"),
};
static const struct option_row delete_rows[] = {
    OPTION(topic_options, if_exists,     "if-exists",     0,   NULL,         "a topic that is not there is fine"),
};
static const struct option_row widen_rows[] = {
    OPTION(topic_options, partitions,    "partitions",    'p', "COUNT",      "how many more"),
    OPTION(topic_options, validate,      "dry-run",       'n', NULL,         "only ask whether it could be done"),
};

#define VERB(name, operands, summary, rows, preset, run)                                                               \
    { name, operands, summary, NULL, rows, array_count(rows), sizeof(struct topic_options), preset, run }
const struct verb topic_verbs[] = {
    VERB("create",         "TOPIC...",   "make topics",                      create_rows, create_preset, topic_create),
    VERB("list",           "[TOPIC...]", "name topics",                      list_rows,   NULL,          topic_list),
    VERB("describe",       "[TOPIC...]", "leaders, offsets, settings",      list_rows,   NULL,          topic_describe),
    VERB("delete",         "TOPIC...",   "remove topics and their records",  delete_rows, NULL,          topic_delete),
    VERB("add-partitions", "TOPIC...",   "more partitions for topics",       widen_rows,  NULL,          topic_widen),
};
/* clang-format on */
