/* replication/replica/configs.c   Configs of topics, brokers, groups and client metrics are changed: what a resource
 * has set, plus the changes, is looked at as a whole; what differs then becomes records.
 *
 *     what is set --changes--> what would be set --checks--> one record for each difference
 *
 * The words are Kafka 4.3.1's. A resource that is refused changes nothing; the others of the call are changed. */
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"
#include "base/map.h"
#include "cluster/config_checks.h"
#include "replica/controller_work.h"
#include "replica/replicas.h"

enum { TEXT_WEIGHT = 64 }; /* bytes of a value that take as long as an item of a decision */

/* One resource while it is being changed. */
struct change {
    struct controller *controller;
    struct config_alter *alter;
    struct arena *arena;
    const struct image_topic *topic; /* NULL: another resource, or a topic that is not there */
    const struct image_config *now;  /* by name */
    uint32_t now_count;
    uint32_t next;                /* of alter->changes: those before it are */
    struct image_config *changed; /* what they come to, in their order: a null value takes the config away */
    struct image_config *then;    /* what would be set, by name; its texts live as long as the call */
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

static const struct setting_table *table_of(int8_t type)
{
    if (type == RESOURCE_TOPIC) return &topic_table;
    if (type == RESOURCE_GROUP) return &group_table;
    return type == RESOURCE_METRICS ? &metrics_table : &broker_table;
}

/* A list while items are added to it or taken from it: each of its items, letter by letter, and how often it is still
 * to be taken. Kafka's lists are Java's: empty items at the end are none. */
struct item {
    struct text text;
    uint32_t times;
};

struct items {
    struct map known; /* by their text: pointers into */
    struct item *items;
    uint32_t count;
    char *room; /* the list that is made */
    size_t size;
    bool some;
};

static bool item_is(const void *value, const void *key)
{
    return text_equal(((const struct item *)value)->text, *(const struct text *)key);
}

static struct item *items_find(const struct items *items, struct text text)
{
    return map_find(&items->known, text_hash(text), &text);
}

static struct item *items_know(struct items *items, struct text text)
{
    struct item *item = items_find(items, text);
    if (item) return item;

    item = &items->items[items->count++];
    *item = (struct item){ text, 0 };
    map_add(&items->known, text_hash(text), &item->text, item);
    return item;
}

static void items_put(struct items *items, struct text text)
{
    if (items->some) items->room[items->size++] = ',';
    memcpy(items->room + items->size, text.data, text.size);
    items->size += text.size;
    items->some = true;
}

static void items_append(struct items *items, struct text old, struct text more)
{
    while (old.data) {
        struct text text = text_cut(&old, ',');
        (void)items_know(items, text);
        items_put(items, text);
    }
    while (more.data) {
        struct text text = text_cut(&more, ',');
        if (items_find(items, text)) continue;
        (void)items_know(items, text);
        items_put(items, text);
    }
}

/* Who stands there twice is taken away twice, or stays once. */
static void items_subtract(struct items *items, struct text old, struct text less)
{
    while (less.data) items_know(items, text_cut(&less, ','))->times++;
    while (old.data) {
        struct text text = text_cut(&old, ',');
        struct item *item = items_find(items, text);
        if (item && item->times > 0) {
            item->times--;
        } else {
            items_put(items, text);
        }
    }
}

static struct text list_trim(struct text list)
{
    size_t size = list.size;
    while (size > 0 && list.data[size - 1] == ',') size--;
    return size == 0 && list.size > 0 ? TEXT_NULL : (struct text){ list.data, size };
}

static uint32_t items_most(struct text list)
{
    uint32_t most = 1;
    for (size_t i = 0; i < list.size; i++) most += list.data[i] == ',';
    return most;
}

/* A list with items more or fewer; what is not set counts as its default. Null: no memory. */
static struct text list_changed(struct change *change, const struct setting *row, const struct config_change *item)
{
    struct heap *heap = &change->controller->shard->heap;
    struct text old = image_config_find(change->now, change->now_count, item->name);
    if (!old.data) old = text_of(row->fallback ? row->fallback : "");
    old = old.size > 0 ? list_trim(old) : TEXT_NULL;
    struct text value = list_trim(item->value);

    struct items items = { .room = arena_take(change->arena, old.size + value.size + 2) };
    if (!items.room) return TEXT_NULL;
    items.items = heap_take_raw(heap, (items_most(old) + items_most(value)) * sizeof(*items.items));
    map_init(&items.known, heap, item_is);
    if (item->operation == CONFIG_APPEND) {
        items_append(&items, old, value);
    } else {
        items_subtract(&items, old, value);
    }
    map_end(&items.known);
    heap_give(heap, items.items);
    return (struct text){ items.room, items.size };
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
    change->changed[change->next++] = (struct image_config){ item->name, value };
}

static int configs_compare(const void *left, const void *right)
{
    return text_compare(((const struct image_config *)left)->name, ((const struct image_config *)right)->name);
}

/* What is set and what changes, both by name, each name once, side by side. */
static void change_join(struct change *change)
{
    uint32_t now = 0, changed = 0, now_count = change->alter->replace ? 0 : change->now_count;

    if (change->next > 1) qsort(change->changed, change->next, sizeof(*change->changed), configs_compare);
    while (now < now_count || changed < change->next) {
        int order = now == now_count          ? 1
                    : changed == change->next ? -1
                                              : text_compare(change->now[now].name, change->changed[changed].name);
        if (order < 0) {
            change->then[change->then_count++] = change->now[now];
        } else if (change->changed[changed].value.data) {
            change->then[change->then_count++] = change->changed[changed];
        }
        now += order <= 0;
        changed += order >= 0;
    }
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

/* ---- one resource ---- */

static struct change *change_begin(struct controller *controller, struct config_alter *alter)
{
    struct arena *arena = &controller->arena;
    struct change *change = arena_take(arena, sizeof(*change));
    if (!change) return NULL;

    *change = (struct change){ .controller = controller, .alter = alter, .arena = arena };
    alter->status = STATUS_OK;
    alter->why = TEXT_NULL;
    if (alter->type == RESOURCE_TOPIC) {
        change->topic = image_topic_by_name(&controller->ahead, alter->name);
        if (change->topic) {
            change->now = change->topic->configs;
            change->now_count = change->topic->config_count;
        }
    } else {
        change->now = image_configs(&controller->ahead, alter->type, alter->name, &change->now_count);
    }
    change->changed = arena_take_raw(arena, alter->change_count * sizeof(*change->changed));
    change->then = arena_take_raw(arena, (change->now_count + alter->change_count) * sizeof(*change->then));
    return change->changed && change->then ? change : NULL;
}

static void change_end(struct change *change, struct record_list *list)
{
    change_join(change);
    check(change);
    if (change->alter->status == STATUS_OK) records_add(change, list);
}

/* An item is one change; or the look at all those of a resource. */
bool configs_alter(struct controller *controller, struct controller_call *call, struct record_list *list)
{
    struct decision *decision = &controller->decision;
    uint32_t *item = &decision->next.item;
    if (*item == call->alter_count) return false;

    struct config_alter *alter = &call->alters[*item];
    struct change *change = decision->next.work;
    if (!change) change = decision->next.work = change_begin(controller, alter);
    if (!change) {
        alter->status = STATUS_NO_MEMORY;
    } else if (change->next < alter->change_count) {
        const struct config_change *next = &alter->changes[change->next];
        decision->spent += (uint32_t)(next->value.size / TEXT_WEIGHT);
        change_one(change, next);
        if (alter->status == STATUS_OK) return true;
    } else {
        change_end(change, list);
    }
    decision->next.work = NULL;
    ++*item;
    return true;
}
