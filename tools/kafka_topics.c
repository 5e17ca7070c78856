/* tools/kafka_topics.c   kafka-topics: --create, --list, --describe, --alter, --delete. What goes wrong is told as
 * Kafka's tool tells it, on standard output, without its stack traces. */
#include <stdio.h>
#include <string.h>

#include "client/codes.h"
#include "command.h"
#include "kafka_tools.h"
#include "messages/create_partitions.h"
#include "messages/create_topics.h"
#include "messages/delete_topics.h"
#include "messages/describe_configs.h"
#include "messages/describe_partitions.h"
#include "output.h"
#include "topic_command.h"

struct topics_options {
    struct common common;
    const char *topic;
    struct words configs;
    int64_t partitions, replication;
    bool create, list, describe, alter, remove, if_exists, if_not_exists, no_internal;
    bool under_replicated, unavailable, overridden;
};

static int topics_fail(struct text what)
{
    printf("Error while executing topic command : %.*s\n", TEXT_ARGS(what));
    return EXIT_FAILED;
}

static int topics_answer(int16_t error, struct text message)
{
    return error == CODE_NONE ? EXIT_FINE : topics_fail(message.size > 0 ? message : text_of(code_name(error)));
}

static int no_topic(const struct topics_options *options)
{
    char what[512];

    if (options->if_exists) return EXIT_FINE;
    snprintf(what, sizeof(what), "Topic '%s' does not exist as expected", options->topic ? options->topic : "");
    return topics_fail(text_of(what));
}

/* ---- changes ---- */

static int topics_create(struct session *session, const struct topics_options *options)
{
    struct create_topics_config_ask *configs = session_take(session, options->configs.count * sizeof(*configs));
    struct create_topics_topic_ask topic = {
        .name = text_of(options->topic),
        .partition_count = (int32_t)options->partitions,
        .replication_factor = (int16_t)options->replication,
        .configs = { configs, (int32_t)options->configs.count },
    };
    const struct create_topics_ask ask = { .topics = { &topic, 1 }, .timeout_ms = (int32_t)session->client.timeout_ms };
    struct create_topics_answer answer = { 0 };

    for (uint32_t i = 0; i < options->configs.count; i++) {
        configs[i].value = text_of(options->configs.items[i]);
        configs[i].name = text_cut(&configs[i].value, '=');
    }
    if (strpbrk(options->topic, "._")) {
        puts("WARNING: Due to limitations in metric names, topics with a period ('.') or underscore ('_') could "
             "collide. "
             "To avoid issues it is best to use either, but not both.");
    }
    if (!session_ask(session, CLIENT_CONTROLLER, API_CREATE_TOPICS, false, &ask, &answer)) return EXIT_FAILED;
    if (answer.topics.count != 1) return topics_answer(-1, TEXT_NULL);
    const struct create_topics_topic_answer *one = &answer.topics.items[0];
    if (one->error == CODE_TOPIC_ALREADY_EXISTS && options->if_not_exists) return EXIT_FINE;
    if (one->error == CODE_NONE) {
        const struct words names = { .items = { options->topic }, .count = 1 };
        printf("Created topic %s.\n", options->topic);
        topics_settle(session, &names, NULL);
    }
    return topics_answer(one->error, one->error_message);
}

static int topics_delete(struct session *session, const struct metadata_answer *known)
{
    int32_t count = known->topics.count;
    struct delete_topics_topic_ask *topics = session_take(session, (size_t)count * sizeof(*topics));
    struct text *names = session_take(session, (size_t)count * sizeof(*names));
    const struct delete_topics_ask ask = {
        .topics = { topics, count },
        .topic_names = { names, count },
        .timeout_ms = (int32_t)session->client.timeout_ms,
    };
    struct delete_topics_answer answer = { 0 };
    int code = EXIT_FINE;

    for (int32_t i = 0; i < count; i++) topics[i].name = names[i] = known->topics.items[i].name;
    if (!session_ask(session, CLIENT_CONTROLLER, API_DELETE_TOPICS, false, &ask, &answer)) return EXIT_FAILED;
    for (int32_t i = 0; i < answer.topics.count && code == EXIT_FINE; i++) {
        code = topics_answer(answer.topics.items[i].error, answer.topics.items[i].error_message);
    }
    return code;
}

static int topics_alter(struct session *session, const struct topics_options *options,
                        const struct metadata_answer *known)
{
    int32_t count = known->topics.count;
    struct create_partitions_topic_ask *topics = session_take(session, (size_t)count * sizeof(*topics));
    const struct create_partitions_ask ask = {
        .topics = { topics, count },
        .timeout_ms = (int32_t)session->client.timeout_ms,
    };
    struct create_partitions_answer answer = { 0 };
    int code = EXIT_FINE;

    for (int32_t i = 0; i < count; i++) {
        topics[i].name = known->topics.items[i].name;
        topics[i].count = (int32_t)options->partitions;
        topics[i].assignments.count = -1;
    }
    if (!session_ask(session, CLIENT_CONTROLLER, API_CREATE_PARTITIONS, false, &ask, &answer)) return EXIT_FAILED;
    for (int32_t i = 0; i < answer.topics.count && code == EXIT_FINE; i++) {
        code = topics_answer(answer.topics.items[i].error, answer.topics.items[i].error_message);
    }
    return code;
}

/* ---- describe ---- */

struct described {
    const struct describe_configs_resource_answer *configs;
    const struct describe_partitions_topic_answer *elr; /* NULL: the broker does not tell */
};

static void print_numbers(const int32_t *items, int32_t count)
{
    for (int32_t i = 0; i < count; i++) printf(i ? ",%d" : "%d", items[i]);
}

static void print_partition(const struct topics_options *options, struct text topic,
                            const struct metadata_partition_answer *partition, const struct described *described)
{
    const struct describe_partitions_partition *elr = NULL;

    if (options->under_replicated && partition->isr.count >= partition->replicas.count) return;
    if (options->unavailable && partition->leader_id >= 0) return;
    for (int32_t i = 0; described->elr && i < described->elr->partitions.count; i++) {
        if (described->elr->partitions.items[i].index == partition->index) elr = &described->elr->partitions.items[i];
    }
    printf("\tTopic: %.*s\tPartition: %d\tLeader: ", TEXT_ARGS(topic), partition->index);
    printf(partition->leader_id < 0 ? "none" : "%d", partition->leader_id);
    fputs("\tReplicas: ", stdout);
    print_numbers(partition->replicas.items, partition->replicas.count);
    fputs("\tIsr: ", stdout);
    print_numbers(partition->isr.items, partition->isr.count);
    fputs(elr ? "\tElr: " : "\tElr: N/A", stdout);
    if (elr) print_numbers(elr->eligible_leader_replicas.items, elr->eligible_leader_replicas.count);
    fputs(elr ? "\tLastKnownElr: " : "\tLastKnownElr: N/A", stdout);
    if (elr) print_numbers(elr->last_known_elr.items, elr->last_known_elr.count);
    putchar('\n');
}

static void print_topic(const struct topics_options *options, const struct metadata_topic_answer *topic,
                        const struct described *described)
{
    int32_t replicas = topic->partitions.count > 0 ? topic->partitions.items[0].replicas.count : 0;
    bool overridden = false, first = true;
    char id[UUID_TEXT_SIZE + 1];

    for (int32_t i = 0; described->configs && i < described->configs->configs.count; i++) {
        overridden = overridden || described->configs->configs.items[i].source == CONFIG_SOURCE_TOPIC;
    }
    if (options->overridden && !overridden) return;
    if (!options->under_replicated && !options->unavailable) {
        uuid_print(topic->topic_id, id);
        printf("Topic: %.*s\tTopicId: %s\tPartitionCount: %d\tReplicationFactor: %d\tConfigs: ", TEXT_ARGS(topic->name),
               id, topic->partitions.count, replicas);
        for (int32_t i = 0; described->configs && i < described->configs->configs.count; i++) {
            const struct describe_configs_config *config = &described->configs->configs.items[i];
            if (config->source == CONFIG_SOURCE_DEFAULT) continue;
            printf("%s%.*s=%.*s", first ? "" : ",", TEXT_ARGS(config->name), TEXT_ARGS(config->value));
            first = false;
        }
        putchar('\n');
    }
    for (int32_t i = 0; !options->overridden && i < topic->partitions.count; i++) {
        print_partition(options, topic->name, &topic->partitions.items[i], described);
    }
}

/* Eligible leaders are told by an API that not every broker has. */
static const struct describe_partitions_topic_answer *ask_elr(struct session *session, struct text topic)
{
    struct describe_partitions_topic_ask one = { .name = topic };
    const struct describe_partitions_ask ask = { .topics = { &one, 1 }, .response_partition_limit = 2000 };
    struct describe_partitions_answer *answer = session_take(session, sizeof(*answer));
    struct client_call call = {
        .node = CLIENT_ANY,
        .key = API_DESCRIBE_TOPIC_PARTITIONS,
        .version_max = LATEST,
        .repeatable = true,
        .ask = &ask,
        .answer = answer,
        .arena = &session->arena,
    };

    if (client_ask(&session->client, &call) != STATUS_OK || answer->topics.count != 1) return NULL;
    return &answer->topics.items[0];
}

static int topics_describe(struct session *session, const struct topics_options *options,
                           const struct metadata_answer *known)
{
    for (int32_t i = 0; i < known->topics.count; i++) {
        const struct metadata_topic_answer *topic = &known->topics.items[i];
        struct describe_configs_resource_ask resource = { .type = 2, .name = topic->name, .keys.count = -1 };
        const struct describe_configs_ask ask = { .resources = { &resource, 1 } };
        struct describe_configs_answer *answer = session_take(session, sizeof(*answer));
        struct described described = { 0 };
        if (!session_ask(session, CLIENT_ANY, API_DESCRIBE_CONFIGS, true, &ask, answer)) return EXIT_FAILED;
        if (answer->resources.count == 1) described.configs = &answer->resources.items[0];
        described.elr = ask_elr(session, topic->name);
        print_topic(options, topic, &described);
    }
    return EXIT_FINE;
}

/* ---- the tool ---- */

static int topics_act(struct session *session, const struct topics_options *options)
{
    struct metadata_answer known = { 0 };

    if (options->create) return topics_create(session, options);
    if (!kafka_topics_matching(session, options->topic, !options->no_internal, &known)) return EXIT_FAILED;
    if (options->list) {
        for (int32_t i = 0; i < known.topics.count; i++) printf("%.*s\n", TEXT_ARGS(known.topics.items[i].name));
        return EXIT_FINE;
    }
    if (known.topics.count == 0 && options->topic) return no_topic(options);
    if (options->describe) return topics_describe(session, options, &known);
    return options->remove ? topics_delete(session, &known) : topics_alter(session, options, &known);
}

static int topics_run(void *given)
{
    static const char called[] = "kafka-topics";
    const struct topics_options *options = given;
    int actions = options->create + options->list + options->describe + options->alter + options->remove;
    struct session session;

    if (actions != 1) {
        complain(called, "Command must include exactly one action: --list, --describe, --create, --alter or --delete");
        return EXIT_FAILED;
    }
    if ((options->create || options->alter || options->remove) && !options->topic) {
        complain(called, "Missing required argument \"[topic]\"");
        return EXIT_FAILED;
    }
    if (options->alter && options->partitions < 1) {
        complain(called, "Missing required argument \"[partitions]\"");
        return EXIT_FAILED;
    }
    if (!session_begin(&session, called, &options->common)) return EXIT_FAILED;
    return session_end(&session, topics_act(&session, options));
}

static void preset(void *given)
{
    struct topics_options *options = given;

    options->partitions = -1;
    options->replication = -1;
}

/* clang-format off */
static const struct option_row rows[] = {
    OPTION(topics_options, list,             "list",                        0, NULL,         "list topics"),
    OPTION(topics_options, describe,         "describe",                    0, NULL,         "describe topics"),
    OPTION(topics_options, create,           "create",                      0, NULL,         "make a topic"),
    OPTION(topics_options, alter,            "alter",                       0, NULL,         "more partitions"),
    OPTION(topics_options, remove,           "delete",                      0, NULL,         "remove topics"),
    OPTION(topics_options, topic,            "topic",                       0, "TOPIC",      "a name or expression"),
    OPTION(topics_options, partitions,       "partitions",                  0, "COUNT",      "how many"),
    OPTION(topics_options, replication,      "replication-factor",          0, "COUNT",      "on how many brokers"),
    OPTION(topics_options, configs,          "config",                      0, "NAME=VALUE", "a setting"),
    OPTION(topics_options, if_exists,        "if-exists",                   0, NULL,         "a missing topic is fine"),
    OPTION(topics_options, if_not_exists,    "if-not-exists",               0, NULL,         "one that is there: fine"),
    OPTION(topics_options, no_internal,      "exclude-internal",            0, NULL,         "without internal topics"),
    OPTION(topics_options, under_replicated, "under-replicated-partitions", 0, NULL,         "only these"),
    OPTION(topics_options, unavailable,      "unavailable-partitions",      0, NULL,         "only these"),
    OPTION(topics_options, overridden,       "topics-with-overrides",       0, NULL,         "only these"),
};
/* clang-format on */

const struct verb kafka_topics_verb = {
    "", "", "Kafka's kafka-topics", NULL, rows, array_count(rows), sizeof(struct topics_options), preset, topics_run,
};
