/* replication/replica/configs.c   Configs of topics, brokers, groups and client metrics are changed: what a resource
 * has set, plus the changes, is looked at as a whole; what differs then becomes records.
 *
 *     what is set --changes--> what would be set --checks--> one record for each difference
 *
 * The words are Kafka 4.3.1's. A resource that is refused changes nothing; the others of the call are changed. */
#include <string.h>

#include "cluster/config_checks.h"
#include "replica/controller_work.h"
#include "replica/replicas.h"

/* One resource while it is being changed. */
struct change {
    struct controller *controller;
    struct config_alter *alter;
    struct arena *arena;
    const struct image_topic *topic; /* NULL: another resource, or a topic that is not there */
    const struct image_config *now;  /* by name */
    uint32_t now_count;
    struct image_config *then; /* what would be set, by name; its texts live as long as the call */
    uint32_t then_count;
};

struct config_place controller_configs(struct controller *controller, const struct image_topic *topic)
{
    struct config_place place = { .settings = controller->shard->replicas->settings,
                                  .image = &controller->ahead,
                                  .node = controller->identity->id };

    if (!controller->common) {
        struct topic_values *values = arena_take(&controller->arena, sizeof(*values));
        if (values && topic_values_of(&place, values, &controller->arena) == STATUS_OK) controller->common = values;
    }
    place.topic = topic;
    place.common = controller->common;
    return place;
}

/* ---- what would be set ---- */

static uint32_t then_place(const struct change *change, struct text name)
{
    uint32_t first = 0, limit = change->then_count;
    while (first < limit) {
        uint32_t middle = first + (limit - first) / 2;
        if (text_compare(change->then[middle].name, name) < 0) {
            first = middle + 1;
        } else {
            limit = middle;
        }
    }
    return first;
}

static bool then_has(const struct change *change, uint32_t place, struct text name)
{
    return place < change->then_count && text_equal(change->then[place].name, name);
}

static struct text then_get(const struct change *change, struct text name)
{
    uint32_t place = then_place(change, name);
    return then_has(change, place, name) ? change->then[place].value : TEXT_NULL;
}

/* A null value takes it away. */
static void then_set(struct change *change, struct text name, struct text value)
{
    uint32_t place = then_place(change, name);
    struct image_config *at = change->then + place;
    uint32_t behind = change->then_count - place;

    if (then_has(change, place, name)) {
        if (value.data) {
            at->value = value;
        } else {
            memmove(at, at + 1, (behind - 1) * sizeof(*at));
            change->then_count--;
        }
    } else if (value.data) {
        memmove(at + 1, at, behind * sizeof(*at));
        *at = (struct image_config){ name, value };
        change->then_count++;
    }
}

static const struct setting_table *table_of(int8_t type)
{
    if (type == RESOURCE_TOPIC) return &topic_table;
    if (type == RESOURCE_GROUP) return &group_table;
    return type == RESOURCE_METRICS ? &metrics_table : &broker_table;
}

static bool list_has(struct text list, struct text item)
{
    while (list.data && list.size > 0) {
        if (text_equal(text_trim(text_cut(&list, ',')), item)) return true;
    }
    return false;
}

/* The items of `from` that are not in `without`, behind what stands in the room already. */
static size_t list_put(char *room, size_t size, struct text from, struct text without)
{
    while (from.data && from.size > 0) {
        struct text item = text_trim(text_cut(&from, ','));
        if (list_has(without, item) || list_has((struct text){ room, size }, item)) continue;
        if (size > 0) room[size++] = ',';
        memcpy(room + size, item.data, item.size);
        size += item.size;
    }
    return size;
}

/* A list with items more or fewer; what is not set counts as its default. */
static struct text list_changed(struct change *change, const struct setting *row, const struct config_change *item)
{
    struct text old = then_get(change, item->name);
    if (!old.data) old = text_of(row->fallback ? row->fallback : "");

    char *room = arena_take(change->arena, old.size + item->value.size + 2);
    if (!room) return TEXT_NULL;
    bool more = item->operation == CONFIG_APPEND;
    size_t size = list_put(room, 0, old, more ? TEXT_NULL : item->value);
    if (more) size = list_put(room, size, item->value, TEXT_NULL);
    return (struct text){ room, size };
}

static void refuse_list(struct config_alter *alter, const struct config_change *item)
{
    bool more = item->operation == CONFIG_APPEND;
    if (alter->type == RESOURCE_BROKER) {
        bool known = setting_find(&broker_table, item->name);
        refuse(alter, STATUS_INVALID_CONFIG,
               known ? "Config value %s is not allowed for config key: %.*s" : "%sUnknown config name: %.*s",
               !known ? ""
               : more ? "append"
                      : "subtract",
               TEXT_ARGS(item->name));
    } else {
        refuse(alter, STATUS_INVALID_CONFIG, "Can't %s to key %.*s because its type is not LIST.",
               more ? "APPEND" : "SUBTRACT", TEXT_ARGS(item->name));
    }
}

/* Kafka's controller has the types of topics' and brokers' configs only. */
static bool appendable(int8_t type, const struct setting *row)
{
    return row && row->type == SETTING_LIST && (type == RESOURCE_TOPIC || type == RESOURCE_BROKER);
}

static void change_one(struct change *change, const struct config_change *item)
{
    const struct setting *row = setting_find(table_of(change->alter->type), item->name);
    struct text value = TEXT_NULL;

    switch ((enum config_operation)item->operation) {
    case CONFIG_SET: value = item->value; break;
    case CONFIG_DELETE: break;
    case CONFIG_APPEND:
    case CONFIG_SUBTRACT:
        if (!appendable(change->alter->type, row)) {
            refuse_list(change->alter, item);
            return;
        }
        value = list_changed(change, row, item);
        if (!value.data) change->alter->status = STATUS_NO_MEMORY;
        break;
    }
    if (change->alter->status == STATUS_OK) then_set(change, item->name, value);
}

static enum status change_all(struct change *change)
{
    const struct config_alter *alter = change->alter;
    uint32_t room = change->now_count + alter->change_count;

    change->then = arena_take(change->arena, room * sizeof(*change->then));
    if (!change->then) return STATUS_NO_MEMORY;
    if (!alter->replace && change->now_count > 0) {
        memcpy(change->then, change->now, change->now_count * sizeof(*change->now));
        change->then_count = change->now_count;
    }
    for (uint32_t i = 0; i < alter->change_count && alter->status == STATUS_OK; i++) {
        change_one(change, &alter->changes[i]);
    }
    return alter->status;
}

/* ---- checks ---- */

static void check_topic(struct change *change)
{
    struct config_alter *alter = change->alter;
    struct config_place place = controller_configs(change->controller, change->topic);
    struct text why = TEXT_NULL;

    if (alter->name.size == 0) {
        refuse(alter, STATUS_INVALID_REQUEST, "Default topic resources are not allowed.");
        return;
    }
    alter->status = topic_name_check(alter->name, alter->room, &alter->why);
    if (alter->status != STATUS_OK) return;

    enum status status = topic_configs_check(&place, change->then, change->then_count, change->arena, &why);
    if (status != STATUS_OK) {
        refuse(alter, status == STATUS_INVALID ? STATUS_INVALID_CONFIG : status, "%.*s", TEXT_ARGS(why));
    } else if (!change->topic) {
        refuse(alter, STATUS_NOT_FOUND, "The topic '%.*s' does not exist.", TEXT_ARGS(alter->name));
    }
}

static void check_broker(struct change *change)
{
    struct config_alter *alter = change->alter;
    struct config_place place = controller_configs(change->controller, change->topic);
    struct text why = TEXT_NULL;

    enum status status =
        broker_configs_check(&place, change->then, change->then_count, alter->name.size > 0, change->arena, &why);
    if (status != STATUS_OK) {
        refuse(alter, status == STATUS_INVALID ? STATUS_INVALID_REQUEST : status, "%.*s", TEXT_ARGS(why));
    }
}

static void check_group(struct change *change)
{
    struct config_alter *alter = change->alter;
    struct config_place place = controller_configs(change->controller, change->topic);
    struct text why = TEXT_NULL;

    if (alter->name.size == 0) {
        refuse(alter, STATUS_INVALID_REQUEST, "Default group resources are not allowed.");
        return;
    }
    enum status status = group_configs_check(&place, change->then, change->then_count, change->arena, &why);
    if (status != STATUS_OK) {
        refuse(alter, status == STATUS_INVALID ? STATUS_INVALID_CONFIG : status, "%.*s", TEXT_ARGS(why));
    }
}

static void check_metrics(struct change *change)
{
    struct config_alter *alter = change->alter;
    struct text why = TEXT_NULL;

    if (alter->name.size == 0) {
        refuse(alter, STATUS_INVALID_REQUEST, "Subscription name can't be empty");
        return;
    }
    enum status status = metrics_configs_check(change->then, change->then_count, change->arena, &why);
    if (status != STATUS_OK) {
        refuse(alter, status == STATUS_INVALID ? STATUS_INVALID_CONFIG : status, "%.*s", TEXT_ARGS(why));
    }
}

static void check(struct change *change)
{
    switch (change->alter->type) {
    case RESOURCE_TOPIC: check_topic(change); break;
    case RESOURCE_GROUP: check_group(change); break;
    case RESOURCE_METRICS: check_metrics(change); break;
    default: check_broker(change);
    }
}

/* ---- records ---- */

static void config_record_add(struct record_list *list, const struct config_alter *alter, struct text name,
                              struct text value)
{
    struct config_record *record = &record_list_add(list, RECORD_CONFIG)->config;
    record->resource_type = alter->type;
    record->resource_name = alter->name;
    record->name = name;
    record->value = value;
}

/* Both lists are sorted, so they are walked side by side. */
static void records_add(const struct change *change, struct record_list *list)
{
    const struct config_alter *alter = change->alter;
    uint32_t now = 0, then = 0;

    while (now < change->now_count && then < change->then_count) {
        const struct image_config *old = &change->now[now], *new = &change->then[then];
        int order = text_compare(old->name, new->name);
        if (order < 0) {
            config_record_add(list, alter, old->name, TEXT_NULL);
        } else if (order > 0 || !text_equal(old->value, new->value)) {
            config_record_add(list, alter, new->name, new->value);
        }
        now += order <= 0;
        then += order >= 0;
    }
    for (; now < change->now_count; now++) config_record_add(list, alter, change->now[now].name, TEXT_NULL);
    for (; then < change->then_count; then++) {
        config_record_add(list, alter, change->then[then].name, change->then[then].value);
    }
}

static void alter_one(struct controller *controller, struct config_alter *alter, struct record_list *list)
{
    struct change change = { .controller = controller, .alter = alter, .arena = &controller->arena };

    alter->status = STATUS_OK;
    alter->why = TEXT_NULL;
    if (alter->type == RESOURCE_TOPIC) {
        change.topic = image_topic_by_name(&controller->ahead, alter->name);
        if (change.topic) {
            change.now = change.topic->configs;
            change.now_count = change.topic->config_count;
        }
    } else {
        change.now = image_configs(&controller->ahead, alter->type, alter->name, &change.now_count);
    }
    if (change_all(&change) != STATUS_OK) return;

    check(&change);
    if (alter->status == STATUS_OK) records_add(&change, list);
}

bool configs_alter(struct controller *controller, struct controller_call *call, struct record_list *list)
{
    uint32_t *item = &controller->decision.next.item;

    if (*item == call->alter_count) return false;
    alter_one(controller, &call->alters[(*item)++], list);
    return true;
}
