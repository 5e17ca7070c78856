/* tools/kafka_configs.c   kafka-configs: its command line, and --describe and --alter of topics, brokers, their
 * loggers, groups and client metrics. Users, clients and addresses are kafka_quotas.c's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/codes.h"
#include "command.h"
#include "kafka_configs.h"
#include "messages/describe_configs.h"
#include "messages/list_config_resources.h"
#include "output.h"

struct configs_options {
    struct common common;
    const char *topic, *broker, *logger, *group, *metrics, *add, *add_file, *config_file, *controller;
    struct words remove;
    const char *user, *client, *ip;
    struct words types, names; /* an --entity-default is a name too, an empty one */
    bool describe, alter, all, broker_defaults, user_defaults, client_defaults, ip_defaults;
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
    { "broker-loggers", "broker-logger", 8, CONFIG_SOURCE_DYNAMIC_BROKER_LOGGER },
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

static void name_add(struct kafka_named *named, const char *plural, const char *name)
{
    named->plurals[named->plural_count++] = plural;
    named->names[named->name_count++] = name;
}

static bool flags_name(const struct configs_options *options)
{
    return options->topic || options->client || options->user || options->broker || options->logger || options->ip ||
           options->group || options->metrics || options->user_defaults || options->client_defaults ||
           options->broker_defaults || options->ip_defaults;
}

/* In Kafka's order: the first is the one that is told of when something was changed. */
static struct kafka_named names_read(const struct configs_options *options)
{
    enum { TYPED_MAX = 3 }; /* more than two are wrong, and every kind has two flags at most */
    struct kafka_named named = { .plural_count = 0 };

    for (uint32_t i = 0; i < min_of(options->types.count, TYPED_MAX); i++) {
        named.plurals[named.plural_count++] = options->types.items[i];
    }
    for (uint32_t i = 0; i < min_of(options->names.count, TYPED_MAX); i++) {
        named.names[named.name_count++] = options->names.items[i];
    }
    if (options->topic) name_add(&named, "topics", options->topic);
    if (options->client) name_add(&named, "clients", options->client);
    if (options->user) name_add(&named, "users", options->user);
    if (options->broker) name_add(&named, "brokers", options->broker);
    if (options->logger) name_add(&named, "broker-loggers", options->logger);
    if (options->ip) name_add(&named, "ips", options->ip);
    if (options->metrics) name_add(&named, "client-metrics", options->metrics);
    if (options->group) name_add(&named, "groups", options->group);
    if (options->client_defaults) name_add(&named, "clients", "");
    if (options->user_defaults) name_add(&named, "users", "");
    if (options->broker_defaults) name_add(&named, "brokers", "");
    if (options->ip_defaults) name_add(&named, "ips", "");
    return named;
}

/* Kinds that go together; false: complained about. */
static bool names_check(const char *called, const struct configs_options *options, const struct kafka_named *named)
{
    bool quotas = named->plural_count == 2;

    if (named->plural_count == 0) {
        complain(called, "At least one entity type must be specified");
        return false;
    }
    for (uint32_t i = 0; i < named->plural_count; i++) {
        quotas = quotas && kafka_quotas_has(named->plurals[i]) && strcmp(named->plurals[i], "ips") != 0;
        for (uint32_t k = 0; k < i; k++) {
            if (strcmp(named->plurals[i], named->plurals[k]) != 0) continue;
            complain(called, "Duplicate entity type(s) specified: %s", named->plurals[i]);
            return false;
        }
    }
    if (named->plural_count > 1 && !quotas) {
        complain(called, "Only 'users' and 'clients' entity types may be specified together");
        return false;
    }
    if ((options->types.count == 0 && options->names.count == 0) || !flags_name(options)) return true;
    complain(called, "--entity-{type,name,default} should not be used in conjunction with specific entity flags");
    return false;
}

static bool is_of_broker(const struct entity *entity)
{
    return strncmp(entity->word, "broker", strlen("broker")) == 0;
}

/* One of the kinds that are not kafka_quotas.c's; false: complained about. A null name means all of the kind. */
static bool entity_read(const char *called, const struct kafka_named *named, struct entity *entity)
{
    const char *name = named->name_count > 0 ? named->names[0] : NULL;
    int64_t node;

    for (size_t i = 0; i < array_count(kinds); i++) {
        if (strcmp(kinds[i].plural, named->plurals[0]) != 0) continue;
        *entity = (struct entity){ kinds[i].type, kinds[i].word, text_of(name), kinds[i].dynamic };
        if (name && !*name) entity->dynamic = CONFIG_SOURCE_DYNAMIC_DEFAULT_BROKER;
        if (!is_of_broker(entity) || entity->name.size == 0) return true;
        if (text_to_i64(entity->name, &node) && node >= 0 && node <= INT32_MAX) return true;
        complain(called, "The entity name for brokers must be a valid integer broker id, but it is: %.*s",
                 TEXT_ARGS(entity->name));
        return false;
    }
    complain(called,
             "Invalid entity type %s, the entity type must be one of topics, clients, users, brokers, ips, "
             "client-metrics, groups, broker-loggers with a --bootstrap-server or --bootstrap-controller argument",
             named->plurals[0]);
    return false;
}

static int32_t node_of(const struct entity *entity)
{
    int64_t node = CLIENT_ANY;

    if (!is_of_broker(entity) || !text_to_i64(entity->name, &node)) return CLIENT_ANY;
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
    struct describe_configs_answer answer = { 0 };

    if (entity->name.size == 0) {
        puts("Default configs for brokers in the cluster are:");
    } else {
        printf("%s configs for %s %.*s are:\n", options->all ? "All" : "Dynamic", entity->word,
               TEXT_ARGS(entity->name));
    }
    if (!session_ask(session, node_of(entity), API_DESCRIBE_CONFIGS, true, &ask, &answer)) return EXIT_FAILED;
    if (answer.resources.count != 1) return session_refused(session, entity->name, -1, TEXT_NULL);
    struct describe_configs_resource_answer *told = &answer.resources.items[0];
    if (told->error != CODE_NONE) return session_refused(session, entity->name, told->error, told->error_message);
    if (told->configs.count > 0) {
        qsort(told->configs.items, (size_t)told->configs.count, sizeof(*told->configs.items), config_order);
    }
    for (int32_t i = 0; i < told->configs.count; i++) {
        if (options->all || told->configs.items[i].source == entity->dynamic) print_config(&told->configs.items[i]);
    }
    return EXIT_FINE;
}

/* Every name of the kind; false: complained about. */
static bool names_ask(struct session *session, const struct entity *entity, struct text **names, uint32_t *count)
{
    int8_t type = entity->type;
    const struct list_config_resources_ask ask = { .types = { &type, 1 } };
    struct list_config_resources_answer answer = { 0 };
    struct metadata_answer known = { 0 };

    *count = 0;
    if (strcmp(entity->word, "client-metric") == 0 || strcmp(entity->word, "group") == 0) {
        if (!session_ask(session, CLIENT_ANY, API_LIST_CONFIG_RESOURCES, true, &ask, &answer)) return false;
        *names = session_take(session, (size_t)(answer.resources.count + 1) * sizeof(**names));
        for (int32_t i = 0; i < answer.resources.count; i++) (*names)[(*count)++] = answer.resources.items[i].name;
        return true;
    }
    if (!kafka_topics_matching(session, NULL, true, &known)) return false;
    *names = session_take(session, (size_t)(known.topics.count + known.brokers.count) * sizeof(**names));
    for (int32_t i = 0; !is_of_broker(entity) && i < known.topics.count; i++) {
        (*names)[(*count)++] = known.topics.items[i].name;
    }
    for (int32_t i = 0; is_of_broker(entity) && i < known.brokers.count; i++) {
        (*names)[(*count)++] = text_format(&session->arena, "%d", known.brokers.items[i].node_id);
    }
    return true;
}

/* What is named, or all of its kind: brokers with their default. A group may be there without settings. */
static int describe(struct session *session, const struct configs_options *options, struct entity entity)
{
    struct text *names;
    uint32_t count;
    int code = EXIT_FINE;

    if (entity.name.data && (entity.name.size == 0 || options->all || strcmp(entity.word, "group") == 0)) {
        return describe_one(session, options, &entity);
    }
    if (!names_ask(session, &entity, &names, &count)) return EXIT_FAILED;
    if (entity.name.data) {
        for (uint32_t i = 0; i < count; i++) {
            if (text_equal(names[i], entity.name)) return describe_one(session, options, &entity);
        }
        printf("The %s '%.*s' doesn't exist and doesn't have dynamic config.\n", entity.word, TEXT_ARGS(entity.name));
        return EXIT_FINE;
    }
    for (uint32_t i = 0; i < count && code == EXIT_FINE; i++) {
        entity.name = names[i];
        code = describe_one(session, options, &entity);
    }
    if (code != EXIT_FINE || strcmp(entity.word, "broker") != 0) return code;
    entity.name = TEXT("");
    entity.dynamic = CONFIG_SOURCE_DYNAMIC_DEFAULT_BROKER;
    return describe_one(session, options, &entity);
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

/* What is set twice is set to the last. */
static void change_add(struct incremental_alter_configs_resource_ask *one, int8_t operation, struct text name,
                       struct text value)
{
    for (int32_t i = 0; operation == KAFKA_CHANGE_SET && i < one->configs.count; i++) {
        if (!text_equal(one->configs.items[i].name, name)) continue;
        one->configs.items[i].value = value;
        return;
    }
    one->configs.items[one->configs.count++] =
        (struct incremental_alter_configs_config){ .name = name, .operation = operation, .value = value };
}

static bool changes_read(struct session *session, const struct configs_options *options,
                         struct incremental_alter_configs_resource_ask *one)
{
    struct text add = text_of(options->add);
    size_t removed_size = 0;
    struct words file = { .count = 0 };

    if (!kafka_properties_read(session, options->add_file, &file)) return false;
    for (uint32_t i = 0; i < options->remove.count; i++) removed_size += strlen(options->remove.items[i]) + 1;
    one->configs.items =
        session_take(session, (add.size + removed_size + file.count + 2) * sizeof(*one->configs.items));
    for (uint32_t i = 0; i < file.count; i++) {
        struct text value = text_of(file.items[i]), name = text_cut(&value, '=');
        change_add(one, KAFKA_CHANGE_SET, name, value);
    }
    while (add.data) {
        struct text value = next_piece(&add), name = text_trim(text_cut(&value, '='));
        if (!value.data || name.size == 0) {
            complain(session->called, "requirement failed: Invalid entity config: all configs to be added must be in "
                                      "the format \"key=val\" or  \"key=[val1,val2]\" to group values which contain "
                                      "commas.");
            return false;
        }
        value = text_trim(value);
        if (value.size >= 2 && value.data[0] == '[' && value.data[value.size - 1] == ']') {
            value = (struct text){ value.data + 1, value.size - 2 };
        }
        change_add(one, KAFKA_CHANGE_SET, name, value);
    }
    for (uint32_t i = 0; i < options->remove.count; i++) {
        struct text remove = text_of(options->remove.items[i]);
        while (remove.data) {
            struct text name = next_piece(&remove);
            if (name.size > 0) change_add(one, KAFKA_CHANGE_DELETE, name, TEXT_NULL);
        }
    }
    return true;
}

static int alter(struct session *session, const struct entity *entity,
                 struct incremental_alter_configs_resource_ask *changes)
{
    const struct incremental_alter_configs_ask ask = { .resources = { changes, 1 } };
    struct incremental_alter_configs_answer answer = { 0 };
    int32_t node = node_of(entity);

    changes->type = entity->type;
    changes->name = entity->name;
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

/* What Kafka's tool complains about before it asks anybody; `entity` is of no kind for kafka_quotas.c's. */
static bool configs_check(const char *called, const struct configs_options *options, const struct kafka_named *named,
                          struct entity *entity)
{
    const char *why = NULL;

    if (options->describe == options->alter) {
        why = "Command must include exactly one action: --describe, --alter";
    } else if (options->controller) {
        why = "--bootstrap-controller: this tool asks brokers, use --bootstrap-server";
    } else if (options->alter && options->add && options->add_file) {
        why = "Only one of --add-config or --add-config-file must be specified";
    } else if (options->alter && !options->add && !options->add_file && options->remove.count == 0) {
        why = "At least one of --add-config, --add-config-file, or --delete-config must be specified with --alter";
    }
    if (why) complain(called, "%s", why);
    if (why || !names_check(called, options, named)) return false;
    bool quotas = kafka_quotas_has(named->plurals[0]);
    if (quotas ? !kafka_quotas_check(called, named) : !entity_read(called, named, entity)) return false;
    if (!options->alter || named->name_count > 0) return true;
    if (quotas || strcmp(entity->word, "broker") == 0) {
        complain(called, "An entity-name or default entity must be specified with --alter of users, clients, brokers "
                         "or ips");
    } else {
        complain(called, "An entity name must be specified with --alter of %ss", entity->word);
    }
    return false;
}

static int configs_do(struct session *session, const struct configs_options *options, const struct kafka_named *named,
                      const struct entity *entity)
{
    bool quotas = kafka_quotas_has(named->plurals[0]);
    struct incremental_alter_configs_resource_ask changes = { 0 };

    if (options->describe) {
        return quotas ? kafka_quotas_describe(session, named) : describe(session, options, *entity);
    }
    if (!changes_read(session, options, &changes)) return EXIT_FAILED;
    return quotas ? kafka_quotas_alter(session, named, &changes) : alter(session, entity, &changes);
}

static int configs_run(void *given)
{
    static const char called[] = "kafka-configs";
    const struct configs_options *options = given;
    struct kafka_named named = names_read(options);
    struct words properties = { .count = 0 };
    struct session session;
    struct entity entity = { .word = "" };
    int code = EXIT_FAILED;

    if (!configs_check(called, options, &named, &entity)) return EXIT_FAILED;
    if (!session_begin(&session, called, &options->common)) return EXIT_FAILED;
    if (kafka_properties_read(&session, options->config_file, &properties)) {
        code = configs_do(&session, options, &named, &entity);
    }
    return session_end(&session, code);
}

/* clang-format off */
static const struct option_row rows[] = {
    OPTION(configs_options, describe,        "describe",             0, NULL,        "show settings"),
    OPTION(configs_options, alter,           "alter",                0, NULL,        "change settings"),
    OPTION(configs_options, types,           "entity-type",          0, "KIND",      "topics, brokers, users, ..."),
    OPTION(configs_options, names,           "entity-name",          0, "NAME",      "of what"),
    OPTION_OR(configs_options, names,        "entity-default",       0, NULL, "",    "the default of the kind"),
    OPTION(configs_options, topic,           "topic",                0, "NAME",      "of this topic"),
    OPTION(configs_options, broker,          "broker",               0, "ID",        "of this broker"),
    OPTION(configs_options, broker_defaults, "broker-defaults",      0, NULL,        "the default of all brokers"),
    OPTION(configs_options, logger,          "broker-logger",        0, "ID",        "of this broker's loggers"),
    OPTION(configs_options, group,           "group",                0, "NAME",      "of this group"),
    OPTION(configs_options, metrics,         "client-metrics",       0, "NAME",      "of these client metrics"),
    OPTION(configs_options, all,             "all",                  0, NULL,        "also what nobody set"),
    OPTION(configs_options, add,             "add-config",           0, "LIST",      "NAME=VALUE,NAME=[VALUE,VALUE]"),
    OPTION(configs_options, add_file,        "add-config-file",      0, "FILE",      "the same as properties"),
    OPTION(configs_options, remove,          "delete-config",        0, "LIST",      "NAME,..."),
    OPTION(configs_options, config_file,     "command-config",       0, "FILE",      "properties of a client"),
    OPTION(configs_options, controller,      "bootstrap-controller", 0, "HOST:PORT", "this tool asks brokers only"),
    OPTION(configs_options, user,            "user",                 0, "NAME",      "of this user"),
    OPTION(configs_options, user_defaults,   "user-defaults",        0, NULL,        "the default of users"),
    OPTION(configs_options, client,          "client",               0, "NAME",      "of this client id"),
    OPTION(configs_options, client_defaults, "client-defaults",      0, NULL,        "the default of client ids"),
    OPTION(configs_options, ip,              "ip",                   0, "ADDRESS",   "of this address"),
    OPTION(configs_options, ip_defaults,     "ip-defaults",          0, NULL,        "the default of addresses"),
};
/* clang-format on */

const struct verb kafka_configs_verb = {
    "", "", "Kafka's kafka-configs", NULL, rows, array_count(rows), sizeof(struct configs_options), NULL, configs_run,
};
