/* net/api/describe_configs.c   DescribeConfigs: what a topic or this broker is set to, and where each value comes from.
 * KIP-133, KIP-226, KIP-569. */
#include "messages/describe_configs.h"
#include "api/api.h"
#include "api/config_rows.h"
#include "api/error.h"
#include "api/topic_name.h"

struct describe {
    struct request *request;
    const struct describe_configs_ask *ask;
    struct apis *apis;
    struct arena *arena;
};

struct config_view *config_rows(const struct config_place *place, const struct setting_table *table,
                                struct arena *arena, uint32_t *count)
{
    struct config_view *views = arena_take(arena, table->row_count * sizeof(*views));

    *count = 0;
    if (!views) return NULL;
    for (uint32_t i = 0; i < table->row_count; i++) {
        if (table->rows[i].type == SETTING_ALIAS) continue;
        if (config_describe(place, &table->rows[i], &views[*count], arena) != STATUS_OK) return NULL;
        ++*count;
    }
    return views;
}

static bool key_wanted(const struct describe_configs_resource_ask *ask, struct text name)
{
    if (ask->keys.count < 0) return true;
    for (int32_t i = 0; i < ask->keys.count; i++) {
        if (text_equal(ask->keys.items[i], name)) return true;
    }
    return false;
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

static bool synonyms_fill(const struct describe *describe, const struct config_view *view,
                          struct describe_configs_config *row)
{
    if (!describe->ask->include_synonyms) return true;
    row->synonyms.items = arena_take(describe->arena, view->synonym_count * sizeof(*row->synonyms.items));
    if (!row->synonyms.items) return false;
    for (uint32_t i = 0; i < view->synonym_count; i++) {
        const struct config_synonym *synonym = &view->synonyms[i];
        row->synonyms.items[row->synonyms.count++] =
            (struct describe_configs_synonym){ synonym->name, synonym->value, (int8_t)synonym->origin };
    }
    return true;
}

static enum status configs_fill(const struct describe *describe, const struct describe_configs_resource_ask *ask,
                                const struct config_place *place, const struct setting_table *table,
                                struct describe_configs_resource_answer *answer)
{
    uint32_t count = 0;
    struct config_view *views = config_rows(place, table, describe->arena, &count);
    if (!views) return STATUS_NO_MEMORY;

    answer->configs.items = arena_take(describe->arena, count * sizeof(*answer->configs.items));
    if (!answer->configs.items) return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < count; i++) {
        const struct config_view *view = &views[i];
        if (!key_wanted(ask, text_of(view->row->name))) continue;
        struct describe_configs_config *row = &answer->configs.items[answer->configs.count++];
        *row = (struct describe_configs_config){ .name = text_of(view->row->name),
                                                 .value = view->value,
                                                 .read_only = view->read_only,
                                                 .source = (int8_t)view->origin,
                                                 .is_sensitive = view->sensitive,
                                                 .config_type = type_told(view->row->type) };
        if (describe->ask->include_documentation && view->row->doc) row->documentation = text_of(view->row->doc);
        if (!synonyms_fill(describe, view, row)) return STATUS_NO_MEMORY;
    }
    return STATUS_OK;
}

static void refuse(const struct describe *describe, struct describe_configs_resource_answer *answer, int16_t error,
                   struct text why)
{
    answer->error = error_tell(describe->request, error);
    answer->error_message = why;
}

static enum status topic_fill(const struct describe *describe, const struct describe_configs_resource_ask *ask,
                              struct describe_configs_resource_answer *answer)
{
    const struct image_topic *topic = image_topic_by_name(&describe->apis->replicas->image, ask->name);
    struct config_place place = replicas_configs(describe->apis->replicas, topic);
    struct text why;

    if (topic) return configs_fill(describe, ask, &place, &topic_table, answer);
    if (topic_name_status(ask->name, &why) != STATUS_OK) {
        refuse(describe, answer, ERROR_INVALID_TOPIC, why);
    } else {
        refuse(describe, answer, ERROR_UNKNOWN_TOPIC_OR_PARTITION,
               TEXT("This server does not host this topic-partition."));
    }
    return STATUS_OK;
}

/* An empty name means all brokers: only what is set for all of them at once, which needs AlterConfigs first. */
static enum status broker_fill(const struct describe *describe, const struct describe_configs_resource_ask *ask,
                               struct describe_configs_resource_answer *answer)
{
    struct config_place place = replicas_configs(describe->apis->replicas, NULL);
    int64_t id = 0;

    if (ask->name.size == 0) return STATUS_OK;
    if (!text_to_i64(ask->name, &id)) {
        refuse(describe, answer, ERROR_INVALID_REQUEST, TEXT("Broker id must be an integer"));
        return STATUS_OK;
    }
    if (id != describe->apis->settings.node_id) {
        refuse(describe, answer, ERROR_INVALID_REQUEST, TEXT("Unexpected broker id: ask the broker itself"));
        return STATUS_OK;
    }
    return configs_fill(describe, ask, &place, &broker_table, answer);
}

static enum status resource_fill(const struct describe *describe, const struct describe_configs_resource_ask *ask,
                                 struct describe_configs_resource_answer *answer)
{
    answer->type = ask->type;
    answer->name = ask->name;
    if (ask->type == RESOURCE_TOPIC) return topic_fill(describe, ask, answer);
    if (ask->type == RESOURCE_BROKER) return broker_fill(describe, ask, answer);
    refuse(describe, answer, ERROR_INVALID_REQUEST, TEXT("Unsupported resource type"));
    return STATUS_OK;
}

void describe_configs_begin(struct request *request)
{
    struct describe describe = { request, request->ask, apis_of(request), &request->arena };
    struct describe_configs_answer answer = { 0 };
    size_t count = (size_t)max_of(describe.ask->resources.count, 0);

    answer.resources.items = arena_take(&request->arena, count * sizeof(*answer.resources.items));
    enum status status = answer.resources.items ? STATUS_OK : STATUS_NO_MEMORY;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = resource_fill(&describe, &describe.ask->resources.items[i],
                               &answer.resources.items[answer.resources.count++]);
    }
    if (status != STATUS_OK) {
        request_abort(request, status_text(status));
        return;
    }
    request_answer(request, &answer, NULL, 0, NULL);
}
