/* net/api/describe_configs.c   DescribeConfigs: what a topic or this broker is set to, and where each value comes from.
 * KIP-133, KIP-226, KIP-569.
 *
 *     begin --a portion of the resources, a step each--> all described: request_answer_rows
 *
 * Each resource is shown as it is in its step, and kept: the image may change before the next. */
#include "messages/describe_configs.h"

#include <string.h>

#include "api/api.h"
#include "api/config_rows.h"
#include "api/error.h"
#include "api/seen.h"
#include "api/topic_name.h"
#include "api/walk.h"

enum { SHOWN_ITEMS = 15 }; /* what a resource with its configs costs more than an item of a walk */

struct describe {
    struct walk walk;
    struct request *request;
    const struct describe_configs_ask *ask;
    struct apis *apis;
    struct arena *arena;
    struct seen keys;                      /* that are asked for, of this resource */
    uint32_t step;                         /* of the walk: */
    struct config_rows common;             /* of topics without configs, in this step */
    struct describe_configs_config *plain; /* the rows of these: what a topic doesn't set itself is shared with all */
    struct describe_configs_answer answer; /* of the resources until now */
    uint32_t row_count;
};

/* What is not told of unless somebody set it: internals, and settings that can't stand in a file. */
static bool row_shown(const struct config_view *view)
{
    uint32_t scope = view->row->scope;
    bool everywhere = scope & (SETTING_BROKER | SETTING_TOPIC | SETTING_GROUP | SETTING_CLIENT_METRICS);

    return view->origin != CONFIG_DEFAULT || (everywhere && !(scope & SETTING_INTERNAL));
}

struct config_view *config_rows(const struct config_place *place, const struct setting_table *table,
                                struct arena *arena, uint32_t *count)
{
    struct config_view *views = arena_take(arena, table->row_count * sizeof(*views));

    *count = 0;
    if (!views) return NULL;
    for (uint32_t i = 0; i < table->row_count; i++) {
        if (table->rows[i].type == SETTING_ALIAS) continue;
        if (config_describe(place, &table->rows[i], &views[*count], arena) != STATUS_OK) return NULL;
        if (row_shown(&views[*count])) ++*count;
    }
    return views;
}

/* Which of the common views is the row's; the count of them: none, it is internal. */
static uint32_t common_at(const struct config_rows *common, const struct setting *row)
{
    uint32_t at = 0;
    while (at < common->count && common->views[at].row != row) at++;
    return at;
}

const struct config_view *config_rows_of_topic(struct config_rows *common, const struct config_place *place,
                                               struct arena *arena, uint32_t *count)
{
    static const struct image_topic without_configs;
    const struct image_topic *topic = place->topic;
    struct config_place of_common = *place;

    of_common.topic = &without_configs;
    if (!common->views) common->views = config_rows(&of_common, &topic_table, arena, &common->count);
    *count = common->count;
    if (!common->views || !topic || topic->config_count == 0) return common->views;

    struct config_view *views = arena_take(arena, (common->count + topic->config_count) * sizeof(*views));
    if (!views) return NULL;
    memcpy(views, common->views, common->count * sizeof(*views));
    for (uint32_t i = 0; i < topic->config_count; i++) {
        const struct setting *row = setting_find(&topic_table, topic->configs[i].name);
        if (!row) continue;
        uint32_t at = common_at(common, row);
        if (at == common->count) at = (*count)++;
        if (config_describe(place, row, &views[at], arena) != STATUS_OK) return NULL;
    }
    return views;
}

bool config_keep(struct text *value, enum config_origin origin, struct arena *arena)
{
    if (!value->data || origin == CONFIG_FILE || origin == CONFIG_DEFAULT) return true;
    *value = text_copy(arena, *value);
    return value->data != NULL;
}

/* A client may name any number of keys: enough to hold up the shard, were each row to look through them. */
static bool keys_take(struct describe *describe, const struct describe_configs_resource_ask *ask)
{
    uint32_t count = (uint32_t)max_of(ask->keys.count, 0);

    if (count == 0) return true;
    if (!seen_init(&describe->keys, describe->arena, count)) return false;
    for (uint32_t i = 0; i < count; i++) (void)seen_add(&describe->keys, text_hash(ask->keys.items[i]));
    return true;
}

static bool key_wanted(const struct describe *describe, const struct describe_configs_resource_ask *ask,
                       struct text name)
{
    return ask->keys.count <= 0 || seen_has(&describe->keys, text_hash(name)); /* null or empty: all */
}

/* Kafka's numbers of the types of a config. */
static int8_t type_told(uint8_t type)
{
    static const int8_t told[] = {
        [SETTING_BOOL] = 1,   [SETTING_SHORT] = 4, [SETTING_INT] = 3,      [SETTING_LONG] = 5, [SETTING_DOUBLE] = 6,
        [SETTING_STRING] = 2, [SETTING_CLASS] = 8, [SETTING_PASSWORD] = 9, [SETTING_LIST] = 7, [SETTING_ENUM] = 2
    };
    if (type >= array_count(told)) return 0;
    return told[type];
}

static bool synonyms_fill(struct describe *describe, const struct config_view *view,
                          struct describe_configs_config *row)
{
    if (!describe->ask->include_synonyms) return true;
    row->synonyms.items = arena_take(describe->arena, view->synonym_count * sizeof(*row->synonyms.items));
    if (!row->synonyms.items) return false;
    for (uint32_t i = 0; i < view->synonym_count; i++) {
        struct config_synonym synonym = view->synonyms[i];
        if (!config_keep(&synonym.name, synonym.origin, describe->arena)) return false;
        if (!config_keep(&synonym.value, synonym.origin, describe->arena)) return false;
        row->synonyms.items[row->synonyms.count++] =
            (struct describe_configs_synonym){ synonym.name, synonym.value, (int8_t)synonym.origin };
    }
    return true;
}

static bool row_fill(struct describe *describe, const struct config_view *view, struct describe_configs_config *row)
{
    *row = (struct describe_configs_config){ .name = text_of(view->row->name),
                                             .value = view->value,
                                             .read_only = view->read_only,
                                             .source = (int8_t)view->origin,
                                             .is_sensitive = view->sensitive,
                                             .config_type = type_told(view->row->type) };
    if (describe->ask->include_documentation && view->row->doc) row->documentation = text_of(view->row->doc);
    return config_keep(&row->value, view->origin, describe->arena) && synonyms_fill(describe, view, row);
}

static bool view_fill(struct describe *describe, const struct describe_configs_resource_ask *ask,
                      const struct config_view *view, struct describe_configs_resource_answer *answer)
{
    if (!key_wanted(describe, ask, text_of(view->row->name))) return true;
    return row_fill(describe, view, &answer->configs.items[answer->configs.count++]);
}

/* `room`: for rows that are added later. */
static enum status configs_fill(struct describe *describe, const struct describe_configs_resource_ask *ask,
                                const struct config_place *place, const struct setting_table *table, uint32_t room,
                                struct describe_configs_resource_answer *answer)
{
    uint32_t count = 0;
    const struct config_view *views = config_rows(place, table, describe->arena, &count);

    if (!views) return STATUS_NO_MEMORY;
    answer->configs.items = arena_take(describe->arena, (count + room) * sizeof(*answer->configs.items));
    if (!answer->configs.items) return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < count; i++) {
        if (!view_fill(describe, ask, &views[i], answer)) return STATUS_NO_MEMORY;
    }
    return STATUS_OK;
}

/* What is set of a broker, or of all brokers, as it was set. Kafka shows what it doesn't know as a secret. */
static bool set_fill(struct describe *describe, const struct describe_configs_resource_ask *ask,
                     const struct image_config *config, enum config_origin origin,
                     struct describe_configs_resource_answer *answer)
{
    const struct setting *row = setting_find(&broker_table, config->name);
    struct setting *unknown = NULL;

    if (!row) {
        struct text name = text_copy(describe->arena, config->name);
        unknown = arena_take(describe->arena, sizeof(*unknown));
        if (!unknown || !name.data) return false;
        unknown->name = name.data;
        unknown->type = SETTING_ALIAS;
    }
    bool secret = unknown || row->type == SETTING_PASSWORD;
    struct text value = secret ? TEXT_NULL : config->value;
    struct config_synonym synonym = { config->name, value, origin };
    struct config_view view = { .row = unknown ? unknown : row,
                                .value = value,
                                .origin = origin,
                                .read_only = unknown != NULL,
                                .sensitive = secret,
                                .synonyms = &synonym,
                                .synonym_count = 1 };
    return view_fill(describe, ask, &view, answer);
}

static void refuse(struct describe *describe, struct describe_configs_resource_answer *answer, int16_t error,
                   struct text why)
{
    answer->error = error_tell(describe->request, error);
    answer->error_message = why;
}

/* The rows of a topic without configs, once per portion. */
static bool plain_make(struct describe *describe)
{
    struct config_place place = replicas_configs(describe->apis->replicas, NULL);
    uint32_t count = 0;
    const struct config_view *views = config_rows_of_topic(&describe->common, &place, describe->arena, &count);
    struct describe_configs_config *rows = arena_take(describe->arena, count * sizeof(*rows));

    if (!views || !rows) return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!row_fill(describe, &views[i], &rows[i])) return false;
    }
    describe->plain = rows;
    return true;
}

/* The row of a config that the topic may set itself. */
static bool own_fill(struct describe *describe, const struct config_place *place, uint32_t at,
                     struct describe_configs_config *row)
{
    const struct image_topic *topic = place->topic;
    const struct setting *setting = describe->common.views[at].row;
    struct config_view view;

    *row = describe->plain[at];
    if (!image_config_find(topic->configs, topic->config_count, text_of(setting->name)).data) return true;
    return config_describe(place, setting, &view, describe->arena) == STATUS_OK && row_fill(describe, &view, row);
}

/* What only this topic has: internal configs that it sets. */
static bool internals_fill(struct describe *describe, const struct describe_configs_resource_ask *ask,
                           const struct config_place *place, struct describe_configs_resource_answer *answer)
{
    const struct image_topic *topic = place->topic;

    for (uint32_t i = 0; i < topic->config_count; i++) {
        const struct setting *row = setting_find(&topic_table, topic->configs[i].name);
        struct config_view view;
        if (!row || !(row->scope & SETTING_INTERNAL)) continue;
        if (config_describe(place, row, &view, describe->arena) != STATUS_OK) return false;
        if (!view_fill(describe, ask, &view, answer)) return false;
    }
    return true;
}

static enum status found_fill(struct describe *describe, const struct describe_configs_resource_ask *ask,
                              const struct image_topic *topic, struct describe_configs_resource_answer *answer)
{
    struct config_place place = replicas_configs(describe->apis->replicas, topic);

    if (!describe->plain && !plain_make(describe)) return STATUS_NO_MEMORY;
    uint32_t count = describe->common.count;
    if (topic->config_count == 0 && ask->keys.count <= 0) {
        answer->configs.items = describe->plain;
        answer->configs.count = (int32_t)count;
        return STATUS_OK;
    }
    uint32_t room = count + topic->config_count;
    if (ask->keys.count > 0) room = min_of(room, (uint32_t)ask->keys.count);
    answer->configs.items = arena_take(describe->arena, room * sizeof(*answer->configs.items));
    if (!answer->configs.items) return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < count; i++) {
        if (!key_wanted(describe, ask, describe->plain[i].name)) continue;
        invariant((uint32_t)answer->configs.count < room);
        struct describe_configs_config *row = &answer->configs.items[answer->configs.count++];
        if (!own_fill(describe, &place, i, row)) return STATUS_NO_MEMORY;
    }
    return internals_fill(describe, ask, &place, answer) ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status topic_fill(struct describe *describe, const struct describe_configs_resource_ask *ask,
                              struct describe_configs_resource_answer *answer)
{
    const struct image_topic *topic = image_topic_by_name(&describe->apis->replicas->image, ask->name);

    if (topic) return found_fill(describe, ask, topic, answer);
    if (topic_name_status(ask->name, NULL) != STATUS_OK) {
        refuse(describe, answer, ERROR_INVALID_TOPIC, topic_name_why(ask->name, describe->arena));
    } else {
        refuse(describe, answer, ERROR_UNKNOWN_TOPIC_OR_PARTITION, TEXT(""));
    }
    return STATUS_OK;
}

/* All brokers: only what is set for all of them at once. */
static enum status brokers_fill(struct describe *describe, const struct describe_configs_resource_ask *ask,
                                struct describe_configs_resource_answer *answer)
{
    uint32_t count = 0;
    const struct image_config *configs =
        image_configs(&describe->apis->replicas->image, RESOURCE_BROKER, TEXT(""), &count);

    answer->configs.items = arena_take(describe->arena, count * sizeof(*answer->configs.items));
    if (!answer->configs.items) return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < count; i++) {
        if (!set_fill(describe, ask, &configs[i], CONFIG_BROKERS, answer)) return STATUS_NO_MEMORY;
    }
    return STATUS_OK;
}

/* This broker: all rows, and what was set of it that has none. */
static enum status broker_fill(struct describe *describe, const struct describe_configs_resource_ask *ask,
                               struct describe_configs_resource_answer *answer)
{
    const struct image *image = &describe->apis->replicas->image;
    struct config_place place = replicas_configs(describe->apis->replicas, NULL);
    uint32_t own_count = 0, all_count = 0;
    const struct image_config *own = image_configs(image, RESOURCE_BROKER, ask->name, &own_count);
    const struct image_config *all = image_configs(image, RESOURCE_BROKER, TEXT(""), &all_count);

    enum status status = configs_fill(describe, ask, &place, &broker_table, own_count + all_count, answer);
    for (uint32_t i = 0; i < own_count && status == STATUS_OK; i++) {
        if (setting_find(&broker_table, own[i].name)) continue;
        if (!set_fill(describe, ask, &own[i], CONFIG_BROKER, answer)) status = STATUS_NO_MEMORY;
    }
    for (uint32_t i = 0; i < all_count && status == STATUS_OK; i++) {
        if (setting_find(&broker_table, all[i].name) || image_config_find(own, own_count, all[i].name).data) continue;
        if (!set_fill(describe, ask, &all[i], CONFIG_BROKERS, answer)) status = STATUS_NO_MEMORY;
    }
    return status;
}

static enum status node_fill(struct describe *describe, const struct describe_configs_resource_ask *ask,
                             struct describe_configs_resource_answer *answer)
{
    int32_t own = describe->apis->settings.node_id;
    bool logger = ask->type == RESOURCE_LOGGER;
    int64_t id = 0;

    if (ask->name.size == 0) {
        if (!logger) return brokers_fill(describe, ask, answer);
        refuse(describe, answer, ERROR_INVALID_REQUEST, TEXT("Broker id must not be empty"));
    } else if (!text_to_i64(ask->name, &id)) {
        refuse(describe, answer, ERROR_INVALID_REQUEST,
               text_format(describe->arena, "Broker id must be an integer, but it is: %.*s", TEXT_ARGS(ask->name)));
    } else if (id != own) {
        refuse(describe, answer, ERROR_INVALID_REQUEST,
               text_format(describe->arena, "Unexpected broker id, expected %d%s but received %.*s", own,
                           logger ? "" : " or empty string,", TEXT_ARGS(ask->name)));
    } else if (!logger) {
        return broker_fill(describe, ask, answer);
    }
    return STATUS_OK; /* there are no loggers to show */
}

static enum status other_fill(struct describe *describe, const struct describe_configs_resource_ask *ask,
                              struct describe_configs_resource_answer *answer)
{
    bool group = ask->type == RESOURCE_GROUP;
    struct config_place place = replicas_configs(describe->apis->replicas, NULL);

    if (ask->name.size == 0) {
        refuse(describe, answer, ERROR_INVALID_REQUEST,
               group ? TEXT("Group name must not be empty")
                     : TEXT("Client metrics subscription name must not be empty"));
        return STATUS_OK;
    }
    place.type = ask->type;
    place.name = ask->name;
    return configs_fill(describe, ask, &place, group ? &group_table : &metrics_table, 0, answer);
}

static enum status resource_fill(struct describe *describe, const struct describe_configs_resource_ask *ask,
                                 struct describe_configs_resource_answer *answer)
{
    answer->type = ask->type;
    answer->name = ask->name;
    answer->error_message = TEXT("");
    if (!keys_take(describe, ask)) return STATUS_NO_MEMORY;
    switch (ask->type) {
    case RESOURCE_TOPIC: return topic_fill(describe, ask, answer);
    case RESOURCE_BROKER:
    case RESOURCE_LOGGER: return node_fill(describe, ask, answer);
    case RESOURCE_METRICS:
    case RESOURCE_GROUP: return other_fill(describe, ask, answer);
    default: break;
    }
    refuse(describe, answer, ERROR_INVALID_REQUEST,
           TEXT("This most likely occurs because of a request being malformed by the client library or the message was "
                "sent to an incompatible broker. See the broker logs for more details."));
    return STATUS_OK;
}

static struct describe *describe_of(struct walk *walk)
{
    return container_of(walk, struct describe, walk);
}

static bool resources_begin(struct walk *walk)
{
    struct describe *describe = describe_of(walk);

    walk->count = (uint32_t)max_of(describe->ask->resources.count, 0);
    describe->answer.resources.items =
        arena_take(describe->arena, walk->count * sizeof(*describe->answer.resources.items));
    return describe->answer.resources.items != NULL;
}

static bool resource_take(struct walk *walk, uint32_t at, uint32_t part)
{
    struct describe *describe = describe_of(walk);
    struct describe_configs_resource_answer *answer = &describe->answer.resources.items[at];
    (void)part;

    if (describe->step != walk->steps) {
        describe->step = walk->steps;
        describe->common = (struct config_rows){ 0 };
        describe->plain = NULL;
    }
    describe->answer.resources.count++;
    if (resource_fill(describe, &describe->ask->resources.items[at], answer) != STATUS_OK) return false;
    if (answer->configs.count > 0) {
        walk->spent += SHOWN_ITEMS;
        describe->row_count += (uint32_t)answer->configs.count;
    }
    return true;
}

static void all_described(struct walk *walk)
{
    struct describe *describe = describe_of(walk);
    uint32_t rows = describe->row_count + (uint32_t)describe->answer.resources.count;

    if (walk_whole(walk)) request_answer_rows(describe->request, &describe->answer, rows);
}

static const struct walk_pass passes[] = { { resources_begin, NULL, resource_take }, { NULL, NULL, NULL } };

void describe_configs_begin(struct request *request)
{
    struct describe *describe = arena_take(&request->arena, sizeof(*describe));

    if (!describe) {
        request_abort(request, status_text(STATUS_NO_MEMORY));
        return;
    }
    *describe = (struct describe){
        .request = request, .ask = request->ask, .apis = apis_of(request), .arena = &request->arena
    };
    walk_begin(&describe->walk, request, passes, all_described);
}
