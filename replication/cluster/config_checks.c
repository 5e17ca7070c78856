/* replication/cluster/config_checks.c   What may be set together: the configs of a topic, and what is set of a broker
 * while it runs. The order of the looks and the words are Kafka 4.3.1's. */
#include "cluster/config_checks.h"

#include <string.h>

#include "base/arena.h"
#include "cluster/config_views.h"
#include "cluster/group_rows.h"

enum { NAMES_SIZE_MAX = 300 };

/* What Kafka puts around the words of a check that it makes while it runs. */
#define DYNAMIC_FAULT     "Invalid value org.apache.kafka.common.config.ConfigException: "
#define DYNAMIC_FAULT_END " for configuration Invalid dynamic configuration"

static enum status refuse(struct text *why, struct text words)
{
    *why = words;
    return words.data ? STATUS_INVALID : STATUS_NO_MEMORY;
}

/* Kafka's other word for it. */
static enum status refuse_request(struct text *why, struct text words)
{
    enum status status = refuse(why, words);
    return status == STATUS_INVALID ? STATUS_INVALID_REQUEST : status;
}

/* ---- topics ---- */

static enum status check_topic_names(const struct image_config *configs, uint32_t count, struct arena *arena,
                                     struct text *why)
{
    for (uint32_t i = 0; i < count; i++) {
        if (configs[i].value.data) continue;
        return topic_config_check(configs[i].name, TEXT_NULL, arena, why);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (setting_find(&topic_table, configs[i].name)) continue;
        return topic_config_check(configs[i].name, configs[i].value, arena, why);
    }
    return STATUS_OK;
}

static enum status check_topic_values(const struct topic_values *values, struct arena *arena, struct text *why)
{
    if (values->remote_storage_enable) {
        return refuse(why,
                      TEXT("Tiered Storage functionality is disabled in the broker. Topic cannot be configured with "
                           "remote log storage."));
    }
    if (values->min_compaction_lag_ms > values->max_compaction_lag_ms) {
        return refuse(why,
                      text_format(arena,
                                  "conflict topic config setting min.compaction.lag.ms (%lld) > max.compaction.lag.ms "
                                  "(%lld)",
                                  (long long)values->min_compaction_lag_ms, (long long)values->max_compaction_lag_ms));
    }
    return STATUS_OK;
}

enum status topic_configs_check(const struct config_place *place, const struct image_config *configs, uint32_t count,
                                struct arena *arena, struct text *why)
{
    struct config_place brokers = *place;
    struct topic_values values;

    brokers.topic = NULL;
    enum status status = topic_values_of(&brokers, &values, arena);
    if (status == STATUS_OK) status = check_topic_names(configs, count, arena, why);
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        const struct setting *row = setting_find(&topic_table, configs[i].name);
        status = topic_config_check(configs[i].name, configs[i].value, arena, why);
        if (status == STATUS_OK) status = setting_parse(row, configs[i].value, &values, arena, why);
    }
    return status == STATUS_OK ? check_topic_values(&values, arena, why) : status;
}

/* ---- brokers ---- */

/* Names that a rule forbids, as Kafka lists them: [a, b]. */
struct forbidden {
    char names[NAMES_SIZE_MAX];
    size_t size;
};

static void forbid(struct forbidden *forbidden, struct text name)
{
    const char *mark = forbidden->size == 0 ? "" : ", ";
    size_t mark_size = strlen(mark);
    if (forbidden->size + mark_size + name.size > NAMES_SIZE_MAX) return;

    memcpy(forbidden->names + forbidden->size, mark, mark_size);
    memcpy(forbidden->names + forbidden->size + mark_size, name.data, name.size);
    forbidden->size += mark_size + name.size;
}

static enum status told(const struct forbidden *forbidden, const char *rule, struct arena *arena, struct text *why)
{
    if (forbidden->size == 0) return STATUS_OK;
    return refuse(why, text_format(arena, "%s: [%.*s]", rule, (int)forbidden->size, forbidden->names));
}

/* Kafka opens and closes listeners while it runs; here that needs a start, so it is not taken. */
static bool fixed(struct text name)
{
    const struct setting *row = setting_find(&broker_table, name);
    if (text_equal(name, TEXT("listeners"))) return true;
    return row && !(row->scope & (SETTING_DYNAMIC_BROKER | SETTING_DYNAMIC_CLUSTER));
}

/* Keys and certificates belong to a listener. */
static bool of_a_listener(struct text name)
{
    static const char *const prefixes[] = { "ssl.keystore.", "ssl.truststore.", "ssl.key." };
    for (size_t i = 0; i < array_count(prefixes); i++) {
        if (text_starts(name, text_of(prefixes[i]))) return true;
    }
    return false;
}

static bool of_one_broker(struct text name)
{
    const struct setting *row = setting_find(&broker_table, name);
    return row && (row->scope & SETTING_DYNAMIC_BROKER) && !(row->scope & SETTING_DYNAMIC_CLUSTER);
}

static enum status check_scope(const struct image_config *configs, uint32_t count, bool (*wrong)(struct text name),
                               const char *rule, struct arena *arena, struct text *why)
{
    struct forbidden forbidden = { .size = 0 };
    for (uint32_t i = 0; i < count; i++) {
        if (wrong(configs[i].name)) forbid(&forbidden, configs[i].name);
    }
    return told(&forbidden, rule, arena, why);
}

/* The value that holds now. */
static struct text present(const struct config_place *place, const char *name, struct arena *arena)
{
    struct config_view view;
    const struct setting *row = setting_find(&broker_table, text_of(name));
    if (!row || config_describe(place, row, &view, arena) != STATUS_OK) return TEXT_NULL;
    return view.value;
}

/* Threads are added and taken away by halves, so that a slip doesn't stop a node. They mean nothing here, but who runs
 * the same change against both brokers finds the same answer. */
static enum status check_threads(const struct config_place *place, const struct image_config *config,
                                 struct arena *arena, struct text *why)
{
    static const char *const pools[] = { "num.io.threads", "num.network.threads", "num.replica.fetchers",
                                         "num.recovery.threads.per.data.dir", "background.threads" };
    int64_t wanted = 0, now = 0;
    const char *rule = NULL;

    for (size_t i = 0; i < array_count(pools); i++) {
        if (!text_equal(config->name, text_of(pools[i]))) continue;
        if (!text_to_i64(text_trim(config->value), &wanted) || !text_to_i64(present(place, pools[i], arena), &now)) {
            return STATUS_OK;
        }
        if (wanted > now * 2) rule = "value should not be greater than double the current value";
        if (wanted < now / 2) rule = "value should be at least half the current value";
        if (!rule) return STATUS_OK;
        return refuse(why, text_format(arena,
                                       DYNAMIC_FAULT "Dynamic thread count update validation failed for %s=%lld, %s "
                                                     "%lld" DYNAMIC_FAULT_END,
                                       pools[i], (long long)wanted, rule, (long long)now));
    }
    return STATUS_OK;
}

static enum status check_cleaners(const struct config_place *place, const struct image_config *configs, uint32_t count,
                                  struct arena *arena, struct text *why)
{
    struct text value = image_config_find(configs, count, TEXT("log.cleaner.threads"));
    int64_t wanted = 0, now = 0;
    const char *rule = NULL;

    if (!value.data || !text_to_i64(text_trim(value), &wanted)) return STATUS_OK;
    if (!text_to_i64(present(place, "log.cleaner.threads", arena), &now)) return STATUS_OK;
    if (wanted < 1) rule = "Log cleaner threads should be at least 1";
    if (wanted >= 1 && wanted < now / 2)
        rule = "Log cleaner threads cannot be reduced to less than half the current value";
    if (wanted > now * 2) rule = "Log cleaner threads cannot be increased to more than double the current value";
    if (!rule) return STATUS_OK;
    struct text number = wanted < 1 ? TEXT("") : text_format(arena, " %lld", (long long)now);
    return refuse(why, text_format(arena, DYNAMIC_FAULT "%s%.*s" DYNAMIC_FAULT_END, rule, TEXT_ARGS(number)));
}

/* What stays on local disk is a part of what stays at all; -2 is "the same". */
static enum status check_local(const struct config_place *place, const struct image_config *configs, uint32_t count,
                               struct arena *arena, struct text *why)
{
    static const char *const pairs[][2] = { { "log.local.retention.ms", "log.retention.ms" },
                                            { "log.local.retention.bytes", "log.retention.bytes" } };
    for (size_t i = 0; i < array_count(pairs); i++) {
        int64_t numbers[2] = { -2, -1 };
        for (int at = 0; at < 2; at++) {
            struct text value = image_config_find(configs, count, text_of(pairs[i][at]));
            if (!value.data) value = present(place, pairs[i][at], arena);
            if (value.data) (void)text_to_i64(text_trim(value), &numbers[at]);
        }
        if (numbers[0] == -2 || numbers[1] == -1 || numbers[0] <= numbers[1]) continue;
        return refuse(why, text_format(arena,
                                       DYNAMIC_FAULT "Invalid value %lld for configuration %s: Value must not be more "
                                                     "than %s property value: %lld" DYNAMIC_FAULT_END,
                                       (long long)numbers[0], pairs[i][0], pairs[i][1], (long long)numbers[1]));
    }
    return STATUS_OK;
}

/* Directories that take nothing new. There is one, which must. */
static enum status check_cordoned(const struct image_config *configs, uint32_t count, struct arena *arena,
                                  struct text *why)
{
    struct text value = image_config_find(configs, count, TEXT("cordoned.log.dirs"));
    if (!value.data || text_trim(value).size == 0) return STATUS_OK;
    return refuse(why,
                  text_format(arena,
                              "requirement failed: All entries in cordoned.log.dirs must be present in log.dirs or "
                              "log.dir. Missing entries : %.*s",
                              TEXT_ARGS(value)));
}

enum status broker_configs_check(const struct config_place *place, const struct image_config *configs, uint32_t count,
                                 bool one, struct arena *arena, struct text *why)
{
    struct broker_values *scratch = arena_take(arena, sizeof(*scratch));
    if (!scratch) return STATUS_NO_MEMORY;

    enum status status = check_scope(configs, count, fixed, "Cannot update these configs dynamically", arena, why);
    if (status == STATUS_OK) {
        status = check_scope(configs, count, of_a_listener,
                             "These security configs can be dynamically updated only per-listener using the listener "
                             "prefix",
                             arena, why);
    }
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        const struct setting *row = setting_find(&broker_table, configs[i].name);
        if (row) status = setting_parse(row, configs[i].value, scratch, arena, why);
    }
    if (status == STATUS_OK && !one) {
        status = check_scope(configs, count, of_one_broker,
                             "Cannot update these configs at default cluster level, broker id must be specified", arena,
                             why);
    }
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) status = check_threads(place, &configs[i], arena, why);
    if (status == STATUS_OK) status = check_cleaners(place, configs, count, arena, why);
    if (status == STATUS_OK) status = check_local(place, configs, count, arena, why);
    if (status == STATUS_OK) status = check_cordoned(configs, count, arena, why);
    return status;
}

/* ---- groups ---- */

/* The broker's bound for a config of a group: consumer.session.timeout.ms has group.consumer.min.session.timeout.ms. */
static struct text group_bound(const struct config_place *place, struct text name, const char *which, int64_t *bound,
                               struct arena *arena)
{
    struct config_place broker = *place;
    struct text kind = text_cut(&name, '.');
    struct text full = text_format(arena, "group.%.*s.%s.%.*s", TEXT_ARGS(kind), which, TEXT_ARGS(name));

    broker.topic = NULL;
    broker.type = 0;
    if (!full.data || !setting_find(&broker_table, full)) return TEXT_NULL;
    return text_to_i64(present(&broker, full.data, arena), bound) ? full : TEXT_NULL;
}

static enum status check_group_bounds(const struct config_place *place, const struct image_config *config,
                                      struct arena *arena, struct text *why)
{
    int64_t n = 0, bound = 0;
    struct text name;

    if (!text_to_i64(text_trim(config->value), &n)) return STATUS_OK;
    name = group_bound(place, config->name, "min", &bound, arena);
    if (name.data && n < bound) {
        return refuse(why, text_format(arena, "%.*s must be greater than or equal to %.*s", TEXT_ARGS(config->name),
                                       TEXT_ARGS(name)));
    }
    name = group_bound(place, config->name, "max", &bound, arena);
    if (name.data && n > bound) {
        return refuse(why, text_format(arena, "%.*s must be less than or equal to %.*s", TEXT_ARGS(config->name),
                                       TEXT_ARGS(name)));
    }
    return STATUS_OK;
}

enum status group_configs_check(const struct config_place *place, const struct image_config *configs, uint32_t count,
                                struct arena *arena, struct text *why)
{
    struct resource_values scratch;
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < count; i++) {
        if (setting_find(&group_table, configs[i].name)) continue;
        return refuse(why, text_format(arena, "Unknown group config name: %.*s", TEXT_ARGS(configs[i].name)));
    }
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        status = setting_parse(setting_find(&group_table, configs[i].name), configs[i].value, &scratch, arena, why);
    }
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        status = check_group_bounds(place, &configs[i], arena, why);
    }
    return status;
}

/* ---- client metrics ---- */

enum { INTERVAL_MS_MIN = 100, INTERVAL_MS_MAX = 3600000 };

/* name=pattern; the pattern is a regular expression, which is read when clients push. */
static bool match_known(struct text match)
{
    static const char *const names[] = { "client_instance_id",    "client_id",
                                         "client_software_name",  "client_software_version",
                                         "client_source_address", "client_source_port" };
    struct text name = text_trim(text_cut(&match, '='));

    if (!match.data || text_trim(match).size == 0) return false;
    for (size_t i = 0; i < array_count(names); i++) {
        if (text_equal(name, text_of(names[i]))) return true;
    }
    return false;
}

static enum status check_metrics(const struct image_config *config, struct arena *arena, struct text *why)
{
    const struct setting *row = setting_find(&metrics_table, config->name);
    struct resource_values scratch;

    if (!row) {
        return refuse_request(
            why, text_format(arena, "Unknown client metrics configuration: %.*s", TEXT_ARGS(config->name)));
    }
    enum status status = setting_parse(row, config->value, &scratch, arena, why);
    if (status != STATUS_OK) return status;
    if (row->type == SETTING_INT && (scratch.whole < INTERVAL_MS_MIN || scratch.whole > INTERVAL_MS_MAX)) {
        return refuse_request(
            why,
            text_format(arena, "Invalid value %d for interval.ms, interval must be between 100 and 3600000 (1 hour)",
                        scratch.whole));
    }
    for (int32_t i = 0; text_equal(config->name, TEXT("match")) && i < scratch.list.count; i++) {
        if (match_known(scratch.list.items[i])) continue;
        return refuse(why,
                      text_format(arena, "Illegal client matching pattern: %.*s", TEXT_ARGS(scratch.list.items[i])));
    }
    return STATUS_OK;
}

enum status metrics_configs_check(const struct image_config *configs, uint32_t count, struct arena *arena,
                                  struct text *why)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) status = check_metrics(&configs[i], arena, why);
    return status;
}
