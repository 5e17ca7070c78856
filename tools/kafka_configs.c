/* tools/kafka_configs.c   kafka-configs: --describe and --alter of topics, brokers, groups and client metrics. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/codes.h"
#include "command.h"
#include "kafka_tools.h"
#include "messages/describe_configs.h"
#include "messages/incremental_alter_configs.h"
#include "output.h"

struct configs_options {
    struct common common;
    const char *type, *name, *topic, *broker, *group, *metrics, *add, *remove;
    bool describe, alter, all, by_default, broker_defaults;
};

struct entity {
    int8_t type;
    const char *word; /* "topic", as Kafka prints it */
    struct text name; /* empty: the default of brokers */
    int8_t dynamic;   /* where its own values come from */
};

static const struct {
    const char *plural, *word;
    int8_t type, dynamic;
} kinds[] = {
    { "topics", "topic", 2, CONFIG_SOURCE_TOPIC },
    { "brokers", "broker", 4, CONFIG_SOURCE_DYNAMIC_BROKER },
    { "client-metrics", "client-metric", 16, CONFIG_SOURCE_CLIENT_METRICS },
    { "groups", "group", 32, CONFIG_SOURCE_GROUP },
};

static const char *const sources[] = {
    [CONFIG_SOURCE_UNKNOWN] = "UNKNOWN",
    [CONFIG_SOURCE_TOPIC] = "DYNAMIC_TOPIC_CONFIG",
    [CONFIG_SOURCE_DYNAMIC_BROKER] = "DYNAMIC_BROKER_CONFIG",
    [CONFIG_SOURCE_DYNAMIC_DEFAULT_BROKER] = "DYNAMIC_DEFAULT_BROKER_CONFIG",
    [CONFIG_SOURCE_STATIC_BROKER] = "STATIC_BROKER_CONFIG",
    [CONFIG_SOURCE_DEFAULT] = "DEFAULT_CONFIG",
    [CONFIG_SOURCE_DYNAMIC_BROKER_LOGGER] = "DYNAMIC_BROKER_LOGGER_CONFIG",
    [CONFIG_SOURCE_CLIENT_METRICS] = "DYNAMIC_CLIENT_METRICS_CONFIG",
    [CONFIG_SOURCE_GROUP] = "DYNAMIC_GROUP_CONFIG",
};

static const char *source_name(int8_t source)
{
    return source >= 0 && (size_t)source < array_count(sources) ? sources[source] : sources[0];
}

/* What the flags name; false: nothing, or a kind that there is none of. A null name means all of the kind. */
static bool entity_read(const struct configs_options *options, struct entity *entity)
{
    const char *plural = options->type, *name = options->name;

    if (options->topic) plural = "topics", name = options->topic;
    if (options->broker) plural = "brokers", name = options->broker;
    if (options->broker_defaults) plural = "brokers";
    if (options->group) plural = "groups", name = options->group;
    if (options->metrics) plural = "client-metrics", name = options->metrics;
    for (size_t i = 0; plural && i < array_count(kinds); i++) {
        if (strcmp(kinds[i].plural, plural) != 0) continue;
        *entity = (struct entity){ kinds[i].type, kinds[i].word, text_of(name), kinds[i].dynamic };
        if (options->broker_defaults || options->by_default) {
            entity->name = TEXT("");
            entity->dynamic = CONFIG_SOURCE_DYNAMIC_DEFAULT_BROKER;
        }
        return true;
    }
    return false;
}

static int32_t node_of(const struct entity *entity)
{
    int64_t node = CLIENT_ANY;

    if (strcmp(entity->word, "broker") != 0 || !text_to_i64(entity->name, &node)) return CLIENT_ANY;
    return (int32_t)node;
}

/* ---- describe ---- */

static int config_order(const void *a, const void *b)
{
    return text_compare(((const struct describe_configs_config *)a)->name,
                        ((const struct describe_configs_config *)b)->name);
}

static void print_value(struct text value)
{
    printf("%.*s", value.data ? (int)value.size : 4, value.data ? value.data : "null");
}

static void print_config(const struct describe_configs_config *config)
{
    printf("  %.*s=", TEXT_ARGS(config->name));
    print_value(config->value);
    printf(" sensitive=%s synonyms={", config->is_sensitive ? "true" : "false");
    for (int32_t i = 0; i < config->synonyms.count; i++) {
        const struct describe_configs_synonym *synonym = &config->synonyms.items[i];
        printf("%s%s:%.*s=", i ? ", " : "", source_name(synonym->source), TEXT_ARGS(synonym->name));
        print_value(synonym->value);
    }
    puts("}");
}

static int describe_one(struct session *session, const struct configs_options *options, const struct entity *entity)
{
    struct describe_configs_resource_ask one = { .type = entity->type, .name = entity->name, .keys.count = -1 };
    const struct describe_configs_ask ask = { .resources = { &one, 1 }, .include_synonyms = true };
    const char *which = options->all ? "All" : "Dynamic";
    struct describe_configs_answer answer = { 0 };

    if (!session_ask(session, node_of(entity), API_DESCRIBE_CONFIGS, true, &ask, &answer)) return EXIT_FAILED;
    if (answer.resources.count != 1) return session_refused(session, entity->name, -1, TEXT_NULL);
    struct describe_configs_resource_answer *told = &answer.resources.items[0];
    if (told->error != CODE_NONE) return session_refused(session, entity->name, told->error, told->error_message);
    if (entity->name.size == 0) {
        puts("Default configs for brokers in the cluster are:");
    } else {
        printf("%s configs for %s %.*s are:\n", which, entity->word, TEXT_ARGS(entity->name));
    }
    if (told->configs.count > 0) {
        qsort(told->configs.items, (size_t)told->configs.count, sizeof(*told->configs.items), config_order);
    }
    for (int32_t i = 0; i < told->configs.count; i++) {
        if (options->all || told->configs.items[i].source == entity->dynamic) print_config(&told->configs.items[i]);
    }
    return EXIT_FINE;
}

/* All topics, or all brokers and their default. */
static int describe_all(struct session *session, const struct configs_options *options, struct entity entity)
{
    struct metadata_answer known = { 0 };
    int code = EXIT_FINE;

    if (!kafka_topics_matching(session, NULL, true, &known)) return EXIT_FAILED;
    if (strcmp(entity.word, "topic") == 0) {
        for (int32_t i = 0; i < known.topics.count && code == EXIT_FINE; i++) {
            entity.name = known.topics.items[i].name;
            code = describe_one(session, options, &entity);
        }
        return code;
    }
    if (strcmp(entity.word, "broker") != 0) {
        complain(session->called, "which %s? --entity-name", entity.word);
        return EXIT_FAILED;
    }
    for (int32_t i = 0; i < known.brokers.count && code == EXIT_FINE; i++) {
        entity.name = text_format(&session->arena, "%d", known.brokers.items[i].node_id);
        code = describe_one(session, options, &entity);
    }
    entity.name = TEXT("");
    entity.dynamic = CONFIG_SOURCE_DYNAMIC_DEFAULT_BROKER;
    return code == EXIT_FINE ? describe_one(session, options, &entity) : code;
}

/* ---- alter ---- */

/* "a=1,b=[2,3]": the next piece, with its brackets. */
static struct text next_piece(struct text *rest)
{
    size_t depth = 0, at = 0;

    while (at < rest->size && (depth > 0 || rest->data[at] != ',')) {
        if (rest->data[at] == '[') depth++;
        if (rest->data[at] == ']' && depth > 0) depth--;
        at++;
    }
    struct text piece = { rest->data, at };
    *rest = at < rest->size ? (struct text){ rest->data + at + 1, rest->size - at - 1 } : TEXT_NULL;
    return text_trim(piece);
}

static bool changes_read(struct session *session, const struct configs_options *options,
                         struct incremental_alter_configs_resource_ask *one)
{
    enum { OPERATION_SET, OPERATION_DELETE };
    struct text add = text_of(options->add), remove = text_of(options->remove);

    one->configs.items = session_take(session, (add.size + remove.size + 2) * sizeof(*one->configs.items));
    while (add.data) {
        struct text value = next_piece(&add);
        struct text name = text_trim(text_cut(&value, '='));
        if (!value.data || name.size == 0) return false;
        value = text_trim(value);
        if (value.size >= 2 && value.data[0] == '[' && value.data[value.size - 1] == ']') {
            value = (struct text){ value.data + 1, value.size - 2 };
        }
        one->configs.items[one->configs.count++] =
            (struct incremental_alter_configs_config){ .name = name, .operation = OPERATION_SET, .value = value };
    }
    while (remove.data) {
        struct text name = next_piece(&remove);
        if (name.size == 0) return false;
        one->configs.items[one->configs.count++] =
            (struct incremental_alter_configs_config){ .name = name, .operation = OPERATION_DELETE };
    }
    return one->configs.count > 0;
}

static int alter(struct session *session, const struct configs_options *options, const struct entity *entity)
{
    struct incremental_alter_configs_resource_ask one = { .type = entity->type, .name = entity->name };
    const struct incremental_alter_configs_ask ask = { .resources = { &one, 1 } };
    struct incremental_alter_configs_answer answer = { 0 };
    int32_t node = node_of(entity);

    if (!changes_read(session, options, &one)) {
        complain(session->called, "--add-config is NAME=VALUE,... (with [] around a list), --delete-config NAME,...");
        return EXIT_FAILED;
    }
    if (node == CLIENT_ANY) node = CLIENT_CONTROLLER;
    if (!session_ask(session, node, API_INCREMENTAL_ALTER_CONFIGS, false, &ask, &answer)) return EXIT_FAILED;
    for (int32_t i = 0; i < answer.resources.count; i++) {
        const struct incremental_alter_configs_resource_answer *told = &answer.resources.items[i];
        if (told->error == CODE_NONE) continue;
        fprintf(stderr, "Error while executing config command\n");
        return session_refused(session, entity->name, told->error, told->error_message);
    }
    if (entity->name.size == 0) {
        puts("Completed updating default config for brokers in the cluster.");
    } else {
        printf("Completed updating config for %s %.*s.\n", entity->word, TEXT_ARGS(entity->name));
    }
    return EXIT_FINE;
}

/* ---- the tool ---- */

static int configs_run(void *given)
{
    static const char called[] = "kafka-configs";
    const struct configs_options *options = given;
    struct session session;
    struct entity entity;
    int code;

    if (options->describe == options->alter) {
        complain(called, "Command must include exactly one action: --describe, --alter");
        return EXIT_FAILED;
    }
    if (!entity_read(options, &entity)) {
        complain(called, "At least one entity type must be specified: --entity-type topics, brokers, groups or "
                         "client-metrics, or --topic, --broker, --broker-defaults, --group, --client-metrics");
        return EXIT_FAILED;
    }
    if (options->alter && !entity.name.data) {
        complain(called, "an entity name must be specified with --alter");
        return EXIT_FAILED;
    }
    if (!session_begin(&session, called, &options->common)) return EXIT_FAILED;
    if (options->alter) {
        code = alter(&session, options, &entity);
    } else {
        code = entity.name.data ? describe_one(&session, options, &entity) : describe_all(&session, options, entity);
    }
    return session_end(&session, code);
}

/* clang-format off */
static const struct option_row rows[] = {
    OPTION(configs_options, describe,        "describe",        0, NULL,   "show settings"),
    OPTION(configs_options, alter,           "alter",           0, NULL,   "change settings"),
    OPTION(configs_options, type,            "entity-type",     0, "KIND", "topics, brokers, groups or client-metrics"),
    OPTION(configs_options, name,            "entity-name",     0, "NAME", "of what"),
    OPTION(configs_options, by_default,      "entity-default",  0, NULL,   "the default of all brokers"),
    OPTION(configs_options, topic,           "topic",           0, "NAME", "of this topic"),
    OPTION(configs_options, broker,          "broker",          0, "ID",   "of this broker"),
    OPTION(configs_options, broker_defaults, "broker-defaults", 0, NULL,   "the default of all brokers"),
    OPTION(configs_options, group,           "group",           0, "NAME", "of this group"),
    OPTION(configs_options, metrics,         "client-metrics",  0, "NAME", "of these client metrics"),
    OPTION(configs_options, all,             "all",             0, NULL,   "also what nobody set"),
    OPTION(configs_options, add,             "add-config",      0, "LIST", "NAME=VALUE,NAME=[VALUE,VALUE]"),
    OPTION(configs_options, remove,          "delete-config",   0, "LIST", "NAME,..."),
};
/* clang-format on */

const struct verb kafka_configs_verb = {
    "", "", "Kafka's kafka-configs", NULL, rows, array_count(rows), sizeof(struct configs_options), NULL, configs_run,
};
