/* replication/cluster/broker_checks.c   What may be set of a broker while it runs. First the names (what needs a start,
 * what belongs to one broker), then each value by its row, then what holds between values, then what Kafka looks at
 * only while it runs. The order of the looks and the words are Kafka 4.3.1's. */
#include <string.h>

#include "base/arena.h"
#include "cluster/config_checks.h"
#include "cluster/config_views.h"

enum { NAMES_SIZE_MAX = 300, CLEANER_BUFFER_MIN = 1024 * 1024 };

/* What Kafka puts around the words of a check that it makes while it runs. */
#define DYNAMIC_FAULT     "Invalid value org.apache.kafka.common.config.ConfigException: "
#define DYNAMIC_FAULT_END " for configuration Invalid dynamic configuration"

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
    return config_refuse(why, text_format(arena, "%s: [%.*s]", rule, (int)forbidden->size, forbidden->names));
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
struct text broker_value_now(const struct config_place *place, const char *name, struct arena *arena)
{
    struct config_view view;
    const struct setting *row = setting_find(&broker_table, text_of(name));
    if (!row || config_describe(place, row, &view, arena) != STATUS_OK) return TEXT_NULL;
    return view.value;
}

/* A number that is being set, or `otherwise`. */
static int64_t number_in(const struct image_config *configs, uint32_t count, const char *name, int64_t otherwise)
{
    int64_t n = 0;
    struct text value = image_config_find(configs, count, text_of(name));
    return value.data && text_to_i64(text_trim(value), &n) ? n : otherwise;
}

/* The same of what holds when nothing is set. */
static int64_t number_then(const struct config_place *place, const struct image_config *configs, uint32_t count,
                           const char *name, struct arena *arena)
{
    int64_t now = 0;
    struct text value = broker_value_now(place, name, arena);
    if (value.data) (void)text_to_i64(text_trim(value), &now);
    return number_in(configs, count, name, now);
}

static bool either(const struct image_config *configs, uint32_t count, const char *a, const char *b)
{
    return image_config_find(configs, count, text_of(a)).data || image_config_find(configs, count, text_of(b)).data;
}

/* Threads are added and taken away by halves, so that a slip doesn't stop a node. They mean nothing here, but who runs
 * the same change against both brokers finds the same answer. */
static enum status check_threads(const struct config_place *place, const struct image_config *config,
                                 struct arena *arena, struct text *why)
{
    static const char *const pools[] = { "num.io.threads",
                                         "num.network.threads",
                                         "num.replica.fetchers",
                                         "num.recovery.threads.per.data.dir",
                                         "background.threads",
                                         "remote.log.manager.copier.thread.pool.size",
                                         "remote.log.manager.expiration.thread.pool.size",
                                         "remote.log.reader.threads" };
    int64_t wanted = 0, now = 0;
    const char *rule = NULL;

    for (size_t i = 0; i < array_count(pools); i++) {
        if (!text_equal(config->name, text_of(pools[i]))) continue;
        if (!text_to_i64(text_trim(config->value), &wanted) ||
            !text_to_i64(broker_value_now(place, pools[i], arena), &now)) {
            return STATUS_OK;
        }
        if (wanted > now * 2) rule = "value should not be greater than double the current value";
        if (wanted < now / 2) rule = "value should be at least half the current value";
        if (!rule) return STATUS_OK;
        return config_refuse(why,
                             text_format(arena,
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
    if (!text_to_i64(broker_value_now(place, "log.cleaner.threads", arena), &now)) return STATUS_OK;
    if (wanted < 1) rule = "Log cleaner threads should be at least 1";
    if (wanted >= 1 && wanted < now / 2)
        rule = "Log cleaner threads cannot be reduced to less than half the current value";
    if (wanted > now * 2) rule = "Log cleaner threads cannot be increased to more than double the current value";
    if (!rule) return STATUS_OK;
    struct text number = wanted < 1 ? TEXT("") : text_format(arena, " %lld", (long long)now);
    return config_refuse(why, text_format(arena, DYNAMIC_FAULT "%s%.*s" DYNAMIC_FAULT_END, rule, TEXT_ARGS(number)));
}

/* What stays on local disk is a part of what stays at all; -2 is "the same". */
static enum status check_local(const struct config_place *place, const struct image_config *configs, uint32_t count,
                               struct arena *arena, struct text *why)
{
    struct config_place brokers = *place;
    struct topic_values values;

    brokers.topic = NULL; /* what holds now, under any of the broker's names for it */
    enum status status = topic_values_of(&brokers, &values, arena);
    if (status != STATUS_OK) return status;
    const struct {
        const char *local, *all;
        int64_t numbers[2];
    } pairs[] = {
        { "log.local.retention.ms", "log.retention.ms", { values.local_retention_ms, values.retention_ms } },
        { "log.local.retention.bytes",
          "log.retention.bytes",
          { values.local_retention_bytes, values.retention_bytes } },
    };
    for (size_t i = 0; i < array_count(pairs) && status == STATUS_OK; i++) {
        if (!either(configs, count, pairs[i].local, pairs[i].all)) continue;
        int64_t local = number_in(configs, count, pairs[i].local, pairs[i].numbers[0]);
        int64_t all = number_in(configs, count, pairs[i].all, pairs[i].numbers[1]);
        if (local == -2 || all == -1 || (local >= 0 && local <= all)) continue;
        struct text rule =
            text_format(arena, "Value must not be more than %s property value: %lld", pairs[i].all, (long long)all);
        if (local == -1) {
            rule = text_format(arena, "Value must not be -1 as %s value is set as %lld.", pairs[i].all, (long long)all);
        }
        status = config_refuse(
            why, text_format(arena, DYNAMIC_FAULT "Invalid value %lld for configuration %s: %.*s" DYNAMIC_FAULT_END,
                             (long long)local, pairs[i].local, TEXT_ARGS(rule)));
    }
    return status;
}

/* What Kafka's row doesn't say, but the reading of all of them together. */
static enum status check_requirements(const struct config_place *place, const struct image_config *configs,
                                      uint32_t count, struct arena *arena, struct text *why)
{
    static const struct {
        const char *name;
        int64_t least; /* or -1 and below, where that is for ever */
        bool or_for_ever;
        const char *rule;
    } rows[] = {
        { "log.retention.ms", 1, true, "unlimited (-1) or, greater than or equal to 1" },
        { "log.roll.ms", 1, false, "greater than or equal to 1" },
        { "log.roll.jitter.ms", 0, false, "greater than or equal to 0" },
    };
    for (size_t i = 0; i < array_count(rows); i++) {
        int64_t n = number_in(configs, count, rows[i].name, rows[i].least);
        if (n >= rows[i].least || (rows[i].or_for_ever && n < 0)) continue;
        return config_refuse(why, text_format(arena, "requirement failed: %s must be %s", rows[i].name, rows[i].rule));
    }

    int64_t cleaners = number_then(place, configs, count, "log.cleaner.threads", arena);
    int64_t buffer = number_then(place, configs, count, "log.cleaner.dedupe.buffer.size", arena);
    bool touched = either(configs, count, "log.cleaner.threads", "log.cleaner.dedupe.buffer.size");
    if (touched && cleaners > 0 && buffer / cleaners <= CLEANER_BUFFER_MIN) {
        return config_refuse(why,
                             TEXT("requirement failed: log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner "
                                  "thread."));
    }
    struct text overrides = image_config_find(configs, count, TEXT("max.connections.per.ip.overrides"));
    if (!overrides.data) overrides = broker_value_now(place, "max.connections.per.ip.overrides", arena);
    if (number_in(configs, count, "max.connections.per.ip", 1) == 0 && text_trim(overrides).size == 0) {
        return config_refuse(why, TEXT("requirement failed: max.connections.per.ip can be set to zero only if "
                                       "max.connections.per.ip.overrides property is set."));
    }
    return STATUS_OK;
}

/* name:value, ...: the value behind the last colon. What stands behind the last comma may be nothing. */
static enum status check_pairs(const struct image_config *config, bool (*known)(struct text value), const char *fault,
                               const char *fault_end, struct arena *arena, struct text *why)
{
    struct text rest = text_trim(config->value);

    while (rest.size > 0) {
        struct text pair = text_trim(text_cut(&rest, ','));
        size_t at = pair.size;
        while (at > 0 && pair.data[at - 1] != ':') at--;
        if (at == 0 && pair.size == 0 && rest.size == 0) break;
        if (at == 0) {
            return config_refuse(
                why, text_format(arena, "Error parsing configuration property '%.*s': begin 0, end -1, length %zu",
                                 TEXT_ARGS(config->name), pair.size));
        }
        struct text value = text_trim((struct text){ pair.data + at, pair.size - at });
        if (!known(value))
            return config_refuse(why, text_format(arena, "%s%.*s%s", fault, TEXT_ARGS(value), fault_end));
    }
    return STATUS_OK;
}

static bool number_known(struct text value)
{
    int64_t n = 0;
    return text_to_i64(value, &n) && n >= INT32_MIN && n <= INT32_MAX;
}

static bool protocol_known(struct text value)
{
    static const char *const names[] = { "PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL" };
    char upper[16];

    if (value.size > sizeof(upper)) return false;
    for (size_t i = 0; i < value.size; i++) {
        bool small = value.data[i] >= 'a' && value.data[i] <= 'z';
        upper[i] = (char)(small ? value.data[i] - 'a' + 'A' : value.data[i]);
    }
    for (size_t i = 0; i < array_count(names); i++) {
        if (text_equal((struct text){ upper, value.size }, text_of(names[i]))) return true;
    }
    return false;
}

static enum status check_maps(const struct image_config *config, struct arena *arena, struct text *why)
{
    if (text_equal(config->name, TEXT("max.connections.per.ip.overrides"))) {
        return check_pairs(config, number_known, "For input string: \"", "\"", arena, why);
    }
    if (text_equal(config->name, TEXT("listener.security.protocol.map"))) {
        return check_pairs(config, protocol_known, "Invalid security protocol `",
                           "` defined in listener.security.protocol.map", arena, why);
    }
    return STATUS_OK;
}

/* Nobody could come any more to take it back. */
static enum status check_connections(const struct image_config *configs, uint32_t count, struct arena *arena,
                                     struct text *why)
{
    static const char *const names[] = { "max.connections", "max.connection.creation.rate" };
    for (size_t i = 0; i < array_count(names); i++) {
        if (number_in(configs, count, names[i], 1) != 0) continue;
        return config_refuse(why, text_format(arena, DYNAMIC_FAULT "Invalid %s 0" DYNAMIC_FAULT_END, names[i]));
    }
    return STATUS_OK;
}

/* Between the bounds that a start gave to groups. */
static enum status check_assignments(const struct config_place *place, const struct image_config *configs,
                                     uint32_t count, struct arena *arena, struct text *why)
{
    static const char *const kinds[] = { "consumer", "share", "streams" };
    static const struct {
        const char *bound, *rule;
    } ends[] = { { "min", "greater" }, { "max", "less" } };

    for (size_t i = 0; i < array_count(kinds) * array_count(ends); i++) {
        const char *kind = kinds[i / array_count(ends)];
        size_t end = i % array_count(ends);
        struct text name = text_format(arena, "group.%s.assignment.interval.ms", kind);
        struct text bound = text_format(arena, "group.%s.%s.assignment.interval.ms", kind, ends[end].bound);
        if (!name.data || !bound.data) return STATUS_NO_MEMORY;

        int64_t limit = number_then(place, configs, count, bound.data, arena);
        int64_t n = number_in(configs, count, name.data, limit);
        if (end == 0 ? n >= limit : n <= limit) continue;
        return config_refuse(why, text_format(arena, "%.*s must be %s than or equal to %.*s", TEXT_ARGS(name),
                                              ends[end].rule, TEXT_ARGS(bound)));
    }
    return STATUS_OK;
}

static bool list_holds(const struct text_list *list, struct text text)
{
    for (int32_t i = 0; i < list->count; i++) {
        if (text_equal(list->items[i], text)) return true;
    }
    return false;
}

/* Directories that take nothing new. There is one, which must: where Kafka makes no partitions any more, we refuse. */
static enum status check_cordoned(const struct config_place *place, const struct image_config *configs, uint32_t count,
                                  struct arena *arena, struct text *why)
{
    struct text value = image_config_find(configs, count, TEXT("cordoned.log.dirs"));
    struct broker_values *scratch = arena_take(arena, sizeof(*scratch));
    if (!scratch) return STATUS_NO_MEMORY;
    if (!value.data) return STATUS_OK;

    const struct setting *row = setting_find(&broker_table, TEXT("cordoned.log.dirs"));
    enum status status = setting_parse(row, value, scratch, arena, why);
    if (status != STATUS_OK) return status;
    const struct text_list *asked = (const void *)((const char *)scratch + row->place);
    const struct broker_values *values = &place->settings->values;
    struct text *missing = arena_take(arena, (size_t)(asked->count + 1) * sizeof(*missing));
    int32_t missing_count = 0;
    if (!missing) return STATUS_NO_MEMORY;

    for (int32_t i = 0; i < asked->count; i++) {
        if (text_equal(asked->items[i], TEXT("*"))) {
            if (asked->count == 1) continue;
            return config_refuse(
                why, TEXT("requirement failed: When cordoned.log.dirs is set to *, it must not contain other "
                          "values"));
        }
        if (list_holds(values->log_dirs.count > 0 ? &values->log_dirs : &values->log_dir, asked->items[i])) continue;
        missing[missing_count++] = asked->items[i];
    }
    if (missing_count > 0) {
        struct text_list list = { missing, missing_count };
        return config_refuse(why, text_format(arena,
                                              "requirement failed: All entries in cordoned.log.dirs must be present in "
                                              "log.dirs or log.dir. Missing entries : %.*s",
                                              TEXT_ARGS(config_list_text(&list, arena))));
    }
    if (asked->count == 0) return STATUS_OK;
    return config_refuse(why, TEXT("cordoned.log.dirs would leave no log directory for new partitions: there is one"));
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
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) status = check_maps(&configs[i], arena, why);
    if (status == STATUS_OK) status = check_requirements(place, configs, count, arena, why);
    if (status == STATUS_OK) status = check_assignments(place, configs, count, arena, why);
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) status = check_threads(place, &configs[i], arena, why);
    if (status == STATUS_OK) status = check_cleaners(place, configs, count, arena, why);
    if (status == STATUS_OK) status = check_local(place, configs, count, arena, why);
    if (status == STATUS_OK) status = check_connections(configs, count, arena, why);
    if (status == STATUS_OK) status = check_cordoned(place, configs, count, arena, why);
    return status;
}
