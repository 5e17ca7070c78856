/* tools/config_client.c   `sluice config get|set|unset`: settings of topics, brokers, groups and client metrics, as the
 * cluster has them. What somebody set is shown; the rest with --all, or by name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/codes.h"
#include "command.h"
#include "messages/describe_configs.h"
#include "messages/incremental_alter_configs.h"
#include "output.h"
#include "session.h"

struct config_options {
    struct common common;
    bool all, synonyms, dry_run;
};

enum operation { OPERATION_SET, OPERATION_DELETE, OPERATION_APPEND, OPERATION_SUBTRACT };

/* clang-format off */
static const struct {
    const char *name;
    int8_t type;
} kinds[] = {
    { "topic",  2 },
    { "broker", 4 },
    { "broker-logger",  8 },
    { "client-metrics", 16 },
    { "group",  32 },
};

static const char *const sources[] = {
    [CONFIG_SOURCE_UNKNOWN] = "unknown",
    [CONFIG_SOURCE_TOPIC] = "topic",
    [CONFIG_SOURCE_DYNAMIC_BROKER] = "dynamic broker",
    [CONFIG_SOURCE_DYNAMIC_DEFAULT_BROKER] = "dynamic default",
    [CONFIG_SOURCE_STATIC_BROKER] = "file",
    [CONFIG_SOURCE_DEFAULT] = "default",
    [CONFIG_SOURCE_DYNAMIC_BROKER_LOGGER] = "logger",
    [CONFIG_SOURCE_CLIENT_METRICS] = "client metrics",
    [CONFIG_SOURCE_GROUP] = "group",
};
/* clang-format on */

static const char *source_name(int8_t source)
{
    return source >= 0 && (size_t)source < array_count(sources) ? sources[source] : sources[0];
}

/* ---- whose settings ---- */

struct resource {
    int8_t type;
    struct text name;
    int32_t node; /* who answers for it */
};

/* "topic NAME", "broker ID", "broker default"; false: complained about. */
static bool resource_read(const char *called, const struct words *operands, struct resource *resource)
{
    int64_t node = CLIENT_ANY;
    size_t kind = 0;

    if (operands->count < 2) {
        complain(called, "whose? topic NAME, broker ID, broker default, group NAME or client-metrics NAME");
        return false;
    }
    while (kind < array_count(kinds) && strcmp(kinds[kind].name, operands->items[0]) != 0) kind++;
    if (kind == array_count(kinds)) {
        complain(called, "there are no settings of '%s': topic, broker, broker-logger, group or client-metrics",
                 operands->items[0]);
        return false;
    }
    resource->type = kinds[kind].type;
    resource->name = text_of(operands->items[1]);
    bool of_broker = strncmp(kinds[kind].name, "broker", 6) == 0;
    if (of_broker && strcmp(operands->items[1], "default") == 0) {
        resource->name = TEXT("");
    } else if (of_broker && (!text_to_i64(resource->name, &node) || node < 0 || node > INT32_MAX)) {
        complain(called, "a broker is a number, or 'default'; not '%s'", operands->items[1]);
        return false;
    }
    resource->node = (int32_t)node;
    return true;
}

/* ---- get ---- */

static bool is_default(const struct describe_configs_config *config)
{
    return config->source == CONFIG_SOURCE_DEFAULT || config->source == CONFIG_SOURCE_STATIC_BROKER;
}

static int config_order(const void *a, const void *b)
{
    return text_compare(((const struct describe_configs_config *)a)->name,
                        ((const struct describe_configs_config *)b)->name);
}

static void json_config(struct json *json, const struct describe_configs_config *config, bool synonyms)
{
    json_open(json, NULL, '{');
    json_text(json, "name", config->name);
    json_text(json, "value", config->value);
    json_word(json, "source", source_name(config->source));
    json_bool(json, "readOnly", config->read_only);
    json_bool(json, "sensitive", config->is_sensitive);
    if (synonyms) {
        json_open(json, "synonyms", '[');
        for (int32_t i = 0; i < config->synonyms.count; i++) {
            const struct describe_configs_synonym *synonym = &config->synonyms.items[i];
            json_open(json, NULL, '{');
            json_text(json, "name", synonym->name);
            json_text(json, "value", synonym->value);
            json_word(json, "source", source_name(synonym->source));
            json_close(json, '}');
        }
        json_close(json, ']');
    }
    json_close(json, '}');
}

static void row_config(struct table *table, const struct describe_configs_config *config, bool synonyms)
{
    table_text(table, config->name);
    table_text(table, config->is_sensitive ? TEXT("(hidden)") : config->value);
    table_cell(table, "%s%s", source_name(config->source), config->read_only ? ", read-only" : "");
    for (int32_t i = 0; synonyms && i < config->synonyms.count; i++) {
        const struct describe_configs_synonym *synonym = &config->synonyms.items[i];
        table_cell(table, "  %.*s", TEXT_ARGS(synonym->name));
        table_text(table, config->is_sensitive ? TEXT("(hidden)") : synonym->value);
        table_cell(table, "%s", source_name(synonym->source));
    }
}

static void print_configs(const struct config_options *options, const struct describe_configs_resource_answer *answer,
                          bool all)
{
    static const char *const headings[] = { "NAME", "VALUE", "SOURCE" };
    struct json json = { .out = stdout };
    struct table table;

    if (answer->configs.count > 0) {
        qsort(answer->configs.items, (size_t)answer->configs.count, sizeof(*answer->configs.items), config_order);
    }
    table_begin(&table, headings, array_count(headings));
    if (options->common.json) json_open(&json, NULL, '[');
    for (int32_t i = 0; i < answer->configs.count; i++) {
        const struct describe_configs_config *config = &answer->configs.items[i];
        if (!all && is_default(config)) continue;
        if (options->common.json) {
            json_config(&json, config, options->synonyms);
        } else {
            row_config(&table, config, options->synonyms);
        }
    }
    if (options->common.json) {
        json_close(&json, ']');
        json_line(&json);
        heap_end(&table.heap);
    } else {
        table_end(&table, stdout);
    }
}

static int get_ask(struct session *session, const struct config_options *options, const struct resource *resource)
{
    const struct words *operands = &options->common.operands;
    struct describe_configs_resource_ask one = { .type = resource->type, .name = resource->name, .keys.count = -1 };
    const struct describe_configs_ask ask = { .resources = { &one, 1 }, .include_synonyms = options->synonyms };
    struct describe_configs_answer answer = { 0 };

    if (operands->count > 2) {
        one.keys.count = (int32_t)operands->count - 2;
        one.keys.items = session_take(session, operands->count * sizeof(*one.keys.items));
        for (int32_t i = 0; i < one.keys.count; i++) one.keys.items[i] = text_of(operands->items[i + 2]);
    }
    if (!session_ask(session, resource->node, API_DESCRIBE_CONFIGS, true, &ask, &answer)) return EXIT_FAILED;
    if (answer.resources.count != 1) return session_refused(session, resource->name, -1, TEXT_NULL);
    const struct describe_configs_resource_answer *told = &answer.resources.items[0];
    if (told->error != CODE_NONE) return session_refused(session, resource->name, told->error, told->error_message);
    print_configs(options, told, options->all || one.keys.count > 0);
    if (told->configs.count >= one.keys.count) return EXIT_FINE;
    complain(session->called, "not all of these settings exist");
    return EXIT_FAILED;
}

static int config_get(void *given)
{
    static const char called[] = "sluice config get";
    const struct config_options *options = given;
    struct resource resource;
    struct session session;

    if (!resource_read(called, &options->common.operands, &resource)) return EXIT_USAGE;
    if (!session_begin(&session, called, &options->common)) return EXIT_USAGE;
    return session_end(&session, get_ask(&session, options, &resource));
}

/* ---- set, unset ---- */

/* NAME=VALUE, NAME+=VALUE, NAME-=VALUE. */
static bool change_read(const char *word, struct incremental_alter_configs_config *change)
{
    struct text value = text_of(word);

    change->name = text_cut(&value, '=');
    change->value = value;
    change->operation = OPERATION_SET;
    if (!value.data || change->name.size == 0) return false;
    char last = change->name.data[change->name.size - 1];
    if (last == '+' || last == '-') {
        change->operation = last == '+' ? OPERATION_APPEND : OPERATION_SUBTRACT;
        change->name.size--;
    }
    return change->name.size > 0;
}

static int alter_ask(struct session *session, const struct config_options *options, const struct resource *resource,
                     bool set)
{
    const struct words *operands = &options->common.operands;
    struct incremental_alter_configs_resource_ask one = { .type = resource->type, .name = resource->name };
    const struct incremental_alter_configs_ask ask = { .resources = { &one, 1 }, .validate_only = options->dry_run };
    struct incremental_alter_configs_answer answer = { 0 };

    if (operands->count < 3) {
        complain(session->called, set ? "what? NAME=VALUE" : "which settings?");
        return EXIT_USAGE;
    }
    one.configs.count = (int32_t)operands->count - 2;
    one.configs.items = session_take(session, operands->count * sizeof(*one.configs.items));
    for (int32_t i = 0; i < one.configs.count; i++) {
        const char *word = operands->items[i + 2];
        if (!set) {
            one.configs.items[i].name = text_of(word);
            one.configs.items[i].operation = OPERATION_DELETE;
        } else if (!change_read(word, &one.configs.items[i])) {
            complain(session->called, "'%s' is not NAME=VALUE", word);
            return EXIT_USAGE;
        }
    }
    /* What a broker keeps for itself goes to it, all else to the controller. */
    int32_t node = resource->node == CLIENT_ANY ? CLIENT_CONTROLLER : resource->node;
    if (!session_ask(session, node, API_INCREMENTAL_ALTER_CONFIGS, false, &ask, &answer)) return EXIT_FAILED;
    for (int32_t i = 0; i < answer.resources.count; i++) {
        const struct incremental_alter_configs_resource_answer *told = &answer.resources.items[i];
        if (told->error != CODE_NONE) {
            return session_refused(session, resource->name, told->error, told->error_message);
        }
    }
    printf("%s %s %s\n", options->dry_run ? "could change" : "changed", operands->items[0], operands->items[1]);
    return EXIT_FINE;
}

static int alter(const struct config_options *options, const char *called, bool set)
{
    struct resource resource;
    struct session session;

    if (!resource_read(called, &options->common.operands, &resource)) return EXIT_USAGE;
    if (!session_begin(&session, called, &options->common)) return EXIT_USAGE;
    return session_end(&session, alter_ask(&session, options, &resource, set));
}

static int config_set(void *given)
{
    return alter(given, "sluice config set", true);
}

static int config_unset(void *given)
{
    return alter(given, "sluice config unset", false);
}

/* `check` is for the settings of a node that does not run: config.c reads its command line itself. */
static int config_check(void *given)
{
    (void)given;
    return EXIT_USAGE;
}

/* clang-format off */
static const struct option_row get_rows[] = {
    OPTION(config_options, all,      "all",      'a', NULL, "also what nobody set"),
    OPTION(config_options, synonyms, "synonyms", 's', NULL, "also where else a value could come from"),
};
static const struct option_row alter_rows[] = {
    OPTION(config_options, dry_run,  "dry-run",  'n', NULL, "only ask whether it could be done"),
};

static const char kind_help[] = "KIND NAME: topic NAME, broker ID, broker default, broker-logger ID, group NAME, or\n"
                                "client-metrics NAME.\n";

#define VERB(name, operands, summary, rows, run)                                                                       \
    { name, operands, summary, kind_help, rows, array_count(rows), sizeof(struct config_options), NULL, run }
const struct verb config_verbs[] = {
    VERB("get",   "KIND NAME [SETTING...]",     "show settings of a topic, a broker, ...",  get_rows,   config_get),
    VERB("set",   "KIND NAME SETTING=VALUE...", "change settings; += and -= for lists",     alter_rows, config_set),
    VERB("unset", "KIND NAME SETTING...",       "back to the default",                      alter_rows, config_unset),
    { "check",    "SERVER.PROPERTIES",          "check a node's own settings, without starting it", NULL, NULL, 0,
      sizeof(struct config_options), NULL, config_check },
};
/* clang-format on */
