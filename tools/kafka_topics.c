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
    const char *topic, *id, *assignment, *config_file, *unset;
    struct words configs;
    int64_t partitions, replication, page;
    bool create, list, describe, alter, remove, if_exists, if_not_exists, no_internal;
    bool under_replicated, under_min_isr, at_min_isr, unavailable, overridden;
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
    snprintf(what, sizeof(what), "Topic%s '%s' does not exist as expected", options->id ? "Id" : "",
             options->id ? options->id : options->topic);
    return topics_fail(text_of(what));
}

/* ---- changes ---- */

/* "1:2,2:3": brokers of partition 0, of partition 1. False: it is none. */
static bool assignment_read(struct session *session, const char *word, struct create_topics_topic_ask *topic)
{
    struct text rest = text_of(word);

    topic->assignments.items = session_take(session, (rest.size + 1) * sizeof(*topic->assignments.items));
    while (rest.data) {
        struct text brokers = text_cut(&rest, ',');
        struct create_topics_assignment *one = &topic->assignments.items[topic->assignments.count];
        one->index = topic->assignments.count++;
        one->broker_ids.items = session_take(session, (brokers.size + 1) * sizeof(*one->broker_ids.items));
        one->broker_ids.count = 0;
        while (brokers.data) {
            int64_t id;
            if (!text_to_i64(text_trim(text_cut(&brokers, ':')), &id) || id < 0 || id > INT32_MAX) return false;
            one->broker_ids.items[one->broker_ids.count++] = (int32_t)id;
        }
    }
    return true;
}

static int no_assignment(const char *word)
{
    char what[512];

    snprintf(what, sizeof(what), "For input string: \"%s\"", word);
    return topics_fail(text_of(what));
}

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
        if (configs[i].value.data) continue;
        return topics_fail(TEXT("requirement failed: Invalid topic config: all configs to be added must be in the "
                                "format \"key=val\"."));
    }
    if (options->assignment && !assignment_read(session, options->assignment, &topic)) {
        return no_assignment(options->assignment);
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
    struct create_topics_topic_ask placed = { 0 };
    int code = EXIT_FINE;

    if (options->assignment && !assignment_read(session, options->assignment, &placed)) {
        return no_assignment(options->assignment);
    }
    struct create_partitions_assignment *places =
        session_take(session, (size_t)(placed.assignments.count + 1) * sizeof(*places));
    for (int32_t i = 0; i < placed.assignments.count; i++) {
        places[i].broker_ids.items = placed.assignments.items[i].broker_ids.items;
        places[i].broker_ids.count = placed.assignments.items[i].broker_ids.count;
    }
    for (int32_t i = 0; i < count; i++) {
        int32_t there = min_of(known->topics.items[i].partitions.count, placed.assignments.count);
        topics[i].name = known->topics.items[i].name;
        topics[i].count = (int32_t)options->partitions;
        topics[i].assignments.count = -1;
        if (!options->assignment) continue;
        topics[i].assignments.items = places + there; /* Whoever counts them counts those that are there already. */
        topics[i].assignments.count = placed.assignments.count - there;
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
    const struct describe_partitions_partition **elr; /* by partition; NULL: the broker does not tell */
    int64_t min_isr;
};

/* Does any of the flags that choose partitions leave this one out? */
static bool is_left_out(const struct topics_options *options, const struct metadata_partition_answer *partition,
                        int64_t min_isr)
{
    if (options->under_replicated && partition->isr.count >= partition->replicas.count) return true;
    if (options->under_min_isr && partition->isr.count >= min_isr) return true;
    if (options->at_min_isr && partition->isr.count != min_isr) return true;
    return options->unavailable && partition->leader_id >= 0;
}

static void print_numbers(const int32_t *items, int32_t count)
{
    for (int32_t i = 0; i < count; i++) printf(i ? ",%d" : "%d", items[i]);
}

static void print_partition(const struct topics_options *options, struct text topic,
                            const struct metadata_partition_answer *partition, int64_t min_isr,
                            const struct describe_partitions_partition *elr)
{
    if (is_left_out(options, partition, min_isr)) return;
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
    if (!options->under_replicated && !options->under_min_isr && !options->at_min_isr && !options->unavailable) {
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
        print_partition(options, topic->name, &topic->partitions.items[i], described->min_isr,
                        described->elr ? described->elr[i] : NULL);
    }
}

/* Eligible leaders are told by an API that not every broker has, so many partitions a page. */
static const struct describe_partitions_partition **ask_elr(struct session *session,
                                                            const struct metadata_topic_answer *topic, int64_t page)
{
    struct describe_partitions_topic_ask one = { .name = topic->name };
    struct describe_partitions_cursor cursor = { .topic_name = topic->name };
    struct describe_partitions_ask ask = { .topics = { &one, 1 },
                                           .response_partition_limit = (int32_t)min_of(max_of(page, 1), INT32_MAX) };
    const struct describe_partitions_partition **elr =
        session_take(session, (size_t)(topic->partitions.count + 1) * sizeof(const void *));
    int32_t at = 0;

    for (;;) {
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
        *answer = (struct describe_partitions_answer){ 0 };
        if (client_ask(&session->client, &call) != STATUS_OK || answer->topics.count != 1) return NULL;
        const struct describe_partitions_topic_answer *told = &answer->topics.items[0];
        for (int32_t i = 0; i < told->partitions.count && at < topic->partitions.count; i++, at++) {
            if (told->partitions.items[i].index != topic->partitions.items[at].index) return NULL;
            elr[at] = &told->partitions.items[i];
        }
        if (at == topic->partitions.count) return elr;
        if (!answer->next_cursor || told->partitions.count == 0) return NULL;
        cursor.partition_index = at;
        ask.cursor = &cursor;
    }
}

static int64_t min_isr_of(const struct describe_configs_resource_answer *configs)
{
    int64_t min_isr = 1;

    for (int32_t i = 0; configs && i < configs->configs.count; i++) {
        const struct describe_configs_config *config = &configs->configs.items[i];
        if (text_equal(config->name, TEXT("min.insync.replicas")) && !text_to_i64(config->value, &min_isr)) min_isr = 1;
    }
    return min_isr;
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
        described.elr = ask_elr(session, topic, options->page);
        described.min_isr = min_isr_of(described.configs);
        print_topic(options, topic, &described);
    }
    return EXIT_FINE;
}

/* ---- the tool ---- */

/* Keeps the topic of that id alone; false: there is no such id, which was complained about. */
static bool only_with_id(const char *word, struct metadata_answer *known)
{
    struct uuid id;
    int32_t kept = 0;

    if (!uuid_parse(text_of(word), &id)) {
        (void)topics_fail(TEXT("the topic id is not one: 22 letters of Base64"));
        return false;
    }
    for (int32_t i = 0; i < known->topics.count; i++) {
        if (uuid_equal(known->topics.items[i].topic_id, id)) known->topics.items[kept++] = known->topics.items[i];
    }
    known->topics.count = kept;
    return true;
}

static int topics_act(struct session *session, const struct topics_options *options)
{
    struct metadata_answer known = { 0 };
    struct words properties = { .count = 0 };
    const char *topic = options->id ? NULL : options->topic;

    if (!kafka_properties_read(session, options->config_file, &properties)) return EXIT_FAILED;
    if (options->create) return topics_create(session, options);
    if (!kafka_expression(topic)) {
        return topics_fail(text_format(&session->arena, "%s is an invalid regex.", topic));
    }
    if (!kafka_topics_matching(session, topic, !options->no_internal, &known)) return EXIT_FAILED;
    if (options->id && !only_with_id(options->id, &known)) return EXIT_FAILED;
    if (options->list) {
        for (int32_t i = 0; i < known.topics.count; i++) printf("%.*s\n", TEXT_ARGS(known.topics.items[i].name));
        if (known.topics.count == 0) putchar('\n'); /* as Kafka's: a line, with nothing in it */
        return EXIT_FINE;
    }
    if (known.topics.count == 0 && (options->topic || options->id)) return no_topic(options);
    if (options->describe) return topics_describe(session, options, &known);
    return options->remove ? topics_delete(session, &known) : topics_alter(session, options, &known);
}

/* What Kafka's tool complains about before it asks anybody. */
static bool topics_check(const char *called, const struct topics_options *options)
{
    static const struct kafka_conflict conflicts[] = {
        { "config", "list describe delete" },
        { "partitions", "list describe delete" },
        { "replication-factor", "alter list describe delete" },
        { "replica-assignment", "list describe delete" },
        { "under-replicated-partitions", "topics-with-overrides create list alter delete" },
        { "under-min-isr-partitions", "topics-with-overrides create list alter delete" },
        { "at-min-isr-partitions", "topics-with-overrides create list alter delete" },
        { "unavailable-partitions", "topics-with-overrides create list alter delete" },
        { "topics-with-overrides", "create list alter delete" },
        { "if-exists", "create list" },
        { "if-not-exists", "list alter describe delete" },
        { "exclude-internal", "create alter delete" },
    };
    static const struct kafka_conflict placing[] = { { "replica-assignment", "partitions replication-factor" } };
    int actions = options->create + options->list + options->describe + options->alter + options->remove;

    if (actions != 1) {
        complain(called, "Command must include exactly one action: --list, --describe, --create, --alter or --delete");
        return false;
    }
    if (options->unset) {
        fputs("delete-config option is no longer supported and deprecated since version 4.0. The config will be fully "
              "removed in future releases.\n",
              stderr);
    }
    if (!options->list && !options->describe && !options->topic) {
        complain(called, "Missing required argument \"[topic]\"");
        return false;
    }
    if (options->alter && options->configs.count > 0) {
        complain(called,
                 "Option combination \"[[config], [bootstrap-server]]\" can't be used with option \"[alter]\" (To "
                 "alter topic configurations, the kafka-configs tool can be used.)");
        return false;
    }
    if (options->alter && options->partitions == -1) {
        complain(called, "Missing required argument \"[partitions]\"");
        return false;
    }
    if (!kafka_conflicts_none(called, &kafka_topics_verb, options, conflicts, array_count(conflicts))) return false;
    return !options->create || kafka_conflicts_none(called, &kafka_topics_verb, options, placing, array_count(placing));
}

static int topics_run(void *given)
{
    static const char called[] = "kafka-topics";
    const struct topics_options *options = given;
    struct session session;

    if (!topics_check(called, options)) return EXIT_FAILED;
    if (options->partitions < -1 || options->partitions == 0 || options->partitions > INT32_MAX) {
        return topics_fail(TEXT("The partitions must be greater than 0"));
    }
    if (options->replication < -1 || options->replication == 0 || options->replication > INT16_MAX) {
        return topics_fail(TEXT("The replication factor must be between 1 and 32767 inclusive"));
    }
    if (!session_begin(&session, called, &options->common)) return EXIT_FAILED;
    return session_end(&session, topics_act(&session, options));
}

static void preset(void *given)
{
    struct topics_options *options = given;

    options->partitions = -1;
    options->replication = -1;
    options->page = 2000;
}

/* clang-format off */
static const struct option_row rows[] = {
    OPTION(topics_options, list,             "list",                              0, NULL,         "list topics"),
    OPTION(topics_options, describe,         "describe",                          0, NULL,         "describe topics"),
    OPTION(topics_options, create,           "create",                            0, NULL,         "make a topic"),
    OPTION(topics_options, alter,            "alter",                             0, NULL,         "more partitions"),
    OPTION(topics_options, remove,           "delete",                            0, NULL,         "remove topics"),
    OPTION(topics_options, topic, "topic", 0, "TOPIC",      "a name or expression"),
    OPTION(topics_options, partitions,       "partitions",                        0, "COUNT",      "how many"),
    OPTION(topics_options, replication, "replication-factor", 0, "COUNT",      "on how many brokers"),
    OPTION(topics_options, configs,          "config",                            0, "NAME=VALUE", "a setting"),
    OPTION(topics_options, if_exists, "if-exists", 0, NULL,         "a missing topic is fine"),
    OPTION(topics_options, if_not_exists, "if-not-exists", 0, NULL,         "one that is there: fine"),
    OPTION(topics_options, no_internal, "exclude-internal", 0, NULL,         "without internal topics"),
    OPTION(topics_options, under_replicated, "under-replicated-partitions",       0, NULL,         "only these"),
    OPTION(topics_options, unavailable,      "unavailable-partitions",            0, NULL,         "only these"),
    OPTION(topics_options, under_min_isr,    "under-min-isr-partitions",          0, NULL,         "only these"),
    OPTION(topics_options, at_min_isr,       "at-min-isr-partitions",             0, NULL,         "only these"),
    OPTION(topics_options, overridden,       "topics-with-overrides",             0, NULL,         "only these"),
    OPTION(topics_options, id, "topic-id", 0, "ID",         "describe the topic of it"),
    OPTION(topics_options, assignment,       "replica-assignment",                0, "LIST",       "brokers: 1:2,2:3"),
    OPTION(topics_options, page, "partition-size-limit-per-response", 0, "N",          "partitions per answer"),
    OPTION(topics_options, unset, "delete-config", 0, "NAME",       "Kafka took it away"),
    OPTION(topics_options, config_file, "command-config", 0, "FILE",       "properties of a client"),
};
/* clang-format on */

const struct verb kafka_topics_verb = {
    "", "", "Kafka's kafka-topics", NULL, rows, array_count(rows), sizeof(struct topics_options), preset, topics_run,
};
