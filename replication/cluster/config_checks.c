/* replication/cluster/config_checks.c   What may be set together: the configs of a topic, and what is set of a broker
 * while it runs. The order of the looks and the words are Kafka 4.3.1's. */
#include "cluster/config_checks.h"

#include <string.h>

#include "base/arena.h"

enum { NAMES_SIZE_MAX = 300 };

static enum status refuse(struct text *why, struct text words)
{
    *why = words;
    return words.data ? STATUS_INVALID : STATUS_NO_MEMORY;
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

static bool fixed(const struct setting *row)
{
    return !(row->scope & (SETTING_DYNAMIC_BROKER | SETTING_DYNAMIC_CLUSTER));
}

/* Keys and certificates belong to a listener. */
static bool of_a_listener(const struct setting *row)
{
    static const char *const prefixes[] = { "ssl.keystore.", "ssl.truststore.", "ssl.key." };
    for (size_t i = 0; i < array_count(prefixes); i++) {
        if (text_starts(text_of(row->name), text_of(prefixes[i]))) return true;
    }
    return false;
}

static bool of_one_broker(const struct setting *row)
{
    return (row->scope & SETTING_DYNAMIC_BROKER) && !(row->scope & SETTING_DYNAMIC_CLUSTER);
}

static enum status check_scope(const struct image_config *configs, uint32_t count,
                               bool (*wrong)(const struct setting *), const char *rule, struct arena *arena,
                               struct text *why)
{
    struct forbidden forbidden = { .size = 0 };
    for (uint32_t i = 0; i < count; i++) {
        const struct setting *row = setting_find(&broker_table, configs[i].name);
        if (row && wrong(row)) forbid(&forbidden, configs[i].name);
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
                                       "Invalid value org.apache.kafka.common.config.ConfigException: Dynamic thread "
                                       "count update validation failed for %s=%lld, %s %lld for configuration Invalid "
                                       "dynamic configuration",
                                       pools[i], (long long)wanted, rule, (long long)now));
    }
    return STATUS_OK;
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
    return status;
}
