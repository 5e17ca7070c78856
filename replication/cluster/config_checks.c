/* replication/cluster/config_checks.c   What may be set together: the configs of a topic, of a group, of a subscription
 * to metrics. The order of the looks and the words are Kafka 4.3.1's. */
#include "cluster/config_checks.h"

#include <string.h>

#include "base/arena.h"
#include "cluster/config_views.h"
#include "cluster/group_rows.h"
#include "cluster/pattern.h"

enum status config_refuse(struct text *why, struct text words)
{
    *why = words;
    return words.data ? STATUS_INVALID : STATUS_NO_MEMORY;
}

/* Kafka's other word for it. */
static enum status refuse_request(struct text *why, struct text words)
{
    enum status status = config_refuse(why, words);
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
        return config_refuse(
            why, TEXT("Tiered Storage functionality is disabled in the broker. Topic cannot be configured with "
                      "remote log storage."));
    }
    if (values->min_compaction_lag_ms > values->max_compaction_lag_ms) {
        return config_refuse(
            why, text_format(arena,
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

/* ---- groups ---- */

/* The broker's bound for a config of a group: consumer.session.timeout.ms has group.consumer.min.session.timeout.ms,
 * streams.num.standby.replicas has group.streams.max.standby.replicas. */
static struct text group_bound(const struct config_place *place, struct text name, const char *which, int64_t *bound,
                               struct arena *arena)
{
    struct config_place broker = *place;
    struct text kind = text_cut(&name, '.');
    if (text_starts(name, TEXT("num."))) (void)text_cut(&name, '.');
    struct text full = text_format(arena, "group.%.*s.%s.%.*s", TEXT_ARGS(kind), which, TEXT_ARGS(name));

    broker.topic = NULL;
    broker.type = 0;
    if (!full.data || !setting_find(&broker_table, full)) return TEXT_NULL;
    return text_to_i64(broker_value_now(&broker, full.data, arena), bound) ? full : TEXT_NULL;
}

static enum status check_group_bounds(const struct config_place *place, const struct image_config *config,
                                      struct arena *arena, struct text *why)
{
    int64_t n = 0, bound = 0;
    struct text name;

    if (!text_to_i64(text_trim(config->value), &n)) return STATUS_OK;
    name = group_bound(place, config->name, "min", &bound, arena);
    if (name.data && n < bound) {
        return config_refuse(why, text_format(arena, "%.*s must be greater than or equal to %.*s",
                                              TEXT_ARGS(config->name), TEXT_ARGS(name)));
    }
    name = group_bound(place, config->name, "max", &bound, arena);
    if (name.data && n > bound) {
        return config_refuse(why, text_format(arena, "%.*s must be less than or equal to %.*s", TEXT_ARGS(config->name),
                                              TEXT_ARGS(name)));
    }
    return STATUS_OK;
}

/* A number and its unit are cut off: 12H of 12H30M. */
static bool duration_cut(struct text *text, char unit, bool *some)
{
    size_t at = 0;
    while (at < text->size && text->data[at] >= '0' && text->data[at] <= '9') at++;
    size_t whole = at;
    if (unit == 'S' && whole > 0 && at < text->size && (text->data[at] == '.' || text->data[at] == ',')) {
        at++;
        while (at < text->size && text->data[at] >= '0' && text->data[at] <= '9') at++;
        if (at - whole > 10) return false; /* nanoseconds */
    }
    if (whole == 0 || at == text->size || (text->data[at] & ~0x20) != unit) return false;
    *text = (struct text){ text->data + at + 1, text->size - at - 1 };
    *some = true;
    return true;
}

/* As java.time.Duration reads it (P1DT2H3M4.5S), without signs inside. */
static bool duration_known(struct text text)
{
    bool days = false, times = false;

    if (text_starts(text, TEXT("+"))) text = (struct text){ text.data + 1, text.size - 1 };
    if (text.size == 0 || (text.data[0] & ~0x20) != 'P') return false;
    text = (struct text){ text.data + 1, text.size - 1 };
    (void)duration_cut(&text, 'D', &days);
    if (text.size == 0) return days;
    if ((text.data[0] & ~0x20) != 'T') return false;
    text = (struct text){ text.data + 1, text.size - 1 };
    for (const char *unit = "HMS"; *unit; unit++) (void)duration_cut(&text, *unit, &times);
    return times && text.size == 0;
}

static enum status check_reset(const struct image_config *config, struct arena *arena, struct text *why)
{
    struct text value = text_trim(config->value);
    struct text duration = value;

    if (!text_equal(config->name, TEXT("share.auto.offset.reset"))) return STATUS_OK;
    if (text_equal(value, TEXT("earliest")) || text_equal(value, TEXT("latest"))) return STATUS_OK;
    if (text_equal(text_cut(&duration, ':'), TEXT("by_duration")) && duration_known(duration)) return STATUS_OK;
    return config_refuse(
        why, text_format(arena,
                         "Invalid value %.*s for configuration %.*s: Invalid value `%.*s` for configuration "
                         "%.*s. The value must be either 'earliest', 'latest' or of the format "
                         "'by_duration:<PnDTnHnMn.nS>'.",
                         TEXT_ARGS(value), TEXT_ARGS(config->name), TEXT_ARGS(value), TEXT_ARGS(config->name)));
}

enum status group_configs_check(const struct config_place *place, const struct image_config *configs, uint32_t count,
                                struct arena *arena, struct text *why)
{
    struct resource_values scratch;
    enum status status = STATUS_OK;

    for (uint32_t i = 0; i < count; i++) {
        if (setting_find(&group_table, configs[i].name)) continue;
        return config_refuse(why, text_format(arena, "Unknown group config name: %.*s", TEXT_ARGS(configs[i].name)));
    }
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        status = setting_parse(setting_find(&group_table, configs[i].name), configs[i].value, &scratch, arena, why);
        if (status == STATUS_OK) status = check_reset(&configs[i], arena, why);
    }
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        status = check_group_bounds(place, &configs[i], arena, why);
    }
    return status;
}

/* ---- client metrics ---- */

enum { INTERVAL_MS_MIN = 100, INTERVAL_MS_MAX = 3600000 };

/* name=pattern. Kafka splits it where '=' is, and Java leaves out empty parts at the end. */
static bool match_known(struct text match)
{
    static const char *const names[] = { "client_instance_id",    "client_id",
                                         "client_software_name",  "client_software_version",
                                         "client_source_address", "client_source_port" };
    struct text name = text_trim(text_cut(&match, '='));
    bool known = false;

    while (match.size > 0 && match.data[match.size - 1] == '=') match.size--;
    if (match.size == 0 || memchr(match.data, '=', match.size)) return false;
    for (size_t i = 0; i < array_count(names); i++) known |= text_equal(name, text_of(names[i]));
    return known && pattern_known(text_trim(match));
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
        return config_refuse(
            why, text_format(arena, "Illegal client matching pattern: %.*s", TEXT_ARGS(scratch.list.items[i])));
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
