/* replication/cluster/configs.c   Which value holds, and why. A value is looked for in Kafka's order of sources; inside
 * a source, in the order of the synonyms. */
#include "cluster/config_views.h"

#include <string.h>

#include "base/arena.h"
#include "cluster/group_rows.h"
#include "cluster/topic_rows.h"

enum { SYNONYMS_MAX = 16 };

/* The names under which the value of a row may stand at the broker: a setting's own, or a topic config's synonyms. */
struct names {
    const struct setting *rows[SYNONYMS_MAX];
    int64_t units[SYNONYMS_MAX];
    uint32_t count;
};

static void names_add_row(struct names *names, const struct setting *row, int64_t unit)
{
    invariant(row && names->count < SYNONYMS_MAX);
    names->rows[names->count] = row;
    names->units[names->count++] = unit;
}

static void names_add(struct names *names, const char *name, int64_t unit)
{
    names_add_row(names, setting_find(&broker_table, text_of(name)), unit);
}

static struct names names_of_topic(const struct setting *row)
{
    struct names names;
    names.count = 0;
    for (uint32_t i = 0; i < topic_synonym_count; i++) {
        const struct topic_synonym *synonym = &topic_synonyms[i];
        if (strcmp(synonym->topic, row->name) == 0) names_add(&names, synonym->broker, synonym->unit);
    }
    return names;
}

static struct text static_value(const struct config_place *place, const struct setting *row)
{
    const struct property *origin = place->settings->origins[row - broker_table.rows];
    return origin ? origin->value : TEXT_NULL;
}

static struct text value_at(const struct config_place *place, const struct setting *row, enum config_origin origin)
{
    switch (origin) {
    case CONFIG_BROKER: return image_broker_config(place->image, place->node, text_of(row->name));
    case CONFIG_BROKERS: return image_broker_config(place->image, -1, text_of(row->name));
    case CONFIG_FILE: return static_value(place, row);
    case CONFIG_DEFAULT: return row->scope & SETTING_BROKER ? text_of(row->fallback) : TEXT_NULL;
    default: break;
    }
    return TEXT_NULL;
}

static struct text in_unit(struct text value, int64_t unit, struct arena *arena)
{
    int64_t n = 0, product = 0;
    if (unit == 1 || !text_to_i64(text_trim(value), &n)) return value;
    if (n < 0) return TEXT("-1"); /* for ever, in any unit */
    if (__builtin_mul_overflow(n, unit, &product)) product = INT64_MAX;
    return text_format(arena, "%lld", (long long)product);
}

/* The value that holds at the broker, in the config's own unit; null when nobody set one and there is no default. */
static struct text broker_value(const struct config_place *place, const struct names *names, struct arena *arena)
{
    for (int origin = CONFIG_BROKER; origin <= CONFIG_DEFAULT; origin++) {
        for (uint32_t i = 0; i < names->count; i++) {
            struct text value = value_at(place, names->rows[i], (enum config_origin)origin);
            if (value.data) return in_unit(value, names->units[i], arena);
        }
    }
    return TEXT_NULL;
}

static bool digits(struct text text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return false;
    }
    return text.size > 0;
}

struct text config_list_text(const struct text_list *list, struct arena *arena)
{
    size_t size = 0;
    for (int32_t i = 0; i < list->count; i++) size += list->items[i].size + 2;

    char *all = arena_take_raw(arena, size + 1), *to = all;
    if (!all) return TEXT_NULL;
    for (int32_t i = 0; i < list->count; i++) {
        if (i > 0) {
            *to++ = ',';
            *to++ = ' ';
        }
        to = (char *)memcpy(to, list->items[i].data, list->items[i].size) + list->items[i].size;
    }
    return (struct text){ all, (size_t)(to - all) };
}

static bool list_is_one(const struct text_list *list, struct text text)
{
    bool found = false;
    for (int32_t i = 0; i < list->count; i++) {
        if (text_equal(list->items[i], text)) {
            found = true;
        } else if (list->items[i].size > 0) {
            return false;
        }
    }
    return found;
}

/* "*", or partition:broker pairs; between the commas may be nothing. */
static bool replica_list(const struct text_list *list)
{
    if (list_is_one(list, TEXT("*"))) return true;
    for (int32_t i = 0; i < list->count; i++) {
        struct text broker = list->items[i];
        struct text partition = text_cut(&broker, ':');
        if (list->items[i].size > 0 && (!broker.data || !digits(partition) || !digits(broker))) return false;
    }
    return true;
}

static enum status check_replica_list(const struct setting *row, const struct topic_values *values, struct arena *arena,
                                      struct text *why)
{
    const struct text_list *list = (const void *)((const char *)values + row->place);
    if (!text_ends(text_of(row->name), TEXT("throttled.replicas")) || replica_list(list)) return STATUS_OK;

    struct text items = config_list_text(list, arena);
    if (!items.data) return STATUS_NO_MEMORY;
    *why = text_format(arena,
                       "Invalid value [%.*s] for configuration %s: %s must be the literal '*' or a list of replicas in "
                       "the following format: [partitionId]:[brokerId],[partitionId]:[brokerId],...",
                       TEXT_ARGS(items), row->name, row->name);
    return why->data ? STATUS_INVALID : STATUS_NO_MEMORY;
}

enum status topic_config_check(struct text name, struct text value, struct arena *arena, struct text *why)
{
    struct topic_values scratch;
    const struct setting *row = setting_find(&topic_table, name);

    if (!value.data) {
        *why = text_format(arena, "Null value not supported for topic configs: %.*s", TEXT_ARGS(name));
        return why->data ? STATUS_INVALID : STATUS_NO_MEMORY;
    }
    if (!row) {
        *why = text_format(arena, "Unknown topic config name: %.*s", TEXT_ARGS(name));
        return why->data ? STATUS_INVALID : STATUS_NO_MEMORY;
    }
    enum status status = setting_parse(row, value, &scratch, arena, why);
    return status == STATUS_OK ? check_replica_list(row, &scratch, arena, why) : status;
}

/* What holds for a topic that has no configs. */
static enum status common_values_of(const struct config_place *place, struct topic_values *values, struct arena *arena)
{
    enum status status = settings_clear(&topic_table, values, arena);

    for (uint32_t i = 0; i < topic_table.row_count && status == STATUS_OK; i++) {
        const struct setting *row = &topic_table.rows[i];
        struct names names = names_of_topic(row);
        struct text broker = broker_value(place, &names, arena);
        struct text why = TEXT_NULL;

        if (broker.data) status = setting_parse(row, broker, values, arena, &why);
        if (status == STATUS_INVALID) status = STATUS_OK; /* the default stays */
    }
    return status;
}

/* internal.segment.bytes holds in the place of segment.bytes. Any number of it does, so it is asked who set it. */
static enum status segment_bytes_override(const struct image_topic *topic, struct topic_values *values,
                                          struct arena *arena)
{
    const struct setting *row = setting_find(&topic_table, TEXT("internal.segment.bytes"));
    struct text value = image_topic_config(topic, text_of(row->name));
    struct text why = TEXT_NULL;

    if (!value.data) return STATUS_OK;
    enum status status = setting_parse(row, value, values, arena, &why);
    if (status == STATUS_OK) values->segment_bytes = values->internal_segment_bytes;
    return status == STATUS_INVALID ? STATUS_OK : status;
}

enum status topic_values_of(const struct config_place *place, struct topic_values *values, struct arena *arena)
{
    const struct image_topic *topic = place->topic;
    enum status status = STATUS_OK;

    if (place->common) {
        *values = *place->common;
    } else {
        status = common_values_of(place, values, arena);
    }
    for (uint32_t i = 0; topic && i < topic->config_count && status == STATUS_OK; i++) {
        const struct setting *row = setting_find(&topic_table, topic->configs[i].name);
        struct text why = TEXT_NULL;

        if (row) status = setting_parse(row, topic->configs[i].value, values, arena, &why);
        if (status == STATUS_INVALID) status = STATUS_OK; /* what holds without it stays */
    }
    return topic && status == STATUS_OK ? segment_bytes_override(topic, values, arena) : status;
}

enum status broker_values_of(const struct config_place *place, struct broker_values *values, struct arena *arena)
{
    struct text resources[] = { TEXT(""), text_format(arena, "%d", place->node) }; /* the stronger one last */
    enum status status = resources[1].data ? STATUS_OK : STATUS_NO_MEMORY;

    *values = place->settings->values;
    for (size_t i = 0; i < array_count(resources); i++) {
        uint32_t count = 0;
        const struct image_config *configs = image_configs(place->image, RESOURCE_BROKER, resources[i], &count);
        for (uint32_t at = 0; at < count && status == STATUS_OK; at++) {
            const struct setting *row = setting_find(&broker_table, configs[at].name);
            struct text why = TEXT_NULL;
            if (!row || !(row->scope & (SETTING_DYNAMIC_BROKER | SETTING_DYNAMIC_CLUSTER))) continue;
            status = setting_parse(row, configs[at].value, values, arena, &why);
            if (status == STATUS_INVALID) status = STATUS_OK; /* a newer Kafka's: as if nothing was set */
        }
    }
    return status;
}

/* Those of a broker's setting: the names that stand behind the same topic config count together. */
static struct names names_of_broker(const struct setting *row)
{
    struct names names;
    names.count = 0;
    for (uint32_t i = 0; i < topic_synonym_count; i++) {
        if (strcmp(topic_synonyms[i].broker, row->name) != 0) continue;
        return names_of_topic(setting_find(&topic_table, text_of(topic_synonyms[i].topic)));
    }
    names_add_row(&names, row, 1);
    return names;
}

/* A group's config stands behind the broker's of the same name: group.consumer.session.timeout.ms. */
static struct names names_of_group(const struct setting *row, struct arena *arena)
{
    struct names names = { .count = 0 };
    struct text name = text_format(arena, "group.%s", row->name);
    if (name.data && setting_find(&broker_table, name)) names_add(&names, name.data, 1);
    return names;
}

/* A value as Kafka prints it after reading it: without blanks around, lists without what was there before; of what is
 * internal it prints what was said. */
static struct text as_read(const struct setting *row, struct text value, struct arena *arena)
{
    union {
        struct broker_values broker;
        struct topic_values topic;
        struct resource_values resource;
    } scratch;
    struct text why;

    if (!value.data || row->scope & SETTING_INTERNAL) return value;
    if (setting_parse(row, value, &scratch, arena, &why) != STATUS_OK) return value;
    return setting_print(row, &scratch, arena);
}

static void synonym_add(struct config_view *view, struct text name, struct text value, enum config_origin origin)
{
    if (view->sensitive) value = TEXT_NULL;
    view->synonyms[view->synonym_count++] = (struct config_synonym){ name, value, origin };
}

/* Kafka lists what the broker has under all names, but begins where it meets the name that the list is made for: the
 * first, for a topic. So a value that comes from another name alone (retention.ms from log.retention.hours) has no
 * synonyms, and its source is told as the default. */
static void synonyms_add(const struct config_place *place, struct config_view *view, const struct names *names,
                         struct text first)
{
    bool met = false;
    for (int origin = CONFIG_BROKER; origin <= CONFIG_DEFAULT; origin++) {
        for (uint32_t i = 0; i < names->count; i++) {
            struct text name = text_of(names->rows[i]->name);
            struct text value = value_at(place, names->rows[i], (enum config_origin)origin);
            if (!value.data) continue;
            met |= text_equal(name, first);
            if (met) synonym_add(view, name, value, (enum config_origin)origin);
        }
    }
}

static struct text own_value(const struct config_place *place, const struct setting *row, enum config_origin *origin)
{
    struct text name = text_of(row->name);
    uint32_t count = 0;

    *origin = place->topic ? CONFIG_TOPIC : place->type == RESOURCE_GROUP ? CONFIG_GROUP : CONFIG_METRICS;
    if (place->topic) return image_topic_config(place->topic, name);
    if (place->type == 0) return TEXT_NULL;
    const struct image_config *configs = image_configs(place->image, place->type, place->name, &count);
    return image_config_find(configs, count, name);
}

enum status config_describe(const struct config_place *place, const struct setting *row, struct config_view *view,
                            struct arena *arena)
{
    bool of_broker = !place->topic && place->type == 0;
    enum config_origin origin;
    struct text own = own_value(place, row, &origin);
    struct names names = { .count = 0 }, value_names;

    if (place->topic) names = names_of_topic(row);
    if (of_broker) names = names_of_broker(row);
    if (place->type == RESOURCE_GROUP) names = names_of_group(row, arena);
    value_names = names;
    if (of_broker) {
        value_names.count = 0;
        names_add_row(&value_names, row, 1);
    }
    *view = (struct config_view){ .row = row, .origin = CONFIG_DEFAULT };
    view->sensitive = row->type == SETTING_PASSWORD;
    view->read_only = of_broker && !(row->scope & (SETTING_DYNAMIC_BROKER | SETTING_DYNAMIC_CLUSTER));
    view->synonyms = arena_take(arena, SYNONYMS_MAX * sizeof(*view->synonyms));
    if (!view->synonyms) return STATUS_NO_MEMORY;

    if (own.data) own = as_read(row, own, arena);
    if (own.data) synonym_add(view, text_of(row->name), own, origin);
    if (place->type == RESOURCE_GROUP && names.count == 0) {
        synonym_add(view, text_of(row->name), text_of(row->fallback), CONFIG_DEFAULT);
    }
    if (names.count > 0) {
        synonyms_add(place, view, &names, of_broker ? text_of(row->name) : text_of(names.rows[0]->name));
    }

    struct text value = own.data ? own : broker_value(place, &value_names, arena);
    if (!value.data) value = text_of(row->fallback);
    if (view->synonym_count > 0) view->origin = view->synonyms[0].origin;
    if (!own.data && view->origin != CONFIG_DEFAULT) value = as_read(row, value, arena);
    view->value = view->sensitive ? TEXT_NULL : value;
    return STATUS_OK;
}
